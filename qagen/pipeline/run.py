"""The straight line for one scene, and over many.

Loader.load → Scene → observe → SceneViews → Family.propose → Question | Skip → Formatter → Sample → writer
"""

import errno
import hashlib
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

import qagen
from qagen.core.answer import Untold
from qagen.core.familiar import familiarity
from qagen.core.question import Question, Skip, about_objects
from qagen.core.reasons import SAME_WORDS, UNIT_TOO_COARSE
from qagen.core.sample import ORIGINAL, UNANSWERABLE, Format, Group, Sample
from qagen.core.scale import at_room_scale
from qagen.core.units import CENTIMETERS, METERS
from qagen.errors import ConfigError, QagenError, SceneError
from qagen.files import TEMPLATES, OutputError
from qagen.loaders._base import Loader
from qagen.pipeline import checkpoint
from qagen.pipeline.config import RunConfig
from qagen.pipeline.engines import Engine, Lost
from qagen.pipeline.exclude import Exclusion
from qagen.pipeline.groups import GroupWriter, Mirror
from qagen.pipeline.layout import Layout
from qagen.pipeline.media import Shown, write_media, write_mirrored_media
from qagen.pipeline.merge import MergeGroups, is_merged, merge_checkpoints, record_merged
from qagen.pipeline.record import is_mirrored, sample_id, to_evidence, to_record
from qagen.pipeline.report import RunTotals, SceneReport, TaskCounts, write_report
from qagen.pipeline.twins import Paired, choose_twins
from qagen.rng import rng_for
from qagen.sampling.choose import Distractors, choose_with_options
from qagen.sampling.pool import Collected, Selection, collect, pick_balanced
from qagen.stages import about, announce, announcing_compilation, each
from qagen.tasks._base import Family
from qagen.visibility.fusion import fused
from qagen.visibility.views import SceneViews, observe
from qagen.wording.formats import Formatter, Turns, check_templates
from qagen.wording.phrasebook import Phrasebook
from qagen.wording.rationale import Rationales

REDRAWS = 20
"""Number of times that a question which reads like an earlier one is put into words again."""
VERSIONED = ("numpy", "scipy", "numba", "opencv-python-headless", "pillow", "av", "jinja2", "pydantic", "msgspec")
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
MAX_LISTED = 5


@cache
def phrasebook() -> Phrasebook:
    """All templates, compiled once in each process."""
    return Phrasebook(TEMPLATES)


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that a worker needs. Small and picklable."""

    loader: Loader
    config: RunConfig
    families: tuple[Family, ...]
    layout: Layout
    exclusion_lists: tuple[Exclusion, ...] = ()
    """Which scenes are not read because of --exclude-scenes; listed in the report."""

    @property
    def stamp(self) -> dict[str, Any]:
        """Fields that identify the run in every line of evidence."""
        return stamp_of(self.config, self.families)


@dataclass(frozen=True, slots=True)
class Plan:
    """The scenes of a run, when it starts."""

    settings: str
    """Hash of the settings."""
    done: tuple[str, ...]
    """Scenes that an earlier run finished."""
    todo: tuple[str, ...]
    """The other scenes, those that failed before included."""


def stamp_of(config: RunConfig, families: Sequence[Family]) -> dict[str, Any]:
    """Fields that identify a config, and the tasks it resolves to, in every line of evidence."""
    return {"seed": config.seed, "qagen": qagen.__version__, "config": config.digest(list(families))}


def settings_of(job: Job) -> dict[str, Any]:
    """Everything that decides the bytes written for a scene, except the scene's own files."""
    templates = hashlib.sha256()
    for path in sorted(TEMPLATES.glob("*.jinja")):
        templates.update(path.name.encode() + b"\0" + path.read_bytes())
    return {
        "qagen": qagen.__version__,
        "versions": {name: version(name) for name in VERSIONED},
        "templates": templates.hexdigest()[:12],
        **job.config.model_dump(mode="json"),
        "task_configs": {family.config.type: family.config.model_dump(mode="json") for family in job.families},
    }


