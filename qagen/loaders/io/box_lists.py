"""Box annotations that are published as JSON, apart from a dataset: ReVSI's, and VSI-Bench's meta information.

```
3d_annotation.json              [{"dataset": "scannet", "scene_id": "scene0353_00",
                                  "objects": [{"id": 3, "name": "chair", "obb": {"center": [3], "extent": [3],
                                               "rotation": 3 x 3}}, ...],
                                  "scene_area_2d_polygon": [[x, y], ...], "scene_area_type": "all_room"}, ...]
<dataset>_meta_info_<split>.json {"scene0353_00": {"dataset": "scannet", "object_counts": {"chair": 2},
                                  "object_bbox": {"chair": [{"centroid": [3], "axesLengths": [3],
                                                  "normalizedAxes": [9], "min": [3], "max": [3]}, ...]},
                                  "room_center": [3], ...}, ...}
```

Lengths are full extents in meters, z up. The columns of ``rotation`` are the box's axes, as open3d has them; of
``normalizedAxes`` three numbers each are one. ``min`` and ``max`` bound the object's points along the world's axes.
``object_bbox`` may be a text that holds a Python literal.

Neither file says which world its boxes are in: see qagen.loaders.io.box_worlds.

Sources: the question generators of huggingface.co/datasets/3dlg-hcvc/ReVSI, and data/meta_info of
github.com/vision-x-nyu/thinking-in-space.
"""

import ast
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.errors import SceneError
from qagen.loaders.io.box_files import AnnotatedBox, AnnotatedScan, Annotation
from qagen.loaders.io.boxes import check_axes
from qagen.loaders.io.text import read_unique_json

_Texts: Any = list[msgspec.Raw] | dict[str, msgspec.Raw]
_ONE_SCAN = {"objects", "items", "walls"}
"""Keys of files that tools write for one scan (qagen.loaders.io.box_exports)."""
MIN_AREA_M2 = 0.01
MIN_SIDE_M = 1e-4
MAX_LENGTH_M = 1e4
MAX_POINTS = 10_000


def is_json(path: Path) -> bool:
    """Whether a file is to be read as JSON and not as a pickle. Raises SceneError."""
    if path.suffix.lower() == ".json":
        return True
    try:
        with path.open("rb") as file:
            return file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"[", b"{")
    except OSError as error:
        raise SceneError(path, f"cannot be read ({error.strerror})") from error


def read_box_lists(path: Path) -> dict[str, AnnotatedScan]:
    """The scenes of a file by their names. What it says of one is read, and checked, when it is asked for.

    Raises:
        SceneError: the file is damaged or of another kind; the message names the field.
    """
    content = _split(path)
    if isinstance(content, list):
        listed = [_revsi_scan(scene, path, f"[{index}]") for index, scene in enumerate(content)]
    elif isinstance(content, Mapping) and content.keys() & _ONE_SCAN:
        found = f"one scan's boxes ({', '.join(sorted(content.keys() & _ONE_SCAN))})"
        expected = "those of scenes by name; scene.json names files of labelCloud, CVAT and RoomPlan (docs/posed.md)"
        raise SceneError(path, f"file: found {found}, expected {expected}")
    elif isinstance(content, Mapping) and content:
        listed = [_meta_scan(scene, path, name) for name, scene in content.items()]
    else:
        expected = "a list of scenes with objects (ReVSI), or scenes by name with object_bbox (VSI-Bench)"
        raise SceneError(path, f"file: found {_told(content)}, expected {expected}")
    scenes: dict[str, AnnotatedScan] = {}
    for name, scan in listed:
        if name in scenes:
            raise SceneError(path, f"scene {name!r}: found a second time, expected once")
        scenes[name] = scan
    if not scenes:
        raise SceneError(path, "file: found no scenes, expected some")
    return scenes


def _split(path: Path) -> Any:
    """The file with each scene as the text that it is, or as values where only Python reads the text (NaN)."""
    try:
        return read_unique_json(path, _Texts)
    except SceneError:
        return read_unique_json(path, object)


class _Head(msgspec.Struct):
    """What tells which scan a scene is."""

    scene_id: Any = msgspec.UNSET
    dataset: Any = msgspec.UNSET


