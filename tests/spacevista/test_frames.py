"""Where the files of items lie, and which frame a prompt is on."""

import os
import zlib
from pathlib import Path

import pytest
from PIL import Image

from qagen.spacevista.forms import ItemError
from qagen.spacevista.frames import MediaRoot, frame_index, image_size, path_parts


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two scenes with frames of the same names, and one frame that lies in no folder."""
    root = tmp_path / "media"
    for name in ("rooms/a/images/f0.png", "rooms/a/images/f1.png", "rooms/b/images/f0.png", "f0.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 6)).save(root / name)
    return root


def told(call: object, *arguments: object) -> str:
    with pytest.raises(ItemError) as found:
        call(*arguments)  # type: ignore[operator]
    assert "\n" not in str(found.value)
    return str(found.value)


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "rooms/a/images/f0.png",
        "./rooms//a/./images/f0.png",
        "rooms\\a\\images\\f0.png",
        "SpaceVista/data/rooms/a/images/f0.png",
        "/home/author/data/rooms/a/images/f0.png",
        "C:\\data\\rooms\\a\\images\\f0.png",
    ],
)
def test_a_path_is_found_by_its_longest_end(root: Path, path: str) -> None:
    assert MediaRoot(root).find(path) == root / "rooms/a/images/f0.png"


def test_the_longest_end_wins(root: Path) -> None:
    other = root / "images" / "f1.png"
    other.parent.mkdir()
    Image.new("RGB", (8, 6)).save(other)
    assert MediaRoot(root).find("/x/rooms/a/images/f1.png") == root / "rooms/a/images/f1.png"
    assert MediaRoot(root).find("/x/rooms/c/images/f1.png") == other


def test_a_path_in_the_root_is_found(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MediaRoot(root).find(str(root / "f0.png")) == root / "f0.png"
    monkeypatch.chdir(root.parent)
    assert MediaRoot(Path("media")).find(str(root / "f0.png")) == Path("media/f0.png")
    assert MediaRoot(Path("media")).find("f0.png") == Path("media/f0.png")


def test_a_name_alone_decides_nothing(root: Path) -> None:
    assert "found no file" in told(MediaRoot(root).find, "/elsewhere/f0.png")
    assert "found no file" in told(MediaRoot(root).find, "elsewhere/f0.png")


def test_what_leads_out_of_the_root_is_refused(root: Path) -> None:
    secret = root.parent / "secret.png"
    Image.new("RGB", (8, 6)).save(secret)
    for path in ("../secret.png", "rooms/../../secret.png", "rooms/../rooms/a/images/f0.png", "..\\secret.png"):
        assert "expected one below the root" in told(MediaRoot(root).find, path)
    assert "found no file" in told(MediaRoot(root).find, str(secret))


@pytest.mark.parametrize("path", ["", " ", "/", ".", None, 3, ["a"], "a\0b", "\ud800/f0.png", "x" * 5000, "a\nb/c"])
def test_what_is_no_path_is_told(root: Path, path: object) -> None:
    message = told(MediaRoot(root).find, path)
    assert len(message) < 500
    message.encode()


def test_a_folder_and_a_pipe_are_no_files(root: Path) -> None:
    os.mkfifo(root / "rooms" / "pipe.png")
    for path in ("rooms/a", "rooms/pipe.png"):
        assert "found no file" in told(MediaRoot(root).find, path)


def test_a_root_that_is_one_scene_gives_its_frames_to_no_other(root: Path) -> None:
    media = MediaRoot(root / "rooms" / "a")
    media.find("/data/rooms/b/images/f0.png")  # nothing tells yet
    assert "as the one folder" in told(media.find, "/data/rooms/a/images/f0.png")
    assert "/data/rooms/b/images" in told(media.find, "/data/rooms/b/images/f0.png")
    assert "as the one folder" in told(media.find, "/data/rooms/b/images/f1.png")


def test_two_machines_may_have_the_same_scene(root: Path) -> None:
    media = MediaRoot(root)
    files = {
        media.find(f"{start}rooms/a/images/f0.png")
        for start in ("", "/mnt/one/", "/home/two/", "/home/two/data/", "/root/")
    }
    assert files == {root / "rooms/a/images/f0.png"}


# --- frames -----------------------------------------------------------------------------------------------------------

FRAMES = ["a/images/f0.png", "a/images/f1.png", "b/images_8/f0.png"]


@pytest.mark.parametrize(
    ("path", "index"),
    [
        ("a/images/f1.png", 1),
        ("./a//images/f1.png", 1),
        ("a/images_8/f1.png", 1),
        ("a/images_4/f0.png", 0),
        ("b/images/f0.png", 2),
        ("b/images_8/f0.png", 2),
    ],
)
def test_a_frame_is_the_same_path_or_one_part_images_apart(path: str, index: int) -> None:
    assert frame_index(path, FRAMES) == index


@pytest.mark.parametrize(
    "path",
    ["f0.png", "c/images/f0.png", "images/f0.png", "/x/a/images/f0.png", "a/rgb/f0.png", "b/images_4/f0.png", ""],
)
def test_no_other_path_is_a_frame(path: str) -> None:
    assert "expected" in told(frame_index, path, FRAMES)


def test_a_path_that_fits_two_frames_is_refused() -> None:
    assert "as frames 0, 1 of the item" in told(frame_index, "a/images/f", ["a/images_4/f", "a/images_8/f"])
    assert "as frames 0, 2 of the item" in told(frame_index, "a/f", ["a/f", "b/f", "a/f"])
    # Two parts could be swapped, but only one at a time.
    assert frame_index("images/images_8/f", ["images/images/f", "images_8/images/f"]) == 0
    assert "expected one" in told(frame_index, "images/images_8/f", ["images_8/images/f"])
    assert frame_index("a/images/f", ["a/images_8/f", "a/images/f"]) == 1  # the same path comes first


def test_paths_of_two_machines_meet_below_the_root(root: Path) -> None:
    media = MediaRoot(root)
    frames = ["/mnt/one/rooms/a/images/f0.png", "rooms/a/images/f1.png", "/mnt/one/rooms/b/images/f0.png"]
    assert frame_index("/home/two/data/rooms/b/images/f0.png", frames, media) == 2
    assert frame_index("/home/two/data/rooms/a/images/f1.png", frames, media) == 1
    missing = "/home/two/rooms/b/images/f9.png"
    assert "among none of the item's 3 frames, expected one (found no file" in told(frame_index, missing, frames, media)
    (root / "rooms/b/images/f2.png").write_bytes(b"")
    assert "among none" in told(frame_index, "/home/two/rooms/b/images/f2.png", frames, media)


def test_upward_paths_are_no_frames() -> None:
    assert "expected one below the root" in told(frame_index, "a/../a/images/f0.png", FRAMES)
    assert path_parts("/a/b") == ("/", "a", "b")


# --- images -----------------------------------------------------------------------------------------------------------


def test_a_size_is_that_of_the_stored_pixels(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    Image.new("RGB", (40, 30)).save(tmp_path / "turned.jpg", exif=exif)
    assert image_size(tmp_path / "turned.jpg") == (40, 30)


def test_a_file_that_is_no_image_is_told(tmp_path: Path) -> None:
    assert "cannot be read" in told(image_size, tmp_path / "none.png")
    for content in (b"", b"text", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"\x89PNG\r\n\x1a\n"):
        (tmp_path / "f.png").write_bytes(content)
        assert "found no image" in told(image_size, tmp_path / "f.png")


def test_only_the_header_is_read(tmp_path: Path) -> None:
    Image.new("RGB", (640, 480)).save(tmp_path / "f.png")
    (tmp_path / "f.png").write_bytes((tmp_path / "f.png").read_bytes()[:60])
    assert image_size(tmp_path / "f.png") == (640, 480)


@pytest.mark.parametrize("size", [(8001, 8000), (12_000, 10_000), (100_000, 100_000)])
def test_an_image_of_huge_size_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    image = Image.new("1", (8, 8))
    image.save(tmp_path / "f.png")
    content = bytearray((tmp_path / "f.png").read_bytes())
    content[16:24] = size[0].to_bytes(4, "big") + size[1].to_bytes(4, "big")
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    (tmp_path / "f.png").write_bytes(content)
    assert "expected at most 64000000" in told(image_size, tmp_path / "f.png")
