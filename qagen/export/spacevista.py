"""SpaceVista: ``all.json``, its full form, ``meta.json`` and ``meta_flatten.json``, its preview's, and the frames.

The preview's forms tell marks of one kind on one image (a box to find again and its candidates: on two), without names,
in colors that follow from the order. Samples that need more are in ``all.json`` alone, and counted. Paths are relative
to the export. LLaMA-Factory reads the flat form: one data set for all samples, and one for each scale if there are
several.
"""

import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
from PIL import Image

from qagen.core.reasons import (
    MARKS_IN_OTHER_COLORS,
    MARKS_ON_SEVERAL_IMAGES,
    MARKS_WITH_NAMES,
    SEVERAL_KINDS_OF_MARKS,
)
from qagen.errors import QagenError
from qagen.export._job import Exporter, ExportJob
from qagen.export._samples import ExportSample
from qagen.files import write_atomic
from qagen.records.images import FORMATS, check_image
from qagen.records.marks import NAMED_COLORS, Kind, Mark, box_px, mask_px, point_px
from qagen.tasks.registry import family_of_records

SCALES: dict[str | None, tuple[str | None, str | None]] = {
    "mm": ("TinyTabletop", "mm"),
    "cm": ("Tabletop", "cm"),
    "m": ("Indoor", "m"),
    "km": ("Outdoor", "<km"),
    None: (None, None),
}
"""Unit in which a scene is told (None where nobody knows its scale), to SpaceVista's category and scale."""
PARTS = {"TinyTabletop": "Tiny", None: "Unscaled"}
"""Category to the name of its data set, where that is another."""
COLORS = ("red", "blue", "green", "yellow")
"""Colors of the preview's marks, in the order of the marks."""
WORDS: dict[Kind, str] = {"point": "point", "box": "bbox", "mask": "mask"}
TASK_TYPES = {
    ("depth", ""): "DEPTH",
    ("distance", ""): "OBJECT_DISTANCE",
    ("distance", "ratio"): "OBJECT_RELATIVE_DISTANCE",
    ("relation", ""): "POSITION_ACROSS_FRAME",
    ("order", ""): "APPEAR_ORDER",
    ("count", ""): "COUNTING",
    ("moves", ""): "CAMERA_MOVING",
    ("rotation", ""): "CAMERA_ROTATION",
    ("view_change", ""): "CAMERA_MOVING",
    ("view_change", "angles"): "CAMERA_ROTATION",
    ("matching", ""): "OBJECT_MATCHING",
    ("candidates", ""): "OBJECT_MATCHING",
    ("volume", "height"): "HEIGHT",
    ("volume", "width"): "WIDTH",
    ("size", "height"): "COMPARISON_HEIGHT",
    ("size", "width"): "COMPARISON_WIDTH",
    ("room", ""): "ROOM_SIZE",
    ("existence", ""): "EXISTENCE",
    ("contact", ""): "SPATIAL_RELATION",
    ("orbit", ""): "OBJECT_ROTATION",
}
"""Family, and what a type or question of it asks, to SpaceVista's task type; "" for all else that it asks."""
MAX_OVERLAP = 0.2
"""Largest share of a mask that another one may cover: cells that both cover by half belong to both."""
Append = Callable[[dict[str, Any]], object]


def write(job: ExportJob) -> str:
    """Write the lists of every split, their frames and masks, and ``dataset_info.json``."""
    data_sets: dict[str, str] = {}
    left_out: Counter[str] = Counter()
    for split in job.splits:
        data_sets |= _write_split(job, split, f"_{split}" if len(job.splits) > 1 else "", left_out)
    job.write_json("dataset_info.json", {name: _entry(file) for name, file in data_sets.items()})
    lines = [f"{n} samples are in all.json alone: {reason.partition(': ')[2]}" for reason, n in left_out.most_common()]
    return "\n".join([*lines, f"dataset_dir: {job.home}", f"dataset: {', '.join(data_sets)}"])


