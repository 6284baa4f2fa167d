"""The audit's own view of how objects meet: right records agree, spoiled ones do not."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Verdict, worst_verdict
from qagen.audit.from_loader import to_audit_scene
from qagen.audit.settings import task_parameters
from qagen.audit.solvers.registry import examine
from qagen.audit.truth import SceneTruth
from qagen.core.sample import Sample
from qagen.core.scene import Scene
from qagen.pipeline.config import RunConfig
from qagen.pipeline.record import to_evidence, to_record
from qagen.pipeline.run import TaskCounts, make_samples, phrasebook
from qagen.tasks.registry import load_task
from qagen.visibility.views import observe
from tests.scenes import at, looking, room, with_depth
from tools.proofread import WITH_OPTIONS

TABLE = at(0, 4, 0.5, (2, 2, 1))


@cache
def scene() -> Scene:
    """Boxes on a table, one that touches it, and two apart from it."""
    boxes = {
        "table": TABLE,
        "box": [at(-0.5, 3.6, 1.2, (0.4, 0.4, 0.4)), at(0.5, 3.6, 1.2, (0.4, 0.4, 0.4))],
        "cabinet": at(1.4, 4, 0.4, (0.8, 0.8, 0.8)),
        "stool": at(-1.45, 4, 0.3, (0.5, 0.5, 0.6)),
    }
    places = (("+y", (1.1, -0.5, 2.2)), ("-x", (5, 4, 2.2)), ("+x", (-5, 4, 2.2)), ("-y", (0, 7.8, 2.4)))
    return with_depth(room(boxes, [looking(name, at=place, up_deg=-18) for name, place in places]))


@cache
def made() -> tuple[tuple[Sample, dict[str, Any], dict[str, Any]], ...]:
    """Samples, their records and their evidence."""
    family, views = load_task("contact", WITH_OPTIONS["contact"]), observe(scene())
    samples = make_samples(family, views, phrasebook(), RunConfig(per_scene=12), TaskCounts())
    return tuple((s, to_record(s, family, views, rgbd=False), to_evidence(s, views, {})) for s in samples)


@cache
def truth() -> SceneTruth:
    return SceneTruth.of(to_audit_scene(scene(), "room"))


def verdict(sample: Sample, record: dict[str, Any], evidence: dict[str, Any], answer: str) -> Verdict:
    spoiled = {**record, "conversations": [record["conversations"][0], {"from": "gpt", "value": answer}]}
    ours = AuditRecord("contact", sample.format, sample.id, spoiled, evidence, "room", task_parameters("contact"))
    return worst_verdict(examine(ours, truth())[0])


def test_right_records_agree() -> None:
    words = {sample.question.answer.text for sample, _, _ in made()}
    assert words == {"on", "touching", "apart"}
    for sample, record, evidence in made():
        assert verdict(sample, record, evidence, sample.gpt) is Verdict.AGREE, (sample.human, sample.gpt)


OTHERS = {"on top of": "apart from", "touching": "on top of", "apart from": "touching"}
FAULTS: dict[str, Callable[[str], str]] = {
    "sentence": lambda text: re.sub("|".join(OTHERS), lambda match: OTHERS[match[0]], text),
    "select": lambda text: "ABCD"[("ABCD".index(text) + 1) % 4],
    "judge": lambda text: {"Yes": "No", "No": "Yes"}[text],
}


@pytest.mark.parametrize("answer_format", FAULTS)
def test_spoiled_answers_are_found(answer_format: str) -> None:
    tried = [each for each in made() if each[0].format == answer_format]
    assert len(tried) > 5
    for sample, record, evidence in tried:
        spoiled = FAULTS[answer_format](sample.gpt)
        assert spoiled != sample.gpt
        assert verdict(sample, record, evidence, spoiled) is Verdict.DISAGREE, (sample.human, spoiled)


def test_evidence_of_another_height_is_found() -> None:
    for sample, record, evidence in made():
        measured = {**evidence["measured"], "above_m": evidence["measured"]["above_m"] + 0.05}
        assert verdict(sample, record, {**evidence, "measured": measured}, sample.gpt) is Verdict.DISAGREE
