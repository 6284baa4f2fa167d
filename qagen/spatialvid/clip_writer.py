"""A posed scene of any dataset as a clip in the layout of SpatialVID: what is shown when, and its files."""

import json
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.motion import FLOOR_M_PER_S, FLOOR_UNITS_PER_S, motion_of, quaternions
from qagen.core.reasons import TOO_FEW_FRAMES, UNEVEN_TIMES, UNUSUAL_VIDEO
from qagen.core.scene import Frame, Scene
from qagen.files import atomic_folder, open_atomic
from qagen.loaders.io.video import MAX_SIDE_PX
from qagen.loaders.spatialvid.depth import FAR_LIMIT, cut_size, depth_camera, open_exr_module
from qagen.loaders.spatialvid.files import (
    ANNOTATIONS,
    DEPTHS,
    ROW_S,
    VIDEOS,
    Clip,
    ClipError,
    check_intrinsics,
    check_poses,
)
from qagen.spatialvid.disparity import add_depth
from qagen.spatialvid.instruct import instruction_files
from qagen.spatialvid.pack import Advance, read_pixels
from qagen.spatialvid.rows import world_from_camera

if TYPE_CHECKING:
    from av.video.stream import VideoStream

SOURCE_NAME = "source.json"
"""File of a written clip that tells the scene and the frames it was made from."""
SLOWEST, FASTEST = 0.01, 240.0
"""Frames in a second between which a video's rate lies."""
MOST_STRETCH = 2
"""Largest number of the video's frames, in multiples of the scene's."""
RATE_DENOMINATOR = 1001
"""Rates are rounded to fractions of it: 29.97 is 30000/1001."""
ENCODER, ENCODER_SETTINGS = "libx264", {"crf": "18", "preset": "veryfast", "mbtree": "0"}
"""Without mbtree, whose output differs from run to run where a side is no multiple of 16."""
BT601, LIMITED_RANGE = 6, 1
"""How the encoder's pixels are made of red, green and blue, as the file tells it (ITU-T H.273)."""


@dataclass(frozen=True, slots=True, eq=False)
class ClipPlan:
    """What a clip shows of a scene, and when."""

    scene: Scene
    """The scene."""
    rate: Fraction
    """Frames of the video in a second, constant."""
    frames: tuple[Frame, ...]
    """Frames of the scene that the video shows, in order of time."""
    slots: NDArray[np.int64]
    """(n,) number of the video's frame in which each is shown first; it stays until the next, so that gaps are kept."""
    rows: tuple[int, ...]
    """Those of the frames that have a row, as indexes into ``frames``."""
    cameras: tuple[Camera, ...]
    """Camera of each row; sides are even, as the video's must be."""

    @property
    def posed(self) -> tuple[Frame, ...]:
        """The frame of each row."""
        return tuple(self.frames[row] for row in self.rows)

    @property
    def indexes(self) -> NDArray[np.int64]:
        """(N,) number of the video's frame of each row."""
        return self.slots[list(self.rows)]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the video, pixels."""
        return self.cameras[0].width, self.cameras[0].height

    @property
    def length(self) -> int:
        """Number of the video's frames."""
        return int(self.slots[-1]) + 1

    @property
    def has_depth(self) -> bool:
        """Whether any row has depth."""
        return any(frame.depth is not None for frame in self.posed)

    def poses(self) -> NDArray[np.float32]:
        """(N, 7) tx ty tz qx qy qz qw of each row, to its camera from the first row's; meters where they are known.

        Quaternions follow each other without a change of sign.
        """
        first, unit = self.posed[0].world_from_camera, self.scene.unit_m or 1.0
        steps = [frame.world_from_camera.inverse() @ first for frame in self.posed]
        turns = quaternions(np.array([step.rotation for step in steps]))
        is_turned = (turns[1:] * turns[:-1]).sum(axis=1) < 0
        signs = np.concatenate([[1], np.where(is_turned, -1, 1)]).cumprod()
        places = unit * np.array([step.translation for step in steps])
        return np.hstack([places, signs[:, None] * turns]).astype(np.float32)

    def intrinsics(self) -> NDArray[np.float32]:
        """(N, 4) fx fy cx cy over width, height, width and height, edge to edge."""
        offset = np.array([0, 0, 0.5, 0.5])
        return np.array([(camera.intrinsics + offset) / (self.size * 2) for camera in self.cameras], np.float32)


# --- what is shown when ----------------------------------------------------------------------------------------------


