"""Readers of answers that are places, names, frames, marks, contacts and directions; for others see beside.

All read the final answer and raise ``UnreadError`` where it decides on nothing, or on several things.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import TypeVar

from qagen.score.letters import MARKUP
from qagen.score.numbers import ASKED_UNIT, asked_unit_m, in_unit, number
from qagen.score.passages import decision
from qagen.score.plain import UnreadError, final_answer
from qagen.score.quantities import NAMING

T = TypeVar("T")
Box = tuple[float, float, float, float]
THOUSANDTHS = 1000.0

# --- places -----------------------------------------------------------------------------------------------------------

PLAIN = r"([-+]?(?:\d+(?:\.\d+)?|\.\d+))"
_N, _SEPARATOR = rf"{PLAIN}(?:\s*%)?", r"\s*[,;\s]\s*"
BOX = re.compile(rf"[\[(]+\s*{_SEPARATOR.join([_N] * 4)}\s*[\])]+")
_PAIR = rf"[\[(]\s*{_N}{_SEPARATOR}{_N}\s*[\])]"
CORNERS = re.compile(rf"{_PAIR}[^\d\[(]{{0,40}}{_PAIR}")
BARE_BOX = re.compile(rf"(?<![\w.,;-]){_SEPARATOR.join([_N] * 4)}(?!\s*[,;]?\s*[\d.%])")
EDGES = ("x_?min|x_?1|left", "y_?min|y_?1|top", "x_?max|x_?2|right", "y_?max|y_?2|bottom")
NAMED_EDGES = [re.compile(rf"\b(?:{name})\b[\"'\s]*[:=]\s*{_N}", re.I) for name in EDGES]
OTHER_ORDER = re.compile(
    r"\bbox_2d\b|<loc\d|\by_?(?:min|1)\b[\s,]*x_?(?:min|1)\b|\bwidth\b|\bcx\b|bottom[\s-]*left|lower[\s-]*left", re.I
)
PIXELS = re.compile(r"\b(?:px|pixels?)\b", re.I)
SPELT_PLACE = re.compile(rf"\bx[\"']?\s*[:=]\s*{PLAIN},?(?:\s+and)?\s*[\"']?\by[\"']?\s*[:=]\s*{PLAIN}", re.I)
PLACE = re.compile(rf"[\[(]\s*{PLAIN}\s*,\s*{PLAIN}\s*[\])]")
PLACE_AND_DEPTH = re.compile(rf"[\[(]?\s*{PLAIN}\s*,\s*{PLAIN}\s*,\s*{PLAIN}\s*m?\s*[\])]?")
WITH_UNIT = re.compile(rf"{PLAIN}\s*((?:milli|centi|kilo)?met(?:er|re)s?|[mck]?m)(?=\s*[,\])])", re.I)
MAPPED = re.compile(rf"object[\s_-]*(?P<name>\d{{1,9}})\b|{PLACE.pattern}", re.I)
ORDINALS = ("first", "second", "third", "fourth", "fifth")
IMAGE = re.compile(
    rf"(?:image|img|picture|view)[\s_#\"':-]*(?:number\s*)?(\d)(?!\d)|\b({'|'.join(ORDINALS)})\s+(?:image|picture|view)\b"
    r"|第\s*(\d)\s*[张幅]|图[像片]?\s*(\d)(?!\d)",
    re.I,
)


def box(text: str) -> Box:
    """The one box of a text, in thousandths: in brackets, as two corners, with named edges, or four numbers."""
    text = final_answer(text)
    if PIXELS.search(text):
        raise UnreadError("a box in pixels")
    named = [_only(float(edge) for edge in pattern.findall(text)) for pattern in NAMED_EDGES]
    if None not in named:
        return _in_thousandths(tuple(edge for edge in named if edge is not None), text)
    if OTHER_ORDER.search(text):
        raise UnreadError("a box in an unclear order of coordinates")
    return _in_thousandths(decision(text, _boxes, "box"), text)


def _boxes(passage: str) -> set[tuple[float, ...]]:
    for pattern in (BOX, CORNERS, BARE_BOX):
        if found := {tuple(float(edge) for edge in edges) for edges in pattern.findall(passage)}:
            return found
    return set()


def _in_thousandths(edges: tuple[float, ...], text: str) -> Box:
    if re.search(r"\d\s*%", text):
        edges = tuple(10 * edge for edge in edges)
    elif all(0 <= edge <= 1 for edge in edges) and any(0 < edge < 1 for edge in edges):
        edges = tuple(THOUSANDTHS * edge for edge in edges)
    if max(edges) > THOUSANDTHS:
        raise UnreadError("a box beyond 1000, perhaps in pixels")
    left, top, right, bottom = (round(edge, 6) for edge in edges)
    return left, top, right, bottom


def located_box(text: str) -> tuple[int, Box]:
    """Image, counted from 0 and 0 where none is named, and box."""
    edges = box(text)
    images = {
        int(first or third or fourth) - 1 if first or third or fourth else ORDINALS.index(word.lower())
        for first, word, third, fourth in IMAGE.findall(final_answer(text))
    }
    if len(images) > 1:
        raise UnreadError("several images")
    return images.pop() if images else 0, edges


def place(text: str, question: str = "") -> tuple[float, float, float]:
    """Image position in thousandths, and depth in the unit that the question names, else in meters."""
    text = SPELT_PLACE.sub(r"(\1, \2)", final_answer(text))
    if triple := PLACE_AND_DEPTH.fullmatch(text):
        text = f"({triple[1]}, {triple[2]}) {triple[3]}"
    return (*_spot(text), number(PLACE.sub(" ", text), _unit_words(question)))


def position(text: str) -> tuple[float, float]:
    """Image position in thousandths."""
    return _spot(SPELT_PLACE.sub(r"(\1, \2)", final_answer(text)))


def _spot(text: str) -> tuple[float, float]:
    if PIXELS.search(text):
        raise UnreadError("a position in pixels")
    spot = _only((float(x), float(y)) for x, y in PLACE.findall(text))
    if spot is None:
        raise UnreadError("no image position, or several")
    if any(0 < part < 1 for part in spot) and all(0 <= part <= 1 for part in spot):
        spot = (THOUSANDTHS * spot[0], THOUSANDTHS * spot[1])
    if max(spot) > THOUSANDTHS:
        raise UnreadError("a position beyond 1000, perhaps in pixels")
    return spot


def _in_asked_unit(match: re.Match[str], unit_m: float) -> str:
    """A coordinate with its unit as a bare one."""
    own_m = asked_unit_m(match[2]) if len(match[2]) > 1 else 1.0
    return match[1] if own_m == unit_m else f"{in_unit(float(match[1]) * own_m, unit_m):.9g}"


UNBRACKETED = re.compile(rf"(object[\s_-]*\d+)[\s\"']*[:=|]\s*{PLAIN}\s*[,|]\s*{PLAIN}(?!\s*[,|]?\s*[\d.])", re.I)


def _unit_words(question: str) -> str:
    """The question's words of length, without its numbers; "meters" where it has none."""
    return " ".join(match[0] for match in ASKED_UNIT.finditer(question)) or "meters"


