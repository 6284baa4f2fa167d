"""``qagen spatialvid convert``: what a clip shows when, its files read back, the table, and scenes that are no clip."""

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from qagen.__main__ import main
from qagen.core import reasons
from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.scene import Frame, Scene
from qagen.errors import SceneError
from qagen.loaders.io.images import decode_color
from qagen.loaders.posed.loader import PosedLoader
from qagen.loaders.scannet.loader import ScanNetLoader
from qagen.loaders.spatialvid.files import ClipError, read_metadata
from qagen.loaders.spatialvid.loader import SpatialVidLoader
from qagen.spatialvid.clip_writer import ClipPlan, clip_place, plan_clip, write_clip
from tests.loaders.test_scannet import REAL, REAL_SCENE, needs_real_scan
from tests.scenes import MemoryDepth, MemoryImage, looking

CAMERA = Camera(fx=48, fy=52, cx=31.5, cy=17.5, width=64, height=36)
"""As a fraction: fx 0.75, fy 52 / 36, centers 0.5."""
GROUP = "group_0001"


def picture(gray: int, width: int = 64, height: int = 36) -> MemoryImage:
    return MemoryImage(cv2.imencode(".png", np.full((height, width, 3), gray, np.uint8))[1].tobytes())


def filmed(
    times_s: Sequence[float], camera: Camera = CAMERA, poses: Sequence[Pose] = (), unit_m: float | None = 1.0
) -> Scene:
    """A scene whose i-th frame is as gray as 10 i; unless told, the camera stands still."""
    poses = poses or [looking()] * len(times_s)
    frames = tuple(
        Frame(f"f{i}", picture(10 * i, camera.width, camera.height), None, camera, None, pose, time_s)
        for i, (time_s, pose) in enumerate(zip(times_s, poses, strict=True))
    )
    return Scene("handmade", "room", Path("room"), frames, (), None, unit_m=unit_m)


def with_depth(scene: Scene, depth: NDArray, camera: Camera) -> Scene:
    return replace(scene, frames=tuple(replace(f, depth=MemoryDepth(depth), depth_camera=camera) for f in scene.frames))


def written(scene: Scene, root: Path) -> Scene:
    """The scene written as a clip and read back."""
    write_clip(plan_clip(scene), root, clip_place(root, GROUP, scene.id))
    return SpatialVidLoader(root).load(scene.id)


def files_in(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


# --- what is shown when ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times_s", "rate", "slots", "rows"),
    [
        # 30 a second: a row every int(0.2 * 30) = 6 frames, as many as ceil(16 / 6)
        ([i / 30 for i in range(16)], 30, range(16), (0, 6, 12)),
        ([1000 + i / 24 for i in range(9)], 24, range(9), (0, 4, 8)),
        # one a second is slower than rows are: each frame has one
        ([0, 1, 2], 1, range(3), (0, 1, 2)),
        # a frame is missing at 0.6 s: the one before is shown twice, and its place has no row
        ([0, 0.2, 0.4, 0.8], 5, (0, 1, 2, 4), (0, 1, 2, 3)),
        # the frame of 0.2 s is missing, so the next nearest one, of 0.1 s, has the row
        ([0, 0.1, 0.3, 0.4, 0.5, 0.6], 10, (0, 1, 3, 4, 5, 6), (0, 1, 3, 5)),
        # a frame 0.01 s after another is left out; times within half a frame of the rate's are taken as these
        ([0, 0.2, 0.21, 0.41, 0.59, 0.8], 5, (0, 1, 2, 3, 4), (0, 1, 2, 3, 4)),
    ],
)  # fmt: skip
def test_frames_are_shown_at_a_constant_rate(
    times_s: list[float], rate: int, slots: Sequence[int], rows: tuple[int, ...]
) -> None:
    plan = plan_clip(filmed(times_s))
    assert plan.rate == pytest.approx(rate, abs=1e-3)
    assert plan.slots.tolist() == list(slots)
    assert plan.rows == rows
    assert plan.length == slots[-1] + 1


