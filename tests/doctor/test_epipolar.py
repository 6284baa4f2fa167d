"""The doctor on matched points: every misreading of poses and cameras is named, and lengths are held against depth."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.scene import DepthSource, Frame
from qagen.demo import demo_root
from qagen.doctor.epipolar import check_lengths, check_matches, triangulated
from qagen.doctor.examine import examine
from qagen.doctor.finding import Finding
from qagen.doctor.matches import MatchedPair
from qagen.loaders import make_loader
from tests.scenes import MemoryDepth, MemoryImage

CAMERA = Camera(500.0, 505.0, 322.0, 238.0, 640, 480)
POINTS = 80
Change = Callable[[MatchedPair], MatchedPair]


def walk(index: int) -> Pose:
    """A camera that walks along x, turns about its own axes, and stands nowhere special."""
    turned = Rotation.from_euler("yxz", (25 + 9 * index, 10 - 4 * index, 5 + 6 * index), degrees=True)
    return Pose(turned.as_matrix(), np.array([0.4 * index + 1, 0.1 * index - 2, 0.3 + 0.05 * index**2]))


def frame(index: int, depth: DepthSource | None = None) -> Frame:
    own = None if depth is None else CAMERA.scaled(320, 240)
    return Frame(str(index), MemoryImage(b""), depth, CAMERA, own, walk(index), float(index))


def pair(index: int, wall: float | None = None) -> MatchedPair:
    """Two frames and the pixels of points in front of the first, all at the depth of a wall where there is one."""
    rng = np.random.default_rng(index)
    first = frame(index, None if wall is None else MemoryDepth(np.full((240, 320), wall, np.float32)))
    second = frame(index + 1)
    pixels = rng.uniform((100, 80), (540, 400), (POINTS, 2))
    points = first.world_from_camera @ CAMERA.unproject(pixels, rng.uniform(1.5, 4.0, POINTS) if wall is None else wall)
    return MatchedPair(first, second, pixels, CAMERA.project(second.world_from_camera.inverse() @ points))


def changed(change: Callable[[Frame], Frame]) -> Change:
    return lambda one: replace(one, first=change(one.first), second=change(one.second))


def posed(convert: Callable[[Pose], Pose]) -> Change:
    return changed(lambda one: replace(one, world_from_camera=convert(one.world_from_camera)))


def zoomed(focal: float, center: float) -> Change:
    camera = replace(CAMERA, fx=focal * CAMERA.fx, fy=focal * CAMERA.fy, cx=center * CAMERA.cx, cy=center * CAMERA.cy)
    return changed(lambda one: replace(one, camera=camera))


def mirrored(one: MatchedPair) -> MatchedPair:
    def flip(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        return (CAMERA.width - 1, 0) + pixels * (-1, 1)

    return replace(one, first_pixels=flip(one.first_pixels), second_pixels=flip(one.second_pixels))


def judged(change: Change) -> Finding:
    finding = check_matches([change(pair(index)) for index in range(6)])
    assert finding is not None
    return finding


def test_points_of_sound_poses_fit() -> None:
    finding = judged(lambda one: one)
    assert finding.verdict == "ok"
    told = "100 % of the points that two images share fit their poses (480 in 6 pairs, 0.00 % of the image's side off)"
    assert finding.found == told


def test_the_unit_of_positions_does_not_matter() -> None:
    assert judged(posed(lambda pose: Pose(pose.rotation, 7 * pose.translation))).verdict == "ok"


FAULTS: dict[str, Change] = {
    "poses inverted (they are camera-from-world)": posed(lambda pose: pose.inverse()),
    "rotations transposed (rows and columns exchanged)": posed(lambda p: Pose(p.rotation.T.copy(), p.translation)),
    "camera axes from OpenGL": posed(lambda p: Pose(p.rotation @ np.diag([1.0, -1.0, -1.0]), p.translation)),
    "positions negated": posed(lambda pose: Pose(pose.rotation, -pose.translation)),
    "images mirrored (left and right exchanged)": mirrored,
    "focal lengths multiplied by 0.5": zoomed(2, 1),
    "focal lengths multiplied by 0.8": zoomed(1.25, 1),
    "intrinsics multiplied by 2": zoomed(0.5, 0.5),
    "intrinsics multiplied by 0.25": zoomed(4, 4),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_misreading_is_named(name: str) -> None:
    finding = judged(FAULTS[name])
    assert finding.verdict == "FAIL"
    assert f" off, with: {name}" in finding.advice


def test_a_focal_length_is_named_though_most_points_fit() -> None:
    # on an orbit about what is seen, a wrong focal length moves points by less than what passes
    turned = Rotation.from_euler("xy", (-6, -10), degrees=True).as_matrix()
    center = np.array([0, 0, 2.0])
    orbit = Pose(turned, center - turned @ center + (0, 0.05, 0))
    pairs = []
    for one in map(pair, range(6)):
        points = CAMERA.unproject(one.first_pixels, np.linspace(1.7, 2.3, POINTS))
        second = replace(one.second, world_from_camera=one.first.world_from_camera @ orbit)
        pixels = CAMERA.project(orbit.inverse() @ points)
        pairs.append(replace(one, second=second, second_pixels=pixels))
    finding = check_matches([zoomed(1.25, 1)(one) for one in pairs])
    assert finding is not None
    assert int(finding.found.split()[0]) >= 70
    assert finding.verdict == "FAIL"
    assert finding.advice.endswith("with: focal lengths multiplied by 0.8")


def test_a_left_handed_world_is_a_mirrored_image() -> None:
    mirror = np.diag([-1.0, 1.0, 1.0])
    finding = judged(posed(lambda pose: Pose(mirror @ pose.rotation @ mirror, mirror @ pose.translation)))
    assert "poses of a left-handed world" in finding.advice


def test_poses_of_other_images_fail_without_a_reading() -> None:
    wrong = [replace(one, second=frame(index + 4)) for index, one in enumerate(map(pair, range(6)))]
    finding = check_matches(wrong)
    assert finding is not None
    assert (finding.verdict, finding.advice[:30]) == ("FAIL", "no usual reading fits better: ")


def test_too_few_pairs_say_nothing() -> None:
    assert check_matches([pair(0), pair(1)]) is None


def test_rays_meet_where_their_point_is() -> None:
    # the second camera stands 1 to the right: the point (0.5, 0, 2) is on both rays, each atan(1/4) aside
    second = np.eye(4)
    second[0, 3] = 1
    depths, angle_deg = triangulated(np.array([[0.25, 0, 1.0]]), np.array([[-0.25, 0, 1.0]]), second)
    assert_allclose(depths, [[2, 2]])
    assert_allclose(angle_deg, [2 * np.degrees(np.arctan(0.25))])


@pytest.mark.parametrize(
    ("factor", "verdict", "advice"),
    [(1.0, "ok", ""), (1.15, "warn", ""), (1.3, "FAIL", "positions multiplied by 0.769, or depth by 1.3, would fit")],
)
def test_positions_are_held_against_depth(factor: float, verdict: str, advice: str) -> None:
    longer = posed(lambda pose: Pose(pose.rotation, factor * pose.translation))
    finding = check_lengths([longer(pair(index, wall=2.0)) for index in range(4)])
    assert finding is not None
    assert finding.verdict == verdict
    assert advice in finding.advice


def test_without_depth_nothing_is_said_of_lengths() -> None:
    assert check_lengths([pair(index) for index in range(6)]) is None


@pytest.mark.slow
@pytest.mark.parametrize("fault", [None, "rotations transposed (rows and columns exchanged)"])
def test_a_scene_without_depth_is_tested_on_its_images(fault: str | None) -> None:
    loader = make_loader("dl3dv", demo_root("dl3dv"))
    scene = loader.load(loader.scene_ids("train")[0])
    if fault is not None:
        turned = [
            Pose(one.world_from_camera.rotation.T.copy(), one.world_from_camera.translation) for one in scene.frames
        ]
        frames = (replace(one, world_from_camera=pose) for one, pose in zip(scene.frames, turned, strict=True))
        scene = replace(scene, frames=tuple(frames))
    (finding,) = (one for one in examine(scene)[0] if one.check == "matches")
    assert finding.verdict == ("ok" if fault is None else "FAIL")
    assert (fault or "") in finding.advice
