"""SpatialVID's files: three layouts, arrays and their damage, masks, disparity and what must fit together."""

import contextlib
import io
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from qagen.core import reasons
from qagen.core.camera import Camera
from qagen.errors import ConfigError, SceneError
from qagen.loaders.io.npy import parse_npy
from qagen.loaders.spatialvid import depth
from qagen.loaders.spatialvid.depth import depth_camera, depth_of, open_depth, resized_size
from qagen.loaders.spatialvid.files import (
    ClipError,
    clip_of,
    find_clips,
    read_captions,
    read_indexes,
    read_intrinsics,
    read_metadata,
    read_poses,
)
from qagen.loaders.spatialvid.integrity import check_clip, check_images
from qagen.loaders.spatialvid.masks import open_masks
from tests.loaders import spatialvid_files as files

REAL = Path(os.environ.get("QAGEN_REAL", Path(__file__).parents[2] / "../shared/real")) / "spatialvid"
with_real_data = pytest.mark.skipif(not REAL.is_dir(), reason="no real clips here")


def refusal(function: Callable[[], object]) -> tuple[str, str]:
    """The reason and the message of the ClipError that a call ends with."""
    with pytest.raises(ClipError) as caught:
        function()
    return caught.value.reason, str(caught.value)


# --- layouts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("between", ["", "SpatialVID", "SpatialVid/HQ"])
def test_clips_of_the_release_are_found_below_up_to_two_folders(tmp_path: Path, between: str) -> None:
    folder = files.write_clip(tmp_path / between)
    for root in (tmp_path, tmp_path / between / "annotations", folder.parent, folder):
        (clip,) = find_clips(root)
        assert (clip.id, clip.group, clip.folder) == (files.CLIP, files.GROUP, folder)
        assert clip.video == tmp_path / between / "videos" / files.GROUP / f"{files.CLIP}.mp4"
        assert clip.depth == tmp_path / between / "depths" / files.GROUP / f"{files.CLIP}.zip"


def test_clips_of_the_pipeline_have_images_of_frames(tmp_path: Path) -> None:
    folder = tmp_path / "out" / "video_0"
    (folder / "img").mkdir(parents=True)
    (folder / "reconstructions").mkdir()
    for frame in (12, 0, 24):
        (folder / "img" / f"frame_{frame:06d}.jpg").write_bytes(b"")
    (folder / "reconstructions" / "depth_opt.zip").write_bytes(b"")
    (clip,) = find_clips(tmp_path / "out")
    assert (clip.id, clip.group, clip.is_pipeline) == ("video_0", "", True)
    assert clip.poses == folder / "reconstructions" / "poses.npy"
    assert clip.instructions == folder / "instructions.json"
    assert sorted(clip.images) == [0, 12, 24]
    assert clip.depth == folder / "reconstructions" / "depth_opt.zip"


def test_a_lone_folder_has_its_video_beside_the_annotation(tmp_path: Path) -> None:
    folder = files.write_clip(tmp_path)
    lone = folder.rename(tmp_path / "lone")
    (tmp_path / "videos" / files.GROUP / f"{files.CLIP}.mp4").rename(lone / "input.mp4")
    (clip,) = find_clips(lone)
    assert (clip.id, clip.video, clip.depth) == ("lone", lone / "input.mp4", None)


def test_a_root_without_clips_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"clips: found none, expected annotations/group_0001"):
        find_clips(tmp_path)
    with pytest.raises(SceneError, match=r"clips: no such folder"):
        find_clips(tmp_path / "missing")


# --- arrays -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_poses_keep_their_type(tmp_path: Path, kind: type) -> None:
    path = tmp_path / "poses.npy"
    np.save(path, files.POSES.astype(kind))
    assert read_poses(path).dtype == kind
    assert_array_equal(read_poses(path), files.POSES)


