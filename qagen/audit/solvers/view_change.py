"""How the camera moved and turned between two images."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Check, check_number, disagree
from qagen.audit.resolve_marks import ResolvedMark
from qagen.audit.scene import AuditView, wrap_deg
from qagen.audit.solvers.base import Solver, UnreadableError

MAX_ROLL_DEG, MIN_TILT_DEG, EDGE = 15.0, 20.0, 1e-3
"""Largest difference of roll and least angle to the vertical, unless the type has its own, and tolerance."""
MIN_TURN_DEG = 10.0
"""Least larger one of two angles that are told alone, unless the type has its own."""
NO_MOVE_STEP = 0.1
"""Moves that are rounded to 0 in this step are told as 0 in every unit."""
_LEVEL = re.compile(r"\b(gravity|horizontal(?:ly)?|heading|leveled|level frame|held level)\b")
_AXES = {
    "right": ("right", 1), "left": ("right", -1), "down": ("down", 1), "up": ("down", -1),
    "forward": ("forward", 1), "backward": ("forward", -1),
}  # fmt: skip
"""Word to the axis of a movement and its sign."""
_WAYS = r"(?:to the )?(right|left|down|up|forward|backward)"


class ViewChangeSolver(Solver):
    """The move along the first camera's axes and the rotation from the first to the second."""

    family = "view_change"

    @classmethod
    def solves(cls, task: Mapping[str, Any]) -> bool:
        return task.get("asks", "change") == "change"

    @classmethod
    def check_eligibility(
        cls, record: AuditRecord, marks: Mapping[str, ResolvedMark], views: Sequence[AuditView]
    ) -> Iterator[Check]:
        most_roll = record.task.get("max_roll_deg", MAX_ROLL_DEG)
        most_steep = 90 - record.task.get("min_tilt_deg", MIN_TILT_DEG)
        for first, second in pairwise(views):
            rolls = [np.degrees(np.arctan2(view.T_wc[2, 0], -view.T_wc[2, 1])) for view in (first, second)]
            off = abs(wrap_deg(float(rolls[1] - rolls[0])))
            if off > most_roll + EDGE:
                yield disagree("difference of roll", f"{off:.1f} deg", f"at most {most_roll:g}")
            steepest = max(abs(view.elevation_deg) for view in (first, second))
            if steepest > most_steep + EDGE:
                yield disagree("steepest view", f"{steepest:.1f} deg", f"at most {most_steep:g}")

    def solve(self) -> None:
        first, second = self.view(0), self.view(1)
        rules = self.record.question.rpartition("degrees")[2] or self.record.question
        axes = _level_axes(first.T_wc) if _LEVEL.search(rules) else first.T_wc[:3, :3]
        right, down, forward = (float(value) for value in (second.eye - first.eye) @ axes)
        up_deg = second.elevation_deg - first.elevation_deg
        left_deg = wrap_deg(second.heading_deg - first.heading_deg)
        self.change = {"right": right, "down": down, "forward": forward}
        self.change |= {"rotate_up": up_deg, "rotate_left": left_deg}
        self.measured = {"right_m": right, "down_m": down, "forward_m": forward}
        self.measured |= {"up_deg": up_deg, "left_deg": left_deg}

    def check_bare(self, text: str) -> list[Check]:
        number = self.unit.number
        pattern = (
            rf"move_(right|left):(0|{number}),move_(down|up):(0|{number}),move_(forward|backward):(0|{number}),"
            r"rotate_(up|down):(\d+),rotate_(left|right):(\d+)"
        )
        match = re.fullmatch(pattern, text)
        if match is None:
            raise UnreadableError(f"five changes in {text!r}")
        words, amounts = match.groups()[::2], [float(amount) for amount in match.groups()[1::2]]
        amounts[:3] = [amount * self.unit_in_world for amount in amounts[:3]]
        return self._compare(list(zip(words[:3], amounts[:3], strict=True)), *zip(words[3:], amounts[3:], strict=True))

    def check_sentence(self, text: str) -> list[Check]:
        told = re.findall(rf"({self.unit.number}) {self.unit.name} {_WAYS}", text)
        moves = [(word, float(amount) * self.unit_in_world) for amount, word in told]
        tilt = re.search(r"tilt\w*(?: of)? (\d+) degrees (up|down)", text)
        turn = re.search(r"turn\w*(?: of)? (\d+) degrees to the (left|right)", text)
        if text.count(f" {self.unit.name} ") + text.count(" degrees ") != len(moves) + len(
            re.findall(rf"\d+ degrees {_WAYS}", text)
        ):
            raise UnreadableError(f"changes in {text!r}")
        return self._compare(
            moves,
            (tilt[2], float(tilt[1])) if tilt else ("up", 0.0),
            (turn[2], float(turn[1])) if turn else ("left", 0.0),
        )

    def _compare(self, moves: list[tuple[str, float]], tilt: tuple[str, float], turn: tuple[str, float]) -> list[Check]:
        stated = {"right": 0.0, "down": 0.0, "forward": 0.0}
        for word, amount in moves:
            axis, sign = _AXES[word]
            stated[axis] += sign * amount
        checks = [
            check_number(name, value, self.change[name], self.step if value else max(self.step, NO_MOVE_STEP))
            for name, value in stated.items()
        ]
        rotations = {"rotate_up": (tilt, "up"), "rotate_left": (turn, "left")}
        return checks + [
            check_number(name, amount if word == positive else -amount, self.change[name], 5)
            for name, ((word, amount), positive) in rotations.items()
        ]


