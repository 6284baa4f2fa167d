"""What is counted of a run, and which bars show it."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qagen.errors import QagenError
from qagen.records.read import find_record_files
from qagen.view.samples import read_run
from qagen.view.statistics import BINS, RunCounts, chart, histogram
from tests.view.run_files import EVIL, write


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("counted") / "out"
    write(out, "distance_prediction_oc", "fill", ["2.2", "2.2", "3.1"], ["2.2", "2.2", "3.1"], red_point=[[500, 500]])
    write(out, "obj_spatial_relation_oc_mv", "select", ["B", "A"], ["left, , front", "left, above, behind"])
    report = {"tasks": {"room_size": {"skips": {"no video": 3}}, "distance_prediction_oc": {"skips": {"too near": 5}}}}
    (out / "lab" / "report.json").write_text(json.dumps(report))
    return out


def count_run(out: Path) -> pd.DataFrame:
    counts = RunCounts()
    for sample in read_run(find_record_files(out)):
        counts.add(sample)
    return counts.table([out / "lab"])


def counted(counts: pd.DataFrame, quantity: str, type_name: str = "") -> dict[str, int]:
    rows = counts[(counts["quantity"] == quantity) & (counts["type"] == type_name)]
    return dict(zip(rows["value"], rows["count"], strict=True))


def test_answers_labels_distances_and_skips_are_counted(out: Path) -> None:
    counts = count_run(out)
    assert counted(counts, "answers", "distance_prediction_oc") == {"2.2": 2, "3.1": 1}
    assert counted(counts, "answers", "obj_spatial_relation_oc_mv") == {"left": 2, "front": 1, "above": 1, "behind": 1}
    assert counted(counts, "choices", "obj_spatial_relation_oc_mv") == {"A": 1, "B": 1}
    assert counted(counts, "labels") == {EVIL: 5}
    assert counted(counts, "distances") == {"2": 5}  # 2.2 m lies in [2.0, 2.5)
    assert counted(counts, "variety", "distance_prediction_oc") == {"forms": 1, "4-grams": 3}
    assert counted(counts, "skips", "room_size") == {"no video": 3}


def test_records_without_evidence_are_counted_by_themselves(out: Path, tmp_path: Path) -> None:
    shutil.copytree(out, tmp_path / "out")
    (lost,) = (tmp_path / "out").glob("lab/evidence_jsonl/train/obj_*/select/*")
    lost.unlink()
    with pytest.raises(QagenError, match=r"select_2\.jsonl: cannot be read"):  # a part of it is a fault
        count_run(tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / "lab" / "evidence_jsonl")
    counts = count_run(tmp_path / "out")
    assert counted(counts, "choices", "obj_spatial_relation_oc_mv") == {"A": 1, "B": 1}
    assert counted(counts, "samples", "distance_prediction_oc") == {"fill": 3}
    assert (counted(counts, "scenes"), counted(counts, "labels")) == ({"room": 5}, {})


def test_numbers_become_a_histogram_that_loses_none() -> None:
    bars = chart({f"{i / 10}": 1 for i in range(100)})
    assert len(bars.rows) == 20
    assert sum(count for _, count in bars.rows) == 100
    assert bars.rows[0] == ("0", 5)
    assert (bars.rows[-1][0], bars.end) == ("9.5", "10")


def test_bins_have_round_edges_and_no_gap() -> None:
    bars = histogram({0.37: 1, 2.9: 4, 7.11: 2})
    assert [name for name, _ in bars.rows][:3] == ["0", "0.5", "1"]  # (7.11 - 0.37) / 20 = 0.337, so 0.5
    assert len(bars.rows) == 15
    assert {name: count for name, count in bars.rows if count} == {"0": 1, "2.5": 4, "7": 2}
    whole = chart({"2": 3, "5": 1})
    assert whole.rows == [("2", 3), ("3", 0), ("4", 0), ("5", 1)]
    assert whole.end == ""


@given(st.dictionaries(st.floats(-1e6, 1e6), st.integers(1, 9), min_size=1, max_size=40))
def test_every_number_falls_into_one_of_few_bins(numbers: dict[float, int]) -> None:
    bars = histogram(numbers)
    assert sum(count for _, count in bars.rows) == sum(numbers.values())
    assert len(bars.rows) <= BINS + 2


def test_equal_letters_are_said_to_be_even_and_others_are_not() -> None:
    assert chart({"B": 98, "A": 100, "D": 110, "C": 92}).even == "A, B, C, D even: 92 to 110 each"
    assert chart({"Yes": 5, "No": 5}).even == "No, Yes even: 5 each"
    assert chart({"A": 150, "B": 50}).even == ""
    assert chart({"A": 150}).even == ""


def test_too_many_different_words_are_no_chart() -> None:
    assert chart({"word" + "s" * i: 1 for i in range(30)}).rows == []
