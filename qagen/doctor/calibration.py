"""Depth and focal lengths that are a few percent off: frames of one surface then disagree by a little.

The points that one frame measures, moved into another, lie in front of or behind what that one measures. How far, over
their distance, is tried for factors close to 1 on depth and on focal lengths.
"""

import numpy as np
from numpy.typing import NDArray

from qagen.doctor.depth_samples import DepthSample, SampleGroups
from qagen.doctor.finding import Finding, percent

FACTORS = (0.88, 0.9, 0.925, 0.94, 0.95, 0.96, 0.97, 0.985, 1.0, 1.015, 1.03, 1.04, 1.05, 1.065, 1.08, 1.1, 1.14)
CAP = 0.1
"""Points that lie farther off, as a share of their distance, count as so far: something else hides them."""
MIN_PAIRS = 6
MIN_POINTS = 60
BETTER = 0.9
"""Share of the misfit that must be left for another factor to be named."""
NAMED = 0.02
"""Smaller deviations are not named."""


def check_calibration(groups: SampleGroups) -> Finding:
    """Whether depth and focal lengths fit the motion of the camera to a few percent, as far as it tells."""
    pairs = [(first, other) for first, others in groups for other in others]
    depth = {factor: _misfit(pairs, factor, 1.0) for factor in FACTORS}
    focal = {factor: _misfit(pairs, 1.0, factor) for factor in FACTORS}
    as_read, expected = depth[1.0], "no factor on depth or focal lengths that fits better"
    if as_read is None:
        return Finding("calibration", "ok", "too few frames of one surface to tell", expected)
    found = f"neighboring frames measure one surface {percent(as_read, 1)} of its distance apart"
    named = []
    for what, misfits in (("focal lengths", focal), ("depth", depth)):
        factor, misfit = min(((k, v) for k, v in misfits.items() if v is not None), key=lambda pair: pair[1])
        if misfit <= BETTER * as_read and abs(factor - 1) >= NAMED:
            named.append((misfit, f"{percent(misfit, 1)} with: {what} multiplied by about {factor:g}"))
    if not named:
        return Finding("calibration", "ok", found, expected)
    advice = min(named)[1]
    return Finding(
        "calibration", "FAIL", found, expected, advice + " (of depth: or positions divided by it)" * ("depth" in advice)
    )


def _misfit(pairs: list[tuple[DepthSample, DepthSample]], depth: float, focal: float) -> float | None:
    """Mean distance of points from what another frame measures, as a share of theirs; None where too few tell."""
    apart = [found for first, other in pairs if len(found := _apart(first, other, depth, focal)) >= MIN_POINTS]
    return float(np.mean([one.mean() for one in apart])) if len(apart) >= MIN_PAIRS else None


def _apart(a: DepthSample, b: DepthSample, depth: float, focal: float) -> NDArray[np.float64]:
    """(n,) how far a's points lie from what b measures, as a share of their distance, at most CAP."""
    b_from_a = np.linalg.inv(b.frame.world_from_camera.matrix) @ a.frame.world_from_camera.matrix
    points = a.thinned_points * (depth / focal, depth / focal, depth)
    there = (points @ b_from_a[:3, :3].T + b_from_a[:3, 3]) * (focal, focal, 1.0)
    pixels = np.nan_to_num(b.camera.project(there), nan=-1.0).clip(-1.0, 1e6)
    columns, rows = np.floor(pixels + 0.5).astype(np.int64).T
    inside = (columns >= 0) & (rows >= 0) & (columns < b.depth.shape[1]) & (rows < b.depth.shape[0])
    measured, z = depth * b.depth[rows[inside], columns[inside]], there[inside, 2]
    known = measured > 0
    return np.minimum(np.abs(measured[known] - z[known]) / z[known], CAP)
