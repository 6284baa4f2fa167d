"""The straight line for one scene, and over many.

Loader.load → Scene → observe → SceneViews → Family.propose → Question | Skip → Formatter → Sample → writer
"""

import os
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from numpy.random import Generator

import qagen
from qagen import writer
from qagen.candidates import harvest, pick_balanced
from qagen.config import RunConfig
from qagen.core.answer import Answer
from qagen.core.question import Question, Skip
from qagen.core.sample import Sample
from qagen.errors import ConfigError, QagenError, SceneError
from qagen.formats import Formatter, check_templates
from qagen.loaders._base import Loader
from qagen.loaders._held_out import HeldOut
from qagen.paths import TEMPLATES
from qagen.peers import DIFFER, choose_with_peers
from qagen.render import Phrasebook
from qagen.rng import rng_for
from qagen.tasks._base import Family
from qagen.views import SceneViews, observe

VERSIONED = ("numpy", "scipy", "numba", "opencv-python-headless", "jinja2", "pydantic", "msgspec")
SPARE = 2
"""So many times the quota is looked at for questions whose answers can be each other's wrong options."""
REPEAT = "same words for the same images"
"""Why a drawn phrasing of a question is dropped: an earlier sample reads the same."""
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@cache
def phrasebook() -> Phrasebook:
    """All templates, compiled once in each process."""
    return Phrasebook(TEMPLATES)


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that a worker needs; small and picklable."""

    loader: Loader
    config: RunConfig
    families: tuple[Family, ...]
    layout: writer.Layout
    held_out: tuple[HeldOut, ...] = ()
    """Which scenes are not read because of --exclude-scenes; told in the report."""

    @property
    def stamp(self) -> dict[str, Any]:
        """What names the run in every line of evidence."""
        digest = self.config.digest(list(self.families))
        return {"seed": self.config.seed, "qagen": qagen.__version__, "config": digest}


@dataclass(slots=True)
class TaskTally:
    """What became of one type's candidates in one scene or in all."""

    candidates: int = 0
    """Different candidates looked at."""
    askable: int = 0
    """Those that could be asked; the samples are chosen from them."""
    samples: dict[str, int] = field(default_factory=dict)
    """Written samples by format."""
    skips: dict[str, int] = field(default_factory=dict)
    """Refused candidates by reason."""

    def add(self, other: "TaskTally") -> None:
        self.candidates += other.candidates
        self.askable += other.askable
        for mine, theirs in ((self.samples, other.samples), (self.skips, other.skips)):
            for key, count in theirs.items():
                mine[key] = mine.get(key, 0) + count


@dataclass(slots=True)
class SceneOutcome:
    """What became of one scene."""

    scene: str
    error: str | None = None
    """Why the scene failed, or None."""
    frames: int = 0
    """Frames used."""
    objects: int = 0
    """Objects that may be asked about."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Frames and objects left out, by reason."""
    tasks: dict[str, TaskTally] = field(default_factory=dict)
    """By task type."""
    seconds: float = 0.0
    """Wall time; told to people, never written."""

    @property
    def samples(self) -> int:
        return sum(sum(tally.samples.values()) for tally in self.tasks.values())


def run(
    job: Job, scene_ids: Sequence[str], workers: int, strict: bool, on_scene: Callable[[SceneOutcome], None]
) -> dict[str, Any]:
    """Write all scenes, merge them and write the report.

    Args:
        on_scene: called after each scene, in the order in which they finish.

    Returns:
        The report as it was written.

    Raises:
        ConfigError: a template does not fit its family; nothing has been written then.
        OutputError: the output folder cannot be written.
    """
    check_templates(list(job.families), phrasebook())
    outcomes: dict[str, SceneOutcome] = {}
    for outcome in _run_scenes(job, scene_ids, workers):
        outcomes[outcome.scene] = outcome
        on_scene(outcome)
        if strict and outcome.error is not None:
            break
    done = [scene for scene in scene_ids if scene in outcomes and outcomes[scene].error is None]
    types = [family.config.type for family in job.families]
    counts = writer.merge_parts(job.layout, done, types, job.config.seed) if done else {}
    report = make_report(job, [outcomes[scene] for scene in scene_ids if scene in outcomes], counts)
    writer.write_report(job.layout, report)
    return report


def _run_scenes(job: Job, scene_ids: Sequence[str], workers: int) -> Iterator[SceneOutcome]:
    if min(workers, len(scene_ids)) <= 1:
        for scene_id in scene_ids:
            yield run_scene(job, scene_id)
        return
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    with ProcessPoolExecutor(min(workers, len(scene_ids)), mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(run_scene, job, scene_id) for scene_id in scene_ids]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def run_scene(job: Job, scene_id: str) -> SceneOutcome:
    """Write one scene's part. A scene that cannot be used is an outcome, not an exception."""
    started = time.perf_counter()
    outcome = SceneOutcome(scene_id)
    try:
        _write_scene(job, scene_id, outcome)
    except (ConfigError, writer.OutputError):
        raise
    except QagenError as error:
        outcome.error = str(error)
    except Exception:  # noqa: BLE001 - a bug in one scene must not cost the others; the report carries its traceback
        outcome.error = traceback.format_exc()
    outcome.seconds = time.perf_counter() - started
    return outcome


