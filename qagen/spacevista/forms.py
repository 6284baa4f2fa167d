"""What an item of SpaceVista says, in whichever form it is written.

The item itself stays the decoded JSON object, with all its keys; the view of it is computed and never written back.

* ``nested``: ``meta.json``. ``extra_info`` holds the prompts as objects.
* ``flat``: ``meta_flatten.json``. ``extra_info`` holds scalars and JSON strings only.
* ``full``: ``all.json``. Prompts stand in ``annotations``, what else is known in ``metadata``.
* ``bench``: as full, with ``question`` and ``answer`` instead of ``messages``.
* ``old eval`` and ``results``: lines of the first evaluation, and of an evaluator's output. They have no prompts.

Source: github.com/PeiwenSun2000/SpaceVista, c37b991 and 920a9b7.
"""

import json
import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from qagen.core.reasons import (
    COLLIDING_KEY,
    FALSE_PROMPT,
    ITEM_WITHOUT_FRAMES,
    UNLIKE_ITS_FORM,
    VIDEO_PLACEHOLDERS,
)
from qagen.errors import QagenError

Form = Literal["nested", "flat", "full", "bench", "old eval", "results"]
PromptKind = Literal["point", "bbox", "mask"]
PointOrder = Literal["yx", "xy"]
PROMPT_KINDS: tuple[PromptKind, ...] = get_args(PromptKind)
POINT_ORDERS: tuple[PointOrder, ...] = get_args(PointOrder)

CHILDREN = {
    "input_bbox": ("bbox_", ("image_path", "bboxes", "image_path_1", "bbox_1", "image_path_2", "bboxes_2")),
    "input_point": ("point_", ("image_path", "points")),
    "input_mask": ("mask_", ("image_path", "mask_path", "object_ids")),
}
"""Prompts of the nested form: what precedes the names of their values in the flat form, and these names."""
PARSED = ("bboxes", "bbox_1", "bboxes_2", "points", "object_ids")
"""Values of prompts that the flat form has as JSON strings."""
FLAT_KEYS = {f"{prefix}{name}": (key, name) for key, (prefix, names) in CHILDREN.items() for name in names}
"""A key of the flat form, to the prompt and the name of the value there."""
STRINGIFIED = "stringified"
"""Key of ``extra_info`` that lists, after a reversible flattening, which values became strings."""
CORNERS = ("x1", "y1", "x2", "y2")
PLACEHOLDER = "<video>"
_THINK, _ANSWER = (
    (re.compile(f"<{tag}>", re.IGNORECASE), re.compile(f"</{tag}>", re.IGNORECASE)) for tag in ("think", "answer")
)
"""Where thoughts and answers begin and end."""


class ItemError(QagenError):
    """One item cannot be used. The message begins with the key and says what was found and what was expected."""

    def __init__(self, reason: str, message: str) -> None:
        """``reason`` is one of qagen.core.reasons."""
        self.reason = reason
        super().__init__(message)


class MissingKeyError(ItemError):
    """An item lacks what every item of its form has, so that the file is probably of another kind."""


@dataclass(frozen=True, slots=True)
class MaskSource:
    """Where the mask of a prompt lies."""

    path: str
    """A ``.npy`` file, as the item has it."""
    object_ids: tuple[int, ...] | None
    """Ids or channels, or one bool a channel (bools are kept); None stands for everything marked."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Something marked in a frame."""

    kind: PromptKind
    frame: str | int
    """A path as the item has it, or an index into the item's frames."""
    coords: tuple[float, ...]
    """Pixels of the frame: (x, y) of a point, (x1, y1, x2, y2) of a box; () of a mask."""
    role: Literal["prompt", "reference", "candidate"] = "prompt"
    """Object matching has one reference and up to four candidates; all others are prompts."""
    color: str | None = None
    """As the item has it; None where the item names none."""
    mask: MaskSource | None = None
    name: str = ""
    """What the question calls it, to be written beside it (``text`` of our full form)."""


@dataclass(frozen=True, slots=True)
class Item:
    """What an item says."""

    id: str
    form: Form
    input_kind: str
    """In the spelling of the full form: ``image_text``, ``image_point_text``, …; derived where the item has none."""
    question: str
    """Without placeholders of videos."""
    answer: str
    """What the first ``<answer>`` holds, or the whole text."""
    think: str | None
    """What ``<think>`` holds."""
    frames: tuple[str, ...]
    """Paths as the item has them, all lists of ``videos`` joined."""
    prompts: tuple[Prompt, ...]
    """In the full form, those of the kinds that the input type names: SpaceVista's programs pass over others."""
    task: str
    """``task_type`` or ``original_type``; "" where the item has none."""
    category: str
    scale: str


