"""Every phrasing of every template block, with awkward labels and every kind of answer, is a clean English sentence."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from qagen.core.answer import (
    OPPOSITE,
    Answer,
    BoxAnswer,
    Choice,
    Count,
    Degrees,
    Directions,
    Extents,
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
    ViewAngles,
)
from qagen.errors import ConfigError
from qagen.files import TEMPLATES
from qagen.tasks.registry import FAMILIES
from qagen.wording.formats import blocks_of, check_templates
from qagen.wording.phrasebook import WORDS, Mention, Phrasebook
from qagen.wording.rationale import FILE as RATIONALES
from tools.proofread import all_families, contexts

BOOK = Phrasebook(TEMPLATES)
ALL_FAMILIES = all_families()
BLOCKS = {key: family for family in ALL_FAMILIES for key in blocks_of(family)}
FEWEST = {"option": 1}
FORMS: dict[type[Answer], tuple[str, ...]] = {
    Number: ("number|meters", "one decimal"),
    Ratio: ("number|ratio|factor|times", "one decimal"),
    Degrees: ("degrees", "5"),
    Count: ("number|count",),
    Extents: ("length,width,height", "whole", "blanks"),
    BoxAnswer: (r"\[x1, y1, x2, y2\]",),
    LocatedObject: (r"name, (image N, )?\[x1, y1, x2, y2\]",),
    ImagePoint: (r"\(x,y\),depth", "one decimal"),
    ImagePosition: (r"\(x,y\)",),
    Choice: (r"name \((color (point|box)|in Frame-N, pointM)\)|(?i:\bname)",),
    Sector: ("word",),
    MoveOrder: ("words|bracketed", "comma", "order|earliest"),
    GridMap: ("JSON", r'\{"name": \[column, row\]\}'),
    LabelOrder: ("names", "comma", "order|earliest|first"),
    Motion: ("comma|,", "without blanks|no blanks", "one decimal", "5", "0", "first"),
    ViewAngles: ("comma|,", "without blanks|no blanks", "5", "0", "first"),
}
"""What every line that names the form of an answer must say, by kind of answer."""
UNIT_IN_FORM = (Number, Extents)
"""Answers whose plain text is a length or an area, so that the line must name its unit."""
SLOPPY = {
    "double blank": r"\s\s",
    "line break": r"\n",
    "blank before punctuation": r"\s[,.;:?!)\]]",
    "blank after a bracket": r"[(\[]\s",
    "bracket after bracket": r"\) \(",
    "doubled article": r"(?i)\b(a|an|the) (a|an|the)\b",
    "doubled word": r"(?i)\b(\w+) \1\b",
    "doubled punctuation": r"[,.;:?!][,.;:?!]",
    "lower case after a full stop": r"[.?!] [a-z]",
    "template left over": r"\{[{%#]|[}%#]\}|\bNone\b|\bUndefined\b",
    "tag": r"<[^>]*>",
    "first person": r"\b(I|me|my|we|us|our)\b",
    "British spelling": r"\b(metres?|centres?|colours?|neighbours?|levelled|recognise|grey)\b",
}
VERBS = "is|are|was|were|has|have|does|do|lies|lie|stands|stand|sits|sit|appears|appear|takes|take|becomes|become"
PLURALS = {"glasses", "kitchen cabinets", "clothes"}
"""Labels of the proofread ones that take a plural verb."""
BARE_BOXES = {"option_oc", "option_oc_mv", "option_video"}
"""Options that are a box, where neither a capital nor a full stop has a place."""
PARTS = ("x", "y", "depth", "length", "width", "height", "label", "box")
"""What an answer consists of besides its text."""
CONTACTS = {"on": "on top of", "in": "inside", "touching": "touching", "apart": "apart from"}
"""How texts say the words of contact."""
OPTION_WORDS = ("left", "right", "above", "below", "closer", "farther", "front", "behind")
AXES = ("left_right", "above_below", "closer_farther", "front_behind")


def kind_of(block: str) -> str:
    return block.partition("_")[0]


@cache
def renderings(file: str, block: str) -> list[tuple[str, dict[str, Any], str]]:
    """(phrasing, context, text) for every phrasing of the block in every context."""
    known = contexts(BLOCKS[file, block], file, block)
    return [(p.source, context, p.render(context)) for p in BOOK.phrasings(file, block) for context in known]


def each(*kinds: str):
    """The blocks of some kinds, or all."""
    keys = sorted(key for key in BLOCKS if not kinds or kind_of(key[1]) in kinds)
    return pytest.mark.parametrize(("file", "block"), keys, ids=lambda value: value)


def mentions_in(context: dict[str, Any]) -> list[Mention]:
    def found(value: Any) -> list[Mention]:
        if isinstance(value, list):
            return [mention for part in value for mention in found(part)]
        return [value] if isinstance(value, Mention) else []

    return found([*context.values()])


def heard_words(text: str) -> list[str]:
    return sorted(re.findall(rf"\b({'|'.join(OPPOSITE)})\b", text.lower()))


def test_every_family_and_every_block_is_read():
    assert {family.name for family in ALL_FAMILIES} == set(FAMILIES)
    files = {path.stem for path in TEMPLATES.glob("*.jinja")} - {Path(WORDS).stem, RATIONALES}
    assert {(file, block) for file in files for block in BOOK.blocks(file)} == set(BLOCKS)


def test_phrasings_use_only_what_their_questions_have():
    check_templates(ALL_FAMILIES, BOOK)


@each()
def test_there_are_enough_different_phrasings(file, block):
    sources = [phrasing.source.lower() for phrasing in BOOK.phrasings(file, block)]
    assert len(set(sources)) == len(sources)
    assert len(sources) >= FEWEST.get(kind_of(block), 10)


@each()
def test_texts_are_clean(file, block):
    for source, _, text in renderings(file, block):
        found = [name for name, pattern in SLOPPY.items() if re.search(pattern, text)]
        assert not found, f"{found}: {text!r} of {source}"


@each()
def test_texts_start_and_end_like_sentences(file, block):
    if block in BARE_BOXES:
        return
    ends = {
        "choose": (".", "?", ":"),
        "option_pair": ("meters",),
        "option_object": ("cm",),
        "option_direction": (")",),
        "option_what": (")",),
        "untold_video": ("video", "tell", "say", "shows", "open"),
        "untold_images": ("images", "tell", "say", "show", "open"),
    }.get(block, (".", "?"))
    for source, _, text in renderings(file, block):
        assert text[0].isupper(), source
        assert text.endswith(ends), source


@each()
def test_every_label_has_the_article_the(file, block):
    for source, context, text in renderings(file, block):
        for mention in mentions_in(context):
            for before in re.findall(rf"(\S+) (?:same )?{re.escape(mention.label)}\b", text):
                assert before.lower() == "the", f"{source}: {text}"


@each()
def test_verbs_agree_with_labels(file, block):
    """ "The glasses are" and "the center of the glasses is", but never "the glasses is" or "where is the glasses"."""
    for source, context, text in renderings(file, block):
        for mention in mentions_in(context):
            named = rf"the {re.escape(mention.label)}(?: \([^)]*\))?"
            ruling = re.findall(rf"(?i)(?:(\w+) )?\b{named} ({VERBS})\b(?! both)", text)
            bad = [
                (before, verb)
                for before, verb in ruling
                if before not in {"of", "to", "from", "for", "around", "as"}
                and verb.endswith("s") == (mention.label in PLURALS)
            ]
            pairs_of_objects = r"\b(between|of|both) the [^,.;]+ and the "
            assert not bad or re.search(pairs_of_objects, text), f"{bad}: {text}"
            is_box = mention.label.endswith((" box", " point"))  # which is singular
            assert is_box or not re.search(rf"(?i)\b(is|are|was|were|does|do) {named}", text), f"{source}: {text}"


@each("sentence")
def test_sentences_name_each_mark_once(file, block):
    for source, context, text in renderings(file, block):
        for mention in mentions_in(context):
            assert not mention.notes or text.count(str(mention)) <= 1, f"{source}: {text}"


@each("question", "select", "after")
def test_questions_say_their_units_and_name_all_their_objects(file, block):
    family = BLOCKS[file, block]
    roles = {*family.marks.colors} if family.marks else set()
    named = family.question_variables & {*roles, "subject", "reference", "given"}
    named -= {"reference"} if block == "question_oc" else set()
    named -= roles if block == "select_named" else set()  # the options name them
    for source, context, text in renderings(file, block):
        missing = [pattern for pattern in (family.unit, *family.must_say) if not re.search(pattern, text)]
        assert not missing, f"{missing}: {source}"
        assert all(str(context[name]) in text for name in named), source
        assert all(str(mention) in text for mention in context.get("objects", ())), source


@pytest.mark.parametrize("family", ALL_FAMILIES, ids=lambda family: family.config.type)
def test_every_family_says_what_its_questions_must_state(family):
    assert family.unit or family.must_say
    assert bool(family.unit) == (family.answer in {Number, Extents, ImagePoint, Motion, Placement, Route})


@each("fill")
def test_fills_name_the_form_of_the_answer(file, block):
    family = BLOCKS[file, block]
    form = ("number|centimeters", "whole") if getattr(family.config, "is_fine", False) else FORMS[family.answer]
    patterns = (*form, family.unit if family.answer in UNIT_IN_FORM else "")
    for source, _, text in renderings(file, block):
        missing = [pattern for pattern in patterns if not re.search(pattern, text)]
        assert not missing, f"{missing}: {source}"


@each("sentence", "option")
def test_sentences_tell_the_whole_answer_and_nothing_else(file, block):
    names = BLOCKS[file, block].answer.names
    for source, context, text in renderings(file, block):
        if BLOCKS[file, block].answer is Directions:
            words = [str(value) for name, value in context.items() if name.endswith(AXES) and value]
            assert set(heard_words(text)) == set(words), f"{source}: {text}"
            assert len(heard_words(text)) <= len(words), f"{source}: {text}"
        else:
            parts = [(n, context[n]) for n in PARTS if n in names and n in context and block not in BARE_BOXES]
            parts += [("place", f"({x}, {y})") for _, x, y in context.get("places", ())]
            parts += [("cell", f"the {label} in {cell}") for label, cell in context.get("located", ())]
            steps = context.get("steps") or context.get("moves") or [(n, n) for n in context.get("items", ())] or parts
            if BLOCKS[file, block].answer is OneOf:
                steps = [("answer", CONTACTS[context["answer"]])]
            values = [
                str(value)
                for _, value in steps or [("answer", context.get("winner") or context.get("box") or context["answer"])]
            ]
            assert all(re.search(rf"(?<![\d.]){re.escape(value)}(?!\d|\.\d)", text) for value in values), text


@each("sentence", "judge", "after")
def test_closer_and_farther_say_to_whom(file, block):
    if BLOCKS[file, block].answer is not Directions:
        return
    for source, _, text in renderings(file, block):
        for sentence in re.split(r"(?<=[.?]) ", text):
            assert "observer" in sentence or not re.search("closer|farther", sentence), source


@each("after")
def test_what_holds_before_a_move_is_not_asked_where_only_the_state_after_it_is_the_answer(file, block):
    for source, _, text in renderings(file, block):
        assert not re.search(r"\b(before|change|at first|start|initial)", text, re.IGNORECASE), source


@each("question", "after")
def test_directions_are_asked_in_the_order_of_the_options(file, block):
    if BLOCKS[file, block].answer is not Directions:
        return
    for source, _, text in renderings(file, block):
        asked = list(dict.fromkeys(re.findall(rf"\b({'|'.join(OPPOSITE)})\b", text)))
        assert asked == [word for word in OPTION_WORDS if word in asked], source


@pytest.mark.parametrize("block", ["question_oc_mv", "question_oo_mv", "question_oc_video", "question_oo_video"])
def test_what_may_exist_is_in_one_direction(block):
    for source, context, text in renderings("existence", block):
        assert heard_words(text) == [context["direction"]], source


@each("judge")
def test_claims_are_said_as_they_are(file, block):
    for source, context, text in renderings(file, block):
        if BLOCKS[file, block].answer is Directions:
            assert heard_words(text) == [context["claim"]], source
        if BLOCKS[file, block].answer is Choice:
            assert text.index(str(context["claim"])) == min(text.index(str(one)) for one in mentions_in(context)), (
                source
            )
        if BLOCKS[file, block].answer is OneOf:
            assert [word for word, said in CONTACTS.items() if said in text] == [context["claim"]], source


def book_of(tmp_path: Path, text: str) -> Phrasebook:
    (tmp_path / WORDS).write_text((TEMPLATES / WORDS).read_text())
    (tmp_path / "depth.jinja").write_text("{% block one %}\n" + text + "\n{% endblock %}\n")
    return Phrasebook(tmp_path)


BINS = {"bin": Mention("bin", ("red box",)), "blinds": Mention("blinds", ()), "tv": Mention("tv", ())}
BY_HAND = {
    'say.aside(["right", "above", "front"])': "To the right, above, and in front",
    'say.around(["right", "", "front"])': "To the right and in front of the observer",
    'say.compares(bin, tv, ["", "", ""])': "",
    'say.compares(bin, blinds, ["", "above", ""])': "The bin (red box) is above the blinds",
    'say.compares(blinds, bin, ["left", "above", "closer"])': (
        "The blinds are to the left of the bin (red box), above it, and closer to the observer"
    ),
    'say.compares(bin.again, blinds, ["left", "below", ""])': "The bin is to the left of the blinds and below them",
    'say.offsets("relative to", bin, tv, ["", "above", ""])': "Relative to the tv, the bin (red box) is above",
    'say.relates(bin, tv, ["", "above", ""], "front", "front")': (
        "The bin (red box) is above the tv; both are in front of the observer"
    ),
    'say.relates(bin, tv, ["", "above", ""], "front", "behind")': (
        "The bin (red box) is above the tv; the bin is in front of the observer and the tv is behind"
    ),
    'say.relates(bin, tv, ["", "", ""], "front", "front")': (
        "The bin (red box) and the tv are both in front of the observer"
    ),
    'say.relates(bin, tv, ["", "", ""], "", "behind")': "The tv is behind the observer",
    'say.stays(blinds, ["left"])': "They are to the left of the observer",
    'say.most("farthest", ["bed", "lamp"])': "Farther from",
    'say.most("farthest", ["bed", "lamp", "chair"])': "Farthest from",
    'say.either(["bed", "lamp"])': "The bed or the lamp",
    'say.either(["bed", "lamp", "chair"])': "Bed, lamp, or chair",
    'say.sentences(["one is left", "", "two is right"])': "One is left. Two is right.",
    'say.motion([("move_up", "0.3 meters"), ("rotate_left", "5 degrees")], "move", "tilt", "turn")': (
        "Move 0.3 meters up, then turn 5 degrees to the left"
    ),
    'say.motion([("rotate_down", "10 degrees")], "move", "tilt", "turn")': "Tilt 10 degrees down",
    'say.frames(["3"])': "Frame-3",
    "say.frames([0, 3, 31])": "Frame-0, Frame-3, and Frame-31",
    'say.sighted([("tv", 2), ("clothes", 9)], "in")': "The tv in Frame-2 and the clothes in Frame-9",
    'say.amount("1", "pair of scissors", "pairs of scissors")': "1 pair of scissors",
    'say.amount("11", "shelf", "shelves")': "11 shelves",
    'say.route([("forward", "2.0 meters")], "turn", "go forward")': "Go forward 2.0 meters",
    'say.route([("left", "90 degrees"), ("forward", "2.0 meters")], "turning", "walking forward")': (
        "Turning 90 degrees to the left and walking forward 2.0 meters"
    ),
    'say.changes([("move_left", "1.0 meters")])': "A move of 1.0 meters to the left",
}


@each("sentence")
def test_lists_keep_their_order(file, block):
    for source, context, text in renderings(file, block):
        places = [text.index(str(item)) for item in context.get("items", ()) if not str(item).isdigit()]
        assert places == sorted(places), source
        numbers = re.findall(r"Frame-(\d+)", text)
        known = [str(number) for _, number in context.get("sightings", ())] or list(context.get("items", numbers))
        assert numbers in ([], known) or {"first", "last"} <= set(context), f"{source}: {text}"


@pytest.mark.parametrize("call", BY_HAND)
def test_macros_by_hand(tmp_path, call):
    assert book_of(tmp_path, "{{ " + call + " }}").phrasings("depth", "one")[0].render(BINS) == BY_HAND[call]


def test_a_phrasing_with_an_unknown_name_is_refused(tmp_path):
    phrasing = book_of(tmp_path, "The depth is {{ answr }} meters.").phrasings("depth", "one")[0]
    with pytest.raises(ConfigError, match=r"unknown name 'answr' in phrasing.*Did you mean 'answer'"):
        phrasing.check_names(frozenset({"answer"}))
    with pytest.raises(ConfigError, match=r"'answr' is undefined"):
        phrasing.render({"answer": "1.0"})


def test_a_missing_block_or_file_is_named(tmp_path):
    book = book_of(tmp_path, "The depth is known.")
    with pytest.raises(ConfigError, match=r"depth\.jinja: no block 'won'.*Did you mean 'one'"):
        book.phrasings("depth", "won")
    with pytest.raises(ConfigError, match=r"distance\.jinja: cannot be read"):
        book.phrasings("distance", "one")
