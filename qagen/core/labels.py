"""Object names as they appear in questions."""

import re

NEVER_ASKED = frozenset(
    {
        "wall",
        "floor",
        "ceiling",
        "object",
        "objects",
        "unknown",
        "remove",
        "person",
        "people",
        "structure",
        "roof",
        "beam",
        "column",
        "pillar",
        "room",
        "otherstructure",
        "otherfurniture",
        "otherprop",
        "unlabeled",
        "unannotated",
        "void",
        "none",
        "misc",
        "stuff",
        "item",
        "items",
        "room structure",
        "other structure",
        "other furniture",
        "other prop",
        "case of structure",
    }
)
"""Labels that name no single askable thing (tasks.md, visibility)."""

_TAG = re.compile(r"<[^<>]*>")


def clean_label(text: str) -> str:
    """Lower-case, with single blanks and without anything a trainer could read as a tag."""
    words = _TAG.sub(" ", text).replace("_", " ").replace("<", " ").replace(">", " ").lower().split()
    return " ".join(words)
