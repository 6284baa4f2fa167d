"""Matterport3D with Room-across-Room and R2R: 90 houses, and people's descriptions of paths through them.

A camera on a tripod took 18 images at each viewpoint, three at each of six headings; annotators painted objects on
the mesh (Chang et al., 3DV 2017, https://niessner.github.io/Matterport/). R2R (Anderson et al., CVPR 2018) and
Room-across-Room (Ku et al., EMNLP 2020) describe paths from viewpoint to viewpoint. A scene is a whole house::

    <root>/
    ├── v1/scans/                                       or scans/; <root> may be this folder too, or a single scan's
    │   └── 17DRP5sb8fy/
    │       ├── undistorted_camera_parameters/17DRP5sb8fy.conf   cameras (conf.py)
    │       ├── undistorted_color_images/<viewpoint>_i<camera>_<yaw>.jpg
    │       ├── undistorted_depth_images/<viewpoint>_d<camera>_<yaw>.png    optional
    │       ├── house_segmentations/
    │       │   ├── 17DRP5sb8fy.house                   objects and their boxes (house.py)
    │       │   └── 17DRP5sb8fy.ply, .fsegs.json        mesh (mesh.py); optional; else
    │       └── region_segmentations/region0.ply, .fsegs.json, .semseg.json, …    the rooms' meshes
    ├── metadata/category_mapping.tsv                   names; optional
    ├── scenes_train.txt, …                             splits, also in tasks/benchmark/; optional
    ├── connectivity/17DRP5sb8fy_connectivity.json      walks (walks.py); optional, as are
    ├── R2R/R2R_train.json, …                           or tasks/R2R/data/, or <root> itself
    └── RxR/rxr_train_guide.jsonl.gz, …                 or rxr-data/, or <root> itself

The archives may have been unpacked where they were downloaded: a folder is found under a second scan name, too. What
serves all scans is also looked for in the folder above v1/ and scans/.

What is undone here
* Cameras look along -z with y up, and pixels are counted from the bottom left corner of the image. Images themselves
  are stored as usual, from the top. Principal points become (cx - 0.5, H - cy - 0.5), because pixel centers are at
  integers here. An image that was shrunk keeps its aspect, and its camera is scaled with it.
* Depth is planar, 16-bit, 4000 units a meter.
* The boxes of the .house file keep their centers and sizes; tilted ones become the upright box of the surface.
  Without a house mesh the objects are those of the rooms' meshes, with boxes around their surface. Without any mesh
  there are boxes only.
* Objects in regions labeled Z (reflections) are left out. A house is not one room, so there is no room polygon.
* A walk shows one image of each viewpoint: of the level camera, looking most nearly to the next viewpoint, at the last
  one onwards. Only English texts are kept, of one split: train if the house has walks there, else val_unseen, ….
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.reasons import (
    INVALID_POSE,
    NO_GRAPH,
    NO_IMAGE,
    NO_WORDS,
    NOT_ENGLISH,
    OFF_GRAPH,
    TOO_SHORT,
    UNSEEN_VIEWPOINT,
)
from qagen.core.scene import FileSource, Frame, Scene, Walk
from qagen.errors import SceneError
from qagen.loaders._base import FolderLoader, absolute
from qagen.loaders.io.axes import valid_pose
from qagen.loaders.io.images import image_size
from qagen.loaders.io.labels import LabelEntry, read_label_map
from qagen.loaders.io.rgbd import DepthImage, fit_camera
from qagen.loaders.io.text import list_folder
from qagen.loaders.matterport.conf import CameraList, ListedImage, read_conf
from qagen.loaders.matterport.objects import read_objects
from qagen.loaders.matterport.walks import (
    ENGLISH,
    R2R_FILES,
    RXR_FILES,
    SPLITS,
    Graph,
    WalkDescription,
    read_connectivity,
    read_r2r,
    read_rxr,
)

LABEL_MAP = "category_mapping.tsv"
NATIVE_SIZE = (1280, 1024)
DEPTH_UNITS_PER_M = 4000.0
LEVEL_CAMERA = 1
MAX_OFF_HEADING_DEG = 45.0
"""Maximum angle between the image of a viewpoint and the way to the next; six images leave at most 30 degrees."""
SAME_PLACE_M = 0.05
"""Viewpoints nearer to each other over the floor are one above the other, and have no direction."""
_CONF = "undistorted_camera_parameters"


class MatterportLoader(FolderLoader):
    """Reads Matterport3D as it is downloaded, with the walks of R2R and Room-across-Room."""

    name = "rxr"
    homes = ("v1/scans", "scans", "")
    expected = f"v1/scans/, scans/ or folders <scan> that hold {_CONF}/<scan>.conf"
    split_list = "scenes_{split}.txt"
    shared_folders = ("", "metadata", "connectivity", "R2R", "tasks/R2R/data", "RxR", "rxr-data", "tasks/benchmark")

    def is_scene(self, folder: Path) -> bool:
        return (_kind_folder(folder, _CONF) / f"{absolute(folder).name}.conf").is_file()

    def read(self, scene_id: str, folder: Path) -> Scene:
        dropped: Counter[str] = Counter()
        conf = _kind_folder(folder, _CONF) / f"{scene_id}.conf"
        frames, listed = _read_frames(folder, conf, read_conf(conf), dropped)
        prefix = _kind_folder(folder, "house_segmentations") / scene_id
        rooms = _kind_folder(folder, "region_segmentations")
        objects, mesh = read_objects(prefix, rooms, self.read_label_map(), dropped)
        return Scene(
            dataset=self.name,
            id=scene_id,
            source=folder,
            frames=frames,
            objects=tuple(objects.kept),
            mesh=mesh,
            walks=self.read_walks(scene_id, _LevelViews(frames, listed), dropped),
            unplaced=frozenset(objects.unplaced),
            dropped=dict(+dropped),
        )

    def read_label_map(self) -> dict[str, LabelEntry]:
        """Names of objects by what annotators typed; empty without a label map. Raises SceneError."""
        path = self.shared_file(LABEL_MAP)
        return read_label_map(path) if path.is_file() else {}

    def read_walks(self, scan: str, views: "_LevelViews", dropped: Counter[str]) -> tuple[Walk, ...]:
        """The described walks that can be shown; the others are counted. Raises SceneError."""
        found = self._read_descriptions(R2R_FILES, read_r2r, scan) + self._read_descriptions(RXR_FILES, read_rxr, scan)
        path = self.shared_file(f"{scan}_connectivity.json")
        if not path.is_file():
            dropped[NO_GRAPH] += len(found)
        if not found or not path.is_file():
            return ()
        graph = read_connectivity(path)
        walks = [_make_walk(description, graph, views) for description in found]
        dropped.update(walk for walk in walks if isinstance(walk, str))
        return tuple(walk for walk in walks if isinstance(walk, Walk))

    def _read_descriptions(
        self, names: Sequence[str], read: Callable[[Path, str], list[WalkDescription]], scan: str
    ) -> list[WalkDescription]:
        """Those of the first split that describes the house: the others are its benchmarks."""
        for split in SPLITS:
            paths = [self.shared_file(name.format(split=split)) for name in names]
            path = next((path for path in paths if path.is_file()), None)
            found = read(path, scan) if path else []
            if found:
                return found
        return []


def _kind_folder(scan: Path, kind: str) -> Path:
    """Where the files of a kind are: archives hold ``<scan>/<kind>/``, and may be unpacked anywhere in the scan."""
    name = absolute(scan).name
    folders = (scan / kind, scan / name / kind, scan / kind / name / kind)
    return next((folder for folder in reversed(folders) if folder.is_dir()), folders[0])


def _read_frames(
    scan: Path, conf: Path, listing: CameraList, dropped: Counter[str]
) -> tuple[tuple[Frame, ...], tuple[ListedImage, ...]]:
    """The frames whose color image is on disk, and what the listing says of each."""
    colors, depths = _kind_folder(scan, listing.color_folder), _kind_folder(scan, listing.depth_folder)
    present = {path.name for path in list_folder(colors)}
    has_depth = {path.name for path in list_folder(depths)} if depths.is_dir() else set()
    taken: list[tuple[Frame, ListedImage]] = []
    for index, listed in enumerate(listing.images):
        # from a camera that looks along -z with y up to one that looks along z with y down
        pose = valid_pose(listed.pose * np.array([1.0, -1.0, -1.0, 1.0]))
        if pose is None:
            dropped[INVALID_POSE] += 1
        elif listed.color not in present:
            dropped[NO_IMAGE] += 1
        else:
            depth = depths / listed.depth if listed.depth in has_depth else None
            taken.append((_read_frame(listed, colors / listed.color, depth, pose, conf, index), listed))
    if not taken:
        expected = "some of them, with rigid poses"
        raise SceneError(colors, f"images: found none of the {len(listing.images)} of {conf.name}, expected {expected}")
    return tuple(frame for frame, _ in taken), tuple(listed for _, listed in taken)


def _read_frame(listed: ListedImage, color: Path, depth: Path | None, pose: Pose, conf: Path, index: int) -> Frame:
    depth_camera = None if depth is None else _fit_camera(listed, depth, conf)
    source = None
    if depth is not None and depth_camera is not None:
        source = DepthImage(depth, depth_camera.width, depth_camera.height, DEPTH_UNITS_PER_M)
    return Frame(
        id=color.stem,
        color=FileSource(color),
        depth=source,
        camera=_fit_camera(listed, color, conf),
        depth_camera=depth_camera,
        world_from_camera=pose,
        time_s=float(index),
    )


def _fit_camera(listed: ListedImage, image: Path, conf: Path) -> Camera:
    """The camera of an image that has the size of the original or was shrunk."""
    actual = image_size(FileSource(image), image)
    made_for = min((actual, NATIVE_SIZE), key=lambda size: np.abs(listed.intrinsic[:2, 2] / size - 0.5).max())
    intrinsic = listed.intrinsic.copy()
    intrinsic[:2, 2] = listed.intrinsic[0, 2] - 0.5, made_for[1] - listed.intrinsic[1, 2] - 0.5
    return fit_camera(intrinsic, made_for, actual, conf, listed.color)


class _LevelViews:
    """The images of the level camera by viewpoint."""

    def __init__(self, frames: Sequence[Frame], images: Sequence[ListedImage]) -> None:
        self._headings: dict[str, list[tuple[str, NDArray[np.float64]]]] = {}
        for frame, listed in zip(frames, images, strict=True):
            heading = frame.world_from_camera.rotation[:2, 2]
            if listed.camera == LEVEL_CAMERA:
                unit = heading / math.hypot(*heading)
                self._headings.setdefault(listed.viewpoint, []).append((frame.id, unit))

    def toward(self, viewpoint: str, direction: NDArray[np.float64]) -> str | None:
        """The frame that looks most nearly along a direction (2,) over the floor, None where none does."""
        headings = self._headings.get(viewpoint, ())
        cosines = ((round(float((heading * direction).sum()), 6), name) for name, heading in headings)
        along, name = max(cosines, default=(-1.0, ""))
        return name if along >= np.cos(np.radians(MAX_OFF_HEADING_DEG)) else None


def _make_walk(description: WalkDescription, graph: Graph, views: _LevelViews) -> Walk | str:
    """The walk, or why it is left out."""
    if description.language.split("-")[0] != ENGLISH:
        return NOT_ENGLISH
    if not description.words:
        return NO_WORDS
    if len(description.path) < 2:
        return TOO_SHORT
    if not graph.is_walkable(description.path):
        return OFF_GRAPH
    headings = headings_along(np.array([graph.positions[viewpoint] for viewpoint in description.path]))
    frames = [views.toward(*there) for there in zip(description.path, headings, strict=True)]
    shown = tuple(name for name in frames if name is not None)
    return Walk(description.id, shown, description.words) if len(shown) == len(frames) else UNSEEN_VIEWPOINT


def headings_along(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 2) unit direction over the floor from each position (n, 3) to the next, at the last one that of arrival.

    Where the next position is straight above or below, the direction is that of the step before, or else after.
    """
    steps = np.diff(positions[:, :2], axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    flat = np.flatnonzero(lengths > SAME_PLACE_M)
    if not len(flat):
        return np.zeros((len(positions), 2))
    before = np.searchsorted(flat, np.arange(len(positions)), side="right") - 1
    chosen = flat[np.maximum(before, 0)]
    return steps[chosen] / lengths[chosen, None]
