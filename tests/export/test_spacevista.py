"""Exports in SpaceVista's forms: worked items, masks, what the preview cannot say, scales, rationales."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from qagen.core.runs import to_runs
from qagen.export.__main__ import main
from qagen.export.spacevista import TASK_TYPES
from qagen.spacevista.check import main as check
from qagen.spacevista.flatten import flatten_item
from qagen.spacevista.nest import nest_item
from qagen.tasks.registry import FAMILIES
from tests.consumers.spacevista_reader import Drawn, read
from tests.export.conftest import make_record, names, write_records

SIZE = (640, 480)
STEPS = [{"step": "measure", "says": "The lamp is 1.5 meters deep."}, {"step": "answer", "says": "So it is 1.5."}]


def write_run(
    out: Path, records: list[dict[str, Any]], unit: str | None = "m", split: str = "train", **evidence: Any
) -> None:
    """Records of one type with their evidence, and images of 640 x 480 that differ."""
    folder, kind = out / "demo", records[0]["type"]
    path = write_records(folder, split, kind, "fill", records)
    for number, name in enumerate(sorted({name for record in records for name in record["image"]})):
        Image.new("RGB", SIZE, (90, 100 + number, 110)).save(folder / "images" / name, quality=95)
    lines = [{"id": r["id"], "unit": unit, "measured": {}, "rationale": STEPS, **evidence} for r in records]
    target = folder / "evidence_jsonl" / path.relative_to(folder / "qa_jsonl")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def export_run(run: Path, home: Path) -> Callable[..., Result]:
    """Export the run, with options, and expect success."""

    def export(*options: str, name: str = "spacevista") -> Result:
        result = CliRunner().invoke(main, [name, str(run), "--out", str(home), *options], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result

    return export


@pytest.fixture
def refusal(run: Path, home: Path) -> Callable[..., str]:
    def export(*options: str, name: str = "spacevista") -> str:
        result = CliRunner().invoke(main, [name, str(run), "--out", str(home), *options], catch_exceptions=False)
        assert result.exit_code == 2, result.output
        assert not home.exists()
        return result.stderr

    return export


def items(home: Path, name: str) -> list[dict[str, Any]]:
    found = json.loads((home / name).read_text())
    assert len({tuple(item) for item in found}) <= 1  # the same keys
    return sorted(found, key=lambda item: item.get("problem_id", item.get("id")))


def forms(home: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The only item in each form."""
    (full,), (nested,), (flat,) = (items(home, name) for name in ("all.json", "meta.json", "meta_flatten.json"))
    return full, nested, flat


def nest(flat: dict[str, Any]) -> dict[str, Any]:
    """The nested item of a flat one."""
    info = dict(flat["extra_info"])
    strings = info.pop("stringified").split(",")
    for key in [key for key in info if key.partition("_")[0] in ("point", "bbox", "mask")]:
        prefix, _, child = key.partition("_")
        value = info.pop(key)
        info.setdefault(f"input_{prefix}", {})[child] = json.loads(value) if key in strings else value
    return {**flat, "extra_info": info}


def test_a_point_in_every_form(run, home, export_run):
    point: dict[str, Any] = {"red_point": [[500, 250]], "blue_point": None, "point_img_idx": [[1]]}
    write_run(run, [make_record(7, "depth_prediction_oc_mv", names(3), **point)])
    export_run()
    full, nested, flat = forms(home)
    # x = round(500 * 640 / 1000 - 0.5) = round(319.5) = 320, y = round(250 * 480 / 1000 - 0.5) = round(119.5) = 120.
    frame = nested["videos"][0][1]
    assert frame.startswith("frames/marked/demo/")
    assert nested == {
        "problem_id": "demo-room_a_7",
        "messages": [
            {"role": "user", "content": "<video>\nQuestion 7?\nOne line."},
            {"role": "assistant", "content": "<answer>1.5</answer>"},
        ],
        "videos": [["frames/demo/room_a/image_color/0.jpg", frame, "frames/demo/room_a/image_color/2.jpg"]],
        "extra_info": {
            "task_type": "DEPTH",
            "input_type": "Image+point+text",
            "input_point": {"image_path": frame, "points": [[120, 320]]},
        },
    }
    assert full == {
        "id": "demo__demo-room_a_7",
        "input_type": "image_point_text",
        "messages": nested["messages"],
        "videos": nested["videos"],
        "annotations": {
            "points": [{"coords": [120, 320], "image_index": 1, "color": "red"}],
            "bboxes": None,
            "masks": None,
            "dual_bbox": None,
        },
        "metadata": {
            "scene_source": "room_a",
            "original_id": "room_a_7",
            "category": "Indoor",
            "scale": "m",
            "original_type": "DEPTH",
            "point_order": "yx",
        },
    }
    assert flat["extra_info"] == {
        "task_type": "DEPTH",
        "input_type": "Image+point+text",
        "point_image_path": frame,
        "point_points": "[[120, 320]]",
        "stringified": "point_points",
    }
    assert nest(flat) == nested
    pixel = Image.open(home / frame).getpixel((320, 120))
    assert np.abs(np.array(pixel) - (255, 0, 0)).max() < 12


