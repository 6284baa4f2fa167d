"""Where templates, task configs and mixes are: beside the package in a checkout, inside it in a wheel."""

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_HOME = _PACKAGE / "_data" if (_PACKAGE / "_data").is_dir() else _PACKAGE.parent

TEMPLATES = _HOME / "templates"
TASK_CONFIGS = _HOME / "task_configs"
PRESETS = TASK_CONFIGS / "presets"
MIXES = _HOME / "data_jsons" / "mixes"


def cache_dir() -> Path:
    """The user's cache folder for qagen (``QAGEN_CACHE``, else ``XDG_CACHE_HOME``, else ``~/.cache``)."""
    if "QAGEN_CACHE" in os.environ:
        return Path(os.environ["QAGEN_CACHE"])
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "qagen"
