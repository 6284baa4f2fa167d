"""Structured3D: 3500 furnished houses by professional designers, rendered.

Each house has rooms, each room a few perspective views with depth, classes and instances of every pixel, and oriented
boxes of all furniture (Zheng et al., ECCV 2020, https://structured3d-dataset.org). Houses 0 to 2999 are for training,
3000 to 3249 for validation, 3250 to 3499 for testing. The files come from the dataset's own archives; only views of
furnished rooms (``full``) are read::

    <root>/                                                or the folder Structured3D/ in it, or a single scene's
    └── scene_00000/
        ├── bbox_3d.json                                   boxes, without names
        ├── annotation_3d.json                             planes and outlines of rooms; optional
        └── 2D_rendering/485142/perspective/full/0/        room and position
            ├── rgb_rawlight.png
            ├── depth.png                                  optional
            ├── semantic.png  instance.png                 class and box of each pixel
            └── camera_pose.txt

What is undone here
* Everything is in millimetres, z up.
* A camera is told by its place, its direction, an up vector that need not be square to it, and HALF angles of view in
  radians, from the middle of the image to its edge.
* Boxes have their axes in rows and HALF extents, which may be negative. Tilted ones are replaced by the upright box
  around their corners.
* Boxes have no names; the images tell them (_structured3d_labels.py). What has a name but no box is known to be there
  all the same (Scene.unplaced).
* Whether ``depth.png`` holds z or the length of the ray is not documented; it is found out by the flatness of walls
  (_depth_kind.py) and taken for z where that does not tell.
* The views of a house are no recording: they stand in the order of rooms and positions, one a second.
* Houses that the dataset's own list calls invalid (metadata/errata.txt) are left out. There is no mesh.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.scene import MIN_BOX_SIDE_M, Frame, Object3D, Scene, validate_scene
from qagen.errors import SceneError, did_you_mean
from qagen.loaders._base import Loader
from qagen.loaders.io.boxes import share_inside, upright_box
from qagen.loaders.io.labels import name_object
from qagen.loaders.io.nyu40 import BACKGROUND, BoxIdImage, Vote, read_classes, read_ids
from qagen.loaders.io.text import list_folder, read_json
from qagen.loaders.structured3d.floor import read_floor
from qagen.loaders.structured3d.views import PerspectiveView, read_views

ALL = "all"
SPLITS = {"train": range(3000), "val": range(3000, 3250), "test": range(3250, 3500)}
INVALID = frozenset({1155, 1192, 1714, 1816, 1852, 3398})
"""Houses that metadata/errata.txt calls invalid."""
MM_PER_M = 1000.0
NEVER_ASKED = "object: never asked"
NEVER_SEEN = "object: never seen"
NO_LABEL = "object: no clear label"
TOO_SMALL = "object: too small"
NO_OUTLINE = "room: no clear outline"
FIT_MARGIN_M = 0.1
FIT_STRIDE = 8
MIN_SHARE_INSIDE = 0.5
"""So many of the pixels of the middle box must lie in it by their depth."""
_SCENE_NAME = re.compile(r"scene_(\d{5})")
_BOX_ID = Annotated[int, msgspec.Meta(ge=0, lt=BACKGROUND)]
_Three = tuple[float, float, float]


class _Box(msgspec.Struct):
    ID: _BOX_ID
    basis: tuple[_Three, _Three, _Three]
    coeffs: _Three
    centroid: _Three


class Structured3DLoader(Loader):
    """Reads the perspective views of furnished rooms, house by house."""

    name: ClassVar[str] = "structured3d"

    def scene_ids(self, split: str) -> list[str]:
        """Sorted names of the houses on disk whose number belongs to the split, without the invalid ones.

        Raises:
            SceneError: the root is missing or has no scene, the split is unknown, or it has none of the scenes.
        """
        numbers = {int(name[-5:]): name for name in self._folders()}
        if split not in (*SPLITS, ALL):
            raise SceneError(self.root, f"split: no {split!r}.{did_you_mean(split, [*SPLITS, ALL])}")
        chosen = sorted(name for n, name in numbers.items() if split == ALL or n in SPLITS[split])
        valid = [name for name in chosen if int(name[-5:]) not in INVALID]
        if not valid:
            raise SceneError(self.root, f"split: found none of {split!r} among {len(numbers)} scenes, expected some")
        return valid

    def load(self, scene_id: str) -> Scene:
        """Read one house; colour and depth stay undecoded, classes and instances are read for the labels.

        Raises:
            SceneError: something of the scene is missing, damaged or contradicts itself, or its views show none of
                the boxes in their places.
        """
        folder = self._folder(scene_id)
        dropped: Counter[str] = Counter()
        views = read_views(folder / "2D_rendering", dropped)
        boxes = _read_boxes(folder / "bbox_3d.json")
        objects, object_of_id, unplaced = _objects(boxes, _count(views), dropped)
        if not objects:
            expected = "some that the images show and name, with sides above a millimetre"
            raise SceneError(
                folder / "bbox_3d.json", f"boxes: found {len(boxes)} but none to ask about, expected {expected}"
            )
        scene = Scene(
            dataset=self.name,
            id=scene_id,
            source=folder,
            frames=tuple(_with_instances(view, object_of_id) for view in views),
            objects=objects,
            mesh=None,
            room_polygon=_floor(folder / "annotation_3d.json", {view.room for view in views}, dropped),
            unplaced=unplaced,
            dropped=dict(+dropped),
        )
        _check_fit(validate_scene(scene), folder / "bbox_3d.json")
        return scene

    def _home(self) -> Path:
        inner = self.root / "Structured3D"
        return inner if inner.is_dir() else self.root

    def _folders(self) -> dict[str, Path]:
        if not self.root.is_dir():
            raise SceneError(self.root, "dataset root: no such folder")
        if _is_scene(self.root):
            return {self.root.absolute().name: self.root}
        found = {path.name: path for path in list_folder(self._home()) if _is_scene(path)}
        if not found:
            raise SceneError(self.root, "dataset root: found no scene, expected scene_00000/2D_rendering/ and so on")
        return found

    def _folder(self, scene_id: str) -> Path:
        """One scene's folder without listing the rest; the name is checked before it meets a path."""
        if _SCENE_NAME.fullmatch(scene_id):
            if int(scene_id[-5:]) in INVALID:
                raise SceneError(self.root, f"scene: {scene_id} is invalid by the dataset's own errata")
            if _is_scene(self.root) and self.root.absolute().name == scene_id:
                return self.root
            if _is_scene(self._home() / scene_id):
                return self._home() / scene_id
        raise SceneError(self.root, f"scene: no {scene_id!r} here.{did_you_mean(scene_id, self._folders())}")


