"""The ScanNet reader on tiny hand-made scans, on damaged files, and on a real scan where there is one."""

import json
import os
import pickle
import re
import shutil
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.spatial import KDTree

from qagen.core.scene import STRUCTURE, UNLABELED, Scene
from qagen.errors import SceneError
from qagen.loaders.io.labels import name_object, read_label_map
from qagen.loaders.io.ply import majority_owner
from qagen.loaders.io.rgbd import fit_camera
from qagen.loaders.io.sens import SensColor, SensDepth, read_sens
from qagen.loaders.scannet.loader import ScanNetLoader
from tests.loaders.scannet_files import (
    COLOR_SIZE,
    DEPTH_SIZE,
    FACES,
    GROUPS,
    LOST,
    NAME,
    ROOM_VERTICES,
    SEGMENTS,
    Calibration,
    encode,
    make_shots,
    pack_sens,
    to_recording,
    write_cpp_export,
    write_dataset,
    write_label_map,
    write_mesh,
    write_python_export,
    write_scene,
)

REAL = Path(os.environ.get("QAGEN_REAL", Path(__file__).parents[2] / "../shared/real")) / "scannet"
REAL_SCENE = "scene0000_00"
needs_real_scan = pytest.mark.skipif(
    not (REAL / "scans" / REAL_SCENE).is_dir(), reason=f"no real scan at {REAL}; set QAGEN_REAL to a folder with one"
)

SEGS = f"{NAME}_vh_clean_2.0.010000.segs.json"
AGGREGATION = f"{NAME}.aggregation.json"
MESH = f"{NAME}_vh_clean_2.ply"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_dataset(tmp_path)


def load(folder: Path) -> Scene:
    return ScanNetLoader(folder.parents[1]).load(folder.name)


def refusal(folder: Path) -> str:
    with pytest.raises(SceneError) as caught:
        load(folder)
    return str(caught.value)


def replace_frames(folder: Path, write: Callable[[Path], None]) -> None:
    (folder / f"{NAME}.sens").unlink()
    write(folder)


# --- a scan as it is downloaded ---------------------------------------------------------------------------------


def test_frames_are_aligned_and_keep_their_names(folder):
    scene = load(folder)
    assert (scene.dataset, scene.id, scene.dropped) == (
        "scannet",
        NAME,
        {"object: never asked about": 1, "object: no surface": 1},
    )
    assert [frame.id for frame in scene.frames] == ["0", "1", "2"]
    assert [frame.time_s for frame in scene.frames] == pytest.approx([0, 0.04, 0.08])
    # Camera 1 stands at (0.25, 0, 1.5) and looks along +y. Turned by (x, y) -> (y, -x) and shifted by (5, 6, -0.5):
    # it stands at (5, 5.75, 1.0) and looks along +x; its right, the recording's +x, is the room's -y.
    pose = scene.frames[1].world_from_camera
    np.testing.assert_allclose(pose.translation, [5, 5.75, 1.0], atol=1e-6)
    np.testing.assert_allclose(pose.rotation, [[0, 0, 1], [-1, 0, 0], [0, -1, 0]], atol=1e-6)


def test_cameras_are_those_of_the_recording(folder):
    with (folder / f"{NAME}.txt").open("a") as file:
        file.write("fx_color = 99\nmx_color = 3\nfx_depth = 98\n")  # device defaults, which must not be believed
    frame = load(folder).frames[0]
    assert frame.depth_camera is not None
    assert frame.camera.intrinsics.tolist() == [14, 13, 7.5, 5.5]
    assert (frame.camera.width, frame.camera.height) == COLOR_SIZE
    assert frame.depth_camera.intrinsics.tolist() == [7, 6.5, 3.5, 2.5]
    assert (frame.depth_camera.width, frame.depth_camera.height) == DEPTH_SIZE


def test_images_come_from_inside_the_container(folder):
    frame = load(folder).frames[2]
    assert frame.depth is not None
    assert (frame.color.suffix, frame.color.path) == (".jpg", None)
    assert frame.color.read_bytes() == make_shots()[2].color
    depth_m = frame.depth.read_m()
    assert (depth_m.dtype, depth_m.shape) == (np.float32, (6, 8))
    np.testing.assert_allclose(depth_m[3], 1.2 + np.arange(8) / 1000, atol=1e-6)
    assert depth_m[0, 0] == 0


def test_objects_and_mesh(folder):
    scene = load(folder)
    assert [(item.id, item.label) for item in scene.objects] == [(4, "table"), (2, "chair")]
    table = scene.objects[0]
    np.testing.assert_allclose(table.box.center, [1.5, 1.3, 0.7], atol=1e-6)
    np.testing.assert_allclose(sorted(table.box.size), [0, 0.6, 1.0], atol=1e-6)
    assert table.points is not None
    np.testing.assert_allclose(table.points, ROOM_VERTICES[4:8], atol=1e-6)
    assert scene.mesh is not None
    np.testing.assert_allclose(scene.mesh.vertices, ROOM_VERTICES, atol=1e-6)
    # Floor, floor, table, table, chair, chair; then two table vertices of three; then one of each: nobody's.
    assert scene.mesh.face_object.tolist() == [STRUCTURE, STRUCTURE, 0, 0, 1, 1, 0, UNLABELED]
    assert scene.mesh.faces.tolist() == FACES.tolist()


