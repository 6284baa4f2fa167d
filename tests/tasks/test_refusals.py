"""A room with little to ask about is refused in numbers of things, and not drawn from in vain."""

from collections.abc import Iterator
from functools import cache

import pytest

from qagen.core.question import Question, Skip
from qagen.core.reasons import NO_VIDEO, NO_VIEWS, TOO_FEW_OBJECTS
from qagen.rng import rng_for
from qagen.sampling.pool import MAX_IDLE_DRAWS, collect
from qagen.tasks.registry import known_types, load_task
from qagen.visibility.views import SceneViews
from tests.tasks.carousel import EAST, NORTH, SOUTH, carousel


@cache
def bare_room(frames: int) -> SceneViews:
    """Three objects, each of which is seen in images of its own."""
    return carousel({"bed": NORTH, "toilet": SOUTH, "piano": EAST}, frames=frames)


def refused(type_name: str, frames: int) -> tuple[dict[str, int], int]:
    """Refusals by reason, and the number of draws that found them."""
    draws = 0

    def counted(candidates: Iterator[Question | Skip]) -> Iterator[Question | Skip]:
        nonlocal draws
        for candidate in candidates:
            draws += 1
            yield candidate

    views = bare_room(frames)
    skips = collect(counted(load_task(type_name).propose(views, rng_for(0))), quota=100).skips
    return dict(skips), draws


@pytest.mark.parametrize("type_name", known_types())
def test_as_many_are_refused_as_there_are(type_name: str) -> None:
    skips, draws = refused(type_name, frames=12)
    assert draws < 2 * MAX_IDLE_DRAWS
    for reason in (NO_VIDEO, NO_VIEWS):
        assert reason not in skips or (skips, draws) == ({reason: 1}, 1)
    assert all(count <= len(bare_room(12).frames) for count in skips.values())


@pytest.mark.parametrize("type_name", ["spatial_imagination_oo_video_hard", "distance_infer_center_oo_video"])
def test_a_video_of_too_few_objects_is_one_refusal(type_name: str) -> None:
    assert refused(type_name, frames=32) == ({TOO_FEW_OBJECTS: 1}, 1)
