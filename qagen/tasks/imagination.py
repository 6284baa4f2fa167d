"""Where things are for an observer who moves to one object and faces another."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from qagen.core.answer import Directions
from qagen.core.question import MarkedObject, Question, Skip
from qagen.sampling.frame_sets import SAMPLING_SKIPS, FrameSets
from qagen.tasks._base import Bound, Family, Images, MarkColumns, TaskConfig
from qagen.tasks.directions import DirectionThresholds, DirectionWords, RelativePosition, seen_by_camera
from qagen.visibility.views import SceneViews

COLORS = {"oc": ("green", "blue", "red"), "oo": ("green", "blue", "red", "yellow")}
TURNED = ("right_m", "front_m", "first_front_m", "second_front_m")
"""Measured quantities that change when the observer faces another way."""


class ImaginationConfig(TaskConfig):
    asks: Literal["oc", "oo"]
    """oc: red relative to the moved observer; oo: red relative to yellow, as the moved observer has them."""
    views: Images = 1
    """Images of a question that does not show the video."""
    video: bool = False
    """Show the video and tell only what holds after the move, instead of images and what holds before it, too."""
    drawn: bool = True
    """Whether marks may be drawn; if not, labels that mean one thing in the video point the objects out."""
    min_ahead_m: Bound = 0.5
    """The object to face lies at least so far from the one to move to, measured horizontally, metres."""
    min_away_m: Bound = 0.3
    """An object nearer than this to the moved observer coincides with the one moved to, metres."""
    aim_error_m: Bound = 0.1
    """Words must hold even if the observer faces a point that lies this far beside the one to face, metres."""
    sure: DirectionThresholds = DirectionThresholds()
    """When a direction is stated, empty or ambiguous."""


class Imagination(Family[ImaginationConfig]):
    """Box centres seen by an upright observer at the centre of green who is turned to the centre of blue."""

    name = "imagination"
    Config = ImaginationConfig
    answer = Directions
    formats = frozenset({"select", "sentence"})
    skips = SAMPLING_SKIPS | {"faces up or down", "at the observer", "ambiguous", "aim unsure", "no direction"}

    @property
    def marks(self) -> MarkColumns:
        shows_many = self.config.video or self.config.views > 1
        return MarkColumns("bbox", COLORS[self.config.asks], indexed=shows_many, drawn=self.config.drawn)

    @property
    def variant(self) -> str:
        if self.config.video:
            return f"{self.config.asks}_video"
        return "oo_mv" if self._tells_facing else self.config.asks

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset(COLORS[self.config.asks])

    @property
    def answer_variables(self) -> frozenset[str]:
        return frozenset() if self.config.video else frozenset(f"before_{axis}" for axis in self.axes)

    @property
    def axes(self) -> frozenset[str]:
        if self.config.asks == "oc":
            return frozenset({"left_right", "above_below", "front_behind"})
        facing = {"first_front_behind", "second_front_behind"} if self._tells_facing else set()
        return frozenset({"left_right", "above_below", "closer_farther", *facing})

    @property
    def rules(self) -> tuple[str, ...]:
        level = ("level_after_move",) if self.variant != "oo" else ()
        start = ("start_at_first_image",) if self.config.views > 1 else ()
        return ("center", "vertical", *level, *start)

    @property
    def _tells_facing(self) -> bool:
        return self.config.asks == "oo" and (self.config.video or self.config.views > 1)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        sets, colors = FrameSets(views), COLORS[self.config.asks]
        while True:
            if self.config.video:
                drawn = sets.sample_video_objects(colors, "bbox", rng, one_of_a_kind=not self.config.drawn)
            else:
                drawn = sets.sample_objects(colors, self.config.views, "bbox", rng)
            yield drawn if isinstance(drawn, Skip) else self.ask(views, *drawn)

    def ask(self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...]) -> Question | Skip:
        """The question about roles green, blue, red(, yellow)."""
        centers = views.world_centers[[role.object for role in roles]]
        ahead_m = float(np.linalg.norm((centers[1] - centers[0])[:2]))
        away_m = float(np.linalg.norm(centers[2:] - centers[0], axis=1).min())
        if ahead_m < self.config.min_ahead_m:
            return Skip("faces up or down")
        if away_m < self.config.min_away_m:
            return Skip("at the observer")
        before, after = DirectionWords(self.config.sure), DirectionWords(self.config.sure)
        measured = {"ahead_m": ahead_m, "away_m": away_m}
        if not self.config.video:
            seen = self._tell(before, [seen_by_camera(views, frames[0], role.object) for role in roles[2:]])
            measured |= {f"before_{name}": value for name, value in seen.items()}
            if before.is_ambiguous:
                return Skip("ambiguous")
        imagined = self._tell(after, _sights(centers))
        measured |= {f"after_{name}": value for name, value in imagined.items()}
        if after.is_ambiguous:
            return Skip("ambiguous")
        if after.is_empty or (before.slots and before.is_empty):
            return Skip("no direction")
        if not self._is_aim_sure(centers, ahead_m, imagined):
            return Skip("aim unsure")
        return Question(
            frames=frames,
            roles=self._named(roles),
            is_video=self.config.video,
            facts={f"before_{slot.axis}": slot.word for slot in before.slots},
            answer=Directions(tuple(after.slots)),
            margin=min(
                *before.margins, *after.margins, ahead_m - self.config.min_ahead_m, away_m - self.config.min_away_m
            ),
            measured=measured,
            classes=(*after.classes, *(f"before_{name}" for name in before.classes)),
        )

    def _tell(self, told: DirectionWords, sights: list[RelativePosition]) -> dict[str, float]:
        if self.config.asks == "oc":
            return told.add_position(*sights)
        measured = told.add_pair(*sights)
        return measured | told.add_facing(*sights) if self._tells_facing else measured

    def _is_aim_sure(self, centers: NDArray[np.float64], ahead_m: float, imagined: dict[str, float]) -> bool:
        error_rad = float(np.arctan2(self.config.aim_error_m, ahead_m))
        stated = [name for name in TURNED if abs(imagined.get(name, 0)) >= self.config.sure.state_m]
        for turn_rad in (error_rad, -error_rad):
            turned = self._tell(DirectionWords(self.config.sure), _sights(centers, turn_rad))
            if any(turned[name] * imagined[name] <= 0 for name in stated):
                return False
        return True

    def _named(self, roles: tuple[MarkedObject, ...]) -> tuple[MarkedObject, ...]:
        if not self.config.video:
            return roles
        return tuple(replace(role, alias=f"Object{i}") for i, role in enumerate(roles))


def _sights(centers: NDArray[np.float64], turn_rad: float = 0.0) -> list[RelativePosition]:
    """What an observer at the first centre who is turned to the second has of the others.

    Args:
        centers: (n, 3) world, metres.
        turn_rad: how far the observer turns on to the left.
    """
    facing = centers[1] - centers[0]
    heading = np.arctan2(facing[1], facing[0]) + turn_rad
    axes = np.array([[np.sin(heading), -np.cos(heading), 0], [0, 0, 1], [np.cos(heading), np.sin(heading), 0]])
    return [_sight(axes @ (center - centers[0])) for center in centers[2:]]


def _sight(offset: NDArray[np.float64]) -> RelativePosition:
    """Of a point that lies right, up and front (3,) of the observer, metres.

    The bearing is taken from the upright plane in which the observer looks. It does not depend on how far up or down
    that is, and for what is straight below it stays small.
    """
    right, up, front = (float(value) for value in offset)
    bearing = float(np.degrees(np.arctan2(right, np.hypot(up, front))))
    return RelativePosition(right, up, front, bearing, float(np.linalg.norm(offset)))