def map_places(text: str, question: str = "") -> dict[int, tuple[float, float]]:
    """Position on the map by number of the object; each stands right before its object, or right after.

    Coordinates are in the unit that the question names, else in meters.
    """
    unit_m = asked_unit_m(question)
    text = WITH_UNIT.sub(lambda match: _in_asked_unit(match, unit_m), final_answer(text))
    text = SPELT_PLACE.sub(r"(\1, \2)", text)
    found = list(MAPPED.finditer(UNBRACKETED.sub(r"\1 (\2, \3)", text)))
    places: dict[int, tuple[float, float]] = {}
    for pair in zip(found[::2], found[1::2], strict=False):
        name, spot = sorted(pair, key=lambda match: match["name"] is None)
        if name["name"] is None or spot["name"] is not None:
            raise UnreadError("positions that belong to no object")
        place = (float(spot[2]), float(spot[3]))
        if places.setdefault(int(name["name"]), place) != place:
            raise UnreadError("several positions of an object")
    if not places:
        raise UnreadError("no positions")
    return places


Cell = tuple[float, float]
"""Column and row."""
_CELL = rf"\[?[\[(]\s*{PLAIN}\s*,\s*{PLAIN}\s*[\])]\]?"
QUOTED_CELL = re.compile(rf"[\"“]([^\"“”\n]{{1,200}})[\"”]\s*[:=]\s*{_CELL}")
SAID_CELL = re.compile(
    rf"(?:\bthe\s+|['\s]|^)([^\[\](){{}}\":,;\n]{{1,200}}?)'?\s*(?:[:=]|\b(?:in|at)\b)\s*(?:cell\s*)?{_CELL}", re.I
)


