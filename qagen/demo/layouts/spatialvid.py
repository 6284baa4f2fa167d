"""Writes the beginning of the film as a clip of SpatialVID (github.com/NJU-3DV/SpatialVID, utils/ and the card).

The film is cut to 16:9 and shown at ten frames a second, so that every second frame has a row; those between show the
next row's image. The unit is 2.7 meters, which no file tells.
"""

import csv
import json
import math
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.spatial.transform import Rotation

from qagen.core.camera import Camera
from qagen.demo.film import FRAME_S, Film, sampled
from qagen.demo.layouts.video import write_video
from qagen.errors import ConfigError

CLIP_ID = "90000000-0000-5000-8000-000000000000"
GROUP = 61
ROWS = 75
"""Fifteen seconds, as long as the release's longest clips."""
UNIT_M = 2.7
FRAME_RATE = 10
ROW_STEP = int(FRAME_RATE * FRAME_S)
MOVING = "monitor"
"""What the screens show moves."""
DEPTH_AREA, MULTIPLE = 384 * 512, 8
COLUMNS: tuple[str, ...] = (
    "id", "group id", "video path", "annotation path", "num frames", "fps", "resolution", "aesthetic score",
    "luminance score", "motion score", "ocr score", "moveDist", "distLevel", "rotAngle", "trajTurns", "dynamicRatio",
    "motionTags", "sceneType", "brightness", "timeOfDay", "weather", "crowdDensity",
)  # fmt: skip


def write(film: Film, root: Path) -> None:
    """One clip: its video, poses, intrinsics, indexes, masks, depth and caption, and the table of clips."""
    rows = min(ROWS, len(film.poses))
    group = f"group_{GROUP:04d}"
    folder, video = root / "annotations" / group / CLIP_ID, root / "videos" / group / f"{CLIP_ID}.mp4"
    archive, table = root / "depths" / group / f"{CLIP_ID}.zip", root / "data" / "train" / "SpatialVID_HQ_metadata.csv"
    for place in (folder, video.parent, archive.parent, table.parent):
        place.mkdir(parents=True)
    crop = _wide(film.camera)
    _write_poses(folder / "poses.npy", film, rows)
    _write_intrinsics(folder / "intrinsics.npy", film.camera, crop, rows)
    (folder / "indexes.txt").write_text("".join(f"{row} {ROW_STEP * row}\n" for row in range(rows)), encoding="utf-8")
    _write_masks(folder / "dyn_masks.npz", film, crop, rows)
    (folder / "caption.json").write_text(json.dumps(_caption(), indent=2), encoding="utf-8")
    _write_video(video, film, crop, rows)
    _write_depth(archive, film, crop, rows)
    _write_table(table, film.camera.width, crop.stop - crop.start, rows)


def _wide(camera: Camera) -> slice:
    """The rows of pixels in the middle that make an image of 16:9; an even number, for the video."""
    height = 2 * round(camera.width * 9 / 16 / 2)
    top = (camera.height - height) // 2
    return slice(top, top + height)


def _write_poses(path: Path, film: Film, rows: int) -> None:
    """World to camera, translation and quaternion, in the axes of the first camera."""
    poses = []
    for row in range(rows):
        camera_from_first = film.poses[row].inverse() @ film.poses[0]
        quaternion = Rotation.from_matrix(camera_from_first.rotation).as_quat(canonical=True)
        poses.append([*camera_from_first.translation / UNIT_M, *quaternion])
    np.save(path, np.array(poses, np.float32))


def _write_intrinsics(path: Path, camera: Camera, crop: slice, rows: int) -> None:
    """Fractions of width and height, edge to edge."""
    width, height = camera.width, crop.stop - crop.start
    values = (
        camera.fx / width,
        camera.fy / height,
        (camera.cx + 0.5) / width,
        (camera.cy - crop.start + 0.5) / height,
    )
    np.save(path, np.tile(np.array(values, np.float32), (rows, 1)))


def _write_masks(path: Path, film: Film, crop: slice, rows: int) -> None:
    """Sparse images of what moves."""
    moving = [index for index, label in enumerate(film.labels) if label == MOVING]
    arrays: dict[str, NDArray] = {}
    for row in range(rows):
        mask = csr_matrix(np.isin(film.objects(row)[crop], moving))
        arrays |= {f"f_{row}_data": mask.data, f"f_{row}_indices": mask.indices, f"f_{row}_indptr": mask.indptr}
        arrays["shape"] = np.array(mask.shape, np.int64)
    np.savez_compressed(path, allow_pickle=False, **arrays)


def _write_video(path: Path, film: Film, crop: slice, rows: int) -> None:
    images = (film.color_bgr(math.ceil(index / ROW_STEP))[crop] for index in range(ROW_STEP * (rows - 1) + 1))
    write_video(path, images, (film.camera.width, crop.stop - crop.start), FRAME_RATE)


def _write_depth(path: Path, film: Film, crop: slice, rows: int) -> None:
    """Disparity of the frame resized to about 384 x 512 pixels, and cut at the right and the bottom."""
    width, height = film.camera.width, crop.stop - crop.start
    scale = math.sqrt(DEPTH_AREA / (width * height))
    width, height = int(width * scale), int(height * scale)
    with zipfile.ZipFile(path, "w") as archive:
        for row in range(rows):
            depth_m = sampled(film.depth_mm(row)[crop], width, height) / 1000
            depth = depth_m[: height - height % MULTIPLE, : width - width % MULTIPLE] / UNIT_M
            disparity = np.divide(1, depth, out=np.zeros_like(depth), where=depth > 0)
            archive.writestr(zipfile.ZipInfo(f"{row:05d}.exr"), _exr(disparity.astype(np.float16)))


def _exr(disparity: NDArray[np.float16]) -> bytes:
    """An OpenEXR image of one channel. Raises ConfigError where OpenEXR is not installed."""
    try:
        import OpenEXR
    except ImportError as error:
        install = "pip install 'spatial-qagen[spatialvid]'"
        raise ConfigError(f"OpenEXR, which stores the depth of SpatialVID, is not installed; {install}") from error
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "depth.exr"
        OpenEXR.File(header, {"Z": disparity}).write(str(path))
        return path.read_bytes()


def _caption() -> dict[str, object]:
    return {
        "SceneSummary": "A furnished apartment.",
        "SceneDescription": "The camera moves through the hall, the study and the bathroom of a furnished apartment.",
        "CameraMotion": "The camera goes ahead and turns.",
        "ShotImmersion": "The walk is calm and steady.",
        "CategoryTags": {
            "sceneType": {"first": "Interior", "second": "Hallway"},
            "brightness": "Bright",
            "timeOfDay": "Daytime",
            "weather": "Unknown",
            "crowdDensity": "Deserted",
        },
        "MotionTrends": ["forward"],
    }


def _write_table(path: Path, width: int, height: int, rows: int) -> None:
    """What is known of the clip without looking at its images; the other columns are empty."""
    group = f"group_{GROUP:04d}"
    known = {
        "id": CLIP_ID,
        "group id": GROUP,
        "video path": f"videos/{group}/{CLIP_ID}.mp4",
        "annotation path": f"annotations/{group}/{CLIP_ID}",
        "num frames": ROW_STEP * (rows - 1) + 1,
        "fps": float(FRAME_RATE),
        "resolution": f"{width}x{height}",
        "motionTags": "forward",
        "sceneType": "Interior;Hallway",
        "brightness": "Bright",
        "timeOfDay": "Daytime",
        "weather": "Unknown",
        "crowdDensity": "Deserted",
    }
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerow(known)
