"""``house_segmentations/<scan>.house``: what a Matterport3D house consists of.

The first line is "ASCII 1.1", the second the header; each further line is one item, whose kind is its letter::

    H name label #images #panoramas #vertices #surfaces #segments #objects #categories #regions #portals #levels …
    R region level 0 0 label …                                                         a letter: k kitchen, Z junk, …
    C category label_id label_name mpcat40_id mpcat40_name …                           "#" stands for a blank
    O object region category  px py pz  a0x a0y a0z  a1x a1y a1z  r0 r1 r2 …           radii are half extents
    E segment object id …                                                              id: of the mesh's faces

L, P (portals, and panoramas), S, V and I lines are passed over. -1 means none.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.errors import SceneError
from qagen.loaders.io.text import check_unique
from qagen.loaders.matterport.lines import Command, read_commands

_COUNTED = {"E": 7, "O": 8, "C": 9}
"""Letter to the index of its count in the header."""
_WORDS = {"C": 6, "O": 16, "E": 4}
JUNK = "Z"
"""Label of regions that are reflections of mirrors and stray points."""


@dataclass(frozen=True, slots=True)
class Category:
    """What an annotator called an object, and its class."""

    raw: str
    """The annotator's text, blanks decoded."""
    mpcat40: str
    """Class of Matterport's forty."""


@dataclass(frozen=True, slots=True, eq=False)
class HouseObject:
    """One O line."""

    id: int
    """Number of the object."""
    region: int
    """Index of its region, -1 for none."""
    category: int
    """Index of its category, -1 for none."""
    center: NDArray[np.float64]
    """(3,) meters, world."""
    axes: NDArray[np.float64]
    """(3, 3), the rows are the box's axes; the third is the cross product of the two that the file has."""
    size: NDArray[np.float64]
    """(3,) full extents along the axes, meters."""


@dataclass(frozen=True, slots=True)
class House:
    """What is read of the file."""

    path: Path
    """The file."""
    categories: dict[int, Category]
    """Categories by index."""
    objects: list[HouseObject]
    """Objects in the file's order."""
    object_of_segment: dict[int, int]
    """Segment id of mesh faces to object id; segments without an object are left out."""
    junk_regions: frozenset[int]
    """Indices of the regions that are reflections."""


def read_house(path: Path) -> House:
    """Read the file.

    Raises:
        SceneError: it is missing or damaged, has fewer or more items than its header says, or a line refers to
            something that is not there.
    """
    lines = read_commands(path)
    if not lines or lines[0].words[0] != "ASCII" or lines[0].words[1:2] != ("1.1",):
        found = " ".join(lines[0].words)[:40] if lines else "nothing"
        raise SceneError(path, f"first line: found {found!r}, expected 'ASCII 1.1'")
    _check_counts(path, lines[1:])
    by_letter: dict[str, list[Command]] = {letter: [] for letter in _WORDS}
    for line in lines[2:]:
        if line.words[0] in by_letter:
            line.check_count(_WORDS[line.words[0]])
            by_letter[line.words[0]].append(line)
    categories = {
        line.integer(1): Category(line.words[3].replace("#", " "), line.words[5].replace("#", " "))
        for line in by_letter["C"]
    }
    objects = [_read_object(line, categories) for line in by_letter["O"]]
    check_unique((item.id for item in objects), path, "O lines")
    ids = {item.id for item in objects}
    segments = {line.integer(3): _known(line, 2, ids, "object") for line in by_letter["E"]}
    # portals are written with the letter of regions too, but have fewer words
    regions = [line for line in lines if line.words[0] == "R" and len(line.words) > 15]
    junk = frozenset(line.integer(1) for line in regions if line.words[5] == JUNK)
    return House(path, categories, objects, {key: owner for key, owner in segments.items() if owner >= 0}, junk)


def _check_counts(path: Path, lines: list[Command]) -> None:
    if not lines or lines[0].words[0] != "H":
        raise SceneError(path, "second line: found no header, expected one that begins with H")
    header = lines[0]
    header.check_count(13)
    found = Counter(line.words[0] for line in lines)
    for letter, index in _COUNTED.items():
        expected = header.integer(index)
        if found[letter] != expected:
            raise SceneError(path, f"{letter} lines: found {found[letter]}, expected {expected} as the header says")


def _read_object(line: Command, categories: dict[int, Category]) -> HouseObject:
    center, first, second, radii = line.floats(4, 12).reshape(4, 3)
    return HouseObject(
        id=line.integer(1),
        region=line.integer(2),
        category=_known(line, 3, categories, "category"),
        center=center,
        axes=np.stack([first, second, np.cross(first, second)]),
        size=2 * radii,
    )


def _known(line: Command, at: int, known: Collection[int], what: str) -> int:
    index = line.integer(at)
    if index != -1 and index not in known:
        raise line.error(f"found {what} {index}, expected one of the file's {len(known)} or -1")
    return index
