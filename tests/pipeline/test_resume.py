"""A run that is ended at any moment goes on with the same command and ends with the same bytes."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from benchmarks.kills import command
from qagen.pipeline.run import Job
from tests.pipeline.engines.jobs import heed_interrupts, until
from tests.pipeline.test_run import make_job, run
from tests.scenes import at, looking, room
from tools.runs import contents, copy_demo

CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "shutil.rmtree"}
KILLED = -signal.SIGKILL


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_demo(tmp_path_factory.mktemp("root"), 3)


@pytest.fixture(scope="module")
def whole(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a run that nothing interrupted."""
    out = tmp_path_factory.mktemp("whole")
    done = generate(root, out)
    assert done.returncode == 0, done.stderr
    return out


def generate(root: Path, out: Path, *more: str, **how: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(root, out, *more), capture_output=True, text=True, check=False, **how)  # type: ignore[call-overload]


def listed(out: Path) -> set[str]:
    """Paths of all files and folders, while a run adds and removes some."""
    return {os.path.join(folder, name) for folder, folders, files in os.walk(out) for name in (*folders, *files)}  # noqa: PTH118


def kill_after(changes: int, root: Path, out: Path, whole_group: bool) -> bool:
    """Start a run, and kill it when that many files or folders of its output have come or gone.

    Returns whether it was still running: where the machine is busy it may have ended before.
    """
    found = listed(out)
    with subprocess.Popen(command(root, out), stderr=subprocess.DEVNULL, start_new_session=True) as process:
        until(lambda: process.poll() is not None or len(found ^ listed(out)) >= changes)
        if process.poll() is not None:
            return False
        (os.killpg if whole_group else os.kill)(process.pid, signal.SIGKILL)
        return True


@contextmanager
def endless_scene(root: Path) -> Iterator[None]:
    """Meanwhile the last scene cannot be read to its end: its description is a pipe that nobody writes to."""
    path = root / "scans" / "scene9002_00" / "scene9002_00.txt"
    target = path.readlink()
    path.unlink()
    os.mkfifo(path)
    try:
        yield
    finally:
        path.unlink()
        path.symlink_to(target)


@pytest.mark.slow
def test_kills_lose_nothing_and_leave_nothing(root: Path, whole: Path, tmp_path: Path) -> None:
    kills = [kill_after(n, root, tmp_path, whole_group=number % 2 == 0) for number, n in enumerate((1, 4, 10, 20))]
    assert any(kills)
    done = generate(root, tmp_path)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path) == contents(whole)


def in_child(task: Callable[[], object]) -> int:
    """Run in a forked process; returns its exit status, negative for a signal."""
    pid = os.fork()
    if pid == 0:
        try:
            task()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def run_to_death(change: int, folder: Path, job: Job, scenes: list[str]) -> None:
    """Run, and be killed before the n-th change to the files below a folder."""
    left = change

    def hook(event: str, arguments: tuple) -> None:
        nonlocal left
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (writes or event in CHANGES) and str(arguments[0]).startswith(str(folder)):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    run(job, scenes)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_run_killed_before_any_one_change_to_the_disk_ends_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # only to be quick: a killed process loses no write
    scenes = ["attic"]
    boxes = {"chair": [at(0, 3, 1.5), at(0.8, 3, 1.5)], "table": at(-0.5, 3, 1.5)}
    scene = room(boxes, [looking("+y"), looking("+y", at=(1, 0.3, 1.5), left_deg=20)])
    job = make_job(tmp_path, scene, per_scene=2, tasks=["position_matching"], formats=["fill"])
    out = job.layout.root.parent
    run(job, scenes)
    expected = contents(out)
    change, status = 0, KILLED
    while status == KILLED:
        subprocess.run(["rm", "-r", str(out)], check=True)
        status = in_child(partial(run_to_death, change, out, job, scenes))
        run(job, scenes)
        assert contents(out) == expected, f"killed before change {change}"
        change += 1
    assert change > 20  # the hook saw what is written


