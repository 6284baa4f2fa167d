"""The visibility stage against decoding the same depth images, and against plain ways of deciding visibility.

    python -m benchmarks.stage --scene scannet [--root /data/scannet] [--repeat 5] [--judged 20]

Prints CPU milliseconds a frame, the least of some repeats. The two plain ways are those that generators of spatial
questions commonly take, written here anew in numpy:

* ``center``: the box center projects into the image, and the depth image is not nearer there than the box is deep.
* ``points``: all mesh vertices of the object are projected; those that agree with the depth image within 10 cm are
  seen, and an object is visible from a quarter of its vertices on.

Precision and recall of "may be asked about here" are held against ray casting (tools.visibility_check).
"""

from collections.abc import Callable
from pathlib import Path
from time import process_time

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.stopwatch import Stopwatch, markdown
from qagen.core.scene import Frame, Mesh, Scene
from qagen.loaders import LOADERS, make_loader
from qagen.visibility import instances, views
from qagen.visibility.thresholds import Thresholds
from qagen.visibility.views import SceneViews, observe
from tools.visibility_check import Reference, Score

PARTS = {
    "decode color, quarter size, for sharpness": (views, "_small_gray"),
    "once: surfaces, sure centers, boxes": (views._Observer, "__init__"),
    "drawing the mesh": (instances, "rasterize"),
    "held against depth": (instances, "compare_with_depth"),
    "counts, tight boxes, marks": (views, "instance_stats"),
    "share inside the image": (views, "inside_fraction"),
    "projected boxes": (views, "projected_box"),
    "points seen": (views, "points_seen"),
    "co-visibility of all pairs": (views, "shared_fraction"),
    "tables of frames and objects": (views, "_assemble"),
}
DECODE = "decode depth"
NOT_STAGE = (DECODE, "decode color, quarter size, for sharpness")
AGREES_M = 0.1
SEEN_SHARE = 0.25


def profile(scene: Scene) -> dict[str, float]:
    """CPU seconds of ``observe`` by part."""
    depth = next(frame.depth for frame in scene.frames if frame.depth is not None)
    watch = Stopwatch()
    with watch.watching({DECODE: (type(depth), "read_m"), **PARTS}), watch.running("everything else"):
        observe(scene)
    return dict(watch.seconds)


