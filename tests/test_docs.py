"""What the documents name is there, and what they tell people to type works."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qagen.demo import demo_root
from tools.runs import generate

HOME = Path(__file__).resolve().parent.parent
PAGES = sorted((HOME / "docs").glob("*.md"))
BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)
REPOSITORY = ("benchmarks", "data_jsons", "scripts", "tests")
"""Folders of a checkout that commands may name."""


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", *(f"docs/{page.name}" for page in PAGES)])
def test_every_file_that_a_document_names_is_there(document: str) -> None:
    text = (HOME / document).read_text(encoding="utf-8")
    named = re.findall(r"`((?:scripts|tests|task_configs|templates|benchmarks|qagen|docs)/[\w/.]*\w)`", text)
    assert [name for name in named if not (HOME / name).exists()] == []


def test_the_license_and_the_ci_script_are_there() -> None:
    assert "Apache License" in (HOME / "LICENSE").read_text(encoding="utf-8")
    assert "scripts/check.sh" in (HOME / ".ci" / "run").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run on the demo, for pages that begin with one."""
    demo_root("scannet")
    out = tmp_path_factory.mktemp("docs") / "qagen_out"
    run = generate(out, "--per-scene", "4")
    assert run.returncode == 0, run.stderr
    return out


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_page_work_one_after_another(page: Path, demo_run: Path, tmp_path: Path) -> None:
    shutil.copytree(demo_run, tmp_path / "qagen_out", copy_function=os.link)
    for name in REPOSITORY:
        (tmp_path / name).symlink_to(HOME / name)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        run = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, f"{block}\n{run.stdout}\n{run.stderr}"
