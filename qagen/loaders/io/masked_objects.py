"""Objects from masks: images say which pixels show a scene's one object, but no file has its box.

The object's surface is what depth images measure inside its mask, without the mask's edge. Points that two frames see
stay, unless other frames look through them: depth between an object and what lies behind it belongs to neither. Of
what remains the largest piece is the object, without points far beyond the 2nd and the 98th percentile along an axis.
Measured on the demo, to end the box at these percentiles would cut off handles and leaves, and up to a third of a size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from qagen.core.box import DECIMALS, Box3D
from qagen.core.camera import Camera
from qagen.core.pose import Pose, product, rotate
from qagen.core.reasons import FOOT_NOT_SEEN
from qagen.core.scene import Frame
from qagen.core.spacing import evenly_spaced
from qagen.loaders._base import ObjectList
from qagen.loaders.io.plane import Plane, find_plane, mean_up, support_height
from qagen.visibility.extents import connected_pieces

OBJECT_ID = 1
MIN_FRAMES, MAX_FRAMES = 10, 60
"""Frames that must show the object, and the most that are read."""
EDGE_PIXELS = 2
"""Width of the mask's edge, where depth may belong to something else, pixels of the depth image."""
OWN_POINTS, OTHER_POINTS = 20_000, 2_000
"""Points of the object, and of everything else, that are taken from a frame."""
VOXEL_SHARE = 1 / 200
"""Side of the voxels on which points are joined, as a share of the object's median depth."""
MIN_VIEWS = 2
"""Frames that must see a voxel."""
THROUGH_VOXELS, THROUGH_SHARE, THROUGH_PIXELS = 2.0, 0.01, 3.0
"""How far behind a point depth must lie for the frame to look through it: voxels, a share of its depth, and widths of a
pixel there, over which depth changes on surface that is seen from the side. The largest counts."""
MAX_THROUGH, FREE_THROUGH = 0.05, 1
"""Largest number of frames that look through a point: a share of those that see it, and those that may happen to see it
at the very edge of the object."""
GAP_VOXELS = 3.0
"""Largest gap between points of one piece."""
OUTER_PERCENT, MAX_BEYOND = 2.0, 0.25
"""Points farther beyond these percentiles at either end of an axis than a share of the way between them are noise."""
FLAT_VOXELS = 2.5
"""Distance from a plane up to which points lie in it, in voxels."""
MAX_UNSEEN = 1 / 3
"""Largest share of an object's height, from its foot, of which no surface was measured."""
CLOUD_SHARE, CLOUD_GAP = 1 / 100, 1 / 10
"""Side of a voxel of a given cloud, and the largest gap between points of one piece, as shares of its diagonal: its
points may lie far apart."""
FACE_DECIMALS = 6
"""Decimals of the directions that boxes of unknown vertical are tried in."""

Floats = NDArray[np.float64]


class MaskSource(Protocol):
    """An image of the pixels that show the object, decoded on demand."""

    def read_mask(self) -> NDArray[np.bool_]:
        """(height, width) whether pixels show the object, at any resolution of the aspect. Raises SceneError."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class MaskedSurface:
    """What depth images measure on an object and beside it; world, in the scene's unit."""

    own: Floats
    """(n, 3) points of the object, one per voxel."""
    beside: Floats
    """(m, 3) other points, as many of each frame where there are enough."""
    voxel: float
    """Side of a voxel."""

    def turned(self, rotation: Floats) -> "MaskedSurface":
        """The same surface in a world that is turned by a rotation (3, 3)."""
        return MaskedSurface(rotate(rotation, self.own), rotate(rotation, self.beside), self.voxel)


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """A depth image and the points that it has inside and outside the mask."""

    frame: Frame
    camera: Camera
    depth: NDArray[np.float32]
    own: Floats
    beside: Floats
    median: float
    """Median depth of the object."""


