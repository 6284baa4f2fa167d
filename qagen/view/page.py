"""HTML pages that need nothing beside them; each is a template that extends ``base.html``."""

from base64 import b64encode
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

if TYPE_CHECKING:
    from PIL.Image import Image

QUALITY, WEBP_EFFORT = 80, 2
"""Of JPEG and WebP, and how long WebP is packed (0 to 6): at 2, half of JPEG's bytes in 2.5 times its time."""


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def render_page(template: str, **variables: Any) -> str:
    """A page from a template of this folder; all variables are escaped. ``colors`` are those of marks."""
    from qagen.records.marks import PALETTE

    return _environment().get_template(template).render(colors=PALETTE, **variables)


def data_uri(image: "Image", image_format: str = "JPEG") -> str:
    """An image as a source that stands in the page itself."""
    buffer = BytesIO()
    image.save(buffer, image_format, quality=QUALITY, method=WEBP_EFFORT)
    return f"data:image/{image_format.lower()};base64,{b64encode(buffer.getvalue()).decode()}"
