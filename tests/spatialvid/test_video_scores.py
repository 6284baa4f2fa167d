"""Luminance and motion of videos: values by hand, ranges of frames, kinds of videos, damage, the real clip."""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from qagen.loaders.spatialvid.files import ClipError
from qagen.spatialvid.video_scores import FrameRange, Scores, VideoScores, score_video
from tests import naive
from tests.spatialvid.videos import even, write_video

REAL = Path(os.environ.get("QAGEN_REAL", Path(__file__).parents[2] / "../shared/real")) / "spatialvid"
CLIP = REAL / "clip" / "input.mp4"
needs_real_clip = pytest.mark.skipif(not CLIP.is_file(), reason=f"no real clip at {CLIP}; set QAGEN_REAL")


def scores_of(path: Path, *ranges: FrameRange) -> list[Scores]:
    clips = score_video(path, ranges or (FrameRange(),)).clips
    assert all(isinstance(clip, Scores) for clip in clips), clips
    return [clip for clip in clips if isinstance(clip, Scores)]


def reason_of(path: Path, *ranges: FrameRange) -> str:
    try:
        result = score_video(path, ranges or (FrameRange(),))
    except ClipError as error:
        return error.reason
    assert isinstance(result.clips[0], ClipError)
    return result.clips[0].reason


@pytest.mark.parametrize("grey", [0, 60, 128, 255])
def test_an_even_gray_video_has_its_gray_and_no_motion(tmp_path: Path, grey: int) -> None:
    frames = [np.full((36, 64, 3), grey, np.uint8)] * 4
    (scores,) = scores_of(write_video(tmp_path / "a.mkv", frames, "bgr0"))
    assert scores.luminance == pytest.approx((grey, grey, grey), abs=1e-9)
    assert scores.full_luminance == pytest.approx((grey, grey, grey), abs=1e-9)
    assert scores.motion == 0


def test_red_green_and_blue_weigh_as_in_bt_709(tmp_path: Path) -> None:
    frames = [np.full((36, 64, 3), color, np.uint8) for color in ([200, 0, 0], [0, 200, 0], [0, 0, 200])]
    (scores,) = scores_of(write_video(tmp_path / "a.mkv", frames, "bgr0"))
    # 42.52, 143.04 and 14.44; the mean of all three is 200 / 3.
    assert scores.full_luminance == pytest.approx((200 / 3, 14.44, 143.04), abs=1e-9)
    # JPEG moves the colors a little.
    assert scores.luminance == pytest.approx((200 / 3, 14.44, 143.04), abs=1)


def test_luma_of_limited_range_is_stretched(tmp_path: Path) -> None:
    # 16 is black and 235 white: 126 is (126 - 16) * 255 / 219 = 128.08, stored as 128.
    (scores,) = scores_of(write_video(tmp_path / "a.mkv", even(16, 126, 235)))
    assert scores.full_luminance == (pytest.approx(383 / 3), 0, 255)
    assert scores.luminance == (pytest.approx(383 / 3), 0, 255)


def test_motion_of_even_planes_by_hand(tmp_path: Path) -> None:
    # Luma 100, 110, 107, 107: motion 0, 10, 3, 0; motion2 min(0, 10), min(10, 3), min(3, 0), 0.
    (scores,) = scores_of(write_video(tmp_path / "a.mkv", even(100, 110, 107, 107)))
    assert scores.motion == 3 / 4
    # The last frame has no next one: 100, 110, 107 give 0, 3, 3.
    (scores,) = scores_of(write_video(tmp_path / "b.mkv", even(100, 110, 107)))
    assert scores.motion == 2


def test_motion_of_a_shifted_edge_by_hand(tmp_path: Path) -> None:
    # An edge of 160 that moves by 2 pixels a frame: whatever the blur, a row's differences sum to 2 * 160, so that the
    # mean over 64 columns is 5. Frames of motion 0, 5, 5 give motion2 0, 5, 5.
    frames = [np.where(np.arange(64) < 20 + 2 * step, 200, 40) * np.ones((36, 1), int) for step in range(3)]
    (scores,) = scores_of(write_video(tmp_path / "a.mkv", frames))
    assert scores.motion == pytest.approx(10 / 3, abs=0.01)