def form_of(item: dict[str, Any]) -> Form:
    """The form that an item is written in; an item without prompts that could be flat is nested."""
    if "predicted_answer" in item:
        return "results"
    if "Frames Path" in item or "Question Type" in item:
        return "old eval"
    if "question" in item and "messages" not in item:
        return "bench"
    if "annotations" in item or ("metadata" in item and "extra_info" not in item):
        return "full"
    return "flat" if is_flat(item.get("extra_info")) else "nested"


def is_flat(extra: Any) -> bool:
    """Whether ``extra_info`` has keys of the flat form and no prompt as an object."""
    if not isinstance(extra, dict) or (STRINGIFIED not in extra and FLAT_KEYS.keys().isdisjoint(extra)):
        return False
    return not any(isinstance(extra.get(key), dict) for key in CHILDREN)


def view(item: dict[str, Any], form: Form, point_order: PointOrder = "yx") -> Item:
    """What an item says.

    Args:
        point_order: in which order the file has the two coordinates of a point.

    Raises:
        MissingKeyError: the item lacks ``messages`` (``question`` and ``answer`` of a bench) or ``videos``.
        ItemError: the item contradicts its form or itself, or a prompt is no place in an image. The message begins with
            the key and says what was found and what was expected; file and number are for the caller to add.
    """
    if form in ("old eval", "results"):
        return _line_view(item, form)
    is_full = form in ("full", "bench")
    facts = _object(item, "metadata" if is_full else "extra_info")
    frames = frames_of(item)
    question, answer = _texts(item, form)
    stated_order(item, form)
    kind, prompts = prompts_of(item, form, len(frames), point_order)
    return Item(
        id=_plain(item.get("problem_id", item.get("id"))),
        form=form,
        input_kind=kind,
        question=question.replace(PLACEHOLDER, "").strip(),
        answer=_inside(_ANSWER, answer, answer).strip(),
        think=_inside(_THINK, answer, None),
        frames=frames,
        prompts=prompts,
        task=_plain(facts.get("original_type" if is_full else "task_type")),
        category=_plain(facts.get("category")),
        scale=_plain(facts.get("scale")),
    )


def _line_view(item: dict[str, Any], form: Form) -> Item:
    """A line of the first evaluation, or of an evaluator's output."""
    id_key, question_key, answer_key, task_key, kind_key = (
        ("Question Number", "Question", "Answer", "TaskType", "Question Type")
        if form == "old eval"
        else ("id", "question", "ground_truth", "original_type", "input_type")
    )
    return Item(
        id=_plain(item.get(id_key)),
        form=form,
        input_kind=_plain(item.get(kind_key)),
        question=_plain(_needed(item, question_key)),
        answer=_plain(_needed(item, answer_key)),
        think=None,
        frames=(),
        prompts=(),
        task=_plain(item.get(task_key)),
        category=_plain(item.get("category")),
        scale=_plain(item.get("scale")),
    )


def stated_order(item: dict[str, Any], form: Form) -> PointOrder | None:
    """The order of points that an item states; None where it states none. Raises ItemError where it is neither."""
    holder = "metadata" if form in ("full", "bench") else "extra_info"
    match item.get(holder):
        case {"point_order": None | "yx" | "xy" as order}:
            return order
        case {"point_order": order}:
            raise _unlike(f"{holder}.point_order", order, " or ".join(POINT_ORDERS))
    return None


# --- text and frames --------------------------------------------------------------------------------------------------


def frames_of(item: dict[str, Any]) -> tuple[str, ...]:
    """The frames of an item, all lists of ``videos`` joined. Raises ItemError where there are none."""
    videos = _needed(item, "videos")
    expected = "a list of lists of paths"
    if not isinstance(videos, list):
        raise _unlike("videos", videos, expected)
    for number, video in enumerate(videos):
        if not isinstance(video, list):
            raise _unlike(f"videos[{number}]", video, "a list of paths")
        if not {*map(type, video)} <= {str} or not all(video):
            wrong = next(frame for frame in video if not isinstance(frame, str) or not frame)
            raise _unlike(f"videos[{number}]", wrong, "paths")
        if not video:
            raise ItemError(ITEM_WITHOUT_FRAMES, f"videos[{number}]: found no frame, expected {expected}")
    if not videos:
        raise ItemError(ITEM_WITHOUT_FRAMES, f"videos: found no frame, expected {expected}")
    return tuple(frame for video in videos for frame in video)


