"""Flattening is SpaceVista's own, value for value; the way back is exact where it was asked for."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings

from qagen.__main__ import main
from qagen.core.reasons import COLLIDING_KEY, UNLIKE_ITS_FORM
from qagen.spacevista.flatten import flatten_item
from qagen.spacevista.forms import CHILDREN, STRINGIFIED, ItemError
from qagen.spacevista.nest import nest_item
from tests.spacevista import items
from tests.spacevista.values import EXTRAS, VALUES, exactly

NESTED = {
    "task_type": "OBJECT_MATCHING",
    "input_type": "Image+bbox+text",
    "input_bbox": {
        "image_path_1": "a/images_8/f0.jpg",
        "bbox_1": {"x1": 1, "y1": 2, "x2": 3, "y2": 4},
        "image_path_2": "a/images/f1.jpg",
        "bboxes_2": [{"x1": 1, "y1": 2, "x2": 3, "y2": 4}],
    },
    "answer": [1, "é"],
    "note": "[1, 2]",
}
FLAT = {
    "task_type": "OBJECT_MATCHING",
    "input_type": "Image+bbox+text",
    "answer": '[1, "é"]',
    "note": "[1, 2]",
    "bbox_image_path_1": "a/images_8/f0.jpg",
    "bbox_bbox_1": '{"x1": 1, "y1": 2, "x2": 3, "y2": 4}',
    "bbox_image_path_2": "a/images/f1.jpg",
    "bbox_bboxes_2": '[{"x1": 1, "y1": 2, "x2": 3, "y2": 4}]',
}
"""What dataset/flatten.py of SpaceVista (c37b991) made of it, run on 2026-11-29."""


def flat(extra: Any, reversible: bool = False) -> Any:
    return flatten_item({"extra_info": extra}, reversible)["extra_info"]


def nested(extra: Any, *parse: str) -> Any:
    return nest_item({"extra_info": extra}, parse)["extra_info"]


def test_values_and_their_order_are_those_of_the_official_program() -> None:
    assert list(flat(NESTED).items()) == list(FLAT.items())


@given(EXTRAS)
def test_flat_items_hold_what_the_rule_says(extra: dict[str, Any]) -> None:
    """The rule in other words: children are moved to the end, kind by kind; then lists and objects become strings."""
    parts = [list({k: v for k, v in extra.items() if not (k in CHILDREN and isinstance(v, dict))}.items())]
    for key, prefix in (("input_bbox", "bbox_"), ("input_point", "point_"), ("input_mask", "mask_")):
        children = extra.get(key)
        parts.append([(prefix + k, v) for k, v in children.items()] if isinstance(children, dict) else [])
    pairs = [pair for part in parts for pair in part]
    if len({key for key, _ in pairs}) < len(pairs):
        with pytest.raises(ItemError):
            flat(extra)
        return
    expected = [(k, json.dumps(v, ensure_ascii=False) if isinstance(v, dict | list) else v) for k, v in pairs]
    assert exactly(list(flat(extra).items())) == exactly(expected)


@given(EXTRAS)
@settings(max_examples=500)
def test_a_reversible_flattening_is_undone_exactly(extra: dict[str, Any]) -> None:
    item = {"problem_id": 7, "extra_info": extra, "more": [None]}
    try:
        flattened = flatten_item(item, reversible=True)
    except ItemError:
        with pytest.raises(ItemError):
            flatten_item(item)
        return
    back = json.loads(json.dumps(flattened))
    assert not any(isinstance(value, dict | list) for value in back["extra_info"].values())
    assert exactly(nest_item(back)) == exactly(item)
    assert list(nest_item(back)) == list(item)


@given(VALUES)
def test_other_extra_info_is_left_alone(extra: Any) -> None:
    if not isinstance(extra, dict):
        assert exactly(flat(extra)) == exactly(nested(extra)) == exactly(extra)
    item = {"problem_id": extra}
    assert flatten_item(item, True) == nest_item(item) == item


def test_a_reversible_item_lists_its_strings() -> None:
    """Names between commas; an object where they do not tell all, here the name of an unknown child."""
    assert flat(NESTED, True) == {**FLAT, STRINGIFIED: "answer,bbox_bbox_1,bbox_bboxes_2"}
    assert flat({"answer": 1}, True) == {"answer": 1, STRINGIFIED: ""}
    for odd in ({"a,b": [1]}, {"": [1]}, {"{": [1]}, {"a": [1], "input_point": {}}):
        assert nested(flat(odd, True)) == odd
    unknown = flat({"input_point": {"image_path": "f.jpg", "size": [1]}}, True)
    assert json.loads(unknown[STRINGIFIED]) == {
        "strings": ["point_size"],
        "moved": ["point_image_path", "point_size"],
    }


def test_the_items_of_others_come_back_by_the_names_of_prompts() -> None:
    """``answer`` was a list and ``note`` text, which nobody can tell any longer: both stay text."""
    assert nested(FLAT) == {**NESTED, "answer": '[1, "é"]'}
    assert nested(FLAT, "answer") == NESTED
    assert nested({"mask_object_ids": "[True, False]"}) == {"input_mask": {"object_ids": [True, False]}}
    assert nested({"mask_object_ids": 3, "bbox_other": "[1]"}) == {"input_mask": {"object_ids": 3}, "bbox_other": "[1]"}
    assert nested({"mask_object_ids": "3", "point_points": "[1"}) == {
        "input_mask": {"object_ids": "3"},
        "input_point": {"points": "[1"},
    }


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        (
            {"input_point": {"image_path": "f.jpg", "points": [[70, 40]]}, "point_points": "old"},
            "extra_info.point_points",
        ),
        ({"bbox_": 1, "input_bbox": {"": 2}}, "extra_info.bbox_: found it, expected no such key, which input_bbox."),
    ],
)
def test_colliding_keys_are_refused(extra: dict, says: str) -> None:
    with pytest.raises(ItemError, match=says) as caught:
        flat(extra)
    assert caught.value.reason == COLLIDING_KEY


def test_the_key_of_a_reversible_flattening_may_collide_too() -> None:
    with pytest.raises(ItemError, match="stringified: found it"):
        flat({STRINGIFIED: ""}, True)
    assert flat({STRINGIFIED: ""}) == {STRINGIFIED: ""}


@pytest.mark.parametrize(
    ("extra", "reason", "says"),
    [
        ({"bbox_bboxes": "[]", "input_bbox": {}}, COLLIDING_KEY, "extra_info.input_bbox: found it beside"),
        ({"input_bbox": {}, "bbox_bboxes": "[]"}, COLLIDING_KEY, "extra_info.input_bbox: found"),
        ({STRINGIFIED: 3}, COLLIDING_KEY, "stringified: found 3, expected names"),
        ({STRINGIFIED: "{}"}, COLLIDING_KEY, "expected names of keys"),
        ({STRINGIFIED: "answer"}, UNLIKE_ITS_FORM, "stringified: found answer, expected keys of extra_info"),
        ({STRINGIFIED: "answer", "answer": "[1"}, UNLIKE_ITS_FORM, r"extra_info.answer: found ..1., expected JSON"),
        ({STRINGIFIED: "answer", "answer": 1}, UNLIKE_ITS_FORM, "extra_info.answer: found 1, expected JSON"),
        (
            {STRINGIFIED: '{"strings": [], "moved": ["a"]}', "a": 1},
            UNLIKE_ITS_FORM,
            "found a, expected keys of prompts",
        ),
    ],
)
def test_what_does_not_fit_is_not_nested(extra: dict, reason: str, says: str) -> None:
    with pytest.raises(ItemError, match=says) as caught:
        nested(extra)
    assert caught.value.reason == reason


# --- commands ---------------------------------------------------------------------------------------------------------


def run(folder: Path, content: Any, *words: str) -> Result:
    """Run a command on a file with the content, or with these items."""
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "in.json").write_text(text, encoding="utf-8", errors="surrogatepass")
    command, *options = words
    arguments = [command, str(folder / "in.json"), "--to", str(folder / "out.json"), *options]
    return CliRunner().invoke(main, ["spacevista", *arguments])


def written(folder: Path) -> Any:
    return json.loads((folder / "out.json").read_text(encoding="utf-8"))


def test_a_file_is_written_as_python_would(tmp_path: Path) -> None:
    content = [{**items.matching(), "odd": [1.0, 10**30, -0.0, 1e16, "é\u2028\x7f", [], {}, [[]]]}, items.nested()]
    assert run(tmp_path, content, "flatten").exit_code == 0
    expected = json.dumps([flatten_item(item) for item in content], ensure_ascii=False, indent=2)
    assert (tmp_path / "out.json").read_text(encoding="utf-8") == expected


def test_an_empty_list_stays_one(tmp_path: Path) -> None:
    assert run(tmp_path, "[]", "flatten").exit_code == 0
    assert (tmp_path / "out.json").read_bytes() == b"[]"


def test_nan_and_halves_of_surrogate_pairs_survive(tmp_path: Path) -> None:
    odd = json.loads('[NaN, -Infinity, 1e400, "\\ud800", "a\\udfff"]')
    result = run(tmp_path, [{**items.nested(answer=odd), "odd": odd}], "flatten", "--reversible")
    assert result.exit_code == 0
    (tmp_path / "out.json").rename(tmp_path / "flat.json")
    assert run(tmp_path, (tmp_path / "flat.json").read_text(), "nest").exit_code == 0
    assert exactly(written(tmp_path)) == exactly([{**items.nested(answer=odd), "odd": odd}])


def test_an_item_that_collides_is_left_out_and_told(tmp_path: Path) -> None:
    result = run(tmp_path, [items.nested(), {**items.pointed(), "problem_id": "bad"}, items.boxed()], "flatten")
    assert (result.exit_code, len(written(tmp_path))) == (0, 3)
    bad = items.nested(input_point={"points": []}, point_points="old")
    result = run(tmp_path, [items.nested(), bad], "flatten")
    assert result.exit_code == 1
    assert written(tmp_path) == [flatten_item(items.nested())]
    assert "1 items written, 1 left out" in result.stdout
    assert "item 2 (v2_7)  extra_info.point_points: found it" in result.stdout


def test_nothing_is_written_where_all_items_are_refused(tmp_path: Path) -> None:
    result = run(tmp_path, [items.nested(input_point={"points": []}, point_points="old")], "flatten")
    assert result.exit_code == 2
    assert "found no item that can be written; item 1 (v2_7): extra_info.point_points" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.json"]


def test_a_missing_key_is_a_mistake_of_the_file(tmp_path: Path) -> None:
    result = run(tmp_path, [items.nested(), {"problem_id": 3, "videos": [["a"]]}], "flatten")
    assert result.exit_code == 2
    assert "in.json: item 2 (3): messages: found keys problem_id, videos, expected messages" in result.stderr
    assert not (tmp_path / "out.json").exists()


def test_a_key_to_parse_that_no_item_has_is_a_mistake(tmp_path: Path) -> None:
    result = run(tmp_path, [items.nested(answer="[1]")], "nest", "--parse", "answr")
    assert result.exit_code == 2
    assert "--parse: no item has the key 'answr'. Did you mean 'answer'?" in result.stderr
    assert not (tmp_path / "out.json").exists()
    assert run(tmp_path, [items.nested(answer="[1]")], "nest", "--parse", "answer").exit_code == 0
    assert written(tmp_path)[0]["extra_info"]["answer"] == [1]


def test_a_file_is_not_written_onto_itself(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text("[]")
    (tmp_path / "out.json").symlink_to(tmp_path / "in.json")
    result = run(tmp_path, "[]", "flatten")
    assert (result.exit_code, "is the file that is read" in result.stderr) == (2, True)
