"""CA-1M: captures of ARKitScenes with poses, depth and boxes of all objects in the space of a laser scan.

The download (Lazarow et al., CVPR 2025, https://github.com/apple/ml-cubifyanything), one archive a capture, packed or
unpacked::

    <root>/                                     or train/ and val/ in it
    └── ca1m-{train,val}-47115543.tar           or ca1m-val-47115543/ or 47115543/, unpacked
        └── 47115543/
            ├── world.gt/instances.json         boxes of the scan: id, category, position, scale, R, corners
            ├── 21859797734958.gt/RT.json       4 x 4, CAMERA TO WORLD of the frame of this time, nanoseconds
            ├── 21859797734958.gt/depth.png     512 x 384, rendered from the laser scan; K in gt/depth/K.json
            ├── 21859797734958.wide/image.png   1024 x 768; K in wide/image/K.json
            ├── 21859797734958.wide/depth.png   256 x 192, the device's; K in wide/depth/K.json; optional
            └── 21859797734958.wide/T_gravity.json    3 x 3, from a level camera to this one; optional

What is undone here
* Archives are read where they lie, by offsets.
* World meters, z up. Frames whose pose contradicts T_gravity by more than 10 degrees are left out.
* K counts pixels from the edge of the image; half a pixel is taken off. It differs from frame to frame.
* Each image was turned upright, with its pose and its K. Where the device was turned while filming, images are turned
  back, so that all have one shape and no quarter turn lies between two of them.
* Depth is in millimeters. That of the laser is used, but where the device saw something else.
* The axes of a box are the columns of R, and scale has its full extents along them.
* The category "object" names nothing. ``<time>.wide/instances.json``, the parts of the boxes that a frame shows, in its
  camera's axes, is not read.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec
import numpy as np

from qagen.core.labels import clean_label
from qagen.core.pose import rotate
from qagen.core.reasons import TILTED_BOX, TOO_SMALL
from qagen.core.scene import Scene
from qagen.errors import SceneError, did_you_mean
from qagen.loaders._base import ALL, FolderLoader, ObjectList, absolute
from qagen.loaders.ca1m.frames import read_frames
from qagen.loaders.io.boxes import upright_box
from qagen.loaders.io.tar import Member, list_tar, list_unpacked
from qagen.loaders.io.text import check_unique, decode_json

SPLITS = ("train", "val")
BOXES = "world.gt/instances.json"
STRUCTURE = frozenset({"wall", "floor", "ceiling", "doorframe"})
"""Categories that are no objects, without blanks; all others without a name to ask about may be anything."""
MAX_UPRIGHT_RATIO = 1.2
"""Largest volume of the upright box around a tilted one, as a multiple of that one's."""
LEAST_SIDE_M = 0.001
CORNER_TOLERANCE_M = 0.02
_NUMBER = re.compile(r"(?:ca1m-(train|val)-)?(\d+)(?:\.tar)?")

_Vector = tuple[float, float, float]


class _Instance(msgspec.Struct):
    id: str
    category: str
    position: _Vector
    scale: _Vector
    R: tuple[_Vector, _Vector, _Vector]
    corners: list[_Vector] | None = None


class Ca1mLoader(FolderLoader):
    """Reads archives and folders of captures; their names, or the folder around them, tell the split."""

    name = "ca1m"
    scene_name = re.compile(r"\d+|ca1m-(?:train|val)-\d+(?:\.tar)?")
    homes = ("", *SPLITS)
    expected = f"ca1m-<split>-<number>.tar, or <number>/{BOXES}"

    def in_split(self, split: str, found: Mapping[str, Path]) -> Collection[str]:
        """Those of the captures ``found`` that belong to a split; all where no name tells. Raises SceneError."""
        if split not in (*SPLITS, ALL):
            raise SceneError(self.root, f"split: no {split!r}.{did_you_mean(split, [*SPLITS, ALL])}")
        splits = {name: _split_of(path) for name, path in found.items()}
        if split == ALL or self._is_scene(self.root) or not any(splits.values()):
            return found
        names = [name for name in found if splits[name] == split]
        if not names:
            expected = f"ca1m-{split}-<number>, or a folder {split}"
            raise SceneError(
                self.root, f"split: none of the {len(found)} captures is of {split!r}, expected {expected}"
            )
        return names

    def is_scene(self, folder: Path) -> bool:
        return folder.is_file() if folder.suffix == ".tar" else _unpacked(folder) is not None

    def scene_id(self, folder: Path) -> str:
        return _number_in(absolute(folder).name)

    def folder(self, scene_id: str) -> Path:
        """One capture's archive or folder, found without listing the others. Raises SceneError."""
        if self.scene_name.fullmatch(scene_id) and not self._is_scene(self.root):
            names = [scene_id, *(f"ca1m-{split}-{scene_id}{end}" for split in SPLITS for end in ("", ".tar"))]
            paths = [home / name for home in self._homes() for name in names]
            found = next((path for path in paths if self.is_scene(path)), None)
            if found is not None:
                return found
        return super().folder(scene_id)

    def check_names(self, found: Mapping[str, Path], paths: Collection[Path]) -> None:
        """An archive may lie beside the folder that it was unpacked into."""

    def read(self, scene_id: str, folder: Path) -> Scene:
        members = _members(scene_id, folder)
        dropped: Counter[str] = Counter()
        objects, is_all_named = _read_objects(members.get(BOXES, Member(folder / BOXES, folder / BOXES)), dropped)
        frames = read_frames(members, folder, dropped)
        return Scene(
            self.name,
            scene_id,
            folder,
            frames,
            tuple(objects.kept),
            None,
            unplaced=frozenset(objects.unplaced),
            has_closed_classes=not is_all_named,
            lists_all=is_all_named,
            dropped=dict(+dropped),
        )


