"""Where the second camera would appear in the first image."""

import re
from collections.abc import Mapping
from typing import Any

from qagen.audit.checks import Check, Verdict, check_number
from qagen.audit.solvers.base import Solver, UnreadableError


class CameraMotionSolver(Solver):
    """The second camera's position in the first image, and its depth there."""

    family = "camera_motion"

    @classmethod
    def solves(cls, task: Mapping[str, Any]) -> bool:
        return task.get("asks", "place") == "place"

    def solve(self) -> None:
        first, second = self.view(0), self.view(1)
        point = first.to_camera(second.eye)
        x, y = first.pinhole.permille(point) if point[2] > 0 else (-1.0, -1.0)
        self.position = {"x": x, "y": y, "depth": float(point[2])}

    def check_bare(self, text: str) -> list[Check]:
        number, name = self.unit.number, self.unit.name
        plain = re.fullmatch(rf"\((\d+),(\d+)\),({number})", text)
        match = plain or re.fullmatch(rf"Position \((\d+),(\d+)\), depth ({number}) {name}", text)
        if match is None:
            raise UnreadableError(f"a place and a depth in {text!r}")
        return self._compare(int(match[1]), int(match[2]), float(match[3]) * self.unit_in_world)

    def check_sentence(self, text: str) -> list[Check]:
        match = re.search(r"\((\d+),(\d+)\)", text) or re.search(r"x = (\d+), y = (\d+)", text)
        depth = self.lengths(text)
        if match is None or len(depth) != 1:
            raise UnreadableError(f"a place and a depth in {text!r}")
        return self._compare(int(match[1]), int(match[2]), depth[0])

    def _compare(self, x: int, y: int, depth: float) -> list[Check]:
        return [*self._compare_point(x, y), check_number("depth", depth, self.position["depth"], self.step)]

    def _compare_point(self, x: int, y: int) -> list[Check]:
        stated = {"x": (x, 1.0), "y": (y, 1.0)}
        checks = [check_number(name, value, self.position[name], step) for name, (value, step) in stated.items()]
        if not (0 <= self.position["x"] <= 1000 and 0 <= self.position["y"] <= 1000):
            checks.append(Check("place", str((x, y)), "outside the first image", Verdict.DISAGREE))
        return checks


class CameraPointSolver(CameraMotionSolver):
    """The second camera's position in the first image alone."""

    family = "camera_motion"

    @classmethod
    def solves(cls, task: Mapping[str, Any]) -> bool:
        return task.get("asks") == "point"

    def check_bare(self, text: str) -> list[Check]:
        match = re.fullmatch(r"\((\d+),(\d+)\)", text)
        if match is None:
            raise UnreadableError(f"a point in {text!r}")
        return self._compare_point(int(match[1]), int(match[2]))

    def check_sentence(self, text: str) -> list[Check]:
        match = re.search(r"\((\d+),(\d+)\)", text) or re.search(r"x = (\d+), y = (\d+)", text)
        if match is None or len(re.findall(r"\d+", text)) != 2:
            raise UnreadableError(f"a point in {text!r}")
        return self._compare_point(int(match[1]), int(match[2]))
