"""How long, wide and high an object is, or how large one of its sides is."""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from numpy.random import Generator
from pydantic import model_validator

from qagen.core.answer import Extents, Number
from qagen.core.box import SIDE_AXES, Box3D
from qagen.core.question import SCENE, MarkedObject, MarkKind, Question, Skip
from qagen.core.rationale import Quantity, Step
from qagen.core.reasons import (
    CUT_OFF,
    EXTENT_NOT_OBSERVED,
    MOSTLY_OCCLUDED,
    NO_VIDEO,
    PART_OF_A_WHOLE,
    SEEN_END_ON,
    TOO_LITTLE_LABELED,
    TOO_THIN,
    UNIT_TOO_COARSE,
)
from qagen.sampling.mark_placement import MARKING_SKIPS, mark_objects, markable_as
from qagen.tasks._base import Bound, Family, MarkColumns, MarkedConfig
from qagen.tasks.steps import locate_marks
from qagen.visibility.views import SceneViews

MUST_SAY = {
    "size": r"length \(longer side\), width, and height",
    "height": "height|tall|high",
    "width": "longer horizontal side",
    "longest": "longest side",
    "longest_fine": "length, width, (or|and) height",
}
"""What every question states, by what it asks for."""


class VolumeConfig(MarkedConfig):
    mark: MarkKind = "bbox"
    """How questions point their objects out."""
    asks: Literal["size", "height", "width", "longest"] = "size"
    """size: all three sides; width: the longer horizontal side; longest: the longest of the three."""
    views: Literal[1, "video"] = 1
    """One image, or the scene's video, one frame of which must show the object as an image of its own would."""
    is_fine: bool = False
    """Whether a side asked alone is told in whole centimeters, not in meters; of smaller scenes likewise."""
    min_in_image: Bound = 0.9
    """Least share of the object's surface inside the image."""
    min_visible: Bound = 0.5
    """Least share of the object's pixels that is not occluded."""
    min_unforeshortened: Bound = 0.5
    """Least share of a side asked alone that is seen across the line of sight: 1 from the front, 0 end on."""
    min_side_m: Bound = 0.1
    """Length of the shortest side that is asked, meters: a scan blurs it by some centimeters."""

    @model_validator(mode="after")
    def _has_one_side(self) -> "VolumeConfig":
        if self.is_fine and self.asks == "size":
            raise ValueError("is_fine: false for asks: size, which is always told so")
        return self


