"""``qagen spatialvid check``: clips by reason, tables held against files, exit codes."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from qagen.__main__ import main
from tests.loaders import spatialvid_files as files

TABLE = "data/train/SpatialVID_HQ_metadata.csv"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files.write_clip(tmp_path)
    return tmp_path


def check(root: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["spatialvid", "check", str(root), *words])


def write_table(root: Path, text: str) -> None:
    (root / TABLE).parent.mkdir(parents=True)
    (root / TABLE).write_text(text)


def test_sound_clips_end_with_the_next_step(root: Path) -> None:
    result = check(root)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "1 clips, 1 of them can be used"
    assert f" generate --scene spatialvid --root {root}\n" in result.stderr


def test_clips_are_listed_by_reason(root: Path) -> None:
    for number in range(7):
        folder = files.write_clip(root, clip=f"clip{number}")
        (folder / "poses.npy").unlink()
    result = check(root)
    assert result.exit_code == 1
    assert "8 clips, 1 of them can be used" in result.stdout
    assert "7 a file is missing: Poses, intrinsics" in result.stdout
    assert "clip4" in result.stdout
    assert "clip5" not in result.stdout
    assert "and 2 more, which --all lists" in result.stdout
    assert "clip6" in check(root, "--all").stdout


def test_irregular_rows_are_no_fault(root: Path) -> None:
    (root / "annotations" / files.GROUP / files.CLIP / "indexes.txt").write_text("0 0\n1 2\n2 4\n3 7\n")
    result = check(root)
    assert result.exit_code == 0
    assert "1 irregular rows" in result.stdout
    assert "frames 0, 2, 4, 7" in result.stdout


def test_one_id_in_two_groups_is_a_fault(root: Path) -> None:
    files.write_clip(root, group="group_0062")
    result = check(root)
    assert result.exit_code == 1
    assert "2 clips, 0 of them can be used" in result.stdout
    assert f"found the id {files.CLIP} " not in result.stdout
    assert "found the id 2 times" in result.stdout


def test_tables_are_held_against_the_groups_on_disk(root: Path) -> None:
    rows = [f"{files.CLIP},61,60.0", "other,61,60", "elsewhere,62,60", f"{files.CLIP},61,0", "other,61,sixty"]
    write_table(root, "id,group id,fps\n" + "\n".join(rows) + "\n")
    result = check(root)
    assert result.exit_code == 1
    assert "2 listed without files" in result.stdout
    assert "2 repeated id" in result.stdout
    assert "fps: found '0', expected a number above 0" in result.stdout
    assert "fps: found 'sixty'" in result.stdout
    assert "elsewhere" not in result.stdout


def test_a_folder_without_clips_and_a_file_that_is_no_table_are_mistakes(root: Path, tmp_path: Path) -> None:
    (root / "empty").mkdir()
    result = check(root / "empty")
    assert result.exit_code == 2
    assert "clips: found none, expected annotations/group_0001" in result.stderr
    (tmp_path / "x.csv").write_text("name\n1\n")
    result = check(root, "--csv", str(tmp_path / "x.csv"))
    assert result.exit_code == 2
    assert "columns: found ['name'], expected also ['id']" in result.stderr


def test_damage_that_shows_only_in_images_is_found(root: Path) -> None:
    depth = root / "depths" / files.GROUP / f"{files.CLIP}.zip"
    shutil.copy(depth, root / "kept.zip")
    content = bytearray(depth.read_bytes())
    content[60] ^= 1
    depth.write_bytes(content)
    result = check(root)
    assert result.exit_code == 1
    assert "1 damaged depth" in result.stdout
    assert "00000.exr: cannot be unpacked" in result.stdout


def test_depth_of_another_aspect_is_a_fault(root: Path) -> None:
    depth = root / "depths" / files.GROUP / f"{files.CLIP}.zip"
    square = files.exr_bytes(Z=np.full((300, 300), 0.5, np.float16))
    files.write_depth(depth, {f"{row:05d}.exr": square for row in range(files.ROWS)})
    result = check(root)
    assert result.exit_code == 1
    assert "1 clips, 0 of them can be used" in result.stdout
    assert "depth images: found 300 x 300 pixels beside a video of 64 x 36, expected 584 x 328" in result.stdout


def test_a_table_that_does_not_fit_leaves_its_clips_usable(root: Path) -> None:
    write_table(root, f"id,group id,fps\n{files.CLIP},61,0\n{files.CLIP},61,30\n")
    result = check(root)
    assert result.exit_code == 1
    assert "1 clips, 1 of them can be used" in result.stdout
    assert "1 no frame rate" in result.stdout
    assert "1 repeated id" in result.stdout


def test_a_broken_table_is_told_before_clips_are_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_table(root, "name;id\n1;2\n")
    monkeypatch.setattr("qagen.spatialvid.check.clip_faults", lambda *_: pytest.fail("clips were read"))
    assert check(root).exit_code == 2


def test_the_next_step_can_be_pasted(root: Path) -> None:
    spaced = root / "my clips"
    files.write_clip(spaced)
    assert check(spaced).stderr.endswith(f"--root '{spaced}'\n")


def test_depth_that_lacks_is_told_and_no_fault(root: Path) -> None:
    # rows of 584 x 328: beyond the limit of 100 units, behind the camera, sound, and no image at all
    values = [np.full(files.DEPTH_SIZE[::-1], value, np.float16) for value in (0.005, -1, 1)]
    members = {f"{row:05d}.exr": files.exr_bytes(Z=disparity) for row, disparity in enumerate(values)}
    depth = root / "depths" / files.GROUP / f"{files.CLIP}.zip"
    files.write_depth(depth, members | {"00003.exr": b"no image"})
    result = check(root)
    assert result.exit_code == 0
    assert "1 unreadable depth: One depth image" in result.stdout
    assert f"{depth}: 00003.exr" in result.stdout
    assert "33% of the pixels are beyond 100 units, 33% have no disparity above 0" in result.stdout