def plan_clip(scene: Scene) -> ClipPlan:
    """What a clip shows of a scene; no image is decoded.

    Raises:
        ClipError: the scene has no two frames at different times, uneven times, images of several sizes, or cameras
            or poses that readers of the format refuse.
    """
    rate = _rate(scene)
    times = np.array([frame.time_s for frame in scene.frames])
    slots, first = np.unique(np.round((times - times[0]) * float(rate)).astype(np.int64), return_index=True)
    if slots[-1] + 1 > MOST_STRETCH * len(slots):
        found = f"{slots[-1] + 1} frames at {float(rate):.4g} a second for {len(slots)} images"
        raise ClipError(UNEVEN_TIMES, scene.source, f"times: found {found}, expected at most {MOST_STRETCH} an image")
    frames = tuple(scene.frames[index] for index in first.tolist())
    rows = _rows(slots, max(1, int(ROW_S * float(rate))))
    if len(rows) < 2:
        raise ClipError(
            TOO_FEW_FRAMES, scene.source, f"frames: found {len(rows)} a fifth of a second apart, expected 2"
        )
    cameras = tuple(_even(frames[row].camera) for row in rows)
    _check_sizes(scene, frames)
    plan = ClipPlan(scene, rate, frames, slots, rows, cameras)
    check_intrinsics(plan.intrinsics(), scene.source)
    check_poses(plan.poses(), scene.source)
    return plan


def _rate(scene: Scene) -> Fraction:
    """Frames in a second, by the median of the times between them. Raises ClipError."""
    steps = np.diff([frame.time_s for frame in scene.frames])
    steps = steps[steps > 0]
    if not len(steps):
        found = f"{len(scene.frames)} frames at one time"
        raise ClipError(TOO_FEW_FRAMES, scene.source, f"frames: found {found}, expected at least 2 one after another")
    rate = 1 / float(np.median(steps))
    if not SLOWEST <= rate <= FASTEST:
        found = f"{rate:.4g} a second"
        raise ClipError(UNEVEN_TIMES, scene.source, f"times: found {found}, expected {SLOWEST:g} to {FASTEST:g}")
    return Fraction(rate).limit_denominator(RATE_DENOMINATOR)


