"""``qagen spatialvid filter``: rules, counts, bytes that pass, mistakes."""

import os
import re
import tracemalloc
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qagen.__main__ import main
from qagen.errors import ConfigError
from qagen.spatialvid.rules import Rule, choose_rules, parse_rule, read_number
from qagen.spatialvid.table import column_index, read_rows

REAL = Path(os.environ.get("QAGEN_REAL", Path(__file__).parents[2] / "../shared/real")) / "spatialvid"
TABLES = REAL / "spatialvid_repo_outputs"
needs_real_tables = pytest.mark.skipif(not TABLES.is_dir(), reason=f"no real tables at {TABLES}; set QAGEN_REAL")

OFFICIAL = """id,aesthetic score,luminance mean,motion score,ocr score
at lower bounds,4,20,2,0
at upper bounds,9,140,14,0.3
ugly,3.99,80,5,0.1
dark,5,19.99,5,0.1
bright,5,140.01,5,0.1
still,5,80,1.99,0.1
wild,5,80,14.01,0.1
text,5,80,5,0.301
ugly and dark,1,1,5,0.1
unknown,5,80,,0.1
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text(OFFICIAL)
    return path


def sift(table: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["spatialvid", "filter", str(table), "--to", str(kept(table)), *words])


def kept(table: Path) -> Path:
    return table.with_name("kept.csv")


def ids(table: Path) -> list[str]:
    return [line.split(",")[0] for line in kept(table).read_text().splitlines()[1:]]


def counts(result: Result) -> dict[str, list[int]]:
    """Rule to its three numbers, as printed."""
    rows = re.findall(r"^(\S.*?) +(\d+) +(\d+) +(\d+)$", result.stdout, re.MULTILINE)
    return {rule: [int(cell) for cell in cells] for rule, *cells in rows}


def test_the_preset_keeps_the_official_intervals_with_their_bounds(table: Path) -> None:
    result = sift(table, "--preset", "spatialvid")
    assert result.exit_code == 0
    assert ids(table) == ["at lower bounds", "at upper bounds"]
    assert counts(result) == {
        "aesthetic score=4..": [2, 1, 0],
        "luminance mean=20..140": [3, 2, 0],
        "motion score=2..14": [3, 3, 1],
        "ocr score=..0.3": [1, 1, 0],
    }
    assert f"2 of 10 rows kept: {kept(table)}" in result.stdout


def test_nan_fails_unless_it_is_kept(table: Path) -> None:
    sift(table, "--keep", "motion score=0..100")
    assert "unknown" not in ids(table)
    result = sift(table, "--keep", "motion score=0..100", "--nan", "keep")
    assert "unknown" in ids(table)
    assert counts(result) == {"motion score=0..100": [0, 0, 1]}


def test_a_rule_wins_over_the_presets_of_its_column(table: Path) -> None:
    result = sift(table, "--preset", "spatialvid", "--keep", "motion=..2")
    assert list(counts(result)) == ["aesthetic score=4..", "luminance mean=20..140", "ocr score=..0.3", "motion=..2"]
    assert ids(table) == ["at lower bounds", "still"]


def test_columns_go_by_either_of_their_official_names(tmp_path: Path) -> None:
    table = tmp_path / "in.csv"
    table.write_text("luminance score,motion,num frames,resolution\n50,5,100,1280x720\n50,5,100,640x360\n")
    rules = ["luminance mean=20..140", "motion score=2..14", "num_frames=50..", "resolution=921600.."]
    sift(table, *(word for rule in rules for word in ("--keep", rule)))
    assert kept(table).read_text().splitlines()[1:] == ["50,5,100,1280x720"]


def test_kept_rows_keep_their_bytes(tmp_path: Path) -> None:
    table = tmp_path / "in.csv"
    header = b'\xef\xbb\xbfid,"x",caption\r\n'
    rows = [
        b'1, 5 ,"two\r\nlines, and ""quotes"""\r\n',
        b"2,007.50,\xff\xfe no UTF-8\n",
        b'"3","1e1",unneeded "quotes" within\n',
        b"\n",
        b"4,11,dropped\n",
        b"5,5,no line end",
    ]
    table.write_bytes(header + b"".join(rows))
    assert sift(table, "--keep", "x=5..10").exit_code == 0
    assert kept(table).read_bytes() == header + rows[0] + rows[1] + rows[2] + rows[5]


