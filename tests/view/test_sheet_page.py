"""The check sheet in a real browser: the judge answers first, then sees the record's answer and judges."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from qagen.audit.judgments import read_judged
from qagen.audit.sheet import SheetPlan, SheetSample, write_sheet
from tests.view.browser import needs_browser, opened
from tests.view.run_files import write

pytestmark = needs_browser
SIZE_PX = (1600, 900)


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[SheetSample]]:
    home = tmp_path_factory.mktemp("judged")
    image = home / "out" / "lab" / "images" / "room" / "0.png"
    image.parent.mkdir(parents=True)
    Image.new("RGB", SIZE_PX, "gray").save(image)
    write(home / "out", "distance_prediction_oc", "fill", ["2.2", "3.3", "4.1"], [], red_point=[[500, 500]])
    (home / "out" / "lab" / "evidence_jsonl").rename(home / "unused")
    return home / "sheet", write_sheet(home / "out", home / "sheet", SheetPlan(3, planted=0))


@pytest.fixture
def page(sheet: tuple[Path, list[SheetSample]]) -> Iterator[Any]:
    with opened(sheet[0] / "sheet.html", 2200, 1000) as page:
        yield page


def test_the_answer_is_seen_only_after_the_judges_own(page: Any) -> None:
    assert not page.is_visible("#answer")
    page.keyboard.press("Enter")
    assert not page.is_visible("#answer")
    page.keyboard.type("about 2")
    assert not page.is_visible("#answer")
    page.keyboard.press("Enter")
    assert page.is_visible("#answer")
    assert page.evaluate("at('own').readOnly")


def test_no_verdict_before_the_answer_is_seen(page: Any) -> None:
    page.keyboard.type("1")  # is the judge's own answer
    assert page.inner_text("#done") == "0 judged"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("1")
    assert page.inner_text("#done") == "0 judged"


def test_images_have_their_own_size(page: Any) -> None:
    box = page.locator(".large img").bounding_box()
    assert (box["width"], box["height"]) == SIZE_PX


def test_what_is_saved_is_read_back(page: Any, sheet: tuple[Path, list[SheetSample]], tmp_path: Path) -> None:
    folder, samples = sheet
    for own, verdict in (("2", "1"), ("3", "4")):
        page.keyboard.type(own)
        page.keyboard.press("Enter")
        page.keyboard.press(verdict)
    page.fill("#note", "too <far>")
    with page.expect_download() as download:
        page.click("#save")
    download.value.save_as(tmp_path / "anna.jsonl")
    assert [json.loads(line) for line in (tmp_path / "anna.jsonl").read_text().splitlines()] == [
        {"id": samples[0].id, "answer": "2", "verdict": "right", "note": ""},
        {"id": samples[1].id, "answer": "3", "verdict": "wrong", "note": "too <far>"},
    ]
    assert read_judged(folder, [tmp_path / "anna.jsonl"]).verdicts == {samples[0].id: "right", samples[1].id: "wrong"}


def test_judgments_are_kept_in_the_browser(page: Any) -> None:
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    page.keyboard.press("2")
    page.reload()
    assert page.inner_text("#done") == "1 judged"
    assert page.inner_text("#count") == "2 of 3"
