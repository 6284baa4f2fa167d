"""The disagreements as one page: each sample, what it states, and what is recomputed."""

from collections.abc import Sequence

from qagen.audit.counts import Fault
from qagen.errors import QagenError
from qagen.view.gallery import Gallery
from qagen.view.samples import load_sample

MAX_PICTURES = 60


def disagreements_page(faults: Sequence[Fault], total: int) -> str:
    """HTML with all images inside; only the first faults have them."""
    gallery = Gallery()
    for number, fault in enumerate(faults):
        checks = [[check.what, check.stated, check.found, check.verdict.value] for check in fault.checks]
        kept = {"checks": checks, "where": fault.where}
        if fault.line is not None and number < MAX_PICTURES:
            try:
                sample = load_sample(fault.line)
                gallery.note(sample)
                gallery.add(sample, **kept)
                continue
            except QagenError as error:  # the record may be too damaged to be drawn, which the page then says
                kept["where"] = f"{fault.where}: {error}"
        name = fault.line.id if fault.line is not None else fault.where
        gallery.add_bare(name, *fault.group, **kept)
    left_out = f" of {total}" if total > len(faults) else ""
    return gallery.page(f"Disagreements: {len(faults)}{left_out}")
