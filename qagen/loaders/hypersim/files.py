"""Hypersim's files: arrays in HDF5, and small tables."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.errors import SceneError, did_you_mean
from qagen.loaders.hypersim.tilt_shift import Lens, decompose_lens
from qagen.loaders.io.instances import BACKGROUND, CLASSES
from qagen.loaders.io.tables import read_table
from qagen.loaders.io.text import parse_number

MAX_VALUES = 1 << 26
"""Maximum size of an array; no array of the dataset comes near it."""


def read_array(path: Path, shape: tuple[int | None, ...]) -> NDArray:
    """The array of a file, which must have this shape; None is any length. Raises SceneError."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            data = file.get("dataset")
            if not isinstance(data, h5py.Dataset) or data.dtype.kind not in "fiu":
                raise SceneError(path, "dataset: found no array of numbers, expected one")
            fits = len(data.shape) == len(shape) and all(
                want in (None, n) for n, want in zip(data.shape, shape, strict=True)
            )
            if not fits or np.prod(data.shape, dtype=float) > MAX_VALUES:
                expected = " x ".join("n" if side is None else str(side) for side in shape)
                raise SceneError(
                    path, f"dataset: found {' x '.join(map(str, data.shape))} numbers, expected {expected}"
                )
            return data[:].astype(np.float64 if data.dtype.kind == "f" else np.int64)
    except (OSError, RuntimeError, ValueError) as error:
        raise SceneError(path, f"cannot be read as HDF5 ({error})") from error


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
    rows = read_table(path, ("parameter_name", "parameter_value"))
    return parse_number({row[0]: row[1] for row in rows}, "meters_per_asset_unit", path)


def read_trajectories(path: Path) -> list[str]:
    """Names such as "cam_00". Raises SceneError."""
    names = [name for (name,) in read_table(path, ("camera_name",))]
    if not names or not all(name.startswith("cam_") and name[4:].isalnum() for name in names):
        raise SceneError(path, f"camera_name: found {names[:5]}, expected names such as cam_00")
    return names


def read_lens(path: Path, scene_id: str) -> Lens:
    """The camera of a scene. Raises SceneError."""
    columns = ["scene_name", *(f"M_cam_from_uv_{i}{j}" for i in range(3) for j in range(3))]
    rows = {name: values for name, *values in read_table(path, columns)}
    if scene_id not in rows:
        raise SceneError(path, f"scene_name: no {scene_id!r} here.{did_you_mean(scene_id, rows)}")
    try:
        return decompose_lens(np.reshape([float(value or "nan") for value in rows[scene_id]], (3, 3)))
    except ValueError as error:
        raise SceneError(path, f"M_cam_from_uv of {scene_id}: {error}") from error
