"""Boxes of ReVSI and VSI-Bench: what is read, what is refused, and the world in which they fit the scan."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from qagen.core.box import Box3D
from qagen.core.pose import Pose
from qagen.core.question import Question
from qagen.core.scene import Scene
from qagen.errors import SceneError
from qagen.loaders._base import Loader
from qagen.loaders.io.box_lists import read_box_lists
from qagen.loaders.io.boxes import bounded_box
from qagen.loaders.with_boxes import AnnotatedLoader
from qagen.tasks.registry import load_task
from qagen.visibility.views import observe
from tests.scenes import at, looking, room

COS, SIN = float(np.cos(0.4)), float(np.sin(0.4))
OWN = Pose(np.array([[COS, -SIN, 0], [SIN, COS, 0], [0, 0, 1.0]]), np.array([1.0, 2.0, 0.0]))
"""The scene's world from the dataset's own: a turn of 23 degrees and a shift."""
INTO_OWN = OWN.inverse()
BOXES = {
    "chair": [at(-1.5, 3, 0.45, (0.5, 0.5, 0.9)), at(1.5, 3, 0.45, (0.5, 0.5, 0.9))],
    "table": at(0, 4, 0.4, (1.6, 0.8, 0.8)),
    "lamp": at(-3, 5, 0.8, (0.4, 0.4, 1.6)),
}
FLAT = at(0, 3, 1.5, size=(10, 10, 3))
OUTLINE = [[-5, -2], [5, -2], [5, 8], [-5, 8]]
"""The flat's walls seen from above: 100 square meters."""


def scan() -> Scene:
    cameras = [looking("+y", at=(0.1 * k, -1.5, 1.5)) for k in range(12)]
    return replace(room(BOXES, cameras, shell=FLAT), dataset="scannet", id="scene0001_00", world_from_source=OWN)


class OneScan(Loader):
    name = "scannet"

    def scene_ids(self, split: str) -> list[str]:
        return ["scene0000_00", "scene0001_00"]

    def load(self, scene_id: str) -> Scene:
        return replace(scan(), id=scene_id)


def revsi(file_from_world: Pose = INTO_OWN, **changed: Any) -> list[Any]:
    """The scan's own boxes as ReVSI has them, in a world of choice."""

    def obb(box: Box3D) -> dict[str, Any]:
        turn = file_from_world.rotation @ box.rotation
        return {
            "center": (file_from_world @ box.center).tolist(),
            "extent": box.size.tolist(),
            "rotation": turn.tolist(),
        }

    objects = [{"id": item.id, "name": item.label, "obb": obb(item.box)} for item in scan().objects]
    corners = file_from_world @ np.array([[x, y, 0.0] for x, y in OUTLINE])
    told = {"scene_area_2d_polygon": corners[:, :2].tolist(), "scene_area_type": "all_room"}
    scene = {"dataset": "scannet", "scene_id": "scene0001_00", "objects": objects, **told}
    return [{**scene, **changed}, {"dataset": "hm3d", "scene_id": "elsewhere", "objects": []}]


def meta(file_from_world: Pose = INTO_OWN, as_text: bool = False, **changed: Any) -> dict[str, Any]:
    """The same as VSI-Bench has them: axes in rows, and bounds."""
    (scene, _) = revsi(file_from_world)
    boxes: dict[str, list[Any]] = {}
    for item in scene["objects"]:
        obb, turn = item["obb"], np.array(item["obb"]["rotation"])
        reach = np.abs(turn) @ np.array(obb["extent"]) / 2
        boxes.setdefault(item["name"], []).append(
            {
                "centroid": obb["center"],
                "axesLengths": obb["extent"],
                "normalizedAxes": turn.T.ravel().tolist(),
                "min": (obb["center"] - reach).tolist(),
                "max": (obb["center"] + reach).tolist(),
            }
        )
    counts = {name: len(found) for name, found in boxes.items()}
    told = {"dataset": "scannet", "object_counts": counts, "object_bbox": repr(boxes) if as_text else boxes}
    return {"scene0001_00": {**told, **changed}}


