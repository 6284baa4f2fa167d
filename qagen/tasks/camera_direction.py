"""In which direction an object lies for the camera of one of the images."""

import math
from collections.abc import Iterator, Sequence, Set
from typing import ClassVar

from numpy.random import Generator

from qagen.core.answer import Sector
from qagen.core.question import MarkedObject, MarkKind, Question, Skip
from qagen.core.rationale import Image, Step, signed
from qagen.core.reasons import (
    AMBIGUOUS,
    CLASS_QUOTA,
    LOOKS_UP_OR_DOWN,
    REACHES_ASIDE,
    SHOWN_BY_OBSERVER,
    TOO_CLOSE_FOR_DIRECTION,
)
from qagen.core.sample import Format
from qagen.sampling.even import EvenQuestions
from qagen.sampling.frame_sets import SAMPLING_SKIPS, FrameSets
from qagen.tasks._base import Bound, Family, Images, MarkColumns, MarkedConfig, Share
from qagen.tasks.attitude import Attitude
from qagen.tasks.sectors import EIGHT, MIN_AWAY_M, SIDES, bearing_deg, footprint, share_between
from qagen.tasks.steps import locate_marks, measure_bearing, place_on_plan, scale_from_camera
from qagen.visibility.views import SceneViews


class CameraDirectionConfig(MarkedConfig):
    mark: MarkKind = "none"
    """How questions point their objects out: by points, boxes or masks in the images, or by their labels alone."""
    views: Images = 1
    """Number of images of a question. One: left, straight ahead or right of its camera; more: one of eight directions
    from the camera of an image that does not show the object."""
    min_away_m: Bound = MIN_AWAY_M
    """Least horizontal distance of the object from the camera, meters."""
    min_inside_deg: Bound = 5.0
    """Least angle between the object's direction and the edge of its sector, degrees."""
    min_share: Share = 0.75
    """Least share of the object's footprint in the sector of its center: a long couch reaches into two."""
    min_tilt_deg: Bound = 25.0
    """Least angle between the camera's optical axis and the vertical, degrees."""


class CameraDirection(Family[CameraDirectionConfig]):
    """The bearing of a box center from the heading of a camera that is held level."""

    name = "camera_direction"
    Config = CameraDirectionConfig
    answer = Sector
    formats = frozenset({"select", "sentence"})
    needs = frozenset({"gravity", "objects"})
    skips = SAMPLING_SKIPS | frozenset(
        {AMBIGUOUS, CLASS_QUOTA, LOOKS_UP_OR_DOWN, REACHES_ASIDE, SHOWN_BY_OBSERVER, TOO_CLOSE_FOR_DIRECTION}
    )
    must_say = ("camera", "3D center")
    example_facts: ClassVar = {"frame": (0, 1, 2)}

    def __init__(self, config: CameraDirectionConfig) -> None:
        super().__init__(config)
        self.sectors = SIDES if config.views == 1 else EIGHT
        self.words = self.sectors.names

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns(self.config.mark, ("red",), indexed=self.config.views > 1)

    @property
    def variant(self) -> str:
        return "single" if self.config.views == 1 else "mv"

    @property
    def options(self) -> int:
        return min(len(self.words), 4)

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"red"} if self.config.views == 1 else {"red", "frame"})

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ("held_level",)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Objects drawn again and again, for the camera of another image; no answer much more often than others."""
        sets, even = FrameSets(views), EvenQuestions()
        while True:
            drawn = sets.sample_objects(("red",), self.config.views, self.config.mark, rng)
            if isinstance(drawn, Skip):
                yield drawn
                continue
            frames, roles = drawn
            others = [k for k in range(len(frames)) if k != roles[0].image] or [0]
            yield even.admit(self.ask(views, frames, roles, others[int(rng.integers(len(others)))]))

    def lost_without(self, question: Question, views: SceneViews) -> Sequence[tuple[str, ...]]:
        """What no image shows may be in any direction that the camera does not show; several of them are left."""
        return self.labels_alone(question, views)

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        (red,), camera = question.roles, question.position("frame")
        bearing = signed(question.number("bearing_deg"), "right", "left", "angle")
        return (
            locate_marks(question),
            scale_from_camera(views, question, red, camera),
            place_on_plan(views, question, [red], camera),
            measure_bearing(Image(camera), red, bearing),
        )

    def ask(
        self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...], frame: int = 0
    ) -> Question | Skip:
        """Where the object of role red is for the camera of image ``frame`` of ``frames``."""
        observer, item = frames[frame], roles[0].object
        attitude = Attitude(views.cameras[observer, :3, :3])
        if abs(attitude.elevation_deg) > 90 - self.config.min_tilt_deg:
            return Skip(LOOKS_UP_OR_DOWN)
        x, y, _ = (views.world_centers[item] - views.cameras[observer, :3, 3]).tolist()
        away = math.hypot(x, y)
        if away < self.config.min_away_m:
            return Skip(TOO_CLOSE_FOR_DIRECTION)
        ahead = (float(attitude.level_axes[0, 2]), float(attitude.level_axes[1, 2]))
        bearing = bearing_deg(ahead, (x, y))
        word, inside_deg = self.sectors.find(bearing)
        if len(frames) == 1:
            inside_deg = min(inside_deg, self._inside_of_image(views, observer, item, word))
        if inside_deg < self.config.min_inside_deg:
            return Skip(AMBIGUOUS)
        if len(frames) > 1 and not views.absent[observer, item]:
            return Skip(SHOWN_BY_OBSERVER)
        eye, box = views.cameras[observer, :3, 3].tolist(), views.scene.objects[item].box
        share = share_between(footprint(box), (eye[0], eye[1]), ahead, self.sectors.edges(word))
        if share < self.config.min_share:
            return Skip(REACHES_ASIDE)
        label = views.scene.objects[item].label
        return Question(
            frames=frames,
            roles=roles,
            facts={} if len(frames) == 1 else {"frame": frame},
            answer=Sector(word, self.sectors.others(word)),
            fact=(observer, item),
            margin=inside_deg - self.config.min_inside_deg,
            margin_unit="deg",
            measured={
                "observer": views.frames[observer].id,
                "bearing_deg": bearing,
                "away_m": away,
                "share": share,
            },
            classes=(word, f"{label}: {word}"),
        )

    def _inside_of_image(self, views: SceneViews, observer: int, item: int, word: str) -> float:
        """How far inside the same sector the bearing along the camera's own horizon lies, degrees; it differs where the
        camera is rolled."""
        right, _, ahead = views.centers[observer, item].tolist()
        own, inside_deg = self.sectors.find(bearing_deg((0.0, 1.0), (right, ahead)))
        return inside_deg if own == word else -inside_deg
