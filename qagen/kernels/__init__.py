"""Compiled array functions: arrays and numbers in and out, no objects, no files.

Camera frame: OpenCV (x right, y down, z forward), meters. Pixels: centers at integers, so that an image of width w
covers u in [-0.5, w - 0.5]. ``T_cw`` is the (4, 4) camera-from-world transform, ``K`` the (4,) fx, fy, cx, cy.
A kernel calls only kernels of its own file, because numba's cache does not notice a change in another one; the few
lines that several files share are therefore repeated in each.
"""

import numpy as np
from numpy.typing import NDArray

F64, F32 = NDArray[np.float64], NDArray[np.float32]
I64, I32 = NDArray[np.int64], NDArray[np.int32]
U64, U16, U8 = NDArray[np.uint64], NDArray[np.uint16], NDArray[np.uint8]
Bools = NDArray[np.bool_]
Point = tuple[float, float, float]
