"""What cards say of terms, runs and configs."""

import json
from pathlib import Path

import pytest
import yaml

from qagen.errors import QagenError
from qagen.records.card import Card, Config, Split, citation, dataset_of, held_back, push_command, tar_configs
from qagen.records.shards import TarShards

REPORT = {
    "dataset": "hypersim",
    "seed": 3,
    "qagen": "0.1.0",
    "config": "abc",
    "versions": {"numpy": "2.4"},
    "scenes": {"ai_001_001": {}, "ai_001_002": {}},
    "run": {"split": "train", "per_scene": 5, "tasks": None, "visibility": {"visible_fraction": 0.25}},
}


def write_card(folder: Path, datasets: list[str], runs: list[Path]) -> tuple[dict, str]:
    split = Split("train", "train-*.parquet", 5, 100, 60)
    Card("A title", "What it is.", datasets, runs, 5, [Config("default", (split,))], "", "", "", "qagen x").write(
        folder
    )
    _, head, body = (folder / "README.md").read_text().split("---\n", 2)
    return yaml.safe_load(head), body


def test_a_license_that_the_hub_knows_is_named_and_terms_of_several_sources_are_a_file(tmp_path):
    head, _ = write_card(tmp_path, ["hypersim"], [])
    assert head["license"] == "cc-by-sa-3.0"
    head, body = write_card(tmp_path, ["hypersim", "scannet"], [])
    assert (head["license"], head["license_link"]) == ("other", "LICENSE.md")
    assert head["license_name"] == "terms-of-the-source-datasets"
    assert "**Do not publish the images of ScanNet v2**" in body
    assert "roberts2021hypersim" in body
    assert "dai2017scannet" in body


def test_a_run_is_told_by_its_report(tmp_path):
    home = tmp_path / "renamed"
    home.mkdir()
    (home / "report.json").write_text(json.dumps(REPORT))
    assert dataset_of(home) == "hypersim"
    head, body = write_card(tmp_path, ["hypersim"], [home])
    assert "From 2 scenes of Hypersim, with seed 3:" in body
    assert "{split: train, per_scene: 5}" in body
    assert "numpy 2.4" in body
    assert head["dataset_info"][0]["splits"] == [{"name": "train", "num_bytes": 100, "num_examples": 5}]


def test_a_run_without_a_report_is_told_and_one_of_another_form_refused(tmp_path):
    home = tmp_path / "scannetpp"
    home.mkdir()
    assert dataset_of(home) == "scannetpp"
    _, body = write_card(tmp_path, ["scannetpp"], [home])
    assert "The records of ScanNet++ have no report" in body
    (home / "report.json").write_text('{"versions": 3}')
    with pytest.raises(QagenError, match=r"report\.json: not a record: Expected `object`, got `int`"):
        dataset_of(home)


def test_qagen_is_cited_as_it_asks_to_be():
    asked = yaml.safe_load((Path(__file__).parents[2] / "CITATION.cff").read_text())
    told = citation([]).replace("{", "").replace("}", "")
    assert all(text.lower() in told.lower() for text in (asked["title"], asked["authors"][0]["name"], asked["url"]))


def test_who_may_publish(tmp_path):
    assert held_back(["hypersim", "scannet", "posed", "unknown"]) == ["scannet"]
    assert push_command(Path("a b"), is_private=True) == "hf upload USER/NAME 'a b' . --repo-type=dataset --private"


def test_tars_of_more_images_come_later(tmp_path):
    with TarShards(tmp_path, "train") as tars:
        for number, count in enumerate((10, 2, 0)):
            tars.write(str(number), [(f"{i}.jpg", b"1") for i in range(count)], b"{}")
    configs = tar_configs({"train": tars})
    assert [config.name for config in configs] == ["text", "2jpg", "10jpg"]
    assert configs[1].splits == (Split("train", "train-2jpg-*.tar", 1, 4, 10240),)