def test_clean_frames_are_the_runs_own_and_marks_stay_in_the_items(run, home, export_run):
    write_run(run, [make_record(7, "distance_prediction_oc", names(1), red_point=[[0, 1000]])])
    export_run("--no-draw")
    _, nested, flat = forms(home)
    (frame,) = nested["videos"][0]
    assert (home / frame).samefile(run / "demo" / "images" / names(1)[0])
    assert nested["extra_info"]["input_point"] == {"image_path": frame, "points": [[479, 0]]}  # clipped to the image
    assert read(flat, home) == [Drawn("red", 0, (0, 479))]


@pytest.mark.parametrize(
    ("point", "pixel"),
    [
        ([333, 333], (213, 159)),  # 213.12 and 159.84 from the edges are in the pixels that begin at 213 and 159
        ([0, 0], (0, 0)),
        ([1000, 1000], (639, 479)),
        ([999, 2], (639, 0)),  # 639.36 and 0.96
    ],
)
def test_a_point_is_the_pixel_under_it(run, home, export_run, point, pixel):
    write_run(run, [make_record(7, "distance_prediction_oc", names(1), red_point=[point])])
    export_run("--no-draw")
    assert read(forms(home)[2], home) == [Drawn("red", 0, pixel)]


def test_boxes_keep_their_last_pixel_and_stand_in_the_order_of_the_colors(run, home, export_run):
    boxes: dict[str, Any] = {"green_bbox": [[0, 0, 500, 500]], "blue_bbox": [[1, 1, 999, 1000]]}
    record = make_record(7, "spatial_imagination_oc", names(1), **boxes, red_bbox=[[100, 200, 300, 400]])
    write_run(run, [record])
    export_run("--no-draw")
    full, nested, flat = forms(home)
    # 0.1 * 640 = 64, 0.2 * 480 = 96, 0.3 * 640 - 1 = 191, 0.4 * 480 - 1 = 191; 0.64 rounds to 1, 639.36 - 1 to 638.
    red, blue, green = [64, 96, 191, 191], [1, 0, 638, 479], [0, 0, 319, 239]
    assert [mark["coords"] for mark in full["annotations"]["bboxes"]] == [red, blue, green]
    assert [mark["color"] for mark in full["annotations"]["bboxes"]] == ["red", "blue", "green"]
    assert nested["extra_info"]["input_bbox"]["bboxes"][0] == {"x1": 64, "y1": 96, "x2": 191, "y2": 191}
    assert nest(flat) == nested
    assert read(flat, home) == [
        Drawn("red", 0, tuple(red)),
        Drawn("blue", 0, tuple(blue)),
        Drawn("green", 0, tuple(green)),
    ]