def _write_scene(job: Job, scene_id: str, outcome: SceneOutcome) -> None:
    import cv2

    cv2.setNumThreads(1)
    views = observe(job.loader.load(scene_id), job.config.visibility)
    outcome.frames, outcome.objects = len(views.frames), len(views.scene.objects)
    outcome.left_out = {**views.scene.dropped, **views.unused}
    book, stamp = phrasebook(), job.stamp
    lines: dict[tuple[str, str], list[tuple[dict, dict]]] = {}
    shown: set[int] = set()
    shows_video = False
    for family in job.families:
        tally = outcome.tasks[family.config.type] = TaskTally()
        for sample in make_samples(family, views, book, job.config, tally):
            record = writer.to_record(sample, family, views, job.config.rgbd)
            evidence = writer.to_evidence(sample, views, stamp)
            lines.setdefault((sample.type, sample.format), []).append((record, evidence))
            if sample.question.is_video:
                shows_video = True
            else:
                shown.update(sample.question.frames)
    if job.config.rgbd:
        _check_depth(views, sorted(shown.union(views.video if shows_video else ())))
    writer.write_media(job.layout, views, sorted(shown), shows_video, job.config.media, job.config.rgbd)
    writer.write_part(job.layout, scene_id, lines)


def _check_depth(views: SceneViews, used: Sequence[int]) -> None:
    for frame in (views.frames[i] for i in used):
        if frame.depth is None:
            message = f"frame {frame.id}: found no depth image, expected one because of --rgbd"
            raise SceneError(views.scene.source, message)


def make_samples(
    family: Family, views: SceneViews, book: Phrasebook, config: RunConfig, tally: TaskTally
) -> Iterator[Sample]:
    """The samples of one type in one scene, counting into ``tally`` what is asked and what is refused."""
    type_name, scene_id = family.config.type, views.scene.id
    found = harvest(family.propose(views, rng_for(config.seed, scene_id, type_name)), config.per_scene)
    tally.candidates, tally.askable, tally.skips = found.seen, len(found.pool), dict(found.skips)
    picked: list[Question] = []
    peers: Mapping[tuple, Sequence[Answer]] = {}
    for answer_format in family.config.formats:
        rng = rng_for(config.seed, scene_id, type_name, answer_format)
        if family.config.independent or not picked:
            picked, peers = _pick(family, found.pool, config.per_scene, views, rng)
        if config.formats is not None and answer_format not in config.formats:
            continue
        formatter = Formatter(family, views.scene, book, peers, rng)
        asked = (picked * family.config.repeats)[: config.per_scene]
        yield from _in_format(family, formatter, asked, answer_format, scene_id, tally)


def _pick(
    family: Family, pool: list[Question], quota: int, views: SceneViews, rng: Generator
) -> tuple[list[Question], dict[tuple, list[Answer]]]:
    """The questions to write, and their wrong options where those come from peers."""
    if "select" not in family.config.formats or family.answer not in DIFFER:
        return pick_balanced(pool, quota, views, rng), {}
    return choose_with_peers(pick_balanced(pool, quota, views, rng, SPARE), quota, rng)


def _in_format(
    family: Family, formatter: Formatter, picked: list[Question], answer_format: str, scene_id: str, tally: TaskTally
) -> Iterator[Sample]:
    tally.samples[answer_format] = 0
    told: set[tuple[tuple[int, ...], str]] = set()
    for question in picked:
        turns = formatter.write(question, answer_format)
        if isinstance(turns, Skip):
            reason = f"{answer_format}: {turns.reason}"
            tally.skips[reason] = tally.skips.get(reason, 0) + 1
            continue
        if (question.frames, turns.human) in told:
            tally.skips[REPEAT] = tally.skips.get(REPEAT, 0) + 1
            continue
        told.add((question.frames, turns.human))
        yield Sample(
            id=writer.sample_id(scene_id, family.config.code, answer_format, tally.samples[answer_format]),
            type=family.config.type,
            format=answer_format,
            question=question,
            human=turns.human,
            gpt=turns.gpt,
            added=turns.added,
        )
        tally.samples[answer_format] += 1


def make_report(job: Job, outcomes: Sequence[SceneOutcome], counts: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """What was done and what was not; the same for the same data and config."""
    tasks = {family.config.type: TaskTally() for family in job.families}
    for outcome in outcomes:
        for type_name, tally in outcome.tasks.items():
            tasks[type_name].add(tally)
    return {
        "dataset": job.loader.name,
        "split": job.config.split,
        **job.stamp,
        "versions": {name: version(name) for name in VERSIONED},
        "run": job.config.model_dump(mode="json"),
        "excluded": [asdict(one) for one in job.held_out],
        "tasks": {
            name: {
                "samples": {key: counts.get(name, {}).get(key, 0) for key in tally.samples},
                "candidates": tally.candidates,
                "askable": tally.askable,
                "skips": dict(sorted(tally.skips.items())),
            }
            for name, tally in tasks.items()
        },
        "scenes": {outcome.scene: _scene_report(outcome) for outcome in outcomes},
        "task_configs": {family.config.type: family.config.model_dump(mode="json") for family in job.families},
    }


def _scene_report(outcome: SceneOutcome) -> dict[str, Any]:
    if outcome.error is not None:
        return {"error": outcome.error}
    return {
        "frames": outcome.frames,
        "objects": outcome.objects,
        "left_out": dict(sorted(outcome.left_out.items())),
        "samples": {name: dict(tally.samples) for name, tally in outcome.tasks.items()},
    }


def layout_for(out: Path, loader: Loader, config: RunConfig) -> writer.Layout:
    """Where a run writes."""
    return writer.Layout(out / loader.name, config.split)
