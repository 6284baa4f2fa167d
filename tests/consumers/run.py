"""``python -m tests.consumers.run NAME OUT --in DIR``: let a consumer's own code read what a run exports for it.

DIR keeps the exports and a virtual environment per consumer: ``NAME.txt`` beside this file says what goes into it,
``NAME.bare.txt`` what goes in without its own requirements. Some environments take 6 GB.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

import click

HERE = Path(__file__).resolve().parent
NAMES = sorted(path.stem for path in HERE.glob("*.txt") if "." not in path.stem)
EXPORTS = {
    "trl": ("huggingface",),
    "lmms_harness": ("sparbench",),
    "swift": ("swift", "swift --no-draw"),
    "spacevista": ("spacevista", "spacevista --no-draw"),
}
"""Exports that a consumer reads, where they are not just the one of its name."""


@click.command()
@click.argument("name", type=click.Choice(NAMES))
@click.argument("out", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--in", "folder", required=True, type=click.Path(path_type=Path), help="Environments and exports.")
def main(name: str, out: Path, folder: Path) -> None:
    """Export the run in OUT for the consumer NAME and run its test in an environment of its own."""
    folder = folder.absolute()
    python = prepare(name, folder / name)
    for export in EXPORTS.get(name, (name,)):
        exporter, *options = export.split()
        target = folder / "exports" / "".join([exporter, *options]).replace("--", "-")
        run([sys.executable, "-m", "qagen.export", exporter, str(out), "--out", str(target), *options])
    test = [
        "-m",
        "pytest",
        "--noconftest",
        "-o",
        "addopts=",
        "-p",
        "no:cacheprovider",
        "-rs",
        str(HERE / f"test_{name}.py"),
    ]
    run([str(python), *test], {"QAGEN_EXPORTS": str(folder / "exports"), "HF_HOME": str(folder / "cache")})


def prepare(name: str, environment: Path) -> Path:
    """Python of the consumer's environment, made or completed as needed."""
    python = environment / "bin" / "python"
    if not python.exists():
        venv.create(environment, with_pip=True)
    run([str(python), "-m", "pip", "install", "-q", "pytest", "-r", str(HERE / f"{name}.txt")])
    bare = HERE / f"{name}.bare.txt"
    if bare.exists():
        run([str(python), "-m", "pip", "install", "-q", "--no-deps", "-r", str(bare)])
    return python


def run(command: list[str], settings: dict[str, str] | None = None) -> None:
    """Run a command in the checkout and end with its exit code where it fails."""
    done = subprocess.run(command, cwd=HERE.parent.parent, env={**os.environ, **(settings or {})}, check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
