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
            └── scene0000_00.sens                         color, depth, poses, intrinsics

Without the .sens file, what its exporters made of it is read instead, in the scene's folder or in a direct sub-folder
of it, under any name: ``color/ depth/ pose/ intrinsic/`` or ``_info.txt`` with ``frame-*``. The images may also lie in
``<root>/posed_images/<scene>/``, as mmdetection3d and EmbodiedScan export them. Where another annotation gives the
objects, images, poses and intrinsics are enough: mesh, annotation and ``<scene>.txt`` may be missing.

What is undone here
* Poses are camera-to-world in a world whose z is up but whose walls stand at any angle. Poses and mesh are both rotated
  by ``axisAlignment``, so that they cannot disagree. Frames that lost tracking have -inf poses; they are dropped.
* Both cameras are those of the recording: the fx_color … of ``<scene>.txt`` are defaults of the device. Images that
  were exported at another size than their intrinsics are noticed by the first image's header (io.rgbd.fit_camera).
  That file's image sizes, which are true, say what the intrinsics were made for; without them, 1296x968 and 640x480.
* Depth shares the color camera's pose: all extrinsics are the identity, and a recording where they are not is refused.
"""

import re
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.pose import Pose
from qagen.core.reasons import NO_SURFACE, TOO_SMALL
from qagen.core.scene import MIN_BOX_SIDE_M, Mesh, Scene
from qagen.errors import SceneError
from qagen.loaders._base import FolderLoader, ObjectList, absolute
from qagen.loaders.io.labels import LABEL_MAP, LabelEntry, read_label_map
from qagen.loaders.io.ply import majority_owner, object_indices
from qagen.loaders.io.rgbd import Recording, posed_frames
from qagen.loaders.io.sens import read_sens
from qagen.loaders.io.sens_export import POSED_IMAGES, find_export
from qagen.loaders.io.text import parse_matrix, parse_size, read_entries
from qagen.loaders.scannet.annotation import ScanNetAnnotation, read_annotation, read_surface

POSED_FOLDER = "posed_images"
_SPACE = re.compile(r"(scene\d{4})(_|$)")
_NATIVE_SIZES = {"color": (1296, 968), "depth": (640, 480)}


class ScanNetLoader(FolderLoader):
    """Reads ScanNet v2 as it is downloaded, or with its .sens files exported to images.

    A variant with other file names overrides the suffixes; one with other files overrides the method that reads them.
    """

    name = "scannet"
    homes = ("scans", "scans_test", POSED_FOLDER, "")
    expected = (
        "scans/, scans_test/ or folders <scene> that hold <scene>.aggregation.json, .txt or .sens"
        " (with --boxes also images alone)"
    )
    split_list = "scannetv2_{split}.txt"
    shared_folders = ("", "Tasks/Benchmark")
    shared_names = (LABEL_MAP,)
    mesh_suffix = "_vh_clean_2.ply"
    segments_suffix = "_vh_clean_2.0.010000.segs.json"
    aggregation_suffix = ".aggregation.json"
    description_suffix = ".txt"
    """The file of ``key = value`` lines."""
    recording_suffix = ".sens"

    def room_of(self, scene_id: str) -> str:
        """``scene0000`` of scene0000_00, scene0000_01, …: the scans of one space; other names are their own room."""
        space = _SPACE.match(scene_id)
        return space[1] if space else scene_id

    def is_scene(self, folder: Path) -> bool:
        name = absolute(folder).name
        suffixes = (self.aggregation_suffix, self.recording_suffix, self.description_suffix)
        has_images = (folder / POSED_IMAGES).is_file() or ((folder / "color").is_dir() and (folder / "pose").is_dir())
        return (self.objects_elsewhere and has_images) or any(
            (folder / f"{name}{suffix}").is_file() for suffix in suffixes
        )

    def read(self, scene_id: str, folder: Path) -> Scene:
        annotation = self.read_annotation(scene_id, folder)
        world_from_recording = self.read_alignment(scene_id, folder)
        dropped: Counter[str] = Counter()
        objects, mesh = ObjectList(dropped), None
        if annotation is not None:
            vertices = world_from_recording @ annotation.vertices
            objects = _list_objects(annotation, vertices, self.read_label_map(), dropped)
            face_owner = majority_owner(annotation.faces, annotation.vertex_object)
            annotated = {group.objectId: group.label for group in annotation.groups}
            face_object = object_indices(face_owner, objects.kept, annotated)
            mesh = Mesh(vertices.astype(np.float32), annotation.faces, face_object)
        frames = posed_frames(self.read_recording(scene_id, folder), world_from_recording, dropped)
        return Scene(
            dataset=self.name,
            id=scene_id,
            source=folder,
            frames=frames,
            objects=tuple(objects.kept),
            mesh=mesh,
            world_from_source=world_from_recording,
            unplaced=frozenset(objects.unplaced),
            dropped=dict(dropped),
        )

    def read_annotation(self, scene_id: str, folder: Path) -> ScanNetAnnotation | None:
        """The mesh in the recording's own world and the objects on it; None without a mesh. Raises SceneError."""
        suffixes = (self.mesh_suffix, self.segments_suffix, self.aggregation_suffix)
        mesh, segments, aggregation = (folder / f"{scene_id}{suffix}" for suffix in suffixes)
        if self.objects_elsewhere and not (segments.is_file() and aggregation.is_file()):
            return read_surface(mesh) if mesh.is_file() else None
        if self.objects_elsewhere and not mesh.is_file():
            return None
        if not aggregation.is_file():
            hint = "test scans have none; --boxes FILE brings others"
            raise SceneError(folder, f"no annotation: {aggregation.name} is missing ({hint})")
        return read_annotation(mesh, segments, aggregation, scene_id)

    def read_alignment(self, scene_id: str, folder: Path) -> Pose:
        """The rotation about z and the shift that bring a recording's world to the room's axes. Raises SceneError.

        Recordings have z up, so that without objects of their own they can do without it.
        """
        path = folder / f"{scene_id}{self.description_suffix}"
        entries = _read_description(path, self.objects_elsewhere)
        if self.objects_elsewhere and "axisAlignment" not in entries:
            return Pose.identity()
        if "axisAlignment" not in entries:
            raise SceneError(path, "axisAlignment: found no such line, expected one (test scans have none)")
        matrix = parse_matrix(entries["axisAlignment"], path, "axisAlignment")
        try:
            pose = Pose.from_matrix(matrix)
        except ValueError as error:
            raise SceneError(path, f"axisAlignment: {error}") from error
        if pose.rotation[2, 2] < 0.999:
            raise SceneError(path, "axisAlignment: found a tilt, expected a rotation about the vertical")
        return pose

    def read_label_map(self) -> dict[str, LabelEntry]:
        """Names of objects by what annotators typed; empty without a label map. Raises SceneError."""
        return next((read_label_map(path) for path in self.shared_files()), {})

    def read_recording(self, scene_id: str, folder: Path) -> Recording:
        """Images, depth, poses and cameras. Raises SceneError."""
        container = folder / f"{scene_id}{self.recording_suffix}"
        if container.is_file():
            return read_sens(container)
        path = folder / f"{scene_id}{self.description_suffix}"
        native = _native_sizes(_read_description(path, self.objects_elsewhere), path)
        tops = dict.fromkeys((self.root, folder.parent, absolute(folder).parent.parent))
        for place in (folder, *(top / POSED_FOLDER / scene_id for top in tops)):
            recording = find_export(place, native) if place.is_dir() else None
            if recording is not None:
                return recording
        expected = f"{container.name}, or color/ and pose/, or _info.txt with frame-*, here or in a direct sub-folder"
        raise SceneError(folder, f"frames: found none, expected {expected}")


