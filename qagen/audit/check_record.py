"""Everything about a record that is not geometry: keys, types, ids, turns, images, words."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from qagen.audit.audit_record import AuditRecord, frame_of
from qagen.audit.checks import Check, disagree
from qagen.audit.parse import COLORS
from qagen.audit.scene import AuditScene

FIRST_KEYS = ["id", "conversations", "image", "type"]
MARK_KEYS = {f"{color}_{kind}" for color in COLORS for kind in ("point", "bbox", "mask")}
MARK_KEYS |= {f"{kind}_{what}" for kind in ("point", "bbox", "mask") for what in ("list", "img_idx")}
LEFTOVERS = re.compile(r"<[^<>]*>|\{\{|\}\}|\{%|\bNone\b|\bnan\b|  | [,.?]")
"""Tags that trainers read, leftovers of templates, and stray blanks."""

LENGTH_WORDS = re.compile(
    r"\b(?:(?:milli|centi|kilo)?met(?:er|re)s?|\d+(?:\.\d+)? ?(?:[mck]?m|ft)|[mck]m|feet|inch(?:es)?|yards|miles?)\b",
    re.I,
)
DECIMALS = re.compile(r"\d\.\d")
"""What only lengths are printed with, but ratios and angles."""
HEIGHT_WORDS = re.compile(
    r"\b(?:(?<!as )above|(?<!boxed )below|high(?:er|est)|lower|lowest|taller|tallest|height|upright|gravity|vertical|"
    r"horizontal|floor area|heading|elevation)\b",
    re.I,
)
"""Words that need to know what is up; "as above" and "boxed below" mean the text."""
UPRIGHT = {"relation", "imagination", "map", "volume", "room", "view_change"}
"""Families that need to know what is up, whatever their words; a change of view told by angles alone does not."""


class Shape:
    """The keys and types of one file's records, which must all be alike."""

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}
        self._is_first = True

    def check(self, raw: Mapping[str, Any]) -> Iterator[Check]:
        """Compare a record with those before it."""
        kinds = {key: kind_of(value) for key, value in raw.items()}
        if not self._is_first and kinds.keys() != self._kinds.keys():
            yield disagree("keys", list(kinds), list(self._kinds))
        for key, kind in kinds.items():
            before = self._kinds.get(key, "null")
            if "null" not in (kind, before) and kind != before:
                yield disagree(f"type of {key}", kind, before)
            self._kinds[key] = before if kind == "null" else kind
        self._is_first = False


def kind_of(value: object) -> str:
    """The type of a JSON value, such as ``list[list[int]]``."""
    if value is None:
        return "null"
    if isinstance(value, list):
        kinds = sorted({kind_of(part) for part in value})
        return f"list[{'|'.join(kinds)}]"
    if isinstance(value, dict):
        return f"dict[{','.join(sorted(value))}]"
    return type(value).__name__


def check_readable(raw: Mapping[str, Any] | None) -> Iterator[Check]:
    """Check what must hold before anything else of a record can be checked; yields failed checks only."""
    if raw is None:
        yield disagree("line", "no JSON object", "a record")
        return
    if any(key not in raw for key in FIRST_KEYS):
        yield disagree("keys", list(raw), FIRST_KEYS)
        return
    turns = raw["conversations"]
    speakers = [turn.get("from") for turn in turns] if isinstance(turns, list) else turns
    if speakers != ["human", "gpt"] or not all(isinstance(turn.get("value"), str) and turn["value"] for turn in turns):
        yield disagree("conversations", speakers, "human and gpt, each with words")
    if not isinstance(raw["image"], list) or not all(isinstance(path, str) for path in raw["image"]):
        yield disagree("image", kind_of(raw["image"]), "a list of paths")


