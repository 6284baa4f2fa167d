"""What a check has found."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warn", "FAIL"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    check: str
    """Name of the check: "poses"."""
    verdict: Verdict
    """Whether the data can be used as it is, with care, or not at all."""
    found: str
    """The figures."""
    expected: str
    """The figures of sound data."""
    advice: str = ""
    """What to do about it; empty when nothing is to be done."""

    @property
    def text(self) -> str:
        """The finding as it is printed: one line, and one with the advice unless the verdict is ok."""
        line = f"{self.verdict:<4}  {self.check}: {self.found}"
        if self.verdict == "ok":
            return line
        return f"{line} (expected {self.expected})" + (f"\n      -> {self.advice}" if self.advice else "")


def judge(is_ok: object, is_bearable: object) -> Verdict:
    """The verdict "ok", else "warn" if the figures are bearable, else "FAIL"."""
    return "ok" if is_ok else "warn" if is_bearable else "FAIL"


def percent(share: float, decimals: int = 0) -> str:
    """A share in percent, whole if nothing else is asked for: "70 %"."""
    return f"{100 * share:.{decimals}f} %"
