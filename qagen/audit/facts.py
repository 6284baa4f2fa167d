"""How often a scene's records ask the same fact, and whether they cover what there is to ask about."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from qagen.audit.checks import Check, Verdict, disagree, undecided, verdict_of

MOST_TIMES = 3
"""A fact is asked at most this often in one format."""
PHRASED = {"room", "count"}
"""Families with so few facts that each is asked in many words."""
MOST_PER_OBJECT, FULL_COVERAGE = 10, 0.8
"""Most records per object that a type can ask about, and least share of these that fill and sentence name."""
DIGITS = 2
"""Decimals of measured quantities that tell facts apart."""
OF_A_MARK = ("fraction", "aside", "frames")
"""Parts of the names of quantities that belong to a mark, not to the fact."""
FREE_FORMATS = {"fill", "sentence"}
LONGEST_SET = 10


@dataclass(slots=True)
class _TypeCounts:
    family: str
    kind: tuple[Any, ...] = ()
    """What types must share to ask about the same objects: number of images, whether marks are drawn, what is asked."""
    facts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """How often each fact is asked, by format."""
    objects: dict[str, set[Any]] = field(default_factory=lambda: defaultdict(set))
    """Ids of the objects that are named, by format."""


class FactCounts:
    """The facts of one scene's records, read from their evidence."""

    def __init__(self) -> None:
        self._types: dict[str, _TypeCounts] = {}

    def add(self, type_name: str, answer_format: str, evidence: Mapping[str, Any], task: Mapping[str, Any]) -> None:
        """Count one record of a type with these parameters; one without evidence, or a variant, tells no new fact."""
        if evidence and (evidence.get("group") or {}).get("variant", "original") == "original":
            counts = self._types.setdefault(type_name, _TypeCounts(str(task.get("family"))))
            images = len(evidence.get("frames", ()))
            counts.kind = min(images, LONGEST_SET + 1), task.get("mark"), task.get("asks")
            counts.facts[answer_format][_key(evidence)] += 1
            counts.objects[answer_format] |= {row["id"] for row in evidence.get("objects", ())}

    def check(self) -> Iterator[tuple[str, str, Check]]:
        """Checks of every type: type, format, check."""
        for name, counts in sorted(self._types.items()):
            named = set[Any]().union(*counts.objects.values())
            for answer_format, facts in sorted(counts.facts.items()):
                if counts.family not in PHRASED:
                    most = max(facts.values())
                    found = f"at most {MOST_TIMES}"
                    yield (
                        name,
                        answer_format,
                        Check("times a fact is asked", str(most), found, verdict_of(most <= MOST_TIMES)),
                    )
                if named:
                    yield name, answer_format, _check_quota(facts.total(), len(named))
            yield from self._check_coverage(name, counts)

    def _check_coverage(self, name: str, counts: _TypeCounts) -> Iterator[tuple[str, str, Check]]:
        """Compare with what types of the same family and number of images ask about in any format."""
        alike = [one for one in self._types.values() if (one.family, one.kind) == (counts.family, counts.kind)]
        possible = set[Any]().union(*(ids for one in alike for ids in one.objects.values()))
        free = FREE_FORMATS & counts.facts.keys()
        covered = set[Any]().union(*(counts.objects[one] for one in free))
        if covered and max(counts.facts[one].total() for one in free) >= 2 * len(possible):
            share = len(covered) / len(possible)
            stated = f"{len(covered)} of {len(possible)} objects"
            is_enough = verdict_of(share >= FULL_COVERAGE)
            yield name, " and ".join(sorted(free)), Check("coverage", stated, f"{FULL_COVERAGE:.0%}", is_enough)


def _check_quota(records: int, objects: int) -> Check:
    """A type may name fewer objects than it could, so that there is a band above the quota."""
    stated, found = f"{records} records", f"{objects} objects"
    if records <= MOST_PER_OBJECT * objects:
        return Check("records per object", stated, found, Verdict.AGREE)
    make = disagree if records > MOST_PER_OBJECT / FULL_COVERAGE * objects else undecided
    return make("records per object", stated, found)


def _key(evidence: Mapping[str, Any]) -> str:
    """What makes a fact: its objects, and what was measured and answered; no frame, mark or word."""
    objects = sorted(str(row["id"]) for row in evidence.get("objects", ()))
    measured = evidence.get("measured") or {}
    kept = {name: value for name, value in measured.items() if not any(part in name for part in OF_A_MARK)}
    return json.dumps([objects, _rounded(kept), evidence.get("answer")], sort_keys=True)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, Mapping):
        return {name: _rounded(part) for name, part in value.items()}
    return [_rounded(part) for part in value] if isinstance(value, list) else value
