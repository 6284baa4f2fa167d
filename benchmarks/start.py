"""From the command to the first sample, with kernels to compile and with kernels compiled.

    python -m benchmarks.start [--repeat 3]

One type, one sample a format, on the demo, with as few frames as it needs; ``python -X importtime``
measures the imports.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter

import click

from benchmarks.stopwatch import markdown

ONE = ["--tasks", "distance_prediction_oc", "--formats", "fill", "--per-scene", "1", "--workers", "1"]
SETTINGS = "visibility: {max_frames: 4}\n"
SLOWEST = 12


def call(arguments: list[str], cache: Path) -> tuple[float, float, str]:
    """Seconds and CPU seconds of one command, and what it says."""
    before, start = getrusage(RUSAGE_CHILDREN), perf_counter()
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run(arguments, check=True, capture_output=True, text=True, env=environment)
    after = getrusage(RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return perf_counter() - start, cpu, done.stderr


def first_sample(python: list[str], cache: Path) -> tuple[float, float, str]:
    """The shortest run that writes a sample."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "few.yaml").write_text(SETTINGS)
        where = ["--out", f"{folder}/qa", "--config", f"{folder}/few.yaml"]
        return call([*python, "-m", "qagen.generate", "--scene", "scannet", *where, *ONE], cache)


def slowest_imports(log: str) -> list[tuple[str, str]]:
    """Top-level packages by the time of their own modules, milliseconds."""
    spent: dict[str, float] = {}
    for own_us, module in re.findall(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", log, re.MULTILINE):
        package = module.partition(".")[0]
        spent[package] = spent.get(package, 0.0) + int(own_us) / 1e3
    ordered = sorted(spent.items(), key=lambda item: -item[1])[:SLOWEST]
    return [(package, f"{ms:.0f}") for package, ms in ordered]


@click.command()
@click.option("--repeat", default=3, show_default=True, help="Runs, of which the quickest counts.")
def main(repeat: int) -> None:
    """Time the start of the command line."""
    from qagen.demo import demo_root

    demo_root("scannet")
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        compiling = first_sample([sys.executable], cache)
        compiled = min(first_sample([sys.executable], cache) for _ in range(repeat))
        shown = min(call([sys.executable, "-m", "qagen.generate", "--help"], cache) for _ in range(repeat))
        log = first_sample([sys.executable, "-X", "importtime"], cache)[2]
    named = {"--help": shown, "first run, compiles": compiling, "second run, kernels cached": compiled}
    rows = [(name, f"{wall:.2f}", f"{cpu:.2f}") for name, (wall, cpu, _) in named.items()]
    print(markdown(("until the end of a run of one sample", "s", "CPU s"), rows))
    print("\n" + markdown(("package", "import, ms"), slowest_imports(log)))


if __name__ == "__main__":
    main()
