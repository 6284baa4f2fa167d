"""The disagreements as one page: picture, what is stated, what is recomputed."""

from collections.abc import Sequence

from qagen.audit.counts import Fault
from qagen.errors import QagenError
from qagen.view.page import data_uri, render_page
from qagen.view.picture import draw_sample
from qagen.view.samples import load_sample

MAX_PICTURES = 60
PICTURE_WIDTH_PX = 1000


def disagreements_page(faults: Sequence[Fault], total: int) -> str:
    """HTML with all pictures inside; only the first faults get one."""
    entries = []
    for number, fault in enumerate(faults):
        picture = problem = ""
        if fault.line is not None and number < MAX_PICTURES:
            try:
                picture = data_uri(draw_sample(load_sample(fault.line), PICTURE_WIDTH_PX))
            except QagenError as error:  # the record may be too damaged to be drawn, which the table then says
                problem = str(error)
        entries.append((fault, picture, problem))
    return render_page("disagreements.html", faults=entries, total=total)
