"""Answers about what images show: matching, frames, order of appearance, counts."""

import re
from functools import cached_property

from qagen.audit.checks import Check, Verdict, doubt, refuse, same
from qagen.audit.parse import boxes, frame_numbers
from qagen.audit.resolve_marks import compare_box
from qagen.audit.solvers.base import Solver, UnreadableError

SURE_PIXELS, FAINT_PIXELS = 200.0, 60.0
"""Visible pixels of 640 x 480 from which on a thing is surely shown, and up to which it may be an artefact."""
_COUNTED = re.compile(
    r"(?:how many(?: different| distinct)?|number of|count(?: all| the)?|separate|individual|look for|each of the) "
    r"(?:the )?",
    re.IGNORECASE,
)


class MatchingSolver(Solver):
    """The box of the same object in the second image."""

    needs = ("red",)

    def solve(self) -> None:
        self.second = self.view(1).name

    def check_bare(self, text: str) -> list[Check]:
        if not re.fullmatch(r"\[\d+, \d+, \d+, \d+\]", text):
            raise UnreadableError(f"a bare box in {text!r}")
        return self.check_sentence(text)

    def check_sentence(self, text: str) -> list[Check]:
        stated = boxes(text)
        if len(stated) != 1:
            raise UnreadableError(f"one box in {text!r}")
        return [compare_box("box in the second image", stated[0], self.truth, self.second, self.bound["red"].thing)]


class VideoSolver(Solver):
    """Solvers that look at all frames."""

    @cached_property
    def looks(self):
        """What each frame shows."""
        return [self.truth.look(self.view(image).name) for image in range(len(self.item.images))]

    def pixels(self, thing: int) -> list[float]:
        """Visible pixels of a thing in each frame."""
        return [look.pixels(thing) for look in self.looks]

    def named(self, label: str) -> list[int]:
        """Things of that name."""
        return [k for k, thing in enumerate(self.truth.things) if thing.label == label and thing.is_asked]


class LocateSolver(VideoSolver):
    """Numbers of the frames that show the marked object."""

    needs = ("red",)

    def solve(self) -> None:
        self.seen = self.pixels(self.bound["red"].thing)

    def check_bare(self, text: str) -> list[Check]:
        raise UnreadableError("frames are told in sentences")

    def check_sentence(self, text: str) -> list[Check]:
        stated = frame_numbers(text)
        if not stated or stated != sorted(set(stated)) or stated[-1] >= len(self.seen):
            raise UnreadableError(f"frame numbers in {text!r}")
        return [self._check(number, number in stated, seen) for number, seen in enumerate(self.seen)]

    def _check(self, number: int, is_stated: bool, pixels: float) -> Check:
        what, told = f"Frame-{number}", f"{pixels:.0f} pixels in view"
        if (pixels > 0) == is_stated:
            return Check(what, "shown" if is_stated else "not shown", told, Verdict.AGREE, holds=True)
        is_faint = pixels <= FAINT_PIXELS and not is_stated
        return (doubt if is_faint else refuse)(what, "shown" if is_stated else "not shown", told)


