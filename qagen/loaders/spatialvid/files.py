"""Where the files of SpatialVID's clips lie, and what is in them.

Every row of a clip is one posed frame of its video. Arrays are checked as they are read; what does not fit is a
ClipError with its reason. Sources: the dataset's card, and github.com/NJU-3DV/SpatialVID at 5228326 (utils/).
"""

import csv
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qagen.core.reasons import (
    DOUBTFUL_INTRINSICS,
    NO_ROTATION,
    NOT_WHOLE_CLIP,
    OTHER_POSES,
    PICKLED_ARRAY,
    PIXEL_INTRINSICS,
    ROWS_OUT_OF_ORDER,
    UNREADABLE_ARRAY,
)
from qagen.errors import SceneError
from qagen.loaders.io.npy import ObjectArrayError, read_npy
from qagen.loaders.io.text import list_folder, read_json, read_text

ANNOTATIONS, VIDEOS, DEPTHS = "annotations", "videos", "depths"
MAX_DEPTH = 2
"""How many folders may lie between a root and ``annotations``: SpatialVid/HQ of the archives."""
RECONSTRUCTIONS, IMAGES = "reconstructions", "img"
OWN_FILES = ("poses.npy", "intrinsics.npy", "indexes.txt", "instructions.json", "caption.json", "dyn_masks.npz")
"""Files of a clip; one of them tells that a folder is a clip."""
ROW_S = 0.2
"""Time between rows as the pipeline cuts them, seconds; it takes every ``int(0.2 fps)``-th frame."""
MAX_PIXEL_FRACTION = 10.0
"""Focal lengths above it are pixels, not fractions of the image."""
FOCAL_LENGTHS = (0.2, 5.0)
"""Focal lengths of real videos, in image widths."""
LEAST_FY = 0.05
"""In image heights; far from any video, whatever its aspect."""
MAX_FOCAL_SPREAD = 0.05
"""Largest change of a focal length along a clip, as a fraction of its median."""
MAX_PIXEL_SHAPE = 2.5
"""Largest ratio between the two focal lengths of an image, in pixels; the pipeline has one for both."""
MAX_LENGTH_ERROR = 1e-2
"""Largest distance of a quaternion's length from 1."""
MAX_TRANSLATION = 1e6
"""Units of the poses, a few of which a clip extends over; beyond it, single precision loses the steps between rows."""
MAX_INDEX_BYTES = 1 << 20
_IMAGE_NAME = re.compile(r"frame_(\d+)\.jpg")


class ClipError(SceneError):
    """A clip that cannot be used, and the reason of qagen.core.reasons by which it is counted."""

    def __init__(self, reason: str, path: Path | str, message: str) -> None:
        self.reason = reason
        super().__init__(path, message)

    def __reduce__(self) -> tuple[type, tuple[str, Path, str]]:
        return ClipError, (self.reason, self.path, str(self).removeprefix(f"{self.path}: "))


@contextmanager
def refusing(reason: str) -> Iterator[None]:
    """Give a SceneError of the block a reason, unless it has one."""
    try:
        yield
    except ClipError:
        raise
    except SceneError as error:
        counted = PICKLED_ARRAY if isinstance(error, ObjectArrayError) else reason
        raise ClipError(counted, error.path, str(error).removeprefix(f"{error.path}: ")) from error