def check_record(record: AuditRecord, scene: AuditScene, video: list[str]) -> Iterator[Check]:
    """Check keys, id, type, words, images and evidence of a readable record; yields failed checks only."""
    raw = record.raw
    stray = set(raw) - set(FIRST_KEYS) - MARK_KEYS - {"depth"}
    if stray or list(raw)[:4] != FIRST_KEYS:
        yield disagree("keys", list(raw), [*FIRST_KEYS, "marks"])
    if not re.fullmatch(r"[^./]+_\d+", record.id):
        yield disagree("id", record.id, "<scene>_<n> without '.' and '/'")
    if record.type != raw["type"] and not record.type.startswith(f"{raw['type']}_"):
        yield disagree("type", raw["type"], record.type)
    for turn in raw["conversations"]:
        words = turn["value"]
        if record.format == "select":  # options of directions have empty slots
            words = re.sub(r"^[A-D]\. .*$", "", words, flags=re.MULTILINE)
        left = LEFTOVERS.search(words)
        if left:
            yield disagree("words", left[0], "no tags, leftovers or stray blanks")
    if (record.untold is None and record.is_twin) or (record.untold and not record.group):
        yield disagree("group", record.variant, "a pair, which has an option that it cannot be told")
    yield from _check_needs(record, scene)
    yield from _check_images(record, scene, video)
    if record.evidence:
        yield from _check_evidence(record)


def _check_needs(record: AuditRecord, scene: AuditScene) -> Iterator[Check]:
    """Nothing is said that the scene cannot tell: lengths without a scale, heights without gravity."""
    human, answer = (scene.without_names(turn["value"]) for turn in record.raw["conversations"])
    family = record.task.get("family")
    if scene.unit_m is None:
        is_ratio = record.task.get("asks") == "ratio" or re.search(r"\btimes\b|\bdegrees?\b", human)
        found = LENGTH_WORDS.search(f"{human} {answer}") or (not is_ratio and DECIMALS.search(f"{human} {answer}"))
        if found:
            yield disagree("words", found[0], "no length, because the scale is unknown")
        if record.evidence.get("unit") is not None:
            yield disagree("evidence unit", record.evidence["unit"], "none, because the scale is unknown")
    if not scene.is_level:
        found = HEIGHT_WORDS.search(human if family == "navigation" else f"{human} {answer}")
        if found or (family in UPRIGHT and record.task.get("asks") != "angles"):
            yield disagree("words", found[0] if found else record.type, "no heights, because gravity is unknown")


def _check_images(record: AuditRecord, scene: AuditScene, video: list[str]) -> Iterator[Check]:
    unknown = [name for name in record.frames if name not in scene.views]
    if unknown:
        yield disagree("images", unknown[:3], "frames of the scene")
    depth = record.raw.get("depth") or []
    for path in (*record.images, *depth):
        if not path.startswith(f"{record.scene}/"):
            yield disagree("images", path, f"a path below {record.scene}/")
    if depth and [frame_of(path) for path in depth] != record.frames:
        yield disagree("depth", depth[:3], "the same frames as image")
    if not record.is_video:
        if len(set(record.frames)) < len(record.frames):
            yield disagree("images", record.frames, "frames that differ")
        return
    if not record.is_twin:
        yield from _check_video(record, video)


def _check_video(record: AuditRecord, video: list[str]) -> Iterator[Check]:
    if record.frames != video:
        yield disagree("video", record.frames, video)
    for position, path in enumerate(record.images):
        if not re.search(rf"/frame{position}_[^/]+$", path):
            yield disagree("video", path, f"frame{position}_...")


def _check_evidence(record: AuditRecord) -> Iterator[Check]:
    evidence = record.evidence
    expected = {"id": record.id, "scene": record.scene, "type": record.type, "format": record.format}
    for key, value in {**expected, "frames": record.frames}.items():
        if evidence.get(key) != value:
            yield disagree(f"evidence {key}", evidence.get(key), value)
    human, answer = (turn["value"] for turn in record.raw["conversations"])
    if record.format == "fill" and "@" not in record.answer and evidence.get("answer") != answer:
        yield disagree("evidence answer", evidence.get("answer"), answer)
    options = (evidence.get("added") or {}).get("options")
    if record.format == "select" and options is not None:
        asked = re.findall(r"^[A-D]\. (.*)$", human, re.MULTILINE)
        if asked != options:
            yield disagree("evidence options", options, asked)
