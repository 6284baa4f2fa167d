"""How well "this object is askable here" and "this point is seen here" hold, against dense ray casting.

    python -m tools.visibility_check --scene scannet
    python -m tools.visibility_check --scene scannet --root /data/scannet --frames 60 --json visibility.json

qagen measures visibility on a grid of 320 x 240 pixels with its own rasterizer. The reference casts a ray through every
pixel of the full color image at the labeled mesh (embree), and for what an object alone would cover, at that object's
mesh. Each hit is held against the measured depth: a pixel whose measurement is nearer than the mesh by more than
max(5 cm, 2.5 %) shows something else; one without a measurement neither confirms nor denies. By the reference an object
is askable when it reaches the four plain thresholds: visible fraction, share in the image, visible pixels, depth.

Every pair of a frame and an object counts. qagen asks by two rules more (objects with a sure center, pixels that depth
confirms); pairs that only these refuse count as missed, and are counted by reason.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.scene import Frame, Mesh
from qagen.core.spacing import evenly_spaced
from qagen.demo import demo_root
from qagen.errors import ConfigError, QagenError
from qagen.loaders import LOADERS, make_loader
from qagen.rng import rng_for
from qagen.visibility.extents import has_sure_center
from qagen.visibility.thresholds import Thresholds
from qagen.visibility.views import SceneViews, observe

REFERENCE_PIXELS = 640 * 480
SURFACE_POINTS = 5000
"""Points per object for its share in the image; ten times as many as qagen uses."""
NEAR_M = 0.05


@dataclass(frozen=True, slots=True)
class Score:
    """Agreement of two yes-or-no judgements over many cases."""

    cases: int
    both: int
    """Said by qagen and by the reference."""
    only_qagen: int
    only_reference: int

    @classmethod
    def of(cls, said: NDArray[np.bool_], truth: NDArray[np.bool_]) -> "Score":
        both = int((said & truth).sum())
        return cls(said.size, both, int(said.sum()) - both, int(truth.sum()) - both)

    @property
    def precision(self) -> float:
        return self.both / max(self.both + self.only_qagen, 1)

    @property
    def recall(self) -> float:
        return self.both / max(self.both + self.only_reference, 1)

    def __add__(self, other: "Score") -> "Score":
        sums = (a + b for a, b in zip(asdict(self).values(), asdict(other).values(), strict=True))
        return Score(*sums)

    def row(self) -> dict[str, Any]:
        """All values by name."""
        return {**asdict(self), "precision": self.precision, "recall": self.recall}


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The reference's measurements of every object (O) in one frame."""

    pixels: NDArray[np.float64]
    """(O,) visible pixels, scaled to 640 x 480."""
    fraction: NDArray[np.float64]
    """(O,) visible pixels over those that the object alone would cover."""
    in_image: NDArray[np.float64]
    """(O,) share of the surface that projects inside the image."""
    confirmed: NDArray[np.float64]
    """(O,) share of the visible pixels whose measurement agrees."""


