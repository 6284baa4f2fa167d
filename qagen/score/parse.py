"""Readers of answers: the letter, number, box, … that a text decides on; None where it decides on none or on several.

Only the final answer is read: what follows the last ``</think>``, inside the last ``<answer>`` tags or ``\\boxed{}`` if
there are any. Lengths are in meters unless noted otherwise; a stated unit is converted.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

from qagen.records.sparbench import AXES

T = TypeVar("T")
MAX_CHARACTERS = 2000
"""Maximum length of a final answer; a longer one loses its beginning."""
Box = tuple[float, float, float, float]

TAGGED = re.compile(r"<answer>(.*?)(?:</answer>|$)", re.I | re.S)
BOXED = re.compile(r"\\boxed\{([^{}]*)\}")
MARKUP = " \t\n\r*_`\"'()[]{}<>.:;,!"

OPTION = re.compile(r"^([A-Z])\.[ \t]*(.*?)[ \t]*$", re.M)
STATED_LETTER = re.compile(
    r"\b(?i:answer|option|choice)(?:\s+(?:is|would\s+be))?\s*[:=]?\s*[*_(\[\"']*([A-Z])(?![\w'])"
)
LABELED_LINE = re.compile(r"^\s*[*_(\[]*([A-Z])[*_]*[.):\]]", re.M)
LONE_LETTER = re.compile(r"(?<![\w'])([B-Z]|A(?! (?!(?:or|and|is)\b)[a-z]))(?![\w'])")
YES_NO = re.compile(r"\b(yes|no)\b", re.I)

NUMBER = r"[-+]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?"
UNITS = {"mm": 0.001, "millimet": 0.001, "cm": 0.01, "centimet": 0.01, "m": 1.0, "met": 1.0, "deg": 1.0, "°": 1.0}
UNIT = r"(?:square\s+)?(?P<unit>mm|cm|m(?=[²2]?(?![\w²]))|(?:milli|centi)?met(?=(?:er|re)s?\b)|deg|°)"
QUANTITY = re.compile(rf"(?<![\w.])(?P<value>{NUMBER})(?:\s*{UNIT}|(?!\w))")
NAMING = re.compile(
    r"(?:frame|object|image|point|option|box|view|picture|figure|step)[\s_#-]*(?:number\s*)?\d+\b", re.I
)
RANGE = re.compile(rf"(?<![\w.]){NUMBER}\s*(?:[a-z]+\s*)?(?:-|–|—|~|\bto\b|\bor\b)\s*{NUMBER}", re.I)
NUMBER_WORDS: list[str] = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
]
NUMBER_WORD = re.compile(rf"\b({'|'.join(NUMBER_WORDS)})\b", re.I)

PLAIN = r"([-+]?(?:\d+(?:\.\d+)?|\.\d+))"
SIDES = ("length", "width", "height")
SIDE = re.compile(rf"\b({'|'.join(SIDES)})\b|(?<=cm )(long|wide|high|tall)\b|(?<=meters )(long|wide|high|tall)\b", re.I)
SPOKEN_SIDES = {"long": "length", "wide": "width", "high": "height", "tall": "height"}
BOX = re.compile(rf"[\[(]\s*{PLAIN}\s*,\s*{PLAIN}\s*,\s*{PLAIN}\s*,\s*{PLAIN}\s*[\])]")
SPELT_PLACE = re.compile(rf"\bx\s*=\s*{PLAIN},?(?:\s+and)?\s+y\s*=\s*{PLAIN}", re.I)
PLACE = re.compile(rf"[\[(]\s*{PLAIN}\s*,\s*{PLAIN}\s*[\])]")
MAPPED = re.compile(rf"object\s*-?(?P<name>\d{{1,9}})\b|{PLACE.pattern}", re.I)
LISTED = re.compile(r"([^,.:;?]+), ([^,.:;?]+), ([^,.:;?]+), and ([^,.:;?]+)")
ORDINALS = ("first", "second", "third", "fourth", "fifth")
IMAGE = re.compile(rf"\bimage\s*(\d)\b|\b({'|'.join(ORDINALS)})\s+image\b", re.I)
FRAME = re.compile(r"\bframe[\s-]*(\d{1,9})\b", re.I)
MARK = re.compile(r"\b(red|green|blue|yellow)\b|\bpoint\s*(\d+)", re.I)
EXTREME = re.compile(r"\b(?:close(?:r|st)?|near(?:er|est)?|far(?:ther|thest)?)\b", re.I)

MOVEMENT = re.compile(rf"(move|rotate)_(\w+?)\s*[:=]?\s*({NUMBER})", re.I)
SPOKEN_MOVEMENT = re.compile(
    rf"(?<![\w.])({NUMBER})\s*(m|met|deg|°)\w*[^,;.\d]*?\b(right|left|up|down|forward|back)", re.I
)
DIRECTION = re.compile(
    r"\b(left|right|above|below|closer|nearer|farther|further|front|behind|higher|lower|up|down|forward|backward)\b",
    re.I,
)
OF_BOTH = re.compile(r"\bboth\b[^,.;]*?\b(front|behind)\b|\b(front|behind)\b[^,.;]*?\bboth\b", re.I)
"""A direction that holds for two objects and is named once."""
SYNONYMS = {"nearer": "closer", "further": "farther", "higher": "above", "lower": "below"}


def final_answer(text: str) -> str:
    """The final answer of a text; "" when its thinking never ends."""
    *thoughts, text = re.split(r"</think>", text, flags=re.I)
    if not thoughts and re.search(r"<think>", text, re.I):
        return ""
    for pattern in (TAGGED, BOXED):
        if found := pattern.findall(text):
            text = found[-1]
    return text.strip()[-MAX_CHARACTERS:]


# --- letters ----------------------------------------------------------------------------------------------------------


def options(question: str) -> dict[str, str]:
    """The options of a question by letter."""
    return dict(OPTION.findall(question))


def letter(text: str, choices: Mapping[str, str]) -> str | None:
    """The letter of the option that a text decides on, by letter or by the option's exact words."""
    text = final_answer(text)
    bare = text.strip(MARKUP)
    if bare.upper() in choices:
        return bare.upper()
    quoted = [key for key, words in choices.items() if bare and _normalize(words) == _normalize(text)]
    for found in (quoted, STATED_LETTER.findall(text), LABELED_LINE.findall(text), LONE_LETTER.findall(text)):
        known = set(found).intersection(choices)
        if known:
            return known.pop() if len(known) == 1 else None
    return None


