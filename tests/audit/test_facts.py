"""Facts of a scene: how often they are asked, and of how many objects."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from qagen.audit.checks import Verdict
from qagen.audit.facts import FactCounts

TASK = {"family": "distance", "asks": "oo"}


def row(ids: Sequence[int], meters: float, frame: str = "0") -> dict[str, Any]:
    objects = [{"id": k, "label": "chair"} for k in ids]
    measured = {"distance_m": meters, "visible_fraction": float(frame) / 100}
    return {"objects": objects, "frames": [frame], "measured": measured, "answer": f"{meters:.1f}"}


def faults(rows: Iterable[tuple[str, str, dict[str, Any]]]) -> list[tuple[str, str, str]]:
    facts = FactCounts()
    for type_name, answer_format, evidence in rows:
        facts.add(type_name, answer_format, evidence, TASK)
    return [(kind, form, check.what) for kind, form, check in facts.check() if check.verdict is Verdict.DISAGREE]


@pytest.mark.parametrize(("times", "expected"), [(3, []), (4, [("a", "fill", "times a fact is asked")])])
def test_a_fact_is_asked_three_times_whatever_its_frame_and_order(times: int, expected: list[Any]) -> None:
    rows = [("a", "fill", row((1, 2) if k % 2 else (2, 1), 1.5, str(k))) for k in range(times)]
    assert faults(rows) == expected


@pytest.mark.parametrize(("records", "expected"), [(20, []), (26, [("a", "select", "records per object")])])
def test_two_objects_do_not_make_more_than_twenty_records(records: int, expected: list[Any]) -> None:
    assert faults(("a", "select", row((1, 2), 0.1 * k)) for k in range(records)) == expected


@pytest.mark.parametrize(("named", "expected"), [(4, []), (3, [("b", "fill", "coverage")])])
def test_fill_names_most_objects_that_another_type_of_the_family_names(named: int, expected: list[Any]) -> None:
    rows = [("a", "select", row((k,), 0.1 * k)) for k in range(5)]
    rows += [("b", "fill", row((k % named,), 0.1 * k)) for k in range(12)]
    assert faults(rows) == expected


def test_records_without_evidence_tell_nothing() -> None:
    assert faults(("a", "fill", {}) for _ in range(9)) == []
