"""Words of captions about the motion of the camera, held against what the path of the camera surely is.

A caption comes from a language model. Only what is said of the camera, in words whose motion is plain, is a claim; all
else is passed over, so that few claims are found and those that contradict the path do so for certain.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from qagen.core.motion import AXES, LABELS, OPPOSITES, STAY, Certainty, Motion


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FORWARD, BACKWARD, LEFT, RIGHT, UP, DOWN, CLOCKWISE, COUNTERCLOCKWISE = range(8)
DIRECTIONS = {
    FORWARD: "forward forwards ahead in inward inwards",
    BACKWARD: "backward backwards back out outward outwards",
    LEFT: "left leftward leftwards",
    RIGHT: "right rightward rightwards",
    UP: "up upward upwards",
    DOWN: "down downward downwards",
    CLOCKWISE: "clockwise cw",
    COUNTERCLOCKWISE: "counterclockwise anticlockwise ccw",
}
"""Words of each direction."""
MOVE, DOLLY, TRUCK, PEDESTAL, RISE, SINK, PAN, TURN, TILT, ROLL = range(10)
FAMILIES = {
    MOVE: "move moves moving moved movement motion travel travels traveling travelling glide glides gliding drift "
    "drifts drifting slide slides sliding track tracks tracking advance advances advancing push pushes pushing pull "
    "pulls pulling",
    DOLLY: "dolly dollies dollying",
    TRUCK: "truck trucks trucking",
    PEDESTAL: "pedestal pedestals pedestaling",
    RISE: "rise rises rising ascend ascends ascending ascent",
    SINK: "descend descends descending descent",
    PAN: "pan pans panning",
    TURN: "turn turns turning rotate rotates rotating rotation swivel swivels swiveling yaw yaws yawing",
    TILT: "tilt tilts tilting",
    ROLL: "roll rolls rolling",
}
"""Words of each kind of motion."""
MEANINGS: Mapping[tuple[int, int], tuple[str, ...]] = {
    # What goes forward with its camera pointing down moves up in the image, and so on.
    (MOVE, FORWARD): ("Dolly In", "Pedestal Up"),
    (MOVE, BACKWARD): ("Dolly Out", "Pedestal Down"),
    (MOVE, LEFT): ("Truck Left", "Pan Left"),
    (MOVE, RIGHT): ("Truck Right", "Pan Right"),
    (MOVE, UP): ("Pedestal Up", "Tilt Up", "Dolly In", "Dolly Out"),
    (MOVE, DOWN): ("Pedestal Down", "Tilt Down", "Dolly In", "Dolly Out"),
    (DOLLY, FORWARD): ("Dolly In",),
    (DOLLY, BACKWARD): ("Dolly Out",),
    (DOLLY, LEFT): ("Truck Left",),
    (DOLLY, RIGHT): ("Truck Right",),
    (TRUCK, LEFT): ("Truck Left",),
    (TRUCK, RIGHT): ("Truck Right",),
    (PEDESTAL, UP): ("Pedestal Up",),
    (PEDESTAL, DOWN): ("Pedestal Down",),
    (PAN, LEFT): ("Pan Left",),
    (PAN, RIGHT): ("Pan Right",),
    (PAN, UP): ("Tilt Up",),
    (PAN, DOWN): ("Tilt Down",),
    (TURN, LEFT): ("Pan Left",),
    (TURN, RIGHT): ("Pan Right",),
    (TILT, UP): ("Tilt Up",),
    (TILT, DOWN): ("Tilt Down",),
    (ROLL, CLOCKWISE): ("Roll CW",),
    (ROLL, COUNTERCLOCKWISE): ("Roll CCW",),
    (RISE, UP): ("Pedestal Up", "Tilt Up", "Dolly In", "Dolly Out"),
    (SINK, DOWN): ("Pedestal Down", "Tilt Down", "Dolly In", "Dolly Out"),
}
"""Labels one of which holds where a motion goes in a direction; the first is the plainest."""
WITHOUT_DIRECTION: Mapping[int, tuple[str, ...]] = {
    DOLLY: AXES[0],
    TRUCK: AXES[1],
    PEDESTAL: AXES[2],
    RISE: MEANINGS[RISE, UP],
    SINK: MEANINGS[SINK, DOWN],
    PAN: AXES[3] + AXES[4],
    TURN: AXES[3] + AXES[4] + AXES[5],
    TILT: AXES[4],
    ROLL: AXES[5],
}
"""The same where no direction is told; "moves" alone says nothing."""
DENIED: Mapping[int, tuple[str, ...]] = {
    **WITHOUT_DIRECTION,
    MOVE: tuple(label for axis in AXES[:3] for label in axis),
    RISE: ("Pedestal Up",),
    SINK: ("Pedestal Down",),
    PAN: AXES[3],
    TURN: AXES[3],
}
"""Labels none of which holds where a motion without direction is denied."""
_DIRECTION_OF = {word: direction for direction, words in DIRECTIONS.items() for word in words.split()}
_FAMILY_OF = {word: family for family, words in FAMILIES.items() for word in words.split()}
NOUNS = _words("movement motion pan tilt roll dolly truck pedestal rotation turn")
"""Kinds of motion before which a direction may stand: "a forward motion"."""
CAMERA = _words("camera shot view viewpoint perspective footage cinematography")
STATIC = _words("static stationary motionless immobile")
BEFORE_STATIC = _words(
    "is was remains remain remaining stays stay staying holds held kept keeps being completely entirely fully "
    "perfectly totally a"
)
"""One of these before, or "camera" or "shot" after, says that it is the camera that is static."""
NEGATIONS = _words(
    "not no without never nor neither lacks lacking lack absence absent avoids avoiding cannot don't doesn't isn't "
    "stops stopping ceases zero"
)
HEDGES = _words(
    "slight slightly subtle subtly minor minimal minimally little bit tiny hardly barely almost nearly may might "
    "appears appear seems seemingly possibly perhaps mostly largely primarily predominantly mainly relatively fairly "
    "virtually generally"
)
"""Of a hedged motion the path may show nothing."""
PHASES = _words(
    "then before after first initially starts start begins begin beginning end ends ending finally later eventually "
    "until briefly momentarily once next subsequently between pauses toward longer stops stopping ceases"
)
"""Words of sentences that tell one phase after another, in which what is denied may hold at another time."""
OPENERS = _words("as while when where and or then but before after with followed by until including combined without")
"""What comes after them may be about something else than the camera."""
RELATIVES = _words("who which that whose")
"""What comes after them is about the thing before."""
AUXILIARIES = _words(
    "is was be being keeps kept starts start begins begin continues continue there are has have features"
)
RENEWING = _words("but then while as instead followed before after only")
"""They end a negation or a hedge."""
FILLERS = _words(
    "a an the to of in its slow smooth steady gentle gradual quick fast consistent continuous controlled deliberate "
    "and then also both simultaneously toward towards straight slight subtle minor again either any overall"
)
"""Words between motion and direction, or at the start of a clause, that change nothing; so do those in -ly."""
SHORT_DIRECTIONS = _words("in out back up down")
AFTER_SHORT = _words(
    "and or on to toward towards from as while then with without slowly smoothly steadily gradually"
) | {"", ","}
"""Words before which "in" or "up" is a direction; before others it may be a preposition, as in "moves in a street"."""
_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\n+")
_TOKENS = re.compile(r"[a-z']+|,")
MAX_QUOTE = 160
"""Characters of a sentence that are shown."""


@dataclass(frozen=True, slots=True)
class CaptionClaim:
    """What a sentence of a caption says of the camera."""

    sentence: str
    """The sentence."""
    labels: tuple[str, ...]
    """Labels of qagen.core.motion, one of which holds at some time if it is true."""
    is_denied: bool = False
    """Whether the sentence says that none of them holds."""
    is_hedged: bool = False
    """Whether the motion may be too small to be measured."""


@dataclass(slots=True)
class _Reading:
    """Where the reader of a sentence is: what the words so far make of the next."""

    is_camera: bool = True
    """Whether it is about the camera."""
    is_open: bool = True
    """Whether the subject of a clause may still come."""
    is_denied: bool = False
    is_hedged: bool = False
    is_unsure: bool = False
    """Whether a negation may have ended."""


def claims_of(text: str) -> Iterator[CaptionClaim]:
    """The claims of a text about the motion of its camera, sentence by sentence."""
    for sentence in _SENTENCES.split(text.replace("’", "'").strip()):
        words = _TOKENS.findall(sentence.lower().replace("-", " ").replace("n't", "n't "))
        yield from (replace(claim, sentence=sentence.strip()) for claim in _sentence_claims(words))


def _sentence_claims(words: list[str]) -> Iterator[CaptionClaim]:
    reading = _Reading()
    index = int(words[:1] == ["it"])
    while index < len(words):
        word = words[index]
        family, end, directions = _motion_at(words, index)
        if family is not None:
            reading.is_camera = reading.is_camera and not _is_of_thing(words, index, end)
            reading.is_open = False
            if reading.is_camera and not reading.is_unsure:
                is_hedged = reading.is_hedged or bool(HEDGES & set(words[index : end + 2]))
                yield from _motion_claims(family, directions, reading.is_denied, is_hedged)
            index = end
            continue
        if word in STATIC:
            if reading.is_camera and not (reading.is_unsure or reading.is_denied) and _is_of_camera(words, index):
                yield CaptionClaim("", (STAY,), is_hedged=reading.is_hedged)
        else:
            _read_on(reading, word)
        index += 1


def _motion_at(words: list[str], index: int) -> tuple[int | None, int, list[int]]:
    """The kind of motion that begins at a word, the word after it, and its directions; (None, ...) for other words."""
    first = _DIRECTION_OF.get(words[index])
    if first is not None and index + 1 < len(words) and words[index + 1] in NOUNS:
        return _FAMILY_OF[words[index + 1]], index + 2, [first]
    family = _FAMILY_OF.get(words[index])
    if family is None:
        return None, index + 1, []
    directions: list[int] = []
    end = place = index + 1
    while place < len(words):
        word = words[place]
        if word in _DIRECTION_OF and not _is_place(words, place):
            if not (words[place + 1 : place + 2] == ["to"] and set(words[place + 2 : place + 3]) & set(_DIRECTION_OF)):
                directions.append(_DIRECTION_OF[word])  # not "left" of "left to right"
            end = place + 1
        elif not (word in FILLERS or _is_adverb(word) or (word == "," and directions)):
            break
        place += 1
    return family, end, [] if words[end : end + 1] == ["or"] else directions


def _is_adverb(word: str) -> bool:
    return word.endswith("ly") and word != "dolly"


def _is_place(words: list[str], index: int) -> bool:
    """Whether a word of direction tells a place, as in "on the left side", "moves in a street", or goes to and fro."""
    after = words[index + 1] if index + 1 < len(words) else ""
    if words[index : index + 3] == ["back", "and", "forth"]:
        return True
    if words[index] in SHORT_DIRECTIONS:
        return after not in AFTER_SHORT
    return after in ("side", "hand", "corner", "edge", "away", "of")


def _is_of_thing(words: list[str], index: int, end: int) -> bool:
    """Whether a motion is that of a thing: "follows a car turning left", "the forward motion of a car"."""
    before = words[index - 1] if index else ""
    if words[end : end + 1] == ["of"] and not CAMERA & set(words[end : end + 3]):
        return True
    if not words[index].endswith("ing"):
        return False
    is_known = before in FILLERS | OPENERS | AUXILIARIES | NEGATIONS | HEDGES | CAMERA | {"", ","}
    is_known = is_known or before in _FAMILY_OF or before in _DIRECTION_OF or _is_adverb(before)
    return not is_known or before in ("a", "an", "the")


def _motion_claims(family: int, directions: list[int], is_denied: bool, is_hedged: bool) -> Iterator[CaptionClaim]:
    known = [MEANINGS[family, direction] for direction in directions if (family, direction) in MEANINGS]
    for labels in known:
        yield CaptionClaim("", labels[:1] if is_denied else labels, is_denied, is_hedged)
    alone = DENIED if is_denied else WITHOUT_DIRECTION
    if not directions and family in alone:
        yield CaptionClaim("", alone[family], is_denied, is_hedged)


def _is_of_camera(words: list[str], index: int) -> bool:
    """Whether "static" is said of the camera and not of what it shows."""
    after = words[index + 1] if index + 1 < len(words) else ""
    before = words[index - 1] if index else ""
    if before == "a" or not before:
        return after in ("camera", "shot")
    return before in BEFORE_STATIC and after in ("", ",", "throughout", "and", "with", "camera", "shot", "during")


def _read_on(reading: _Reading, word: str) -> None:
    """Take in a word that is no motion."""
    if word in RENEWING:
        reading.is_denied = reading.is_hedged = reading.is_unsure = False
    if word in NEGATIONS or word.endswith("n't"):
        reading.is_denied = True
    elif word in HEDGES:
        reading.is_hedged = True
    elif word == ",":
        reading.is_unsure = reading.is_unsure or reading.is_denied or reading.is_hedged
        reading.is_open = True
    elif word in OPENERS:
        reading.is_open = True
    elif word in RELATIVES:
        reading.is_camera = reading.is_open = False
    elif word in CAMERA:
        reading.is_camera, reading.is_open = True, False
    elif reading.is_open and not (word in FILLERS or word in AUXILIARIES or _is_adverb(word)):
        reading.is_camera = reading.is_open = False


# --- against the path ------------------------------------------------------------------------------------------------


def contradictions(text: str, motion: Motion) -> Iterator[tuple[CaptionClaim, str]]:
    """Claims of a text that a path rules out, each with what the path does instead.

    A motion that is claimed is ruled out where none of its labels is anywhere above half of its threshold; a hedged
    one only where besides the camera surely does the opposite. A motion that is denied is ruled out where it surely
    happens; in sentences that tell of one phase after another, never.
    """
    last = len(motion.times_s) - 1
    if last < 1:
        return
    sure = {label: motion.certainty(label, 0, last) for label in LABELS}
    for claim in claims_of(text):
        held = [label for label in claim.labels if sure[label] is Certainty.HOLDS]
        is_ruled_out = all(sure[label] is Certainty.ABSENT for label in claim.labels)
        if claim.is_denied:
            is_phased = bool(PHASES & set(_TOKENS.findall(claim.sentence.lower())))
            if held and not is_phased:
                yield claim, f"{' and '.join(held)}, which the caption denies"
        elif is_ruled_out and (not claim.is_hedged or sure.get(OPPOSITES.get(claim.labels[0], "")) is Certainty.HOLDS):
            found = [label for label in LABELS if sure[label] is Certainty.HOLDS]
            yield claim, f"{', '.join(found) or 'nothing for sure'}; never {' or '.join(claim.labels)}"


def quoted(sentence: str) -> str:
    """A sentence as a line shows it."""
    line = " ".join(sentence.split())
    return f'"{line}"' if len(line) <= MAX_QUOTE else f'"{line[: MAX_QUOTE - 1]}…"'
