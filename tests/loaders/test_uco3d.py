"""uCO3D as scenes: PyTorch3D cameras, frames by time, one object from its mask and points, nothing metric."""

import json
import re
import shutil
import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from numpy.testing import assert_allclose

from qagen.__main__ import main
from qagen.core import reasons
from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.question import Question
from qagen.core.scale import at_room_scale
from qagen.core.scene import FileSource, Scene
from qagen.demo.film import Film
from qagen.demo.layouts import uco3d
from qagen.errors import SceneError
from qagen.loaders.io.images import decode_color
from qagen.loaders.io.undistorted import pinhole_without_gaps
from qagen.loaders.uco3d.cameras import camera_from_world, lens_camera
from qagen.loaders.uco3d.database import read_frames
from qagen.loaders.uco3d.loader import Uco3dLoader
from qagen.loaders.uco3d.masks import SoftMask
from qagen.tasks.registry import load_task
from qagen.visibility.views import observe
from tests.loaders import uco3d_files as files

LENGTH = re.compile(r"\b(\w*met(er|re)s?|cm|mm|km|feet|foot|inch(es)?|units?)\b|\d ?m\b", re.IGNORECASE)
NAME, CLOUD = files.NAME, "segmented_point_cloud.ply"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return files.write_sequence(tmp_path)


def load(folder: Path, name: str = NAME) -> Scene:
    return Uco3dLoader(folder.parents[2]).load(name)


def refused(folder: Path) -> str:
    with pytest.raises(SceneError) as caught:
        load(folder)
    return str(caught.value)


def change(folder: Path, query: str, *values: object) -> None:
    with sqlite3.connect(folder.parents[2] / "metadata.sqlite") as database:
        database.execute(query, values)
    database.close()


# --- cameras ----------------------------------------------------------------------------------------------------------


def test_a_camera_of_pytorch3d_in_the_axes_of_opencv() -> None:
    # half the shorter side of 800 x 600 is 300: f = 2 * 300, c = (400 - 0.1 * 300, 300 + 0.05 * 300) from the corner
    camera = lens_camera(np.array([2.0, 2.0]), np.array([0.1, -0.05]), (800, 600))
    assert_allclose(camera.intrinsics, [600, 600, 370 - 0.5, 315 - 0.5])
    pose = camera_from_world(np.eye(3), np.array([0.0, 0.0, 2.0]))
    assert_allclose(pose.matrix[:3], [[-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 1, 2]])
    # (0.1, 0.2, 1) is (-0.1, -0.2, 3) there: 370 - 600 / 30, 315 - 600 * 2 / 30
    assert_allclose(camera.project(pose @ np.array([0.1, 0.2, 1.0])), [350 - 0.5, 275 - 0.5])


def test_row_vectors_are_turned_into_columns() -> None:
    # x_camera = x_world R + T with x left, y up: R turns x to y, so that world x goes up and world y to the right
    turn = np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1.0]])
    pose = camera_from_world(turn, np.array([0.5, 0.25, 3.0]))
    point = np.array([1.0, 2.0, 4.0])
    left, up, ahead = point @ turn + (0.5, 0.25, 3.0)
    assert_allclose(pose @ point, [-left, -up, ahead])
    with pytest.raises(ValueError, match="orthonormal"):
        camera_from_world(2 * np.eye(3), np.zeros(3))


# --- a sequence -------------------------------------------------------------------------------------------------------


def test_a_sequence_is_a_scene_of_one_object_without_meters(folder: Path) -> None:
    scene = load(folder)
    assert (scene.id, scene.unit_m, scene.mesh, scene.dropped) == (NAME, None, None, {})
    assert [item.label for item in scene.objects] == ["pan"]
    assert scene.unplaced == {"pan"}  # other pans may be in sight, and nobody annotated them
    assert scene.has_closed_classes
    assert [frame.id for frame in scene.frames] == [str(row) for row in range(files.ROWS)]
    assert_allclose([frame.time_s for frame in scene.frames], [0.3 * row + 0.02 for row in range(files.ROWS)])


