"""Quantities in plain text: numbers in the spellings that people and models use, with their units.

Lengths are in meters, areas in square meters, angles in degrees.
"""

import math
import re
from dataclasses import dataclass, replace

from qagen.score.plain import UnreadError

# --- units ------------------------------------------------------------------------------------------------------------

LENGTHS = {
    0.001: "mm millimeter millimetre millimeters millimetres мм 毫米 公厘 ミリ ミリメートル 밀리미터",
    0.01: "cm centimeter centimetre centimeters centimetres centimetri centímetro centímetros centimètre centimètres"
    " zentimeter см 厘米 公分 センチ センチメートル 센티미터",
    0.1: "dm decimeter decimetre decimeters decimetres 分米",
    1.0: "m meter metre meters metres mètre mètres metro metros metri м метр метра метров 米 公尺 メートル 미터",
    1000.0: "km kilometer kilometre kilometers kilometres км 公里 千米 キロメートル 킬로미터",
    0.0254: "in. inch inches 英寸 吋 インチ 인치",
    0.3048: "ft ft. foot feet 英尺 呎 フィート 피트",
    0.9144: "yd yd. yds yard yards 码 ヤード",
    1609.344: "mi mi. mile miles 英里 マイル",
}
AREAS = {
    0.0001: "cm2 平方厘米 平方公分 平方センチメートル",
    1.0: "m2 sqm 平方米 平米 平方公尺 平方メートル 제곱미터 quadratmeter",
    0.09290304: "ft2 sqft 平方英尺",
    3.305785: "坪",
}
ANGLES = {1.0: "deg degree degrees ° 度", math.degrees(1.0): "rad radian radians 弧度"}
UNITS: dict[str, tuple[str, float]] = {
    unit: (kind, factor)
    for kind, table in (("length", LENGTHS), ("area", AREAS), ("angle", ANGLES))
    for factor, names in table.items()
    for unit in names.split()
}
"""Kind and factor by unit."""
LETTERS = r"A-Za-z\u00c0-\u024f\u0400-\u04ff"
INCH = r"in(?=\s*(?:[.,;:)\]!?]|$|(?:wide|long|tall|deep|high|away|apart|x|×|by|or)\b))"
"""The abbreviation that is a preposition, too."""
_NAMES = "|".join(
    re.escape(unit) + (rf"(?![{LETTERS}\d_])" if re.match(rf"[{LETTERS}]+\d?$", unit) else "")
    for unit in sorted(UNITS, key=len, reverse=True)
)
UNIT = re.compile(
    rf"[\s)]*-?(?P<dimension>(?:square|sq\.?|cubic)[\s-]*)?(?P<name>{_NAMES}|{INCH})(?P<power>\s*\^\s*[23](?!\d))?",
    re.I,
)

# --- numbers ----------------------------------------------------------------------------------------------------------

