"""The tables of frames: values on a scene by hand, files of a run, and refusals."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from qagen.core.scene import FileSource, Scene
from qagen.errors import SceneError
from qagen.files import OutputError
from qagen.frames.__main__ import main
from qagen.frames.tables import TABLES, TableWriter, rows_of
from qagen.loaders._base import Loader
from qagen.visibility.views import observe
from tests.scenes import at, boxes_only, facing, looking, room, with_depth


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def read(folder: Path, table: str) -> list[dict[str, Any]]:
    return pq.read_table(folder / f"scannet_{table}.parquet").to_pylist()


def test_a_cube_in_front_of_the_camera() -> None:
    # A cube of 1 m whose front is 2 m ahead: 160 px * 1 m / 2 m = 80 pixels wide and high. The image's center is the
    # pixel (159.5, 119.5), 160 and 120 from the image's edges: 120 to 200 and 80 to 160. The second camera looks away.
    scene = room({"cube": at(0, 2.5, 1.5, (1, 1, 1))}, [looking("+y"), looking("-y")])
    rows = rows_of(observe(scene), Path())
    (sighting,) = rows["sightings"]
    assert sighting == {
        "dataset": "handmade",
        "scene": "room",
        "frame": "0",
        "image": None,
        "object": 10,
        "label": "cube",
        "state": "seen",
        "is_askable": True,
        "visible_pixels": 6400,
        "visible_fraction": 1.0,
        "in_image_fraction": 1.0,
        "left": 120.0,
        "top": 80.0,
        "right": 200.0,
        "bottom": 160.0,
        "center_depth": 2.5,
        "distance": 2.5,
    }
    first, second = rows["frames"]
    # right is +x, down is -z, forward is +y
    assert first["world_from_camera"] == [1, 0, 0, 0, 0, 0, 1, 0, 0, -1, 0, 1.5, 0, 0, 0, 1]
    assert (first["width"], first["height"], first["intrinsics"]) == (320, 240, [160, 160, 159.5, 119.5])
    assert (first["is_usable"], first["is_exact"], first["is_metric"], first["in_video"]) == (True, True, True, False)
    assert second["time_s"] == 0.5
    (cube,) = rows["objects"]
    assert (cube["center"], cube["size"]) == ([0, 2.5, 1.5], [1, 1, 1])
    assert (cube["frames_seen"], cube["first_seen"], cube["last_seen"]) == (1, "0", "0")


def test_pixels_are_those_of_the_image_and_not_of_the_instance_image() -> None:
    # The same view of 640 x 480 pixels: twice the numbers, four times the pixels.
    scene = room({"cube": at(0, 2.5, 1.5, (1, 1, 1))}, [looking("+y")])
    large = tuple(replace(frame, camera=frame.camera.scaled(640, 480)) for frame in scene.frames)
    (sighting,) = rows_of(observe(replace(scene, frames=large)), Path())["sightings"]
    assert [sighting[side] for side in ("left", "top", "right", "bottom")] == [240, 160, 400, 320]
    assert sighting["visible_pixels"] == 25600


def test_a_hidden_object_has_no_row_and_a_sliver_is_doubtful() -> None:
    # A board from x = -0.5 to 0.5 m, 1 m ahead, covers pixels 80 to 240. The ball is behind it. Of the lamp, 2 m ahead
    # and from x = 0.8 to 1.04 m, pixels 224 to 243, the last three columns of nineteen show beside the board.
    boxes = {
        "board": at(0, 1, 1.5, (1, 0.01, 2)),
        "ball": at(0, 3, 1.5),
        "lamp": at(0.92, 2, 1.5, (0.24, 0.01, 0.24)),
    }
    rows = rows_of(observe(room(boxes, [looking("+y")])), Path())
    states = {row["label"]: row["state"] for row in rows["sightings"]}
    assert states == {"board": "seen", "lamp": "doubtful"}
    (ball,) = (row for row in rows["objects"] if row["label"] == "ball")
    assert (ball["frames_seen"], ball["first_seen"], ball["last_seen"]) == (0, None, None)


def test_boxes_alone_are_not_exact_and_lengths_of_no_known_scale_are_not_metric() -> None:
    scene = with_depth(room({"cube": at(0, 2.5, 1.5, (1, 1, 1))}, [looking("+y")]))
    assert not rows_of(observe(boxes_only(scene)), Path())["frames"][0]["is_exact"]
    unknown = rows_of(observe(replace(scene, unit_m=None, source_unit=3.0)), Path())
    assert not unknown["objects"][0]["is_metric"]
    assert unknown["objects"][0]["size"] == [3, 3, 3]
    assert unknown["sightings"][0]["center_depth"] == 7.5


def test_an_image_is_told_from_the_root(tmp_path: Path) -> None:
    scene = room({"cube": at(0, 2.5, 1.5, (1, 1, 1))}, [looking("+y")])
    path = tmp_path / "color" / "0.png"
    path.parent.mkdir()
    path.write_bytes(scene.frames[0].color.read_bytes())
    views = observe(replace(scene, frames=(replace(scene.frames[0], color=FileSource(path)),)))
    assert rows_of(views, tmp_path)["sightings"][0]["image"] == "color/0.png"


def test_every_frame_is_measured_when_asked_for() -> None:
    # The camera stands still: without every_frame, the second image repeats the first.
    scene = room({"cube": at(0, 2.5, 1.5, (1, 1, 1))}, [looking("+y"), looking("+y"), facing((0, 2, 1.5), (1, 0, 1.5))])
    assert [frame.id for frame in observe(scene).frames] == ["0", "2"]
    views = observe(scene, every_frame=True)
    assert [frame.id for frame in views.frames] == ["0", "1", "2"]
    assert views.usable.tolist() == [True, False, True]


def test_columns_are_those_that_are_declared() -> None:
    rows = rows_of(observe(room({"cube": at(0, 2.5, 1.5, (1, 1, 1))}, [looking("+y")])), Path())
    assert {name: list(found[0]) for name, found in rows.items()} == {name: list(kept) for name, kept in TABLES.items()}


def test_nothing_is_left_after_an_error(tmp_path: Path) -> None:
    rows = rows_of(observe(room({"cube": at(0, 2.5, 1.5, (1, 1, 1))}, [looking("+y")])), Path())
    writer = TableWriter(tmp_path, "scannet")
    writer.__enter__()
    writer.write(rows)
    writer.__exit__(ValueError, ValueError("stop"), None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("table", TABLES)
def test_a_folder_in_the_way_of_a_table_is_named_before_anything_is_measured(tmp_path: Path, table: str) -> None:
    blocked = tmp_path / f"posed_{table}.parquet"
    blocked.mkdir()
    message = rf"posed_{table}.parquet: cannot be written \(found a folder there"
    with pytest.raises(OutputError, match=message), TableWriter(tmp_path, "posed"):
        pytest.fail("the tables were opened")
    assert list(tmp_path.iterdir()) == [blocked]


def test_the_command_writes_the_same_bytes_again(demo: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        result = run("--scene", "scannet", "--root", str(demo), "--out", str(tmp_path / name))
        assert result.exit_code == 0, result.output
    for table in TABLES:
        first, second = ((tmp_path / name / f"scannet_{table}.parquet").read_bytes() for name in ("one", "two"))
        assert first == second
    sightings, frames = read(tmp_path / "one", "sightings"), read(tmp_path / "one", "frames")
    assert {row["frame"] for row in sightings} <= {row["frame"] for row in frames}
    assert sum(row["in_video"] for row in frames) == 32
    widths = {row["frame"]: row["width"] for row in frames}
    for row in sightings:
        if row["left"] is not None:
            assert 0 <= row["left"] < row["right"] <= widths[row["frame"]]
    seen = {row["label"] for row in sightings if row["state"] == "seen"}
    assert seen == {row["label"] for row in read(tmp_path / "one", "objects") if row["frames_seen"]}


def test_a_run_gives_dataset_split_scenes_and_thresholds(demo_run: Path, demo: Path, tmp_path: Path) -> None:
    result = run(str(demo_run), "--root", str(demo), "--out", str(tmp_path))
    assert result.exit_code == 0, result.output
    report = json.loads((demo_run / "scannet" / "report.json").read_text())
    assert {row["scene"] for row in read(tmp_path, "frames")} == report["scenes"].keys()
    per_scene = report["scenes"][next(iter(report["scenes"]))]
    assert len(read(tmp_path, "frames")) == per_scene["frames"]
    assert len(read(tmp_path, "objects")) == per_scene["objects"]


def refusal(*words: str) -> str:
    result = run(*words)
    assert result.exit_code == 2, result.output
    return result.stderr.splitlines()[-1]


def test_mistakes_are_named(demo: Path, tmp_path: Path) -> None:
    assert "found neither RUN nor --scene" in refusal()
    assert "expected the output folder of qagen generate" in refusal(str(tmp_path), "--root", str(demo))
    assert "no dataset 'scanet'" in refusal("--scene", "scanet")
    out = ("--out", str(tmp_path / "out"))
    assert "--scenes: no scene 'x'" in refusal("--scene", "scannet", "--root", str(demo), "--scenes", "x", *out)
    (tmp_path / "scannet").mkdir()
    report = tmp_path / "scannet" / "report.json"
    for content, message in (
        ("{", "cannot be read"),
        ("[]", "found a list, expected the report"),
        ('{"dataset": "scannet"}', "found no 'run', expected the report"),
        ('{"dataset": "scannet", "run": {"split": 3}, "scenes": {}}', "split"),
        ('{"dataset": "scannet", "run": {"split": "train"}, "scenes": {"a": {}}}', "has no 'a', expected the folder"),
    ):
        report.write_text(content)
        assert message in refusal(str(tmp_path), "--root", str(demo), *out)
    assert not list((tmp_path / "out").glob("*.parquet"))


class TwoRooms(Loader):
    """Two scenes, one of which may be broken."""

    name = "scannet"
    broken: tuple[str, ...] = ("bad",)

    def scene_ids(self, split: str) -> list[str]:
        return ["bad", "good"]

    def load(self, scene_id: str) -> Scene:
        if scene_id in self.broken:
            raise SceneError(self.root / scene_id, "mesh: is missing")
        return replace(room({"cube": at(0, 2.5, 1.5, (1, 1, 1))}, [looking("+y")]), id=scene_id)


def test_a_broken_scene_is_named_and_the_files_hold_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qagen.frames.__main__.make_loader", lambda _name, root, _boxes: TwoRooms(root))
    result = run("--scene", "scannet", "--root", str(tmp_path), "--out", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert "bad: FAILED" in result.stderr
    assert [row["scene"] for row in read(tmp_path / "out", "objects")] == ["good"]
    monkeypatch.setattr(TwoRooms, "broken", ("bad", "good"))
    assert "none of the 2 could be measured" in refusal(
        "--scene", "scannet", "--root", str(tmp_path), "--out", str(tmp_path / "none")
    )
    assert list((tmp_path / "none").iterdir()) == []
