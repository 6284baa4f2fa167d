"""How the camera of a recording moves between frames of its video, in words of which it is sure (qagen.core.motion).

Measured on the poses of all frames of the scene, those that the video leaves out included, about six a second. Where
frames lie far apart, the way between them is unknown.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from qagen.core.motion import (
    AXES,
    FLOOR_M_PER_S,
    FLOOR_UNITS_PER_S,
    LABELS,
    OPPOSITES,
    STAY,
    Certainty,
    Motion,
    motion_of,
    rates_between,
)
from qagen.core.pose import rotate, to_degrees
from qagen.core.scene import Scene

STEP_S = 0.15
"""Least time between two rows of a path; the hand shakes faster."""
STEP_M, STEP_DEG = 0.1, 5.0
"""Frames that are as far apart belong to the way even if less time lies between."""
MAX_GAP_S, MAX_GAP_M, MAX_GAP_DEG = 1.0, 1.5, 45.0
"""Largest time, distance and turn between two frames of a recording; beyond it the camera was put elsewhere."""
FADED, FADED_PART = 0.5, 0.1
"""A motion is surely not visible up to this share of the least visible amount, or up to this share of how far the
camera moves along (turns about) the axis on which it does so most."""


@dataclass(frozen=True, slots=True)
class Visible:
    """From when on a motion between two frames can be seen."""

    move_m: float
    """Least distance, meters."""
    turn_deg: float
    """Least turn, degrees."""
    share: float
    """Least share of the time between the frames in which the camera makes the motion."""
    part: float
    """Least amount as a share of the largest amount along (about) any axis: who walks ahead with a camera that looks
    down moves along its vertical axis, too, but nobody calls that moving up."""

    def least(self, label: str) -> float:
        """The least amount of a motion."""
        return self.move_m if is_move(label) else self.turn_deg


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A part of a recording without gaps, of N rows."""

    times_s: NDArray[np.float64]
    """(N,) times of the rows, seconds."""
    centers: NDArray[np.float64]
    """(N, 3) camera centers, world, meters."""
    rotations: NDArray[np.float64]
    """(N, 3, 3) rotations of world_from_camera."""
    motion: Motion
    """How the camera moves."""
    turned_deg: NDArray[np.float64]
    """(N - 1, 3) pan, tilt and roll from row to row, degrees."""
    frames: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
    """(M,) times, (M, 3) centers and (M, 3, 3) rotations of all frames of the part."""


class CameraPath:
    """The path of a scene's camera through time."""

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self.stretches = tuple(stretches)

    @classmethod
    def of(cls, scene: Scene) -> Self:
        """The path of a scene at room scale."""
        times_s = np.array([frame.time_s for frame in scene.frames])
        centers = np.array([frame.world_from_camera.translation for frame in scene.frames])
        rotations = np.array([frame.world_from_camera.rotation for frame in scene.frames])
        floor = FLOOR_M_PER_S if scene.unit_m is not None else FLOOR_UNITS_PER_S / scene.source_unit
        gaps = np.flatnonzero(_is_gap(times_s, centers, rotations)) + 1
        found = []
        for start, end in pairwise([0, *gaps.tolist(), len(times_s)]):
            rows = start + _spread(times_s[start:end])
            if len(rows) > 1:
                path = rotations[rows], centers[rows], times_s[rows]
                turned_deg = rates_between(*path)[:, 3:] * np.diff(times_s[rows])[:, None]
                frames = times_s[start:end], centers[start:end], rotations[start:end]
                found.append(Stretch(path[2], path[1], path[0], motion_of(*path, floor), turned_deg, frames))
        return cls(found)

    def stretch(self, start_s: float, end_s: float) -> Stretch | None:
        """The part without gaps that holds a span of time, None where there is none."""
        return next((one for one in self.stretches if one.frames[0][0] <= start_s and end_s <= one.frames[0][-1]), None)


def is_move(label: str) -> bool:
    """Whether a motion is measured in meters, not in degrees."""
    return label in AXES[0] + AXES[1] + AXES[2]


