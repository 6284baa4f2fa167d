"""How long, wide and high an object is."""

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from qagen.core.answer import Extents
from qagen.core.question import MarkedObject, MarkKind, Question, Skip
from qagen.core.reasons import CUT_OFF, EXTENT_NOT_OBSERVED, MOSTLY_OCCLUDED, TOO_THIN
from qagen.sampling.mark_placement import MARKING_SKIPS, mark_objects
from qagen.tasks._base import Bound, Family, MarkColumns, MarkedConfig
from qagen.visibility.views import SceneViews


class VolumeConfig(MarkedConfig):
    mark: MarkKind = "bbox"
    """How questions point their objects out."""
    min_in_image: Bound = 0.9
    """Least share of the object's surface inside the image."""
    min_visible: Bound = 0.5
    """Least share of the object's pixels that is not occluded."""
    min_side_m: Bound = 0.1
    """Length of the shortest side that is asked, meters: a scan blurs it by some centimeters."""


class Volume(Family[VolumeConfig]):
    """The sides of an upright box."""

    name = "volume"
    Config = VolumeConfig
    answer = Extents
    formats = frozenset({"fill", "select", "sentence"})
    needs = frozenset({"scale", "gravity", "objects"})
    skips = MARKING_SKIPS | {CUT_OFF, EXTENT_NOT_OBSERVED, MOSTLY_OCCLUDED, TOO_THIN}
    unit = "centimeters"
    must_say = (r"length \(longer side\), width, and height",)
    images = 1

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns(self.config.mark, ("red",), indexed=False)

    @property
    def variant(self) -> str:
        return "object"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"red"})

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        for frame, item in rng.permutation(np.argwhere(views.markable)):
            frames = (int(frame),)
            drawn = mark_objects(views, frames, {"red": (int(item), 0)}, self.config.mark)
            yield self.ask_drawn(views, drawn if isinstance(drawn, Skip) else (frames, drawn))

    def ask(self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...]) -> Question | Skip:
        """How long, wide and high the object of role red is."""
        frame, item = frames[0], roles[0].object
        box = views.scene.objects[item].box
        if not views.belief.has_size[item]:
            return Skip(EXTENT_NOT_OBSERVED)
        margins = {
            CUT_OFF: float(views.in_image_fraction[frame, item]) / self.config.min_in_image - 1,
            MOSTLY_OCCLUDED: float(views.visible_fraction[frame, item]) / self.config.min_visible - 1,
            TOO_THIN: float(box.size.min()) / self.config.min_side_m - 1,
        }
        reason = min(margins, key=lambda name: margins[name])
        if margins[reason] < 0:
            return Skip(reason)
        first, second, height = (100 * float(side) for side in box.size)
        exact = max(first, second), min(first, second), height
        length, width, height = (round(side) for side in exact)
        return Question(
            frames=frames,
            roles=roles,
            fact=(item,),
            answer=Extents(length, width, height, exact=exact),
            margin=margins[reason],
            margin_unit="fraction",
            measured={
                "size_m": box.size.tolist(),
                "in_image_fraction": float(views.in_image_fraction[frame, item]),
                "visible_fraction": float(views.visible_fraction[frame, item]),
                "sure_sides": int(views.belief.extents.is_sure[item].sum()),
            },
        )
