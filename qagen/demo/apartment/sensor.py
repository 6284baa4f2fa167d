"""The faults of a phone and a depth camera: noise, vignette, holes."""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, grey_dilation, grey_erosion

from qagen.demo.apartment.lighting import LitSurface
from qagen.demo.apartment.render import RenderView, to_display

NEAR_M, FAR_M = 0.4, 6.8
STEP_AT_1M = 0.0011
"""Quantization of a structured-light sensor: depth step at 1 m; it grows with z²."""
NOISE_AT_1M = 0.0010
GRAZING_COSINE = 0.14


def expose(view: RenderView, rng: np.random.Generator) -> NDArray[np.uint8]:
    """(h, w, 3) RGB picture with automatic exposure, vignette and a little noise."""
    gain = float(np.clip(2.1 * np.sqrt(0.25 / max(float(view.color.mean()), 1e-3)), 1.6, 3.3))
    h, w = view.depth_m.shape
    v, u = np.mgrid[0:h, 0:w]
    radius = np.hypot((u - w / 2) / w, (v - h / 2) / w) / 0.625
    picture = to_display(view.color * (1 - 0.22 * radius[..., None] ** 2).astype(np.float32), gain)
    grain = rng.standard_normal((h, w), dtype=np.float32)[..., None] * 1.3
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def sense_depth(view: RenderView, surface: LitSurface, rng: np.random.Generator) -> NDArray[np.uint16]:
    """(h, w) depth in mm with noise, steps and holes (0)."""
    z = view.depth_m
    bumps = cv2.resize(rng.standard_normal((z.shape[0] // 4, z.shape[1] // 4), dtype=np.float32), z.shape[::-1])
    disparity = 1 / np.maximum(z, 0.1) + NOISE_AT_1M * bumps
    step = np.float32(STEP_AT_1M)
    z_seen = 1 / np.maximum(np.round(disparity / step) * step, 0.05)
    lost = _is_lost(view, z, surface, rng)
    return np.where(lost, 0, np.round(1000 * z_seen)).astype(np.uint16)


def _is_lost(
    view: RenderView, z: NDArray[np.float32], surface: LitSurface, rng: np.random.Generator
) -> NDArray[np.bool_]:
    small = rng.standard_normal((z.shape[0] // 8, z.shape[1] // 8))
    blotches = gaussian_filter(small, 1.5)
    chance = cv2.resize(blotches / blotches.std(), z.shape[::-1]).astype(np.float32)
    rank = 0.5 + 0.5 * np.tanh(0.8 * chance)  # about even in 0..1
    shine = surface.part_depth_loss[view.part]
    lost = rank < shine
    lost |= view.cosine < GRAZING_COSINE * (0.6 + 0.8 * rank)
    lost |= (z < NEAR_M) | (z > FAR_M + 0.6 * (rank - 0.5))
    # the far side of a strong depth edge lies in the shadow of the projector
    return lost | (z > 1.08 * grey_erosion(z, size=(3, 5))) | (grey_dilation(z, size=(3, 3)) > 1.25 * z)
