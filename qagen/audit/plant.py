"""Wrong answers for a check sheet, by which its judges are tested."""

import re
from collections.abc import Callable

from numpy.random import Generator

OPPOSITES = (("left", "right"), ("above", "below"), ("up", "down"), ("higher", "lower"))
FACTORS = (1.6, 0.6)
"""A wrong number is the true one times one of these."""
LARGEST = 1000
"""No number of an answer is larger: places are thousandths."""
SMALLEST_CHANGE = 0.5
_NUMBER = re.compile(r"(?<![\w.-])(?<!image )\d+(?:\.\d+)?")
"""Not those of Frame-3, Object0, point1 and image 2, which are names."""
_NAMES = re.compile(r"[^\W\d][\w ]*(?:, [^\W\d][\w ]*)+")


def spoil_answer(question: str, answer: str, answer_format: str, rng: Generator) -> str | None:
    """An answer of the same form that is surely wrong; None where none is known.

    Another option, No for Yes, the other side, another number, or the names in reverse order.
    """
    if answer_format == "select":
        return _other_option(question, answer, rng)
    if answer_format == "judge":
        return {"Yes": "No", "No": "Yes"}.get(answer)
    ways: tuple[Callable[[], str], ...] = (
        lambda: _swap_sides(answer),
        lambda: _change_numbers(answer, rng),
        lambda: ", ".join(reversed(answer.split(", "))) if _NAMES.fullmatch(answer) else answer,
    )
    return next((spoilt for way in ways if (spoilt := way()) != answer), None)


def _other_option(question: str, answer: str, rng: Generator) -> str | None:
    others = [letter for letter in re.findall(r"^([A-Z])\. ", question, re.MULTILINE) if letter != answer]
    return others[int(rng.integers(len(others)))] if others else None


def _swap_sides(answer: str) -> str:
    """With the words of the first pair that occurs exchanged."""
    for pair in OPPOSITES:
        swapped, count = re.subn(
            rf"(?<![a-z])({'|'.join(pair)})(?![a-z])", lambda match, pair=pair: pair[match[1] == pair[0]], answer
        )
        if count:
            return swapped
    return answer


def _change_numbers(answer: str, rng: Generator) -> str:
    """With all numbers larger, or all smaller."""
    factor = FACTORS[int(rng.integers(len(FACTORS)))]
    if any(float(number) * factor > LARGEST for number in _NUMBER.findall(answer)):
        factor = min(FACTORS)
    return _NUMBER.sub(lambda match: _change_number(match[0], factor), answer)


def _change_number(number: str, factor: float) -> str:
    decimals = len(number.partition(".")[2])
    least = SMALLEST_CHANGE if decimals else 1
    value = float(number)
    changed = round(value * factor, decimals)
    return f"{changed if abs(changed - value) >= least else value + least:.{decimals}f}"
