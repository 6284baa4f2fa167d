"""Rigid transforms: group laws, and names that cancel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from qagen.core.pose import Pose

meters = st.floats(-20, 20)
points = st.tuples(meters, meters, meters).map(np.array)


@st.composite
def poses(draw) -> Pose:
    axis_angle = [draw(st.floats(-3, 3)) for _ in range(3)]
    return Pose(Rotation.from_rotvec(axis_angle).as_matrix(), draw(points))


def close(a: Pose, b: Pose) -> bool:
    return np.allclose(a.matrix, b.matrix, atol=1e-9)


@given(poses(), poses(), poses())
def test_poses_are_a_group(a: Pose, b: Pose, c: Pose) -> None:
    assert close((a @ b) @ c, a @ (b @ c))
    assert close(a @ Pose.identity(), a)
    assert close(Pose.identity() @ a, a)
    assert close(a @ a.inverse(), Pose.identity())
    assert close(a.inverse() @ a, Pose.identity())
    assert close((a @ b).inverse(), b.inverse() @ a.inverse())


@given(poses(), poses(), points)
def test_names_cancel(world_from_room: Pose, room_from_camera: Pose, p_camera: np.ndarray) -> None:
    world_from_camera = world_from_room @ room_from_camera
    assert np.allclose(world_from_camera @ p_camera, world_from_room @ (room_from_camera @ p_camera))
    assert np.allclose(world_from_camera.inverse() @ (world_from_camera @ p_camera), p_camera, atol=1e-8)


@given(poses(), st.lists(points, min_size=1, max_size=5))
def test_many_points_are_moved_like_each(pose: Pose, several: list[np.ndarray]) -> None:
    assert np.allclose(pose @ np.array(several), [pose @ point for point in several])
    assert np.allclose(pose @ several[0], (pose.matrix @ [*several[0], 1])[:3])


def test_a_quarter_turn_then_a_shift() -> None:
    # A quarter turn about z takes x to y; then 1 m along x: (1, 0, 0) -> (0, 1, 0) -> (1, 1, 0).
    pose = Pose(np.array([[0, -1.0, 0], [1, 0, 0], [0, 0, 1]]), np.array([1.0, 0, 0]))
    assert np.allclose(pose @ np.array([1.0, 0, 0]), [1, 1, 0])
    # Back: (1, 1, 0) - (1, 0, 0) = (0, 1, 0), turned back to (1, 0, 0).
    assert np.allclose(pose.inverse() @ np.array([1.0, 1, 0]), [1, 0, 0])


@given(poses())
def test_matrices_round_trip(pose: Pose) -> None:
    assert close(Pose.from_matrix(pose.matrix), pose)
    assert close(Pose.from_matrix(pose.matrix[:3]), pose)
    drifted = Pose.from_matrix(pose.matrix.astype(np.float32))
    assert np.allclose(drifted.rotation @ drifted.rotation.T, np.eye(3), atol=1e-12)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.eye(3), r"shape \(3, 3\), expected \(4, 4\)"),
        (np.full((4, 4), np.inf), "an entry is not finite"),
        (np.diag([1, 1, 1, 2.0]), r"last row \[0.0, 0.0, 0.0, 2.0\]"),
        (np.diag([1.01, 1, 1, 1.0]), "rotation is 0.0201 from orthonormal, expected at most 0.001"),
        (np.diag([-1, 1, 1, 1.0]), r"rotation mirrors \(determinant -1\)"),
    ],
)
def test_a_matrix_that_is_no_pose_is_refused(matrix: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Pose.from_matrix(matrix)
