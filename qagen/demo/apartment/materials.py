"""Painted surfaces: small procedural pictures that repeat over a surface or are stretched over it once."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from qagen.rng import rng_for

SIZE = 512
"""Side of a texture, texels."""

Picture = NDArray[np.float64]
Rgb = tuple[float, float, float]
WHITE: Rgb = (1.0, 1.0, 1.0)


def shaded(color: Rgb, factor: float) -> Rgb:
    """The color made darker or lighter, at most 1 in each channel."""
    red, green, blue = (min(1.0, factor * channel) for channel in color)
    return red, green, blue


@dataclass(frozen=True, slots=True)
class Paint:
    """How a part looks and how a depth camera sees it."""

    texture: str = "plain"
    """Name in TEXTURES."""
    tint: Rgb = WHITE
    """Multiplies the texture, display values 0..1."""
    repeat_m: float = 1.0
    """Side of one repeat of the texture on the surface, meters."""
    mirror: float = 0.0
    """Share of light that is reflected as by a mirror."""
    glow: float = 0.0
    """Radiance of its own, in units of a white wall in good light."""
    depth_loss: float = 0.0
    """Share of depth readings that a sensor loses on it (mirrors, screens, glass)."""


TEXTURES: dict[str, Callable[[np.random.Generator], Picture]] = {}
"""Every texture by name; each is made from its own random stream."""


def paint_texture(name: str) -> NDArray[np.uint8]:
    """(512, 512, 3) display values of one texture."""
    picture = TEXTURES[name](rng_for(0, "demo texture", name))
    return np.round(255 * np.clip(picture, 0, 1)).astype(np.uint8)


def _texture(function: Callable[[np.random.Generator], Picture]) -> Callable[[np.random.Generator], Picture]:
    TEXTURES[function.__name__.strip("_")] = function
    return function


def _noise(rng: np.random.Generator, width: float, height: float | None = None) -> NDArray[np.float64]:
    """(512, 512) smooth random field of zero mean and unit spread that repeats without a seam."""
    sigma = (width if height is None else height, width)
    field = gaussian_filter(rng.standard_normal((SIZE, SIZE)), sigma, mode="wrap")
    return (field - field.mean()) / field.std()


def _grid() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """u to the right and v upwards in 0..1, as (512, 512) arrays; row 0 is v = 0."""
    line = (np.arange(SIZE) + 0.5) / SIZE
    u, v = np.meshgrid(line, line)
    return u, v


def _gray(value: NDArray | float) -> Picture:
    return np.repeat(np.broadcast_to(value, (SIZE, SIZE))[..., None], 3, axis=2).astype(float)


def _filled(color: Rgb) -> Picture:
    return np.broadcast_to(np.array(color, dtype=float), (SIZE, SIZE, 3)).copy()


def _blend(a: Picture, b: Picture | Rgb, weight: NDArray) -> Picture:
    return a + np.clip(weight, 0, 1)[..., None] * (np.asarray(b, dtype=float) - a)


@_texture
def plain(rng: np.random.Generator) -> Picture:
    return _gray(0.97 + 0.012 * _noise(rng, 6) + 0.008 * _noise(rng, 1))


@_texture
def plaster(rng: np.random.Generator) -> Picture:
    return _gray(0.96 + 0.012 * _noise(rng, 1.2) + 0.012 * _noise(rng, 30))


@_texture
def wallpaper(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    stripe = 0.5 + 0.5 * np.sign(np.sin(2 * np.pi * 8 * u))
    leaf = np.sin(2 * np.pi * 8 * u) * np.sin(2 * np.pi * 8 * v) > 0.75
    return _gray(0.90 + 0.05 * stripe + 0.04 * leaf + 0.008 * _noise(rng, 1))


@_texture
def wood(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    rings = np.sin(2 * np.pi * 9 * v + 2.2 * _noise(rng, 90, 14))
    fiber = _noise(rng, 40, 0.8)
    return _gray(0.86 + 0.07 * rings + 0.05 * fiber) * (1.0, 0.99, 0.97) + 0 * u[..., None]


@_texture
def planks(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    row = (v * 8).astype(int)
    shifted = (u + row * 0.37) % 1
    board = (row * 2 + (shifted * 2).astype(int)) % 16
    tone = rng.uniform(0.72, 0.95, 16)[board]
    grain = 0.045 * _noise(rng, 30, 0.9) + 0.03 * np.sin(2 * np.pi * 30 * v + 2 * _noise(rng, 60, 8))
    seam = (np.minimum(v * 8 % 1, 1 - v * 8 % 1) < 0.025) | (np.minimum(shifted * 2 % 1, 1 - shifted * 2 % 1) < 0.003)
    return _gray((tone + grain) * np.where(seam, 0.55, 1.0)) * (1.0, 0.98, 0.94)


def _tiled(rng: np.random.Generator, count: int, grout: float, spread: float) -> Picture:
    u, v = _grid()
    tile = rng.uniform(1 - spread, 1, (count, count))[(v * count).astype(int), (u * count).astype(int)]
    edge = np.minimum(np.minimum(u * count % 1, 1 - u * count % 1), np.minimum(v * count % 1, 1 - v * count % 1))
    shade = np.where(edge < grout, 0.70, tile * (0.97 + 0.012 * _noise(rng, 12)))
    return _gray(shade)


@_texture
def tiles(rng: np.random.Generator) -> Picture:
    return _tiled(rng, 4, 0.018, 0.07)


@_texture
def checker_tiles(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    is_dark = ((u * 4).astype(int) + (v * 4).astype(int)) % 2 == 1
    return _tiled(rng, 4, 0.015, 0.05) * np.where(is_dark, 0.55, 1.0)[..., None]


@_texture
def mosaic(rng: np.random.Generator) -> Picture:
    return _tiled(rng, 16, 0.05, 0.30)


@_texture
def fabric(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    weave = np.sin(2 * np.pi * 64 * u) * np.sin(2 * np.pi * 64 * v)
    return _gray(0.86 + 0.07 * weave + 0.05 * _noise(rng, 1.2) + 0.02 * _noise(rng, 25))


@_texture
def carpet(rng: np.random.Generator) -> Picture:
    return _gray(0.84 + 0.10 * _noise(rng, 0.8) + 0.03 * _noise(rng, 14))


@_texture
def leather(rng: np.random.Generator) -> Picture:
    return _gray(0.88 + 0.05 * np.abs(_noise(rng, 2.5)) + 0.03 * _noise(rng, 20))


@_texture
def granite(rng: np.random.Generator) -> Picture:
    speck = np.clip(_noise(rng, 1.0) - 1.0, 0, 1) - np.clip(-_noise(rng, 1.4) - 1.0, 0, 1)
    return _gray(0.78 + 0.18 * speck + 0.04 * _noise(rng, 12))


@_texture
def metal(rng: np.random.Generator) -> Picture:
    return _gray(0.88 + 0.04 * _noise(rng, 60, 0.7) + 0.03 * _noise(rng, 50))


@_texture
def cardboard(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    picture = _filled((0.76, 0.60, 0.42)) * (1 + 0.03 * _noise(rng, 30, 1) + 0.02 * _noise(rng, 2))[..., None]
    return (
        _blend(picture, (0.88, 0.80, 0.62), np.abs(v - 0.5) < 0.07)
        * np.where(np.abs(u - 0.5) < 0.004, 0.8, 1)[..., None]
    )


@_texture
def wicker(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    over = np.where(
        ((u * 16).astype(int) + (v * 16).astype(int)) % 2,
        np.abs(np.sin(16 * np.pi * u)),
        np.abs(np.sin(16 * np.pi * v)),
    )
    return _gray(0.55 + 0.38 * over + 0.03 * _noise(rng, 1.5))


@_texture
def stripes(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    band = (v * 10 % 1) < 0.4
    return _gray(np.where(band, 0.62, 0.97) + 0.03 * _noise(rng, 1.0)) + 0 * u[..., None]


@_texture
def checks(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    a, b = (u * 6 % 1) < 0.5, (v * 6 % 1) < 0.5
    return _gray(0.95 - 0.2 * a - 0.2 * b - 0.10 * ((u * 6 % 1) > 0.92) + 0.03 * _noise(rng, 1))


@_texture
def dots(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    r = np.hypot(u * 8 % 1 - 0.5, (v * 8 + 0.5 * ((u * 8).astype(int) % 2)) % 1 - 0.5)
    return _gray(np.where(r < 0.24, 0.98, 0.66) + 0.02 * _noise(rng, 1))


@_texture
def fur(rng: np.random.Generator) -> Picture:
    return _gray(0.82 + 0.10 * _noise(rng, 1.0, 5) + 0.06 * _noise(rng, 10))


@_texture
def leaf(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    rib = np.exp(-np.abs(u - 0.5) * 60) + 0.5 * np.exp(-np.abs((np.abs(u - 0.5) * 1.3 - v) * 9 % 1 - 0.5) * 12)
    base = _filled((0.26, 0.52, 0.22)) * (1 + 0.10 * _noise(rng, 14))[..., None]
    return _blend(base, (0.55, 0.75, 0.40), 0.6 * rib)


@_texture
def soil(rng: np.random.Generator) -> Picture:
    return _filled((0.28, 0.20, 0.14)) * (1 + 0.3 * _noise(rng, 2))[..., None]


@_texture
def persian_rug(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    edge = np.minimum(np.minimum(u, 1 - u) * 1.5, np.minimum(v, 1 - v))
    r = np.abs(u - 0.5) * 1.4 + np.abs(v - 0.5)
    petals = np.cos(8 * np.arctan2(v - 0.5, u - 0.5))
    picture = _filled((0.55, 0.13, 0.13))
    picture = _blend(picture, (0.80, 0.66, 0.42), np.sin(2 * np.pi * 14 * u) * np.sin(2 * np.pi * 14 * v) > 0.72)
    picture = _blend(picture, (0.14, 0.20, 0.40), r < 0.34 + 0.03 * petals)
    picture = _blend(picture, (0.85, 0.74, 0.52), np.abs(r - 0.35 - 0.03 * petals) < 0.015)
    picture = _blend(picture, (0.75, 0.30, 0.20), r < 0.15 + 0.03 * petals)
    picture = _blend(picture, (0.12, 0.18, 0.36), edge < 0.13)
    picture = _blend(picture, (0.82, 0.68, 0.45), (edge < 0.11) & (edge > 0.03) & (np.sin(60 * (u + v)) > 0.3))
    picture = _blend(picture, (0.86, 0.78, 0.60), (np.abs(edge - 0.13) < 0.008) | (edge < 0.015))
    return picture * (1 + 0.06 * _noise(rng, 0.9))[..., None]


@_texture
def striped_rug(rng: np.random.Generator) -> Picture:
    _, v = _grid()
    colors = np.array(
        [(0.25, 0.40, 0.45), (0.88, 0.84, 0.74), (0.80, 0.52, 0.25), (0.88, 0.84, 0.74), (0.42, 0.22, 0.22)]
    )
    return colors[(v * 15).astype(int) % 5] * (1 + 0.07 * _noise(rng, 0.9))[..., None]


@_texture
def book_spines(rng: np.random.Generator) -> Picture:
    picture = _filled((0.10, 0.08, 0.07))
    left = 4
    while left < SIZE - 16:
        width, top = int(rng.integers(24, 60)), int(rng.integers(380, 508))
        hue, tone = rng.random(), rng.uniform(0.35, 0.85)
        color = 0.25 + tone * (0.5 + 0.5 * np.cos(2 * np.pi * (hue + np.array([0, 0.33, 0.67])))) * 0.75
        right = min(left + width, SIZE - 4)
        bulge = 0.75 + 0.25 * np.sin(np.linspace(0.2, np.pi - 0.2, right - left))
        picture[2:top, left:right] = color * bulge[None, :, None]
        label = slice(int(top * 0.55), int(top * 0.82))
        picture[label, left + 5 : right - 5] *= 0.55 if tone > 0.6 else 1.5
        picture[int(top * 0.1) : int(top * 0.1) + 8, left:right] *= 1.4
        left = right + 2
    return picture


@_texture
def painting_hills(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    picture = _blend(_filled((0.95, 0.75, 0.45)), (0.35, 0.55, 0.80), v)
    picture = _blend(picture, (1.0, 0.95, 0.75), np.hypot(u - 0.7, v - 0.68) < 0.09)
    for height, color in ((0.55, (0.40, 0.45, 0.60)), (0.42, (0.35, 0.50, 0.40)), (0.26, (0.25, 0.38, 0.20))):
        crest = (
            height + 0.06 * np.sin(2 * np.pi * (u * 1.5 + height * 7)) + 0.03 * np.sin(2 * np.pi * u * 5 + height * 40)
        )
        picture = _blend(picture, color, v < crest)
    return picture * (1 + 0.04 * _noise(rng, 2))[..., None]


@_texture
def painting_shapes(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    picture = _filled((0.93, 0.90, 0.82))
    picture = _blend(picture, (0.80, 0.22, 0.16), np.hypot(u - 0.35, v - 0.6) < 0.22)
    picture = _blend(picture, (0.14, 0.28, 0.55), (np.abs(u - 0.66) < 0.16) & (np.abs(v - 0.42) < 0.3))
    picture = _blend(picture, (0.95, 0.75, 0.15), (v < 0.34) & (v > 0.1) & (np.abs(u - 0.4) < 0.34 - v))
    return _blend(picture, (0.1, 0.1, 0.1), np.abs(v - 0.9 + 0.9 * u) < 0.008) * (1 + 0.02 * _noise(rng, 3))[..., None]


@_texture
def painting_flowers(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    picture = _blend(_filled((0.20, 0.28, 0.26)), (0.35, 0.42, 0.38), v)
    for _ in range(26):
        x, y, r = rng.uniform(0.15, 0.85), rng.uniform(0.3, 0.85), rng.uniform(0.04, 0.10)
        angle, distance = np.arctan2(v - y, u - x), np.hypot(u - x, v - y)
        color = [(0.90, 0.45, 0.50), (0.95, 0.80, 0.45), (0.85, 0.85, 0.90), (0.65, 0.40, 0.75)][int(rng.integers(4))]
        picture = _blend(picture, color, distance < r * (0.75 + 0.25 * np.cos(5 * angle + x * 20)))
        picture = _blend(picture, (0.55, 0.35, 0.10), distance < r * 0.25)
    return _blend(picture, (0.45, 0.30, 0.20), (v < 0.25) & (np.abs(u - 0.5) < 0.18 + 0.2 * v))


@_texture
def painting_sea(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    sea = _filled((0.12, 0.38, 0.52)) * (1 + 0.15 * _noise(rng, 30, 2.5))[..., None]
    picture = _blend(sea, _blend(_filled((0.80, 0.90, 0.95)), (0.30, 0.55, 0.85), 2 * v - 1), v > 0.45)
    sail = (v > 0.48) & (v < 0.8) & (u > 0.42) & (u - 0.42 < (0.8 - v) * 0.6)
    picture = _blend(picture, (0.97, 0.95, 0.90), sail)
    return _blend(picture, (0.45, 0.20, 0.12), (np.abs(v - 0.45) < 0.03) & (np.abs(u - 0.48) < 0.13 + (v - 0.45)))


@_texture
def view_outside(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    cloud = np.clip(0.5 * _noise(rng, 40, 18), 0, 1)
    picture = _blend(_filled((0.80, 0.89, 0.97)), (0.55, 0.74, 0.95), v)
    picture = _blend(picture, WHITE, cloud)
    crown = 0.34 + 0.07 * np.sin(2 * np.pi * 2 * u + 1) + 0.03 * _noise(rng, 16)
    leaves = _filled((0.38, 0.58, 0.30)) * (1 + 0.22 * _noise(rng, 5))[..., None]
    picture = _blend(picture, leaves, (crown - v) * 60)
    return _blend(picture, (0.60, 0.72, 0.42), (0.12 - v) * 80)


@_texture
def screen_desktop(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    picture = _blend(_filled((0.10, 0.25, 0.50)), (0.25, 0.55, 0.75), 0.5 * u + 0.5 * v)
    for x0, x1, y0, y1 in ((0.08, 0.55, 0.25, 0.90), (0.48, 0.92, 0.15, 0.70)):
        inside = (u > x0) & (u < x1) & (v > y0) & (v < y1)
        picture = _blend(picture, (0.96, 0.96, 0.97), inside)
        picture = _blend(picture, (0.30, 0.33, 0.38), inside & (v > y1 - 0.05))
        line = (
            inside
            & (v < y1 - 0.08)
            & ((v * 28 % 1) < 0.4)
            & (u > x0 + 0.03)
            & (u < x1 - 0.05 - 0.15 * (np.floor(v * 28) % 3))
        )
        picture = _blend(picture, (0.45, 0.48, 0.52), line)
    return _blend(picture, (0.08, 0.09, 0.12), v < 0.06)


@_texture
def screen_tv(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    picture = _blend(_filled((0.10, 0.42, 0.16)), (0.16, 0.52, 0.20), (u * 10).astype(int) % 2)
    picture = _blend(picture, (0.20, 0.22, 0.30), v > 0.72)
    picture = _blend(picture, (0.55, 0.50, 0.55), (v > 0.72) & (rng.random((SIZE, SIZE)) > 0.6))
    picture = _blend(picture, WHITE, np.abs(np.hypot(u - 0.5, (v - 0.36) * 1.6) - 0.16) < 0.006)
    for _ in range(14):
        x, y = rng.uniform(0.08, 0.92), rng.uniform(0.1, 0.6)
        color = (0.85, 0.15, 0.15) if rng.random() < 0.5 else (0.95, 0.95, 0.98)
        picture = _blend(picture, color, (np.abs(u - x) < 0.011) & (np.abs(v - y) < 0.045))
    return picture


@_texture
def keyboard_keys(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    key_u, key_v = (u * 15 + 0.3 * np.floor(v * 5)) % 1, v * 5 % 1
    is_key = (key_u > 0.1) & (key_u < 0.9) & (key_v > 0.12) & (key_v < 0.88)
    return _gray(np.where(is_key, 0.34, 0.08) + 0.0 * rng.random())


@_texture
def clock_face(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    x, y = u - 0.5, v - 0.5
    r, angle = np.hypot(x, y), np.arctan2(x, y)
    picture = _filled((0.97, 0.96, 0.92))
    tick = (np.abs((angle / (2 * np.pi) * 12 + 0.5) % 1 - 0.5) < 0.06) & (r > 0.36) & (r < 0.44)
    picture = _blend(picture, (0.1, 0.1, 0.1), tick)
    for hand, length, width in ((np.deg2rad(305), 0.24, 0.018), (np.deg2rad(60), 0.36, 0.011)):
        along, across = x * np.sin(hand) + y * np.cos(hand), x * np.cos(hand) - y * np.sin(hand)
        picture = _blend(picture, (0.1, 0.1, 0.1), (np.abs(across) < width) & (along > -0.04) & (along < length))
    return _blend(picture, (0.7, 0.1, 0.1), r < 0.02)


@_texture
def globe_map(rng: np.random.Generator) -> Picture:
    land = _noise(rng, 30) + 0.5 * _noise(rng, 10)
    picture = _blend(_filled((0.20, 0.45, 0.72)), (0.45, 0.62, 0.30), (land - 0.25) * 20)
    return _blend(picture, (0.80, 0.70, 0.45), (land - 1.2) * 20)


@_texture
def page(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    line = (
        ((v * 26 % 1) < 0.4)
        & (u > 0.12)
        & (u < 0.88 - 0.2 * rng.random(26)[np.minimum((v * 26).astype(int), 25)])
        & (v > 0.1)
        & (v < 0.88)
    )
    picture = _blend(_filled((0.96, 0.96, 0.94)), (0.35, 0.35, 0.38), line * (0.5 + 0.5 * (_noise(rng, 2, 1) > -0.6)))
    return _blend(picture, (0.15, 0.25, 0.50), (v > 0.91) & (v < 0.95) & (u > 0.12) & (u < 0.6))


@_texture
def magazine_cover(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    picture = _blend(_filled((0.95, 0.55, 0.35)), (0.90, 0.25, 0.40), v)
    picture = _blend(picture, (0.98, 0.88, 0.75), np.hypot(u - 0.5, (v - 0.42) * 0.8) < 0.2)
    picture = _blend(
        picture, (0.98, 0.98, 0.98), (v > 0.82) & (v < 0.94) & (u > 0.08) & (u < 0.92) & ((u * 9 % 1) < 0.75)
    )
    return (
        _blend(picture, (0.2, 0.1, 0.2), (v < 0.2) & ((v * 22 % 1) < 0.5) & (u > 0.1) & (u < 0.5)) + 0.0 * rng.random()
    )


@_texture
def whiteboard_notes(rng: np.random.Generator) -> Picture:
    picture = np.full((SIZE, SIZE, 3), 248, np.uint8)
    for row in range(5):
        x = 40 + np.cumsum(rng.integers(6, 14, 30))
        y = 440 - row * 55 + rng.integers(-12, 12, 30)
        color = [(30, 60, 160), (170, 40, 40), (30, 120, 60)][row % 3]
        cv2.polylines(picture, [np.stack([x, y], 1).astype(np.int32)], False, color, 3, cv2.LINE_AA)
    cv2.rectangle(picture, (350, 300), (470, 400), (170, 40, 40), 3, cv2.LINE_AA)
    cv2.circle(picture, (410, 180), 55, (30, 60, 160), 3, cv2.LINE_AA)
    cv2.arrowedLine(picture, (410, 300), (410, 240), (30, 120, 60), 3, cv2.LINE_AA)
    return picture / 255


@_texture
def oven_front(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    picture = _gray(0.80 + 0.02 * _noise(rng, 50, 1))
    picture = _blend(picture, (0.06, 0.06, 0.07), (np.abs(u - 0.5) < 0.4) & (v > 0.14) & (v < 0.66))
    picture = _blend(picture, (0.25, 0.16, 0.10), (np.abs(u - 0.5) < 0.34) & (v > 0.2) & (v < 0.6))
    for x in (0.12, 0.28, 0.44, 0.60, 0.76):
        picture = _blend(picture, (0.12, 0.12, 0.12), np.hypot(u - x - 0.04, (v - 0.88)) < 0.045)
    return _blend(picture, (0.95, 0.95, 0.95), (np.abs(v - 0.74) < 0.018) & (np.abs(u - 0.5) < 0.4))


@_texture
def cooker_top(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    picture = _gray(0.10 + 0.01 * _noise(rng, 3))
    for x, y, r in ((0.28, 0.28, 0.17), (0.72, 0.28, 0.13), (0.28, 0.74, 0.13), (0.72, 0.74, 0.17)):
        distance = np.hypot(u - x, v - y)
        picture = _blend(picture, (0.55, 0.20, 0.15), (distance < r) & (np.sin(distance * 130) > 0.1))
    return picture


@_texture
def microwave_front(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    picture = _gray(0.78 + 0.02 * _noise(rng, 40, 1))
    picture = _blend(picture, (0.05, 0.05, 0.06), (u > 0.05) & (u < 0.70) & (v > 0.12) & (v < 0.88))
    picture = _blend(picture, (0.10, 0.35, 0.20), (u > 0.77) & (u < 0.95) & (v > 0.74) & (v < 0.88))
    button = (u > 0.77) & (u < 0.95) & (v > 0.14) & (v < 0.66) & ((u - 0.77) * 16.6 % 1 < 0.7) & (v * 10 % 1 < 0.65)
    return _blend(picture, (0.30, 0.32, 0.36), button)


@_texture
def washer_front(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    r = np.hypot(u - 0.5, (v - 0.45) * 1.4)
    picture = _gray(0.95 + 0.004 * _noise(rng, 20))
    picture = _blend(picture, (0.62, 0.64, 0.67), r < 0.36)
    picture = _blend(picture, (0.10, 0.12, 0.16), r < 0.28)
    picture = _blend(picture, (0.35, 0.45, 0.60), (r < 0.24) & (u + v < 0.85))
    picture = _blend(picture, (0.80, 0.81, 0.83), (v > 0.84))
    picture = _blend(picture, (0.2, 0.2, 0.2), np.hypot(u - 0.5, (v - 0.92) * 1.4) < 0.05)
    return _blend(picture, (0.15, 0.35, 0.45), (u > 0.65) & (u < 0.9) & (v > 0.88) & (v < 0.95))


def _fronts(rows: int, columns: int, knob_v: float, rng: np.random.Generator) -> Picture:
    """Doors or drawers with shadow gaps and knobs."""
    u, v = _grid()
    a, b = u * columns % 1, v * rows % 1
    gap = np.minimum(np.minimum(a, 1 - a) / rows, np.minimum(b, 1 - b) / columns)
    shade = 0.93 + 0.03 * _noise(rng, 30, 1)
    shade = np.where(gap < 0.006, 0.35, shade)
    bevel = (gap > 0.03) & (gap < 0.036)
    picture = _gray(np.where(bevel, shade * 0.82, shade))
    knob_u = np.where(np.floor(u * columns) % 2 == 0, 0.86, 0.14) if columns > 1 else 0.5
    is_knob = (np.abs(a - knob_u) * rows < 0.045 * rows) & (np.abs(b - knob_v) < 0.045 * (1 if rows > 1 else 0.6))
    return _blend(picture, (0.25, 0.24, 0.23), is_knob)


@_texture
def drawers_2(rng: np.random.Generator) -> Picture:
    return _fronts(2, 1, 0.5, rng)


@_texture
def drawers_3(rng: np.random.Generator) -> Picture:
    return _fronts(3, 1, 0.5, rng)


@_texture
def drawers_6(rng: np.random.Generator) -> Picture:
    return _fronts(3, 2, 0.5, rng)


@_texture
def doors_2(rng: np.random.Generator) -> Picture:
    return _fronts(1, 2, 0.5, rng)


@_texture
def doors_4(rng: np.random.Generator) -> Picture:
    return _fronts(1, 4, 0.78, rng)


@_texture
def door_panels(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    picture = _gray(0.95 + 0.01 * _noise(rng, 40, 2))
    for y0, y1 in ((0.08, 0.42), (0.52, 0.92)):
        for x0, x1 in ((0.12, 0.46), (0.54, 0.88)):
            edge = np.minimum(np.minimum(u - x0, x1 - u) * 0.45, np.minimum(v - y0, y1 - v))
            picture = _blend(picture, (0.72, 0.71, 0.69), (edge > 0) & (edge < 0.008))
            picture = _blend(picture, (0.90, 0.89, 0.87), edge >= 0.008)
    return picture


@_texture
def label_print(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    picture = _filled((0.97, 0.97, 0.95))
    picture = _blend(picture, (0.45, 0.45, 0.45), (v > 0.25) & (v < 0.75) & (np.sin(2 * np.pi * 2 * u) > -0.2))
    return (
        _blend(picture, WHITE, (v > 0.45) & (v < 0.6) & ((u * 22 % 1) < 0.6) & (np.sin(2 * np.pi * 2 * u) > 0.1))
        + 0.0 * rng.random()
    )


@_texture
def radiator_ribs(rng: np.random.Generator) -> Picture:
    u, _ = _grid()
    return _gray(0.70 + 0.26 * np.abs(np.sin(np.pi * 12 * u)) + 0.0 * rng.random())


@_texture
def wall_map(rng: np.random.Generator) -> Picture:
    u, v = _grid()
    picture = _filled((0.93, 0.88, 0.76))
    land = _noise(rng, 35) + 0.4 * _noise(rng, 9)
    picture = _blend(picture, (0.60, 0.72, 0.50), (land - 0.1) * 15)
    return _blend(
        picture,
        (0.75, 0.30, 0.20),
        (np.abs(land) < 0.06) | (np.minimum(np.minimum(u, 1 - u), np.minimum(v, 1 - v)) < 0.015),
    )
