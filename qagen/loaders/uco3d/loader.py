"""uCO3D: videos of single objects, filmed all around, with cameras, masks and point clouds.

Liu et al., CVPR 2025, https://uco3d.github.io; what the download holds::

    <root>/
    ├── metadata.sqlite                          cameras, times and paths (qagen.loaders.uco3d.database)
    └── <super category>/<category>/<sequence>/
        ├── rgb_video.mp4
        ├── mask_video.mkv                       how sure it is that a pixel shows the object
        ├── segmented_point_cloud.ply            points of the object
        ├── point_cloud.ply                      points of everything, from which the vertical is found
        └── depth_maps.h5, sparse_point_cloud.ply, gaussian_splats/        not read

The root may be the dataset's, or a folder below it down to a single sequence. Downloads may hold a part of the
sequences; scenes are those that have a folder.

What is undone here
* Cameras are PyTorch3D's (qagen.loaders.uco3d.cameras), in the frame of the point clouds. The alignment of the
  database is not applied: nothing says which of its axes is the vertical.
* Frames are found by their time in the video, and rotated as players rotate them.
* Lenses have twelve coefficients of distortion, which are taken out of images and masks; what then remains is cut such
  that no corner is empty.
* The unit is unknown: cameras come from structure from motion. Up is the normal of the plane that the object stands on
  where the point cloud shows one (qagen.loaders.io.plane), else unknown.
* Depth is a network's, of one image at a time, and disagrees between images: it is not read. Masks tell where the
  object is; those that the object's points contradict are not used.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.reasons import (
    INVALID_POSE,
    MASK_ELSEWHERE,
    NO_CAMERA,
    NO_IMAGE,
    NO_INSTANCES,
    NO_POSE,
    NO_SURFACE,
    UNSURE_TIME,
)
from qagen.core.scene import Frame, ImageSource, Scene
from qagen.errors import SceneError
from qagen.loaders._base import ANY_NAME, FolderLoader, ObjectList, absolute
from qagen.loaders.io.masked_objects import MaskedSurface, measure_cloud, place_object
from qagen.loaders.io.ply import read_points
from qagen.loaders.io.rotated import RotatedImage
from qagen.loaders.io.text import inside, list_folder
from qagen.loaders.io.undistorted import Distortion, UndistortedImage, pinhole_without_gaps
from qagen.loaders.io.video import Video, read_video, turns_when_shown
from qagen.loaders.uco3d.cameras import camera_from_world, lens_camera
from qagen.loaders.uco3d.database import (
    FRAMES,
    METADATA,
    SEQUENCES,
    FrameRow,
    SequenceRow,
    read_frames,
    read_sequence,
    sequences_among,
)
from qagen.loaders.uco3d.masks import SoftMask, shows_points

LEVELS = 3
"""Folders from the dataset's to a sequence's."""
MAX_OFF_TIME = 0.75
"""Largest time between a row and its frame of the video, in mean intervals between frames."""
MAX_OFF_FRAMES = 2.0
"""Largest difference between finding a frame by its time and by counting frames of the video's mean rate, in frames.
uCO3D's own program counts; a video whose rate varies may mean either."""
MAX_BESIDE, BESIDE_VOXELS = 50_000, 3.0
"""Most points of the scene that are looked at, and how far from the object's they must lie, in its voxels."""
_QUALIFIER = re.compile(r"[_ ]*\([^()]*\)")
"""What tells categories of one name apart: "_(for_cooking)" of "pan_(for_cooking)"."""
LEAST_SHARE = 0.5
"""Least share of the rows whose frames the video must have, and of the masks that must fit the object's points."""


