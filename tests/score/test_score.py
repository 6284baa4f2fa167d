"""Scores: the public scorers' habits one by one, strict ones worked out by hand, rewards, files in every form."""

import json
import math
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from qagen.errors import QagenError
from qagen.records.sparbench import TASKS
from qagen.score import lmms, reward, reward_func, strict, vlmeval
from qagen.score.__main__ import main
from qagen.score.items import ScoredItem

MOVES = "move_right:1.6,move_down:0,move_backward:0.5,rotate_up:15,rotate_left:75"
ANGLES = ",".join(MOVES.split(",")[3:])
ABCD = "Which?\nA. 1.3\nB. left, , closer\nC. cup (red point)\nD. [0, 1, 2, 3]\nOne letter."


def item(task: str, answer: str, question: str = "", name: str = "0") -> ScoredItem:
    return ScoredItem(name, task, question, answer)


# --- official ---------------------------------------------------------------------------------------------------------
# The expectations are those of the scorers themselves, which were run beside these functions on a million predictions.


@pytest.mark.parametrize(
    ("task", "answer", "prediction", "by_lmms", "by_vlmeval"),
    [
        ("position_matching", "B", "B", 1, 1),
        ("position_matching", "B", "b. the box", 1, 1),
        ("position_matching", "B", "", 1, 0),  # lmms-eval: the empty text is a part of the answer
        ("position_matching", "B", "The answer is B", 0, 1),
        ("position_matching", "B", "Bottom left", 1, 0),  # lmms-eval: the first letter fits
        ("position_matching", "B", "A or B", 0, 0),
        ("position_matching", "B", "<answer>B</answer>", 0, 1),
        ("position_matching", "B", "A</think>\nB", 0, 0),  # VLMEvalKit: a letter before </think> wins
        ("position_matching", "Yes", "No", 0, 1),  # VLMEvalKit: neither is a letter, so they are alike
        ("depth_prediction_oc", "2.4", "2.4", 1, 1),
        ("depth_prediction_oc", "2.4", "object 1 is 2.4 m", 0, 1),  # lmms-eval: the first number
        ("depth_prediction_oc_mv", "2.4", "object 1 is 2.4 m", 1, 1),
        ("depth_prediction_oc_mv", "2.4", "none", 0, 0),
        ("depth_prediction_oc", "2.4", "2.0", 0.7, 0.7),  # 16.7 % off: 0.50 … 0.20 hold
        ("depth_prediction_oc", "2.4", "-2.4", 1, 0),
        ("depth_prediction_oc", "2.0", "two", 0, 1),
        ("depth_prediction_oc", "200", "1,200", 0, 1),
        ("view_change_infer", MOVES, MOVES, 1, 1),
        (
            "view_change_infer",
            MOVES,
            MOVES.replace("0.5", "0.8"),
            0.86,
            0.8,
        ),  # 37.5 % of the prediction, 60 % of the truth
        ("view_change_infer", MOVES, "move_right:1.6", 0.42, 0.4),
        ("view_change_infer", MOVES, MOVES + ",and so on", 0, 1),
        ("view_change_infer", MOVES, "", 0, 0.2),
    ],
)
def test_the_public_scorers_habits(task, answer, prediction, by_lmms, by_vlmeval):
    assert lmms.score(item(task, answer), prediction) == pytest.approx(by_lmms, abs=1e-15)
    assert vlmeval.score(item(task, answer), prediction) == pytest.approx(by_vlmeval, abs=1e-15)


def test_official_means_and_the_view_changes_that_lmms_eval_leaves_out_of_its_middle():
    tasks = ["depth_prediction_oc", "depth_prediction_oc", "view_change_infer", "position_matching"]
    scores = pd.DataFrame({"id": list("0123"), "task": tasks, "score": [0.5, 0.7, 0.0, 1.0]})
    by_lmms, by_vlmeval = lmms.summarize(scores), vlmeval.summarize(scores)
    assert by_lmms.overall == by_vlmeval.overall == pytest.approx((0.6 + 0 + 1) / 3)
    assert by_lmms.levels == {"low": 0.6, "medium": 1.0}
    assert by_vlmeval.levels == {"low": 0.6, "medium": 0.5}