def save(folder: Path, content: Any) -> Path:
    path = folder / "boxes.json"
    path.write_text(json.dumps(content))
    return path


def loaded(folder: Path, content: Any) -> Scene:
    return AnnotatedLoader(OneScan(folder), save(folder, content)).load("scene0001_00")


def centered() -> Pose:
    """The dataset's own world, moved so that the mean of the scan's vertices is its origin."""
    scene = scan()
    assert scene.mesh is not None
    own = OWN.inverse()
    return Pose(own.rotation, own.translation - (own @ scene.mesh.vertices.astype(np.float64)).mean(axis=0))


WORLDS = {"own": OWN.inverse, "aligned": Pose.identity, "centered": centered}


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("write", [revsi, meta])
def test_boxes_are_placed_in_the_world_in_which_the_surface_ends_at_them(
    tmp_path: Path, world: str, write: Callable[[Pose], Any]
) -> None:
    scene = loaded(tmp_path, write(WORLDS[world]()))
    for item, own in zip(scene.objects, scan().objects, strict=True):
        assert item.label == own.label
        assert_allclose(item.box.corners.min(axis=0), own.box.corners.min(axis=0), atol=1e-6)
        assert_allclose(item.box.corners.max(axis=0), own.box.corners.max(axis=0), atol=1e-6)


def test_ids_outline_and_completeness_come_from_the_file(tmp_path: Path) -> None:
    scene = loaded(tmp_path, revsi())
    assert [item.id for item in scene.objects] == [10, 11, 12, 13]
    assert scene.room_polygon is not None
    assert_allclose(scene.room_polygon, OUTLINE, atol=1e-9)
    assert (scene.lists_all, scene.has_closed_classes, scene.unplaced) == (True, True, frozenset())


def test_the_names_of_a_list_that_is_whole_are_counted(tmp_path: Path) -> None:
    # Two chairs, both in sight all the time. Nothing but these names is known: the walls are no part of the list.
    counting = load_task("obj_count", {"min_side_m": 0.2})
    views = observe(loaded(tmp_path, revsi()))
    question = counting.ask(views, views.video, "chair")  # pyright: ignore[reportAttributeAccessIssue]
    assert isinstance(question, Question)
    assert question.answer.text == "2"
    assert not views.is_complete(views.video)
    unsure = observe(replace(views.scene, lists_all=False))
    assert not unsure.lists_all(unsure.video)


def test_the_outline_is_the_answer_to_room_size(tmp_path: Path) -> None:
    views = observe(loaded(tmp_path, revsi()))
    area, _ = load_task("room_size")._measure(views, views.video)  # pyright: ignore[reportAttributeAccessIssue]
    assert area == pytest.approx(100.0)


def test_a_name_whose_boxes_do_not_match_its_count_is_not_counted(tmp_path: Path) -> None:
    scene = loaded(tmp_path, meta(as_text=True, object_counts={"chair": 3, "table": 1, "lamp": 1}))
    assert (len(scene.objects), scene.unplaced) == (4, {"chair"})


@pytest.mark.parametrize("name", ["scannet", "ScanNet", "ScanNet v2", "SCANNET"])
def test_a_dataset_may_be_spelled_in_other_ways(tmp_path: Path, name: str) -> None:
    loader = AnnotatedLoader(OneScan(tmp_path), save(tmp_path, revsi(dataset=name)))
    assert loader.scene_ids("train") == ["scene0001_00"]


def test_scenes_of_other_datasets_are_not_read(tmp_path: Path) -> None:
    loader = AnnotatedLoader(OneScan(tmp_path), save(tmp_path, revsi(dataset="scannet++")))
    with pytest.raises(SceneError, match=r"boxes.json: scenes: found none of the 2 in .*, expected some"):
        loader.scene_ids("train")


