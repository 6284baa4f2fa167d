"""Files that lie in a tar archive or in the folder that it was unpacked into, under the same names.

An archive is listed by its headers and never unpacked: what is read is found again by its offset.
"""

import tarfile
from dataclasses import dataclass
from pathlib import Path

from qagen.core.orientation import as_stored
from qagen.errors import SceneError

MAX_MEMBER_BYTES = 1 << 28
"""No image or annotation comes near it."""
_BLOCK = 512
_UNREADABLE = (tarfile.TarError, OSError, ValueError, EOFError, OverflowError)
"""What a damaged archive makes tarfile raise."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file on its own, or one in an archive."""

    path: Path
    """What errors call it: the file, or the archive and the name in it."""
    container: Path
    """The file that holds its bytes."""
    offset: int = 0
    """First byte."""
    size: int | None = None
    """Number of bytes; None for all of a file on its own."""

    def read(self, max_bytes: int = MAX_MEMBER_BYTES) -> bytes:
        """All of it. Raises SceneError when it is larger, has become shorter or cannot be read."""
        data = self.head(max_bytes + 1)
        if len(data) > max_bytes:
            raise SceneError(self.path, f"size: found more than {max_bytes} bytes, expected at most that")
        if self.size is not None and len(data) != self.size:
            raise SceneError(self.path, f"content: found {len(data)} bytes, expected {self.size} (was the file cut?)")
        return data

    def head(self, count: int) -> bytes:
        """The first bytes, or all where there are fewer. Raises SceneError when it cannot be read."""
        try:
            with self.container.open("rb") as file:
                file.seek(self.offset)
                return file.read(count if self.size is None else min(count, self.size))
        except OSError as error:
            raise SceneError(self.path, f"cannot be read ({error.strerror})") from error


@dataclass(frozen=True, slots=True)
class MemberImage:
    """An encoded image in an archive or on its own."""

    member: Member
    """Where it is."""

    @property
    def suffix(self) -> str:
        return self.member.path.suffix.lower()

    @property
    def path(self) -> Path | None:
        return self.member.path if self.member.size is None else None

    def read_bytes(self) -> bytes:
        """The encoded image. Raises SceneError when it cannot be read."""
        return as_stored(self.member.read(), self.member.path)


def list_tar(path: Path) -> dict[str, Member]:
    """The regular files of an uncompressed archive by name, without a leading "./".

    Raises:
        SceneError: it is no such archive, is damaged or cut off, or has a name twice.
    """
    members: dict[str, Member] = {}
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as archive:
            for info in archive:
                if info.size < 0:
                    raise SceneError(path, f"{info.name}: found a size of {info.size} bytes, expected 0 or more")
                name = info.name.removeprefix("./")
                if not info.isreg() or info.issparse():
                    continue
                if name in members:
                    raise SceneError(path, f"members: found {name} more than once, expected it once")
                members[name] = Member(path / name, path, info.offset_data, info.size)
            # tarfile takes a damaged header for the end, too
            file.seek(archive.offset)
            if file.read(_BLOCK) != bytes(_BLOCK):
                found = f"no header at byte {archive.offset} after {len(members)} files"
                raise SceneError(path, f"archive: found {found}, expected the end of an archive (cut off or damaged?)")
    except _UNREADABLE as error:
        raise SceneError(path, f"archive: cannot be read as tar ({error})") from error
    return members


def list_unpacked(folder: Path) -> dict[str, Member]:
    """All files below a folder by their path in it, as list_tar."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): Member(path, path) for path in paths}