def _rows(slots: NDArray[np.int64], step: int) -> tuple[int, ...]:
    """Frames that have a row: of those nearest to each multiple of ``step``, the one next to it."""
    nearest: dict[int, int] = {}
    for frame, slot in enumerate(slots.tolist()):
        place = (slot + step // 2) // step
        if place * step > slots[-1]:
            break
        other = nearest.setdefault(place, frame)
        if abs(slot - place * step) < abs(int(slots[other]) - place * step):
            nearest[place] = frame
    return tuple(nearest[place] for place in sorted(nearest))


def _even(camera: Camera) -> Camera:
    """The camera without the last column and row of pixels where a side is odd."""
    width, height = camera.width - camera.width % 2, camera.height - camera.height % 2
    return Camera(camera.fx, camera.fy, camera.cx, camera.cy, width, height)


def _check_sizes(scene: Scene, frames: tuple[Frame, ...]) -> None:
    """Raise ClipError unless all images have one size, which a video can have."""
    first = frames[0].camera
    for frame in frames:
        if (frame.camera.width, frame.camera.height) != (first.width, first.height):
            found = f"frame {frame.id} of {frame.camera.width} x {frame.camera.height} pixels"
            expected = f"{first.width} x {first.height} as frame {frames[0].id}"
            raise ClipError(UNUSUAL_VIDEO, scene.source, f"images: found {found}, expected {expected}")
    if not all(2 <= side <= MAX_SIDE_PX for side in (first.width, first.height)):
        found = f"{first.width} x {first.height} pixels"
        raise ClipError(UNUSUAL_VIDEO, scene.source, f"images: found {found}, expected sides of 2 to {MAX_SIDE_PX}")


# --- writing ---------------------------------------------------------------------------------------------------------


def clip_place(root: Path, group: str, clip_id: str) -> Clip:
    """Where a clip lies, or will, in the layout of the release."""
    return Clip(clip_id, group, root / ANNOTATIONS / group / clip_id)


def write_clip(plan: ClipPlan, root: Path, clip: Clip, advance: Advance = lambda: None) -> None:
    """Write the files of a clip, one image in memory at a time; ``advance`` is called after each.

    Its annotation, by which a clip is found, appears after all else. After an error, nothing is left.

    Raises:
        SceneError: an image or depth of the scene is damaged.
        ConfigError: there is depth, but OpenEXR is not installed.
        OutputError: a file cannot be written.
    """
    with ExitStack() as files:
        folder = files.enter_context(atomic_folder(clip.folder))
        if plan.has_depth:
            open_exr_module()
            archive = files.enter_context(open_atomic(root / DEPTHS / clip.group / f"{clip.id}.zip"))
            _write_depth(plan, archive, advance)
        _write_video(plan, files.enter_context(open_atomic(root / VIDEOS / clip.group / f"{clip.id}.mp4")), advance)
        np.save(folder / "poses.npy", plan.poses())
        np.save(folder / "intrinsics.npy", plan.intrinsics())
        lines = (f"{row} {index}\n" for row, index in enumerate(plan.indexes.tolist()))
        (folder / "indexes.txt").write_text("".join(lines), encoding="utf-8")
        for name, content in {**_instructions(plan), SOURCE_NAME: _source(plan)}.items():
            (folder / name).write_bytes(content)


def steps_of(plan: ClipPlan) -> int:
    """How often ``write_clip`` calls ``advance``."""
    return len(plan.frames) + (len(plan.rows) if plan.has_depth else 0)


def _write_video(plan: ClipPlan, file: BinaryIO, advance: Advance) -> None:
    """Encode the frames, each until the next one's slot. One thread, because others would change the bytes."""
    import av
    import cv2

    width, height = plan.size
    with av.open(file, "w", format="mp4") as container:
        stream = cast("VideoStream", container.add_stream(ENCODER, rate=plan.rate, options=ENCODER_SETTINGS))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.thread_count, context.colorspace, context.color_range = 1, BT601, LIMITED_RANGE
        for frame, shown in zip(plan.frames, _durations(plan), strict=True):
            # OpenCV rounds to the nearest value of luma; libswscale cuts off, which darkens the video.
            planes = np.asarray(cv2.cvtColor(_pixels(plan, frame), cv2.COLOR_BGR2YUV_I420), np.uint8)
            for _ in range(shown):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
            advance()
        container.mux(stream.encode())


def _durations(plan: ClipPlan) -> list[int]:
    """How many of the video's frames each frame fills; the last one fills one."""
    return [*np.diff(plan.slots).tolist(), 1]


def _pixels(plan: ClipPlan, frame: Frame) -> NDArray[np.uint8]:
    """(height, width, 3) blue, green and red of a frame, its sides even. Raises SceneError."""
    pixels = read_pixels(frame.color)
    if pixels.shape[:2] != (frame.camera.height, frame.camera.width):
        found = f"{pixels.shape[1]} x {pixels.shape[0]} pixels in frame {frame.id}"
        expected = f"{frame.camera.width} x {frame.camera.height} as its camera"
        raise ClipError(UNUSUAL_VIDEO, frame.color.path or plan.scene.source, f"found {found}, expected {expected}")
    width, height = plan.size
    return np.ascontiguousarray(pixels[:height, :width])


def _write_depth(plan: ClipPlan, file: BinaryIO, advance: Advance) -> None:
    """Disparity of every row on the pipeline's grid, the nearest measurement of each pixel; a row without is empty."""
    from qagen.visibility.instances import resampled_depth

    width, height = cut_size(*plan.size)
    unit = np.float32(plan.scene.unit_m or 1.0)
    with zipfile.ZipFile(file, "w") as archive:
        for row, (frame, camera) in enumerate(zip(plan.posed, plan.cameras, strict=True)):
            depth = np.zeros((height, width), np.float32)
            if frame.depth is not None and frame.depth_camera is not None:
                grid = depth_camera(camera, width, height, plan.scene.source)
                depth = unit * resampled_depth(frame.depth.read_m(), frame.depth_camera, grid)
            add_depth(archive, row, np.where(depth <= FAR_LIMIT, depth, np.float32(0)))
            advance()


def _instructions(plan: ClipPlan) -> dict[str, bytes]:
    """Motion by the exact mode, whose least speed is in meters where the scene's scale is known."""
    floor = FLOOR_UNITS_PER_S if plan.scene.unit_m is None else FLOOR_M_PER_S
    times_s = plan.indexes / float(plan.rate)
    segments = motion_of(*world_from_camera(plan.poses()), times_s, floor).segments()
    return instruction_files(segments, plan.indexes, times_s)


def _source(plan: ClipPlan) -> bytes:
    """Where the clip comes from: scene, frames of the rows, unit, and the first camera in the scene's world."""
    source = {
        "dataset": plan.scene.dataset,
        "scene": plan.scene.id,
        "unit": "meters" if plan.scene.unit_m is not None else None,
        "world_from_first_camera": plan.posed[0].world_from_camera.matrix.tolist(),
        "frames": [frame.id for frame in plan.posed],
    }
    return (json.dumps(source, indent=2) + "\n").encode()
