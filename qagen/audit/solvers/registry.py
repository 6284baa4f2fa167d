"""Which solver answers which type, and how a record in any format is put to it."""

import re
from collections.abc import Mapping, Sequence

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Check, Verdict, doubt, outcome, prefixed, refuse, same
from qagen.audit.resolve_marks import ResolvedMarks, bind
from qagen.audit.solvers.base import Solver, UnreadableError, UnsolvedError
from qagen.audit.solvers.cameras import CameraMotionSolver, NavigationSolver, ViewChangeSolver
from qagen.audit.solvers.metric import DepthSolver, DistanceSolver, MapSolver, RoomSolver, VolumeSolver
from qagen.audit.solvers.nearest import NearestMarkedSolver, NearestOfAllSolver
from qagen.audit.solvers.views import CountSolver, LocateSolver, MatchingSolver, OrderSolver
from qagen.audit.solvers.words import ImaginationSolver, RelationSolver
from qagen.audit.truth import SceneTruth

SOLVERS: tuple[tuple[str, type[Solver]], ...] = (
    (r"depth_prediction_.*", DepthSolver),
    (r"distance_prediction_.*", DistanceSolver),
    (r"distance_infer_center_oc.*", NearestOfAllSolver),
    (r"distance_infer_center_.*", NearestMarkedSolver),
    (r"obj_spatial_relation_.*", RelationSolver),
    (r"spatial_imagination_map_.*", MapSolver),
    (r"spatial_imagination_.*", ImaginationSolver),
    (r"spatial_volume_.*", VolumeSolver),
    (r"position_matching.*", MatchingSolver),
    (r"camera_motion_.*", CameraMotionSolver),
    (r"view_change_.*", ViewChangeSolver),
    (r"obj_frame_locate.*", LocateSolver),
    (r"appearance_order.*", OrderSolver),
    (r"obj_count.*", CountSolver),
    (r"room_size.*", RoomSolver),
    (r"nav.*", NavigationSolver),
)
"""The first pattern that fits a type's whole name."""
MEASURED_SLACK = 2e-3


def solver_of(type_name: str) -> type[Solver] | None:
    """The solver of a type, None when there is none."""
    return next((solver for pattern, solver in SOLVERS if re.fullmatch(pattern, type_name)), None)


def examine(item: AuditRecord, truth: SceneTruth) -> tuple[list[Check], Mapping[str, ResolvedMarks]]:
    """All checks of a record's geometry, and which objects it means."""
    bound, checks = bind(item, truth)
    return checks + resolve(item, bound, truth, with_evidence=True), bound


def resolve(
    item: AuditRecord, bound: Mapping[str, ResolvedMarks], truth: SceneTruth, with_evidence: bool = False
) -> list[Check]:
    """Solve a record whose objects are known, and compare."""
    kind = solver_of(item.type)
    if kind is None:
        return [doubt("type", item.type, "a type that the audit knows")]
    try:
        solver = kind(item, bound, truth)
        checks = [*solver.check_question(), *_answer(item, solver)]
        return checks + (_measured(item, solver) if with_evidence else [])
    except UnreadableError as error:
        return [refuse("wording", item.answer, f"cannot be read: expected {error}")]
    except UnsolvedError as error:
        return [doubt("answer", item.answer, str(error))]


def _answer(item: AuditRecord, solver: Solver) -> list[Check]:
    if item.format == "judge":
        if item.answer not in ("Yes", "No"):
            raise UnreadableError("Yes or No")
        return solver.check_claim(item.answer == "Yes")
    if item.format == "select":
        return _select(item, solver)
    return solver.check_bare(item.answer) if item.format == "fill" else solver.check_sentence(item.answer)


def _select(item: AuditRecord, solver: Solver) -> list[Check]:
    if item.answer not in item.options:
        raise UnreadableError(f"one letter of {', '.join(item.options)}")
    right = solver.check_bare(item.options[item.answer])
    others = {letter: text for letter, text in item.options.items() if letter != item.answer}
    if solver.truth.clean is not None:
        return [*right, *_nearest_option(right, [solver.check_bare(text) for text in others.values()])]
    checks = prefixed(f"option {item.answer}: ", right)
    if len(set(item.options.values())) < len(item.options):
        checks.append(refuse("options", list(item.options.values()), "options that differ"))
    for letter, option in others.items():
        found = outcome(solver.check_bare(option))
        if found is not Verdict.DISAGREE:
            make = refuse if found is Verdict.AGREE else doubt
            checks.append(make(f"option {letter}", option, "is true as well"))
    return checks


def _nearest_option(right: Sequence[Check], others: Sequence[Sequence[Check]]) -> list[Check]:
    """On a disturbed scene: whether the right option is still the one that fits best; nothing for words."""
    if any(check.off is None for check in right):
        return []
    offs = [max((check.off or 0.0) for check in checks) for checks in (right, *others)]
    return [same("nearest option", True, offs[0] == min(offs))]


def _measured(item: AuditRecord, solver: Solver) -> list[Check]:
    """What the evidence says was measured."""
    told = item.evidence.get("measured", {})
    return [
        refuse(f"evidence {name}", told[name], round(value, 4))
        for name, value in solver.measured.items()
        if isinstance(told.get(name), (int, float)) and abs(told[name] - value) > MEASURED_SLACK * max(1, abs(value))
    ]