# --- where files lie --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clip:
    """Where the files of one clip lie. Only those that ``video``, ``images`` and ``depth`` return are known to exist.

    ``python -m qagen.spatialvid check`` and the loader tell which others must.
    """

    id: str
    """Name of its folder."""
    group: str
    """Name of the folder around it: "group_0061" in the release, empty in the pipeline's layout."""
    folder: Path
    """Folder of its annotation."""

    @property
    def is_pipeline(self) -> bool:
        """Whether it lies as the annotation pipeline writes it."""
        return (self.folder / RECONSTRUCTIONS).is_dir()

    @property
    def arrays(self) -> Path:
        """Folder of poses, intrinsics and masks."""
        return self.folder / RECONSTRUCTIONS if self.is_pipeline else self.folder

    @property
    def poses(self) -> Path:
        return self.arrays / "poses.npy"

    @property
    def intrinsics(self) -> Path:
        return self.arrays / "intrinsics.npy"

    @property
    def masks(self) -> Path:
        """May be missing."""
        return self.arrays / "dyn_masks.npz"

    @property
    def indexes(self) -> Path:
        """Not in the pipeline's layout, where the names of images tell the frames."""
        return self.folder / "indexes.txt"

    @property
    def instructions(self) -> Path:
        """May be missing."""
        return self.folder / "instructions.json"

    @property
    def captions(self) -> Path:
        """May be missing."""
        return self.folder / "caption.json"

    @property
    def video(self) -> Path | None:
        """The video, in ``videos`` of the release or alone beside the annotation; None where there is none."""
        return self._stored(VIDEOS, ".mp4")

    @property
    def depth(self) -> Path | None:
        """The archive of depth images; None where there is none."""
        written = (self.arrays / "depth_opt.zip", self.folder / "depth_opt.zip")
        return next((path for path in written if path.is_file()), None) or self._stored(DEPTHS, ".zip")

    @property
    def images(self) -> dict[int, Path]:
        """The pipeline's images by the number of their frame; empty in other layouts."""
        folder = self.folder / IMAGES
        found = [(_IMAGE_NAME.fullmatch(path.name), path) for path in (list_folder(folder) if folder.is_dir() else [])]
        return {int(match[1]): path for match, path in found if match}

    def released(self, kind: str, ending: str) -> Path:
        """Where a file of the release lies that is apart from the annotation, below the root."""
        return Path(kind, self.group, f"{self.id}{ending}")

    def _stored(self, kind: str, ending: str) -> Path | None:
        """A file of the release that lies apart from the annotation, or the only one of its kind beside it."""
        if self.folder.parent.parent.name == ANNOTATIONS:
            path = self.folder.parents[2] / self.released(kind, ending)
            with _entering(path.parent):
                if path.is_file():
                    return path
        beside = [path for path in list_folder(self.folder) if path.suffix == ending]
        return beside[0] if len(beside) == 1 else None


def find_clips(root: Path) -> list[Clip]:
    """All clips below a root, by group and id: of the release, of the pipeline, or one clip's own folder.

    ``annotations`` is looked for up to two folders down, because archives unpack to SpatialVid/HQ. An id may come in
    two groups.

    Raises:
        SceneError: the root is no folder, or holds no clip.
    """
    if not root.is_dir():
        raise SceneError(root, "clips: no such folder")
    if is_clip(root):
        return [clip_of(root)]
    clips = [clip_of(folder) for home in clip_homes(root) for folder in list_folder(home) if is_clip(folder)]
    if not clips:
        expected = "annotations/group_0001/<clip>/poses.npy or <clip>/reconstructions/poses.npy"
        raise SceneError(root, f"clips: found none, expected {expected}")
    return clips


def clip_of(folder: Path) -> Clip:
    """The clip of a folder that ``is_clip`` accepts."""
    folder = folder.resolve() if ".." in folder.parts else folder.absolute()
    is_grouped = folder.parent.parent.name == ANNOTATIONS
    return Clip(folder.name, folder.parent.name if is_grouped else "", folder)


def is_clip(folder: Path) -> bool:
    """Whether a folder is that of one clip, in any layout. Raises ClipError where it may not be entered."""
    with _entering(folder):
        return (folder / RECONSTRUCTIONS).is_dir() or any((folder / name).is_file() for name in OWN_FILES)