def test_loader_and_scene_can_be_pickled(folder):
    loader = pickle.loads(pickle.dumps(ScanNetLoader(folder.parents[1])))  # noqa: S301 - our own bytes
    frame = pickle.loads(pickle.dumps(loader.load(NAME))).frames[1]  # noqa: S301
    assert frame.color.read_bytes() == make_shots()[1].color


# --- frames: encodings and exports ------------------------------------------------------------------------------


def assert_same_frames(one: Scene, other: Scene, atol: float = 2e-6) -> None:
    assert [frame.id for frame in one.frames] == [frame.id for frame in other.frames]
    for a, b in zip(one.frames, other.frames, strict=True):
        np.testing.assert_allclose(a.world_from_camera.matrix, b.world_from_camera.matrix, atol=atol)
        assert a.color.read_bytes() == b.color.read_bytes()
        assert a.color.suffix == b.color.suffix
        assert a.depth is not None
        assert b.depth is not None
        np.testing.assert_array_equal(a.depth.read_m(), b.depth.read_m())
        assert a.depth_camera is not None
        assert b.depth_camera is not None
        np.testing.assert_allclose(a.camera.intrinsics, b.camera.intrinsics, rtol=1e-5)
        np.testing.assert_allclose(a.depth_camera.intrinsics, b.depth_camera.intrinsics, rtol=1e-5)
        assert (a.camera.width, a.camera.height) == (b.camera.width, b.camera.height)


@pytest.mark.parametrize("write", [write_python_export, write_cpp_export])
@pytest.mark.parametrize("place", ["", "frames"])
def test_exports_give_the_same_scene_as_the_container(folder, write, place):
    exported = write_scene(folder.parents[1] / "exported" / NAME)
    write(exported / place, make_shots())
    assert_same_frames(load(folder), ScanNetLoader(exported).load(NAME))


@pytest.mark.parametrize("write", [write_python_export, write_cpp_export])
def test_exports_of_some_frames_keep_the_original_numbers(folder, write):
    shots = [replace(shot, index=index) for shot, index in zip(make_shots(), (0, 543, 1000), strict=True)]
    replace_frames(folder, lambda scan: write(scan, shots))
    scene = load(folder)
    assert [frame.id for frame in scene.frames] == ["0", "543", "1000"]
    assert [frame.time_s for frame in scene.frames] == pytest.approx([0, 18.1, 33.3333333])


def test_export_drops_and_counts_incomplete_frames(folder):
    replace_frames(folder, lambda scan: write_python_export(scan, make_shots(4)))
    (folder / "pose/0.txt").unlink()
    (folder / "depth/1.png").unlink()
    (folder / "color/2.jpg").unlink()  # an export of every n-th image beside all poses: no loss
    scene = load(folder)
    assert [frame.id for frame in scene.frames] == ["3"]
    assert scene.dropped["frame: no pose"] == 1
    assert scene.dropped["frame: no depth"] == 1


def test_export_without_depth(folder):
    replace_frames(folder, lambda scan: write_python_export(scan, make_shots()))
    shutil.rmtree(folder / "depth")
    assert all(frame.depth is None and frame.depth_camera is None for frame in load(folder).frames)


def test_export_with_3x3_intrinsics(folder):
    replace_frames(folder, lambda scan: write_python_export(scan, make_shots()))
    (folder / "intrinsic/intrinsic_color.txt").write_text("14 0 7.5\n0 13 5.5\n0 0 1\n")
    assert load(folder).frames[0].camera.intrinsics.tolist() == [14, 13, 7.5, 5.5]


def shrunk() -> list:
    return [replace(shot, color=encode((8, 6))) for shot in make_shots()]


def test_resized_images_rescale_the_intrinsics_of_the_sensor(folder):
    replace_frames(folder, lambda scan: write_python_export(scan, shrunk()))
    camera = load(folder).frames[0].camera
    # Half size: focal lengths halve; pixel centers are at integers, so cx + 0.5 halves: (7.5 + 0.5) / 2 - 0.5.
    assert camera.intrinsics.tolist() == [7, 6.5, 3.5, 2.5]
    assert (camera.width, camera.height) == (8, 6)


def test_resized_images_with_intrinsics_of_their_own(folder):
    half = Calibration(color=np.array([[7.0, 0, 3.5, 0], [0, 6.5, 2.5, 0], [0, 0, 1, 0], [0, 0, 0, 1]]))
    replace_frames(folder, lambda scan: write_python_export(scan, shrunk(), half))
    assert load(folder).frames[0].camera.intrinsics.tolist() == [7, 6.5, 3.5, 2.5]


def test_cropped_images_are_refused(folder):
    shots = [replace(shot, color=encode((6, 6))) for shot in make_shots()]
    replace_frames(folder, lambda scan: write_python_export(scan, shots))
    assert "6 x 6 pixels with the intrinsics of 16 x 12, expected the same aspect" in refusal(folder)


