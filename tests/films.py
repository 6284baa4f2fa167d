"""A film for tests of demo writers and loaders: a bare room that is filmed in a second.

The fixture ``small_film`` (tests/conftest.py) shoots it once for a whole session::

    def test_something(small_film, tmp_path):
        scannetpp_files.write(small_film, tmp_path)
        scene = ScanNetPPLoader(tmp_path).load(...)
"""

from itertools import pairwise

import numpy as np

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.demo.apartment.camera_path import view_rotation
from qagen.demo.apartment.materials import Paint
from qagen.demo.apartment.shapes import ball, box, joined, panel
from qagen.demo.apartment.shell import Lamp, PlacedObject, Room
from qagen.demo.apartment.shoot import Script

CAMERA = Camera(fx=72.0, fy=72.0, cx=39.5, cy=29.5, width=80, height=60)
FRAME_COUNT = 22
"""One more than the first frame whose pose a ScanNet recording has lost."""
BOX, GADGET = 3, 4
"""Things of the bare room."""


def bare_room() -> Script:
    """A room of 4 m × 4 m × 2.6 m with a box of 0.8 m; its near side stands at y = 3.1. The camera looks along +y.

    The objects are wall, floor, ceiling, box (a large and a small one on it) and a ball of 0.4 m. The camera stands at
    (2, 0.6, 1.2) and moves by 2 cm a frame along +x.
    """
    wall, red = Paint("plain"), Paint("plain", (0.9, 0.1, 0.1))
    corners = [(0, 0), (0, 4), (4, 4), (4, 0), (0, 0)]
    walls = [panel((*a, 0), (b[0] - a[0], b[1] - a[1], 0), (0, 0, 2.6), wall, 0.5) for a, b in pairwise(corners)]
    floor = panel((0, 0, 0), (4, 0, 0), (0, 4, 0), wall, 0.5)
    ceiling = panel((0, 4, 2.6), (4, 0, 0), (0, -4, 0), wall, 0.5)
    objects = [
        PlacedObject("wall", (joined(walls),)),
        PlacedObject("floor", (floor,)),
        PlacedObject("ceiling", (ceiling,)),
        PlacedObject("box", (box((0.8, 0.8, 0.8), (1.0, 3.5, 0.4), red), box((0.2, 0.2, 0.2), (1.0, 3.5, 0.9), red))),
        PlacedObject("nameless gadget", (ball(0.2, (3.2, 3.2, 1.0), red),)),
    ]
    lamp = Lamp((2, 2, 2.5), (0.2, 0, 0), (0, -0.2, 0), 4.0, (1, 1, 1))
    rotation = view_rotation(np.pi / 2, 0, 0)
    poses = [Pose(rotation, np.array([2.0 + 0.02 * k, 0.6, 1.2])) for k in range(FRAME_COUNT)]
    return Script(objects, [lamp], poses, CAMERA, [Room("room", (0, 4), (0, 4), wall, wall)])
