"""Words for left and right and for east and west, and what becomes of them in a mirror."""

import re

EXCHANGED = {"left": "right", "right": "left"}
"""Words of directions in the mirror."""
MOVES = {
    "Truck Right": "Truck Left",
    "Truck Left": "Truck Right",
    "Pan Right": "Pan Left",
    "Pan Left": "Pan Right",
    "Roll CW": "Roll CCW",
    "Roll CCW": "Roll CW",
}
"""Words for moves of a camera (qagen.core.motion) in the mirror; the others stay."""
COMPASS = {
    "east": "west",
    "west": "east",
    "northeast": "northwest",
    "northwest": "northeast",
    "southeast": "southwest",
    "southwest": "southeast",
}
"""Compass directions in the mirror, where north is told by what is shown; the others stay."""
_SIDE = re.compile(r"(?:\w+-)?(?:left|right)(?:-\w+)?")
"""A direction: ``left``, ``front-left``."""
_SIDES = re.compile(r"(?<![A-Za-z])(left|right)(?![A-Za-z])")


def other_side(word: str) -> str:
    """A direction, or a move of a camera, in the mirror; any other word or name as it is."""
    return exchange_sides(word) if _SIDE.fullmatch(word) else (MOVES | COMPASS).get(word, word)


def exchange_sides(text: str) -> str:
    """A text that holds no names with all words for left and right exchanged, as parts of ``move_left`` too."""
    return _SIDES.sub(lambda match: EXCHANGED[match[1]], text)
