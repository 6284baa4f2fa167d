"""Where objects are for an observer who moves to one object and faces another."""

import math
from collections.abc import Sequence, Set
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from qagen.core.answer import Directions, Slot
from qagen.core.pose import rotate, to_degrees
from qagen.core.question import MarkedObject, MarkKind, Question, Skip
from qagen.core.rationale import Image, Step
from qagen.core.reasons import AMBIGUOUS, AT_OBSERVER, HEADING_UNDEFINED, NO_DIRECTION, UNSURE_HEADING
from qagen.core.sample import Format
from qagen.sampling.frame_sets import SAMPLING_SKIPS
from qagen.tasks._base import Bound, Family, Images, MarkColumns, MarkedConfig
from qagen.tasks.directions import DirectionThresholds, DirectionWords, RelativePosition, seen_by_camera
from qagen.tasks.steps import compare_directions, locate_marks, place_held_level, points, scale_of_pair
from qagen.visibility.views import SceneViews

COLORS = {"oc": ("green", "blue", "red"), "oo": ("green", "blue", "red", "yellow")}
CHANGED_BY_TURNING = ("right_m", "front_m", "first_front_m", "second_front_m")
"""Measured quantities that change when the observer faces another way."""


class ImaginationConfig(MarkedConfig):
    mark: MarkKind = "bbox"
    """How questions point their objects out."""
    asks: Literal["oc", "oo"]
    """oc: red relative to the moved observer; oo: red relative to yellow, as the moved observer sees them."""
    views: Images = 1
    """Number of images of a question that does not show the video."""
    video: bool = False
    """Show the video and ask only about the state after the move."""
    hidden_boxes: bool = False
    """With ``mark: none``, records hold boxes all the same, as SPAR's do; nothing draws them."""
    min_ahead_m: Bound = 0.5
    """Least horizontal distance between the object to face and the one to move to, meters."""
    min_away_m: Bound = 0.3
    """Minimum distance from the new viewpoint (m); closer objects count as being at the viewpoint."""
    aim_error_m: Bound = 0.1
    """Words must hold even if the observer faces a point this far beside the object to face, meters."""
    sure: DirectionThresholds = DirectionThresholds()
    """When a direction is stated, empty or ambiguous."""

    @model_validator(mode="after")
    def _hides_boxes_of_named_objects(self) -> "ImaginationConfig":
        if self.hidden_boxes and self.mark != "none":
            raise ValueError("mark: none with hidden_boxes, because marks that are drawn are not hidden")
        return self


