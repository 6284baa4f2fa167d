"""How sure blind readers are of each sample, written into the evidence and used to leave samples out."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from qagen.audit.__main__ import main
from qagen.audit.bias import bias_of, write_bias
from qagen.audit.shortcuts import ShortcutCase
from qagen.bench.draw import draw, files_of_tasks, find_files
from qagen.errors import ConfigError
from qagen.mix.plan import find_sources, plan, read_mix_spec, without_biased
from qagen.mix.sample import draw_lines
from qagen.records.entries import Entry
from qagen.records.read import RecordFile, check_has_bias
from qagen.rng import rng_for

FOLDER = "scannet/{}_jsonl/val/distance_infer_center_oo/select/select_80.jsonl"
GREEN, BLUE = "green point", "blue point"


def case(number: int, word: str, right: int) -> ShortcutCase:
    return ShortcutCase(
        f"scene{number % 8}", f"Which is closer to the {word}?", (GREEN, BLUE), right, True, id=str(number)
    )


def test_a_word_that_gives_the_answer_away_makes_readers_sure() -> None:
    # Of lamps it is always green, of cups either.
    cases = [case(n, "lamp", 0) if n % 2 else case(n, "cup", (n // 2) % 2) for n in range(160)]
    bias = bias_of(cases)
    lamps = [bias[str(n)] for n in range(1, 160, 2)]
    cups = [bias[str(n)] for n in range(0, 160, 2)]
    assert min(lamps) > 0.6
    assert sum(cups) / len(cups) < 0.6


def test_one_scene_or_few_samples_give_none() -> None:
    assert bias_of([ShortcutCase("one", "Which?", (GREEN, BLUE), n % 2, True, id=str(n)) for n in range(100)]) == {}
    assert bias_of([case(n, "lamp", 0) for n in range(20)]) == {}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """80 samples of 8 scenes: of lamps green is right, of cups either."""
    records, evidences = [], []
    for n in range(80):
        word, letter = ("lamp", "A") if n % 2 else ("cup", "AB"[(n // 2) % 2])
        human = f"Which is closer to the {word}?\nA. {GREEN}\nB. {BLUE}\nReply with a letter."
        turns = [{"from": "human", "value": human}, {"from": "gpt", "value": letter}]
        name = f"scene{n % 8:04d}_00_{n}"
        records.append({"id": name, "conversations": turns, "image": [], "type": "distance_infer_center_oo"})
        evidences.append({"id": name, "frames": [str(n)], "answer": "", "measured": {"n": n}})
    for kind, lines in (("qa", records), ("evidence", evidences)):
        path = tmp_path / FOLDER.format(kind)
        path.parent.mkdir(parents=True)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def test_the_bias_goes_into_the_evidence_and_nothing_else_changes(run: Path) -> None:
    path = run / FOLDER.format("evidence")
    before = [json.loads(line) for line in path.read_text().splitlines()]
    assert write_bias(run) == 80
    assert write_bias(run) == 80  # a second time replaces it
    after = [json.loads(line) for line in path.read_text().splitlines()]
    assert [{key: line[key] for key in line if key != "bias"} for line in after] == before
    assert all(0 <= line["bias"] <= 1 for line in after)


def test_the_command_says_what_to_do_with_the_bias_and_why_there_is_none(run: Path) -> None:
    command = [str(run), "--shortcuts", "--write-bias"]
    told = CliRunner().invoke(main, command).stderr
    assert "Wrote the bias of 80 samples into the evidence; --max-bias of bench and mix leaves biased ones out" in told
    for kind in ("qa", "evidence"):
        path = run / FOLDER.format(kind)
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if '"scene0001_00' in line))
    told = CliRunner().invoke(main, command).stderr
    assert "Wrote no bias: readers need 60 samples of a type to select or judge, from at least 2 scenes" in told
    assert "--max-bias" not in told


def test_bench_and_mix_leave_biased_samples_out(run: Path) -> None:
    file = RecordFile(run / FOLDER.format("qa"))
    with pytest.raises(ConfigError, match=r"the evidence has no bias; run qagen audit RUN --shortcuts --write-bias"):
        check_has_bias([file])
    write_bias(run)
    check_has_bias([file])
    drawn = draw(files_of_tasks(find_files(run, "val", ()), ()), 80, 0, max_bias=0.6)
    words = ["lamp" in json.dumps(question.candidate.line.read()) for question in drawn]
    assert words
    assert not any(words)
    entry = Entry("scannet_distance_infer_center_oo_select", str(run), str(file.path), 80)
    source = without_biased(find_sources([entry], {})[0], 0.6)
    share = plan([source], read_mix_spec(None, None, {}), 0)[0]
    lines = list(draw_lines(share, rng_for(0)))
    assert len(lines) == source.entry.length > 0
    assert not any(b"lamp" in line for line in lines)


def test_public_forms_leave_out_what_is_paired_with_an_unanswerable_question(run: Path) -> None:
    path = run / FOLDER.format("evidence")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for number, variant in ((0, "original"), (1, "unanswerable")):
        lines[number]["group"] = {"id": "pair", "variant": variant}
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    files = files_of_tasks(find_files(run, "val", ()), ())
    assert len(draw(files, 80, 0)) == 80
    drawn = draw(files, 80, 0, with_variants=False)
    assert len(drawn) == 78
    assert not {question.candidate.line.id for question in drawn} & {lines[0]["id"], lines[1]["id"]}


def test_evidence_that_is_missing_is_named(run: Path) -> None:
    (run / FOLDER.format("evidence")).unlink()
    with pytest.raises(ConfigError, match=r"--max-bias: .*select_80.jsonl: found no evidence, expected it in "):
        check_has_bias([RecordFile(run / FOLDER.format("qa"))])
