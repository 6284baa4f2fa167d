"""What models under training put out: no text, no end, no sense. Each costs little and scores what it says."""

from typing import Any

import pytest

from qagen.score import reward, reward_func, strict
from qagen.score.items import ScoredItem
from qagen.score.rewards import text_of

ITEMS = (
    ScoredItem("number", "depth_prediction_oc", "How deep is it, in meters?", "2.4"),
    ScoredItem("letter", "appearance_order", "Which?\nA. sink, bed\nB. bed, sink\nC. bed\nD. sink", "B"),
    ScoredItem("judgment", "existence_oc_mv", "Is there one?", "Yes"),
    ScoredItem("sides", "spatial_volume_infer", "How large is it, in centimeters?", "115,62,42"),
    ScoredItem("directions", "obj_spatial_relation_oo", "Where is it?", "It is to the left, above and closer."),
    ScoredItem("names", "appearance_order", "In which order: sink, bed, lamp, and desk?", "desk, bed, sink, lamp"),
    ScoredItem("grid", "cognitive_map_video", "Where are they?", '{"bed": [1, 2], "sink": [3, 4]}'),
)
LONG = 40_000
"""Characters, of which a quadratic reader takes minutes."""
REPEATED = (
    *(" ", "\n", "\t", " \n", "\n\n\n \n", "\0", "\x1b[", "\u200b", "\u202e", "\u0301\u0316", "\ufdfa", "½"),
    *("answer ", "answer\n", "A or ", "1 ", "not ", "the ", "left ", "object1 ", "[1, 2] ", "&amp;"),
    *("(", "$", "`", "*", "~~", "|", "\\boxed{", "<think>", "<answer>", "</think>"),
)


def nested(levels: int) -> Any:
    """A list in a list in a list."""
    inner: Any = "B"
    for _ in range(levels):
        inner = [inner]
    return inner


def endless() -> list[Any]:
    """A list of many lists that are the list itself."""
    loop: list[Any] = []
    loop += [loop] * 50
    return loop


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_a_long_text_without_an_answer_is_read_to_its_end(item: ScoredItem):
    for text in REPEATED:
        assert 0 <= strict.score(item, "answer" + text * (LONG // len(text)) + " x") < 1


@pytest.mark.parametrize("blanks", [" ", "\n", "\n \n", "\t\n"])
def test_a_megabyte_of_blanks_changes_nothing(blanks: str):
    for item in ITEMS:
        far = blanks * (1_000_000 // len(blanks))
        assert strict.score(item, far + item.answer) == 1
        assert strict.score(item, item.answer + far) == 1
        assert strict.score(item, f"The answer is:{far}{item.answer}") == 1


def test_an_option_of_many_blanks_costs_no_more_than_its_length():
    question = f"Which?\nA. sink{' ' * LONG}|\nB.{' ' * LONG}bed\nC. lamp{' ' * LONG}"
    item = ScoredItem("letter", "appearance_order", question, "B")
    assert strict.choices_of(item)["B"] == "bed"
    assert strict.choices_of(item)["C"] == "lamp"
    assert strict.score(item, "bed") == 1


TEXTLESS: tuple[Any, ...] = (
    *(None, "", "\ud800", b"B", 7, 2.4, True, [], {}, [None], [[]], [{"type": "image"}], [{"text": 5}]),
    *([{"role": "assistant"}], {"role": "tool"}, {"content": None}, {"content": {"content": {"content": 3}}}),
    *(nested(100_000), endless()),
)


@pytest.mark.parametrize("completion", TEXTLESS, ids=lambda value: type(value).__name__)
def test_what_has_no_text_scores_0(completion: Any):
    record = {"task": "appearance_order", "question": ITEMS[1].question, "answer": "B"}
    assert reward(record, completion) == 0
    columns = {name: [value] for name, value in record.items()}
    assert reward_func(prompts=[""], completions=[completion], trainer_state=object(), **columns) == [0]


def test_text_is_found_in_messages_and_parts():
    parts = [{"type": "text", "text": "The answer "}, {"type": "image"}, {"type": "text", "text": "is B"}]
    assert text_of([{"role": "user", "content": "A"}, {"role": "assistant", "content": parts}]) == "The answer is B"
    assert text_of(nested(20)) == "B"
