"""Which records become questions: from scenes that are not trained on, balanced over letters, answers and scenes."""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qagen.errors import ConfigError, QagenError, counted, match_names
from qagen.records.read import RecordFile, RecordLine, find_record_files, read_lines, read_pairs
from qagen.records.sparbench import TASKS, format_of
from qagen.rng import rng_for

if TYPE_CHECKING:
    from numpy.random import Generator

Keep = Callable[[str, str], bool]
FACT_KEYS = ("frames", "objects", "measured")
"""Keys of the evidence that identify a fact; records with the same ones ask the same in other words."""
MARK = re.compile(r"\b(?:red|green|blue|yellow|magenta|point\d+)\b")
OPTION = re.compile(r"^([A-Z])\. *(.*?) *$", re.M)
BIN_RATIO = 1.5
"""Factor between the bounds of a class of numbers."""
LISTED = 5
"""Maximum number of scenes in an error."""
ORIGINAL = "original"
"""The variant of a group by which it is drawn."""
UNANSWERABLE = "unanswerable"
"""The variant whose images do not show what it asks about."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that may become a question."""

    line: RecordLine
    """Position of the record."""
    letter: str
    """Letter of the answer; empty where there are no options."""
    content: str
    """Class of the answer; see ``answer_class``."""
    group: str = ""
    """Its consistency group; empty where it is in none."""
    variant: str = ""
    """What it is in its group."""

    @property
    def is_first(self) -> bool:
        """Whether it is in no group, or the original of one, with which the others come."""
        return self.variant in ("", ORIGINAL)


@dataclass(frozen=True, slots=True)
class BenchQuestion:
    """A question of the benchmark."""

    id: int
    """Running number."""
    task: str
    """Task type."""
    format: str
    """fill or select."""
    candidate: Candidate
    """The record that it was made from."""


def find_files(out: Path, split: str, trained: Sequence[Path]) -> list[RecordFile]:
    """The files of a split, to draw from.

    Raises:
        ConfigError: there are none of that split.
        QagenError: one of their scenes is trained on.
    """
    files = find_record_files(out)
    match_names([split], sorted({file.split for file in files}), "--split: no records of split")
    drawn = [file for file in files if file.split == split]
    others = [*files, *(file for root in trained for file in find_record_files(root))]
    refuse_shared(drawn, [file for file in others if file.split != split])
    return drawn


def refuse_shared(drawn: Iterable[RecordFile], trained: Iterable[RecordFile]) -> None:
    """Raise QagenError when a room of the drawn files is in one of the trained ones as well."""
    seen = _scenes_by_room(trained)
    shared = {room: scenes for room, scenes in _scenes_by_room(drawn).items() if room in seen}
    if shared:
        named = [f"{min(scenes)} (as {min(seen[room])})" for room, scenes in sorted(shared.items())[:LISTED]]
        raise QagenError(
            f"found {counted(len(shared), 'scene')} trained on, expected none: {', '.join(named)}; "
            "a benchmark needs scenes whose rooms no training data shows"
        )


def _scenes_by_room(files: Iterable[RecordFile]) -> dict[str, set[str]]:
    from qagen.loaders import LOADERS, make_loader

    loaders = {name: make_loader(name, Path()) for name in LOADERS}
    rooms: dict[str, set[str]] = {}
    for file in files:
        loader = loaders.get(file.dataset.resolve().name, loaders["scannet"])
        for scene in {line.scene for line in read_lines(file)}:
            room = loaders["scannet"].room_of(loader.room_of(scene))  # others republish ScanNet's scenes
            rooms.setdefault(room, set()).add(scene)
    return rooms


def files_of_tasks(
    files: Sequence[RecordFile],
    patterns: Sequence[str],
    tasks_asked: Iterable[str] = TASKS,
    formats_asked: Callable[[str], str | None] = format_of,
) -> dict[tuple[str, str], list[RecordFile]]:
    """Files by task and the format in which it is asked.

    Args:
        files: to choose from.
        patterns: names of tasks or globs; without any, ``tasks_asked``.
        tasks_asked: those of the benchmark; SPAR-Bench's if not said.
        formats_asked: the format in which it asks each; None: fill, or select where there are no records to fill.

    Raises:
        ConfigError: a pattern that no task matches, or no task that can be asked.
    """
    formats: dict[str, set[str]] = {}
    for file in files:
        formats.setdefault(file.type, set()).add(file.format)
    known = sorted(formats)
    tasks = (
        match_names(patterns, known, "--tasks: no records of type")
        if patterns
        else set(tasks_asked).intersection(known)
    )
    found: dict[tuple[str, str], list[RecordFile]] = {}
    for task in sorted(tasks):
        answer_format = formats_asked(task) or ("fill" if "fill" in formats[task] else "select")
        if answer_format in formats[task]:
            group = [file for file in files if (file.type, file.format) == (task, answer_format)]
            found[task, answer_format] = group
    if not found:
        raise ConfigError("--tasks: found no task with records to fill or to select")
    return found


