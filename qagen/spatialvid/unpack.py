"""``qagen spatialvid unpack``: the clip of a packed .npz file as a folder that all commands read.

Also of MegaSaM's own files, which have the four official keys alone and depth of 16 bits. The folder holds
``poses.npy``, ``intrinsics.npy``, ``indexes.txt``, ``img/frame_000000.jpg`` and so on, ``depth_opt.zip`` and, where the
file says what moves, ``dyn_masks.npz``: a clip whose frames have the size of their depth.
"""

import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from qagen import cli
from qagen.core.motion import quaternions
from qagen.core.pose import Pose
from qagen.errors import ConfigError, SceneError
from qagen.files import atomic_folder
from qagen.loaders.io.npy import BAD_HEADER, UNZIPPABLE, open_zip
from qagen.loaders.spatialvid.depth import FAR_LIMIT, MAX_IMAGE_PX, open_exr_module
from qagen.loaders.spatialvid.files import IMAGES, check_intrinsics, check_poses, check_shape_of_pixels
from qagen.loaders.spatialvid.masks import PARTS
from qagen.spatialvid.disparity import add_depth
from qagen.spatialvid.pack import write_array

JPEG_QUALITY = 95
MAX_ROWS = 100_000
MAX_FRAME = 999_999_999
"""As indexes.txt is read."""
FORMS = {
    "images": ("(N, H, W, 3)", ("uint8",)),
    "depths": ("(N, H, W)", ("float32", "float16")),
    "intrinsic": ("(3, 3)", ("float32", "float64")),
    "cam_c2w": ("(N, 4, 4)", ("float32", "float64")),
    "frame_index": ("(N,)", ("int32", "int64")),
    "valid": ("(N, H, W)", ("bool",)),
    "dyn_mask": ("(N, H, W)", ("bool",)),
}
"""Shape and types of each array. N, H and W are those of ``images``."""
OFFICIAL = ("images", "depths", "intrinsic", "cam_c2w")
"""Arrays that every packed file holds."""
Advance = Callable[[], None]


@cli.command("qagen spatialvid unpack clip.npz --out clip", "qagen spatialvid unpack sgd_cvd_hr.npz --out clip")
@click.argument("packed", metavar="NPZ", type=cli.PATH)
@cli.path_option("--out", "folder", also=["--to"], required=True, metavar="DIR", help="The new folder of the clip.")
def main(packed: Path, folder: Path) -> None:
    """Write the clip of NPZ, a packed file of SpatialVID or MegaSaM, as a folder that qagen and others read.

    Poses are turned back to world to camera, depth to disparity in OpenEXR; images become JPEG. Each image has the
    size of its depth.

    Exit codes: 0: done. 2: a mistake in the options, or a file that cannot be unpacked.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"--out {folder}: exists already, expected a new folder")
    clip = open_packed(packed)
    with cli.progress("Unpacking", len(clip.poses) * (3 if "dyn_mask" in clip.arrays else 2)) as bar:
        write_unpacked(clip, folder, bar.advance)
    height, width = clip.size
    cli.show(f"{len(clip.poses)} rows of {width} x {height} pixels: {folder}")
    cli.next_step("spatialvid", "check", folder)


# --- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PackedArray:
    """An array of a packed file, none of it read yet."""

    path: Path
    """The file."""
    name: str
    """Its key."""
    shape: tuple[int, ...]
    kind: np.dtype

    def rows(self) -> Iterator[NDArray]:
        """The parts along the first axis, one at a time. Raises SceneError where the file is damaged."""
        count = int(np.prod(self.shape[1:]))
        with open_zip(self.path) as archive:
            try:
                with archive.open(f"{self.name}.npy") as stream:
                    _read_header(stream)
                    for _ in range(self.shape[0]):
                        content = stream.read(count * self.kind.itemsize)
                        yield np.frombuffer(content, self.kind, count).reshape(self.shape[1:])
            except UNZIPPABLE as error:
                raise SceneError(self.path, f"{self.name}: cannot be unpacked ({error})") from error

    def read(self) -> NDArray:
        """The whole array."""
        return np.stack(list(self.rows()))


@dataclass(frozen=True, slots=True, eq=False)
class PackedClip:
    """A packed file whose arrays fit together; images, depth and masks are read row by row."""

    arrays: Mapping[str, PackedArray]
    """Those of FORMS that the file holds."""
    poses: NDArray[np.float32]
    """(N, 7) tx ty tz qx qy qz qw of each row, world to camera."""
    intrinsics: NDArray[np.float32]
    """(N, 4) fx fy cx cy over width, height, width and height; all rows have those of the file's one camera."""
    frames: NDArray[np.int64]
    """(N,) number of the video's frame of each row; 0, 1, 2 and so on where the file does not say."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of images and depth, pixels."""
        return self.arrays["images"].shape[1], self.arrays["images"].shape[2]


