"""Plant faults in the rationales of a run, and count how many of them the audit finds.

    python -m tools.rationale_faults RUN --root DIR [--n 10000] [--seed 0]

Every fault is one that a reader could be misled by: a number beyond what printing explains, another side, name, color,
image or unit, a step that is missing or at another place, another answer; in the sentence, in the values, or in both.
"""

import copy
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.random import Generator

from qagen.audit import from_loader, raw_scannet
from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Verdict
from qagen.audit.evidence import in_world_units
from qagen.audit.plant import spoil_answer
from qagen.audit.rationale.check import check_rationale
from qagen.audit.record_index import AuditSelection, index_records
from qagen.audit.resolve_marks import resolve_marks
from qagen.audit.scale import at_room_scale
from qagen.audit.settings import RunSettings
from qagen.audit.solvers.base import Solver, UnreadableError, UnsolvedError
from qagen.audit.solvers.registry import check_format, solver_of
from qagen.audit.truth import SceneTruth

Step = dict[str, Any]
Steps = list[Step]
Fault = Callable[[Steps, "Solved", Generator], str | None]
"""Plants a fault in the steps; gives the kind of the spoiled step, None where the rationale has nothing of the kind."""

OPPOSITES = (
    ("left", "right"), ("above", "below"), ("up", "down"), ("closer", "farther"), ("in front", "behind"),
    ("clockwise", "counterclockwise"), ("forward", "backward"), ("closest", "farthest"), ("shortest", "longest"),
    ("inside", "apart from"), ("taller", "wider"),
)  # fmt: skip
LEAST_LAST_PLACES, LEAST_SHARE = 2, 0.05
"""A changed number is off by more than so many units of its last place, and by more than this share."""
MOST_ATTEMPTS = 10
"""Attempts for each fault: not every rationale has something of every kind to spoil."""
_NUMBER = re.compile(r"(?<![\w.-])(?<![Ii]mage )-?\d+(?:\.\d+)?(?![\w.]*\d)")
_SPOKEN = {"front": "in front"}


@dataclass(frozen=True, eq=False)
class Solved:
    """A record whose rationale agrees."""

    record: AuditRecord
    """The record."""
    solver: Solver
    """Its solver, done."""
    truth: SceneTruth
    """The scene."""
    where: str
    """Its file and line."""

    def finds(self, steps: Steps) -> bool:
        """Whether the audit objects to other steps in this record's evidence."""
        record = replace(self.record, evidence={**self.record.evidence, "rationale": steps})
        solver = copy.copy(self.solver)
        solver.record = record
        return any(check.verdict is Verdict.DISAGREE for check in check_rationale(record, solver, self.truth))


# --- faults -----------------------------------------------------------------------------------------------------------


def _pick(steps: Steps, wanted: Callable[[Step], bool], rng: Generator) -> Step | None:
    found = [step for step in steps if wanted(step)]
    return found[int(rng.integers(len(found)))] if found else None


def _numbers(step: Step) -> list[re.Match[str]]:
    """The numbers of a sentence but the answer's, those of boxes and names."""
    if step["step"] == "answer":
        return []
    names = re.compile(r'"[^"]*"|\([A-Za-z][^()]*\)')
    hidden = names.sub(lambda match: "_" * len(match[0]) if not re.search(r"\d", match[0]) else match[0], step["says"])
    return [match for match in _NUMBER.finditer(hidden) if match[0].lstrip("-") not in ("0", "1000")]


USUAL_DECIMALS = 2
"""Decimals to which the audit compares lengths; some are printed with more, so that what follows from them holds."""


def _changed(text: str, rng: Generator) -> str:
    """Another number in print, beyond what rounding explains."""
    decimals = len(text.partition(".")[2])
    value = float(text)
    usual = min(decimals, USUAL_DECIMALS)
    least = max((LEAST_LAST_PLACES + 0.5) * 10.0**-usual, 1.05 * LEAST_SHARE * abs(value))
    by = least * (1 + 3 * rng.random())
    sign = 1 if value >= 0 and value - by < 0 else (1, -1)[int(rng.integers(2))]
    return f"{value + sign * by:.{decimals}f}"


