"""Meshes and boxes in the forms that several layouts share."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D

_PLY_TYPES = {"<f4": "float", "|u1": "uchar", "<u2": "ushort", "<i4": "int"}


def write_ply(
    path: Path, vertices: Mapping[str, NDArray], faces: NDArray[np.int32], **face_properties: NDArray
) -> None:
    """Write a binary PLY file.

    Args:
        path: the file.
        vertices: (n,) properties of the vertices by name, in their order.
        faces: (m, k) vertex indices.
        face_properties: (m,) further properties of the faces by name.
    """
    count = np.full(len(faces), faces.shape[1], np.uint8)
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {len(vertices['x'])}"]
    lines += [f"property {_PLY_TYPES[values.dtype.str]} {name}" for name, values in vertices.items()]
    lines += [f"element face {len(faces)}", "property list uchar int vertex_indices"]
    lines += [f"property {_PLY_TYPES[values.dtype.str]} {name}" for name, values in face_properties.items()]
    header = "\n".join([*lines, "end_header"]) + "\n"
    body = _records(vertices) + _records({"count": count, "corners": faces.astype("<i4"), **face_properties})
    path.write_bytes(header.encode() + body)


def _records(columns: Mapping[str, NDArray]) -> bytes:
    """Columns (n, ...) row by row."""
    fields = [(name, values.dtype, values.shape[1:]) for name, values in columns.items()]
    records = np.zeros(len(next(iter(columns.values()))), fields)
    for name, values in columns.items():
        records[name] = values
    return records.tobytes()


def positions(points: NDArray) -> dict[str, NDArray]:
    """The properties x, y, z of points (n, 3)."""
    return {axis: points[:, k].astype("<f4") for k, axis in enumerate("xyz")}


def colors(values: NDArray[np.uint8]) -> dict[str, NDArray]:
    """The properties red, green, blue of colors (n, 3)."""
    return {channel: values[:, k] for k, channel in enumerate(("red", "green", "blue"))}


def colored_positions(points: NDArray, rgb: NDArray[np.uint8]) -> dict[str, NDArray]:
    """The properties x, y, z of points (n, 3) and red, green, blue, alpha of opaque colors (n, 3)."""
    return {**positions(points), **colors(rgb), "alpha": np.full(len(points), 255, np.uint8)}


def oriented_box(box: Box3D) -> dict[str, list[float]]:
    """A box as the annotations of several datasets have it: the axes are rows, the lengths full."""
    return {
        "centroid": box.center.tolist(),
        "axesLengths": box.size.tolist(),
        "normalizedAxes": box.rotation.T.ravel().tolist(),
    }
