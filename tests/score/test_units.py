"""Predictions in other units than the question's, for questions in any unit."""

import pytest

from qagen.score import strict
from qagen.score.items import ScoredItem


def score(task: str, question: str, answer: str, prediction: str) -> float:
    return strict.score(ScoredItem("1", task, question, answer), prediction)


@pytest.mark.parametrize(
    ("prediction", "expected"),
    [
        ("44", 1.0),
        ("44 cm", 1.0),
        ("0.44 m", 1.0),
        ("440 millimeters", 1.0),
        ("It is about 0.44 meters away.", 1.0),
        ("0.44", 0.0),  # bare numbers are in the unit that is asked for
        ("44 m", 0.0),
        ("40 cm", 0.9),  # 4 / 44 = 9.1 % off keeps all tolerances but 5 %
        ("44 degrees", 0.0),
    ],
)
def test_a_distance_in_centimeters(prediction: str, expected: float) -> None:
    question = "How many centimeters lie between the 3D centers of the pen and the cup?"
    assert score("distance_prediction_oo", question, "44", prediction) == pytest.approx(expected)


@pytest.mark.parametrize("prediction", ["1.44", "1.44 km", "1440 m", "1,440 meters"])
def test_a_distance_in_kilometers(prediction: str) -> None:
    question = "What is the distance in kilometers between the 3D centers of the hut and the tower?"
    assert score("distance_prediction_oo", question, "1.44", prediction) == 1


def test_what_a_question_reveals_in_its_unit_is_not_the_answer() -> None:
    question = "With the lamp at a depth of 18 centimeters, how many centimeters deep is the cabinet?"
    prediction = "The lamp is 18 centimeters deep and the cabinet 0.24 m."
    assert score("depth_prediction_oc", question, "24", prediction) == 1


@pytest.mark.parametrize("prediction", ["2500", "2500 square centimeters", "0.25 square meters", "0.25 m²"])
def test_an_area_in_square_centimeters(prediction: str) -> None:
    question = "What floor area, in square centimeters, does the room have?"
    assert score("room_size", question, "2500", prediction) == 1


@pytest.mark.parametrize("prediction", ["12.0,6.0,7.5", "1.2 cm, 0.6 cm, 0.75 cm", "12 x 6 x 7.5 mm"])
def test_sides_in_millimeters(prediction: str) -> None:
    question = "What are length (longer side), width, and height of the pin in millimeters?"
    assert score("spatial_volume_infer", question, "12.0,6.0,7.5", prediction) == 1


@pytest.mark.parametrize("prediction", ["(512,480),24", "(512, 480), 0.24 m", "at (512, 480), 240 mm deep"])
def test_a_place_with_its_depth_in_centimeters(prediction: str) -> None:
    question = "Where does the second camera appear in the first image, and how deep in centimeters?"
    assert score("camera_motion_infer", question, "(512,480),24", prediction) == 1


@pytest.mark.parametrize("prediction", ["object0: (4, -21)", "object0: (0.04 m, -0.21 m)", "object0: (40 mm, -210 mm)"])
def test_a_map_in_centimeters(prediction: str) -> None:
    question = "At which (x, y), in centimeters, is the 3D center of the cup (object0)?"
    assert score("spatial_imagination_map_mv", question, "The cup is at object0: (4, -21)", prediction) == 1


@pytest.mark.parametrize(
    "moves", ["move_right:16,move_down:0,move_forward:3", "move_right: 0.16 m, move_down: 0, move_forward: 3 cm"]
)
def test_moves_in_centimeters(moves: str) -> None:
    question = "How does the camera move, in centimeters, and turn, in degrees?"
    answer = "move_right:16,move_down:0,move_forward:3,rotate_up:15,rotate_left:75"
    assert score("view_change_infer", question, answer, f"{moves},rotate_up:15,rotate_left:75") == 1


def test_without_a_unit_numbers_are_meters() -> None:
    assert score("distance_prediction_oo", "How far apart are they?", "1.5", "150 cm") == 1
