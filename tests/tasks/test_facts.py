"""Which questions ask for one fact, however they are dressed."""

import pytest

from qagen.visibility.views import SceneViews, observe
from tests.scenes import at, looking, room
from tests.tasks.asking import ask, question

BOXES = {"chair": at(-1, 4, 1.2), "table": at(1, 5, 1.2), "lamp": at(0, 6, 2.2)}


def views() -> SceneViews:
    """Three cameras side by side that show everything; the third a meter nearer."""
    return observe(room(BOXES, [looking("+y", at=place) for place in ((0, 0, 1.5), (0.4, 0, 1.5), (0, 1, 1.5))]))


def fact(type_name: str, frames: tuple[int, ...] = (0,), **roles: str | tuple[str, int]) -> tuple | None:
    return question(ask(type_name, views(), frames, None, **roles)).fact


@pytest.mark.parametrize(
    ("type_name", "first", "second", "same"),
    [
        # The distance of two objects is the same in every image and whichever of them is red.
        (
            "distance_prediction_oo",
            ((0,), {"red": "chair", "blue": "table"}),
            ((2,), {"red": "table", "blue": "chair"}),
            1,
        ),
        (
            "distance_prediction_oo",
            ((0,), {"red": "chair", "blue": "table"}),
            ((0,), {"red": "chair", "blue": "lamp"}),
            0,
        ),
        # From a meter nearer, the distance from the camera is another one.
        ("distance_prediction_oc", ((0,), {"red": "chair"}), ((2,), {"red": "chair"}), 0),
        # The depth that is given is a help, not what is asked. Moving aside leaves depth as it is.
        ("depth_prediction_oc", ((0,), {"red": "chair", "blue": "lamp"}), ((1,), {"red": "table", "blue": "lamp"}), 1),
        ("depth_prediction_oc", ((0,), {"red": "chair", "blue": "lamp"}), ((2,), {"red": "chair", "blue": "lamp"}), 0),
        # Which is relative to which matters.
        (
            "obj_spatial_relation_oo",
            ((0,), {"red": "chair", "blue": "lamp"}),
            ((2,), {"red": "chair", "blue": "lamp"}),
            1,
        ),
        (
            "obj_spatial_relation_oo",
            ((0,), {"red": "chair", "blue": "lamp"}),
            ((0,), {"red": "lamp", "blue": "chair"}),
            0,
        ),
    ],
)
def test_the_same_fact(type_name: str, first: tuple, second: tuple, same: int) -> None:
    facts = [fact(type_name, frames, **roles) for frames, roles in (first, second)]
    assert None not in facts
    assert (facts[0] == facts[1]) == bool(same)