# --- strict -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prediction", "right"),
    [
        ("B", True),
        (" (b) ", True),
        ("**B**", True),
        ("B. left, , closer", True),
        ("left, , closer", True),
        ("The answer is B.", True),
        ("A would be nearer, so the answer: B", True),
        ("I see a cat. B", True),
        ("<think>A? C?</think>B", True),
        ("<think>A</think> <answer>B</answer>", True),
        (r"so \boxed{B}", True),
        ("", False),
        ("A", False),
        ("Bottom", False),
        ("A or B", False),
        ("A. 1.3\nB. left, , closer", False),
        ("The answer is A. No, the answer is B.", False),
        ("<think>it is B", False),
        ("E", False),
    ],
)
def test_a_letter_counts_when_the_text_decides_on_it_alone(prediction, right):
    assert strict.score(item("obj_spatial_relation_oo", "B", ABCD), prediction) == right


def test_an_option_that_names_no_direction_is_not_chosen_by_silence():
    question = "Where?\nA. , ,\nB. left, , \nC. , left,\nD. right, ,"
    assert strict.score(item("obj_spatial_relation_oo", "A", question), "") == 0
    assert strict.score(item("obj_spatial_relation_oo", "B", question), "left, ,.") == 1
    assert strict.score(item("obj_spatial_relation_oo", "B", question), ", left,") == 0


@pytest.mark.parametrize(
    ("prediction", "score"),
    [
        ("2.4", 1),
        ("object 1 is 2.4 m", 1),
        ("2.4m", 1),
        ("240 cm", 1),
        ("about 2,400 mm", 1),
        ("The depth is 2.4 meters in Frame-3.", 1),
        ("1.6 plus 0.8 makes 2.4", 1),
        ("<think>5?</think>2.4", 1),
        ("2.64", 0.9),  # 10 % off: 0.50 … 0.10 hold
        ("1.2", 0.1),  # 50 % off
        ("-2.4", 0),
        ("2.4-3.1", 0),
        ("2 to 3", 0),
        ("two point four", 1),
        ("", 0),
        ("far", 0),
    ],
)
def test_a_number_is_the_one_that_the_text_ends_on(prediction, score):
    assert strict.score(item("depth_prediction_oc", "2.4"), prediction) == pytest.approx(score)


def test_a_view_change_is_measured_against_the_truth_and_a_missing_movement_is_wrong():
    truth = item("view_change_infer", MOVES)
    assert strict.score(truth, MOVES.replace(",", ", ").replace(":", ": ")) == 1
    assert strict.score(truth, MOVES.replace("0.5", "0.8")) == pytest.approx(0.8)  # 0.3 of 0.5 is 60 % off
    assert strict.score(truth, "move_right:1.6") == pytest.approx(0.2)
    assert strict.score(truth, MOVES + ", I think") == 1


