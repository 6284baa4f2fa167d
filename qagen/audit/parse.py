"""Parsing the text of a record: mentions of objects, numbers, boxes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

COLORS = ("red", "blue", "green", "yellow")
ORDINALS = ("first", "second", "third", "fourth", "fifth")
_BOX = re.compile(r"\[(\d+), (\d+), (\d+), (\d+)\]")
_NOTE = r"\((?:(in Frame-\d+), )?(Object\d|object\d|objectA|point\d)\)|\((in Frame-\d+)\)"
_MARK = rf"\(({'|'.join(COLORS)}) (point|box)\)"
_NOTES = re.compile(rf" (?:(?:{_NOTE})(?: {_MARK})?|{_MARK})")
_ARTICLE = re.compile(r"\b[Tt]he (?!.*\b[Tt]he )")


@dataclass(frozen=True, slots=True)
class ParsedMention:
    """How the text names one object."""

    token: str
    """The color of its mark, or its alias where it has no color."""
    label: str
    """Its name."""
    frame: int | None
    """The N of Frame-N."""
    alias: str | None
    """Object2, point0, ..."""
    shape: str | None
    """Point or box."""


def tokenize(text: str, numbered: Sequence[str] = ()) -> tuple[str, list[ParsedMention]]:
    """Replace each mention, such as ``lamp (in Frame-3, Object2) (red box)``, by a token, such as ``@red``.

    Args:
        text: a question or an answer.
        numbered: the colors that Object0, Object1, ... stand for.

    Returns:
        The text with tokens, and the mentions in the order of the text.
    """
    mentions: list[ParsedMention] = []
    out, at = "", 0
    for match in _NOTES.finditer(text):
        before = text[at : match.start()]
        start = _label_start(before)
        mentions.append(_parse_mention(match, before[start:], numbered))
        out += f"{before[:start]}@{mentions[-1].token}"
        at = match.end()
    return out + text[at:], mentions


def _label_start(before: str) -> int:
    """Where the label at the end of a text starts: after the last article of its line, or after an option's letter."""
    article = _ARTICLE.search(before.rpartition("\n")[2])
    line = before.rfind("\n") + 1
    option = article or re.match(r"[A-D]\. ", before[line:])
    return line + (option.end() if option else 0)


def _parse_mention(match: re.Match[str], label: str, numbered: Sequence[str]) -> ParsedMention:
    where, alias, only_where, color, shape, bare_color, bare_shape = match.groups()
    token, where = color or bare_color or alias, where or only_where
    if token == alias and alias.startswith("Object") and int(alias[-1]) < len(numbered):
        token = numbered[int(alias[-1])]
    frame = int(where.rpartition("-")[2]) if where else None
    return ParsedMention(token, label.lower(), frame, alias, shape or bare_shape)


def bare_number(text: str) -> float | None:
    """The number, if the text is nothing but a number with one decimal."""
    return float(text) if re.fullmatch(r"-?\d+\.\d", text.strip()) else None


def boxes(text: str) -> list[tuple[int, ...]]:
    """All boxes, in order."""
    return [tuple(int(edge) for edge in match.groups()) for match in _BOX.finditer(text)]


def ordinal_image(text: str) -> int | None:
    """Index of the image that is named as ``the second image`` or ``image 2``, None where none is."""
    number = re.search(r"\bimage (\d)\b", text)
    word = re.search(rf"\b({'|'.join(ORDINALS)}) image\b", text, re.IGNORECASE)
    if number:
        return int(number[1]) - 1
    return ORDINALS.index(word[1].lower()) if word else None


def frame_numbers(text: str) -> list[int]:
    """The N of each Frame-N, in order."""
    return [int(found) for found in re.findall(r"Frame-(\d+)", text)]
