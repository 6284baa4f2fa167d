# pyright: reportMissingImports=false
"""Runs and streams as TRL's trainers take them."""

from itertools import islice
from pathlib import Path
from typing import Any

import pytest

import qagen
from qagen.score import reward_func
from tests.env.test_env import write_run

pytest.importorskip("datasets", reason="datasets is not installed")


def test_rows_of_a_run(tmp_path: Path):
    run = qagen.open_run(write_run(tmp_path))
    dataset = run.to_trl()
    assert len(dataset) == len(run) == 5
    rows: list[Any] = list(dataset)
    for row, sample in zip(rows, run, strict=True):
        (message,) = row["prompt"]
        kinds = [part["type"] for part in message["content"]]
        assert kinds == ["image"] * len(sample.images) + ["text"]
        assert [image.size for image in row["images"]] == [image.size for image in sample.images]
        assert message["content"][-1]["text"] == sample.question == row["question"]
        assert (row["id"], row["type"], row["answer"]) == (sample.id, sample.type, sample.answer)


def test_rewards_of_a_batch(tmp_path: Path):
    batch: Any = qagen.open_run(write_run(tmp_path)).to_trl()[:]
    replies = [[{"role": "assistant", "content": f"The answer is {answer}"}] for answer in batch["answer"]]
    extra = {"trainer_state": object(), "log_metric": print, "completion_ids": [[1]] * 5}
    assert reward_func(completions=replies, prompts=batch.pop("prompt"), **batch, **extra) == [1] * 5
    assert reward_func(completions=[None] * 5, prompts=[""] * 5, **batch, **extra) == [0] * 5


@pytest.mark.slow
def test_rows_of_a_stream_go_on_without_end(demo: Path):
    scene = qagen.open_scene(root=demo, visibility={"max_frames": 12})
    settings: dict[str, Any] = {"seed": 2, "tasks": "depth_prediction_oc", "formats": "fill", "per_scene": 4}
    expected = [sample.question for sample in islice(qagen.stream(scene, **settings), 10)]
    dataset = qagen.stream(scene, **settings).to_trl()
    rows: list[Any] = list(dataset.take(10))
    assert [row["question"] for row in rows] == expected
    assert all(len(row["images"]) == 1 and 0 < row["difficulty"] < 1 for row in rows)


@pytest.mark.slow
def test_trl_trains_on_a_run(tmp_path: Path):
    trl = pytest.importorskip("trl", reason="trl is not installed")
    from transformers import AutoProcessor, Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    from tests.consumers.tiny_qwen import build

    processor: Any = AutoProcessor.from_pretrained(build(tmp_path / "model"), padding_side="left")
    words = processor.tokenizer
    places = {name: words.convert_tokens_to_ids(f"<|{name}|>") for name in ("image_pad", "video_pad", "vision_start")}
    text = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    text |= {"num_key_value_heads": 2, "vocab_size": len(words), "pad_token_id": words.pad_token_id}
    text |= {"rope_parameters": {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10000.0}}
    vision = {"depth": 1, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "out_hidden_size": 32}
    config = Qwen2_5_VLConfig(
        text_config=text,
        vision_config=vision | {"fullatt_block_indexes": [0]},
        image_token_id=places["image_pad"],
        video_token_id=places["video_pad"],
        vision_start_token_id=places["vision_start"],
    )
    seen: list[float] = []

    def rewards(prompts: Any, completions: Any, **columns: Any) -> list[float]:
        """The rewards of the completions, and beside them those of the true answers."""
        seen.extend(reward_func(prompts, columns["answer"], **columns))
        return reward_func(prompts, completions, **columns)

    trainer = trl.GRPOTrainer(
        model=Qwen2_5_VLForConditionalGeneration(config),
        reward_funcs=rewards,
        train_dataset=qagen.open_run(write_run(tmp_path / "run")).to_trl(),
        processing_class=processor,
        args=trl.GRPOConfig(
            output_dir=str(tmp_path / "out"),
            max_steps=2,
            per_device_train_batch_size=2,
            num_generations=2,
            max_completion_length=4,
            use_cpu=True,
            bf16=False,
            report_to=[],
            save_strategy="no",
        ),
    )
    trainer.train()
    assert seen == [1] * 4
