"""Visible pixels: the drawn mesh compared with measured depth, and statistics of each object's pixels."""

import math

import numpy as np
from numba import njit

from qagen.kernels import F32, F64, I32, I64, U8, Bools


@njit(cache=True)
def compare_with_depth(
    instance: I32, mesh_depth: F32, K: F64, measured: F32, K_measured: F64, tolerance_m: float, tolerance_rel: float
) -> tuple[I32, Bools, Bools, F32]:
    """Compare a drawn instance image with a depth image of the same camera pose.

    The measured depth of a pixel is that of the nearest depth pixel on its ray. A value that is not finite, is 0
    or below, or lies outside the depth image is no measurement; an empty depth image measures nothing. A pixel that
    measures nearer than the mesh by more than max(tolerance_m, tolerance_rel * mesh z) shows something else; one
    without a measurement keeps its object. Nothing is behind the camera, because the mesh is drawn in front of it.

    Args:
        instance: (h, w) int32 object index or -1.
        mesh_depth: (h, w) float32 z in meters, inf where no mesh is.
        K: (4,) float64 fx, fy, cx, cy of these images.
        measured: (H, W) float32 z in meters, 0 where there is none.
        K_measured: (4,) float64 fx, fy, cx, cy of the depth image.
        tolerance_m: absolute tolerance, meters.
        tolerance_rel: tolerance as a share of the mesh's z.

    Returns:
        visible: (h, w) int32 instance, -1 where something else is in front of it.
        confirmed: (h, w) bool, True where the measurement agrees with the object that is visible.
        passed: (h, w) bool, True where the measurement lies behind the visible object by more than the tolerance.
        composite: (h, w) float32 the measurement where something is in front of the mesh or there is no mesh, else the
            mesh's depth.
    """
    height, width = instance.shape
    visible = instance.copy()
    confirmed = np.zeros(instance.shape, np.bool_)
    passed = np.zeros(instance.shape, np.bool_)
    composite = mesh_depth.copy()
    for row in range(height):
        y = _nearest_pixel((row - K[3]) / K[1] * K_measured[1] + K_measured[3], measured.shape[0])
        for col in range(width):
            x = _nearest_pixel((col - K[2]) / K[0] * K_measured[0] + K_measured[2], measured.shape[1])
            if x < 0 or y < 0 or not 0.0 < measured[y, x] < np.inf:
                continue
            behind = np.float64(measured[y, x]) - np.float64(mesh_depth[row, col])
            tolerance = max(tolerance_m, tolerance_rel * np.float64(mesh_depth[row, col]))
            if behind < -tolerance or mesh_depth[row, col] == np.inf:
                visible[row, col] = -1
                composite[row, col] = measured[y, x]
            confirmed[row, col] = instance[row, col] >= 0 and abs(behind) <= tolerance
            passed[row, col] = instance[row, col] >= 0 and behind > tolerance
    return visible, confirmed, passed, composite


@njit(cache=True)
def instance_stats(visible: I32, markable: Bools, centers_uv: F64, inset: int) -> tuple[I64, F64, F64]:
    """Pixel count, bounding box and mark of every object of an instance image.

    The mark is the projected center itself where that pixel shows the object, is markable and lies more than half of
    ``inset`` deep inside it. Otherwise it is the center of the markable pixel that lies deepest inside the visible part
    of the object, where ``inset`` pixels are deep enough; among equals the one nearest to the projected center, then
    the upper, then the left one.

    Args:
        visible: (h, w) int32 object index below O, or -1.
        markable: (h, w) bool, pixels that may carry a mark.
        centers_uv: (O, 2) float64 projected object centers, pixels. NaN (behind the camera or at depth 0) makes the
            mark near the mean of the object's visible pixels.
        inset: pixels from something else, or from the image's edge, that are deep enough; a pixel at the rim has 1.

    Returns:
        pixels: (O,) int64 visible pixels.
        boxes: (O, 4) float64 left, top, right, bottom: the outer edges of the visible pixels; NaN when there are none.
        marks: (O, 2) float64 u, v in pixels; NaN when no pixel is markable.
        An image or an object list that is empty gives zeros and NaN of these shapes.
    """
    pixels, boxes, sums = _measure(visible, len(centers_uv))
    depths = _depth_inside(visible)
    targets, marks, settled = _place_centers(visible, markable, depths, inset, centers_uv, pixels, sums)
    deepest = np.zeros(len(centers_uv), np.int64)
    nearest = np.full(len(centers_uv), np.inf)
    height, width = visible.shape
    for row in range(height):
        for col in range(width):
            item = visible[row, col]
            if item < 0 or settled[item] or not markable[row, col]:
                continue
            depth = min(depths[row, col], inset)
            distance = (col - targets[item, 0]) ** 2 + (row - targets[item, 1]) ** 2
            if depth > deepest[item] or (depth == deepest[item] and distance < nearest[item]):
                deepest[item], nearest[item] = depth, distance
                marks[item, 0], marks[item, 1] = col, row
    return pixels, boxes, marks


