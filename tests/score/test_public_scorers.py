"""The public scorers' own functions beside qagen's, on predictions made to tell them apart.

``QAGEN_SCORERS`` names a folder with checkouts ``lmms-eval``, ``VLMEvalKit`` and ``thinking-in-space``; without it
these tests are skipped. Of a file, functions, classes and constants are run, without the packages around them.
``QAGEN_PREDICTIONS`` is the number of predictions for each scorer.
"""

import ast
import copy
import os
import random
import re
import string
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from qagen.bench.forms import BLINK_IMAGES
from qagen.records.benches import (
    MINDCUBE,
    MMSI,
    REVSI_CHOICES,
    REVSI_NUMBERS,
    VIEWSPATIAL,
    VSI_CHOICES,
    VSI_DIRECTIONS,
    VSI_NUMBERS,
)
from qagen.score import benches
from qagen.score.multi_image import mindcube_letter
from qagen.score.scorers import SCORERS
from qagen.score.vlmeval import find_letter, find_number
from qagen.score.vsibench import HarnessStopsError, first_number
from tests.bench.test_forms import make_run, run

HOME = Path(os.environ.get("QAGEN_SCORERS", "/nowhere"))
COUNT = int(os.environ.get("QAGEN_PREDICTIONS", "20000"))
pytestmark = pytest.mark.skipif(not HOME.is_dir(), reason="QAGEN_SCORERS names no folder of public scorers")

LMMS, KIT = "lmms-eval/lmms_eval/tasks", "VLMEvalKit/vlmeval/dataset"
STANDARD = {"ast", "re", "math", "string", "collections", "functools", "typing", "numpy", "pandas"}
ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
SPELLED = [*ONES.split(), "eighteen", "nineteen", "twenty"]


