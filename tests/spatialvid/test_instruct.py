"""``qagen spatialvid instruct``: files beside the poses, times, what is kept and what is left out."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from qagen.__main__ import main
from tests.camera_paths import along, path
from tests.loaders import spatialvid_files as files

ROWS = [{"labels": ["Dolly In"], "rows": [0, 3], "frames": [0, 6], "seconds": [0.0, 0.6]}]
"""Ahead by 0.1 a row at 10 frames a second, every second of which is a row."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files.write_clip(tmp_path)
    return tmp_path


def instruct(root: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["spatialvid", "instruct", str(root), *words])


def folder_of(root: Path, clip: str = files.CLIP) -> Path:
    return root / "annotations" / files.GROUP / clip


def read(root: Path, name: str = "instructions.json"):
    return json.loads((folder_of(root) / name).read_text())


def write_table(root: Path, text: str) -> Path:
    path = root / "data/train/SpatialVID_HQ_metadata.csv"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


def test_the_exact_mode_writes_the_official_file_and_spans(root: Path) -> None:
    result = instruct(root)
    assert result.exit_code == 0
    assert result.stdout == "1 clips: wrote 1 instructions.json and 1 instructions_exact.json\n"
    assert result.stderr.endswith(f" spatialvid stats {root} --to stats.csv\n")
    official = '{\n  "0->3": [\n    "Dolly In"\n  ]\n}'
    assert (folder_of(root) / "instructions.json").read_text() == official
    assert read(root, "instructions_exact.json") == ROWS


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["2025-09"], {"0->3": ["Stay"]}),
        (["2026-03", "--form", "enhanced"], {"0->3": ["Stay"]}),
        (["2026-04", "--form", "standard"], {"0->1": ["Dolly In"]}),
    ],
)
def test_published_modes_write_the_official_file_alone(root: Path, words: list[str], expected: dict) -> None:
    # The standard form has 2 of 4 rows, and smoothing leaves a tenth of the first step of 0.4.
    np.save(folder_of(root) / "poses.npy", files.POSES * np.array([2, 2, 2, 1, 1, 1, 1], np.float32))
    assert instruct(root, "--mode", *words).exit_code == 0
    assert read(root) == expected
    assert not (folder_of(root) / "instructions_exact.json").exists()


def test_the_exact_mode_sees_the_cameras_own_motion(root: Path) -> None:
    # Four steps of a turn to the right, by 90 degrees in all, then four ahead, which is x of the world.
    for name in ("poses.npy", "intrinsics.npy"):
        np.save(folder_of(root) / name, np.repeat(np.load(folder_of(root) / name)[:1], 9, axis=0))
    rows = np.arange(9)
    centers = along((1, 0, 0), 0.1 * np.maximum(rows - 4, 0))
    np.save(folder_of(root) / "poses.npy", path(centers, yaw=22.5 * np.minimum(rows, 4)))
    (folder_of(root) / "indexes.txt").write_text("".join(f"{row} {2 * row}\n" for row in rows))
    (folder_of(root) / "dyn_masks.npz").unlink()
    shutil.rmtree(root / "depths")
    files.write_video(root / "videos" / files.GROUP / f"{files.CLIP}.mp4", n_frames=18)
    assert instruct(root).exit_code == 0
    assert read(root) == {"0->4": ["Pan Right"], "4->8": ["Dolly In"]}
    assert read(root, "instructions_exact.json")[1] == {
        "labels": ["Dolly In"],
        "rows": [4, 8],
        "frames": [8, 16],
        "seconds": [0.8, 1.6],
    }


def test_files_that_exist_are_kept_unless_forced(root: Path) -> None:
    (folder_of(root) / "instructions.json").write_text("released")
    result = instruct(root)
    assert result.exit_code == 0
    assert "wrote 1 instructions_exact.json; kept 1 files that exist (--force replaces them)" in result.stdout
    assert (folder_of(root) / "instructions.json").read_text() == "released"
    assert "wrote nothing; kept 2 files" in instruct(root).stdout
    assert "wrote 1 instructions.json and 1 instructions_exact.json\n" in instruct(root, "--force").stdout
    assert read(root) == {"0->3": ["Dolly In"]}