def test_a_box_and_its_candidates_lie_on_two_frames(run, home, export_run):
    boxes = {f"{color}_bbox": [[n * 100, 0, n * 100 + 50, 500]] for n, color in enumerate(("red", "blue", "green"))}
    keys = {**boxes, "yellow_bbox": None, "magenta_bbox": None, "bbox_img_idx": [[0, 1, 1]]}
    write_run(run, [make_record(7, "object_matching_candidates", names(2), "B", **keys)])
    export_run()
    full, nested, flat = forms(home)
    first, second = nested["videos"][0]
    assert full["input_type"] == "image_bbox_text"
    assert full["annotations"] == {
        "points": None,
        "bboxes": None,
        "masks": None,
        "dual_bbox": {
            "source_image": first,
            "source_bbox": [0, 0, 31, 239],
            "target_image": second,
            "target_bboxes": [[64, 0, 95, 239], [128, 0, 159, 239]],
        },
    }
    assert nested["extra_info"]["input_bbox"] == {
        "image_path_1": first,
        "bbox_1": {"x1": 0, "y1": 0, "x2": 31, "y2": 239},
        "image_path_2": second,
        "bboxes_2": [{"x1": 64, "y1": 0, "x2": 95, "y2": 239}, {"x1": 128, "y1": 0, "x2": 159, "y2": 239}],
    }
    assert nested["extra_info"]["task_type"] == "OBJECT_MATCHING"
    assert nest(flat) == nested
    assert [drawn.color for drawn in read(flat, home)] == ["red", "blue", "green"]


def cells(left: int, right: int) -> list[list[int]]:
    """The mask of some columns of a grid of 16 x 12 cells, in rows 3 to 8."""
    mask = np.zeros((12, 16), dtype=bool)
    mask[3:9, left:right] = True
    return [list(to_runs(mask))]


def test_masks_of_an_image_are_one_array_of_ids(run, home, export_run):
    masks: dict[str, Any] = {"red_mask": cells(2, 6), "blue_mask": cells(8, 16)}
    write_run(run, [make_record(7, "distance_prediction_oo", names(1), **masks)])
    export_run("--no-draw")
    full, nested, flat = forms(home)
    (frame,) = nested["videos"][0]
    prompt = nested["extra_info"]["input_mask"]
    assert prompt == {"image_path": frame, "mask_path": prompt["mask_path"], "object_ids": [1, 2]}
    path = prompt["mask_path"]
    assert path.startswith("masks/demo/")
    assert full["input_type"] == "image_mask_text"
    assert full["annotations"]["masks"] == [
        {"image_path": frame, "mask_path": path, "object_ids": [number]} for number in (1, 2)
    ]
    ids = np.load(home / path, allow_pickle=False)
    assert (ids.dtype, ids.shape) == (np.uint8, (480, 640))
    # A cell is 40 x 40 pixels: rows 120 to 359, red in columns 80 to 239, blue in 320 to 639.
    rows, columns = np.mgrid[:480, :640]
    inside = (rows >= 120) & (rows < 360)
    expected = np.where(inside & (columns >= 80) & (columns < 240), 1, 0) + np.where(inside & (columns >= 320), 2, 0)
    corners = 4 * 4 * 40 * 40 // 16  # smooth outlines round the corners off
    assert (ids != expected).sum() < corners
    assert nest(flat) == nested
    assert [drawn.color for drawn in read(flat, home)] == ["red", "blue"]
    assert [drawn.place[0] for drawn in read(flat, home)] == [(ids == number).sum() for number in (1, 2)]


def test_a_drawn_mask_and_its_array_are_the_same_pixels(run, home, export_run):
    write_run(run, [make_record(7, "depth_prediction_oc", ["room_a/x.png"], red_mask=cells(2, 6), blue_mask=None)])
    export_run()
    full, _, _ = forms(home)
    frame = np.asarray(Image.open(home / full["videos"][0][0])).astype(int)
    inside = np.load(home / full["annotations"]["masks"][0]["mask_path"]) == 1
    assert inside[240, 160]
    assert (frame[inside] == (0.65 * np.array((90, 100, 110)) + 0.35 * np.array((255, 0, 0)) + 0.5).astype(int)).all()
    assert (frame[~inside] != frame[240, 160]).any(axis=1).all()


def test_masks_that_overlap_are_refused(run, refusal):
    masks: dict[str, Any] = {"red_mask": cells(2, 6), "blue_mask": cells(3, 7)}
    write_run(run, [make_record(7, "distance_prediction_oo", names(1), **masks)])
    assert "fill_1.jsonl:1: blue_mask: found a mask that overlaps another" in refusal()


def test_a_box_below_two_pixels_is_refused(run, refusal):
    write_run(run, [make_record(7, "object_height", names(1), red_bbox=[[500, 0, 501, 900]])])
    assert "fill_1.jsonl:1: red_bbox: found [500, 0, 501, 900], expected two pixels or more" in refusal()


