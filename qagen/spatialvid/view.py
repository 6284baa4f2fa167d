"""``qagen spatialvid view``: the path of a camera, what it saw and how it moved, as one page for the browser."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qagen import cli
from qagen.errors import ConfigError, SceneError, match_names
from qagen.files import write_atomic
from qagen.loaders import LOADERS, make_loader

if TYPE_CHECKING:
    from qagen.core.scene import Scene
    from qagen.view.camera_path import Track

CLIPS = "spatialvid"


@cli.command(
    "qagen spatialvid view /data/SpatialVid 1c3935b6-39b1-53a8-a6d1-4a3327aa7d29 --html clip.html",
    "qagen spatialvid view --scene scannet --root /data/scannet --scenes scene0000_00 --html path.html",
    "qagen spatialvid view --scene spatialvid --html demo.html",
)
@click.argument("clips", metavar="[DIR]", type=cli.PATH, required=False)
@click.argument("name", metavar="[CLIP]", required=False)
@cli.option(
    "--html",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The page.",
)
@cli.option("--scene", "dataset", metavar="DATASET", help=f"Instead of DIR, a dataset: {', '.join(LOADERS)}.")
@cli.root_option()
@cli.names_option("--scenes", "ID", "The scene of the dataset.", default="the first")
@cli.option("--split", default="train", show_default=True, help="Official split to take the scene from.")
def main(
    clips: Path | None,
    name: str | None,
    html: Path,
    dataset: str | None,
    root: Path | None,
    scenes: tuple[str, ...],
    split: str,
) -> None:
    """Write one page that shows the path of CLIP, a clip below DIR, or of any posed scene.

    The path with its cameras from above, from the side and turning; a slider with the picture, its depth and the
    camera's motion; and the segments of the motion above those of the clip's instructions.json. The page is one file
    and opens without a network.

    Exit codes: 0: done. 2: a mistake in the options, or a scene that cannot be read.
    """
    from qagen.view.camera_path import camera_path_page, choose_rows

    if (clips is None) == (dataset is None):
        raise ConfigError("expected either DIR, a folder of clips, or --scene, a dataset")
    with cli.progress("Reading the scene") as bar:
        scene = _load_clip(clips, name) if clips else _load_scene(str(dataset), root, scenes, split, bar)
    view = choose_rows(scene)
    released, notes = _released(scene, len(view.rows))
    with cli.progress("Drawing pictures", len(view.shown)) as bar:
        page = camera_path_page(view, released, notes, bar.advance)
    write_atomic(html, page.encode())
    cli.show(f"{len(view.rows)} rows, {len(view.shown)} pictures, {html.stat().st_size / 1e6:.1f} MB: {html}")
    for note in notes:
        cli.show(f"note: {note}")
    cli.show("Next: open it in a browser; nothing else is needed")


def _load_clip(root: Path, name: str | None) -> "Scene":
    from qagen.spatialvid.choose import choose_clip

    clip = choose_clip(root, name)
    return make_loader(CLIPS, clip.folder).load(clip.id)


def _load_scene(dataset: str, root: Path | None, scenes: tuple[str, ...], split: str, bar: cli.Bar) -> "Scene":
    cli.check_dataset(dataset, LOADERS)
    cli.check_root(root)
    loader = make_loader(dataset, root or cli.demo_root(dataset, bar))
    known = loader.scene_ids(split)
    chosen = match_names(scenes, known, "--scenes: no scene") if scenes else known[:1]
    if len(chosen) != 1:
        raise ConfigError(f"--scenes: found {len(chosen)} scenes, expected one, such as {chosen[0]}")
    return loader.load(chosen[0])


def _released(scene: "Scene", n_rows: int) -> "tuple[list[Track], list[str]]":
    """The bar of a clip's instructions.json, where it has one, and sentences about what of it is left aside."""
    from qagen.loaders.spatialvid.files import clip_of
    from qagen.spatialvid.released import read_instructions
    from qagen.view.camera_path import Track

    path = clip_of(scene.source).instructions if scene.dataset == CLIPS else None
    if path is None or not path.is_file():
        return [], []
    try:
        segments, notes = read_instructions(path, n_rows)
    except SceneError as error:
        return [], [f"{path.name} is left aside: {error}."]
    return [Track(path.name, segments)], notes


if __name__ == "__main__":
    main()
