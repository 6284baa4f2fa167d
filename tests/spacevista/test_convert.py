"""Items in another form: what the new form says, that the way back restores them, and what is refused."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from qagen.__main__ import main
from qagen.core.reasons import COLLIDING_KEY, NOT_EXPRESSIBLE, PROMPT_ON_NO_FRAME, UNLIKE_ITS_FORM
from qagen.spacevista.convert import Converter, Target
from qagen.spacevista.flatten import flatten_item
from qagen.spacevista.forms import FLAT_KEYS, ItemError, PointOrder, form_of, view
from qagen.spacevista.patch import difference, restored
from tests.spacevista import items
from tests.spacevista.items import FRAMES
from tests.spacevista.values import KEYS, VALUES, exactly

Values = dict[str, Any]


def as_(target: Target, item: Values, found: PointOrder = "yx", wanted: PointOrder = "yx") -> Values:
    """The item in a form, with a check that the source is left as it was."""
    before = copy.deepcopy(item)
    made = Converter(target, found, wanted).convert(item)
    assert exactly(item) == exactly(before)
    return json.loads(json.dumps(made))


def test_a_point_in_the_full_form() -> None:
    assert as_("full", items.pointed()) == {
        "id": "v2_7",
        "input_type": "image_point_text",
        "messages": items.messages(),
        "videos": [FRAMES],
        "annotations": {
            "points": [{"coords": [70, 40], "image_index": 1, "color": "red"}],
            "bboxes": None,
            "masks": None,
            "dual_bbox": None,
        },
        "metadata": {
            "scene_source": None,
            "original_id": "v2_7",
            "category": None,
            "scale": None,
            "original_type": "DEPTH",
            "point_order": "yx",
        },
    }


def test_boxes_and_masks_in_the_full_form() -> None:
    boxes = as_("full", items.boxed())
    assert boxes["input_type"] == "image_bbox_text"
    assert boxes["annotations"]["bboxes"] == [
        {"coords": [1, 2, 3, 4], "image_index": 2, "color": "red"},
        {"coords": [5.5, 6, 7, 8], "image_index": 2, "color": "blue"},
    ]
    pair = as_("full", items.matching())
    assert (pair["input_type"], pair["metadata"]["original_type"]) == ("image_bbox_text", "OBJECT_MATCHING")
    assert pair["annotations"]["dual_bbox"] == {
        "source_image": FRAMES[0],
        "source_bbox": [1, 2, 3, 4],
        "target_image": FRAMES[1],
        "target_bboxes": [[5, 6, 7, 8], [9, 10, 11, 12]],
    }


@pytest.mark.parametrize(
    ("ids", "listed"),
    [
        (7, [7]),
        (None, [None]),
        ([7], [[7]]),
        ([3, 7], [[3], [7]]),
        ([True, False], [[True, False]]),
        ([True, False, True], [[True, False, False], [False, False, True]]),
        ([], [[]]),
    ],
)
def test_each_id_of_a_nested_mask_is_a_mask(ids: Any, listed: list) -> None:
    """The published readers of the nested form color each id, the evaluator each mask."""
    item = items.masked()
    item["extra_info"]["input_mask"]["object_ids"] = ids
    full = as_("full", item)
    assert [mask["object_ids"] for mask in full["annotations"]["masks"]] == listed
    assert {mask["mask_path"] for mask in full["annotations"]["masks"]} == {"rooms/a/masks/m.npy"}
    assert "as_nested" not in full["metadata"]
    assert exactly(as_("nested", full)) == exactly(item)


def test_a_full_mask_of_several_ids_comes_back() -> None:
    item = items.full("image_mask_text", masks=[items.masked()["extra_info"]["input_mask"]])
    item["metadata"]["point_order"] = "yx"
    nested = as_("nested", item)
    assert nested["extra_info"]["input_mask"]["object_ids"] == [3, 7]
    assert exactly(as_("full", nested)) == exactly(item)


def test_a_full_item_in_the_nested_form() -> None:
    points = [{"coords": [70, 40], "image_index": 1, "color": "red"}]
    item = as_("nested", items.full("image_point_text", points=points))
    assert list(item) == ["problem_id", "messages", "videos", "extra_info"]
    assert item["problem_id"] == "v2_7"
    assert item["extra_info"] | {"as_full": ...} == {
        "task_type": "DEPTH",
        "scene_source": "rooms",
        "category": "Indoor",
        "scale": "m",
        "input_type": "Image+point+text",
        "input_point": {"image_path": FRAMES[1], "points": [[70, 40]]},
        "as_full": ...,
    }
    assert "as_full" not in item["extra_info"]


MADE = [items.nested, items.pointed, items.boxed, items.matching, items.masked]


@pytest.mark.parametrize("make", MADE)
@pytest.mark.parametrize("target", ["full", "flat"])
def test_plain_items_need_nothing_beside_to_come_back(make: Any, target: Target) -> None:
    made = as_(target, make())
    assert form_of(made) == target
    assert "as_nested" not in json.dumps(made)
    assert exactly(as_("nested", made)) == exactly(make())
    assert view(made, target).prompts == view(as_(target, as_("nested", made)), target).prompts


@given(st.sampled_from(MADE), st.dictionaries(KEYS, VALUES, max_size=4), st.dictionaries(KEYS, VALUES, max_size=2))
@settings(max_examples=400, deadline=None)
def test_nested_items_come_back_from_every_form(make: Any, extra: Values, more: Values) -> None:
    """Unknown keys and odd values of known ones are kept; an item that contradicts itself is refused."""
    item = make()
    item = {**more, **item, "extra_info": {**extra, **item["extra_info"]}}
    try:
        full = as_("full", item)
        flat = as_("flat", item)
    except ItemError:
        assert any(key in FLAT_KEYS for key in extra) or any(key.startswith("input_") for key in extra)
        return
    if form_of(item) == "nested":
        assert exactly(as_("nested", full)) == exactly(item)
        assert exactly(as_("nested", flat)) == exactly(item)
    assert exactly(as_("nested", as_("flat", full))) == exactly(as_("nested", full))
    assert exactly(as_("full", flat)) == exactly(full)


CORNERS = {"x1": 1, "y1": 2, "x2": 3, "y2": 4}
ODD_ITEMS: list[tuple[Any, Values]] = [
    (items.pointed, {"input_point": {"image_path": FRAMES[1].replace("_8", ""), "points": [[70, 40]]}}),
    (items.pointed, {"input_point": {"image_path": FRAMES[1], "points": [70, 40], "radius": 3}}),
    (items.pointed, {"input_point": {"image_path": FRAMES[1], "points": [[[70.0, 40]], [1, 2]]}}),
    (items.pointed, {"input_type": "image + POINT+text"}),
    (items.pointed, {"input_type": "Image+text"}),
    (items.pointed, {"input_type": None, "task_type": None, "category": None}),
    (items.pointed, {"original_id": 3, "scene_source": "rooms", "point_order": "yx"}),
    (items.boxed, {"input_bbox": {"image_path": FRAMES[0], "bboxes": [[1, 2, 3, 4]]}}),
    (
        items.boxed,
        {"input_bbox": {"image_path": FRAMES[0], "bboxes": [{**CORNERS, "s": 0.5}]}},
    ),
    (items.masked, {"input_mask": {"image_path": FRAMES[0], "mask_path": "m.npy"}}),
    (items.masked, {"input_mask": {"image_path": FRAMES[0], "mask_path": "m.npy", "object_ids": [True, False]}}),
    (items.nested, {"input_point": None, "input_bbox": None, "unit": "mm", "answer": [1.0, 1, True]}),
]


@pytest.mark.parametrize(("make", "extra"), ODD_ITEMS)
def test_odd_spellings_come_back(make: Any, extra: Values) -> None:
    item = make()
    item["extra_info"] |= extra
    full = as_("full", item)
    assert exactly(as_("nested", full)) == exactly(item)
    assert exactly(as_("nested", as_("flat", item))) == exactly(item)
    seen, other = view(full, "full"), view(item, "nested")
    assert [(p.kind, p.coords, p.mask) for p in seen.prompts] == [(p.kind, p.coords, p.mask) for p in other.prompts]


@pytest.mark.parametrize("extra", ["none", {}, None])
def test_items_without_facts_come_back(extra: Any) -> None:
    item = items.nested()
    if extra == "none":
        del item["extra_info"]
    else:
        item["extra_info"] = extra
    assert exactly(as_("nested", as_("full", item))) == exactly(item)


POINT = {"coords": [70, 40], "image_index": 1, "color": "red"}
FULL_ITEMS = [
    items.full(),
    items.full("image_point_text", points=[POINT, {**POINT, "color": None, "coords": [1.0, 2]}]),
    items.full("image_point_text", points=[{**POINT, "color": "green", "size": 3}], extra=[1]),
    items.full("image_bbox_text", bboxes=[{"coords": [1, 2, 3, 4], "image_index": 0, "color": None}], masks=[]),
    items.full("image_point_text", points=[POINT], masks=[items.masked()["extra_info"]["input_mask"]] * 2),
    items.full("image_mask_text", masks=[{"image_path": "x", "mask_path": items.masked()["extra_info"]["input_mask"]}]),
    {
        **items.full("Image_Text"),
        "id": "other__v2_7",
        "split": "train",
        "metadata": {"original_id": "v2_7", "up": [0, 1]},
    },
    {**items.full(), "id": 7, "annotations": None},
    {key: value for key, value in items.full().items() if key != "id"},
]


@pytest.mark.parametrize("item", FULL_ITEMS)
def test_full_items_come_back(item: Values) -> None:
    """With the order of points told, as in every item that is written."""
    item = copy.deepcopy(item)
    item["metadata"]["point_order"] = "yx"
    assert exactly(as_("full", as_("nested", item))) == exactly(item)
    assert exactly(as_("full", as_("flat", item))) == exactly(item)


def test_an_item_of_the_benchmark_gets_messages() -> None:
    item = items.bench(points=[POINT])
    full = as_("full", item)
    assert full["messages"] == items.messages("<video>Which is nearest? A. door B. sink", "<answer>B</answer>")
    assert (full["question"], full["answer"]) == (item["question"], "B")
    nested = as_("nested", item)
    assert nested["extra_info"]["input_point"] == {"image_path": FRAMES[1], "points": [[70, 40]]}
    assert exactly(as_("full", nested)) == exactly(full)
    assert as_("full", {**item, "answer": 4.5})["messages"][1]["content"] == "<answer>4.5</answer>"


def test_keeping_the_form_keeps_the_item() -> None:
    for item in (items.pointed(), as_("flat", items.pointed()), items.nested(odd={"a": [1]}, point_points="[[1, 2]]")):
        form = form_of(item)
        assert form in ("nested", "flat")
        if item["extra_info"].get("odd") is None:
            assert exactly(as_(form, item)) == exactly(item)
    full = {**items.full(), "more": 1}
    assert as_("full", full) == {**full, "metadata": {**full["metadata"], "point_order": "yx"}}


def test_what_is_kept_survives_the_official_flattening() -> None:
    item = items.full("image_point_text", points=[{**POINT, "color": "green"}])
    flat = flatten_item(as_("nested", item))
    assert isinstance(flat["extra_info"]["as_full"], str)
    assert as_("full", flat)["annotations"] == item["annotations"]


# --- order of coordinates ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["full", "nested", "flat"])
@pytest.mark.parametrize("make", [items.pointed, lambda: items.full("image_point_text", points=[POINT])])
def test_points_are_written_in_the_order_asked_for_and_told(make: Any, target: Target) -> None:
    """The file's 70, 40 is x 40, y 70 where it is y, x, so x, y writes 40, 70."""
    made = as_(target, make(), "yx", "xy")
    assert [prompt.coords for prompt in view(made, target, "xy").prompts] == [(40, 70)]
    holder = "metadata" if target == "full" else "extra_info"
    assert made[holder]["point_order"] == "xy"
    back = as_("nested", made, "xy", "yx")
    assert back["extra_info"]["input_point"]["points"] == [[70, 40]]


