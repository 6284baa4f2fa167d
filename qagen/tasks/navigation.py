"""The route that a video takes: an annotator's description of it, or moves and turns."""

import math
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise
from typing import Annotated, ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from qagen.core.answer import Description, Route
from qagen.core.floor import corners_of, distance_to_leg, slip_back, wrap_deg
from qagen.core.pose import to_degrees
from qagen.core.question import Question, Skip, about_image, refusing
from qagen.core.rationale import Image, Step, length, point, signed
from qagen.core.reasons import (
    BACKTRACKS,
    HALF_TURN,
    LEG_TOO_SHORT,
    LOOKS_AROUND,
    LOOKS_ASIDE,
    LOOKS_UP_OR_DOWN,
    NO_VIDEO,
    NOT_PLAIN_TEXT,
    ROUTES_OVERLAP,
    SINGLE_IMAGE_WALK,
    SLIGHT_TURN,
    STATES_LENGTH,
    TOO_FEW_WORDS,
    TOO_MANY_LEGS,
    TOO_MANY_WORDS,
    TRAJECTORY_GAP,
    UNCLEAR_CORNERS,
)
from qagen.core.sample import Format
from qagen.core.scene import Scene, Walk
from qagen.tasks._base import Amount, Bound, Family, TaskConfig
from qagen.visibility.views import SceneViews

TURN_STEP_DEG = 15
"""Turns are stated in multiples of this, as templates/rules.jinja says."""
MIN_LEVEL = math.sin(math.radians(20))
"""Least horizontal part of an optical axis that has a heading."""
TOLERANCE_FACTORS = (2 / 3, 1.5)
"""Factors of the tolerance that must not change the number of legs."""


class NavigationConfig(TaskConfig):
    tolerances_m: Annotated[tuple[Bound, ...], Field(min_length=1)] = (0.25, 0.35, 0.5)
    """Largest distance of the camera from the straight legs, meters; the first with which the path is clear counts."""
    min_leg_m: Bound = 0.7
    """Least length of a leg, meters; shorter ones cannot be told from looking around."""
    leg_per_tolerance: Bound = 2.8
    """Least length of a leg as a multiple of the tolerance: a hand may sway more on a longer leg."""
    max_look_deg: Bound = 120.0
    """Largest angle by which the camera turns along one leg, degrees; beyond it nobody would say "straight ahead"."""
    max_aside_deg: Bound = 100.0
    """Largest mean angle on a leg between where the camera looks and where it goes, degrees; beyond it it goes back."""
    min_frames: Amount = 3
    """Least number of frames that show the route."""
    max_legs: Amount = 4
    """Largest number of legs of a route."""
    min_turn_deg: Bound = 25.0
    """Least turn between two legs, degrees; with less they could be one."""
    max_turn_deg: Bound = 150.0
    """Largest turn, degrees; beyond it left and right are hard to tell."""
    min_tilt_deg: Bound = 20.0
    """Least angle between the optical axis at the start and the vertical, degrees."""
    max_step_m: Bound = 1.5
    """Largest distance between recorded frames, meters; beyond it the camera was put elsewhere."""
    max_overlap: Bound = 0.5
    """Largest overlap of two routes: shared frames as a share of the frames of either."""
    min_words: Amount = 3
    """Least number of words of a walk's description; shorter ones are no directions."""
    max_words: Amount = 300
    """Largest number of words of a walk's description; longer ones are transcripts that ramble."""


@dataclass(frozen=True, slots=True)
class VideoPath:
    """A path over the floor as straight legs."""

    corners: NDArray[np.float64]
    """(n + 1, 2) ends of the legs, meters."""
    stray_m: float
    """Largest distance of the camera from its leg, meters."""
    slip_m: float
    """Largest distance that it goes back along its leg, meters."""
    look_deg: float
    """Largest angle by which it turns along one leg, degrees."""
    aside_deg: float
    """Largest mean angle on a leg between where it looks and where it goes, degrees."""
    tolerance_m: float
    """Largest distance from its leg that is allowed, meters."""

    @property
    def lengths_m(self) -> NDArray[np.float64]:
        """(n,) lengths of the legs."""
        return np.linalg.norm(np.diff(self.corners, axis=0), axis=1)

    @property
    def headings_deg(self) -> NDArray[np.float64]:
        """(n,) headings of the legs, counter-clockwise from world x."""
        x, y = np.diff(self.corners, axis=0).T
        return to_degrees(np.arctan2(y, x))


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """All frames of a scene (n), those that the video leaves out included."""

    index: Mapping[str, int]
    """Frame id to position."""
    places_m: NDArray[np.float64]
    """(n, 2) camera positions on the floor plan, world, meters."""
    looks: NDArray[np.float64]
    """(n, 3) optical axes, world."""

    def between(self, views: SceneViews, start: int, end: int) -> slice:
        """All frames from one observed frame to another."""
        return slice(self.index[views.frames[start].id], self.index[views.frames[end].id] + 1)