@pytest.mark.slow
def test_ctrl_c_is_answered_in_one_line_and_no_half_file_stays(root: Path, whole: Path, tmp_path: Path) -> None:
    with (
        endless_scene(root),
        subprocess.Popen(
            command(root, tmp_path),
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=heed_interrupts,
        ) as process,
    ):
        until(lambda: process.poll() is not None or list(tmp_path.glob("scannet/.parts/train/tmp/scene9002*")))
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
        _, errors = process.communicate()
    assert process.returncode == 130
    assert errors.strip().splitlines()[-1] == "qagen: stopped; run the same command to resume"
    assert "Traceback" not in errors
    finals = [name for name in contents(tmp_path) if "/.parts/" not in name and not name.endswith(".lock")]
    assert {name: (tmp_path / name).read_bytes() for name in finals}.items() <= contents(whole).items()


@pytest.mark.slow
def test_a_full_disk_is_reported_in_one_line_and_the_run_resumes_later(root: Path, whole: Path, tmp_path: Path) -> None:
    largest = max(len(content) for content in contents(whole).values())

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest // 2, largest // 2))

    full = generate(root, tmp_path, preexec_fn=small_files)
    assert full.returncode == 2
    assert "cannot be written (File too large)" in full.stderr.strip().splitlines()[-1]
    assert "Traceback" not in full.stderr
    assert generate(root, tmp_path).returncode == 0
    assert contents(tmp_path) == contents(whole)


@pytest.mark.slow
def test_shards_and_a_merge_write_what_one_run_does(root: Path, whole: Path, tmp_path: Path) -> None:
    first = generate(root, tmp_path, "--shard", "1/2")
    assert first.returncode == 0, first.stderr
    early = generate(root, tmp_path, "--merge")
    assert (early.returncode, "1 of 3 scenes are not done: scene9001_00" in early.stderr) == (2, True)
    assert generate(root, tmp_path, "--shard", "2/2").returncode == 0
    merged = generate(root, tmp_path, "--merge")
    assert (merged.returncode, "3 of 3 scenes were already done" in merged.stderr) == (0, True)
    assert contents(tmp_path) == contents(whole)
    last = merged.stderr.splitlines()[-2:]
    assert last[0].startswith("Few samples or none of ")
    assert last[1] == f"Next: {sys.executable} -m qagen show {tmp_path}/scannet --html samples.html"
    again = generate(root, tmp_path)
    assert (again.returncode, "Nothing to do" in again.stderr) == (0, True)
    assert "select: " not in again.stderr
    assert "What the reasons mean:" in generate(root, tmp_path, "--details").stderr


@pytest.mark.slow
def test_a_changed_config_is_refused_in_one_line(root: Path, whole: Path) -> None:
    before = contents(whole)
    other = generate(root, whole, "--seed", "3")
    assert other.returncode == 2
    assert "with other settings: seed: 0 -> 3. Give those" in other.stderr.strip().splitlines()[-1]
    assert contents(whole) == before


MISTAKES = {
    ("--shard", "0/2"): "expected i/n with i from 1 to n",
    ("--shard", "3/2"): "expected i/n with i from 1 to n",
    ("--shard", "1/2", "--fresh"): "--shard: found --fresh beside it",
    ("--shard", "1/2", "--merge"): "--shard: found --merge beside it",
    ("--merge", "--fresh"): "--merge: found --fresh beside it",
    ("--address", "auto"): "--address: found --engine process, expected --engine ray",
}


@pytest.mark.parametrize(("options", "message"), MISTAKES.items())
def test_options_that_do_not_go_together_are_refused(tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    mistaken = generate(tmp_path, tmp_path / "out", *options)
    assert (mistaken.returncode, message in mistaken.stderr) == (2, True), mistaken.stderr
    assert not (tmp_path / "out").exists()
