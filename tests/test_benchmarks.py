"""docs/benchmarks.md: every question type of a benchmark is mapped to types that exist, or says why it is not."""

import re
from pathlib import Path

import pytest

from qagen.bench.forms import FORMS
from qagen.files import PRESETS, read_yaml
from qagen.records import benches
from qagen.records.sparbench import TASKS
from qagen.score.__main__ import SCORER_NAMES
from qagen.tasks.registry import known_types

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md").read_text(encoding="utf-8")
SECTIONS = {part.splitlines()[0]: part for part in TEXT.split("\n## ")[1:]}
KNOWN = {*known_types()}
LEAST_MAPPED = 0.85


def rows(section: str) -> list[tuple[str, str, str]]:
    """Question type, what of qagen, and form of each row of a section's table."""
    found = re.findall(r"^\| (.*?) \| (.*?) \| (.*?)\|$", SECTIONS[section], re.M)
    assert found[0][:2] == ("question type", "qagen")
    return [(kind, qagen, form.strip()) for kind, qagen, form in found[1:] if not kind.startswith("--")]


def reason(qagen: str) -> str | None:
    """Why nothing is mapped; None where something is."""
    found = re.match(r"(not decidable|decidable, not built) because (\S.*)", qagen)
    return found[1] if found else None


@pytest.mark.parametrize("section", SECTIONS)
def test_every_row_names_types_that_exist_or_a_reason(section):
    assert len(rows(section)) >= 3
    for kind, qagen, _ in rows(section):
        named = re.findall(r"`(\w+)`", qagen)
        assert {*named} <= KNOWN, kind
        assert named or reason(qagen), f"{kind}: no type and no reason"
        assert reason(qagen) or qagen.startswith("`"), kind


@pytest.mark.parametrize("form", FORMS)
def test_the_page_and_the_form_agree(form):
    told = {
        (kind, name)
        for kind, qagen, written in rows(FORMS[form].title)
        if written == f"`{form}`"
        for name in re.findall(r"`(\w+)`", qagen)
    }
    named = {(benches.MMSI[kind] if form == "mmsi" else kind, task) for task, kind in FORMS[form].types.items()}
    if form == "revsi":  # one type of qagen for two of ReVSI
        named |= {("object_rel_distance_farthest", "relative_distance_video")}
        named |= {("room_size_estimation_multiple", "room_size")}
    assert told == named


def test_every_question_type_of_the_scorers_has_a_row():
    kinds = {
        "VSI-Bench": {*benches.VSI_CHOICES, *benches.VSI_NUMBERS},
        "ReVSI": {*benches.REVSI_CHOICES, *benches.REVSI_NUMBERS},
        "MMSI-Bench": {*benches.MMSI.values()},
        "ViewSpatial-Bench": {*benches.VIEWSPATIAL},
        "MindCube": {*benches.MINDCUBE},
        "BLINK": {*benches.BLINK},
        "SPAR-Bench": {*TASKS},
    }
    for section, expected in kinds.items():
        assert {kind for kind, _, _ in rows(section)} == expected
    assert len(SECTIONS) == 13


def test_most_of_what_is_decidable_is_built():
    reasons = [reason(qagen) for section in SECTIONS for _, qagen, _ in rows(section)]
    mapped, left = reasons.count(None), reasons.count("decidable, not built")
    assert mapped / (mapped + left) >= LEAST_MAPPED


def test_the_scorers_and_presets_that_the_page_names_are_there():
    for line in re.findall(r"scored by (.*?)\.", TEXT):
        assert {*re.findall(r"`([\w-]+)`", line)} <= {*SCORER_NAMES}
    assert {*re.findall(r"--preset (\w+)", TEXT)} <= {path.stem for path in PRESETS.glob("*.yaml")}


TOLD = {
    form: {kind: int(count) for kind, count in re.findall(r"(?:^|, )(.+?) (\d+)(?=,|$)", told)}
    for form, told in re.findall(r"^\| `(\w+)`(?: \(\w+\))? \| (.*?\d) \|$", TEXT, re.M)
}
"""Number of questions of each type of a benchmark."""


@pytest.mark.parametrize("form", [form for form in FORMS if form != "revsi"])
def test_shares_of_presets_are_those_of_the_benchmark(form):
    preset, types = read_yaml(PRESETS / f"{form}.yaml"), FORMS[form].types
    assert preset["shares"].keys() == {*preset["tasks"]}
    assert TOLD[form].keys() == {*types.values()}
    shares: dict[str, list[int]] = {}
    for task, share in preset["shares"].items():
        shares.setdefault(types[task], []).append(share)
    for kind, parts in shares.items():
        assert abs(sum(parts) - TOLD[form][kind]) < len(parts)
        assert max(parts) - min(parts) <= 1


@pytest.mark.parametrize("form", FORMS)
def test_the_preset_of_a_form_generates_its_types(form):
    """In the formats in which the form asks them."""
    preset = read_yaml(PRESETS / f"{form}.yaml")
    types = {*FORMS[form].types}
    assert {*preset["tasks"]} == types
    for task in preset["tasks"]:
        assert FORMS[form].format_of(task) in preset["formats"]
