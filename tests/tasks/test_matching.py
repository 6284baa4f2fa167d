"""The same object in a second image, by hand."""

from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from qagen.core.answer import Choice
from qagen.core.question import Question, Skip
from qagen.pipeline.config import RunConfig
from qagen.pipeline.record import to_record
from qagen.pipeline.run import TaskCounts, make_samples, phrasebook
from qagen.rng import rng_for
from qagen.sampling.pool import pick_balanced
from qagen.tasks.registry import load_task
from qagen.visibility.views import SceneViews, observe
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


# --- which of several boxes ------------------------------------------------------------------------------------------

CUBE = (0.4, 0.4, 0.4)
PAIR = [looking("+y"), looking("+y", at=(0.6, 0, 1.5))]
"""Two views 0.6 m apart; things 3 m ahead cover 160 * 0.4 / 2.8 = 23 pixels, 2100 of a 640 x 480 image."""


def found(views: SceneViews, seeds: Sequence[int] = range(5), **overrides: float) -> list[Question | Skip]:
    family = load_task("object_matching_candidates", overrides)
    return [one for seed in seeds for one in family.propose(views, rng_for(seed, "candidates"))]


def asked(views: SceneViews, max_size_ratio: float = 4.0) -> list[Question]:
    return [one for one in found(views, max_size_ratio=max_size_ratio) if isinstance(one, Question)]


def test_the_box_around_the_same_object_is_right_and_the_others_are_wrong() -> None:
    views = observe(room({"chair": [at(x, 3, 1.5, CUBE) for x in (-0.8, 0, 0.8)]}, PAIR))
    for one in asked(views):
        red, *boxes = one.roles
        assert [(red.color, red.image)] == [("red", 0)]
        assert [(box.color, box.image) for box in boxes] == [("blue", 1), ("green", 1), ("yellow", 1)][: len(boxes)]
        assert isinstance(one.answer, Choice)
        assert [box.color for box in boxes if box.object == red.object] == [one.answer.right]
        assert sorted(one.answer.wrong) == sorted(box.color for box in boxes if box.object != red.object)
    assert {len(one.roles) - 1 for one in asked(views)} == {2, 3}
    assert {one.answer.text for one in asked(views)} == {"blue", "green", "yellow"}


def test_of_two_boxes_of_which_one_lies_in_the_other_only_one_is_a_choice() -> None:
    # The board behind the chair spans x -1 to 1 at 3.5 m, so its box holds the chair's. The lamp is apart from both.
    boxes = {"chair": at(0, 3, 1.5, CUBE), "board": at(0, 3.5, 1.5, (2, 0.1, 1)), "lamp": at(-1.6, 3, 1.5, CUBE)}
    views = observe(room(boxes, PAIR))
    names = [{views.scene.objects[role.object].label for role in one.roles} for one in asked(views)]
    assert {"chair", "lamp"} in names
    assert not any({"chair", "board"} <= some for some in names)


def test_a_box_of_quite_another_size_is_no_choice() -> None:
    # Areas as 2 * 2 to 0.4 * 0.4: 25 times.
    views = observe(room({"chair": at(-0.9, 3, 1.5, CUBE), "bed": at(1.2, 3.5, 1.5, (2, 0.1, 2))}, PAIR))
    assert {text(one) for one in found(views)} == {"Skip: too few objects"}
    assert asked(views, max_size_ratio=40.0)


def test_labels_are_told_only_where_they_do_not_tell_the_box() -> None:
    family = load_task("object_matching_candidates")

    def written(boxes: dict) -> Iterator[tuple[str, str]]:
        views = observe(room(boxes, PAIR))
        samples = make_samples(family, views, phrasebook(), RunConfig(per_scene=4), TaskCounts())
        for sample in samples:
            record = to_record(sample, family, views, rgbd=False)
            assert record["bbox_img_idx"] == [[0, *[1] * (len(sample.question.roles) - 1)]]
            assert record["magenta_bbox"] is None
            yield sample.human, sample.gpt

    alike = list(written({"chair": [at(x, 3, 1.5, CUBE) for x in (-0.8, 0, 0.8)]}))
    assert all("the chair (red box)" in human for human, _ in alike)
    unlike = list(written({"chair": at(-0.8, 3, 1.5, CUBE), "lamp": at(0.8, 3, 1.5, CUBE)}))
    assert all("the object (red box)" in human for human, _ in unlike)
    for human, gpt in [*alike, *unlike]:
        assert "the blue box" in human
        assert not any(name in gpt for name in ("chair", "lamp"))


def test_each_color_is_right_as_often_as_any_other_that_is_offered_with_it() -> None:
    boxes = {"chair": [at(x, 3, 1.5, CUBE) for x in (-1.4, -0.7, 0, 0.7, 1.4)]}
    views = observe(room(boxes, [looking("+y", at=(x, 0, 1.5)) for x in (-0.6, -0.3, 0, 0.3, 0.6)]))
    pool = {one.key: one for one in found(views, range(40)) if isinstance(one, Question)}
    picked = pick_balanced(list(pool.values()), 36, views, rng_for(0))
    right = Counter((len(one.roles) - 1, one.answer.text) for one in picked)
    assert {boxes for boxes, _ in right} == {2, 3, 4}
    for count in (2, 3, 4):
        times = [right[count, color] for color in ("blue", "green", "yellow", "magenta")[:count]]
        assert max(times) - min(times) <= 1
