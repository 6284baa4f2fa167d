"""The vocabulary that all commands share, how they fail, and the lists of what there is."""

import subprocess
import sys
from dataclasses import fields
from importlib import import_module
from io import StringIO
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from rich.console import Console
from rich.text import Text

import qagen
from qagen import cli
from qagen.__main__ import MODULES, main
from qagen.demo import WRITERS
from qagen.errors import ConfigError, QagenError, match_names
from qagen.loaders import LOADERS
from qagen.pipeline.config import RunConfig
from qagen.stages import about, each
from qagen.tasks.registry import known_types
from qagen.visibility.thresholds import Thresholds
from qagen.visibility.views import LEAST_VIDEO_FRAMES, VIDEO_FRAMES

LISTS = ("tasks", "datasets", "presets", "config", "cache")
COMMANDS = {name: import_module(module).main for name, (module, _) in MODULES.items()}
WIDTH = 80


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def refusal(result: Result) -> str:
    assert result.exit_code == 2, result.output
    return result.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", [*MODULES, *LISTS])
def test_every_command_has_help_version_and_quiet(name: str) -> None:
    short, long = (run(name, flag) for flag in ("-h", "--help"))
    assert (short.exit_code, short.output) == (0, long.output)
    assert all(flag in short.output for flag in ("-h, --help", "--version", "-q, --quiet"))
    assert max(map(len, short.output.splitlines())) <= WIDTH
    assert run(name, "--version").output == f"qagen {qagen.__version__}\n"
    assert run(name, "-q", "-h").output == short.output


@pytest.mark.parametrize("name", MODULES)
def test_the_lines_of_a_help_are_not_run_together(name: str) -> None:
    examples = run(name, "-h").output.partition("Examples:\n")[2].splitlines()
    assert examples
    assert all(line.startswith("    qagen ") for line in examples)


@pytest.mark.parametrize("name", MODULES)
def test_python_m_runs_the_same_command(name: str) -> None:
    assert CliRunner().invoke(COMMANDS[name], ["-h"]).output.splitlines()[2:] == run(name, "-h").output.splitlines()[2:]


def test_help_lists_all_commands() -> None:
    for text in (run("-h").output, run().output):
        assert all(f"\n  {name} " in text for name in (*MODULES, *LISTS))


