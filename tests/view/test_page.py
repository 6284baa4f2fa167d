"""The gallery page in a real browser, and what it counts."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image

from qagen.core.reasons import MEANINGS, NO_VIDEO
from qagen.errors import QagenError
from qagen.records.read import find_record_files
from qagen.show import main
from qagen.view.statistics import chart, count_run

playwright = pytest.importorskip("playwright.sync_api", reason="needs the playwright package")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium on PATH")

EVIL = "</script><img src=x onerror=alert(1)>"


def record(number: int, answer: str, **keys: Any) -> dict[str, Any]:
    turns = [{"from": "human", "value": f"How far is the lamp? {EVIL}"}, {"from": "gpt", "value": answer}]
    return {"id": f"room_{number}", "conversations": turns, "image": ["room/0.png"], **keys}


def evidence(number: int, answer: str) -> dict[str, Any]:
    item = {"color": "red", "alias": "", "image": 0, "id": 7, "label": EVIL, "center_in_camera_m": [0.0, 0.0, 2.2]}
    facts = {"objects": [item], "measured": {"distance_m": 2.2}, "margin": 0.3, "margin_unit": "m"}
    return {"id": f"room_{number}", "scene": "room", "answer": answer, **facts}


def write(out: Path, type_name: str, answer_format: str, answers: list[str], facts: list[str], **keys: Any) -> None:
    for tree, lines in (
        ("qa_jsonl", [record(i, answer, type=type_name, **keys) for i, answer in enumerate(answers)]),
        ("evidence_jsonl", [evidence(i, fact) for i, fact in enumerate(facts)]),
    ):
        path = out / "lab" / tree / "train" / type_name / answer_format / f"{answer_format}_{len(lines)}.jsonl"
        path.parent.mkdir(parents=True)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("gallery") / "out"
    image = out / "lab" / "images" / "room" / "0.png"
    image.parent.mkdir(parents=True)
    Image.new("RGB", (64, 48), "gray").save(image)
    write(out, "distance_prediction_oc", "fill", ["2.2", "2.2", "3.1"], ["2.2", "2.2", "3.1"], red_point=[[500, 500]])
    write(out, "obj_spatial_relation_oc_mv", "select", ["B", "A"], ["left, , front", "left, above, behind"])
    report = {"tasks": {"room_size": {"skips": {"no video": 3}}, "distance_prediction_oc": {"skips": {"too near": 5}}}}
    (out / "lab" / "report.json").write_text(json.dumps(report))
    return out


@pytest.fixture(scope="module")
def html(out: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = tmp_path_factory.mktemp("page") / "samples.html"
    with pytest.raises(SystemExit) as end:
        main([str(out), "--html", str(page), "--n", "3"])
    assert end.value.code == 0
    return page


@pytest.fixture(scope="module")
def page(html: Path) -> Iterator[Any]:
    """The page in the browser; a script error or a request for anything but the file fails the test."""
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.on("request", lambda request: wrong.append(request.url) if request.url.startswith("http") else None)
        page.goto(html.as_uri())
        yield page
        browser.close()
        assert wrong == []


def counted(counts: pd.DataFrame, quantity: str, type_name: str = "") -> dict[str, int]:
    rows = counts[(counts["quantity"] == quantity) & (counts["type"] == type_name)]
    return dict(zip(rows["value"], rows["count"], strict=True))


def test_answers_labels_distances_and_skips_are_counted(out: Path) -> None:
    counts = count_run(find_record_files(out))
    assert counted(counts, "answers", "distance_prediction_oc") == {"2.2": 2, "3.1": 1}
    assert counted(counts, "answers", "obj_spatial_relation_oc_mv") == {"left": 2, "front": 1, "above": 1, "behind": 1}
    assert counted(counts, "choices", "obj_spatial_relation_oc_mv") == {"A": 1, "B": 1}
    assert counted(counts, "labels") == {EVIL: 5}
    assert counted(counts, "distances") == {"2": 5}  # 2.2 m lies in [2.0, 2.5)
    assert counted(counts, "variety", "distance_prediction_oc") == {"forms": 1, "4-grams": 3}
    assert counted(counts, "skips", "room_size") == {"no video": 3}


def test_records_without_evidence_are_counted_by_themselves(out: Path, tmp_path: Path) -> None:
    shutil.copytree(out, tmp_path / "out")
    (lost,) = (tmp_path / "out").glob("lab/evidence_jsonl/train/obj_*/select/*")
    lost.unlink()
    with pytest.raises(QagenError, match=r"select_2\.jsonl: cannot be read"):  # a part of it is a fault
        count_run(find_record_files(tmp_path / "out"))
    shutil.rmtree(tmp_path / "out" / "lab" / "evidence_jsonl")
    counts = count_run(find_record_files(tmp_path / "out"))
    assert counted(counts, "choices", "obj_spatial_relation_oc_mv") == {"A": 1, "B": 1}
    assert counted(counts, "samples", "distance_prediction_oc") == {"fill": 3}
    assert (counted(counts, "scenes"), counted(counts, "labels")) == ({"room": 5}, {})


def test_numbers_become_a_histogram_that_loses_none() -> None:
    bars = chart({f"{i / 10}": 1 for i in range(100)})
    assert len(bars) == 20
    assert sum(count for _, count in bars) == 100
    assert bars[0] == ("0", 5)


def test_too_many_different_words_are_no_chart() -> None:
    assert chart({"word" + "s" * i: 1 for i in range(30)}) == []


@needs_browser
def test_keys_step_through_the_samples(page: Any) -> None:
    assert page.inner_text("#count") == "1 of 5"
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#count") == "2 of 5"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#count") == "5 of 5"
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#count") == "1 of 5"


@needs_browser
def test_filters_narrow_the_samples(page: Any) -> None:
    page.select_option("#type", "distance_prediction_oc")
    assert page.inner_text("#count") == "1 of 3"
    page.fill("#answer", "3.1")
    assert page.inner_text("#count") == "1 of 1"
    assert page.inner_text(".turn.gpt span") == "3.1"
    page.select_option("#format", "select")
    assert page.inner_text("#count") == "0 of 0"
    page.fill("#answer", "")
    page.select_option("#format", "")
    page.select_option("#type", "")
    assert page.inner_text("#count") == "1 of 5"


@needs_browser
def test_marks_can_be_switched_off_and_evidence_unfolded(page: Any) -> None:
    page.select_option("#type", "distance_prediction_oc")
    assert page.is_visible("img.marks")
    page.click("#sample")
    page.keyboard.press("m")
    assert not page.is_visible("img.marks")
    page.keyboard.press("m")
    assert page.is_visible("img.marks")
    assert not page.is_visible("#evidence li")
    page.keyboard.press("e")
    assert "distance_m = 2.2" in page.inner_text("#evidence")
    page.select_option("#type", "")


@needs_browser
def test_text_of_a_record_is_shown_and_never_run(page: Any) -> None:
    assert EVIL in page.inner_text(".turn.human span")
    assert EVIL in page.text_content("#evidence")
    assert EVIL in page.text_content("#statistics .charts")
    assert page.query_selector("img[onerror]") is None


@needs_browser
def test_the_mark_is_drawn_where_the_record_says(page: Any) -> None:
    page.select_option("#type", "distance_prediction_oc")
    pixel = page.evaluate(
        """async () => {
          const image = document.querySelector("img.marks"); await image.decode();
          const canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
          const context = canvas.getContext("2d"); context.drawImage(image, 0, 0);
          const at = (x, y) => [...context.getImageData(x * canvas.width, y * canvas.height, 1, 1).data];
          return [at(0.5, 0.5), at(0.1, 0.1)[3]];
        }"""
    )
    assert pixel == [[255, 0, 0, 255], 0]
    page.select_option("#type", "")


@needs_browser
def test_the_statistics_show_counts_and_refusals(page: Any) -> None:
    page.click("#to-statistics")
    text = page.inner_text("#statistics")
    assert "distance_prediction_oc\t3\t\t\t\t3\t1\t3\ttoo near 5" in text
    assert "room_size\t\t\t\t\t0\t\t\tno video 3" in text
    page.click("#statistics summary")
    assert page.inner_text("#statistics dl").split("\n") == [NO_VIDEO, MEANINGS[NO_VIDEO]]
    assert not page.is_visible("#sample")
    page.click("#to-samples")
    assert page.is_visible("#sample")
