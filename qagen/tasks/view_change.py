"""How the camera moved and turned from one image to the next."""

from collections.abc import Iterator, Set
from typing import Literal

from numpy.random import Generator

from qagen.core.answer import Motion
from qagen.core.floor import wrap_deg
from qagen.core.pose import rotate
from qagen.core.question import Question, Skip, about_image, refusing
from qagen.core.reasons import HALF_TURN, LOOKS_UP_OR_DOWN, NO_CHANGE, ROLL_DIFFERS
from qagen.core.sample import Format
from qagen.sampling.frame_sets import FrameSets
from qagen.tasks._base import Bound, Family, TaskConfig
from qagen.tasks.attitude import Attitude
from qagen.visibility.views import SceneViews

HALF_TURN_MARGIN_DEG = 5.0


class ViewChangeConfig(TaskConfig):
    frame: Literal["camera", "level"] = "camera"
    """camera: moves along the first camera's axes; level: along its heading, leveled by gravity."""
    max_roll_deg: Bound = 15.0
    """Largest difference in roll between the two cameras, degrees."""
    min_tilt_deg: Bound = 20.0
    """Least angle between the optical axis and the vertical, degrees."""
    min_shared: Bound = 0.1
    """Least share of surface that both images see."""


class ViewChange(Family[ViewChangeConfig]):
    """The second camera relative to the first: a move in meters, then changes of heading and elevation in degrees."""

    name = "view_change"
    Config = ViewChangeConfig
    answer = Motion
    formats = frozenset({"fill", "sentence"})
    needs = frozenset({"scale", "gravity", "surface"})
    skips = frozenset({LOOKS_UP_OR_DOWN, ROLL_DIFFERS, HALF_TURN, NO_CHANGE})
    unit = "meters"
    must_say = ("degrees", "first", "second")
    images = 2

    @property
    def variant(self) -> str:
        return "pair"

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return (f"{self.config.frame}_axes",)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        for frames in FrameSets(views).pairs(rng, self.config.min_shared):
            yield refusing(about_image(frames[0]), self.ask(views, frames))

    def ask(self, views: SceneViews, frames: tuple[int, int]) -> Question | Skip:
        """How the camera of the second of ``frames`` moved and turned from that of the first."""
        first, second = (Attitude(views.cameras[frame, :3, :3]) for frame in frames)
        steepest = max(abs(first.elevation_deg), abs(second.elevation_deg))
        turn = wrap_deg(second.heading_deg - first.heading_deg)
        roll = abs(wrap_deg(second.roll_deg - first.roll_deg))
        if steepest > 90 - self.config.min_tilt_deg:
            return Skip(LOOKS_UP_OR_DOWN)
        if roll > self.config.max_roll_deg:
            return Skip(ROLL_DIFFERS)
        if abs(turn) > 180 - HALF_TURN_MARGIN_DEG:
            return Skip(HALF_TURN)
        axes = first.rotation if self.config.frame == "camera" else first.level_axes
        right, down, forward = rotate(axes.T, views.cameras[frames[1], :3, 3] - views.cameras[frames[0], :3, 3])
        motion = Motion(float(right), float(down), float(forward), second.elevation_deg - first.elevation_deg, turn)
        if all(amount == "0" for _, amount in motion.steps):
            return Skip(NO_CHANGE)
        return Question(
            frames=frames,
            answer=motion,
            margin=min(
                self.config.max_roll_deg - roll,
                90 - self.config.min_tilt_deg - steepest,
                180 - HALF_TURN_MARGIN_DEG - abs(turn),
            ),
            margin_unit="deg",
            measured={
                "right_m": motion.right,
                "down_m": motion.down,
                "forward_m": motion.forward,
                "up_deg": motion.up_deg,
                "left_deg": motion.left_deg,
                "roll_deg": roll,
                "shared": float(views.covisible[frames]),
            },
            classes=tuple(name for name, amount in motion.steps if amount != "0"),
        )
