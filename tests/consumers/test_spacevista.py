# pyright: reportMissingImports=false
"""LLaMA-Factory as it is published, on the flat form: each data set is loaded, converted and tokenized.

SpaceVista's own trainer is a changed copy of LLaMA-Factory that also draws what ``extra_info`` marks;
tests/consumers/spacevista_reader.py says how it finds the marks.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.consumers.exports import SAMPLED, export_of, spread
from tests.consumers.spacevista_reader import read

pytest.importorskip("llamafactory")

EXPORTS = ("spacevista", "spacevista-no-draw")


def data_sets(home: Path) -> dict[str, list[dict[str, Any]]]:
    info = json.loads((home / "dataset_info.json").read_text())
    return {name: json.loads((home / entry["file_name"]).read_text()) for name, entry in info.items()}


@pytest.mark.parametrize("export", EXPORTS)
def test_every_data_set_is_loaded_with_its_frames(export, tmp_path):
    from llamafactory.data.loader import _load_single_dataset
    from llamafactory.data.parser import get_dataset_list

    from tests.consumers.test_llamafactory import arguments

    home = export_of(export)
    model, data, training = arguments(home, tmp_path)
    for name, items in data_sets(home).items():
        (attributes,) = get_dataset_list([name], str(home))
        rows = _load_single_dataset(attributes, model, data, training)
        assert len(rows) == len(items)
        for row, item in zip(rows, items, strict=True):
            assert row["_prompt"][0]["content"].count("<video>") == len(row["_videos"]) == 1
            assert row["_response"][0]["content"] == item["messages"][1]["content"]
            assert [str(home / frame) for frame in item["videos"][0]] == row["_videos"][0]
            assert all(Path(frame).is_file() for frame in row["_videos"][0])


def test_items_are_tokenized_with_their_frames(tmp_path):
    from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
    from transformers import AutoProcessor

    from tests.consumers.test_llamafactory import arguments
    from tests.consumers.tiny_qwen import build

    home = export_of("spacevista")
    processor = AutoProcessor.from_pretrained(build(tmp_path / "model"))
    for name in ("video_max_pixels", "video_min_pixels"):
        setattr(processor, name, 28 * 28 * 16)
    model, data, training = arguments(home, tmp_path, max_samples=SAMPLED, preprocessing_num_workers=1)
    data.dataset = ["SpaceVista"]
    template = get_template_and_fix_tokenizer(processor.tokenizer, data)
    rows = get_dataset(template, model, data, training, "sft", processor.tokenizer, processor)["train_dataset"]
    pad = processor.tokenizer.convert_tokens_to_ids("<|video_pad|>")
    assert len(rows) == SAMPLED
    for row in rows:
        assert row["input_ids"].count(pad) >= len(row["videos"]) == 1
        assert any(label >= 0 for label in row["labels"])


def test_its_own_trainer_finds_every_mark():
    home = export_of("spacevista-no-draw")
    items = data_sets(home)["SpaceVista"]
    for item in (items[index] for index in spread(len(items))):
        assert bool(read(item, home)) == (item["extra_info"]["input_type"] != "Image+text")
