"""Distance from the observer to an object, between two objects, and the ratio of two distances."""

import math
from bisect import bisect
from collections.abc import Sequence, Set
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field, model_validator

from qagen.core.answer import Number, Ratio
from qagen.core.question import MarkedObject, Question, Skip
from qagen.core.rationale import Image, Step, following, length
from qagen.core.reasons import (
    DISTANCE_TOO_SHORT,
    RATIO_OUT_OF_RANGE,
    SURFACE_NOT_OBSERVED,
    TOUCHING,
    UNIT_TOO_COARSE,
)
from qagen.core.sample import Format
from qagen.sampling.frame_sets import SAMPLING_SKIPS
from qagen.tasks._base import Bound, Family, Images, MarkColumns, MarkedConfig
from qagen.tasks.steps import coordinates, locate_marks, measure_placed, offset, place_in_camera, scale_of_pair
from qagen.visibility.views import SceneViews

COLORS = {"oc": ("red",), "oo": ("red", "blue"), "ratio": ("red", "blue", "green")}
DISTANCE_CLASSES, RATIO_CLASSES = (0.5, 1.0, 1.5, 2.0, 3.0), (1.5, 2.0, 2.5, 3.5)
"""Bounds between the classes over which distances of surfaces, meters, and ratios are spread."""


class DistanceConfig(MarkedConfig):
    asks: Literal["oc", "oo", "ratio"]
    """oc: from the camera of the first image to red; oo: between red and blue; ratio: how many times as far blue is
    from red as green."""
    between: Literal["centers", "surfaces"] = "centers"
    """What the distance of two objects is measured between: their centers, or their closest points."""
    views: Images | Literal["video"] = 1
    """Number of images of a question, or the scene's video."""
    min_distance_m: Bound = 0.2
    """Shortest distance that is asked, or compared with another, meters."""
    min_voxels: Bound = 3.0
    """surfaces: shortest distance that is asked, in voxels of a hundredth of the smaller object; below, they touch."""
    max_unsure_m: Bound = 0.03
    """surfaces: how much nearer to each other surface that was not scanned may be, meters."""
    max_unsure_share: Bound = 0.1
    """surfaces: the same as a share of the distance; the larger of the two counts."""
    min_ratio: Annotated[float, Field(ge=1)] = 1.2
    """ratio: smallest ratio that is asked."""
    max_ratio: Bound = 5.0
    """ratio: largest ratio that is asked."""

    @model_validator(mode="after")
    def _fits_together(self) -> "DistanceConfig":
        if self.asks == "oc" and self.views == "video":
            raise ValueError("a number of views for asks: oc, because a video has no single observer")
        if self.asks != "oo" and self.between == "surfaces":
            raise ValueError("asks: oo for between: surfaces")
        return self


