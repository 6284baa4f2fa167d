"""Which types of qagen a public benchmark asks, and a question as a row of its data and of VLMEvalKit's table.

Rows are the public ones: what lmms-eval's task and VLMEvalKit's class read. The questions are qagen's own.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from qagen.records.benches import MMSI, REVSI_NUMBERS, VSI_NUMBERS
from qagen.records.shards import IMAGE, IMAGES, INTEGER, TEXT

OPTION = re.compile(r"^([A-F])\. *(.*?) *$")
FARTHEST = re.compile(r"\bfarthe(st|r)\b", re.I)
NUMBERS = frozenset((*VSI_NUMBERS, *REVSI_NUMBERS))
"""Question types that are answered by a number."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question without the wording of one answer format."""

    stem: str
    """The question alone."""
    options: tuple[str, ...]
    """``A. left`` and so on; empty for numbers."""
    answer: str
    """A letter or a number."""

    @property
    def answer_with_option(self) -> str:
        """``B. left``."""
        return next((option for option in self.options if option.startswith(f"{self.answer}.")), self.answer)

    @property
    def contents(self) -> dict[str, str]:
        """Options by letter."""
        return {option[0]: option[3:] for option in self.options}


@dataclass(frozen=True, slots=True)
class FormRow:
    """A question of a form, before its media are written."""

    id: int
    """Running number."""
    kind: str
    """Question type of the benchmark."""
    asked: Asked
    """The question."""
    dataset: str
    """Name of the dataset."""
    video: str = ""
    """Name of the video without its ending; "" where there are images."""
    frames: int = 0
    """Number of frames of the run's videos, where the form tells it."""
    images: tuple[dict[str, Any], ...] = ()
    """Bytes and names of the images."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a public benchmark asks."""

    title: str
    """Name of the benchmark."""
    types: Mapping[str, str]
    """Question type by type of qagen; several types may be one question type."""
    features: Mapping[str, Any]
    """Columns of the data."""
    row: Callable[[FormRow], dict[str, Any]]
    """A row of the data."""
    table: str
    """File name of VLMEvalKit's table."""
    table_row: Callable[[FormRow], dict[str, Any]]
    """A row of it, without images."""
    scorers: tuple[str, ...]
    """Scorers of ``qagen score``."""
    has_videos: bool = False
    """Whether questions are about videos."""
    by_frames: bool = False
    """Whether there is a file for each number of frames."""
    by_kind: bool = False
    """Whether there is a file for each question type."""
    config: str = "default"
    """Name of the configuration that has all files; empty where each file is a configuration of its own."""
    split: str = "test"
    """Name of the split, and of the file where there is one."""

    def kind_of(self, task: str, text: str) -> str | None:
        """Question type of a record of qagen; None if the benchmark does not ask such a question."""
        kind = self.types.get(task)
        if task == "relative_distance_video" and FARTHEST.search(text):
            return None if kind == "object_rel_distance" else "object_rel_distance_farthest"
        return kind

    def format_of(self, task: str) -> str:
        """The answer format in which a type is asked."""
        return "fill" if self.types[task] in NUMBERS else "select"


def asked_of(human: str, gpt: str) -> Asked:
    """The question of a fill or select record, whose last lines say how to answer."""
    lines = human.split("\n")
    options = tuple(line.rstrip() for line in lines if OPTION.match(line))
    end = lines.index(next(line for line in lines if OPTION.match(line))) if options else len(lines)
    return Asked("\n".join(lines[: max(end - 1, 1)]), options, gpt.strip())


# --- rows -------------------------------------------------------------------------------------------------------------


def _vsi_row(row: FormRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "dataset": row.dataset,
        "scene_name": row.video,
        "question_type": row.kind,
        "question": row.asked.stem,
        "options": list(row.asked.options) or None,
        "ground_truth": row.asked.answer,
    }


def _vsi_table(row: FormRow) -> dict[str, Any]:
    return {
        "index": row.id,
        "video": f"{row.dataset}/{row.video}.mp4",
        "question_type": row.kind,
        "question": row.asked.stem,
        "candidates": str(list(row.asked.options)),
        "answer": row.asked.answer,
    }


