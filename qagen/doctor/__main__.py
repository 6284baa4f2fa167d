"""``qagen doctor``: test the data itself before hours of work."""

from pathlib import Path
from typing import TYPE_CHECKING

from qagen import cli
from qagen.errors import SceneError, match_names
from qagen.files import open_atomic
from qagen.loaders import LOADERS, make_loader
from qagen.stages import announcing_compilation

if TYPE_CHECKING:
    from qagen.core.scene import Scene

PICTURES = 4


@cli.command(
    "qagen doctor --scene scannet",
    "qagen doctor --scene scannet --root /data/scannet --scenes scene0000_00",
    "qagen doctor --scene posed --root /data/mine --out pictures",
)
@cli.dataset_option(LOADERS)
@cli.root_option()
@cli.names_option("--scenes", "ID", "Scenes to test (globs allowed).", default="the first")
@cli.option("--split", default="train", show_default=True, help="Official split to take scenes from.")
@cli.path_option("--out", "folder", also=["--to"], metavar="DIR", help="Folder for pictures of boxes on frames.")
def main(dataset: str, root: Path | None, scenes: tuple[str, ...], split: str, folder: Path | None) -> int:
    """Test poses, depth, cameras, boxes and labels of scenes against each other, and name the convention that fits.

    Exit codes: 0: no check fails. 1: a check fails. 2: a mistake in the options, or a folder that cannot be read.
    """
    cli.check_dataset(dataset, LOADERS)
    cli.check_root(root)
    if folder is not None:
        cli.make_folder(folder)

    loader = make_loader(dataset, root or cli.demo_root(dataset))
    known = loader.scene_ids(split)
    is_sound = True
    for scene_id in match_names(scenes, known, "--scenes: no scene") if scenes else known[:1]:
        cli.show(f"{dataset} {scene_id}")
        try:
            scene = loader.load(scene_id)
        except SceneError as error:
            cli.show(f"FAIL  load: {error}\n")
            is_sound = False
        else:
            is_sound &= _examine(scene, folder)
    if is_sound:
        cli.next_step("generate", "--scene", dataset, *([] if root is None else ["--root", root]))
    return 0 if is_sound else 1


def _examine(scene: "Scene", folder: Path | None) -> bool:
    """Print one scene's findings and draw its pictures; returns whether no check failed."""
    from qagen.doctor.examine import examine
    from qagen.doctor.overlay import draw_overlay
    from qagen.view.scene import choose_frames

    with cli.progress(f"Checking {scene.id}"), announcing_compilation():
        findings, views = examine(scene)
    for finding in findings:
        cli.show(finding.text)
    failed = [finding.check for finding in findings if finding.verdict == "FAIL"]
    warned = sum(finding.verdict == "warn" for finding in findings)
    cli.show(f"{len(failed)} failed, {warned} to look at, {len(findings) - len(failed) - warned} ok")
    if folder is not None and "images" not in failed:
        for frame in choose_frames(scene, views, PICTURES):
            path = folder / f"{scene.id}-{frame.id}.png"
            with open_atomic(path) as file:
                draw_overlay(scene, frame, views).save(file, format="PNG")
            cli.show(f"drawn: {path}")
    cli.show("")
    return not failed


if __name__ == "__main__":
    main()
