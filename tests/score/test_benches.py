"""Scores of VSI-Bench, ReVSI, MMSI-Bench, ViewSpatial-Bench, MindCube, BLINK: habits one by one, and whole files."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from qagen.errors import QagenError
from qagen.records.benches import REVSI_CHOICES, REVSI_NUMBERS, VSI_CHOICES, VSI_DIRECTIONS, VSI_NUMBERS
from qagen.score import benches, strict
from qagen.score.__main__ import SCORER_NAMES, main
from qagen.score.scorers import SCORERS
from qagen.score.vsibench import HarnessStopsError

VSI = ("lmms-vsibench", "vlmevalkit-vsibench", "thinking-in-space")
OPTIONS = ["A. chair", "B. lamp", "C. sofa", "D. bed"]

# The expectations are those of the scorers themselves, which test_public_scorers.py runs beside these functions.


def row(kind: str, answer: Any, name: Any = 0, **keys: Any) -> dict[str, Any]:
    options = OPTIONS if kind in (*VSI_CHOICES, *REVSI_CHOICES) else None
    return {"id": name, "question_type": kind, "question": "What?", "options": options, "ground_truth": answer, **keys}


def official(scorer: str, item: dict[str, Any], prediction: str) -> float:
    return SCORERS[scorer].score(benches.item_of(item), prediction)


@pytest.mark.parametrize(
    ("prediction", "by_lmms", "by_vlmevalkit", "by_authors"),
    [
        ("B", 1, 1, 1),
        ("b.", 1, 0, 1),  # VLMEvalKit: a small letter only on a line of its own
        ("b", 1, 1, 1),
        ("B. lamp", 1, 1, 1),
        ("B) lamp", 0, 1, 0),
        ("(B)", 0, 1, 0),
        (" B", 0, 1, 0),
        ("B\nlamp", 0, 1, 0),
        ("The answer is B", 0, 1, 0),
        ("<answer>B</answer>", 0, 1, 0),
        ("A or B", 0, 0, 0),
        ("lamp", 0, 0, 0),
        ("", 0, 0, 0),
    ],
)
def test_letters_of_vsi_bench(prediction, by_lmms, by_vlmevalkit, by_authors):
    found = [official(name, row("object_rel_distance", "B"), prediction) for name in VSI]
    assert found == [by_lmms, by_vlmevalkit, by_authors]
    assert official("revsi", row("object_rel_distance_closest", "B"), prediction.strip()) in (by_authors, 1)


@pytest.mark.parametrize(
    ("answer", "prediction", "by_lmms", "by_vlmevalkit", "by_authors"),
    [
        ("4", "4", 1, 1, 1),
        ("4", "4.", 1, 1, 1),
        ("4", "3", 0.6, 0.6, 0.6),  # 25 % off: 0.50 … 0.25 hold
        ("4", "There are 4 chairs", 1, 1, 0),
        ("4", "four", 1, 1, 0),
        ("4", "Room 2 has 4", 0.1, 1, 0),
        ("4", "4 chairs in 1 room", 1, 0, 1),
        ("21", "twenty-one", 1, 0, 0),  # VLMEvalKit: 20 and -1, of which the last counts
        ("321", "three hundred and twenty-one", 1, 0, 0),
        ("5", "two or three", 0, 0.3, 0),  # lmms-eval: 2; VLMEvalKit: 3
        ("1200", "1,200", 0, 0, 0),
        ("2.4", "2.4-3.1", 1, 0, 0),
        ("2.4", "-2.4", 0, 0, 0),
        ("-2", "7", 1, 0, 1),  # divided by the truth with its sign, the error is negative
        ("inf", "inf", 0, 0, 0),
        ("nan", "3", 0, 0, 0),
        ("4", "nan", 0, 0, 0),
        ("4", "", 0, 0, 0),
    ],
)
def test_numbers_of_vsi_bench(answer, prediction, by_lmms, by_vlmevalkit, by_authors):
    found = [official(name, row("object_counting", answer), prediction) for name in VSI]
    assert found == pytest.approx([by_lmms, by_vlmevalkit, by_authors], abs=1e-15)
    revsi = official("revsi", row("object_counting_single", answer), prediction)
    assert revsi == pytest.approx(by_authors, abs=1e-15)


def test_a_true_number_of_zero_stops_two_scorers():
    for name in ("lmms-vsibench", "thinking-in-space"):
        with pytest.raises(HarnessStopsError, match="question 0: the true answer is 0"):
            official(name, row("object_counting", "0"), "0")
        assert official(name, row("object_counting", "0"), "none") == 0
    assert official("vlmevalkit-vsibench", row("object_counting", "0"), "0.3") == 0.5
    assert official("revsi", row("object_counting_single", "0"), "0") == 0


@pytest.mark.parametrize(
    ("scorer", "prediction", "score"),
    [
        ("lmms-mmsi", "``B``", 1),
        ("lmms-mmsi", "`A` or `B`", 0),
        ("lmms-mmsi", "A chair, so B", 1),
        ("lmms-mmsi", "a. B", 0),
        ("lmms-mmsi", "\\boxed{b}", 1),
        ("lmms-mmsi", "The answer is B because", 0),  # a word follows
        ("lmms-mmsi", "", 0),
        ("vlmevalkit-mmsi", "The answer is B because", 1),
        ("lmms-viewspatial", "B. left", 1),
        ("lmms-viewspatial", "A\nso B", 1),
        ("lmms-viewspatial", "I see a lamp: B", 0),
        ("lmms-viewspatial", "", 0),
        ("vlmevalkit-viewspatial", "I see a lamp: B", 1),
        ("lmms-mindcube", "B. left", 1),
        ("lmms-mindcube", "VITAMIN B. <Answer>A", 1),
        ("lmms-mindcube", "<Answer>my answer is B", 1),
        ("lmms-mindcube", "Answer: A\nAnswer: B", 0),  # the line break belongs to the first match
        ("lmms-mindcube", "A\nthen B", 0),
        ("lmms-mindcube", "b", 0),
        ("vlmevalkit-mindcube", "b", 1),
        ("lmms-blink", "(B) left", 1),
        ("lmms-blink", "Below", 1),
        ("lmms-blink", "The answer is B", 0),
    ],
)
def test_letters_of_questions_about_images(scorer, prediction, score):
    items = {
        "mmsi": {"id": 3, "question_type": "MSR", "question": "Where? Options: A: left, B: right", "answer": "B"},
        "viewspatial": {
            "question_type": "Camera perspective - Relative Direction",
            "question": "Where?",
            "choices": "A. right\nB. left",
            "answer": "B. left",
        },
        "mindcube": {"id": "aroundnew_1", "question": "Where? A. right B. left", "gt_answer": "B"},
        "blink": {"idx": "val_1", "sub_task": "Counting", "question": "?", "choices": ["1", "2"], "answer": "(B)"},
    }
    assert official(scorer, items[scorer.split("-")[1]], prediction) == score


def test_items_of_every_form_have_type_answer_and_options_a_line():
    rows = {
        "Pos-Cam-Obj": {
            "id": 7,
            "question_type": "Positional Relationship (Cam.-Obj.)",
            "question": "Where is it?\nOptions: A: left, front, B: right, C: A box",
            "answer": "B",
        },
        "Attr-Meas": {"index": 7, "category": "Attr-Meas", "question": "Where is it?", "A": "left, front", "B": "right",
                      "C": "A box", "answer": "B"},
        "around": {"id": "aroundnew_7", "question": "Where is it? A. left, front B. right C. A box", "gt_answer": "B"},
        "Person perspective - Relative Direction": {
            "index": 7, "question_type": "Person perspective - Relative Direction", "question": "Where is it?",
            "candidates": "['A. left, front', 'B. right', 'C. A box']", "answer": "B. right",
        },
        "route_planning": {**row("route_planning", "B", 7, question="Where is it?"),
                           "options": ["A. left, front", "B. right", "C. A box"]},
    }  # fmt: skip
    for task, content in rows.items():
        item = benches.item_of(content)
        assert (item.task, item.answer) == (task, "B")
        assert item.question == "Where is it?\nA. left, front\nB. right\nC. A box"
        assert strict.score(item, "It is on the right, so B.") == 1
        assert strict.choices_of(item) == {"A": "left, front", "B": "right", "C": "A box"}
    with pytest.raises(QagenError, match="'7': answer: found nothing"):
        benches.item_of(row("route_planning", None, 7))


# --- means ------------------------------------------------------------------------------------------------------------


def table(means: Mapping[str, Sequence[float]]) -> pd.DataFrame:
    rows = [(task, score) for task, scores in means.items() for score in scores]
    return pd.DataFrame(rows, columns=["task", "score"]).assign(id=[*map(str, range(len(rows)))])


def test_the_three_directions_count_as_one():
    scores = table({"object_counting": [1, 0.5], **{task: [1, 0, 0][:3] for task in VSI_DIRECTIONS}})
    for name in VSI:
        found = SCORERS[name].summarize(scores)
        assert found.overall == pytest.approx((0.75 + 1 / 3) / 2, abs=1e-6)
        assert found.levels == {"object_rel_direction": pytest.approx(1 / 3, abs=1e-6)}
    assert SCORERS["lmms-vsibench"].summarize(scores).levels["object_rel_direction"] == 0.333333  # rounded


def test_what_misses_a_direction_has_scores_by_vlmevalkit_alone():
    scores = table({"object_counting": [0.5], VSI_DIRECTIONS[0]: [1], VSI_DIRECTIONS[2]: [0]})
    found = SCORERS["vlmevalkit-vsibench"].summarize(scores)
    assert (found.overall, found.levels) == (0.5, {})
    for name in ("lmms-vsibench", "thinking-in-space"):
        with pytest.raises(HarnessStopsError, match="no questions of object_rel_direction_medium"):
            SCORERS[name].summarize(scores)
    only = table({"object_counting": [0.5], VSI_DIRECTIONS[2]: [0]})
    assert SCORERS["thinking-in-space"].summarize(only).overall == 0.25  # which asks for easy ones alone


def test_revsi_merges_what_there_is_and_keeps_numbers_of_frames_apart():
    scores = table(
        {
            "object_rel_distance_closest, 16 frames": [1, 0],
            "object_rel_distance_farthest, 16 frames": [1],
            "object_counting_multiple, 16 frames": [0.2],
            "object_abs_distance, 64 frames": [0.6],
        }
    )
    found = SCORERS["revsi"].summarize(scores)
    assert found.levels == {
        "object_rel_distance, 16 frames": 0.75,
        "object_counting, 16 frames": 0.2,
        "16 frames": pytest.approx(0.475),
        "64 frames": 0.6,
    }
    assert found.overall == pytest.approx((0.475 + 0.6) / 2)
    assert found.weights["overall"]["object_rel_distance_closest, 16 frames"] == 0.125
    assert sum(found.weights["overall"].values()) == pytest.approx(1)


# --- files ------------------------------------------------------------------------------------------------------------


def run(bench: Path, predictions: dict[Any, str], *options: str) -> Result:
    file = bench.parent / "predictions.jsonl"
    lines = [json.dumps({"id": name, "prediction": text}) for name, text in predictions.items()]
    file.write_text("\n".join(lines))
    return CliRunner().invoke(
        main, [str(file), "--against", str(bench), "--out", str(bench.parent / "scores.json"), *options]
    )


def scores_of(bench: Path) -> dict[str, Any]:
    return json.loads((bench.parent / "scores.json").read_text())


def vsi_rows() -> list[dict[str, Any]]:
    kinds = (*VSI_CHOICES, *VSI_NUMBERS)
    return [row(kind, "B" if kind in VSI_CHOICES else "2.5", name, scene_name="s") for name, kind in enumerate(kinds)]


@pytest.mark.parametrize("form", ["jsonl", "json", "parquet", "tsv"])
def test_files_of_every_kind(tmp_path, form):
    bench, rows = tmp_path / f"bench.{form}", vsi_rows()
    if form == "parquet":
        pd.DataFrame(rows).to_parquet(bench)
    elif form == "tsv":
        renamed = [{"index": r["id"], "question_type": r["question_type"], "question": r["question"],
                    "candidates": str(r["options"] or []), "answer": r["ground_truth"]} for r in rows]  # fmt: skip
        pd.DataFrame(renamed).to_csv(bench, sep="\t", index=False)
    else:
        bench.write_text(json.dumps(rows) if form == "json" else "\n".join(map(json.dumps, rows)))
    oracle = {item["id"]: item["ground_truth"] for item in rows}
    for name in VSI:
        result = run(bench, oracle, "--mode", "official", "--scorer", name)
        assert result.exit_code == 0, result.output
        found = scores_of(bench)
        assert found["overall"]["score"] == 1
        assert found["levels"]["object_rel_direction"]["questions"] == 3
        assert found["tasks"]["object_rel_distance"]["metric"] == "accuracy"
        assert found["tasks"]["object_rel_distance"]["chance"] == pytest.approx(0.25, abs=0.3)
        assert found["tasks"]["object_counting"]["metric"] == "MRA"
    assert run(bench, oracle).exit_code == 0  # strict
    assert scores_of(bench)["overall"]["score"] == 1


def test_the_overall_score_of_image_benchmarks_is_that_of_the_questions(tmp_path):
    rows = [{"id": f"{kind}_{n}", "question": "? A. x B. y", "gt_answer": "A"}
            for n, kind in enumerate(["among", "among", "among", "rotation"])]  # fmt: skip
    bench = tmp_path / "bench.jsonl"
    bench.write_text("\n".join(map(json.dumps, rows)))
    run(bench, {"among_0": "A.", "rotation_3": "B."}, "--mode", "official", "--scorer", "lmms-mindcube")
    found = scores_of(bench)
    assert found["overall"]["score"] == 0.25
    assert found["tasks"]["among"]["score"] == pytest.approx(1 / 3)
    assert found["tasks"]["among"]["chance"] == pytest.approx(0.5, abs=0.2)


def test_rows_without_ids_are_counted_from_zero(tmp_path):
    kind = "Camera perspective - Relative Direction"
    rows = [
        {"question_type": kind, "question": "?", "choices": "A. x\nB. y", "answer": answer}
        for answer in ("A. x", "B. y")
    ]
    bench = tmp_path / "bench.json"
    bench.write_text(json.dumps(rows))
    run(bench, {0: "A", 1: "A"}, "--mode", "official", "--scorer", "lmms-viewspatial")
    assert scores_of(bench)["overall"]["score"] == 0.5


def test_another_benchmark_is_refused_with_the_scorers_that_know_it(tmp_path):
    bench = tmp_path / "bench.jsonl"
    bench.write_text("\n".join(map(json.dumps, vsi_rows())))
    result = run(bench, {0: "A"}, "--mode", "official", "--scorer", "lmms-mmsi")
    assert result.exit_code == 2
    assert result.stderr.endswith(
        "found none of the question types of MMSI-Bench; "
        "theirs is --scorer lmms-vsibench or vlmevalkit-vsibench or thinking-in-space or revsi\n"
    )
    bench.write_text("\n".join(json.dumps(item) for item in vsi_rows() if item["question_type"] != VSI_DIRECTIONS[1]))
    result = run(bench, {0: "A"}, "--mode", "official", "--scorer", "lmms-vsibench")
    assert result.exit_code == 2
    assert "found no questions of object_rel_direction_medium" in result.stderr


def test_all_scorers_are_offered():
    assert {*SCORERS} == {*SCORER_NAMES[3:]}
    assert {name for scorer in SCORERS.values() for name in scorer.types} >= {*REVSI_CHOICES, *REVSI_NUMBERS}
