"""Motion instructions as SpatialVID's own programs write them, faults and all: to check and recognize published files.

Three versions differ in how they take the translation between two rows (utils/get_instructions.py and
get_instructions_enhanced.py of github.com/NJU-3DV/SpatialVID, read and run beside, written anew):

* ``2025-09``: in the axes of the first row's camera. The released files follow its ``enhanced`` form.
* ``2026-03``: with the signs turned round, so that forward is Dolly Out; online for four weeks.
* ``2026-04``: in the axes of the camera itself.

All of them smooth poses with a lag, from which a late start, an unseen stop and false motions follow. What camera
motion truly is, qagen.core.motion says.
"""

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from qagen.core.motion import STAY, Segment
from qagen.spatialvid.statistics import published_length

VERSIONS = ("2025-09", "2026-03", "2026-04")
FORMS = ("enhanced", "standard")
WORDS = (
    *("Dolly In", "Dolly Out", "Truck Right", "Truck Left", "Pedestal Down", "Pedestal Up"),
    *("Pan Left", "Pan Right", "Tilt Down", "Tilt Up", "Roll CCW", "Roll CW", STAY),
)
"""In the order of a list: pairs for z, x, y, yaw, pitch and roll, of their positive and negative values, and Stay."""
_OPPOSITE = np.array([*(word ^ 1 for word in range(len(WORDS) - 1)), len(WORDS)])
"""Column of each word's opposite; Stay's is one beyond."""
STANDARD_EVERY, STANDARD_FACTOR = 2, 0.1
STANDARD_UNITS, STANDARD_DEG = 0.02, 0.5
STANDARD_ROWS = 3
"""Fewest rows from which the standard form has a step."""
SPANS = (1, 3, 5)
"""Rows between the two poses that a voter of the enhanced form compares."""
FACTORS = (0.03, 0.05, 0.1)
"""Weights of the new row in a voter's smoothing."""
ENHANCED_DEG = 1.5
DEG_DIVISOR, UNITS_DIVISOR = 1.8, 1.1
LEAST_UNITS = 0.01
CLEAR_LEAD = 3
"""The first word stands alone with this many times the votes of the second."""
MOST_WORDS, FEWEST_WORDS = 4, 2
"""Bounds of the words of a step without a clear lead."""


class TooShortError(ValueError):
    """Too few rows for the standard form, whose program ends with an IndexError."""


def published_segments(poses: NDArray, version: str, form: str) -> tuple[Segment, ...]:
    """The segments of a clip as a published program writes them.

    Args:
        poses: (N, 7) rows tx ty tz qx qy qz qw, world to camera, in the type of the file (float32).
        version: one of VERSIONS.
        form: one of FORMS. Segments of ``standard`` count every second row, and words stand in the order of WORDS;
            those of ``enhanced`` stand in the order of votes.

    Raises:
        TooShortError: fewer than 3 rows for ``standard``, none for ``enhanced``.
    """
    if version not in VERSIONS or form not in FORMS:
        raise ValueError(f"version {version!r}, form {form!r}, expected one of {VERSIONS} and of {FORMS}")
    fewest = STANDARD_ROWS if form == "standard" else 1
    if len(poses) < fewest:
        raise TooShortError(f"rows: found {len(poses)}, expected at least {fewest} for the {form} form")
    words = _standard_words(poses, version) if form == "standard" else _enhanced_words(poses, version)
    changes = np.flatnonzero((words[1:] != words[:-1]).any(axis=1)) + 1
    bounds = [0, *changes.tolist(), len(words)] if len(words) else []
    spelt = (tuple(WORDS[word] for word in words[start].tolist() if word >= 0) for start in bounds[:-1])
    return tuple(Segment(a, b, labels) for (a, b), labels in zip(pairwise(bounds), spelt, strict=True))


def _standard_words(poses: NDArray, version: str) -> NDArray[np.intp]:
    """(steps, words) columns of WORDS in their order, -1 beyond: of every second row to the next."""
    smooth = _smoothed(poses[::STANDARD_EVERY], (STANDARD_FACTOR,))[0]
    said = _said(smooth[:-1], smooth[1:], version, STANDARD_UNITS, np.deg2rad(STANDARD_DEG))
    return np.where(said, np.arange(len(WORDS)), -1)