@pytest.mark.parametrize(
    ("layout", "bits"),
    [
        *(("yuv420p", 8), ("yuv422p", 8), ("yuv444p", 8), ("gray", 8)),
        *(("yuv420p10le", 10), ("yuv422p10le", 10), ("yuv444p12le", 12)),
    ],
)
def test_motion_is_of_the_luma_as_stored(tmp_path: Path, layout: str, bits: int) -> None:
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 2**bits, (19, 23)) for _ in range(3)]  # odd sides
    (scores,) = scores_of(write_video(tmp_path / "a.mkv", frames, layout))
    blurred = [np.array(naive.blur(frame, bits)) for frame in frames]
    second, third = (np.abs(b - a).mean() / 256 for a, b in pairwise(blurred))
    assert scores.motion == pytest.approx((min(second, third) + third) / 3, abs=1e-12)


def test_luma_of_full_range_is_not_stretched(tmp_path: Path) -> None:
    (scores,) = scores_of(write_video(tmp_path / "a.avi", even(40, 48, 48), "yuvj420p", "mjpeg"))
    assert scores.full_luminance == pytest.approx((136 / 3, 40, 48), abs=0.5)
    assert scores.motion == pytest.approx(0, abs=0.01)  # 0, 8, 0: the smaller of neighbors
    (scores,) = scores_of(write_video(tmp_path / "b.avi", even(40, 48, 56), "yuvj420p", "mjpeg"))
    assert scores.motion == pytest.approx(16 / 3, abs=0.5)


def test_one_frame_is_a_video(tmp_path: Path) -> None:
    (scores,) = scores_of(write_video(tmp_path / "a.mkv", even(126)))
    assert scores == Scores((128, 128, 128), (128, 128, 128), 0)


def test_what_is_said_of_the_video(tmp_path: Path) -> None:
    found = score_video(write_video(tmp_path / "a.mkv", even(1, 2, 3), fps=10))
    assert (found.frames, found.width, found.height, found.fps) == (3, 64, 36, 10)


def test_luminance_is_of_three_frames_at_thirds(tmp_path: Path) -> None:
    # 8 frames: 0, 8 // 3 = 2, and 4. Luma 16 + 219 k / 255 is k for k = 0, 85, 170: 16, 89, 162.
    path = write_video(tmp_path / "a.mkv", even(16, 235, 89, 235, 162, 235, 235, 235))
    assert scores_of(path)[0].full_luminance == (85, 0, 170)
    # 2 frames: both.
    path = write_video(tmp_path / "b.mkv", even(16, 162))
    assert scores_of(path)[0].full_luminance == (85, 0, 170)


def test_ranges_are_parts_of_the_whole_video(tmp_path: Path) -> None:
    # Luma 20, 30, 30, 34, 40, 41: motion 0 10 0 4 6 1; motion2 0 0 0 4 1 1.
    path = write_video(tmp_path / "a.mkv", even(20, 30, 30, 34, 40, 41))
    ranges = FrameRange(0, 2), FrameRange(3, 4), FrameRange(4, 5), FrameRange(3, 6), FrameRange(), FrameRange(3, 3)
    # frame_end is taken in, and may be the first frame that the video does not have: 3 .. 6 is 3, 4, 5.
    assert [scores.motion for scores in scores_of(path, *ranges)] == [0, 2.5, 1, 2, 1, 4]


def test_luminance_of_a_range_leaves_its_last_frame_out(tmp_path: Path) -> None:
    # 16, 89, 162, 235 are 0, 85, 170, 255.
    path = write_video(tmp_path / "a.mkv", even(16, 16, 16, 89, 162, 235))
    three, two, one = scores_of(path, FrameRange(3, 6), FrameRange(3, 5), FrameRange(3, 3))
    assert three.full_luminance == (170, 85, 255)
    assert two.full_luminance == (127.5, 85, 170)
    assert one.full_luminance == (85, 85, 85)


