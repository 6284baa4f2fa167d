"""The doctor finds what is wrong with data, and says what would be right."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from qagen.core.box import Box3D
from qagen.core.pose import Pose
from qagen.core.scene import FileSource, Frame, Object3D, Scene
from qagen.doctor.__main__ import main
from qagen.doctor.alignment import check_boxes, check_mesh, check_own_points, check_points, check_up, world_cloud
from qagen.doctor.box_fill import check_box_fill
from qagen.doctor.conventions import best_fit, check_kind, check_poses, check_scale
from qagen.doctor.depth_samples import all_samples, sample_groups
from qagen.doctor.examine import examine
from qagen.doctor.finding import Finding
from qagen.doctor.inputs import check_frames, check_images, check_intrinsics, check_labels, check_use
from qagen.errors import SceneError
from tests.scenes import MemoryDepth, mesh_in, painted, room, studio

OPENGL = Pose(np.diag([1.0, -1.0, -1.0]), np.zeros(3))
CYCLED = Pose(np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]]), np.zeros(3))
LYING = Pose(np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]), np.zeros(3))


def posed(change: Callable[[Pose], Pose]) -> Scene:
    frames = (replace(frame, world_from_camera=change(frame.world_from_camera)) for frame in studio().frames)
    return replace(studio(), frames=tuple(frames))


def measured(change: Callable[[np.ndarray, Frame], np.ndarray]) -> Scene:
    def frame(old: Frame) -> Frame:
        assert old.depth is not None
        return replace(old, depth=MemoryDepth(change(old.depth.read_m(), old).astype(np.float32)))

    return replace(studio(), frames=tuple(frame(old) for old in studio().frames))


def ray_lengths(depth: np.ndarray, frame: Frame) -> np.ndarray:
    assert frame.depth_camera is not None
    return depth * frame.depth_camera.ray_lengths()


def zoomed(factor: float) -> Scene:
    def frame(old: Frame) -> Frame:
        camera = old.depth_camera
        assert camera is not None
        focal = {"fx": camera.fx * factor, "fy": camera.fy * factor, "cx": camera.cx * factor, "cy": camera.cy * factor}
        return replace(old, depth_camera=replace(camera, **focal))

    return replace(studio(), frames=tuple(frame(old) for old in studio().frames))


def boxed(change: Callable[[Box3D], Box3D]) -> Scene:
    return replace(studio(), objects=tuple(replace(item, box=change(item.box)) for item in studio().objects))


def poses_of(scene: Scene) -> tuple[Finding, Finding]:
    """The findings about poses and scale."""
    groups = sample_groups(scene)
    as_read, best = best_fit(groups)
    return check_poses(as_read, best, len(all_samples(groups))), check_scale(groups, best, scene)


@cache
def healthy() -> list[Finding]:
    return examine(painted(studio()))[0]


@pytest.mark.slow
def test_a_healthy_scene_has_nothing_but_ok() -> None:
    assert [finding.text for finding in healthy() if finding.verdict != "ok"] == []
    assert [finding.check for finding in healthy()] == [
        *("frames", "labels", "images", "intrinsics", "sizes"),
        *("blank images", "color edges", "outliers", "color"),
        *("depth scale", "depth kind", "poses", "calibration", "world up", "mesh", "object points"),
        *("boxes and points", "fill", "boxes", "box sides", "a run would see"),
        *("labeled surface", "extents", "outlines"),
    ]


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        (lambda pose: pose.inverse(), "poses inverted (they are camera-from-world)"),
        (lambda pose: pose @ OPENGL, "camera axes from OpenGL (second and third column of the pose negated)"),
        (lambda pose: (pose @ OPENGL).inverse(), "poses inverted, then camera axes from OpenGL"),
        # The camera's x is stored as y, its y as z, its z as x.
        (lambda pose: pose @ CYCLED, "camera axes (right, down, forward) = (z, x, y)"),
        (lambda pose: Pose(pose.rotation.T, pose.translation), "rotations transposed (rows and columns exchanged)"),
        (lambda pose: Pose(pose.rotation, 1000 * pose.translation), "positions divided by 1000 (they are millimeters)"),
    ],
)
def test_a_pose_convention_is_named(change: Callable[[Pose], Pose], advice: str) -> None:
    finding, scale = poses_of(posed(change))
    assert finding.verdict == "FAIL"
    assert finding.advice.endswith(f"would agree with: {advice}")
    assert scale.verdict == "ok"


@pytest.mark.parametrize(
    ("factor", "advice"),
    [(0.001, "multiplied by 1000"), (0.25, "multiplied by 4")],
)
def test_a_depth_scale_is_named(factor: float, advice: str) -> None:
    _, finding = poses_of(measured(lambda depth, _: depth * factor))
    assert finding.verdict == "FAIL"
    assert finding.advice.startswith(f"depth {advice} would be")


def test_depth_scale_and_pose_may_both_be_wrong() -> None:
    scene = measured(lambda depth, _: depth * 1000)
    flipped = tuple(replace(frame, world_from_camera=frame.world_from_camera @ OPENGL) for frame in scene.frames)
    poses, scale = poses_of(replace(scene, frames=flipped))
    assert "camera axes from OpenGL" in poses.advice
    assert scale.advice.startswith("depth divided by 1000")


def test_a_depth_kind_is_named() -> None:
    def kind(scene: Scene) -> tuple[str, int]:
        finding, power = check_kind(all_samples(sample_groups(scene)))
        return f"{finding.verdict} {finding.advice}", power

    assert kind(studio()) == ("ok ", 0)
    told, power = kind(measured(ray_lengths))
    assert (told[:4], power) == ("FAIL", -1)
    assert "if the values were ray lengths: divide each by the length of its ray" in told
    told, power = kind(measured(lambda depth, frame: depth**2 / np.maximum(ray_lengths(depth, frame), 1e-6)))
    assert (told[:4], power) == ("FAIL", 1)


@pytest.mark.parametrize(
    ("factor", "size", "fit"), [(0.5, "80 x 60", "multiplied by 2"), (2, "319 x 239", "divided by 2")]
)
def test_intrinsics_of_another_size_are_named(factor: float, size: str, fit: str) -> None:
    finding = check_intrinsics(zoomed(factor))
    assert finding.verdict == "FAIL"
    assert f"fit an image of about {size} pixels" in finding.advice
    assert f"intrinsics {fit}" in poses_of(zoomed(factor))[0].advice


def test_a_wrong_up_is_named() -> None:
    scene = posed(lambda pose: LYING @ pose)
    finding = check_up(scene, all_samples(sample_groups(scene)))
    # World z is now the old -y, and y the old z.
    assert finding.verdict == "FAIL"
    assert "point to +y" in finding.found
    assert "+y becomes +z" in finding.advice
    tilted = Pose(np.array([[1, 0, 0], [0, 0.995, -0.0998], [0, 0.0998, 0.995]]), np.zeros(3))  # 5.7 degrees about x
    scene = posed(lambda pose: tilted @ pose)
    finding = check_up(scene, all_samples(sample_groups(scene)))
    assert finding.verdict == "FAIL"
    assert "tilted by 5.7 degrees" in finding.found
    assert check_up(replace(scene, is_level=False), []).verdict == "ok"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "advice"),
    [
        (lambda box: replace(box, center=box.center + np.array([0.5, 0, 0])), "they were shifted by (-0.5, 0, 0) m"),
        (lambda box: replace(box, size=box.size / 2), "half sizes were doubled"),
        (lambda box: replace(box, center=1000 * box.center, size=1000 * box.size), "they were divided by 1000"),
    ],
)
def test_what_boxes_lack_is_named(change: Callable[[Box3D], Box3D], advice: str) -> None:
    scene = boxed(change)
    finding = check_boxes(scene, all_samples(sample_groups(scene))[::3])
    assert finding is not None
    assert finding.verdict == "FAIL"
    assert advice in finding.advice


def test_a_mesh_and_points_somewhere_else_fail() -> None:
    cloud = world_cloud(all_samples(sample_groups(studio())))
    mesh = replace(mesh_in(studio()), vertices=mesh_in(studio()).vertices + np.float32(0.3))
    away = tuple(replace(item, points=item.points + np.float32(0.3)) for item in studio().objects)  # pyright: ignore
    scene = replace(studio(), mesh=mesh, objects=away)
    for finding in (check_mesh(scene, cloud), check_points(scene, cloud), check_own_points(scene)):
        assert finding is not None
        assert finding.verdict == "FAIL", finding.text


def test_what_was_left_out_is_told() -> None:
    count = len(studio().frames)
    scene = replace(studio(), dropped={"frame: invalid pose": count, "object: never asked about": 3})
    assert check_frames(scene).verdict == "warn"
    assert f"{count} frames, 50 % left out ({count} invalid pose)" in check_frames(scene).found
    # 13 objects of 16.
    assert "13 objects may be asked about (81 % of the annotated)" in check_labels(scene).found
    odd = replace(studio(), objects=(replace(studio().objects[0], label="chair_01"), *studio().objects[1:]))
    assert check_labels(odd).verdict == "warn"
    assert "odd names: chair_01" in check_labels(odd).found


@pytest.mark.slow
def test_a_scene_without_objects_is_no_fault() -> None:
    bare = replace(studio(), objects=(), mesh=None)
    assert check_labels(bare).verdict == "ok"
    assert check_boxes(bare, all_samples(sample_groups(bare))) is None
    assert check_use(bare)[0].verdict == "ok"


def test_images_that_do_not_fit_are_told(tmp_path: Path) -> None:
    first = studio().frames[0]
    gone = replace(first, color=FileSource(tmp_path / "gone.jpg"))
    other = replace(
        first, color=room({"cube": Box3D.upright((0, 2, 1), (1, 1, 1))}, [first.world_from_camera]).frames[0].color
    )
    small = replace(other, camera=first.camera.scaled(160, 120))
    assert "1 of 50 color images are missing" in check_images(with_first(gone)).found
    assert "the image has 320 x 240 pixels, its camera 160 x 120" in check_images(with_first(small)).found
    assert first.depth is not None
    cut = replace(first, depth=MemoryDepth(first.depth.read_m()[:60]))
    assert "the depth image has 160 x 60 pixels, its camera 160 x 120" in check_images(with_first(cut)).found


def with_first(frame: Frame) -> Scene:
    return replace(studio(), frames=(frame, *studio().frames[1:]))


class OneScene:
    """A loader of one scene in memory."""

    def __init__(self, scene: Scene | SceneError) -> None:
        self.scene = scene

    def scene_ids(self, _split: str) -> list[str]:
        return ["room"]

    def load(self, _scene_id: str) -> Scene:
        if isinstance(self.scene, SceneError):
            raise self.scene
        return self.scene


def run(scene: Scene | SceneError, folder: Path, monkeypatch: pytest.MonkeyPatch, *more: str):
    monkeypatch.setattr("qagen.doctor.__main__.make_loader", lambda *_: OneScene(scene))
    return CliRunner().invoke(main, ["--scene", "scannet", "--root", str(folder), *more])


@pytest.mark.slow
def test_the_command_prints_a_verdict_and_draws_boxes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = run(painted(studio()), tmp_path, monkeypatch, "--out", str(tmp_path / "pictures"))
    assert told.exit_code == 0, told.output
    assert "0 failed, 0 to look at, 24 ok" in told.output
    pictures = sorted((tmp_path / "pictures").iterdir())
    assert len(pictures) == 4
    with Image.open(pictures[0]) as picture:
        assert picture.width == 1000
        colors = picture.getcolors(1 << 20)
    assert colors is not None
    assert (0xE6, 0x19, 0x4B) in {color for _, color in colors}


def test_a_failing_check_is_exit_code_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = run(posed(lambda pose: pose.inverse()), tmp_path, monkeypatch)
    assert told.exit_code == 1
    assert "FAIL  poses: " in told.output
    assert "poses inverted" in told.output
    told = run(SceneError("a.txt", "frames: found none, expected some"), tmp_path, monkeypatch)
    assert told.exit_code == 1
    assert "FAIL  load: a.txt: frames: found none, expected some" in told.output


def test_mistakes_are_exit_code_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = CliRunner().invoke(main, ["--scene", "scanet", "--root", str(tmp_path)])
    assert told.exit_code == 2
    assert "qagen: --scene: no dataset 'scanet'. Did you mean 'scannet'?" in told.output
    told = CliRunner().invoke(main, ["--scene", "scannet", "--root", str(tmp_path / "gone")])
    assert told.exit_code == 2
    told = run(studio(), tmp_path, monkeypatch, "--scenes", "rom")
    assert told.exit_code == 2
    assert "Did you mean 'room'?" in told.output


def stuffed(scale: float) -> Scene:
    """Four boxes of 1 m × 0.6 m × 0.8 m, each full of points, told ``scale`` times as large as they are."""
    rng = np.random.default_rng(0)
    objects = []
    for index in range(4):
        box = Box3D.upright((3.0 * index, 1.0, 0.4), (1.0, 0.6, 0.8), 0.3 * index)
        points = box.center + (rng.random((500, 3)) - 0.5) * box.size @ box.rotation.T
        told = replace(box, size=scale * box.size)
        objects.append(Object3D(index, "crate", told, points.astype(np.float32)))
    return Scene("lab", "room", Path("room"), (), tuple(objects), None)


def test_boxes_of_doubled_sizes_are_not_filled() -> None:
    sound, doubled = check_box_fill(stuffed(1.0), []), check_box_fill(stuffed(2.0), [])
    assert sound is not None
    assert doubled is not None
    assert (sound.verdict, doubled.verdict) == ("ok", "FAIL")
    assert "2.0 times as large" in doubled.advice


def test_two_things_are_too_few_to_judge_their_boxes() -> None:
    scene = stuffed(2.0)
    assert check_box_fill(replace(scene, objects=scene.objects[:2]), []) is None
