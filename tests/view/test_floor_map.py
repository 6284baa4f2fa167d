"""Floor plans that the evidence of a run tells, against cameras that are known."""

from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from qagen.records.marks import Mark
from qagen.view.floor_map import FloorMap, camera_from

AHEAD = np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])
"""The camera that looks along world x, x right, y down, z ahead."""
CENTERS = np.array([[3.0, 0.5, 0.4], [4.0, -1.0, 1.2], [2.5, 0.1, 0.9], [5.0, 1.4, 0.2]])
FOCAL = 0.9
"""In widths of the image."""


def turned(yaw_deg: float) -> np.ndarray:
    return Rotation.from_euler("z", yaw_deg, degrees=True).as_matrix() @ AHEAD


def lines(rotation: np.ndarray, eye: np.ndarray, frame: str = "17") -> list[tuple[dict[str, Any], list[Mark]]]:
    """A sample for each center, marked where the camera sees it."""
    found = []
    for number, center in enumerate(CENTERS):
        inside = rotation.T @ (center - eye)
        item = {
            "color": "red", "alias": "", "image": 0, "id": number, "label": f"thing {number}",
            "center_m": center.tolist(), "size_m": [0.4, 0.2, 0.3], "yaw_deg": 30.0,
            "center_in_camera_m": inside.round(5).tolist(),
        }  # fmt: skip
        place = (round(1000 * (0.5 + FOCAL * inside[0] / inside[2])), 400)
        found.append(({"unit": "m", "frames": [frame], "objects": [item]}, [Mark("point", "red", "", 0, place)]))
    return found


@pytest.mark.parametrize("yaw_deg", [0.0, 35.0, -25.0])
def test_the_camera_is_found_from_what_it_sees(yaw_deg: float) -> None:
    rotation, eye = turned(yaw_deg), np.array([0.3, -0.2, 1.5])
    plan = FloorMap()
    for _ in range(2):
        for evidence, marks in lines(rotation, eye):
            plan.add(evidence, marks)
    data = plan.data()
    assert data["cameras"]["17"] == pytest.approx([0.3, -0.2, yaw_deg], abs=0.1)
    assert data["objects"]["1"] == ["thing 1", 4.0, -1.0, 0.4, 0.2, 30.0]
    assert data["view_deg"] == pytest.approx(2 * np.degrees(np.arctan(0.5 / FOCAL)), abs=1)


def test_too_few_objects_or_objects_in_line_tell_no_camera() -> None:
    rotation, eye = turned(20), np.array([0.3, -0.2, 1.5])

    def seen(centers: np.ndarray) -> list[tuple[list[float], list[float]]]:
        return [(center.tolist(), (rotation.T @ (center - eye)).tolist()) for center in centers]

    assert camera_from(seen(CENTERS)) is not None
    assert camera_from(seen(CENTERS[:2])) is None
    assert camera_from(seen(np.outer([1.0, 2, 3, 4], [1.0, 1, 0.2]))) is None


def test_centers_that_contradict_each_other_tell_no_camera() -> None:
    seen = [(evidence["objects"][0]["center_m"], evidence["objects"][0]["center_in_camera_m"])
            for evidence, _ in lines(turned(0), np.zeros(3))]  # fmt: skip
    seen[1] = ([9.0, 9.0, 9.0], seen[1][1])
    assert camera_from(seen) is None


def test_a_world_without_floor_has_no_plan() -> None:
    plan = FloorMap()
    for evidence, marks in lines(turned(0), np.zeros(3)):
        del evidence["objects"][0]["yaw_deg"]
        plan.add(evidence, marks)
    assert plan.data() == {"objects": {}, "cameras": {}, "view_deg": None, "unit": "m"}
