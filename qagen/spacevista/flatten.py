"""``qagen spacevista flatten``: prompts as scalars and JSON strings, as table-like readers need them.

Source: dataset/flatten.py of github.com/PeiwenSun2000/SpaceVista at c37b991, which overwrites keys that collide and
cannot be undone.
"""

import json
from pathlib import Path
from typing import Any

import click

from qagen import cli
from qagen.core.reasons import COLLIDING_KEY
from qagen.spacevista.forms import CHILDREN, FLAT_KEYS, STRINGIFIED, ItemError, check_texts, form_of, frames_of
from qagen.spacevista.rewrite import rewrite
from qagen.spacevista.stream import json_text


@cli.command(
    "qagen spacevista flatten meta.json --to meta_flatten.json",
    "qagen spacevista flatten meta.json --to meta_flatten.json --reversible",
)
@click.argument("source", metavar="FILE", type=cli.PATH)
@cli.path_option("--to", "target", also=["--out"], required=True, metavar="FILE", help="The file to write.")
@cli.option("--reversible", is_flag=True, help="Note what became a string, so that nest restores each value exactly.")
@cli.all_option("items")
def main(source: Path, target: Path, reversible: bool, lists_all: bool) -> int:
    """Write the items of FILE without objects and lists in extra_info.

    Keys and values are those of SpaceVista's own program. An item in which a new key would overwrite another is left
    out. With --reversible, extra_info has one key more, "stringified".

    Exit codes: 0: all items are written. 1: some were left out. 2: a mistake in the options, or no list of items.
    """

    def change(item: dict[str, Any]) -> dict[str, Any]:
        check_item(item)
        return flatten_item(item, reversible)

    return rewrite(source, target, change, lists_all)


def check_item(item: dict[str, Any]) -> None:
    """Raise ItemError where an item lacks text or frames, or they do not fit together; prompts are not looked at."""
    frames_of(item)
    check_texts(item, form_of(item))


def flatten_item(item: dict[str, Any], reversible: bool = False) -> dict[str, Any]:
    """The item in the flat form; one without an ``extra_info`` that is an object as it is.

    Raises:
        ItemError: a new key would overwrite another.
    """
    extra = item.get("extra_info")
    if not isinstance(extra, dict):
        return item
    flat, moved = dict(extra), list[str]()
    for key, (prefix, _) in CHILDREN.items():
        if isinstance(children := flat.get(key), dict):
            for name, value in children.items():
                _add(flat, f"{prefix}{name}", value, f"{key}.{name}")
                moved.append(f"{prefix}{name}")
            del flat[key]
            moved += [] if children else [key]
    strings = [key for key, value in flat.items() if isinstance(value, dict | list)]
    for key in strings:
        flat[key] = json_text(flat[key])
    if reversible:
        _add(flat, STRINGIFIED, _notes(flat, strings, moved), "--reversible")
    return {**item, "extra_info": flat}


def _add(flat: dict[str, Any], key: str, value: Any, origin: str) -> None:
    if key in flat:
        raise ItemError(COLLIDING_KEY, f"extra_info.{key}: found it, expected no such key, which {origin} becomes")
    flat[key] = value


def _notes(flat: dict[str, Any], strings: list[str], moved: list[str]) -> str:
    """The names of values that became strings, between commas; where that does not tell all, a JSON object.

    It does not where a name has a comma, where a prompt was empty or had unknown keys, and where keys like those of
    prompts stood outside of any.
    """
    plain = ",".join(strings)
    is_plain = all(name and "," not in name for name in strings) and not plain.startswith("{")
    if is_plain and set(moved) == FLAT_KEYS.keys() & flat.keys():
        return plain
    return json_text({"strings": strings, "moved": moved})


def read_notes(text: Any) -> tuple[list[str], list[str] | None]:
    """Which values became strings, and which keys came out of prompts; None where it is those of known names.

    Raises:
        ItemError: the text is no such list.
    """
    match text:
        case str() if not text.startswith("{"):
            return (text.split(",") if text else []), None
        case str():
            try:
                notes = json.loads(text)
            except (ValueError, RecursionError):
                notes = None
            if isinstance(notes, dict) and _are_names(notes.get("strings")) and _are_names(notes.get("moved")):
                return notes["strings"], notes["moved"]
    raise ItemError(COLLIDING_KEY, f"extra_info.{STRINGIFIED}: found {json_text(text)[:60]}, expected names of keys")


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


if __name__ == "__main__":
    main()
