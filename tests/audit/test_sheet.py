"""The check sheet: which samples are on it, what its files and its page hold, and which errors are planted."""

import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from qagen.audit.checks import Check, Verdict
from qagen.audit.counts import Fault
from qagen.audit.page import disagreements_page
from qagen.audit.plant import spoil_answer
from qagen.audit.sheet import SheetPlan, draw_stratified, write_sheet
from qagen.errors import ConfigError, QagenError
from qagen.records.read import RecordFile, RecordLine, find_record_files

TRICKY = 'Is it 3 < 4 & "so"? </script><b>$total</b>'
EVIL = "</script><img src=x onerror=alert(1)>"
SCENES = 3
LARGE, SMALL = 30, 4
"""Records of the two types; the first has two formats."""


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with 30 + 30 records of one type and 4 of another, over three scenes; "many" fills with numbers."""
    out = tmp_path_factory.mktemp("run")
    (out / "scannet" / "images").mkdir(parents=True)
    Image.new("RGB", (64, 48), "#203040").save(out / "scannet" / "images" / "a.jpg")
    for type_name, answer_format, count in (("many", "fill", LARGE), ("many", "judge", LARGE), ("few", "fill", SMALL)):
        write_records(out, type_name, answer_format, count)
    return out


def answer_of(answer_format: str, number: int) -> str:
    return ("Yes", "No")[number % 2] if answer_format == "judge" else f"{number + 1}.5"


def write_records(out: Path, type_name: str, answer_format: str, count: int) -> None:
    records, evidence = [], []
    for k in range(count):
        name = f"scene{k % SCENES:04d}_00_{k}"
        turns = [{"from": "human", "value": TRICKY}, {"from": "gpt", "value": answer_of(answer_format, k)}]
        mark = {"red_point": [[500, 500]]}
        records.append({"id": name, "conversations": turns, "image": ["a.jpg"], "type": type_name, **mark})
        objects = [{"color": "red", "id": 7, "label": EVIL}]
        evidence.append(
            {"id": name, "objects": objects, "measured": {"depth_m": 1.25}, "margin": 0.5, "margin_unit": "m"}
        )
    for tree, lines in (("qa_jsonl", records), ("evidence_jsonl", evidence)):
        file = out / "scannet" / tree / "train" / type_name / answer_format / f"{answer_format}_{count}.jsonl"
        file.parent.mkdir(parents=True)
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))


class Page(HTMLParser):
    """Opening tags with their attributes, and the text between tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in ("meta", "img", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def data(self) -> dict[str, Any]:
        """What the page's script draws."""
        return json.loads(next(text for text in self.texts if text.startswith('{"')))


def draw(out: Path, count: int, each: int = 1, seed: int = 0) -> list[RecordLine]:
    return draw_stratified(find_record_files(out), count, each, seed)


def groups(lines: list[RecordLine]) -> Counter[tuple[str, str]]:
    return Counter((line.file.type, line.file.format) for line in lines)


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_types_come_alike_often_and_within_them_their_formats_and_the_scenes(out: Path):
    lines = draw(out, 6)
    assert {len([line for line in lines if line.file.type == kind]) for kind in ("many", "few")} == {3}
    assert sorted(groups(lines).values()) == [1, 2, 3]
    assert Counter(line.scene for line in lines) == {"scene0000_00": 2, "scene0001_00": 2, "scene0002_00": 2}


def test_every_type_and_format_has_as_many_as_asked_or_all_that_there_are(out: Path):
    assert groups(draw(out, 4, each=3)) == {("many", "fill"): 3, ("many", "judge"): 3, ("few", "fill"): 3}
    assert groups(draw(out, 1, each=6)) == {("many", "fill"): 6, ("many", "judge"): 6, ("few", "fill"): SMALL}


def test_a_small_type_leaves_its_places_to_the_others_and_nothing_comes_twice(out: Path):
    lines = draw(out, 40)
    assert len({(line.file.path, line.number) for line in lines}) == 40
    assert groups(lines) == {("many", "fill"): 18, ("many", "judge"): 18, ("few", "fill"): SMALL}
    assert len(draw(out, 1000)) == 2 * LARGE + SMALL


def test_the_seed_decides_which(out: Path):
    drawn = [[line.id for line in draw(out, 2, seed=seed)] for seed in (0, 0, 1, 2, 3)]
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 2
    assert len({tuple(ids) for ids in drawn}) > 1


def test_the_questions_do_not_hold_the_answers_and_the_images_have_their_own_size(out: Path, tmp_path: Path):
    samples = write_sheet(out, tmp_path / "sheet", SheetPlan(6, planted=0))
    questions, answers = (lines_of(tmp_path / "sheet" / name) for name in ("questions.jsonl", "answers.jsonl"))
    ids = [one["id"] for one in questions]
    assert ids == [one["id"] for one in answers] == [one.id for one in samples]
    assert all(re.fullmatch(r"scannet-(many|few)-(fill|judge)-scene000\d_00_\d+", id_) for id_ in ids)
    assert {tuple(one) for one in questions} == {("id", "type", "format", "question", "images", "overview")}
    assert {one["question"] for one in questions} == {TRICKY}
    assert [one["answer"] for one in answers] == [one.sample.turns[1].value for one in samples]
    assert (tmp_path / "sheet" / "planted.jsonl").read_text() == ""
    (image,) = questions[0]["images"]
    with Image.open(tmp_path / "sheet" / image) as picture:
        assert picture.size == (64, 48)
        red, green, blue = np.moveaxis(np.asarray(picture.convert("RGB")), -1, 0)
    assert ((red > 180) & (green < 110) & (blue < 110)).sum() > 20
    assert (tmp_path / "sheet" / questions[0]["overview"]).is_file()


def test_planted_errors_are_other_records_and_told_in_one_file_only(out: Path, tmp_path: Path):
    samples = write_sheet(out, tmp_path / "sheet", SheetPlan(20, planted=0.2))
    assert len(samples) == 24
    assert len({one.id for one in samples}) == 24
    shown, true = (
        {one["id"]: one["answer"] for one in lines_of(tmp_path / "sheet" / name)}
        for name in ("answers.jsonl", "planted.jsonl")
    )
    assert len(true) == 4
    for one in samples:
        assert shown[one.id] == one.shown
        assert (one.id in true) == (one.shown != one.answer)
    assert "planted" not in (tmp_path / "sheet" / "sheet.html").read_text(encoding="utf-8").lower()


@pytest.mark.parametrize(
    ("answer_format", "answer", "spoilt"),
    [
        ("judge", "Yes", {"No"}),
        ("select", "B", {"A", "C"}),
        ("fill", "1.2", {"1.9", "0.7"}),
        ("fill", "0.1", {"0.6"}),
        ("fill", "1", {"2"}),
        ("fill", "60,40,30", {"96,64,48", "36,24,18"}),
        ("fill", "[469, 79, 959, 538]", {"[281, 47, 575, 323]"}),
        ("fill", "lamp, image 2, [100, 200, 300, 990]", {"lamp, image 2, [60, 120, 180, 594]"}),
        ("fill", "move_left:0.2,move_up:0.1", {"move_right:0.2,move_up:0.1"}),
        ("fill", "printer, scale, couch", {"couch, scale, printer"}),
        ("sentence", "To the left of, above the copyright.", {"To the right of, above the copyright."}),
        ("sentence", "2.0 m in Frame-3 to Object1.", {"3.2 m in Frame-3 to Object1.", "1.2 m in Frame-3 to Object1."}),
        ("sentence", "It is seen in Frame-3.", {None}),
        ("fill", "blanket (in Frame-21, point2)", {None}),
    ],
)  # fmt: skip
def test_a_planted_answer_has_the_form_of_the_true_one_and_is_wrong(answer_format: str, answer: str, spoilt: set):
    question = "Where is it?\nA. left\nB. right\nC. behind"
    drawn = {spoil_answer(question, answer, answer_format, np.random.default_rng(seed)) for seed in range(20)}
    assert drawn == spoilt


def test_the_page_has_all_that_a_judge_needs_and_nothing_from_elsewhere(out: Path, tmp_path: Path):
    samples = write_sheet(out, tmp_path / "sheet", SheetPlan(6))
    page = Page((tmp_path / "sheet" / "sheet.html").read_text(encoding="utf-8"))
    assert page.open == []
    assert [one["data-verdict"] for one in page.all("button") if "data-verdict" in one] == [
        "right", "ugly", "unclear", "wrong",
    ]  # fmt: skip
    shown = page.data["samples"]
    assert [one["answer"] for one in shown] == [one.shown for one in samples]
    assert {one["question"] for one in shown} == {TRICKY}
    for (image,) in (one["images"] for one in shown):
        assert (tmp_path / "sheet" / image["src"]).is_file()
        assert (image["width"], image["height"], image["isMarked"]) == (64, 48, True)


def test_text_of_a_record_is_shown_and_never_run(out: Path, tmp_path: Path):
    (line,) = draw(out, 1)
    fault = Fault((EVIL, "fill"), EVIL, line, (Check(EVIL, EVIL, EVIL, Verdict.DISAGREE),))
    page = Page(disagreements_page([fault], 1))
    assert page.open == []
    (sample,) = page.data["samples"]
    assert sample["checks"] == [[EVIL, EVIL, EVIL, "disagree"]]
    assert any(EVIL in text for text in sample["evidence"])
    assert not any("onerror" in attributes for attributes in page.all("img"))


def test_what_cannot_be_drawn_is_told_beside_what_disagrees(out: Path, tmp_path: Path):
    check = Check("up", "z", "y", Verdict.DISAGREE)
    (line,) = draw(out, 1)
    broken = replace(line, file=RecordFile(tmp_path / "lab" / "qa_jsonl" / "train" / "many" / "fill" / "fill_1.jsonl"))
    broken.file.path.parent.mkdir(parents=True)
    broken.file.path.write_text("{}")
    faults = [
        Fault(("(scene)", "physical"), "scene7", None, (check,)),
        Fault(("many", "fill"), "x:1", broken, (check,)),
    ]
    page = Page(disagreements_page(faults, 9))
    scene, record = page.data["samples"]
    assert (scene["id"], scene["where"], scene["checks"]) == ("scene7", "scene7", [["up", "z", "y", "disagree"]])
    assert "not a record" in record["where"]
    assert "Disagreements: 2 of 9" in page.texts


def test_missing_pictures_are_named_and_nothing_is_written(out: Path, tmp_path: Path):
    write_records(tmp_path, "few", "fill", 2)
    with pytest.raises(QagenError, match=r"record .*: image .*a\.jpg is missing"):
        write_sheet(tmp_path, tmp_path / "sheet", SheetPlan(1))
    assert not (tmp_path / "sheet").exists()


def test_a_folder_with_something_in_it_is_left_alone(out: Path, tmp_path: Path):
    (tmp_path / "verdicts.jsonl").write_text("{}")
    with pytest.raises(ConfigError, match="expected a new or empty folder"):
        write_sheet(out, tmp_path, SheetPlan(1))
