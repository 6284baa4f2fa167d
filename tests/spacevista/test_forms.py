"""The view of an item: the same of all forms that say the same, and errors that name the key."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from qagen.core.reasons import (
    COLLIDING_KEY,
    FALSE_PROMPT,
    ITEM_WITHOUT_FRAMES,
    UNLIKE_ITS_FORM,
    VIDEO_PLACEHOLDERS,
)
from qagen.spacevista.forms import Form, Item, ItemError, MaskSource, MissingKeyError, Prompt, form_of, view
from tests.spacevista import items
from tests.spacevista.items import FRAMES


def seen(item: dict[str, Any], **settings: Any) -> Item:
    return view(item, form_of(item), **settings)


def test_texts_frames_and_facts_of_a_nested_item() -> None:
    item = seen(items.nested(category="Indoor", scale="m"))
    assert (item.id, item.form, item.input_kind, item.task) == ("v2_7", "nested", "image_text", "DEPTH")
    assert (item.question, item.answer, item.think) == ("How far is it?", "48", "Look.")
    assert (item.frames, item.prompts, item.category, item.scale) == (tuple(FRAMES), (), "Indoor", "m")


def test_all_lists_of_videos_are_joined() -> None:
    item = items.nested()
    item["videos"] = [["a.jpg"], ["b.jpg", "c.jpg"]]
    item["messages"][0]["content"] = "<video><video>What?"
    assert seen(item).frames == ("a.jpg", "b.jpg", "c.jpg")


@pytest.mark.parametrize(("order", "place"), [("yx", (40, 70)), ("xy", (70, 40))])
def test_a_point_is_x_y_whatever_the_file_has(order: Any, place: tuple[float, float]) -> None:
    assert seen(items.pointed(), point_order=order).prompts == (Prompt("point", FRAMES[1], place),)
    point = {"coords": [70, 40], "image_index": 1, "color": "red"}
    expected = (Prompt("point", 1, place, color="red"),)
    assert seen(items.full("image_point_text", points=[point]), point_order=order).prompts == expected


@pytest.mark.parametrize("points", [[70, 40], [[70, 40]], [[[70, 40]]]])
def test_points_may_stand_alone_or_in_lists_of_their_own(points: list) -> None:
    item = items.pointed()
    item["extra_info"]["input_point"]["points"] = points
    assert [prompt.coords for prompt in seen(item).prompts] == [(40, 70)]


def test_boxes_of_one_frame() -> None:
    expected = (Prompt("bbox", FRAMES[2], (1, 2, 3, 4)), Prompt("bbox", FRAMES[2], (5.5, 6, 7, 8)))
    assert seen(items.boxed()).prompts == expected


def test_matching_has_a_reference_and_candidates() -> None:
    expected = (
        Prompt("bbox", FRAMES[0], (1, 2, 3, 4), "reference"),
        Prompt("bbox", FRAMES[1], (5, 6, 7, 8), "candidate"),
        Prompt("bbox", FRAMES[1], (9, 10, 11, 12), "candidate"),
    )
    assert seen(items.matching()).prompts == expected
    pair = {
        "source_image": FRAMES[0],
        "source_bbox": [1, 2, 3, 4],
        "target_image": FRAMES[1],
        "target_bboxes": [[5, 6, 7, 8], {"x1": 9, "y1": 10, "x2": 11, "y2": 12}],
    }
    assert seen(items.full("image_bbox_text", dual_bbox=pair)).prompts == expected


@pytest.mark.parametrize(
    ("ids", "read"), [([3, 7], (3, 7)), (3, (3,)), (None, None), ([True, False], (True, False)), ([], ())]
)
def test_masks_have_ids_bools_or_nothing(ids: Any, read: Any) -> None:
    item = items.masked()
    item["extra_info"]["input_mask"]["object_ids"] = ids
    expected = Prompt("mask", FRAMES[0], (), mask=MaskSource("rooms/a/masks/m.npy", read))
    (prompt,) = seen(item).prompts
    assert prompt == expected
    assert prompt.mask is not None
    assert [*map(type, prompt.mask.object_ids or ())] == [*map(type, read or ())]
    assert seen(items.full("image_mask_text", masks=[item["extra_info"]["input_mask"]])).prompts == (expected,)


def test_a_mask_path_may_hold_the_mask() -> None:
    inner = items.masked()["extra_info"]["input_mask"]
    item = items.full("image_mask_text", masks=[{"image_path": "other.jpg", "mask_path": inner, "object_ids": None}])
    assert seen(item).prompts == seen(items.masked()).prompts


def test_flat_keys_are_parsed_and_understand_python() -> None:
    item = items.nested(
        input_type="Image+mask+text",
        mask_image_path=FRAMES[0],
        mask_mask_path="m.npy",
        mask_object_ids="[True, False]",
    )
    assert form_of(item) == "flat"
    assert seen(item).prompts == (Prompt("mask", FRAMES[0], (), mask=MaskSource("m.npy", (True, False))),)


def test_prompts_of_other_kinds_than_the_input_type_names_are_not_shown() -> None:
    """As in evaluate_api, which draws masks of mask items alone; a nested item shows all that it has."""
    item = items.full("image_point_text", masks=[items.masked()["extra_info"]["input_mask"]])
    assert seen(item).prompts == ()


def test_a_bench_item_has_question_and_answer() -> None:
    item = seen(items.bench(points=[{"coords": [70, 40], "image_index": 2, "color": None}]))
    assert (item.form, item.question, item.answer) == ("bench", "Which is nearest? A. door B. sink", "B")
    assert item.prompts == (Prompt("point", 2, (40, 70)),)


def test_lines_of_evaluations_have_question_and_answer() -> None:
    old = {
        "Question Number": 3,
        "Frames Path": "f",
        "Question": "How far?",
        "Question Type": "regression",
        "Answer": 4.5,
    }
    assert (seen(old).form, seen(old).id, seen(old).answer) == ("old eval", "3", "4.5")
    line = {"id": 42, "question": "How many?", "ground_truth": "3", "predicted_answer": "<answer>3</answer>"}
    assert (seen(line).form, seen(line).id, seen(line).answer) == ("results", "42", "3")


@pytest.mark.parametrize(
    ("item", "form"),
    [
        (items.nested(), "nested"),
        (items.boxed(), "nested"),
        (items.nested(point_points="[[1, 2]]"), "flat"),
        (items.nested(stringified=""), "flat"),
        (items.nested(input_point={}, point_points="old"), "nested"),
        (items.full(), "full"),
        (items.bench(), "bench"),
        ({"messages": []}, "nested"),
    ],
)
def test_the_form_is_known_by_its_keys(item: dict, form: Form) -> None:
    assert form_of(item) == form


# --- damage -----------------------------------------------------------------------------------------------------------


def put(item: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Change one value; the last part of the path may be new."""
    *parts, last = (int(part) if part.isdigit() else part for part in path.split("."))
    holder: Any = item
    for part in parts:
        holder = holder[part]
    holder[last] = value
    return item