def test_what_is_kept_beside_turns_with_the_points() -> None:
    item = items.pointed()
    item["extra_info"]["input_point"]["points"] = [70, 40]  # kept in metadata.as_nested, for its spelling
    full = as_("full", item, "yx", "xy")
    assert full["annotations"]["points"][0]["coords"] == [40, 70]
    assert exactly(as_("nested", as_("full", full, "xy", "yx"))) == exactly(item)
    item["extra_info"]["point_order"] = "yx"  # kept as well
    restored_xy = as_("nested", as_("full", item, "yx", "xy"), "xy", "xy")
    assert restored_xy["extra_info"]["point_order"] == "xy"
    assert restored_xy["extra_info"]["input_point"]["points"] == [40, 70]
    turned = as_("full", as_("full", item), "yx", "xy")
    assert exactly(as_("nested", turned, "xy", "xy")) == exactly(restored_xy)
    colored = items.full("image_point_text", points=[{**POINT, "color": "green"}])
    nested = as_("nested", colored)
    turned = as_("full", as_("nested", nested, "yx", "xy"), "xy", "xy")
    assert turned["annotations"]["points"] == [{**POINT, "coords": [40, 70], "color": "green"}]
    there_and_back = as_("nested", as_("nested", nested, "yx", "xy"), "xy", "yx")
    assert as_("full", there_and_back)["annotations"] == colored["annotations"]


