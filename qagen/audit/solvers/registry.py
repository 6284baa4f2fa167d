"""Finds the solver of a record, and checks the record's answer, in any format, with it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from qagen.audit import solvers
from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Check, Verdict, check_equal, disagree, prefixed, undecided, worst_verdict
from qagen.audit.rationale.check import check_rationale
from qagen.audit.resolve_marks import ResolvedMark, resolve_marks
from qagen.audit.solvers.base import Solver, UnreadableError, UnsolvedError
from qagen.audit.solvers.twins import check_twin
from qagen.audit.truth import SceneTruth

MEASURED_SLACK = 2e-3
"""Tolerance for measured quantities of the evidence, absolute below 1 and relative above."""


def solver_of(task: Mapping[str, Any]) -> type[Solver] | None:
    """The solver of the types that have these parameters, None where there is none."""
    candidates = solvers_by_family().get(str(task.get("family")), [])
    return next((solver for solver in candidates if solver.solves(task)), None)


@cache
def solvers_by_family() -> dict[str, list[type[Solver]]]:
    """The solvers of all modules beside this one."""

    def subclasses(of: type[Solver]) -> Iterator[type[Solver]]:
        for solver in of.__subclasses__():
            yield solver
            yield from subclasses(solver)

    for module in iter_modules(solvers.__path__, f"{solvers.__name__}."):
        import_module(module.name)
    found: dict[str, list[type[Solver]]] = {}
    for solver in subclasses(Solver):
        if "family" in vars(solver):
            found.setdefault(solver.family, []).append(solver)
    return found


def examine(record: AuditRecord, truth: SceneTruth) -> tuple[list[Check], Mapping[str, ResolvedMark]]:
    """All geometric checks of a record, and the marks whose objects were found."""
    if record.is_twin:
        return check_twin(record, truth), {}
    marks, checks = resolve_marks(record, truth)
    return checks + check_answer(record, marks, truth, with_evidence=True), marks


def check_answer(
    record: AuditRecord, marks: Mapping[str, ResolvedMark], truth: SceneTruth, with_evidence: bool = False
) -> list[Check]:
    """Solve a record whose objects are known, and compare."""
    solver_type = solver_of(record.task)
    if solver_type is None:
        rationale = check_rationale(record, None, truth) if with_evidence else []
        return [undecided("type", record.type, "a type that the audit knows"), *rationale]
    try:
        solver = solver_type(record, marks, truth)
        checks = [*solver.check_question(), *check_format(record, solver), *solver.check_belief()]
    except UnreadableError as error:
        return [disagree("wording", record.answer, f"cannot be read: expected {error}")]
    except UnsolvedError as error:
        rationale = check_rationale(record, None, truth) if with_evidence else []
        return [undecided("answer", record.answer, str(error)), *rationale]
    if with_evidence:
        checks += check_rationale(record, solver, truth)
    stated = record.evidence.get("measured", {}) if with_evidence else {}
    return checks + [
        disagree(f"evidence {name}", stated[name], round(value, 4))
        for name, value in solver.measured.items()
        if isinstance(stated.get(name), (int, float))
        and abs(stated[name] - value) > max(solver.doubt.get(name, 0.0), MEASURED_SLACK * max(1, abs(value)))
    ]


def check_format(record: AuditRecord, solver: Solver) -> list[Check]:
    """Check the answer in its format. Raises UnreadableError."""
    answer = record.answer
    match record.format:
        case "judge":
            if answer not in ("Yes", "No"):
                raise UnreadableError("Yes or No")
            return solver.check_claim(answer == "Yes")
        case "select":
            return _check_options(record, solver)
        case "fill":
            return solver.check_bare(answer)
        case _:
            return solver.check_sentence(answer)


def _check_options(record: AuditRecord, solver: Solver) -> list[Check]:
    """The chosen option must be right, and all others wrong."""
    if record.answer not in record.options:
        raise UnreadableError(f"one letter of {', '.join(record.options)}")
    right = solver.check_bare(record.options[record.answer])
    others = {letter: text for letter, text in record.options.items() if letter != record.answer}
    if solver.truth.original is not None:
        return [*right, *_check_nearest(right, [solver.check_bare(text) for text in others.values()])]
    checks = prefixed(f"option {record.answer}: ", right)
    if len(set(record.options.values())) < len(record.options):
        checks.append(disagree("options", list(record.options.values()), "options that differ"))
    for letter, option in others.items():
        found = worst_verdict(solver.check_bare(option))
        if found is not Verdict.DISAGREE:
            make = disagree if found is Verdict.AGREE else undecided
            checks.append(make(f"option {letter}", option, "is true as well"))
    return checks


def _check_nearest(right: Sequence[Check], others: Sequence[Sequence[Check]]) -> list[Check]:
    """On a perturbed scene, check that the right option is still the nearest one; no check for words."""
    if any(check.off is None for check in right):
        return []
    offs = [max((check.off or 0.0) for check in checks) for checks in (right, *others)]
    return [check_equal("nearest option", True, offs[0] == min(offs))]