@cache
def functions(name: str) -> SimpleNamespace:
    """What a file defines, as far as it can be run by itself."""
    space: dict[str, Any] = {"__name__": "public", "num2words": lambda number, lang: SPELLED[number]}
    space |= {
        "VideoBaseDataset": object,
        "ImageBaseDataset": object,
        "ImageMCQDataset": object,
        "LMUDataRoot": lambda: "",
    }
    for node in ast.parse((HOME / name).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and (node.level or str(node.module).split(".")[0] not in STANDARD):
            continue
        if isinstance(node, ast.Import) and {alias.name.split(".")[0] for alias in node.names} - STANDARD:
            continue
        with suppress(Exception):  # what needs the packages around it
            exec(compile(ast.Module([node], []), name, "exec"), space)
    return SimpleNamespace(**space)


@cache
def kit_scores() -> SimpleNamespace:
    found = functions(f"{KIT}/utils/spatial_bench/cal_scores.py")
    matching = functions(f"{KIT}/utils/spatial_bench/matching_func.py")
    for function in (found.compute_mcq_score, found.compute_na_score):
        function.__globals__.update(can_match_option=matching.can_match_option, can_match_na=matching.can_match_na)
    return found


# --- predictions ------------------------------------------------------------------------------------------------------

PIECES = [
    *"ABCDEFGabcdef", *"0123456789", *".,:;()[]{}`*\"'-+/\n\n   ", "``", "A.", "B)", "(C)", "D:", "A. ", "E. left",
    "option ", "Option A: ", "选项 B：", "Answer: ", "Answer:", "The answer is ", "the answer is ", "My answer is ",
    "my answer is ", "answer is ", "答案", "所以 ", "final answer", "correct answer: ", "因此 (", "choose ",
    "<answer>", "</answer>", "<Answer>", "<ANSWER>", "</Answer>", "<think>", "</think>", "<THINK>", "<answer x='1'>",
    "a chair", "A chair", "B b", "front-left", "left", "Bottom", "Yes", "no", "I think ", "not ", "object 1 is ",
    "2.5", "-3", "1,200", "1e3", "-.5", "3.", "0", "0.0", "1_000", "inf", "nan", "-inf", "1/2", "2.4-3.1", "٣", "１２",
    "²", *SPELLED, "thirty", "ninety", "hundred", "thousand", " hundred and ", " and ", "Twenty", "twenty-one",
    "someone", "tent", "m", " meters", "cm", "%", "\u200b", "\ufeff", "\u200d", "\u00a0", "\t", "\r\n", "…", "é", "K",
    "[1, 2]", "['3', 4]", "[", "]", "[]", "**B**", "__C__", "> D", "- A -", "\\boxed{B}", "$B$", "A\nB\nC", "e. f",
]  # fmt: skip


def prediction(rng: random.Random, truth: str) -> str:
    """A few pieces in a row; one in three holds the truth, one in ten is near it."""
    pieces = rng.choices(PIECES, k=rng.choice((0, 1, 1, 2, 2, 3, 4, 6, 9, 14)))
    if rng.random() < 1 / 3:
        pieces.insert(rng.randrange(len(pieces) + 1), truth)
    if rng.random() < 0.1 and re.fullmatch(r"-?\d+(\.\d+)?", truth):
        near = float(truth) * rng.choice((0.5, 0.55, 0.7, 0.8, 0.95, 1.05, 1.1, 1.25, 1.5, 2))
        pieces = [f"{near:.{rng.choice((0, 1, 2, 15))}f}"]
    if rng.random() < 0.05:
        words = rng.choices(
            [*SPELLED, "thirty", "ninety", "hundred", "thousand", "and", "or", "m"], k=rng.randint(1, 6)
        )
        pieces.append(rng.choice((" ", "-", ", ")).join(words))
    if rng.random() < 0.02:
        pieces = [*rng.choices(PIECES, k=400), *pieces]
    return rng.choice(("", "", "", " ", "\n")).join(pieces)


def truth(rng: random.Random, *, is_number: bool, zero: bool) -> str:
    if not is_number:
        return rng.choice("ABCDABCDABCDEFb")
    exact = rng.choice(("1", "2", "4", "5", "10", "20", "0.9", "2.4", "131", "12.35", "3.0", "-2", "nan", "inf", "x"))
    return exact if rng.random() < 0.7 else f"{rng.uniform(0.1, 300):.2f}" if rng.random() < 0.9 or not zero else "0"


def drawn(types: tuple[str, ...], numbers: tuple[str, ...], zero: bool = True) -> list[tuple[str, str, str]]:
    """Question type, true answer and prediction of each question."""
    rng = random.Random("|".join(types))
    rows = []
    for index in range(COUNT):
        kind = types[index % len(types)]
        answer = truth(rng, is_number=kind in numbers, zero=zero)
        rows.append((kind, answer, prediction(rng, answer)))
    return rows


def ours(name: str, rows: list[dict[str, Any]], predictions: list[str]) -> tuple[list[float | None], Any]:
    """Scores, None where the scorer stops, and the means of those where it does not."""
    scorer = SCORERS[name]
    items = [benches.item_of(row) for row in rows]
    assert all(map(scorer.knows, items))
    scores: list[float | None] = []
    for item, text in zip(items, predictions, strict=True):
        try:
            scores.append(scorer.score(item, text))
        except HarnessStopsError:
            scores.append(None)
    table = pd.DataFrame({"id": [item.id for item in items], "task": [item.task for item in items], "score": scores})
    return scores, lambda: scorer.summarize(table.dropna().assign(score=lambda rows: rows["score"].astype(float)))


def compare(theirs: Sequence[float | None], mine: list[float | None], texts: list[str], answers: list[str]) -> None:
    wrong = [
        (text[-200:], answer, their, our)
        for text, answer, their, our in zip(texts, answers, theirs, mine, strict=True)
        if their != our
    ]
    assert not wrong, f"{len(wrong)} of {len(texts)}: {wrong[:5]}"
    print(f"{len(texts)} predictions, {sum(bool(score) for score in mine)} not wrong")


# --- VSI-Bench and ReVSI ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("lmms-vsibench", f"{LMMS}/vsibench/utils.py"),
        ("thinking-in-space", "thinking-in-space/lmms_eval/tasks/vsibench/utils.py"),
    ],
)
def test_vsi_bench_by_letters_and_numbers(name, path):
    public = functions(path)
    drawn_rows = drawn((*VSI_CHOICES, *VSI_NUMBERS), VSI_NUMBERS)
    rows = [{"id": i, "question_type": kind, "question": "?", "ground_truth": answer, "options": None}
            for i, (kind, answer, _) in enumerate(drawn_rows)]  # fmt: skip
    theirs: list[float | None] = []
    kept = []
    for row, (_, _, text) in zip(rows, drawn_rows, strict=True):
        doc = dict(row)
        try:
            public.vsibench_process_results(doc, [text])
        except ZeroDivisionError:
            theirs.append(None)
            continue
        kept.append(doc)
        theirs.append(float(doc["accuracy" if row["question_type"] in VSI_CHOICES else "MRA:.5:.95:.05"]))
    mine, means = ours(name, rows, [text for *_, text in drawn_rows])
    compare(theirs, mine, [text for *_, text in drawn_rows], [answer for _, answer, _ in drawn_rows])
    if name == "lmms-vsibench":
        assert [public.extract_number(text) for *_, text in drawn_rows] == [
            first_number(text) for *_, text in drawn_rows
        ]
    public.vsibench_aggregate_results.__globals__["eval_logger"] = SimpleNamespace(info=lambda text: None)
    public.vsibench_aggregate_results.__globals__["OrderedDict"] = OrderedDict
    found, summary = public.vsibench_aggregate_results(kept), means()
    if name == "lmms-vsibench":
        assert summary.overall == found
        assert summary.levels["object_rel_direction"] == public.vsibench_aggregate_object_rel_direction_accuracy(kept)
        assert summary.tasks["room_size_estimation"] == public.vsibench_aggregate_room_size_estimation_mra(kept)
        with pytest.raises(KeyError):
            public.vsibench_aggregate_overall([doc for doc in kept if doc["question_type"] != VSI_DIRECTIONS[1]])
    else:
        assert summary.overall * 100 == found["overall"]
        assert summary.levels["object_rel_direction"] * 100 == found["object_rel_direction_accuracy"]
        assert summary.tasks["object_counting"] * 100 == found["object_counting_MRA:.5:.95:.05"]


