"""``qagen spatialvid pack``: a clip as one .npz file, with the keys that SpatialVID's viewer and MegaSaM read.

``images`` (N, H, W, 3) uint8 RGB, ``depths`` (N, H, W) float32, ``intrinsic`` (3, 3) float32 of row 0 in pixels from
the image's edge, ``cam_c2w`` (N, 4, 4) float32 (utils/pack_clip_assets.py of github.com/NJU-3DV/SpatialVID). Beside
them ``frame_index`` (N,) int32, ``valid`` and ``dyn_mask`` (N, H, W) bool, and ``metric``, a bool.

The grid is that of the depth images, which are taken as they are: frames are resized and cut as the pipeline does.
"""

import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import DTypeLike, NDArray

from qagen import cli
from qagen.core.reasons import DAMAGED_DEPTH, NOT_WHOLE_CLIP, UNREADABLE_VIDEO
from qagen.core.scene import ImageSource
from qagen.files import open_atomic
from qagen.loaders.io.images import ReencodedImage, decode_color
from qagen.loaders.spatialvid.depth import FAR_LIMIT, DepthArchive, on_depth, uncut_size
from qagen.loaders.spatialvid.files import DEPTHS, ClipError, refusing
from qagen.loaders.spatialvid.integrity import CheckedClip, check_clip
from qagen.loaders.spatialvid.loader import camera_from_world, camera_of
from qagen.spatialvid.choose import choose_clip

NEAR_LIMIT = 0.001
"""Nearer depth is stored as this, as in the dataset's own packed files; units of the poses."""
Advance = Callable[[], None]


@cli.command(
    "qagen spatialvid pack /data/SpatialVid 1c3935b6-39b1-53a8-a6d1-4a3327aa7d29",
    "qagen spatialvid pack /data/SpatialVid group_0061/1c3935b6-39b1-53a8-a6d1-4a3327aa7d29 --out clip.npz",
)
@click.argument("root", metavar="DIR", type=cli.PATH)
@click.argument("name", metavar="[CLIP]", required=False)
@cli.option(
    "--out",
    "target",
    also=["--to"],
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The packed file.  [default: CLIP.npz]",
)
def main(root: Path, name: str | None, target: Path | None) -> None:
    """Pack images, depth and cameras of CLIP, a clip below DIR, into one .npz file.

    images, depths, intrinsic and cam_c2w are those of SpatialVID's packed files; frame_index, valid, dyn_mask and
    metric stand beside them. Images and depth show the same pixels, and depth is not interpolated: where there is none,
    depths is 100 and valid is false. CLIP may be left out where DIR holds one clip.

    Exit codes: 0: done. 2: a mistake in the options, or a clip that cannot be packed.
    """
    clip = choose_clip(root, name)
    target = target or Path(f"{clip.id}.npz")
    packing = plan_packing(check_clip(clip))
    with cli.progress("Packing", len(MEMBERS) * len(packing.checked.frames)) as bar:
        write_packed(packing, target, bar.advance)
    count, height, width = packing.shape
    size = f"{target.stat().st_size / 1e6:.1f} MB"
    cli.show(f"{count} rows of {width} x {height} pixels, {size}: {target}")
    for note in packing.notes():
        cli.show(f"note: {note}")
    cli.show(f"numpy.load({str(target)!r}) reads it")
    cli.next_step("spatialvid", "unpack", target, "--out", "DIR")


@dataclass(frozen=True, slots=True, eq=False)
class Packing:
    """A clip on the grid of its depth images; rows are decoded on demand."""

    checked: CheckedClip
    """The clip."""
    depth: DepthArchive
    """Its depth images."""
    shape: tuple[int, int, int]
    """Rows, height and width of the packed images."""
    uncut: tuple[int, int]
    """Width and height of the whole frame at the resolution of depth."""
    lost_rows: tuple[int, ...]
    """Rows whose depth image cannot be decoded."""

    def image(self, row: int) -> NDArray[np.uint8]:
        """(H, W, 3) RGB of the row's frame, resized and then cut. Raises ClipError."""
        import cv2

        source = self.checked.source
        with refusing(UNREADABLE_VIDEO):
            pixels = read_pixels(source.images[row])
        if pixels.shape[:2] != (source.height, source.width):
            found = f"{pixels.shape[1]} x {pixels.shape[0]} pixels in row {row}"
            message = f"image: found {found}, expected {source.width} x {source.height}"
            raise ClipError(UNREADABLE_VIDEO, self.checked.clip.folder, message)
        is_smaller = self.uncut[0] < source.width
        whole = cv2.resize(pixels, self.uncut, interpolation=cv2.INTER_AREA if is_smaller else cv2.INTER_LINEAR)
        _, height, width = self.shape
        return np.asarray(whole[:height, :width, ::-1], np.uint8)

    def depth_map(self, row: int) -> NDArray[np.float32]:
        """(H, W) depth of the row as it is stored, units of the poses, 0 for none. Raises ClipError."""
        depth = self.depth.read_depth(row)
        return np.zeros(self.shape[1:], np.float32) if depth is None else depth

    def moving(self, row: int) -> NDArray[np.bool_]:
        """(H, W) whether a pixel shows anything that moves; nowhere in clips without masks. Raises ClipError."""
        if self.checked.masks is None:
            return np.zeros(self.shape[1:], bool)
        return on_depth(self.checked.masks.read(row), self.uncut, self.shape[1:])

    def intrinsic(self) -> NDArray[np.float32]:
        """(3, 3) of row 0, pixels; the image spans 0 to W and 0 to H, so that the first pixel's center is at 0.5."""
        fx, fy, cx, cy = self.checked.intrinsics[0].astype(np.float64).tolist()
        width, height = self.uncut
        return np.array([[fx * width, 0, cx * width], [0, fy * height, cy * height], [0, 0, 1]], np.float32)

    def world_from_camera(self, row: int) -> NDArray[np.float32]:
        """(4, 4) of the row."""
        return camera_from_world(self.checked.poses[row]).inverse().matrix.astype(np.float32)

    def notes(self) -> Iterator[str]:
        """What a packed file does not say, sentence by sentence."""
        yield "metric is false: nobody knows the length of a unit"
        if self.checked.masks is None:
            yield "the clip has no dyn_masks.npz, so dyn_mask is false everywhere"
        if self.lost_rows:
            rows = ", ".join(map(str, self.lost_rows))
            yield f"the depth images of rows {rows} cannot be decoded; valid is false there"
        if (self.checked.intrinsics != self.checked.intrinsics[0]).any():
            yield "the focal length changes along the clip; intrinsic is that of row 0"


