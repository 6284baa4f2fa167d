"""Marks and evidence of a sample as columns of a table: one schema for all task types."""

from typing import Any

import msgspec

from qagen.errors import QagenError
from qagen.export._samples import ExportSample, Step
from qagen.records.shards import INTEGER, NUMBER, TEXT

NUMBERS = [NUMBER]
MARKS: dict[str, Any] = {
    "marks": [{"kind": TEXT, "color": TEXT, "text": TEXT, "image": INTEGER, "place": [INTEGER]}],
}
"""Columns of marks, by name."""
EVIDENCE: dict[str, Any] = {
    "frames": [TEXT],
    "objects": [
        {
            **dict.fromkeys(("color", "alias"), TEXT),
            **dict.fromkeys(("image", "id"), INTEGER),
            "label": TEXT,
            **dict.fromkeys(("center", "size", "center_in_camera"), NUMBERS),
            "yaw_deg": NUMBER,
            "axes": [NUMBERS],
            **dict.fromkeys(("visible_fraction", "visible_pixels"), NUMBER),
        }
    ],
    "measured": [{"name": TEXT, "numbers": NUMBERS, "text": TEXT}],
    "margin": NUMBER,
    **dict.fromkeys(("margin_unit", "unit"), TEXT),
    "rationale": [TEXT],
    "bias": NUMBER,
    **dict.fromkeys(("group", "variant"), TEXT),
}
"""Columns of evidence, by name; null in runs that have none."""
MEANINGS = {
    "marks": "what is marked: `kind` (point, box, mask), `color`, `text` beside the mark, `image` (from 0), `place` in "
    "thousandths of width and height (x, y or x1, y1, x2, y2; of a mask height, width and runs of a grid)",
    "frames": "the source's name of each image",
    "objects": "the objects asked about: `color` of the mark, `alias` in the text, `image`, the source's `id` and "
    "`label`, `center` and `size` of the box and `center_in_camera` (right, down, ahead) in meters, `yaw_deg` of the "
    "box or its `axes`, `visible_fraction` and `visible_pixels` in that image",
    "measured": "what the answer follows from: `name` with its unit (`_m`, `_deg`, ...), `numbers`, or JSON in `text`",
    "margin": "how far the answer is from the nearest threshold",
    "margin_unit": "unit of the margin",
    "unit": "unit of lengths in the text; null where the scene's scale is unknown, and lengths are in its own unit",
    "rationale": "the steps that lead to the answer, one sentence each",
    "bias": "how sure a reader of the words alone is of the answer; null where that was not measured",
    "group": "variants of one question share it; empty for a question of its own",
    "variant": "what the question is in its group: original, mirror, permute, unanswerable, ...",
}
"""What each column holds, in Markdown."""


class _Object(msgspec.Struct):
    """An object of evidence. Lengths end in ``_u`` where the scale is unknown."""

    color: str = ""
    alias: str = ""
    image: int | None = None
    id: int | None = None
    label: str = ""
    center_m: list[float] | None = None
    center_u: list[float] | None = None
    size_m: list[float] | None = None
    size_u: list[float] | None = None
    center_in_camera_m: list[float] | None = None
    center_in_camera_u: list[float] | None = None
    yaw_deg: float | None = None
    axes: list[list[float]] | None = None
    visible_fraction: float | None = None
    visible_pixels: float | None = None


class _Group(msgspec.Struct):
    id: str = ""
    variant: str = ""


class _Told(msgspec.Struct):
    """The keys of evidence that become columns."""

    frames: list[str] = []
    objects: list[_Object] = []
    measured: dict[str, Any] = {}
    margin: float | None = None
    margin_unit: str | None = None
    unit: str | None = None
    rationale: list[Step] = []
    bias: float | None = None
    group: _Group = msgspec.field(default_factory=_Group)


def mark_columns(sample: ExportSample) -> dict[str, Any]:
    """The columns of MARKS."""
    marks = [
        {"kind": mark.kind, "color": mark.color, "text": mark.text, "image": mark.image, "place": list(mark.place)}
        for mark in sample.marks
    ]
    return {"marks": marks}


def evidence_columns(sample: ExportSample) -> dict[str, Any]:
    """The columns of EVIDENCE. Raises QagenError, naming the record, where a key is not as a run writes it."""
    if not sample.evidence:
        return dict.fromkeys(EVIDENCE)
    try:
        told = msgspec.convert(sample.evidence, _Told)
    except msgspec.ValidationError as error:
        raise QagenError(f"{sample.where}: evidence: {error}") from error
    return {
        "frames": told.frames,
        "objects": [_object_row(item) for item in told.objects],
        "measured": [{"name": name, **_measured(value)} for name, value in told.measured.items()],
        "margin": told.margin,
        "margin_unit": told.margin_unit,
        "unit": told.unit,
        "rationale": [step.says for step in told.rationale],
        "bias": told.bias,
        "group": f"{sample.dataset}-{told.group.id}" if told.group.id else "",
        "variant": told.group.variant,
    }


def _object_row(item: _Object) -> dict[str, Any]:
    names = ("color", "alias", "image", "id", "label", "yaw_deg", "axes", "visible_fraction", "visible_pixels")
    lengths = {
        "center": item.center_m or item.center_u,
        "size": item.size_m or item.size_u,
        "center_in_camera": item.center_in_camera_m or item.center_in_camera_u,
    }
    return {name: getattr(item, name) for name in names} | lengths


def _measured(value: Any) -> dict[str, Any]:
    """A number or a list of numbers as it is, all else as JSON."""
    values = value if isinstance(value, list) else [value]
    if values and all(type(number) in (int, float) for number in values):
        return {"numbers": values, "text": None}
    return {"numbers": None, "text": value if isinstance(value, str) else msgspec.json.encode(value).decode()}
