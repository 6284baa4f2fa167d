"""Solvers on hand-made records: what is right agrees, what is off by little does not."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Verdict, worst_verdict
from qagen.audit.parse import tokenize
from qagen.audit.perturb import Stability
from qagen.audit.raw_scannet import read_scene
from qagen.audit.resolve_marks import ResolvedMark
from qagen.audit.settings import task_parameters
from qagen.audit.solvers.base import NumberSolver
from qagen.audit.solvers.count import plurals
from qagen.audit.solvers.directions import ExpectedSlot, facing_words, subject_and_reference
from qagen.audit.solvers.nearest import NearestOfAllSolver
from qagen.audit.solvers.registry import check_answer, examine, solver_of, solvers_by_family
from qagen.audit.truth import SceneTruth
from qagen.errors import SceneError
from qagen.files import TASK_CONFIGS
from tests.audit.room import FRAMES, OBJECTS, SCENE, camera, draw, write_scan


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> SceneTruth:
    root = tmp_path_factory.mktemp("room")
    write_scan(root)
    return SceneTruth.of(read_scene(root, SCENE))


def record_of(kind: str, answer_format: str, human: str, gpt: str, frames: Sequence[str], **marks: Any) -> AuditRecord:
    turns = [{"from": "human", "value": human}, {"from": "gpt", "value": gpt}]
    images = [f"{SCENE}/image_color/{name}.jpg" for name in frames]
    record = {"id": f"{SCENE}_1", "conversations": turns, "image": images, "type": kind, **marks}
    return AuditRecord(kind, answer_format, "here", record, {}, SCENE, task_parameters(kind))


def verdict(record: AuditRecord, truth: SceneTruth) -> Verdict:
    checks = [check for check in examine(record, truth)[0] if not check.what.startswith("evidence")]
    return worst_verdict(checks)


ABSENT, SEEN = 0, 420
"""Pixels of an image of the room, four of which are one of 640 x 480, of what is absent and of what is surely seen."""


def shown(label: str, frames: Sequence[str]) -> list[list[list[int]]]:
    """Rows and columns that show something of that name in each of the frames, by exact intersection."""
    owners = [k for k, (name, _, _) in enumerate(OBJECTS) if name == label]
    return [np.argwhere(np.isin(draw(camera(int(name)))[0], owners)).tolist() for name in frames]


def decided_frames(labels: Sequence[str]) -> list[str]:
    """Frames in which each of these is surely seen or absent."""
    frames = [str(k) for k in range(FRAMES)]
    counts = np.array([[len(pixels) for pixels in shown(label, frames)] for label in labels])
    is_decided = ((counts == ABSENT) | (counts >= SEEN)).all(axis=0)
    return [name for name, decided in zip(frames, is_decided, strict=True) if decided]


def box_of(pixels: list[list[int]]) -> list[int]:
    (top, left), (bottom, right) = np.min(pixels, axis=0), np.max(pixels, axis=0) + 1
    return [round(left / 0.32), round(top / 0.24), round(right / 0.32), round(bottom / 0.24)]


@pytest.mark.slow
def test_frames_that_show_the_tv_agree_and_any_other_list_does_not(truth: SceneTruth) -> None:
    frames = decided_frames(["tv"])
    views = shown("tv", frames)
    numbers = [k for k, pixels in enumerate(views) if pixels]
    best = max(numbers, key=lambda k: len(views[k]))
    question = f"In which frames of the video can the tv (in Frame-{best}) (red box) be seen? List their numbers."
    marks = {"red_bbox": [box_of(views[best])], "bbox_img_idx": [[best]]}

    def verdict_on(listed: Sequence[int]) -> Verdict:
        names = [f"Frame-{k}" for k in listed]
        gpt = f"The tv can be seen in {', '.join(names[:-1])}, and {names[-1]}."
        return verdict(record_of("obj_frame_locate", "sentence", question, gpt, frames, **marks), truth)

    assert verdict_on(numbers) is Verdict.AGREE
    assert verdict_on([k for k in numbers if k != best]) is Verdict.DISAGREE
    assert verdict_on([k + 1 for k in numbers if k + 1 < len(frames)]) is Verdict.DISAGREE
    assert verdict_on(sorted({*numbers, next(k for k in range(len(frames)) if k not in numbers)})) is Verdict.DISAGREE


@pytest.mark.slow
def test_the_order_of_first_sightings_agrees_and_no_other_does(truth: SceneTruth) -> None:
    labels = ["tv", "bed", "refrigerator", "bathtub"]
    frames = decided_frames(labels)
    first = {name: next(k for k, pixels in enumerate(shown(name, frames)) if pixels) for name in labels}
    order = sorted(labels, key=lambda name: first[name])
    assert len(set(first.values())) == 4
    question = "Sort the following by when the video first shows one of them: bathtub, bed, refrigerator, and tv."

    def verdict_on(names: Sequence[str]) -> Verdict:
        return verdict(record_of("appearance_order", "fill", question, ", ".join(names), frames), truth)

    assert verdict_on(order) is Verdict.AGREE
    assert verdict_on([order[1], order[0], *order[2:]]) is Verdict.DISAGREE
    assert verdict_on(order[::-1]) is Verdict.DISAGREE
    assert verdict_on([*order[:3], "guitar"]) is Verdict.DISAGREE


@pytest.mark.slow
def test_the_angle_around_the_table_agrees_and_no_other_does(truth: SceneTruth) -> None:
    frames = [str(k) for k in range(FRAMES)]
    views = shown("table", frames)
    seen = [k for k in range(FRAMES) if len(views[k]) > 4 * SEEN]
    center = complex(*next(center for label, center, _ in OBJECTS if label == "table")[:2])
    places = [complex(*camera(k)[:2, 3]) - center for k in seen]
    pairs = [(a, b) for a in range(len(seen)) for b in range(a) if 20 < abs(turn_deg(places[a], places[b])) < 150]
    assert len(pairs) > 30
    for a, b in pairs[::12]:
        first, second = str(seen[a]), str(seen[b])
        right = 5 * round(abs(turn_deg(places[a], places[b])) / 5)
        marks = {"red_bbox": [box_of(views[seen[a]])]}

        def verdict_on(angle: int, names: tuple[str, str] = (first, second), marks: Any = marks) -> Verdict:
            question = (
                "Seen from above, how many degrees around the 3D center of the table (red box) are they apart?\n5."
            )
            return verdict(record_of("object_orbit", "fill", question, str(angle), names, **marks), truth)

        assert verdict_on(right) is Verdict.AGREE
        assert verdict_on(right + 10) is Verdict.DISAGREE
        assert verdict_on(360 - right) is Verdict.DISAGREE


def turn_deg(first: complex, second: complex) -> float:
    """The signed angle from one place on the floor to another, seen from the origin."""
    return float(np.degrees(np.angle(second / first)))


@pytest.mark.slow
def test_the_rotation_between_two_frames_agrees_and_no_other_does(truth: SceneTruth) -> None:
    # The camera turns by 9 degrees from frame to frame about the vertical, looking down by 14 degrees: a turn of 9 n
    # degrees is a rotation by as many.
    for first, last in ((0, 4), (3, 10), (20, 32)):
        right = 5 * round(9 * (last - first) / 5)

        def verdict_on(angle: int, ends: tuple[int, int] = (first, last)) -> Verdict:
            question = (
                f"By how many degrees does the camera turn from Frame-{ends[0]} to Frame-{ends[1]}? Count from Frame-0."
            )
            frames = [str(k) for k in range(FRAMES)]
            return verdict(record_of("camera_rotation", "fill", f"{question}\nA number.", str(angle), frames), truth)

        assert verdict_on(right) is Verdict.AGREE
        assert verdict_on(right + 5) is Verdict.DISAGREE
        assert verdict_on(right, (first, last + 2)) is Verdict.DISAGREE


def test_a_mention_becomes_a_token() -> None:
    text = "Is the office chair (in Frame-3, Object2) (red box) near the tv (Object0), the lamp (object4) or "
    text += "the bed (blue point)?"
    spoken, mentions = tokenize(text, ("green", "blue", "red"))
    assert spoken == "Is the @red near the @green, the @object4 or the @blue?"
    assert [(m.token, m.label, m.frame) for m in mentions] == [
        ("red", "office chair", 3),
        ("green", "tv", None),
        ("object4", "lamp", None),
        ("blue", "bed", None),
    ]


def test_an_option_without_an_article_becomes_a_token() -> None:
    assert tokenize("Which?\nA. office chair (red point)\nB. tv (blue point)")[0] == "Which?\nA. @red\nB. @blue"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("where is the center of the @red relative to that of the @blue", ("red", "blue")),
        ("Relative to the @blue, the center of the @red lies above", ("red", "blue")),
        ("directions that lead to the @red from the @blue", ("red", "blue")),
        ("Relative to the 3D center of the @blue, is that of the @red left", ("red", "blue")),
        ("compared with the center of the @blue, is that of the @red above", ("red", "blue")),
    ],
)
def test_who_is_told_relative_to_whom(text: str, expected: tuple[str, str]) -> None:
    assert subject_and_reference(text, ("red", "blue")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the @a and the @b are both behind the observer", {"a": "behind", "b": "behind"}),
        ("the @a is above the @b; both are in front of the observer", {"a": "front", "b": "front"}),
        ("the @a is in front of the observer and the @b are behind", {"a": "front", "b": "behind"}),
        ("The @b are in front of the observer", {"b": "front"}),
    ],
)
def test_what_is_said_of_front_and_behind(text: str, expected: dict[str, str]) -> None:
    assert facing_words(text, ("a", "b"))[0] == expected


def test_an_object_named_again_becomes_a_token_where_its_label_tells_it_apart() -> None:
    question = "Is the table (red box) left of the table lamp (blue box), the bin (green box) or the bin (yellow box)?"
    turns = [{"value": question}, {"value": "The table is left of the table lamp and the bin (yellow box)."}]
    record = AuditRecord("type", "sentence", "here", {"conversations": turns}, {}, "room", {})
    assert record.named_again(record.answer) == "The @red is left of the @blue and the @yellow."
    assert record.named_again("the bin is left") == "the bin is left"


def test_plurals_of_odd_names() -> None:
    assert "shelves" in plurals("shelf")
    assert "boxes of tissues" in plurals("box of tissues")
    assert "computer mice" in plurals("computer mouse")


@pytest.mark.slow
def test_noise_moves_centers_poses_and_depth_by_the_stated_amounts(truth: SceneTruth) -> None:
    copies = [truth.perturbed(np.random.default_rng(k)) for k in range(20)]
    shifts = [c.center(k) - truth.center(k) for c in copies for k in range(len(truth.instances))]
    moves = [v.eye - truth.scene.views[n].eye for c in copies for n, v in c.scene.views.items()]
    turns = [v.T_cw[:3, :3] @ truth.scene.views[n].T_wc[:3, :3] for c in copies for n, v in c.scene.views.items()]
    angles = [np.degrees(np.arccos(min(1.0, (np.trace(turn) - 1) / 2))) for turn in turns]
    assert np.std(shifts) == pytest.approx(0.02, rel=0.1)
    assert np.std(moves) == pytest.approx(0.01, rel=0.1)
    assert np.sqrt(np.mean(np.square(angles))) == pytest.approx(0.5, rel=0.1)


def test_a_word_near_zero_does_not_survive_noise_and_a_sure_one_does() -> None:
    stability = Stability()
    for value in (0.4, -0.1):
        stability.add(
            [ExpectedSlot("above/below", 0.4).check("above")], [ExpectedSlot("above/below", value).check("above")]
        )
    assert (stability.tried, stability.held, dict(stability.crossed)) == (2, 1, {"above/below": 1})


@pytest.mark.slow
@pytest.mark.parametrize(("right_m", "wrong_m", "holds"), [(0.1, 0.9, True), (0.5, 0.4, False)])
def test_a_letter_holds_under_noise_while_its_option_is_the_nearest(
    truth: SceneTruth, right_m: float, wrong_m: float, holds: bool
) -> None:
    bed = next(k for k, instance in enumerate(truth.instances) if instance.label == "bed")
    away = float(np.linalg.norm(truth.center(bed) - truth.scene.views["0"].eye))
    options = f"A. {away + right_m:.1f}\nB. {away - wrong_m:.1f}"
    question = f"How many meters separate the observer from the bed (red point)?\nChoose.\n{options}\nReply A or B."
    record = record_of("distance_prediction_oc", "select", question, "A", ["0"], red_point=[[0, 0]])
    noisy = SceneTruth(truth.scene, truth.caster, np.random.default_rng(0), truth)
    checks = check_answer(record, {"red": ResolvedMark(bed, 0)}, noisy)
    assert all(check.holds is not False for check in checks) is holds


def test_a_tmp_path_is_no_scan(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="audit's reader"):
        read_scene(tmp_path, SCENE)


def test_a_solver_is_found_by_the_family_that_it_names() -> None:
    class HeightSolver(NumberSolver):
        family = "height"

        def solve(self) -> None: ...

    solvers_by_family.cache_clear()
    assert solver_of({"family": "height"}) is HeightSolver
    assert solver_of({"family": "nearest", "asks": "oc"}) is NearestOfAllSolver
    assert solver_of({"family": "width"}) is solver_of({}) is None


@pytest.mark.parametrize("type_name", [path.stem for path in TASK_CONFIGS.glob("*.yaml")])
def test_every_type_has_a_solver(type_name: str) -> None:
    assert solver_of(task_parameters(type_name)) is not None


def test_a_record_of_an_unknown_type_is_undecided(truth: SceneTruth) -> None:
    assert verdict(record_of("weight_infer", "fill", "How heavy is it?", "1.0", ["0"]), truth) is Verdict.UNDECIDED
