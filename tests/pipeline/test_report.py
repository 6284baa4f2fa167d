"""What a run says about the types of which it has few samples."""

import msgspec

from qagen.core.reasons import (
    AMBIGUOUS,
    CLASS_QUOTA,
    MEANINGS,
    NO_OPTIONS,
    NO_POSE,
    NO_VIDEO,
    SAME_WORDS,
    TOO_FEW_OBJECTS,
)
from qagen.pipeline.report import RunTotals, SceneReport, TaskCounts


def counts(samples: dict[str, int], *refused: tuple[str, int], **in_formats: str) -> TaskCounts:
    made = TaskCounts(askable=sum(samples.values()), samples=samples)
    for reason, count in refused:
        made.refuse(reason, count)
    for answer_format, reason in in_formats.items():
        made.refuse(reason, answer_format=answer_format)
    return made


def totals() -> RunTotals:
    made = RunTotals(["depth", "count", "order", "nearest", "room"])
    for scene in ("a", "b"):
        tasks = {
            "depth": counts({"fill": 100, "select": 100}, (AMBIGUOUS, 1000)),
            **{name: counts({"fill": 0}, (NO_VIDEO, 1)) for name in ("count", "order")},
            "nearest": counts({"fill": 100, "select": 3}, (AMBIGUOUS, 7), (TOO_FEW_OBJECTS, 8), select=NO_OPTIONS),
            "room": counts({"fill": 20}, (SAME_WORDS, 3)),
        }
        made.add(SceneReport(scene, frames=9, left_out={NO_POSE: 5}, tasks=tasks))
    made.add(SceneReport("c", error="no poses"))
    return made


def test_types_with_few_samples_are_explained() -> None:
    assert totals().explanation(lambda _: 100) == [
        "Few samples or none, and how many images, objects, groups of objects, labels or scenes were refused:",
        "  count, order: 0 - no video (2)",
        "  nearest: 206 - too few objects (16), ambiguous (14), select: too few wrong options (2)",
        "What the reasons mean:",
        f"  ambiguous: {MEANINGS[AMBIGUOUS]}",
        f"  no video: {MEANINGS[NO_VIDEO]}",
        f"  select: too few wrong options: {MEANINGS[NO_OPTIONS]}",
        f"  too few objects: {MEANINGS[TOO_FEW_OBJECTS]}",
    ]


def test_a_type_with_enough_samples_needs_no_explanation() -> None:
    assert totals().scarce(lambda _: 100) == ["count", "order", "nearest"]
    assert totals().scarce(lambda _: 4) == ["count", "order"]
    assert totals().explanation(lambda _: 4)[1:2] == ["  count, order: 0 - no video (2)"]
    assert RunTotals(["depth"]).explanation(lambda _: 100) == []


def test_missing_pairs_are_told() -> None:
    made = RunTotals(["depth", "count", "room"])
    for scene in ("a", "b"):
        tasks = {"depth": TaskCounts(pairs_wanted=4, pairs=1), "count": TaskCounts(pairs_wanted=2, pairs=1)}
        made.add(SceneReport(scene, tasks=tasks))
    told = "4 of 12 unanswerable pairs written; most are missing in depth (6), count (2): more scenes give more"
    assert made.pairs == told
    assert RunTotals(["depth"]).pairs.startswith("0 of 0 unanswerable pairs written: no select question")
    reports = {name: counts.to_report() for name, counts in made.tasks.items()}
    assert reports["depth"]["pairs"] == {"wanted": 8, "written": 2}
    assert "pairs" not in reports["room"]


def test_the_report_explains_each_reason_that_it_counts() -> None:
    report = msgspec.json.decode(msgspec.json.encode(totals().report({}, {})))
    assert report["reasons"] == {
        "ambiguous": MEANINGS[AMBIGUOUS],
        "frame: no pose": MEANINGS[NO_POSE],
        "no video": MEANINGS[NO_VIDEO],
        "same words for the same images": MEANINGS[SAME_WORDS],
        "select: too few wrong options": MEANINGS[NO_OPTIONS],
        "too few objects": MEANINGS[TOO_FEW_OBJECTS],
    }


def test_what_is_left_out_for_balance_is_no_refusal() -> None:
    made = counts({"judge": 3}, (CLASS_QUOTA, 4), judge=CLASS_QUOTA)
    assert made.skips == {}
    assert made.to_report()["balanced_out"] == {"class quota reached": 4, "judge: class quota reached": 1}
