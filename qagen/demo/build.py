"""Makes the demo scan: furnish, light, film, write."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.demo import scannet_files as files
from qagen.demo.apartment import Lamp, Thing
from qagen.demo.lighting import Report, bake_light, build_surface, ray_scene
from qagen.demo.render import Renderer
from qagen.demo.sensor import expose, sense_depth
from qagen.rng import rng_for

SCENE_ID = "scene9000_00"
CAMERA = Camera(fx=577.87, fy=577.87, cx=319.5, cy=239.5, width=640, height=480)
"""The depth camera of the ScanNet devices; here colour has it too."""


@dataclass(frozen=True, slots=True)
class Script:
    """What is filmed."""

    things: Sequence[Thing]
    """The index is the object id."""
    lamps: Sequence[Lamp]
    """Light sources."""
    poses: Sequence[Pose]
    """The camera's way."""
    camera: Camera = CAMERA
    """Of colour and depth."""


def film(root: Path, script: Script, workers: int, report: Report) -> None:
    """Write a ScanNet folder tree with one scan below ``root``, which must exist.

    The bytes depend on neither the number of workers nor the order in which they finish.
    """
    surface = build_surface(script.things)
    scene = ray_scene(surface)
    light = bake_light(surface, scene, script.lamps, workers, report)
    renderer = Renderer(surface, light, scene)
    labels = [thing.label for thing in script.things]
    folder = root / "scans" / SCENE_ID
    folder.mkdir(parents=True)
    prefix = str(folder / SCENE_ID)

    def frame(index: int) -> files.EncodedFrame:
        rng = rng_for(0, "demo frame", str(index))
        view = renderer.view(script.camera, script.poses[index])
        return files.encode_frame(expose(view, rng), sense_depth(view, surface, rng))

    frames = _in_order(frame, len(script.poses), workers, report)
    files.write_sens(Path(f"{prefix}.sens"), script.camera, script.poses, frames)
    files.write_info(Path(f"{prefix}.txt"), script.camera, len(script.poses))
    files.write_mesh(Path(f"{prefix}_vh_clean_2.ply"), surface, renderer.vertex_colors(light))
    vertex_class = np.array([files.nyu40_id(label) for label in labels])[surface.part_thing[surface.vertex_part]]
    class_color = np.array([files.nyu40_color(k) for k in range(41)], np.uint8)
    files.write_mesh(
        Path(f"{prefix}_vh_clean_2.labels.ply"), surface, class_color[vertex_class], vertex_class.astype(np.uint16)
    )
    files.write_segments(Path(f"{prefix}_vh_clean_2.0.010000.segs.json"), SCENE_ID, surface)
    files.write_aggregation(Path(f"{prefix}.aggregation.json"), SCENE_ID, surface, labels)
    files.write_label_map(root / "scannetv2-labels.combined.tsv", labels)


def _in_order(
    frame: Callable[[int], files.EncodedFrame], count: int, workers: int, report: Report
) -> Iterator[files.EncodedFrame]:
    """Frames in order; at most a few are in memory at once. Rays, numpy and the codecs release the interpreter lock."""
    with ThreadPoolExecutor(workers) as pool:
        waiting: list[Future[files.EncodedFrame]] = []
        for index in range(count + 2 * workers):
            if index < count:
                waiting.append(pool.submit(frame, index))
            if index >= 2 * workers and waiting:
                yield waiting.pop(0).result()
                report(index - 2 * workers + 1, count, "frames")
