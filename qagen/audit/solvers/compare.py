"""Which of two named objects has more, or less, of a quality."""

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from qagen.audit.checks import EPSILON, Check, Verdict, disagree, undecided, verdict_of
from qagen.audit.resolve_marks import BOX_SLACK, SPECKLE
from qagen.audit.solvers.base import Solver, UnreadableError, UnsolvedError
from qagen.audit.solvers.contact import DOUBT_SHARE, share_inside
from qagen.audit.solvers.distance import UNSURE_BAND_M
from qagen.audit.solvers.foreshortening import check_seen_across, length_of

LIMITS: Mapping[str, float] = {
    "away_m": 0.2, "away_share": 0.15, "min_height_m": 0.2, "gap_share": 0.25, "gap_m": 0.1, "max_ratio": 2.5,
    "min_aside": 0.03, "max_roll_deg": 10.0, "max_sunk_m": 0.02, "min_over": 0.5,
    "min_shown": 0.7, "min_in_image": 0.9, "min_visible": 0.5,
}  # fmt: skip
"""What the type has for each of its parameters that it does not name."""
_ASKED: Mapping[str, tuple[str, bool]] = {
    "closer to the camera": ("distance", False), "farther from the camera": ("distance", True),
    "physically lower down": ("height", False), "physically higher up": ("height", True),
    "shorter in height": ("size", False), "taller": ("size", True),
    "farther left in the image": ("side", False), "farther right in the image": ("side", True),
    "directly below": ("stack", False), "directly above": ("stack", True),
}  # fmt: skip
"""What a question compares, and whether it asks for the one that has more of it."""
SLACK = 0.1
"""Shares may fall short of their limits by this share of them, because rays and rasters differ."""
_COMPARED = re.compile(rf"\b({'|'.join(_ASKED)})\b")


