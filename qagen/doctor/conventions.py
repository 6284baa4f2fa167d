"""Pose direction, camera axes, units: the convention that makes the point clouds of neighboring frames agree.

The points that one frame measures are moved into another frame by the two poses and compared with its depth. Where the
data is read as it was meant, nearly all of them agree. Where it is not, each usual misreading is undone in turn.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from qagen.core.familiar import familiarity
from qagen.core.scene import Scene
from qagen.core.spacing import evenly_spaced
from qagen.doctor.depth_samples import DepthSample, SampleGroups, all_samples
from qagen.doctor.finding import Finding, judge, percent

Matrix = NDArray[np.float64]

TOLERANCE = 0.03
"""Share of the depth by which two measurements of one point may differ."""
MIN_OVERLAP = 0.3
"""Least share of the points that both frames count as seeing, so that agreement on a few points is not enough."""
GOOD, BEARABLE = 0.7, 0.5
BETTER = 0.15
"""Least gain of agreement for another convention to be named."""
TIE = 0.04
"""Fits whose agreement differs by less are equally good; the more usual is named."""
INDOORS_M = (0.3, 8.0)
FACTORS = (1.0, 0.001, 0.01, 0.1, 0.5, 2.0, 10.0, 100.0, 1000.0, 1000 / 4000, 4.0, 1000 / 5000, 5.0, 1 / 6.5535, 6.5535)
ZOOMS = (0.5, 2.0, 0.25, 4.0)
OPENGL = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True, slots=True)
class Convention:
    """One meaning that poses may have."""

    name: str
    """The change of the poses as they were read, or "" for none."""
    convert: Callable[[Matrix], Matrix]
    """Turns a (4, 4) pose as read into world_from_camera."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well the data fits together under one reading."""

    score: float
    """Median agreement of two frames on the surface that both see, 0 to 1."""
    pose: Convention
    """Meaning of the poses."""
    factor: float
    """Factor on depth."""
    zoom: float = 1.0
    """Factor on the intrinsics."""

    @property
    def changes(self) -> str:
        """The change of the data, or "" for none."""
        changes = [self.pose.name] if self.pose.name else []
        if self.factor != 1:
            changes.append(f"depth {_times(self.factor)}")
        if self.zoom != 1:
            changes.append(f"intrinsics {_times(self.zoom)}")
        return ", ".join(changes)


def _times(factor: float) -> str:
    return f"multiplied by {factor:g}" if factor >= 1 else f"divided by {1 / factor:g}"


def pose_conventions() -> list[Convention]:
    """Poses as read, then with the usual misreadings undone, then with every other choice of camera axes."""
    usual = [
        Convention("", lambda pose: pose),
        Convention("poses inverted (they are camera-from-world)", _change_axes(np.eye(3), is_inverse=True)),
        Convention("camera axes from OpenGL (second and third column of the pose negated)", _change_axes(OPENGL)),
        Convention("poses inverted, then camera axes from OpenGL", _change_axes(OPENGL, is_inverse=True)),
        Convention("rotations transposed (rows and columns exchanged)", lambda pose: _rotated(pose, pose[:3, :3].T)),
        Convention("positions divided by 1000 (they are millimeters)", _change_unit(0.001)),
        Convention("positions multiplied by 1000", _change_unit(1000.0)),
        Convention("quaternions reordered (x y z w was read as w x y z)", _reorder_quaternion(1)),
        Convention("quaternions reordered (w x y z was read as x y z w)", _reorder_quaternion(-1)),
    ]
    return usual + [
        Convention(f"{first}camera axes {name}", _change_axes(axes, is_inverse=bool(first)))
        for first in ("", "poses inverted, then ")
        for name, axes in _axis_choices().items()
    ]


def _change_axes(axes: Matrix, is_inverse: bool = False) -> Callable[[Matrix], Matrix]:
    turn = np.eye(4)
    turn[:3, :3] = axes
    return lambda pose: (np.linalg.inv(pose) if is_inverse else pose) @ turn


def _change_unit(factor: float) -> Callable[[Matrix], Matrix]:
    return lambda pose: np.concatenate([np.column_stack([pose[:3, :3], factor * pose[:3, 3]]), pose[3:]])


def _reorder_quaternion(places: int) -> Callable[[Matrix], Matrix]:
    def convert(pose: Matrix) -> Matrix:
        quaternion = np.roll(Rotation.from_matrix(pose[:3, :3]).as_quat(), places)
        return _rotated(pose, Rotation.from_quat(quaternion).as_matrix())

    return convert


def _rotated(pose: Matrix, rotation: Matrix) -> Matrix:
    changed = pose.copy()
    changed[:3, :3] = rotation
    return changed


