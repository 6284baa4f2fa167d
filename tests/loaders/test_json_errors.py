"""What the decoder finds wrong with JSON is told by field, found, expected and choices."""

from typing import Annotated, Any, Literal

import msgspec
import pytest

from qagen.loaders.io.json_errors import explained

Pair = Annotated[list[float], msgspec.Meta(min_length=2, max_length=2, description="x and y")]


class Part(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    kind: Literal["near", "far"] = "near"
    places: list[Pair] = []
    note: str | None = None


class File(msgspec.Struct, forbid_unknown_fields=True):
    parts: dict[str, Part] | list[Part]
    scale: Annotated[float, msgspec.Meta(gt=0)] | None
    count: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1


PART = {"name": "lid"}
WRONG: list[tuple[Any, str]] = [
    ([], "found [], expected keys with values in braces"),
    ({"parts": [], "scal": 1}, "found unknown key 'scal', expected parts, scale or count. Did you mean 'scale'?"),
    ({"parts": [], "Scale": 1}, "found unknown key 'Scale', expected parts, scale or count. Did you mean 'scale'?"),
    ({"parts": [], "weight": 1}, "found unknown key 'weight', expected parts, scale or count"),
    ({"parts": []}, "scale: found nothing, expected a number or null"),
    ({"scale": 1}, "parts: found nothing, expected keys with values in braces or a list"),
    ({"parts": [], "scale": 0}, "scale: found 0, expected a number above 0"),
    ({"parts": [], "scale": [2]}, "scale: found [2], expected a number or null"),
    ({"parts": [], "scale": 1, "count": 10}, "count: found 10, expected a whole number of at most 9"),
    ({"parts": [], "scale": 1, "count": True}, "count: found true, expected a whole number"),
    ({"parts": 3, "scale": 1}, "parts: found 3, expected keys with values in braces or a list"),
    ({"parts": [PART, {}], "scale": 1}, "parts[1].name: found nothing, expected a text"),
    (
        {"parts": [PART | {"kind": "nera"}], "scale": 1},
        "parts[0].kind: found 'nera', expected far or near. Did you mean 'near'?",
    ),
    ({"parts": [PART | {"kind": "x"}], "scale": 1}, "parts[0].kind: found 'x', expected far or near"),
    ({"parts": [PART | {"note": 3}], "scale": 1}, "parts[0].note: found 3, expected a text"),
    (
        {"parts": [PART | {"places": [[1, 2], [3]]}], "scale": 1},
        "parts[0].places[1]: found [3], expected a list of at least 2 (x and y)",
    ),
    (
        {"parts": [PART | {"places": [[1, "b"]]}], "scale": 1},
        "parts[0].places[0][1]: found 'b', expected a number (x and y)",
    ),
    (
        {"parts": {"a": {"name": "x", "nam": 1}}, "scale": 1},
        "found unknown key 'nam', expected name, kind, places or note",
    ),
]


@pytest.mark.parametrize(("content", "message"), WRONG, ids=[message for _, message in WRONG])
def test_a_mistake_is_told_in_our_words(content: Any, message: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(content, File, strict=False)
    assert message in explained(raised.value, content, File)


def test_long_values_are_cut() -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert({"parts": "x" * 1000, "scale": 1}, File)
    told = explained(raised.value, {"parts": "x" * 1000, "scale": 1}, File)
    assert told.startswith("parts: found 'xxx")
    assert "... (1000 long), expected" in told
    assert len(told) < 160