BAD_POSES = {
    "4x4": (
        np.tile(np.eye(4, dtype=np.float32), (3, 1, 1)),
        reasons.OTHER_POSES,
        r"found \(3, 4, 4\) float32, expected",
    ),
    "3x4": (np.zeros((3, 3, 4)), reasons.OTHER_POSES, r"found \(3, 3, 4\) float64, expected \(n, 7\)"),
    "integers": (np.zeros((3, 7), np.int32), reasons.OTHER_POSES, r"found \(3, 7\) int32"),
    "none": (np.zeros((0, 7)), reasons.OTHER_POSES, r"found \(0, 7\) float64"),
    "w first": (np.array([[0, 0, 0, 1, 0, 0, 0.0]]), reasons.OTHER_POSES, "w stands first, expected it last"),
    "length": (
        np.array([[0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 1.02]]),
        reasons.NO_ROTATION,
        "length 1.02 in row 1",
    ),
    "NaN": (np.array([[0, 0, np.nan, 0, 0, 0, 1]]), reasons.NO_ROTATION, "not finite in row 0"),
}


@pytest.mark.parametrize("name", BAD_POSES)
def test_bad_poses_are_refused_with_their_reason(tmp_path: Path, name: str) -> None:
    values, expected, message = BAD_POSES[name]
    np.save(tmp_path / "poses.npy", values)
    reason, text = refusal(lambda: read_poses(tmp_path / "poses.npy"))
    assert reason == expected
    assert re.search(message, text)


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    np.save(tmp_path / "poses.npy", np.array([{"pose": 1}], dtype=object), allow_pickle=True)
    reason, text = refusal(lambda: read_poses(tmp_path / "poses.npy"))
    assert reason == reasons.PICKLED_ARRAY
    assert "found Python objects (a pickle), expected numbers; it is not opened" in text


def test_cut_and_boastful_arrays_are_refused_without_taking_memory(tmp_path: Path) -> None:
    path = tmp_path / "poses.npy"
    np.save(path, files.POSES)
    whole = path.read_bytes()
    for size in range(len(whole)):
        with pytest.raises(SceneError):
            parse_npy(whole[:size], path, "array")
    path.write_bytes(whole[:-4])
    assert refusal(lambda: read_poses(path))[0] == reasons.UNREADABLE_ARRAY
    header = np.lib.format.header_data_from_array_1_0(files.POSES) | {"shape": (1 << 50, 7)}
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, header)
    path.write_bytes(stream.getvalue())
    assert "found 0 bytes, expected those of 1125899906842624 x 7 float32" in refusal(lambda: read_poses(path))[1]


BAD_INTRINSICS = {
    "pixels": ([[460.0, 460, 295.5, 166]], reasons.PIXEL_INTRINSICS, "normalize_intrinsics, the pipeline's last step"),
    "wide": ([[0.1, 0.2, 0.5, 0.5]], reasons.DOUBTFUL_INTRINSICS, "found fx 0.1 to 0.1"),
    "flat": ([[1.0, 1e-9, 0.5, 0.5]], reasons.DOUBTFUL_INTRINSICS, "fy from 1e-09"),
    "long": ([[6.0, 6, 0.5, 0.5]], reasons.DOUBTFUL_INTRINSICS, "found fx 6 to 6"),
    "zoom": ([[1, 1, 0.5, 0.5], [1.06, 1, 0.5, 0.5]], reasons.DOUBTFUL_INTRINSICS, "change by 5.8% along the clip"),
    "center": ([[1, 1, 1.5, 0.5]], reasons.DOUBTFUL_INTRINSICS, "a center outside the image"),
    "NaN": ([[np.nan, 1, 0.5, 0.5]], reasons.DOUBTFUL_INTRINSICS, "not finite"),
    "3x3": ([[1.0, 1, 0.5]], reasons.DOUBTFUL_INTRINSICS, r"found \(1, 3\) float64, expected \(n, 4\)"),
}


