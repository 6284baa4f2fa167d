"""One run at a time in an output folder; shards of one run may share it.

``<out>/<dataset>/.lock`` is held with flock: the system releases it when its holder dies, however it dies. Shards hold
it together, and each its own ``.lock-<i>-of-<n>`` alone. On a network file system, flock has to reach all its clients
(NFS since Linux 2.6.12; Lustre when mounted with ``flock``).
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from qagen.errors import ConfigError
from qagen.files import writing
from qagen.pipeline.layout import Layout


@contextmanager
def hold(layout: Layout) -> Iterator[None]:
    """Hold the dataset's output folder, alone or, for a shard, together with other shards.

    Raises:
        ConfigError: another run holds it; the message says which.
        OutputError: the folder cannot be written.
    """
    modes = {".lock": fcntl.LOCK_SH, f".lock{layout.shard_suffix}": fcntl.LOCK_EX}
    holder = f"process {os.getpid()} on {socket.gethostname()}{layout.shard and f', shard {layout.shard}'}"
    with ExitStack() as held, writing(layout.root):
        layout.root.mkdir(parents=True, exist_ok=True)
        for name, mode in modes.items():
            file = held.enter_context((layout.root / name).open("a+b"))
            _take(file, layout.root / name, mode)
            if mode == fcntl.LOCK_EX:
                _sign(file, holder)
                held.callback(_sign, file, "")
        yield


def _take(file: BinaryIO, path: Path, mode: int) -> None:
    try:
        fcntl.flock(file, mode | fcntl.LOCK_NB)
    except BlockingIOError as error:
        signed = [lock.read_text(errors="replace") for lock in sorted(path.parent.glob(f"{path.name}*"))]
        holders = "; ".join(filter(None, signed)) or "unknown"
        raise ConfigError(f"{path.parent}: another run is writing here ({holders}); wait for it or end it") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be locked ({error.strerror}); this file system has no flock") from error


def _sign(file: BinaryIO, holder: str) -> None:
    """Say in the file who holds it, for the message to others."""
    file.truncate(0)
    file.write(holder.encode())
    file.flush()
