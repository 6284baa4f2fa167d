"""``qagen spacevista convert``: items in another form, with all that they say.

What both forms can say is written as the other form has it. All else (keys that only one of them has, and spellings
that the way back would change) is kept beside it as ``metadata.as_nested`` or ``extra_info.as_full``: what to set and
to drop on the way back, so that it restores the item. What a form cannot say at all is refused.
"""

from collections.abc import Iterable, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any, Literal

import click

from qagen import cli
from qagen.core.reasons import COLLIDING_KEY, NOT_EXPRESSIBLE
from qagen.spacevista.draw import PROMPTS as COLORS
from qagen.spacevista.flatten import flatten_item
from qagen.spacevista.forms import (
    CHILDREN,
    CORNERS,
    PLACEHOLDER,
    POINT_ORDERS,
    Form,
    ItemError,
    PointOrder,
    corners_of,
    form_of,
    frames_of,
    given_prompt,
    input_kind,
    pairs_of,
    plain_mask,
    view,
)
from qagen.spacevista.frames import MediaRoot, frame_index
from qagen.spacevista.masks import split_ids
from qagen.spacevista.nest import nest_item
from qagen.spacevista.patch import Values, difference, put_in, restored, take_out
from qagen.spacevista.point_order import decide_point_order, swap_annotations, swap_extra, swap_patch
from qagen.spacevista.rewrite import rewrite
from qagen.spacevista.stream import json_text

Target = Literal["full", "nested", "flat"]
AS_NESTED, AS_FULL = "as_nested", "as_full"
SHARED = ("scene_source", "original_id", "category", "scale")
"""Facts under one name in ``metadata`` and in ``extra_info``."""
KINDS = {"points": "point", "bboxes": "bbox", "dual_bbox": "bbox", "masks": "mask"}
"""Keys of ``annotations``, and which prompts they hold."""


@cli.command(
    "qagen spacevista convert all.json --as nested --to meta.json",
    "qagen spacevista convert meta.json --as full --to all.json --root frames",
    "qagen spacevista convert bench_final.json --as flat --to meta_flatten.json",
)
@click.argument("source", metavar="FILE", type=cli.PATH)
@cli.option("--as", "form", type=click.Choice(["full", "nested", "flat"]), required=True, help="Form to write.")
@cli.path_option("--to", "target", also=["--out"], required=True, metavar="FILE", help="The file to write.")
@cli.path_option("--root", metavar="MEDIA", help="Folder of the frames, to find prompts' frames and the points' order.")
@cli.option(
    "--point-order", "order", type=click.Choice(POINT_ORDERS), default="yx", show_default=True,
    help="Order of a point's coordinates in the new file.",
)  # fmt: skip
@cli.all_option("items")
def main(source: Path, form: Target, target: Path, root: Path | None, order: PointOrder, lists_all: bool) -> int:
    """Write the items of FILE in another form; they may be of any form, items of the benchmark included.

    What the new form has no place for is kept in it as metadata.as_nested or extra_info.as_full, from which the way
    back restores the item. An item with prompts that the form cannot say, such as points on two frames, is left out.

    Exit codes: 0: all items are written. 1: some were left out. 2: a mistake in the options, or no list of items.
    """
    cli.check_root(root)
    media = None if root is None else MediaRoot(root)
    converter = Converter(form, decide_point_order(source, media), order, media)
    return rewrite(source, target, converter.convert, lists_all)


