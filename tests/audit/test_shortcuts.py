"""Readers of the words alone: what they must find, and what they must not."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.random import Generator

from qagen.audit.shortcuts import ShortcutCase, find_shortcuts, option_words, surface_cues, wilson

SCENES = 6
EACH = 50
LABELS = ("lamp", "couch", "plant", "vase")

Writer = Callable[[Generator], tuple[str, str, str, dict]]
"""Draws a question, its reply, the answer in the evidence, and the marks."""


def write_run(out: Path, answer_format: str, draw: Writer, scenes: int = SCENES) -> Path:
    """A run's folder with one type that holds EACH samples of every scene."""
    rng = np.random.default_rng(0)
    records, evidence = [], []
    for k in range(scenes * EACH):
        human, reply, answer, marks = draw(rng)
        name = f"scene{k % scenes:04d}_00_{k}"
        turns = [{"from": "human", "value": human}, {"from": "gpt", "value": reply}]
        records.append({"id": name, "conversations": turns, "image": ["a.jpg"], "type": "asked", **marks})
        evidence.append({"id": name, "answer": answer})
    for tree, lines in (("qa_jsonl", records), ("evidence_jsonl", evidence)):
        file = out / "scannet" / tree / "train" / "asked" / answer_format / f"{answer_format}_{len(lines)}.jsonl"
        file.parent.mkdir(parents=True)
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return out


def listed(question: str, options: list[str], right: int) -> tuple[str, str, str, dict]:
    lines = [f"{letter}. {option}" for letter, option in zip("ABCD", options, strict=False)]
    return "\n".join([question, "Choose.", *lines, "One letter."]), "ABCD"[right], options[right], {}


def fair(rng: Generator) -> tuple[str, str, str, dict]:
    values = [f"{value:.1f}" for value in rng.uniform(0.5, 8, 4)]
    return listed(f"How far is the {rng.choice(LABELS)} (red point)?", values, int(rng.integers(4)))


def middle_number(rng: Generator) -> tuple[str, str, str, dict]:
    """The second smallest number is right three times in four."""
    values = rng.permutation(rng.uniform(0.5, 8, 4))
    right = int(np.argsort(values)[1]) if rng.random() < 0.75 else int(rng.integers(4))
    return listed(f"How far is the {rng.choice(LABELS)} (red point)?", [f"{value:.1f}" for value in values], right)


def usual_size(rng: Generator) -> tuple[str, str, str, dict]:
    """Each label has its size; ranks and letters are even."""
    sizes = 40.0 * 1.8 ** np.arange(4) * rng.uniform(0.9, 1.1, 4)
    order, right = rng.permutation(4), int(rng.integers(4))
    options = [f"Length {sizes[i]:.0f} cm" for i in order]
    return listed(f"How long is the {LABELS[order[right]]} (red box)?", options, right)


def small_ones_win(rng: Generator) -> tuple[str, str, str, dict]:
    """Asked for the farthest, the smallest box is right; asked for the closest, the largest."""
    sides = rng.permutation([40, 90, 200, 400])
    extreme = str(rng.choice(["closest", "farthest"]))
    right = int(np.argmin(sides) if extreme == "farthest" else np.argmax(sides))
    boxes = [
        f"[{x}, {y}, {x + side}, {y + side}]" for side, (x, y) in zip(sides, rng.integers(0, 500, (4, 2)), strict=True)
    ]
    return listed(f"Which object is {extreme}?", boxes, right)


@pytest.mark.parametrize("leak", [middle_number, usual_size, small_ones_win])
def test_a_leak_is_found(tmp_path: Path, leak: Writer):
    (found,) = find_shortcuts(write_run(tmp_path, "select", leak))
    assert (found.verdict, found.chance, found.samples, found.scenes) == ("shortcut", 0.25, SCENES * EACH, SCENES)
    assert found.lead > 0.35


def test_an_even_type_is_called_even(tmp_path: Path):
    (found,) = find_shortcuts(write_run(tmp_path, "select", fair))
    assert found.verdict in ("even", "perhaps")
    assert found.interval[0] < 0.25 + 0.05


def test_what_the_mark_gives_away_counts_only_for_readers_who_know_the_marks(tmp_path: Path):
    def same_size(rng: Generator) -> tuple[str, str, str, dict]:
        sides, right = rng.permutation([60, 120, 240, 480]), int(rng.integers(4))
        boxes = [f"[10, 10, {10 + side}, {10 + side}]" for side in sides]
        human, reply, answer, _ = listed("Where is the lamp (red box) in the second image?", boxes, right)
        return human, reply, answer, {"red_bbox": [[300, 300, 300 + int(sides[right]), 300 + int(sides[right])]]}

    out = write_run(tmp_path, "select", same_size)
    (blind,), (informed,) = find_shortcuts(out), find_shortcuts(out, with_marks=True)
    assert blind.verdict != "shortcut"
    assert informed.verdict == "shortcut"


