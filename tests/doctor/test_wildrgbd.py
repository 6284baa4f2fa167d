"""The doctor tells videos of objects that are read wrongly: mirrored, transposed or of another unit."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from qagen.demo import demo_root
from qagen.doctor.examine import examine
from qagen.doctor.finding import Finding
from qagen.loaders.wildrgbd import WildRgbdLoader
from tests.loaders.test_wildrgbd import write_block, write_scene

MIRROR = np.diag([-1.0, 1, 1, 1])


def findings(folder: Path) -> dict[str, Finding]:
    (scene_id,) = WildRgbdLoader(folder).scene_ids("train")
    return {finding.check: finding for finding in examine(WildRgbdLoader(folder).load(scene_id))[0]}


def change_poses(folder: Path, change: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> None:
    lines = (folder / "cam_poses.txt").read_text().splitlines()
    rows = [(line.split()[0], change(np.array(line.split()[1:], float).reshape(4, 4))) for line in lines]
    text = [f"{name} {' '.join(map(str, matrix.ravel()))}\n" for name, matrix in rows]
    (folder / "cam_poses.txt").write_text("".join(text))


def with_rotation_transposed(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    changed = matrix.copy()
    changed[:3, :3] = matrix[:3, :3].T
    return changed


def in_millimeters(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    changed = matrix.copy()
    changed[:3, 3] *= 1000
    return changed


def test_a_sound_video_passes(tmp_path: Path) -> None:
    found = findings(write_block(tmp_path))
    assert found["poses"].verdict == "ok"
    assert found["depth scale"].verdict == "ok"
    assert found["labels"].found == "1 objects may be asked about (100 % of the annotated): box 1"
    assert "of a short list of classes" in found["labeled surface"].found
    assert not found["labeled surface"].found.startswith("100 %")  # the table has no annotation


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        (with_rotation_transposed, "rotations transposed"),
        (np.linalg.inv, "poses inverted"),
        (in_millimeters, "positions divided by 1000"),
    ],
)
def test_poses_of_another_meaning_fail(
    tmp_path: Path, change: Callable[[NDArray[np.float64]], NDArray[np.float64]], advice: str
) -> None:
    folder = write_block(tmp_path)
    change_poses(folder, change)
    found = findings(folder)["poses"]
    assert found.verdict == "FAIL"
    assert advice in found.advice


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A scene of the demo: the block on its table looks the same in a mirror."""
    shutil.copytree(demo_root("wildrgbd") / "remote_control", tmp_path / "remote_control")
    return tmp_path / "remote_control" / "scenes" / "scenes_000"


@pytest.mark.slow
def test_a_mirrored_path_fails(desk: Path) -> None:
    change_poses(desk, lambda matrix: MIRROR @ matrix @ MIRROR)
    found = findings(desk)["poses"]
    assert found.verdict == "FAIL"
    assert "no usual convention fits better" in found.advice


@pytest.mark.slow
def test_depth_of_another_unit_fails(desk: Path) -> None:
    for path in (desk / "depth").iterdir():
        Image.fromarray(np.asarray(Image.open(path)) * np.uint16(5)).save(path)  # 0.2 mm
    found = findings(desk)
    assert found["poses"].verdict == "FAIL"
    assert "depth divided by 5" in found["poses"].advice


def test_a_video_of_several_objects_is_no_failure(tmp_path: Path) -> None:
    folder = write_scene(tmp_path, {str(k): np.eye(4) for k in range(6)})
    assert findings(folder)["labels"].verdict == "warn"
