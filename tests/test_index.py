"""The data JSON of a run: what it lists, that it counts, and that trainers' own way of reading it works."""

import json
import tracemalloc
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qagen.errors import QagenError
from qagen.index import main
from qagen.records.entries import measure_records, read_index

TURNS = [{"from": "human", "value": "How many?"}, {"from": "gpt", "value": "2"}]
RECORD = {"id": "room_1", "type": "obj_count", "image": ["room/0.jpg"], "conversations": TURNS}
LINE = json.dumps(RECORD).encode()


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
    assert [Path(line).name for line in result.stdout.splitlines()] == ["posed_1k.json", "scannet_2k.json"]
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


@pytest.mark.parametrize(
    ("content", "lines"),
    [(b"", 0), (b"%s", 1), (b"%s\n", 1), (b"%s\n%s", 2), (b"%s\r\n%s\r\n", 2)],
)
def test_lines_are_counted_as_trainers_count_them(tmp_path, content, lines):
    path = tmp_path / "a.jsonl"
    path.write_bytes(content.replace(b"%s", LINE))
    assert measure_records(path) == (lines, lines, 10 * lines)
    assert lines == len(path.open().readlines())


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"\n%s\n", 1), (b"%s\n\n%s\n", 2), (b"%s\r\n\r\n%s\r\n", 2), (b"%s\n \t\n", 2), (b"%s\n%s\n\n", 3)],
)
def test_an_empty_line_is_refused_with_its_number(tmp_path, content, line):
    path = tmp_path / "a.jsonl"
    path.write_bytes(content.replace(b"%s", LINE))
    with pytest.raises(QagenError, match=rf"a\.jsonl:{line}: not a record: found an empty line"):
        measure_records(path)


@pytest.mark.parametrize("bad", [LINE[:-5], LINE + b"}", LINE + b"\0", b"\xef\xbb\xbf" + LINE, b"{}", b"null"])
def test_a_line_that_is_no_record_is_refused_with_its_number(out, bad):
    path = out / "scannet/qa_jsonl/train/nav_video/sentence/sentence_3.jsonl"
    path.write_bytes(b"\n".join([LINE, LINE, bad, LINE]))
    assert "sentence_3.jsonl:3: " in refusal(run(out))
    assert not (out.parent / "data_jsons").exists()


def test_counting_needs_no_memory_that_grows_with_the_file(tmp_path):
    path = tmp_path / "long.jsonl"
    path.write_bytes((LINE + b"\n") * 500_000)
    tracemalloc.start()
    assert measure_records(path)[0] == 500_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


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


# --- records at another depth -----------------------------------------------------------------------------------------


def put(out: Path, place: str, answer: str = "2") -> Path:
    path = out / place / "fill_1.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(RECORD | {"conversations": [TURNS[0], {"from": "gpt", "value": answer}]}) + "\n")
    return path


def test_records_one_folder_deeper_are_listed_and_copies_of_others_are_not(out):
    put(out, "posed/qa_jsonl/train/obj_count/fill")
    put(out, "posed/qa_jsonl/train/view_change_infer/obj_count/fill")
    put(out, "posed/qa_jsonl/train/view_change_infer/view_change_infer/fill")
    assert run(out).exit_code == 0
    index = read(out, "posed_1k.json")
    assert list(index) == ["posed_obj_count_fill", "posed_room_size_select", "posed_view_change_infer_fill"]
    assert index["posed_obj_count_fill"]["annotation"] == str(out / "posed/qa_jsonl/train/obj_count/fill/fill_1.jsonl")
    (entry,) = [e for e in read_index(out.parent / "data_jsons/posed_1k.json") if "view_change" in e.name]
    assert entry.path_names() == ("posed", "view_change_infer", "fill")


def test_records_one_folder_deeper_that_are_no_copies_are_listed_as_well(out):
    put(out, "posed/qa_jsonl/train/obj_count/fill")
    put(out, "posed/qa_jsonl/train/more/obj_count/fill", answer="3")
    assert run(out).exit_code == 0
    assert list(read(out, "posed_1k.json"))[:2] == ["posed_obj_count_fill", "posed_obj_count_2_fill"]


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("posed/qa_jsonl/train/obj_count", "found 2 folders between qa_jsonl and the file"),
        ("posed/qa_jsonl/obj_count/fill", "found 2 folders between qa_jsonl and the file"),
        ("posed/qa_jsonl/train/fill/obj_count", "found 'obj_count' as the format"),
        ("posed/qa_jsonl/obj_count/fill/train", "found 'train' as the format"),
        ("posed/qa_jsonl/obj_count/train/fill", "found the folders in another order"),
        ("other/train/obj_count/fill", "but found"),
        ("group/other/qa_jsonl/train/obj_count/fill", "but found"),
    ],
)
def test_records_whose_place_does_not_tell_what_they_are_are_refused(out, place, problem):
    path = put(out, place)
    message = refusal(run(out))
    assert problem in message
    assert str(path.parents[3 if "group" in place else 0]) in message
    assert "<dataset>/qa_jsonl/<split>/<type>/<format>/<format>_<N>.jsonl" in message


def test_links_to_folders_are_followed(out, tmp_path):
    put(tmp_path, "elsewhere/obj_count/fill")
    (out / "posed/qa_jsonl/train/obj_count").symlink_to(tmp_path / "elsewhere/obj_count")
    run(out)
    assert "posed_obj_count_fill" in read(out, "posed_1k.json")
