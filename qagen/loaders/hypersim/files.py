"""Hypersim's files: arrays in HDF5, and small tables."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.errors import SceneError, did_you_mean
from qagen.loaders.hypersim.tilt_shift import Lens, take_apart
from qagen.loaders.io.instances import BACKGROUND, CLASSES

MAX_VALUES = 1 << 26
"""More than any array of the dataset has."""
MAX_CSV_BYTES = 1 << 26


def read_array(path: Path, shape: tuple[int | None, ...]) -> NDArray:
    """The array of a file, whose shape is as told; None is any length. Raises SceneError."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            data = file.get("dataset")
            if not isinstance(data, h5py.Dataset) or data.dtype.kind not in "fiu":
                raise SceneError(path, "dataset: found no array of numbers, expected one")
            _check_shape(path, data.shape, shape)
            return data[:].astype(np.float64 if data.dtype.kind == "f" else np.int64)
    except (OSError, RuntimeError, ValueError) as error:
        raise SceneError(path, f"cannot be read as HDF5 ({error})") from error


def _check_shape(path: Path, found: tuple[int, ...], expected: tuple[int | None, ...]) -> None:
    fits = len(found) == len(expected) and all(want in (None, have) for have, want in zip(found, expected, strict=True))
    if not fits or np.prod(found, dtype=float) > MAX_VALUES:
        told = " x ".join("n" if side is None else str(side) for side in expected)
        raise SceneError(path, f"dataset: found {' x '.join(map(str, found))} numbers, expected {told}")


@dataclass(frozen=True, slots=True)
class Hdf5Depth:
    """Distances from the camera, meters."""

    path: Path
    shape: tuple[int, int]
    """Expected height and width."""

    def read_m(self) -> NDArray[np.float32]:
        """(height, width) distance along the ray, 0 where there is none. Raises SceneError."""
        distance = read_array(self.path, self.shape)
        return np.where(np.isfinite(distance), distance, 0).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Hdf5Classes:
    """NYUv2 class of every pixel."""

    path: Path
    shape: tuple[int, int]
    """Expected height and width."""

    def read(self) -> NDArray[np.uint8]:
        """(height, width) class numbers, 0 for none. Raises SceneError."""
        classes = read_array(self.path, self.shape)
        if classes.min(initial=0) < -1 or classes.max(initial=0) >= len(CLASSES):
            found = f"{classes.min()} to {classes.max()}"
            raise SceneError(self.path, f"classes: found {found}, expected -1 to {len(CLASSES) - 1}")
        return np.maximum(classes, 0).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Hdf5Instances:
    """Instance of every pixel."""

    path: Path
    shape: tuple[int, int]
    """Expected height and width."""

    def read_ids(self) -> NDArray[np.uint16]:
        """(height, width) instance numbers, 65535 for none. Raises SceneError."""
        ids = read_array(self.path, self.shape)
        if ids.min(initial=0) < -1 or ids.max(initial=0) >= BACKGROUND:
            raise SceneError(self.path, f"instances: found {ids.min()} to {ids.max()}, expected -1 to {BACKGROUND - 1}")
        return np.where(ids < 0, BACKGROUND, ids).astype(np.uint16)


def read_meters_per_unit(path: Path) -> float:
    """The scale of a scene. Raises SceneError."""
    rows = {row.get("parameter_name"): row.get("parameter_value") for row in _read_rows(path)}
    text = rows.get("meters_per_asset_unit") or "nothing"
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not 0 < value < np.inf:
        raise SceneError(path, f"meters_per_asset_unit: found {text[:40]!r}, expected a number above 0")
    return value


def read_trajectories(path: Path) -> list[str]:
    """Names such as "cam_00". Raises SceneError."""
    names = [row.get("camera_name") or "" for row in _read_rows(path)]
    if not names or not all(name.startswith("cam_") and name[4:].isalnum() for name in names):
        raise SceneError(path, f"camera_name: found {names[:5]}, expected names such as cam_00")
    return names


def read_lens(path: Path, scene_id: str) -> Lens:
    """The camera of a scene. Raises SceneError."""
    rows = {row.get("scene_name"): row for row in _read_rows(path)}
    if scene_id not in rows:
        raise SceneError(path, f"scene_name: no {scene_id!r} here.{did_you_mean(scene_id, filter(None, rows))}")
    names = [f"M_cam_from_uv_{i}{j}" for i in range(3) for j in range(3)]
    try:
        values = [float(rows[scene_id].get(name) or "nan") for name in names]
        return take_apart(np.reshape(values, (3, 3)))
    except ValueError as error:
        raise SceneError(path, f"M_cam_from_uv of {scene_id}: {error}") from error


def _read_rows(path: Path) -> list[dict[str, str]]:
    try:
        if path.stat().st_size > MAX_CSV_BYTES:
            raise SceneError(path, f"size: found {path.stat().st_size} bytes, expected a short table")
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SceneError(path, f"cannot be read ({error})") from error
