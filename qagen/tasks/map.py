"""Where objects are on a map seen from above."""

from collections.abc import Iterator, Set
from dataclasses import replace
from typing import ClassVar

from numpy.random import Generator

from qagen.core.answer import Placement
from qagen.core.pose import rotate
from qagen.core.question import MarkedObject, MarkKind, Question, Skip, about_image
from qagen.core.rationale import Step
from qagen.core.reasons import LOOKS_UP_OR_DOWN
from qagen.core.sample import Format
from qagen.sampling.frame_sets import SAMPLING_SKIPS, FrameSets
from qagen.tasks._base import Amount, Bound, Family, Images, MarkColumns, MarkedConfig
from qagen.tasks.attitude import Attitude
from qagen.tasks.steps import locate_marks, place_on_plan
from qagen.visibility.views import SceneViews


class MapConfig(MarkedConfig):
    mark: MarkKind = "bbox"
    """How questions point their objects out."""
    views: Images = 3
    """Number of images of a question."""
    min_objects: Amount = 3
    """Least number of objects on a map."""
    max_objects: Amount = 7
    """Largest number of objects on a map; each number is drawn equally often."""
    min_tilt_deg: Bound = 20.0
    """Least angle between the first image's optical axis and the vertical, degrees; below it there is no heading."""


class Map(Family[MapConfig]):
    """Box centers on the floor plan: the first camera is the origin and its heading points up the map."""

    name = "map"
    Config = MapConfig
    answer = Placement
    formats = frozenset({"sentence"})
    needs = frozenset({"scale", "gravity", "objects"})
    skips = SAMPLING_SKIPS | {LOOKS_UP_OR_DOWN}
    unit = "meters"
    example_facts: ClassVar = {"objects": tuple(tuple(f"object{i}" for i in range(3 + extra)) for extra in range(5))}
    must_say = ("3D center", r"\(x, y\)|x and y", "above|bird's-eye|floor plan|top view|top-down|ground plane|ceiling")

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns(self.config.mark, self._names(self.config.max_objects), indexed=True, listed=True)

    @property
    def variant(self) -> str:
        return "mv"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"objects"})

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ("map_axes",)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        sets = FrameSets(views)
        while True:
            count = int(rng.integers(self.config.min_objects, self.config.max_objects + 1))
            drawn = sets.sample_objects(self._names(count), self.config.views, self.config.mark, rng)
            yield self.ask_drawn(views, drawn)

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        placed = place_on_plan(views, question, question.roles)
        if self.marks.drawn:  # marks have numbers, which are shorter than many labels
            called = tuple((thing.color, place) for thing, place in placed.values["points"])  # type: ignore[attr-defined]
            placed = replace(placed, form="map", values={**placed.values, "points": called})
        return locate_marks(question), placed

    def ask(self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...]) -> Question | Skip:
        """The map of ``roles`` object0, object1, ..., seen from the camera of the first of ``frames``."""
        camera = views.cameras[frames[0]]
        attitude = Attitude(camera[:3, :3])
        margin = 90 - self.config.min_tilt_deg - abs(attitude.elevation_deg)
        if margin < 0:
            return Skip(LOOKS_UP_OR_DOWN, about_image(frames[0]))
        offsets = views.world_centers[[role.object for role in roles]] - camera[:3, 3]
        places = rotate(attitude.level_axes.T, offsets)[:, [0, 2]].tolist()
        return Question(
            frames=frames,
            roles=tuple(replace(role, alias=role.color) for role in roles) if self.marks.drawn else roles,
            facts={"objects": tuple(role.color for role in roles)},
            fact=(frames[0], *sorted(role.object for role in roles)),
            answer=Placement(tuple((role.color, x, y) for role, (x, y) in zip(roles, places, strict=True))),
            margin=margin,
            margin_unit="deg",
            measured={
                "observer_m": camera[:3, 3].tolist(),
                "heading_deg": attitude.heading_deg,
                "elevation_deg": attitude.elevation_deg,
                "places_m": places,
            },
            classes=(f"objects:{len(roles)}",),
        )

    def _names(self, count: int) -> tuple[str, ...]:
        return tuple(f"object{i}" for i in range(count))
