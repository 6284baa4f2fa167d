"""The text of a model's output, in the forms in which models, services and evaluators write it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from qagen.errors import QagenError

HOLDERS = (
    "body",  # OpenAI's and vLLM's batches
    "choices", "candidates", "outputs", "output", "message", "messages", "content", "parts", "generated_text", "text",
)  # fmt: skip
"""Keys of an object that hold the text or lead to it, in order of precedence."""
PARTS = ("content", "parts")
"""Those whose list is one text in pieces."""
FAILED = ("errored", "expired", "canceled")
"""``type`` of a request of Anthropic's batches without an answer."""
THOUGHTS = ("thinking", "redacted_thinking", "reasoning")
"""``type`` of the pieces that are not said."""
SPEAKERS = ("assistant", "model", "gpt")


def output_text(value: Any) -> str | None:
    """The text of a prediction; None where the model gave none (null, an empty list, a failed request).

    Raises:
        QagenError: it is an object of no known form, or a list of several texts.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return _of_object(value)
    if isinstance(value, Sequence):
        return _of_list(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise QagenError(f"found {str(value).lower():.80}, expected the model's text")
    return str(value)


def _of_object(value: Mapping[str, Any]) -> str | None:
    if value.get("error") or value.get("type") in FAILED:
        return None
    for key in HOLDERS:
        if key in value:
            held = value[key]
            return _joined(held) if key in PARTS and isinstance(held, list) else output_text(held)
    raise QagenError(
        f"found an object with the keys {', '.join(map(str, value)) or '(none)'}, expected the model's text"
    )


def _of_list(values: Sequence[Any]) -> str | None:
    """A box as its JSON; the last message of the model; one text in pieces; or the only text."""
    if values and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return json.dumps(values)
    objects = [value for value in values if isinstance(value, Mapping)]
    if any("role" in one for one in objects):
        said = [one for one in objects if one.get("role") in SPEAKERS]
        return output_text(said[-1]) if said else None
    if objects and all("type" in one for one in objects):
        return _joined(values)
    texts = {output_text(value) for value in values}
    if len(texts) > 1:
        raise QagenError(f"found a list of {len(values)} different texts, expected one")
    return texts.pop() if texts else None


def _joined(parts: Sequence[Any]) -> str | None:
    """The pieces of one text that are said, as opposed to thought."""
    said = [
        output_text(part)
        for part in parts
        if not (isinstance(part, Mapping) and (part.get("type") in THOUGHTS or part.get("thought")))
    ]
    return "".join(text or "" for text in said) if said else None
