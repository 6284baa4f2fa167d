"""A camera in the middle of a hall that looks four ways, eight frames each: +y, -x, -y and +x."""

from collections.abc import Mapping, Sequence

from qagen.core.box import Box3D
from qagen.visibility.views import SceneViews, observe
from tests.scenes import at, looking, room

SIZE = (0.6, 0.6, 0.6)
"""3 m away it is 160 * 0.6 / 2.7 = 36 pixels wide: 5000 of a 640 x 480 image."""
NORTH, WEST, SOUTH, EAST = at(0, 3, 1.5, SIZE), at(-3, 0, 1.5, SIZE), at(0, -3, 1.5, SIZE), at(3, 0, 1.5, SIZE)
BESIDE = at(1, 3, 1.5, SIZE)
"""In view together with what is in the north."""
SPECK = at(-1, 3, 1.5, (0.06, 0.35, 0.06))
"""In the north, 4 pixels wide: 60 of a 640 x 480 image, which makes it doubtful."""
HIDDEN = at(0, 20, 1.5, SIZE)
"""Behind a wall of the hall, never in view."""


def carousel(boxes: Mapping[str, Box3D | Sequence[Box3D]], frames: int = 32) -> SceneViews:
    """Frames 0-7 look north, 8-15 west, 16-23 south, 24-31 east."""
    return observe(room(boxes, [looking("+y", left_deg=90 * (8 * i // frames // 2)) for i in range(frames)]))
