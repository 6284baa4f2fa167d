"""How far the camera turned between two images of a clip."""

from itertools import pairwise

from qagen.audit.checks import Check, disagree
from qagen.audit.parse import asked_frames
from qagen.audit.scene import rotation_deg
from qagen.audit.solvers.base import LIMIT_EDGE_DEG, DegreesSolver, UnreadableError

MAX_STEP_DEG = 45.0
"""Largest turn from one shown frame to the next, unless the type has a parameter of its own."""


class RotationSolver(DegreesSolver):
    """The angle of the rotation between two orientations."""

    family = "rotation"
    what = "rotation of the camera"

    def solve(self) -> None:
        numbers = asked_frames(self.record.question)
        if not self.record.is_video:
            numbers = [0, len(self.record.frames) - 1]
        if len(numbers) != 2 or not numbers[0] < numbers[1] < len(self.record.frames):
            raise UnreadableError("two frames, the earlier one first")
        way = [self.view(number) for number in range(numbers[0], numbers[1] + 1)]
        self.value = rotation_deg(way[0], way[-1])
        self.steps = [rotation_deg(*pair) for pair in pairwise(way)]
        self.measured = {"turn_deg": self.value, "largest_step_deg": max(self.steps)}

    def check_question(self) -> list[Check]:
        """Check that the rotation is one that a person could judge, and that the shown frames turn no farther."""
        if self.truth.original is not None:
            return []
        most = float(self.record.task.get("max_step_deg", MAX_STEP_DEG))
        found = [*self.check_limits(), *self.check_detour(sum(self.steps))]
        if max(self.steps) > most + LIMIT_EDGE_DEG:
            found.append(disagree("turn between two images", f"{max(self.steps):.1f} deg", f"at most {most:g}"))
        return found