DAMAGES: list[tuple[Callable[[], dict[str, Any]], str, Any, str, str]] = [
    (items.nested, "videos", [], ITEM_WITHOUT_FRAMES, "videos: found no frame"),
    (items.nested, "videos", [[]], ITEM_WITHOUT_FRAMES, "videos[0]: found no frame"),
    (items.nested, "videos", ["a.jpg"], UNLIKE_ITS_FORM, 'videos[0]: found "a.jpg", expected a list of paths'),
    (items.nested, "videos", [[None]], UNLIKE_ITS_FORM, "videos[0]: found null, expected paths"),
    (items.nested, "videos", [["a"], ["b"]], VIDEO_PLACEHOLDERS, "found 1 <video> for 2 lists in videos"),
    (items.nested, "messages.0.content", "How?", VIDEO_PLACEHOLDERS, "messages: found 0 <video> for 1 lists"),
    (items.nested, "messages", "text", UNLIKE_ITS_FORM, 'messages: found "text", expected a list'),
    (items.nested, "messages", [], UNLIKE_ITS_FORM, "messages: found none of the role 'user', expected one"),
    (items.nested, "messages.1.content", 48, UNLIKE_ITS_FORM, "messages[1].content: found 48, expected text"),
    (items.nested, "extra_info", "text", UNLIKE_ITS_FORM, 'extra_info: found "text", expected an object'),
    (items.pointed, "extra_info.input_point", [], UNLIKE_ITS_FORM, "extra_info.input_point: found []"),
    (items.pointed, "extra_info.input_point.points", [], FALSE_PROMPT, "input_point.points: found none"),
    (
        items.pointed,
        "extra_info.input_point.points",
        [[1, 2, 3]],
        UNLIKE_ITS_FORM,
        "expected two numbers a point",
    ),
    (items.pointed, "extra_info.input_point.points", [[1, math.nan]], FALSE_PROMPT, "found NaN, expected a pixel"),
    (items.pointed, "extra_info.input_point.points", [[math.inf, 1]], FALSE_PROMPT, "found Infinity, expected a pixel"),
    (items.pointed, "extra_info.input_point.points", [[1, -1]], FALSE_PROMPT, "found -1, expected a pixel"),
    (items.pointed, "extra_info.input_point.points", [[1, 10**400]], FALSE_PROMPT, "expected a pixel"),
    (items.pointed, "extra_info.input_point.points", [[1, True]], UNLIKE_ITS_FORM, "found true, expected numbers"),
    (items.pointed, "extra_info.input_point.image_path", None, UNLIKE_ITS_FORM, "input_point.image_path: found null"),
    (items.pointed, "extra_info.point_points", "[]", COLLIDING_KEY, "found input_point and point_points"),
    (items.boxed, "extra_info.input_bbox.bboxes.0.x1", 3, FALSE_PROMPT, "input_bbox.bboxes[0]: found"),
    (items.boxed, "extra_info.input_bbox.bboxes.1", {"x1": 1}, UNLIKE_ITS_FORM, "input_bbox.bboxes[1]: found"),
    (items.boxed, "extra_info.input_bbox.bbox_1", {}, COLLIDING_KEY, "input_bbox: found bboxes beside bbox_1"),
    (
        items.matching,
        "extra_info.input_bbox.image_path_2",
        3,
        UNLIKE_ITS_FORM,
        "image_path_2: found 3",
    ),
    (items.masked, "extra_info.input_mask.object_ids", ["3"], UNLIKE_ITS_FORM, 'found "3", expected ids'),
    (items.masked, "extra_info.input_mask.mask_path", None, UNLIKE_ITS_FORM, "input_mask.mask_path: found null"),
]