def test_the_usual_shrinking_of_the_dataset_is_no_crop(tmp_path):
    intrinsic = np.array([[1169.62, 0, 646.295], [0, 1167.11, 489.927], [0, 0, 1]])
    camera = fit_camera(intrinsic, (1296, 968), (640, 480), tmp_path, "color")
    assert camera.fx == pytest.approx(1169.62 * 640 / 1296)
    assert camera.cy == pytest.approx((489.927 + 0.5) * 480 / 968 - 0.5)


@pytest.mark.parametrize("center", [(500.0, 500.0), (np.nan, 5.5), (0.0, 0.0)])
def test_intrinsics_of_neither_size_are_refused(center, tmp_path):
    intrinsic = np.array([[14.0, 0, center[0]], [0, 13, center[1]], [0, 0, 1]])
    with pytest.raises(SceneError, match="color intrinsics: found principal point"):
        fit_camera(intrinsic, COLOR_SIZE, (8, 6), tmp_path, "color")


@pytest.mark.parametrize(("color_code", "kind", "suffix"), [(0, None, ".png"), (1, "PNG", ".png"), (2, "JPEG", ".jpg")])
@pytest.mark.parametrize("depth_code", [0, 1])
@pytest.mark.parametrize("version", [3, 4])
def test_all_encodings_of_the_container(folder, color_code, kind, suffix, depth_code, version):
    pixels = np.arange(12 * 16 * 3, dtype=np.uint8).reshape(12, 16, 3)
    data = BytesIO()
    if kind:
        Image.fromarray(pixels).save(data, format=kind)
    shots = [replace(shot, color=data.getvalue() or pixels.tobytes()) for shot in make_shots()]
    sens = pack_sens(shots, version=version, color_code=color_code, depth_code=depth_code)
    (folder / f"{NAME}.sens").write_bytes(sens)
    frame = load(folder).frames[1]
    assert frame.color.suffix == suffix
    decoded = np.asarray(Image.open(BytesIO(frame.color.read_bytes())))
    if kind == "JPEG":
        assert frame.color.read_bytes() == data.getvalue()
    else:
        np.testing.assert_array_equal(decoded, pixels)
    assert frame.depth is not None
    np.testing.assert_allclose(frame.depth.read_m()[5, 7], 1.107, atol=1e-6)


def test_depth_units_are_divided_by_the_shift(folder):
    (folder / f"{NAME}.sens").write_bytes(pack_sens(make_shots(), units_per_m=4000.0))
    depth = load(folder).frames[0].depth
    assert depth is not None
    assert depth.read_m()[1, 0] == 0.25


def test_time_stamps_that_stand_still_are_replaced_by_the_frame_rate(folder):
    shots = [replace(shot, time_us=7) for shot in make_shots()]
    (folder / f"{NAME}.sens").write_bytes(pack_sens(shots))
    assert [frame.time_s for frame in load(folder).frames] == pytest.approx([0, 1 / 30, 2 / 30])


def broken_poses() -> list:
    """Six frames of which the middle four are invalid: lost, not a number, mirrored, sheared."""
    shots = make_shots(6)
    nan, mirrored, sheared = (shot.pose.copy() for shot in shots[2:5])
    nan[0, 3] = np.nan
    mirrored[:3, 0] *= -1
    sheared[:3, 0] += 0.01
    poses = [shots[0].pose, LOST, nan, mirrored, sheared, shots[5].pose]
    return [replace(shot, pose=pose) for shot, pose in zip(shots, poses, strict=True)]


@pytest.mark.parametrize("style", ["container", "python", "cpp"])
def test_invalid_poses_are_dropped_and_counted(folder, style):
    if style == "container":
        (folder / f"{NAME}.sens").write_bytes(pack_sens(broken_poses()))
    else:
        write = write_python_export if style == "python" else write_cpp_export
        replace_frames(folder, lambda scan: write(scan, broken_poses()))
    scene = load(folder)
    assert [frame.id for frame in scene.frames] == ["0", "5"]
    assert scene.dropped["frame: invalid pose"] == 4


def test_a_scan_whose_poses_are_all_lost_is_refused(folder):
    shots = [replace(shot, pose=LOST) for shot in make_shots()]
    (folder / f"{NAME}.sens").write_bytes(pack_sens(shots))
    assert "frames: found none with a valid pose" in refusal(folder)


@pytest.mark.parametrize("style", ["container", "python", "cpp"])
@pytest.mark.parametrize("kind", ["color", "depth"])
def test_a_second_pose_for_depth_is_refused(folder, style, kind):
    moved = np.eye(4)
    moved[0, 3] = 0.025
    calibration = Calibration(extrinsic_color=moved) if kind == "color" else Calibration(extrinsic_depth=moved)
    if style == "container":
        (folder / f"{NAME}.sens").write_bytes(pack_sens(make_shots(), calibration))
    else:
        write = write_python_export if style == "python" else write_cpp_export
        replace_frames(folder, lambda scan: write(scan, make_shots(), calibration))
    assert "found a matrix 0.025 from the identity" in refusal(folder)


