"""Benchmarks in the form of public ones: rows, tables and videos; the truth scores 100, a random letter chance."""

import ast
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from click.testing import CliRunner, Result
from PIL import Image

from qagen.bench.__main__ import main
from qagen.bench.forms import FORMS, NUMBERS, asked_of
from qagen.records.benches import (
    BLINK,
    MINDCUBE,
    MMSI,
    REVSI_CHOICES,
    REVSI_NUMBERS,
    VIEWSPATIAL,
    VSI_CHOICES,
    VSI_NUMBERS,
)
from qagen.score.__main__ import main as score_main
from qagen.score.benches import item_of
from qagen.score.scorers import SCORERS

SCENES = ["scene0000_00", "scene0001_00"]
KINDS = {
    "vsi": {*VSI_CHOICES, *VSI_NUMBERS},
    "revsi": {*REVSI_CHOICES, *REVSI_NUMBERS},
    "mmsi": {*MMSI},
    "viewspatial": {*VIEWSPATIAL},
    "mindcube": {*MINDCUBE},
    "blink": {*BLINK},
}
WORDS = ["left", "front, right", "a box", "B. Braun"]


def make_run(out: Path, form: str, frames: int = 12, each: int = 24) -> Path:
    """A run with ``each`` records of every type of a form."""
    dataset = out / "scannet"
    count = frames if FORMS[form].has_videos else 2
    for scene in SCENES:
        for index in range(count):
            path = dataset / "images" / scene / f"{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (97, 65), (20 * index % 256, 60, 250 - 20 * index % 250)).save(path)
    for task in FORMS[form].types:
        answer_format = FORMS[form].format_of(task)
        records, proofs = [], []
        for number in range(each):
            scene = SCENES[number % 2]
            question = f"What is {task} {number}{', the farthest' * (number % 3 == 0)}?"
            if answer_format == "select":
                options = "".join(f"\n{letter}. {word}" for letter, word in zip("ABCD", WORDS, strict=True))
                turns = [f"{question}\nChoose.{options}\nOne letter.", "ABCD"[number % 4]]
            else:
                turns = [f"{question}\nA number.", f"{1 + number / 4:.2f}"]
            said = [{"from": who, "value": text} for who, text in zip(("human", "gpt"), turns, strict=True)]
            name = f"{scene}_{number}"
            images = [f"{scene}/{index}.png" for index in range(count)]
            records.append({"id": name, "conversations": said, "image": images, "type": task})
            proofs.append({"id": name, "frames": [str(number)], "measured": {"n": number}})
        for tree, lines in (("qa_jsonl", records), ("evidence_jsonl", proofs)):
            path = dataset / tree / "val" / task / answer_format / f"{answer_format}_{each}.jsonl"
            path.parent.mkdir(parents=True)
            path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return out


def run(out: Path, form: str, *options: str, name: str = "bench") -> Result:
    return CliRunner().invoke(main, [str(out), "--form", form, "--out", str(out.parent / name), *options])


def read(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "test.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module", params=sorted(FORMS))
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    out = make_run(tmp_path_factory.mktemp(request.param) / "out", request.param)
    result = run(out, request.param, "--per-task", "16")
    assert result.exit_code == 0, result.output
    assert "no questions of" not in result.stderr
    return request.param, out.parent / "bench"


def test_every_type_has_a_question_type_that_the_scorers_know(bench):
    form, folder = bench
    assert {*FORMS[form].types.values()} <= KINDS[form]
    items = [item_of(row) for row in read(folder)]
    for name in FORMS[form].scorers:
        assert all(map(SCORERS[name].knows, items))


def test_the_data_and_the_table_ask_the_same_and_options_stand_where_they_belong(bench):
    form, folder = bench
    rows = read(folder)
    table = pd.concat([pd.read_csv(path, sep="\t", keep_default_na=False, dtype=str) for path in folder.glob("*.tsv")])
    data = pd.concat([pq.read_table(path).to_pandas() for path in folder.glob("*.parquet")])
    assert len(rows) == len(table) == len(data)
    by_row = {number: item_of(row) for number, row in enumerate(rows)}
    for cells in table.to_dict("records"):
        item = item_of(cells)
        expected = by_row[int(cells["index"])]
        assert (item.task, item.question, item.answer) == (expected.task, expected.question, expected.answer)
    for row in rows:
        options = row.get("options") or []
        assert "Choose" not in row["question"]
        assert "letter." not in row["question"]
        assert "number." not in row["question"]
        if form in ("vsi", "revsi"):
            is_number = row["question_type"] in NUMBERS
            assert (len(options) == 0) == is_number
            assert "\n" not in row["question"]
            assert row["ground_truth"] in "ABCD" if not is_number else float(row["ground_truth"]) > 0
    assert json.loads((folder / "sources.jsonl").read_text().splitlines()[-1])["id"] == len(rows) - 1


