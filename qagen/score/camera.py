"""Readers of answers that say what a camera does, in words of film or plain ones, and in which part of a video.

All read the final answer and raise ``UnreadError`` where it decides on nothing, or on several things.
"""

import re

from qagen.core.motion import LABELS, STAY
from qagen.score.passages import decision
from qagen.score.plain import UnreadError, final_answer

FILM = re.compile(
    r"(?<![a-z])(?:(?P<dolly>dolly|dollies|dollying)\s+(?P<dolly_way>in|out)"
    r"|(?P<truck>truck(?:s|ing)?)\s+(?P<truck_way>left|right)"
    r"|(?P<pedestal>pedestals?)\s+(?P<pedestal_way>up|down)"
    r"|(?P<pan>pan(?:s|ning)?)\s+(?P<pan_way>left|right)"
    r"|(?P<tilt>tilt(?:s|ing)?)\s+(?P<tilt_way>up|down)"
    r"|(?P<roll>roll(?:s|ing)?)\s+(?P<roll_way>cw|ccw|clockwise|counter-?clockwise|anti-?clockwise))(?![a-z])",
    re.I,
)
"""A word of film with its direction."""
STAYS = re.compile(
    r"\((?:stay)\)|(?<![a-z])stay(?:s|ing)?(?: still)?(?![a-z])|(?<![a-z])(?:stationary|static)(?![a-z])", re.I
)
_SIDE = r"(?:to\s+(?:the|its)\s+)?(?P<side>left|right)"
PLAIN = {
    "Dolly": re.compile(
        r"(?<![a-z])(?:mov|go|walk|travel|advanc)\w*\s+(?:straight\s+)?(?P<side>forwards?|ahead|backwards?|back)(?![a-z])",
        re.I,
    ),
    "Truck": re.compile(rf"(?<![a-z])(?:mov|slid|shift|go)\w*\s+(?:sideways\s+)?{_SIDE}(?![a-z])", re.I),
    "Pedestal": re.compile(
        r"(?<![a-z])(?:mov|go|rais|ris|lower|sink)\w*\s+(?:straight\s+)?(?P<side>up|down)(?:wards?)?(?![a-z])", re.I
    ),
    "Pan": re.compile(rf"(?<![a-z])(?:turn|rotat|look|swivel)\w*\s+{_SIDE}(?![a-z])", re.I),
    "Tilt": re.compile(r"(?<![a-z])(?:turn|rotat|look|tilt)\w*\s+(?P<side>up|down)(?:wards?)?(?![a-z])", re.I),
    "Roll": re.compile(r"(?<![a-z])(?:roll|rotat|turn)\w*\s+(?P<side>clockwise|counter-?clockwise)(?![a-z])", re.I),
}
"""Plain words, by the word of film."""
WAYS = {"forward": "In", "ahead": "In", "backward": "Out", "back": "Out", "clockwise": "CW", "cw": "CW"}
SPAN = re.compile(r"frame[\s#_-]*(\d+)\s*(?:to|until|through|[-–—])\s*(?:frame[\s#_-]*)?(\d+)", re.I)


def move(text: str) -> str:
    """The one label of a text."""
    return decision(final_answer(text), lambda passage: set(_labels(passage)), "move")


def moves(text: str) -> tuple[str, ...]:
    """The labels of a text, in order, each where it is first named."""
    found = tuple(dict.fromkeys(_labels(final_answer(text))))
    if not found:
        raise UnreadError("no moves")
    return found


def span(text: str) -> tuple[int, int]:
    """First and last frame of the one part of a video that a text names."""
    return decision(final_answer(text), _spans, "part of the video")


def _spans(passage: str) -> set[tuple[int, int]]:
    return {(int(first), int(last)) for first, last in SPAN.findall(passage)}


def _labels(passage: str) -> list[str]:
    """Words of film, else what plain words mean, in the order of the text."""
    found = [(match.start(), _label(match)) for match in FILM.finditer(passage)]
    found += [(match.start(), STAY) for match in STAYS.finditer(passage)]
    if not found:
        found = [
            (match.start(), _named(word, match["side"]))
            for word, pattern in PLAIN.items()
            for match in pattern.finditer(passage)
        ]
    return [label for _, label in sorted(found)]


def _label(match: re.Match[str]) -> str:
    word = str(match.lastgroup).removesuffix("_way")
    return _named(word.capitalize(), match[f"{word}_way"])


def _named(word: str, way: str) -> str:
    """The label of a word of film and a direction as texts spell it."""
    way = way.lower()
    plain = way if way.endswith("wards") is False else way[:-1]
    spelled = WAYS.get(plain, "CCW" if "clockwise" in plain or plain == "ccw" else plain.capitalize())
    label = f"{word} {spelled}"
    if label not in LABELS:
        raise UnreadError(f"an unclear move: {word} {way}")
    return label