@pytest.mark.parametrize("words", [["--help"], ["tasks", "--help"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    script = f"import sys; from qagen.__main__ import main; main({words!r}, standalone_mode=False); print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    modules = set(told.stdout.splitlines()[-1].split())
    assert modules.isdisjoint({"numpy", "yaml", "pydantic", "rich", "msgspec", "qagen.tasks", "qagen.pipeline"})


def test_an_unknown_command_is_refused_with_the_nearest() -> None:
    assert refusal(run("gnerate")) == "Error: no command 'gnerate'. Did you mean 'generate'?"
    assert refusal(run("--scene", "scannet", "--out", "a b")).endswith("generate --scene scannet --out 'a b'")


FORMER = [
    ("show", "--to", "folder"),
    ("show", "--type", "tasks"),
    ("show", "--format", "formats"),
    ("show", "--split", "splits"),
    ("show", "--scene", "scenes"),
    ("index", "--to", "folder"),
    ("mix", "--to", "target"),
    ("export", "--to", "home"),
    ("export", "--types", "tasks"),
    ("score", "--json", "json_file"),
    ("bench", "--to", "folder"),
    ("audit", "--to", "out"),
    ("audit", "--types", "tasks"),
    ("doctor", "--to", "folder"),
]


@pytest.mark.parametrize(("name", "option", "parameter"), FORMER)
def test_a_former_name_of_an_option_is_understood_and_not_shown(name: str, option: str, parameter: str) -> None:
    command = COMMANDS[name]
    (known,) = [found for found in command.params if found.name == parameter]
    assert option in known.also
    assert f"{option} " not in run(name, "-h").output.partition("Options:")[2].partition("Examples:")[0]
    context = click.Context(command)
    values, _, _ = command.make_parser(context).parse_args([option, "x"])
    assert values[parameter] in ("x", ["x"])


def test_lists_of_names_are_split_at_commas_and_may_be_repeated() -> None:
    @cli.command("example")
    @cli.tasks_option("--types")
    def command(tasks: tuple[str, ...]) -> None:
        cli.show(" ".join(tasks) or "none")

    runner = CliRunner()
    assert runner.invoke(command, ["--tasks", "a, b,,c", "--types=d"]).output == "a b c d\n"
    assert runner.invoke(command, []).output == "none\n"


@pytest.mark.parametrize(("option", "left_out"), [("--groups", "no variants"), ("--tasks", "all")])
@pytest.mark.parametrize("value", ["", " ", ","])
def test_an_option_of_names_without_a_name_is_refused(option: str, left_out: str, value: str) -> None:
    told = refusal(run("generate", "--scene", "scannet", "--root", "nowhere", option, value))
    assert told == f"qagen: {option}: found '{value}', expected names; leave it out for {left_out}"


def test_limits_of_numbers_are_in_the_help() -> None:
    told = " ".join(run("generate", "-h").output.split())
    assert f"a video shows, at least {LEAST_VIDEO_FRAMES}. [default: {VIDEO_FRAMES}]" in told
    assert "which one cannot be told: 0 to 0.5. [default: 0]" in told
    assert "mirror. [default: no variants]" in told


@pytest.mark.parametrize("name", LISTS)
def test_each_row_of_a_table_is_one_whole_line_where_it_goes_to_a_file(name: str) -> None:
    lines = [line for line in run(name).stdout.splitlines()[2:] if line.strip()]
    assert all(line[:1].strip() for line in lines)  # none goes on in the next line
    assert "…" not in "".join(lines)


@pytest.mark.parametrize(
    ("typed", "called"),
    [
        ([".venv/bin/python", "-m", "qagen.generate"], ".venv/bin/python -m qagen"),
        (["/usr/bin/python3", "/usr/bin/qagen", "generate"], "qagen"),
    ],
)
def test_the_next_step_is_called_as_this_one(
    typed: list[str], called: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "orig_argv", typed)
    monkeypatch.setattr(sys, "argv", [name for name in typed[1:] if name != "-m"])
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    cli.next_step("show", Path("my run"))
    assert capsys.readouterr().err == f"Next: {called} show 'my run'\n"


def test_what_is_worked_on_is_a_line_below_the_bar_until_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Console(file=StringIO(), force_terminal=True, width=WIDTH)
    monkeypatch.setattr(cli, "console", lambda: shown)
    with cli.progress("Scenes", 2) as bar, about("scene0123_45"):
        list(each("reading frames", "ab"))
        list(each("measuring frames", range(400)))
        bars = bar._progress
        assert [task.description for task in bars.tasks] == ["Scenes", "  scene0123_45: measuring frames"]
        with shown.capture() as drawn:
            shown.print(bars.get_renderable())
        lines = Text.from_ansi(drawn.get()).plain.splitlines()
        assert "399/400" in lines[1]
        assert max(map(len, lines)) <= WIDTH
        bar.advance("scene0123_45")
        assert [task.description for task in bars.tasks] == ["Scenes"]


def test_where_room_is_short_names_give_way_and_numbers_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    long = "OBJECT_RELATIVE_DISTANCE_" * 3
    made = cli.table("type", "asked", "score", title="Scores", justify="right")
    made.add_row(long, "1,234", "56.70")
    shown = Console(file=StringIO(), width=40)
    with shown.capture() as drawn:
        shown.print(made)
    title, head, _, *rows = drawn.get().splitlines()
    assert (title.strip(), head.split()) == ("Scores", ["type", "asked", "score"])
    assert rows[0].split()[1:] == ["1,234", "56.70"]
    assert "".join(row.split()[0] for row in rows) == long


def test_the_cache_is_listed_and_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QAGEN_CACHE", str(tmp_path))
    assert run("cache").stderr == f"0 folders, 0 MB in {tmp_path}; QAGEN_CACHE names another place\n"
    folder = tmp_path / "demo" / "scannet-0123456789ab"
    folder.mkdir(parents=True)
    (folder / "scan").write_bytes(bytes(2_600_000))
    listed = run("cache")
    assert listed.stdout.split()[-2:] == ["demo/scannet-0123456789ab", "2.6"]
    assert listed.stderr.splitlines()[-1].endswith("qagen cache --clear")
    assert run("cache", "--clear").stderr.startswith(f"Removed 1 folder, 3 MB from {tmp_path}")
    assert not folder.exists()


def test_patterns_choose_in_the_order_of_the_known_names() -> None:
    known = ["depth_a", "depth_b", "count", "odd[1]"]
    assert match_names(["count", "depth_*"], known, "no") == ["depth_a", "depth_b", "count"]
    assert match_names(["odd[1]"], known, "no") == ["odd[1]"]
    assert match_names([], known, "no") == known
    with pytest.raises(ConfigError, match=r"^--tasks: no type 'cuont'\. Did you mean 'count'\?$"):
        match_names(["depth_*", "cuont"], known, "--tasks: no type")
    with pytest.raises(ConfigError, match=r"^no 'zzz\*'\. Known: "):
        match_names(["zzz*"], known, "no")


def ending(error: BaseException | None, code: int | None = None) -> click.Command:
    @cli.command("example", when_stopped="stopped half-way")
    def command() -> int | None:
        cli.inform("informed")
        cli.show("shown")
        cli.warn("warned")
        if error is not None:
            raise error
        return code

    return command


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        (ending(None), 0, ""),
        (ending(None, 1), 1, ""),
        (ending(QagenError("a [b] c: " + "long " * 60)), 2, "qagen: a [b] c: " + "long " * 60 + "\n"),
        (ending(KeyboardInterrupt()), 130, "qagen: stopped half-way\n"),
    ],
)
@pytest.mark.parametrize("quiet", [[], ["-q"]])
def test_commands_end_in_one_way(command: click.Command, code: int, message: str, quiet: list[str]) -> None:
    result = CliRunner().invoke(command, quiet)
    assert result.exit_code == code
    assert result.stdout == ("" if quiet else "shown\n")
    assert result.stderr == ("" if quiet else "informed\n") + "qagen: warned\n" + message


def test_a_bug_keeps_its_traceback() -> None:
    assert isinstance(CliRunner().invoke(ending(ValueError("bug")), []).exception, ValueError)


def test_roots_and_datasets_are_checked(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cli.check_root(None)
    cli.check_root(tmp_path)
    with pytest.raises(ConfigError, match=r"--root: .*file: found a file, expected a folder"):
        cli.check_root(tmp_path / "file")
    with pytest.raises(ConfigError, match=r"--root: .*gone: found nothing, expected a folder"):
        cli.check_root(tmp_path / "gone")
    with pytest.raises(ConfigError, match=r"--scene: no dataset 'scanet'. Did you mean 'scannet'"):
        cli.check_dataset("scanet", LOADERS)


def test_tasks_are_listed() -> None:
    assert all(f"\n{name} " in run("tasks").output for name in known_types())
    chosen = run("tasks", "depth_*", "obj_count").output
    assert "\ndepth_prediction_oc " in chosen
    assert " low " in chosen
    assert "\nobj_count " in chosen
    assert "room_size" not in chosen
    assert refusal(run("tasks", "depht_prediction_oc")).startswith("qagen: no task type 'depht_prediction_oc'. Did you")
    assert run("-q", "tasks").output == ""


def test_datasets_and_presets_are_listed() -> None:
    lines = {line.split()[0]: line for line in run("datasets").output.splitlines() if line.strip()}
    assert all(lines[name].split()[-1] == ("yes" if name in WRITERS else "no") for name in LOADERS)
    assert "ScanNet v2: 1613 RGB-D scans" in lines["scannet"]
    assert "\nquick " in run("presets").output
    assert "SPAR-7M's own proportions" in run("presets").output


def test_every_setting_is_listed_with_default_and_meaning() -> None:
    names = [line.split(" ")[0] for line in run("config").output.splitlines()]
    plain = [name for name in RunConfig.model_fields if name != "visibility"]
    assert set(names) >= {*plain, *(f"visibility.{field.name}" for field in fields(Thresholds))}
    (line,) = [line for line in run("config", "per_scene").output.splitlines() if "per_scene" in line]
    assert line.split() == ["per_scene", "100", "Samples", "per", "scene,", "type", "and", "format."]
