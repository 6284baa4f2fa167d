"""Clips that a command leaves out, shown by reason."""

from collections.abc import Callable, Sequence
from typing import Any

from qagen import cli
from qagen.core.reasons import meaning_of

LISTED = 5
"""Maximum number of clips shown of one reason."""

Fault = tuple[str, str, str]
"""A reason of qagen.core.reasons, the id of the clip, and what was found."""


def all_option() -> Callable[[Any], Any]:
    """``--all``, as ``lists_all``."""
    return cli.option(
        "--all", "lists_all", is_flag=True, help=f"List all clips left out, not only {LISTED} of each reason."
    )


def show_faults(faults: Sequence[Fault], lists_all: bool) -> None:
    """Print clips by reason, the most frequent first."""
    by_reason: dict[str, list[Fault]] = {}
    for fault in faults:
        by_reason.setdefault(fault[0], []).append(fault)
    for reason, found in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0])):
        cli.show(f"\n{len(found)} {reason.partition(': ')[2]}: {meaning_of(reason)}")
        shown = found if lists_all else found[:LISTED]
        for _, clip_id, text in shown:
            cli.show(f"  {clip_id}  {text}")
        if len(shown) < len(found):
            cli.show(f"  and {len(found) - len(shown)} more, which --all lists")
