"""Everything about a record that is no geometry: keys, types, ids, turns, images, words."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from qagen.audit.audit_record import AuditRecord, frame_of
from qagen.audit.checks import Check, refuse
from qagen.audit.parse import COLORS
from qagen.audit.scene import AuditScene

FIRST_KEYS = ["id", "conversations", "image", "type"]
MARK_KEYS = {f"{color}_{kind}" for color in COLORS for kind in ("point", "bbox")}
MARK_KEYS |= {f"{kind}_{what}" for kind in ("point", "bbox") for what in ("list", "img_idx")}
LEFTOVERS = re.compile(r"<[^<>]*>|\{\{|\}\}|\{%|\bNone\b|\bnan\b|  | [,.?]")
"""Tags that trainers read, leftovers of templates and double blanks."""


class Shape:
    """The keys and types of one file's records, which must all be alike."""

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}
        self._is_first = True

    def check(self, record: Mapping[str, Any]) -> Iterator[Check]:
        """Against the records before it."""
        kinds = {key: kind_of(value) for key, value in record.items()}
        if not self._is_first and kinds.keys() != self._kinds.keys():
            yield refuse("keys", list(kinds), list(self._kinds))
        for key, kind in kinds.items():
            before = self._kinds.get(key, "null")
            if "null" not in (kind, before) and kind != before:
                yield refuse(f"type of {key}", kind, before)
            self._kinds[key] = before if kind == "null" else kind
        self._is_first = False


def kind_of(value: object) -> str:
    """``list[list[int]]`` and the like; an empty list is of any kind."""
    if value is None:
        return "null"
    if isinstance(value, list):
        kinds = sorted({kind_of(part) for part in value})
        return f"list[{'|'.join(kinds)}]"
    if isinstance(value, dict):
        return f"dict[{','.join(sorted(value))}]"
    return type(value).__name__


def readable(record: Mapping[str, Any] | None) -> Iterator[Check]:
    """What must hold before anything else of a record can be looked at."""
    if record is None:
        yield refuse("line", "no JSON object", "a record")
        return
    missing = [key for key in FIRST_KEYS if key not in record]
    if missing:
        yield refuse("keys", list(record), FIRST_KEYS)
        return
    turns = record["conversations"]
    says = [turn.get("from") for turn in turns] if isinstance(turns, list) else turns
    if says != ["human", "gpt"] or not all(isinstance(turn.get("value"), str) and turn["value"] for turn in turns):
        yield refuse("conversations", says, "human and gpt, each with words")
    if not isinstance(record["image"], list) or not all(isinstance(path, str) for path in record["image"]):
        yield refuse("image", kind_of(record["image"]), "a list of paths")


def check_record(item: AuditRecord, ground: AuditScene) -> Iterator[Check]:
    """Keys, id, type, words, images and evidence of a readable record."""
    record = item.record
    stray = set(record) - set(FIRST_KEYS) - MARK_KEYS - {"depth"}
    if stray or list(record)[:4] != FIRST_KEYS:
        yield refuse("keys", list(record), [*FIRST_KEYS, "marks"])
    if not re.fullmatch(r"[^./]+_\d+", item.id):
        yield refuse("id", item.id, "<scene>_<n> without '.' and '/'")
    if item.type != record["type"] and not item.type.startswith(f"{record['type']}_"):
        yield refuse("type", record["type"], item.type)
    for turn in record["conversations"]:
        left = LEFTOVERS.search(_without_tuples(item, turn))
        if left:
            yield refuse("words", left[0], "no tags, leftovers or stray blanks")
    yield from _check_images(item, ground)
    if item.evidence:
        yield from _check_evidence(item)


def _without_tuples(item: AuditRecord, turn: Mapping[str, str]) -> str:
    """The words of a turn without direction tuples, which have empty slots."""
    return re.sub(r"^[A-D]\. .*$", "", turn["value"], flags=re.MULTILINE) if item.format == "select" else turn["value"]


def _check_images(item: AuditRecord, ground: AuditScene) -> Iterator[Check]:
    unknown = [name for name in item.frames if name not in ground.views]
    if unknown:
        yield refuse("images", unknown[:3], "frames of the scene")
    for path in (*item.images, *(item.record.get("depth") or ())):
        if not path.startswith(f"{item.scene}/"):
            yield refuse("images", path, f"a path below {item.scene}/")
    if [frame_of(path) for path in item.record.get("depth") or item.images] != item.frames:
        yield refuse("depth", item.record["depth"][:3], "the same frames as image")
    if item.is_video:
        yield from _check_video(item, ground)
    elif len(set(item.frames)) < len(item.frames):
        yield refuse("images", item.frames, "frames that differ")


def _check_video(item: AuditRecord, ground: AuditScene) -> Iterator[Check]:
    if item.frames != ground.video:
        yield refuse("video", item.frames, ground.video)
    for place, path in enumerate(item.images):
        if not re.search(rf"/frame{place}_[^/]+$", path):
            yield refuse("video", path, f"frame{place}_...")


def _check_evidence(item: AuditRecord) -> Iterator[Check]:
    told = item.evidence
    for key, expected in (("id", item.id), ("scene", item.scene), ("type", item.type), ("format", item.format)):
        if told.get(key) != expected:
            yield refuse(f"evidence {key}", told.get(key), expected)
    if told.get("frames") != item.frames:
        yield refuse("evidence frames", told.get("frames"), item.frames)
    answer = item.record["conversations"][1]["value"]
    if item.format == "fill" and "@" not in item.answer and told.get("answer") != answer:
        yield refuse("evidence answer", told.get("answer"), answer)
    options = (told.get("added") or {}).get("options")
    if item.format == "select" and options is not None:
        asked = re.findall(r"^[A-D]\. (.*)$", item.record["conversations"][0]["value"], re.MULTILINE)
        if asked != options:
            yield refuse("evidence options", options, asked)
