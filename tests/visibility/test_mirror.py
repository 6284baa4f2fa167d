"""The measurements of a mirrored scene are those that the mirrored scene would have if it were measured."""

from dataclasses import fields

import numpy as np

from qagen.core.scene import validate_scene
from qagen.visibility.mirror import mirrored_views
from qagen.visibility.views import SceneViews, observe
from tests.scenes import mirrored, studio

PIXEL = 1 / 240
"""Width of a pixel of the grid that is measured, as a fraction of the image; what is drawn may be off by two."""
EXACT = ("cameras", "centers", "center_xy", "distance", "in_image_fraction", "projected_box", "rotation_deg", "video")


def test_a_mirrored_scene_is_measured_alike() -> None:
    found, wanted = mirrored_views(observe(studio())), observe(mirrored(studio()))
    validate_scene(found.scene)
    for name in EXACT:
        assert np.allclose(getattr(found, name), getattr(wanted, name), atol=1e-5, equal_nan=True), name
    is_clear = found.askable & wanted.askable
    assert is_clear.sum() > 0.9 * found.askable.sum()
    box, other = found.visible_box[is_clear], wanted.visible_box[is_clear]
    assert (np.abs(box - other).max(axis=1) <= 2 * PIXEL).mean() > 0.95
    belief, other = found.belief.extents, wanted.belief.extents
    assert (belief.is_sure == other.is_sure).mean() > 0.95


def test_twice_mirrored_is_the_scene_itself() -> None:
    views = observe(studio())
    again = mirrored_views(mirrored_views(views))
    for field in fields(SceneViews):
        value = getattr(views, field.name)
        if isinstance(value, np.ndarray):
            assert np.allclose(getattr(again, field.name), value, equal_nan=True), field.name
    frame, item = np.argwhere(views.askable)[0].tolist()
    assert again.mask(frame, item) == views.mask(frame, item)
    first = again.frames[0].color.read_bytes()
    assert first[:2] in (b"\xff\xd8", b"\x89P")
