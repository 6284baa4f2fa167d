"""Jobs for the tests of engines; in a module of their own because workers import them."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from qagen.files import OutputError
from qagen.stages import about, each

GIVE_UP_S = 300.0
"""No test waits longer for what should happen."""


def until(happened: Callable[[], object]) -> None:
    """Wait for something, however slow the machine is. Raises TimeoutError after GIVE_UP_S."""
    deadline_s = time.monotonic() + GIVE_UP_S
    while not happened():
        if time.monotonic() > deadline_s:
            raise TimeoutError
        time.sleep(0.01)


def heed_interrupts() -> None:
    """For ``preexec_fn``: a shell's background jobs, and what they start, ignore interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def count_aloud(name: str) -> str:
    """A job that says what it is at."""
    with about(name):
        return "".join(each("counting", "abc"))


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
    """Says when it began, and does not end before a file "end" is there."""
    (folder / f"{name}.began.{os.getpid()}").touch()
    until(lambda: (folder / "end").exists())
    (folder / f"{name}.ended").touch()
    return name
