"""``qagen hydrate``: make a run again from a recipe (``qagen export recipe``) and a copy of the dataset."""

import re
import signal
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from qagen import cli
from qagen.errors import ConfigError, QagenError, did_you_mean
from qagen.files import writing
from qagen.loaders import LOADERS, make_loader

if TYPE_CHECKING:
    from qagen.pipeline.rebuild import Rebuilding
    from qagen.records.recipe import Manifest

UNFINISHED = re.compile(r"\..+\.[0-9a-f]{12}")
"""Names of files that a killed command was writing."""


@cli.command(
    "qagen hydrate recipe --root /data/scannet --out qagen_out",
    "qagen hydrate recipe --root /data/scannet --out qagen_out --media link",
    when_stopped="stopped; run the same command to resume",
)
@click.argument("recipe", metavar="RECIPE", type=cli.PATH)
@cli.root_option()
@cli.path_option("--out", default=Path("qagen_out"), show_default=True, metavar="DIR", help="Output folder.")
@cli.option(
    "--media", type=click.Choice(["copy", "link"]), default="copy", help="How to place images.  [default: copy]"
)
@cli.option("--workers", type=click.IntRange(min=1), help="Number of parallel scenes.  [default: one per core]")
@cli.option(
    "--partial", "is_partial", is_flag=True, help="Write the records whose images are all right, without the others."
)
@cli.all_option("files")
def main(
    recipe: Path, root: Path | None, out: Path, media: str, workers: int | None, is_partial: bool, lists_all: bool
) -> int:
    """Make the run of RECIPE again in DIR, byte for byte, with the images of your copy of its dataset.

    Every image is held against its size and hash in the recipe; one that is missing or different is not written. The
    records come last, when all images are right. Repeat the same command to resume.

    Exit codes: 0: the run is complete. 1: an image is missing or different; there are no records, or with --partial
    those that show no such image. 2: a mistake in the options, or the recipe is damaged. 130: stopped by Ctrl-C or
    SIGTERM.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    cli.check_root(root)
    from qagen.pipeline.engines.local import hold_to_one_thread

    hold_to_one_thread()  # before numpy is loaded
    from qagen.pipeline import lock
    from qagen.pipeline import recipe_records as records
    from qagen.pipeline.layout import Layout
    from qagen.pipeline.rebuild import Rebuilding
    from qagen.records.recipe import read_manifest

    manifest = read_manifest(recipe)
    if manifest.dataset not in LOADERS:
        raise ConfigError(f"{recipe}: no dataset '{manifest.dataset}'.{did_you_mean(manifest.dataset, LOADERS)}")
    loader = make_loader(manifest.dataset, root or cli.demo_root(manifest.dataset))
    loader.objects_elsewhere = True  # images do not need the dataset's own boxes
    layout = Layout(out / manifest.folder, manifest.splits[0])
    with TemporaryDirectory(prefix="qagen-") as scratch, lock.hold(layout):
        records.forget_partial(layout.root)
        _check_free(layout.root, manifest)
        table = Path(scratch) / "images.jsonl"
        scenes = _check_recipe(recipe, manifest, table)
        _clear_unfinished(layout.root)
        work = Rebuilding(loader, layout.images, media, table, scenes)
        faults = _rebuild(work, manifest, workers)
        samples = 0
        with cli.progress("Records", len(manifest.files)) as bar:
            if not faults:
                records.write_all(recipe, manifest, layout.root, bar.advance)
            elif is_partial:
                lost = {path for _, path, _ in faults}
                samples = records.write_partial(recipe, manifest, layout.root, lost, bar.advance)
    if not faults:
        cli.show(f"{manifest.samples} samples: {layout.root}")
        cli.next_step("show", layout.root, "--html", "samples.html")
        return 0
    cli.show_faults(faults, lists_all)
    _compare_versions(manifest)
    if is_partial:
        cli.show(f"\n{samples} of {manifest.samples} samples, whose images are all right: {layout.root}")
    else:
        cli.show("\nRecords are written when all images are right; repeat the command to resume.")
    return 1


def _check_free(root: Path, manifest: "Manifest") -> None:
    """Raise ConfigError where the output folder holds records of another run."""
    from qagen.records.recipe import IMAGES, measure

    for kind in ("qa_jsonl", "evidence_jsonl"):
        for path in sorted((root / kind).rglob("*.jsonl")):
            name = path.relative_to(root).as_posix()
            if name not in manifest.files and not UNFINISHED.fullmatch(path.name):
                raise ConfigError(f"--out: {path}: found records of another run, expected an empty folder or none")
    for name in sorted(manifest.files.keys() - {IMAGES}):
        if (root / name).is_file() and measure(root / name) != manifest.files[name]:
            raise ConfigError(f"--out: {root / name}: found a file of another run, expected an empty folder or none")


def _check_recipe(recipe: Path, manifest: "Manifest", table: Path) -> dict[str, tuple[int, int]]:
    """Read all files of the recipe, and write its list of images to ``table``; returns where each scene is in it.

    Raises:
        QagenError: a file is missing, damaged, or not what the manifest says.
    """
    from qagen.records.recipe import IMAGES, unpack

    with cli.progress("Checking the recipe", len(manifest.files)) as bar:
        for name, stored in manifest.files.items():
            if name != IMAGES:
                for _ in unpack(recipe, name, stored):
                    pass
                bar.advance()
        return _write_table(recipe, manifest, table)


def _write_table(recipe: Path, manifest: "Manifest", table: Path) -> dict[str, tuple[int, int]]:
    from qagen.records.recipe import IMAGES, check_image, lines_of, unpack

    scenes: dict[str, tuple[int, int]] = {}
    start, last, count = 0, "", 0
    with writing(table), table.open("wb") as file:
        for count, line in enumerate(lines_of(unpack(recipe, IMAGES, manifest.files[IMAGES])), 1):
            where = f"{recipe / IMAGES}:{count}"
            image = check_image(line, where)
            if image.path <= last and image.scene in scenes:
                raise QagenError(f"{where}: path: found {image.path!r} after {last!r}, expected each once and sorted")
            first, size = scenes.get(image.scene, (start, 0))
            if first + size != start:
                raise QagenError(f"{where}: path: found scene {image.scene!r} a second time, expected it in one piece")
            scenes[image.scene] = first, size + len(line)
            start, last = start + len(line), image.path
            file.write(line)
    if (count, len(scenes)) != (manifest.images, manifest.scenes):
        found = f"{count} images of {len(scenes)} scenes"
        raise QagenError(f"{recipe / IMAGES}: found {found}, expected {manifest.images} of {manifest.scenes}")
    return scenes


def _clear_unfinished(root: Path) -> None:
    """Remove what a killed command left half-written."""
    with writing(root):
        for kind in ("images", "qa_jsonl", "evidence_jsonl"):
            for path in (root / kind).rglob(".*"):
                if UNFINISHED.fullmatch(path.name) and not path.is_dir():
                    path.unlink()


def _rebuild(work: "Rebuilding", manifest: "Manifest", workers: int | None) -> list[cli.Fault]:
    """Make all images; returns those that cannot be made as they were."""
    from qagen.core.reasons import NO_SUCH_SCENE, OTHER_BYTES, OTHER_ENCODING
    from qagen.pipeline.engines import Lost, make_engine
    from qagen.pipeline.rebuild import rebuild_scene

    made = kept = done = 0
    faults: list[cli.Fault] = []
    engine = make_engine("process" if len(work.scenes) > 1 else "inline", workers, None)
    with cli.progress("Images", manifest.images) as bar:
        for scene_id, result in engine(partial(rebuild_scene, work), list(work.scenes)):
            if isinstance(result, Lost):
                faults += [(NO_SUCH_SCENE, image.path, result.reason) for image in work.listed(scene_id)]
                continue
            made, kept = made + result.made, kept + result.kept
            faults += result.faults
            done = made + kept + len(faults)
            bar.update(done, manifest.images, f"Images ({scene_id})")
    different = sum(reason in (OTHER_BYTES, OTHER_ENCODING) for reason, _, _ in faults)
    cli.show(
        f"{manifest.images} images and files beside them, of {manifest.scenes} scenes: {made} made, {kept} were there, "
        f"{len(faults) - different} missing, {different} different"
    )
    return faults


def _compare_versions(manifest: "Manifest") -> None:
    """Tell which libraries that images depend on are of other versions than those of the run."""
    for name in ("opencv-python-headless", "pillow", "av", "numpy"):
        told, here = manifest.versions.get(name, ""), version(name)
        if told not in ("", here):
            cli.show(f"{name}: {cli.printable(told)} made the run, {here} is installed here")


if __name__ == "__main__":
    main()
