"""Small runs of any dataset: records by hand, and all kinds of files that stand beside records."""

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from click.testing import CliRunner, Result

from qagen.core.scale import at_room_scale
from qagen.core.scene import Frame, Scene
from qagen.core.spacing import evenly_spaced
from qagen.export.__main__ import main as export
from qagen.hydrate import main as hydrate
from qagen.loaders import make_loader
from qagen.pipeline.media import MediaFile, geometry_files, media_files, mirrored_files
from tests.export.conftest import make_record

TYPE = "distance_prediction_oc"


def write_run(out: Path, dataset: str, root: Path, scenes: int = 1) -> Path:
    """A run that shows a few frames of the first scenes, as they were taken and in the mirror; returns its folder."""
    loader, home = make_loader(dataset, root), out / dataset
    records = []
    for name in loader.scene_ids("train")[:scenes]:
        scene = at_room_scale(loader.load(name))
        for file in beside(scene):
            path = home / "images" / scene.id / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.read())
        folder = home / "images" / scene.id / "image_color"
        images = sorted(f"{scene.id}/image_color/{path.name}" for path in folder.iterdir())
        records += [make_record(i, TYPE, [image]) | {"id": f"{scene.id}_{i}"} for i, image in enumerate(images)]
    write_lines(home, "qa", records)
    write_lines(home, "evidence", [{"id": record["id"], "margin": 0.5} for record in records])
    report = {"dataset": dataset, "qagen": "0.1.0", "seed": 0, "config": "abc", "versions": {}, "scenes": {}}
    (home / "report.json").write_text(json.dumps(report | {"excluded": []}))
    return home


def write_lines(home: Path, kind: str, lines: list[dict]) -> None:
    path = home / f"{kind}_jsonl" / "train" / TYPE / "fill" / f"fill_{len(lines)}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def beside(scene: Scene) -> Iterator[MediaFile]:
    """Three frames singly and four as a video."""
    singles = evenly_spaced(scene.frames, 3)
    video: dict[int, Frame] = dict(enumerate(evenly_spaced(scene.frames, 4)))
    ids = {frame.id for frame in (*singles, *video.values())}
    used = [frame for frame in scene.frames if frame.id in ids]
    geometry = geometry_files(singles, video, used, scene.reported_unit)
    return chain(media_files(singles, video), mirrored_files(singles, video), geometry)


def export_recipe(run: Path, folder: Path, *options: str) -> Result:
    return CliRunner().invoke(export, ["recipe", str(run), "--out", str(folder), *options], catch_exceptions=False)


def rebuild(recipe: Path, root: Path, out: Path, *options: str) -> Result:
    words = [str(recipe), "--root", str(root), "--out", str(out), *options]
    return CliRunner().invoke(hydrate, words, catch_exceptions=False)


def visible(folder: Path) -> dict[str, bytes]:
    """The files of a run, without locks and checkpoints."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    named = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: path.read_bytes() for name, path in named.items() if not name.startswith(".")}
