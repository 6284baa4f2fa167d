"""The way that the video takes: what somebody said of it, or moves and turns."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from qagen.core.answer import Description, Route
from qagen.core.floor import corners_of, distance_to_leg, slip_back, wrap_deg
from qagen.core.question import Question, Skip
from qagen.core.scene import Scene, Walk
from qagen.tasks._base import Amount, Bound, Family, TaskConfig
from qagen.visibility.views import SceneViews

TURN_STEP_DEG = 15
"""Turns are told in multiples of this, as templates/rules.jinja says."""
STEADY = (2 / 3, 1.5)
"""A way that has more or fewer legs with the tolerance changed by these factors is a matter of taste."""


class NavigationConfig(TaskConfig):
    tolerance_m: Bound = 0.25
    """The camera strays at most this far from the straight legs, metres."""
    min_leg_m: Bound = 0.7
    """Shorter legs cannot be told from looking around, metres."""
    min_frames: Amount = 3
    """The way is shown by at least so many frames."""
    max_legs: Amount = 4
    """A way with more is not told."""
    min_turn_deg: Bound = 25.0
    """Two legs that differ less in direction could be one, degrees."""
    max_turn_deg: Bound = 130.0
    """Beyond, left and right are hard to tell, degrees."""
    min_tilt_deg: Bound = 20.0
    """At the start the camera looks no nearer than this to straight up or down, degrees."""
    max_step_m: Bound = 1.5
    """Farther from one recorded frame to the next the camera has not walked but was put elsewhere, metres."""
    max_overlap: Bound = 0.5
    """No two ways share more of their frames, of those that either has."""
    min_words: Amount = 3
    """Descriptions of walks that are shorter are no directions."""
    max_words: Amount = 300
    """Longer ones are transcripts that ramble."""


@dataclass(frozen=True, slots=True)
class VideoPath:
    """A path over the floor as straight legs."""

    corners: NDArray[np.float64]
    """(n + 1, 2) ends of the legs, metres."""
    stray_m: float
    """How far the camera is from its leg, at most."""
    slip_m: float
    """How far it goes back along its leg, at most."""

    @property
    def lengths_m(self) -> NDArray[np.float64]:
        """(n,) of the legs."""
        return np.linalg.norm(np.diff(self.corners, axis=0), axis=1)

    @property
    def headings_deg(self) -> NDArray[np.float64]:
        """(n,) of the legs, counter-clockwise from world x."""
        x, y = np.diff(self.corners, axis=0).T
        return np.degrees(np.arctan2(y, x))


NO_TEXT = re.compile(r"[<>{}\x00-\x1f\x7f-\x9f]|\[\w+\]|https?:")
"""What no person says: tags, control characters, placeholders, links."""


class DescribedWalk(Family[NavigationConfig]):
    """What an annotator said of a walk, for the images along it."""

    name = "walk"
    Config = NavigationConfig
    answer = Description
    formats = frozenset({"sentence"})
    skips = frozenset({"fewer than two images", "not plain text", "too few words", "too many words"})

    @property
    def variant(self) -> str:
        return "walk"

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        for index in rng.permutation(len(views.scene.walks)).tolist():
            yield self.ask(views, views.scene.walks[index])

    def ask(self, views: SceneViews, walk: Walk) -> Question | Skip:
        """The question which way the images of ``walk`` take."""
        words = len(walk.instruction.split())
        if len(set(walk.frames)) < 2:
            return Skip("fewer than two images")
        if NO_TEXT.search(walk.instruction):
            return Skip("not plain text")
        if words < self.config.min_words:
            return Skip("too few words")
        if words > self.config.max_words:
            return Skip("too many words")
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
    """What was said, with single blanks, a capital at the start and a full stop at the end."""
    text = " ".join(words.split())
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


class Navigation(Family[NavigationConfig]):
    """Legs of the camera's own path over the floor and the turns between them, whichever way the camera looks.

    The way is what somebody would have to walk who stands at the first frame and looks where it looks: turn, go
    forward, turn, go forward. Corners are frames that the video shows, so that they can be checked; but the whole
    recording between them, not only the frames shown, must keep to the legs.

    Scenes whose walks somebody described are left to DescribedWalk.
    """

    name = "navigation"
    Config = NavigationConfig
    answer = Route
    formats = frozenset({"sentence"})
    skips = frozenset(
        {
            "no video",
            "looks up or down",
            "too many legs",
            "leg too short",
            "unclear corners",
            "strays",
            "goes to and fro",
            "jumps",
            "overlaps",
        }
        | {"slight turn", "half turn"}
        | DescribedWalk.skips
    )

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

    @property
    def rules(self) -> tuple[str, ...]:
        return ("way", "video")

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        if views.scene.walks:
            yield from self.form_for(views.scene).propose(views, rng)
            return
        if not views.video:
            yield Skip("no video")
            return
        runs = [
            run for run in combinations(range(len(views.video)), 2) if run[1] - run[0] + 1 >= self.config.min_frames
        ]
        told: list[range] = []
        for first, last in rng.permutation(runs).tolist():
            found = self.ask(views, views.video, first, last)
            if isinstance(found, Question):
                shown = range(first, last + 1)
                found = found if self._is_apart(shown, told) else Skip("overlaps")
                told += [shown] if isinstance(found, Question) else []
            yield found

    def _is_apart(self, shown: range, told: list[range]) -> bool:
        return all(_shared(shown, other) <= self.config.max_overlap for other in told)

    def ask(self, views: SceneViews, frames: tuple[int, ...], first: int, last: int) -> Question | Skip:
        """The question which way the camera takes from image ``first`` to image ``last`` of the video ``frames``."""
        look = views.cameras[frames[first], :3, 2]
        if np.hypot(look[0], look[1]) < np.sin(np.radians(self.config.min_tilt_deg)):
            return Skip("looks up or down")
        way = self._way(views, frames[first : last + 1])
        if isinstance(way, Skip):
            return way
        start_deg = float(np.degrees(np.arctan2(look[1], look[0])))
        turns = [wrap_deg(after - before) for before, after in pairwise([start_deg, *way.headings_deg.tolist()])]
        if any(abs(turn) < self.config.min_turn_deg for turn in turns[1:]):
            return Skip("slight turn")
        if any(abs(turn) > self.config.max_turn_deg for turn in turns):
            return Skip("half turn")
        moves = _moves(turns, way.lengths_m.tolist())
        return Question(
            frames=frames,
            is_video=True,
            facts={"first": first, "last": last},
            answer=Route(moves),
            margin=self._margin(way, turns),
            margin_unit="fraction",
            measured={
                "start_heading_deg": start_deg,
                "corners_m": way.corners.tolist(),
                "lengths_m": way.lengths_m.tolist(),
                "turns_deg": turns,
                "stray_m": way.stray_m,
                "slip_m": way.slip_m,
            },
            classes=(f"moves:{len(moves)}", *{name for name, _ in moves}, f"from:{first}", f"to:{last}"),
        )

    def _way(self, views: SceneViews, frames: tuple[int, ...]) -> VideoPath | Skip:
        limits, shown = self.config, views.cameras[list(frames), :2, 3]
        corners = corners_of(shown, limits.tolerance_m)
        if len(corners) - 1 > limits.max_legs:
            return Skip("too many legs")
        legs = [(shown[start], shown[end]) for start, end in pairwise(corners)]
        if min(float(np.linalg.norm(end - start)) for start, end in legs) < limits.min_leg_m:
            return Skip("leg too short")
        if any(len(corners_of(shown, factor * limits.tolerance_m)) != len(corners) for factor in STEADY):
            return Skip("unclear corners")
        walked = [_walked(views, frames[start], frames[end]) for start, end in pairwise(corners)]
        if max(_longest_step_m(path) for path in walked) > limits.max_step_m:
            return Skip("jumps")
        stray = max(float(distance_to_leg(path, *leg).max()) for path, leg in zip(walked, legs, strict=True))
        slip = max(slip_back(path, *leg) for path, leg in zip(walked, legs, strict=True))
        if stray > limits.tolerance_m:
            return Skip("strays")
        return Skip("goes to and fro") if slip > limits.tolerance_m else VideoPath(shown[corners], stray, slip)

    def _margin(self, way: VideoPath, turns: list[float]) -> float:
        limits = self.config
        margins = [
            float(way.lengths_m.min()) / limits.min_leg_m - 1,
            1 - max(way.stray_m, way.slip_m) / limits.tolerance_m,
            *(1 - abs(turn) / limits.max_turn_deg for turn in turns),
            *(abs(turn) / limits.min_turn_deg - 1 for turn in turns[1:]),
        ]
        return min(margins)


def _moves(turns: list[float], lengths: list[float]) -> tuple[tuple[str, str], ...]:
    moves: list[tuple[str, str]] = []
    for turn, length in zip(turns, lengths, strict=True):
        rounded = TURN_STEP_DEG * round(turn / TURN_STEP_DEG)
        if rounded:
            moves.append(("left" if rounded > 0 else "right", str(abs(rounded))))
        moves.append(("forward", f"{length:.1f}"))
    return tuple(moves)


def _shared(first: range, second: range) -> float:
    """The frames that two runs share, of those that either has."""
    shared = len(range(max(first.start, second.start), min(first.stop, second.stop)))
    return shared / (len(first) + len(second) - shared)


def _longest_step_m(path: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(np.diff(path, axis=0), axis=1).max())


def _walked(views: SceneViews, start: int, end: int) -> NDArray[np.float64]:
    """(n, 2) every recorded camera position from one looked-at frame to another, those between them included."""
    ids = [frame.id for frame in views.scene.frames]
    between = slice(ids.index(views.frames[start].id), ids.index(views.frames[end].id) + 1)
    return np.array([frame.world_from_camera.translation[:2] for frame in views.scene.frames[between]])
