"""Every phrasing in every unit: no unit is spelled out in a template, and texts stay clean."""

import re

import pytest

from qagen.core.units import CENTIMETERS, KILOMETERS, MILLIMETERS, LengthUnit, Units
from qagen.files import TEMPLATES
from qagen.wording.formats import blocks_of
from qagen.wording.phrasebook import Phrasebook
from tools.proofread import all_families, contexts

BOOK = Phrasebook(TEMPLATES)
BLOCKS = {key: family for family in all_families() for key in blocks_of(family)}
METRIC = sorted(key for key, family in BLOCKS.items() if "scale" in family.needs and key[0] == family.name)
UNIT_WORDS = re.compile(r"\b(?:milli|centi|kilo)?meters\b|(?<=\d )(?:[mck]?m)\b|\b[mck]m\b")
SLOPPY = re.compile(r"\b(\w+) \1\b|  | [,.;:?!]|\{|\}|None")


@pytest.mark.parametrize("unit", [MILLIMETERS, CENTIMETERS, KILOMETERS], ids=lambda unit: unit.symbol)
@pytest.mark.parametrize(("file", "block"), METRIC)
def test_a_phrasing_speaks_of_the_scenes_units_alone(file: str, block: str, unit: LengthUnit) -> None:
    units = Units(unit)
    own = {unit.name, unit.symbol, units.size.name, units.size.symbol}
    for known, told in zip(contexts(BLOCKS[file, block], file, block), told_in(file, block, units), strict=True):
        for phrasing in BOOK.phrasings(file, block):
            room, text = phrasing.render(known), phrasing.render(told)
            said = UNIT_WORDS.findall(without_examples(text, told))
            assert set(said) <= own, text
            assert len(said) == len(UNIT_WORDS.findall(without_examples(room, known))), text
            assert not SLOPPY.search(text), text
            if unit.decimals == 0:
                assert not re.search("one decimal", text) or units.size.decimals, text


def told_in(file: str, block: str, units: Units) -> list[dict[str, object]]:
    return contexts(BLOCKS[file, block], file, block, units)


def without_examples(text: str, context: dict[str, object]) -> str:
    """The text without the moves of an answer, which name their unit themselves."""
    moves = [*context.get("steps", ()), *context.get("moves", ())]  # pyright: ignore[reportGeneralTypeIssues]
    for _, amount in moves:
        text = text.replace(str(amount), "")
    return text
