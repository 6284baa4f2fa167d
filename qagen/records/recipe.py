"""A recipe: a run without its images, from which everyone with a copy of the dataset makes the same run again.

<recipe>/
    recipe.json                                    the manifest
    images.jsonl.gz                                a line for each file below the run's images: path, bytes, sha256
    report.json.gz                                 the run's report
    qa_jsonl/<split>/<type>/<format>/<format>_<N>.jsonl.gz         the run's records
    evidence_jsonl/<split>/<type>/<format>/<format>_<N>.jsonl.gz   and their evidence
    README.md                                      a card for people

The path of an image says where it comes from: <scene>/<kind>/<frame>.jpg, and in videos, where its name begins with its
position, <scene>/<kind>/frame<n>_<frame>.jpg.
"""

import gzip
import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from qagen.core.scene import MAX_NAME_BYTES
from qagen.errors import ConfigError, QagenError
from qagen.files import decode_json, open_atomic

MANIFEST, IMAGES, REPORT = "recipe.json", "images.jsonl", "report.json"
VERSION = 1
"""Of the form described above; hydrating refuses others."""
PACKED = ".gz"
LEVEL = 9
"""Of gzip: released once, downloaded often."""
CHUNK_BYTES = 2**20
RUN_FILE = re.compile(r"(qa|evidence)_jsonl/[^/]+/[^/]+/[^/]+/[^/]+\.jsonl")
DAMAGED = "; the recipe is damaged or was changed: get it again"


class Stored(msgspec.Struct, frozen=True):
    """A file of the run, as it was before it was packed."""

    size: int = msgspec.field(name="bytes")
    sha256: str
    """Lower-case hex digits."""

    @classmethod
    def of(cls, content: bytes) -> "Stored":
        """Size and hash of a content."""
        return cls(len(content), hashlib.sha256(content).hexdigest())


class Image(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file below the run's images."""

    path: str
    """<scene>/<kind>/<name>, or <scene>/<name>."""
    size: int = msgspec.field(name="bytes")
    sha256: str
    """Lower-case hex digits."""

    @property
    def scene(self) -> str:
        return self.path.partition("/")[0]

    @property
    def name(self) -> str:
        """The path below the scene's folder."""
        return self.path.partition("/")[2]


class Manifest(msgspec.Struct, frozen=True):
    """What a recipe holds and what is needed to use it."""

    recipe: int
    """VERSION."""
    qagen: str
    """Version of qagen that made the run."""
    dataset: str
    """Name of the loader."""
    folder: str
    """Name of the run's folder below its output, usually the dataset's."""
    splits: list[str]
    samples: int
    scenes: int
    images: int
    """Number of files below the run's images, poses and depth included."""
    image_bytes: int
    """Size of them all."""
    seed: int
    config: str
    """Digest of the run's config, which is in report.json, as every line of evidence has it."""
    versions: dict[str, str]
    """Libraries that the run was made with."""
    license: str
    """A note on the terms of the dataset."""
    hash: Literal["sha256"]
    files: dict[str, Stored]
    """The run's files by their paths, and IMAGES."""


# --- writing ----------------------------------------------------------------------------------------------------------


def pack(chunks: Iterable[bytes], folder: Path, name: str) -> Stored:
    """Write a file of a recipe; the same content always becomes the same bytes."""
    digest, size = hashlib.sha256(), 0
    with (
        open_atomic(folder / f"{name}{PACKED}") as file,
        gzip.GzipFile(filename="", mode="wb", compresslevel=LEVEL, fileobj=file, mtime=0) as packed,
    ):
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            packed.write(chunk)
    return Stored(size, digest.hexdigest())


def chunks_of(path: Path) -> Iterator[bytes]:
    """The content of a file, little by little. Raises QagenError when it cannot be read."""
    try:
        with path.open("rb") as file:
            yield from iter(lambda: file.read(CHUNK_BYTES), b"")
    except OSError as error:
        raise QagenError(f"{path}: cannot be read ({error.strerror})") from error


def measure(path: Path) -> Stored:
    """Size and hash of a file. Raises QagenError when it cannot be read."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks_of(path):
        digest.update(chunk)
        size += len(chunk)
    return Stored(size, digest.hexdigest())


# --- reading ----------------------------------------------------------------------------------------------------------


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a recipe.

    Raises:
        ConfigError: the folder is no recipe, or of a later version.
        QagenError: the manifest is damaged, or names a file that no recipe has.
    """
    path = folder / MANIFEST
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); qagen export recipe writes recipes") from error
    version = decode_json(text, _Versioned, path).recipe
    if version != VERSION:
        raise ConfigError(f"{path}: recipe: found version {version}, expected {VERSION}; use another version of qagen")
    manifest = decode_json(text, Manifest, path)
    _expect(is_name(manifest.folder), path, "folder", manifest.folder, "the name of a folder")
    _expect(IMAGES in manifest.files and REPORT in manifest.files, path, "files", "not all", f"{IMAGES} and {REPORT}")
    _expect(bool(manifest.splits), path, "splits", "none", "one at least")
    for split in manifest.splits:
        _expect(is_name(split), path, "splits", split, "the name of a folder")
    for name in manifest.files:
        is_known = name in (IMAGES, REPORT) or bool(RUN_FILE.fullmatch(name))
        _expect(is_known and is_below(name), path, "files", name, "files of a run, below its folder")
    return manifest


