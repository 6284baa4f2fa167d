"""Images that surely do not show what a question needs: the unanswerable twin of a question (tasks.md, section 12)."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from qagen.core.answer import Untold
from qagen.core.labels import is_overlooked, may_be_called_alike
from qagen.core.question import Question, Skip
from qagen.core.reasons import NO_BLIND_IMAGES
from qagen.sampling.frame_sets import FrameSets
from qagen.visibility.views import SceneViews

MIN_SIDE_M = 0.2
"""Least length of the longest side of objects whose absence is believed; annotators often leave out smaller ones."""
MAX_REPLACED = 0.5
"""Largest share of the frames of a video that are replaced, so that the two videos of a pair are much alike."""
DRAWS = 60
"""Sets of images that are drawn before a question is taken to have no twin."""


def unanswerable_twin(
    sets: FrameSets, question: Question, lost_without: Sequence[tuple[str, ...]], rng: Generator
) -> Question | Skip:
    """The same question with as many other images, of which none shows anything of some labels.

    What may be called by one of these labels is annotated wherever it is in view, and is absent from every image. The
    answer, and with it the words of the option, is left to the wording.

    Args:
        lost_without: sets of labels, each of which the answer needs (``Family.lost_without``).
    """
    for position in rng.permutation(len(lost_without)).tolist():
        labels = lost_without[position]
        meant = _annotated(sets.views, labels)
        if meant is None:
            continue
        frames = _without(sets, question, meant, rng)
        if frames is not None:
            return _twin(sets.views, question, frames, labels)
    return Skip(NO_BLIND_IMAGES)


def _annotated(views: SceneViews, labels: Sequence[str]) -> list[int] | None:
    """All objects that may be called by one of some labels; None where some may not be annotated."""
    items = views.scene.objects
    for label in labels:
        longest = [float(item.box.size.max()) for item in items if item.label == label]
        is_unplaced = any(may_be_called_alike(name, label) for name in views.scene.unplaced)
        if is_unplaced or is_overlooked(label) or min(longest, default=0.0) < MIN_SIDE_M:
            return None
    return [k for k, item in enumerate(items) if any(may_be_called_alike(item.label, label) for label in labels)]


def _without(sets: FrameSets, question: Question, meant: Sequence[int], rng: Generator) -> tuple[int, ...] | None:
    """Images for a twin, none of which may show anything like the objects ``meant``; None where none are found.

    Of several sets, that which shows most of the question's other objects, so that a twin is no easier to tell from its
    original than it must be.
    """
    is_blind = np.array(sets.views.absent[:, meant].all(axis=1), dtype=bool)
    if question.is_video:
        drawn = [_other_video(sets.views, question.frames, is_blind)]
    else:
        drawn = [sets.draw(len(question.frames), rng) for _ in range(DRAWS)]
    blind = [frames for frames in drawn if frames and is_blind[list(frames)].all()]
    others = [item for item in question.objects if item not in meant]
    blind.sort(key=lambda frames: -np.count_nonzero(sets.views.seen[np.ix_(frames, others)].any(axis=0)))
    return next((frames for frames in blind if not _may_show(sets.views, frames, meant)), None)


def _may_show(views: SceneViews, frames: tuple[int, ...], meant: Sequence[int]) -> bool:
    return not views.is_complete(frames) or views.may_show_more(frames, meant)


def _other_video(views: SceneViews, video: tuple[int, ...], is_blind: NDArray[np.bool_]) -> tuple[int, ...] | None:
    """The video with each frame that is not blind replaced by the nearest blind one that it lacks, in time order.

    Args:
        is_blind: (F,) frames in which certain objects are absent.
    """
    seeing = [frame for frame in video if not is_blind[frame]]
    free = [frame for frame in np.flatnonzero(is_blind & views.usable).tolist() if frame not in video]
    if not seeing or len(seeing) > min(len(free), MAX_REPLACED * len(video)):
        return None
    taken = [frame for frame in video if is_blind[frame]]
    for frame in seeing:
        nearest = min(free, key=lambda other: (abs(other - frame), other))
        free.remove(nearest)
        taken.append(nearest)
    return tuple(sorted(taken))


def _twin(views: SceneViews, question: Question, frames: tuple[int, ...], labels: tuple[str, ...]) -> Question:
    share = views.labeled_share(frames)
    return replace(
        question,
        frames=frames,
        answer=Untold(""),
        margin=share - views.limits.min_complete,
        margin_unit="fraction",
        measured={"absent": list(labels), "labeled_share": share},
        fact=("untold", labels, question.fact or question.key),
        classes=(),
    )
