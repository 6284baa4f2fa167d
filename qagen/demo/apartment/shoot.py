"""Makes the demo's film: lights the apartment, walks through it and stores what the sensors see."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.demo.apartment.lighting import Report, bake_light, build_surface, ray_scene
from qagen.demo.apartment.render import FAR_AWAY_M, Renderer
from qagen.demo.apartment.sensor import expose, sense_depth
from qagen.demo.apartment.shell import Lamp, PlacedObject, Room
from qagen.demo.film import Film, FilmedRoom, write_description, write_frame
from qagen.rng import rng_for

CAMERA = Camera(fx=577.87, fy=577.87, cx=319.5, cy=239.5, width=640, height=480)
"""The depth camera of the ScanNet devices; color uses it, too."""


@dataclass(frozen=True, slots=True)
class Script:
    """Everything that a film is made of."""

    objects: Sequence[PlacedObject]
    """All objects; the index is the object id."""
    lamps: Sequence[Lamp]
    """Light sources."""
    poses: Sequence[Pose]
    """World from camera of each frame."""
    camera: Camera = CAMERA
    """Pinhole of color and depth."""
    rooms: Sequence[Room] = ()
    """Rooms, for their floors."""


def shoot(folder: Path, script: Script, workers: int, report: Report) -> Film:
    """Film into a new folder and open the film.

    A bare room of 80 x 60 pixels takes a second. The bytes depend on neither the number of workers nor the order in
    which they finish.
    """
    (folder / "frames").mkdir(parents=True)
    surface = build_surface(script.objects)
    scene = ray_scene(surface)
    light = bake_light(surface, scene, script.lamps, workers, report)
    renderer = Renderer(surface, light, scene)

    def frame(index: int) -> None:
        rng = rng_for(0, "demo frame", str(index))
        view = renderer.view(script.camera, script.poses[index])
        objects = np.where(view.depth_m < FAR_AWAY_M, surface.part_object[view.part], -1)
        write_frame(folder, index, expose(view, rng), sense_depth(view, surface, rng), objects)

    # rays, numpy and the codecs release the interpreter lock
    with ThreadPoolExecutor(workers) as pool:
        for done, _ in enumerate(pool.map(frame, range(len(script.poses))), start=1):
            report(done, len(script.poses), "frames")
    np.savez(
        folder / "surface.npz",
        vertices=surface.vertices,
        faces=surface.faces,
        vertex_colors=renderer.vertex_colors(light),
        face_part=surface.face_part,
        vertex_part=surface.vertex_part,
        part_object=surface.part_object,
    )
    rooms = [FilmedRoom(room.name, room.polygon) for room in script.rooms]
    write_description(folder, script.camera, script.poses, [item.label for item in script.objects], rooms)
    return Film.read(folder)
