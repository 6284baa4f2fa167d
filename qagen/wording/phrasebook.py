"""Templates, which turn facts into English.

``templates/<family>.jinja`` holds blocks of phrasings, one a line. ``rules.jinja`` holds rules that questions of any
family may have to state, ``words.jinja`` the macros that phrasings call as ``say.<macro>``. The variables of a phrasing
are the roles of the question by color, its facts and its answer.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateAssertionError, TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Macro
from jinja2.sandbox import SandboxedEnvironment
from numpy.random import Generator

from qagen.core.labels import is_plural
from qagen.errors import ConfigError, did_you_mean

RULES = "rules"
WORDS = "words.jinja"
MAX_BYTES = 100_000
"""Maximum size of a template file."""
MAX_CHARS = 10_000
"""Maximum length of a ``join`` result."""
MAX_QUOTED_CHARS = 500
"""Maximum length of a phrasing in an error."""
FILTERS = (
    *("capitalize", "default", "first", "last", "length", "list", "lower", "map", "reject", "select", "sort", "trim"),
    *("unique", "upper"),
)
"""Filters of Jinja that templates may use, besides a ``join`` of our own."""
METHODS = frozenset({"append", "endswith", "startswith"})
_EXPRESSIONS = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.Name, nodes.Call, nodes.Keyword),
    *(nodes.Filter, nodes.Test, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Concat, nodes.CondExpr, nodes.If),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg),
    *(nodes.Tuple, nodes.List, nodes.Dict, nodes.Pair),
)
"""Syntax nodes allowed in phrasings: nothing that counts or repeats."""
_STATEMENTS = (nodes.Macro, nodes.For, nodes.Assign, nodes.AssignBlock)
"""Further syntax nodes allowed in macros."""
FAILURES = (TemplateError, TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError)
"""Exceptions of a failing template: Jinja passes on what Python raises."""
_BLOCK = re.compile(r"^\{%-?\s*block\s+(\w+)\s*-?%\}[ \t]*\n(.*?)^\{%-?\s*endblock\s*-?%\}", re.DOTALL | re.MULTILINE)
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Mention:
    """An object as a sentence refers to it."""

    label: str
    """The object's name."""
    notes: tuple[str, ...]
    """Notes in brackets that identify it: ("red point",), ("in Frame-16, Object2", "red box")."""
    short_notes: tuple[str, ...] = ()
    """Notes that it needs once it has been named; none where no other object of the question has its label."""

    @property
    def again(self) -> "Mention":
        """The object where the text has named it before: without notes, or with the shortest that tells it apart."""
        return Mention(self.label, self.short_notes, self.short_notes)

    @property
    def be(self) -> str:
        """The verb that agrees with the label: "the chair is", "the glasses are"."""
        return "are" if is_plural(self.label) else "is"

    @property
    def have(self) -> str:
        """The same of "to have"."""
        return "have" if is_plural(self.label) else "has"

    @property
    def they(self) -> str:
        """The pronoun for the label as a subject."""
        return "they" if is_plural(self.label) else "it"

    @property
    def it(self) -> str:
        """The pronoun for the label as an object."""
        return "them" if is_plural(self.label) else "it"

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
    """Filters and macros that it may call."""
    names: frozenset[str]
    """Variables that it uses."""
    where: str
    """Block and file, for errors."""

    @cached_property
    def template(self) -> Template:
        """The line, compiled when it is first drawn."""
        return self.environment.from_string(self.tree)

    def render(self, context: Mapping[str, object]) -> str:
        """The sentence, with a capital at its start.

        Raises:
            ConfigError: it uses a variable that its question does not have.
        """
        try:
            text = self._filled(context).strip()
        except FAILURES as error:
            raise _refused(self.where, error, self.source) from error
        return text[:1].upper() + text[1:]

    def _filled(self, context: Mapping[str, object]) -> str:
        """The sentence; what only holds names is filled in without Jinja, which takes ten times as long."""
        if self.pieces is None or not self.names <= context.keys():
            return self.template.render(context)
        return "".join([str(context[piece]) if is_name else piece for piece, is_name in self.pieces])

    @cached_property
    def pieces(self) -> tuple[tuple[str, bool], ...] | None:
        """Texts and names of variables, and which of the two each is; None for a line that holds anything else."""
        pieces: list[tuple[str, bool]] = []
        for part in (part for output in self.tree.body for part in getattr(output, "nodes", (output,))):
            if isinstance(part, nodes.Name):
                pieces.append((part.name, True))
            elif isinstance(part, nodes.TemplateData):
                pieces.append((part.data, False))
            else:
                return None
        return tuple(pieces)

    def check_names(self, known: frozenset[str]) -> None:
        """Raises ConfigError when the phrasing uses a name that its question does not have."""
        for name in sorted(self.names - known):
            raise ConfigError(
                f"{self.where}: unknown name '{name}' in phrasing: {self.source}{did_you_mean(name, known)}"
            )