def _head(scene: Any, path: Path) -> Any:
    """The fields of _Head that a scene has; the scene where it has none of either kind."""
    try:
        head = msgspec.json.decode(scene, type=_Head) if isinstance(scene, msgspec.Raw) else scene
    except msgspec.DecodeError:
        return _values(scene, path)
    return msgspec.to_builtins(head)


def _values(scene: Any, path: Path) -> Any:
    try:
        return msgspec.json.decode(scene) if isinstance(scene, msgspec.Raw) else scene
    except (msgspec.DecodeError, UnicodeDecodeError) as error:  # what is skipped at first is not looked into
        raise SceneError(path, f"content: {error}, expected UTF-8") from error


def _revsi_scan(scene: Any, path: Path, where: str) -> tuple[str, AnnotatedScan]:
    head = _head(scene, path)
    name = _name(_get(head, "scene_id", path, where), path, f"{where}.scene_id")
    dataset = _text(_get(head, "dataset", path, where), path, f"{where}.dataset")
    return name, AnnotatedScan(dataset, lambda: _read_revsi(_values(scene, path), path, where))


def _meta_scan(scene: Any, path: Path, key: str) -> tuple[str, AnnotatedScan]:
    dataset = _text(_get(_head(scene, path), "dataset", path, key), path, f"{key}.dataset")
    return _name(key, path, key), AnnotatedScan(dataset, lambda: _read_meta(key, _values(scene, path), path))


def _read_revsi(scene: Any, path: Path, where: str) -> Annotation:
    """Boxes checked by hand, which are all objects of the names that they have."""
    listed = _list(_get(scene, "objects", path, where), path, f"{where}.objects")
    boxes = [_revsi_box(one, path, f"{where}.objects[{k}]") for k, one in enumerate(listed)]
    number, count = next(iter(Counter(box.id for box in boxes).most_common(1)), (None, 0))
    if count > 1:
        raise SceneError(path, f"{where}.objects: found id {number} twice, expected unique ids")
    polygon = scene.get("scene_area_2d_polygon")
    outline = None if polygon is None else _outline(polygon, path, f"{where}.scene_area_2d_polygon")
    return Annotation(boxes, outline, lists_all=True, is_placed=False)


def _revsi_box(item: Any, path: Path, where: str) -> AnnotatedBox:
    label = _text(_get(item, "name", path, where), path, f"{where}.name")
    number = _get(item, "id", path, where)
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**31:
        raise SceneError(path, f"{where}.id: found {_told(number)}, expected a whole number from 0 on")
    obb, where = _get(item, "obb", path, where), f"{where}.obb"
    center = _numbers(_get(obb, "center", path, where), (3,), path, f"{where}.center")
    axes = _numbers(_get(obb, "rotation", path, where), (3, 3), path, f"{where}.rotation")
    size = _size(_get(obb, "extent", path, where), path, f"{where}.extent")
    return AnnotatedBox(label, center, size, _checked(axes, path, f"{where}.rotation"), number)


def _read_meta(key: str, scene: Any, path: Path) -> Annotation:
    where = f"{key}.object_bbox"
    listed = _get(scene, "object_bbox", path, key)
    if isinstance(listed, str):
        try:
            listed = ast.literal_eval(listed)
        except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
            raise SceneError(path, f"{where}: found a text that is no literal, expected names with boxes") from error
    if not isinstance(listed, Mapping):
        raise SceneError(path, f"{where}: found {_told(listed)}, expected names with boxes")
    boxes = [
        _meta_box(_text(name, path, where), item, path, f"{where}.{name}[{k}]")
        for name, items in listed.items()
        for k, item in enumerate(_list(items, path, f"{where}.{name}"))
    ]
    counts = scene.get("object_counts", {})
    if not isinstance(counts, Mapping):
        raise SceneError(path, f"{key}.object_counts: found {_told(counts)}, expected names with counts")
    names = [str(name) for name in listed]
    doubtful = frozenset(name for name in {*names, *counts} if counts.get(name) != len(listed.get(name, ())))
    room = scene.get("room_center")
    center = None if room is None else _numbers(room, (3,), path, f"{key}.room_center")
    return Annotation(boxes, None, True, False, doubtful, center)


