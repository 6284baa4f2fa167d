"""Motion of a camera in words: known paths, laws, and what may be asked about."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from qagen.core.motion import (
    AXES,
    FLOOR_UNITS_PER_S,
    OPPOSITES,
    STAY,
    Certainty,
    Motion,
    Segment,
    motion_of,
    rotation_vectors,
)
from tests.camera_paths import (
    ROW_S,
    along,
    named_paths,
    path,
    real_outputs,
    real_rows,
    segments_of,
    times,
    world_from_camera,
)

EXPECTED = {
    "forward 60": "0->59 Dolly In",
    "forward 17": "0->16 Dolly In",
    "pan": "0->59 Pan Right",
    "forward, stop": "0->30 Dolly In, 30->59 Stay",
    "forth and back": "0->29 Dolly In, 29->30 Stay, 30->59 Dolly Out",
    "heading 180": "0->39 Dolly In",
    "heading 45": "0->39 Dolly In",
    "pan off the origin": "0->39 Pan Right",
    "turn, walk": "0->30 Pan Right, 30->74 Dolly In",
    "circle": "0->59 Truck Right+Pan Left",
    "still": "0->59 Stay",
    "aside": "0->39 Truck Right",
}
MIXED = ("forward, stop", "forth and back", "turn, walk", "circle")
MIRRORED = {label: OPPOSITES[label] for axis in (1, 3, 5) for label in AXES[axis]}
FORWARD = (0, 0, 1)


def motion(rows: NDArray, floor: float = FLOOR_UNITS_PER_S) -> Motion:
    return motion_of(*world_from_camera(rows), times(rows), floor)


def spelt(found: Motion) -> dict[str, list[str]]:
    return {segment.key: list(segment.labels) for segment in found.segments()}


def steady(rate: float, rows: int) -> NDArray:
    """A dolly of a rate in units per second after a fast one of one unit per second: its threshold is 0.2."""
    speeds = np.concatenate([np.ones(40), np.full(rows, rate)])
    return path(along(FORWARD, np.concatenate([[0], np.cumsum(speeds * ROW_S)])))


@pytest.mark.parametrize("name", EXPECTED)
def test_known_paths(name: str) -> None:
    assert spelt(motion(named_paths()[name])) == segments_of(EXPECTED[name])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("poses", "0->47 Dolly In, 47->57 Dolly In+Pan Right"),
        (
            "poses1",
            "0->6 Dolly In+Pedestal Down+Pan Right+Roll CCW, "
            "6->11 Dolly In+Truck Left+Pedestal Down+Pan Right+Roll CCW, "
            "11->14 Truck Left+Pan Right+Roll CCW",
        ),
    ],
)
def test_real_paths(name: str, text: str) -> None:
    assert spelt(motion(real_rows(name))) == segments_of(text) == real_outputs("exact")[name]


@pytest.mark.parametrize(
    ("label", "rows"),
    [
        ("Dolly In", path(along((0, 0, 1), np.arange(9)))),
        ("Dolly Out", path(along((0, 0, -1), np.arange(9)))),
        ("Truck Right", path(along((1, 0, 0), np.arange(9)))),
        ("Truck Left", path(along((-1, 0, 0), np.arange(9)))),
        ("Pedestal Down", path(along((0, 1, 0), np.arange(9)))),
        ("Pedestal Up", path(along((0, -1, 0), np.arange(9)))),
        ("Pan Right", path(np.zeros((9, 3)), yaw=3.0 * np.arange(9))),
        ("Pan Left", path(np.zeros((9, 3)), yaw=-3.0 * np.arange(9))),
        ("Tilt Up", path(np.zeros((9, 3)), pitch=3.0 * np.arange(9))),
        ("Tilt Down", path(np.zeros((9, 3)), pitch=-3.0 * np.arange(9))),
        ("Roll CW", path(np.zeros((9, 3)), roll=3.0 * np.arange(9))),
        ("Roll CCW", path(np.zeros((9, 3)), roll=-3.0 * np.arange(9))),
    ],
)
def test_each_word_alone(label: str, rows: NDArray) -> None:
    found = motion(rows)
    assert found.segments() == (Segment(0, 8, (label,)),)
    assert found.certainty(label, 0, 8) is Certainty.HOLDS
    assert {found.certainty(other, 0, 8) for other in [*OPPOSITES, STAY] if other != label} == {Certainty.ABSENT}


def test_rates_are_per_second_whatever_the_spacing() -> None:
    # One unit and 10 degrees a second, at rows 0, 0.2, 0.5, 0.6, 1.4 and 2 s.
    seconds = np.array([0, 0.2, 0.5, 0.6, 1.4, 2.0])
    rotations, centers = world_from_camera(path(along((1, 0, 0), seconds), roll=10 * seconds).astype(np.float64))
    rates = motion_of(rotations, centers, seconds).rates
    assert np.allclose(np.hypot(rates[:, 1], rates[:, 2]), 1, atol=1e-3)  # the axes roll with the camera
    assert np.allclose(rates[:, 5], 10, atol=1e-3)


def test_gaps_and_short_runs_are_told_in_seconds() -> None:
    # At 10 rows a second a pause of 2 steps is 0.2 s and passed over, one of 3 steps is 0.3 s and stays; so are moves.
    def lasting(steps: int, of: float, around: float, step_s: float) -> dict[str, list[str]]:
        speeds = np.concatenate([np.full(10, around), np.full(steps, of), np.full(10, around)])
        centers = along(FORWARD, np.concatenate([[0], np.cumsum(speeds * step_s)]))
        return spelt(motion_of(*world_from_camera(path(centers)), np.arange(len(centers)) * step_s))

    assert lasting(3, 0.0, 1.0, 0.1) == segments_of("0->10 Dolly In, 10->13 Stay, 13->23 Dolly In")
    assert lasting(3, 0.0, 1.0, 0.09) == segments_of("0->23 Dolly In")
    assert lasting(3, 1.0, 0.0, 0.1) == segments_of("0->10 Stay, 10->13 Dolly In, 13->23 Stay")
    assert lasting(3, 1.0, 0.0, 0.09) == segments_of("0->23 Stay")


def test_a_motion_goes_on_below_its_threshold_in_both_directions() -> None:
    # The threshold is 0.2; 0.13 is above 0.6 of it and joins the fast part, before it or after it; 0.11 does not.
    assert spelt(motion(steady(0.13, 20))) == segments_of("0->60 Dolly In")
    assert spelt(motion(steady(0.11, 20))) == segments_of("0->40 Dolly In, 40->60 Stay")
    backwards = steady(0.13, 20)[::-1]
    assert spelt(motion(backwards)) == segments_of("0->60 Dolly Out")


def test_the_floor_decides_where_everything_is_slow() -> None:
    slow = path(along(FORWARD, 0.03 * ROW_S * np.arange(20)))
    assert spelt(motion(slow)) == segments_of("0->19 Dolly In")
    assert spelt(motion(slow, floor=0.05)) == segments_of("0->19 Stay")
    assert spelt(motion(path(np.zeros((20, 3)), yaw=1.9 * ROW_S * np.arange(20)))) == segments_of("0->19 Stay")
    assert spelt(motion(path(np.zeros((20, 3)), yaw=2.1 * ROW_S * np.arange(20)))) == segments_of("0->19 Pan Right")


def test_short_paths() -> None:
    assert motion(path(np.zeros((1, 3)))).segments() == ()
    assert spelt(motion(path(along(FORWARD, np.arange(2))))) == segments_of("0->1 Stay")  # 0.2 s
    assert spelt(motion(path(along(FORWARD, np.arange(3))))) == segments_of("0->2 Dolly In")
    assert spelt(motion(path(np.zeros((3, 3))))) == segments_of("0->2 Stay")


def test_a_leap_leaves_the_motion_around_it() -> None:
    t = np.arange(40) * ROW_S
    centers = np.column_stack([0 * t, 0 * t, 0.25 * t]).astype(np.float64)
    centers[20:] -= (0.3, 0, 0.5)
    assert spelt(motion_of(np.tile(np.eye(3), (40, 1, 1)), centers, t)) == {"0->39": ["Dolly In"]}


def test_two_wild_steps_leave_the_rates_as_they_are() -> None:
    rows = named_paths()["forward 60"]
    rows[30:, 0] += 0.5
    rows[31:, 0] += 0.5
    assert np.allclose(motion(rows).rates, [[0.25, 0, 0, 0, 0, 0]], atol=1e-5)


# --- laws -------------------------------------------------------------------------------------------------------------


turns = st.tuples(*[st.floats(-3, 3)] * 3).map(Rotation.from_rotvec)


@pytest.mark.parametrize("name", [*EXPECTED, "poses", "poses1"])
@settings(max_examples=10)
@given(turn=turns, shift=st.tuples(*[st.floats(-5, 5)] * 3), scale=st.sampled_from([0.01, 7, 100]))
def test_place_heading_and_scale_of_the_world_do_not_matter(name: str, turn, shift, scale: float) -> None:
    rows = named_paths()[name] if name in EXPECTED else real_rows(name)
    rotations, centers = world_from_camera(rows)
    moved = turn.as_matrix() @ rotations, turn.apply(centers) + shift
    assert spelt(motion_of(*moved, times(rows))) == spelt(motion(rows))
    scaled = motion_of(rotations, scale * centers, times(rows), scale * FLOOR_UNITS_PER_S)
    assert spelt(scaled) == spelt(motion(rows))


@pytest.mark.parametrize("name", [*EXPECTED, "poses", "poses1"])
def test_a_mirror_swaps_truck_pan_and_roll(name: str) -> None:
    rows = named_paths()[name] if name in EXPECTED else real_rows(name)
    rotations, centers = world_from_camera(rows)
    flip = np.diag([-1.0, 1, 1])
    mirrored = spelt(motion_of(flip @ rotations @ flip, centers @ flip, times(rows)))
    plain = spelt(motion(rows)).items()
    assert mirrored == {key: [MIRRORED.get(label, label) for label in labels] for key, labels in plain}


@pytest.mark.parametrize("name", EXPECTED)
def test_time_reversed_swaps_every_pair(name: str) -> None:
    rows, last = named_paths()[name], len(named_paths()[name]) - 1
    swapped = [
        Segment(
            last - segment.end, last - segment.start, tuple(OPPOSITES.get(label, label) for label in segment.labels)
        )
        for segment in reversed(motion(rows).segments())
    ]
    assert motion(rows[::-1]).segments() == tuple(swapped)


@pytest.mark.parametrize("name", MIXED)
def test_noise_of_a_hundredth_of_a_step_changes_nothing(name: str) -> None:
    rows, rng = named_paths()[name], np.random.default_rng(5)
    step = 0.01 * np.linalg.norm(np.diff(world_from_camera(rows)[1], axis=0), axis=1).max()
    for _ in range(20):
        noisy = rows.copy()
        noisy[:, :3] += rng.normal(0, step, (len(rows), 3))
        assert spelt(motion(noisy)) == segments_of(EXPECTED[name])


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_segments_cover_the_path_without_a_gap(rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    centers = np.cumsum(rng.normal(0, 0.1, (rows, 3)), axis=0)
    rotations = Rotation.from_rotvec(np.cumsum(rng.normal(0, 0.05, (rows, 3)), axis=0)).as_matrix()
    seconds = np.cumsum(rng.uniform(0.01, 0.5, rows))
    found = motion_of(rotations, centers, seconds).segments()
    bounds = [segment.start for segment in found] + [rows - 1]
    assert bounds[0] == 0
    assert [segment.end for segment in found] == bounds[1:]
    assert all(a.labels != b.labels for a, b in pairwise(found))
    assert not any({label, OPPOSITES.get(label)} <= set(item.labels) for item in found for label in item.labels)


@given(st.tuples(*[st.floats(-1, 1)] * 3), st.floats(0, np.pi))
def test_rotation_vectors_are_those_of_scipy(axis: tuple[float, ...], angle: float) -> None:
    turn = Rotation.from_rotvec(angle * np.array(axis) / max(float(np.linalg.norm(axis)), 1e-3))
    again = Rotation.from_rotvec(rotation_vectors(turn.as_matrix()[None]))
    assert (again * turn.inv()).magnitude().max() < 1e-7


# --- what may be asked ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (0.31, Certainty.HOLDS),  # of the threshold 0.2: 1.55
        (0.29, Certainty.DOUBTFUL),
        (0.11, Certainty.DOUBTFUL),
        (0.09, Certainty.ABSENT),
        (-0.31, Certainty.ABSENT),
    ],
)
def test_a_motion_is_sure_far_from_its_threshold_only(rate: float, expected: Certainty) -> None:
    found = motion(steady(rate, 20))
    assert np.isclose(found.thresholds[0], 0.2)
    assert found.certainty("Dolly In", 42, 58) is expected
    opposite = Certainty.HOLDS if rate < 0 else Certainty.ABSENT
    assert found.certainty("Dolly Out", 42, 58) is opposite


def test_a_sure_motion_lasts() -> None:
    found = motion(named_paths()["forward, stop"])  # stops at row 30
    assert found.certainty("Dolly In", 27, 59) is Certainty.HOLDS  # three steps, 0.6 s
    assert found.certainty("Dolly In", 28, 59) is Certainty.DOUBTFUL
    assert found.certainty("Dolly In", 30, 59) is Certainty.ABSENT
    assert found.certainty(STAY, 27, 33) is Certainty.HOLDS
    assert found.certainty(STAY, 27, 32) is Certainty.DOUBTFUL
    assert found.certainty(STAY, 0, 30) is Certainty.ABSENT


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 3), (4, 3), (0, 17)])
def test_spans_outside_the_path_are_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="rising span of rows 0 to 16"):
        motion(named_paths()["forward 17"]).certainty("Dolly In", start, end)


def test_unknown_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="no label 'Zoom In', expected one of Dolly In, "):
        motion(named_paths()["forward 17"]).certainty("Zoom In", 0, 3)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda r, c, t, f: (r[:-1], c, t, f), "shapes"),
        (lambda r, c, t, f: (r, c[:, :2], t, f), "shapes"),
        (lambda r, c, t, f: (r[:0], c[:0], t[:0], f), "shapes"),
        (lambda r, c, t, f: (r, np.where(c == c.max(), np.nan, c), t, f), "not finite"),
        (lambda r, c, t, f: (r, c, t[::-1], f), "do not rise"),
        (lambda r, c, t, f: (r, c, 0 * t, f), "do not rise"),
        (lambda r, c, t, f: (r, c, t, 0.0), "more than 0"),
        (lambda r, c, t, f: (r, c, t, np.nan), "more than 0"),
    ],
)
def test_damaged_paths_are_refused(damage, message: str) -> None:
    rows = named_paths()["forward 17"]
    with pytest.raises(ValueError, match=message):
        motion_of(*damage(*world_from_camera(rows), times(rows), FLOOR_UNITS_PER_S))
