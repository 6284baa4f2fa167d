"""A scene in the plainest form: posed views, annotated instances, labeled triangles."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

LEAST_VIDEO_LENGTH = 11
"""Scenes with fewer frames have no video."""


@dataclass(frozen=True, slots=True)
class Pinhole:
    """A camera without distortion; the center of the top-left pixel is (0, 0)."""

    fx: float
    """Focal length along x, pixels."""
    fy: float
    """Focal length along y, pixels."""
    cx: float
    """Principal point along x, pixels."""
    cy: float
    """Principal point along y, pixels."""
    width: int
    """Width of the image, pixels."""
    height: int
    """Height of the image, pixels."""

    def permille(self, point: NDArray) -> tuple[float, float]:
        """Image position, in thousandths of width and height, of a camera-frame point (3,) in front of the camera."""
        u, v = self.fx * point[0] / point[2] + self.cx, self.fy * point[1] / point[2] + self.cy
        return (u + 0.5) / self.width * 1000, (v + 0.5) / self.height * 1000

    def rays(self, u: NDArray, v: NDArray) -> NDArray[np.float64]:
        """(n, 3) camera-frame directions through pixels (n,), with z = 1."""
        return np.stack([(u - self.cx) / self.fx, (v - self.cy) / self.fy, np.ones_like(u)], axis=1)


@dataclass(frozen=True, eq=False)
class AuditView:
    """One posed image."""

    name: str
    """The frame's name in the dataset."""
    pinhole: Pinhole
    """The camera of the color image."""
    T_wc: NDArray[np.float64]
    """(4, 4) world from camera, meters; x right, y down, z forward."""
    read_color: Callable[[], bytes | None]
    """Reads the encoded image as the dataset has it, None where it has bare pixels."""
    depth_pinhole: Pinhole | None = None
    """The camera of the depth image, None without depth."""
    read_depth: Callable[[], NDArray] | None = None
    """Reads (height, width) z in meters, 0 where nothing was measured."""
    read_instances: Callable[[], NDArray] | None = None
    """Reads (height, width) index of the instance that each pixel shows, where the dataset has such images."""
    time_s: float = 0.0
    """When it was taken, seconds from the start of the recording."""

    @cached_property
    def T_cw(self) -> NDArray[np.float64]:
        return np.asarray(np.linalg.inv(self.T_wc), dtype=np.float64)

    @property
    def eye(self) -> NDArray[np.float64]:
        """(3,) position of the camera, world, meters."""
        return self.T_wc[:3, 3]

    @property
    def heading_deg(self) -> float:
        """Direction of view on the floor plan, counterclockwise from the world's x axis."""
        return float(np.degrees(np.arctan2(self.T_wc[1, 2], self.T_wc[0, 2])))

    @property
    def elevation_deg(self) -> float:
        """Angle of the direction of view above the horizontal."""
        return float(np.degrees(np.arctan2(self.T_wc[2, 2], np.hypot(self.T_wc[0, 2], self.T_wc[1, 2]))))

    def to_camera(self, point: NDArray) -> NDArray[np.float64]:
        """(3,) a world point in the camera's frame."""
        return self.T_cw[:3, :3] @ point + self.T_cw[:3, 3]


def rotation_deg(first: AuditView, second: AuditView) -> float:
    """Angle of the rotation between two cameras."""
    between = first.T_wc[:3, :3].T @ second.T_wc[:3, :3]
    return float(np.degrees(np.arccos(np.clip((np.trace(between) - 1) / 2, -1, 1))))


def wrap_deg(angle: float) -> float:
    """The same angle in [-180, 180)."""
    return (angle + 180) % 360 - 180


