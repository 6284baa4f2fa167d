"""Faults that are planted in records about the camera's motion must be found.

The room of test_planted_faults.py is filmed by a camera that only turns, the studio by one that does several things.
"""

import re
from collections.abc import Callable
from functools import cache

import pytest

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Verdict, worst_verdict
from qagen.audit.from_loader import to_audit_scene
from qagen.audit.settings import task_parameters
from qagen.audit.solvers.registry import examine
from qagen.audit.truth import SceneTruth
from qagen.core.sample import Sample
from qagen.files import TEMPLATES
from qagen.pipeline.config import RunConfig
from qagen.pipeline.record import to_record
from qagen.pipeline.run import TaskCounts, make_samples
from qagen.tasks.registry import load_task
from qagen.visibility.views import SceneViews, observe
from qagen.wording.phrasebook import Phrasebook
from tests.scenes import studio_for
from tools.proofread import WITH_OPTIONS

pytestmark = pytest.mark.slow

Fault = Callable[[str, str], tuple[str, str]]
"""Makes another question and answer; the same where a record has nothing of the kind."""


@cache
def views() -> SceneViews:
    return observe(studio_for("motion_order"))


@cache
def truth() -> SceneTruth:
    return SceneTruth.of(to_audit_scene(studio_for("motion_order"), "studio"))


@cache
def samples(type_name: str, answer_format: str) -> list[Sample]:
    family = load_task(type_name, WITH_OPTIONS.get(type_name))
    made = make_samples(family, views(), Phrasebook(TEMPLATES), RunConfig(per_scene=12), TaskCounts())
    return [sample for sample in made if sample.format == answer_format]


def verdict(sample: Sample, human: str, gpt: str) -> Verdict:
    raw = dict(to_record(sample, load_task(sample.type), views(), rgbd=False))
    raw["conversations"] = [{"from": "human", "value": human}, {"from": "gpt", "value": gpt}]
    parameters = task_parameters(sample.type)
    record = AuditRecord(sample.type, sample.format, sample.id, raw, {}, "room", parameters)
    return worst_verdict(examine(record, truth())[0])


def other_letter(human: str, gpt: str) -> tuple[str, str]:
    letters = re.findall(r"^([A-D])\. ", human, re.MULTILINE)
    return human, letters[(letters.index(gpt) + 1) % len(letters)]


def exchanged(*pairs: tuple[str, str]) -> Fault:
    """Words of the answer are exchanged."""
    other = {a: b for pair in pairs for a, b in (pair, pair[::-1])}
    words = re.compile("|".join(sorted(map(re.escape, other), key=len, reverse=True)))
    return lambda human, gpt: (human, words.sub(lambda match: other[match[0]], gpt))


def in_question(old: str, new: str) -> Fault:
    return lambda human, gpt: (re.sub(old, new, human), gpt)


def backward(human: str, gpt: str) -> tuple[str, str]:
    return human, ", ".join(gpt.split(", ")[::-1])


def another_part(human: str, gpt: str) -> tuple[str, str]:
    """The answer is another of the parts that the question lists last."""
    spans = re.findall(r"Frame-\d+ to Frame-\d+", human)
    return human, re.sub(r"Frame-\d+ to Frame-\d+", next(one for one in spans[::-1] if one not in gpt), gpt)


OPPOSITE = exchanged(("right", "left"), ("Right", "Left"), ("forward", "backward"), ("In)", "Out)"))
FAULTS: list[tuple[str, str, str, Fault]] = [
    ("another letter", "motion_direction", "select", other_letter),
    ("the opposite move", "motion_direction", "sentence", OPPOSITE),
    ("another letter", "motion_span_what", "select", other_letter),
    ("the opposite move", "motion_span_what", "sentence", OPPOSITE),
    ("another third", "motion_span_what", "sentence", in_question(r"\b(first|last) (third|one)", "next third")),
    ("another letter", "motion_span_when", "select", other_letter),
    ("another third", "motion_span_when", "sentence", another_part),
    ("another letter", "motion_order", "select", other_letter),
    ("the other way round", "motion_order", "fill", backward),
    ("one move left out", "motion_order", "fill", lambda human, gpt: (human, gpt.partition(", ")[2])),
    ("another letter", "motion_compare", "select", other_letter),
    ("yes for no", "motion_compare", "judge", exchanged(("Yes", "No"))),
    ("nothing is compared", "motion_compare", "judge", in_question(r" (more|farther)", "")),
    ("another letter", "ego_path", "select", other_letter),
    ("ten times as far", "ego_displacement", "fill", lambda human, gpt: (human, f"{10 * float(gpt):.1f}")),
    ("half as far", "ego_path", "fill", lambda human, gpt: (human, f"{float(gpt) / 2:.1f}")),
    ("20 degrees more", "ego_turn", "fill", lambda human, gpt: (human, str(int(gpt) + 20))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "type_name", "answer_format", "fault"), FAULTS, ids=lambda part: str(part)[:20])
def test_a_spoiled_record_is_found(name: str, type_name: str, answer_format: str, fault: Fault) -> None:
    found = samples(type_name, answer_format)
    spoiled = [(one, *fault(one.human, one.gpt)) for one in found]
    tried = [one for one in spoiled if one[1:] != (one[0].human, one[0].gpt)]
    assert len(tried) >= len(found) / 2 > 0, name
    assert [one[1:] for one in tried if verdict(*one) is not Verdict.DISAGREE] == []


@pytest.mark.parametrize(("type_name", "answer_format"), sorted({(kind, form) for _, kind, form, _ in FAULTS}))
def test_right_records_agree(type_name: str, answer_format: str) -> None:
    for sample in samples(type_name, answer_format):
        assert verdict(sample, sample.human, sample.gpt) is Verdict.AGREE, sample.human
