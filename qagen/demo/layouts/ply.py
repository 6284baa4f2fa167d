"""Binary PLY files, for the writers of all layouts."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_NAMES = {"<f4": "float", "|u1": "uchar", "<u2": "ushort", "<i4": "int"}


def write_triangles(path: Path, vertices: NDArray[np.void], faces: NDArray[np.int32]) -> None:
    """Write ``vertices``, an (n,) structured array whose fields become the properties, and (m, 3) ``faces``."""
    records = np.zeros(len(faces), [("count", "u1"), ("corners", "<i4", 3)])
    records["count"], records["corners"] = 3, faces
    fields = [(name, vertices.dtype[name].str) for name in vertices.dtype.names or ()]
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {len(vertices)}"]
    lines += [f"property {_NAMES[kind]} {name}" for name, kind in fields]
    lines += [f"element face {len(records)}", "property list uchar int vertex_indices", "end_header"]
    path.write_bytes(("\n".join(lines) + "\n").encode() + vertices.tobytes() + records.tobytes())


def colored_vertices(
    points: NDArray, colors: NDArray[np.uint8], extra: tuple[tuple[str, str], ...] = ()
) -> NDArray[np.void]:
    """(n,) x, y, z and red, green, blue, alpha of points (n, 3) and colours (n, 3), and extra fields of zeros."""
    fields = [(axis, "<f4") for axis in "xyz"]
    fields += [(channel, "u1") for channel in ("red", "green", "blue", "alpha")]
    vertices = np.zeros(len(points), [*fields, *extra])
    for k, axis in enumerate("xyz"):
        vertices[axis] = points[:, k]
    for k, channel in enumerate(("red", "green", "blue")):
        vertices[channel] = colors[:, k]
    vertices["alpha"] = 255
    return vertices
