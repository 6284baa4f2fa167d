"""A scene as its loader has it, for datasets that the audit has no reader of its own for; the only user of loaders."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.audit.scene import AuditScene, AuditView, Instance, Pinhole, UprightBox
from qagen.core.camera import Camera
from qagen.core.scene import Frame, Object3D
from qagen.errors import ConfigError, did_you_mean
from qagen.loaders import LOADERS, make_loader


def check_dataset(name: str) -> None:
    """Raises ConfigError unless there is such a dataset."""
    if name not in LOADERS:
        raise ConfigError(f"{name}: no dataset of that name.{did_you_mean(name, LOADERS)}")


def read_ground(dataset: str, root: Path, scene_id: str) -> AuditScene:
    """Read one scene. Raises SceneError as the loader does."""
    scene = make_loader(dataset, root).load(scene_id)
    mesh = scene.mesh
    return AuditScene(
        dataset=dataset,
        scene=scene.id,
        views={frame.id: _view(frame) for frame in scene.frames},
        things=tuple(_thing(item) for item in scene.objects),
        vertices=None if mesh is None else mesh.vertices.astype(float),
        faces=None if mesh is None else mesh.faces,
        face_thing=None if mesh is None else mesh.face_object,
        outline=scene.room_polygon,
    )


def _view(frame: Frame) -> AuditView:
    depth, things = frame.depth, frame.instances
    return AuditView(
        name=frame.id,
        pinhole=_pinhole(frame.camera),
        T_wc=frame.world_from_camera.matrix,
        read_color=frame.color.read_bytes,
        depth_pinhole=None if frame.depth_camera is None else _pinhole(frame.depth_camera),
        read_depth=None if depth is None else _as_float(depth.read_m),
        read_things=None if things is None else things.read_objects,
    )


def _as_float(read: Callable[[], NDArray]) -> Callable[[], NDArray]:
    return lambda: read().astype(float)


def _pinhole(camera: Camera) -> Pinhole:
    return Pinhole(camera.fx, camera.fy, camera.cx, camera.cy, camera.width, camera.height)


def _thing(item: Object3D) -> Instance:
    box = item.box
    block = UprightBox(np.asarray(box.center, float), np.asarray(box.size, float), np.asarray(box.rotation, float))
    return Instance(item.id, item.label, frozenset({item.label}), True, block, item.points)
