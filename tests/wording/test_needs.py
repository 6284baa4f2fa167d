"""A family that prints a unit of length, or says what is above, declares that it needs a scene that tells it."""

import re
from fnmatch import fnmatch
from functools import cache

import pytest

from qagen.core.units import UNIT_WORDS
from qagen.files import TEMPLATES
from qagen.tasks._base import Family
from qagen.tasks.registry import known_types, load_task
from qagen.wording.formats import blocks_of
from qagen.wording.phrasebook import Phrasebook
from tests.wording.words_of_needs import GRAVITY, UNIT
from tools.proofread import LABELS, all_families, contexts

BOOK = Phrasebook(TEMPLATES)
PAGE = TEMPLATES.parent / "docs" / "scale_and_gravity.md"
NEEDS_ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text(encoding="utf-8").partition("| types | meters |")[2].split("\n\n")[0].splitlines()[2:]
]
"""Rows of the page's table: types, then a cross for each need."""
TURNING = ("existence",)
"""Families that ask about heights in level scenes alone, which tests/test_worlds.py holds them to."""
FEWEST = 6
"""Number of phrasings of each block that state no length where the scale is unknown."""


def blocks_without(need: str) -> list[tuple[str, str, Family]]:
    found = {key: family for family in all_families() if need not in family.needs for key in blocks_of(family)}
    return [(*key, family) for key, family in sorted(found.items(), key=lambda item: item[0])]


def block_id(value: object) -> str:
    return value.name if isinstance(value, Family) else str(value)


@cache
def rendered(file: str, block: str, family: Family) -> list[tuple[frozenset[str], str]]:
    """The names that each phrasing uses and what it says in every context, without the names of objects."""
    named = re.compile("|".join(map(re.escape, sorted(LABELS, key=len, reverse=True))), re.I)
    known = contexts(family, file, block)
    return [(p.names, named.sub("", p.render(one))) for p in BOOK.phrasings(file, block) for one in known]


@pytest.mark.parametrize(("file", "block", "family"), blocks_without("scale"), ids=block_id)
def test_without_a_scale_enough_phrasings_are_left_and_none_states_a_length(
    file: str, block: str, family: Family
) -> None:
    left = [phrasing for phrasing in BOOK.phrasings(file, block) if not phrasing.names & UNIT_WORDS]
    assert len(left) >= min(FEWEST, len(BOOK.phrasings(file, block)))
    for names, text in rendered(file, block, family):
        assert names & UNIT_WORDS or not UNIT.search(text), text


@pytest.mark.parametrize(
    ("file", "block", "family"), [key for key in blocks_without("gravity") if key[2].name not in TURNING], ids=block_id
)
def test_without_gravity_nothing_is_above(file: str, block: str, family: Family) -> None:
    for _, text in rendered(file, block, family):
        assert not GRAVITY.search(text), text


def test_objects_are_named_by_families_that_need_them_alone() -> None:
    for family in all_families():
        assert family.marks is None or family.marks.of_places or "objects" in family.needs, family.name


def test_the_page_says_what_each_type_needs() -> None:
    columns = ("scale", "gravity", "objects", "surface")
    for name in known_types():
        rows = [
            cells for cells in NEEDS_ROWS if any(fnmatch(name, glob) for glob in re.findall(r"`([^`]+)`", cells[0]))
        ]
        assert len(rows) == 1, name
        said = {need for need, cell in zip(columns, rows[0][1:], strict=True) if cell == "x"}
        assert said == load_task(name).needs, name


def test_the_lint_knows_what_it_looks_for() -> None:
    assert all(UNIT.search(text) for text in ("2.0 meters away", "in cm", "12 mm", "square meters", "three feet"))
    assert not UNIT.search("the symmetry of parameters, 2.5 times as far, Frame-3, 40 degrees")
    assert all(GRAVITY.search(text) for text in ("above it", "the lower one", "12 in height"))
    assert not GRAVITY.search("Name it as above: of the objects boxed below, the closest")
