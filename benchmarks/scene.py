"""A scene with full quotas: where the time goes, and how it grows.

    python -m benchmarks.scene --scene scannet [--root /data/scannet] [--repeat 3] [--sizes]

All types, all formats, 100 samples each, one process. CPU seconds of this process, of the quickest of some runs after
one that compiles; start-up is not in it (benchmarks.start). With ``--sizes`` the same for a third and two thirds of the
frames, of the objects and of the samples.
"""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time

import click
import numpy as np

from benchmarks.stopwatch import Stopwatch, markdown
from qagen.core.scene import Mesh, Scene
from qagen.loaders import LOADERS, make_loader
from qagen.loaders._base import Loader
from qagen.pipeline import checkpoint
from qagen.pipeline import run as pipeline
from qagen.pipeline.config import load_run
from qagen.pipeline.engines.local import run_inline
from qagen.pipeline.report import SceneReport
from qagen.tasks.registry import FAMILIES
from qagen.visibility.views import observe
from qagen.wording import formats

FLAGS = {"tasks": None, "formats": None}
OBSERVE = "observe: visibility, with decoding"
FUNCTIONS = {
    OBSERVE: (pipeline, "observe"),
    "choose: quotas, balance, distractors": (pipeline, "choose"),
    "write as fill, select, sentence, judge": (formats.Formatter, "write"),
    "records": (pipeline, "to_record"),
    "evidence": (pipeline, "to_evidence"),
    "compress and write the checkpoint": (checkpoint.CheckpointWriter, "add"),
    "images": (pipeline, "write_media"),
    "put in place, flush to disk": (checkpoint.CheckpointWriter, "finish"),
    "merge": (pipeline, "merge_checkpoints"),
}


def job_for(loader: Loader, out: Path, per_scene: int) -> pipeline.Job:
    """All types and formats."""
    config, families = load_run(None, None, {**FLAGS, "per_scene": per_scene})
    return pipeline.Job(loader, config, tuple(families), pipeline.layout_for(out, loader, config))


def run(loader: Loader, scene_id: str, per_scene: int) -> tuple[Stopwatch, SceneReport, float, float]:
    """One scene from reading to merged files: time by function, report, CPU seconds and seconds."""
    watch, reports = Stopwatch(), []
    functions = {"load": (type(loader), "load"), **FUNCTIONS}
    functions |= {f"propose: {name}": (family, "propose") for name, family in FAMILIES.items()}
    with tempfile.TemporaryDirectory() as folder, watch.watching(functions):
        job = job_for(loader, Path(folder), per_scene)
        cpu, wall = process_time(), perf_counter()
        with watch.running("everything else"):
            plan = pipeline.prepare(job, [scene_id])
            pipeline.write_scenes(job, plan, run_inline, True, reports.append)
            pipeline.merge(job, [scene_id], plan.settings)
        return watch, reports[0], process_time() - cpu, perf_counter() - wall


def least(runs: Callable[[], tuple], repeat: int) -> tuple:
    """The run with the least CPU seconds, the third of what it returns."""
    return min((runs() for _ in range(repeat)), key=lambda done: done[2])


def part_of(scene: Scene, frames: float, objects: float) -> Scene:
    """The scene with a share of its frames and of its objects, both spread evenly; walks are left out."""
    kept = np.unique(np.linspace(0, len(scene.frames) - 1, round(frames * len(scene.frames))).astype(int))
    chosen = np.unique(np.linspace(0, len(scene.objects) - 1, round(objects * len(scene.objects))).astype(int))
    index = np.full(len(scene.objects) + 1, -1, np.int32)
    index[chosen] = np.arange(len(chosen))
    mesh = scene.mesh
    if mesh is not None:
        mesh = Mesh(mesh.vertices, mesh.faces, index[mesh.face_object], mesh.is_by_box)
    return replace(
        scene,
        frames=tuple(scene.frames[i] for i in kept),
        objects=tuple(scene.objects[i] for i in chosen),
        mesh=mesh,
        walks=(),
    )


