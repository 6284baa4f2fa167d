"""The ScanNet++ reader on a tiny hand-made scene, on damaged files, and on the demo's layout."""

import json
import shutil
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from qagen.core.scene import STRUCTURE, Scene
from qagen.demo.film import Film
from qagen.demo.layouts import scannetpp as demo_files
from qagen.errors import SceneError
from qagen.loaders import make_loader
from qagen.loaders.io.boxes import upright_box
from qagen.loaders.io.colmap import read_cameras
from qagen.loaders.io.rendered_depth import RenderedDepth, Surface
from qagen.loaders.io.undistorted import UndistortedDepth
from qagen.loaders.io.video import list_video
from qagen.loaders.scannetpp import depth as depth_file
from tests.films import BOX, GADGET
from tests.loaders.scannetpp_files import (
    COLMAP_CAMERAS,
    FACES,
    NAME,
    VERTICES,
    deflate,
    depth_mm,
    dump,
    framed,
    lz4_block,
    make_entries,
    make_groups,
    make_transforms,
    meters,
    picture,
    pose_of,
    write_colmap,
    write_dslr,
    write_scene,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_scene(tmp_path)


def load(folder: Path) -> Scene:
    return make_loader("scannetpp", folder.parents[1]).load(folder.name)


def refusal(folder: Path) -> str:
    with pytest.raises(SceneError) as caught:
        load(folder)
    return str(caught.value)


# --- the iPhone's stream ----------------------------------------------------------------------------------------


def test_frames_stand_where_the_phone_stood(folder: Path) -> None:
    scene = load(folder)
    assert (scene.dataset, scene.id) == ("scannetpp", NAME)
    assert [frame.id for frame in scene.frames] == ["frame_000000", "frame_000001", "frame_000002"]
    assert [frame.time_s for frame in scene.frames] == pytest.approx([0, 1 / 60, 2 / 60])
    np.testing.assert_allclose(scene.frames[2].world_from_camera.matrix, pose_of(2), atol=1e-9)
    assert scene.frames[1].color.read_bytes() == picture(100)


def test_intrinsics_follow_the_size_of_the_images(folder: Path) -> None:
    # 1920 / 120 = 16: fx = 1680 / 120 = 14, cx = (959.5 + 0.5) / 120 - 0.5 = 7.5; depth is 16 times as wide as color
    frame = load(folder).frames[0]
    assert frame.depth_camera is not None
    assert frame.camera.intrinsics.tolist() == pytest.approx([14, 13, 7.5, 5.5])
    assert (frame.camera.width, frame.camera.height) == (16, 12)
    assert frame.depth_camera.intrinsics.tolist() == pytest.approx([224, 208, 127.5, 95.5])
    assert (frame.depth_camera.width, frame.depth_camera.height) == (256, 192)


def write_pngs(folder: Path) -> None:
    (folder / "depth.bin").unlink()
    (folder / "depth").mkdir()
    for k in range(3):
        Image.fromarray(depth_mm(k)).save(folder / "depth" / f"frame_{k:06d}.png")


DEPTH_LAYOUTS: dict[str, Callable[[Path], object]] = {
    "blocks of LZ4": lambda iphone: None,
    "blocks of deflate": lambda iphone: (iphone / "depth.bin").write_bytes(
        framed([deflate(meters(k)) for k in range(3)])
    ),
    "one stream": lambda iphone: (iphone / "depth.bin").write_bytes(deflate(b"".join(meters(k) for k in range(3)))),
    "images": write_pngs,
}


@pytest.mark.parametrize("write", DEPTH_LAYOUTS.values(), ids=DEPTH_LAYOUTS)
def test_depth_is_the_same_however_it_is_stored(folder: Path, write: Callable[[Path], object]) -> None:
    write(folder / "iphone")
    sources = [frame.depth for frame in load(folder).frames]
    for k in (2, 0, 1):  # not in order
        source = sources[k]
        assert source is not None
        depth = source.read_m()
        assert (depth.dtype, depth.shape) == (np.float32, (192, 256))
        assert depth[0, [0, 255]] == pytest.approx([1 + 0.01 * k, 1.255 + 0.01 * k], abs=1e-6)
        assert depth[5, 7] == 0


def test_a_stream_is_entered_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depth_file, "CHECKPOINT_FRAMES", 3)
    path = tmp_path / "depth.bin"
    path.write_bytes(deflate(b"".join(meters(k) for k in range(11))))
    file = depth_file.DepthFile(path)
    for k in (10, 4, 5, 3, 2, 9, 0, 10):
        source = file.source(k)
        assert source is not None
        assert source.read_m()[0, 0] == pytest.approx(1 + 0.01 * k, abs=1e-6)
    source = file.source(11)
    assert source is not None
    with pytest.raises(SceneError, match=r"depth.bin: depth frame 11: cannot be inflated .* ends"):
        source.read_m()


