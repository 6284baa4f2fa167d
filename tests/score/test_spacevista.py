"""Scores of SpaceVista-Bench: the evaluator's habits one by one, the strict ones beside them, and whole files."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from qagen import cli
from qagen.errors import QagenError
from qagen.score import reward, spacevista, strict
from qagen.score.__main__ import main
from qagen.score.items import ScoredItem

METERS = "How many meters is it away?"


def entry(name: int | str, answer: Any, kind: str = "DEPTH", category: str = "Indoor", **keys: Any) -> dict[str, Any]:
    metadata = {"scene_source": "s", "category": category, "scale": "m", "original_type": kind}
    return {"id": name, "input_type": "image_text", "question": METERS, "answer": answer, "metadata": metadata, **keys}


def official(answer: Any, prediction: str) -> float:
    return spacevista.score(spacevista.item_of(entry(0, answer)), prediction)


# The expectations are those of the evaluator (eval/metrics at 920a9b7), which was run beside these functions on 200,000
# hostile predictions.


@pytest.mark.parametrize(
    ("prediction", "number"),
    [
        ("about a 5 meter gap", 1),
        ("twenty five", 5),
        ("1,200", 1),
        ("one hundred", 1),
        ("-3.5 m", -3.5),
        ("12 cm", 12),
        ("seventy-nine", 9),
        ("area: 7", 7),
        ("1.5.2", 1.5),
        ("- 4", 4),
        ("5e3", 5),
        ("٣", 3),
        ("none", None),
        ("", None),
    ],
)
def test_numbers_as_the_evaluator_reads_them(prediction, number):
    assert spacevista.find_number(prediction) == number


@pytest.mark.parametrize(
    ("prediction", "answer", "by_evaluator", "by_strict"),
    [
        ("4", "5", 0.6, 0.7),  # 20 % off: 0.50 ... 0.20 hold, the last of them not in binary fractions
        ("4.9", "5", 1.0, 1.0),
        ("5", "5", 1.0, 1.0),
        ("2.5", "5", 0.1, 0.1),
        ("7.5", "5", 0.1, 0.1),
        ("2.4", "5", 0.0, 0.0),
        ("0.3", "0", 0.5, 0.5),  # 0.3 itself: 0.50, 0.45, 0.40, 0.35, 0.30
        ("500 cm", "5", 0.0, 1.0),
        ("twenty five", "25", 0.0, 1.0),
        ("1,200 meters", "1200", 0.0, 1.0),
        ("a gap of 5 meters", "5", 0.0, 1.0),
        ("<answer>5</answer><answer>9</answer>", "5", 1.0, 0.0),
        ("5", "nan", 0.0, 0.0),
    ],
)
def test_numbers_by_both_modes(prediction, answer, by_evaluator, by_strict):
    assert official(answer, prediction) == pytest.approx(by_evaluator, abs=1e-15)
    assert strict.score(spacevista.item_of(entry(0, answer)), prediction) == pytest.approx(by_strict, abs=1e-15)


@pytest.mark.parametrize(
    ("prediction", "answer", "by_evaluator", "by_strict"),
    [
        ("b) x", "B", 1, 1),
        (" B. the box", "B", 1, 1),
        ("(B)", "B", 0, 1),
        ("The answer is C", "C", 0, 1),
        ("E", "E", 1, 1),
        ("E.", "E", 0, 1),
        ("Bottom", "B", 0, 0),
        ("<think>A</think>\n<answer> b </answer>", "B", 1, 1),
        ("<ANSWER>B</Answer>", "B", 1, 1),
        ("<answer>B", "B", 0, 1),
        ("<answer>A</answer> no, <answer>B</answer>", "A", 1, 0),
        ("A or B", "A", 1, 0),
        ("", "A", 0, 0),
    ],
)
def test_letters_by_both_modes(prediction, answer, by_evaluator, by_strict):
    assert official(answer, prediction) == by_evaluator
    assert strict.score(spacevista.item_of(entry(0, answer)), prediction) == by_strict


@pytest.mark.parametrize(
    ("prediction", "answer", "score"),
    [
        ("yes", "Yes", 1),
        ("Yes.", "Yes", 0),
        ("<answer>\n Yes\n</answer>", "Yes", 1),
        ("<answer><answer>yes</answer>", "Yes", 0),
        ("The Red Box", "the red box", 1),
    ],
)
def test_texts_are_compared_as_they_are(prediction, answer, score):
    assert official(answer, prediction) == score


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("A", "mc"), (" E ", "mc"), ("F", "text"), ("b", "text"), (3, "numerical"), ("-2e3", "numerical"),
     ("inf", "numerical"), ("1_000", "numerical"), ("1,000", "text"), ("5 m", "text"), ("", "text"), (True, "text")],
)  # fmt: skip
def test_the_answer_says_how_it_is_scored(answer, kind):
    item = spacevista.item_of(entry(0, answer))
    assert spacevista.kind_of(item.answer) == item.groups["answer"] == kind


def test_a_tag_that_is_never_closed_is_no_tag():
    text = "<answer>" * 20_000 + " " * 1_000_000  # hours where whitespace is looked at again from each tag
    assert spacevista.answer_in(text) == text
    assert official("5", text) == 0


def test_numbers_of_types_are_read_as_what_they_are():
    turn = spacevista.item_of(entry(0, "90", "OBJECT_ROTATION"))
    assert strict.score(turn, "a quarter turn, or 90 degrees") == 1
    assert strict.score(spacevista.item_of(entry(0, "90", "DEPTH")), "90 degrees") == 0
    assert strict.score(spacevista.item_of(entry(0, "2.5", "OBJECT_RELATIVE_DISTANCE")), "2.5 times") == 1
    assert strict.score(spacevista.item_of(entry(0, "3", "OBJECT_COUNTING")), "three chairs") == 1


def test_items_of_every_form():
    bench = spacevista.item_of(entry(7, 4.5))
    assert (bench.id, bench.task, bench.question, bench.answer) == ("7", "DEPTH", METERS, "4.5")
    groups = {"category": "Indoor", "scale": "m", "answer": "numerical", "category, answer": "Indoor, numerical"}
    assert bench.groups == groups
    line = {"id": 7, "category": "Indoor", "scale": "m", "original_type": "DEPTH", "question": METERS}
    assert spacevista.item_of(line | {"ground_truth": "4.5", "predicted_answer": "1"}) == bench
    said = [{"role": "user", "content": f"<video>\n{METERS}"}, {"role": "assistant", "content": "<answer>4.5</answer>"}]
    full = {"id": "7", "messages": said, "metadata": entry(7, 0)["metadata"]}
    assert spacevista.item_of(full) == bench
    assert reward(full, "4.5 meters") == 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (entry(7, None), "record 7: answer: found nothing, expected a text or a number"),
        (entry(7, ["A"]), "record 7: answer: found ['A'], expected a text or a number"),
        (entry(7, "A", question=None), "record 7: question: found nothing"),
        (entry(7, "A") | {"metadata": {"original_type": None}}, "record 7: original_type: found nothing"),
        (entry(7, "A") | {"messages": []}, "record 7: messages: found [], expected a question and its"),
    ],
)
def test_items_that_cannot_be_scored_are_named(row, message):
    with pytest.raises(QagenError, match="^" + re.escape(message)):
        spacevista.item_of(row)


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """Four questions: a letter and three numbers, of three types and two categories."""
    items = [
        entry(1, "A", "EXISTENCE"),
        entry(2, "5"),
        entry(3, 5, category="Outdoor"),
        entry(4, "2", "COUNTING", "Outdoor"),
    ]
    path = tmp_path / "bench_final.json"
    path.write_text(json.dumps(items))
    return path


@pytest.fixture
def results(tmp_path: Path, bench: Path) -> Path:
    """The evaluator's lines for it: right, 20 % off, right with a word, nothing."""
    said = ["<think>...</think><answer>A</answer>", "4", "<answer>5</answer>", "ERROR"]
    lines = []
    for item, text in zip(json.loads(bench.read_text()), said, strict=True):
        names = ("category", "scale", "original_type")
        told = {name: item["metadata"][name] for name in names} | {"question": item["question"]}
        lines.append({"id": item["id"], **told, "ground_truth": item["answer"], "predicted_answer": text})
    path = tmp_path / "results_model.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def run(*options: object) -> Result:
    return CliRunner().invoke(main, list(map(str, options)), catch_exceptions=False)


