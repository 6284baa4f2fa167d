"""An endless stream of samples, drawn anew in each pass over the scenes.

A pass asks every type of every scene once. The first one gives, to the letter, the samples that ``qagen generate``
writes with the same seed and settings, and so does every tenth pass with a seed of its own (``seed_of_pass``). The nine
passes in between choose anew among the candidates of the pass before them, with other options and in other words.

Only the order differs from that of files: scenes come in groups of ``warm``, which are kept in memory together, within
a group the types of all its scenes are shuffled, and the samples of ``mixed`` of them at a time are made and shuffled
together.
"""

import hashlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qagen.api.sample import QASample
from qagen.api.scene import Asking, Folder, OpenScene, settings_for
from qagen.errors import ConfigError, QagenError, SceneError, match_names
from qagen.pipeline.config import RunConfig
from qagen.pipeline.run import Candidates, stamp_of
from qagen.rng import rng_for
from qagen.tasks._base import Family
from qagen.tasks.registry import known_types

if TYPE_CHECKING:
    from datasets import IterableDataset

    from qagen.api.torch_data import TorchStream

RENEWED = 10
"""Passes after which candidates are collected anew."""
Unit = tuple[OpenScene, Family]
"""A scene and a type to ask of it."""


def stream(
    scenes: OpenScene | Sequence[OpenScene],
    seed: int = 0,
    *,
    tasks: str | Sequence[str] = (),
    formats: str | Sequence[str] = (),
    preset: str | None = None,
    config: Folder | None = None,
    warm: int = 8,
    mixed: int = 16,
    **settings: Any,
) -> "Stream":
    """An endless stream of samples of scenes.

    Args:
        scenes: of ``open_scene`` or ``open_scenes``.
        seed: of the first pass.
        tasks: types or patterns, ``depth_*``; all by default.
        formats: of fill, select, sentence, judge; all by default.
        preset: named settings, as ``qagen presets`` lists them.
        config: YAML of settings, as ``--config`` takes it.
        warm: most scenes that are kept in memory.
        mixed: how many types of scenes are made and shuffled together; more mix better and take longer to begin.
        settings: others of ``qagen config``, such as ``per_scene`` or ``groups``.

    Raises:
        QagenError: a type, format or setting is unknown, or there is no scene.
    """
    opened = (scenes,) if isinstance(scenes, OpenScene) else tuple(scenes)
    if not opened:
        raise ConfigError("stream: found no scene, expected one or more")
    given: dict[str, Any] = {"seed": seed, **settings}
    if tasks:
        patterns = (tasks,) if isinstance(tasks, str) else tuple(tasks)
        given["tasks"] = match_names(patterns, known_types(), "tasks: no type")
    if formats:
        given["formats"] = (formats,) if isinstance(formats, str) else tuple(formats)
    for name, count in (("warm", warm), ("mixed", mixed)):
        if count < 1:
            raise ConfigError(f"stream: {name}: found {count}, expected 1 or more")
    run, families = settings_for(opened, given, "stream", preset, None if config is None else Path(config))
    return Stream(opened, run, tuple(families), warm, mixed)


class Stream:
    """An endless stream of samples; iterating goes on where it stopped.

    The state says how far it is: ``load_state_dict(state_dict())`` on a stream of the same scenes and settings goes on
    with the next sample. Scenes that cannot be used are left out with a warning, and listed in ``failed``.
    """

    def __init__(
        self,
        scenes: Sequence[OpenScene],
        config: RunConfig,
        families: Sequence[Family],
        warm: int,
        mixed: int,
        share: tuple[int, int] = (0, 1),
    ) -> None:
        self.scenes, self.config, self.families = tuple(scenes), config, tuple(families)
        self.failed: dict[str, str] = {}
        """Why a scene was left out, by its name."""
        self._warm, self._mixed, self._share = warm, mixed, share
        self._pass = self._chunk = self._sample = 0
        self._candidates: dict[tuple[str, str], Candidates] = {}
        self._candidates_of: int | None = None

    def __iter__(self) -> Iterator[QASample]:
        while True:
            is_whole, count = not (self._chunk or self._sample), 0
            for sample in self.one_pass():
                count += 1
                yield sample
            if is_whole and not count:
                raise QagenError(f"stream: found no sample in {len(self.scenes)} scenes{self._why()}")

    def one_pass(self) -> Iterator[QASample]:
        """The rest of the pass that the stream is in: every type of every scene once."""
        number, seed = self._pass, seed_of_pass(self.config.seed, self._pass)
        asking = self._asking(number)
        for index, chunk in enumerate(self._chunks(seed)):
            if index < self._chunk:
                continue
            made = self._make(chunk, asking)
            order = rng_for(seed, "stream", "samples", str(index)).permutation(len(made)).tolist()
            for place in order[self._sample :]:
                self._sample += 1
                yield made[place]
            self._chunk, self._sample = index + 1, 0
        self._pass, self._chunk, self._sample = number + 1, 0, 0

    def _asking(self, number: int) -> Callable[[OpenScene], Asking]:
        """What a pass asks of a scene: with candidates of the last pass that collected some."""
        origin = seed_of_pass(self.config.seed, number - number % RENEWED)
        if self._candidates_of != origin:
            self._candidates_of, self._candidates = origin, {}
        config = self.config.model_copy(update={"seed": seed_of_pass(self.config.seed, number)})
        collecting = self.config.model_copy(update={"seed": origin})
        stamp = stamp_of(collecting, self.families)
        if number % RENEWED:
            stamp["pass"] = number

        def ask(scene: OpenScene) -> Asking:
            known = self._candidates.setdefault(_key(scene), Candidates(collecting))
            return Asking(scene, config, self.families, stamp, known)

        return ask

    def _chunks(self, seed: int) -> Iterator[list[Unit]]:
        """Units whose samples are made together. Scenes of a group are forgotten after it, unless all are kept."""
        first, step = self._share
        by_scene = len(self.scenes) >= step
        own = self.scenes[first::step] if by_scene else self.scenes
        order = rng_for(seed, "stream", "scenes").permutation(len(own)).tolist()
        for start in range(0, len(own), self._warm):
            group = [own[place] for place in order[start : start + self._warm]]
            units = [(scene, family) for scene in group for family in self.families]
            places = rng_for(seed, "stream", "units", str(start)).permutation(len(units)).tolist()
            units = [units[place] for place in (places if by_scene else places[first::step])]
            yield from (units[i : i + self._mixed] for i in range(0, len(units), self._mixed))
            for scene in group if len(own) > self._warm else ():
                scene.close()
                self._candidates.pop(_key(scene), None)

    def _make(self, chunk: Sequence[Unit], asking: Callable[[OpenScene], Asking]) -> list[QASample]:
        made: list[QASample] = []
        for scene, family in chunk:
            try:
                made += asking(scene).ask(family)
            except SceneError as error:
                if scene.id not in self.failed:
                    warnings.warn(f"{scene.id} is left out of the stream: {error}", stacklevel=2)
                self.failed[scene.id] = str(error)
        return made

    def _why(self) -> str:
        return "".join(f"; {name}: {error}" for name, error in list(self.failed.items())[:1])

    def share(self, index: int, count: int) -> "Stream":
        """The share ``index``, from 0, of ``count`` workers: of the scenes, or of their types where scenes are fewer.

        All shares together make the samples of the whole.
        """
        if not 0 <= index < count:
            raise ConfigError(f"share: found {index} of {count}, expected 0 to {count - 1}")
        first, step = self._share
        share = first + step * index, step * count
        return Stream(self.scenes, self.config, self.families, self._warm, self._mixed, share)

    def state_dict(self) -> dict[str, Any]:
        """How far the stream is, in plain numbers and words that JSON takes."""
        place = {"pass": self._pass, "chunk": self._chunk, "sample": self._sample}
        return {**place, "share": list(self._share), "made_of": self._made_of()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where another stream of the same scenes and settings was.

        Raises:
            ConfigError: the state is of other scenes or settings, or none at all.
        """
        try:
            place = tuple(int(state[name]) for name in ("pass", "chunk", "sample"))
            share, made_of = tuple(state["share"]), state["made_of"]
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"stream: found no state ({error!r}), expected what state_dict gave") from error
        if made_of != self._made_of():
            raise ConfigError("stream: the state is of other scenes, settings, templates or another version")
        if share != self._share:
            raise ConfigError(f"stream: the state is of share {share}, expected {self._share}")
        self._pass, self._chunk, self._sample = place

    def _made_of(self) -> str:
        names = [f"{scene.dataset} {scene.id}" for scene in self.scenes]
        settings = self.config.digest(list(self.families)), self._warm, self._mixed, names
        return hashlib.sha256(repr(settings).encode()).hexdigest()[:12]

    def to_torch(self, transform: Callable[[QASample], Any] | None = None) -> "TorchStream":
        """A torch IterableDataset; each worker of a DataLoader takes a share of its own.

        Args:
            transform: makes what the dataset gives of a sample; ``QASample.to_dict`` by default.

        Raises:
            ConfigError: torch is not installed.
        """
        try:
            from qagen.api.torch_data import TorchStream
        except ModuleNotFoundError as error:
            raise ConfigError("to_torch: torch is not installed, expected it; pip install torch") from error
        return TorchStream(self, transform or QASample.to_dict)

    def to_trl(self) -> "IterableDataset":
        """An endless dataset for TRL's trainers; its rewards are ``qagen.score.reward_func``.

        Raises:
            ConfigError: the package datasets is not installed.
        """
        try:
            from qagen.api import trl_data
        except ModuleNotFoundError as error:
            raise ConfigError("to_trl: datasets is not installed, expected it; pip install datasets") from error
        return trl_data.of_stream(self)

    def __repr__(self) -> str:
        asked = f"{len(self.families)} types of {len(self.scenes)} scenes, seed {self.config.seed}"
        return f"<stream of {asked}: pass {self._pass}, chunk {self._chunk}, sample {self._sample}>"


def _key(scene: OpenScene) -> tuple[str, str]:
    return scene.dataset, scene.id


def seed_of_pass(seed: int, number: int) -> int:
    """The seed with which a pass of a stream, from 0, draws; that of ``qagen generate`` in the first and each tenth."""
    return seed if number == 0 else int(rng_for(seed, "stream", "pass", str(number)).integers(2**32))