def _revsi_row(row: FormRow) -> dict[str, Any]:
    found = _vsi_row(row)
    return {"scene_id" if key == "scene_name" else key: value for key, value in found.items()} | {
        "num_frames": row.frames
    }


def _revsi_table(row: FormRow) -> dict[str, Any]:
    return {"index": row.id, **_revsi_row(row), "options": str(list(row.asked.options)), "video": f"{row.video}.mp4"}


def _mmsi_row(row: FormRow) -> dict[str, Any]:
    options = ", ".join(f"{letter}: {text}" for letter, text in row.asked.contents.items())
    return {
        "id": row.id,
        "images": list(row.images),
        "question_type": MMSI[row.kind],
        "question": f"{row.asked.stem}\nOptions: {options}",
        "answer": row.asked.answer,
        "thought": "",
    }


def _letters_table(row: FormRow) -> dict[str, Any]:
    letters = {letter: row.asked.contents.get(letter, "") for letter in "ABCDEF"}
    return {"index": row.id, "category": row.kind, "question": row.asked.stem, **letters, "answer": row.asked.answer}


def _viewspatial_row(row: FormRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "question_type": row.kind,
        "images": list(row.images),
        "question": row.asked.stem,
        "choices": "\n".join(row.asked.options),
        "answer": row.asked.answer_with_option,
    }


def _viewspatial_table(row: FormRow) -> dict[str, Any]:
    found = _viewspatial_row(row)
    kept = {key: found[key] for key in ("question_type", "question", "answer")}
    return {"index": row.id, **kept, "candidates": found["choices"]}


def _mindcube_row(row: FormRow) -> dict[str, Any]:
    question = " ".join([row.asked.stem.replace("\n", " "), *row.asked.options])
    prompt = "\n".join([*["<image>"] * len(row.images), question, "Write the letter of the right option."])
    return {
        "id": f"{row.kind}_{row.dataset}_{row.id}",
        "images": list(row.images),
        "question": question,
        "input_prompt": prompt,
        "gt_answer": row.asked.answer,
    }


def _mindcube_table(row: FormRow) -> dict[str, Any]:
    found = _mindcube_row(row)
    kept = {key: found[key] for key in ("question", "input_prompt")}
    return {"index": row.id, "category": row.kind, **kept, "answer": row.asked.answer}


def _blink_row(row: FormRow) -> dict[str, Any]:
    choices = list(row.asked.contents.values())
    lines = [f"({letter}) {text}" for letter, text in row.asked.contents.items()]
    return {
        "idx": f"val_{row.kind}_{row.id}",
        "sub_task": row.kind,
        "question": row.asked.stem,
        **dict(zip_longest(BLINK_IMAGES, row.images)),
        "choices": choices,
        "answer": f"({row.asked.answer})",
        "prompt": "\n".join([row.asked.stem, "Choose one of these:", *lines]),
    }


# --- the forms --------------------------------------------------------------------------------------------------------


def _features(names: Sequence[str]) -> dict[str, Any]:
    kinds = {"id": INTEGER, "num_frames": INTEGER, "images": IMAGES, "options": [TEXT]}
    kinds |= {"choices": [TEXT], **dict.fromkeys(BLINK_IMAGES, IMAGE)}
    return {name: kinds.get(name, TEXT) for name in names}


