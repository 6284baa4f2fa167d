"""``qagen frames``: which objects does each frame show, and how well?"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qagen import cli
from qagen.errors import ConfigError, SceneError, did_you_mean, match_names
from qagen.loaders import LOADERS, make_loader
from qagen.stages import about, announcing_compilation

if TYPE_CHECKING:
    from qagen.frames.tables import TableWriter
    from qagen.loaders._base import Loader
    from qagen.pipeline.config import RunConfig


@cli.command(
    "qagen frames --scene scannet",
    "qagen frames --scene scannet --root /data/scannet --scenes 'scene0000_*'",
    "qagen frames qagen_out --root /data/scannet --all-frames",
)
@cli.run_argument(required=False)
@cli.option("--scene", "dataset", metavar="DATASET", help="Dataset to read; of a RUN, which of its datasets.")
@cli.root_option()
@cli.path_option(
    "--out", "folder", metavar="DIR", default=Path("qagen_frames"), show_default=True, help="Output folder."
)
@cli.scenes_option()
@cli.option("--split", help="Official split to read.  [default: train, or the run's]")
@cli.path_option("--boxes", metavar="FILE", help="Annotation to take objects from, as generate takes it.")
@cli.option(
    "--video-frames", metavar="N|all", help="Frames of the scene's video, at least 11.  [default: 32, or the run's]"
)
@cli.option("--all-frames", is_flag=True, help="Measure all frames, not only up to 300 views that differ.")
def main(
    run: Path | None,
    dataset: str | None,
    root: Path | None,
    folder: Path,
    scenes: tuple[str, ...],
    split: str | None,
    boxes: Path | None,
    video_frames: str | None,
    all_frames: bool,
) -> int:
    """Write tables of what each frame shows of each object, as generate measures it: DATASET_sightings.parquet,
    DATASET_frames.parquet and DATASET_objects.parquet.

    With RUN, dataset, split, scenes and thresholds are those of that run.

    Exit codes: 0: all scenes are measured. 1: a scene failed; the others are. 2: a mistake in the options.
    """
    source = _read_source(run, dataset, split, video_frames)
    cli.check_dataset(source.dataset, LOADERS)
    cli.check_root(root)
    cli.make_folder(folder)
    loader = make_loader(source.dataset, root or cli.demo_root(source.dataset), boxes)
    wanted = _choose_scenes(source, loader, scenes)

    from qagen.frames.tables import TableWriter

    with TableWriter(folder, source.dataset) as writer:
        failed = _write_scenes(writer, loader, source, wanted, all_frames)
        if len(failed) == len(wanted):
            raise SceneError(loader.root, f"scenes: none of the {len(wanted)} could be measured")
    for name, path in writer.paths.items():
        cli.show(f"{path}: {writer.rows[name]} rows")
    cli.inform(f"Next: pandas.read_parquet({str(writer.paths['sightings'])!r}); docs/frames.md has the columns")
    return 1 if failed else 0


@dataclass(frozen=True, slots=True)
class _Source:
    """What to measure, and with which settings."""

    dataset: str
    config: "RunConfig"
    scenes: tuple[str, ...] | None = None
    """Those of a run that it could read; None without a run."""
    fused: Path | None = None
    """Folder of the meshes that a run fused."""


def _read_source(run: Path | None, dataset: str | None, split: str | None, video_frames: str | None) -> _Source:
    """The settings of a run, or the usual ones; options win. Raises ConfigError."""
    from qagen.pipeline.config import load_run

    given = {"split": split, "video_frames": video_frames}
    if run is None:
        if dataset is None:
            raise ConfigError("found neither RUN nor --scene, expected one: which scenes are to be measured?")
        return _Source(dataset, load_run(None, None, given)[0])
    report = _read_report(run, dataset)
    try:
        own, scenes = report["run"], report["scenes"]
        kept = {key: own[key] for key in ("split", "video_frames", "visibility", "fuse") if key in own}
        names = tuple(name for name, counts in scenes.items() if counts.get("error") is None)
        told = str(report["dataset"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{run}: report.json: found no {error}, expected the report of a run") from error
    settings = {**kept, **{key: value for key, value in given.items() if value is not None}}
    return _Source(told, load_run(None, None, settings)[0], names, run / told / ".fused")


def _read_report(run: Path, dataset: str | None) -> dict[str, Any]:
    """The report of one of a run's datasets. Raises ConfigError."""
    reports = {path.parent.name: path for path in sorted(run.glob("*/report.json"))}
    if not reports:
        raise ConfigError(f"{run}: found no <dataset>/report.json, expected the output folder of qagen generate")
    if dataset is None and len(reports) > 1:
        raise ConfigError(f"--scene: {run} has several datasets, expected one of {', '.join(reports)}")
    name = dataset or next(iter(reports))
    if name not in reports:
        raise ConfigError(f"--scene: no '{name}' in {run}.{did_you_mean(name, reports)}")
    try:
        report = json.loads(reports[name].read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{reports[name]}: cannot be read ({error})") from error
    if not isinstance(report, dict):
        raise ConfigError(f"{reports[name]}: found a {type(report).__name__}, expected the report of a run")
    return report


def _choose_scenes(source: _Source, loader: "Loader", patterns: Sequence[str]) -> list[str]:
    """Names of the scenes to measure. Raises ConfigError, SceneError."""
    known = loader.scene_ids(source.config.split)
    if source.scenes is not None:
        missing = [name for name in source.scenes if name not in known]
        if missing:
            raise ConfigError(f"--root: {loader.root} has no {missing[0]!r}, expected the folder that the run has read")
        known = list(source.scenes)
    return match_names(patterns, known, "--scenes: no scene")


def _write_scenes(
    writer: "TableWriter", loader: "Loader", source: _Source, names: Sequence[str], all_frames: bool
) -> list[str]:
    """Measure and write the scenes one by one; returns those that failed."""
    failed: list[str] = []
    with cli.progress("Scenes", len(names)) as bar:
        for name in names:
            try:
                with about(name), announcing_compilation():
                    _write_scene(writer, loader, source, name, all_frames)
            except SceneError as error:
                failed.append(name)
                bar.warn(f"{name}: FAILED: {error}")
            bar.advance(name)
    return failed


def _write_scene(writer: "TableWriter", loader: "Loader", source: _Source, name: str, all_frames: bool) -> None:
    from qagen.core.scale import at_room_scale
    from qagen.frames.tables import rows_of
    from qagen.visibility.fusion import fused
    from qagen.visibility.views import observe

    scene = at_room_scale(loader.load(name))
    if source.config.fuse and source.fused is not None:
        scene = fused(scene, source.fused / f"{scene.id}.npz")
    views = observe(scene, source.config.visibility, source.config.video_frames, all_frames)
    writer.write(rows_of(views, loader.root))


if __name__ == "__main__":
    main()
