"""What differs from scene to scene is no variety."""

import pytest

from qagen.view.variety import MAX_QUESTIONS, Variety, masked

LABELS = ("chair", "armchair", "air conditioner", "pair of scissors", "tv")


@pytest.mark.parametrize(
    ("question", "form"),
    [
        ("Is the armchair 1.5 meters from a chair?", "Is LABEL NUMBER meters from a LABEL?"),
        ("Is an air conditioner or the TV nearer?", "Is a LABEL nearer?"),
        ("How many pairs of scissors?", "How many LABEL?"),
        ("Chairs: how many?", "LABEL: how many?"),
        ("Place the chair (object0) and the tv (object1).", "Place LABEL."),
        ("Place the chair (object0), the tv (object1), and the chair (object2).", "Place LABEL."),
        ("Only these count: armchair, chair, tv.", "Only these count: LABEL."),
        ("From the chair (red box in Frame-12), the 3D box [x1, y1]", "From LABEL, the 3D box [x1, y1]"),
        ("From Frame-0 on, up to Frame-31", "From Frame-NUMBER on, up to Frame-NUMBER"),
        ("The chairman sits.", "The chairman sits."),
    ],
)
def test_labels_lists_of_labels_and_numbers_are_masked(question: str, form: str) -> None:
    assert masked(question, LABELS) == form


def measure(*questions: str) -> tuple[int, int]:
    variety = Variety()
    for question in questions:
        variety.add(question, LABELS)
    return len(variety.forms), len(variety.grams)


def test_forms_and_4_grams_are_counted_once() -> None:
    assert measure("How far is the chair?\nA. 1.5", "How far is the tv?\nA. 0.7") == (1, 1)
    assert measure("How far is the chair now?", "How far is the chair here?") == (2, 3)
    assert measure("How far?") == (1, 0)


def test_no_more_questions_are_measured_than_can_be_compared() -> None:
    assert measure(*(f"Question {'so ' * number}" for number in range(MAX_QUESTIONS + 5)))[0] == MAX_QUESTIONS