@pytest.mark.parametrize("types", [(*VSI_CHOICES, *VSI_NUMBERS), (*VSI_CHOICES[:3], *VSI_NUMBERS[:2])])
def test_vsi_bench_in_vlmevalkit(types):
    rows = drawn(types, VSI_NUMBERS)
    table = pd.DataFrame(rows, columns=["question_type", "answer", "prediction"])
    scored = kit_scores()
    is_number = table["question_type"].isin(VSI_NUMBERS)
    letters, numbers = scored.compute_mcq_score(table[~is_number]), scored.compute_na_score(table[is_number])
    theirs = pd.concat([letters["hit"], numbers["MRA:.5:.95:.05"]]).sort_index().tolist()
    docs = [{"index": i, "question_type": kind, "question": "?", "candidates": "", "answer": answer}
            for i, (kind, answer, _) in enumerate(rows)]  # fmt: skip
    mine, means = ours("vlmevalkit-vsibench", docs, table["prediction"].tolist())
    compare(theirs, mine, table["prediction"].tolist(), table["answer"].tolist())
    assert [value or None for value in letters["pred_extracted"]] == [*map(find_letter, letters["prediction"])]
    read = [str(value) for value in map(find_number, numbers["prediction"])]
    assert [str(value) for value in numbers["pred_extracted"].astype(object).where(lambda v: v == v, None)] == read
    found, summary = functions(f"{KIT}/vsibench.py").VsiBench._aggregate(None, letters, numbers), means()
    assert summary.overall * 100.0 == found["overall"]
    for name, mean in {**summary.tasks, **summary.levels}.items():
        keys = [f"{name}_accuracy", f"{name}_MRA:.5:.95:.05"]
        assert all(found[key] == mean * 100.0 for key in keys if key in found), name


def test_revsi_in_both_harnesses():
    rows = drawn((*REVSI_CHOICES, *REVSI_NUMBERS), REVSI_NUMBERS)
    docs = [{"id": i, "question_type": kind, "question": "?", "ground_truth": answer, "num_frames": 16}
            for i, (kind, answer, _) in enumerate(rows)]  # fmt: skip
    lmms, kit = functions(f"{LMMS}/revsi/utils.py"), functions(f"{KIT}/revsi.py")
    kept = [dict(doc) for doc in docs]
    for doc, (*_, text) in zip(kept, rows, strict=True):
        lmms.revsi_process_results(doc, [text])
    theirs = [float(doc["acc"]) for doc in kept]
    mine, means = ours("revsi", docs, [text for *_, text in rows])
    compare(theirs, mine, [text for *_, text in rows], [answer for _, answer, _ in rows])
    summary, found = means(), lmms._compute_all_subscores(kept)
    table = pd.DataFrame(docs).assign(prediction=[text for *_, text in rows])
    kit.ReVSI.evaluate.__globals__["load"] = lambda file: table.copy()
    by_kit = kit.ReVSI.evaluate(None, "")
    assert summary.overall == found["overall_acc"] == by_kit["overall_accuracy"]
    for level, mean in summary.levels.items():
        name = level.removesuffix(", 16 frames")
        assert mean == found[f"{name}_acc"] == by_kit[f"{name}_accuracy"]


