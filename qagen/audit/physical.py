"""Whether a scene agrees with itself: depth with surface, boxes with points, up with up.

An inverted pose, a swapped axis or millimetres for metres would make all answers wrong in the same way; they show here.
"""

from collections.abc import Iterator

import numpy as np

from qagen.audit.checks import Check, Verdict, refuse, verdict
from qagen.audit.truth import SceneTruth

VIEWS = 12
CLOSE_M, CLOSE_SHARE = 0.05, 0.05
MOST_OFF = 0.5
"""At least so much of the median view's depth must lie on the surface."""
OUTSIDE_M = 0.01


def check_scene(truth: SceneTruth) -> Iterator[Check]:
    """Physical checks of one scene."""
    yield from _depth_on_surface(truth)
    yield from _points_in_boxes(truth)
    if truth.things:
        yield _cameras_above_floor(truth)
    yield _images_upright(truth)


def _depth_on_surface(truth: SceneTruth) -> Iterator[Check]:
    names = list(truth.ground.views)
    chosen = [names[k] for k in np.unique(np.linspace(0, len(names) - 1, VIEWS).astype(int))]
    if truth.ground.faces is None:
        return
    shares = [share for name in chosen if (share := _share_on_surface(truth, name)) is not None]
    if shares:
        middle = float(np.median(shares))
        told = f"{middle:.0%} of the measured depth within {CLOSE_M * 100:.0f} cm or {CLOSE_SHARE:.0%} of the surface"
        yield Check("depth on surface", f"at least {MOST_OFF:.0%}", told, verdict(middle >= MOST_OFF), number=middle)


def _share_on_surface(truth: SceneTruth, name: str) -> float | None:
    look = truth.caster.look(truth.ground.views[name])
    both = (look.measured > 0) & np.isfinite(look.z)
    if both.sum() < 0.02 * both.size:
        return 0.0 if (look.measured > 0).mean() > 0.3 else None
    off = np.abs(look.measured[both] - look.z[both])
    return float((off <= np.maximum(CLOSE_M, CLOSE_SHARE * look.z[both])).mean())


def _points_in_boxes(truth: SceneTruth) -> Iterator[Check]:
    for thing in truth.things:
        if thing.points is not None and len(thing.points):
            local = np.abs((np.asarray(thing.points, float) - thing.block.center) @ thing.block.axes)
            outside = float((local - thing.block.size / 2).max())
            if outside > OUTSIDE_M:
                yield refuse(f"box of {thing.label} (id {thing.id})", f"a point {outside:.3f} m outside", "all inside")


def _cameras_above_floor(truth: SceneTruth) -> Check:
    eyes = np.array([view.eye for view in truth.ground.views.values()])
    bottoms = [thing.block.center[2] - thing.block.size[2] / 2 for thing in truth.things]
    low, tall = float(np.percentile(bottoms, 5)), float(np.median(eyes[:, 2]) - np.percentile(bottoms, 5))
    agrees = 0.2 < tall < 4
    return Check("cameras above the floor", "0.2 to 4 m", f"{tall:.2f} m above {low:.2f} m", verdict(agrees))


def _images_upright(truth: SceneTruth) -> Check:
    ups = [-float(view.T_wc[2, 1]) for view in truth.ground.views.values()]
    middle = float(np.median(ups))
    found = Verdict.AGREE if middle > 0.3 else Verdict.UNDECIDED if middle > -0.3 else Verdict.DISAGREE
    return Check("images upright", "above 0.3", f"median vertical share of the images' up {middle:.2f}", found)
