"""Which samples are exported, in which order, and what is refused."""

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from qagen.errors import QagenError
from qagen.export import EXPORTERS, _samples, load_exporter
from qagen.export.__main__ import main
from qagen.export._samples import find_sources, shuffled
from qagen.records.read import Filter
from tests.export.conftest import make_record, names, read_jsonl, write_records


def ids(home: Path) -> list[str]:
    return [line["id"] for line in read_jsonl(home / "train.jsonl")]


@pytest.fixture
def long_run(tmp_path: Path) -> Path:
    """Two files of 300 and 100 lines."""
    for type_name, first, count in (("depth_prediction_oc", 0, 300), ("room_size", 1000, 100)):
        records = [make_record(first + i, type_name, names(1)) for i in range(count)]
        write_records(tmp_path / "long" / "demo", "train", type_name, "fill", records)
    return tmp_path / "long"


def order(out: Path, seed: int) -> list[int]:
    samples = shuffled(find_sources(out, Filter()), np.random.default_rng(seed), draw=True)
    return [int(sample.id.rpartition("_")[2]) for sample in samples]


@pytest.mark.parametrize("batch", [7, 64, 4096])
def test_files_are_mixed_and_nothing_is_lost(long_run, monkeypatch, batch):
    monkeypatch.setattr(_samples, "BATCH", batch)
    found = order(long_run, 0)
    assert sorted(found) == [*range(300), *range(1000, 1100)]
    # A quarter of the lines is of the second file, in every part of the stream: 25 of 100, deviation under 4.4.
    shares = [sum(number >= 1000 for number in found[start : start + 100]) for start in range(0, 400, 100)]
    assert all(9 <= share <= 41 for share in shares), shares


def test_the_seed_decides_the_order(long_run):
    assert order(long_run, 1) == order(long_run, 1)
    assert order(long_run, 1) != order(long_run, 2)


def test_the_same_options_give_the_same_bytes(export, home):
    export("llamafactory", "--seed", "3")
    first = (home / "train.jsonl").read_bytes()
    export("llamafactory", "--seed", "3")
    assert (home / "train.jsonl").read_bytes() == first


def test_options_choose(export, home):
    export("llamafactory", "--types", "distance_*,position_matching", "--formats", "fill")
    assert Counter(line["type"] for line in read_jsonl(home / "train.jsonl")) == {
        "distance_prediction_oc": 3,
        "distance_prediction_oo_mv": 1,
    }
    export("llamafactory", "--scenes", "room_b")
    assert [path.name for path in home.glob("*.jsonl")] == ["val.jsonl"]
    export("llamafactory", "--splits", "train")
    assert [path.name for path in home.glob("*.jsonl")] == ["train.jsonl"]


def test_a_scene_among_others_of_a_file(export, home, out):
    records = [make_record(i, "room_size", names(1)) | {"id": f"room_{'ab'[i % 2]}_{i}"} for i in range(9)]
    write_records(out / "demo", "train", "room_size", "fill", records)
    export("llamafactory", "--types", "room_size", "--scenes", "room_b")
    assert sorted(ids(home)) == [f"demo-room_b_{i}" for i in (1, 3, 5, 7)]


def test_ids_differ_between_datasets(export, home, out):
    write_records(out / "other.v2", "train", "room_size", "fill", [make_record(0, "room_size", names(1))])
    export("llamafactory")
    assert {"demo-room_a_0", "other_v2-room_a_0"} <= set(ids(home))


