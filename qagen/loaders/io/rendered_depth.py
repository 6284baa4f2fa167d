"""Depth images of cameras that have none, by casting rays at the scanned surface."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.pose import Pose, rotate
from qagen.core.scene import Frame

if TYPE_CHECKING:
    from embreex.rtcore_scene import EmbreeScene

MAX_WIDTH = 640
"""Rendered depth is not larger than a sensor's would be."""


@dataclass(frozen=True, eq=False)
class Surface:
    """Triangles that rays can be cast at."""

    vertices: NDArray[np.float32]
    """(n, 3), world, meters."""
    faces: NDArray[np.int32]
    """(m, 3) vertex indices."""

    @cached_property
    def scene(self) -> "EmbreeScene":
        """The ray caster's own structure, built when the first ray is cast."""
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene

        scene = EmbreeScene()
        TriangleMesh(scene, np.ascontiguousarray(self.vertices, np.float32), np.ascontiguousarray(self.faces, np.int32))
        return scene


@dataclass(frozen=True, slots=True, eq=False)
class RenderedDepth:
    """Planar depth of a surface as a camera would measure it."""

    surface: Surface
    """What is seen."""
    camera: Camera
    """Pinhole of the depth image."""
    world_from_camera: Pose
    """Where it stands."""

    def read_m(self) -> NDArray[np.float32]:
        """(height, width) depth z in meters, 0 where a ray hits nothing."""
        camera, pose = self.camera, self.world_from_camera
        rays = camera.rays().reshape(-1, 3)
        directions = rotate(pose.rotation, rays).astype(np.float32)
        origins = np.repeat(pose.translation[None].astype(np.float32), len(rays), axis=0)
        hits = self.surface.scene.run(origins, directions, output=1)
        depth = np.where(hits["primID"] < 0, np.float32(0), hits["tfar"])
        return depth.reshape(camera.height, camera.width).astype(np.float32)


def with_rendered_depth(frame: Frame, surface: Surface) -> Frame:
    """The frame with depth of a surface, at the color image's resolution but not wider than MAX_WIDTH."""
    width = min(frame.camera.width, MAX_WIDTH)
    camera = frame.camera.scaled(width, max(1, round(frame.camera.height * width / frame.camera.width)))
    return replace(frame, depth=RenderedDepth(surface, camera, frame.world_from_camera), depth_camera=camera)