def open_packed(path: Path) -> PackedClip:
    """A packed file; images, depth and masks are not read yet.

    Raises:
        SceneError: the file is missing or damaged, lacks an official key, arrays do not fit together, or a pose or the
            camera is none.
    """
    with open_zip(path) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist()]
        missing = [name for name in OFFICIAL if name not in names]
        if missing:
            found = ", ".join(names[:12]) or "nothing"
            raise SceneError(path, f"keys: found {found}, expected also {', '.join(missing)}")
        arrays = {name: _open_array(archive, path, name) for name in FORMS if name in names}
    _check_shapes(path, arrays)
    count, height, width, _ = arrays["images"].shape
    frames = arrays["frame_index"].read().astype(np.int64) if "frame_index" in arrays else np.arange(count)
    if not 0 <= frames[0] <= frames[-1] <= MAX_FRAME or (np.diff(frames) <= 0).any():
        expected = f"frames of a video, 0 to {MAX_FRAME}"
        raise SceneError(path, f"frame_index: found numbers that do not rise from 0 or more, expected {expected}")
    poses = _poses(path, arrays["cam_c2w"].read().astype(np.float64))
    camera = _fractions(path, arrays["intrinsic"].read().astype(np.float64), width, height)
    intrinsics = np.tile(camera, (count, 1))
    check_poses(poses, path)
    check_shape_of_pixels(check_intrinsics(intrinsics, path), width, height, path)
    return PackedClip(arrays, poses, intrinsics, frames)


def _open_array(archive: zipfile.ZipFile, path: Path, name: str) -> PackedArray:
    """An array by its header, whose claims are held against the size of the member. Raises SceneError."""
    try:
        with archive.open(f"{name}.npy") as stream:
            shape, is_fortran, kind = _read_header(stream)
            size = archive.getinfo(f"{name}.npy").file_size - stream.tell()
    except (*UNZIPPABLE, *BAD_HEADER) as error:
        raise SceneError(path, f"{name}: cannot be read as an array ({error})") from error
    form, kinds = FORMS[name]
    if is_fortran or kind.name not in kinds or len(shape) != form.count(",") + (form != "(N,)"):
        order = " in the order of columns" if is_fortran else ""
        expected = f"{form} {' or '.join(kinds)}"
        raise SceneError(path, f"{name}: found {shape} {kind}{order}, expected {expected}")
    if int(np.prod(shape, dtype=object)) * kind.itemsize != size:
        raise SceneError(path, f"{name}: found {size} bytes, expected those of {shape} {kind} (cut off?)")
    return PackedArray(path, name, shape, kind)


