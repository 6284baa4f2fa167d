"""From a question to the two turns of a conversation: fill, select, sentence or judge (tasks.md, section 4)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from numpy.random import Generator

from qagen.core.answer import (
    OPPOSITE,
    Answer,
    Choice,
    Description,
    Directions,
    Extents,
    ImagePoint,
    LocatedObject,
    Number,
)
from qagen.core.question import MarkedObject, Question, Skip
from qagen.core.scene import Scene
from qagen.sampling.balance import Deck
from qagen.sampling.distractors.generated import OptionMaker
from qagen.sampling.distractors.shared import DIFFER
from qagen.tasks._base import Family
from qagen.wording.phrasebook import RULES, Mention, Phrasebook

LETTERS = "ABCD"
SHAPES = {"point": "point", "bbox": "box"}
SAID_OPTIONS = (Extents, ImagePoint, LocatedObject)
"""Answers whose options are phrased by the block option_<variant>; the others are their bare text."""
FORMAT_SKIPS = frozenset({"no options", "no even claim"})
"""Reasons for which a question that can be asked cannot be written in one of its formats."""


@dataclass(frozen=True, slots=True)
class Turns:
    """What the human says and what the model is to answer."""

    human: str
    """The question, with its rules, options and answer form."""
    gpt: str
    """The answer."""
    added: Mapping[str, str | list[str]] = field(default_factory=dict)
    """What the format added to the question: the options, the claim."""


class Formatter:
    """Writes the questions of one type and scene in one format; keeps letters, ranks and Yes/No even."""

    def __init__(
        self,
        family: Family,
        scene: Scene,
        book: Phrasebook,
        peers: Mapping[tuple, Sequence[Answer]],
        rng: Generator,
    ) -> None:
        """``peers`` are the wrong options of the questions that have some, by their keys."""
        self.family, self.scene, self.book, self.rng = family.form_for(scene), scene, book, rng
        self._options = OptionMaker(rng)
        self._letters = {count: Deck(LETTERS[:count], rng) for count in (2, 4)}
        self._peers = peers
        self._claims: Counter[tuple[str, bool]] = Counter()

    def write(self, question: Question, answer_format: str) -> Turns | Skip:
        """Raises ConfigError when a template lacks what the question needs."""
        writers = {"fill": self._fill, "select": self._select, "sentence": self._sentence, "judge": self._judge}
        return writers[answer_format](question)

    def _fill(self, question: Question) -> Turns:
        form = self._say(question, f"fill_{self.family.variant}")
        return Turns(f"{self._ask(question)}\n{form}", self._bare(question, question.answer))

    def _sentence(self, question: Question) -> Turns:
        asked = self._ask(question)
        if isinstance(question.answer, Description):
            return Turns(asked, question.answer.text)
        if isinstance(question.answer, Directions):
            asked += " " + self._rule("leave_out")
        return Turns(asked, self._say(question, f"sentence_{self.family.variant}"))

    def _select(self, question: Question) -> Turns | Skip:
        wrong = self._wrong_options(question)
        if wrong is None:
            return Skip("no options")
        letter = self._letters[len(wrong) + 1].draw()
        answers = [*wrong]
        answers.insert(LETTERS.index(letter), question.answer)
        options = [self._option(question, answer) for answer in answers]
        asked = self._ask(question)
        if isinstance(question.answer, Directions):
            asked += " " + self._say(question, f"options_{self.family.variant}")
        listed = [f"{name}. {option}" for name, option in zip(LETTERS, options, strict=False)]
        human = "\n".join([asked, self._rule("choose"), *listed, self._rule(f"reply_letter_{len(answers)}")])
        return Turns(human, letter, {"options": options})

    def _judge(self, question: Question) -> Turns | Skip:
        assert isinstance(question.answer, Directions)
        claim = self._draw_claim(question.answer)
        if claim is None:
            return Skip("no even claim")
        word, truth = claim
        self._claims[claim] += 1
        asked = self._say(question, "judge", claim=word)
        human = f"{' '.join([asked, *self._rules()])}\n{self._rule('reply_yes_no')}"
        return Turns(human, "Yes" if truth else "No", {"claim": word})

    def _draw_claim(self, answer: Directions) -> tuple[str, bool] | None:
        """A word to claim and whether it holds, such that each word holds as often as not."""
        words = [slot.word for slot in answer.slots if slot.word and not slot.axis.endswith("front_behind")]
        claims = [(word, True) for word in words] + [(OPPOSITE[word], False) for word in words]
        even = [claim for claim in claims if self._bias(claim) <= 0]
        return min((even[i] for i in self.rng.permutation(len(even))), key=self._bias, default=None)

    def _bias(self, claim: tuple[str, bool]) -> int:
        word, truth = claim
        return self._claims[word, truth] - self._claims[word, not truth]

    def _wrong_options(self, question: Question) -> Sequence[Answer] | None:
        answer = question.answer
        if isinstance(answer, Number) and not self._peers:
            return self._options.numbers(answer)
        if type(answer) in DIFFER or isinstance(answer, LocatedObject):
            return self._peers.get(question.key)
        match answer:
            case Extents():
                return self._options.sizes(answer)
            case Choice():
                return [Choice(role, ()) for role in self._options.shuffled(answer.wrong)]
            case _:
                raise TypeError(f"no options are made for {type(answer).__name__}")

    def _option(self, question: Question, answer: Answer) -> str:
        if isinstance(answer, SAID_OPTIONS):
            return self.book.draw(self.family.name, f"option_{self.family.variant}", self.rng, answer.context)
        return self._bare(question, answer)

    def _bare(self, question: Question, answer: Answer) -> str:
        """The answer without a sentence around it; an object of the question by its mention."""
        return str(self._mentions(question)[answer.right]) if isinstance(answer, Choice) else answer.text

    def _ask(self, question: Question) -> str:
        return " ".join([self._say(question, f"question_{self.family.variant}"), *self._rules()])

    def _rules(self) -> list[str]:
        return [self._rule(rule) for rule in self.family.rules]

    def _rule(self, block: str) -> str:
        return self.book.draw(RULES, block, self.rng, {})

    def _say(self, question: Question, block: str, **extra: object) -> str:
        mentions = self._mentions(question)
        told = {**question.facts, **question.answer.context, **extra}
        context = {**mentions, **{name: mentioned(value, mentions) for name, value in told.items()}}
        return self.book.draw(self.family.name, block, self.rng, context)

    def _mentions(self, question: Question) -> dict[str, Mention]:
        return {role.color: self._mention(role, question) for role in question.roles}

    def _mention(self, role: MarkedObject, question: Question) -> Mention:
        marks = self.family.marks
        assert marks is not None
        where = f"in Frame-{role.image}" if question.is_video and marks.drawn else ""
        mark = f"{role.color} {SHAPES[role.kind]}" if marks.drawn and not marks.listed else ""
        named = ", ".join(note for note in (where, role.alias) if note)
        return Mention(self.scene.objects[role.object].label, tuple(note for note in (named, mark) if note))


def mentioned(value: object, mentions: Mapping[str, Mention]) -> object:
    """The value with roles, wherever it names them, replaced by their mentions."""
    if isinstance(value, (tuple, list)):
        return [mentioned(part, mentions) for part in value]
    return mentions.get(str(value), value)


def blocks_of(family: Family) -> dict[tuple[str, str], frozenset[str]]:
    """The template blocks that a task's formats use: (file, block) to the names that their phrasings may use."""
    asked = family.question_variables
    told = asked | family.answer.names | (family.axes if family.answer is Directions else frozenset())
    formats, variant = family.config.formats, family.variant
    blocks = {f"question_{variant}": asked}
    if "fill" in formats:
        blocks[f"fill_{variant}"] = asked
    if "sentence" in formats and family.answer is not Description:
        blocks[f"sentence_{variant}"] = told | family.answer_variables
    if "select" in formats and family.answer is Directions:
        blocks[f"options_{variant}"] = asked
    if "select" in formats and family.answer in SAID_OPTIONS:
        blocks[f"option_{variant}"] = family.answer.names
    if "judge" in formats:
        blocks["judge"] = asked | {"claim"}
    own = {(family.name, block): names for block, names in blocks.items()}
    return own | {(RULES, block): frozenset[str]() for block in _shared_blocks(family)}


def _shared_blocks(family: Family) -> list[str]:
    blocks = [*family.rules]
    if "sentence" in family.config.formats and family.answer is Directions:
        blocks += ["leave_out"]
    if "select" in family.config.formats:
        blocks += ["choose", f"reply_letter_{family.options}"]
    if "judge" in family.config.formats:
        blocks += ["reply_yes_no"]
    return blocks


def check_templates(families: list[Family], book: Phrasebook) -> None:
    """Raises ConfigError where a block is missing or a phrasing uses a name that its question does not have."""
    for form in (form for family in families for form in family.forms):
        for (file, block), names in blocks_of(form).items():
            for phrasing in book.phrasings(file, block):
                phrasing.check_names(names)