class Uco3dLoader(FolderLoader):
    """Reads the sequences that have a folder. Official splits are of frames, not of sequences, and are not read."""

    name = "uco3d"
    scene_name = ANY_NAME
    expected = f"{METADATA} and <super category>/<category>/<sequence>/rgb_video.mp4"

    def is_scene(self, folder: Path) -> bool:
        above = absolute(folder).parents
        return len(above) >= LEVELS and folder.is_dir() and (above[LEVELS - 1] / METADATA).is_file()

    def shared_files(self) -> list[Path]:
        return [self._metadata()]

    def folders(self) -> dict[str, Path]:
        found = super().folders()
        known = sequences_among(self._metadata(), (path.name for path in found.values()))
        if not known:
            raise SceneError(self._metadata(), f"found none of the {len(found)} sequences below {self.root}")
        return {name: path for name, path in found.items() if path.name in known}

    def _metadata(self) -> Path:
        """The database of the root or of the nearest folder above it. Raises SceneError."""
        top = absolute(self.root)
        paths = [folder / METADATA for folder in (top, *top.parents[:LEVELS])]
        found = next((path for path in paths if path.is_file()), None)
        if found is None:
            raise SceneError(self.root, f"dataset root: found no {METADATA}, expected {self.expected}.{self._hint()}")
        return found

    def _homes(self) -> list[Path]:
        homes, depth = [self.root], len(absolute(self.root).relative_to(self._metadata().parent).parts)
        for _ in range(LEVELS - 1 - depth):
            homes = [path for home in homes for path in list_folder(home) if path.is_dir()]
        return homes

    def read(self, scene_id: str, folder: Path) -> Scene:
        metadata, dropped = self._metadata(), Counter[str]()
        row = read_sequence(metadata, folder.name)
        shots = _read_shots(metadata, folder.name, _Footage.open(_file(metadata, row.video, "_video_path")), dropped)
        frames, objects, level = tuple(shot.frame for shot in shots), ObjectList(dropped), None
        label = objects.name(_QUALIFIER.sub("", row.category or ""))
        if label is not None:
            surface = _read_surface(metadata, row)
            masks = _read_masks(metadata, row, shots, dropped)
            if surface is None:
                objects.leave_out(NO_SURFACE, label)
            elif any(masks):
                fitted = _with_masks(frames, masks, surface, dropped, folder)
                level = place_object(surface, frames, label, objects)
                frames = fitted if objects.kept else frames
        world = level or Pose.identity()
        return Scene(
            dataset=self.name,
            id=scene_id,
            source=folder,
            frames=tuple(replace(frame, world_from_camera=world @ frame.world_from_camera) for frame in frames),
            objects=tuple(objects.kept),
            mesh=None,
            world_from_source=world,
            unit_m=None,
            is_level=level is not None,
            unplaced=frozenset([label] if label else []),  # others of the kind may be in sight
            has_closed_classes=True,
            dropped=dict(+dropped),
        )


