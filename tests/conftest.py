"""Settings of the whole test session."""

import os
import tempfile
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest file first, so that the other workers have enough to do beside it."""
    items.sort(key=lambda item: "test_whole" not in item.nodeid)


@pytest.fixture(scope="session")
def small_film(tmp_path_factory: pytest.TempPathFactory) -> "Film":
    """The bare room of tests/films.py, filmed."""
    from qagen.demo.apartment.shoot import shoot
    from tests.films import bare_room

    return shoot(tmp_path_factory.mktemp("film") / "film", bare_room(), 2, lambda done, total, what: None)