def number_in_sentence(steps: Steps, solved: Solved, rng: Generator) -> str | None:
    """A number of a sentence, while its value stays."""
    step = _pick(steps, lambda one: bool(_numbers(one)), rng)
    if step is None:
        return None
    found = _numbers(step)
    match = found[int(rng.integers(len(found)))]
    step["says"] = step["says"][: match.start()] + _changed(match[0], rng) + step["says"][match.end() :]
    return _kind(step)


def number_in_values(steps: Steps, solved: Solved, rng: Generator) -> str | None:
    """A number of the values, while the sentence stays."""
    return _change_value(steps, rng, in_sentence=False)


def number_in_both(steps: Steps, solved: Solved, rng: Generator) -> str | None:
    """A number of the values, and the same number of the sentence."""
    return _change_value(steps, rng, in_sentence=True)


def _change_value(steps: Steps, rng: Generator, in_sentence: bool) -> str | None:
    leaves = [(step, *leaf) for step in steps for leaf in _leaves(step) if step["step"] != "answer"]
    leaves = [leaf for leaf in leaves if not in_sentence or leaf[0]["says"].count(_printed(leaf[0], leaf[3])) == 1]
    if not leaves:
        return None
    step, holder, key, value = leaves[int(rng.integers(len(leaves)))]
    before = _printed(step, value)
    after = _changed(before, rng)
    holder[key] = float(after) if "." in after else int(after)
    if in_sentence:
        step["says"] = step["says"].replace(before, after)
    return _kind(step)


def _leaves(step: Step) -> Iterator[tuple[Any, Any, float]]:
    """Numbers of a step's values that are measured: where each is held, under which key, and the number."""

    def walk(holder: Any, keys: Sequence[Any]) -> Iterator[tuple[Any, Any, float]]:
        for key in keys:
            value = holder[key]
            if isinstance(value, list):
                yield from walk(value, range(len(value)))
            elif isinstance(value, float):
                yield holder, key, value

    yield from walk(step, [key for key in step if key not in ("step", "form", "says")])


def _printed(step: Step, value: float) -> str:
    """A value as its sentence prints it."""
    found = [match[0] for match in _NUMBER.finditer(step["says"]) if float(match[0]) == value and "." in match[0]]
    return found[0] if found else f"{value}"


def side_in_both(steps: Steps, solved: Solved, rng: Generator) -> str | None:
    """A direction in the sentence and in the values."""
    return _swap_side(steps[:-1], rng, in_values=True)


def side_in_sentence(steps: Steps, solved: Solved, rng: Generator) -> str | None:
    """A direction in the sentence alone."""
    return _swap_side(steps[:-1], rng, in_values=False)


def _swap_side(steps: Steps, rng: Generator, in_values: bool) -> str | None:
    ways = [(step, match) for step in steps for match in _sides(step)]
    if not ways:
        return None
    step, match = ways[int(rng.integers(len(ways)))]
    other = next(b if match[0] == a else a for a, b in OPPOSITES if match[0] in (a, b))
    step["says"] = step["says"][: match.start()] + other + step["says"][match.end() :]
    if in_values:
        count = len(re.findall(rf"\b{match[0]}\b", step["says"][: match.start()]))
        _swap_word(step, match[0], other, count)
    return _kind(step)


def _sides(step: Step) -> list[re.Match[str]]:
    """The direction words that state something, not those that name axes or ways that hardly differ from none."""
    words = "|".join(sorted({word for pair in OPPOSITES for word in pair}, key=len, reverse=True))
    hidden = re.sub(
        r"\((?:right|left)[^()]*\)|in front or|left or|above or|closer or", lambda m: "_" * len(m[0]), step["says"]
    )
    found = list(re.finditer(rf"\b(?:{words})\b", hidden))
    return [match for match in found if not _is_almost_none(hidden, match)]


