"""Matterport3D with Room-across-Room and R2R: 90 houses, and people's descriptions of ways through them.

A camera on a tripod took 18 images at each viewpoint, three at each of six headings; annotators painted objects on
the mesh (Chang et al., 3DV 2017, https://niessner.github.io/Matterport/). R2R (Anderson et al., CVPR 2018) and
Room-across-Room (Ku et al., EMNLP 2020) describe paths from viewpoint to viewpoint. A scene is a whole house::

    <root>/
    ├── v1/scans/                                       or scans/; <root> may be this folder too, or a single scan's
    │   └── 17DRP5sb8fy/
    │       ├── undistorted_camera_parameters/17DRP5sb8fy.conf   cameras (_matterport_conf)
    │       ├── undistorted_color_images/<viewpoint>_i<camera>_<yaw>.jpg
    │       ├── undistorted_depth_images/<viewpoint>_d<camera>_<yaw>.png    optional
    │       ├── house_segmentations/
    │       │   ├── 17DRP5sb8fy.house                   objects and their boxes (_matterport_house)
    │       │   └── 17DRP5sb8fy.ply, .fsegs.json        mesh (_matterport_mesh); optional, ...
    │       └── region_segmentations/region0.ply, .fsegs.json, .semseg.json, …    ... then the rooms' meshes are read
    ├── metadata/category_mapping.tsv                   names; optional
    ├── scenes_train.txt, …                             splits, also in tasks/benchmark/; optional
    ├── connectivity/17DRP5sb8fy_connectivity.json      walks (_matterport_walks); optional, as are
    ├── R2R/R2R_train.json, …                           or tasks/R2R/data/, or <root> itself
    └── RxR/rxr_train_guide.jsonl.gz, …                 or rxr-data/, or <root> itself

The archives may have been unpacked where they were downloaded: a folder is found under a second scan name, too. What
serves all scans is also looked for in the folder above v1/ and scans/.

What is undone here
* Cameras look along -z with y up, and pixels are counted from the bottom left corner of the image. Images themselves
  are stored as usual, from the top. Principal points become (cx - 0.5, H - cy - 0.5), because pixel centres are at
  integers here. An image that was shrunk keeps its aspect, and its camera is scaled with it.
* Depth is planar, 16-bit, 4000 units a metre.
* The boxes of the .house file keep their centres and sizes; tilted ones become the upright box of the surface.
  Without a house mesh the things are those of the rooms' meshes, with boxes around their surface. Without any mesh
  there are boxes only.
* Things in regions labelled Z (reflections) are left out. A house is not one room, so there is no room polygon.
* A walk shows one image of each viewpoint: of the level camera, looking most nearly to the next viewpoint, at the last
  one onwards. Only English texts are kept, of one split: train if the house has walks there, else val_unseen, ….
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.scene import FileSource, Frame, Scene, Walk, validate_scene
from qagen.errors import SceneError, did_you_mean
from qagen.loaders._base import Loader
from qagen.loaders.io.labels import LabelEntry, read_label_map
from qagen.loaders.io.rgbd import DepthImage, fit_camera
from qagen.loaders.io.text import list_folder, read_text
from qagen.loaders.matterport.conf import CameraList, ListedImage, read_conf
from qagen.loaders.matterport.objects import HouseObjects
from qagen.loaders.matterport.walks import (
    ENGLISH,
    R2R_FILE,
    RXR_FILE,
    SPLITS,
    Graph,
    WalkDescription,
    read_connectivity,
    read_r2r,
    read_rxr,
)

ALL = "all"
"""The split that is every scan on disk."""
NATIVE_SIZE = (1280, 1024)
DEPTH_UNITS_PER_M = 4000.0
LEVEL_CAMERA = 1
MOST_ASIDE_DEG = 45.0
"""The image of a viewpoint looks at most this far past the next one; six images leave at most 30 degrees."""
SAME_PLACE_M = 0.05
"""Viewpoints nearer to each other over the floor are one above the other, and have no direction."""

NO_IMAGE = "frame: no image file"
INVALID_POSE = "frame: invalid pose"
NO_GRAPH = "walk: no connectivity graph"
OTHER_LANGUAGE = "walk: not in English"
NO_WORDS = "walk: no words"
TOO_SHORT = "walk: fewer than two viewpoints"
OFF_GRAPH = "walk: leaves the connectivity graph"
UNSEEN = "walk: a viewpoint has no image along the way"

_SCAN_NAME = re.compile(r"[A-Za-z0-9_-]+")
_CONF = "undistorted_camera_parameters"
_SHARED_FOLDERS = ("", "metadata", "connectivity", "R2R", "tasks/R2R/data", "RxR", "rxr-data", "tasks/benchmark")
_SPLIT_FILE = re.compile(r"scenes_([a-z_]+)\.txt")


class MatterportLoader(Loader):
    """Reads Matterport3D as it is downloaded, with the walks of R2R and Room-across-Room."""

    name: ClassVar[str] = "rxr"

    def scene_ids(self, split: str) -> list[str]:
        """Sorted names of the scans on disk that are in ``scenes_<split>.txt``, or of all of them.

        All scans are taken when there is no split file at all, when the split is "all", and when the root is a
        single scan.

        Raises:
            SceneError: the root is missing or has no scan, there are split files but not this one, or none of the
                split's scans is on disk.
        """
        found = self._scans()
        files = {match[1]: path for path in self._shared_files() if (match := _SPLIT_FILE.fullmatch(path.name))}
        if split == ALL or not files or _is_scan(self.root):
            return sorted(found)
        if split not in files:
            raise SceneError(self.root, f"split: no scenes_{split}.txt.{did_you_mean(split, [*files, ALL])}")
        wanted = set(read_text(files[split]).split())
        if not wanted & set(found):
            raise SceneError(files[split], f"scenes: found none of its {len(wanted)} in {self.root}, expected some")
        return sorted(wanted & set(found))

    def load(self, scene_id: str) -> Scene:
        """Read one scan; images stay undecoded.

        Raises:
            SceneError: the scan has no annotation, or something of it is missing, damaged or contradicts itself.
        """
        scan = self._scan(scene_id)
        dropped: Counter[str] = Counter()
        conf = _type_folder(scan, _CONF) / f"{scene_id}.conf"
        listing = read_conf(conf)
        frames, shots = _frames(scan, conf, listing, dropped)
        things = HouseObjects(self._label_map(), dropped)
        house, rooms = _type_folder(scan, "house_segmentations"), _type_folder(scan, "region_segmentations")
        objects, mesh = things.read(house / scene_id, rooms)
        return validate_scene(
            Scene(
                dataset=self.name,
                id=scene_id,
                source=scan,
                frames=frames,
                objects=objects,
                mesh=mesh,
                walks=self._walks(scene_id, frames, shots, dropped),
                unplaced=frozenset(things.unplaced),
                dropped=dict(dropped),
            )
        )

    def _homes(self) -> list[Path]:
        homes = (self.root / "v1" / "scans", self.root / "scans", self.root)
        return [home for home in homes if home.is_dir()]

    def _scans(self) -> dict[str, Path]:
        """All scan folders by name. Raises SceneError where there is none."""
        if not self.root.is_dir():
            raise SceneError(self.root, "dataset root: no such folder")
        if _is_scan(self.root):
            return {_absolute(self.root).name: self.root}
        found = {path.name: path for home in reversed(self._homes()) for path in list_folder(home) if _is_scan(path)}
        if not found:
            expected = f"v1/scans/, scans/ or folders <scan> that hold {_CONF}/<scan>.conf"
            raise SceneError(self.root, f"dataset root: found no scan, expected {expected}")
        return found

    def _scan(self, scene_id: str) -> Path:
        """One scan's folder without listing the rest; the name is checked before it meets a path."""
        if _SCAN_NAME.fullmatch(scene_id):
            if _is_scan(self.root) and _absolute(self.root).name == scene_id:
                return self.root
            for home in self._homes():
                if _is_scan(home / scene_id):
                    return home / scene_id
        raise SceneError(self.root, f"scene: no {scene_id!r} here.{did_you_mean(scene_id, self._scans())}")

    def _shared_files(self) -> list[Path]:
        """Files that serve all scans, nearest first."""
        top = _absolute(self.root)
        tops = [top, *top.parents[:2]] if top.name == "scans" or _is_scan(top) else [top]
        tops += [top.parents[2]] if _is_scan(top) and len(top.parents) > 2 else []
        folders = [base / name for base in tops for name in _SHARED_FOLDERS]
        return [path for folder in folders if folder.is_dir() for path in list_folder(folder)]

    def _shared_file(self, name: str) -> Path | None:
        return next((path for path in self._shared_files() if path.name == name), None)

    def _label_map(self) -> dict[str, LabelEntry]:
        path = self._shared_file("category_mapping.tsv")
        return {} if path is None else read_label_map(path)

    def _walks(
        self, scan: str, frames: Sequence[Frame], shots: Sequence[ListedImage], dropped: Counter[str]
    ) -> tuple[Walk, ...]:
        found = self._descriptions(R2R_FILE, read_r2r, scan) + self._descriptions(RXR_FILE, read_rxr, scan)
        path = self._shared_file(f"{scan}_connectivity.json")
        if path is None or not found:
            dropped.update({NO_GRAPH: len(found)} if found else {})
            return ()
        graph, views = read_connectivity(path), _LevelViews(frames, shots)
        walks = [_walk(told, graph, views) for told in found]
        dropped.update(walk for walk in walks if isinstance(walk, str))
        return tuple(walk for walk in walks if isinstance(walk, Walk))

    def _descriptions(
        self, name: re.Pattern[str], read: Callable[[Path, str], list[WalkDescription]], scan: str
    ) -> list[WalkDescription]:
        """Those of the first split that describes the house: the others are its benchmarks."""
        files = {match[1]: path for path in reversed(self._shared_files()) if (match := name.fullmatch(path.name))}
        ranks = {split: next(k for k, known in enumerate(SPLITS) if split.startswith(known)) for split in files}
        for split in sorted(files, key=lambda split: ranks[split]):
            found = read(files[split], scan)
            if found:
                return found
        return []