def _read_description(path: Path, may_be_missing: bool) -> dict[str, str]:
    return {} if may_be_missing and not path.is_file() else read_entries(path)


def _native_sizes(entries: dict[str, str], path: Path) -> dict[str, tuple[int, int]]:
    """Width and height of the sensor's images, as the description says or else as usual."""
    sizes = dict(_NATIVE_SIZES)
    for kind in sizes:
        sides = [f"{kind}Width", f"{kind}Height"]
        if entries.keys() >= set(sides):
            width, height = (parse_size(entries, side, path) for side in sides)
            sizes[kind] = (width, height)
    return sizes


def _list_objects(
    annotation: ScanNetAnnotation,
    vertices: NDArray[np.float64],
    label_map: dict[str, LabelEntry],
    dropped: Counter[str],
) -> ObjectList:
    """The objects that may be asked about; ``vertices`` are those of the mesh in the world."""
    objects = ObjectList(dropped)
    for group in annotation.groups:
        label = objects.name(group.label, label_map)
        points = vertices[annotation.vertex_object == group.objectId]
        if label is None:
            continue
        if not len(points):
            objects.leave_out(NO_SURFACE, label)
        elif np.ptp(points, axis=0).max() <= MIN_BOX_SIDE_M:
            objects.leave_out(TOO_SMALL, label)
        else:
            objects.add(group.objectId, label, Box3D.around(points), points)
    return objects