def test_boxes_that_fit_nowhere_are_refused(tmp_path: Path) -> None:
    away = Pose(np.eye(3), np.array([0.7, 0.4, 0.0]))
    with pytest.raises(SceneError, match=r"boxes.json: scene0001_00: found at most \d+ % of the sides of 4 boxes"):
        loaded(tmp_path, revsi(away))


def test_boxes_that_fit_two_worlds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The scan looks the same half a turn about its middle, so that nothing tells its own world from the aligned one.
    half = Pose(np.diag([-1.0, -1.0, 1.0]), np.array([0.0, 6.0, 0.0]))
    twins = {"chair": [at(-1.5, 2, 0.45, (0.5, 0.5, 0.9)), at(1.5, 4, 0.45, (0.5, 0.5, 0.9))]}
    scene = replace(room(twins, [looking("+y", at=(0, -1.5, 1.5))], shell=FLAT), dataset="scannet")
    monkeypatch.setattr(OneScan, "load", lambda _self, name: replace(scene, id=name, world_from_source=half))
    obb = {"center": [-1.5, 2, 0.45], "extent": [0.5, 0.5, 0.9], "rotation": np.eye(3).tolist()}
    with pytest.raises(SceneError, match=r"boxes that fit the .* world \(100 % .* and the .*, expected one"):
        loaded(tmp_path, revsi(objects=[{"id": 1, "name": "chair", "obb": obb}]))


def test_a_scene_without_boxes_asks_about_cameras_only(tmp_path: Path) -> None:
    assert loaded(tmp_path, revsi(objects=[])).objects == ()


def test_much_tilted_boxes_are_left_out_and_their_name_is_not_counted(tmp_path: Path) -> None:
    # A board of 2 x 0.1 x 1 m, leaning by 45 degrees about its long side: upright it is 0.78 m thick, not 0.1.
    c = np.sqrt(0.5)
    obb = {"center": [0, 0, 0.5], "extent": [2, 0.1, 1], "rotation": [[1, 0, 0], [0, c, -c], [0, c, c]]}
    content = revsi()
    content[0]["objects"].append({"id": 99, "name": "board", "obb": obb})
    scene = loaded(tmp_path, content)
    assert [item.label for item in scene.objects] == ["chair", "chair", "table", "lamp"]
    assert scene.dropped == {"object: tilted box": 1}
    assert scene.unplaced == {"board"}


def test_a_tilted_box_is_cut_at_the_bounds_of_its_points() -> None:
    # A cube of side sqrt(2) m on its edge reaches 1 m up and to the sides; its points, 0.8 m to the sides and 0.9 up.
    c = np.sqrt(0.5)
    axes = np.array([[c, 0, c], [0, 1, 0], [-c, 0, c]])
    bounds = np.array([[-0.8, -0.6, -0.9], [0.8, 0.6, 0.9]])
    box = bounded_box((0, 0, 0), axes, (1.41421356, 1.2, 1.41421356), bounds)
    assert_allclose(np.ptp(box.corners, axis=0), (1.6, 1.2, 1.8), atol=1e-6)


def at_place(*keys: Any, value: Any) -> Callable[[], Any]:
    """A ReVSI file with another value at one place; without a value, without the key."""

    def content() -> Any:
        told = revsi()
        holder: Any = told
        for key in keys[:-1]:
            holder = holder[key]
        if value is None:
            del holder[keys[-1]]
        else:
            holder[keys[-1]] = value
        return told

    return content