def _write_split(job: ExportJob, split: str, suffix: str, left_out: Counter[str]) -> dict[str, str]:
    """Write the lists of a split; returns the data sets in the flat form and their files."""
    with ExitStack() as stack:

        def new_list(name: str) -> Append:
            return stack.enter_context(job.json_list(f"{name}{suffix}.json"))

        full, nested, flat = map(new_list, ("all", "meta", "meta_flatten"))
        parts: dict[str, Append] = {}
        for sample in job.placed(job.of_split(split), _frame_name):
            prompts = _prompts(sample, job)
            full(_to_full(sample, prompts, job.point_order))
            if reason := _why_only_full(sample):
                left_out[reason] += 1
                continue
            item = _to_preview(sample, prompts, job.point_order)
            category, _ = _scale(sample)
            part = PARTS.get(category, str(category))
            if part not in parts:
                parts[part] = new_list(f"meta_flatten_{part}")
            nested(item)
            flat(flattened := _flatten(item))
            parts[part](flattened)
    files = {f"SpaceVista_{part}{suffix}": f"meta_flatten_{part}{suffix}.json" for part in sorted(parts)}
    if len(files) == 1:
        (job.folder / files.popitem()[1]).unlink()
    return ({f"SpaceVista{suffix}": f"meta_flatten{suffix}.json"} if parts else {}) | files


def _frame_name(name: str) -> str:
    return f"frames/{name.removeprefix('images/')}"


