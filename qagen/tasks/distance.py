"""Distance from the observer to an object, and between two objects."""

import math
from collections.abc import Set
from typing import Literal

from pydantic import model_validator

from qagen.core.answer import Number
from qagen.core.question import MarkedObject, Question, Skip
from qagen.core.reasons import DISTANCE_TOO_SHORT
from qagen.core.sample import Format
from qagen.sampling.frame_sets import SAMPLING_SKIPS
from qagen.tasks._base import Bound, Family, Images, MarkColumns, MarkedConfig
from qagen.visibility.views import SceneViews

COLORS = {"oc": ("red",), "oo": ("red", "blue")}


class DistanceConfig(MarkedConfig):
    asks: Literal["oc", "oo"]
    """oc: from the camera of the first image to red; oo: between red and blue."""
    views: Images | Literal["video"] = 1
    """Number of images of a question, or the scene's video."""
    min_distance_m: Bound = 0.2
    """Shortest distance that is asked, meters."""

    @model_validator(mode="after")
    def _has_an_observer(self) -> "DistanceConfig":
        if self.asks == "oc" and self.views == "video":
            raise ValueError("a number of views for asks: oc, because a video has no single observer")
        return self


class Distance(Family[DistanceConfig]):
    """Euclidean distance of box centers."""

    name = "distance"
    Config = DistanceConfig
    answer = Number
    formats = frozenset({"fill", "select", "sentence"})
    skips = SAMPLING_SKIPS | {DISTANCE_TOO_SHORT}
    unit = "meters"
    must_say = ("3D center|center to center in 3D",)

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns(self.config.mark, COLORS[self.config.asks], indexed=self.config.views != 1)

    @property
    def variant(self) -> str:
        return self.config.asks

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset(COLORS[self.config.asks])

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ("first_image_observer",) if self.config.asks == "oc" and self.config.views != 1 else ()

    def ask(self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...]) -> Question | Skip:
        """The distance of ``roles`` red from the camera of the first frame, or between red and blue."""
        from_camera = self.config.asks == "oc"
        origin = views.cameras[frames[0], :3, 3] if from_camera else views.world_centers[roles[1].object]
        value = math.dist(views.world_centers[roles[0].object], origin)
        if value < self.config.min_distance_m:
            return Skip(DISTANCE_TOO_SHORT)
        return Question(
            frames=frames,
            roles=roles,
            is_video=self.config.views == "video",
            answer=Number(value),
            fact=(*sorted(role.object for role in roles), f"{value:.1f}"),
            margin=value - self.config.min_distance_m,
            measured={"distance_m": value},
        )