class OrderSolver(VideoSolver):
    """Four names by the first frame that shows such a thing."""

    def solve(self) -> None:
        self.labels = self._labels()
        self.first = {label: self._first(label) for label in self.labels}

    def _labels(self) -> list[str]:
        names = sorted((re.escape(name) for name in self.truth.ground.vocabulary), key=len, reverse=True)
        one = rf"({'|'.join(names)})"
        match = re.search(rf"\b{one}, {one}, {one}, and {one}\b", self.item.question)
        if match is None:
            raise UnreadableError("four names of the scene")
        return list(match.groups())

    def _first(self, label: str) -> tuple[int | None, int | None]:
        """The first frame that shows such a thing surely, and the first that shows anything of one."""
        best = [max((look.pixels(k) for k in self.named(label)), default=0.0) for look in self.looks]
        sure = next((k for k, pixels in enumerate(best) if pixels >= SURE_PIXELS), None)
        return sure, next((k for k, pixels in enumerate(best) if pixels > 0), None)

    def check_bare(self, text: str) -> list[Check]:
        return (
            self._compare(text.split(", ")) if len(text.split(", ")) == len(self.labels) else self.check_sentence(text)
        )

    def check_sentence(self, text: str) -> list[Check]:
        places = {label: self._place_in(label, text) for label in self.labels}
        if min(places.values()) < 0:
            raise UnreadableError(f"all four names in {text!r}")
        order = sorted(self.labels, key=lambda label: places[label])
        checks = self._compare(order)
        for label, stated in zip(order, frame_numbers(text), strict=False):
            sure, any_ = self.first[label]
            agrees = same(f"first frame of {label}", stated, sure)
            is_faint = agrees.verdict is not Verdict.AGREE and any_ is not None and any_ <= stated <= (sure or stated)
            checks.append(doubt(f"first frame of {label}", stated, f"{any_} to {sure}") if is_faint else agrees)
        return checks

    def _place_in(self, label: str, text: str) -> int:
        """Where a name stands on its own, not as part of a longer one of the four."""
        longer = [other for other in self.labels if label in other and other != label]
        for other in longer:
            text = text.replace(other, "#" * len(other))
        match = re.search(rf"\b{re.escape(label)}\b", text, re.IGNORECASE)
        return match.start() if match else -1

    def _compare(self, order: list[str]) -> list[Check]:
        order = [name.lower() for name in order]
        if set(order) != set(self.labels):
            return [refuse("names", order, self.labels)]
        told = ", ".join(f"{label} {self.first[label][0]}" for label in order)
        sure = [first for label in order if (first := self.first[label][0]) is not None]
        faint = [first for label in order if (first := self.first[label][1]) is not None]
        if len(sure) < len(order):
            return [doubt("order", order, told)]
        is_right = sure == sorted(sure) and len(set(sure)) == len(sure)
        if is_right and sure != faint and faint != sorted(faint):
            return [doubt("order", order, f"{told}; anything of them {faint}")]
        return [Check("order", str(order), told, Verdict.AGREE if is_right else Verdict.DISAGREE, holds=is_right)]


class CountSolver(VideoSolver):
    """How many things of a name the video shows."""

    def solve(self) -> None:
        self.name = self._name()
        best = [max(self.pixels(k)) for k in self.named(self.name)]
        self.sure = sum(pixels >= SURE_PIXELS for pixels in best)
        self.any = sum(pixels > 0 for pixels in best)
        self.all = len(best)

    def _name(self) -> str:
        plural = {form: name for name in self.truth.ground.vocabulary for form in plurals(name)}
        for match in _COUNTED.finditer(self.item.question):
            rest = self.item.question[match.end() :]
            found = [form for form in plural if re.match(rf"{re.escape(form)}\b", rest)]
            if found:
                return plural[max(found, key=len)]
        raise UnreadableError("what is counted")

    def check_bare(self, text: str) -> list[Check]:
        if not re.fullmatch(r"\d+", text):
            raise UnreadableError(f"a whole number in {text!r}")
        return [self._check(int(text))]

    def check_sentence(self, text: str) -> list[Check]:
        stated = re.findall(r"\b\d+\b", text.replace(self.name, ""))
        if len(stated) != 1:
            raise UnreadableError(f"one number in {text!r}")
        return [self._check(int(stated[0]))]

    def _check(self, stated: int) -> Check:
        found = f"{self.sure} well in view, {self.any} at all, {self.all} annotated as {self.name}"
        if stated == self.sure == self.all:
            return Check("count", str(stated), found, Verdict.AGREE, holds=True)
        return (doubt if stated == self.any == self.all else refuse)("count", stated, found)


def plurals(label: str) -> list[str]:
    """What several of a thing may be called."""
    joint = re.search(r" (?:of|for|with|in|on|from|to|under|by) .*", label)
    head, tail = (label[: joint.start()], joint[0]) if joint else (label, "")
    forms = [f"{head}s", f"{head}es", re.sub(r"y$", "ies", head), re.sub(r"fe?$", "ves", head)]
    irregular = {"mouse": "mice", "child": "children", "man": "men", "woman": "women", "foot": "feet"}
    *before, noun = head.split(" ")
    forms += [" ".join([*before, irregular[noun]])] if noun in irregular else []
    return [form + tail for form in forms if form != head] + ([label] if label.endswith("fish") else [])
