"""The desk with small things: its sizes and relations, the path of its camera, its film, and how it is asked for."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from scipy.spatial import KDTree

from qagen import demo
from qagen.__main__ import main
from qagen.core.box import Box3D
from qagen.core.pose import Pose
from qagen.core.scene import Scene
from qagen.demo.apartment.camera_path import blocked_steps, clearance_m, view_rotation
from qagen.demo.apartment.lighting import build_surface, ray_scene
from qagen.demo.apartment.materials import TEXTURES
from qagen.demo.apartment.shell import PlacedObject
from qagen.demo.layouts.scannet import TABLETOP_ID
from qagen.demo.tabletop.camera_path import hand_poses
from qagen.demo.tabletop.desk import DESK_M, MAT_M, furnish
from qagen.demo.tabletop.shoot import shoot
from qagen.errors import ConfigError
from qagen.loaders import make_loader
from tests.films import BOX, FRAME_COUNT, bare_room

SIZES_MM = {
    "desk": (1500, 750, 740),
    "desk mat": (620, 340, 3),
    "keyboard": (295, 105, 22),
    "mouse": (108, 62, 36),
    "notebook": (210, 153, 12),
    "phone": (150, 72, 9),
    "tape dispenser": (140, 56, 74),
    "alarm clock": (130, 50, 70),
    "puzzle cube": (57, 57, 57),
    "plate": (200, 200, 19),
    "bowl": (170, 170, 65),
}
"""Length, width and height of the things of which there is one."""
STRUCTURE = {"wall", "floor", "ceiling"}
LARGE = {"desk", "desk mat"}
ON = (("book", "book"), ("puzzle cube", "book"), ("banana", "plate"), ("apple", "bowl"))
IN_THE_CUP = "pencil"


@pytest.fixture(scope="module")
def desk() -> list[PlacedObject]:
    return furnish()


@pytest.fixture(scope="module")
def things(desk: list[PlacedObject]) -> list[tuple[str, NDArray[np.float64], Box3D]]:
    """Label, vertices and box of each object on the desk."""
    small = [item for item in desk if item.label not in STRUCTURE | LARGE]
    points = [np.concatenate([part.vertices for part in item.parts]) for item in small]
    return [(item.label, cloud, Box3D.around(cloud)) for item, cloud in zip(small, points, strict=True)]


def bottom_and_top(cloud: NDArray[np.float64]) -> tuple[float, float]:
    return float(cloud[:, 2].min()), float(cloud[:, 2].max())


def test_desk_is_richly_laid(desk: list[PlacedObject]) -> None:
    labels = [item.label for item in desk if item.label not in STRUCTURE]
    assert 24 <= len(labels) <= 32
    assert {label: labels.count(label) for label in labels if labels.count(label) > 1} == {
        "book": 3, "mug": 2, "speaker": 2, "pencil": 2, "apple": 2
    }  # fmt: skip
    assert {part.paint.texture for item in desk for part in item.parts} <= set(TEXTURES)


def test_things_have_the_sizes_of_their_kind(desk: list[PlacedObject]) -> None:
    for label, size_mm in SIZES_MM.items():
        (item,) = (item for item in desk if item.label == label)
        box = Box3D.around(np.concatenate([part.vertices for part in item.parts]))
        assert 1000 * box.size == pytest.approx(size_mm, abs=1), label


def test_all_but_the_lamp_are_of_5_to_30_cm(things) -> None:
    for label, _, box in things:
        assert 0.05 <= box.size.max() <= (0.40 if label == "lamp" else 0.30), label


def test_everything_stands_on_something(things) -> None:
    tops = {round(bottom_and_top(cloud)[1], 4) for label, cloud, _ in things if label == "book"}
    for label, cloud, _ in things:
        bottom, _ = bottom_and_top(cloud)
        above = bottom - DESK_M
        if label in {"keyboard", "mouse", "notebook"}:
            assert above == pytest.approx(MAT_M, abs=5e-4), label
        elif label in {"puzzle cube", "book"} and above > 0.01:
            assert min(abs(bottom - top) for top in tops) < 5e-4, label
        elif label in {"banana", "apple"} and above > 0.001:
            assert above < 0.01, label  # as thick as the plate or the bowl under it
        elif label == IN_THE_CUP:
            assert 0.004 < above < 0.012, label  # the bottom of the cup is 4 mm thick
        else:
            assert abs(above) < 1.1e-3, label


def test_what_is_on_or_in_another_lies_within_its_outline(things) -> None:
    for upper, lower in ON:
        pairs = [
            (up, low)
            for kind, up_cloud, up in things
            for other, low_cloud, low in things
            if (kind, other) == (upper, lower)
            and up_cloud is not low_cloud
            and math.dist(up.center[:2], low.center[:2]) < low.size[:2].min() / 4
            and bottom_and_top(up_cloud)[0] > bottom_and_top(low_cloud)[0] + 0.004
        ]
        assert len(pairs) == 1, upper
        ((up, low),) = pairs
        assert up.size[0] <= low.size[0] + 1e-3
    (cup,) = (box for label, _, box in things if label == "pencil cup")
    for cloud in (cloud for label, cloud, _ in things if label == IN_THE_CUP):
        low, high = cloud[cloud[:, 2].argmin()], cloud[cloud[:, 2].argmax()]
        rim = cup.center[2] + cup.size[2] / 2
        assert high[2] > rim + 0.05
        for height in (low[2], rim):
            place = low + (height - low[2]) / (high[2] - low[2]) * (high - low)
            assert math.dist(place[:2], cup.center[:2]) < cup.size[0] / 2 - 0.005


def test_the_others_stand_apart(things) -> None:
    touching = {frozenset(pair) for pair in (*ON, ("pencil", "pencil cup"), ("pencil", "pencil"))}
    for i, (label, cloud, _) in enumerate(things):
        for other, points, _ in things[:i]:
            if frozenset((label, other)) not in touching:
                distance, _ = KDTree(points).query(cloud)
                assert distance.min() > 0.012, (label, other)


def test_hand_keeps_clear_of_everything(desk: list[PlacedObject], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qagen.demo.apartment.lighting.paint_texture", lambda name: np.zeros((1, 1, 3), np.uint8))
    scene, poses = ray_scene(build_surface(desk)), hand_poses(demo.TABLETOP_FRAMES)
    assert clearance_m(scene, poses).min() > 0.1
    assert blocked_steps(scene, poses) == []


def close_room() -> Sequence[Pose]:
    """The camera 0.5 m before the near side of the bare room's box, which stands at y = 3.1, and 0.08 m before it."""
    rotation = view_rotation(np.pi / 2, 0, 0)
    return [Pose(rotation, np.array([1.0, 3.1 - distance, 0.4])) for distance in (0.5, 0.08)]


