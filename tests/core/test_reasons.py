"""Reasons for leaving parts of a scene out, and for refusing questions, are one list."""

import ast
import re
from pathlib import Path

import pytest

from qagen import loaders, tasks
from qagen.core import reasons
from qagen.core.reasons import MEANINGS
from qagen.demo import demo_root
from qagen.loaders import LOADERS, make_loader
from qagen.sampling.frame_sets import SAMPLING_SKIPS
from qagen.sampling.mark_placement import MARKING_SKIPS
from qagen.sampling.video_spans import SPAN_SKIPS
from qagen.tasks._base import NEEDS
from qagen.tasks.registry import known_types, load_task
from qagen.tasks.sides import SIDES_SKIPS
from qagen.visibility.views import LEAST_VIDEO_FRAMES
from qagen.wording.formats import FORMAT_SKIPS
from tools.reasons import PAGE, page_text

PACKAGE = Path(loaders.__file__).parents[1]
LITERAL = re.compile(r"""(?<!f)["'](?:frame|object|walk|room|scene|clip|video|item|image): [a-z ]+["']""")
CONSTANTS = {name: value for name, value in vars(reasons).items() if name.isupper() and isinstance(value, str)}
LISTS = {"skips", "SAMPLING_SKIPS", "MARKING_SKIPS", "FORMAT_SKIPS", "SIDES_SKIPS"}
"""Names that declare reasons without giving them."""
MODULES = {path: ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py") if path.name != "reasons.py"}


def given_in(module: ast.AST) -> set[str]:
    """The reasons that a module gives, not those that it only imports or declares."""
    if isinstance(module, ast.Assign) and isinstance(module.targets[0], ast.Name) and module.targets[0].id in LISTS:
        return set()
    own = {CONSTANTS[module.id]} if isinstance(module, ast.Name) and module.id in CONSTANTS else set()
    return own.union(*map(given_in, ast.iter_child_nodes(module)))


def test_each_reason_has_a_sentence_for_the_user() -> None:
    assert sorted(CONSTANTS.values()) == sorted(MEANINGS)
    for reason, meaning in MEANINGS.items():
        assert re.fullmatch(r"((frame|object|walk|room|scene|clip|video|item|image): )?[a-z][a-zA-Z ]+", reason)
        assert meaning.endswith(".")
        assert meaning[0].isupper()


def test_each_reason_is_given_somewhere() -> None:
    assert MEANINGS.keys() == set().union(*map(given_in, MODULES.values()))


@pytest.mark.parametrize("type_name", known_types())
def test_a_family_declares_the_reasons_that_it_gives(type_name: str) -> None:
    family = load_task(type_name)
    modules = {cls.__module__ for cls in type(family).__mro__ if cls.__module__.startswith(f"{tasks.__name__}.")}
    paths = [Path(tasks.__file__).parent / f"{name.rpartition('.')[2]}.py" for name in modules]
    given = set[str]().union(*(given_in(MODULES[path]) for path in paths))
    assert given <= family.skips | set(NEEDS.values())
    assert family.skips <= given | SAMPLING_SKIPS | SPAN_SKIPS | SIDES_SKIPS


def test_sampling_and_wording_declare_the_reasons_that_they_give() -> None:
    assert given_in(MODULES[PACKAGE / "sampling" / "mark_placement.py"]) == MARKING_SKIPS
    assert given_in(MODULES[PACKAGE / "sampling" / "frame_sets.py"]) | MARKING_SKIPS == SAMPLING_SKIPS
    assert given_in(MODULES[PACKAGE / "sampling" / "video_spans.py"]) == SPAN_SKIPS
    assert given_in(MODULES[PACKAGE / "tasks" / "sides.py"]) == SIDES_SKIPS
    assert given_in(MODULES[PACKAGE / "wording" / "formats.py"]) == FORMAT_SKIPS


def test_no_reason_of_a_skip_is_spelled_in_place() -> None:
    for path, module in MODULES.items():
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Skip":
                spelled = [node.args[0], *(getattr(node.args[0], branch, None) for branch in ("body", "orelse"))]
                assert not any(isinstance(part, ast.Constant | ast.JoinedStr) for part in spelled), (path, node.lineno)


def test_the_page_of_reasons_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page_text()
    assert all(f"| {reason} | {meaning} |" in page_text() for reason, meaning in MEANINGS.items())


def test_the_length_of_a_video_is_told_as_it_is() -> None:
    assert f"({LEAST_VIDEO_FRAMES})" in MEANINGS[reasons.NO_VIDEO]


def test_a_reason_is_explained_with_or_without_the_format_that_it_is_about() -> None:
    assert reasons.meaning_of("select: too few wrong options") == MEANINGS[reasons.NO_OPTIONS]
    assert reasons.meaning_of("frame: no pose") == MEANINGS[reasons.NO_POSE]
    assert reasons.meaning_of("frame: no such reason") == ""


@pytest.mark.parametrize("folder", ["loaders", "visibility"])
def test_no_reason_is_spelled_elsewhere(folder: str) -> None:
    found = {str(path): LITERAL.findall(path.read_text()) for path in (PACKAGE / folder).rglob("*.py")}
    assert not {path: reasons for path, reasons in found.items() if reasons}


@pytest.mark.slow
@pytest.mark.parametrize("dataset", sorted(LOADERS))
def test_loaders_give_reasons_of_the_list(dataset: str) -> None:
    loader = make_loader(dataset, demo_root(dataset))
    for scene_id in loader.scene_ids("all"):
        assert loader.load(scene_id).dropped.keys() <= MEANINGS.keys()
