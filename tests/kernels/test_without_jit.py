"""The kernels as plain Python: what numba compiles is what one reads."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_hand_worked_cases_hold_without_jit():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "by_hand", str(HERE)]
    run = subprocess.run(
        command,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