NUMBER = re.compile(
    r"(?<![A-Za-z\d_.])(?P<sign>(?<![\w)°%])[-+])?"
    r"(?:(?:(?P<whole>\d{1,9})\s+)?(?P<above>\d{1,9})\s*/\s*(?P<below>\d{1,9})(?![\d./])"
    r"|(?P<digits>\d+(?:[.,'_]\d+)*|\.\d+)(?:[eE](?P<e>[-+]?\d{1,3})|\s*[×x·]\s*10\s*\^\s*\(?(?P<power>[-+]?\d{1,3})\)?)?)"
)
MOST_DIGITS = 30
_ONES = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS = [
    "ten",
    "eleven",
    "twelve",
    *(f"{stem}teen" for stem in ("thir", "four", "fif", "six", "seven", "eigh", "nine")),
]
_TENS = [f"{stem}ty" for stem in ("twen", "thir", "for", "fif", "six", "seven", "eigh", "nine")]
WORDS = {word: value for value, word in enumerate(["zero", *_ONES, *_TEENS])}
WORDS |= {word: value for value, word in zip(range(20, 100, 10), _TENS, strict=True)}
_UNDER_100 = rf"(?:(?:{'|'.join(_TENS)})(?:[\s-]+(?:{'|'.join(_ONES)}))?|{'|'.join(['zero', *_TEENS, *_ONES])})"
SPELT = re.compile(
    rf"(?<!the )\b(?P<hundreds>(?:an?|{'|'.join(_ONES)})\s+hundred(?:\s+and)?\b)?\s*(?P<rest>\b{_UNDER_100})?\b"
    rf"(?P<point>\s+point(?:\s+(?:zero|{'|'.join(_ONES)})\b)+)?(?P<half>\s+and\s+a\s+half\b)?",
    re.I,
)
_MEASURE = r"(meter|metre|foot|inch|yard|mile|centimeter|centimetre)"
SPOKEN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), number)
    for pattern, number in (
        (rf"\ban?\s+{_MEASURE}\s+and\s+a\s+half\b", r"1.5 \1"),
        (rf"\b(\d+)\s+{_MEASURE}s?\s+and\s+a\s+half\b", r"\1.5 \2"),
        (rf"\b(?:half\s+(?:of\s+)?an?|half|a\s+half)\s+{_MEASURE}\b", r"0.5 \1"),
        (rf"\b(?:a\s+)?quarter\s+(?:of\s+)?an?\s+{_MEASURE}\b", r"0.25 \1"),
        (rf"\bthree[\s-]quarters\s+of\s+an?\s+{_MEASURE}\b", r"0.75 \1"),
        (rf"\ban?\s+{_MEASURE}\b", r"1 \1"),
        (r"\b(\d+)\s+and\s+a\s+half\b", r"\1.5"),
    )
)
NAMING = re.compile(
    r"(?:frame|object|image|point|option|box|view|picture|figure|step|camera)s?[\s_#-]*(?:number\s*|no\.\s*)?\d+\b"
    r"(?!\.\d|\s*(?:mm|cm|m|km|ft|feet|inch\w*|met(?:er|re)s?)\b)"
    r"|第\s*\d+|(?:图|圖|图像|图片|物体|帧|步骤|选项)\s*\d+(?![.\d])|^\s*\(?\d{1,2}[.)]\s+(?=[^\d\s])",
    re.I | re.M,
)
"""Numbers that name something: ``Frame-3``, ``object 1``, ``1. `` at the beginning of a line."""
COMPACT: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), replacement)
    for pattern, replacement in (
        (r"(?<![\d.,'])(\d+)\s*'\s*(\d|1[01])(\.\d+)?(?!\d)\s*(?:\"|'')?", r"\1 ft \2\3 in."),  # 5'3"
        (r"(\d)(m|米|公尺)(\d\d|(?<=[米尺])\d)(?![\d.,]*\d|\s*(?:cm|厘米|公分|センチ))", r"\1.\3 m"),  # 1m50, 1米5
        (r"(?<=\d)(m|ft|feet)(?=\d)(?!2(?!\d))", r"\1 "),  # 5ft3in
        (r"(?<![\d.,])(\d{1,3}) (\d{3})(?=(?:[.,]\d+)?\s*(?:mm|cm|m|毫米|厘米|米)(?![a-z]))", r"\1\2"),  # 1 500 mm
        (r"(?<=\d)[ \t]*[x×](?=[ \t]*[\d.])(?![ \t]*10[ \t]*\^)", " × "),  # 126x25
    )
)
FEET_OR_INCHES = re.compile(r"(?<![\d.,\"'])(\d+(?:\.\d+)?)\s*(\"|''|')(?![\w'])")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit."""

    value: float
    """In meters, square meters or degrees where there is a unit."""
    kind: str
    """length, area, volume or angle; "" without a unit."""
    unit: str
    """As spelt, in lower case."""
    factor: float
    """Of the unit; 1 without one."""
    start: int
    """Where it begins in the text."""
    end: int
    """Where it ends, with its unit."""


def prepared(text: str, spelt: bool = False) -> str:
    """Plain text without numbers that name something, with compact spellings and, if ``spelt``, words in digits."""
    text = NAMING.sub(" ", text)
    for pattern, replacement in COMPACT:
        text = pattern.sub(replacement, text)
    text = FEET_OR_INCHES.sub(lambda match: _feet_or_inches(match, text), text)
    if spelt:
        text = SPELT.sub(_digits_of_words, text)
        for pattern, replacement in SPOKEN:
            text = pattern.sub(replacement, text)
    return text


def _feet_or_inches(match: re.Match[str], text: str) -> str:
    """The marks of feet and inches where they cannot be closing quotes."""
    mark = match[2]
    if mark != "''" and text.count(mark) % 2 == 0:
        return match[0]
    return f"{match[1]} {'ft' if mark == chr(39) else 'in.'}"


def _digits_of_words(match: re.Match[str]) -> str:
    hundreds, rest, point = match["hundreds"], match["rest"], match["point"]
    if not hundreds and not rest:
        return match[0]
    value = 100 * WORDS.get(hundreds.split()[0].lower(), 1) if hundreds else 0
    value += sum(WORDS[word.lower()] for word in re.findall(r"[a-z]+", rest or "", re.I))
    decimals = [str(WORDS[word.lower()]) for word in point.split()[1:]] if point else ["5"] if match["half"] else []
    return f" {value}" + (f".{''.join(decimals)}" if decimals else "")


def quantities(text: str) -> list[Quantity]:
    """The quantities of prepared text; ``5 ft 3 in`` and the like are one.

    Raises:
        UnreadError: a number has separators that contradict each other.
    """
    found: list[Quantity] = []
    for match in NUMBER.finditer(text):
        if found and match.start() < found[-1].end:  # the power of a unit
            continue
        unit = UNIT.match(text, match.end())
        word = re.match(rf"[{LETTERS}\d_]", text[match.end() :]) if unit is None else None
        if word is not None:  # 3D, 2nd, 5x
            continue
        kind, factor = _unit(unit) if unit else ("", 1.0)
        name = unit["name"].lower() if unit else ""
        value = round(_value(match, name) * factor, 9)
        quantity = Quantity(value, kind, name, factor, match.start(), unit.end() if unit else match.end())
        if found and found[-1].unit and not unit and not text[found[-1].end : quantity.start].strip():
            raise UnreadError(f"an unclear number: {text[found[-1].start : quantity.end]}")  # 1 meter 50
        if found and _continues(found[-1], quantity, text):
            last = found.pop()
            quantity = replace(last, value=last.value + value, end=quantity.end)
        found.append(quantity)
    return found


def _unit(match: re.Match[str]) -> tuple[str, float]:
    """Kind and factor."""
    kind, factor = UNITS.get(match["name"].lower()) or UNITS["inch"]
    prefix, power = (match["dimension"] or "").lower(), match["power"] or ""
    if kind == "length" and (prefix.startswith("sq") or power.endswith("2")):
        return "area", factor**2
    if kind == "length" and (prefix or power):
        return "volume", factor**3
    return kind, factor


def _value(match: re.Match[str], unit: str) -> float:
    sign = -1 if match["sign"] == "-" else 1
    if match["below"]:
        if not float(match["below"]):
            raise UnreadError(f"division by zero: {match[0]}")
        return sign * (float(match["whole"] or 0) + float(match["above"]) / float(match["below"]))
    digits = match["digits"]
    unsure = {"m": r"[1-9]\d{0,2},\d{3}", "cm": r"[1-9]\d{0,2}\.\d{3}", "mm": r"[1-9]\d{0,2}\.\d{3}"}.get(unit)
    if len(digits) > MOST_DIGITS or (unsure and re.fullmatch(unsure, digits)):
        raise UnreadError(f"an unclear number: {digits[:MOST_DIGITS]}")
    exponent = match["e"] or match["power"] or "0"
    return sign * float(f"{_decimal(digits)}e{exponent}")


def _decimal(digits: str) -> str:
    """Digits with a decimal point and nothing else, whatever separates them: 1,500.5 and 1.500,5 and 1'500.5."""
    parts, marks = re.split(r"[.,'_]", digits), re.findall(r"[.,'_]", digits)
    in_thousands = 1 <= len(parts[0]) <= 3 and parts[0] != "0" and all(len(part) == 3 for part in parts[1:])
    has_decimals = (
        bool(marks) and marks.count(marks[-1]) == 1 and marks[-1] in ".," and not (marks == [","] and in_thousands)
    )
    whole = parts[:-1] if has_decimals else parts
    if len(whole) > 1 and (any(len(part) != 3 for part in whole[1:]) or len(set(marks[: len(whole) - 1])) > 1):
        raise UnreadError(f"an unclear number: {digits}")
    return "".join(whole) + (f".{parts[-1]}" if has_decimals else "")