def measure_masked(frames: Sequence[tuple[Frame, MaskSource]]) -> MaskedSurface | None:
    """The surface that masks and depth show, or None where fewer than MIN_FRAMES frames measure the object.

    Raises:
        SceneError: a mask or a depth image cannot be decoded.
    """
    read = [_read_view(frame, mask) for frame, mask in evenly_spaced(tuple(frames), MAX_FRAMES)]
    views = [view for view in read if view is not None and len(view.own)]
    if len(views) < MIN_FRAMES:
        return None
    voxel = float(np.median([view.median for view in views])) * VOXEL_SHARE
    points = _solid(_joined([view.own for view in views], voxel, MIN_VIEWS), views, voxel)
    if not len(points):
        return None
    return MaskedSurface(largest_piece(points, GAP_VOXELS * voxel), np.concatenate([v.beside for v in views]), voxel)


def _read_view(frame: Frame, mask: MaskSource) -> _View | None:
    """A frame's points, or None where it has no depth."""
    import cv2

    if frame.depth is None or frame.depth_camera is None:
        return None
    depth, camera = frame.depth.read_m(), frame.depth_camera
    shown = _resampled(mask.read_mask(), depth.shape).astype(np.uint8)
    window = np.ones((2 * EDGE_PIXELS + 1,) * 2, np.uint8)
    is_known = (depth > 0) & np.isfinite(depth)
    own = (cv2.erode(shown, window) > 0) & is_known
    other = (cv2.dilate(shown, window) == 0) & is_known
    points = _unprojected(frame, camera, depth, own, OWN_POINTS)
    beside = _unprojected(frame, camera, depth, other, OTHER_POINTS)
    return _View(frame, camera, depth, points, beside, float(np.median(depth[own])) if own.any() else 0.0)