def test_up_is_the_normal_of_the_plane_that_the_object_stands_on(folder: Path) -> None:
    scene = load(folder)
    assert scene.is_level
    assert_allclose(scene.world_from_source.rotation @ files.TURN @ (0, 0, 1), [0, 0, 1], atol=1e-6)
    # The level world of the files and the scene's differ by a turn about z.
    turn = scene.world_from_source.rotation @ files.TURN
    for row in (0, 5):
        pose = scene.frames[row].world_from_camera
        assert_allclose(pose.translation, turn @ files.pose(row).translation, atol=1e-5)
        assert_allclose(pose.rotation, turn @ files.pose(row).rotation, atol=1e-6)
    assert_allclose(scene.objects[0].box.size, [2, 2, 2], atol=0.05)
    assert_allclose(scene.objects[0].box.center, [0, 0, 1], atol=0.03)


def test_without_a_plane_up_is_unknown_and_the_box_tilted(folder: Path) -> None:
    (folder / "point_cloud.ply").unlink()
    scene = load(folder)
    assert not scene.is_level
    assert_allclose(scene.world_from_source.matrix, np.eye(4))
    box = scene.objects[0].box
    assert_allclose(box.size, [2, 2, 2], atol=0.05)
    assert_allclose(box.center, files.TURN @ (0, 0, 1), atol=0.03)


def test_an_object_whose_foot_nobody_saw_has_no_box(folder: Path) -> None:
    files.write_clouds(folder, lowest=1.0)  # the plane is seen, of the cube only the upper half
    scene = load(folder)
    assert (scene.is_level, scene.objects, scene.dropped) == (True, (), {reasons.FOOT_NOT_SEEN: 1})
    assert all(frame.instances is None for frame in scene.frames)


def test_frames_are_found_by_time_and_not_by_number(folder: Path) -> None:
    # row 2 is frame 6 of the video, at 0.6 s, and 6 * 6 gray; its time is 0.62 s
    images = [decode_color(frame.color) for frame in load(folder).frames]
    assert_allclose([image[40, 60].mean() for image in images], [18 * row for row in range(files.ROWS)], atol=3)
    change(folder, "UPDATE frame_annots SET frame_timestamp = 1.13 WHERE frame_number = 0")
    scene = load(folder)
    shown = next(frame for frame in scene.frames if frame.id == "0")
    assert_allclose(decode_color(shown.color)[40, 60].mean(), 6 * 11, atol=3)
    assert [frame.id for frame in scene.frames][:5] == ["1", "2", "3", "0", "4"]


