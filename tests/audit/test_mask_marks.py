"""The audit finds masks that lie beside their object, on another one, or are too large."""

from functools import cache

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, binary_erosion

from qagen.audit.checks import Verdict
from qagen.audit.from_loader import to_audit_scene
from qagen.audit.mask_marks import closest_mask, decode_mask
from qagen.audit.truth import SceneTruth
from qagen.core.runs import from_runs, to_runs
from qagen.visibility.views import SceneViews, observe
from tests.scenes import studio


@cache
def views() -> SceneViews:
    return observe(studio())


@cache
def truth() -> SceneTruth:
    return SceneTruth.of(to_audit_scene(studio(), "studio"))


@cache
def masks() -> list[tuple[int, int, np.ndarray]]:
    """(frame, object, mask) of all masks of the scene."""
    found = []
    for frame, item in np.argwhere(views().markable).tolist():
        runs = views().mask(frame, item)
        found += [(frame, item, from_runs(runs))] if runs else []
    return found


def verdict(frame: int, item: int, mask: np.ndarray, among: str = "") -> Verdict:
    """The audit's verdict on a mask as a mark of an object, by its label."""
    label = among or views().scene.objects[item].label
    named = [k for k, one in enumerate(truth().instances) if one.label == label]
    instance, check = closest_mask("mask", to_runs(mask), truth(), views().frames[frame].id, named)
    if check.verdict is Verdict.AGREE and not among:
        assert instance is not None
        assert truth().instances[instance].id == views().scene.objects[item].id
    return check.verdict


def test_right_masks_agree() -> None:
    assert len(masks()) > 50
    assert {verdict(*one) for one in masks()} == {Verdict.AGREE}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda mask: np.roll(mask, 2, axis=1),
        lambda mask: np.roll(mask, -2, axis=0),
        lambda mask: binary_dilation(mask, iterations=2),
        lambda mask: binary_erosion(mask, iterations=2),
        lambda mask: mask[::-1, ::-1],
    ],
    ids=["right by 2", "up by 2", "dilated", "eroded", "turned"],
)
def test_spoiled_masks_are_found(spoil) -> None:
    spoiled = [(frame, item, spoil(mask)) for frame, item, mask in masks()]
    spoiled = [
        (frame, item, new)
        for (frame, item, new), (_, _, old) in zip(spoiled, masks(), strict=True)
        if new.any() and (new != old).sum() > 0.08 * old.sum()
    ]
    assert len(spoiled) > 40
    assert Verdict.AGREE not in {verdict(*one) for one in spoiled}


def test_the_mask_of_another_object_is_found() -> None:
    labels = [item.label for item in views().scene.objects]
    for (frame, item, mask), (other_frame, other, _) in zip(masks(), masks()[1:], strict=False):
        if frame == other_frame and labels[item] != labels[other]:
            assert verdict(frame, item, mask, among=labels[other]) is Verdict.DISAGREE


@pytest.mark.parametrize("place", [(2, 2, 3), (2, 2, 4), (1, 161, 1, 160), (2, 2, 1, 0, 3)])
def test_what_is_no_mask_is_refused(place) -> None:
    with pytest.raises(ValueError, match="mask"):
        decode_mask(place)
