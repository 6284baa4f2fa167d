"""Which images and objects a question may use: view sets (tasks.md, section 6) and objects to mark (section 2)."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from qagen.core.question import SCENE, MarkedObject, MarkKind, Skip, about_image
from qagen.core.reasons import NO_VIDEO, NO_VIEWS, TOO_FEW_OBJECTS, TOO_LITTLE_LABELED
from qagen.sampling.mark_placement import MARKING_SKIPS, mark_objects, markable_as
from qagen.visibility.views import SceneViews

ROTATION_EDGES_DEG = (0, 10, 30, 60, 90, 120, 150, 180)
ROTATION_SHARES = (0.05, 0.27, 0.33, 0.18, 0.09, 0.05, 0.03)
"""Rotation of the views of SPAR-Bench relative to image 0 (tasks.md, section 6)."""
LINKED_SHARE = 0.1
"""Least co-visible surface between an image of a set and one of the images before it."""
MAX_TRIES = 500
"""Chains of images that are begun before a scene is taken to have none of the length."""
MAX_RARE_TRIES = 10
"""Chains of images that are begun before an object is taken to be in none of the length."""
SAME_VIEW_DEG = 10.0
SAME_VIEW_M = 0.3
RARE_SHARE = 0.5
"""Share of the draws that take the object drawn least so far."""
SAMPLING_SKIPS = frozenset({NO_VIEWS, NO_VIDEO, TOO_FEW_OBJECTS}) | MARKING_SKIPS
"""Reasons for which FrameSets.sample_objects refuses."""

SampledObjects = tuple[tuple[int, ...], tuple[MarkedObject, ...]]
"""The frames of a question, indices into SceneViews.frames, and its marked objects."""


@dataclass(frozen=True, eq=False)
class FrameSets:
    """Sets of images that show parts of one surface from different views."""

    views: SceneViews

    @cached_property
    def same_view(self) -> NDArray[np.bool_]:
        """(F, F) pairs that look nearly alike."""
        return (self.views.rotation_deg < SAME_VIEW_DEG) & (self.views.baseline_m < SAME_VIEW_M)

    @cached_property
    def overlap(self) -> NDArray[np.float64]:
        """(F, F) surface that both frames see, as a share of what the one that sees more sees."""
        return np.minimum(self.views.covisible, self.views.covisible.T)

    @cached_property
    def linked(self) -> NDArray[np.bool_]:
        """(F, F) usable pairs of different views that overlap."""
        usable = np.outer(self.views.usable, self.views.usable)
        return usable & (self.overlap >= LINKED_SHARE) & ~self.same_view

    @cached_property
    def rotation_bin(self) -> NDArray[np.int64]:
        """(F, F) bin of ROTATION_SHARES into which the rotation between two views falls."""
        return np.digitize(self.views.rotation_deg, ROTATION_EDGES_DEG[1:-1])

    def pairs(self, rng: Generator, min_overlap: float) -> Iterator[tuple[int, int]]:
        """All ordered pairs of different views with at least this overlap, shuffled."""
        usable = np.outer(self.views.usable, self.views.usable)
        found = np.argwhere(usable & (self.overlap >= min_overlap) & ~self.same_view)
        for first, second in rng.permutation(found):
            yield int(first), int(second)

    def draw(self, size: int, rng: Generator, item: int | None = None) -> tuple[int, ...] | None:
        """``size`` images whose rotation from the first follows SPAR-Bench, or None when none were found.

        Each image after the first overlaps with one before it.

        Args:
            item: an object that must be askable in one of the images.
        """
        tries = MAX_TRIES if item is None else MAX_RARE_TRIES
        return next(filter(None, (self._draw_once(size, rng, item) for _ in range(tries))), None)

    def _draw_once(self, size: int, rng: Generator, item: int | None) -> tuple[int, ...] | None:
        if size == 1:
            usable = self._usable if item is None else np.flatnonzero(self.views.markable[:, item])
            return (_pick_one(usable, rng),) if len(usable) else None
        chosen = self._draw_pair(rng) if item is None else self._draw_pair_with(item, rng)
        if not chosen:
            return None
        linked, different = self.linked[chosen[0]], ~self.same_view[chosen[0]]
        while len(chosen) < size:
            linked, different = linked | self.linked[chosen[-1]], different & ~self.same_view[chosen[-1]]
            candidates = (linked & different).nonzero()[0]
            if not len(candidates):
                return None
            bins = self.rotation_bin[chosen[0], candidates]
            chosen.append(_pick_one(candidates[bins == _draw_bin(_cumulative_shares(bins), rng)], rng))
        return tuple(chosen)

    def _draw_pair(self, rng: Generator) -> list[int]:
        if not self._cumulative_shares[-1]:
            return []
        pairs = self._pairs_by_bin[_draw_bin(self._cumulative_shares, rng)]
        return pairs[int(rng.integers(len(pairs)))].tolist()

    def _draw_pair_with(self, item: int, rng: Generator) -> list[int]:
        """An image in which the object is askable, and one linked to it, in either order."""
        shows = np.flatnonzero(self.linked.any(axis=1) & self.views.askable[:, item])
        if not len(shows):
            return []
        first = _pick_one(shows, rng)
        others = np.flatnonzero(self.linked[first])
        bins = self.rotation_bin[first, others]
        second = _pick_one(others[bins == _draw_bin(_cumulative_shares(bins), rng)], rng)
        return [first, second] if rng.random() < 0.5 else [second, first]

    @cached_property
    def _usable(self) -> NDArray[np.int64]:
        return self.views.usable.nonzero()[0]

    @cached_property
    def _pairs_by_bin(self) -> list[NDArray[np.int64]]:
        return [np.argwhere(self.linked & (self.rotation_bin == index)) for index in range(len(ROTATION_SHARES))]

    @cached_property
    def _cumulative_shares(self) -> list[float]:
        return _cumulative_shares(np.flatnonzero([len(pairs) for pairs in self._pairs_by_bin]))

    def sample_objects(
        self,
        colors: tuple[str, ...],
        images: int | Literal["video"],
        kind: MarkKind,
        rng: Generator,
        hidden: MarkKind | None = None,
    ) -> SampledObjects | Skip:
        """Draw images and a different object for each color, marked in an image where it is askable.

        Every second time, one of the objects is the one that was drawn least before, so that objects that few images
        show are asked about, too.

        Args:
            images: number of images, or the frames of the scene's video.
            kind: how the objects are pointed out; with "none", only those whose label means nothing else in the images.
            hidden: marks that the objects have nevertheless.
        """
        rare = self._least_drawn(images, rng) if rng.random() < RARE_SHARE else None
        frames = self.views.video if images == "video" else self.draw(images, rng, rare) or self.draw(images, rng)
        if not frames:
            return Skip(NO_VIDEO if images == "video" else NO_VIEWS, SCENE)
        if kind == "none" and not self.views.lists_all(frames):
            return Skip(TOO_LITTLE_LABELED, SCENE if images == "video" else about_image(frames[0]))
        markable = markable_as(self.views, frames, kind)
        objects = rng.permutation(np.flatnonzero(markable.any(axis=0))).tolist()
        if len(objects) < len(colors):
            return Skip(TOO_FEW_OBJECTS, SCENE if images == "video" else about_image(frames[0]))
        if rare in objects[len(colors) :]:
            objects[int(rng.integers(len(colors)))] = rare
        objects = objects[: len(colors)]
        self._times_drawn[objects] += 1
        marked_in = [_pick_one(markable[:, k].nonzero()[0], rng) for k in objects]
        placed = {color: (k, image) for color, k, image in zip(colors, objects, marked_in, strict=True)}
        roles = mark_objects(self.views, frames, placed, hidden or kind)
        return roles if isinstance(roles, Skip) else (frames, roles)

    @cached_property
    def _times_drawn(self) -> NDArray[np.int64]:
        """(O,) how often sample_objects has drawn each object, or tried to."""
        return np.zeros(len(self.views.scene.objects), dtype=np.int64)

    def _least_drawn(self, images: int | Literal["video"], rng: Generator) -> int | None:
        """One of the objects that were drawn least of those that some image shows."""
        frames = list(self.views.video) if images == "video" else self._usable
        shown = np.flatnonzero(self.views.markable[frames].any(axis=0))
        if not len(shown):
            return None
        item = int(shown[np.argmin(self._times_drawn[shown] + rng.random(len(shown)))])
        self._times_drawn[item] += 1
        return item


def _pick_one(values: NDArray[np.int64], rng: Generator) -> int:
    return int(values[rng.integers(len(values))])


def _cumulative_shares(bins: NDArray[np.int64]) -> list[float]:
    """Running sum of SPAR-Bench's shares over the bins, where those that do not occur count 0."""
    return np.cumsum(np.where(np.bincount(bins, minlength=len(ROTATION_SHARES)), ROTATION_SHARES, 0.0)).tolist()


def _draw_bin(cumulative_shares: list[float], rng: Generator) -> int:
    """One of the bins that occur, by its share in SPAR-Bench."""
    return bisect_right(cumulative_shares, rng.random() * cumulative_shares[-1])
