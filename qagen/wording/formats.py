"""From a question to the two turns of a conversation: fill, select, sentence or judge (tasks.md, section 4)."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import permutations

from numpy.random import Generator

from qagen.core.answer import (
    OPPOSITE,
    Answer,
    CameraMove,
    Choice,
    Description,
    Directions,
    Extents,
    FrameSpan,
    ImagePoint,
    LocatedObject,
    MoveOrder,
    OneOf,
    YesNo,
)
from qagen.core.question import Fact, MarkKind, Question, Skip
from qagen.core.reasons import CLASS_QUOTA, NO_OPTIONS
from qagen.core.sample import Format
from qagen.core.scene import Scene
from qagen.core.units import UNIT_WORDS, Length, Units
from qagen.sampling.balance import BalancedDraw
from qagen.sampling.choose import Distractors
from qagen.tasks._base import Family, MarkColumns
from qagen.wording.phrasebook import RULES, Mention, Phrasebook

LETTERS = "ABCD"
SHAPES: dict[MarkKind, str] = {"point": "point", "bbox": "box", "mask": "mask"}
"""What texts call a kind of mark."""
PHRASED_OPTIONS = (Extents, ImagePoint, LocatedObject, CameraMove, MoveOrder)
"""Answers whose options are phrased by the block option_<variant>; options of other answers are their plain text."""
UNNAMED = "object"
"""What an object is called whose label would give an answer away."""
CLAIMABLE = (Choice, Directions, FrameSpan, OneOf)
"""Answers whose ``claims`` a judge question asks about."""
FORMAT_SKIPS = frozenset({NO_OPTIONS, CLASS_QUOTA})
"""Reasons for which a question that can be asked cannot be written in one of its formats."""


@dataclass(frozen=True, slots=True)
class Turns:
    """The two turns of a conversation."""

    human: str
    """The question, with its rules, options and answer form."""
    gpt: str
    """The answer."""
    added: Mapping[str, str | list[str]] = field(default_factory=dict)
    """What the format added to the question: options, claim."""
    options: tuple[Answer, ...] = ()
    """The answers to choose from, in their order."""

    @property
    def right_option(self) -> str:
        """The option of the letter that is the answer."""
        return self.added["options"][LETTERS.index(self.gpt)]


class Formatter:
    """Writes the questions of one type and scene in one format, in the scene's units; balances letters and Yes/No."""

    def __init__(
        self,
        family: Family,
        scene: Scene,
        units: Units | None,
        book: Phrasebook,
        distractors: Distractors,
        rng: Generator,
    ) -> None:
        """``units`` are None for a scene whose scale is unknown, about which nothing is asked that states a length."""
        self.family, self.scene, self.units, self.book, self.rng = family.form_for(scene), scene, units, book, rng
        self._distractors = distractors
        self._letters = {count: BalancedDraw(LETTERS[:count], rng) for count in (2, 3, 4)}
        counts = range(3, len(LETTERS) + 1)
        self._letter_pairs = {count: BalancedDraw(permutations(LETTERS[:count], 2), rng) for count in counts}
        self._claims: Counter[tuple[str, bool]] = Counter()

    def write(self, question: Question, answer_format: Format) -> Turns | Skip:
        """Raises ConfigError when a template lacks what the question needs."""
        writers: dict[Format, Callable[[Question], Turns | Skip]]
        writers = {"fill": self._fill, "select": self._select, "sentence": self._sentence, "judge": self._judge}
        return writers[answer_format](question)

    def _fill(self, question: Question) -> Turns:
        form = self._render(question, self.family.fill_block, shape=shape_of(self.family.marks))
        return Turns(f"{self._question_text(question, 'fill')}\n{form}", self._plain_text(question, question.answer))

    def _sentence(self, question: Question) -> Turns:
        asked = self._question_text(question, "sentence")
        if isinstance(question.answer, Description):
            return Turns(asked, question.answer.text)
        if isinstance(question.answer, Directions):
            asked += " " + self._rule("leave_out")
        return Turns(asked, self._render(question, f"sentence_{self.family.variant}"))

    def write_like(
        self, question: Question, answer_format: Format, options: Sequence[Answer], claim: str
    ) -> Turns | Skip:
        """Write a question with the options, or the claim, of another one; the answer may be any of the options."""
        if answer_format == "select":
            return self._with_options(question, options)
        if answer_format == "judge" and claim:
            return self._with_claim(question, claim, dict(claims_of(question))[claim])
        return self.write(question, answer_format)

    def write_among(self, question: Question, distractors: Sequence[Answer]) -> Turns | Skip:
        """Write a select question with these distractors."""
        return self._among(question, distractors)

    def _select(self, question: Question) -> Turns | Skip:
        distractors = self._distractors.of(question)
        return Skip(NO_OPTIONS) if distractors is None else self._among(question, distractors)

    def _among(self, question: Question, distractors: Sequence[Answer]) -> Turns | Skip:
        """A select question with the answer at an even letter among distractors."""
        letter = self._letters[len(distractors) + 1].draw()
        answers = [*distractors]
        answers.insert(LETTERS.index(letter), question.answer)
        return self._with_options(question, answers)

    def write_twins(self, question: Question) -> tuple[Turns, Turns] | Skip:
        """A select question with the option that it cannot be told: for images that tell it, and for others.

        Both read alike to the letter, so that only images tell which is which. The option takes the place of a wrong
        one where there are four: two letters are drawn for it and the right option, each pair of letters as often.
        """
        distractors = self._distractors.of(question)
        if distractors is None:
            return Skip(NO_OPTIONS)
        kept = [distractors[i] for i in self.rng.permutation(len(distractors))[: len(LETTERS) - 2]]
        right, untold = self._letter_pairs[len(kept) + 2].draw()
        options = self._options(question, [question.answer, *kept])
        named = {right: options.pop(0), untold: self._rule(f"untold_{'video' if question.is_video else 'images'}")}
        for letter in sorted(named):
            options.insert(LETTERS.index(letter), named[letter])
        turns = self._choice(question, options, right)
        return turns if isinstance(turns, Skip) else (turns, replace(turns, gpt=untold))

    def _with_options(self, question: Question, answers: Sequence[Answer]) -> Turns | Skip:
        """The question with these answers to choose from, in this order."""
        turns = self._choice(question, self._options(question, answers), LETTERS[answers.index(question.answer)])
        return turns if isinstance(turns, Skip) else replace(turns, options=tuple(answers))

    def _options(self, question: Question, answers: Sequence[Answer]) -> list[str]:
        """The texts of answers."""
        if not isinstance(question.answer, PHRASED_OPTIONS):
            return [self._plain_text(question, answer) for answer in answers]
        block = f"option_{self.family.variant}"
        contexts = [self._unit_words | self._told(answer).context for answer in answers]
        return [self.book.draw(self.family.name, block, self.rng, context) for context in contexts]

    def _choice(self, question: Question, options: list[str], letter: str) -> Turns | Skip:
        """The question with its options, of which ``letter`` is right."""
        if len(set(options)) < len(options):
            return Skip(NO_OPTIONS)
        asked = self._question_text(question, "select")
        if isinstance(question.answer, Directions):
            asked += " " + self._rule("option_slots")
        listed = [f"{name}. {option}" for name, option in zip(LETTERS, options, strict=False)]
        human = "\n".join([asked, self._rule("choose"), *listed, self._rule(f"reply_letter_{len(options)}")])
        return Turns(human, letter, {"options": options})

    def _judge(self, question: Question) -> Turns | Skip:
        answer = question.answer
        if isinstance(answer, YesNo):
            asked = self._question_text(question, "judge")
            return Turns(f"{asked}\n{self._rule('reply_yes_no')}", answer.text)
        claim = self._draw_claim(claims_of(question))
        if claim is None:
            return Skip(CLASS_QUOTA)
        self._claims[claim] += 1
        return self._with_claim(question, *claim)

    def _with_claim(self, question: Question, word: str, is_true: bool) -> Turns:
        answer = question.answer
        slots = answer.slots if isinstance(answer, Directions) else ()
        axes = {slot.axis for slot in slots if slot.word in (word, OPPOSITE[word])}
        asked = self._question_text(question, "judge", axes, claim=word)
        return Turns(f"{asked}\n{self._rule('reply_yes_no')}", "Yes" if is_true else "No", {"claim": word})

    def _draw_claim(self, claims: Sequence[tuple[str, bool]]) -> tuple[str, bool] | None:
        """One of the claims and whether it holds, such that each word or role holds half of the time."""

        def bias(claim: tuple[str, bool]) -> int:
            word, is_true = claim
            return self._claims[word, is_true] - self._claims[word, not is_true]

        balanced = [claim for claim in claims if bias(claim) <= 0]
        return min((balanced[i] for i in self.rng.permutation(len(balanced))), key=bias, default=None)

    def _question_text(
        self, question: Question, answer_format: Format, axes: Set[str] | None = None, **extra: object
    ) -> str:
        """The question with the rules that it needs; ``axes`` are those that it asks about, if not all."""
        asked = self._render(question, self.family.question_block(answer_format), **extra)
        rules = self.family.rules(answer_format, self.family.axes_of(question) if axes is None else axes)
        return " ".join([asked, *map(self._rule, rules)])

    def _plain_text(self, question: Question, answer: Answer) -> str:
        return plain_text(answer, self.units, self._mentions(question))

    def _told(self, answer: Answer) -> Answer:
        return answer if self.units is None else answer.told(self.units)

    def _facts(self, question: Question) -> Mapping[str, Fact]:
        """The question's facts, lengths as texts print them; without a scale there are none."""
        facts = {name: fact for name, fact in question.facts.items() if not isinstance(fact, Length)}
        if self.units is None:
            return facts
        lengths = {name: fact for name, fact in question.facts.items() if isinstance(fact, Length)}
        return facts | {name: self.units.spell(length.value) for name, length in lengths.items()}

    @property
    def _unit_words(self) -> dict[str, str]:
        return {} if self.units is None else self.units.words

    def _rule(self, block: str) -> str:
        return self.book.draw(RULES, block, self.rng, {})

    def _render(self, question: Question, block: str, **extra: object) -> str:
        mentions = self._mentions(question)
        variables = {**self._unit_words, **self._facts(question), **self._told(question.answer).context, **extra}
        context = {**mentions, **{name: with_mentions(value, mentions) for name, value in variables.items()}}
        return self.book.draw(self.family.name, block, self.rng, context)

    def _mentions(self, question: Question) -> dict[str, Mention]:
        return mentions_of(self.family, self.scene, question)