def test_a_gap_shows_the_image_before_it(tmp_path: Path) -> None:
    back = written(filmed([0, 0.2, 0.4, 0.8]), tmp_path)
    assert [frame.id for frame in back.frames] == ["0", "1", "2", "4"]
    assert_allclose([frame.time_s for frame in back.frames], [0, 0.2, 0.4, 0.8])
    assert_allclose([decode_color(frame.color).mean() for frame in back.frames], [0, 10, 20, 30], atol=2)


def test_poses_lead_from_the_first_camera_and_signs_do_not_jump() -> None:
    # The camera looks along +y from (1, 2, 1.5) and then goes 0.3 m ahead: t of camera from first is (0, 0, -0.3).
    # Then it turns a full circle to the right in steps of 40 degrees: row i has the quaternion of a turn by -40 i about
    # y, whose w = cos(20 i) is below 0 from row 5 on.
    poses = [looking("+y", (1, 2, 1.5)), *(looking("+y", (1, 2.3, 1.5), left_deg=-40 * i) for i in range(10))]
    rows = plan_clip(filmed([0.2 * i for i in range(11)], poses=poses)).poses()
    assert rows.dtype == np.float32
    assert_allclose(rows[0], [0, 0, 0, 0, 0, 0, 1], atol=1e-7)
    assert_allclose(rows[1], [0, 0, -0.3, 0, 0, 0, 1], atol=1e-6)
    angles = np.radians(20 * np.arange(10))
    assert_allclose(rows[1:, 4], -np.sin(angles), atol=1e-6)
    assert_allclose(rows[1:, 6], np.cos(angles), atol=1e-6)


def test_lengths_are_meters_where_they_are_known() -> None:
    poses = [looking("+y", (0, 0, 0)), looking("+y", (0, 3, 0))]
    rows = {unit: plan_clip(filmed([0, 1], poses=poses, unit_m=unit)).poses()[1, 2] for unit in (1.0, 0.01, None)}
    assert rows == pytest.approx({1.0: -3, 0.01: -0.03, None: -3})


def test_an_odd_side_loses_its_last_pixel_and_the_camera_stays(tmp_path: Path) -> None:
    camera = Camera(fx=48, fy=52, cx=30, cy=18, width=65, height=37)
    plan = plan_clip(filmed([0, 0.2], camera))
    assert plan.size == (64, 36)
    assert_allclose(plan.intrinsics(), np.tile([48 / 64, 52 / 36, 30.5 / 64, 18.5 / 36], (2, 1)), rtol=1e-6)
    back = written(filmed([0, 0.2], camera), tmp_path).frames[1].camera
    assert (back.width, back.height) == (64, 36)
    assert_allclose(back.intrinsics, [48, 52, 30, 18], atol=1e-5)


# --- depth -----------------------------------------------------------------------------------------------------------


def test_depth_is_that_of_the_nearest_pixel_on_the_cut_grid(tmp_path: Path) -> None:
    # Depth of 32 x 18: 2 m to the left, 3 m to the right, none in the top row, 150 m in the bottom row, which is too
    # far. The grid is 64 x 36 resized to 591 x 332 and cut to 584 x 328: its pixel (u, v) shows column
    # floor((u + 0.5) * 32 / 591) and row floor((v + 0.5) * 18 / 332), the last row from v = 313.06 on.
    depth = np.full((18, 32), 2, np.float32)
    depth[:, 16:] = 3
    depth[0], depth[17] = 0, 150
    scene = with_depth(filmed([0, 0.2]), depth, CAMERA.scaled(32, 18))
    frame = written(scene, tmp_path).frames[1]
    assert frame.depth is not None
    found = frame.depth.read_m()
    assert found.shape == (328, 584)
    assert not found[:18].any()
    assert not found[314:].any()
    assert_allclose(found[19:313, :295], 2, rtol=2**-11)
    assert_allclose(found[19:313, 296:], 3, rtol=2**-11)
    assert set(np.unique(found[19:313]).round(2)) == {2, 3}


