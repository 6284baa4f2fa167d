"""What a run would write, foretold from one of its scenes, which is written on trial."""

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from qagen.errors import SceneError, counted
from qagen.pipeline import checkpoint
from qagen.pipeline.layout import Layout
from qagen.pipeline.run import Job, Plan, run_scene

MAX_TRIALS = 3
"""Scenes that are tried where others fail."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One scene as a run would write it."""

    scene: str
    samples: int
    """Number of samples of all types and formats."""
    seconds: float
    """Processor time, without the compilation of kernels."""
    text_bytes: int
    """Records and evidence, merged, and what is kept of them for resuming."""
    image_bytes: int
    """Images, depth and poses that are no links."""


def write_trial(job: Job, plan: Plan) -> Trial:
    """Write an unfinished scene, one from the middle of the list, into a temporary folder that is removed.

    Raises:
        SceneError: every scene that was tried fails; the message has the last one's error.
    """
    from numba.core.event import TimingListener, install_listener

    middle, error = len(plan.todo) // 2, None
    tried = [*plan.todo[middle:], *plan.todo[:middle]][:MAX_TRIALS]
    for scene_id in tried:
        with tempfile.TemporaryDirectory(prefix="qagen-trial-") as folder:
            layout = Layout(Path(folder) / job.layout.root.name, job.layout.split)
            started = time.process_time()
            with install_listener("numba:compile", TimingListener()) as compiling:
                report = run_scene(replace(job, layout=layout), plan.settings, scene_id)
            manifest, error = checkpoint.read_manifest(layout, scene_id, plan.settings), report.error
            if manifest is not None:
                compiled = compiling.duration / report.seconds if compiling.done else 0.0
                seconds = (time.process_time() - started) * (1.0 - compiled)
                text_bytes = sum(sum(block.text_bytes) + sum(block.stored_bytes) for block in manifest.blocks)
                return Trial(scene_id, report.samples, seconds, text_bytes, _size(layout.images))
    raise SceneError(job.loader.root, f"{counted(len(tried), 'scene')} tried, each fails, the last with: {error}")


def _size(folder: Path) -> int:
    """Bytes of a folder's files without links, hard or symbolic."""
    found = [path.lstat() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return sum(status.st_size for status in found if status.st_nlink == 1)
