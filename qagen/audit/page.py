"""The disagreements as one page: picture, what is stated, what is recomputed."""

import base64
import html
from collections.abc import Sequence
from io import BytesIO

from qagen.audit.counts import Fault
from qagen.errors import QagenError
from qagen.view.picture import draw_sample
from qagen.view.samples import load_sample

MOST_PICTURES = 60
PICTURE_WIDTH_PX = 1000
STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 1060px; color: #1c1c1e; }
section { margin: 2.5em 0; border-top: 1px solid #d0d0d6; padding-top: 1em; }
img { max-width: 100%; border: 1px solid #e4e4e8; }
table { border-collapse: collapse; margin: .6em 0; }
td, th { border: 1px solid #d0d0d6; padding: .25em .6em; text-align: left; vertical-align: top; }
.disagree { color: #b00020; } .undecided { color: #8a5a00; } .place { color: #6a6a70; font-size: 13px; }
"""


def disagreements_page(faults: Sequence[Fault], total: int) -> str:
    """HTML with all pictures inside; only the first faults get one."""
    sections = [_section(fault, k < MOST_PICTURES) for k, fault in enumerate(faults)]
    shown = f"{len(sections)} of {total}" if total > len(sections) else str(total)
    head = f"<!doctype html><meta charset=utf-8><title>Disagreements</title><style>{STYLE}</style>"
    return f"{head}<h1>Disagreements: {shown}</h1>{''.join(sections) or '<p>None.</p>'}\n"


def _section(fault: Fault, with_picture: bool) -> str:
    rows = "".join(
        f"<tr class={check.verdict.value}><td>{html.escape(check.what)}<td>{html.escape(check.stated)}"
        f"<td>{html.escape(check.found)}<td>{check.verdict.value}"
        for check in fault.checks
    )
    title = html.escape(" / ".join(fault.group))
    return (
        f"<section><h2>{title}</h2><p class=place>{html.escape(fault.place)}</p>"
        f"<table><tr><th>quantity<th>stated<th>recomputed<th>{rows}</table>{_picture(fault) if with_picture else ''}"
        "</section>"
    )


def _picture(fault: Fault) -> str:
    if fault.line is None:
        return ""
    try:
        card = draw_sample(load_sample(fault.line), PICTURE_WIDTH_PX)
    except QagenError as error:  # the record may be too damaged to be drawn, which the table then says
        return f"<p class=place>{html.escape(str(error))}</p>"
    buffer = BytesIO()
    card.save(buffer, format="JPEG", quality=80)
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}">'
