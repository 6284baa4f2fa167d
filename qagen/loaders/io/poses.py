"""Frames as other tools write them: TUM RGB-D lists, 7-Scenes folders.

```
rgb.txt depth.txt groundtruth.txt       TUM RGB-D: "time file" and "time tx ty tz qx qy qz qw" (OpenCV, camera to world)
frame-000000.{color.png,depth.png,pose.txt}   7-Scenes: 4 x 4 camera to world (OpenCV)
```

Sources: the file formats of the TUM RGB-D benchmark (Sturm et al., 2012) and of 7-Scenes (Shotton et al., 2013). What
nerfstudio writes is read by qagen.loaders.io.nerfstudio.
"""

from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.errors import SceneError
from qagen.loaders.io.axes import rotation_of_quaternion
from qagen.loaders.io.lens import STRAIGHT, Lens
from qagen.loaders.io.text import inside, list_folder, natural, parse_numbers, posix, read_pose, read_text

TUM_MAX_GAP_S = 0.02
"""Images, depth and poses farther apart in time do not belong together (the benchmark's own choice)."""
MAX_LIST_BYTES = 1 << 26
UNKNOWN = np.full((4, 4), np.nan)
"""Matrix of a pose that nobody knows."""


@dataclass(frozen=True, slots=True, eq=False)
class PosedImage:
    """A frame in the file's own units and world, with OpenCV camera axes."""

    name: str
    """The frame's own name, or the path of its image without the ending; not yet made safe for ids."""
    image: Path
    """Color image."""
    depth: Path | None
    """Depth image."""
    matrix: NDArray[np.float64]
    """(4, 4) camera to world; not finite, or with a rotation of zeros, where the pose is unknown."""
    camera: Camera | None
    """Camera of the color image, where the file has it; pixel centers at integers."""
    time_s: float | None
    """Seconds, where the file has them."""
    lens: Lens = STRAIGHT
    """How the lens of the color image and of depth bends rays."""


def stem_of(path: str) -> str:
    """A path of a file without its ending."""
    return str(posix(path).parent / posix(path).stem)


_Timed = list[tuple[float, list[str]]]
"""Lines of a list file: time and the words that follow."""


def read_tum(folder: Path) -> list[PosedImage]:
    """The frames of a TUM RGB-D folder: each image with the depth and the pose that are nearest in time.

    Images without a pose within 20 ms get one that is not finite; those without depth have none.

    Raises:
        SceneError: a list is missing or damaged.
    """
    colors, depths, poses = folder / "rgb.txt", folder / "depth.txt", folder / "groundtruth.txt"
    listed = _read_list(colors, 1)
    timed_depths, timed_poses = _read_list(depths, 1), _read_list(poses, 7)
    for path, others in ((depths, timed_depths), (poses, timed_poses)):
        if not any(_nearest(others, time_s) for time_s, _ in listed):
            found = f"times {others[0][0]:.3f} to {others[-1][0]:.3f}, images {listed[0][0]:.3f} to {listed[-1][0]:.3f}"
            raise SceneError(path, f"found {found}, expected seconds within {TUM_MAX_GAP_S:g} s of some image")
    images: list[PosedImage] = []
    for time_s, (name,) in listed:
        depth, pose = _nearest(timed_depths, time_s), _nearest(timed_poses, time_s)
        images.append(
            PosedImage(
                name=stem_of(name),
                image=inside(folder, name, colors, f"file at {time_s:.6f}"),
                depth=None if depth is None else inside(folder, depth[0], depths, f"file near {time_s:.6f}"),
                matrix=UNKNOWN if pose is None else _tum_matrix(pose, poses),
                camera=None,
                time_s=time_s,
            )
        )
    return images


def _tum_matrix(words: list[str], path: Path) -> NDArray[np.float64]:
    """(4, 4) of the numbers tx ty tz qx qy qz qw; NaN where tracking was lost. Raises SceneError."""
    where = f"pose {' '.join(words)[:80]!r}"
    values = parse_numbers(" ".join(words), path, where, (7,))
    if not np.isfinite(values).all() or not values[3:].any():
        return UNKNOWN
    matrix = np.eye(4)
    try:
        matrix[:3, :3], matrix[:3, 3] = rotation_of_quaternion(*values[3:]), values[:3]
    except ValueError as error:
        raise SceneError(path, f"{where}: {error}, expected tx ty tz qx qy qz qw") from error
    return matrix


def _nearest(entries: _Timed, time_s: float) -> list[str] | None:
    after = bisect_left(entries, time_s, key=lambda entry: entry[0])
    gap_s, words = min(((abs(time - time_s), words) for time, words in entries[max(after - 1, 0) : after + 1]))
    return words if gap_s <= TUM_MAX_GAP_S else None


def _read_list(path: Path, count: int) -> _Timed:
    """Lines "time word ...", comments aside, in time order. Raises SceneError."""
    entries: _Timed = []
    for number, line in enumerate(read_text(path, MAX_LIST_BYTES).splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            time_s = float(words[0])
        except ValueError:
            time_s = np.nan
        if len(words) != count + 1 or not np.isfinite(time_s):
            raise SceneError(path, f"line {number}: found {line[:80]!r}, expected a time and {count} more words")
        entries.append((time_s, words[1:]))
    if not entries:
        raise SceneError(path, "found no entries, expected at least one")
    return sorted(entries)


def read_7scenes(folder: Path) -> list[PosedImage]:
    """The frames of a 7-Scenes folder, in the order of their numbers; those without a pose file have none.

    Raises:
        SceneError: there are none, or a pose is damaged.
    """
    colors = (path for path in list_folder(folder) if path.name.endswith(".color.png"))
    frames = []
    for image in sorted(colors, key=lambda path: natural(path.name)):
        stem = image.name.removesuffix(".color.png")
        pose, depth = folder / f"{stem}.pose.txt", folder / f"{stem}.depth.png"
        matrix = read_pose(pose) if pose.is_file() else UNKNOWN
        frames.append(PosedImage(stem, image, depth if depth.is_file() else None, matrix, None, None))
    if not frames:
        raise SceneError(folder, "found no frame-*.color.png, expected some")
    return frames