def test_depth_of_another_camera_is_looked_up_along_the_same_ray(tmp_path: Path) -> None:
    # The depth camera has half the focal lengths and the same size: its image holds the color image in its middle half.
    depth = np.full((36, 64), 9, np.float32)
    depth[9:27, 16:48] = 2
    wide = replace(CAMERA, fx=CAMERA.fx / 2, fy=CAMERA.fy / 2)
    frame = written(with_depth(filmed([0, 0.2]), depth, wide), tmp_path).frames[0]
    assert frame.depth is not None
    assert_allclose(frame.depth.read_m(), 2)


def test_a_row_without_depth_among_others_is_empty(tmp_path: Path) -> None:
    scene = with_depth(filmed([0, 0.2, 0.4]), np.full((36, 64), 2, np.float32), CAMERA)
    first, second, third = scene.frames
    scene = replace(scene, frames=(first, replace(second, depth=None, depth_camera=None), third))
    found = [frame.depth.read_m().any() for frame in written(scene, tmp_path).frames if frame.depth is not None]
    assert found == [True, False, True]


def test_a_scene_without_depth_has_no_archive(tmp_path: Path) -> None:
    back = written(filmed([0, 0.2]), tmp_path)
    assert all(frame.depth is None for frame in back.frames)
    assert not (tmp_path / "depths").exists()


def test_portrait_images_stay_upright(tmp_path: Path) -> None:
    # 36 x 64 is resized to 332 x 591 and cut to 328 x 584
    camera = Camera(fx=52, fy=48, cx=17.5, cy=31.5, width=36, height=64)
    scene = with_depth(filmed([0, 0.2], camera), np.full((64, 36), 2, np.float32), camera)
    frame = written(scene, tmp_path).frames[0]
    assert (frame.camera.width, frame.camera.height) == (36, 64)
    assert frame.depth is not None
    assert frame.depth.read_m().shape == (584, 328)
    assert decode_color(frame.color).shape == (64, 36, 3)


# --- files -----------------------------------------------------------------------------------------------------------


def test_the_files_are_those_of_the_release_and_the_same_every_time(tmp_path: Path) -> None:
    scene = with_depth(filmed([0, 0.2, 0.4]), np.full((36, 64), 2, np.float32), CAMERA)
    for name in ("a", "b"):
        written(scene, tmp_path / name)
    first = files_in(tmp_path / "a")
    own = ("indexes.txt", "instructions.json", "instructions_exact.json", "intrinsics.npy", "poses.npy", "source.json")
    assert sorted(first) == sorted(
        [*(f"annotations/{GROUP}/room/{name}" for name in own), f"depths/{GROUP}/room.zip", f"videos/{GROUP}/room.mp4"]
    )
    assert first == files_in(tmp_path / "b")
    source = json.loads(first[f"annotations/{GROUP}/room/source.json"])
    assert (source["dataset"], source["scene"], source["unit"]) == ("handmade", "room", "meters")
    assert source["frames"] == ["f0", "f1", "f2"]
    assert_allclose(source["world_from_first_camera"], looking().matrix, atol=1e-12)


@pytest.mark.parametrize(("unit_m", "label"), [(1.0, "Stay"), (None, "Dolly In")])
def test_instructions_have_the_floor_of_the_unit(tmp_path: Path, unit_m: float | None, label: str) -> None:
    # 0.03 a second is below 0.05 m/s and above 0.02 units/s
    poses = [looking("+y", (0, 0.006 * i, 0)) for i in range(12)]
    written(filmed([0.2 * i for i in range(12)], poses=poses, unit_m=unit_m), tmp_path)
    folder = tmp_path / "annotations" / GROUP / "room"
    assert json.loads((folder / "instructions.json").read_bytes()) == {"0->11": [label]}
    (span,) = json.loads((folder / "instructions_exact.json").read_bytes())
    assert span == {"labels": [label], "rows": [0, 11], "frames": [0, 11], "seconds": [0.0, 2.2]}


