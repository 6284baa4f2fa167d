"""Object names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qagen.core.labels import (
    NEVER_ASKED,
    clean_label,
    is_countable,
    is_overlooked,
    is_plural,
    kind_of,
    may_be_called_alike,
    plural_of,
    with_capitals,
)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Office Chair", "office chair"),
        ("coffee_table", "coffee table"),
        ("  two\t blanks ", "two blanks"),
        ("CoffeeTable", "coffee table"),
        ("iPad", "ipad"),
        ("<image> lamp", "lamp"),
        ("lamp <ref>red</ref>", "lamp red"),
        ("a < b > c", "a c"),
        ("<<image>>", ""),
        ("", ""),
    ],
)
def test_labels_are_cleaned(raw: str, clean: str) -> None:
    assert clean_label(raw) == clean


@pytest.mark.parametrize(
    ("label", "capitals"),
    [
        ("tv", "TV"),
        ("tv stand", "TV stand"),
        ("flat tvs", "flat TVs"),
        ("cd case", "CD case"),
        ("t-shirts", "T-shirts"),
        ("ipad", "iPad"),
        ("led lamp", "LED lamp"),
        ("ladder", "ladder"),
        ("cds", "CDs"),
        ("ideal chair", "ideal chair"),
    ],
)
def test_abbreviations_have_their_capitals(label: str, capitals: str) -> None:
    assert with_capitals(label) == capitals
    assert kind_of(capitals) == kind_of(label)
    assert is_countable(capitals) == is_countable(label)
    assert may_be_called_alike(capitals, label)


@given(st.text(max_size=30))
def test_a_clean_label_holds_no_tag_and_stays_clean(raw: str) -> None:
    clean = clean_label(raw)
    assert not set("<>_") & set(clean)
    assert clean_label(clean) == clean
    assert clean.split() == clean.split(" ") or not clean


def test_what_is_never_asked_is_spelt_as_labels_are() -> None:
    assert {clean_label(name) for name in NEVER_ASKED} == NEVER_ASKED
    assert {"wall", "floor", "ceiling", "object", "unknown", "remove", "person"} <= NEVER_ASKED


@pytest.mark.parametrize(
    ("label", "other"),
    [
        ("chair", "office chair"),
        ("chair", "armchair"),
        ("kitchen cabinets", "cabinet"),
        ("couch", "sofa chair"),
        ("leather sofa", "couches"),
        ("stool", "bar stool"),
        ("tv", "computer monitor"),
        ("stack of books", "book"),
        ("recycling bin", "trash can"),
    ],
)
def test_names_that_viewers_use_for_one_another(label: str, other: str) -> None:
    assert may_be_called_alike(label, other)
    assert may_be_called_alike(other, label)


@pytest.mark.parametrize(
    ("label", "other"),
    [
        ("tv", "tv stand"),
        ("desk lamp", "desk"),
        ("chair", "table"),
        ("chair", "couch"),
        ("bed", "bedroom lamp"),
        ("office chair", "armchair"),
    ],
)
def test_names_that_mean_different_things(label: str, other: str) -> None:
    assert not may_be_called_alike(label, other)
    assert not may_be_called_alike(other, label)


@pytest.mark.parametrize(
    ("label", "countable"),
    [
        ("chair", True),
        ("paper cutter", True),
        ("bookshelf", True),
        ("glass", True),
        ("chairs", False),
        ("glasses", False),
        ("stack of cups", False),
        ("toilet paper", False),
        ("kitchen cabinet", False),
        ("shower curtain", False),
    ],
)
def test_what_can_be_counted(label: str, countable: bool) -> None:
    assert is_countable(label) is countable


@pytest.mark.parametrize(
    ("one", "several"),
    [
        ("chair", "chairs"),
        ("kitchen knife", "kitchen knives"),
        ("bookshelf", "bookshelves"),
        ("tissue box", "tissue boxes"),
        ("bench", "benches"),
        ("dish", "dishes"),
        ("glass", "glasses"),
        ("battery", "batteries"),
        ("toy", "toys"),
        ("tray", "trays"),
        ("piano", "pianos"),
        ("potato", "potatoes"),
        ("stove", "stoves"),
        ("mouse", "mice"),
        ("TV", "TVs"),
        ("bag of chips", "bags of chips"),
        ("box for shoes", "boxes for shoes"),
        ("l-shaped couch", "l-shaped couches"),
    ],
)
def test_plurals(one: str, several: str) -> None:
    assert plural_of(one) == several
    assert not is_countable(several)
    assert kind_of(several) == kind_of(one)


@pytest.mark.parametrize(
    ("one", "several"),
    [
        ("stove", "stoves"),
        ("pair of gloves", "gloves"),
        ("shelf", "shelves"),
        ("steak knife", "steak knives"),
        ("hoodie", "hoodies"),
        ("bow tie", "bow ties"),
        ("battery", "batteries"),
        ("mailbox", "mailboxes"),
        ("suitcase", "suitcases"),
        ("canvas", "canvases"),
        ("bus", "buses"),
        ("dollhouse", "dollhouses"),
        ("niche", "niches"),
        ("crutch", "crutches"),
        ("shoe", "shoes"),
        ("potato", "potatoes"),
        ("mouse", "mice"),
        ("menu", "menus"),
        ("thermos", "thermoses"),
    ],
)
def test_singular_and_plural_are_one_kind(one: str, several: str) -> None:
    assert kind_of(one) == kind_of(several)
    assert kind_of(kind_of(one)) == kind_of(one)
    assert may_be_called_alike(one, several)


def test_the_kind_of_a_countable_name_is_the_name() -> None:
    for name in ("stove", "dishwasher", "canvas", "cactus", "bookshelf", "microwave", "lens"):
        assert kind_of(name) == name
        assert is_countable(name)


@pytest.mark.parametrize(
    ("label", "overlooked"),
    [("backpack", True), ("stack of books", True), ("flowerpot", True), ("stool", False), ("trash can", False)],
)
def test_what_annotators_leave_out(label: str, overlooked: bool) -> None:
    assert is_overlooked(label) is overlooked


@pytest.mark.parametrize(
    "label", ["glasses", "kitchen cabinets", "stairs with railing", "clothes", "people", "blinds", "skis", "menus"]
)
def test_plural_labels_take_a_plural_verb(label: str) -> None:
    assert is_plural(label)


@pytest.mark.parametrize(
    "label", ["pair of scissors", "box of tissues", "glass", "bus", "canvas", "TV", "mattress", "thermos", "series"]
)
def test_other_labels_take_a_singular_verb(label: str) -> None:
    assert not is_plural(label)
