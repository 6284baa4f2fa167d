"""How sure a reader of the words alone is of the right option of each sample, on scenes that it has not learned from.

Of each type and format the reader with the most hits on held-out scenes is taken (qagen.audit.shortcuts). What it is
sure of, a model can answer without looking, so benchmarks and mixes may leave such samples out (``--max-bias``). The
score goes into the evidence of a sample: 0.25 is chance among four options, 1 means that the words tell the answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from qagen.audit.shortcuts import MIN_SAMPLES, ShortcutCase, grouped_files, held_out_scores, read_samples, targets
from qagen.files import open_atomic
from qagen.records.read import RecordFile, read_pairs

DECIMALS = 3
SCORED = ("select", "judge")
"""Formats whose samples have options, or Yes and No."""


def write_bias(out: Path, with_marks: bool = False, types: Sequence[str] = ()) -> int:
    """Write ``bias`` into the evidence of the samples with options, or Yes and No, below a run's folder.

    Types with samples of one scene only, or with fewer than 60 samples, get none.

    Returns:
        The number of samples that got one.

    Raises:
        ConfigError: there are no records, or none of these types.
        QagenError: a line is no record, or its evidence does not belong to it.
    """
    count = 0
    for (_, answer_format), files in grouped_files(out, types):
        known: dict[str, float] = {}
        if answer_format in SCORED:
            for _, _, cases in targets(answer_format, read_samples(files)):
                known |= bias_of(cases if with_marks else [replace(case, marks=()) for case in cases])
        for file in files if known else ():
            _rewrite(file, known)
        count += len(known)
    return count


def bias_of(cases: Sequence[ShortcutCase]) -> dict[str, float]:
    """The confidence of the best reader in the right option, by the record's id; empty where nothing can be learned."""
    if len(cases) < MIN_SAMPLES or len({case.scene for case in cases}) < 2:
        return {}
    right = np.array([case.right for case in cases])
    scores = max(held_out_scores(cases).values(), key=lambda scores: float((scores.argmax(axis=1) == right).mean()))
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    confidence = (odds / odds.sum(axis=1, keepdims=True))[np.arange(len(cases)), right]
    return {case.id: round(value, DECIMALS) for case, value in zip(cases, confidence.tolist(), strict=True)}


def _rewrite(file: RecordFile, known: Mapping[str, float]) -> None:
    """Write the evidence of a file again, with the bias of its samples."""
    with open_atomic(file.evidence) as stream:
        for line, _, evidence in read_pairs(file):
            evidence.pop("bias", None)
            added = {"bias": known[line.id]} if line.id in known else {}
            stream.write(msgspec.json.encode({**evidence, **added}) + b"\n")