@pytest.mark.parametrize(
    ("task", "answer", "prediction", "score"),
    [
        ("obj_spatial_relation_oo", "Yes", "yes, it is", 1),
        ("obj_spatial_relation_oo", "Yes", "", 0),
        ("obj_spatial_relation_oo", "Yes", "Yes and no", 0),
        ("obj_count", "3", "three chairs", 1),
        ("obj_count", "3", "4", 0.4),  # 33 % off: 0.50, 0.45, 0.40, 0.35
        ("room_size", "88.9", "88.9 square meters", 1),
        ("spatial_volume_infer", "126,25,106", "126,25,106", 1),
        ("spatial_volume_infer", "126,25,106", "length 126 cm, width 25 cm, height 1.06 m", 1),
        ("spatial_volume_infer", "126,25,106", "height 106, length 126, width 25", 1),
        ("spatial_volume_infer", "126,25,106", "126,25", 0),
        ("position_matching", "[0, 0, 100, 100]", "[0,0,100,50]", 0.5),
        ("position_matching", "[0, 0, 100, 100]", "100,100,0,0", 0),
        ("camera_motion_infer", "(606,69),2.8", "(606, 69), depth 2.8 meters", 1),
        ("camera_motion_infer", "(606,69),2.8", "(706,69),1.4", 0.4),  # place: 20 % of half the image, 0.7; depth 0.1
        ("camera_motion_point", "(606,69)", "x = 606, y = 69", 1),
        ("camera_motion_point", "(606,69)", "(706,69)", 0.7),  # 20 % of half the image
        ("camera_motion_point", "The second camera is at (606,69) in the first image.", "(606, 69)", 1),
        ("camera_motion_point", "(606,69)", "(606,69) or (69,606)", 0),
        ("camera_motion_point", "(606,69)", "606 px, 69 px", 0),
        ("distance_infer_center_oc_mv", "lamp, image 3, [0, 0, 10, 10]", "the third image, [0, 0, 10, 10]", 1),
        ("distance_infer_center_oc_mv", "lamp, image 3, [0, 0, 10, 10]", "lamp, image 2, [0, 0, 10, 10]", 0),
        ("distance_infer_center_oo", "chair (green point)", "The chair (green point).", 1),
        ("distance_infer_center_oo", "chair (green point)", "chair (blue point)", 0),
        ("distance_infer_center_oo_video", "shelf (in Frame-5, point1)", "point1", 1),
        ("appearance_order", "desk, bed, ottoman, knife block", "desk, bed, knife block, ottoman", 0.5),
        ("appearance_order", "desk, bed, ottoman, knife block", "desk -> bed -> ottoman -> knife block", 1),
        ("obj_frame_locate", "You can find it in Frame-10 and Frame-12.", "10, 12, 13", 0.8),  # 2·2/(3+2)
        ("spatial_imagination_map_mv", "object0: (-0.1, 1.6), object1: (3.0, 4.0)", "object1: (3, 4)", 0.5),
        ("spatial_imagination_map_mv", "object0: (-0.1, 1.6)", "The lamp is at (-0.1, 1.6) (object0)", 1),
        ("obj_spatial_relation_oc_mv", "It is to the left of and below you.", "left, lower", 1),
        ("spatial_imagination_oc_video", "It is to the left and in front.", "left, behind", 0.5),
        ("view_change_infer", "Move 0.9 meters up and tilt by 10 degrees down.", "0.9 m up, 10 degrees down", 1),
        ("view_change_angles", ANGLES, ANGLES, 1),
        ("view_change_angles", ANGLES, MOVES, 1),  # the moves are not asked
        ("view_change_angles", ANGLES, "rotate_up:15,rotate_right:75", 0.5),
        ("view_change_angles", ANGLES, "rotate_left:75", 0.5),
        ("view_change_angles", ANGLES, "", 0),
        ("view_change_angles", "The camera turned 75 degrees to the left.", "turn 75 degrees to the left", 1),
        ("view_change_angles", "The camera turned 75 degrees to the left.", "rotate_up:5,rotate_left:75", 0.5),
        ("depth_prediction_oc", "It lies 1.5 meters deep.", "1.5", 1),
    ],
)
def test_what_the_other_answers_score(task, answer, prediction, score):
    assert strict.score(item(task, answer), prediction) == pytest.approx(score)


@given(st.sampled_from(TASKS), st.text(max_size=60), st.sampled_from(["B", "2.4", MOVES, "It is 2 m.", "[1, 2, 3, 4]"]))
def test_any_text_scores_something_between_0_and_1(task, prediction, answer):
    for scorer in (strict, lmms, vlmeval):
        assert 0 <= scorer.score(item(task, answer, ABCD), prediction) <= 1


@pytest.mark.parametrize(
    "prediction",
    [
        "9" * 20_000,
        "1 " * 20_000,
        "<answer>" * 5_000,
        "[" * 20_000,
        "1" + " " * 50_000,
        "(" * 20_000 + "B",
        "a, " * 20_000,
    ],
)
def test_hostile_predictions_take_no_time(prediction):
    started = time.process_time()
    for task in (*TASKS, "obj_count", "obj_frame_locate", "spatial_imagination_map_mv", "appearance_order"):
        for answer in ("B", "2.4", MOVES, "Frame-1."):
            strict.score(item(task, answer, ABCD), prediction)
    assert time.process_time() - started < 3


