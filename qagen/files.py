"""The one place that writes files: each is the old one or the whole new one, never half."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qagen.errors import QagenError


class OutputError(QagenError):
    """The output folder cannot be written."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says about writing below a path into an OutputError."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error


def _link(path: Path, target: Path) -> None:
    """Hard-link ``path`` to ``target``, or link symbolically across file systems."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.hardlink_to(target.resolve())
        except OSError:
            path.symlink_to(target.resolve())


def link_atomic(path: Path, target: Path) -> None:
    """Link as ``_link`` does, in place of whatever stands there."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            link = Path(folder) / path.name
            _link(link, target)
            link.replace(path)


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file that is either the old one or the whole new one, never half."""
    replace_whole(path, iter([content]))


def replace_whole(path: Path, chunks: Iterator[bytes]) -> None:
    """Write a file from pieces; under its name stands the old one or the whole new one, never half."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            try:
                for chunk in chunks:
                    file.write(chunk)
                file.close()
                Path(file.name).chmod(0o666 & ~_umask())
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