def _continues(first: Quantity, second: Quantity, text: str) -> bool:
    """Whether two quantities are one, like 5 ft 3 in and 1 m 50 cm."""
    if not first.kind == second.kind == "length" or not first.unit or "-" in text[second.start : second.start + 1]:
        return False
    imperial = [quantity.factor in (0.0254, 0.3048, 0.9144, 1609.344) for quantity in (first, second)]
    is_part = second.factor < first.factor and second.value < first.factor
    between = text[first.end : second.start].strip().lower()
    return between in ("", "and", ",") and imperial[0] == imperial[1] and is_part


# --- what a text says of a quantity -----------------------------------------------------------------------------------

_ABOUT = r"(?:\s*(?:about|around|roughly|approximately|approx\.?|some|~|≈|大约|约))?\s*$"
TOLERANCE = re.compile(
    r"(?:±|\+\s*/?\s*-?|plus\s*(?:or|/)\s*minus|give\s+or\s+take)\s*$"
    r"|(?:error|uncertainty|margin|tolerance|accuracy|precision|confidence)\b[^\d.,;]{0,20}$",
    re.I,
)
BOUND_BEFORE = re.compile(
    rf"(?:(?:\w+er|more|less|further|farther)\s+than|over|under|above|below|beyond|up\s+to|at\s+(?:least|most)|within"
    rf"|(?:minimum|maximum)\s+of|exceed(?:s|ing)?|(?<![-=])>\s*=?|[<≤≥]\s*=?|不到|超过|大于|小于|至少|最多|不超过|多于|少于|高于|低于){_ABOUT}",
    re.I,
)
BOUND_AFTER = re.compile(
    r"\s*(?:\+|or\s+(?:more|less|so\s+more|further|farther|closer)|plus\b|以上|以下|以内|以外|多)", re.I
)
REJECTED = re.compile(rf"(?:\bnot|n't|rather\s+than|instead\s+of|不是){_ABOUT}", re.I)
RANGE = re.compile(rf"\s*(?:-|–|—|~|to|up\s+to|or|bis|至|到|から|或){_ABOUT}", re.I)
BETWEEN = re.compile(rf"\b(?:between|from){_ABOUT}", re.I)
AND = re.compile(rf"\s*(?:and|和|与|到|,){_ABOUT}", re.I)
SAME = 0.1
"""Maximum relative difference of a quantity and the same in another unit, rounded."""


