"""Masks in all forms with all kinds of ids: what is chosen, and what is refused instead of guessed."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qagen.spacevista.masks import MAX_MASK_PX, MaskError, fit_mask, read_mask, scale_mask, select_mask, split_ids

CORNER = np.array([[True, False], [False, False]])
IDS = np.array([[7, 7, 0, 0], [0, 9, 9, 0]])
LARGE = np.zeros((20, 30, 3), bool)
"""Three channels of 20 rows: the top row, the row below, nothing."""
LARGE[0, :, 0] = LARGE[1, :, 1] = True


def rows_of(mask: np.ndarray) -> list[int]:
    """Rows of a mask that are not empty."""
    return np.nonzero(mask.any(axis=1))[0].tolist()


def error_of(call: Any, *arguments: Any) -> str:
    with pytest.raises(MaskError) as found:
        call(*arguments)
    assert "\n" not in str(found.value)
    return str(found.value)


@pytest.mark.parametrize(
    ("array", "ids"),
    [
        (CORNER, None),
        (np.array([[7, 0], [0, 0]]), [7]),
        (CORNER[None], [True]),
        (CORNER[None].astype(np.uint8), [True]),
        (CORNER[None].astype(np.uint8) * 255, (True,)),
        (CORNER, 1),
        (CORNER, True),
        (np.array([[7, 0], [0, 0]]), 7),
        (np.array([[7, 0], [0, 0]]), (7,)),
        (np.array([[7.0, 0], [0, 0]]), None),
        (np.array([[-3, 0], [0, 0]], np.int8), [-3]),
        (CORNER[None, None, None], None),
    ],
)
def test_one_corner_in_many_forms(array: np.ndarray, ids: Any) -> None:
    mask = select_mask(array, ids)
    assert mask.dtype == bool
    assert mask.tolist() == CORNER.tolist()


def test_ids_of_a_plane_are_its_values() -> None:
    assert select_mask(IDS, [9]).tolist() == [[False] * 4, [False, True, True, False]]
    assert select_mask(IDS, [7, 9]).tolist() == select_mask(IDS, None).tolist() == (IDS != 0).tolist()


@pytest.mark.parametrize("array", [LARGE, np.moveaxis(LARGE, 2, 0), LARGE[None], LARGE.astype(np.uint8) * 255])
def test_channels_come_first_or_last(array: np.ndarray) -> None:
    assert rows_of(select_mask(array, [1])) == [1]
    assert rows_of(select_mask(array, [True, False, False])) == [0]
    assert rows_of(select_mask(array, [True, True, False])) == rows_of(select_mask(array, [0, 1])) == [0, 1]
    assert rows_of(select_mask(array, None)) == [0, 1]
    assert select_mask(array, None).shape == (20, 30)


def test_more_than_fifteen_channels_come_last() -> None:
    channels = np.zeros((18, 24, 17), bool)
    channels[4, :, 16] = True
    assert rows_of(select_mask(channels, [16])) == [4]


@pytest.mark.parametrize(
    ("array", "ids", "words"),
    [
        (IDS, [8], "found 8, which selects nothing, expected some of 7, 9"),
        (IDS, [1], "found 1, which selects nothing"),
        (IDS, [7, 8], "found 8, which selects nothing"),
        (IDS, [0], "found 0, which selects nothing"),
        (IDS, [], "which select nothing"),
        (IDS, [True], "found 7 and 9, expected 0 and one other value"),
        (IDS, True, "found 7 and 9, expected 0 and one other value"),
        (IDS, [True, False], "expected null or ints"),
        (IDS, "7", "found '7', expected null or ints"),
        (IDS, [7.0], "expected null or ints"),
        (IDS, [False], "expected null or ints"),
        (CORNER, [7], "found 7, which selects nothing"),
        (CORNER, [0], "found 0, which selects nothing"),
        (np.zeros((2, 2), bool), None, "found no object"),
        (np.zeros((2, 2), bool), [True], "found no object"),
        (LARGE, [3], "found 3, which selects nothing, expected channels from 0 to 2"),
        (LARGE, [-1], "found -1, which selects nothing"),
        (LARGE, [2], "found 2, whose channel is empty"),
        (LARGE, [False, False, True], "found 2, whose channel is empty"),
        (LARGE, [False, False, False], "which select nothing"),
        (LARGE, [True, True], "a bool for each of 3 channels"),
        (LARGE, [True, 1, 0], "a bool for each of 3 channels"),
        (LARGE, [True], "a bool for each of 3 channels"),
        (LARGE, [], "which select nothing"),
        (np.zeros((20, 30, 3), bool), None, "found no object"),
    ],
)
def test_ids_that_select_nothing_are_no_mask_of_everything(array: np.ndarray, ids: Any, words: str) -> None:
    assert words in error_of(select_mask, array, ids)


@pytest.mark.parametrize("shape", [(5, 20, 3), (3, 2, 2), (2, 2, 3), (12, 12, 40), (15, 15, 15)])
def test_small_arrays_do_not_tell_their_channels(shape: tuple[int, ...]) -> None:
    assert "either axis may hold the channels" in error_of(select_mask, np.ones(shape, bool), None)


@pytest.mark.parametrize(
    "array",
    [
        np.ones(4, bool),
        np.array(True),
        np.ones((3, 2, 40, 40), bool),
        np.zeros((0, 4), bool),
        np.zeros((20, 0, 3), bool),
        np.full((4, 4), 0.5),
        np.full((4, 4), np.nan),
        np.full((4, 4), np.inf),
        np.full((4, 4), 1j),
        np.full((4, 4), "a"),
    ],
)
def test_arrays_of_other_forms_are_refused(array: np.ndarray) -> None:
    assert "expected" in error_of(select_mask, array, None)


def test_a_picture_is_no_mask() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (20, 30, 3)).astype(np.uint8)
    assert "expected 0 and one other value" in error_of(select_mask, picture, None)


# --- sizes ------------------------------------------------------------------------------------------------------------


def test_scaling_takes_the_nearest_pixel() -> None:
    # Twice the size: each pixel becomes four. Half of it: pixel 0 of two is that whose middle, 1.0, begins pixel 1.
    assert fit_mask(CORNER, (4, 4)).tolist() == np.kron(CORNER, np.ones((2, 2), bool)).tolist()
    columns = np.array([[True, False, False, True]])
    assert scale_mask(columns, (2, 1)).tolist() == [[False, True]]
    assert scale_mask(columns.T, (1, 2)).tolist() == [[False], [True]]
    assert scale_mask(columns, (8, 1))[0].tolist() == [True, True, False, False, False, False, True, True]


def test_a_mask_of_another_shape_is_refused() -> None:
    mask = np.ones((480, 640), bool)
    assert fit_mask(mask, (320, 240)).shape == (240, 320)
    assert fit_mask(mask, (650, 480)).all()  # 1.6 % wider
    assert "found 640 x 480 pixels, expected the shape of 655 x 480" in error_of(fit_mask, mask, (655, 480))
    assert "expected the shape" in error_of(fit_mask, mask, (480, 640))


def test_a_mask_that_vanishes_is_refused() -> None:
    mask = np.zeros((400, 400), bool)
    mask[0, 0] = True
    assert "nothing of it left" in error_of(fit_mask, mask, (40, 40))


def test_each_object_is_a_choice_of_its_own() -> None:
    assert split_ids((3, 7)) == [(3,), (7,)]
    assert split_ids((True, False, True)) == [(True, False, False), (False, False, True)]
    assert split_ids(None) == [None]
    assert split_ids((5,)) == [(5,)]
    assert split_ids((False, False)) == [(False, False)]  # an error when it is read


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_file_becomes_a_mask_of_the_frame(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.asfortranarray(IDS))
    assert read_mask(tmp_path / "m.npy", (7,), (8, 4))[:2].tolist() == [[True] * 4 + [False] * 4] * 2
    words = error_of(read_mask, tmp_path / "m.npy", (8,), (8, 4))
    assert words.startswith(f"{tmp_path / 'm.npy'}: object_ids: found 8")


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "opened",)

    np.save(tmp_path / "m.npy", np.array([Trap()], object), allow_pickle=True)
    words = error_of(read_mask, tmp_path / "m.npy", None, (2, 2))
    assert "pickle" in words
    assert "convert it" in words
    assert not (tmp_path / "opened").exists()


def header(shape: str, kind: str = "|b1") -> bytes:
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (header("(1000000, 1000000)"), f"expected at most {MAX_MASK_PX}"),
        (header("(8001, 8000)") + b"\0" * 64_008_000, f"expected at most {MAX_MASK_PX}"),
        (header("(400, 400)") + b"\1" * 100, "found 100 bytes, expected those of 400 x 400"),
        (header("(4, 4)") + b"\1" * 17, "found 17 bytes, expected those of 4 x 4"),
        (header("(-2, -2)") + b"\1" * 4, "found 4 bytes, expected those of -2 x -2"),
        (header("(2, 2)", "|S0"), "expected those of 2 x 2"),
        (header("(2, 2"), "found no NumPy array"),
        (b"\x93NUMPY\x09\x00", "found no NumPy array"),
        (b"", "found no NumPy array"),
        (b"\x89PNG\r\n\x1a\n", "found no NumPy array"),
        (b"PK\x03\x04", "found no NumPy array"),
    ],
)
def test_damaged_and_huge_files_are_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "m.npy"
    path.write_bytes(content)
    assert re.search(re.escape(words), error_of(read_mask, path, None, (2, 2)))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "m.npy" in error_of(read_mask, tmp_path / "m.npy", None, (2, 2))
    assert str(tmp_path) in error_of(read_mask, tmp_path, None, (2, 2))
