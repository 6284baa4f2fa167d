"""ScanNet++: about a thousand indoor scenes by laser scanner, with photographs and iPhone recordings of each.

The mesh comes from the scanner; photographs and video were registered to it, and objects were annotated on it in free
text (Yeshwanth et al., ICCV 2023, https://kaldir.vc.in.tum.de/scannetpp). The files come from the dataset's own
download script and toolbox (github.com/scannetpp/scannetpp)::

    <root>/
    ├── splits/{nvs_sem_train,nvs_sem_val,…}.txt          optional
    └── data/                                             <root> may be this folder too, or a single scene's
        └── 0a5c013435/
            ├── scans/
            │   ├── mesh_aligned_0.05.ply                 mesh: its world is everybody's, z up; optional
            │   ├── segments.json                         segment of each vertex; optional
            │   └── segments_anno.json                    objects: label, segments, box
            ├── iphone/
            │   ├── rgb.mkv (or .mp4), or rgb/frame_000000.jpg
            │   ├── depth.bin, or depth/frame_000000.png  optional: else rendered
            │   ├── pose_intrinsic_imu.json
            │   └── colmap/{cameras,images}.txt           optional: better poses, of some frames
            └── dslr/                                     read where there is no iphone/
                ├── resized_undistorted_images/*.JPG
                └── nerfstudio/transforms_undistorted.json

What is undone here, besides what _scannetpp_iphone.py, _scannetpp_dslr.py and _scannetpp_annotation.py tell
* Boxes are the dataset's own. The few tilted ones are replaced by the upright box of least footprint around the
  object's vertices (_boxes.upright_box).
* Without mesh or segments the boxes alone tell what a pixel with depth shows.
* Labels "remove" and "split", which annotators left for one another, are never asked about; nor is room structure.
"""

import re
from collections import Counter
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qagen.core.scene import MIN_BOX_SIDE_M, Frame, Mesh, Object3D, Scene, validate_scene
from qagen.errors import SceneError, did_you_mean
from qagen.loaders._base import Loader
from qagen.loaders.io.labels import name_object
from qagen.loaders.io.rendered_depth import Surface
from qagen.loaders.io.text import list_folder, read_text
from qagen.loaders.scannetpp.annotation import OBJECTS, ScanNetPPAnnotation, read_annotation
from qagen.loaders.scannetpp.dslr import TRANSFORMS, has_dslr, read_dslr
from qagen.loaders.scannetpp.iphone import VIDEOS, has_iphone, read_iphone

ALL = "all"
"""The split that is every scene on disk."""
NEVER_ASKED = "object: never asked"
NO_VERTICES = "object: no vertices"
NO_MESH = "scene: no mesh with segments"
TOO_SMALL = "object: too small"
_SCENE_NAME = re.compile(r"[A-Za-z0-9_-]+")
_NOTES_OF_ANNOTATORS = frozenset({"split", "remove", "reflection", "window frame"})


