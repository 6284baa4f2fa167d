"""The blur of libvmaf's motion, and what it sums up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qagen.kernels.blur import blur_and_compare
from tests import naive
from tests.kernels.randomness import seeds


def blurred(luma, bits=8, before=None):
    before = np.zeros(luma.shape, np.uint16) if before is None else before
    out = np.empty(luma.shape, np.uint16)
    return out, blur_and_compare(luma, bits, before, out)


def test_by_hand_an_even_plane_keeps_its_value():
    # The weights sum to 65536: 200 becomes 200 * 65536 / 256 = 51200 down the columns, and stays that along the rows.
    out, total = blurred(np.full((4, 5), 200, np.uint8))
    assert (out == 51200).all()
    assert total == 51200 * 20


def test_by_hand_a_point():
    # 100 in the middle of 7 x 7. Down its column: (100 * 26386 + 128) >> 8 = 10307, (1600400 + 128) >> 8 = 6252,
    # (357100 + 128) >> 8 = 1395. Along the middle row: (10307 * 26386 + 32768) >> 16 = 4150,
    # (10307 * 16004 + 32768) >> 16 = 2517, (10307 * 3571 + 32768) >> 16 = 562.
    luma = np.zeros((7, 7), np.uint8)
    luma[3, 3] = 100
    out, _ = blurred(luma)
    assert out[3].tolist() == [0, 562, 2517, 4150, 2517, 562, 0]
    # The row two above: (1395 * 26386 + 32768) >> 16 = 562, * 16004: 341, * 3571: 76.
    assert out[1].tolist() == [0, 76, 341, 562, 341, 76, 0]
    assert out[0].tolist() == [0] * 7


def test_by_hand_edges_are_mirrored_without_the_outermost_row():
    # Row 0 is 100, the others 0. At row 0 only its own weight sees it, at row 1 the inner weight once from above,
    # and once more from nowhere: mirrored, row -1 is row 1.
    luma = np.zeros((6, 3), np.uint8)
    luma[0] = 100
    out, _ = blurred(luma)
    assert out[:, 1].tolist() == [10307, 6252, 1395, 0, 0, 0]
    # Row 1 instead is seen by row 0 twice, from below and from above: (2 * 1600400 + 128) >> 8 = 12503. By row 1
    # from row 3 mirrored not at all but as row -1, two above: (2638600 + 357100 + 128) >> 8 = 11702.
    luma = np.roll(luma, 1, axis=0)
    assert blurred(luma)[0][:, 1].tolist() == [12503, 11702, 6252, 1395, 0, 0]


def test_by_hand_ten_bits_are_told_in_steps_of_eight():
    # 800 of 1023 is 200 of 255.75; the sum of differences is the same as that of 200 of 8 bits.
    assert blurred(np.full((3, 3), 800, np.uint16), 10)[1] == blurred(np.full((3, 3), 200, np.uint8))[1]


@pytest.mark.parametrize(("kind", "bits"), [(np.uint8, 8), (np.uint16, 10), (np.uint16, 12), (np.uint16, 16)])
def test_the_largest_samples_do_not_overflow(kind, bits):
    luma = np.full((3, 3), 2**bits - 1, kind)
    out, total = blurred(luma, bits)
    assert out.tolist() == naive.blur(luma, bits)
    assert total == out.sum(dtype=np.int64)


@given(seeds, st.sampled_from([(np.uint8, 8), (np.uint16, 10), (np.uint16, 16)]))
def test_blur_equals_twin(seed, depth):
    kind, bits = depth
    rng = np.random.default_rng(seed)
    luma = rng.integers(0, 2**bits, rng.integers(3, 12, 2)).astype(kind)
    before = rng.integers(0, 2**16, luma.shape).astype(np.uint16)
    # A plane within rows that are longer, as a decoder has them.
    wide = np.zeros((len(luma), luma.shape[1] + 5), kind)
    wide[:, : luma.shape[1]] = luma
    out, total = blurred(wide[:, : luma.shape[1]], bits, before)
    assert out.tolist() == naive.blur(luma, bits)
    assert total == np.abs(out.astype(np.int64) - before).sum()
