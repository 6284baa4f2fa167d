"""Whether a record may be asked at all: objects well in view, unambiguous names, views and options apart."""

import math
from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Check, disagree
from qagen.audit.parse import bare_degrees, bare_number, boxes, ordinal_image
from qagen.audit.resolve_marks import AMBIGUOUS_PIXELS, ResolvedMark
from qagen.audit.scene import rotation_deg
from qagen.audit.settings import RunSettings
from qagen.audit.solvers.registry import solver_of
from qagen.audit.truth import SceneTruth

SLACK = 0.2
"""Pixels and shares may fall short of their thresholds by this share of them, because rays and rasters differ."""
EDGE = 1e-3
"""Meters and degrees may fall short of their thresholds by this much."""
SAME_DEG, SAME_M = 10.0, 0.3
"""Views that differ by less than both are alike."""
DEGREE_GAP, DEGREE_GAP_SHARE = 20.0, 0.2
"""Least difference of options that are angles; both must hold."""
GAPS, MAX_OVERLAP = ((0.3, 0.15), (0.2, 0.2)), 0.3
"""Least difference of numeric options, absolute and as a share, of which one must hold; largest overlap of boxes."""
RATIO_GAPS = ((0.2, 0.15),)
"""The same of options that are ratios."""
ROOM_STEP = 0.1
"""Step that lengths are printed with at room scale."""

SIZES = {"volume"}
"""Families that ask for sizes."""
WITHOUT_CENTERS = {"matching", "candidates", "locate", "size", "contact"}
"""Families that mark objects but ask for nothing that hangs on their centers."""
WITH_LIMITS_OF_A_PART = {"compare"}
"""Families whose limits of what is visible hold for some of their questions only, which their solvers check."""
COUNTS, ANGLES = {"count"}, {"orbit", "rotation"}
"""Families whose options are whole numbers that need not be far apart."""
ABSENCES = {"count", "order", "locate", "existence"}
"""Families whose answers are wrong if something is not annotated."""


def check_eligibility(
    record: AuditRecord,
    marks: Mapping[str, ResolvedMark],
    truth: SceneTruth,
    settings: RunSettings,
) -> Iterator[Check]:
    """Check that what a record asks may be asked; yields failed checks only."""
    if any(name not in truth.scene.views for name in record.frames):
        return
    for token, mark in marks.items():
        yield from _check_visibility(token, mark, record, truth, settings)
    yield from _check_belief(record, marks, truth)
    if record.task.get("mark") == "none":
        yield from _check_unique_names(record, marks, truth)
    views = [] if record.is_video else [truth.scene.views[name] for name in record.frames]
    for (i, first), (j, second) in combinations(enumerate(views), 2):
        rotation, distance = rotation_deg(first, second), float(np.linalg.norm(first.eye - second.eye))
        if rotation < SAME_DEG - EDGE and distance < SAME_M - EDGE:
            found = f"{rotation:.1f} deg and {distance:.2f} m apart"
            yield disagree(f"images {i + 1} and {j + 1}", found, "views that differ")
    solver = solver_of(record.task)
    if solver is not None and not record.is_twin:
        yield from solver.check_eligibility(record, marks, views)
    for (letter, first), (other, second) in combinations(record.options.items(), 2):
        if record.task.get("family") not in COUNTS and _are_alike(record, first, second, truth):
            yield disagree(f"options {letter} and {other}", f"{first} / {second}", "options that are clearly apart")


def _check_visibility(
    token: str,
    mark: ResolvedMark,
    record: AuditRecord,
    truth: SceneTruth,
    settings: RunSettings,
) -> Iterator[Check]:
    """The object of a mark must be well in view where it is marked."""
    view = truth.scene.views[record.frames[mark.image]]
    z = float(view.to_camera(truth.center(mark.instance))[2])
    pixels = truth.rendered(view.name).pixels(mark.instance)
    near, far = settings.threshold("min_depth_m"), settings.threshold("max_depth_m")
    if not near - EDGE <= z <= far + EDGE:
        yield disagree(f"depth of {token} in its image", f"{z:.3f} m", f"{near:g} to {far:g} m")
    measures = [(f"visible pixels of {token}", pixels, settings.threshold("visible_pixels"), SLACK)]
    shares = truth.unoccluded.shares(view, mark.instance)
    if shares is not None:
        covered, inside = shares
        own = {} if record.task.get("family") in WITH_LIMITS_OF_A_PART else record.task
        fraction = float(own.get("min_visible", settings.threshold("visible_fraction")))
        measures.append((f"visible share of {token}", pixels / max(covered, 1), fraction, SLACK))
        min_inside = float(own.get("min_in_image", settings.threshold("in_image_fraction")))
        measures.append((f"share of {token} in the image", inside, min_inside, SLACK / 2))
    for what, value, least, slack in measures:
        if value < least * (1 - slack):
            yield disagree(what, f"{value:.3g}", f"at least {least:g}")


