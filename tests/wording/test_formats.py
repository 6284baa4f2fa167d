"""From facts to turns: each format on questions made by hand, with templates made for the test."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from qagen.core.answer import Answer, Directions, Number, Slot
from qagen.core.question import MarkedObject, Question, Skip
from qagen.core.sample import Format
from qagen.core.units import Units
from qagen.errors import ConfigError
from qagen.files import TEMPLATES
from qagen.rng import rng_for
from qagen.sampling.choose import Distractors
from qagen.sampling.distractors.shared import choose_with_shared_answers
from qagen.tasks.registry import FAMILIES, load_task
from qagen.wording.formats import FORMAT_SKIPS, Formatter, Turns, blocks_of, check_templates
from qagen.wording.phrasebook import Phrasebook
from tests.scenes import at, looking, room

SCENE = room({"chair": at(0, 2, 1.5), "table": at(1, 2, 1.5)}, [looking("+y")])

BLOCKS = {
    "depth.jinja": {
        "question_oc": "How deep is the {{ blue }}, when the {{ red }} is at {{ given }}?",
        "fill_oc": "One number.",
        "sentence_oc": "the {{ blue }} is {{ answer }} m deep.",
    },
    "relation.jinja": {
        "question_oo": "Where is the {{ subject }} from the {{ reference }}?",
        "question_oo_mv": "Where is the {{ subject }} from the {{ reference }}?",
        "sentence_oo": "The {{ subject }} is {{ left_right }} of the {{ reference }}.",
        "sentence_oo_mv": "The {{ subject }} is {{ left_right }} of the {{ reference }}.",
        "judge": "Is the {{ subject }} {{ claim }} the {{ reference }}?",
    },
}
RULES = (
    "vertical",
    "option_slots",
    "untold_images",
    "untold_video",
    "leave_out",
    "first_image_observer",
    "depth_per_image",
    "choose",
    "reply_letter",
    "reply_letter_2",
    "reply_letter_4",
    "reply_yes_no",
)


@pytest.fixture
def book(tmp_path: Path) -> Phrasebook:
    """One phrasing a block; a rule says its own name in brackets."""
    write(tmp_path, "words.jinja", {})
    write(tmp_path, "rules.jinja", {name: f"[{name}]" for name in RULES})
    for file, blocks in BLOCKS.items():
        write(tmp_path, file, blocks)
    return Phrasebook(tmp_path)


def write(folder: Path, file: str, blocks: dict[str, str]) -> None:
    text = "".join(f"{{% block {name} %}}\n{line}\n{{% endblock %}}\n" for name, line in blocks.items())
    (folder / file).write_text(text)


def ask(answer: Answer, kind: str = "point", **facts: str) -> Question:
    roles = tuple(
        MarkedObject(color, item, 0, kind, (100, 100, 200, 200)[: 2 if kind == "point" else 4])  # pyright: ignore[reportArgumentType]
        for item, color in enumerate(("red", "blue"))
    )
    classes = tuple(f"{s.axis}:{s.word}" for s in answer.slots) if isinstance(answer, Directions) else ()
    return Question(frames=(0,), roles=roles, facts=facts, answer=answer, margin=1, measured={}, classes=classes)


def formatter(type_name: str, book: Phrasebook, questions: list[Question], seed: int = 0) -> Formatter:
    selection = choose_with_shared_answers(questions, len(questions), rng_for(seed, "peers"))
    rng = rng_for(seed, "formats")
    return Formatter(load_task(type_name), SCENE, Units(), book, Distractors(selection, rng), rng)


def turns(written: Turns | Skip) -> Turns:
    assert isinstance(written, Turns), written
    return written


DEPTH = ask(Number(3.04), given="2.0")
ASKED = "How deep is the table (blue point), when the chair (red point) is at 2.0?"


def test_fill_ends_with_the_form_and_answers_bare(book: Phrasebook) -> None:
    written = turns(formatter("depth_prediction_oc", book, [DEPTH]).write(DEPTH, "fill"))
    assert written == Turns(f"{ASKED}\nOne number.", "3.0")


def test_sentences_are_told_with_a_capital(book: Phrasebook) -> None:
    written = turns(formatter("depth_prediction_oc", book, [DEPTH]).write(DEPTH, "sentence"))
    assert written == Turns(ASKED, "The table (blue point) is 3.0 m deep.")


def test_select_lists_four_options_and_answers_with_a_letter(book: Phrasebook) -> None:
    writer = formatter("depth_prediction_oc", book, [DEPTH])
    letters = []
    for _ in range(40):
        written = turns(writer.write(DEPTH, "select"))
        asked, choose, *options, reply = written.human.split("\n")
        assert (asked, choose) == (ASKED, "[choose]")
        assert reply.startswith("[reply_letter")
        assert [option[:3] for option in options] == ["A. ", "B. ", "C. ", "D. "]
        assert written.added == {"options": [option[3:] for option in options]}
        assert options["ABCD".index(written.gpt)] == f"{written.gpt}. 3.0"
        letters.append(written.gpt)
    assert Counter(letters) == dict.fromkeys("ABCD", 10)


def test_a_number_without_room_for_options_is_skipped(book: Phrasebook) -> None:
    # All ranks but one need numbers below 0.3; when that rank is spent there is no option left in the deck.
    small = ask(Number(0.3), given="2.0")
    writer = formatter("depth_prediction_oc", book, [small])
    found = [writer.write(small, "select") for _ in range(12)]
    assert Skip("too few wrong options") in found
    assert {f.reason for f in found if isinstance(f, Skip)} <= FORMAT_SKIPS


AXES = ("left_right", "above_below", "closer_farther")


def relate(*words: str, axes: tuple[str, ...] = AXES, frame: int = 0) -> Question:
    slots = tuple(Slot(axis, word) for axis, word in zip(axes, words, strict=True))
    return replace(ask(Directions(slots), "bbox", subject="red", reference="blue"), frames=(frame,))


TURNS = [(lr, ab) for lr in ("left", "right") for ab in ("above", "below")] * 10
EVEN = [relate(lr, ab, "closer", frame=i) for i, (lr, ab) in enumerate(TURNS)]


def test_direction_options_are_explained(book: Phrasebook) -> None:
    pairs = [(side, away) for side in ("left", "right") for away in ("closer", "farther")]
    asked = [relate(side, "above", away, frame=frame) for frame, (side, away) in enumerate(pairs)]
    written = turns(formatter("obj_spatial_relation_oo", book, asked).write(asked[0], "select"))
    assert "Where is the chair (red box) from the table (blue box)? [vertical] [option_slots]\n" in written.human
    options = written.added["options"]
    assert set(options) == {f"{side}, above, {away}" for side, away in pairs}
    assert options["ABCD".index(written.gpt)] == "left, above, closer"


def test_each_word_that_is_claimed_is_so_as_often_as_not(book: Phrasebook) -> None:
    writer = formatter("obj_spatial_relation_oo", book, EVEN)
    outcomes: Counter[tuple[str, str]] = Counter()
    for question in EVEN:
        written = turns(writer.write(question, "judge"))
        claim = written.added["claim"]
        assert isinstance(claim, str)
        rule = " [vertical]" if claim in ("above", "below") else ""
        assert written.human == f"Is the chair (red box) {claim} the table (blue box)?{rule}\n[reply_yes_no]"
        is_so = claim in {name.partition(":")[2] for name in question.classes}
        assert written.gpt == ("Yes" if is_so else "No")
        outcomes[claim, written.gpt] += 1
    for word in {claim for claim, _ in outcomes}:
        assert abs(outcomes[word, "Yes"] - outcomes[word, "No"]) <= 1


def test_claims_that_would_give_themselves_away_are_skipped(book: Phrasebook) -> None:
    # Everything is closer and left: after one claim of each word, a second would be answered in the same way.
    questions = [relate("left", "", "closer", frame=i) for i in range(20)]
    writer = formatter("obj_spatial_relation_oo", book, questions)
    written = [writer.write(question, "judge") for question in questions]
    claims = [(turn.added["claim"], turn.gpt) for turn in written if isinstance(turn, Turns)]
    assert set(claims) == {("left", "Yes"), ("right", "No"), ("closer", "Yes"), ("farther", "No")}
    assert len(claims) == 4
    assert written.count(Skip("class quota reached")) == 16


def test_nothing_is_claimed_about_front_and_behind(book: Phrasebook) -> None:
    questions = [relate(word, axes=("first_front_behind",), frame=i) for i, word in enumerate(("front", "behind") * 5)]
    writer = formatter("obj_spatial_relation_oo_mv", book, questions)
    assert {writer.write(question, "judge") for question in questions} == {Skip("class quota reached")}


def test_templates_are_checked_before_the_first_scene(book: Phrasebook, tmp_path: Path) -> None:
    family = load_task("depth_prediction_oc")
    check_templates([family], book)
    write(tmp_path, "depth.jinja", {**BLOCKS["depth.jinja"], "question_oc": "How deep is the {{ bleu }}?"})
    with pytest.raises(ConfigError, match=r"depth\.jinja: block question_oc: unknown name 'bleu'.*Did you mean 'blue'"):
        check_templates([family], Phrasebook(tmp_path))
    write(tmp_path, "depth.jinja", {"question_oc": "How deep is the {{ blue }}?", "fill_occ": "One number."})
    with pytest.raises(ConfigError, match=r"depth\.jinja: no block 'fill_oc'\. Did you mean 'fill_occ'\?"):
        check_templates([family], Phrasebook(tmp_path))


def test_a_question_never_gives_its_answer_away(book: Phrasebook, tmp_path: Path) -> None:
    write(tmp_path, "depth.jinja", {**BLOCKS["depth.jinja"], "question_oc": "Is the {{ blue }} {{ answer }} m deep?"})
    with pytest.raises(ConfigError, match="unknown name 'answer'"):
        check_templates([load_task("depth_prediction_oc")], Phrasebook(tmp_path))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("How deep is the {{ blue }?", "block question_oc: .* in phrasing: How deep"),
        ("{% if blue %}deep?", "block question_oc: .* in phrasing:"),
    ],
)
def test_a_template_that_is_none_is_named(tmp_path: Path, book: Phrasebook, line: str, message: str) -> None:
    write(tmp_path, "depth.jinja", {"question_oc": line})
    with pytest.raises(ConfigError, match=message):
        Phrasebook(tmp_path).phrasings("depth", "question_oc")


def test_templates_cannot_reach_into_python(tmp_path: Path, book: Phrasebook) -> None:
    write(tmp_path, "depth.jinja", {"question_oc": "{{ blue.__class__.__mro__[1].__subclasses__() }}"})
    phrasing = Phrasebook(tmp_path).phrasings("depth", "question_oc")[0]
    with pytest.raises(ConfigError, match="unsafe"):
        phrasing.render({"blue": "chair"})


def test_a_file_without_blocks_or_without_being_there_is_named(tmp_path: Path, book: Phrasebook) -> None:
    (tmp_path / "depth.jinja").write_text("nothing")
    with pytest.raises(ConfigError, match=r"depth\.jinja: no block found"):
        Phrasebook(tmp_path).phrasings("depth", "question_oc")
    with pytest.raises(ConfigError, match=r"none\.jinja: cannot be read"):
        book.phrasings("none", "question_oc")


def test_phrasings_are_drawn_evenly(tmp_path: Path, book: Phrasebook) -> None:
    write(tmp_path, "depth.jinja", {"question_oc": "One.\nTwo.\n\nThree. {# not this one\nFour. #}"})
    rng = rng_for(0, "draw")
    drawn = Counter(Phrasebook(tmp_path).draw("depth", "question_oc", rng, {}) for _ in range(300))
    assert set(drawn) == {"One.", "Two.", "Three."}
    assert min(drawn.values()) > 70


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_every_family_has_a_template_file(name: str) -> None:
    assert (TEMPLATES / f"{name}.jinja").is_file()


@pytest.mark.parametrize(
    ("type_name", "answer_format", "axes", "rules"),
    [
        ("obj_spatial_relation_oo", "judge", {"left_right"}, ()),
        ("obj_spatial_relation_oo_mv", "judge", {"closer_farther"}, ("first_image_observer",)),
        ("obj_spatial_relation_oo_mv", "judge", {"above_below"}, ("vertical",)),
        ("obj_count", "fill", set(), ()),
        ("distance_prediction_oo_video", "fill", set(), ()),
        ("spatial_imagination_oc_mv", "sentence", {"left_right"}, ("moved_observer", "start_at_first_image")),
        ("spatial_imagination_oc_mv", "select", {"left_right"}, ("moved_observer",)),
    ],
)
def test_a_rule_stands_only_where_the_answer_depends_on_it(
    type_name: str, answer_format: Format, axes: set[str], rules: tuple[str, ...]
) -> None:
    assert load_task(type_name).rules(answer_format, axes) == rules


def test_each_format_needs_its_blocks() -> None:
    needed = blocks_of(load_task("obj_spatial_relation_oo_mv"))
    assert {block for file, block in needed if file == "relation"} == {
        "question_oo_mv",
        "sentence_oo_mv",
        "judge",
    }
    assert ("rules", "reply_yes_no") in needed
    assert "left_right" in needed["relation", "sentence_oo_mv"]
    assert "left_right" not in needed["relation", "question_oo_mv"]


def test_a_pair_reads_alike_and_its_letters_are_even(book: Phrasebook) -> None:
    writer = formatter("depth_prediction_oc_mv", book, [DEPTH])
    drawn = []
    for _ in range(24):
        pair = writer.write_twins(DEPTH)
        assert not isinstance(pair, Skip)
        told, untold = pair
        assert told.human == untold.human
        assert told.added == untold.added
        options = told.added["options"]
        assert len(options) == 4
        assert options["ABCD".index(told.gpt)] == told.right_option == "3.0"
        assert untold.right_option == "[untold_images]"
        drawn.append((told.gpt, untold.gpt))
    # Two different letters of four, each of the twelve ordered pairs as often.
    assert set(Counter(drawn).values()) == {2}
    assert len(set(drawn)) == 12
