"""A run by hand: two datasets' worth of formats, small enough to count."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from qagen.export.__main__ import main

GROUND = (120, 110, 100)
SIZE = (200, 160)


def make_record(number: int, type_name: str, images: list[str], answer: str = "1.5", **keys: Any) -> dict[str, Any]:
    turns = [{"from": "human", "value": f"Question {number}?\nOne line."}, {"from": "gpt", "value": answer}]
    return {"id": f"room_a_{number}", "conversations": turns, "image": images, "type": type_name, **keys}


def write_records(out: Path, split: str, type_name: str, format_name: str, records: list[dict[str, Any]]) -> Path:
    for name in {name for record in records for name in record["image"]}:
        path = out / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", SIZE, GROUND).save(path)
    path = out / "qa_jsonl" / split / type_name / format_name / f"{format_name}_{len(records)}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def names(count: int) -> list[str]:
    return [f"room_a/image_color/{i}.jpg" for i in range(count)]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """8 samples: of the train split 3 with one image, 2 with two, 1 with three, 1 video of 12; 1 of val."""
    folder = tmp_path / "out"
    demo = folder / "demo"
    point: dict[str, Any] = {"red_point": [[500, 250]]}
    singles = [make_record(i, "distance_prediction_oc", names(1), **point) for i in range(3)]
    write_records(demo, "train", "distance_prediction_oc", "fill", singles)
    write_records(
        demo,
        "train",
        "position_matching",
        "select",
        [make_record(10 + i, "position_matching", names(2), "B", red_bbox=[[100, 100, 900, 800]]) for i in range(2)],
    )
    marks: dict[str, Any] = {"red_point": [[500, 500]], "blue_point": [[250, 750]], "point_img_idx": [[0, 2]]}
    triple = make_record(20, "distance_prediction_oo_mv", names(3), **marks)
    write_records(demo, "train", "distance_prediction_oo_mv", "fill", [triple])
    video = make_record(30, "obj_frame_locate", names(12), "4, 5", red_bbox=[[100, 100, 900, 800]], bbox_img_idx=[[4]])
    write_records(demo, "train", "obj_frame_locate", "sentence", [video])
    exclusion_lists = make_record(40, "distance_prediction_oc", ["room_b/0.jpg"], **point) | {"id": "room_b_40"}
    write_records(demo, "val", "distance_prediction_oc", "fill", [exclusion_lists])
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where exports go."""
    return tmp_path / "exports" / "here"


@pytest.fixture
def export(out: Path, home: Path) -> Callable[..., Result]:
    """Export by name, with options, and expect success."""

    def run(name: str, *options: str) -> Result:
        result = CliRunner().invoke(main, [name, str(out), "--out", str(home), *options], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result

    return run


@pytest.fixture
def refuse(out: Path, home: Path) -> Callable[..., str]:
    """Export by name, with options, and return the one line of its refusal."""

    def run(name: str, *options: str) -> str:
        result = CliRunner().invoke(main, [name, str(out), "--out", str(home), *options], catch_exceptions=False)
        assert result.exit_code == 2, result.output
        (line,) = result.stderr.splitlines()
        assert not list(home.parent.glob(".*"))  # nothing half-written
        return line

    return run


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def load(path: Path, cache: Path, **options: Any) -> Any:
    """What ``datasets`` reads of an export."""
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    return datasets.load_dataset(str(path), cache_dir=str(cache), **options)
