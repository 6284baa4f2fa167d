"""What only one form of an item can say, kept in another form: which keys to set and to drop on the way back."""

import json
from typing import Any

from qagen.core.reasons import UNLIKE_ITS_FORM
from qagen.spacevista.forms import ItemError
from qagen.spacevista.stream import json_text

Values = dict[str, Any]


def difference(made: Values, wanted: Values, depth: int = 2) -> Values:
    """What turns one object into another: keys to ``set`` and to ``drop``, and changes ``in`` objects; {} for none."""
    changes: Values = {"set": {}, "drop": [key for key in made if key not in wanted], "in": {}}
    for key, value in wanted.items():
        if depth > 1 and isinstance(value, dict) and isinstance(made.get(key), dict):
            if change := difference(made[key], value, depth - 1):
                changes["in"][key] = change
        elif key not in made or not _are_same(made[key], value):
            changes["set"][key] = value
    return {name: change for name, change in changes.items() if change}


def _are_same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON, number types included; keys may be in another order."""
    if one is other or (isinstance(one, str) and one == other):
        return True
    return one == other and json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def restored(made: Values, patch: Any, key: str) -> Values:
    """The object with a difference applied. Raises ItemError, which begins with ``key``, where it is none."""
    match patch:
        case dict() if patch.keys() <= {"set", "drop", "in"}:
            to_set, to_drop, inner = patch.get("set", {}), patch.get("drop", []), patch.get("in", {})
            if isinstance(to_set, dict) and isinstance(to_drop, list) and isinstance(inner, dict):
                result = {name: value for name, value in made.items() if name not in to_drop} | to_set
                if all(isinstance(result.get(name), dict) for name in inner):
                    return result | {name: restored(result[name], part, key) for name, part in inner.items()}
    raise ItemError(UNLIKE_ITS_FORM, f"{key}: found {json_text(patch)[:60]}, expected keys to set and to drop")


def take_out(item: Values, holder: str, key: str) -> tuple[Values, Any]:
    """An item without what restores another form, and that; None where there is nothing."""
    facts = item.get(holder)
    if not isinstance(facts, dict) or key not in facts:
        return item, None
    return {**item, holder: {name: value for name, value in facts.items() if name != key}}, facts[key]


def put_in(item: Values, holder: str, key: str, patch: Values) -> Values:
    """An item with what restores another form, if anything is needed."""
    return {**item, holder: {**(item.get(holder) or {}), key: patch}} if patch else item