def _read_header(stream: Any) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether columns stand first, and type. Raises what BAD_HEADER lists."""
    if np.lib.format.read_magic(stream) == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)
    return np.lib.format.read_array_header_2_0(stream)


def _check_shapes(path: Path, arrays: Mapping[str, PackedArray]) -> None:
    """Raise SceneError unless all arrays have the rows and pixels of the images."""
    count, height, width, channels = arrays["images"].shape
    sides = {"N": count, "H": height, "W": width}
    if not (0 < count <= MAX_ROWS and 0 < height * width <= MAX_IMAGE_PX and channels == 3):
        expected = f"1 to {MAX_ROWS} rows of RGB images of at most {MAX_IMAGE_PX} pixels"
        raise SceneError(path, f"images: found {arrays['images'].shape}, expected {expected}")
    for name, array in arrays.items():
        words = FORMS[name][0].strip("(,)").split(", ")
        expected = tuple(sides[word] if word in sides else int(word) for word in words)
        if array.shape != expected:
            raise SceneError(path, f"{name}: found {array.shape}, expected {expected} as images are {count} rows")


def _poses(path: Path, matrices: NDArray[np.float64]) -> NDArray[np.float32]:
    """(N, 7) rows of poses.npy. Raises SceneError where a matrix is no rigid transform."""
    rows = []
    for row, matrix in enumerate(matrices):
        try:
            pose = Pose.from_matrix(matrix).inverse()
        except ValueError as error:
            raise SceneError(path, f"cam_c2w: row {row}: found {error}") from error
        rows.append([*pose.translation, *quaternions(pose.rotation[None])[0]])
    return np.array(rows, np.float32)


def _fractions(path: Path, matrix: NDArray[np.float64], width: int, height: int) -> NDArray[np.float32]:
    """(4,) fx fy cx cy over width, height, width and height. Raises SceneError where no camera has such a matrix."""
    (fx, skew, cx), (low, fy, cy), last = matrix.tolist()
    is_pinhole = np.isfinite(matrix).all() and (skew, low, last) == (0, 0, [0, 0, 1])
    if not (is_pinhole and fx > 0 and fy > 0 and 0 < cx < width and 0 < cy < height):
        expected = f"a pinhole camera of {width} x {height} pixels: [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]"
        raise SceneError(path, f"intrinsic: found {matrix.tolist()}, expected {expected}")
    return np.array([fx / width, fy / height, cx / width, cy / height], np.float32)


# --- writing ----------------------------------------------------------------------------------------------------------


def write_unpacked(clip: PackedClip, target: Path, advance: Advance = lambda: None) -> None:
    """Write the folder of a clip, one image in memory at a time; ``advance`` is called after each.

    Raises:
        SceneError: an array of the file is damaged; nothing is written then.
        ConfigError: OpenEXR is not installed.
        OutputError: the folder cannot be written, or is not empty.
    """
    open_exr_module()
    with atomic_folder(target) as folder:
        np.save(folder / "poses.npy", clip.poses)
        np.save(folder / "intrinsics.npy", clip.intrinsics)
        lines = (f"{row} {frame}\n" for row, frame in enumerate(clip.frames.tolist()))
        (folder / "indexes.txt").write_text("".join(lines), encoding="utf-8")
        _write_images(clip, folder / IMAGES, advance)
        _write_depth(clip, folder / "depth_opt.zip", advance)
        if "dyn_mask" in clip.arrays:
            _write_masks(clip.arrays["dyn_mask"], folder / "dyn_masks.npz", advance)


def _write_images(clip: PackedClip, folder: Path, advance: Advance) -> None:
    from PIL import Image

    folder.mkdir()
    for frame, image in zip(clip.frames.tolist(), clip.arrays["images"].rows(), strict=True):
        Image.fromarray(image).save(folder / f"frame_{frame:06d}.jpg", quality=JPEG_QUALITY, subsampling=0)
        advance()


def _write_depth(clip: PackedClip, path: Path, advance: Advance) -> None:
    """Disparity as OpenEXR; where the file does not say what is valid, depth at the far limit is none."""
    valid = clip.arrays["valid"].rows() if "valid" in clip.arrays else None
    with zipfile.ZipFile(path, "w") as archive:
        for row, stored in enumerate(clip.arrays["depths"].rows()):
            depth = stored.astype(np.float32)
            is_valid = depth < FAR_LIMIT if valid is None else next(valid)
            add_depth(archive, row, np.where(is_valid, depth, np.float32(0)))
            advance()


def _write_masks(masks: PackedArray, path: Path, advance: Advance) -> None:
    """Sparse images of what moves."""
    from scipy.sparse import csr_matrix

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        write_array(archive, "shape", np.int64, (2,), [np.array(masks.shape[1:])])
        for row, mask in enumerate(masks.rows()):
            sparse = csr_matrix(mask)
            for part in PARTS:
                array = getattr(sparse, part)
                write_array(archive, f"f_{row}_{part}", array.dtype, array.shape, [array])
            advance()


if __name__ == "__main__":
    main()
