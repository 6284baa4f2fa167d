"""The page of samples in a real browser."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from qagen.core.reasons import MEANINGS, NO_VIDEO
from qagen.core.runs import to_runs
from qagen.records.read import find_record_files
from qagen.records.shapes import Region
from qagen.show import main
from qagen.view.gallery import outline_path
from qagen.view.picture import draw_image
from qagen.view.samples import SampleSelection, choose_samples, load_sample
from tests.view.browser import needs_browser, opened
from tests.view.run_files import EVIL, write, write_tree

SIZE = (640, 480)
WIDTHS = (1440, 900, 390)


def cells() -> np.ndarray:
    """(30, 40) a block with a hole."""
    inside = np.zeros((30, 40), dtype=bool)
    inside[18:27, 24:36] = True
    inside[21:24, 28:32] = False
    return inside


MARKS = {
    "red_point": [[250, 300]],
    "blue_bbox": [[500, 100, 800, 500]],
    "green_mask": [list(to_runs(cells()))],
    "point_img_idx": [[0]],
    "bbox_img_idx": [[0]],
    "mask_img_idx": [[0]],
}
"""Marks of all kinds on one image; the type is none of ours, so that all of them are drawn."""


def sample(number: int, text: str, images: list[str], **keys: Any) -> dict[str, Any]:
    turns = [{"from": "human", "value": text}, {"from": "gpt", "value": f"answer {number}"}]
    return {"id": f"room_{number}", "conversations": turns, "image": images, **keys}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("gallery") / "out"
    folder = out / "lab" / "images" / "room"
    folder.mkdir(parents=True)
    for number in range(12):
        Image.new("RGB", SIZE, (150 + number, 140, 130)).save(folder / f"{number}.png")
    write(out, "distance_prediction_oc", "fill", ["2.2", "2.2", "3.1"], ["2.2", "2.2", "3.1"], red_point=[[500, 500]])
    write(out, "obj_spatial_relation_oc_mv", "select", ["B", "A"], ["left, , front", "left, above, behind"])
    long = "Where is the teapot (red point)? " + "It has stood there for a while, and nobody has moved it since. " * 8
    frames = [f"room/{number}.png" for number in range(12)]
    for kind, records in {
        "toy_marks": [sample(20, "Marks of all kinds.", frames[:1], **MARKS)],
        "toy_three": [sample(30, long, frames[:3], red_point=[[100, 100]], point_img_idx=[[2]])],
        "toy_video": [sample(40, "See Frame-7.", frames, red_point=[[500, 500]], point_img_idx=[[7]])],
        "toy_many": [sample(100 + number, f"Number {number}?", frames[:1]) for number in range(150)],
    }.items():
        write_tree(out, "qa_jsonl", kind, "sentence", [{**record, "type": kind} for record in records])
        evidence = [
            {"id": record["id"], "objects": [], "answer": "", "measured": {}, "margin": 1.0} for record in records
        ]
        write_tree(out, "evidence_jsonl", kind, "sentence", evidence)
    report = {"tasks": {"room_size": {"skips": {"no video": 3}}, "distance_prediction_oc": {"skips": {"too near": 5}}}}
    (out / "lab" / "report.json").write_text(json.dumps(report))
    return out


@pytest.fixture(scope="module")
def html(out: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = tmp_path_factory.mktemp("page") / "samples.html"
    with pytest.raises(SystemExit) as end:
        main([str(out), "--html", str(page)])
    assert end.value.code == 0
    return page


@pytest.fixture(scope="module")
def browser_page(html: Path) -> Iterator[Any]:
    with opened(html) as page:
        yield page


@pytest.fixture
def page(browser_page: Any, html: Path) -> Any:
    browser_page.set_viewport_size({"width": 1440, "height": 900})
    browser_page.goto("about:blank")
    browser_page.goto(html.as_uri())
    return browser_page


def show(page: Any, html: Path, fragment: str) -> None:
    page.goto("about:blank")
    page.goto(f"{html.as_uri()}#{fragment}")


def data_of(html: Path) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html.read_text(), re.DOTALL)
    assert found
    return json.loads(found[1])


# --- what the file holds ----------------------------------------------------------------------------------------------


def test_the_page_holds_the_whole_run_and_every_image_once(html: Path) -> None:
    data = data_of(html)
    assert len(data["samples"]) == 158
    assert len(data["sizes"]) == 12
    assert html.read_text().count("data:image/") == 12
    assert len(data["reels"]) == 3  # one image, three, twelve


def test_copies_in_two_folders_are_one_image(out: Path, tmp_path: Path) -> None:
    image = out / "lab" / "images" / "room" / "0.png"
    (tmp_path / "lab" / "images" / "room").mkdir(parents=True)
    for name in ("a.png", "b.png"):
        (tmp_path / "lab" / "images" / "room" / name).write_bytes(image.read_bytes())
    record = sample(1, "Which?", ["room/a.png", "room/b.png"], type="toy")
    write_tree(tmp_path, "qa_jsonl", "toy", "fill", [record])
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--html", str(tmp_path / "page.html")])
    assert len(data_of(tmp_path / "page.html")["sizes"]) == 1


def test_small_images_are_not_enlarged_and_large_ones_are_scaled_down(tmp_path: Path) -> None:
    folder = tmp_path / "lab" / "images" / "room"
    folder.mkdir(parents=True)
    Image.new("RGB", (64, 48), "gray").save(folder / "small.png")
    Image.new("RGB", (1920, 1440), "blue").save(folder / "large.jpg")
    write_tree(tmp_path, "qa_jsonl", "toy", "fill", [sample(1, "?", ["room/small.png", "room/large.jpg"], type="toy")])
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--html", str(tmp_path / "page.html")])
    with opened(tmp_path / "page.html") as page:
        sizes = page.evaluate("""Promise.all([0, 1].map(async n => {
          const image = new Image();
          image.src = urlOf(n);
          await image.decode();
          return [image.naturalWidth, image.naturalHeight];
        }))""")
    assert sizes == [[64, 48], [960, 720]]
    assert data_of(tmp_path / "page.html")["sizes"] == [[64, 48], [1920, 1440]]


def test_a_large_run_is_shown_in_part(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qagen.view.samples.MAX_SAMPLES", 40)
    chosen = choose_samples(find_record_files(out), SampleSelection(per_group=None))
    # Groups of 3, 2, 1, 1, 1 and 150: 32 of the last make 40.
    assert len(chosen) == 40


def test_the_outline_of_a_mask_has_its_holes() -> None:
    region = Region(np.kron(cells(), np.ones((16, 16), dtype=bool)), "#008000")
    assert outline_path(region).count("M") == 2


# --- finding samples --------------------------------------------------------------------------------------------------


@needs_browser
def test_the_overview_counts_and_opens_samples(page: Any) -> None:
    assert page.inner_text("#count") == "158 samples · 6 types · 1 scene"
    assert "toy_many sentence 150 All 150" in " ".join(page.inner_text("#shelves").split())
    page.click(".shelf:has-text('toy_three') .thumb")
    assert page.inner_text(".answer") == "answer 30"
    assert page.url.endswith("#id=room_30")
    page.go_back()
    assert page.is_visible("#overview")


@needs_browser
def test_keys_step_through_the_samples(page: Any) -> None:
    page.keyboard.press("j")
    assert page.inner_text("#place") == "1 of 158"
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#place") == "2 of 158"
    page.keyboard.press("k")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#place") == "158 of 158"
    page.keyboard.press("g")
    assert page.is_visible("#overview")
    page.keyboard.press("/")
    page.keyboard.type("jkm")  # is text now
    assert page.input_value("#q") == "jkm"


@needs_browser
def test_keys_work_after_a_filter_was_used(page: Any) -> None:
    page.focus("#type")
    page.select_option("#type", "distance_prediction_oc")
    assert page.evaluate("document.activeElement.id") == "type"
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#place") == "1 of 3"
    page.focus("#format")
    for key in ("j", "ArrowRight"):
        page.keyboard.press(key)
    assert page.inner_text("#place") == "3 of 3"
    page.keyboard.press("Escape")
    assert page.is_visible("#overview")


@needs_browser
def test_filters_and_search_narrow_the_samples(page: Any) -> None:
    page.select_option("#type", "distance_prediction_oc")
    assert page.inner_text("#count").startswith("3 of 158 samples")
    assert "select (0)" in page.text_content("#format")
    page.fill("#q", "3.1")
    page.wait_for_function("shown.length === 1")
    page.fill("#q", "nothing of the kind")
    page.wait_for_function("shown.length === 0")
    assert page.inner_text("#count") == "No sample fits these filters."
    page.click("#clear")
    assert page.inner_text("#count").startswith("158 samples")
    page.type("#q", "teapot ")
    page.wait_for_function("shown.length === 1")
    page.type("#q", "red")  # the blank is still there
    assert page.input_value("#q") == "teapot red"
    for words in ("TEAPOT red", "room_30", "frame-7"):  # question, id; every word, whatever its case
        page.fill("#q", words)
        page.wait_for_function("shown.length === 1")
    page.fill("#q", "onerror")  # the label in the evidence, and the question
    page.wait_for_function("shown.length === 5")


@needs_browser
def test_links_to_a_sample_survive_reload_with_the_filters(page: Any, html: Path) -> None:
    show(page, html, "type=toy_many&q=number&id=room_103")
    for _ in range(2):
        assert page.inner_text(".question") == "Number 3?"
        assert page.inner_text("#place") == "4 of 150"
        assert (page.input_value("#type"), page.input_value("#q")) == ("toy_many", "number")
        page.reload()
    page.keyboard.press("ArrowRight")
    page.reload()
    assert page.inner_text(".question") == "Number 4?"
    show(page, html, "view=statistics")
    assert page.is_visible("#statistics")
    show(page, html, "id=no_such_sample")
    assert page.is_visible("#overview")


@needs_browser
def test_the_link_to_a_sample_is_copied(page: Any, html: Path) -> None:
    show(page, html, "type=toy_many&id=room_103")
    page.click("#link")
    page.wait_for_selector("#said.on")
    page.keyboard.press("/")
    page.keyboard.press("Control+V")
    assert page.input_value("#q").endswith("samples.html#type=toy_many&id=room_103")


@needs_browser
def test_two_samples_of_one_id_have_links_of_their_own(page: Any, html: Path) -> None:
    # Both types of write() number from room_0.
    show(page, html, "id=room_0")
    first = page.inner_text(".chips")
    show(page, html, "id=room_0~2")
    assert page.is_visible("#sample")
    assert page.inner_text(".chips") != first


@needs_browser
def test_a_long_list_grows_while_one_scrolls(page: Any) -> None:
    page.select_option("#type", "toy_many")
    page.wait_for_function("document.querySelectorAll('.thumb').length >= 60")
    for _ in range(8):
        page.mouse.wheel(0, 4000)
        page.wait_for_timeout(50)
    page.wait_for_function("document.querySelectorAll('.thumb').length === 150")


# --- one sample -------------------------------------------------------------------------------------------------------


@needs_browser
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("number", [20, 30, 40])
def test_question_and_image_are_in_the_first_screen(page: Any, html: Path, width: int, number: int) -> None:
    page.set_viewport_size({"width": width, "height": 900 if width > 390 else 844})
    show(page, html, f"id=room_{number}")
    question, image = (page.locator(place).first.bounding_box() for place in (".question", ".large .picture"))
    height = page.viewport_size["height"]
    assert question["y"] < 200
    assert question["y"] + question["height"] < height
    assert image["width"] >= 0.3 * width
    if width > 760:  # beside
        assert image["x"] + image["width"] <= question["x"]
        assert image["y"] + image["height"] <= height
    else:  # above
        assert question["y"] + question["height"] < image["y"] < height - 100
        assert image["width"] > 0.9 * width


@needs_browser
@pytest.mark.parametrize("fragment", ["", "type=toy_many", "id=room_30", "id=room_40", "view=statistics"])
def test_nothing_scrolls_sideways_on_a_phone(page: Any, html: Path, fragment: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, html, fragment)
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@needs_browser
def test_marked_frames_of_a_video_come_first_and_large(page: Any, html: Path) -> None:
    show(page, html, "id=room_40")
    assert page.locator(".large figcaption").all_inner_texts() == ["Frame-7"]
    assert page.locator(".strip figure").count() == 12
    large, small = (page.locator(f"{place} .picture").first.bounding_box() for place in (".large", ".strip"))
    assert large["width"] > 4 * small["width"]


@needs_browser
def test_a_click_enlarges_an_image_and_escape_closes_it(page: Any, html: Path) -> None:
    show(page, html, "id=room_30")
    page.click(".large .picture >> nth=1")
    assert page.inner_text("dialog figcaption") == "Image 2 · 2 of 3"
    page.keyboard.press("ArrowRight")
    assert page.inner_text("dialog figcaption") == "Image 3 · 3 of 3"
    assert page.locator("dialog svg circle").count() == 2
    page.keyboard.press("Escape")
    assert not page.is_visible("dialog")
    assert page.is_visible("#sample")


@needs_browser
def test_marks_are_where_pictures_have_them(page: Any, html: Path, out: Path) -> None:
    show(page, html, "id=room_20")
    page.wait_for_function("document.querySelector('.large img').complete")
    page.add_style_tag(content=".picture { border-radius: 0 !important }")
    shot = Image.open(io.BytesIO(page.locator(".large .picture").screenshot())).convert("RGB")
    seen = np.asarray(shot.resize(SIZE, Image.Resampling.BOX)).astype(int)
    (line,) = choose_samples(find_record_files(out), SampleSelection(ids=("room_20",)))
    drawn = np.asarray(draw_image(load_sample(line), 0, SIZE)).astype(int)
    off = np.abs(seen - drawn).max(axis=2)
    assert (off > 90).mean() < 0.002
    marked = np.abs(drawn - drawn[5, 5]).max(axis=2) > 60
    assert (off[marked] > 90).mean() < 0.03
    for x, y in ((160, 144), (320, 100), (400, 400)):  # disc, stroke of the box, inside of the mask
        assert off[y, x] < 40
    page.keyboard.press("m")
    assert not page.is_visible("svg.marks")
    page.keyboard.press("m")
    assert page.is_visible("svg.marks")


@needs_browser
def test_evidence_unfolds_and_colors_of_marks_are_dots(page: Any, html: Path) -> None:
    show(page, html, "id=room_0")
    assert "distance_m = 2.2" in page.inner_text("#shown")
    page.keyboard.press("e")
    assert not page.is_visible(".notes")
    show(page, html, "id=room_30")
    assert page.evaluate("getComputedStyle(document.querySelector('.dot i')).backgroundColor") == "rgb(255, 0, 0)"


@needs_browser
def test_text_of_a_record_is_shown_and_never_run(page: Any, html: Path) -> None:
    assert EVIL in page.text_content("#shelves")
    assert EVIL in page.text_content("#statistics")
    show(page, html, "id=room_0")
    assert EVIL in page.inner_text(".question")
    assert EVIL in page.inner_text(".notes")
    assert page.query_selector("img[onerror]") is None


# --- the page itself --------------------------------------------------------------------------------------------------


@needs_browser
def test_dark_is_as_the_system_says_until_it_is_switched_and_then_kept(page: Any) -> None:
    paper = "getComputedStyle(document.querySelector('header')).backgroundColor"
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(paper)
    page.emulate_media(color_scheme="light")
    light = page.evaluate(paper)
    assert light == "rgb(255, 255, 255)" != dark
    page.click("#theme")
    assert page.evaluate(paper) == dark
    page.reload()
    assert page.evaluate(paper) == dark
    page.click("#theme")
    assert page.evaluate(paper) == light


@needs_browser
def test_the_statistics_show_counts_and_refusals(page: Any) -> None:
    page.click("#to-statistics")
    assert page.inner_text(".totals").split() == ["158", "samples", "6", "types", "1", "scene"]
    assert page.inner_text(".type >> nth=0").split() == ["distance_prediction_oc", "3"]
    page.click(".type:nth-of-type(1) summary")
    text = page.inner_text(".type >> nth=0")
    assert "fill 3\n1 forms of the question, 3 4-grams" in text
    assert "too near 5" in text
    page.click("summary:has-text('room_size')")
    assert f"{NO_VIDEO} 3\n{MEANINGS[NO_VIDEO]}" in page.inner_text(".type:has-text('room_size')")
    page.click("#to-overview")
    assert page.is_visible("#overview")
