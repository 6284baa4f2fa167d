"""``qagen spatialvid convert``: scenes of any dataset as clips in the layout of SpatialVID."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qagen import cli
from qagen.core.reasons import UNREADABLE_SCENE
from qagen.errors import ConfigError, SceneError, counted, match_names
from qagen.files import write_atomic
from qagen.loaders import LOADERS, make_loader
from qagen.loaders.spatialvid.files import Clip, ClipError, read_metadata

if TYPE_CHECKING:
    from qagen.loaders._base import Loader
    from qagen.spatialvid.clip_writer import ClipPlan

GROUP = 1
"""All clips are of one group."""
TABLE = Path("data") / "train" / "SpatialVID_metadata.csv"
COLUMNS: tuple[str, ...] = (
    "id", "group id", "video path", "annotation path", "num frames", "fps", "resolution", "aesthetic score",
    "luminance score", "motion score", "ocr score", "moveDist", "distLevel", "rotAngle", "trajTurns", "dynamicRatio",
    "motionTags", "sceneType", "brightness", "timeOfDay", "weather", "crowdDensity",
)  # fmt: skip
"""Those of the release's tables."""
DECIMALS = 6


@cli.command(
    "qagen spatialvid convert --scene scannet --out clips",
    "qagen spatialvid convert --scene posed --root /data/mine --scenes 'kitchen*' --out clips",
    when_stopped="stopped; run the same command to go on",
)
@cli.dataset_option(LOADERS)
@cli.root_option()
@cli.scenes_option()
@cli.option("--split", default="train", show_default=True, help="Official split to take scenes from.")
@cli.path_option("--out", "target", also=["--to"], required=True, metavar="DIR", help="Folder of the clips.")
@cli.all_option("clips")
def main(dataset: str, root: Path | None, scenes: tuple[str, ...], split: str, target: Path, lists_all: bool) -> int:
    """Write each scene of DATASET as a clip: video, poses, intrinsics, depth, motion, and a row of a table.

    The files are those of SpatialVID's release, with the scene's name for the clip's. The video has a constant rate,
    and a row of poses about five times a second. Poses are in meters where the scene's scale is known. Nothing tells
    what moves, so there are no masks. Clips that are there already are kept.

    Exit codes: 0: all scenes have a clip. 1: some were left out. 2: a mistake in the options.
    """
    cli.check_dataset(dataset, LOADERS)
    cli.check_root(root)
    loader = make_loader(dataset, root or cli.demo_root(dataset))
    known = loader.scene_ids(split)
    chosen = match_names(scenes, known, "--scenes: no scene") if scenes else known
    cli.make_folder(target)
    kept = _existing(target, dataset, chosen)
    faults: list[cli.Fault] = []
    written = 0
    with cli.progress("Writing clips", len(chosen)) as bar:
        for number, scene_id in enumerate(chosen, 1):
            try:
                if scene_id not in kept:
                    _write(loader, scene_id, target, bar, f"{scene_id} ({number} of {len(chosen)})")
                    written += 1
                _list(target, scene_id)
            except SceneError as error:
                reason = error.reason if isinstance(error, ClipError) else UNREADABLE_SCENE
                faults.append((reason, scene_id, str(error)))
    others = f"; kept {len(kept)} that are there already" if kept else ""
    cli.show(f"{counted(len(chosen), 'scene')}: wrote {counted(written, 'clip')}{others}")
    cli.show_faults(faults, lists_all)
    if len(faults) < len(chosen):
        cli.next_step("spatialvid", "check", target)
    return 1 if faults else 0


def _existing(target: Path, dataset: str, chosen: Sequence[str]) -> set[str]:
    """The scenes whose clips are there. Raises ConfigError where a clip of the name is of another dataset."""
    from qagen.spatialvid.clip_writer import SOURCE_NAME

    kept = [scene_id for scene_id in chosen if _place(target, scene_id).folder.exists()]
    for scene_id in kept:
        folder = _place(target, scene_id).folder
        found = _dataset_of(folder / SOURCE_NAME)
        if found != dataset:
            expected = f"one of {dataset}; choose another folder, or remove this one"
            raise ConfigError(f"--out: {folder}: found a clip of {found or 'unknown origin'}, expected {expected}")
    return set(kept)


