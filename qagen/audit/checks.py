"""One comparison of what a record states with what is recomputed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

EDGE = 0.001
"""A recomputed number this close to a rounding edge may be rounded either way, in the unit of the stated number."""
EDGE_SHARE = 0.01
"""The same as a share of the step of rounding, where that is less."""
EPSILON = 1e-4
"""Numerical tolerance of a decision, meters or degrees."""


class Verdict(StrEnum):
    """The result of a comparison."""

    AGREE = "agree"
    DISAGREE = "disagree"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison."""

    what: str
    """The quantity, such as "depth of red"."""
    stated: str
    """What the record states."""
    found: str
    """What is recomputed."""
    verdict: Verdict
    """The result."""
    number: float | None = None
    """The recomputed quantity, for numbers."""
    holds: bool | None = None
    """Whether the recomputed facts do not contradict the record, for words and choices."""
    off: float | None = None
    """Difference between the stated and the recomputed value, for numbers and boxes."""


def check_equal(what: str, stated: object, found: object) -> Check:
    """A check that both are equal."""
    is_equal = stated == found
    return Check(what, str(stated), str(found), verdict_of(is_equal), holds=is_equal)


def check_number(what: str, stated: float, value: float, step: float) -> Check:
    """A check that ``value``, rounded to multiples of ``step``, is the stated one, give or take EDGE or EDGE_SHARE."""
    is_near = abs(stated - value) <= step / 2 + min(EDGE, EDGE_SHARE * step)
    return Check(what, f"{stated:g}", f"{value:.4f}", verdict_of(is_near), number=value, off=abs(stated - value))


def disagree(what: str, stated: object, found: object) -> Check:
    """A failed check."""
    return Check(what, str(stated), str(found), Verdict.DISAGREE, holds=False)


def undecided(what: str, stated: object, found: object) -> Check:
    """An inconclusive check."""
    return Check(what, str(stated), str(found), Verdict.UNDECIDED, holds=True)


def verdict_of(agrees: bool) -> Verdict:
    """AGREE or DISAGREE."""
    return Verdict.AGREE if agrees else Verdict.DISAGREE


def worst_verdict(checks: Sequence[Check]) -> Verdict:
    """The verdict on a record: the worst of its checks."""
    found = {check.verdict for check in checks}
    return next((one for one in (Verdict.DISAGREE, Verdict.UNDECIDED) if one in found), Verdict.AGREE)


def prefixed(prefix: str, checks: Sequence[Check]) -> list[Check]:
    """The same checks with a prefix to their quantities."""
    return [replace(check, what=f"{prefix}{check.what}") for check in checks]
