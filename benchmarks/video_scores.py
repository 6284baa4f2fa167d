"""Speed and memory of scoring videos, beside decoding alone and libvmaf: ``python -m benchmarks.video_scores``."""

import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import click
import numpy as np
from rich.console import Console
from rich.table import Table

from qagen.kernels.blur import blur_and_compare
from qagen.loaders.io.video import decode_frames
from qagen.spatialvid.video_scores import score_video

WIDTH, HEIGHT = 1280, 720
WEIGHTS = 3571, 16004, 26386, 16004, 3571


def write_pan(path: Path, frames: int) -> Path:
    """A picture of soft noise that moves to the left, as H.264."""
    coarse = np.random.default_rng(0).integers(0, 256, (HEIGHT // 8, WIDTH // 4, 3)).astype(np.uint8)
    picture = np.kron(coarse, np.ones((8, 8, 1), np.uint8))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(frames):
            left = 2 * number % WIDTH
            pixels = np.ascontiguousarray(picture[:, left : left + WIDTH])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode())
    return path


def numpy_blur(luma: np.ndarray, bits: int, before: np.ndarray, blurred: np.ndarray) -> int:
    """The kernel in whole-array steps."""

    def weigh(parts: list[np.ndarray], half: int, shift: int) -> np.ndarray:
        total = np.full(parts[0].shape, half, np.uint32)
        for weight, part in zip(WEIGHTS, parts, strict=True):
            total += np.uint32(weight) * part
        return total >> np.uint32(shift)

    height, width = luma.shape
    tall = np.pad(luma, ((2, 2), (0, 0)), "reflect").astype(np.uint32)
    down = weigh([tall[k : k + height] for k in range(5)], 1 << (bits - 1), bits)
    wide = np.pad(down, ((0, 0), (2, 2)), "reflect")
    blurred[:] = weigh([wide[:, k : k + width] for k in range(5)], 1 << 15, 16)
    return int(np.abs(blurred.astype(np.int32) - before).sum())


def least_s(function: Callable[[], object], repeat: int) -> float:
    """The least time of some calls, after one that compiles."""
    function()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def vmaf(ffmpeg: str, video: Path) -> None:
    """The official way: the video against itself, from which only the motion is used."""
    command = [ffmpeg, "-loglevel", "error", "-i", video, "-i", video, "-lavfi", "libvmaf", "-f", "null", "-"]
    subprocess.run(command, check=True, capture_output=True)


@click.command()
@click.argument("video", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--frames", default=300, show_default=True, help="Length of the synthetic video.")
@click.option("--repeat", default=3, show_default=True)
@click.option("--ffmpeg", help="An ffmpeg with libvmaf to be timed beside.")
def main(video: Path | None, frames: int, repeat: int, ffmpeg: str | None) -> None:
    """Time the scores of VIDEO, or of a synthetic pan of 1280 x 720, and of the blur alone."""
    with tempfile.TemporaryDirectory() as folder:
        path = video or write_pan(Path(folder) / "pan.mp4", frames)
        count = score_video(path).frames
        ways: dict[str, Callable[[], object]] = {
            "decoding alone": lambda: sum(1 for _ in decode_frames(path)),
            "luminance and motion": lambda: score_video(path),
        }
        if ffmpeg:
            ways["ffmpeg with libvmaf"] = lambda: vmaf(ffmpeg, path)
        table = Table("of a video", "frames/s", title=f"{path.name}: {count} frames")
        for name, way in ways.items():
            table.add_row(name, f"{count / least_s(way, repeat):.0f}")
        Console().print(table)
    planes = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH)).astype(np.uint8), 8
    buffers = np.zeros((HEIGHT, WIDTH), np.uint16), np.zeros((HEIGHT, WIDTH), np.uint16)
    table = Table("blur of 1280 x 720", "ms")
    for name, blur in (("kernel", blur_and_compare), ("numpy", numpy_blur)):
        table.add_row(name, f"{1e3 * least_s(lambda blur=blur: blur(*planes, *buffers), 10 * repeat):.2f}")
    Console().print(table)
    Console().print(f"most memory held: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
