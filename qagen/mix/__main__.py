"""``qagen mix``: from data JSONs to a training mix."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qagen import cli
from qagen.errors import ConfigError
from qagen.files import atomic_folder, open_atomic, write_atomic
from qagen.records.entries import Entry, encode_index, read_index

if TYPE_CHECKING:
    from rich.table import Table

    from qagen.mix.plan import Share, Source

LISTED = 3
"""Maximum number of files in a warning."""


class ManyValues(cli.Common):
    """Options written ``name=value`` may be followed by more of them: ``--ratio a=1 b=2``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options = [option for option in self.params if isinstance(option, cli.Option) and option.multiple]
        flags = {flag for option in options for flag in (*option.opts, *option.also)}
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


def _pairs(option: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    for value in values:
        if not value.partition("=")[0] or "=" not in value:
            raise click.BadParameter(f"{option.opts[0]}: found {value!r}, expected NAME=VALUE")
    return {name: value for name, _, value in (value.partition("=") for value in values)}


def _ratios(_context: click.Context, option: click.Parameter, values: Sequence[str]) -> dict[str, float]:
    ratios = {}
    for name, value in _pairs(option, values).items():
        try:
            ratios[name] = int(value) if value.isdigit() else float(value)
        except ValueError as error:
            raise click.BadParameter(f"{option.opts[0]} {name}: found {value!r}, expected a number") from error
    return ratios


def _additions(_context: click.Context, option: click.Parameter, values: Sequence[str]) -> dict[str, dict[str, str]]:
    additions = {}
    for name, value in _pairs(option, values).items():
        annotation, _, root = value.partition(":")
        additions[name] = {"annotation": annotation, "root": root or str(Path(annotation).parent)}
    return additions


def _ratio_option(flag: str, text: str, also: Sequence[str] = ()) -> Callable[[Any], Any]:
    return cli.option(flag, also=also, multiple=True, callback=_ratios, metavar="NAME=RATIO ...", help=text)


@cli.command(
    "qagen mix data_jsons/scannet_2k.json --preset spar7m --out mixes/spar.json",
    "qagen mix data_jsons/*.json --ratio scannet=1 scannetpp=0.5 --out a.json",
    "qagen mix data_jsons/*.json --format sentence=1 select=0.1 --out b.json",
    "qagen mix data_jsons/*.json --add llava=llava.jsonl --size 100k --out c.json",
    cls=ManyValues,
)
@click.argument("indices", nargs=-1, required=True, type=cli.PATH)
@cli.path_option("--out", "target", also=["--to"], required=True, metavar="FILE", help="The mix, a .json file.")
@_ratio_option("--ratio", "Ratios of datasets, and of added files by their names.")
@_ratio_option("--type", "Ratios of task types (globs allowed).", ["--tasks"])
@_ratio_option("--format", "Ratios of answer formats.", ["--formats"])
@_ratio_option("--level", "Ratios of cognitive levels: low, medium, high.", ["--levels"])
@cli.option("--preset", metavar="NAME", help="Ratios of data_jsons/mixes/NAME.yaml, such as spar7m.")
@cli.path_option("--config", "config_file", metavar="FILE", help="YAML with any of these; options win over it.")
@cli.option(
    "--add",
    multiple=True,
    callback=_additions,
    metavar="NAME=FILE[:ROOT] ...",
    help="Add another JSONL file, with its images below ROOT.  [default: beside the file]",
)
@cli.option("--size", metavar="N", help="Total records, such as 100k.  [default: as the ratios give]")
@cli.option("--tokens", metavar="N", help="Estimated total tokens, such as 50M, instead of a size.")
@cli.option(
    "--image-tokens", type=click.IntRange(min=1), default=256, show_default=True, help="Tokens per image, for --tokens."
)
@cli.option(
    "--materialize",
    type=click.Choice(["jsonl", "webdataset", "parquet"]),
    help="Also draw and shuffle the records themselves into files beside the mix.",
)
@cli.bias_option()
@cli.seed_option("Random seed of the drawing.")
@cli.option("--details", is_flag=True, help="Also print what the mix holds by type.")
def main(
    indices: tuple[Path, ...],
    target: Path,
    preset: str | None,
    config_file: Path | None,
    image_tokens: int,
    materialize: str | None,
    max_bias: float | None,
    seed: int,
    details: bool,
    **flags: Any,
) -> None:
    """Mix the files that data JSONs list (see qagen index), and print what the mix holds.

    The ratios of a file's dataset, type, format and level are multiplied; a ratio that is not given is 1.
    """
    from qagen.mix.plan import entries_of, find_sources, plan, read_mix_spec, weight_of

    spec = read_mix_spec(preset, config_file, flags)
    if target.suffix != ".json":
        raise ConfigError(f"--out: found {target}, expected a name that ends in .json")
    if max_bias is not None and materialize is None:
        raise ConfigError("--max-bias: found without --materialize, expected it: a mix of whole files leaves none out")
    sources = find_sources([entry for path in indices for entry in read_index(path)], spec.add)
    planned = plan(sources if max_bias is None else _without_biased(sources, max_bias), spec, image_tokens)
    shares = [share for share in planned if share.count]
    entries = [entry for share in shares for entry in entries_of(share, weight_of(share.source, spec))]
    if short := [share.source for share in planned if not share.count and weight_of(share.source, spec)]:
        files = ", ".join(f"{source.entry.name} ({source.entry.length})" for source in short[:LISTED])
        more = ", ..." if len(short) > LISTED else ""
        cli.warn(f"{len(short)} files are too short for their ratio and give no record: {files}{more}")
    if materialize is not None:
        entries = _materialize(materialize, shares, target, seed) or entries
    write_atomic(target, encode_index(entries, with_repeat=True))
    for key in ("dataset", "level", "format", *(["type"] if details else [])):
        groups = _grouped(key, shares)
        if len(groups) > 1:
            cli.show(_table(key, groups, image_tokens))
    tokens = sum(share.count * share.source.tokens(image_tokens) for share in shares)
    cli.show(f"{sum(share.count for share in shares):,} records, about {_short(tokens)} tokens: {target}")
    if materialize == "webdataset":
        cli.say_how_to_publish(target.with_suffix(""), sorted({share.source.dataset for share in shares}))
    elif materialize in (None, "jsonl"):
        cli.inform(f"Next: --meta_path {target} of InternVL's or SPAR's trainer")
    else:
        cli.inform(f"Next: give the shards in {target.with_suffix('')} to your trainer")


def _without_biased(sources: "list[Source]", max_bias: float) -> "list[Source]":
    """The sources without the records that words alone tell; those of other programs, which have no bias, whole."""
    from qagen.mix.plan import without_biased
    from qagen.records.read import RecordFile, check_has_bias

    own = [source for source in sources if source.format]
    check_has_bias(RecordFile(Path(source.entry.annotation)) for source in own)
    pruned = [without_biased(source, max_bias) if source.format else source for source in sources]
    return [source for source in pruned if source.entry.length]


def _materialize(kind: str, shares: "list[Share]", target: Path, seed: int) -> list[Entry] | None:
    """Write the records themselves beside ``target``, and return the entry of a JSONL file.

    Raises:
        ConfigError: the folder of the shards exists.
        QagenError: an image is missing, or a line is no record.
    """
    from qagen.mix.card import card_of
    from qagen.mix.sample import common_root, shuffled_lines
    from qagen.mix.shards import write_parquet, write_webdataset

    result = target.with_suffix(".jsonl" if kind == "jsonl" else "")
    if result.is_dir():
        raise ConfigError(f"--materialize: {result}: found a folder of that name, expected none")
    result.parent.mkdir(parents=True, exist_ok=True)
    root = common_root(shares)
    lines = shuffled_lines(shares, seed, result.parent)
    if kind == "jsonl":
        with open_atomic(result) as stream:
            stream.writelines(lines)
        return [Entry(result.stem, str(root), str(result.absolute()), sum(share.count for share in shares))]
    with atomic_folder(result) as folder:
        if kind == "webdataset":
            card_of(shares, write_webdataset(lines, root, folder)).write(folder)
        else:
            write_parquet(lines, root, folder)
    return None


def _grouped(key: str, shares: "list[Share]") -> "dict[str, list[Share]]":
    groups: dict[str, list[Share]] = {}
    for share in shares:
        groups.setdefault(getattr(share.source, key) or "(other)", []).append(share)
    return groups


def _table(key: str, groups: "dict[str, list[Share]]", image_tokens: int) -> "Table":
    """What the mix holds by one property: lines of the files, lines taken, repeats, share, images, tokens."""
    table = cli.table(key, "lines", "taken", "repeats", "share", "images", "tokens", justify="right")
    total = sum(share.count for group in groups.values() for share in group)
    for name, group in groups.items():
        lines = sum(share.source.entry.length for share in group)
        taken = sum(share.count for share in group)
        images = sum(share.count * share.source.images for share in group)
        tokens = sum(share.count * share.source.tokens(image_tokens) for share in group)
        table.add_row(
            name, f"{lines:,}", f"{taken:,}", f"{taken / lines:.3g}", f"{taken / total:.1%}", f"{images:,.0f}",
            _short(tokens),
        )  # fmt: skip
    return table


def _short(number: float) -> str:
    """A number with at most three digits: 950, 12.3k, 4.56M."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.0f}"


if __name__ == "__main__":
    main()
