"""The same object in a second image, by hand."""

import pytest

from tests.scenes import at, looking, room
from tests.tasks.asking import ask, question, text

CHAIR = at(0, 2.2, 1.5)  # a cube of 0.4 m whose front is 2 m ahead


def test_the_box_in_the_second_image() -> None:
    # Image 1 is taken 1 m to the right. The front spans x -1.2 to -0.8 at 2 m, so from 159.5 - 96 = 63.5 on; its right
    # side recedes to 2.4 m: -0.8 / 2.4 * 160 = -53.3, the last pixel is 106 and ends at 106.5.
    # Height: 0.2 / 2 * 160 = 16 pixels to either side of 119.5.
    # Of 320 and 240: 64 / 320 = 0.200, 107 / 320 = 0.334, 104 / 240 = 0.433, 136 / 240 = 0.567.
    scene = room({"chair": CHAIR, "lamp": at(1.5, 3, 1.5)}, [looking("+y"), looking("+y", at=(1, 0, 1.5))])
    asked = question(ask("position_matching", scene, (0, 1), red="chair"))
    assert asked.answer.text == "[200, 433, 334, 567]"
    # In image 0 it is straight ahead: 16 pixels to either side.
    assert asked.roles[0].place == (450, 433, 550, 567)
    assert (asked.roles[0].image, asked.roles[0].color) == (0, "red")


@pytest.mark.parametrize(
    ("move_m", "turn_deg", "margin"),
    [
        (0.4, 0, None),  # neither 0.5 m nor 15 degrees
        (0.4, 14, None),
        (0.6, 0, 0.2),  # 0.6 / 0.5 - 1
        (0.0, 18, 0.2),  # 18 / 15 - 1
        (0.6, 30, 1.0),  # the surer of the two: 30 / 15 - 1
    ],
)
def test_the_views_differ(move_m: float, turn_deg: float, margin: float | None) -> None:
    scene = room({"chair": CHAIR}, [looking("+y"), looking("+y", at=(move_m, 0, 1.5), left_deg=turn_deg)])
    asked = ask("position_matching", scene, (0, 1), red="chair")
    if margin is None:
        assert text(asked) == "Skip: views too alike"
    else:
        assert question(asked).margin == pytest.approx(margin)


def test_what_hides_a_part_of_it_makes_the_box_tight() -> None:
    # Seen from image 1, a post spans x -0.65 to -0.4 from 1.0 to 1.1 m ahead; the far end of its right side is at
    # 159.5 - 0.4 / 1.1 * 160 = 101.3, so of the chair only pixels 102 to 106 are left: 102 / 320 = 0.319 to 0.334.
    # Through pixel 102 its right side is seen at 0.8 * 160 / (159.5 - 102) = 2.226 m, where 0.2 m are 14.4 pixels:
    # rows 106 to 133, so 106 / 240 = 0.442 to 134 / 240 = 0.558.
    post = at(0.475, 1.05, 1.5, (0.25, 0.1, 1))
    scene = room({"chair": CHAIR, "post": post}, [looking("+y"), looking("+y", at=(1, 0, 1.5))])
    assert text(ask("position_matching", scene, (0, 1), red="chair")) == "[319, 442, 334, 558]"
