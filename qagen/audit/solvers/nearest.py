"""Which object is closest or farthest."""

import re

import numpy as np

from qagen.audit.checks import EPSILON, Check, Verdict, doubt, number, refuse, verdict
from qagen.audit.parse import boxes, meters, ordinal_image
from qagen.audit.resolve_marks import closest_box
from qagen.audit.solvers.base import Solver, UnreadableError, UnsolvedError

GAP_M, GAP_SHARE = 0.20, 0.15
SURE_PIXELS, FAINT_PIXELS = 200.0, 40.0
"""Visible pixels of 640 x 480 from which on a rival counts, and up to which it may be an artefact."""
_EXTREME = re.compile(r"\b(closest to|farthest from|closer to|farther from|close to|far from)\b")


def asks_closest(text: str) -> bool:
    """Whether the near or the far end is asked for. Raises UnreadableError when both or none are."""
    found = {match.startswith("clos") for match in _EXTREME.findall(text)}
    if len(found) != 1:
        raise UnreadableError("closest or farthest")
    return found.pop()


def lead_m(winner: float, rival: float, is_closest: bool) -> float:
    """By how much a winner leads beyond the least gap, metres."""
    gap = rival - winner if is_closest else winner - rival
    return gap - max(GAP_M, GAP_SHARE * max(winner, rival))


class NearestMarkedSolver(Solver):
    """Among marked objects, measured from one of them."""

    def solve(self) -> None:
        self.anchor = "objectA" if "objectA" in self.bound else "red"
        rivals = [token for token in self.item.tokens if token != self.anchor]
        if self.anchor not in self.bound or any(token not in self.bound for token in rivals) or len(rivals) < 2:
            raise UnsolvedError("not all objects found")
        self.away = {t: float(np.linalg.norm(self.center(t) - self.center(self.anchor))) for t in rivals}
        self.is_closest = asks_closest(self.item.question)
        self.ranked = sorted(rivals, key=lambda token: self.away[token], reverse=not self.is_closest)
        self.measured = {f"{token}_m": away for token, away in self.away.items()}

    def check_bare(self, text: str) -> list[Check]:
        match = re.fullmatch(r"@(\w+)", text)
        if match is None:
            raise UnreadableError(f"one object in {text!r}")
        return [self._winner(match[1])]

    def _winner(self, token: str) -> Check:
        told = ", ".join(f"{name} {away:.3f} m" for name, away in self.away.items())
        best, second = self.ranked[:2]
        lead = lead_m(self.away[best], self.away[second], self.is_closest)
        if token == best and lead < -EPSILON:
            return Check("winner", token, f"{told}: no clear lead", Verdict.DISAGREE, holds=True)
        return Check("winner", token, told, verdict(token == best), holds=token == best)

    def check_sentence(self, text: str) -> list[Check]:
        if asks_closest(text) != self.is_closest:
            raise UnreadableError("the same end of the order as the question")
        match = _EXTREME.search(text)
        assert match is not None
        before, after = text[: match.start()], text[match.end() :]
        as_close = re.search(r"no other .* as $", before)
        named = [token for token in re.findall(r"@(\w+)", before) if token != self.anchor]
        if not named:
            raise UnreadableError("the winner")
        winner = named[0] if as_close else named[-1]
        other = re.match(r" (?:the center of |that of )?the @(\w+)", after)
        checks = [self._winner(winner)]
        if other and other[1] != self.anchor:
            checks.append(refuse("measured from", other[1], self.anchor))
        order = [winner, *(token for token in self.ranked if token != winner)]
        return checks + [
            number(f"distance of {token}", stated, self.away[token], 0.1)
            for token, stated in zip(order, meters(text), strict=False)
        ]


