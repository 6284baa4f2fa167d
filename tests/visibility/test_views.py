"""What frames show of objects, on scenes small enough to count pixels."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from qagen.core.scene import Scene
from qagen.errors import SceneError
from qagen.visibility.surfaces import sample_surface
from qagen.visibility.thresholds import Thresholds
from qagen.visibility.views import SceneViews, VideoFrames, observe, rotation_angle_deg, spread_frames
from tests.scenes import (
    CAMERA,
    HALL,
    Box3D,
    MemoryDepth,
    MemoryImage,
    at,
    facing,
    looking,
    mesh_of,
    room,
    studio,
    with_depth,
)

# A cube of 0.4 m whose front is 2 m ahead of the camera at (0, 0, 1.5): 0.4 / 2 * 160 = 32 pixels wide and high, from
# 143.5 to 175.5 and 103.5 to 135.5.
CUBE = at(0, 2.2, 1.5)
PIXELS = 32 * 32
REFERENCE = 4
"""Pixels of 640 x 480 for each of the 320 x 240 that are looked at."""


def look(boxes: dict, *poses, thresholds: Thresholds | None = None) -> SceneViews:
    return observe(room(boxes, [*poses] or [looking("+y")]), thresholds)


def state(views: SceneViews, item: int = 0, frame: int = 0) -> str:
    """askable, absent or doubtful"""
    assert not (views.askable[frame, item] and views.absent[frame, item])
    return "askable" if views.askable[frame, item] else "absent" if views.absent[frame, item] else "doubtful"


@pytest.mark.parametrize(("side_m", "is_seen"), [(0.115, False), (0.12, True)])
def test_seen_from_1500_pixels_on(side_m, is_seen):
    # 160 pixels for each meter at 1 m, the center between two pixels: 18 x 18 x 4 and 20 x 20 x 4 of a 640 x 480 image.
    views = look({"plate": at(0, 1.005, 1.5, (side_m, 0.01, side_m))})
    assert views.visible_pixels[0, 0] == {False: 1296, True: 1600}[is_seen]
    assert views.seen[0, 0] == is_seen
    assert state(views) == "askable"


@pytest.mark.parametrize(("gap_m", "is_seen"), [(0.15, True), (0.05, False)])
def test_seen_from_a_tenth_of_the_object_on(gap_m, is_seen):
    # A plate of 1 x 1 m, 1 m ahead, behind another one that leaves a strip of 15 or 5 cm; 160 x 8 x 4 = 5120 pixels.
    views = look({"plate": at(0, 1.005, 1.5, (1, 0.01, 1)), "lid": at(gap_m, 0.99, 1.5, (1, 0.01, 1.1))})
    assert views.visible_pixels[0, 0] > 1500
    assert views.seen[0].tolist() == [is_seen, True]


@pytest.mark.parametrize(("gray", "is_seen"), [(19, False), (20, True)])
def test_what_is_too_dark_is_not_seen(gray, is_seen):
    scene = room({"cube": CUBE}, [looking("+y")])
    (frame,) = scene.frames
    picture = np.full((240, 320), 200, np.uint8)
    picture[100:140, 140:180] = gray
    content = cv2.imencode(".png", picture)[1].tobytes()
    views = observe(replace(scene, frames=(replace(frame, color=MemoryImage(content)),)))
    assert views.seen[0, 0] == is_seen
    assert state(views) == "askable"


def test_a_cube_straight_ahead() -> None:
    views = look({"cube": CUBE})
    assert views.visible_pixels[0, 0] == PIXELS * REFERENCE
    assert views.visible_fraction[0, 0] == 1
    assert views.in_image_fraction[0, 0] == 1
    # (143.5 + 0.5) / 320 = 0.45 to 0.55; (103.5 + 0.5) / 240 = 0.433 to 0.567.
    assert views.visible_box[0, 0] == pytest.approx([0.45, 104 / 240, 0.55, 136 / 240])
    # The front is the nearest side, so the projected box is the same.
    assert views.projected_box[0, 0] == pytest.approx([0.45, 104 / 240, 0.55, 136 / 240])
    assert views.center_xy[0, 0] == pytest.approx([0.5, 0.5])
    assert views.mark_xy[0, 0] == pytest.approx([0.5, 0.5])
    assert views.centers[0, 0] == pytest.approx([0, 0, 2.2])
    assert (views.depth[0, 0], views.distance[0, 0]) == pytest.approx((2.2, 2.2))
    assert state(views) == "askable"


def test_camera_axes_are_right_down_forward() -> None:
    # From x = 1 looking along -x: ahead is -x, right is +y, down is -z.
    views = look({"cube": at(-1, 0.5, 1.2)}, looking("-x", at=(1, 0, 1.5)))
    assert views.centers[0, 0] == pytest.approx([0.5, 0.3, 2])
    assert views.world_centers[0] == pytest.approx([-1, 0.5, 1.2])
    assert views.distance[0, 0] == pytest.approx(np.sqrt(0.25 + 0.09 + 4))


def test_a_post_hides_three_quarters() -> None:
    # The post's front is 1 m ahead; x from -0.4 to 0.05: pixels 95.5 to 167.5, so of the cube's 32 columns, 144 to 175,
    # 24 are hidden and 8 left, 168 to 175.
    post = at(-0.175, 1.05, 1.5, (0.45, 0.1, 1))
    views = look({"cube": CUBE, "post": post})
    assert views.visible_fraction[0, 0] == 0.25
    assert views.visible_pixels[0, 0] == 8 * 32 * REFERENCE
    assert views.visible_box[0, 0] == pytest.approx([168 / 320, 104 / 240, 176 / 320, 136 / 240])
    # The threshold is 0.25: enough, but not a pixel column less.
    assert state(views) == "askable"
    narrower = look({"cube": CUBE, "post": at(-0.171875, 1.05, 1.5, (0.45625, 0.1, 1))})
    assert narrower.visible_fraction[0, 0] == pytest.approx(7 / 32)
    assert state(narrower) == "doubtful"
    # The center at 159.5 is hidden: the mark is on the visible part, one pixel inside it where it can be.
    x, y = views.mark_xy[0, 0]
    assert 168 / 320 < x < 176 / 320
    assert 104 / 240 < y < 136 / 240
    # How much lies inside the image does not depend on what hides it.
    assert views.in_image_fraction[0, 0] == 1


def test_what_is_hidden_wholly_or_behind_the_camera_is_absent() -> None:
    views = look({"cube": CUBE, "post": at(0, 1, 1.5, (0.6, 0.1, 1)), "lamp": at(0, -2, 1.5)})
    assert state(views, 0) == "absent"
    assert np.isnan(views.mark_xy[0, 0]).all()
    assert np.isnan(views.visible_box[0, 0]).all()
    assert state(views, 2) == "absent"
    assert np.isnan(views.center_xy[0, 2]).all()
    assert np.isnan(views.projected_box[0, 2]).all()
    assert views.depth[0, 2] == -2
    assert views.in_image_fraction[0, 2] == 0


@pytest.mark.parametrize(("side_m", "inside"), [(-0.01, "askable"), (0.01, "doubtful")])
def test_half_of_a_panel_is_outside_the_image(side_m: float, inside: str) -> None:
    # A thin panel 2 m ahead, 0.4 m wide, around the image's right edge at 45 degrees, x = 2: the five left of its ten
    # columns of points are inside. The columns nearest to the middle are 0.02 m from it.
    views = look({"panel": at(2 + 3 * side_m, 2, 1.5, (0.4, 0.002, 0.4))})
    assert views.visible_fraction[0, 0] == 1
    assert abs(views.in_image_fraction[0, 0] - 0.5) == pytest.approx(0.1, abs=0.04)
    assert state(views) == inside
    assert views.visible_box[0, 0, 2] == 1


def test_the_share_inside_is_a_threshold() -> None:
    boxes = {"panel": at(2, 2, 1.5, (0.4, 0.002, 0.4))}
    share = float(look(boxes).in_image_fraction[0, 0])
    assert share == pytest.approx(0.5, abs=0.05)
    assert state(look(boxes, thresholds=Thresholds(in_image_fraction=share))) == "askable"
    assert state(look(boxes, thresholds=Thresholds(in_image_fraction=share + 1e-6))) == "doubtful"


@pytest.mark.parametrize(("needed", "told"), [(400, "askable"), (401, "doubtful")])
def test_ten_by_ten_pixels_are_four_hundred(needed: float, told: str) -> None:
    # 0.2 m at 3.2 m are 10 pixels: 100 of 320 x 240 are 400 of 640 x 480.
    views = look({"cube": at(0, 3.3, 1.5, (0.2, 0.2, 0.2))}, thresholds=Thresholds(visible_pixels=needed))
    assert views.visible_pixels[0, 0] == 400
    assert state(views) == told


def test_pixels_do_not_depend_on_the_images_size() -> None:
    scene = room({"cube": CUBE}, [looking("+y")], camera=CAMERA.scaled(1280, 960))
    views = observe(scene)
    assert views.visible_pixels[0, 0] == PIXELS * REFERENCE
    assert views.visible_box[0, 0] == pytest.approx([0.45, 104 / 240, 0.55, 136 / 240])


@pytest.mark.parametrize(
    ("depth_m", "told"), [(0.29, "doubtful"), (0.31, "askable"), (7.9, "askable"), (8.1, "doubtful")]
)
def test_depth_has_limits(depth_m: float, told: str) -> None:
    wide = at(0, depth_m - 4, 1.5, (0.5, 0.02, 0.5)) if depth_m > 1 else at(0, depth_m - 4, 1.5, (0.1, 0.02, 0.1))
    assert state(look({"panel": wide}, looking("+y", at=(0, -4, 1.5)))) == told


def test_a_mark_is_on_its_object() -> None:
    views = observe(studio())
    scene = views.scene
    checked = 0
    for frame, item in np.argwhere(views.askable):
        x, y = views.mark_xy[frame, item]
        left, top, right, bottom = views.visible_box[frame, item]
        assert left <= x <= right
        assert top <= y <= bottom
        assert min(x, y, 1 - x, 1 - y) >= 1 / CAMERA.width
        ray = facing_ray(scene, frame, x, y)
        hit = [entry(item_.box, *ray) for item_ in scene.objects]
        assert int(np.argmin(hit)) == item
        checked += 1
    assert checked > 100


def facing_ray(scene: Scene, frame: int, x: float, y: float) -> tuple[np.ndarray, np.ndarray]:
    pose = scene.frames[frame].world_from_camera
    u, v = x * CAMERA.width - 0.5, y * CAMERA.height - 0.5
    ray = np.array([(u - CAMERA.cx) / CAMERA.fx, (v - CAMERA.cy) / CAMERA.fy, 1.0])
    return pose.translation, pose.rotation @ ray


def entry(box: Box3D, origin: np.ndarray, ray: np.ndarray) -> float:
    """Where a ray enters a box, inf where it misses."""
    start, along = (origin - box.center) @ box.rotation, ray @ box.rotation
    with np.errstate(divide="ignore"):  # a ray along a side meets the other sides at infinity
        ends = np.sort(np.stack([(-box.size / 2 - start) / along, (box.size / 2 - start) / along]), axis=0)
    return float(ends[0].max()) if 0 < ends[0].max() <= ends[1].min() else np.inf


def test_what_measures_nearer_hides() -> None:
    # Something that is not in the mesh stands 1 m ahead and hides columns up to 167.5: 8 of 32 are left, as above.
    post = at(-0.175, 1.05, 1.5, (0.45, 0.1, 1))
    views = observe(with_depth(room({"cube": CUBE}, [looking("+y")]), also=[post]))
    assert views.visible_fraction[0, 0] == 0.25
    assert views.visible_box[0, 0, 0] == pytest.approx(168 / 320)


def test_nearer_by_less_than_the_tolerance_hides_nothing() -> None:
    # The cube's front is at 2 m, where the tolerance is 0.05 m; a sheet 0.04 m before it is the cube, 0.06 m is not.
    near, nearer = (at(0, 2 - gap - 0.005, 1.5, (1, 0.01, 1)) for gap in (0.04, 0.06))
    scene = room({"cube": CUBE}, [looking("+y")])
    assert observe(with_depth(scene, also=[near])).visible_fraction[0, 0] == 1
    assert state(observe(with_depth(scene, also=[nearer]))) == "absent"
    # At 4 m ahead of the camera the tolerance is 2.5 % of 4 m = 0.1 m.
    far = room({"cube": at(0, 4.2, 1.5)}, [looking("+y")])
    assert observe(with_depth(far, also=[at(0, 3.92, 1.5, (1, 0.01, 1))])).visible_fraction[0, 0] == 1
    assert state(observe(with_depth(far, also=[at(0, 3.88, 1.5, (1, 0.01, 1))]))) == "absent"


@pytest.mark.parametrize(
    ("last_column", "told"),
    # Of the cube's columns 144 to 175 the share that is left must reach 0.3: 10 of 32 do, 9 do not.
    [(160, "askable"), (166, "askable"), (167, "doubtful"), (180, "doubtful")],
)
def test_missing_depth_neither_confirms_nor_denies(last_column: int, told: str) -> None:
    scene = with_depth(room({"cube": CUBE}, [looking("+y")]))
    depth = scene.frames[0].depth
    assert depth is not None
    holed = depth.read_m().copy()
    holed[100:140, 140:last_column] = 0
    frame = replace(scene.frames[0], depth=MemoryDepth(holed))
    views = observe(replace(scene, frames=(frame,)))
    assert views.visible_fraction[0, 0] == 1
    assert state(views) == told
    # A mark needs a pixel that is confirmed.
    assert np.isnan(views.mark_xy[0, 0]).all() if last_column == 180 else views.mark_xy[0, 0, 0] >= last_column / 320


def test_a_mark_avoids_where_the_object_is_not_measured() -> None:
    # In the mesh the cube is there, but what is measured lies behind it: it may be seen, but no mark is put on it.
    views = observe(with_depth(room({"cube": CUBE}, [looking("+y")]), without=["cube"]))
    assert views.visible_fraction[0, 0] == 1
    assert np.isnan(views.mark_xy[0, 0]).all()
    assert state(views) == "doubtful"


def test_depth_of_another_resolution_is_held_at_the_same_place() -> None:
    post = at(-0.175, 1.05, 1.5, (0.45, 0.1, 1))
    scene = room({"cube": CUBE}, [looking("+y")])
    views = observe(with_depth(scene, camera=CAMERA.scaled(1280, 960), also=[post]))
    assert views.visible_fraction[0, 0] == 0.25


def test_frames_without_much_depth_are_not_used() -> None:
    scene = with_depth(room({"cube": CUBE}, [looking("+y"), looking("+y", at=(0.2, 0, 1.5))]))

    def with_holes(share: float) -> Scene:
        depth = scene.frames[1].depth
        assert depth is not None
        holed = depth.read_m().copy()
        holed[: round(share * CAMERA.height)] = 0
        return replace(scene, frames=(scene.frames[0], replace(scene.frames[1], depth=MemoryDepth(holed))))

    assert observe(with_holes(0.4)).usable.tolist() == [True, True]
    views = observe(with_holes(0.45))
    assert [frame.id for frame in views.frames] == ["0"]
    assert views.unused == {"frame: depth missing": 1}


def test_blurred_frames_are_not_used() -> None:
    scene = room({"cube": CUBE}, [looking("+y", at=(0.1 * i, 0, 1.5)) for i in range(3)])
    flat = MemoryImage(room({"cube": CUBE}, [looking()], camera=CAMERA).frames[0].color.read_bytes())
    assert observe(replace(scene, frames=(replace(scene.frames[0], color=flat), *scene.frames[1:]))).unused == {}
    gray = MemoryImage(gray_picture())
    views = observe(replace(scene, frames=(replace(scene.frames[0], color=gray), *scene.frames[1:])))
    assert views.unused == {"frame: blurred": 1}
    assert [frame.id for frame in views.frames] == ["1", "2"]


def gray_picture() -> bytes:
    import cv2

    return cv2.imencode(".png", np.full((CAMERA.height, CAMERA.width), 90, np.uint8))[1].tobytes()


@pytest.mark.parametrize("content", [b"not an image", b"\x89PNG\r\n\x1a\n", b""])
def test_an_image_that_cannot_be_decoded_is_named(content: bytes) -> None:
    scene = room({"cube": CUBE}, [looking("+y")])
    broken = replace(scene, frames=(replace(scene.frames[0], color=MemoryImage(content)),))
    with pytest.raises(SceneError, match="color image cannot be decoded, expected JPEG or PNG"):
        observe(broken)


def test_a_scene_without_a_usable_frame_is_told() -> None:
    scene = with_depth(room({"cube": CUBE}, [looking("+y"), looking("+y"), looking("-y")]))
    empty = MemoryDepth(np.zeros((CAMERA.height, CAMERA.width), np.float32))
    blind = tuple(replace(frame, depth=empty) for frame in scene.frames)
    with pytest.raises(SceneError) as caught:
        observe(replace(scene, frames=blind))
    found = "found none of 3 usable (1 repeats a view, 2 depth missing), expected one"
    assert str(caught.value) == f"room: frames: {found}"


def test_frames_count_from_the_last_one_kept() -> None:
    # Steps of 2 cm: the third is 4 cm, the fourth 6 cm from the first and is kept; the next is 6 cm from that.
    frames = room({"cube": CUBE}, [looking("+y", at=(0.02 * i, 0, 1.5)) for i in range(7)]).frames
    assert [frame.id for frame in spread_frames(frames, Thresholds())] == ["0", "3", "6"]
    frames = room({"cube": CUBE}, [looking("+y", at=(x, 0, 1.5)) for x in (0, 0.1, 0.12, 0.2)]).frames
    assert [frame.id for frame in spread_frames(frames, Thresholds())] == ["0", "1", "3"]
    # Steps of 3 degrees: every second one is at least 4 degrees from the last.
    frames = room({"cube": CUBE}, [looking("+y", left_deg=3 * i) for i in range(5)]).frames
    assert [frame.id for frame in spread_frames(frames, Thresholds())] == ["0", "2", "4"]


def test_many_frames_are_thinned_evenly() -> None:
    frames = room({"cube": CUBE}, [looking("+y", at=(0.1 * i, 0, 1.5)) for i in range(9)]).frames
    assert [frame.id for frame in spread_frames(frames, Thresholds(max_frames=5))] == ["0", "2", "4", "6", "8"]


@pytest.mark.parametrize(("frames", "shown"), [(10, 0), (11, 11), (31, 31)])
def test_a_short_video_has_all_frames_from_eleven_on(frames: int, shown: int) -> None:
    views = look({"cube": CUBE}, *(looking("+y", at=(0.1 * i, 0, 1.5)) for i in range(frames)))
    assert views.video == tuple(range(shown))


def test_a_long_video_has_32_frames() -> None:
    views = look({"cube": CUBE}, *(looking("+y", at=(0.011 * i, 0, 1.5)) for i in range(63)))
    # linspace(0, 62, 32) has steps of 2.
    assert [views.frames[i].id for i in views.video] == [str(2 * i) for i in range(32)]
    # Only frames 5 cm apart may be shown alone; those of the video are looked at besides.
    assert [frame.id for frame, usable in zip(views.frames, views.usable, strict=True) if usable] == [
        str(5 * i) for i in range(13)
    ]


@pytest.mark.parametrize(("asked", "shown"), [(16, 16), (128, 63), ("all", 63)])
def test_a_video_has_as_many_frames_as_were_asked_for(asked: VideoFrames, shown: int) -> None:
    scene = room({"cube": CUBE}, [looking("+y", at=(0.011 * i, 0, 1.5)) for i in range(63)])
    views = observe(scene, video_frames=asked)
    assert (len(views.video), views.frames[views.video[-1]].id) == (shown, "62")


def test_the_same_view_sees_the_same_and_the_opposite_view_nothing_of_it() -> None:
    poses = [looking("+y"), looking("+y", at=(0.06, 0, 1.5)), looking("-y")]
    views = look({"cube": CUBE}, *poses)
    assert np.diag(views.covisible).tolist() == [1, 1, 1]
    assert views.covisible[0, 1] > 0.97
    assert views.covisible[0, 2] == views.covisible[2, 0] == 0
    assert views.rotation_deg[0].tolist() == pytest.approx([0, 0, 180])
    assert views.baseline_m[0].tolist() == pytest.approx([0, 0.06, 0])


def test_covisibility_is_of_the_first_frames_surface() -> None:
    # Both look at the wall at y = 8 head on: from 8 m away it is seen 16 m wide and 4 m high, with floor and ceiling;
    # from 2 m away a part of that. All that the near camera sees the far one sees too, but not the other way round.
    views = look({"cube": at(7, -7, 1)}, looking("+y"), looking("+y", at=(0, 6, 1.5)))
    assert views.covisible[1, 0] > 0.97
    assert 0.05 < views.covisible[0, 1] < 0.5


@pytest.mark.parametrize("angle", [0, 1, 45, 90, 179, 180])
def test_rotation_angles(angle: float) -> None:
    relative = looking("+y").rotation.T @ looking("+y", left_deg=angle).rotation
    assert rotation_angle_deg(relative) == pytest.approx(angle, abs=1e-5)


def test_surface_points_lie_on_the_surface_evenly() -> None:
    # A 1 x 1 x 3 post has 2 m2 at its ends and 12 m2 on its sides: one point in seven lies at an end.
    points = sample_surface(mesh_of([at(0, 0, 0, (1, 1, 3))], [0]), 7000)
    ends = np.abs(np.abs(points[:, 2]) - 1.5) < 1e-6
    sides = (np.abs(np.abs(points[:, :2]) - 0.5) < 1e-6).any(axis=1)
    assert (ends | sides).all()
    assert ends.sum() == pytest.approx(1000, abs=5)
    assert np.allclose(points.mean(axis=0), 0, atol=0.05)


@pytest.mark.parametrize(("away_m", "is_asked"), [(0, True), (0.25, True), (1.5, False)])
def test_objects_in_pieces_are_never_asked(away_m: float, is_asked: bool) -> None:
    # A fifth of the cube's points lies off: at 0.25 m both parts still hang together, at 1.5 m they do not.
    scene = room({"cube": CUBE, "lamp": at(1, 2.2, 1.5)}, [looking("+y")])
    cube = scene.objects[0]
    assert cube.points is not None
    points = cube.points.copy()
    points[: len(points) // 5, 0] += away_m
    views = observe(replace(scene, objects=(replace(cube, points=points), scene.objects[1])))
    assert views.askable[0].tolist() == [is_asked, True]
    assert views.unused == ({} if is_asked else {"object: no sure center": 1})


def test_the_share_inside_is_of_the_mesh_and_not_of_its_vertices() -> None:
    scene = room({"panel": at(2, 2, 1.5, (0.4, 0.002, 0.4))}, [looking("+y")])
    bare = replace(scene, objects=(replace(scene.objects[0], points=None),))
    assert np.array_equal(observe(bare).in_image_fraction, observe(scene).in_image_fraction)


def test_the_order_of_objects_and_faces_does_not_matter() -> None:
    boxes = {"cube": CUBE, "post": at(-0.175, 1.05, 1.5, (0.45, 0.1, 1)), "lamp": at(1, 3, 1)}
    poses = [looking("+y"), facing((0, 2, 1), at=(2, 0, 1.5))]
    there, back = observe(room(boxes, poses)), observe(room(dict(reversed(boxes.items())), poses))
    for name in ("visible_pixels", "visible_fraction", "visible_box", "mark_xy", "askable", "in_image_fraction"):
        assert np.array_equal(getattr(there, name), getattr(back, name)[:, ::-1], equal_nan=name != "askable"), name


def test_a_wall_of_no_object_hides_too() -> None:
    scene = room({"cube": CUBE}, [looking("+y")])
    wall = mesh_of([HALL, CUBE, at(0, 1, 1.5, (2, 0.1, 2))], [-1, 0, -1])
    assert state(observe(replace(scene, mesh=wall))) == "absent"
