"""How varied questions are once what differs from scene to scene is masked."""

import re
from collections.abc import Iterable
from itertools import islice

from qagen.core.labels import plural_of

MAX_QUESTIONS = 1000
"""Number of questions of a type that are measured, the first of its shuffled files; more would hold more variety."""
GRAM = 4
"""Words in a row whose different combinations are counted."""
NUMBER = re.compile(r"\b\d+(\.\d+)?\b")
LISTED = re.compile(r"((the )?LABEL( \([^()]*\))?(, and |, | and | or |, or )?)+(?<![, ])", re.IGNORECASE)
ARTICLE = re.compile(r"\ban? LABEL")


class Variety:
    """The different forms and 4-grams of the questions of one type."""

    def __init__(self) -> None:
        self.questions = 0
        self.forms: set[str] = set()
        self.grams: set[tuple[str, ...]] = set()

    def add(self, question: str, labels: Iterable[str]) -> None:
        """Count a question, which names ``labels``, unless there were enough; its options are not looked at."""
        if self.questions == MAX_QUESTIONS:
            return
        self.questions += 1
        form = masked(question.partition("\n")[0], labels)
        words = form.split()
        self.forms.add(form)
        self.grams.update(zip(*(islice(words, start, None) for start in range(GRAM)), strict=False))


def masked(question: str, labels: Iterable[str]) -> str:
    """The question with LABEL for each label or list of labels, and NUMBER for each number."""
    names = sorted({name for label in labels for name in (label, plural_of(label))}, key=len, reverse=True)
    if names:
        anyone = "|".join(map(re.escape, names))
        question = re.sub(rf"(?<!\w)({anyone})(?!\w)", "LABEL", question, flags=re.IGNORECASE)
        question = ARTICLE.sub("a LABEL", LISTED.sub("LABEL", question))
    return NUMBER.sub("NUMBER", question)
