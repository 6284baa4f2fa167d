"""Jobs on this machine: in this process, or in processes of their own."""

import os
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext
from typing import Any

from qagen.pipeline.engines import Job, Lost
from qagen.stages import Stage, forward, is_watched, listening

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
ATTEMPTS = 2
STEP_S = 0.2
"""Time between two messages about one stage, seconds."""


def hold_to_one_thread() -> None:
    """Numerical libraries that are loaded from now on, here and in new processes, use one thread each."""
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))


def run_inline(job: Job, names: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """One after the other in this process."""
    for name in names:
        yield name, job(name)


def run_in_processes(job: Job, names: Sequence[str], workers: int | None = None) -> Iterator[tuple[str, Any]]:
    """Each worker is a process of its own, so that one that is killed costs only the job it had.

    That job is tried a second time; a job whose worker dies twice is Lost. (concurrent.futures would end the whole pool
    and could not say which job was to blame.)
    """
    hold_to_one_thread()
    waiting, deaths = deque(names), Counter[str]()
    context = get_context("spawn")
    crew: list[_Worker] = []
    try:
        crew += [_Worker(context, job) for _ in range(min(workers or os.cpu_count() or 1, len(names)))]
        for worker in crew:
            worker.give(waiting.popleft())
        while busy := [worker for worker in crew if worker.name is not None]:
            for worker in _ready(busy):
                name, result = worker.take()
                if isinstance(result, Stage):
                    forward(result)
                    continue
                if isinstance(result, _Died):
                    crew[crew.index(worker)] = worker = _Worker(context, job)
                    deaths[name] += 1
                    if deaths[name] < ATTEMPTS:
                        worker.give(name)
                        continue
                    result = Lost(f"set aside: killed its worker twice ({result.how})")
                if waiting:
                    worker.give(waiting.popleft())
                yield name, result
    finally:
        for worker in crew:
            worker.end()


class _Died:
    """A worker's process ended with a job in hand."""

    def __init__(self, code: int | None) -> None:
        self.how = f"exit code {code}" if code is None or code >= 0 else signal.Signals(-code).name


class _Worker:
    """A process that does one job after the other."""

    def __init__(self, context: SpawnContext, job: Job) -> None:
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, job, is_watched()), daemon=True)
        self.name: str | None = None
        """What it is working on."""
        _start_without_interrupts(self.process)
        theirs.close()

    def give(self, name: str) -> None:
        self.name = name
        with suppress(BrokenPipeError):  # it died before its first job, as ``take`` will find
            self.pipe.send(name)

    def take(self) -> tuple[str, Any]:
        """The job that it has, and how far it is; or the one that it had, and its result or _Died. Raises what the job
        raised."""
        name = str(self.name)
        try:
            result = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            self.process.join()
            result = _Died(self.process.exitcode)
        if not isinstance(result, Stage):
            self.name = None
        if isinstance(result, BaseException):
            raise result
        return name, result

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _ready(busy: Sequence[_Worker]) -> list[_Worker]:
    """Those that have a result, or have died (then the pipe is at its end)."""
    pipes = wait([worker.pipe for worker in busy])
    return [worker for worker in busy if worker.pipe in pipes]


def _start_without_interrupts(process: Any) -> None:
    """Ctrl-C goes to every process of a terminal; workers inherit that it is blocked, and are ended by their parent."""
    resource_tracker.ensure_running()  # which unblocks interrupts when the first process brings it up
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection, job: Job, is_watched: bool) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        name = pipe.recv()
        try:
            with listening(_Teller(pipe)) if is_watched else nullcontext():
                result = job(name)
        except Exception as error:  # noqa: BLE001 - handed to the parent, which raises it
            result = error
        pipe.send(result)


class _Teller:
    """Sends on what a worker is at, a few times a second."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe, self._what, self._sent = pipe, "", 0.0

    def __call__(self, stage: Stage) -> None:
        now = time.monotonic()
        if stage.what != self._what or now - self._sent >= STEP_S:
            self._what, self._sent = stage.what, now
            self._pipe.send(stage)


def _end_with_parent() -> None:
    """A worker must not go on writing when the run that holds the output folder has been killed."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