def cells(text: str) -> dict[str, Cell]:
    """Cell of a grid by name in lower case: of JSON, whatever is around it, else of "the lamp in [3, 4]"."""
    text = final_answer(text)
    located: dict[str, Cell] = {}
    for name, column, row in QUOTED_CELL.findall(text) or SAID_CELL.findall(text):
        name, cell = _bare_name(name), (float(column), float(row))
        if located.setdefault(name, cell) != cell:
            raise UnreadError("several cells of an object")
    if not located:
        raise UnreadError("no cells")
    return located


def _bare_name(text: str) -> str:
    """A name without the words before its last article, and without markup."""
    return " ".join(re.split(r"\bthe\s+", text.casefold())[-1].strip(MARKUP).split())


# --- frames and names -------------------------------------------------------------------------------------------------

_TO = r"(?:to|through|until|-|–|—|~|到|至)"
_BESIDE = r"frames?[\s#_:\"'-]*"
FRAMES = re.compile(
    rf"(?<![A-Za-z]){_BESIDE}(?:\d{{1,9}}(?:\s*(?:,|;|&|and|和|及|{_TO})+\s*(?:{_BESIDE})?(?=\d))*)+", re.I
)
FRAME = re.compile(
    rf"(?P<to>{_TO}\s*(?:{_BESIDE})?)?(?<![A-Za-z\d.])(?P<number>\d{{1,9}})(?![A-Za-z\d]|\.\d|\s+frames?\b)", re.I
)
MAX_FRAMES = 1000


def frames(text: str) -> frozenset[int]:
    """Numbers of the frames that a text names; ``Frame-3 to Frame-5`` are three."""
    return decision(final_answer(text), _frames, "set of frames")


def _frames(passage: str) -> set[frozenset[int]]:
    lists = FRAMES.findall(passage) or [passage]
    numbers: set[int] = set()
    for told in lists:
        last = None
        for match in FRAME.finditer(re.sub(rf"(?i){_BESIDE}", "", told)):
            number = int(match["number"])
            first = number if last is None or not match["to"] else last
            if number - first > MAX_FRAMES:
                raise UnreadError("an unclear range of frames")
            numbers.update(range(first, number + 1))
            last = number
    return {frozenset(numbers)} if numbers else set()


LISTED = re.compile(r"([^,.:;?]+), ([^,.:;?]+), ([^,.:;?]+), and ([^,.:;?]+)")
BETWEEN_NAMES = re.compile(
    r"\s*(?:[,;\n|]|->|=>|→|⟶|➔|>|<|\bthen\b|\band\b|\bfollowed\s+by\b|\s[-–—]\s"
    r"|(?<=[^\d\s])\s*\(?\d{1,2}[.)])\s*"
)
IN_FRAME = re.compile(r"\([^()]*\)|\b(?:(?:in|at|from)\s+)?frame[\s#_-]*\d+\s*:?")
BEFORE_NAMES = re.compile(r"^[^,;\n|>→]*?(?:\b(?:is|are)\b|:)\s*(?=\S)")
BEFORE_NAME = re.compile(
    r"^(?:\(?(?:[ivx]{1,4}|[a-h])[.)](?=\s))?[\W\d_]*(?:\b(?:first(?:ly)?|second(?:ly)?|third(?:ly)?|next|finally|last(?:ly)?|after\s+that|the|an?)\b[\s:,]*)*"
)


