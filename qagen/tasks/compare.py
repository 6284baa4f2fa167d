"""Which of two named objects of an image is closer, higher up, taller, farther left, or above the other."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, combinations
from typing import ClassVar, Literal

import numpy as np
from numpy.random import Generator
from pydantic import model_validator

from qagen.core.answer import Choice
from qagen.core.question import (
    MarkedObject,
    MarkKind,
    Measured,
    Question,
    Skip,
    about_image,
    about_objects,
    refusing,
)
from qagen.core.rationale import Image, Quantity, Step, length, share, signed
from qagen.core.reasons import (
    AMBIGUOUS,
    BOXES_NOT_EXACT,
    CLASS_QUOTA,
    CUT_OFF,
    EXTENT_NOT_OBSERVED,
    HELD_ASKEW,
    MOSTLY_OCCLUDED,
    PART_OF_A_WHOLE,
    TOO_FEW_OBJECTS,
)
from qagen.sampling.even import EvenAnswers, EvenLabels
from qagen.sampling.mark_placement import MARKING_SKIPS, mark_objects, markable_as, visible_box
from qagen.tasks._base import Bound, Family, MarkColumns, Share
from qagen.tasks.attitude import Attitude
from qagen.tasks.sides import SIDES_SKIPS, SidesConfig, compare_sides
from qagen.tasks.steps import locate_marks, measure_up, scale_from_camera
from qagen.visibility.views import SceneViews

COLORS = ("red", "blue")
Quality = Literal["distance", "height", "size", "side", "stack"]
"""What is compared: the distance from the camera, the height of the center, the height of the box, the place from left
to right in the image, the place in a stack of two things one above the other."""
WORDS: Mapping[Quality, tuple[str, str]] = {
    "distance": ("closer", "farther"),
    "height": ("lower", "higher"),
    "size": ("shorter", "taller"),
    "side": ("left", "right"),
    "stack": ("below", "above"),
}
"""The words for less and for more of each."""
QUALITIES: Mapping[str, Quality] = {word: quality for quality, words in WORDS.items() for word in words}
OTHER = {word: words[1 - k] for words in WORDS.values() for k, word in enumerate(words)}
OF_IMAGE = ("distance", "side")
"""What another image may show the other way round."""
MAX_LABEL_LEAD = 1
"""In how many more comparisons of a kind a name may have more than less, or less than more."""
DECIMALS = 6
"""Decimals to which margins are rounded, so that no decision hangs on the last digit."""
ENDS = slice(4, 6)
"""Lower and upper side of a box among its six."""


class CompareConfig(SidesConfig):
    mark: MarkKind = "none"
    """How questions point their objects out."""
    gap_share: Bound = 0.25
    """taller: least difference of the heights, as a share of the larger one."""
    min_shown: Share = 0.7
    """closer, higher, above: least share of the surface of either object inside the image."""
    away_m: Bound = 0.2
    """closer: least difference of the distances of surfaces, and of centers, meters, where the scale is known."""
    away_share: Bound = 0.15
    """closer: the same as a share of the longer distance."""
    min_height_m: Bound = 0.2
    """higher: least difference in height of the centers, meters."""
    min_aside: Share = 0.03
    """left: least gap between what is visible of the two, as a share of the image's width."""
    max_roll_deg: Bound = 10.0
    """left, above: largest angle by which the camera is tilted sideways, degrees."""
    max_sunk_m: Bound = 0.02
    """above: how far the lower end of the upper object may lie below the upper end of the other one, meters."""
    min_over: Share = 0.5
    """above: least share of the upper object's footprint over that of the other one."""

    @model_validator(mode="after")
    def _names_objects(self) -> "CompareConfig":
        if self.mark != "none":
            raise ValueError("mark: none, because answers are names; size_compare compares marked objects")
        return self


@dataclass(frozen=True, slots=True)
class _Compared:
    """What is compared of two objects, where one surely has more of it."""

    more: int
    """Which of the two has more: 0 or 1."""
    margin: float
    """Distance of the deciding quantity from its threshold."""
    unit: Literal["m", "fraction"]
    """Unit of the margin."""
    measured: Mapping[str, Measured]
    """The quantities of each, by its color."""


