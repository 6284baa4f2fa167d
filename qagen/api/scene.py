"""Scenes to look at and to ask about."""

import os
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qagen.api.sample import Content, QASample, Samples
from qagen.core.sample import FORMATS, Sample
from qagen.core.scale import at_room_scale
from qagen.core.scene import Scene
from qagen.demo import demo_root
from qagen.errors import ConfigError, did_you_mean, match_names
from qagen.loaders import LOADERS, make_loader
from qagen.loaders._base import ALL, Loader
from qagen.pipeline.config import RunConfig, load_run
from qagen.pipeline.groups import Mirror
from qagen.pipeline.record import is_mirrored
from qagen.pipeline.report import TaskCounts
from qagen.pipeline.run import Candidates, make_samples, phrasebook, stamp_of, to_pair
from qagen.records.read import TREE, RecordFile, RecordLine
from qagen.tasks._base import Family
from qagen.tasks.registry import known_types, load_task
from qagen.visibility.views import SceneViews, observe

if TYPE_CHECKING:
    import pandas as pd
    from PIL.Image import Image

    from qagen.audit.run import Examiner
    from qagen.audit.truth import SceneTruth

Folder = str | os.PathLike[str]
PER_SCENE = 100
"""Least quota of which the samples that are asked for are the first: options of a choice come from each other."""


def open_scene(
    dataset: str = "scannet",
    scene: str | None = None,
    *,
    root: Folder | None = None,
    demo: str | None = None,
    boxes: Folder | None = None,
    video_frames: int | str | None = None,
    visibility: Mapping[str, float] | None = None,
) -> "OpenScene":
    """Open one scene of a dataset.

    Args:
        dataset: what ``--scene`` of the commands takes; see ``qagen datasets``.
        scene: its name; the first one by default.
        root: folder of the dataset; the built-in demo by default, which is built when it is used first.
        demo: name of the demo, apartment or tabletop, where there is no root.
        boxes: file of other people's boxes to use, as ``--boxes`` takes it.
        video_frames: number of frames that stand for the scene's video, or "all"; 32 by default.
        visibility: limits that differ from those of ``qagen config``, by name.

    Raises:
        QagenError: there is no such dataset, folder, scene or setting; the message has the nearest name.
    """
    loader, config = _prepare(dataset, root, demo, boxes, {"video_frames": video_frames, "visibility": visibility})
    known = loader.scene_ids(ALL)
    if scene is not None and scene not in known:
        raise ConfigError(f"scene: no scene '{scene}' in {loader.root}.{did_you_mean(scene, known)}")
    return OpenScene(loader, scene or known[0], config)


def open_scenes(
    dataset: str = "scannet",
    scenes: str | Sequence[str] = (),
    *,
    split: str = "train",
    root: Folder | None = None,
    demo: str | None = None,
    boxes: Folder | None = None,
    video_frames: int | str | None = None,
    visibility: Mapping[str, float] | None = None,
) -> "list[OpenScene]":
    """Open scenes of a dataset; each is read when it is first looked at.

    Args:
        scenes: names or patterns, ``scene00*``; all by default.
        split: the official split to read.

    The other arguments, and what is raised, are those of ``open_scene``.
    """
    given = {"split": split, "video_frames": video_frames, "visibility": visibility}
    loader, config = _prepare(dataset, root, demo, boxes, given)
    patterns = (scenes,) if isinstance(scenes, str) else tuple(scenes)
    names = match_names(patterns, loader.scene_ids(split), "scenes: no scene")
    return [OpenScene(loader, name, config) for name in names]


def _prepare(
    dataset: str, root: Folder | None, demo: str | None, boxes: Folder | None, settings: Mapping[str, Any]
) -> tuple[Loader, RunConfig]:
    """The loader, and the settings with which scenes are measured."""
    if dataset not in LOADERS:
        raise ConfigError(f"dataset: no dataset '{dataset}'.{did_you_mean(dataset, LOADERS)}")
    if root is not None and demo is not None:
        raise ConfigError("demo: found root beside it, expected one of them")
    if root is not None and not Path(root).is_dir():
        found = "a file" if Path(root).exists() else "nothing"
        raise ConfigError(f"root: {root}: found {found}, expected a folder")
    config = load_run(None, None, settings, "open_scene")[0]
    home = demo_root(dataset, demo=demo) if root is None else Path(root)
    return make_loader(dataset, home, None if boxes is None else Path(boxes)), config


