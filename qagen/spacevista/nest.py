"""``qagen spacevista nest``: the way back from the flat form."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from qagen import cli
from qagen.core.reasons import COLLIDING_KEY, UNLIKE_ITS_FORM
from qagen.errors import ConfigError, did_you_mean
from qagen.spacevista.flatten import check_item, read_notes
from qagen.spacevista.forms import CHILDREN, FLAT_KEYS, PARSED, STRINGIFIED, ItemError, parse_string
from qagen.spacevista.rewrite import rewrite
from qagen.spacevista.stream import json_text


@cli.command(
    "qagen spacevista nest meta_flatten.json --to meta.json",
    "qagen spacevista nest meta_flatten.json --to meta.json --parse answer",
)
@click.argument("source", metavar="FILE", type=cli.PATH)
@cli.path_option("--to", "target", also=["--out"], required=True, metavar="FILE", help="The file to write.")
@cli.names_option("--parse", "KEY", "Keys of extra_info whose strings are JSON.", default="those of prompts")
@cli.all_option("items")
def main(source: Path, target: Path, parse: tuple[str, ...], lists_all: bool) -> int:
    """Write the items of FILE with prompts as objects in extra_info.

    What flatten --reversible wrote is restored exactly. Of other files, keys of prompts go back into them, and their
    points, boxes and ids are parsed; other strings stay strings unless --parse names them, because a string that looks
    like JSON may be one.

    Exit codes: 0: all items are written. 1: some were left out. 2: a mistake in the options, or no list of items.
    """
    missing = dict.fromkeys(parse)
    known: dict[str, None] = {}

    def change(item: dict[str, Any]) -> dict[str, Any]:
        check_item(item)
        if missing and isinstance(extra := item.get("extra_info"), dict):
            known.update(dict.fromkeys(extra))
            for key in missing.keys() & extra.keys():
                del missing[key]
        return nest_item(item, parse)

    def check_names() -> None:
        for name in missing:
            raise ConfigError(f"--parse: no item has the key '{name}'.{did_you_mean(name, known)}")

    return rewrite(source, target, change, lists_all, check_names)


def nest_item(item: dict[str, Any], parse: Iterable[str] = ()) -> dict[str, Any]:
    """The item in the nested form; one without an ``extra_info`` that is an object as it is.

    Args:
        parse: keys of ``extra_info`` whose strings are parsed, beside those of prompts.

    Raises:
        ItemError: a value would overwrite another, or the notes of the flattening do not fit the item.
    """
    extra = item.get("extra_info")
    if not isinstance(extra, dict):
        return item
    strings, moved = read_notes(extra[STRINGIFIED]) if STRINGIFIED in extra else (None, None)
    origins = FLAT_KEYS if moved is None else {key: _origin(key) for key in moved}
    prompts = {key: {} for key in origins if key in CHILDREN}
    nested: dict[str, Any] = dict(prompts)
    for key, value in extra.items():
        if key == STRINGIFIED:
            continue
        prompt, name = origins.get(key, ("", key))
        if strings is None and prompt and name in PARSED:
            value = _parsed_container(value)
        elif strings and key in strings:
            value = _restored(value, key)
        elif key in parse:
            value = parse_string(value)
        if prompt and prompt not in prompts:
            _put(nested, prompt, prompts.setdefault(prompt, {}))
        _put(prompts[prompt] if prompt else nested, name, value)
    for key in [*(strings or ()), *(moved or ())]:
        if key not in extra and key not in CHILDREN:
            raise ItemError(UNLIKE_ITS_FORM, f"extra_info.{STRINGIFIED}: found {key}, expected keys of extra_info")
    return {**item, "extra_info": nested}


def _origin(key: str) -> tuple[str, str]:
    """The prompt that a key came out of and its name there. Raises ItemError where it cannot be from one."""
    for prompt, (prefix, _) in CHILDREN.items():
        if key == prompt or key.startswith(prefix):
            return prompt, key.removeprefix(prefix)
    raise ItemError(UNLIKE_ITS_FORM, f"extra_info.{STRINGIFIED}: found {key}, expected keys of prompts")


def _restored(value: Any, key: str) -> Any:
    """What became a string. Raises ItemError where it is no longer what was written."""
    try:
        return json.loads(value)
    except (TypeError, ValueError, RecursionError):
        found = json_text(value)[:60]
        raise ItemError(
            UNLIKE_ITS_FORM, f"extra_info.{key}: found {found}, expected JSON, as {STRINGIFIED} has it"
        ) from None


def _parsed_container(value: Any) -> Any:
    """The list or object of a string; a string of something else was a string before, because only these become one."""
    parsed = parse_string(value)
    return parsed if isinstance(parsed, list | dict) else value


def _put(holder: dict[str, Any], name: str, value: Any) -> None:
    if name in holder:
        raise ItemError(COLLIDING_KEY, f"extra_info.{name}: found it beside its parts, expected one of them")
    holder[name] = value


if __name__ == "__main__":
    main()
