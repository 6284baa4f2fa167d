"""What every solver offers: the facts of one record, and whether its answer, in whichever format, states them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Check, check_number, disagree
from qagen.audit.lengths import TextUnit, lengths_in
from qagen.audit.parse import bare_degrees, bare_number, degrees
from qagen.audit.raycast import RenderedView
from qagen.audit.resolve_marks import ResolvedMark
from qagen.audit.scene import AuditView
from qagen.audit.truth import SceneTruth


class UnreadableError(Exception):
    """A text does not have the form that its type and format ask for."""


class UnsolvedError(Exception):
    """It cannot be decided whether the record is right."""


class Solver(ABC):
    """Solves one record."""

    family: ClassVar[str]
    """The family of task types that it solves; without one, the class is a base for others."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Objects that must have been found."""

    def __init__(self, record: AuditRecord, marks: Mapping[str, ResolvedMark], truth: SceneTruth) -> None:
        """Raises UnreadableError or UnsolvedError."""
        self.record, self.marks, self.truth = record, marks, truth
        self.measured: dict[str, float] = {}
        """Recomputed quantities, by their names in the evidence."""
        self.doubt: dict[str, float] = {}
        """How far some of them may be off because they are estimated."""
        self.require(self.needs)
        self.solve()

    @classmethod
    def solves(cls, task: Mapping[str, Any]) -> bool:
        """Whether it solves the types of its family that have these parameters."""
        return True

    @classmethod
    def check_eligibility(
        cls, record: AuditRecord, marks: Mapping[str, ResolvedMark], views: Sequence[AuditView]
    ) -> Iterator[Check]:
        """Check the family's own conditions for asking; ``views`` are the record's, none for a video."""
        yield from ()

    def require(self, tokens: Sequence[str]) -> None:
        """Raises UnsolvedError unless all these objects were found."""
        missing = [token for token in tokens if token not in self.marks]
        if missing:
            raise UnsolvedError(f"object of {missing[0]} not found")

    @abstractmethod
    def solve(self) -> None:
        """Read the question and compute its facts. Raises UnreadableError or UnsolvedError."""

    def check_question(self) -> list[Check]:
        """Check the facts that the question reveals."""
        return []

    def check_belief(self) -> list[Check]:
        """Check, once the answer has been, that what it names without a mark may be believed; failed checks only."""
        return []

    def check_bare(self, text: str) -> list[Check]:
        """Check a fill answer or an option. Raises UnreadableError."""
        raise UnreadableError("a sentence")

    @abstractmethod
    def check_sentence(self, text: str) -> list[Check]:
        """Check an answer in words. Raises UnreadableError."""

    def check_claim(self, is_yes: bool) -> list[Check]:
        """Check Yes or No to the question's claim. Raises UnreadableError."""
        raise UnreadableError("no claim from this type")

    @property
    def unit(self) -> TextUnit:
        """The unit of the record's lengths. Raises UnreadableError unless question and answer name one unit."""
        if self.record.unit is None:
            raise UnreadableError("one unit of length")
        return self.record.unit

    @property
    def unit_in_world(self) -> float:
        """Length of that unit in units of the scene's world. Raises UnreadableError."""
        if self.truth.scene.unit_m is None:
            raise UnreadableError("no length, because the scale is unknown")
        return self.unit.meters / self.truth.scene.unit_m

    @property
    def step(self) -> float:
        """The step in which lengths are printed, in units of the world. Raises UnreadableError."""
        return self.unit_in_world * 10.0**-self.unit.decimals

    def lengths(self, text: str) -> list[float]:
        """All lengths of a text, in order, in units of the world."""
        return [self.unit_in_world * stated for stated in lengths_in(text, self.unit)] if self.record.unit else []

    def bare(self, text: str, power: int = 1) -> float | None:
        """The length, or the area for power 2, that a text without words states, in units of the world."""
        is_bare = self.unit.bare.fullmatch(text.strip())
        return float(text) * self.unit_in_world**power if is_bare else None

    def view(self, image: int) -> AuditView:
        """The view of an image of the record. Raises UnsolvedError when the scene has none of that name."""
        found = self.truth.view(self.record.frames[image]) if image < len(self.record.frames) else None
        if found is None:
            raise UnsolvedError(f"image {image} is no frame of the scene")
        return found

    def center(self, token: str) -> NDArray[np.float64]:
        """(3,) center of the box of a mentioned object, world, meters."""
        return self.truth.center(self.marks[token].instance)


class NumberSolver(Solver):
    """A solver whose answer is one number."""

    power: ClassVar[int] = 1
    """1 for a length, 2 for an area, 0 for a number without a unit."""
    value: float
    """The recomputed number."""
    what: str
    """The quantity."""

    def check_value(self, stated: float) -> Check:
        """Check a stated number; of a length, in units of the world."""
        return check_number(self.what, stated, self.value, self.step if self.power else 0.1)

    def check_bare(self, text: str) -> list[Check]:
        stated = self.bare(text, self.power) if self.power else bare_number(text)
        if stated is None:
            raise UnreadableError(f"a number as its unit is printed in {text!r}")
        return [self.check_value(stated)]

    def check_sentence(self, text: str) -> list[Check]:
        stated = self.lengths(text)
        if len(stated) != 1:
            raise UnreadableError(f"one length in {text!r}")
        return [self.check_value(stated[0])]