class OpenScene:
    """A scene that is read and measured when it is first looked at, and then kept."""

    def __init__(self, loader: Loader, scene_id: str, config: RunConfig) -> None:
        self.id = scene_id
        """Name of the scene."""
        self.config = config
        """The settings with which it is measured."""
        self.loader = loader
        """What reads it."""

    @property
    def dataset(self) -> str:
        """Name of the dataset."""
        return self.loader.name

    @cached_property
    def scene(self) -> Scene:
        """The scene as it is measured: frames, objects, mesh. Raises SceneError where it cannot be used."""
        return at_room_scale(self.loader.load(self.id))

    @cached_property
    def views(self) -> SceneViews:
        """What each frame shows of each object, as arrays. Raises SceneError where no frame can be used."""
        return observe(self.scene, self.config.visibility, self.config.video_frames)

    @cached_property
    def mirror(self) -> Mirror:
        """The scene with left and right exchanged."""
        return Mirror(self.views)

    @cached_property
    def truth(self) -> "SceneTruth":
        """The scene as the audit reads it, by code of its own. Raises QagenError where it cannot."""
        from qagen.audit.run import read_scene
        from qagen.audit.scale import at_room_scale as scaled_for_audit
        from qagen.audit.truth import SceneTruth

        if hasattr(self.loader, "boxes"):
            raise ConfigError(f"check: {self.id} has other people's boxes, which the audit does not read")
        found = read_scene(self.dataset, self.loader.root, self.id)
        return SceneTruth.of(scaled_for_audit(found, 1 / self.scene.source_unit))

    def close(self) -> None:
        """Forget what was read and measured; it is read again when it is next looked at."""
        for name in ("scene", "views", "mirror", "truth"):
            self.__dict__.pop(name, None)

    def observe(self) -> "pd.DataFrame":
        """What frames show: a row for each frame and object that it shows or may show.

        The columns are those of ``sightings`` in docs/frames.md: frame, object, label, state, is_askable,
        visible_pixels, visible_fraction, in_image_fraction, the box of the visible pixels, center_depth, distance.
        """
        return self._table("sightings")

    @property
    def frames(self) -> "pd.DataFrame":
        """A row for each measured frame: time, camera, pose, and whether questions may show it."""
        return self._table("frames")

    @property
    def objects(self) -> "pd.DataFrame":
        """A row for each object: name, box, and how many frames show it."""
        return self._table("objects")

    def _table(self, name: str) -> "pd.DataFrame":
        import pandas as pd

        from qagen.frames.tables import TABLES, rows_of

        return pd.DataFrame(rows_of(self.views, self.loader.root)[name], columns=list(TABLES[name]))

    def ask(
        self,
        task: str,
        n: int = 5,
        *,
        format: str | None = None,
        seed: int = 0,
        **settings: Any,
    ) -> Samples:
        """Ask one type: the first samples of ``qagen generate --tasks TASK --formats FORMAT --seed SEED``.

        Args:
            task: task type; see ``qagen tasks``.
            n: most samples, not counting variants.
            format: fill, select, sentence or judge; the type's first one by default.
            settings: others of ``qagen config``, such as ``groups`` or ``overrides``.

        Returns:
            Samples, behind them their variants where ``groups`` asks for some; ``refused`` says why there are not more.

        Raises:
            QagenError: there is no such type, format or setting, or the scene cannot be used.
        """
        known = known_types()
        if task not in known:
            raise ConfigError(f"task: no type '{task}'.{did_you_mean(task, known)}")
        formats = load_task(task).config.formats
        asked = next(name for name in FORMATS if name in formats) if format is None else format
        if asked not in formats:
            raise ConfigError(f"format: {task} has no format '{asked}'.{did_you_mean(asked, formats)}")
        given = {"per_scene": max(n, PER_SCENE), **settings, "tasks": (task,), "formats": (asked,), "seed": seed}
        asking = Asking.of(self, given, "ask")
        counts = TaskCounts()
        return Samples(_first(asking.ask(asking.families[0], counts), n), counts.reasons)

    def draw(self, frame: str | None = None, width: int = 960) -> "Image":
        """A frame with the boxes of what it shows, RGB, ``width`` pixels wide.

        Args:
            frame: its id; the one that shows most objects by default.
        """
        from qagen.view.scene import draw_frame_of

        ids = [one.id for one in self.views.frames]
        if frame is not None and frame not in ids:
            raise ConfigError(f"frame: no measured frame '{frame}'.{did_you_mean(frame, ids)}")
        best = int(self.views.askable.sum(axis=1).argmax())
        return draw_frame_of(self.views, best if frame is None else ids.index(frame), width)

    def __getstate__(self) -> dict[str, Any]:
        return {"id": self.id, "config": self.config, "loader": self.loader}

    def __repr__(self) -> str:
        return f"<{self.dataset} {self.id}: {self.loader.root}>"

    def _repr_html_(self) -> str:
        from qagen.view.scene import scene_html

        return scene_html(self.views)


