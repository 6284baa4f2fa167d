"""A scene in the mirror, for records whose images have left and right exchanged."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from qagen.audit.scene import AuditScene, AuditView, Instance, Pinhole, UprightBox

FLIP = np.diag([-1.0, 1.0, 1.0])
"""World and cameras are reflected at their x = 0."""


def mirrored(scene: AuditScene) -> AuditScene:
    """The scene as its mirrored images show it."""
    return replace(
        scene,
        views={name: _view(view) for name, view in scene.views.items()},
        instances=tuple(_instance(one) for one in scene.instances),
        vertices=None if scene.vertices is None else scene.vertices @ FLIP,
        faces=None if scene.faces is None else scene.faces[:, [0, 2, 1]],
        outline=None if scene.outline is None else scene.outline[::-1] @ FLIP[:2, :2],
    )


def _view(view: AuditView) -> AuditView:
    T_wc = view.T_wc.copy()
    T_wc[:3, :3] = FLIP @ view.T_wc[:3, :3] @ FLIP
    T_wc[:3, 3] = FLIP @ view.T_wc[:3, 3]
    return replace(
        view,
        T_wc=T_wc,
        pinhole=_pinhole(view.pinhole),
        depth_pinhole=None if view.depth_pinhole is None else _pinhole(view.depth_pinhole),
        read_color=lambda: _flipped_image(view.read_color()),
        read_depth=None if view.read_depth is None else _flipped(view.read_depth),
        read_instances=None if view.read_instances is None else _flipped(view.read_instances),
    )


def _pinhole(pinhole: Pinhole) -> Pinhole:
    return replace(pinhole, cx=pinhole.width - 1 - pinhole.cx)


def _instance(one: Instance) -> Instance:
    box = UprightBox(FLIP @ one.box.center, one.box.size, FLIP @ one.box.axes @ FLIP)
    return replace(one, box=box, points=None if one.points is None else one.points @ FLIP)


def _flipped(read: Callable[[], NDArray]) -> Callable[[], NDArray]:
    return lambda: np.fliplr(read())


def _flipped_image(content: bytes | None) -> bytes | None:
    """The pixels of an encoded image, flipped, without any compression."""
    if content is None:
        return None
    flipped = BytesIO()
    ImageOps.mirror(Image.open(BytesIO(content)).convert("RGB")).save(flipped, "BMP")
    return flipped.getvalue()
