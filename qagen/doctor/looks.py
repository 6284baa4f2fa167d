"""Frames with their color, edges and depth at a small size, for the checks that hold color against depth."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from qagen.core.scene import Frame, Scene
from qagen.core.spacing import evenly_spaced
from qagen.doctor.depth_edges import depth_jumps
from qagen.doctor.depth_samples import DepthSample, read_sample
from qagen.loaders.io.images import decode_gray
from qagen.stages import each

WIDTH = 320
"""Width of the small color images, pixels."""
FRAMES, DECODED_PIXELS = (20, 150), 120_000_000
"""Least and largest number of frames that are looked at, and how many pixels may be decoded for them."""
RUN = 5
"""Where not all frames are looked at, so many that follow each other are, in many places."""
DEPTH_STEP = 2
"""Steps between the compared pixels of the depth grid."""
BLANK = 2.0
"""Standard deviation of the brightness below which an image shows nothing, of 255."""
MAX_EDGE = 4.0
"""Edges that are stronger, in units of the mean, count as so strong: one lamp must not outweigh the room."""


@dataclass(frozen=True, eq=False)
class Look:
    """One frame at a small size."""

    index: int
    """Its number in the scene."""
    frame: Frame
    """The frame."""
    gray: NDArray[np.float32]
    """(h, WIDTH) brightness, 0 to 255, blurred a little."""
    is_blank: bool
    """Whether the color image shows nothing."""
    edges: NDArray[np.float32]
    """(h, WIDTH) strength of the edges, over their mean."""
    sample: DepthSample | None
    """Its depth; None where it has none."""
    jumps: NDArray[np.int64]
    """(n, 2) x and y of ``gray`` where depth jumps, inside the image."""


def look_at(scene: Scene) -> list[Look]:
    """Frames of the scene, all of them or runs of neighbors spread over it, by the pixels of its images alone.

    Raises:
        SceneError: an image cannot be decoded.
    """
    return [_look(index, scene.frames[index]) for index in each("looking at color and depth", _chosen(scene))]


def _chosen(scene: Scene) -> list[int]:
    cameras = [camera for camera in (scene.frames[0].camera, scene.frames[0].depth_camera) if camera is not None]
    pixels = sum(camera.width * camera.height for camera in cameras)
    count = int(np.clip(DECODED_PIXELS // pixels, *FRAMES))
    every = range(len(scene.frames))
    if len(every) <= count:
        return list(every)
    starts = evenly_spaced(every[: 1 - RUN], count // RUN)
    return sorted({start + step for start in starts for step in range(RUN)})


def _look(index: int, frame: Frame) -> Look:
    full = decode_gray(frame.color, WIDTH)
    is_blank = float(full.std()) < BLANK
    height = max(1, round(WIDTH * full.shape[0] / full.shape[1]))
    gray = cv2.resize(full, (WIDTH, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    gray = np.asarray(cv2.GaussianBlur(gray, (0, 0), 1.0), np.float32)
    sample = read_sample(frame)
    small = None if sample is None else sample.thinned(DEPTH_STEP)
    return Look(index, frame, gray, is_blank, _edges(gray), small, _jumps(frame, gray.shape, sample))


def _edges(gray: NDArray[np.float32]) -> NDArray[np.float32]:
    change = np.hypot(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1))
    near = np.asarray(cv2.dilate(change, np.ones((3, 3), np.uint8)))
    return np.minimum(near / max(float(near.mean()), 1e-6), MAX_EDGE).astype(np.float32)


def _jumps(frame: Frame, shape: tuple[int, int], sample: DepthSample | None) -> NDArray[np.int64]:
    if sample is None:
        return np.zeros((0, 2), np.int64)
    depth = sample.depth
    jumps = np.concatenate([depth_jumps(depth), depth_jumps(depth.T)[:, ::-1]])
    pixels = as_pixels(frame, sample.camera.unproject(jumps, 1.0), shape)
    return pixels[is_inside(pixels, shape)]


def as_pixels(frame: Frame, points: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.int64]:
    """(n, 2) x and y of a small image of ``shape`` that show points (n, 3) of the frame's camera."""
    fraction = np.nan_to_num(frame.camera.to_fraction(frame.camera.project(points)), nan=-1.0).clip(-1.0, 2.0)
    return np.floor(fraction * (shape[1], shape[0])).astype(np.int64)


def is_inside(pixels: NDArray[np.int64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(n,) whether pixels (n, 2) lie inside an image of ``shape``."""
    x, y = pixels.T
    return (x >= 0) & (y >= 0) & (x < shape[1]) & (y < shape[0])
