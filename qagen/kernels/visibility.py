"""What is really seen: the drawn mesh held against the measured depth, and what each object shows of itself."""

import math

import numpy as np
from numba import njit


@njit(cache=True)
def hold_against_depth(instance, mesh_depth, K, measured, K_measured, tolerance_m, tolerance_rel):
    """Hold an instance image against a depth image of the same camera pose.

    The measured depth of a pixel is that of the nearest depth pixel on its ray. A measurement that is not finite, is 0
    or below, or lies outside the depth image is none; an empty depth image measures nothing. A pixel that measures
    nearer than the mesh by more than max(tolerance_m, tolerance_rel * mesh z) shows something else; one without
    a measurement keeps its object. The mesh is nowhere behind the camera, so there is nothing to say of it here.

    Args:
        instance: (h, w) int32 object index or -1.
        mesh_depth: (h, w) float32 z in metres, inf where nothing is.
        K: (4,) float64 fx, fy, cx, cy of these images.
        measured: (H, W) float32 z in metres, 0 where there is none.
        K_measured: (4,) float64 fx, fy, cx, cy of the depth image.
        tolerance_m: absolute tolerance, metres.
        tolerance_rel: tolerance as a share of the mesh's z.

    Returns:
        visible: (h, w) int32 instance, -1 where something else stands before it.
        undisputed: (h, w) bool, False where visible is -1 and where the measurement is farther than the mesh.
        composite: (h, w) float32 the measurement where there is one, else the mesh's depth.
    """
    height, width = instance.shape
    visible = instance.copy()
    undisputed = instance >= 0
    composite = mesh_depth.copy()
    for row in range(height):
        y = _nearest_pixel((row - K[3]) / K[1] * K_measured[1] + K_measured[3], measured.shape[0])
        for col in range(width):
            x = _nearest_pixel((col - K[2]) / K[0] * K_measured[0] + K_measured[2], measured.shape[1])
            if x < 0 or y < 0 or not 0.0 < measured[y, x] < np.inf:
                continue
            composite[row, col] = measured[y, x]
            behind = np.float64(measured[y, x]) - np.float64(mesh_depth[row, col])
            tolerance = max(tolerance_m, tolerance_rel * np.float64(mesh_depth[row, col]))
            if behind < -tolerance:
                visible[row, col] = -1
            if abs(behind) > tolerance:
                undisputed[row, col] = False
    return visible, undisputed, composite


@njit(cache=True)
def instance_stats(visible, undisputed, centers_uv):
    """Count, frame and mark every object of an instance image, in two passes over its pixels.

    The mark is the projected centre itself where that pixel shows the object undisputed. Otherwise it is the centre of
    the nearest undisputed pixel whose whole 3 x 3 neighbourhood lies inside the image and shows the object, or,
    without such a one, of the nearest undisputed pixel; ties go to the upper, then the left pixel.

    Args:
        visible: (h, w) int32 object index below O, or -1.
        undisputed: (h, w) bool.
        centers_uv: (O, 2) float64 projected object centres, pixels. NaN (behind the camera or at depth 0) makes the
            mark the pixel nearest to the mean of the object's visible pixels.

    Returns:
        pixels: (O,) int64 visible pixels.
        boxes: (O, 4) float64 left, top, right, bottom: the outer edges of the visible pixels; NaN when there are none.
        marks: (O, 2) float64 u, v in pixels; NaN when no pixel is undisputed.
        An image or an object list that is empty gives zeros and NaN of these shapes.
    """
    pixels, boxes, sums = _measure(visible, len(centers_uv))
    targets, marks, settled = _place_centers(visible, undisputed, centers_uv, pixels, sums)
    best = np.full((2, len(centers_uv)), np.inf)  # squared distance of the best interior and the best other pixel
    second = np.full((len(centers_uv), 2), np.nan)
    height, width = visible.shape
    for row in range(height):
        for col in range(width):
            item = visible[row, col]
            if item < 0 or settled[item] or not undisputed[row, col]:
                continue
            distance = (col - targets[item, 0]) ** 2 + (row - targets[item, 1]) ** 2
            if distance < best[0, item] and _is_interior(visible, row, col):
                best[0, item] = distance
                marks[item, 0], marks[item, 1] = col, row
            if distance < best[1, item]:
                best[1, item] = distance
                second[item, 0], second[item, 1] = col, row
    for item in range(len(centers_uv)):
        if not settled[item] and best[0, item] == np.inf:
            marks[item] = second[item]
    return pixels, boxes, marks


@njit(cache=True)
def _measure(visible, n_objects):
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
def _place_centers(visible, undisputed, centers_uv, pixels, sums):
    """(O, 2) the point to look near, (O, 2) marks that are settled by the centre itself else NaN, (O,) bool settled."""
    height, width = visible.shape
    targets = centers_uv.copy()
    marks = np.full(centers_uv.shape, np.nan)
    settled = np.zeros(len(centers_uv), np.bool_)
    for item in range(len(centers_uv)):
        if not np.isfinite(centers_uv[item]).all():
            targets[item] = sums[item] / max(pixels[item], 1)
            continue
        col, row = _nearest_pixel(centers_uv[item, 0], width), _nearest_pixel(centers_uv[item, 1], height)
        if col >= 0 and row >= 0 and visible[row, col] == item and undisputed[row, col]:
            marks[item] = centers_uv[item]
            settled[item] = True
    return targets, marks, settled


@njit(cache=True)
def _is_interior(visible, row, col):
    height, width = visible.shape
    if not (0 < row < height - 1 and 0 < col < width - 1):
        return False
    item = visible[row, col]
    for y in range(row - 1, row + 2):
        for x in range(col - 1, col + 2):
            if visible[y, x] != item:
                return False
    return True


@njit(cache=True)
def _nearest_pixel(u, size):
    """Index of the pixel that covers u, -1 outside [-0.5, size - 0.5] and for NaN."""
    return min(math.floor(u + 0.5), size - 1) if -0.5 <= u <= size - 0.5 else -1
