"""Whether world, mesh and boxes lie where the depth images say that things are."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from qagen.core.box import Box3D
from qagen.core.pose import Pose
from qagen.core.scene import Object3D, Scene
from qagen.doctor.depth_samples import DepthSample
from qagen.doctor.finding import Finding, judge, percent
from qagen.kernels.inside import claim_pixels
from qagen.visibility.instances import NEAR_M, BoxArrays
from qagen.visibility.surfaces import sample_surface

Points = NDArray[np.float64]

TOLERANCE = (0.05, 0.025)
MIN_PIXELS = 40
EMPTY = 0.15
"""A box of which no more than this share of the rays that reach it end inside is empty."""
EMPTY_OK, EMPTY_BEARABLE = 0.15, 0.35
TIGHT, LEAST_TIGHT = 0.5, 0.15
REACHED = 0.3
AROUND = 1.25
FEW_SHOTS = 12
SURFACE_OK_M, SURFACE_BEARABLE_M = 0.05, 0.12
POINTS_OK_M, POINTS_BEARABLE_M = 0.08, 0.15
"""Some points lie where no shot looks."""
TILT_OK_DEG, TILT_BEARABLE_DEG = 2.0, 5.0
LEVEL_DEG = 25.0
COMPARED = 5000
SHIFT_REACH_M, SHIFT_STEPS = 1.5, (0.5, 0.25, 0.1)
BETTER = 1.2
AXES = {f"{sign}{name}": (1 if sign == "+" else -1) * np.eye(3)[i] for i, name in enumerate("xyz") for sign in "+-"}


def check_up(scene: Scene, shots: Sequence[DepthSample]) -> Finding:
    """Whether world z is up: images are held upright, and floors and tables are level."""
    image_up = -np.array([frame.world_from_camera.rotation[:, 1] for frame in scene.frames]).mean(axis=0)
    name, axis = max(AXES.items(), key=lambda pair: float(pair[1] @ image_up))
    share = float(axis @ image_up)
    found, expected = f"the images' upper edges point to {name} ({share:.2f} of 1 on average)", "+z, floors level"
    if share < 0.5:
        advice = "cannot tell from images held at every angle; look at the overlay pictures"
        return Finding("world up", "warn", found, expected, advice)
    level, tilt = _tilt_deg(shots, axis)
    found += f"; level surfaces ({percent(level)}) are tilted by {tilt:.1f} degrees" if level > 0.02 else ""
    if name != "+z":
        advice = f"turn the world so that its {name} becomes +z, or turn the images if they are stored lying on a side"
        return Finding("world up", "FAIL", found, expected, advice)
    verdict = judge(tilt <= TILT_OK_DEG or level <= 0.02, tilt <= TILT_BEARABLE_DEG)
    return Finding("world up", verdict, found, expected, "turn the world until the floor is level")


def _tilt_deg(shots: Sequence[DepthSample], up: Points) -> tuple[float, float]:
    """Share of surface that faces up within LEVEL_DEG, and how far its mean direction is from up, degrees."""
    normals = np.concatenate([np.zeros((0, 3)), *(_normals(shot) for shot in shots)])
    level = normals[normals @ up > np.cos(np.radians(LEVEL_DEG))]
    if len(level) == 0:
        return 0.0, 0.0
    mean = np.median(level, axis=0)
    return len(level) / len(normals), float(np.degrees(np.arccos(np.clip(mean @ up / np.linalg.norm(mean), -1, 1))))


def _normals(shot: DepthSample) -> Points:
    """(n, 3) directions of smooth surfaces in the world, towards the camera."""
    step = 4
    cloud = (shot.rays * shot.depth[..., None])[::step, ::step]
    right, down = cloud[:-1, 1:] - cloud[:-1, :-1], cloud[1:, :-1] - cloud[:-1, :-1]
    z = cloud[..., 2]
    low = np.minimum(np.minimum(z[:-1, :-1], z[:-1, 1:]), z[1:, :-1])
    jump = np.maximum(np.abs(right[..., 2]), np.abs(down[..., 2]))
    is_smooth = (low > 0) & (jump < 0.15 * low)
    normals = np.cross(down, right)[is_smooth]
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return normals @ shot.frame.world_from_camera.rotation.T


def world_cloud(shots: Sequence[DepthSample]) -> Points:
    """(n, 3) what the shots measure, world, metres."""
    return np.concatenate([np.zeros((0, 3)), *(shot.frame.world_from_camera @ shot.points for shot in shots)])


def check_mesh(scene: Scene, cloud: Points) -> Finding | None:
    """Whether the mesh lies where depth is measured; None without mesh or depth."""
    if scene.mesh is None or len(cloud) == 0:
        return None
    return _distance(
        "mesh", cloud, sample_surface(scene.mesh, 20 * COMPARED), "is the mesh in the world of the poses (alignment)?"
    )


def check_points(scene: Scene, cloud: Points) -> Finding | None:
    """Whether the objects' points lie where depth is measured; None without points or depth."""
    clouds = [item.points for item in scene.objects if item.points is not None]
    if not clouds or len(cloud) == 0:
        return None
    advice = "are the objects' points in the world of the poses (alignment)?"
    points = np.concatenate(clouds).astype(np.float64)
    low, high = cloud.min(axis=0), cloud.max(axis=0)
    if not ((points.mean(axis=0) >= low) & (points.mean(axis=0) <= high)).all():
        return Finding("object points", "FAIL", "they lie outside of all that depth shows", "within it", advice)
    return _distance("object points", points, cloud, advice, (POINTS_OK_M, POINTS_BEARABLE_M))


