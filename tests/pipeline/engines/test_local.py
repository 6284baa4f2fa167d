"""Processes: a job that dies costs only itself, and nothing outlives the run."""

import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from qagen.files import OutputError
from qagen.pipeline.engines import Lost, make_engine
from qagen.pipeline.engines.local import run_in_processes, run_inline
from qagen.stages import Stage, listening
from tests.pipeline.engines.jobs import count_aloud, heed_interrupts, shout, stumble, threads, until

NAMES = ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    "engine", [run_inline, partial(run_in_processes, workers=2), partial(run_in_processes, workers=9)]
)
def test_every_name_has_its_result(engine) -> None:
    assert sorted(engine(shout, NAMES)) == [(name, name.upper()) for name in NAMES]
    assert list(engine(shout, [])) == []


def test_engines_are_found_by_name() -> None:
    assert make_engine("inline", 1, None) is run_inline
    assert list(make_engine("process", 1, None)(shout, ["a"])) == [("a", "A")]


def test_a_killed_worker_costs_a_retry_and_a_second_kill_sets_the_job_aside(tmp_path: Path) -> None:
    names = ["a", "deadly", "b", "weak", "c", "d"]
    found = dict(run_in_processes(partial(stumble, tmp_path), names, workers=2))
    assert found.pop("deadly") == Lost("set aside: killed its worker twice (SIGKILL)")
    assert found == {name: name.upper() for name in names if name != "deadly"}
    runs = [path.name.split(".")[0] for path in tmp_path.iterdir()]
    assert sorted(runs) == ["a", "b", "c", "d", "deadly", "deadly", "weak", "weak"]


def test_what_a_job_raises_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No space left"):
        list(run_in_processes(partial(stumble, tmp_path), ["a", "full", "b"], workers=1))
    assert {path.name.split(".")[0] for path in tmp_path.iterdir()} == {"a", "full"}


@pytest.mark.parametrize("engine", [run_inline, partial(run_in_processes, workers=2)])
def test_what_workers_are_at_is_heard(engine) -> None:
    heard: list[Stage] = []
    with listening(heard.append):
        found = dict(engine(count_aloud, ["x", "y"]))
    assert found == {"x": "abc", "y": "abc"}
    assert {Stage(name, "counting", 0, 3) for name in "xy"} <= set(heard)


def test_workers_hold_numerical_libraries_to_one_thread() -> None:
    assert list(run_in_processes(threads, ["a"], workers=1)) == [("a", ["1", "1", "1"])]


RUN = (
    "import sys; from functools import partial; from pathlib import Path\n"
    "from qagen.pipeline.engines.local import run_in_processes; from tests.pipeline.engines.jobs import linger\n"
    "if __name__ == '__main__': print(list(run_in_processes(partial(linger, Path(sys.argv[1])), ['a', 'b'], 2)))"
)


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_workers_end_with_the_run(tmp_path: Path, how: signal.Signals) -> None:
    command = [sys.executable, "-c", RUN, str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts) as process:
        until(lambda: process.poll() is not None or len(list(tmp_path.glob("*.began.*"))) == 2)
        process.send_signal(how)
        _, told = process.communicate()
    workers = [int(path.suffix[1:]) for path in tmp_path.glob("*.began.*")]
    assert len(workers) == 2, told
    until(lambda: not any(map(is_running, workers)))
    assert list(tmp_path.glob("*.ended")) == []
    assert told.count("Traceback") == (0 if how == signal.SIGKILL else 1)  # the parent's own, none of a worker
