"""Jobs for the tests of engines; in a module of their own because workers import them."""

import os
import signal
import time
from pathlib import Path

from qagen.files import OutputError

LINGER_S = 20.0


def shout(name: str) -> str:
    """A job that works."""
    return name.upper()


def stumble(folder: Path, name: str) -> str:
    """Kills its worker the first time at "weak" and every time at "deadly"; raises at "full"."""
    (folder / f"{name}.{time.time_ns()}").touch()
    if name == "deadly" or (name == "weak" and len(list(folder.glob("weak.*"))) == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "full":
        raise OutputError("out: cannot be written (No space left on device)")
    return name.upper()


def threads(_name: str) -> list[str | None]:
    """What numerical libraries are told about threads."""
    return [os.environ.get(name) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")]


def linger(folder: Path, name: str) -> str:
    """Takes long and says when it began and ended."""
    (folder / f"{name}.began.{os.getpid()}").touch()
    time.sleep(LINGER_S)
    (folder / f"{name}.ended").touch()
    return name
