"""Every phrasing, in several contexts, is read back by the audit's parser and by the scorer to the same answer."""

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from numpy.random import Generator

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Verdict
from qagen.audit.from_loader import to_audit_scene
from qagen.audit.settings import task_parameters
from qagen.audit.solvers.registry import examine
from qagen.audit.truth import SceneTruth
from qagen.core.answer import Directions
from qagen.core.sample import Sample
from qagen.files import TEMPLATES
from qagen.pipeline.config import RunConfig
from qagen.pipeline.record import to_evidence, to_record
from qagen.pipeline.run import TaskCounts, make_samples
from qagen.score import strict
from qagen.score.items import ScoredItem
from qagen.tasks.registry import known_types, load_task
from qagen.visibility.views import SceneViews, observe
from qagen.wording.formats import blocks_of
from qagen.wording.phrasebook import Phrasebook
from tests.scenes import studio

SLOW = {"room", "matching"}
"""Families whose answers take the audit seconds to recompute."""
TYPES = [pytest.param(name, marks=pytest.mark.slow if load_task(name).name in SLOW else ()) for name in known_types()]
CONFIG = RunConfig(per_scene=30)
MOST_ROUNDS = 8
"""Types of which the scene has few questions ask them again, in other words, up to this often."""
OTHER_WORDS = {"left": "right", "above": "below", "closer": "farther", "front": "behind", "up": "down"}
OTHER_WORDS |= {"forward": "backward", "red": "blue", "Yes": "No"}
OTHER_WORDS |= {second: first for first, second in OTHER_WORDS.items()}


class CyclingPhrasebook(Phrasebook):
    """Draws the phrasings of each block in turn."""

    def __init__(self) -> None:
        super().__init__(TEMPLATES)
        self.drawn: Counter[tuple[str, str]] = Counter()

    def draw(self, file: str, block: str, rng: Generator, context: Mapping[str, object]) -> str:
        phrasings = self.phrasings(file, block)
        phrasing = phrasings[self.drawn[file, block] % len(phrasings)]
        self.drawn[file, block] += 1
        return phrasing.render(context)


@cache
def views() -> SceneViews:
    return observe(studio())


@cache
def truth() -> SceneTruth:
    return SceneTruth.of(to_audit_scene(studio(), "studio"))


@cache
def phrased(type_name: str) -> list[Sample]:
    """Samples of a type that together use every phrasing of its blocks."""
    family, book = load_task(type_name), CyclingPhrasebook()
    needed = {key: len(book.phrasings(*key)) for key in blocks_of(family)}
    samples: list[Sample] = []
    for _ in range(MOST_ROUNDS):
        samples += make_samples(family, views(), book, CONFIG, TaskCounts())
        if all(book.drawn[key] >= count for key, count in needed.items()):
            return samples
    pytest.fail(f"not drawn in full: {[key for key, count in needed.items() if book.drawn[key] < count]}")


def record_of(sample: Sample) -> dict[str, Any]:
    return to_record(sample, load_task(sample.type), views(), rgbd=False)


def scored(sample: Sample) -> ScoredItem:
    return ScoredItem(sample.id, record_of(sample)["type"], sample.human, sample.gpt)


@pytest.mark.parametrize("type_name", TYPES)
def test_the_audit_reads_every_phrasing(type_name: str) -> None:
    off = []
    for sample in phrased(type_name):
        evidence = to_evidence(sample, views(), {})
        parameters = task_parameters(type_name)
        record = AuditRecord(type_name, sample.format, sample.id, record_of(sample), evidence, "room", parameters)
        failed = [check for check in examine(record, truth())[0] if check.verdict is Verdict.DISAGREE]
        off += [(sample.human, sample.gpt, check.what, check.stated, check.found) for check in failed]
    assert off == []


@pytest.mark.parametrize("type_name", TYPES)
def test_the_scorer_reads_every_answer(type_name: str) -> None:
    answer_type = load_task(type_name).answer
    for sample in phrased(type_name):
        assert strict.score(scored(sample), sample.gpt) == 1, sample.gpt
        metric = strict.SENTENCE_METRICS.get(answer_type, strict.STATED)
        if sample.format == "sentence" and metric is not strict.STATED:
            stated, answer = metric.read(sample.gpt), strict.METRICS[answer_type].read(sample.question.answer.text)
            assert stated is not None, sample.gpt
            if answer_type is Directions:  # a sentence may state directions before a move, too
                assert (answer or Counter()) <= stated, sample.gpt
            else:
                assert metric.compare(stated, answer) == metric.compare(answer, stated) == 1, sample.gpt


@pytest.mark.parametrize("type_name", TYPES)
def test_the_scorer_tells_another_answer_in_the_same_words_apart(type_name: str) -> None:
    for sample in phrased(type_name):
        if sample.format in ("fill", "sentence"):
            other = altered(sample.gpt)
            assert other != sample.gpt, sample.gpt
            assert strict.score(scored(sample), other) < 1, other


def altered(text: str) -> str:
    """The text with other numbers, directions and colors."""
    words = re.sub(r"\b[A-Za-z]+\b", lambda match: OTHER_WORDS.get(match[0], match[0]), text)
    return re.sub(r"\d+", lambda match: str(2 * int(match[0]) + 1), words)
