"""``python -m qagen.show OUT --to DIR`` or ``--html FILE``: look at what a run has made, as pictures or as a page.

A picture shows the sample's images with their marks, the question and the answer, and in grey its type, format and id
and the evidence: the objects, what was measured, and the margin.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qagen.errors import ConfigError, QagenError
from qagen.files import open_atomic, write_atomic
from qagen.records.read import find_record_files
from qagen.view.picture import SHEET_PICTURE_WIDTH_PX, draw_sample, draw_sheets
from qagen.view.samples import SampleSelection, choose_samples, load_sample

if TYPE_CHECKING:
    pass

EPILOG = """\b
Examples:
  python -m qagen.show qagen_out --to pictures --sheet
  python -m qagen.show qagen_out --to pictures --type 'depth_*' --format select --n 5
  python -m qagen.show qagen_out --html samples.html --n 3
  python -m qagen.show qagen_out --to pictures --ids scene0000_00_6,scene0000_00_1029
"""


def draw_pictures(out: Path, folder: Path, wish: SampleSelection, as_sheets: bool) -> tuple[int, int]:
    """Draw the wished samples of a run into ``folder`` and return how many samples and pictures there are.

    Raises:
        QagenError: an unknown name, a file that cannot be read, a missing image.
    """
    samples = [load_sample(line) for line in choose_samples(find_record_files(out), wish)]
    _make_folder(folder)
    if as_sheets:
        pages = draw_sheets(draw_sample(sample, SHEET_PICTURE_WIDTH_PX) for sample in samples)
        pictures = ((f"sheet-{number:03d}", page) for number, page in enumerate(pages, 1))
    else:
        pictures = ((sample.name, draw_sample(sample)) for sample in samples)
    count = 0
    for name, picture in pictures:
        with open_atomic(folder / f"{name}.png") as file:
            picture.save(file, format="PNG")
        count += 1
    return len(samples), count


def write_page(out: Path, html: Path, wish: SampleSelection) -> int:
    """Write the wished samples of a run, and what is counted over all of it, as one page; return how many samples.

    Raises:
        QagenError: an unknown name, a file that cannot be read, a missing image.
    """
    from qagen.view.page import gallery_page
    from qagen.view.statistics import count_run

    files = find_record_files(out)
    samples = [load_sample(line) for line in choose_samples(files, wish)]
    write_atomic(html, gallery_page(samples, count_run(files)).encode())
    return len(samples)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--to {folder}: cannot be made a folder ({error.strerror})") from error


def _split_commas(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


@click.command(epilog=EPILOG, context_settings={"max_content_width": 110})
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--to", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Draw pictures into this folder.")
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write a page to look through."
)
@click.option(
    "--type", "types", multiple=True, callback=_split_commas, metavar="TYPE,...", help="Only these types; * matches."
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    callback=_split_commas,
    metavar="FORMAT,...",
    help="Of fill, select, sentence, judge.",
)
@click.option(
    "--split", "splits", multiple=True, callback=_split_commas, metavar="SPLIT,...", help="Only these splits."
)
@click.option(
    "--scene", "scenes", multiple=True, callback=_split_commas, metavar="SCENE,...", help="Only these scenes."
)
@click.option(
    "--ids", multiple=True, callback=_split_commas, metavar="ID,...", help="Just these records, whatever --n says."
)
@click.option(
    "--n", "per_group", default=1, show_default=True, type=click.IntRange(1), help="Samples of each type and format."
)
@click.option("--sheet", "as_sheets", is_flag=True, help="Six samples on a page.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Another seed, other samples.")
def main(out: Path, folder: Path | None, html: Path | None, as_sheets: bool, **wish: Any) -> None:
    """Show samples of the run in OUT: images with their marks, question, answer and evidence.

    --to draws pictures; --html writes one page for the browser, with filters and with statistics of the whole run.
    Without other options, one sample of every type and format is shown, spread over the scenes.

    Exit code 0: done; 2: an option that fits nothing, or output that cannot be read.
    """
    try:
        if folder is None and html is None:
            raise ConfigError("nothing to do: give --to DIR for pictures or --html FILE for a page")
        if folder is not None:
            samples, pictures = draw_pictures(out, folder, SampleSelection(**wish), as_sheets)
            click.echo(f"{samples} samples in {pictures} pictures: {folder}")
        if html is not None:
            samples = write_page(out, html, SampleSelection(**wish))
            click.echo(f"{samples} samples, {html.stat().st_size / 1e6:.1f} MB: {html}")
    except QagenError as error:
        click.echo(f"qagen: {error}", err=True)
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
