"""``qagen spatialvid score``: tables of videos and of ranges, what it refuses, how it goes on."""

import csv
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from qagen.__main__ import main
from qagen.spatialvid.score_table import ScoreTable
from tests.spatialvid.videos import even, write_video

COLUMNS = (
    "luminance mean,luminance min,luminance max,motion score,full luminance mean,full luminance min,full luminance max"
)


def score(*words: object) -> Result:
    return CliRunner().invoke(main, ["spatialvid", "score", *map(str, words)])


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """Two sound videos, one of which lies in a folder below, and a damaged one."""
    folder = tmp_path / "videos"
    write_video(folder / "b" / "steps.mkv", even(16, 89, 162))
    write_video(folder / "still.mkv", even(126, 126))
    (folder / "broken.mp4").write_bytes(b"nothing of the kind" * 50)
    (folder / "notes.txt").write_text("no video")
    return folder


@pytest.fixture
def table(videos: Path) -> Path:
    """A table as SpatialVID's, with cells that CSV must quote."""
    path = videos / "clips.csv"
    path.write_text(
        'video_path,id,frame_start,frame_end,"note, ours"\n'
        'b/steps.mkv,one,0,2,"say ""hi"", ü"\n'
        "still.mkv,two,0,1,\n"
        "b/steps.mkv,three,1,3,x\n"
    )
    return path