def _meta_box(label: str, item: Any, path: Path, where: str) -> AnnotatedBox:
    center = _numbers(_get(item, "centroid", path, where), (3,), path, f"{where}.centroid")
    size = _size(_get(item, "axesLengths", path, where), path, f"{where}.axesLengths")
    rows = _numbers(_get(item, "normalizedAxes", path, where), (9,), path, f"{where}.normalizedAxes")
    axes = _checked(rows.reshape(3, 3).T, path, f"{where}.normalizedAxes")
    if "min" not in item and "max" not in item:
        return AnnotatedBox(label, center, size, axes)
    low, high = (_numbers(_get(item, key, path, where), (3,), path, f"{where}.{key}") for key in ("min", "max"))
    if (low > high).any():
        raise SceneError(path, f"{where}.max: found {high.tolist()}, expected no less than min {low.tolist()}")
    return AnnotatedBox(label, center, size, axes, bounds=np.stack([low, high]))


# --- values -----------------------------------------------------------------------------------------------------------


def _told(value: Any) -> str:
    """A value for a message."""
    return repr(value)[:60] if isinstance(value, str | int | float | None) else f"a {type(value).__name__}"


def _get(mapping: Any, key: str, path: Path, where: str) -> Any:
    if not isinstance(mapping, Mapping):
        raise SceneError(path, f"{where}: found {_told(mapping)}, expected an object with '{key}'")
    if key not in mapping:
        raise SceneError(path, f"{where}.{key}: found none, expected one")
    return mapping[key]


def _list(value: Any, path: Path, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise SceneError(path, f"{where}: found {_told(value)}, expected a list")
    return value


def _text(value: Any, path: Path, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise SceneError(path, f"{where}: found {_told(value)}, expected a name")
    return value


def _name(value: Any, path: Path, where: str) -> str:
    """A scan's name as loaders have it."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return re.sub(r"[.]", "_", _text(text, path, where).strip())


def _numbers(value: Any, shape: tuple[int, ...], path: Path, where: str) -> NDArray[np.float64]:
    """Finite numbers of a shape."""
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):  # of unequal lengths
        array = np.empty(0)
    expected = " x ".join(map(str, shape))
    if array.shape != shape or array.dtype.kind not in "if":
        raise SceneError(path, f"{where}: found {str(value)[:60]} of shape {array.shape}, expected {expected} numbers")
    array = array.astype(np.float64)
    if not (np.abs(array) <= MAX_LENGTH_M).all():
        raise SceneError(path, f"{where}: found {array.ravel().tolist()}, expected finite numbers of meters")
    return array


def _size(value: Any, path: Path, where: str) -> NDArray[np.float64]:
    size = _numbers(value, (3,), path, where)
    if size.min() < MIN_SIDE_M:
        raise SceneError(path, f"{where}: found {size.tolist()}, expected three lengths of at least {MIN_SIDE_M} m")
    return size


def _checked(axes: NDArray[np.float64], path: Path, where: str) -> NDArray[np.float64]:
    """Axes (3, 3), in columns, of a right-handed box."""
    try:
        check_axes(axes)
    except ValueError as error:
        raise SceneError(path, f"{where}: {error}") from error
    (a, b, c), (d, e, f), (g, h, i) = axes.tolist()
    if a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) < 0:
        raise SceneError(path, f"{where}: found a mirrored matrix, expected a rotation")
    return axes


def _outline(value: Any, path: Path, where: str) -> NDArray[np.float64]:
    """(n, 2) a polygon that does not cross itself, meters."""
    count = len(_list(value, path, where))
    if not 3 <= count <= MAX_POINTS:
        raise SceneError(path, f"{where}: found {count} points, expected 3 to {MAX_POINTS}")
    points = _numbers(value, (count, 2), path, where)
    x, y = points.T
    area = abs(float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())) / 2
    if area < MIN_AREA_M2:
        raise SceneError(path, f"{where}: found an area of {area:.3g} square meters, expected a room's")
    if _crosses(points):
        raise SceneError(path, f"{where}: found a polygon that crosses itself, expected none that does")
    return points


def _crosses(points: NDArray[np.float64]) -> bool:
    """Whether two sides of a polygon (n, 2) cross within both."""
    start, end = points, np.roll(points, -1, axis=0)

    def side(a: NDArray, b: NDArray, c: NDArray) -> NDArray:
        return np.sign((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]))

    for k in range(len(points) - 2):
        a, b = (np.broadcast_to(one[k], start[k + 1 :].shape) for one in (start, end))
        c, d = start[k + 1 :], end[k + 1 :]
        if ((side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)).any():
            return True
    return False
