"""How far the camera turned between two images of a clip."""

import math
from collections.abc import Iterator, Set
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from qagen.core.answer import Degrees
from qagen.core.question import SCENE, Question, Skip, about_image, refusing
from qagen.core.rationale import Image, Step, angle
from qagen.core.reasons import (
    ANGLE_TOO_SMALL,
    CLASS_QUOTA,
    HALF_TURN,
    IMAGES_APART,
    NO_VIDEO,
    NO_VIEWS,
    TURNS_BACK,
    VIEWS_ALIKE,
)
from qagen.core.sample import Format
from qagen.sampling.angle_bins import BinQuota, angle_bin, in_turns
from qagen.sampling.frame_sets import SAME_VIEW_DEG
from qagen.tasks._base import Bound, Family, TaskConfig
from qagen.tasks.steps import measure_angles
from qagen.visibility.views import SceneViews

SPANS = (2, 3, 5, 9)
"""Numbers of frames from which on a span of the video is longer, as far as the balance of questions goes."""


class RotationConfig(TaskConfig):
    views: Annotated[int, Field(ge=3, le=5)] | Literal["video"] = "video"
    """Number of images of a clip, or the scene's video, of which two frames are named."""
    min_deg: Bound = 15.0
    """Smallest rotation that is asked, degrees."""
    max_deg: Bound = 170.0
    """Largest rotation that is asked, degrees."""
    max_step_deg: Bound = 45.0
    """Largest rotation from one image to the next, degrees; beyond it they have too little in common."""
    min_shared: Bound = 0.05
    """Least share of surface that an image and the next both see, in scenes whose surface is known."""
    max_detour: Bound = 0.1
    """Largest share by which the rotations from image to image may add up to more than the rotation asked for."""


class Rotation(Family[RotationConfig]):
    """The angle of the rotation between two orientations of the camera, whatever its axis.

    Asked only where the camera turns from the one to the other without a detour, so that the angle between the two is
    also the sum of the turns from image to image.
    """

    name = "rotation"
    Config = RotationConfig
    answer = Degrees
    formats = frozenset({"fill", "select", "sentence"})
    skips = frozenset(
        {NO_VIDEO, NO_VIEWS, ANGLE_TOO_SMALL, HALF_TURN, IMAGES_APART, VIEWS_ALIKE, TURNS_BACK, CLASS_QUOTA}
    )
    needs = frozenset()
    must_say = ("degrees", "first|Frame-4", "last|Frame-17")
    example_facts: ClassVar = {"first": (4,), "last": (17,)}

    @property
    def variant(self) -> str:
        return "video" if self.config.views == "video" else "clip"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"first", "last"}) if self.config.views == "video" else frozenset()

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ("whole_rotation", "video") if self.config.views == "video" else ("whole_rotation",)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Pairs of frames, bins of angles and lengths of the span between them taking turns."""
        is_video = self.config.views == "video"
        shown = np.array(views.video) if is_video else np.flatnonzero(views.usable)
        if len(shown) < 2:
            yield Skip(NO_VIDEO if is_video else NO_VIEWS, SCENE)
            return
        first, last = np.triu_indices(len(shown), 1)
        angles = views.rotation_deg[shown[first], shown[last]]
        swept = _swept_deg(views)[shown]
        direct = (1 + self.config.max_detour) * angles >= swept[last] - swept[first]
        quota = BinQuota()
        order = in_turns(angles, np.digitize(last - first, SPANS), (self.config.min_deg, self.config.max_deg), rng)
        if not is_video:
            order = order[direct[order]]
        for position in order:
            found = self._ask_between(views, shown, int(first[position]), int(last[position]))
            if isinstance(found, Question) and not quota.admits(float(angles[position])):
                found = Skip(CLASS_QUOTA)
            yield refusing(about_image(int(shown[first[position]])), found)

    def _ask_between(self, views: SceneViews, shown: NDArray[np.int64], first: int, last: int) -> Question | Skip:
        """The question about two of the frames ``shown``; a clip has others between them, at even angles."""
        if self.config.views == "video":
            return self.ask(views, views.video, first, last)
        swept = _swept_deg(views)[shown[first : last + 1]]
        wanted = np.linspace(swept[0], swept[-1], self.config.views)
        chosen = np.abs(swept[:, None] - wanted).argmin(axis=0)
        return self.ask(views, tuple(shown[first + chosen].tolist()))

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        ends = question.position("first"), question.position("last", len(question.frames) - 1)
        return (
            measure_angles(views, question, *map(Image, ends)),
            Step("measure", "rotation", {"value": angle(question.number("turn_deg"))}),
        )

    def ask(
        self, views: SceneViews, frames: tuple[int, ...], first: int = 0, last: int | None = None
    ) -> Question | Skip:
        """How far the camera turns from image ``first`` of ``frames`` to image ``last``, the last one if None."""
        is_video = self.config.views == "video"
        last = len(frames) - 1 if last is None else last
        way = list(pairwise(frames[first : last + 1]))
        turn = float(views.rotation_deg[frames[first], frames[last]])
        steps = [float(views.rotation_deg[pair]) for pair in way]
        swept = math.fsum(steps)
        margins = {
            ANGLE_TOO_SMALL: turn - self.config.min_deg,
            HALF_TURN: self.config.max_deg - turn,
            IMAGES_APART: self.config.max_step_deg - max(steps),
            TURNS_BACK: (1 + self.config.max_detour) * turn - swept,
        }
        if not is_video:
            margins[VIEWS_ALIKE] = min(steps) - SAME_VIEW_DEG
        reason = next((reason for reason, margin in margins.items() if margin < 0), None)
        if reason is not None:
            return Skip(reason)
        shared = min(float(min(views.covisible[pair], views.covisible[pair[::-1]])) for pair in way)
        if len(views.surface) and shared < self.config.min_shared:
            return Skip(IMAGES_APART)
        return Question(
            frames=frames,
            is_video=is_video,
            facts={"first": first, "last": last} if is_video else {},
            answer=Degrees(turn),
            margin=min(margins.values()),
            margin_unit="deg",
            measured={"turn_deg": turn, "swept_deg": swept, "largest_step_deg": max(steps), "shared": shared},
            classes=(f"angle:{angle_bin(turn)}", f"frames:{np.digitize(last - first, SPANS)}"),
        )


def _swept_deg(views: SceneViews) -> NDArray[np.float64]:
    """(F,) sum of the rotations from frame to frame, from the first frame on, degrees."""
    steps = np.array([views.rotation_deg[pair] for pair in pairwise(range(len(views.frames)))])
    return np.concatenate([[0.0], np.cumsum(steps)])
