"""``python -m qagen.mix``: from data JSONs to a training mix."""

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qagen.errors import ConfigError, QagenError
from qagen.records.entries import Entry, encode_index, read_index

if TYPE_CHECKING:
    from rich.table import Table

    from qagen.mix.plan import MixSpec, Share, Source

EPILOG = """\b
Examples:
  python -m qagen.mix data_jsons/scannet_2k.json --preset spar7m --to mixes/spar.json
  python -m qagen.mix data_jsons/*.json --ratio scannet=1 scannetpp=0.5 --format sentence=1 select=0.1 --to mixes/a.json
  python -m qagen.mix data_jsons/*.json --add llava=llava.jsonl:llava/images --size 100k --materialize jsonl --to b.json
"""
PLAIN_WIDTH = 140
"""Columns of the table where there is no terminal to ask."""
NAMED = 3
"""Files that a warning names."""


class ManyValues(click.Command):
    """Options written ``name=value`` may be followed by more of them: ``--ratio a=1 b=2``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        flags = {flag for option in self.params if option.multiple for flag in option.opts}  # pyright: ignore
        spread: list[str] = []
        current = None
        for arg in args:
            if arg.partition("=")[0] in flags:
                current = arg.partition("=")[0]
            elif current and spread[-1] != current and not arg.startswith("-") and "=" in arg:
                spread.append(current)
            elif arg.startswith("-"):
                current = None
            spread.append(arg)
        return super().parse_args(ctx, spread)


def _ratios(_context: click.Context, option: click.Parameter, values: Sequence[str]) -> dict[str, float]:
    return {name: _number(value, f"{option.opts[0]} {name}") for name, value in _pairs(option, values).items()}


def _number(text: str, where: str) -> float:
    try:
        return int(text) if text.isdigit() else float(text)
    except ValueError as error:
        raise click.BadParameter(f"{where}: found {text!r}, expected a number") from error


def _additions(_context: click.Context, option: click.Parameter, values: Sequence[str]) -> dict[str, dict[str, str]]:
    found = {}
    for name, value in _pairs(option, values).items():
        annotation, _, root = value.partition(":")
        found[name] = {"annotation": annotation, "root": root or str(Path(annotation).parent)}
    return found


def _pairs(option: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    for value in values:
        if not value.partition("=")[0] or "=" not in value:
            raise click.BadParameter(f"{option.opts[0]}: found {value!r}, expected NAME=VALUE")
    return {name: value for name, _, value in (value.partition("=") for value in values)}


def _ratio_option(flag: str, what: str) -> Callable[[Any], Any]:
    return click.option(flag, multiple=True, callback=_ratios, metavar="NAME=RATIO ...", help=f"Ratio of {what}.")


@click.command(cls=ManyValues, epilog=EPILOG, context_settings={"max_content_width": 110})
@click.argument("indices", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--to", "target", required=True, type=click.Path(path_type=Path), help="The mix, a .json file.")
@_ratio_option("--ratio", "a dataset, or of an added one by its name")
@_ratio_option("--type", "a task type; * matches")
@_ratio_option("--format", "an answer format")
@_ratio_option("--level", "a cognitive level: low, medium, high")
@click.option("--preset", metavar="NAME", help="Ratios of data_jsons/mixes/NAME.yaml, such as spar7m.")
@click.option(
    "--config", "config_file", type=click.Path(path_type=Path), help="YAML with any of this; flags win over it."
)
@click.option(
    "--add",
    multiple=True,
    callback=_additions,
    metavar="NAME=FILE[:ROOT] ...",
    help="Another JSONL as an entry, its images below ROOT. [default: beside the file]",
)
@click.option("--size", metavar="N", help="Records in all, such as 100k. [default: what the ratios give]")
@click.option("--tokens", metavar="N", help="Estimated tokens in all, such as 50M, instead of a size.")
@click.option(
    "--image-tokens",
    type=click.IntRange(min=1),
    default=256,
    show_default=True,
    help="Tokens of an image, for --tokens.",
)
@click.option(
    "--materialize",
    type=click.Choice(["jsonl", "webdataset", "parquet"]),
    help="Also draw and shuffle the records themselves, into files beside the mix.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the drawing.")
@click.version_option(package_name="qagen")
def main(
    indices: tuple[Path, ...],
    target: Path,
    preset: str | None,
    config_file: Path | None,
    image_tokens: int,
    materialize: str | None,
    seed: int,
    **flags: Any,
) -> None:
    """Mix the files that data JSONs list (see qagen.index), and print what the mix holds.

    A name without a ratio has 1; the ratios of a file's dataset, type, format and level are multiplied.
    """
    from qagen.mix.plan import read_mix_spec

    try:
        shares = _mix(indices, target, read_mix_spec(preset, config_file, flags), image_tokens, materialize, seed)
    except QagenError as error:
        click.secho(f"qagen: {error}", fg="red", err=True)
        sys.exit(2)
    _print(shares, image_tokens)


def _mix(
    indices: tuple[Path, ...],
    target: Path,
    wish: "MixSpec",
    image_tokens: int,
    materialize: str | None,
    seed: int,
) -> "list[Share]":
    from qagen.files import write_atomic
    from qagen.mix.plan import entries_of, find_sources, plan, weight_of

    if target.suffix != ".json":
        raise ConfigError(f"--to: found {target}, expected a name that ends in .json")
    sources = find_sources([entry for path in indices for entry in read_index(path)], wish.add)
    planned = plan(sources, wish, image_tokens)
    _warn_of_none([share.source for share in planned if not share.count and weight_of(share.source, wish)])
    shares = [share for share in planned if share.count]
    entries = [entry for share in shares for entry in entries_of(share, weight_of(share.source, wish))]
    if materialize is not None:
        entries = _materialize(materialize, shares, target, seed) or entries
    write_atomic(target, encode_index(entries, with_repeat=True))
    return shares


def _warn_of_none(sources: "list[Source]") -> None:
    """Tell of files that are wished for and too short to give a single record."""
    if sources:
        named = ", ".join(f"{source.entry.name} ({source.entry.length})" for source in sources[:NAMED])
        more = ", ..." if len(sources) > NAMED else ""
        told = f"qagen: {len(sources)} files are too short for their ratio and give no record: {named}{more}"
        click.secho(told, fg="yellow", err=True)


def _materialize(kind: str, shares: "list[Share]", target: Path, seed: int) -> list[Entry] | None:
    """Write the records themselves beside ``target``; for a JSONL, the entry that a mix of it has.

    Raises:
        ConfigError: the folder for the shards is there already.
        QagenError: an image is missing, or a line is no record.
    """
    from qagen.mix.sample import common_root, shuffled_lines
    from qagen.mix.shards import write_parquet, write_webdataset

    result = target.with_suffix(".jsonl" if kind == "jsonl" else "")
    if result.is_dir():
        raise ConfigError(f"--materialize: {result}: found a folder of that name, expected none")
    result.parent.mkdir(parents=True, exist_ok=True)
    root = common_root(shares)
    with tempfile.TemporaryDirectory(dir=result.parent, prefix=f".{result.name}.") as scratch:
        lines = shuffled_lines(shares, seed, Path(scratch))
        unfinished = Path(scratch) / result.name
        if kind == "jsonl":
            with unfinished.open("wb") as stream:
                stream.writelines(lines)
        else:
            unfinished.mkdir()
            {"webdataset": write_webdataset, "parquet": write_parquet}[kind](lines, root, unfinished)
        unfinished.rename(result)
    if kind != "jsonl":
        return None
    return [Entry(result.stem, str(root), str(result.absolute()), sum(share.count for share in shares))]


def _print(shares: "list[Share]", image_tokens: int) -> None:
    from rich.console import Console

    console = Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    for key in ("dataset", "level", "format", "type"):
        console.print(_table(key, shares, image_tokens))


def _table(key: str, shares: "list[Share]", image_tokens: int) -> "Table":
    """What the mix holds by one property: lines of the files, lines taken, repeats, share, images, tokens."""
    from rich.table import Table

    table = Table(key, title_justify="left")
    for name in ("lines", "taken", "repeats", "share", "images", "tokens"):
        table.add_column(name, justify="right")
    total = sum(share.count for share in shares)
    groups: dict[str, list[Share]] = {}
    for share in shares:
        groups.setdefault(getattr(share.source, key) or "(other)", []).append(share)
    for name, group in groups.items():
        lines = sum(share.source.entry.length for share in group)
        taken = sum(share.count for share in group)
        images = sum(share.count * share.source.images for share in group)
        tokens = sum(share.count * share.source.tokens(image_tokens) for share in group)
        table.add_row(
            name, f"{lines:,}", f"{taken:,}", f"{taken / lines:.3g}", f"{taken / total:.1%}", f"{images:,.0f}",
            f"{tokens / 1e6:,.2f}M",
        )  # fmt: skip
    return table


if __name__ == "__main__":
    main()
