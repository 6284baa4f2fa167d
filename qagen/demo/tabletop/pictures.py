"""Textures of things that are looked at from close by."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from qagen.demo.apartment.materials import SIZE, Picture, Rgb

PICTURES: dict[str, Callable[[np.random.Generator], Picture]] = {}
"""Every texture by name."""
LIGHT, DARK = (0.96, 0.94, 0.88), (0.12, 0.12, 0.14)


def _added(function: Callable[[np.random.Generator], Picture]) -> Callable[[np.random.Generator], Picture]:
    PICTURES[function.__name__] = function
    return function


def _spots(rng: np.random.Generator, width: float) -> NDArray[np.float64]:
    """(512, 512) smooth random field of zero mean and unit spread that repeats without a seam."""
    field = gaussian_filter(rng.standard_normal((SIZE, SIZE)), width, mode="wrap")
    return (field - field.mean()) / field.std()


def _canvas(color: Rgb) -> NDArray[np.uint8]:
    """(512, 512, 3) for OpenCV's drawing; its row 0 is the top, while row 0 of a texture is the bottom."""
    return np.full((SIZE, SIZE, 3), np.round(255 * np.array(color)), np.uint8)


def _drawn(canvas: NDArray[np.uint8]) -> Picture:
    return canvas[::-1] / 255.0


def _write(canvas: NDArray[np.uint8], text: str, at: tuple[int, int], size: float, color: Rgb, weight: int = 2) -> None:
    display = [round(255 * channel) for channel in color]
    cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, display, weight, cv2.LINE_AA)


@_added
def cover_atlas(rng: np.random.Generator) -> Picture:
    canvas = _canvas((0.16, 0.30, 0.46))
    cv2.circle(canvas, (256, 320), 120, (214, 178, 94), 3, cv2.LINE_AA)
    for k in range(-2, 3):
        cv2.ellipse(canvas, (256, 320), (abs(k) * 52, 120), 0, 0, 360, (214, 178, 94), 2, cv2.LINE_AA)
        cv2.line(canvas, (150, 320 + 45 * k), (362, 320 + 45 * k), (214, 178, 94), 2, cv2.LINE_AA)
    _write(canvas, "ATLAS", (120, 120), 2.8, LIGHT, 6)
    return _drawn(canvas) * (1 + 0.03 * _spots(rng, 1))[..., None]


@_added
def cover_garden(rng: np.random.Generator) -> Picture:
    canvas = _canvas((0.80, 0.34, 0.22))
    for x, y, r in rng.uniform((40, 230, 14), (470, 490, 34), (26, 3)).astype(int):
        cv2.circle(canvas, (int(x), int(y)), int(r), (240, 200, 110), -1, cv2.LINE_AA)
        cv2.circle(canvas, (int(x), int(y)), int(r) // 3, (120, 50, 30), -1, cv2.LINE_AA)
    _write(canvas, "The", (40, 90), 1.8, LIGHT, 4)
    _write(canvas, "Garden", (40, 180), 3.0, LIGHT, 7)
    return _drawn(canvas) * (1 + 0.03 * _spots(rng, 1))[..., None]


@_added
def cover_physics(rng: np.random.Generator) -> Picture:
    canvas = _canvas((0.91, 0.86, 0.70))
    for angle in (0, 60, 120):
        cv2.ellipse(canvas, (256, 330), (150, 52), angle, 0, 360, (40, 60, 70), 4, cv2.LINE_AA)
    cv2.circle(canvas, (256, 330), 18, (180, 50, 40), -1, cv2.LINE_AA)
    _write(canvas, "PHYSICS", (52, 110), 2.7, (0.16, 0.24, 0.28), 6)
    cv2.line(canvas, (52, 140), (460, 140), (40, 60, 70), 4)
    return _drawn(canvas) * (1 + 0.03 * _spots(rng, 1))[..., None]


@_added
def phone_screen(rng: np.random.Generator) -> Picture:
    canvas = _canvas((0.10, 0.16, 0.30))
    canvas[:] = (canvas + np.linspace(70, 0, SIZE)[:, None, None] * (0.3, 0.8, 1.0)).astype(np.uint8)
    _write(canvas, "10:24", (120, 110), 3.2, LIGHT, 6)
    for k in range(16):
        x, y = 52 + 112 * (k % 4), 230 + 68 * (k // 4)
        color = (110 + 110 * rng.random(3)).astype(int).tolist()
        cv2.rectangle(canvas, (x, y), (x + 70, y + 40), color, -1, cv2.LINE_AA)
    return _drawn(canvas)


@_added
def clock_display(rng: np.random.Generator) -> Picture:
    canvas = _canvas((0.05, 0.06, 0.06))
    _write(canvas, "10:24", (20, 330), 5.2, (0.35, 0.95, 0.60), 16)
    return _drawn(canvas) + 0.0 * rng.random()


@_added
def apple_skin(rng: np.random.Generator) -> Picture:
    height = np.linspace(0, 1, SIZE)[:, None]
    blush = np.clip(0.35 + 0.5 * np.sin(2 * np.pi * np.linspace(0, 1, SIZE))[None] + 0.25 * _spots(rng, 14), 0, 1)
    red, yellow = np.array((0.78, 0.12, 0.10)), np.array((0.86, 0.62, 0.22))
    share = np.clip(0.8 * blush * (1.2 - height), 0, 1)[..., None]
    freckles = 1 + 0.10 * (_spots(rng, 1.2) > 2.0)
    return (red + share * (yellow - red)) * freckles[..., None]


@_added
def banana_skin(rng: np.random.Generator) -> Picture:
    brown = np.clip(_spots(rng, 4) - 1.7, 0, 0.7)[..., None]
    yellow = np.array((0.93, 0.77, 0.20)) * (1 + 0.03 * _spots(rng, 20))[..., None]
    return yellow + brown * (np.array((0.35, 0.22, 0.10)) - yellow)


@_added
def speaker_cloth(rng: np.random.Generator) -> Picture:
    u, v = np.meshgrid(*[np.arange(SIZE) / SIZE] * 2)
    holes = np.sin(2 * np.pi * 40 * u) * np.sin(2 * np.pi * 40 * v)
    return np.repeat((0.62 + 0.28 * holes + 0.04 * _spots(rng, 1))[..., None], 3, axis=2)


@_added
def cube_face(rng: np.random.Generator) -> Picture:
    canvas = _canvas(DARK)
    colors = ((200, 40, 35), (35, 95, 190), (240, 205, 40), (40, 150, 70), (240, 240, 238), (240, 130, 30))
    for k in range(9):
        x, y = 14 + 165 * (k % 3), 14 + 165 * (k // 3)
        cv2.rectangle(canvas, (x, y), (x + 152, y + 152), colors[int(rng.integers(6))], -1, cv2.LINE_AA)
    return _drawn(canvas)
