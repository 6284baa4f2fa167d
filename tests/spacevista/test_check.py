"""``qagen spacevista check``: what is counted, what is listed, and how the order of points is decided."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from qagen.__main__ import main
from qagen.errors import QagenError
from qagen.spacevista.frames import MediaRoot
from qagen.spacevista.point_order import decide_point_order
from tests.spacevista import items
from tests.spacevista.items import FRAMES

SIZE = 100, 60
"""Width and height of the frames."""


def write(folder: Path, content: list[dict[str, Any]], name: str = "in.json") -> Path:
    path = folder / name
    text = "\n".join(map(json.dumps, content)) if name.endswith(".jsonl") else json.dumps(content)
    path.write_text(text)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Frames of 100 x 60 pixels, and a mask of ids 3 and 7."""
    folder = tmp_path / "media"
    for frame in FRAMES:
        (folder / frame).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", SIZE).save(folder / frame)
    ids = np.zeros(SIZE[::-1], np.uint8)
    ids[:5], ids[20:25] = 3, 7
    (folder / "rooms/a/masks").mkdir()
    np.save(folder / "rooms/a/masks/m.npy", ids)
    return folder


def check(path: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["spacevista", "check", str(path), *words])


def pointed(*points: list[float], **extra: Any) -> dict[str, Any]:
    item = items.pointed()
    item["extra_info"]["input_point"]["points"] = [list(point) for point in points]
    item["extra_info"] |= extra
    return item


def table(result: Result) -> dict[str, str]:
    """The rows of all tables."""
    rows = [line.rsplit(maxsplit=1) for line in result.stdout.splitlines() if line.startswith(" ") or " " in line]
    return {row[0].strip(): row[1] for row in rows if len(row) == 2 and row[1].replace(",", "").isdigit()}


def test_all_that_a_file_holds_is_counted(tmp_path: Path) -> None:
    content = [
        items.nested(unit="mm"),
        items.nested(unit="cm", task_type="GUESSING"),
        items.matching(),
        {**items.masked(), "split": "train"},
        items.nested(input_type="Image+mask+text", mask_image_path="a", mask_mask_path="m", mask_object_ids="[1]"),
        items.full("image_bbox_text", bboxes=[{"coords": [1, 2, 3, 4], "image_index": 0, "color": None, "w": 3}]),
        items.bench(points=[{"coords": [7, 4], "image_index": 2, "color": None}]),
    ]
    result = check(write(tmp_path, content))
    assert result.exit_code == 0
    assert result.stdout.splitlines()[:3] == [
        "7 items, 7 of them can be used",
        "4 nested, 1 flat, 1 full, 1 bench",
        "21 frames named, 4 boxes, 2 masks, 1 points",
    ]
    assert table(result) == {
        "image_text": "2", "image_bbox_text": "2", "image_mask_text": "2", "image_point_text": "1",
        "DEPTH": "5", "GUESSING (unknown)": "1", "OBJECT_MATCHING": "1",
        "extra_info.unit": "2", "split": "1", "annotations.bboxes.w": "1",
    }  # fmt: skip
    assert " spacevista check " in result.stderr


def test_items_that_cannot_be_used_are_listed_by_reason(tmp_path: Path) -> None:
    bad = [{**items.nested(), "videos": [[]], "problem_id": f"e{n}"} for n in range(7)]
    result = check(write(tmp_path, [items.nested(), *bad, pointed([1, float("nan")])]))
    assert result.exit_code == 1
    assert "9 items, 1 of them can be used" in result.stdout
    assert "7 no frames: The item's `videos` is empty" in result.stdout
    assert "item 2 (e0)  videos[0]: found no frame, expected a list of lists of paths" in result.stdout
    assert "and 2 more, which --all lists" in result.stdout
    assert "item 9 (v2_7)  input_point.points: found NaN, expected a pixel of the image" in result.stdout
    assert "item 8 (e6)" in check(write(tmp_path, [items.nested(), *bad]), "--all").stdout


def test_text_of_a_file_gives_the_terminal_no_orders(tmp_path: Path) -> None:
    bad = {**items.nested(), "videos": [[]], "problem_id": "\x1b[31m\nred"}
    good = items.nested(task_type="\x1b[2J", **{"a\nb": 1})
    output = check(write(tmp_path, [bad, good])).output
    assert "\x1b" not in output
    assert r"item 1 (\x1b[31m\nred)  videos[0]: found no frame" in output
    assert r"\x1b[2J (unknown)" in output
    assert r"extra_info.a\nb " in output


def test_lines_of_evaluations_are_counted(tmp_path: Path) -> None:
    old = {"Question Number": 1, "Frames Path": "f", "Question": "?", "Question Type": "regression", "Answer": 4}
    line = {"id": 1, "question": "?", "ground_truth": "4", "predicted_answer": "5", "original_type": "DEPTH"}
    result = check(write(tmp_path, [old, line, line], "lines.jsonl"))
    assert result.exit_code == 0
    assert "2 results, 1 old eval" in result.stdout
    assert table(result)["DEPTH"] == "2"


