"""Answers about the camera itself: where the second stands, how it moved, which way the video takes."""

import re
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qagen.audit.checks import Check, Verdict, number, refuse, same
from qagen.audit.parse import frame_numbers, meters
from qagen.audit.solvers.base import Solver, UnreadableError, UnsolvedError

TOLERANCE_M = 0.25
_LEVEL = re.compile(r"\b(gravity|horizontal(?:ly)?|heading|leveled|level frame|held level)\b")
_MOVE = r"turn\w* (\d+) degrees to the (left|right)|(?:forward|ahead)(?: for)? (\d+\.\d) meters"
_AXES = {"right": 1, "left": -1, "down": 1, "up": -1, "forward": 1, "backward": -1}


class CameraMotionSolver(Solver):
    """The second camera's place in the first image, and its depth."""

    def solve(self) -> None:
        first, second = self.view(0), self.view(1)
        point = first.sees(second.eye)
        x, y = first.pinhole.permille(point) if point[2] > 0 else (-1.0, -1.0)
        self.place = {"x": x, "y": y, "depth": float(point[2])}

    def check_bare(self, text: str) -> list[Check]:
        plain = re.fullmatch(r"\((\d+),(\d+)\),(\d+\.\d)", text)
        said = re.fullmatch(r"Position \((\d+),(\d+)\), depth (\d+\.\d) meters", text)
        return self._compare(text, plain or said)

    def check_sentence(self, text: str) -> list[Check]:
        place = re.search(r"\((\d+),(\d+)\)", text) or re.search(r"x = (\d+), y = (\d+)", text)
        depth = meters(text)
        if place is None or len(depth) != 1:
            raise UnreadableError(f"a place and a depth in {text!r}")
        return self._checks(int(place[1]), int(place[2]), depth[0])

    def _compare(self, text: str, match: re.Match[str] | None) -> list[Check]:
        if match is None:
            raise UnreadableError(f"a place and a depth in {text!r}")
        return self._checks(int(match[1]), int(match[2]), float(match[3]))

    def _checks(self, x: int, y: int, depth: float) -> list[Check]:
        stated = {"x": (x, 1.0), "y": (y, 1.0), "depth": (depth, 0.1)}
        checks = [number(name, value, self.place[name], step) for name, (value, step) in stated.items()]
        if not (0 <= self.place["x"] <= 1000 and 0 <= self.place["y"] <= 1000):
            checks.append(Check("place", str((x, y)), "outside the first image", Verdict.DISAGREE))
        return checks


class ViewChangeSolver(Solver):
    """The move along the first camera's axes and the turn from the first to the second."""

    def solve(self) -> None:
        first, second = self.view(0).T_wc, self.view(1).T_wc
        way = second[:3, 3] - first[:3, 3]
        axes = _level_axes(first) if _LEVEL.search(self._rules()) else first[:3, :3]
        right, down, ahead = (float(value) for value in way @ axes)
        self.change = {"right": right, "down": down, "forward": ahead}
        self.change["rotate_up"] = _elevation(second) - _elevation(first)
        self.change["rotate_left"] = (_heading(second) - _heading(first) + 180) % 360 - 180
        self.measured = {"right_m": right, "down_m": down, "forward_m": ahead}
        self.measured |= {"up_deg": self.change["rotate_up"], "left_deg": self.change["rotate_left"]}

    def _rules(self) -> str:
        """All but the first sentences, which ask."""
        return self.item.question.rpartition("degrees")[2] or self.item.question

    def check_bare(self, text: str) -> list[Check]:
        pattern = (
            r"move_(right|left):(0|\d+\.\d),move_(down|up):(0|\d+\.\d),move_(forward|backward):(0|\d+\.\d),"
            r"rotate_(up|down):(\d+),rotate_(left|right):(\d+)"
        )
        match = re.fullmatch(pattern, text)
        if match is None:
            raise UnreadableError(f"five changes in {text!r}")
        r, m, d, n, f, k, u, a, t, b = match.groups()
        moves = {"right": _AXES[r] * float(m), "down": _AXES[d] * float(n), "forward": _AXES[f] * float(k)}
        turns = {"rotate_up": int(a) * (1 if u == "up" else -1), "rotate_left": int(b) * (1 if t == "left" else -1)}
        return self._checks(moves, turns)

    def check_sentence(self, text: str) -> list[Check]:
        moves = {"right": 0.0, "down": 0.0, "forward": 0.0}
        for amount, way in re.findall(r"(\d+\.\d) meters (to the right|to the left|down|up|forward|backward)", text):
            word = way.removeprefix("to the ")
            axis = next(name for name, words in _WAYS.items() if word in words)
            moves[axis] += _AXES[word] * float(amount)
        tilt = re.search(r"tilt\w*(?: of)? (\d+) degrees (up|down)", text)
        turn = re.search(r"turn\w*(?: of)? (\d+) degrees to the (left|right)", text)
        if text.count(" meters ") + text.count(" degrees ") != _stated(text):
            raise UnreadableError(f"changes in {text!r}")
        turns = {
            "rotate_up": int(tilt[1]) * (1 if tilt[2] == "up" else -1) if tilt else 0,
            "rotate_left": int(turn[1]) * (1 if turn[2] == "left" else -1) if turn else 0,
        }
        return self._checks(moves, turns)

    def _checks(self, moves: dict[str, float], turns: dict[str, int]) -> list[Check]:
        checks = [number(name, value, self.change[name], 0.1) for name, value in moves.items()]
        return checks + [number(name, value, self.change[name], 5) for name, value in turns.items()]