class Converter:
    """Turns items of any form into one form."""

    def __init__(self, target: Target, found: PointOrder, wanted: PointOrder, media: MediaRoot | None = None) -> None:
        """
        Args:
            found: the order of coordinates in the items.
            wanted: the order to write.
        """
        self._target: Target = target
        self._found: PointOrder = found
        self._wanted: PointOrder = wanted
        self._media = media

    def convert(self, item: Values) -> Values:
        """The item in the target form. Raises ItemError where it cannot be said in it, or contradicts itself."""
        form = form_of(item)
        if form in ("old eval", "results"):
            raise ItemError(NOT_EXPRESSIBLE, f"found an item of the form {form}, expected nested, flat, full or bench")
        view(item, form, self._found)  # refuses what contradicts itself
        if form == self._target != "full" and self._found == self._wanted:
            return item
        if form in ("full", "bench"):
            full = self._in_order(_with_messages(item) if form == "bench" else item, "metadata")
            made = full if self._target == "full" else self._to_nested(full)
        else:
            nested = self._in_order(nest_item(item, (AS_FULL,)) if form == "flat" else item, "extra_info")
            made = self._to_full(nested) if self._target == "full" else nested
        return flatten_item(made, reversible=True) if self._target == "flat" else made

    def _in_order(self, item: Values, holder: Literal["metadata", "extra_info"]) -> Values:
        """The item with its points in the order to be written, which it states; the nested form states only x, y."""
        facts = dict(item.get(holder) or {})
        changed = {**item, holder: facts}
        swap = self._found != self._wanted
        if holder == "metadata":
            facts["point_order"] = self._wanted
            if swap and item.get("annotations"):
                changed["annotations"] = swap_annotations(item["annotations"], self._wanted)
            if swap and AS_NESTED in facts:
                facts[AS_NESTED] = swap_patch(facts[AS_NESTED], "extra_info", self._wanted)
            return changed
        if self._wanted == "xy" or "point_order" in facts:
            facts["point_order"] = self._wanted
        if swap and AS_FULL in facts:
            facts[AS_FULL] = swap_patch(facts[AS_FULL], "annotations", self._wanted)
        changed["extra_info"] = swap_extra(facts, self._wanted) if swap else facts
        return changed if facts else item

    def _to_full(self, item: Values) -> Values:
        """A nested item in the full form, with what restores it."""
        nested, patch = take_out(item, "extra_info", AS_FULL)
        full = self._full_of(nested)
        if patch is not None:
            full = restored(full, patch, f"extra_info.{AS_FULL}")
            self._check_same(nested, full, f"extra_info.{AS_FULL}")
        return put_in(full, "metadata", AS_NESTED, difference(self._nested_of(full), nested))

    def _to_nested(self, item: Values) -> Values:
        """A full item in the nested form, with what restores it."""
        full, patch = take_out(item, "metadata", AS_NESTED)
        nested = self._nested_of(full)
        if patch is not None:
            nested = restored(nested, patch, f"metadata.{AS_NESTED}")
            self._check_same(nested, full, f"metadata.{AS_NESTED}")
        return put_in(nested, "extra_info", AS_FULL, difference(self._full_of(nested), full))

    def _check_same(self, nested: Values, full: Values, key: str) -> None:
        """Raise ItemError where the two forms of an item, one restored, no longer say the same."""
        if self._said(nested, "nested") != self._said(full, "full"):
            found = "other prompts, or another task, than the item has"
            raise ItemError(
                COLLIDING_KEY, f"{key}: found {found}, expected the same; remove the key if the item is right"
            )

    def _said(self, item: Values, form: Form) -> tuple[str, list[Any]]:
        """Task and prompts of an item; the ids of a mask count one by one, because the forms group them differently."""
        seen = view(item, form, self._wanted)
        said: list[Any] = []
        for prompt in seen.prompts:
            frame, mask = self._place(prompt.frame, seen.frames), prompt.mask
            parts = [(mask.path, ids) for ids in split_ids(mask.object_ids)] if mask else [None]
            said += [(prompt.kind, frame, prompt.coords, prompt.role, part) for part in parts]
        return seen.task, sorted(said, key=lambda part: part[0])  # the full form has its masks before dual_bbox

    def _place(self, frame: str | int, frames: Sequence[str]) -> str | int:
        """The frame's index; its path where none of the frames fits, which is for check to tell."""
        try:
            return self._index(frame, frames)
        except ItemError:
            return frame

    def _index(self, frame: str | int, frames: Sequence[str]) -> int:
        if isinstance(frame, int):
            return frame
        return frames.index(frame) if frames.count(frame) == 1 else frame_index(frame, frames, self._media)

    def _full_of(self, item: Values) -> Values:
        _check_free(item, ("id", "input_type", "annotations", "metadata"))
        extra, number = item.get("extra_info") or {}, item.get("problem_id")
        source = extra.get("scene_source")
        prompts = {key: given_prompt(extra, key) for key in CHILDREN}
        present = {key.removeprefix("input_") for key, prompt in prompts.items() if prompt}
        kind = input_kind(extra.get("input_type"), present)
        metadata = {name: extra.get(name) for name in SHARED}
        metadata |= {"original_type": extra.get("task_type"), "point_order": self._wanted}
        if "original_id" not in extra:
            metadata["original_id"] = number
        return {
            "id": f"{source}__{number}" if _is_source(source) and isinstance(number, str) else number,
            "input_type": kind if present <= {*kind.split("_")} else input_kind(None, present),
            "messages": item["messages"],
            "videos": item["videos"],
            "annotations": self._annotations(prompts, frames_of(item)),
            "metadata": metadata,
            **_others(item, ("problem_id", "messages", "videos", "extra_info")),
        }

    def _annotations(self, prompts: Values, frames: Sequence[str]) -> Values:
        made: Values = dict.fromkeys(("points", "bboxes", "masks", "dual_bbox"))
        if point := prompts["input_point"]:
            made["points"] = self._marks(pairs_of(point), point["image_path"], frames)
        if box := prompts["input_bbox"]:
            if "bboxes" in box:
                made["bboxes"] = self._marks(map(corners_of, box["bboxes"]), box["image_path"], frames)
            else:
                made["dual_bbox"] = {
                    "source_image": box["image_path_1"],
                    "source_bbox": corners_of(box["bbox_1"]),
                    "target_image": box["image_path_2"],
                    "target_bboxes": [corners_of(corners) for corners in box["bboxes_2"]],
                }
        if mask := prompts["input_mask"]:
            made["masks"] = _masks_of(mask)
        return made

    def _marks(self, places: Iterable[Any], path: str, frames: Sequence[str]) -> list[Values]:
        index = self._index(path, frames)
        colors = cycle(COLORS)  # those that the nested form's readers draw
        return [{"coords": place, "image_index": index, "color": next(colors)} for place in places]

    def _nested_of(self, item: Values) -> Values:
        _check_free(item, ("problem_id", "extra_info"))
        marks = item.get("annotations") or {}
        kinds = input_kind(item.get("input_type"), {KINDS[name] for name in KINDS if marks.get(name)}).split("_")
        metadata, number = item.get("metadata") or {}, item.get("id")
        source = metadata.get("scene_source")
        if _is_source(source) and isinstance(number, str):
            number = number.removeprefix(f"{source}__")
        facts = {"task_type": metadata.get("original_type"), **{name: metadata.get(name) for name in SHARED}}
        extra = {name: value for name, value in facts.items() if value is not None}
        if number is not None and extra.get("original_id") == number:
            del extra["original_id"]
        if self._wanted == "xy":
            extra["point_order"] = "xy"
        extra["input_type"] = "+".join(["Image", *kinds[1:]])
        named = {name: marks.get(name) or [] for name, kind in KINDS.items() if kind in kinds}
        return {
            "problem_id": number,
            "messages": item["messages"],
            "videos": item["videos"],
            "extra_info": extra | _prompts(named, frames_of(item)),
            **_others(item, ("id", "input_type", "messages", "videos", "annotations", "metadata")),
        }