def test_a_sample_without_marks(run, home, export_run):
    write_run(run, [make_record(7, "room_size", names(12), "88.9")])
    export_run()
    full, nested, _ = forms(home)
    assert full["annotations"] == dict.fromkeys(("points", "bboxes", "masks", "dual_bbox"))
    assert full["input_type"] == "image_text"
    assert nested["extra_info"] == {"task_type": "ROOM_SIZE", "input_type": "Image+text"}
    assert len(nested["videos"]) == 1
    assert len(nested["videos"][0]) == 12


ALONE: list[tuple[str, dict[str, Any], str]] = [
    (
        "distance_prediction_oo_mv",
        {"red_point": [[1, 2]], "blue_point": [[3, 4]], "point_img_idx": [[0, 2]]},
        "marks on several images",
    ),
    (
        "spatial_imagination_map_mv",
        {"bbox_list": [[[0, 0, 100, 100], [200, 0, 300, 100]]], "bbox_img_idx": [[1, 1]]},
        "marks with names",
    ),
    (
        "obj_spatial_relation_oc_mv",
        {"red_bbox": None, "blue_bbox": [[0, 0, 100, 100]], "green_bbox": None, "bbox_img_idx": [[1]]},
        "marks in other colors",
    ),
    ("room_size", {"red_bbox": [[0, 0, 100, 100]], "blue_point": [[1, 2]]}, "marks of several kinds"),
]


@pytest.mark.parametrize(("kind", "keys", "reason"), ALONE)
def test_what_the_preview_cannot_say_is_in_the_full_form_alone_and_counted(run, home, export_run, kind, keys, reason):
    write_run(run, [make_record(7, kind, names(3), **keys)])
    result = export_run()
    assert f"1 samples are in all.json alone: {reason}" in result.output
    (full,) = items(home, "all.json")
    marks = (full["annotations"]["points"] or []) + (full["annotations"]["bboxes"] or [])
    assert len(marks) == sum(len(value[0]) if key.endswith("list") else 1 for key, value in keys.items() if value
                             and not key.endswith("idx"))  # fmt: skip
    assert items(home, "meta.json") == items(home, "meta_flatten.json") == []
    assert json.loads((home / "dataset_info.json").read_text()) == {}


def test_names_beside_marks_are_told(run, home, export_run):
    _, keys, _ = ALONE[1]
    write_run(run, [make_record(7, "spatial_imagination_map_mv", names(3), **keys)])
    export_run()
    (full,) = items(home, "all.json")
    assert [mark["text"] for mark in full["annotations"]["bboxes"]] == ["object0", "object1"]


def test_scales_have_data_sets_of_their_own(run, home, export_run):
    kinds = ("room_size", "obj_count", "ego_path", "ego_turn", "appearance_order")
    for kind, unit in zip(kinds, ("m", "cm", "mm", "km", None), strict=True):
        write_run(run, [make_record(10 * len(kind), kind, names(1))], unit)
    export_run()
    told = {(item["metadata"]["category"], item["metadata"]["scale"]) for item in items(home, "all.json")}
    expected = {("Indoor", "m"), ("Tabletop", "cm"), ("TinyTabletop", "mm"), ("Outdoor", "<km"), (None, None)}
    assert told == expected
    info = json.loads((home / "dataset_info.json").read_text())
    parts = ("Indoor", "Outdoor", "Tabletop", "Tiny", "Unscaled")
    assert list(info) == ["SpaceVista", *(f"SpaceVista_{part}" for part in parts)]
    for name, entry in info.items():
        assert entry["formatting"] == "sharegpt"
        assert entry["columns"] == {"messages": "messages", "videos": "videos"}
        tags = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}
        assert entry["tags"] == tags
        assert len(items(home, entry["file_name"])) == (5 if name == "SpaceVista" else 1)


def test_one_scale_is_one_data_set(run, home, export_run):
    write_run(run, [make_record(7, "room_size", names(1))])
    export_run()
    assert list(json.loads((home / "dataset_info.json").read_text())) == ["SpaceVista"]
    assert sorted(path.name for path in home.glob("meta*")) == ["meta.json", "meta_flatten.json"]


