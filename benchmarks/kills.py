"""Kill runs at random moments, let them go on, and compare every byte: ``python -m benchmarks.kills --n 50``.

The scenes are the demo's under several names. Half of the kills hit the whole process group, as a scheduler's do; the
others only the run itself, as the kernel's out-of-memory killer does, so that its workers have to notice.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from tools.runs import contents, copy_demo

TASKS = "depth_prediction_oo,position_matching"


def command(root: Path, out: Path, *more: str) -> list[str]:
    """Few frames and few samples: a scene takes a second or two."""
    settings = ["--config", str(root / "settings.yaml"), "--tasks", TASKS, "--per-scene", "2"]
    generate = [sys.executable, "-m", "qagen.generate", "--scene", "scannet"]
    return [*generate, "--root", str(root), "--out", str(out), *settings, "--workers", "2", *more]


def run_killed(arguments: list[str], after_s: float, whole_group: bool) -> bool:
    """Start a run and kill it after a while; returns whether it was still running."""
    with subprocess.Popen(arguments, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            process.wait(after_s)
        except subprocess.TimeoutExpired:
            kill = os.killpg if whole_group else os.kill
            kill(process.pid, signal.SIGKILL)
            return True
    return False


def run_whole(arguments: list[str]) -> float:
    """Run to the end; returns the seconds it took."""
    started = time.perf_counter()
    subprocess.run(arguments, check=True, stderr=subprocess.PIPE)
    return time.perf_counter() - started


@click.command()
@click.option("--n", default=50, show_default=True, help="Number of kills.")
@click.option("--scenes", default=4, show_default=True)
@click.option("--seed", default=0, show_default=True)
def main(n: int, scenes: int, seed: int) -> None:
    """Exit code 1 when a run that was killed and went on differs in a byte from one that was not."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        root = copy_demo(Path(folder) / "root", scenes)
        run_whole(command(root, Path(folder) / "first"))  # compiles
        seconds = run_whole(command(root, Path(folder) / "whole"))
        expected = contents(Path(folder) / "whole")
        click.echo(f"uninterrupted: {seconds:.1f} s, {len(expected)} files")
        kills = different = 0
        while kills < n:
            out, after_s = Path(folder) / f"killed{kills}", rng.uniform(0, seconds)
            if not run_killed(command(root, out), after_s, whole_group=rng.random() < 0.5):
                continue
            kills += 1
            found_s = run_whole(command(root, out))
            same = contents(out) == expected
            different += not same
            click.echo(
                f"{kills}: killed after {after_s:.2f} s, went on for {found_s:.1f} s, {'same' if same else 'DIFFERENT'}"
            )
    click.echo(f"{kills} kills, {different} different")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