def in_camera(frame: Frame, points: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Column, row and depth of points (n, 3) in the depth image of a frame; columns and rows may lie outside."""
    camera = frame.depth_camera
    assert camera is not None
    x, y, z = (frame.world_from_camera.inverse() @ points).T
    ahead = np.where(z > 0, z, np.nan)
    u, v = x / ahead * camera.fx + camera.cx, y / ahead * camera.fy + camera.cy
    inside = (u > -0.5) & (v > -0.5) & (u < camera.width - 0.5) & (v < camera.height - 0.5)
    return np.rint(np.where(inside, u, -1)).astype(int), np.rint(np.where(inside, v, -1)).astype(int), z


def by_center(scene: Scene, frame: Frame, depth: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(O,) visible by the depth at the projected centers of the boxes."""
    centers = np.array([item.box.center for item in scene.objects])
    reach = np.array([np.linalg.norm(item.box.size) / 2 for item in scene.objects])
    u, v, z = in_camera(frame, centers)
    measured = depth[v, u]
    return (u >= 0) & (z > 0.3) & (z < 8) & (measured > 0) & (measured > z - reach)


def by_points(objects: list[NDArray], frame: Frame, depth: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(O,) visible by the share of the object's vertices that the depth image confirms."""
    visible = np.zeros(len(objects), dtype=bool)
    for k, points in enumerate(objects):
        u, v, z = in_camera(frame, points)
        seen = (u >= 0) & (np.abs(depth[v, u] - z) < AGREES_M)
        visible[k] = len(points) > 0 and seen.mean() >= SEEN_SHARE
    return visible


def vertices_of(mesh: Mesh, count: int) -> list[NDArray]:
    """Each object's vertices, (n, 3)."""
    return [mesh.vertices[np.unique(mesh.faces[mesh.face_object == k])].astype(np.float64) for k in range(count)]


def least_ms(function: Callable, calls: list[tuple], repeat: int) -> float:
    """CPU milliseconds a call, the least of some rounds over all calls."""
    rounds = []
    for _ in range(repeat):
        start = process_time()
        for arguments in calls:
            function(*arguments)
        rounds.append(process_time() - start)
    return 1e3 * min(rounds) / len(calls)


def judge(seen: SceneViews, said: dict[str, Callable[[Frame, NDArray], NDArray]], judged: int) -> dict[str, Score]:
    """Each way of deciding against ray casting, on some frames spread over the scene."""
    limits, scene = Thresholds(), seen.scene
    assert scene.mesh is not None
    reference, scores = Reference(scene.mesh, len(scene.objects), limits), dict.fromkeys(said, Score(0, 0, 0, 0))
    for index in np.unique(np.linspace(0, len(seen.frames) - 1, judged).astype(int)):
        frame = seen.frames[index]
        assert frame.depth is not None
        depth = frame.depth.read_m()
        look, z = reference.measure(frame, depth), seen.depth[index]
        truth = (look.fraction >= limits.visible_fraction) & (look.in_image >= limits.in_image_fraction)
        truth &= (look.pixels >= limits.visible_pixels) & (z >= limits.min_depth_m) & (z <= limits.max_depth_m)
        for name, decide in said.items():
            scores[name] += Score.of(decide(frame, depth), truth)
    return scores


def print_parts(rounds: list[dict[str, float]], frames: int) -> float:
    """Print where the time of the stage goes; returns CPU milliseconds a frame of the stage."""
    least = {name: 1e3 * min(each.get(name, 0.0) for each in rounds) / frames for name in rounds[0] if name}
    stage = sum(ms for name, ms in least.items() if name not in NOT_STAGE)
    decode = least[DECODE]
    ordered = sorted(least.items(), key=lambda item: -item[1])
    rows = [(name, f"{ms:.2f}", f"{ms / decode:.2f}") for name, ms in ordered]
    rows.append(("**visibility stage** (all but decoding)", f"{stage:.2f}", f"**{stage / decode:.2f}**"))
    print(markdown(("part", "CPU ms a frame", "of decoding depth"), rows))
    return stage


@click.command()
@click.option("--scene", "dataset", default="scannet", show_default=True, type=click.Choice(sorted(LOADERS)))
@click.option("--root", type=click.Path(path_type=Path, exists=True), help="[default: the demo]")
@click.option("--repeat", default=5, show_default=True, help="Rounds, of which the quickest counts.")
@click.option("--judged", default=20, show_default=True, help="Frames that are held against ray casting.")
def main(dataset: str, root: Path | None, repeat: int, judged: int) -> None:
    """Time the visibility stage of one scene, and judge it."""
    import cv2

    from qagen.demo import demo_root

    cv2.setNumThreads(1)
    loader = make_loader(dataset, root or demo_root(dataset))
    scene = loader.load(loader.scene_ids("all")[0])
    if scene.mesh is None:
        raise click.ClickException(f"{scene.source}: found no labeled mesh, expected one to compare on")
    seen = observe(scene)  # compiles
    looks = [(frame, frame.depth.read_m()) for frame in seen.frames if frame.depth is not None]
    print(f"{scene.id}: {len(seen.frames)} frames, {len(scene.objects)} objects, {len(scene.mesh.faces)} faces\n")
    own_ms = print_parts([profile(scene) for _ in range(repeat)], len(seen.frames))
    objects, index = vertices_of(scene.mesh, len(scene.objects)), {f.id: i for i, f in enumerate(seen.frames)}
    said: dict[str, Callable[[Frame, NDArray], NDArray]] = {
        "qagen": lambda frame, _: seen.askable[index[frame.id]],
        "points": lambda frame, depth: by_points(objects, frame, depth),
        "center": lambda frame, depth: by_center(scene, frame, depth),
    }
    peers_ms = {name: least_ms(decide, looks, repeat) for name, decide in said.items() if name != "qagen"}
    rows = [
        (name, f"{({'qagen': own_ms} | peers_ms)[name]:.2f}", f"{score.precision:.3f}", f"{score.recall:.3f}")
        for name, score in judge(seen, said, judged).items()
    ]
    print("\n" + markdown(("visible by", "CPU ms a frame", "precision", "recall"), rows))


if __name__ == "__main__":
    main()
