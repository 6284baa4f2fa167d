"""The undistorted photographs of a ScanNet++ scene.

``nerfstudio/transforms_undistorted.json`` is written by the dataset's own dslr/undistort.py, together with the images
in ``resized_undistorted_images/``.

Its conventions
* ``transform_matrix`` is camera-to-world with OpenGL camera axes (y up, looking along -z) in a world whose axes were
  exchanged: x and y swapped, z negated. Undone in reverse order, the mesh's world comes out.
* A camera has no depth sensor; depth is rendered from the mesh, at 640 pixels of width.
* Photographs have no times; they are taken in the order of their numbers, one a second.
* Photographs that are marked as bad are left out, and so are the held-out ones of the view synthesis benchmark
  (``test_frames``), which are not part of the walk.
"""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.scene import FileSource, Frame
from qagen.errors import SceneError
from qagen.loaders.io.rendered_depth import RenderedDepth, Surface, depth_camera_for
from qagen.loaders.io.rgbd import fit_camera, image_size
from qagen.loaders.io.text import inside, read_json

IMAGES = "resized_undistorted_images"
TRANSFORMS = "nerfstudio/transforms_undistorted.json"
BAD = "frame: marked as bad"
HELD_OUT = "frame: held out for view synthesis"
INVALID_POSE = "frame: invalid pose"
NO_IMAGE = "frame: no image"
_Row = tuple[float, float, float, float]
_SIDE = Annotated[int, msgspec.Meta(ge=1, le=16384)]


class _Photo(msgspec.Struct):
    file_path: str
    transform_matrix: tuple[_Row, _Row, _Row, _Row]
    is_bad: bool = False


class _DslrFile(msgspec.Struct):
    fl_x: float
    fl_y: float
    cx: float
    cy: float
    w: _SIDE
    h: _SIDE
    camera_model: Literal["PINHOLE"]
    frames: list[_Photo]
    test_frames: list[_Photo] = []


def has_dslr(folder: Path) -> bool:
    """Whether a ``dslr`` folder has undistorted photographs."""
    return (folder / TRANSFORMS).is_file()


def read_dslr(folder: Path, surface: Surface | None) -> tuple[tuple[Frame, ...], dict[str, int]]:
    """Photographs by name, and how many were left out, by reason.

    Args:
        folder: the scene's ``dslr`` folder.
        surface: what depth is rendered from; None for no depth.

    Raises:
        SceneError: a file is missing, damaged, or contradicts another.
    """
    path = folder / TRANSFORMS
    transforms = read_json(path, _DslrFile)
    exclusion_lists = {
        photo.file_path for photo in transforms.test_frames
    }  # undistort.py also joins them to the others
    walked = [photo for photo in transforms.frames if photo.file_path not in exclusion_lists]
    good = sorted((photo for photo in walked if not photo.is_bad), key=lambda photo: photo.file_path)
    located = [(_image_path(folder, photo, path), photo) for photo in good]
    present = [(image, photo) for image, photo in located if image.is_file()]
    if not present:
        raise SceneError(folder / IMAGES, f"images: found none of {len(good)}, expected those of {path.name}")
    camera = _camera(transforms, present[0][0], path)
    frames = [_frame(image, photo, camera, surface, float(k)) for k, (image, photo) in enumerate(present)]
    kept = tuple(frame for frame in frames if frame is not None)
    dropped = {BAD: len(walked) - len(good), HELD_OUT: len(exclusion_lists)}
    dropped |= {NO_IMAGE: len(good) - len(present), INVALID_POSE: len(present) - len(kept)}
    return kept, {reason: count for reason, count in dropped.items() if count}


def _image_path(folder: Path, photo: _Photo, source: Path) -> Path:
    return inside(folder / IMAGES, photo.file_path, source, "file_path")


def _camera(transforms: _DslrFile, first: Path, path: Path) -> Camera:
    matrix = np.array([[transforms.fl_x, 0, transforms.cx], [0, transforms.fl_y, transforms.cy], [0, 0, 1]])
    return fit_camera(matrix, (transforms.w, transforms.h), image_size(FileSource(first), first), path, "photograph")


def _frame(image: Path, photo: _Photo, camera: Camera, surface: Surface | None, time_s: float) -> Frame | None:
    try:
        pose = Pose.from_matrix(mesh_from_opencv(np.array(photo.transform_matrix)))
    except ValueError:  # counted by the caller
        return None
    depth_camera = None if surface is None else depth_camera_for(camera)
    return Frame(
        id=image.stem.replace(".", "_"),
        color=FileSource(image),
        depth=None if surface is None or depth_camera is None else RenderedDepth(surface, depth_camera, pose),
        camera=camera,
        depth_camera=depth_camera,
        world_from_camera=pose,
        time_s=time_s,
    )


def mesh_from_opencv(transform: NDArray[np.float64]) -> NDArray[np.float64]:
    """(4, 4) camera-to-world in the mesh's world with OpenCV axes, from a ``transform_matrix``."""
    world = transform[[1, 0, 2, 3]] * np.array([[1.0], [1.0], [-1.0], [1.0]])
    return world * np.array([1.0, -1.0, -1.0, 1.0])