def test_splits_do_not_mix(run, home, export_run):
    write_run(run, [make_record(7, "room_size", names(1))])
    write_run(run, [make_record(8, "room_size", names(1))], split="val")
    export_run()
    assert not (home / "all.json").exists()
    assert [item["problem_id"] for item in items(home, "meta_val.json")] == ["demo-room_a_8"]
    info = json.loads((home / "dataset_info.json").read_text())
    assert {name: entry["file_name"] for name, entry in info.items()} == {
        "SpaceVista_train": "meta_flatten_train.json",
        "SpaceVista_val": "meta_flatten_val.json",
    }


@pytest.mark.parametrize(
    ("kind", "side", "task"),
    [
        ("size_compare", "height", "COMPARISON_HEIGHT"),
        ("size_compare", "width", "COMPARISON_WIDTH"),
        ("size_compare", "longest", "size_compare"),
        ("object_height", None, "HEIGHT"),
        ("object_longest", None, "object_longest"),
        ("distance_surface_oo", None, "OBJECT_DISTANCE"),
        ("distance_ratio_oo", None, "OBJECT_RELATIVE_DISTANCE"),
        ("view_change_infer", None, "CAMERA_MOVING"),
        ("view_change_angles", None, "CAMERA_ROTATION"),
        ("position_matching", None, "OBJECT_MATCHING"),
        ("nav_video", None, "nav_video"),
        ("of_another_program", None, "of_another_program"),
    ],
)
def test_task_types(run, home, export_run, kind, side, task):
    write_run(run, [make_record(7, kind, names(1))], measured={} if side is None else {"side": side})
    export_run()
    full, nested, _ = forms(home)
    assert full["metadata"]["original_type"] == nested["extra_info"]["task_type"] == task


def test_task_types_are_of_known_families():
    assert {family for family, _ in TASK_TYPES} <= set(FAMILIES)


def test_points_in_the_other_order(run, home, export_run):
    write_run(run, [make_record(7, "distance_prediction_oc", names(1), red_point=[[500, 250]])])
    export_run("--point-order", "xy")
    full, nested, _ = forms(home)
    assert full["annotations"]["points"][0]["coords"] == [320, 120]
    assert full["metadata"]["point_order"] == nested["extra_info"]["point_order"] == "xy"
    assert nested["extra_info"]["input_point"]["points"] == [[320, 120]]


def test_the_same_options_give_the_same_bytes(run, home, export_run):
    write_run(run, [make_record(n, "distance_prediction_oo", names(1), red_mask=cells(2, 6)) for n in range(9)])

    def contents() -> dict[str, bytes]:
        export_run()
        return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}

    assert contents() == contents()


@pytest.mark.parametrize(
    ("evidence", "message"),
    [({"unit": "miles"}, "unit: found 'miles', expected one of mm, cm, m, km, None"), ({"id": "x_1"}, "id is 'x_1'")],
)
def test_false_evidence_is_refused(run, refusal, evidence, message):
    write_run(run, [make_record(7, "room_size", names(1))], **evidence)
    assert message in refusal()


def test_a_run_without_evidence_is_refused(run, refusal):
    write_records(run / "demo", "train", "room_size", "fill", [make_record(7, "room_size", names(1))])
    assert "evidence_jsonl/train/room_size/fill/fill_1.jsonl: no such file" in refusal()


# --- read back --------------------------------------------------------------------------------------------------------


@pytest.fixture
def every_kind(run: Path) -> Path:
    """Points, boxes, a box with candidates, masks, and nothing."""
    points: dict[str, Any] = {"red_point": [[999, 2]], "blue_point": [[1, 1]]}
    boxes: dict[str, Any] = {
        f"{color}_bbox": [[n * 100, 0, n * 100 + 50, 500]] for n, color in enumerate(("red", "blue", "green"))
    }
    pair = boxes | {"yellow_bbox": None, "magenta_bbox": None, "bbox_img_idx": [[0, 1, 1]]}
    masks: dict[str, Any] = {"red_mask": cells(2, 6), "blue_mask": cells(8, 16)}
    write_run(run, [make_record(1, "depth_prediction_oc", names(1), **points)])
    write_run(run, [make_record(2, "spatial_imagination_oc", names(1), **boxes)])
    write_run(run, [make_record(3, "object_matching_candidates", names(2), "B", **pair)])
    write_run(run, [make_record(4, "distance_prediction_oo", names(1), **masks)])
    write_run(run, [make_record(5, "room_size", names(12))])
    return run


