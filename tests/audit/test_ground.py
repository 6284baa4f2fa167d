"""The audit's own reader against scans whose content is known, and the looks that it takes at them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qagen.audit.physical import check_scene
from qagen.audit.raw_scannet import read_ground
from qagen.audit.raycast import RayCaster
from qagen.audit.scene import AuditScene, upright_block
from qagen.audit.truth import SceneTruth
from tests.audit.room import FRAMES, SCENE, THINGS, camera, draw, write_scan
from tests.loaders.scannet_files import (
    ALIGNMENT,
    COLOR_K,
    NAME,
    make_shots,
    pack_sens,
    write_cpp_export,
    write_dataset,
    write_label_map,
    write_python_export,
)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> AuditScene:
    root = tmp_path_factory.mktemp("room")
    write_scan(root)
    return read_ground(root, SCENE)


def as_sens(folder: Path) -> None:
    (folder / f"{NAME}.sens").write_bytes(pack_sens(make_shots()))


def as_python_export(folder: Path) -> None:
    write_python_export(folder, make_shots())


def as_cpp_export(folder: Path) -> None:
    write_cpp_export(folder / "export", make_shots())


@pytest.mark.parametrize("write", [as_sens, as_python_export, as_cpp_export])
def test_a_scan_is_read_from_each_of_its_three_layouts(tmp_path: Path, write: Callable[[Path], None]) -> None:
    folder = write_dataset(tmp_path)
    (folder / f"{NAME}.sens").unlink()
    write(folder)
    ground = read_ground(tmp_path, NAME)
    view = ground.views["1"]
    assert list(ground.views) == ["0", "1", "2"]
    assert (view.pinhole.fx, view.pinhole.cx) == pytest.approx((COLOR_K[0, 0], COLOR_K[0, 2]))
    assert view.T_wc == pytest.approx(ALIGNMENT @ make_shots()[1].pose)
    assert view.read_depth is not None
    assert view.read_depth() == pytest.approx(make_shots()[1].depth_mm / 1000)


def test_names_come_from_the_label_map_and_structure_is_never_asked(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    write_label_map(tmp_path / "scannetv2-labels.combined.tsv")
    things = {thing.id: thing for thing in read_ground(tmp_path, NAME).things}
    assert {k: (t.label, t.is_asked) for k, t in things.items()} == {
        0: ("floor", False),
        4: ("table", True),
        2: ("chair", True),
    }
    assert things[2].names == {"chair", "office chair"}
    # the table top spans 1 to 2 and 1 to 1.6 at a height of 0.7 in the aligned room
    assert things[4].block.center == pytest.approx([1.5, 1.3, 0.7])
    assert things[4].block.size == pytest.approx([1.0, 0.6, 0.0])


def test_the_upright_block_of_a_turned_box_is_that_box() -> None:
    turn = np.radians(30)
    axes = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-0.5, 0.5) for z in (0, 3)]) @ axes.T + [4, 5, 6]
    block = upright_block(corners)
    assert block.center == pytest.approx([4, 5, 7.5])
    assert block.size == pytest.approx([2, 1, 3])
    assert abs(block.axes[:, 0] @ axes[:, 0]) == pytest.approx(1)


def test_the_video_is_32_frames_from_the_first_to_the_last(room: AuditScene) -> None:
    video = [int(name) for name in room.video]
    assert (len(video), video[0], video[-1]) == (32, 0, FRAMES - 1)
    assert video[:6] == [0, 1, 2, 3, 5, 6]  # 39 / 31 = 1.258 a step: 0, 1.26, 2.52, 3.77, 5.03, 6.29


@pytest.mark.parametrize("index", [0, 13, 29])
def test_a_look_shows_what_exact_intersection_shows(room: AuditScene, index: int) -> None:
    thing, depth = draw(camera(index))
    look = RayCaster(room).look(room.views[str(index)])
    labels = np.array(["", *(item.label for item in room.things)])
    names = np.array(["wall", *(label for label, _, _ in THINGS)])
    assert np.mean(labels[look.shown + 1] == names[thing + 1]) > 0.999
    assert np.percentile(np.abs(look.z - depth), 99) < 1e-3
    assert np.percentile(np.abs(look.measured - depth), 99) < 1e-3


def test_what_the_depth_image_hides_is_not_shown(room: AuditScene) -> None:
    view = room.views["13"]
    curtain = replace(view, read_depth=lambda: np.full((240, 320), 0.3))
    assert (RayCaster(room).look(curtain).shown == -1).all()


def test_a_scene_without_objects_is_held_against_itself_all_the_same(room: AuditScene) -> None:
    bare = replace(room, things=())
    told = {check.what for check in check_scene(SceneTruth.of(bare))}
    assert "depth on surface" in told
    assert "cameras above the floor" not in told