# --- rewards ----------------------------------------------------------------------------------------------------------


def training_record(answer: str = "1.5") -> dict[str, Any]:
    turns = [{"from": "human", "value": "How far?"}, {"from": "gpt", "value": answer}]
    return {"id": "room_1", "type": "distance_prediction_oc", "conversations": turns, "image": ["a.jpg"]}


def test_a_reward_is_the_strict_score_of_a_training_record_or_a_benchmarks():
    assert reward(training_record(), "1.5 m") == 1
    assert reward({"task": "distance_prediction_oc", "question": "", "answer": "1.5"}, "1.65") == pytest.approx(0.9)
    with pytest.raises(
        QagenError, match="found the keys id, expected type and conversations, or task, question and answer"
    ):
        reward({"id": 1}, "")


def test_the_reward_function_takes_what_trl_passes():
    columns = {key: [value] * 3 for key, value in training_record().items()}
    chats = [
        "1.5",
        [{"role": "assistant", "content": "3.0"}],
        [{"role": "assistant", "content": [{"type": "text", "text": "1.5"}]}],
    ]
    rewards = reward_func(
        prompts=["?"] * 3, completions=chats, completion_ids=[[1], [2], [3]], trainer_state=object(), **columns
    )
    assert rewards == [1.0, 0.0, 1.0]
    assert all(type(value) is float for value in rewards)


# --- the command ------------------------------------------------------------------------------------------------------

BENCH = [
    {"id": 7, "task": "depth_prediction_oc", "question": "How deep?", "answer": "2.0"},
    {"id": 8, "task": "depth_prediction_oc", "question": "How deep?", "answer": "4.0"},
    {"id": 9, "task": "position_matching", "question": ABCD, "answer": "B"},
]


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    path = tmp_path / "bench.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in BENCH))
    return path


def run(bench: Path, predictions: str, *options: str, name: str = "predictions.jsonl") -> tuple[Result, dict[str, Any]]:
    path = bench.parent / name
    path.write_text(predictions)
    report = bench.parent / "scores.json"
    report.unlink(missing_ok=True)
    result = CliRunner().invoke(main, [str(path), "--against", str(bench), "--json", str(report), *options])
    return result, json.loads(report.read_text()) if report.exists() else {}


FORMS = {
    "ids.jsonl": '{"id": 7, "prediction": "2.0"}\n{"id": "8", "response": "2.0"}\n{"id": 9, "prediction": "B"}\n',
    "list.json": '[{"id": 7, "prediction": 2.0}, {"id": 8, "prediction": "2.0"}, {"id": 9, "prediction": "B"}]',
    "object.json": '{"7": "2.0", "8": "2.0", "9": "B"}',
    "texts.json": '["2.0", "2.0", "B"]',
    "lmms_eval.jsonl": '{"doc_id": 0, "resps": [["2.0"]], "filtered_resps": ["2.0"]}\n'
    '{"doc_id": 1, "resps": [["2.0"]], "sparbench_score": {"id": 8}}\n'
    '{"doc_id": 2, "filtered_resps": ["B"], "target": "A"}\n',
}


def chat(text: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]}


def parts(text: str) -> list[dict[str, Any]]:
    return [
        {"type": "thinking", "thinking": "7"},
        {"type": "text", "text": text[:1]},
        {"type": "text", "text": text[1:]},
    ]