def test_a_folder_gives_a_row_for_each_video(videos: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.csv"
    result = score(videos, "--to", out)
    assert result.exit_code == 1
    header = f"video_path,id,num_frames,height,width,aspect_ratio,fps,resolution,{COLUMNS}"
    # Luma 16, 89, 162 is 0, 85, 170; motion 0, 73, 73. JPEG keeps even planes.
    assert out.read_text() == "\n".join(
        [
            header,
            f"{videos}/b/steps.mkv,steps,3,36,64,{64 / 36},25.0,64x36,85.0,0.0,170.0,{146 / 3},85.0,0.0,170.0",
            f"{videos}/broken.mp4,broken,,,,,,,,,,,,,",
            f"{videos}/still.mkv,still,2,36,64,{64 / 36},25.0,64x36,128.0,128.0,128.0,0.0,128.0,128.0,128.0",
            "",
        ]
    )
    assert "video: cannot be decoded (1): The file is damaged" in result.stdout
    assert "broken.mp4: cannot be read as a video" in result.stdout
    assert "2 of 3 rows scored" in result.stdout
    assert f" spatialvid filter {out} --keep 'luminance mean=20..140'" in result.stderr


def test_rows_of_a_table_are_parts_of_videos(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.csv"
    result = score(table, "--out", out)
    assert result.exit_code == 0
    assert out.read_text().splitlines() == [
        f'video_path,id,frame_start,frame_end,"note, ours",{COLUMNS}',
        f'b/steps.mkv,one,0,2,"say ""hi"", ü",42.5,0.0,85.0,{146 / 3},42.5,0.0,85.0',
        "still.mkv,two,0,1,,128.0,128.0,128.0,0.0,128.0,128.0,128.0",
        "b/steps.mkv,three,1,3,x,127.5,85.0,170.0,73.0,127.5,85.0,170.0",
    ]


def test_videos_are_looked_for_above_the_table_and_below_root(table: Path, tmp_path: Path) -> None:
    below = tmp_path / "videos" / "data" / "train" / "clips.csv"
    below.parent.mkdir(parents=True)
    table.rename(below)
    assert score(below, "--out", tmp_path / "a.csv").exit_code == 0
    elsewhere = tmp_path / "clips.csv"
    below.rename(elsewhere)
    assert score(elsewhere, "--root", tmp_path / "videos", "--out", tmp_path / "b.csv").exit_code == 0
    result = score(elsewhere, "--out", tmp_path / "c.csv")
    assert result.exit_code == 1
    assert "video: no file (3)" in result.stdout
    assert (tmp_path / "a.csv").read_text() == (tmp_path / "b.csv").read_text()


def test_a_metadata_table_names_whole_videos(videos: Path, tmp_path: Path) -> None:
    table = videos / "metadata.csv"
    table.write_text("id,video path,num frames\nx,b/steps.mkv,3\n")
    assert score(table, "--out", tmp_path / "out.csv").exit_code == 0
    assert rows_of(tmp_path / "out.csv")[0]["motion score"] == str(146 / 3)


def test_the_same_command_goes_on_where_it_stopped(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, whole = tmp_path / "out.csv", tmp_path / "whole.csv"
    assert score(table, "--out", whole).exit_code == 0
    enter, entered = ScoreTable.enter, list[int]()

    def stopping(self: ScoreTable, row: int, *rest: Any) -> None:
        if entered:
            raise KeyboardInterrupt
        entered.append(row)
        enter(self, row, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(ScoreTable, "enter", stopping)
        result = score(table, "--out", out)
    assert result.exit_code == 130
    assert "the same command goes on from there" in result.stderr
    assert [row for row, cells in enumerate(rows_of(out)) if cells["motion score"]] == entered

    again: list[int] = []
    monkeypatch.setattr(ScoreTable, "enter", lambda *rest: (again.append(rest[1]), enter(*rest)))
    result = score(table, "--out", out)
    assert result.exit_code == 0
    assert "1 of 3 rows are scored already" in result.stderr
    assert sorted(entered + again) == [0, 1, 2]
    assert out.read_bytes() == whole.read_bytes()


def test_the_number_of_workers_changes_nothing(table: Path, tmp_path: Path) -> None:
    for workers in (1, 3):
        score(table, "--out", tmp_path / f"{workers}.csv", "--workers", workers)
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "3.csv").read_bytes()


def test_another_table_is_not_overwritten(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("mine,all mine\n1,2\n")
    result = score(table, "--out", out)
    assert result.exit_code == 2
    assert "is another table, expected none, or scores of this input to go on with" in result.stderr
    assert out.read_text() == "mine,all mine\n1,2\n"
    result = score(table, "--out", table)
    assert result.exit_code == 2
    assert "is the table that is read" in result.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found no header, expected a CSV table"),
        ("video_path,id\n", "found a header alone, expected rows"),
        ("vide_path,id\na,b\n", "no column 'video_path'. Did you mean 'vide_path'?"),
        ("video_path,frame_start\na,0\n", "found one of frame_start and frame_end, expected both or none"),
        ("video_path,frame_start,frame_end\na,0,ten\n", "line 2: frame_end: found 'ten', expected a whole number"),
        ("video_path,frame_start,frame_end\na,0,1.5\n", "line 2: frame_end: found '1.5', expected a whole number"),
        ("video_path,frame_start,frame_end\na,-1,4\n", "line 2: frame_start: found '-1', expected a whole number"),
        ("video_path,frame_start,frame_end\na,0,1e999\n", "line 2: frame_end: found '1e999', expected a whole number"),
        ("video_path,frame_start,frame_end\na,,4\n", "line 2: frame_start: found '', expected a whole number"),
        ("video_path,frame_start,frame_end\na,9,4\n", "line 2: found frame_start 9 and frame_end 4, expected them in"),
        ("video_path,motion score\na,4\n", "found column 'motion score', which would be written; rename or drop it"),
        ("video_path,id\na\n", "line 2: found 1 cells, expected 2"),
        ('video_path,id\n"a,b\n', "the row after line 1 is no CSV"),
        ("video_path,id\na,\0\n", "line 2: found NUL bytes, expected a CSV table in UTF-8"),
    ],
)
def test_mistakes_in_a_table_are_told_before_any_work(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "in.csv").write_text(text)
    result = score(tmp_path / "in.csv", "--out", tmp_path / "out.csv")
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out.csv").exists()


def test_mistakes_in_the_arguments(videos: Path, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    for words, message in (
        ([tmp_path / "none"], "none: found nothing, expected a video, a folder or a CSV table"),
        ([videos / "b", videos / "clips.csv"], "expected one CSV alone, or videos"),
        ([videos, "--root", tmp_path], "--root: found it beside videos"),
        ([table, "--root", tmp_path / "none"], "--root"),
    ):
        result = score(*words, "--out", out)
        assert result.exit_code == 2
        assert message in result.stderr
    (tmp_path / "empty").mkdir()
    assert "found no video, expected files that end in .mp4" in score(tmp_path / "empty", "--out", out).stderr
    assert not out.exists()


def test_an_output_that_cannot_be_written_is_told_before_the_work(videos: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = score(videos, "--out", tmp_path / "file" / "out.csv")
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr
