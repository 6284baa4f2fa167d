"""``qagen spatialvid pack`` and ``unpack``: the official keys, pixels that agree with depth, poses and back, damage."""

import zipfile
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from qagen.__main__ import main
from qagen.errors import SceneError
from qagen.loaders.spatialvid.loader import SpatialVidLoader
from qagen.spatialvid.unpack import open_packed, write_unpacked
from tests.loaders import spatialvid_files as files

SHAPE = (files.ROWS, 328, 584)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files.write_clip(tmp_path)
    return tmp_path


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["spatialvid", *map(str, words)])


def pack(root: Path, *words: str) -> dict[str, NDArray]:
    result = run("pack", root, *words, "--out", root / "clip.npz")
    assert result.exit_code == 0, result.output
    with np.load(root / "clip.npz") as packed:
        return dict(packed)


def refused(root: Path) -> str:
    """The one line of an error, after which nothing is left behind."""
    before = sorted(root.iterdir())
    result = run("pack", root, "--out", root / "clip.npz")
    assert result.exit_code == 2
    assert sorted(root.iterdir()) == before
    return result.stderr


def depth_of(root: Path) -> Path:
    return root / "depths" / files.GROUP / f"{files.CLIP}.zip"


def write_disparity(root: Path, disparity: NDArray) -> None:
    content = files.exr_bytes(Z=disparity.astype(np.float16))
    files.write_depth(depth_of(root), {f"{row:05d}.exr": content for row in range(files.ROWS)})


def test_keys_shapes_and_types_are_the_official_ones_and_ours(root: Path) -> None:
    packed = pack(root, files.CLIP)
    assert {name: (array.shape, array.dtype.name) for name, array in packed.items()} == {
        "images": ((*SHAPE, 3), "uint8"),
        "depths": (SHAPE, "float32"),
        "intrinsic": ((3, 3), "float32"),
        "cam_c2w": ((files.ROWS, 4, 4), "float32"),
        "frame_index": ((files.ROWS,), "int32"),
        "valid": (SHAPE, "bool"),
        "dyn_mask": (SHAPE, "bool"),
        "metric": ((), "bool"),
    }
    assert packed["frame_index"].tolist() == [0, 2, 4, 6]
    assert not packed["metric"]
    # frame i is 20 i gray
    assert_allclose(packed["images"].mean(axis=(1, 2, 3)), [0, 40, 80, 120], atol=3)


def test_the_camera_is_that_of_the_whole_frame_resized(root: Path) -> None:
    # 64 x 36 becomes 591 x 332 of which 584 x 328 stay: fx 0.8, fy 1.4 and centers 0.5 of these
    assert_allclose(pack(root)["intrinsic"], [[0.8 * 591, 0, 295.5], [0, 1.4 * 332, 166], [0, 0, 1]], rtol=1e-6)


def test_camera_to_world_is_the_inverse_of_the_poses(root: Path) -> None:
    quaternions = Rotation.from_euler("yxz", np.random.default_rng(4).uniform(-3, 3, (files.ROWS, 3))).as_quat()
    poses = np.column_stack([np.random.default_rng(3).uniform(-2, 2, (files.ROWS, 3)), quaternions]).astype(np.float32)
    np.save(root / "annotations" / files.GROUP / files.CLIP / "poses.npy", poses)
    for pose, c2w in zip(poses, pack(root)["cam_c2w"].astype(np.float64), strict=True):
        w2c = np.eye(4)
        w2c[:3, :3], w2c[:3, 3] = Rotation.from_quat(pose[3:]).as_matrix(), pose[:3]
        assert_allclose(c2w @ w2c, np.eye(4), atol=1e-6)


def test_a_step_of_depth_stays_two_values(root: Path) -> None:
    disparity = np.full(SHAPE[1:], 0.5)
    disparity[:, 301:] = 0.25
    write_disparity(root, disparity)
    depths = pack(root)["depths"]
    assert np.unique(depths).tolist() == [2, 4]
    assert (depths[:, :, 300] == 2).all()
    assert (depths[:, :, 301] == 4).all()