def test_clips_that_do_not_fit_together_are_left_out_and_the_run_goes_on(root: Path) -> None:
    broken = files.write_clip(root, clip="broken")
    (broken / "indexes.txt").write_text("0 0\n1 2\n2 4\n")
    result = instruct(root)
    assert result.exit_code == 1
    assert "2 clips: wrote 1 instructions.json and 1 instructions_exact.json" in result.stdout
    assert "1 rows differ: " in result.stdout
    assert "rows: poses 4, intrinsics 4, indexes 3" in result.stdout
    assert not list(broken.glob("instr*"))
    assert read(root) == {"0->3": ["Dolly In"]}


def test_without_a_video_the_table_tells_the_times(root: Path) -> None:
    shutil.rmtree(root / "videos")
    result = instruct(root)
    assert result.exit_code == 0
    assert "1 have neither video nor fps (--csv names a table): their rows count as 0.2 s apart" in result.stdout
    assert [span["seconds"] for span in read(root, "instructions_exact.json")] == [None]
    # At 20 frames a second the 6 frames are 0.3 s.
    table = write_table(root, f"id,group id,fps\nother,61,5\n{files.CLIP},61,20.0\n{files.CLIP},62,7\n")
    assert "0.2 s apart" not in instruct(root, "--force").stdout
    assert read(root, "instructions_exact.json")[0]["seconds"] == [0.0, 0.3]
    elsewhere = table.rename(root / "clips.csv")
    assert "0.2 s apart" in instruct(root, "--force").stdout
    assert instruct(root, "--force", "--csv", str(elsewhere)).exit_code == 0
    assert instruct(root, "--force", "--mode", "2025-09").exit_code == 0


@pytest.mark.parametrize("rate", ["0", "-5", "nan", "inf", "sixty", ""])
def test_a_frame_rate_that_is_none_does_not_count(root: Path, rate: str) -> None:
    shutil.rmtree(root / "videos")
    write_table(root, f"id,group id,fps\n{files.CLIP},61,{rate}\n")
    assert "1 have neither video nor fps" in instruct(root).stdout


def test_an_unreadable_table_is_a_mistake(root: Path) -> None:
    shutil.rmtree(root / "videos")
    result = instruct(root, "--csv", str(root / "clips.csv"))
    assert result.exit_code == 2
    assert "clips.csv: cannot be read as a table" in result.stderr


def test_the_pipelines_layout(tmp_path: Path) -> None:
    source = files.write_clip(tmp_path / "release")
    arrays, images = tmp_path / "out/clip/reconstructions", tmp_path / "out/clip/img"
    arrays.mkdir(parents=True)
    images.mkdir()
    for name in ("poses.npy", "intrinsics.npy", "dyn_masks.npz"):
        shutil.copy(source / name, arrays)
    for frame in range(0, 8, 2):
        cv2.imwrite(str(images / f"frame_{frame:06d}.jpg"), np.zeros((files.HEIGHT, files.WIDTH, 3), np.uint8))
    result = instruct(tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "out/clip/instructions_exact.json").read_text()) == ROWS


def test_too_few_rows_for_the_standard_form_are_a_reason(root: Path) -> None:
    folder = folder_of(root)
    for name in ("poses.npy", "intrinsics.npy"):
        np.save(folder / name, np.load(folder / name)[:2])
    (folder / "indexes.txt").write_text("0 0\n1 2\n")
    (folder / "dyn_masks.npz").unlink()
    shutil.rmtree(root / "depths")
    result = instruct(root, "--mode", "2025-09", "--form", "standard")
    assert result.exit_code == 1
    assert "1 too few rows: " in result.stdout
    assert "rows: found 2, expected at least 3 for the standard form" in result.stdout
    assert instruct(root).exit_code == 0
    assert read(root) == {"0->1": ["Stay"]}  # one step of 0.2 s is too short for a motion


def test_mistakes(root: Path, tmp_path: Path) -> None:
    assert "expected one of 2025-09, 2026-03, 2026-04" in instruct(root, "--form", "standard").stderr
    assert instruct(root, "--form", "standard").exit_code == 2
    assert instruct(root, "--mode", "2025").exit_code == 2
    (tmp_path / "empty").mkdir()
    assert "clips: found none" in instruct(tmp_path / "empty").stderr
    (folder_of(root) / "instructions.json").mkdir()
    result = instruct(root, "--force")
    assert result.exit_code == 2
    assert "instructions.json: cannot be written" in result.stderr
    assert not list(folder_of(root).glob(".instr*"))