# --- frames: damaged files --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"version": 2}, "version: found 2, expected 3 or 4"),
        ({"claimed_name_bytes": 2**60}, f"sensor name length: found {2**60}, expected at most 4096"),
        ({"claimed_frames": 10**9}, "number of frames: found 1000000000, expected 1 to "),
        ({"claimed_frames": 0}, "number of frames: found 0"),
        ({"color_code": -1}, "color compression: found -1, expected 0 (raw), 1 (png) or 2 (jpeg)"),
        ({"depth_code": 2}, "depth compression: found 2, expected 0 (raw) or 1 (zlib); type 2 (occi)"),
        ({"units_per_m": 0.0}, "depth units per meter: found 0.0"),
        ({"units_per_m": np.nan}, "depth units per meter: found nan"),
        ({"calibration": Calibration(depth_size=(2**32 - 1, 6))}, "depth width: found 4294967295, expected 1 to 8192"),
        ({"calibration": Calibration(color_size=(16, 0))}, "color height: found 0"),
    ],
)
def test_impossible_headers_are_refused_without_allocating(folder, claims, message):
    sens = folder / f"{NAME}.sens"
    sens.write_bytes(pack_sens(make_shots(), **claims))
    tracemalloc.start()
    try:
        with pytest.raises(SceneError, match=re.escape(message)) as caught:
            read_sens(sens)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert str(sens) in str(caught.value)


def test_frame_data_beyond_the_file_is_refused(folder):
    sens = folder / f"{NAME}.sens"
    whole = pack_sens(make_shots())
    sens.write_bytes(whole[:-9])  # eight bytes of inertial data, and one of the last depth image
    assert "frame 2 of 3: found images that end 1 bytes behind the file's end" in refusal(folder)
    header = len(pack_sens([], claimed_frames=3)) - 8
    sens.write_bytes(whole[: header + 80] + struct.pack("<Q", 2**63) + whole[header + 88 :])
    assert "frame 0 of 3: found images that end" in refusal(folder)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, len(pack_sens(make_shots())) - 9))
def test_every_truncated_container_is_refused(tmp_path, cut):
    path = tmp_path / "cut.sens"
    path.write_bytes(pack_sens(make_shots())[:cut])
    with pytest.raises(SceneError, match=re.escape("cut.sens")):
        read_sens(path)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(st.integers(0, 700), st.integers(0, 255), min_size=1, max_size=4))
def test_a_damaged_container_is_read_or_refused_and_never_crashes(tmp_path, changes):
    data = bytearray(pack_sens(make_shots()))
    for at, value in changes.items():
        data[at] = value
    path = tmp_path / "damaged.sens"
    path.write_bytes(data)
    message = "damaged.sens"
    try:
        recording = read_sens(path)
        for frame in recording.frames:
            frame.color.read_bytes()
            assert frame.depth is not None
            frame.depth.read_m()
    except SceneError as error:
        message = str(error)
    assert "damaged.sens" in message


def first_depth(folder: Path, data: bytes) -> SensDepth:
    """The first depth image of a container, its bytes replaced by others."""
    depth = read_sens(folder / f"{NAME}.sens").frames[0].depth
    assert isinstance(depth, SensDepth)
    path = folder / "depth.bin"
    path.write_bytes(data)
    return replace(depth, data=replace(depth.data, container=path, offset=0, size=len(data)))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"not zlib at all", "cannot be inflated"),
        (zlib.compress(bytes(95)), "found 95 bytes of pixels, expected 96"),
        (zlib.compress(bytes(97)), "found more than 96 bytes of pixels, expected 96"),
        (zlib.compress(bytes(96))[:-2], "found no end, expected a whole stream"),
        (b"", "found 0 bytes of pixels, expected 96"),
    ],
)
def test_compressed_depth_of_another_size_is_refused(folder, data, message):
    with pytest.raises(SceneError, match=message):
        first_depth(folder, data).read_m()


def test_a_zlib_bomb_is_not_inflated(folder):
    depth = first_depth(folder, zlib.compress(bytes(50_000_000)))
    tracemalloc.start()
    try:
        with pytest.raises(SceneError, match="more than 96 bytes"):
            depth.read_m()
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_raw_pixels_of_another_size_are_refused(folder):
    shots = [replace(shot, color=bytes(16 * 12 * 3 - 1)) for shot in make_shots()]
    (folder / f"{NAME}.sens").write_bytes(pack_sens(shots, color_code=0))
    assert "found 575 bytes of pixels, expected 576" in refusal(folder)


def test_a_container_that_shrinks_after_loading_is_refused(folder):
    color = load(folder).frames[2].color
    assert isinstance(color, SensColor)
    sens = folder / f"{NAME}.sens"
    sens.write_bytes(sens.read_bytes()[: color.data.offset + 5])
    with pytest.raises(SceneError, match="image data: found 5 bytes"):
        color.read_bytes()
    sens.unlink()
    with pytest.raises(SceneError, match="cannot be read"):
        color.read_bytes()


@pytest.mark.parametrize("style", ["container", "python", "cpp"])
def test_a_first_image_that_is_no_image_is_refused(folder, style):
    shots = [replace(shot, color=b"GIF? no") for shot in make_shots()]
    if style == "container":
        (folder / f"{NAME}.sens").write_bytes(pack_sens(shots))
    else:
        write = write_python_export if style == "python" else write_cpp_export
        replace_frames(folder, lambda scan: write(scan, shots))
    assert "image: cannot be decoded" in refusal(folder)