def _normalize(words: str) -> str:
    """Words in lower case without spaces, emphasis and final period; the commas of empty directions stay."""
    return re.sub(r"[\s*_`\"']", "", words).removesuffix(".").lower()


def yes_no(text: str) -> str | None:
    """``yes`` or ``no``."""
    return _only(word.lower() for word in YES_NO.findall(final_answer(text)))


# --- numbers ----------------------------------------------------------------------------------------------------------


def quantities(text: str) -> list[tuple[float, str]]:
    """Numbers with their units as spelt ("" for none); not those that name something (``Frame-3``, ``object 1``)."""
    return digit_quantities(NUMBER_WORD.sub(lambda match: str(NUMBER_WORDS.index(match[1].lower())), text))


def digit_quantities(text: str) -> list[tuple[float, str]]:
    """The same without numbers that are written as words."""
    found = QUANTITY.finditer(NAMING.sub(" ", text.replace("−", "-")))
    return [(float(match["value"].replace(",", "")), match["unit"] or "") for match in found]


def number(text: str) -> float | None:
    """The one number of a text: of several that with a unit, or else the last. A range is no number."""
    text = final_answer(text)
    if RANGE.search(NAMING.sub(" ", text)):
        return None
    values = [(value * UNITS.get(unit.lower(), 1.0), unit) for value, unit in quantities(text)]
    chosen = [value for value, unit in values if unit] or [value for value, _ in values]
    return chosen[-1] if chosen else None