def settled(text: str, found: list[Quantity]) -> list[Quantity]:
    """The quantities that prepared text states, without tolerances, repetitions in other units and rejected ones.

    Raises:
        UnreadError: only ranges, bounds or rejected quantities are stated.
    """
    found = _without_tolerances(text, found)
    reasons: dict[int, str] = {}
    for index, quantity in enumerate(found):
        start = found[index - 1].end if index else 0
        before, after = text[max(start, quantity.start - 40) : quantity.start], text[quantity.end : quantity.end + 20]
        if BOUND_BEFORE.search(before) or BOUND_AFTER.match(after):
            reasons[index] = "only a bound"
        elif REJECTED.search(before):
            reasons[index] = "only what is not so"
        if index and _is_range(text, found[index - 1], quantity):
            reasons |= {index - 1: "a range", index: "a range"}
    kept = [quantity for index, quantity in enumerate(found) if index not in reasons]
    if reasons and not kept:
        raise UnreadError(reasons[max(reasons)])
    if len({quantity.factor for quantity in kept}) == 1:
        return kept
    return [
        quantity for index, quantity in enumerate(kept) if not _is_repeated(quantity, kept[:index], kept[index + 1 :])
    ]


def _without_tolerances(text: str, found: list[Quantity]) -> list[Quantity]:
    kept: list[Quantity] = []
    for quantity in found:
        if TOLERANCE.search(text[(kept[-1].end if kept else 0) : quantity.start][-40:]):
            if kept and not kept[-1].unit and quantity.unit and not re.match(r"\s*%", text[quantity.end :]):
                value = round(kept[-1].value * quantity.factor, 9)
                kept[-1] = replace(quantity, value=value, start=kept[-1].start)
            if kept:
                kept[-1] = replace(kept[-1], end=quantity.end)
        elif not re.match(r"\s*%", text[quantity.end :]):
            kept.append(quantity)
    return kept


def _is_range(text: str, first: Quantity, second: Quantity) -> bool:
    gap, after = text[first.end : second.start], text[second.end : second.end + 20]
    if _is_same(first, second):
        return False
    if RANGE.match(gap) or (not gap.strip() and text[second.start] == "-"):
        return True
    return bool(AND.match(gap)) and bool(
        BETWEEN.search(text[: first.start][-30:]) or re.match(r"\s*之间|\s*の間", after)
    )


def _is_same(first: Quantity, second: Quantity) -> bool:
    """Whether one is the other in another unit, or both are equal."""
    if first.kind != second.kind or (first.factor == second.factor and first.value != second.value):
        return False
    return abs(first.value - second.value) <= SAME * abs(first.value)


def _is_repeated(quantity: Quantity, earlier: list[Quantity], later: list[Quantity]) -> bool:
    """Whether another quantity says the same, before it or, in meters, after it."""
    in_meters = [other for other in later if other.factor == 1.0 != quantity.factor]
    preferred = [other for other in earlier if quantity.factor != 1.0 or other.factor == 1.0] + in_meters
    return any(_is_same(quantity, other) for other in preferred)
