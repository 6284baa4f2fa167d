"""Faults of colors, single frames, lenses, depth and boxes are told, each by its check and with its name."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from qagen.core.scene import Scene
from qagen.doctor.box_sides import check_box_sides
from qagen.doctor.calibration import check_calibration
from qagen.doctor.color_edges import check_color_edges
from qagen.doctor.depth_samples import all_samples, sample_groups
from qagen.doctor.finding import Finding
from qagen.doctor.inputs import check_blank, check_images
from qagen.doctor.looks import FRAMES, RUN, look_at
from qagen.doctor.outliers import check_outliers
from tests.scenes import painted, studio
from tools.doctor_faults import FAULTS, boxes, pixels


@cache
def room() -> Scene:
    return painted(studio())


def told(scene: Scene, check: str) -> Finding:
    """What one of the checks of this file finds."""
    if check == "calibration":
        return check_calibration(sample_groups(scene))
    if check == "box sides":
        found = check_box_sides(scene, all_samples(sample_groups(scene)))
        assert found is not None
        return found
    looks = look_at(scene)
    found = [check_blank(looks), check_color_edges(looks), *check_outliers(looks)]
    return next(one for one in found if one is not None and one.check == check)


CHECKS = ("blank images", "color edges", "outliers", "color", "calibration", "box sides")


@pytest.mark.parametrize("check", CHECKS)
def test_a_sound_room_has_none(check: str) -> None:
    assert told(room(), check).verdict == "ok"


@pytest.mark.parametrize(
    ("fault", "check", "words"),
    [
        ("color images in reverse order", "color edges", "images in reverse order"),
        ("color images off by one", "color edges", "the image of the frame 1 earlier"),
        ("all color images mirrored", "color edges", "images mirrored"),
        ("all color images upside down", "color edges", "images upside down"),
        ("all color images noise", "color", "paired rightly"),
        ("all color images black", "blank images", "50 of 50 images"),
        ("one color image black", "blank images", "1 of 50 images have one brightness all over, first frame 25"),
        ("one color image noise", "color", "not those of 1: 25"),
        ("one color image of a frame ten later", "color", "not those of 1: 25"),
        ("one rotation transposed", "outliers", "contradict those that see the same place: 25"),
        ("one pose moved by 0.5 m", "outliers", "contradict those that see the same place: 25"),
        ("depth times 1.03", "calibration", "depth multiplied by about 0.97"),
        ("depth times 1.1", "calibration", "depth multiplied by about 0.9"),
        ("focal lengths times 1.05", "calibration", "focal lengths multiplied by about 0.95"),
        ("focal lengths of color times 1.05", "color edges", "focal lengths of color multiplied by 0.952"),
        ("boxes moved by 0.2 m, all one way", "box sides", "if boxes were moved by (-0.05, -0.20) m"),
        ("boxes moved by 0.2 m, each its own way", "box sides", "21 % of 34 sides"),
    ],
)
def test_a_fault_is_named(fault: str, check: str, words: str) -> None:
    finding = told(FAULTS[fault](room()), check)
    assert finding.verdict != "ok"
    assert words in finding.text


@pytest.mark.parametrize("fault", ["color images of half the size", "color images of another aspect"])
def test_every_header_is_held_against_the_camera(fault: str) -> None:
    wrong = FAULTS[fault](room()).frames[1]
    frames = (room().frames[0], wrong, *room().frames[2:])  # not one of those that are decoded
    finding = check_images(replace(room(), frames=frames))
    assert finding.verdict == "FAIL"
    assert "frame 1: the image has" in finding.found


def test_boxes_where_they_belong_pass_without_points() -> None:
    bare = boxes(0.0, is_common=True)(room())
    assert told(bare, "box sides").verdict == "ok"


def test_long_recordings_are_looked_at_in_runs() -> None:
    frames = [replace(room().frames[k % 50], id=str(k)) for k in range(400)]
    looks = look_at(replace(room(), frames=tuple(frames)))
    steps = np.diff([look.index for look in looks])
    assert len(looks) == FRAMES[1]
    assert (steps == 1).sum() == len(looks) - len(looks) // RUN
    assert looks[0].index == 0
    assert looks[-1].index == 399


@pytest.mark.parametrize("check", ["color edges", "color"])
def test_exposure_is_no_fault(check: str) -> None:
    darker = pixels(lambda image: np.clip(0.6 * image + 20, 0, 255).astype(np.uint8))
    assert told(darker(room()), check).verdict == "ok"