def names(text: str, question: str = "") -> tuple[str, ...]:
    """The names that a text lists, in order."""
    text = final_answer(text).lower()
    if question and (known := _known_names(text, question)):
        return known
    listed = BEFORE_NAMES.sub("", IN_FRAME.sub(" ", text))
    parts = (BEFORE_NAME.sub("", part).strip(MARKUP) for part in BETWEEN_NAMES.split(listed))
    found = tuple(" ".join(part.split()) for part in parts if part)
    if not found:
        raise UnreadError("no names")
    return found


def listed_names(text: str, question: str) -> tuple[str, ...]:
    """The names of the question's list ("..., A, B, C, and D") in the order in which a sentence has them."""
    known = _known_names(final_answer(text).lower(), question)
    if not known:
        raise UnreadError("not all names of the question")
    return known


def _known_names(text: str, question: str) -> tuple[str, ...]:
    """The names of the question's list in the order of the text; empty where some are missing."""
    for listed in LISTED.findall(question.lower()):
        first = listed[0].split()
        known = [" ".join(first[k:]) for k in range(len(first)) if " ".join(first[k:]) in text][:1]
        labels, places, rest = [*known, *listed[1:]], dict[str, int](), text
        for label in sorted(labels, key=len, reverse=True):
            places[label] = rest.find(label)
            rest = rest.replace(label, "#" * len(label))
        if len(labels) == len(listed) and min(places.values()) >= 0:
            return tuple(sorted(labels, key=lambda label: places[label]))
    return ()


# --- marks ------------------------------------------------------------------------------------------------------------

MARK = re.compile(r"(?<![a-z])(red|green|blue|yellow|magenta)(?![a-z])|(?<![a-z])point[\s_-]*(\d+)", re.I)
LISTED_OBJECT = re.compile(r"(?<![a-z])object[\s_-]*(\d+)", re.I)
NEAR_OR_FAR = re.compile(r"\b(?:(?P<near>close(?:r|st)?|near(?:er|est)?)|(?P<far>f[au]r(?:ther|thest)?))\b", re.I)
LARGER = re.compile(
    r"\b(?P<less>less\s+(?:tall|high|wide|long|large|big)|shorter|narrower|smaller)\b"
    r"|\b(?:taller|higher|wider|broader|longer|larger|bigger|greater)\b",
    re.I,
)
NOT_MARKED = re.compile(r"\b(?:not|rather than|instead of)\s+(?:the\s+)?[^,.;()]{0,40}\(?[^,.;()]{0,20}\)?", re.I)


def marked_object(text: str, question: str = "") -> str:
    """The mark that a text names by its color or number, else the text itself, without articles.

    Of several marks it is the one that is called closer (closest, farther, farthest) or larger: the last one before
    that word. Where a mark is called smaller, it is the next one after that word.

    Raises:
        UnreadError: several marks are named, or the one that is farther when the closer one is asked for.
    """
    text = final_answer(text).lower()
    asked = {match.lastgroup for match in NEAR_OR_FAR.finditer(question)}
    told = list(NEAR_OR_FAR.finditer(text))
    fitting = [match for match in told if len(asked) != 1 or match.lastgroup in asked]
    if told and not fitting:
        raise UnreadError("tells the opposite of what is asked")
    marks = _marks(NOT_MARKED.sub(" ", text)) or _marks(text)
    if len(set(marks)) > 1 and fitting:
        marks = _marks(text[: fitting[0].start()])[-1:] or marks
    elif len(set(marks)) > 1 and (larger := LARGER.search(text)):
        marks = _marks(text[larger.end() :])[:1] if larger["less"] else _marks(text[: larger.start()])[-1:]
    if len(set(marks)) > 1:
        raise UnreadError("several marks")
    return marks[0] if marks else re.sub(r"^(?:the|an?)\s+", "", text.strip(MARKUP))


