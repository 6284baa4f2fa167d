"""A scene as every loader returns it: meters and world z up where they are known, OpenCV, ``world_from_camera``."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.camera import Camera
from qagen.core.orientation import as_stored
from qagen.core.pose import Pose, product
from qagen.errors import SceneError

MAX_NAME_BYTES = 200
NAME = f"without '.' and '/', printable, of at most {MAX_NAME_BYTES} bytes"


class ImageSource(Protocol):
    """Encoded image bytes that are read on demand: a file, or a slice of a container."""

    @property
    def suffix(self) -> str:
        """File ending of the encoding, with its dot: ".jpg", ".png"."""
        ...

    @property
    def path(self) -> Path | None:
        """The file that holds the image, or None inside a container."""
        ...

    def read_bytes(self) -> bytes:
        """The encoded image. Raises SceneError when it cannot be read."""
        ...


class DepthSource(Protocol):
    """A planar depth image that is decoded on demand."""

    def read_m(self) -> NDArray[np.float32]:
        """(height, width) depth z in meters, 0 where there is none. Raises SceneError when it cannot be decoded."""
        ...


class InstanceSource(Protocol):
    """An image of the object that each pixel shows, decoded on demand."""

    def read_objects(self) -> NDArray[np.int32]:
        """(height, width) index into Scene.objects, -1 for everything else. Raises SceneError when it cannot be
        decoded."""
        ...


@dataclass(frozen=True, slots=True)
class FileSource:
    """An image that is a file of its own; a note in it that turns its pixels is taken out as it is read."""

    path: Path
    """The file."""

    @property
    def suffix(self) -> str:
        return self.path.suffix.lower()

    def read_bytes(self) -> bytes:
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise SceneError(self.path, f"cannot be read ({error.strerror})") from error
        return as_stored(content, self.path)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One posed image."""

    id: str
    """The dataset's own frame name, without "." and "/"; unique in its scene."""
    color: ImageSource
    """Colour image."""
    depth: DepthSource | None
    """Planar depth registered to the color camera's pose, or None."""
    camera: Camera
    """Pinhole of the color image."""
    depth_camera: Camera | None
    """Pinhole of the depth image; it shares the color camera's pose. None exactly when depth is None."""
    world_from_camera: Pose
    """Camera to world, meters, OpenCV camera axes."""
    time_s: float
    """Time since the start of the recording, seconds; the frames of a scene are in its order."""
    instances: InstanceSource | None = None
    """The object that each pixel of the color image shows, at any resolution of its aspect; None without annotation."""


@dataclass(frozen=True, slots=True, eq=False)
class Object3D:
    """One annotated object that may be asked about."""

    id: int
    """The dataset's own object id, unique in its scene."""
    label: str
    """Cleaned name (qagen.core.labels.clean_label)."""
    box: Box3D
    """Upright box in the world, meters."""
    points: NDArray[np.float32] | None
    """(n, 3) surface points, world, meters; None when the dataset has boxes only."""


