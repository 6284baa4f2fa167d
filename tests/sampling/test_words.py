"""Questions that choose one of a few directions in words."""

from collections import Counter
from dataclasses import replace

from qagen.core.answer import Sector
from qagen.core.question import MarkedObject, Question
from qagen.rng import rng_for
from qagen.sampling.distractors.words import choose_with_even_words

LABELS = ["chair", "couch", "lamp"]
WORDS = ("left", "right", "back")


def ask(number: int, word: str, item: int) -> Question:
    """Where the lamp is for who stands at object ``item``."""
    roles = tuple(
        MarkedObject(color, thing, 0, "none", ()) for color, thing in zip(("green", "red"), (item, 2), strict=True)
    )
    answer = Sector(word, tuple(other for other in WORDS if other != word))
    return Question(frames=(number,), roles=roles, answer=answer, margin=1, measured={})


def test_no_word_goes_with_the_label_of_where_one_stands() -> None:
    # All words are as frequent, but nothing is behind the couch in 30 of 33 questions.
    words = [(word, item) for word, item, count in (
        ("left", 0, 5), ("right", 0, 5), ("back", 0, 27),
        ("left", 1, 25), ("right", 1, 25), ("back", 1, 3),
    ) for _ in range(count)]  # fmt: skip
    questions = [ask(number, word, item) for number, (word, item) in enumerate(words)]
    chosen = choose_with_even_words(questions, len(questions), rng_for(0), LABELS).questions
    found = Counter((LABELS[question.roles[0].object], question.answer.text) for question in chosen)
    assert len(chosen) >= 20
    for label in ("chair", "couch"):
        counts = [found[label, word] for word in WORDS]
        assert max(counts) - min(counts) <= 1
    assert [question.frames for question in chosen] == sorted(question.frames for question in chosen)


def test_questions_may_name_different_numbers_of_objects() -> None:
    questions = [ask(number, WORDS[number % 3], number % 2) for number in range(12)]
    questions = [replace(question, roles=question.roles[: 1 + question.frames[0] % 2]) for question in questions]
    assert len(choose_with_even_words(questions, 12, rng_for(0), LABELS).questions) >= 6


def test_questions_without_objects_are_even_as_well() -> None:
    questions = [
        Question(
            frames=(number,),
            answer=Sector("higher" if number < 20 else "lower", ("lower" if number < 20 else "higher",)),
            margin=1,
            measured={},
        )
        for number in range(26)
    ]
    chosen = choose_with_even_words(questions, 26, rng_for(0)).questions
    assert abs(Counter(question.answer.text for question in chosen)["higher"] - 6) <= 1
    assert len(choose_with_even_words(questions, 4, rng_for(0)).questions) == 4
