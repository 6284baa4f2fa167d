"""Answers that are numbers: depth, distance, volume, room size, map."""

import re

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label as label_pieces
from scipy.spatial import Delaunay

from qagen.audit.checks import Check, Verdict, number
from qagen.audit.parse import bare_number, meters
from qagen.audit.scene import AuditScene
from qagen.audit.solvers.base import Solver, UnreadableError

ROOM_AGREE, ROOM_DOUBT = 0.05, 0.12
"""Shares by which two estimates of the floor may differ to agree, and to be left undecided."""
ALPHA_M = 0.5
SURFACE_POINTS = 40_000


class NumberSolver(Solver):
    """Solvers with one number as the answer."""

    value: float
    what: str

    def check_bare(self, text: str) -> list[Check]:
        stated = bare_number(text)
        if stated is None:
            raise UnreadableError(f"a number with one decimal in {text!r}")
        return [self.check_value(stated)]

    def check_value(self, stated: float) -> Check:
        return number(self.what, stated, self.value, 0.1)

    def check_sentence(self, text: str) -> list[Check]:
        stated = meters(text)
        if len(stated) != 1:
            raise UnreadableError(f"one number of meters in {text!r}")
        return [self.check_value(stated[0])]


class DepthSolver(NumberSolver):
    """z of a box centre in the image that carries its mark, or the difference of two."""

    needs = ("red", "blue")

    def solve(self) -> None:
        self.z = {token: float(self.view(b.image).sees(self.center(token))[2]) for token, b in self.bound.items()}
        self.measured = {f"{token}_depth_m": z for token, z in self.z.items()}
        if "green" in self.item.tokens:
            self.what, self.value = "difference of depths", abs(self.z["green"] - self.z["blue"])
        else:
            self.what, self.value = "depth of blue", self.z["blue"]

    def check_question(self) -> list[Check]:
        given = meters(self.item.question)
        if len(given) != 1:
            raise UnreadableError("one given depth in the question")
        return [number("given depth", given[0], self.z["red"], 0.1)]

    def check_sentence(self, text: str) -> list[Check]:
        if "@red" not in text:
            return super().check_sentence(text)
        stated = meters(text)
        if len(stated) != 2:
            raise UnreadableError(f"two numbers of meters in {text!r}")
        if text.index("@red") > text.index("@blue"):
            stated.reverse()
        return [number("given depth", stated[0], self.z["red"], 0.1), self.check_value(stated[1])]


class DistanceSolver(NumberSolver):
    """Between two centres, or from the first image's camera to one."""

    needs = ("red",)

    def solve(self) -> None:
        other = self.center("blue") if "blue" in self.bound else self.view(0).eye
        if ("blue" in self.bound) == ("observer" in self.item.question):
            raise UnreadableError("either two objects or the observer in the question")
        self.what, self.value = "distance", float(np.linalg.norm(self.center("red") - other))
        self.measured = {"distance_m": self.value}


class VolumeSolver(Solver):
    """Length, width and height in centimetres."""

    needs = ("red",)

    def solve(self) -> None:
        size = self.truth.things[self.bound["red"].thing].block.size
        self.sides = {"length": max(size[:2]) * 100, "width": min(size[:2]) * 100, "height": size[2] * 100}

    def check_bare(self, text: str) -> list[Check]:
        option = re.fullmatch(r"Length (\d+) cm, width (\d+) cm, height (\d+) cm", text)
        plain = re.fullmatch(r"(\d+),(\d+),(\d+)", text)
        found = option or plain
        if found is None:
            raise UnreadableError(f"length, width and height in {text!r}")
        return self._compare(("length", "width", "height"), [int(value) for value in found.groups()])

    def check_sentence(self, text: str) -> list[Check]:
        stated = [int(value) for value in re.findall(r"(\d+) cm", text)]
        words = re.findall(r"\b(length|long|width|wide|height|high)\b", text)
        names = {"long": "length", "wide": "width", "high": "height"}
        order = tuple(dict.fromkeys(names.get(str(word), str(word)) for word in words))
        if len(stated) != 3:
            raise UnreadableError(f"three sides in {text!r}")
        return self._compare(order if len(order) == 3 else ("length", "width", "height"), stated)

    def _compare(self, order: tuple[str, ...], stated: list[int]) -> list[Check]:
        return [number(name, value, self.sides[name], 1) for name, value in zip(order, stated, strict=True)]