def _read_candidates(files: Iterable[RecordFile], keep: Keep, max_bias: float) -> Iterator[Candidate]:
    """One candidate for each fact that is kept, and all variants in consistency groups; none of more than a bias."""
    facts: set[str] = set()
    for file in files:
        for line, record, evidence in read_pairs(file):
            if (evidence.get("bias") or 0.0) > max_bias:
                continue
            human, gpt = (str(turn["value"]) for turn in record["conversations"])
            if not keep(file.type, human):
                continue
            options = dict(OPTION.findall(human)) if file.format == "select" else {}
            answer = options.get(gpt, gpt)
            group = evidence.get("group") or {}
            told = gpt if options else "", answer_class(answer), str(group.get("id", "")), str(group.get("variant", ""))
            candidate = Candidate(line, *told)
            fact = json.dumps([line.scene, *(evidence.get(key) for key in FACT_KEYS), answer], sort_keys=True)
            if fact not in facts or not candidate.is_first:
                facts.update([fact] if candidate.is_first else [])
                yield candidate


def answer_class(answer: str) -> str:
    """The class over which answers are balanced: a mark, directions of movement, a range of numbers, or the words."""
    numbers = re.findall(r"\d+(?:\.\d+)?", answer)
    if mark := MARK.search(answer):
        return mark[0]
    if ":" in answer:
        return ",".join(re.findall(r"[a-z_]+(?=:(?!0(?:\.0)?(?:,|$)))", answer))
    if len(numbers) == 1:
        return str(math.floor(math.log(max(float(numbers[0]), 0.1), BIN_RATIO)))
    return "" if numbers else answer


# --- drawing ----------------------------------------------------------------------------------------------------------


def draw(
    files: Mapping[tuple[str, str], Sequence[RecordFile]],
    per_task: int,
    seed: int,
    keep: Keep = lambda task, text: True,
    with_variants: bool = True,
    max_bias: float = 1.0,
) -> list[BenchQuestion]:
    """Up to ``per_task`` questions of each task, and the other members of their groups, numbered.

    Args:
        files: by task and format.
        per_task: maximum number.
        seed: of the draw.
        keep: whether a question of a task may be drawn, by its text.
        with_variants: whether the other members of a question's group come with it.
        max_bias: leave out those of which a reader of the words alone is surer than this.
    """
    questions: list[BenchQuestion] = []
    for (task, answer_format), group in files.items():
        candidates = list(_read_candidates(group, keep, max_bias))
        pool = [candidate for candidate in candidates if candidate.is_first]
        if not with_variants:  # the option that it cannot be told would never be right
            pool = _without_twins(pool, candidates)
        chosen = draw_balanced(pool, per_task, rng_for(seed, "bench", task))
        chosen = _with_groups(chosen, candidates) if with_variants else chosen
        questions += [
            BenchQuestion(number, task, answer_format, candidate)
            for number, candidate in enumerate(chosen, len(questions))
        ]
    return questions


def _without_twins(pool: Sequence[Candidate], candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those of the pool that are not paired with a question that cannot be answered."""
    paired = {(one.line.file.dataset, one.group) for one in candidates if one.variant == UNANSWERABLE}
    return [one for one in pool if (one.line.file.dataset, one.group) not in paired]


def _with_groups(chosen: Sequence[Candidate], candidates: Sequence[Candidate]) -> list[Candidate]:
    """Each chosen candidate, followed by the other members of its group."""
    others: dict[tuple[Path, str], list[Candidate]] = {}
    for candidate in candidates:
        if not candidate.is_first:
            others.setdefault((candidate.line.file.dataset, candidate.group), []).append(candidate)
    whole = []
    for candidate in chosen:
        members = others.get((candidate.line.file.dataset, candidate.group), []) if candidate.group else []
        whole += [candidate, *sorted(members, key=lambda member: member.variant)]
    return whole


def draw_tiny(questions: Sequence[BenchQuestion], per_task: int, seed: int) -> list[BenchQuestion]:
    """Up to ``per_task`` of the questions of each task, balanced in the same way."""
    chosen: set[RecordLine] = set()
    for task in dict.fromkeys(question.task for question in questions):
        candidates = [question.candidate for question in questions if question.task == task]
        pool = [candidate for candidate in candidates if candidate.is_first]
        drawn = draw_balanced(pool, per_task, rng_for(seed, "bench", "tiny", task))
        chosen |= {candidate.line for candidate in _with_groups(drawn, candidates)}
    return [question for question in questions if question.candidate.line in chosen]


def draw_balanced(pool: Sequence[Candidate], count: int, rng: "Generator") -> list[Candidate]:
    """Up to ``count`` candidates, each with the letter, answer class and scene used least so far, in that order."""
    tree: dict[str, dict[str, dict[str, list[Candidate]]]] = {}
    for index in rng.permutation(len(pool)):
        candidate = pool[index]
        contents = tree.setdefault(candidate.letter, {})
        contents.setdefault(candidate.content, {}).setdefault(candidate.line.scene, []).append(candidate)
    used: Counter[tuple[str, str]] = Counter()
    chosen = []
    for _ in range(min(count, len(pool))):
        letter = min(tree, key=lambda name: used["letter", name])
        content = min(tree[letter], key=lambda name: used["content", name])
        scenes = tree[letter][content]
        scene = min(scenes, key=lambda name: used["scene", name])
        chosen.append(scenes[scene].pop())
        used.update([("letter", letter), ("content", content), ("scene", scene)])
        if not scenes[scene]:
            del scenes[scene]
        if not scenes:
            del tree[letter][content]
        if not tree[letter]:
            del tree[letter]
    return [chosen[index] for index in rng.permutation(len(chosen))]


def by_task(questions: Sequence[BenchQuestion]) -> dict[tuple[str, str], list[BenchQuestion]]:
    """Questions by task and format."""
    groups: dict[tuple[str, str], list[BenchQuestion]] = {}
    for question in questions:
        groups.setdefault((question.task, question.format), []).append(question)
    return groups
