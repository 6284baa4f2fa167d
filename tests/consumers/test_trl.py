# pyright: reportMissingImports=false
"""TRL's collator for vision-language models, over the parquet as ``datasets`` loads it."""

from typing import Any

import pytest

from tests.consumers.exports import export_of, spread

pytest.importorskip("trl")


def test_rows_are_collated_with_their_images(tmp_path):
    import datasets
    from transformers import AutoProcessor
    from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

    from tests.consumers.tiny_qwen import build

    rows: Any = datasets.load_dataset(str(export_of("huggingface")), cache_dir=str(tmp_path / "cache"))["train"]
    collate = DataCollatorForVisionLanguageModeling(AutoProcessor.from_pretrained(build(tmp_path / "model")))
    for index in spread(len(rows)):
        row = rows[index]
        batch = collate([row])
        assert len(batch["image_grid_thw"]) == len(row["images"])
        assert (batch["labels"] >= 0).any()