@pytest.mark.parametrize("name", BAD_INTRINSICS)
def test_bad_intrinsics_are_refused_with_their_reason(tmp_path: Path, name: str) -> None:
    values, expected, message = BAD_INTRINSICS[name]
    np.save(tmp_path / "intrinsics.npy", np.array(values))
    reason, text = refusal(lambda: read_intrinsics(tmp_path / "intrinsics.npy"))
    assert reason == expected
    assert re.search(message, text)


def test_indexes_are_pairs_and_other_lines_are_comments(tmp_path: Path) -> None:
    path = tmp_path / "indexes.txt"
    path.write_text("# rows and their frames\n\n1 12\n0 0\n2 24\n")
    assert_array_equal(read_indexes(path), [0, 12, 24])


@pytest.mark.parametrize(
    ("text", "expected", "message"),
    [
        ("0 0\n2 12\n", reasons.ROWS_OUT_OF_ORDER, "found 2 rows, the last of which is 2, expected 0, 1, 2"),
        ("0 0\n0 12\n", reasons.ROWS_OUT_OF_ORDER, "line 2: found row 0 a second time"),
        ("0 12\n1 12\n", reasons.ROWS_OUT_OF_ORDER, "found frame 12 in row 1 after frame 12"),
        ("nothing here at all\n", reasons.ROWS_OUT_OF_ORDER, "found no rows"),
        ("0 zero\n", reasons.UNREADABLE_ARRAY, "line 1: found ['0', 'zero'], expected the numbers"),
        ("0 -1\n", reasons.UNREADABLE_ARRAY, "line 1"),
    ],
)
def test_bad_indexes_are_refused_with_their_reason(tmp_path: Path, text: str, expected: str, message: str) -> None:
    (tmp_path / "indexes.txt").write_text(text)
    reason, found = refusal(lambda: read_indexes(tmp_path / "indexes.txt"))
    assert reason == expected
    assert message in found


# --- masks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [bool, np.uint8])
def test_masks_are_read_a_row_at_a_time(tmp_path: Path, kind: type) -> None:
    masks = files.masks()
    masks[2] = False
    arrays = files.sparse(masks)
    arrays = {name: values.astype(kind) if "data" in name else values for name, values in arrays.items()}
    np.savez_compressed(tmp_path / "dyn_masks.npz", allow_pickle=False, **arrays)
    found = open_masks(tmp_path / "dyn_masks.npz")
    assert (found.rows, found.width, found.height) == (files.ROWS, files.WIDTH, files.HEIGHT)
    for row in range(files.ROWS):
        assert_array_equal(found.read(row), masks[row])


BAD_MASKS: dict[str, tuple[str, object, str]] = {
    "column": ("f_1_indices", np.full(6, files.WIDTH, np.int32), "f_1: found column 64, expected 0 to 63"),
    "negative": ("f_1_indices", np.full(6, -1, np.int32), "f_1: found column -1"),
    "falls": (
        "f_1_indptr",
        np.r_[0, 6, np.full(files.HEIGHT - 2, 5), 6].astype(np.int32),
        "f_1: found an indptr that does",
    ),
    "short": ("f_1_indptr", np.zeros(3, np.int32), "and an indptr of 37"),
    "lengths": ("f_1_data", np.ones(5, bool), "expected as many indices as data"),
    "floats": ("f_1_data", np.ones(6), "data of type float64"),
    "shape": ("shape", np.array([36, 64, 3]), "shape: found [36, 64, 3], expected height and width"),
    "huge": ("shape", np.array([1 << 40, 64]), "shape: found"),
    "name": ("g_1_data", np.ones(6), "members: found 14, expected f_0_data and so on (g_1_data?)"),
}


