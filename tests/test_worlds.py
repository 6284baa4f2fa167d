"""Scenes whose scale or gravity is unknown, and scenes without objects or depth: every type asks the same, or says why.

The studio is annotated so well that nothing of its belief hangs on the floor, so a world without gravity is asked the
same as with it.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from qagen.core.reasons import NO_GRAVITY, NO_OBJECTS, NO_SCALE, SURFACE_UNKNOWN
from qagen.core.sample import Sample
from qagen.core.scale import at_room_scale
from qagen.core.scene import Scene, validate_scene
from qagen.pipeline.config import RunConfig
from qagen.pipeline.record import to_evidence, to_record
from qagen.pipeline.run import TaskCounts, make_samples, phrasebook
from qagen.tasks.registry import known_types, load_task
from qagen.visibility.views import SceneViews, observe
from tests.scenes import scaled, studio, studio_for, tilted
from tests.wording.words_of_needs import GRAVITY, UNIT

TYPES = known_types()
CONFIG = RunConfig(per_scene=4)
STAMP = {"seed": 0, "qagen": "0", "config": "0"}
WORLDS = {
    "level": lambda scene: scene,
    "no scale": lambda scene: replace(scene, unit_m=None),
    "no scale, smaller": lambda scene: scaled(replace(scene, unit_m=None), 0.37),
    "no scale, larger": lambda scene: scaled(replace(scene, unit_m=None), 1000),
    "no gravity": lambda scene: replace(scene, is_level=False),
    "turned": tilted,
}


@cache
def filmed(world: str, scene: Scene) -> SceneViews:
    return observe(at_room_scale(validate_scene(WORLDS[world](scene))))


def views_of(world: str, type_name: str = "depth_prediction_oc") -> SceneViews:
    """The studio in another world, filmed for a type."""
    return filmed(world, studio_for(type_name))


@cache
def made(world: str, type_name: str) -> tuple[list[Sample], dict[str, int]]:
    return made_of(views_of(world, type_name), type_name)


def made_of(views: SceneViews, type_name: str) -> tuple[list[Sample], dict[str, int]]:
    counts = TaskCounts()
    samples = list(make_samples(load_task(type_name), views, phrasebook(), CONFIG, counts))
    return samples, dict(counts.skips)


def needs(type_name: str) -> frozenset[str]:
    return load_task(type_name).form_for(studio()).needs


def texts_of(samples: list[Sample]) -> list[tuple[str, str]]:
    return [(sample.human, sample.gpt) for sample in samples]


def written(world: str, type_name: str) -> list[dict[str, Any]]:
    """Records and evidence, one after the other."""
    family, views = load_task(type_name), views_of(world, type_name)
    samples = made(world, type_name)[0]
    return [made for one in samples for made in (to_record(one, family, views, False), to_evidence(one, views, STAMP))]


def strings_in(value: Any) -> Iterator[str]:
    """All texts in a record, the names of its keys among them."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from (name, *strings_in(part))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from strings_in(part)
    elif isinstance(value, str):
        yield value


WITH_SCALE = [name for name in TYPES if "scale" in needs(name)]
WITHOUT_SCALE = [name for name in TYPES if "scale" not in needs(name)]
WITH_GRAVITY = [name for name in TYPES if "gravity" in needs(name)]
WITHOUT_GRAVITY = [name for name in TYPES if "gravity" not in needs(name)]


@pytest.mark.parametrize("type_name", WITH_SCALE)
def test_without_a_scale_a_type_of_lengths_is_one_refusal(type_name: str) -> None:
    assert made("no scale", type_name) == ([], {NO_SCALE: 1})


@pytest.mark.parametrize("type_name", WITHOUT_SCALE)
def test_without_a_scale_no_length_is_told(type_name: str) -> None:
    samples, _ = made("no scale", type_name)
    assert samples
    is_ratio = load_task(type_name).answer.__name__ == "Ratio"
    for text in (text for pair in texts_of(samples) for text in pair):
        assert not UNIT.search(text), text
        assert is_ratio or not re.search(r"\d\.\d", text), text
    for line in written("no scale", type_name):
        for text in strings_in(line):
            assert not UNIT.search(text), text
            assert not text.endswith(("_m", "_m2")), text


@pytest.mark.parametrize(
    "world",
    ["no scale, larger", pytest.param("no scale, smaller", marks=pytest.mark.slow)],
    ids=lambda world: world[10:],
)
@pytest.mark.parametrize("type_name", WITHOUT_SCALE)
def test_without_a_scale_the_size_of_the_numbers_does_not_matter(type_name: str, world: str) -> None:
    factor = {"no scale, larger": 1000.0, "no scale, smaller": 0.37}[world]
    mine, theirs = written("no scale", type_name), written(world, type_name)
    assert len(mine) == len(theirs)
    for one, other in zip(mine, theirs, strict=True):
        if one.get("margin_unit") == "u":
            one["margin_u"], other["margin_u"] = one.pop("margin"), other.pop("margin")
        assert_grown(one, other, factor)
    assert made("no scale", type_name)[1] == made(world, type_name)[1]