@dataclass(frozen=True, slots=True)
class _Footage:
    """A video whose frames are found by their time."""

    video: Video
    """The video as it is stored."""
    turns: int
    """Clockwise quarter turns by which players rotate it."""

    @classmethod
    def open(cls, path: Path) -> "_Footage":
        """Open a video file. Raises SceneError."""
        if not path.is_file():
            raise SceneError(path, "found no such file, expected the sequence's video; is the download complete?")
        return cls(read_video(path), turns_when_shown(path))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames as they are shown, pixels."""
        width, height = self.video.width, self.video.height
        return (height, width) if self.turns % 2 else (width, height)

    def at(self, time_s: float) -> ImageSource | None:
        """The frame nearest to a time; None where there is none near."""
        index = self._index(time_s)
        interval_s = self._last_s / max(len(self.video.times) - 1, 1)
        if abs(self.video.time_s(index) - time_s) > MAX_OFF_TIME * interval_s:
            return None
        image = self.video.image(index)
        return RotatedImage(image, self.turns) if self.turns else image

    def is_sure(self, time_s: float) -> bool:
        """Whether it hardly matters if a time was measured, or counted in frames of a constant rate."""
        counted = time_s / self._last_s * (len(self.video.times) - 1) if self._last_s else 0.0
        return abs(counted - self._index(time_s)) <= MAX_OFF_FRAMES

    @property
    def _last_s(self) -> float:
        return self.video.time_s(len(self.video.times) - 1)

    def _index(self, time_s: float) -> int:
        times_s = (np.array(self.video.times) - self.video.times[0]) * self.video.tick_s
        return int(np.abs(times_s - time_s).argmin())


@dataclass(frozen=True, slots=True)
class _Shot:
    """A posed frame and its lens."""

    frame: Frame
    """The frame, without the distortion of its lens."""
    lens: Camera
    """Pinhole part of the lens."""
    distortion: Distortion
    """Distortion of the lens; () for none."""


def _file(metadata: Path, name: str, column: str) -> Path:
    """The file that the database names. Raises SceneError where it would lie outside of the dataset."""
    return inside(metadata.parent, name, metadata, f"table {SEQUENCES}, column {column}")


def _read_shots(metadata: Path, name: str, footage: _Footage, dropped: Counter[str]) -> list[_Shot]:
    """The frames of a sequence that have an image, a lens and a pose. Raises SceneError."""
    rows = read_frames(metadata, name)
    shots = [shot for row in rows if (shot := _read_shot(metadata, row, footage, dropped)) is not None]
    for reason, problem in ((NO_IMAGE, "at times that it does not reach"), (UNSURE_TIME, "at uneven times")):
        if dropped[reason] > LEAST_SHARE * len(rows):
            found = f"{dropped[reason]} of {len(rows)} rows {problem}"
            raise SceneError(footage.video.path, f"video: found {found}, expected none; is it the original file?")
    return shots


def _read_shot(metadata: Path, row: FrameRow, footage: _Footage, dropped: Counter[str]) -> _Shot | None:
    """One frame; None, and counted, where it lacks something. Raises SceneError."""
    if row.size != footage.size:
        found, expected = (f"{width} x {height} pixels" for width, height in (row.size, footage.size))
        where = f"table {FRAMES}, column _image_size, {row.where}"
        raise SceneError(metadata, f"{where}: found {found}, expected {expected} as in {footage.video.path.name}")
    if row.rotation is None or row.translation is None:
        dropped[NO_POSE] += 1
        return None
    if row.focal is None or row.principal is None or row.distortion is None:
        dropped[NO_CAMERA] += 1
        return None
    image = None if row.time_s is None else footage.at(row.time_s)
    if image is None or row.time_s is None:
        dropped[NO_IMAGE] += 1
        return None
    if not footage.is_sure(row.time_s):
        dropped[UNSURE_TIME] += 1
        return None
    try:
        pose = camera_from_world(row.rotation, row.translation).inverse()
    except ValueError:
        dropped[INVALID_POSE] += 1
        return None
    lens = camera = lens_camera(row.focal, row.principal, row.size)
    if not (np.isfinite(lens.intrinsics).all() and row.focal.min() > 0):
        where = f"table {FRAMES}, columns _viewpoint_focal_length and _viewpoint_principal_point, {row.where}"
        found = f"{row.focal.tolist()} and {row.principal.tolist()}"
        raise SceneError(metadata, f"{where}: found {found}, expected finite numbers and focal lengths above 0")
    distortion = row.distortion if any(row.distortion) else ()
    if distortion:
        try:
            camera = pinhole_without_gaps(lens, distortion)
        except ValueError as error:
            where = f"table {FRAMES}, column _viewpoint_colmap_distortion_coeffs, {row.where}"
            raise SceneError(metadata, f"{where}: {error}") from error
        image = UndistortedImage(image, lens, distortion, camera)
    return _Shot(Frame(str(row.number), image, None, camera, None, pose, row.time_s), lens, distortion)


def _read_surface(metadata: Path, row: SequenceRow) -> MaskedSurface | None:
    """The object's points and those beside it; None where there are none of it. Raises SceneError."""
    own = _cloud(metadata, row.object_points, "_segmented_point_cloud_path")
    surface = None if own is None else measure_cloud(own)
    scene = _cloud(metadata, row.scene_points, "_point_cloud_path")
    if surface is None or scene is None or not len(scene):
        return surface
    scene = scene[:: 1 + len(scene) // MAX_BESIDE]
    is_beside = KDTree(surface.own).query(scene)[0] > BESIDE_VOXELS * surface.voxel
    return replace(surface, beside=scene[is_beside])


def _cloud(metadata: Path, name: str | None, column: str) -> NDArray[np.float64] | None:
    """The points of a file, None where there is no such file. Raises SceneError."""
    path = None if name is None else _file(metadata, name, column)
    return read_points(path).astype(np.float64) if path is not None and path.is_file() else None


def _read_masks(
    metadata: Path, row: SequenceRow, shots: Sequence[_Shot], dropped: Counter[str]
) -> list[SoftMask | None]:
    """The mask of each frame, not decoded yet; none at all without the video of masks. Raises SceneError."""
    path = None if row.masks is None else _file(metadata, row.masks, "_mask_video_path")
    footage = _Footage.open(path) if path is not None and path.is_file() else None
    sources = [None if footage is None else footage.at(shot.frame.time_s) for shot in shots]
    dropped[NO_INSTANCES] += sources.count(None)
    return [
        None if source is None else SoftMask(source, shot.lens, shot.distortion, shot.frame.camera)
        for source, shot in zip(sources, shots, strict=True)
    ]


def _with_masks(
    frames: Sequence[Frame],
    masks: Sequence[SoftMask | None],
    surface: MaskedSurface,
    dropped: Counter[str],
    folder: Path,
) -> tuple[Frame, ...]:
    """The frames with those of their masks that show the object's points.

    Raises:
        SceneError: a mask cannot be decoded, or most of them contradict the points, so that none can be believed.
    """
    fitted: list[Frame] = []
    for frame, mask in zip(frames, masks, strict=True):
        camera_from_world = frame.world_from_camera.inverse()
        seen = mask is not None and shows_points(mask.read_mask(), frame.camera, camera_from_world, surface.own)
        fitted.append(replace(frame, instances=mask) if seen else frame)
        dropped[MASK_ELSEWHERE] += mask is not None and not seen
    known = len(masks) - masks.count(None)
    if dropped[MASK_ELSEWHERE] > LEAST_SHARE * known:
        found = f"{dropped[MASK_ELSEWHERE]} of {known} beside the object's points as the cameras see them"
        raise SceneError(folder, f"masks: found {found}, expected most on them; masks, cameras and points disagree")
    return tuple(fitted)
