"""What a ScanNet object is called in a question, and which objects are room structure.

Annotators typed free text (``raw_category``). The label map ``scannetv2-labels.combined.tsv`` gives each text a
cleaner ``category`` and a class of NYUv2's forty (``nyu40class``).

* The name is the map's ``category``: it joins spellings and synonyms that would otherwise look like different kinds
  ("wardrobe closet" and "wardrobe", "staircase" and "stairs", "table lamp" and "lamp").
* Where the map turns a group into one of its members ("books" to "book", "stack of chairs" to "chair") the raw text
  stays: a size or a count of "the book" would be untrue of a shelf of books.
* The join passes over blanks, because the map and the scans disagree about them ("trashcan", "trash can").
* A few typing errors that category keeps are put right.
* The forty-class names are no better: they hold "otherprop" for half of all labels and misspell "refridgerator".

Room structure is never asked about: the classes wall, floor, ceiling and person, and by name whatever ends in wall,
floor, ceiling, beam, column, pillar or doorframe ("shower walls" has no map entry in every version of the file).
The class otherstructure is no criterion, as it holds stoves, ovens, stairs and blackboards next to pillars; doors,
windows and windowsills can be pointed at and stay.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qagen.core.labels import NEVER_ASKED, clean_label
from qagen.loaders.io.tables import read_table

LABEL_MAP = "scannetv2-labels.combined.tsv"
_COLUMNS = ("raw_category", "category", "nyu40class")
_STRUCTURE_CLASSES = frozenset({"wall", "floor", "ceiling", "person"})
_STRUCTURE_ENDINGS = ("wall", "floor", "ceiling", "beam", "column", "pillar", "doorframe", "door frame")
_MISSPELLED = {
    "bycicle": "bicycle",
    "dumbell": "dumbbell",
    "hand sanitzer dispenser": "hand sanitizer dispenser",
    "loofa": "loofah",
}
"""Typing errors that the map's category keeps."""
_VAGUE = frozenset({"ledge", "frame", "glass", "wood", "furniture", "legs"})


@dataclass(frozen=True, slots=True)
class LabelEntry:
    """One line of the label map."""

    category: str
    """Cleaned name."""
    nyu40class: str
    """Class of NYUv2's forty."""


def read_label_map(path: Path) -> dict[str, LabelEntry]:
    """Read the map by raw label without blanks; the first and most frequent spelling wins. Raises SceneError."""
    label_map: dict[str, LabelEntry] = {}
    for raw, category, nyu40class in read_table(path, _COLUMNS, separator="\t"):
        label_map.setdefault(_key(raw), LabelEntry(clean_label(category) or clean_label(raw), nyu40class))
    return label_map


def name_object(raw: str, label_map: Mapping[str, LabelEntry]) -> str | None:
    """The name to use in questions, or None where the object is never asked about.

    Args:
        raw: the annotator's text.
        label_map: from read_label_map; may be empty.
    """
    entry = label_map.get(_key(raw))
    label = clean_label(raw)
    is_group = entry is not None and label.endswith("s") and not entry.category.endswith("s")
    if entry is not None and not is_group:
        label = entry.category
    singular = label.removesuffix("s")
    if not label or {label, singular} & (NEVER_ASKED | _VAGUE) or singular.endswith(_STRUCTURE_ENDINGS):
        return None
    if entry is not None and entry.nyu40class in _STRUCTURE_CLASSES:
        return None
    return _MISSPELLED.get(label, label)


def _key(raw: str) -> str:
    return clean_label(raw).replace(" ", "")
