"""Scenes without a mesh: which box a measured point belongs to, worked out by hand."""

import numpy as np
import pytest

from qagen.audit.raycast import RayCaster
from qagen.audit.scene import AuditScene, AuditView, Instance, Pinhole, UprightBox

PINHOLE = Pinhole(200.0, 200.0, 159.5, 119.5, 320, 240)
LEVEL = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1.0]])
"""At the origin, looking along +y: the image's right is x, its top z."""
CABINET, CUP, COUCH, PICTURE = range(4)
BOXES = (
    ((0.0, 2.0, 0.0), (2.0, 1.0, 1.6)),
    ((0.5, 2.0, 0.0), (0.4, 0.4, 0.4)),
    ((-1.0, 2.0, 0.0), (0.6, 1.0, 0.6)),
    ((1.3, 2.03, 0.0), (0.3, 0.01, 0.3)),
)
"""Centers and sizes: the cup is in the cabinet, the couch half in it; the picture hangs 2.5 cm behind the surface."""


def shown_at(x: float, z: float, is_level: bool = True) -> int:
    """Index of what a surface at y = 2 m belongs to at a place."""

    def depth() -> np.ndarray:
        return np.full((240, 320), 2.0)

    view = AuditView("0", PINHOLE, LEVEL, lambda: None, PINHOLE, depth)
    boxes = [UprightBox(np.array(center), np.array(size), np.eye(3)) for center, size in BOXES]
    things = tuple(Instance(k, "thing", frozenset({"thing"}), True, box, None) for k, box in enumerate(boxes))
    scene = AuditScene("none", "0", {"0": view}, things, None, None, None, is_level=is_level)
    shown = RayCaster(scene).render(view).shown
    return int(shown[round(119.5 - 100 * z), round(159.5 + 100 * x)])


@pytest.mark.parametrize(
    ("x", "z", "index"),
    [
        (0.0, 0.0, CABINET),
        (0.5, 0.1, CUP),
        (-0.85, 0.0, -1),  # of the cabinet and the couch
        (-1.15, 0.0, COUCH),
        (1.3, 0.0, PICTURE),
        (1.0, 0.6, -1),
        (0.0, -0.785, -1),  # where the floor may run through the cabinet
        (0.0, -0.75, CABINET),
    ],
)
def test_a_point_belongs_to_the_innermost_box(x: float, z: float, index: int) -> None:
    assert shown_at(x, z) == index


def test_a_world_that_is_not_level_has_no_floor() -> None:
    assert shown_at(0.0, -0.785, is_level=False) == CABINET
