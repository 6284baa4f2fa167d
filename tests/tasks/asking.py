"""Asking one question of a hand-made scene."""

from typing import Any, cast

from qagen.core.question import Question, Skip
from qagen.core.scene import Scene
from qagen.tasks._base import Family
from qagen.tasks.registry import load_task
from qagen.visibility.views import SceneViews, observe
from tests.scenes import roles


def ask(
    type_name: str,
    seen: Scene | SceneViews,
    frames: tuple[int, ...] = (0,),
    overrides: dict[str, Any] | None = None,
    **parts: str | tuple[str, int],
) -> Question | Skip:
    """Ask a type about frames and roles: ``ask("depth_prediction_oc", scene, red="chair", blue="table")``."""
    family: Family = load_task(type_name, overrides)
    views = observe(seen) if isinstance(seen, Scene) else seen
    if not parts:
        return cast(Any, family).ask(views, frames)
    assert family.marks is not None
    return cast(Any, family).ask(views, frames, roles(views, frames, family.marks.kind, **parts))


def text(asked: Question | Skip) -> str:
    """The answer's text, or why there is none: ``Skip: ambiguous``."""
    return f"Skip: {asked.reason}" if isinstance(asked, Skip) else asked.answer.text


def question(asked: Question | Skip) -> Question:
    """The question, where a refusal would be wrong."""
    assert isinstance(asked, Question), asked
    return asked