# --- refusals ---------------------------------------------------------------------------------------------------------

BOX = {"coords": [1, 2, 3, 4], "image_index": 0, "color": None}
DUAL = {
    "source_image": FRAMES[0],
    "source_bbox": [1, 2, 3, 4],
    "target_image": FRAMES[1],
    "target_bboxes": [[1, 2, 3, 4]],
}
MASK = items.masked()["extra_info"]["input_mask"]


@pytest.mark.parametrize(
    ("item", "says"),
    [
        (
            items.full("image_point_text", points=[POINT, {**POINT, "image_index": 2}]),
            "points: found .* frames 1, 2",
        ),
        (items.full("image_bbox_text", bboxes=[BOX, {**BOX, "image_index": 1}]), "bboxes: found them on frames 0, 1"),
        (items.full("image_bbox_text", bboxes=[BOX], dual_bbox=DUAL), "annotations: found bboxes beside dual_bbox"),
        (items.full("image_mask_text", masks=[MASK, MASK]), "annotations.masks: found 2, expected one"),
        (
            items.full("image_mask_text", masks=[{**MASK, "object_ids": [1]}, {**MASK, "object_ids": [True]}]),
            "annotations.masks: found 2, expected one",
        ),
    ],
)
@pytest.mark.parametrize("target", ["nested", "flat"])
def test_what_the_nested_form_cannot_say_is_refused(item: Values, says: str, target: Target) -> None:
    as_("full", item)
    with pytest.raises(ItemError, match=says) as caught:
        as_(target, item)
    assert caught.value.reason == NOT_EXPRESSIBLE


