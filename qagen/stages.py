"""What long work is at: it says so here, and whoever shows progress listens, the console or the parent of a worker.

Without a listener nothing is done, so that any loop may be announced.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

Item = TypeVar("Item")


class Stage(NamedTuple):
    """How far a piece of work has come."""

    subject: str
    """What is worked on, such as a scene; "" for the command as a whole."""
    what: str
    """What is being done: "measuring frames"."""
    done: int
    """How many of ``total`` are done."""
    total: int
    """How many there are; 0 where nobody knows."""


Listener = Callable[[Stage], None]
_listeners: list[Listener] = []
_subjects: list[str] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Hand the stages of the block to a listener, and to no other."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def is_watched() -> bool:
    """Whether anybody listens."""
    return bool(_listeners)


@contextmanager
def about(subject: str) -> Iterator[None]:
    """Name what the stages of the block are about."""
    _subjects.append(subject)
    try:
        yield
    finally:
        _subjects.pop()


def announce(what: str, done: int = 0, total: int = 0) -> None:
    """Say what is being done."""
    if _listeners:
        forward(Stage(_subjects[-1] if _subjects else "", what, done, total))


def forward(stage: Stage) -> None:
    """Hand on what another process says."""
    if _listeners:
        _listeners[-1](stage)


@contextmanager
def announcing_compilation() -> Iterator[None]:
    """Say so while numba compiles, which it does once for each machine: later runs find the kernels in its cache."""
    if not _listeners:
        yield
        return
    from numba.core import event

    class Compilation(event.Listener):
        def on_start(self, event: object) -> None:
            announce("compiling kernels (once)")

        def on_end(self, event: object) -> None:
            pass

    with event.install_listener("numba:compile", Compilation()):
        yield


def each(what: str, items: Collection[Item]) -> Iterator[Item]:
    """The items, announced one by one."""
    for done, item in enumerate(items):
        announce(what, done, len(items))
        yield item
