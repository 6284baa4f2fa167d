"""Prompts in their frames: the color of pixels at each mark, and what is refused instead of drawn somewhere."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageColor

from qagen.records.shapes import paint
from qagen.spacevista.draw import COLORS as CODES
from qagen.spacevista.draw import PlacedMark, choose_shown, place_item, shapes_of_prompts
from qagen.spacevista.forms import ItemError, view
from qagen.spacevista.frames import MediaRoot
from tests.spacevista.items import full, messages, nested

GROUND = (10, 200, 30)
COLORS = {name: ImageColor.getrgb(code) for name, code in CODES.items()}
SIZES = [(400, 400), (300, 200), (640, 480)]
"""Frames of one item may differ in size."""
FRAMES = [f"rooms/a/images/f{number}.png" for number in range(3)]
BOXES = [(20, 30, 80, 100), (100, 30, 160, 100), (180, 30, 240, 100), (20, 110, 80, 180)]
"""60 x 70 pixels; all lie in all frames."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "rooms/a/images").mkdir(parents=True)
    for name, size in zip(FRAMES, SIZES, strict=True):
        Image.new("RGB", size, GROUND).save(tmp_path / name)
    return tmp_path


def drawn(item: dict[str, Any], root: Path, form: Any = "nested") -> list[np.ndarray]:
    """(h, w, 3) each frame with its marks, in its own size."""
    placed = place_item(view(item, form), MediaRoot(root))
    shapes = [placed.shapes(index, size) for index, size in enumerate(placed.sizes)]
    return [np.asarray(paint(Image.open(file), some)) for file, some in zip(placed.files, shapes, strict=True)]


def draw_prompts(image: Image.Image, marks: Sequence[PlacedMark], frame: tuple[int, int]) -> Image.Image:
    return paint(image, shapes_of_prompts(marks, frame, image.size))


def error_of(item: dict[str, Any], root: Path, form: Any = "nested") -> str:
    with pytest.raises(ItemError) as found:
        place_item(view(item, form), MediaRoot(root))
    assert "\n" not in str(found.value)
    return str(found.value)


def corners(box: Sequence[float]) -> dict[str, float]:
    return dict(zip(("x1", "y1", "x2", "y2"), box, strict=True))


def boxes(frame: int, *places: Sequence[float], **more: Any) -> dict[str, Any]:
    prompt = {"image_path": FRAMES[frame], "bboxes": [corners(box) for box in places]}
    return {**nested(input_type="Image+bbox+text", input_bbox=prompt), "videos": [FRAMES], **more}


def matching(reference: int, frame: int, count: int = 4, question: str = "Which is it?") -> dict[str, Any]:
    """A reference at (200, 120)-(260, 190), and candidates at the places of BOXES."""
    prompt = {
        "image_path_1": FRAMES[reference],
        "bbox_1": corners((200, 120, 260, 190)),
        "image_path_2": FRAMES[frame],
        "bboxes_2": [corners(box) for box in BOXES[:count]],
    }
    item = nested(task_type="OBJECT_MATCHING", input_type="Image+bbox+text", input_bbox=prompt)
    return {**item, "videos": [FRAMES], "messages": messages(f"<video>{question}")}


