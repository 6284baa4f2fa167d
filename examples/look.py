"""Look at a scene: what frames show, where its objects are, how well each can be asked about."""

import qagen

scene = qagen.open_scene()  # the built-in demo; open_scene("scannet", "scene0000_00", root="/data/scannet") for yours
table = scene.observe()
clear = table.query("is_askable").nlargest(8, "visible_pixels")
print(clear[["frame", "label", "visible_pixels", "visible_fraction", "center_depth"]])

seen = scene.objects.nlargest(8, "frames_seen")
print(seen[["object", "label", "frames_seen", "first_seen", "last_seen"]])

scene.draw().save("frame.png")