def test_nonsense_distances_of_floats_are_holes(tmp_path: Path) -> None:
    values = np.frombuffer(meters(0), "<f4").copy()
    values[:3] = np.nan, -1, np.inf
    (tmp_path / "depth.bin").write_bytes(framed([deflate(values.tobytes())]))
    source = depth_file.DepthFile(tmp_path / "depth.bin").source(0)
    assert source is not None
    assert source.read_m()[0, :4].tolist() == pytest.approx([0, 0, 0, 1.003])


def test_without_depth_it_is_rendered_from_the_mesh(folder: Path) -> None:
    (folder / "iphone" / "depth.bin").unlink()
    frame = load(folder).frames[0]
    assert frame.depth is not None
    depth = frame.depth.read_m()
    # Camera at (1, 0.5, 1.5), along +y. Pixel (8, 5): x = 0.5/14, y = -0.5/13, so upwards: past the board's right,
    # x from 1.0 on, at z = 2.45: height 1.5 + 0.09 = 1.59, below its top of 1.6. The board, 2.45 m away.
    assert depth[5, 8] == pytest.approx(2.45, abs=1e-5)
    # Pixel (7, 5) looks a little to the left of x = 1: past the board at the wall, 2.5 m away.
    assert depth[5, 7] == pytest.approx(2.5, abs=1e-5)
    # Row 0 looks up by 5.5/13: at the wall's distance it is at 1.5 + 1.06 = 2.56, above its top: nothing.
    assert depth[0, 8] == 0


def test_clock_that_jumps_gives_way_to_the_frame_rate(folder: Path) -> None:
    entries = make_entries()
    entries["frame_000002"]["timestamp"] = 1.0
    dump(folder / "iphone" / "pose_intrinsic_imu.json", entries)
    assert [frame.time_s for frame in load(folder).frames] == pytest.approx([0, 1 / 60, 2 / 60])


def test_frames_without_pose_image_or_depth_are_counted(folder: Path) -> None:
    entries = make_entries(6)
    del entries["frame_000000"]["aligned_pose"]
    dump(folder / "iphone" / "pose_intrinsic_imu.json", entries)
    for k in (3, 4):
        (folder / "iphone" / "rgb" / f"frame_{k:06d}.jpg").write_bytes(picture(50))
    scene = load(folder)
    assert [frame.id for frame in scene.frames] == ["frame_000001", "frame_000002"]
    frames = {reason: count for reason, count in scene.dropped.items() if reason.startswith("frame")}
    assert frames == {"frame: invalid pose": 1, "frame: no image": 1, "frame: no depth": 2}


