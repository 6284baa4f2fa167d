"""Whether boxes end where surface does: measured surface that faces as a side of a box does should lie in that side.

Boxes that are moved by a hand's breadth still hold most of their objects, but their sides are beside the surface.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.scene import Scene
from qagen.core.spacing import evenly_spaced
from qagen.doctor.depth_samples import DepthSample
from qagen.doctor.finding import Finding, percent

Floats = NDArray[np.float64]

MOST_BOXES, MOST_POINTS = 300, 60_000
REACH_M, BIN_M, BINS = 0.35, 0.025, 28
"""Surface so far from a side is counted, in bins of this width, so many of them."""
FACES = 0.8
"""Least cosine between the directions of a surface and of the side."""
ABOVE_M = 0.08
"""The lowest part of a box is left out, because the floor runs through it."""
MIN_POINTS, MIN_SIDES = 15, 15
NEAR_M = 0.05
"""A side lies in the surface where most of that is so near."""
MOVES_M = np.arange(-0.25, 0.251, BIN_M)
"""Moves of all boxes that are tried along x and y, meters."""
MOVED_M, BETTER = 0.06, 1.35
"""Least move that is named, and the factor by which more surface must lie in the sides then."""
IN_SURFACE = 0.25
"""Least share of the sides that should lie in surface: 0.39 to 0.82 were measured, and 0.14 is chance."""


def check_box_sides(scene: Scene, samples: Sequence[DepthSample]) -> Finding | None:
    """Whether upright sides of boxes lie in measured surface, and where they would; None without boxes or depth."""
    if not samples or not scene.objects or not scene.is_level:
        return None
    boxes = [item.box for item in evenly_spaced(scene.objects, MOST_BOXES)]
    counts, outward = _surface_at_sides(boxes, samples)
    expected = f"{percent(IN_SURFACE)} or more, and no move that fits better"
    if len(counts) < MIN_SIDES:
        return Finding("box sides", "ok", f"surface tells of too few sides ({len(counts)})", expected)
    middles = (counts.argmax(axis=1) + 0.5) * BIN_M - REACH_M
    share = float((np.abs(middles) < NEAR_M).mean())
    found = f"{percent(share)} of {len(counts)} sides lie in the surface that is nearest to them"
    move, gain = _best_move(counts, outward)
    if np.hypot(*move) >= MOVED_M and gain >= BETTER:
        advice = f"{gain:.1f} times as much surface would lie in sides "
        advice += f"if boxes were moved by ({move[0]:.2f}, {move[1]:.2f}) m"
        return Finding("box sides", "FAIL", found, expected, advice)
    advice = "boxes are loose, or moved each its own way: look at the overlay pictures"
    return Finding("box sides", "ok" if share >= IN_SURFACE else "warn", found, expected, advice)


def _surface_at_sides(boxes: Sequence[Box3D], samples: Sequence[DepthSample]) -> tuple[Floats, Floats]:
    """(S, bins) share of the surface at each upright side by its distance outward, and (S, 2) their directions, xy."""
    points, normals = _surface(samples)
    counts, outward = [], []
    for box in boxes:
        half = box.size / 2
        near = (np.abs(points - box.center) <= np.linalg.norm(half) + REACH_M).all(axis=1)
        local, faced = (points[near] - box.center) @ box.rotation, normals[near] @ box.rotation
        low, high = (-half[2] + ABOVE_M, half[2]) if box.rotation[2, 2] > 0 else (-half[2], half[2] - ABOVE_M)
        is_level = (local[:, 2] > low) & (local[:, 2] < high)
        for axis, sign in ((0, -1), (0, 1), (1, -1), (1, 1)):
            chosen = is_level & (np.abs(local[:, 1 - axis]) < half[1 - axis]) & (sign * faced[:, axis] > FACES)
            away = sign * local[chosen, axis] - half[axis]
            found = np.histogram(away[away > -max(half[axis], 0.1)], BINS, (-REACH_M, REACH_M))[0]
            if found.sum() >= MIN_POINTS:
                counts.append(found / found.sum())
                outward.append(sign * box.rotation[:2, axis])
    return np.array(counts), np.array(outward)


def _surface(samples: Sequence[DepthSample]) -> tuple[Floats, Floats]:
    """(n, 3) points of smooth surface, world, meters, and (n, 3) their unit normals, toward the camera."""
    pieces = [_smooth(sample) for sample in samples]
    points, normals = (np.concatenate(part) for part in zip(*pieces, strict=True))
    step = max(1, len(points) // MOST_POINTS)
    return points[::step], normals[::step]


def _smooth(sample: DepthSample) -> tuple[Floats, Floats]:
    cloud = sample.cloud[::2, ::2]
    right, down = cloud[1:-1, 2:] - cloud[1:-1, :-2], cloud[2:, 1:-1] - cloud[:-2, 1:-1]
    z = cloud[..., 2]
    around = (z[1:-1, 1:-1], z[1:-1, 2:], z[1:-1, :-2], z[2:, 1:-1], z[:-2, 1:-1])
    low = np.minimum.reduce(around)
    is_smooth = (low > 0) & (np.maximum.reduce(around) - low < 0.15 * low)
    normals = np.cross(down, right)[is_smooth]
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    pose = sample.frame.world_from_camera
    return pose @ cloud[1:-1, 1:-1][is_smooth], normals @ pose.rotation.T


def _best_move(counts: Floats, outward: Floats) -> tuple[Floats, float]:
    """(2,) the move of all boxes along x and y that brings most surface into their sides, meters, and how many times
    as much."""
    moves = np.stack(np.meshgrid(MOVES_M, MOVES_M), axis=-1).reshape(-1, 2)
    bins = np.floor((outward @ moves.T + REACH_M) / BIN_M + 1e-6).astype(np.int64)
    last = counts.shape[1] - 1
    here, before = (np.take_along_axis(counts, np.clip(bins - step, 0, last), axis=1) for step in (0, 1))
    score = (here + before).mean(axis=0)
    best, as_read = int(score.argmax()), score[len(moves) // 2]
    return moves[best], float(score[best] / max(as_read, 1e-9))
