"""Answers in direction words: relations, and relations for an observer who moves."""

import re
from collections.abc import Sequence

import numpy as np

from qagen.audit.checks import Check, Verdict, refuse, same, verdict
from qagen.audit.solvers.base import Solver, UnreadableError
from qagen.audit.solvers.direction_words import (
    PAIRS,
    ExpectedSlot,
    Seen,
    check_slots,
    facing_words,
    pair_slots,
    place_slots,
    seen_standing,
    seen_through,
    slots_of,
    subject_and_reference,
    words_in,
)

PLACE = ("left/right", "above/below", "front/behind")
PAIR = ("left/right", "above/below", "closer/farther")
_GOES_TO = r"(?:(?:mov\w*|walk\w*|go|goes|places:?) to|leaves for|viewpoint at|ends at) the center of the @(\w+)"
_FACES = r"(?:fac\w*|turn\w* toward|turn\w* to|look\w* toward|look\w* at|gaze on|direct it at) the center of the @(\w+)"
_BEFORE = (
    "Before the move", "At first", "at first", "From the old viewpoint", "At present", "Initially", "To begin with",
    "Before moving", "Before it", "At the starting place", "From the starting viewpoint", "As long as",
    "Before the observer moves",
)  # fmt: skip
_AFTER = (
    "After the move", "At the center of", "from the new one", "Once the observer", "Having moved", "In the end",
    "After moving", "afterward", "At the new one", "From the center of", "As soon as", "In the view from",
    "After the observer",
)  # fmt: skip
_TIMES = re.compile(rf"\b({'|'.join(sorted((*_BEFORE, *_AFTER), key=len, reverse=True))})\b")


def read_tuple(text: str, count: int) -> list[str]:
    """``left, , closer`` as words, "" for empty slots. Raises UnreadableError."""
    words = [word.strip() for word in text.split(",")]
    if len(words) != count or any(word and not any(word in pair for pair in PAIRS.values()) for word in words):
        raise UnreadableError(f"{count} directions in {text!r}")
    return words


def check_stated(text: str, slots: Sequence[ExpectedSlot], tokens: Sequence[str]) -> list[Check]:
    """Words of a sentence against slots; those of front/behind after the first three are of each token in turn."""
    if len(tokens) == 1:
        return check_slots(slots, slots_of(words_in(text), PLACE))
    said, rest = facing_words(text) if len(slots) > 3 else ({}, text)
    words = words_in(rest)
    checks = check_slots(slots[:3], slots_of(words, PAIR))
    if words:
        checks.append(same("who is told relative to whom", subject_and_reference(rest, tokens), tuple(tokens)))
    stray = set(said) - set(tokens)
    if stray:
        checks.append(refuse("in front or behind", sorted(stray), list(tokens)))
    return checks + [
        slot.check(said.get(token, ""), f" of {token}") for slot, token in zip(slots[3:], tokens, strict=False)
    ]


class DirectionSolver(Solver):
    """Solvers with a tuple of directions as the answer."""

    slots: list[ExpectedSlot]
    tokens: list[str]

    def check_bare(self, text: str) -> list[Check]:
        return check_slots(self.slots, read_tuple(text, len(self.slots)))

    def check_sentence(self, text: str) -> list[Check]:
        return self._something(check_stated(text, self.slots, self.tokens))

    def _something(self, checks: list[Check]) -> list[Check]:
        return checks

    def slots_for(self, sights: Sequence[Seen], tells_facing: bool) -> list[ExpectedSlot]:
        """Of one thing, or of a pair."""
        if len(sights) == 1:
            return place_slots(sights[0])
        facing = [ExpectedSlot("front/behind", sight.ahead) for sight in sights] if tells_facing else []
        return [*pair_slots(*sights), *facing]

    def note(self, prefix: str, slots: Sequence[ExpectedSlot]) -> None:
        """Keep the quantities by the names that evidence has for them."""
        names = {"left/right": "right_m", "above/below": "up_m", "front/behind": "front_m"}
        for slot in slots[:3]:
            if slot.name in names:
                self.measured[prefix + names[slot.name]] = slot.value
            if slot.bearing is not None:
                self.measured[f"{prefix}bearing_deg"] = slot.bearing


