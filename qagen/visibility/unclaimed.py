"""Surface that belongs to nothing but may be one more object of a label (tasks.md, section 2).

Annotators leave out objects. A piece of surface that is about as large as an annotated object, and stands about as high
above the floor, may be another of its label, unless it lies at one, as legs do that were left out. In a world that is
not level, the spread of the surface tells how large a piece is, and heights tell nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from qagen.core.box import DECIMALS, Box3D
from qagen.core.pose import rotate
from qagen.core.scene import UNLABELED, Scene
from qagen.kernels.surface import count_near
from qagen.visibility.annotation import Ground
from qagen.visibility.extents import connected_pieces
from qagen.visibility.thresholds import Thresholds

VOXEL_M, GAP_M = 0.05, 0.1
"""Grid on which pieces are told apart, and the largest gap between points of one piece, meters."""
STRIP_M, BARE_SHARE = 0.1, 0.8
"""Distance, meters, within which this share of the surface around a point of a piece must belong to nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Unclaimed:
    """Pieces of surface (P) that belong to nothing and may be objects like those of a scene (O)."""

    boxes: tuple[Box3D, ...]
    """The upright box of each piece."""
    is_like: NDArray[np.bool_]
    """(P, O) whether the piece may be one more object of the object's label because it is as large."""

    @classmethod
    def of(cls, scene: Scene, ground: Ground | None, limits: Thresholds) -> Self:
        """Find the pieces in a scene whose mesh knows its objects; none in others, which have no ``ground``."""
        found: list[tuple[Box3D, NDArray[np.bool_]]] = []
        if ground is not None and scene.objects:
            labels = np.array([item.label for item in scene.objects])
            boxes = [item.box for item in scene.objects]
            amounts = np.bincount(ground.owner[ground.owner >= 0], minlength=len(boxes))
            own = [] if ground.is_level else [ground.points[ground.owner == k] for k in range(len(boxes))]
            shapes = _shapes(boxes, own, amounts, ground)
            for points, amount in _pieces(ground):
                piece = Box3D.around(points)
                shape = _shapes([piece], [points], np.array([amount]), ground)
                if shape[0, :3].min() < limits.sheet_m:
                    continue
                is_like = _is_like(shape, shapes, limits)
                parts = np.array([_is_part(points, box, ground.is_level, limits) for box in boxes if is_like.any()])
                is_like &= ~np.isin(labels, labels[np.flatnonzero(parts)])
                if is_like.any():
                    found.append((piece, is_like))
        is_like = np.array([each for _, each in found], dtype=bool).reshape(len(found), len(scene.objects))
        return cls(tuple(piece for piece, _ in found), is_like)

    def is_among(self, points: NDArray[np.float64], objects: Sequence[int]) -> bool:
        """Whether points (n, 3) of surface that belongs to nothing lie on a piece like one of ``objects``."""
        pieces = np.flatnonzero(self.is_like[:, list(objects)].any(axis=1))
        return any(_is_in(points, self.boxes[k], 0.0).any() for k in pieces)


def _pieces(ground: Ground) -> Iterator[tuple[NDArray[np.float64], int]]:
    """Points (n, 3), world, meters, of each piece of surface that belongs to nothing, and its area, a count of samples.

    Strips between labeled surfaces, which annotators leave over, are no pieces.
    """
    points = ground.points[ground.owner == UNLABELED]
    bare, around = (count_near(points, cloud, STRIP_M) for cloud in (points, ground.points))
    points = points[bare >= BARE_SHARE * around]
    if not len(points):
        return
    _, first, amount = np.unique(np.floor(points / VOXEL_M), axis=0, return_index=True, return_counts=True)
    points = points[first]
    owner = connected_pieces(points, GAP_M)
    order = np.argsort(owner, kind="stable")
    for piece in np.split(order, np.flatnonzero(np.diff(owner[order])) + 1):
        yield points[piece], int(amount[piece].sum())


def _shapes(
    boxes: Sequence[Box3D], clouds: Sequence[NDArray[np.float64]], amount: NDArray[np.int64], ground: Ground
) -> NDArray[np.float64]:
    """(n, 6) longer and shorter horizontal side, height, surface, height of bottom and of floor; meters, samples.

    In a world that is not level, the sides are spreads of the clouds (m, 3), and the heights 0.
    """
    if not ground.is_level:
        spreads = np.array([_spread(points) for points in clouds])
        return np.column_stack([spreads, amount.astype(np.float64), np.zeros((len(clouds), 2))])
    sizes = np.array([[*np.sort(box.size[:2])[::-1], box.size[2]] for box in boxes])
    bottoms = np.array([box.corners[:, 2].min() for box in boxes])
    return np.column_stack([sizes, amount.astype(np.float64), bottoms, ground.floors_m(boxes)])


def _spread(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3,) sides, the longest first, of a solid box whose points vary as much as points (n, 3) do along any axis."""
    if not len(points):
        return np.zeros(3)
    away = points - points.mean(axis=0)
    variances = np.linalg.eigvalsh((away[:, :, None] * away[:, None, :]).mean(axis=0))
    return np.sqrt(12 * np.maximum(variances.round(DECIMALS), 0))[::-1]


def _is_like(piece: NDArray[np.float64], shapes: NDArray[np.float64], limits: Thresholds) -> NDArray[np.bool_]:
    """(O,) whether a piece (1, 6) of ``_shapes`` is as large as each object (O, 6), and stands as high."""
    least, most = (np.array([share, share, share, share**2]) for share in (limits.alike_least, limits.alike_most))
    is_as_large = (piece[:, :4] >= least * shapes[:, :4]).all(axis=1)
    is_as_small = (piece[:, :4] <= most * shapes[:, :4]).all(axis=1)
    higher_m = np.abs((piece[:, 4] - shapes[:, 4]) - np.nan_to_num(piece[:, 5] - shapes[:, 5]))
    return is_as_large & is_as_small & (higher_m <= limits.alike_height_m)


def _is_part(points: NDArray[np.float64], box: Box3D, is_level: bool, limits: Thresholds) -> bool:
    """Whether most of a piece lies at or in an object's box, or below it where the world tells what is below."""
    lifted = np.column_stack([points[:, :2], np.maximum(points[:, 2], box.center[2])]) if is_level else points
    return bool(_is_in(lifted, box, limits.part_margin_m).mean() > 1 / 2)


def _is_in(points: NDArray[np.float64], box: Box3D, margin_m: float) -> NDArray[np.bool_]:
    """(n,) whether points lie in a box or at most ``margin_m`` beyond its sides, meters."""
    is_within = np.abs(rotate(box.rotation.T, points - box.center)) <= box.size / 2 + margin_m
    return np.asarray(is_within.all(axis=1), dtype=bool)
