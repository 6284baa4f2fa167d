"""How a camera moves over time, in the words of film: dolly, truck, pedestal, pan, tilt, roll.

The words and their order are those of SpatialVID's motion instructions (Wang et al., 2025). The measure is ours: rates
from row to row in the axes of the camera itself, whatever the axes of the world or of the first camera.

A *row* is a pose with its time, a *step* leads from a row to the next. N rows have N - 1 steps.
"""

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qagen.core.pose import rotate, to_degrees

AXES = (
    ("Dolly In", "Dolly Out"),
    ("Truck Right", "Truck Left"),
    ("Pedestal Down", "Pedestal Up"),
    ("Pan Right", "Pan Left"),
    ("Tilt Up", "Tilt Down"),
    ("Roll CW", "Roll CCW"),
)
"""Labels of each axis in canonical order: of its positive rate, of its negative rate."""
STAY = "Stay"
LABELS = (*(label for axis in AXES for label in axis), STAY)
OPPOSITES = {label: opposite for axis in AXES for label, opposite in (axis, axis[::-1])}

FLOOR_UNITS_PER_S = 0.02
"""Least speed that counts as motion in scenes without meters, whose nearest structure is about half a unit away."""
FLOOR_M_PER_S = 0.05
"""Least speed that counts as motion in scenes in meters."""
FLOOR_DEG_PER_S = 2.0
SHARE_OF_FAST = 0.2
"""Slower than this share of the path's own fast steps is no motion."""
FAST_PERCENTILE = 90
KEPT_ABOVE = 0.6
"""Share of the threshold above which a motion that has begun goes on."""
SHORTEST_S = 0.3
"""Interruptions and motions shorter than this are passed over."""
SURE_ABOVE, SURE_S = 1.5, 0.6
"""A motion is sure at this multiple of its threshold, held for this long."""
ABSENT_BELOW = 0.5
"""A motion is surely absent at or below this share of its threshold."""
MEDIAN_REACH = 2
"""Steps to either side of which the median is taken."""
DECIMALS = 9
_TIME_SLACK_S = 1e-6


class Certainty(Enum):
    """Whether a motion may be said to occur in a span."""

    HOLDS = "holds"
    ABSENT = "absent"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows between which the camera moves in one way."""

    start: int
    """First row."""
    end: int
    """Last row, where the next segment starts."""
    labels: tuple[str, ...]
    """Labels in canonical order; Stay alone where nothing moves."""

    @property
    def key(self) -> str:
        """The key of SpatialVID's files, ``start->end``."""
        return f"{self.start}->{self.end}"


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """The motion of a camera along a path of N rows."""

    times_s: NDArray[np.float64]
    """(N,) seconds of the rows, rising."""
    rates: NDArray[np.float64]
    """(N - 1, 6) units or degrees per second along or about each of `AXES` of the camera at the step's start."""
    thresholds: NDArray[np.float64]
    """(6,) rates from which on an axis counts as moving, in the same units."""
    signs: NDArray[np.int8]
    """(N - 1, 6) 1, -1 or 0: which label of each axis a step has."""

    def labels(self, step: int) -> tuple[str, ...]:
        """Labels of a step in canonical order; Stay alone where nothing moves."""
        named = (AXES[axis][0 if sign > 0 else 1] for axis, sign in enumerate(self.signs[step].tolist()) if sign)
        return tuple(named) or (STAY,)

    def segments(self) -> tuple[Segment, ...]:
        """The path from row 0 to row N - 1 as segments that touch, neighbors of different labels; none for one row."""
        changes = np.flatnonzero((self.signs[1:] != self.signs[:-1]).any(axis=1)) + 1
        bounds = [0, *changes.tolist(), len(self.signs)] if len(self.signs) else []
        return tuple(Segment(a, b, self.labels(a)) for a, b in pairwise(bounds))

    def certainty(self, label: str, start: int, end: int) -> Certainty:
        """Whether the camera surely makes a motion at some time between two rows, surely does not, or neither.

        It holds if its rate is at least 1.5 times the threshold for at least 0.6 s on end, and is absent if its rate is
        nowhere above half of the threshold; the opposite motion does not matter. Stay holds if no axis is above half of
        its threshold for 0.6 s on end, and is absent if at every step some axis has 1.5 times its threshold.

        Raises:
            ValueError: no such label, or not 0 <= start < end < N.
        """
        if not 0 <= start < end < len(self.times_s):
            raise ValueError(f"rows {start} to {end}, expected a rising span of rows 0 to {len(self.times_s) - 1}")
        multiples = self.rates[start:end] / self.thresholds
        if label == STAY:
            fastest = np.abs(multiples).max(axis=1)
            sure, is_absent = fastest <= ABSENT_BELOW, bool((fastest >= SURE_ABOVE).all())
        else:
            along = multiples[:, _axis(label)] * (1 if label in dict(AXES) else -1)
            sure, is_absent = along >= SURE_ABOVE, bool((along <= ABSENT_BELOW).all())
        bounds = _bounds(sure)
        lasting = np.diff(self.times_s[start + bounds]) >= SURE_S - _TIME_SLACK_S
        if (lasting & sure[bounds[:-1]]).any():
            return Certainty.HOLDS
        return Certainty.ABSENT if is_absent else Certainty.DOUBTFUL