def check_texts(item: dict[str, Any], form: Form) -> None:
    """Raise ItemError where an item has no question, no answer, or other placeholders than lists in ``videos``."""
    _texts(item, form)


def _texts(item: dict[str, Any], form: Form) -> tuple[str, str]:
    """The user's and the assistant's text."""
    if form == "bench":
        question, answer = _needed(item, "question"), _needed(item, "answer")
        if not isinstance(question, str):
            raise _unlike("question", question, "text")
        if isinstance(answer, bool) or not isinstance(answer, str | int | float):
            raise _unlike("answer", answer, "text or a number")
        answer = str(answer)
        placeholders, where = question.count(PLACEHOLDER), "question"
    else:
        messages = _needed(item, "messages")
        users, answers = _said(messages, "user"), _said(messages, "assistant")
        question, answer = users[0], answers[-1]
        placeholders, where = sum(text.count(PLACEHOLDER) for text in users), "messages"
    lists = len(item["videos"])
    if placeholders != lists and not (form == "bench" and placeholders == 0):
        found = f"{placeholders} {PLACEHOLDER} for {lists} lists in videos"
        raise ItemError(VIDEO_PLACEHOLDERS, f"{where}: found {found}, expected as many")
    return question, answer


def _said(messages: Any, role: str) -> list[str]:
    """What one side says, at least one text."""
    if not isinstance(messages, list):
        raise _unlike("messages", messages, "a list of a user's and an assistant's message")
    texts: list[str] = []
    for number, message in enumerate(messages):
        if not isinstance(message, dict):
            raise _unlike(f"messages[{number}]", message, "an object with role and content")
        if message.get("role") == role:
            content = message.get("content")
            if not isinstance(content, str):
                raise _unlike(f"messages[{number}].content", content, "text")
            texts.append(content)
    if not texts:
        raise ItemError(UNLIKE_ITS_FORM, f"messages: found none of the role '{role}', expected one")
    return texts


def _inside(tags: tuple[re.Pattern[str], re.Pattern[str]], text: str, default: Any) -> Any:
    """What stands between the first tag that opens and the first one after it that closes."""
    begin = tags[0].search(text)
    end = tags[1].search(text, begin.end()) if begin else None
    return text[begin.end() : end.start()] if begin and end else default


# --- prompts ----------------------------------------------------------------------------------------------------------


def prompts_of(
    item: dict[str, Any], form: Form, n_frames: int, point_order: PointOrder
) -> tuple[str, tuple[Prompt, ...]]:
    """Input kind and prompts of an item, as ``Item`` has them. Raises ItemError as ``view`` does."""
    if form in ("full", "bench"):
        prompts = tuple(_annotated(_object(item, "annotations"), n_frames, point_order))
        kind = input_kind(item.get("input_type"), {prompt.kind for prompt in prompts})
        return kind, tuple(prompt for prompt in prompts if prompt.kind in kind.split("_"))
    extra = _object(item, "extra_info")
    prompts = tuple(_extra_prompts(extra, point_order))
    return input_kind(extra.get("input_type"), {prompt.kind for prompt in prompts}), prompts


# --- prompts of the nested and the flat form --------------------------------------------------------------------------


def _extra_prompts(extra: dict[str, Any], order: PointOrder) -> Iterator[Prompt]:
    """Points, boxes and masks of ``extra_info``."""
    if point := given_prompt(extra, "input_point"):
        path = _path(point, "image_path", "input_point")
        for pair in pairs_of(point):
            yield Prompt("point", path, _ordered(pair, order, "input_point.points"))
    if box := given_prompt(extra, "input_bbox"):
        yield from _extra_boxes(box)
    if mask := given_prompt(extra, "input_mask"):
        yield _mask(mask, "input_mask")


def given_prompt(extra: dict[str, Any], key: str) -> dict[str, Any] | None:
    """The values of a prompt of ``extra_info``, parsed, from its object or from keys of the flat form."""
    prefix, names = CHILDREN[key]
    nested = extra.get(key)
    flat = {name: extra[f"{prefix}{name}"] for name in names if f"{prefix}{name}" in extra}
    if nested is None:
        return {name: parse_string(value) if name in PARSED else value for name, value in flat.items()} or None
    if not isinstance(nested, dict):
        raise _unlike(f"extra_info.{key}", nested, "an object")
    if flat:
        found = f"{key} and {prefix}{next(iter(flat))}"
        raise ItemError(COLLIDING_KEY, f"extra_info: found {found}, expected one of them")
    return nested


