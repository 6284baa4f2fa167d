"""Makes the film of the desk: enlarged to the size of furniture, lit and filmed like the apartment, and shrunk.

So the shadows are as fine, and the sensor is as close, as the smaller things need: the sensor sees from 10 cm to
1.7 m, and its depth is right to about 1 mm at half a meter.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from qagen.core.pose import Pose
from qagen.demo.apartment.lighting import Report, bake_light, build_surface, ray_scene
from qagen.demo.apartment.render import FAR_AWAY_M, Renderer
from qagen.demo.apartment.sensor import expose, sense_depth
from qagen.demo.apartment.shell import Lamp, PlacedObject
from qagen.demo.apartment.shoot import Script
from qagen.demo.film import Film, FilmedRoom, write_description, write_frame
from qagen.rng import rng_for

SCALE = 4.0
"""A power of two, so that shrinking is exact."""


def shoot(folder: Path, script: Script, workers: int, report: Report) -> Film:
    """Film into a new folder and open the film; the bytes do not depend on the number of workers."""
    (folder / "frames").mkdir(parents=True)
    surface = build_surface(_enlarged(script.objects))
    scene = ray_scene(surface)
    light = bake_light(surface, scene, [_enlarged_lamp(lamp) for lamp in script.lamps], workers, report)
    renderer = Renderer(surface, light, scene)

    def frame(index: int) -> None:
        rng = rng_for(0, "demo tabletop frame", str(index))
        pose = script.poses[index]
        view = renderer.view(script.camera, Pose(pose.rotation, SCALE * pose.translation))
        objects = np.where(view.depth_m < FAR_AWAY_M, surface.part_object[view.part], -1)
        depth_mm = np.round(sense_depth(view, surface, rng) / SCALE).astype(np.uint16)
        write_frame(folder, index, expose(view, rng), depth_mm, objects)

    # rays, numpy and the codecs release the interpreter lock
    with ThreadPoolExecutor(workers) as pool:
        for done, _ in enumerate(pool.map(frame, range(len(script.poses))), start=1):
            report(done, len(script.poses), "frames")
    np.savez(
        folder / "surface.npz",
        vertices=surface.vertices / np.float32(SCALE),
        faces=surface.faces,
        vertex_colors=renderer.vertex_colors(light),
        face_part=surface.face_part,
        vertex_part=surface.vertex_part,
        part_object=surface.part_object,
    )
    rooms = [FilmedRoom(room.name, room.polygon) for room in script.rooms]
    write_description(folder, script.camera, script.poses, [item.label for item in script.objects], rooms)
    return Film.read(folder)


def _enlarged(objects: Sequence[PlacedObject]) -> list[PlacedObject]:
    larger = SCALE * np.eye(3)
    return [replace(item, parts=tuple(part.moved(larger, (0, 0, 0)) for part in item.parts)) for item in objects]


def _enlarged_lamp(lamp: Lamp) -> Lamp:
    """The lamp with as much light on a surface that is SCALE times as far."""
    center, half_u, half_v = (SCALE * np.asarray(side) for side in (lamp.center, lamp.half_u, lamp.half_v))
    return Lamp(center, half_u, half_v, SCALE**2 * lamp.power, lamp.color)
