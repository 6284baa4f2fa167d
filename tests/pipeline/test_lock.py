"""One run at a time in a folder; shards share it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qagen.errors import ConfigError
from qagen.pipeline.layout import Layout
from qagen.pipeline.lock import hold

HOLDER = (
    "import sys, time; from pathlib import Path\n"
    "from qagen.pipeline.layout import Layout; from qagen.pipeline.lock import hold\n"
    "with hold(Layout(Path(sys.argv[1]), 'train', sys.argv[2])): print('held', flush=True); time.sleep(60)"
)


@contextmanager
def another_run(root: Path, shard: str = "") -> Iterator[subprocess.Popen]:
    command = [sys.executable, "-c", HOLDER, str(root), shard]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def is_free(root: Path, shard: str = "") -> bool:
    try:
        with hold(Layout(root, "train", shard)):
            return True
    except ConfigError:
        return False


def test_a_second_run_is_refused_and_told_who_is_there(tmp_path: Path) -> None:
    with another_run(tmp_path) as other:
        with pytest.raises(ConfigError, match=f"another run is writing here \\(process {other.pid} on "):
            hold(Layout(tmp_path, "train")).__enter__()
        assert not is_free(tmp_path, "1/2")
        other.kill()
        other.wait()
        assert is_free(tmp_path)  # a killed run holds nothing
    assert (tmp_path / ".lock").read_bytes() == b""


def test_shards_share_the_folder_but_each_is_run_once(tmp_path: Path) -> None:
    with another_run(tmp_path, "1/2"):
        assert is_free(tmp_path, "2/2")
        assert not is_free(tmp_path, "1/2")
        with pytest.raises(ConfigError, match=r"\(process .*, shard 1/2\)"):
            hold(Layout(tmp_path, "train")).__enter__()
    assert is_free(tmp_path)