HELD = {
    "OpenAI's batches": lambda id_, text: {
        "id": f"batch_req_{id_}9", "custom_id": id_, "error": None,
        "response": {"status_code": 200, "request_id": "1", "body": {"id": "chat-1", **chat(text), "usage": {}}},
    },
    "OpenAI's responses": lambda id_, text: {
        "custom_id": id_,
        "response": {"body": {"error": None, "text": {"format": {"type": "text"}}, "output": [
            {"type": "reasoning", "summary": []},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]},
        ]}},
    },
    "completions": lambda id_, text: {"id": id_, "response": {"choices": [{"index": 0, "text": text}]}},
    "a chat in parts": lambda id_, text: {"id": id_, "response": chat(parts(text))},
    "Anthropic's batches": lambda id_, text: {
        "custom_id": id_, "result": {"type": "succeeded", "message": {"role": "assistant", "content": parts(text)}},
    },
    "Gemini's batches": lambda id_, text: {
        "key": id_,
        "response": {"candidates": [{"content": {"parts": [{"text": "3", "thought": True}, {"text": text}]}}]},
    },
    "vLLM": lambda id_, text: {"id": id_, "outputs": [{"index": 0, "text": text, "token_ids": [3, 4]}]},
    "Hugging Face": lambda id_, text: {"id": id_, "prediction": [{"generated_text": text}]},
    "Hugging Face's chats": lambda id_, text: {
        "id": id_,
        "prediction": [{"generated_text": [{"role": "user", "content": "9"}, {"role": "assistant", "content": text}]}],
    },
    "messages": lambda id_, text: {"id": id_, "response": [{"role": "assistant", "content": text}]},
    "lmms-eval's repeats": lambda id_, text: {"doc_id": int(id_) - 7, "resps": [[text, text]]},
    "LLaVA": lambda id_, text: {"question_id": int(id_), "prompt": "How deep?", "text": text, "metadata": {}},
}  # fmt: skip


@pytest.mark.parametrize("form", HELD)
def test_the_text_is_found_in_what_holds_it(bench, form):
    lines = [json.dumps(HELD[form](id_, text)) for id_, text in (("7", "2.0"), ("8", "2.0"), ("9", "B"))]
    result, report = run(bench, "\n".join(lines))
    assert result.exit_code == 0, result.output
    assert report["overall"]["score"] == pytest.approx(0.775)
    assert result.stderr == ""
    assert run(bench, "\n".join(lines), name="p.json")[1] == report


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"answer": "B", "reason": "seen"}, "found an object with the keys answer, reason"),
        ({"answer": {"choice": "B"}}, "found an object with the keys answer"),
        ({}, "found an object with the keys (none)"),
        (["A", "B"], "found a list of 2 different texts"),
        ([["A"], ["B"]], "found a list of 2 different texts"),
        ({"choices": [chat("A")["choices"][0], chat("B")["choices"][0]]}, "found a list of 2 different texts"),
        (True, "found true"),
        ([True], "found true"),
    ],
)
def test_what_holds_no_text_or_several_is_refused(bench, value, problem):
    lines = '{"id": 7, "prediction": "2.0"}\n' + json.dumps({"id": 9, "prediction": value})
    result, report = run(bench, lines)
    assert result.exit_code == 2
    assert f"predictions.jsonl:2: prediction: {problem}" in result.stderr
    assert report == {}


@pytest.mark.parametrize(
    "row",
    [
        {"id": 9, "prediction": None},
        {"id": 9, "filtered_resps": []},
        {"id": 9, "response": chat(None)},
        {"custom_id": "9", "response": None, "error": {"code": "expired"}},
        {"custom_id": "9", "response": {"status_code": 400, "body": {"error": {"message": "too long"}}}},
        {"custom_id": "9", "result": {"type": "errored", "error": {"type": "overloaded"}}},
    ],
)
def test_no_answer_is_a_missing_prediction_and_never_an_empty_text(bench, row):
    lines = '{"id": 7, "prediction": "2.0"}\n{"id": 8, "prediction": "2.0"}\n' + json.dumps(row)
    result, report = run(bench, lines, "--mode", "official")  # in which an empty letter is right
    assert report["missing"] == ["9"]
    assert report["tasks"]["position_matching"]["score"] == 0
    assert "1 questions have no prediction" in result.stderr


