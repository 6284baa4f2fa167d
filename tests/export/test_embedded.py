"""Tars, read by ``datasets`` and ``webdataset`` themselves, and the two benchmark forms."""

import base64
import csv
import io
from ast import literal_eval

import pytest
import yaml
from PIL import Image

from qagen.records import shards
from tests.export.conftest import SIZE, load, make_record, write_records

SPARBENCH_COLUMNS = ["id", "img_type", "format_type", "task", "source", "image", "question", "answer"]


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


def test_datasets_keeps_all_images_of_every_row_of_tars(export, home, tmp_path):
    export("webdataset")
    datasets = pytest.importorskip("datasets")
    assert datasets.get_dataset_config_names(str(home)) == ["1jpg", "2jpg", "3jpg", "12jpg"]
    rows = {}
    for count in (1, 2, 3, 12):
        for split, part in load(home, tmp_path / "cache", name=f"{count}jpg").items():
            for row in part:
                assert [row[name].size for name in row["json"]["image"]] == [SIZE] * count
                rows[row["__key__"]] = split, row["json"]["answer"]
    assert len(rows) == 8
    assert rows["demo-room_b_40"] == ("val", "1.5")
    with pytest.raises(ValueError, match="Config name is missing"):
        load(home, tmp_path / "cache")


def test_samples_with_kinds_of_images_in_another_order_are_apart(tmp_path):
    with shards.TarShards(tmp_path, "train") as tars:
        for number, kinds in enumerate(("jp", "pj", "jjp", "")):
            suffixes = [{"j": "jpg", "p": "png"}[kind] for kind in kinds]
            tars.write(str(number), [(f"{i}.{suffix}", b"") for i, suffix in enumerate(suffixes)], b"{}")
    assert sorted(tars.series) == ["1jpg1png", "1png1jpg", "2jpg1png", "text"]


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
