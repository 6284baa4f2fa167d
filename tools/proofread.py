"""Print every phrasing with awkward labels and values, to be read by a person.

``python -m tools.proofread [FILE ...]``, where a file is named as in templates/: depth, relation, rules, ...
"""

import random
import sys
from itertools import cycle, islice, product
from typing import Any

from qagen.core.answer import (
    Answer,
    BoxAnswer,
    CameraMove,
    Choice,
    Count,
    Degrees,
    Directions,
    Extents,
    FrameNumbers,
    FrameSpan,
    GridMap,
    ImagePoint,
    ImagePosition,
    LabelOrder,
    LocatedObject,
    Motion,
    MoveOrder,
    Number,
    OneOf,
    Placement,
    Ratio,
    Route,
    Sector,
    Slot,
    ViewAngles,
    YesNo,
)
from qagen.core.motion import LABELS as MOTIONS
from qagen.core.units import MILLIMETERS, Units
from qagen.files import TEMPLATES
from qagen.tasks._base import Family
from qagen.tasks.registry import known_types, load_task
from qagen.wording.formats import SHAPES, blocks_of, shape_of, with_mentions
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
WORDS = {
    "left_right": ("left", "right"),
    "above_below": ("above", "below"),
    "closer_farther": ("closer", "farther"),
    "front_behind": ("front", "behind"),
}
CLAIMED_DIRECTIONS = ("left", "right", "above", "below", "closer", "farther")
EXAMPLES: dict[type[Answer], tuple[Answer, ...]] = {
    Number: (Number(1.0),),
    Ratio: (Ratio(2.0), Ratio(1.3)),
    YesNo: (YesNo(True), YesNo(False)),
    Degrees: (Degrees(15.0), Degrees(170.0)),
    Count: (Count(1), Count(2), Count(11)),
    Extents: (Extents(120, 60, 75),),
    BoxAnswer: (BoxAnswer((0, 212, 97, 1000)),),
    ImagePoint: (ImagePoint(7, 640, 0.9),),
    ImagePosition: (ImagePosition(7, 640),),
    ViewAngles: (ViewAngles(15.0, 75.0), ViewAngles(-5.0, 0.0), ViewAngles(0.0, -110.0)),
    OneOf: tuple(OneOf(word) for word in ("on", "in", "touching", "apart")),
    CameraMove: tuple(map(CameraMove, MOTIONS)),
    FrameSpan: (FrameSpan(4, 10), FrameSpan(0, 9)),
    MoveOrder: (MoveOrder(("Pan Left", "Dolly In")), MoveOrder(("Roll CCW", "Pan Right", "Dolly Out", "Tilt Up"))),
    LabelOrder: (LabelOrder(("tv", "kitchen cabinets", "pair of scissors", "glasses")),),
    FrameNumbers: (FrameNumbers((7,)), FrameNumbers((0, 31)), FrameNumbers((3, 4, 18))),
    Placement: (Placement((("object0", 0.4, 2.1), ("object1", -1.3, 0.0), ("object2", 10.0, -0.8))),),
    GridMap: (
        GridMap((("tv", 0, 9), ("kitchen cabinets", 4, 4))),
        GridMap((("pair of scissors", 2, 7), ("glasses", 9, 0), ("clothes", 5, 5))),
    ),
    Route: (
        Route((("forward", 2.0),)),
        Route((("left", 90), ("forward", 1.0))),
        Route((("forward", 2.5), ("right", 105), ("forward", 0.8), ("left", 30), ("forward", 1.2))),
    ),
}
OPTIONS_ON_REQUEST = (
    "compare_single",
    "contact",
    "distance_infer_center_oc",
    "distance_infer_center_oc_mv",
    "motion_compare",
    "motion_direction",
    "motion_span_what",
    "motion_span_when",
    "obj_frame_locate",
    "object_height",
    "object_longest",
    "object_orbit_video",
    "object_size_video",
    "object_width",
    "room_size",
    "size_compare",
    "spatial_volume_infer",
)
"""Types that are written as ``select`` only where a config asks for it."""
WITH_OPTIONS: dict[str, dict[str, Any]] = {
    name: {"formats": [*load_task(name).config.formats, "select"]} for name in OPTIONS_ON_REQUEST
}
"""Overrides with which these types are written as ``select``, too."""
OVERRIDDEN: tuple[tuple[str, dict[str, Any]], ...] = (
    *((name, {"formats": ["select"]}) for name in OPTIONS_ON_REQUEST),
    ("view_change_infer", {"frame": "level"}),
    ("distance_infer_center_oo", {"mark": "none"}),
    ("distance_infer_center_oo_video", {"mark": "none"}),
)
"""Types with the keys that give templates which no type has by itself."""
ROOM, SMALL = Units(), Units(MILLIMETERS, 0.01)
"""Units in which phrasings are printed: those of a room, and once more those of a small scene where they differ."""
SHOWN = 3
"""Contexts in which each phrasing is printed."""