@pytest.mark.parametrize("name", BAD_MASKS)
def test_damaged_masks_are_refused(tmp_path: Path, name: str) -> None:
    member, values, message = BAD_MASKS[name]
    np.savez(tmp_path / "dyn_masks.npz", allow_pickle=False, **{**files.sparse(files.masks()), member: values})
    reason, text = refusal(lambda: open_masks(tmp_path / "dyn_masks.npz").read(1))
    assert reason == reasons.DAMAGED_MASKS
    assert message in text


# --- depth ------------------------------------------------------------------------------------------------------------


def test_depth_is_one_over_disparity_and_none_where_that_is_doubtful() -> None:
    disparity = np.array([[2, 0.5, 0], [-0.25, 0.010002, 1e-5], [np.inf, np.nan, 0.009]], np.float32)
    assert_allclose(depth_of(disparity), [[0.5, 2, 0], [0, 99.98, 0], [0, 0, 0]], rtol=1e-5)


@with_real_data
def test_depth_of_the_small_real_archive() -> None:
    archive = open_depth(REAL / "exr" / "tiny.zip")
    read = archive.read_depth(0)
    assert read is not None
    assert_allclose(read, [[0.5, 2, 0], [0, 99.98, 0]], atol=0.01)
    large = open_depth(REAL / "exr" / "big.zip").read_depth(1)
    assert large is not None
    assert large.shape == (328, 584)


def test_frames_are_resized_and_then_cut() -> None:
    # s = sqrt(384 * 512 / (1280 * 720)) = 0.46188: 591.2 x 332.55, cut to multiples of 8.
    assert resized_size(1280, 720) == (591, 332)
    color = Camera(0.8 * 1280, 1.4 * 720, 639.5, 359.5, 1280, 720)
    camera = depth_camera(color, 584, 328, Path("x"))
    assert_allclose(camera.intrinsics, [0.8 * 591, 1.4 * 332, 295, 165.5])
    assert (camera.width, camera.height) == (584, 328)
    # A pixel of depth stands for video x = (x_d + 0.5) * 1280 / 591 - 0.5: both see the same ray.
    ray = camera.unproject(np.array([583.0, 0.0]), 1.0)
    assert_allclose(color.project(ray), [583.5 * 1280 / 591 - 0.5, 0.5 * 720 / 332 - 0.5])


def test_portrait_frames_are_cut_the_other_way_round() -> None:
    color = Camera(1.4 * 720, 0.8 * 1280, 359.5, 639.5, 720, 1280)
    camera = depth_camera(color, 328, 584, Path("x"))
    assert_allclose(camera.intrinsics, [1.4 * 332, 0.8 * 591, 165.5, 295])


def test_other_sizes_of_depth_are_resized_or_refused() -> None:
    color = Camera(1000, 1000, 639.5, 359.5, 1280, 720)
    assert depth_camera(color, 640, 360, Path("x")) == color.scaled(640, 360)
    reason, text = refusal(lambda: depth_camera(color, 512, 512, Path("x")))
    assert reason == reasons.DAMAGED_DEPTH
    assert "found 512 x 512 pixels beside a video of 1280 x 720, expected 584 x 328" in text


HALF = np.full((2, 3), 0.5, np.float16)
BAD_DEPTH: dict[str, tuple[dict[str, bytes], str]] = {
    "channels": (
        {"00000.exr": files.exr_bytes(Z=HALF, A=HALF)},
        "00000.exr: found channels ['A', 'Z'], expected ['Z']",
    ),
    "other": ({"00000.exr": files.exr_bytes(Y=HALF)}, "00000.exr: found channels ['Y'], expected ['Z']"),
    "type": ({"00000.exr": files.exr_bytes(Z=HALF.astype(np.float32))}, "00000.exr: found Z of type float32"),
    "gap": ({"00001.exr": b""}, "members: found 1 images, the last of which is 00001.exr"),
    "name": ({"depth.png": b""}, "depth.png: found this member, expected one 00000.exr a row"),
}


