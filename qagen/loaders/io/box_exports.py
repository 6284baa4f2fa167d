"""Boxes of one scan as annotation tools and phones export them.

```
labelCloud, centroid_abs and centroid_rel   {"objects": [{"name": "chair", "centroid": {"x": , "y": , "z": },
                                              "dimensions": {"length": , "width": , "height": },
                                              "rotations": {"x": , "y": , "z": }}, ...]}
labelCloud, vertices                         {"objects": [{"name": "chair", "vertices": [[x, y, z], 8 of them]}, ...]}
CVAT, as Datumaro: annotations/default.json  {"categories": {"label": {"labels": [{"name": "chair"}, ...]}},
                                              "items": [{"id": "cloud", "annotations": [{"type": "cuboid_3d",
                                               "label_id": 0, "position": [3], "rotation": [3], "scale": [3]}, ...]}]}
RoomPlan, a CapturedRoom as JSON             {"objects": [{"category": {"chair": {}}, "dimensions": [3],
                                              "transform": [16]}, ...], "walls": ..., ...}
```

* labelCloud turns about x, then y, then z, all of the world: in degrees (centroid_abs) or in radians (centroid_rel).
  Vertices go around the bottom, then around the top; the first three corners beside the first are along its width, its
  length and its height.
* CVAT turns, in radians, about the box's own x, then its new y, then its new z, as three.js does.
* RoomPlan's world is ARKit's: meters, y up. Its 4 x 4 is stored column after column. Walls, doors, windows and floors
  are no objects and are not read.

Sources: github.com/ch-sa/labelCloud (io/labels), github.com/cvat-ai/datumaro (the Datumaro format),
developer.apple.com/documentation/roomplan, and programs that read its JSON.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.core.pose import Pose
from qagen.errors import SceneError
from qagen.loaders.io.box_files import AnnotatedBox
from qagen.loaders.io.text import read_unique_json

BoxFormat = Literal["labelcloud_centroid_abs", "labelcloud_centroid_rel", "labelcloud_vertices", "datumaro", "roomplan"]
CUBOID = "cuboid_3d"

Floats = NDArray[np.float64]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Triple = Annotated[list[float], msgspec.Meta(min_length=3, max_length=3)]
Corners = Annotated[list[Triple], msgspec.Meta(min_length=8, max_length=8, description="8 corners of 3 numbers")]
Columns = Annotated[list[float], msgspec.Meta(min_length=16, max_length=16, description="a 4 x 4 matrix by columns")]


class _Xyz(msgspec.Struct):
    x: float
    y: float
    z: float

    def array(self) -> Floats:
        return np.array([self.x, self.y, self.z])


class _Dimensions(msgspec.Struct):
    length: float
    width: float
    height: float


class _Centroid(msgspec.Struct):
    name: Name
    centroid: _Xyz
    dimensions: _Dimensions
    rotations: _Xyz


class _Vertices(msgspec.Struct):
    name: Name
    vertices: Corners


class _CentroidFile(msgspec.Struct):
    objects: list[_Centroid]


class _VerticesFile(msgspec.Struct):
    objects: list[_Vertices]


class _Label(msgspec.Struct):
    name: Name


class _Labels(msgspec.Struct):
    labels: list[_Label]


class _Categories(msgspec.Struct):
    label: _Labels


class _Annotation(msgspec.Struct):
    type: str
    label_id: int | None = None
    position: Triple | None = None
    rotation: Triple | None = None
    scale: Triple | None = None


class _Item(msgspec.Struct):
    id: str
    annotations: list[_Annotation]


class _DatumaroFile(msgspec.Struct):
    categories: _Categories
    items: list[_Item]


class _RoomObject(msgspec.Struct):
    category: Name | dict[str, Any]
    dimensions: Triple
    transform: Columns


class _RoomFile(msgspec.Struct):
    objects: list[_RoomObject]


def read_box_export(path: Path, kind: BoxFormat) -> list[AnnotatedBox]:
    """The boxes of a file, in its own world and unit.

    Raises:
        SceneError: the file is damaged or of another kind, or an angle cannot be of its unit.
    """
    if kind == "roomplan":
        return _read_roomplan(path)
    if kind == "datumaro":
        return _read_datumaro(path)
    if kind == "labelcloud_vertices":
        listed = read_unique_json(path, _VerticesFile).objects
        return [_box_of_corners(np.array(one.vertices), one.name, path, i) for i, one in enumerate(listed)]
    return _read_centroids(path, in_degrees=kind == "labelcloud_centroid_abs")


def _read_centroids(path: Path, in_degrees: bool) -> list[AnnotatedBox]:
    from scipy.spatial.transform import Rotation

    boxes: list[AnnotatedBox] = []
    for index, one in enumerate(read_unique_json(path, _CentroidFile).objects):
        angles, where = one.rotations.array(), f"objects[{index}].rotations"
        if in_degrees and angles.min() < 0:
            expected = "degrees from 0 to 360; is the format labelcloud_centroid_rel?"
            raise SceneError(path, f"{where}: found {angles.tolist()}, expected {expected}")
        if not in_degrees and not np.abs(angles).max() <= math.pi + 1e-2:
            expected = "radians from -pi to pi; is the format labelcloud_centroid_abs?"
            raise SceneError(path, f"{where}: found {angles.tolist()}, expected {expected}")
        size = np.array([one.dimensions.length, one.dimensions.width, one.dimensions.height])
        axes = Rotation.from_euler("xyz", angles, degrees=in_degrees).as_matrix()
        boxes.append(AnnotatedBox(one.name, one.centroid.array(), size, axes))
    return boxes


def _box_of_corners(corners: Floats, name: str, path: Path, index: int) -> AnnotatedBox:
    sides = corners[[3, 1, 4]] - corners[0]
    size = np.sqrt((sides * sides).sum(axis=1))
    if not size.min() > 0:
        raise SceneError(path, f"objects[{index}].vertices: found sides {size.tolist()}, expected lengths above 0")
    return AnnotatedBox(name, corners.mean(axis=0), size, (sides / size[:, None]).T)


def _read_datumaro(path: Path) -> list[AnnotatedBox]:
    from scipy.spatial.transform import Rotation

    file = read_unique_json(path, _DatumaroFile)
    with_cuboids = [i for i, item in enumerate(file.items) if any(one.type == CUBOID for one in item.annotations)]
    if len(with_cuboids) != 1:
        found = f"{CUBOID} in {len(with_cuboids)} of {len(file.items)} items"
        raise SceneError(path, f"items: found {found}, expected one item, the scan's cloud")
    (chosen,), names = with_cuboids, [label.name for label in file.categories.label.labels]
    boxes: list[AnnotatedBox] = []
    for index, one in enumerate(file.items[chosen].annotations):
        if one.type != CUBOID:
            continue
        where = f"items[{chosen}].annotations[{index}]"
        if one.position is None or one.rotation is None or one.scale is None:
            raise SceneError(path, f"{where}: found a {CUBOID} without its numbers, expected position, rotation, scale")
        if one.label_id is None or not 0 <= one.label_id < len(names):
            raise SceneError(path, f"{where}.label_id: found {one.label_id}, expected 0 to {len(names) - 1}")
        axes = Rotation.from_euler("XYZ", one.rotation).as_matrix()
        boxes.append(AnnotatedBox(names[one.label_id], np.array(one.position), np.array(one.scale), axes))
    return boxes


def _read_roomplan(path: Path) -> list[AnnotatedBox]:
    boxes: list[AnnotatedBox] = []
    for index, one in enumerate(read_unique_json(path, _RoomFile).objects):
        where = f"objects[{index}]"
        names: Sequence[str] = [one.category] if isinstance(one.category, str) else list(one.category)
        if len(names) != 1:
            raise SceneError(path, f"{where}.category: found {len(names)} names, expected one")
        try:
            pose = Pose.from_matrix(np.array(one.transform).reshape(4, 4).T)
        except ValueError as error:
            raise SceneError(path, f"{where}.transform: {error}; it is stored column after column") from error
        boxes.append(AnnotatedBox(names[0], pose.translation, np.array(one.dimensions), pose.rotation))
    return boxes