def damaged_depth_image(folder: Path, damage: Callable[[Path], object]) -> str:
    replace_frames(folder, lambda scan: write_python_export(scan, make_shots()))
    damage(folder / "depth/1.png")
    depth = load(folder).frames[1].depth
    assert depth is not None
    with pytest.raises(SceneError, match=r"1\.png") as caught:
        depth.read_m()
    return str(caught.value)


def test_depth_images_that_cannot_be_depth_are_refused(folder):
    found = damaged_depth_image(folder, lambda path: path.write_bytes(b"nonsense"))
    assert "depth image: cannot be decoded" in found


def test_truncated_depth_images_are_refused(folder):
    found = damaged_depth_image(folder, lambda path: path.write_bytes(path.read_bytes()[:60]))
    assert "depth image: cannot be decoded" in found


def test_depth_images_of_another_size_are_refused(folder):
    found = damaged_depth_image(folder, lambda path: Image.new("I;16", (4000, 3000)).save(path))
    assert "found 4000 x 3000 pixels, expected 8 x 6" in found


def test_eight_bit_depth_images_are_refused(folder):
    found = damaged_depth_image(folder, lambda path: Image.new("L", DEPTH_SIZE).save(path))
    assert "found pixels of type L, expected 16-bit gray" in found


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("pose/1.txt", "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0", "pose: found 15 numbers, expected 16"),
        ("pose/1.txt", "x " * 16, "pose: could not convert string to float"),
        ("pose/1.txt", "0 " * 40_000, "size: found more than 65536 bytes"),
        ("intrinsic/intrinsic_color.txt", "1 2 3", "intrinsic_color: found 3 numbers, expected 16 or 9"),
        ("intrinsic/intrinsic_depth.txt", None, "intrinsic_depth.txt: cannot be read"),
        ("color/01.jpg", "", "frame number: found 1 in"),
    ],
)
def test_damaged_python_exports_are_refused(folder, file, text, message):
    replace_frames(folder, lambda scan: write_python_export(scan, make_shots()))
    (folder / file).write_text(text) if text is not None else (folder / file).unlink()
    assert message in refusal(folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("m_depthShift = 1000", "m_depthShift = 0", "m_depthShift: found '0', expected a number above 0"),
        ("m_depthShift = 1000", "", "m_depthShift: found 'no such line'"),
        ("m_colorWidth = 16", "m_colorWidth = wide", "m_colorWidth: found 'wide'"),
        ("m_calibrationColorIntrinsic = 14", "m_calibrationColorIntrinsic =", "found 15 numbers, expected 16"),
    ],
)
def test_damaged_cpp_exports_are_refused(folder, old, new, message):
    replace_frames(folder, lambda scan: write_cpp_export(scan, make_shots()))
    info = folder / "_info.txt"
    assert old in info.read_text()
    info.write_text(info.read_text().replace(old, new))
    assert message in refusal(folder)


def test_a_scan_without_frames_is_refused(folder):
    (folder / f"{NAME}.sens").unlink()
    assert f"frames: found none, expected {NAME}.sens, or color/ and pose/" in refusal(folder)


# --- annotation -------------------------------------------------------------------------------------------------


def write_groups(folder: Path, groups: list[dict], **more: object) -> None:
    (folder / AGGREGATION).write_text(json.dumps({"segGroups": groups} | more))


def test_a_segment_claimed_twice_goes_to_the_later_object(folder):
    write_groups(folder, [*GROUPS, {"id": 4, "objectId": 9, "segments": [21], "label": "box"}])
    scene = load(folder)
    assert {item.label: len(item.points) for item in scene.objects if item.points is not None} == {
        "table": 2,
        "chair": 4,
        "box": 2,
    }
    # Face 4 5 6: two table vertices, one of the box. Face 4 6 7: one of the table, two of the box (index 2).
    assert scene.mesh is not None
    assert scene.mesh.face_object.tolist()[2:4] == [0, 2]