def test_numbers_of_a_box_are_its_text(bench):
    bench.write_text(json.dumps({"id": 1, "task": "position_matching", "question": "?", "answer": "[1, 2, 300, 400]"}))
    lines = [json.dumps({"id": 1, "prediction": value}) for value in ("[1, 2, 300, 400]", [1, 2, 300, 400])]
    assert run(bench, lines[0])[1] == run(bench, lines[1])[1]


def test_tables_of_vlmevalkit_are_read(bench):
    for name, sep in (("p.tsv", "\t"), ("p.csv", ",")):
        rows = [
            ("index", "id", "answer", "prediction"),
            ("0", "7", "9", "2.0"),
            ("1", "8", "9", "2.0"),
            ("2", "9", "A", "B"),
        ]
        result, report = run(bench, "\ufeff" + "\r\n".join(sep.join(row) for row in rows) + "\r\n", name=name)
        assert result.exit_code == 0, result.output
        assert report["overall"]["score"] == pytest.approx(0.775)


def test_words_of_a_table_that_look_like_nothing_are_texts(bench):
    result, report = run(bench, "id,prediction\n7,NA\n8,None\n9,\n", name="p.csv")
    assert report["missing"] == []
    assert result.exit_code == 0


def test_files_of_windows_are_read(bench):
    lines = FORMS["ids.jsonl"].replace("\n", "\r\n")
    for text in ("\ufeff" + lines, lines.replace("\r\n", "\r\n\r\n"), lines.rstrip()):
        assert run(bench, text)[1] == run(bench, FORMS["ids.jsonl"])[1]


@pytest.mark.parametrize("form", FORMS)
def test_predictions_in_every_form(bench, form):
    result, report = run(bench, FORMS[form], name=form)
    assert result.exit_code == 0, result.output
    assert report["tasks"]["depth_prediction_oc"]["score"] == pytest.approx(0.55)  # 1 and, 50 % off, 0.1
    assert report["tasks"]["position_matching"]["score"] == 1
    assert report["overall"]["score"] == pytest.approx(0.775)
    assert result.stderr == ""


def test_the_benchmark_as_parquet_gives_the_same(bench):
    pq.write_table(pa.Table.from_pylist(BENCH), bench.with_suffix(".parquet"))
    assert run(bench.with_suffix(".parquet"), FORMS["ids.jsonl"])[1] == run(bench, FORMS["ids.jsonl"])[1]


def test_the_benchmark_as_shards_of_parquet_gives_the_same(bench, tmp_path):
    (tmp_path / "hub" / "data").mkdir(parents=True)
    for number in range(3):
        shard = tmp_path / "hub" / "data" / f"test-{number:05d}-of-00003.parquet"
        pq.write_table(pa.Table.from_pylist(BENCH[number : number + 1]), shard)
    path, report = tmp_path / "ids.jsonl", tmp_path / "report.json"
    path.write_text(FORMS["ids.jsonl"])
    CliRunner().invoke(main, [str(path), "--against", str(tmp_path / "hub"), "--json", str(report)])
    assert json.loads(report.read_text()) == run(bench, FORMS["ids.jsonl"])[1]


def test_missing_unknown_and_repeated_ids_are_reported_and_missing_ones_score_0(bench):
    lines = '{"id": 7, "prediction": "2.0"}\n{"id": 7, "prediction": "9"}\n{"id": 1, "prediction": "A"}\n'
    for options in ((), ("--mode", "official"), ("--mode", "official", "--scorer", "vlmevalkit")):
        result, report = run(bench, lines, *options)
        assert [report[key] for key in ("missing", "unknown", "duplicates")] == [["8", "9"], ["1"], ["7"]]
        assert report["tasks"]["depth_prediction_oc"]["score"] == 0.5
        assert report["tasks"]["position_matching"]["score"] == 0
        assert len(result.stderr.splitlines()) == 3


def test_official_and_strict_differ_where_the_public_scorer_errs(bench):
    empty = '{"7": "", "8": "", "9": ""}'
    assert run(bench, empty, "--mode", "official", name="p.json")[1]["tasks"]["position_matching"]["score"] == 1
    assert run(bench, empty, name="p.json")[1]["tasks"]["position_matching"]["score"] == 0