def _entry(file: str) -> dict[str, Any]:
    return {
        "file_name": file,
        "formatting": "sharegpt",
        "columns": {"messages": "messages", "videos": "videos"},
        "tags": {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"},
    }


# --- what a sample is -------------------------------------------------------------------------------------------------


def _scale(sample: ExportSample) -> tuple[str | None, str | None]:
    """SpaceVista's category and scale of a sample; None for both where its scene has no scale."""
    unit = sample.evidence.get("unit", "nothing")
    if unit not in SCALES:
        expected = ", ".join(map(str, SCALES))
        raise QagenError(f"{sample.where}: evidence: unit: found {unit!r}, expected one of {expected}; generate again")
    return SCALES[unit]


def _task_type(sample: ExportSample) -> str:
    """SpaceVista's name of the task; ours where it has none."""
    family = family_of_records(sample.type)
    if family is None:
        return sample.type
    asks = sample.evidence.get("measured", {}).get("side") or getattr(family.config, "asks", "")
    return TASK_TYPES.get((family.name, asks)) or TASK_TYPES.get((family.name, "")) or sample.type


def _is_matching(sample: ExportSample) -> bool:
    """Whether the marks are a box and, on one other image, the candidates for the same object."""
    family = family_of_records(sample.type)
    return family is not None and family.name == "candidates" and len({mark.image for mark in sample.marks}) == 2


def _why_only_full(sample: ExportSample) -> str:
    """The reason why the forms of the preview cannot hold the sample's marks; "" where they can."""
    colors = {mark.color for mark in sample.marks}
    if len({mark.kind for mark in sample.marks}) > 1:
        return SEVERAL_KINDS_OF_MARKS
    if any(mark.text for mark in sample.marks):
        return MARKS_WITH_NAMES
    if _is_matching(sample):
        return ""
    if len({mark.image for mark in sample.marks}) > 1:
        return MARKS_ON_SEVERAL_IMAGES
    return "" if colors == set(COLORS[: len(colors)]) else MARKS_IN_OTHER_COLORS


def _reply(sample: ExportSample) -> str:
    thought = f"<think>{sample.rationale}</think>" if sample.rationale else ""
    return f"{thought}<answer>{sample.answer}</answer>"


def _messages(sample: ExportSample) -> list[dict[str, str]]:
    return [
        {"role": "user", "content": f"<video>\n{sample.question}"},
        {"role": "assistant", "content": _reply(sample)},
    ]


# --- prompts ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prompt:
    """A mark in the pixels of its frame."""

    mark: Mark
    frame: str
    """Path of the frame below the export."""
    place: tuple[int, ...]
    """x, y of a point; left, top, right, bottom of a box, the last two inside; the id of a mask in its file."""
    mask: str = ""
    """Path of the mask's file below the export."""


def _prompts(sample: ExportSample, job: ExportJob) -> list[Prompt]:
    """The marks of a sample in the order of their colors; masks are written below the export's folder.

    Raises:
        QagenError: the frame of a mark is missing, or a mark cannot be told in its pixels.
    """
    marks = sample.marks
    if not any(mark.text for mark in marks):
        marks = sorted(marks, key=lambda mark: NAMED_COLORS.index(mark.color))
    prompts = []
    for mark in marks:
        frame = sample.pictures[mark.image].name
        if mark.kind == "mask":
            masks = [other for other in marks if other.kind == "mask" and other.image == mark.image]
            prompts.append(Prompt(mark, frame, (masks.index(mark) + 1,), _write_masks(sample, masks, job)))
        else:
            prompts.append(Prompt(mark, frame, _place(sample, mark, _size(sample, mark.image))))
    return prompts


def _place(sample: ExportSample, mark: Mark, size: tuple[int, int]) -> tuple[int, ...]:
    if mark.kind == "point":
        return point_px(mark.place, size)
    left, top, right, bottom = box_px(mark.place, size)
    if left >= right or top >= bottom:
        raise QagenError(
            f"{sample.where}: {mark.color}_bbox: found {list(mark.place)}, expected two pixels or more each way in an "
            f"image of {size[0]} x {size[1]}"
        )
    return left, top, right, bottom


def _size(sample: ExportSample, image: int) -> tuple[int, int]:
    """Width and height of an image of the run, pixels."""
    picture = sample.pictures[image]
    try:
        check_image(picture.source)
        return _size_of_file(picture.source)
    except QagenError as error:
        raise QagenError(f"{sample.where}: {error}") from error
    except (OSError, Image.DecompressionBombError) as error:
        raise QagenError(f"{sample.where}: image {picture.source} cannot be read ({error})") from error


@lru_cache(maxsize=4096)
def _size_of_file(path: Path) -> tuple[int, int]:
    with Image.open(path, formats=FORMATS) as image:
        return image.size


def _write_masks(sample: ExportSample, masks: Sequence[Mark], job: ExportJob) -> str:
    """Write all masks on one image as one array of ids from 1, and return its path below the export.

    Raises:
        QagenError: a mask is empty in the image, or overlaps another.
    """
    picture = sample.pictures[masks[0].image]
    digest = hashlib.sha256(msgspec.json.encode([picture.path, [mark.place for mark in masks]])).hexdigest()[:32]
    name = f"masks/{sample.dataset}/{digest[:2]}/{digest}.npy"
    if not (job.folder / name).exists():
        width, height = size = _size(sample, masks[0].image)
        ids = np.zeros((height, width), dtype=np.uint8)
        for number, mark in enumerate(masks, 1):
            inside = mask_px(mark.place, size)
            if not inside.any() or (inside & (ids > 0)).sum() > MAX_OVERLAP * inside.sum():
                raise QagenError(f"{sample.where}: {mark.color}_mask: found a mask that overlaps another, or is empty")
            ids[inside & (ids == 0)] = number
        content = io.BytesIO()
        np.save(content, ids)
        write_atomic(job.folder / name, content.getvalue())
    return name


# --- the forms --------------------------------------------------------------------------------------------------------


def _to_full(sample: ExportSample, prompts: Sequence[Prompt], point_order: Literal["yx", "xy"]) -> dict[str, Any]:
    """A sample in the full form, whose absent prompts are null."""
    category, scale = _scale(sample)
    source = re.sub("__+", "_", sample.dataset)  # two underscores separate it from the id
    return {
        "id": f"{source}__{sample.id}",
        "input_type": "_".join(["image", *_kinds(prompts), "text"]),
        "messages": _messages(sample),
        "videos": [[picture.name for picture in sample.pictures]],
        "annotations": _annotations(prompts, point_order, _is_matching(sample)),
        "metadata": {
            "scene_source": sample.scene,
            "original_id": sample.record_id,
            "category": category,
            "scale": scale,
            "original_type": _task_type(sample),
            "point_order": point_order,
        },
    }


def _kinds(prompts: Sequence[Prompt]) -> list[str]:
    present = {prompt.mark.kind for prompt in prompts}
    return [word for kind, word in WORDS.items() if kind in present]


def _annotations(prompts: Sequence[Prompt], point_order: str, is_matching: bool) -> dict[str, Any]:
    points = [_colored(prompt, _ordered(prompt, point_order)) for prompt in prompts if prompt.mark.kind == "point"]
    boxes = [_colored(prompt, prompt.place) for prompt in prompts if prompt.mark.kind == "box"]
    masks = [
        {"image_path": prompt.frame, "mask_path": prompt.mask, "object_ids": list(prompt.place), **_named(prompt)}
        for prompt in prompts
        if prompt.mark.kind == "mask"
    ]
    return {
        "points": points or None,
        "bboxes": (not is_matching and boxes) or None,
        "masks": masks or None,
        "dual_bbox": _dual_box(prompts) if is_matching else None,
    }


def _colored(prompt: Prompt, coords: Sequence[int]) -> dict[str, Any]:
    color, image = prompt.mark.color, prompt.mark.image
    return {"coords": list(coords), "image_index": image, "color": color, **_named(prompt)}


def _named(prompt: Prompt) -> dict[str, str]:
    """What the question calls the mark, where it has a name beside it; names take more colors than four."""
    return {"color": prompt.mark.color, "text": prompt.mark.text} if prompt.mark.text else {}


def _ordered(prompt: Prompt, point_order: str) -> list[int]:
    x, y = prompt.place
    return [y, x] if point_order == "yx" else [x, y]


def _dual_box(prompts: Sequence[Prompt]) -> dict[str, Any]:
    source, *targets = prompts
    return {
        "source_image": source.frame,
        "source_bbox": list(source.place),
        "target_image": targets[0].frame,
        "target_bboxes": [list(target.place) for target in targets],
    }


def _to_preview(sample: ExportSample, prompts: Sequence[Prompt], point_order: Literal["yx", "xy"]) -> dict[str, Any]:
    """A sample in the preview's nested form, without the keys of absent prompts."""
    info: dict[str, Any] = {
        "task_type": _task_type(sample),
        "input_type": "+".join(["Image", *_kinds(prompts), "text"]),
        **({} if point_order == "yx" else {"point_order": point_order}),
    }
    if prompts:
        info |= _matching_input(prompts) if _is_matching(sample) else _input(prompts, point_order)
    return {
        "problem_id": sample.id,
        "messages": _messages(sample),
        "videos": [[picture.name for picture in sample.pictures]],
        "extra_info": info,
    }


def _input(prompts: Sequence[Prompt], point_order: str) -> dict[str, Any]:
    """The prompts of one kind on one image."""
    kind, image_path = prompts[0].mark.kind, prompts[0].frame
    if kind == "point":
        places: dict[str, Any] = {"points": [_ordered(prompt, point_order) for prompt in prompts]}
    elif kind == "box":
        places = {"bboxes": [_box(prompt) for prompt in prompts]}
    else:
        places = {"mask_path": prompts[0].mask, "object_ids": [prompt.place[0] for prompt in prompts]}
    return {f"input_{WORDS[kind]}": {"image_path": image_path, **places}}


def _matching_input(prompts: Sequence[Prompt]) -> dict[str, Any]:
    source, *targets = prompts
    boxes = {"image_path_1": source.frame, "bbox_1": _box(source)}
    return {"input_bbox": {**boxes, "image_path_2": targets[0].frame, "bboxes_2": [_box(target) for target in targets]}}


def _box(prompt: Prompt) -> dict[str, int]:
    return dict(zip(("x1", "y1", "x2", "y2"), prompt.place, strict=True))


def _flatten(item: dict[str, Any]) -> dict[str, Any]:
    """An item of the preview's flat form, by the published rule; ``stringified`` names the keys that became strings."""
    info, strings = dict(item["extra_info"]), []
    for word in WORDS.values():
        for child, value in info.pop(f"input_{word}", {}).items():
            key = f"{word}_{child}"
            if not isinstance(value, str):
                strings.append(key)
                value = json.dumps(value, ensure_ascii=False)
            info[key] = value
    return {**item, "extra_info": info | {"stringified": ",".join(strings)}}


EXPORTER = Exporter(write, evidence="required", orders_points=True)
