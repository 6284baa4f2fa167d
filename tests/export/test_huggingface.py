"""The folder for the Hugging Face Hub, read by ``datasets``, ``huggingface_hub`` and ``mlcroissant`` themselves."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from qagen.export.huggingface import FEATURES, FIELDS
from qagen.records import shards
from tests.export.conftest import SIZE, load, make_record, names, write_records

PIXELS = [(100, 80), (0, 0), (50, 120)]
EVIDENCE = {
    "frames": ["7"],
    "objects": [{"color": "red", "image": 0, "id": 4, "label": "lamp", "center_m": [1, 2.5, 0], "visible_pixels": 9.0}],
    "measured": {"distance_m": 1.48, "cells": [[1, 2], [3, 4]], "extreme": "closest", "ids": [4, 5]},
    "margin": 0.5,
    "margin_unit": "m",
    "unit": "m",
    "rationale": [{"step": "answer", "says": "So the answer is 1.5."}],
    "group": {"id": "room_c_50", "variant": "mirror"},
}


def write_with_evidence(out: Path, **changes: Any) -> None:
    """A run of one sample with evidence."""
    record = make_record(50, "depth_prediction_oc", names(1), red_point=[[500, 250]]) | {"id": "room_c_50"}
    path = write_records(out / "demo", "train", "depth_prediction_oc", "fill", [record])
    evidence = Path(str(path).replace("qa_jsonl", "evidence_jsonl"))
    evidence.parent.mkdir(parents=True)
    evidence.write_text(json.dumps({"id": "room_c_50", **EVIDENCE, **changes}) + "\n")


def head_of(home: Path) -> dict[str, Any]:
    return yaml.safe_load((home / "README.md").read_text().split("---\n", 2)[1])


def test_datasets_loads_all_and_each_family_with_its_splits_and_images(export, home, tmp_path):
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
    families = {"distance": (4, 1), "locate": (1, 0), "matching": (2, 0)}
    for name, (train, val) in families.items():
        parts = load(home, tmp_path / "cache", name=name)
        assert {split: len(part) for split, part in parts.items()} == {"train": train} | ({"val": val} if val else {})
        assert all({row["family"] for row in part} == {name} for part in parts.values())


def test_messages_hold_one_item_per_image_as_trl_wants(export, home, tmp_path):
    export("huggingface")
    rows = {row["id"]: row for row in load(home, tmp_path / "cache", split="train")}
    for row in rows.values():
        user, assistant = row["messages"]
        assert [item["type"] for item in user["content"]].count("image") == len(row["images"])
        assert assistant["content"] == [{"type": "text", "text": row["answer"]}]
    texts = [item["text"] for item in rows["demo-room_a_30"]["messages"][0]["content"]]
    assert texts[:4] == ["Frame-0: ", None, "Frame-1: ", None]


@pytest.mark.parametrize("option", ["--draw", "--no-draw"])
def test_marks_are_a_column_drawn_or_not(export, home, tmp_path, option):
    export("huggingface", option)
    rows = {row["id"]: row for row in load(home, tmp_path / "cache", split="train")}
    assert rows["demo-room_a_20"]["marks"] == [
        {"kind": "point", "color": "red", "text": "", "image": 0, "place": [500, 500]},
        {"kind": "point", "color": "blue", "text": "", "image": 2, "place": [250, 750]},
    ]
    (mark,) = rows["demo-room_a_30"]["marks"]
    assert (mark["kind"], mark["image"], mark["place"]) == ("box", 4, [100, 100, 900, 800])
    red = rows["demo-room_a_20"]["images"][0].getpixel(PIXELS[0])
    assert (red[0] > 240) == (option == "--draw")


def test_evidence_is_typed_columns_and_null_where_the_run_has_none(export, home, out, tmp_path):
    export("huggingface")
    (row,) = load(home, tmp_path / "cache", split="val")
    assert {row[name] for name in ("frames", "objects", "measured", "margin", "rationale", "group")} == {None}
    write_with_evidence(out / "with")
    (out / "demo").rename(out / "none")
    (out / "with" / "demo").rename(out / "demo")
    export("huggingface", "--tasks", "depth_prediction_oc")
    (row,) = load(home, tmp_path / "second", split="train")
    assert (row["frames"], row["margin"], row["unit"]) == (["7"], 0.5, "m")
    assert (row["group"], row["variant"], row["bias"]) == ("demo-room_c_50", "mirror", None)
    assert row["rationale"] == ["So the answer is 1.5."]
    (item,) = row["objects"]
    assert (item["label"], item["id"], item["center"], item["yaw_deg"]) == ("lamp", 4, [1.0, 2.5, 0.0], None)
    assert {part["name"]: part["numbers"] or part["text"] for part in row["measured"]} == {
        "distance_m": [1.48],
        "cells": "[[1,2],[3,4]]",
        "extreme": "closest",
        "ids": [4.0, 5.0],
    }


def test_evidence_of_another_form_is_refused_with_its_record(refuse, out):
    for entry in out.iterdir():
        entry.rename(out.parent / "aside")
    write_with_evidence(out, objects=[{"center_m": "here"}])
    assert "fill_1.jsonl:1: evidence: Expected `array | null`, got `str`" in refuse("huggingface")


def test_the_card_says_what_datasets_finds(export, home, tmp_path):
    datasets = pytest.importorskip("datasets")
    export("huggingface")
    head = head_of(home)
    assert [config["config_name"] for config in head["configs"]] == ["default", "distance", "locate", "matching"]
    for info in head["dataset_info"]:
        found = load(home, tmp_path / "cache", name=info["config_name"])
        for split in info["splits"]:
            rows = found[split["name"]]
            assert split["num_examples"] == len(rows)
            assert split["num_bytes"] == pytest.approx(rows.data.nbytes, rel=0.01)
            assert rows.features == datasets.Features._from_yaml_list(info["features"])
            assert rows.features._to_yaml_list() == info["features"]
    sizes = [path.stat().st_size for path in home.glob("data/*/*.parquet")]
    assert head["dataset_info"][0]["download_size"] == sum(sizes)


def test_the_hub_s_own_reader_takes_the_card(export, home):
    hub = pytest.importorskip("huggingface_hub")
    export("huggingface")
    card = hub.DatasetCard.load(home / "README.md")
    data = card.data
    assert (data.license, data.language, data.annotations_creators) == ("other", ["en"], ["machine-generated"])
    assert data.size_categories == ["n<1K"]
    assert data.source_datasets == ["extended|other-demo"]
    assert data.pretty_name == "Spatial questions about demo"
    assert (home / data.license_link).is_file()
    assert "| train | demo | distance | distance_prediction_oc | 3 |  |  |" in card.text
    assert "| train | demo | matching | position_matching |  | 2 |  |" in card.text
    assert all(f"| `{name}` |" in card.text for name in FEATURES)


def test_the_code_on_the_card_works(export, home, capsys, monkeypatch, tmp_path):
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    for name in ("huggingface", "webdataset"):
        folder = home.parent / name
        export(name, "--out", str(folder))
        code = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
        for block in code:
            exec(block.replace("USER/NAME", str(folder)), {})
    assert "Question" in capsys.readouterr().out


def test_types_of_other_programs_are_a_config_of_their_own(export, home, out):
    write_records(out / "demo", "train", "riddle", "fill", [make_record(70, "riddle", names(1))])
    export("huggingface")
    assert [path.name for path in sorted((home / "data").iterdir())] == ["distance", "locate", "matching", "other"]


def test_large_exports_are_sharded_and_the_same_each_time(export, home, tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "ROW_GROUP_BYTES", 1)
    monkeypatch.setattr(shards, "SHARD_BYTES", 1)
    export("huggingface")
    found = sorted(path.name for path in (home / "data/distance").glob("train-*"))
    assert found == [f"train-0000{i}-of-00004.parquet" for i in range(4)]
    assert len(load(home, tmp_path / "cache", split="train")) == 7
    first = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    export("huggingface")
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == first


def test_croissant_names_every_file_and_column(export, home):
    export("huggingface")
    told = json.loads((home / "croissant.json").read_text())
    files = {item["contentUrl"]: item for item in told["distribution"] if item["@type"] == "cr:FileObject"}
    assert sorted(files) == sorted(str(path.relative_to(home)) for path in home.glob("data/*/*.parquet"))
    for name, item in files.items():
        content = (home / name).read_bytes()
        assert (item["sha256"], item["contentSize"]) == (hashlib.sha256(content).hexdigest(), f"{len(content)} B")
    assert [records["@id"] for records in told["recordSet"]] == ["distance", "locate", "matching"]
    for records in told["recordSet"]:
        columns = [field["@id"].partition("/")[2] for field in records["field"]]
        assert columns == ["split", *(name for name in FIELDS if name != "messages")]


def test_mlcroissant_validates_and_loads_the_records(export, home):
    croissant = pytest.importorskip("mlcroissant")
    export("huggingface")
    data = croissant.Dataset(jsonld=str(home / "croissant.json"))
    assert not data.metadata.ctx.issues.errors
    records = {record["distance/id"]: record for record in data.records("distance")}
    assert len(records) == 5
    row = records[b"demo-room_a_20"]
    assert [image.size for image in row["distance/images"]] == [SIZE] * 3
    assert [mark["distance/marks/color"] for mark in row["distance/marks"]] == [b"red", b"blue"]
    assert (row["distance/split"], records[b"demo-room_b_40"]["distance/split"]) == (b"train", b"val")


def test_what_may_be_published_is_told(export, out, home):
    result = export("huggingface")
    assert result.stderr == f"Next: hf upload USER/NAME {home} . --repo-type=dataset\n"
    (out / "demo").rename(out / "scannet")
    result = export("huggingface")
    warning, push = result.stderr.splitlines()
    assert "the terms of ScanNet v2 allow no public images" in warning
    assert "qagen export recipe" in warning
    assert push.endswith(" --private")
    assert "**Do not publish the images of ScanNet v2**" in (home / "LICENSE.md").read_text()