def test_objects_of_one_vertex_are_dropped(folder):
    write_groups(folder, [*GROUPS, {"id": 4, "objectId": 9, "segments": [31], "label": "cup"}])
    scene = load(folder)
    assert scene.dropped["object: too small"] == 1
    assert "cup" in scene.unplaced


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        (AGGREGATION, "[1, 2]", "aggregation.json: found [1, 2], expected keys with values in braces"),
        (AGGREGATION, "{}", "segGroups: found nothing, expected a list"),
        (
            AGGREGATION,
            '{"segGroups": [{"objectId": 1, "segments": [1]}]}',
            "segGroups[0].label: found nothing, expected a text",
        ),
        (
            AGGREGATION,
            '{"segGroups": [{"objectId": "x", "segments": [1], "label": "x"}]}',
            "segGroups[0].objectId: found 'x', expected a whole number",
        ),
        (AGGREGATION, '{"segGroups": [{"objectId": 1, "segments": [1e99], "label": "x"}]}', "segments"),
        (AGGREGATION, '{"segGroups": [', "content: line 1: ends within a value"),
        (AGGREGATION, '{"other": ' + "[" * 100_000, "content: "),
        (
            AGGREGATION,
            '{"segGroups": [], "sceneId": "../../etc/passwd"}',
            "sceneId: found '../../etc/passwd', expected",
        ),
        (
            AGGREGATION,
            f'{{"segGroups": [], "segmentsFile": "{NAME}_vh_clean.segs.json"}}',
            "expected a name that ends with _vh_clean_2.0.010000.segs.json",
        ),
        (AGGREGATION, json.dumps({"segGroups": GROUPS + GROUPS[:1]}), "found objectId 0 more than once"),
        (SEGS, "null", "segs.json: found null, expected keys with values in braces"),
        (SEGS, '{"segIndices": [1, "two"]}', "segIndices[1]: found 'two', expected a whole number"),
        (SEGS, '{"segIndices": [99999999999999999999]}', "segIndices"),
        (SEGS, json.dumps({"segIndices": SEGMENTS[:-1]}), "segIndices: found 11 entries, expected 12"),
        (f"{NAME}.txt", "axisAlignment = " + "0 " * 15, "axisAlignment: found 15 numbers, expected 16"),
        (f"{NAME}.txt", "axisAlignment = " + "0 " * 16, "axisAlignment: "),
        (f"{NAME}.txt", "axisAlignment = " + "nan " * 16, "axisAlignment: an entry is not finite"),
        (f"{NAME}.txt", "axisAlignment = 1 0 0 0 0 0 -1 0 0 1 0 0 0 0 0 1", "axisAlignment: found a tilt"),
        (f"{NAME}.txt", "sceneType = Office", "axisAlignment: found no such line"),
    ],
)
def test_damaged_annotation_is_refused(folder, file, content, message):
    (folder / file).write_text(content)
    found = refusal(folder)
    assert message in found
    assert file in found or "objects: found none" in found


@pytest.mark.parametrize("file", [f"{NAME}.txt", SEGS, MESH])
def test_missing_or_binary_files_are_refused(folder, file):
    (folder / file).write_bytes(b"\xff\xfe\x00binary")
    assert file in refusal(folder)
    (folder / file).unlink()
    assert f"{file}: cannot be read" in refusal(folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"element vertex 12", b"element vertex 99999999999", "found 'element vertex 99999999999', expected a count"),
        (b"element vertex 12", b"element vertex 13", "mesh: cannot be read"),
        (b"element face 8", b"element face 9", "mesh: cannot be read"),
        (b"binary_little_endian", b"binary_middle_endian", "expected a binary_little_endian PLY file"),
        (b"vertex_indices", b"corners", "expected also vertex_indices"),
        (b"property float x", b"property float w", "mesh: cannot be read"),
        (b"end_header\n", b"", "header: found no end_header"),
        (b"element vertex 12", b"element\tvertex\t1_000_000_000", "expected a count of what fits into"),
        (b"element face 8", b"element face -8", "expected a count of what fits into"),
        (b"element face 8", b"comment end_header\nelement face 10000000000", "expected a count of what fits into"),
    ],
)
def test_damaged_mesh_headers_are_refused(folder, old, new, message):
    data = (folder / MESH).read_bytes()
    assert data.count(old) == 1
    (folder / MESH).write_bytes(data.replace(old, new))
    assert message in refusal(folder)


@pytest.mark.parametrize(("index", "message"), [(12, "found vertex index 12, expected 0 to 11"), (-1, "index -1")])
def test_faces_that_point_nowhere_are_refused(folder, index, message):
    faces = FACES.copy()
    faces[3, 1] = index
    write_mesh(folder / MESH, to_recording(ROOM_VERTICES), faces)
    assert message in refusal(folder)


def test_meshes_that_are_no_triangles_or_no_numbers_are_refused(folder):
    write_mesh(folder / MESH, to_recording(ROOM_VERTICES), np.array([[0, 1, 2, 3, 4]]))
    assert "faces: found 5 corners, expected 3 or 4" in refusal(folder)
    write_mesh(folder / MESH, to_recording(ROOM_VERTICES) * [np.nan, 1, 1], FACES)
    assert "vertices: found a value that is not finite" in refusal(folder)
    (folder / MESH).write_bytes(b"ply\nformat binary_big_endian 1.0\nend_header\n")
    assert "expected a binary_little_endian PLY file" in refusal(folder)
    write_mesh(folder / MESH, to_recording(ROOM_VERTICES), FACES[:0])
    assert "found 12 vertices and 0 faces" in refusal(folder)


@given(st.lists(st.tuples(*[st.integers(-1, 2)] * 3), min_size=1, max_size=20))
def test_a_face_belongs_to_the_majority(triples):
    owners = np.array(triples, dtype=np.int32)
    faces = np.arange(owners.size, dtype=np.int32).reshape(-1, 3)
    expected = [max(set(triple), key=triple.count) if len(set(triple)) < 3 else -1 for triple in triples]
    assert majority_owner(faces, owners.ravel()).tolist() == expected


