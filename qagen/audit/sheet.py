"""A page on which people judge samples, and the sum of what they said."""

import base64
import hashlib
import html
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from string import Template
from typing import Any, Literal

import msgspec

from qagen.audit.shortcuts import wilson
from qagen.errors import ConfigError
from qagen.files import write_atomic
from qagen.records.read import RecordFile, RecordLine, find_record_files
from qagen.rng import rng_for
from qagen.view.picture import draw_sample
from qagen.view.samples import SampleSelection, ViewSample, choose_samples, load_sample

PICTURE_WIDTH_PX = 1000
JPEG_QUALITY = 82
PAGE, SAVED = "sheet.html", "verdicts.json"


class Judgment(msgspec.Struct):
    """What somebody said about one sample."""

    id: str
    type: str
    format: str
    verdict: Literal["right", "wrong", "unclear"] | None = None
    """None: not judged."""
    note: str = ""


class Judgments(msgspec.Struct):
    """A file that the page has saved."""

    sheet: str
    """Name of the set of samples that was on the page."""
    verdicts: list[Judgment]


@dataclass(frozen=True, slots=True)
class Judged:
    """What was said about the samples of one type, or of all."""

    name: str
    """Type, or "all"."""
    right: int
    wrong: int
    unclear: int
    unjudged: int
    interval: tuple[float, float]
    """Wilson interval of the share of right ones among right and wrong, 95 %."""
    remarks: tuple[str, ...]
    """Ids, verdicts and notes of what was not plainly right."""

    @property
    def share(self) -> float | None:
        """Of right ones among right and wrong; None when there are neither."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None


def write_sheet(out: Path, folder: Path, count: int, seed: int = 0) -> tuple[Path, int]:
    """Write a page with ``count`` samples of the run in ``out``, spread over types, formats and scenes.

    Returns:
        The page, and how many samples are on it.

    Raises:
        QagenError: there are no records, one cannot be read, an image is missing, or the page cannot be written.
    """
    samples = [load_sample(line) for line in draw_stratified(out, count, seed)]
    write_atomic(folder / PAGE, sheet_page(samples).encode())
    return folder / PAGE, len(samples)


def draw_stratified(out: Path, count: int, seed: int) -> list[RecordLine]:
    """``count`` records, in random order: types and formats alike often, and of each the scenes used least so far."""
    files = find_record_files(out)
    groups = {(file.type, file.format) for file in files}
    drawn = _draw_enough(files, count, len(groups), seed)
    by_group: dict[tuple[str, str], list[RecordLine]] = defaultdict(list)
    for line in drawn:
        by_group[line.file.type, line.file.format].append(line)
    rng = rng_for(seed, "check sheet")
    shuffled = [list(by_group.values())[i] for i in rng.permutation(len(by_group))]
    in_turn = [line for rank in zip_longest(*shuffled) for line in rank if line is not None][:count]
    return [in_turn[i] for i in rng.permutation(len(in_turn))]


def _draw_enough(files: Sequence[RecordFile], count: int, groups: int, seed: int) -> list[RecordLine]:
    """At least ``count`` records where there are so many, or all: small groups leave their places to the others."""
    each = -(-count // groups)
    while True:
        drawn = choose_samples(files, SampleSelection(per_group=each, seed=seed))
        if len(drawn) >= count or each >= count:
            return drawn
        each *= 2


def sheet_page(samples: Sequence[ViewSample]) -> str:
    """The page, whole in itself: pictures, styles and script."""
    names = [f"{sample.line.file.type}/{sample.line.file.format}/{sample.line.id}" for sample in samples]
    cards = [_card(number, sample) for number, sample in enumerate(samples)]
    return _PAGE.substitute(
        sheet=hashlib.sha256("\n".join(names).encode()).hexdigest()[:12],
        cards="\n".join(cards),
        saved=SAVED,
        total=len(samples),
    )


def _card(number: int, sample: ViewSample) -> str:
    file = sample.line.file
    told = {"id": sample.line.id, "type": file.type, "format": file.format}
    data = " ".join(f'data-{key}="{html.escape(value)}"' for key, value in told.items())
    asked, *replies = [html.escape(turn.value) for turn in sample.turns]
    reasons = "\n".join(html.escape(line) for line in sample.reasons) or "no evidence"
    return _CARD.substitute(
        number=number,
        data=data,
        picture=_picture(sample),
        caption=html.escape(sample.caption),
        question=asked,
        answer="\n".join(replies),
        reasons=reasons,
    )


def _picture(sample: ViewSample) -> str:
    """The images with their marks and the question, but neither answer nor evidence, as a data URI."""
    buffer = io.BytesIO()
    blind = replace(sample, turns=sample.turns[:1], evidence={})
    draw_sample(blind, PICTURE_WIDTH_PX).save(buffer, format="JPEG", quality=JPEG_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def read_verdicts(file: Path) -> Judgments:
    """Raises ConfigError where the file is not what the page saves."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Judgments)
    except OSError as error:
        raise ConfigError(f"--verdicts {file}: cannot be read ({error.strerror})") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"--verdicts {file}: {error}; expected the file that a check sheet saves") from error