def test_a_file_of_another_kind_is_a_mistake(tmp_path: Path) -> None:
    result = check(write(tmp_path, [{"question_id": 1, "text": "?"}]))
    assert result.exit_code == 2
    assert "in.json: item 1: videos: found keys question_id, text, expected videos" in result.stderr
    result = check(tmp_path / "none.json")
    assert (result.exit_code, "none.json: cannot be read" in result.stderr) == (2, True)


def test_deep_brackets_are_an_error_of_the_item(tmp_path: Path) -> None:
    deep = json.dumps(items.nested(odd=1)).replace('"odd": 1', f'"odd": {"[" * 900}{"]" * 900}')
    (tmp_path / "in.json").write_text(f"[{deep}, {json.dumps(items.nested())}]")
    assert check(tmp_path / "in.json").exit_code in (0, 1, 2)  # no traceback: an exit code of ours
    for command in ("flatten", "nest", "convert"):
        words = ["--to", str(tmp_path / "out.json"), *(["--as", "full"] if command == "convert" else [])]
        result = CliRunner().invoke(main, ["spacevista", command, str(tmp_path / "in.json"), *words])
        assert not isinstance(result.exception, RecursionError)


def test_with_a_root_frames_prompts_and_masks_are_looked_at(tmp_path: Path, root: Path) -> None:
    """The frames are 100 wide and 60 high: y 70 is outside, id 4 is in no mask, f9.jpg is not there."""
    good = [items.nested(), pointed([50, 90]), items.boxed(), items.matching(), items.masked()]
    result = check(write(tmp_path, good), "--root", str(root))
    assert result.exit_code == 0
    assert f" spacevista show {tmp_path / 'in.json'} --root {root}" in result.stderr
    absent, other = items.nested(), items.masked()
    absent["videos"][0][2] = "rooms/a/images_8/f9.jpg"
    other["extra_info"]["input_mask"]["object_ids"] = [4]
    result = check(write(tmp_path, [*good, pointed([70, 90]), absent, other]), "--root", str(root))
    assert result.exit_code == 1
    assert "8 items, 5 of them can be used" in result.stdout
    for number in (6, 7, 8):
        assert f"item {number} (v2_7)" in result.stdout


# --- order of coordinates ---------------------------------------------------------------------------------------------


def test_a_stated_order_decides(tmp_path: Path) -> None:
    stated = items.full()
    stated["metadata"]["point_order"] = "xy"
    assert decide_point_order(write(tmp_path, [items.pointed(), stated])) == "xy"


@pytest.mark.parametrize(("point", "order"), [([50, 90], "yx"), ([90, 50], "xy")])
def test_else_the_only_order_that_fits_the_images_does(
    tmp_path: Path, root: Path, point: list, order: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In 100 x 60 pixels, 90 can be x alone; 10 and 20 can be either."""
    path = write(tmp_path, [pointed([10, 20]), pointed([20, 10], point), items.nested()])
    assert decide_point_order(path, MediaRoot(root)) == order
    assert capsys.readouterr().err == ""


def test_where_nothing_decides_it_is_y_x_with_one_warning(
    tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, [pointed([10, 20]), pointed([20, 10], [90, 50]), items.nested()])
    assert decide_point_order(path) == "yx"
    assert "in.json: 3 points are read as y, x" in capsys.readouterr().err
    assert decide_point_order(write(tmp_path, [pointed([99, 99])]), MediaRoot(root)) == "yx"
    assert "1 points are read as y, x" in capsys.readouterr().err
    assert decide_point_order(write(tmp_path, [items.boxed()])) == "yx"
    assert capsys.readouterr().err == ""


def test_points_that_contradict_each_other_are_an_error(tmp_path: Path, root: Path) -> None:
    content = [pointed([10, 20]), pointed([50, 90]), pointed([90, 50])]
    with pytest.raises(QagenError) as caught:
        decide_point_order(write(tmp_path, content), MediaRoot(root))
    both = r"item 2 (v2_7) fits its images only as y, x and item 3 (v2_7) fits its images only as x, y"
    assert both in str(caught.value)
    with pytest.raises(QagenError, match=r"item 1 \(v2_7\) states x, y and item 2 \(v2_7\) states y, x"):
        decide_point_order(write(tmp_path, [pointed([1, 2], point_order=order) for order in ("xy", "yx")]))


def test_an_order_of_another_name_is_an_error_of_the_item(tmp_path: Path) -> None:
    result = check(write(tmp_path, [items.nested(), pointed([1, 2], point_order="rows first")]))
    assert result.exit_code == 1
    assert 'extra_info.point_order: found "rows first", expected yx or xy' in result.stdout