def _absolute(folder: Path) -> Path:
    """With a name and a parent even for "."; a link keeps its own name, which is the scan's."""
    return folder.resolve() if ".." in folder.parts else folder.absolute()


def _type_folder(scan: Path, kind: str) -> Path:
    """Where the files of a kind are: archives hold ``<scan>/<kind>/``, and may be unpacked anywhere in the scan."""
    name = _absolute(scan).name
    places = (scan / kind, scan / name / kind, scan / kind / name / kind)
    return next((place for place in reversed(places) if place.is_dir()), places[0])


def _is_scan(folder: Path) -> bool:
    name = _absolute(folder).name
    return bool(_SCAN_NAME.fullmatch(name)) and (_type_folder(folder, _CONF) / f"{name}.conf").is_file()


def _frames(
    scan: Path, conf: Path, listing: CameraList, dropped: Counter[str]
) -> tuple[tuple[Frame, ...], tuple[ListedImage, ...]]:
    """The frames whose colour image is on disk, and what the listing says of each."""
    colors, depths = _type_folder(scan, listing.color_folder), _type_folder(scan, listing.depth_folder)
    present = {path.name for path in list_folder(colors)}
    has_depth = {path.name for path in list_folder(depths)} if depths.is_dir() else set()
    taken: list[tuple[Frame, ListedImage]] = []
    for index, shot in enumerate(listing.shots):
        pose = _pose(shot)
        if shot.color not in present or pose is None:
            dropped[INVALID_POSE if pose is None else NO_IMAGE] += 1
            continue
        depth = depths / shot.depth if shot.depth in has_depth else None
        taken.append((_frame(shot, colors / shot.color, depth, pose, conf, index), shot))
    if not taken:
        expected = "some of them, with rigid poses"
        raise SceneError(colors, f"images: found none of the {len(listing.shots)} of {conf.name}, expected {expected}")
    return tuple(frame for frame, _ in taken), tuple(shot for _, shot in taken)


