"""Ways to run one job for many names.

The job is idempotent, so that an engine may run it twice and need not know what it does.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

ENGINES = ("process", "inline", "ray")


@dataclass(frozen=True, slots=True)
class Lost:
    """What stands for a job's result when the job did not live to give one."""

    reason: str


Job = Callable[[str], Any]
"""Takes a name; may be sent to another process or machine together with what it holds."""

Engine = Callable[[Job, Sequence[str]], Iterator[tuple[str, Any]]]
"""Runs the job for every name and gives (name, result or Lost) as they finish. What a job raises ends everything."""


def make_engine(name: str, workers: int | None, address: str | None) -> Engine:
    """The engine of a name in ENGINES.

    Args:
        workers: jobs at a time; None means one for each core.
        address: of a running Ray cluster; None means one of its own on this machine.
    """
    if name == "ray":
        from qagen.pipeline.engines.ray import run_on_ray

        return partial(run_on_ray, workers=workers, address=address)
    from qagen.pipeline.engines.local import run_in_processes, run_inline

    return run_inline if name == "inline" else partial(run_in_processes, workers=workers)
