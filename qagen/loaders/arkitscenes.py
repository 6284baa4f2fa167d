"""ARKitScenes: 5047 rooms filmed with an iPad Pro, with oriented boxes of furniture.

The download for 3D object detection (Baruch et al., NeurIPS 2021, https://github.com/apple/ARKitScenes)::

    <root>/                                     or 3dod/ in it, or Training/ and Validation/ alone
    └── 3dod/{Training,Validation}/
        └── 40753679/
            ├── 40753679_3dod_annotation.json   boxes
            ├── 40753679_3dod_mesh.ply          surface without labels; optional
            └── 40753679_frames/
                ├── lowres_wide.traj            per line: time, axis-angle, translation; WORLD TO CAMERA
                ├── lowres_wide/40753679_6790.377.png
                ├── lowres_depth/40753679_6790.377.png
                └── lowres_wide_intrinsics/40753679_6790.377.pincam      width height fx fy cx cy

What is undone here
* Poses are inverted. An image without a pose within 5 ms is left out; nothing is interpolated.
* Images come as the sensor has them; when the world's vertical points to a side of most of them, all are rotated by
  quarter turns, with depth, cameras and poses.
* Depth is in millimeters and of the same size as the images. World meters, z up.
* Boxes have their axes in rows and full extents (``obbAligned``). The mesh has no objects: its faces belong to the box
  that they lie in.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.reasons import INVALID_POSE, NO_CAMERA, NO_POSE
from qagen.core.scene import FileSource, Frame, Mesh, Scene
from qagen.errors import SceneError, did_you_mean
from qagen.loaders._base import ALL, FolderLoader, ObjectList, absolute
from qagen.loaders.io.boxes import Obb
from qagen.loaders.io.ply import read_mesh
from qagen.loaders.io.rgbd import DepthImage
from qagen.loaders.io.rotated import quarter_turns_to_upright, rotated_frame
from qagen.loaders.io.text import list_folder, parse_float, read_json, read_text, whole
from qagen.visibility.fusion import face_owners

FOLDS = {"train": "Training", "val": "Validation"}
UNITS_PER_M = 1000.0
MAX_POSE_GAP_S = 0.005
FACE_MARGIN_M = 0.02
MAX_TRAJECTORY_BYTES = 1 << 26


class _ARKitSegments(msgspec.Struct):
    obbAligned: Obb  # noqa: N815


class _ARKitObject(msgspec.Struct):
    label: str
    segments: _ARKitSegments


class _ARKitAnnotation(msgspec.Struct):
    data: list[_ARKitObject]


class ARKitScenesLoader(FolderLoader):
    """Reads the download for 3D object detection; "train" is Training, "val" is Validation."""

    name = "arkitscenes"
    scene_name = re.compile(r"\d+")
    homes = ("3dod/Training", "Training", "3dod/Validation", "Validation")
    expected = "Training or Validation/<number>/<number>_3dod_annotation.json"

    def in_split(self, split: str, found: Mapping[str, Path]) -> Collection[str]:
        """Those of the scans ``found`` that lie in the split's folder. Raises SceneError."""
        if split not in (*FOLDS, ALL):
            raise SceneError(self.root, f"split: no {split!r}.{did_you_mean(split, [*FOLDS, ALL])}")
        folds = FOLDS.values() if split == ALL else [FOLDS[split]]
        names = [name for name, folder in found.items() if absolute(folder).parent.name in folds]
        if not names:
            expected = f"{' or '.join(folds)}/<number>"
            raise SceneError(self.root, f"split: none of the {len(found)} scans is of {split!r}, expected {expected}")
        return names

    def is_scene(self, folder: Path) -> bool:
        name = absolute(folder).name
        is_bare = self.objects_elsewhere and (folder / f"{name}_frames").is_dir()
        return is_bare or (folder / f"{name}_3dod_annotation.json").is_file()

    def read(self, scene_id: str, folder: Path) -> Scene:
        dropped: Counter[str] = Counter()
        annotation = folder / f"{scene_id}_3dod_annotation.json"
        objects = _read_objects(annotation, dropped) if annotation.is_file() else ObjectList(dropped)
        frames = _read_frames(folder / f"{scene_id}_frames", scene_id, dropped)
        kept = tuple(objects.kept)
        scene = Scene(self.name, scene_id, folder, frames, kept, None, has_closed_classes=True, dropped=dict(dropped))
        surface = folder / f"{scene_id}_3dod_mesh.ply"
        if not surface.is_file():
            return scene
        vertices, faces = read_mesh(surface)
        owners = face_owners(vertices[faces].mean(axis=1).astype(np.float32), scene, FACE_MARGIN_M)
        return replace(scene, mesh=Mesh(vertices.astype(np.float32), faces, owners, is_by_box=True))


