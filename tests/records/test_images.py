"""Records bring no other file of the disk into what is written than images below their run's folder."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from qagen.errors import QagenError
from qagen.records.images import image_path, read_image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    images = tmp_path / "images"
    (images / "room").mkdir(parents=True)
    Image.new("RGB", (4, 3)).save(images / "room" / "1.jpg")
    (tmp_path / "secret.txt").write_text("secret")
    return images


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../secret.txt",
        "room/../../secret.txt",
        "room/\0.jpg",
        "",
        "..",
        "a" * 300 + "/1.jpg",
        5,
        None,
        ["x"],
    ],
)
def test_what_is_no_path_below_the_folder_is_refused(folder: Path, name: object) -> None:
    with pytest.raises(QagenError, match=r"image[: ]"):
        read_image(image_path(folder, name))


def test_a_folder_that_is_a_link_leads_nowhere_else(folder: Path) -> None:
    (folder / "away").symlink_to(folder.parent)
    with pytest.raises(QagenError, match=r"image: found 'away/secret\.txt', expected a path below"):
        image_path(folder, "away/secret.txt")


def test_the_folder_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "run").symlink_to(folder)
    assert read_image(image_path(tmp_path / "run", "room/1.jpg")) == (folder / "room" / "1.jpg").read_bytes()


def test_a_link_to_an_image_is_that_image(folder: Path, tmp_path: Path) -> None:
    (folder / "room" / "1.jpg").rename(tmp_path / "1.jpg")
    (folder / "room" / "1.jpg").symlink_to(tmp_path / "1.jpg")
    assert read_image(image_path(folder, "room/1.jpg")) == (tmp_path / "1.jpg").read_bytes()


OTHERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link to a text": (lambda path: path.symlink_to(path.parents[2] / "secret.txt"), "another kind of file"),
    "a drawing of PostScript": (lambda path: path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n"), "another kind of file"),
    "a page": (lambda path: path.write_bytes(b"<html>not found</html>"), "another kind of file"),
    "nothing": (lambda path: path.write_bytes(b""), "another kind of file"),
    "a pipe": (os.mkfifo, "is missing"),
    "a folder": (Path.mkdir, "is missing"),
    "a link to a device": (lambda path: path.symlink_to("/dev/zero"), "is missing"),
    "no file": (lambda path: None, "is missing"),
}


@pytest.mark.parametrize(("make", "message"), OTHERS.values(), ids=OTHERS.keys())
def test_what_is_no_image_is_not_read(folder: Path, make: Callable[[Path], object], message: str) -> None:
    path = folder / "room" / "2.jpg"
    make(path)
    with pytest.raises(QagenError, match=f"image {path} .*{message}"):
        read_image(image_path(folder, "room/2.jpg"))


def test_a_file_of_more_bytes_than_an_image_has_is_not_read(folder: Path) -> None:
    with (folder / "room" / "1.jpg").open("r+b") as file:
        file.truncate(2**40)
    with pytest.raises(QagenError, match="found 1099511627776 bytes, expected at most"):
        read_image(image_path(folder, "room/1.jpg"))