@dataclass(frozen=True, slots=True, eq=False)
class UprightBox:
    """An upright box; a tilted one in a world that is not level."""

    center: NDArray[np.float64]
    """(3,) world, meters."""
    size: NDArray[np.float64]
    """(3,) full extents along its axes, the third one vertical in a world that is level, meters."""
    axes: NDArray[np.float64]
    """(3, 3) world from box; the columns are its axes."""

    def places_across(self, count: int = 40) -> NDArray[np.float64]:
        """(count², 3) evenly spread places at the height of the center, over the whole footprint."""
        steps = (np.arange(count) + 0.5) / count - 0.5
        u, v = (one.reshape(-1, 1) for one in np.meshgrid(steps, steps))
        sides = self.axes[:, :2] * self.size[:2]
        return self.center + u * sides[:, 0] + v * sides[:, 1]


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """An annotated instance, walls and floor included."""

    id: int
    """Its number in the dataset."""
    label: str
    """What questions should call it."""
    names: frozenset[str]
    """Everything that the dataset calls it."""
    is_askable: bool
    """False for room structure and the like."""
    box: UprightBox
    """The box around it."""
    points: NDArray | None
    """(n, 3) surface points, world, meters."""
    is_structure: bool = False
    """Whether it is wall, floor, ceiling or a part of them."""


@dataclass(frozen=True, eq=False)
class AuditScene:
    """A scene."""

    dataset: str
    """The dataset's name."""
    id: str
    """The scene's name."""
    views: dict[str, AuditView]
    """Views by name, in the order of time."""
    instances: tuple[Instance, ...]
    """Everything annotated that has a surface."""
    vertices: NDArray | None
    """(n, 3) world, meters, z up; None without a mesh."""
    faces: NDArray | None
    """(m, 3) vertex indices."""
    face_instance: NDArray | None
    """(m,) index of the instance, -1 for none."""
    outline: NDArray | None = None
    """(n, 2) floor polygon, meters, where the dataset has one."""
    is_labeled: bool = True
    """Whether the faces' instances come from annotation of the surface, not from boxes around it."""
    names_structure: bool = True
    """Whether walls, floor and ceiling are instances as well, so that a face without one is not annotated."""
    unit_m: float | None = 1.0
    """Length of the world's unit, meters; None where nobody knows it."""
    reported_unit: float = 1.0
    """Length of the world's unit as evidence reports lengths: meters, or units of the data where nobody knows it."""
    is_level: bool = True
    """Whether the world's z axis points up. If not, boxes may be tilted."""

    def video(self, length: int | str) -> list[str]:
        """Names of the frames that stand for the video: ``length`` of them, spread evenly, first and last included; all
        if that is "all" or there are fewer; none of fewer than 11."""
        names = list(self.views)
        if len(names) < LEAST_VIDEO_LENGTH:
            return []
        if isinstance(length, str) or len(names) <= length:
            return names
        return [names[int(k * (len(names) - 1) / (length - 1) + 1e-9)] for k in range(length)]

    def without_names(self, text: str) -> str:
        """The text without the names of the scene's instances, which may be of any words."""
        return self._names.sub("", text)

    @cached_property
    def _names(self) -> re.Pattern[str]:
        longest_first = sorted(filter(None, self.vocabulary), key=len, reverse=True)
        return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b" if longest_first else r"(?!)", re.I)

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """All names of all instances."""
        return frozenset(name for instance in self.instances for name in instance.names)


def fit_box(points: NDArray) -> UprightBox:
    """The box around points (n, 3) along their principal axes, however the world is turned."""
    points = np.asarray(points, dtype=float)
    axes = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2].T
    axes[:, 2] *= np.sign(np.linalg.det(axes)) or 1.0
    inside = points @ axes
    low, high = inside.min(axis=0), inside.max(axis=0)
    return UprightBox(axes @ ((low + high) / 2), high - low, axes)


def fit_upright_box(points: NDArray) -> UprightBox:
    """The upright box of least floor area around points (n, 3); its first axis is the longer side.

    One side of the least rectangle lies along an edge of the points' convex hull, so all edges are tried.
    """
    points = np.asarray(points, dtype=float)
    best: tuple[float, NDArray] | None = None
    for angle in _hull_edge_angles(points[:, :2]):
        c, s = np.cos(angle), np.sin(angle)
        axes = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
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


def _hull_edge_angles(floor: NDArray) -> NDArray:
    try:
        hull = floor[ConvexHull(floor).vertices]
    except (QhullError, ValueError):  # all points lie on one line
        along = floor[np.argmax(np.linalg.norm(floor - floor[0], axis=1))] - floor[0]
        return np.array([np.arctan2(along[1], along[0])])
    edges = np.diff(np.vstack([hull, hull[:1]]), axis=0)
    return np.unique(np.round(np.arctan2(edges[:, 1], edges[:, 0]) % (np.pi / 2), 12))
