"""Whether a rationale says what its steps have, what the audit recomputes, and all that leads to the answer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Check, disagree, undecided
from qagen.audit.parse import UNNAMED
from qagen.audit.rationale.chains import chain_of
from qagen.audit.rationale.expected import AnyOf, Expected, Number, Signed, roles_of
from qagen.audit.rationale.read import Reader, Said, UnreadableStepError
from qagen.audit.rationale.sums import check_sums
from qagen.audit.solvers.base import Solver, UnsolvedError
from qagen.audit.truth import SceneTruth

MOST_WORDS = 120
PRINTED = 1.02
"""Steps of the last place by which a printed number may be off: rounding, and rounding of what it is made of."""
NAMES = ("step", "form", "says")
"""Keys of every step; the others are its values."""


def check_rationale(record: AuditRecord, solver: Solver | None, truth: SceneTruth) -> list[Check]:
    """Check the rationale in the evidence of a record, if there is one; yields failed checks only.

    Args:
        solver: the solved record, None where it could not be solved.
    """
    if "rationale" not in record.evidence:
        return []
    try:
        return list(_check_steps(record, solver, truth, record.evidence["rationale"]))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        return [disagree("rationale", repr(error), "steps with their values")]


def _check_steps(
    record: AuditRecord, solver: Solver | None, truth: SceneTruth, steps: Sequence[Mapping[str, Any]]
) -> Iterator[Check]:
    words = sum(len(step["says"].split()) for step in steps)
    if words > MOST_WORDS:
        yield disagree("words of the rationale", words, f"at most {MOST_WORDS}")
    reader, read = reader_of(record, truth), []
    for number, step in enumerate(steps, start=1):
        what = f"step {number} of the rationale"
        try:
            said = reader.read(step["step"], step["form"], step["says"])
        except UnreadableStepError as error:
            yield disagree(what, step["says"], f"cannot be read: expected {error}")
            continue
        read.append((f"{step['step']} {step['form']}", said))
        unsaid = ("of", "to") if step["form"] == "first" else ()  # the step before names the two
        stated = {name: value for name, value in step.items() if name not in (*NAMES, *unsaid)}
        if not _is_said(stated, said):
            yield disagree(what, step["says"], f"the values of the step, {stated}")
    try:
        chain = None if solver is None else chain_of(solver)
    except UnsolvedError as error:
        yield undecided("rationale", [step["says"] for step in steps], error)
        return
    if chain is None:
        return
    found = [f"{step['step']} {step['form']}" for step in steps]
    failed = list(_check_chain(_without_optional(chain, found, words, reader), steps, found))
    yield from failed or check_sums(read)


def _without_optional(chain: Sequence[Expected], found: Sequence[str], words: int, reader: Reader) -> list[Expected]:
    """The chain without the steps that are left out because there would be too many words otherwise."""
    kept = list(chain)
    left_out = [one for one in chain if one.frame and one.kind not in found]
    for one in reversed(left_out):  # the last one was left out last
        words += _words_of(one, reader)
        if words <= MOST_WORDS:
            return kept
        kept.remove(one)
    return kept


def _words_of(step: Expected, reader: Reader) -> int:
    """Number of words of the sentence of a step that tells places or directions."""
    names = {role: name for name, role in reader.short.items()}
    called = {name: names.get(value) for name, value in step.values.items() if isinstance(value, str)}
    points = sum(len(names[role].split()) + 1 + len(place) for role, place in step.values.get("points", ()))
    slots = sum(_words_of_slot(axis, word) for axis, word, _ in step.values.get("slots", ()))
    return len(step.frame.format(**called).split()) + points + slots


def _words_of_slot(axis: str, word: Any) -> int:
    """Number of words of a direction with its amount; the largest where it may be unclear."""
    if word == "" or isinstance(word, AnyOf):
        return 6 if axis == "front_behind" else 5
    return 3 if word == "front" else 2


def _check_chain(
    chain: Sequence[Expected], steps: Sequence[Mapping[str, Any]], found: Sequence[str]
) -> Iterator[Check]:
    kinds = [one.kind for one in chain]
    if kinds != found:
        yield disagree("steps of the rationale", ", ".join(found), ", ".join(kinds))
        return
    for number, (expected, step) in enumerate(zip(chain, steps, strict=True), start=1):
        stated = {name: value for name, value in step.items() if name not in NAMES}
        values = dict(expected.values)
        moved = values.pop("moved", None)
        if moved is not None:  # the pair is told under two names
            stated["moved"] = [stated.pop("move", None), stated.pop("value", None)]
            values["moved"] = moved
        if not _holds(values, stated):
            yield disagree(f"step {number} of the rationale", step["says"], _spelled(values))


def _is_said(stated: Any, said: Any) -> bool:
    """Whether what a sentence says is what its step has, number for number as they are printed."""
    if isinstance(said, Said):
        is_number = isinstance(stated, int | float) and not isinstance(stated, bool)
        return is_number and abs(float(said.text) - stated) < 1e-9 and isinstance(stated, int) == (said.decimals == 0)
    if isinstance(stated, Mapping):
        is_alike = isinstance(said, Mapping) and set(stated) == set(said)
        return is_alike and all(_is_said(stated[name], said[name]) for name in said)
    if isinstance(stated, list):
        is_list = isinstance(said, list) and len(said) == len(stated)
        return is_list and all(_is_said(*pair) for pair in zip(stated, said, strict=True))
    return stated == said


def _holds(expected: Any, stated: Any) -> bool:
    """Whether what a step has is what is recomputed."""
    match expected:
        case AnyOf():
            return any(_holds(value, stated) for value in expected.values)
        case Signed():
            return isinstance(stated, list) and _has_sign(expected, stated)
        case Number():
            return _is_near(expected, stated, expected.value)
        case Mapping():
            return set(stated) == set(expected) and all(_holds(expected[name], stated[name]) for name in expected)
        case list():
            return isinstance(stated, list) and _holds_each(expected, stated)
        case str():
            return isinstance(stated, str) and expected.lower() == stated.lower()
        case _:
            return expected == stated


def _holds_each(expected: Sequence[Any], stated: Sequence[Any]) -> bool:
    """A leg is told as word, turn, length: a word with its number, then another number."""
    if len(expected) == 2 and isinstance(expected[0], Signed) and len(stated) == 3:
        return _holds(expected[0], list(stated[:2])) and _holds(expected[1], stated[2])
    is_long = len(expected) == len(stated)
    return is_long and all(_holds(*pair) for pair in zip(expected, stated, strict=True))


def _has_sign(expected: Signed, stated: Sequence[Any]) -> bool:
    word, amount = stated
    signs = {expected.positive: 1.0, expected.negative: -1.0}
    if word not in signs or not isinstance(amount, int | float) or amount < 0:
        return False
    return _is_near(expected.number, signs[word] * amount, expected.number.value)


def _is_near(expected: Number, stated: Any, value: float) -> bool:
    is_number = isinstance(stated, int | float) and not isinstance(stated, bool)
    printed = PRINTED * 10.0**-expected.decimals
    is_stated = expected.stated is None or (is_number and abs(stated - expected.stated) <= printed)
    return is_number and is_stated and abs(stated - value) <= printed + expected.doubt


def _spelled(values: Any) -> Any:
    """Expected values for people."""
    match values:
        case AnyOf():
            return [_spelled(value) for value in values.values]
        case Signed():
            return f"{values.number.value:+.{values.number.decimals + 1}f} ({values.positive})"
        case Number():
            return round(values.value, values.decimals + 1)
        case Mapping():
            return {name: _spelled(value) for name, value in values.items()}
        case list():
            return [_spelled(value) for value in values]
        case _:
            return values


def reader_of(record: AuditRecord, truth: SceneTruth) -> Reader:
    """A reader that knows what the question calls its objects."""
    roles, full, short = roles_of(record), {}, {}
    called = {mention.token: mention for mention in reversed(record.mentions) if mention.token in roles}
    names = [mention.label for mention in called.values()]
    for token, mention in called.items():
        role, mark = roles[token], f"{token} {mention.shape}"
        if mention.label == UNNAMED and (token != "red" or record.marks_places):
            full[mark] = short[mark] = role
            continue
        label = mention.label
        notes = [note for note in (mention.alias, mark if mention.shape else None) if note]
        full[" ".join([label, *(f"({note.lower()})" for note in notes)])] = role
        is_alone = names.count(label) + (label != UNNAMED and names.count(UNNAMED)) == 1
        short[label if is_alone or not notes else f"{label} ({notes[0].lower()})"] = role
    vocabulary = truth.scene.vocabulary | {one.label for one in truth.instances}
    return Reader(full, short, frozenset(vocabulary))