def turned_deg(looks: NDArray[np.float64]) -> float:
    """Largest angle between the headings of two frames of a recording, the way that the camera turned, degrees.

    Frames that look almost straight up or down have no heading and are passed over.

    Args:
        looks: (n, 3) optical axes, world.
    """
    headings = _headings(looks)
    return float(to_degrees(np.ptp(np.unwrap(headings)))) if len(headings) else 0.0


def aside_deg_of(looks: NDArray[np.float64], way: NDArray[np.float64]) -> float:
    """Mean angle between the headings of a recording and the way that it takes, 0 to 180 degrees.

    Args:
        looks: (n, 3) optical axes, world.
        way: (2,) direction on the floor plan.
    """
    aside = _headings(looks) - math.atan2(way[1], way[0])
    return float(to_degrees(np.abs(np.arctan2(np.sin(aside), np.cos(aside))).mean())) if len(aside) else 0.0


def _headings(looks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Headings of those optical axes (n, 3) that have one, radians counterclockwise from world x."""
    x, y, _ = looks[np.hypot(looks[:, 0], looks[:, 1]) >= MIN_LEVEL].T
    return np.arctan2(y, x)


NO_TEXT = re.compile(r"[<>{}\x00-\x1f\x7f-\x9f]|\[\w+\]|https?:")
"""What no plain description holds: tags, control characters, placeholders, links."""
LENGTH = re.compile(
    r"\b(?:(?:milli|centi|kilo)?met(?:er|re)s?|[mck]m|feet|\d+[- ]foot|ft|inch(?:es)?|yards|miles?)\b", re.I
)
"""A unit of length; "m" and "foot" alone are too often something else."""


class DescribedWalk(Family[NavigationConfig]):
    """An annotator's description of a walk, for the images along it."""

    name = "walk"
    Config = NavigationConfig
    answer = Description
    formats = frozenset({"sentence"})
    can_mirror = False
    needs = frozenset()
    skips = frozenset({SINGLE_IMAGE_WALK, NOT_PLAIN_TEXT, STATES_LENGTH, TOO_FEW_WORDS, TOO_MANY_WORDS})
    must_say = ("frame|image|picture|view", "way|route|path|walk|tour|directions")

    @property
    def variant(self) -> str:
        return "walk"

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        for index in rng.permutation(len(views.scene.walks)).tolist():
            yield self.ask(views, views.scene.walks[index])

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        steps = [Step("locate", "walk", {"images": len(question.frames)})]
        if views.units is not None:
            steps.append(Step("measure", "way", {"value": length(question.number("length_m"))}))
        return tuple(steps)

    def ask(self, views: SceneViews, walk: Walk) -> Question | Skip:
        """Which route the images along ``walk`` take."""
        words = len(walk.instruction.split())
        if len(set(walk.frames)) < 2:
            return Skip(SINGLE_IMAGE_WALK)
        if NO_TEXT.search(walk.instruction):
            return Skip(NOT_PLAIN_TEXT)
        if views.scene.unit_m is None and LENGTH.search(walk.instruction):
            return Skip(STATES_LENGTH)
        if words < self.config.min_words:
            return Skip(TOO_FEW_WORDS)
        if words > self.config.max_words:
            return Skip(TOO_MANY_WORDS)
        index = {frame.id: position for position, frame in enumerate(views.frames)}
        frames = tuple(index[name] for name in walk.frames)
        steps = np.diff(views.cameras[list(frames), :3, 3], axis=0)
        return Question(
            frames=frames,
            facts={"walk": walk.id},
            answer=Description(as_sentences(walk.instruction)),
            margin=min(words / self.config.min_words - 1, 1 - words / self.config.max_words),
            margin_unit="fraction",
            measured={"walk": walk.id, "words": words, "length_m": float(np.linalg.norm(steps, axis=1).sum())},
            classes=(f"images:{len(frames)}", f"from:{walk.frames[0]}", f"to:{walk.frames[-1]}"),
        )


def as_sentences(words: str) -> str:
    """The text with single blanks, a capital at the start and a full stop at the end."""
    text = " ".join(words.split())
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


class Navigation(Family[NavigationConfig]):
    """Legs of the camera's own path over the floor and the turns between them, whichever way the camera looks.

    The route starts at the first frame, facing where it looks: turn, go forward, turn, go forward. The whole recording
    between its ends, not only the frames shown, is simplified to legs (qagen.core.floor.corners_of).

    Scenes with described walks are left to DescribedWalk.
    """

    name = "navigation"
    Config = NavigationConfig
    answer = Route
    formats = frozenset({"sentence"})
    can_mirror = False
    needs = frozenset({"scale", "gravity"})
    skips = frozenset(
        {
            NO_VIDEO,
            LOOKS_UP_OR_DOWN,
            TOO_MANY_LEGS,
            LEG_TOO_SHORT,
            UNCLEAR_CORNERS,
            LOOKS_AROUND,
            LOOKS_ASIDE,
            BACKTRACKS,
            TRAJECTORY_GAP,
            ROUTES_OVERLAP,
        }
        | {SLIGHT_TURN, HALF_TURN}
        | DescribedWalk.skips
    )
    unit = "meters"
    must_say = ("degrees", "Frame-4", "Frame-17")
    example_facts: ClassVar = {"first": (4,), "last": (17,)}

    @property
    def forms(self) -> tuple[Family, ...]:
        return self, DescribedWalk(self.config)

    def form_for(self, scene: Scene) -> Family:
        return self.forms[1] if scene.walks else self

    @property
    def variant(self) -> str:
        return "video"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"first", "last"})

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ("way", "video")

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        if views.scene.walks:
            yield from self.form_for(views.scene).propose(views, rng)
            return
        if not views.video:
            yield Skip(NO_VIDEO)
            return
        runs = [
            run for run in combinations(range(len(views.video)), 2) if run[1] - run[0] + 1 >= self.config.min_frames
        ]
        asked: list[range] = []
        for first, last in rng.permutation(runs).tolist():
            found = self.ask(views, views.video, first, last)
            if isinstance(found, Question):
                shown = range(first, last + 1)
                if any(_overlap(shown, other) > self.config.max_overlap for other in asked):
                    found = Skip(ROUTES_OVERLAP)
                else:
                    asked.append(shown)
            yield refusing(about_image(views.video[first]), found)

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        corners, lengths, turns = (question.measured[name] for name in ("corners_m", "lengths_m", "turns_deg"))
        assert isinstance(corners, list)
        assert isinstance(lengths, list)
        assert isinstance(turns, list)
        heading = math.radians(question.number("start_heading_deg"))
        c, s = math.cos(heading), math.sin(heading)
        offsets = ((x - corners[0][0], y - corners[0][1]) for x, y in corners)
        places = tuple(point((s * x - c * y, c * x + s * y)) for x, y in offsets)
        legs = tuple(
            (*signed(turn, "left", "right", "angle"), length(leg)) for turn, leg in zip(turns, lengths, strict=True)
        )
        return (
            Step("place", "corners", {"camera": Image(question.position("first")), "corners": places}),
            Step("compare", "legs", {"legs": legs}),
        )

    def ask(self, views: SceneViews, frames: tuple[int, ...], first: int, last: int) -> Question | Skip:
        """Which route the camera takes from image ``first`` to image ``last`` of the video ``frames``."""
        look = views.cameras[frames[first], :3, 2]
        if np.hypot(look[0], look[1]) < np.sin(np.radians(self.config.min_tilt_deg)):
            return Skip(LOOKS_UP_OR_DOWN)
        route = self._route(views, frames[first : last + 1])
        if isinstance(route, Skip):
            return route
        start_deg = float(to_degrees(np.arctan2(look[1], look[0])))
        turns = [wrap_deg(after - before) for before, after in pairwise([start_deg, *route.headings_deg.tolist()])]
        if any(abs(turn) < self.config.min_turn_deg for turn in turns[1:]):
            return Skip(SLIGHT_TURN)
        if any(abs(turn) > self.config.max_turn_deg for turn in turns):
            return Skip(HALF_TURN)
        moves = _moves(turns, route.lengths_m.tolist())
        return Question(
            frames=frames,
            is_video=True,
            facts={"first": first, "last": last},
            answer=Route(moves),
            margin=self._margin(route, turns),
            margin_unit="fraction",
            measured={
                "start_heading_deg": start_deg,
                "corners_m": route.corners.tolist(),
                "lengths_m": route.lengths_m.tolist(),
                "turns_deg": turns,
                "stray_m": route.stray_m,
                "slip_m": route.slip_m,
                "look_deg": route.look_deg,
                "aside_deg": route.aside_deg,
                "stray_limit": route.tolerance_m,
            },
            classes=(f"moves:{len(moves)}", *{name for name, _ in moves}, f"from:{first}", f"to:{last}"),
        )

    def _route(self, views: SceneViews, frames: tuple[int, ...]) -> VideoPath | Skip:
        """The legs between corners of the path, or why the camera does not follow clear legs."""
        found: VideoPath | Skip = Skip(TOO_MANY_LEGS)
        for tolerance_m in self.config.tolerances_m:
            found = self._route_within(views, frames, tolerance_m)
            if isinstance(found, VideoPath):
                break
        return found

    def _route_within(self, views: SceneViews, frames: tuple[int, ...], tolerance_m: float) -> VideoPath | Skip:
        limits, recording = self.config, _recording(views.scene)
        part = recording.between(views, frames[0], frames[-1])
        path, looks = recording.places_m[part], recording.looks[part]
        if np.linalg.norm(np.diff(path, axis=0), axis=1).max() > limits.max_step_m:
            return Skip(TRAJECTORY_GAP)
        corners = corners_of(path, tolerance_m)
        if len(corners) - 1 > limits.max_legs:
            return Skip(TOO_MANY_LEGS)
        legs = [(path[start : end + 1], path[start], path[end]) for start, end in pairwise(corners)]
        if min(math.dist(start, end) for _, start, end in legs) < self._min_leg_m(tolerance_m):
            return Skip(LEG_TOO_SHORT)
        if any(len(corners_of(path, factor * tolerance_m)) != len(corners) for factor in TOLERANCE_FACTORS):
            return Skip(UNCLEAR_CORNERS)
        slip = max(slip_back(*leg) for leg in legs)
        if slip > tolerance_m:
            return Skip(BACKTRACKS)
        look_deg = max(turned_deg(looks[start : end + 1]) for start, end in pairwise(corners))
        if look_deg > limits.max_look_deg:
            return Skip(LOOKS_AROUND)
        aside_deg = max(
            aside_deg_of(looks[start : end + 1], path[end] - path[start]) for start, end in pairwise(corners)
        )
        if aside_deg > limits.max_aside_deg:
            return Skip(LOOKS_ASIDE)
        stray = max(float(distance_to_leg(*leg).max()) for leg in legs)
        return VideoPath(path[corners], stray, slip, look_deg, aside_deg, tolerance_m)

    def _min_leg_m(self, tolerance_m: float) -> float:
        return max(self.config.min_leg_m, self.config.leg_per_tolerance * tolerance_m)

    def _margin(self, route: VideoPath, turns: list[float]) -> float:
        limits = self.config
        margins = [
            float(route.lengths_m.min()) / self._min_leg_m(route.tolerance_m) - 1,
            1 - max(route.stray_m, route.slip_m) / route.tolerance_m,
            1 - route.look_deg / limits.max_look_deg,
            1 - route.aside_deg / limits.max_aside_deg,
            *(1 - abs(turn) / limits.max_turn_deg for turn in turns),
            *(abs(turn) / limits.min_turn_deg - 1 for turn in turns[1:]),
        ]
        return min(margins)


def _moves(turns: list[float], lengths: list[float]) -> tuple[tuple[str, float], ...]:
    """(name, amount) of turns, degrees to the left, and legs, meters; turns of 0 are left out."""
    moves: list[tuple[str, float]] = []
    for turn, length_m in zip(turns, lengths, strict=True):
        rounded = TURN_STEP_DEG * round(turn / TURN_STEP_DEG)
        if rounded:
            moves.append(("left" if rounded > 0 else "right", abs(rounded)))
        moves.append(("forward", length_m))
    return tuple(moves)


def _overlap(first: range, second: range) -> float:
    """Frames that two runs share, as a share of the frames of either."""
    shared = len(range(max(first.start, second.start), min(first.stop, second.stop)))
    return shared / (len(first) + len(second) - shared)


@lru_cache(maxsize=1)
def _recording(scene: Scene) -> Recording:
    poses = [frame.world_from_camera for frame in scene.frames]
    return Recording(
        {frame.id: position for position, frame in enumerate(scene.frames)},
        np.array([pose.translation[:2] for pose in poses]),
        np.array([pose.rotation[:, 2] for pose in poses]),
    )
