"""3RScan: 1482 scans of 478 rooms that were scanned again after things had moved.

Recorded with a Google Tango phone held upright, so that pictures lie on their side (Wald et al., ICCV 2019,
https://github.com/WaldJohannaU/3RScan)::

    <root>/
    └── 754e884c-ea24-2175-8b34-cead19d4198d/
        ├── semseg.v2.json                              objects: label and oriented box
        ├── labels.instances.annotated.v2.ply           mesh; vertices have objectId
        └── sequence/                                   unpacked from sequence.zip
            ├── _info.txt                               sizes and intrinsics of both cameras
            └── frame-000000.{color.jpg,depth.pgm,pose.txt}

What is undone here
* Pictures and depth are turned a quarter clockwise, with their cameras and poses; they are encoded anew for it.
* Poses are camera to world, metres, z up. Depth is registered to the colour camera and has intrinsics of its own.
* Boxes have their axes in rows and full extents. Tilted ones are replaced by the upright box around the object's
  points.
* Labels are free text.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.core.pose import Pose
from qagen.core.scene import MIN_BOX_SIDE_M, Mesh, Object3D, Scene, validate_scene
from qagen.errors import SceneError, did_you_mean
from qagen.loaders._base import Loader
from qagen.loaders.io.boxes import Obb
from qagen.loaders.io.labels import name_object
from qagen.loaders.io.ply import object_indices, read_owned_mesh
from qagen.loaders.io.rgbd import posed_frames
from qagen.loaders.io.rotated import rotated_frame
from qagen.loaders.io.sens_export import read_cpp_export
from qagen.loaders.io.text import list_folder, read_json

ANNOTATION = "semseg.v2.json"
MESH = "labels.instances.annotated.v2.ply"
OWNER = "objectId"
QUARTER_TURNS = 1
"""Clockwise, to stand upright."""
NEVER_ASKED = "object: never asked about"
TOO_SMALL = "object: too small"
_SCENE_NAME = re.compile(r"[0-9A-Za-z_-]+")


class _ThreeRScanGroup(msgspec.Struct):
    objectId: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]  # noqa: N815
    label: str
    obb: Obb


class _ThreeRScanAnnotation(msgspec.Struct):
    segGroups: list[_ThreeRScanGroup]  # noqa: N815


class ThreeRScanLoader(Loader):
    """Reads reference scans and rescans alike."""

    name: ClassVar[str] = "threerscan"

    def scene_ids(self, split: str) -> list[str]:
        """Sorted names of the scans with an annotation and frames; the official lists name reference scans only."""
        found = [path.name for path in list_folder(self.root) if _is_scene(path)]
        if not found:
            expected = f"folders that hold {ANNOTATION} and sequence/ (unpack sequence.zip)"
            raise SceneError(self.root, f"dataset root: found no scene, expected {expected}")
        return found

    def load(self, scene_id: str) -> Scene:
        """Read one scan; images stay undecoded.

        Raises:
            SceneError: something of the scan is missing, damaged or contradicts itself.
        """
        folder = self.root / scene_id
        if not _SCENE_NAME.fullmatch(scene_id) or not _is_scene(folder):
            raise SceneError(self.root, f"scene: no {scene_id!r} here.{did_you_mean(scene_id, self.scene_ids(''))}")
        vertices, faces, owner = read_owned_mesh(folder / MESH, OWNER)
        groups = _read_groups(folder / ANNOTATION)
        objects, dropped, unplaced = _objects(groups, folder / ANNOTATION, vertices, faces, owner)
        frames, left_out = posed_frames(read_cpp_export(folder / "sequence"), Pose.identity())
        return validate_scene(
            Scene(
                dataset=self.name,
                id=scene_id,
                source=folder,
                frames=tuple(rotated_frame(frame, QUARTER_TURNS) for frame in frames),
                objects=objects,
                mesh=Mesh(vertices.astype(np.float32), faces, object_indices(owner, objects)),
                unplaced=unplaced,
                dropped={**left_out, **dropped},
            )
        )


def _is_scene(folder: Path) -> bool:
    return (folder / ANNOTATION).is_file() and (folder / "sequence").is_dir()


def _read_groups(path: Path) -> list[_ThreeRScanGroup]:
    groups = read_json(path, _ThreeRScanAnnotation).segGroups
    counts = Counter(group.objectId for group in groups)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise SceneError(path, f"segGroups: found objectId {twice[0]} more than once, expected unique ids")
    return groups


def _objects(
    groups: list[_ThreeRScanGroup], path: Path, vertices: NDArray, faces: NDArray, owner: NDArray
) -> tuple[tuple[Object3D, ...], dict[str, int], frozenset[str]]:
    """Objects that may be asked about, what was left out, and the names of things that have no surface to speak of."""
    objects: list[Object3D] = []
    dropped: Counter[str] = Counter()
    unplaced: set[str] = set()
    for group in groups:
        label = name_object(group.label, {})
        points = vertices[np.unique(faces[owner == group.objectId])]
        if label is None:
            dropped[NEVER_ASKED] += 1
            continue
        if len(points) == 0 or np.ptp(points, axis=0).max() <= MIN_BOX_SIDE_M:
            dropped[TOO_SMALL] += 1
            unplaced.add(label)
            continue
        try:
            box = group.obb.upright(points)
        except ValueError as error:
            raise SceneError(path, f"obb of object {group.objectId}: {error}") from error
        objects.append(Object3D(group.objectId, label, box, points.astype(np.float32)))
    return tuple(objects), dict(dropped), frozenset(unplaced)