OBB = (0, "objects", 1, "obb")
MIRRORED = [[-1, 0, 0], [0, 1, 0], [0, 0, 1]]
WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "labelCloud's": (
        lambda: {"folder": "a", "objects": []},
        r"file: found one scan's boxes \(objects\), expected those of",
    ),
    "a number": (lambda: 3, r"file: found 3, expected a list of scenes"),
    "empty": (list, r"file: found no scenes"),
    "a scene of text": (lambda: ["scene"], r"\[0\]: found 'scene', expected an object with 'scene_id'"),
    "no scene_id": (at_place(0, "scene_id", value=None), r"\[0\].scene_id: found none"),
    "scene_id": (at_place(0, "scene_id", value=[1]), r"\[0\].scene_id: found a list, expected a name"),
    "twice": (at_place(1, "scene_id", value="scene0001_00"), r"scene 'scene0001_00': found a second time"),
    "no dataset": (at_place(0, "dataset", value=None), r"\[0\].dataset: found none"),
    "dataset": (at_place(0, "dataset", value=5), r"\[0\].dataset: found 5, expected a name"),
    "no objects": (at_place(0, "objects", value=None), r"\[0\].objects: found none"),
    "objects": (at_place(0, "objects", value={}), r"\[0\].objects: found a dict, expected a list"),
    "no name": (at_place(0, "objects", 1, "name", value=None), r"objects\[1\].name: found none"),
    "name": (at_place(0, "objects", 1, "name", value=" "), r"objects\[1\].name: found ' ', expected a name"),
    "id": (at_place(0, "objects", 1, "id", value="a"), r"objects\[1\].id: found 'a', expected a whole number"),
    "id true": (at_place(0, "objects", 1, "id", value=True), r"objects\[1\].id: found True, expected a whole number"),
    "id twice": (at_place(0, "objects", 1, "id", value=10), r"\[0\].objects: found id 10 twice"),
    "no obb": (at_place(0, "objects", 1, "obb", value=None), r"objects\[1\].obb: found none"),
    "obb": (at_place(0, "objects", 1, "obb", value=[1]), r"objects\[1\].obb: found a list, expected an object"),
    "no center": (at_place(*OBB, "center", value=None), r"objects\[1\].obb.center: found none"),
    "center of two": (at_place(*OBB, "center", value=[1, 2]), r"obb.center: .* of shape \(2,\), expected 3 numbers"),
    "center of truths": (at_place(*OBB, "center", value=[True] * 3), r"found \[True, True, True\] of .* 3 numbers"),
    "center of text": (at_place(*OBB, "center", value=["a", 2, 3]), r"obb.center: .*, expected 3 numbers"),
    "NaN": (at_place(*OBB, "center", value=[np.nan, 2, 3]), r"obb.center: found \[nan, .*, expected finite"),
    "far": (at_place(*OBB, "center", value=[1e9, 2, 3]), r"obb.center: .*, expected finite numbers"),
    "no thickness": (
        at_place(*OBB, "extent", value=[1, 0, 1]),
        r"obb.extent: .*, expected three lengths of at least 0.0001 m",
    ),
    "no size": (at_place(*OBB, "extent", value=[1e-300] * 3), r"obb.extent: .*, expected three lengths of at least"),
    "below 0": (at_place(*OBB, "extent", value=[1, -1, 1]), r"obb.extent: .*, expected three lengths of at least"),
    "rotation of nine": (at_place(*OBB, "rotation", value=[1] * 9), r"obb.rotation: .*, expected 3 x 3 numbers"),
    "ragged": (at_place(*OBB, "rotation", value=[[1], [1, 2], []]), r"obb.rotation: .*, expected 3 x 3 numbers"),
    "not orthonormal": (at_place(*OBB, "rotation", value=[[1, 1, 0], [0, 1, 0], [0, 0, 1]]), r"rotation: found axes 1"),
    "mirrored": (at_place(*OBB, "rotation", value=MIRRORED), r"obb.rotation: found a mirrored matrix"),
    "two corners": (at_place(0, "scene_area_2d_polygon", value=[[0, 0], [1, 0]]), r"polygon: found 2 points"),
    "3D corners": (at_place(0, "scene_area_2d_polygon", value=[[0, 0, 0]] * 3), r"polygon: .*, expected 3 x 2 numbers"),
    "no area": (at_place(0, "scene_area_2d_polygon", value=[[0, 0], [1, 0], [2, 0]]), r"polygon: found an area of 0"),
    "crossed": (
        at_place(0, "scene_area_2d_polygon", value=[[0, 0], [4, 4], [4, 0], [0, 2]]),
        r"polygon: found a polygon that crosses itself",
    ),
    "no boxes": (lambda: {"scene0001_00": {"dataset": "scannet"}}, r"scene0001_00.object_bbox: found none"),
    "no literal": (lambda: meta(object_bbox="__import__('os')"), r"object_bbox: found a text that is no literal"),
    "boxes": (lambda: meta(object_bbox=[1]), r"object_bbox: found a list, expected names with boxes"),
    "one box": (lambda: meta(object_bbox={"chair": {}}), r"object_bbox.chair: found a dict, expected a list"),
    "no axes": (lambda: meta(object_bbox={"chair": [{"centroid": [0, 0, 0]}]}), r"chair\[0\].axesLengths: found none"),
    "counts": (lambda: meta(object_counts=[2]), r"scene0001_00.object_counts: found a list"),
    "room_center": (lambda: meta(room_center=[1]), r"scene0001_00.room_center: .*, expected 3 numbers"),
}


