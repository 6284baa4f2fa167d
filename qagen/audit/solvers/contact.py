"""How one object meets another: on it, in it, touching it, or apart from it."""

import re

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from qagen.audit.checks import Check, disagree, undecided, verdict_of
from qagen.audit.scene import AuditScene, UprightBox
from qagen.audit.solvers.base import Solver, UnreadableError, UnsolvedError
from qagen.audit.surroundings import areas_of, spread_points

ON_M, ON_SHARE, MIN_OVER = 0.02, 0.03, 0.5
"""On: the lower end lies within so much, in meters or as a share of the height, of the other's upper end, and at least
this share of the footprint lies over the other's."""
MIN_INSIDE = 0.9
"""In: least share of the box inside the other's."""
TOUCH_M, TOUCH_SHARE, APART_M = 0.01, 0.01, 0.10
"""Touching: largest distance of surfaces, in meters or as a share of the smaller object. Apart: least distance."""
MIN_ENCLOSED = 0.6
"""In: least share of the directions from the middle of an object in which the other's surface lies."""
POINTS, CLOSE_POINTS, ROUNDS = 4000, 4000, 3
"""Points on each surface, first on all of it, then so many times on the part that is closest."""
NEAR_M, MIN_LAYER = 0.05, 0.2
"""Something lies between two objects where the upper one is over it with at least this share of its footprint, and of
its foot, the surface within this distance of its lower end, so much is also within this distance of it."""
GRID = 24
"""Places along each side of a footprint, and of a box, at which it is looked whether they lie in another."""
DOUBT_M, DOUBT_SHARE = 0.004, 0.03
"""What sampling may be wrong by."""
BINS = 4
"""Directions are sorted into this many bins along each edge of the faces of a cube."""
_WORDS = {"on top of": "on", "inside": "in", "touching": "touching", "apart from": "apart"}
_STATED = re.compile(rf"@(\w+)\b(.*?)\b({'|'.join(_WORDS)}) the @(\w+)")


class ContactSolver(Solver):
    """Distances between points that are spread over two surfaces, and shares of their boxes."""

    family = "contact"
    needs = ("red", "blue")

    def solve(self) -> None:
        self.order = tuple(self.record.tokens)
        if sorted(self.order) != sorted(self.needs):
            raise UnreadableError("a question about the red object and the blue one")
        self.first, self.second = (self.marks[token].instance for token in self.order)
        surfaces = [self._triangles(item) for item in (self.first, self.second)]
        boxes = [self._source.instances[item].box for item in (self.first, self.second)]
        self.gap_m = _least_distance(*surfaces)
        self.above_m = float(boxes[0].center[2] - boxes[0].size[2] / 2 - boxes[1].center[2] - boxes[1].size[2] / 2)
        self.over = share_inside(boxes[0], boxes[1], on_floor_plan=True)
        self.inside = share_inside(boxes[0], boxes[1])
        self.on_m = max(ON_M, ON_SHARE * float(boxes[0].size[2]))
        self.touch_m = max(TOUCH_M, TOUCH_SHARE * min(float(box.size.max()) for box in boxes))
        self.measured = {"above_m": self.above_m, "gap_m": self.gap_m, "over": self.over, "inside": self.inside}
        self.doubt = {"gap_m": DOUBT_M, "over": 2 * DOUBT_SHARE, "inside": 2 * DOUBT_SHARE}
        self.enclosed = _share_of_directions(surfaces[1], boxes[0].center)

    @property
    def _source(self) -> AuditScene:
        """The scene without noise, which would move things apart that touch."""
        return (self.truth.original or self.truth).scene

    def _triangles(self, instance: int) -> NDArray:
        scene = self._source
        if scene.vertices is None or scene.faces is None or scene.face_instance is None or not scene.is_labeled:
            raise UnsolvedError("no annotated surface")
        found = scene.vertices[scene.faces[scene.face_instance == instance]]
        found = found[areas_of(found) > 0]
        if not len(found):
            raise UnsolvedError("an object without surface")
        return found

    def check_belief(self) -> list[Check]:
        """What the word rests on must have been scanned; failed checks only."""
        if self.truth.original is not None:
            return []
        belief, kinds = self.truth.belief, self._kinds()
        if kinds == {"on"}:
            return [*belief.check_size(self.first, ("lower",)), *belief.check_size(self.second, ("upper",))]
        sides = [check for item in (self.first, self.second) for check in belief.check_size(item)]
        return self._check_unseen() if kinds == {"apart"} and sides else sides if kinds == {"touching"} else []

    def _check_unseen(self) -> list[Check]:
        """Whether parts that were not scanned could bridge the gap; failed checks only."""
        surely, maybe = (self.truth.belief.boxes_apart_m(self.first, self.second, relaxed) for relaxed in (True, False))
        if maybe >= APART_M:
            return []
        make = disagree if surely < APART_M - DOUBT_M else undecided
        return [make("surfaces that face each other scanned", "apart", f"boxes {surely:.3f} to {maybe:.3f} m apart")]

    def check_bare(self, text: str) -> list[Check]:
        if text not in _WORDS.values():
            raise UnreadableError(f"a kind of contact in {text!r}")
        return [self._check(text, True)]

    def check_sentence(self, text: str) -> list[Check]:
        return [self._check(self._stated(text), True)]

    def check_claim(self, is_yes: bool) -> list[Check]:
        return [self._check(self._stated(self.record.question), is_yes)]

    def _stated(self, text: str) -> str:
        found = _STATED.search(text)
        if found is None or (found[1], found[4]) != self.order:
            raise UnreadableError("how the first object of the question meets the second")
        return _WORDS[found[3]]

    def _check(self, word: str, is_stated: bool) -> Check:
        found = (
            f"surfaces {self.gap_m:.3f} m apart, {self.above_m:+.3f} m above it, {self.over:.0%} over it, "
            f"{self.inside:.0%} of the box inside, enclosed on {self.enclosed:.0%}"
        )
        kinds = self._kinds()
        if len(kinds) != 1:
            make = undecided if word in kinds or not is_stated else disagree
            return make("contact", word, found)
        agrees = (word in kinds) == is_stated
        return Check("contact", word if is_stated else f"not {word}", found, verdict_of(agrees), holds=agrees)

    def _kinds(self) -> set[str]:
        """The words that may hold; several where the thresholds do not decide, none where nobody would say any."""
        if self.gap_m >= APART_M + DOUBT_M:
            return {"apart"}
        kinds = {"apart"} if self.gap_m >= APART_M else set[str]()
        is_on = abs(self.above_m) <= self.on_m and self.over >= MIN_OVER - DOUBT_SHARE
        if is_on and self.gap_m <= self.on_m + DOUBT_M:
            kinds |= set() if self._is_between() else {"on"}
        elif self.gap_m <= self.touch_m + DOUBT_M:
            is_in = self.inside >= MIN_INSIDE - DOUBT_SHARE and self.enclosed >= MIN_ENCLOSED
            kinds |= {"in"} if is_in else {"touching"}
        return kinds

    def _is_between(self) -> bool:
        """Whether a third instance surely lies below the first one and on the second."""
        instances = self._source.instances
        first, second = (instances[item].box for item in (self.first, self.second))
        lower, top = first.center[2] - first.size[2] / 2, second.center[2] + second.size[2] / 2
        foot = spread_points(self._triangles(self.first), POINTS)[0]
        foot = foot[foot[:, 2] <= lower + NEAR_M]
        for number, one in enumerate(instances):
            ends = one.box.center[2] + np.array([-0.5, 0.5]) * one.box.size[2]
            is_layer = top - self.on_m <= ends[0] < lower - DOUBT_M and ends[1] > top + DOUBT_M
            if not is_layer or not one.is_askable or number in (self.first, self.second):
                continue
            away = KDTree(spread_points(self._triangles(number), CLOSE_POINTS)[0]).query(foot)[0]
            if min(share_inside(first, one.box, on_floor_plan=True), float((away <= NEAR_M).mean())) >= MIN_LAYER:
                return True
        return False


