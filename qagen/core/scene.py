"""A scene as every loader hands it over: metres, world z up, OpenCV cameras, ``world_from_camera``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.camera import Camera
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
        """The file that holds exactly these bytes, or None inside a container."""
        ...

    def read_bytes(self) -> bytes:
        """Raises SceneError when the bytes cannot be read."""
        ...


class DepthSource(Protocol):
    """A planar depth image that is decoded on demand."""

    def read_m(self) -> NDArray[np.float32]:
        """(height, width) depth z in metres, 0 where there is none. Raises SceneError when it cannot be decoded."""
        ...


class InstanceSource(Protocol):
    """An image of which object each pixel shows, decoded on demand."""

    def read_objects(self) -> NDArray[np.int32]:
        """(height, width) index into Scene.objects, -1 for everything else. Raises SceneError."""
        ...


@dataclass(frozen=True, slots=True)
class FileSource:
    """An image that is a file of its own."""

    path: Path
    """The file."""

    @property
    def suffix(self) -> str:
        return self.path.suffix.lower()

    def read_bytes(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise SceneError(self.path, f"cannot be read ({error.strerror})") from error


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One posed image."""

    id: str
    """The dataset's own frame name, without "." and "/"; unique in its scene."""
    color: ImageSource
    """Colour image."""
    depth: DepthSource | None
    """Planar depth registered to the colour camera's pose, or None."""
    camera: Camera
    """Pinhole of the colour image."""
    depth_camera: Camera | None
    """Pinhole of the depth image; it shares the colour camera's pose. None exactly when depth is None."""
    world_from_camera: Pose
    """Camera to world, metres, OpenCV camera axes."""
    time_s: float
    """Time since the start of the recording, seconds; the frames of a scene are in its order."""
    instances: InstanceSource | None = None
    """Which object each pixel of the colour image shows, where the dataset has it; any resolution of its aspect."""