def all_families() -> list[Family]:
    """The forms of one family per task type, and those that only an override gives."""
    families = [*(load_task(name, keys) for name, keys in OVERRIDDEN), *(load_task(name) for name in known_types())]
    return [form for family in families for form in family.forms]


def contexts(family: Family, file: str, block: str, units: Units = ROOM) -> list[dict[str, object]]:
    """The variables of phrasings of a block in several cases, with the labels taking turns, in a scene's units.

    Only sentences and options, which state the answer, get every kind of answer; a question that uses it fails.
    """
    has_answer = block.startswith(("sentence_", "option_"))
    answers = [answer.context for answer in _answers(family)] if has_answer else [{} for _ in LABELS]
    names = blocks_of(family)[file, block]
    found = []
    claims = _claims(family) if block == "judge" else ("",)
    for turn, (answer, claim) in enumerate(product(answers, claims)):
        facts = {name: values[turn % len(values)] for name, values in family.example_facts.items()}
        mentions = _mentions(family, turn)
        words = {**units.words, "claim": claim, "shape": shape_of(family.marks)}
        variables = {**words, **facts, **answer, **_before(family, turn)}
        known = {name: with_mentions(value, mentions) for name, value in variables.items()} | mentions
        found.append({name: known[name] for name in names if name in known})
    return found


def _claims(family: Family) -> tuple[str, ...]:
    """Words, or roles, that the family's claims are about."""
    if family.answer is Choice and family.marks:
        return family.marks.colors
    return family.words or tuple(answer.text for answer in EXAMPLES.get(family.answer, ())) or CLAIMED_DIRECTIONS


def _before(family: Family, turn: int) -> dict[str, str]:
    """The state before a move; it goes through all states in another order than the answers."""
    if family.answer is not Directions or not family.answer_variables:
        return {}
    answers = _answers(family)
    return {f"before_{axis}": str(word) for axis, word in answers[(5 * turn + 1) % len(answers)].context.items()}


def _mentions(family: Family, turn: int) -> dict[str, Mention]:
    """Each role of the family with another label, pointed out as in questions."""
    if family.marks is None:
        return {}
    mentions = {}
    for index, color in enumerate(family.marks.colors):
        if not family.marks.drawn and not family.marks.hidden:
            mentions[color] = Mention(LABELS[(turn + 3 * index) % len(LABELS)], ())
            continue
        note = f"{color} {SHAPES[family.marks.recorded]}"
        if color in family.unnamed or family.marks.of_places:
            mentions[color] = Mention(note, ())
            continue
        if family.marks.listed:
            note = f"in Frame-{7 + turn}, {color}" if family.images == "video" else color
        mentions[color] = Mention(LABELS[(turn + 3 * index) % len(LABELS)], (note,))
    return mentions


def _answers(family: Family) -> list[Answer]:
    if family.answer is Motion:
        amounts = product((0.0, 1.6, -0.4), (0.0, -0.3, 2.0), (0.0, 1.0, -0.1), (0.0, 15.0, -5.0), (0.0, 75.0, -110.0))
        return [Motion(*each) for each in amounts if any(each)]
    if family.answer is Directions:
        axes = [(name, words) for name in sorted(family.axes) for axis, words in WORDS.items() if name.endswith(axis)]
        combinations = product(*([Slot(name, word) for word in ("", *words)] for name, words in axes))
        return [Directions(slots) for slots in combinations if any(slot.word for slot in slots)]
    if family.answer is LocatedObject:
        return [LocatedObject(label, turn % 3, (0, 212, 97, 1000)) for turn, label in enumerate(LABELS)]
    if family.answer is Choice and family.marks:
        return [Choice(family.marks.colors[1], family.marks.colors[2:])] * len(LABELS)
    examples = tuple(map(Sector, family.words)) or EXAMPLES[family.answer]
    return list(islice(cycle(examples), len(LABELS) * len(examples)))


def _small(context: dict[str, object]) -> dict[str, str]:
    """The words of another unit, where phrasings may use them."""
    return {name: word for name, word in SMALL.words.items() if name in context}


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
            told = [phrasing.render(context) for context in drawn]
            told += [phrasing.render(context | _small(context)) for context in drawn[:1]]
            print(*dict.fromkeys(told), sep="\n   ")


if __name__ == "__main__":
    main()
