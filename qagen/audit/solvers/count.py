"""How many instances of a name a video shows."""

import re

from qagen.audit.checks import Check, Verdict, disagree, undecided
from qagen.audit.solvers.base import Sight, UnreadableError, VideoSolver

_COUNTED = re.compile(
    r"(?:how many(?: different| distinct)?|number of|count of|count(?: all| the)?|separate|individual) "
    r"(?:the )?",
    re.IGNORECASE,
)
_IRREGULAR = {"mouse": "mice", "child": "children", "man": "men", "woman": "women", "foot": "feet"}


class CountSolver(VideoSolver):
    """The number of instances of the names in the question."""

    family = "count"

    def solve(self) -> None:
        self.names = self._counted_names() if self.record.task.get("labels") == 2 else [self._counted_name()]
        self.best = [max(self.sights(k)) for name in self.names for k in self.named(name)]

    def _counted_names(self) -> list[str]:
        """Two names that the question joins."""
        singular = {form: name for name in self.truth.scene.vocabulary for form in plurals(name)}
        forms = "|".join(map(re.escape, sorted(singular, key=len, reverse=True)))
        pair = rf"(?<![\w-])({forms})(?: and | plus )(?:all |the )?({forms})(?![\w-])"
        found = re.search(pair, self.record.question.lower())
        if found is None:
            raise UnreadableError("two names that are counted together")
        return [singular[form] for form in found.groups()]

    def _counted_name(self) -> str:
        singular = {form: name for name in self.truth.scene.vocabulary for form in plurals(name)}
        for match in _COUNTED.finditer(self.record.question):
            rest = self.record.question[match.end() :]
            found = [form for form in singular if re.match(rf"{re.escape(form)}\b", rest, re.IGNORECASE)]
            if found:
                return singular[max(found, key=len)]
        raise UnreadableError("what is counted")

    def check_question(self) -> list[Check]:
        counts = [len(self.named(name)) for name in self.names]
        is_few = len(counts) > 1 and min(counts) < 2
        found = [disagree("counts", counts, "several of each name")] if is_few else []
        return [*self.check_all_named(self.names), *found]

    def check_bare(self, text: str) -> list[Check]:
        if not re.fullmatch(r"\d+", text):
            raise UnreadableError(f"a whole number in {text!r}")
        return [self._check_count(int(text))]

    def check_sentence(self, text: str) -> list[Check]:
        rest = text.lower()
        for form in [form for name in self.names for form in (*plurals(name), name)]:
            rest = rest.replace(form, "")
        stated = re.findall(r"\b\d+\b", rest)
        if len(stated) != 1:
            raise UnreadableError(f"one number in {text!r}")
        return [self._check_count(int(stated[0]))]

    def _check_count(self, stated: int) -> Check:
        """All that are annotated must be seen, so that the count of the video is that of the room."""
        seen, nearly = (sum(sight >= least for sight in self.best) for least in (Sight.SEEN, Sight.NEARLY))
        found = f"{seen} seen, {nearly - seen} nearly, {len(self.best)} annotated as {' or '.join(self.names)}"
        if stated != len(self.best) or nearly < stated:
            return disagree("count", stated, found)
        if seen < stated:
            return undecided("count", stated, found)
        return Check("count", str(stated), found, Verdict.AGREE, holds=True)


def plurals(label: str) -> list[str]:
    """What several instances of a name may be called."""
    joint = re.search(r" (?:of|for|with|in|on|from|to|under|by) .*", label)
    head, tail = (label[: joint.start()], joint[0]) if joint else (label, "")
    forms = [f"{head}s", f"{head}es", re.sub(r"y$", "ies", head), re.sub(r"fe?$", "ves", head)]
    *before, noun = head.split(" ")
    forms += [" ".join([*before, _IRREGULAR[noun]])] if noun in _IRREGULAR else []
    return [form + tail for form in forms if form != head] + ([label] if label.endswith("fish") else [])