# --- labels -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("Office_Chair", "chair"),
        ("books", "books"),  # a shelf of books is no book
        ("stack of chairs", "stack of chairs"),
        ("trashcan", "trash can"),  # as scans spell it; the map's first, frequent spelling wins
        ("table lamp", "lamp"),
        ("wardrobe cabinet", "wardrobe"),  # the map has a blank behind the name
        ("staircase", "stairs"),
        ("windowsill", "windowsill"),  # not in the map: as it is
        ("toaster <image> oven", "toaster oven"),
        ("partition", None),  # class wall
        ("shower walls", None),
        ("bathroom floor", None),
        ("door frame", None),
        ("Pillar", None),
        ("Wall", None),
        ("objects", None),
        ("person", None),
        ("<image>", None),
        ("wall lamp", "wall lamp"),
        ("floor mat", "floor mat"),
        ("picture frame", "picture frame"),
        ("glass", None),
        ("glasses", "glasses"),
        ("bycicle", "bicycle"),
    ],
)
def test_names(raw, name, tmp_path):
    write_label_map(tmp_path / "map.tsv")
    assert name_object(raw, read_label_map(tmp_path / "map.tsv")) == name


def test_a_scan_without_label_map_keeps_its_labels(folder):
    (folder.parents[1] / "scannetv2-labels.combined.tsv").unlink()
    assert [item.label for item in load(folder).objects] == ["table", "office chair"]


def test_the_label_map_may_lie_one_folder_up(folder):
    root = folder.parents[1]
    (root / "scannetv2-labels.combined.tsv").unlink()
    write_label_map(folder.parent / "scannetv2-labels.combined.tsv")
    assert [item.label for item in ScanNetLoader(folder).load(NAME).objects] == ["table", "chair"]


def test_a_label_map_of_another_kind_is_refused(folder):
    (folder.parents[1] / "scannetv2-labels.combined.tsv").write_text("id,category\n1,chair\n")
    assert "columns: found ['id,category'], expected also ['category', 'nyu40class', 'raw_category']" in refusal(folder)


# --- finding scenes ---------------------------------------------------------------------------------------------


def test_the_root_may_be_the_dataset_its_scans_or_one_scan(folder):
    write_scene(folder.parent / "scene0003_01")
    (folder.parent / "notes").mkdir()
    assert ScanNetLoader(folder.parents[1]).scene_ids("all") == ["scene0003_01", NAME]
    assert ScanNetLoader(folder.parent).scene_ids("all") == ["scene0003_01", NAME]
    assert ScanNetLoader(folder).scene_ids("train") == [NAME]
    assert ScanNetLoader(folder.parent).load(NAME).id == ScanNetLoader(folder).load(NAME).id == NAME


def test_a_link_to_a_scan_has_the_name_of_the_link(folder):
    stored = folder.rename(folder.parents[1] / "blob")
    folder.symlink_to(stored)
    assert load(folder).id == NAME
    assert [item.label for item in ScanNetLoader(folder).load(NAME).objects] == ["table", "chair"]