def sum_verdicts(files: Sequence[Path]) -> list[Judged]:
    """What was said by type, in the order of their names, and "all" last; several people's files are added up.

    Raises:
        ConfigError: a file is not what the page saves.
    """
    verdicts = [verdict for file in files for verdict in read_verdicts(file).verdicts]
    by_type: dict[str, list[Judgment]] = defaultdict(list)
    for verdict in verdicts:
        by_type[verdict.type].append(verdict)
    return [*(_judged(name, by_type[name]) for name in sorted(by_type)), _judged("all", verdicts)]


def _judged(name: str, verdicts: Sequence[Judgment]) -> Judged:
    said = [verdict.verdict for verdict in verdicts]
    right, wrong = said.count("right"), said.count("wrong")
    return Judged(
        name=name,
        right=right,
        wrong=wrong,
        unclear=said.count("unclear"),
        unjudged=said.count(None),
        interval=wilson(right, right + wrong),
        remarks=tuple(_remarks(verdicts)),
    )


def _remarks(verdicts: Sequence[Judgment]) -> Iterator[str]:
    for one in verdicts:
        if one.verdict in ("wrong", "unclear") or one.note:
            yield f"{one.id} {one.format}: {one.verdict or 'not judged'}{': ' if one.note else ''}{one.note}"


