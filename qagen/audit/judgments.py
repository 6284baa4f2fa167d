"""What judges said about a check sheet: error rates, agreement, and the planted errors that they caught."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen import cli
from qagen.audit.sheet import ANSWERS, PLANTED, QUESTIONS, VERDICTS, Answer, Question
from qagen.audit.shortcuts import wilson
from qagen.errors import ConfigError, did_you_mean
from qagen.files import read_json_lines

if TYPE_CHECKING:
    from rich.table import Table

ORDER = tuple(VERDICTS)
EXACT = ("select", "judge")
"""Formats in which a judge's own answer can be compared with the record's letter by letter."""


class Judgment(msgspec.Struct):
    """What a judge said about one sample."""

    id: str
    answer: str = ""
    """The judge's own answer, given before seeing the record's."""
    verdict: Literal["right", "ugly", "unclear", "wrong"] | None = None
    """None while not judged."""
    note: str = ""


Judgments = dict[str, Judgment]
"""One judge's, by id."""


@dataclass(frozen=True, slots=True)
class JudgedSheet:
    """A sheet with the judgments of all judges."""

    questions: dict[str, Question]
    """By id."""
    answers: dict[str, str]
    """The answers shown, by id."""
    planted: frozenset[str]
    """Ids of the samples whose shown answer is wrong on purpose."""
    judges: dict[str, Judgments]
    """By the name of the judge's file."""

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdict of most judges on each judged sample that is not planted; of several such, the worst."""
        said = {id_: [judged[id_].verdict for judged in self.judges.values() if id_ in judged] for id_ in self.honest}
        return {id_: of_most([one for one in verdicts if one]) for id_, verdicts in said.items() if any(verdicts)}

    @property
    def honest(self) -> list[str]:
        """Ids of the samples that are not planted."""
        return [id_ for id_ in self.questions if id_ not in self.planted]


def of_most(verdicts: Sequence[str]) -> str:
    """The most frequent verdict; of several, the worst."""
    counts = Counter(verdicts)
    return max(counts, key=lambda verdict: (counts[verdict], ORDER.index(verdict)))


def read_judged(sheet: Path, files: Sequence[Path]) -> JudgedSheet:
    """Read a sheet's folder and the files of its judges.

    Raises:
        ConfigError: the folder is no sheet, or a file has an unknown or a repeated id.
        QagenError: a line is no judgment; the message names it.
    """
    if not (sheet / QUESTIONS).is_file():
        raise ConfigError(f"{sheet}: found no {QUESTIONS}, expected the folder that --sheet has written")
    questions = {one.id: one for _, _, one in read_json_lines(sheet / QUESTIONS, Question)}
    answers = {one.id: one.answer for _, _, one in read_json_lines(sheet / ANSWERS, Answer)}
    planted = frozenset(one.id for _, _, one in read_json_lines(sheet / PLANTED, Answer))
    stems = Counter(file.stem for file in files)
    judges = {file.stem if stems[file.stem] == 1 else str(file): _read_judge(file, questions) for file in files}
    if len(judges) < len(files):
        raise ConfigError("--verdicts: found a file twice, expected one file for each judge")
    return JudgedSheet(questions, answers, planted, judges)


def _read_judge(file: Path, questions: Mapping[str, Question]) -> Judgments:
    judged: Judgments = {}
    lines: dict[str, int] = {}
    if not file.is_file():
        raise ConfigError(f"--verdicts: {file}: found no such file")
    for number, _, one in read_json_lines(file, Judgment):
        if one.id not in questions:
            raise ConfigError(
                f"{file}:{number}: id: found {one.id!r}, not on this sheet.{did_you_mean(one.id, questions)}"
            )
        if one.id in judged:
            raise ConfigError(f"{file}:{number}: id: found {one.id!r} a second time, first in line {lines[one.id]}")
        judged[one.id], lines[one.id] = one, number
    return judged


# --- agreement --------------------------------------------------------------------------------------------------------


def fleiss_kappa(counts: NDArray[np.int_]) -> float:
    """Fleiss' kappa.

    Args:
        counts: (samples, categories) number of judges who chose the category; all rows have the same sum.

    Returns:
        1 for full agreement, 0 for that of chance; NaN where all judgments are the same or there are none.
    """
    judges = counts.sum(axis=1)
    if not len(counts) or (counts.sum(axis=0) == counts.sum()).any():
        return nan
    observed = float(np.mean((counts * (counts - 1)).sum(axis=1) / (judges * (judges - 1))))
    chance = float(np.sum((counts.sum(axis=0) / counts.sum()) ** 2))
    return (observed - chance) / (1 - chance)


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> float:
    """Cohen's kappa of two judges; NaN where all judgments are the same or there are none."""
    from sklearn.metrics import cohen_kappa_score

    return nan if len({*first, *second}) < 2 else float(cohen_kappa_score(first, second))


