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


_GROUP = re.compile(r"^(stack|pair|pile|row|set|group|bunch|roll)s? of ")


def kind_of(label: str) -> str:
    """A key that is the same for one thing and for several of it: "book", "books" and "stack of books".

    Only for comparing labels; it need not be a word.
    """
    kind = _GROUP.sub("", label)
    if kind.endswith("ies"):
        return kind[:-3] + "y"
    if kind.endswith("ves"):
        return kind[:-3] + "f"
    if kind.endswith(("ches", "shes", "sses", "xes")):
        return kind[:-2]
    return kind[:-1] if kind.endswith("s") and not kind.endswith("ss") else kind