def lone_number(text: str, question: str = "") -> float | None:
    """The one number of a sentence, apart from those that its question reveals.

    Numbers with a unit come before others, and digits before words: "the two are 1.5 meters apart", "each one counted
    once, there are 3".
    """
    every = quantities(text)
    found = [pair for pair in every if pair[1]] or digit_quantities(text) or every
    values, revealed = (
        {value * UNITS.get(unit.lower(), 1.0) for value, unit in pairs} for pairs in (found, digit_quantities(question))
    )
    return _only(values - revealed if len(values) > 1 else values)


def extents_cm(text: str) -> tuple[float, ...] | None:
    """Length, width and height in centimeters, in the order in which they are named, else in this order."""
    text = final_answer(text).replace(",", ", ")
    extents = [value * 100 * UNITS[unit.lower()] if unit else value for value, unit in quantities(text)]
    if len(extents) != len(SIDES):
        return None
    order = _named_sides(text)
    return tuple(extents[order.index(side)] for side in SIDES)


def _named_sides(text: str) -> tuple[str, ...]:
    """The sides in the order of their numbers, by the words right after the numbers, else before, else as listed."""
    numbers = [match.start() for match in QUANTITY.finditer(text)]
    words = {match.start(): match[0].lower() for match in SIDE.finditer(text)}
    places = sorted([*numbers, *words])
    kinds = [SPOKEN_SIDES.get(words[place], words[place]) if place in words else "" for place in places]
    after = [word for number, word in itertools.pairwise(kinds) if word and not number]
    before = [word for word, number in itertools.pairwise(kinds) if word and not number]
    for named in (after, before, list(dict.fromkeys(filter(None, kinds)))):
        if sorted(named) == sorted(SIDES):
            return tuple(named)
    return SIDES


def movements(text: str) -> dict[int, float] | None:
    """Signed amounts (meters, degrees) by index into ``AXES``; axes that are not mentioned are left out."""
    text = final_answer(text).replace("−", "-")
    names = {name: (axis, sign) for axis, pair in enumerate(AXES) for name, sign in zip(pair, (1, -1), strict=True)}
    amounts: dict[int, float] = {}
    found = [(f"{verb}_{way}".lower(), amount) for verb, way, amount in MOVEMENT.findall(text)]
    for amount, unit, way in SPOKEN_MOVEMENT.findall(text) if not found else ():
        found.append((f"{'move' if unit.lower().startswith('m') else 'rotate'}_{way}".lower(), amount))
    for name, amount in found:
        axis, sign = names.get(re.sub("back$", "backward", name), (None, 0))
        if axis is not None:
            amounts[axis] = amounts.get(axis, 0.0) + sign * float(amount.replace(",", ""))
    return amounts or None


# --- places -----------------------------------------------------------------------------------------------------------


def box(text: str) -> Box | None:
    """The one box of a text: in brackets, or its only four numbers."""
    text = final_answer(text)
    found = {tuple(float(edge) for edge in edges) for edges in BOX.findall(text)}
    numbers = tuple(value for value, _ in quantities(text.replace(",", ", ")))
    if not found and len(numbers) == 4:
        found = {numbers}
    edges = _only(found)
    return None if edges is None else (edges[0], edges[1], edges[2], edges[3])


def located_box(text: str) -> tuple[int, Box] | None:
    """Image, counted from 0 and 0 where none is named, and box."""
    edges = box(text)
    images = {
        int(digit) - 1 if digit else ORDINALS.index(word.lower()) for digit, word in IMAGE.findall(final_answer(text))
    }
    return None if edges is None or len(images) > 1 else (images.pop() if images else 0, edges)


