"""A furnished apartment made by code, to try everything without a dataset.

It is filmed once (film.py), and a writer puts the film into a dataset's own layout on demand::

    <cache>/demo/
        film-<version>/
        scannet-<version>/
"""

import ast
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path

from qagen.errors import ConfigError
from qagen.files import OutputError, atomic_folder, cache_dir

HERE = Path(__file__).parent
Report = Callable[[int, int, str], None]
FRAMES = 300
MAX_WORKERS = 8
"""Limit of the threads that film; each needs about 100 MB of memory."""
WRITERS = {
    "arkitscenes": "qagen.demo.layouts.arkitscenes:write",
    "hypersim": "qagen.demo.layouts.hypersim:write",
    "posed": "qagen.demo.layouts.posed:write",
    "replica": "qagen.demo.layouts.replica:write",
    "rxr": "qagen.demo.layouts.rxr:write",
    "scannet": "qagen.demo.layouts.scannet:write",
    "spar_rgbd": "qagen.demo.layouts.spar_rgbd:write",
    "threerscan": "qagen.demo.layouts.threerscan:write",
    "scannetpp": "qagen.demo.layouts.scannetpp:write",
    "structured3d": "qagen.demo.layouts.structured3d:write",
}
"""Writer of each dataset's layout, ``write(film: Film, root: Path)`` into an empty folder, imported when it is used."""
STALE_S = 6 * 3600.0
"""Age after which an unfinished build is taken for dead."""


def demo_root(dataset: str = "scannet", report: Report = lambda done, total, what: None) -> Path:
    """The root folder of the demo in a dataset's own layout, made on first use (about a minute, filming included).

    ``report(done, total, what)`` is called with the progress of filming, ``what`` being "lighting" or "frames".

    Raises:
        ConfigError: there is no demo in the layout of ``dataset``, or the cache folder cannot be written.
    """
    if dataset not in WRITERS:
        raise ConfigError(f"dataset: no demo in the layout of {dataset!r}. Known: {', '.join(sorted(WRITERS))}.")
    root = cache_dir() / "demo" / f"{dataset}-{version(dataset)}"
    if not root.is_dir():
        film = cache_dir() / "demo" / f"film-{film_version()}"
        if not film.is_dir():
            make_once(film, lambda folder: _film_apartment(folder, report))
        make_once(root, lambda folder: _write(dataset, film, folder))
    return root


def film_version() -> str:
    """Twelve digits that change with the code that makes the film, without its docstrings and comments."""
    return _digest([HERE / "film.py", *(HERE / "apartment").glob("*.py")])


def version(dataset: str) -> str:
    """Twelve digits that change with the film or the code of the dataset's writer."""
    layouts = HERE / "layouts"
    writer = [layouts / f"{dataset}.py", layouts / "geometry.py", layouts / "scannet.py"]
    return _digest([HERE / "film.py", *(HERE / "apartment").glob("*.py"), *writer])


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(set(paths)):
        tree = ast.parse(path.read_bytes())
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                node.body = [part for part in node.body if not _is_text(part)]
        digest.update(f"{path.relative_to(HERE)}\n{ast.dump(tree)}\n".encode())
    return digest.hexdigest()[:12]


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def make_once(root: Path, build: Callable[[Path], None]) -> None:
    """Fill a new folder by ``build(folder)`` that then becomes ``root``.

    A killed build leaves no ``root``; of two builds at once the first to finish wins and the other is thrown away.

    Raises:
        ConfigError: the folder cannot be made.
    """
    _remove_stale(root.parent)
    try:
        with atomic_folder(root) as folder:
            build(folder)
    except OutputError as error:
        if not root.is_dir():
            raise ConfigError(f"{error}; set QAGEN_CACHE to another folder") from error


def _remove_stale(parent: Path) -> None:
    for folder in parent.glob(".*"):
        if time.time() - _last_change_s(folder) > STALE_S:
            shutil.rmtree(folder, ignore_errors=True)


def _last_change_s(folder: Path) -> float:
    return max((path.stat().st_mtime for path in (folder, *folder.rglob("*"))), default=0.0)


def _film_apartment(folder: Path, report: Report) -> None:
    # imported here, because a demo that exists does not need the ray caster
    from qagen.demo.apartment.camera_path import walk_poses
    from qagen.demo.apartment.rooms import furnish
    from qagen.demo.apartment.shell import ROOMS, lamps
    from qagen.demo.apartment.shoot import Script, shoot

    script = Script(furnish(), lamps(), walk_poses(FRAMES), rooms=ROOMS)
    shoot(folder, script, min(os.cpu_count() or 1, MAX_WORKERS), report)


def _write(dataset: str, film_folder: Path, root: Path) -> None:
    from qagen.demo.film import Film

    module, _, function = WRITERS[dataset].partition(":")
    getattr(import_module(module), function)(Film.read(film_folder), root)
