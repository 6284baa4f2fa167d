"""Any dataset with the boxes of another annotation (``--boxes FILE``)."""

from collections import Counter
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.pose import Pose, product, rotate
from qagen.core.reasons import TILTED_BOX
from qagen.core.scene import Scene, validate_scene
from qagen.errors import SceneError, did_you_mean
from qagen.loaders._base import Loader, ObjectList
from qagen.loaders.io.box_files import AnnotatedBox, AnnotatedScan, Annotation, check_boxes, read_boxes
from qagen.loaders.io.box_lists import is_json, read_box_lists
from qagen.loaders.io.box_worlds import fit_world
from qagen.loaders.io.boxes import bounded_box, upright_box
from qagen.visibility.fusion import face_owners

FACE_MARGIN_M = 0.02
"""Annotated boxes are tight; a face this far outside still belongs to them."""
MAX_UPRIGHT_RATIO = 1.2
"""Largest volume of the upright box around a tilted one, as a multiple of that one's, in files of JSON."""
DATASETS = {
    "scannet": "scannet",
    "scannetv2": "scannet",
    "scannetpp": "scannetpp",
    "arkitscenes": "arkitscenes",
    "3rscan": "threerscan",
    "threerscan": "threerscan",
    "hypersim": "hypersim",
    "replica": "replica",
    "structured3d": "structured3d",
    "matterport3d": "rxr",
    "mp3d": "rxr",
}
"""Our name of a dataset by what files call it, in lower case and without blanks, hyphens and underscores."""


class AnnotatedLoader(Loader):
    """Reads scenes through another loader and gives them the boxes of a file.

    The other loader's own objects, and what its mesh and images say of them, are dropped; a mesh keeps its surface,
    and its faces belong to the box that they lie in.
    """

    def __init__(self, inner: Loader, boxes: Path) -> None:
        super().__init__(inner.root)
        self.name = inner.name  # pyright: ignore[reportAttributeAccessIssue] - it stands for the other loader
        self.inner = inner
        inner.objects_elsewhere = True
        self.boxes = boxes

    def scene_ids(self, split: str) -> list[str]:
        """The scenes of the other loader that the file annotates."""
        known, annotated = self.inner.scene_ids(split), self._annotated()
        both = [name for name in known if name in annotated]
        if not both:
            near = did_you_mean(known[0], annotated) if known and annotated else ""
            raise SceneError(self.boxes, f"scenes: found none of the {len(known)} in {self.root}, expected some.{near}")
        return both

    def _annotated(self) -> dict[str, AnnotatedScan]:
        """The scans of this dataset that the file annotates."""
        return {name: found for name, found in _read_once(self.boxes).items() if _is_of(found.dataset, self.name)}

    def shared_files(self) -> list[Path]:
        return [*self.inner.shared_files(), self.boxes]

    def files_beside(self, source: Path) -> list[Path]:
        return self.inner.files_beside(source)

    def room_of(self, scene_id: str) -> str:
        return self.inner.room_of(scene_id)

    def load(self, scene_id: str) -> Scene:
        """Read one scene. Raises SceneError as both readers do."""
        annotated = self._annotated()
        if scene_id not in annotated:
            raise SceneError(self.boxes, f"scene: no {scene_id!r} here.{did_you_mean(scene_id, annotated)}")
        found, scene = annotated[scene_id].read(), self.inner.load(scene_id)
        check_boxes(found.boxes, self.boxes, scene_id)
        dropped = Counter({reason: n for reason, n in scene.dropped.items() if not reason.startswith("object: ")})
        world_from_file = fit_world(found, scene, self.boxes)
        objects = _list_objects(found, world_from_file, dropped)
        scene = replace(
            scene,
            objects=tuple(objects.kept),
            frames=tuple(replace(frame, instances=None) for frame in scene.frames),
            room_polygon=scene.room_polygon if found.outline is None else _moved(found.outline, world_from_file),
            unplaced=frozenset(objects.unplaced),
            has_closed_classes=True,
            lists_all=found.lists_all,
            dropped=dict(dropped),
        )
        if scene.mesh is not None:
            middles = scene.mesh.vertices[scene.mesh.faces].mean(axis=1)
            owners = face_owners(middles, scene, FACE_MARGIN_M)
            scene = replace(scene, mesh=replace(scene.mesh, face_object=owners, is_by_box=True))
        return validate_scene(scene)


def _is_of(told: str | None, dataset: str) -> bool:
    """Whether a file's name of a dataset is that of a loader, or none."""
    if told is None:
        return True
    plain = "".join(told.lower().replace("++", "pp").split()).replace("-", "").replace("_", "")
    return DATASETS.get(plain, plain) == dataset


@lru_cache(maxsize=1)
def _read_once(path: Path) -> dict[str, AnnotatedScan]:
    """A file annotates a whole dataset: each process reads it once, not for every scene."""
    if is_json(path):
        return read_box_lists(path)
    return {name: AnnotatedScan(None, partial(Annotation, boxes)) for name, boxes in read_boxes(path).items()}


def _list_objects(found: Annotation, world_from_file: Pose, dropped: Counter[str]) -> ObjectList:
    """The objects that may be asked about, with their boxes in the scene's world."""
    objects = ObjectList(dropped)
    for number, box in enumerate(found.boxes):
        label = objects.name(box.label)
        if label is None:
            continue
        upright = _upright(box, world_from_file)
        if not found.is_placed and upright.size.prod() > MAX_UPRIGHT_RATIO * box.size.prod():
            objects.leave_out(TILTED_BOX, label)
            continue
        objects.add(number if box.id is None else box.id, label, upright)
        objects.unplaced |= {label} if box.label in found.doubtful else set()
    return objects


def _upright(box: AnnotatedBox, world_from_file: Pose) -> Box3D:
    if box.bounds is None:
        return upright_box(world_from_file @ box.center, rotate(world_from_file.rotation, box.axes.T), box.size)
    own = bounded_box(box.center, box.axes.T, box.size, box.bounds)
    turned = product(world_from_file.rotation, own.rotation)
    return upright_box(world_from_file @ own.center, turned.T, own.size)


def _moved(outline: NDArray[np.float64], world_from_file: Pose) -> NDArray[np.float64]:
    """An outline (n, 2) in the scene's world, whose vertical is the file's."""
    return (world_from_file @ np.column_stack([outline, np.zeros(len(outline))]))[:, :2]
