"""Many small furnished rooms in ScanNet's layout, to measure what a single scene cannot show.

    python -m tools.random_rooms --to rooms --scenes 24

A room takes a few seconds: its furniture is the demo's, its light is flat, and its pictures are small. Every room
is drawn from its own number, so that more rooms do not change the first ones.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import click
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.demo.apartment import furniture as f
from qagen.demo.apartment import small_objects as s
from qagen.demo.apartment.camera_path import view_rotation
from qagen.demo.apartment.lighting import LitSurface, build_surface, ray_scene
from qagen.demo.apartment.materials import Paint, Rgb
from qagen.demo.apartment.shapes import Part, panel, rotation_z, turned
from qagen.demo.apartment.shell import PlacedObject
from qagen.demo.film import Film, FilmedRoom, write_description, write_frame
from qagen.demo.layouts import scannet
from qagen.rng import rng_for

CAMERA = Camera(fx=289.0, fy=289.0, cx=159.5, cy=119.5, width=320, height=240)
CEILING_M = 2.6
WALL_EDGE_M = 0.25
GAP_M = 0.06
"""Gap between objects on the floor, meters."""
AISLE_M = 0.3
"""Gap between the camera's path and objects that reach up to it, meters."""
TRIES = 60
STRETCH = (0.85, 1.2)
"""Ranges of the scale of an object as a whole, and along each of its sides."""
NOISE = 0.003
"""Noise of depth, as a share of it."""
CHECK_M = 0.12
"""Side of the squares that give every surface a texture."""

Maker = Callable[[Generator], list[Part]]


def _color(rng: Generator) -> Rgb:
    red, green, blue = rng.uniform(0.25, 0.95, 3)
    return float(red), float(green), float(blue)


def _cloth(rng: Generator) -> Paint:
    return Paint("plain", _color(rng))


def _span(rng: Generator, low: float, high: float) -> float:
    return float(rng.uniform(low, high))