UNLABELED, STRUCTURE, NEVER_ASKED_THING = -1, -2, -3
"""Owners of faces that belong to no object of a scene: nothing that is annotated; wall, floor or ceiling; another
annotated thing that is never asked about."""


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """The scanned surface and the object that each face belongs to."""

    vertices: NDArray[np.float32]
    """(n, 3), world, meters."""
    faces: NDArray[np.int32]
    """(m, 3) vertex indices."""
    face_object: NDArray[np.int32]
    """(m,) index into Scene.objects; UNLABELED, STRUCTURE or NEVER_ASKED_THING for surface of no object."""
    is_by_box: bool = False
    """Whether faces got their objects from boxes; those in several boxes are then UNLABELED but may belong to one."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A walked path and the navigation instruction written for it."""

    id: str
    """The dataset's own name of the walk, without "." and "/"; unique in its scene."""
    frames: tuple[str, ...]
    """Ids of the frames along the path, in order."""
    instruction: str
    """The instruction, in English."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One scan with its annotation; images are decoded on demand."""

    dataset: str
    """Name of the loader, which is the folder under the output: "scannet"."""
    id: str
    """Scene name without "." and "/"."""
    source: Path
    """File or folder that errors about this scene refer to."""
    frames: tuple[Frame, ...]
    """Frames in time order."""
    objects: tuple[Object3D, ...]
    """Objects that questions may use; other surface is below 0 in the mesh. Where there are none, questions can only be
    about the cameras."""
    mesh: Mesh | None
    """The scanned surface, None when the dataset has boxes only."""
    room_polygon: NDArray[np.float64] | None = None
    """(n, 2) floor outline, world xy, meters, where the dataset has one."""
    walks: tuple[Walk, ...] = ()
    """Walks through the scene, where the dataset has them."""
    world_from_source: Pose = field(default_factory=Pose.identity)
    """The dataset's own world to this one. Boxes that others publish for the scene are in the former."""
    unit_m: float | None = 1.0
    """Length of one unit of the world, meters; None where nobody knows it. What is said to be in meters elsewhere in a
    scene is in this unit, which is a meter unless the scene is of another scale (qagen.core.scale)."""
    source_unit: float = 1.0
    """Length of one unit of the world in units of the world that the loader read."""
    is_level: bool = True
    """Whether the world's z axis points up. If not, boxes may be tilted, and nothing is above anything."""
    unplaced: frozenset[str] = frozenset()
    """Labels of annotated objects without geometry in the scan; images may show them all the same."""
    has_closed_classes: bool = False
    """Whether the objects come from a short list of classes, so that what belongs to none of them is not annotated."""
    lists_all: bool = False
    """Whether the objects are all there are of the names that they have: those may be counted, whatever is missing."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Count of the frames and objects that the loader left out, by reason: {"frame: invalid pose": 4}."""

    @property
    def reported_unit(self) -> float:
        """Length of one unit of the world as evidence and media report it: meters; where nobody knows the scale, units
        of the world that the loader read."""
        return self.source_unit if self.unit_m is None else self.unit_m


MAX_EXTENT = 1e6
"""Largest extent of a scene, which is 1,000 km where the unit is the meter."""
MIN_BOX_SIDE_M = 1e-6


Claim = tuple[object, str, str, str]
"""Whether a claim holds, its subject, and what was found and expected where it does not."""


def validate_scene(scene: Scene) -> Scene:
    """Return the scene unchanged, or raise SceneError at the first fault that would make its answers untrue."""
    for holds, subject, found, expected in _check_scene(scene):
        if not holds:
            raise SceneError(scene.source, f"{subject}: found {found}, expected {expected}")
    return scene


def _check_scene(scene: Scene) -> Iterator[Claim]:
    yield _is_name(scene.id), "id", repr(scene.id), f"a name {NAME}"
    yield scene.frames, "frames", "none with a valid pose", "at least one"
    yield from _check_frames(scene)
    yield from _check_objects(scene)
    yield from _check_walks(scene)
    if scene.mesh is not None:
        yield from _check_mesh(scene.mesh, len(scene.objects))
    found = "no mesh, no depth images and no instance images"
    tells = not scene.objects or shows_objects(scene)
    yield tells, "scene", found, "one of them, to tell which objects a frame shows"
    holds = scene.unit_m is None or (math.isfinite(scene.unit_m) and scene.unit_m > 0)
    yield holds, "unit_m", f"{scene.unit_m}", "meters per unit, above 0, or None"


def shows_objects(scene: Scene) -> bool:
    """Whether a mesh, instance images or depth images show where objects are."""
    seen = any(frame.instances is not None or frame.depth is not None for frame in scene.frames)
    return scene.mesh is not None or seen


def shows_surface(scene: Scene) -> bool:
    """Whether a mesh or depth images tell where surface is."""
    return scene.mesh is not None or any(frame.depth is not None for frame in scene.frames)


def _is_name(name: str) -> bool:
    """Whether a name can be used for files."""
    return bool(name) and name.isprintable() and len(name.encode()) <= MAX_NAME_BYTES and not set("./") & set(name)


def _check_frames(scene: Scene) -> Iterator[Claim]:
    ids = [frame.id for frame in scene.frames]
    yield len(set(ids)) == len(ids), "frames", f"{len(ids) - len(set(ids))} repeated ids", "unique ids"
    times = np.array([frame.time_s for frame in scene.frames])
    yield (np.diff(times) >= 0).all(), "frames", "a frame earlier than the one before it", "time order"
    for frame in scene.frames:
        where = f"frame {frame.id}"
        yield _is_name(frame.id), where, repr(frame.id), f"an id {NAME}"
        yield from _check_camera(f"{where} camera", frame.camera)
        is_paired = (frame.depth is None) == (frame.depth_camera is None)
        yield is_paired, where, "depth and depth_camera disagree", "both or none"
        if frame.depth_camera is not None:
            yield from _check_camera(f"{where} depth_camera", frame.depth_camera)
        yield np.isfinite(frame.world_from_camera.matrix).all(), f"{where} pose", "not finite", "a rigid pose"
        is_rotation = _is_rotation(frame.world_from_camera.rotation)
        yield is_rotation, f"{where} pose", "a matrix that is no rotation", "orthonormal with determinant +1"


