"""Whether depth was cut out of its frame or shows all of it: where depth jumps, the image should have an edge.

Depth that was resized and then cut, as SpatialVID's, looks like depth that was resized alone, and is off by a few
pixels at the right and the bottom when it is read so.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from qagen.core.scene import Frame, Scene
from qagen.core.spacing import evenly_spaced
from qagen.doctor.finding import Finding, judge
from qagen.loaders.io.images import decode_color

FRAMES = 12
JUMP = 0.1
"""Least relative difference of two neighboring depths where one thing ends before another."""
MAX_HOLE_PX = 3
"""Widest hole between two neighbors, pixels of depth."""
APART_PX = 3.0
"""Jumps count where the two readings lie at least so far apart, pixels of the color image."""
REACH_PX = 2
"""An edge may lie this far from its jump, pixels of the color image."""
MIN_JUMPS = 500
BETTER = 1.1
"""Factor by which edges must be stronger for the other reading to be named."""


def check_depth_edges(scene: Scene) -> Finding | None:
    """Whether jumps of depth meet edges of images better as depth is read, or if it showed whole frames.

    None where the two are the same.
    """
    frames = [frame for frame in scene.frames if frame.depth_camera is not None and _is_part(frame)]
    if not frames:
        return None
    strengths = np.concatenate([np.zeros((0, 2)), *(_strengths(frame) for frame in evenly_spaced(frames, FRAMES))])
    expected = "stronger ones as it is read"
    if len(strengths) < MIN_JUMPS:
        found = f"{len(strengths)} jumps of depth where the readings differ"
        return Finding("depth cut", "ok", f"{found}: too few to tell whether depth shows whole frames", expected, "")
    as_read, whole = (float(value) for value in strengths.mean(axis=0))
    found = f"edges of {as_read:.2f} of the usual strength where depth jumps, {whole:.2f} if it showed whole frames"
    advice = "depth may show whole frames: it is taken as cut out of them; look at the overlay pictures"
    return Finding("depth cut", judge(as_read * BETTER >= whole, True), found, expected, advice)


def _is_part(frame: Frame) -> bool:
    """Whether the two readings of depth differ somewhere by APART_PX."""
    assert frame.depth_camera is not None
    right, bottom = frame.depth_camera.width - 1.0, frame.depth_camera.height - 1.0
    first, second = _readings(frame, np.array([(0, 0), (right, 0), (0, bottom), (right, bottom)]))
    return bool((np.abs(first - second) >= APART_PX).any())


def _readings(frame: Frame, pixels: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n, 2) pixels of the color image that show what pixels of depth do: as it is read, and if it showed all."""
    assert frame.depth_camera is not None
    whole = frame.camera.scaled(frame.depth_camera.width, frame.depth_camera.height)
    first, second = (frame.camera.project(camera.unproject(pixels, 1.0)) for camera in (frame.depth_camera, whole))
    return first, second


def _strengths(frame: Frame) -> NDArray[np.float64]:
    """(n, 2) strength of the image's edges, over their mean, at each jump of depth in both readings."""
    assert frame.depth is not None
    jumps = depth_jumps(frame.depth.read_m())
    first, second = _readings(frame, jumps)
    is_apart = np.abs(first - second).max(axis=1) >= APART_PX
    edges = _edges(decode_color(frame.color))
    columns = []
    for pixels in (first, second):
        x, y = np.rint(pixels[is_apart]).astype(int).T
        inside = np.clip(y, 0, edges.shape[0] - 1), np.clip(x, 0, edges.shape[1] - 1)
        columns.append(edges[inside])
    return np.stack(columns, axis=1) / max(float(edges.mean()), 1e-9)


def depth_jumps(depth: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n, 2) x and y between two neighbors in a row, one of which is much nearer; there may be a small hole between."""
    y, x = np.nonzero(depth > 0)
    z = depth[y, x]
    is_jump = (np.diff(y) == 0) & (np.diff(x) <= MAX_HOLE_PX + 1)
    is_jump &= np.abs(np.diff(z)) > JUMP * np.minimum(z[:-1], z[1:])
    return np.stack([(x[:-1] + x[1:]) / 2, y[:-1]], axis=1)[is_jump].astype(np.float64)


def _edges(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(h, w) the strongest horizontal change of brightness within REACH_PX of each pixel."""
    gray = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32), (0, 0), 1.0)
    change = np.abs(np.asarray(cv2.Sobel(gray, cv2.CV_32F, 1, 0)))
    return np.asarray(cv2.dilate(change, np.ones((1, 2 * REACH_PX + 1), np.uint8)), np.float64)
