"""HTML pages that need nothing beside them; each is a template that extends ``base.html``."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from qagen.core.sample import FORMATS
from qagen.view.picture import open_image
from qagen.view.samples import Viewable
from qagen.view.statistics import summarize

if TYPE_CHECKING:
    import pandas as pd
    from PIL.Image import Image

    from qagen.core.scene import ImageSource

IMAGE_PX, FRAME_PX = (960, 720), (400, 300)
"""Largest size of an image, and of a frame of a video, in the gallery."""
JPEG_QUALITY = 80


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def render_page(template: str, **variables: Any) -> str:
    """A page from a template of this folder; all variables are escaped."""
    return _environment().get_template(template).render(variables)


def data_uri(image: "Image", image_format: str = "JPEG") -> str:
    """An image as a source that stands in the page itself."""
    buffer = BytesIO()
    image.save(buffer, image_format, quality=JPEG_QUALITY)
    return f"data:image/{image_format.lower()};base64,{b64encode(buffer.getvalue()).decode()}"


def gallery_page(
    samples: Iterable[Viewable],
    counts: "pd.DataFrame",
    formats: Sequence[str] = FORMATS,
    format_word: str = "format",
) -> str:
    """Samples to step through, and the statistics of all samples that there are.

    Marks are transparent images on top, drawn by the same function as everywhere, so that they can be switched off.

    Args:
        samples: taken one after the other.
        counts: of ``count_run``.
        formats: columns of the table of samples.
        format_word: what the page calls them.

    Raises:
        QagenError: an image is missing or cannot be read.
    """
    images = _Images()
    entries = [_entry(sample, images) for sample in samples]
    return render_page(
        "samples.html",
        samples=entries,
        images=images.encoded,
        statistics=summarize(counts),
        formats=formats,
        words={"type": "type", "format": format_word, "scene": "scene"},
    )


class _Images:
    """Each image once, however many samples show it."""

    def __init__(self) -> None:
        self.encoded: list[str] = []
        self._known: dict[tuple[Path | ImageSource, tuple[int, int]], tuple[int, tuple[int, int]]] = {}

    def add(self, sample: Viewable, index: int) -> tuple[int, tuple[int, int]]:
        """Where an image of a sample stands in ``encoded``, and its width and height in the page."""
        key = sample.images[index], FRAME_PX if sample.is_video else IMAGE_PX
        if key not in self._known:
            image = open_image(sample, index, key[1])
            self._known[key] = len(self.encoded), image.size
            self.encoded.append(data_uri(image))
        return self._known[key]


def _entry(sample: Viewable, images: _Images) -> dict[str, Any]:
    """What the script of the gallery knows of a sample."""
    known = [images.add(sample, index) for index in range(len(sample.images))]
    return {
        "id": sample.id,
        **sample.groups,
        "turns": [[turn.speaker, turn.value] for turn in sample.turns],
        "images": [number for number, _ in known],
        "names": [sample.image_name(index) for index in range(len(known))],
        "marks": {index: _overlay(sample, index, known[index][1]) for index in sample.marked},
        "video": sample.is_video,
        "evidence": sample.reasons,
    }


def _overlay(sample: Viewable, index: int, size: tuple[int, int]) -> str:
    """The marks of one image on a transparent ground: how they look on black and on white tells how clear they are."""
    import numpy as np
    from PIL import Image

    on_black, on_white = (sample.draw_on(Image.new("RGB", size, ground), index) for ground in ("black", "white"))
    color, white = (np.asarray(image).astype(np.int64) for image in (on_black, on_white))
    alpha = 255 - (white - color).max(axis=2, keepdims=True)
    opaque = np.minimum(255 * color // np.maximum(alpha, 1), 255)
    return data_uri(Image.fromarray(np.concatenate([opaque, alpha], axis=2).astype(np.uint8)), "PNG")