def motion_of(
    rotations: NDArray[np.float64], centers: NDArray[np.float64], times_s: ArrayLike, floor: float = FLOOR_UNITS_PER_S
) -> Motion:
    """The motion along a path.

    The rates are medians over 5 steps, over fewer at both ends. An axis moves from its threshold on: a fifth of the
    path's 90th percentile of speed, and at least the floor (turns: at least 2 degrees per second). The motion extends
    to both sides down to 0.6 of the threshold. Gaps under 0.3 s in it are filled, then motions under 0.3 s dropped.

    Args:
        rotations: (N, 3, 3) of world_from_camera, OpenCV axes (x right, y down, z forward).
        centers: (N, 3) camera centers in the world.
        times_s: (N,) seconds, rising.
        floor: least speed that counts as motion, in the unit of the centers per second.

    Raises:
        ValueError: the shapes do not agree, an entry is not finite, or the times do not rise.
    """
    times_s = np.asarray(times_s, np.float64)
    _check(rotations, centers, times_s, floor)
    rates = _medians(rates_between(rotations, centers, times_s))
    thresholds = np.repeat([_threshold(rates[:, :3], floor), _threshold(rates[:, 3:], FLOOR_DEG_PER_S)], 3)
    signs = np.zeros(rates.shape, np.int8)
    for axis, multiples in enumerate((rates / thresholds).T):
        signs[:, axis] = _lasting(_moving(multiples), times_s)
    return Motion(times_s, rates, thresholds, signs)


