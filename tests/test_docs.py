"""What the documents name is there, and what they tell people to type works."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import qagen
from qagen.demo import demo_root
from tools.golden import PER_SCENE

HOME = Path(__file__).resolve().parent.parent
README = (HOME / "README.md").read_text(encoding="utf-8")
PAGES = list(dict.fromkeys(re.findall(r"\]\((docs/\w+\.md)\)", README)))
"""In README's order, which is the order in which people read them."""
INSTALLATION = re.compile(r"python3 -m venv \S+ && \S+pip install \S+ \S+ && ")
"""CI runs it as it stands."""
REPOSITORY = ("benchmarks", "data_jsons", "scripts", "tests")
"""Folders of a checkout that commands may name."""


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", *PAGES])
def test_every_file_that_a_document_names_is_there(document: str) -> None:
    text = (HOME / document).read_text(encoding="utf-8")
    named = re.findall(r"`((?:scripts|tests|task_configs|templates|benchmarks|qagen|docs)/[\w/.]*\w)`", text)
    assert [name for name in named if not (HOME / name).exists()] == []


def test_the_readme_leads_to_every_page() -> None:
    assert sorted(PAGES) == sorted(f"docs/{page.name}" for page in (HOME / "docs").glob("*.md"))


def test_the_license_and_the_ci_script_are_there() -> None:
    assert "Apache License" in (HOME / "LICENSE").read_text(encoding="utf-8")
    assert "scripts/check.sh" in (HOME / ".ci" / "run").read_text(encoding="utf-8")


def test_the_citation_is_of_this_version() -> None:
    citation = yaml.safe_load((HOME / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["version"] == project["version"] == qagen.__version__
    assert (citation["license"], citation["cff-version"]) == (project["license"], "1.2.0")
    assert {"message", "title", "authors"} <= citation.keys()


def test_every_extra_is_named_in_the_readme() -> None:
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [name for name in project["optional-dependencies"] if f"| `{name}` |" not in README] == []


@pytest.fixture(scope="module")
def folder(demo_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all commands run: a checkout with an environment, in which the README's run of the demo is done."""
    folder = tmp_path_factory.mktemp("docs")
    shutil.copytree(demo_run, folder / "qagen_out", copy_function=os.link)
    shutil.copytree(demo_root("spatialvid"), folder / "clips")  # commands write beside their poses
    for name in REPOSITORY:
        (folder / name).symlink_to(HOME / name)
    (folder / "data_jsons").unlink()  # commands write indices there
    shutil.copytree(HOME / "data_jsons", folder / "data_jsons", ignore=shutil.ignore_patterns("*.json"))
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def scripts_of(document: str) -> list[str]:
    """The bash blocks of a document but the installation and the check, which runs these tests."""
    blocks = re.findall(r"```bash\n(.*?)```", (HOME / document).read_text(encoding="utf-8"), re.DOTALL)
    return [INSTALLATION.sub("", block) for block in blocks if "scripts/check.sh" not in block]


@pytest.mark.slow
@pytest.mark.parametrize("document", ["README.md", *PAGES])
def test_the_commands_work_one_after_another_in_one_folder(document: str, folder: Path, demo: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    known = [script.replace(".venv/bin/", "") for script in scripts_of("README.md")] if document in PAGES else []
    for script in (script for script in scripts_of(document) if script not in known):
        script = script.replace("/data/scannet", str(demo)).replace("/data/qa", "qa_of_scans")
        script = script.replace("/data/SpatialVid", "clips")
        if document == "README.md":  # only to be quick
            script = script.replace("qagen.generate", f"qagen.generate --per-scene {PER_SCENE}")
        run = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder,
            env={**os.environ, "PATH": path, "PYTHONPATH": str(HOME)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, f"{script}\n{run.stdout}\n{run.stderr}"
    if document == "docs/posed.md":
        check_own_scans(folder / "own_qa" / "posed" / "report.json")


def check_own_scans(report: Path) -> None:
    """Every example of a scan gives questions about objects, in one image or in several."""
    scenes = json.loads(report.read_text(encoding="utf-8"))["scenes"]
    assert set(scenes) == {"polycam", "nerfstudio", "record3d", "tum", "seven", "masks"}
    for name, scene in scenes.items():
        asked = [sum(counts.values()) for type_name, counts in scene["samples"].items() if "depth" in type_name]
        assert sum(asked) > 0, (name, scene)