def place(text: str) -> tuple[float, float, float] | None:
    """Image position in thousandths, and depth."""
    text = final_answer(text)
    text = SPELT_PLACE.sub(r"(\1, \2)", text)
    found = _only((float(x), float(y)) for x, y in PLACE.findall(text))
    depth = number(PLACE.sub(" ", text))
    return None if found is None or depth is None else (*found, depth)


def map_places(text: str) -> dict[int, tuple[float, float]] | None:
    """Position on the map by number of the object; each stands right before its object, or right after."""
    found = list(MAPPED.finditer(final_answer(text)))
    pairs = list(itertools.pairwise(found))[::2]
    places = {}
    for pair in pairs:
        name, spot = sorted(pair, key=lambda match: match["name"] is None)
        if name["name"] is None or spot["name"] is not None:
            return None
        places[int(name["name"])] = (float(spot[2]), float(spot[3]))
    return places or None


# --- names ------------------------------------------------------------------------------------------------------------


def frames(text: str) -> set[int] | None:
    """Numbers of the frames that a text names."""
    text = final_answer(text)
    return {int(number) for number in FRAME.findall(text) or re.findall(r"\b\d{1,9}\b", text)} or None


def names(text: str) -> tuple[str, ...] | None:
    """The names that a text lists, in order."""
    parts = re.split(r"\s*(?:,|;|\n|->|→|>|\bthen\b|\band\b)\s*", final_answer(text).strip(MARKUP).lower())
    names = (re.sub(r"^(?:\d+[.)]\s*)?(?:the|an?)?\s+|\.$", "", f" {part}").strip() for part in parts)
    return tuple(name for name in names if name) or None


def listed_names(text: str, question: str) -> tuple[str, ...] | None:
    """The names of the question's list ("..., A, B, C, and D") in the order in which a sentence has them."""
    text = final_answer(text).lower()
    for listed in LISTED.findall(question.lower()):
        first = listed[0].split()
        known = [" ".join(first[k:]) for k in range(len(first)) if " ".join(first[k:]) in text][:1]
        labels, places = [*known, *listed[1:]], {}
        for label in sorted(labels, key=len, reverse=True):
            places[label] = text.find(label)
            text = text.replace(label, "#" * len(label))
        if len(labels) == len(listed) and min(places.values()) >= 0:
            return tuple(sorted(labels, key=lambda label: places[label]))
    return None


def marked_object(text: str) -> str | None:
    """The mark that a text names by its color or number, else the text itself, without articles."""
    text = final_answer(text).strip(MARKUP).lower()
    marks = {color or f"point{number}" for color, number in MARK.findall(text)}
    return (marks.pop() if len(marks) == 1 else None) if marks else re.sub(r"^(?:the|an?)\s+", "", text) or None


def extreme_mark(text: str) -> str | None:
    """The mark that a sentence calls the closest or farthest: the last one before that word, else the only one."""
    text = final_answer(text).lower()
    extreme = EXTREME.search(text)
    marks = MARK.findall(text[: extreme.start()] if extreme else "")
    return (marks[-1][0] or f"point{marks[-1][1]}") if marks else marked_object(text)


def directions(text: str) -> Counter[str] | None:
    """Counts of the words of direction."""
    text = final_answer(text)
    words: list[str] = [word.lower() for word in DIRECTION.findall(text)]
    words += [(first or second).lower() for first, second in OF_BOTH.findall(text)]
    return Counter([SYNONYMS.get(word, word) for word in words]) or None


def facts(text: str) -> Counter[str] | None:
    """Counts of the numbers, frames, directions and marks of a sentence; of its words where it has none of them."""
    text = final_answer(text)
    found = Counter(f"{value:g}" for value, _ in quantities(text)) + Counter(FRAME.findall(text))
    found += directions(text) or Counter()
    found += Counter(match[0].lower() for match in MARK.finditer(text))
    return found or Counter(re.findall(r"\w+", text.lower())) or None


def _only(values: Iterable[T]) -> T | None:
    different = set(values)
    return different.pop() if len(different) == 1 else None
