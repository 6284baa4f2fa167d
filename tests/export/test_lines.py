"""Exports in JSON lines: what every trainer asks of them, and what each asks for itself."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from tests.export.conftest import GROUND, SIZE, make_record, read_jsonl, write_records

RESERVED = {"length", "num_tokens", "data_path", "label", "channel", "objects", "video"}
LINE_EXPORTERS = ("llamafactory", "internvl", "llava", "qwen")


def lines_of(home: Path) -> list[dict[str, Any]]:
    return [line for path in sorted(home.rglob("*.jsonl")) for line in read_jsonl(path)]


def by_id(home: Path) -> dict[str, dict[str, Any]]:
    return {line["id"]: line for line in lines_of(home)}


@pytest.mark.parametrize("name", LINE_EXPORTERS)
@pytest.mark.parametrize("flag", ["--draw", "--no-draw"])
def test_every_line_is_what_trainers_can_read(export, home, name, flag):
    export(name, flag)
    lines = lines_of(home)
    assert len(lines) == len({line["id"] for line in lines}) == 8
    assert len({tuple(line) for line in lines}) == 1  # the same keys
    assert not RESERVED & set(lines[0])
    for line in lines:
        human, gpt = line["conversations"]
        assert (human["from"], gpt["from"]) == ("human", "gpt")
        assert human["value"].count("<image>") == len(line["image"])
        assert type(line["image"]) is list
        assert type(gpt["value"]) is str
        assert "<" not in gpt["value"]
        assert not set(line["id"]) & set("./")
        assert all((home / image).is_file() for image in line["image"])


def test_tags_stand_before_the_question_one_a_line(export, home):
    export("llamafactory")
    lines = by_id(home)
    single, triple, video = (lines[f"demo-room_a_{n}"]["conversations"][0]["value"] for n in (0, 20, 30))
    assert single == "<image>\nQuestion 0?\nOne line."
    assert triple == "<image>\n<image>\n<image>\nQuestion 20?\nOne line."
    assert video.startswith("Frame-0: <image>\nFrame-1: <image>\n")
    assert video.endswith("Frame-11: <image>\nQuestion 30?\nOne line.")


def test_marks_are_drawn_where_they_are_and_nowhere_else(export, home):
    export("llamafactory")
    images = by_id(home)["demo-room_a_20"]["image"]
    first, second, third = (np.asarray(Image.open(home / image)).astype(int) for image in images)
    width, height = SIZE
    assert np.abs(first[height // 2, width // 2] - (255, 0, 0)).max() < 12
    assert np.abs(third[height * 3 // 4, width // 4] - (0, 0, 255)).max() < 12
    assert np.abs(second - GROUND).max() < 3


def test_an_image_is_kept_once_for_each_set_of_marks(export, home, out):
    export("llamafactory")
    lines = by_id(home)
    # Three samples show image 0 with the same point, two with the same box, one with another point: three files; images
    # 1 and 2 of the others are the run's own, and the video has one frame with a box.
    assert len({lines[f"demo-room_a_{n}"]["image"][0] for n in range(3)}) == 1
    assert len(list((home / "marked").rglob("*.jpg"))) == 3 + 1 + 1 + 1  # the blue point; the frame; the sample of val
    linked = home / "images" / "demo" / "room_a" / "image_color" / "1.jpg"
    assert linked.samefile(out / "demo" / "images" / "room_a" / "image_color" / "1.jpg")


def test_copies_are_files_of_their_own(export, home, out):
    export("llamafactory", "--copy")
    copied = home / "images" / "demo" / "room_a" / "image_color" / "1.jpg"
    source = out / "demo" / "images" / "room_a" / "image_color" / "1.jpg"
    assert not copied.samefile(source)
    assert copied.read_bytes() == source.read_bytes()


def test_without_drawing_images_are_the_runs_and_marks_are_written(export, home):
    export("llamafactory", "--no-draw")
    assert not (home / "marked").exists()
    lines = by_id(home)
    marks = json.loads(lines["demo-room_a_20"]["spar_info"])
    assert marks == {
        "type": "distance_prediction_oo_mv",
        "red_point": [[500, 500]],
        "blue_point": [[250, 750]],
        "point_img_idx": [[0, 2]],
    }
    assert {type(line["spar_info"]) for line in lines.values()} == {str}


def test_png_stays_png(export, home, out):
    record = make_record(50, "spatial_volume_infer", ["room_a/x.png"], red_bbox=[[100, 100, 900, 900]])
    write_records(out / "demo", "train", "spatial_volume_infer", "fill", [record])
    export("llamafactory", "--types", "spatial_volume_infer")
    (line,) = lines_of(home)
    assert Image.open(home / line["image"][0]).format == "PNG"


def test_llamafactory_names_a_file_and_its_columns_for_each_split(export, home):
    result = export("llamafactory")
    info = json.loads((home / "dataset_info.json").read_text())
    assert list(info) == ["qagen_train", "qagen_val"]
    assert info["qagen_val"]["file_name"] == "val.jsonl"
    assert info["qagen_val"]["columns"] == {"messages": "conversations", "images": "image"}
    assert len(read_jsonl(home / "train.jsonl")) == 7
    assert f"dataset_dir: {home}" in result.output


def test_internvl_has_an_entry_for_each_type_and_format(export, home):
    export("internvl")
    meta = json.loads((home / "meta_train.json").read_text())
    assert {name: entry["length"] for name, entry in meta.items()} == {
        "demo_distance_prediction_oc_fill": 3,
        "demo_distance_prediction_oo_mv_fill": 1,
        "demo_obj_frame_locate_sentence": 1,
        "demo_position_matching_select": 2,
    }
    for entry in meta.values():
        assert entry["root"] == str(home)
        assert entry["data_augment"] is False
        assert type(entry["repeat_time"]) is int
        assert entry["annotation"].endswith(".jsonl")
        assert len(read_jsonl(Path(entry["annotation"]))) == entry["length"]
    assert list(json.loads((home / "meta_val.json").read_text())) == ["demo_distance_prediction_oc_fill"]


def test_llava_mixes_the_files_of_a_split(export, home):
    export("llava")
    mixture = yaml.safe_load((home / "train.yaml").read_text())
    assert sum(len(read_jsonl(Path(entry["json_path"]))) for entry in mixture["datasets"]) == 7
    assert {entry["sampling_strategy"] for entry in mixture["datasets"]} == {"all"}


def test_qwen_names_lines_and_root(export, home):
    export("qwen")
    entries = json.loads((home / "data_dict.json").read_text())
    assert entries["qagen_val"] == {"annotation_path": str(home / "val.jsonl"), "data_path": str(home)}


def test_swift_has_messages_and_absolute_images(export, home):
    export("swift")
    lines = by_id(home)
    assert {tuple(line) for line in lines.values()} == {("id", "messages", "images")}
    line = lines["demo-room_a_10"]
    assert line["messages"] == [
        {"role": "user", "content": "<image>\n<image>\nQuestion 10?\nOne line."},
        {"role": "assistant", "content": "B"},
    ]
    assert all(Path(image).is_absolute() and Path(image).is_file() for image in line["images"])


def test_swift_writes_marks_that_are_not_drawn(export, home):
    export("swift", "--no-draw")
    lines = by_id(home)
    triple = lines["demo-room_a_20"]
    assert triple["messages"][0]["content"].endswith(
        "One line.\nred point in image 1: <bbox>\nblue point in image 3: <bbox>"
    )
    assert triple["objects"] == {
        "ref": [],
        "bbox": [[0.5, 0.5], [0.25, 0.75]],
        "bbox_type": "norm1",
        "image_id": [0, 2],
    }
    assert lines["demo-room_a_0"]["messages"][0]["content"].endswith("\nred point: <bbox>")
    assert lines["demo-room_a_30"]["messages"][0]["content"].endswith("\nred box in Frame-4: <bbox>")