def test_no_row_kept_is_told(table: Path) -> None:
    result = sift(table, "--keep", "motion score=50..60")
    assert result.exit_code == 0
    assert "no row is kept" in result.stderr
    assert kept(table).read_text() == OFFICIAL.splitlines()[0] + "\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "found no rule, expected --keep or --preset spatialvid"),
        (["--keep", "motion scor=1..2"], "no column 'motion scor'. Did you mean 'motion score'?"),
        (["--keep", "motion score=5..2"], "no number is at least 5 and at most 2"),
        (["--keep", "motion score=.."], "expected 'COLUMN=LOW..HIGH'"),
        (["--keep", "motion score=5"], "expected 'COLUMN=LOW..HIGH'"),
        (["--keep", "motion score"], "--keep 'motion score': found"),
        (["--keep", "=1..2"], "expected 'COLUMN=LOW..HIGH'"),
        (["--keep", "motion score=a..b"], "found 'a..b', expected two numbers"),
        (["--keep", "motion score=nan..2"], "expected 'COLUMN=LOW..HIGH'"),
        (["--keep", "motion score=1..2", "--keep", "motion=1..3"], "found 2 rules of 'motion score', expected one"),
        (["--keep", "id=1..2"], "line 2: id: found 'at lower bounds', expected a number"),
        (["--preset", "spatialvidd"], "--preset"),
    ],
)
def test_mistakes_leave_nothing_behind(table: Path, words: list[str], message: str) -> None:
    result = sift(table, *words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert sorted(path.name for path in table.parent.iterdir()) == ["in.csv"]


def test_a_mistake_far_down_leaves_the_former_table(table: Path) -> None:
    kept(table).write_text("before\n")
    with table.open("a") as file:
        file.write("short row,1\n")
    result = sift(table, "--keep", "motion score=2..14")
    assert result.exit_code == 2
    assert "line 12: found 2 cells, expected 5" in result.stderr
    assert kept(table).read_text() == "before\n"


def test_a_missing_column_of_the_preset_is_told_with_the_rules_that_fit(tmp_path: Path) -> None:
    table = tmp_path / "in.csv"
    table.write_text("luminance mean,motion score\n50,5\n")
    result = sift(table, "--preset", "spatialvid")
    assert result.exit_code == 2
    assert "no column 'aesthetic score'" in result.stderr
    rules = "--keep 'luminance mean=20..140' --keep 'motion score=2..14'"
    assert result.stderr.rstrip().endswith(f"Rules that it has the columns for: {rules}")


def test_the_input_is_not_overwritten(table: Path) -> None:
    result = CliRunner().invoke(
        main, ["spatialvid", "filter", str(table), "--out", str(table), "--preset", "spatialvid"]
    )
    assert result.exit_code == 2
    assert table.read_text() == OFFICIAL


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "found no header"),
        (b"\n\n", "found no header"),
        (b"id;x\na;1,5\n", "line 1: found columns separated by ';', expected commas"),
        (b"id\tx\na\t1\n", "found columns separated by '\\t', expected commas"),
        (b"x,x\n1,2\n", "found column 'x' 2 times, expected it once"),
        (b"x,y\n1,2,3\n", "line 2: found 3 cells, expected 2"),
        (b'x\n"1\n2\n', "the row after line 1 is no CSV"),
        (b'x\n"1"2\n', "the row after line 1 is no CSV"),
        ("x\n1\n".encode("utf-16"), "found NUL bytes, expected a CSV table in UTF-8"),
        (b"PK\x03\x04\0\0", "found NUL bytes"),
        (b"x\n" + b"9" * (1 << 21), "found more than 1048576 bytes, expected a shorter line"),
        (b'x\n"' + b"9\n" * (1 << 17), "the row after line 1 is no CSV"),
        (b"x\n1_0\n", "line 2: x: found '1_0', expected a number"),
    ],
)
def test_damaged_tables_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    table = tmp_path / "in.csv"
    table.write_bytes(content)
    result = sift(table, "--keep", "x=0..10")
    assert result.exit_code == 2
    assert message in result.stderr
    assert not kept(table).exists()


def test_a_missing_table_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert "cannot be read (No such file" in sift(tmp_path / "none.csv", "--keep", "x=0..").stderr
    assert "cannot be read (Is a directory" in sift(tmp_path, "--keep", "x=0..").stderr


def test_rules_are_read_as_they_are_meant() -> None:
    assert parse_rule("a=b=-1.5..2e3") == Rule("a=b", -1.5, 2000, "a=b=-1.5..2e3")
    assert parse_rule("x= .5 .. ") == Rule("x", 0.5, float("inf"), "x= .5 .. ")
    assert [rule.text for rule in choose_rules(["ocr score=..1"], None)] == ["ocr score=..1"]
    assert read_number(" 1280x720 ".strip()) == 921600
    for text in ("", " ", "NaN", "None", "N/A"):
        assert read_number(text) != read_number(text)
    for text in ("x", "1x", "axb", "1,5"):
        with pytest.raises(ValueError, match="could not convert"):
            read_number(text)
    with pytest.raises(ConfigError, match="Did you mean 'luminance mean'"):
        column_index("luminanc mean", ["id", "luminance mean"], Path("t.csv"))


def test_rows_are_read_one_at_a_time(tmp_path: Path) -> None:
    table = tmp_path / "in.csv"
    table.write_text("id,x\n" + "some words of a caption that fill the row,5\n" * 100_000)
    tracemalloc.start()
    assert sum(1 for _ in read_rows(table)) == 100_001
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


@needs_real_tables
def test_real_tables_are_read(tmp_path: Path) -> None:
    for name, words, rows in (
        ("clips_info_lum.csv", ("--keep", "luminance mean=20..140"), 4),
        ("hq_metadata_row.csv", ("--preset", "spatialvid"), 1),
    ):
        table = tmp_path / name
        table.write_bytes((TABLES / name).read_bytes())
        assert sift(table, *words).exit_code == 0
        assert len(ids(table)) == rows
