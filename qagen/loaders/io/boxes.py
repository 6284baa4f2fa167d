"""Annotated boxes of any orientation, as upright ones."""

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import ConvexHull

from qagen.core.box import Box3D
from qagen.core.pose import product, rotate

UPRIGHT_COSINE = 0.999
"""An axis this near to the vertical is taken for it: 2.6 degrees."""
AXES_TOLERANCE = 0.01
MIN_CORNERS = 3


class Obb(msgspec.Struct, frozen=True):
    """An oriented box as the annotation files of several datasets spell it."""

    centroid: tuple[float, float, float]
    """Meters, world."""
    axesLengths: tuple[float, float, float]  # noqa: N815 - the files' spelling
    """Full extents along the axes, meters."""
    normalizedAxes: tuple[float, float, float, float, float, float, float, float, float]  # noqa: N815
    """Three unit vectors, one after the other."""

    def upright(self, points: NDArray | None = None) -> Box3D:
        """See upright_box. Raises ValueError."""
        return upright_box(self.centroid, np.reshape(self.normalizedAxes, (3, 3)), self.axesLengths, points)


def upright_box(center: ArrayLike, axes: ArrayLike, size: ArrayLike, points: NDArray | None = None) -> Box3D:
    """A box given by its axes, made upright.

    A box that stands keeps its center and its sizes, whichever of its axes is the vertical one, and loses a tilt
    below UPRIGHT_COSINE. Of a tilted box the upright box of least footprint is taken: around the object's points
    where there are any, else around the corners of the tilted box.

    Args:
        center: (3,) meters, world.
        axes: (3, 3), the ROWS are the box's axes in the world; right- or left-handed.
        size: (3,) full extents along those axes, meters.
        points: (n, 3) points of the object, meters, world, or None.

    Raises:
        ValueError: a number is not finite, a side is negative, or the axes are not perpendicular unit vectors.
    """
    center, axes, size = _checked(center, axes, size)
    up = int(np.argmax(np.abs(axes[:, 2])))
    if abs(axes[up, 2]) < UPRIGHT_COSINE:
        if points is None or not len(points):
            signs = np.array(np.meshgrid((-1, 1), (-1, 1), (-1, 1))).reshape(3, -1).T
            points = center + rotate(axes.T, signs * size / 2)
        return Box3D.around(points)
    first, second = (k for k in range(3) if k != up)
    yaw = np.arctan2(axes[first, 1], axes[first, 0])
    return Box3D.upright(center, size[[first, second, up]], float(yaw))


def bounded_box(center: ArrayLike, axes: ArrayLike, size: ArrayLike, bounds: NDArray) -> Box3D:
    """As upright_box, of an object whose points lie between ``bounds`` (2, 3), meters, world.

    The upright box of a tilted one is as high as they are, and its footprint encloses what lies both below the tilted
    box and between them.
    """
    center, axes, size = _checked(center, axes, size)
    if np.abs(axes[:, 2]).max() >= UPRIGHT_COSINE:
        return upright_box(center, axes, size)
    signs = np.array(np.meshgrid((-1, 1), (-1, 1), (-1, 1))).reshape(3, -1).T
    corners = center + rotate(axes.T, signs * size / 2)
    outline = corners[ConvexHull(corners[:, :2]).vertices, :2]
    for axis in range(2):
        for sign, limit in ((1.0, bounds[1, axis]), (-1.0, -bounds[0, axis])):
            outline = _clipped(outline, axis, sign, limit)
    if len(outline) < MIN_CORNERS:
        return upright_box(center, axes, size)
    points = [np.column_stack([outline, np.full(len(outline), height)]) for height in bounds[:, 2]]
    return Box3D.around(np.concatenate(points))


def _clipped(outline: NDArray[np.float64], axis: int, sign: float, limit: float) -> NDArray[np.float64]:
    """The part of a convex polygon (n, 2) on which a coordinate times ``sign`` is at most ``limit``."""
    kept: list[NDArray[np.float64]] = []
    for here, there in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        first, second = limit - sign * here[axis], limit - sign * there[axis]
        if first >= 0:
            kept.append(here)
        if (first >= 0) != (second >= 0):
            kept.append(here + (there - here) * (first / (first - second)))
    return np.array(kept).reshape(-1, 2)


def share_inside(box: Box3D, points: NDArray, margin_m: float) -> float:
    """Share of points (n, 3) that lie in the box or within a margin of it, 0 to 1."""
    local = np.abs(rotate(box.rotation.T, points - box.center))
    return float(np.mean((local <= box.size / 2 + margin_m).all(axis=1)))


def tilted_box(center: ArrayLike, axes: ArrayLike, size: ArrayLike) -> Box3D:
    """A box given by its axes in a world of which nobody knows what is up. See upright_box."""
    center, axes, size = _checked(center, axes, size)
    turn = axes.T * (1.0, 1.0, np.sign(np.linalg.det(axes)))
    return Box3D(center, size, turn)


def _checked(
    center: ArrayLike, axes: ArrayLike, size: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Center, axes and size as arrays. Raises ValueError."""
    center, axes, size = (np.asarray(value, dtype=np.float64) for value in (center, axes, size))
    if not (np.isfinite(center).all() and np.isfinite(axes).all() and np.isfinite(size).all()):
        raise ValueError("found a number that is not finite, expected meters")
    if size.min() < 0:
        raise ValueError(f"found sides {size.tolist()}, expected none below 0")
    check_axes(axes)
    return center, axes, size


def check_axes(axes: NDArray[np.float64]) -> None:
    """Raise ValueError unless the rows, and thus the columns, of (3, 3) are perpendicular unit vectors."""
    off = float(np.abs(product(axes, axes.T) - np.eye(3)).max())
    if off > AXES_TOLERANCE:
        raise ValueError(f"found axes {off:.3g} from perpendicular unit vectors, expected at most {AXES_TOLERANCE}")
