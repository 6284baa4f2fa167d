"""Samples as SPAR training records, and the evidence of each (tasks.md, section 8)."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qagen.core.answer import Choice
from qagen.core.box import Box3D
from qagen.core.question import MarkedObject, MarkedPlace, Question
from qagen.core.sample import FORMATS, Sample
from qagen.core.scene import Frame, Scene
from qagen.tasks._base import Family
from qagen.visibility.views import SceneViews

DECIMALS = 5
ID_STRIDE = 1024
MIRRORED = "_mirror"
"""Ending of the names of folders with mirrored images: ``image_color_mirror``, ``video_color_mirror``."""


def sample_id(scene_id: str, code: int, answer_format: str, index: int) -> str:
    """An id that depends on nothing but the scene, the type, the format and the sample's place among its own."""
    return f"{scene_id}_{index * ID_STRIDE + code * len(FORMATS) + FORMATS.index(answer_format)}"


def to_record(sample: Sample, family: Family, views: SceneViews, rgbd: bool) -> dict[str, Any]:
    """The SPAR training record."""
    record: dict[str, Any] = {
        "id": sample.id,
        "conversations": [{"from": "human", "value": sample.human}, {"from": "gpt", "value": sample.gpt}],
        "image": image_paths(sample, views),
        "type": family.config.record_type or sample.type,
    }
    if rgbd:
        record["depth"] = _image_paths(sample.question, views, depth_path, "depth")
    return record | _mark_columns(() if sample.question.is_twin else sample.question.marks, family)


def image_paths(sample: Sample, views: SceneViews) -> list[str]:
    """Paths of a sample's images below the images folder; those of a mirrored scene lie in folders of their own."""
    paths = _image_paths(sample.question, views, color_path, "color")
    if not is_mirrored(sample):
        return paths
    return [path.replace("_color/", f"_color{MIRRORED}/", 1) for path in paths]


def is_mirrored(sample: Sample) -> bool:
    """Whether a sample is about the scene in the mirror."""
    return sample.group is not None and sample.group.variant == "mirror"


def _image_paths(question: Question, views: SceneViews, path: Callable[[str, Frame], str], kind: str) -> list[str]:
    frames = [views.frames[i] for i in question.frames]
    if not shows_video_files(question):
        return [path(views.scene.id, frame) for frame in frames]
    return [
        f"{views.scene.id}/video_{kind}/{video_name(position, frame)}.{path('', frame).rpartition('.')[2]}"
        for position, frame in enumerate(frames)
    ]


def shows_video_files(question: Question) -> bool:
    """Whether the images are the files of the scene's video; the frames of other videos are files of single images."""
    return question.is_video and not question.is_twin


def video_name(position: int, frame: Frame) -> str:
    """File name, without its ending, of a frame at a position of the video."""
    return f"frame{position}_{frame.id}"


def _mark_columns(roles: Sequence[MarkedObject | MarkedPlace], family: Family) -> dict[str, Any]:
    marks = family.marks
    if marks is None or not marks.names:
        return {}
    columns: dict[str, Any] = dict.fromkeys(marks.names)
    if not roles:
        return columns
    if marks.listed:
        columns[f"{marks.recorded}_list"] = [[list(role.place) for role in roles]]
        columns[f"{marks.recorded}_img_idx"] = [[role.image for role in roles]]
        return columns
    for role in roles:
        columns[f"{role.color}_{role.kind}"] = [list(role.place)]
    if marks.indexed:
        placed = sorted(roles, key=lambda role: marks.colors.index(role.color))
        columns[f"{marks.recorded}_img_idx"] = [[role.image for role in placed]]
    return columns