def _is_almost_none(text: str, word: re.Match[str]) -> bool:
    """Whether the amount that belongs to a word is no more than rounding explains."""
    before = re.search(rf"({_NUMBER.pattern})(?: [a-z]+)?(?: (?:to the|degrees))*(?: to the)? ?$", text[: word.start()])
    after = re.match(rf" ({_NUMBER.pattern}) degrees", text[word.end() :])
    number = before[1] if before else after[1] if after else None
    if number is None:
        return False
    return float(number) <= LEAST_LAST_PLACES * 10.0 ** -len(number.partition(".")[2])


def _swap_word(holder: Any, old: str, new: str, count: int) -> int:
    """Replace the word's occurrence with this number among the values; gives the occurrences still to pass."""
    spoken = {value: key for key, value in _SPOKEN.items()}
    old, new = spoken.get(old, old), spoken.get(new, new)
    keys = range(len(holder)) if isinstance(holder, list) else [k for k in holder if k not in ("step", "form", "says")]
    for key in keys:
        if isinstance(holder[key], list):
            count = _swap_word(holder[key], old, new, count)
        elif isinstance(holder[key], str) and re.search(rf"\b{old}\b", holder[key], re.IGNORECASE):
            if count == 0:
                holder[key] = re.sub(rf"\b{old}\b", new, holder[key], flags=re.IGNORECASE)
            count -= 1
    return count


def names_in_sentence(steps: Steps, solved: Solved, rng: Generator) -> str | None:
    """Two objects of a sentence, which exchange their names."""
    return _swap_names(steps, solved, rng, in_values=False)


def names_in_both(steps: Steps, solved: Solved, rng: Generator) -> str | None:
    """The same, in the values as well."""
    return _swap_names(steps, solved, rng, in_values=True)


def _swap_names(steps: Steps, solved: Solved, rng: Generator, in_values: bool) -> str | None:
    rows = solved.record.evidence.get("objects", ())
    labels = [(str(row["color"]), str(row["label"])) for row in rows]
    pairs = [(a, b) for i, a in enumerate(labels) for b in labels[i + 1 :] if a[1] != b[1]]
    found = [
        (step, a, b)
        for step in steps
        for a, b in pairs
        if step["step"] != "answer" and all(re.search(rf"\b{re.escape(one[1])}\b", step["says"]) for one in (a, b))
    ]
    found = [(step, a, b) for step, a, b in found if [label for _, label in labels].count(a[1]) == 1]
    if not found:
        return None
    step, a, b = found[int(rng.integers(len(found)))]
    step["says"] = _exchanged(step["says"], a[1], b[1])
    if in_values:
        _exchange_words(step, a[0], b[0])
    return _kind(step)


def _exchanged(text: str, first: str, second: str) -> str:
    swap = {first: second, second: first}
    pattern = "|".join(sorted(map(re.escape, swap), key=len, reverse=True))
    return re.sub(rf"\b(?:{pattern})\b", lambda match: swap[match[0]], text)


def _exchange_words(holder: Any, first: str, second: str) -> None:
    keys = range(len(holder)) if isinstance(holder, list) else [k for k in holder if k not in ("step", "form", "says")]
    for key in keys:
        if isinstance(holder[key], list):
            _exchange_words(holder[key], first, second)
        elif holder[key] in (first, second):
            holder[key] = second if holder[key] == first else first


def colors(steps: Steps, solved: Solved, rng: Generator) -> str | None:
    """Two colors of a sentence."""
    pattern = r"\b(red|blue|green|yellow|magenta|object\d|Object\d|point\d)\b"
    step = _pick(steps, lambda one: one["step"] != "answer" and len(set(re.findall(pattern, one["says"]))) > 1, rng)
    if step is None:
        return None
    found = list(dict.fromkeys(re.findall(pattern, step["says"])))
    first, second = (found[int(k)] for k in rng.permutation(len(found))[:2])
    step["says"] = _exchanged(step["says"], first, second)
    return _kind(step)