def test_a_claim_that_mostly_holds_for_one_label_is_found(tmp_path: Path):
    def lamps_are_above(rng: Generator) -> tuple[str, str, str, dict]:
        noun, word = rng.choice(LABELS), rng.choice(["above", "below"])
        holds = (word == "above") == (noun == "lamp")
        return f"Is the {noun} (red box) {word} the box (blue box)?", "Yes" if holds else "No", str(word), {}

    (found,) = find_shortcuts(write_run(tmp_path, "judge", lamps_are_above))
    assert (found.target, found.verdict, found.chance) == ("Yes/No", "shortcut", 0.5)


def test_a_direction_is_tried_word_against_word_where_it_is_told(tmp_path: Path):
    def mostly_in_front(rng: Generator) -> tuple[str, str, str, dict]:
        side, ahead = rng.choice(["left", "right", ""]), "front" if rng.random() < 0.9 else "behind"
        return "Where is the lamp (red box)?", "It is somewhere.", f"{side}, , {ahead}", {}

    found = {one.target: one for one in find_shortcuts(write_run(tmp_path, "sentence", mostly_in_front))}
    assert set(found) == {"left/right", "front/behind"}
    assert found["front/behind"].verdict == "shortcut"
    assert found["front/behind"].majority == pytest.approx(0.9, abs=0.05)
    assert found["left/right"].samples < found["front/behind"].samples


def test_usual_numbers_are_told_but_not_held_against_a_type(tmp_path: Path):
    def depth(rng: Generator) -> tuple[str, str, str, dict]:
        value = f"{rng.uniform(0.5, 6):.1f}"
        return "How deep is the lamp (red point)?", value, value, {}

    (found,) = find_shortcuts(write_run(tmp_path, "fill", depth))
    assert (found.target, found.balanced, found.verdict) == ("quarter", False, "usual")


def test_one_scene_is_not_enough(tmp_path: Path):
    (found,) = find_shortcuts(write_run(tmp_path, "select", middle_number, scenes=1))
    assert (found.verdict, found.accuracy) == ("untried", None)
    assert "2 scenes" in found.hints[0]


def test_a_wilson_interval_is_that_of_the_textbook():
    # 8 of 10: center (0.8 + 3.8415 / 20) / 1.38415 = 0.7167, half 1.96 / 1.38415 * sqrt(0.016 + 0.009604) = 0.2266
    low, high = wilson(8, 10)
    assert (low, high) == (pytest.approx(0.4902, abs=1e-3), pytest.approx(0.9433, abs=1e-3))
    assert wilson(0, 0) == (0.0, 1.0)


def test_an_option_is_read_with_the_words_of_the_question():
    case = ShortcutCase(
        "s", "Is the tall lamp (in Frame-3, red box) far?", ("left, , front", "right, above, "), 0, True
    )
    first, second = option_words(case, frozenset({"red=lamp"}))
    assert {"0:left", "2:front", "red=lamp & 0:left"} <= set(first)
    assert "1:above" in second
    assert "0:left" not in second


def test_ranks_are_counted_among_the_options():
    case = ShortcutCase("s", "How far?", ("2.0", "8.0", "1.0", "3.0"), 0, True)
    # columns: letter, then value, rank, value less the mean (3.5), rank of the distance from the median (2.5)
    assert surface_cues(case)[:, 1:5].tolist() == [[2, 1, -1.5, 0], [8, 3, 4.5, 3], [1, 0, -2.5, 2], [3, 2, -0.5, 0]]


def last_of_three(rng: Generator) -> tuple[str, str, str, dict]:
    """Two or three boxes; of three it is always the yellow one."""
    boxes = ["blue box", "green box", "yellow box"][: int(rng.integers(2, 4))]
    order = rng.permutation(len(boxes))
    right = len(boxes) - 1 if len(boxes) == 3 else int(rng.integers(2))
    return listed("Which box is it?", [boxes[i] for i in order], int(np.argmax(order == right)))


def test_questions_with_other_numbers_of_options_are_tried_apart(tmp_path: Path) -> None:
    found = {one.target: one for one in find_shortcuts(write_run(tmp_path, "select", last_of_three))}
    assert {name: (round(1 / one.chance), one.verdict) for name, one in found.items()} == {
        "letter of 2": (2, "even"),
        "letter of 3": (3, "shortcut"),
    }