def test_intervals_hold_the_score_and_narrow_with_more_questions(tmp_path):
    def interval(count: int) -> tuple[float, float]:
        rows = [{"id": i, "task": "obj_count", "question": "", "answer": "2"} for i in range(count)]
        (tmp_path / "bench.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        predictions = json.dumps(["2" if i % 2 else "9" for i in range(count)])
        report = run(tmp_path / "bench.jsonl", predictions, name="p.json")[1]
        low, high = report["tasks"]["obj_count"]["interval"]
        assert low <= report["tasks"]["obj_count"]["score"] == 0.5 <= high
        return low, high

    for count in (100, 1600):  # binomial: deviation 0.5 / sqrt(count), and 1.96 of them either side
        low, high = interval(count)
        assert high - low == pytest.approx(2 * 1.96 * 0.5 / math.sqrt(count), rel=0.15)
    assert interval(100) == interval(100)


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        ("", "found no predictions"),
        ("{", "predictions.jsonl:1: is not JSON"),
        ('{"prediction": "A"}', "predictions.jsonl:1: found no id among prediction"),
        ('{"id": 7}', "predictions.jsonl:1: found none of prediction, response"),
        ('{"id": {"a": 7}, "prediction": "A"}', "predictions.jsonl:1: id: found {'a': 7}, expected a text"),
        ('{"id": "vllm-7", "prediction": "A"}', "found no id of the benchmark, but 'vllm-7', expected ids such as '7'"),
        ('{"id": 7, "prediction": "A"}\n{"id": 8, "pred', "predictions.jsonl:2: is not JSON"),
        ('{"id": 7, "prediction": "A"}\n\0\0\0', "predictions.jsonl:2: is not JSON: found NUL bytes"),
        ("PK\x03\x04", "predictions.jsonl:1: is not JSON: found a zip archive or an Excel file"),
        ('"A"\n"A"\n"A"\n"A"\n', "predictions.jsonl:4: found a prediction for question 4, the benchmark has 3"),
        ("3", "predictions.jsonl:1: found a int, expected an id with a prediction"),
    ],
)
def test_a_broken_file_is_one_line(bench, predictions, message):
    result, report = run(bench, predictions)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert report == {}


def test_an_object_of_ids_that_has_one_twice_is_refused(bench):
    result, _ = run(bench, '{"7": "2.0", "7": "9"}', name="p.json")
    assert "p.json: is not JSON: found '7' twice, expected it once" in result.stderr


def test_a_benchmark_must_be_there_with_different_ids(bench):
    assert "no such file or folder" in run(bench.parent / "none", "")[0].stderr
    bench.write_text((json.dumps(BENCH[0]) + "\n") * 2)
    assert "bench.jsonl:2: two questions have the id '7'" in run(bench, FORMS["object.json"], name="p.json")[0].stderr


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ([1], "found a list, expected a question"),
        (BENCH[0] | {"answer": {"value": "2.0"}}, "answer: found {'value': '2.0'}, expected a text"),
        (training_record() | {"conversations": ["How far?", "1.5"]}, "conversations[0]: found ['How far?'], expected"),
        ({"id": 1, "messages": []}, "found the keys id, messages, expected type and conversations"),
    ],
)
def test_a_question_of_another_form_is_refused_with_its_line(bench, row, problem):
    bench.write_text(json.dumps(BENCH[1]) + "\n" + json.dumps(row))
    assert f"bench.jsonl:2: {problem}" in run(bench, FORMS["object.json"], name="p.json")[0].stderr.replace(
        "record 1: ", ""
    )


@pytest.mark.parametrize(("content", "message"), [(b"nonsense", "is not parquet"), (None, "row 1: record")])
def test_a_broken_parquet_is_one_line(bench, content, message):
    path = bench.with_suffix(".parquet")
    path.write_bytes(content) if content else pq.write_table(pa.table({"id": [1]}), path)
    result = run(path, FORMS["object.json"], name="p.json")[0]
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