class Compare(Family[CompareConfig]):
    """Two objects in view, in one of five qualities that a viewer and the geometry agree on.

    Closer by the closest points of the surfaces and by the centers; higher by centers, and by lower and upper ends;
    farther left by all that is visible; above by lower and upper ends, with footprints that overlap, and in the image.
    """

    name = "compare"
    Config = CompareConfig
    answer = Choice
    formats = frozenset({"fill", "select", "judge"})
    needs = frozenset({"gravity", "objects"})
    skips = MARKING_SKIPS | SIDES_SKIPS | {CLASS_QUOTA, HELD_ASKEW, TOO_FEW_OBJECTS}
    must_say = (
        "(closer to|farther from) the camera|physically (lower down|higher up)|taller|shorter in height"
        "|farther (left|right) in the image|directly (below|above) the other",
    )
    example_facts: ClassVar = {"relation": tuple(QUALITIES)}
    images = 1

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns(self.config.mark, COLORS, indexed=False)

    @property
    def variant(self) -> str:
        return "pair"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({*COLORS, "relation"})

    @property
    def options(self) -> int:
        return 2

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """All pairs of objects of all images in random order, each in one quality, the one that was asked least so far.

        None is asked much more often than the others, and names should not tell the answers (``_EvenNames``).
        """
        pairs: list[tuple[int, int, int]] = []
        for frame in np.flatnonzero(views.usable).tolist():
            shown = np.flatnonzero(markable_as(views, (frame,), self.config.mark)[0]).tolist()
            pairs += [(frame, *pair) for pair in combinations(shown, 2)]
            if len(shown) < len(COLORS):
                yield Skip(TOO_FEW_OBJECTS, about_image(frame))
        names, qualities = _EvenNames(views), EvenAnswers()
        for frame, *pair in rng.permutation(np.array(pairs, dtype=np.int64).reshape(-1, 3)).tolist():
            placed = {color: (item, 0) for color, item in zip(COLORS, rng.permutation(pair).tolist(), strict=True)}
            roles = mark_objects(views, (frame,), placed, self.config.mark)
            if isinstance(roles, Skip):
                yield roles
                continue
            order = [[*WORDS][i] for i in rng.permutation(len(WORDS))]
            for quality in sorted(filter(qualities.has_room, order), key=qualities.count):
                found = self.ask(views, (frame,), roles, WORDS[quality][int(rng.integers(2))])
                if isinstance(found, Skip):
                    yield refusing((*about_objects(roles), quality), found)
                elif admitted := names.admit(found):
                    yield from admitted
                    qualities.add(quality, len(admitted))
                    break
        for one in names.left():
            quality = _quality(one)
            if quality == "distance" and qualities.has_room(quality) and names.admits(one):
                qualities.add(quality)
                yield one
            else:
                yield Skip(CLASS_QUOTA, (*about_objects(one.roles), quality))

    def inverse(self, views: SceneViews, question: Question) -> Question | Skip | None:
        """The one that has less instead of more, or more instead of less."""
        return self.ask(views, question.frames, question.roles, OTHER[str(question.facts["relation"])])

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        quality = _quality(question)
        steps: Mapping[Quality, Callable[[Question, SceneViews], tuple[Step, ...]]] = {
            "distance": _tell_distance,
            "height": _tell_height,
            "size": _tell_size,
            "side": _tell_side,
            "stack": _tell_stack,
        }
        return locate_marks(question), *steps[quality](question, views)

    def ask(
        self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...], relation: str = "closer"
    ) -> Question | Skip:
        """Which of the two objects of ``roles`` stands in a relation, one of ``WORDS``, to the other one."""
        items, frame, quality = [role.object for role in roles], frames[0], QUALITIES[relation]
        if quality != "side" and views.in_image_fraction[frame, items].min() < self.config.min_shown:
            return Skip(CUT_OFF)
        if quality != "side" and views.visible_fraction[frame, items].min() < self.config.min_visible:
            return Skip(MOSTLY_OCCLUDED)
        ways: Mapping[Quality, Callable[[SceneViews, int, tuple[MarkedObject, ...]], _Compared | Skip]] = {
            "distance": self._distance,
            "height": self._height,
            "size": self._size,
            "side": self._side,
            "stack": self._stack,
        }
        found = ways[quality](views, frame, roles)
        if isinstance(found, Skip):
            return found
        winner = roles[found.more if relation == WORDS[quality][1] else 1 - found.more]
        loser = next(role for role in roles if role is not winner)
        return Question(
            frames=frames,
            roles=roles,
            facts={"relation": relation},
            fact=(*sorted(items), quality, *((frame,) if quality in OF_IMAGE else ())),
            answer=Choice(winner.color, (loser.color,)),
            margin=found.margin,
            margin_unit=found.unit,
            measured={"relation": relation, **found.measured},
            classes=(f"{relation}:{winner.color}",),
        )

    def _distance(self, views: SceneViews, frame: int, roles: tuple[MarkedObject, ...]) -> _Compared | Skip:
        """By the closest points of the surfaces, wherever those end that were not scanned, and by the centers."""
        gaps = [views.gap_to_camera(frame, role.object) for role in roles]
        centers = [float(views.distance[frame, role.object]) for role in roles]
        more = int(gaps[1].surfaces_m > gaps[0].surfaces_m)
        far_m = min(gaps[more].boxes_m, gaps[more].surfaces_m)
        leads = [
            self._lead_m(views, gaps[1 - more].surfaces_m, far_m),
            self._lead_m(views, centers[1 - more], centers[more]),
        ]
        margin = round(min(leads), DECIMALS)
        if margin < 0:
            return Skip(AMBIGUOUS)
        measured = {f"{role.color}_m": gap.surfaces_m for role, gap in zip(roles, gaps, strict=True)}
        measured |= {f"{role.color}_center_m": away for role, away in zip(roles, centers, strict=True)}
        return _Compared(more, margin, "m", measured)

    def _lead_m(self, views: SceneViews, near_m: float, far_m: float) -> float:
        """How much more than the least gap lies between two distances, meters."""
        least_m = 0.0 if views.scene.unit_m is None else self.config.away_m
        return far_m - near_m - max(least_m, self.config.away_share * far_m)

    def _height(self, views: SceneViews, frame: int, roles: tuple[MarkedObject, ...]) -> _Compared | Skip:
        """By the centers, and by both ends: the lower end of the higher one lies above the center of the other one."""
        if (reason := _unsure_ends(views, roles)) is not None:
            return Skip(reason)
        items = [role.object for role in roles]
        centers, (lower, upper) = views.world_centers[items, 2].tolist(), views.contacts.ends_m[:, items].tolist()
        more = int(centers[1] > centers[0])
        leads = (
            centers[more] - centers[1 - more] - self.config.min_height_m,
            lower[more] - centers[1 - more],
            upper[more] - upper[1 - more],
        )
        margin = round(min(leads), DECIMALS)
        if margin < 0:
            return Skip(AMBIGUOUS)
        eye_m = float(views.cameras[frame, 2, 3])
        measured = {f"{role.color}_up_m": z - eye_m for role, z in zip(roles, centers, strict=True)}
        return _Compared(more, margin, "m", measured)

    def _size(self, views: SceneViews, frame: int, roles: tuple[MarkedObject, ...]) -> _Compared | Skip:
        sides = compare_sides(views, self.config, frame, [role.object for role in roles], "height")
        if isinstance(sides, Skip):
            return sides
        margin = round(sides.margin, DECIMALS)
        if margin < 0:
            return Skip(sides.reason)
        first_m, second_m = sides.lengths_m
        measured = {f"{role.color}_m": value for role, value in zip(roles, sides.lengths_m, strict=True)}
        return _Compared(int(second_m > first_m), margin, "fraction", measured)

    def _side(self, views: SceneViews, frame: int, roles: tuple[MarkedObject, ...]) -> _Compared | Skip:
        """By all that is visible."""
        if (reason := self._askew(views, frame)) is not None:
            return Skip(reason)
        edges = [visible_box(views, frame, role.object)[::2] for role in roles]
        more = int(edges[1][0] > edges[0][0])
        margin = round((edges[more][0] - edges[1 - more][1]) / 1000 - self.config.min_aside, DECIMALS)
        if margin < 0:
            return Skip(AMBIGUOUS)
        ends = zip(roles, edges, strict=True)
        measured = {
            f"{role.color}_{name}": x for role, pair in ends for name, x in zip(WORDS["side"], pair, strict=True)
        }
        return _Compared(more, margin, "fraction", measured)

    def _stack(self, views: SceneViews, frame: int, roles: tuple[MarkedObject, ...]) -> _Compared | Skip:
        """By both ends and the footprints, and by the upper and lower edge of what is visible."""
        reason = _unsure_ends(views, roles) or self._askew(views, frame)
        if reason is not None:
            return Skip(reason)
        items = [role.object for role in roles]
        lower, upper = views.contacts.ends_m[:, items].tolist()
        more = int(lower[1] > lower[0])
        above_m, over = lower[more] - upper[1 - more], views.contacts.over(items[more], items[1 - more])
        edges = [visible_box(views, frame, item)[1::2] for item in items]
        is_seen = all(high < low for high, low in zip(edges[more], edges[1 - more], strict=True))
        margin = round(min(above_m + self.config.max_sunk_m, over - self.config.min_over), DECIMALS)
        if margin < 0 or not is_seen:
            return Skip(AMBIGUOUS)
        return _Compared(more, margin, "m", {"above_m": above_m, "over": over})

    def _askew(self, views: SceneViews, frame: int) -> str | None:
        """The reason why sides of a frame's image, as far as they are known, are not those of the world."""
        if not views.exact[frame]:
            return BOXES_NOT_EXACT
        is_upright = abs(Attitude(views.cameras[frame, :3, :3]).roll_deg) <= self.config.max_roll_deg
        return None if is_upright else HELD_ASKEW


