"""ScanNet v2: 1613 RGB-D scans of 707 indoor spaces, made with a structured-light sensor on a tablet.

Volunteers walked through rooms; BundleFusion gave the camera poses and a mesh, and crowd workers painted objects on
the mesh (Dai et al., CVPR 2017, http://www.scan-net.org). 1201 scans are for training, 312 for validation; the 100
test scans have no annotation and are refused here. The files come from the dataset's own download script::

    <root>/
    ├── scannetv2-labels.combined.tsv                     label map; optional, also in the folder above
    ├── scannetv2_train.txt, scannetv2_val.txt, …         splits; optional, also in Tasks/Benchmark/ or the folder above
    └── scans/                                            <root> may be this folder too, or a single scene's
        └── scene0000_00/                                 scene<space>_<scan>
            ├── scene0000_00.txt                          axisAlignment
            ├── scene0000_00.aggregation.json             objects: label and segments
            ├── scene0000_00_vh_clean_2.0.010000.segs.json  segment of each mesh vertex
            ├── scene0000_00_vh_clean_2.ply               mesh
            └── scene0000_00.sens                         colour, depth, poses, intrinsics

Without the .sens file, what its exporters made of it is read instead, in the scene's folder or in a direct sub-folder
of it, under any name: ``color/ depth/ pose/ intrinsic/`` or ``_info.txt`` with ``frame-*``.

What is undone here
* Poses are camera-to-world in a world whose z is up but whose walls stand at any angle. Poses and mesh are both turned
  by ``axisAlignment``, so that they cannot disagree. Frames that lost tracking have -inf poses; they are dropped.
* Both cameras are those of the recording: the fx_color … of ``<scene>.txt`` are defaults of the device. Images that
  were exported at another size than their intrinsics are noticed by the first image's header (_recording.fit_camera).
  That file's image sizes, which are true, say what the intrinsics were made for; without them, 1296x968 and 640x480.
* Depth shares the colour camera's pose: all extrinsics are the identity, and a recording where they are not is refused.
"""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.pose import Pose
from qagen.core.scene import MIN_BOX_SIDE_M, Mesh, Object3D, Scene, validate_scene
from qagen.errors import SceneError, did_you_mean
from qagen.loaders._base import Loader
from qagen.loaders.io.labels import LABEL_MAP, LabelEntry, name_object, read_label_map
from qagen.loaders.io.ply import majority_owner
from qagen.loaders.io.rgbd import Recording, posed_frames
from qagen.loaders.io.sens import read_sens
from qagen.loaders.io.sens_export import find_export
from qagen.loaders.io.text import list_folder, parse_matrix, parse_number, read_entries
from qagen.loaders.scannet.annotation import AGGREGATION_SUFFIX, ScanNetAnnotation, read_annotation

ALL = "all"
"""The split that is every scene on disk."""
NEVER_ASKED = "object: never asked"
NO_VERTICES = "object: no vertices"
TOO_SMALL = "object: too small"
_SCENE_NAME = re.compile(r"[A-Za-z0-9_-]+")
_SPACE = re.compile(r"(scene\d{4})(_|$)")
_SCENE_FILES = (AGGREGATION_SUFFIX, ".sens", ".txt")
_NATIVE_SIZES = {"color": (1296, 968), "depth": (640, 480)}
_HINT_FOLDERS = 50


