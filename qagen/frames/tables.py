"""Three tables of a dataset: its frames, what each shows of each object, and the objects.

Pixels: x right, y down, the image's left and top edges are 0 and its right and bottom edges are its width and height,
so that the first pixel spans 0 to 1. Lengths are meters, or the loader's own unit where nobody knows the scale
(``is_metric``).
"""

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import numpy as np

from qagen.core.scene import Frame
from qagen.files import open_atomic
from qagen.records.shards import INTEGER, TEXT, make_schema
from qagen.visibility.views import REFERENCE_PIXELS, SceneViews

NUMBER = {"dtype": "float64", "_type": "Value"}
YES = {"dtype": "bool", "_type": "Value"}
DECIMALS = 4
"""Of lengths, shares and pixels."""
POSE_DECIMALS = 9

_SCENE = {"dataset": TEXT, "scene": TEXT}
FRAMES = {
    **_SCENE,
    "frame": TEXT,
    "image": TEXT,
    "time_s": NUMBER,
    "width": INTEGER,
    "height": INTEGER,
    "intrinsics": [NUMBER],
    "world_from_camera": [NUMBER],
    "is_metric": YES,
    "is_usable": YES,
    "is_exact": YES,
    "in_video": YES,
}
SIGHTINGS = {
    **_SCENE,
    "frame": TEXT,
    "image": TEXT,
    "object": INTEGER,
    "label": TEXT,
    "state": TEXT,
    "is_askable": YES,
    "visible_pixels": INTEGER,
    "visible_fraction": NUMBER,
    "in_image_fraction": NUMBER,
    "left": NUMBER,
    "top": NUMBER,
    "right": NUMBER,
    "bottom": NUMBER,
    "center_depth": NUMBER,
    "distance": NUMBER,
}
OBJECTS = {
    **_SCENE,
    "object": INTEGER,
    "label": TEXT,
    "center": [NUMBER],
    "size": [NUMBER],
    "rotation": [NUMBER],
    "is_metric": YES,
    "frames_seen": INTEGER,
    "frames_askable": INTEGER,
    "first_seen": TEXT,
    "last_seen": TEXT,
}
TABLES = {"frames": FRAMES, "sightings": SIGHTINGS, "objects": OBJECTS}
"""Columns by the name of the table."""
Rows = dict[str, list[dict[str, Any]]]


class TableWriter:
    """Writes ``<dataset>_<table>.parquet``, a row group for each scene; the files appear together at the end."""

    def __init__(self, folder: Path, dataset: str) -> None:
        self.paths = {name: folder / f"{dataset}_{name}.parquet" for name in TABLES}
        self.rows = dict.fromkeys(TABLES, 0)
        self._stack = ExitStack()
        self._writers: dict[str, Any] = {}

    def __enter__(self) -> Self:
        import pyarrow.parquet as pq

        with ExitStack() as stack:
            for name, path in self.paths.items():
                file = stack.enter_context(open_atomic(path))
                writer = pq.ParquetWriter(file, make_schema(TABLES[name]), compression="zstd")
                self._writers[name] = stack.enter_context(writer)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *failure: Any) -> None:
        self._stack.__exit__(*failure)

    def write(self, rows: Rows) -> None:
        """Add the rows of one scene."""
        import pyarrow as pa

        for name, found in rows.items():
            self.rows[name] += len(found)
            if found:
                self._writers[name].write_table(pa.Table.from_pylist(found, schema=make_schema(TABLES[name])))


def rows_of(views: SceneViews, root: Path) -> Rows:
    """The rows of a measured scene by their table; paths of images are told from ``root``."""
    scene = {"dataset": views.scene.dataset, "scene": views.scene.id}
    images = [_path_from(root, frame) for frame in views.frames]
    return {
        "frames": [{**scene, **_frame_row(views, f, images[f])} for f in range(len(views.frames))],
        "sightings": [
            {**scene, **_sighting_row(views, f, k, images[f])}
            for f in range(len(views.frames))
            for k in np.flatnonzero(~views.absent[f] | views.seen[f] | views.askable[f]).tolist()
        ],
        "objects": [{**scene, **_object_row(views, k)} for k in range(len(views.scene.objects))],
    }


def _path_from(root: Path, frame: Frame) -> str | None:
    """The file of a frame's image; None in a container, and where its pixels are turned or undistorted on the way."""
    path = frame.color.path
    if path is None:
        return None
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def _frame_row(views: SceneViews, f: int, image: str | None) -> dict[str, Any]:
    frame = views.frames[f]
    pose = frame.world_from_camera.matrix.copy()
    pose[:3, 3] *= views.scene.reported_unit
    return {
        "frame": frame.id,
        "image": image,
        "time_s": _rounded(frame.time_s),
        "width": frame.camera.width,
        "height": frame.camera.height,
        "intrinsics": [_rounded(value) for value in frame.camera.intrinsics],
        "world_from_camera": [_rounded(value, POSE_DECIMALS) for value in pose.ravel()],
        "is_metric": views.scene.unit_m is not None,
        "is_usable": bool(views.usable[f]),
        "is_exact": bool(views.exact[f]),
        "in_video": f in views.video,
    }


def _sighting_row(views: SceneViews, f: int, k: int, image: str | None) -> dict[str, Any]:
    frame, item, unit = views.frames[f], views.scene.objects[k], views.scene.reported_unit
    width, height = frame.camera.width, frame.camera.height
    left, top, right, bottom = (views.visible_box[f, k] * (width, height, width, height)).tolist()
    return {
        "frame": frame.id,
        "image": image,
        "object": item.id,
        "label": item.label,
        "state": "seen" if views.seen[f, k] else "doubtful",
        "is_askable": bool(views.askable[f, k]),
        "visible_pixels": round(float(views.visible_pixels[f, k]) * width * height / REFERENCE_PIXELS),
        "visible_fraction": _rounded(views.visible_fraction[f, k]),
        "in_image_fraction": _rounded(views.in_image_fraction[f, k]),
        "left": _rounded(left),
        "top": _rounded(top),
        "right": _rounded(right),
        "bottom": _rounded(bottom),
        "center_depth": _rounded(views.depth[f, k] * unit),
        "distance": _rounded(views.distance[f, k] * unit),
    }


def _object_row(views: SceneViews, k: int) -> dict[str, Any]:
    item, unit = views.scene.objects[k], views.scene.reported_unit
    seen = np.flatnonzero(views.seen[:, k])
    return {
        "object": item.id,
        "label": item.label,
        "center": [_rounded(value * unit) for value in item.box.center],
        "size": [_rounded(value * unit) for value in item.box.size],
        "rotation": [_rounded(value, POSE_DECIMALS) for value in item.box.rotation.ravel()],
        "is_metric": views.scene.unit_m is not None,
        "frames_seen": len(seen),
        "frames_askable": int(views.askable[:, k].sum()),
        "first_seen": views.frames[seen[0]].id if len(seen) else None,
        "last_seen": views.frames[seen[-1]].id if len(seen) else None,
    }


def _rounded(value: float, decimals: int = DECIMALS) -> float | None:
    """A plain number without a negative zero; None for NaN."""
    return None if np.isnan(value) else round(float(value), decimals) + 0.0