@pytest.mark.parametrize(("make", "path", "value", "reason", "says"), DAMAGES)
def test_damage_is_told_by_key(make: Callable, path: str, value: Any, reason: str, says: str) -> None:
    seen(make())  # sound before
    with pytest.raises(ItemError) as caught:
        seen(put(make(), path, value))
    assert caught.value.reason == reason
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("mark", "says"),
    [
        ({"coords": [1, 2], "image_index": 3, "color": "red"}, "found 3, and 3 frames, expected a number from 0 to 2"),
        ({"coords": [1, 2], "color": "red"}, "annotations.points[0].image_index: found null"),
        ({"coords": [1, 2], "image_index": 0, "color": 5}, "annotations.points[0].color: found 5"),
        ({"image_index": 0}, "annotations.points[0].coords: found null, expected a list"),
        ([1, 2], "annotations.points[0]: found [1, 2], expected an object"),
    ],
)
def test_damage_of_annotations_is_told_by_key(mark: Any, says: str) -> None:
    with pytest.raises(ItemError) as caught:
        seen(items.full("image_point_text", points=[mark]))
    assert says in str(caught.value)


@pytest.mark.parametrize(("make", "key"), [(items.nested, "messages"), (items.full, "videos"), (items.bench, "answer")])
def test_a_missing_key_is_another_error(make: Callable, key: str) -> None:
    item = make()
    del item[key]
    with pytest.raises(MissingKeyError, match=f"^{key}: found keys .*, expected {key}"):
        seen(item)
