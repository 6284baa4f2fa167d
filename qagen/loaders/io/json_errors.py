"""What is wrong with a JSON file, told by field, what was found and what is expected, with the choices there are."""

import json
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

import msgspec
from msgspec import inspect

_PLACE = re.compile(r" - at (?:`key` in )?`\$(.*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_EXPECTED = re.compile(r"Expected `([^`]+)`(.*?)(?:, got .*)?$")
_LIMIT = re.compile(r"(?:of length )?([<>])=")
_NAMED = re.compile(r"`([^`]+)`$")
_WORDS = {
    "object": "keys with values in braces",
    "array": "a list",
    "float": "a number",
    "int": "a whole number",
    "str": "a text",
    "bool": "true or false",
    "null": "null",
}
"""What msgspec and JSON Schema call a kind of value, and what we do."""
_KINDS = {
    inspect.FloatType: "float",
    inspect.IntType: "int",
    inspect.StrType: "str",
    inspect.BoolType: "bool",
    inspect.NoneType: "null",
    inspect.ListType: "array",
    inspect.StructType: "object",
    inspect.DictType: "object",
}
MIN_LIKENESS = 0.6
"""Least likeness of a word to what may have been meant, 0 to 1."""
MAX_SHOWN = 60


def explained(error: msgspec.ValidationError, content: Any, kind: Any) -> str:
    """A validation error of parsed JSON in our words: ``frames[0].pose: found 'x', expected a list``."""
    message = str(error)
    place = _PLACE.search(message)
    told, path = (message[: place.start()], place[1]) if place else (message, "")
    steps = _STEP.findall(path)
    types, note = _types_at(kind, steps)
    named, field, value = _NAMED.search(told), path.lstrip("."), _value_at(content, steps)
    if named and told.startswith("Object contains unknown field"):
        keys = [one.encode_name for parent in types if isinstance(parent, inspect.StructType) for one in parent.fields]
        return _sentence(field, f"unknown key {named[1]!r}", _one_of(keys), _nearest(named[1], keys))
    if named and told.startswith("Object missing required field"):
        kinds, note = _types_at(kind, [*steps, (named[1], "")])
        choices = [*_choices(kinds), *_words(kinds)]
        return _sentence(f"{field}.{named[1]}".lstrip("."), "nothing", _one_of(choices) + note)
    if _choices(types) and isinstance(value, str):
        choices = [*_choices(types), *_words(types)]
        return _sentence(field, _shown(value), _one_of(choices), _nearest(value, _choices(types)))
    expected = _EXPECTED.match(told)
    if expected is None:
        return f"{_sentence(field, _shown(value), 'another')}: {told}"
    has_default = not any(isinstance(one, inspect.NoneType) for one in types)
    names = [name for name in expected[1].split(" | ") if name != "null" or not has_default]
    limit = _LIMIT.sub(lambda sign: "of at least" if sign[1] == ">" else "of at most", expected[2])
    limit = limit.replace("> 0.0", "above 0")
    return _sentence(field, _shown(value), _one_of(_WORDS.get(name, name) for name in names) + limit + note)


def explained_syntax(text: bytes, error: ValueError | RecursionError) -> str:
    """Why a text is no JSON: ``line 3, column 7: found '}', expected value``."""
    if not text.strip():
        return "found an empty file, expected JSON"
    if isinstance(error, UnicodeDecodeError):
        return f"found binary data at byte {error.start}, expected JSON"
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    if error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated"):
        return f"line {error.lineno}: ends within a value, expected the rest: was the file cut off?"
    found = error.doc[error.pos :].split("\n", 1)[0][:20]
    wanted = error.msg.removeprefix("Expecting ")
    expected = {"Extra data": "the end", "value": "a value"}.get(wanted, wanted)
    return f"line {error.lineno}, column {error.colno}: found {found!r}, expected {expected}"


def _sentence(field: str, found: str, expected: str, hint: str = "") -> str:
    return f"{f'{field}: ' if field else ''}found {found}, expected {expected}{hint}"


def _types_at(kind: Any, steps: Iterable[tuple[str, str]]) -> tuple[list[inspect.Type], str]:
    """The kinds of values that may stand at a place, and what the innermost type around it that is described says."""
    types, note = _alternatives(inspect.type_info(kind))
    for key, _ in steps:
        inner = [_alternatives(below) for one in types for below in (_below(one, key) if key else _items(one))]
        types = [one for found, _ in inner for one in found]
        note = next((text for _, text in inner if text), note)
    return types, note


def _alternatives(one: inspect.Type) -> tuple[list[inspect.Type], str]:
    if isinstance(one, inspect.Metadata):
        types, note = _alternatives(one.type)
        return types, note or f" ({(one.extra_json_schema or {}).get('description', '')})".removesuffix(" ()")
    if isinstance(one, inspect.UnionType):
        both = [_alternatives(inner) for inner in one.types]
        return [inner for types, _ in both for inner in types], next((note for _, note in both if note), "")
    return [one], ""


def _below(one: inspect.Type, key: str) -> Iterator[inspect.Type]:
    """The type of a key of an object; null is no choice where leaving the key out says the same."""
    for field in one.fields if isinstance(one, inspect.StructType) else ():
        if field.encode_name == key and isinstance(field.type, inspect.UnionType) and not field.required:
            yield from (inner for inner in field.type.types if not isinstance(inner, inspect.NoneType))
        elif field.encode_name == key:
            yield field.type


def _items(one: inspect.Type) -> Iterator[inspect.Type]:
    if isinstance(one, inspect.ListType | inspect.VarTupleType):
        yield one.item_type
    elif isinstance(one, inspect.DictType):  # msgspec writes [...] for each of its keys
        yield one.value_type


def _choices(types: Iterable[inspect.Type]) -> list[str]:
    return [str(value) for one in types if isinstance(one, inspect.LiteralType) for value in one.values]


def _words(types: Iterable[inspect.Type]) -> list[str]:
    return [_WORDS[_KINDS[type(one)]] for one in types if type(one) in _KINDS]


def _one_of(words: Iterable[str]) -> str:
    listed = list(dict.fromkeys(words))
    return " or ".join([", ".join(listed[:-1]), listed[-1]]) if len(listed) > 1 else "".join(listed) or "another"


def _nearest(word: str, known: list[str]) -> str:
    folded = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), folded, n=1, cutoff=MIN_LIKENESS)
    return f". Did you mean '{folded[near[0]]}'?" if near else ""


def _value_at(content: Any, steps: Iterable[tuple[str, str]]) -> Any:
    for key, index in steps:
        try:
            content = content[key] if key else content[int(index)]
        except (KeyError, IndexError, TypeError, ValueError):
            return content
    return content


def _shown(value: Any) -> str:
    """A value on one line; a long one is cut, and told by its length."""
    if isinstance(value, dict):
        return f"keys {', '.join(map(repr, list(value)[:5]))}"[:MAX_SHOWN] if value else "{}"
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)
    if len(text) <= MAX_SHOWN:
        return text
    return f"{text[: MAX_SHOWN - 3]}..." + (f" ({len(value)} long)" if isinstance(value, list | str) else "")