class RelationSolver(DirectionSolver):
    """One thing relative to another, or to the observer, seen from the first image."""

    def solve(self) -> None:
        named = self.item.tokens
        if len(named) == 2:
            related = subject_and_reference(self.item.question, named)
            assert related is not None
            named = list(related)
        self.require(named)
        if not 1 <= len(named) <= 2:
            raise UnreadableError("one or two objects in the question")
        view = self.view(0)
        sights = [seen_through(view.T_cw, view.eye, self.center(token)) for token in named]
        self.tokens, self.slots = named, self.slots_for(sights, tells_facing=len(self.item.images) > 1)
        self.note("", self.slots)

    def check_question(self) -> list[Check]:
        if self.item.format != "select" or len(self.tokens) == 1:
            return []
        order = re.findall(r"front or behind(?: of the observer| the observer)? for the @(\w+)", self.item.question)
        order += re.findall(r"(?:and then )?for the @(\w+)", self.item.question)
        return [same("order of the options' slots", order[0], self.tokens[0])] if order else []

    def check_claim(self, is_yes: bool) -> list[Check]:
        question = re.split(r"(?<=[.?]) (?=[A-Z])", self.item.question)
        claims = [words_in(part) for part in question if "@" in part or "former" in part]
        told = [words[0] for words in claims if len(words) == 1]
        if len(told) != 1:
            raise UnreadableError("one claimed direction")
        slot = next(slot for slot in self.slots if told[0] in PAIRS[slot.name])
        agrees = bool(slot.word) and (slot.word == told[0]) == is_yes
        found = f"{slot.word or 'not sure'}, {slot.value:+.3f} m"
        holds = slot.allows(told[0]) == is_yes
        return [Check(f"claim {told[0]}", "Yes" if is_yes else "No", found, verdict(agrees), holds=holds)]


class ImaginationSolver(DirectionSolver):
    """The same for an observer at the centre of one object who is turned to another."""

    def solve(self) -> None:
        place, faced = self._move(self.item.question)
        told = [token for token in self.item.tokens if token not in (place, faced)]
        if len(told) == 2:
            told = list(subject_and_reference(self._rest(), told) or told)
        self.require(self.item.tokens)
        if not 1 <= len(told) <= 2:
            raise UnreadableError("one or two objects besides those of the move")
        self.tokens, self.moved = told, (place, faced)
        facing = len(self.item.images) > 1
        stand, goal = self.center(place), self.center(faced)
        self.ahead_m = float(np.linalg.norm((goal - stand)[:2]))
        after = [seen_standing(stand, goal, self.center(token)) for token in told]
        self.slots = self.slots_for(after, facing)
        self.before: list[ExpectedSlot] = []
        if not self.item.is_video:
            view = self.view(0)
            self.before = self.slots_for([seen_through(view.T_cw, view.eye, self.center(t)) for t in told], facing)
            self.note("before_", self.before)
        self.note("after_", self.slots)
        self.measured["ahead_m"] = self.ahead_m

    def _move(self, text: str) -> tuple[str, str]:
        goes = re.findall(_GOES_TO, text)
        faces = re.findall(_FACES, text)
        if not goes or not faces:
            raise UnreadableError("where the observer goes and what is faced")
        return goes[0], faces[0]

    def _rest(self) -> str:
        """The question without the move, which relates nothing."""
        return re.sub(_FACES, "", re.sub(_GOES_TO, "", self.item.question))

    def check_question(self) -> list[Check]:
        if self.ahead_m < 0.5 - 1e-4:
            found = f"{self.ahead_m:.3f} m"
            return [Check("horizontal way to the faced object", "at least 0.5 m", found, Verdict.DISAGREE)]
        return []

    def check_sentence(self, text: str) -> list[Check]:
        parts = {"before": "", "after": ""}
        pieces = _TIMES.split(text)
        if len(pieces) == 1:  # "An observer who faces ... finds ..."
            parts["after"] = text
        for when, words in zip(pieces[1::2], pieces[2::2], strict=True):
            parts["before" if when in _BEFORE else "after"] += f" {when} {words}"
        checks = self._check_move(text)
        if self.before:
            checks += [
                _named("before: ", c) for c in check_stated(self._told(parts["before"]), self.before, self.tokens)
            ]
        elif parts["before"]:
            raise UnreadableError("only what holds after the move")
        return checks + check_stated(self._told(parts["after"]), self.slots, self.tokens)

    def _check_move(self, text: str) -> list[Check]:
        """Where a sentence repeats the move, it must be that of the question."""
        checks = [same("faced object", token, self.moved[1]) for token in re.findall(_FACES, text)]
        return checks + [same("goal", token, self.moved[0]) for token in re.findall(_GOES_TO, text)]

    def _told(self, text: str) -> str:
        place, faced = self.moved
        text = re.sub(_FACES, "", re.sub(_GOES_TO, "", text))
        return text.replace(f"@{place}", "").replace(f"@{faced}", "")


def _named(prefix: str, check: Check) -> Check:
    return Check(prefix + check.what, check.stated, check.found, check.verdict, check.number, check.holds)