AT_WALL: dict[str, Maker] = {
    "couch": lambda rng: f.sofa(_span(rng, 1.5, 2.4), _cloth(rng), 3),
    "bookshelf": lambda rng: f.bookshelf(_span(rng, 0.7, 1.4), _span(rng, 1.2, 2.0), 4, _cloth(rng)),
    "cabinet": lambda rng: f.chest(_span(rng, 0.6, 1.2), 0.4, _span(rng, 0.7, 1.1), _cloth(rng), "doors_2"),
    "dresser": lambda rng: f.chest(_span(rng, 0.9, 1.4), 0.45, _span(rng, 0.7, 0.95), _cloth(rng), "drawers_6"),
    "wardrobe": lambda rng: f.chest(_span(rng, 0.9, 1.5), 0.58, _span(rng, 1.8, 2.2), _cloth(rng), "doors_2"),
    "tv stand": lambda rng: f.chest(_span(rng, 1.0, 1.7), 0.42, _span(rng, 0.4, 0.6), _cloth(rng), "doors_4"),
    "nightstand": lambda rng: f.chest(_span(rng, 0.38, 0.5), 0.38, _span(rng, 0.45, 0.6), _cloth(rng), "drawers_2"),
    "desk": lambda rng: f.table(_span(rng, 1.1, 1.7), _span(rng, 0.6, 0.8), _span(rng, 0.7, 0.78), _cloth(rng)),
    "bed": lambda rng: f.bed(_span(rng, 1.9, 2.1), _span(rng, 0.9, 1.7), _cloth(rng), _cloth(rng), _cloth(rng)),
    "refrigerator": lambda rng: f.refrigerator(),
    "washing machine": lambda rng: f.washing_machine(),
    "radiator": lambda rng: f.radiator(_span(rng, 0.8, 1.5)),
    "bench": lambda rng: f.bench(_span(rng, 0.8, 1.4), 0.34, 0.46, _cloth(rng), _cloth(rng)),
}
STANDING: dict[str, Maker] = {
    "armchair": lambda rng: f.sofa(_span(rng, 0.8, 1.0), _cloth(rng), 1),
    "chair": lambda rng: f.chair(_cloth(rng), _cloth(rng)),
    "office chair": lambda rng: f.office_chair(_cloth(rng)),
    "stool": lambda rng: f.stool(_cloth(rng), _cloth(rng), _span(rng, 0.45, 0.75)),
    "ottoman": lambda rng: f.ottoman(_cloth(rng)),
    "coffee table": lambda rng: f.table(_span(rng, 0.5, 0.7), _span(rng, 0.8, 1.3), _span(rng, 0.35, 0.5), _cloth(rng)),
    "dining table": lambda rng: f.table(_span(rng, 1.0, 1.7), _span(rng, 0.7, 1.0), 0.75, _cloth(rng)),
    "side table": lambda rng: f.round_table(_span(rng, 0.2, 0.35), _span(rng, 0.45, 0.65), _cloth(rng)),
    "lamp": lambda rng: f.floor_lamp(_color(rng)),
    "plant": lambda rng: f.plant(_span(rng, 0.6, 1.3), 18, _color(rng), int(rng.integers(99))),
    "basket": lambda rng: s.basket(_color(rng), _span(rng, 0.15, 0.24), _span(rng, 0.25, 0.5)),
    "trash can": lambda rng: s.trash_can(_color(rng), _span(rng, 0.12, 0.18), _span(rng, 0.27, 0.6)),
    "box": lambda rng: s.cardboard_box((_span(rng, 0.3, 0.6), _span(rng, 0.25, 0.5), _span(rng, 0.2, 0.45))),
    "suitcase": lambda rng: s.suitcase(_color(rng)),
    "backpack": lambda rng: s.backpack(_color(rng)),
    "ball": lambda rng: s.toy_ball(_span(rng, 0.1, 0.25), _color(rng)),
}
ON_TOP: dict[str, Maker] = {
    "monitor": lambda rng: f.monitor(),
    "table lamp": lambda rng: f.table_lamp(_color(rng), _color(rng)),
    "microwave": lambda rng: s.microwave(),
    "printer": lambda rng: s.printer(),
    "laptop": lambda rng: s.laptop(_color(rng)),
    "vase": lambda rng: s.vase(_color(rng), _span(rng, 0.2, 0.32)),
    "toaster": lambda rng: s.toaster(),
    "kettle": lambda rng: s.kettle(_color(rng)),
    "coffee maker": lambda rng: s.coffee_maker(),
    "globe": lambda rng: s.globe(),
    "stuffed animal": lambda rng: s.teddy_bear(_color(rng)),
    "telephone": lambda rng: s.telephone(_color(rng)),
    "pot": lambda rng: s.pot(_color(rng)),
    "pillow": lambda rng: s.pillow(_color(rng)),
    "fruit bowl": lambda rng: s.fruit(),
}
ON_WALL: dict[str, Maker] = {
    "picture": lambda rng: f.picture(_span(rng, 0.4, 1.0), _span(rng, 0.4, 0.8), "painting_hills", _cloth(rng)),
    "clock": lambda rng: f.wall_clock(_span(rng, 0.14, 0.22), _cloth(rng)),
    "whiteboard": lambda rng: f.flat_board(_span(rng, 0.9, 1.4), _span(rng, 0.6, 0.9), _cloth(rng), _cloth(rng)),
    "mirror": lambda rng: f.mirror(_span(rng, 0.4, 0.8), _span(rng, 0.6, 1.0), _cloth(rng)),
    "tv": lambda rng: f.tv(_span(rng, 0.8, 1.3)),
    "curtain": lambda rng: f.curtain(_span(rng, 0.5, 1.2), _span(rng, 1.2, 1.6), _cloth(rng), 6),
}
TABLES = frozenset({"cabinet", "dresser", "tv stand", "nightstand", "desk", "coffee table", "dining table"})