def _axis_choices() -> dict[str, Matrix]:
    """The rotations that take axes to axes, without the identity and OpenGL's.

    Their names are the axes as read that are right, down and forward: "(right, down, forward) = (-y, x, z)".
    """
    choices = {}
    for order in permutations(range(3)):
        for signs in product((1.0, -1.0), repeat=3):
            axes = np.zeros((3, 3))
            axes[order, range(3)] = signs
            is_usual = np.array_equal(axes, np.eye(3)) or np.array_equal(axes, OPENGL)
            if np.linalg.det(axes) > 0 and not is_usual:
                names = ("-" * (sign < 0) + "xyz"[axis] for axis, sign in zip(order, signs, strict=True))
                choices[f"(right, down, forward) = ({', '.join(names)})"] = axes
    return choices


def agreement(groups: SampleGroups, convert: Callable[[Matrix], Matrix], factor: float = 1.0) -> float:
    """Median over the groups of the best agreement of a frame with one of its partners."""
    best = [max(_pair_agreement(first, other, convert, factor) for other in others) for first, others in groups]
    return float(np.median(best))


def _pair_agreement(a: DepthSample, b: DepthSample, convert: Callable[[Matrix], Matrix], factor: float) -> float:
    """Share of a's points on whose depth b agrees, of those that b has depth for."""
    b_from_a = np.linalg.inv(convert(b.frame.world_from_camera.matrix)) @ convert(a.frame.world_from_camera.matrix)
    points = a.thinned_points @ b_from_a[:3, :3].T + b_from_a[:3, 3] / factor
    uv = np.nan_to_num(b.camera.project(points), nan=-1e9).clip(-1e9, 1e9)
    cols, rows = np.floor(uv + 0.5).astype(np.int64).T
    height, width = b.depth.shape
    inside = (cols >= 0) & (rows >= 0) & (cols < width) & (rows < height)
    measured = b.depth[rows[inside], cols[inside]]
    z = points[inside, 2]
    known = measured > 0
    agreed = known & (np.abs(measured - z) <= TOLERANCE * z)
    return float(agreed.sum() / max(known.sum(), MIN_OVERLAP * len(points)))


def best_fit(groups: SampleGroups) -> tuple[Fit, Fit]:
    """The fit of the data as it is read, and its best fit; of equally good ones the most usual.

    Data of another scale than a room's is taken as it is read only where it fits better than in every reading that
    makes a room of it.
    """
    conventions = pose_conventions()
    as_read = Fit(agreement(groups, conventions[0].convert), conventions[0], 1.0)
    median = median_depth_m(groups)
    if is_indoors(median) and as_read.score >= 1 - TIE:
        return as_read, as_read
    fits = [as_read] if is_indoors(median) else []
    fits += [
        Fit(agreement(groups, convention.convert, factor), convention, factor)
        for factor in FACTORS
        if is_indoors(median * factor)
        for convention in (conventions if factor == 1 else conventions[:4])
        if (convention.name, factor) != ("", 1.0)
    ]
    if not is_indoors(median) and as_read.score >= GOOD:
        fits.append(as_read)
    if max((fit.score for fit in fits), default=0.0) < GOOD:
        for zoom in ZOOMS:
            zoomed = [(first.zoomed(zoom), [other.zoomed(zoom) for other in others]) for first, others in groups]
            fits += [Fit(agreement(zoomed, usual.convert), usual, 1.0, zoom) for usual in conventions[:4]]
    best = max((fit.score for fit in fits), default=0.0)
    return as_read, next((fit for fit in fits if fit.score >= best - TIE), as_read)


def median_depth_m(groups: SampleGroups) -> float:
    """Median of all measured depth, meters."""
    return float(np.median(np.concatenate([sample.depth[sample.depth > 0] for sample in all_samples(groups)])))


def is_indoors(depth_m: float) -> bool:
    """Whether a median depth is usual in rooms."""
    return INDOORS_M[0] <= depth_m <= INDOORS_M[1]


def check_poses(as_read: Fit, best: Fit, frames: int) -> Finding:
    """Whether the point clouds of neighboring frames agree, and in which convention they would."""
    found = f"neighboring frames agree on {percent(as_read.score)} of what both see ({frames} frames compared)"
    expected = f"{percent(GOOD)} or more"
    if best.changes and best.score >= max(as_read.score + BETTER, BEARABLE):
        return Finding("poses", "FAIL", found, expected, f"{percent(best.score)} would agree with: {best.changes}")
    questions = "are frames and poses paired rightly, is tracking good, does depth fit color?"
    verdict = judge(as_read.score >= GOOD, as_read.score >= BEARABLE)
    return Finding("poses", verdict, found, expected, f"no usual convention fits better: {questions}")


