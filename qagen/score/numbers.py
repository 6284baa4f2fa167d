"""Readers of answers that are quantities: a number, the sides of a box, the movements of a camera."""

import itertools
import re
from collections.abc import Iterator

from qagen.records.sparbench import AXES
from qagen.score.passages import decision
from qagen.score.plain import UnreadError, final_answer
from qagen.score.quantities import LETTERS, Quantity, prepared, quantities, settled

HARMLESS = re.compile(
    "(?:away|deep|from|apart|or|and|in|at|between|to|as|is|are|was|on|of|for|off|left|right|behind|above|below|with|than"
    "|because|since|if|when|while|which|so|but|then|there|the|an?|long|wide|high|tall|ahead|forward|further|farther"
    "|closer|distance|depth|approx|approximately|roughly|about|total|overall|by|each|per|it|this|that|they|would|move"
    "|rotate|左右|上下|的|是|以|和|或|と|です|입니다)",
    re.I,
)
"""Words after a bare number that are no unit."""
NEXT_WORD = re.compile(rf"[ \t]*-?[ \t]*([{LETTERS}]+|[%€$£]|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{{1,2}})")
KINDS = {"area": re.compile(r"square met(?:er|re)|m²", re.I), "length": re.compile(r"\bmet(?:er|re)s?\b", re.I)}
"""Words of a question that asks for a kind of quantity."""
LONE_WORDS = re.compile(r"\W*(?:(?:about|around|roughly|approximately)\W+)?[\d.\s-]+\W*", re.I)


def number(text: str, question: str = "") -> float:
    """The one length in meters or area in square meters that a text decides on.

    Args:
        text: a prediction or an answer.
        question: says whether a length or an area is asked for; what it reveals is not the answer where other numbers
            are stated.

    Raises:
        UnreadError: the text decides on no number, on several, on a range or a bound, or states another unit.
    """
    kind = next((kind for kind, words in KINDS.items() if words.search(question)), "")
    revealed = {float(value) for value in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", question)}
    return decision(final_answer(text), lambda passage: _fresh(_measures(passage, kind), revealed), "number")


def degrees(text: str, question: str = "") -> float:
    """The one angle in degrees that a text decides on; for arguments and errors see ``number``."""
    revealed = {float(value) for value in re.findall(r"(?<![\w.-])\d+(?:\.\d+)?", question)}
    return decision(final_answer(text), lambda passage: _fresh(_measures(passage, "angle"), revealed), "number")


def count(text: str, question: str = "") -> float:
    """The one number of things; for arguments and errors see ``number``."""
    del question
    return decision(final_answer(text), _counts, "number")


MULTIPLES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), replacement)
    for pattern, replacement in (
        (r"\b(?:twice|doubled?|two-?fold)\b", "2 times"),
        (r"\b(?:thrice|tripled?|three-?fold)\b", "3 times"),
        (r"(?<=\d)[ \t]*(?::|to)[ \t]*(?:1(?:\.0)?|one)\b(?![.:]?\d)", " times"),
        (r"(?<=\d)[ \t]*(?:-?fold\b|倍|[x×](?![\w×])(?!\s*[\d.]))", " times"),
    )
)
"""Spellings of how many times as large something is."""
TIMES = re.compile(r"\s*times\b", re.I)


def ratio(text: str) -> float:
    """How many times as large one quantity is as another.

    Raises:
        UnreadError: the text decides on no number, on several, on a range or a bound, or states a unit.
    """
    return decision(final_answer(text), _ratios, "ratio")


def _ratios(passage: str) -> set[float]:
    """Numbers that are followed by "times", or else numbers without a unit."""
    for pattern, replacement in MULTIPLES:
        passage = pattern.sub(replacement, passage)
    text = prepared(passage, spelt=True)
    found = settled(text, quantities(text))
    if multiples := {quantity.value for quantity in found if not quantity.unit and TIMES.match(text, quantity.end)}:
        return multiples
    bare = [quantity for quantity in found if not quantity.unit]
    if found and not bare:
        raise UnreadError(f"a unit where a ratio is asked for: {found[-1].unit}")
    for quantity in bare:
        check_unit(text, quantity)
    return {quantity.value for quantity in bare}


