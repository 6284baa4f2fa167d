"""The data JSON of a run: what it lists, that it counts, and that trainers' own way of reading it works."""

import json
import tracemalloc
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qagen.errors import QagenError
from qagen.index import main
from qagen.records.entries import count_lines

RECORD = {"id": "room_1", "type": "obj_count", "image": ["room/0.jpg"], "conversations": []}


def write_lines(out: Path, place: str, lines: int, name: str | None = None) -> Path:
    """A file of ``lines`` records at <dataset>/qa_jsonl/<split>/<type>/<format>."""
    path = out / place
    path = path / (name or f"{path.name}_{lines}.jsonl")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(RECORD) + "\n" for _ in range(lines)))
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    write_lines(folder, "scannet/qa_jsonl/train/obj_count/fill", 1700)
    write_lines(folder, "scannet/qa_jsonl/train/nav_video/sentence", 3)
    write_lines(folder, "scannet/qa_jsonl/val/obj_count/fill", 2)
    write_lines(folder, "posed/qa_jsonl/train/room_size/select", 4)
    return folder


def run(out: Path, *options: str) -> Result:
    return CliRunner().invoke(main, [str(out), "--out", str(out.parent / "data_jsons"), *options])


def read(out: Path, name: str) -> dict:
    return json.loads((out.parent / "data_jsons" / name).read_text())


def refusal(result: Result) -> str:
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    return line


def test_each_dataset_gets_a_json_of_its_training_files(out):
    result = run(out)
    assert result.exit_code == 0, result.output
    assert [Path(line).name for line in result.output.splitlines()] == ["posed_1k.json", "scannet_2k.json"]
    index = read(out, "scannet_2k.json")
    assert list(index) == ["scannet_nav_video_sentence", "scannet_obj_count_fill"]
    assert index["scannet_obj_count_fill"] == {
        "root": str(out / "scannet/images"),
        "annotation": str(out / "scannet/qa_jsonl/train/obj_count/fill/fill_1700.jsonl"),
        "repeat_time": 1,
        "length": 1700,
        "data_augment": False,
    }


def test_a_count_in_a_name_is_not_believed_and_the_file_keeps_its_name(out):
    path = write_lines(out, "posed/qa_jsonl/train/room_size/select", 7, "select_4.jsonl")
    run(out)
    assert read(out, "posed_1k.json")["posed_room_size_select"]["length"] == 7
    assert path.exists()


def test_another_split_only_when_asked(out):
    assert run(out, "--split", "val").exit_code == 0
    assert read(out, "scannet_val_1k.json")["scannet_obj_count_fill"]["length"] == 2
    assert refusal(run(out, "--split", "vol")) == "qagen: --split: no records of split 'vol'. Did you mean 'val'?"


def test_two_files_of_one_format_are_two_entries_that_still_end_in_the_format(out):
    write_lines(out, "posed/qa_jsonl/train/room_size/select", 5, "select_more.jsonl")
    run(out)
    told = {name: entry["length"] for name, entry in read(out, "posed_1k.json").items()}
    assert told == {"posed_room_size_select": 4, "posed_room_size_2_select": 5}


def test_relative_paths_open_from_the_folder_they_are_relative_to(out, monkeypatch):
    run(out, "--relative-to", str(out.parent))
    entry = read(out, "scannet_2k.json")["scannet_nav_video_sentence"]
    assert entry["root"] == "out/scannet/images"
    monkeypatch.chdir(out.parent)
    with open(entry["annotation"]) as lines:  # noqa: PTH123 - as trainers open it
        assert len(lines.readlines()) == entry["length"] == 3


def test_a_file_without_a_line_is_left_out(out):
    write_lines(out, "posed/qa_jsonl/train/obj_count/fill", 0)
    run(out)
    assert list(read(out, "posed_1k.json")) == ["posed_room_size_select"]


@pytest.mark.parametrize(("content", "lines"), [(b"", 0), (b"{}", 1), (b"{}\n", 1), (b"{}\n{}", 2), (b"{}\n{}\n", 2)])
def test_lines_are_counted_as_trainers_count_them(tmp_path, content, lines):
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    assert count_lines(path) == lines == len(path.open().readlines())


@pytest.mark.parametrize(("content", "line"), [(b"\n{}\n", 1), (b"{}\n\n{}\n", 2), (b"{}\n{}\n\n", 3)])
def test_an_empty_line_is_refused_with_its_number_wherever_chunks_end(tmp_path, monkeypatch, content, line):
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    for size in range(1, 8):
        monkeypatch.setattr("qagen.records.entries.CHUNK_BYTES", size)
        with pytest.raises(QagenError, match=f"a.jsonl:{line}: found an empty line, expected a record"):
            count_lines(path)


def test_counting_needs_no_memory_that_grows_with_the_file(tmp_path):
    path = tmp_path / "long.jsonl"
    path.write_bytes(b'{"id": "room_1", "conversations": []}\n' * 500_000)
    tracemalloc.start()
    assert count_lines(path) == 500_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


def test_nothing_is_written_when_one_of_the_files_is_bad(out):
    (out / "scannet/qa_jsonl/train/obj_count/fill/fill_1700.jsonl").write_text("{}\n\n")
    assert "fill_1700.jsonl:2: found an empty line" in refusal(run(out))
    assert not (out.parent / "data_jsons").exists()


def test_an_index_of_another_run_is_not_overwritten(out, tmp_path):
    run(out)
    other = tmp_path / "other"
    write_lines(other, "scannet/qa_jsonl/train/obj_count/fill", 1800)  # as many thousands
    write_lines(other, "arkit/qa_jsonl/train/obj_count/fill", 1)
    message = refusal(CliRunner().invoke(main, [str(other), "--out", str(tmp_path / "data_jsons")]))
    assert f"scannet_2k.json: lists other data, below {out}/scannet/images; expected none or" in message
    assert read(out, "scannet_2k.json")["scannet_obj_count_fill"]["length"] == 1700
    assert not (tmp_path / "data_jsons" / "arkit_1k.json").exists()


def test_an_index_of_the_same_run_is_replaced_however_its_paths_are_spelt(out, tmp_path):
    run(out)
    write_lines(out, "scannet/qa_jsonl/train/obj_count/fill", 5, "fill_more.jsonl")
    assert run(out, "--relative-to", str(tmp_path)).exit_code == 0
    assert read(out, "scannet_2k.json")["scannet_obj_count_2_fill"]["root"] == "out/scannet/images"
    assert run(out, "--relative-to", str(tmp_path)).exit_code == 0


def test_a_folder_without_records_is_refused(tmp_path):
    assert "no such folder" in refusal(run(tmp_path / "nothing"))