def to_evidence(sample: Sample, views: SceneViews, run: Mapping[str, Any]) -> dict[str, Any]:
    """The quantities that the answer of a sample follows from."""
    question, decimals = sample.question, decimals_of(views.scene.reported_unit, DECIMALS)
    is_length = question.margin_unit == "m"
    margin = question.margin * (views.scene.reported_unit if is_length else 1.0)
    return {
        "id": sample.id,
        "scene": views.scene.id,
        "type": sample.type,
        "format": sample.format,
        "frames": [views.frames[i].id for i in question.frames],
        "objects": [_object_evidence(role, question, views) for role in question.roles],
        **({"places": [_place_evidence(place) for place in question.places]} if question.places else {}),
        "answer": _answer_evidence(question, views),
        "unit": None if views.units is None else views.units.length.symbol,
        "measured": _rounded(_reported(dict(question.measured), views.scene), decimals),
        "margin": _rounded(margin, decimals),
        "margin_unit": "u" if is_length and views.units is None else question.margin_unit,
        "added": dict(sample.added),
        "rationale": [dict(step) for step in sample.rationale],
        **({} if sample.group is None else {"group": sample.group.evidence}),
        **run,
    }


def _answer_evidence(question: Question, views: SceneViews) -> str:
    if isinstance(question.answer, Choice) and question.places:
        return f"{question.answer.right} point"
    if isinstance(question.answer, Choice):
        chosen = next(role for role in question.roles if role.color == question.answer.right)
        return f"{chosen.alias or chosen.color}: {views.scene.objects[chosen.object].label}"
    return (question.answer if views.units is None else question.answer.told(views.units)).text


def _reported(values: Mapping[str, Any], scene: Scene) -> dict[str, Any]:
    """Measured values with their lengths and areas in meters; in units of the data, under other names, without a scale.

    The names of lengths end in ``_m``, those of areas in ``_m2``.
    """
    reported: dict[str, Any] = {}
    for name, value in values.items():
        power = {"_m": 1, "_m2": 2}.get(name[name.rfind("_") :], 0) if "_" in name else 0
        own_name = name if not power or scene.unit_m is not None else name[: name.rfind("_")] + ("_u", "_u2")[power - 1]
        reported[own_name] = _multiplied(value, scene.reported_unit**power)
    return reported


def _multiplied(value: Any, factor: float) -> Any:
    if factor == 1.0:
        return value
    return [_multiplied(part, factor) for part in value] if isinstance(value, list) else value * factor


def _object_evidence(role: MarkedObject, question: Question, views: SceneViews) -> dict[str, Any]:
    item, frame = views.scene.objects[role.object], question.frames[role.image]
    evidence = {
        "color": role.color,
        "alias": role.alias,
        "image": role.image,
        "id": item.id,
        "label": item.label,
        "center_m": item.box.center.tolist(),
        "size_m": item.box.size.tolist(),
        **_turn_evidence(item.box, views.scene),
        "center_in_camera_m": views.centers[frame, role.object].tolist(),
        "visible_fraction": float(views.visible_fraction[frame, role.object]),
        "visible_pixels": float(views.visible_pixels[frame, role.object]),
    }
    return _rounded(_reported(evidence, views.scene), decimals_of(views.scene.reported_unit, DECIMALS))


def _place_evidence(marked: MarkedPlace) -> dict[str, Any]:
    return {"color": marked.color, "image": marked.image, "place": list(marked.place)}


def _turn_evidence(box: Box3D, scene: Scene) -> dict[str, Any]:
    """How a box is turned: about the vertical; by its axes, one a row, in a world that is not level."""
    return {"yaw_deg": math.degrees(box.yaw_rad)} if scene.is_level else {"axes": box.rotation.T.tolist()}


def decimals_of(unit: float, decimals: int) -> int:
    """Decimals that tell as much as so many do at room scale, for lengths of a world with this reported unit."""
    return decimals + max(0, math.ceil(-math.log10(unit)))


def _rounded(value: Any, decimals: int) -> Any:
    """The same structure with rounded floats; a value that is not finite is a bug, not data."""
    if isinstance(value, dict):
        return {key: _rounded(item, decimals) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item, decimals) for item in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("evidence is not finite")
        return round(value, decimals) + 0.0
    return value


def color_path(scene_id: str, frame: Frame) -> str:
    """Path of a frame's image relative to the images folder."""
    return f"{scene_id}/image_color/{frame.id}{frame.color.suffix}"


def depth_path(scene_id: str, frame: Frame) -> str:
    """Path of a frame's depth image relative to the images folder."""
    return f"{scene_id}/image_depth/{frame.id}.png"
