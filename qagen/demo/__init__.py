"""Scenes made by code, to try everything without a dataset: a furnished apartment, and a desk with small things on it.

Each is filmed once (film.py), and a writer puts the film into a dataset's own layout on demand::

    <cache>/demo/
        film-<version>/
        scannet-<version>/
        tabletop-film-<version>/
        tabletop-scannet-<version>/
"""

import ast
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path

from qagen.errors import ConfigError, did_you_mean
from qagen.files import OutputError, atomic_folder, cache_dir

HERE = Path(__file__).parent
Report = Callable[[int, int, str], None]
FRAMES, TABLETOP_FRAMES = 300, 160
MAX_WORKERS = 8
"""Limit of the threads that film; each needs about 100 MB of memory."""
WRITERS = {
    "arkitscenes": "qagen.demo.layouts.arkitscenes:write",
    "ca1m": "qagen.demo.layouts.ca1m:write",
    "dl3dv": "qagen.demo.layouts.dl3dv:write",
    "hypersim": "qagen.demo.layouts.hypersim:write",
    "posed": "qagen.demo.layouts.posed:write",
    "replica": "qagen.demo.layouts.replica:write",
    "rxr": "qagen.demo.layouts.rxr:write",
    "scannet": "qagen.demo.layouts.scannet:write",
    "spar_rgbd": "qagen.demo.layouts.spar_rgbd:write",
    "spatialvid": "qagen.demo.layouts.spatialvid:write",
    "threerscan": "qagen.demo.layouts.threerscan:write",
    "scannetpp": "qagen.demo.layouts.scannetpp:write",
    "structured3d": "qagen.demo.layouts.structured3d:write",
    "uco3d": "qagen.demo.layouts.uco3d:write",
    "wildrgbd": "qagen.demo.layouts.wildrgbd:write",
}
"""Writer of each dataset's layout, ``write(film: Film, root: Path)`` into an empty folder, imported when it is used."""
CLOSE_UP = ("uco3d", "wildrgbd")
"""Layouts of recordings that go around one object, as only the camera of the desk does."""
DEMOS = {"apartment": tuple(name for name in WRITERS if name not in CLOSE_UP), "tabletop": ("scannet", *CLOSE_UP)}
"""The scenes and the layouts that each comes in."""
DIGITS = 12
"""Digits of a version."""
STALE_S = 6 * 3600.0
"""Age after which an unfinished build is taken for dead."""


def demo_root(
    dataset: str = "scannet", report: Report = lambda done, total, what: None, demo: str | None = None
) -> Path:
    """The root folder of a demo in a dataset's own layout, made on first use (about a minute, filming included).

    Without a name, the demo is the dataset's usual one. ``report(done, total, what)`` is called with the progress of
    filming, ``what`` being "lighting" or "frames".

    Raises:
        ConfigError: there is no such demo, or not in the layout of ``dataset``, or the cache folder cannot be written.
    """
    demo = demo or usual_demo(dataset)
    if demo not in DEMOS:
        raise ConfigError(f"demo: no demo {demo!r}.{did_you_mean(demo, DEMOS)}")
    if dataset not in DEMOS[demo]:
        known = ", ".join(sorted(DEMOS[demo]))
        raise ConfigError(f"dataset: no demo {demo} in the layout of {dataset!r}. Known: {known}.")
    prefix = "" if demo == "apartment" else f"{demo}-"
    root = cache_dir() / "demo" / f"{prefix}{dataset}-{version(dataset, demo)}"
    if not root.is_dir():
        film = cache_dir() / "demo" / f"{prefix}film-{film_version(demo)}"
        if not film.is_dir():
            shoot = _film_apartment if demo == "apartment" else _film_tabletop
            make_once(film, lambda folder: shoot(folder, report))
        make_once(root, lambda folder: _write(dataset, film, folder, demo))
    return root


def usual_demo(dataset: str) -> str:
    """The demo that stands for a dataset where none is named."""
    return next((demo for demo, layouts in DEMOS.items() if dataset in layouts), "apartment")


def film_version(demo: str = "apartment") -> str:
    """Twelve digits that change with the code that makes the film, without its docstrings and comments."""
    return _digest(film_code(demo))


def version(dataset: str, demo: str = "apartment") -> str:
    """Twelve digits that change with the film or the code of the dataset's writer."""
    layouts = HERE / "layouts"
    return _digest([*film_code(demo), *(layouts / f"{name}.py" for name in (dataset, "geometry", "scannet", "video"))])


def film_code(demo: str) -> list[Path]:
    """The tabletop uses the apartment's code, too."""
    folders = ["apartment"] if demo == "apartment" else ["apartment", demo]
    return [HERE / "film.py", *(path for folder in folders for path in (HERE / folder).glob("*.py"))]


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(set(paths)):
        tree = ast.parse(path.read_bytes())
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                node.body = [part for part in node.body if not _is_text(part)]
        digest.update(f"{path.relative_to(HERE)}\n{ast.dump(tree)}\n".encode())
    return digest.hexdigest()[:DIGITS]


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


def cached() -> list[tuple[Path, int]]:
    """The folders that demos have left in the cache, also those of other versions, and their sizes in bytes."""
    names = "|".join(re.escape(f"{prefix}{name}") for prefix in ("", "tabletop-") for name in ("film", *WRITERS))
    made = re.compile(rf"(?:{names})-[0-9a-f]{{{DIGITS}}}")
    folder = cache_dir() / "demo"
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [
        (path, sum(file.lstat().st_size for file in path.rglob("*")))
        for path in found
        if made.fullmatch(path.name) and path.is_dir() and not path.is_symlink()
    ]


def clear_cache() -> list[tuple[Path, int]]:
    """Remove those folders, and unfinished ones of dead builds; nothing else. Returns what ``cached`` found.

    Raises:
        ConfigError: a folder cannot be removed.
    """
    found = cached()
    for folder, _ in found:
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise ConfigError(f"{error.filename}: cannot be removed ({error.strerror})") from error
    _remove_stale(cache_dir() / "demo")
    return found


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


def _film_tabletop(folder: Path, report: Report) -> None:
    from qagen.demo.apartment.shoot import Script
    from qagen.demo.tabletop.camera_path import hand_poses
    from qagen.demo.tabletop.desk import ROOM, furnish, lamps
    from qagen.demo.tabletop.shoot import shoot

    script = Script(furnish(), lamps(), hand_poses(TABLETOP_FRAMES), rooms=[ROOM])
    shoot(folder, script, min(os.cpu_count() or 1, MAX_WORKERS), report)


def _write(dataset: str, film_folder: Path, root: Path, demo: str) -> None:
    from qagen.demo.film import Film

    film = Film.read(film_folder)
    if demo == "tabletop" and dataset == "scannet":
        from qagen.demo.layouts import scannet

        scannet.write(film, root, scannet.TABLETOP_ID, "Misc.")
        return
    module, _, function = WRITERS[dataset].partition(":")
    getattr(import_module(module), function)(film, root)
