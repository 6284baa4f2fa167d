"""What of the annotation a run would believe, and why not the rest."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from qagen.core.scene import Object3D
from qagen.doctor.finding import Finding, judge, percent
from qagen.visibility.views import SceneViews

MOST_NAMED = 12
"""Objects that a line names."""
CENTERS_OK = 0.5
"""Share of the objects whose centers should be sure."""


def check_annotation(views: SceneViews) -> Iterator[Finding]:
    """The labeled share of the scan, boxes that the scan does not confirm, and objects painted or placed wrongly.

    Nothing where there are no objects, which another check tells.
    """
    if views.scene.objects:
        yield _check_labeled(views)
        yield _check_extents(views)
        yield _check_outlines(views)


def _check_labeled(views: SceneViews) -> Finding:
    frames = range(len(views.frames))
    found = f"{percent(views.labeled_share(frames))} of the surface that images show is annotated"
    if views.scene.has_closed_classes:
        found += ", of a short list of classes"
    expected = f"{percent(views.limits.min_complete)} or more, of all classes"
    advice = "counts, orders and whatever rests on absence are not asked; all other questions are"
    return Finding("labeled surface", judge(views.is_complete(frames), True), found, expected, advice)


def _check_extents(views: SceneViews) -> Finding:
    extents, objects = views.belief.extents, views.scene.objects
    has_center = extents.center_shift_m <= views.limits.max_center_shift_m
    found = f"{int(extents.is_sure.all(axis=1).sum())} of {len(objects)} boxes are confirmed on all six sides, "
    found += f"{int(has_center.sum())} well enough for their centers"
    unsure = [_unsure(objects[k], extents.is_sure[k]) for k in np.flatnonzero(~has_center)]
    found += f"; centers not asked: {_some(unsure)}" if unsure else ""
    expected = f"{percent(CENTERS_OK)} or more of the centers"
    advice = "no frame looks past these sides: the objects may be larger; more views around them would help"
    return Finding("extents", judge(has_center.mean() >= CENTERS_OK, True), found, expected, advice)


def _unsure(item: Object3D, is_sure: NDArray[np.bool_]) -> str:
    ends = ["lower side"] * (not is_sure[4]) + ["upper side"] * (not is_sure[5])
    around = int((~is_sure[:4]).sum())
    sides = [f"{around} {'side' if around == 1 else 'sides'} around"] * (around > 0) + ends
    return f"{item.label} (id {item.id}: {', '.join(sides)})"


def _check_outlines(views: SceneViews) -> Finding:
    belief = views.belief
    moved = (views.moved & (views.visible_pixels >= views.limits.visible_pixels)).sum(axis=0)
    groups = {
        "cut short, with surface below that is called wall, floor or nothing": belief.cut_short,
        "painted over other things": belief.over_painted,
        "hardly fill their boxes": ~belief.fills_box,
        "elsewhere in most frames that show them": moved > views.seen.sum(axis=0),
    }
    names = np.array([f"{item.label} (id {item.id})" for item in views.scene.objects])
    lines = [f"{what}: {_some(names[is_so].tolist())}" for what, is_so in groups.items() if is_so.any()]
    advice = "sizes and 2D boxes of these are not asked, nor moved ones where they moved; look at the overlay pictures"
    found = "; ".join(lines) or "no object is cut short, painted over others or moved"
    return Finding("outlines", judge(not lines, True), found, "none", advice)


def _some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