def _distance(
    check: str,
    points: Points,
    surface: Points,
    advice: str,
    limits_m: tuple[float, float] = (SURFACE_OK_M, SURFACE_BEARABLE_M),
) -> Finding:
    chosen = points[:: max(1, len(points) // COMPARED)]
    away = float(np.median(KDTree(surface).query(chosen)[0]))
    verdict = judge(away <= limits_m[0], away <= limits_m[1])
    return Finding(
        check, verdict, f"{100 * away:.1f} cm from measured depth (median)", f"{100 * limits_m[0]:g} cm or less", advice
    )


def check_own_points(scene: Scene) -> Finding | None:
    """Whether boxes hold their objects' points; None without points."""
    shares = [_share_inside(item) for item in scene.objects if item.points is not None]
    if not shares:
        return None
    bad = [item.label for item, share in zip(_with_points(scene), shares, strict=True) if share < 0.9]
    found = f"boxes hold {percent(float(np.median(shares)))} of their objects' points (median); {len(bad)} of "
    found += f"{len(shares)} hold less than 90 %"
    advice = (
        f"look at {', '.join(bad[:5])}: are boxes and points in one world, is yaw in radians, are sizes whole lengths?"
    )
    verdict = judge(len(bad) <= 0.1 * len(shares), len(bad) <= 0.3 * len(shares))
    return Finding("boxes and points", verdict, found, "90 % or more in nearly all", advice)


def _with_points(scene: Scene) -> list[Object3D]:
    return [item for item in scene.objects if item.points is not None]


def _share_inside(item: Object3D) -> float:
    assert item.points is not None
    local = (item.points - item.box.center) @ item.box.rotation
    return float((np.abs(local) <= item.box.size / 2 + 0.02).all(axis=1).mean())


def check_boxes(scene: Scene, shots: Sequence[DepthSample]) -> Finding | None:
    """Whether depth ends inside the boxes that it reaches, or goes through them; None without depth or boxes."""
    if not shots or not scene.objects:
        return None
    boxes = [item.box for item in scene.objects]
    hits, reaching = _ends(boxes, shots)
    is_judged = reaching >= MIN_PIXELS
    is_empty = is_judged & (hits < EMPTY * reaching)
    share = is_empty.sum() / max(is_judged.sum(), 1)
    tightness = _tightness(boxes, shots)[is_judged].mean() if is_judged.any() else 0.0
    found = f"depth reaches {is_judged.sum()} of {len(boxes)} boxes, {is_empty.sum()} of them are empty; "
    found += f"tightness {tightness:.2f}"
    expected = f"some reached, at most {percent(EMPTY_OK)} empty, tightness {TIGHT:g} or more"
    is_ok = is_judged.mean() >= REACHED and share <= EMPTY_OK and tightness >= TIGHT
    remedy = _remedy(boxes, shots, is_ok)
    if remedy:
        return Finding("boxes", "FAIL", found, expected, remedy)
    labels = [scene.objects[i].label for i in np.flatnonzero(is_empty)[:5]]
    advice = f"look at {', '.join(labels) or 'the boxes'} in the overlay pictures"
    return Finding("boxes", judge(is_ok, is_judged.any() and share <= EMPTY_BEARABLE), found, expected, advice)


def _ends(boxes: Sequence[Box3D], shots: Sequence[DepthSample]) -> tuple[Points, Points]:
    """Per box, over all shots: pixels whose depth ends inside, and pixels whose depth reaches it at all."""
    hits, reaching = np.zeros(len(boxes)), np.zeros(len(boxes))
    arrays = BoxArrays.of(boxes)
    for shot in shots:
        T_cw = shot.frame.world_from_camera.inverse().matrix
        ends = arrays.centers, arrays.rotations, arrays.core, arrays.core, arrays.order, arrays.nested
        claims = claim_pixels(shot.depth, shot.camera.intrinsics, T_cw, *ends, NEAR_M, *TOLERANCE)
        _, outline, touched, unmeasured, hidden = claims
        hits += touched
        reaching += outline - unmeasured - hidden
    return hits, reaching


def _tightness(boxes: Sequence[Box3D], shots: Sequence[DepthSample]) -> Points:
    """Per box: pixels that end inside, of those that reach it or end near it, whichever are more.

    It is low for a box that stands empty, and for one that holds a part of a thing only.
    """
    hits, reaching = _ends(boxes, shots)
    near, _ = _ends([replace(box, size=AROUND * box.size) for box in boxes], shots)
    return np.where(reaching >= MIN_PIXELS, hits / np.maximum(np.maximum(reaching, near), 1), 0.0)


def _remedy(boxes: Sequence[Box3D], shots: Sequence[DepthSample], is_ok: bool) -> str:
    """What would have to be done to the boxes to make depth end inside them, or nothing.

    Where all seems well, only boxes that depth reaches are compared: others may stand where no shot looks.
    """
    few = shots[:: max(1, -(-len(shots) // FEW_SHOTS))]
    compared = _ends(boxes, few)[1] >= MIN_PIXELS if is_ok else np.ones(len(boxes), dtype=bool)

    def score_of(change: Sequence[Box3D]) -> float:
        return float(_tightness(change, few)[compared].mean())

    if not compared.any():
        return ""
    as_read = score_of(boxes)
    tried = {name: score_of(change) for name, change in _changed(boxes, world_cloud(few)).items()}
    if not is_ok:
        shift, score = _best_shift(boxes, few, as_read)
        tried[f"they were shifted by ({shift[0]:g}, {shift[1]:g}, {shift[2]:g}) m"] = score
    name, score = max(tried.items(), key=lambda pair: pair[1])
    if score < max(BETTER * as_read, LEAST_TIGHT):
        return ""
    return f"tightness of the boxes compared would be {score:.2f} instead of {as_read:.2f} if {name}"


def _changed(boxes: Sequence[Box3D], cloud: Points) -> dict[str, list[Box3D]]:
    """The boxes after each of the usual misreadings is undone."""
    changes = {
        "half sizes were doubled": [replace(box, size=2 * box.size) for box in boxes],
        "yaw angles were negated": [Box3D.upright(box.center, box.size, -box.yaw_rad) for box in boxes],
        "length and width were exchanged": [replace(box, size=box.size[[1, 0, 2]]) for box in boxes],
        "centres were raised by half a height": [_raised(box, 0.5) for box in boxes],
        "centres were lowered by half a height": [_raised(box, -0.5) for box in boxes],
        "they were divided by 1000": [replace(box, center=box.center / 1000, size=box.size / 1000) for box in boxes],
        "they were multiplied by 1000": [replace(box, center=box.center * 1000, size=box.size * 1000) for box in boxes],
    }
    for name, turn in _TURNS.items():
        changes[name] = [_carried(box, Pose(turn, np.zeros(3))) for box in boxes]
    middle = np.median(cloud, axis=0) - np.median([box.center for box in boxes], axis=0)
    told = f"they were shifted by ({middle[0]:.1f}, {middle[1]:.1f}, {middle[2]:.1f}) m"
    changes[told] = [replace(box, center=box.center + middle) for box in boxes]
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


def _carried(box: Box3D, pose: Pose) -> Box3D:
    return Box3D(pose @ box.center, box.size, pose.rotation @ box.rotation)


def _best_shift(boxes: Sequence[Box3D], shots: Sequence[DepthSample], as_read: float) -> tuple[Points, float]:
    """The shift within SHIFT_REACH_M after which boxes are tightest, found on finer and finer grids."""
    best, score = np.zeros(3), as_read
    for step in SHIFT_STEPS:
        reach = SHIFT_REACH_M if step == SHIFT_STEPS[0] else 2 * step
        steps = np.arange(-reach, reach + 1e-9, step)
        for axes in ((0, 1), (2,)):
            center = best.copy()
            for offset in np.stack(np.meshgrid(*[steps] * len(axes)), axis=-1).reshape(-1, len(axes)):
                shift = center.copy()
                shift[list(axes)] += offset
                now = float(_tightness([replace(box, center=box.center + shift) for box in boxes], shots).mean())
                if now > score + 1e-6:
                    best, score = shift, now
    return np.round(best, 2), score
