from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings

from qagen.kernels import raster
from qagen.kernels.raster import make_patches, rasterize
from tests import naive
from tests.kernels.randomness import random_intrinsics, random_transform, seeds

WIDTH, HEIGHT = 10, 8
K = np.array([10.0, 10.0, 4.5, 3.5])
ALL_FACES = np.array(list(combinations(range(12), 3)), np.int32)
QUAD = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def quad(left, top, right, bottom, z):
    """Corners (4, 3) of a rectangle that faces the camera of the identity pose."""
    return np.array([[left, top, z], [right, top, z], [right, bottom, z], [left, bottom, z]], np.float32)


def draw(vertices, faces, face_object, T_cw=None, intrinsics=K, width=WIDTH, height=HEIGHT, near_m=0.05):
    face_object = np.asarray(face_object, np.int32)
    n_objects = int(face_object.max(initial=-1)) + 1
    T_cw = np.eye(4) if T_cw is None else T_cw
    mesh = make_patches(vertices, faces, face_object)
    return rasterize(mesh, T_cw, intrinsics, width, height, near_m, n_objects)


def test_by_hand_patch():
    # At 2 m a metre is 10 / 2 = 5 pixels. u from 5 * -0.44 + 4.5 = 2.3 to 5 * 0.44 + 4.5 = 6.7: columns 3, 4, 5, 6.
    # v from 5 * -0.28 + 3.5 = 2.1 to 5 * 0.48 + 3.5 = 5.9: rows 3, 4, 5.
    depth, instance, unoccluded = draw(quad(-0.44, -0.28, 0.44, 0.48, 2), QUAD, [0, 0])
    expected = np.full((HEIGHT, WIDTH), -1)
    expected[3:6, 3:7] = 0
    np.testing.assert_array_equal(instance, expected)
    np.testing.assert_array_equal(depth, np.where(expected == 0, np.float32(2), np.inf))
    assert unoccluded.tolist() == [12]


def test_by_hand_pixel_centers_on_the_outline_are_covered():
    # u from 5 * -0.5 + 4.5 = 2 to 7, v from 5 * -0.3 + 3.5 = 2 to 5: the outline runs through pixel centers.
    vertices = quad(-0.5, -0.3, 0.5, 0.3, 2).astype(np.float64)
    instance = draw(vertices, QUAD, [0, 0])[1]
    assert (instance[2:6, 2:8] == 0).all()
    assert (instance == 0).sum() == 24


def test_by_hand_nearer_patch_hides():
    # The patch at 1 m: a metre is 10 pixels, so u from 2.3 to 6.7 and v from 2.1 to 5.9 as above. The wall at 2 m
    # fills the image. Alone, the wall would cover all 80 pixels.
    wall, patch = quad(-2, -2, 2, 2, 2), quad(-0.22, -0.14, 0.22, 0.24, 1)
    depth, instance, unoccluded = draw(np.vstack([wall, patch]), np.vstack([QUAD, QUAD + 4]), [0, 0, 1, 1])
    assert (instance[3:6, 3:7] == 1).all()
    assert (instance == 1).sum() == 12
    assert (instance == 0).sum() == 68
    np.testing.assert_array_equal(depth, np.where(instance == 1, 1, 2))
    assert unoccluded.tolist() == [80, 12]


def test_by_hand_face_of_no_object_hides_and_counts_for_nothing():
    wall, patch = quad(-2, -2, 2, 2, 2), quad(-0.22, -0.14, 0.22, 0.24, 1)
    depth, instance, unoccluded = draw(np.vstack([wall, patch]), np.vstack([QUAD, QUAD + 4]), [0, 0, -1, -1])
    assert (instance == -1).sum() == 12
    assert (depth == 1).sum() == 12
    assert unoccluded.tolist() == [80]


def test_by_hand_floor_through_the_near_plane():
    # A floor 1 m below the camera, from 10 m behind it to 10 m before it: row r sees it at z = 10 * 1 / (r - 3.5).
    # r = 4 would be 20 m, beyond its end; r = 5, 6, 7: 6.667, 4 and 2.857 m.
    floor = np.array([[-90, 1, -10], [90, 1, -10], [90, 1, 10], [-90, 1, 10]], np.float32)
    depth, instance, unoccluded = draw(floor, QUAD, [0, 0])
    rows = np.array([np.inf] * 5 + [10 / 1.5, 10 / 2.5, 10 / 3.5], np.float32)
    np.testing.assert_allclose(depth, np.tile(rows[:, None], (1, WIDTH)), rtol=1e-6)
    assert (instance[5:] == 0).all()
    assert unoccluded.tolist() == [30]


def test_by_hand_slanted_depth_is_perspective_correct():
    # The plane x = z - 2 meets the ray (x, z) = z * ((u - 4.5) / 10, 1) at z = 2 / (1 - (u - 4.5) / 10).
    slanted = np.array([[-1.5, -9, 0.5], [8, -9, 10], [8, 9, 10], [-1.5, 9, 0.5]], np.float32)
    depth, _, _ = draw(slanted, QUAD, [0, 0])
    np.testing.assert_allclose(depth[3], 2 / (1 - (np.arange(WIDTH) - 4.5) / 10), rtol=1e-6)


