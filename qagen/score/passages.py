"""The passages of a final answer that may state the decision, the surest first."""

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from qagen.score.plain import UnreadError

T = TypeVar("T")

_REST = r"[ \t]*(?P<rest>[^\n]*?)(?=[.!?](?:\s+[^\Wa-z]|\s*$)|\n|$)"
"""Up to the end of the sentence or line."""
_ANSWER = (
    r"(?:answer|solution|result|response|estimate|prediction|conclusion|答案|结果|结论|回答|答え|정답|답"
    r"|respuesta|réponse|antwort|risposta|resposta|ответ)"
)
_LINK = (
    r"(?:[ \t]*(?:is|are|was|would|should|will|must|be|might|could|ist|est|es|应该|应|为|是|は|은|는)(?![a-z]))*"
    r"[ \t\"'\])]*(?:[:=→][ \t]*\n*|->|\n+|(?<=[\s为是は은는])(?=\S))"
)
STATEMENT = re.compile(rf"{_ANSWER}(?:['’]s|[ \t]+(?:choice|option|value))?{_LINK}{_REST}", re.I)
FINAL_STATEMENT = re.compile(rf"(?:final|最终|最后)[ \t_]*(?:的)?{_ANSWER}{_LINK}{_REST}", re.I)
CONCLUSION = re.compile(
    r"(?:\b(?:therefore|thus|hence|consequently|in[ ]conclusion|altogether|in[ ]total"
    r"|so(?=,?[ ](?:the|it|its|i|we|my|that|there|about|approximately|[~≈\d])))\b[,:]?|所以|因此|综上)" + _REST,
    re.I,
)
CALCULATION = re.compile(
    r"(?:[-+×/·−]|\b(?:plus|minus|times)\b)[ \t(]*\d[^=≈\n]{0,20}?(?:=|≈|\b(?:is|makes|gives|equals)\b)" + _REST, re.I
)
REASON = re.compile(
    r"\b(?:because|since|as[ ](?:the|it|there|we|you|both)|given[ ]that|considering|based[ ]on|judging)\b"
    r"|\b(?:explanation|reason(?:ing|s)?|rationale|note)\b\s*[:\n]|因为|理由|解释|原因|由于|说明",
    re.I,
)
LONE_LINE = re.compile(r"\W*\d[^A-Za-z]*[A-Za-z]{0,12}\W*")
"""A first or last line that may be the answer by itself: numbers and at most a unit."""


def passages(text: str) -> Iterator[list[str]]:
    """Lists of passages with the same standing: statements of the answer, a conclusion, what precedes reasons, all."""
    for pattern in (FINAL_STATEMENT, STATEMENT):
        yield [before_reasons(match["rest"]) for match in pattern.finditer(text)]
    for pattern in (CONCLUSION, CALCULATION):
        yield [before_reasons(match["rest"]) for match in pattern.finditer(text)][-1:]
    lines = [line for line in text.split("\n") if line.strip()]
    yield [line for line in (lines[0], lines[-1]) if len(lines) > 1 and LONE_LINE.fullmatch(line)]
    yield [before_reasons(text)]
    yield [text]


def before_reasons(text: str) -> str:
    """The text up to where it gives reasons."""
    return REASON.split(text, maxsplit=1)[0]


def decision(text: str, read: Callable[[str], set[T]], what: str) -> T:
    """The one thing that the surest passages say.

    Args:
        text: a final answer.
        read: what a passage says, without repetition; empty when it says nothing.
        what: the name of such a thing, for the error.

    Raises:
        UnreadError: nothing is said, or several things.
    """
    for told in passages(text):
        found = set[T]().union(*map(read, told))
        if len(found) > 1:
            raise UnreadError(f"several {what}s")
        if found:
            return found.pop()
    raise UnreadError(f"no {what}")
