"""Parsing the text of a record: mentions of objects, numbers, boxes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

COLORS = ("red", "blue", "green", "yellow", "magenta")
ORDINALS = ("first", "second", "third", "fourth", "fifth")
_BOX = re.compile(r"\[(\d+), (\d+), (\d+), (\d+)\]")
UNNAMED = "object"
"""What a text calls an object without a name; one that is called "blue box" has none either."""
_NOTE = r"\((?:(in Frame-\d+), )?(Object\d|object\d|objectA|point\d)\)|\((in Frame-\d+)\)"
_MARK = rf"\(({'|'.join(COLORS)}) (point|box|mask)\)"
_BARE = rf"\b({'|'.join(COLORS)}) (point|box|mask)\b"
_NOTES = re.compile(rf" (?:(?:{_NOTE})(?: {_MARK})?|{_MARK})|{_BARE}")
_ARTICLE = re.compile(r"\b[Tt]he (?!.*\b[Tt]he )")


@dataclass(frozen=True, slots=True)
class ParsedMention:
    """How the text names one object."""

    token: str
    """The color of its mark, or its alias where it has no color."""
    label: str
    """Its name, or UNNAMED."""
    frame: int | None
    """The N of Frame-N."""
    alias: str | None
    """Object2, point0, ..."""
    shape: str | None
    """Point, box or mask."""


def tokenize(
    text: str, numbered: Sequence[str] = (), names: Mapping[str, str] | None = None
) -> tuple[str, list[ParsedMention]]:
    """Replace each mention, such as ``lamp (in Frame-3, Object2) (red box)`` or ``red box``, by a token: ``@red``.

    Args:
        text: a question or an answer.
        numbered: the colors that Object0, Object1, ... stand for.
        names: tokens by label, where labels alone are mentions.

    Returns:
        The text with tokens, and the mentions in the order of the text.
    """
    if names:
        return _tokenize_names(text, names)
    mentions: list[ParsedMention] = []
    out, at = "", 0
    for match in _NOTES.finditer(text):
        before = text[at : match.start()]
        start = _label_start(before) if match[0].startswith(" ") else len(before)
        mentions.append(_parse_mention(match, before[start:] or UNNAMED, numbered))
        out += f"{before[:start]}@{mentions[-1].token}"
        at = match.end()
    return out + text[at:], mentions


def _tokenize_names(text: str, names: Mapping[str, str]) -> tuple[str, list[ParsedMention]]:
    """The same where the label alone, after an article or as a whole option or answer, is a mention."""
    tokens = {label.lower(): token for label, token in names.items()}
    listed = "|".join(map(re.escape, sorted(tokens, key=len, reverse=True)))
    pattern = re.compile(rf"(\b[Tt]he (?:same )?|^[A-D]\. |^)({listed})(?=$|[^\w-])", re.IGNORECASE | re.MULTILINE)
    mentions = [
        ParsedMention(tokens[match[2].lower()], match[2].lower(), None, None, None) for match in pattern.finditer(text)
    ]
    return pattern.sub(lambda match: f"{match[1]}@{tokens[match[2].lower()]}", text), mentions


def _label_start(before: str) -> int:
    """Where the label at the end of a text starts: after the last article of its line, or after an option's letter."""
    article = _ARTICLE.search(before.rpartition("\n")[2])
    line = before.rfind("\n") + 1
    option = article or re.match(r"[A-D]\. ", before[line:])
    return line + (option.end() if option else 0)


def _parse_mention(match: re.Match[str], label: str, numbered: Sequence[str]) -> ParsedMention:
    where, alias, only_where, *marks = match.groups()
    color, shape = next(
        ((color, shape) for color, shape in zip(marks[::2], marks[1::2], strict=True) if color), (None,) * 2
    )
    token, where = color or alias, where or only_where
    if token == alias and alias.startswith("Object") and int(alias[-1]) < len(numbered):
        token = numbered[int(alias[-1])]
    frame = int(where.rpartition("-")[2]) if where else None
    return ParsedMention(token, label.lower(), frame, alias, shape)


def degrees(text: str) -> list[float]:
    """All numbers of degrees, in order."""
    return [float(found) for found in re.findall(r"(-?\d+(?:\.\d+)?) degrees", text)]


def bare_degrees(text: str) -> float | None:
    """The number, if the text is nothing but a whole one."""
    return float(text) if re.fullmatch(r"\d+", text.strip()) else None


def bare_number(text: str) -> float | None:
    """The number, if the text is nothing but a number with one decimal."""
    return float(text) if re.fullmatch(r"-?\d+\.\d", text.strip()) else None


def decimals(text: str) -> list[float]:
    """All numbers with one decimal, in order."""
    return [float(found) for found in re.findall(r"(?<![\w.])\d+\.\d(?![\d])", text)]


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


def asked_frames(question: str) -> list[int]:
    """The two frames that a question about a video asks about; a rule may name the first frame after them."""
    return frame_numbers(question)[:2]


def frame_numbers(text: str) -> list[int]:
    """The N of each Frame-N, in order."""
    return [int(found) for found in re.findall(r"Frame-(\d+)", text)]