DEGREE_STEP = 5
"""Angles are stated in multiples of this."""
MIN_DEG, MAX_DEG, MAX_DETOUR = 15.0, 170.0, 0.1
"""Limits of angles and of the share by which the way is longer, unless a type has parameters of its own."""
LIMIT_EDGE_DEG = 0.01
"""Tolerance of these limits."""


class DegreesSolver(NumberSolver):
    """A solver whose answer is one angle."""

    power = 0

    def check_value(self, stated: float) -> Check:
        return check_number(self.what, stated, self.value, DEGREE_STEP)

    def check_bare(self, text: str) -> list[Check]:
        stated = bare_degrees(text)
        if stated is None or stated % DEGREE_STEP:
            raise UnreadableError(f"a multiple of {DEGREE_STEP} in {text!r}")
        return [self.check_value(stated)]

    def check_sentence(self, text: str) -> list[Check]:
        stated = degrees(text)
        if len(stated) != 1:
            raise UnreadableError(f"one number of degrees in {text!r}")
        return [self.check_value(stated[0])]

    def check_limits(self) -> Iterator[Check]:
        """Check that the angle is neither too small nor too large to be asked."""
        least, most = (
            float(self.record.task.get(name, usual)) for name, usual in (("min_deg", MIN_DEG), ("max_deg", MAX_DEG))
        )
        if not least - LIMIT_EDGE_DEG <= self.value <= most + LIMIT_EDGE_DEG:
            yield disagree(self.what, f"{self.value:.1f} deg", f"{least:g} to {most:g}")

    def check_detour(self, swept_deg: float) -> Iterator[Check]:
        """Check that the way from frame to frame is hardly longer than the angle."""
        most = (1 + float(self.record.task.get("max_detour", MAX_DETOUR))) * self.value
        if swept_deg > most + LIMIT_EDGE_DEG:
            yield disagree(f"whole way of {self.what}", f"{swept_deg:.1f} deg", f"at most {most:.1f}")


class Sight(IntEnum):
    """What a frame shows of an object; the order is that of certainty."""

    ABSENT = 0
    """Nothing."""
    FAINT = 1
    """Nothing, or a few pixels that may be artifacts."""
    DOUBTFUL = 2
    """Too little to say that it is seen."""
    NEARLY = 3
    """Just about enough to say so."""
    SEEN = 4
    """It is seen."""


FAINT_PIXELS = 60.0
"""Visible pixels of 640 x 480 up to which an object in view may be an artifact."""
SEEN_PIXELS, SEEN_SHARE, SEEN_LUMINANCE = 1500.0, 0.10, 20.0
"""A seen object has at least these visible pixels of 640 x 480, share of what it alone would cover, mean luminance."""
SEEN_BAND = 0.08
"""Share of these thresholds around which it is undecided, because rays and rasters differ."""


class VideoSolver(Solver):
    """A solver that needs what all frames show."""

    @cached_property
    def rendered(self) -> list[RenderedView]:
        """What each frame shows."""
        return [self.truth.rendered(self.view(image).name) for image in range(len(self.record.images))]

    def sights(self, instance: int) -> list[Sight]:
        """What each frame shows of an instance."""
        return [self._sight(image, instance) for image in range(len(self.rendered))]

    def _sight(self, image: int, instance: int) -> Sight:
        pixels = self.rendered[image].pixels(instance)
        if pixels <= FAINT_PIXELS:
            return Sight.FAINT if pixels > 0 else Sight.ABSENT
        if pixels < SEEN_PIXELS * (1 - SEEN_BAND):
            return Sight.DOUBTFUL
        view = self.view(image)
        original = self.truth.original or self.truth
        alone = original.unoccluded.shares(view, instance)
        share = 1.0 if alone is None else pixels / max(alone[0], 1.0)
        light = original.luminance(view.name, instance)
        margin = min(pixels / SEEN_PIXELS, share / SEEN_SHARE, light / SEEN_LUMINANCE)
        return Sight.SEEN if margin >= 1 + SEEN_BAND else Sight.NEARLY if margin >= 1 - SEEN_BAND else Sight.DOUBTFUL

    def check_all_named(self, labels: Sequence[str]) -> list[Check]:
        """Whether nothing that is shown but not annotated could go by one of these names; failed checks only."""
        if self.truth.original is not None:
            return []
        frames = dict(zip(self.record.frames, self.rendered, strict=True))
        return [check for label in labels for check in self.truth.belief.check_all_named(label, frames)]

    def named(self, label: str) -> list[int]:
        """The instances of that name."""
        return [k for k, one in enumerate(self.truth.instances) if one.label == label and one.is_askable]
