"""Scenes of datasets without a reader in the audit, taken from their loader; the only user of loaders."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.audit.scene import AuditScene, AuditView, Instance, Pinhole, UprightBox, fit_box, fit_upright_box
from qagen.core.camera import Camera
from qagen.core.scene import NEVER_ASKED_THING, STRUCTURE, Frame, Mesh, Object3D, Scene
from qagen.errors import ConfigError, did_you_mean
from qagen.loaders import LOADERS, make_loader


def check_dataset(name: str) -> None:
    """Raises ConfigError unless there is such a dataset."""
    if name not in LOADERS:
        raise ConfigError(f"{name}: no dataset of that name.{did_you_mean(name, LOADERS)}")


def read_scene(dataset: str, root: Path, scene_id: str) -> AuditScene:
    """Read one scene. Raises SceneError as the loader does."""
    return to_audit_scene(make_loader(dataset, root).load(scene_id), dataset)


def to_audit_scene(scene: Scene, dataset: str) -> AuditScene:
    """A loaded scene as the audit sees it."""
    mesh = scene.mesh
    owners, others = (None, ()) if mesh is None else _with_nameless(mesh, len(scene.objects), scene.is_level)
    return AuditScene(
        dataset=dataset,
        id=scene.id,
        views={frame.id: _to_view(frame) for frame in scene.frames},
        instances=(*(_to_instance(item) for item in scene.objects), *others),
        vertices=None if mesh is None else mesh.vertices.astype(float),
        faces=None if mesh is None else mesh.faces,
        face_instance=owners,
        outline=scene.room_polygon,
        is_labeled=mesh is None or not mesh.is_by_box,
        names_structure=any(one.is_structure for one in others),
        unit_m=scene.unit_m,
        reported_unit=scene.reported_unit,
        is_level=scene.is_level,
    )


def _with_nameless(mesh: Mesh, count: int, is_level: bool) -> tuple[NDArray, tuple[Instance, ...]]:
    """The instances of faces, and one for all structure and one for all other things without a name to ask about."""
    owners, nameless = mesh.face_object.copy(), []
    for owner in (STRUCTURE, NEVER_ASKED_THING):
        is_own = mesh.face_object == owner
        if is_own.any():
            owners[is_own] = count + len(nameless)
            box = (fit_upright_box if is_level else fit_box)(mesh.vertices[np.unique(mesh.faces[is_own])])
            nameless.append(Instance(owner, "", frozenset(), False, box, None, owner == STRUCTURE))
    return owners, tuple(nameless)


def _to_view(frame: Frame) -> AuditView:
    return AuditView(
        name=frame.id,
        pinhole=_to_pinhole(frame.camera),
        T_wc=frame.world_from_camera.matrix,
        read_color=frame.color.read_bytes,
        depth_pinhole=None if frame.depth_camera is None else _to_pinhole(frame.depth_camera),
        read_depth=None if frame.depth is None else _as_float(frame.depth.read_m),
        read_instances=None if frame.instances is None else frame.instances.read_objects,
        time_s=frame.time_s,
    )


def _as_float(read: Callable[[], NDArray]) -> Callable[[], NDArray]:
    return lambda: read().astype(float)


def _to_pinhole(camera: Camera) -> Pinhole:
    return Pinhole(camera.fx, camera.fy, camera.cx, camera.cy, camera.width, camera.height)


def _to_instance(item: Object3D) -> Instance:
    center, size, axes = (np.asarray(part, float) for part in (item.box.center, item.box.size, item.box.rotation))
    label = item.label.lower()
    return Instance(item.id, label, frozenset({label}), True, UprightBox(center, size, axes), item.points)
