"""Templates: where facts become English.

``templates/<family>.jinja`` holds blocks, each with one phrasing a line; ``rules.jinja`` what any question may have to
state, ``words.jinja`` the macros that phrasings call as ``say.<macro>``. A phrasing sees the roles of the question by
colour, its facts and its answer, and nothing else.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template, TemplateError, meta, nodes
from jinja2.loaders import FileSystemLoader
from jinja2.sandbox import SandboxedEnvironment
from numpy.random import Generator

from qagen.errors import ConfigError, did_you_mean

RULES = "rules"
WORDS = "words.jinja"
_BLOCK = re.compile(r"^\{%-?\s*block\s+(\w+)\s*-?%\}[ \t]*\n(.*?)^\{%-?\s*endblock\s*-?%\}", re.DOTALL | re.MULTILINE)
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Mention:
    """An object as a sentence names it."""

    label: str
    """The object's name."""
    notes: tuple[str, ...]
    """What points it out: ("red point",), ("in Frame-16, Object2", "red box")."""

    def __str__(self) -> str:
        return " ".join([self.label, *(f"({note})" for note in self.notes)])


@dataclass(frozen=True, eq=False)
class Phrasing:
    """One line of a template block."""

    source: str
    """The line."""
    tree: nodes.Template
    """The line, parsed."""
    environment: Environment
    """What it may call."""
    names: frozenset[str]
    """The names that it uses."""
    where: str
    """Block and file, for errors."""

    @cached_property
    def template(self) -> Template:
        """The line, compiled when it is first drawn."""
        return self.environment.from_string(self.tree)

    def render(self, context: Mapping[str, object]) -> str:
        """The sentence, with a capital at its start.

        Raises:
            ConfigError: it uses something that its question does not have.
        """
        try:
            text = self.template.render(context).strip()
        except TemplateError as error:
            raise ConfigError(f"{self.where}: {error} in phrasing: {self.source}") from error
        return text[:1].upper() + text[1:]

    def check_names(self, known: frozenset[str]) -> None:
        """Raises ConfigError when the phrasing uses a name that its question does not have."""
        for name in sorted(self.names - known):
            raise ConfigError(
                f"{self.where}: unknown name '{name}' in phrasing: {self.source}{did_you_mean(name, known)}"
            )


class Phrasebook:
    """All phrasings below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._environment = SandboxedEnvironment(
            loader=FileSystemLoader(folder), undefined=StrictUndefined, autoescape=False
        )
        self._environment.globals["say"] = self._environment.get_template(WORDS).module
        self.blocks = cache(self._read)

    def draw(self, file: str, block: str, rng: Generator, context: Mapping[str, object]) -> str:
        """Render a phrasing of a block, drawn evenly."""
        phrasings = self.phrasings(file, block)
        return phrasings[int(rng.integers(len(phrasings)))].render(context)

    def phrasings(self, file: str, block: str) -> list[Phrasing]:
        """Raises ConfigError when the file or the block is missing."""
        blocks = self.blocks(file)
        if block not in blocks:
            raise ConfigError(f"{self.folder / file}.jinja: no block '{block}'.{did_you_mean(block, blocks)}")
        return blocks[block]

    def _read(self, file: str) -> dict[str, list[Phrasing]]:
        path = self.folder / f"{file}.jinja"
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
        found = _BLOCK.findall(_COMMENT.sub("", text))
        if not found:
            raise ConfigError(f"{path}: no block found, expected {{% block question_... %}} with one phrasing a line")
        return {name: [self._compile(line, f"{path}: block {name}") for line in _lines(body)] for name, body in found}

    def _compile(self, line: str, where: str) -> Phrasing:
        try:
            tree = self._environment.parse(line)
            names = frozenset(meta.find_undeclared_variables(tree) - {"say"})
        except TemplateError as error:
            raise ConfigError(f"{where}: {error} in phrasing: {line}") from error
        return Phrasing(line, tree, self._environment, names, where)


def _lines(body: str) -> list[str]:
    return [line.strip() for line in body.splitlines() if line.strip()]
