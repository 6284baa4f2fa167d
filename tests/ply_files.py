"""Writes PLY files of any properties, for tests of readers."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_NAMES = {"f4": "float", "u1": "uchar", "i4": "int", "u2": "ushort"}


def write_ply(path: Path, elements: dict[str, NDArray[np.void]], text: bool = False) -> None:
    """Write (n,) structured arrays by element; fields with a second axis become lists."""
    header = ["ply", f"format {'ascii' if text else 'binary_little_endian'} 1.0"]
    body = b""
    for element, records in elements.items():
        header.append(f"element {element} {len(records)}")
        columns: list[tuple[str, str, NDArray]] = []
        for field in records.dtype.names or ():
            values = records[field]
            kind = values.dtype.str[1:]
            if values.ndim == 2:
                header.append(f"property list uchar {_NAMES[kind]} {field}")
                columns.append((f"{field} count", "u1", np.full(len(records), values.shape[1])))
                columns += [(f"{field} {k}", f"<{kind}", values[:, k]) for k in range(values.shape[1])]
            else:
                header.append(f"property {_NAMES[kind]} {field}")
                columns.append((field, f"<{kind}", values))
        packed = np.zeros(len(records), [(name, kind) for name, kind, _ in columns])
        for name, _, values in columns:
            packed[name] = values
        body += (
            "".join(" ".join(map(str, row)) + "\n" for row in packed.tolist()).encode() if text else packed.tobytes()
        )
    path.write_bytes(("\n".join([*header, "end_header"]) + "\n").encode() + body)
