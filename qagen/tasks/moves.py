"""Which way the camera moves or turns between two frames of the video."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import chain, zip_longest
from typing import ClassVar, Literal

from numpy.random import Generator

from qagen.core.answer import CameraMove
from qagen.core.motion import AXES, LABELS, OPPOSITES, STAY, Certainty
from qagen.core.question import SCENE, Question, Skip, about_image, refusing
from qagen.core.reasons import CLASS_QUOTA, DOUBTFUL_MOTION, NO_VIDEO
from qagen.core.sample import Format
from qagen.sampling.pool import MAX_PER_FACT
from qagen.sampling.video_spans import SPAN_SKIPS, Ends, all_ends, span_between
from qagen.tasks._base import Bound, Family, Share, TaskConfig
from qagen.visibility.camera_path import Span, Visible, is_move
from qagen.visibility.views import SceneViews

MOST_BEFORE_SECOND = 2
"""A move may be asked about at most this many times as often as the second most frequent one."""
STAY_SHARE = 0.25
"""Share of the questions that offer that the camera stays still, where it surely does not."""


class MovesConfig(TaskConfig):
    asks: Literal["direction"] = "direction"
    """direction: what the camera does between two frames."""
    min_move_m: Bound = 0.2
    """Least distance that a move must lead, meters."""
    min_turn_deg: Bound = 10.0
    """Least turn, degrees."""
    min_share: Share = 0.6
    """Least share of the time between the frames in which the camera does what is asked for."""
    min_part: Share = 0.7
    """Least amount of a move (turn) as a share of the largest one along (about) any axis of the camera."""
    max_step_m: Bound = 1.5
    """Largest distance from one shown frame to the next, meters."""
    max_step_deg: Bound = 45.0
    """Largest turn from one shown frame to the next, degrees; beyond it they have too little in common."""


class Moves(Family[MovesConfig]):
    """Moves along, and turns about, the camera's own axes, one of which holds surely while three others surely do not.

    What is listed does not tell which one holds: two pairs of opposites, moves of four axes, or a pair and two others.
    """

    name = "moves"
    Config = MovesConfig
    answer = CameraMove
    formats = frozenset({"select", "sentence"})
    skips = SPAN_SKIPS | {NO_VIDEO, DOUBTFUL_MOTION, CLASS_QUOTA}
    needs = frozenset()
    must_say = ("camera", "Frame-4", "Frame-17")
    example_facts: ClassVar = {
        "first": (4,),
        "last": (17,),
        "listed": (("Dolly In", "Dolly Out", "Pan Right", "Pan Left"), ("Truck Right", "Tilt Up", "Tilt Down", "Stay")),
    }

    @property
    def variant(self) -> str:
        return self.config.asks

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"first", "last", "listed"})

    def question_block(self, answer_format: Format) -> str:
        """Options list the moves; other questions list them themselves."""
        listed = "" if answer_format == "select" else "_listed"
        return f"question_{self.variant}{listed}"

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ("own_axes", "video")

    @property
    def visible(self) -> Visible:
        """From when on a motion can be seen."""
        config = self.config
        return Visible(config.min_move_m, config.min_turn_deg, config.min_share, config.min_part)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Questions about each run of each move, moves taking turns."""
        if not views.video:
            yield Skip(NO_VIDEO, SCENE)
            return
        found: dict[str, list[Question]] = defaultdict(list)
        facts: Counter[tuple | None] = Counter()
        for first, last in rng.permutation(list(all_ends(len(views.video)))).tolist():
            for candidate in self._ask_between(views, Ends(first, last), rng):
                if isinstance(candidate, Skip):
                    yield refusing(about_image(views.video[first]), candidate)
                elif facts[candidate.fact] < MAX_PER_FACT:
                    facts[candidate.fact] += 1
                    found[candidate.answer.text].append(candidate)
        most = _most_of_one([len(questions) for questions in found.values()])
        yield from filter(None, chain.from_iterable(zip_longest(*(asked[:most] for asked in found.values()))))
        left = chain.from_iterable(questions[most:] for questions in found.values())
        yield from (Skip(CLASS_QUOTA, about_image(views.video[int(str(one.facts["first"]))])) for one in left)

    def _ask_between(self, views: SceneViews, ends: Ends, rng: Generator) -> Iterator[Question | Skip]:
        """A question about each move that holds surely between two frames of the video, or why there is none."""
        span = span_between(views, views.video, ends, self.config.max_step_m, self.config.max_step_deg)
        if isinstance(span, Skip):
            yield span
            return
        known = span.certainties(self.visible)
        lists = [_draw_listed(label, known, rng) for label in LABELS if known[label] is Certainty.HOLDS]
        for listed in filter(None, lists):
            yield self.ask(views, views.video, *ends, listed)
        if not any(lists):
            yield Skip(DOUBTFUL_MOTION)

    def ask(
        self, views: SceneViews, frames: tuple[int, ...], first: int, last: int, listed: Sequence[str]
    ) -> Question | Skip:
        """Which of the moves ``listed`` the camera makes from image ``first`` of ``frames`` to image ``last``."""
        span = span_between(views, frames, Ends(first, last), self.config.max_step_m, self.config.max_step_deg)
        if isinstance(span, Skip):
            return span
        known = span.certainties(self.visible)
        held = [label for label in listed if known[label] is Certainty.HOLDS]
        if len(held) != 1 or any(known[label] is not Certainty.ABSENT for label in listed if label not in held):
            return Skip(DOUBTFUL_MOTION)
        return self._question(frames, Ends(first, last), listed, held[0], span)

    def _question(self, frames: tuple[int, ...], ends: Ends, listed: Sequence[str], label: str, span: Span) -> Question:
        net, least = (0.0, 1.0) if label == STAY else (span.net(label), self.visible.least(label))
        name = "moved_m" if is_move(label) else "turned_deg"
        return Question(
            frames=frames,
            is_video=True,
            facts={"first": ends.first, "last": ends.last, "listed": tuple(listed)},
            answer=CameraMove(label, tuple(other for other in listed if other != label)),
            fact=(label, float(span.stretch.times_s[span.start_of_run(label)])),
            margin=0.0 if label == STAY else net / least - 1,
            margin_unit="fraction",
            measured={"seconds": span.end_s - span.start_s, **({} if label == STAY else {name: net})},
            classes=(f"move:{label}",),
        )


