"""Settings of the whole test session."""

import os
import tempfile

import pytest
from hypothesis import settings

# Before numba is imported: it reads its cache folder once. A stale cache would hide a changed kernel.
# Workers of pytest-xdist inherit the folder of the process that started them.
if "PYTEST_XDIST_WORKER" not in os.environ:
    _numba_cache = tempfile.TemporaryDirectory(prefix="qagen-numba-", ignore_cleanup_errors=True)
    os.environ["NUMBA_CACHE_DIR"] = _numba_cache.name

settings.register_profile("qagen", deadline=None, derandomize=True)
settings.load_profile("qagen")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest file first, so that the other workers have enough to do beside it."""
    items.sort(key=lambda item: "test_whole" not in item.nodeid)