OFFICIAL = ("--mode", "official", "--scorer", "spacevista")


def test_means_are_those_of_the_questions(tmp_path, bench, results):
    out = tmp_path / "scores.json"
    result = run(results, "--against", bench, *OFFICIAL, "--out", out, "--details")
    assert result.exit_code == 0, result.output
    report = json.loads(out.read_text())
    assert report["overall"]["score"] == pytest.approx((1 + 0.6 + 1 + 0) / 4)  # not the mean of the types, 0.6
    assert report["overall"]["questions"] == 4
    scores = {group: {name: line["score"] for name, line in lines.items()} for group, lines in report["groups"].items()}
    assert scores == {
        "answer": {"mc": 1.0, "numerical": pytest.approx(1.6 / 3)},
        "category": {"Indoor": pytest.approx(0.8), "Outdoor": 0.5},
        "category, answer": {"Indoor, mc": 1.0, "Indoor, numerical": pytest.approx(0.6), "Outdoor, numerical": 0.5},
        "scale": {"m": pytest.approx(0.65)},
    }
    assert {task: line["score"] for task, line in report["tasks"].items()} == {
        "COUNTING": 0.0,
        "DEPTH": pytest.approx(0.8),
        "EXISTENCE": 1.0,
    }
    assert report["tasks"]["DEPTH"]["metric"] == "MRA"
    assert report["missing"] == report["contradicting"] == []
    assert "category Indoor" in result.output