# --- damage ----------------------------------------------------------------------------------------------------------


def other_camera(scene: Scene, camera: Camera) -> Scene:
    """The scene with another camera in its last frame."""
    return replace(scene, frames=(*scene.frames[:-1], replace(scene.frames[-1], camera=camera)))


BAD: dict[str, tuple[Callable[[], Scene], str, str]] = {
    "one frame": (lambda: filmed([0]), reasons.TOO_FEW_FRAMES, "found 1 frames at one time, expected at least 2"),
    "one time": (lambda: filmed([3, 3, 3]), reasons.TOO_FEW_FRAMES, "found 3 frames at one time"),
    "too short": (lambda: filmed([0, 1 / 30]), reasons.TOO_FEW_FRAMES, "found 1 a fifth of a second apart"),
    "years apart": (lambda: filmed([0, 1e8]), reasons.UNEVEN_TIMES, "found 1e-08 a second, expected 0.01 to 240"),
    "microseconds": (lambda: filmed([0, 1e-6]), reasons.UNEVEN_TIMES, "found 1e\\+06 a second"),
    "a long gap": (
        lambda: filmed([0, 0.2, 0.4, 3]),
        reasons.UNEVEN_TIMES,
        "found 16 frames at 5 a second for 4 images, expected at most 2 an image",
    ),
    "another size": (
        lambda: other_camera(filmed([0, 1, 2]), CAMERA.scaled(32, 18)),
        reasons.UNUSUAL_VIDEO,
        "found frame f2 of 32 x 18 pixels, expected 64 x 36 as frame f0",
    ),
    "another focal length": (
        lambda: other_camera(filmed([0, 1, 2]), replace(CAMERA, fx=50.5)),
        reasons.DOUBTFUL_INTRINSICS,
        "found focal lengths that change by 5.2%",
    ),
    "a telescope": (
        lambda: filmed([0, 1], replace(CAMERA, fx=640)),
        reasons.DOUBTFUL_INTRINSICS,
        "fx 10 to 10",
    ),
    "a line of pixels": (
        lambda: filmed([0, 1], Camera(48, 52, 31.5, 0, 64, 1)),
        reasons.UNUSUAL_VIDEO,
        "found 64 x 1 pixels, expected sides of 2 to 8192",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "reason", "message"), BAD.values(), ids=BAD)
def test_what_is_no_clip_is_refused(make: Callable[[], Scene], reason: str, message: str) -> None:
    with pytest.raises(ClipError, match=message) as caught:
        plan_clip(make())
    assert caught.value.reason == reason


def test_after_a_damaged_image_nothing_is_left(tmp_path: Path) -> None:
    scene = with_depth(filmed([0, 0.2, 0.4]), np.full((36, 64), 2, np.float32), CAMERA)
    for image, message in ((MemoryImage(b"no image"), "cannot be decoded"), (picture(0, 60), "found 60 x 36 pixels")):
        broken = replace(scene, frames=(*scene.frames[:2], replace(scene.frames[2], color=image)))
        with pytest.raises(SceneError, match=message):
            written(broken, tmp_path)
        assert files_in(tmp_path) == {}


# --- the command -----------------------------------------------------------------------------------------------------


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["spatialvid", *map(str, words)])