def check_scale(groups: SampleGroups, best: Fit, scene: Scene) -> Finding:
    """Whether depth is in meters: as far as indoors, or as familiar things tell in scenes of another scale."""
    median = median_depth_m(groups)
    found, expected = f"median {median:.3g} m", f"{INDOORS_M[0]:g} to {INDOORS_M[1]:g} m indoors"
    known = familiarity(scene)
    if best.factor == 1 and scene.unit_m is None:
        return Finding("depth scale", "ok", f"median {median:.3g}, in a unit that nobody knows", "any")
    is_told = best.factor != 1 and best.score >= BEARABLE
    if not is_told and (is_indoors(median) or (known is not None and known.is_plausible)):
        return Finding("depth scale", "ok", found, expected)
    if is_told:
        scaled = f"{median * best.factor:.2g} m, and {percent(best.score)} would agree"
        return Finding("depth scale", "FAIL", found, expected, f"depth {_times(best.factor)} would be {scaled}")
    fitting = [_times(factor) for factor in FACTORS if is_indoors(median * factor)]
    advice = f"depth {' or '.join(fitting[:3])} would be in that range" if fitting else ""
    if best.factor == 1 and as_read_agrees(best):
        advice = "all parts of the data agree, so it is another unit or another scale: see sizes"
        return Finding("depth scale", "warn", found, expected, advice)
    return Finding("depth scale", "FAIL", found, expected, advice)


def as_read_agrees(best: Fit) -> bool:
    """Whether the data fits together as it was read."""
    return not best.changes and best.score >= GOOD


KINDS = {0: "planar depth", -1: "ray lengths", 1: "planar depth that was divided by the rays' lengths"}
"""Kind of depth, by the power of the rays' lengths that makes planar depth of it."""
WINDOW_SIDES = (0.45, 0.3)
"""Sides of the compared windows, as shares of the image's."""
MIN_KNOWN = 0.8
"""Least share of a window's pixels that must have depth."""
FLAT = 0.008
"""Windows that bend by more than this share of their distance under every reading are not compared."""
MIN_WINDOWS = 8
KIND_SAMPLES = 24
SURE = 0.6
"""Share of the windows that must be flattest under another reading."""


def check_kind(samples: Sequence[DepthSample]) -> tuple[Finding, int]:
    """Whether walls and floors are flat, and the power of the rays' lengths that makes them so."""
    bends = np.array([bend for sample in evenly_spaced(samples, KIND_SAMPLES) for bend in _bends(sample)])
    expected = "flat walls and floors"
    if len(bends) < MIN_WINDOWS:
        return Finding("depth kind", "ok", f"too few flat places to compare ({len(bends)})", expected), 0
    planar, ray, divided = 100 * np.median(bends, axis=0)
    votes = np.bincount(np.argmin(bends, axis=1), minlength=3) / len(bends)
    found = f"walls and floors bend by {planar:.2f} % of their distance in {len(bends)} places"
    power = list(KINDS)[int(np.argmax(votes))] if votes.max() >= SURE else 0
    if power == 0:
        return Finding("depth kind", "ok", found, expected), 0
    advice = f"they would by {min(ray, divided):.2f} % if the values were {KINDS[power]}"
    advice += ": divide each by the length of its ray" if power == -1 else ": use them undivided"
    return Finding("depth kind", "FAIL", found, expected, advice), power


def _bends(sample: DepthSample) -> list[list[float]]:
    """By window that is flat under one of the readings: its distance from a plane under each, as a share of depth."""
    clouds = [sample.as_kind(power).cloud for power in KINDS]
    found = []
    for window in _windows(*sample.depth.shape):
        known = sample.depth[window] > 0
        if known.mean() < MIN_KNOWN:
            continue
        bends = [_bend(cloud[window][known]) for cloud in clouds]
        if min(bends) < FLAT:
            found.append(bends)
    return found


def _windows(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Large overlapping windows of an image; of each, every third row and column."""
    for side in WINDOW_SIDES:
        tall, wide = int(height * side), int(width * side)
        for top in range(0, height - tall + 1, tall // 2):
            for left in range(0, width - wide + 1, wide // 2):
                yield np.s_[top : top + tall : 3, left : left + wide : 3]


def _bend(points: Matrix) -> float:
    """Root mean square distance of points (n, 3) from their plane, as a share of their distance from the camera."""
    middle = points.mean(axis=0)
    away = points - middle
    least = np.linalg.eigvalsh(away.T @ away / len(points))[0]
    return float(np.sqrt(max(least, 0.0)) / np.linalg.norm(middle))
