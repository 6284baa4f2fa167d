"""Results, written whole or not at all."""

import tempfile
from pathlib import Path

from qagen.errors import QagenError


def save(path: Path, content: bytes) -> None:
    """Replace a file by ``content``. Raises QagenError where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            unfinished = Path(folder) / path.name
            unfinished.write_bytes(content)
            unfinished.replace(path)
    except OSError as error:
        raise QagenError(f"{path}: cannot be written ({error.strerror})") from error
