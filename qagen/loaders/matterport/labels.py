"""What an object of Matterport3D is called in a question, and which objects are never asked about.

Annotators typed free text; ``metadata/category_mapping.tsv`` has the columns of ScanNet's label map, so names are
chosen as there (io/labels.py). Matterport's own class ``mpcat40`` separates more room structure, but "floor"
holds rugs and mats as well. Texts such as "chair /otherroom" and "window/door" are objects that are seen from another
room or that nobody could name; such an object is not asked about, yet images may show it.
"""

from collections.abc import Mapping

from qagen.core.labels import clean_label
from qagen.loaders.io.labels import LabelEntry, name_object

_STRUCTURE_CLASSES = frozenset({"void", "wall", "ceiling", "column", "beam", "unlabeled"})
_ON_FLOOR = ("rug", "mat", "carpet")
_VAGUE = frozenset(
    {
        "appliance", "appliances", "kitchen appliance", "archway", "baseboard", "clutter", "decor", "decoration",
        "doorway", "entry", "entryway", "fixture", "hole", "landing", "lighting", "molding", "opening", "paneling",
        "reflection", "trim", "unknown furniture", "way",
    }
)  # fmt: skip
_NOT_ONE_NAME = ("/", "?", "\\", " or ", "other room", "otherroom", "unknown", "outside")


def name_house_object(raw: str, mpcat40: str, label_map: Mapping[str, LabelEntry]) -> str | None:
    """The name to use in questions, or None where the object is never asked about.

    Args:
        raw: the annotator's text.
        mpcat40: its class of Matterport's forty, "" where that is not known.
        label_map: of category_mapping.tsv; may be empty.
    """
    if hidden_name(raw) is not None or mpcat40 in _STRUCTURE_CLASSES:
        return None
    label = name_object(raw, label_map)
    if label is None or label in _VAGUE or label in _STRUCTURE_CLASSES:
        return None
    return None if mpcat40 == "floor" and not label.endswith(_ON_FLOOR) else label


def hidden_name(raw: str) -> str | None:
    """What images may show of what has no single name, None where the text is a name."""
    label = clean_label(raw)
    places = [label.find(sign) for sign in _NOT_ONE_NAME if sign in label]
    return label[: min(places)].strip() if places else None