def verdict_rows(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """The sums as plain values, for a table or JSON."""
    return [
        {
            "type": one.name,
            "right": one.right,
            "wrong": one.wrong,
            "unclear": one.unclear,
            "unjudged": one.unjudged,
            "share_right": one.share,
            "interval": list(one.interval),
            "remarks": list(one.remarks),
        }
        for one in judged
    ]


def verdict_table(judged: Sequence[Judged]) -> Any:
    """The sums as a table for people."""
    from rich.table import Table

    table = Table(title="What people said")
    for name in ("type", "right", "wrong", "unclear", "unjudged", "right of judged (95 %)"):
        table.add_column(name, justify="left" if name == "type" else "right")
    for one in judged:
        low, high = one.interval
        share = "" if one.share is None else f"{one.share:.1%} ({low:.1%} to {high:.1%})"
        table.add_row(one.name, *map(str, (one.right, one.wrong, one.unclear, one.unjudged)), share)
    return table


_CARD = Template("""\
<article id="s$number" $data>
<img alt="the images with their marks" src="$picture">
<section>
<p class="caption">$caption</p>
<h2>Question</h2><p class="text">$question</p>
<h2>Answer</h2><p class="text answer">$answer</p>
<h2>Evidence</h2><p class="text small">$reasons</p>
<p class="buttons">
<button type="button" data-verdict="right">1 right</button>
<button type="button" data-verdict="wrong">2 wrong</button>
<button type="button" data-verdict="unclear">3 unclear</button>
</p>
<textarea rows="3" placeholder="What is wrong or unclear?" aria-label="note"></textarea>
</section>
</article>""")

_PAGE = Template("""\
<!doctype html>
<html lang="en" data-sheet="$sheet">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>qagen: check sheet of $total samples</title>
<style>
body { margin: 0; font: 16px/1.45 system-ui, sans-serif; color: #1c1c1e; background: #f4f4f6; }
header { position: sticky; top: 0; z-index: 1; display: flex; gap: 1rem; align-items: center; flex-wrap: wrap;
  padding: .5rem 1rem; background: #fff; border-bottom: 1px solid #d0d0d6; }
header .hint { color: #6a6a70; font-size: .85rem; }
article { display: none; grid-template-columns: minmax(0, 3fr) minmax(20rem, 2fr); gap: 1rem; padding: 1rem; }
article.shown { display: grid; }
article img { width: 100%; border: 1px solid #d0d0d6; }
@media (max-width: 900px) { article.shown { display: block; } }
h2 { font-size: .85rem; margin: .8rem 0 .1rem; color: #6a6a70; }
p { margin: 0; } .text { white-space: pre-wrap; overflow-wrap: anywhere; } .answer { color: #0a6b3d; }
.small, .caption { font-size: .85rem; color: #6a6a70; }
button { font: inherit; padding: .3rem .9rem; border: 1px solid #b0b0b8; border-radius: .3rem; background: #fff; }
.buttons { display: flex; gap: .5rem; margin: 1rem 0 .5rem; }
button.chosen[data-verdict=right] { background: #bfe8cf; } button.chosen[data-verdict=wrong] { background: #f4c4c0; }
button.chosen[data-verdict=unclear] { background: #f4e6b4; }
textarea { width: 100%; box-sizing: border-box; font: inherit; }
</style>
</head>
<body>
<header>
<button type="button" id="back">&larr;</button>
<span id="place"></span>
<button type="button" id="on">&rarr;</button>
<span id="done"></span>
<button type="button" id="save">save $saved</button>
<span class="hint">keys: 1 right, 2 wrong, 3 unclear, arrows to move; kept in this browser until saved</span>
</header>
<main>
$cards
</main>
<script>
"use strict";
const articles = [...document.querySelectorAll("article")];
const sheet = document.documentElement.dataset.sheet;
const key = "qagen-sheet-" + sheet;
let kept = {};
try { kept = JSON.parse(localStorage.getItem(key)) || {}; } catch (error) { console.warn(error); }
let shown = Math.max(0, articles.findIndex((article, i) => !(kept[i] && kept[i].verdict)));

function keep(number, change) {
  kept[number] = Object.assign({verdict: null, note: ""}, kept[number], change);
  try { localStorage.setItem(key, JSON.stringify(kept)); } catch (error) { console.warn(error); }
  draw();
}
function draw() {
  articles.forEach((article, i) => {
    const said = kept[i] || {verdict: null, note: ""};
    article.classList.toggle("shown", i === shown);
    article.querySelectorAll("button").forEach(b => b.classList.toggle("chosen", b.dataset.verdict === said.verdict));
    const note = article.querySelector("textarea");
    if (note !== document.activeElement) note.value = said.note;
  });
  const done = articles.filter((article, i) => kept[i] && kept[i].verdict).length;
  document.getElementById("place").textContent = (shown + 1) + " of " + articles.length;
  document.getElementById("done").textContent = done + " judged";
}
function go(step) {
  shown = Math.min(articles.length - 1, Math.max(0, shown + step));
  if (document.activeElement) document.activeElement.blur();
  draw();
  scrollTo(0, 0);
}
function judge(verdict) { keep(shown, {verdict}); if (verdict === "right") go(1); }
function save() {
  const verdicts = articles.map((article, i) => ({id: article.dataset.id, type: article.dataset.type,
    format: article.dataset.format, verdict: (kept[i] || {}).verdict || null, note: (kept[i] || {}).note || ""}));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify({sheet, verdicts}, null, 1)], {type: "application/json"}));
  link.download = "$saved";
  link.click();
  URL.revokeObjectURL(link.href);
}
articles.forEach((article, i) => {
  article.querySelectorAll("button").forEach(b => b.addEventListener("click", () => judge(b.dataset.verdict)));
  article.querySelector("textarea").addEventListener("input", event => keep(i, {note: event.target.value}));
});
document.getElementById("back").addEventListener("click", () => go(-1));
document.getElementById("on").addEventListener("click", () => go(1));
document.getElementById("save").addEventListener("click", save);
addEventListener("keydown", event => {
  if (event.target.tagName === "TEXTAREA" || event.ctrlKey || event.metaKey || event.altKey) return;
  const verdict = {"1": "right", "2": "wrong", "3": "unclear"}[event.key];
  if (verdict) judge(verdict);
  else if (event.key === "ArrowLeft") go(-1);
  else if (event.key === "ArrowRight") go(1);
  else return;
  event.preventDefault();
});
draw();
</script>
</body>
</html>
""")
