"""Which box a measured pixel falls into."""

import numpy as np
from hypothesis import given, settings

from qagen.kernels.inside import NO_OBJECT, SEVERAL_OBJECTS, assign_pixels, own_box_depth
from tests import naive
from tests.kernels.randomness import random_intrinsics, random_transform, seeds

K = np.array([1.0, 1.0, 0.0, 0.0])
"""One pixel, whose ray is the camera's axis."""
EYE3 = np.eye(3)[None]
T = np.eye(4)


def claim(z, *spans, nested=None, core=None):
    """One pixel that measures z, and boxes around the axis between the given depths, the smallest first."""
    spans = np.array(spans, np.float64)
    centers = np.array([(0, 0, (near + far) / 2) for near, far in spans])
    halves = np.array([(1, 1, (far - near) / 2) for near, far in spans])
    bounds = np.stack([-halves, halves], axis=1)
    n = len(spans)
    nested = np.zeros((n, n), bool) if nested is None else np.array(nested)
    return assign_pixels(
        np.array([[z]], np.float32),
        K,
        T,
        centers,
        np.repeat(EYE3, n, axis=0),
        bounds,
        bounds if core is None else bounds * core,
        np.arange(n),
        nested,
        0.05,
        0.05,
        0.025,
    )


def owner_of(z, *spans, **more):
    return int(claim(z, *spans, **more)[0][0, 0])


def test_by_hand_a_box_claims_what_lies_in_it_and_a_little_before_it():
    # From 1 to 1.6 m; the tolerance at 1 m is max(0.05, 0.025): it begins at 0.95 m, and ends at 1.6 m sharply.
    for z, owner in (
        (0.94, NO_OBJECT),
        (0.96, 0),
        (1.3, 0),
        (1.59, 0),
        (1.61, NO_OBJECT),
        (0, NO_OBJECT),
        (np.inf, NO_OBJECT),
    ):
        assert owner_of(z, (1, 1.6)) == owner, z
    # At 4 m the tolerance is 0.1 m.
    assert owner_of(3.91, (4, 5)) == 0
    assert owner_of(3.89, (4, 5)) == NO_OBJECT


def test_by_hand_a_flat_box_is_as_deep_as_the_tolerance():
    # A picture 1 cm thick at 2 m: 2 - 0.05 to max(2.01, 2.05).
    assert [owner_of(z, (2, 2.01)) for z in (1.94, 1.96, 2.04, 2.06)] == [NO_OBJECT, 0, 0, NO_OBJECT]


def test_by_hand_two_boxes_share_a_pixel_unless_one_is_in_the_other():
    assert owner_of(1.5, (1, 2), (1.4, 3)) == SEVERAL_OBJECTS
    assert owner_of(2.5, (1, 2), (1.4, 3)) == 1
    inside = [[False, True], [False, False]]
    assert owner_of(1.5, (1.4, 1.6), (1, 3), nested=inside) == 0
    assert owner_of(2.5, (1.4, 1.6), (1, 3), nested=inside) == 1


def test_by_hand_what_is_counted():
    # Box 1 to 2 m. Measured: nothing, before it, just behind it (within the tolerance of 0.0525), far behind it.
    for z, touched, unmeasured, hidden in ((0, 0, 1, 0), (0.5, 0, 0, 1), (2.04, 1, 0, 0), (3, 0, 0, 0)):
        _, outline, *counts = claim(z, (1, 2))
        assert (outline.tolist(), *(int(count[0]) for count in counts)) == ([1], touched, unmeasured, hidden), z
    # Only the core, the middle half from 1.25 to 1.75 m, claims; all of it is touched.
    owner, _, touched, _, _ = claim(1.1, (1, 2), core=0.5)
    assert (int(owner[0, 0]), int(touched[0])) == (NO_OBJECT, 1)


def test_by_hand_behind_the_camera_is_nothing():
    owner, outline, touched, unmeasured, hidden = claim(1, (-2, -1))
    assert owner[0, 0] == NO_OBJECT
    assert [int(part[0]) for part in (outline, touched, unmeasured, hidden)] == [0, 0, 0, 0]


def random_boxes(rng, count):
    centers = rng.uniform(-1.5, 1.5, (count, 3)) + np.array([0, 0, 1.5])
    rotations = np.array([random_transform(rng)[:3, :3] for _ in range(count)]).reshape(-1, 3, 3)
    halves = rng.uniform(0.05, 0.8, (count, 3))
    bounds = np.stack([-halves, halves], axis=1)
    return centers, rotations, bounds


@settings(max_examples=40)
@given(seeds)
def test_claims_equal_twin(seed):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 9, 2)
    depth = rng.choice([0, np.nan, np.inf, *rng.uniform(0.2, 4, 6)], (height, width)).astype(np.float32)
    centers, rotations, bounds = random_boxes(rng, int(rng.integers(0, 4)))
    count = len(centers)
    nested = np.triu(rng.random((count, count)) < 0.4, 1)
    arguments = (
        depth,
        random_intrinsics(rng, width, height),
        random_transform(rng),
        centers,
        rotations,
        bounds,
        0.9 * bounds,
        np.arange(count),
        nested,
        0.05,
        0.05,
        0.025,
    )
    for found, expected in zip(assign_pixels(*arguments), naive.assign_pixels(*arguments), strict=True):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)


@settings(max_examples=40)
@given(seeds)
def test_own_box_depth_equals_twin(seed):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 9, 2)
    centers, rotations, bounds = random_boxes(rng, 3)
    instance = rng.integers(-1, 3, (height, width)).astype(np.int32)
    intrinsics, T_cw = random_intrinsics(rng, width, height), random_transform(rng)
    enter, leave = own_box_depth(instance, intrinsics, T_cw, centers, rotations, bounds, 0.05)
    for row, col in np.ndindex(instance.shape):
        item = instance[row, col]
        ray = np.linalg.solve(naive.intrinsic_matrix(intrinsics), [col, row, 1.0])
        box = (centers[item], rotations[item], bounds[item])
        span = naive.box_span(ray, T_cw, *box, 0.05) if item >= 0 else (np.inf, -np.inf)
        np.testing.assert_allclose((enter[row, col], leave[row, col]), span, rtol=1e-5)
