"""From a question to the two turns of a conversation: fill, select, sentence or judge (tasks.md, section 4)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from numpy.random import Generator

from qagen.core.question import (
    OPPOSITE,
    Answer,
    BoxAnswer,
    Directions,
    ImagePoint,
    Motion,
    Number,
    Question,
    Skip,
)
from qagen.core.scene import Scene
from qagen.options import Deck, OptionMaker
from qagen.render import RULES, Mention, Phrasebook
from qagen.tasks._base import Family

LETTERS = "ABCD"
SHAPES = {"point": "point", "bbox": "box"}
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
        self, family: Family, scene: Scene, book: Phrasebook, questions: list[Question], rng: Generator
    ) -> None:
        self.family, self.scene, self.book, self.rng = family, scene, book, rng
        self._options = OptionMaker(Counter(name for question in questions for name in question.classes), rng)
        self._letters = Deck(LETTERS, rng)
        self._truths = Deck((True, False), rng)

    def write(self, question: Question, answer_format: str) -> Turns | Skip:
        """Raises ConfigError when a template lacks what the question needs."""
        writers = {"fill": self._fill, "select": self._select, "sentence": self._sentence, "judge": self._judge}
        return writers[answer_format](question)

    def _fill(self, question: Question) -> Turns:
        form = self._say(question, f"fill_{self.family.variant}")
        return Turns(f"{self._ask(question)}\n{form}", question.answer.text)

    def _sentence(self, question: Question) -> Turns:
        return Turns(self._ask(question), self._say(question, f"sentence_{self.family.variant}"))

    def _select(self, question: Question) -> Turns | Skip:
        wrong = self._wrong_options(question.answer)
        if wrong is None:
            return Skip("no options")
        letter = self._letters.draw()
        answers = [*wrong]
        answers.insert(LETTERS.index(letter), question.answer)
        options = [self._option(answer) for answer in answers]
        asked = self._ask(question)
        if isinstance(question.answer, Directions):
            asked += " " + self._say(question, f"options_{self.family.variant}")
        listed = [f"{name}. {option}" for name, option in zip(LETTERS, options, strict=True)]
        human = "\n".join([asked, self._rule("choose"), *listed, self._rule("reply_letter")])
        return Turns(human, letter, {"options": options})

    def _judge(self, question: Question) -> Turns | Skip:
        assert isinstance(question.answer, Directions)
        slot = self._options.claim_slot(question.answer)
        if slot is None:
            return Skip("no even claim")
        truth = self._truths.draw()
        claim = slot.word if truth else OPPOSITE[slot.word]
        is_facing = slot.axis.endswith("front_behind")
        claimed = question.facts["reference" if slot.axis.startswith("second") else "subject"]
        asked = self._say(question, "judge_facing" if is_facing else "judge_pair", claim=claim, claimed=claimed)
        human = f"{' '.join([asked, *self._rules()])}\n{self._rule('reply_yes_no')}"
        return Turns(human, "Yes" if truth else "No", {"claim": f"{slot.axis}:{claim}"})

    def _wrong_options(self, answer: Answer) -> list | None:
        if isinstance(answer, Number):
            return self._options.numbers(answer)
        if isinstance(answer, BoxAnswer):
            return self._options.boxes(answer)
        if isinstance(answer, ImagePoint):
            return self._options.places(answer)
        assert isinstance(answer, Directions)
        return self._options.directions(answer)

    def _option(self, answer: Answer) -> str:
        if isinstance(answer, ImagePoint):
            return self.book.draw(self.family.name, f"option_{self.family.variant}", self.rng, answer_context(answer))
        return answer.text

    def _ask(self, question: Question) -> str:
        return " ".join([self._say(question, f"question_{self.family.variant}"), *self._rules()])

    def _rules(self) -> list[str]:
        return [self._rule(rule) for rule in self.family.rules]

    def _rule(self, block: str) -> str:
        return self.book.draw(RULES, block, self.rng, {})

    def _say(self, question: Question, block: str, **extra: object) -> str:
        context = question_context(question, self.scene)
        roles = {name: context.get(str(value), value) for name, value in extra.items()}
        return self.book.draw(self.family.name, block, self.rng, {**context, **roles})


def question_context(question: Question, scene: Scene) -> dict[str, object]:
    """Everything that a phrasing about the question may use: its roles by colour, its facts, its answer."""
    mentions = {
        role.color: Mention(scene.objects[role.object].label, f"{role.color} {SHAPES[role.kind]}")
        for role in question.roles
    }
    facts = {name: mentions.get(str(fact), fact) for name, fact in question.facts.items()}
    return {**mentions, **facts, **answer_context(question.answer)}


def answer_context(answer: Answer) -> dict[str, object]:
    """The answer as phrasings see it."""
    if isinstance(answer, Directions):
        return {slot.axis: slot.word for slot in answer.slots}
    if isinstance(answer, ImagePoint):
        return {"answer": answer.text, "x": answer.x, "y": answer.y, "depth": f"{answer.depth:.1f}"}
    if isinstance(answer, Motion):
        return {"answer": answer.text, "steps": [step for step in answer.steps if step[1] != "0"]}
    return {"answer": answer.text}


ANSWER_NAMES = {
    Number: frozenset({"answer"}),
    BoxAnswer: frozenset({"answer"}),
    ImagePoint: frozenset({"answer", "x", "y", "depth"}),
    Directions: frozenset(),
    Motion: frozenset({"answer", "steps"}),
}
"""What answer_context gives for each kind of answer; the axes of Directions are the family's to declare."""


def blocks_of(family: Family) -> dict[tuple[str, str], frozenset[str]]:
    """The template blocks that a task's formats use: (file, block) to the names that their phrasings may use."""
    told = family.says | ANSWER_NAMES[family.answer]
    formats, variant = family.config.formats, family.variant
    blocks = {f"question_{variant}": told}
    if "fill" in formats:
        blocks[f"fill_{variant}"] = told
    if "sentence" in formats:
        blocks[f"sentence_{variant}"] = told
    if "select" in formats and family.answer is Directions:
        blocks[f"options_{variant}"] = told
    if "select" in formats and family.answer is ImagePoint:
        blocks[f"option_{variant}"] = ANSWER_NAMES[ImagePoint]
    if "judge" in formats:
        blocks["judge_pair"] = frozenset({"subject", "reference", "claim"})
        if any(name.endswith("front_behind") for name in told):
            blocks["judge_facing"] = frozenset({"claim", "claimed"})
    shared = {rule: frozenset[str]() for rule in family.rules}
    if "select" in formats:
        shared |= {"choose": frozenset(), "reply_letter": frozenset()}
    if "judge" in formats:
        shared |= {"reply_yes_no": frozenset()}
    own = {(family.name, block): names for block, names in blocks.items()}
    return own | {(RULES, block): names for block, names in shared.items()}


def check_templates(families: list[Family], book: Phrasebook) -> None:
    """Raises ConfigError where a block is missing or a phrasing uses a name that its question does not have."""
    for family in families:
        for (file, block), names in blocks_of(family).items():
            for phrasing in book.phrasings(file, block):
                phrasing.check_names(names)
