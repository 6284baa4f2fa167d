"""CPU seconds of the doctor on sound and on damaged scenes, the sum of all its checks.

python -m benchmarks.doctor [--scene scannet] [--root ROOT]
"""

import time
from collections.abc import Callable
from pathlib import Path

import click

from qagen import cli
from qagen.core.scene import Scene
from qagen.doctor.examine import examine
from qagen.loaders import make_loader
from tools.doctor_faults import FAULTS

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
        damaged, started = plant(scene), time.process_time()
        examine(damaged)
        taken = time.process_time() - started
        click.echo(f"| {name} | {taken:.1f} | {taken / LIMIT_S:.2f} |")


if __name__ == "__main__":
    main()