@dataclass(frozen=True, slots=True)
class Footprint:
    """The space that an object takes up, seen from above."""

    low: NDArray[np.float64]
    """(3,) least corner, meters."""
    high: NDArray[np.float64]
    """(3,) greatest corner, meters."""

    @classmethod
    def of(cls, parts: Sequence[Part]) -> "Footprint":
        points = np.concatenate([part.vertices for part in parts])
        return cls(points.min(axis=0), points.max(axis=0))

    def is_clear_of(self, other: "Footprint", gap_m: float) -> bool:
        """Whether the two lie apart by ``gap_m``, on the floor or above each other."""
        return bool((self.low > other.high + gap_m).any() or (other.low > self.high + gap_m).any())


class Furnisher:
    """Furnishes one rectangular room whose corner is at the origin."""

    def __init__(self, rng: Generator) -> None:
        self.rng = rng
        self.size = np.array([_span(rng, 3.2, 7.0), _span(rng, 3.0, 6.0)])
        self.objects: list[PlacedObject] = []
        self.taken: list[Footprint] = []

    def furnish(self) -> list[PlacedObject]:
        """The room with its shell: floor, walls, furniture, and what stands and hangs on them."""
        self.objects = _shell(float(self.size[0]), float(self.size[1]))
        area = float(self.size.prod())
        for makers, share in ((AT_WALL, 0.35), (STANDING, 0.4)):
            for label in self._labels(makers, round(share * area)):
                self._try_to_place(label, makers[label], makers is AT_WALL)
        tables = [(item, Footprint.of(item.parts)) for item in self.objects if item.label in TABLES]
        for label in self._labels(ON_TOP, 2 * len(tables)):
            self._try_to_put_on(label, tables)
        for label in self._labels(ON_WALL, int(self.rng.integers(4, 10))):
            self._try_to_hang(label)
        return self.objects

    def _labels(self, makers: dict[str, Maker], count: int) -> list[str]:
        """Labels of which some come two or three times."""
        kinds = [list(makers)[i] for i in self.rng.permutation(len(makers))[: max(2, round(0.65 * count))]]
        return [kinds[int(self.rng.integers(len(kinds)))] if i >= len(kinds) else kinds[i] for i in range(count)]

    def _make(self, make: Maker) -> list[Part]:
        """An object of its own size, so that no two chairs are alike."""
        stretch = np.diag(self.rng.uniform(*STRETCH) * self.rng.uniform(*STRETCH, 3))
        return turned(make(self.rng), rotation=stretch)

    def _try_to_place(self, label: str, make: Maker, at_wall: bool) -> None:
        parts = self._make(make)
        for _ in range(TRIES):
            placed = self._at_some_wall(parts) if at_wall else self._anywhere(parts)
            if self._keep(label, placed, GAP_M):
                return

    def _anywhere(self, parts: list[Part]) -> list[Part]:
        spun = turned(parts, yaw_deg=_span(self.rng, -180, 180))
        extent = Footprint.of(spun)
        low, high = -extent.low[:2] + GAP_M, self.size - extent.high[:2] - GAP_M
        x, y = self.rng.uniform(np.minimum(low, high), high)
        return turned(spun, x, y)

    def _at_some_wall(self, parts: list[Part], height_m: float = 0.0) -> list[Part]:
        """Its back to one of the walls."""
        extent = Footprint.of(parts)
        yaw_deg = (0, 90, 180, -90)[int(self.rng.integers(4))]
        across = self.size @ np.abs(rotation_z(yaw_deg)[:2, :2])
        half = across / 2 - (extent.high - extent.low)[:2] / 2
        x = _span(self.rng, -half[0], half[0]) if half[0] > 0 else 0.0
        middle = self.size / 2 + rotation_z(yaw_deg)[:2, :2] @ (x, across[1] / 2 - extent.high[1] - 0.01)
        return turned(parts, middle[0], middle[1], height_m, yaw_deg)

    def _try_to_put_on(self, label: str, tables: list[tuple[PlacedObject, Footprint]]) -> None:
        if not tables:
            return
        parts = self._make(ON_TOP[label])
        for _ in range(TRIES):
            table = tables[int(self.rng.integers(len(tables)))][1]
            spun = turned(parts, yaw_deg=_span(self.rng, -180, 180))
            extent = Footprint.of(spun)
            low, high = table.low - extent.low, table.high - extent.high
            if (low[:2] < high[:2]).all():
                x, y = self.rng.uniform(low[:2], high[:2])
                if self._keep(label, turned(spun, x, y, table.high[2] - extent.low[2] + 0.001), 0.0):
                    return

    def _try_to_hang(self, label: str) -> None:
        parts = self._make(ON_WALL[label])
        extent = Footprint.of(parts)
        bottom, top = 1.0 - extent.low[2], CEILING_M - 0.15 - extent.high[2]
        for _ in range(TRIES):
            placed = self._at_some_wall(parts, _span(self.rng, min(bottom, top), top))
            if self._keep(label, placed, 0.0):
                return

    def _keep(self, label: str, placed: list[Part], gap_m: float) -> bool:
        spot = Footprint.of(placed)
        is_inside = (spot.low[:2] > 0).all() and (spot.high[:2] < self.size).all()
        if not is_inside or not all(spot.is_clear_of(other, gap_m) for other in self.taken):
            return False
        self.objects.append(PlacedObject(label, tuple(placed)))
        self.taken.append(spot)
        return True

    def walk(self, count: int) -> list[Pose]:
        """A path clear of everything that reaches up to it, looking around the room."""
        stops = np.array(
            [(*self._free_spot(), *self.rng.uniform((0.4, 0.4), self.size - 0.4)) for _ in range(count // 6)]
        )
        eye = np.column_stack([stops[:, :2], self.rng.uniform(1.2, 1.7, len(stops))])
        away = self.rng.uniform(0.2, 1.6, len(stops)) - eye[:, 2]
        ahead = stops[:, 2:] - stops[:, :2]
        yaw = np.unwrap(np.arctan2(ahead[:, 1], ahead[:, 0]))
        pitch = np.arctan2(away, np.maximum(np.hypot(*ahead.T), 1.0))
        at = np.linspace(0, len(stops) - 1, count)
        rows = PchipInterpolator(np.arange(len(stops)), np.column_stack([eye, yaw, pitch]))(at)
        return [Pose(view_rotation(row[3], row[4], 0.02 * np.sin(k)), row[:3]) for k, row in enumerate(rows)]

    def _free_spot(self) -> NDArray[np.float64]:
        spot = self.size / 2
        for _ in range(TRIES):
            spot = self.rng.uniform(0.3, self.size - 0.3)
            around = Footprint(np.array([*spot, 1.1]), np.array([*spot, 1.8]))
            if all(around.is_clear_of(other, AISLE_M) for other in self.taken):
                return spot
        return spot


def _shell(width: float, depth: float) -> list[PlacedObject]:
    wall, floor = Paint("plain", (0.85, 0.83, 0.78)), Paint("plain", (0.6, 0.5, 0.4))
    corners = np.array([(0, 0), (0, depth), (width, depth), (width, 0), (0, 0)], dtype=float)
    walls = [
        PlacedObject("wall", (panel((*a, 0), (*(b - a), 0), (0, 0, CEILING_M), wall, WALL_EDGE_M),))
        for a, b in pairwise(corners)
    ]
    ground = panel((0, 0, 0), (width, 0, 0), (0, depth, 0), floor, WALL_EDGE_M)
    above = panel((0, depth, CEILING_M), (width, 0, 0), (0, -depth, 0), wall, WALL_EDGE_M)
    return [PlacedObject("floor", (ground,)), PlacedObject("ceiling", (above,)), *walls]


def film_room(folder: Path, number: int, frames: int) -> Film:
    """Film room ``number`` into an empty folder."""
    furnisher = Furnisher(rng_for(0, "random room", str(number)))
    objects = furnisher.furnish()
    poses, surface = furnisher.walk(frames), build_surface(objects)
    (folder / "frames").mkdir(parents=True)
    for index, images in enumerate(_pictures(surface, poses, number)):
        write_frame(folder, index, *images)
    np.savez(
        folder / "surface.npz",
        vertices=surface.vertices,
        faces=surface.faces,
        vertex_colors=np.round(255 * surface.part_tint[surface.vertex_part]).astype(np.uint8),
        face_part=surface.face_part,
        vertex_part=surface.vertex_part,
        part_object=surface.part_object,
    )
    polygon = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * furnisher.size
    write_description(folder, CAMERA, poses, [item.label for item in objects], [FilmedRoom("room", polygon)])
    return Film.read(folder)


def _pictures(surface: LitSurface, poses: Sequence[Pose], number: int) -> Iterator[tuple[NDArray, NDArray, NDArray]]:
    """Flat-shaded color, depth in millimeters and objects of every frame."""
    scene, rng = ray_scene(surface), rng_for(0, "random room sensor", str(number))
    local = CAMERA.rays().reshape(-1, 3)
    shape = (CAMERA.height, CAMERA.width)
    for pose in poses:
        directions = (local @ pose.rotation.T).astype(np.float32)
        origins = np.tile(pose.translation.astype(np.float32), (len(local), 1))
        hits = scene.run(origins, directions, output=1)
        part = surface.face_part[hits["primID"]]
        is_hit = hits["primID"] >= 0
        z = np.where(is_hit, hits["tfar"], 0)
        normals = hits["Ng"] / np.maximum(np.linalg.norm(hits["Ng"], axis=1, keepdims=True), 1e-12)
        light = 0.45 + 0.3 * np.abs(normals @ (0.3, 0.5, 0.8)) + 0.1 * _checks(origins + z[:, None] * directions)
        color = np.where(is_hit, light, 0)[:, None] * surface.part_tint[part]
        depth_mm = 1000 * z * (1 + NOISE * rng.standard_normal(len(z)))
        objects = np.where(is_hit, surface.part_object[part], -1)
        yield (
            np.clip(255 * color, 0, 255).astype(np.uint8).reshape(*shape, 3),
            np.round(depth_mm).astype(np.uint16).reshape(shape),
            objects.reshape(shape),
        )


def _checks(points: NDArray) -> NDArray[np.float64]:
    """(n,) -1 or 1, in cubes."""
    return 1.0 - 2 * (np.floor(points / CHECK_M + 1e-3).sum(axis=1) % 2)


def write_room(root: Path, number: int, frames: int) -> str:
    """One room as a ScanNet scan below ``root``; returns its scene id."""
    name = f"scene{8000 + number:04d}_00"
    with tempfile.TemporaryDirectory() as folder:
        film = film_room(Path(folder) / "film", number, frames)
        scannet.write(film, Path(folder) / "root")
        source = Path(folder) / "root" / "scans" / scannet.SCENE_ID
        for file in source.iterdir():
            if file.suffix == ".json":
                file.write_text(file.read_text().replace(scannet.SCENE_ID, name))
            file.rename(file.with_name(file.name.replace(scannet.SCENE_ID, name)))
        (root / "scans").mkdir(parents=True, exist_ok=True)
        shutil.rmtree(root / "scans" / name, ignore_errors=True)
        shutil.move(source, root / "scans" / name)
    return name


@click.command()
@click.option("--to", "root", type=click.Path(path_type=Path), required=True, help="Folder for the scans.")
@click.option("--scenes", default=24, show_default=True, help="How many rooms.")
@click.option("--first", default=0, show_default=True, help="Number of the first room.")
@click.option("--frames", default=60, show_default=True, help="Frames of each; 40 or more give a video.")
@click.option("--workers", default=2, show_default=True, help="Rooms at a time.")
def main(root: Path, scenes: int, first: int, frames: int, workers: int) -> None:
    """Write random furnished rooms as ScanNet scans."""
    root.mkdir(parents=True, exist_ok=True)
    labels = ["wall", "floor", "ceiling", *AT_WALL, *STANDING, *ON_TOP, *ON_WALL]
    scannet.write_label_map(root / "scannetv2-labels.combined.tsv", labels)
    with ProcessPoolExecutor(workers) as pool:
        for name in pool.map(partial(write_room, root, frames=frames), range(first, first + scenes)):
            click.echo(root / "scans" / name)


if __name__ == "__main__":
    main()