def write_video(path: Path, count: int = 40) -> None:
    """Frames of one gray each, 50 + 4 k; key frames every 12, and frames that refer forward."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(30))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options = {"g": "12", "bf": "2", "crf": "5"}
        for k in range(count):
            image = np.full((48, 64, 3), 50 + 4 * k, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


def grey_image(jpeg: bytes) -> np.ndarray:
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE))


@pytest.mark.parametrize("name", ["rgb.mkv", "rgb.mp4"])
def test_frames_of_the_video_are_found_in_any_order(folder: Path, name: str) -> None:
    shutil.rmtree(folder / "iphone" / "rgb")
    write_video(folder / "iphone" / name)
    frames = load(folder).frames
    assert [frame.camera.width for frame in frames] == [64, 64, 64]
    images = list_video(folder / "iphone" / name)
    assert len(images) == 40
    first = {k: images[k].read_bytes() for k in range(40)}
    assert [grey_image(first[k]).mean() for k in range(40)] == pytest.approx([50 + 4 * k for k in range(40)], abs=2)
    for k in (39, 3, 17, 18, 18, 0, 25):
        assert images[k].read_bytes() == first[k]


# --- COLMAP -----------------------------------------------------------------------------------------------------


def test_colmap_poses_are_preferred(folder: Path) -> None:
    write_colmap(folder / "iphone" / "colmap")
    entries = make_entries()
    entries["frame_000001"]["aligned_pose"][0][3] += 0.2  # drift of the phone's own tracking
    dump(folder / "iphone" / "pose_intrinsic_imu.json", entries)
    scene = load(folder)
    assert [frame.id for frame in scene.frames] == ["frame_000001", "frame_000002"]
    assert scene.dropped["frame: not registered"] == 1
    assert [frame.time_s for frame in scene.frames] == pytest.approx([0, 1 / 60])
    for k, frame in zip((1, 2), scene.frames, strict=True):
        np.testing.assert_allclose(frame.world_from_camera.matrix, pose_of(k), atol=1e-6)
    # COLMAP's (960, 720) is the corner between four pixels; ours is (959.5, 719.5), which is (7.5, 5.5) at 16 x 12
    assert scene.frames[0].camera.intrinsics.tolist() == pytest.approx([14, 13, 7.5, 5.5])


def test_distortion_of_the_lens_is_taken_out(folder: Path) -> None:
    write_colmap(folder / "iphone" / "colmap")
    (folder / "iphone" / "colmap" / "cameras.txt").write_text(
        COLMAP_CAMERAS.replace("960 720 0 0 0 0", "960 720 0.1 0 0 0")
    )
    ramp = np.tile(np.arange(160, dtype=np.uint8), (120, 1))
    for k in range(3):
        Image.fromarray(np.stack([ramp] * 3, axis=2)).save(folder / "iphone" / "rgb" / f"frame_{k:06d}.jpg", quality=98)
    frame = load(folder).frames[0]
    straight = grey_image(frame.color.read_bytes())
    # At 160 wide fx = 140, fy = 130, cx = 79.5, cy = 59.5. Pixel (149, 59): x = 69.5/140 = 0.4964, y = -0.0038,
    # r² = 0.2465, so it was taken at 79.5 + 140·0.4964·(1 + 0.1·0.2465) = 79.5 + 71.21 = 150.7.
    assert straight[59, 149] == pytest.approx(150.7, abs=1.5)
    assert straight[59, 80] == pytest.approx(80, abs=1.5)
    assert isinstance(frame.depth, UndistortedDepth)
    # Depth at 256 wide: fx = 224, cx = 127.5. Column 239: x = 111.5/224 = 0.4978, r² = 0.248: 127.5 + 114.3 = 241.8.
    depth_m = frame.depth.read_m()
    assert depth_m[95, 239] == pytest.approx(1.01 + 0.242, abs=1e-3)
    np.testing.assert_allclose(1000 * depth_m, np.round(1000 * depth_m), atol=1e-3)  # measured, never averaged


# --- photographs ------------------------------------------------------------------------------------------------


def test_photographs_are_brought_back_to_the_world_of_the_mesh(folder: Path) -> None:
    shutil.rmtree(folder / "iphone")
    write_dslr(folder / "dslr")
    scene = load(folder)
    assert [frame.id for frame in scene.frames] == ["DSC00011", "DSC00012"]
    np.testing.assert_allclose(scene.frames[0].world_from_camera.matrix, pose_of(0), atol=1e-9)
    np.testing.assert_allclose(scene.frames[1].world_from_camera.matrix, pose_of(2), atol=1e-9)  # x = 1.5
    assert scene.frames[1].camera.intrinsics.tolist() == [14, 13, 7.5, 5.5]
    frames = {reason: count for reason, count in scene.dropped.items() if reason.startswith("frame")}
    assert frames == {"frame: marked as bad": 1, "frame: held out for view synthesis": 1}
    assert scene.frames[0].depth is not None
    assert scene.frames[0].depth.read_m()[5, 8] == pytest.approx(2.45, abs=1e-5)  # the board, as above


def test_rendered_depth_is_no_wider_than_a_sensors(small_film: Film) -> None:
    pose, camera = small_film.poses[0], small_film.camera
    rendered = RenderedDepth(Surface(small_film.vertices, small_film.faces), camera, pose).read_m()
    seen = small_film.depth_mm(0)
    assert np.median(np.abs(rendered - seen / 1000)[seen > 0]) < 0.02  # the film's sensor has noise


# --- objects ----------------------------------------------------------------------------------------------------


def test_boxes_are_the_datasets_own(folder: Path) -> None:
    scene = load(folder)
    assert [(item.id, item.label) for item in scene.objects] == [(2, "whiteboard"), (7, "table")]
    board, table = (item.box for item in scene.objects)
    assert board.center.tolist() == [1.5, 2.95, 1.3]
    assert board.size.tolist() == [1.0, 0.0, 0.6]  # its first axis was the vertical one
    assert board.yaw_rad == pytest.approx(0)
    assert table.size.tolist() == [1.2, 0.4, 0.02]
    assert np.degrees(table.yaw_rad) == pytest.approx(30)
    objects = {reason: count for reason, count in scene.dropped.items() if reason.startswith("object")}
    assert objects == {"object: never asked about": 3, "object: no surface": 1}
    assert scene.unplaced == {"lamp"}


def test_vertices_of_two_objects_belong_to_the_smaller(folder: Path) -> None:
    scene = load(folder)
    assert scene.mesh is not None
    assert scene.mesh.face_object.tolist() == [STRUCTURE, STRUCTURE, 0, 1] * 2  # floor, wall, board, table
    points = scene.objects[0].points
    assert points is not None
    np.testing.assert_allclose(points, VERTICES[8:12], atol=1e-6)
    assert scene.mesh.faces.tolist() == FACES.tolist()


@pytest.mark.parametrize("name", ["mesh_aligned_0.05.ply", "segments.json"])
def test_without_mesh_or_segments_there_are_boxes_only(folder: Path, name: str) -> None:
    (folder / "scans" / name).unlink()
    scene = load(folder)
    assert scene.mesh is None
    assert [(item.id, item.points) for item in scene.objects] == [(2, None), (7, None), (9, None)]
    assert scene.objects[0].box.center.tolist() == [1.5, 2.95, 1.3]
    assert scene.dropped["scene: no mesh with segments"] == 1


def test_without_mesh_and_depth_nothing_tells_what_is_seen(folder: Path) -> None:
    (folder / "scans" / "mesh_aligned_0.05.ply").unlink()
    (folder / "iphone" / "depth.bin").unlink()
    assert "no mesh, no depth images and no instance images" in refusal(folder)
    shutil.rmtree(folder / "iphone")
    write_dslr(folder / "dslr")
    assert "no mesh, no depth images and no instance images" in refusal(folder)


def test_axes_read_as_columns_would_be_noticed(folder: Path) -> None:
    groups = make_groups()
    groups[1]["segments"], groups[3]["obb"]["normalizedAxes"] = [], np.array(
        groups[3]["obb"]["normalizedAxes"]
    ).reshape(3, 3).T.ravel().tolist()  # fmt: skip
    groups = [groups[3]]
    dump(folder / "scans" / "segments_anno.json", {"segGroups": groups})
    assert "segments_anno.json: obb: found boxes of which half hold less than 0%" in refusal(folder)


def test_tilted_boxes_become_upright_ones() -> None:
    # A rod of 2 m along (0.6, 0, 0.8), 0.2 m wide: its corners span 2·0.6 + 0.2·0.8 = 1.36 m and 2·0.8 + 0.2·0.6 =
    # 1.72 m.
    tilted = [[0.6, 0, 0.8], [0, 1, 0], [-0.8, 0, 0.6]]
    box = upright_box([1, 2, 3], tilted, [2, 0.2, 0.2])
    assert box.center == pytest.approx([1, 2, 3])
    assert box.size == pytest.approx([1.36, 0.2, 1.72])
    points = np.array([[0.0, 0, 0], [1, 0, 0], [1, 0.5, 0], [0, 0.5, 2]])
    box = upright_box([1, 2, 3], tilted, [2, 0.2, 0.2], points)
    assert sorted(box.size) == pytest.approx([0.5, 1, 2])


def test_left_handed_and_lying_axes_make_the_same_box() -> None:
    box = upright_box([0, 0, 0], [[0, 0, -1], [0, 1, 0], [1, 0, 0]], [3, 2, 1])
    assert box.size.tolist() == [2, 1, 3]
    assert np.linalg.det(box.rotation) == pytest.approx(1)
    assert np.ptp(box.corners, axis=0) == pytest.approx([1, 2, 3])


# --- which scenes -----------------------------------------------------------------------------------------------


def test_scenes_are_those_of_the_split(folder: Path) -> None:
    root = folder.parents[1]
    loader = make_loader("scannetpp", root)
    assert loader.scene_ids("train") == [NAME]  # no split files
    (root / "splits").mkdir()
    (root / "splits" / "nvs_sem_train.txt").write_text(f"{NAME}\nffffffffff\n")
    (root / "splits" / "nvs_sem_val.txt").write_text("ffffffffff\n")
    assert loader.scene_ids("train") == loader.scene_ids("nvs_sem_train") == loader.scene_ids("all") == [NAME]
    with pytest.raises(SceneError, match=r"nvs_sem_val.txt: none of the 1 scenes listed here exist"):
        loader.scene_ids("val")
    with pytest.raises(SceneError, match=r"no splits/tain.txt. Known: all, nvs_sem_train"):
        loader.scene_ids("tain")


@pytest.mark.parametrize("up", [0, 1, 2], ids=["dataset", "data folder", "single scene"])
def test_root_may_be_dataset_or_scene(folder: Path, up: int) -> None:
    loader = make_loader("scannetpp", [folder.parents[1], folder.parent, folder][up])
    assert loader.scene_ids("train") == [NAME]
    assert len(loader.load(NAME).frames) == 3


@pytest.mark.parametrize("name", ["../data/0a5c013435", "/etc", "", "nothere"])
def test_scene_names_never_leave_the_root(folder: Path, name: str) -> None:
    with pytest.raises(SceneError, match="scene: no "):
        make_loader("scannetpp", folder.parents[1]).load(name)


def test_test_scenes_without_annotation_are_refused(folder: Path) -> None:
    (folder / "scans" / "segments_anno.json").unlink()
    assert "no annotation: segments_anno.json is missing" in refusal(folder)


def test_scene_without_readable_stream_says_what_is_needed(folder: Path) -> None:
    shutil.rmtree(folder / "iphone" / "rgb")
    assert "frames: found none, expected iphone/rgb/ or iphone/rgb.mkv, or dslr/nerfstudio" in refusal(folder)


# --- damage -----------------------------------------------------------------------------------------------------


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def change_json(change: Callable[[dict], object]) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        document = json.loads(path.read_text())
        change(document)
        path.write_text(json.dumps(document))

    return apply


def change_text(old: str, new: str) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    return apply


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.truncate(2 << 30)  # a hole: nothing is written


def put(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def no_file(path: Path) -> None:
    path.unlink()


MESH, SEGMENTS, OBJECTS = "scans/mesh_aligned_0.05.ply", "scans/segments.json", "scans/segments_anno.json"
POSES, DEPTH, IMAGE = "iphone/pose_intrinsic_imu.json", "iphone/depth.bin", "iphone/rgb/frame_000000.jpg"
CAMERAS, IMAGES = "iphone/colmap/cameras.txt", "iphone/colmap/images.txt"
DAMAGE: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "mesh cut": (MESH, cut, "mesh: cannot be read"),
    "segments cut": (SEGMENTS, cut, "content: "),
    "segments of another mesh": (
        SEGMENTS,
        change_json(lambda d: d["segIndices"].pop()),
        "found 15 entries, expected 16",
    ),
    "segments of words": (SEGMENTS, change_json(lambda d: d["segIndices"].append("x")), "segIndices[16]: found 'x'"),
    "objects cut": (OBJECTS, cut, "content: "),
    "object twice": (
        OBJECTS,
        change_json(lambda d: d["segGroups"].append(d["segGroups"][1])),
        "objectId 2 more than once",
    ),
    "no box": (OBJECTS, change_json(lambda d: d["segGroups"][1].pop("obb")), "segGroups[1].obb: found nothing"),
    "short box": (OBJECTS, change_json(lambda d: d["segGroups"][1]["obb"]["axesLengths"].pop()), "axesLengths"),
    "negative box": (
        OBJECTS,
        change_json(lambda d: d["segGroups"][1]["obb"].update(axesLengths=[-1, 1, 1])),
        "object 2: obb",
    ),
    "skewed axes": (
        OBJECTS,
        change_json(lambda d: d["segGroups"][1]["obb"].update(normalizedAxes=[1] * 9)),
        "object 2: obb",
    ),
    "objects of gigabytes": (OBJECTS, grow, "size: found 2147483648 bytes, expected at most 1073741824"),
    "poses cut": (POSES, cut, "content: "),
    "no poses": (POSES, no_file, "cannot be read"),
    "pose of three rows": (POSES, change_json(lambda d: d["frame_000001"]["aligned_pose"].pop()), "aligned_pose"),
    "all poses mirrored": (
        POSES,
        change_json(lambda d: [e.update(aligned_pose=np.diag([1, 1, -1, 1]).tolist()) for e in d.values()]),
        "none with a valid pose",
    ),
    "key with a path": (POSES, change_json(lambda d: d.update({"../x": d["frame_000000"]})), "found '../x'"),
    "no entries": (POSES, put(b"{}"), "frames: found none"),
    "intrinsics of another size": (
        POSES,
        change_json(lambda d: d["frame_000000"].update(intrinsic=[[500, 0, 320], [0, 500, 240], [0, 0, 1]])),
        "frame_000000 intrinsics",
    ),
    "image is no image": (IMAGE, put(b"nothing"), "cannot be decoded"),
    "depth cut": (DEPTH, cut, "found 2 whole blocks and then one of"),
    "depth empty": (DEPTH, put(b""), "depth: found neither"),
    "depth is noise": (DEPTH, put(bytes(range(256)) * 50), "depth: found neither"),
    "depth block claims gigabytes": (DEPTH, put(struct.pack("<I", 2**32 - 1) + b"x" * 99), "depth: found neither"),
    "unknown lens": (CAMERAS, change_text("OPENCV", "FOV"), "line 2: found '3 FOV 1920 1440'"),
    "lens without distortion": (
        CAMERAS,
        change_text("720 0 0 0 0", "720 0 0"),
        "found 6 parameters of OPENCV, expected 8",
    ),
    "lens of words": (CAMERAS, change_text("1680", "wide"), "line 2: could not convert"),
    "giant lens": (CAMERAS, change_text("1920 1440", "1920 999999999"), "found 1920 x 999999999 pixels"),
    "no cameras": (CAMERAS, put(b"# none\n"), "cameras: found none"),
    "no registered image": (IMAGES, put(b"# none\n"), "images: found none"),
    "short image line": (IMAGES, change_text(" 3 iphone/frame_000001.jpg", ""), "line 2: found 8 words"),
    "quaternion not of length 1": (
        IMAGES,
        change_text("8 0.70710678", "8 0.9"),
        "line 2: found a quaternion of length 1.14",
    ),
    "unknown camera": (
        IMAGES,
        change_text("-0.5 3 iphone/frame_000001", "-0.5 4 iphone/frame_000001"),
        "found camera 4 for frame_000001",
    ),
    "endless line": (IMAGES, put(b"1 " * (1 << 23)), "line 1: found over 16777216 characters"),
    "image of another stream": (IMAGES, change_text("iphone/frame_000001.jpg", "DSC01.JPG"), "name: found 'DSC01.JPG'"),
}


@pytest.mark.parametrize(("name", "damage", "words"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_laid_to_its_file(folder: Path, name: str, damage: Callable[[Path], object], words: str) -> None:
    if "colmap" in name:
        write_colmap(folder / "iphone" / "colmap")
    damage(folder / name)
    message = refusal(folder)
    assert words in message
    where = folder if words == "none with a valid pose" else folder / name
    assert message.startswith(f"{where}: ")


def test_damaged_block_is_refused_when_it_is_read(folder: Path) -> None:
    (folder / DEPTH).write_bytes(framed([lz4_block(0), b"\xff" * 100, lz4_block(2)[:-9]]))
    first, second, third = (frame.depth for frame in load(folder).frames)
    assert first is not None
    assert first.read_m()[0, 0] == 1
    for source in (second, third):
        assert source is not None
        with pytest.raises(SceneError, match=r"depth.bin: depth block at offset \d+: expected LZ4"):
            source.read_m()


def test_block_that_unpacks_to_too_much_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "depth.bin"
    path.write_bytes(framed([deflate(bytes(100_000_000))]))
    source = depth_file.DepthFile(path).source(0)
    assert source is not None
    with pytest.raises(SceneError, match="depth block at offset 4"):
        source.read_m()


def test_damaged_video_is_laid_to_its_file(folder: Path) -> None:
    shutil.rmtree(folder / "iphone" / "rgb")
    video = folder / "iphone" / "rgb.mkv"
    video.write_bytes(b"no video at all")
    assert refusal(folder).startswith(f"{video}: cannot be read as a video")
    write_video(video)
    images = list_video(video)
    content = video.read_bytes()
    video.write_bytes(content[: len(content) // 2])
    with pytest.raises(SceneError, match=r"rgb.mkv: frame 39: cannot be decoded"):
        images[39].read_bytes()


TRANSFORMS = "dslr/nerfstudio/transforms_undistorted.json"
PHOTO_DAMAGE: dict[str, tuple[dict, str]] = {
    "fisheye": ({"camera_model": "OPENCV_FISHEYE"}, "camera_model"),
    "no size": ({"w": 0}, ": w: found 0"),
    "intrinsics of another size": ({"cx": 100.0}, "photograph intrinsics"),
    "path out of the folder": (
        {"frames": [{**make_transforms()["frames"][0], "file_path": "../../../secret.jpg"}]},
        "found '../../../secret.jpg', expected a path inside",
    ),
    "absolute path": ({"frames": [{**make_transforms()["frames"][0], "file_path": "/etc/passwd"}]}, "'/etc/passwd'"),
    "short matrix": (
        {"frames": [{**make_transforms()["frames"][0], "transform_matrix": [[1, 0, 0, 0]]}]},
        "transform_matrix",
    ),
}


@pytest.mark.parametrize(("change", "words"), PHOTO_DAMAGE.values(), ids=PHOTO_DAMAGE)
def test_damaged_transforms_are_refused(folder: Path, change: dict, words: str) -> None:
    shutil.rmtree(folder / "iphone")
    write_dslr(folder / "dslr")
    dump(folder / TRANSFORMS, {**make_transforms(), **change})
    message = refusal(folder)
    assert words in message
    assert message.startswith(f"{folder / TRANSFORMS}: ")


def test_missing_photographs_are_counted_or_refused(folder: Path) -> None:
    shutil.rmtree(folder / "iphone")
    write_dslr(folder / "dslr")
    images = folder / "dslr" / "resized_undistorted_images"
    (images / "DSC00011.JPG").unlink()
    assert load(folder).dropped["frame: no image"] == 1
    (images / "DSC00012.JPG").unlink()
    assert "images: found none of 2" in refusal(folder)


# --- the demo's layout ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", ["colmap", "arkit", "photographs"])
def test_the_film_comes_back(small_film: Film, tmp_path: Path, stream: str) -> None:
    demo_files.write(small_film, tmp_path)
    folder = tmp_path / "data" / demo_files.SCENE_ID
    if stream != "colmap":
        shutil.rmtree(folder / "iphone" / "colmap")
    if stream == "photographs":
        shutil.rmtree(folder / "iphone")
    scene = make_loader("scannetpp", tmp_path).load(demo_files.SCENE_ID)
    step = demo_files.PHOTO_STEP if stream == "photographs" else 1
    chosen = range(0, len(small_film.poses), step)
    for index, frame in zip(chosen, scene.frames, strict=True):
        np.testing.assert_allclose(frame.world_from_camera.matrix, small_film.poses[index].matrix, atol=1e-9)
        assert frame.camera.intrinsics.tolist() == pytest.approx(small_film.camera.intrinsics.tolist())
        assert frame.color.read_bytes() == small_film.color_jpeg(index)
    assert [item.label for item in scene.objects] == ["box", "nameless gadget"]
    for item, thing in zip(scene.objects, (BOX, GADGET), strict=True):
        np.testing.assert_allclose(item.box.corners, small_film.boxes[thing].corners, atol=1e-5)


@pytest.mark.parametrize("pose", ["nan nan nan nan nan nan nan", "0 0 0 0 0 0 0", "1 0 0 0 inf 0 0"])
def test_an_image_that_colmap_lost_is_left_out(folder: Path, pose: str) -> None:
    write_colmap(folder / "iphone" / "colmap")
    images = folder / IMAGES
    lines = images.read_text().splitlines()
    before = {frame.id for frame in load(folder).frames}
    at = next(k for k, line in enumerate(lines) if line.endswith("frame_000001.jpg"))
    number, *_, camera, name = lines[at].split()
    lines[at] = f"{number} {pose} {camera}.0 {name}".replace("/", "\\")
    images.write_text("\n".join(lines) + "\n")
    assert {frame.id for frame in load(folder).frames} == before - {"frame_000001"}


@pytest.mark.parametrize(
    ("model", "distortion"),
    [
        ("PINHOLE 16 12 14 13 8 6", (0, 0, 0, 0)),
        ("PINHOLE 16.0 12.0 14 13 8 6", (0, 0, 0, 0)),
        ("SIMPLE_RADIAL 16 12 14 8 6 0.1", (0.1, 0, 0, 0)),
        ("RADIAL 16 12 14 8 6 0.1 0.2", (0.1, 0.2, 0, 0)),
        ("OPENCV 16 12 14 13 8 6 0.1 0.2 0.3 0.4", (0.1, 0.2, 0.3, 0.4)),
        ("FULL_OPENCV 16 12 14 13 8 6 1 2 3 4 5 6 7 8", (1, 2, 3, 4, 5, 6, 7, 8)),
    ],
)
def test_lenses_of_colmap(tmp_path: Path, model: str, distortion: tuple[float, ...]) -> None:
    (tmp_path / "cameras.txt").write_text(f"1 {model}\n")
    lens = read_cameras(tmp_path / "cameras.txt")[1]
    assert (lens.camera.width, lens.camera.cx, lens.camera.cy) == (16, 7.5, 5.5)
    assert lens.distortion == distortion


@pytest.mark.parametrize("model", ["OPENCV_FISHEYE 16 12 14 13 8 6 0 0 0 0", "FOV 16 12 14 13 8 6 0.5"])
def test_lenses_of_colmap_that_cannot_be_undistorted_are_refused(tmp_path: Path, model: str) -> None:
    (tmp_path / "cameras.txt").write_text(f"1 {model}\n")
    with pytest.raises(SceneError, match=r"line 1: found .* undistort images of other lenses"):
        read_cameras(tmp_path / "cameras.txt")


@pytest.mark.parametrize("lens", [{"k1": 0.1}, {"camera_model": "OPENCV_FISHEYE"}])
def test_photographs_of_a_lens_that_bends_are_refused(folder: Path, lens: dict[str, object]) -> None:
    shutil.rmtree(folder / "iphone")
    write_dslr(folder / "dslr")
    path = folder / "dslr" / "nerfstudio" / "transforms_undistorted.json"
    told = make_transforms()
    told["frames"][0] |= lens
    dump(path, told)
    assert "undistort them first" in refusal(folder)
