"""Marks: which a record has, on which image, and where their pixels are."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image

from qagen.core.runs import to_runs
from qagen.errors import QagenError
from qagen.records.marks import PALETTE, Mark, draw_marks, marks_of
from qagen.tasks.registry import family_of_records

GROUND = (120, 110, 100)


def record(type_name: str, images: int = 3, **keys: Any) -> dict[str, Any]:
    return {"id": "s_0", "type": type_name, "image": [f"{i}.jpg" for i in range(images)], **keys}


def where(marks) -> list[tuple[str, int]]:
    return [(mark.color, mark.image) for mark in marks]


def blank(width: int = 1000, height: int = 500) -> Image.Image:
    return Image.new("RGB", (width, height), GROUND)


def point(x: int, y: int, color: str = "red", text: str = "") -> Mark:
    return Mark("point", color, text, 0, (x, y))


def box(x1: int, y1: int, x2: int, y2: int, color: str = "blue", text: str = "") -> Mark:
    return Mark("box", color, text, 0, (x1, y1, x2, y2))


def pixels_of(image: Image.Image, color: str) -> np.ndarray:
    """(H, W) where the image has exactly this color of the palette."""
    wanted = np.array(Image.new("RGB", (1, 1), PALETTE[color]))[0, 0]
    return (np.asarray(image) == wanted).all(axis=2)


def bounds(found: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(found)
    return columns.min(), rows.min(), columns.max(), rows.max()


@pytest.mark.parametrize("type_name", ["of_another_program", "a/b", "", "depth_prediction_oc"])
def test_records_that_fit_no_type_are_in_their_own_order(type_name):
    # Three colors are more than depth_prediction_oc has: an override made it ask for the difference of two depths.
    places: dict[str, Any] = {"blue_point": [[1, 1]], "green_point": [[2, 2]], "red_point": [[3, 3]]}
    marks = marks_of(record(type_name, **places, point_img_idx=[[2, 0, 1]]))
    assert where(marks) == [("blue", 2), ("green", 0), ("red", 1)]


def test_records_may_call_their_type_by_another_name():
    assert family_of_records("nav") is not None
    assert marks_of(record("nav", 32)) == ()


def test_single_image_marks_are_on_image_0():
    marks = marks_of(record("depth_prediction_oc", 1, red_point=[[553, 397]], blue_point=[[641, 838]]))
    assert marks == (Mark("point", "red", "", 0, (553, 397)), Mark("point", "blue", "", 0, (641, 838)))


def test_position_matching_marks_the_first_of_two_images():
    assert where(marks_of(record("position_matching", 2, red_bbox=[[1, 2, 30, 40]]))) == [("red", 0)]


@pytest.mark.parametrize(
    ("type_name", "expected"),
    [
        ("depth_prediction_oo_mv", [("red", 2), ("blue", 0), ("green", 1)]),
        ("distance_infer_center_oo_mv", [("red", 2), ("green", 0), ("blue", 1)]),
    ],
)
def test_image_indices_follow_the_order_of_the_type(type_name, expected):
    places: dict[str, Any] = {"blue_point": [[1, 1]], "green_point": [[2, 2]], "red_point": [[3, 3]]}
    marks = marks_of(record(type_name, **places, point_img_idx=[[2, 0, 1]]))
    assert where(marks) == expected
    assert {mark.color: mark.place[0] for mark in marks} == {"blue": 1, "green": 2, "red": 3}


def test_candidates_are_drawn_in_their_colors_on_the_second_image():
    boxes: dict[str, Any] = {"red_bbox": [[9, 9, 20, 20]], "blue_bbox": [[0, 0, 9, 9]], "green_bbox": [[30, 0, 40, 9]]}
    boxes |= {"yellow_bbox": [[50, 0, 60, 9]], "magenta_bbox": [[70, 0, 80, 9]], "bbox_img_idx": [[0, 1, 1, 1, 1]]}
    marks = marks_of(record("object_matching_candidates", 2, **boxes))
    assert where(marks) == [("red", 0), ("blue", 1), ("green", 1), ("yellow", 1), ("magenta", 1)]
    drawn = draw_marks(Image.new("RGB", (400, 400)), [mark for mark in marks if mark.color == "magenta"])
    assert pixels_of(drawn, "magenta").sum() > 0


def test_imagination_lists_green_blue_red_yellow():
    colors: dict[str, Any] = {f"{color}_bbox": [[0, 0, 9, 9]] for color in ("red", "yellow", "green", "blue")}
    marks = marks_of(record("spatial_imagination_oo_mv", **colors, bbox_img_idx=[[0, 1, 2, 0]]))
    assert where(marks) == [("green", 0), ("blue", 1), ("red", 2), ("yellow", 0)]


def test_null_marks_take_no_index():
    marks = marks_of(
        record(
            "obj_spatial_relation_oo_mv",
            red_bbox=None,
            blue_bbox=[[0, 0, 9, 9]],
            green_bbox=[[5, 5, 9, 9]],
            bbox_img_idx=[[2, 1]],
        )
    )
    assert where(marks) == [("blue", 2), ("green", 1)]


def test_listed_boxes_are_numbered_from_0():
    boxes = [[[0, 0, 9, 9], [5, 5, 9, 9], [1, 2, 3, 4]]]
    marks = marks_of(record("spatial_imagination_map_mv", bbox_list=boxes, bbox_img_idx=[[1, 0, 2]]))
    assert [(mark.text, mark.image, mark.place) for mark in marks] == [
        ("object0", 1, (0, 0, 9, 9)),
        ("object1", 0, (5, 5, 9, 9)),
        ("object2", 2, (1, 2, 3, 4)),
    ]
    assert len({mark.color for mark in marks}) == 3


def test_first_listed_point_is_the_anchor():
    points = [[[i, i] for i in range(5)]]
    marks = marks_of(record("distance_infer_center_oo_video", 32, point_list=points, point_img_idx=[[31, 0, 1, 2, 3]]))
    assert [mark.text for mark in marks] == ["objectA", "point0", "point1", "point2", "point3"]
    assert [mark.image for mark in marks] == [31, 0, 1, 2, 3]


def test_video_imagination_numbers_its_colors():
    colors: dict[str, Any] = {f"{color}_bbox": [[0, 0, 9, 9]] for color in ("red", "green", "blue")}
    marks = marks_of(record("spatial_imagination_oc_video", 32, **colors, bbox_img_idx=[[4, 8, 15]]))
    assert [(mark.color, mark.text) for mark in marks] == [
        ("green", "object0"),
        ("blue", "object1"),
        ("red", "object2"),
    ]


def test_hard_types_show_nothing():
    colors: dict[str, Any] = {f"{color}_bbox": [[0, 0, 9, 9]] for color in ("red", "green", "blue")}
    assert marks_of(record("spatial_imagination_oc_video_hard", 32, **colors, bbox_img_idx=[[4, 8, 15]])) == ()


def test_types_without_marks():
    assert marks_of(record("room_size", 32)) == ()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"red_point": [[1, 2, 3]]}, r"red_point: found \[1, 2, 3\], expected one \[x, y\]"),
        ({"red_point": [[1, 1001]]}, r"red_point: found \[1, 1001\]"),
        ({"red_point": [[1, 0.5]]}, "red_point: found"),
        ({"red_point": [1, 2]}, r"red_point: found \[1, 2\]"),
        ({"red_point": [[1, 2], [3, 4]]}, "red_point: found"),
        ({"red_point": [[1, 2]], "point_img_idx": [[0, 1]]}, "point_img_idx: .* for each of 1 marks"),
        ({"red_point": [[1, 2]], "point_img_idx": [[3]]}, "point_img_idx: .* one index below 3"),
        ({"red_point": [[1, 2]], "point_img_idx": [0]}, "point_img_idx: found 0"),
        ({"bbox_list": [[1, 2, 3, 4]]}, "bbox_list: found 1"),
    ],
)
def test_marks_that_do_not_fit_are_named(keys, message):
    with pytest.raises(QagenError, match=message):
        marks_of(record("depth_prediction_oo_mv", **keys))


def test_point_is_a_disc_of_its_color_with_a_white_rim():
    # Diagonal of 1000 x 500: 1118.0 px, so the radius is 13.4 px and the rim 2.1 px. (250, 400) is pixel (250, 200).
    drawn = draw_marks(blank(), [point(250, 400)])
    assert drawn.getpixel((250, 200)) == (255, 0, 0)
    left, top, right, bottom = bounds(pixels_of(drawn, "red"))
    assert (left + right + 1) / 2 == pytest.approx(250, abs=0.5)
    assert (top + bottom + 1) / 2 == pytest.approx(200, abs=0.5)
    assert right - left + 1 == pytest.approx(2 * 13.4, abs=2)
    assert drawn.getpixel((250 + 14, 200)) == (255, 255, 255)
    assert drawn.getpixel((250 + 17, 200)) == GROUND


def test_box_stroke_and_white_rim_lie_just_outside_the_box():
    # (100, 200, 400, 600) of 1000 x 500 px is x 100-399, y 100-299; 0.4 % of the diagonal is 4.5 px, so 4 px.
    drawn = draw_marks(blank(), [box(100, 200, 400, 600)])
    found = pixels_of(drawn, "blue")
    assert bounds(found) == (96, 96, 403, 303)
    assert [drawn.getpixel((x, 200)) for x in (94, 95, 99, 100)] == [GROUND, (255, 255, 255), (0, 0, 255), GROUND]
    assert not found[100:300, 100:400].any()
    assert found[96:100, 96:404].all()
    assert found[96:304, 400:404].all()


def test_box_at_the_border_stays_visible():
    found = pixels_of(draw_marks(blank(), [box(0, 0, 1000, 1000)]), "blue")
    assert found[:4].all()
    assert found[-4:].all()
    assert found[:, :4].all()
    assert found[:, -4:].all()
    assert not found[4:-4, 4:-4].any()


def test_empty_box_is_a_spot_of_two_strokes_and_a_pixel():
    assert bounds(pixels_of(draw_marks(blank(), [box(500, 500, 500, 500)]), "blue")) == (496, 246, 504, 254)


def test_marks_are_drawn_on_a_copy():
    image = blank()
    drawn = draw_marks(image, [point(500, 500), box(10, 10, 90, 90, text="object0")])
    assert drawn is not image
    assert (np.asarray(image) == GROUND).all()


@pytest.mark.parametrize("mode", ["L", "RGBA", "P"])
def test_every_mode_becomes_rgb(mode):
    drawn = draw_marks(blank().convert(mode), [point(500, 500)])
    assert drawn.mode == "RGB"
    assert drawn.getpixel((500, 250)) == (255, 0, 0)


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(40, 300), st.integers(40, 300))
def test_point_covers_its_pixel_wherever_it_is(x, y, width, height):
    drawn = draw_marks(blank(width, height), [point(x, y)])
    at = min(int(x * width / 1000), width - 1), min(int(y * height / 1000), height - 1)
    assert drawn.size == (width, height)
    assert drawn.getpixel(at) == (255, 0, 0)


@given(st.lists(st.integers(0, 1000), min_size=4, max_size=4), st.integers(20, 300), st.integers(20, 300))
def test_box_edges_lie_within_a_pixel(edges, width, height):
    (x1, x2), (y1, y2) = sorted(edges[::2]), sorted(edges[1::2])
    assume((x2 - x1) * width >= 1000 and (y2 - y1) * height >= 1000)
    left, top, right, bottom = bounds(pixels_of(draw_marks(blank(width, height), [box(x1, y1, x2, y2)]), "blue"))
    stroke = max(round(0.004 * np.hypot(width, height)), 3)
    assert left == pytest.approx(max(x1 * width / 1000 - stroke, 0), abs=1)
    assert top == pytest.approx(max(y1 * height / 1000 - stroke, 0), abs=1)
    assert right + 1 == pytest.approx(min(x2 * width / 1000 + stroke, width), abs=1.01)
    assert bottom + 1 == pytest.approx(min(y2 * height / 1000 + stroke, height), abs=1.01)


def test_texts_sit_on_plates_of_the_marks_color_and_keep_apart():
    # Two marks of one place: without the search for a free place the second plate would hide the first.
    marks = [point(500, 500, "yellow", "object0"), point(500, 500, "red", "object1")]
    drawn = draw_marks(blank(), marks)
    assert pixels_of(drawn, "yellow").sum() > 500
    assert pixels_of(drawn, "red").sum() > 500


@pytest.mark.parametrize("place", [(0, 0), (1000, 0), (0, 1000), (1000, 1000)])
def test_text_in_a_corner_stays_inside(place):
    plain = draw_marks(blank(), [point(*place)])
    named = draw_marks(blank(), [point(*place, text="objectA")])
    changed = (np.asarray(plain) != np.asarray(named)).any(axis=2)
    left, top, right, bottom = bounds(changed)
    # "objectA" in 24.6 px type: some 90 px wide, 33 px high, all of it inside.
    assert right - left > 80
    assert bottom - top > 25


def test_text_of_a_tiny_image_starts_at_its_corner():
    # No place fits 11 px type in 30 x 30 px.
    found = pixels_of(draw_marks(blank(30, 30), [point(900, 900, "green", "objectA")]), "green")
    assert found[0].all()


def mask(cells: np.ndarray, color: str = "red", text: str = "") -> Mark:
    return Mark("mask", color, text, 0, to_runs(cells))


def left_square() -> np.ndarray:
    """(30, 40) cells, of 16 x 16 pixels in 640 x 480: columns 4 to 11 and rows 10 to 19, pixels 64-191 and 160-319."""
    cells = np.zeros((30, 40), dtype=bool)
    cells[10:20, 4:12] = True
    return cells


def test_a_mask_is_blended_with_the_image_and_outlined() -> None:
    before = Image.new("RGB", (640, 480), (10, 200, 30))
    drawn = np.asarray(draw_marks(before, [mask(left_square())]))
    # 0.65 x (10, 200, 30) + 0.35 x (255, 0, 0) = (95.75, 130, 19.5).
    assert (drawn[180:300, 84:172] == (96, 130, 20)).all()
    assert (drawn[240, 60:66] == [(10, 200, 30)] * 2 + [(255, 0, 0)] * 2 + [(96, 130, 20)] * 2).all()
    assert (drawn[240, 190:196] == [(96, 130, 20)] * 2 + [(255, 0, 0)] * 2 + [(10, 200, 30)] * 2).all()
    assert (drawn[:150] == (10, 200, 30)).all()
    assert before.getpixel((100, 200)) == (10, 200, 30)


def test_two_masks_in_one_image_keep_their_colors() -> None:
    other = np.roll(left_square(), 8, axis=1)
    drawn = np.asarray(
        draw_marks(Image.new("RGB", (640, 480), (100, 100, 100)), [mask(left_square()), mask(other, "blue")])
    )
    # 65 + 0.35 x 255 = 154.25 in the mask's own channel.
    assert (drawn[240, 120] == (154, 65, 65)).all()
    assert (drawn[240, 260] == (65, 65, 154)).all()


def test_a_point_lies_over_a_mask() -> None:
    drawn = draw_marks(blank(640, 480), [point(200, 500, "blue"), mask(left_square())])
    assert pixels_of(drawn, "blue")[240, 128]


def test_a_mask_at_the_border_of_its_image_is_drawn() -> None:
    drawn = np.asarray(draw_marks(Image.new("RGB", (64, 48)), [mask(np.ones((30, 40), dtype=bool))]))
    assert (drawn == (89, 0, 0)).all()


def test_masks_are_read_with_their_images() -> None:
    runs = list(to_runs(left_square()))
    columns: dict[str, Any] = {"red_mask": [runs], "blue_mask": [runs], "mask_img_idx": [[2, 0]]}
    marks = marks_of(record("distance_prediction_oo_mv", **columns))
    assert [(mark.kind, mark.color, mark.image) for mark in marks] == [("mask", "red", 2), ("mask", "blue", 0)]
    assert marks[0].place == tuple(runs)
    assert marks[0].box == (100, 333, 300, 667)


@pytest.mark.parametrize(
    "place",
    [[2, 2], [2, 2, 3], [2, 2, 4], [2, 2, 1, -1, 4], [2, 2, 1.0, 3], [1, 161, 100, 61], "2 2 4", [[2, 2, 0, 4]]],
)
def test_what_is_no_mask_is_an_error_that_names_the_key(place: Any) -> None:
    with pytest.raises(QagenError, match=r"^red_mask: found .*, expected .*run"):
        marks_of(record("distance_prediction_oc", 1, red_mask=[place]))


def test_hidden_boxes_are_not_drawn_but_other_marks_of_such_a_type_are() -> None:
    hidden = record("spatial_imagination_oc_video_hard", 32, red_bbox=[[1, 2, 3, 4]], bbox_img_idx=[[3]])
    assert marks_of(hidden) == ()
    shown = record("spatial_imagination_oc_video_hard", 32, red_point=[[1, 2]], point_img_idx=[[3]])
    assert where(marks_of(shown)) == [("red", 3)]


def test_listed_marks_are_numbered_as_their_questions_do() -> None:
    boxes = {"bbox_list": [[[1, 2, 3, 4], [5, 6, 7, 8]]], "bbox_img_idx": [[0, 1]]}
    assert [mark.text for mark in marks_of(record("spatial_imagination_map_mv", **boxes))] == ["object0", "object1"]
    assert [mark.text for mark in marks_of(record("distance_infer_center_oo_video", **boxes))] == ["objectA", "object0"]
