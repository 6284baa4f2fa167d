"""The examples, the notebook and the page on Python work as they stand."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tools.api import PAGE, page_text

HOME = Path(__file__).resolve().parent.parent.parent
EXAMPLES = sorted((HOME / "examples").glob("*.py"))
NEEDS_TORCH = {"torch_loader"}
MOST_LINES = 15


@pytest.fixture(scope="module")
def folder(demo: Path, demo_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the examples run: a run of the demo lies there."""
    folder = tmp_path_factory.mktemp("examples")
    shutil.copytree(demo_run, folder / "qagen_out", copy_function=os.link)
    return folder


def test_examples_are_short():
    assert len(EXAMPLES) >= 5
    for path in EXAMPLES:
        assert len(path.read_text().splitlines()) <= MOST_LINES, path.name


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(path: Path, folder: Path):
    if path.stem in NEEDS_TORCH:
        pytest.importorskip("torch", reason="torch is not installed")
    environment = {**os.environ, "PYTHONPATH": str(HOME)}
    done = subprocess.run([sys.executable, path], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def run_code(source: str, names: dict[str, Any]) -> Any:
    """Run a cell; the value of its last line, if that is an expression, as notebooks show it."""
    body = ast.parse(source).body
    last = body[-1].value if isinstance(body[-1], ast.Expr) else None
    body = body if last is None else body[:-1]
    exec(compile(ast.Module(body, []), "<cell>", "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last), "<cell>", "eval"), names)


@pytest.mark.slow
def test_the_notebook_runs(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(folder)
    notebook = json.loads((HOME / "examples" / "tour.ipynb").read_text())
    names: dict[str, Any] = {}
    shown = []
    for cell in (cell for cell in notebook["cells"] if cell["cell_type"] == "code"):
        value = run_code("".join(cell["source"]), names)
        shown.append(value._repr_html_() if hasattr(value, "_repr_html_") else repr(value))
    assert sum("data:image/jpeg" in text for text in shown) >= 2
    assert all(shown)


@pytest.mark.slow
def test_the_code_of_the_page_works_one_block_after_another(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        if "to_torch" not in block or find_spec("torch") is not None:
            run_code(block, names)


def test_the_reference_is_that_of_the_docstrings():
    assert PAGE.read_text(encoding="utf-8") == page_text()