def _prompts(marks: Values, frames: Sequence[str]) -> Values:
    """Annotations as ``extra_info`` has them, one image a kind. Raises ItemError where there are more."""
    made: Values = {}
    if points := marks.get("points"):
        made["input_point"] = {
            "image_path": _one_frame(points, "points", frames),
            "points": [point["coords"] for point in points],
        }
    boxes, pair, masks = (marks.get(name) for name in ("bboxes", "dual_bbox", "masks"))
    if boxes and pair:
        raise ItemError(NOT_EXPRESSIBLE, "annotations: found bboxes beside dual_bbox, expected one of them")
    if boxes:
        made["input_bbox"] = {
            "image_path": _one_frame(boxes, "bboxes", frames),
            "bboxes": [_corners(box["coords"]) for box in boxes],
        }
    if pair:
        made["input_bbox"] = {
            "image_path_1": pair["source_image"],
            "bbox_1": _corners(pair["source_bbox"]),
            "image_path_2": pair["target_image"],
            "bboxes_2": [_corners(box) for box in pair["target_bboxes"]],
        }
    if masks:
        made["input_mask"] = _one_mask([_plain_mask(mask) for mask in masks])
    return made


def _one_frame(marks: Sequence[Values], name: str, frames: Sequence[str]) -> str:
    """The path of the frame that all marks are on."""
    indices: list[int] = sorted({mark["image_index"] for mark in marks})
    if len(indices) > 1:
        found = f"them on frames {', '.join(map(str, indices))}"
        raise ItemError(NOT_EXPRESSIBLE, f"annotations.{name}: found {found}, expected one frame")
    return frames[indices[0]]