def _fresh(values: set[float], revealed: set[float]) -> set[float]:
    return values - revealed if len(values) > 1 else values


def _counts(passage: str) -> set[float]:
    """Numbers without a unit, in digits or else in words."""
    for spelt in (False, True):
        text = prepared(passage, spelt)
        if found := [quantity for quantity in settled(text, quantities(text)) if not quantity.unit]:
            return {quantity.value for quantity in found}
    return set()


def _measures(passage: str, kind: str) -> set[float]:
    """Quantities with a unit, or else bare ones."""
    text = prepared(passage, spelt=True)
    found = settled(text, quantities(text))
    if with_unit := [quantity for quantity in found if quantity.unit]:
        right = {one.value for one in with_unit if one.kind == kind or (not kind and one.kind != "angle")}
        if not right:
            raise UnreadError(f"another unit than asked for: {with_unit[-1].unit}")
        return right
    if not LONE_WORDS.fullmatch(text):
        text = prepared(passage)
        found = settled(text, quantities(text))
    for quantity in found:
        check_unit(text, quantity)
    return {quantity.value for quantity in found}


def check_unit(text: str, quantity: Quantity) -> None:
    """Raises UnreadError if a bare number is followed by a word that may be a unit."""
    word = NEXT_WORD.match(text, quantity.end)
    if not quantity.unit and word and not HARMLESS.fullmatch(word[1]):
        raise UnreadError(f"an unknown unit: {word[1]}")


# --- sides ------------------------------------------------------------------------------------------------------------

SIDES = ("length", "width", "height")
SIDE = re.compile(
    r"(?P<length>\blength|\bL(?=\W{0,2}[:=])|长度?|長さ?)|(?P<width>\bwidth|\bW(?=\W{0,2}[:=])|宽度?|幅)"
    r"|(?P<height>\bheight|\bH(?=\W{0,2}[:=])|高度?|高さ)",
    re.I,
)
SPOKEN_SIDE = re.compile(r"\s*(?:(?P<length>long)|(?P<width>wide)|(?P<height>high|tall))\b", re.I)
OTHER_SIDE = re.compile(r"\b(?:depth|deep|breadth|thick(?:ness)?|diameter)\b", re.I)


def extents_cm(text: str) -> tuple[float, ...]:
    """Length, width and height in centimeters, in the order in which they are named, else in this order.

    Raises:
        UnreadError: there are not three sides, or they are named otherwise.
    """
    return decision(final_answer(text), _sides, "triple of sides")


def _sides(passage: str) -> set[tuple[float, ...]]:
    for text in (passage, re.sub(r"(?<=\d),(?=\d)", ", ", passage)):  # a comma within a number, or between two
        text = prepared(text)
        try:
            found = settled(text, quantities(text))
        except UnreadError:
            continue
        if len(found) == len(SIDES):
            sizes, order = _in_cm(found), _named_sides(text, found)
            return {tuple(sizes[order.index(side)] for side in SIDES)}
    return set()


def _in_cm(found: list[Quantity]) -> list[float]:
    """Bare numbers are centimeters, unless a unit after the last one holds for all."""
    units = [quantity.unit for quantity in found]
    if any(quantity.kind not in ("", "length") for quantity in found):
        raise UnreadError("another unit than asked for")
    factor = found[-1].factor if units[-1] and not any(units[:-1]) else 0.01
    return [100 * (quantity.value if quantity.unit else quantity.value * factor) for quantity in found]


def _named_sides(text: str, found: list[Quantity]) -> tuple[str, ...]:
    """The sides in the order of their numbers, by the words right after the numbers, else before, else as listed."""
    words = {match.start(): match.lastgroup or "" for match in SIDE.finditer(text)}
    for quantity in found:
        if spoken := SPOKEN_SIDE.match(text, quantity.end):
            words[quantity.end] = spoken.lastgroup or ""
    places = sorted([*(quantity.start for quantity in found), *words])
    kinds = [words.get(place, "") for place in places]
    after = [word for number, word in itertools.pairwise(kinds) if word and not number]
    before = [word for word, number in itertools.pairwise(kinds) if word and not number]
    for named in (after, before, list(dict.fromkeys(filter(None, kinds)))):
        if sorted(named) == sorted(SIDES):
            return tuple(named)
    if OTHER_SIDE.search(text):
        raise UnreadError("sides by other names")
    return SIDES


