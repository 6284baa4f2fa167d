"""``qagen show``: what a run has made, as pictures or as a page.

A picture shows the sample's images with their marks, the question and the answer, and in gray its type, format and id
and the evidence: the objects, what was measured, and the margin.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from qagen import cli
from qagen.errors import ConfigError
from qagen.files import open_atomic, write_atomic
from qagen.records.read import count_lines, find_record_files
from qagen.stages import each
from qagen.view.picture import SHEET_PICTURE_WIDTH_PX, draw_sample, draw_sheets
from qagen.view.samples import MAX_SAMPLES, SampleSelection, choose_samples, load_sample, read_run


def draw_pictures(out: Path, folder: Path, selection: SampleSelection, as_sheets: bool) -> tuple[int, int]:
    """Draw selected samples of a run into ``folder`` and return the numbers of samples and pictures.

    Raises:
        QagenError: an unknown name, a file that cannot be read, a missing image.
    """
    samples = [load_sample(line) for line in choose_samples(find_record_files(out), selection)]
    cli.make_folder(folder)
    if as_sheets:
        pages = draw_sheets(draw_sample(sample, SHEET_PICTURE_WIDTH_PX) for sample in each("drawing", samples))
        pictures = ((f"sheet-{number:03d}", page) for number, page in enumerate(pages, 1))
    else:
        pictures = ((sample.name, draw_sample(sample)) for sample in each("drawing", samples))
    count = 0
    with cli.progress("Pictures") as bar:
        for name, picture in pictures:
            with open_atomic(folder / f"{name}.png") as file:
                picture.save(file, format="PNG")
            count += 1
            bar.advance()
    return len(samples), count


def write_page(out: Path, html: Path, selection: SampleSelection) -> int:
    """Write selected samples of a run, and statistics of the whole run, as one page; return the number of samples.

    Raises:
        QagenError: an unknown name, a file that cannot be read, a missing image.
    """
    from qagen.view.gallery import Gallery
    from qagen.view.statistics import RunCounts

    files = find_record_files(out)
    chosen = {(line.file, line.number) for line in choose_samples(files, selection)}
    gallery, counts = Gallery(), RunCounts()
    with cli.progress("Reading samples", sum(map(count_lines, files))) as bar:
        for sample in read_run(files):
            counts.add(sample)
            gallery.note(sample)
            if (sample.line.file, sample.line.number) in chosen:
                gallery.add(sample)
            bar.advance()
        table = counts.table(sorted({file.dataset for file in files}))
        page = gallery.page(out.resolve().name, table, progress=bar.update)
    write_atomic(html, page.encode())
    return len(chosen)


@cli.command(
    "qagen show qagen_out --out pictures --sheet",
    "qagen show qagen_out --out pictures --tasks 'depth_*' --formats select --n 5",
    "qagen show qagen_out --html samples.html",
    "qagen show qagen_out --out pictures --ids scene0000_00_6,scene0000_00_1029",
)
@cli.run_argument()
@cli.path_option("--out", "folder", also=["--to"], metavar="DIR", help="Draw pictures into this folder.")
@cli.option("--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write a page to browse.")
@cli.tasks_option("--type", "--types")
@cli.formats_option("--format")
@cli.splits_option("--split")
@cli.scenes_option("--scene")
@cli.names_option("--ids", "ID", "Records, whatever --n says.")
@cli.option(
    "--n",
    "per_group",
    type=click.IntRange(1),
    help=f"Number per type and format.  [default: 1; on a page all, or as many as make {MAX_SAMPLES:,} samples]",
)
@cli.option("--sheet", "as_sheets", is_flag=True, help="Put six samples on a page.")
@cli.seed_option("Random seed of the selection.")
def main(
    run: Path,
    folder: Path | None,
    html: Path | None,
    as_sheets: bool,
    tasks: tuple[str, ...],
    per_group: int | None,
    **selection: Any,
) -> None:
    """Show samples of RUN: images with their marks, question, answer and evidence.

    --out draws pictures, of one sample of every type and format, spread over the scenes. --html writes the whole run as
    one page for the browser, with search, filters and statistics.

    Exit codes: 0: done. 2: an option matches nothing, or the run cannot be read.
    """
    if folder is None and html is None:
        raise ConfigError("nothing to do: expected --out DIR for pictures or --html FILE for a page")
    chosen = SampleSelection(types=tasks, per_group=per_group, **selection)
    if folder is not None:
        samples, pictures = draw_pictures(run, folder, replace(chosen, per_group=per_group or 1), as_sheets)
        cli.show(f"{samples} samples in {pictures} pictures: {folder}")
        if html is None:
            cli.next_step("show", run, "--html", "samples.html")
    if html is not None:
        samples = write_page(run, html, chosen)
        cli.show(f"{samples} samples, {html.stat().st_size / 1e6:.1f} MB: {html}")
        cli.inform("Next: open it in a browser; nothing else is needed")


if __name__ == "__main__":
    main()