def test_masks_are_the_pixels_that_are_surer_than_two_fifths(folder: Path) -> None:
    frame = load(folder).frames[4]
    assert frame.depth is None
    assert frame.instances is not None
    assert_allclose(frame.instances.read_objects() == 0, files.mask(4) > 0)
    grays = [files.mask(-(-index // files.STEP)) // 255 * (101 + index % 3) for index in range(files.STEP * 11 + 1)]
    files.write_video(folder / "mask_video.mkv", grays)  # 102 is 0.4 of 255; rows are frames 3 k, whose gray is 101
    assert "12 of 12 beside the object's points" in refused(folder)
    files.write_video(folder / "mask_video.mkv", [gray + gray // 101 * 2 for gray in grays])  # 103
    assert load(folder).dropped == {}


@pytest.mark.parametrize("scale", [1, 2])
def test_distortion_is_taken_out_of_a_mask_of_any_resolution(scale: int, tmp_path: Path) -> None:
    # k1 = 0.1, ray (0.5, 0.25): r^2 = 0.3125, factor 1.03125 -> lens pixel (79.5 + 80 * 0.515625,
    # 59.5 + 80 * 0.2578125) = (120.75, 80.125) of 160 x 120
    lens, distortion = Camera(80.0, 80.0, 79.5, 59.5, 160, 120), (0.1, *[0.0] * 11)
    image = np.zeros((120, 160), np.uint8)
    image[79:82, 120:123] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), image.repeat(scale, axis=0).repeat(scale, axis=1))
    pinhole = pinhole_without_gaps(lens, distortion)
    mask = SoftMask(FileSource(tmp_path / "mask.png"), lens, distortion, pinhole).read_mask()
    rows, columns = np.nonzero(mask)
    camera = pinhole.scaled(scale * 160, scale * 120)
    shown = (columns.mean() - camera.cx) / camera.fx, (rows.mean() - camera.cy) / camera.fy
    assert_allclose(shown, [0.5, 0.25], atol=0.006)
    other = SoftMask(FileSource(tmp_path / "mask.png"), Camera(80.0, 80.0, 79.5, 55.5, 160, 112), (), pinhole)
    with pytest.raises(SceneError, match="expected the aspect of 160 x 112"):
        other.read_mask()


def test_a_video_is_shown_as_players_rotate_it(folder: Path) -> None:
    turned = [np.rot90(files.image(index), -1) for index in range(files.STEP * 11 + 1)]
    files.write_video(folder / "rgb_video.mp4", turned, rotation=90)
    image = decode_color(load(folder).frames[3].color)
    assert image.shape == (96, 128, 3)
    assert image[:14, :14].mean() > 240
    assert image[20:, 20:].mean() < 80
    files.write_video(folder / "rgb_video.mp4", turned)
    found = f"table frame_annots, column _image_size, row ('{NAME}', 0): found 128 x 96 pixels, expected 96 x 128"
    assert found in refused(folder)


def test_distortion_is_taken_out_of_images_and_masks(small_film: Film, tmp_path: Path) -> None:
    uco3d.write(small_film, tmp_path)
    (scene,) = (Uco3dLoader(tmp_path).load(name) for name in Uco3dLoader(tmp_path).scene_ids("all"))
    item = next(k for k, label in enumerate(small_film.labels) if label == scene.objects[0].label)
    for index in (0, 21):  # the film's own pixels, looked up at the refitted pinhole's
        camera = scene.frames[index].camera
        assert camera.fx > 1.005 * small_film.camera.fx
        rays = camera.rays()[..., :2]
        x, y = np.moveaxis(np.round(rays * small_film.camera.fx + (39.5, 29.5)).astype(int), -1, 0)
        expected = small_film.objects(index)[y, x] == item
        source = scene.frames[index].instances
        assert source is not None
        assert np.mean((source.read_objects() == 0) != expected) < 0.01
        color = decode_color(scene.frames[index].color).astype(float)
        assert np.abs(color - small_film.color_bgr(index)[y, x]).mean() < 6


def test_the_demo_has_the_cameras_of_the_film(small_film: Film, tmp_path: Path) -> None:
    uco3d.write(small_film, tmp_path)
    scene = Uco3dLoader(tmp_path).load(uco3d.SEQUENCE)
    poses = [frame.world_from_camera for frame in scene.frames]
    for index in (1, 21):
        loaded, true = (pair[0].inverse() @ pair[index] for pair in (poses, small_film.poses))
        assert_allclose(loaded.translation * uco3d.UNIT_M, true.translation, atol=1e-6)
        assert_allclose(loaded.rotation, true.rotation, atol=1e-6)


def test_two_runs_write_the_same_bytes(small_film: Film, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        uco3d.write(small_film, tmp_path / name)
    paths = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*"))
    assert len(paths) == 5
    assert all((tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes() for path in paths)


# --- what is asked ----------------------------------------------------------------------------------------------------


def test_the_camera_goes_around_the_object_by_twenty_degrees_a_row(folder: Path) -> None:
    views = observe(at_room_scale(load(folder)))
    assert views.askable[:, 0].all()
    orbit = load_task("object_orbit")
    asked = [one for one in orbit.propose(views, np.random.default_rng(0)) if isinstance(one, Question)]
    assert len(asked) > 10
    for question in asked:
        first, last = question.frames
        measured = question.measured["orbit_deg"]
        assert isinstance(measured, float)
        assert measured == pytest.approx(20 * (last - first), abs=0.5)


@pytest.mark.slow
def test_no_sample_states_a_length(small_film: Film, tmp_path: Path) -> None:
    uco3d.write(small_film, tmp_path / "data")
    words = ["generate", "--scene", "uco3d", "--root", str(tmp_path / "data"), "--out", str(tmp_path / "out"), "-q"]
    assert CliRunner().invoke(main, [*words, "--per-scene", "4"]).exit_code == 0
    texts = [path.read_text() for path in (tmp_path / "out" / "uco3d" / "qa_jsonl").rglob("*.jsonl")]
    said = [turn["value"] for text in texts for line in text.splitlines() for turn in json.loads(line)["conversations"]]
    assert len(said) > 10
    assert not [text for text in said if LENGTH.search(text)]


# --- what is left out -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ("_viewpoint_R", reasons.NO_POSE),
        ("_viewpoint_T", reasons.NO_POSE),
        ("_viewpoint_focal_length", reasons.NO_CAMERA),
        ("_viewpoint_colmap_distortion_coeffs", reasons.NO_CAMERA),
        ("frame_timestamp", reasons.NO_IMAGE),
    ],
)
def test_rows_with_empty_cells_are_left_out(folder: Path, column: str, reason: str) -> None:
    change(folder, f"UPDATE frame_annots SET {column} = NULL WHERE frame_number = 3")
    scene = load(folder)
    assert scene.dropped == {reason: 1}
    assert "3" not in [frame.id for frame in scene.frames]


def test_rows_without_a_rigid_pose_or_beyond_the_video_are_left_out(folder: Path) -> None:
    change(folder, "UPDATE frame_annots SET _viewpoint_T = ? WHERE frame_number = 1", struct.pack("<3f", 0, np.nan, 0))
    change(folder, "UPDATE frame_annots SET _viewpoint_R = ? WHERE frame_number = 2", struct.pack("<9f", *[1.0] * 9))
    change(folder, "UPDATE frame_annots SET frame_timestamp = 3.4 WHERE frame_number = 4")  # the last frame is at 3.3 s
    assert load(folder).dropped == {reasons.INVALID_POSE: 2, reasons.NO_IMAGE: 1}
    change(folder, "UPDATE frame_annots SET frame_timestamp = 60 WHERE frame_number > 4")
    assert "8 of 12 rows at times that it does not reach" in refused(folder)


def test_rows_that_a_varying_rate_makes_doubtful_are_left_out(folder: Path) -> None:
    # 34 frames at 0, 0.1, ..., 3.2 and 3.6 s, 0.1091 s apart in the mean. Row 8 at 2.42 s is frame 24, and the 22.2th
    # of the mean rate; rows 9 and 10 are frames 27 and 30, and the 24.9th and 27.7th; row 11 at 3.32 s is none of them.
    images = [files.image(index) for index in range(34)]
    files.write_video(folder / "rgb_video.mp4", images, ticks=[*range(33), 36])
    scene = load(folder)
    assert scene.dropped == {reasons.UNSURE_TIME: 2, reasons.NO_IMAGE: 1}
    assert [frame.id for frame in scene.frames] == [str(row) for row in range(9)]
    files.write_video(folder / "rgb_video.mp4", images, ticks=[*range(17), *range(18, 52, 2)])
    assert "9 of 12 rows at uneven times" in refused(folder)


def test_a_mask_beside_the_points_is_not_believed(folder: Path) -> None:
    masks = [files.mask(-(-index // files.STEP)) for index in range(files.STEP * 11 + 1)]
    masks[6] = np.roll(masks[6], 40, axis=1)  # row 2: elsewhere
    masks[9] = np.zeros_like(masks[9])  # row 3: lost, though the object is in sight
    masks[12] = np.full_like(masks[12], 255)  # row 4: everything
    files.write_video(folder / "mask_video.mkv", masks)
    scene = load(folder)
    assert scene.dropped == {reasons.MASK_ELSEWHERE: 3}
    assert [frame.id for frame in scene.frames if frame.instances is None] == ["2", "3", "4"]
    files.write_video(folder / "mask_video.mkv", [np.roll(one, 40, axis=1) for one in masks])
    assert "masks, cameras and points disagree" in refused(folder)


@pytest.mark.parametrize(
    ("damage", "count"),
    [
        (lambda folder: (folder / "mask_video.mkv").unlink(), {reasons.NO_INSTANCES: files.ROWS}),
        (lambda folder: (folder / CLOUD).unlink(), {reasons.NO_SURFACE: 1}),
        (lambda folder: change(folder, "UPDATE sequence_annots SET category = NULL"), {reasons.NEVER_ASKED: 1}),
        (lambda folder: change(folder, "UPDATE sequence_annots SET category = 'person'"), {reasons.NEVER_ASKED: 1}),
        (lambda folder: files.write_points(folder / CLOUD, np.zeros((0, 3))), {reasons.NO_SURFACE: 1}),
    ],
)  # fmt: skip
def test_without_mask_points_or_name_only_the_cameras_remain(
    folder: Path, damage: Callable[[Path], None], count: dict[str, int]
) -> None:
    damage(folder)
    scene = load(folder)
    assert scene.dropped == count
    assert (scene.objects, scene.is_level) == ((), False)
    assert len(scene.frames) == files.ROWS
    assert all(frame.instances is None for frame in scene.frames)


def test_categories_lose_what_tells_them_apart(folder: Path) -> None:
    for category, label in (("Christmas_tree", "Christmas tree"), ("bow_(decorative_ribbons)", "bow"), ("mug", "mug")):
        change(folder, "UPDATE sequence_annots SET category = ?", category)
        assert load(folder).objects[0].label == label


# --- which sequences there are ----------------------------------------------------------------------------------------


def test_scenes_are_the_sequences_with_a_folder(folder: Path) -> None:
    root = folder.parents[2]
    change(folder, "INSERT INTO sequence_annots (sequence_name, _video_path) VALUES ('2-2-2', 'a/b/2-2-2/v.mp4')")
    (folder.parent / "not-of-the-database").mkdir()
    (root / "set_lists").mkdir()
    for place in (root, folder.parents[1], folder.parent, folder):
        assert Uco3dLoader(place).scene_ids("train") == [NAME]
    with pytest.raises(SceneError, match=r"no '2-2-2' here"):
        Uco3dLoader(root).load("2-2-2")
    with pytest.raises(SceneError, match=r"table sequence_annots: found no row of sequence 'not-of-the-database'"):
        Uco3dLoader(root).load("not-of-the-database")


def test_a_root_without_the_database_is_refused(folder: Path) -> None:
    metadata = folder.parents[2] / "metadata.sqlite"
    metadata.rename(metadata.with_name("elsewhere"))
    with pytest.raises(SceneError, match=r"found no metadata.sqlite, expected metadata.sqlite and <super category>"):
        Uco3dLoader(metadata.parent).scene_ids("all")
    with pytest.raises(SceneError, match="no such folder"):
        Uco3dLoader(metadata.parent / "none").scene_ids("all")


def test_a_missing_video_is_an_error_of_its_scene_alone(folder: Path) -> None:
    other = folder.with_name("3-3-3")
    shutil.copytree(folder, other)
    for table in ("sequence_annots", "frame_annots"):
        change(folder, f"CREATE TABLE copy AS SELECT * FROM {table}")
        change(folder, "UPDATE copy SET sequence_name = '3-3-3'")
        if table == "sequence_annots":
            change(folder, "UPDATE copy SET _video_path = replace(_video_path, ?, '3-3-3')", NAME)
        change(folder, f"INSERT INTO {table} SELECT * FROM copy")
        change(folder, "DROP TABLE copy")
    (folder / "rgb_video.mp4").unlink()
    assert Uco3dLoader(folder.parents[2]).scene_ids("all") == [NAME, "3-3-3"]
    assert f"{folder}/rgb_video.mp4: found no such file, expected the sequence's video" in refused(folder)
    assert load(other, "3-3-3").objects[0].id == 1


# --- a database of another kind ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("UPDATE frame_annots SET _viewpoint_R = x'00' WHERE frame_number = 7",
         "column _viewpoint_R, row ('1-100-1000', 7): found 1 bytes, expected a blob of 36 bytes (9 numbers f4)"),
        ("UPDATE frame_annots SET _image_size = NULL WHERE frame_number = 7",
         "column _image_size, row ('1-100-1000', 7): found nothing, expected height and width"),
        ("UPDATE frame_annots SET _viewpoint_T = 'three' WHERE frame_number = 7",
         "column _viewpoint_T, row ('1-100-1000', 7): found 'three', expected a blob of 12 bytes"),
        ("UPDATE frame_annots SET frame_timestamp = 'soon' WHERE frame_number = 7",
         "column frame_timestamp, row ('1-100-1000', 7): found 'soon', expected seconds"),
        ("UPDATE frame_annots SET _viewpoint_focal_length = x'0000c07f0000c07f' WHERE frame_number = 7",
         "_viewpoint_focal_length and _viewpoint_principal_point, row ('1-100-1000', 7): found [nan, nan] and"),
        ("UPDATE frame_annots SET _viewpoint_colmap_distortion_coeffs = "
         f"x'0000c0c0{'00' * 44}' WHERE frame_number = 7",  # k1 is -6
         "column _viewpoint_colmap_distortion_coeffs, row ('1-100-1000', 7): found"),
        ("UPDATE frame_annots SET _viewpoint_R = zeroblob(2000000) WHERE frame_number = 7",
         "table frame_annots: found a value of more than 1048576 bytes in a row of sequence '1-100-1000'"),
        ("UPDATE sequence_annots SET category = CAST(x'ff' AS TEXT), _video_path = x'ff'",
         "column _video_path, row '1-100-1000': found 1 bytes, expected text"),
        ("ALTER TABLE frame_annots RENAME COLUMN _viewpoint_T TO _viewpoint_t",
         "table frame_annots, column _viewpoint_T: found no such column. Did you mean '_viewpoint_t'?"),
        ("ALTER TABLE frame_annots RENAME TO frames", "table frame_annots: found no such table."),
        ("UPDATE sequence_annots SET _video_path = NULL",
         "table sequence_annots, column _video_path, row '1-100-1000': found nothing, expected the path"),
        ("UPDATE sequence_annots SET _video_path = '../x/rgb_video.mp4'",
         "table sequence_annots, column _video_path: found '../x/rgb_video.mp4', expected a path inside"),
        ("UPDATE sequence_annots SET _point_cloud_path = '/etc/passwd'",
         "table sequence_annots, column _point_cloud_path: found '/etc/passwd', expected a path inside"),
        ("UPDATE sequence_annots SET category = x'00'",
         "table sequence_annots, column category, row '1-100-1000': found 1 bytes, expected text"),
    ],
)  # fmt: skip
def test_a_cell_or_table_of_another_kind_is_named(folder: Path, query: str, message: str) -> None:
    change(folder, query)
    found = refused(folder)
    assert message in found
    assert str(folder.parents[2] / "metadata.sqlite") in found


def test_a_file_that_is_no_database_is_refused(folder: Path) -> None:
    metadata = folder.parents[2] / "metadata.sqlite"
    metadata.write_bytes(b"not a database, but long enough to be looked at" * 50)
    assert "metadata.sqlite: cannot be read as an SQLite database (file is not a database)" in refused(folder)


def test_changes_that_are_not_in_the_database_yet_are_not_passed_over(folder: Path) -> None:
    (folder.parents[2] / "metadata.sqlite-wal").write_bytes(b"pages")
    assert "found changes in metadata.sqlite-wal that are not in the file yet" in refused(folder)


def test_the_database_is_not_written_to(folder: Path) -> None:
    metadata = folder.parents[2] / "metadata.sqlite"
    before = metadata.read_bytes(), metadata.stat().st_mtime_ns
    assert len(read_frames(metadata, NAME)) == files.ROWS
    assert (metadata.read_bytes(), metadata.stat().st_mtime_ns) == before
    assert sorted(path.name for path in metadata.parent.iterdir()) == [files.SUPER, "metadata.sqlite"]


def test_poses_do_not_depend_on_the_alignment(folder: Path) -> None:
    before = [frame.world_from_camera.matrix for frame in load(folder).frames]
    change(folder, "ALTER TABLE sequence_annots ADD COLUMN _alignment_R BLOB")
    change(folder, "UPDATE sequence_annots SET _alignment_R = ?", struct.pack("<9f", *Pose.identity().rotation.ravel()))
    assert_allclose([frame.world_from_camera.matrix for frame in load(folder).frames], before)
