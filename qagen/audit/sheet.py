"""A page on which people judge samples, and the counts of their judgments."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
import pandas as pd

from qagen.audit.shortcuts import wilson
from qagen.errors import ConfigError
from qagen.files import write_atomic
from qagen.records.read import RecordLine, find_record_files
from qagen.rng import rng_for
from qagen.view.page import data_uri, render_page
from qagen.view.picture import draw_sample
from qagen.view.samples import SampleSelection, choose_samples, load_sample

if TYPE_CHECKING:
    from rich.table import Table

PICTURE_WIDTH_PX = 1000
PAGE, SAVED = "sheet.html", "verdicts.json"
VERDICTS = ("right", "wrong", "unclear", "unjudged")


class Judgment(msgspec.Struct):
    """What a person said about one sample."""

    id: str
    type: str
    format: str
    verdict: Literal["right", "wrong", "unclear"] | None = None
    """None while not judged."""
    note: str = ""


class Judgments(msgspec.Struct):
    """A file that the page has saved."""

    sheet: str
    """Hash that names the samples on the page."""
    verdicts: list[Judgment]


def write_sheet(out: Path, folder: Path, count: int, seed: int = 0) -> tuple[Path, int]:
    """Write a page with ``count`` samples of the run in ``out``, spread over types, formats and scenes.

    Its pictures show the images with their marks and the question, but neither answer nor evidence.

    Returns:
        The page, and how many samples are on it.

    Raises:
        QagenError: there are no records, one cannot be read, an image is missing, or the page cannot be written.
    """
    samples = [load_sample(line) for line in draw_stratified(out, count, seed)]
    names = [f"{sample.line.file.type}/{sample.line.file.format}/{sample.line.id}" for sample in samples]
    blind = [replace(sample, turns=sample.turns[:1], evidence={}) for sample in samples]
    page = render_page(
        "sheet.html",
        sheet=hashlib.sha256("\n".join(names).encode()).hexdigest()[:12],
        samples=samples,
        pictures=[data_uri(draw_sample(sample, PICTURE_WIDTH_PX)) for sample in blind],
        file_name=SAVED,
    )
    write_atomic(folder / PAGE, page.encode())
    return folder / PAGE, len(samples)


def draw_stratified(out: Path, count: int, seed: int) -> list[RecordLine]:
    """Draw ``count`` records in random order: types and formats equally often, each from the scenes used least so far.

    Small groups leave their share to the others.
    """
    files = find_record_files(out)
    per_group = -(-count // len({(file.type, file.format) for file in files}))
    while True:
        drawn = choose_samples(files, SampleSelection(per_group=per_group, seed=seed))
        if len(drawn) >= count or per_group >= count:
            break
        per_group *= 2
    by_group: dict[tuple[str, str], list[RecordLine]] = defaultdict(list)
    for line in drawn:
        by_group[line.file.type, line.file.format].append(line)
    rng = rng_for(seed, "check sheet")
    shuffled = [list(by_group.values())[i] for i in rng.permutation(len(by_group))]
    in_turn = [line for rank in zip_longest(*shuffled) for line in rank if line is not None][:count]
    return [in_turn[i] for i in rng.permutation(len(in_turn))]


def read_judgments(files: Sequence[Path]) -> list[Judgment]:
    """All judgments of the files. Raises ConfigError where one is not what the page saves."""
    judgments = []
    for file in files:
        try:
            judgments += msgspec.json.decode(file.read_bytes(), type=Judgments).verdicts
        except OSError as error:
            raise ConfigError(f"--verdicts {file}: cannot be read ({error.strerror})") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ConfigError(f"--verdicts {file}: {error}; expected the file that a check sheet saves") from error
    return judgments


def sum_judgments(judgments: Sequence[Judgment]) -> pd.DataFrame:
    """Counts of ``VERDICTS`` by type in the order of their names, and "all" last.

    Further columns are ``share``, of right among right and wrong (NaN when there are neither), and the bounds ``low``
    and ``high`` of its 95 % Wilson interval.
    """
    frame = pd.DataFrame({"type": [j.type for j in judgments], "verdict": [j.verdict or "unjudged" for j in judgments]})
    table = pd.crosstab(frame["type"], frame["verdict"]).reindex(columns=VERDICTS, fill_value=0)
    table.loc["all"] = table.sum()
    decided = table["right"] + table["wrong"]
    table["share"] = table["right"] / decided
    table[["low", "high"]] = [wilson(*counts) for counts in zip(table["right"], decided, strict=True)]
    return table


def remarks(judgments: Sequence[Judgment]) -> Iterator[str]:
    """Id, verdict and note of each sample that is not right or has a note."""
    for one in judgments:
        if one.verdict in ("wrong", "unclear") or one.note:
            yield f"{one.id} {one.format}: {one.verdict or 'not judged'}{': ' if one.note else ''}{one.note}"


def verdict_table(judgments: Sequence[Judgment]) -> "Table":
    """The counts and shares by type, for the console."""
    from rich.table import Table

    table = Table(title="What people said")
    for name in ("type", *VERDICTS, "right of judged (95 %)"):
        table.add_column(name, justify="left" if name == "type" else "right")
    for row in sum_judgments(judgments).reset_index().to_dict("records"):
        share = "" if isnan(row["share"]) else f"{row['share']:.1%} ({row['low']:.1%} to {row['high']:.1%})"
        table.add_row(row["type"], *(str(row[verdict]) for verdict in VERDICTS), share)
    return table
