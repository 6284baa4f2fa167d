"""Samples as pictures: which are drawn, what is on them, and what a user is told when they cannot be."""

import json
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFont

from qagen.errors import QagenError
from qagen.records.read import find_record_files
from qagen.show import main
from qagen.view.picture import spell, wrap
from qagen.view.samples import SampleSelection, choose_samples, load_sample

GROUND = (120, 110, 100)


def make_record(scene: str, number: int, type_name: str, images: int = 1, **keys: Any) -> dict[str, Any]:
    turns = [{"from": "human", "value": "How far is the cup (red point)?"}, {"from": "gpt", "value": "1.5"}]
    names = [f"{scene}/{index}.png" for index in range(images)]
    return {"id": f"{scene}_{number}", "conversations": turns, "image": names, "type": type_name, **keys}


def write_images(out: Path, records: list[dict[str, Any]]) -> None:
    for name in {name for record in records for name in record["image"]}:
        path = out / "demo" / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (160, 120), GROUND).save(path)


def write_records(out: Path, format_name: str, records: list[dict[str, Any]], folder: str | None = None) -> Path:
    """Write records and evidence as a run does, and return the file of records."""
    write_images(out, records)
    name = Path("train") / (folder or records[0]["type"]) / format_name / f"{format_name}_{len(records)}.jsonl"
    evidence = [{"id": record["id"], "margin": 0.25, "margin_unit": "m"} for record in records]
    for tree, lines in (("qa_jsonl", records), ("evidence_jsonl", evidence)):
        path = out / "demo" / tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return out / "demo" / "qa_jsonl" / name


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Two types, three formats, three scenes: 5 + 5 + 4 records."""
    folder = tmp_path / "out"
    scenes = ["room_a", "room_b", "room_c", "room_a", "room_b"]
    point: dict[str, Any] = {"red_point": [[500, 500]]}
    write_records(folder, "fill", [make_record(s, i, "distance_prediction_oc", **point) for i, s in enumerate(scenes)])
    write_records(
        folder, "select", [make_record(s, i + 5, "distance_prediction_oc", **point) for i, s in enumerate(scenes)]
    )
    write_records(folder, "sentence", [make_record("room_a", i + 10, "nav", images=3) for i in range(4)], "nav_video")
    return folder


def run(out: Path, *options: str) -> Result:
    return CliRunner().invoke(main, [str(out), "--out", str(out.parent / "pictures"), *options])


def names(out: Path) -> list[str]:
    return sorted(path.name for path in (out.parent / "pictures").iterdir())


def refusal(result: Result) -> str:
    """The one line on standard error of a run that ended with code 2."""
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    return line


def test_one_picture_of_every_type_and_format(out):
    result = run(out)
    assert result.exit_code == 0, result.output
    assert result.output.startswith("3 samples in 3 pictures: ")
    assert [name.rsplit("-", 1)[0] for name in names(out)] == [
        "distance_prediction_oc-fill",
        "distance_prediction_oc-select",
        "nav_video-sentence",
    ]


def test_the_folder_of_one_dataset_will_do(out):
    assert len(find_record_files(out / "demo")) == len(find_record_files(out)) == 3


def test_picture_shows_the_image_with_its_mark(out):
    run(out, "--ids", "room_a_0")
    assert names(out) == ["distance_prediction_oc-fill-room_a_0.png"]
    picture = Image.open(out.parent / "pictures" / names(out)[0])
    pixels = np.asarray(picture).astype(int)
    rows, columns = np.nonzero((pixels == GROUND).all(axis=2))
    middle = (rows.min() + rows.max()) // 2, (columns.min() + columns.max()) // 2
    assert tuple(pixels[middle]) == (255, 0, 0)
    assert picture.height > rows.max() + 100  # the text below


def test_choice_is_seeded(out):
    files = find_record_files(out)

    def chosen(seed: int) -> list[str]:
        return [line.id for line in choose_samples(files, SampleSelection(seed=seed))]

    assert chosen(3) == chosen(3)
    assert len({tuple(chosen(seed)) for seed in range(8)}) > 1


def test_choice_is_spread_over_scenes(out):
    lines = choose_samples(find_record_files(out), SampleSelection(types=("distance_prediction_oc",), per_group=3))
    # Three of each of two formats: six samples, two of each of the three scenes.
    assert sorted(line.scene for line in lines) == ["room_a"] * 2 + ["room_b"] * 2 + ["room_c"] * 2
    assert len({line.id for line in lines}) == 6


def test_more_than_there_are_gives_all(out):
    assert len(choose_samples(find_record_files(out), SampleSelection(per_group=100))) == 14


def test_names_patterns_and_lists_choose(out):
    run(out, "--tasks", "dist*", "--formats", "select,fill", "--scenes", "room_c", "--n", "9")
    assert names(out) == [
        "distance_prediction_oc-fill-room_c_2.png",
        "distance_prediction_oc-select-room_c_7.png",
    ]


def test_ids_choose_whatever_the_number(out):
    run(out, "--ids", "room_b_1,room_b_4", "--ids", "room_c_7")
    assert len(names(out)) == 3


def test_sheets_hold_six_samples_a_page(out):
    result = run(out, "--sheet", "--n", "3")
    assert result.output.startswith("9 samples in 2 pictures")
    assert names(out) == ["sheet-001.png", "sheet-002.png"]


def test_video_shows_marked_frames_large_and_all_frames(out):
    record = make_record("room_v", 0, "obj_frame_locate", 32, red_bbox=[[200, 200, 800, 800]], bbox_img_idx=[[16]])
    write_records(out, "sentence", [record])
    result = run(out, "--tasks", "obj_frame_locate")
    assert result.exit_code == 0, result.output
    picture = Image.open(out.parent / "pictures" / names(out)[0])
    pixels = np.asarray(picture)
    red = np.nonzero((pixels == (255, 0, 0)).all(axis=2).any(axis=1))[0]
    assert np.diff(red).max() > 50  # a box in the large frame, and another in the grid below it
    violet_border = (pixels == (112, 72, 200)).all(axis=2)
    assert violet_border.any(axis=1).sum() > 80


def test_evidence_is_read_from_the_mirrored_line(out):
    file = find_record_files(out)[0]
    lines = [{"id": f"{scene}_{i}", "margin": i / 3} for i, scene in enumerate(["room_a", "room_b", "room_c"])]
    file.evidence.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (line,) = choose_samples([file], SampleSelection(ids=("room_c_2",)))
    assert load_sample(line).reasons == ["margin = 0.667"]


def test_lengths_are_shown_in_the_unit_of_the_text(out):
    file = find_record_files(out)[0]
    item = {"color": "red", "image": 0, "id": 7, "label": "pin", "center_m": [0.0731, 0.04612, -0.0102]}
    facts = {"objects": [item], "measured": {"distance_m": 0.00598, "angle_deg": 12.0}}
    line = {"id": "room_a_0", "unit": "mm", "margin": 0.0041, "margin_unit": "m", **facts}
    file.evidence.write_text(json.dumps(line) + "\n")
    (line,) = choose_samples([file], SampleSelection(ids=("room_a_0",)))
    assert load_sample(line).reasons == [
        "red: pin (object 7, Image 1): center (73.1, 46.12, -10.2) mm",
        "distance = 5.98 mm, angle_deg = 12, margin = 4.1 mm",
    ]


def test_evidence_may_be_missing(out):
    file = find_record_files(out)[0]
    file.evidence.unlink()
    (line,) = choose_samples([file], SampleSelection(ids=("room_c_2",)))
    assert load_sample(line).caption == "distance_prediction_oc · fill · room_c_2"


def test_evidence_of_another_record_is_refused(out):
    file = find_record_files(out)[0]
    file.evidence.write_text('{"id": "room_z_9"}\n')
    message = refusal(run(out, "--ids", "room_a_0"))
    assert f"{file.evidence}:1: id is 'room_z_9', expected 'room_a_0'" in message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--tasks", "distance_predicton_oc"],
            "no records of type 'distance_predicton_oc'. Did you mean 'distance_pre",
        ),
        (["--formats", "filll"], "no records of format 'filll'. Did you mean 'fill'?"),
        (["--splits", "trian"], "no records of split 'trian'. Did you mean 'train'?"),
        (["--scenes", "roomb"], "no records of scene 'roomb'. Did you mean 'room_b'?"),
        (["--ids", "room_b_17"], "no record with id 'room_b_17'. Did you mean 'room_b_"),
        (["--ids", "room_x_17"], "no record with id 'room_x_17'. Did you mean 'room_"),
        (["--tasks", "nav_video", "--formats", "fill"], "no record fits all of the options together"),
        (["--scenes", "room_c", "--ids", "room_a_0"], "no record fits all of the options together"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(out, options, message):
    assert message in refusal(run(out, *options))


def test_a_folder_without_records_says_what_was_looked_for(tmp_path):
    (tmp_path / "empty").mkdir()
    message = refusal(run(tmp_path / "empty"))
    assert "no records; looked for" in message
    assert "<dataset>/qa_jsonl/<split>/<type>/<format>/<format>_<N>.jsonl" in message
    assert "no such folder" in refusal(run(tmp_path / "nothing"))


def test_missing_image_says_what_to_do(out):
    image = out / "demo" / "images" / "room_c" / "0.png"
    image.unlink()
    message = refusal(run(out, "--ids", "room_c_2"))
    assert f"record room_c_2: image {image} is missing" in message
    assert "--media copy" in message
    assert "fill_5.jsonl:3:" in message


def test_damaged_image_is_named(out):
    image = out / "demo" / "images" / "room_c" / "0.png"
    image.write_bytes(b"not an image")
    assert f"image {image} cannot be read" in refusal(run(out, "--ids", "room_c_2"))


@pytest.mark.parametrize("text", ['{"id": "room_a_0", ', '{"type": "x"}', "[]", '{"id": 5}', "", "\xff", "[" * 100_000])
def test_broken_line_names_file_and_line(out, text):
    path = find_record_files(out)[0].path
    lines = path.read_text().splitlines()
    lines[2] = text
    path.write_bytes("\n".join(lines).encode("latin-1"))
    assert f"{path}:3: not a record: " in refusal(run(out))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"conversations": "hello"}, "not a record"),
        ({"image": None}, "not a record"),
        ({"red_point": [[1, 2, 3]]}, "red_point: found"),
        ({"point_img_idx": [[4]]}, "point_img_idx: found"),
    ],
)
def test_record_of_another_shape_is_named(out, change, message):
    record = make_record("room_d", 0, "depth_prediction_oc", red_point=[[1, 2]]) | change
    path = write_records(out, "fill", [make_record("room_d", 0, "depth_prediction_oc")])
    path.write_text(json.dumps(record))
    error = refusal(run(out, "--tasks", "depth_prediction_oc"))
    assert f"{path}:1: " in error
    assert message in error


def test_target_that_is_a_file_is_refused(out):
    (out.parent / "pictures").write_text("")
    assert "cannot be made a folder" in refusal(run(out))


def test_failed_write_leaves_nothing_behind(out, monkeypatch):
    def break_off(self: Image.Image, target: BinaryIO, **_options: object) -> None:
        target.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", break_off)
    assert "cannot be written (No space left on device)" in refusal(run(out))
    assert names(out) == []


def test_ids_cannot_leave_the_folder(out):
    write_records(out, "judge", [make_record("../../x", 0, "room_size") | {"image": ["room_a/0.png"]}])
    assert run(out, "--tasks", "room_size").exit_code == 0
    assert names(out) == ["room_size-judge-______x_0.png"]


def test_spelling_keeps_meaning():
    assert spell("25 m² – naïve → 日\tx\b") == "25 m^2 - naive -> \\u65e5 x\\x08"


def glyph(sign: str) -> bytes:
    mask: Any = ImageFont.load_default(size=20).getmask(sign)
    return bytes(mask)


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_everything_spelt_has_a_glyph(text):
    # A sign that the font lacks is drawn as the same box as one that no font has.
    missing = glyph("\U0010fffd")
    assert all(sign == "\n" or glyph(sign) != missing for sign in spell(text))


@given(st.text("ab \n", max_size=60), st.integers(1, 12))
def test_wrapped_lines_fit_and_lose_nothing(text, width):
    lines = wrap(text, width, len)
    assert all(len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")
    assert len(lines) >= text.count("\n") + 1


def test_words_are_not_broken_where_a_break_between_them_will_do():
    assert wrap("one two three\nA. x", 7, len) == ["one two", "three", "A. x"]
    assert wrap("abcdefgh ij", 3, len) == ["abc", "def", "gh", "ij"]


def test_load_names_the_line(out):
    path = find_record_files(out)[0].path
    (line,) = choose_samples(find_record_files(out), SampleSelection(ids=("room_b_1",)))
    path.write_text(path.read_text().replace("500", "5000"))
    with pytest.raises(QagenError, match=r"fill_5\.jsonl:"):
        load_sample(line)