class NearestOfAllSolver(Solver):
    """Among all visible objects of the named kinds, measured from the first image's camera."""

    def solve(self) -> None:
        self.is_closest = asks_closest(self.item.question)
        self.kinds = self._kinds()
        eye = self.view(0).eye
        self.away = [float(np.linalg.norm(thing.block.center - eye)) for thing in self.truth.things]
        named = [k for k, thing in enumerate(self.truth.things) if thing.is_asked and thing.names & self.kinds]
        sharp = self.truth.clean or self.truth
        looks = [sharp.look(name) for name in self.item.frames]
        self.pixels = {k: max(look.pixels(k) for look in looks) for k in named}

    def _kinds(self) -> frozenset[str]:
        for listed in re.findall(r": ([^:\[\]]+?)\.(?= |$)", self.item.question):
            names = self._split(listed)
            if names:
                return frozenset(names)
        raise UnreadableError("the kinds of objects that count")

    def _split(self, listed: str) -> list[str] | None:
        """Names of the scene joined by commas; a name may have a comma of its own."""
        parts, names = listed.split(", "), []
        while parts:
            size = next((n for n in (3, 2, 1) if ", ".join(parts[:n]).lower() in self.truth.ground.vocabulary), 0)
            if not size:
                return None
            names.append(", ".join(parts[:size]).lower())
            parts = parts[size:]
        return names

    def check_bare(self, text: str) -> list[Check]:
        """``lamp, [1, 2, 3, 4]``, ``lamp, image 2, [1, 2, 3, 4]``, or an option without a name."""
        label = re.match(r"(.+?), (?:image \d, )?\[", text) if self.item.format == "fill" else None
        return self._check(text, {label[1].lower()} if label else None)

    def check_sentence(self, text: str) -> list[Check]:
        names = {n for n in self.kinds if re.search(rf"\b[Tt]he {re.escape(n)}\b", text)}
        if asks_closest(text) != self.is_closest if _EXTREME.search(text) else False:
            raise UnreadableError("the same end of the order as the question")
        if not names:
            raise UnreadableError("the name of one of the kinds")
        return self._check(text, names)

    def _check(self, text: str, labels: set[str] | None) -> list[Check]:
        """``labels`` are the kinds that the text may name; "the box" may be one or only the answer's own box."""
        stated = boxes(text)
        if len(stated) != 1:
            raise UnreadableError(f"one box in {text!r}")
        image = ordinal_image(text) if len(self.item.images) > 1 else 0
        if image is None or image >= len(self.item.images):
            raise UnreadableError(f"an image in {text!r}")
        name = self.view(image).name
        named = [k for k in self.pixels if labels is None or labels & self.truth.things[k].names]
        if not named:
            return [refuse("winner", labels, sorted(self.kinds))]
        thing, check = closest_box("box", stated[0], self.truth.clean or self.truth, name, named)
        if thing is None:
            return [check]
        checks = [check, self._lead(thing)]
        return checks + [number("distance", value, self.away[thing], 0.1) for value in meters(text)[:1]]

    def _lead(self, winner: int) -> Check:
        leads = {k: lead_m(self.away[winner], self.away[k], self.is_closest) for k in self.pixels if k != winner}
        told = f"{self.truth.things[winner].label} {self.away[winner]:.3f} m"
        sure = {k: lead for k, lead in leads.items() if self.pixels[k] >= SURE_PIXELS}
        faint = {k: lead for k, lead in leads.items() if FAINT_PIXELS <= self.pixels[k] < SURE_PIXELS}
        worst = min(sure, key=lambda k: sure[k], default=None)
        if worst is not None and sure[worst] < -EPSILON:
            rival = f"{self.truth.things[worst].label} (id {self.truth.things[worst].id}) {self.away[worst]:.3f} m"
            gap = self.away[worst] - self.away[winner]
            holds = gap > 0 if self.is_closest else gap < 0
            return Check("winner", told, f"{rival}, {self.pixels[worst]:.0f} pixels", Verdict.DISAGREE, holds=holds)
        rivals = [k for k, lead in faint.items() if lead < -EPSILON]
        if rivals:
            return doubt("winner", told, f"{self.truth.things[rivals[0]].label} may be in view")
        return Check("winner", told, "leads", Verdict.AGREE, holds=True)