def test_a_range_beyond_the_end_has_no_scores_and_others_do(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", even(20, 30, 30, 34))
    found = score_video(path, [FrameRange(2, 5), FrameRange(0, 2), FrameRange(4, 9)]).clips
    assert [type(clip) for clip in found] == [ClipError, Scores, ClipError]
    assert str(found[0]).endswith("found 4 frames, expected some from 2 to 5")
    assert reason_of(path, FrameRange(7, 9)) == "video: range beyond its end"


def test_a_pass_ends_with_its_last_range(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", even(*range(20, 60)))
    assert score_video(path, [FrameRange(0, 4)]).frames == 6  # frame 5 decides over frame 4


def test_an_upright_video_is_scaled_upright(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frames = [rng.integers(30, 200, (640, 360)).astype(np.uint16)]
    upright = scores_of(write_video(tmp_path / "a.mkv", frames))[0]
    lying = scores_of(write_video(tmp_path / "b.mkv", [frames[0].T.copy()]))[0]
    assert upright.luminance == pytest.approx(lying.luminance, abs=0.02)
    assert upright.full_luminance == pytest.approx(lying.full_luminance, abs=1e-9)


def test_codecs_that_hide_frames_are_counted_by_what_they_show(tmp_path: Path) -> None:
    # Whatever the packets are, 9 frames are shown; thirds are at 0, 3, 6.
    planes = even(*(20 + 20 * (number // 3) for number in range(9)))
    (scores,) = scores_of(write_video(tmp_path / "a.avi", planes, codec="mpeg4"))
    assert scores.full_luminance[2] - scores.full_luminance[1] == pytest.approx(40 * 255 / 219, abs=3)


# --- damage -----------------------------------------------------------------------------------------------------------


def test_what_is_no_video_is_refused_by_reason(tmp_path: Path) -> None:
    assert reason_of(tmp_path / "none.mp4") == "video: no file"
    assert reason_of(tmp_path) == "video: no file"
    for name, content in {"empty.mp4": b"", "text.mp4": b"not a video\n" * 100, "zeros.mp4": bytes(5000)}.items():
        (tmp_path / name).write_bytes(content)
        assert reason_of(tmp_path / name) == "video: cannot be decoded"


def test_a_video_without_frames_or_of_sound_alone_is_refused(tmp_path: Path) -> None:
    import av

    with av.open(str(tmp_path / "sound.mkv"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
    assert reason_of(tmp_path / "sound.mkv") == "video: cannot be decoded"


@pytest.mark.parametrize(("name", "codec"), [("a.avi", "mpeg4"), ("a.mp4", "mpeg4"), ("a.mkv", "ffv1")])
def test_a_cut_off_file_is_refused(tmp_path: Path, name: str, codec: str) -> None:
    rng = np.random.default_rng(0)
    frames = [rng.integers(20, 230, (64, 64)) for _ in range(20)]
    path = write_video(tmp_path / name, frames, codec=codec)
    whole = path.read_bytes()
    assert scores_of(path)
    for share in (0.3, 0.6):
        path.write_bytes(whole[: int(share * len(whole))])
        # An mp4 has its header at the end.
        assert reason_of(path) == ("video: cannot be decoded" if name == "a.mp4" else "video: cut off")


def test_a_damaged_frame_is_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frames = [rng.integers(20, 230, (64, 64)) for _ in range(20)]
    path = write_video(tmp_path / "a.avi", frames, codec="mpeg4")
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 200] = bytes(200)
    path.write_bytes(content)
    assert reason_of(path) in {"video: cannot be decoded", "video: damaged frames"}


def test_sides_must_be_of_a_usual_size(tmp_path: Path) -> None:
    assert reason_of(write_video(tmp_path / "a.mkv", even(9, width=2), codec="rawvideo")) == "video: unusual size"
    (scores,) = scores_of(write_video(tmp_path / "b.mkv", even(16, width=3, height=3), codec="rawvideo"))
    assert scores.full_luminance == (0, 0, 0)


# --- the real clip ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real() -> VideoScores:
    return score_video(CLIP, [FrameRange(), FrameRange(0, 2), FrameRange(206, 207), FrameRange(69, 70)])


@needs_real_clip
@pytest.mark.slow
def test_the_real_clip_has_the_motion_of_libvmaf(real: VideoScores) -> None:
    whole, start, end, _ = (clip for clip in real.clips if isinstance(clip, Scores))
    assert real.frames == 207
    assert whole.motion == pytest.approx(5.7906, abs=1e-4)
    assert start.motion == pytest.approx(2 * 4.8903 / 3, abs=1e-4)  # 0, 4.8903, 4.8903: the smaller of neighbors
    assert end.motion == pytest.approx(7.2682, abs=1e-4)


@needs_real_clip
@pytest.mark.slow
def test_the_real_clip_has_the_luminance_of_the_official_code(real: VideoScores) -> None:
    whole, _, _, at_third = (clip for clip in real.clips if isinstance(clip, Scores))
    assert whole.full_luminance == pytest.approx((116.251, 111.548, 119.045), abs=1e-3)
    # The official steps under OpenCV 4.11, which the official requirements name.
    assert whole.luminance == pytest.approx((115.0767, 110.7093, 117.8137), abs=1e-3)
    assert at_third.luminance == pytest.approx((116.7072,) * 3, abs=1e-3)
