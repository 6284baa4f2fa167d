"""Names of objects: closed lists of classes as people spell them."""

import pytest

from qagen.loaders.io.labels import LabelEntry, name_object


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("garbagebin", "trash can"),
        ("garbage bin", "trash can"),
        ("trashcan", "trash can"),
        ("trash_cans", "trash cans"),
        ("GarbageBin", "trash can"),
        ("showercurtrain", "shower curtain"),
        ("shower_curtain", "shower curtain"),
        ("night_stand", "nightstand"),
        ("night stand", "nightstand"),
        ("refridgerator", "refrigerator"),
        ("floor_mat", "floor mat"),
        ("tv_monitor", "TV monitor"),
        ("tvstand", "TV stand"),
        ("build_in_cabinet", "built-in cabinet"),
        ("coffee-table", "coffee table"),
        ("diningTable", "dining table"),
        ("excercise equipment", "exercise equipment"),
        ("conducting wire", "wire"),
        ("book_shelf", "bookshelf"),
        ("white board", "whiteboard"),
        ("cd case", "CD case"),
        ("chair", "chair"),
        ("glass door", "glass door"),
        ("otherfurniture", None),
        ("other_prop", None),
    ],
)
def test_class_names_are_spelled_as_people_write(raw: str, name: str | None) -> None:
    assert name_object(raw, {}) == name


def test_names_of_the_label_map_are_spelled_too() -> None:
    assert name_object("tv", {"tv": LabelEntry("tv", "television")}) == "TV"
    assert name_object("bin", {"bin": LabelEntry("garbagebin", "otherprop")}) == "trash can"
