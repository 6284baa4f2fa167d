"""The route that a video takes: an annotator's description of it, or moves and turns."""

import math
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from qagen.core.answer import Description, Route
from qagen.core.floor import corners_of, distance_to_leg, slip_back, wrap_deg
from qagen.core.pose import to_degrees
from qagen.core.question import Question, Skip, about_image, refusing
from qagen.core.reasons import (
    BACKTRACKS,
    HALF_TURN,
    LEAVES_PATH,
    LEG_TOO_SHORT,
    LOOKS_UP_OR_DOWN,
    NO_VIDEO,
    NOT_PLAIN_TEXT,
    ROUTES_OVERLAP,
    SINGLE_IMAGE_WALK,
    SLIGHT_TURN,
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
TOLERANCE_FACTORS = (2 / 3, 1.5)
"""Factors of the tolerance that must not change the number of legs."""


class NavigationConfig(TaskConfig):
    tolerance_m: Bound = 0.25
    """Largest distance of the camera from the straight legs, meters."""
    min_leg_m: Bound = 0.7
    """Least length of a leg, meters; shorter ones cannot be told from looking around."""
    min_frames: Amount = 3
    """Least number of frames that show the route."""
    max_legs: Amount = 4
    """Largest number of legs of a route."""
    min_turn_deg: Bound = 25.0
    """Least turn between two legs, degrees; with less they could be one."""
    max_turn_deg: Bound = 130.0
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

    @property
    def lengths_m(self) -> NDArray[np.float64]:
        """(n,) lengths of the legs."""
        return np.linalg.norm(np.diff(self.corners, axis=0), axis=1)

    @property
    def headings_deg(self) -> NDArray[np.float64]:
        """(n,) headings of the legs, counter-clockwise from world x."""
        x, y = np.diff(self.corners, axis=0).T
        return to_degrees(np.arctan2(y, x))


NO_TEXT = re.compile(r"[<>{}\x00-\x1f\x7f-\x9f]|\[\w+\]|https?:")
"""What no plain description holds: tags, control characters, placeholders, links."""


class DescribedWalk(Family[NavigationConfig]):
    """An annotator's description of a walk, for the images along it."""

    name = "walk"
    Config = NavigationConfig
    answer = Description
    formats = frozenset({"sentence"})
    skips = frozenset({SINGLE_IMAGE_WALK, NOT_PLAIN_TEXT, TOO_FEW_WORDS, TOO_MANY_WORDS})
    must_say = ("frame|image|picture|view", "way|route|path|walk|tour|directions")

    @property
    def variant(self) -> str:
        return "walk"

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        for index in rng.permutation(len(views.scene.walks)).tolist():
            yield self.ask(views, views.scene.walks[index])

    def ask(self, views: SceneViews, walk: Walk) -> Question | Skip:
        """Which route the images along ``walk`` take."""
        words = len(walk.instruction.split())
        if len(set(walk.frames)) < 2:
            return Skip(SINGLE_IMAGE_WALK)
        if NO_TEXT.search(walk.instruction):
            return Skip(NOT_PLAIN_TEXT)
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

    The route starts at the first frame, facing where it looks: turn, go forward, turn, go forward. Corners are frames
    of the video, so that they can be checked; but the whole recording between them, not only the frames shown, must
    keep to the legs.

    Scenes with described walks are left to DescribedWalk.
    """

    name = "navigation"
    Config = NavigationConfig
    answer = Route
    formats = frozenset({"sentence"})
    skips = frozenset(
        {
            NO_VIDEO,
            LOOKS_UP_OR_DOWN,
            TOO_MANY_LEGS,
            LEG_TOO_SHORT,
            UNCLEAR_CORNERS,
            LEAVES_PATH,
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
            },
            classes=(f"moves:{len(moves)}", *{name for name, _ in moves}, f"from:{first}", f"to:{last}"),
        )

    def _route(self, views: SceneViews, frames: tuple[int, ...]) -> VideoPath | Skip:
        """The legs between corners of the path, or why the camera does not follow clear legs."""
        limits, shown = self.config, views.cameras[list(frames), :2, 3]
        corners = corners_of(shown, limits.tolerance_m)
        if len(corners) - 1 > limits.max_legs:
            return Skip(TOO_MANY_LEGS)
        legs = [(shown[start], shown[end]) for start, end in pairwise(corners)]
        if min(math.dist(start, end) for start, end in legs) < limits.min_leg_m:
            return Skip(LEG_TOO_SHORT)
        if any(len(corners_of(shown, factor * limits.tolerance_m)) != len(corners) for factor in TOLERANCE_FACTORS):
            return Skip(UNCLEAR_CORNERS)
        walked = [_walked(views, frames[start], frames[end]) for start, end in pairwise(corners)]
        steps_m = [np.linalg.norm(np.diff(path, axis=0), axis=1).max() for path in walked]
        if max(steps_m) > limits.max_step_m:
            return Skip(TRAJECTORY_GAP)
        stray = max(float(distance_to_leg(path, *leg).max()) for path, leg in zip(walked, legs, strict=True))
        slip = max(slip_back(path, *leg) for path, leg in zip(walked, legs, strict=True))
        if stray > limits.tolerance_m:
            return Skip(LEAVES_PATH)
        return Skip(BACKTRACKS) if slip > limits.tolerance_m else VideoPath(shown[corners], stray, slip)

    def _margin(self, route: VideoPath, turns: list[float]) -> float:
        limits = self.config
        margins = [
            float(route.lengths_m.min()) / limits.min_leg_m - 1,
            1 - max(route.stray_m, route.slip_m) / limits.tolerance_m,
            *(1 - abs(turn) / limits.max_turn_deg for turn in turns),
            *(abs(turn) / limits.min_turn_deg - 1 for turn in turns[1:]),
        ]
        return min(margins)


def _moves(turns: list[float], lengths: list[float]) -> tuple[tuple[str, str], ...]:
    """(name, printed amount) of turns, degrees to the left, and legs, meters; turns of 0 are left out."""
    moves: list[tuple[str, str]] = []
    for turn, length in zip(turns, lengths, strict=True):
        rounded = TURN_STEP_DEG * round(turn / TURN_STEP_DEG)
        if rounded:
            moves.append(("left" if rounded > 0 else "right", str(abs(rounded))))
        moves.append(("forward", f"{length:.1f}"))
    return tuple(moves)


def _overlap(first: range, second: range) -> float:
    """Frames that two runs share, as a share of the frames of either."""
    shared = len(range(max(first.start, second.start), min(first.stop, second.stop)))
    return shared / (len(first) + len(second) - shared)


def _walked(views: SceneViews, start: int, end: int) -> NDArray[np.float64]:
    """(n, 2) every recorded camera position from one observed frame to another, world, meters."""
    ids = [frame.id for frame in views.scene.frames]
    between = slice(ids.index(views.frames[start].id), ids.index(views.frames[end].id) + 1)
    return np.array([frame.world_from_camera.translation[:2] for frame in views.scene.frames[between]])