def observe_s(scene: Scene, repeat: int) -> float:
    """CPU seconds of the visibility stage."""

    def once() -> tuple[None, None, float]:
        start = process_time()
        observe(scene)
        return None, None, process_time() - start

    return least(once, repeat)[2]


def print_profile(watch: Stopwatch, report: SceneReport, cpu: float, wall: float) -> None:
    """Print where the time of a run goes."""
    parts_s = {name: seconds for name, seconds in watch.seconds.items() if name}
    rows = [
        (name, str(watch.calls[name] or ""), f"{seconds:.2f}", f"{100 * seconds / cpu:.1f}")
        for name, seconds in sorted(parts_s.items(), key=lambda item: -item[1])
    ]
    rows.append(("**all**", "", f"**{cpu:.2f}**", "100"))
    print(markdown(("part", "calls", "CPU s", "%"), rows))
    rest = cpu - parts_s["load"] - parts_s[OBSERVE]
    print(
        f"\n{report.samples} samples from {report.frames} frames and {report.objects} objects in {cpu:.1f} s of CPU "
        f"({wall:.1f} s); {report.samples / rest:.0f} samples/s after loading and observing"
    )


def tell_limits(scene: Scene, repeat: int) -> None:
    """Print what reading the pixels alone takes."""
    import cv2

    def colors() -> tuple[None, None, float]:
        start = process_time()
        for frame in scene.frames:
            cv2.imdecode(np.frombuffer(frame.color.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        return None, None, process_time() - start

    def depths() -> tuple[None, None, float]:
        start = process_time()
        for frame in scene.frames:
            if frame.depth is not None:
                frame.depth.read_m()
        return None, None, process_time() - start

    print(f"\nDecoding its {len(scene.frames)} depth images: {least(depths, repeat)[2]:.2f} s of CPU; ", end="")
    print(f"its color images at full size, which no step does: {least(colors, repeat)[2]:.2f} s.")


def tell_sizes(loader: Loader, scene: Scene, repeat: int) -> None:
    """Print how the visibility stage grows with frames and objects, and the rest with samples."""
    rows = []
    for frames, objects in ((1 / 3, 1), (2 / 3, 1), (1, 1), (1, 1 / 3), (1, 2 / 3)):
        part = part_of(scene, frames, objects)
        seconds, size = observe_s(part, repeat), len(part.frames)
        rows.append((str(size), str(len(part.objects)), f"{seconds:.2f}", f"{1e3 * seconds / size:.2f}"))
    print("\n" + markdown(("frames", "objects", "observe, CPU s", "ms a frame"), rows))
    rows = []
    for per_scene in (33, 66, 100):
        watch, report, cpu, _ = least(lambda n=per_scene: run(loader, scene.id, n), repeat)
        rest = cpu - watch.seconds["load"] - watch.seconds[OBSERVE]
        rows.append((str(report.samples), f"{rest:.2f}", f"{1e3 * rest / report.samples:.2f}"))
    print("\n" + markdown(("samples", "propose to merge, CPU s", "ms a sample"), rows))


@click.command()
@click.option("--scene", "dataset", default="scannet", show_default=True, type=click.Choice(sorted(LOADERS)))
@click.option("--root", type=click.Path(path_type=Path, exists=True), help="[default: the demo]")
@click.option("--repeat", default=3, show_default=True, help="Runs, of which the quickest counts.")
@click.option("--sizes", is_flag=True, help="Also how the time grows.")
def main(dataset: str, root: Path | None, repeat: int, sizes: bool) -> None:
    """Time one scene with full quotas."""
    from qagen.demo import demo_root

    loader = make_loader(dataset, root or demo_root(dataset))
    scene_id = loader.scene_ids("all")[0]
    run(loader, scene_id, 1)  # compiles
    print_profile(*least(lambda: run(loader, scene_id, 100), repeat))
    scene = loader.load(scene_id)
    tell_limits(scene, repeat)
    if sizes:
        tell_sizes(loader, scene, repeat)


if __name__ == "__main__":
    main()
