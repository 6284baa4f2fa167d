"""Statistics of paths: published columns with their recorded faults, and the right ones beside."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from qagen.loaders.spatialvid.masks import open_masks
from qagen.spatialvid.statistics import dynamic_ratio, path_statistics, published_statistics
from tests.camera_paths import REAL, along, named_paths, path, real_outputs, real_rows, world_from_camera
from tests.loaders import spatialvid_files as files
from tests.spatialvid.test_compat import RECORDED_AS

LEG = 30
"""Steps of 0.05 units in one leg of a polyline."""


def polyline(*directions: ArrayLike) -> NDArray[np.float32]:
    steps = np.repeat(np.array(directions, np.float64), LEG, axis=0) * 0.05
    return path(np.vstack([np.zeros((1, 3)), np.cumsum(steps, axis=0)]))


AHEAD, BACK, RIGHT, LEFT = (0, 0, 1), (0, 0, -1), (1, 0, 0), (-1, 0, 0)
POLYLINES = {
    "straight": ((AHEAD,), 0),
    "L": ((AHEAD, RIGHT), 1),
    "U": ((AHEAD, RIGHT, BACK), 2),
    "there and back": ((AHEAD, BACK), 1),
    "zigzag": ((AHEAD, RIGHT, AHEAD, RIGHT), 2),
}


@pytest.mark.parametrize("name", POLYLINES)
def test_turns_of_polylines(name: str) -> None:
    directions, turns = POLYLINES[name]
    rows = polyline(*directions)
    assert published_statistics(rows).traj_turns == turns
    assert path_statistics(rows).turns == turns


def test_turns_of_a_circle() -> None:
    # The angle over a chord is the same everywhere on a circle: the published peaks are those of rounding.
    rows = named_paths()["circle"]
    assert published_statistics(rows).traj_turns == 3
    assert path_statistics(rows).turns == path_statistics(path(world_from_camera(rows)[1])).turns == 1


def test_recorded_columns_of_all_paths() -> None:
    for name, outputs in real_outputs("expected").items():
        rows = named_paths()[RECORDED_AS[name]] if name in RECORDED_AS else real_rows(name)
        found, recorded = published_statistics(rows), outputs["stats"]
        assert found.anomaly == recorded["anomaly"]
        assert found.move_dist == pytest.approx(recorded["moveDist"], abs=1e-4)
        assert found.dist_level == recorded["distLevel"]
        assert found.rot_angle == pytest.approx(recorded["rotAngle"], abs=1e-3 * len(rows))
        turns = recorded["trajTurns"]
        assert found.traj_turns == (turns if isinstance(turns, int) else None)


def test_a_camera_that_turns_in_place_is_not_moving() -> None:
    # At (0, 0, 2), 39 steps of one degree: t runs along an arc of 39 degrees of radius 2, 1.3613.
    rows = named_paths()["pan off the origin"]
    assert published_statistics(rows).move_dist == pytest.approx(1.3613, abs=1e-4)
    found = path_statistics(rows)
    assert found.path == pytest.approx(0, abs=1e-5)
    assert found.net == pytest.approx(0, abs=1e-6)
    assert found.turns == 0
    assert found.rotation == pytest.approx(math.radians(39), abs=1e-5)
    assert found.net_rotation == pytest.approx(math.radians(39), abs=1e-6)


def test_a_camera_that_does_not_turn_has_no_rotation() -> None:
    # The products of single-precision quaternions are one ulp below 1: 39 times arccos(1 - 2^-24) x 2.
    rows = named_paths()["heading 45"]
    assert published_statistics(rows).rot_angle == pytest.approx(0.0269, abs=1e-4)
    assert path_statistics(rows).rotation == 0


def test_the_sign_of_a_quaternion_is_no_turn() -> None:
    rows = named_paths()["pan off the origin"]
    assert published_statistics(rows).rot_angle == pytest.approx(0.6807, abs=1e-3)
    rows[20, 3:] *= -1
    assert published_statistics(rows).rot_angle == pytest.approx(13.177, abs=1e-2)
    assert path_statistics(rows).rotation == pytest.approx(0.6807, abs=1e-4)


def test_path_and_net_differ_where_the_camera_returns() -> None:
    # 29 steps of 0.05 ahead, one of none, 29 back.
    found = path_statistics(named_paths()["forth and back"])
    assert found.path == pytest.approx(2.9, abs=1e-5)
    assert found.net == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("length", "level"), [(0.079, 0), (0.081, 1), (0.279, 1), (0.281, 2), (0.93, 3), (2.42, 4)])
def test_levels_of_distance(length: float, level: int) -> None:
    assert published_statistics(path(along(AHEAD, np.linspace(0, length, 20)))).dist_level == level


def test_a_still_camera_has_no_turns() -> None:
    rows = named_paths()["still"]
    assert published_statistics(rows).traj_turns is None
    assert path_statistics(rows).turns == 0
    shaking = rows.copy()
    shaking[:, :3] += np.random.default_rng(0).normal(0, 0.005, (60, 3)).astype(np.float32)
    assert path_statistics(shaking).turns == 0


@pytest.mark.parametrize("count", [1, 2])
def test_one_and_two_rows(count: int) -> None:
    rows = named_paths()["forward 60"][:count]
    found = published_statistics(rows)
    assert (found.anomaly, found.dist_level, found.traj_turns) == (True, 0, None)
    assert found.move_dist == pytest.approx(0.05 * (count - 1))
    right = path_statistics(rows)
    assert (right.turns, right.rotation) == (0, 0)
    assert right.path == pytest.approx(0.05 * (count - 1))


def test_anomalies() -> None:
    rows = named_paths()["forward 60"]

    def noisy(sigma: float, seed: int) -> NDArray[np.float32]:
        noise = np.random.default_rng(seed).normal(0, sigma, (60, 3)).astype(np.float32)
        return rows + np.pad(noise, ((0, 0), (0, 4)))

    assert not published_statistics(rows).anomaly
    assert not any(published_statistics(noisy(0.002, seed)).anomaly for seed in range(20))
    assert all(published_statistics(noisy(0.02, seed)).anomaly for seed in range(20))
    jump = rows.copy()
    jump[30:, 0] += np.float32(0.04)
    assert published_statistics(jump).anomaly
    jump[30:, 0] -= np.float32(0.02)
    assert not published_statistics(jump).anomaly
    assert published_statistics(polyline(AHEAD, RIGHT)).anomaly
    assert published_statistics(rows[:3]).anomaly


def test_a_real_path() -> None:
    rows = real_rows("poses")
    assert published_statistics(rows).move_dist == pytest.approx(2.1070, abs=1e-4)
    assert path_statistics(rows).path == pytest.approx(1.7006, abs=1e-4)


@given(turn=st.tuples(*[st.floats(-3, 3)] * 3), shift=st.tuples(*[st.floats(-5, 5)] * 3))
def test_place_and_heading_of_the_world_do_not_matter(turn: tuple[float, ...], shift: tuple[float, ...]) -> None:
    rows = named_paths()["circle"].astype(np.float64)
    world, camera = Rotation.from_rotvec(turn), Rotation.from_quat(rows[:, 3:])
    moved = np.hstack([rows[:, :3] - (camera * world.inv()).apply(shift), (camera * world.inv()).as_quat()])
    first, second = path_statistics(rows), path_statistics(moved)
    assert first.turns == second.turns
    for name in ("path", "net", "rotation", "net_rotation"):
        assert getattr(first, name) == pytest.approx(getattr(second, name), abs=1e-6)


def test_share_of_moving_pixels(tmp_path) -> None:
    # Every mask has a block of 2 x 3 among 64 x 36 pixels; without that of row 0, three in four rows do.
    moving = files.masks()
    moving[0] = False
    np.savez(tmp_path / "masks.npz", allow_pickle=False, **files.sparse(moving))
    masks = open_masks(tmp_path / "masks.npz")
    assert dynamic_ratio(masks, range(4)) == pytest.approx(0.75 * 6 / (64 * 36))
    assert dynamic_ratio(masks, range(0, 4, 5)) == 0


def test_share_of_moving_pixels_in_a_real_clip() -> None:
    archive = REAL / "clip" / "dyn_masks.npz"
    if not archive.is_file():
        pytest.skip(f"{archive} is not here")
    masks = open_masks(archive)
    assert dynamic_ratio(masks, range(0, masks.rows, 5)) == pytest.approx(0.09519, abs=1e-5)