def _first(samples: Sequence[QASample], n: int) -> list[QASample]:
    """The first samples, and those that follow from them."""
    own = [sample.id for sample in samples if sample.group in ("", sample.id)][:n]
    return [sample for sample in samples if (sample.group or sample.id) in own]


class Asking:
    """A scene and what is asked of it: the settings of a run, and what evidence says of them."""

    def __init__(
        self,
        scene: OpenScene,
        config: RunConfig,
        families: Sequence[Family],
        stamp: Mapping[str, Any],
        candidates: Candidates | None = None,
    ) -> None:
        self.scene, self.config, self.families = scene, config, tuple(families)
        self._stamp, self._candidates = stamp, candidates

    @classmethod
    def of(cls, scene: OpenScene, given: Mapping[str, Any], caller: str) -> "Asking":
        """Settings that are given; the others are those that the scene is measured with, or the usual ones.

        Raises:
            ConfigError: a setting is unknown, or differs from one that the scene is measured with.
        """
        config, families = settings_for([scene], given, caller)
        return cls(scene, config, families, stamp_of(config, families))

    def ask(self, family: Family, counts: TaskCounts | None = None) -> list[QASample]:
        """All samples of a type. Raises SceneError."""
        scene, config = self.scene, self.config
        counts = TaskCounts() if counts is None else counts
        samples = make_samples(family, scene.views, phrasebook(), config, counts, scene.mirror, self._candidates)
        folder = Path(scene.dataset) / TREE / config.split / family.config.type
        files = {name: RecordFile(folder / name / f"{name}.jsonl") for name in FORMATS}
        return [
            QASample(
                RecordLine(files[sample.format], number, 0, sample.id),
                partial(self._write, family, sample, scene.views, scene.mirror),
                self.examiner,
                sample,
            )
            for number, sample in enumerate(samples, 1)
        ]

    def _write(self, family: Family, sample: Sample, views: SceneViews, mirror: Mirror) -> Content:
        record, evidence = to_pair(sample, family, views, mirror, self.config.rgbd, self._stamp)
        frames = (mirror.views if is_mirrored(sample) else views).frames
        return Content(record, evidence, tuple(frames[i].color for i in sample.question.frames))

    def examiner(self) -> "Examiner":
        """What solves samples of the scene again."""
        return self._examiner

    @cached_property
    def _examiner(self) -> "Examiner":
        from qagen.audit.check_media import Media
        from qagen.audit.run import Examiner
        from qagen.audit.settings import RunSettings

        told = self.config.model_dump(mode="json")
        settings = RunSettings(
            visibility=told["visibility"],
            tasks={family.config.type: family.config.model_dump(mode="json") for family in self.families},
            scales={self.scene.id: 1 / self.scene.scene.source_unit},
            video_frames=told["video_frames"],
            groups=tuple(told["groups"]),
        )
        return Examiner(self.scene.truth, Media(Path(os.devnull)), settings=settings)

    def __reduce__(self) -> tuple[Any, ...]:
        return Asking, (self.scene, self.config, self.families, self._stamp)


def settings_for(
    scenes: Sequence[OpenScene],
    given: Mapping[str, Any],
    caller: str,
    preset: str | None = None,
    config_file: Path | None = None,
) -> tuple[RunConfig, list[Family]]:
    """Settings for scenes that are measured already, and a family for each type.

    Raises:
        ConfigError: a setting is unknown, or differs from one that a scene is measured with.
    """
    measured = {name: getattr(scenes[0].config, name) for name in ("split", "video_frames", "visibility")}
    defaults = RunConfig()
    own = {name: value for name, value in measured.items() if value != getattr(defaults, name)}
    config, families = load_run(preset, config_file, {**own, **given}, caller)
    for name in measured:
        for scene in scenes:
            if getattr(scene.config, name) != getattr(config, name):
                raise ConfigError(f"{caller}: {name}: differs from that of {scene.id}; give it to open_scenes")
    if config.fuse:
        raise ConfigError(f"{caller}: fuse: meshes are fused by qagen generate alone; leave it out")
    return config, families
