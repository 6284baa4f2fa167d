"""Questions that choose among their own objects."""

from collections import Counter

from qagen.core.answer import Choice
from qagen.core.question import MarkedObject, Question
from qagen.rng import rng_for
from qagen.sampling.distractors.own import choose_among_own_objects

LABELS = ["sofa", "cup", "lamp"]


def ask(number: int, right: int, images: tuple[int, int, int] = (0, 1, 9)) -> Question:
    """Which of two objects, the first or the second, with an anchor before them."""
    objects = (2, 0, 1)
    roles = tuple(
        MarkedObject(color, item, image, "point", (number, 0))
        for color, item, image in zip(("red", "green", "blue"), objects, images, strict=True)
    )
    answer = Choice(("green", "blue")[right], (("blue", "green")[right],))
    return Question(
        frames=tuple(range(10)), roles=roles, facts={"extreme": "closest"}, answer=answer, margin=1, measured={}
    )


def test_an_object_is_right_no_more_often_than_it_is_listed() -> None:
    # The sofa is right in 24 of 30 questions: as many of them are asked as have an opposite.
    questions = [ask(number, right=0 if number < 24 else 1) for number in range(30)]
    chosen = choose_among_own_objects(questions, 30, rng_for(0), LABELS).questions
    right = Counter(str(question.answer.text) for question in chosen)
    assert right == {"green": 6, "blue": 6} or right == {"green": 7, "blue": 6}


def test_the_nearest_frame_does_not_tell_which_object_is_nearest() -> None:
    # The one in the frame next to the anchor's is right in 20 questions of 22. As many are asked as have an opposite.
    near = [ask(number, right=0) for number in range(10)]
    far = [ask(number, right=1, images=(0, 9, 1)) for number in range(10)]
    odd = [ask(number, right=1) for number in range(2)]
    chosen = choose_among_own_objects([*near, *far, *odd], 22, rng_for(0), LABELS).questions
    is_near = [question.answer.text == ("green" if question.roles[1].image == 1 else "blue") for question in chosen]
    assert abs(sum(is_near) - (len(chosen) - sum(is_near))) <= 2