def test_what_is_no_depth_is_100_and_not_valid(root: Path) -> None:
    disparity = np.full(SHAPE[1:], 0.5)
    disparity[0, :6] = [0, -0.25, np.nan, np.inf, 0.005, 2000]  # none, none, none, none, beyond 100 units, too near
    write_disparity(root, disparity)
    packed = pack(root)
    assert_allclose(packed["depths"][0, 0, :7], [100, 100, 100, 100, 100, 0.001, 2])
    assert packed["valid"][0, 0, :7].tolist() == [False, False, False, False, False, True, True]


def test_what_moves_is_marked_and_keeps_its_depth(root: Path) -> None:
    packed = pack(root)
    # the mask of row 1 covers x from 21 to 24 and y from 10 to 12 of 64 x 36, in depth x 193.9-221.6, y 92.2-110.7
    assert packed["dyn_mask"][1, 93:110, 194:221].all()
    assert not packed["dyn_mask"][1, :, 225:].any()
    assert packed["valid"].all()


def write_spot_video(path: Path, size: tuple[int, int], spots: list[tuple[float, float]]) -> None:
    """A black video with a red spot around one pixel of each row's frame and of the frame after it."""
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=files.FPS, options={"crf": "4"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for index in range(files.FRAMES):
            u, v = spots[index // 2]
            spot = 255 * np.exp(-((x - u) ** 2 + (y - v) ** 2) / (2 * 6**2))
            image = np.stack([spot, 0 * spot, 0 * spot], axis=2).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


def test_a_point_seen_in_two_rows_lies_in_one_place(root: Path) -> None:
    """The camera goes ahead along z by 0.1 a row towards a wall at z = 2, on which a spot is painted."""
    point, size, (fx, fy) = np.array([0.95, -0.5, 2.0]), (1280, 720), (0.8 * 1280, 1.4 * 720)
    depths = [2 - 0.1 * row for row in range(files.ROWS)]
    spots = [(fx * point[0] / z + 639.5, fy * point[1] / z + 359.5) for z in depths]
    write_spot_video(root / "videos" / files.GROUP / f"{files.CLIP}.mp4", size, spots)
    (root / "annotations" / files.GROUP / files.CLIP / "dyn_masks.npz").unlink()
    walls = [files.exr_bytes(Z=np.full(SHAPE[1:], 1 / z, np.float16)) for z in depths]
    files.write_depth(depth_of(root), {f"{row:05d}.exr": wall for row, wall in enumerate(walls)})
    packed = pack(root)
    for row in (0, 3):
        red, green, blue = np.moveaxis(packed["images"][row].astype(float), 2, 0)
        assert red.max() > 200 > 60 > max(green.max(), blue.max())
        weights = red * (red > 100)
        y, x = (np.average(axis, weights=weights) for axis in np.indices(weights.shape))
        z = packed["depths"][row, round(y), round(x)]
        ray = np.linalg.inv(packed["intrinsic"]) @ (x + 0.5, y + 0.5, 1)  # the first pixel's center is at 0.5
        found = packed["cam_c2w"][row] @ (*(ray * z), 1)
        # Taken for a mere resize, pixel 1126 or 1212 would be off by 1.2 %: 14 pixels, which are 0.025 at the wall.
        assert_allclose(found[:3], point, atol=0.004)


def test_a_lost_depth_image_is_told_and_not_valid(root: Path) -> None:
    good = files.exr_bytes(Z=np.full(SHAPE[1:], 0.5, np.float16))
    members = {f"{row:05d}.exr": b"none" if row in (0, 2) else good for row in range(files.ROWS)}
    files.write_depth(depth_of(root), members)
    packed = pack(root)
    assert packed["valid"].all(axis=(1, 2)).tolist() == [False, True, False, True]
    assert (packed["depths"][[0, 2]] == 100).all()
    assert "rows 0, 2 cannot be decoded" in run("pack", root, "--out", root / "clip.npz").stdout


def test_clips_that_cannot_be_packed_leave_nothing_behind(root: Path) -> None:
    folder = root / "annotations" / files.GROUP / files.CLIP
    other_size = files.exr_bytes(Z=np.full((36, 64), 0.5, np.float16))
    good = files.exr_bytes(Z=np.full(SHAPE[1:], 0.5, np.float16))
    files.write_depth(depth_of(root), {f"{row:05d}.exr": other_size if row == 3 else good for row in range(4)})
    assert "00003.exr: found 64 x 36 pixels, expected 584 x 328 as in the rows before" in refused(root)
    files.write_depth(depth_of(root), {f"{row:05d}.exr": b"none" for row in range(4)})
    assert "found no image that can be decoded" in refused(root)
    depth_of(root).unlink()
    assert f"depth: found none, expected depths/{files.GROUP}/{files.CLIP}.zip, because" in refused(root)
    np.save(folder / "poses.npy", files.POSES[:3])
    assert "rows: poses 3, intrinsics 4, indexes 4" in refused(root)


def test_a_video_that_ends_in_the_middle_leaves_nothing_behind(root: Path) -> None:
    video = root / "videos" / files.GROUP / f"{files.CLIP}.mp4"
    content = bytearray(video.read_bytes())
    start = content.index(b"mdat") + 4
    end = start - 8 + int.from_bytes(content[start - 8 : start - 4], "big")
    content[start + (end - start) // 2 : end] = bytes(end - start - (end - start) // 2)
    video.write_bytes(content)
    assert "cannot be decoded" in refused(root)


def test_a_clip_is_chosen_by_id_or_by_group_and_id(root: Path) -> None:
    files.write_clip(root, group="group_0062")
    files.write_clip(root, clip="another")
    assert "found none, expected one of 3 clips" in run("pack", root).stderr
    assert f"expected {files.GROUP}/{files.CLIP} or group_0062/{files.CLIP}" in run("pack", root, files.CLIP).stderr
    assert "no clip 'anothr'" in run("pack", root, "anothr").stderr
    assert "Did you mean 'another'?" in run("pack", root, "anothr").stderr
    assert len(pack(root, f"group_0062/{files.CLIP}")["frame_index"]) == files.ROWS


def test_the_bytes_are_the_same_every_time(root: Path) -> None:
    pack(root)
    first = (root / "clip.npz").read_bytes()
    pack(root)
    assert (root / "clip.npz").read_bytes() == first


# --- unpack -----------------------------------------------------------------------------------------------------------


def test_unpacked_clips_have_the_poses_depth_and_masks_of_the_packed(root: Path) -> None:
    poses = files.POSES.copy()
    poses[:, 3:] = Rotation.from_euler("yxz", [[5 * row, -3 * row, row] for row in range(4)], degrees=True).as_quat()
    np.save(root / "annotations" / files.GROUP / files.CLIP / "poses.npy", poses)
    packed = pack(root)
    result = run("unpack", root / "clip.npz", "--out", root / "unpacked")
    assert result.exit_code == 0, result.output
    assert "4 rows of 584 x 328 pixels" in result.stdout
    assert_allclose(np.load(root / "unpacked" / "poses.npy"), poses, atol=1e-6)
    assert run("check", root / "unpacked").exit_code == 0
    again = pack(root / "unpacked")
    for name in packed:
        assert_allclose(again[name], packed[name], atol=4 if name == "images" else 1e-6, err_msg=name)


def test_the_loader_reads_an_unpacked_clip_with_depth_where_it_is(root: Path) -> None:
    pack(root)
    run("unpack", root / "clip.npz", "--out", root / "unpacked")
    frame = SpatialVidLoader(root / "unpacked").load("unpacked").frames[1]
    assert frame.depth_camera is not None
    assert_allclose(frame.camera.intrinsics, [0.8 * 591, 1.4 * 332, 295, 165.5], rtol=1e-6)
    assert_allclose(frame.depth_camera.intrinsics, frame.camera.intrinsics)
    assert (frame.depth_camera.width, frame.depth_camera.height) == (584, 328)
    assert frame.time_s == pytest.approx(0.2)


def megasam_file(path: Path, **changes: Any) -> Path:
    """A file of MegaSaM's own, three rows of 8 x 6 pixels: the official keys alone, depth of 16 bits."""
    arrays = {
        "images": np.full((3, 6, 8, 3), 200, np.uint8),
        "depths": np.full((3, 6, 8), 2, np.float16),
        "intrinsic": np.array([[7, 0, 4], [0, 7, 3], [0, 0, 1]], np.float32),
        "cam_c2w": np.tile(np.eye(4, dtype=np.float32), (3, 1, 1)),
    }
    arrays["depths"][0, 0, 0] = 100
    kept = {name: array for name, array in {**arrays, **changes}.items() if array is not None}
    np.savez(path, allow_pickle=True, **kept)
    return path


def test_files_of_megasam_are_unpacked_too(tmp_path: Path) -> None:
    write_unpacked(open_packed(megasam_file(tmp_path / "x.npz")), tmp_path / "clip")
    frame = SpatialVidLoader(tmp_path / "clip").load("clip").frames[0]
    assert frame.depth is not None
    assert_array_equal(frame.depth.read_m()[0, :3], [0, 2, 2])
    assert not (tmp_path / "clip" / "dyn_masks.npz").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"depths": None}, "keys: found images, intrinsic, cam_c2w, expected also depths"),
        ({"depths": np.ones((3, 6, 9), np.float32)}, r"depths: found \(3, 6, 9\), expected \(3, 6, 8\)"),
        ({"depths": np.ones((3, 6, 8))}, r"depths: found \(3, 6, 8\) float64, expected \(N, H, W\) float32 or float16"),
        ({"images": np.ones((3, 6, 8, 4), np.uint8)}, r"images: found \(3, 6, 8, 4\), expected 1 to"),
        ({"images": np.ones((0, 6, 8, 3), np.uint8)}, r"images: found \(0, 6, 8, 3\)"),
        ({"images": np.asfortranarray(np.ones((3, 6, 8, 3), np.uint8))}, "in the order of columns"),
        ({"cam_c2w": np.ones((3, 4, 4), np.float32)}, "cam_c2w: row 0: found last row"),
        ({"cam_c2w": np.tile(np.diag([2, 2, 2, 1.0]), (3, 1, 1))}, "cam_c2w: row 0: found rotation is 3 from"),
        ({"cam_c2w": np.ones((3, 3, 4), np.float32)}, r"cam_c2w: found \(3, 3, 4\), expected \(3, 4, 4\)"),
        ({"intrinsic": np.eye(3) * 20}, "intrinsic: found"),
        ({"intrinsic": np.full((3, 3), np.nan)}, "intrinsic: found"),
        ({"intrinsic": np.array([[0.9, 0, 0.5], [0, 0.9, 0.5], [0, 0, 1]])}, "intrinsics: found fx 0.1"),
        ({"intrinsic": np.array([[8.0, 0, 4], [0, 3, 3], [0, 0, 1]])}, "focal lengths of 8 and 3 pixels"),
        ({"frame_index": np.array([0, 4, 4])}, "frame_index: found numbers that do not rise"),
        ({"frame_index": np.array([0, 4, 1 << 40])}, "frame_index: found numbers that do not rise"),
        ({"images": np.array([{}])}, r"images: found \(1,\) object, expected"),
    ],
)
def test_files_that_do_not_fit_together_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SceneError, match=message):
        open_packed(megasam_file(tmp_path / "x.npz", **changes))


