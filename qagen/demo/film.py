"""The demo's film: what was rendered, before any dataset's conventions are put on it.

```
<folder>/
    film.json                   camera, poses, labels, rooms
    surface.npz                 mesh, its colours, and which part and thing each piece of it belongs to
    frames/000000.jpg           colour
    frames/000000.depth.z       the sensor's depth: zlib stream of row-major little-endian 16-bit millimetres
    frames/000000.things.z      thing that each pixel shows: zlib stream of row-major little-endian 16-bit numbers
```

A writer of a dataset's layout is ``write(film, root)``; it is given a Film and nothing else.
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
"""Of zlib; the size of the file, and the same as in a ScanNet recording."""
FRAME_S = 0.2
"""Time between frames."""


@dataclass(frozen=True, slots=True, eq=False)
class FilmedRoom:
    """A room's floor."""

    name: str
    """What it is called: "living room"."""
    polygon: NDArray[np.float64]
    """(n, 2) corners counter-clockwise, world xy, metres."""


@dataclass(frozen=True, eq=False)
class Film:
    """A filmed place in metres, z up, and the truth about it. Images are read from the folder when asked for."""

    folder: Path
    """Where it is."""
    camera: Camera
    """Of colour and depth, without distortion."""
    poses: tuple[Pose, ...]
    """World from camera of every frame, exact."""
    labels: tuple[str, ...]
    """By thing: its name, as an annotator would type it. Things are walls, floors and furniture alike."""
    rooms: tuple[FilmedRoom, ...]
    """Floors that together make the place."""
    vertices: NDArray[np.float32]
    """(n, 3)."""
    faces: NDArray[np.int32]
    """(m, 3) vertices, counter-clockwise from outside; no vertex is in two parts."""
    vertex_colors: NDArray[np.uint8]
    """(n, 3) RGB."""
    face_part: NDArray[np.int32]
    """(m,)."""
    vertex_part: NDArray[np.int32]
    """(n,) ascending."""
    part_thing: NDArray[np.int32]
    """(p,) the thing that a part, a smooth piece of surface, belongs to."""

    @classmethod
    def read(cls, folder: Path) -> "Film":
        """Open what shoot has made."""
        document = json.loads((folder / "film.json").read_text(encoding="utf-8"))
        with np.load(folder / "surface.npz") as arrays:
            surface = {name: arrays[name] for name in arrays.files}
        return cls(
            folder=folder,
            camera=Camera(**document["camera"]),
            poses=tuple(_exact_pose(np.array(matrix)) for matrix in document["world_from_camera"]),
            labels=tuple(document["labels"]),
            rooms=tuple(FilmedRoom(room["name"], np.array(room["polygon"])) for room in document["rooms"]),
            **surface,
        )

    @property
    def vertex_thing(self) -> NDArray[np.int32]:
        """(n,)."""
        return self.part_thing[self.vertex_part]

    @property
    def face_thing(self) -> NDArray[np.int32]:
        """(m,)."""
        return self.part_thing[self.face_part]

    @cached_property
    def boxes(self) -> tuple[Box3D, ...]:
        """By thing: the upright box of least footprint around its surface."""
        order = np.argsort(self.vertex_thing, kind="stable")
        ends = np.cumsum(np.bincount(self.vertex_thing, minlength=len(self.labels)))
        return tuple(Box3D.around(self.vertices[rows]) for rows in np.split(order, ends[:-1]))

    def color_jpeg(self, index: int) -> bytes:
        """A frame's picture, encoded."""
        return self._path(index, "jpg").read_bytes()

    def depth_mm(self, index: int) -> NDArray[np.uint16]:
        """(h, w) planar depth as the sensor saw it: with noise, and 0 in its holes."""
        return self._pixels(self.depth_zlib(index), "<u2")

    def depth_zlib(self, index: int) -> bytes:
        """The same as it is stored: a zlib stream of row-major little-endian numbers."""
        return self._path(index, "depth.z").read_bytes()

    def things(self, index: int) -> NDArray[np.int32]:
        """(h, w) thing that each pixel shows, exact; -1 where there is nothing."""
        return self._pixels(self._path(index, "things.z").read_bytes(), "<i2").astype(np.int32)

    def _pixels(self, data: bytes, kind: str) -> NDArray:
        return np.frombuffer(zlib.decompress(data), kind).reshape(self.camera.height, self.camera.width)

    def _path(self, index: int, ending: str) -> Path:
        return self.folder / "frames" / f"{index:06d}.{ending}"


def _exact_pose(matrix: NDArray[np.float64]) -> Pose:
    return Pose(matrix[:3, :3], matrix[:3, 3])  # from_matrix would improve its last digits


def write_frame(
    folder: Path, index: int, color: NDArray[np.uint8], depth_mm: NDArray[np.uint16], things: NDArray[np.int32]
) -> None:
    """Store one frame: an RGB picture, its depth, and what it shows."""
    stem = str(folder / "frames" / f"{index:06d}")
    _, jpeg = cv2.imencode(".jpg", color[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
    Path(f"{stem}.jpg").write_bytes(jpeg.tobytes())
    Path(f"{stem}.depth.z").write_bytes(zlib.compress(np.ascontiguousarray(depth_mm, "<u2").tobytes(), DEPTH_LEVEL))
    Path(f"{stem}.things.z").write_bytes(zlib.compress(np.ascontiguousarray(things, "<i2").tobytes(), DEPTH_LEVEL))


def write_description(
    folder: Path, camera: Camera, poses: Sequence[Pose], labels: Sequence[str], rooms: Sequence[FilmedRoom]
) -> None:
    """Store all that is not an array; floats come back exactly."""
    document: dict[str, Any] = {"camera": asdict(camera), "labels": list(labels)}
    document["rooms"] = [{"name": room.name, "polygon": room.polygon.tolist()} for room in rooms]
    document["world_from_camera"] = [pose.matrix.tolist() for pose in poses]
    (folder / "film.json").write_text(json.dumps(document), encoding="utf-8")