def prepare(job: Job, scene_ids: Sequence[str], fresh: bool = False) -> Plan:
    """Prepare the output folder, which the caller has locked, and find the scenes that are done.

    Args:
        fresh: first remove what earlier runs wrote for this split.

    Raises:
        ConfigError: a template does not fit its family, or an earlier run had other settings or other inputs.
        OutputError: the output folder cannot be written.
    """
    check_templates(list(job.families), phrasebook())
    if fresh:
        checkpoint.start_over(job.layout, scene_ids)
    settings = checkpoint.check_settings(job.layout, settings_of(job))
    checkpoint.clear_unfinished(job.layout)
    return _plan(job, scene_ids, settings)


def foresee(job: Job, scene_ids: Sequence[str], fresh: bool = False) -> Plan:
    """What ``prepare`` would find; writes nothing. Raises ConfigError as it does."""
    check_templates(list(job.families), phrasebook())
    if fresh:
        return Plan(checkpoint.hash_of(settings_of(job)), (), tuple(scene_ids))
    return _plan(job, scene_ids, checkpoint.check_settings(job.layout, settings_of(job), stores=False))


def _plan(job: Job, scene_ids: Sequence[str], settings: str) -> Plan:
    manifests = {scene: checkpoint.read_manifest(job.layout, scene, settings) for scene in scene_ids}
    done = {scene: manifest for scene, manifest in manifests.items() if manifest is not None}
    _check_inputs(job, done)
    return Plan(settings, tuple(done), tuple(scene for scene in scene_ids if scene not in done))


def _check_inputs(job: Job, done: Mapping[str, checkpoint.Manifest]) -> None:
    changed = []
    for scene_id, manifest in done.items():
        now = _inputs(job, job.loader.root / manifest.source)
        if now != manifest.inputs:
            changed.append(f"{scene_id}: {checkpoint.differences(manifest.inputs, now)}")
    if changed:
        more = f" and {len(changed) - MAX_LISTED} more scenes" if len(changed) > MAX_LISTED else ""
        listed = "; ".join(changed[:MAX_LISTED]) + more
        raise ConfigError(
            f"{job.layout.root}: the input has changed since it was read: {listed}. "
            f"Restore it, or give another --out, or --fresh to start over"
        )


def _inputs(job: Job, source: Path) -> dict[str, str]:
    beside = [*job.loader.shared_files(), *job.loader.files_beside(source)]
    return checkpoint.fingerprint(source, beside, job.layout.root.parent)


def write_scenes(job: Job, plan: Plan, engine: Engine, strict: bool, on_scene: Callable[[SceneReport], None]) -> None:
    """Write the parts of all unfinished scenes, and record failures.

    Args:
        strict: stop at the first scene that fails.
        on_scene: called after each scene, in the order in which they finish.

    Raises:
        OutputError: the output folder cannot be written. What is finished stays finished.
    """
    for scene_id, result in engine(partial(run_scene, job, plan.settings), plan.todo):
        report = SceneReport(scene_id, error=result.reason) if isinstance(result, Lost) else result
        if report.error is None:
            checkpoint.forget_failure(job.layout, scene_id)
        else:
            checkpoint.record_failure(job.layout, scene_id, plan.settings, report.error)
        on_scene(report)
        if strict and report.error is not None:
            return


def merge(job: Job, scene_ids: Sequence[str], settings: str) -> tuple[RunTotals, bool]:
    """Merge the parts of the scenes and write the report; scenes that were not reached are left out.

    Returns:
        The totals, and whether there was anything to write.
    """
    totals, groups = RunTotals(family.config.type for family in job.families), MergeGroups()
    inputs_hash = hashlib.sha256(repr((settings, job.exclusion_lists)).encode())
    for index, scene_id in enumerate(scene_ids):
        manifest = checkpoint.read_manifest(job.layout, scene_id, settings)
        error = None if manifest else checkpoint.read_failure(job.layout, scene_id, settings)
        if manifest is not None:
            groups.add_scene(index, manifest.blocks)
            totals.add(msgspec.json.decode(manifest.report, type=SceneReport))
        elif error is not None:
            totals.add(SceneReport(scene_id, error))
        inputs_hash.update(repr((scene_id, manifest and manifest.sha256, error)).encode())
    if is_merged(job.layout, inputs_hash.hexdigest()):
        return totals, False
    files = merge_checkpoints(job.layout, scene_ids, groups, list(totals.tasks), job.config.seed)
    write_report(job.layout, make_report(job, totals))
    checkpoint.clear_unfinished(job.layout)  # of workers and nodes that were lost
    record_merged(job.layout, inputs_hash.hexdigest(), [*files, job.layout.report])
    return totals, True


