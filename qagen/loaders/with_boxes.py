"""Any dataset with the boxes of another annotation (``--boxes FILE``)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from qagen.core.pose import rotate
from qagen.core.scene import Object3D, Scene, validate_scene
from qagen.errors import SceneError, did_you_mean
from qagen.loaders._base import Loader, ObjectList
from qagen.loaders.io.box_files import AnnotatedBox, read_boxes
from qagen.loaders.io.boxes import upright_box
from qagen.visibility.fusion import face_owners

FACE_MARGIN_M = 0.02
"""Annotated boxes are tight; a face this far outside still belongs to them."""


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
        known, annotated = self.inner.scene_ids(split), _read_once(self.boxes)
        both = [name for name in known if name in annotated]
        if not both:
            near = did_you_mean(known[0], annotated) if known else ""
            raise SceneError(self.boxes, f"scenes: found none of the {len(known)} in {self.root}, expected some.{near}")
        return both

    def shared_files(self) -> list[Path]:
        return [*self.inner.shared_files(), self.boxes]

    def files_beside(self, source: Path) -> list[Path]:
        return self.inner.files_beside(source)

    def room_of(self, scene_id: str) -> str:
        return self.inner.room_of(scene_id)

    def load(self, scene_id: str) -> Scene:
        """Read one scene. Raises SceneError as both readers do."""
        annotated = _read_once(self.boxes)
        if scene_id not in annotated:
            raise SceneError(self.boxes, f"scene: no {scene_id!r} here.{did_you_mean(scene_id, annotated)}")
        scene = self.inner.load(scene_id)
        dropped = Counter({reason: n for reason, n in scene.dropped.items() if not reason.startswith("object: ")})
        scene = replace(
            scene,
            objects=_list_objects(annotated[scene_id], scene, dropped),
            frames=tuple(replace(frame, instances=None) for frame in scene.frames),
            has_closed_classes=True,
            dropped=dict(dropped),
        )
        if scene.mesh is not None:
            middles = scene.mesh.vertices[scene.mesh.faces].mean(axis=1)
            owners = face_owners(middles, scene, FACE_MARGIN_M)
            scene = replace(scene, mesh=replace(scene.mesh, face_object=owners, is_by_box=True))
        return validate_scene(scene)


@lru_cache(maxsize=1)
def _read_once(path: Path) -> dict[str, list[AnnotatedBox]]:
    """A file annotates a whole dataset: each process reads it once, not for every scene."""
    return read_boxes(path)


def _list_objects(boxes: Sequence[AnnotatedBox], scene: Scene, dropped: Counter[str]) -> tuple[Object3D, ...]:
    """The objects that may be asked about, with their boxes in the scene's world."""
    objects = ObjectList(dropped)
    for number, box in enumerate(boxes):
        label = objects.name(box.label)
        if label is not None:
            axes = rotate(scene.world_from_source.rotation, box.axes.T)
            objects.add(number, label, upright_box(scene.world_from_source @ box.center, axes, box.size))
    return tuple(objects.kept)
