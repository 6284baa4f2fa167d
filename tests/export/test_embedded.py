"""Exports with the images inside, read by ``datasets`` and ``webdataset`` themselves, and the two benchmark forms."""

import base64
import csv
import io
from ast import literal_eval
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from qagen.records import shards
from tests.export.conftest import SIZE, make_record, write_records

PIXELS = [(100, 80), (0, 0), (50, 120)]
SPARBENCH_COLUMNS = ["id", "img_type", "format_type", "task", "source", "image", "question", "answer"]


def load(path: Path, cache: Path, **options: Any) -> Any:
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    return datasets.load_dataset(str(path), cache_dir=str(cache), **options)


def test_datasets_loads_the_folder_with_its_splits_and_images(export, home, tmp_path):
    export("huggingface")
    splits = load(home, tmp_path / "cache")
    assert {name: len(rows) for name, rows in splits.items()} == {"train": 7, "val": 1}
    rows = {row["id"]: row for row in splits["train"]}
    row = rows["demo-room_a_20"]
    assert [image.size for image in row["images"]] == [SIZE] * 3
    assert (row["question"], row["answer"]) == ("Question 20?\nOne line.", "1.5")
    assert (row["dataset"], row["scene"], row["type"]) == ("demo", "room_a", "distance_prediction_oo_mv")
    red, _, blue = (image.getpixel((x, y)) for image, (x, y) in zip(row["images"], PIXELS, strict=True))
    assert red[0] > 240 > 12 > red[1]
    assert blue[2] > 240 > 12 > blue[0]


def test_messages_hold_one_item_per_image_as_trl_wants(export, home, tmp_path):
    export("huggingface")
    rows = {row["id"]: row for row in load(home, tmp_path / "cache", split="train")}
    for row in rows.values():
        user, assistant = row["messages"]
        assert [item["type"] for item in user["content"]].count("image") == len(row["images"])
        assert assistant["content"] == [{"type": "text", "text": row["answer"]}]
    texts = [item["text"] for item in rows["demo-room_a_30"]["messages"][0]["content"]]
    assert texts[:4] == ["Frame-0: ", None, "Frame-1: ", None]


def test_the_card_counts_what_is_there(export, home):
    export("huggingface")
    _, head, body = (home / "README.md").read_text().split("---\n", 2)
    card = yaml.safe_load(head)
    assert card["license"] == "other"
    assert card["size_categories"] == ["n<1K"]
    assert card["configs"][0]["data_files"][0] == {"split": "train", "path": "data/train-*.parquet"}
    assert "| train | demo | distance_prediction_oc | 3 |  |  |" in body
    assert "| train | demo | position_matching |  | 2 |  |" in body


def test_marks_are_written_where_they_are_not_drawn(export, home, tmp_path):
    export("huggingface", "--no-draw", "--splits", "val")
    (row,) = load(home, tmp_path / "cache", split="val")
    assert row["spar_info"] == '{"type":"distance_prediction_oc","red_point":[[500,250]]}'


def test_large_exports_are_sharded(export, home, tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "ROW_GROUP_BYTES", 1)
    monkeypatch.setattr(shards, "SHARD_BYTES", 1)
    export("huggingface")
    names = sorted(path.name for path in (home / "data").glob("train-*"))
    assert names == [f"train-0000{i}-of-00007.parquet" for i in range(7)]
    assert len(load(home, tmp_path / "cache", split="train")) == 7


def test_webdataset_reads_each_group(export, home):
    wds = pytest.importorskip("webdataset")
    export("webdataset")
    stems = sorted(path.name for path in home.glob("*.tar"))
    assert stems == [f"train-{n}jpg-000000.tar" for n in (12, 1, 2, 3)] + ["val-1jpg-000000.tar"]
    samples = {}
    for name in stems:
        for sample in wds.WebDataset(str(home / name), shardshuffle=False).decode("pil"):
            samples[sample["__key__"]] = sample
    assert len(samples) == 8
    triple = samples["demo-room_a_20"]
    assert triple["json"]["image"] == ["0.jpg", "1.jpg", "2.jpg"]
    assert triple["json"]["conversations"][0]["value"].startswith("<image>\n<image>\n<image>\nQuestion 20?")
    assert triple["2.jpg"].size == SIZE