# --- questions about several images -----------------------------------------------------------------------------------


def test_mmsi_bench_in_lmms_eval():
    public = functions(f"{LMMS}/mmsi_bench/utils.py")
    rows = drawn(tuple(MMSI.values()), ())
    docs = [{"id": i, "question_type": kind.replace("–", "-" if i % 2 else "–"), "question": "?", "answer": answer}
            for i, (kind, answer, _) in enumerate(rows)]  # fmt: skip
    results = [public.msr_process_results(doc, [text]) for doc, (*_, text) in zip(docs, rows, strict=True)]
    mine, means = ours("lmms-mmsi", docs, [text for *_, text in rows])
    theirs = [float(result["average"]["score"]) for result in results]
    compare(theirs, mine, [text for *_, text in rows], [answer for _, answer, _ in rows])
    public.msr_aggregate_results.__globals__["eval_logger"] = SimpleNamespace(info=lambda text: None)
    summary = means()
    assert summary.overall == public.msr_aggregate_results([result["average"] for result in results])
    for short, long in MMSI.items():
        assert summary.tasks[short] == public.msr_aggregate_results([r[long] for r in results if long in r])


def test_viewspatial_bench_in_lmms_eval():
    public = functions(f"{LMMS}/viewspatial/utils.py")
    rows = drawn(VIEWSPATIAL, ())
    docs = [{"question_type": kind, "question": "?", "choices": "A. left\nB. right", "answer": f"{answer}. front-left"}
            for kind, answer, _ in rows]  # fmt: skip
    theirs = [
        public.viewspatial_process_results(doc, [text])["overall_accuracy"]["score"]
        for doc, (*_, text) in zip(docs, rows, strict=True)
    ]
    mine, means = ours("lmms-viewspatial", docs, [text for *_, text in rows])
    compare(theirs, mine, [text for *_, text in rows], [answer for _, answer, _ in rows])
    assert means().overall == sum(theirs) / len(theirs)


def test_mindcube_in_lmms_eval():
    public = functions(f"{LMMS}/mindcube/utils.py")
    rows = drawn(("rotation_group_1", "among_group_2", "around_group_3", "aroundnew_4"), ())
    docs = [{"id": f"{kind}_{i}", "question": "?", "gt_answer": answer} for i, (kind, answer, _) in enumerate(rows)]
    read = [mindcube_letter(text.strip()) for *_, text in rows]
    assert [public.extract_answer(text.strip()) for *_, text in rows] == read
    results = [public.mindcube_process_results(doc, [text]) for doc, (*_, text) in zip(docs, rows, strict=True)]
    mine, means = ours("lmms-mindcube", docs, [text for *_, text in rows])
    theirs = [result["overall_accuracy"]["score"] for result in results]
    compare(theirs, mine, [text for *_, text in rows], [answer for _, answer, _ in rows])
    summary = means()
    for name in MINDCUBE:
        aggregate = getattr(public, f"mindcube_aggregate_{name}_results")
        assert summary.tasks[name] == aggregate([result[f"{name}_accuracy"] for result in results])
    assert summary.overall == public.mindcube_aggregate_results([result["overall_accuracy"] for result in results])


def test_blink_in_lmms_eval():
    public = functions(f"{LMMS}/blink/utils.py")
    rows = drawn(("Counting", "Relative_Depth"), ())
    docs = [{"idx": f"val_{i}", "sub_task": kind, "question": "?", "choices": ["x", "y"], "answer": f"({answer})"}
            for i, (kind, answer, _) in enumerate(rows)]  # fmt: skip
    theirs = [
        float(public.blink_process_results(doc, [text])["blink_acc"]["is_correct"])
        for doc, (*_, text) in zip(docs, rows, strict=True)
    ]
    mine, _ = ours("lmms-blink", docs, [text for *_, text in rows])
    compare(theirs, mine, [text for *_, text in rows], [answer for _, answer, _ in rows])


