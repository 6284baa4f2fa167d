"""Whether the world's up, the mesh and the boxes agree with what the depth images measure."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from qagen.core.box import Box3D
from qagen.core.pose import Pose
from qagen.core.scene import Scene
from qagen.core.spacing import evenly_spaced
from qagen.doctor.depth_samples import DepthSample
from qagen.doctor.finding import Finding, judge, percent
from qagen.kernels.inside import assign_pixels
from qagen.visibility.instances import NEAR_M, above_floor
from qagen.visibility.surfaces import sample_surface

Floats = NDArray[np.float64]

TOLERANCE = (0.05, 0.025)
"""How far depth may end in front of a box or behind it, meters and as a share of the depth."""
MIN_PIXELS = 40
"""Boxes that fewer pixels reach are not judged."""
EMPTY = 0.15
"""A box is empty when less than this share of the rays that reach it end inside."""
EMPTY_OK, EMPTY_BEARABLE = 0.15, 0.35
TIGHT, LEAST_TIGHT = 0.5, 0.15
REACHED = 0.3
"""Share of the boxes that depth must reach."""
AROUND = 1.25
"""Boxes enlarged by this factor hold the depth that ends close around them."""
MOST_BOXES = 300
"""Of more boxes, so many evenly spaced ones are compared."""
FEW_SAMPLES, COARSE = 12, 2
"""Number of samples, and steps between their pixels, with which remedies are tried."""
SURFACE_OK_M, SURFACE_BEARABLE_M = 0.05, 0.12
POINTS_OK_M, POINTS_BEARABLE_M = 0.08, 0.15
"""Wider than for the surface, because some points lie where no sample looks."""
INSIDE_SLACK_M, INSIDE_SHARE = 0.02, 0.9
"""A box holds its object when this share of the points lies within it or this close to it."""
TILT_OK_DEG, TILT_BEARABLE_DEG = 2.0, 5.0
LEVEL_DEG = 25.0
MIN_LEVEL = 0.02
"""Least share of level surface for a verdict on its tilt."""
COMPARED_POINTS = 5000
SHIFT_REACH_M, SHIFT_STEPS_M = 1.5, (0.5, 0.25, 0.1)
BETTER = 1.2
"""A remedy must make boxes tighter by this factor."""
AXES = {f"{sign}{name}": (1 if sign == "+" else -1) * np.eye(3)[i] for i, name in enumerate("xyz") for sign in "+-"}


def check_up(scene: Scene, samples: Sequence[DepthSample]) -> Finding:
    """Whether world z is up, so that images are upright, and floors and tables are level; nothing to tell where the
    scene says that nobody knows."""
    if not scene.is_level:
        return Finding("world up", "ok", "unknown, as the scene says", "no questions about heights", "")
    image_up = -np.array([frame.world_from_camera.rotation[:, 1] for frame in scene.frames]).mean(axis=0)
    name, axis = max(AXES.items(), key=lambda pair: float(pair[1] @ image_up))
    share = float(axis @ image_up)
    found, expected = f"the images' upper edges point to {name} ({share:.2f} of 1 on average)", "+z, floors level"
    if share < 0.5:
        advice = "images held at every angle do not show what is up; look at the overlay pictures"
        return Finding("world up", "warn", found, expected, advice)
    level, tilt_deg = _level_surface(samples, axis)
    found += f"; level surfaces ({percent(level)}) are tilted by {tilt_deg:.1f} degrees" if level > MIN_LEVEL else ""
    if name != "+z":
        advice = f"turn the world so that its {name} becomes +z, or turn the images if they are stored lying on a side"
        return Finding("world up", "FAIL", found, expected, advice)
    verdict = judge(tilt_deg <= TILT_OK_DEG or level <= MIN_LEVEL, tilt_deg <= TILT_BEARABLE_DEG)
    return Finding("world up", verdict, found, expected, "turn the world until the floor is level")


def _level_surface(samples: Sequence[DepthSample], up: Floats) -> tuple[float, float]:
    """Share of the surface that faces up within LEVEL_DEG, and how far its median direction is from up, degrees."""
    normals = np.concatenate([np.zeros((0, 3)), *(_normals(sample) for sample in samples)])
    level = normals[normals @ up > np.cos(np.radians(LEVEL_DEG))]
    if len(level) == 0:
        return 0.0, 0.0
    middle = np.median(level, axis=0)
    return len(level) / len(normals), float(np.degrees(np.arccos(np.clip(middle @ up / np.linalg.norm(middle), -1, 1))))


def _normals(sample: DepthSample) -> Floats:
    """(n, 3) unit normals of smooth surfaces, world, toward the camera."""
    cloud = sample.cloud[::4, ::4]
    right, down = cloud[:-1, 1:] - cloud[:-1, :-1], cloud[1:, :-1] - cloud[:-1, :-1]
    z = cloud[..., 2]
    low = np.minimum(np.minimum(z[:-1, :-1], z[:-1, 1:]), z[1:, :-1])
    jump = np.maximum(np.abs(right[..., 2]), np.abs(down[..., 2]))
    is_smooth = (low > 0) & (jump < 0.15 * low)
    normals = np.cross(down, right)[is_smooth]
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return normals @ sample.frame.world_from_camera.rotation.T


def world_cloud(samples: Sequence[DepthSample]) -> Floats:
    """(n, 3) the points that the samples measure, world, meters."""
    return np.concatenate([np.zeros((0, 3)), *(sample.frame.world_from_camera @ sample.points for sample in samples)])


def check_mesh(scene: Scene, cloud: Floats) -> Finding | None:
    """Whether the mesh lies where depth is measured; None without mesh or depth."""
    if scene.mesh is None or len(cloud) == 0:
        return None
    advice = "is the mesh in the world of the poses (alignment)?"
    return _check_distance("mesh", cloud, sample_surface(scene.mesh, 20 * COMPARED_POINTS), advice)


def check_points(scene: Scene, cloud: Floats) -> Finding | None:
    """Whether the objects' points lie where depth is measured; None without points or depth."""
    clouds = [item.points for item in scene.objects if item.points is not None]
    if not clouds or len(cloud) == 0:
        return None
    advice = "are the objects' points in the world of the poses (alignment)?"
    points = np.concatenate(clouds).astype(np.float64)
    low, high = cloud.min(axis=0), cloud.max(axis=0)
    if not ((points.mean(axis=0) >= low) & (points.mean(axis=0) <= high)).all():
        return Finding("object points", "FAIL", "they lie outside of what depth shows", "within it", advice)
    return _check_distance("object points", points, cloud, advice, (POINTS_OK_M, POINTS_BEARABLE_M))