def _least_distance(first: NDArray, second: NDArray) -> float:
    """Smallest distance between two sets of triangles, from points spread ever more densely where they are close."""
    best = np.inf
    for _ in range(ROUNDS):
        points, _, owners = spread_points(first, POINTS)
        others, _, other_owners = spread_points(second, CLOSE_POINTS)
        points, others = np.concatenate([points, first.reshape(-1, 3)]), np.concatenate([others, second.reshape(-1, 3)])
        owners = np.concatenate([owners, np.repeat(np.arange(len(first)), 3)])
        other_owners = np.concatenate([other_owners, np.repeat(np.arange(len(second)), 3)])
        away, nearest = KDTree(others).query(points)
        best = min(best, float(away.min()))
        is_close = away <= away.min() + max(0.25 * (np.quantile(away, 0.5) - away.min()), 0.01)
        first, second = (
            first[np.unique(owners[is_close])],
            second[np.unique(other_owners[np.asarray(nearest)[is_close]])],
        )
    return best


def share_inside(box: UprightBox, other: UprightBox, on_floor_plan: bool = False) -> float:
    """Share of a box, or of its footprint, that lies in another; counted at places on a grid."""
    steps = (np.arange(GRID) + 0.5) / GRID - 0.5
    local = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3) * box.size
    axes = slice(0, 2 if on_floor_plan else 3)
    offsets = (box.center + local @ box.axes.T - other.center) @ other.axes
    return float((np.abs(offsets) <= other.size / 2)[:, axes].all(axis=1).mean())


def _share_of_directions(triangles: NDArray, center: NDArray) -> float:
    """Share of all directions from a place in which triangles (n, 3, 3) lie."""
    away = spread_points(triangles, 5 * POINTS)[0] - center
    axis = np.abs(away).argmax(axis=1)
    rows = np.arange(len(away))
    main = away[rows, axis]
    across = (
        np.stack([np.take_along_axis(away, ((axis + k) % 3)[:, None], axis=1)[:, 0] for k in (1, 2)], axis=1)
        / np.maximum(np.abs(main), 1e-9)[:, None]
    )
    u, v = np.clip(np.floor((across / 2 + 0.5) * BINS), 0, BINS - 1).astype(np.int64).T
    return len(np.unique(((axis * 2 + (main > 0)) * BINS + u) * BINS + v)) / (6 * BINS**2)
