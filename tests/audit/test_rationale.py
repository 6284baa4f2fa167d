"""Rationales are read back and recomputed: right ones agree, whatever is spoiled in them is found."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from qagen.audit.checks import Verdict
from qagen.audit.rationale.chains import CHAINS, OPPOSITES
from qagen.audit.rationale.read import FORMS, Reader, Said, UnreadableStepError
from qagen.audit.rationale.sums import check_sums
from qagen.audit.record_index import AuditSelection
from qagen.audit.run import audit
from qagen.audit.solvers.registry import check_answer, solvers_by_family
from qagen.core.question import MarkedObject
from qagen.core.rationale import Image, Point, Quantity, Step
from qagen.wording.rationale import Teller
from tests.audit.room import Made, make_run
from tests.audit.test_worlds import record_of, truth_of
from tests.test_worlds import TYPES, made_of, needs, views_of, written
from tools.rationale_faults import FAULTS, Fault, Solved, plant, solve, solved_records

READER = Reader(
    full={"chair (red point)": "red", "box of salt and pepper (blue point)": "blue", "chair (green point)": "green"},
    short={"chair (red point)": "red", "box of salt and pepper": "blue", "chair (green point)": "green"},
    labels=frozenset({"chair", "tv"}),
)
WORLDS = [*(("level", name) for name in TYPES), *(("no scale", name) for name in TYPES if "scale" not in needs(name))]
FEW = ("distance_prediction_oo_mv", "obj_spatial_relation_oo", "object_orbit_video", "size_compare", "motion_span_when")


# --- reading ----------------------------------------------------------------------------------------------------------


def said(value: Any) -> Any:
    """The same with numbers in place of what is printed."""
    if isinstance(value, Said):
        return float(value.text)
    if isinstance(value, Mapping):
        return {name: said(part) for name, part in value.items()}
    return [said(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("form", "sentence", "values"),
    [
        (
            "locate marks",
            "Image 2 shows the chair (red point) and the box of salt and pepper (blue point); image 1 shows the chair "
            "(green point).",
            {"shown": [[1, ["red", "blue"]], [0, ["green"]]]},
        ),
        ("locate box", "Frame-7 shows the TV in the box [1, 2, 3, 4].", {"image": 7, "of": "TV", "box": [1, 2, 3, 4]}),
        (
            "place camera",
            "Centers in the axes of image 1's camera (right, down, ahead; meters): box of salt and pepper at "
            "(0.52, -0.31, 2.14), camera of image 2 at (-1.00, 0.00, 0.10).",
            {
                "camera": 0,
                "unit": "meters",
                "points": [["blue", [0.52, -0.31, 2.14]], [1, [-1, 0, 0.1]]],
            },
        ),
        (
            "measure between",
            "The distance from the center of the chair (red point) is 1.15 d to that of the box of salt and pepper and "
            "2.04 d to that of the chair (green point).",
            {"start": "red", "to": [["blue", 1.15], ["green", 2.04]], "unit": "d"},
        ),
        (
            "measure angles",
            "From image 1 to image 2, in its own axes, the camera turns 30.1 degrees to the left, tilts 5.2 degrees "
            "down, and rolls 0.0 degrees clockwise.",
            {"first": 0, "last": 1, "turn": ["left", 30.1], "tilt": ["down", 5.2], "roll": ["clockwise", 0]},
        ),
        (
            "compare before",
            "Before the move, along image 2's camera axes and gravity, in meters, the chair (red point) is 0.72 left, "
            "hardly above or below (0.05), hardly in front or behind (0.10).",
            {
                "camera": 1,
                "of": "red",
                "unit": "meters",
                "slots": [["left_right", "left", 0.72], ["above_below", "", 0.05], ["front_behind", "", 0.1]],
            },
        ),
        (
            "answer option",
            "So the answer is B: left, both behind.",
            {
                "letter": "B",
                "value": [["left_right", "left"], ["first_front_behind", "behind"], ["second_front_behind", "behind"]],
            },
        ),
        (
            "place map",
            "Centers seen from above, in the axes of image 1's camera (right, ahead; meters): object0: (0.52, -2.11), "
            "object1: (1.02, 0.43).",
            {"camera": 0, "unit": "meters", "points": [["object0", [0.52, -2.11]], ["object1", [1.02, 0.43]]]},
        ),
        (
            "measure away",
            "From image 1's camera, the chair (red point) is 2.24 d away and, along gravity, 0.31 d above; the box of "
            "salt and pepper is 1.00 d away and, along gravity, 0.00 d below.",
            {
                "camera": 0,
                "unit": "d",
                "to": [["red", 2.24, ["above", 0.31]], ["blue", 1, ["below", 0]]],
            },
        ),
        (
            "answer moved",
            "So the answer is: before the move, left, both in front; after it, the first in front, the second behind.",
            {
                "before": [
                    ["left_right", "left"],
                    ["first_front_behind", "front"],
                    ["second_front_behind", "front"],
                ],
                "value": [["first_front_behind", "front"], ["second_front_behind", "behind"]],
            },
        ),
        (
            "answer directions",
            "So the answer is below, behind.",
            {"value": [["above_below", "below"], ["front_behind", "behind"]]},
        ),
        (
            "sort starts",
            "From Frame-4 to Frame-9, moving forward (Dolly In) starts at Frame-4 and turning to the left (Pan Left) "
            "between Frame-6 and Frame-7.",
            {"first": 4, "last": 9, "starts": [["Dolly In", [4, 4]], ["Pan Left", [6, 7]]]},
        ),
        ("locate all", "The chair (red point) can be seen in all 32 frames.", {"of": "red", "total": 32}),
        ("tally shown", 'In view, there is no object called "tv".', {"label": "tv", "value": 0}),
        ("tally shown", 'In view, there are 2 objects called "tv".', {"label": "tv", "value": 2}),
        ("tally side", "There is 1 closer.", {"value": 1, "direction": "closer"}),
        (
            "compare among",
            "The farthest from image 1's camera is the TV in this box, 2.10 d away; all others asked about are at most "
            "1.90 d away.",
            {"extreme": "farthest", "camera": 0, "of": "TV", "value": 2.1, "next": 1.9, "unit": "d"},
        ),
        (
            "compare legs",
            "Leg by leg, turn 30.1 degrees left and go 2.31 meters, then turn 80.2 degrees right and go 1.40 meters.",
            {"legs": [["left", 30.1, 2.31], ["right", 80.2, 1.4]], "unit": "meters"},
        ),
    ],
)
def test_a_sentence_is_read(form: str, sentence: str, values: Mapping[str, Any]) -> None:
    kind, _, name = form.partition(" ")
    assert said(READER.read(kind, name, sentence)) == values


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ("measure depths", "The two depths differ by 0.65 feet."),
        ("measure depths", "The two depths differ by 0.65 meters. So it is."),
        ("measure between", "The distance from the center of the table to that of the chair (red point) is 1.15 d."),
        ("measure between", "The distance from the center of the chair (red point) is 1.15 d to that of the chair."),
        ("sort order", "In order of time: moving backward (Dolly In)."),
        ("answer directions", "So the answer is left or right."),
        ("answer directions", "So the answer is both left."),
        ("compare moved", "After the move, in d, the chair (red point) is 0.10 left or right."),
        ("compare moved", "After the move, in d, the chair (red point) is hardly left (0.10)."),
        (
            "place camera",
            "Center in the axes of image 1's camera (right, ahead, down; d): chair (red point) at (1, 2, 3).",
        ),
        (
            "place camera",
            "Centers in the axes of image 1's camera (right, down, ahead; d): chair (red point) at (1, 2, 3).",
        ),
        ("locate marks", "Image 2 shows the chair (red point), the chair (green point)."),
        ("tally shown", 'In view, there is 2 objects called "tv".'),
        (
            "compare among",
            "The closest to image 1's camera is the TV in this box, 2.10 d away; all others asked about are at most "
            "2.40 d away.",
        ),
        ("measure nothing", "It is 2 meters."),
    ],
)
def test_other_sentences_are_not(form: str, sentence: str) -> None:
    kind, _, name = form.partition(" ")
    with pytest.raises(UnreadableStepError):
        READER.read(kind, name, sentence)


PLACED = {
    "camera": Said("0"),
    "points": [
        ["red", [Said("-0.50"), Said("0.30"), Said("2.00")]],
        ["blue", [Said("1.00"), Said("0.00"), Said("4.00")]],
    ],
}


@pytest.mark.parametrize(
    ("last", "rest"),
    [
        # Offset (1.5, -0.3, 2); its square is 2.25 + 0.09 + 4 = 6.34, and the root of that 2.518.
        (("offset pair", {"start": "red", "end": "blue", "by": [Said("1.50"), Said("-0.30"), Said("2.00")]}), ()),
        (("measure between", {"start": "red", "to": [["blue", Said("2.52")]]}), ()),
        (("measure from_camera", {"to": [["red", Said("2.08")], ["blue", Said("4.12")]]}), ()),
        (
            ("measure depths", {"value": Said("7.3")}),
            [("measure depth", {"value": Said("72.5")}), ("measure depth", {"value": Said("65.2")})],
        ),
        (
            ("measure ratio", {"value": Said("1.50")}),
            [("measure between", {"start": "red", "to": [["blue", Said("2.518")], ["blue", Said("3.777")]]})],
        ),
        (("measure heading", {"elevations": [Said("-17.7"), Said("-20.4")], "tilt": ["down", Said("2.7")]}), ()),
    ],
)  # fmt: skip
def test_printed_numbers_add_up(last: Any, rest: Any) -> None:
    steps = [("place camera", PLACED), *rest] if last[0] != "measure ratio" else list(rest)
    assert list(check_sums([*steps, last])) == []
    kind, values = last
    for found in (one for one in _said_numbers(values) if kind != "measure heading" or one.text == "2.7"):
        off = f"{float(found.text) + 10.0**-found.decimals:.{found.decimals}f}"
        spoiled = _replaced(values, found, Said(off))
        assert list(check_sums([*steps, (kind, spoiled)])), (found, off)


def _said_numbers(value: Any) -> list[Said]:
    if isinstance(value, Said):
        return [value]
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [found for part in parts for found in _said_numbers(part)]


def _replaced(value: Any, old: Said, new: Said) -> Any:
    if isinstance(value, Mapping):
        return {name: _replaced(part, old, new) for name, part in value.items()}
    if isinstance(value, list):
        return [_replaced(part, old, new) for part in value]
    return new if value is old else value


def test_every_family_has_a_chain() -> None:
    solvers = {solver for found in solvers_by_family().values() for solver in found}
    assert solvers == set(CHAINS)


# --- right rationales agree, spoiled ones do not ----------------------------------------------------------------------


@cache
def solved(world: str, type_name: str) -> list[Solved]:
    """The records of a type that the audit solves, in the studio."""
    return _solved(world, type_name, written(world, type_name))


def _solved(world: str, type_name: str, lines: list[dict[str, Any]]) -> list[Solved]:
    truth = truth_of(world, type_name)
    records = [record_of(type_name, *pair, truth.scene) for pair in zip(lines[::2], lines[1::2], strict=True)]
    return [found for record in records if (found := solve(record, truth)) is not None]


def steps_of(one: Solved) -> list[dict[str, Any]]:
    return copy.deepcopy(one.record.evidence["rationale"])


def check_faults(world: str, type_name: str) -> None:
    records, rng = solved(world, type_name), np.random.default_rng(0)
    assert [one.where for one in records if one.finds(steps_of(one))] == []
    for fault in FAULTS:
        for one in records:
            planted = plant(one, fault, rng)
            assert planted is None or planted[1], (fault.__name__, [step["says"] for step in planted[2]])


@pytest.mark.parametrize("type_name", FEW)
def test_planted_faults_are_found(type_name: str) -> None:
    check_faults("level", type_name)
    assert solved("level", type_name)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("world", "type_name"), [one for one in WORLDS if one != ("level", one[1]) or one[1] not in FEW]
)
def test_planted_faults_are_found_in_all_types(world: str, type_name: str) -> None:
    check_faults(world, type_name)


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_can_be_planted(fault: Fault) -> None:
    rng = np.random.default_rng(0)
    planted = [plant(one, fault, rng) for name in FEW for one in solved("level", name)]
    assert any(planted)


def test_evidence_without_a_rationale_is_no_fault() -> None:
    one = solved("level", FEW[0])[0]
    evidence = {name: value for name, value in one.record.evidence.items() if name != "rationale"}
    checks = check_answer(replace(one.record, evidence=evidence), one.solver.marks, one.truth, with_evidence=True)
    assert all(check.verdict is Verdict.AGREE for check in checks)


@pytest.mark.parametrize("rationale", [[], {}, None, [{}], [{"step": "answer"}], "text", [None], [[1]], 5])
def test_a_damaged_rationale_is_a_disagreement(rationale: Any) -> None:
    one = solved("level", FEW[0])[0]
    damaged = replace(one.record, evidence={**one.record.evidence, "rationale": rationale})
    checks = check_answer(damaged, one.solver.marks, one.truth, with_evidence=True)
    assert any(check.verdict is Verdict.DISAGREE for check in checks)


def test_too_many_words_are_found() -> None:
    one = solved("level", FEW[0])[0]
    steps = steps_of(one)
    assert one.finds([*steps[:-1], *[steps[1]] * 5, steps[-1]])


# --- a generator that measures something else -------------------------------------------------------------------------


def broken(value: Any) -> Any:
    """What a generator with a bug would say: other numbers, images and objects."""
    match value:
        case Quantity():
            return replace(value, value=1.3 * value.value + (0.4 if value.kind != "share" else -20), rule=None)
        case Point():
            return replace(value, coordinates=tuple(map(broken, value.coordinates)))
        case Image():
            return Image(value.position + 1)
        case bool() | str() | MarkedObject():
            return value
        case int():
            return value + 1
        case tuple() if (
            len({type(part) for part in value}) == 1 and isinstance(value[0], MarkedObject | tuple | str) and value[1:]
        ):
            return tuple(map(broken, value[::-1]))
        case tuple():
            return tuple(map(broken, value))
        case _:
            return value


@pytest.mark.slow
@pytest.mark.parametrize("form", [form for form in FORMS if not form.startswith(("scale", "answer"))])
def test_a_generator_that_breaks_a_kind_of_step_is_found(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence and the values of the step agree, so that only the recomputed step tells."""
    names = [
        name
        for name in TYPES
        if any(
            f"{step['step']} {step['form']}" == form
            for one in written("level", name)[1::2]
            for step in one["rationale"]
        )
    ]
    if not names:
        pytest.skip("no record of the studio has such a step")
    tell = Teller.tell

    def tell_broken(teller: Teller, step: Step) -> dict[str, Any]:
        values = {name: _other(value) for name, value in step.values.items()}
        if {"of", "to"} <= values.keys():
            values["of"], values["to"] = values["to"], values["of"]
        return tell(teller, replace(step, values=values) if f"{step.kind} {step.form}" == form else step)

    monkeypatch.setattr(Teller, "tell", tell_broken)
    for one in _spoiled_records(names[0]):
        assert one.finds(steps_of(one)) or not _has(one, form), [step["says"] for step in steps_of(one)]