BLINK_IMAGES = ("image_1", "image_2", "image_3", "image_4")
VIDEO_COLUMNS = ("id", "dataset", "scene_name", "question_type", "question", "options", "ground_truth")
COMMON = {
    "distance_closest_video": "object_abs_distance",
    "object_size_video": "object_size_estimation",
}
FORMS: dict[str, Form] = {
    "vsi": Form(
        "VSI-Bench",
        {
            **COMMON,
            "obj_count": "object_counting",
            "room_size": "room_size_estimation",
            "relative_distance_video": "object_rel_distance",
            **{
                f"relative_direction_{level}_video": f"object_rel_direction_{level}"
                for level in ("easy", "medium", "hard")
            },
            "appearance_order": "obj_appearance_order",
        },
        _features(VIDEO_COLUMNS),
        _vsi_row,
        "VSI-Bench.tsv",
        _vsi_table,
        ("lmms-vsibench", "vlmevalkit-vsibench", "thinking-in-space"),
        has_videos=True,
        config="full",
    ),
    "revsi": Form(
        "ReVSI",
        {
            **COMMON,
            "obj_count": "object_counting_single",
            "obj_count_two_video": "object_counting_multiple",
            "room_size": "room_size_estimation_single",
            "relative_distance_video": "object_rel_distance_closest",
            **{
                f"relative_direction_{level}_video": f"object_rel_direction_forward_{level}"
                for level in ("easy", "hard")
            },
            **{
                f"relative_direction_backward_{level}_video": f"object_rel_direction_backward_{level}"
                for level in ("easy", "hard")
            },
        },
        _features([name.replace("scene_name", "scene_id") for name in (*VIDEO_COLUMNS, "num_frames")]),
        _revsi_row,
        "{frames}_frame.tsv",
        _revsi_table,
        ("revsi",),
        has_videos=True,
        by_frames=True,
        config="",
    ),
    "mmsi": Form(
        "MMSI-Bench",
        {
            "camera_relation_mv": "Pos-Cam-Cam",
            "camera_relation_height_mv": "Pos-Cam-Cam",
            "camera_relation_pair_mv": "Pos-Cam-Cam",
            "direction_from_camera_mv": "Pos-Cam-Obj",
            "direction_cardinal_mv": "Pos-Obj-Obj",
            "direction_standing_at_mv": "Pos-Obj-Obj",
            "distance_surface_oo_mv": "Attr-Meas",
            "camera_rotation_mv": "Motion-Cam",
            "camera_relation_turn_mv": "Motion-Cam",
            "turn_and_look_mv": "MSR",
        },
        _features(("id", "images", "question_type", "question", "answer", "thought")),
        _mmsi_row,
        "MMSIBench_wo_circular.tsv",
        _letters_table,
        ("lmms-mmsi", "vlmevalkit-mmsi"),
    ),
    "viewspatial": Form(
        "ViewSpatial-Bench",
        {
            "direction_from_camera_single": "Camera perspective - Relative Direction",
            "obj_spatial_relation_oo": "Camera perspective - Relative Direction",
            "direction_standing_at_mv": "Person perspective - Scene Simulation Relative Direction",
        },
        {**_features(("id", "question_type", "images", "question", "choices", "answer")), "choices": TEXT},
        _viewspatial_row,
        "ViewSpatialBench.tsv",
        _viewspatial_table,
        ("lmms-viewspatial", "vlmevalkit-viewspatial"),
    ),
    "mindcube": Form(
        "MindCube",
        {
            "turn_and_look_mv": "rotation",
            "direction_from_camera_mv": "among",
            "direction_standing_at_mv": "among",
            "camera_relation_mv": "around",
            "obj_spatial_relation_oo_mv": "around",
        },
        {**_features(("id", "images", "question", "input_prompt", "gt_answer")), "id": TEXT},
        _mindcube_row,
        "MindCubeBench_raw_qa.tsv",
        _mindcube_table,
        ("lmms-mindcube", "vlmevalkit-mindcube"),
        by_kind=True,
        config="full",
    ),
    "blink": Form(
        "BLINK",
        {
            "camera_relation_turn_mv": "Multi-view_Reasoning",
            "depth_order_points": "Relative_Depth",
            "point_correspondence": "Visual_Correspondence",
        },
        _features(("idx", "sub_task", "question", *BLINK_IMAGES, "choices", "answer", "prompt")),
        _blink_row,
        "BLINK.tsv",
        _letters_table,
        ("lmms-blink",),
        by_kind=True,
        config="",
        split="val",
    ),
}