def _is_scene(folder: Path) -> bool:
    return bool(_SCENE_NAME.fullmatch(folder.absolute().name)) and (folder / "2D_rendering").is_dir()


def _read_boxes(path: Path) -> dict[int, Box3D]:
    """Upright boxes by id, metres. Raises SceneError."""
    boxes: dict[int, Box3D] = {}
    for told in read_json(path, list[_Box]):
        if told.ID in boxes:
            raise SceneError(path, f"ID: found {told.ID} more than once, expected unique ids")
        size_m = 2 * np.abs(told.coeffs) / MM_PER_M
        try:
            boxes[told.ID] = upright_box(np.array(told.centroid) / MM_PER_M, told.basis, size_m)
        except ValueError as error:
            hint = "(downloads before 2020-03-26 have a wrong basis)"
            raise SceneError(path, f"box {told.ID}: {error} {hint}") from error
    return boxes


def _count(views: Sequence[PerspectiveView]) -> Vote:
    vote = Vote()
    for view in views:
        if view.ids.is_file() and view.classes.is_file():
            vote.add(read_ids(view.ids, view.size), read_classes(view.classes, view.size))
    return vote


def _objects(
    boxes: Mapping[int, Box3D], vote: Vote, dropped: Counter[str]
) -> tuple[tuple[Object3D, ...], NDArray[np.int32], frozenset[str]]:
    """Objects that may be asked about, (65536,) the index of each box id among them (-1: none), and names without box.

    Objects left out are counted by reason.
    """
    objects: list[Object3D] = []
    object_of_id = np.full(BACKGROUND + 1, -1, np.int32)
    seen = vote.seen_ids()
    unplaced = {*vote.nameless, *(vote.winner(box_id) or "" for box_id in seen if box_id not in boxes)}
    for box_id, box in sorted(boxes.items()):
        winner = vote.winner(box_id)
        label = None if winner is None else name_object(winner, {})
        if winner is None:
            dropped[NO_LABEL if box_id in seen else NEVER_SEEN] += 1
        elif label is None:
            dropped[NEVER_ASKED] += 1
        elif box.size.max() <= MIN_BOX_SIDE_M:
            dropped[TOO_SMALL] += 1
            unplaced.add(winner)
        else:
            object_of_id[box_id] = len(objects)
            objects.append(Object3D(box_id, label, box, None))
    names = {name_object(name, {}) for name in unplaced}
    return tuple(objects), object_of_id, frozenset(name for name in names if name)


def _with_instances(view: PerspectiveView, object_of_id: NDArray[np.int32]) -> Frame:
    if not view.ids.is_file():
        return view.frame
    return replace(view.frame, instances=BoxIdImage(view.ids, view.size, object_of_id))


def _floor(path: Path, rooms: set[str], dropped: Counter[str]) -> NDArray[np.float64] | None:
    """Outline of the rooms that are shown; without one the reason is counted."""
    if not path.is_file():
        return None
    outline = read_floor(path, rooms)
    dropped[NO_OUTLINE] += outline is None
    return outline


def _check_fit(scene: Scene, path: Path) -> None:
    """Raise SceneError unless what the pixels of a box show lies in it, for more than half of the boxes."""
    shown: dict[int, list[NDArray]] = {}
    for frame in scene.frames:
        if frame.instances is not None and frame.depth is not None:
            _gather(frame, frame.instances.read_objects(), frame.depth.read_m(), shown)
    clouds = {index: np.concatenate(clouds) for index, clouds in shown.items()}
    shares = [share_inside(scene.objects[index].box, cloud, FIT_MARGIN_M) for index, cloud in clouds.items()]
    if shares and float(np.median(shares)) < MIN_SHARE_INSIDE:
        found = f"boxes of which half hold less than {np.median(shares):.0%} of what their pixels show"
        raise SceneError(path, f"boxes: found {found}, expected boxes around it; is everything in millimetres?")


def _gather(frame: Frame, objects: NDArray[np.int32], depth: NDArray[np.float32], shown: dict[int, list]) -> None:
    """Add the points that a frame shows of each object, world, metres, from a coarse grid of pixels."""
    v, u = np.mgrid[0 : depth.shape[0] : FIT_STRIDE, 0 : depth.shape[1] : FIT_STRIDE].reshape(2, -1)
    is_known = (objects[v, u] >= 0) & (depth[v, u] > 0)
    u, v = u[is_known], v[is_known]
    z, camera = depth[v, u].astype(np.float64), frame.camera
    local = camera.unproject(np.stack([u, v], axis=1), z)
    points, owner = frame.world_from_camera @ local, objects[v, u]
    for index in np.unique(owner):
        shown.setdefault(int(index), []).append(points[owner == index])
