"""Bytes depend on the input, the config and the seed, and not on what a processor makes libraries do."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from qagen.demo import demo_root
from tools.runs import contents

HOME = Path(__file__).resolve().parent.parent
VARIABLES = ("OPENBLAS_CORETYPE", "NUMBA_CPU_NAME", "NPY_DISABLE_CPU_FEATURES")


def without_vectors() -> str:
    """What numpy chooses by processor, all of it."""
    return " ".join(np._core._multiarray_umath.__cpu_dispatch__)  # type: ignore[attr-defined]


MACHINES = {
    "this one": {},
    "Haswell": {"OPENBLAS_CORETYPE": "Haswell"},
    "Prescott": {"OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": without_vectors()},
    "Nehalem, plain kernels": {"OPENBLAS_CORETYPE": "Nehalem", "NUMBA_CPU_NAME": "generic"},
}


def make(folder: Path, settings: dict[str, str]) -> dict[str, bytes]:
    """Everything, as a process with these settings makes it."""
    folder.mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES} | settings
    command = [sys.executable, "-m", "tests.everything", str(folder)]
    made = subprocess.run(command, env=environment, cwd=HOME, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return {name: content for name, content in contents(folder).items() if "/.parts/" not in name}  # those have times


@pytest.mark.slow
def test_other_processors_change_no_byte(tmp_path: Path) -> None:
    demo_root("scannet")  # so that two do not film at once
    with ThreadPoolExecutor(2) as pool:
        folders = [tmp_path / str(k) for k in range(len(MACHINES))]
        here, *others = pool.map(make, folders, MACHINES.values())
    assert len([name for name in here if name.endswith(".jsonl")]) > 200  # every type in every format, with evidence
    for name, there in zip(list(MACHINES)[1:], others, strict=True):
        differ = sorted(file for file in here.keys() | there.keys() if here.get(file) != there.get(file))
        assert differ == [], name