def test_the_truth_scores_100_and_random_letters_chance(bench, tmp_path):
    form, folder = bench
    rows = read(folder)
    rng = random.Random(4)
    items = {str(row.get("id", row.get("idx"))): item_of(row) for row in rows}
    guesses = {name: rng.choice("ABCD") for name in items}
    for scorer in FORMS[form].scorers:
        for texts, low, high in (({name: item.answer for name, item in items.items()}, 1, 1), (guesses, 0.1, 0.42)):
            chosen = [SCORERS[scorer].score(item, texts[name]) for name, item in items.items() if item.kind is None]
            assert low <= float(np.mean(chosen)) <= high
        lines = [json.dumps({"id": name, "prediction": item.answer}) for name, item in items.items()]
        (tmp_path / "p.jsonl").write_text("\n".join(lines))
        options = [
            "--against",
            str(folder),
            "--mode",
            "official",
            "--scorer",
            scorer,
            "--out",
            str(tmp_path / "s.json"),
        ]
        result = CliRunner().invoke(score_main, [str(tmp_path / "p.jsonl"), *options])
        assert result.exit_code == 0, result.output
        assert json.loads((tmp_path / "s.json").read_text())["overall"]["score"] == 1


def test_images_are_in_the_data_and_in_the_table(bench):
    form, folder = bench
    if FORMS[form].has_videos:
        return
    (path, *_) = folder.glob("*.parquet")
    (first, *_) = pq.read_table(path).to_pylist()
    table = pd.read_csv(next(folder.glob("*.tsv")), sep="\t")
    images = first["images"] if form != "blink" else [first[f"image_{n}"] for n in (1, 2, 3, 4) if first[f"image_{n}"]]
    assert len(images) == 2
    assert images[0]["bytes"] == (folder / "images" / images[0]["path"]).read_bytes()
    assert len(ast.literal_eval(str(table["image"].iloc[0]))) == 2
    if form == "mindcube":
        assert {path.stem for path in folder.glob("*.parquet")} == {*MINDCUBE}
        assert first["input_prompt"].count("<image>") == 2


# --- videos -----------------------------------------------------------------------------------------------------------


def frames_of(path: Path) -> list[np.ndarray]:
    with av.open(path) as container:
        assert container.streams.video[0].average_rate == 1
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_a_video_shows_the_runs_frames_one_a_second_and_has_the_same_bytes_again(tmp_path):
    out = make_run(tmp_path / "out", "vsi", each=4)
    assert run(out, "vsi").exit_code == run(out, "vsi", name="again").exit_code == 0
    videos = sorted(path.relative_to(tmp_path / "bench") for path in (tmp_path / "bench").rglob("*.mp4"))
    assert videos == [Path(f"scannet/{scene}.mp4") for scene in SCENES]
    for video in videos:
        assert (tmp_path / "bench" / video).read_bytes() == (tmp_path / "again" / video).read_bytes()
    frames = frames_of(tmp_path / "bench" / videos[0])
    assert len(frames) == 12
    for index, frame in enumerate(frames):
        assert frame.shape == (64, 96, 3)
        assert np.allclose(frame[10, 10], (20 * index % 256, 60, 250 - 20 * index % 250), atol=12)


def test_blink_has_a_configuration_for_each_question_type_and_answers_in_parentheses(tmp_path):
    out = make_run(tmp_path / "out", "blink", each=8)
    assert run(out, "blink").exit_code == 0
    kinds = sorted(FORMS["blink"].types.values())
    assert {path.stem for path in (tmp_path / "bench").glob("*.parquet")} == {*kinds}
    card = (tmp_path / "bench/README.md").read_text().split("---")[1]
    configs = {one["config_name"]: one["data_files"] for one in yaml.safe_load(card)["configs"]}
    assert configs == {kind: [{"split": "val", "path": f"{kind}.parquet"}] for kind in kinds}
    for row in read(tmp_path / "bench"):
        assert row["answer"] in {"(A)", "(B)", "(C)", "(D)"}
        assert row["choices"] == WORDS
        assert row["prompt"].startswith(row["question"])
        assert "\n(C) a box\n" in row["prompt"]
        assert [row["image_3"], row["image_4"]] == [None, None]
        assert (tmp_path / "bench" / row["image_1"]).is_file()


def test_other_frames_of_a_scene_are_another_video(tmp_path):
    out = make_run(tmp_path / "out", "vsi", each=4)
    path = out / "scannet/qa_jsonl/val/obj_count/fill/fill_4.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps({**line, "image": line["image"][1:]}) + "\n" for line in lines))
    run(out, "vsi")
    names = {row["scene_name"] for row in read(tmp_path / "bench") if row["question_type"] == "object_counting"}
    assert names <= {*SCENES, *(f"{scene}_v2" for scene in SCENES)}
    assert len([*(tmp_path / "bench").rglob("*.mp4")]) == 4
    assert sorted(len(frames_of(path)) for path in (tmp_path / "bench").rglob("*.mp4")) == [11, 11, 12, 12]


def test_revsi_has_a_file_and_a_folder_for_each_number_of_frames(tmp_path):
    out = make_run(tmp_path / "out", "revsi", each=12)
    make_run(tmp_path / "out16", "revsi", frames=16, each=12)
    result = run(out, "revsi", "--also", str(tmp_path / "out16"))
    assert result.exit_code == 0, result.output
    rows = read(tmp_path / "bench")
    assert Counter(row["num_frames"] for row in rows) == {12: len(rows) // 2, 16: len(rows) // 2}
    assert [row["id"] for row in rows] == list(range(len(rows)))
    for row in rows:
        assert (tmp_path / "bench" / f"{row['num_frames']}_frame" / f"{row['scene_id']}.mp4").is_file()
    assert {path.name for path in (tmp_path / "bench").glob("*.parquet")} == {"12_frame.parquet", "16_frame.parquet"}
    assert {path.name for path in (tmp_path / "bench").glob("*.tsv")} == {"12_frame.tsv", "16_frame.tsv"}
    assert "config_name: 16_frame" in (tmp_path / "bench/README.md").read_text()
    refused = run(out, "vsi", "--also", str(tmp_path / "out16"), name="no")
    assert refused.stderr == f"qagen: --also: found {tmp_path / 'out16'}, expected nothing with --form vsi\n"
    refused = run(out, "revsi", "--also", str(out), name="no")
    assert refused.stderr == "qagen: --also: found a run twice, expected runs of other numbers of frames\n"


def test_vsi_bench_asks_for_the_closest_alone_and_revsi_for_both(tmp_path):
    for form, kinds in (("vsi", {"object_rel_distance"}), ("revsi", {*REVSI_CHOICES[4:6]})):
        out = make_run(tmp_path / form / "out", form, each=12)
        run(out, form, "--tasks", "relative_distance_video")
        rows = read(tmp_path / form / "bench")
        assert {row["question_type"] for row in rows} == kinds
        for row in rows:
            assert ("farthest" in row["question"]) == row["question_type"].endswith("farthest")


def test_types_without_records_are_told_and_others_are_refused(tmp_path):
    out = make_run(tmp_path / "out", "mindcube", each=4)
    result = run(out, "mmsi")
    assert result.exit_code == 0
    assert result.stderr.startswith("qagen: no questions of camera_relation_height_mv, ")
    refused = run(out, "mmsi", "--tasks", "obj_count", name="no")
    assert refused.exit_code == 2
    assert refused.stderr.startswith("qagen: --tasks: --form mmsi does not ask 'obj_count'")


@pytest.mark.parametrize(
    ("human", "gpt", "stem", "options"),
    [
        ("Where?\nChoose.\nA. left\nB. right\nOne letter.", "B", "Where?", ("A. left", "B. right")),
        ("How far? Two\nlines.\nChoose.\nA. 1\nB. 2\nOne.", "A", "How far? Two\nlines.", ("A. 1", "B. 2")),
        ("How far?\nA number of meters.", "2.4", "How far?", ()),
        ("How far?", "2.4", "How far?", ()),
    ],
)
def test_the_question_without_how_to_answer_it(human, gpt, stem, options):
    asked = asked_of(human, gpt)
    assert (asked.stem, asked.options, asked.answer) == (stem, options, gpt)


def test_the_card_says_what_datasets_finds_and_under_which_terms(bench, tmp_path):
    datasets = pytest.importorskip("datasets")
    name, folder = bench
    head = yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])
    assert (head["license"], (folder / head["license_link"]).is_file()) == ("other", True)
    assert FORMS[name].title in head["pretty_name"]
    for info in head["dataset_info"]:
        found = datasets.load_dataset(str(folder), info["config_name"], cache_dir=str(tmp_path / "cache"))
        assert {split: len(rows) for split, rows in found.items()} == {
            split["name"]: split["num_examples"] for split in info["splits"]
        }
        assert all(rows.features._to_yaml_list() == info["features"] for rows in found.values())