class ViewAnglesSolver(Solver):
    """The second camera's direction of view in the first camera's own axes."""

    family = "view_change"

    @classmethod
    def solves(cls, task: Mapping[str, Any]) -> bool:
        return task.get("asks") == "angles"

    @classmethod
    def check_eligibility(
        cls, record: AuditRecord, marks: Mapping[str, ResolvedMark], views: Sequence[AuditView]
    ) -> Iterator[Check]:
        most_roll = record.task.get("max_roll_deg", MAX_ROLL_DEG)
        most_steep = 90 - record.task.get("min_tilt_deg", MIN_TILT_DEG)
        for first, second in pairwise(views):
            up_deg, left_deg, roll_deg = _angles_between(first, second)
            if abs(roll_deg) > most_roll + EDGE:
                yield disagree("difference of roll", f"{abs(roll_deg):.1f} deg", f"at most {most_roll:g}")
            if abs(up_deg) > most_steep + EDGE:
                yield disagree("tilt", f"{abs(up_deg):.1f} deg", f"at most {most_steep:g}")
            least, largest = record.task.get("min_turn_deg", MIN_TURN_DEG), max(abs(up_deg), abs(left_deg))
            if largest < least - EDGE:
                yield disagree("larger angle", f"{largest:.1f} deg", f"at least {least:g}")

    def solve(self) -> None:
        up_deg, left_deg, roll_deg = _angles_between(self.view(0), self.view(1))
        self.measured = {"up_deg": up_deg, "left_deg": left_deg, "roll_deg": abs(roll_deg)}

    def check_bare(self, text: str) -> list[Check]:
        match = re.fullmatch(r"rotate_(up|down):(\d+),rotate_(left|right):(\d+)", text)
        if match is None:
            raise UnreadableError(f"a tilt and a turn in {text!r}")
        return self._compare((match[1], float(match[2])), (match[3], float(match[4])))

    def check_sentence(self, text: str) -> list[Check]:
        tilts = re.findall(r"tilt\w*(?: of)? (\d+) degrees (up|down)\b", text)
        turns = re.findall(r"turn\w*(?: of)? (\d+) degrees to the (left|right)\b", text)
        if max(len(tilts), len(turns)) > 1 or len(re.findall(r"\d+", text)) != len(tilts) + len(turns):
            raise UnreadableError(f"a tilt and a turn in {text!r}")
        tilt, turn = ((found[0][1], float(found[0][0])) if found else ("", 0.0) for found in (tilts, turns))
        return self._compare(tilt, turn)

    def _compare(self, tilt: tuple[str, float], turn: tuple[str, float]) -> list[Check]:
        stated = {"up_deg": -tilt[1] if tilt[0] == "down" else tilt[1]}
        stated["left_deg"] = -turn[1] if turn[0] == "right" else turn[1]
        return [check_number(name, amount, self.measured[name], 5) for name, amount in stated.items()]


def _angles_between(first: AuditView, second: AuditView) -> tuple[float, float, float]:
    """Degrees by which the second camera looks up and to the left and is rolled, in the first camera's axes."""
    between = first.T_cw[:3, :3] @ second.T_wc[:3, :3]
    (right, down, ahead) = between[:, 2]
    up_deg = np.degrees(np.arctan2(-down, np.hypot(right, ahead)))
    roll_deg = np.degrees(np.arctan2(-between[1, 0], between[1, 1]))
    return float(up_deg), float(np.degrees(np.arctan2(-right, ahead))), float(roll_deg)


def _level_axes(T_wc: NDArray) -> NDArray:
    """(3, 3), columns right, down and forward of the camera held level."""
    forward = np.array([T_wc[0, 2], T_wc[1, 2], 0.0]) / np.hypot(T_wc[0, 2], T_wc[1, 2])
    return np.stack([[forward[1], -forward[0], 0.0], [0.0, 0.0, -1.0], forward], axis=1)
