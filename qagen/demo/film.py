"""The demo's film: the rendered frames and the truth about them, before any dataset's conventions are applied.

```
<folder>/
    film.json                   camera, poses, labels, rooms
    surface.npz                 mesh with colors, and the part and the object that each piece belongs to
    frames/000000.jpg           color
    frames/000000.depth.z       the sensor's depth: zlib stream of row-major little-endian 16-bit millimeters
    frames/000000.objects.z     object that each pixel shows: zlib stream of row-major little-endian 16-bit numbers
```

A writer of a dataset's layout is ``write(film, root)`` and has nothing but the film.
"""

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.camera import Camera
from qagen.core.pose import Pose

JPEG_QUALITY = 92
DEPTH_LEVEL = 6
"""Compression level of zlib, as in a ScanNet recording."""
FRAME_S = 0.2
"""Time between frames, seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class FilmedRoom:
    """A room's floor."""

    name: str
    """Its name: "living room"."""
    polygon: NDArray[np.float64]
    """(n, 2) corners counter-clockwise, world xy, meters."""


@dataclass(frozen=True, eq=False)
class Film:
    """A filmed apartment in meters, z up, and the truth about it. Images are read from the folder on demand."""

    folder: Path
    """Folder of the files."""
    camera: Camera
    """Pinhole of color and depth."""
    poses: tuple[Pose, ...]
    """World from camera of every frame, exact."""
    labels: tuple[str, ...]
    """Name of each object, as an annotator would type it. Walls and floors are objects, too."""
    rooms: tuple[FilmedRoom, ...]
    """Floors of all rooms."""
    vertices: NDArray[np.float32]
    """(n, 3), world, meters."""
    faces: NDArray[np.int32]
    """(m, 3) vertex indices, counter-clockwise from outside; no vertex belongs to two parts."""
    vertex_colors: NDArray[np.uint8]
    """(n, 3) RGB."""
    face_part: NDArray[np.int32]
    """(m,) part of each face. A part is a smooth piece of surface."""
    vertex_part: NDArray[np.int32]
    """(n,) part of each vertex, ascending."""
    part_object: NDArray[np.int32]
    """(p,) object of each part."""

    @classmethod
    def read(cls, folder: Path) -> "Film":
        """Open a film that shoot has stored."""
        document = json.loads((folder / "film.json").read_text(encoding="utf-8"))
        with np.load(folder / "surface.npz") as arrays:
            surface = {name: arrays[name] for name in arrays.files}
        return cls(
            folder=folder,
            camera=Camera(**document["camera"]),
            # not from_matrix, which would change the last digits
            poses=tuple(Pose(m[:3, :3], m[:3, 3]) for m in map(np.array, document["world_from_camera"])),
            labels=tuple(document["labels"]),
            rooms=tuple(FilmedRoom(room["name"], np.array(room["polygon"])) for room in document["rooms"]),
            **surface,
        )

    @property
    def vertex_object(self) -> NDArray[np.int32]:
        """(n,) object of each vertex."""
        return self.part_object[self.vertex_part]

    @property
    def face_object(self) -> NDArray[np.int32]:
        """(m,) object of each face."""
        return self.part_object[self.face_part]

    @cached_property
    def boxes(self) -> tuple[Box3D, ...]:
        """The upright box of least footprint around each object's surface."""
        order = np.argsort(self.vertex_object, kind="stable")
        ends = np.cumsum(np.bincount(self.vertex_object, minlength=len(self.labels)))
        return tuple(Box3D.around(self.vertices[rows]) for rows in np.split(order, ends[:-1]))

    def color_jpeg(self, index: int) -> bytes:
        """A frame's color image, encoded."""
        return self._path(index, "jpg").read_bytes()

    def color_bgr(self, index: int) -> NDArray[np.uint8]:
        """(h, w, 3) a frame's color image, decoded, blue first as OpenCV has it."""
        return np.asarray(cv2.imdecode(np.frombuffer(self.color_jpeg(index), np.uint8), cv2.IMREAD_COLOR), np.uint8)

    def depth_mm(self, index: int) -> NDArray[np.uint16]:
        """(h, w) planar depth as the sensor saw it, with noise, and 0 in its holes."""
        return self._pixels(self.depth_zlib(index), "<u2")

    def depth_zlib(self, index: int) -> bytes:
        """A frame's depth as it is stored: a zlib stream of row-major little-endian 16-bit millimeters."""
        return self._path(index, "depth.z").read_bytes()

    def objects(self, index: int) -> NDArray[np.int32]:
        """(h, w) object that each pixel shows, exact; -1 where there is nothing."""
        return self._pixels(self._path(index, "objects.z").read_bytes(), "<i2").astype(np.int32)

    def room_at(self, point: NDArray[np.float64]) -> int:
        """Index of the room over whose floor a point lies, or of the nearest; world, meters, z is ignored."""
        xy = point[:2].tolist()
        return int(np.argmax([cv2.pointPolygonTest(room.polygon.astype(np.float32), xy, True) for room in self.rooms]))

    def _pixels(self, data: bytes, kind: str) -> NDArray:
        return np.frombuffer(zlib.decompress(data), kind).reshape(self.camera.height, self.camera.width)

    def _path(self, index: int, ending: str) -> Path:
        return self.folder / "frames" / f"{index:06d}.{ending}"


def sampled(image: NDArray, width: int, height: int) -> NDArray:
    """(height, width) the pixels of an image at the pixel centers of a smaller one of the same view."""
    columns = np.floor((np.arange(width) + 0.5) * image.shape[1] / width).astype(int)
    rows = np.floor((np.arange(height) + 0.5) * image.shape[0] / height).astype(int)
    return image[np.ix_(rows, columns)]


def write_frame(
    folder: Path, index: int, color: NDArray[np.uint8], depth_mm: NDArray[np.uint16], objects: NDArray[np.int32]
) -> None:
    """Store one frame: an RGB image, its depth, and the object that each pixel shows."""
    stem = str(folder / "frames" / f"{index:06d}")
    _, jpeg = cv2.imencode(".jpg", color[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
    Path(f"{stem}.jpg").write_bytes(jpeg.tobytes())
    Path(f"{stem}.depth.z").write_bytes(zlib.compress(np.ascontiguousarray(depth_mm, "<u2").tobytes(), DEPTH_LEVEL))
    Path(f"{stem}.objects.z").write_bytes(zlib.compress(np.ascontiguousarray(objects, "<i2").tobytes(), DEPTH_LEVEL))


def write_description(
    folder: Path, camera: Camera, poses: Sequence[Pose], labels: Sequence[str], rooms: Sequence[FilmedRoom]
) -> None:
    """Store what is not an array; floats are read back exactly."""
    document: dict[str, Any] = {"camera": asdict(camera), "labels": list(labels)}
    document["rooms"] = [{"name": room.name, "polygon": room.polygon.tolist()} for room in rooms]
    document["world_from_camera"] = [pose.matrix.tolist() for pose in poses]
    (folder / "film.json").write_text(json.dumps(document), encoding="utf-8")