def _unsure_ends(views: SceneViews, roles: tuple[MarkedObject, ...]) -> str | None:
    """The reason why it is not sure where two objects end below and above."""
    items = [role.object for role in roles]
    if views.covers[items].any():
        return PART_OF_A_WHOLE
    are_sure = views.belief.is_whole[items].all() and views.belief.extents.is_sure[items, ENDS].all()
    return None if are_sure else EXTENT_NOT_OBSERVED


class _EvenNames:
    """Admits questions such that names tell as little as possible of which object has more.

    A distance is asked about together with one of another image in which the same two names have changed places, as
    long as there are such. Of the rest, a name has more about as often as less.
    """

    def __init__(self, views: SceneViews) -> None:
        self._views, self._labels = views, EvenLabels(MAX_LABEL_LEAD)
        self._waiting: dict[tuple[str, str], list[Question]] = {}
        self._refused: list[Question] = []

    def admit(self, question: Question) -> list[Question]:
        """The questions that may now be asked, this one among them; none while it waits or if it is refused."""
        more, less = self._ranked_labels(question)
        if _quality(question) != "distance":
            if self.admits(question):
                return [question]
            self._refused.append(question)
        elif self._waiting.get((less, more)):
            return [self._waiting[less, more].pop(), question]
        else:
            self._waiting.setdefault((more, less), []).append(question)
        return []

    def admits(self, question: Question) -> bool:
        """Whether a question may be asked by itself; if so, it counts as asked."""
        return self._labels.admits(_quality(question), *self._ranked_labels(question))

    def left(self) -> list[Question]:
        """The questions that were not admitted."""
        return [*self._refused, *chain.from_iterable(self._waiting.values())]

    def _ranked_labels(self, question: Question) -> tuple[str, str]:
        more, less = (self._views.scene.objects[role.object].label for role in _ranked(question))
        return more, less


