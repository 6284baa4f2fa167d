"""What a check has found."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warn", "FAIL"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    check: str
    """What was looked at: "poses"."""
    verdict: Verdict
    """Whether the data can be used: as it is, with care, or not."""
    found: str
    """The figures."""
    expected: str
    """The figures of sound data."""
    advice: str = ""
    """What to do about it; empty when nothing is to be done."""

    @property
    def text(self) -> str:
        """The line that people read."""
        told = f"{self.verdict:<4}  {self.check}: {self.found}"
        if self.verdict == "ok":
            return told
        return f"{told} (expected {self.expected})" + (f"\n      -> {self.advice}" if self.advice else "")


def judge(is_ok: object, is_bearable: object) -> Verdict:
    """ "ok", else "warn", else "FAIL"."""
    return "ok" if is_ok else "warn" if is_bearable else "FAIL"


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"
