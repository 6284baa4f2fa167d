"""qagen turns 3D-annotated scenes into spatial question-answer data for vision-language models.

What there is to use from Python is listed in ``__all__`` and described in docs/python.md; it is imported when it is
first used, so that ``import qagen`` costs nothing.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "open_scene": "qagen.api.scene",
    "open_scenes": "qagen.api.scene",
    "open_run": "qagen.api.run",
    "stream": "qagen.api.stream",
    "OpenScene": "qagen.api.scene",
    "OpenRun": "qagen.api.run",
    "Stream": "qagen.api.stream",
    "QASample": "qagen.api.sample",
    "Samples": "qagen.api.sample",
    "Verdict": "qagen.api.sample",
    "Question": "qagen.core.question",
    "QagenError": "qagen.errors",
}
"""Public names and the modules that define them; ``__init__.pyi`` tells them to type checkers."""
__all__ = ["__version__", *_HOMES]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    from qagen.errors import did_you_mean

    raise AttributeError(f"module 'qagen' has no attribute '{name}'.{did_you_mean(name, _HOMES)}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
