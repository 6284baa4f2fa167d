"""Samples as cards for a notebook: images with their marks, question, answer and evidence."""

from collections.abc import Mapping, Sequence
from typing import Any

from qagen.view.page import data_uri, render_page
from qagen.view.picture import draw_image
from qagen.view.samples import Viewable

IMAGE_PX, FRAME_PX = (560, 420), (150, 113)
"""Largest size of an image that is looked at, and of a frame of a video beside the marked ones."""
MOST = 12
"""Samples that are shown; the others are counted."""


def cards(samples: Sequence[Viewable], refused: Mapping[str, tuple[int, str]] | None = None) -> str:
    """A fragment of HTML that needs nothing beside it.

    Args:
        refused: why there are not more samples: how often each reason occurred, and what it means.

    Raises:
        QagenError: an image is missing or cannot be read.
    """
    shown = [_card(sample) for sample in samples[:MOST]]
    return render_page("cards.html", samples=shown, more=len(samples) - len(shown), refused=refused or {})


def _card(sample: Viewable) -> dict[str, Any]:
    every = range(len(sample.images))
    large = sample.marked[:4] if sample.is_video else list(every)
    return {
        "caption": sample.caption,
        "large": [_image(sample, index, IMAGE_PX) for index in large],
        "small": [_image(sample, index, FRAME_PX) for index in every] if sample.is_video else [],
        "turns": sample.turns,
        "reasons": sample.reasons,
    }


def _image(sample: Viewable, index: int, size: tuple[int, int]) -> dict[str, str]:
    return {"name": sample.image_name(index), "source": data_uri(draw_image(sample, index, size))}
