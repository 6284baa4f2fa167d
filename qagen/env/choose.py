"""Which samples of a run, or of a stream, are tasks of an environment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qagen.api.run import OpenRun
from qagen.api.sample import QASample
from qagen.errors import ConfigError, match_names
from qagen.rng import rng_for


@dataclass(frozen=True, slots=True)
class Choice:
    """Names or patterns, of which none stands for all, and bounds of the difficulty."""

    scenes: Sequence[str] = ()
    tasks: Sequence[str] = ()
    formats: Sequence[str] = ()
    easiest: float = 0.0
    hardest: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.easiest <= self.hardest <= 1:
            found = f"found {self.easiest} to {self.hardest}"
            raise ConfigError(f"easiest, hardest: {found}, expected 0 to 1, the easiest first")

    def has_difficulty(self, sample: QASample) -> bool:
        """Whether a sample is as hard as is wanted; one of unknown difficulty is where any difficulty will do."""
        if (self.easiest, self.hardest) == (0, 1):
            return True
        value = sample.difficulty.value
        return value is not None and self.easiest <= value <= self.hardest

    def of_run(self, run: OpenRun, seed: int) -> Iterator[QASample]:
        """Samples of a run of any difficulty, in an order that ``seed`` draws.

        Raises:
            ConfigError: a name matches nothing.
        """
        named = [(sample.scene, sample.type, sample.format) for sample in run]
        known = [sorted(set(names)) for names in zip(*named, strict=True)]
        scenes = match_names(self.scenes, known[0], "scenes: no samples of scene")
        tasks = match_names(self.tasks, known[1], "tasks: no samples of type")
        formats = match_names(self.formats, known[2], "formats: no samples of format")
        for place in rng_for(seed, "env").permutation(len(run)).tolist():
            scene, task, answer_format = named[place]
            if scene in scenes and task in tasks and answer_format in formats:
                yield run[place]
