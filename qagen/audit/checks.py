"""One comparison between what a record says and what is recomputed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

EDGE = 0.001
"""How near to a rounding edge a recomputed number may lie to be taken for either neighbour, in the told unit."""
EPSILON = 1e-4
"""Numerical tolerance of a decision, metres or degrees."""


class Verdict(StrEnum):
    """The outcome of a comparison."""

    AGREE = "agree"
    DISAGREE = "disagree"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison."""

    what: str
    """The quantity: "depth of red"."""
    stated: str
    """What the record says."""
    found: str
    """What is recomputed."""
    verdict: Verdict
    """The outcome."""
    number: float | None = None
    """The recomputed quantity, for numbers."""
    holds: bool | None = None
    """For words and choices: whether the recomputed facts do not contradict the record."""
    off: float | None = None
    """For numbers and boxes: how far what is stated lies from what is recomputed."""


def same(what: str, stated: object, found: object) -> Check:
    """Both must be equal."""
    is_same = stated == found
    return Check(what, str(stated), str(found), verdict(is_same), holds=is_same)


def refuse(what: str, stated: object, found: object) -> Check:
    """Something is wrong whatever else holds."""
    return Check(what, str(stated), str(found), Verdict.DISAGREE, holds=False)


def doubt(what: str, stated: object, found: object) -> Check:
    """It cannot be told."""
    return Check(what, str(stated), str(found), Verdict.UNDECIDED, holds=True)


def number(what: str, stated: float, value: float, step: float) -> Check:
    """``value`` rounded to multiples of ``step`` must be ``stated``, EDGE aside."""
    is_near = abs(stated - value) <= step / 2 + EDGE
    return Check(what, f"{stated:g}", f"{value:.4f}", verdict(is_near), number=value, off=abs(stated - value))


def verdict(agrees: bool) -> Verdict:
    """AGREE or DISAGREE."""
    return Verdict.AGREE if agrees else Verdict.DISAGREE


def outcome(checks: Sequence[Check]) -> Verdict:
    """Of a whole record: the worst of its checks."""
    found = {check.verdict for check in checks}
    return next((one for one in (Verdict.DISAGREE, Verdict.UNDECIDED) if one in found), Verdict.AGREE)


def prefixed(prefix: str, checks: Sequence[Check]) -> list[Check]:
    """The same checks, named more exactly."""
    return [replace(check, what=f"{prefix}{check.what}") for check in checks]