def parse_string(value: Any) -> Any:
    """What a string of the flat form holds, Python's ``True`` and ``False`` understood; otherwise the value itself."""
    if not isinstance(value, str):
        return value
    for text in (value, value.replace("True", "true").replace("False", "false")):
        try:
            return json.loads(text, object_pairs_hook=_unique)
        except (ValueError, RecursionError):
            continue
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a key stands twice")
    return values


def _extra_boxes(box: dict[str, Any]) -> Iterator[Prompt]:
    """One image's boxes, or a reference and its candidates on another image."""
    is_pair = "bbox_1" in box or "bboxes_2" in box
    if is_pair and "bboxes" in box:
        raise ItemError(COLLIDING_KEY, "input_bbox: found bboxes beside bbox_1 or bboxes_2, expected one of them")
    if is_pair:
        first, second = _path(box, "image_path_1", "input_bbox"), _path(box, "image_path_2", "input_bbox")
        yield Prompt("bbox", first, _box(box.get("bbox_1"), "input_bbox.bbox_1"), "reference")
        for number, corners in enumerate(_list(box.get("bboxes_2"), "input_bbox.bboxes_2")):
            yield Prompt("bbox", second, _box(corners, f"input_bbox.bboxes_2[{number}]"), "candidate")
    else:
        path = _path(box, "image_path", "input_bbox")
        for number, corners in enumerate(_list(box.get("bboxes"), "input_bbox.bboxes")):
            yield Prompt("bbox", path, _box(corners, f"input_bbox.bboxes[{number}]"))


def pairs_of(point: dict[str, Any]) -> list[Any]:
    """The points of ``[[y, x], …]``, of one pair, or of pairs in lists of their own, as SpaceVista's programs do."""
    points = _list(point.get("points"), "input_point.points")
    if len(points) == 2 and not any(isinstance(part, list) for part in points):
        return [points]
    return [point[0] if isinstance(point, list) and len(point) == 1 else point for point in points]


def _mask(mask: dict[str, Any], key: str, color: str | None = None) -> Prompt:
    mask = plain_mask(mask)
    source = MaskSource(_path(mask, "mask_path", key), _object_ids(mask.get("object_ids"), f"{key}.object_ids"))
    return Prompt("mask", _path(mask, "image_path", key), (), color=color, mask=source)


def plain_mask(mask: dict[str, Any]) -> dict[str, Any]:
    """A mask; its path may itself be an object with path, ids and image, as the video evaluator has it."""
    return {**mask, **mask["mask_path"]} if isinstance(mask.get("mask_path"), dict) else mask


def _object_ids(value: Any, key: str) -> tuple[int, ...] | None:
    if value is None:
        return None
    ids = value if isinstance(value, list) else [value]
    if not all(isinstance(each, int) for each in ids):
        raise _unlike(key, next(each for each in ids if not isinstance(each, int)), "ids, bools or null")
    return tuple(ids)


# --- prompts of the full form -----------------------------------------------------------------------------------------


def _annotated(annotations: dict[str, Any], n_frames: int, order: PointOrder) -> Iterator[Prompt]:
    """Points, boxes, masks, and the boxes of object matching of ``annotations``."""
    for key, point in _marks(annotations, "points"):
        pair = _list(point.get("coords"), f"{key}.coords")
        frame = _index(point, key, n_frames)
        place = _ordered(pair, order, f"{key}.coords")
        yield Prompt("point", frame, place, color=_color(point, key), name=_plain(point.get("text")))
    for key, box in _marks(annotations, "bboxes"):
        frame = _index(box, key, n_frames)
        place = _box(box.get("coords"), f"{key}.coords")
        yield Prompt("bbox", frame, place, color=_color(box, key), name=_plain(box.get("text")))
    for key, mask in _marks(annotations, "masks"):
        yield replace(_mask(mask, key, _color(mask, key)), name=_plain(mask.get("text")))
    pair = _object(annotations, "dual_bbox")
    if pair:
        source, target = (_path(pair, name, "annotations.dual_bbox") for name in ("source_image", "target_image"))
        yield Prompt("bbox", source, _box(pair.get("source_bbox"), "annotations.dual_bbox.source_bbox"), "reference")
        for number, corners in enumerate(_list(pair.get("target_bboxes"), "annotations.dual_bbox.target_bboxes")):
            where = f"annotations.dual_bbox.target_bboxes[{number}]"
            yield Prompt("bbox", target, _box(corners, where), "candidate")