def _read_objects(path: Path, dropped: Counter[str]) -> ObjectList:
    """The objects that may be asked about. Raises SceneError."""
    objects = ObjectList(dropped)
    for index, item in enumerate(read_json(path, _ARKitAnnotation).data):
        label = objects.name(item.label)
        if label is None:
            continue
        try:
            objects.add(index, label, item.segments.obbAligned.upright())
        except ValueError as error:
            raise SceneError(path, f"data[{index}].segments.obbAligned: {error}") from error
    return objects


def _read_frames(folder: Path, scene_id: str, dropped: Counter[str]) -> tuple[Frame, ...]:
    """All frames with a pose, rotated upright."""
    trajectory = _read_trajectory(folder / "lowres_wide.traj")
    names = re.compile(rf"{re.escape(scene_id)}_(\d+(?:\.\d+)?)\.png")
    frames: list[Frame] = []
    for path in list_folder(folder / "lowres_wide"):
        match = names.fullmatch(path.name)
        if match is None:
            continue
        time_s = float(match[1])
        after = bisect_left(trajectory, time_s, key=lambda entry: entry[0])
        near_s, pose = min(trajectory[max(after - 1, 0) : after + 1], key=lambda entry: abs(entry[0] - time_s))
        camera = _find_camera(folder / "lowres_wide_intrinsics", path.stem, match[1])
        if abs(near_s - time_s) > MAX_POSE_GAP_S:
            dropped[NO_POSE] += 1
        elif pose is None:
            dropped[INVALID_POSE] += 1
        elif camera is None:
            dropped[NO_CAMERA] += 1
        else:
            frames.append(_read_frame(folder, path, match[1], pose, _read_camera(camera)))
    if not frames:
        raise SceneError(folder / "lowres_wide", f"frames: found none with a pose, expected {scene_id}_<time>.png")
    frames.sort(key=lambda frame: frame.time_s)
    turns = quarter_turns_to_upright([frame.world_from_camera for frame in frames])
    return tuple(rotated_frame(frame, turns) for frame in frames)


def _read_frame(folder: Path, image: Path, time: str, world_from_camera: Pose, camera: Camera) -> Frame:
    depth = folder / "lowres_depth" / image.name
    has_depth = depth.is_file()
    return Frame(
        id=time.replace(".", "_"),
        color=FileSource(image),
        depth=DepthImage(depth, camera.width, camera.height, UNITS_PER_M) if has_depth else None,
        camera=camera,
        depth_camera=camera if has_depth else None,
        world_from_camera=world_from_camera,
        time_s=float(time),
    )


def _find_camera(folder: Path, stem: str, time: str) -> Path | None:
    """The file of an image's camera; the time in its name may differ from the image's by a millisecond."""
    times = [f"{float(time) + shift_ms / 1000:.3f}" for shift_ms in (0, -1, 1)]
    paths = [folder / f"{stem.removesuffix(time)}{near}.pincam" for near in times]
    return next((path for path in paths if path.is_file()), None)


def _read_camera(path: Path) -> Camera:
    words = read_text(path).split()
    try:
        values = [float(word) for word in words]
    except ValueError:
        values = []
    if len(values) != 6 or not np.isfinite(values).all():
        raise SceneError(path, f"camera: found {' '.join(words)[:80]!r}, expected width height fx fy cx cy")
    width, height, fx, fy, cx, cy = values
    return Camera(fx, fy, cx, cy, whole(width, path, "width"), whole(height, path, "height"))


def _read_trajectory(path: Path) -> list[tuple[float, Pose | None]]:
    """(time, world from camera) in time order; None where tracking was lost. Raises SceneError."""
    from scipy.spatial.transform import Rotation

    poses: list[tuple[float, Pose | None]] = []
    for number, line in enumerate(read_text(path, MAX_TRAJECTORY_BYTES).splitlines(), 1):
        if not line.strip():
            continue
        try:
            time_s, *values = map(parse_float, line.split())
        except ValueError:
            time_s, values = np.nan, []
        if len(values) != 6 or not np.isfinite(time_s):
            expected = "a time, three numbers of the rotation and three of the translation"
            raise SceneError(path, f"line {number}: found {line[:80]!r}, expected {expected}")
        if np.isfinite(values).all():
            camera_from_world = Pose(Rotation.from_rotvec(values[:3]).as_matrix(), np.array(values[3:]))
            poses.append((time_s, camera_from_world.inverse()))
        else:
            poses.append((time_s, None))
    if not poses:
        raise SceneError(path, "found no poses, expected some")
    return sorted(poses, key=lambda entry: entry[0])
