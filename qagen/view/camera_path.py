"""One page for the path of a camera: where it was, what it saw there, and how it moved."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qagen.core.motion import AXES, FLOOR_M_PER_S, FLOOR_UNITS_PER_S, STAY, Segment, motion_of
from qagen.core.pose import Pose, product, rotate
from qagen.core.scene import DepthSource, Frame, ImageSource, Scene
from qagen.loaders.io.images import decode_color
from qagen.view.page import data_uri, render_page

if TYPE_CHECKING:
    from PIL.Image import Image

STEP_S = 0.2
"""Time between the poses that motion is taken from, as clips of SpatialVID have it; others may be filmed faster."""
LONGEST_STEP_S = 1.0
"""Rows further apart than this, or of unknown time, tell nothing of how the camera moved between them."""
MAX_ROWS, MAX_PICTURES = 2000, 120
"""Frames of longer scans are left out at even spaces."""
PICTURE_PX, DEPTH_PX = (480, 360), (400, 300)
"""Largest sizes of a picture and of a depth image in the page."""
DEPTH_LEVELS = 64
DEPTH_PERCENTILES = (1, 99)
"""Depth below the first and above the last has the colors of these."""
DECIMALS = 5
_FIRST_CAMERA_AXES = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
"""Right, ahead and up of a camera in OpenCV axes."""
Advance = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Track:
    """Segments of a path, shown as one bar."""

    name: str
    """What the segments are called in the page."""
    segments: tuple[Segment, ...]
    """Segments by rows, rising; they need not touch."""


@dataclass(frozen=True, slots=True)
class PathView:
    """The frames of a scene that a page shows."""

    scene: Scene
    rows: tuple[Frame, ...]
    """Frames that the path leads through: all of them, or at most MAX_ROWS evenly spaced."""
    shown: tuple[int, ...]
    """Rows that have a picture."""

    @property
    def times_s(self) -> NDArray[np.float64]:
        """(n,) seconds of the rows."""
        return np.array([frame.time_s for frame in self.rows])


def choose_rows(scene: Scene) -> PathView:
    """The rows of a scene's path and those to be shown, evenly spaced, the first and the last among them."""
    rows = tuple(scene.frames[index] for index in _spaced(len(scene.frames), MAX_ROWS))
    return PathView(scene, rows, tuple(_spaced(len(rows), MAX_PICTURES)))


def _spaced(count: int, most: int) -> list[int]:
    """At most ``most`` of the numbers from 0 to ``count`` - 1, evenly spaced from the first to the last."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()


def motion_track(view: PathView) -> Track | None:
    """How the camera truly moved; None where the times of the rows do not tell, or where there is one row."""
    gaps = np.diff(view.times_s)
    if not len(gaps) or gaps.min() <= 0 or np.median(gaps) >= LONGEST_STEP_S:
        return None
    every = max(1, int(STEP_S / np.median(gaps) + 1e-6))
    chosen = _spaced(len(view.rows), max(2, len(gaps) // every + 1))
    poses = [view.rows[row].world_from_camera for row in chosen]
    rotations, centers = np.stack([pose.rotation for pose in poses]), np.stack([pose.translation for pose in poses])
    unit_m = view.scene.unit_m
    floor = FLOOR_UNITS_PER_S if unit_m is None else FLOOR_M_PER_S / unit_m
    segments = motion_of(rotations, centers, view.times_s[chosen], floor).segments()
    return Track("exact", tuple(Segment(chosen[part.start], chosen[part.end], part.labels) for part in segments))


def camera_path_page(view: PathView, released: Sequence[Track], notes: Sequence[str], advance: Advance) -> str:
    """The page; ``advance`` is called after each picture.

    Args:
        view: the rows.
        released: bars to be shown below that of the exact motion.
        notes: sentences for the foot of the page, after those about the scene itself.

    Raises:
        SceneError: an image or depth image cannot be read.
    """
    frames = [view.rows[row] for row in view.shown]
    exact = motion_track(view)
    pictures, depths = [], []
    for frame in frames:
        pictures.append(data_uri(_picture(frame.color)))
        depths.append(_small_depth(frame.depth))
        advance()
    data = {
        "path": _rounded([_in_view(view, frame.world_from_camera).translation for frame in view.rows]),
        "axes": _rounded([_in_view(view, frame.world_from_camera).rotation for frame in frames]),
        "edges": _rounded([_edges(frame) for frame in frames]),
        "rows": view.shown,
        "frames": [frame.id for frame in frames],
        "times": _rounded([frame.time_s - view.rows[0].time_s for frame in frames]),
        "timed": exact is not None,
        "pictures": pictures,
        **_depth_pictures(depths),
        "names": ["x", "y", "z"] if view.scene.is_level else ["right", "ahead", "up"],
        "unit": _unit(view.scene),
        "tracks": [
            {"name": track.name, "segments": [[part.start, part.end, part.labels] for part in track.segments]}
            for track in [*([exact] if exact else []), *released]
        ],
        "colors": _colors(),
    }
    above = "from above" if view.scene.is_level else "from above: along the first camera’s y axis"
    title = f"{view.scene.dataset} {view.scene.id}"
    missing = [] if exact else ["No motion labels: the rows are too far apart, or their times are unknown."]
    said = {
        "title": title,
        "facts": _facts(view, exact is not None),
        "notes": [*_notes(view), *missing, *notes],
        "above": above,
    }
    return render_page("camera_path.html", data=data, **said)


# --- words ------------------------------------------------------------------------------------------------------------

GROUP_COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#f0e442")
"""Of each of AXES: colors that people with any color vision tell apart (Okabe and Ito, 2008)."""
STAY_COLOR = "#d0d0d5"


def _colors() -> list[tuple[str, str, bool]]:
    """Labels in canonical order, the color of each, and whether it is hatched, as the second of a pair is."""
    pairs = zip(AXES, GROUP_COLORS, strict=True)
    return [*((label, color, label == pair[1]) for pair, color in pairs for label in pair), (STAY, STAY_COLOR, False)]


def _unit(scene: Scene) -> str:
    """The unit of the page's lengths."""
    return "units" if scene.unit_m is None else "m" if scene.unit_m == 1 else f"x {scene.unit_m:g} m"


