"""A mesh fused from depth images."""

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from qagen.core.scene import Mesh, Scene
from qagen.errors import QagenError, SceneError
from qagen.visibility import fusion
from qagen.visibility.fusion import face_owners, fuse
from qagen.visibility.fusion import fused as with_fused_mesh
from qagen.visibility.views import observe
from tests.scenes import MemoryDepth, at, boxes_only, facing, looking, room, studio, with_depth

VOXEL_M = 0.05


@cache
def bare() -> Scene:
    return boxes_only(studio())


@pytest.fixture(scope="module")
def fused(tmp_path_factory: pytest.TempPathFactory) -> Mesh:
    return fuse(bare(), tmp_path_factory.mktemp("fused") / "deep" / "studio.npz", VOXEL_M)


def test_the_surface_is_where_the_boxes_are(fused: Mesh) -> None:
    # Each object's faces lie within a voxel of its box; most of them on its sides.
    middles = fused.vertices[fused.faces].mean(axis=1)
    for index, item in enumerate(bare().objects):
        local = (middles[fused.face_object == index] - item.box.center) @ item.box.rotation
        beyond = (np.abs(local) - item.box.size / 2).max(axis=1)
        assert len(local) > 20, item.label
        assert beyond.max() <= VOXEL_M + 1e-6
        assert np.median(np.abs(beyond)) < 0.6 * VOXEL_M
    assert fused.is_by_box


def test_fused_scenes_are_asked_about_as_those_with_a_mesh(fused: Mesh) -> None:
    truth, found = observe(studio()), observe(replace(bare(), mesh=fused))
    both = (truth.askable & found.askable).sum()
    assert both / found.askable.sum() > 0.95
    assert both / truth.askable.sum() > 0.75
    assert not (found.askable & truth.absent).any()
    assert not (found.absent & truth.askable).any()


def test_faces_have_the_one_owner_whose_box_they_are_in() -> None:
    # A crate at x 0 to 1, another at 0.9 to 1.9, and a lamp within the first; heights 0 to 1.
    crates = [at(0.5, 5, 0.5, (1, 1, 1)), at(1.4, 5, 0.5, (1, 1, 1))]
    scene = room({"crate": crates, "lamp": at(0.3, 5, 0.5, (0.2, 0.2, 0.2))}, [looking("+y")])
    points = [(0.7, 5, 0.5), (0.95, 5, 0.5), (1.5, 5, 0.5), (0.3, 5, 0.5), (3, 5, 0.5), (0.7, 5, 0.01), (0.7, 5, 1.01)]
    owners = face_owners(np.array(points, dtype=np.float32), scene, 0.02)
    # In the first alone, in both, in the second alone, in the lamp, in none, at the floor, a little above the top.
    assert owners.tolist() == [0, -1, 1, 2, -1, -1, 0]


def small(x: float = 0.0) -> Scene:
    poses = [facing((x, 2, 1), at=(0.1 * i, 0, 1.5)) for i in range(4)]
    return boxes_only(with_depth(room({"cube": at(0, 2, 1)}, poses, at(0, 0, 1.5, (6, 6, 3)))))


def remeasured(scene: Scene) -> Scene:
    """The scene with one pixel of its last depth image changed."""
    *others, last = scene.frames
    assert last.depth is not None
    depth = last.depth.read_m().copy()
    depth[0, 0] += 0.1
    return replace(scene, frames=(*others, replace(last, depth=MemoryDepth(depth))))


def test_the_cache_is_used_until_the_data_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache_file = tmp_path / "run" / "room.npz"
    first = fuse(small(), cache_file, VOXEL_M)
    assert [path.name for path in cache_file.parent.iterdir()] == ["room.npz"]
    again = fuse(small(), tmp_path / "other.npz", VOXEL_M)
    assert np.array_equal(first.vertices, again.vertices)
    assert np.array_equal(first.faces, again.faces)

    def no_more(*_: object) -> None:
        raise AssertionError("fused again")

    monkeypatch.setattr(fusion, "_surface", no_more)
    kept = fuse(small(), cache_file, VOXEL_M)
    assert np.array_equal(first.faces, kept.faces)
    for changed, voxel_m in ((small(0.3), VOXEL_M), (remeasured(small()), VOXEL_M), (small(), VOXEL_M / 2)):
        with pytest.raises(AssertionError, match="fused again"):
            fuse(changed, cache_file, voxel_m)


def test_a_damaged_cache_is_named(tmp_path: Path) -> None:
    cache_file = tmp_path / "room.npz"
    cache_file.write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(SceneError, match=r"room\.npz: fused mesh: cannot be read .*delete it"):
        fuse(small(), cache_file)


def test_nothing_to_fuse_is_told(tmp_path: Path) -> None:
    scene = room({"cube": at(0, 2, 1)}, [looking("+y")])
    with pytest.raises(SceneError, match="found none with depth, expected some to fuse a mesh from"):
        fuse(scene, tmp_path / "room.npz")
    empty = MemoryDepth(np.zeros((120, 160), np.float32))
    blind = replace(small(), frames=tuple(replace(frame, depth=empty) for frame in small().frames))
    with pytest.raises(SceneError, match="found no common surface in 4 images"):
        fuse(blind, tmp_path / "room.npz")
    assert not (tmp_path / "room.npz").exists()


def test_a_missing_open3d_is_told_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "open3d", None)
    with pytest.raises(QagenError, match=r"open3d.*pip install open3d.*libgl1"):
        fuse(small(), tmp_path / "room.npz")


def test_only_scenes_with_depth_and_without_a_mesh_are_fused(tmp_path: Path) -> None:
    cache_file = tmp_path / "room.npz"
    dark = room({"cube": at(0, 2, 1)}, [looking("+y")])
    assert with_fused_mesh(dark, cache_file) is dark
    whole = with_depth(dark)
    assert with_fused_mesh(whole, cache_file) is whole
    tilted = replace(small(), is_level=False)
    assert with_fused_mesh(tilted, cache_file) is tilted
    assert not cache_file.exists()
    mesh = with_fused_mesh(small(), cache_file).mesh
    assert mesh is not None
    assert mesh.is_by_box
    assert cache_file.exists()
