# pyright: reportMissingImports=false
"""LLaMA-Factory's own loader, converter and tokenization."""

from pathlib import Path
from typing import Any

import pytest

from tests.consumers.exports import SAMPLED, export_of, read_lines

pytest.importorskip("llamafactory")


def arguments(home: Path, tmp_path: Path, **data: Any) -> tuple[Any, Any, Any]:
    from llamafactory.hparams import DataArguments, ModelArguments
    from transformers import Seq2SeqTrainingArguments

    data_arguments = DataArguments(
        dataset="qagen_train", dataset_dir=str(home), template="qwen2_vl", cutoff_len=100_000, **data
    )
    training = Seq2SeqTrainingArguments(output_dir=str(tmp_path / "out"), report_to=[])
    return ModelArguments(model_name_or_path="none"), data_arguments, training


def test_every_sample_is_loaded_and_converted(tmp_path):
    from llamafactory.data.loader import _load_single_dataset
    from llamafactory.data.parser import get_dataset_list

    home = export_of("llamafactory")
    model, data, training = arguments(home, tmp_path)
    (attributes,) = get_dataset_list(["qagen_train"], str(home))
    rows = _load_single_dataset(attributes, model, data, training)
    assert len(rows) == len(read_lines(home))
    for row in rows:
        assert len(row["_prompt"]) == len(row["_response"]) == 1
        assert row["_prompt"][0]["content"].count("<image>") == len(row["_images"])
        assert all(Path(image).is_file() for image in row["_images"])


def test_samples_are_tokenized_with_their_images(tmp_path):
    from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
    from transformers import AutoProcessor

    from tests.consumers.tiny_qwen import build

    home = export_of("llamafactory")
    processor = AutoProcessor.from_pretrained(build(tmp_path / "model"))
    for name in ("image_max_pixels", "image_min_pixels"):
        setattr(processor, name, 28 * 28 * 16)
    model, data, training = arguments(home, tmp_path, max_samples=SAMPLED, preprocessing_num_workers=1)
    template = get_template_and_fix_tokenizer(processor.tokenizer, data)
    rows = get_dataset(template, model, data, training, "sft", processor.tokenizer, processor)["train_dataset"]
    pad = processor.tokenizer.convert_tokens_to_ids("<|image_pad|>")
    assert len(rows) == SAMPLED
    for row in rows:
        assert row["input_ids"].count(pad) >= len(row["images"])
        assert any(label >= 0 for label in row["labels"])