def image(steps: Steps, solved: Solved, rng: Generator) -> str | None:
    """The number of an image or frame, in the sentence, or in the values as well."""
    pattern = r"\b([Ii]mage |Frame-)(\d+)\b"
    step = _pick(steps, lambda one: one["step"] != "answer" and bool(re.search(pattern, one["says"])), rng)
    if step is None:
        return None
    found = list(re.finditer(pattern, step["says"]))
    match = found[int(rng.integers(len(found)))]
    number = int(match[2])
    other = number + 1 if number < 2 or rng.random() < 0.5 else number - 1
    step["says"] = step["says"][: match.start(2)] + str(other) + step["says"][match.end(2) :]
    start = 1 if match[1].lower() == "image " else 0
    keys = [key for key in ("image", "camera", "first", "last") if step.get(key) == number - start]
    if len(keys) == 1 and rng.random() < 0.5:
        step[keys[0]] = other - start
    return _kind(step)


def dropped(steps: Steps, solved: Solved, rng: Generator) -> str | None:
    """A step."""
    return _kind(steps.pop(int(rng.integers(len(steps)))))


def exchanged(steps: Steps, solved: Solved, rng: Generator) -> str | None:
    """Two steps."""
    if len(steps) < 2:
        return None
    first, second = (int(k) for k in rng.permutation(len(steps))[:2])
    steps[first], steps[second] = steps[second], steps[first]
    return _kind(steps[first])


def answer(steps: Steps, solved: Solved, rng: Generator) -> str | None:
    """The answer, in the sentence, or in the values as well."""
    step = steps[-1]
    if isinstance(step.get("value"), list):
        return _swap_side(steps[-1:], rng, in_values=rng.random() < 0.5)
    said = str(step.get("value", ""))
    spoiled = _other_answer(said, solved, rng)
    if spoiled is None or spoiled == said or not said:
        return None
    at = step["says"].rindex(said)
    step["says"] = step["says"][:at] + spoiled + step["says"][at + len(said) :]
    if rng.random() < 0.5:
        step["value"] = spoiled
    return _kind(step)


def _other_answer(said: str, solved: Solved, rng: Generator) -> str | None:
    if solved.record.format == "select":
        human = solved.record.raw["conversations"][0]["value"]
        others = [text.removesuffix(".") for text in re.findall(r"(?m)^[A-D]\. (.*)$", human)]
        return next((text for text in rng.permutation(others).tolist() if text != said), None)
    return {"Yes": "No", "No": "Yes"}.get(said) or spoil_answer("", said, "fill", rng)


def unit(steps: Steps, solved: Solved, rng: Generator) -> str | None:
    """A unit, in the sentence, or in the values as well."""
    pattern = r"\b((?:milli|centi|kilo)?meters|degrees)\b"
    step = _pick(steps, lambda one: one["step"] != "answer" and bool(re.search(pattern, one["says"])), rng)
    if step is None:
        return None
    found = list(re.finditer(pattern, step["says"]))
    match = found[int(rng.integers(len(found)))]
    other = {"meters": "centimeters", "centimeters": "meters", "degrees": "meters"}.get(match[0], "meters")
    step["says"] = step["says"][: match.start()] + other + step["says"][match.end() :]
    if rng.random() < 0.5 and "unit" in step and match[0] != "degrees":
        step["unit"] = step["unit"].replace(match[0], other)
    return _kind(step)


def _kind(step: Step) -> str:
    return f"{step['step']} {step['form']}"


FAULTS: tuple[Fault, ...] = (
    number_in_sentence, number_in_values, number_in_both, side_in_both, side_in_sentence, names_in_sentence,
    names_in_both, colors, image, dropped, exchanged, answer, unit,
)  # fmt: skip