def _other(value: Any) -> Any:
    pairs = [("on", "in"), ("apart", "touching"), ("left", "right"), ("closest", "farthest"), ("turn", "move")]
    words = {**OPPOSITES, "Stay": "Dolly In"} | {a: b for pair in pairs for a, b in (pair, pair[::-1])}
    return words.get(value, value) if isinstance(value, str) else broken(value)


def _has(one: Solved, form: str) -> bool:
    return any(f"{step['step']} {step['form']}" == form for step in steps_of(one))


def _spoiled_records(type_name: str) -> list[Solved]:
    from qagen.pipeline.record import to_evidence, to_record
    from qagen.tasks.registry import load_task

    views, family = views_of("level", type_name), load_task(type_name)
    samples = made_of(views, type_name)[0]
    stamp = {"seed": 0, "qagen": "0", "config": "0"}
    lines = [line for one in samples for line in (to_record(one, family, views, False), to_evidence(one, views, stamp))]
    return _solved("level", type_name, lines)


# --- a run ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_run(tmp_path_factory.mktemp("room"), 3)


@pytest.mark.slow
def test_a_run_is_clean_and_its_faults_are_found(run: Made) -> None:
    """At least 99 % of 2000 faults, in records of all families."""
    result = audit(run.out, lambda dataset: run.root, AuditSelection())
    assert [fault.as_data() for fault in result.counts.faults[Verdict.DISAGREE]] == []
    assert result.without_rationale == 0
    records, rng = list(solved_records(run.out, run.root)), np.random.default_rng(0)
    planted = [plant(records[k % len(records)], FAULTS[k // 3 % len(FAULTS)], rng) for k in range(4000)]
    found = [one[1] for one in planted if one is not None]
    assert len(found) > 2000
    assert np.mean(found) >= 0.99
