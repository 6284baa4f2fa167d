"""Reasons for leaving parts of a scene out are one list."""

import re
from pathlib import Path

import pytest

from qagen import loaders
from qagen.core.reasons import MEANINGS
from qagen.demo import demo_root
from qagen.loaders import LOADERS, make_loader

PACKAGE = Path(loaders.__file__).parents[1]
LITERAL = re.compile(r"""(?<!f)["'](?:frame|object|walk|room|scene): [a-z ]+["']""")


def test_each_reason_has_a_sentence_for_the_user() -> None:
    for reason, meaning in MEANINGS.items():
        assert re.fullmatch(r"(frame|object|walk|room|scene): [a-z][a-zA-Z ]+", reason)
        assert meaning.endswith(".")
        assert meaning[0].isupper()


@pytest.mark.parametrize("folder", ["loaders", "visibility"])
def test_no_reason_is_spelled_elsewhere(folder: str) -> None:
    found = {str(path): LITERAL.findall(path.read_text()) for path in (PACKAGE / folder).rglob("*.py")}
    assert not {path: reasons for path, reasons in found.items() if reasons}


@pytest.mark.slow
@pytest.mark.parametrize("dataset", sorted(LOADERS))
def test_loaders_give_reasons_of_the_list(dataset: str) -> None:
    loader = make_loader(dataset, demo_root(dataset))
    for scene_id in loader.scene_ids("all"):
        assert loader.load(scene_id).dropped.keys() <= MEANINGS.keys()