# --- counting ---------------------------------------------------------------------------------------------------------


def solved_records(out: Path, root: Path, count: int | None = None) -> Iterator[Solved]:
    """The records of a run whose rationales agree; raises ValueError at the first that does not."""
    index = index_records(out, AuditSelection())
    for (folder, scene_id), refs in sorted(index.scenes.items()):
        dataset, settings = folder.resolve().name, RunSettings.read(folder / "report.json")
        scene = (
            raw_scannet.read_scene(root, scene_id)
            if dataset == "scannet"
            else from_loader.read_scene(dataset, root, scene_id)
        )
        truth = SceneTruth.of(at_room_scale(scene, settings.scales.get(scene_id)))
        for ref in refs[:count]:
            raw, evidence = ref.read()
            assert raw is not None
            file, task = ref.line.file, settings.task(ref.line.file.type)
            evidence = in_world_units(evidence, truth.scene)
            record = AuditRecord(file.type, file.format, str(ref.line), raw, evidence, ref.line.scene, task)
            solved = solve(record, truth)
            if solved is not None:
                yield solved


def solve(record: AuditRecord, truth: SceneTruth) -> Solved | None:
    """The record with its solver; None where the audit cannot decide about its answer."""
    marks, _ = resolve_marks(record, truth)
    kind = solver_of(record.task)
    try:
        solver = kind(record, marks, truth) if kind is not None else None
        if solver is not None:
            check_format(record, solver)
    except (UnsolvedError, UnreadableError):
        return None
    return None if solver is None else Solved(record, solver, truth, record.where)


def plant(solved: Solved, fault: Fault, rng: Generator) -> tuple[str, bool, Steps] | None:
    """The kind of the spoiled step, whether the audit finds it, and the steps; None without anything to spoil."""
    right = list(solved.record.evidence["rationale"])
    steps = copy.deepcopy(right)
    kind = fault(steps, solved, rng)
    if kind is None or steps == right:
        return None
    return kind, solved.finds(steps), steps


@click.command()
@click.argument("run", type=click.Path(exists=True, path_type=Path))
@click.option("--root", type=click.Path(exists=True, path_type=Path), required=True, help="The dataset.")
@click.option("--n", "count", default=10_000, show_default=True, help="Number of planted faults.")
@click.option("--seed", default=0, show_default=True)
@click.option("--missed", default=0, show_default=True, help="Number of missed faults to print.")
def main(run: Path, root: Path, count: int, seed: int, missed: int) -> None:
    """Plant faults in the rationales of RUN, and print the share that the audit finds."""
    records = list(solved_records(run, root))
    alarms = [one for one in records if one.finds(list(one.record.evidence["rationale"]))]
    click.echo(f"{len(alarms)} of {len(records)} untouched rationales disagree")
    for one in alarms[:20]:
        click.echo(f"  {one.where}")
    by_name: dict[str, Counter[bool]] = defaultdict(Counter)
    rng = np.random.default_rng(seed)
    for attempt in range(MOST_ATTEMPTS * count if records else 0):
        if by_name["all"].total() == count:
            break
        one, fault = records[int(rng.integers(len(records)))], FAULTS[attempt % len(FAULTS)]
        result = plant(one, fault, rng)
        if result is None:
            continue
        kind, is_found, steps = result
        for name in ("all", f"fault {fault.__name__}", f"family {one.record.task['family']}", f"step {kind}"):
            by_name[name][is_found] += 1
        if not is_found and missed > 0:
            missed -= 1
            click.echo(f"missed: {fault.__name__} {one.where}\n  {json.dumps([step['says'] for step in steps])}")
    for name, found in sorted(by_name.items()):
        click.echo(f"{name:40} {found[True]:6} of {found.total():6} {found[True] / found.total():8.2%}")


if __name__ == "__main__":
    main()
