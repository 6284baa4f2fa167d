"""Which object is closest or farthest: one solver for marked objects, one for all objects in view."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qagen.audit.checks import EPSILON, Check, Verdict, check_number, disagree, undecided, verdict_of
from qagen.audit.parse import boxes, ordinal_image
from qagen.audit.resolve_marks import closest_box
from qagen.audit.solvers.base import Solver, UnreadableError, UnsolvedError
from qagen.audit.solvers.distance import UNSURE_BAND_M

GAP_M, GAP_SHARE = 0.20, 0.15
"""Least difference between the winner and the others: meters, and a share of the larger distance."""
SURE_PIXELS, FAINT_PIXELS = 200.0, 40.0
"""Visible pixels of 640 x 480 from which on another object counts, and up to which it may be an artifact."""
_EXTREME = re.compile(r"\b(closest to|farthest from|closer to|farther from|close to|far from)\b")


def asks_closest(text: str) -> bool:
    """Whether a text asks for the closest, not the farthest. Raises UnreadableError where it asks for both or none."""
    found = {match.startswith("clos") for match in _EXTREME.findall(text)}
    if len(found) != 1:
        raise UnreadableError("closest or farthest")
    return found.pop()


def lead_m(winner: float, other: float, is_closest: bool) -> float:
    """By how much a distance leads beyond the least gap, meters."""
    gap = other - winner if is_closest else winner - other
    return gap - max(GAP_M, GAP_SHARE * max(winner, other))


class NearestMarkedSolver(Solver):
    """The closest or farthest of marked objects, measured from one of them."""

    family = "nearest"

    @classmethod
    def solves(cls, task: Mapping[str, Any]) -> bool:
        return task.get("asks") == "oo" and task.get("between") != "surfaces"

    def solve(self) -> None:
        self.anchor = "objectA" if "objectA" in self.marks else "red"
        others = [token for token in self.record.tokens if token != self.anchor]
        if self.anchor not in self.marks or any(token not in self.marks for token in others) or len(others) < 2:
            raise UnsolvedError("not all objects found")
        self.distances = {t: float(np.linalg.norm(self.center(t) - self.center(self.anchor))) for t in others}
        self.is_closest = asks_closest(self.record.question)
        self.ranked = sorted(others, key=lambda token: self.distances[token], reverse=not self.is_closest)
        self.measured = {f"{token}_m": distance for token, distance in self.distances.items()}

    def check_bare(self, text: str) -> list[Check]:
        match = re.fullmatch(r"@(\w+)", text)
        if match is None:
            raise UnreadableError(f"one object in {text!r}")
        return [self._check_winner(match[1])]

    def _check_winner(self, token: str) -> Check:
        found = ", ".join(f"{name} {distance:.3f} m" for name, distance in self.distances.items())
        best, second = self.ranked[:2]
        if token == best and lead_m(self.distances[best], self.distances[second], self.is_closest) < -EPSILON:
            return Check("winner", token, f"{found}: no clear lead", Verdict.DISAGREE, holds=True)
        return Check("winner", token, found, verdict_of(token == best), holds=token == best)

    def check_sentence(self, text: str) -> list[Check]:
        if asks_closest(text) != self.is_closest:
            raise UnreadableError("the same end of the order as the question")
        match = _EXTREME.search(text)
        assert match is not None
        before, after = text[: match.start()], text[match.end() :]
        named = [token for token in re.findall(r"@(\w+)", before) if token != self.anchor]
        if not named:
            raise UnreadableError("the winner")
        winner = named[0] if re.search(r"no other .* as $", before) else named[-1]
        checks = [self._check_winner(winner)]
        origin = re.match(r" (?:the center of |that of )?the @(\w+)", after)
        if origin and origin[1] != self.anchor:
            checks.append(disagree("measured from", origin[1], self.anchor))
        order = [winner, *(token for token in self.ranked if token != winner)]
        return checks + [
            self._check_distance(token, stated) for token, stated in zip(order, self.lengths(text), strict=False)
        ]

    def _check_distance(self, token: str, stated: float) -> Check:
        return check_number(f"distance of {token}", stated, self.distances[token], self.step)


class NearestSurfaceSolver(NearestMarkedSolver):
    """The closest or farthest of named objects, between the closest points of their surfaces and those of another."""

    family = "nearest"

    @classmethod
    def solves(cls, task: Mapping[str, Any]) -> bool:
        return task.get("between") == "surfaces"

    def solve(self) -> None:
        super().solve()
        original = self.truth.original or self.truth
        self.least: dict[str, float] = {}
        start = self.marks[self.anchor].instance
        for token in self.distances:
            other = self.marks[token].instance
            ours, theirs = (self.truth.center(one) - original.center(one) for one in (start, other))
            self.least[token], self.distances[token] = original.gaps.range_m(start, other, theirs - ours)
        self.ranked = sorted(self.distances, key=lambda token: self.distances[token], reverse=not self.is_closest)
        self.measured = {f"{token}_m": distance for token, distance in self.distances.items()}
        self.doubt = {f"{token}_m": self.distances[token] - self.least[token] for token in self.distances}

    def _check_distance(self, token: str, stated: float) -> Check:
        nearest = float(np.clip(stated, self.least[token], self.distances[token]))
        return check_number(f"distance of {token}", stated, nearest, self.step)

    def check_belief(self) -> list[Check]:
        """Not even if surface that was not scanned is nearer than what was may another object take the lead."""
        if self.truth.original is not None:
            return []
        lead = {relaxed: self._least_lead(relaxed) for relaxed in (True, False)}
        if lead[False] >= -UNSURE_BAND_M:
            return []
        make = disagree if lead[True] < -UNSURE_BAND_M else undecided
        return [make("surfaces that decide scanned", self.ranked[0], f"leads by {lead[False]:.3f} m less than it must")]

    def _least_lead(self, relaxed: bool) -> float:
        """The lead of the winner where boxes are as large as objects may be, meters."""
        start, belief = self.marks[self.anchor].instance, self.truth.belief
        near = {
            token: min(belief.boxes_apart_m(start, self.marks[token].instance, relaxed), self.distances[token])
            for token in self.distances
        }
        won, lost = (self.distances, near) if self.is_closest else (near, self.distances)
        best, *others = self.ranked
        return min(lead_m(won[best], lost[token], self.is_closest) for token in others)


class NearestOfAllSolver(Solver):
    """The closest or farthest of all visible objects of the named kinds, measured from the first image's camera."""

    family = "nearest"

    @classmethod
    def solves(cls, task: Mapping[str, Any]) -> bool:
        return task.get("asks") == "oc"

    def solve(self) -> None:
        self.winner: int | None = None
        """The instance that the answer names and that leads."""
        self.is_closest = asks_closest(self.record.question)
        eye = self.view(0).eye
        self.distances = [float(np.linalg.norm(one.box.center - eye)) for one in self.truth.instances]
        self.original = self.truth.original or self.truth
        named = [k for k, one in enumerate(self.truth.instances) if one.is_askable]
        if self.record.format == "select":
            named = self._boxed(named)
        else:
            self.kinds = self._listed_kinds()
            named = [k for k in named if self.truth.instances[k].names & self.kinds]
        rendered = [self.original.rendered(name) for name in self.record.frames]
        self.pixels = {k: max(view.pixels(k) for view in rendered) for k in named}

    def _boxed(self, among: Sequence[int]) -> list[int]:
        """The instances whose boxes the options are, which alone can be the answer."""
        found = []
        for option in self.record.options.values():
            image, stated = self._box_in(option)
            instance, _ = closest_box("box", stated, self.original, self.view(image).name, among)
            found += [] if instance is None else [instance]
        return found

    def _box_in(self, text: str) -> tuple[int, tuple[int, ...]]:
        """Image and box that a text states."""
        stated = boxes(text)
        if len(stated) != 1:
            raise UnreadableError(f"one box in {text!r}")
        image = ordinal_image(text) if len(self.record.images) > 1 else 0
        if image is None or image >= len(self.record.images):
            raise UnreadableError(f"an image in {text!r}")
        return image, stated[0]

    def _listed_kinds(self) -> frozenset[str]:
        for listed in re.findall(r": ([^:\[\]?]+?)[.?](?= |$)", self.record.question):
            pair = re.fullmatch(r"the (.+) or the (.+)", listed)
            listed = ", ".join(pair.groups()) if pair else listed.replace(", or ", ", ")
            names = self._split_names(listed)
            if names:
                return frozenset(names)
        raise UnreadableError("the kinds of objects that count")

    def _split_names(self, listed: str) -> list[str] | None:
        """Names of the scene joined by commas; a name may have a comma of its own."""
        parts, names = listed.split(", "), []
        while parts:
            size = next((n for n in (3, 2, 1) if ", ".join(parts[:n]).lower() in self.truth.scene.vocabulary), 0)
            if not size:
                return None
            names.append(", ".join(parts[:size]).lower())
            parts = parts[size:]
        return names

    def check_bare(self, text: str) -> list[Check]:
        """Check ``lamp, [1, 2, 3, 4]``, ``lamp, image 2, [1, 2, 3, 4]``, or an option without a name."""
        label = re.match(r"(.+?), (?:image \d, )?\[", text) if self.record.format == "fill" else None
        return self._check(text, {label[1].lower()} if label else None)

    def check_sentence(self, text: str) -> list[Check]:
        names = {name for name in self.kinds if re.search(rf"\bthe {re.escape(name)}\b", text, re.IGNORECASE)}
        if _EXTREME.search(text) and asks_closest(text) != self.is_closest:
            raise UnreadableError("the same end of the order as the question")
        if not names:
            raise UnreadableError("the name of one of the kinds")
        return self._check(text, names)

    def _check(self, text: str, labels: set[str] | None) -> list[Check]:
        """Check box and distance; ``labels`` may name more than the answer: "the box" is a kind or the answer's box."""
        image, stated = self._box_in(text)
        named = [k for k in self.pixels if labels is None or labels & self.truth.instances[k].names]
        if not named:
            return [disagree("winner", labels or text, "an object in view")]
        instance, check = closest_box("box", stated, self.original, self.view(image).name, named)
        if instance is None:
            return [check]
        distances = [
            check_number("distance", value, self.distances[instance], self.step) for value in self.lengths(text)[:1]
        ]
        return [check, self._check_lead(instance), *distances]

    def check_belief(self) -> list[Check]:
        if self.winner is None or self.truth.original is not None:
            return []
        belief = self.truth.belief
        return [*belief.check_center(self.winner), *belief.check_whole(self.winner)]

    def _check_lead(self, winner: int) -> Check:
        """No other object in view may come close; faint ones leave a doubt."""
        stated = f"{self.truth.instances[winner].label} {self.distances[winner]:.3f} m"
        leads = {
            k: lead_m(self.distances[winner], self.distances[k], self.is_closest) for k in self.pixels if k != winner
        }
        sure = {k: lead for k, lead in leads.items() if self.pixels[k] >= SURE_PIXELS}
        worst = min(sure, key=lambda k: sure[k], default=None)
        if worst is not None and sure[worst] < -EPSILON:
            other = self.truth.instances[worst]
            found = f"{other.label} (id {other.id}) {self.distances[worst]:.3f} m, {self.pixels[worst]:.0f} pixels"
            gap = self.distances[worst] - self.distances[winner]
            holds = gap > 0 if self.is_closest else gap < 0
            return Check("winner", stated, found, Verdict.DISAGREE, holds=holds)
        faint = [k for k, lead in leads.items() if FAINT_PIXELS <= self.pixels[k] < SURE_PIXELS and lead < -EPSILON]
        if faint:
            return undecided("winner", stated, f"{self.truth.instances[faint[0]].label} may be in view")
        self.winner = winner
        return Check("winner", stated, "leads", Verdict.AGREE, holds=True)
