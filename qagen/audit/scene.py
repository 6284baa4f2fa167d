"""What is true of a scene, in the plainest form: posed views, annotated things, labelled triangles."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

VIDEO_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Pinhole:
    """A camera without distortion; the centre of the top-left pixel is (0, 0)."""

    fx: float
    """Focal length along x, pixels."""
    fy: float
    """Focal length along y, pixels."""
    cx: float
    """Principal point, x."""
    cy: float
    """Principal point, y."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""

    def pixel(self, x_permille: NDArray, y_permille: NDArray) -> tuple[NDArray, NDArray]:
        """The pixel positions of places told in thousandths of width and height, edge to edge."""
        return x_permille / 1000 * self.width - 0.5, y_permille / 1000 * self.height - 0.5

    def permille(self, point: NDArray) -> tuple[float, float]:
        """Where a point (3,) of the camera frame, in front of the camera, falls, in thousandths."""
        u, v = self.fx * point[0] / point[2] + self.cx, self.fy * point[1] / point[2] + self.cy
        return (u + 0.5) / self.width * 1000, (v + 0.5) / self.height * 1000


@dataclass(frozen=True, eq=False)
class AuditView:
    """One posed image."""

    name: str
    """The frame's name in the dataset."""
    pinhole: Pinhole
    """Of the colour image."""
    T_wc: NDArray[np.float64]
    """(4, 4) world from camera, metres; x right, y down, z ahead."""
    read_color: Callable[[], bytes | None]
    """The encoded image as the dataset has it, None where it has bare pixels."""
    depth_pinhole: Pinhole | None = None
    """Of the depth image, None without depth."""
    read_depth: Callable[[], NDArray] | None = None
    """(height, width) z in metres, 0 where nothing was measured."""
    read_things: Callable[[], NDArray] | None = None
    """(height, width) index of the thing that each pixel shows, where the dataset has such images."""

    @cached_property
    def T_cw(self) -> NDArray[np.float64]:
        return np.asarray(np.linalg.inv(self.T_wc), dtype=np.float64)

    @property
    def eye(self) -> NDArray[np.float64]:
        """(3,) where the camera is."""
        return self.T_wc[:3, 3]

    def sees(self, point: NDArray) -> NDArray[np.float64]:
        """(3,) a world point in this camera."""
        return self.T_cw[:3, :3] @ point + self.T_cw[:3, 3]


@dataclass(frozen=True, slots=True, eq=False)
class UprightBox:
    """An upright box."""

    center: NDArray[np.float64]
    """(3,) metres."""
    size: NDArray[np.float64]
    """(3,) full extents along its axes, the third one vertical, metres."""
    axes: NDArray[np.float64]
    """(3, 3), columns are the axes."""


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """An annotated instance, walls and floor included."""

    id: int
    """The dataset's number of it."""
    label: str
    """What questions should call it."""
    names: frozenset[str]
    """All that the dataset calls it."""
    is_asked: bool
    """False for room structure and the like."""
    block: UprightBox
    """The box around it."""
    points: NDArray | None
    """(n, 3) surface points, metres."""


@dataclass(frozen=True, eq=False)
class AuditScene:
    """A scene."""

    dataset: str
    """The dataset's name."""
    scene: str
    """The scene's name."""
    views: dict[str, AuditView]
    """By name, in the order of time."""
    things: tuple[Instance, ...]
    """Everything annotated that has a surface."""
    vertices: NDArray | None
    """(n, 3) metres, z up; None without a mesh."""
    faces: NDArray | None
    """(m, 3) vertex indices."""
    face_thing: NDArray | None
    """(m,) index of the thing, -1 for none."""
    outline: NDArray | None = None
    """(n, 2) floor polygon where the dataset has one."""

    @cached_property
    def video(self) -> list[str]:
        """Names of the frames that stand for the video: 32 spread evenly, first and last included."""
        names = list(self.views)
        if len(names) < VIDEO_LENGTH:
            return []
        return [names[int(k * (len(names) - 1) / (VIDEO_LENGTH - 1) + 1e-9)] for k in range(VIDEO_LENGTH)]

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """All names of all things."""
        return frozenset(name for thing in self.things for name in thing.names)


def upright_block(points: NDArray) -> UprightBox:
    """The upright box of least floor area around points (n, 3); its first axis is the longer side.

    One side of the least rectangle lies along an edge of the points' outline, so all edges are tried.
    """
    points = np.asarray(points, dtype=float)
    best: tuple[float, NDArray] | None = None
    for angle in _edge_angles(points[:, :2]):
        axes = _turned(angle)
        extent = np.ptp(points[:, :2] @ axes[:2, :2], axis=0)
        if best is None or extent.prod() < best[0] - 1e-12:
            best = float(extent.prod()), axes
    assert best is not None
    axes = best[1]
    if np.ptp(points @ axes[:, 0]) < np.ptp(points @ axes[:, 1]):
        axes = np.stack([axes[:, 1], -axes[:, 0], axes[:, 2]], axis=1)
    inside = points @ axes
    low, high = inside.min(axis=0), inside.max(axis=0)
    return UprightBox(axes @ ((low + high) / 2), high - low, axes)


def _edge_angles(floor: NDArray) -> NDArray:
    try:
        outline = floor[ConvexHull(floor).vertices]
    except (QhullError, ValueError):  # all on one line
        along = floor[np.argmax(np.linalg.norm(floor - floor[0], axis=1))] - floor[0]
        return np.array([np.arctan2(along[1], along[0])])
    edges = np.diff(np.vstack([outline, outline[:1]]), axis=0)
    return np.unique(np.round(np.arctan2(edges[:, 1], edges[:, 0]) % (np.pi / 2), 12))


def _turned(angle: float) -> NDArray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