class Imagination(Family[ImaginationConfig]):
    """Box centers seen by an upright observer at the center of green who is turned to the center of blue."""

    name = "imagination"
    Config = ImaginationConfig
    answer = Directions
    formats = frozenset({"select", "sentence"})
    needs = frozenset({"gravity", "objects"})
    skips = SAMPLING_SKIPS | {HEADING_UNDEFINED, AT_OBSERVER, AMBIGUOUS, UNSURE_HEADING, NO_DIRECTION}
    must_say = (
        "observer",
        r"\b(mov|go|walk|leav|path|change places|viewpoint)",
        *("left", "right", "above", "below", "front|closer", "behind|farther"),
    )

    def __init__(self, config: ImaginationConfig) -> None:
        super().__init__(config)
        self.images = "video" if config.video else config.views

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns(
            self.config.mark,
            COLORS[self.config.asks],
            indexed=self.images != 1,
            numbered=self.config.video and (self.config.mark != "none" or self.config.hidden_boxes),
            hidden="bbox" if self.config.hidden_boxes else None,
        )

    @property
    def variant(self) -> str:
        if self.config.video:
            return f"{self.config.asks}_video"
        return "oo_mv" if self._states_facing else self.config.asks

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset(COLORS[self.config.asks])

    @property
    def answer_variables(self) -> frozenset[str]:
        return frozenset() if self.config.video else frozenset(f"before_{axis}" for axis in self.axes)

    @property
    def axes(self) -> frozenset[str]:
        if self.config.asks == "oc":
            return frozenset({"left_right", "above_below", "front_behind"})
        facing = {"first_front_behind", "second_front_behind"} if self._states_facing else set()
        return frozenset({"left_right", "above_below", "closer_farther", *facing})

    def question_block(self, answer_format: Format) -> str:
        if self._asks_before(answer_format):
            return f"question_{self.variant}"
        return "after_oo_mv" if self._states_facing else f"after_{self.config.asks}"

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        start = self.config.views > 1 and self._asks_before(answer_format)
        return ("moved_observer", "start_at_first_image") if start else ("moved_observer",)

    def _asks_before(self, answer_format: Format) -> bool:
        """Whether the question asks about the state before the move, too."""
        return answer_format == "sentence" and not self.config.video

    @property
    def _states_facing(self) -> bool:
        """Whether answers state which of two objects is in front of the observer and which behind."""
        return self.config.asks == "oo" and self.images != 1

    def lost_without(self, question: Question, views: SceneViews) -> Sequence[tuple[str, ...]]:
        """Neither side nor front is known without one of the two objects that are compared: red and the observer's
        place, or red and yellow. Blue alone decides only how the observer is turned, which above and below do not need.

        What an answer says of above and below alone, a label may tell (a lamp hangs above a rug): no twin.
        """
        assert isinstance(question.answer, Directions)
        is_sideways = any(slot.word and slot.axis != "above_below" for slot in question.answer.slots)
        if self.marks.drawn or not is_sideways:
            return ()
        compared = ("green", "red") if self.config.asks == "oc" else ("red", "yellow")
        labels = {role.color: views.scene.objects[role.object].label for role in question.roles}
        return [(labels[color],) for color in compared]

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        roles = question.roles
        green, blue, *others = roles
        image = green.image if self.config.video else 0
        centers = views.world_centers[[role.object for role in roles]]
        seen = np.array([(one.right_m, one.up_m, one.front_m) for one in _relative_positions(centers)])
        moved = points("transform", "moved", others, seen, {"at": green, "facing": blue})
        assert isinstance(question.answer, Directions)
        return (
            locate_marks(question),
            scale_of_pair(views, green, blue),
            *([] if self.config.video or len(others) > 1 else [_before_move(question, others)]),
            replace(place_held_level(views, question, roles, image), is_optional=True),
            moved,
            compare_directions(question.answer.slots, question.measured, "after_", others, ("moved", "first")),
        )

    def ask(self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...]) -> Question | Skip:
        """Where red of ``roles`` green, blue, red(, yellow) is once the observer has moved to green and faces blue."""
        centers = views.world_centers[[role.object for role in roles]]
        ahead_m = math.dist(centers[0, :2], centers[1, :2])
        away_m = min(math.dist(centers[0], center) for center in centers[2:])
        if ahead_m < self.config.min_ahead_m:
            return Skip(HEADING_UNDEFINED)
        if away_m < self.config.min_away_m:
            return Skip(AT_OBSERVER)
        before, after = DirectionWords(self.config.sure), DirectionWords(self.config.sure)
        measured = {"ahead_m": ahead_m, "away_m": away_m}
        if not self.config.video:
            seen = self._add_words(before, [seen_by_camera(views, frames[0], role.object) for role in roles[2:]])
            measured |= {f"before_{name}": value for name, value in seen.items()}
            if before.is_ambiguous:
                return Skip(AMBIGUOUS)
        imagined = self._add_words(after, _relative_positions(centers))
        measured |= {f"after_{name}": value for name, value in imagined.items()}
        if after.is_ambiguous:
            return Skip(AMBIGUOUS)
        if after.is_empty or (before.slots and before.is_empty):
            return Skip(NO_DIRECTION)
        if not self._is_aim_certain(centers, imagined):
            return Skip(UNSURE_HEADING)
        if self.marks.numbered:
            roles = tuple(replace(role, alias=f"Object{i}") for i, role in enumerate(roles))
        return Question(
            frames=frames,
            roles=roles,
            is_video=self.config.video,
            facts={f"before_{slot.axis}": slot.word for slot in before.slots},
            answer=Directions(tuple(after.slots)),
            fact=tuple(role.object for role in roles),
            margin=min(
                *before.margins, *after.margins, ahead_m - self.config.min_ahead_m, away_m - self.config.min_away_m
            ),
            measured=measured,
            classes=(*after.classes, *(f"before_{name}" for name in before.classes)),
        )

    def _add_words(self, words: DirectionWords, positions: list[RelativePosition]) -> dict[str, float]:
        """Add what the question asks about the positions. Returns what the words follow from."""
        if self.config.asks == "oc":
            return words.add_position(*positions)
        measured = words.add_pair(*positions)
        return measured | words.add_facing(*positions) if self._states_facing else measured

    def _is_aim_certain(self, centers: NDArray[np.float64], imagined: dict[str, float]) -> bool:
        """Whether no stated word changes when the observer faces ``aim_error_m`` beside the object to face."""
        stated = [name for name in CHANGED_BY_TURNING if abs(imagined.get(name, 0)) >= self.config.sure.state_m]
        for aside_m in (self.config.aim_error_m, -self.config.aim_error_m):
            turned = self._add_words(DirectionWords(self.config.sure), _relative_positions(centers, aside_m))
            if any(turned[name] * imagined[name] <= 0 for name in stated):
                return False
        return True


def _before_move(question: Question, others: list[MarkedObject]) -> Step:
    """Where an object is for the observer who has not moved, whom only sentences ask about."""
    slots = [Slot(name.removeprefix("before_"), str(word)) for name, word in question.facts.items()]
    step = compare_directions(slots, question.measured, "before_", others, ("before",))
    return replace(step, values={"camera": Image(0), **step.values}, asked_by="sentence", is_optional=True)


def _relative_positions(centers: NDArray[np.float64], aside_m: float = 0.0) -> list[RelativePosition]:
    """The third and further points for an observer at the first who is turned to the second.

    Bearings are measured from the upright plane in which the observer looks. They do not depend on how far up or down
    that is, and for what is straight below they stay small.

    Args:
        centers: (n, 3) world, meters.
        aside_m: the observer faces a point this far to the left of the second center.
    """
    x, y, _ = centers[1] - centers[0]
    ahead_m = math.hypot(x, y)
    x, y = x - y / ahead_m * aside_m, y + x / ahead_m * aside_m
    c, s = x / math.hypot(x, y), y / math.hypot(x, y)
    positions = []
    for offset in rotate(np.array([[s, -c, 0], [0, 0, 1], [c, s, 0]]), centers[2:] - centers[0]):
        right, up, front = (float(value) for value in offset)
        bearing = float(to_degrees(np.arctan2(right, math.hypot(up, front))))
        positions.append(RelativePosition(right, up, front, bearing, math.hypot(*offset)))
    return positions
