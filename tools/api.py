"""Write the reference in docs/python.md from the docstrings of the public names: ``python -m tools.api``."""

import inspect
import re
from pathlib import Path
from typing import Any

import qagen

PAGE = Path(__file__).resolve().parent.parent / "docs" / "python.md"
MARK = "<!-- The rest is written by python -m tools.api from the docstrings. -->\n"
SHOWN = (
    "open_scene",
    "open_scenes",
    "OpenScene",
    "QASample",
    "Samples",
    "Verdict",
    "open_run",
    "OpenRun",
    "stream",
    "Stream",
)
"""Names in the order of the page; Question is of qagen.core, QagenError says what its message says."""
SPECIAL = ("__getitem__", "__iter__")


def page_text() -> str:
    """The page, with its reference anew."""
    head = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    return head + MARK + "\n" + "\n\n".join(_entry(name, getattr(qagen, name)) for name in SHOWN) + "\n"


def _entry(name: str, value: Any) -> str:
    if not inspect.isclass(value):
        return f"### `qagen.{name}`\n\n{_signature(name, value)}\n\n{_text(value)}"
    parts = [f"### `qagen.{name}`", _text(value)]
    for key, member in vars(value).items():
        if (key.startswith("_") and key not in SPECIAL) or not _doc(member):
            continue
        if isinstance(member, property) or not callable(member):
            parts.append(f"**`.{key}`** {_text(member)}")
        else:
            parts.append(f"**`{_call(key, member)}`** {_text(member)}")
    return "\n\n".join(parts)


def _doc(member: Any) -> str:
    is_described = callable(member) or isinstance(member, property) or hasattr(member, "func")
    return (inspect.getdoc(member) or "") if is_described else ""


def _signature(name: str, function: Any) -> str:
    return f"```text\n{_call(name, function, split=True)}\n```"


def _call(name: str, function: Any, split: bool = False) -> str:
    """A function's name and parameters, in one line or, with their types, one a line."""
    parameters = [one for one in inspect.signature(function).parameters.values() if one.name != "self"]
    if not split:
        told = [str(one.replace(annotation=inspect.Parameter.empty)) for one in parameters]
        return f".{name}({', '.join(told)})"
    told = [_parameter(one) for one in parameters]
    named = [one.kind is inspect.Parameter.KEYWORD_ONLY for one in parameters]
    if any(named):
        told.insert(named.index(True), "*")
    return f"{name}(\n" + "".join(f"    {one},\n" for one in told) + ")"


def _parameter(one: inspect.Parameter) -> str:
    """A parameter with its type and its default."""
    if one.kind is inspect.Parameter.VAR_KEYWORD:
        return f"**{one.name}"
    kind = re.sub(r"collections\.abc\.|qagen\.api\.\w+\.|os\.", "", inspect.formatannotation(one.annotation))
    default = "" if one.default is inspect.Parameter.empty else f" = {one.default!r}"
    return f"{one.name}: {kind}{default}"


def _text(value: Any) -> str:
    """A docstring as markdown: sections as lists, double backticks as single ones."""
    lines: list[str] = []
    section = ""
    for line in (inspect.getdoc(value) or "").replace("``", "`").splitlines():
        if line in ("Args:", "Returns:", "Raises:"):
            section = line
            lines.append(f"*{line[:-1]}*\n")
        elif section and line.startswith("    "):
            named = re.match(r" {4}(\w+): (.*)", line)
            if named and section != "Returns:":
                lines.append(f"* `{named[1]}`: {named[2]}")
            else:
                lines.append(line.strip() if section == "Returns:" else f"  {line.strip()}")
        else:
            section = ""
            lines.append(line)
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page_text(), encoding="utf-8")