class _Environment(SandboxedEnvironment):
    """Jinja's sandbox without operations of unbounded time or memory: arithmetic, ranges, padding, formatting."""

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=False)
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in FILTERS} | {"join": _join}

    def is_safe_callable(self, obj: Any) -> bool:
        """Macros, and a few methods of strings and lists."""
        return isinstance(obj, Macro) or (getattr(obj, "__name__", "") in METHODS and super().is_safe_callable(obj))

    def read(self, source: str, allowed: tuple[type[nodes.Node], ...]) -> nodes.Template:
        """The syntax tree of a source.

        Raises:
            TemplateError: it cannot be parsed, or holds a node that is not allowed.
        """
        tree = self.parse(source)
        for node in tree.find_all(nodes.Node):
            if not isinstance(node, allowed):
                raise TemplateAssertionError(f"{type(node).__name__} may not be used here", node.lineno)
        return tree


def _join(parts: Iterable[object], glue: str = "") -> str:
    """Jinja's filter with a limit: the only allowed filter by which a text can grow."""
    texts = [str(part) for part in parts]
    if sum(map(len, texts)) + len(glue) * len(texts) > MAX_CHARS:
        raise SecurityError(f"join makes more than {MAX_CHARS} characters")
    return glue.join(texts)


class Phrasebook:
    """All phrasings below a folder."""

    def __init__(self, folder: Path) -> None:
        """Raises ConfigError when the macros cannot be read."""
        self.folder = folder
        self._environment = _Environment()
        try:
            macros = self._environment.read(_read_text(folder / WORDS), _EXPRESSIONS + _STATEMENTS)
            self._environment.globals["say"] = self._environment.from_string(macros).module
        except FAILURES as error:
            raise ConfigError(f"{folder / WORDS}: {_message(error)}") from error
        self.blocks = cache(self._read)

    def draw(self, file: str, block: str, rng: Generator, context: Mapping[str, object]) -> str:
        """Render a phrasing of a block, drawn evenly from those whose names the context has, if there are any."""
        phrasings = self.phrasings(file, block)
        phrasings = [phrasing for phrasing in phrasings if phrasing.names <= context.keys()] or phrasings
        return phrasings[int(rng.integers(len(phrasings)))].render(context)

    def phrasings(self, file: str, block: str) -> list[Phrasing]:
        """Raises ConfigError when the file or the block is missing."""
        blocks = self.blocks(file)
        if block not in blocks:
            raise ConfigError(f"{self.folder / file}.jinja: no block '{block}'.{did_you_mean(block, blocks)}")
        return blocks[block]

    def _read(self, file: str) -> dict[str, list[Phrasing]]:
        path = self.folder / f"{file}.jinja"
        found = _BLOCK.findall(_COMMENT.sub("", _read_text(path)))
        if not found:
            raise ConfigError(f"{path}: no block found, expected {{% block question_... %}} with one phrasing a line")
        return {name: [self._compile(line, f"{path}: block {name}") for line in _lines(body)] for name, body in found}

    def _compile(self, line: str, where: str) -> Phrasing:
        try:
            tree = self._environment.read(line, _EXPRESSIONS)
            names = frozenset(node.name for node in tree.find_all(nodes.Name)) - {"say"}  # nothing is assigned there
        except FAILURES as error:
            raise _refused(where, error, line) from error
        return Phrasing(line, tree, self._environment, names, where)


def _refused(where: str, error: Exception, line: str) -> ConfigError:
    return ConfigError(f"{where}: {_message(error)} in phrasing: {line[:MAX_QUOTED_CHARS]}")


def _message(error: Exception) -> str:
    """The error's message in one line."""
    message = error.message if isinstance(error, TemplateError) else str(error)
    return " ".join((message or type(error).__name__).split())


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        text = content.decode()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: found binary data at byte {error.start}, expected text") from error
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{path}: found more than {MAX_BYTES} bytes, expected phrasings")
    return text


def _lines(body: str) -> list[str]:
    return [line.strip() for line in body.splitlines() if line.strip()]