def check_all_done(job: Job, scene_ids: Sequence[str], plan: Plan) -> None:
    """Raises ConfigError when a scene has neither been finished nor failed."""
    missing = [scene for scene in plan.todo if checkpoint.read_failure(job.layout, scene, plan.settings) is None]
    if missing:
        listed = ", ".join(missing[:MAX_LISTED]) + (", ..." if len(missing) > MAX_LISTED else "")
        raise ConfigError(
            f"--merge: {len(missing)} of {len(scene_ids)} scenes are not done: {listed}; "
            f"run their shards again, or leave --merge out to do them here"
        )


def run_scene(job: Job, settings: str, scene_id: str) -> SceneReport:
    """Write one scene's part. A scene that cannot be used makes a report, not an exception.

    May be repeated on any machine: it leaves the same bytes, or nothing if it does not finish.

    Raises:
        ConfigError: a template cannot be filled in.
        OutputError: the output folder cannot be written.
    """
    started = time.perf_counter()
    report = SceneReport(scene_id)
    try:
        with about(scene_id), announcing_compilation(), checkpoint.checkpoint_writer(job.layout, scene_id) as part:
            _write_scene(job, settings, report, part)
    except (ConfigError, OutputError):
        raise
    except QagenError as error:
        report = SceneReport(scene_id, str(error))
    except Exception as error:  # a bug in one scene must not cost the others; the report has its traceback
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            raise OutputError(f"{error.filename}: cannot be written ({error.strerror})") from error
        report = SceneReport(scene_id, traceback.format_exc())
    report.seconds = time.perf_counter() - started
    return report


def _write_scene(job: Job, settings: str, report: SceneReport, part: checkpoint.CheckpointWriter) -> None:
    import cv2

    cv2.setNumThreads(1)
    announce("reading the scene")
    scene = at_room_scale(job.loader.load(report.scene))
    inputs = _inputs(job, scene.source)
    if job.config.fuse:
        scene = fused(scene, job.layout.root / ".fused" / f"{scene.id}.npz")
    views = observe(scene, job.config.visibility, job.config.video_frames)
    report.frames, report.objects = len(views.frames), len(scene.objects)
    report.left_out = {**scene.dropped, **views.unused}
    report.scale, report.unit = 1 / scene.source_unit, None if views.units is None else views.units.length.symbol
    report.notice = _notice(views)
    mirror = Mirror(views)
    shown, mirrored = _write_samples(job, views, mirror, report, part)
    if job.config.rgbd:
        _check_depth(views, sorted(shown.singles.union(views.video if shown.video else ())))
    announce("writing images")
    write_media(part.media, views, sorted(shown.singles), shown.video, job.config.media, job.config.rgbd)
    write_mirrored_media(part.media, views, mirrored, job.config.media)
    source = scene.source.relative_to(job.loader.root) if scene.source.is_relative_to(job.loader.root) else scene.source
    part.finish(settings, str(source), inputs, report)


def _notice(views: SceneViews) -> str:
    """What a user should look at where the scene is not of a room's scale, or its familiar things are not."""
    scene, units, known = views.scene, views.units, familiarity(views.scene)
    doubt = "" if known is None or known.is_plausible else f"{known.text}: {known.advice}"
    if units is None:
        return "the scale is unknown: nothing is asked that needs lengths"
    is_usual = units.length in (CENTIMETERS, METERS) and scene.source_unit == 1.0
    if is_usual:
        return doubt
    scaled = "" if scene.source_unit == 1.0 else f", measured at {1 / scene.source_unit:.4g} times its size"
    return f"told in {units.length.name}{scaled}" + (f"; {doubt}" if doubt else "")