def _number_in(name: str) -> str:
    match = _NUMBER.fullmatch(name)
    return name if match is None else match[2]


def _split_of(path: Path) -> str | None:
    """The split that the name of a capture or of a folder around it tells."""
    place = absolute(path)
    match = _NUMBER.fullmatch(place.name)
    if match is not None and match[1]:
        return match[1]
    return place.parent.name if place.parent.name in SPLITS else None


def _unpacked(folder: Path) -> Path | None:
    """The folder that holds a capture's frames; None where there is none."""
    places = (folder / _number_in(absolute(folder).name), folder)
    return next((place for place in places if (place / BOXES).is_file()), None)


def _members(scene_id: str, folder: Path) -> dict[str, Member]:
    """The capture's files by their names below the folder of its number. Raises SceneError."""
    unpacked = None if folder.suffix == ".tar" else _unpacked(folder)
    if unpacked is not None:
        return list_unpacked(unpacked)
    everything, prefix = list_tar(folder), f"{scene_id}/"
    members = {name.removeprefix(prefix): member for name, member in everything.items() if name.startswith(prefix)}
    if not members:
        found = f"none of {len(everything)} below {prefix}"
        raise SceneError(folder, f"members: found {found}, expected the capture's (was the archive renamed?)")
    return members


def _read_objects(member: Member, dropped: Counter[str]) -> tuple[ObjectList, bool]:
    """The objects that may be asked about, and whether all that are annotated have a name. Raises SceneError."""
    objects = ObjectList(dropped)
    instances = decode_json(member.read(), list[_Instance], member.path)
    check_unique((item.id for item in instances), member.path, "id")
    is_all_named = True
    for number, item in enumerate(instances):
        label = objects.name(item.category)
        if label is None:
            is_all_named &= clean_label(item.category).replace(" ", "") in STRUCTURE
            continue
        try:
            _add(objects, number, label, item)
        except ValueError as error:
            raise SceneError(member.path, f"[{number}] ({item.id}): {error}") from error
    return objects, is_all_named


def _add(objects: ObjectList, number: int, label: str, item: _Instance) -> None:
    """Keep an object, or count why not. Raises ValueError where its box is none."""
    box = upright_box(item.position, np.transpose(item.R), item.scale)
    _check_corners(item)
    if max(item.scale) <= LEAST_SIDE_M:
        objects.leave_out(TOO_SMALL, label)
    elif box.size.prod() > MAX_UPRIGHT_RATIO * np.prod(item.scale):
        objects.leave_out(TILTED_BOX, label)
    else:
        objects.add(number, label, box)


def _check_corners(item: _Instance) -> None:
    """Raise ValueError where a box's corners are not those of its center, axes and extents."""
    if item.corners is None:
        return
    local = rotate(np.transpose(item.R), np.reshape(item.corners, (-1, 3)) - np.array(item.position))
    off = np.abs(np.abs(local) - np.array(item.scale) / 2)
    if not (off <= CORNER_TOLERANCE_M).all():
        found = f"corners {off.max():.3g} m from those of position, scale and R"
        raise ValueError(f"found {found}, expected at most {CORNER_TOLERANCE_M:g}")
