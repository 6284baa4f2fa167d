"""Items as pictures, a sheet and a page: which are chosen, what is on them, and what cannot be drawn."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from qagen.spacevista.show import main
from tests.spacevista.items import FRAMES, bench, boxed, full, masked, matching, messages, nested, pointed

GROUND = (120, 110, 100)
RED = (255, 0, 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with ``media``, in which the frames of all items lie."""
    for name in FRAMES:
        path = tmp_path / "media" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (160, 120), GROUND).save(path)
    ids = np.zeros((120, 160), np.int32)
    ids[20:60, 20:60], ids[70:100, 70:140] = 3, 7
    (tmp_path / "media/rooms/a/masks").mkdir()
    np.save(tmp_path / "media/rooms/a/masks/m.npy", ids)
    return tmp_path


def write(folder: Path, *items: Any) -> None:
    numbered = [{**item, "problem_id": f"v2_{number}"} for number, item in enumerate(items, 1)]
    (folder / "meta.json").write_text(json.dumps(numbered))


def run(folder: Path, *options: str) -> Result:
    options = tuple(option.replace("DIR", str(folder)) for option in options)
    return CliRunner().invoke(main, [str(folder / "meta.json"), "--root", str(folder / "media"), *options])


def pictures(folder: Path, *options: str) -> dict[str, np.ndarray]:
    result = run(folder, "--to", "DIR/pictures", *options)
    assert result.exit_code == 0, result.output
    files = sorted((folder / "pictures").iterdir())
    return {file.name: np.asarray(Image.open(file).convert("RGB")) for file in files}


def refusal(result: Result) -> str:
    assert result.exit_code == 2, result.output
    return result.stderr.splitlines()[-1]


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def names_of(page: str, sample: dict[str, Any]) -> list[str]:
    """The names of a sample's images."""
    return [name for _, name, _ in data_of(page)["reels"][sample["reel"]]]


def page_of(folder: Path, *options: str) -> str:
    result = run(folder, "--html", "DIR/page.html", *options)
    assert result.exit_code == 0, result.output
    return (folder / "page.html").read_text()


# --- what is shown ----------------------------------------------------------------------------------------------------


def test_items_of_all_kinds_are_drawn(folder: Path) -> None:
    write(folder, nested(), pointed(), boxed(), matching(), masked())
    drawn = pictures(folder)
    assert list(drawn) == [f"{number:06d}-v2_{number}.png" for number in range(1, 6)]
    reds = [int((pixels == RED).all(axis=2).sum()) for pixels in drawn.values()]
    assert reds[0] == 0
    assert min(reds[1:]) > 0
    assert (drawn["000005-v2_5.png"] == (167, 72, 65)).all(axis=2).any()  # 0.65 * ground + 0.35 * red


def test_a_mark_is_where_the_item_says(folder: Path) -> None:
    write(folder, pointed())
    (pixels,) = pictures(folder).values()
    # The frame with the mark comes first, in the left third; x 40 of 160 and y 70 of 120.
    rows, columns = np.nonzero((pixels == GROUND).all(axis=2) | (pixels == RED).all(axis=2))
    first = columns < pixels.shape[1] / 3
    left, right, top = columns[first].min(), columns[first].max(), rows.min()
    x, y = round(left + 0.2531 * (right + 1 - left)), round(top + 0.5875 * 0.75 * (right + 1 - left))
    assert tuple(pixels[y, x]) == RED


def test_the_full_form_and_the_bench_are_drawn(folder: Path) -> None:
    points = [{"coords": [70, 40], "image_index": 1, "color": None}]
    write(folder, full("image_point_text", points=points), bench(points=points))
    for pixels in pictures(folder).values():
        assert (pixels == RED).all(axis=2).any()


def test_a_page_shows_question_answer_thought_and_kind(folder: Path) -> None:
    write(folder, pointed(), nested())
    page = page_of(folder)
    one, other = data_of(page)["samples"]
    assert one["turns"] == [["human", "How far is it?"], ["gpt", "48"]]
    assert (one["type"], one["format"], other["format"]) == ("DEPTH", "point", "text")
    assert names_of(page, one) == ["Frame-1", "Frame-0", "Frame-2"]
    assert list(one["marks"]) == ["0"]
    assert one["evidence"] == ["red point on frame 1: x 40, y 70", "think: Look."]
    assert one["scene"] == "unknown"


def test_a_sheet_holds_all_items(folder: Path) -> None:
    write(folder, *[pointed() for _ in range(9)])
    for name in ("sheet.png", "sheet.jpg"):
        result = run(folder, "--sheet", f"DIR/{name}")
        assert result.exit_code == 0, result.output
        with Image.open(folder / name) as sheet:
            assert sheet.format == {"sheet.png": "PNG", "sheet.jpg": "JPEG"}[name]
            assert sheet.width > 3 * 960