class ScanNetPPLoader(Loader):
    """Reads ScanNet++ as it is downloaded, or with its videos extracted to images."""

    name: ClassVar[str] = "scannetpp"

    def scene_ids(self, split: str) -> list[str]:
        """Sorted names of the scenes on disk that are in ``splits/<split>.txt``, or of all of them.

        "train" and "val" stand for nvs_sem_train and nvs_sem_val, "test" for sem_test. All scenes are taken when
        there are no split files, when the split is "all", and when the root is a single scene.

        Raises:
            SceneError: the root is missing or has no scene, there are split files but not this one, or none of the
                split's scenes is on disk.
        """
        found = self._folders()
        files = {path.stem: path for path in sorted((self._home().parent / "splits").glob("*.txt"))}
        if split == ALL or not files or _is_scene(self.root):
            return sorted(found)
        name = next((name for name in (split, f"nvs_sem_{split}", f"sem_{split}") if name in files), None)
        if name is None:
            raise SceneError(self.root, f"split: no splits/{split}.txt.{did_you_mean(split, [*files, ALL])}")
        wanted = set(read_text(files[name]).split())
        if not wanted & set(found):
            raise SceneError(files[name], f"scenes: found none of its {len(wanted)} in {self.root}, expected some")
        return sorted(wanted & set(found))

    def load(self, scene_id: str) -> Scene:
        """Read one scene; images stay undecoded.

        Raises:
            SceneError: the scene has no annotation, or something of it is missing, damaged or contradicts itself.
        """
        folder = self._folder(scene_id)
        scans = folder / "scans"
        if not (scans / OBJECTS).is_file():
            raise SceneError(scans, f"no annotation: {OBJECTS} is missing (test scenes have none)")
        annotation = read_annotation(scans)
        frames, left_out = _frames(folder, annotation.surface)
        objects, object_of_group, dropped, unplaced = _objects(annotation)
        mesh = _mesh(annotation, object_of_group)
        return validate_scene(
            Scene(
                dataset=self.name,
                id=scene_id,
                source=folder,
                frames=frames,
                objects=objects,
                mesh=mesh,
                unplaced=unplaced,
                dropped={**left_out, **dropped, **({} if mesh else {NO_MESH: 1})},
            )
        )

    def _home(self) -> Path:
        """The folder that holds the scenes' folders."""
        return self.root / "data" if (self.root / "data").is_dir() else self.root

    def _folders(self) -> dict[str, Path]:
        if not self.root.is_dir():
            raise SceneError(self.root, "dataset root: no such folder")
        if _is_scene(self.root):
            return {self.root.absolute().name: self.root}
        found = {path.name: path for path in list_folder(self._home()) if _is_scene(path)}
        if not found:
            expected = "data/<scene>/ with scans/ and iphone/ or dslr/"
            raise SceneError(self.root, f"dataset root: found no scene, expected {expected}")
        return found

    def _folder(self, scene_id: str) -> Path:
        """One scene's folder without listing the rest; the name is checked before it meets a path."""
        if _SCENE_NAME.fullmatch(scene_id):
            if _is_scene(self.root) and self.root.absolute().name == scene_id:
                return self.root
            if _is_scene(self._home() / scene_id):
                return self._home() / scene_id
        raise SceneError(self.root, f"scene: no {scene_id!r} here.{did_you_mean(scene_id, self._folders())}")


def _is_scene(folder: Path) -> bool:
    has_frames = (folder / "iphone").is_dir() or (folder / "dslr").is_dir()
    return has_frames and bool(_SCENE_NAME.fullmatch(folder.absolute().name))


def _frames(folder: Path, surface: Surface | None) -> tuple[tuple[Frame, ...], dict[str, int]]:
    if has_iphone(folder / "iphone"):
        return read_iphone(folder / "iphone", surface)
    if has_dslr(folder / "dslr"):
        return read_dslr(folder / "dslr", surface)
    iphone, dslr = f"iphone/rgb/ or iphone/{VIDEOS[0]}", f"dslr/{TRANSFORMS} (by the toolbox's dslr/undistort.py)"
    raise SceneError(folder, f"frames: found none, expected {iphone}, or {dslr}")


def _mesh(annotation: ScanNetPPAnnotation, object_of_group: NDArray[np.int32]) -> Mesh | None:
    face_group = annotation.face_group()
    if annotation.surface is None or face_group is None:
        return None
    face_object = np.append(object_of_group, np.int32(-1))[face_group]  # group -1 takes the entry behind the last
    return Mesh(annotation.surface.vertices, annotation.surface.faces, face_object)


def _objects(
    annotation: ScanNetPPAnnotation,
) -> tuple[tuple[Object3D, ...], NDArray[np.int32], dict[str, int], frozenset[str]]:
    """Objects that may be asked about, the index of each group among them (-1: none), and what was left out.

    What was left out is told as counts by reason, and as the names of things that have no surface to speak of.
    """
    objects: list[Object3D] = []
    object_of_group = np.full(len(annotation.groups), -1, dtype=np.int32)
    dropped: Counter[str] = Counter()
    unplaced: set[str] = set()
    for index, (group, box) in enumerate(zip(annotation.groups, annotation.boxes, strict=True)):
        points = annotation.points(index)
        label = name_object(group.label, {})
        if label is None or label in _NOTES_OF_ANNOTATORS:
            dropped[NEVER_ASKED] += 1
        elif box.size.max() <= MIN_BOX_SIDE_M or (points is not None and len(points) == 0):
            dropped[TOO_SMALL if box.size.max() <= MIN_BOX_SIDE_M else NO_VERTICES] += 1
            unplaced.add(label)
        else:
            object_of_group[index] = len(objects)
            objects.append(Object3D(group.objectId, label, box, points))
    return tuple(objects), object_of_group, dict(dropped), frozenset(unplaced)