_WAYS = {"right": ("right", "left"), "down": ("down", "up"), "forward": ("forward", "backward")}


def _stated(text: str) -> int:
    ways = r"(?:to the right|to the left|down|up|forward|backward)"
    return len(re.findall(rf"\d+\.\d meters {ways}|\d+ degrees {ways}", text))


def _heading(T_wc: NDArray) -> float:
    return float(np.degrees(np.arctan2(T_wc[1, 2], T_wc[0, 2])))


def _elevation(T_wc: NDArray) -> float:
    return float(np.degrees(np.arctan2(T_wc[2, 2], np.hypot(T_wc[0, 2], T_wc[1, 2]))))


def _level_axes(T_wc: NDArray) -> NDArray:
    """(3, 3), columns right, down, forward of the camera held level."""
    ahead = np.array([T_wc[0, 2], T_wc[1, 2], 0.0]) / np.hypot(T_wc[0, 2], T_wc[1, 2])
    return np.stack([[ahead[1], -ahead[0], 0.0], [0.0, 0.0, -1.0], ahead], axis=1)


class NavigationSolver(Solver):
    """Straight legs of the camera's way over the floor and the turns before them."""

    def solve(self) -> None:
        asked = frame_numbers(self.item.question.split(". ")[0].split("?")[0])
        if "Frame-" not in self.item.question or len(asked) < 2:
            raise UnsolvedError("a way in somebody's own words")
        self.ends = asked[0], asked[1]
        shown = [self.view(image).T_wc for image in range(self.ends[0], self.ends[1] + 1)]
        path = np.array([pose[:2, 3] for pose in shown])
        corners = _corners(path, TOLERANCE_M)
        heading, self.moves = _heading(shown[0]), []
        for start, end in pairwise(corners):
            leg = path[end] - path[start]
            toward = float(np.degrees(np.arctan2(leg[1], leg[0])))
            self.moves.append(("turn", (toward - heading + 180) % 360 - 180))
            self.moves.append(("forward", float(np.hypot(*leg))))
            heading = toward

    def check_bare(self, text: str) -> list[Check]:
        raise UnreadableError("ways are told in sentences")

    def check_sentence(self, text: str) -> list[Check]:
        said = re.findall(_MOVE, text)
        stated = [("forward", float(m)) if m else ("turn", int(d) * (1 if w == "left" else -1)) for d, w, m in said]
        checks = [same("ends of the way", sorted(set(frame_numbers(text)) - set(self.ends)), [])]
        return checks + self._compare(_with_zero_turns(stated))

    def _compare(self, stated: list[tuple[str, float]]) -> list[Check]:
        if len(stated) != len(self.moves):
            return [refuse("legs", stated, [(name, round(value, 2)) for name, value in self.moves])]
        step = {"turn": 15, "forward": 0.1}
        return [
            number(f"{name} {k // 2 + 1}", value, true, step[name])
            for k, ((name, value), (_, true)) in enumerate(zip(stated, self.moves, strict=True))
        ]


def _with_zero_turns(moves: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """The same with ``("turn", 0)`` before legs that are told without a turn."""
    filled: list[tuple[str, float]] = []
    for move in moves:
        if move[0] == "forward" and (not filled or filled[-1][0] == "forward"):
            filled.append(("turn", 0))
        filled.append(move)
    return filled


def _corners(path: NDArray, tolerance: float) -> list[int]:
    """Indices of a path's corners: where it strays most from a straight line, while that is over the tolerance."""
    start, end = path[0], path[-1]
    along = end - start
    share = np.clip((path - start) @ along / max(along @ along, 1e-12), 0, 1)
    off = np.linalg.norm(path - start - np.outer(share, along), axis=1)
    worst = int(np.argmax(off))
    if off[worst] <= tolerance:
        return [0, len(path) - 1]
    return _corners(path[: worst + 1], tolerance)[:-1] + [worst + k for k in _corners(path[worst:], tolerance)]
