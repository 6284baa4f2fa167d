"""Runs of the generate command on the demo, and the files that they write."""

import subprocess
import sys
from pathlib import Path

SETTINGS = "visibility: {max_frames: 12}\n"
"""Few frames beside those of the video, so that a scene takes a second or two."""


def generate(out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command on the demo."""
    command = [sys.executable, "-m", "qagen.generate", "--scene", "scannet", "--out", str(out), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def generate_missing(out: Path, seen: Path, *options: str) -> None:
    """Run the command on the desk for the types of which a run on the apartment has no record: its camera is too fast
    for questions about motion."""
    from qagen.tasks.registry import known_types

    missing = [name for name in known_types() if not (seen / "scannet" / "qa_jsonl" / "train" / name).is_dir()]
    if missing:
        generate(out, "--demo", "tabletop", "--tasks", ",".join(missing), *options).check_returncode()


def copy_demo(root: Path, count: int) -> Path:
    """A dataset root that holds the demo's scene under ``count`` names."""
    from qagen.demo import demo_root

    source = next((demo_root("scannet") / "scans").iterdir())
    for name in (f"scene{9000 + i}_00" for i in range(count)):
        copy = root / "scans" / name
        copy.mkdir(parents=True)
        for file in source.iterdir():
            target = copy / file.name.replace(source.name, name)
            if file.suffix == ".json":
                target.write_text(file.read_text().replace(source.name, name))
            else:
                target.symlink_to(file)
    (root / "settings.yaml").write_text(SETTINGS)
    return root


def contents(out: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
