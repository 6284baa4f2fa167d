"""CPU time of chosen functions of a running program, each without that of the others it calls."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from inspect import isgeneratorfunction
from time import process_time
from typing import Any
from unittest.mock import patch


class Stopwatch:
    """Adds up the time of this process by name; only one name runs at a time."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: defaultdict[str, int] = defaultdict(int)
        self._running = [""]
        self._since = process_time()

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """Count what happens inside to a name, and no longer to the one outside."""
        self._switch()
        self._running.append(name)
        try:
            yield
        finally:
            self._switch()
            self._running.pop()

    @contextmanager
    def watching(self, functions: Mapping[str, tuple[Any, str]]) -> Iterator[None]:
        """Count the calls of functions, given by their names as (module or class, attribute)."""
        patches = [patch.object(owner, key, self._timed(name, owner, key)) for name, (owner, key) in functions.items()]
        for each in patches:
            each.start()
        try:
            yield
        finally:
            for each in patches:
                each.stop()

    def _switch(self) -> None:
        now = process_time()
        self.seconds[self._running[-1]] += now - self._since
        self._since = now

    def _timed(self, name: str, owner: Any, key: str) -> Callable:
        function = getattr(owner, key)

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls[name] += 1
            with self.running(name):
                return function(*args, **kwargs)

        @wraps(function)
        def generate(*args: Any, **kwargs: Any) -> Iterator[Any]:
            self.calls[name] += 1
            values = function(*args, **kwargs)
            while True:
                with self.running(name):
                    try:
                        value = next(values)
                    except StopIteration:
                        return
                yield value

        return generate if isgeneratorfunction(function) else call


def markdown(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table; all columns but the first are numbers."""
    lines = [head, ("---", *("---:" for _ in head[1:])), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