@settings(max_examples=60)
@given(seeds)
def test_equals_twin(seed):
    rng = np.random.default_rng(seed)
    width, height, near_m = 16, 12, 0.3
    T_cw, intrinsics = random_transform(rng), random_intrinsics(rng, width, height)
    vertices = rng.uniform(-3, 3, (12, 3)).astype(np.float32)
    faces = rng.choice(ALL_FACES, rng.integers(1, 15), replace=False)
    face_object = np.sort(rng.integers(-1, 3, len(faces))).astype(np.int32)
    mesh = make_patches(vertices, faces, face_object)
    depth, instance, unoccluded = rasterize(mesh, T_cw, intrinsics, width, height, near_m, 3)
    twin_depth, twin_instance, twin_alone, doubtful = naive.rasterize(
        vertices, faces, face_object, T_cw, intrinsics, width, height, near_m, 3
    )
    assert doubtful.sum() <= 2
    np.testing.assert_array_equal(instance[~doubtful], twin_instance[~doubtful])
    np.testing.assert_allclose(depth[~doubtful], twin_depth[~doubtful], rtol=1e-4)
    assert (np.abs(unoccluded - twin_alone) <= doubtful.sum()).all()


@given(seeds)
def test_neighbors_leave_no_gap(seed):
    """A bent, jittered sheet that fills the image, its corners often exactly on pixel centers."""
    rng = np.random.default_rng(seed)
    cols, rows = np.meshgrid(np.arange(-1, WIDTH + 2), np.arange(-1, HEIGHT + 2))
    jitter = rng.choice([0, 0.25, 0.3, 0.4999], (2, *cols.shape)) * rng.choice([-1, 1], (2, *cols.shape))
    z = rng.uniform(1, 4, cols.shape)
    # float64 corners here: float32 ones would never project exactly onto a pixel center
    sheet = np.stack([(cols + jitter[0] - 4.5) / 10 * z, (rows + jitter[1] - 3.5) / 10 * z, z], axis=-1)
    corner = np.arange(cols.size).reshape(cols.shape)
    a, b, c, d = corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    depth, _, _ = draw(sheet.reshape(-1, 3), faces.astype(np.int32), np.zeros(len(faces)))
    assert np.isfinite(depth).all()


@pytest.mark.parametrize("stretch", [pytest.param(1.2, id="before the camera"), pytest.param(4, id="cut")])
@settings(max_examples=20)
@given(seeds)
def test_an_edge_through_a_pixel_center_leaves_no_gap(stretch, seed):
    """Two faces meet in an edge from A to B through P, a point on the ray of a pixel center."""
    rng = np.random.default_rng(seed)
    for row, col in np.ndindex(HEIGHT, WIDTH):
        p = 0.5 * np.array([(col - K[2]) / K[0], (row - K[3]) / K[1], 1])
        a = 4 * (p + rng.uniform((-0.15, -0.15, 0), (0.15, 0.15, 0)))
        b = a + stretch * (p - a)  # at depth 0.2 or -4
        aside = np.array([p[1] * a[2] - p[2] * a[1], p[2] * a[0] - p[0] * a[2], 0])  # off the plane of camera, A and P
        vertices = np.array([a, b, p + aside, p - aside])
        faces = np.array([rng.permutation([0, 1, 2]), rng.permutation([0, 1, 3])], np.int32)
        depth, _, _ = draw(vertices, faces, [0, 0], near_m=0.1)
        assert np.isfinite(depth[row, col])


@given(seeds)
def test_cut_neighbors_leave_no_gap(seed):
    """A floor of many faces through the near plane: everything below the horizon is floor, nothing above it."""
    rng = np.random.default_rng(seed)
    x, z = np.meshgrid(np.linspace(-400, 400, 12), np.linspace(-5, 200, 9))
    inner = np.s_[1:-1, 1:-1]
    x[inner] += rng.uniform(-30, 30, x[inner].shape)
    z[inner] += rng.uniform(-8, 8, z[inner].shape)
    corner = np.arange(x.size).reshape(x.shape)
    a, b, c, d = corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    floor = np.stack([x.ravel(), np.ones(x.size), z.ravel()], axis=1).astype(np.float32)
    depth, _, _ = draw(floor, faces.astype(np.int32), np.zeros(len(faces)))
    below = np.arange(HEIGHT) > K[3]
    np.testing.assert_array_equal(np.isfinite(depth), np.tile(below[:, None], (1, WIDTH)))


