"""Records of a generator that believes a wrong annotation: the audit must not agree with them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Check, Verdict, worst_verdict
from qagen.audit.eligibility import check_eligibility
from qagen.audit.from_loader import to_audit_scene
from qagen.audit.scene import AuditScene, fit_upright_box
from qagen.audit.settings import RunSettings, task_parameters
from qagen.audit.solvers.registry import examine
from qagen.audit.truth import SceneTruth
from qagen.core.box import Box3D
from qagen.core.pose import Pose
from tests.scenes import at, facing, room, with_depth

SHELL = at(0, 0, 1.4, (7, 6, 2.8))
TABLE_TOP = at(0, 0, 0.72, (1.2, 0.8, 0.08))
LEGS = tuple(at(x, y, 0.34, (0.1, 0.1, 0.68)) for x in (-0.5, 0.5) for y in (-0.3, 0.3))
CHAIRS = tuple(at(x, y, 0.45, (0.5, 0.45, 0.9)) for x, y in ((-1.0, 0.8), (0.2, -0.9), (1.1, 0.6)))


def all_round(target: Sequence[float] = (0, 0, 0.4), height: float = 1.5, count: int = 14) -> list[Pose]:
    return [facing(target, at=(2.4 * np.cos(a), 2.2 * np.sin(a), height)) for a in np.linspace(0, 2 * np.pi, count)]


def from_front(target: Sequence[float], count: int = 14) -> list[Pose]:
    return [facing(target, at=(x, -2.3, 1.2)) for x in np.linspace(-1.0, 1.0, count)]


def scan(
    boxes: Mapping[str, Box3D | Sequence[Box3D]],
    cameras: Sequence[Pose],
    unowned: Sequence[Box3D] = (),
    also: Sequence[Box3D] = (),
    without: Sequence[str] = (),
) -> AuditScene:
    """A scene of which ``unowned`` is called wall, ``also`` is measured only, ``without`` is not measured."""
    scene = with_depth(room(boxes, cameras, SHELL, walls=unowned), also=[*unowned, *also], without=without, shell=SHELL)
    return to_audit_scene(scene, "handmade")


@lru_cache(maxsize=2)
def truth_of(scene: AuditScene) -> SceneTruth:
    return SceneTruth.of(scene)


def index_of(scene: AuditScene, label: str) -> int:
    return next(k for k, one in enumerate(scene.instances) if one.label == label)


def best_frames(truth: SceneTruth, instance: int, count: int = 1) -> list[str]:
    names = list(truth.scene.views)
    return sorted(names, key=lambda name: -truth.rendered(name).pixels(instance))[:count]


def box_in(truth: SceneTruth, frame: str, instance: int) -> list[int]:
    box = truth.rendered(frame).box(instance)
    assert box is not None
    return np.rint(box).astype(int).tolist()


def checks_of(
    truth: SceneTruth, kind: str, answer_format: str, human: str, gpt: str, frames: Sequence[str], **marks: Any
) -> list[Check]:
    turns = [{"from": "human", "value": human}, {"from": "gpt", "value": gpt}]
    images = [f"room/image_color/{name}.jpg" for name in frames]
    raw = {"id": "room_1", "conversations": turns, "image": images, "type": kind, **marks}
    record = AuditRecord(kind, answer_format, "here", raw, {}, "room", task_parameters(kind))
    found, resolved = examine(record, truth)
    checks = [*found, *check_eligibility(record, resolved, truth, RunSettings())]
    return [check for check in checks if not check.what.startswith("evidence")]


def asked_for_size(scene: AuditScene, label: str) -> list[Check]:
    truth, instance = truth_of(scene), index_of(scene, label)
    (frame,) = best_frames(truth, instance)
    sides = np.rint(scene.instances[instance].box.size * 100).astype(int)
    answer = f"{max(sides[:2])},{min(sides[:2])},{sides[2]}"
    marks = {"red_bbox": [box_in(truth, frame, instance)], "bbox_img_idx": [[0]]}
    question = f"What are the length, width and height of the {label} (red box) in centimeters?"
    return checks_of(truth, "spatial_volume_infer", "fill", question, answer, [frame], **marks)


def asked_for_distance(scene: AuditScene, label: str) -> list[Check]:
    truth, instance = truth_of(scene), index_of(scene, label)
    (frame,) = best_frames(truth, instance)
    left, top, right, bottom = box_in(truth, frame, instance)
    away = np.linalg.norm(truth.center(instance) - scene.views[frame].eye)
    question = f"How many meters separate the observer from the center of the {label} (red point)?"
    marks = {"red_point": [[(left + right) // 2, (top + bottom) // 2]], "point_img_idx": [[0]]}
    return checks_of(truth, "distance_prediction_oc", "fill", question, f"{away:.1f}", [frame], **marks)


def asked_for_match(scene: AuditScene, label: str) -> list[Check]:
    truth, instance = truth_of(scene), index_of(scene, label)
    first = best_frames(truth, instance)[0]
    second = max(scene.views, key=lambda name: np.linalg.norm(scene.views[name].eye - scene.views[first].eye))
    question = f"The {label} (red box) of the first image: where is it in the second image?"
    marks = {"red_bbox": [box_in(truth, first, instance)], "bbox_img_idx": [[0]]}
    answer = str(box_in(truth, second, instance))
    return checks_of(truth, "position_matching", "fill", question, answer, [first, second], **marks)


def asked_for_nearest(scene: AuditScene, label: str) -> list[Check]:
    truth, instance = truth_of(scene), index_of(scene, label)
    (frame,) = best_frames(truth, instance)
    question = f"Which is closest to the observer of these kinds: {label}? Give its name and box."
    return checks_of(
        truth, "distance_infer_center_oc", "fill", question, f"{label}, {box_in(truth, frame, instance)}", [frame]
    )


def asked_for_count(scene: AuditScene, label: str, count: int) -> list[Check]:
    question = f"How many {label}s does the video show?"
    return checks_of(truth_of(scene), "obj_count", "fill", question, str(count), list(scene.views))


def asked_for_area(scene: AuditScene) -> list[Check]:
    truth = truth_of(scene)
    question = "What is the floor area of the scanned space in square meters?"
    return checks_of(truth, "room_size", "fill", question, f"{truth.plan.area:.1f}", list(scene.views))


def faults(checks: Sequence[Check]) -> list[str]:
    return [f"{check.what}: {check.found}" for check in checks if check.verdict is Verdict.DISAGREE]


def without_names(scene: AuditScene, faces: slice) -> AuditScene:
    """The scene with some of its surface annotated as nothing."""
    assert scene.face_instance is not None
    owners = scene.face_instance.copy()
    owners[faces] = -1
    return replace(scene, face_instance=owners)


def repainted(scene: AuditScene, label: str, unowned: int) -> AuditScene:
    """The scene in which an object also owns the first of the surfaces without owner, which come after the room."""
    assert scene.vertices is not None
    assert scene.faces is not None
    assert scene.face_instance is not None
    owners, instance = scene.face_instance.copy(), index_of(scene, label)
    owners[12 : 12 * (1 + unowned)] = instance
    box = fit_upright_box(scene.vertices[np.unique(scene.faces[owners == instance])])
    changed = replace(scene.instances[instance], box=box, points=None)
    instances = tuple(changed if k == instance else one for k, one in enumerate(scene.instances))
    return replace(scene, instances=instances, face_instance=owners)


def unscanned(scene: AuditScene, label: str, axis: int, sign: int) -> AuditScene:
    """The scene without the surface of one side of an object, which no camera saw."""
    assert scene.vertices is not None
    assert scene.faces is not None
    assert scene.face_instance is not None
    instance = index_of(scene, label)
    box = scene.instances[instance].box
    outward = sign * (scene.vertices[scene.faces] - box.center)[..., axis]
    kept = (scene.face_instance != instance) | (outward < box.size[axis] / 2 - 1e-3).any(axis=1)
    assert np.count_nonzero(~kept) == 2
    return replace(scene, faces=scene.faces[kept], face_instance=scene.face_instance[kept])


def whole_table() -> AuditScene:
    return repainted(scan({"table": TABLE_TOP}, all_round(), unowned=LEGS), "table", len(LEGS))


def test_what_was_scanned_all_round_agrees() -> None:
    scene = scan({"chair": CHAIRS, "box": at(0, 0, 0.3, (0.6, 0.5, 0.6))}, all_round())
    askers = (asked_for_size, asked_for_distance, asked_for_match, asked_for_nearest)
    for checks in (ask(scene, "box") for ask in askers):
        assert worst_verdict(checks) is Verdict.AGREE, checks
    assert worst_verdict(asked_for_count(scene, "chair", 3)) is Verdict.AGREE
    assert worst_verdict(asked_for_area(scene)) is Verdict.AGREE
    assert faults(asked_for_size(whole_table(), "table")) == []


def test_a_table_whose_legs_are_called_floor() -> None:
    scene = scan({"table": TABLE_TOP}, all_round(), unowned=LEGS)
    for checks in (asked_for_size(scene, "table"), asked_for_match(scene, "table"), asked_for_nearest(scene, "table")):
        assert any("annotation of table" in fault for fault in faults(checks)), checks


def test_a_front_without_a_body() -> None:
    front, body = at(0, 1.0, 0.5, (1.6, 0.1, 0.9)), at(0, 1.35, 0.5, (1.6, 0.6, 0.9))
    scene = unscanned(scan({"cabinet": front}, from_front((0, 1.0, 0.4)), also=[body]), "cabinet", 1, 1)
    assert any("extent of cabinet" in fault for fault in faults(asked_for_size(scene, "cabinet")))
    assert any("center of cabinet" in fault for fault in faults(asked_for_distance(scene, "cabinet")))


def test_a_stand_behind_a_bed() -> None:
    bed, upper, lower = (
        at(0, 1.2, 0.3, (2.6, 1.6, 0.6)),
        at(0, 2.6, 0.7, (0.5, 0.4, 0.4)),
        at(0, 2.6, 0.25, (0.5, 0.4, 0.5)),
    )
    scene = scan({"bed": bed, "nightstand": upper}, from_front((0, 2.0, 0.6)), also=[lower])
    scene = unscanned(scene, "nightstand", 2, -1)
    checks = asked_for_size(scene, "nightstand")
    sides = [check.stated for check in checks if check.verdict is Verdict.DISAGREE]
    assert "lower side observed" in sides


def test_a_chair_that_is_not_in_the_aggregation() -> None:
    scene = without_names(scan({"chair": CHAIRS[:2]}, all_round(), unowned=CHAIRS[2:]), slice(12, 24))
    assert any("every chair annotated" in fault for fault in faults(asked_for_count(scene, "chair", 2)))


def test_a_scan_that_is_hardly_annotated() -> None:
    scene = without_names(scan({"chair": CHAIRS}, all_round()), slice(0, 12))
    assert any("annotated share" in fault for fault in faults(asked_for_count(scene, "chair", 3)))


def test_a_lounge_without_walls() -> None:
    floor = at(0, 0, -0.05, (6, 5, 0.1))
    views = [pose for height in (1.2, 1.8) for pose in all_round(height=height)]
    scene = to_audit_scene(with_depth(room({"chair": CHAIRS}, views, shell=floor), shell=floor), "handmade")
    assert any("outline of the room" in fault for fault in faults(asked_for_area(scene)))


def test_a_towel_that_was_taken_away() -> None:
    boxes = {"chair": CHAIRS[0], "towel": at(0.1, 0, 0.9, (0.5, 0.1, 0.5))}
    assert faults(asked_for_distance(scan(boxes, all_round((0, 0, 0.8))), "towel")) == []
    scene = scan(boxes, all_round((0, 0, 0.8)), without=["towel"])
    assert any("towel (id 11) in its place" in fault for fault in faults(asked_for_distance(scene, "towel")))


def test_a_guitar_with_a_piece_of_wall() -> None:
    guitar, patch = at(0, 2.8, 0.5, (0.4, 0.3, 1.0)), at(-0.45, 2.98, 0.8, (0.5, 0.02, 0.05))
    views = from_front((0, 2.5, 0.5))
    scene = scan({"guitar": guitar}, views, unowned=[patch])
    assert not any("surface of guitar" in fault for fault in faults(asked_for_size(scene, "guitar")))
    found = faults(asked_for_size(repainted(scene, "guitar", 1), "guitar"))
    assert any("surface of guitar" in fault for fault in found)
