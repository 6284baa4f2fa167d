"""The media of SPAR-7M-RGBD, and of any run with ``--rgbd``, read back as frames.

```
<root>/                          the folder <dataset>/images
    <scene>/
        image_color/<frame>.jpg      image_depth/<frame>.png      pose/<frame>.txt
        video_color/frame<j>_<frame>.jpg  video_depth/frame<j>_<frame>.png  video_pose/frame<j>_<frame>.txt
        video_idx.txt                the frames of the video in order, one a line
        intrinsic/{intrinsic,extrinsic}_{color,depth}.txt, or one set a frame: <frame>_intrinsic_color.txt
        depth_unit.txt               depth of a stored 1, where it is no millimeter
```

Poses are camera to world with OpenCV axes, depth is planar and in millimeters, intrinsics are 4 x 4 or 3 x 3. There are
no boxes: these scenes give questions about the cameras, and others with boxes from ``--boxes``.

Source: the dataset card of the release (huggingface.co/datasets/jasonzhango/SPAR-7M-RGBD).
"""

import math
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.reasons import INVALID_POSE, NO_POSE
from qagen.core.scene import FileSource, Frame, Scene
from qagen.errors import SceneError
from qagen.loaders._base import ANY_NAME, FolderLoader
from qagen.loaders.io.axes import valid_pose
from qagen.loaders.io.images import image_size
from qagen.loaders.io.rgbd import FRAMES_PER_SECOND, DepthImage, check_identity, fit_camera
from qagen.loaders.io.text import list_folder, natural, read_matrix, read_pose, read_text, safe_name

UNITS_PER_M = 1000.0
DEPTH_UNIT_FILE = "depth_unit.txt"
_SINGLE = re.compile(r"(.+)\.(?:jpg|jpeg|png)", re.IGNORECASE)
_VIDEO = re.compile(r"frame[0-9]+_(.+)\.(?:jpg|jpeg|png)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _FrameFiles:
    """Where one frame lies."""

    name: str
    """The frame's name."""
    color: Path
    depth: Path
    """May be missing."""
    pose: Path
    """May be missing."""


class SparRgbdLoader(FolderLoader):
    """Reads image folders in the layout of SPAR-7M-RGBD. They have no splits."""

    name = "spar_rgbd"
    scene_name = ANY_NAME
    expected = "folders <scene> that hold image_color or video_color"

    def is_scene(self, folder: Path) -> bool:
        return (folder / "image_color").is_dir() or (folder / "video_color").is_dir()

    def read(self, scene_id: str, folder: Path) -> Scene:
        cameras, units_per_m = _Cameras(folder / "intrinsic"), _units_per_m(folder / DEPTH_UNIT_FILE)
        dropped: Counter[str] = Counter()
        frames: list[Frame] = []
        for files in _list_frames(folder):
            pose = valid_pose(read_pose(files.pose)) if files.pose.is_file() else None
            if pose is not None:
                frames.append(_read_frame(files, pose, cameras, units_per_m, len(frames)))
            else:
                dropped[INVALID_POSE if files.pose.is_file() else NO_POSE] += 1
        return Scene(self.name, scene_id, folder, tuple(frames), (), None, dropped=dict(dropped))


def _units_per_m(path: Path) -> float:
    """Stored units in a meter. Raises SceneError."""
    if not path.is_file():
        return UNITS_PER_M
    text = read_text(path).strip()
    try:
        unit_m = float(text)
    except ValueError:
        unit_m = math.nan
    if not (math.isfinite(unit_m) and unit_m > 0):
        raise SceneError(path, f"depth unit: found {text[:20]!r}, expected the depth of a stored 1, above 0")
    return 1 / unit_m


def _list_frames(folder: Path) -> list[_FrameFiles]:
    """Every frame once, though it may be stored as an image and as a part of the video; in order of their numbers."""
    found: dict[str, _FrameFiles] = {}
    for prefix, pose, names in (("image", "pose", _SINGLE), ("video", "video_pose", _VIDEO)):
        home = folder / f"{prefix}_color"
        for path in list_folder(home) if home.is_dir() else ():
            match = names.fullmatch(path.name)
            if match is not None:
                depth = folder / f"{prefix}_depth" / f"{path.stem}.png"
                found.setdefault(match[1], _FrameFiles(match[1], path, depth, folder / pose / f"{path.stem}.txt"))
    return [found[name] for name in sorted(found, key=natural)]


class _Cameras:
    """The cameras of a scene: one for all frames, or one per frame."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shared: dict[tuple[str, tuple[int, int]], Camera] = {}

    def of(self, kind: str, frame: str, size: tuple[int, int]) -> Camera:
        """The pinhole of an image of a frame; ``kind`` is "color" or "depth"."""
        own = self._folder / f"{frame}_intrinsic_{kind}.txt"
        if own.is_file():
            return _read_camera(self._folder, f"{frame}_", kind, size)
        if (kind, size) not in self._shared:
            self._shared[kind, size] = _read_camera(self._folder, "", kind, size)
        return self._shared[kind, size]


def _read_camera(folder: Path, prefix: str, kind: str, size: tuple[int, int]) -> Camera:
    extrinsic = folder / f"{prefix}extrinsic_{kind}.txt"
    if extrinsic.is_file():
        check_identity(read_matrix(extrinsic, extrinsic.stem, (4, 3)), extrinsic, extrinsic.stem)
    path = folder / f"{prefix}intrinsic_{kind}.txt"
    return fit_camera(read_matrix(path, path.stem, (4, 3)), size, size, path, kind)


def _read_frame(files: _FrameFiles, pose: Pose, cameras: _Cameras, units_per_m: float, index: int) -> Frame:
    color = FileSource(files.color)
    depth, depth_camera = None, None
    if files.depth.is_file():
        depth_camera = cameras.of("depth", files.name, image_size(FileSource(files.depth), files.depth))
        depth = DepthImage(files.depth, depth_camera.width, depth_camera.height, units_per_m)
    return Frame(
        id=safe_name(files.name),
        color=color,
        depth=depth,
        camera=cameras.of("color", files.name, image_size(color, files.color)),
        depth_camera=depth_camera,
        world_from_camera=pose,
        time_s=index / FRAMES_PER_SECOND,
    )
