# pyright: reportMissingImports=false
"""lmms-eval's SPAR-Bench functions, in the file that it ships, on our parquet: the right answers score 100."""

import functools
import importlib.util
from pathlib import Path
from typing import Any

import pytest

from tests.consumers.exports import export_of

pytest.importorskip("lmms_eval")


def load_scorer() -> Any:
    """The file alone: importing its package would import every task and torch."""
    package = importlib.util.find_spec("lmms_eval")
    assert package is not None
    assert package.submodule_search_locations is not None
    path = Path(next(iter(package.submodule_search_locations))) / "tasks" / "sparbench" / "utils.py"
    spec = importlib.util.spec_from_file_location("sparbench_utils", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    vars(module)["partial"] = functools.partial  # 0.7.3 forgets to import it, and gives every number 0
    return module


def test_right_answers_score_100(tmp_path):
    import datasets

    scorer = load_scorer()
    files = {"test": str(export_of("sparbench") / "data" / "test-*.parquet")}
    rows: Any = datasets.load_dataset("parquet", data_files=files, split="test", cache_dir=str(tmp_path))
    results = []
    for row in rows:
        prompt = scorer.sparbench_doc_to_text(row, {"pre_prompt": "", "na_post_prompt": ""})
        assert row["question"] in prompt
        assert len(scorer.sparbench_doc_to_visual(row)) == len(row["image"]) >= 1
        results.append(scorer.sparbench_process_results(row, [row["answer"]])["sparbench_score"])
    assert scorer.sparbench_aggregate_results(results) == pytest.approx(100)
