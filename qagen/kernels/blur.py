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
    column = np.empty(width + 4, np.uint32)  # a row blurred down the columns, with two mirrored samples at each end
    total = 0
    for row in range(height):
        above_2, above = luma[abs(row - 2)], luma[abs(row - 1)]
        below, below_2 = luma[_mirrored(row + 1, height)], luma[_mirrored(row + 2, height)]
        here = luma[row]
        for col in range(width):
            summed = _weigh(above_2[col], above[col], here[col], below[col], below_2[col])
            column[col + 2] = np.uint32(summed + half) >> shift
        column[0], column[1] = column[4], column[3]
        column[width + 2], column[width + 3] = column[width], column[width - 1]
        row_total = np.uint32(0)
        for col in range(width):
            summed = _weigh(column[col], column[col + 1], column[col + 2], column[col + 3], column[col + 4])
            value = np.int32(np.uint32(summed + np.uint32(32768)) >> np.uint32(16))
            blurred[row, col] = value
            row_total += np.uint32(abs(np.int32(value - np.int32(before[row, col]))))
        total += np.int64(row_total)
    return int(total)


@njit(cache=True, nogil=True)
def _mirrored(index: int, size: int) -> int:
    """The index that stands for one beyond the upper end."""
    return index if index < size else 2 * (size - 1) - index


@njit(cache=True, nogil=True)
def _weigh(a: int, b: int, c: int, d: int, e: int) -> np.uint32:
    """Five neighbors weighted; samples of 16 bits stay within 32, which is what makes this fast."""
    outer = np.uint32(np.uint32(3571) * np.uint32(np.uint32(a) + np.uint32(e)))
    inner = np.uint32(np.uint32(16004) * np.uint32(np.uint32(b) + np.uint32(d)))
    return np.uint32(outer + inner + np.uint32(26386) * np.uint32(c))