def test_film_is_as_large_as_what_is_filmed(tmp_path: Path) -> None:
    script = replace(bare_room(), poses=close_room())
    film = shoot(tmp_path / "film", script, 2, lambda done, total, what: None)
    assert np.array_equal(film.vertices, build_surface(script.objects).vertices)
    assert film.boxes[BOX].size == pytest.approx([0.8, 0.8, 1.0], abs=1e-5)
    assert (film.objects(0) == BOX).mean() > 0.8
    depth_mm = film.depth_mm(0)[20:40, 30:50]
    assert np.median(depth_mm) == pytest.approx(500, abs=1)
    assert 0.1 < depth_mm[depth_mm > 0].std() < 2
    assert not film.depth_mm(1).any()  # nearer than the sensor sees


def test_bytes_do_not_depend_on_workers(tmp_path: Path) -> None:
    for workers in (1, 2):
        shoot(tmp_path / str(workers), bare_room(), workers, lambda done, total, what: None)
    compared = [path for path in sorted((tmp_path / "1").rglob("*")) if path.is_file()]
    assert len(compared) == 3 * FRAME_COUNT + 2
    for path in compared:
        assert path.read_bytes() == (tmp_path / "2" / path.relative_to(tmp_path / "1")).read_bytes(), path.name


def test_the_apartment_does_not_depend_on_the_tabletop() -> None:
    assert demo.film_version("apartment") != demo.film_version("tabletop")
    names = [path.parent.name for path in demo.film_code("apartment")]
    assert "tabletop" not in names
    assert {"apartment", "tabletop"} <= {path.parent.name for path in demo.film_code("tabletop")}


def test_demo_is_asked_for_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QAGEN_CACHE", str(tmp_path))
    root = tmp_path / "demo" / f"tabletop-scannet-{demo.version('scannet', 'tabletop')}"
    root.mkdir(parents=True)
    assert demo.demo_root("scannet", demo="tabletop") == root
    with pytest.raises(ConfigError, match="Did you mean 'tabletop'"):
        demo.demo_root("scannet", demo="table-top")
    with pytest.raises(
        ConfigError, match=r"no demo tabletop in the layout of 'replica'. Known: scannet, uco3d, wildrgbd"
    ):
        demo.demo_root("replica", demo="tabletop")


@pytest.mark.parametrize("command", ["generate", "doctor"])
def test_commands_refuse_other_demos(command: str, tmp_path: Path) -> None:
    words = [command, "--scene", "scannet", "--demo"]
    unknown = CliRunner().invoke(main, [*words, "kitchen"])
    assert (unknown.exit_code, "no demo 'kitchen'" in unknown.stderr) == (2, True)
    both = CliRunner().invoke(main, [*words, "tabletop", "--root", str(tmp_path)])
    assert (both.exit_code, "--demo: found --root beside it" in both.stderr) == (2, True)


@pytest.fixture(scope="module")
def tabletop_scene(tabletop: Path) -> Scene:
    return make_loader("scannet", tabletop).load(TABLETOP_ID)


@pytest.mark.slow
def test_loaded_boxes_are_those_of_the_model(tabletop_scene: Scene, things) -> None:
    loaded = {item.id: item for item in tabletop_scene.objects}
    assert len(loaded) == len(things) + len(LARGE)
    by_label = {label: sorted(o.box.size.max() for o in loaded.values() if o.label == label) for label, _, _ in things}
    for label in by_label:
        sizes = sorted(box.size.max() for kind, _, box in things if kind == label)
        assert by_label[label] == pytest.approx(sizes, abs=1e-3), label


@pytest.mark.slow
def test_things_are_seen_from_half_a_meter(tabletop_scene: Scene) -> None:
    medians = []
    for frame in tabletop_scene.frames[::10]:
        assert frame.depth is not None
        depth = frame.depth.read_m()
        medians.append(np.median(depth[depth > 0]))
    assert 0.45 < np.median(medians) < 0.7