def claims_of(question: Question) -> list[tuple[str, bool]]:
    """What judge questions may claim, and whether it holds."""
    assert isinstance(question.answer, CLAIMABLE)
    return question.answer.claims


def plain_text(answer: Answer, units: Units | None, mentions: Mapping[str, Mention]) -> str:
    """The answer without a sentence around it; an object of the question by its mention."""
    if isinstance(answer, Choice):
        return str(mentions[answer.right])
    return (answer if units is None else answer.told(units)).text


def mentions_of(family: Family, scene: Scene, question: Question, with_frames: bool = True) -> dict[str, Mention]:
    """Each role by its color, with the notes that point it out; a place is the point that marks it.

    Args:
        with_frames: note in which frame of a video an object is marked.
    """
    marks, mentions = family.marks, {}
    labels = [scene.objects[role.object].label for role in question.roles]
    if family.unnamed and len(set(labels)) > 1:
        labels = [UNNAMED] * len(labels)
    counts = Counter(labels)
    for role, label in zip(question.roles, labels, strict=True):
        assert marks is not None
        frame = f"in Frame-{role.image}" if with_frames and question.is_video and marks.drawn else ""
        mark = f"{role.color} {SHAPES[marks.kind]}" if marks.drawn and not marks.listed else ""
        named = ", ".join(note for note in (frame, role.alias) if note)
        notes = tuple(note for note in (named, mark) if note)
        if role.color in family.unnamed:
            mentions[role.color] = Mention(mark, ())
        else:
            mentions[role.color] = Mention(label, notes, (role.alias or mark,) if counts[label] > 1 else ())
    return mentions | {one.color: Mention(f"{one.color} {SHAPES[one.kind]}", ()) for one in question.places}


