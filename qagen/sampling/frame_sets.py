"""Which frames and objects a question may use, and which of many candidate questions are kept.

Shared by every family: view sets (tasks.md, section 6), marks on objects (section 2), quotas and balance (section 7).
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from qagen.core.question import MarkedObject, Skip
from qagen.sampling.mark_placement import mark, marks_collide
from qagen.visibility.views import SceneViews

ROTATION_EDGES_DEG = (0, 10, 30, 60, 90, 120, 150, 180)
ROTATION_SHARES = (0.05, 0.27, 0.33, 0.18, 0.09, 0.05, 0.03)
"""Rotation of the views of SPAR-Bench relative to image 0 (tasks.md, section 6)."""
LINKED_SHARE = 0.1
"""Least co-visible surface between an image of a set and one of the images before it."""
SAME_VIEW_DEG = 10.0
SAME_VIEW_M = 0.3


SAMPLING_SKIPS = frozenset({"no set of views", "no video", "too few objects", "marks collide"})
"""The reasons for which FrameSets.sample_objects and cast_video refuse."""


@dataclass(frozen=True, eq=False)
class FrameSets:
    """Sets of images that show parts of one surface from views that differ."""

    views: SceneViews

    @cached_property
    def same_view(self) -> NDArray[np.bool_]:
        """(F, F) pairs that look nearly alike."""
        return (self.views.rotation_deg < SAME_VIEW_DEG) & (self.views.baseline_m < SAME_VIEW_M)

    @cached_property
    def shared(self) -> NDArray[np.float64]:
        """(F, F) share of surface that both see, of the one that sees more."""
        return np.minimum(self.views.covisible, self.views.covisible.T)

    @cached_property
    def linked(self) -> NDArray[np.bool_]:
        """(F, F) usable pairs of different views that share surface."""
        usable = np.outer(self.views.usable, self.views.usable)
        return usable & (self.shared >= LINKED_SHARE) & ~self.same_view

    @cached_property
    def turns(self) -> NDArray[np.int64]:
        """(F, F) bin of ROTATION_SHARES into which the rotation between two views falls."""
        return np.digitize(self.views.rotation_deg, ROTATION_EDGES_DEG[1:-1])

    def pairs(self, rng: Generator, min_shared: float) -> Iterator[tuple[int, int]]:
        """All ordered pairs of different views that share at least ``min_shared`` of their surface, shuffled."""
        usable = np.outer(self.views.usable, self.views.usable)
        found = np.argwhere(usable & (self.shared >= min_shared) & ~self.same_view)
        for first, second in rng.permutation(found):
            yield int(first), int(second)

    def draw(self, size: int, rng: Generator) -> tuple[int, ...] | None:
        """``size`` images whose rotation from the first follows SPAR-Bench, or None when they cannot be had.

        Each image after the first shares surface with one before it.
        """
        if size == 1:
            return (_one_of(self._usable, rng),) if len(self._usable) else None
        if not self._reached[-1]:
            return None
        chosen = list(self._draw_pair(rng))
        linked, different = self.linked[chosen[0]], ~self.same_view[chosen[0]]
        while len(chosen) < size:
            linked, different = linked | self.linked[chosen[-1]], different & ~self.same_view[chosen[-1]]
            options = (linked & different).nonzero()[0]
            if not len(options):
                return None
            turns = self.turns[chosen[0], options]
            chosen.append(_one_of(options[turns == _draw_turn(_reached(turns), rng)], rng))
        return tuple(chosen)

    @cached_property
    def _usable(self) -> NDArray[np.int64]:
        return self.views.usable.nonzero()[0]

    @cached_property
    def _pairs_by_turn(self) -> list[NDArray[np.int64]]:
        return [np.argwhere(self.linked & (self.turns == turn)) for turn in range(len(ROTATION_SHARES))]

    @cached_property
    def _reached(self) -> list[float]:
        return _reached(np.flatnonzero([len(pairs) for pairs in self._pairs_by_turn]))

    def _draw_pair(self, rng: Generator) -> tuple[int, int]:
        pairs = self._pairs_by_turn[_draw_turn(self._reached, rng)]
        first, second = pairs[int(rng.integers(len(pairs)))].tolist()
        return first, second

    @cached_property
    def _askable_objects(self) -> list[NDArray[np.int64]]:
        """Of each frame, the objects that may be asked about there."""
        return [row.nonzero()[0] for row in self.views.askable]

    def sample_objects(
        self, colors: tuple[str, ...], size: int, kind: Literal["point", "bbox"], rng: Generator
    ) -> tuple[tuple[int, ...], tuple[MarkedObject, ...]] | Skip:
        """Draw ``size`` images and a different object for each colour, marked in an image where it is askable."""
        frames = self.draw(size, rng)
        if frames is None:
            return Skip("no set of views")
        if size == 1:
            drawable = self._askable_objects[frames[0]]
        else:
            drawable = np.flatnonzero(self.views.askable[list(frames)].any(axis=0))
        objects = rng.permutation(drawable)[: len(colors)].tolist()
        if len(objects) < len(colors):
            return Skip("too few objects")
        return self._placed(frames, colors, objects, kind, rng)

    def sample_video_objects(
        self, colors: tuple[str, ...], kind: Literal["point", "bbox"], rng: Generator, one_of_a_kind: bool = False
    ) -> tuple[tuple[int, ...], tuple[MarkedObject, ...]] | Skip:
        """The frames of the video and a different object for each colour, marked in a frame where it is askable.

        With ``one_of_a_kind``, only objects whose label means nothing else in the video.
        """
        frames = self.views.video
        if not frames:
            return Skip("no video")
        drawable = self.views.askable[list(frames)].any(axis=0)
        if one_of_a_kind:
            drawable = drawable & is_one_of_a_kind(self.views, frames)
        objects = rng.permutation(np.flatnonzero(drawable))[: len(colors)].tolist()
        if len(objects) < len(colors):
            return Skip("too few objects")
        return self._placed(frames, colors, objects, kind, rng)

    def _placed(
        self,
        frames: tuple[int, ...],
        colors: tuple[str, ...],
        objects: list[int],
        kind: Literal["point", "bbox"],
        rng: Generator,
    ) -> tuple[tuple[int, ...], tuple[MarkedObject, ...]] | Skip:
        askable = self.views.askable[list(frames)]
        images = [_one_of(askable[:, k].nonzero()[0], rng) for k in objects]
        roles = tuple(
            mark(self.views, frames, color, k, image, kind)
            for color, k, image in zip(colors, objects, images, strict=True)
        )
        return Skip("marks collide") if marks_collide(roles) else (frames, roles)


def _one_of(values: NDArray[np.int64], rng: Generator) -> int:
    return int(values[rng.integers(len(values))])


def _reached(turns: NDArray[np.int64]) -> list[float]:
    """SPAR-Bench's shares of the bins that occur, summed up bin by bin."""
    return np.cumsum(np.where(np.bincount(turns, minlength=len(ROTATION_SHARES)), ROTATION_SHARES, 0.0)).tolist()


def _draw_turn(reached: list[float], rng: Generator) -> int:
    """One of the bins that occur, by its share in SPAR-Bench."""
    return bisect_right(reached, rng.random() * reached[-1])


def is_one_of_a_kind(views: SceneViews, frames: tuple[int, ...]) -> NDArray[np.bool_]:
    """(O,) whether nothing else that may be visible in the frames is of the same kind, so that the label tells it."""
    shown = ~views.absent[list(frames)].all(axis=0)
    return np.bincount(views.kinds, weights=shown)[views.kinds] == shown