def test_strict_beside_it(tmp_path, bench, results):
    out = tmp_path / "scores.json"
    assert run(results, "--against", bench, "--out", out).exit_code == 0
    report = json.loads(out.read_text())
    assert report["mode"] == "strict"
    assert report["overall"]["score"] == pytest.approx((1 + 0.7 + 1 + 0) / 4)
    assert [unread["id"] for unread in report["unread"]] == ["4"]


def test_results_are_their_own_benchmark(results):
    assert run(results, "--against", results, *OFFICIAL).exit_code == 0


def test_predictions_of_ours_will_do(tmp_path, bench):
    path = tmp_path / "predictions.jsonl"
    path.write_text('{"id": 2, "prediction": "5"}\n{"id": "3", "prediction": "5"}\n')
    out = tmp_path / "scores.json"
    result = run(path, "--against", bench, *OFFICIAL, "--out", out)
    assert "2 questions have no prediction and score 0: 1, 4" in result.stderr
    assert json.loads(out.read_text())["overall"]["score"] == 0.5


def test_results_of_another_benchmark_are_told(bench, results):
    results.write_text(results.read_text().replace('"ground_truth": "5"', '"ground_truth": "6"'))
    result = run(results, "--against", bench, *OFFICIAL)
    assert "1 predictions name another true answer than the benchmark, which counts: 2" in result.stderr


def test_the_scorers_do_not_take_each_others_items(tmp_path, bench, results):
    refusal = run(results, "--against", bench, "--mode", "official")
    assert refusal.exit_code == 2
    assert "found none of SPAR-Bench's tasks; SpaceVista's have --scorer spacevista" in refusal.stderr
    spar = tmp_path / "spar.jsonl"
    spar.write_text(json.dumps({"id": 1, "task": "depth_prediction_oc", "question": "?", "answer": "1"}) + "\n")
    refusal = run(results, "--against", spar, *OFFICIAL)
    assert refusal.exit_code == 2
    assert "found none of SpaceVista's items" in refusal.stderr


def test_an_answer_that_no_reader_understands_is_compared_as_text():
    item = spacevista.item_of(entry(0, "...", "SPATIAL_RELATION"))
    assert isinstance(item, ScoredItem)
    assert strict.score(item, "<answer>...</answer>") == 1
    assert strict.score(item, "left") == 0


def test_scores_are_seen_in_a_narrow_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long names of types give way, on lines of their own; numbers do not."""
    monkeypatch.setattr(cli, "PLAIN_WIDTH", 80)
    bench, said = tmp_path / "bench.json", tmp_path / "said.jsonl"
    bench.write_text(json.dumps([entry("1", "5", "OBJECT_RELATIVE_DISTANCE_" * 2), entry("2", "A", "OBJECT")]))
    said.write_text("".join(json.dumps({"id": name, "prediction": "4"}) + "\n" for name in "12"))
    lines = run(said, "--against", bench, *OFFICIAL, "--details").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(re.search(r"OBJECT_.* 60\.00 +60\.0-60\.0 ", line) for line in lines)
