"""A furnished flat made by code: a scan in ScanNet's own files, to try everything without a dataset.

```
<cache>/demo/scannet-<version>/
    scannetv2-labels.combined.tsv
    scans/scene9000_00/scene9000_00{.sens,.txt,.aggregation.json,_vh_clean_2.ply,_vh_clean_2.labels.ply,
                                     _vh_clean_2.0.010000.segs.json}
```
"""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from qagen.errors import ConfigError
from qagen.paths import cache_dir

Report = Callable[[int, int, str], None]
FRAMES = 300
MAX_WORKERS = 8
"""More would only cost memory (about 100 MB each)."""
STALE_S = 6 * 3600.0
"""Age after which an unfinished build is taken for dead."""


def demo_root(dataset: str = "scannet", report: Report = lambda done, total, what: None) -> Path:
    """The root folder of the demo in a dataset's own layout, made on first use (about a minute).

    ``report(done, total, what)`` is told of the progress of a build, ``what`` being "lighting" or "frames".

    Raises:
        ConfigError: there is no demo in the layout of ``dataset``, or the cache folder cannot be written.
    """
    if dataset != "scannet":
        raise ConfigError(f"dataset: no demo in the layout of {dataset!r}. Known: scannet.")
    root = cache_dir() / "demo" / f"scannet-{version()}"
    if not root.is_dir():
        make_once(root, lambda folder: _film_flat(folder, report))
    return root


def version() -> str:
    """Twelve digits that change whenever the code of the demo does."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def make_once(root: Path, build: Callable[[Path], None]) -> None:
    """Fill a temporary sibling by ``build(folder)`` and rename it to ``root``.

    A killed build leaves no ``root``; of two builds at once the first to finish wins and the other is thrown away.

    Raises:
        ConfigError: the folder cannot be made.
    """
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(root.parent)
        folder = Path(tempfile.mkdtemp(prefix=".building-", dir=root.parent))
    except OSError as error:
        raise ConfigError(
            f"{root.parent}: cannot be written ({error.strerror}); set QAGEN_CACHE to a folder"
        ) from error
    try:
        build(folder)
        folder.chmod(0o755)
        _rename(folder, root)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _rename(folder: Path, root: Path) -> None:
    try:
        folder.rename(root)
    except OSError:
        if not root.is_dir():
            raise


def _remove_stale(parent: Path) -> None:
    for folder in parent.glob(".building-*"):
        if time.time() - _last_change_s(folder) > STALE_S:
            shutil.rmtree(folder, ignore_errors=True)


def _last_change_s(folder: Path) -> float:
    return max((path.stat().st_mtime for path in (folder, *folder.rglob("*"))), default=0.0)


def _film_flat(folder: Path, report: Report) -> None:
    # imported here: asking for a demo that exists need not load the ray caster
    from qagen.demo.apartment import lamps
    from qagen.demo.build import Script, film
    from qagen.demo.camera_path import walk_poses
    from qagen.demo.rooms import furnish

    film(folder, Script(furnish(), lamps(), walk_poses(FRAMES)), min(os.cpu_count() or 1, MAX_WORKERS), report)
