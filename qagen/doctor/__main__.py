"""``python -m qagen.doctor``: test the data itself before hours of work."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qagen.errors import ConfigError, QagenError, SceneError, did_you_mean
from qagen.loaders import LOADERS

if TYPE_CHECKING:
    from qagen.core.scene import Scene
    from qagen.visibility.views import SceneViews

EPILOG = """\b
Examples:
  python -m qagen.doctor --scene scannet
  python -m qagen.doctor --scene scannet --root /data/scannet --scenes scene0000_00 --to pictures
"""
PICTURES = 4


def _names(_context: click.Context, _option: click.Parameter, value: str | None) -> list[str] | None:
    return None if value is None else [name.strip() for name in value.split(",") if name.strip()]


@click.command(epilog=EPILOG, context_settings={"max_content_width": 110})
@click.option(
    "--scene", "dataset", required=True, metavar="DATASET", help=f"Which dataset to read: {', '.join(LOADERS)}."
)
@click.option(
    "--root", type=click.Path(path_type=Path), help="The dataset's folder. [default: a built-in demo apartment]"
)
@click.option("--scenes", callback=_names, metavar="ID,...", help="These scenes. [default: the first]")
@click.option("--split", default="train", show_default=True, help="Official split to take scenes from.")
@click.option(
    "--to", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Folder for pictures of boxes on frames."
)
def main(dataset: str, root: Path | None, scenes: list[str] | None, split: str, folder: Path | None) -> None:
    """Test poses, depth, cameras, boxes and labels of scenes against each other, and say what would fit.

    Exit code 0: no check fails; 1: one does; 2: a mistake in the options, or a folder that cannot be read.
    """
    try:
        healthy = _examine_all(dataset, root, scenes, split, folder)
    except QagenError as error:
        click.echo(f"qagen: {error}", err=True)
        raise SystemExit(2) from error
    raise SystemExit(0 if healthy else 1)


def _examine_all(dataset: str, root: Path | None, scenes: list[str] | None, split: str, folder: Path | None) -> bool:
    """Returns whether no check failed."""
    if dataset not in LOADERS:
        raise ConfigError(f"--scene: no dataset '{dataset}'.{did_you_mean(dataset, LOADERS)}")
    if root is not None and not root.is_dir():
        raise ConfigError(f"--root: {root}: found {'a file' if root.exists() else 'nothing'}, expected a folder")
    _make_folder(folder)

    from qagen.loaders import make_loader

    loader = make_loader(dataset, root or _demo(dataset))
    known = loader.scene_ids(split)
    for name in scenes or ():
        if name not in known:
            raise ConfigError(f"--scenes: no scene '{name}'.{did_you_mean(name, known)}")
    verdicts = []
    for scene_id in scenes or known[:1]:
        try:
            scene = loader.load(scene_id)
        except SceneError as error:
            click.echo(f"{dataset} {scene_id}\nFAIL  load: {error}\n")
            verdicts.append(False)
        else:
            verdicts.append(_examine(scene, folder))
    return all(verdicts)


def _make_folder(folder: Path | None) -> None:
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--to {folder}: cannot be made a folder ({error.strerror})") from error


def _demo(dataset: str) -> Path:
    from qagen.demo import demo_root

    click.echo("No --root given: using the built-in demo apartment (built once, about a minute).", err=True)
    return demo_root(dataset)


def _examine(scene: "Scene", folder: Path | None) -> bool:
    """Print one scene's findings and draw its pictures; returns whether none failed."""
    from qagen.doctor.examine import examine

    findings, views = examine(scene)
    click.echo(f"{scene.dataset} {scene.id}")
    for finding in findings:
        click.echo(finding.text)
    failed = sum(finding.verdict == "FAIL" for finding in findings)
    warned = sum(finding.verdict == "warn" for finding in findings)
    click.echo(f"{failed} failed, {warned} to look at, {len(findings) - failed - warned} ok")
    if folder is not None and not any(finding.check == "images" and finding.verdict == "FAIL" for finding in findings):
        _draw(scene, views, folder)
    click.echo()
    return failed == 0


def _draw(scene: "Scene", views: "SceneViews | None", folder: Path) -> None:
    from qagen.doctor.overlay import choose_frames, draw_overlay

    for frame in choose_frames(scene, views, PICTURES):
        path = folder / f"{scene.id}-{frame.id}.png"
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            draw_overlay(scene, frame, views).save(part, format="PNG")
            part.replace(path)
        except OSError as error:
            raise QagenError(f"{path}: cannot be written ({error.strerror})") from error
        finally:
            part.unlink(missing_ok=True)
        click.echo(f"drawn: {path}")


if __name__ == "__main__":
    main()