def assert_grown(one: Any, other: Any, factor: float, name: str = "") -> None:
    """Lengths, whose names end in _u, are larger, areas more so, and everything else is the same."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key, value in one.items():
            assert_grown(value, other[key], factor, key if key.endswith(("_u", "_u2")) else name)
    elif isinstance(one, list):
        assert len(one) == len(other)
        for part, its in zip(one, other, strict=True):
            assert_grown(part, its, factor, name)
    elif isinstance(one, float):
        grown = one * factor ** {"": 0, "u": 1, "u2": 2}[name.rpartition("_")[2]]
        assert other == pytest.approx(grown, rel=1e-4, abs=2e-5 * max(1.0, factor))
    else:
        assert one == other


@pytest.mark.parametrize("type_name", WITH_GRAVITY)
def test_without_gravity_a_type_of_heights_is_one_refusal(type_name: str) -> None:
    assert made("turned", type_name) == ([], {NO_GRAVITY: 1})


@pytest.mark.parametrize("type_name", WITHOUT_GRAVITY)
def test_without_gravity_nothing_is_said_of_heights(type_name: str) -> None:
    assert made("turned", type_name)[0]
    for line in written("turned", type_name):
        for text in strings_in(line):
            assert not GRAVITY.search(text), text


@pytest.mark.parametrize("world", ["level", pytest.param("no gravity", marks=pytest.mark.slow)])
@pytest.mark.parametrize("type_name", WITHOUT_GRAVITY)
def test_a_world_that_is_turned_any_way_is_asked_the_same(type_name: str, world: str) -> None:
    (samples, skips), (turned, their_skips) = made(world, type_name), made("turned", type_name)
    assert texts_of(turned) == texts_of(samples)
    assert their_skips == skips


@pytest.mark.parametrize("world", ["level", "turned"])
def test_evidence_tells_how_boxes_are_turned(world: str) -> None:
    boxes = {item.id: item.box for item in views_of(world).scene.objects}
    for evidence in written(world, "position_matching")[1::2]:
        for told in evidence["objects"]:
            box = boxes[told["id"]]
            assert ("yaw_deg" in told, "axes" in told) == (world == "level", world == "turned")
            if world == "turned":
                assert np.allclose(told["axes"], box.rotation.T, atol=1e-5)
                # Along its axes, a row each, and as far as its size, the box reaches its first corner.
                reached = told["center_m"] - np.array(told["size_m"]) / 2 @ np.array(told["axes"])
                assert np.allclose(reached, box.corners[0], atol=1e-4)


def without_objects(scene: Scene) -> Scene:
    """Nothing is annotated and no mesh known: a recording of depth and color."""
    return validate_scene(replace(scene, objects=(), mesh=None))


def clip(frames: int = 40) -> Scene:
    """A recording of color alone."""
    bare = without_objects(studio())
    shown = tuple(replace(frame, depth=None, depth_camera=None) for frame in bare.frames[:frames])
    return validate_scene(replace(bare, frames=shown))


@cache
def clip_views(frames: int = 40) -> SceneViews:
    return observe(at_room_scale(clip(frames)))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("type_name", TYPES)
def test_a_clip_without_depth_or_objects_is_asked_about_its_path_alone(type_name: str) -> None:
    samples, skips = made_of(clip_views(), type_name)
    for need, reason in (("objects", NO_OBJECTS), ("surface", SURFACE_UNKNOWN)):
        if need in needs(type_name):
            assert (samples, skips) == ([], {reason: 1})
            return
    assert samples or skips


@pytest.mark.filterwarnings("error")
def test_what_a_clip_shows_is_measured_on_nothing() -> None:
    views = clip_views()
    assert views.askable.shape == views.visible_pixels.shape == (len(views.frames), 0)
    assert views.surface.shape == (0, 3)
    assert not views.covisible.any()
    assert views.usable.all()
    assert len(views.video) == 32
    assert views.labeled_share(views.video) == 0


@pytest.mark.filterwarnings("error")
def test_depth_without_objects_is_enough_for_the_camera() -> None:
    views = observe(without_objects(studio()))
    assert len(made_of(views, "view_change_infer")[0]) == 2 * CONFIG.per_scene
    assert len(made_of(views, "camera_motion_infer")[0]) == 3 * CONFIG.per_scene
    assert made_of(views, "distance_prediction_oo") == ([], {NO_OBJECTS: 1})


def test_a_scene_that_lacks_several_things_is_refused_for_one() -> None:
    views = observe(replace(clip(11), unit_m=None, is_level=False))
    assert made_of(views, "spatial_imagination_map_mv") == ([], {NO_SCALE: 1})
    assert made_of(views, "obj_spatial_relation_oo") == ([], {NO_GRAVITY: 1})
    assert made_of(views, "obj_count") == ([], {NO_OBJECTS: 1})