def test_another_seed_gives_the_same_samples_in_another_order(export, home, out):
    records = [make_record(100 + i, "room_size", names(1)) for i in range(30)]
    write_records(out / "demo", "train", "room_size", "fill", records)
    orders = []
    for seed in ("1", "2"):
        export("llamafactory", "--seed", seed)
        orders.append(ids(home))
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--types", "distance_predicton_oc"],
            "no records of type 'distance_predicton_oc'. Did you mean 'distance_pre",
        ),
        (["--formats", "filll"], "no records of format 'filll'. Did you mean 'fill'?"),
        (["--splits", "trian"], "no records of split 'trian'. Did you mean 'train'?"),
        (["--scenes", "roomb"], "no records of scene 'roomb'. Did you mean 'room_b'?"),
        (["--types", "obj_frame_locate", "--formats", "fill"], "no record fits all of the options together"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(refuse, options, message):
    assert message in refuse("llamafactory", *options)


def test_an_unknown_exporter_is_refused_with_the_nearest(refuse):
    assert "no exporter 'lamafactory'. Did you mean 'llamafactory'?" in refuse("lamafactory")


def test_every_exporter_is_there_and_in_the_help():
    help_text = CliRunner().invoke(main, ["--help"]).output
    for name in EXPORTERS:
        assert load_exporter(name).write
        assert f"  {name} " in help_text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "room.1_7"}, "id: found 'room.1_7', expected neither '.' nor '/'"),
        ({"image": []}, "image: found no images"),
        ({"image": ["../secret.jpg"]}, "image: found '../secret.jpg', expected a path below"),
        ({"image": ["/etc/x.jpg"]}, "image: found '/etc/x.jpg', expected a path below"),
        ({"conversations": [{"from": "human", "value": "Q"}]}, "conversations: found turns of ['human'], expected one"),
        (
            {"conversations": [{"from": "human", "value": "a <bbox> here"}, {"from": "gpt", "value": "1"}]},
            "conversations: found <bbox> in the text",
        ),
        (
            {"conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": " "}]},
            "conversations: found an empty text",
        ),
        ({"red_point": [[500, 5000]]}, "red_point: found"),
    ],
)
def test_a_record_that_would_harm_is_refused_with_its_line(refuse, out, home, change, message):
    path = write_records(out / "demo", "train", "room_size", "fill", [make_record(0, "room_size", names(1))])
    bad = make_record(1, "room_size", names(1)) | change
    path.write_text(path.read_text() + json.dumps(bad) + "\n")
    assert f"{path}:2: {message}" in refuse("llamafactory")
    assert not home.exists()


def test_a_line_that_is_no_record_is_named(refuse, out):
    path = write_records(out / "demo", "train", "room_size", "fill", [make_record(0, "room_size", names(1))])
    path.write_text(path.read_text() + '{"id": \n')
    assert f"{path}:2: not a record" in refuse("llamafactory")


def test_a_file_that_shrinks_meanwhile_is_named(long_run):
    sources = find_sources(long_run, Filter())
    sources[0].file.path.write_text("")
    with pytest.raises(QagenError, match="has fewer lines than when they were counted"):
        list(shuffled(sources, np.random.default_rng(0), draw=True))


@pytest.mark.parametrize("name", ["llamafactory", "huggingface"])
def test_a_missing_image_says_what_to_do(refuse, out, name):
    (out / "demo" / "images" / "room_a" / "image_color" / "1.jpg").unlink()
    message = refuse(name)
    assert re.search(r"_\d+\.jsonl:\d+: image \S+/image_color/1\.jpg is missing", message)
    assert "--media copy" in message


def test_a_damaged_image_is_named(refuse, out):
    (out / "demo" / "images" / "room_b" / "0.jpg").write_bytes(b"no image")
    assert "room_b/0.jpg cannot be read" in refuse("llamafactory")


def test_a_foreign_folder_is_left_alone(refuse, home):
    home.mkdir(parents=True)
    (home / "thesis.tex").write_text("precious")
    assert "found files that are not of an export" in refuse("llamafactory")
    assert (home / "thesis.tex").read_text() == "precious"


def test_an_export_of_another_form_is_left_alone(export, refuse, home):
    export("qwen")
    assert "found an export for qwen, expected an empty folder" in refuse("llamafactory")
    assert (home / "data_dict.json").is_file()


def test_an_earlier_export_is_replaced_whole(export, home):
    export("llamafactory")
    export("llamafactory", "--splits", "val")
    assert not (home / "train.jsonl").exists()
    assert not list(home.parent.glob(".*"))


def test_what_was_put_into_an_earlier_export_stays(export, refuse, home):
    export("qwen")
    (home / "replies.jsonl").write_text("mine")
    assert "found replies.jsonl, which the export did not write; move it" in refuse("qwen")
    assert (home / "replies.jsonl").read_text() == "mine"


def test_a_failed_export_leaves_the_earlier_one(export, refuse, home, out):
    export("llamafactory")
    (out / "demo" / "images" / "room_b" / "0.jpg").write_bytes(b"no image")
    refuse("llamafactory")
    assert len(ids(home)) == 7


def test_a_full_disk_is_reported(refuse, monkeypatch):
    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    assert "cannot be written (No space left on device)" in refuse("llamafactory")


def test_a_target_that_is_a_file_is_refused(refuse, home):
    home.parent.mkdir(parents=True)
    home.write_text("")
    assert "found a file, expected a folder or nothing" in refuse("llamafactory")
