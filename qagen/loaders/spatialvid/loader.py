"""SpatialVID: clips of internet videos with a pose five times a second, most with depth and masks of what moves.

Wang et al., 2025, https://huggingface.co/datasets/SpatialVID; archives unpack to ``SpatialVid/HQ`` or the like::

    <root>/
    ├── annotations/group_0001/<clip>/
    │   ├── poses.npy, intrinsics.npy, indexes.txt      a row for each posed frame of the video
    │   ├── dyn_masks.npz                               masks of what moves
    │   └── instructions.json, caption.json             not read: words of others are no truth
    ├── depths/group_0001/<clip>.zip                    OpenEXR images of disparity
    └── videos/group_0001/<clip>.mp4

The annotation pipeline itself writes ``<clip>/img/frame_000000.jpg`` and, in ``<clip>/reconstructions``, the arrays and
``depth_opt.zip``. A clip's folder may also hold everything, its video as the only .mp4.

What is undone here
* Poses are world to camera, translation and quaternion with w last, OpenCV axes. Their unit is unknown and differs from
  clip to clip, and so does the vertical: the first row is nearly the identity.
* Intrinsics are fractions of width and height, edge to edge.
* Depth is one over disparity; what is not above 0, not finite or beyond 100 units is none. Its images show the frame
  resized and then cut at the right and the bottom.
* What moves is taken out of depth, because poses do not hold for it.
* Frames are found by the time stamps of the video.
* A clip whose parts do not fit together is refused (qagen.loaders.spatialvid.integrity).
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.reasons import DAMAGED_DEPTH, REPEATED_CLIP, UNREADABLE_DEPTH_IMAGE
from qagen.core.scene import Frame, Scene
from qagen.loaders._base import ANY_NAME, FolderLoader
from qagen.loaders.io.axes import rotation_of_quaternion
from qagen.loaders.spatialvid.depth import DepthArchive, depth_camera, on_depth, uncut_size
from qagen.loaders.spatialvid.files import ClipError, clip_homes, clip_of, is_clip
from qagen.loaders.spatialvid.integrity import CheckedClip, check_clip
from qagen.loaders.spatialvid.masks import MovingMasks


@dataclass(frozen=True, slots=True)
class StillDepth:
    """Depth of one row without what moves, decoded on demand."""

    archive: DepthArchive
    """Depth of the clip."""
    row: int
    """Number of the row."""
    masks: MovingMasks | None
    """Masks of what moves, where there are any."""
    uncut: tuple[int, int]
    """Width and height of the whole frame at the resolution of depth."""

    def read_m(self) -> NDArray[np.float32]:
        """(h, w) planar depth in units of the poses, 0 for none. Raises ClipError."""
        depth = self.archive.read_depth(self.row)
        if depth is None:
            raise ClipError(DAMAGED_DEPTH, self.archive.path, f"{self.archive.members[self.row]}: cannot be decoded")
        if self.masks is not None:
            depth[on_depth(self.masks.read(self.row), self.uncut, depth.shape)] = 0
        return depth


class SpatialVidLoader(FolderLoader):
    """Reads clips of the release, of the annotation pipeline, or in a folder of their own. They have no splits."""

    name = "spatialvid"
    scene_name = ANY_NAME
    expected = "annotations/group_0001/<clip>/poses.npy or <clip>/reconstructions/poses.npy"

    def is_scene(self, folder: Path) -> bool:
        return is_clip(folder)

    def _homes(self) -> list[Path]:
        return clip_homes(self.root)

    def files_beside(self, source: Path) -> list[Path]:
        clip = clip_of(source)
        return [path for path in (clip.video, clip.depth) if path is not None] if source.is_dir() else []

    def read(self, scene_id: str, folder: Path) -> Scene:
        clip = clip_of(folder)
        same = [home for home in self._homes() if is_clip(home / folder.name)]
        if len(same) > 1:
            found = f"clip {clip.id} in {same[0].name} and {same[1].name}"
            raise ClipError(REPEATED_CLIP, self.root, f"found {found}, expected it once")
        checked = check_clip(clip)
        dropped: Counter[str] = Counter()
        frames = tuple(_read_frame(checked, row, dropped) for row in range(len(checked.frames)))
        return Scene(
            dataset=self.name,
            id=scene_id,
            source=folder,
            frames=frames,
            objects=(),
            mesh=None,
            unit_m=None,
            is_level=False,
            dropped=dict(dropped),
        )


def _read_frame(checked: CheckedClip, row: int, dropped: Counter[str]) -> Frame:
    """The frame of a row; one whose depth image cannot be decoded has none, and is counted. Raises ClipError."""
    camera = camera_of(checked, row)
    depth = None
    own_camera = None
    if checked.depth is not None:
        disparity = checked.depth.read_disparity(row)
        if disparity is None:
            dropped[UNREADABLE_DEPTH_IMAGE] += 1
        else:
            height, width = disparity.shape
            uncut = uncut_size(camera, width, height, checked.depth.path)
            own_camera = depth_camera(camera, width, height, checked.depth.path)
            depth = StillDepth(checked.depth, row, checked.masks, uncut)
    return Frame(
        id=str(checked.frames[row]),
        color=checked.source.images[row],
        depth=depth,
        camera=camera,
        depth_camera=own_camera,
        world_from_camera=camera_from_world(checked.poses[row]).inverse(),
        time_s=float(checked.source.times_s[row]),
    )


def camera_from_world(pose: NDArray[np.floating]) -> Pose:
    """The transform of one row tx ty tz qx qy qz qw of poses, its quaternion normalized."""
    tx, ty, tz, qx, qy, qz, qw = (float(value) for value in pose)
    return Pose(rotation_of_quaternion(qx, qy, qz, qw), np.array([tx, ty, tz]))


def camera_of(checked: CheckedClip, row: int) -> Camera:
    """The pinhole of a row's image."""
    fx, fy, cx, cy = (float(value) for value in checked.intrinsics[row])
    width, height = checked.source.width, checked.source.height
    return Camera(fx * width, fy * height, cx * width - 0.5, cy * height - 0.5, width, height)
