"""How far the camera went around an object."""

import math
from collections.abc import Iterator, Set
from typing import ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from qagen.core.answer import Degrees
from qagen.core.pose import to_degrees
from qagen.core.question import SCENE, MarkedObject, MarkKind, Question, Skip, about_objects, refusing
from qagen.core.rationale import Image, Step, following
from qagen.core.reasons import (
    ANGLE_TOO_SMALL,
    CLASS_QUOTA,
    HALF_TURN,
    NO_OBJECT_IN_BOTH,
    NO_VIDEO,
    OBJECT_MOVED,
    TOO_CLOSE_AROUND,
    TURNS_BACK,
)
from qagen.core.sample import Format
from qagen.sampling.angle_bins import BinQuota, angle_bin, in_turns
from qagen.sampling.mark_placement import MARKING_SKIPS, mark_objects
from qagen.tasks._base import Bound, Family, MarkColumns, MarkedConfig
from qagen.tasks.steps import coordinates, locate_marks, place_on_plan, scale_from_camera
from qagen.visibility.views import SceneViews


class OrbitConfig(MarkedConfig):
    mark: MarkKind = "bbox"
    """How questions point their objects out."""
    video: bool = False
    """Show the video and name two of its frames, instead of showing two images."""
    min_deg: Bound = 15.0
    """Smallest angle that is asked, degrees."""
    max_deg: Bound = 170.0
    """Largest angle that is asked, degrees; beyond it nobody can tell which way the camera went around."""
    center_error_m: Bound = 0.05
    """Error of the object's center, meters."""
    max_error_deg: Bound = 5.0
    """Largest error of the angle that follows from it, degrees."""
    max_detour: Bound = 0.1
    """Video: largest share by which the camera's whole way around may exceed the net one."""


