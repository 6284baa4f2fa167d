"""Archives are listed and never unpacked; one that is cut off or damaged is told, wherever."""

import re
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from qagen.errors import SceneError
from qagen.loaders.io.tar import Member, list_tar, list_unpacked

FILES = {"7/a.json": b"[1]", "7/b.gt/RT.json": b"x" * 700, "7/empty": b"", "7/last.png": b"y" * 512}


def archive_of(path: Path, *members: tuple[str, bytes, bytes]) -> Path:
    """Write an archive of members: name, content and type."""
    with tarfile.open(path, "w") as archive:
        for name, content, kind in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, "/etc/passwd", len(content)
            archive.addfile(info, BytesIO(content))
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return archive_of(tmp_path / "a.tar", *((name, content, tarfile.REGTYPE) for name, content in FILES.items()))


def test_members_are_read_where_they_lie(archive: Path) -> None:
    members = list_tar(archive)
    assert {name: member.read() for name, member in members.items()} == FILES
    assert members["7/b.gt/RT.json"].head(3) == b"xxx"
    assert members["7/a.json"].head(99) == b"[1]"


def test_a_folder_is_listed_as_its_archive(archive: Path, tmp_path: Path) -> None:
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path / "out", filter="data")
    unpacked = list_unpacked(tmp_path / "out")
    assert {name: member.read() for name, member in unpacked.items()} == FILES


def test_times_with_fractions_and_long_names_are_read(tmp_path: Path) -> None:
    # both need headers of their own before the file's
    name = f"7/{'long' * 40}.json"
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo(name)
        info.size, info.mtime = 3, 1700000000.25
        archive.addfile(info, BytesIO(b"[1]"))
    assert list_tar(tmp_path / "a.tar")[name].read() == b"[1]"


def test_every_cut_is_told(archive: Path) -> None:
    whole = archive.read_bytes()
    # four headers, and contents of 1, 2, 0 and 1 blocks, then a block of zeros that ends it
    end = (4 + 1 + 2 + 0 + 1 + 1) * 512
    for length in (*range(0, end, 128), end - 1):
        archive.write_bytes(whole[:length])
        with pytest.raises(SceneError, match=r"a.tar: archive: "):
            list_tar(archive)
    archive.write_bytes(whole[:end])
    assert list_tar(archive).keys() == FILES.keys()


def test_a_damaged_header_is_no_end(archive: Path) -> None:
    content = bytearray(archive.read_bytes())
    content[1024 + 3] ^= 0xFF
    archive.write_bytes(content)
    with pytest.raises(SceneError, match=r"no header at byte 1024 after 1 files, expected the end of an archive"):
        list_tar(archive)


def test_a_file_that_shrinks_after_it_was_listed_is_told(archive: Path) -> None:
    last = list_tar(archive)["7/last.png"]
    archive.write_bytes(archive.read_bytes()[: last.offset + 100])
    with pytest.raises(SceneError, match=r"a.tar/7/last.png: content: found 100 bytes, expected 512"):
        last.read()


def test_links_and_names_that_lead_out_are_never_followed(tmp_path: Path) -> None:
    path = archive_of(
        tmp_path / "a.tar",
        ("7/link", b"", tarfile.SYMTYPE),
        ("7/hard", b"", tarfile.LNKTYPE),
        ("7/pipe", b"", tarfile.FIFOTYPE),
        ("../../out", b"inside", tarfile.REGTYPE),
        ("/absolute", b"inside", tarfile.REGTYPE),
        ("./7/a", b"dot", tarfile.REGTYPE),
    )
    contents = {name: member.read() for name, member in list_tar(path).items()}
    # they are read from the archive, whatever they are called
    assert contents == {"../../out": b"inside", "/absolute": b"inside", "7/a": b"dot"}


def test_a_name_that_comes_twice_is_told(tmp_path: Path) -> None:
    path = archive_of(tmp_path / "a.tar", *[("7/a", b"1", tarfile.REGTYPE)] * 2)
    with pytest.raises(SceneError, match="members: found 7/a more than once"):
        list_tar(path)


def test_a_size_below_zero_is_told(archive: Path) -> None:
    content = bytearray(archive.read_bytes())
    content[124:136] = b"\xff" * 11 + b"\x00"  # -256, as large numbers are written
    content[148:156] = b" " * 8
    content[148:156] = b"%06o\0 " % sum(content[:512])
    archive.write_bytes(content)
    with pytest.raises(SceneError, match=r"7/a.json: found a size of -256 bytes"):
        list_tar(archive)


def test_compressed_archives_are_refused(archive: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "b.tar", "w:gz") as packed:
        packed.add(archive, "7/a")
    with pytest.raises(SceneError, match=r"b.tar: archive: cannot be read as tar"):
        list_tar(tmp_path / "b.tar")


def test_large_files_cost_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(SceneError, match=re.escape("large: size: found more than 1000 bytes")):
        Member(path, path).read(1000)