class MapSolver(Solver):
    """Coordinates on a floor plan whose origin is the first camera and whose y axis is its heading."""

    def solve(self) -> None:
        view = self.view(0)
        ahead = view.T_wc[:2, 2] / np.linalg.norm(view.T_wc[:2, 2])
        right = np.array([ahead[1], -ahead[0]])
        self.places = {}
        for token in self.item.tokens:
            if token in self.bound:
                offset = (self.center(token) - view.eye)[:2]
                self.places[token] = offset @ right, offset @ ahead

    def check_bare(self, text: str) -> list[Check]:
        raise UnreadableError("maps are told in sentences")

    def check_sentence(self, text: str) -> list[Check]:
        at = re.findall(r"@(\w+) at \((-?\d+\.\d), (-?\d+\.\d)\)", text)
        of = re.findall(r"\((-?\d+\.\d), (-?\d+\.\d)\) for the @(\w+)", text)
        stated = {token: (float(x), float(y)) for token, x, y in at} | {t: (float(x), float(y)) for x, y, t in of}
        if set(stated) != set(self.item.tokens):
            raise UnreadableError(f"a place for each of {self.item.tokens} in {text!r}")
        checks = []
        for token, told in stated.items():
            for axis, value, true in zip("xy", told, self.places.get(token, ()), strict=False):
                checks.append(number(f"{axis} of {token}", value, float(true), 0.1))
        return checks


class RoomSolver(NumberSolver):
    """Floor area: of the dataset's outline, or of a concave hull of the scan."""

    def solve(self) -> None:
        self.what, self.value = "floor area", floor_area(self.truth.ground)

    def check_sentence(self, text: str) -> list[Check]:
        stated = re.findall(r"(\d+\.\d) square meters", text)
        if len(stated) != 1:
            raise UnreadableError(f"one area in {text!r}")
        return [self.check_value(float(stated[0]))]

    def check_value(self, stated: float) -> Check:
        """The estimates do not share their points, so they agree by shares, not by digits."""
        if self.truth.ground.outline is not None:
            return number(self.what, stated, self.value, 0.1)
        off = abs(stated / self.value - 1)
        verdicts = (Verdict.AGREE, Verdict.UNDECIDED, Verdict.DISAGREE)
        found = verdicts[(off > ROOM_AGREE) + (off > ROOM_DOUBT)]
        return Check(self.what, f"{stated:g}", f"{self.value:.2f}", found, number=self.value)


_AREAS: dict[tuple[str, str], float] = {}


def floor_area(ground: AuditScene) -> float:
    """Square metres."""
    key = ground.dataset, ground.scene
    if key not in _AREAS:
        _AREAS[key] = _outline_area(ground.outline) if ground.outline is not None else hull_area(_on_floor(ground))
    return _AREAS[key]


def _outline_area(outline: NDArray) -> float:
    x, y = outline.T
    return float(abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2)


def _on_floor(ground: AuditScene) -> NDArray:
    """(n, 2) points spread over the surface, seen from above."""
    if ground.vertices is None or ground.faces is None:
        clouds = [thing.points for thing in ground.things if thing.points is not None]
        return np.concatenate(clouds)[:, :2] if clouds else np.zeros((0, 2))
    rng = np.random.default_rng(0)
    corners = ground.vertices[ground.faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    chosen = corners[rng.choice(len(corners), SURFACE_POINTS, p=area / area.sum())]
    weights = rng.dirichlet((1, 1, 1), SURFACE_POINTS)
    return np.einsum("nk,nkd->nd", weights, chosen)[:, :2]


def hull_area(points: NDArray, cell: float = 0.02) -> float:
    """Area of the largest piece of the concave hull of points (n, 2), counted in cells of a grid.

    A cell belongs to it when the Delaunay triangle around it has a circumscribed circle smaller than ALPHA_M.
    """
    if len(points) < 4:
        return 0.0
    mesh = Delaunay(points)
    a, b, c = (points[mesh.simplices[:, k]] for k in range(3))
    sides = np.linalg.norm(a - b, axis=1) * np.linalg.norm(b - c, axis=1) * np.linalg.norm(c - a, axis=1)
    doubled = np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])
    is_kept = np.append(sides < 2 * ALPHA_M * doubled, False)
    low, high = points.min(axis=0), points.max(axis=0)
    x, y = (np.arange(low[k], high[k] + cell, cell) for k in range(2))
    inside = is_kept[mesh.find_simplex(np.stack(np.meshgrid(x, y), axis=-1))]
    pieces = np.zeros(inside.shape, dtype=np.int32)
    label_pieces(inside, output=pieces)
    return float(np.bincount(pieces[inside], minlength=1).max() * cell**2)
