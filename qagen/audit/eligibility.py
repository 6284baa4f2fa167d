"""Whether a record may be asked at all: objects well in view, names that mean one thing, views and options apart."""

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Check, refuse
from qagen.audit.limits import Limits
from qagen.audit.parse import bare_number, boxes, ordinal_image
from qagen.audit.resolve_marks import ResolvedMarks
from qagen.audit.scene import AuditView
from qagen.audit.truth import SceneTruth
from qagen.audit.unoccluded import Unoccluded

SLACK = 0.2
"""Rays and rasters differ, so pixels and shares may fall short of their thresholds by this share of them."""
EDGE = 1e-3
"""The same for metres and degrees, absolute."""
SAME_DEG, SAME_M = 10.0, 0.3
MATCH_DEG, MATCH_M = 15.0, 0.5
ROLL_DEG, TILT_DEG = 15.0, 20.0
GAP, GAP_SHARE, MAX_OVERLAP = 0.3, 0.15, 0.3
RIVAL_PIXELS = 200.0
"""Visible pixels of 640 x 480 from which on another thing of the same name makes a name ambiguous."""
WHOLE_SHARE = 0.9
"""Share of the surface inside the image of which the sides are asked."""


def check_eligibility(
    item: AuditRecord, bound: Mapping[str, ResolvedMarks], truth: SceneTruth, alone: Unoccluded, limits: Limits
) -> Iterator[Check]:
    """What is wrong with asking this; nothing where all is well."""
    if any(name not in truth.ground.views for name in item.frames):
        return
    for token, found in bound.items():
        yield from _well_seen(token, found, item, truth, alone, limits)
    if item.type.endswith("_hard"):
        yield from _one_of_a_name(item, bound, truth)
    if not item.is_video:
        yield from _views_apart(item, [truth.ground.views[name] for name in item.frames], limits)
    if item.type.startswith("depth_") and len(item.images) > 1 and len({b.image for b in bound.values()}) == 1:
        yield refuse("marked images", "all in one image", "at least two")
    yield from _options_apart(item)


def _well_seen(
    token: str, found: ResolvedMarks, item: AuditRecord, truth: SceneTruth, alone: Unoccluded, limits: Limits
) -> Iterator[Check]:
    view = truth.ground.views[item.frames[found.image]]
    z, pixels = float(view.sees(truth.center(found.thing))[2]), truth.look(view.name).pixels(found.thing)
    near, far = limits.seen("min_depth_m"), limits.seen("max_depth_m")
    if not near - EDGE <= z <= far + EDGE:
        yield refuse(f"depth of {token} in its image", f"{z:.3f} m", f"{near:g} to {far:g} m")
    yield from _enough(f"visible pixels of {token}", pixels, limits.seen("visible_pixels"))
    shares = alone.shares(view, found.thing)
    if shares is None:
        return
    covered, inside = shares
    yield from _enough(f"visible share of {token}", pixels / max(covered, 1), limits.seen("visible_fraction"))
    least = limits.seen("in_image_fraction")
    if item.type.startswith("spatial_volume"):
        least = limits.of(item.type, "min_in_image", WHOLE_SHARE)
    yield from _enough(f"share of {token} in the image", inside, least, slack=SLACK / 2)


def _enough(what: str, found: float, least: float, slack: float = SLACK) -> Iterator[Check]:
    if found < least * (1 - slack):
        yield refuse(what, f"{found:.3g}", f"at least {least:g}")


def _one_of_a_name(item: AuditRecord, bound: Mapping[str, ResolvedMarks], truth: SceneTruth) -> Iterator[Check]:
    """Nothing is drawn, so that names must tell the objects."""
    looks = [truth.look(name) for name in dict.fromkeys(item.frames)]
    for token, found in bound.items():
        label = truth.things[found.thing].label
        rivals = [k for k, thing in enumerate(truth.things) if thing.label == label and k != found.thing]
        shown = [k for k in rivals if max(look.pixels(k) for look in looks) >= RIVAL_PIXELS]
        if shown:
            yield refuse(f"name of {token}", label, f"{len(shown)} more of that name in view, expected none")


def _views_apart(item: AuditRecord, views: list[AuditView], limits: Limits) -> Iterator[Check]:
    for (i, first), (j, second) in combinations(enumerate(views), 2):
        turn, move = _turn_deg(first, second), float(np.linalg.norm(first.eye - second.eye))
        told = f"{turn:.1f} deg and {move:.2f} m apart"
        if turn < SAME_DEG - EDGE and move < SAME_M - EDGE:
            yield refuse(f"images {i + 1} and {j + 1}", told, "views that differ")
        least = limits.of(item.type, "min_turn_deg", MATCH_DEG), limits.of(item.type, "min_move_m", MATCH_M)
        if item.type.startswith("position_matching") and turn < least[0] - EDGE and move < least[1] - EDGE:
            yield refuse("images", told, f"{least[0]:g} deg or {least[1]:g} m")
        if item.type.startswith("view_change"):
            yield from _held_alike(item, first, second, limits)


def _held_alike(item: AuditRecord, first: AuditView, second: AuditView, limits: Limits) -> Iterator[Check]:
    rolls = [float(np.degrees(np.arctan2(view.T_wc[2, 0], -view.T_wc[2, 1]))) for view in (first, second)]
    off = abs((rolls[1] - rolls[0] + 180) % 360 - 180)
    most = limits.of(item.type, "max_roll_deg", ROLL_DEG)
    if off > most + EDGE:
        yield refuse("difference of roll", f"{off:.1f} deg", f"at most {most:g}")
    steepest = max(abs(float(np.degrees(np.arcsin(np.clip(view.T_wc[2, 2], -1, 1))))) for view in (first, second))
    most = 90 - limits.of(item.type, "min_tilt_deg", TILT_DEG)
    if steepest > most + EDGE:
        yield refuse("steepest view", f"{steepest:.1f} deg", f"at most {most:g}")


def _turn_deg(first: AuditView, second: AuditView) -> float:
    between = first.T_wc[:3, :3].T @ second.T_wc[:3, :3]
    return float(np.degrees(np.arccos(np.clip((np.trace(between) - 1) / 2, -1, 1))))


def _options_apart(item: AuditRecord) -> Iterator[Check]:
    for (letter, first), (other, second) in combinations(item.options.items(), 2):
        if _are_alike(first, second):
            yield refuse(f"options {letter} and {other}", f"{first} / {second}", "options that are clearly apart")


def _are_alike(first: str, second: str) -> bool:
    numbers = bare_number(first), bare_number(second)
    if numbers[0] is not None and numbers[1] is not None:
        low, high = sorted((numbers[0], numbers[1]))
        return high - low < max(GAP, GAP_SHARE * high) - 1e-6
    found = boxes(first), boxes(second)
    if not all(len(one) == 1 for one in found) or ordinal_image(first) != ordinal_image(second):
        return False
    return _overlap(np.array(found[0][0]), np.array(found[1][0])) >= MAX_OVERLAP + EDGE


def _overlap(box: NDArray, other: NDArray) -> float:
    """Intersection over union."""
    shared = np.prod(np.maximum(0, np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2])))
    both = np.prod(box[2:] - box[:2]) + np.prod(other[2:] - other[:2]) - shared
    return float(shared / max(both, 1))