def _is_rotation(matrix: NDArray) -> bool:
    return np.allclose(product(matrix, matrix.T), np.eye(3), atol=1e-3) and bool(np.linalg.det(matrix) > 0)


def _check_camera(where: str, camera: Camera) -> Iterator[Claim]:
    yield camera.width > 0 and camera.height > 0, where, f"{camera.width} x {camera.height} pixels", "a size above 0"
    yield (
        np.isfinite(camera.intrinsics).all() and camera.fx > 0 and camera.fy > 0,
        where,
        f"fx {camera.fx:g}, fy {camera.fy:g}",
        "finite focal lengths above 0",
    )
    yield (
        0 <= camera.cx <= camera.width and 0 <= camera.cy <= camera.height,
        where,
        f"principal point ({camera.cx:g}, {camera.cy:g}) of a {camera.width} x {camera.height} image",
        "a point inside the image; are the intrinsics of another resolution?",
    )


def _check_objects(scene: Scene) -> Iterator[Claim]:
    ids = [item.id for item in scene.objects]
    yield len(set(ids)) == len(ids), "objects", f"{len(ids) - len(set(ids))} repeated ids", "unique ids"
    for item in scene.objects:
        where = f"object {item.id} ({item.label or 'no label'})"
        yield item.label.strip(), where, "an empty label", "a name"
        box = np.concatenate([item.box.center, item.box.size])
        yield np.isfinite(box).all(), where, "a box that is not finite", "meters"
        has_size = item.box.size.min() >= 0 and item.box.size.max() > MIN_BOX_SIDE_M
        yield has_size, where, f"box size {item.box.size.tolist()}", "sides above 0"
        yield _is_rotation(item.box.rotation), where, "box axes that are no rotation", "orthonormal with determinant +1"
        is_upright = not scene.is_level or abs(item.box.rotation[2, 2]) > 0.999
        yield is_upright, where, "a tilted box", "an upright box (world z up)"
        if item.points is not None:
            yield len(item.points), f"{where} points", "none", "at least one, or None"
            yield np.isfinite(item.points).all(), f"{where} points", "a value that is not finite", "meters"


def _check_walks(scene: Scene) -> Iterator[Claim]:
    ids = [walk.id for walk in scene.walks]
    yield len(set(ids)) == len(ids), "walks", f"{len(ids) - len(set(ids))} repeated ids", "unique ids"
    known = {frame.id for frame in scene.frames}
    for walk in scene.walks:
        where = f"walk {walk.id}"
        yield _is_name(walk.id), where, repr(walk.id), f"an id {NAME}"
        yield walk.instruction.strip(), where, "an empty instruction", "words"
        yield walk.frames, where, "no frames", "at least one"
        missing = [name for name in walk.frames if name not in known]
        yield not missing, where, f"frame {missing[0]!r}" if missing else "", "ids of the scene's frames"


def _check_mesh(mesh: Mesh, n_objects: int) -> Iterator[Claim]:
    yield len(mesh.faces), "mesh", "no faces", "at least one"
    yield len(mesh.vertices), "mesh", "no vertices", "at least one"
    yield np.isfinite(mesh.vertices).all(), "mesh vertices", "a value that is not finite", "meters"
    extent = float(np.ptp(mesh.vertices, axis=0).max())
    yield extent < MAX_EXTENT, "mesh", f"an extent of {extent:.0f} units", f"under {MAX_EXTENT:.0f}"
    low, high, end = int(mesh.faces.min()), int(mesh.faces.max()), len(mesh.vertices)
    yield low >= 0 and high < end, "mesh faces", f"vertex index {low if low < 0 else high}", f"0 to {end - 1}"
    n_owners, n_faces = len(mesh.face_object), len(mesh.faces)
    yield n_owners == n_faces, "mesh face_object", f"{n_owners} entries", f"{n_faces}"
    low, high = int(mesh.face_object.min()), int(mesh.face_object.max())
    found = f"object index {low if low < NEVER_ASKED_THING else high}"
    holds = low >= NEVER_ASKED_THING and high < n_objects
    yield holds, "mesh face_object", found, f"{NEVER_ASKED_THING} to {n_objects - 1}"