class Volume(Family[VolumeConfig]):
    """The sides of an upright box."""

    name = "volume"
    Config = VolumeConfig
    answer = Extents
    formats = frozenset({"fill", "select", "sentence"})
    needs = frozenset({"scale", "gravity", "objects"})
    skips = MARKING_SKIPS | {
        CUT_OFF,
        EXTENT_NOT_OBSERVED,
        MOSTLY_OCCLUDED,
        NO_VIDEO,
        PART_OF_A_WHOLE,
        SEEN_END_ON,
        TOO_THIN,
        UNIT_TOO_COARSE,
    }
    unit = "centimeters"
    must_say = (MUST_SAY["size"],)

    def __init__(self, config: VolumeConfig) -> None:
        super().__init__(config)
        self.answer = Extents if config.asks == "size" else Number
        self.unit = "centimeters" if config.asks == "size" or config.is_fine else "meters"
        self.must_say = (MUST_SAY.get(self.variant, MUST_SAY[config.asks]),)

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns(self.config.mark, ("red",), indexed=self.config.views == "video")

    @property
    def variant(self) -> str:
        if self.config.is_fine:
            return f"{self.config.asks}_fine"
        return "object" if self.config.asks == "size" else self.config.asks

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"red"})

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        if self.config.views == "video":
            yield from self._propose_of_video(views, rng)
            return
        for frame, item in rng.permutation(np.argwhere(views.markable)):
            frames = (int(frame),)
            drawn = mark_objects(views, frames, {"red": (int(item), 0)}, self.config.mark)
            yield self.ask_drawn(views, drawn if isinstance(drawn, Skip) else (frames, drawn))

    def lost_without(self, question: Question, views: SceneViews) -> Sequence[tuple[str, ...]]:
        """What is not in view can only be guessed from its name."""
        return self.labels_alone(question, views)

    def _propose_of_video(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Each object that the video shows, in the frame that shows it best."""
        frames = views.video
        if not frames:
            yield Skip(NO_VIDEO, SCENE)
            return
        if self.config.mark == "none" and not views.is_complete(frames):
            yield Skip(TOO_LITTLE_LABELED, SCENE)
            return
        markable = markable_as(views, frames, self.config.mark)
        for item in rng.permutation(np.flatnonzero(markable.any(axis=0))).tolist():
            images = np.flatnonzero(markable[:, item]).tolist()
            image = max(images, key=lambda k: min(self._seen_margins(views, frames[k], item).values()))
            drawn = mark_objects(views, frames, {"red": (item, image)}, self.config.mark)
            yield self.ask_drawn(views, drawn if isinstance(drawn, Skip) else (frames, drawn))

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        red, asks = question.roles[0], self.config.asks
        first, second, height = views.scene.objects[red.object].box.size.tolist()
        kind = "side" if asks == "size" or self.config.is_fine else "length"
        longer, shorter, height = (Quantity(side, kind) for side in (max(first, second), min(first, second), height))
        sides = Step("measure", "sides", {"of": red, "horizontal": (longer, shorter), "height": height})
        if asks == "size":
            return locate_marks(question), sides
        asked = Quantity(views.scene.objects[red.object].box.longest(SIDE_AXES[asks]), kind)
        steps = () if asks == "height" else (sides,)
        return locate_marks(question), *steps, Step("measure", "side", {"side": asks, "of": red, "value": asked})

    def ask(self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...]) -> Question | Skip:
        """How long, wide and high the object of role red is, or how large the side is that its type asks for."""
        frame, item = frames[roles[0].image], roles[0].object
        box = views.scene.objects[item].box
        if not views.belief.has_size[item]:
            return Skip(EXTENT_NOT_OBSERVED)
        if self.config.asks == "height" and views.covers[item]:
            return Skip(PART_OF_A_WHOLE)
        margins = self._seen_margins(views, frame, item) | {
            TOO_THIN: float(box.size.min()) / self.config.min_side_m - 1
        }
        reason = min(margins, key=lambda name: margins[name])
        if margins[reason] < 0:
            return Skip(reason)
        answer = self._answer(box)
        told = answer.value if isinstance(answer, Number) and not answer.is_fine else None
        if told is not None and views.units is not None and not views.units.is_exact(told):
            return Skip(UNIT_TOO_COARSE)
        return Question(
            frames=frames,
            roles=roles,
            is_video=self.config.views == "video",
            fact=(item,),
            answer=answer,
            margin=margins[reason],
            margin_unit="fraction",
            measured={
                "size_m": box.size.tolist(),
                "in_image_fraction": float(views.in_image_fraction[frame, item]),
                "visible_fraction": float(views.visible_fraction[frame, item]),
                "sure_sides": int(views.belief.extents.is_sure[item].sum()),
            },
        )

    def _seen_margins(self, views: SceneViews, frame: int, item: int) -> dict[str, float]:
        """By how much a frame shows an object better than it must, as shares of the thresholds."""
        margins = {
            CUT_OFF: float(views.in_image_fraction[frame, item]) / self.config.min_in_image - 1,
            MOSTLY_OCCLUDED: float(views.visible_fraction[frame, item]) / self.config.min_visible - 1,
        }
        if self.config.asks != "size":
            eye = views.frames[frame].world_from_camera.translation
            seen = views.scene.objects[item].box.unforeshortened(SIDE_AXES[self.config.asks], eye)
            margins[SEEN_END_ON] = seen / self.config.min_unforeshortened - 1
        return margins

    def _answer(self, box: Box3D) -> Extents | Number:
        """All sides of an upright box, or the one asked for."""
        if self.config.asks != "size":
            return Number(box.longest(SIDE_AXES[self.config.asks]), is_fine=self.config.is_fine)
        first, second, height = (float(side) for side in box.size)
        exact = 100 * max(first, second), 100 * min(first, second), 100 * height
        length, width, height = (round(side) for side in exact)
        return Extents(length, width, height, exact=exact)
