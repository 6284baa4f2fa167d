"""The scale of a scene: it is audited at room scale, as it is asked about, and told in a unit that fits."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Check, disagree
from qagen.audit.lengths import SIDE_UNITS, TEXT_UNITS
from qagen.audit.scene import AuditScene, AuditView, Instance, UprightBox

NEAREST_M, FARTHEST_M, USUAL_M = 0.8, 5.0, 2.0
"""Median depth of what a room scan's frames show, meters, and the one to which others are brought."""
SAMPLED_VIEWS = 16
SCALE_BAND = 0.03
"""Share by which a run's own median depth may differ."""
LIMITS_M = (0.06, 0.6, 300.0)
"""Median longest side of the objects up to which lengths are told in millimeters, in centimeters, in meters."""
METERS_FROM_M = 0.3
"""A scene whose data are at room scale is told in meters from this side on."""
SIDE_BAND = 1.6
"""Factor by which the run's median side may differ, because it knows which objects it may ask about."""


def at_room_scale(scene: AuditScene, stated: float | None = None) -> AuditScene:
    """The scene with all lengths multiplied such that frames look as far as those of a room scan do.

    Args:
        scene: the scene as its data have it.
        stated: the factor that the run states; it is used where it leads to room scale.
    """
    median = median_depth(scene)
    factor = stated if stated is not None and _fits(scene, median, stated) else room_factor(scene, median)
    return scene if factor == 1.0 else multiplied(scene, factor)


def check_scale(scene: AuditScene, stated: float | None) -> Iterator[Check]:
    """Check the factor that a run states against the scene as its data have it; failed checks only."""
    median = median_depth(scene)
    if stated is not None and not _fits(scene, median, stated):
        yield disagree("scale", f"times {stated:g}", f"times {room_factor(scene, median):g}")


def median_depth(scene: AuditScene) -> float | None:
    """Median depth of what some views show, None where nothing tells it."""
    views = list(scene.views.values())
    measured = [view for view in views if view.read_depth is not None]
    shown = (
        [_measured(view) for view in _some(measured)] if measured else [_drawn(scene, view) for view in _some(views)]
    )
    depths = np.concatenate([*shown, np.zeros(0)])
    return float(np.median(depths)) if len(depths) else None


def _some(views: list[AuditView]) -> list[AuditView]:
    """Some of the views, evenly spaced, first and last included."""
    count = min(len(views), SAMPLED_VIEWS)
    return [views[int(k * (len(views) - 1) / max(count - 1, 1) + 1e-9)] for k in range(count)]


def _measured(view: AuditView) -> NDArray:
    assert view.read_depth is not None
    depth = np.asarray(view.read_depth(), dtype=float)
    return depth[depth > 0]


def _drawn(scene: AuditScene, view: AuditView) -> NDArray:
    """Depths of the surface's vertices, or of box centers, inside an image."""
    vertices = scene.vertices
    points = np.array([one.box.center for one in scene.instances]).reshape(-1, 3) if vertices is None else vertices
    local = points @ view.T_cw[:3, :3].T + view.T_cw[:3, 3]
    local = local[local[:, 2] > 0]
    camera = view.pinhole
    u, v = camera.fx * local[:, 0] / local[:, 2] + camera.cx, camera.fy * local[:, 1] / local[:, 2] + camera.cy
    is_inside = (u >= -0.5) & (u <= camera.width - 0.5) & (v >= -0.5) & (v <= camera.height - 0.5)
    return local[is_inside, 2]


def room_factor(scene: AuditScene, median: float | None) -> float:
    """1 at room scale, else a power of ten where one leads there, else what leads to the usual depth."""
    if median is None:
        return 1.0
    if scene.unit_m is None:
        return USUAL_M / median
    tens = [10.0**power for power in range(-12, 13) if NEAREST_M <= median * scene.unit_m * 10.0**power <= FARTHEST_M]
    is_room = NEAREST_M <= median * scene.unit_m <= FARTHEST_M
    return scene.unit_m * (1.0 if is_room else tens[0]) if tens else USUAL_M / median


def _fits(scene: AuditScene, median: float | None, stated: float) -> bool:
    """Whether a factor leads to room scale as the rules say, give or take what data at its edges leave open."""
    if median is None:
        return stated == 1.0
    own = room_factor(scene, median)
    power = 0.5 if scene.unit_m is None else math.log10(stated / scene.unit_m)
    is_ten = abs(power - round(power)) <= 1e-9
    low, high = NEAREST_M * (1 - SCALE_BAND), FARTHEST_M * (1 + SCALE_BAND)
    return abs(stated / own - 1) <= SCALE_BAND or (is_ten and low <= median * stated <= high)


def multiplied(scene: AuditScene, factor: float) -> AuditScene:
    """The same scene with all lengths multiplied, in a unit that is shorter by as much."""
    return replace(
        scene,
        views={name: _multiplied_view(view, factor) for name, view in scene.views.items()},
        instances=tuple(_multiplied_instance(one, factor) for one in scene.instances),
        vertices=None if scene.vertices is None else scene.vertices * factor,
        outline=None if scene.outline is None else scene.outline * factor,
        unit_m=None if scene.unit_m is None else scene.unit_m / factor,
        reported_unit=scene.reported_unit / factor,
    )


def _multiplied_view(view: AuditView, factor: float) -> AuditView:
    T_wc, read = view.T_wc.copy(), view.read_depth
    T_wc[:3, 3] *= factor
    return replace(view, T_wc=T_wc, read_depth=None if read is None else lambda: read() * factor)


def _multiplied_instance(one: Instance, factor: float) -> Instance:
    box = UprightBox(one.box.center * factor, one.box.size * factor, one.box.axes)
    return replace(one, box=box, points=None if one.points is None else one.points * factor)


def check_unit(record: AuditRecord, fitting: set[str | None]) -> Iterator[Check]:
    """Check that evidence names a unit that fits the scene, and the texts the same one; failed checks only."""
    stated, named = record.evidence.get("unit"), record.unit
    if stated not in fitting:
        yield disagree("evidence unit", stated, " or ".join(map(str, fitting)))
    if named is not None and named.symbol not in (stated, SIDE_UNITS.get(str(stated))):
        yield disagree("unit", named.name, f"{stated} as in the evidence")


def fitting_units(scene: AuditScene) -> set[str | None]:
    """Symbols of the units that may fit a scene at room scale; None alone where its scale is unknown."""
    if scene.unit_m is None:
        return {None}
    sides = [one.box.size.max() for one in scene.instances if one.is_askable]
    side = float(np.median(sides)) if sides else (median_depth(scene) or USUAL_M) / 4
    return {_unit_of(side * change, scene.unit_m, scene.unit_m == 1.0) for change in (1 / SIDE_BAND, 1.0, SIDE_BAND)}


def _unit_of(side: float, unit_m: float, is_room: bool) -> str:
    if is_room and side >= METERS_FROM_M:
        return "m"
    return TEXT_UNITS[sum(side * unit_m >= limit for limit in LIMITS_M)].symbol
