"""Bring your own: any posed RGB-D images with 3D boxes, described by one JSON file.

```
<root>/                      (or one scene folder)
    <scene>/
        scene.json           what lies where and in which conventions: docs/posed.md, docs/posed.schema.json
        transforms.json      nerfstudio's or instant-ngp's, instead of it: no scale, no vertical, no objects
        ...                  color images (JPEG or PNG), depth images (16-bit PNG), a labeled mesh (PLY): any names
```

Nothing is guessed: units, the vertical, camera axes and the direction of poses are declared, or follow from the format
of the file that the frames come from.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.camera import Camera
from qagen.core.pose import Pose, product
from qagen.core.reasons import HARDLY_MEASURED, INVALID_POSE, NO_DEPTH, NO_IMAGE
from qagen.core.scene import DepthSource, FileSource, Frame, Mesh, Scene
from qagen.errors import SceneError, counted
from qagen.loaders._base import ANY_NAME, FolderLoader, ObjectList
from qagen.loaders.io.axes import is_lost, opencv_axes, z_up
from qagen.loaders.io.box_exports import read_box_export
from qagen.loaders.io.boxes import tilted_box, upright_box
from qagen.loaders.io.colmap import in_unit_of_colmap
from qagen.loaders.io.depth_images import MetricDepth, depth_camera
from qagen.loaders.io.depth_kind import RayDepth
from qagen.loaders.io.images import image_size
from qagen.loaders.io.instances import IdFile, ObjectImage, index_by_id
from qagen.loaders.io.labels import name_object
from qagen.loaders.io.lens import check_pinhole, is_lens
from qagen.loaders.io.masked_objects import around_upright, measure_masked, tilted_object
from qagen.loaders.io.nerfstudio import read_nerfstudio
from qagen.loaders.io.phone_scans import read_polycam, read_record3d
from qagen.loaders.io.ply import object_indices, read_owned_mesh
from qagen.loaders.io.poses import PosedImage, read_7scenes, read_tum
from qagen.loaders.io.text import convert_json, inside, posix, read_unique_json, safe_name
from qagen.loaders.io.undistorted import undistorted_frame
from qagen.loaders.posed.schema import Box, BoxesFile, DepthFiles, FramesFile, Intrinsics, Matrix, PosedFrame, SceneFile

DESCRIPTION = "scene.json"
TRANSFORMS = "transforms.json"
ALONE = {"units": None, "up": None, "objects": [], "frames": {"format": "nerfstudio", "path": TRANSFORMS}}
"""What the scene.json of a folder would say that has a transforms.json and no other description."""
METERS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "km": 1000.0}
MAX_DEPTH_FACTOR = 100.0
"""Largest power of ten between measured depth and what boxes and cameras span; millimeters for meters make it 1000."""
OTHER_KEYS = {
    "unit_m": "units: m, cm, mm, km, meters per unit as a number, or null where nobody knows the scale",
    "is_level": "up: the axis that points away from the floor, or null where nobody knows it",
}
"""Names of what a scene.json says by other keys."""


class PosedLoader(FolderLoader):
    """Reads folders with a scene.json. There are no official splits."""

    name = "posed"
    scene_name = ANY_NAME
    expected = f"folders that hold a {DESCRIPTION} or a {TRANSFORMS}"

    def is_scene(self, folder: Path) -> bool:
        return any((folder / name).is_file() for name in (DESCRIPTION, TRANSFORMS))

    def read(self, scene_id: str, folder: Path) -> Scene:
        dropped: Counter[str] = Counter()
        reader = _SceneReader(folder)
        objects, listed = reader.list_objects(dropped), reader.read_frames(dropped)
        reader.measure_objects(objects, listed)
        object_of_id, mesh = index_by_id(objects.kept), reader.read_mesh(objects)
        reader.check_depth([frame for frame, _ in listed], objects)
        frames = tuple(
            frame if ids is None else replace(frame, instances=ObjectImage(ids, object_of_id)) for frame, ids in listed
        )
        tells_depth = mesh is not None or objects.kept or any(frame.depth is not None for frame in frames)
        return Scene(
            dataset=self.name,
            id=scene_id,
            source=folder,
            frames=frames if reader.unit_m or tells_depth else in_unit_of_colmap(frames),
            objects=tuple(objects.kept),
            mesh=mesh,
            room_polygon=reader.outline(),
            unit_m=reader.unit_m,
            is_level=reader.is_level,
            dropped=dict(dropped),
        )


class _SceneReader:
    """Reads what a scene.json describes, out of its world and units into meters with z up, where these are known."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        is_alone = not (folder / DESCRIPTION).exists() and (folder / TRANSFORMS).is_file()
        self._path = folder / (TRANSFORMS if is_alone else DESCRIPTION)
        self._file = convert_json(ALONE, SceneFile, self._path) if is_alone else _read_description(self._path)
        units, up = self._file.units, self._file.up
        self._scale = METERS[units] if isinstance(units, str) else float(units or 1.0)
        self._rotation = np.eye(3) if up is None else z_up(up)
        self.unit_m = None if units is None else 1.0
        self.is_level = up is not None

    def outline(self) -> NDArray[np.float64] | None:
        """(n, 2) meters. z_up keeps the two axes that follow the vertical; the second may be reversed."""
        floor = self._file.floor
        if floor is not None and not self.is_level:
            raise SceneError(self._path, "floor: found an outline, expected none because up is null")
        return None if floor is None else self._scale * np.array(floor) * (1.0, self._rotation[1].sum())

    def list_objects(self, dropped: Counter[str]) -> ObjectList:
        """The objects with boxes that may be asked about. Raises SceneError."""
        objects, listed = ObjectList(dropped), self._file.objects
        if isinstance(listed, BoxesFile):
            self._add_boxes(objects, listed)
            return objects
        for index, box in enumerate(listed):
            if (box.center is None) != (box.size is None):
                found = "center without size" if box.size is None else "size without center"
                raise SceneError(self._path, f"objects[{index}]: found {found}, expected both or none")
            if not box.label.strip():
                raise SceneError(self._path, f"objects[{index}].label: found {box.label!r}, expected a name")
            label = objects.name(box.label)
            if label is not None and box.center is not None:
                objects.add(box.id, label, self._box(box, f"objects[{index}]"))
        return objects

    def _add_boxes(self, objects: ObjectList, source: BoxesFile) -> None:
        """Add the boxes of another tool's file, numbered from 1."""
        path = inside(self._folder, source.path, self._path, "objects.path")
        pose = self._pose_of(source.world_from_boxes, "objects.world_from_boxes")
        if source.format == "roomplan" and pose is None and (self._file.up, self._file.units) != ("+y", "m"):
            found = f"units {self._file.units} and up {self._file.up}"
            expected = "m and +y, RoomPlan's, or objects.world_from_boxes"
            raise SceneError(self._path, f"objects.format: found roomplan with {found}, expected {expected}")
        world_from_boxes = pose or Pose.identity()
        for index, box in enumerate(read_box_export(path, source.format)):
            label = objects.name(box.label)
            if label is not None:
                axes = product(world_from_boxes.rotation, box.axes).T
                placed = self._fitted(world_from_boxes @ box.center, axes, box.size, path, f"box {index}")
                objects.add(index + 1, label, placed)

    def _pose_of(self, rows: Matrix | None, where: str) -> Pose | None:
        matrix = np.eye(4)
        matrix[: len(rows or ())] = rows or np.zeros((0, 4))
        try:
            return None if rows is None else Pose.from_matrix(matrix)
        except ValueError as error:
            raise SceneError(self._path, f"{where}: {error}") from error

    def measure_objects(self, objects: ObjectList, frames: Sequence[tuple[Frame, IdFile | None]]) -> None:
        """Add the objects that have no boxes, measured where depth and the images of ids show them."""
        listed = [] if isinstance(self._file.objects, BoxesFile) else self._file.objects
        unmeasured = [box for box in listed if box.center is None]
        shown = [(frame, ids, set(np.unique(ids.read_ids()).tolist())) for frame, ids in frames if ids and unmeasured]
        for box in unmeasured:
            label = name_object(box.label, {})
            if label is None:
                continue
            surface = measure_masked([(frame, _IdMask(ids, box.id)) for frame, ids, seen in shown if box.id in seen])
            if surface is None:
                objects.leave_out(HARDLY_MEASURED, label)
            elif self.is_level:
                objects.add(box.id, label, *around_upright(surface))
            else:
                objects.add(box.id, label, *tilted_object(surface))

    def _box(self, box: Box, where: str) -> Box3D:
        if (box.yaw_deg is None) == (box.axes is None):
            found = "neither" if box.axes is None else "both"
            raise SceneError(self._path, f"{where}: found {found} yaw_deg and axes, expected one")
        if box.axes is None and self._file.up is None:
            raise SceneError(self._path, f"{where}.yaw_deg: found a turn about the vertical, expected axes: up is null")
        for field in ("center", "size", "yaw_deg", "axes"):
            value = getattr(box, field)
            if value is not None and not np.isfinite(value).all():
                raise SceneError(self._path, f"{where}.{field}: found {value}, expected finite numbers")
        axes = np.array(box.axes) if self._file.up is None else self._level_axes(box, self._file.up)
        return self._fitted(np.array(box.center), axes, np.array(box.size), self._path, where)

    def _fitted(self, center: NDArray, axes: NDArray, size: NDArray, path: Path, where: str) -> Box3D:
        """A box of the file's world, axes in rows. Raises SceneError."""
        if not size.min() > 0:
            raise SceneError(path, f"{where}.size: found {size.tolist()}, expected full extents above 0")
        try:
            fitting = upright_box if self.is_level else tilted_box
            return fitting(self._points(center), axes @ self._rotation.T, self._scale * size)
        except ValueError as error:
            raise SceneError(path, f"{where}: {error}") from error

    @staticmethod
    def _level_axes(box: Box, up: str) -> NDArray[np.float64]:
        """(3, 3) rows: a box's axes in the file's world."""
        return np.array(box.axes) if box.yaw_deg is None else _axes_of_yaw(box.yaw_deg, up)

    def _points(self, points: NDArray) -> NDArray[np.float64]:
        """(n, 3) in the file's world to meters with z up."""
        return self._scale * (np.asarray(points, dtype=np.float64) @ self._rotation.T)

    def read_mesh(self, objects: ObjectList) -> Mesh | None:
        """The surface, where there is one. Raises SceneError."""
        if self._file.mesh is None:
            return None
        path = inside(self._folder, self._file.mesh.path, self._path, "mesh.path")
        vertices, faces, owner = read_owned_mesh(path, self._file.mesh.object_property)
        listed = self._file.objects
        annotated = {} if isinstance(listed, BoxesFile) else {box.id: box.label for box in listed}
        return Mesh(self._points(vertices).astype(np.float32), faces, object_indices(owner, objects.kept, annotated))

    def read_frames(self, dropped: Counter[str]) -> list[tuple[Frame, IdFile | None]]:
        """Frames in time order with their images of ids; those lost or not on disk are counted. Raises SceneError."""
        listed = self._list_images()
        self._check_times([image for image, _ in listed])
        names = frame_names([image.name for image, _ in listed])
        frames: list[tuple[Frame, IdFile | None]] = []
        for index, (image, ids) in enumerate(listed):
            reason = _why_left_out(image)
            if reason is None:
                frames.append((self._frame(image, names[index], index), ids))
            else:
                dropped[reason] += 1
        missing = [path for image, _ in listed for path in _files(image) if not path.is_file()]
        if missing and not frames:
            raise SceneError(missing[0], f"cannot be read (no such file); none of {len(listed)} frames can be used")
        if not frames:
            found = f"no valid pose in {counted(len(listed), 'frame')}" if listed else "an empty list"
            raise SceneError(self._path, f"frames: found {found}, expected at least one")
        return sorted(frames, key=lambda pair: pair[0].time_s)

    def check_depth(self, frames: Sequence[Frame], objects: ObjectList) -> None:
        """Raise SceneError where depth cannot be of the unit that the file declares: millimeters for meters, say.

        The frame in the middle tells: its depth is held against what boxes and cameras span.
        """
        with_depth = [frame for frame in frames if frame.depth is not None]
        if not with_depth or not objects.kept:
            return
        middle = with_depth[len(with_depth) // 2]
        assert middle.depth is not None
        depth = middle.depth.read_m()
        places = [frame.world_from_camera.translation for frame in frames]
        span = float(np.ptp(np.vstack([*places, *(item.box.corners for item in objects.kept)]), axis=0).max())
        median = float(np.median(depth[depth > 0])) if (depth > 0).any() else span
        factor = 10.0 ** abs(round(math.log10(median / span))) if span else 1.0
        if factor > MAX_DEPTH_FACTOR:
            found = f"a median of {median:.3g} in frame {middle.id} where cameras and boxes span {span:.3g}"
            hint = f"the unit of depth, or that of poses and boxes, is off by about {factor:g}"
            raise SceneError(self._path, f"depth: found {found}, expected lengths that agree: {hint}")

    def _check_times(self, images: Sequence[PosedImage]) -> None:
        known = sum(image.time_s is not None for image in images)
        if known not in (0, len(images)):
            raise SceneError(self._path, f"time_s: found in {known} of {len(images)} frames, expected in all or none")

    def _frame(self, image: PosedImage, name: str, index: int) -> Frame:
        where = f"frames[{index}]"
        try:
            pose = Pose.from_matrix(image.matrix)
        except ValueError as error:
            raise SceneError(self._path, f"{where}.pose: {error}") from error
        camera = image.camera or self._camera(self._file.camera)
        if camera is None:
            raise SceneError(self._path, f"{where}: found no camera of the frame or of the scene, expected one of them")
        color = FileSource(image.image)
        depth, own_camera = self._depth(image, camera, where)
        _check_size(color, camera)
        frame = Frame(
            id=name,
            color=color,
            depth=depth,
            camera=camera,
            depth_camera=own_camera,
            world_from_camera=Pose(self._rotation @ pose.rotation, self._scale * (self._rotation @ pose.translation)),
            time_s=float(index) if image.time_s is None else image.time_s,
        )
        return undistorted_frame(frame, image.lens, self._path)

    def _list_images(self) -> list[tuple[PosedImage, IdFile | None]]:
        """Every frame as its file has it, and its image of object ids."""
        if isinstance(self._file.frames, FramesFile):
            return [(image, None) for image in self._read_frames_file(self._file.frames)]
        for field in ("pose", "camera_axes"):
            if getattr(self._file, field) is None:
                expected = "it because the frames' matrices are in this file"
                raise SceneError(self._path, f"{field}: found nothing, expected {expected}")
        images: list[tuple[PosedImage, IdFile | None]] = []
        for index, frame in enumerate(self._file.frames):
            where, ids = f"frames[{index}]", None
            if frame.instances is not None:
                path = inside(self._folder, frame.instances, self._path, f"{where}.instances")
                ids = IdFile(path, kind="8- or 16-bit gray")
            images.append((self._posed_image(frame, where), ids))
        return images

    def _posed_image(self, frame: PosedFrame, where: str) -> PosedImage:
        matrix = np.full((4, 4), np.nan) if frame.pose is None else np.eye(4)
        if frame.pose is not None:
            matrix[: len(frame.pose)] = frame.pose
        if self._file.pose == "camera_from_world" and not is_lost(matrix):
            try:
                matrix = Pose.from_matrix(matrix).inverse().matrix
            except ValueError as error:
                raise SceneError(self._path, f"{where}.pose: {error}") from error
        if self._file.camera_axes == "opengl":
            matrix[:3, :3] = opencv_axes(matrix[:3, :3])
        depth = frame.depth
        return PosedImage(
            name=str(posix(frame.image).parent / posix(frame.image).stem) if frame.id is None else frame.id,
            image=inside(self._folder, frame.image, self._path, f"{where}.image"),
            depth=None if depth is None else inside(self._folder, depth, self._path, f"{where}.depth"),
            matrix=matrix,
            camera=self._camera(frame.camera),
            time_s=frame.time_s,
        )

    def _read_frames_file(self, source: FramesFile) -> list[PosedImage]:
        for field in ("pose", "camera_axes"):
            if getattr(self._file, field) is not None:
                found = repr(getattr(self._file, field))
                raise SceneError(self._path, f"{field}: found {found}, expected none: {source.format} fixes it")
        path = inside(self._folder, source.path, self._path, "frames.path")
        expected = "the transforms.json" if source.format == "nerfstudio" else "a folder; unpack archives such as .r3d"
        if path.is_dir() == (source.format == "nerfstudio") and path.exists():
            found = "a folder" if path.is_dir() else "a file"
            raise SceneError(self._path, f"frames.path: found {found}, {source.path!r}, expected {expected}")
        if source.format == "nerfstudio":
            return read_nerfstudio(path.parent, path)
        readers = {"polycam": read_polycam, "record3d": read_record3d, "tum": read_tum, "7scenes": read_7scenes}
        return readers[source.format](path)

    def _depth(self, image: PosedImage, color: Camera, where: str) -> tuple[DepthSource | None, Camera | None]:
        files = self._file.depth
        if image.depth is None:
            return None, None
        if files is None:
            raise SceneError(
                self._path, f"{where}.depth: found an image, expected a 'depth' of the scene with its unit"
            )
        stored = MetricDepth(image.depth, self._depth_unit(files), files.invalid)
        camera = depth_camera(image.depth, self._camera(files.camera), color)
        return (RayDepth(stored, camera) if files.kind == "ray" else stored), camera

    def _depth_unit(self, files: DepthFiles) -> float:
        """Length of a stored 1 in units of the scene. Raises SceneError."""
        meters, world = files.meters_per_unit, files.world_units_per_unit
        if (meters is None) == (world is None):
            found = "neither" if meters is None else "both"
            raise SceneError(self._path, f"depth: found {found} meters_per_unit and world_units_per_unit, expected one")
        if meters is not None and self.unit_m is None:
            expected = "world_units_per_unit, the length of a stored 1 in the unit of the poses: units is null"
            raise SceneError(self._path, f"depth.meters_per_unit: found {meters:g}, expected {expected}")
        return meters if meters is not None else self._scale * (world or 1.0)

    def _camera(self, pinhole: Intrinsics | None) -> Camera | None:
        if pinhole is None:
            return None
        cx, cy = pinhole.cx - self._file.pixel_center, pinhole.cy - self._file.pixel_center
        return Camera(pinhole.fx, pinhole.fy, cx, cy, pinhole.width, pinhole.height)


@dataclass(frozen=True, slots=True)
class _IdMask:
    """Where an image of ids shows one object."""

    ids: IdFile
    object_id: int

    def read_mask(self) -> NDArray[np.bool_]:
        """(height, width). Raises SceneError."""
        return self.ids.read_ids() == self.object_id


def _read_description(path: Path) -> SceneFile:
    """The file, whose cameras may tell a lens that bends nothing. Raises SceneError where one bends."""
    content = read_unique_json(path, dict[str, Any])
    for key in OTHER_KEYS.keys() & content.keys():
        raise SceneError(path, f"{key}: found {content[key]!r}, expected {OTHER_KEYS[key]}")
    frames = content["frames"] if isinstance(content.get("frames"), list) else []
    owners = [("", content), ("depth.", content.get("depth"))]
    for where, owner in [*owners, *((f"frames[{index}].", frame) for index, frame in enumerate(frames))]:
        camera = owner.get("camera") if isinstance(owner, dict) else None
        if isinstance(camera, dict):
            check_pinhole(camera, path, f"{where}camera")
            owner["camera"] = {key: value for key, value in camera.items() if not is_lens(key)}
    return convert_json(content, SceneFile, path)


def frame_names(names: Sequence[str]) -> list[str]:
    """Ids of frames by their names: dots and the like become "_", and folders stay where names alone repeat."""
    for parts in (-1, 0):
        ids = [safe_name("_".join(PurePosixPath(name).parts[parts:])) for name in names]
        if len(set(ids)) == len(ids):
            break
    return ids


def _files(image: PosedImage) -> list[Path]:
    return [image.image] if image.depth is None else [image.image, image.depth]


def _why_left_out(image: PosedImage) -> str | None:
    if is_lost(image.matrix):
        return INVALID_POSE
    missing = [path for path in _files(image) if not path.is_file()]
    return None if not missing else NO_IMAGE if image.image in missing else NO_DEPTH


def _axes_of_yaw(yaw_deg: float, up: str) -> NDArray[np.float64]:
    """(3, 3) rows: the world's axes rotated about the vertical, counter-clockwise seen from above."""
    from scipy.spatial.transform import Rotation

    vertical = np.zeros(3)
    vertical["xyz".index(up[1])] = 1.0 if up[0] == "+" else -1.0
    return Rotation.from_rotvec(np.radians(yaw_deg) * vertical).as_matrix().T


def _check_size(color: FileSource, camera: Camera) -> None:
    """Raise SceneError unless an image has the size of its camera."""
    width, height = image_size(color, color.path)
    if (width, height) != (camera.width, camera.height):
        found, expected = f"{width} x {height} pixels", f"{camera.width} x {camera.height} as its camera says"
        is_turned = (height, width) == (camera.width, camera.height)
        hint = "; turn the pixels themselves where a note (EXIF orientation) does" if is_turned else ""
        raise SceneError(color.path, f"image: found {found}, expected {expected}{hint}")