def test_a_relative_root(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert ScanNetLoader(Path()).scene_ids("all") == ScanNetLoader(Path("..")).scene_ids("all") == [NAME]
    assert [item.label for item in ScanNetLoader(Path()).load(NAME).objects] == ["table", "chair"]


@pytest.mark.parametrize("place", [".", "Tasks/Benchmark", "..", "../Tasks/Benchmark"])
def test_official_splits(folder, place):
    write_scene(folder.parent / "scene0003_01")
    root = folder.parents[1] if place[:2] != ".." else folder.parent
    (root / place).mkdir(parents=True, exist_ok=True)
    (root / place / "scannetv2_train.txt").write_text(f"{NAME}\nscene0500_00\n")
    (root / place / "scannetv2_val.txt").write_text("scene0501_00\n")
    loader = ScanNetLoader(root)
    assert loader.scene_ids("train") == [NAME]
    assert loader.scene_ids("all") == ["scene0003_01", NAME]
    with pytest.raises(SceneError, match=r"scannetv2_val.txt: none of the 1 scenes listed here exist"):
        loader.scene_ids("val")
    with pytest.raises(SceneError, match=r"no scannetv2_vla.txt. Did you mean 'val'\?"):
        loader.scene_ids("vla")


def test_without_split_files_every_split_is_all(folder):
    assert ScanNetLoader(folder.parents[1]).scene_ids("val") == [NAME]


def test_roots_without_scenes_are_refused_with_a_hint(folder):
    root = folder.parents[1]
    with pytest.raises(SceneError, match="no such folder") as caught:
        ScanNetLoader(root / "scan").scene_ids("all")
    assert f"Did you mean '{root}'?" in str(caught.value)
    (root / "scans" / NAME / "color").mkdir()
    with pytest.raises(SceneError, match="found no scene, expected scans/") as caught:
        ScanNetLoader(folder / "color").scene_ids("all")
    assert f"Did you mean '{folder}'?" in str(caught.value)
    (root / "other").mkdir()
    (root / "other" / "README").touch()
    (root / "scans").rename(root / "other" / "scans")
    with pytest.raises(SceneError, match="found no scene") as caught:
        ScanNetLoader(root).scene_ids("all")
    assert f"Did you mean '{root / 'other'}'?" in str(caught.value)


@pytest.mark.parametrize("name", ["../scene0007_00", "..", "", ".", "/etc", "scans/scene0007_00", "scene0007_01"])
def test_names_that_are_no_scene_are_refused(folder, name):
    with pytest.raises(SceneError, match="scene: no"):
        ScanNetLoader(folder.parents[1]).load(name)


def test_test_scans_are_refused(folder):
    scan = write_scene(folder.parents[1] / "scans_test" / "scene0707_00", alignment=None)
    (scan / "scene0707_00.aggregation.json").unlink()
    loader = ScanNetLoader(folder.parents[1])
    assert loader.scene_ids("all") == [NAME, "scene0707_00"]
    with pytest.raises(SceneError, match=r"no annotation: scene0707_00\.aggregation\.json is missing"):
        loader.load("scene0707_00")


# --- a real scan ------------------------------------------------------------------------------------------------


@needs_real_scan
def test_real_scan_fits_together():
    scene = ScanNetLoader(REAL).load(REAL_SCENE)
    assert len(scene.frames) == 75
    assert len(scene.objects) + sum(count for why, count in scene.dropped.items() if "object" in why) == 55
    names = {item.label for item in scene.objects}
    assert {"trash can", "bed", "refrigerator", "dish rack", "door", "window", "shower"} <= names
    assert not {"wall", "floor", "trashcan"} & names
    assert scene.mesh is not None
    centroids = scene.mesh.vertices[scene.mesh.faces].mean(axis=1)  # vertices alone are 3 cm apart
    tree = KDTree(np.concatenate([scene.mesh.vertices, centroids]))
    for frame in scene.frames[::25]:
        camera, depth = frame.depth_camera, frame.depth
        assert camera is not None
        assert depth is not None
        depth_m = depth.read_m()
        v, u = np.nonzero(depth_m)
        pick = np.random.default_rng(0).choice(len(u), 3000, replace=False)
        u, v, z = u[pick], v[pick], depth_m[v[pick], u[pick]]
        rays = np.stack([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones(len(u))], axis=1)
        distance_m, _ = tree.query(frame.world_from_camera @ (rays * z[:, None]))
        assert np.median(distance_m) < 0.03
        # The same points through the wrong direction of the pose land elsewhere.
        wrong_m, _ = tree.query(frame.world_from_camera.inverse() @ (rays * z[:, None]))
        assert np.median(wrong_m) > 0.3


@needs_real_scan
def test_real_scan_reads_the_same_from_all_three_forms(tmp_path):
    source = REAL / "scans" / REAL_SCENE
    sens = source / f"{REAL_SCENE}.sens"
    recording = read_sens(sens)
    raw = np.frombuffer(sens.read_bytes()[27:283], dtype="<f4").reshape(4, 4, 4).astype(np.float64)
    calibration = Calibration(raw[0], raw[2], raw[1], raw[3], (1296, 968), (640, 480))
    shots = [
        replace(
            make_shots(1)[0],
            index=frame.index,
            color=frame.color.read_bytes(),
            depth_mm=np.round(frame.depth.read_m() * 1000).astype(np.uint16) if frame.depth else np.zeros((6, 8)),
            pose=frame.pose,
        )
        for frame in recording.frames[:5]
    ]
    scenes = []
    for write in (write_python_export, write_cpp_export):
        scan = tmp_path / write.__name__ / REAL_SCENE
        scan.mkdir(parents=True)
        for path in source.iterdir():
            if path != sens:
                (scan / path.name).symlink_to(path.resolve())
        write(scan / "frames", shots, calibration)
        scenes.append(ScanNetLoader(scan).load(REAL_SCENE))
    whole = ScanNetLoader(source).load(REAL_SCENE)
    cut = replace(whole, frames=whole.frames[:5])
    for scene in scenes:
        assert_same_frames(cut, scene)
        assert [frame.time_s for frame in scene.frames] == pytest.approx(
            [frame.time_s for frame in cut.frames], abs=1e-5
        )
        assert scene.mesh is not None
        assert whole.mesh is not None
        np.testing.assert_array_equal(scene.mesh.face_object, whole.mesh.face_object)


@pytest.mark.parametrize("lost", ["", "nan " * 16, "0 " * 16, "1.#QNAN " * 16])
def test_lost_poses_of_an_export_are_left_out(folder: Path, lost: str) -> None:
    replace_frames(folder, lambda path: write_python_export(path, make_shots()))
    (folder / "pose" / "1.txt").write_text(lost)
    scene = load(folder)
    assert [frame.id for frame in scene.frames] == ["0", "2"]
    assert scene.dropped["frame: invalid pose"] == 1


def test_a_scan_without_objects_has_frames_and_mesh(folder: Path) -> None:
    (folder / AGGREGATION).write_text('{"segGroups": []}')
    scene = load(folder)
    assert (len(scene.frames), scene.objects) == (3, ())
    assert scene.mesh is not None
    assert set(scene.mesh.face_object.tolist()) == {-1}


def test_a_note_of_orientation_in_a_container_is_taken_out(folder: Path) -> None:
    data, exif = BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", COLOR_SIZE).save(data, format="JPEG", exif=exif)
    shots = [replace(shot, color=data.getvalue()) for shot in make_shots()]
    (folder / f"{NAME}.sens").write_bytes(pack_sens(shots))
    with Image.open(BytesIO(load(folder).frames[0].color.read_bytes())) as image:
        assert (image.size, image.getexif().get(0x0112)) == (COLOR_SIZE, None)
