"""Print every phrasing with awkward labels and values, to be read by a person.

``python tools/proofread.py [FILE ...]``, where a file is named as in templates/: depth, relation, rules, ...
"""

import random
import sys
from itertools import cycle, islice, product

from qagen.core.answer import (
    Answer,
    BoxAnswer,
    Choice,
    Count,
    Directions,
    Extents,
    FrameNumbers,
    ImagePoint,
    LabelOrder,
    LocatedObject,
    Motion,
    Number,
    Placement,
    Route,
    Slot,
)
from qagen.files import TEMPLATES
from qagen.tasks._base import Family
from qagen.tasks.registry import known_types, load_task
from qagen.wording.formats import SHAPES, blocks_of, with_mentions
from qagen.wording.phrasebook import Mention, Phrasebook

LABELS = (
    "chair",
    "glasses",
    "pair of scissors",
    "tv",
    "kitchen cabinets",
    "L-shaped couch",
    "air conditioner",
    "clothes",
)
COLORS = {"red": "red", "blue": "blue", "green": "green", "yellow": "yellow"}
COLORS |= {"subject": "red", "reference": "blue", "claimed": "green"}
WORDS = {
    "left_right": ("left", "right"),
    "above_below": ("above", "below"),
    "closer_farther": ("closer", "farther"),
    "front_behind": ("front", "behind"),
}
CLAIMS = {"judge": ("left", "right", "above", "below", "closer", "farther")}
EXAMPLES: dict[type[Answer], Answer] = {
    Number: Number(1.0),
    Count: Count(3),
    Extents: Extents(120, 60, 75),
    BoxAnswer: BoxAnswer((0, 212, 97, 1000)),
    ImagePoint: ImagePoint(7, 640, 0.9),
    LabelOrder: LabelOrder(("tv", "kitchen cabinets", "pair of scissors", "glasses")),
    Placement: Placement((("object0", 0.4, 2.1), ("object1", -1.3, 0.0), ("object2", 10.0, -0.8))),
}
EXAMPLES_OF: dict[str, tuple[Answer, ...]] = {
    "count": (Count(1), Count(2), Count(11)),
    "locate": (FrameNumbers((7,)), FrameNumbers((0, 31)), FrameNumbers((3, 4, 18))),
    "navigation": (
        Route((("forward", "2.0"),)),
        Route((("left", "90"), ("forward", "1.0"))),
        Route((("forward", "2.5"), ("right", "105"), ("forward", "0.8"), ("left", "30"), ("forward", "1.2"))),
    ),
}
"""Families whose answers come in several kinds."""
FACTS: dict[str, object] = {
    "given": "2.7",
    "distance": "1.3",
    "other_distance": "2.4",
    "loser": "blue",
    "kinds": ("air conditioner", "glasses", "kitchen cabinets", "pair of scissors"),
    "labels": ("glasses", "tv", "pair of scissors", "kitchen cabinets"),
    "sightings": (("tv", 0), ("kitchen cabinets", 4), ("pair of scissors", 11), ("glasses", 31)),
    "label": "pair of scissors",
    "plural": "pairs of scissors",
    "first": 4,
    "last": 17,
}
EXTREMES = ("closest", "farthest")
SHOWN = 3
"""Contexts in which each phrasing is printed."""


def all_families() -> list[Family]:
    """The forms of one family per task type, and those that only an override gives."""
    families = [*(load_task(name) for name in known_types()), load_task("view_change_infer", {"frame": "level"})]
    return [form for family in families for form in family.forms]


def contexts(family: Family, file: str, block: str) -> list[dict[str, object]]:
    """What phrasings of the block may be given, with the labels taking turns.

    Only sentences and options, which say the answer, are given every kind of it; a question that says it fails.
    """
    tells_answer = block.startswith(("sentence_", "option_"))
    answers = [answer.context for answer in _answers(family)] if tells_answer else [{} for _ in LABELS]
    names = blocks_of(family)[file, block]
    cases = enumerate(product(answers, CLAIMS.get(block, ("",))))
    told = [
        {**FACTS, **answer, **_before(family, turn), "claim": claim, **_of_turn(turn)}
        for turn, (answer, claim) in cases
    ]
    return [_with_mentions(case, _mentions(family, turn), names) for turn, case in enumerate(told)]


def _of_turn(turn: int) -> dict[str, object]:
    """Facts that take turns."""
    return {"extreme": EXTREMES[turn % 2], "objects": tuple(f"object{i}" for i in range(3 + turn % 5))}


def _before(family: Family, turn: int) -> dict[str, str]:
    """Words that a family tells besides its answer; they go through all states in another order than the answers."""
    if family.answer is not Directions or not family.answer_variables:
        return {}
    told = _answers(family)[(5 * turn + 1) % len(_answers(family))].context
    return {f"before_{axis}": str(word) for axis, word in told.items()}


def _with_mentions(case: dict[str, object], mentions: dict[str, Mention], names: frozenset[str]) -> dict[str, object]:
    """The names that a block may use; a value that is an object's colour stands for the object."""
    known = {name: with_mentions(value, mentions) for name, value in case.items()} | mentions
    return {name: known[name] for name in names if name in known}


def _mentions(family: Family, turn: int) -> dict[str, Mention]:
    if family.marks and family.marks.listed:
        labels = {name: LABELS[(turn + 3 * place) % len(LABELS)] for place, name in enumerate(family.marks.colors)}
        where = f"in Frame-{7 + turn}, " if family.marks.kind == "point" else ""
        return {name: Mention(label, (f"{where}{name}",)) for name, label in labels.items()}
    shape = SHAPES[family.marks.kind] if family.marks else "box"
    labels = {name: LABELS[(turn + 3 * place) % len(LABELS)] for place, name in enumerate(COLORS)}
    return {name: Mention(label, (f"{COLORS[name]} {shape}",)) for name, label in labels.items()}


def _answers(family: Family) -> list[Answer]:
    if family.answer is Motion:
        amounts = product((0.0, 1.6, -0.4), (0.0, -0.3, 2.0), (0.0, 1.0, -0.1), (0.0, 15.0, -5.0), (0.0, 75.0, -110.0))
        return [Motion(*each) for each in amounts if any(each)]
    if family.answer is Directions:
        axes = [(name, words) for name in sorted(family.axes) for axis, words in WORDS.items() if name.endswith(axis)]
        told = product(*([Slot(name, word) for word in ("", *words)] for name, words in axes))
        return [Directions(slots) for slots in told if any(slot.word for slot in slots)]
    if family.answer is LocatedObject:
        return [LocatedObject(label, turn % 3, (0, 212, 97, 1000)) for turn, label in enumerate(LABELS)]
    if family.answer is Choice and family.marks:
        return [Choice(family.marks.colors[1], family.marks.colors[2:])] * len(LABELS)
    examples = EXAMPLES_OF.get(family.name) or (EXAMPLES[family.answer],)
    return list(islice(cycle(examples), len(LABELS) * len(examples)))


def main() -> None:
    """Print the phrasings of the named files, or of all."""
    book, draw = Phrasebook(TEMPLATES), random.Random(0)
    blocks = {key: family for family in all_families() for key in blocks_of(family)}
    for (file, block), family in sorted(blocks.items(), key=lambda item: item[0]):
        if file not in (sys.argv[1:] or [file]):
            continue
        print(f"\n== {file}: {block}")
        known = contexts(family, file, block)
        for phrasing in book.phrasings(file, block):
            drawn = draw.sample(known, min(SHOWN, len(known)))
            print(*dict.fromkeys(phrasing.render(told) for told in drawn), sep="\n   ")


if __name__ == "__main__":
    main()