class ScanNetLoader(Loader):
    """Reads ScanNet v2 as it is downloaded, or with its .sens files exported to images."""

    name: ClassVar[str] = "scannet"

    def scene_ids(self, split: str) -> list[str]:
        """Sorted names of the scenes on disk that are in the official split file, or of all of them.

        ``scannetv2_<split>.txt`` is looked for in the root, in its Tasks/Benchmark, and in the same two places one
        folder up. All scenes are taken when there is no split file at all, when the split is "all", and when the
        root is a single scene.

        Raises:
            SceneError: the root is missing or has no scene, there are split files but not this one, or none of the
                split's scenes is on disk.
        """
        found = self._folders()
        files = self._split_files()
        if split == ALL or not files or _is_scene(self.root):
            return sorted(found)
        if split not in files:
            raise SceneError(self.root, f"split: no scannetv2_{split}.txt.{did_you_mean(split, [*files, ALL])}")
        wanted = set(_read_lines(files[split]))
        if not wanted & set(found):
            raise SceneError(files[split], f"scenes: found none of its {len(wanted)} in {self.root}, expected some")
        return sorted(wanted & set(found))

    def room_of(self, scene_id: str) -> str:
        """``scene0000`` of scene0000_00, scene0000_01, …: the scans of one space; other names are their own room."""
        space = _SPACE.match(scene_id)
        return space[1] if space else scene_id

    def load(self, scene_id: str) -> Scene:
        """Read one scene; images stay undecoded.

        Raises:
            SceneError: the scene has no annotation or no alignment, or something of it is missing, damaged or
                contradicts itself.
        """
        folder = self._folder(scene_id)
        if not (folder / f"{scene_id}{AGGREGATION_SUFFIX}").is_file():
            raise SceneError(folder, f"no annotation: {scene_id}{AGGREGATION_SUFFIX} is missing (test scans have none)")
        description = folder / f"{scene_id}.txt"
        entries = read_entries(description)
        world_from_recording = _alignment(entries, description)
        annotation = _aligned(read_annotation(folder, scene_id), world_from_recording)
        objects, object_of_group, dropped, unplaced = _objects(annotation, self._label_map())
        recording = _recording(folder, scene_id, _native_sizes(entries, description))
        frames, left_out = posed_frames(recording, world_from_recording)
        return validate_scene(
            Scene(
                dataset=self.name,
                id=scene_id,
                source=folder,
                frames=frames,
                objects=objects,
                mesh=_mesh(annotation, object_of_group),
                world_from_source=world_from_recording,
                unplaced=unplaced,
                dropped={**left_out, **dropped},
            )
        )

    def _homes(self) -> list[Path]:
        return [home for home in (self.root / "scans", self.root / "scans_test", self.root) if home.is_dir()]

    def _folders(self) -> dict[str, Path]:
        """All scene folders by name. Raises SceneError where there is none."""
        if not self.root.is_dir():
            raise SceneError(self.root, f"dataset root: no such folder.{_hint(self.root)}")
        if _is_scene(self.root):
            return {_absolute(self.root).name: self.root}
        found = {path.name: path for home in reversed(self._homes()) for path in list_folder(home) if _is_scene(path)}
        if not found:
            looked_for = "scans/, scans_test/ or folders <scene> that hold <scene>.aggregation.json, .txt or .sens"
            raise SceneError(self.root, f"dataset root: found no scene, expected {looked_for}.{_hint(self.root)}")
        return found

    def _folder(self, scene_id: str) -> Path:
        """One scene's folder without listing the rest; the name is checked before it meets a path."""
        if _SCENE_NAME.fullmatch(scene_id):
            if _is_scene(self.root) and _absolute(self.root).name == scene_id:
                return self.root
            for home in self._homes():
                if _is_scene(home / scene_id):
                    return home / scene_id
        raise SceneError(self.root, f"scene: no {scene_id!r} here.{did_you_mean(scene_id, self._folders())}")

    def _shared_places(self) -> list[Path]:
        """Where files that serve all scenes may lie, nearest first."""
        top = _absolute(self.root)
        top = top.parent if _is_scene(top) else top
        return [place for base in (top, top.parent) for place in (base, base / "Tasks" / "Benchmark")]

    def _split_files(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for place in self._shared_places():
            for path in sorted(place.glob("scannetv2_*.txt")):
                found.setdefault(path.stem.removeprefix("scannetv2_"), path)
        return found

    def shared_files(self) -> list[Path]:
        """The label map, if there is one."""
        return [place / LABEL_MAP for place in self._shared_places() if (place / LABEL_MAP).is_file()][:1]

    def _label_map(self) -> dict[str, LabelEntry]:
        return next((read_label_map(path) for path in self.shared_files()), {})


def _absolute(folder: Path) -> Path:
    """With a name and a parent even for "."; a link keeps its own name, which is the scene's."""
    return folder.resolve() if ".." in folder.parts else folder.absolute()


def _is_scene(folder: Path) -> bool:
    name = _absolute(folder).name
    return bool(_SCENE_NAME.fullmatch(name)) and any((folder / f"{name}{suffix}").is_file() for suffix in _SCENE_FILES)


def _hint(root: Path) -> str:
    """Name a folder near a wrong root that would do, if there is one."""
    parent = _absolute(root).parent
    children = [path for path in list_folder(root) if path.is_dir()][:_HINT_FOLDERS] if root.is_dir() else []
    for near in (parent, *children):
        if _is_scene(near) or (near / "scans").is_dir():
            return f" Did you mean '{near}'?"
    if not root.exists() and parent.is_dir():
        return did_you_mean(root.name, [path.name for path in list_folder(parent) if path.is_dir()])
    return ""


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except (OSError, UnicodeDecodeError) as error:
        raise SceneError(path, f"split file: cannot be read ({error})") from error


def _alignment(entries: dict[str, str], path: Path) -> Pose:
    """The turn about z and the shift that bring a recording's world to the room's axes."""
    if "axisAlignment" not in entries:
        raise SceneError(path, "axisAlignment: found no such line, expected one (test scans have none)")
    matrix = parse_matrix(entries["axisAlignment"], path, "axisAlignment")
    try:
        pose = Pose.from_matrix(matrix)
    except ValueError as error:
        raise SceneError(path, f"axisAlignment: {error}") from error
    if pose.rotation[2, 2] < 0.999:
        raise SceneError(path, "axisAlignment: found a tilt, expected a turn about the vertical")
    return pose


def _native_sizes(entries: dict[str, str], path: Path) -> dict[str, tuple[int, int]]:
    sizes = dict(_NATIVE_SIZES)
    for kind in sizes:
        sides = [f"{kind}Width", f"{kind}Height"]
        if entries.keys() >= set(sides):
            width, height = (int(parse_number(entries, side, path)) for side in sides)
            sizes[kind] = (width, height)
    return sizes


def _recording(folder: Path, scene_id: str, native: dict[str, tuple[int, int]]) -> Recording:
    sens = folder / f"{scene_id}.sens"
    recording = read_sens(sens) if sens.is_file() else find_export(folder, native)
    if recording is None:
        expected = f"{sens.name}, or color/ and pose/, or _info.txt with frame-*, here or in a direct sub-folder"
        raise SceneError(folder, f"frames: found none, expected {expected}")
    return recording


def _aligned(annotation: ScanNetAnnotation, world_from_recording: Pose) -> ScanNetAnnotation:
    return replace(annotation, vertices=world_from_recording @ annotation.vertices)


def _objects(
    annotation: ScanNetAnnotation, label_map: dict[str, LabelEntry]
) -> tuple[tuple[Object3D, ...], NDArray[np.int32], dict[str, int], frozenset[str]]:
    """Objects that may be asked about, the index of each group among them (-1: none), and what was left out.

    What was left out is told as counts by reason, and as the names of things that have no surface to speak of.
    """
    objects: list[Object3D] = []
    object_of_group = np.full(len(annotation.groups), -1, dtype=np.int32)
    dropped: Counter[str] = Counter()
    unplaced: set[str] = set()
    for index, group in enumerate(annotation.groups):
        points = annotation.vertices[annotation.vertex_group == index]
        label = name_object(group.label, label_map)
        if label is None:
            dropped[NEVER_ASKED] += 1
        elif len(points) == 0 or np.ptp(points, axis=0).max() <= MIN_BOX_SIDE_M:
            dropped[TOO_SMALL if len(points) else NO_VERTICES] += 1
            unplaced.add(label)
        else:
            object_of_group[index] = len(objects)
            objects.append(Object3D(group.objectId, label, Box3D.around(points), points.astype(np.float32)))
    return tuple(objects), object_of_group, dict(dropped), frozenset(unplaced)


def _mesh(annotation: ScanNetAnnotation, object_of_group: NDArray[np.int32]) -> Mesh:
    group = majority_owner(annotation.faces, annotation.vertex_group)
    face_object = np.append(object_of_group, np.int32(-1))[group]  # group -1 takes the entry behind the last
    return Mesh(annotation.vertices.astype(np.float32), annotation.faces, face_object)
