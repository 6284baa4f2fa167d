"""Box annotations that are published apart from a dataset: EmbodiedScan's and mmdetection3d's info files.

```
embodiedscan_infos_{train,val}.pkl    {"metainfo": {"categories": {name: id}},
                                       "data_list": [{"sample_idx": "scannet/scene0000_00", "axis_align_matrix": 4 x 4,
                                         "instances": [{"bbox_3d": [9], "bbox_label_3d": id, "bbox_id": n}], ...}]}
scannet_infos_{train,val}.pkl         the same with "lidar_points": {"lidar_path": "scene0191_00.bin"} instead of
                                      "sample_idx" and six numbers a box (mmdetection3d 1.1 and later)
```

EmbodiedScan's names have two parts or three: "matterport3d/<scan>/<region>", "arkitscenes/Training/<scan>". A scan has
the boxes of every entry one of whose parts names it.

A box is its center, its full extents and, in EmbodiedScan, three angles: rotations about z, then about the new x,
then about the new y. All are in the aligned world, into which ``axis_align_matrix`` brings the dataset's own.

Sources: the converters of github.com/OpenRobotLab/EmbodiedScan and github.com/open-mmlab/mmdetection3d.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qagen.core.pose import Pose, product
from qagen.errors import SceneError
from qagen.loaders.io.safe_pickle import read_safe_pickle
from qagen.loaders.io.text import posix

BOX_NUMBERS = (6, 7, 9)
"""Numbers of a box: without angles, with a heading, with three angles."""
_BEFORE_SCAN = re.compile(
    r"^(?:scannet|scannetpp|3rscan|arkitscenes|matterport3d|mp3d|replica|hypersim|structured3d|embodiedscan|"
    r"training|validation|train|val|test|scans|scans_test|posed_images|points|data|3dod|v1)(?:[._:-]|$)",
    re.IGNORECASE,
)
"""Datasets and folders, which stand before the scan's name."""
_ENDING = re.compile(r"\.(bin|npy|npz|ply|pcd|pkl|pth|txt|sens)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class AnnotatedBox:
    """One box in the dataset's own world."""

    label: str
    """Label as the file spells it."""
    center: NDArray[np.float64]
    """(3,) meters."""
    size: NDArray[np.float64]
    """(3,) full extents along its own axes, meters."""
    axes: NDArray[np.float64]
    """(3, 3) the columns are its axes."""
    id: int | None = None
    """The file's own number of the object, where it has one."""
    bounds: NDArray[np.float64] | None = None
    """(2, 3) least and largest coordinates of the object's points, where the file says them."""


@dataclass(frozen=True, slots=True, eq=False)
class Annotation:
    """What a file says of one scan."""

    boxes: list[AnnotatedBox]
    """Its objects."""
    outline: NDArray[np.float64] | None = None
    """(n, 2) polygon around the floor, meters."""
    lists_all: bool = False
    """Whether these are all objects of the names that they have."""
    is_placed: bool = True
    """Whether the boxes are surely in the dataset's own world."""
    doubtful: frozenset[str] = frozenset()
    """Names of which the file has another number of boxes than it says."""
    room_center: NDArray[np.float64] | None = None
    """(3,) middle of the scan in the file's world, where it says it."""


MAX_LABEL = 100
"""Letters of a label; names of things are short."""
MAX_SIDE_M = 100.0
"""No object of a scanned room or building is larger."""


def check_boxes(boxes: Sequence[AnnotatedBox], path: Path, scan: str) -> None:
    """Raise SceneError for a box, of a dataset in meters, that is no object's: by its size or its label."""
    for index, box in enumerate(boxes):
        where = f"{scan}: box {index} ({box.label[:MAX_LABEL]!r})"
        if len(box.label) > MAX_LABEL:
            raise SceneError(path, f"{where}: found a label of {len(box.label)} letters, expected at most {MAX_LABEL}")
        if not box.size.max() <= MAX_SIDE_M:
            found = f"sides of {' x '.join(f'{side:.4g}' for side in box.size)} m"
            raise SceneError(path, f"{where}: found {found}, expected at most {MAX_SIDE_M:g} m; are these meters?")


@dataclass(frozen=True, slots=True)
class AnnotatedScan:
    """One scan of a file."""

    dataset: str | None
    """The file's name of the dataset, where it says it."""
    read: Callable[[], Annotation]
    """Reads what the file says of the scan. Raises SceneError."""


def read_boxes(path: Path) -> dict[str, list[AnnotatedBox]]:
    """The boxes of every scene of a file, by each part of its name that may be the scan's.

    Regions of one building are joined.

    Raises:
        SceneError: the file is damaged or of another kind.
    """
    content = read_safe_pickle(path)
    named = _get(_get(content, "metainfo", path, "file"), "categories", path, "metainfo")
    pairs = named.items() if isinstance(named, Mapping) else ((name, i) for i, name in enumerate(named or ()))
    categories = {int(number): name for name, number in pairs if isinstance(name, str) and isinstance(number, Integral)}
    if not categories:
        raise SceneError(path, "metainfo.categories: found none, expected names with their numbers")
    samples = _get(content, "data_list", path, "file")
    if not isinstance(samples, list) or not samples:
        raise SceneError(path, "data_list: found no entries, expected a list of scenes")
    boxes: dict[str, list[AnnotatedBox]] = {}
    for index, sample in enumerate(samples):
        where = f"data_list[{index}]"
        names = _scan_names(sample, path, where)
        own_from_aligned = _alignment(sample, path, where).inverse()
        instances = _get(sample, "instances", path, where)
        if not isinstance(instances, Sequence):
            raise SceneError(path, f"{where}.instances: found {type(instances).__name__}, expected a list")
        found = [
            _box(instance, categories, own_from_aligned, path, f"{where}.instances[{i}]")
            for i, instance in enumerate(instances)
        ]
        for name in names:
            boxes.setdefault(name, []).extend(found)
    return boxes


def _get(mapping: Any, key: str, path: Path, where: str) -> Any:
    if not isinstance(mapping, Mapping) or key not in mapping:
        found = ", ".join(map(str, list(mapping)[:8])) if isinstance(mapping, Mapping) else type(mapping).__name__
        raise SceneError(path, f"{where}: found {found}, expected a dictionary with '{key}'")
    return mapping[key]


def _scan_names(sample: Any, path: Path, where: str) -> set[str]:
    """The parts of an entry's name that may be the scan's, without datasets, folders and endings of files."""
    known = sample.get("sample_idx") if isinstance(sample, Mapping) else None
    field = f"{where}.sample_idx"
    is_count = isinstance(known, Integral) and "lidar_points" in sample
    if known is None or known == "" or is_count:
        points = _get(sample, "lidar_points", path, where)
        known, field = _get(points, "lidar_path", path, f"{where}.lidar_points"), f"{where}.lidar_points.lidar_path"
    parts = posix(str(known)).parts if isinstance(known, str | Integral) else ()
    stems = [_ENDING.sub("", part) for part in parts]
    scans = [(stem, _BEFORE_SCAN.sub("", stem, count=1)) for stem in stems]
    names = {name.replace(".", "_") for pair in scans if pair[1] for name in pair}
    if not names:
        raise SceneError(path, f"{field}: found {known!r}, expected the name of a scan")
    return names


def _alignment(sample: Mapping[str, Any], path: Path, where: str) -> Pose:
    """Aligned from the dataset's own world; older files keep it with the points."""
    points = sample.get("lidar_points")
    matrix = points.get("axis_align_matrix") if isinstance(points, Mapping) else None
    matrix = sample.get("axis_align_matrix", matrix)
    if matrix is None:
        raise SceneError(path, f"{where}: found no axis_align_matrix, expected one")
    try:
        return Pose.from_matrix(np.asarray(matrix, dtype=np.float64))
    except (ValueError, TypeError) as error:
        raise SceneError(path, f"{where}.axis_align_matrix: {error}") from error


def _box(instance: Any, categories: dict[int, str], own_from_aligned: Pose, path: Path, where: str) -> AnnotatedBox:
    from scipy.spatial.transform import Rotation

    number = _get(instance, "bbox_label_3d", path, where)
    if number not in categories:
        raise SceneError(path, f"{where}.bbox_label_3d: found {number!r}, expected a number of metainfo.categories")
    try:
        values = np.asarray(_get(instance, "bbox_3d", path, where), dtype=np.float64)
    except (ValueError, TypeError):
        values = np.empty(0)
    is_whole = values.ndim == 1 and len(values) in BOX_NUMBERS and np.isfinite(values).all()
    if not is_whole or min(values[3:6]) < 0 or max(values[3:6]) == 0:
        raise SceneError(path, f"{where}.bbox_3d: expected a center, extents and up to three angles, all finite")
    angles_rad = np.append(values[6:], np.zeros(9 - len(values)))
    return AnnotatedBox(
        label=categories[number],
        center=own_from_aligned @ values[:3],
        size=values[3:6],
        axes=product(own_from_aligned.rotation, Rotation.from_euler("ZXY", angles_rad).as_matrix()),
    )
