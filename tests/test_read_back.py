"""Every phrasing, in several contexts, is read back by the audit's parser and by the scorer to the same answer."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from statistics import median
from typing import Any

import pytest
from numpy.random import Generator

from qagen.audit import scale
from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Verdict
from qagen.audit.evidence import in_world_units
from qagen.audit.from_loader import to_audit_scene
from qagen.audit.settings import task_parameters
from qagen.audit.solvers.registry import examine
from qagen.audit.solvers.volume import SIDES, order_of_sides
from qagen.audit.truth import SceneTruth
from qagen.core.answer import CameraMove, Choice, Directions, LabelOrder, MoveOrder, OneOf, Route, Sector
from qagen.core.motion import OPPOSITES, STAY
from qagen.core.sample import Sample
from qagen.core.scale import at_room_scale
from qagen.core.scene import Scene
from qagen.core.units import CENTIMETERS, KILOMETERS, MILLIMETERS, Units
from qagen.files import TEMPLATES
from qagen.pipeline.config import RunConfig
from qagen.pipeline.record import to_evidence, to_record
from qagen.pipeline.run import TaskCounts, make_samples
from qagen.score import numbers, parse, strict
from qagen.score.items import ScoredItem
from qagen.tasks.registry import known_types, load_task
from qagen.visibility.views import SceneViews, observe
from qagen.wording.formats import blocks_of
from qagen.wording.phrasebook import Phrasebook
from tests.scenes import scaled, studio_for
from tools.question_lengths import MOST_OF_SPAR, form, words, words_of_spar

TYPES = [pytest.param(name, marks=pytest.mark.slow) for name in known_types()]
SIZES = {0.01: MILLIMETERS, 0.1: CENTIMETERS, 1000.0: KILOMETERS}
"""Factors by which copies of the studio are larger, and the units in which their lengths are told."""
CONFIG = RunConfig(per_scene=30)
LEAST_FORMS = 12
"""Least number of different questions of a type, names and numbers aside."""
MOST_ROUNDS = 8
"""Types of which the scene has few questions ask them again, in other words, up to this often."""
OTHER_WORDS = {"left": "right", "above": "below", "closer": "farther", "front": "behind"}
OTHER_WORDS |= {second: first for first, second in OTHER_WORDS.items()}
OTHER_CONTACTS = {"on top of": "inside", "inside": "touching", "touching": "apart from", "apart from": "on top of"}
OTHER_MOVES = {**OPPOSITES, STAY: "Dolly In"}
OTHER_COLORS = {"red": "blue", "blue": "green", "green": "red", "yellow": "magenta", "magenta": "red"}


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
def filmed(scene: Scene, factor: float) -> SceneViews:
    return observe(at_room_scale(scaled(scene, factor)))


def views(type_name: str, factor: float = 1.0) -> SceneViews:
    """A copy of the studio of another size, filmed for a type."""
    return filmed(studio_for(type_name), factor)


@cache
def judged(scene: Scene, factor: float) -> SceneTruth:
    return SceneTruth.of(scale.at_room_scale(to_audit_scene(scaled(scene, factor), "studio")))


def truth(type_name: str, factor: float = 1.0) -> SceneTruth:
    """The same as the audit sees it."""
    return judged(studio_for(type_name), factor)


@cache
def phrased(type_name: str, factor: float = 1.0) -> list[Sample]:
    """Samples of a type that together use every phrasing of its blocks, about a copy of the studio of another size."""
    family, book = load_task(type_name), CyclingPhrasebook()
    needed = {key: len(book.phrasings(*key)) for key in blocks_of(family) if not key[1].startswith("untold_")}
    samples: list[Sample] = []
    for _ in range(MOST_ROUNDS):
        samples += make_samples(family, views(type_name, factor), book, CONFIG, TaskCounts())
        if all(book.drawn[key] >= count for key, count in needed.items()):
            return samples
    pytest.fail(f"not drawn in full: {[key for key, count in needed.items() if book.drawn[key] < count]}")


def record_of(sample: Sample, factor: float = 1.0) -> dict[str, Any]:
    return to_record(sample, load_task(sample.type), views(sample.type, factor), rgbd=False)


def scored(sample: Sample) -> ScoredItem:
    return ScoredItem(sample.id, record_of(sample)["type"], sample.human, sample.gpt)


@cache
def fitting_units(type_name: str, factor: float) -> set[str | None]:
    """Symbols of the units that fit a copy of the studio."""
    return scale.fitting_units(truth(type_name, factor).scene)


def disagreements(type_name: str, factor: float = 1.0) -> list[tuple[str, ...]]:
    """What the audit does not find in the samples of a type."""
    off = []
    for sample in phrased(type_name, factor):
        evidence = in_world_units(to_evidence(sample, views(type_name, factor), {}), truth(type_name, factor).scene)
        parameters = task_parameters(type_name)
        raw = record_of(sample, factor)
        record = AuditRecord(type_name, sample.format, sample.id, raw, evidence, "room", parameters)
        found = [
            *examine(record, truth(type_name, factor))[0],
            *scale.check_unit(record, fitting_units(type_name, factor)),
        ]
        failed = [check for check in found if check.verdict is Verdict.DISAGREE]
        off += [(sample.human, sample.gpt, check.what, check.stated, check.found) for check in failed]
    return off


@pytest.mark.parametrize("type_name", TYPES)
def test_the_audit_reads_every_phrasing(type_name: str) -> None:
    assert disagreements(type_name) == []


METRIC_TYPES = [
    pytest.param(name, marks=pytest.mark.slow)
    for name in known_types()
    if "scale" in load_task(name).needs or load_task(name).name == "nearest"
]
"""Types whose texts state lengths."""


@pytest.mark.parametrize("factor", SIZES)
@pytest.mark.parametrize("type_name", METRIC_TYPES)
def test_audit_and_scorer_read_every_unit(type_name: str, factor: float) -> None:
    units = views(type_name, factor).units
    assert units is not None
    assert units.length is SIZES[factor]
    assert disagreements(type_name, factor) == []
    for sample in phrased(type_name, factor):
        item = replace(scored(sample), question=sample.human)
        assert strict.score(item, sample.gpt) == 1, sample.gpt
        if load_task(type_name).answer is not Route:  # which is compared number by number
            assert strict.score(item, in_other_unit(sample.gpt)) == pytest.approx(1), in_other_unit(sample.gpt)
        if sample.format in ("fill", "sentence"):
            assert strict.score(item, altered(sample)) < 1, altered(sample)


OTHER_UNIT = {"millimeters": ("meters", 0.001), "centimeters": ("meters", 0.01), "kilometers": ("meters", 1000.0)}
OTHER_UNIT |= {"mm": ("cm", 0.1), "cm": ("mm", 10.0), "m": ("km", 0.001)}


def in_other_unit(text: str) -> str:
    """A sentence with its lengths and areas in another unit."""

    def converted(match: re.Match[str]) -> str:
        unit, factor = OTHER_UNIT[match[3]]
        return f"{float(match[1]) * factor ** (2 if match[2] else 1):.9g} {match[2] or ''}{unit}"

    return re.sub(rf"(\d+(?:\.\d+)?) (square )?({'|'.join(OTHER_UNIT)})\b", converted, text)


@pytest.mark.parametrize("type_name", TYPES)
def test_the_scorer_reads_every_answer(type_name: str) -> None:
    answer_type = load_task(type_name).answer
    for sample in phrased(type_name):
        assert strict.score(scored(sample), sample.gpt) == 1, sample.gpt
        metric = strict.SENTENCE_METRICS.get(answer_type, strict.STATED)
        if sample.format == "sentence" and metric is not strict.STATED:
            stated = metric.answer_in(sample.gpt, sample.human)
            answer = sample.question.answer
            if isinstance(answer, Directions):  # a sentence may state directions before a move, too
                told = Counter(word.split()[-1] for word in stated.elements())
                assert Counter(slot.word for slot in answer.slots if slot.word) <= told, sample.gpt
            else:
                answer = strict.METRICS[answer_type].read(answer.told(Units()).text)
                assert metric.compare(stated, answer) == metric.compare(answer, stated) == 1, sample.gpt


@pytest.mark.parametrize("type_name", TYPES)
def test_the_scorer_tells_another_answer_in_the_same_words_apart(type_name: str) -> None:
    for sample in phrased(type_name):
        if sample.format in ("fill", "sentence"):
            other = altered(sample)
            assert other != sample.gpt, sample.gpt
            assert strict.score(scored(sample), other) < 1, other


@pytest.mark.parametrize("type_name", TYPES)
def test_questions_are_short_and_varied(type_name: str) -> None:
    asked: dict[str, list[str]] = {}
    for sample in phrased(type_name):
        asked.setdefault(sample.format, []).append(sample.human)
    for answer_format, texts in asked.items():
        most = MOST_OF_SPAR * words_of_spar(type_name, answer_format)
        assert median(map(words, texts)) <= most, answer_format
    assert len({form(text) for texts in asked.values() for text in texts}) >= LEAST_FORMS


@pytest.mark.slow
@pytest.mark.parametrize("type_name", [f"spatial_imagination_{asks}" for asks in ("oc", "oc_mv", "oo", "oo_mv")])
def test_the_scorer_tells_before_a_move_from_after_it(type_name: str) -> None:
    """Phrasings that say it in other words need them in ``parse.STAGE``."""
    for sample in phrased(type_name):
        if sample.format == "sentence":
            assert all(" " in word for word in parse.directions(sample.gpt)), sample.gpt


def altered(sample: Sample) -> str:
    """The answer with two names exchanged, else with another first direction, another color and other numbers."""
    text, answer = sample.gpt, sample.question.answer
    if isinstance(answer, LabelOrder):
        first, *_, last = answer.text.split(", ")
        return re.sub(rf"\b({first}|{last})\b", lambda match: last if match[0] == first else first, text)
    if isinstance(answer, Directions):
        return re.sub(rf"\b({'|'.join(OTHER_WORDS)})\b", lambda match: OTHER_WORDS[match[0]], text, count=1)
    if isinstance(answer, MoveOrder):
        first, *_, last = answer.labels
        return re.sub(rf"\b({first}|{last})\b", lambda match: last if match[0] == first else first, text)
    if isinstance(answer, CameraMove):
        return re.sub(r"\(([^()]+)\)", lambda match: f"({OTHER_MOVES[match[1]]})", text)
    if isinstance(answer, Sector):
        return text.replace(answer.word, answer.others[-1])
    if isinstance(answer, OneOf):
        return re.sub("|".join(OTHER_CONTACTS), lambda match: OTHER_CONTACTS[match[0]], text)
    roles = sample.question.roles
    if isinstance(answer, Choice) and roles and all(role.kind == "none" for role in roles):
        return f"other {text}" if len(text.split()) < 3 else text.replace(" the ", " the other ")
    text = re.sub(r"\b(red|blue|green|yellow|magenta) (?=point|box)", lambda match: OTHER_COLORS[match[1]] + " ", text)
    return re.sub(r"\d+", lambda match: str(2 * int(match[0]) + 1), text)


@pytest.mark.parametrize(
    "text",
    [
        "The table (red box) is 60 cm tall, 100 cm long, and 50 cm wide.",
        "Its length is 100 cm, its height 60 cm, and its width 50 cm.",
        "In height, it comes to 60 cm, and in length and width to 100 cm and 50 cm.",
        "Width, length, and height are 50 cm, 100 cm, and 60 cm.",
        "It measures 100 cm by 50 cm on the floor plan and 60 cm in height.",
    ],
)
def test_extents_are_read_in_whichever_order_they_are_named(text: str) -> None:
    stated = [int(number) for number in re.findall(r"(\d+) cm", text)]
    by_side = dict(zip(order_of_sides(text), stated, strict=True))
    assert [by_side[side] for side in SIDES] == [100, 50, 60]
    assert numbers.extents(text) == (100, 50, 60)
