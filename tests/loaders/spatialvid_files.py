"""A clip of SpatialVID written by hand: four rows of a 64 x 36 video of 10 frames a second."""

import tempfile
import zipfile
from pathlib import Path

import av
import numpy as np
import OpenEXR
from numpy.typing import NDArray

GROUP, CLIP = "group_0061", "1c3935b6-39b1-53a8-a6d1-4a3327aa7d29"
WIDTH, HEIGHT, FPS, FRAMES = 64, 36, 10, 8
ROWS = 4
"""Frames 0, 2, 4 and 6: every int(0.2 * 10)-th of eight."""
POSES = np.array([[0, 0, -0.1 * row, 0, 0, 0, 1] for row in range(ROWS)], np.float32)
"""A camera that goes ahead by 0.1 a row: t of world to camera is minus its center."""
INTRINSICS = np.tile(np.array([0.8, 1.4, 0.5, 0.5], np.float32), (ROWS, 1))
DEPTH_SIZE = (584, 328)
"""Width and height that the pipeline cuts frames of 16:9 to: 64 x 36 is resized to 591 x 332."""


def write_video(path: Path, n_frames: int = FRAMES, size: tuple[int, int] = (WIDTH, HEIGHT), fps: int = FPS) -> None:
    """A video whose frames are as gray as 20 times their number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for index in range(n_frames):
            gray = np.full((size[1], size[0], 3), 20 * index % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(gray, format="rgb24")))
        container.mux(stream.encode())


def exr_bytes(**channels: NDArray) -> bytes:
    """An OpenEXR image of the channels, ZIP-compressed as the release has them."""
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    with tempfile.NamedTemporaryFile(suffix=".exr") as file:
        OpenEXR.File(header, channels).write(file.name)
        return Path(file.name).read_bytes()


def write_depth(path: Path, members: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def sparse(masks: NDArray[np.bool_]) -> dict[str, NDArray]:
    """The arrays of dyn_masks.npz for (n, h, w) masks, row by row of pixels."""
    arrays: dict[str, NDArray] = {"shape": np.array(masks.shape[1:], np.int64)}
    for row, mask in enumerate(masks):
        arrays[f"f_{row}_data"] = np.ones(mask.sum(), bool)
        arrays[f"f_{row}_indices"] = np.nonzero(mask)[1].astype(np.int32)
        arrays[f"f_{row}_indptr"] = np.concatenate([[0], np.cumsum(mask.sum(axis=1))]).astype(np.int32)
    return arrays


def masks() -> NDArray[np.bool_]:
    """A block of two rows and three columns of pixels that moves to the right by one a row."""
    found = np.zeros((ROWS, HEIGHT, WIDTH), bool)
    for row in range(ROWS):
        found[row, 10:12, 20 + row : 23 + row] = True
    return found


def write_clip(root: Path, clip: str = CLIP, group: str = GROUP) -> Path:
    """One clip of the release; returns the folder of its annotation."""
    folder = root / "annotations" / group / clip
    folder.mkdir(parents=True)
    np.save(folder / "poses.npy", POSES)
    np.save(folder / "intrinsics.npy", INTRINSICS)
    (folder / "indexes.txt").write_text(
        "# row frame of the video\n" + "".join(f"{row} {2 * row}\n" for row in range(ROWS))
    )
    np.savez_compressed(folder / "dyn_masks.npz", allow_pickle=False, **sparse(masks()))
    write_video(root / "videos" / group / f"{clip}.mp4")
    disparity = exr_bytes(Z=np.full(DEPTH_SIZE[::-1], 0.5, np.float16))
    write_depth(root / "depths" / group / f"{clip}.zip", {f"{row:05d}.exr": disparity for row in range(ROWS)})
    return folder
