"""Readers of answers that are quantities: a number, the sides of a box, the movements of a camera."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

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
_METERS = r"(?:milli|centi|kilo)?met(?:er|re)s?\b"
KINDS = {"area": re.compile(rf"square {_METERS}|m²", re.I), "length": re.compile(rf"\b{_METERS}", re.I)}
"""Words of a question that asks for a kind of quantity."""
POWERS = {"area": 2, "length": 1}
ASKED_UNIT = re.compile(rf"\b{_METERS}|\b[mck]m\b", re.I)
PREFIXES = {"mi": 0.001, "mm": 0.001, "ce": 0.01, "cm": 0.01, "ki": 1000.0, "km": 1000.0}
"""Meters of a unit, by how it begins."""
LONE_WORDS = re.compile(r"\W*(?:(?:about|around|roughly|approximately)\W+)?[\d.\s-]+\W*", re.I)


def number(text: str, question: str = "") -> float:
    """The one length or area that a text decides on, in the unit that the question names, else in meters.

    Args:
        text: a prediction or an answer.
        question: says whether a length or an area is asked for; what it reveals is not the answer where other numbers
            are stated.

    Raises:
        UnreadError: the text decides on no number, on several, on a range or a bound, or states another unit.
    """
    kind = next((kind for kind, words in KINDS.items() if words.search(question)), "")
    revealed = {float(value) for value in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", question)}
    unit_m = asked_unit_m(question)
    return decision(final_answer(text), lambda passage: _fresh(_measures(passage, kind, unit_m), revealed), "number")


def asked_unit_m(question: str, usual: float = 1.0) -> float:
    """Meters of the one unit of length that a question names; ``usual`` where it names none or several."""
    named = {PREFIXES.get(match[0][:2].lower(), 1.0) for match in ASKED_UNIT.finditer(question)}
    return named.pop() if len(named) == 1 else usual


def in_unit(value_m: float, unit_m: float, power: int = 1) -> float:
    """A length or area in another unit than meters, without the noise of binary fractions."""
    return float(f"{value_m / unit_m**power:.12g}")


def degrees(text: str, question: str = "") -> float:
    """The one angle in degrees that a text decides on; for arguments and errors see ``number``."""
    revealed = {float(value) for value in re.findall(r"(?<![\w.-])\d+(?:\.\d+)?", question)}
    return decision(final_answer(text), lambda passage: _fresh(_measures(passage, "angle", 1.0), revealed), "number")


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


def _measures(passage: str, kind: str, unit_m: float) -> set[float]:
    """Quantities with a unit, in the one that is asked for, or else bare ones."""
    text = prepared(passage, spelt=True)
    found = settled(text, quantities(text))
    if with_unit := [quantity for quantity in found if quantity.unit]:
        fitting = [one for one in with_unit if one.kind == kind or (not kind and one.kind != "angle")]
        right = {in_unit(one.value, unit_m, POWERS.get(one.kind, 0)) for one in fitting}
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


def extents(text: str, question: str = "") -> tuple[float, ...]:
    """Length, width and height in the unit that the question names, else in centimeters; as named, else in this order.

    Raises:
        UnreadError: there are not three sides, or they are named otherwise.
    """
    unit_m = asked_unit_m(question, usual=0.01)
    return decision(final_answer(text), lambda passage: _sides(passage, unit_m), "triple of sides")


def _sides(passage: str, unit_m: float) -> set[tuple[float, ...]]:
    for text in (passage, re.sub(r"(?<=\d),(?=\d)", ", ", passage)):  # a comma within a number, or between two
        text = prepared(text)
        try:
            found = settled(text, quantities(text))
        except UnreadError:
            continue
        if len(found) == len(SIDES):
            sizes, order = _in_unit(found, unit_m), _named_sides(text, found)
            return {tuple(sizes[order.index(side)] for side in SIDES)}
    return set()


def _in_unit(found: list[Quantity], unit_m: float) -> list[float]:
    """Sizes in the unit that is asked for. Bare numbers are in it, unless a unit after the last one holds for all."""
    units = [quantity.unit for quantity in found]
    if any(quantity.kind not in ("", "length") for quantity in found):
        raise UnreadError("another unit than asked for")
    factor = found[-1].factor if units[-1] and not any(units[:-1]) else unit_m
    return [in_unit(quantity.value if quantity.unit else quantity.value * factor, unit_m) for quantity in found]


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


def movements(text: str, question: str = "") -> dict[int, float]:
    """Signed amounts by index into ``AXES``, in the unit of length that the question names, else meters, and degrees.

    Axes that are not mentioned are left out.

    Raises:
        UnreadError: there are none, two for the same movement, or one in another unit.
    """
    text = prepared(final_answer(text))
    if BOTH_WAYS.search(text):
        raise UnreadError("names two opposite movements for one amount")
    unit_m = asked_unit_m(question)
    found = [_as_asked(quantity, unit_m) for quantity in quantities(text)]
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


def _as_asked(quantity: Quantity, unit_m: float) -> Quantity:
    return replace(quantity, value=in_unit(quantity.value, unit_m)) if quantity.kind == "length" else quantity


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
