"""Twins without an answer: whether their images show nothing of an object that the answer needs.

Which objects these are, is read from the question again, by rules of each family:

* imagination: the object where the observer would stand, and the one asked about; of two that are asked about, either.
  Not the one that is faced: heights can be told without it.
* order: any of the four.
* distance, volume, camera_direction, standing, cardinal: any of those named.
* nearest: the object to measure from. Which of the others is closest may follow from those in view.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Check, Verdict, check_equal, disagree, undecided
from qagen.audit.rationale.check import check_rationale
from qagen.audit.solvers.base import FAINT_PIXELS, UnreadableError, VideoSolver
from qagen.audit.solvers.imagination import read_move
from qagen.audit.truth import SceneTruth


class TwinSolver(VideoSolver):
    """What the images of a twin show of the objects that its question names."""

    def solve(self) -> None:
        family = str(self.record.task.get("family"))
        if family not in NEEDED:
            raise UnreadableError(f"no twin of family {family}")
        self.needed = NEEDED[family](self)
        """Names, none of which the images may show for the answer to be unknown; one such set is enough."""

    def check_sentence(self, text: str) -> list[Check]:
        raise UnreadableError("the letter of an option")

    def label(self, token: str) -> str:
        """The name of a mentioned object. Raises UnreadableError."""
        found = {mention.label for mention in self.record.mentions if mention.token == token}
        if len(found) != 1:
            raise UnreadableError(f"one name of {token}")
        return found.pop()

    def check_unseen(self, names: Sequence[str]) -> list[Check]:
        """Whether no image shows anything that may go by these names, annotated or not; failed checks only."""
        return [check for name in names for check in (*self._check_absent(name), *self.check_all_named([name]))]

    def _check_absent(self, name: str) -> Iterator[Check]:
        alike = [k for k, one in enumerate(self.truth.instances) if any(_is_alike(other, name) for other in one.names)]
        if not alike:
            yield disagree(f"{name} in view", "absent", "no object of the scene")
        for image, rendered in enumerate(self.rendered):
            pixels = max((rendered.pixels(k) for k in alike), default=0.0)
            if pixels > 0:
                make = disagree if pixels > FAINT_PIXELS else undecided
                yield make(f"{name} in image {image}", "absent", f"{pixels:.0f} pixels")


def _is_alike(name: str, other: str) -> bool:
    """Whether one name is the other with words before it: "office chair" and "chair"."""
    first, second = f" {name.lower()}", f" {other.lower()}"
    return first.endswith(second) or second.endswith(first)


def _needed_to_imagine(solver: TwinSolver) -> list[tuple[str, ...]]:
    goal, _, asked = read_move(solver.record)
    return [(solver.label(token),) for token in ([goal, *asked] if len(asked) == 1 else asked)]


def _needed_for_order(solver: TwinSolver) -> list[tuple[str, ...]]:
    names = sorted((re.escape(name) for name in solver.truth.scene.vocabulary), key=len, reverse=True)
    one = rf"({'|'.join(names)})"
    match = re.search(rf"\b{one}, {one}, {one}, and {one}\b", solver.record.question, re.IGNORECASE)
    if match is None:
        raise UnreadableError("four names of the scene")
    return [(name.lower(),) for name in match.groups()]


def _each_named(solver: TwinSolver) -> list[tuple[str, ...]]:
    return [(solver.label(token),) for token in solver.record.tokens]


def _measured_from(solver: TwinSolver) -> list[tuple[str, ...]]:
    return [(solver.label("objectA"),)]


NEEDED: Mapping[str, Callable[[TwinSolver], list[tuple[str, ...]]]] = {
    "imagination": _needed_to_imagine,
    "order": _needed_for_order,
    "distance": _each_named,
    "volume": _each_named,
    "camera_direction": _each_named,
    "nearest": _measured_from,
    "standing": _each_named,
    "cardinal": _each_named,
}
"""By family, the names of the objects that a question needs: sets, each of which is enough to leave it unanswered."""


def check_twin(record: AuditRecord, truth: SceneTruth) -> list[Check]:
    """All geometric checks of a twin."""
    checks = [check_equal("letter that it cannot be told", record.answer, record.untold)]
    if record.is_video and record.frames != sorted(set(record.frames), key=list(truth.scene.views).index):
        checks.append(disagree("frames of the twin", record.frames[:3], "different frames in the order of time"))
    try:
        solver = TwinSolver(record, {}, truth)
    except UnreadableError as error:
        return [*checks, disagree("wording", record.question, f"cannot be read: expected {error}")]
    tried = [(solver.check_unseen(names), names) for names in solver.needed]
    failed = min((failed for failed, _ in tried), key=_doubt)
    unseen = [names for failed, names in tried if _doubt(failed) < 2]
    return [*checks, *failed, *_check_rationale(record, truth, unseen)]


def _doubt(failed: Sequence[Check]) -> int:
    """0 where nothing failed, 1 where something is undecided, 2 where something disagrees."""
    return max(({Verdict.DISAGREE: 2, Verdict.UNDECIDED: 1}.get(check.verdict, 0) for check in failed), default=0)


def _check_rationale(record: AuditRecord, truth: SceneTruth, unseen: Sequence[tuple[str, ...]]) -> Iterator[Check]:
    """It says that nothing of some names is in view, which may be true, and then the answer."""
    yield from check_rationale(record, None, truth)
    steps = record.evidence.get("rationale")
    if steps is None:
        return
    told = tuple(str(step.get("label")).lower() for step in steps[:-1] if step.get("value") == 0)
    kinds = [f"{step['step']} {step['form']}" for step in steps]
    if kinds != ["tally shown"] * len(told) + ["answer letter"] or told not in unseen:
        yield disagree("steps of the rationale", [step["says"] for step in steps], "names without which it is unknown")
    elif steps[-1].get("letter") != record.answer:
        yield disagree("letter of the rationale", steps[-1].get("letter"), record.answer)


@dataclass(eq=False)
class TwinPairs:
    """The questions with the option that they cannot be told, of one scene."""

    _members: dict[tuple[str, str, str], list[AuditRecord]] = field(default_factory=lambda: defaultdict(list))

    def add(self, record: AuditRecord) -> None:
        """Add a record; of one without the option nothing is kept."""
        if record.untold is not None:
            self._members[record.type, record.format, record.group].append(record)

    def check(self) -> Iterator[tuple[str, str, Check]]:
        """Type, format and check of each pair."""
        for (type_name, answer_format, group), members in sorted(self._members.items(), key=lambda one: one[0]):
            yield type_name, answer_format, _check_pair(group, members)


def _check_pair(group: str, members: Sequence[AuditRecord]) -> Check:
    """Two of a group, which differ in nothing but their images and the letter."""
    what = f"pair {group}"
    variants = sorted(record.variant for record in members)
    if not group or variants != ["original", "unanswerable"]:
        return disagree(what, variants, "an original and one without answer")
    first, second = members
    if first.question != second.question or first.all_options != second.all_options:
        return disagree(what, second.human, first.human)
    if len(first.frames) != len(second.frames) or set(first.frames) == set(second.frames):
        return disagree(what, second.frames[:3], f"{len(first.frames)} other images")
    return Check(what, "a pair", "a pair", Verdict.AGREE)
