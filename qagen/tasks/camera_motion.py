"""Where the second camera stands, seen from the first."""

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from qagen.core.answer import ImagePoint
from qagen.core.question import Question, Skip
from qagen.sampling.frame_sets import FrameSets
from qagen.sampling.mark_placement import to_permille
from qagen.tasks._base import Bound, Family, TaskConfig
from qagen.visibility.views import SceneViews


class CameraMotionConfig(TaskConfig):
    min_depth_m: Bound = 0.3
    """The second camera stands at least so far ahead of the first, metres."""
    min_shared: Bound = 0.1
    """Least share of surface that both images see."""


class CameraMotion(Family[CameraMotionConfig]):
    """The second camera's centre projected into the first image."""

    name = "camera_motion"
    Config = CameraMotionConfig
    answer = ImagePoint
    formats = frozenset({"fill", "select", "sentence"})
    skips = frozenset({"not ahead", "outside the image"})

    @property
    def variant(self) -> str:
        return "pair"

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        for frames in FrameSets(views).pairs(rng, self.config.min_shared):
            yield self.ask(views, frames)

    def ask(self, views: SceneViews, frames: tuple[int, int]) -> Question | Skip:
        """The question where the camera of the second frame stands in the image of the first."""
        center = _second_center(views, frames)
        if center[2] < self.config.min_depth_m:
            return Skip("not ahead")
        camera = views.frames[frames[0]].camera
        xy = camera.to_fraction(camera.project(center))
        if not ((xy >= 0) & (xy <= 1)).all():
            return Skip("outside the image")
        x, y = to_permille(xy)
        return Question(
            frames=frames,
            answer=ImagePoint(x, y, float(center[2])),
            margin=float(center[2] - self.config.min_depth_m),
            measured={"second_camera_in_first_m": center.tolist(), "shared": float(views.covisible[frames])},
        )


def _second_center(views: SceneViews, frames: tuple[int, int]) -> np.ndarray:
    """(3,) centre of the second camera in the first camera, metres."""
    first, second = (views.frames[frame].world_from_camera for frame in frames)
    return first.inverse() @ second.translation