@pytest.mark.parametrize("name", BAD_DEPTH)
def test_other_archives_of_depth_are_refused(tmp_path: Path, name: str) -> None:
    members, message = BAD_DEPTH[name]
    files.write_depth(tmp_path / "depth.zip", members)
    reason, text = refusal(lambda: open_depth(tmp_path / "depth.zip").read_depth(0))
    assert reason == reasons.DAMAGED_DEPTH
    assert message in text


def test_an_image_that_cannot_be_decoded_is_no_error_of_the_archive(tmp_path: Path) -> None:
    files.write_depth(tmp_path / "depth.zip", {"00000.exr": b"no image", "00001.exr": files.exr_bytes(Z=HALF)})
    archive = open_depth(tmp_path / "depth.zip")
    assert archive.read_depth(0) is None
    assert_array_equal(archive.read_depth(1), np.full((2, 3), 2))


def test_a_wrong_checksum_names_its_member(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "depth.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("00000.exr", files.exr_bytes(Z=HALF))
    content = bytearray((tmp_path / "depth.zip").read_bytes())
    content[100] ^= 1
    (tmp_path / "depth.zip").write_bytes(content)
    reason, text = refusal(lambda: open_depth(tmp_path / "depth.zip").read_depth(0))
    assert reason == reasons.DAMAGED_DEPTH
    assert "00000.exr: cannot be unpacked (Bad CRC-32" in text


def test_bombs_are_refused_before_they_unfold(tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(tmp_path / "depth.zip", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("00000.exr", "w") as file,
    ):
        for _ in range(160):
            file.write(bytes(1 << 20))
    text = refusal(lambda: open_depth(tmp_path / "depth.zip").read_depth(0))[1]
    assert "00000.exr: found 167772160 bytes unpacked, expected at most" in text


def test_total_size_and_size_of_images_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files.write_depth(tmp_path / "depth.zip", {"00000.exr": files.exr_bytes(Z=HALF)})
    monkeypatch.setattr(depth, "MAX_IMAGE_PX", 5)
    text = refusal(lambda: open_depth(tmp_path / "depth.zip").read_depth(0))[1]
    assert "00000.exr: found 3 x 2 pixels, expected at most 5" in text
    monkeypatch.setattr(depth, "MAX_ARCHIVE_BYTES", 100)
    assert "bytes unpacked, expected at most 100" in refusal(lambda: open_depth(tmp_path / "depth.zip"))[1]


def test_without_openexr_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "OpenEXR", None)
    with pytest.raises(ConfigError, match=r"not installed; pip install 'spatial-qagen\[spatialvid\]'"):
        open_depth(tmp_path / "depth.zip")


# --- words and tables -------------------------------------------------------------------------------------------------


def test_captions_of_the_release_and_of_the_pipeline_are_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "caption.json"
    path.write_text(
        '{"SceneSummary": "A road.", "SceneDescription": "A road in a forest.", "CameraMotion": "It goes ahead.",'
        '"ShotImmersion": "Calm.", "MotionTrends": ["forward"], "CategoryTags": {"weather": "Sunny"}}'
    )
    released = read_captions(path)
    path.write_text(
        '{"CamMotion": "raw", "SceneDesc": "A road in a forest.", "OptCamMotion": "It goes ahead.", "LLM": "x",'
        '"SceneSummary": "A road.", "MotionTrends": ["forward"], "SceneTags": [], "ShotImmersion": "Calm.",'
        '"CategoryTag": {"weather": "Sunny"}}'
    )
    assert read_captions(path) == released
    assert released.camera_motion == "It goes ahead."
    assert (released.trends, dict(released.tags)) == (("forward",), {"weather": "Sunny"})
    path.write_text('{"CategoryTag": {"sceneType": {"first": "Urban", "second": "Street"}}}')
    assert read_captions(path).tags["sceneType"] == "Urban;Street"
    path.write_text("[1]")
    assert refusal(lambda: read_captions(path))[0] == reasons.UNREADABLE_ARRAY


def test_tables_are_read_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text('id,fps,weather\na,60.0,"Sunny, warm"\nb\n')
    assert list(read_metadata(path)) == [
        {"id": "a", "fps": "60.0", "weather": "Sunny, warm"},
        {"id": "b", "fps": "", "weather": ""},
    ]
    path.write_text("name\na\n")
    assert "columns: found ['name'], expected also ['id']" in refusal(lambda: list(read_metadata(path)))[1]


# --- clips ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return files.write_clip(tmp_path)


def video_of(folder: Path) -> Path:
    return folder.parents[2] / "videos" / files.GROUP / f"{files.CLIP}.mp4"


def depth_of_clip(folder: Path) -> Path:
    return folder.parents[2] / "depths" / files.GROUP / f"{files.CLIP}.zip"


def test_a_sound_clip_has_times_and_images_of_its_rows(folder: Path) -> None:
    checked = check_clip(clip_of(folder))
    check_images(checked)
    assert checked.source.is_regular
    assert_allclose(checked.source.times_s, [0, 0.2, 0.4, 0.6])
    assert (checked.source.width, checked.source.height, checked.source.frame_rate) == (64, 36, 10)


def test_irregular_rows_are_kept_and_told(folder: Path) -> None:
    (folder / "indexes.txt").write_text("0 0\n1 2\n2 4\n3 7\n")
    checked = check_clip(clip_of(folder))
    assert not checked.source.is_regular
    assert_allclose(checked.source.times_s, [0, 0.2, 0.4, 0.7])


def test_a_video_that_is_cut_or_flipped_anywhere_is_read_or_refused(folder: Path) -> None:
    path = video_of(folder)
    content = path.read_bytes()
    for at in range(0, len(content), 41):
        for damaged in (content[:at], content[:at] + b"\xff\x00\x80" + content[at + 3 :]):
            path.write_bytes(damaged)
            with contextlib.suppress(ClipError):
                check_images(check_clip(clip_of(folder)))


def spoil_index(folder: Path) -> None:
    (folder / "indexes.txt").write_text("".join(f"{row} {2 * row}\n" for row in range(files.ROWS + 2)))


def shorten_masks(folder: Path) -> None:
    np.savez(folder / "dyn_masks.npz", allow_pickle=False, **files.sparse(files.masks()[:3]))


def transpose_masks(folder: Path) -> None:
    np.savez(folder / "dyn_masks.npz", allow_pickle=False, **files.sparse(files.masks().transpose(0, 2, 1)))


def swap_focal_lengths(folder: Path) -> None:
    np.save(folder / "intrinsics.npy", files.INTRINSICS[:, [1, 0, 2, 3]])


BAD_CLIPS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "index": (spoil_index, reasons.ROWS_DIFFER, "rows: poses 4, intrinsics 4, indexes 6, masks 4, depth 4"),
    "masks": (shorten_masks, reasons.ROWS_DIFFER, "rows: poses 4, intrinsics 4, indexes 4, masks 3, depth 4"),
    "turned masks": (transpose_masks, reasons.DAMAGED_MASKS, "found 36 x 64 pixels, expected 64 x 36 of the video"),
    "no poses": (lambda folder: (folder / "poses.npy").unlink(), reasons.NOT_WHOLE_CLIP, "poses.npy: cannot be read"),
    "no index": (lambda folder: (folder / "indexes.txt").unlink(), reasons.NOT_WHOLE_CLIP, "indexes.txt: cannot"),
    "no video": (
        lambda folder: video_of(folder).unlink(),
        reasons.NOT_WHOLE_CLIP,
        "video: found none, expected videos/",
    ),
    "short video": (
        lambda folder: files.write_video(video_of(folder), 6),
        reasons.SHORT_VIDEO,
        "video: found 6 frames, expected frame 6 of the index",
    ),
    "noise": (
        lambda folder: video_of(folder).write_bytes(b"noise"),
        reasons.UNREADABLE_VIDEO,
        "mp4: cannot be read as a video (Invalid data found when processing input)",
    ),
    "swapped focal lengths": (
        swap_focal_lengths,
        reasons.DOUBTFUL_INTRINSICS,
        "focal lengths of 89.6 and 28.8 pixels in row 0 of a video of 64 x 36",
    ),
    "no zip": (lambda folder: depth_of_clip(folder).write_bytes(b"PK"), reasons.DAMAGED_DEPTH, "cannot be read as zip"),
}


