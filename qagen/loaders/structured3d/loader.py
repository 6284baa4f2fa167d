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
* Everything is in millimeters, z up.
* A camera is given by its position, its direction, an up vector that need not be square to it, and HALF angles of view
  in radians, from the middle of the image to its edge.
* Boxes have their axes in rows and HALF extents, which may be negative. Tilted ones are replaced by the upright box
  around their corners.
* Boxes have no names; the images give them (io/instances.py). What has a name but no box is known to be there
  all the same (Scene.unplaced).
* Whether ``depth.png`` holds z or the length of the ray is not documented; it is found out by the flatness of walls
  (io/depth_kind.py) and taken for z where that does not decide.
* The views of a house are no recording: they stand in the order of rooms and positions, one a second.
* Houses that the dataset's own list calls invalid (metadata/errata.txt) are left out. There is no mesh.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.reasons import NEVER_SEEN, NO_LABEL, NO_OUTLINE, TOO_SMALL
from qagen.core.scene import MIN_BOX_SIDE_M, Frame, Scene
from qagen.errors import SceneError, did_you_mean
from qagen.loaders._base import ALL, FolderLoader, ObjectList
from qagen.loaders.io.boxes import share_inside, upright_box
from qagen.loaders.io.instances import BACKGROUND, IdFile, ObjectImage, Vote, index_by_id, read_classes
from qagen.loaders.io.text import check_unique, read_json
from qagen.loaders.structured3d.floor import read_floor
from qagen.loaders.structured3d.views import read_views

SPLITS = {"train": range(3000), "val": range(3000, 3250), "test": range(3250, 3500)}
INVALID = frozenset({1155, 1192, 1714, 1816, 1852, 3398})
"""Houses that metadata/errata.txt calls invalid."""
MM_PER_M = 1000.0
FIT_MARGIN_M = 0.1
FIT_STRIDE = 8
MIN_SHARE_INSIDE = 0.5
"""Minimum share of its pixels whose depth must put them into the median box."""
_BOX_ID = Annotated[int, msgspec.Meta(ge=0, lt=BACKGROUND)]
_Three = tuple[float, float, float]


class _Box(msgspec.Struct):
    ID: _BOX_ID
    basis: tuple[_Three, _Three, _Three]
    coeffs: _Three
    centroid: _Three


class Structured3DLoader(FolderLoader):
    """Reads the perspective views of furnished rooms, house by house."""

    name = "structured3d"
    scene_name = re.compile(r"scene_\d{5}")
    homes = ("Structured3D", "")
    expected = "scene_00000/2D_rendering/ and so on"

    def in_split(self, split: str, found: Mapping[str, Path]) -> Collection[str]:
        """Those of the houses ``found`` that belong to the split, without the invalid ones. Raises SceneError."""
        if split not in (*SPLITS, ALL):
            raise SceneError(self.root, f"split: no {split!r}.{did_you_mean(split, [*SPLITS, ALL])}")
        chosen = [name for name in found if _number(name) not in INVALID]
        chosen = [name for name in chosen if split == ALL or _number(name) in SPLITS[split]]
        if not chosen:
            raise SceneError(self.root, f"split: found none of {split!r} among {len(found)} scenes, expected some")
        return chosen

    def is_scene(self, folder: Path) -> bool:
        return (folder / "2D_rendering").is_dir()

    def load(self, scene_id: str) -> Scene:
        """Read one house; color and depth stay undecoded, classes and instances are read for the labels.

        Raises:
            SceneError: something of the scene is missing, damaged or contradicts itself, or its views show none of
                the boxes in their places.
        """
        if self.scene_name.fullmatch(scene_id) and _number(scene_id) in INVALID:
            raise SceneError(self.root, f"scene: {scene_id} is invalid by the dataset's own errata")
        scene = super().load(scene_id)
        _check_fit(scene, scene.source / "bbox_3d.json")
        return scene

    def read(self, scene_id: str, folder: Path) -> Scene:
        dropped: Counter[str] = Counter()
        views = read_views(folder / "2D_rendering", dropped)
        vote = Vote()
        for view in views:
            if view.ids.is_file() and view.classes.is_file():
                vote.add(IdFile(view.ids, view.size).read_ids(), read_classes(view.classes, view.size))
        objects = _read_objects(folder / "bbox_3d.json", vote, dropped)
        index = index_by_id(objects.kept)
        return Scene(
            dataset=self.name,
            id=scene_id,
            source=folder,
            frames=tuple(
                replace(view.frame, instances=ObjectImage(IdFile(view.ids, view.size), index))
                if view.ids.is_file()
                else view.frame
                for view in views
            ),
            objects=tuple(objects.kept),
            mesh=None,
            room_polygon=_read_outline(folder / "annotation_3d.json", {view.room for view in views}, dropped),
            unplaced=vote.unplaced({item.id for item in objects.kept}),
            dropped=dict(+dropped),
        )