@pytest.mark.parametrize("options", [(), ("--no-draw", "--think"), ("--point-order", "xy")])
def test_our_own_commands_read_all_forms(every_kind, home, export_run, options):
    export_run(*options)
    nested, flat = items(home, "meta.json"), items(home, "meta_flatten.json")
    assert len(nested) == 5
    assert [flatten_item(item, reversible=True) for item in nested] == flat
    assert list(map(nest_item, flat)) == nested
    for name in ("all.json", "meta.json", "meta_flatten.json"):
        result = CliRunner().invoke(check, [str(home / name), "--root", str(home)], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        assert "5 items, 5 of them can be used" in result.output
        assert all(
            count in result.output for count in ("2 points", "6 boxes", "masks" if name == "all.json" else "1 mask")
        )


# --- rationales -------------------------------------------------------------------------------------------------------

RATIONALE = "The lamp is 1.5 meters deep. So it is 1.5."


def test_the_rationale_stands_before_the_answer(run, home, export_run):
    write_run(run, [make_record(7, "room_size", names(1))])
    export_run("--think")
    for item in forms(home):
        assert item["messages"][1]["content"] == f"<think>{RATIONALE}</think><answer>1.5</answer>"


@pytest.mark.parametrize("name", ["llamafactory", "internvl", "llava", "qwen", "swift"])
def test_every_trainer_may_have_the_rationale(run, home, export_run, name):
    write_run(run, [make_record(7, "room_size", names(1))])
    replies = []
    for options in ([], ["--think"]):
        export_run(*options, name=name)
        (path,) = home.rglob("*.jsonl")
        line = json.loads(path.read_text())
        replies.append((line.get("conversations") or line["messages"])[1])
    assert [reply.get("value", reply.get("content")) for reply in replies] == [
        "1.5",
        f"<think>\n{RATIONALE}\n</think>\n\n1.5",
    ]


def test_parquet_keeps_the_bare_answer_beside_the_rationale(run, home, export_run):
    import pyarrow.parquet as pq

    write_run(run, [make_record(7, "room_size", names(1))])
    export_run("--think", name="huggingface")
    (row,) = pq.read_table(next((home / "data").glob("*/*.parquet"))).to_pylist()
    assert row["answer"] == "1.5"
    assert row["messages"][1]["content"][0]["text"] == f"<think>\n{RATIONALE}\n</think>\n\n1.5"


@pytest.mark.parametrize(
    ("rationale", "message"),
    [
        ([], "rationale: found '', expected sentences"),
        ([{"step": "answer"}], "rationale: Object missing required field `says`"),
        ([{"says": "See <image>."}], "rationale: found 'See <image>.', expected sentences without <"),
    ],
)
def test_a_rationale_that_would_harm_is_refused(run, refusal, rationale, message):
    write_run(run, [make_record(7, "room_size", names(1))], rationale=rationale)
    assert f"evidence_jsonl/train/room_size/fill/fill_1.jsonl:1: {message}" in refusal("--think", name="swift")


def test_a_run_without_rationales_says_what_to_do(run, refusal):
    write_run(run, [make_record(7, "room_size", names(1))])
    path = next((run / "demo" / "evidence_jsonl").rglob("*.jsonl"))
    path.write_text(json.dumps({"id": "room_a_7", "unit": "m"}) + "\n")
    assert "found no rationale, which --think writes; generate the run again" in refusal("--think")


@pytest.mark.parametrize("name", ["sparbench", "vlmevalkit"])
def test_what_is_scored_has_bare_answers(run, refusal, name):
    write_run(run, [make_record(7, "room_size", names(1))])
    assert f"--think: {name} is scored by its bare answers" in refusal("--think", name=name)


def test_the_order_of_points_is_no_matter_of_other_forms(run, refusal):
    write_run(run, [make_record(7, "room_size", names(1))])
    assert "--point-order: swift has no points" in refusal("--point-order", "xy", name="swift")