class Reference:
    """Rays at one scene's labeled mesh."""

    def __init__(self, mesh: Mesh, objects: int, limits: Thresholds) -> None:
        triangles = mesh.vertices[mesh.faces].astype(np.float32)
        self.objects, self.limits, self.face_object = objects, limits, mesh.face_object
        self.whole = _ray_scene(triangles)
        self.own = [triangles[mesh.face_object == k] for k in range(objects)]
        self.own_scenes = [_ray_scene(own) if len(own) else None for own in self.own]
        self.surface = [_sample(own, f"object {k}") for k, own in enumerate(self.own)]

    def measure(self, frame: Frame, depth: NDArray[np.float32] | None) -> Seen:
        """Measure every object by a ray through every pixel of the color image."""
        u, v = _pixels(frame.camera, (0, 0, frame.camera.width, frame.camera.height))
        face, z = _cast(self.whole, frame, u, v)
        shown = np.where(face >= 0, self.face_object[face], -1)
        behind = _measured(frame, depth, u, v) - z
        tolerance = self._tolerance(z)
        visible = np.where(behind < -tolerance, -1, shown)
        agrees = np.isnan(behind).all() | (np.abs(behind) <= tolerance)
        count = np.bincount(visible[visible >= 0], minlength=self.objects)
        confirmed = np.bincount(visible[(visible >= 0) & agrees], minlength=self.objects)
        covered = np.array([self._covered(frame, k) for k in range(self.objects)])
        return Seen(
            pixels=count * np.float64(REFERENCE_PIXELS / len(u)),
            fraction=count / np.maximum(covered, 1),
            in_image=np.array([_share_inside(frame, points) for points in self.surface]),
            confirmed=confirmed / np.maximum(count, 1),
        )

    def sees(
        self, frame: Frame, depth: NDArray[np.float32] | None, points: NDArray[np.float64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """(P,) whether no mesh and no nearer measurement hides a point, and (P,) whether none lies beyond it either.

        The measurement lies beyond where the mesh is not quite in place, or where the scan has filled a gap.
        """
        local = frame.world_from_camera.inverse() @ points
        uv, z = frame.camera.project(local), local[:, 2]
        inside = (z > 0) & _is_inside(frame.camera, uv)
        seen, met = np.zeros(len(points), dtype=bool), np.zeros(len(points), dtype=bool)
        eye = frame.world_from_camera.translation
        toward = (points[inside] - eye).astype(np.float32)
        hit = self.whole.run(np.tile(eye.astype(np.float32), (len(toward), 1)), toward, query="DISTANCE")
        tolerance = self._tolerance(z[inside])
        is_free = (1 - hit) * z[inside] <= tolerance
        behind = _measured(frame, depth, *uv[inside].T) - z[inside]
        seen[inside] = is_free & ~(behind < -tolerance)
        met[inside] = seen[inside] & ~(behind > tolerance)
        return seen, met

    def _covered(self, frame: Frame, item: int) -> int:
        """Pixels of the image that an object alone would cover."""
        scene, window = self.own_scenes[item], _window(frame, self.own[item])
        if scene is None or window is None:
            return 0
        face, _ = _cast(scene, frame, *_pixels(frame.camera, window))
        return int((face >= 0).sum())

    def _tolerance(self, z: NDArray) -> NDArray:
        return np.maximum(self.limits.depth_tolerance_m, self.limits.depth_tolerance_rel * z)


def _ray_scene(triangles: NDArray[np.float32]) -> EmbreeScene:
    scene = EmbreeScene()
    TriangleMesh(scene, np.ascontiguousarray(triangles))
    return scene


def _sample(triangles: NDArray[np.float32], name: str) -> NDArray[np.float64]:
    """Points drawn evenly by area, (n, 3); of an object without surface none."""
    if not len(triangles):
        return np.zeros((0, 3))
    rng = rng_for(0, "validate visibility", name)
    corners = triangles.astype(np.float64)
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    weights = rng.dirichlet((1, 1, 1), SURFACE_POINTS)
    return np.einsum("nk,nkd->nd", weights, corners[rng.choice(len(area), SURFACE_POINTS, p=area / area.sum())])


def _pixels(camera: Camera, window: tuple[int, int, int, int]) -> tuple[NDArray, NDArray]:
    left, top, right, bottom = window
    v, u = np.mgrid[top:bottom, left:right].reshape(2, -1).astype(np.float64)
    return u, v


def _cast(scene: EmbreeScene, frame: Frame, u: NDArray, v: NDArray) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Face that each pixel's ray meets first, -1 for none, and its depth z, inf for none."""
    camera, pose = frame.camera, frame.world_from_camera
    rays = np.stack([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones_like(u)], axis=1)
    directions = (rays @ pose.rotation.T).astype(np.float32)
    origins = np.tile(pose.translation.astype(np.float32), (len(u), 1))
    hits = scene.run(origins, directions, output=1)
    return hits["primID"], np.where(hits["primID"] >= 0, hits["tfar"].astype(np.float64), np.inf)


def _measured(frame: Frame, depth: NDArray[np.float32] | None, u: NDArray, v: NDArray) -> NDArray[np.float64]:
    """Measured depth of the depth pixel nearest to each pixel's ray, NaN where there is none."""
    measured = np.full(len(u), np.nan)
    if depth is None or frame.depth_camera is None:
        return measured
    camera, sensor = frame.camera, frame.depth_camera
    x = np.rint((u - camera.cx) / camera.fx * sensor.fx + sensor.cx).astype(int)
    y = np.rint((v - camera.cy) / camera.fy * sensor.fy + sensor.cy).astype(int)
    inside = (x >= 0) & (y >= 0) & (x < depth.shape[1]) & (y < depth.shape[0])
    values = depth[y[inside], x[inside]].astype(np.float64)
    measured[inside] = np.where((values > 0) & np.isfinite(values), values, np.nan)
    return measured


def _is_inside(camera: Camera, uv: NDArray[np.float64]) -> NDArray[np.bool_]:
    u, v = uv.T
    return (u >= -0.5) & (v >= -0.5) & (u <= camera.width - 0.5) & (v <= camera.height - 0.5)


def _share_inside(frame: Frame, points: NDArray[np.float64]) -> float:
    if not len(points):
        return 0.0
    local = frame.world_from_camera.inverse() @ points
    ahead = local[:, 2] > NEAR_M
    return float(_is_inside(frame.camera, frame.camera.project(local[ahead])).sum() / len(points))


def _window(frame: Frame, triangles: NDArray[np.float32]) -> tuple[int, int, int, int] | None:
    """left, top, right, bottom of pixels outside which an object cannot be; None when it is outside the image."""
    camera = frame.camera
    local = frame.world_from_camera.inverse() @ triangles.reshape(-1, 3).astype(np.float64)
    ahead = local[:, 2] > NEAR_M
    if not ahead.any():
        return None
    if not ahead.all():
        return 0, 0, camera.width, camera.height
    uv = camera.project(local)
    sides = np.array([camera.width, camera.height])
    low = np.clip(np.floor(uv.min(axis=0)) - 1, 0, sides).astype(int)
    high = np.clip(np.ceil(uv.max(axis=0)) + 2, 0, sides).astype(int)
    return (int(low[0]), int(low[1]), int(high[0]), int(high[1])) if (low < high).all() else None


@dataclass(slots=True)
class Comparison:
    """Agreement of qagen and the reference over the frames of a scene."""

    askable: Score
    """By the definition alone."""
    allowed: Score
    """Askable pairs where the reference also applies qagen's two further rules."""
    points: Score
    """Seen surface points, where the reference wants no nearer measurement."""
    met: Score
    """Seen surface points, where it wants no measurement beyond them either."""
    missed: Counter[str]
    """Pairs that are askable only in the reference, by the rule of qagen that refuses them."""
    wrong: Counter[str]
    """Pairs that only qagen asks about, by the threshold that the reference finds unmet."""


def compare(views: SceneViews, limits: Thresholds, frames: Iterable[int]) -> Comparison:
    """Compare the views of some frames with the reference.

    Raises:
        ConfigError: the scene has no labeled mesh.
    """
    mesh = views.scene.mesh
    if mesh is None or mesh.is_by_box:
        raise ConfigError(f"{views.scene.id}: has no instance-labeled mesh, expected one to cast rays at")
    reference = Reference(mesh, len(views.scene.objects), limits)
    nothing = Score(0, 0, 0, 0)
    comparison = Comparison(nothing, nothing, nothing, nothing, Counter(), Counter())
    placed = zip(views.scene.objects, reference.surface, strict=True)
    has_center = np.array([len(points) > 0 and has_sure_center(item, points, limits) for item, points in placed])
    for index in frames:
        _compare_frame(views, limits, reference, index, has_center, comparison)
    return comparison


def _compare_frame(
    views: SceneViews,
    limits: Thresholds,
    reference: Reference,
    index: int,
    has_center: NDArray[np.bool_],
    comparison: Comparison,
) -> None:
    frame = views.frames[index]
    depth = None if frame.depth is None else frame.depth.read_m()
    seen, askable, z = reference.measure(frame, depth), views.askable[index], views.depth[index]
    met = {
        "visible fraction": seen.fraction >= limits.visible_fraction,
        "in the image": seen.in_image >= limits.in_image_fraction,
        "visible pixels": seen.pixels >= limits.visible_pixels,
        "depth": (z >= limits.min_depth_m) & (z <= limits.max_depth_m),
    }
    truth = np.all(list(met.values()), axis=0)
    is_confirmed = seen.confirmed >= limits.min_confirmed
    comparison.askable += Score.of(askable, truth)
    comparison.allowed += Score.of(askable, truth & has_center & is_confirmed)
    not_hidden, met_by_depth = reference.sees(frame, depth, views.surface)
    comparison.points += Score.of(views.sees[index], not_hidden)
    comparison.met += Score.of(views.sees[index], met_by_depth)
    for item in np.flatnonzero(truth & ~askable):
        comparison.missed[_reason_of_refusal(bool(has_center[item]), bool(is_confirmed[item]))] += 1
    for item in np.flatnonzero(askable & ~truth):
        comparison.wrong[next(name for name, is_met in met.items() if not is_met[item])] += 1


def _reason_of_refusal(has_center: bool, is_confirmed: bool) -> str:
    if not has_center:
        return "no sure center"
    return "a threshold" if is_confirmed else "depth confirms too little"


@click.command()
@click.option("--scene", "dataset", required=True, type=click.Choice(sorted(LOADERS)), help="Dataset.")
@click.option("--root", type=click.Path(path_type=Path), help="The dataset's folder. [default: the demo]")
@click.option("--frames", default=60, show_default=True, help="Frames of each scene, evenly spaced.")
@click.option("--json", "to_json", type=click.Path(path_type=Path), help="Also write the figures here.")
def main(dataset: str, root: Path | None, frames: int, to_json: Path | None) -> None:
    """Precision and recall of visibility against dense ray casting."""
    figures: dict[str, Any] = {}
    try:
        loader = make_loader(dataset, root or demo_root(dataset))
        for scene_id in loader.scene_ids("all"):
            views = observe(loader.load(scene_id), Thresholds())
            chosen = evenly_spaced(range(len(views.frames)), frames)
            comparison = compare(views, Thresholds(), chosen)
            figures[scene_id] = {"frames": len(chosen), "objects": len(views.scene.objects), **_figures(comparison)}
            _print_figures(scene_id, figures[scene_id])
    except QagenError as error:
        raise SystemExit(f"qagen: {error}") from error
    if to_json is not None:
        to_json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def _figures(comparison: Comparison) -> dict[str, Any]:
    scores = {"askable": comparison.askable, "askable, all rules": comparison.allowed}
    scores |= {"point not hidden": comparison.points, "point met by depth": comparison.met}
    counts = {"missed": dict(comparison.missed), "wrongly asked": dict(comparison.wrong)}
    return {**{name: score.row() for name, score in scores.items()}, **counts}


def _print_figures(scene_id: str, figures: dict[str, Any]) -> None:
    click.echo(f"{scene_id}: {figures['frames']} frames, {figures['objects']} objects")
    click.echo(f"  {'':20}{'cases':>10}{'both':>9}{'qagen only':>12}{'ref. only':>11}{'precision':>11}{'recall':>9}")
    for name in ("askable", "askable, all rules", "point not hidden", "point met by depth"):
        row = figures[name]
        counts = f"{row['cases']:>10}{row['both']:>9}{row['only_qagen']:>12}{row['only_reference']:>11}"
        click.echo(f"  {name:20}{counts}{row['precision']:>11.4f}{row['recall']:>9.4f}")
    for name in ("missed", "wrongly asked"):
        counts = ", ".join(f"{reason} {count}" for reason, count in figures[name].items()) or "none"
        click.echo(f"  {name}: {counts}")


if __name__ == "__main__":
    main()