def _check_belief(record: AuditRecord, marks: Mapping[str, ResolvedMark], truth: SceneTruth) -> Iterator[Check]:
    """The annotation of what is asked about must be worth believing."""
    family, belief = record.task.get("family"), truth.belief
    for mark in marks.values():
        yield from belief.check_still(mark.instance, truth.rendered(record.frames[mark.image]))
        if family in SIZES:
            yield from belief.check_size(mark.instance)
        elif family not in WITHOUT_CENTERS:
            yield from belief.check_center(mark.instance)
        yield from belief.check_whole(mark.instance)
    rests_on_absence = family in ABSENCES or record.task.get("mark") == "none"
    if rests_on_absence or (family, record.task.get("asks")) == ("nearest", "oc"):
        yield from belief.check_labeled([truth.rendered(name) for name in dict.fromkeys(record.frames)])


def _check_unique_names(record: AuditRecord, marks: Mapping[str, ResolvedMark], truth: SceneTruth) -> Iterator[Check]:
    """Where nothing is drawn, names must identify the objects."""
    rendered = [truth.rendered(name) for name in dict.fromkeys(record.frames)]
    for token, mark in marks.items():
        label = truth.instances[mark.instance].label
        others = [k for k, one in enumerate(truth.instances) if one.label == label and k != mark.instance]
        shown = [k for k in others if max(view.pixels(k) for view in rendered) >= AMBIGUOUS_PIXELS]
        if shown:
            yield disagree(f"name of {token}", label, f"{len(shown)} more of that name in view, expected none")


def _are_alike(record: AuditRecord, first: str, second: str, truth: SceneTruth) -> bool:
    """Whether two options are numbers or boxes that are hardly apart."""
    angles = bare_degrees(first), bare_degrees(second)
    if record.task.get("family") in ANGLES and angles[0] is not None and angles[1] is not None:
        return abs(angles[0] - angles[1]) < max(DEGREE_GAP, DEGREE_GAP_SHARE * max(angles[0], angles[1])) - 1e-6
    gaps = RATIO_GAPS if record.task.get("asks") == "ratio" else GAPS
    numbers = tuple(_number_in(record, option, truth) for option in (first, second))
    if numbers[0] is not None and numbers[1] is not None:
        low, high = sorted((numbers[0], numbers[1]))
        return high - low < min(max(gap, share * high) for gap, share in gaps) - _lost_in_printing(record, truth)
    found = boxes(first), boxes(second)
    if not all(len(one) == 1 for one in found) or ordinal_image(first) != ordinal_image(second):
        return False
    return _box_overlap(np.array(found[0][0]), np.array(found[1][0])) >= MAX_OVERLAP + EDGE


def _lost_in_printing(record: AuditRecord, truth: SceneTruth) -> float:
    """How much nearer options can be in print than where their gap was measured: between lengths of room scale."""
    if record.unit is None or truth.scene.unit_m is None:
        return 1e-6
    step = record.unit.step_m / truth.scene.unit_m
    return 1e-6 if math.isclose(step, ROOM_STEP) else ROOM_STEP + step


def _number_in(record: AuditRecord, option: str, truth: SceneTruth) -> float | None:
    """The number that an option is; a length in units of the world."""
    if record.unit is None or truth.scene.unit_m is None or record.task.get("asks") == "ratio":
        return bare_number(option)
    is_length = record.unit.bare.fullmatch(option)
    return float(option) * record.unit.meters / truth.scene.unit_m if is_length else None


def _box_overlap(box: NDArray, other: NDArray) -> float:
    """Intersection over union."""
    shared = np.prod(np.maximum(0, np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2])))
    both = np.prod(box[2:] - box[:2]) + np.prod(other[2:] - other[:2]) - shared
    return float(shared / max(both, 1))
