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
* Poses are inverted. A picture without a pose within 5 ms is left out; nothing is interpolated.
* Pictures come as the sensor has them; when the world's vertical points to a side of most of them, all are turned by
  quarter turns, with depth, cameras and poses.
* Depth is in millimetres and of the same size as the pictures. World metres, z up.
* Boxes have their axes in rows and full extents (``obbAligned``). The mesh has no objects: its faces belong to the box
  that they lie in.
"""

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import msgspec
import numpy as np

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.scene import FileSource, Frame, Mesh, Object3D, Scene, validate_scene
from qagen.errors import SceneError, did_you_mean
from qagen.loaders._base import Loader
from qagen.loaders.io.boxes import Obb
from qagen.loaders.io.labels import name_object
from qagen.loaders.io.ply import read_mesh
from qagen.loaders.io.rgbd import DepthImage
from qagen.loaders.io.rotated import quarter_turns_to_upright, rotated_frame
from qagen.loaders.io.text import list_folder, read_json, read_text
from qagen.visibility.fusion import face_owners

FOLDS = {"train": "Training", "val": "Validation"}
UNITS_PER_M = 1000.0
MAX_POSE_GAP_S = 0.005
FACE_MARGIN_M = 0.02
MAX_TRAJECTORY_BYTES = 1 << 26
NO_POSE = "frame: no pose"
NEVER_ASKED = "object: never asked about"
_SCENE_NAME = re.compile(r"\d+")


class _ARKitSegments(msgspec.Struct):
    obbAligned: Obb  # noqa: N815


class _ARKitObject(msgspec.Struct):
    label: str
    segments: _ARKitSegments


class _ARKitAnnotation(msgspec.Struct):
    data: list[_ARKitObject]


class ARKitScenesLoader(Loader):
    """Reads the download for 3D object detection."""

    name: ClassVar[str] = "arkitscenes"

    def scene_ids(self, split: str) -> list[str]:
        """Sorted names of a fold's scans: "train" is Training, "val" is Validation, "all" is both.

        Raises:
            SceneError: the root is missing, the split is unknown, or it has no scan.
        """
        if split not in (*FOLDS, "all"):
            raise SceneError(self.root, f"split: no {split!r}.{did_you_mean(split, [*FOLDS, 'all'])}")
        folds = list(FOLDS.values()) if split == "all" else [FOLDS[split]]
        found = [path.name for fold in folds for path in self._scans(fold)]
        if not found:
            expected = f"{' or '.join(folds)}/<number>/<number>_3dod_annotation.json"
            raise SceneError(self.root, f"dataset root: found no scan of {split!r}, expected {expected}")
        return sorted(found)

    def load(self, scene_id: str) -> Scene:
        """Read one scan; images stay undecoded.

        Raises:
            SceneError: something of the scan is missing, damaged or contradicts itself.
        """
        folder = self._folder(scene_id)
        objects, dropped = _objects(folder / f"{scene_id}_3dod_annotation.json")
        frames, left_out = _frames(folder / f"{scene_id}_frames", scene_id)
        scene = Scene(
            dataset=self.name,
            id=scene_id,
            source=folder,
            frames=frames,
            objects=objects,
            mesh=None,
            dropped={**left_out, **dropped},
        )
        surface = folder / f"{scene_id}_3dod_mesh.ply"
        return validate_scene(replace(scene, mesh=_mesh(surface, scene)) if surface.is_file() else scene)

    def _scans(self, fold: str) -> list[Path]:
        homes = [home for home in (self.root / "3dod" / fold, self.root / fold) if home.is_dir()]
        return [path for home in homes for path in list_folder(home) if _is_scene(path)]

    def _folder(self, scene_id: str) -> Path:
        if _SCENE_NAME.fullmatch(scene_id):
            for fold in FOLDS.values():
                for home in (self.root / "3dod" / fold, self.root / fold):
                    if _is_scene(home / scene_id):
                        return home / scene_id
        raise SceneError(self.root, f"scene: no {scene_id!r} here.{did_you_mean(scene_id, self.scene_ids('all'))}")


def _is_scene(folder: Path) -> bool:
    return (folder / f"{folder.name}_3dod_annotation.json").is_file()


def _objects(path: Path) -> tuple[tuple[Object3D, ...], dict[str, int]]:
    """Objects that may be asked about, and what was left out. Raises SceneError."""
    objects: list[Object3D] = []
    never = 0
    for index, thing in enumerate(read_json(path, _ARKitAnnotation).data):
        label = name_object(thing.label, {})
        if label is None:
            never += 1
            continue
        try:
            box = thing.segments.obbAligned.upright()
        except ValueError as error:
            raise SceneError(path, f"data[{index}].segments.obbAligned: {error}") from error
        objects.append(Object3D(index, label, box, None))
    return tuple(objects), {NEVER_ASKED: never} if never else {}


def _mesh(path: Path, scene: Scene) -> Mesh:
    vertices, faces = read_mesh(path)
    middles = vertices[faces].mean(axis=1).astype(np.float32)
    return Mesh(vertices.astype(np.float32), faces, face_owners(middles, scene, FACE_MARGIN_M), is_by_box=True)


def _frames(folder: Path, scene_id: str) -> tuple[tuple[Frame, ...], dict[str, int]]:
    """All frames with a pose, turned upright, and what was left out."""
    trajectory = _read_trajectory(folder / "lowres_wide.traj")
    times = [time_s for time_s, _ in trajectory]
    names = re.compile(rf"{re.escape(scene_id)}_(\d+\.\d+)\.png")
    frames: list[Frame] = []
    dropped: Counter[str] = Counter()
    for path in list_folder(folder / "lowres_wide"):
        match = names.fullmatch(path.name)
        if match is None:
            continue
        pose = _nearest(trajectory, times, float(match[1]))
        if pose is None:
            dropped[NO_POSE] += 1
        else:
            frames.append(_frame(folder, path, match[1], pose))
    if not frames:
        raise SceneError(folder / "lowres_wide", f"frames: found none with a pose, expected {scene_id}_<time>.png")
    frames.sort(key=lambda frame: frame.time_s)
    turns = quarter_turns_to_upright([frame.world_from_camera for frame in frames])
    return tuple(rotated_frame(frame, turns) for frame in frames), dict(dropped)


def _frame(folder: Path, image: Path, time: str, world_from_camera: Pose) -> Frame:
    camera = _read_camera(_intrinsics_file(folder / "lowres_wide_intrinsics", image.stem, time))
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


def _intrinsics_file(folder: Path, stem: str, time: str) -> Path:
    """The camera's file; its time may differ from the picture's by a millisecond."""
    head = stem.removesuffix(time)
    for shift_ms in (0, -1, 1):
        path = folder / f"{head}{float(time) + shift_ms / 1000:.3f}.pincam"
        if path.is_file():
            return path
    raise SceneError(folder / f"{stem}.pincam", "cannot be read (no such file within 1 ms)")


def _read_camera(path: Path) -> Camera:
    words = read_text(path).split()
    try:
        values = [float(word) for word in words]
    except ValueError:
        values = []
    if len(values) != 6 or not np.isfinite(values).all():
        raise SceneError(path, f"camera: found {' '.join(words)[:80]!r}, expected width height fx fy cx cy")
    width, height, fx, fy, cx, cy = values
    return Camera(fx, fy, cx, cy, int(width), int(height))


def _read_trajectory(path: Path) -> list[tuple[float, Pose]]:
    """(time, world from camera) in time order. Raises SceneError."""
    poses = []
    for number, line in enumerate(read_text(path, MAX_TRAJECTORY_BYTES).splitlines(), 1):
        try:
            time_s, *values = map(float, line.split())
            finite = len(values) == 6 and np.isfinite([time_s, *values]).all()
        except ValueError:
            finite, time_s, values = False, 0.0, []
        if not finite:
            expected = "a time, three numbers of the rotation and three of the translation"
            raise SceneError(path, f"line {number}: found {line[:80]!r}, expected {expected}")
        poses.append((time_s, _inverted(values)))
    if not poses:
        raise SceneError(path, "found no poses, expected some")
    return sorted(poses, key=lambda entry: entry[0])


def _inverted(values: list[float]) -> Pose:
    from scipy.spatial.transform import Rotation

    return Pose(Rotation.from_rotvec(values[:3]).as_matrix(), np.array(values[3:])).inverse()


def _nearest(trajectory: list[tuple[float, Pose]], times: list[float], time_s: float) -> Pose | None:
    after = bisect_left(times, time_s)
    near = range(max(after - 1, 0), min(after + 1, len(times)))
    best = min(near, key=lambda index: abs(times[index] - time_s))
    return trajectory[best][1] if abs(times[best] - time_s) <= MAX_POSE_GAP_S else None
