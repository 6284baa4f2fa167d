"""What judges said about a check sheet: rates, agreement and planted errors."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from qagen.audit.__main__ import main
from qagen.audit.judgments import (
    JudgedSheet,
    agreements,
    cohen_kappa,
    fleiss_kappa,
    judged_tables,
    of_most,
    read_judged,
    remarks,
)
from qagen.errors import QagenError

SAMPLES = 12
PLANTED = ("10", "11")
Said = tuple[str, str | None]
"""The judge's own answer and the verdict."""


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """Ten samples, five of each type, and two planted ones; the right answer is always "A"."""
    folder = tmp_path / "sheet"
    folder.mkdir()
    rest = {"format": "select", "question": "?", "images": [], "overview": ""}
    questions = [{"id": str(k), "type": ("depth", "count")[k % 2], **rest} for k in range(SAMPLES)]
    answers = [{"id": str(k), "answer": "B" if str(k) in PLANTED else "A"} for k in range(SAMPLES)]
    planted = [{"id": id_, "answer": "A"} for id_ in PLANTED]
    for name, lines in (("questions", questions), ("answers", answers), ("planted", planted)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def say(sheet: Path, name: str, said: Sequence[Said]) -> Path:
    lines = [{"id": str(k), "answer": own, "verdict": verdict} for k, (own, verdict) in enumerate(said)]
    path = sheet / f"{name}.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def rows(judged: JudgedSheet, title: str) -> list[list[str]]:
    (table,) = (table for table in judged_tables(judged) if table.title == title)
    return [list(cells) for cells in zip(*(column.cells for column in table.columns), strict=True)]


def test_rates_have_their_intervals_and_leave_the_planted_out(sheet: Path):
    said = [("a", "right")] * 7 + [("B", "ugly"), ("B", "wrong"), ("", "unclear"), ("A", "wrong"), ("B", "right")]
    judged = read_judged(sheet, [say(sheet, "anna", said)])
    # Wilson for 1 of 10: center (0.1 + 3.8415/20) / 1.38415 = 0.2110, half 0.1932
    one_of_ten = "10.0 % (1.8 to 40.4)"
    assert rows(judged, "Verdicts by type") == [
        ["count", "5", "3", "1", "1", "0", "0.0 % (0.0 to 43.4)"],
        ["depth", "5", "4", "0", "0", "1", "20.0 % (3.6 to 62.4)"],
        ["all", "10", "7", "1", "1", "1", one_of_ten],
    ]
    (by_judge,) = rows(judged, "Verdicts by judge")
    assert by_judge[:7] == ["anna", "10", "7", "1", "1", "1", one_of_ten]
    assert by_judge[7] == "7 of 9"  # the empty own answer is not compared
    assert by_judge[8] == "1 of 2"  # caught are those called wrong


def test_several_judges_count_each_sample_once_by_the_verdict_of_most(sheet: Path):
    files = [say(sheet, f"judge{k}", [("A", verdict)] * 4) for k, verdict in enumerate(("right", "wrong", "wrong"))]
    judged = read_judged(sheet, files)
    assert judged.verdicts == dict.fromkeys("0123", "wrong")
    assert rows(judged, "Verdicts by type")[-1][:6] == ["all", "4", "0", "0", "0", "4"]
    assert [row[:3] for row in rows(judged, "Agreement between judges")] == [
        ["judge0, judge1", "0 of 4", "0.0 % (0.0 to 49.0)"],
        ["judge0, judge2", "0 of 4", "0.0 % (0.0 to 49.0)"],
        ["judge1, judge2", "4 of 4", "100.0 % (51.0 to 100.0)"],
        ["judge0, judge1, judge2", "0 of 4", "0.0 % (0.0 to 49.0)"],
    ]


def test_of_two_verdicts_as_frequent_the_worse_counts():
    assert of_most(["right", "wrong"]) == "wrong"
    assert of_most(["unclear", "ugly", "right"]) == "unclear"
    assert of_most(["right", "wrong", "right"]) == "right"


def test_planted_and_unjudged_samples_do_not_count_for_agreement(sheet: Path):
    first = say(sheet, "a", [("A", "right"), ("A", "wrong"), ("A", None), *[("A", "right")] * 9])
    second = say(sheet, "b", [("A", "right"), ("A", "wrong"), *[("A", "right")] * 8, *[("A", "wrong")] * 2])
    ((names, common, equal, kappa),) = agreements(read_judged(sheet, [first, second]))
    assert (names, common, equal, kappa) == ("a, b", 9, 9, 1.0)


def test_cohen_on_a_worked_example():
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: observed 0.7, chance 0.5 * 0.6 + 0.5 * 0.4 = 0.5
    pairs = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    assert cohen_kappa([a for a, _ in pairs], [b for _, b in pairs]) == pytest.approx(0.4)
    assert math.isnan(cohen_kappa(["right"] * 3, ["right"] * 3))


def test_fleiss_on_a_worked_example():
    # pairs that agree: 1, 1/3, 1; shares 5/9, 4/9: observed 7/9, chance 41/81, (22/81) / (40/81)
    counts = np.array([[3, 0], [2, 1], [0, 3]])
    assert fleiss_kappa(counts) == pytest.approx(22 / 40)
    assert math.isnan(fleiss_kappa(np.array([[3, 0], [3, 0]])))
    assert math.isnan(fleiss_kappa(np.zeros((0, 4), int)))


def test_remarks_tell_who_said_what_and_never_a_planted_one(sheet: Path):
    file = sheet / "anna.jsonl"
    said = [("0", "right", ""), ("1", "right", "dark"), ("2", "wrong", "too far"), ("10", "wrong", "no")]
    lines = [json.dumps({"id": id_, "verdict": verdict, "note": note}) for id_, verdict, note in said]
    file.write_text("\n".join(lines))
    assert list(remarks(read_judged(sheet, [file]))) == [
        "anna: 1: right: dark",
        "anna: 2: wrong: too far",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"id": "0"}\n{"id": "0", "verdict": "wrong"}\n', r"a\.jsonl:2: id: found '0' a second time"),
        ('{"id": "0"}\n{"id": "99"}\n', r"a\.jsonl:2: id: found '99', not on this sheet"),
        ('{"id": "0", "verdict": "rihgt"}\n', r"a\.jsonl:1: .*verdict"),
        ('{"id": "0"}\n{"id":\n', r"a\.jsonl:2: "),
    ],
)  # fmt: skip
def test_a_bad_line_is_named(sheet: Path, text: str, message: str):
    (sheet / "a.jsonl").write_text(text)
    with pytest.raises(QagenError, match=message):
        read_judged(sheet, [sheet / "a.jsonl"])


def test_files_that_are_not_there_and_folders_that_are_no_sheet_are_named(sheet: Path, tmp_path: Path):
    with pytest.raises(QagenError, match=r"none\.jsonl: found no such file"):
        read_judged(sheet, [tmp_path / "none.jsonl"])
    with pytest.raises(QagenError, match=r"found no questions\.jsonl"):
        read_judged(tmp_path, [])
    with pytest.raises(QagenError, match="found a file twice"):
        read_judged(sheet, [say(sheet, "a", [])] * 2)


def test_the_command_prints_it(sheet: Path, capsys: pytest.CaptureFixture[str]):
    file = say(sheet, "anna", [("A", "wrong")])
    with pytest.raises(SystemExit) as end:
        main([str(sheet), "--verdicts", str(file)])
    assert end.value.code == 0
    assert "anna: 0: wrong" in capsys.readouterr().err