class Orbit(Family[OrbitConfig]):
    """The angle at an object's vertical axis, through its box center, between two places of the camera.

    Seen from above, the directions from the axis to the camera are followed from frame to frame, so that the angle has
    a sign and counts whole turns. It is asked without its sign, and only where the way back would be clearly longer.
    """

    name = "orbit"
    Config = OrbitConfig
    answer = Degrees
    formats = frozenset({"fill", "select", "sentence"})
    skips = MARKING_SKIPS | {
        NO_VIDEO,
        NO_OBJECT_IN_BOTH,
        OBJECT_MOVED,
        ANGLE_TOO_SMALL,
        HALF_TURN,
        TOO_CLOSE_AROUND,
        TURNS_BACK,
        CLASS_QUOTA,
    }
    needs = frozenset({"gravity", "objects"})
    must_say = ("degrees", "3D center", "above", "first|Frame-4", "second|Frame-17")
    example_facts: ClassVar = {"first": (4,), "last": (17,)}

    def __init__(self, config: OrbitConfig) -> None:
        super().__init__(config)
        self.images = "video" if config.video else 2

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns(self.config.mark, ("red",), indexed=self.config.video)

    @property
    def variant(self) -> str:
        return "video" if self.config.video else "pair"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"red", "first", "last"} if self.config.video else {"red"})

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ("video",) if self.config.video else ()

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Pairs of frames that both show an object, bins of angles and objects taking turns."""
        if self.config.video and not views.video:
            yield Skip(NO_VIDEO, SCENE)
            return
        shown = views.video if self.config.video else tuple(range(len(views.frames)))
        pairs, angles = _pairs_around(views, shown)
        if not len(pairs):
            yield Skip(NO_OBJECT_IN_BOTH, SCENE)
            return
        quota = BinQuota()
        for position in in_turns(angles, pairs[:, 0], (self.config.min_deg, self.config.max_deg), rng):
            item, *ends = pairs[position].tolist()
            is_later_first = bool(rng.random() < 0.5)
            found = self._ask_between(views, shown, item, ends, is_later_first)
            if isinstance(found, Question) and not quota.admits(float(angles[position])):
                found = Skip(CLASS_QUOTA, about_objects(found.roles))
            yield found

    def _ask_between(
        self, views: SceneViews, shown: tuple[int, ...], item: int, ends: list[int], is_later_first: bool
    ) -> Question | Skip:
        """The question about two of the frames ``shown``; a video marks the object in either."""
        if self.config.video:
            roles = mark_objects(views, shown, {"red": (item, ends[is_later_first])}, self.config.mark)
            if isinstance(roles, Skip):
                return roles
            return refusing(about_objects(roles), self.ask(views, shown, roles, *ends))
        frames = (shown[ends[is_later_first]], shown[ends[not is_later_first]])
        drawn = mark_objects(views, frames, {"red": (item, 0)}, self.config.mark)
        return self.ask_drawn(views, drawn if isinstance(drawn, Skip) else (frames, drawn))

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        first, last = question.position("first"), question.position("last", 1)
        role = question.roles[0]
        placed = place_on_plan(views, question, [role, Image(last)], first)
        turned = following(_angle_deg, *coordinates(placed, role), *coordinates(placed, Image(last)), kind="angle")
        return (
            locate_marks(question),
            scale_from_camera(views, question, role, first),
            placed,
            Step("measure", "around", {"of": role, "value": turned}),
        )

    def ask(
        self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...], first: int = 0, last: int = 1
    ) -> Question | Skip:
        """How far the camera went around the object of role red from image ``first`` of ``frames`` to ``last``."""
        item, ends = roles[0].object, [frames[first], frames[last]]
        if not views.askable[ends, item].all():
            return Skip(NO_OBJECT_IN_BOTH)
        if views.moved[list(frames[first : last + 1]), item].any():
            return Skip(OBJECT_MOVED)
        bearings, away = _around(views, item)
        orbit = float(bearings[ends[1]] - bearings[ends[0]])
        error = _error_deg(away[ends], self.config.center_error_m)
        swept = math.fsum(np.abs(np.diff(bearings[min(ends) : max(ends) + 1])).tolist())
        size = views.scene.objects[item].box.size
        if abs(orbit) < self.config.min_deg:
            return Skip(ANGLE_TOO_SMALL)
        if abs(orbit) > self.config.max_deg:
            return Skip(HALF_TURN)
        if away[ends].min() <= math.hypot(size[0], size[1]) / 2 or error > self.config.max_error_deg:
            return Skip(TOO_CLOSE_AROUND)
        detour = (1 + self.config.max_detour) * abs(orbit) - swept
        if self.config.video and detour < 0:
            return Skip(TURNS_BACK)
        margins = [
            abs(orbit) - self.config.min_deg,
            self.config.max_deg - abs(orbit),
            self.config.max_error_deg - error,
            *([detour] if self.config.video else []),
        ]
        answer = Degrees(abs(orbit))
        return Question(
            frames=frames,
            roles=roles,
            is_video=self.config.video,
            facts={"first": first, "last": last} if self.config.video else {},
            answer=answer,
            fact=(item, answer.text),
            margin=float(min(margins)),
            margin_unit="deg",
            measured={
                "orbit_deg": orbit,
                "swept_deg": swept,
                "first_away_m": float(away[ends[0]]),
                "last_away_m": float(away[ends[1]]),
            },
            classes=(f"angle:{angle_bin(abs(orbit))}",),
        )


def _around(views: SceneViews, item: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the camera is around an object's vertical axis.

    Returns:
        (F,) direction from the axis to the camera, degrees counterclockwise seen from above, without jumps from one
        frame to the next; (F,) horizontal distance from the axis, meters.
    """
    x, y = (views.cameras[:, :2, 3] - views.world_centers[item, :2]).T
    return to_degrees(np.unwrap(np.arctan2(y, x))), np.hypot(x, y)


def _error_deg(away_m: NDArray[np.float64], center_error_m: float) -> float:
    """Error of the angle between cameras at these distances from a center that lies this far from its true place."""
    return float(to_degrees(np.arcsin(np.minimum(center_error_m / np.maximum(away_m, 1e-9), 1.0))).sum())


def _pairs_around(views: SceneViews, shown: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of the frames ``shown`` that may mark the same object.

    Returns:
        (n, 3) index of the object, and positions of an earlier and a later frame in ``shown``; (n,) angles, degrees.
    """
    frames = np.array(shown)
    rows, angles = [np.zeros((0, 3), dtype=np.int64)], [np.zeros(0)]
    for item in range(len(views.scene.objects)):
        found = np.flatnonzero(views.markable[frames, item])
        first, last = (found[side] for side in np.triu_indices(len(found), 1))
        bearings = _around(views, item)[0][frames]
        rows.append(np.stack([np.full(len(first), item), first, last], axis=1))
        angles.append(np.abs(bearings[last] - bearings[first]))
    return np.concatenate(rows), np.concatenate(angles)


def _angle_deg(x: float, y: float, other_x: float, other_y: float) -> float:
    """The angle at a point (x, y) between the ways to the origin and to another point."""
    there = math.atan2(other_y - y, other_x - x) - math.atan2(-y, -x)
    return abs(math.degrees(math.remainder(there, math.tau)))
