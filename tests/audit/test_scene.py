"""The audit's own reader on scans whose content is known, and the views that it renders of them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qagen.audit.physical import check_scene
from qagen.audit.raw_scannet import read_scene
from qagen.audit.raycast import RayCaster
from qagen.audit.scene import AuditScene, fit_upright_box
from qagen.audit.truth import SceneTruth
from tests.audit.room import FRAMES, OBJECTS, SCENE, camera, draw, write_scan
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
    return read_scene(root, SCENE)


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
    scene = read_scene(tmp_path, NAME)
    view = scene.views["1"]
    assert list(scene.views) == ["0", "1", "2"]
    assert (view.pinhole.fx, view.pinhole.cx) == pytest.approx((COLOR_K[0, 0], COLOR_K[0, 2]))
    assert view.T_wc == pytest.approx(ALIGNMENT @ make_shots()[1].pose)
    assert view.read_depth is not None
    assert view.read_depth() == pytest.approx(make_shots()[1].depth_mm / 1000)


def test_names_come_from_the_label_map_and_structure_is_never_asked(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    write_label_map(tmp_path / "scannetv2-labels.combined.tsv")
    instances = {instance.id: instance for instance in read_scene(tmp_path, NAME).instances}
    assert {k: (t.label, t.is_askable) for k, t in instances.items()} == {
        0: ("floor", False),
        4: ("table", True),
        2: ("chair", True),
    }
    assert instances[2].names == {"chair", "office chair"}
    # the table top spans 1 to 2 and 1 to 1.6 at a height of 0.7 in the aligned room
    assert instances[4].box.center == pytest.approx([1.5, 1.3, 0.7])
    assert instances[4].box.size == pytest.approx([1.0, 0.6, 0.0])


def test_the_fit_upright_box_around_a_turned_box_is_that_box() -> None:
    turn = np.radians(30)
    axes = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-0.5, 0.5) for z in (0, 3)]) @ axes.T + [4, 5, 6]
    box = fit_upright_box(corners)
    assert box.center == pytest.approx([4, 5, 7.5])
    assert box.size == pytest.approx([2, 1, 3])
    assert abs(box.axes[:, 0] @ axes[:, 0]) == pytest.approx(1)


def test_the_video_is_32_frames_from_the_first_to_the_last(room: AuditScene) -> None:
    video = [int(name) for name in room.video(32)]
    assert (len(video), video[0], video[-1]) == (32, 0, FRAMES - 1)
    assert video[:6] == [0, 1, 2, 3, 5, 6]  # 39 / 31 = 1.258 a step: 0, 1.26, 2.52, 3.77, 5.03, 6.29
    assert [int(name) for name in room.video(16)][:3] == [0, 2, 5]  # 39 / 15 = 2.6 a step
    assert len(room.video("all")) == len(room.video(64)) == FRAMES


@pytest.mark.parametrize("index", [0, 13, 29])
def test_a_rendered_view_shows_what_exact_intersection_shows(room: AuditScene, index: int) -> None:
    shown, depth = draw(camera(index))
    rendered = RayCaster(room).render(room.views[str(index)])
    labels = np.array(["", *(item.label for item in room.instances)])
    names = np.array(["wall", *(label for label, _, _ in OBJECTS)])
    assert np.mean(labels[rendered.shown + 1] == names[shown + 1]) > 0.999
    assert np.percentile(np.abs(rendered.z - depth), 99) < 1e-3
    assert np.percentile(np.abs(rendered.measured - depth), 99) < 1e-3


def test_what_the_depth_image_hides_is_not_shown(room: AuditScene) -> None:
    view = room.views["13"]
    curtain = replace(view, read_depth=lambda: np.full((240, 320), 0.3))
    assert (RayCaster(room).render(curtain).shown == -1).all()


def test_a_scene_without_objects_is_checked_all_the_same(room: AuditScene) -> None:
    bare = replace(room, instances=())
    checked = {check.what for check in check_scene(SceneTruth.of(bare))}
    assert "depth on surface" in checked
    assert "cameras above the floor" not in checked
