"""Any dataset with the boxes of another annotation (``--boxes FILE``)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from qagen.core.box import Box3D
from qagen.core.scene import Object3D, Scene, validate_scene
from qagen.errors import SceneError, did_you_mean
from qagen.loaders._base import Loader
from qagen.loaders.io.box_files import AnnotatedBox, read_boxes
from qagen.loaders.io.boxes import upright_box
from qagen.loaders.io.labels import name_object
from qagen.visibility.fusion import face_owners

FACE_MARGIN_M = 0.02
"""Annotated boxes are tight; a face this far outside still belongs to them."""
NEVER_ASKED_REASON = "object: never asked about"


class AnnotatedLoader(Loader):
    """Reads scenes through another loader and gives them the boxes of a file.

    The other loader's own objects, and what its mesh and images say of them, are forgotten; a mesh keeps its surface,
    and its faces belong to the box that they lie in.
    """

    def __init__(self, inner: Loader, boxes: Path) -> None:
        super().__init__(inner.root)
        self.name = inner.name  # pyright: ignore[reportAttributeAccessIssue] - it speaks for the other loader
        self.inner = inner
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

    def room_of(self, scene_id: str) -> str:
        return self.inner.room_of(scene_id)

    def load(self, scene_id: str) -> Scene:
        """Read one scene. Raises SceneError as both readers do."""
        annotated = _read_once(self.boxes)
        if scene_id not in annotated:
            raise SceneError(self.boxes, f"scene: no {scene_id!r} here.{did_you_mean(scene_id, annotated)}")
        scene = self.inner.load(scene_id)
        objects, dropped = _objects(annotated[scene_id], scene)
        told = {reason: count for reason, count in scene.dropped.items() if not reason.startswith("object: ")}
        scene = replace(
            scene,
            objects=objects,
            frames=tuple(replace(frame, instances=None) for frame in scene.frames),
            dropped={**told, **dropped},
        )
        if scene.mesh is not None:
            middles = scene.mesh.vertices[scene.mesh.faces].mean(axis=1)
            scene = replace(
                scene, mesh=replace(scene.mesh, face_object=face_owners(middles, scene, FACE_MARGIN_M), is_by_box=True)
            )
        return validate_scene(scene)


@lru_cache(maxsize=1)
def _read_once(path: Path) -> dict[str, list[AnnotatedBox]]:
    """A file annotates a whole dataset: each process reads it once, not for every scene."""
    return read_boxes(path)


def _objects(boxes: Sequence[AnnotatedBox], scene: Scene) -> tuple[tuple[Object3D, ...], dict[str, int]]:
    objects: list[Object3D] = []
    never = 0
    for number, box in enumerate(boxes):
        label = name_object(box.label, {})
        if label is None:
            never += 1
        else:
            objects.append(Object3D(number, label, _place(box, scene), None))
    return tuple(objects), {NEVER_ASKED_REASON: never} if never else {}


def _place(box: AnnotatedBox, scene: Scene) -> Box3D:
    """The box in the scene's world."""
    world_from_source = scene.world_from_source
    return upright_box(world_from_source @ box.center, (world_from_source.rotation @ box.axes).T, box.size)
