"""What the doctor tells of scenes in which one thing was made wrong: faults planted in memory, scene after scene.

    python -m tools.random_rooms --to rooms --scenes 8 --first 9100
    python -m tools.doctor_faults --root rooms

Prints a row for each fault: in how many scenes a check fails or warns that did not without the fault, and which.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.pose import Pose
from qagen.core.scene import DepthSource, Frame, ImageSource, Object3D, Scene
from qagen.doctor.examine import check_data
from qagen.loaders import make_loader
from qagen.loaders.io.images import decode_color
from qagen.rng import rng_for

MOVED_DEG = 72.0
"""Direction in which boxes are moved together, from x."""


@dataclass(frozen=True, slots=True, eq=False)
class ChangedImage:
    """A color image whose pixels are changed as it is read."""

    source: ImageSource
    change: Callable[[NDArray], NDArray]
    suffix: str = ".png"
    path: Path | None = None

    def read_bytes(self) -> bytes:
        """The changed image as PNG."""
        return cv2.imencode(".png", self.change(decode_color(self.source)))[1].tobytes()


@dataclass(frozen=True, slots=True, eq=False)
class ChangedDepth:
    """A depth image whose pixels are changed as it is read."""

    source: DepthSource
    change: Callable[[NDArray], NDArray]

    def read_m(self) -> NDArray[np.float32]:
        """The changed depth, meters."""
        return self.change(self.source.read_m()).astype(np.float32)


def colors(choose: Callable[[int, int], int]) -> Callable[[Scene], Scene]:
    """Each frame gets the color image of the frame whose number is chosen by its own and their count."""

    def plant(scene: Scene) -> Scene:
        count = len(scene.frames)
        sources = [scene.frames[choose(k, count)].color for k in range(count)]
        return _each(scene, lambda k, frame: replace(frame, color=sources[k]))

    return plant


def pixels(change: Callable[[NDArray], NDArray], only_middle: bool = False) -> Callable[[Scene], Scene]:
    """The pixels of all color images, or of the middle frame's, are changed."""

    def plant(scene: Scene) -> Scene:
        middle = len(scene.frames) // 2
        return _each(
            scene,
            lambda k, frame: (
                frame if only_middle and k != middle else replace(frame, color=ChangedImage(frame.color, change))
            ),
        )

    return plant


def depths(change: Callable[[NDArray], NDArray]) -> Callable[[Scene], Scene]:
    """The values of all depth images are changed."""
    return lambda scene: _each(
        scene,
        lambda _, frame: frame if frame.depth is None else replace(frame, depth=ChangedDepth(frame.depth, change)),
    )


def lens(color: float, depth: float) -> Callable[[Scene], Scene]:
    """The focal lengths of the color and of the depth cameras are multiplied."""

    def change(_: int, frame: Frame) -> Frame:
        camera = replace(frame.camera, fx=color * frame.camera.fx, fy=color * frame.camera.fy)
        own = frame.depth_camera
        return replace(frame, camera=camera, depth_camera=own and replace(own, fx=depth * own.fx, fy=depth * own.fy))

    return lambda scene: _each(scene, change)


def one_pose(change: Callable[[Pose], Pose]) -> Callable[[Scene], Scene]:
    """The pose of the middle frame is changed."""
    return lambda scene: _each(
        scene,
        lambda k, frame: (
            replace(frame, world_from_camera=change(frame.world_from_camera)) if k == len(scene.frames) // 2 else frame
        ),
    )


def boxes(shift_m: float, is_common: bool) -> Callable[[Scene], Scene]:
    """Boxes are moved sideways, all in one direction or each in its own, without points to tell where they belong."""

    def plant(scene: Scene) -> Scene:
        angles = rng_for(0, "moved boxes").uniform(0, 2 * np.pi, len(scene.objects))
        angles = np.full_like(angles, np.radians(MOVED_DEG)) if is_common else angles
        shifts = shift_m * np.column_stack([np.cos(angles), np.sin(angles), np.zeros_like(angles)])
        moved = [_moved(item, shift) for item, shift in zip(scene.objects, shifts, strict=True)]
        return replace(scene, objects=tuple(moved), mesh=None)

    return plant


def _moved(item: Object3D, shift: NDArray) -> Object3D:
    box = item.box
    return replace(item, box=Box3D(box.center + shift, box.size, box.rotation), points=None)


def labels(scene: Scene) -> Scene:
    """Every object gets the label of the next."""
    names = [item.label for item in scene.objects]
    return replace(
        scene,
        objects=tuple(
            replace(item, label=name) for item, name in zip(scene.objects, names[1:] + names[:1], strict=True)
        ),
    )


def _each(scene: Scene, change: Callable[[int, Frame], Frame]) -> Scene:
    return replace(scene, frames=tuple(change(k, frame) for k, frame in enumerate(scene.frames)))


def _noise(image: NDArray) -> NDArray:
    return rng_for(0, "noise").integers(0, 256, image.shape).astype(np.uint8)