@pytest.mark.parametrize(
    ("item", "target", "reason", "says"),
    [
        ({**items.nested(), "id": 3}, "full", COLLIDING_KEY, "id: found it, expected no such key"),
        ({**items.full(), "extra_info": {}}, "nested", COLLIDING_KEY, "extra_info: found it, expected no such key"),
        (items.nested(as_full=[1]), "full", UNLIKE_ITS_FORM, "extra_info.as_full: found .1., expected keys to set"),
        (items.nested(as_full={"set": [1]}), "full", UNLIKE_ITS_FORM, "extra_info.as_full: found"),
        (items.nested(as_full={"in": {"id": {}}}), "full", UNLIKE_ITS_FORM, "extra_info.as_full: found"),
        ({"Frames Path": "f", "Question": "?", "Answer": 1}, "full", NOT_EXPRESSIBLE, "the form old eval"),
        ({"id": 1, "predicted_answer": "3"}, "flat", NOT_EXPRESSIBLE, "the form results, expected nested"),
    ],
)
def test_what_cannot_be_converted_is_refused(item: Values, target: Target, reason: str, says: str) -> None:
    with pytest.raises(ItemError, match=says) as caught:
        as_(target, item)
    assert caught.value.reason == reason


def test_a_prompt_on_no_frame_is_refused() -> None:
    item = items.pointed()
    item["extra_info"]["input_point"]["image_path"] = "elsewhere/f1.jpg"
    with pytest.raises(ItemError, match="among none of the item's 3 frames") as caught:
        as_("full", item)
    assert caught.value.reason == PROMPT_ON_NO_FRAME