def _write_samples(
    job: Job, views: SceneViews, mirror: Mirror, report: SceneReport, part: checkpoint.CheckpointWriter
) -> tuple[Shown, Shown]:
    """Write all samples of a scene. Returns what they show, as it was taken and in the mirror."""
    book, stamp = phrasebook(), job.stamp
    shown = Shown(), Shown()
    for family in each("asking, by type", job.families):
        counts = report.tasks[family.config.type] = TaskCounts()
        samples = make_samples(family, views, book, job.config, counts, mirror)
        for answer_format, block in groupby(samples, key=lambda sample: sample.format):
            pairs = []
            for sample in block:
                pairs.append(to_pair(sample, family, views, mirror, job.config.rgbd, stamp))
                shown[is_mirrored(sample)].add(sample.question)
            part.add(family.config.type, answer_format, pairs)
    return shown


def to_pair(
    sample: Sample, family: Family, views: SceneViews, mirror: Mirror, rgbd: bool, stamp: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The record of a sample, and its evidence."""
    seen = mirror.views if is_mirrored(sample) else views
    return to_record(sample, family, seen, rgbd), to_evidence(sample, seen, stamp)


def _check_depth(views: SceneViews, used: Sequence[int]) -> None:
    for frame in (views.frames[i] for i in used):
        if frame.depth is None:
            message = f"frame {frame.id}: found no depth image, expected one because of --rgbd"
            raise SceneError(views.scene.source, message)


class Candidates:
    """The candidate questions of one scene by type; collected when they are first asked for, and kept."""

    def __init__(self, config: RunConfig) -> None:
        self._config = config
        self._collected: dict[str, Collected] = {}

    def of(self, family: Family, views: SceneViews) -> Collected:
        """The candidates of a type."""
        type_name = family.config.type
        if type_name not in self._collected:
            proposed = family.propose(views, rng_for(self._config.seed, views.scene.id, type_name))
            told = (_told_exactly(candidate, views) for candidate in proposed)
            self._collected[type_name] = collect(told, self._config.samples_of(type_name))
        return self._collected[type_name]


def make_samples(
    family: Family,
    views: SceneViews,
    book: Phrasebook,
    config: RunConfig,
    counts: TaskCounts,
    mirror: Mirror | None = None,
    candidates: Candidates | None = None,
) -> Iterator[Sample]:
    """The samples of one type in one scene; adds to ``counts`` what is asked and what is refused.

    Without ``candidates``, they are collected with the config's own seed. Only the questions of ``select`` are chosen
    for their options. Those of the other formats are chosen for coverage, the same for all of them unless the type is
    independent.
    """
    type_name, scene_id = family.config.type, views.scene.id
    lacking = family.form_for(views.scene).lacking(views.scene)
    if lacking is not None:
        counts.refuse(lacking)
        return
    collected = (candidates or Candidates(config)).of(family, views)
    counts.askable = len(collected.pool)
    for reason, count in collected.skips.items():
        counts.refuse(reason, count)
    quota = collected.limited(config.samples_of(type_name))
    spread: Selection | None = None
    rationales = Rationales(family, views, book)
    for answer_format in family.config.formats:
        rng = rng_for(config.seed, scene_id, type_name, answer_format)
        if answer_format == "select":
            selection = choose_with_options(collected.pool, quota, family.answer, views, rng)
        else:
            if spread is None or family.config.independent:
                spread = Selection(pick_balanced(collected.pool, quota, views, rng))
            selection = spread
        if config.formats is not None and answer_format not in config.formats:
            continue
        formatter = Formatter(family, views.scene, views.units, book, Distractors(selection, rng), rng)
        paired = Paired((selection.questions * family.config.repeats)[:quota])
        if answer_format == "select" and config.unanswerable:
            rng = rng_for(config.seed, scene_id, type_name, "twins")
            paired, reasons = choose_twins(family, views, paired.questions, config.unanswerable, quota, rng)
            counts.pairs_wanted += paired.wanted
            for reason in reasons:
                counts.refuse(reason, answer_format=answer_format)
        samples = _in_format(formatter, rationales, paired, answer_format, counts)
        if config.groups:
            rng = rng_for(config.seed, scene_id, type_name, answer_format, "groups")
            writer = GroupWriter(family, views, mirror or Mirror(views), book, config.groups, rng)
            new_id = partial(sample_id, scene_id, family.config.code, answer_format)
            samples = writer.write(list(samples), new_id)
            counts.samples[answer_format] = len(samples)
        yield from samples


def _told_exactly(candidate: Question | Skip, views: SceneViews) -> Question | Skip:
    """The candidate; a skip for a question whose lengths the scene's unit would print too coarsely."""
    if views.units is None or views.units.is_fine or isinstance(candidate, Skip):
        return candidate
    is_exact = all(views.units.is_exact(length) for length in candidate.answer.lengths)
    return candidate if is_exact else Skip(UNIT_TOO_COARSE, about_objects(candidate.roles))


def _in_format(
    formatter: Formatter,
    rationales: Rationales,
    paired: Paired,
    answer_format: Format,
    counts: TaskCounts,
) -> Iterator[Sample]:
    """The samples of one format; one that shows the same images and reads the same as an earlier one is dropped."""
    config = formatter.family.config
    counts.samples[answer_format] = 0
    written: set[tuple[tuple[int, ...], str]] = set()
    for question in paired.questions:
        twin = paired.twins.get(question.key)
        turns = _written(formatter, question, answer_format, twin is not None)
        for _ in range(REDRAWS):
            if isinstance(turns, Skip) or (question.frames, turns[0].human) not in written:
                break
            turns = _written(formatter, question, answer_format, twin is not None)
        if isinstance(turns, Skip):
            counts.refuse(turns.reason, answer_format=answer_format)
        elif (question.frames, turns[0].human) in written:
            counts.refuse(SAME_WORDS, answer_format=answer_format)
        else:
            written.add((question.frames, turns[0].human))
            number = counts.samples[answer_format]
            ids = [sample_id(formatter.scene.id, config.code, answer_format, number + i) for i in range(len(turns))]
            groups = [None] if twin is None else [Group(ids[0], variant) for variant in (ORIGINAL, UNANSWERABLE)]
            asked = [question] if twin is None else [question, replace(twin, answer=Untold(turns[1].right_option))]
            for own_id, one, told, group in zip(ids, asked, turns, groups, strict=True):
                yield Sample(
                    id=own_id,
                    type=config.type,
                    format=answer_format,
                    question=one,
                    human=told.human,
                    gpt=told.gpt,
                    added=told.added,
                    rationale=rationales.of(one, answer_format, told),
                    group=group,
                    options=told.options,
                )
            counts.samples[answer_format] += len(turns)
            counts.pairs += twin is not None


def _written(
    formatter: Formatter, question: Question, answer_format: Format, has_twin: bool
) -> tuple[Turns, ...] | Skip:
    """The turns of a question, and those of its twin if it has one."""
    if has_twin:
        return formatter.write_twins(question)
    turns = formatter.write(question, answer_format)
    return turns if isinstance(turns, Skip) else (turns,)


def make_report(job: Job, totals: RunTotals) -> dict[str, Any]:
    """The content of report.json; the same for the same data and config."""
    run = {
        "dataset": job.loader.name,
        "split": job.config.split,
        **job.stamp,
        "versions": {name: version(name) for name in VERSIONED},
        "run": job.config.model_dump(mode="json"),
        "excluded": [asdict(one) for one in job.exclusion_lists],
    }
    return totals.report(run, {family.config.type: family.config.model_dump(mode="json") for family in job.families})


def layout_for(out: Path, loader: Loader, config: RunConfig, shard: str = "") -> Layout:
    """Paths of a run's output."""
    return Layout(out / loader.name, config.split, shard)
