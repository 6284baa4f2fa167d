"""Distance between two objects, or from the camera to one."""

import numpy as np

from qagen.audit.solvers.base import NumberSolver, UnreadableError


class DistanceSolver(NumberSolver):
    """Distance between two box centers, or from the first image's camera to one."""

    family = "distance"
    needs = ("red",)

    def solve(self) -> None:
        if ("blue" in self.marks) == ("observer" in self.record.question):
            raise UnreadableError("either two objects or the observer in the question")
        other = self.center("blue") if "blue" in self.marks else self.view(0).eye
        self.what, self.value = "distance", float(np.linalg.norm(self.center("red") - other))
        self.measured = {"distance_m": self.value}
