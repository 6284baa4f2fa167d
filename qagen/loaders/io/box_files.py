"""Box annotations that are published apart from a dataset: EmbodiedScan's and mmdetection3d's info files.

```
embodiedscan_infos_{train,val}.pkl    {"metainfo": {"categories": {name: id}},
                                       "data_list": [{"sample_idx": "scannet/scene0000_00", "axis_align_matrix": 4 x 4,
                                         "instances": [{"bbox_3d": [9], "bbox_label_3d": id, "bbox_id": n}], ...}]}
scannet_infos_{train,val}.pkl         the same with "lidar_points": {"lidar_path": "scene0191_00.bin"} instead of
                                      "sample_idx" and six numbers a box (mmdetection3d 1.1 and later)
```

A box is its center, its full extents and, in EmbodiedScan, three angles: rotations about z, then about the new x,
then about the new y. All are in the aligned world, into which ``axis_align_matrix`` brings the dataset's own.

Sources: the converters of github.com/OpenRobotLab/EmbodiedScan and github.com/open-mmlab/mmdetection3d.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qagen.core.pose import Pose, product
from qagen.errors import SceneError
from qagen.loaders.io.safe_pickle import read_safe_pickle

BOX_NUMBERS = (6, 7, 9)
"""Numbers of a box: without angles, with a heading, with three angles."""


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


def read_boxes(path: Path) -> dict[str, list[AnnotatedBox]]:
    """The boxes of every scene of a file, by scene name.

    Regions of one building are joined.

    Raises:
        SceneError: the file is damaged or of another kind.
    """
    content = read_safe_pickle(path)
    named = _get(_get(content, "metainfo", path, "file"), "categories", path, "metainfo")
    pairs = named.items() if isinstance(named, Mapping) else ((name, i) for i, name in enumerate(named or ()))
    categories = {number: name for name, number in pairs if isinstance(name, str) and isinstance(number, int)}
    if not categories:
        raise SceneError(path, "metainfo.categories: found none, expected names with their numbers")
    samples = _get(content, "data_list", path, "file")
    if not isinstance(samples, list) or not samples:
        raise SceneError(path, "data_list: found no entries, expected a list of scenes")
    boxes: dict[str, list[AnnotatedBox]] = {}
    for index, sample in enumerate(samples):
        where = f"data_list[{index}]"
        in_scene = boxes.setdefault(_scene_name(sample, path, where), [])
        own_from_aligned = _alignment(sample, path, where).inverse()
        instances = _get(sample, "instances", path, where)
        if not isinstance(instances, Sequence):
            raise SceneError(path, f"{where}.instances: found {type(instances).__name__}, expected a list")
        in_scene += [
            _box(instance, categories, own_from_aligned, path, f"{where}.instances[{i}]")
            for i, instance in enumerate(instances)
        ]
    return boxes


def _get(mapping: Any, key: str, path: Path, where: str) -> Any:
    if not isinstance(mapping, Mapping) or key not in mapping:
        found = ", ".join(map(str, list(mapping)[:8])) if isinstance(mapping, Mapping) else type(mapping).__name__
        raise SceneError(path, f"{where}: found {found}, expected a dictionary with '{key}'")
    return mapping[key]


def _scene_name(sample: Any, path: Path, where: str) -> str:
    """ "scannet/scene0000_00" is scene0000_00, "matterport3d/<scan>/<region>" is the scan."""
    if isinstance(sample, Mapping) and isinstance(sample.get("sample_idx"), str):
        parts = PurePosixPath(sample["sample_idx"]).parts
        if parts:
            return parts[min(1, len(parts) - 1)]
    points = _get(sample, "lidar_points", path, where)
    name = _get(points, "lidar_path", path, f"{where}.lidar_points")
    if not isinstance(name, str) or not name:
        raise SceneError(path, f"{where}.lidar_points.lidar_path: found {name!r}, expected the name of a scan")
    return PurePosixPath(name).stem


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