def _marks(annotations: dict[str, Any], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where each mark of one kind stands, and what it is."""
    marks = annotations.get(name)
    for number, mark in enumerate([] if marks in (None, []) else _list(marks, f"annotations.{name}")):
        key = f"annotations.{name}[{number}]"
        if not isinstance(mark, dict):
            raise _unlike(key, mark, "an object")
        yield key, mark


def _index(mark: dict[str, Any], key: str, n_frames: int) -> int:
    index = mark.get("image_index")
    if not isinstance(index, int) or isinstance(index, bool):
        raise _unlike(f"{key}.image_index", index, "the number of a frame")
    if not 0 <= index < n_frames:
        found = f"{index}, and {n_frames} frames"
        raise ItemError(FALSE_PROMPT, f"{key}.image_index: found {found}, expected a number from 0 to {n_frames - 1}")
    return index


def _color(mark: dict[str, Any], key: str) -> str | None:
    color = mark.get("color")
    if color is not None and not isinstance(color, str):
        raise _unlike(f"{key}.color", color, "a color's name or null")
    return color


# --- values -----------------------------------------------------------------------------------------------------------


def input_kind(spelt: Any, kinds: Collection[str] = ()) -> str:
    """An input type in the spelling of the full form: ``Image+bbox+text`` is ``image_bbox_text``.

    Args:
        kinds: those of the item's prompts, which make the input type where the item has none.
    """
    if isinstance(spelt, str) and spelt:
        return "_".join(re.findall(r"[^+_\s]+", spelt.lower()))
    return "_".join(["image", *(kind for kind in PROMPT_KINDS if kind in kinds), "text"])


def _ordered(pair: Any, order: PointOrder, key: str) -> tuple[float, float]:
    """(x, y) of two numbers of a file."""
    if not isinstance(pair, list) or len(pair) != 2:
        raise _unlike(key, pair, "two numbers a point")
    first, second = (_pixel(part, key) for part in pair)
    return (second, first) if order == "yx" else (first, second)


def _box(value: Any, key: str) -> tuple[float, ...]:
    corners = corners_of(value)
    if corners is None:
        raise _unlike(key, value, ", ".join(CORNERS))
    left, top, right, bottom = (_pixel(part, key) for part in corners)
    if left >= right or top >= bottom:
        raise ItemError(FALSE_PROMPT, f"{key}: found {_short(value)}, expected x1 < x2 and y1 < y2")
    return left, top, right, bottom


def corners_of(value: Any) -> list[Any] | None:
    """x1, y1, x2, y2 of an object with these keys or of a list of four; None of anything else."""
    if isinstance(value, dict) and all(name in value for name in CORNERS):
        return [value[name] for name in CORNERS]
    return value if isinstance(value, list) and len(value) == 4 else None


def _pixel(value: Any, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unlike(key, value, "numbers")
    if not 0 <= value < math.inf:  # false of NaN
        raise ItemError(FALSE_PROMPT, f"{key}: found {_short(value)}, expected a pixel of the image")
    try:
        return float(value)
    except OverflowError:
        raise ItemError(FALSE_PROMPT, f"{key}: found {_short(value)}, expected a pixel of the image") from None


def _needed(item: dict[str, Any], key: str) -> Any:
    if key not in item:
        found = f"keys {', '.join(item)}" if item else "no key"
        raise MissingKeyError(UNLIKE_ITS_FORM, f"{key}: found {_cut(found)}, expected {key}")
    return item[key]


def _object(item: dict[str, Any], key: str) -> dict[str, Any]:
    """An object that may be null or missing."""
    value = item.get(key)
    if value is not None and not isinstance(value, dict):
        raise _unlike(key, value, "an object")
    return value or {}


def _list(value: Any, key: str) -> list[Any]:
    if not isinstance(value, list):
        raise _unlike(key, value, "a list")
    if not value:
        raise ItemError(FALSE_PROMPT, f"{key}: found none, expected at least one")
    return value


def _path(holder: dict[str, Any], name: str, key: str) -> str:
    value = holder.get(name)
    if not isinstance(value, str) or not value:
        raise _unlike(f"{key}.{name}", value, "a path")
    return value


def _plain(value: Any) -> str:
    """Text of a text or a number; "" of anything else."""
    return str(value) if isinstance(value, str | int | float) else ""


def _unlike(key: str, value: Any, expected: str) -> ItemError:
    return ItemError(UNLIKE_ITS_FORM, f"{key}: found {_short(value)}, expected {expected}")


def _short(value: Any) -> str:
    """A value for a message, as JSON."""
    return _cut(json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    """At most 60 characters, without those that no terminal shows."""
    text = text.encode("utf-8", "backslashreplace").decode()
    return f"{text[:60]} …" if len(text) > 60 else text