@dataclass(frozen=True, eq=False)
class Span:
    """What the camera does between two times of a stretch."""

    stretch: Stretch
    """The stretch."""
    start_s: float
    """When the span starts, seconds."""
    end_s: float
    """When it ends, seconds."""

    @cached_property
    def inner(self) -> tuple[int, int]:
        """First and last row inside the span."""
        start, end = np.searchsorted(self.stretch.times_s, [self.start_s, self.end_s + 1e-9])
        return int(start), int(end) - 1

    @cached_property
    def outer(self) -> tuple[int, int]:
        """The last row before the span, and the first row after it."""
        start, end = np.searchsorted(self.stretch.times_s, [self.start_s + 1e-9, self.end_s])
        return max(int(start) - 1, 0), min(int(end), len(self.stretch.times_s) - 1)

    @cached_property
    def amounts(self) -> NDArray[np.float64]:
        """(n, 6) how far the camera moves along, or turns about, each axis at each step of the outer rows.

        Ways are the means of those in the axes of the camera before and after the step, because it turns meanwhile.
        """
        start, end = self.outer
        rows = slice(start, end + 1)
        ways = _ways(self.stretch.centers[rows], self.stretch.rotations[rows])
        return np.column_stack([ways, self.stretch.turned_deg[start:end]])

    def net(self, label: str) -> float:
        """How far the camera moves or turns as a label says, less how far it does the opposite; meters or degrees."""
        axis, sign = axis_of(label)
        return float(sign * self.amounts[:, axis].sum())

    @cached_property
    def sums(self) -> NDArray[np.float64]:
        """(6,) how far the camera moves along, and turns about, each axis between the very frames of its ends."""
        centers, rotations = self._way(1)
        turned_deg = rates_between(rotations, centers, np.arange(len(centers), dtype=np.float64))[:, 3:]
        return np.concatenate([_ways(centers, rotations).sum(axis=0), turned_deg.sum(axis=0)])

    def most(self, label: str) -> float:
        """The largest such amount in any part of the span."""
        axis, sign = axis_of(label)
        so_far = np.concatenate([[0.0], np.cumsum(sign * self.amounts[:, axis])])
        return float((so_far - np.minimum.accumulate(so_far)).max())

    def part(self, label: str) -> float:
        """The net amount as a share of the largest one along any axis of moves, or about any axis of turns."""
        return self.net(label) / max(1e-9, self.largest(label))

    def largest(self, label: str) -> float:
        """The largest net amount along any axis of moves, or about any axis of turns, whichever the label is."""
        pairs = AXES[:3] if is_move(label) else AXES[3:]
        return max(abs(self.net(positive)) for positive, _ in pairs)

    def share(self, label: str) -> float:
        """Share of the time in which the camera moves as a label says."""
        axis, sign = axis_of(label)
        start, end = self.outer
        steps_s = np.diff(self.stretch.times_s[start : end + 1])
        return float(steps_s[self.stretch.motion.signs[start:end, axis] == sign].sum() / steps_s.sum())

    def start_of_run(self, label: str) -> int:
        """The row at which the run of a label begins that the middle of the span's steps with that label is in."""
        signs = self.stretch.motion.signs
        if label == STAY:
            holds = (signs == 0).all(axis=1)
        else:
            axis, sign = axis_of(label)
            holds = signs[:, axis] == sign
        start, end = self.outer
        inside = np.flatnonzero(holds[start:end]) + start
        before = np.flatnonzero(~holds[: inside[len(inside) // 2]]) if len(inside) else np.zeros(0, np.int64)
        return int(before[-1]) + 1 if len(before) else 0

    def certainty(self, label: str, visible: Visible) -> Certainty:
        """Whether the camera surely moves, and visibly, as a label says for most of the span and nowhere back, surely
        not at all, or neither."""
        (first, last), (before, after) = self.inner, self.outer
        if last - first < 1:
            return Certainty.DOUBTFUL
        if label == STAY:
            return self._stays(visible)
        motion, least = self.stretch.motion, visible.least(label)
        if motion.certainty(label, before, after) is Certainty.ABSENT:
            return Certainty.ABSENT if self._is_faded(label, visible) else Certainty.DOUBTFUL
        holds = motion.certainty(label, first, last) is Certainty.HOLDS and self._is_faded(OPPOSITES[label], visible)
        is_visible = (
            self.net(label) >= least and self.share(label) >= visible.share and self.part(label) >= visible.part
        )
        return Certainty.HOLDS if holds and is_visible else Certainty.DOUBTFUL

    def _is_faded(self, label: str, visible: Visible) -> bool:
        """Whether no part of the span shows a motion."""
        return self.most(label) <= max(FADED * visible.least(label), FADED_PART * self.largest(label))

    def only_run(self, label: str, visible: Visible) -> "Span | None":
        """The one part of the span in which the camera surely makes a move; None where there are several parts or none,
        or where the rest may show it, too."""
        axis, sign = axis_of(label)
        start, end = self.outer
        holds = np.flatnonzero(self.stretch.motion.signs[start:end, axis] == sign) + start
        if not len(holds) or holds[-1] - holds[0] + 1 != len(holds):
            return None
        begin_s, end_s = (float(self.stretch.times_s[row]) for row in (holds[0], holds[-1] + 1))
        run = Span(self.stretch, max(begin_s, self.start_s), min(end_s, self.end_s))
        rest = Span(self.stretch, self.start_s, run.start_s), Span(self.stretch, run.end_s, self.end_s)
        faded = FADED * visible.least(label)
        is_alone = all(part.most(label) <= faded for part in rest if part.end_s > part.start_s)
        return run if is_alone and run.certainty(label, visible) is Certainty.HOLDS else None

    def _way(self, stride: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(n, 3) centers and (n, 3, 3) rotations from the very first to the very last frame of the span.

        Of those between, the ones that are at least STEP_S, STEP_M or STEP_DEG from the one before; of these every one
        or, for a larger ``stride``, every so many.
        """
        times_s, centers, rotations = self.stretch.frames
        start, end = np.searchsorted(times_s, [self.start_s - 1e-9, self.end_s - 1e-9]).tolist()
        rows = [start]
        for k in range(start + 1, end):
            last = rows[-1]
            is_late = times_s[k] - times_s[last] >= STEP_S - 1e-6
            is_far = math.dist(centers[k], centers[last]) >= STEP_M
            if is_late or is_far or turns_deg(rotations[last : last + 1], rotations[k : k + 1])[0] >= STEP_DEG:
                rows.append(k)
        rows = [*rows[::stride], end]
        return centers[rows], rotations[rows]

    def length(self, stride: int = 1) -> float:
        """Length of the way, meters; followed less closely for a larger ``stride``."""
        steps = np.diff(self._way(stride)[0], axis=0)
        return float(np.sqrt((steps * steps).sum(axis=1)).sum())

    def swept_deg(self, stride: int = 1) -> float:
        """Sum of the turns on the way, degrees; followed less closely for a larger ``stride``."""
        rotations = self._way(stride)[1]
        return float(turns_deg(rotations[:-1], rotations[1:]).sum())

    @property
    def away(self) -> float:
        """Distance between the camera at the start and at the end, meters."""
        centers = self._way(1)[0]
        return math.dist(centers[0], centers[-1])

    @property
    def turned_deg(self) -> float:
        """Angle between the camera's orientations at the start and at the end, degrees."""
        rotations = self._way(1)[1]
        return float(turns_deg(rotations[:1], rotations[-1:])[0])

    def _stays(self, visible: Visible) -> Certainty:
        """Stay holds where every motion is absent, and is absent where some motion goes on at every step."""
        moving = [label for label in LABELS if label != STAY]
        if all(self.certainty(label, visible) is Certainty.ABSENT for label in moving):
            return Certainty.HOLDS
        is_absent = self.stretch.motion.certainty(STAY, *self.outer) is Certainty.ABSENT
        return Certainty.ABSENT if is_absent else Certainty.DOUBTFUL

    def certainties(self, visible: Visible) -> dict[str, Certainty]:
        """The certainty of each label."""
        return {label: self.certainty(label, visible) for label in LABELS}


def axis_of(label: str) -> tuple[int, int]:
    """Axis of a label, and its sign there."""
    axis = next(k for k, pair in enumerate(AXES) if label in pair)
    return axis, 1 if AXES[axis][0] == label else -1


def _ways(centers: NDArray[np.float64], rotations: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n - 1, 3) how far a camera moves ahead, right and down from pose to pose: means of the axes of both."""
    steps = np.diff(centers, axis=0)
    camera_from_world = rotations.swapaxes(1, 2)
    x, y, z = ((rotate(camera_from_world[:-1], steps) + rotate(camera_from_world[1:], steps)) / 2).T
    return np.column_stack([z, x, y])


def turns_deg(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) angles of the rotations between orientations (n, 3, 3), degrees."""
    trace = (first * second).sum(axis=(1, 2))
    return to_degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1)))


def _is_gap(times_s: NDArray, centers: NDArray, rotations: NDArray) -> NDArray[np.bool_]:
    """(N - 1,) whether the way from each frame to the next is unknown."""
    away = np.sqrt((np.diff(centers, axis=0) ** 2).sum(axis=1))
    degrees = turns_deg(rotations[:-1], rotations[1:])
    return (np.diff(times_s) > MAX_GAP_S + 1e-6) | (away > MAX_GAP_M) | (degrees > MAX_GAP_DEG)


def _spread(times_s: NDArray[np.float64]) -> NDArray[np.int64]:
    """Indices of times that are at least STEP_S apart, the first included."""
    kept = [0]
    for k in range(1, len(times_s)):
        if times_s[k] - times_s[kept[-1]] >= STEP_S - 1e-6:
            kept.append(k)
    return np.array(kept)
