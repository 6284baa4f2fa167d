"""Where an object is relative to another or to the observer, as words."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.random import Generator

from qagen.candidates import CAST_SKIPS, FrameSets
from qagen.core.answer import Directions
from qagen.core.question import Question, Role, Skip
from qagen.tasks._base import Family, MarkColumns, TaskConfig
from qagen.tasks.directions import Sureness, Told, lateral_deg
from qagen.views import SceneViews

COLORS = ("red", "blue", "green")


class RelationConfig(TaskConfig):
    asks: Literal["oo", "oc"]
    """oo: the first object relative to the second; oc: the object relative to the observer of the first image."""
    views: int = 1
    """Images of a question."""
    sure: Sureness = Sureness()
    """When a direction is stated, empty or ambiguous."""


class Relation(Family[RelationConfig]):
    """Offsets of box centres as seen from the first image; above and below along the world's vertical."""

    name = "relation"
    Config = RelationConfig
    answer = Directions
    formats = frozenset({"select", "sentence", "judge"})
    skips = CAST_SKIPS | {"ambiguous", "no direction"}

    @property
    def marks(self) -> MarkColumns:
        colors = ("red", "blue") if self.config.views == 1 else COLORS
        return MarkColumns("bbox", colors, indexed=self.config.views > 1)

    @property
    def variant(self) -> str:
        if self.config.asks == "oc" or self.config.views == 1:
            return self.config.asks
        return "oo_mv"

    @property
    def says(self) -> frozenset[str]:
        return frozenset({"subject", "reference"})

    @property
    def axes(self) -> frozenset[str]:
        axes = {"left_right", "above_below"}
        axes |= {"front_behind"} if self.config.asks == "oc" else {"closer_farther"}
        if self.variant == "oo_mv":
            axes |= {"first_front_behind", "second_front_behind"}
        return frozenset(axes)

    @property
    def rules(self) -> tuple[str, ...]:
        return ("center", "vertical") if self.config.views == 1 else ("center", "vertical", "first_image_observer")

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        sets = FrameSets(views)
        count = 1 if self.config.asks == "oc" else 2
        while True:
            chosen = sorted(rng.permutation(len(self.marks.colors))[:count])
            colors = tuple(self.marks.colors[i] for i in chosen)
            drawn = sets.cast(colors, self.config.views, "bbox", rng)
            yield drawn if isinstance(drawn, Skip) else self.ask(views, *drawn)

    def ask(self, views: SceneViews, frames: tuple[int, ...], roles: tuple[Role, ...]) -> Question | Skip:
        """The question about the first role, relative to the second or to the observer."""
        told = Told(self.config.sure)
        measured = (self._tell_observer if self.config.asks == "oc" else self._tell_pair)(told, views, frames[0], roles)
        if told.is_ambiguous:
            return Skip("ambiguous")
        if told.is_empty:
            return Skip("no direction")
        return Question(
            frames=frames,
            roles=roles,
            facts={"subject": roles[0].color, "reference": roles[-1].color},
            answer=Directions(tuple(told.slots)),
            margin=min(told.margins),
            measured=measured,
            classes=told.classes,
        )

    def _tell_observer(self, told: Told, views: SceneViews, frame: int, roles: tuple[Role, ...]) -> dict[str, float]:
        seen = views.centers[frame, roles[0].object]
        up = float(views.world_centers[roles[0].object, 2] - views.cameras[frame, 2, 3])
        told.tell_left_right(float(seen[0]), lateral_deg(seen))
        told.tell("above_below", ("above", "below"), up)
        told.tell("front_behind", ("front", "behind"), float(seen[2]))
        return {"right_m": float(seen[0]), "up_m": up, "front_m": float(seen[2]), "bearing_deg": lateral_deg(seen)}

    def _tell_pair(self, told: Told, views: SceneViews, frame: int, roles: tuple[Role, ...]) -> dict[str, float]:
        first, second = (views.centers[frame, role.object] for role in roles)
        right = float(first[0] - second[0])
        up = float(views.world_centers[roles[0].object, 2] - views.world_centers[roles[1].object, 2])
        turn = lateral_deg(first) - lateral_deg(second)
        away = [float(np.linalg.norm(center)) for center in (first, second)]
        told.tell_left_right(right, turn)
        told.tell("above_below", ("above", "below"), up)
        told.tell_closer_farther(away[0], away[1])
        measured = {
            "right_m": right,
            "up_m": up,
            "bearing_deg": turn,
            "distance_m": away[0],
            "other_distance_m": away[1],
        }
        if self.config.views > 1:
            for axis, center in (("first", first), ("second", second)):
                told.tell(f"{axis}_front_behind", ("front", "behind"), float(center[2]))
                measured[f"{axis}_front_m"] = float(center[2])
        return measured