@pytest.mark.parametrize("name", BAD_CLIPS)
def test_a_clip_whose_parts_do_not_fit_is_refused_with_its_reason(folder: Path, name: str) -> None:
    spoil, expected, message = BAD_CLIPS[name]
    spoil(folder)
    reason, text = refusal(lambda: check_clip(clip_of(folder)))
    assert reason == expected
    assert message in text


def test_images_of_the_pipeline_have_one_size(tmp_path: Path, folder: Path) -> None:
    clip = tmp_path / "outputs" / "clip"
    (clip / "img").mkdir(parents=True)
    (clip / "reconstructions").mkdir()
    for name in ("poses.npy", "intrinsics.npy"):
        (folder / name).rename(clip / "reconstructions" / name)
    for row in range(files.ROWS):
        Image.new("RGB", (64, 36)).save(clip / "img" / f"frame_{2 * row:06d}.jpg")
    check_images(check_clip(clip_of(clip)))
    Image.new("RGB", (64, 30)).save(clip / "img" / "frame_000004.jpg")
    reason, text = refusal(lambda: check_clip(clip_of(clip)))
    assert reason == reasons.UNREADABLE_VIDEO
    assert "frame_000004.jpg: image: found 64 x 30 pixels, expected 64 x 36 as in the first" in text
    (clip / "img" / "frame_000004.jpg").write_bytes(b"")
    assert "frame_000004.jpg: image: cannot be decoded" in refusal(lambda: check_clip(clip_of(clip)))[1]