# --- movements --------------------------------------------------------------------------------------------------------

_VERBS = r"(?:(?P<move>move|moved|moving|shift|translate|go|step)|(?P<rotate>rotate|rotated|turn|tilt|pan|look))"
_WAYS = r"(?P<way>right|left|up|down|forward|ahead|backward|back)(?:ward)?s?"
NAME = re.compile(rf"(?<![a-z]){_VERBS}[\s_-]*(?:(?:to[\s_]+)?the[\s_]+)?{_WAYS}(?![a-z])", re.I)
LINK = re.compile(r"[\s\"':=|,(>→-]*(?:(?:by|of|value|amount|distance|angle|degrees|meters)\b[\s\"':=]*)?\+?", re.I)
WAY = re.compile(rf"(?<![a-z]){_WAYS}(?![a-z])", re.I)
CLAUSE = re.compile(r"[,;:\n]\s|\band\b|\bthen\b|\.\s", re.I)
BOTH_WAYS = re.compile(rf"{NAME.pattern}\s*\|\s*(?:move|rotate)_\w+\s*:", re.I)
WORDS_OF_WAYS = {"ahead": "forward", "back": "backward"}


def movements(text: str) -> dict[int, float]:
    """Signed amounts (meters, degrees) by index into ``AXES``; axes that are not mentioned are left out.

    Raises:
        UnreadError: there are none, two for the same movement, or one in another unit.
    """
    text = prepared(final_answer(text))
    if BOTH_WAYS.search(text):
        raise UnreadError("names two opposite movements for one amount")
    found = quantities(text)
    amounts: dict[str, float] = {}
    for name, quantity in [*_named_movements(text, found)] or _spoken_movements(text, found):
        kind = "length" if name.startswith("move") else "angle"
        if quantity.kind not in ("", kind):
            raise UnreadError(f"another unit than {name} can have: {quantity.unit}")
        if amounts.setdefault(name, quantity.value) != quantity.value:
            raise UnreadError(f"several amounts for {name}")
    if not amounts:
        raise UnreadError("no movement")
    signed: dict[int, float] = {}
    for axis, pair in enumerate(AXES):
        for name, sign in zip(pair, (1, -1), strict=True):
            if name in amounts:
                signed[axis] = signed.get(axis, 0.0) + sign * amounts[name]
    return signed


def _named_movements(text: str, found: list[Quantity]) -> Iterator[tuple[str, Quantity]]:
    """Movements whose name, such as move_right, stands before the amount."""
    for name in NAME.finditer(text):
        quantity = next((quantity for quantity in found if quantity.start >= name.end()), None)
        if quantity and LINK.fullmatch(text[name.end() : quantity.start]):
            check_unit(text, quantity)
            yield _movement("move" if name["move"] else "rotate", name["way"]), quantity


def _spoken_movements(text: str, found: list[Quantity]) -> Iterator[tuple[str, Quantity]]:
    """Movements of clauses with one amount and one direction: 0.9 meters up."""
    bounds = [0, *(match.end() for match in CLAUSE.finditer(text)), len(text)]
    for start, end in itertools.pairwise(bounds):
        amounts = [
            quantity for quantity in found if start <= quantity.start < end and quantity.kind in ("length", "angle")
        ]
        ways = {match["way"].lower() for match in WAY.finditer(text, start, end)}
        if amounts and ways:
            if len(amounts) > 1 or len(ways) > 1:
                raise UnreadError("an unclear movement")
            yield _movement("move" if amounts[0].kind == "length" else "rotate", ways.pop()), amounts[0]


def _movement(verb: str, way: str) -> str:
    return f"{verb}_{WORDS_OF_WAYS.get(way.lower(), way.lower())}"