@given(seeds)
def test_moving_world_and_camera_leaves_pixels(seed):
    """Quarter turns and steps of 1/16 m of corners on a 1/16 m grid are exact, so not one bit may change."""
    rng = np.random.default_rng(seed)
    vertices = (rng.integers(-40, 40, (20, 3)) / 16).astype(np.float32)
    faces = rng.integers(0, 20, (12, 3)).astype(np.int32)
    owner = np.sort(rng.integers(-1, 4, 12))
    move = np.eye(4)
    move[:3, :3] = np.eye(3)[rng.permutation(3)] * rng.choice([-1, 1], 3)
    move[:3, :3] *= np.linalg.det(move[:3, :3])
    move[:3, 3] = rng.integers(-40, 40, 3) / 16
    moved = draw(naive.to_camera(vertices, move).astype(np.float32), faces, owner, T_cw=np.linalg.inv(move))
    for image, moved_image in zip(draw(vertices, faces, owner), moved, strict=True):
        np.testing.assert_array_equal(image, moved_image)


def test_winding_does_not_matter():
    vertices = quad(-0.44, -0.28, 0.44, 0.48, 2)
    np.testing.assert_array_equal(draw(vertices, QUAD, [0, 0])[0], draw(vertices, QUAD[:, ::-1].copy(), [0, 0])[0])


def test_triangle_of_a_thousand_kilometers_fills_the_image():
    vertices = np.array([[-1e6, -1e6, 2], [1e6, -1e6, 2], [0, 1e6, 2]], np.float32)
    depth, _, unoccluded = draw(vertices, np.array([[0, 1, 2]], np.int32), [0])
    np.testing.assert_allclose(depth, 2, rtol=1e-6)
    assert unoccluded.tolist() == [WIDTH * HEIGHT]


@pytest.mark.parametrize(
    "vertices",
    [
        pytest.param([[0, 0, 2], [0, 0, 2], [0, 0, 2]], id="a point"),
        pytest.param([[-1, -1, 2], [0, 0, 2], [1, 1, 2]], id="a line through pixel centers"),
        pytest.param([[-1, -1, 0.01], [1, -1, 0.02], [0, 1, 0.04]], id="nearer than the near plane"),
        pytest.param([[-1, -1, 0], [1, -1, 0], [0, 1, 0]], id="at depth 0"),
        pytest.param([[-1, -1, -2], [1, -1, -2], [0, 1, -2]], id="behind the camera"),
        pytest.param([[9, -1, 2], [11, -1, 2], [9, 1, 2]], id="beside the image"),
        pytest.param([[-1, 0, -1], [1, 0, -1], [0, 0, 5]], id="edge-on, through the camera"),
    ],
)
def test_draws_nothing(vertices):
    intrinsics = np.array([10.0, 10, 5, 3])  # the optical axis meets a pixel center
    depth, instance, unoccluded = draw(
        np.array(vertices, np.float32), np.array([[0, 1, 2]], np.int32), [0], None, intrinsics
    )
    assert np.isinf(depth).all()
    assert (instance == -1).all()
    assert unoccluded.tolist() == [0]


def test_empty_inputs():
    no_faces = np.empty((0, 3), np.int32)
    for vertices in (np.empty((0, 3), np.float32), quad(-1, -1, 1, 1, 2)):
        depth, instance, unoccluded = draw(vertices, no_faces, np.empty(0))
        assert np.isinf(depth).all()
        assert (instance == -1).all()
        assert unoccluded.shape == (0,)
    assert draw(quad(-1, -1, 1, 1, 2), QUAD, [0, 0], width=0, height=0)[0].shape == (0, 0)


@given(seeds)
def test_the_size_of_patches_does_not_show(seed):
    rng = np.random.default_rng(seed)
    vertices = rng.uniform(-3, 3, (60, 3)).astype(np.float32)
    faces = rng.integers(0, 60, (50, 3)).astype(np.int32)
    face_object = rng.integers(-1, 3, len(faces)).astype(np.int32)
    view = random_transform(rng), random_intrinsics(rng, 16, 12), 16, 12, 0.3, 3
    with pytest.MonkeyPatch.context() as patch:
        images = []
        for size in (1, 7, 1000):
            patch.setattr(raster, "PATCH_FACES", size)
            images.append(rasterize(make_patches(vertices, faces, face_object), *view))
    for one, *others in zip(*images, strict=True):
        for other in others:
            np.testing.assert_array_equal(one, other)


def test_by_hand_patches_have_vertices_of_their_own():
    # Two squares of objects 1 and 0 that share the vertices 1 and 2: two patches, the one of object 0 first.
    vertices = np.arange(18, dtype=np.float32).reshape(6, 3)
    faces = np.array([[0, 1, 2], [2, 1, 5], [1, 3, 2]], np.int32)
    mesh = make_patches(vertices, faces, np.array([1, 1, 0], np.int32))
    assert mesh.objects.tolist() == [0, 1]
    assert mesh.face_starts.tolist() == [0, 1, 3]
    assert mesh.vertex_starts.tolist() == [0, 3, 7]
    assert sorted(map(tuple, mesh.vertices[mesh.faces[0]])) == sorted(map(tuple, vertices[[1, 3, 2]]))
    np.testing.assert_array_equal(mesh.bounds[1], [[0, 1, 2], [15, 16, 17]])