def _resampled(mask: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """A mask at the pixel centers of an image of another size and the same view."""
    rows, cols = (((np.arange(n) + 0.5) * m / n).astype(np.int64) for n, m in zip(shape, mask.shape, strict=True))
    return mask[np.ix_(rows, cols)]


def _unprojected(frame: Frame, camera: Camera, depth: NDArray, chosen: NDArray[np.bool_], count: int) -> Floats:
    """(n, 3) points in the world of at most ``count`` of the chosen pixels, evenly taken."""
    rows, cols = np.nonzero(chosen)
    step = -(-len(rows) // count) or 1
    rows, cols = rows[::step], cols[::step]
    return frame.world_from_camera @ camera.unproject(np.stack([cols, rows], axis=1), depth[rows, cols].astype(float))


def _joined(clouds: Sequence[Floats], voxel: float, min_views: int) -> Floats:
    """(n, 3) mean point of each voxel that at least ``min_views`` clouds have points in."""
    keys = [np.floor(cloud / voxel).astype(np.int64) for cloud in clouds]
    owner = np.unique(np.concatenate(keys), axis=0, return_inverse=True)[1].ravel()
    points = np.concatenate(clouds)
    views = np.zeros(owner.max() + 1, np.int64)
    for part in np.split(owner, np.cumsum([len(key) for key in keys])[:-1]):
        views[np.unique(part)] += 1
    sums = np.stack([np.bincount(owner, points[:, axis]) for axis in range(3)], axis=1)
    return (sums / np.bincount(owner)[:, None])[views >= min_views]


def _solid(points: Floats, views: Sequence[_View], voxel: float) -> Floats:
    """Those of points (n, 3) that hardly any frame looks through."""
    through, seen = np.zeros(len(points), np.int64), np.zeros(len(points), np.int64)
    for view in views:
        local = view.frame.world_from_camera.inverse() @ points
        cols, rows = (
            np.floor(np.nan_to_num(view.camera.project(local), nan=-1.0).clip(-1, 1e6) + 0.5).astype(np.int64).T
        )
        is_inside = (cols >= 0) & (rows >= 0) & (cols < view.camera.width) & (rows < view.camera.height)
        depth = np.zeros(len(points))
        depth[is_inside] = view.depth[rows[is_inside], cols[is_inside]]
        share = max(THROUGH_SHARE, THROUGH_PIXELS / view.camera.fx)
        behind, slack = depth - local[:, 2], np.maximum(THROUGH_VOXELS * voxel, share * local[:, 2])
        through += behind > slack
        seen += (depth > 0) & (np.abs(behind) <= slack)
    return points[through <= FREE_THROUGH + MAX_THROUGH * seen]


def largest_piece(points: Floats, gap: float) -> Floats:
    """The largest set of points (n, 3) that lie within ``gap`` of each other."""
    pieces = connected_pieces(points, gap)
    return points[pieces == np.bincount(pieces).argmax()]


def measure_cloud(points: Floats) -> MaskedSurface | None:
    """A given cloud (n, 3) of an object alone, world, with nothing known beside it; None where no point is finite."""
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return None
    low, high = np.percentile(points, (OUTER_PERCENT, 100 - OUTER_PERCENT), axis=0)
    diagonal = float(np.sqrt(((high - low) ** 2).sum()))
    voxel = CLOUD_SHARE * diagonal
    if voxel > 0:
        points = largest_piece(_joined([points], voxel, 1), CLOUD_GAP * diagonal)
    return MaskedSurface(points, np.zeros((0, 3)), voxel)


def upright_object(surface: MaskedSurface, floor: float) -> tuple[Box3D, Floats] | None:
    """The upright box around an object that stands on a floor of this height, world z up, and its points without noise.

    Nobody sees the underside, so the box ends at what is measured around the object's foot. None where that is not the
    floor, as on a plate, or lies so far below what was seen of the object that other things may hide its foot.
    """
    own = _without_noise(surface.own, Box3D.around(surface.own))
    support = support_height(own, surface.beside)
    if support is None or abs(support - floor) > FLAT_VOXELS * surface.voxel:
        return None
    own = own[own[:, 2] >= support]
    if not len(own) or own[:, 2].min() - support > MAX_UNSEEN * (own[:, 2].max() - support):
        return None
    box = Box3D.around(np.vstack([own, (*own[0, :2], support)]))
    return box, own


def around_upright(surface: MaskedSurface) -> tuple[Box3D, Floats]:
    """The upright box around what was measured of an object, world z up, and its points without noise."""
    own = _without_noise(surface.own, Box3D.around(surface.own))
    return Box3D.around(own), own


def tilted_object(surface: MaskedSurface) -> tuple[Box3D, Floats]:
    """The least box around an object in a world without a vertical, and its points without noise."""
    own = _without_noise(surface.own, least_box(surface.own))
    return least_box(own), own


def _without_noise(points: Floats, box: Box3D) -> Floats:
    local = rotate(box.rotation.T, points - box.center)
    low, high = np.percentile(local, (OUTER_PERCENT, 100 - OUTER_PERCENT), axis=0)
    beyond = MAX_BEYOND * (high - low)
    return points[((local >= low - beyond) & (local <= high + beyond)).all(axis=1)]


def least_box(points: Floats) -> Box3D:
    """The box of least volume around points (n, 3) of those that have a side in a face of their convex hull.

    Of equally good ones the first by the direction of that side. Points in a plane get a box without thickness.
    """
    try:
        hull = ConvexHull(points)
    except (QhullError, ValueError):  # fewer than four points, or all in a plane
        return Box3D.around(points)
    normals = hull.equations[:, :3].round(FACE_DECIMALS)
    normals = np.unique(
        normals * np.sign(normals[np.arange(len(normals)), np.abs(normals).argmax(axis=1)])[:, None], axis=0
    )
    corners = points[np.sort(hull.vertices)]
    boxes = [_box_along(corners, normal) for normal in normals]
    return boxes[int(np.argmin([np.prod(box.size).round(DECIMALS) for box in boxes]))]


def _box_along(points: Floats, normal: Floats) -> Box3D:
    """The least box of which one side has a normal (3,)."""
    turn = Plane(normal / np.sqrt((normal * normal).sum()), 0.0).level().rotation
    box = Box3D.around(rotate(turn, points))
    return Box3D(rotate(turn.T, box.center), box.size, product(turn.T, box.rotation))


def place_object(surface: MaskedSurface, frames: Sequence[Frame], label: str, objects: ObjectList) -> Pose | None:
    """Add a scene's one object, or count why not; returns the turn that makes the world level, where one is known."""
    up = mean_up([frame.world_from_camera for frame in frames])
    plane = find_plane(surface.own, surface.beside, up, FLAT_VOXELS * surface.voxel)
    if plane is None:
        objects.add(OBJECT_ID, label, *tilted_object(surface))
        return None
    level = plane.level()
    found = upright_object(surface.turned(level.rotation), plane.offset)
    if found is None:
        objects.leave_out(FOOT_NOT_SEEN, label)
    else:
        objects.add(OBJECT_ID, label, *found)
    return level
