"""SPAR-Bench as its public scorers define it: twenty tasks, each in one answer format, and three levels."""

from typing import Any

from qagen.records.shards import IMAGES, INTEGER, TEXT

NUMBER_TASKS = (
    "depth_prediction_oc",
    "depth_prediction_oc_mv",
    "depth_prediction_oo",
    "depth_prediction_oo_mv",
    "distance_prediction_oc",
    "distance_prediction_oc_mv",
    "distance_prediction_oo",
    "distance_prediction_oo_mv",
)
"""Answered by a number, scored by mean relative accuracy."""
CHOICE_TASKS = (
    "position_matching",
    "camera_motion_infer",
    "distance_infer_center_oo",
    "distance_infer_center_oo_mv",
    "obj_spatial_relation_oc_mv",
    "obj_spatial_relation_oo",
    "obj_spatial_relation_oo_mv",
    "spatial_imagination_oc",
    "spatial_imagination_oc_mv",
    "spatial_imagination_oo",
    "spatial_imagination_oo_mv",
)
"""Answered by a letter, scored by accuracy."""
VIEW_CHANGE = "view_change_infer"
"""Answered by five movements, scored by their mean relative accuracy."""
TASKS = (*NUMBER_TASKS, *CHOICE_TASKS, VIEW_CHANGE)

LEVELS = {
    "low": NUMBER_TASKS,
    "medium": (*CHOICE_TASKS[:2], VIEW_CHANGE),
    "high": CHOICE_TASKS[2:],
}

AXES = (
    ("move_right", "move_left"),
    ("move_up", "move_down"),
    ("move_forward", "move_backward"),
    ("rotate_right", "rotate_left"),
    ("rotate_up", "rotate_down"),
)
"""The five movements of a view change, each with its opposite."""

FEATURES: dict[str, Any] = {
    "id": INTEGER,
    **dict.fromkeys(("img_type", "format_type", "task", "source"), TEXT),
    "image": IMAGES,
    "question": TEXT,
    "answer": TEXT,
}
"""The columns of its parquet, in its order."""
MEANINGS = {
    "id": "number of the question",
    "img_type": "single_view or multi_view",
    "format_type": "fill or select",
    "task": "task type",
    "source": "folder of the run that it comes from",
    "image": "the images in order, marks drawn",
    "question": "plain text",
    "answer": "a number, movements, or a letter",
}
"""What each column holds."""


def format_of(task: str) -> str | None:
    """The answer format in which SPAR-Bench asks a task; None for other tasks."""
    if task not in TASKS:
        return None
    return "select" if task in CHOICE_TASKS else "fill"


def is_asked(task: str, answer_format: str) -> bool:
    """Whether SPAR-Bench asks a task in that answer format, and its scorers know what to do with an answer."""
    return format_of(task) == answer_format
