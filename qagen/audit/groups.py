"""Whether the samples of a consistency group belong together, and their answers follow as their evidence says.

Each of them is solved by itself like any other record. What is checked here needs no scene.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qagen.audit.audit_record import MIRROR_FOLDER
from qagen.audit.checks import Check, check_equal, disagree

ORIGINAL = "original"
VARIANTS = ("paraphrase", "permute", "inverse", "mirror")
OPPOSITES = (("left", "right"), ("above", "below"), ("closer", "farther"))
SIDES = {"left": "right", "right": "left"}
SIDES |= {
    f"{end}{side}": f"{end}{other}"
    for end in ("", "north", "south")
    for side, other in (("east", "west"), ("west", "east"))
}
"""What a mirror exchanges."""
MARK_KEYS = re.compile(r"_(point|bbox|mask|list)$")
_OPTION = re.compile(r"^([A-D])\. (.*)$", re.MULTILINE)
_BOX = re.compile(r"\[(\d+), (\d+), (\d+), (\d+)\]")
_POINT = re.compile(r"\((\d+),(\d+)\)")
_TURN = re.compile(r"\bRoll (CW|CCW)\b")
_NOTHING = re.compile(r"(?:left|right):0(?![.\d])")
"""A movement of 0 has the same name whichever way it goes."""
_STATED = re.compile(rf"\d+(?:\.\d+)?|(?<![a-z])(?:{'|'.join(SIDES)}|cw|ccw)(?![a-z])")


@dataclass(frozen=True, slots=True)
class Member:
    """A record of a group."""

    raw: Mapping[str, Any]
    """The JSON object of the record."""
    evidence: Mapping[str, Any]
    """The JSON object of its evidence."""
    format: str
    """Answer format."""

    @property
    def variant(self) -> str:
        return str(self.evidence["group"].get("variant"))

    @property
    def answer_map(self) -> Mapping[str, Any]:
        return self.evidence["group"].get("answer_map") or {}

    @property
    def human(self) -> str:
        return str(self.raw["conversations"][0]["value"])

    @property
    def gpt(self) -> str:
        return str(self.raw["conversations"][1]["value"])

    @property
    def options(self) -> dict[str, str]:
        """Letter to option."""
        return dict(_OPTION.findall(self.human)) if self.format == "select" else {}


class GroupChecks:
    """The groups of one scene's records."""

    def __init__(self, wanted: Sequence[str]) -> None:
        """``wanted`` are the variants that the run was asked for."""
        self._wanted = wanted
        self._groups: dict[tuple[str, str, str], list[Member]] = defaultdict(list)

    def add(
        self, type_name: str, answer_format: str, raw: Mapping[str, Any] | None, evidence: Mapping[str, Any]
    ) -> None:
        """Note one record; one that cannot be read, or is in no group, is left alone."""
        if raw is not None and isinstance(evidence.get("group"), Mapping):
            key = type_name, answer_format, str(evidence["group"].get("id"))
            self._groups[key].append(Member(raw, evidence, answer_format))

    def check(self) -> Iterator[tuple[str, str, list[Check]]]:
        """Type, name and checks of every group; groups of other kinds are left alone."""
        for (type_name, _, name), members in sorted(self._groups.items(), key=lambda item: item[0]):
            if {member.variant for member in members} <= {ORIGINAL, *VARIANTS}:
                yield type_name, name, list(self._check_group(name, members))

    def _check_group(self, name: str, members: Sequence[Member]) -> Iterator[Check]:
        counts = Counter(member.variant for member in members)
        is_complete = counts[ORIGINAL] == 1 and len(counts) > 1 and max(counts.values()) == 1
        is_complete &= "permute" in counts or "permute" not in self._wanted or members[0].format != "select"
        if not is_complete:
            yield disagree("members of the group", dict(counts), "one original and its variants, each once")
            return
        original = next(member for member in members if member.variant == ORIGINAL)
        yield check_equal("name of the group", name, original.raw["id"])
        if original.answer_map:
            yield disagree("map of the original", original.answer_map, "none")
        for member in members:
            if member is not original:
                yield from _check_pictures(original, member)
                yield from _check_words(original, member)
                yield from _check_map(original, member)


def _check_pictures(original: Member, member: Member) -> Iterator[Check]:
    """Images and marks are the same; in the mirror they are flipped."""
    is_mirror = member.variant == "mirror"
    wanted = [_mirrored_path(path) if is_mirror else path for path in original.raw["image"]]
    yield check_equal(f"images of the {member.variant}", _stems(member.raw["image"]), _stems(wanted))
    keys = [key for key in original.raw if MARK_KEYS.search(key)]
    places = {key: _flipped_marks(key, original.raw[key]) if is_mirror else original.raw[key] for key in keys}
    yield check_equal(f"marks of the {member.variant}", {key: member.raw.get(key) for key in keys}, places)