def test_a_change_that_what_is_kept_would_undo_is_told() -> None:
    item = items.pointed()
    item["extra_info"]["input_point"]["points"] = [70, 40]
    full = as_("full", item)
    full["annotations"]["points"][0]["coords"] = [71, 40]
    with pytest.raises(ItemError, match="as_nested: found other prompts, or another task") as caught:
        as_("nested", full)
    assert caught.value.reason == COLLIDING_KEY
    del full["metadata"]["as_nested"]
    assert as_("nested", full)["extra_info"]["input_point"]["points"] == [[71, 40]]


@pytest.mark.parametrize("part", [1, {"set": 1}, {"set": {"points": [1]}}, {"set": {"points": 3}}])
def test_what_is_kept_of_the_full_form_may_be_damaged(part: Any) -> None:
    item = items.pointed()
    item["extra_info"]["as_full"] = {"in": {"annotations": part}}
    with pytest.raises(ItemError):
        as_("full", item, "yx", "xy")


@pytest.mark.parametrize(
    "part", [1, {"set": 1}, {"set": {"input_point": [1]}}, {"set": {"input_point": {"points": 3}}}]
)
def test_what_is_kept_of_the_nested_form_may_be_damaged(part: Any) -> None:
    item = items.full()
    item["metadata"]["as_nested"] = {"in": {"extra_info": part}}
    with pytest.raises(ItemError):
        as_("nested", item, "yx", "xy")


OBJECTS = st.dictionaries(KEYS, VALUES, max_size=3)


def test_a_difference_tells_number_types_apart() -> None:
    assert difference({"a": 1, "b": [1]}, {"a": 1.0, "b": [True]}) == {"set": {"a": 1.0, "b": [True]}}
    assert difference({"a": {"b": 1, "c": 2}}, {"a": {"c": 2, "b": 1}}) == {}


@given(OBJECTS, OBJECTS)
def test_a_difference_restores(made: Values, wanted: Values) -> None:
    assert exactly(restored(made, difference(made, wanted), "key")) == exactly(wanted)
    if exactly(made) == exactly(wanted) and "NaN" not in exactly(made):
        assert difference(made, wanted) == {}


# --- the command ------------------------------------------------------------------------------------------------------


def run(folder: Path, content: Any, *words: str) -> Result:
    (folder / "in.json").write_text(json.dumps(content))
    arguments = ["convert", str(folder / "in.json"), "--to", str(folder / "out.json"), *words]
    return CliRunner().invoke(main, ["spacevista", *arguments])


def test_a_file_is_converted_and_refusals_are_counted(tmp_path: Path) -> None:
    two = items.full("image_point_text", points=[POINT, {**POINT, "image_index": 2}])
    result = run(tmp_path, [items.full(), two, items.bench()], "--as", "nested")
    assert result.exit_code == 1
    assert "2 items written, 1 left out" in result.stdout
    assert "item 2 (rooms__v2_7)  annotations.points: found them on frames 1, 2, expected one frame" in result.stdout
    written = json.loads((tmp_path / "out.json").read_text())
    assert written == [as_("nested", items.full()), as_("nested", items.bench())]


def test_lines_of_an_evaluation_are_refused_by_name(tmp_path: Path) -> None:
    result = run(tmp_path, [{"Frames Path": "f", "Question": "?", "Answer": 1}], "--as", "full")
    assert result.exit_code == 2
    assert "found an item of the form old eval, expected nested, flat, full or bench" in result.stderr
    assert not (tmp_path / "out.json").exists()


def test_an_item_that_nobody_numbered() -> None:
    item = items.pointed()
    del item["problem_id"]
    full = as_("full", item)
    assert (full["id"], full["metadata"]["original_id"]) == (None, None)
    assert exactly(as_("nested", full)) == exactly(item)
    assert exactly(as_("nested", as_("flat", full))) == exactly(item)


def test_masks_stand_before_the_pair_in_one_form_and_behind_it_in_the_other() -> None:
    """What came back was refused as another item."""
    item = items.matching()
    item["extra_info"] |= {
        "input_type": "Image+bbox+mask+text",
        "input_mask": items.masked()["extra_info"]["input_mask"],
    }
    item["extra_info"]["note"] = 1  # so that the full form keeps something for the way back
    full = as_("full", item)
    assert exactly(as_("nested", full)) == exactly(item)
