"""How long a side of a box is, and whether an image shows it."""

import numpy as np

from qagen.audit.checks import Check, disagree
from qagen.audit.scene import UprightBox
from qagen.audit.solvers.base import Solver

LEAST_ACROSS = 0.5
"""Least sine of the angle between a side and the line of sight."""
ALIKE = 0.88
"""Sides of at least this share of the longest one may stand for it."""
AXES = {"height": (2,), "width": (0, 1), "longest": (0, 1, 2)}
SLACK = 0.01


def length_of(box: UprightBox, side: str) -> float:
    """Length of the height, the width (longer horizontal side) or the longest side of a box, meters."""
    return float(max(box.size[axis] for axis in AXES[side]))


def check_seen_across(solver: Solver, token: str, side: str) -> list[Check]:
    """The side of a marked object must not point at the camera of its image; failed checks only."""
    mark, scene = solver.marks[token], solver.truth.scene
    box, eye = solver.truth.instances[mark.instance].box, scene.views[solver.record.frames[mark.image]].eye
    sight = (box.center - eye) / max(float(np.linalg.norm(box.center - eye)), 1e-9)
    shown = [axis for axis in AXES[side] if box.size[axis] >= ALIKE * length_of(box, side)]
    across = max(float(np.linalg.norm(np.cross(box.axes[:, axis], sight))) for axis in shown)
    if across >= LEAST_ACROSS - SLACK:
        return []
    return [disagree(f"{side} of {token}", f"{across:.2f} of it across the view", f"at least {LEAST_ACROSS:g}")]