def _mirrored_path(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return f"{folder}{MIRROR_FOLDER}/{name}"


def _stems(paths: Sequence[str]) -> list[str]:
    """Paths without endings, which another encoding changes."""
    return [path.rsplit(".", 1)[0] for path in paths]


def _flipped_marks(key: str, marks: Any) -> Any:
    """The marks of a column in the mirrored images."""
    if marks is None:
        return None
    if key.endswith("_list"):
        return [[_flipped_place(place) for place in places] for places in marks]
    return [_flipped_runs(place) if key.endswith("_mask") else _flipped_place(place) for place in marks]


def _flipped_place(place: Sequence[int]) -> list[int]:
    if len(place) == 2:
        return [1000 - place[0], place[1]]
    if len(place) == 4:
        return [1000 - place[2], place[1], 1000 - place[0], place[3]]
    return _flipped_runs(place)


def _flipped_runs(place: Sequence[int]) -> list[int]:
    """The runs of a mask, row by row from background, of the flipped mask."""
    height, width, *runs = place
    cells = np.repeat(np.arange(len(runs)) % 2, runs).reshape(height, width)[:, ::-1].ravel()
    ends = [*(np.flatnonzero(np.diff(cells)) + 1).tolist(), cells.size]
    lengths = np.diff([0, *ends]).tolist()
    return [height, width, *([0] if cells[0] else []), *lengths]


def _check_words(original: Member, member: Member) -> Iterator[Check]:
    """What the texts must have in common, whatever the evidence says."""
    if member.variant != "mirror" and member.human == original.human:
        yield disagree(f"words of the {member.variant}", "those of the original", "others")
    if member.variant == "permute":
        yield from _check_permuted(original, member)
    elif member.variant == "paraphrase" and member.format != "sentence":
        yield check_equal("answer of the paraphrase", member.gpt, original.gpt)
    elif member.variant == "mirror" and member.format in ("select", "judge"):
        yield check_equal("answer of the mirror", member.gpt, original.gpt)
        for letter, option in original.options.items():
            found = member.options.get(letter, "")
            is_alike = Counter(_STATED.findall(found.lower())) == Counter(_STATED.findall(_in_mirror(option).lower()))
            if not is_alike:
                yield disagree(f"option {letter} of the mirror", found, _in_mirror(option))
    elif member.variant == "mirror" and member.format == "fill":
        found, wanted = (_NOTHING.sub("side:0", text) for text in (member.gpt, _in_mirror(original.gpt)))
        yield check_equal("answer of the mirror", found, wanted)
    elif member.variant == "inverse":
        yield from _check_inverse(original, member)


def _check_permuted(original: Member, member: Member) -> Iterator[Check]:
    texts = [_OPTION.sub("", one.human) for one in (member, original)]
    yield check_equal("words of the permuted", *texts)
    yield check_equal("options of the permuted", *(sorted(one.options.values()) for one in (member, original)))
    chosen = [one.options.get(one.gpt) for one in (member, original)]
    yield check_equal("option of the permuted", *chosen)
    if member.gpt == original.gpt:
        yield disagree("letter of the permuted", member.gpt, "another one")


def _check_inverse(original: Member, member: Member) -> Iterator[Check]:
    if member.format == "fill" and member.gpt == original.gpt:
        yield disagree("answer of the inverse", member.gpt, "the opposite")
    if member.format == "select":
        found, before = (one.options.get(one.gpt, "") for one in (member, original))
        wanted = turned_round(before)
        if len(original.options) == 2:
            wanted = next(option for option in original.options.values() if option != before)
        yield check_equal("option of the inverse", found, wanted)


def turned_round(option: str) -> str:
    """An option of directions, some of which may be empty, from the other end."""
    opposites = {word: other for pair in OPPOSITES for word, other in (pair, pair[::-1])}
    return re.sub(r"\w+", lambda match: opposites.get(match[0], match[0]), option)


def _in_mirror(text: str) -> str:
    """A text without names in the mirror: sides, and places in the image."""
    text = re.sub(rf"(?<![A-Za-z])(?:{'|'.join(SIDES)})(?![A-Za-z])", lambda match: SIDES[match[0]], text)
    text = re.sub(r"\b(Truck|Pan) (Left|Right)\b", lambda match: f"{match[1]} {SIDES[match[2].lower()].title()}", text)
    text = _TURN.sub(lambda match: f"Roll {'CCW' if match[1] == 'CW' else 'CW'}", text)
    text = _BOX.sub(lambda box: f"[{1000 - int(box[3])}, {box[2]}, {1000 - int(box[1])}, {box[4]}]", text)
    return _POINT.sub(lambda point: f"({1000 - int(point[1])},{point[2]})", text)


def _check_map(original: Member, member: Member) -> Iterator[Check]:
    """Applying the map of the evidence to the original's answer must give the member's; sentences say it in words."""
    rule, answer = member.answer_map.get("rule"), original.gpt
    if rule == "answers":
        answers = member.answer_map.get("answers", {})
        yield check_equal(f"map of the {member.variant}", answers.get(original.gpt), member.gpt)
        if member.variant == "permute":
            mapped = {letter: member.options.get(answers.get(letter, "")) for letter in original.options}
            yield check_equal("letters of the permuted", mapped, original.options)
    elif rule not in ("same", "words", "mirror", "other"):
        yield disagree(f"map of the {member.variant}", rule, "a rule")
    elif member.format != "sentence" and rule != "other":
        if rule == "words":
            words = member.answer_map.get("words", {})
            exchanged = re.compile(rf"(?<![A-Za-z])(?:{'|'.join(map(re.escape, words)) or '(?!)'})(?![A-Za-z])")
            answer = exchanged.sub(lambda match: words[match[0]], answer)
        elif rule == "mirror":
            answer = _in_mirror(answer)
        found, wanted = (_NOTHING.sub("side:0", text) for text in (member.gpt, answer))
        yield check_equal(f"map of the {member.variant}", found, wanted)