def _marks(text: str) -> list[str]:
    """The colors and numbers of marks; ``object2`` of a list of boxes or masks is read as ``point2`` of points is."""
    return [color or f"point{number}" for color, number in MARK.findall(LISTED_OBJECT.sub(r"point\1", text))]


# --- contact ----------------------------------------------------------------------------------------------------------

_NO = r"(?:\bnot|n't|\bwithout|\bnever|\bneither|\bnor|\bno|\brather\s+than|\binstead\s+of)"
_FILLER = r"(?:\s+(?:actually|really|quite|resting|standing|lying|sitting|be|being|in|any|even|direct(?:ly)?))*"
_TOUCH = r"(?:touch(?:es|ing|ed)?|contact(?:s|ing)?|abut(?:s|ting)?|adjoin(?:s|ing)?)"
APART = re.compile(
    rf"\bapart\b|\bseparate[ds]?\b|\baway\s+from\b|\bclear\s+of\b|\bgap\b|{_NO}{_FILLER}\s+{_TOUCH}\b", re.I
)
DENIED = re.compile(rf"{_NO}{_FILLER}\s+(?:on(?:\s+top)?|inside|within|in|apart)\b", re.I)
TOUCHING = re.compile(rf"\b{_TOUCH}\b|\bagainst\b", re.I)
ON = re.compile(
    r"\b(?:on\s+top|atop|upon|on(?!\s+(?:the\s+)?(?:left|right|other|floor|ground|image|picture|one|its\s+own)\b))\b",
    re.I,
)
IN = re.compile(
    r"\b(?:inside|within|contain(?:s|ed)|in(?!\s+(?:contact|front|between|fact|the\s+end)\b"
    r"|\s+(?:the|this)\s+(?:image|picture|photo|view|scene|room)\b))\b",
    re.I,
)


def contact(text: str) -> str:
    """On, in, touching or apart: how one object meets another. What is on or in something may be said to touch it."""
    return decision(final_answer(text), _contacts, "contact")


def _contacts(passage: str) -> set[str]:
    rest = re.sub(r"\([^()]*\)", " ", passage)
    is_apart = APART.search(rest) is not None
    rest = DENIED.sub(" ", APART.sub(" ", rest))
    held = {word for word, pattern in (("on", ON), ("in", IN)) if pattern.search(rest)}
    if is_apart:
        return {"apart"}
    return held or ({"touching"} if TOUCHING.search(rest) else set())


# --- directions around an observer ------------------------------------------------------------------------------------

_ENDS = r"(?:front|forwards?|straight ahead|ahead|back(?:wards?)?|behind|rear)"
_TO = r"(?:[\s-]+(?:and|to|on|the|its|slightly|from|of))*[\s-]+"
SECTOR = re.compile(
    rf"(?<![a-z])(?:(?P<turn>(?:turn|rotat|pann)(?:s|ed|ing)?(?: it)?(?: to)?(?: the| its)? (?P<to>left|right))"
    rf"|(?P<end>{_ENDS}){_TO}(?P<side>left|right)|(?P<side_2>left|right)[\s-]+(?P<end_2>{_ENDS})"
    rf"|(?P<compass>(?:north|south)(?:[\s-]?(?:east|west))?|east|west)(?:ern|erly|wards?)?"
    rf"|(?P<one>{_ENDS}|left|right|higher|(?<!from )above|lower|below))(?![a-z])",
    re.I,
)
"""A direction; a side after front or back belongs to it."""
HEIGHTS = {"higher": "higher", "above": "higher", "lower": "lower", "below": "lower"}


def sector(text: str) -> str:
    """A direction, or two of different kinds: "front-left", "northeast", "higher", "left and turned right"."""
    return decision(final_answer(text), _sectors, "direction")


def _sectors(passage: str) -> set[str]:
    found = dict.fromkeys(map(_sector, SECTOR.finditer(passage)))
    kinds = [_kind_of_sector(word) for word in found]
    return {" and ".join(found)} if found and len(set(kinds)) == len(kinds) else set(found)


