"""How much floor the scanned space has."""

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator
from scipy.spatial import KDTree

from qagen.core.answer import Number
from qagen.core.floor import hull_area, hull_areas, hull_outline, polygon_area
from qagen.core.question import Question, Skip
from qagen.core.rationale import Quantity, Step, share
from qagen.core.reasons import (
    NO_SCAN,
    NO_VIDEO,
    ROOM_NOT_ALL_SHOWN,
    ROOM_TOO_SMALL,
    SEVERAL_FLOORS,
    UNCERTAIN_OUTLINE,
    WITHOUT_WALLS,
)
from qagen.tasks._base import Bound, Family, TaskConfig
from qagen.visibility.views import SceneViews

PRIOR = (20.0, 0.4)
"""Median area of a room, square meters, and deviation of its logarithm: two in three lie between 13 and 30."""

OUTLINE_STEP_M = 0.1
WALL_BAND_M = 0.4
"""Height of the band in which surface is wall rather than ceiling, meters."""
WALL_REACH_M = 0.3
"""Distance from the outline within which wall is looked for, meters."""
FLOOR_SHARE = 0.02
"""Share of the surface that may lie below the floor."""


class RoomConfig(TaskConfig):
    alpha_m: Bound = 0.5
    """Radius of the concave hull, meters; gaps in the scan up to twice as wide are closed."""
    max_spread: Bound = 0.15
    """Largest deviation of other ways to measure, as a share of the area."""
    max_climb_m: Bound = 1.5
    """Largest spread of the cameras' heights, meters; beyond it the scene may have several floors."""
    min_area_m2: Bound = 2.0
    """Smallest area that is asked, square meters."""
    min_walled: Bound = 0.7
    """Least share of the outline behind which there is wall."""
    wall_height_m: Bound = 1.5
    """Height above the floor that wall reaches, meters."""


class RoomArea(Family[RoomConfig]):
    """Area inside the dataset's room polygon, or else of the concave hull of the scan seen from above.

    Scenes that have neither polygon nor mesh are skipped: depth images alone end where nobody looked.

    The hull is an estimate of the floor between the walls: it holds the floor under furniture and thin inner walls. It
    is trusted only where four other ways to measure agree with it within ``max_spread``:

    * with half and with twice the radius: gaps in the scan and bays then count differently;
    * only what lies below the cameras: what was scanned through windows, over partitions and at the ceiling is gone;
    * only what the video's frames show: otherwise the images would not tell.

    Most of the outline must have wall behind it, because a scan without walls ends where nobody looked.

    Checked on boxes of known area, on an L-shaped room with holes in its floor (within 3 %), by eye on a ScanNet flat
    drawn from above, and on the demo flat: 88.9 square meters, where the plan has 86.5 within its outer walls and 82.9
    without the inner walls. So the estimate is some per cent above the bare floors, the more inner walls there are.
    """

    name = "room"
    Config = RoomConfig
    answer = Number
    formats = frozenset({"fill", "select", "sentence"})
    needs = frozenset({"scale", "gravity"})
    skips = frozenset(
        {NO_VIDEO, NO_SCAN, SEVERAL_FLOORS, ROOM_TOO_SMALL, UNCERTAIN_OUTLINE, WITHOUT_WALLS, ROOM_NOT_ALL_SHOWN}
    )
    unit = "square meters"
    must_say = ("(?i)floor|space|rooms", "total|furnish|all |every|whole|wall")

    @property
    def variant(self) -> str:
        return "video"

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        yield self.ask(views, views.video) if views.video else Skip(NO_VIDEO)

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        area, *others = (
            Quantity(float(str(value)), "area") for name, value in question.measured.items() if name.endswith("_m2")
        )
        enclosed = Step("measure", "area", {"value": area})
        if views.scene.room_polygon is not None:
            return enclosed, Step("measure", "shown_area", {"value": others[0]})
        ordered = sorted(others, key=lambda one: one.value)
        return (
            enclosed,
            Step("measure", "areas", {"least": ordered[0], "most": ordered[-1]}),
            Step("measure", "walls", {"share": share(question.number("walled_share"))}),
        )

    def ask(self, views: SceneViews, frames: tuple[int, ...]) -> Question | Skip:
        """How much floor the space has that the video ``frames`` shows."""
        if views.scene.mesh is None and views.scene.room_polygon is None:
            return Skip(NO_SCAN)
        heights = views.cameras[:, 2, 3]
        if np.ptp(heights) > self.config.max_climb_m:
            return Skip(SEVERAL_FLOORS)
        outline, others = self._measure(views, frames)
        if outline < self.config.min_area_m2:
            return Skip(ROOM_TOO_SMALL)
        differs = {name: abs(other / outline - 1) for name, other in others.items()}
        if max(differs.values()) > self.config.max_spread:
            is_certain = all(differs[name] <= self.config.max_spread for name in differs if name != "shown")
            return Skip(ROOM_NOT_ALL_SHOWN if is_certain else UNCERTAIN_OUTLINE)
        walled = self._walled_share(views)
        if walled < self.config.min_walled:
            return Skip(WITHOUT_WALLS)
        return Question(
            frames=frames,
            is_video=True,
            answer=Number(outline, PRIOR, power=2),
            margin=self.config.max_spread - max(differs.values()),
            margin_unit="fraction",
            measured={
                "area_m2": outline,
                "walled_share": walled,
                **{f"{name}_area_m2": other for name, other in others.items()},
            },
        )

    def _measure(self, views: SceneViews, frames: tuple[int, ...]) -> tuple[float, dict[str, float]]:
        """The area, and what other ways to measure it give, square meters."""
        radius, plan = self.config.alpha_m, views.surface[:, :2]
        shown = hull_area(plan[views.sees[list(frames)].any(axis=0)], 2 * radius)
        if views.scene.room_polygon is not None:
            return polygon_area(views.scene.room_polygon), {"shown": shown}
        is_low = views.surface[:, 2] < np.median(views.cameras[:, 2, 3])
        area, half_radius, twice_radius = hull_areas(plan, radius, radius / 2, 2 * radius)
        return area, {
            "half_radius": half_radius,
            "twice_radius": twice_radius,
            "low": hull_area(plan[is_low], radius),
            "shown": shown,
        }

    def _walled_share(self, views: SceneViews) -> float:
        """Share of the outline near which surface rises to the height of walls; the dataset's polygon is all wall."""
        if views.scene.room_polygon is not None:
            return 1.0
        cells = np.unique(np.floor(views.surface[:, :2] / OUTLINE_STEP_M), axis=0)  # walls are points upon points
        outline = hull_outline((cells + 0.5) * OUTLINE_STEP_M, self.config.alpha_m, OUTLINE_STEP_M)
        height = views.surface[:, 2] - np.quantile(views.surface[:, 2], FLOOR_SHARE)
        rises = (height >= self.config.wall_height_m) & (height <= self.config.wall_height_m + WALL_BAND_M)
        if not len(outline) or not rises.any():
            return 0.0
        return float((KDTree(views.surface[rises, :2]).query(outline)[0] <= WALL_REACH_M).mean())