def rates_between(
    rotations: NDArray[np.float64], centers: NDArray[np.float64], times_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(N - 1, 6) speed along and turn about each of `AXES` from row to row, in the camera of the first, unsmoothed."""
    camera_from_world = rotations[:-1].swapaxes(1, 2)
    x, y, z = rotate(camera_from_world, np.diff(centers, axis=0)).T
    turned = rotate(camera_from_world[:, None], rotations[1:].swapaxes(1, 2)).swapaxes(1, 2)
    tilt, pan, roll = to_degrees(rotation_vectors(turned)).T
    return (np.column_stack([z, x, y, pan, tilt, roll]) / np.diff(times_s)[:, None]).round(DECIMALS)


def rotation_vectors(rotations: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 3) axis times angle, in radians up to π, of rotation matrices (n, 3, 3)."""
    xyz, w = np.split(quaternions(rotations), [3], axis=1)
    sine = np.sqrt((xyz * xyz).sum(axis=1, keepdims=True))
    factor = 2 * np.arctan2(sine, w) / np.where(sine > 0, sine, 1)
    return xyz * factor


def quaternions(rotations: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 4) unit quaternions x, y, z, w, with w >= 0, of rotation matrices (n, 3, 3).

    The matrix of products 4 q qᵀ is linear in the rotation; its row with the largest diagonal is the most exact
    multiple of q (Shepperd, 1978).
    """
    (a, b, c), (d, e, f), (g, h, i) = rotations.transpose(1, 2, 0)
    products = np.array(
        [
            [1 + a - e - i, b + d, c + g, h - f],
            [b + d, 1 - a + e - i, f + h, c - g],
            [c + g, f + h, 1 - a - e + i, d - b],
            [h - f, c - g, d - b, 1 + a + e + i],
        ]
    ).transpose(2, 0, 1)
    largest = np.diagonal(products, axis1=1, axis2=2).argmax(axis=1)
    chosen = products[np.arange(len(products)), largest]
    chosen = chosen / np.sqrt((chosen * chosen).sum(axis=1, keepdims=True))
    return np.where(chosen[:, 3:] < 0, -chosen, chosen)


def _check(rotations: NDArray, centers: NDArray, times_s: NDArray, floor: float) -> None:
    rows = len(times_s)
    shapes = rotations.shape, centers.shape, times_s.shape
    if rows < 1 or shapes != ((rows, 3, 3), (rows, 3), (rows,)):
        raise ValueError(f"rotations, centers and times of shapes {shapes}, expected (N, 3, 3), (N, 3) and (N,)")
    if not (np.isfinite(rotations).all() and np.isfinite(centers).all() and np.isfinite(times_s).all()):
        raise ValueError("a rotation, center or time is not finite")
    if not (np.diff(times_s) > 0).all():
        raise ValueError("the times do not rise from row to row")
    if not floor > 0:
        raise ValueError(f"a floor of {floor} units per second, expected more than 0")


def _medians(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Medians over 5 steps, at the ends over as many as there are to both sides, so that starts and stops stay."""
    medians = rates.copy()
    for reach in range(1, MEDIAN_REACH + 1):
        if len(rates) > 2 * reach:
            windows = np.lib.stride_tricks.sliding_window_view(rates, 2 * reach + 1, axis=0)
            medians[reach:-reach] = np.sort(windows, axis=-1)[..., reach]
    return medians


def _threshold(rates: NDArray[np.float64], floor: float) -> float:
    """A share of the fast steps' rate, and at least the floor."""
    sizes = np.sqrt((rates * rates).sum(axis=1))
    return max(floor, SHARE_OF_FAST * float(np.percentile(sizes, FAST_PERCENTILE))) if len(sizes) else floor


def _moving(multiples: NDArray[np.float64]) -> NDArray[np.int8]:
    """(n,) signs of one axis: runs of one sign above 0.6 of the threshold that reach it somewhere."""
    signs = (np.sign(multiples) * (np.abs(multiples) >= KEPT_ABOVE)).astype(np.int8)
    bounds = _bounds(signs)
    if not len(signs):
        return signs
    peaks = np.maximum.reduceat(np.abs(multiples), bounds[:-1])
    return np.repeat(np.where(peaks >= 1, signs[bounds[:-1]], 0), np.diff(bounds))


def _lasting(signs: NDArray[np.int8], times_s: NDArray[np.float64]) -> NDArray[np.int8]:
    """The signs of one axis without short gaps between equal signs, then without short runs."""
    bounds = _bounds(signs)
    values, is_short = signs[bounds[:-1]], np.diff(times_s[bounds]) < SHORTEST_S - _TIME_SLACK_S
    is_gap = is_short[1:-1] & (values[1:-1] == 0) & (values[:-2] == values[2:])
    values[1:-1] = np.where(is_gap, values[2:], values[1:-1])
    signs = np.repeat(values, np.diff(bounds))
    bounds = _bounds(signs)
    is_short = np.diff(times_s[bounds]) < SHORTEST_S - _TIME_SLACK_S
    return np.repeat(np.where(is_short, 0, signs[bounds[:-1]]), np.diff(bounds))


def _bounds(values: NDArray) -> NDArray[np.intp]:
    """Where runs of equal values start, and the length last: run k is ``values[bounds[k]:bounds[k + 1]]``."""
    if not len(values):
        return np.zeros(1, np.intp)
    return np.concatenate([[0], np.flatnonzero(values[1:] != values[:-1]) + 1, [len(values)]])


def _axis(label: str) -> int:
    for axis, labels in enumerate(AXES):
        if label in labels:
            return axis
    raise ValueError(f"no label {label!r}, expected one of {', '.join(LABELS)}")