def convert(root: Path, out: Path, *words: object) -> Result:
    return run("convert", "--scene", "posed", "--root", root, "--out", out, *words)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two scenes in a folder: a camera that goes ahead for 12 frames, and one without images."""
    for name in ("kitchen", "empty"):
        (tmp_path / "mine" / name).mkdir(parents=True)
    frames: list[dict[str, Any]] = []
    for i in range(12):
        (tmp_path / "mine" / "kitchen" / f"{i:02d}.png").write_bytes(picture(10 * i).read_bytes())
        pose = [[1, 0, 0, 0], [0, 0, 1, 0.1 * i], [0, -1, 0, 1.5], [0, 0, 0, 1]]
        frames.append({"image": f"{i:02d}.png", "pose": pose, "time_s": 0.2 * i})
    camera = {"fx": 48, "fy": 52, "cx": 31.5, "cy": 17.5, "width": 64, "height": 36}
    told = {
        "units": "m",
        "up": "+z",
        "pose": "world_from_camera",
        "camera_axes": "opencv",
        "camera": camera,
        "objects": [],
    }
    (tmp_path / "mine" / "kitchen" / "scene.json").write_text(json.dumps({**told, "frames": frames}))
    (tmp_path / "mine" / "empty" / "scene.json").write_text(json.dumps({**told, "frames": frames}))
    return tmp_path / "mine"


def test_scenes_become_clips_that_all_commands_read(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "clips"
    result = convert(root, out, "--scenes", "kitchen")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "1 scene: wrote 1 clip")
    assert "kitchen: 12 rows, 12 frames of 64 x 36 at 5 a second, meters, no depth" in result.stderr
    assert f" spatialvid check {out}\n" in result.stderr
    table = out / "data" / "train" / "SpatialVID_metadata.csv"
    (row,) = csv.DictReader(table.open(encoding="utf-8"))
    known = {name: value for name, value in row.items() if value}
    # 0.1 m from row to row, 11 times
    assert known == {
        "id": "kitchen",
        "group id": "1",
        "video path": f"videos/{GROUP}/kitchen.mp4",
        "annotation path": f"annotations/{GROUP}/kitchen",
        "num frames": "12",
        "fps": "5",
        "resolution": "64x36",
        "moveDist": "1.100000",
        "distLevel": "3",
        "rotAngle": "0.000000",
        "trajTurns": "0",
    }
    assert run("check", out).exit_code == 0
    assert run("instruct", out).exit_code == 0
    assert run("stats", out, "--to", tmp_path / "stats.csv").exit_code == 0


def test_scenes_that_are_no_clip_are_told_and_the_others_written(root: Path, tmp_path: Path) -> None:
    result = convert(root, tmp_path / "clips")
    assert result.exit_code == 1
    assert "2 scenes: wrote 1 clip" in result.stdout
    assert "1 cannot be read: A file of the scene" in result.stdout
    assert [path.name for path in (tmp_path / "clips" / "annotations" / GROUP).iterdir()] == ["kitchen"]


def test_a_second_run_keeps_what_is_there_and_completes_the_table(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "clips"
    convert(root, out, "--scenes", "kitchen")
    before = files_in(out)
    (out / "data" / "train" / "SpatialVID_metadata.csv").unlink()
    result = convert(root, out, "--scenes", "kitchen")
    assert result.exit_code == 0
    assert "1 scene: wrote 0 clips; kept 1 that are there already" in result.stdout
    assert files_in(out) == before


def test_clips_of_other_origin_are_not_touched(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "clips"
    convert(root, out, "--scenes", "kitchen")
    source = out / "annotations" / GROUP / "kitchen" / "source.json"
    source.write_text(source.read_text().replace("posed", "scannet"))
    before = files_in(out)
    result = convert(root, out, "--scenes", "kitchen")
    assert result.exit_code == 2
    assert "found a clip of scannet, expected one of posed; choose another folder" in result.stderr
    source.unlink()
    assert "found a clip of unknown origin" in convert(root, out, "--scenes", "kitchen").stderr
    source.write_text(before[str(source.relative_to(out))].decode())
    assert files_in(out) == before


def test_a_table_of_other_columns_is_refused(root: Path, tmp_path: Path) -> None:
    table = tmp_path / "clips" / "data" / "train" / "SpatialVID_metadata.csv"
    table.parent.mkdir(parents=True)
    table.write_text("id,name\n1,x\n")
    result = convert(root, tmp_path / "clips", "--scenes", "kitchen")
    assert result.exit_code == 2
    assert "found columns id, name, expected id, group id" in result.stderr
    assert table.read_text() == "id,name\n1,x\n"


# --- whole scenes ----------------------------------------------------------------------------------------------------


def assert_read_back(scene: Scene, out: Path) -> None:
    """The clip of a scene has its frames, cameras, poses and depth."""
    plan: ClipPlan = plan_clip(scene)
    back = SpatialVidLoader(out).load(scene.id)
    assert len(back.frames) == len(plan.rows)
    first = plan.posed[0].world_from_camera.inverse()
    for frame, source in zip(back.frames, plan.posed, strict=True):
        expected = (first @ source.world_from_camera).matrix
        assert_allclose(frame.world_from_camera.matrix, expected, atol=1e-6 * max(1.0, np.abs(expected).max()))
        assert_allclose(frame.camera.intrinsics, source.camera.intrinsics, rtol=1e-6, atol=1e-4)
        assert frame.time_s == pytest.approx(source.time_s - plan.posed[0].time_s, abs=0.5 / float(plan.rate))
    for index in (0, len(back.frames) // 2, len(back.frames) - 1):
        frame, source = back.frames[index], plan.posed[index]
        assert np.abs(decode_color(frame.color).astype(int) - decode_color(source.color).astype(int)).mean() < 3
        assert_depth(frame, source)


def assert_depth(frame: Frame, source: Frame) -> None:
    """Each pixel of depth is that of the source where its ray meets the source's image, to half's precision."""
    assert frame.depth is not None
    assert frame.depth_camera is not None
    assert source.depth is not None
    assert source.depth_camera is not None
    found, stored = frame.depth.read_m(), source.depth.read_m()
    rays = frame.depth_camera.rays()
    uv = np.floor(source.depth_camera.project(rays.reshape(-1, 3)) + 0.5).astype(int).reshape(*found.shape, 2)
    height, width = stored.shape
    is_inside = ((uv >= 0) & (uv < (width, height))).all(axis=2)
    expected = np.where(is_inside, stored[uv[..., 1].clip(0, height - 1), uv[..., 0].clip(0, width - 1)], 0)
    is_same = np.abs(found - expected) <= 2**-11 * expected
    assert is_same.mean() > 0.9999  # rays that end between two pixels
    assert_array_equal(is_same | (found > 0) | (expected > 0), True)


@pytest.mark.slow
def test_the_demo_becomes_a_clip(demo: Path, tmp_path: Path) -> None:
    result = run("convert", "--scene", "scannet", "--root", demo, "--out", tmp_path / "clips")
    assert result.exit_code == 0, result.output
    loader = ScanNetLoader(demo)
    assert_read_back(loader.load(loader.scene_ids("train")[0]), tmp_path / "clips")
    assert "irregular rows" in run("check", tmp_path / "clips").stdout  # five frames of the demo have no pose
    assert run("pack", tmp_path / "clips", "--out", tmp_path / "clip.npz").exit_code == 0


@pytest.mark.slow
def test_a_posed_scene_becomes_a_clip(tmp_path: Path) -> None:
    from qagen.demo import demo_root

    root = demo_root("posed")
    assert convert(root, tmp_path / "clips").exit_code == 0
    loader = PosedLoader(root)
    assert_read_back(loader.load(loader.scene_ids("train")[0]), tmp_path / "clips")


@pytest.mark.slow
@needs_real_scan
def test_a_real_scan_becomes_a_clip(tmp_path: Path) -> None:
    assert run("convert", "--scene", "scannet", "--root", REAL, "--out", tmp_path).exit_code == 0
    assert_read_back(ScanNetLoader(REAL).load(REAL_SCENE), tmp_path)
    assert [row["resolution"] for row in read_metadata(tmp_path / "data" / "train" / "SpatialVID_metadata.csv")] == [
        "1296x968"
    ]
    assert run("check", tmp_path).exit_code == 0