class _Versioned(msgspec.Struct):
    recipe: int


def _expect(holds: bool, where: object, key: str, found: str, expected: str) -> None:
    if not holds:
        raise QagenError(f"{where}: {key}: found {found!r:.120}, expected {expected}")


def is_name(part: str) -> bool:
    """Whether a text can be the name of a file or folder that is neither hidden nor above another one."""
    is_short = 0 < len(part.encode(errors="replace")) <= MAX_NAME_BYTES + 40
    return is_short and part.isprintable() and part[0] != "." and not set("/\\") & set(part)


def is_below(path: str) -> bool:
    """Whether a path leads to a file below the folder that it starts from, and to no hidden one."""
    return all(is_name(part) for part in path.split("/"))


def unpack(folder: Path, name: str, stored: Stored) -> Iterator[bytes]:
    """The content of a file of a recipe, little by little; its end only if all of it is as it was packed.

    Raises:
        QagenError: it is missing, cut off, changed, or longer than the manifest says.
    """
    path, digest, size = folder / f"{name}{PACKED}", hashlib.sha256(), 0
    try:
        with gzip.open(path, "rb") as packed:
            while chunk := packed.read(CHUNK_BYTES):
                size += len(chunk)
                digest.update(chunk)
                if size > stored.size:
                    break
                yield chunk
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise QagenError(f"{path}: cannot be unpacked ({error}){DAMAGED}") from error
    except OSError as error:
        raise QagenError(f"{path}: cannot be read ({error.strerror}){DAMAGED}") from error
    if (found := Stored(size, digest.hexdigest())) != stored:
        more = "more than " if size > stored.size else ""
        told = f"{more}{min(size, stored.size)} bytes of sha256 {found.sha256[:12]}"
        raise QagenError(f"{path}: found {told}, expected {stored.size} of {stored.sha256[:12]}{DAMAGED}")


def lines_of(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a content that comes little by little."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line + b"\n" for line in lines)
    if rest:
        yield rest


def check_image(line: bytes, where: str) -> Image:
    """A line of IMAGES. Raises QagenError, beginning with ``where``, when it is none or leads out of the images."""
    image = decode_json(line, Image, where)
    is_placed = is_below(image.path) and image.path.count("/") in (1, 2)
    _expect(is_placed, where, "path", image.path, "<scene>/<kind>/<name>, below the images")
    _expect(bool(re.fullmatch("[0-9a-f]{64}", image.sha256)), where, "sha256", image.sha256, "64 hex digits")
    return image