def color_of_box(pixels: np.ndarray, box: Sequence[int]) -> str:
    """The color of a box's line at all four corners and in the middle of each side; its inside is untouched."""
    x1, y1, x2, y2 = box
    places = [(x, y) for x in (x1, (x1 + x2) // 2, x2) for y in (y1, (y1 + y2) // 2, y2)]
    inside, line = places.pop(4), {tuple(pixels[y, x].tolist()) for x, y in places}
    assert tuple(pixels[inside[1], inside[0]]) == GROUND
    assert tuple(pixels[y1 - 1, x1 - 1]) == tuple(pixels[y2 + 1, x2 + 1]) == GROUND
    (color,) = line
    return next((name for name, rgb in COLORS.items() if rgb == color), "none")


def colors_in(pixels: np.ndarray) -> list[str]:
    """Colors of marks that a frame has anywhere."""
    return sorted(name for name, rgb in COLORS.items() if (pixels == rgb).all(axis=2).any())


# --- the rows of the table of faults ----------------------------------------------------------------------------------


def test_reference_and_candidates_on_two_frames(root: Path) -> None:
    frames = drawn(matching(0, 2), root)
    assert color_of_box(frames[0], (200, 120, 260, 190)) == "red"
    assert colors_in(frames[0]) == ["red"]
    assert [color_of_box(frames[2], box) for box in BOXES] == ["blue", "green", "yellow", "magenta"]
    assert colors_in(frames[1]) == []


def test_four_boxes_on_the_first_frame(root: Path) -> None:
    frames = drawn(boxes(0, *BOXES), root)
    assert [color_of_box(frames[0], box) for box in BOXES] == ["red", "blue", "green", "yellow"]
    assert colors_in(frames[1]) == colors_in(frames[2]) == []


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("frame", [1, 2])
def test_boxes_on_another_frame(root: Path, count: int, frame: int) -> None:
    frames = drawn(boxes(frame, *BOXES[:count]), root)
    assert [color_of_box(frames[frame], box) for box in BOXES[:count]] == ["red", "blue", "green", "yellow"][:count]
    assert colors_in(frames[0]) == colors_in(frames[3 - frame]) == []


@pytest.mark.parametrize("frame", [0, 1, 2])
def test_reference_and_candidates_on_one_frame(root: Path, frame: int) -> None:
    frames = drawn(matching(frame, frame), root)
    assert color_of_box(frames[frame], (200, 120, 260, 190)) == "red"
    assert [color_of_box(frames[frame], box) for box in BOXES] == ["blue", "green", "yellow", "magenta"]


@pytest.mark.parametrize("path", ["rooms/b/images/f0.png", "f0.png", "rooms/a/images/f9.png", "../f0.png"])
def test_a_path_that_is_no_frame_is_an_error(root: Path, path: str) -> None:
    item = boxes(0, BOXES[0])
    item["extra_info"]["input_bbox"]["image_path"] = path
    assert path in error_of(item, root)


def test_frames_with_marks_are_always_shown() -> None:
    # 0, 14, …: 31 frames evenly spread and the one with a mark; 40 marks are more than fit, and all are kept.
    shown = choose_shown(435, [3])
    assert shown[:3] == [0, 3, 14]
    assert shown[-1] == 434
    assert len(shown) == 32
    assert choose_shown(1000, list(range(100, 140))) == list(range(100, 140))
    assert choose_shown(32, [5]) == list(range(32))
    assert len(choose_shown(33, [])) == 32


def test_candidates_of_texts_that_name_colors_are_those_of_the_published_evaluation(root: Path) -> None:
    question = "Which box is the object in the Red box? A. blue B. green C. yellow D. red"
    assert [color_of_box(drawn(matching(0, 2, question=question), root)[2], box) for box in BOXES] == [
        *("blue", "green", "yellow", "red")
    ]
    named = "Which is it: blue, green, yellow or magenta?"
    assert color_of_box(drawn(matching(0, 2, question=named), root)[2], BOXES[3]) == "magenta"
    words = "Is the colored bluebird reddish?"
    assert color_of_box(drawn(matching(0, 2, question=words), root)[2], BOXES[3]) == "magenta"


def test_a_fifth_candidate_would_look_like_the_first(root: Path) -> None:
    item = matching(0, 2)
    item["extra_info"]["input_bbox"]["bboxes_2"].append(corners((10, 10, 20, 20)))
    with pytest.raises(ItemError, match="bbox: found more than 4 candidates, expected a color for each"):
        drawn(item, root)


# --- points, masks, colors --------------------------------------------------------------------------------------------


def test_points_are_discs_of_the_frames_scale(root: Path) -> None:
    points = {"image_path": FRAMES[1], "points": [[70, 40], [150, 250]]}
    item = {**nested(input_type="Image+point+text", input_point=points), "videos": [FRAMES]}
    pixels = drawn(item, root)[1]
    # 0.014 * 200 < 8: a radius of 8 pixels around x 40, y 70 and x 250, y 150.
    for (x, y), color in {(40, 70): "red", (250, 150): "blue"}.items():
        for dx, dy in ((0, 0), (8, 0), (-8, 0), (0, 8), (0, -8)):
            assert tuple(pixels[y + dy, x + dx]) == COLORS[color]
        assert tuple(pixels[y, x + 9]) == tuple(pixels[y - 9, x]) == tuple(pixels[y + 7, x + 7]) == GROUND


def test_a_large_frame_has_a_wider_line_and_disc() -> None:
    # 0.004 * 1500 = 6 pixels, 0.014 * 1500 = 21.
    marks = [PlacedMark("bbox", "red", 0, (100, 100, 500, 500)), PlacedMark("point", "blue", 0, (900.0, 900.0))]
    pixels = np.asarray(draw_prompts(Image.new("RGB", (2000, 1500), GROUND), marks, (2000, 1500)))
    assert [tuple(pixels[300, x]) == COLORS["red"] for x in (99, 100, 105, 106)] == [False, True, True, False]
    assert [tuple(pixels[300, x]) == COLORS["red"] for x in (494, 495, 500, 501)] == [False, True, True, False]
    assert [tuple(pixels[900, x]) == COLORS["blue"] for x in (878, 879, 921, 922)] == [False, True, True, False]


def masked(root: Path, ids: Any, array: np.ndarray, frame: int = 0) -> dict[str, Any]:
    (root / "rooms/a/masks").mkdir(exist_ok=True)
    np.save(root / "rooms/a/masks/m.npy", array)
    prompt = {"image_path": FRAMES[frame], "mask_path": "/data/rooms/a/masks/m.npy", "object_ids": ids}
    return {**nested(input_type="Image+mask+text", input_mask=prompt), "videos": [FRAMES]}


def test_a_mask_is_blended_and_outlined(root: Path) -> None:
    array = np.zeros((400, 400), np.int32)
    array[100:200, 50:150] = 7
    array[300:350, 200:300] = 9
    pixels = drawn(masked(root, [7, 9], array), root)[0]
    # 0.65 * (10, 200, 30) + 0.35 * (255, 0, 0) = (95.75, 130, 19.5); of (0, 128, 255): (6.5, 174.8, 108.75).
    assert tuple(pixels[150, 100]) == tuple(pixels[100, 50]) == tuple(pixels[199, 149]) == (96, 130, 20)
    assert tuple(pixels[320, 250]) == (7, 175, 109)
    for x, y in ((49, 150), (48, 150), (150, 150), (151, 150), (100, 99), (100, 98), (100, 201)):
        assert tuple(pixels[y, x]) == (255, 0, 0)
    for x, y in ((47, 150), (152, 150), (100, 97), (100, 202)):
        assert tuple(pixels[y, x]) == GROUND


def test_a_mask_of_half_the_size_covers_the_same_place(root: Path) -> None:
    array = np.zeros((2, 120, 160), bool)
    array[1, 50:60, 100:110] = True
    pixels = drawn(masked(root, [False, True], array, frame=2), root)[2]
    # Four times larger: rows 200 to 239, columns 400 to 439.
    rows, columns = np.nonzero((pixels == (96, 130, 20)).all(axis=2))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (200, 239, 400, 439)


@pytest.mark.parametrize(
    ("ids", "shape", "words"),
    [([8], (400, 400), "selects nothing"), (None, (300, 400), "expected the shape of 400 x 400")],
)
def test_a_mask_that_does_not_fit_is_an_error(root: Path, ids: Any, shape: tuple[int, int], words: str) -> None:
    message = error_of(masked(root, ids, np.ones(shape, np.uint8)), root)
    assert words in message
    assert "m.npy" in message


def test_a_missing_mask_is_named(root: Path) -> None:
    item = masked(root, None, np.ones((400, 400), bool))
    (root / "rooms/a/masks/m.npy").unlink()
    assert "found no file for /data/rooms/a/masks/m.npy" in error_of(item, root)


def test_colors_of_the_full_form_are_its_own(root: Path) -> None:
    marks = [
        {"coords": list(BOXES[0]), "image_index": 0, "color": "green"},
        {"coords": list(BOXES[1]), "image_index": 0, "color": None},
        {"coords": list(BOXES[2]), "image_index": 1, "color": " Cyan "},
    ]
    points = [{"coords": [150, 40], "image_index": 0, "color": None}]
    item = {**full("image_point_bbox_text", bboxes=marks, points=points), "videos": [FRAMES]}
    frames = drawn(item, root, "full")
    assert [color_of_box(frames[0], box) for box in BOXES[:2]] == ["green", "blue"]
    assert color_of_box(frames[1], BOXES[2]) == "cyan"
    assert tuple(frames[0][150, 40]) == COLORS["red"]
    marks[0]["color"] = "grean"
    assert "found 'grean', expected one. Did you mean 'green'?" in error_of(item, root, "full")


def test_names_are_written_beside_marks(root: Path) -> None:
    marks = [{"coords": list(BOXES[0]), "image_index": 0, "color": "cyan", "text": "object0\n é"}]
    item = {**full("image_bbox_text", bboxes=marks), "videos": [FRAMES]}
    pixels = drawn(item, root, "full")[0]
    # A plate of the color lies above the box, whose top is row 30, and has dark letters on it.
    plate = pixels[14:30, 20:60]
    assert (plate == COLORS["cyan"]).all(axis=2).mean() > 0.5
    assert (plate.sum(axis=2) < 150).any()
    marks[0]["text"] = None
    assert (drawn(item, root, "full")[0][14:29, 20:60] == GROUND).all()


def test_candidates_of_the_full_form_keep_their_order(root: Path) -> None:
    pair = {
        "source_image": FRAMES[0],
        "source_bbox": [200, 120, 260, 190],
        "target_image": FRAMES[2],
        "target_bboxes": [list(box) for box in BOXES],
    }
    frames = drawn({**full("image_bbox_text", dual_bbox=pair), "videos": [FRAMES]}, root, "full")
    assert [color_of_box(frames[2], box) for box in BOXES] == ["blue", "green", "yellow", "magenta"]
    assert color_of_box(frames[0], (200, 120, 260, 190)) == "red"


# --- places that are none ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "box"),
    [
        (1, (250, 50, 301, 100)),
        (1, (50, 150, 100, 201)),
        (1, (310, 50, 350, 100)),
        (0, (20, 30, 20, 100)),
        (0, (80, 30, 20, 100)),
        (0, (20, 100, 80, 30)),
        (0, (-1, 30, 80, 100)),
        (0, (20, 30, float("nan"), 100)),
        (0, (20, 30, float("inf"), 100)),
        (0, (20, 30, 10**400, 100)),
    ],
)
def test_a_box_outside_its_frame_is_an_error(root: Path, frame: int, box: Sequence[float]) -> None:
    assert "expected" in error_of(boxes(frame, BOXES[0], box), root)


def test_a_box_may_end_at_the_edge_of_its_frame(root: Path) -> None:
    pixels = drawn(boxes(1, (0, 0, 300, 200)), root)[1]
    assert tuple(pixels[0, 0]) == tuple(pixels[199, 299]) == tuple(pixels[100, 298]) == COLORS["red"]
    assert tuple(pixels[100, 297]) == GROUND


@pytest.mark.parametrize("pair", [[70, 300], [200, 40], [-1, 40], [70, float("nan")], [70, "40"], [70, True]])
def test_a_point_outside_its_frame_is_an_error(root: Path, pair: list[Any]) -> None:
    prompt = {"image_path": FRAMES[1], "points": [pair]}
    assert "expected" in error_of({**nested(input_point=prompt), "videos": [FRAMES]}, root)


def test_frames_that_are_missing_or_no_images_are_errors(root: Path) -> None:
    item = boxes(0, BOXES[0])
    (root / FRAMES[2]).write_bytes(b"text")
    assert "f2.png: found no image" in error_of(item, root)
    (root / FRAMES[2]).unlink()
    assert f"found no file for {FRAMES[2]}" in error_of(item, root)


def test_an_image_of_another_size_at_the_prompts_own_path_is_an_error(root: Path) -> None:
    item = boxes(0, BOXES[0])
    path = item["extra_info"]["input_bbox"]["image_path"] = FRAMES[0].replace("images", "images_8")
    assert color_of_box(drawn(item, root)[0], BOXES[0]) == "red"  # the frame alone is there
    (root / path).parent.mkdir()
    Image.new("RGB", SIZES[0]).save(root / path)
    assert color_of_box(drawn(item, root)[0], BOXES[0]) == "red"
    Image.new("RGB", (50, 50)).save(root / path)
    assert "50 x 50 pixels, expected the size of the item's frame 0, 400 x 400" in error_of(item, root)


# --- scaled images ----------------------------------------------------------------------------------------------------


def test_marks_keep_their_places_on_a_scaled_frame() -> None:
    mask = np.zeros((480, 640), bool)
    mask[100:200, 200:300] = True
    marks = [
        PlacedMark("mask", "green", 0, (), mask),
        PlacedMark("bbox", "red", 0, (320, 240, 639, 479)),
        PlacedMark("point", "blue", 0, (100.0, 400.0)),
    ]
    pixels = np.asarray(draw_prompts(Image.new("RGB", (160, 120)), marks, (640, 480)))
    assert tuple(pixels[37, 62]) == (0, 89, 0)
    assert tuple(pixels[60, 80]) == tuple(pixels[119, 159]) == tuple(pixels[61, 81]) == COLORS["red"]
    assert tuple(pixels[100, 25]) == COLORS["blue"]


def test_a_tiny_mask_is_seen_on_a_scaled_frame() -> None:
    mask = np.zeros((480, 640), bool)
    mask[399, 0] = True
    pixels = np.asarray(
        draw_prompts(Image.new("RGB", (160, 120)), [PlacedMark("mask", "red", 0, (), mask)], (640, 480))
    )
    assert tuple(pixels[99, 1]) == tuple(pixels[98, 0]) == COLORS["red"]