def _distorted(image: NDArray, strength: float = -0.15) -> NDArray:
    """The image through a lens that bends lines (barrel)."""
    height, width = image.shape[:2]
    rows, columns = np.indices((height, width), dtype=np.float32)
    x, y = (columns - width / 2) / width * 2, (rows - height / 2) / width * 2
    scale = 1 - strength * (x * x + y * y)
    return cv2.remap(image, x * scale * width / 2 + width / 2, y * scale * width / 2 + height / 2, cv2.INTER_LINEAR)


def _turned(pose: Pose, degrees: float) -> Pose:
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    return Pose(pose.rotation @ turn, pose.translation)


FAULTS: Mapping[str, Callable[[Scene], Scene]] = {
    "color images in reverse order": colors(lambda k, count: count - 1 - k),
    "color images off by one": colors(lambda k, count: min(k + 1, count - 1)),
    "color images off by five": colors(lambda k, count: min(k + 5, count - 1)),
    "all color images mirrored": pixels(lambda image: image[:, ::-1]),
    "all color images upside down": pixels(lambda image: image[::-1, ::-1]),
    "all color images black": pixels(np.zeros_like),
    "all color images noise": pixels(_noise),
    "all color images distorted": pixels(_distorted),
    "color images of half the size": pixels(lambda image: image[::2, ::2]),
    "color images of another aspect": pixels(lambda image: image[: image.shape[0] * 3 // 4]),
    "one color image black": pixels(np.zeros_like, only_middle=True),
    "one color image noise": pixels(_noise, only_middle=True),
    "one color image mirrored": pixels(lambda image: image[:, ::-1], only_middle=True),
    "one color image of a frame ten later": colors(lambda k, count: k + 10 if k == count // 2 else k),
    "one rotation transposed": one_pose(lambda pose: Pose(pose.rotation.T, pose.translation)),
    "one pose turned by 15 degrees": one_pose(lambda pose: _turned(pose, 15)),
    "one pose moved by 0.5 m": one_pose(lambda pose: Pose(pose.rotation, pose.translation + np.array([0.35, 0.35, 0]))),
    "all poses inverted": lambda scene: _each(
        scene, lambda _, frame: replace(frame, world_from_camera=frame.world_from_camera.inverse())
    ),
    "depth times 1.03": depths(lambda depth: depth * 1.03),
    "depth times 1.1": depths(lambda depth: depth * 1.1),
    "focal lengths times 1.05": lens(1.05, 1.05),
    "focal lengths of color times 1.05": lens(1.05, 1.0),
    "boxes moved by 0.1 m, all one way": boxes(0.1, is_common=True),
    "boxes moved by 0.2 m, all one way": boxes(0.2, is_common=True),
    "boxes moved by 0.1 m, each its own way": boxes(0.1, is_common=False),
    "boxes moved by 0.2 m, each its own way": boxes(0.2, is_common=False),
    "labels swapped": labels,
}


def verdicts(scene: Scene) -> dict[str, str]:
    """The verdict of each check."""
    return {finding.check: finding.verdict for finding in check_data(scene)}


@click.command()
@click.option("--scene", "dataset", default="scannet", show_default=True, help="Dataset to read.")
@click.option("--root", type=click.Path(path_type=Path, exists=True), required=True, help="Folder of the dataset.")
@click.option("--scenes", default=8, show_default=True, help="How many scenes.")
@click.option("--faults", default="", help="Only faults whose names hold this.")
def main(dataset: str, root: Path, scenes: int, faults: str) -> None:
    """Print what the doctor tells of each fault."""
    loader = make_loader(dataset, root)
    chosen = [loader.load(name) for name in loader.scene_ids("train")[:scenes]]
    sound = [verdicts(scene) for scene in chosen]
    alarms = Counter(f"{check} {one}" for found in sound for check, one in found.items() if one != "ok")
    click.echo(f"{len(chosen)} sound scenes: {_counted(alarms) or 'no alarm'}\n")
    click.echo("| fault | told in | by | CPU s at most |\n| --- | ---: | --- | ---: |")
    bare = boxes(0.0, is_common=True)
    for name, plant in FAULTS.items():
        if faults not in name:
            continue
        told, checks, seconds = 0, Counter[str](), [0.0]
        for scene, as_is in zip(chosen, sound, strict=True):
            before = verdicts(bare(scene)) if name.startswith("boxes") else as_is
            started = time.process_time()
            found = verdicts(plant(scene))
            seconds.append(time.process_time() - started)
            new = [f"{check} {one}" for check, one in found.items() if one not in ("ok", before.get(check))]
            told += bool(new)
            checks.update(new)
        click.echo(f"| {name} | {told} of {len(chosen)} | {_counted(checks) or '**nothing**'} | {max(seconds):.1f} |")


def _counted(names: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in names.most_common())


if __name__ == "__main__":
    main()
