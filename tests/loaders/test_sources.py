"""Every dataset has its terms and a citation that BibTeX can read."""

import re

import pytest

from qagen.loaders import LOADERS
from qagen.loaders.sources import SOURCES, source_of


def test_every_loader_has_a_source():
    assert sorted(SOURCES) == sorted(LOADERS)


@pytest.mark.parametrize("name", sorted(set(SOURCES) - {"posed"}))
def test_terms_and_citation(name):
    source = SOURCES[name]
    assert source.terms.startswith("https://")
    assert not source.allows.endswith(".")
    assert source.bibtex.count("{") == source.bibtex.count("}")
    for entry in source.bibtex.split("@misc")[1:]:
        assert re.findall(r"^  (\w+) = \{", entry, re.M) == ["title", "author", "note", "year"]
    if source.license == "cc-by-nc-nd-4.0":
        assert not source.passes_on


def test_nothing_is_said_of_the_terms_of_an_unknown_dataset():
    assert source_of("mine").title == "mine"
    assert "does not know" in source_of("mine").allows
