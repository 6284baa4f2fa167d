"""Settings and fixtures of the whole test session."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from qagen.demo.film import Film

# Before numba is imported: it reads its cache folder once. A stale cache would hide a changed kernel.
# Workers of pytest-xdist inherit the folder of the process that started them. NUMBA_CACHE_DIR keeps one between runs.
if "PYTEST_XDIST_WORKER" not in os.environ and "NUMBA_CACHE_DIR" not in os.environ:
    _numba_cache = tempfile.TemporaryDirectory(prefix="qagen-numba-", ignore_cleanup_errors=True)
    os.environ["NUMBA_CACHE_DIR"] = _numba_cache.name

settings.register_profile("qagen", deadline=None, derandomize=True)
settings.load_profile("qagen")

FIRST = (
    *("test_docs", "test_whole"),
    *("export/", "mix/", "score/", "loaders/", "wording/", "core/"),
    *("test_any_machine", "test_resume", "test_ray", "test_planted_faults"),
)
"""Files in the order in which workers take them.

One worker runs the demo, which compiles most kernels, while the other one takes files that need none. Then come the
longest, so that no worker ends alone with one.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the files by FIRST; all others follow as they were."""
    ranks = {word: rank for rank, word in enumerate(FIRST)}
    items.sort(key=lambda item: next((ranks[word] for word in FIRST if word in item.nodeid), len(FIRST)))


@contextmanager
def one_worker_at_a_time(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield a folder that the workers of pytest-xdist share, locked against the other workers."""
    folder = tmp_path_factory.getbasetemp()
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield shared


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's root, built when the cache does not have it."""
    from qagen.demo import demo_root

    with one_worker_at_a_time(tmp_path_factory):
        return demo_root("scannet")


@pytest.fixture(scope="session")
def tabletop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of the desk with small things in ScanNet's layout, built when the cache does not have it."""
    from qagen.demo import demo_root

    with one_worker_at_a_time(tmp_path_factory):
        return demo_root("scannet", demo="tabletop")


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of one run on the demo, made once a session. Tests that write in it take a copy of hard links."""
    from tools.golden import PER_SCENE
    from tools.runs import generate

    with one_worker_at_a_time(tmp_path_factory) as shared:
        out = shared / "qagen_out"
        if not (out / "scannet" / "report.json").exists():
            run = generate(out, "--per-scene", str(PER_SCENE))
            assert run.returncode == 0, run.stderr
    return out


@pytest.fixture(scope="session")
def desk_run(demo_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of one run on the desk, of the types of which ``demo_run`` has no record."""
    from tools.golden import PER_SCENE
    from tools.runs import generate_missing

    with one_worker_at_a_time(tmp_path_factory) as shared:
        out = shared / "desk_out"
        if not (out / "scannet" / "report.json").exists():
            generate_missing(out, demo_run, "--per-scene", str(PER_SCENE))
    return out


@pytest.fixture(scope="session")
def small_film(tmp_path_factory: pytest.TempPathFactory) -> "Film":
    """The bare room of tests/films.py, filmed."""
    from qagen.demo.apartment.shoot import shoot
    from tests.films import bare_room

    return shoot(tmp_path_factory.mktemp("film") / "film", bare_room(), 2, lambda done, total, what: None)