@pytest.mark.parametrize(("content", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_field_is_named(tmp_path: Path, content: Callable[[], Any], message: str) -> None:
    with pytest.raises(SceneError, match=r"boxes.json: .*" + message):
        [scan.read() for scan in read_box_lists(save(tmp_path, content())).values()]


@pytest.mark.parametrize("write", [revsi, meta])
def test_a_scene_is_read_only_when_it_is_loaded(tmp_path: Path, write: Callable[[], Any]) -> None:
    # What is wrong with the boxes of one scene, or that many others have boxes, costs the others nothing.
    content, broken = write(), {"scene_id": "scene0000_00", "dataset": "scannet", "objects": 5, "object_bbox": 5}
    if isinstance(content, list):
        content.append(broken)
    else:
        content["scene0000_00"] = broken
    loader = AnnotatedLoader(OneScan(tmp_path), save(tmp_path, content))
    assert loader.scene_ids("train") == ["scene0000_00", "scene0001_00"]
    assert len(loader.load("scene0001_00").objects) == 4
    with pytest.raises(SceneError, match=r"boxes.json: .*object.*: found 5, expected"):
        loader.load("scene0000_00")


def huge(boxes: list[Any]) -> None:
    boxes[1]["obb"]["extent"] = [10_000, 0.5, 0.5]


def wordy(boxes: list[Any]) -> None:
    boxes[1]["name"] = "x" * 100_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (huge, r"scene0001_00: box 1 \('\w+'\): found sides of 1e\+04 x 0.5 x 0.5 m, expected at most 100 m; are"),
        (wordy, r"scene0001_00: box 1 \('x{100}'\): found a label of 100000 letters, expected at most 100$"),
    ],
)
def test_no_object_is_of_ten_kilometers_or_of_a_hundred_thousand_letters(
    tmp_path: Path, change: Callable[[list[Any]], None], message: str
) -> None:
    content = revsi()
    change(content[0]["objects"])
    with pytest.raises(SceneError, match=message):
        loaded(tmp_path, content)


@pytest.mark.parametrize("write", [revsi, meta])
def test_a_key_that_comes_twice_is_refused(tmp_path: Path, write: Callable[[], Any]) -> None:
    path = save(tmp_path, write())
    path.write_text(path.read_text().replace('"dataset": "scannet"', '"dataset": "hm3d", "dataset": "scannet"', 1))
    with pytest.raises(SceneError, match="found key 'dataset' 2 times in one object, expected it once"):
        AnnotatedLoader(OneScan(tmp_path), path).scene_ids("train")


LATIN = b'[{"dataset": "scannet", "scene_id": "scene0001_00", "objects": [{"name": "ch\xe9ir"}]}]'


@pytest.mark.parametrize("content", [b"", b"[", b'[{"dataset": "scannet", "scene_', b"\xff\xfe[", b"null", LATIN])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "boxes.json"
    path.write_bytes(content)
    with pytest.raises(SceneError, match=r"boxes.json: "):
        AnnotatedLoader(OneScan(tmp_path), path).load("scene0001_00")
