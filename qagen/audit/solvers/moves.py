"""What the camera does between two frames of a video, from the poses of all frames between them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from qagen.audit.checks import Check, Verdict, disagree, undecided
from qagen.audit.parse import frame_numbers
from qagen.audit.scene import AuditScene, AuditView
from qagen.audit.solvers.base import Solver, UnreadableError, UnsolvedError

WAYS: Mapping[str, tuple[int, int]] = {
    "Dolly In": (2, 1),
    "Dolly Out": (2, -1),
    "Truck Right": (0, 1),
    "Truck Left": (0, -1),
    "Pedestal Down": (1, 1),
    "Pedestal Up": (1, -1),
    "Tilt Up": (3, 1),
    "Tilt Down": (3, -1),
    "Pan Right": (4, 1),
    "Pan Left": (4, -1),
    "Roll CW": (5, 1),
    "Roll CCW": (5, -1),
}
"""Column of the way along (turn about) the camera's x, y, z, and its sign. Positive turns about x, which points to the
right, look up; about y, which points down, to the right; about z, which points ahead, clockwise."""
STAY = "Stay"
PLAIN = {
    "moves? forward|moving forward": "Dolly In",
    "moves? backward|moving backward": "Dolly Out",
    "moves? to the right|moving to the right": "Truck Right",
    "moves? to the left|moving to the left": "Truck Left",
    "moves? up|moving up": "Pedestal Up",
    "moves? down|moving down": "Pedestal Down",
    "turns? to the right|turning to the right": "Pan Right",
    "turns? to the left|turning to the left": "Pan Left",
    "turns? up|turning up": "Tilt Up",
    "turns? down|turning down": "Tilt Down",
    "rolls? clockwise|rolling clockwise": "Roll CW",
    "rolls? counterclockwise|rolling counterclockwise": "Roll CCW",
    "stays? still|staying still": STAY,
}
"""What texts say, in plain words, before the word of film."""
_SAID = re.compile(rf"\b({'|'.join(PLAIN)}) \(([A-Z][A-Za-z]* ?[A-Za-z]*)\)", re.I)
_SPAN = re.compile(r"Frame-(\d+)(?: to| and| with the frames up to|\. Does.*?) Frame-(\d+)")
WINDOW_S = 1.0
"""The camera's speed is that over so many seconds."""
STRIDE_S = 0.1
FAST, SHARE = 90, 0.2
"""A motion is as fast as this share of this percentile of speeds, or faster."""
FLOOR, FLOOR_U, FLOOR_DEG = 0.05, 0.02, 2.0
"""Least speed at room scale in meters, in units of data without them, and in degrees, a second."""
LEAST_M, LEAST_DEG = 0.2, 10.0
"""Least way and turn, unless the type has parameters of its own."""
GAP_S, GAP_M, GAP_DEG = 1.0, 1.5, 45.0
"""Beyond these, the way from a frame to the next is unknown."""
BAND = 0.3
"""Share of a threshold around which nothing is decided, because windows and medians differ."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """A camera's path between two gaps."""

    times_s: NDArray[np.float64]
    """(n,) seconds."""
    summed: NDArray[np.float64]
    """(n, 6) ways along x, y and z and turns about them in degrees up to each time, summed from step to step, each in
    the camera's own axes at that time."""

    @classmethod
    def of(cls, times_s: Sequence[float], poses: Sequence[NDArray]) -> "Track":
        """The path through poses (4, 4), world from camera."""
        kept = [0]
        kept += [k for k in range(1, len(poses)) if times_s[k] // STRIDE_S > times_s[k - 1] // STRIDE_S]
        kept += [len(poses) - 1] if kept[-1] != len(poses) - 1 else []
        steps = [change_between(poses[a], poses[b]) for a, b in pairwise(kept)]
        return cls(np.array(times_s)[kept], np.cumsum([np.zeros(6), *steps], axis=0))

    def change(self, start_s: NDArray | float, end_s: NDArray | float) -> NDArray[np.float64]:
        """(..., 6) ways and turns between two times."""
        columns = [
            np.interp(end_s, self.times_s, column) - np.interp(start_s, self.times_s, column)
            for column in self.summed.T
        ]
        return np.stack(columns, axis=-1)

    def speeds(self, start_s: float, end_s: float) -> NDArray[np.float64]:
        """(k, 6) changes a second, over windows that lie within the span and follow each other closely."""
        window = min(WINDOW_S, end_s - start_s)
        starts = np.arange(start_s, end_s - window + 1e-6, STRIDE_S)
        return self.change(starts, starts + window) / window

    def least_speeds(self, floor: float) -> NDArray[np.float64]:
        """(6,) speeds from which on something counts as a motion."""
        speeds = self.speeds(self.times_s[0], self.times_s[-1])
        fast = [np.percentile(np.linalg.norm(part, axis=1), FAST) for part in (speeds[:, :3], speeds[:, 3:])]
        return np.repeat([max(floor, SHARE * fast[0]), max(FLOOR_DEG, SHARE * fast[1])], 3)


def change_between(first: NDArray, second: NDArray) -> NDArray[np.float64]:
    """(6,) way and turn from a pose to another, in the axes of the camera halfway."""
    turn = Rotation.from_matrix(first[:3, :3].T @ second[:3, :3])
    halfway = first[:3, :3] @ Rotation.from_rotvec(turn.as_rotvec() / 2).as_matrix()
    return np.concatenate([halfway.T @ (second[:3, 3] - first[:3, 3]), turn.as_rotvec(degrees=True)])


def tracks_of(scene: AuditScene) -> list[Track]:
    """The parts of the camera's path that have no gap."""
    views = list(scene.views.values())
    cuts = [k + 1 for k, pair in enumerate(pairwise(views)) if _is_cut(*pair)]
    parts = [views[a:b] for a, b in zip([0, *cuts], [*cuts, len(views)], strict=True)]
    return [Track.of([v.time_s for v in part], [v.T_wc for v in part]) for part in parts if len(part) > 1]


def _is_cut(first: AuditView, second: AuditView) -> bool:
    turn = Rotation.from_matrix(first.T_wc[:3, :3].T @ second.T_wc[:3, :3]).magnitude()
    is_far = np.linalg.norm(second.eye - first.eye) > GAP_M or np.degrees(turn) > GAP_DEG
    return bool(is_far or second.time_s - first.time_s > GAP_S + 1e-6)


def said_moves(text: str) -> list[str]:
    """The moves that a text names, in plain words and in the word of film, which must agree. Raises UnreadableError."""
    found = []
    for match in _SAID.finditer(text):
        plain = next(label for words, label in PLAIN.items() if re.fullmatch(words, match[1], re.I))
        if plain != match[2]:
            raise UnreadableError(f"words that agree in {match[0]!r}")
        found.append(plain)
    return found


class MotionSolver(Solver):
    """A solver about the camera's motion through a video."""

    @cached_property
    def tracks(self) -> list[Track]:
        return tracks_of(self.truth.scene)

    @cached_property
    def floor(self) -> float:
        """Least speed, in units of the world a second."""
        scene = self.truth.scene
        return FLOOR if scene.unit_m is not None else FLOOR_U / scene.reported_unit

    def ends_s(self, first: int, last: int) -> tuple[float, float]:
        """The times of two frames of the record. Raises UnreadableError unless the first one is earlier."""
        if not first < last < len(self.record.frames):
            raise UnreadableError("two frames, the earlier one first")
        return self.view(first).time_s, self.view(last).time_s

    def track(self, start_s: float, end_s: float) -> Track:
        """The part of the path that holds a span. Raises UnsolvedError."""
        for track in self.tracks:
            if track.times_s[0] <= start_s and end_s <= track.times_s[-1]:
                return track
        raise UnsolvedError("a gap in the camera's path")

    def check_move(self, label: str, first: int, last: int, is_made: bool) -> Check:
        """Whether the camera makes a move, or does not, between two frames of the record."""
        start_s, end_s = self.ends_s(first, last)
        track = self.track(start_s, end_s)
        multiples = track.speeds(start_s, end_s) / track.least_speeds(self.floor)
        change = track.change(start_s, end_s)
        if label == STAY:
            fastest = np.abs(multiples).max(axis=1)
            strength = 1 / max(float(fastest.max() if is_made else fastest.min()), 1e-6)
            found = f"up to {fastest.max():.2f} times the least speed"
        else:
            column, sign = WAYS[label]
            best, way = float((sign * multiples[:, column]).max()), sign * float(change[column])
            strength = min(best, way / self._least(column))
            found = f"{best:.2f} times the least speed, {way:.2f} {'m' if column < 3 else 'deg'} in all"
        return _decide(f"{'makes' if is_made else 'does not'} {label}", strength, is_made, found)

    def _least(self, column: int) -> float:
        name, usual = ("min_move_m", LEAST_M) if column < 3 else ("min_turn_deg", LEAST_DEG)
        return float(self.record.task.get(name, usual))


def _decide(what: str, strength: float, is_made: bool, found: str) -> Check:
    """A motion is there from a strength of 1 on."""
    if abs(strength - 1) <= BAND and (strength < 1) == is_made:
        return undecided(what, "so", found)
    agrees = (strength >= 1) == is_made
    return Check(what, "so", found, Verdict.AGREE, holds=True) if agrees else disagree(what, "so", found)


class MovesSolver(MotionSolver):
    """One of four moves."""

    family = "moves"

    def solve(self) -> None:
        self.first, self.last = self._asked_frames()
        self.track(*self.ends_s(self.first, self.last))
        options = self.record.options.values()
        self.listed = [label for option in options for label in said_moves(option)] or said_moves(self.record.question)
        if len(set(self.listed)) != 4:
            raise UnreadableError("four moves")

    def _asked_frames(self) -> tuple[int, int]:
        """The frames between which the question asks; those of a third of a part must fit its ends."""
        question = self.record.question
        spans = [(int(a), int(b)) for a, b in _SPAN.findall(question)]
        which = re.search(r"\b(first|last) (?:third|one)\b", question)
        if self.record.task.get("asks") != "what":
            if not spans:
                raise UnreadableError("two frames")
            return spans[0]
        if not spans or which is None:
            raise UnreadableError("a part of the video, and a third of it")
        part = max(spans, key=lambda span: span[1] - span[0])
        length, rest = divmod(part[1] - part[0], 3)
        third = (part[0], part[0] + length) if which[1] == "first" else (part[1] - length, part[1])
        if rest or any(span not in (part, third) for span in spans):
            raise UnreadableError(f"the {which[1]} third of {part}")
        return third

    def check_bare(self, text: str) -> list[Check]:
        return self.check_sentence(text)

    def check_sentence(self, text: str) -> list[Check]:
        said = said_moves(text)
        if len(said) != 1 or said[0] not in self.listed:
            raise UnreadableError(f"one of the moves listed in {text!r}")
        extra = sorted(set(frame_numbers(text)) - {self.first, self.last})
        found = [self.check_move(said[0], self.first, self.last, is_made=True)]
        found += self._check_evidence(said[0]) if self.record.format == "sentence" else []
        found += [disagree("frames of the answer", extra, (self.first, self.last))] if extra else []
        if self.record.format == "select":
            return found
        return found + self._check_others(said[0])

    def _check_evidence(self, label: str) -> list[Check]:
        """Check how far the evidence says that the camera moved or turned; failed checks only."""
        measured = self.record.evidence.get("measured", {})
        stated = next((measured[name] for name in ("moved_m", "turned_deg") if name in measured), None)
        if stated is None or label == STAY or self.truth.original is not None:
            return []
        start_s, end_s = self.ends_s(self.first, self.last)
        column, sign = WAYS[label]
        found = sign * float(self.track(start_s, end_s).change(start_s, end_s)[column])
        is_near = abs(found - stated) <= BAND * abs(found)
        return [] if is_near else [disagree("evidence of the way", stated, round(found, 3))]

    def _check_others(self, label: str) -> list[Check]:
        others: Sequence[str] = [other for other in self.listed if other != label]
        return [self.check_move(other, self.first, self.last, is_made=False) for other in others]


class MoveThirdsSolver(MotionSolver):
    """The one third of a part of the video in which the camera makes a move."""

    family = "move_thirds"

    def solve(self) -> None:
        spans = [(int(a), int(b)) for a, b in _SPAN.findall(self.record.question)]
        moves = said_moves(self.record.question)
        if not spans or len(moves) != 1 or (spans[0][1] - spans[0][0]) % 3:
            raise UnreadableError("a part of the video that has thirds, and a move")
        self.move = moves[0]
        first, last = spans[0]
        third = (last - first) // 3
        self.thirds = [(first + k * third, first + (k + 1) * third) for k in range(3)]
        if self.record.format == "sentence" and spans[1:] != self.thirds:
            raise UnreadableError(f"the thirds {self.thirds}")
        for span in self.thirds:
            self.track(*self.ends_s(*span))

    def check_bare(self, text: str) -> list[Check]:
        return self.check_sentence(text)

    def check_sentence(self, text: str) -> list[Check]:
        spans = [(int(a), int(b)) for a, b in _SPAN.findall(text)]
        if len(spans) != 1 or spans[0] not in self.thirds:
            raise UnreadableError(f"one of the thirds in {text!r}")
        if any(move != self.move for move in said_moves(text)):
            raise UnreadableError(f"the move that is asked about in {text!r}")
        found = [self.check_move(self.move, *spans[0], is_made=True)]
        if self.record.format == "select":
            return found
        return found + [self.check_move(self.move, *span, is_made=False) for span in self.thirds if span != spans[0]]


FILM = re.compile(rf"\b({'|'.join(WAYS)})\b")
LEAST_GAP = 0.25
"""Least share by which one part of a comparison exceeds the other, unless the type has a parameter of its own."""


class MoveOrderSolver(MotionSolver):
    """Moves by the time around which they are made."""

    family = "move_order"

    def solve(self) -> None:
        spans = [(int(a), int(b)) for a, b in _SPAN.findall(self.record.question)]
        self.listed = said_moves(self.record.question)
        if len(spans) != 1 or not 2 <= len(set(self.listed)) == len(self.listed) <= 4:
            raise UnreadableError("a part of the video and two to four moves")
        self.start_s, self.end_s = self.ends_s(*spans[0])
        path = self.track(self.start_s, self.end_s)
        self.made = {label: self._made(path, label) for label in self.listed}
        """By move: how strongly it is made, and around which time."""

    def _made(self, path: Track, label: str) -> tuple[float, float]:
        column, sign = WAYS[label]
        times = np.append(np.arange(self.start_s, self.end_s - 1e-6, STRIDE_S), self.end_s)
        along = np.maximum(sign * path.change(times[:-1], times[1:])[:, column], 0)
        window = min(WINDOW_S, self.end_s - self.start_s)
        starts = np.arange(self.start_s, self.end_s - window + 1e-6, STRIDE_S)
        best = float((sign * path.change(starts, starts + window)[:, column]).max())
        speed = best / window / path.least_speeds(self.floor)[column]
        strength = min(float(speed), float(along.sum()) / self._least(column))
        middles = (times[:-1] + times[1:]) / 2
        return strength, float((along * middles).sum() / max(float(along.sum()), 1e-9))

    def check_bare(self, text: str) -> list[Check]:
        return self._check(FILM.findall(text), text)

    def check_sentence(self, text: str) -> list[Check]:
        return self._check(said_moves(text), text)

    def _check(self, order: Sequence[str], text: str) -> list[Check]:
        if sorted(order) != sorted(self.listed):
            raise UnreadableError(f"the moves listed in {text!r}")
        times = [self.made[label][1] for label in order]
        found = ", ".join(f"{label} at {time - self.start_s:.1f} s" for label, time in zip(order, times, strict=True))
        gap = min(later - earlier for earlier, later in pairwise(times))
        if gap > BAND:
            checks = [Check("order", str(list(order)), found, Verdict.AGREE, holds=True)]
        else:
            checks = [(disagree if gap < -BAND else undecided)("order", order, found)]
        return checks + [
            _decide(f"makes {label}", strength, True, f"strength {strength:.2f}")
            for label, (strength, _) in self.made.items()
        ]


class MoveCompareSolver(MotionSolver):
    """How far the camera turns, or moves, in two parts of the video, summed from step to step."""

    family = "move_compare"

    def solve(self) -> None:
        self.spans = [(int(a), int(b)) for a, b in _SPAN.findall(self.record.question)]
        kinds = set(re.findall(r"\b(turn|mov)(?:s|e|es|ing)? (?:more|farther)\b", self.record.question))
        if len(self.spans) != 2 or len(kinds) != 1:
            raise UnreadableError("two parts of the video, and whether the camera turns or moves more")
        (first, last), (other, end) = sorted(self.spans)
        if last - first != end - other or last > other:
            raise UnreadableError("two parts of as many frames, one after the other")
        self.columns = slice(3, 6) if kinds == {"turn"} else slice(0, 3)
        self.amounts = {span: self._amount(*self.ends_s(*span)) for span in self.spans}

    def _amount(self, start_s: float, end_s: float) -> float:
        times = np.append(np.arange(start_s, end_s - 1e-6, 2 * STRIDE_S), end_s)
        steps = self.track(start_s, end_s).change(times[:-1], times[1:])[:, self.columns]
        return float(np.linalg.norm(steps, axis=1).sum())

    def check_bare(self, text: str) -> list[Check]:
        spans = [(int(a), int(b)) for a, b in _SPAN.findall(text)]
        if len(spans) != 1 or spans[0] not in self.amounts:
            raise UnreadableError(f"one of the parts in {text!r}")
        return [self._check(spans[0], is_more=True)]

    def check_sentence(self, text: str) -> list[Check]:
        return self.check_bare(text)

    def check_claim(self, is_yes: bool) -> list[Check]:
        return [self._check(self.spans[0], is_more=is_yes)]

    def _check(self, span: tuple[int, int], is_more: bool) -> Check:
        other = next(one for one in self.spans if one != span)
        mine, its = self.amounts[span], self.amounts[other]
        found = f"{mine:.2f} against {its:.2f}"
        larger, smaller = (mine, its) if is_more else (its, mine)
        gap = float(self.record.task.get("min_gap", LEAST_GAP))
        if larger >= (1 + gap / 2) * smaller:
            return Check("more", str(span), found, Verdict.AGREE, holds=True)
        return (disagree if larger < smaller else undecided)("more", span, found)
