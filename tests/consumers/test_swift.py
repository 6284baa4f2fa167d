# pyright: reportMissingImports=false
"""ms-swift's own loading, which drops bad rows unless it is strict, and its template."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.consumers.exports import export_of, read_lines, spread

pytest.importorskip("swift")


def load(home: Path) -> Any:
    from swift.dataset import load_dataset

    rows, _ = load_dataset([str(path) for path in home.glob("*.jsonl")], strict=True, num_proc=1)
    return rows


@pytest.mark.parametrize("name", ["swift", "swift-no-draw"])
def test_every_row_is_loaded(name):
    home = export_of(name)
    lines = read_lines(home)
    rows = load(home)
    assert Counter(len(row["images"]) for row in rows) == Counter(len(line["images"]) for line in lines)
    assert all(Path(image["path"]).is_file() for row in rows for image in row["images"])


@pytest.mark.parametrize("name", ["swift", "swift-no-draw"])
def test_the_template_encodes_images_and_boxes(name, tmp_path):
    from swift.model import get_processor
    from swift.template import get_template

    from tests.consumers.tiny_qwen import build

    home = export_of(name)
    processor = get_processor(str(build(tmp_path / "model")), model_type="qwen2_5_vl")
    template = get_template(processor, template_type="qwen2_5_vl", max_length=100_000)
    template.set_mode("train")
    rows = load(home)
    for index in spread(len(rows)):
        row = dict(rows[index])
        marks = len((row.get("objects") or {}).get("bbox", ()))
        encoded = template.encode(row)
        text = processor.tokenizer.decode(encoded["input_ids"])
        assert len(encoded["image_grid_thw"]) == len(row["images"])
        assert "<bbox>" not in text
        assert "<image>" not in text
        assert text.count("<|box_start|>") + text.count("bbox_2d") == 0 or marks
        assert any(label >= 0 for label in encoded["labels"])
