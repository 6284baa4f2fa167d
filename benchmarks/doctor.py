"""CPU seconds of the doctor on sound and on damaged scenes, the sum of all its checks.

python -m benchmarks.doctor [--scene scannet] [--root ROOT]
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import click
import cv2
import numpy as np

from qagen import cli
from qagen.core.scene import Frame, Scene
from qagen.doctor.examine import examine
from qagen.loaders import make_loader
from tools.doctor_faults import FAULTS, ChangedImage

LIMIT_S = 15.0
DAMAGES: dict[str, Callable[[Scene], Scene]] = {
    "as it is": lambda scene: scene,
    **{
        name: FAULTS[name]
        for name in (
            "focal lengths times 1.05",
            "one rotation transposed",
            "all color images distorted",
            "all color images noise",
            "all poses inverted",
            "boxes moved by 0.2 m, each its own way",
        )
    },
}


@dataclass(frozen=True, slots=True, eq=False)
class MemoryImage:
    """Encoded image bytes without a file."""

    content: bytes
    suffix: str = ".jpg"
    path: Path | None = None

    def read_bytes(self) -> bytes:
        """The encoded image."""
        return self.content


def _held(frame: Frame) -> Frame:
    """The frame with its changed image in memory, so that the change is not measured."""
    if not isinstance(frame.color, ChangedImage):
        return frame
    pixels = cv2.imdecode(np.frombuffer(frame.color.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    content = cv2.imencode(".jpg", np.asarray(pixels))[1].tobytes()
    return replace(frame, color=MemoryImage(content))


@click.command()
@click.option("--scene", "dataset", default="scannet", show_default=True, help="Dataset to read.")
@click.option("--root", type=click.Path(path_type=Path, exists=True), help="Folder of the dataset.")
def main(dataset: str, root: Path | None) -> None:
    """Print the CPU seconds of each kind of input beside the limit."""
    loader = make_loader(dataset, root or cli.demo_root(dataset))
    scene = loader.load(loader.scene_ids("train")[0])
    examine(scene)  # compiles kernels
    click.echo(f"Since the start of the process: {time.process_time():.1f} s\n")
    click.echo("| input | CPU s | of the limit |\n| --- | ---: | ---: |")
    for name, plant in DAMAGES.items():
        damaged = plant(scene)
        damaged = replace(damaged, frames=tuple(map(_held, damaged.frames)))
        started = time.process_time()
        examine(damaged)
        taken = time.process_time() - started
        click.echo(f"| {name} | {taken:.1f} | {taken / LIMIT_S:.2f} |")


if __name__ == "__main__":
    main()
