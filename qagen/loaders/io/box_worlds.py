"""In which world are the boxes of a file that does not say it? Whichever lets the scan's surface end at their sides.

A side of a box counts as fitting when surface lies just inside it and hardly any just outside. On the scans and demos
measured, 53 to 73 % of the sides fit in the right world, 1 to 14 % in a wrong one, and at most 30 % where the boxes are
20 cm off.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.pose import Pose, rotate
from qagen.core.scene import Scene
from qagen.core.spacing import evenly_spaced
from qagen.errors import SceneError
from qagen.loaders.io.box_files import AnnotatedBox, Annotation
from qagen.visibility.surfaces import measured_surface, sample_surface

SURFACE_POINTS = 50_000
DEPTH_FRAMES = 60
INSIDE_M, SLACK_M, OUTSIDE_M = 0.08, 0.02, 0.12
"""Surface at most this far inside a side, or this little outside, ends there, unless much goes on up to OUTSIDE_M."""
MIN_POINTS = 5
"""Least number of surface points inside a side."""
DOWN = -0.7
"""Sides that look down more than this stand on something and tell nothing."""
MIN_FITTING = 0.33
"""Least share of the sides that fit in the right world."""
MAX_SECOND = 0.6
"""Largest share of them in another world, as a share of the best one's."""
SAME_M = 0.02
"""Worlds that place all boxes this near to each other are the same."""


def fit_world(annotation: Annotation, scene: Scene, path: Path) -> Pose:
    """The scene's world from that of a file's boxes.

    Args:
        scene: the scene, without these boxes.
        path: the file, for errors.

    Raises:
        SceneError: the boxes fit the scan in no world, or in several.
    """
    own = scene.world_from_source
    if annotation.is_placed or not annotation.boxes:
        return own
    surface = _surface(scene)
    if not len(surface):
        if _moves(annotation.boxes, own, Pose.identity()) <= SAME_M:
            return own
        raise SceneError(path, f"{scene.id}: nothing tells the world of the boxes, expected a mesh or depth images")
    fits = [(_fitting(annotation.boxes, pose, surface), name, pose) for name, pose in _worlds(annotation, scene)]
    fits.sort(key=lambda fit: -fit[0])
    share, name, best = fits[0]
    if share < MIN_FITTING:
        found = f"{100 * share:.0f} % of the sides of {len(annotation.boxes)} boxes at the scan's surface, in {name}"
        raise SceneError(path, f"{scene.id}: found at most {found}, expected {100 * MIN_FITTING:.0f} %")
    others = [fit for fit in fits[1:] if _moves(annotation.boxes, best, fit[2]) > SAME_M]
    if others and others[0][0] > MAX_SECOND * share:
        second = f"{others[0][1]} ({100 * others[0][0]:.0f} %)"
        found = f"boxes that fit {name} ({100 * share:.0f} % of their sides) and {second}"
        raise SceneError(path, f"{scene.id}: found {found}, expected one world")
    return best


def _surface(scene: Scene) -> NDArray[np.float64]:
    """(n, 3) points of the mesh, else of depth images, else none; world, meters."""
    if scene.mesh is not None:
        return sample_surface(scene.mesh, SURFACE_POINTS)
    frames = [frame for frame in scene.frames if frame.depth is not None]
    return measured_surface(evenly_spaced(frames, DEPTH_FRAMES), SURFACE_POINTS) if frames else np.zeros((0, 3))


def _worlds(annotation: Annotation, scene: Scene) -> Iterator[tuple[str, Pose]]:
    """Names of the worlds that files use, and the scene's world from each."""
    own = scene.world_from_source
    bases = {"the dataset's own world": own, "the aligned world": Pose.identity()}
    yield from bases.items()
    if scene.mesh is None:
        return
    for name, base in bases.items():
        points = base.inverse() @ scene.mesh.vertices.astype(np.float64)
        middles = {"mean": points.mean(axis=0), "middle": (points.min(axis=0) + points.max(axis=0)) / 2}
        for kind, middle in middles.items():
            yield f"{name} with the {kind} of the scan at its origin", _shifted(base, middle)
            if annotation.room_center is not None:
                where = f"{name} with the {kind} of the scan at room_center"
                yield where, _shifted(base, middle - annotation.room_center)


def _shifted(base: Pose, origin: NDArray[np.float64]) -> Pose:
    """The pose of a world whose origin is a point of ``base``."""
    return Pose(base.rotation, base @ origin)


def _moves(boxes: Sequence[AnnotatedBox], one: Pose, other: Pose) -> float:
    """Largest distance between the ends of a box as two poses place it, meters."""
    ends = [box.center + sign * box.axes[:, k] * box.size[k] / 2 for box in boxes for k in range(3) for sign in (-1, 1)]
    away = (one @ np.array(ends)) - (other @ np.array(ends))
    return float(np.sqrt((away * away).sum(axis=1).max()))


def _fitting(boxes: Sequence[AnnotatedBox], pose: Pose, surface: NDArray[np.float64]) -> float:
    """Share of the boxes' sides, but for those that look down, at which the surface (n, 3) ends."""
    fits = [fit for box in boxes for fit in _side_fits(box, pose, surface)]
    return sum(fits) / max(len(fits), 1)


def _side_fits(box: AnnotatedBox, pose: Pose, surface: NDArray[np.float64]) -> Iterator[bool]:
    axes = rotate(pose.rotation, box.axes.T)  # in rows
    away = surface - (pose @ box.center)
    reach = float(box.size.max()) + OUTSIDE_M
    local = np.abs(away).max(axis=1) <= reach
    along, half = rotate(axes, away[local]), box.size / 2
    for axis in range(3):
        others = [k for k in range(3) if k != axis]
        facing = along[(np.abs(along[:, others]) <= half[others] + SLACK_M).all(axis=1), axis]
        for sign in (1, -1):
            if axes[axis, 2] * sign >= DOWN:
                beyond = facing * sign - half[axis]
                inside = int(((beyond >= -min(INSIDE_M, box.size[axis])) & (beyond <= SLACK_M)).sum())
                outside = int(((beyond > SLACK_M) & (beyond <= OUTSIDE_M)).sum())
                yield inside >= MIN_POINTS and inside > 2 * outside