class CompareSolver(Solver):
    """Distances of surfaces, ends of boxes, and what rays show of two objects."""

    family = "compare"
    needs = ("red", "blue")

    def solve(self) -> None:
        found = {_ASKED[phrase] for phrase in _COMPARED.findall(self.record.question)}
        if len(found) != 1:
            raise UnreadableError("one thing that is compared")
        self.quality, self.asks_more = found.pop()
        self.seen = self.view(0)
        self.boxes = {token: self.truth.instances[self.marks[token].instance].box for token in self.needs}
        self.lead = {
            "distance": self._solve_distance,
            "height": self._solve_height,
            "size": self._solve_size,
            "side": self._solve_side,
            "stack": self._solve_stack,
        }[self.quality]()

    @property
    def less(self) -> str:
        """The object that has less of what is compared."""
        return next(token for token in self.needs if token != self.more)

    def limit(self, name: str) -> float:
        """A parameter of the type."""
        return float(self.record.task.get(name, LIMITS[name]))

    def _rank(self, values: Mapping[str, float]) -> None:
        self.values = values
        self.more = max(self.needs, key=lambda token: values[token])

    def _ends(self, token: str) -> NDArray:
        """(2,) heights of the lower and the upper end of a box."""
        return self.center(token)[2] + np.array([-0.5, 0.5]) * self.boxes[token].size[2]

    def _solve_distance(self) -> float:
        """How much more than it must the farther object is away, meters, by surfaces and by centers."""
        original = self.truth.original or self.truth
        surfaces, centers = {}, {}
        for token in self.needs:
            instance = self.marks[token].instance
            moved = self.center(token) - original.center(instance)
            least, surfaces[token] = original.gaps.range_from_place_m(self.seen.eye - moved, instance)
            centers[token] = float(np.linalg.norm(self.center(token) - self.seen.eye))
            self.measured |= {f"{token}_m": surfaces[token], f"{token}_center_m": centers[token]}
            self.doubt[f"{token}_m"] = surfaces[token] - least
        self._rank(surfaces)
        slack = sum(self.doubt.values())
        return min(self._lead_m(surfaces) + slack, self._lead_m(centers))

    def _lead_m(self, away: Mapping[str, float]) -> float:
        least = 0.0 if self.truth.scene.unit_m is None else self.limit("away_m")
        far, near = away[self.more], away[self.less]
        return far - near - max(least, self.limit("away_share") * far)

    def _solve_height(self) -> float:
        heights = {token: float(self.center(token)[2]) for token in self.needs}
        self._rank(heights)
        self.measured = {f"{token}_up_m": z - float(self.seen.eye[2]) for token, z in heights.items()}
        (low, high), (_, other_high) = self._ends(self.more), self._ends(self.less)
        apart = heights[self.more] - heights[self.less] - self.limit("min_height_m")
        return float(min(apart, low - heights[self.less], high - other_high))

    def _solve_size(self) -> float:
        heights = {token: length_of(box, "height") for token, box in self.boxes.items()}
        self._rank(heights)
        self.measured = {f"{token}_m": value for token, value in heights.items()}
        taller, shorter = heights[self.more], heights[self.less]
        least = max(self.limit("gap_share") * taller, self.limit("gap_m"))
        return min(taller - shorter - least, self.limit("max_ratio") * shorter - taller)

    def _solve_side(self) -> float:
        edges = {token: self._visible(token)[[0, 2]] for token in self.needs}
        self._rank({token: float(pair.mean()) for token, pair in edges.items()})
        for token, (left, right) in edges.items():
            self.measured |= {f"{token}_left": float(left), f"{token}_right": float(right)}
            self.doubt |= {f"{token}_left": SPECKLE, f"{token}_right": SPECKLE}
        apart = edges[self.more][0] - edges[self.less][1] + 2 * BOX_SLACK
        return float(apart / 1000 - self.limit("min_aside"))

    def _solve_stack(self) -> float:
        ends = {token: self._ends(token) for token in self.needs}
        self._rank({token: float(pair[0]) for token, pair in ends.items()})
        above = float(ends[self.more][0] - ends[self.less][1])
        over = share_inside(self.boxes[self.more], self.boxes[self.less], on_floor_plan=True)
        self.measured, self.doubt = {"above_m": above, "over": over}, {"over": 2 * DOUBT_SHARE}
        lead = min(above + self.limit("max_sunk_m"), over + 2 * DOUBT_SHARE - self.limit("min_over"))
        upper, lower = (self._visible(token)[[1, 3]] for token in (self.more, self.less))
        return lead if (upper < lower + 2 * BOX_SLACK).all() else -1.0

    def _visible(self, token: str) -> NDArray:
        """(4,) edges of what is visible of an object, thousandths."""
        box = self.truth.rendered(self.seen.name).box(self.marks[token].instance)
        if box is None:
            raise UnsolvedError(f"nothing visible of {token}")
        return box

    def check_question(self) -> list[Check]:
        if self.truth.original is not None:
            return []
        if self.quality == "size":
            across = [check for token in self.needs for check in check_seen_across(self, token, "height")]
            return [*across, *self._check_shown("min_in_image")]
        turned = self._check_upright() if self.quality in ("side", "stack") else []
        return turned if self.quality == "side" else [*turned, *self._check_shown("min_shown")]

    def _check_shown(self, inside: str) -> list[Check]:
        """How much of each object is in the image, and not hidden; failed checks only."""
        checks = []
        for token in self.needs:
            shares = self.truth.unoccluded.shares(self.seen, self.marks[token].instance)
            pixels = self.truth.rendered(self.seen.name).pixels(self.marks[token].instance)
            if shares is None:
                continue
            found = {"in the image": (shares[1], inside), "visible": (pixels / max(shares[0], 1.0), "min_visible")}
            checks += [
                disagree(f"share of {token} {what}", f"{share:.2f}", f"at least {self.limit(name):g}")
                for what, (share, name) in found.items()
                if share < self.limit(name) * (1 - SLACK)
            ]
        return checks

    def _check_upright(self) -> list[Check]:
        """The camera must not be tilted sideways where sides of its image count; failed checks only."""
        roll = abs(float(np.degrees(np.arctan2(self.seen.T_wc[2, 0], -self.seen.T_wc[2, 1]))))
        most = self.limit("max_roll_deg")
        return (
            [] if roll <= most + EPSILON else [disagree("roll of the camera", f"{roll:.1f} deg", f"at most {most:g}")]
        )

    def check_belief(self) -> list[Check]:
        if self.truth.original is not None or self.quality == "side":
            return []
        if self.quality == "distance":
            return self._check_unseen()
        ends = [self.truth.belief.check_size(self.marks[token].instance, ("lower", "upper")) for token in self.needs]
        return [check for checks in ends for check in checks]

    def _check_unseen(self) -> list[Check]:
        """Not even if surface that was not scanned is nearer than what was may the other object be as near."""
        far = self.marks[self.more].instance
        leads = {}
        for relaxed in (True, False):
            reach = self.truth.belief.box_from_place_m(self.seen.eye, far, relaxed)
            leads[relaxed] = self._lead_m({**self.values, self.more: min(self.values[self.more], reach)})
        if leads[False] >= -UNSURE_BAND_M:
            return []
        make = disagree if leads[True] < -UNSURE_BAND_M else undecided
        return [make("surfaces that decide scanned", self.less, f"leads by {-leads[False]:.3f} m less than it must")]

    def check_bare(self, text: str) -> list[Check]:
        match = re.fullmatch(r"@(\w+)", text)
        if match is None or match[1] not in self.needs:
            raise UnreadableError(f"one of the two objects in {text!r}")
        return [self._check(match[1], True)]

    def check_sentence(self, text: str) -> list[Check]:
        raise UnreadableError("no sentence from this type")

    def check_claim(self, is_yes: bool) -> list[Check]:
        if len(self.record.tokens) != 2:
            raise UnreadableError("two objects in the claim")
        return [self._check(self.record.tokens[0], is_yes)]

    def _check(self, token: str, is_stated: bool) -> Check:
        """Whether an object, or not this one, is the one that is asked for."""
        right = self.more if self.asks_more else self.less
        found = f"{right}, {', '.join(f'{name} {value:.3f}' for name, value in self.values.items())}"
        what, stated, holds = self.quality, token if is_stated else f"not {token}", (token == right) == is_stated
        if holds and self.lead < -EPSILON:
            return Check(what, stated, f"{found}: unclear by {-self.lead:.3f}", Verdict.DISAGREE, holds=True)
        return Check(what, stated, found, verdict_of(holds), holds=holds)
