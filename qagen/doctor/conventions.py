"""Pose direction, camera axes, units: which convention makes the clouds of neighbouring frames agree.

What one frame measures is carried into another by the two poses and compared with what that one measures. Where the
data is read as it was meant, nearly all of it agrees. Where it is not, every usual misreading is undone and tried.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from qagen.doctor.depth_samples import DepthSample, all_shots
from qagen.doctor.finding import Finding, judge, percent

Groups = list[tuple[DepthSample, list[DepthSample]]]
Matrix = NDArray[np.float64]

TOLERANCE = 0.03
"""Share of the depth by which two measurements of one place may differ."""
MIN_OVERLAP = 0.3
"""A pair of which less is seen by both is counted as if so much were."""
GOOD, BEARABLE = 0.7, 0.5
BETTER = 0.15
TIE = 0.04
INDOORS_M = (0.3, 8.0)
FACTORS = (1.0, 0.001, 0.01, 0.1, 0.5, 2.0, 10.0, 100.0, 1000.0, 1000 / 4000, 4.0, 1000 / 5000, 5.0, 1 / 6.5535, 6.5535)
ZOOMS = (0.5, 2.0, 0.25, 4.0)
OPENGL = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True, slots=True)
class Convention:
    """One way in which poses may have been meant."""

    name: str
    """What would have to be done to the poses as they were read; empty for nothing."""
    meant: Callable[[Matrix], Matrix]
    """(4, 4) pose as read to world_from_camera."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well the data fits together when it is read in one way."""

    score: float
    """Median share of what two frames both see on which they agree."""
    pose: Convention
    """How the poses are read."""
    factor: float
    """What depth is multiplied by."""
    zoom: float = 1.0
    """What the intrinsics are multiplied by."""

    @property
    def changes(self) -> str:
        """What would have to be done to the data; empty for nothing."""
        parts = [self.pose.name] if self.pose.name else []
        if self.factor != 1:
            parts.append(f"depth {_times(self.factor)}")
        if self.zoom != 1:
            parts.append(f"intrinsics {_times(self.zoom)}")
        return ", ".join(parts)


def _times(factor: float) -> str:
    return f"multiplied by {factor:g}" if factor >= 1 else f"divided by {1 / factor:g}"


def pose_conventions() -> list[Convention]:
    """As read, then the usual misreadings, then every other choice of camera axes."""
    usual = [
        Convention("", lambda pose: pose),
        Convention("poses inverted (they are camera-from-world)", _turned(np.eye(3), True)),
        Convention("camera axes from OpenGL (second and third column of the pose negated)", _turned(OPENGL, False)),
        Convention("poses inverted, then camera axes from OpenGL", _turned(OPENGL, True)),
        Convention("rotations transposed (rows and columns exchanged)", _transposed),
        Convention("positions divided by 1000 (they are millimetres)", _shrunk(0.001)),
        Convention("positions multiplied by 1000", _shrunk(1000.0)),
        Convention("quaternions reordered (x y z w was read as w x y z)", _reordered(1)),
        Convention("quaternions reordered (w x y z was read as x y z w)", _reordered(-1)),
    ]
    return usual + [
        Convention(
            f"{'poses inverted, then ' if inverted else ''}camera axes {_axes_text(axes)}", _turned(axes, inverted)
        )
        for inverted in (False, True)
        for axes in _axis_choices()
    ]


def _turned(axes: Matrix, inverted: bool) -> Callable[[Matrix], Matrix]:
    turn = np.eye(4)
    turn[:3, :3] = axes
    return lambda pose: (np.linalg.inv(pose) if inverted else pose) @ turn


def _transposed(pose: Matrix) -> Matrix:
    turned = pose.copy()
    turned[:3, :3] = pose[:3, :3].T
    return turned


def _shrunk(factor: float) -> Callable[[Matrix], Matrix]:
    return lambda pose: np.concatenate([np.column_stack([pose[:3, :3], factor * pose[:3, 3]]), pose[3:]])


