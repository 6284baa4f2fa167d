"""Whether an object's surface fits its box: one piece, without stray parts."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from qagen.core.box import Box3D
from qagen.core.pose import rotate
from qagen.core.scene import Object3D
from qagen.visibility.thresholds import Thresholds

PIECE_VOXEL_M = 0.1


def has_sure_center(item: Object3D, surface: NDArray[np.float64], limits: Thresholds) -> bool:
    """Whether the center of the object's box is the center of the object.

    Some annotations join separate objects under one name, and some have a stray patch that stretches the box.

    Args:
        surface: (n, 3) points spread evenly over the object's surface, world, meters.
    """
    low, high = np.percentile(rotate(item.box.rotation.T, surface - item.box.center)[:, :2], (10, 90), axis=0)
    stretch_m = math.hypot(*(low + high) / 2)
    if stretch_m > max(limits.max_stretch_m, limits.max_stretch_share * item.box.size[:2].max()):
        return False
    return item.points is None or _piece_shift_m(item.points, limits.piece_gap_m) <= limits.max_piece_shift_m


def _piece_shift_m(points: NDArray, gap_m: float) -> float:
    """Shift of the box's center when only the largest piece of points (n, 3) is kept, meters."""
    _, first = np.unique(np.floor(points / PIECE_VOXEL_M), axis=0, return_index=True)
    thinned = np.asarray(points[first], dtype=np.float64)
    near = KDTree(thinned).query_pairs(gap_m, output_type="ndarray")
    links = coo_array((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(len(thinned), len(thinned)))
    count, pieces = connected_components(links, directed=False)
    if count == 1:
        return 0.0
    largest = Box3D.around(thinned[pieces == np.bincount(pieces).argmax()])
    return math.dist(largest.center, Box3D.around(thinned).center)
