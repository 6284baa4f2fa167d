"""Benchmarks: held out, balanced, drawn; the truth scores 100 and guessing what guessing scores."""

import io
import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from click.testing import CliRunner, Result
from PIL import Image

from qagen.bench.__main__ import main
from qagen.bench.draw import answer_class
from qagen.records.sparbench import CHOICE_TASKS, NUMBER_TASKS, TASKS, VIEW_CHANGE
from qagen.score import lmms, reward, vlmeval
from qagen.score.items import ScoredItem

SCENES = ["scene0000_00", "scene0001_00", "scene0001_01", "scene0002_00"]


def make_pair(task: str, number: int, scene: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A record and its evidence; letters, numbers and scenes are far from balanced."""
    rng = random.Random(f"{task} {number}")
    images = 1 if task in ("depth_prediction_oc", "obj_spatial_relation_oo") else 2
    question, answer = f"Question {number}?", f"{rng.choice([0.5, 0.6, 0.7, 3.2]):.1f}"
    if task in CHOICE_TASKS:
        letters = "AB" if task.startswith("distance_infer_center_oo") else "ABCD"
        answer = (letters[0] * 4 + letters)[number % (4 + len(letters))]
        question += "".join(
            f"\n{letter}. {word}" for letter, word in zip(letters, ["left", "right", "front", ""], strict=False)
        )
    if task == VIEW_CHANGE:
        answer = f"move_right:{answer},move_down:0,move_forward:1.0,rotate_up:5,rotate_left:{rng.randrange(0, 90, 5)}"
    turns = [{"from": "human", "value": question}, {"from": "gpt", "value": answer}]
    name = f"{scene}_{number}"
    record = {"id": name, "conversations": turns, "image": [f"{scene}/{i}.png" for i in range(images)], "type": task}
    return record | {"red_point": [[250, 500]]}, {"id": name, "frames": [str(number)], "measured": {"n": number}}


def write_run(out: Path, split: str, tasks: tuple[str, ...], scenes: list[str], each: int = 80) -> None:
    dataset = out / "scannet"
    for scene in scenes:
        for index in range(2):
            path = dataset / "images" / scene / f"{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (120, 90), (90, 90, 90)).save(path)
    for task in tasks:
        form = "select" if task in CHOICE_TASKS else "fill"
        shares = [scene for place, scene in enumerate(scenes) for _ in range(place + 1)]
        pairs = [make_pair(task, number, shares[number % len(shares)]) for number in range(each)]
        for tree, kept in (("qa_jsonl", 0), ("evidence_jsonl", 1)):
            path = dataset / tree / split / task / form / f"{form}_{each}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(json.dumps(pair[kept]) + "\n" for pair in pairs))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """80 records of each of SPAR-Bench's tasks, from three scenes of unequal share."""
    write_run(tmp_path / "out", "val", TASKS, SCENES[:3])
    return tmp_path / "out"


def run(out: Path, *options: str) -> Result:
    return CliRunner().invoke(main, [str(out), "--out", str(out.parent / "bench"), *options])


def read(out: Path, name: str = "test.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out.parent / "bench" / name).read_text().splitlines()]


def refusal(result: Result) -> str:
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    return line


def test_rows_have_spar_benchs_columns_and_the_tiny_one_is_a_part(out):
    result = run(out, "--per-task", "12", "--tiny", "4")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("240 questions, 80 of them in the tiny benchmark")
    rows, small = read(out), read(out, "tiny.jsonl")
    assert [row["id"] for row in rows] == list(range(240))
    assert Counter(row["task"] for row in rows) == dict.fromkeys(TASKS, 12)
    assert Counter(row["task"] for row in small) == dict.fromkeys(TASKS, 4)
    assert all(row in rows for row in small)
    (row,) = [row for row in rows if row["task"] == "depth_prediction_oc"][:1]
    assert {key: row[key] for key in ("img_type", "format_type", "source")} == {
        "img_type": "single_view",
        "format_type": "fill",
        "source": "scannet",
    }
    table = pq.read_table(out.parent / "bench" / "test.parquet")
    assert table.schema.names == ["id", "img_type", "format_type", "task", "source", "image", "question", "answer"]
    assert [(row["id"], row["answer"]) for row in table.to_pylist()] == [(row["id"], row["answer"]) for row in rows]


def test_marks_are_in_the_images_and_images_without_marks_are_the_runs_own_bytes(out):
    run(out, "--per-task", "1", "--tasks", "position_matching")
    (row,) = pq.read_table(out.parent / "bench" / "test.parquet").to_pylist()
    marked, plain = (image["bytes"] for image in row["image"])
    red, green, blue = np.asarray(Image.open(io.BytesIO(marked)).convert("RGB"))[45, 30]
    assert red > 200
    assert max(green, blue) < 60
    assert plain == (out / "scannet/images" / SCENES[0] / "1.png").read_bytes()
    (told,) = read(out)
    assert [(out.parent / "bench" / path).read_bytes() for path in told["image"]] == [marked, plain]


def test_letters_and_scenes_come_equally_often_although_the_records_do_not(out):
    run(out, "--per-task", "12")
    rows = read(out)
    scenes = {source["id"]: source["scene"] for source in read(out, "sources.jsonl")}
    for task in CHOICE_TASKS:
        letters = Counter(row["answer"] for row in rows if row["task"] == task)
        expected = 6 if task.startswith("distance_infer_center_oo") else 3
        assert set(letters.values()) == {expected}, task
    for task in NUMBER_TASKS:
        told = Counter(answer_class(row["answer"]) for row in rows if row["task"] == task)
        assert max(told.values()) - min(told.values()) <= 1, task
        used = Counter(scenes[row["id"]] for row in rows if row["task"] == task)
        assert max(used.values()) - min(used.values()) <= 2, task


def test_a_fact_that_is_told_in_two_ways_is_asked_once(out):
    for tree in ("qa_jsonl", "evidence_jsonl"):
        path = out / "scannet" / tree / "val/depth_prediction_oc/fill/fill_80.jsonl"
        first = json.loads(path.read_text().splitlines()[0])
        again = json.dumps(first).replace(first["id"], f"{SCENES[0]}_999").replace("Question", "Say")
        path.write_text(f"{path.read_text()}{again}\n")
    run(out, "--per-task", "100", "--tasks", "depth_prediction_oc")
    assert len(read(out)) == 80


def test_the_truth_scores_100_by_every_scorer(out):
    run(out, "--per-task", "12")
    for row in read(out):
        item = ScoredItem(str(row["id"]), row["task"], row["question"], row["answer"])
        assert reward(row, row["answer"]) == lmms.score(item, row["answer"]) == vlmeval.score(item, row["answer"]) == 1


def test_random_letters_score_chance_and_so_does_any_one_letter(out):
    run(out, "--per-task", "24")
    rows = [row for row in read(out) if row["task"] in CHOICE_TASKS]
    two, four = ([row for row in rows if ("\nC. " in row["question"]) == wanted] for wanted in (False, True))
    for group, letters in ((two, "AB"), (four, "ABCD")):
        for letter in letters:
            assert sum(reward(row, letter) for row in group) / len(group) == pytest.approx(1 / len(letters), abs=0.02)
        rng = random.Random(0)
        scores = [reward(row, rng.choice(letters)) for row in group for _ in range(200)]
        assert sum(scores) / len(scores) == pytest.approx(1 / len(letters), abs=0.02)


def test_other_tasks_are_asked_where_they_can_be_filled_in_or_selected(out):
    write_run(out, "val", ("obj_count",), SCENES[:1])
    assert run(out, "--tasks", "obj_*", "--per-task", "5").exit_code == 0
    assert {row["task"] for row in read(out)} == {task for task in TASKS if task.startswith("obj_")} | {"obj_count"}


def test_a_scene_that_is_trained_on_is_refused(out):
    write_run(out, "train", ("obj_count",), [SCENES[0], SCENES[3]])
    assert refusal(run(out)) == (
        "qagen: found 1 scene trained on, expected none: scene0000_00 (as scene0000_00); a benchmark needs scenes "
        "whose rooms no training data shows"
    )
    assert not (out.parent / "bench").exists()


def test_another_scan_of_a_trained_room_is_refused_wherever_the_training_data_is(out, tmp_path):
    write_run(tmp_path / "other", "train", ("obj_count",), ["scene0001_02"])
    message = refusal(run(out, "--train", str(tmp_path / "other")))
    assert "found 1 scene trained on, expected none: scene0001_00 (as scene0001_02)" in message
    write_run(tmp_path / "elsewhere", "train", ("obj_count",), [SCENES[3]])
    assert run(out, "--train", str(tmp_path / "elsewhere")).exit_code == 0


def test_the_same_seed_draws_the_same(out):
    def drawn(seed: int) -> list[dict[str, Any]]:
        folder = out.parent / f"bench_{seed}_{len(list(out.parent.iterdir()))}"
        CliRunner().invoke(main, [str(out), "--out", str(folder), "--per-task", "3", "--seed", str(seed)])
        return [json.loads(line) for line in (folder / "sources.jsonl").read_text().splitlines()]

    assert drawn(0) == drawn(0) != drawn(1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--split", "vol"], "--split: no records of split 'vol'. Did you mean 'val'?"),
        (["--tasks", "depth_predicton_oc"], "--tasks: no records of type 'depth_predicton_oc'. Did you mean 'depth_"),
    ],
)
def test_mistakes_are_one_line(out, options, message):
    assert message in refusal(run(out, *options))


def test_a_missing_image_is_named_and_nothing_is_left(out):
    (out / "scannet/images" / SCENES[0] / "0.png").unlink()
    assert re.search(rf": record {SCENES[0]}_\w+: image \S+/{SCENES[0]}/0\.png is missing", refusal(run(out)))
    assert {path.name for path in out.parent.iterdir()} == {"out"}


def test_an_existing_folder_is_not_touched(out):
    (out.parent / "bench").mkdir()
    assert "found something of that name, expected nothing" in refusal(run(out))


def test_fewer_records_than_asked_for_are_told(out):
    result = run(out, "--per-task", "90", "--tasks", "position_matching")
    assert "fewer than 90 questions: position_matching 80" in result.stderr


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("1.0", "0"),  # 1.5^0 ≤ 1.0 < 1.5
        ("1.5", "1"),
        ("3.2", "2"),  # 2.25 ≤ 3.2 < 3.375
        ("0.0", answer_class("0.1")),
        ("chair (green point)", "green"),
        ("shelf (in Frame-5, point1)", "point1"),
        ("left, , closer", "left, , closer"),
        (
            "move_right:1.6,move_down:0,move_forward:0.5,rotate_up:0,rotate_left:10",
            "move_right,move_forward,rotate_left",
        ),
        ("[0, 1, 2, 3]", ""),
    ],
)
def test_classes_of_answers(said, expected):
    assert answer_class(said) == expected


def test_groups_stay_whole_and_say_what_each_question_is(tmp_path):
    write_run(tmp_path, "val", ("obj_spatial_relation_oo",), SCENES, each=12)
    tree = tmp_path / "scannet"
    for path in (tree / "evidence_jsonl").glob("*/*/*/*.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        for number, row in enumerate(rows):  # each fourth record is the original of a group of three
            if number % 4 < 3:
                group = {
                    "id": rows[number - number % 4]["id"],
                    "variant": ("original", "permute", "mirror")[number % 4],
                }
                row["group"] = group
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = CliRunner().invoke(
        main, [str(tmp_path), "--per-task", "4", "--tiny", "1", "--out", str(tmp_path / "made")]
    )
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in (tmp_path / "made" / "test.jsonl").read_text().splitlines()]
    sources = [json.loads(line) for line in (tmp_path / "made" / "sources.jsonl").read_text().splitlines()]
    assert [(row["group"], row["variant"]) for row in rows] == [(row["group"], row["variant"]) for row in sources]
    groups: dict[str, set[str]] = {}
    for row in rows:
        groups.setdefault(row["group"], set()).add(row["variant"])
    alone = groups.pop("", set())
    assert groups
    assert all(variants == {"original", "permute", "mirror"} for variants in groups.values())
    assert len(groups) + sum(not row["group"] for row in rows) == 4
    assert alone <= {""}
    assert set(pq.read_table(tmp_path / "made" / "test.parquet").column_names) >= {"group", "variant"}


def test_the_card_says_what_datasets_finds_and_under_which_terms(out, tmp_path):
    datasets = pytest.importorskip("datasets")
    result = run(out, "--per-task", "3", "--tiny", "2", "--tasks", "depth_*")
    assert "the terms of ScanNet v2 allow no public images" in result.stderr
    folder = out.parent / "bench"
    head = yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])
    assert (head["license"], (folder / head["license_link"]).is_file()) == ("other", True)
    assert [info["config_name"] for info in head["dataset_info"]] == ["full", "tiny"]
    for info, count in zip(head["dataset_info"], (12, 8), strict=True):
        rows = datasets.load_dataset(str(folder), info["config_name"], split="test", cache_dir=str(tmp_path / "cache"))
        assert len(rows) == info["splits"][0]["num_examples"] == count
        assert rows.features._to_yaml_list() == info["features"]
        assert info["download_size"] == (folder / f"{'test' if count == 12 else 'tiny'}.parquet").stat().st_size