def _reordered(places: int) -> Callable[[Matrix], Matrix]:
    def meant(pose: Matrix) -> Matrix:
        turned = pose.copy()
        quaternion = np.roll(Rotation.from_matrix(pose[:3, :3]).as_quat(), places)
        turned[:3, :3] = Rotation.from_quat(quaternion).as_matrix()
        return turned

    return meant


def _axis_choices() -> list[Matrix]:
    """The rotations that take axes to axes, without the identity and OpenGL's."""
    found = []
    for order in permutations(range(3)):
        for signs in product((1.0, -1.0), repeat=3):
            axes = np.zeros((3, 3))
            axes[order, range(3)] = signs
            is_known = np.array_equal(axes, np.eye(3)) or np.array_equal(axes, OPENGL)
            if np.linalg.det(axes) > 0 and not is_known:
                found.append(axes)
    return found


def _axes_text(axes: Matrix) -> str:
    """Which of the axes as read are right, down and forward: "(right, down, forward) = (-y, x, z)"."""
    names = ["xyz"[int(np.argmax(np.abs(column)))] for column in axes.T]
    signs = ["-" if column.sum() < 0 else "" for column in axes.T]
    return "(right, down, forward) = (" + ", ".join(sign + name for sign, name in zip(signs, names, strict=True)) + ")"


def agreement(groups: Groups, meant: Callable[[Matrix], Matrix], factor: float = 1.0) -> float:
    """Median over the groups of the best share on which a frame and one of its partners agree."""
    return float(np.median([max(_agreeing(first, b, meant, factor) for b in others) for first, others in groups]))


def _agreeing(a: DepthSample, b: DepthSample, meant: Callable[[Matrix], Matrix], factor: float) -> float:
    b_from_a = np.linalg.inv(meant(b.frame.world_from_camera.matrix)) @ meant(a.frame.world_from_camera.matrix)
    points = a.sample @ b_from_a[:3, :3].T + b_from_a[:3, 3] / factor
    uv = np.nan_to_num(b.camera.project(points), nan=-1e9).clip(-1e9, 1e9)
    cols, rows = np.floor(uv + 0.5).astype(np.int64).T
    height, width = b.depth.shape
    inside = (cols >= 0) & (rows >= 0) & (cols < width) & (rows < height)
    measured = b.depth[rows[inside], cols[inside]]
    z = points[inside, 2]
    known = measured > 0
    agreed = known & (np.abs(measured - z) <= TOLERANCE * z)
    return float(agreed.sum() / max(known.sum(), MIN_OVERLAP * len(points)))


def best_fit(groups: Groups) -> tuple[Fit, Fit]:
    """How the data fits as it is read, and how it fits best; of those that fit alike, the most usual."""
    conventions = pose_conventions()
    as_read = Fit(agreement(groups, conventions[0].meant), conventions[0], 1.0)
    median = median_depth_m(groups)
    tried = [as_read] if is_indoors(median) else []
    tried += [
        Fit(agreement(groups, convention.meant, factor), convention, factor)
        for factor in FACTORS
        if is_indoors(median * factor)
        for convention in (conventions if factor == 1 else conventions[:4])
        if (convention.name, factor) != ("", 1.0)
    ]
    if max((fit.score for fit in tried), default=0.0) < GOOD:
        for zoom in ZOOMS:
            zoomed = [(first.zoomed(zoom), [shot.zoomed(zoom) for shot in others]) for first, others in groups]
            tried += [Fit(agreement(zoomed, how.meant), how, 1.0, zoom) for how in conventions[:4]]
    if not tried:
        return as_read, as_read
    top = max(fit.score for fit in tried)
    return as_read, next(fit for fit in tried if fit.score >= top - TIE)


def median_depth_m(groups: Groups) -> float:
    """Median of all measured depth, metres."""
    return float(np.median(np.concatenate([shot.depth[shot.depth > 0] for shot in all_shots(groups)])))


def is_indoors(depth_m: float) -> bool:
    return INDOORS_M[0] <= depth_m <= INDOORS_M[1]


