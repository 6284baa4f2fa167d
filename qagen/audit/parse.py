"""From text to its parts: mentions, numbers, boxes, options."""

import re
from dataclasses import dataclass

COLORS = ("red", "blue", "green", "yellow")
ORDINALS = ("first", "second", "third", "fourth", "fifth")
MOVED = ("green", "blue", "red", "yellow")
"""What Object0 to Object3 are in questions about an observer who moves."""
BOX = re.compile(r"\[(\d+), (\d+), (\d+), (\d+)\]")
_NOTE = r"\((?:(in Frame-\d+), )?(Object\d|object\d|objectA|point\d)\)|\((in Frame-\d+)\)"
_MARK = rf"\(({'|'.join(COLORS)}) (point|box)\)"
_NOTES = re.compile(rf" (?:(?:{_NOTE})(?: {_MARK})?|{_MARK})")
_ARTICLE = re.compile(r"\b[Tt]he (?!.*\b[Tt]he )")
_OPTION = re.compile(r"^([A-D])\. (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ParsedMention:
    """How the text names one object."""

    token: str
    """The colour of its mark, or its alias where it has no colour."""
    label: str
    """Its name."""
    frame: int | None
    """N of Frame-N."""
    alias: str | None
    """Object2, point0, ..."""
    shape: str | None
    """point or box."""


def tokenize(text: str) -> tuple[str, list[ParsedMention]]:
    """Replace ``lamp (in Frame-3, Object2) (red box)`` by ``@red``, and tell what was replaced."""
    mentions: list[ParsedMention] = []
    out, at = "", 0
    for match in _NOTES.finditer(text):
        before = text[at : match.start()]
        start = _label_start(before)
        mentions.append(_mention(match, before[start:]))
        out += f"{before[:start]}@{mentions[-1].token}"
        at = match.end()
    return out + text[at:], mentions


def _label_start(before: str) -> int:
    article = _ARTICLE.search(before.rpartition("\n")[2])
    line = before.rfind("\n") + 1
    if article:
        return line + article.end()
    option = re.match(r"[A-D]\. ", before[line:])
    return line + (option.end() if option else 0)


def _mention(match: re.Match[str], label: str) -> ParsedMention:
    where, alias, alone, color, shape, bare_color, bare_shape = match.groups()
    color, shape, where = color or bare_color, shape or bare_shape, where or alone
    token = color or (MOVED[int(alias[-1])] if alias.startswith("Object") else alias)
    frame = int(where.rpartition("-")[2]) if where else None
    return ParsedMention(token, label.lower(), frame, alias, shape)


def options_of(text: str) -> dict[str, str]:
    """Letter to option."""
    return dict(_OPTION.findall(text))


def meters(text: str) -> list[float]:
    """All numbers of metres, in order."""
    return [float(found) for found in re.findall(r"(-?\d+(?:\.\d+)?) meters", text)]


def bare_number(text: str) -> float | None:
    """A text that is nothing but a number with one decimal."""
    return float(text) if re.fullmatch(r"-?\d+\.\d", text.strip()) else None


def boxes(text: str) -> list[tuple[int, ...]]:
    """All boxes, in order."""
    return [tuple(int(edge) for edge in match.groups()) for match in BOX.finditer(text)]


def ordinal_image(text: str) -> int | None:
    """Index of the image that is named as ``the second image`` or ``image 2``, None when none is."""
    number = re.search(r"\bimage (\d)\b", text)
    word = re.search(rf"\b({'|'.join(ORDINALS)}) image\b", text, re.IGNORECASE)
    if number:
        return int(number[1]) - 1
    return ORDINALS.index(word[1].lower()) if word else None


def frame_numbers(text: str) -> list[int]:
    """All N of Frame-N, in order."""
    return [int(found) for found in re.findall(r"Frame-(\d+)", text)]
