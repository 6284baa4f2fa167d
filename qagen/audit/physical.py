"""Whether a scene is consistent with itself: depth with surface, boxes with points, up with up.

An inverted pose, a swapped axis or millimeters for meters make all answers wrong in the same way; they show here.
"""

from collections.abc import Iterator

import numpy as np

from qagen.audit.checks import Check, Verdict, disagree, verdict_of
from qagen.audit.truth import SceneTruth

VIEWS = 12
"""Number of views whose depth is compared with the surface."""
CLOSE_M, CLOSE_SHARE = 0.05, 0.05
"""Depth lies on the surface within this distance: meters, or a share of the depth."""
MIN_ON_SURFACE = 0.5
"""Least share of the median view's depth that must lie on the surface."""
OUTSIDE_M = 0.01
"""Distance that an annotated point may lie outside its box."""


def check_scene(truth: SceneTruth) -> Iterator[Check]:
    """Physical checks of one scene."""
    yield from _check_depth(truth)
    for one in truth.instances:
        if one.points is not None and len(one.points):
            local = np.abs((np.asarray(one.points, float) - one.box.center) @ one.box.axes)
            outside = float((local - one.box.size / 2).max())
            if outside > OUTSIDE_M:
                yield disagree(f"box of {one.label} (id {one.id})", f"a point {outside:.3f} m outside", "all inside")
    views = truth.scene.views.values()
    if not truth.scene.is_level:
        return
    if truth.instances:
        floor = float(np.percentile([one.box.center[2] - one.box.size[2] / 2 for one in truth.instances], 5))
        height = float(np.median([view.eye[2] for view in views])) - floor
        found = f"{height:.2f} m above {floor:.2f} m"
        yield Check("cameras above the floor", "0.2 to 4 m", found, verdict_of(0.2 < height < 4))
    up = float(np.median([-float(view.T_wc[2, 1]) for view in views]))
    verdict = Verdict.AGREE if up > 0.3 else Verdict.UNDECIDED if up > -0.3 else Verdict.DISAGREE
    yield Check("images upright", "above 0.3", f"median vertical share of the images' up {up:.2f}", verdict)


def _check_depth(truth: SceneTruth) -> Iterator[Check]:
    if truth.scene.faces is None:
        return
    names = list(truth.scene.views)
    chosen = [names[k] for k in np.unique(np.linspace(0, len(names) - 1, VIEWS).astype(int))]
    shares = [share for name in chosen if (share := _share_on_surface(truth, name)) is not None]
    if shares:
        median = float(np.median(shares))
        found = f"{median:.0%} of the measured depth within {CLOSE_M * 100:.0f} cm or {CLOSE_SHARE:.0%} of the surface"
        agrees = verdict_of(median >= MIN_ON_SURFACE)
        yield Check("depth on surface", f"at least {MIN_ON_SURFACE:.0%}", found, agrees, number=median)


def _share_on_surface(truth: SceneTruth, name: str) -> float | None:
    """Share of a view's measured depth that lies on the surface; None where a view tells nothing."""
    rendered = truth.caster.render(truth.scene.views[name])
    has_both = (rendered.measured > 0) & np.isfinite(rendered.z)
    if has_both.sum() < 0.02 * has_both.size:
        return 0.0 if (rendered.measured > 0).mean() > 0.3 else None
    off = np.abs(rendered.measured[has_both] - rendered.z[has_both])
    return float((off <= np.maximum(CLOSE_M, CLOSE_SHARE * rendered.z[has_both])).mean())
