"""``qagen spatialvid stats``: one row a clip, published columns and right ones."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from qagen.__main__ import main
from tests.loaders import spatialvid_files as files

SHARE = f"{6 / (files.WIDTH * files.HEIGHT):.6f}"
"""2 x 3 pixels of every image move."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files.write_clip(tmp_path)
    return tmp_path


def stats(root: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["spatialvid", "stats", str(root), "--to", str(root / "stats.csv"), *words])


def table(root: Path) -> list[dict[str, str]]:
    with (root / "stats.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_of_known_values(root: Path) -> None:
    # Ahead by three times 0.1, not turning.
    result = stats(root)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"1 clips: 1 rows in {root / 'stats.csv'}\n"
    published = {"anomaly": "False", "moveDist": "0.300000", "distLevel": "2", "rotAngle": "0.000000"}
    published |= {"trajTurns": "0", "dynamicRatio": SHARE}
    right = {"path": "0.300000", "net": "0.300000", "rotation_rad": "0.000000", "net_rotation_rad": "0.000000"}
    right |= {"turns": "0", "dynamic_ratio": SHARE}
    assert table(root) == [{"id": files.CLIP, "group": files.GROUP, "rows": "4", **published, **right}]


def test_without_masks_and_video_the_rest_is_told(root: Path) -> None:
    shutil.rmtree(root / "videos")
    (root / "annotations" / files.GROUP / files.CLIP / "dyn_masks.npz").unlink()
    assert stats(root).exit_code == 0
    row = table(root)[0]
    assert (row["dynamicRatio"], row["dynamic_ratio"], row["path"]) == ("", "", "0.300000")


def test_clips_left_out_are_counted_and_listed(root: Path) -> None:
    for number in range(6):
        (files.write_clip(root, clip=f"broken{number}") / "poses.npy").write_bytes(b"no array")
    result = stats(root)
    assert result.exit_code == 1
    assert "7 clips: 1 rows in" in result.stdout
    assert "6 unreadable file: " in result.stdout
    assert "and 1 more, which --all lists" in result.stdout
    assert "broken5" in stats(root, "--all").stdout
    assert len(table(root)) == 1


def test_a_place_beyond_reason_leaves_the_clip_out(root: Path) -> None:
    poses = files.POSES.astype(np.float64)
    poses[2, 1] = -1e30
    np.save(root / "annotations" / files.GROUP / files.CLIP / "poses.npy", poses)
    result = stats(root)
    assert result.exit_code == 1
    assert "poses: found a translation of 1e+30 units in row 2, expected at most 1e+06" in result.stdout


def test_mistakes(root: Path) -> None:
    result = CliRunner().invoke(main, ["spatialvid", "stats", str(root), "--to", str(root / "stats.parquet")])
    assert result.exit_code == 2
    assert "expected a name that ends in .csv" in result.stderr
    assert CliRunner().invoke(main, ["spatialvid", "stats", str(root)]).exit_code == 2