def _frame(shot: ListedImage, color: Path, depth: Path | None, pose: Pose, conf: Path, index: int) -> Frame:
    depth_camera = None if depth is None else _camera(shot, depth, conf)
    source = None
    if depth is not None and depth_camera is not None:
        source = DepthImage(depth, depth_camera.width, depth_camera.height, DEPTH_UNITS_PER_M)
    return Frame(
        id=color.stem,
        color=FileSource(color),
        depth=source,
        camera=_camera(shot, color, conf),
        depth_camera=depth_camera,
        world_from_camera=pose,
        time_s=float(index),
    )


def _pose(shot: ListedImage) -> Pose | None:
    """From a camera that looks along -z with y up to one that looks along z with y down; None where it is invalid."""
    if not np.isfinite(shot.pose).all():
        return None
    try:
        return Pose.from_matrix(shot.pose @ np.diag([1.0, -1.0, -1.0, 1.0]))
    except ValueError:  # counted by the caller
        return None


def _camera(shot: ListedImage, image: Path, conf: Path) -> Camera:
    """The camera of an image that has the size of the original or was shrunk."""
    actual = _image_size(image)
    made_for = min((actual, NATIVE_SIZE), key=lambda size: _off_centre(shot.intrinsic, size))
    intrinsic = shot.intrinsic.copy()
    intrinsic[:2, 2] = shot.intrinsic[0, 2] - 0.5, made_for[1] - shot.intrinsic[1, 2] - 0.5
    return fit_camera(intrinsic, made_for, actual, conf, shot.color)


