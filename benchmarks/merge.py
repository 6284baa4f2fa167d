"""Time and memory of merging millions of samples: ``python -m benchmarks.merge --scenes 2000 --lines 1000``."""

import resource
import tempfile
import time
from pathlib import Path

import click

from qagen.pipeline.checkpoint import checkpoint_writer, read_manifest
from qagen.pipeline.layout import Layout
from qagen.pipeline.merge import MergeGroups, merge_checkpoints

TYPE = "depth_prediction_oo"


def sample(scene: str, number: int) -> tuple[dict, dict]:
    """A record and its evidence, of the usual length."""
    name = f"{scene}_{number * 1024 + 7}"
    question = f"Which of the two is farther away from the camera, by how much, and why? {number * 7919 % 10007} " * 5
    turns = [{"from": "human", "value": question}, {"from": "gpt", "value": f"{number % 97 / 10}"}]
    record = {"id": name, "conversations": turns, "image": [f"{scene}/image_color/{number % 300}.jpg"], "type": TYPE}
    box = {"center_m": [number / 7, number / 11, number / 13], "size_m": [0.1, 0.2, 0.3], "yaw_deg": number / 17}
    return record, {"id": name, "scene": scene, "type": TYPE, "objects": [box] * 4, "margin": number / 19}


def megabytes() -> float:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@click.command()
@click.option("--scenes", default=2000, show_default=True)
@click.option("--lines", default=1000, show_default=True, help="Samples of a scene.")
@click.option("--at", type=click.Path(path_type=Path), help="Where to write. [default: the folder for temporary files]")
def main(scenes: int, lines: int, at: Path | None) -> None:
    """Write synthetic checkpoints and merge them; each record has its evidence, so twice as many lines are written."""
    with tempfile.TemporaryDirectory(dir=at) as folder:
        layout, groups, names = Layout(Path(folder), "train"), MergeGroups(), [f"scene{i:06}" for i in range(scenes)]
        for index, name in enumerate(names):
            with checkpoint_writer(layout, name) as checkpoint:
                checkpoint.media.mkdir()
                checkpoint.add(TYPE, "fill", [sample(name, i) for i in range(lines)])
                checkpoint.finish("synthetic", name, {}, {})
            manifest = read_manifest(layout, name, "synthetic")
            assert manifest is not None
            groups.add_scene(index, manifest.blocks)
        group = groups[TYPE, "fill"]
        stored = sum(path.stat().st_size for path in layout.checkpoints.glob("done/*/lines"))
        text = sum(group.text_bytes)
        click.echo(f"{group.lines} samples, {text / 1e9:.2f} GB as text, {stored / 1e9:.2f} GB as checkpoints")
        before_mb, started, cpu = megabytes(), time.perf_counter(), time.process_time()
        merge_checkpoints(layout, names, groups, [TYPE], seed=0)
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
        click.echo(
            f"merged in {seconds:.1f} s ({cpu:.1f} s of CPU, {2 * group.lines / seconds:,.0f} lines/s); "
            f"memory {before_mb:.0f} MB before, at most {megabytes():.0f} MB"
        )


if __name__ == "__main__":
    main()
