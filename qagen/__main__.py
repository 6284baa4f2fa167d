"""``qagen COMMAND``, also as ``python -m qagen COMMAND``: all commands, and lists of what there is.

Only the chosen command is imported, so that help comes at once.
"""

import ast
import inspect
import shlex
from collections.abc import Iterator
from dataclasses import is_dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from qagen import cli
from qagen.errors import counted, match_names

MODULES = {
    "generate": ("qagen.generate", "Generate question-answer data from scenes."),
    "show": ("qagen.show", "Look at samples of a run, as pictures or as a page."),
    "index": ("qagen.index", "List a run's files for trainers and for mix."),
    "mix": ("qagen.mix.__main__", "Mix indexed files for training."),
    "export": ("qagen.export.__main__", "Write a run in the form of a trainer or evaluator."),
    "hydrate": ("qagen.hydrate", "Make a run again from a recipe and your copy of a dataset."),
    "score": ("qagen.score.__main__", "Score a model's predictions."),
    "bench": ("qagen.bench.__main__", "Draw a held-out benchmark from a run."),
    "env": ("qagen.env.__main__", "A run or scenes as an environment for reinforcement learning."),
    "audit": ("qagen.audit.__main__", "Recompute the answers of a run independently."),
    "doctor": ("qagen.doctor.__main__", "Test a dataset's poses, depth, boxes and labels."),
    "frames": ("qagen.frames.__main__", "Tables of what each frame shows of each object."),
    "spacevista": ("qagen.spacevista.__main__", "Read, convert and draw records of SpaceVista."),
    "spatialvid": ("qagen.spatialvid.__main__", "Check and convert clips of SpatialVID."),
}
"""Command to its module and a line of help."""


class Commands(cli.Commands):
    """The commands of MODULES, and those of this file."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0].partition("=")[0] == "--scene":
            ctx.fail(f"found no command, expected one: {ctx.info_name} {shlex.join(['generate', *args])}")
        return super().parse_args(ctx, args)


@click.group(cls=Commands, modules=MODULES)
def main() -> None:
    """Spatial question-answer data from 3D scenes: generate, look at, mix, export, score and check.

    qagen COMMAND --help describes a command. Start with: qagen generate --scene scannet
    """


def _first_comment(path: Path) -> str:
    """What the first line of a YAML says of it."""
    with path.open(encoding="utf-8") as file:
        return file.readline().removeprefix("#").strip()


@main.command(cls=cli.Common)
@click.argument("patterns", nargs=-1, metavar="[TYPE]...")
def tasks(patterns: tuple[str, ...]) -> None:
    """List task types, all or those that match TYPE."""
    from qagen.files import TASK_CONFIGS
    from qagen.tasks.registry import known_types, load_task

    table = cli.table("name", "family", "level", "formats", "question")
    for name in match_names(patterns, known_types(), "no task type"):
        config = load_task(name).config
        about = _first_comment(TASK_CONFIGS / f"{name}.yaml")
        table.add_row(name, config.family, config.level, " ".join(config.formats), about)
    cli.show(table)


@main.command(cls=cli.Common)
def datasets() -> None:
    """List the datasets of --scene."""
    from qagen.demo import WRITERS
    from qagen.loaders import LOADERS

    table = cli.table("name", "dataset", "demo")
    for name, loader in LOADERS.items():
        text = inspect.getdoc(import_module(loader.partition(":")[0])) or ""
        table.add_row(name, text.partition("\n\n")[0].replace("\n", " "), "yes" if name in WRITERS else "no")
    cli.show(table)


@main.command(cls=cli.Common)
def presets() -> None:
    """List the presets of generate and mix."""
    from qagen.files import MIXES, PRESETS

    table = cli.table("name", "command", "settings")
    for command, folder in (("generate", PRESETS), ("mix", MIXES)):
        for path in sorted(folder.glob("*.yaml")):
            table.add_row(path.stem, command, _first_comment(path))
    cli.show(table)


@main.command(cls=cli.Common)
@click.argument("patterns", nargs=-1, metavar="[SETTING]...")
def config(patterns: tuple[str, ...]) -> None:
    """List the settings of generate --config, all or those that match SETTING."""
    from qagen.pipeline.config import RunConfig

    settings = {name: (default, text) for name, default, text in _settings(RunConfig, "")}
    table = cli.table("setting", "default", "meaning")
    for name in match_names(patterns, settings, "no setting"):
        table.add_row(name, *settings[name])
    cli.show(table)


@main.command(cls=cli.Common)
@click.option("--clear", is_flag=True, help="Remove them; what else lies in that folder stays.")
def cache(clear: bool) -> None:
    """List the built-in demos that were made, and their sizes."""
    from qagen.demo import cached, clear_cache
    from qagen.files import cache_dir

    folders = clear_cache() if clear else cached()
    total = f"{counted(len(folders), 'folder')}, {sum(size for _, size in folders) / 1e6:.0f} MB"
    if clear:
        cli.inform(f"Removed {total} from {cache_dir()}; demos are made again when they are needed")
        return
    table = cli.table("folder", "MB", justify="right")
    for path, size in folders:
        table.add_row(str(path.relative_to(cache_dir())), f"{size / 1e6:.1f}")
    if folders:
        cli.show(table)
    cli.inform(f"{total} in {cache_dir()}; QAGEN_CACHE names another place")
    if folders:
        cli.next_step("cache", "--clear")


def _settings(kind: type, prefix: str) -> Iterator[tuple[str, str, str]]:
    """Name, default and meaning (the attribute's docstring) of each field of a class, and of its fields' classes."""
    (class_node,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(class_node, ast.ClassDef)
    instance: Any = kind()
    for node, text in pairwise(class_node.body):
        match node, text:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(meaning))):
                default = getattr(instance, name)
                if is_dataclass(default):
                    yield from _settings(type(default), f"{prefix}{name}.")
                else:
                    yield f"{prefix}{name}", "all" if default is None else str(default), " ".join(meaning.split())


if __name__ == "__main__":
    main(prog_name="qagen")
