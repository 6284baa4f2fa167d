"""Consistency groups: samples that ask about the fact of another one, with answers that follow from its answer.

| variant | the question | its answer | formats |
|---|---|---|---|
| paraphrase | in other words | the same | all |
| permute | with its options in another order | the same option, another letter | select |
| inverse | turned round (``Family.inverse``) | the opposite (``Answer.opposite``) | all |
| mirror | about the images with left and right exchanged | with left and right exchanged (``Answer.mirrored``) | all |

Each variant is asked again of what was measured, so that its answer is true by itself; one whose answer does not follow
as it should is left out. ``answer_map`` of the evidence says how it follows: its ``rule`` is

* ``same``: the answer states the same;
* ``answers``: the answer is what the table ``answers`` has for the original's;
* ``words``: the words of the table ``words`` are exchanged;
* ``mirror``: places of the image have 1000 - x for x, places of a map the other side;
* ``other``: the answer is the other one of the two objects.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from numpy.random import Generator

from qagen.core.answer import (
    OPPOSITE,
    Answer,
    BoxAnswer,
    CameraMove,
    Choice,
    Directions,
    ImagePoint,
    ImagePosition,
    LocatedObject,
    Motion,
    MoveOrder,
    OneOf,
    Placement,
    Route,
    ViewAngles,
)
from qagen.core.mirror import mirrored_fact, mirrored_mark
from qagen.core.question import Question
from qagen.core.sample import ORIGINAL, Format, Group, Sample, Variant
from qagen.core.sides import COMPASS, EXCHANGED, MOVES, other_side
from qagen.sampling.choose import Distractors
from qagen.sampling.pool import Selection
from qagen.tasks._base import Family
from qagen.visibility.mirror import MirroredViews, mirrored_views
from qagen.visibility.views import SceneViews
from qagen.wording.formats import LETTERS, Formatter, Turns, claims_of, mentions_of, plain_text
from qagen.wording.phrasebook import Phrasebook
from qagen.wording.rationale import Rationales

REDRAWS = 20
"""Number of times that a variant which reads like another sample is put into words again."""
PLACED = (BoxAnswer, ImagePoint, ImagePosition, LocatedObject, Placement)
"""Answers that are places."""
SIDED = (CameraMove, Directions, Motion, MoveOrder, OneOf, Route, ViewAngles)
"""Answers whose words may name a side."""
SAME = {"rule": "same"}

Written = tuple[Question, Turns, Mapping[str, Any]]
"""A variant: its question, its turns, and how its answer follows."""


class Mirror:
    """A scene in the mirror, measured when the first question asks about it."""

    def __init__(self, views: SceneViews) -> None:
        self._original = views

    @cached_property
    def views(self) -> MirroredViews:
        """What the mirrored images show."""
        return mirrored_views(self._original)


class GroupWriter:
    """Writes the variants of the samples of one type, scene and format."""

    def __init__(
        self,
        family: Family,
        views: SceneViews,
        mirror: Mirror,
        book: Phrasebook,
        wanted: Sequence[Variant],
        rng: Generator,
    ) -> None:
        self.family, self.views, self.mirror, self.wanted, self.rng = family, views, mirror, wanted, rng
        self._form = family.form_for(views.scene)
        nothing = Distractors(Selection([]), rng)
        self._formatter = Formatter(family, views.scene, views.units, book, nothing, rng)
        self._book = book
        self._rationales = Rationales(family, views, book)

    @cached_property
    def _mirrored_rationales(self) -> Rationales:
        return Rationales(self.family, self.mirror.views, self._book)

    def write(self, originals: Sequence[Sample], new_id: Callable[[int], str]) -> list[Sample]:
        """The originals, those with variants as the first of a group, and after them all variants.

        Samples that are in a group already stay as they are and have no variants.

        Args:
            new_id: the id of the n-th sample of the type, scene and format.
        """
        read = {(sample.question.frames, False, sample.human) for sample in originals}
        first, variants = [], []
        for sample in originals:
            made = [] if sample.group else list(self._variants(sample, read))
            first.append(replace(sample, group=Group(sample.id, ORIGINAL)) if made else sample)
            variants += made
        return first + [replace(sample, id=new_id(n)) for n, sample in enumerate(variants, len(first))]

    def _variants(self, sample: Sample, read: set[tuple[tuple[int, ...], bool, str]]) -> Iterator[Sample]:
        for variant in self.wanted:
            for _ in range(REDRAWS):
                written = self._write(sample, variant)
                if written is None:
                    break
                question, turns, answer_map = written
                key = question.frames, variant == "mirror", turns.human
                if key not in read:
                    read.add(key)
                    yield self._sample(sample, variant, question, turns, answer_map)
                    break

    def _write(self, sample: Sample, variant: Variant) -> Written | None:
        match variant:
            case "paraphrase":
                return self._paraphrase(sample)
            case "permute":
                return self._permute(sample)
            case "inverse":
                return self._inverse(sample)
            case "mirror":
                return self._mirror(sample)

    def _sample(
        self, sample: Sample, variant: Variant, question: Question, turns: Turns, answer_map: Mapping[str, Any]
    ) -> Sample:
        rationales = self._mirrored_rationales if variant == "mirror" else self._rationales
        return replace(
            sample,
            question=question,
            human=turns.human,
            gpt=turns.gpt,
            added=turns.added,
            options=turns.options,
            rationale=rationales.of(question, _format(sample), turns),
            group=Group(sample.id, variant, answer_map),
        )

    def _paraphrase(self, sample: Sample) -> Written | None:
        turns = self._formatter.write_like(sample.question, _format(sample), sample.options, _claim(sample))
        return (sample.question, turns, SAME) if isinstance(turns, Turns) else None

    def _permute(self, sample: Sample) -> Written | None:
        """The same words, with the options in an order in which the answer has another letter."""
        if sample.format != "select":
            return None
        right, count = LETTERS.index(sample.gpt), len(sample.options)
        place = int(self.rng.integers(count - 1))
        place += place >= right
        order = [k for k in self.rng.permutation(count).tolist() if k != right]
        order.insert(place, right)
        told = sample.added["options"]
        turns = Turns(
            _with_options(sample.human, [told[k] for k in order]),
            LETTERS[place],
            {"options": [told[k] for k in order]},
            tuple(sample.options[k] for k in order),
        )
        return sample.question, turns, _table({LETTERS[k]: LETTERS[n] for n, k in enumerate(order)})

    def _inverse(self, sample: Sample) -> Written | None:
        inverse = self._form.inverse(self.views, sample.question)
        if not isinstance(inverse, Question) or inverse.answer != _opposite(sample.question.answer):
            return None
        turns = self._inverse_turns(sample, inverse)
        return None if turns is None else (inverse, turns, self._opposite_map(sample, inverse, turns))

    def _inverse_turns(self, sample: Sample, inverse: Question) -> Turns | None:
        """The words of the inverse; a claim about the same two objects and the same axis, which may hold or not."""
        answer_format = _format(sample)
        if answer_format == "select":
            right = LETTERS.index(sample.gpt)
            wrong = [option for k, option in enumerate(_opposites(sample.options)) if k != right]
            turns = self._formatter.write_among(inverse, wrong)
        elif answer_format == "judge":
            claim = _claim(sample)
            other = OPPOSITE.get(claim) or next(word for word, _ in claims_of(inverse) if word != claim)
            turns = self._formatter.write_like(inverse, "judge", (), (claim, other)[int(self.rng.integers(2))])
        else:
            turns = self._formatter.write(inverse, answer_format)
        return turns if isinstance(turns, Turns) else None

    def _opposite_map(self, sample: Sample, inverse: Question, turns: Turns) -> Mapping[str, Any]:
        if sample.format == "select":
            told = [option.text for option in turns.options]
            places = [told.index(option.text) for option in _opposites(sample.options)]
            return _table({LETTERS[k]: LETTERS[n] for k, n in enumerate(places)})
        if sample.format == "judge":
            return SAME if sample.gpt == turns.gpt else _table({"Yes": "No", "No": "Yes"})
        if isinstance(inverse.answer, Directions):
            return {"rule": "words", "words": OPPOSITE}
        if sample.format == "sentence":
            return {"rule": "other"}
        return _table({sample.gpt: turns.gpt, turns.gpt: sample.gpt})

    def _mirror(self, sample: Sample) -> Written | None:
        question = sample.question
        if not self._form.can_mirror:
            return None
        views = self.mirror.views
        facts = {name: mirrored_fact(fact) for name, fact in question.facts.items()}
        roles, places = tuple(map(mirrored_mark, question.roles)), tuple(map(mirrored_mark, question.places))
        other = self._form.ask_again(views, question, roles, places, facts)
        wanted = question.answer.mirrored()
        if not isinstance(other, Question) or self._text(other, other.answer) != self._text(other, wanted):
            return None
        claim, answers = _claim(sample), [option.mirrored() for option in sample.options]
        if answers:
            answers[LETTERS.index(sample.gpt)] = other.answer
        turns = self._formatter.write_like(other, _format(sample), answers, other_side(claim))
        if not isinstance(turns, Turns):
            return None
        if other.facts == question.facts and other_side(claim) == claim:
            turns = replace(turns, human=_with_options(sample.human, turns.added.get("options", ())))
        return other, turns, _mirror_map(_format(sample), wanted)

    def _text(self, question: Question, answer: Answer) -> str:
        return plain_text(answer, self.views.units, mentions_of(self._form, self.views.scene, question))


def _format(sample: Sample) -> Format:
    return sample.format  # pyright: ignore[reportReturnType]


def _claim(sample: Sample) -> str:
    return str(sample.added.get("claim", ""))


def _opposite(answer: Answer) -> Answer:
    assert isinstance(answer, Choice | Directions), "families declare inverses of such answers only"
    return answer.opposite()


def _opposites(options: Sequence[Answer]) -> list[Answer]:
    """What each option says of the inverse; of two objects the other one."""
    return [*options][::-1] if isinstance(options[0], Choice) else [_opposite(option) for option in options]


def _table(answers: Mapping[str, str]) -> Mapping[str, Any]:
    return {"rule": "answers", "answers": dict(sorted(answers.items()))}


def _mirror_map(answer_format: Format, answer: Answer) -> Mapping[str, Any]:
    """How an answer follows in the mirror; options and claims are mirrored themselves."""
    if answer_format in ("select", "judge") or not isinstance(answer, PLACED + SIDED):
        return SAME
    if isinstance(answer, PLACED):
        return {"rule": "mirror"}
    if isinstance(answer, CameraMove | MoveOrder):
        return {"rule": "words", "words": MOVES}
    return {"rule": "words", "words": COMPASS if answer.text in COMPASS else EXCHANGED}


def _with_options(human: str, options: Sequence[str]) -> str:
    """The question with other options; they are its last lines but one."""
    if not options:
        return human
    lines = human.split("\n")
    listed = [f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False)]
    return "\n".join([*lines[: -1 - len(options)], *listed, lines[-1]])