def test_datasets_reads_a_group_of_tars(export, home, tmp_path):
    export("webdataset")
    files = {"train": str(home / "train-2jpg-*.tar")}
    datasets = pytest.importorskip("datasets")
    rows = datasets.load_dataset("webdataset", data_files=files, cache_dir=str(tmp_path / "cache"), split="train")
    assert sorted(row["__key__"] for row in rows) == ["demo-room_a_10", "demo-room_a_11"]


def test_tars_are_sharded_and_the_same_each_time(export, home, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_BYTES", 1)
    export("webdataset")
    first = {path.name: path.read_bytes() for path in home.glob("*.tar")}
    assert len([name for name in first if name.startswith("train-1jpg")]) == 3
    export("webdataset")
    assert {path.name: path.read_bytes() for path in home.glob("*.tar")} == first


def test_sparbench_has_its_columns_and_only_its_tasks(export, home, out, tmp_path):
    unscored = make_record(60, "distance_prediction_oc", ["room_a/image_color/0.jpg"], "A")
    write_records(out / "demo", "train", "distance_prediction_oc", "select", [unscored])
    result = export("sparbench")
    assert "7 samples: " in result.output
    assert "2 samples left out" in result.output  # the video, and a distance to choose
    rows = load(home, tmp_path / "cache", split="test")
    assert rows.column_names == SPARBENCH_COLUMNS
    assert rows["id"][:] == list(range(7))
    found = {(row["task"], row["format_type"], row["img_type"], len(row["image"])) for row in rows}
    assert found == {
        ("distance_prediction_oc", "fill", "single_view", 1),
        ("distance_prediction_oo_mv", "fill", "multi_view", 3),
        ("position_matching", "select", "multi_view", 2),
    }


def test_the_lmms_task_names_files_functions_and_24_metrics(export, home):
    export("sparbench")
    text = (home / "lmms_task" / "qagen_sparbench.yaml").read_text()
    assert "doc_to_text: !function utils.sparbench_doc_to_text" in text.replace("'", "")
    task = yaml.safe_load(text.replace("!function ", ""))
    assert task["dataset_kwargs"]["data_files"]["test"] == str(home / "data" / "test-*.parquet")
    assert len(task["metric_list"]) == 1 + 20 + 3
    assert {
        "metric": "view_change_infer_vci_metric",
        "aggregation": "utils.sparbench_aggregate_view_change_infer",
    }.items() <= (task["metric_list"][20].items())


def test_vlmevalkit_table_holds_the_images(export, home):
    export("vlmevalkit")
    csv.field_size_limit(1 << 30)
    with (home / "SparBench.tsv").open(newline="") as stream:
        rows = {row["id"]: row for row in csv.DictReader(stream, delimiter="\t")}
    assert len(rows) == 7
    assert sorted(int(row["index"]) for row in rows.values()) == list(range(7))
    single, triple = rows["demo-room_a_0"], rows["demo-room_a_20"]
    assert Image.open(io.BytesIO(base64.b64decode(single["image"]))).size == SIZE
    images, paths = literal_eval(triple["image"]), literal_eval(triple["image_path"])
    assert len(images) == len(set(paths)) == 2 + 1
    assert triple["question"] == "Question 20?\nOne line."
    assert rows["demo-room_a_10"]["answer"] == "B"
    assert single["image_path"] == rows["demo-room_a_1"]["image_path"]  # the same image with the same point


@pytest.mark.parametrize("name", ["sparbench", "vlmevalkit"])
def test_a_benchmark_without_marks_or_tasks_is_refused(refuse, name):
    assert "--no-draw: " in refuse(name, "--no-draw")
    assert "has no place for any of obj_frame_locate/sentence" in refuse(name, "--types", "obj_frame_locate")
