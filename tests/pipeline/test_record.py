"""The output folder: whole files or none, images where the records say."""

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from qagen.core.scale import at_room_scale
from qagen.core.scene import FileSource, Scene
from qagen.loaders.spar_rgbd import SparRgbdLoader
from qagen.pipeline.layout import Layout
from qagen.pipeline.media import write_media
from qagen.pipeline.record import color_path, depth_path, sample_id
from qagen.pipeline.report import write_report
from qagen.visibility.views import SceneViews, observe
from tests.scenes import CAMERA, MemoryDepth, at, looking, room, scaled, with_depth


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "out" / "handmade", "train")


def test_ids_tell_types_and_formats_and_places_apart() -> None:
    formats = ("fill", "select", "sentence", "judge")
    ids = [sample_id("room", code, name, i) for code in (0, 1, 255) for name in formats for i in range(3)]
    assert len(set(ids)) == len(ids)
    assert sample_id("room", 1, "fill", 0) == "room_4"
    assert sample_id("room", 1, "select", 2) == f"room_{2 * 1024 + 5}"


def test_the_report_is_json_for_people(layout: Layout) -> None:
    write_report(layout, {"tasks": {"a": 1}})
    assert json.loads(layout.report.read_text()) == {"tasks": {"a": 1}}
    assert layout.report.read_text().count("\n") > 3


POSES = [looking("+y"), looking("+y", at=(0.25, 0, 1.5))]


def seen(scene: Scene) -> SceneViews:
    return observe(scene)


@pytest.fixture(scope="module")
def views() -> SceneViews:
    return seen(with_depth(room({"chair": at(0, 2, 1.5)}, POSES), camera=CAMERA.scaled(160, 120)))


def files(layout: Layout) -> list[str]:
    return sorted(str(path.relative_to(layout.root)) for path in layout.root.rglob("*") if path.is_file())


def test_no_media_are_no_files(layout: Layout, views: SceneViews) -> None:
    write_media(layout.images / "room", views, [0, 1], with_video=False, media="none", rgbd=True)
    assert files(layout) == []


def test_copies_are_the_datasets_own_bytes(layout: Layout, views: SceneViews) -> None:
    write_media(layout.images / "room", views, [1], with_video=False, media="copy", rgbd=False)
    assert files(layout) == ["images/room/image_color/1.png"]
    copied = layout.images / color_path("room", views.frames[1])
    assert copied.read_bytes() == views.frames[1].color.read_bytes()


def test_links_lead_to_the_datasets_file_or_hold_its_bytes(layout: Layout, tmp_path: Path, views: SceneViews) -> None:
    original = tmp_path / "0.png"
    original.write_bytes(views.frames[0].color.read_bytes())
    own_file = replace(views.scene.frames[0], color=FileSource(original))
    mixed = seen(replace(views.scene, frames=(own_file, views.scene.frames[1])))
    write_media(layout.images / "room", mixed, [0, 1], with_video=False, media="link", rgbd=False)
    first, second = (layout.images / color_path("room", frame) for frame in mixed.frames)
    assert first.samefile(original)
    assert second.read_bytes() == mixed.frames[1].color.read_bytes()
    assert files(layout) == ["images/room/image_color/0.png", "images/room/image_color/1.png"]


@pytest.mark.parametrize("media", ["copy", "link"])
def test_a_note_that_turns_an_image_is_not_written(
    layout: Layout, tmp_path: Path, views: SceneViews, media: str
) -> None:
    original, note = tmp_path / "0.png", Image.Exif()
    note[0x0112] = 6
    with Image.open(BytesIO(views.frames[0].color.read_bytes())) as image:
        image.save(original, exif=note)
    scene = replace(views.scene, frames=(replace(views.scene.frames[0], color=FileSource(original)),))
    write_media(layout.images / "room", seen(scene), [0], with_video=False, media=media, rgbd=False)
    with Image.open(layout.images / color_path("room", scene.frames[0])) as written, Image.open(original) as stored:
        assert written.getexif().get(0x0112) is None
        assert np.array_equal(np.asarray(written), np.asarray(stored))


def test_depth_comes_back_the_same(layout: Layout, views: SceneViews) -> None:
    write_media(layout.images / "room", views, [0], with_video=False, media="copy", rgbd=True)
    written = cv2.imread(str(layout.images / depth_path("room", views.frames[0])), cv2.IMREAD_UNCHANGED)
    assert written is not None
    assert written.dtype == np.uint16
    depth = views.frames[0].depth
    assert depth is not None
    assert np.abs(written / 1000 - depth.read_m()).max() <= 0.0005 + 1e-6