def _enhanced_words(poses: NDArray, version: str) -> NDArray[np.intp]:
    """(steps, 4) columns of WORDS by votes, -1 beyond: from row to row."""
    votes, first = _votes(poses, version)
    # A word with more votes comes first, among equals the one met first; what has no vote has no order.
    order = np.where(votes > 0, votes * (first.max(initial=0) + 1) - first, 0)
    padded = np.pad(order, ((0, 0), (0, 1)))
    order = np.where(padded[:, _OPPOSITE] > order, 0, order)[:, :-1]
    words = np.argsort(-order, axis=1, kind="stable")
    ranked = np.take_along_axis(np.where(order > 0, votes[:, :-1], 0), words, axis=1)
    best, second = ranked[:, 0], ranked[:, 1]
    count = np.minimum((2 * ranked >= best[:, None]).sum(axis=1), MOST_WORDS)
    count = np.where(best >= CLEAR_LEAD * second, 1, np.maximum(count, FEWEST_WORDS))
    chosen = np.where(np.arange(MOST_WORDS) < count[:, None], words[:, :MOST_WORDS], -1)
    chosen[best == 0] = [len(WORDS) - 1, -1, -1, -1]
    return chosen


def _votes(poses: NDArray, version: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(steps, words) votes, and when each word was first met: by voter, then by place, then by order in WORDS."""
    rows = len(poses)
    units = LEAST_UNITS if rows <= 1 else max(published_length(poses) / rows / UNITS_DIVISOR, LEAST_UNITS)
    smooth = _smoothed(poses, FACTORS)
    votes = np.zeros((rows, len(WORDS)), np.int64)
    first = np.full(votes.shape, np.iinfo(np.int64).max)
    covered = 0
    for number, span in enumerate(SPANS):
        starts = np.arange(0, rows - span, int(math.sqrt(span) + 1))
        if not len(starts):
            break
        covered = max(covered, int(starts[-1]) + span)
        turn = np.deg2rad(ENHANCED_DEG * (math.sqrt(span) / DEG_DIVISOR))
        said = _said(smooth[:, starts], smooth[:, starts + span], version, units * math.sqrt(span), turn)
        voter = len(FACTORS) * number + np.arange(len(FACTORS))[:, None, None]
        met = (voter * rows + starts[:, None]) * len(WORDS) + np.arange(len(WORDS))
        met = np.where(said, met, np.iinfo(np.int64).max).min(axis=0)
        for offset in range(span):
            votes[starts + offset] += said.sum(axis=0)
            first[starts + offset] = np.minimum(first[starts + offset], met)
    return votes[:covered], np.where(votes > 0, first, 0)[:covered]


def _smoothed(poses: NDArray, factors: tuple[float, ...]) -> NDArray:
    """(factors, N, 7) poses after exponential smoothing, in their own type.

    A row's quaternion is turned to the hemisphere of the row before, and has length 1 afterwards.
    """
    new, old = (np.array(weights, poses.dtype)[:, None] for weights in (factors, [1 - factor for factor in factors]))
    smooth = np.empty((len(factors), *poses.shape), poses.dtype)
    smooth[:, 0] = poses[0]
    is_quaternion = np.arange(poses.shape[1]) >= 3
    for row in range(1, len(poses)):
        before, now = smooth[:, row - 1], poses[row]
        is_far = (before[:, 3:] * now[3:]).sum(axis=1) < 0
        mixed = new * np.where(is_far[:, None] & is_quaternion, -now, now) + old * before
        quaternions = mixed[:, 3:]
        squares = (quaternions * quaternions).sum(axis=1, dtype=np.float64).astype(poses.dtype)
        mixed[:, 3:] = quaternions / np.sqrt(squares)[:, None]
        smooth[:, row] = mixed
    return smooth


def _said(first: NDArray, second: NDArray, version: str, units: float, turn: float) -> NDArray[np.bool_]:
    """(..., words) the words of the step between two poses (..., 7): what is over ``units`` or ``turn`` radians."""
    shape = first.shape[:-1]
    first, second = first.reshape(-1, 7), second.reshape(-1, 7)
    if not len(first):
        return np.zeros((*shape, len(WORDS)), bool)
    before, after = Rotation.from_quat(first[:, 3:]), Rotation.from_quat(second[:, 3:])
    x, y, z = _way(before, first[:, :3], after, second[:, :3], version).T
    yaw, pitch, roll = (after * before.inv()).as_euler("yxz").T
    values, limits = np.column_stack([z, x, y, yaw, pitch, roll]), np.repeat([units, turn], 3)
    said = np.stack([values > limits, values < -limits], axis=-1).reshape(len(values), -1)
    return np.column_stack([said, ~said.any(axis=1)]).reshape(*shape, len(WORDS))


def _way(before: Rotation, t: NDArray, after: Rotation, t_after: NDArray, version: str) -> NDArray[np.float64]:
    """(n, 3) translations x, y, z as a version takes them, from rotations and translations of camera_from_world."""
    if version == "2025-09":
        return before.inv().apply(t - t_after)
    move = after.inv().apply(t_after) - before.inv().apply(t)
    return before.inv().apply(move) if version == "2026-03" else before.apply(-move)