def _sector(match: re.Match[str]) -> str:
    if match["turn"]:
        return f"turned {match['to'].lower()}"
    if match["compass"]:
        return re.sub(r"[\s-]", "", match["compass"].lower())
    end, side = match["end"] or match["end_2"], match["side"] or match["side_2"]
    if side:
        return f"{_end(end)}-{side.lower()}"
    word = match["one"].lower()
    return HEIGHTS.get(word) or (word if word in ("left", "right") else _end(word))


def _end(word: str) -> str:
    return "back" if word.lower().startswith(("back", "behind", "rear")) else "front"


def _kind_of_sector(word: str) -> str:
    """Turns, heights and places are told together, two of one kind are a contradiction."""
    return "turn" if word.startswith("turned") else "height" if word in HEIGHTS else "place"


# --- directions and sentences -----------------------------------------------------------------------------------------

DIRECTION = re.compile(
    r"(?<![a-z])(left|right|above|below|beneath|underneath|closer|nearer|farther|further|front|behind|higher|lower|up"
    r"|down|forward|backward)(?![a-z])",
    re.I,
)
OF_BOTH = re.compile(r"\bboth\b[^,.;]*?\b(front|behind)\b|\b(front|behind)\b[^,.;]*?\bboth\b", re.I)
"""A direction that holds for two objects and is named once."""
SYNONYMS = {"nearer": "closer", "further": "farther", "higher": "above", "lower": "below"}
SYNONYMS |= {"beneath": "below", "underneath": "below"}
STAGE = re.compile(
    r"\b(?:(?P<before>before|at\s+first|at\s+present|initially|originally|to\s+begin\s+with|at\s+the\s+(?:start|beginning)"
    r"|as\s+long\s+as|(?:old|original|starting|present|current|first)\s+(?:place|position|point|view(?:point)?))"
    r"|(?P<after>after(?:wards?)?|once|as\s+soon\s+as|in\s+the\s+end|at\s+the\s+end|finally|then|now|having\s+moved|new"
    r"|facing|gaze|(?:at|from)\s+the\s+center\s+of|in\s+the\s+view\s+from))\b",
    re.I,
)
"""Words that say whether a direction holds before a move or after it."""


def directions(text: str) -> Counter[str]:
    """Counts of the words of direction, as ``before left`` and ``after left`` where a text tells these apart."""
    text = final_answer(text)
    found = [(match.start(), match[1].lower()) for match in DIRECTION.finditer(text)]
    found += [(match.start(match.lastindex or 0), (match[1] or match[2]).lower()) for match in OF_BOTH.finditer(text)]
    if not found:
        raise UnreadError("no direction")
    stages = [(match.start(), match.lastgroup or "") for match in STAGE.finditer(text)]
    words = Counter[str]()
    for place, word in found:
        stage = _stage_at(place, stages, trails=bool(stages) and min(found)[0] < stages[0][0])
        words[f"{stage} {SYNONYMS.get(word, word)}".strip()] += 1
    return words


def _stage_at(place: int, stages: list[tuple[int, str]], trails: bool) -> str:
    """The stage named last, or next if the text names stages after what they hold for."""
    if len({stage for _, stage in stages}) < 2:
        return ""
    named = [stage for start, stage in stages if (start > place if trails else start < place)]
    return (named[0] if trails else named[-1]) if named else ""


def facts(text: str) -> Counter[str]:
    """Counts of the numbers, frames, directions and marks of a sentence; of its words where it has none of them."""
    text = final_answer(text)
    found: Counter[str] = Counter(
        f"{float(number):g}" for number in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", NAMING.sub(" ", text))
    )
    found += Counter(re.findall(r"\bframe[\s-]*(\d{1,9})\b", text, re.I))
    words: list[str] = DIRECTION.findall(text.lower())
    found += Counter([SYNONYMS.get(word, word) for word in words])
    found += Counter(match[0].lower() for match in MARK.finditer(text))
    found = found or Counter(re.findall(r"\w+", text.lower()))
    if not found:
        raise UnreadError("no words")
    return found


def _only(values: Iterable[T]) -> T | None:
    different = set(values)
    return different.pop() if len(different) == 1 else None
