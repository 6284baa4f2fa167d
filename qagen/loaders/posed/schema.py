"""The contents of a scene.json; docs/posed.schema.json is generated from it."""

from typing import Annotated, Literal

import msgspec

from qagen.loaders.io.box_exports import BoxFormat

Positive = Annotated[float, msgspec.Meta(gt=0)]
Side = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Pixels = Annotated[float, msgspec.Meta(ge=-1e6, le=1e6)]
Focal = Annotated[float, msgspec.Meta(gt=0, le=1e7)]
Vector = Annotated[list[float], msgspec.Meta(min_length=3, max_length=3, description="3 numbers")]
Row = Annotated[list[float | None], msgspec.Meta(min_length=4, max_length=4)]
Matrix = Annotated[list[Row], msgspec.Meta(min_length=3, max_length=4, description="4 rows of 4 numbers, or 3")]
Point = Annotated[list[float], msgspec.Meta(min_length=2, max_length=2, description="2 numbers")]


class Intrinsics(msgspec.Struct, forbid_unknown_fields=True):
    """An undistorted pinhole camera, pixels."""

    fx: Focal
    fy: Focal
    cx: Pixels
    cy: Pixels
    width: Side
    height: Side


class DepthFiles(msgspec.Struct, forbid_unknown_fields=True):
    """How depth images are stored."""

    meters_per_unit: Positive | None = None
    """Meters of a stored 1: 0.001 for millimeters."""
    world_units_per_unit: Positive | None = None
    """Instead of meters_per_unit: length of a stored 1 in the unit of the poses, required where units is null."""
    kind: Literal["z", "ray"] = "z"
    """Whether numbers count along the optical axis or along the pixel's ray."""
    invalid: Annotated[int, msgspec.Meta(ge=0)] = 0
    """The stored number that means "no depth", besides 0."""
    camera: Intrinsics | None = None
    """Camera of the depth images, where it is not the color camera at another resolution."""


class PosedFrame(msgspec.Struct, forbid_unknown_fields=True):
    """One image and where it was taken."""

    image: str
    pose: Matrix | None
    """Null where tracking was lost: the frame is left out."""
    id: str | None = None
    """The image's name without its ending when left out. Dots and blanks become "_" in records."""
    depth: str | None = None
    instances: str | None = None
    """8- or 16-bit PNG: the id of the object that each pixel shows, 0 for none."""
    camera: Intrinsics | None = None
    """Camera of this frame, where it has one of its own."""
    time_s: float | None = None


class FramesFile(msgspec.Struct, forbid_unknown_fields=True):
    """Frames that another tool wrote."""

    format: Literal["nerfstudio", "polycam", "record3d", "tum", "7scenes"]
    path: str
    """transforms.json, or the folder of the others: Polycam's keyframes, an unpacked .r3d, a recording."""


class Box(msgspec.Struct, forbid_unknown_fields=True):
    """An annotated object."""

    id: Annotated[int, msgspec.Meta(ge=1, le=65_535)]
    label: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    center: Vector | None = None
    size: Vector | None = None
    """Full extents along the box's own axes. Without center and size, the box is measured: the depth of at least ten
    frames, where their instances have the object's id."""
    yaw_deg: float | None = None
    """Turn about the vertical, counter-clockwise seen from above; the box's axes are the world's at 0."""
    axes: Annotated[list[Vector], msgspec.Meta(min_length=3, max_length=3)] | None = None
    """Instead of yaw_deg: three unit vectors, the directions of the sides in the order of size. Required where up is
    null."""


class BoxesFile(msgspec.Struct, forbid_unknown_fields=True):
    """Boxes that another tool wrote, in the unit and the world of the poses."""

    format: BoxFormat
    path: str
    world_from_boxes: Matrix | None = None
    """Rigid transform of the file's world into that of the poses, where they differ."""


class LabeledMesh(msgspec.Struct, forbid_unknown_fields=True):
    """The scanned surface."""

    path: str
    """Binary PLY with triangles."""
    object_property: str
    """Property of its faces or vertices that holds object ids; other numbers belong to no object."""


class SceneFile(msgspec.Struct, forbid_unknown_fields=True):
    """The whole of scene.json."""

    units: Literal["m", "cm", "mm", "km"] | Positive | None
    """Unit of poses, boxes and mesh; a number is meters per unit. Null where nobody knows the scale."""
    up: Literal["+x", "-x", "+y", "-y", "+z", "-z"] | None
    """The world axis that points away from the floor. Null where nobody knows it."""
    frames: FramesFile | list[PosedFrame]
    objects: BoxesFile | list[Box]
    pose: Literal["world_from_camera", "camera_from_world"] | None = None
    """Direction of the frames' matrices; required for frames in this file."""
    camera_axes: Literal["opencv", "opengl"] | None = None
    """opencv: x right, y down, z forward. opengl: x right, y up, z backward. Required for frames in this file."""
    camera: Intrinsics | None = None
    """Camera of the color images that have none of their own."""
    pixel_center: Annotated[float, msgspec.Meta(ge=0, le=0.5)] = 0.0
    """Coordinate of the center of the top-left pixel: 0 in OpenCV, 0.5 in COLMAP."""
    depth: DepthFiles | None = None
    mesh: LabeledMesh | None = None
    floor: Annotated[list[Point], msgspec.Meta(min_length=3)] | None = None
    """Outline of the room: the two horizontal coordinates, in the order of the axes that follow the vertical.
    None where up is null."""
