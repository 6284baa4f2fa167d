"""The public scorers of further benchmarks, by the names of ``--scorer``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qagen.records.benches import (
    BLINK,
    MINDCUBE,
    MMSI,
    REVSI_CHOICES,
    REVSI_NUMBERS,
    VIEWSPATIAL,
    VSI_CHOICES,
    VSI_NUMBERS,
)
from qagen.score import multi_image, vsibench
from qagen.score.benches import NUMBERS
from qagen.score.items import ScoredItem, Summary, split_task

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Scorer:
    """A public scorer of a benchmark whose items are those of ``qagen.score.benches``."""

    benchmark: str
    """Name of the benchmark."""
    types: tuple[str, ...]
    """Question types that it knows."""
    score: Callable[[ScoredItem, str], float]
    """Score of one prediction, 0 to 1."""
    summarize: Callable[["pd.DataFrame"], Summary]
    """Means of scores."""

    def knows(self, item: ScoredItem) -> bool:
        """Whether it has a score for a question."""
        name, frames = split_task(item.task)
        return name in self.types and not item.groups and (not frames or self.benchmark == REVSI)

    def metric(self, item: ScoredItem) -> str:
        """The name of the metric of a question."""
        return "MRA" if split_task(item.task)[0] in NUMBERS else "accuracy"


VSI, REVSI = "VSI-Bench", "ReVSI"
_VSI, _REVSI = (*VSI_CHOICES, *VSI_NUMBERS), (*REVSI_CHOICES, *REVSI_NUMBERS)
_BY_IMAGES = {
    "mmsi": ("MMSI-Bench", tuple(MMSI), multi_image.score_mmsi),
    "viewspatial": ("ViewSpatial-Bench", VIEWSPATIAL, multi_image.score_viewspatial),
    "mindcube": ("MindCube", MINDCUBE, multi_image.score_mindcube),
}
SCORERS = {
    "lmms-vsibench": Scorer(VSI, _VSI, vsibench.score_lmms, vsibench.summarize_lmms),
    "vlmevalkit-vsibench": Scorer(VSI, _VSI, vsibench.score_vlmeval, vsibench.summarize_vlmeval),
    "thinking-in-space": Scorer(VSI, _VSI, vsibench.score_authors, vsibench.summarize_authors),
    "revsi": Scorer(REVSI, _REVSI, vsibench.score_revsi, vsibench.summarize_revsi),
    **{
        f"{harness}-{name}": Scorer(
            benchmark, types, score if harness == "lmms" else multi_image.score_vlmeval, multi_image.summarize
        )
        for name, (benchmark, types, score) in _BY_IMAGES.items()
        for harness in ("lmms", "vlmevalkit")
    },
    "lmms-blink": Scorer("BLINK", BLINK, multi_image.score_blink, multi_image.summarize),
}
