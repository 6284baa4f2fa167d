"""Object names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qagen.core.labels import NEVER_ASKED, clean_label


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Office Chair", "office chair"),
        ("coffee_table", "coffee table"),
        ("  two\t blanks ", "two blanks"),
        ("<image> lamp", "lamp"),
        ("lamp <ref>red</ref>", "lamp red"),
        ("a < b > c", "a c"),
        ("<<image>>", ""),
        ("", ""),
    ],
)
def test_labels_are_cleaned(raw: str, clean: str) -> None:
    assert clean_label(raw) == clean


@given(st.text(max_size=30))
def test_a_clean_label_holds_no_tag_and_stays_clean(raw: str) -> None:
    clean = clean_label(raw)
    assert not set("<>_") & set(clean)
    assert clean_label(clean) == clean
    assert clean.split() == clean.split(" ") or not clean


def test_what_is_never_asked_is_spelt_as_labels_are() -> None:
    assert {clean_label(name) for name in NEVER_ASKED} == NEVER_ASKED
    assert {"wall", "floor", "ceiling", "object", "unknown", "remove", "person"} <= NEVER_ASKED
