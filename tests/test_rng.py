"""Random streams are named, and nothing but their names matters."""

import subprocess
import sys
from itertools import combinations

from qagen.rng import rng_for, stable_words


def test_the_same_names_give_the_same_stream() -> None:
    assert rng_for(3, "scene", "type").random(5).tolist() == rng_for(3, "scene", "type").random(5).tolist()


def test_other_names_and_seeds_give_other_streams() -> None:
    names = [(0, "a", "b"), (1, "a", "b"), (0, "b", "a"), (0, "a"), (0, "ab"), (0, "a", "b", ""), (0, "", "a", "b")]
    draws = [rng_for(*name).integers(2**63) for name in names]
    assert all(first != second for first, second in combinations(draws, 2))


def test_names_mean_the_same_in_every_process() -> None:
    # Python's own hash of a string differs from process to process; these words must not.
    told = [
        subprocess.run(
            [sys.executable, "-c", "from qagen.rng import stable_words; print(stable_words('scene', 'type'))"],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told == [f"{stable_words('scene', 'type')}\n"] * 2


def test_words_fill_32_bits() -> None:
    words = stable_words("scene")
    assert len(words) == 8
    assert all(0 <= word < 2**32 for word in words)