def test_depth_beyond_the_format_is_clipped_and_none_stays_none(layout: Layout) -> None:
    scene = with_depth(room({"chair": at(0, 2, 1.5)}, POSES[:1]))
    depth_m = np.full((240, 320), 2.0, np.float32)
    depth_m[0, :3] = 0, 70, 0.0004
    frame = replace(scene.frames[0], depth=MemoryDepth(depth_m))
    write_media(
        layout.images / "room", seen(replace(scene, frames=(frame,))), [0], with_video=False, media="copy", rgbd=True
    )
    written = cv2.imread(str(layout.images / "room/image_depth/0.png"), cv2.IMREAD_UNCHANGED)
    assert written is not None
    assert written[0, :4].tolist() == [0, 65535, 0, 2000]


def test_depth_and_poses_of_a_small_scene_come_back_in_meters(layout: Layout) -> None:
    """A stored 1 is much less than a millimeter then, and poses have two decimals more."""
    small = scaled(with_depth(room({"chair": at(0, 2, 1.5)}, POSES[:2])), 0.01)
    views = seen(at_room_scale(small))
    write_media(layout.images / "room", views, [0, 1], with_video=False, media="copy", rgbd=True)
    unit_m = float((layout.images / "room" / "depth_unit.txt").read_text())
    assert unit_m == pytest.approx(0.001 * views.scene.reported_unit)
    assert unit_m < 5e-5
    read_back = SparRgbdLoader(layout.images).load("room")
    for mine, theirs in zip(small.frames, read_back.frames, strict=True):
        assert np.allclose(theirs.world_from_camera.matrix, mine.world_from_camera.matrix, atol=1e-8)
        assert mine.depth is not None
        assert theirs.depth is not None
        assert np.abs(theirs.depth.read_m() - mine.depth.read_m()).max() <= 0.5 * unit_m + 1e-8


def test_poses_and_intrinsics_are_readable_matrices(layout: Layout, views: SceneViews) -> None:
    write_media(layout.images / "room", views, [1], with_video=False, media="copy", rgbd=True)
    folder = layout.images / "room"
    pose = np.loadtxt(folder / "pose" / "1.txt")
    assert np.allclose(pose, views.frames[1].world_from_camera.matrix, atol=1e-6)
    # Camera x is the world's x, camera y its -z, camera z its y; the camera stands at (0.25, 0, 1.5).
    assert pose.tolist() == [[1, 0, 0, 0.25], [0, 0, 1, 0], [0, -1, 0, 1.5], [0, 0, 0, 1]]
    color = np.loadtxt(folder / "intrinsic" / "intrinsic_color.txt")
    assert color[:3, :3].tolist() == [[160, 0, 159.5], [0, 160, 119.5], [0, 0, 1]]
    depth = np.loadtxt(folder / "intrinsic" / "intrinsic_depth.txt")
    assert depth[:3, :3].tolist() == [[80, 0, 79.5], [0, 80, 59.5], [0, 0, 1]]
    for name in ("color", "depth"):
        assert np.array_equal(np.loadtxt(folder / "intrinsic" / f"extrinsic_{name}.txt"), np.eye(4))


def test_the_videos_frames_are_numbered(layout: Layout) -> None:
    views = seen(room({"chair": at(0, 2, 1.5)}, [looking("+y", at=(0.06 * i, 0, 1.5)) for i in range(32)]))
    write_media(layout.images / "room", views, [], with_video=True, media="copy", rgbd=False)
    names = sorted(path.name for path in (layout.images / "room" / "video_color").iterdir())
    assert names == sorted(f"frame{i}_{i}.png" for i in range(32))
    assert (layout.images / "room" / "video_idx.txt").read_text().split() == [str(i) for i in range(32)]


def test_frames_of_several_cameras_have_their_own_intrinsics(layout: Layout) -> None:
    scene = room({"chair": at(0, 2, 1.5)}, POSES)
    other = replace(scene.frames[1], camera=replace(CAMERA, fx=170))
    mixed = seen(replace(scene, frames=(scene.frames[0], other)))
    write_media(layout.images / "room", mixed, [0, 1], with_video=False, media="copy", rgbd=True)
    folder = layout.images / "room" / "intrinsic"
    assert [np.loadtxt(folder / f"{name}_intrinsic_color.txt")[0, 0] for name in "01"] == [160, 170]
    assert not (folder / "intrinsic_color.txt").exists()
