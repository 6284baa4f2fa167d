"""Consistency: a group is right if all of its questions are."""

import json
from pathlib import Path

from click.testing import CliRunner

from qagen.score.__main__ import main
from qagen.score.groups import GroupLine, group_lines
from qagen.score.items import ScoredItem


def item(name: str, group: str, task: str = "size_compare") -> ScoredItem:
    return ScoredItem(name, task, "", "A", group=group)


def test_a_group_is_right_if_all_of_it_is() -> None:
    # Group a: right, right. Group b: right, wrong. c has one question only, and d is in no group.
    items = [item("1", "a"), item("2", "a"), item("3", "b"), item("4", "b"), item("5", "c"), item("6", "")]
    lines = group_lines(items, [1, 1, 1, 0, 0, 0], ["accuracy"] * 6)
    assert lines == {"size_compare": GroupLine(0.5, 2, 4, 0.75), "overall": GroupLine(0.5, 2, 4, 0.75)}


def test_numbers_and_boxes_are_right_from_a_half_on() -> None:
    items = [item("1", "a"), item("2", "a"), item("3", "b", "room_size"), item("4", "b", "room_size")]
    lines = group_lines(items, [1, 0.67, 0.5, 0.9], ["F1", "F1", "MRA", "IoU"])
    assert lines["size_compare"].score == 0
    assert lines["room_size"].score == 1
    assert lines["overall"] == GroupLine(0.5, 2, 4, 0.75)


def test_without_groups_there_is_nothing() -> None:
    assert group_lines([item("1", ""), item("2", "a")], [1, 1], ["accuracy"] * 2) == {}


def test_the_command_tells_groups(tmp_path: Path) -> None:
    rows = [
        {"id": k, "task": "obj_spatial_relation_oo", "question": "Where?\nA. left\nB. right", "answer": "A", **group}
        for k, group in enumerate([{"group": "x", "variant": "original"}, {"group": "x", "variant": "mirror"}, {}])
    ]
    bench, said, scores = tmp_path / "test.jsonl", tmp_path / "said.jsonl", tmp_path / "scores.json"
    bench.write_text("".join(json.dumps(row) + "\n" for row in rows))
    said.write_text("".join(json.dumps({"id": k, "prediction": "AB"[k % 2]}) + "\n" for k in range(3)))
    result = CliRunner().invoke(main, [str(said), "--against", str(bench), "--out", str(scores), "--details"])
    assert result.exit_code == 0, result.output
    assert "all right" in result.output
    assert f"Written to {scores}" in result.output
    consistency = json.loads(scores.read_text())["consistency"]
    assert consistency["overall"] == {"score": 0.0, "groups": 1, "questions": 2, "question_score": 0.5}