class Distance(Family[DistanceConfig]):
    """Euclidean distance of box centers or of surfaces."""

    name = "distance"
    Config = DistanceConfig
    formats = frozenset({"fill", "select", "sentence"})
    skips = SAMPLING_SKIPS | {DISTANCE_TOO_SHORT, RATIO_OUT_OF_RANGE, SURFACE_NOT_OBSERVED, TOUCHING, UNIT_TOO_COARSE}

    def __init__(self, config: DistanceConfig) -> None:
        super().__init__(config)
        is_ratio, is_of_surfaces = config.asks == "ratio", config.between == "surfaces"
        self.answer = Ratio if is_ratio else Number
        self.needs = frozenset({"objects"} if is_ratio else {"objects", "scale"})
        self.unit = "" if is_ratio else "meters"
        if is_of_surfaces:
            self.must_say = ("closest|nearest|shortest|smallest",)
        else:
            self.must_say = ("3D center|center to center in 3D", *(["times|ratio|factor|multiple"] if is_ratio else []))

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns(self.config.mark, COLORS[self.config.asks], indexed=self.config.views != 1)

    @property
    def variant(self) -> str:
        return "surfaces" if self.config.between == "surfaces" else self.config.asks

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset(COLORS[self.config.asks])

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ("first_image_observer",) if self.config.asks == "oc" and self.config.views != 1 else ()

    def lost_without(self, question: Question, views: SceneViews) -> Sequence[tuple[str, ...]]:
        """No distance from what is not in view is known, whatever else is."""
        return self.labels_alone(question, views)

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        roles = question.roles
        image = roles[0].image if question.is_video else 0
        placed = place_in_camera(views, question, roles, image)
        if self.config.asks == "oc":
            away = following(math.hypot, *coordinates(placed, roles[0]))
            away_step = Step("measure", "from_camera", {"camera": Image(image), "to": ((roles[0], away),)})
            return locate_marks(question), placed, away_step
        between = measure_placed(placed, roles[0], roles[1:])
        if self.config.asks == "ratio":
            away = (length for _, length in between.values["to"])  # type: ignore[attr-defined]
            value = Step("measure", "ratio", {"value": following(_times, *away, kind="ratio")})
            scale = scale_of_pair(views, roles[0], roles[2])
            return locate_marks(question), scale, placed, between, value
        if self.config.between == "surfaces":
            gap = Step("measure", "gap", {"of": roles, "value": length(question.number("surface_distance_m"))})
            return locate_marks(question), placed, between, gap
        return locate_marks(question), placed, offset(placed), between

    def ask(self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...]) -> Question | Skip:
        """The distance of ``roles`` red from the camera of the first frame, between red and blue, or a ratio of two."""
        if self.config.asks == "ratio":
            return self._ask_ratio(views, frames, roles)
        if self.config.between == "surfaces":
            return self._ask_surfaces(views, frames, roles)
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

    def _ask_surfaces(
        self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...]
    ) -> Question | Skip:
        gap = views.gaps.between(roles[0].object, roles[1].object)
        value = gap.surfaces_m
        if value < self.config.min_voxels * gap.voxel_m:
            return Skip(TOUCHING)
        if value < self.config.min_distance_m:
            return Skip(DISTANCE_TOO_SHORT)
        unsure_m = max(self.config.max_unsure_m, self.config.max_unsure_share * value)
        if value - gap.boxes_m > unsure_m:
            return Skip(SURFACE_NOT_OBSERVED)
        if views.units is not None and not views.units.is_exact(value):
            return Skip(UNIT_TOO_COARSE)
        return Question(
            frames=frames,
            roles=roles,
            is_video=self.config.views == "video",
            answer=Number(value),
            fact=(*sorted(role.object for role in roles), f"{value:.1f}"),
            margin=min(value - self.config.min_distance_m, gap.boxes_m - value + unsure_m),
            measured={"surface_distance_m": value, "box_distance_m": gap.boxes_m},
            classes=(f"distance:{bisect(DISTANCE_CLASSES, value)}",),
        )

    def _ask_ratio(
        self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...]
    ) -> Question | Skip:
        """How many times as far from red one object is as another; blue becomes the farther one, green the other."""
        red, *others = roles
        away_m = {role: math.dist(*views.world_centers[[red.object, role.object]]) for role in others}
        nearer, farther = sorted(others, key=lambda role: away_m[role])
        near_m, far_m = away_m[nearer], away_m[farther]
        if near_m < self.config.min_distance_m:
            return Skip(DISTANCE_TOO_SHORT)
        ratio = far_m / near_m
        if not self.config.min_ratio <= ratio <= self.config.max_ratio:
            return Skip(RATIO_OUT_OF_RANGE)
        return Question(
            frames=frames,
            roles=(red, replace(farther, color="blue"), replace(nearer, color="green")),
            answer=Ratio(ratio),
            fact=(red.object, farther.object, nearer.object),
            margin=min(ratio - self.config.min_ratio, self.config.max_ratio - ratio),
            margin_unit="fraction",
            measured={"ratio": ratio, "blue_m": far_m, "green_m": near_m},
            classes=(f"ratio:{bisect(RATIO_CLASSES, ratio)}",),
        )


def _times(first: float, second: float) -> float:
    """How many times as large the larger one is."""
    return max(first, second) / min(first, second)