def test_damage_that_shows_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    large = {"images": np.full((3, 600, 800, 3), 200, np.uint8), "depths": np.full((3, 600, 800), 2, np.float16)}
    large["intrinsic"] = np.array([[700, 0, 400], [0, 700, 300], [0, 0, 1]], np.float32)
    path = megasam_file(tmp_path / "x.npz", **large)
    content = bytearray(path.read_bytes())
    content[content.index(bytes([200] * 9)) + 4_000_000] ^= 1
    path.write_bytes(content)
    result = run("unpack", path, "--out", tmp_path / "clip")
    assert result.exit_code == 2
    assert "images: cannot be unpacked (Bad CRC-32" in result.stderr
    assert sorted(tmp_path.iterdir()) == [path]
    path.write_bytes(content[:500])
    assert "cannot be read as zip" in run("unpack", path, "--out", tmp_path / "clip").stderr


def test_a_header_that_claims_more_than_there_is_costs_no_memory(tmp_path: Path) -> None:
    path = megasam_file(tmp_path / "x.npz")
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["depths.npy"] = members["depths.npy"].replace(b"(3, 6, 8)", b"(9, 6, 8)")
    with zipfile.ZipFile(path, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    with pytest.raises(SceneError, match=r"depths: found 288 bytes, expected those of \(9, 6, 8\) float16"):
        open_packed(path)


def test_a_folder_with_files_is_never_written_into(root: Path) -> None:
    pack(root)
    result = run("unpack", root / "clip.npz", "--out", root)
    assert result.exit_code == 2
    assert "exists already, expected a new folder" in result.stderr