@contextmanager
def _entering(folder: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise ClipError(NOT_WHOLE_CLIP, folder, f"cannot be entered ({error.strerror})") from error


def annotation_homes(root: Path) -> list[Path]:
    """The folders ``annotations`` of a root: itself, in it or up to MAX_DEPTH folders further down."""
    levels = [root.glob("*/" * depth + ANNOTATIONS) for depth in range(MAX_DEPTH + 1)]
    inside = [path for level in levels for path in sorted(level) if path.is_dir()]
    return [root, *inside] if root.name == ANNOTATIONS else inside


def clip_homes(root: Path) -> list[Path]:
    """The folders that hold clips' own: the groups of the release, and the root itself."""
    groups = [path for home in annotation_homes(root) for path in list_folder(home) if path.is_dir()]
    return [*groups, root]


# --- arrays -----------------------------------------------------------------------------------------------------------


def read_poses(path: Path) -> NDArray[np.floating]:
    """(n, 7) tx ty tz qx qy qz qw of each row, world to camera, OpenCV axes, unit unknown; floats as stored.

    Raises:
        ClipError: the file is damaged or has another form, or a value is not finite or no unit quaternion.
    """
    return check_poses(_read_rows(path, "poses", 7, "tx ty tz qx qy qz qw, world to camera", OTHER_POSES), path)


def check_poses(poses: NDArray[np.floating], path: Path) -> NDArray[np.floating]:
    """Return poses (n, 7) unchanged. Raises ClipError unless all are finite with quaternions of length 1, w last."""
    if not np.isfinite(poses).all():
        row = int(np.flatnonzero(~np.isfinite(poses).all(axis=1))[0])
        raise ClipError(NO_ROTATION, path, f"poses: found a value that is not finite in row {row}, expected numbers")
    farthest = np.abs(poses[:, :3]).max(axis=1)
    if farthest.max() > MAX_TRANSLATION:
        row = int(np.argmax(farthest))
        found = f"a translation of {farthest[row]:.3g} units in row {row}"
        raise ClipError(NO_ROTATION, path, f"poses: found {found}, expected at most {MAX_TRANSLATION:g}")
    first = poses[0]
    if abs(first[3]) > 0.99 and abs(first[6]) < 0.1:
        found = f"the quaternion {_spelled(first[3:])} in row 0, which is near the identity"
        raise ClipError(OTHER_POSES, path, f"poses: found {found}: w stands first, expected it last (qx qy qz qw)")
    lengths = np.sqrt((poses[:, 3:].astype(np.float64) ** 2).sum(axis=1))
    row = int(np.argmax(np.abs(lengths - 1)))
    if abs(lengths[row] - 1) > MAX_LENGTH_ERROR:
        found = f"a quaternion of length {lengths[row]:.3g} in row {row}"
        raise ClipError(NO_ROTATION, path, f"poses: found {found}, expected 1 (tx ty tz qx qy qz qw)")
    return poses


def read_intrinsics(path: Path) -> NDArray[np.floating]:
    """(n, 4) fx fy cx cy of each row, over width, height, width and height of the video.

    Raises:
        ClipError: the file is damaged or has another form, or no camera has such values.
    """
    return check_intrinsics(_read_rows(path, "intrinsics", 4, "fx fy cx cy", DOUBTFUL_INTRINSICS), path)


def check_intrinsics(values: NDArray[np.floating], path: Path) -> NDArray[np.floating]:
    """Return fractions (n, 4) fx fy cx cy unchanged. Raises ClipError where no camera of a video has such values."""
    if not np.isfinite(values).all():
        raise ClipError(DOUBTFUL_INTRINSICS, path, "intrinsics: found a value that is not finite, expected numbers")
    if values.max() > MAX_PIXEL_FRACTION:
        found = f"{values.max():g}, which is pixels"
        missing = "normalize_intrinsics, the pipeline's last step, has not run"
        raise ClipError(PIXEL_INTRINSICS, path, f"intrinsics: found {found}, expected fractions: {missing}")
    low, high = FOCAL_LENGTHS
    fx, fy = values[:, 0], values[:, 1]
    if not (low < fx.min() and fx.max() < high and fy.min() > LEAST_FY):
        found = f"fx {fx.min():.3g} to {fx.max():.3g}, fy from {fy.min():.3g}"
        raise ClipError(
            DOUBTFUL_INTRINSICS,
            path,
            f"intrinsics: found {found}, expected fx of {low:g} to {high:g} and fy above {LEAST_FY:g}",
        )
    if not (values[:, 2:].min() > 0 and values[:, 2:].max() < 1):
        raise ClipError(DOUBTFUL_INTRINSICS, path, "intrinsics: found a center outside the image, expected about 0.5")
    spread = max(float(np.ptp(focal) / np.median(focal)) for focal in (fx, fy))
    if spread >= MAX_FOCAL_SPREAD:
        found = f"focal lengths that change by {spread:.1%} along the clip"
        raise ClipError(DOUBTFUL_INTRINSICS, path, f"intrinsics: found {found}, expected less than 5 %")
    return values


def check_shape_of_pixels(values: NDArray[np.floating], width: int, height: int, path: Path) -> None:
    """Raise ClipError where fractions (n, 4) fx fy cx cy make pixels of a frame far from square: fx and fy swapped, or
    taken over another side or size of the frame."""
    shapes = values[:, 0] * width / (values[:, 1] * height)
    if shapes.max() > MAX_PIXEL_SHAPE or shapes.min() < 1 / MAX_PIXEL_SHAPE:
        row = int(np.argmax(np.abs(np.log(shapes))))
        focal = f"{values[row, 0] * width:.3g} and {values[row, 1] * height:.3g} pixels"
        found = f"focal lengths of {focal} in row {row} of a video of {width} x {height}"
        raise ClipError(DOUBTFUL_INTRINSICS, path, f"intrinsics: found {found}, expected nearly equal ones")


def _read_rows(path: Path, name: str, columns: int, meaning: str, other: str) -> NDArray[np.floating]:
    """(n, columns) float32 or float64, at least one row. Raises ClipError; ``other`` is its reason for another form."""
    if not path.is_file():
        raise ClipError(NOT_WHOLE_CLIP, path, "cannot be read (no such file)")
    with refusing(UNREADABLE_ARRAY):
        array = read_npy(path)
    is_float = array.dtype.kind == "f" and array.dtype.itemsize in (4, 8)
    if not (is_float and array.ndim == 2 and array.shape[1] == columns and len(array)):
        found = f"{array.shape} {array.dtype}"
        raise ClipError(other, path, f"{name}: found {found}, expected (n, {columns}) float32 or float64: {meaning}")
    return array


def read_indexes(path: Path) -> NDArray[np.int64]:
    """(n,) number of the video's frame of each row, rising; lines that do not have two words are comments.

    Raises:
        ClipError: the file is missing or damaged, or rows are not 0, 1, 2 … once each, or frames do not rise.
    """
    if not path.is_file():
        raise ClipError(NOT_WHOLE_CLIP, path, "cannot be read (no such file)")
    with refusing(UNREADABLE_ARRAY):
        lines = read_text(path, MAX_INDEX_BYTES).splitlines()
    frames: dict[int, int] = {}
    for number, words in enumerate(map(str.split, lines), 1):
        if len(words) != 2:
            continue
        if not all(re.fullmatch(r"\d{1,9}", word) for word in words):
            raise ClipError(UNREADABLE_ARRAY, path, f"line {number}: found {words}, expected the numbers: row frame")
        row, frame = map(int, words)
        if row in frames:
            raise ClipError(ROWS_OUT_OF_ORDER, path, f"line {number}: found row {row} a second time, expected it once")
        frames[row] = frame
    if sorted(frames) != list(range(len(frames))) or not frames:
        found = f"{len(frames)} rows, the last of which is {max(frames)}" if frames else "no rows"
        raise ClipError(ROWS_OUT_OF_ORDER, path, f"rows: found {found}, expected 0, 1, 2 and so on without a gap")
    return check_rising(np.array([frames[row] for row in range(len(frames))]), path)


def check_rising(frames: NDArray[np.int64], path: Path) -> NDArray[np.int64]:
    """Return the frames of the rows unchanged. Raises ClipError unless they rise."""
    if (np.diff(frames) <= 0).any():
        row = int(np.flatnonzero(np.diff(frames) <= 0)[0])
        found = f"frame {frames[row + 1]} in row {row + 1} after frame {frames[row]}"
        raise ClipError(ROWS_OUT_OF_ORDER, path, f"frames: found {found}, expected frames that rise")
    return frames


def frames_of(clip: Clip) -> NDArray[np.int64]:
    """(n,) number of the video's frame of each row, in either layout. Raises ClipError."""
    if not clip.is_pipeline or clip.indexes.is_file():
        return read_indexes(clip.indexes)
    with refusing(NOT_WHOLE_CLIP):
        frames = sorted(clip.images)
    if not frames:
        raise ClipError(NOT_WHOLE_CLIP, clip.folder / IMAGES, "images: found none, expected frame_000000.jpg and so on")
    return np.array(frames)


def _spelled(values: NDArray) -> str:
    return " ".join(f"{value:.3g}" for value in values.tolist())


# --- words ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Captions:
    """What a language model wrote about a clip: text for people, never the source of an answer. Empty where missing."""

    summary: str
    """One or two sentences of the scene."""
    description: str
    """The scene in detail."""
    camera_motion: str
    """How the camera moves; from rounded positions, in the words of the model."""
    immersion: str
    """The shot as a whole."""
    trends: tuple[str, ...]
    """Tags of the motion, such as "forward"."""
    tags: Mapping[str, str]
    """Categories: {"sceneType": "Urban", "weather": "Sunny"}; those of a category in a category are joined by ";"."""


def read_captions(path: Path) -> Captions:
    """The captions of a clip, as released (SceneDescription, CategoryTags …) or as the pipeline writes them (SceneDesc,
    CategoryTag …).

    Raises:
        ClipError: the file is missing, damaged or no JSON object.
    """
    with refusing(UNREADABLE_ARRAY):
        content = read_json(path, dict[str, Any])

    def text(*keys: str) -> str:
        return next((content[key].strip() for key in keys if isinstance(content.get(key), str)), "")

    return Captions(
        summary=text("SceneSummary"),
        description=text("SceneDescription", "SceneDesc"),
        camera_motion=text(*CAMERA_MOTION),
        immersion=text("ShotImmersion"),
        trends=tuple(_texts(content.get("MotionTrends"))),
        tags=_tags(content.get("CategoryTags", content.get("CategoryTag"))),
    )


CAMERA_MOTION = ("OptCamMotion", "CameraMotion", "CamMotion")
"""Keys of captions under which the motion of the camera is told, the last revision first."""


def read_camera_motion(path: Path) -> dict[str, str]:
    """Every text of a caption about the motion of the camera, by its key. Raises ClipError as read_captions."""
    with refusing(UNREADABLE_ARRAY):
        content = read_json(path, dict[str, Any])
    return {key: content[key].strip() for key in CAMERA_MOTION if isinstance(content.get(key), str)}


def _texts(value: Any) -> list[str]:
    """All texts in a JSON value, in order."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for part in value for text in (_texts(part) if isinstance(part, list | dict) else [str(part)])]
    return [value.strip()] if isinstance(value, str) and value.strip() else []


def _tags(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        return {"tags": ";".join(_texts(value))} if value else {}
    return {str(key): ";".join(_texts(part)) for key, part in value.items()}


# --- tables -----------------------------------------------------------------------------------------------------------


def find_tables(root: Path) -> list[Path]:
    """Metadata tables of the release below a root: data/train/SpatialVID_HQ_metadata.csv and the like."""
    places = [home.parent for home in annotation_homes(root)] or [root]
    return [path for place in dict.fromkeys([*places, root]) for path in sorted(place.glob("data/train/*.csv"))]


def read_metadata(path: Path) -> Iterator[dict[str, str]]:
    """Each row of a metadata table as texts by column; "id" is among them. Rows are read one at a time.

    Raises:
        ClipError: the file is missing, no table, or has no column "id".
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="", restval="")
            if "id" not in (reader.fieldnames or ()):
                found = f"{list(reader.fieldnames or ())[:30]}"
                raise ClipError(UNREADABLE_ARRAY, path, f"columns: found {found}, expected also ['id']")
            for row in reader:
                yield {name: value for name, value in row.items() if name}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        cause = getattr(error, "strerror", None) or error
        raise ClipError(UNREADABLE_ARRAY, path, f"cannot be read as a table ({cause})") from error


def group_of(row: Mapping[str, str]) -> str:
    """The group's folder that a row of a metadata table names: "group_0061"; empty where it names none."""
    number = row.get("group id", "")
    if number.isdigit():
        return f"group_{int(number):04d}"
    parts = row.get("annotation path", "").replace("\\", "/").split("/")
    return next((part for part in parts if part.startswith("group_")), "")