def test_a_long_video_shows_the_frames_with_marks_and_others(folder: Path) -> None:
    frames = [f"rooms/long/f{number:04d}.png" for number in range(1000)]
    (folder / "media/rooms/long").mkdir()
    for name in frames:
        (folder / "media" / name).hardlink_to(folder / "media" / FRAMES[0])
    prompt = {"image_path": frames[777], "points": [[70, 40]]}
    write(folder, {**nested(input_type="Image+point+text", input_point=prompt), "videos": [frames[:500], frames[500:]]})
    text = json.loads((folder / "meta.json").read_text())
    text[0]["messages"] = messages("<video><video>How far?")
    (folder / "meta.json").write_text(json.dumps(text))
    page = page_of(folder)
    (sample,) = data_of(page)["samples"]
    names = names_of(page, sample)
    assert names[:3] == ["Frame-777", "Frame-0", "Frame-33"]
    assert len(names) == 32
    assert "32 of 1000 frames are shown" in sample["evidence"]
    assert sample["video"]


HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)> & \u2028 \ud800 日本 \x1b[31m"


def test_hostile_text_is_text(folder: Path) -> None:
    item = nested(task_type=HOSTILE, input_type=f"Image+text{HOSTILE}")
    item = {**item, "messages": messages(f"<video>{HOSTILE}", f"<think>{HOSTILE}</think><answer>{HOSTILE}</answer>")}
    (folder / "meta.json").write_text(json.dumps([{**item, "problem_id": f"../../{HOSTILE}"}]))
    page = page_of(folder)
    assert page.count("<script") == 4  # theme, images, data and the code
    assert "<img" not in page
    (sample,) = data_of(page)["samples"]
    assert sample["turns"][1][1].startswith("</script><script>alert(1)")
    assert run(folder, "--to", "DIR/pictures").exit_code == 0
    assert [path.name for path in folder.iterdir() if path.suffix == ".png"] == []
    assert len(list((folder / "pictures").iterdir())) == 1


# --- which are chosen -------------------------------------------------------------------------------------------------


def test_the_choice_is_seeded_and_spread_over_tasks(folder: Path) -> None:
    write(folder, *[nested(task_type="DEPTH") for _ in range(30)], nested(task_type="HEIGHT"), pointed())

    def chosen(name: str, seed: int) -> list[str]:
        result = run(folder, "--to", f"DIR/{name}", "--n", "3", "--seed", str(seed))
        assert result.stdout.startswith("3 items in 3 pictures")
        return sorted(path.name for path in (folder / name).iterdir())

    one, again, other = chosen("a", 1), chosen("b", 1), chosen("c", 2)
    assert one == again
    assert one != other
    assert one[1:] == other[1:] == ["000031-v2_31.png", "000032-v2_32.png"]


def test_ids_choose_whatever_the_number(folder: Path) -> None:
    write(folder, *[pointed() for _ in range(5)])
    assert list(pictures(folder, "--ids", "v2_4,v2_2", "--n", "1")) == ["000002-v2_2.png", "000004-v2_4.png"]
    assert "no item 'v2_7'. Did you mean 'v2_" in refusal(run(folder, "--html", "DIR/p.html", "--ids", "v2_7"))


def test_more_than_there_are_gives_all(folder: Path) -> None:
    write(folder, pointed(), nested())
    assert len(pictures(folder, "--n", "1000")) == 2


# --- what cannot be drawn ---------------------------------------------------------------------------------------------


def test_an_item_that_cannot_be_drawn_is_named_and_left_out(folder: Path) -> None:
    outside, lost = pointed(), boxed()
    outside["extra_info"]["input_point"] = {"image_path": FRAMES[1], "points": [[70, 40], [70, 400]]}
    lost["extra_info"]["input_bbox"]["image_path"] = "f2.jpg"
    write(folder, pointed(), outside, lost, {"videos": 3}, {**pointed(), "videos": [["rooms/b/f.png"]]})
    result = run(folder, "--to", "DIR/pictures")
    assert result.exit_code == 0
    assert result.stdout.startswith("1 items in 1 pictures")
    file = folder / "meta.json"
    for line, words in zip(
        result.stderr.splitlines()[1:],  # the first one is about the order of points
        [
            f"qagen: {file}: item 2 (v2_2): point: found (400.0, 70.0) on frame 1, {FRAMES[1]}, of 160 x 120 pixels",
            f"qagen: {file}: item 3 (v2_3): bbox: found f2.jpg among none of the item's 3 frames",
            f"qagen: {file}: item 4 (v2_4): ",
            f"qagen: {file}: item 5 (v2_5): videos: found no file for rooms/b/f.png below {folder / 'media'}",
            "qagen: 4 of 5 items cannot be drawn and are left out: ",
        ],
        strict=True,
    ):
        assert line.startswith(words)


def test_damaged_pixels_are_found_before_anything_is_written(folder: Path) -> None:
    path = folder / "media" / FRAMES[2]
    path.write_bytes(path.read_bytes()[:-80])
    write(folder, pointed(), {**nested(), "videos": [FRAMES[:2]]})
    result = run(folder, "--to", "DIR/pictures")
    assert result.exit_code == 0
    assert f"item 1 (v2_1): image {path} cannot be read" in result.stderr
    assert [path.name for path in (folder / "pictures").iterdir()] == ["000002-v2_2.png"]


def test_no_item_that_can_be_drawn_is_an_error(folder: Path) -> None:
    write(folder, *[{**pointed(), "videos": [["rooms/b/f.png"]]} for _ in range(12)])
    result = run(folder, "--to", "DIR/pictures")
    assert "none of the chosen items can be drawn; does --root lead to their frames?" in refusal(result)
    assert len(result.stderr.splitlines()) == 12  # ten by name, their number, and the error
    assert not (folder / "pictures").exists()


def test_items_without_frames_are_told(folder: Path) -> None:
    (folder / "meta.json").write_text(
        json.dumps([{"id": 1, "predicted_answer": "3", "question": "", "ground_truth": ""}])
    )
    result = run(folder, "--html", "DIR/page.html")
    assert "found an item of the form 'results', which has no frames to show" in result.stderr


def test_a_root_that_is_one_scene_draws_no_other(folder: Path) -> None:
    items = [pointed(), pointed()]
    for item, scene in zip(items, "bc", strict=True):
        item["videos"] = [[f"/data/{scene}/images_8/{Path(name).name}" for name in FRAMES]]
        item["extra_info"]["input_point"] = {"image_path": item["videos"][0][1], "points": [[70, 40]]}
    write(folder, *items)
    result = CliRunner().invoke(
        main, [str(folder / "meta.json"), "--root", str(folder / "media/rooms/a"), "--html", str(folder / "page.html")]
    )
    assert "none of the chosen items can be drawn" in refusal(result)
    assert result.stderr.count("as the one folder") == 2


# --- options ----------------------------------------------------------------------------------------------------------


def test_nothing_that_exists_is_replaced(folder: Path) -> None:
    write(folder, pointed())
    (folder / "pictures").mkdir()
    (folder / "pictures" / "mine.txt").write_text("mine")
    (folder / "page.html").write_text("mine")
    (folder / "sheet.png").symlink_to(folder / "nowhere")
    for option, name in (
        ("--to", "pictures"),
        ("--html", "page.html"),
        ("--sheet", "sheet.png"),
        ("--to", "page.html"),
    ):
        assert "found something there, expected a new" in refusal(run(folder, option, f"DIR/{name}"))
    assert (folder / "pictures" / "mine.txt").read_text() == (folder / "page.html").read_text() == "mine"
    assert (folder / "sheet.png").is_symlink()


def test_an_empty_folder_will_do(folder: Path) -> None:
    write(folder, pointed())
    (folder / "pictures").mkdir()
    assert len(pictures(folder)) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "nothing to do: expected --to DIR, --sheet FILE or --html FILE"),
        (("--sheet", "DIR/sheet.gif"), "expected a name that ends in .png, .jpg, .jpeg"),
        (("--sheet", "DIR/sheet.png", "--n", "50"), "found 49 items, expected at most 48"),
    ],
)
def test_options_that_make_no_sense_are_refused(folder: Path, options: tuple[str, ...], words: str) -> None:
    write(folder, *[nested() for _ in range(49)])
    assert words in refusal(run(folder, *options))


@pytest.mark.parametrize(("text", "words"), [("{}", "expected a list"), ("[]", "found no item"), ("[1]", "item 1")])
def test_a_file_without_items_is_refused(folder: Path, text: str, words: str) -> None:
    (folder / "meta.json").write_text(text)
    assert words in refusal(run(folder, "--html", "DIR/page.html"))


def test_the_point_order_is_that_of_the_whole_file(folder: Path) -> None:
    # [130, 70] is inside 160 x 120 as x, y alone; the other item follows.
    first, second = pointed(), pointed()
    second["extra_info"]["input_point"] = {"image_path": FRAMES[1], "points": [[130, 70]]}
    write(folder, first, second)
    samples = data_of(page_of(folder, "--ids", "v2_1"))["samples"]
    assert samples[0]["evidence"][0] == "red point on frame 1: x 70, y 40"
    (folder / "page.html").unlink()
    samples = data_of(page_of(folder, "--ids", "v2_1", "--point-order", "yx"))["samples"]
    assert samples[0]["evidence"][0] == "red point on frame 1: x 40, y 70"
