"""How much a blurred image differs from the one before it: the motion feature of libvmaf, in its integer arithmetic."""

import numpy as np
from numba import njit

from qagen.kernels import U8, U16


@njit(cache=True, nogil=True)
def blur_and_compare(luma: U8 | U16, bits: int, before: U16, blurred: U16) -> int:
    """Blur a luma plane and sum up how far it is from the blurred plane before it.

    The blur has five weights that sum to 65536, down the columns first, then along the rows; beyond an edge the plane
    is mirrored without its outermost row or column. Both sums are rounded and shifted, so that the result has 8 bits
    before the point and 8 behind it whatever the depth of the samples.

    Args:
        luma: (H, W) uint8 or uint16 samples of up to 16 bits, both sides at least 3.
        bits: bits of a sample, 8 to 16.
        before: (H, W) uint16 blurred plane before this one.
        blurred: (H, W) uint16, filled with this plane's.

    Returns:
        The sum over the pixels of absolute differences, in 1/256 of a step of 8 bits.

    Source: libvmaf, feature ``integer_motion``.
    """
    height, width = luma.shape
    shift, half = np.uint32(bits), np.uint32(1 << (bits - 1))
    middle = np.empty(width + 4, np.uint32)
    total = 0
    for row in range(height):
        above_2, above = luma[abs(row - 2)], luma[abs(row - 1)]
        below = luma[min(row + 1, 2 * height - 3 - row)]
        below_2 = luma[min(row + 2, 2 * height - 4 - row)]
        here = luma[row]
        for col in range(width):
            outer = np.uint32(np.uint32(above_2[col]) + np.uint32(below_2[col]))
            inner = np.uint32(np.uint32(above[col]) + np.uint32(below[col]))
            summed = np.uint32(np.uint32(3571) * outer + np.uint32(16004) * inner + np.uint32(26386) * np.uint32(here[col]))
            middle[col + 2] = np.uint32(summed + half) >> shift
        middle[0], middle[1] = middle[4], middle[3]
        middle[width + 2], middle[width + 3] = middle[width], middle[width - 1]
        row_total = np.uint32(0)
        for col in range(width):
            outer = np.uint32(middle[col] + middle[col + 4])
            inner = np.uint32(middle[col + 1] + middle[col + 3])
            summed = np.uint32(np.uint32(3571) * outer + np.uint32(16004) * inner + np.uint32(26386) * middle[col + 2])
            value = np.int32(np.uint32(summed + np.uint32(32768)) >> np.uint32(16))
            blurred[row, col] = value
            row_total += np.uint32(abs(np.int32(value - np.int32(before[row, col]))))
        total += np.int64(row_total)
    return total