def shape_of(marks: MarkColumns | None) -> str:
    """What forms of answers call a mark; listed marks other than points are numbered as objects."""
    if marks is None or not marks.drawn:
        return ""
    return "object" if marks.listed and marks.kind != "point" else SHAPES[marks.kind]


def with_mentions(value: object, mentions: Mapping[str, Mention]) -> object:
    """The value with the names of roles replaced by their mentions, in lists too."""
    if isinstance(value, tuple | list):
        return [with_mentions(item, mentions) for item in value]
    return mentions.get(str(value), value)


def blocks_of(family: Family) -> dict[tuple[str, str], frozenset[str]]:
    """The template blocks that a task's formats use: (file, block) to the names that their phrasings may use."""
    asked, formats, variant = family.question_variables, family.config.formats, family.variant
    directions = family.answer is Directions
    if "scale" in family.needs:
        asked |= UNIT_WORDS
    blocks = {family.question_block(each): asked for each in formats}
    shared = [rule for each in formats for rule in family.rules(each, family.axes)]
    if "fill" in formats:
        blocks[family.fill_block] = asked | {"shape"}
    if "sentence" in formats and family.answer is not Description:
        answer = family.axes if directions else family.answer.names
        blocks[f"sentence_{variant}"] = asked | answer | family.answer_variables
        shared += ["leave_out"] if directions else []
    if "select" in formats:
        least = family.least_options or family.options
        shared += ["choose", *(f"reply_letter_{count}" for count in range(least, family.options + 1))]
        shared += ["option_slots"] if directions else []
        shared += [] if family.images == 1 else [f"untold_{'video' if family.images == 'video' else 'images'}"]
        if family.answer in PHRASED_OPTIONS:
            blocks[f"option_{variant}"] = family.answer.names | (asked & UNIT_WORDS)
    if "judge" in formats:
        blocks |= {} if family.answer is YesNo else {"judge": asked | {"claim"}}
        shared += ["reply_yes_no"]
    own = {(family.name, block): names for block, names in blocks.items()}
    return own | {(RULES, block): frozenset[str]() for block in shared}


def check_templates(families: Sequence[Family], book: Phrasebook) -> None:
    """Raises ConfigError where a block is missing or a phrasing uses a name that its question does not have."""
    for form in (form for family in families for form in family.forms):
        for (file, block), names in blocks_of(form).items():
            for phrasing in book.phrasings(file, block):
                phrasing.check_names(names)
