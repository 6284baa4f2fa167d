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

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.core.reasons import HELD_OUT, INVALID_POSE, MARKED_BAD, NO_IMAGE
from qagen.core.scene import FileSource, Frame
from qagen.errors import SceneError
from qagen.loaders.io.axes import valid_pose
from qagen.loaders.io.images import image_size
from qagen.loaders.io.lens import check_pinhole
from qagen.loaders.io.rendered_depth import Surface, with_rendered_depth
from qagen.loaders.io.rgbd import fit_camera
from qagen.loaders.io.text import convert_json, inside, natural, posix, read_json

IMAGES = "resized_undistorted_images"
TRANSFORMS = "nerfstudio/transforms_undistorted.json"
_Row = tuple[float | None, float | None, float | None, float | None]
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
    frames: list[_Photo]
    test_frames: list[_Photo] = []


def read_dslr(folder: Path, surface: Surface | None, dropped: Counter[str]) -> tuple[Frame, ...]:
    """Photographs by name; those left out are counted.

    Args:
        folder: the scene's ``dslr`` folder.
        surface: what depth is rendered from; None for no depth.
        dropped: counts by reason.

    Raises:
        SceneError: a file is missing, damaged, or contradicts another.
    """
    path = folder / TRANSFORMS
    content = read_json(path, dict[str, Any])
    transforms = convert_json(content, _DslrFile, path)
    for where, camera in [("camera", content), *((f"frames[{i}]", told) for i, told in enumerate(content["frames"]))]:
        check_pinhole(camera, path, where)
    held_out = {posix(photo.file_path) for photo in transforms.test_frames}  # undistort.py joins them to the others
    walked = [photo for photo in transforms.frames if posix(photo.file_path) not in held_out]
    good = sorted((photo for photo in walked if not photo.is_bad), key=lambda photo: natural(photo.file_path))
    located = [(inside(folder / IMAGES, photo.file_path, path, "file_path"), photo) for photo in good]
    present = [(image, photo) for image, photo in located if image.is_file()]
    if not present:
        raise SceneError(folder / IMAGES, f"images: found none of {len(good)}, expected those of {path.name}")
    dropped[MARKED_BAD] += len(walked) - len(good)
    dropped[HELD_OUT] += len(held_out)
    dropped[NO_IMAGE] += len(good) - len(present)
    matrix = np.array([[transforms.fl_x, 0, transforms.cx], [0, transforms.fl_y, transforms.cy], [0, 0, 1]])
    first = present[0][0]
    actual = image_size(FileSource(first), first)
    camera = fit_camera(matrix, (transforms.w, transforms.h), actual, path, "photograph")
    frames: list[Frame] = []
    for index, (image, photo) in enumerate(present):
        pose = valid_pose(mesh_from_opencv(np.array(photo.transform_matrix, np.float64)))
        if pose is None:
            dropped[INVALID_POSE] += 1
            continue
        color = FileSource(image)
        frame = Frame(image.stem.replace(".", "_"), color, None, camera, None, pose, time_s=float(index))
        frames.append(frame if surface is None else with_rendered_depth(frame, surface))
    return tuple(frames)


def mesh_from_opencv(transform: NDArray[np.float64]) -> NDArray[np.float64]:
    """(4, 4) camera-to-world in the mesh's world with OpenCV axes, from a ``transform_matrix``."""
    world = transform[[1, 0, 2, 3]] * np.array([[1.0], [1.0], [-1.0], [1.0]])
    return world * np.array([1.0, -1.0, -1.0, 1.0])