def agreements(judged: JudgedSheet) -> Iterator[tuple[str, int, int, float]]:
    """Names of judges, samples that they all judged, those with one verdict, and kappa; the planted ones left out.

    Cohen's kappa for every two, and Fleiss' for all of more than two.
    """
    names = list(judged.judges)
    for some in [*combinations(names, 2), *([tuple(names)] if len(names) > 2 else [])]:
        said = [
            [one.verdict for name in some if (one := judged.judges[name].get(id_)) and one.verdict]
            for id_ in judged.honest
        ]
        common = [verdicts for verdicts in said if len(verdicts) == len(some)]
        equal = sum(len(set(verdicts)) == 1 for verdicts in common)
        if len(some) == 2:
            kappa = cohen_kappa([one[0] for one in common], [one[1] for one in common])
        else:
            counts = [[row.count(verdict) for verdict in ORDER] for row in common]
            kappa = fleiss_kappa(np.array(counts, int).reshape(-1, len(ORDER)))
        yield ", ".join(some), len(common), equal, kappa


# --- tables -----------------------------------------------------------------------------------------------------------


def judged_tables(judged: JudgedSheet) -> "Iterator[Table]":
    """What the judges said by type, by format and by judge, and how far they agree."""
    verdicts = judged.verdicts
    yield _rates("type", [(judged.questions[id_].type, verdict) for id_, verdict in verdicts.items()])
    yield _rates("format", [(judged.questions[id_].format, verdict) for id_, verdict in verdicts.items()])
    yield _judges(judged)
    if len(judged.judges) > 1:
        yield _agreement(judged)


def remarks(judged: JudgedSheet) -> Iterator[str]:
    """Judge, id, verdict and note of each sample that is not right or has a note; the planted ones left out."""
    for name, judgments in judged.judges.items():
        for one in judgments.values():
            if one.id not in judged.planted and (one.note or one.verdict not in ("right", None)):
                said = f"{one.verdict or 'not judged'}{': ' if one.note else ''}{one.note}"
                yield f"{name}: {one.id}: {said}"


def _rates(key: str, said: Iterable[tuple[str, str]]) -> "Table":
    rows: dict[str, Counter[str]] = {}
    for name, verdict in sorted(said):
        rows.setdefault(name, Counter())[verdict] += 1
    rows["all"] = sum(rows.values(), Counter())
    table = cli.table(key, "judged", *ORDER, "wrong (95 %)", title=f"Verdicts by {key}", justify="right")
    for name, counts in rows.items():
        total = counts.total()
        table.add_row(name, str(total), *(str(counts[verdict]) for verdict in ORDER), _rate(counts["wrong"], total))
    return table


def _judges(judged: JudgedSheet) -> "Table":
    columns = ("judged", *ORDER, "wrong (95 %)", "same answer", "caught")
    table = cli.table("judge", *columns, title="Verdicts by judge", justify="right")
    for name, judgments in judged.judges.items():
        said = [one for one in judgments.values() if one.verdict]
        honest = [one for one in said if one.id not in judged.planted]
        counts = Counter(one.verdict for one in honest)
        planted = [one.verdict for one in said if one.id in judged.planted]
        exact = [one for one in honest if one.answer and judged.questions[one.id].format in EXACT]
        same = sum(one.answer.strip().casefold() == judged.answers[one.id].casefold() for one in exact)
        table.add_row(
            name, str(len(honest)), *(str(counts[verdict]) for verdict in ORDER), _rate(counts["wrong"], len(honest)),
            _part(same, len(exact)), _part(planted.count("wrong"), len(planted)),
        )  # fmt: skip
    return table


def _agreement(judged: JudgedSheet) -> "Table":
    table = cli.table("judges", "same verdict", "(95 %)", "kappa", title="Agreement between judges", justify="right")
    for names, common, equal, kappa in agreements(judged):
        table.add_row(names, _part(equal, common), _rate(equal, common), f"{kappa:.2f}" if kappa == kappa else "")
    return table


def _part(part: int, total: int) -> str:
    return f"{part} of {total}" if total else ""


def _rate(part: int, total: int) -> str:
    """``12.5 % (2.2 to 47.1)``, with the bounds of the Wilson interval."""
    if not total:
        return ""
    low, high = wilson(part, total)
    return f"{100 * part / total:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
