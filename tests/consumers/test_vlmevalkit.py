# pyright: reportMissingImports=false
"""VLMEvalKit's SparBench: it loads the table, unpacks the images, asks, and scores."""

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.consumers.exports import export_of

pytestmark = pytest.mark.skipif(importlib.util.find_spec("vlmeval") is None, reason="vlmeval is not installed")


def load_class() -> Any:
    """The class without the packages around it, which import every data set and torch."""
    if "vlmeval" in sys.modules:
        return sys.modules["vlmeval.dataset.sparbench"].SparBench
    package = importlib.util.find_spec("vlmeval")
    assert package is not None
    assert package.submodule_search_locations is not None
    root = Path(next(iter(package.submodule_search_locations)))
    for name in ("vlmeval", "vlmeval.dataset", "vlmeval.dataset.utils"):
        module = ModuleType(name)
        module.__path__ = [str(root.parent / name.replace(".", "/"))]
        sys.modules[name] = module
    from vlmeval.dataset.sparbench import SparBench

    return SparBench


@pytest.fixture
def bench(tmp_path, monkeypatch):
    shutil.copy(export_of("vlmevalkit") / "SparBench.tsv", tmp_path)
    monkeypatch.setenv("LMUData", str(tmp_path))
    kind = load_class()
    monkeypatch.setattr(kind, "DATASET_MD5", {})
    return kind("SparBench")


def test_prompts_hold_the_images(bench):
    from PIL import Image

    for row in (bench.data.iloc[index] for index in range(len(bench))):
        *images, text = bench.build_prompt(row)
        assert row["question"] in text["value"]
        for image in images:
            Image.open(image["value"]).load()


@pytest.mark.parametrize("right", [True, False])
def test_only_right_answers_score(bench, tmp_path, right):
    table = bench.data.drop(columns=["image", "image_path"])
    table["prediction"] = table["answer"] if right else "."
    table.to_excel(tmp_path / "predictions.xlsx", index=False)
    score = bench.evaluate(str(tmp_path / "predictions.xlsx"))["overall"]
    assert score == pytest.approx(1) if right else score < 0.05  # a silent view change is right where nothing moved