def _check_distance(
    check: str,
    points: Floats,
    surface: Floats,
    advice: str,
    limits_m: tuple[float, float] = (SURFACE_OK_M, SURFACE_BEARABLE_M),
) -> Finding:
    chosen = points[:: max(1, len(points) // COMPARED_POINTS)]
    distance_m = float(np.median(KDTree(surface).query(chosen)[0]))
    verdict = judge(distance_m <= limits_m[0], distance_m <= limits_m[1])
    found = f"{100 * distance_m:.1f} cm from measured depth (median)"
    return Finding(check, verdict, found, f"{100 * limits_m[0]:g} cm or less", advice)


def check_own_points(scene: Scene) -> Finding | None:
    """Whether boxes hold their objects' points; None without points."""
    shares: list[tuple[float, str]] = []
    for item in scene.objects:
        if item.points is not None:
            away = np.abs((item.points - item.box.center) @ item.box.rotation) - item.box.size / 2
            shares.append((float((away <= INSIDE_SLACK_M).all(axis=1).mean()), item.label))
    if not shares:
        return None
    bad = [label for share, label in shares if share < INSIDE_SHARE]
    median = float(np.median([share for share, _ in shares]))
    found = f"boxes hold {percent(median)} of their objects' points (median); "
    found += f"{len(bad)} of {len(shares)} hold less than {percent(INSIDE_SHARE)}"
    questions = "are boxes and points in one world, is yaw in radians, are sizes whole lengths?"
    verdict = judge(len(bad) <= 0.1 * len(shares), len(bad) <= 0.3 * len(shares))
    expected = f"{percent(INSIDE_SHARE)} or more in nearly all"
    return Finding("boxes and points", verdict, found, expected, f"look at {', '.join(bad[:5])}: {questions}")


def check_boxes(scene: Scene, samples: Sequence[DepthSample]) -> Finding | None:
    """Whether depth ends inside the boxes that it reaches instead of passing through; None without depth or boxes."""
    if not samples or not scene.objects:
        return None
    objects = evenly_spaced(scene.objects, MOST_BOXES)
    boxes = [item.box for item in objects]
    tight, hits, reaching = _tightness(boxes, samples)
    is_judged = reaching >= MIN_PIXELS
    is_empty = is_judged & (hits < EMPTY * reaching)
    share = is_empty.sum() / max(is_judged.sum(), 1)
    tightness = tight[is_judged].mean() if is_judged.any() else 0.0
    found = f"depth reaches {is_judged.sum()} of {len(boxes)} boxes, {is_empty.sum()} of them are empty; "
    found += f"tightness {tightness:.2f}"
    expected = f"some reached, at most {percent(EMPTY_OK)} empty, tightness {TIGHT:g} or more"
    is_ok = is_judged.mean() >= REACHED and share <= EMPTY_OK and tightness >= TIGHT
    remedy = _remedy(boxes, samples, is_ok)
    if remedy:
        return Finding("boxes", "FAIL", found, expected, remedy)
    labels = [objects[i].label for i in np.flatnonzero(is_empty)[:5]]
    advice = f"look at {', '.join(labels) or 'the boxes'} in the overlay pictures"
    return Finding("boxes", judge(is_ok, is_judged.any() and share <= EMPTY_BEARABLE), found, expected, advice)


def _count_endings(boxes: Sequence[Box3D], samples: Sequence[DepthSample]) -> tuple[Floats, Floats]:
    """(B,) pixels of all samples whose depth ends inside each box, and (B,) those whose depth reaches it at all."""
    centers = np.array([box.center for box in boxes])
    rotations = np.array([box.rotation for box in boxes])
    ends = above_floor(rotations, np.array([box.size for box in boxes]) / 2)
    nobody = np.zeros((len(boxes), len(boxes)), dtype=bool)  # who owns a pixel does not matter
    shape = centers, rotations, ends, ends, np.arange(len(boxes)), nobody
    hits, reaching = np.zeros(len(boxes)), np.zeros(len(boxes))
    for sample in samples:
        T_cw = sample.frame.world_from_camera.inverse().matrix
        pixels = assign_pixels(sample.depth, sample.camera.intrinsics, T_cw, *shape, NEAR_M, *TOLERANCE)
        _, outline, touched, unmeasured, hidden = pixels
        hits += touched
        reaching += outline - unmeasured - hidden
    return hits, reaching


def _tightness(
    boxes: Sequence[Box3D], samples: Sequence[DepthSample], least: float = MIN_PIXELS
) -> tuple[Floats, Floats, Floats]:
    """(B,) share of depth that ends inside each box, of the depth that reaches it or ends near it, whichever is more.

    It is low for a box that stands empty, and for one that holds only a part of an object; 0 for one that less than
    ``least`` pixels reach. And the counts of _count_endings.
    """
    hits, reaching = _count_endings(boxes, samples)
    near, _ = _count_endings([replace(box, size=AROUND * box.size) for box in boxes], samples)
    tight = np.where(reaching >= least, hits / np.maximum(np.maximum(reaching, near), 1), 0.0)
    return tight, hits, reaching


def _remedy(boxes: Sequence[Box3D], samples: Sequence[DepthSample], is_ok: bool) -> str:
    """The change of the boxes that would make depth end inside them, or "" for none.

    Where all seems well, only boxes that depth reaches are compared, because others may stand where no sample looks.
    """
    few = [sample.thinned(COARSE) for sample in evenly_spaced(samples, FEW_SAMPLES)]
    least = MIN_PIXELS / COARSE**2
    tight, _, reaching = _tightness(boxes, few, least)
    compared = reaching >= least if is_ok else np.ones(len(boxes), dtype=bool)
    if not compared.any():
        return ""

    def score_of(changed: Sequence[Box3D]) -> float:
        return float(_tightness(changed, few, least)[0][compared].mean())

    as_read = float(tight[compared].mean())
    scores = {change: score_of(changed) for change, changed in _corrected(boxes, world_cloud(few)).items()}
    if not is_ok:
        shift, score = _best_shift(boxes, score_of, as_read)
        scores[f"they were shifted by ({shift[0]:g}, {shift[1]:g}, {shift[2]:g}) m"] = score
    change, score = max(scores.items(), key=lambda pair: pair[1])
    if score < max(BETTER * as_read, LEAST_TIGHT):
        return ""
    return f"tightness of the boxes compared would be {score:.2f} instead of {as_read:.2f} if {change}"


def _corrected(boxes: Sequence[Box3D], cloud: Floats) -> dict[str, list[Box3D]]:
    """The boxes with each of the usual misreadings undone, by what was done."""
    changes = {
        "half sizes were doubled": [replace(box, size=2 * box.size) for box in boxes],
        "yaw angles were negated": [Box3D.upright(box.center, box.size, -box.yaw_rad) for box in boxes],
        "length and width were exchanged": [replace(box, size=box.size[[1, 0, 2]]) for box in boxes],
        "centers were raised by half a height": [_raised(box, 0.5) for box in boxes],
        "centers were lowered by half a height": [_raised(box, -0.5) for box in boxes],
        "they were divided by 1000": [replace(box, center=box.center / 1000, size=box.size / 1000) for box in boxes],
        "they were multiplied by 1000": [replace(box, center=box.center * 1000, size=box.size * 1000) for box in boxes],
    }
    for name, turn in _TURNS.items():
        turned = Pose(turn, np.zeros(3))
        changes[name] = [Box3D(turned @ box.center, box.size, turn @ box.rotation) for box in boxes]
    shift = np.median(cloud, axis=0) - np.median([box.center for box in boxes], axis=0)
    name = f"they were shifted by ({shift[0]:.1f}, {shift[1]:.1f}, {shift[2]:.1f}) m"
    changes[name] = [replace(box, center=box.center + shift) for box in boxes]
    return changes


_QUARTER = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
_LYING = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
_TURNS = {
    "they were turned by 90 degrees about z": _QUARTER,
    "they were turned by 180 degrees about z": _QUARTER @ _QUARTER,
    "they were turned by -90 degrees about z": _QUARTER.T,
    "their y axis were up": _LYING,
    "their -y axis were up": _LYING.T,
}


def _raised(box: Box3D, heights: float) -> Box3D:
    return replace(box, center=box.center + np.array([0, 0, heights * box.size[2]]))


def _best_shift(
    boxes: Sequence[Box3D], score_of: Callable[[Sequence[Box3D]], float], as_read: float
) -> tuple[Floats, float]:
    """The shift within SHIFT_REACH_M that makes boxes tightest, searched on ever finer grids, and that tightness."""
    best, score = np.zeros(3), as_read
    for step in SHIFT_STEPS_M:
        reach = SHIFT_REACH_M if step == SHIFT_STEPS_M[0] else 2 * step
        steps = np.arange(-reach, reach + 1e-9, step)
        for axes in ((0, 1), (2,)):
            center = best.copy()
            for offset in np.stack(np.meshgrid(*[steps] * len(axes)), axis=-1).reshape(-1, len(axes)):
                shift = center.copy()
                shift[list(axes)] += offset
                tightness = score_of([replace(box, center=box.center + shift) for box in boxes])
                if tightness > score + 1e-6:
                    best, score = shift, tightness
    return np.round(best, 2), score
