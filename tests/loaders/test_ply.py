"""Rows of ASCII PLY files that do not fit the header, which the library behind the reader takes as they are."""

import re
from pathlib import Path

import numpy as np
import pytest

from qagen.errors import SceneError
from qagen.loaders.io.ply import read_mesh, read_owned_mesh
from tests.loaders.test_threerscan import MESH as WHOLE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mesh.ply"


def test_a_whole_file_is_read_whatever_its_line_ends(path: Path) -> None:
    for ending in ("\n", "\r\n"):
        path.write_bytes(WHOLE.replace("\n", ending).encode())
        vertices, faces, owner = read_owned_mesh(path, "objectId")
        assert vertices[1].tolist() == [5, 4.5, 0]
        assert faces.tolist() == [[0, 1, 2], [1, 2, 3]]
        assert np.array_equal(owner, [7, 7])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("5 4.5 0 7\n", "5 4.5 0\n", "vertex 1: found 3 values, expected 4"),
        ("5 4.5 0 7\n", "5 4.5 0 7 1\n", "vertex 1: found 5 values, expected 4"),
        ("5 4.5 0 7\n", "\n", "vertex 1: found 0 values, expected 4"),
        ("5 4.5 0 7\n", "", "face 1: found 0 values, expected 1"),  # the first face passes for the last vertex
        ("3 0 1 2\n", "3 0 1\n", "face 0: found 3 values, expected 4"),
        ("3 0 1 2\n", "3 0 1 2 3\n", "face 0: found 5 values, expected 4"),
        ("3 1 2 3\n", "", "face 1: found 0 values, expected 1"),
        ("3 0 1 2\n3 1 2 3\n", "2 0 1 2\n2 1 2 3\n", "face 0: found 4 values, expected 3"),
        ("3 0 1 2\n", "x 0 1 2\n", "mesh: cannot be read (invalid literal"),
    ],
)
def test_rows_that_do_not_fit_the_header_are_refused(path: Path, old: str, new: str, message: str) -> None:
    assert WHOLE.count(old) == 1
    path.write_text(WHOLE.replace(old, new))
    with pytest.raises(SceneError, match=re.escape(f"{path}: {message}")):
        read_mesh(path)


def test_every_row_short_of_the_same_value_is_refused(path: Path) -> None:
    path.write_text(WHOLE.replace(" 7\n", "\n").replace("9 9 0 0\n", "9 9 0\n"))
    with pytest.raises(SceneError, match=r"vertex 0: found 3 values, expected 4"):
        read_mesh(path)
