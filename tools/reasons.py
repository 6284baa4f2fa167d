"""Write docs/reasons.md, the list of all reasons: ``python -m tools.reasons``."""

from pathlib import Path

from qagen.core.reasons import BALANCING, MEANINGS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reasons.md"
LEFT_OUT = {reason for reason in MEANINGS if ": " in reason}
HEAD = """# Reasons

Whatever cannot be trusted is left out, and counted. `report.json` of a run has the counts and, under `reasons`, the
sentences below for those that occur; the last lines of `qagen.generate` explain the types of which there are few
samples; the page of [`qagen.show --html`](looking.md) has both. Written by `python -m tools.reasons`.
"""
SECTIONS = {
    """## Left out of a scene

`left_out` of each scene: frames, objects and other parts that are damaged, missing or of no use.
""": LEFT_OUT,
    """## Questions refused

`skips` of each task type. A number counts things, not attempts: each image, object, group of objects or label once, or
the whole scene, and only if the type asks about it in no other way. `select: …` before a reason means that the question
is asked, but not in this format.
""": MEANINGS.keys() - LEFT_OUT - BALANCING,
    """## Left out for balance

`balanced_out` of each task type: questions that could be asked, but would make answers uneven or repeat others.
""": BALANCING,
}


def page_text() -> str:
    """The page."""
    parts = [HEAD]
    for head, reasons in SECTIONS.items():
        rows = [f"| {reason} | {meaning} |" for reason, meaning in MEANINGS.items() if reason in reasons]
        parts.append("\n".join([head, "| reason | what it means, what to do |", "|---|---|", *rows]) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page_text(), encoding="utf-8")