def _quality(question: Question) -> Quality:
    return QUALITIES[str(question.facts["relation"])]


def _ranked(question: Question) -> tuple[MarkedObject, MarkedObject]:
    """The object that has more of what is compared, and the other one."""
    relation, answer = str(question.facts["relation"]), question.answer
    assert isinstance(answer, Choice)
    has_more = relation == WORDS[_quality(question)][1]
    first, second = question.roles
    return (first, second) if (first.color == answer.right) == has_more else (second, first)


def _tell_distance(question: Question, views: SceneViews) -> tuple[Step, ...]:
    away = {role: length(question.number(f"{role.color}_m")) for role in question.roles}
    far, near = _ranked(question)
    extreme, chosen = ("closest", near) if question.facts["relation"] == "closer" else ("farthest", far)
    return (
        Step("scale", "place", {"camera": Image(0), "of": near}, length=away[near].value),
        Step("measure", "from_camera", {"camera": Image(0), "to": tuple(away.items())}),
        Step("compare", "extreme", {"extreme": extreme, "value": away[chosen], "of": chosen}),
    )


def _tell_height(question: Question, views: SceneViews) -> tuple[Step, ...]:
    return scale_from_camera(views, question, question.roles[0]), measure_up(views, question)


def _tell_size(question: Question, views: SceneViews) -> tuple[Step, ...]:
    taller, shorter = _ranked(question)
    sides = {role: length(question.number(f"{role.color}_m")) for role in question.roles}
    larger = {"more": sides[taller], "less": sides[shorter], "side": "height", "of": taller}
    return (
        Step("scale", "side", {"side": "height", "of": shorter}, length=sides[shorter].value),
        *(Step("measure", "side", {"side": "height", "of": role, "value": sides[role]}) for role in question.roles),
        Step("compare", "larger", larger),
    )


def _tell_side(question: Question, views: SceneViews) -> tuple[Step, ...]:
    spread = tuple(
        (role, *(Quantity(question.number(f"{role.color}_{name}"), "pixel") for name in WORDS["side"]))
        for role in question.roles
    )
    return (Step("measure", "across", {"image": Image(0), "spread": spread}),)


def _tell_stack(question: Question, views: SceneViews) -> tuple[Step, ...]:
    upper, lower = _ranked(question)
    longest = float(views.scene.objects[upper.object].box.size.max())
    both = {"of": upper, "to": lower}
    return (
        Step("scale", "side", {"side": "longest", "of": upper}, length=longest),
        Step("measure", "above", {**both, "by": signed(question.number("above_m"), "above", "below")}),
        Step("measure", "over", {**both, "share": share(question.number("over"))}),
    )