def _facts(view: PathView, is_timed: bool) -> list[str]:
    """What is said beside the title; no time where rows are merely numbered."""
    scene, times_s, camera = view.scene, view.times_s, view.rows[0].camera
    centers = [tuple(frame.world_from_camera.translation.tolist()) for frame in view.rows]
    length = sum(math.dist(a, b) for a, b in pairwise(centers))
    has_depth = any(frame.depth is not None for frame in view.rows)
    return [
        f"{len(view.rows)} rows" if len(view.rows) > 1 else "1 row",
        *([f"{times_s[-1] - times_s[0]:.1f} s"] if is_timed else []),
        f"{camera.width} × {camera.height} pixels",
        "not metric" if scene.unit_m is None else "metric",
        f"path of {length:.3g} {_unit(scene)}",
        "with depth" if has_depth else "no depth",
    ]


def _notes(view: PathView) -> list[str]:
    """What must be known to read the page."""
    scene, notes = view.scene, []
    if not scene.is_level:
        notes.append("Up is unknown: “above” means the first camera’s −y; right, ahead and up are that camera’s own.")
    if scene.unit_m is None:
        notes.append("Nobody knows the length of a unit: lengths of this page compare with each other alone.")
    if len(view.rows) < len(scene.frames):
        notes.append(f"{len(view.rows)} of the {len(scene.frames)} posed frames are rows, evenly spaced.")
    if len(view.shown) < len(view.rows):
        notes.append(f"{len(view.shown)} of the {len(view.rows)} rows have a picture; the path leads through all.")
    return notes


# --- geometry ---------------------------------------------------------------------------------------------------------


def _in_view(view: PathView, world_from_camera: Pose) -> Pose:
    """A pose in the axes of the page: right, ahead and up, of the world where it is level, else of the first camera."""
    if view.scene.is_level:
        return world_from_camera
    from_first = view.rows[0].world_from_camera.inverse() @ world_from_camera
    return Pose(product(_FIRST_CAMERA_AXES, from_first.rotation), rotate(_FIRST_CAMERA_AXES, from_first.translation))


def _edges(frame: Frame) -> list[float]:
    """Left, top, right and bottom of the image as x and y at z = 1."""
    camera = frame.camera
    left, right = (-0.5 - camera.cx) / camera.fx, (camera.width - 0.5 - camera.cx) / camera.fx
    return [left, (-0.5 - camera.cy) / camera.fy, right, (camera.height - 0.5 - camera.cy) / camera.fy]


def _rounded(values: Sequence[Any]) -> Any:
    return np.asarray(values, np.float64).round(DECIMALS).tolist()


# --- pictures ---------------------------------------------------------------------------------------------------------


def _picture(source: ImageSource) -> "Image":
    """An image, scaled down to PICTURE_PX. Raises SceneError."""
    from PIL import Image

    image = Image.fromarray(decode_color(source)[:, :, ::-1])
    image.thumbnail(PICTURE_PX)
    return image


def _small_depth(source: DepthSource | None) -> NDArray[np.float32] | None:
    """(h, w) single pixels of a depth image, at most DEPTH_PX of them, 0 for none. Raises SceneError."""
    if source is None:
        return None
    depth = source.read_m()
    step = max(1, math.ceil(depth.shape[1] / DEPTH_PX[0]), math.ceil(depth.shape[0] / DEPTH_PX[1]))
    return depth[step // 2 :: step, step // 2 :: step]


def _depth_pictures(depths: Sequence[NDArray[np.float32] | None]) -> dict[str, Any]:
    """Depth in color, one scale for all: bright is near, equal steps are equal ratios, white is none."""
    known = [depth[depth > 0] for depth in depths if depth is not None]
    values = np.concatenate(known) if known else np.empty(0)
    if not len(values):
        return {"depths": [], "range": [], "scale": []}
    near, far = (float(value) for value in np.percentile(values, DEPTH_PERCENTILES))
    far = max(far, near * 1.01)
    palette = _palette()
    pictures = [None if depth is None else data_uri(_colored(depth, near, far, palette), "PNG") for depth in depths]
    scale = [f"#{bytes(color).hex()}" for color in palette[-2::-7].tolist()]
    return {"depths": pictures, "range": [near, far], "scale": scale}


def _palette() -> NDArray[np.uint8]:
    """(DEPTH_LEVELS + 1, 3) RGB of viridis from far to near, and white."""
    import cv2

    levels = np.linspace(0, 255, DEPTH_LEVELS).astype(np.uint8)[:, None]
    colors = np.asarray(cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS))[:, 0, ::-1]
    return np.concatenate([colors, np.full((1, 3), 255)]).astype(np.uint8)


def _colored(depth: NDArray[np.float32], near: float, far: float, palette: NDArray[np.uint8]) -> "Image":
    from PIL import Image

    share = np.log(far / np.clip(depth, near, far)) / math.log(far / near)
    level = np.round(share * (DEPTH_LEVELS - 1)).astype(np.uint8)
    image = Image.fromarray(np.where(depth > 0, level, np.uint8(DEPTH_LEVELS)))
    image.putpalette(palette.tobytes())
    return image
