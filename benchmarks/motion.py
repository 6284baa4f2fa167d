"""Time of motion instructions and statistics of many clips: ``python -m benchmarks.motion --clips 1000 --rows 60``."""

import tempfile
from pathlib import Path
from time import perf_counter, process_time

import click
import numpy as np
from click.testing import CliRunner

from benchmarks.stopwatch import markdown
from qagen.spatialvid.__main__ import main as spatialvid

FPS, EVERY = 30, 6


def write_clips(root: Path, clips: int, rows: int) -> None:
    """Clips of the release without video, of a camera that wanders, and the table with their frame rate."""
    rng, lines = np.random.default_rng(0), ["id,group id,fps"]
    for number in range(clips):
        folder = root / "annotations" / "group_0001" / f"clip{number:06d}"
        folder.mkdir(parents=True)
        quaternions = np.cumsum(rng.normal(0, 0.01, (rows, 4)), axis=0)
        quaternions[:, 3] += 1
        quaternions /= np.sqrt((quaternions**2).sum(axis=1, keepdims=True))
        places = np.cumsum(rng.normal(0, 0.03, (rows, 3)), axis=0)
        np.save(folder / "poses.npy", np.hstack([places, quaternions]).astype(np.float32))
        np.save(folder / "intrinsics.npy", np.tile(np.array([0.8, 1.4, 0.5, 0.5], np.float32), (rows, 1)))
        (folder / "indexes.txt").write_text("".join(f"{row} {EVERY * row}\n" for row in range(rows)))
        lines.append(f"{folder.name},1,{FPS}")
    table = root / "data" / "train" / "clips.csv"
    table.parent.mkdir(parents=True)
    table.write_text("\n".join(lines) + "\n")


@click.command()
@click.option("--clips", default=1000, show_default=True)
@click.option("--rows", default=60, show_default=True)
def main(clips: int, rows: int) -> None:
    """Time the commands on synthetic clips, imports among them."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        write_clips(Path(folder), clips, rows)
        commands = {
            "instruct": ["instruct", folder],
            "instruct, 2025-09, enhanced": ["instruct", folder, "--mode", "2025-09", "--force"],
            "instruct, 2026-04, standard": ["instruct", folder, "--mode", "2026-04", "--form", "standard", "--force"],
            "stats": ["stats", folder, "--to", str(Path(folder) / "stats.csv")],
        }
        for name, words in commands.items():
            wall, cpu = perf_counter(), process_time()
            result = CliRunner().invoke(spatialvid, words)
            assert result.exit_code == 0, result.output
            cpu, wall = process_time() - cpu, perf_counter() - wall
            lines.append((name, f"{cpu:.1f}", f"{wall:.1f}", f"{1e3 * cpu / clips:.2f}"))
    print(markdown(("command", "CPU s", "s", "CPU ms a clip"), lines))


if __name__ == "__main__":
    main()
