"""Makes the demo's film: light the place, walk through it, store what the sensors saw."""

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
"""The depth camera of the ScanNet devices; here colour has it too."""


@dataclass(frozen=True, slots=True)
class Script:
    """What is filmed."""

    things: Sequence[PlacedObject]
    """The index is the object id."""
    lamps: Sequence[Lamp]
    """Light sources."""
    poses: Sequence[Pose]
    """The camera's way."""
    camera: Camera = CAMERA
    """Of colour and depth."""
    rooms: Sequence[Room] = ()
    """Where there is floor."""


def shoot(folder: Path, script: Script, workers: int, report: Report) -> Film:
    """Film into a folder, which is made, and open the film.

    A bare room of 80 x 60 pixels takes a second. The bytes depend on neither the number of workers nor the order in
    which they finish.
    """
    (folder / "frames").mkdir(parents=True)
    surface = build_surface(script.things)
    scene = ray_scene(surface)
    light = bake_light(surface, scene, script.lamps, workers, report)
    renderer = Renderer(surface, light, scene)

    def frame(index: int) -> None:
        rng = rng_for(0, "demo frame", str(index))
        view = renderer.view(script.camera, script.poses[index])
        things = np.where(view.depth_m < FAR_AWAY_M, surface.part_thing[view.part], -1)
        write_frame(folder, index, expose(view, rng), sense_depth(view, surface, rng), things)

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
        part_thing=surface.part_thing,
    )
    rooms = [_floor_of(room) for room in script.rooms]
    write_description(folder, script.camera, script.poses, [thing.label for thing in script.things], rooms)
    return Film.read(folder)


def _floor_of(room: Room) -> FilmedRoom:
    (x0, x1), (y0, y1) = room.x, room.y
    return FilmedRoom(room.name, np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]))