def plan_packing(checked: CheckedClip) -> Packing:
    """The grid of a clip's depth images, all of which are decoded once.

    Raises:
        ClipError: there is no depth, without which a file would lack a key that is read; or none that can be decoded,
            or it is damaged or of different sizes.
    """
    clip, depth = checked.clip, checked.depth
    if depth is None:
        expected = f"{clip.released(DEPTHS, '.zip')}, because a packed file holds the depth of every row"
        raise ClipError(NOT_WHOLE_CLIP, clip.folder, f"depth: found none, expected {expected}")
    sizes: dict[int, tuple[int, int]] = {}
    for row in range(len(checked.frames)):
        disparity = depth.read_disparity(row)
        if disparity is not None:
            sizes[row] = disparity.shape[1], disparity.shape[0]
    if not sizes:
        raise ClipError(DAMAGED_DEPTH, depth.path, "members: found no image that can be decoded, expected some")
    first, *_ = sizes.values()
    for row, size in sizes.items():
        if size != first:
            found, expected = (f"{width} x {height}" for width, height in (size, first))
            message = f"{depth.members[row]}: found {found} pixels, expected {expected} as in the rows before"
            raise ClipError(DAMAGED_DEPTH, depth.path, message)
    lost = tuple(row for row in range(len(checked.frames)) if row not in sizes)
    uncut = uncut_size(camera_of(checked, 0), *first, depth.path)
    return Packing(checked, depth, (len(checked.frames), first[1], first[0]), uncut, lost)


def read_pixels(source: ImageSource) -> NDArray[np.uint8]:
    """(height, width, 3) blue, green and red; a video's frame is not encoded as JPEG before. Raises SceneError."""
    return source.pixels() if isinstance(source, ReencodedImage) else decode_color(source)


MEMBERS: dict[str, tuple[DTypeLike, tuple[int, ...], Callable[[Packing, int], NDArray]]] = {
    "images": (np.uint8, (3,), Packing.image),
    "depths": (np.float32, (), lambda packing, row: packed_depth(packing.depth_map(row))),
    "valid": (np.bool_, (), lambda packing, row: packing.depth_map(row) > 0),
    "dyn_mask": (np.bool_, (), Packing.moving),
}
"""Arrays over rows and pixels: type, shape of a pixel, and what makes a row. Each is written row by row."""


def packed_depth(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Depth between the limits of packed files; none, which is 0, becomes the far one."""
    return np.where(depth > 0, np.clip(depth, np.float32(NEAR_LIMIT), np.float32(FAR_LIMIT)), np.float32(FAR_LIMIT))


def write_packed(packing: Packing, target: Path, advance: Advance = lambda: None) -> None:
    """Write a clip as an .npz file, one row in memory at a time; ``advance`` is called after each row of MEMBERS.

    Raises:
        ClipError: the clip has no depth, or a part of it is damaged; nothing is written then.
        OutputError: the file cannot be written.
    """
    shape, frames = packing.shape, packing.checked.frames
    poses = np.stack([packing.world_from_camera(row) for row in range(len(frames))])
    small = {"intrinsic": packing.intrinsic(), "cam_c2w": poses, "frame_index": frames.astype(np.int32)}
    with open_atomic(target) as file, zipfile.ZipFile(file, "w") as archive:
        for name, array in {**small, "metric": np.array(False)}.items():
            write_array(archive, name, array.dtype, array.shape, [array])
        for name, (kind, pixel, make) in MEMBERS.items():
            write_array(archive, name, kind, (*shape, *pixel), _rows(packing, make, advance))


def _rows(packing: Packing, make: Callable[[Packing, int], NDArray], advance: Advance) -> Iterator[NDArray]:
    for row in range(packing.shape[0]):
        yield make(packing, row)
        advance()


def write_array(
    archive: zipfile.ZipFile,
    name: str,
    kind: DTypeLike,
    shape: tuple[int, ...],
    parts: Iterable[NDArray],
) -> None:
    """Write an array into an .npz file that is open for writing, in parts that follow each other in memory."""
    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(kind)), "fortran_order": False, "shape": shape}
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        np.lib.format.write_array_header_1_0(member, header)  # pyright: ignore[reportArgumentType]
        for part in parts:
            member.write(np.ascontiguousarray(part, kind).tobytes())


if __name__ == "__main__":
    main()
