"""Where the second camera stands, seen from the first."""

from collections.abc import Iterator, Set
from operator import truediv
from typing import Literal

import numpy as np
from numpy.random import Generator

from qagen.core.answer import ImagePoint, ImagePosition
from qagen.core.question import Question, Skip, about_image, refusing
from qagen.core.rationale import Image, Point, Quantity, Step, following, point
from qagen.core.reasons import CAMERA_NOT_AHEAD, CAMERA_OUTSIDE_IMAGE
from qagen.core.sample import Format
from qagen.sampling.frame_sets import FrameSets
from qagen.sampling.mark_placement import to_permille
from qagen.tasks._base import Bound, Family, TaskConfig
from qagen.tasks.steps import coordinates, place_in_camera
from qagen.visibility.views import SceneViews


class CameraMotionConfig(TaskConfig):
    asks: Literal["place", "point"] = "place"
    """place: a point of the first image and its depth; point: the point alone, which needs no meters."""
    min_depth_m: Bound = 0.3
    """Least depth z of the second camera in the first, meters."""
    min_shared: Bound = 0.1
    """Least share of surface that both images see."""


class CameraMotion(Family[CameraMotionConfig]):
    """The second camera's center projected into the first image, with its depth or without."""

    name = "camera_motion"
    Config = CameraMotionConfig
    answer = ImagePoint
    formats = frozenset({"fill", "select", "sentence"})
    needs = frozenset({"scale", "surface"})
    skips = frozenset({CAMERA_NOT_AHEAD, CAMERA_OUTSIDE_IMAGE})
    unit = "meters"
    must_say = (r"\(x, ?y\)", "depth|deep", "first", "second")
    images = 2

    def __init__(self, config: CameraMotionConfig) -> None:
        super().__init__(config)
        if config.asks == "point":
            self.answer, self.needs, self.unit = ImagePosition, frozenset({"surface"}), ""
            self.must_say = (r"\(x, ?y\)", "first", "second")

    @property
    def variant(self) -> str:
        return "pair" if self.config.asks == "place" else "point"

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ("coordinates",)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        for frames in FrameSets(views).pairs(rng, self.config.min_shared):
            yield refusing(about_image(frames[0]), self.ask(views, frames))

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        answer, camera = question.answer, views.frames[question.frames[0]].camera
        assert isinstance(answer, ImagePoint | ImagePosition)
        focal = camera.fx / camera.width, camera.fy / camera.height
        center = camera.to_fraction(np.array([camera.cx, camera.cy])).tolist()
        lens = {
            "focal": point((1000 * side for side in focal), "lens"),
            "center": point((1000 * side for side in center), "lens"),
        }
        placed = place_in_camera(views, question, [Image(1)])
        *aside, ahead = coordinates(placed, Image(1))
        ray = Point(tuple(following(truediv, one, ahead, kind="ray") for one in aside))
        parts = zip(lens["center"].coordinates, lens["focal"].coordinates, ray.coordinates, strict=True)
        x, y = (
            Quantity(value, "pixel", _projected, told) for value, told in zip((answer.x, answer.y), parts, strict=True)
        )
        return (
            Step("scale", "depth", {"of": Image(1), "camera": Image(0)}, length=ahead.value),
            placed,
            Step("project", "ray", {"ray": ray}),
            Step("project", "lens", {**lens, "camera": Image(0), "point": (x, y)}),
        )

    def ask(self, views: SceneViews, frames: tuple[int, int]) -> Question | Skip:
        """Where the camera of the second of ``frames`` appears in the image of the first."""
        first, second = (views.frames[frame].world_from_camera for frame in frames)
        center = first.inverse() @ second.translation
        if center[2] < self.config.min_depth_m:
            return Skip(CAMERA_NOT_AHEAD)
        camera = views.frames[frames[0]].camera
        xy = camera.to_fraction(camera.project(center))
        if not ((xy >= 0) & (xy <= 1)).all():
            return Skip(CAMERA_OUTSIDE_IMAGE)
        x, y = to_permille(xy)
        is_place = self.config.asks == "place"
        return Question(
            frames=frames,
            answer=ImagePoint(x, y, float(center[2])) if is_place else ImagePosition(x, y),
            margin=float(center[2] - self.config.min_depth_m),
            measured={"second_camera_in_first_m": center.tolist(), "shared": float(views.covisible[frames])},
        )


def _projected(center: float, focal: float, ray: float) -> float:
    """One coordinate of the pixel that a ray meets."""
    return center + focal * ray
