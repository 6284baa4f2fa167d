"""Samples a second of ``qagen.stream`` from a warm scene: one that is measured, with its candidates collected.

    python -m benchmarks.stream [--root ROOT] [--passes 3]

CPU seconds of this process, one thread. A pass asks all types in all formats, 100 samples each, and every record is
written out with its evidence. The first pass collects the candidates, which the following nine choose from.
"""

from pathlib import Path
from time import process_time

import click
import msgspec

import qagen
from benchmarks.stopwatch import markdown


@click.command()
@click.option("--scene", "dataset", default="scannet", show_default=True, help="Dataset.")
@click.option("--root", type=click.Path(path_type=Path, exists=True), help="[default: the demo]")
@click.option("--passes", default=3, show_default=True, help="Passes from the warm scene.")
def main(dataset: str, root: Path | None, passes: int) -> None:
    """Time a stream."""
    import cv2

    cv2.setNumThreads(1)
    scene = qagen.open_scene(dataset, root=root)
    start = process_time()
    scene.observe()
    rows = [("read and measure the scene", "", f"{process_time() - start:.1f}", "")]
    stream = qagen.stream(scene)
    for number in range(passes + 1):
        start, count, written = process_time(), 0, 0
        for sample in stream.one_pass():
            count += 1
            written += len(msgspec.json.encode([sample.record, sample.evidence]))
        seconds = process_time() - start
        name = "pass 1, collects candidates" if number == 0 else f"pass {number + 1}, warm"
        rows.append((name, str(count), f"{seconds:.1f}", f"{count / seconds:.0f}"))
    print(markdown(("", "samples", "CPU s", "samples/s"), rows))


if __name__ == "__main__":
    main()
