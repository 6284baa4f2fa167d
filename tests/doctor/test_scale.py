"""Scenes of another scale are sound; things that are not as large as usual are not."""

from dataclasses import replace

import pytest

from qagen.core.familiar import familiarity
from qagen.core.scene import Scene
from qagen.doctor.examine import examine
from qagen.doctor.finding import Finding
from qagen.doctor.inputs import check_size
from tests.scenes import at, looking, painted, room, scaled, studio


def renamed(scene: Scene) -> Scene:
    """The scene with labels of nothing familiar."""
    objects = tuple(replace(item, label=f"widget {'abcdefghijklmnop'[i]}") for i, item in enumerate(scene.objects))
    return replace(scene, objects=objects)


def findings(scene: Scene) -> dict[str, Finding]:
    return {finding.check: finding for finding in examine(scene)[0]}


@pytest.mark.parametrize("factor", [1, 0.01, 50])
def test_a_scene_of_any_scale_is_sound(factor: float) -> None:
    """Nothing familiar tells the unit of this one, so the doctor asks only where it is not as large as a room."""
    found = findings(renamed(scaled(painted(studio()), factor)))
    assert {finding.verdict for finding in found.values()} <= {"ok", "warn"}
    assert found["depth scale"].verdict == ("ok" if factor == 1 else "warn")


def test_a_room_in_millimeters_that_is_read_as_meters_is_found() -> None:
    found = findings(scaled(studio(), 1000))
    assert found["sizes"].verdict == "FAIL"
    assert "625 times as large" in found["sizes"].found
    assert found["sizes"].advice == "wrong unit? is the data in mm, not in meters?"


def test_familiar_things_are_compared_with_usual_ones() -> None:
    # a door of 2.1 m is usual; a chair of 9 m is 9 / 1.3 = 6.92 times as large; a mug of 0.7 m 5 times: median 5
    boxes = {"door": at(0, 3, 1, (0.9, 0.1, 2.1)), "chair": at(0, 4, 1, (9, 1, 1)), "mug": at(1, 4, 1, (0.7, 0.1, 0.1))}
    known = familiarity(room(boxes, [looking()]))
    assert known is not None
    assert (known.count, known.labels) == (3, ("door", "chair", "mug"))
    assert known.ratio == pytest.approx(5.0)
    assert known.is_plausible


@pytest.mark.parametrize(("factor", "verdict"), [(1, "ok"), (4, "ok"), (8, "FAIL"), (0.3, "ok"), (0.1, "FAIL")])
def test_a_median_beyond_five_is_no_usual_size(factor: float, verdict: str) -> None:
    boxes = {"door": at(0, 3, 1, (0.9, 0.1, 2.1)), "chair": at(0, 4, 1, (0.5, 0.5, 1)), "bed": at(1, 4, 1, (2, 1.6, 1))}
    assert check_size(scaled(room(boxes, [looking()]), factor)).verdict == verdict


def test_one_or_two_things_may_be_toys() -> None:
    assert check_size(room({"car": at(0, 3, 1, (0.1, 0.04, 0.04))}, [looking()])).verdict == "warn"


def test_where_nobody_knows_the_scale_there_is_nothing_to_compare() -> None:
    assert check_size(replace(scaled(studio(), 1000), unit_m=None)).verdict == "ok"
