"""When two candidates are the same question."""

from qagen.core.answer import Number
from qagen.core.question import MarkedObject, Question


def test_a_question_is_known_by_frames_and_roles() -> None:
    def ask(frames: tuple[int, ...], item: int, place: tuple[int, int]) -> Question:
        role = MarkedObject("red", item, 0, "point", place)
        return Question(frames=frames, roles=(role,), answer=Number(1.0), margin=1.0, measured={})

    assert ask((0, 1), 3, (5, 5)).key == ask((0, 1), 3, (6, 6)).key
    assert ask((0, 1), 3, (5, 5)).key != ask((1, 0), 3, (5, 5)).key
    assert ask((0, 1), 3, (5, 5)).key != ask((0, 1), 4, (5, 5)).key
