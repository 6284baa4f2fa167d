"""Jobs on a Ray cluster. Every node needs qagen, and the same paths to input and output: a shared file system."""

import logging
import os
from collections.abc import Iterator, Sequence
from typing import Any

from qagen.errors import ConfigError
from qagen.pipeline.engines import Job, Lost

RETRIES = 3
"""When a worker is killed or its node is lost."""
AHEAD = 1000
"""Jobs that Ray is given at a time; it looks through all of them whenever one ends."""


def run_on_ray(
    job: Job, names: Sequence[str], workers: int | None = None, address: str | None = None
) -> Iterator[tuple[str, Any]]:
    """Ray starts a job wherever a core is free, and again elsewhere when it dies; see ``engines.Engine``.

    Args:
        workers: cores to use on this machine when there is no address.
        address: of a running cluster, "auto" for the one that this machine belongs to.

    Raises:
        ConfigError: Ray is not installed, or the cluster cannot be reached.
    """
    ray = _connect(workers, address)
    try:
        task = ray.remote(num_cpus=1, max_retries=RETRIES)(_run)
        shared, waiting, running = ray.put(job), list(reversed(names)), {}
        while waiting or running:
            while waiting and len(running) < AHEAD:
                name = waiting.pop()
                running[task.remote(shared, name)] = name
            (done, *_), _ = ray.wait(list(running))
            yield running.pop(done), _result(ray, done)
    finally:
        ray.shutdown()


def _run(job: Job, name: str) -> Any:
    return job(name)


def _connect(workers: int | None, address: str | None) -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_task_oom_retries", str(RETRIES))
    try:
        import ray
    except ImportError as error:
        raise ConfigError("--engine ray: Ray is not installed; pip install 'spatial-qagen[ray]'") from error
    try:
        cores = None if address else workers
        ray.init(address=address, num_cpus=cores, log_to_driver=False, logging_level=logging.WARNING)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        hint = "a cluster started with `ray start` may ask for RAY_AUTH_MODE=token on every process"
        raise ConfigError(f"--address: {address}: no Ray cluster answers ({error}); {hint}") from error
    return ray


def _result(ray: Any, reference: Any) -> Any:
    """What the job gave, or Lost when it died every time. Raises what the job raised."""
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:
        return Lost(f"set aside: its worker or node died {RETRIES + 1} times ({type(error).__name__})")
