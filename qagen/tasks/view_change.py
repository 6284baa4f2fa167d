"""How the camera moved and turned from one image to the next."""

from collections.abc import Iterator, Set
from typing import Literal, Self

from numpy.random import Generator
from pydantic import model_validator

from qagen.core.answer import Motion, ViewAngles
from qagen.core.floor import wrap_deg
from qagen.core.pose import rotate
from qagen.core.question import Question, Skip, about_image, refusing
from qagen.core.rationale import Image, Step
from qagen.core.reasons import HALF_TURN, LOOKS_UP_OR_DOWN, NO_CHANGE, ROLL_DIFFERS
from qagen.core.sample import Format
from qagen.sampling.frame_sets import FrameSets
from qagen.tasks._base import Bound, Family, TaskConfig
from qagen.tasks.attitude import Attitude
from qagen.tasks.steps import measure_angles, measure_headings, place_held_level, place_in_camera
from qagen.visibility.views import SceneViews

HALF_TURN_MARGIN_DEG = 5.0


class ViewChangeConfig(TaskConfig):
    asks: Literal["change", "angles"] = "change"
    """change: the move and the turn; angles: the turn alone, in the first camera's own axes, which needs neither
    meters nor gravity."""
    frame: Literal["camera", "level"] = "camera"
    """camera: moves along the first camera's axes; level: along its heading, leveled by gravity."""
    max_roll_deg: Bound = 15.0
    """Largest difference in roll between the two cameras, degrees; of angles, as the first camera sees it."""
    min_tilt_deg: Bound = 20.0
    """Least angle between the optical axis and the vertical, degrees; of angles, the first camera's own vertical."""
    min_turn_deg: Bound = 10.0
    """Least larger one of the two angles, degrees, where they alone are asked."""
    min_shared: Bound = 0.1
    """Least share of surface that both images see."""

    @model_validator(mode="after")
    def _angles_are_the_first_cameras(self) -> Self:
        if self.asks == "angles" and self.frame != "camera":
            raise ValueError("frame: camera with asks: angles, which are told without gravity")
        return self


class ViewChange(Family[ViewChangeConfig]):
    """The second camera relative to the first: a move in meters, then changes of heading and elevation in degrees.

    Or the two angles alone, measured in the first camera's own axes.
    """

    name = "view_change"
    Config = ViewChangeConfig
    answer = Motion
    formats = frozenset({"fill", "sentence"})
    needs = frozenset({"scale", "gravity", "surface"})
    skips = frozenset({LOOKS_UP_OR_DOWN, ROLL_DIFFERS, HALF_TURN, NO_CHANGE})
    unit = "meters"
    must_say = ("degrees", "first", "second")
    images = 2

    def __init__(self, config: ViewChangeConfig) -> None:
        super().__init__(config)
        if config.asks == "angles":
            self.answer, self.needs, self.unit = ViewAngles, frozenset({"surface"}), ""

    @property
    def variant(self) -> str:
        return "pair" if self.config.asks == "change" else "angles"

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return (f"{self.config.frame}_axes" if self.config.asks == "change" else "turn_then_tilt",)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        for frames in FrameSets(views).pairs(rng, self.config.min_shared):
            yield refusing(about_image(frames[0]), self.ask(views, frames))

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        if self.config.asks == "angles":
            return (measure_angles(views, question, Image(0), Image(1)),)
        place = place_in_camera if self.config.frame == "camera" else place_held_level
        return place(views, question, [Image(1)]), measure_headings(views, question)

    def ask(self, views: SceneViews, frames: tuple[int, int]) -> Question | Skip:
        """How the camera of the second of ``frames`` moved and turned from that of the first."""
        first, second = (Attitude(views.cameras[frame, :3, :3]) for frame in frames)
        axes = first.rotation if self.config.frame == "camera" else first.level_axes
        if self.config.asks == "angles":
            first, second = first.seen_from(first), second.seen_from(first)
        steepest = max(abs(first.elevation_deg), abs(second.elevation_deg))
        turn = wrap_deg(second.heading_deg - first.heading_deg)
        roll = abs(wrap_deg(second.roll_deg - first.roll_deg))
        if steepest > 90 - self.config.min_tilt_deg:
            return Skip(LOOKS_UP_OR_DOWN)
        if roll > self.config.max_roll_deg:
            return Skip(ROLL_DIFFERS)
        if abs(turn) > 180 - HALF_TURN_MARGIN_DEG:
            return Skip(HALF_TURN)
        right, down, forward = rotate(axes.T, views.cameras[frames[1], :3, 3] - views.cameras[frames[0], :3, 3])
        motion = Motion(float(right), float(down), float(forward), second.elevation_deg - first.elevation_deg, turn)
        moves = {"right_m": motion.right, "down_m": motion.down, "forward_m": motion.forward}
        is_change = self.config.asks == "change"
        answer = motion if is_change else ViewAngles(motion.up_deg, motion.left_deg)
        largest = max(abs(motion.up_deg), abs(motion.left_deg))
        if all(amount == "0" for _, amount in answer.steps) or (not is_change and largest < self.config.min_turn_deg):
            return Skip(NO_CHANGE)
        return Question(
            frames=frames,
            answer=answer,
            margin=min(
                self.config.max_roll_deg - roll,
                90 - self.config.min_tilt_deg - steepest,
                180 - HALF_TURN_MARGIN_DEG - abs(turn),
                *(() if is_change else (largest - self.config.min_turn_deg,)),
            ),
            margin_unit="deg",
            measured={
                **(moves if is_change else {}),
                "up_deg": motion.up_deg,
                "left_deg": motion.left_deg,
                "roll_deg": roll,
                "shared": float(views.covisible[frames]),
            },
            classes=tuple(name for name, amount in answer.steps if amount != "0"),
        )
