"""3RScan: 1482 scans of 478 rooms that were scanned again after things had moved.

Recorded with a Google Tango phone held upright, so that images lie on their side (Wald et al., ICCV 2019,
https://github.com/WaldJohannaU/3RScan)::

    <root>/
    └── 754e884c-ea24-2175-8b34-cead19d4198d/
        ├── semseg.v2.json                              objects: label and oriented box
        ├── labels.instances.annotated.v2.ply           mesh; vertices have objectId
        └── sequence/                                   unpacked from sequence.zip
            ├── _info.txt                               sizes and intrinsics of both cameras
            └── frame-000000.{color.jpg,depth.pgm,pose.txt}

What is undone here
* Images and depth are rotated by a quarter turn clockwise, with their cameras and poses; images are encoded anew.
* Poses are camera to world, meters, z up. Depth is registered to the color camera and has intrinsics of its own.
* Boxes have their axes in rows and full extents. Tilted ones are replaced by the upright box around the object's
  points.
* Labels are free text.
"""

from collections import Counter
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.core.pose import Pose
from qagen.core.reasons import NO_SURFACE, TOO_SMALL
from qagen.core.scene import MIN_BOX_SIDE_M, Mesh, Scene
from qagen.errors import SceneError
from qagen.loaders._base import FolderLoader, ObjectList
from qagen.loaders.io.boxes import Obb
from qagen.loaders.io.ply import object_indices, read_owned_mesh
from qagen.loaders.io.rgbd import posed_frames
from qagen.loaders.io.rotated import rotated_frame
from qagen.loaders.io.sens_export import read_cpp_export
from qagen.loaders.io.text import check_unique, read_json

ANNOTATION = "semseg.v2.json"
MESH = "labels.instances.annotated.v2.ply"
OWNER = "objectId"
QUARTER_TURNS = 1
"""Clockwise, to stand upright."""


class _ThreeRScanGroup(msgspec.Struct):
    objectId: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]  # noqa: N815
    label: str
    obb: Obb


class _ThreeRScanAnnotation(msgspec.Struct):
    segGroups: list[_ThreeRScanGroup]  # noqa: N815


class ThreeRScanLoader(FolderLoader):
    """Reads reference scans and rescans alike; the official lists name reference scans only, so they are not used."""

    name = "threerscan"
    expected = f"folders that hold {ANNOTATION} and sequence/ (unpack sequence.zip)"

    def is_scene(self, folder: Path) -> bool:
        return (self.objects_elsewhere or (folder / ANNOTATION).is_file()) and (folder / "sequence").is_dir()

    def read(self, scene_id: str, folder: Path) -> Scene:
        dropped: Counter[str] = Counter()
        objects, mesh, groups = ObjectList(dropped), None, []
        if not self.objects_elsewhere or (folder / MESH).is_file():
            vertices, faces, owner = read_owned_mesh(folder / MESH, OWNER)
            if not self.objects_elsewhere:
                groups = read_json(folder / ANNOTATION, _ThreeRScanAnnotation).segGroups
                objects = _list_objects(groups, folder / ANNOTATION, vertices, faces, owner, dropped)
            face_object = object_indices(owner, objects.kept, {group.objectId: group.label for group in groups})
            mesh = Mesh(vertices.astype(np.float32), faces, face_object)
        frames = posed_frames(read_cpp_export(folder / "sequence"), Pose.identity(), dropped)
        return Scene(
            dataset=self.name,
            id=scene_id,
            source=folder,
            frames=tuple(rotated_frame(frame, QUARTER_TURNS) for frame in frames),
            objects=tuple(objects.kept),
            mesh=mesh,
            unplaced=frozenset(objects.unplaced),
            dropped=dict(dropped),
        )


def _list_objects(
    groups: list[_ThreeRScanGroup],
    path: Path,
    vertices: NDArray,
    faces: NDArray,
    owner: NDArray,
    dropped: Counter[str],
) -> ObjectList:
    """The objects that may be asked about; ``owner`` is the objectId of each face of the mesh."""
    check_unique((f"objectId {group.objectId}" for group in groups), path, "segGroups")
    objects = ObjectList(dropped)
    for group in groups:
        label = objects.name(group.label)
        points = vertices[np.unique(faces[owner == group.objectId])]
        if label is None:
            continue
        if not len(points):
            objects.leave_out(NO_SURFACE, label)
            continue
        if np.ptp(points, axis=0).max() <= MIN_BOX_SIDE_M:
            objects.leave_out(TOO_SMALL, label)
            continue
        try:
            box = group.obb.upright(points)
        except ValueError as error:
            raise SceneError(path, f"obb of object {group.objectId}: {error}") from error
        objects.add(group.objectId, label, box, points)
    return objects
