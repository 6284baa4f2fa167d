"""What all commands share: the vocabulary of their options, their consoles and progress bars, and how they fail."""

import shlex
import shutil
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from qagen import __version__
from qagen.core.reasons import meaning_of
from qagen.errors import ConfigError, QagenError, did_you_mean
from qagen.stages import Stage, listening

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID
    from rich.table import Table

PLAIN_WIDTH = 10_000
"""Columns of output that does not go to a terminal: each row of a table is one line there, as wide as it must be."""
BAR_WIDTH = 20
"""Columns of a progress bar; the line fits 80 with what it is about, numbers and times."""
MISTAKE = 2
"""Exit code after a mistake in options, configs or files."""
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""
QUIET, DEMO = "qagen.quiet", "qagen.demo"
"""Keys of click's context for -q and --demo."""
PATH = click.Path(path_type=Path)
BUILDING = "Building the demo (once)"
LISTED = 5
"""Maximum number of things left out that are shown of one reason."""

Fault = tuple[str, str, str]
"""A reason of qagen.core.reasons, the id of what is left out, and what was found."""


# --- commands ---------------------------------------------------------------------------------------------------------


class Common(click.Command):
    """Adds -h, --version and -q; a QagenError ends with one line and code 2, Ctrl-C with code 130.

    A command returns its exit code; None stands for 0.
    """

    def __init__(self, *args: Any, when_stopped: str = "stopped", **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._when_stopped = when_stopped
        self.context_settings = {"help_option_names": ["-h", "--help"], **self.context_settings}
        self.params += [
            click.Option(
                ["-q", "--quiet"],
                is_flag=True,
                expose_value=False,
                callback=_note_quiet,
                help="Print warnings and errors only.",
            ),
            click.Option(
                ["--version"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_print_version,
                help="Show the version and exit.",
            ),
        ]

    def invoke(self, ctx: click.Context) -> None:
        try:
            code = super().invoke(ctx)
        except QagenError as error:
            _print_line(f"qagen: {error}", "red")
            code = MISTAKE
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            _print_line(f"qagen: {self._when_stopped}")
            code = INTERRUPTED
        if code:
            raise click.exceptions.Exit(code)


def _note_quiet(context: click.Context, _option: click.Parameter, is_quiet: bool) -> None:
    if is_quiet:
        context.meta[QUIET] = True


def _print_version(context: click.Context, _option: click.Parameter, is_wanted: bool) -> None:
    if is_wanted:
        click.echo(f"qagen {__version__}")
        context.exit()


class Commands(Common, click.Group):
    """Commands that are modules of their own, each with a ``main``, and those that are added to the group itself.

    Only the chosen module is imported, so that help comes at once.
    """

    def __init__(self, *args: Any, modules: Mapping[str, tuple[str, str]] = {}, **settings: Any) -> None:
        """``modules`` maps a command to its module and a line of help."""
        super().__init__(*args, **settings)
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self._modules, *self.commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self._modules:
            return import_module(self._modules[cmd_name][0]).main
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._modules.items()])
        if self.commands:
            with formatter.section("Lists"):
                formatter.write_dl([(name, command.get_short_help_str(70)) for name, command in self.commands.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.list_commands(ctx):
            ctx.fail(f"no command '{args[0]}'.{did_you_mean(args[0], self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)


def command(
    *examples: str, before: str = "", cls: type[Common] = Common, **settings: Any
) -> Callable[[Callable[..., Any]], click.Command]:
    """The decorator of a command; its help ends with examples, one a line.

    Args:
        before: another list for the help, before the examples.
        settings: ``when_stopped`` is printed after Ctrl-C.
    """
    lists = [before] if before else []
    lists.append("\n".join(["Examples:", *(f"  {example}" for example in examples)]))
    return click.command(cls=cls, epilog="\n\n".join(f"\b\n{text}" for text in lists), **settings)


# --- options ----------------------------------------------------------------------------------------------------------


class Option(click.Option):
    """An option with former names, which are understood and not shown."""

    def __init__(self, *args: Any, also: Sequence[str] = (), **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.also = tuple(also)

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        shown, self.opts = self.opts, [*self.opts, *self.also]
        super().add_to_parser(parser, ctx)
        self.opts = shown


def option(*names: str, also: Sequence[str] = (), **settings: Any) -> Callable[[Any], Any]:
    """An option; ``also`` are its former names."""
    return click.option(*names, cls=Option, also=also, **settings)


def path_option(*names: str, also: Sequence[str] = (), **settings: Any) -> Callable[[Any], Any]:
    """An option that is a file or a folder."""
    return option(*names, also=also, type=PATH, **settings)


def names_option(
    name: str, metavar: str, text: str, also: Sequence[str] = (), default: str = "all"
) -> Callable[[Any], Any]:
    """An option that takes names between commas and may be repeated; its value is a tuple, empty when not given."""
    text = f"{text}  [default: {default}]"
    return option(name, also=also, multiple=True, callback=_split_commas, metavar=f"{metavar},...", help=text)


def _split_commas(_context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    listed = [[name.strip() for name in value.split(",") if name.strip()] for value in values]
    if [] in listed:
        value = values[listed.index([])]
        raise ConfigError(f"{option.opts[0]}: found '{value}', expected names; leave it out for {_default_of(option)}")
    return tuple(name for names in listed for name in names)


def _default_of(option: click.Parameter) -> str:
    """What the help of an option of names says is its default."""
    return str(getattr(option, "help", "")).rpartition("[default: ")[2].rstrip("]")


def dataset_option(known: Iterable[str]) -> Callable[[Any], Any]:
    """``--scene DATASET``."""
    return option("--scene", "dataset", required=True, metavar="DATASET", help=f"Dataset to read: {', '.join(known)}.")


def root_option() -> Callable[[Any], Any]:
    """``--root DIR``, and ``--demo NAME``, which is no argument of the command: `demo_root` looks it up."""
    root = path_option("--root", metavar="DIR", help="Folder of the dataset.  [default: the built-in demo]")
    demo = option(
        "--demo",
        metavar="NAME",
        callback=_note_demo,
        expose_value=False,
        help="The demo that stands for a dataset: apartment, or tabletop (ScanNet and single objects).",
    )
    return lambda function: root(demo(function))


def _note_demo(context: click.Context, _option: click.Parameter, name: str | None) -> None:
    if name is not None:
        context.meta[DEMO] = name


def _named_demo() -> str | None:
    context = click.get_current_context(silent=True)
    return None if context is None else context.meta.get(DEMO)


def tasks_option(*also: str) -> Callable[[Any], Any]:
    """``--tasks TYPE,...``."""
    return names_option("--tasks", "TYPE", "Task types (globs allowed).", also)


def formats_option(*also: str) -> Callable[[Any], Any]:
    """``--formats FORMAT,...``."""
    return names_option("--formats", "FORMAT", "Answer formats: fill, select, sentence, judge.", also)


def scenes_option(*also: str) -> Callable[[Any], Any]:
    """``--scenes ID,...``."""
    return names_option("--scenes", "ID", "Scenes (globs allowed).", also)


def splits_option(*also: str) -> Callable[[Any], Any]:
    """``--splits SPLIT,...``."""
    return names_option("--splits", "SPLIT", "Splits of the run.", also)


def seed_option(text: str = "Random seed.") -> Callable[[Any], Any]:
    """``--seed N``."""
    return option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help=text)


def bias_option() -> Callable[[Any], Any]:
    """``--max-bias X``."""
    text = "Leave out samples whose answer words alone tell more surely than this; see qagen audit --write-bias."
    return option("--max-bias", type=click.FloatRange(0, 1), metavar="X", help=text)


def all_option(things: str) -> Callable[[Any], Any]:
    """``--all``, as ``lists_all``."""
    text = f"List all {things} left out, not only {LISTED} of each reason."
    return option("--all", "lists_all", is_flag=True, help=text)


def run_argument(required: bool = True) -> Callable[[Any], Any]:
    """RUN, the output folder of qagen.generate."""
    return click.argument("run", metavar="RUN" if required else "[RUN]", type=PATH, required=required)


def check_dataset(dataset: str, known: Iterable[str]) -> None:
    """Raise ConfigError, with the nearest name, for an unknown dataset."""
    if dataset not in known:
        raise ConfigError(f"--scene: no dataset '{dataset}'.{did_you_mean(dataset, known)}")


def check_root(root: Path | None) -> None:
    """Raise ConfigError unless the root is a folder or not given; a demo cannot be named beside it."""
    if root is not None and _named_demo() is not None:
        raise ConfigError("--demo: found --root beside it, expected one of them")
    if root is not None and not root.is_dir():
        raise ConfigError(f"--root: {root}: found {'a file' if root.exists() else 'nothing'}, expected a folder")


def make_folder(folder: Path) -> None:
    """Create the folder of --out. Raises ConfigError where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--out {folder}: cannot be made a folder ({error.strerror})") from error


def demo_root(dataset: str, bar: "Bar | None" = None) -> Path:
    """The root of the demo in a dataset's layout, built on first use; a bar that is being shown is used for it.

    Raises:
        ConfigError: --demo names none, or the demo does not come in this layout.
    """
    from qagen import demo

    name = _named_demo() or demo.usual_demo(dataset)
    inform(f"No --root given: using the built-in demo {name}.")
    with nullcontext(bar) if bar else progress(BUILDING) as shown:
        return demo.demo_root(dataset, lambda done, total, what: shown.update(done, total, f"{BUILDING}: {what}"), name)


# --- output -----------------------------------------------------------------------------------------------------------


def console(to_stdout: bool = False) -> "Console":
    """The command's console on standard error, or on standard output; silent with -q."""
    from rich.console import Console

    context = click.get_current_context(silent=True)
    kept = {} if context is None else context.meta
    key = f"qagen.console.{to_stdout}"
    if key not in kept:
        width = None if (sys.stdout if to_stdout else sys.stderr).isatty() else PLAIN_WIDTH
        quiet = kept.get(QUIET, False)
        kept[key] = Console(stderr=not to_stdout, quiet=quiet, highlight=False, markup=False, emoji=False, width=width)
    return kept[key]


def inform(message: Any) -> None:
    """Print a line, or a table of rich, on standard error, unless -q was given."""
    console().print(message, soft_wrap=isinstance(message, str))


def show(result: Any) -> None:
    """Print a line, or a table of rich, on standard output, unless -q was given."""
    console(to_stdout=True).print(result, soft_wrap=isinstance(result, str))


def next_step(*arguments: object) -> None:
    """Print the command that comes next, as this one was called: ``qagen ...`` or ``python -m qagen ...``."""
    called = [sys.orig_argv[0], "-m", "qagen"]
    if Path(sys.argv[0]).name == "qagen":
        called = ["qagen" if shutil.which("qagen") else sys.argv[0]]
    inform(f"Next: {shlex.join([*called, *map(str, arguments)])}")


def say_how_to_publish(folder: Path, datasets: Iterable[str]) -> None:
    """Print the command that puts a folder with these datasets' images on the Hugging Face Hub, and who forbids it."""
    from qagen.records.card import held_back, push_command, titles_of

    held = held_back(datasets)
    if held:
        warn(f"the terms of {titles_of(held)} allow no public images: see qagen export recipe")
    inform(f"Next: {push_command(folder, is_private=bool(held))}")


def table(*columns: str, title: str | None = None, justify: Literal["left", "right"] = "left") -> "Table":
    """A table of one thin line a row; its first column are names, which are not broken unless numbers (``justify``
    right) would be."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(
        box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, title=title, title_justify="left"
    )
    for column, name in enumerate(columns):
        is_whole = bool(column) == (justify == "right")
        made.add_column(name, no_wrap=is_whole, overflow="fold", justify=justify if column else "left")
    return made


def warn(message: str) -> None:
    """Print a warning on standard error."""
    _print_line(f"qagen: {message}", "yellow")


def show_faults(faults: Sequence[Fault], lists_all: bool) -> None:
    """Print what is left out by reason, the most frequent first."""
    by_reason: dict[str, list[Fault]] = {}
    for fault in faults:
        by_reason.setdefault(fault[0], []).append(fault)
    for reason, found in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0])):
        show(f"\n{len(found)} {reason.partition(': ')[2]}: {meaning_of(reason)}")
        shown = found if lists_all else found[:LISTED]
        for _, name, text in shown:
            show(f"  {printable(name)}  {printable(text)}")
        if len(shown) < len(found):
            show(f"  and {len(found) - len(shown)} more, which --all lists")


def printable(text: str) -> str:
    """Text of a file for one line of a terminal: what it would obey or not show becomes an escape."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _print_line(message: str, style: str | None = None) -> None:
    """Also with -q."""
    message = "\n".join(map(printable, message.split("\n")))
    shown = console()
    is_quiet, shown.quiet = shown.quiet, False
    shown.print(message, style=style, soft_wrap=True)
    shown.quiet = is_quiet


class Bar:
    """A progress bar that is being shown, and below it what is being worked on."""

    def __init__(self, progress: "Progress", task: "TaskID") -> None:
        self._progress, self._task = progress, task
        self._stages: dict[str, tuple[str, TaskID]] = {}

    def advance(self, subject: str = "") -> None:
        """One more is done; it is not worked on any longer."""
        self._progress.advance(self._task)
        if subject in self._stages:
            self._progress.remove_task(self._stages.pop(subject)[1])

    def show_stage(self, stage: Stage) -> None:
        """Show what is being done in a line of its own for each subject."""
        what, task = self._stages.get(stage.subject, ("", None))
        if task is None or what != stage.what:
            if task is not None:
                self._progress.remove_task(task)
            text = f"  {stage.subject}: {stage.what}" if stage.subject else f"  {stage.what}"
            task = self._progress.add_task(text, total=stage.total or None)
            self._stages[stage.subject] = stage.what, task
        self._progress.update(task, completed=stage.done)

    def update(self, done: int, total: int, description: str) -> None:
        """So much is done, and this is being worked on."""
        self._progress.update(self._task, completed=done, total=total, description=description)

    def inform(self, message: str) -> None:
        """Print a line above the bar."""
        self._progress.console.print(message, soft_wrap=True)

    def warn(self, message: str) -> None:
        """Print a warning above the bar."""
        self._progress.console.print(message, style="yellow", markup=False, soft_wrap=True)


@contextmanager
def progress(description: str, total: int | None = None) -> Iterator[Bar]:
    """Show a progress bar on standard error while the block runs; without a total, one that moves to and fro."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.progress import TimeRemainingColumn as Remaining

    numbers = MofNCompleteColumn(), TimeElapsedColumn(), Remaining()
    columns = TextColumn("{task.description}"), BarColumn(BAR_WIDTH), *numbers
    shown = console()
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as bars:
        bar = Bar(bars, bars.add_task(description, total=total))
        with listening(bar.show_stage) if shown.is_terminal else nullcontext():
            yield bar
