"""docs/spacevista.md says which types ask SpaceVista's tasks: checked against the types themselves."""

import re
from fnmatch import filter as matching
from pathlib import Path

import pytest

from qagen.export.spacevista import SCALES, TASK_TYPES
from qagen.tasks.registry import known_types, load_task

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "spacevista.md").read_text(encoding="utf-8")
COVERAGE = PAGE.partition("## Coverage\n")[2].partition("\n## ")[0]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\| *\d.*$", COVERAGE, re.M)]
"""Number, task, SpaceVista's names, types, formats, needs."""
ANSWERED = [row for row in ROWS if row[2]]


def types_of(row: list[str]) -> list[str]:
    """The types that a row names, patterns resolved."""
    patterns = re.findall(r"`(\w+\*?)`", row[3])
    found = [name for pattern in patterns for name in matching(known_types(), pattern)]
    assert all(matching(known_types(), pattern) for pattern in patterns), patterns
    return found


def names_of(type_name: str) -> set[str]:
    """SpaceVista's names of the questions of a type, whatever they ask."""
    family = load_task(type_name)
    asks = getattr(family.config, "asks", "")
    names = {name for (own, asked), name in TASK_TYPES.items() if own == family.name and asked in ("", asks)}
    if (family.name, asks) in TASK_TYPES:
        return {TASK_TYPES[family.name, asks]}
    return names or {name for (own, _), name in TASK_TYPES.items() if own == family.name == "size"}


def test_all_19_tasks_are_there():
    assert sorted({int(row[0]) for row in ROWS}) == list(range(1, 20))
    assert {int(row[0]) for row in ROWS if not row[2]} == set(range(15, 20))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[3].replace("`", "").partition(",")[0])
def test_a_row_says_what_its_types_say(row):
    families = [load_task(name) for name in types_of(row)]
    if row[2]:
        assert set(re.findall(r"`(\w+)`", row[2])) == set().union(*map(names_of, types_of(row)))
        assert set(row[4].split(", ")) == {name for family in families for name in family.config.formats}
        assert set(filter(None, row[5].split(", "))) == {need for family in families for need in family.needs}


def test_every_type_with_a_name_of_spacevista_is_in_a_row():
    told = {name for row in ANSWERED for name in types_of(row)}
    assert {name for name in known_types() if names_of(name)} == told


def test_every_scale_is_there():
    lines = re.findall(r"^\| (\S+) \| (\S+) \|", COVERAGE.partition("By scale:")[2], re.M)
    told = {scale: category for scale, category in lines if scale not in ("scale", "---", "|---|---|---|---|")}
    expected = {str(scale): str(category) for category, scale in SCALES.values() if category}
    assert told == expected | {"none": "null"}