def check_poses(as_read: Fit, best: Fit, frames: int) -> Finding:
    """Whether clouds of neighbouring frames agree, and in which convention they would."""
    found = f"neighbouring frames agree on {percent(as_read.score)} of what both see ({frames} frames compared)"
    expected = f"{percent(GOOD)} or more"
    is_other = bool(best.changes) and best.score >= as_read.score + BETTER and best.score >= BEARABLE
    if is_other:
        advice = f"{percent(best.score)} would agree with: {best.changes}"
        return Finding("poses", "FAIL", found, expected, advice)
    if as_read.score >= GOOD:
        return Finding("poses", "ok", found, expected)
    advice = (
        "no usual convention fits better: are frames and poses paired rightly, is tracking good, does depth fit colour?"
    )
    return Finding("poses", judge(False, as_read.score >= BEARABLE), found, expected, advice)


def check_scale(groups: Groups, best: Fit) -> Finding:
    """Whether depth is in metres."""
    median = median_depth_m(groups)
    found, expected = f"median {median:.3g} m", f"{INDOORS_M[0]:g} to {INDOORS_M[1]:g} m indoors"
    if is_indoors(median) and best.factor == 1:
        return Finding("depth scale", "ok", found, expected)
    if best.factor != 1 and best.score >= BEARABLE:
        told = f"{_times(best.factor)} it would be {median * best.factor:.2g} m, and {percent(best.score)} would agree"
        return Finding("depth scale", "FAIL", found, expected, f"depth {told}")
    fitting = [factor for factor in FACTORS if is_indoors(median * factor)]
    advice = f"depth {' or '.join(_times(factor) for factor in fitting[:3])} would be in that range" if fitting else ""
    return Finding("depth scale", "FAIL", found, expected, advice)


KINDS = {0: "planar depth", -1: "ray lengths", 1: "planar depth that was divided by the rays' lengths"}
WINDOWS = (0.45, 0.3)
"""Sides of the windows that are compared, as shares of the image's."""
FLAT = 0.008
MIN_WINDOWS = 8
SURE = 0.6
"""Least share of the windows that must be flattest in another kind."""


def check_kind(shots: Sequence[DepthSample]) -> tuple[Finding, int]:
    """Whether walls and floors are flat, and the power of the rays' lengths that makes them so."""
    bends = [bend for shot in shots for bend in _bends(shot)]
    expected = "flat walls and floors"
    if len(bends) < MIN_WINDOWS:
        return Finding("depth kind", "ok", f"too few flat places to tell ({len(bends)})", expected), 0
    planar, ray, divided = 100 * np.median(np.array(bends), axis=0)
    votes = np.bincount(np.argmin(np.array(bends), axis=1), minlength=3) / len(bends)
    found = f"walls and floors bend by {planar:.2f} % of their distance in {len(bends)} places"
    power = (0, -1, 1)[int(np.argmax(votes))] if votes.max() >= SURE else 0
    if power == 0:
        return Finding("depth kind", "ok", found, expected), 0
    advice = f"they would by {min(ray, divided):.2f} % if the values were {KINDS[power]}"
    advice += ": divide each by the length of its ray" if power == -1 else ": use them undivided"
    return Finding("depth kind", "FAIL", found, expected, advice), power


def _bends(shot: DepthSample) -> list[list[float]]:
    """For large windows that are flat in one of the kinds: how far from a plane they are in each, as share of depth."""
    kinds = [shot.as_kind(power) for power in KINDS]
    clouds = [kind.rays * kind.depth[..., None] for kind in kinds]
    found = []
    for window in _windows(*shot.depth.shape):
        known = shot.depth[window] > 0
        if known.mean() < 0.8:
            continue
        bends = [_bend(cloud[window][known]) for cloud in clouds]
        if min(bends) < FLAT:
            found.append(bends)
    return found


def _windows(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    for side in WINDOWS:
        tall, wide = int(height * side), int(width * side)
        for top in range(0, height - tall + 1, tall // 2):
            for left in range(0, width - wide + 1, wide // 2):
                yield np.s_[top : top + tall : 3, left : left + wide : 3]


def _bend(points: Matrix) -> float:
    middle = points.mean(axis=0)
    _, _, axes = np.linalg.svd(points - middle, full_matrices=False)
    away = np.abs((points - middle) @ axes[2])
    return float(np.sqrt(np.mean(np.square(away))) / np.linalg.norm(middle))