@dataclass(frozen=True, slots=True, eq=False)
class Object3D:
    """One annotated object that may be asked about."""

    id: int
    """The dataset's own object id, unique in its scene."""
    label: str
    """Cleaned name (qagen.core.labels.clean_label)."""
    box: Box3D
    """Upright box in the world, metres."""
    points: NDArray[np.float32] | None
    """(n, 3) surface points, world, metres; None when the dataset has boxes only."""


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """The scanned surface with the object that each face belongs to."""

    vertices: NDArray[np.float32]
    """(n, 3), world, metres."""
    faces: NDArray[np.int32]
    """(m, 3) vertex indices."""
    face_object: NDArray[np.int32]
    """(m,) index into Scene.objects, -1 for what is never asked about (walls, floor, unlabelled)."""
    is_by_box: bool = False
    """Whether faces got their object from its box, so that those in several boxes, which are -1, may still be its."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A way through the scene with the words in which somebody described it."""

    id: str
    """The dataset's own name of the walk, without "." and "/"; unique in its scene."""
    frames: tuple[str, ...]
    """Ids of the frames along the way, in order."""
    instruction: str
    """What the annotator said, in English."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Everything that is known of one scan, undecoded images included."""

    dataset: str
    """Loader name, the folder under the output: "scannet"."""
    id: str
    """Scene name without "." and "/"."""
    source: Path
    """File or folder that errors about this scene name."""
    frames: tuple[Frame, ...]
    """In time order."""
    objects: tuple[Object3D, ...]
    """Only objects that may be asked about; the rest of the surface is in the mesh as -1. Without a mesh there may be
    none: then only the cameras can be asked about."""
    mesh: Mesh | None
    """The scanned surface, None when the dataset has boxes only."""
    room_polygon: NDArray[np.float64] | None = None
    """(n, 2) floor outline, world xy, metres, where the dataset has one."""
    walks: tuple[Walk, ...] = ()
    """Described ways through the scene, where the dataset has them."""
    world_from_source: Pose = field(default_factory=Pose.identity)
    """The dataset's own world to this one, in which other people's boxes of the scene are told."""
    unplaced: frozenset[str] = frozenset()
    """Names of annotated things whose surface the scan does not have; images may show them all the same."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """What the loader left out, reason to count: {"frame: invalid pose": 4}."""


MAX_EXTENT_M = 1000.0
MIN_BOX_SIDE_M = 1e-3


def validate_scene(scene: Scene) -> Scene:
    """Return the scene unchanged, or raise SceneError at the first thing that would make its answers untrue."""
    _check(_is_name(scene.id), scene, "id", repr(scene.id), f"a name {NAME}")
    _check(scene.frames, scene, "frames", "none with a valid pose", "at least one")
    is_bare = scene.mesh is None  # a recording without annotation: questions about the cameras remain
    _check(scene.objects or is_bare, scene, "objects", "none that may be asked about", "at least one")
    _check_frames(scene)
    _check_objects(scene)
    _check_walks(scene)
    if scene.mesh is not None:
        _check_mesh(scene, scene.mesh)
    _check(
        shows_objects(scene),
        scene,
        "scene",
        "no mesh, no depth images and no instance images",
        "one of them, to tell which objects a frame shows",
    )
    return scene


def shows_objects(scene: Scene) -> bool:
    """Whether a mesh, instance images or depth images show where objects are."""
    seen = any(frame.instances is not None or frame.depth is not None for frame in scene.frames)
    return scene.mesh is not None or seen


def _is_name(name: str) -> bool:
    """Whether files may be called so."""
    return bool(name) and name.isprintable() and len(name.encode()) <= MAX_NAME_BYTES and not set("./") & set(name)


def _check_frames(scene: Scene) -> None:
    ids = [frame.id for frame in scene.frames]
    _check(len(set(ids)) == len(ids), scene, "frames", f"{len(ids) - len(set(ids))} repeated ids", "unique ids")
    times = np.array([frame.time_s for frame in scene.frames])
    _check((np.diff(times) >= 0).all(), scene, "frames", "a frame earlier than the one before it", "time order")
    for frame in scene.frames:
        where = f"frame {frame.id}"
        _check(_is_name(frame.id), scene, where, repr(frame.id), f"an id {NAME}")
        _check_camera(scene, f"{where} camera", frame.camera)
        _check(
            (frame.depth is None) == (frame.depth_camera is None),
            scene,
            where,
            "depth and depth_camera disagree",
            "both or none",
        )
        if frame.depth_camera is not None:
            _check_camera(scene, f"{where} depth_camera", frame.depth_camera)
        _check(np.isfinite(frame.world_from_camera.matrix).all(), scene, f"{where} pose", "not finite", "a rigid pose")
        _check(
            _is_rotation(frame.world_from_camera.rotation),
            scene,
            f"{where} pose",
            "a matrix that is no rotation",
            "orthonormal with determinant +1",
        )


def _is_rotation(matrix: NDArray) -> bool:
    return np.allclose(product(matrix, matrix.T), np.eye(3), atol=1e-3) and bool(np.linalg.det(matrix) > 0)


def _check_camera(scene: Scene, where: str, camera: Camera) -> None:
    _check(
        camera.width > 0 and camera.height > 0,
        scene,
        where,
        f"{camera.width} x {camera.height} pixels",
        "a size above 0",
    )
    _check(
        np.isfinite(camera.intrinsics).all() and camera.fx > 0 and camera.fy > 0,
        scene,
        where,
        f"fx {camera.fx:g}, fy {camera.fy:g}",
        "finite focal lengths above 0",
    )
    _check(
        0 <= camera.cx <= camera.width and 0 <= camera.cy <= camera.height,
        scene,
        where,
        f"principal point ({camera.cx:g}, {camera.cy:g}) of a {camera.width} x {camera.height} image",
        "a point inside the image; are the intrinsics of another resolution?",
    )


def _check_objects(scene: Scene) -> None:
    ids = [item.id for item in scene.objects]
    _check(len(set(ids)) == len(ids), scene, "objects", f"{len(ids) - len(set(ids))} repeated ids", "unique ids")
    for item in scene.objects:
        where = f"object {item.id} ({item.label or 'no label'})"
        _check(item.label.strip(), scene, where, "an empty label", "a name")
        box = np.concatenate([item.box.center, item.box.size])
        _check(np.isfinite(box).all(), scene, where, "a box that is not finite", "metres")
        _check(
            item.box.size.min() >= 0 and item.box.size.max() > MIN_BOX_SIDE_M,
            scene,
            where,
            f"box size {item.box.size.tolist()}",
            "sides above 0",
        )
        _check(
            _is_rotation(item.box.rotation),
            scene,
            where,
            "box axes that are no rotation",
            "orthonormal with determinant +1",
        )
        _check(abs(item.box.rotation[2, 2]) > 0.999, scene, where, "a tilted box", "an upright box (world z up)")
        if item.points is not None:
            _check(len(item.points), scene, f"{where} points", "none", "at least one, or None")
            _check(np.isfinite(item.points).all(), scene, f"{where} points", "a value that is not finite", "metres")


def _check_walks(scene: Scene) -> None:
    ids = [walk.id for walk in scene.walks]
    _check(len(set(ids)) == len(ids), scene, "walks", f"{len(ids) - len(set(ids))} repeated ids", "unique ids")
    known = {frame.id for frame in scene.frames}
    for walk in scene.walks:
        where = f"walk {walk.id}"
        _check(_is_name(walk.id), scene, where, repr(walk.id), f"an id {NAME}")
        _check(walk.instruction.strip(), scene, where, "an empty instruction", "words")
        _check(walk.frames, scene, where, "no frames", "at least one")
        missing = [name for name in walk.frames if name not in known]
        _check(not missing, scene, where, f"frame {missing[0]!r}" if missing else "", "ids of the scene's frames")


def _check_mesh(scene: Scene, mesh: Mesh) -> None:
    _check(len(mesh.faces), scene, "mesh", "no faces", "at least one")
    _check(len(mesh.vertices), scene, "mesh", "no vertices", "at least one")
    _check(np.isfinite(mesh.vertices).all(), scene, "mesh vertices", "a value that is not finite", "metres")
    extent = float(np.ptp(mesh.vertices, axis=0).max())
    _check(
        extent < MAX_EXTENT_M,
        scene,
        "mesh",
        f"an extent of {extent:.0f} m",
        f"under {MAX_EXTENT_M:.0f} m; is it in millimetres?",
    )
    low, high = int(mesh.faces.min()), int(mesh.faces.max())
    _check(
        low >= 0 and high < len(mesh.vertices),
        scene,
        "mesh faces",
        f"vertex index {low if low < 0 else high}",
        f"0 to {len(mesh.vertices) - 1}",
    )
    _check(
        len(mesh.face_object) == len(mesh.faces),
        scene,
        "mesh face_object",
        f"{len(mesh.face_object)} entries",
        f"{len(mesh.faces)}",
    )
    low, high = int(mesh.face_object.min()), int(mesh.face_object.max())
    _check(
        low >= -1 and high < len(scene.objects),
        scene,
        "mesh face_object",
        f"object index {low if low < -1 else high}",
        f"-1 to {len(scene.objects) - 1}",
    )


def _check(holds: object, scene: Scene, field_name: str, found: str, expected: str) -> None:
    if not holds:
        raise SceneError(scene.source, f"{field_name}: found {found}, expected {expected}")