def _number(scene_id: str) -> int:
    return int(scene_id.removeprefix("scene_"))


def _read_objects(path: Path, vote: Vote, dropped: Counter[str]) -> ObjectList:
    """The objects that may be asked about, by box id. Raises SceneError."""
    described = read_json(path, list[_Box])
    check_unique((box.ID for box in described), path, "ID")
    objects = ObjectList(dropped)
    for description in sorted(described, key=lambda box: box.ID):
        box = _read_box(description, path)
        winner = vote.winner(description.ID)
        if winner is None:
            objects.leave_out(NO_LABEL if vote.is_seen(description.ID) else NEVER_SEEN)
            continue
        label = objects.name(winner)
        if label is not None and box.size.max() <= MIN_BOX_SIDE_M:
            objects.leave_out(TOO_SMALL)
        elif label is not None:
            objects.add(description.ID, label, box)
    is_seen = any(vote.is_seen(box.ID) for box in described)
    if described and not objects.kept and (dropped[TOO_SMALL] or not is_seen):
        expected = "some that the images show and name, with sides above a millimeter"
        raise SceneError(path, f"boxes: found {len(described)} but none to ask about, expected {expected}")
    return objects


def _read_box(description: _Box, path: Path) -> Box3D:
    """The upright box, meters."""
    center = np.array(description.centroid) / MM_PER_M
    try:
        return upright_box(center, description.basis, 2 * np.abs(description.coeffs) / MM_PER_M)
    except ValueError as error:
        hint = "(downloads before 2020-03-26 have a wrong basis)"
        raise SceneError(path, f"box {description.ID}: {error} {hint}") from error


def _read_outline(path: Path, rooms: set[str], dropped: Counter[str]) -> NDArray[np.float64] | None:
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
            _collect_points(frame, frame.instances.read_objects(), frame.depth.read_m(), shown)
    clouds = {index: np.concatenate(clouds) for index, clouds in shown.items()}
    shares = [share_inside(scene.objects[index].box, cloud, FIT_MARGIN_M) for index, cloud in clouds.items()]
    if shares and float(np.median(shares)) < MIN_SHARE_INSIDE:
        found = f"boxes of which half hold less than {np.median(shares):.0%} of what their pixels show"
        raise SceneError(path, f"boxes: found {found}, expected boxes around it; is everything in millimeters?")


def _collect_points(
    frame: Frame, objects: NDArray[np.int32], depth: NDArray[np.float32], shown: dict[int, list]
) -> None:
    """Add the points that a frame shows of each object, world, meters, from a coarse grid of pixels."""
    v, u = np.mgrid[0 : depth.shape[0] : FIT_STRIDE, 0 : depth.shape[1] : FIT_STRIDE].reshape(2, -1)
    is_known = (objects[v, u] >= 0) & (depth[v, u] > 0)
    u, v = u[is_known], v[is_known]
    z, camera = depth[v, u].astype(np.float64), frame.camera
    local = camera.unproject(np.stack([u, v], axis=1), z)
    points, owner = frame.world_from_camera @ local, objects[v, u]
    for index in np.unique(owner):
        shown.setdefault(int(index), []).append(points[owner == index])
