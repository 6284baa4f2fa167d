"""How many instances of a name a video shows."""

import re

from qagen.audit.checks import Check, Verdict, disagree, undecided
from qagen.audit.solvers.base import UnreadableError, VideoSolver

SURE_PIXELS = 200.0
"""Visible pixels of 640 x 480 from which on an instance is surely shown."""
_COUNTED = re.compile(
    r"(?:how many(?: different| distinct)?|number of|count of|count(?: all| the)?|separate|individual) "
    r"(?:the )?",
    re.IGNORECASE,
)
_IRREGULAR = {"mouse": "mice", "child": "children", "man": "men", "woman": "women", "foot": "feet"}


class CountSolver(VideoSolver):
    """The number of instances of the name in the question."""

    family = "count"

    def solve(self) -> None:
        self.name = self._counted_name()
        best = [max(self.pixels(k)) for k in self.named(self.name)]
        self.sure = sum(pixels >= SURE_PIXELS for pixels in best)
        self.shown = sum(pixels > 0 for pixels in best)
        self.annotated = len(best)

    def _counted_name(self) -> str:
        singular = {form: name for name in self.truth.scene.vocabulary for form in plurals(name)}
        for match in _COUNTED.finditer(self.record.question):
            rest = self.record.question[match.end() :]
            found = [form for form in singular if re.match(rf"{re.escape(form)}\b", rest, re.IGNORECASE)]
            if found:
                return singular[max(found, key=len)]
        raise UnreadableError("what is counted")

    def check_bare(self, text: str) -> list[Check]:
        if not re.fullmatch(r"\d+", text):
            raise UnreadableError(f"a whole number in {text!r}")
        return [self._check_count(int(text))]

    def check_sentence(self, text: str) -> list[Check]:
        stated = re.findall(r"\b\d+\b", text.lower().replace(self.name, ""))
        if len(stated) != 1:
            raise UnreadableError(f"one number in {text!r}")
        return [self._check_count(int(stated[0]))]

    def _check_count(self, stated: int) -> Check:
        found = f"{self.sure} well in view, {self.shown} at all, {self.annotated} annotated as {self.name}"
        if stated == self.sure == self.annotated:
            return Check("count", str(stated), found, Verdict.AGREE, holds=True)
        return (undecided if stated == self.shown == self.annotated else disagree)("count", stated, found)


def plurals(label: str) -> list[str]:
    """What several instances of a name may be called."""
    joint = re.search(r" (?:of|for|with|in|on|from|to|under|by) .*", label)
    head, tail = (label[: joint.start()], joint[0]) if joint else (label, "")
    forms = [f"{head}s", f"{head}es", re.sub(r"y$", "ies", head), re.sub(r"fe?$", "ves", head)]
    *before, noun = head.split(" ")
    forms += [" ".join([*before, _IRREGULAR[noun]])] if noun in _IRREGULAR else []
    return [form + tail for form in forms if form != head] + ([label] if label.endswith("fish") else [])