def test_folders_that_may_not_be_entered_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may enter all folders, so the system's answer is made up."""
    stat = os.stat

    def deny(path: str | Path, **kwargs: bool) -> os.stat_result:
        if Path(path).parent == denied:
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, **kwargs)

    clip = clip_of(folder)
    monkeypatch.setattr("os.stat", deny)
    denied = video_of(folder).parent
    assert refusal(lambda: check_clip(clip)) == (
        reasons.NOT_WHOLE_CLIP,
        f"{denied}: cannot be entered (Permission denied)",
    )
    denied = folder
    assert refusal(lambda: find_clips(folder.parents[2]))[1] == f"{folder}: cannot be entered (Permission denied)"


def test_an_archive_stays_open_until_it_is_replaced(folder: Path) -> None:
    path = folder / "dyn_masks.npz"
    masks = open_masks(path)
    with mock.patch("zipfile.ZipFile", wraps=zipfile.ZipFile) as opened:
        assert masks.read(0).sum() == masks.read(3).sum() == 6
        assert opened.call_count <= 1
        np.savez(path, allow_pickle=False, **files.sparse(np.zeros_like(files.masks())))
        assert masks.read(0).sum() == 0


@with_real_data
def test_masks_and_poses_of_real_clips_are_read() -> None:
    masks = open_masks(REAL / "clip" / "dyn_masks.npz")
    assert (masks.rows, masks.height, masks.width) == (18, 720, 1280)
    shares = [masks.read(row).mean() for row in range(masks.rows)]
    assert_allclose(np.mean(shares[::5]), 0.09519, atol=1e-5)
    assert read_poses(REAL / "astra_poses" / "poses.npy").shape == (58, 7)
    assert refusal(lambda: check_clip(clip_of(REAL / "clip")))[0] == reasons.NOT_WHOLE_CLIP