def _corners(box: Any) -> Values:
    return dict(zip(CORNERS, corners_of(box) or (), strict=True))


def _plain_mask(mask: Values) -> Values:
    """The values of a mask that both forms have."""
    plain = plain_mask(mask)
    return {name: plain.get(name) for name in ("image_path", "mask_path", "object_ids")}


def _masks_of(mask: Values) -> list[Values]:
    """A nested mask in the full form. Readers of the nested form color each id, those of the full form each mask."""
    plain = _plain_mask(mask)
    ids = plain["object_ids"]
    if isinstance(ids, list) and {*map(type, ids)} in ({int}, {bool}):
        return [{**plain, "object_ids": list(part or ())} for part in split_ids(tuple(ids))]
    return [plain]


def _one_mask(masks: Sequence[Values]) -> Values:
    """The nested mask that stands for all. Raises ItemError where there is none."""
    listed = [mask["object_ids"] for mask in masks]
    if all(isinstance(ids, list) for ids in listed):
        united = {**masks[0], "object_ids": [name for ids in listed for name in ids]}
        if listed and {*map(type, listed[0])} == {bool}:
            united["object_ids"] = [any(flags) for flags in zip(*listed, strict=False)]
        if _masks_of(united) == masks:
            return united
    if len(masks) > 1:
        raise ItemError(NOT_EXPRESSIBLE, f"annotations.masks: found {len(masks)}, expected one, or ids of one file")
    return masks[0]


def _with_messages(item: Values) -> Values:
    """An item of the benchmark as one of the full form; question and answer stay beside the messages."""
    question, answer = item["question"], item["answer"]
    if PLACEHOLDER not in question:
        question = PLACEHOLDER * len(item["videos"]) + question
    said = answer if isinstance(answer, str) else json_text(answer)
    messages = [
        {"role": "user", "content": question},
        {"role": "assistant", "content": said if "<answer>" in said else f"<answer>{said}</answer>"},
    ]
    leading = {name: item[name] for name in ("id", "input_type") if name in item}
    return {**leading, "messages": messages, **item}


def _is_source(source: Any) -> bool:
    return isinstance(source, str) and source != ""


def _others(item: Values, known: Iterable[str]) -> Values:
    """What an item has beside the keys of its form; it is the same in every form."""
    return {key: value for key, value in item.items() if key not in known}


def _check_free(item: Values, keys: Iterable[str]) -> None:
    for key in keys:
        if key in item:
            raise ItemError(COLLIDING_KEY, f"{key}: found it, expected no such key, which the other form needs")


if __name__ == "__main__":
    main()
