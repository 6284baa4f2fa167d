"""Described walks through Matterport3D houses: connectivity graphs, R2R and Room-across-Room.

* ``<scan>_connectivity.json`` (the Matterport3D simulator): a list of viewpoints with ``image_id``, ``pose`` (16
  numbers, camera to world, meters), ``included``, and ``unobstructed``, which says of each viewpoint of the list
  whether one can walk there in a straight line.
* ``R2R_<split>.json`` (Anderson et al., CVPR 2018): a list of paths with ``scan``, ``path_id``, ``path`` (viewpoints)
  and ``instructions`` (three texts).
* ``rxr_<split>_guide.jsonl.gz`` (Ku et al., EMNLP 2020): a line for each text with ``scan``, ``instruction_id``,
  ``path``, ``language`` (en-IN, en-US, hi-IN, te-IN) and ``instruction``.
"""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.errors import SceneError
from qagen.loaders.io.text import check_unique, read_json

SPLITS = ("train", "val_unseen", "val_seen", "test", "test_standard_public", "test_challenge_public")
R2R_FILES = ("R2R_{split}.json",)
RXR_FILES = ("rxr_{split}_guide.jsonl", "rxr_{split}_guide.jsonl.gz")
MAX_LINE_BYTES = 1 << 22
"""Lines of RxR hold the time of each word too, and have a hundredth of it."""
ENGLISH = "en"


class _Viewpoint(msgspec.Struct):
    image_id: str
    pose: list[float]
    included: bool
    unobstructed: list[bool]


class _R2RPath(msgspec.Struct):
    scan: str
    path_id: int
    path: list[str]
    instructions: list[str] = []


class _RxRGuide(msgspec.Struct):
    scan: str
    instruction_id: int
    path: list[str]
    language: str
    instruction: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Where one can stand and walk in a house."""

    positions: dict[str, NDArray[np.float64]]
    """Viewpoint to (3,) the position of its camera, meters, world."""
    links: dict[str, frozenset[str]]
    """Viewpoint to those that one can walk to straight on."""

    def is_walkable(self, path: tuple[str, ...]) -> bool:
        """Whether each viewpoint of the path can be walked to from the one before it."""
        return all(there in self.links.get(here, ()) for here, there in pairwise(path))

    def length_m(self, path: tuple[str, ...]) -> float:
        """Meters along the path."""
        positions = np.array([self.positions[viewpoint] for viewpoint in path])
        return float(np.linalg.norm(np.diff(positions, axis=0), axis=1).sum())


@dataclass(frozen=True, slots=True)
class WalkDescription:
    """A path with the words of one annotator."""

    id: str
    """``r2r_<path>_<text>`` or ``rxr_<text>``."""
    path: tuple[str, ...]
    """Viewpoints."""
    language: str
    """BCP 47: "en-US"; R2R is English throughout."""
    words: str
    """The text with single blanks; may be empty."""


def read_connectivity(path: Path) -> Graph:
    """Read a graph; viewpoints that are not included have no links.

    Raises:
        SceneError: the file is missing, damaged or contradicts itself.
    """
    viewpoints = read_json(path, list[_Viewpoint])
    names = [viewpoint.image_id for viewpoint in viewpoints]
    check_unique(names, path, "image_id")
    for index, viewpoint in enumerate(viewpoints):
        if len(viewpoint.pose) != 16 or not np.isfinite(viewpoint.pose).all():
            raise SceneError(path, f"[{index}].pose: found {len(viewpoint.pose)} numbers, expected 16 finite ones")
        if len(viewpoint.unobstructed) != len(names):
            expected = f"{len(names)}, one per viewpoint"
            found = f"{len(viewpoint.unobstructed)} entries"
            raise SceneError(path, f"[{index}].unobstructed: found {found}, expected {expected}")
    open_to = {viewpoint.image_id for viewpoint in viewpoints if viewpoint.included}
    links = {
        viewpoint.image_id: frozenset(
            name for name, is_free in zip(names, viewpoint.unobstructed, strict=True) if is_free and name in open_to
        )
        for viewpoint in viewpoints
        if viewpoint.included
    }
    return Graph({viewpoint.image_id: np.array(viewpoint.pose)[3:12:4] for viewpoint in viewpoints}, links)


def read_r2r(path: Path, scan: str) -> list[WalkDescription]:
    """The descriptions of one house. Raises SceneError when the file is missing or damaged."""
    return [
        WalkDescription(f"r2r_{entry.path_id}_{index}", tuple(entry.path), "en-US", " ".join(words.split()))
        for entry in read_json(path, list[_R2RPath])
        if entry.scan == scan
        for index, words in enumerate(entry.instructions)
    ]


def read_rxr(path: Path, scan: str) -> list[WalkDescription]:
    """The descriptions of one house, in all languages. Raises SceneError when the file is missing or damaged."""
    decoder = msgspec.json.Decoder(_RxRGuide)
    found = []
    for number, line in _lines(path):
        try:
            guide = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise SceneError(path, f"line {number}: {error}") from error
        if guide.scan == scan:
            words = " ".join(guide.instruction.split())
            found.append(WalkDescription(f"rxr_{guide.instruction_id}", tuple(guide.path), guide.language, words))
    return found


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Numbered lines that are not blank, never more than one of them in memory."""
    opener: Any = gzip.open if path.suffix == ".gz" else open
    number = 0
    try:
        with opener(path, "rb") as file:
            while line := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(line) > MAX_LINE_BYTES:
                    raise SceneError(path, f"line {number}: found over {MAX_LINE_BYTES} bytes, expected one annotation")
                if line.strip():
                    yield number, line
    except (OSError, EOFError, zlib.error) as error:
        raise SceneError(path, f"line {number + 1}: cannot be read ({error})") from error