def _draw_listed(label: str, known: Mapping[str, Certainty], rng: Generator) -> tuple[str, ...] | None:
    """Four moves in canonical order, one of which holds and three of which are surely absent; None where there are not
    as many.

    Two pairs of opposites; or a pair, another move and Stay; or moves of four axes. In none of these, the kind of the
    words tells which one holds.
    """
    absent = [[one for one in pair if known[one] is Certainty.ABSENT] for pair in AXES if label not in pair]
    absent = [absent[k] for k in rng.permutation(len(absent)).tolist() if absent[k]]
    pairs, singles = [pair for pair in absent if len(pair) > 1], [pair[int(rng.integers(len(pair)))] for pair in absent]
    lists: list[tuple[str, ...]] = []
    if label != STAY and len(singles) > 2:
        lists.append((label, *singles[:3]))
    if label == STAY and pairs and len(singles) > 1:
        lists.append((STAY, *pairs[0], next(one for one in singles if one not in pairs[0])))
    if label != STAY and pairs and known[OPPOSITES[label]] is Certainty.ABSENT:
        lists.insert(0, (label, OPPOSITES[label], *pairs[0]))
    if label != STAY and known[STAY] is Certainty.ABSENT and pairs and rng.random() < STAY_SHARE:
        lists.insert(0, (label, STAY, *pairs[0]))
    return tuple(sorted(lists[0], key=LABELS.index)) if lists else None


def _most_of_one(counts: Sequence[int]) -> int:
    """How often a move may be asked about, so that the most frequent one does not prevail."""
    second = sorted([0, *counts])[-2] if counts else 0
    return max(2 * MAX_PER_FACT, MOST_BEFORE_SECOND * second)
