"""The score of SpaceVista's evaluator, to the last digit and with all its habits, and the items that it scores.

An item is one of SpaceVista-Bench, one of the full form of the training data, or a line of the evaluator's results. Its
answer says how it is scored: a letter A to E by accuracy, what Python reads as a float by mean relative accuracy, other
text by equality. The overall score is the mean of the questions.

Habits that ``qagen.score.strict`` does not have: a letter must come first; number words win over digits, in the order
of a list (``twenty five`` is 5, ``a 3 m gap`` is 1); ``1,200`` is 1; units are not looked at; 4 against 5 keeps 0.6
instead of 0.7, because of binary fractions.

Source: github.com/PeiwenSun2000/SpaceVista at 920a9b7, eval/evaluate_api.py and eval/metrics.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from qagen.core.answer import Answer, Count, Degrees, Number, Ratio
from qagen.errors import QagenError
from qagen.score.items import ScoredItem, Summary, mean_by_task
from qagen.score.lmms import relative_accuracy

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["mc", "numerical", "text"]
METRICS: dict[Kind, str] = {"mc": "accuracy", "numerical": "MRA", "text": "equality"}
QUANTITIES: dict[str, type[Answer]] = {
    "COUNTING": Count,
    "OBJECT_COUNTING": Count,
    "OBJECT_ROTATION": Degrees,
    "CAMERA_ROTATION": Degrees,
    "OBJECT_RELATIVE_DISTANCE": Ratio,
}
"""What the numbers of SpaceVista's task types are, for the strict mode; of the others they are lengths or areas."""

OPENED, CLOSED = (re.compile(f"<{slash}answer>", re.I) for slash in ("", "/"))
LETTER = re.compile(r"\s*([A-D])\b", re.I)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_TEENS = [f"{stem}teen" for stem in ("thir", "four", "fif", "six", "seven", "eigh", "nine")]
_TENS = [f"{stem}ty" for stem in ("twen", "thir", "for", "fif", "six", "seven", "eigh", "nine")]
WORDS: dict[str, float] = {word: value for value, word in enumerate([*_ONES, "eleven", "twelve", *_TEENS])}
WORDS |= {word: value for value, word in zip(range(20, 100, 10), _TENS, strict=True)} | {"a": 1, "an": 1}
"""Words in the order in which they are looked for; the first that occurs counts."""
PLACEHOLDER = "<video>"


# --- scores -----------------------------------------------------------------------------------------------------------


def score(item: ScoredItem, prediction: str) -> float:
    """The score of one prediction, 0 to 1."""
    said = answer_in(prediction)
    kind = kind_of(item.answer)
    if kind == "numerical":
        value = find_number(said)
        return 0.0 if value is None else relative_accuracy(value, float(item.answer))
    said = answer_in(said) if kind == "text" else _letter(said)
    return float(said.strip().lower() == item.answer.strip().lower())


def kind_of(answer: str) -> Kind:
    """How an answer is scored."""
    if answer.strip() in ("A", "B", "C", "D", "E"):
        return "mc"
    try:
        float(answer.strip())
    except ValueError:
        return "text"
    return "numerical"


def answer_in(text: str) -> str:
    """What the first ``<answer>`` that is closed holds, or the whole text."""
    opened = OPENED.search(text)
    closed = CLOSED.search(text, opened.end()) if opened else None
    return text[opened.end() : closed.start()].strip() if opened and closed else text


def find_number(text: str) -> float | None:
    """The number of the first word of the list that occurs, else the first in digits."""
    text = text.strip().lower()
    for word, value in WORDS.items():
        if re.search(rf"\b{word}\b", text):
            return float(value)
    found = NUMBER.search(text)
    return float(found[0]) if found else None


def _letter(text: str) -> str:
    """The letter that a text begins with, or the whole text."""
    found = LETTER.match(text.strip())
    return found[1] if found else text


def metric_name(item: ScoredItem) -> str:
    """The name of the metric that ``score`` uses."""
    return METRICS[kind_of(item.answer)]


def summarize(scores: "pd.DataFrame") -> Summary:
    """The mean of the questions, and means by task in alphabetical order."""
    tasks = dict(sorted(mean_by_task(scores, lambda values: values.mean()).items()))
    return Summary(float(scores["score"].to_numpy().mean()), {}, tasks, {})


# --- items ------------------------------------------------------------------------------------------------------------


def is_item(row: Mapping[str, Any]) -> bool:
    """Whether a row is an item of SpaceVista with an answer, or a line of its evaluator's results."""
    metadata = row.get("metadata")
    return "ground_truth" in row or (isinstance(metadata, Mapping) and "original_type" in metadata)


def item_of(row: Mapping[str, Any]) -> ScoredItem:
    """The question of such a row, its original type as the task.

    Raises:
        QagenError: it lacks a key, or the answer is neither text nor a number.
    """
    question, answer = _texts(row)
    holder = row if "ground_truth" in row else row["metadata"]
    task = holder.get("original_type")
    for key, value in (("answer", answer), ("question", question), ("original_type", task)):
        if not isinstance(value, str | int | float):
            raise QagenError(f"record {row.get('id')!r}: {key}: found {_named(value)}, expected a text or a number")
    kind = kind_of(str(answer))
    groups = {key: holder[key] for key in ("category", "scale") if isinstance(holder.get(key), str)}
    groups["answer"] = kind
    if "category" in groups:
        groups["category, answer"] = f"{groups['category']}, {kind}"
    quantity = QUANTITIES.get(str(task), Number) if kind == "numerical" else None
    return ScoredItem(str(row.get("id", "")), str(task), str(question), str(answer), quantity, groups)


def _texts(row: Mapping[str, Any]) -> tuple[Any, Any]:
    """Question and answer."""
    match row:
        case {"ground_truth": answer}:
            return row.get("question", ""), answer
        case {"messages": [{"content": str(question)}, {"content": str(reply)}]}:
            return question.removeprefix(PLACEHOLDER).strip(), answer_in(reply)
        case {"messages": messages}:
            raise QagenError(
                f"record {row.get('id')!r}: messages: found {_named(messages)}, expected a question and its answer"
            )
    return row.get("question", ""), row.get("answer")


def _named(value: Any) -> str:
    return "nothing" if value is None else f"{value!s:.80}"
