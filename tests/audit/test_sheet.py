"""The check sheet: which samples are on it, what the page holds, and how verdicts are summed."""

import base64
import io
import json
import math
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from qagen.audit.checks import Check, Verdict
from qagen.audit.counts import Fault
from qagen.audit.page import disagreements_page
from qagen.audit.sheet import draw_stratified, read_judgments, remarks, sum_judgments, write_sheet
from qagen.errors import ConfigError, QagenError

TRICKY = 'Is it 3 < 4 & "so"? </script><b>$total</b>'
EVIL = "</script><img src=x onerror=alert(1)>"
SCENES = 3
LARGE, SMALL = 30, 4
"""Records of the two types; the first has two formats."""


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with 30 + 30 records of one type and 4 of another, over three scenes."""
    out = tmp_path_factory.mktemp("run")
    (out / "scannet" / "images").mkdir(parents=True)
    Image.new("RGB", (64, 48), "#203040").save(out / "scannet" / "images" / "a.jpg")
    for type_name, answer_format, count in (("many", "fill", LARGE), ("many", "judge", LARGE), ("few", "fill", SMALL)):
        write_records(out, type_name, answer_format, count)
    return out


def write_records(out: Path, type_name: str, answer_format: str, count: int) -> None:
    records, evidence = [], []
    for k in range(count):
        name = f"scene{k % SCENES:04d}_00_{k}"
        turns = [{"from": "human", "value": TRICKY}, {"from": "gpt", "value": f"THE ANSWER {k}"}]
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
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_types_formats_and_scenes_are_on_the_sheet_alike_often(out: Path):
    lines = draw_stratified(out, 9, seed=0)
    groups = [(line.file.type, line.file.format) for line in lines]
    assert {group: groups.count(group) for group in groups} == {
        ("many", "fill"): 3,
        ("many", "judge"): 3,
        ("few", "fill"): 3,
    }
    scenes = [line.scene for line in lines]
    assert {scenes.count(scene) for scene in scenes} == {3}


def test_a_small_type_leaves_its_places_to_the_others_and_nothing_comes_twice(out: Path):
    lines = draw_stratified(out, 40, seed=0)
    assert len(lines) == len({(line.file.type, line.file.format, line.id) for line in lines})
    assert sum(line.file.type == "few" for line in lines) == SMALL
    assert len(lines) == 40
    assert sum(line.file.format == "judge" for line in lines) == (40 - SMALL) // 2


def test_fewer_samples_than_groups_are_possible_and_the_seed_decides_which(out: Path):
    drawn = [[line.id for line in draw_stratified(out, 2, seed)] for seed in (0, 0, 1, 2, 3)]
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 2
    assert len({tuple(ids) for ids in drawn}) > 1


def test_the_page_is_whole_in_itself_and_has_all_that_a_judge_needs(out: Path, tmp_path: Path):
    path, count = write_sheet(out, tmp_path / "sheet", 6)
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert (count, len(page.all("article"))) == (6, 6)
    assert all({"data-id", "data-type", "data-format"} <= set(article) for article in page.all("article"))
    assert [one["data-verdict"] for one in page.all("button") if "data-verdict" in one] == [
        "right",
        "wrong",
        "unclear",
    ] * 6
    assert len(page.all("textarea")) == 6
    assert TRICKY in page.texts
    assert any("THE ANSWER" in part for part in page.texts)
    assert any("depth_m = 1.25" in part for part in page.texts)
    assert "localStorage" in text
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!data:)""", text)


def test_labels_of_a_record_are_shown_and_never_run(out: Path, tmp_path: Path):
    (line,) = draw_stratified(out, 1, seed=0)
    fault = Fault((EVIL, "fill"), EVIL, line, (Check(EVIL, EVIL, EVIL, Verdict.DISAGREE),))
    sheet, _ = write_sheet(out, tmp_path, 1)
    for text, times in ((sheet.read_text(encoding="utf-8"), 1), (disagreements_page([fault], 1), 5)):
        page = Page(text)
        assert page.open == []
        assert sum(EVIL in part for part in page.texts) == times
        assert not any("onerror" in attributes for attributes in page.all("img"))


def test_the_picture_shows_the_mark(out: Path, tmp_path: Path):
    path, _ = write_sheet(out, tmp_path, 1)
    (image,) = Page(path.read_text(encoding="utf-8")).all("img")
    picture = Image.open(io.BytesIO(base64.b64decode(image["src"].removeprefix("data:image/jpeg;base64,"))))
    red, green, blue = np.moveaxis(np.asarray(picture.convert("RGB")), -1, 0)
    assert ((red > 180) & (green < 110) & (blue < 110)).sum() > 20


def verdicts(folder: Path, name: str, said: Sequence[tuple[str, str | None, str]]) -> Path:
    lines = [
        {"id": f"s_{k}", "type": kind, "format": "fill", "verdict": verdict, "note": note}
        for k, (kind, verdict, note) in enumerate(said)
    ]
    path = folder / name
    path.write_text(json.dumps({"sheet": "abc", "verdicts": lines}))
    return path


def test_verdicts_are_summed_by_type_with_intervals(tmp_path: Path):
    first = verdicts(tmp_path, "a", [("depth", "right", "")] * 8 + [("depth", "wrong", "too far")] * 2)
    second = verdicts(tmp_path, "b", [("count", "unclear", "dark"), ("count", None, ""), ("depth", "right", "")])
    judgments = read_judgments([first, second])
    table = sum_judgments(judgments)
    assert list(table.index) == ["count", "depth", "all"]
    assert table.loc[["count", "all"], ["right", "wrong", "unclear", "unjudged"]].values.tolist() == [
        [0, 0, 1, 1],
        [9, 2, 1, 1],
    ]
    assert (math.isnan(table.share["count"]), table.low["count"], table.high["count"]) == (True, 0, 1)
    # 9 of 11: center (9/11 + 3.8415/22) / (1 + 3.8415/11) = 0.7359, half 0.2127
    assert (table.right["depth"], table.wrong["depth"], table.share["depth"]) == (9, 2, 9 / 11)
    assert table.low["depth"] == pytest.approx(0.5230, abs=2e-3)
    assert table.high["depth"] == pytest.approx(0.9486, abs=2e-3)
    assert list(remarks(judgments)) == [
        "s_8 fill: wrong: too far",
        "s_9 fill: wrong: too far",
        "s_0 fill: unclear: dark",
    ]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"sheet": "a"}',
        '{"sheet": "a", "verdicts": [{"id": "x", "type": "t", "format": "f", "verdict": "yes"}]}',
    ],
)
def test_a_file_that_the_page_has_not_saved_is_refused(tmp_path: Path, content: str):
    file = tmp_path / "verdicts.json"
    file.write_text(content)
    with pytest.raises(ConfigError, match=r"--verdicts .*expected the file that a check sheet saves"):
        read_judgments([file])
    with pytest.raises(ConfigError, match="cannot be read"):
        read_judgments([tmp_path / "missing.json"])


def test_missing_pictures_are_named_and_nothing_is_written(out: Path, tmp_path: Path):
    write_records(tmp_path, "few", "fill", 2)
    with pytest.raises(QagenError, match=r"a\.jpg of record .* is missing"):
        write_sheet(tmp_path, tmp_path / "sheet", 1)
    assert not (tmp_path / "sheet" / "sheet.html").exists()
