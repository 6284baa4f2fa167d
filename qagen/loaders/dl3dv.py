"""DL3DV-10K: videos of places, indoors and outdoors, with poses from structure from motion.

Ling et al., 2024, https://github.com/DL3DV-10K/Dataset; a download holds one or several of the image folders::

    <root>/
    └── 1K ... 11K/<hash>/               or <hash>/ alone
        ├── transforms.json              or one folder deeper: nerfstudio/, gaussian_splat/ (the benchmark)
        └── images_4/frame_00001.png     960 x 540; images_8 has 480 x 270, images the full size

What is undone here
* Intrinsics are of the full-size images, and ``file_path`` names these, while only smaller copies are there. They are
  scaled to the image that is found, whatever its folder is called: one scene's images_4 are half as large as others'.
* Images are distorted (k1, k2, p1, p2), and are undistorted.
* Poses are camera to world with OpenGL axes. Their unit is unknown and differs from scene to scene; it is made COLMAP's
  own (``io.colmap``), whatever was done to the poses since. The vertical is a guess of nerfstudio's that nobody has
  checked: it is taken as unknown.
* There is no depth, no object and no time. Frames follow the numbers of their names, which count the images of the
  video: those without a pose are missing, and leave a gap. Five a second are assumed.

No real scene could be had: this rests on the data card, on nerfstudio's code and on what readers of others do. Of the
benchmark's two copies, nerfstudio/ goes first.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from qagen.core.reasons import INVALID_POSE, NO_IMAGE
from qagen.core.scene import FileSource, Frame, Scene
from qagen.errors import SceneError
from qagen.loaders._base import ANY_NAME, FolderLoader
from qagen.loaders.io.axes import valid_pose
from qagen.loaders.io.colmap import in_unit_of_colmap
from qagen.loaders.io.nerfstudio import read_nerfstudio
from qagen.loaders.io.poses import PosedImage
from qagen.loaders.io.text import posix, safe_name
from qagen.loaders.io.undistorted import undistorted_frame

FRAMES_PER_SECOND = 5.0
"""Images were cut from videos of about a minute, some three hundred from each."""
_NUMBER = re.compile(r"(\d{1,9})$")
TRANSFORMS = "transforms.json"
PLACES = ("", "nerfstudio", "gaussian_splat")
"""Folders of a scene that may hold its poses and images, in order of preference."""


class DL3DVLoader(FolderLoader):
    """Reads scenes of DL3DV-10K and of its benchmark. They have no splits."""

    name = "dl3dv"
    scene_name = ANY_NAME
    homes = ("", *(f"{thousand}K" for thousand in range(1, 12)))
    expected = f"1K/<hash>/{TRANSFORMS} or <hash>/nerfstudio/{TRANSFORMS}"

    def is_scene(self, folder: Path) -> bool:
        return folder.name not in PLACES and any((folder / place / TRANSFORMS).is_file() for place in PLACES)

    def read(self, scene_id: str, folder: Path) -> Scene:
        home = next(folder / place for place in PLACES if (folder / place / TRANSFORMS).is_file())
        path, dropped = home / TRANSFORMS, Counter[str]()
        frames: list[Frame] = []
        images = read_nerfstudio(home, path)
        for image, number in zip(images, _numbers(images), strict=True):
            pose = valid_pose(image.matrix)
            if image.camera is None or pose is None:
                dropped[NO_IMAGE if image.camera is None else INVALID_POSE] += 1
                continue
            frame = Frame(
                id=safe_name(posix(image.name).name),
                color=FileSource(image.image),
                depth=None,
                camera=image.camera,
                depth_camera=None,
                world_from_camera=pose,
                time_s=number / FRAMES_PER_SECOND,
            )
            frames.append(undistorted_frame(frame, image.lens, path))
        if not frames:
            raise SceneError(path, "frames: found none with an image and a valid pose, expected at least one")
        return Scene(
            dataset=self.name,
            id=scene_id,
            source=folder,
            frames=in_unit_of_colmap(frames),
            objects=(),
            mesh=None,
            unit_m=None,
            is_level=False,
            dropped=dict(dropped),
        )


def _numbers(images: Sequence[PosedImage]) -> list[int]:
    """The numbers at the end of the images' names, or their places where some have none."""
    found = [_NUMBER.search(image.name) for image in images]
    numbers = [int(match[1]) for match in found if match is not None]
    return numbers if len(numbers) == len(images) and numbers == sorted(set(numbers)) else list(range(len(images)))