def _off_centre(intrinsic: NDArray[np.float64], size: tuple[int, int]) -> float:
    return float(np.abs(intrinsic[:2, 2] / size - 0.5).max())


def _image_size(path: Path) -> tuple[int, int]:
    """(width, height) from the header of an image. Raises SceneError when it is none."""
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise SceneError(path, f"image: cannot be decoded ({error})") from error


class _LevelViews:
    """The images of the level camera by viewpoint."""

    def __init__(self, frames: Sequence[Frame], shots: Sequence[ListedImage]) -> None:
        self._looks: dict[str, list[tuple[str, NDArray[np.float64]]]] = {}
        for frame, shot in zip(frames, shots, strict=True):
            look = frame.world_from_camera.rotation[:2, 2]
            if shot.camera == LEVEL_CAMERA:
                told = (frame.id, look / np.linalg.norm(look))
                self._looks.setdefault(shot.viewpoint, []).append(told)

    def toward(self, viewpoint: str, direction: NDArray[np.float64]) -> str | None:
        """The frame that looks most nearly along a direction (2,) over the floor, None where none does."""
        looks = self._looks.get(viewpoint, ())
        along, name = max(((float(look @ direction), name) for name, look in looks), default=(-1.0, ""))
        return name if along >= np.cos(np.radians(MOST_ASIDE_DEG)) else None


def _walk(told: WalkDescription, graph: Graph, views: _LevelViews) -> Walk | str:
    """The walk, or why it is dropped."""
    if told.language.split("-")[0] != ENGLISH:
        return OTHER_LANGUAGE
    if not told.words:
        return NO_WORDS
    if len(told.path) < 2:
        return TOO_SHORT
    if not graph.is_walkable(told.path):
        return OFF_GRAPH
    places = np.array([graph.positions[viewpoint] for viewpoint in told.path])
    looks = zip(told.path, _directions(places), strict=True)
    frames = [views.toward(viewpoint, direction) for viewpoint, direction in looks]
    if None in frames:
        return UNSEEN
    return Walk(told.id, tuple(name for name in frames if name is not None), told.words)


def _directions(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 2) unit direction over the floor from each of n places (n, 3) to the next, at the last one that of arrival.

    Where the next place is straight above or below, the direction is that of the step before, or else after.
    """
    steps = np.diff(places[:, :2], axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    flat = np.flatnonzero(lengths > SAME_PLACE_M)
    if not len(flat):
        return np.zeros((len(places), 2))
    before = np.searchsorted(flat, np.arange(len(places)), side="right") - 1
    chosen = flat[np.maximum(before, 0)]
    return steps[chosen] / lengths[chosen, None]