@njit(cache=True)
def mean_luminance(visible: I32, gray: U8, n_objects: int) -> F64:
    """Mean gray value of every object's pixels.

    Args:
        visible: (h, w) int32 object index below ``n_objects``, or -1.
        gray: (H, W) uint8 gray image of the same view at any resolution; each pixel of ``visible`` takes the value at
            its center.

    Returns:
        (n_objects,) float64 mean gray value, 0 to 255; 0 for objects without pixels, so for all of an empty image.
    """
    height, width = visible.shape
    sums = np.zeros(n_objects, np.int64)
    pixels = np.zeros(n_objects, np.int64)
    for row in range(height):
        y = (2 * row + 1) * gray.shape[0] // (2 * height)
        for col in range(width):
            item = visible[row, col]
            if item >= 0:
                sums[item] += gray[y, (2 * col + 1) * gray.shape[1] // (2 * width)]
                pixels[item] += 1
    return sums / np.maximum(pixels, 1)


@njit(cache=True)
def _depth_inside(visible: I32) -> I32:
    """(h, w) chessboard distance of objects' pixels to the nearest pixel of something else, outside the image included.

    Two passes, each from the neighbors that are done (Rosenfeld and Pfaltz, 1966). Pixels of no object have 0.
    """
    height, width = visible.shape
    shown = np.full((height + 2, width + 2), -1, np.int32)
    shown[1:-1, 1:-1] = visible
    depths = np.zeros(shown.shape, np.int32)
    for row in range(1, height + 1):
        for col in range(1, width + 1):
            item = shown[row, col]
            if item < 0:
                continue
            above = min(
                depths[row - 1, col - 1] if shown[row - 1, col - 1] == item else 0,
                depths[row - 1, col] if shown[row - 1, col] == item else 0,
                depths[row - 1, col + 1] if shown[row - 1, col + 1] == item else 0,
            )
            depths[row, col] = 1 + min(above, depths[row, col - 1] if shown[row, col - 1] == item else 0)
    for row in range(height, 0, -1):
        for col in range(width, 0, -1):
            item = shown[row, col]
            if depths[row, col] <= 1:
                continue
            below = min(
                depths[row + 1, col - 1] if shown[row + 1, col - 1] == item else 0,
                depths[row + 1, col] if shown[row + 1, col] == item else 0,
                depths[row + 1, col + 1] if shown[row + 1, col + 1] == item else 0,
            )
            beyond = 1 + min(below, depths[row, col + 1] if shown[row, col + 1] == item else 0)
            depths[row, col] = min(depths[row, col], beyond)
    return depths[1:-1, 1:-1]


@njit(cache=True)
def _measure(visible: I32, n_objects: int) -> tuple[I64, F64, F64]:
    """Per object: (O,) pixel count, (O, 4) outer edges, (O, 2) sum of u, v; NaN boxes without pixels."""
    pixels = np.zeros(n_objects, np.int64)
    boxes = np.full((n_objects, 4), np.nan)
    sums = np.zeros((n_objects, 2))
    height, width = visible.shape
    for row in range(height):
        for col in range(width):
            item = visible[row, col]
            if item < 0:
                continue
            if pixels[item] == 0:
                boxes[item, 0], boxes[item, 1], boxes[item, 2] = np.inf, row - 0.5, -np.inf
            boxes[item, 0] = min(boxes[item, 0], col - 0.5)
            boxes[item, 2] = max(boxes[item, 2], col + 0.5)
            boxes[item, 3] = row + 0.5
            pixels[item] += 1
            sums[item, 0] += col
            sums[item, 1] += row
    return pixels, boxes, sums


@njit(cache=True)
def _place_centers(
    visible: I32, markable: Bools, depths: I32, inset: int, centers_uv: F64, pixels: I64, sums: F64
) -> tuple[F64, F64, Bools]:
    """(O, 2) points that marks should be near, (O, 2) marks at the projected center or NaN, (O,) whether settled."""
    height, width = visible.shape
    targets = centers_uv.copy()
    marks = np.full(centers_uv.shape, np.nan)
    settled = np.zeros(len(centers_uv), np.bool_)
    for item in range(len(centers_uv)):
        if not np.isfinite(centers_uv[item]).all():
            targets[item] = sums[item] / max(pixels[item], 1)
            continue
        col, row = _nearest_pixel(centers_uv[item, 0], width), _nearest_pixel(centers_uv[item, 1], height)
        if col < 0 or row < 0 or visible[row, col] != item or not markable[row, col]:
            continue
        if 2 * depths[row, col] > inset:
            marks[item] = centers_uv[item]
            settled[item] = True
    return targets, marks, settled


@njit(cache=True)
def _nearest_pixel(u: float, size: int) -> int:
    """Index of the pixel that covers u, -1 outside [-0.5, size - 0.5] and for NaN."""
    return min(math.floor(u + 0.5), size - 1) if -0.5 <= u <= size - 0.5 else -1