def _dataset_of(path: Path) -> str:
    """The dataset that a clip was made from; empty where its file does not say."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return ""
    return str(content.get("dataset", "")) if isinstance(content, dict) else ""


def _place(target: Path, scene_id: str) -> Clip:
    from qagen.spatialvid.clip_writer import clip_place

    return clip_place(target, f"group_{GROUP:04d}", scene_id)


def _write(loader: "Loader", scene_id: str, target: Path, bar: cli.Bar, description: str) -> None:
    """Write the clip of a scene. Raises SceneError where it cannot be one; nothing is written then."""
    from qagen.spatialvid.clip_writer import plan_clip, steps_of, write_clip

    bar.update(0, 1, f"Reading {description}")
    plan = plan_clip(loader.load(scene_id))
    done, total = 0, steps_of(plan)

    def advance() -> None:
        nonlocal done
        done += 1
        bar.update(done, total, f"Writing {description}")

    write_clip(plan, target, _place(target, scene_id), advance)
    bar.inform(f"{scene_id}: {', '.join(_traits(plan))}")


def _traits(plan: "ClipPlan") -> Iterator[str]:
    """What a user should know of a clip."""
    width, height = plan.size
    yield f"{len(plan.rows)} rows, {plan.length} frames of {width} x {height} at {float(plan.rate):.4g} a second"
    yield "meters" if plan.scene.unit_m is not None else "scale unknown"
    if not plan.has_depth:
        yield "no depth"
    if plan.length > len(plan.frames):
        yield f"{plan.length - len(plan.frames)} frames repeat an image where the scene has none"
    if len(plan.frames) < len(plan.scene.frames):
        yield f"{len(plan.scene.frames) - len(plan.frames)} images left out that come closer together"
    camera = plan.frames[0].camera
    if (width, height) != (camera.width, camera.height):
        yield f"cut from {camera.width} x {camera.height}, because sides of a video are even"


# --- the table -------------------------------------------------------------------------------------------------------


def _list(target: Path, scene_id: str) -> None:
    """Add the row of a clip to the table, unless it has one. Raises SceneError where the clip or the table is damaged,
    ConfigError where the table has other columns."""
    path = target / TABLE
    rows = list(read_metadata(path)) if path.exists() else []
    if any(row["id"] == scene_id for row in rows):
        return
    if rows and set(rows[0]) != set(COLUMNS):
        raise ConfigError(f"{path}: found columns {', '.join(rows[0])}, expected {', '.join(COLUMNS)}")
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    table.writeheader()
    table.writerows([*rows, _row(_place(target, scene_id))])
    write_atomic(path, text.getvalue().encode())


def _row(clip: Clip) -> dict[str, str]:
    """What is known of a written clip; scores and tags are not. Raises SceneError."""
    from qagen.loaders.io.video import read_header
    from qagen.loaders.spatialvid.integrity import check_clip
    from qagen.spatialvid.statistics import published_statistics

    checked = check_clip(clip)
    statistics, source = published_statistics(checked.poses), checked.source
    return {
        "id": clip.id,
        "group id": str(GROUP),
        "video path": f"videos/{clip.group}/{clip.id}.mp4",
        "annotation path": f"annotations/{clip.group}/{clip.id}",
        "num frames": str(read_header(clip.video).packets if clip.video else 0),
        "fps": f"{source.frame_rate:.{DECIMALS}g}",
        "resolution": f"{source.width}x{source.height}",
        "moveDist": f"{statistics.move_dist:.{DECIMALS}f}",
        "distLevel": str(statistics.dist_level),
        "rotAngle": f"{statistics.rot_angle:.{DECIMALS}f}",
        "trajTurns": "" if statistics.traj_turns is None else str(statistics.traj_turns),
    }


if __name__ == "__main__":
    main()