@pytest.mark.parametrize(
    ("name", "types", "key"),
    [
        ("mmsi", tuple(MMSI), "category"),
        ("viewspatial", VIEWSPATIAL, "question_type"),
        ("mindcube", MINDCUBE, "category"),
    ],
)
def test_letters_in_vlmevalkit(name, types, key):
    rows = drawn(types, ())
    table = pd.DataFrame(rows, columns=[key, "answer", "prediction"])
    theirs = kit_scores().compute_mcq_score(table)["hit"]
    docs = [{"index": i, key: kind, "question": "?", "input_prompt": "?", "answer": answer}
            for i, (kind, answer, _) in enumerate(rows)]  # fmt: skip
    mine, means = ours(f"vlmevalkit-{name}", docs, table["prediction"].tolist())
    compare(theirs.tolist(), mine, table["prediction"].tolist(), table["answer"].tolist())
    assert means().overall * 100.0 == float(theirs.mean()) * 100.0
    assert np.isclose(means().tasks[types[0]], theirs[table[key] == types[0]].mean(), rtol=0, atol=0)


# --- the forms of qagen bench -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["vsi", "revsi", "viewspatial", "mindcube", "mmsi", "blink"])
def test_lmms_eval_asks_and_scores_what_bench_writes(form, tmp_path):
    out = make_run(tmp_path / "out", form, each=4)
    assert run(out, form).exit_code == 0
    name, task = {
        "vsi": ("vsibench", "vsibench"),
        "revsi": ("revsi", "revsi"),
        "mmsi": ("mmsi_bench", "msr"),
    }.get(form, (form, form))
    public = functions(f"{LMMS}/{name}/utils.py")
    ask, score = getattr(public, f"{task}_doc_to_text"), getattr(public, f"{task}_process_results")
    rows = [row for path in (tmp_path / "bench").glob("*.parquet") for row in pq.read_table(path).to_pylist()]
    for row in rows:
        item, prompt = benches.item_of(row), ask(row, {})
        assert row["question"] in prompt
        result = score(row, [f"{item.answer}." if form == "mindcube" else item.answer])
        value = {"vsi": row.get("accuracy", row.get("MRA:.5:.95:.05")), "revsi": row.get("acc")}.get(form)
        (first, *_) = result.values()
        if form == "blink":
            value = float(first["is_correct"])
            assert len([one for one in map(row.get, BLINK_IMAGES) if one]) == 2
        assert (value if value is not None else first["score"]) == 1
        if form == "vsi":
            public._vsibench_video_path.__globals__.update(os=os, base_cache_dir="", cache_name="vsibench")
            assert public._vsibench_video_path(row).endswith(f"vsibench/{row['dataset']}/{row['scene_name']}.mp4")
            assert (tmp_path / "bench" / row["dataset"] / f"{row['scene_name']}.mp4").is_file()


def test_vlmevalkit_asks_and_scores_blinks_table(tmp_path):
    out = make_run(tmp_path / "out", "blink", each=8)
    assert run(out, "blink").exit_code == 0
    kit = functions(f"{KIT}/image_mcq.py").ImageMCQDataset
    matching = functions("VLMEvalKit/vlmeval/utils/matching_util.py")
    matching.can_infer.__globals__.update(os=os, cp=copy)
    listed = functions("VLMEvalKit/vlmeval/smp/misc.py").toliststr
    table = pd.read_csv(tmp_path / "bench/BLINK.tsv", sep="\t")
    assert len(table) == 24
    for row in table.to_dict("records"):
        images = listed(row["image"])
        kit.build_prompt.__globals__.update(toliststr=listed, string=string, pd=pd)
        unpacked = SimpleNamespace(meta_only=False, dump_image=lambda line, images=images: images)
        *shown, text = kit.build_prompt(unpacked, pd.Series(row))
        assert [image["value"] for image in shown] == images
        assert row["question"] in text["value"]
        assert f"{row['answer']}. {row[row['answer']]}\n" in text["value"]
        choices = {letter: row[letter] for letter in "ABCD"}
        assert [matching.can_infer(letter, dict(choices)) for letter in "ABCD"] == [*"ABCD"]
