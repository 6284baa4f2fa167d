"""Scores as rewards for reinforcement learning."""

from collections.abc import Mapping, Sequence
from typing import Any

from qagen.errors import QagenError
from qagen.score import benches, spacevista, strict
from qagen.score.items import ScoredItem

MAX_PARTS = 1000
"""Largest number of messages and parts of a completion that are looked at."""


def reward(record: Mapping[str, Any], completion: Any) -> float:
    """The strict score of a completion, 0 to 1; 0 for one without text.

    Args:
        record: a training record (``type`` and ``conversations``) or one of a benchmark (``task``, ``question``,
            ``answer``; for SpaceVista's ``metadata`` instead of ``task``).
        completion: what ``text_of`` takes.

    Raises:
        QagenError: the record has neither form.
    """
    return strict.score(item_of(record), text_of(completion))


def reward_func(prompts: Sequence[Any], completions: Sequence[Any], **columns: Any) -> list[float]:
    """Rewards of a batch in the form that TRL expects: ``GRPOTrainer(reward_funcs=[reward_func], ...)``.

    Args:
        prompts: ignored.
        completions: texts, or conversations whose last message is the completion.
        columns: the other columns of the dataset, one value for each completion, with those of a record among them.
    """
    rows = {
        name: values
        for name, values in columns.items()
        if isinstance(values, Sequence) and not isinstance(values, str) and len(values) == len(completions)
    }
    records = [{name: values[index] for name, values in rows.items()} for index in range(len(completions))]
    return [reward(record, completion) for record, completion in zip(records, completions, strict=True)]


def item_of(record: Mapping[str, Any]) -> ScoredItem:
    """The question of a record. Raises QagenError, naming the keys, when the record has no question."""
    if benches.is_item(record):
        return benches.item_of(record)
    if spacevista.is_item(record):
        return spacevista.item_of(record)
    name, group = record.get("id", ""), str(record.get("group") or "")
    if record.get("answer") is not None and (record.get("task") or record.get("type")):
        task = record.get("task") or record["type"]
        return ScoredItem(str(name), str(task), str(record.get("question", "")), str(record["answer"]), group=group)
    turns = record.get("conversations")
    if record.get("type") and isinstance(turns, list) and len(turns) >= 2:
        human, gpt = (turn.get("value", "") for turn in turns[-2:])
        return ScoredItem(str(name), str(record["type"]), str(human), str(gpt), group=group)
    expected = "type and conversations, or task, question and answer"
    raise QagenError(f"record {name!r}: found the keys {', '.join(sorted(record)) or '(none)'}, expected {expected}")


def text_of(completion: Any) -> str:
    """The text of a completion: a string, a list of messages, or a message of text parts; "" of anything else."""
    texts: list[str] = []
    pending = [completion]
    for _ in range(MAX_PARTS):  # whatever contains itself, or is nested without end, has an end here
        if not pending:
            break
        part = pending.pop()
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, Mapping):
            pending.append(part.get("content") or part.get("text"))
        elif isinstance(part, list | tuple) and part:
            is_conversation = isinstance(part[0], Mapping) and "role" in part[0]
            pending += part[-1:] if is_conversation else part[:MAX_PARTS][::-1]
    return "".join(texts)
