"""A run as an environment: what it pays, how hard its questions are, and the package that is written."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import qagen
from qagen.env.__main__ import main
from qagen.env.check import check
from qagen.env.choose import Choice
from qagen.env.package import module_name
from qagen.errors import ConfigError
from qagen.records.difficulty import difficulty_of
from tests.export.conftest import make_record, names, write_records

EVIDENCE: dict[str, Any] = {
    "margin": 0.25,
    "margin_unit": "m",
    "rationale": [{"step": "locate"}, {"step": "depth"}, {"step": "compare"}, {"step": "answer"}],
    "objects": [{"visible_fraction": 0.9}, {"visible_fraction": 0.4}],
}


def write_run(folder: Path, **keys: Any) -> Path:
    """Five questions with an image each, one mark on the first."""
    records = [make_record(i, "depth_prediction_oc", names(1), f"{i + 1}.5") for i in range(4)]
    records[0]["green_point"] = [[500, 250]]
    write_records(folder / "demo", "train", "depth_prediction_oc", "fill", [{**one, **keys} for one in records])
    judged = make_record(9, "existence_oc_mv", names(2), "Yes")
    write_records(folder / "demo", "train", "existence_oc_mv", "judge", [judged])
    return folder


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


# --- what it pays -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_right_answers_earn_1_and_guesses_what_chance_earns(demo_run: Path):
    report = check(list(qagen.open_run(demo_run)), seed=0)
    assert report.wrong == []
    assert set(report.formats) == {"fill", "select", "sentence", "judge"}
    assert len(set[str]().union(*(earned.types for earned in report.formats.values()))) > 70
    for earned in report.formats.values():
        assert min(earned.oracle) == 1
        guessed, chance = (sum(values) / len(values) for values in (earned.guessed, earned.chance))
        assert 0 < chance < 0.6
        assert abs(guessed - chance) < 2 * earned.half_width
    assert 0.49 < sum(report.formats["judge"].chance) / len(report.formats["judge"].chance) < 0.51


def test_the_interval_is_that_of_a_coin(tmp_path: Path):
    judged = [make_record(i, "existence_oc_mv", names(2), "Yes" if i % 2 else "No") for i in range(100)]
    write_records(tmp_path / "demo", "train", "existence_oc_mv", "judge", judged)
    earned = check(list(qagen.open_run(tmp_path)), seed=1).formats["judge"]
    assert sum(earned.chance) == 50
    assert earned.half_width == pytest.approx(1.96 * 0.5 / 10)


def test_an_environment_whose_answers_earn_nothing_is_not_written(tmp_path: Path):
    broken = [make_record(0, "depth_prediction_oc", names(1), "")]
    write_records(tmp_path / "run" / "demo", "train", "depth_prediction_oc", "fill", broken)
    done = call(tmp_path / "run", "--out", tmp_path / "broken")
    assert done.exit_code == 1
    assert "room_a_0: its own answer does not earn 1" in done.output
    assert not (tmp_path / "broken").exists()


# --- difficulty -------------------------------------------------------------------------------------------------------


def test_difficulty_by_hand():
    found = difficulty_of(EVIDENCE)
    assert (found.margin, found.steps, found.hidden) == (0.5, 0.5, pytest.approx(0.6))
    assert found.value == pytest.approx((0.5 + 0.5 + 0.6) / 3)


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"margin": 0.1}, "margin"),
        ({"margin": 5.0, "margin_unit": "deg"}, "margin"),
        ({"rationale": [{"step": "locate"}] * 4 + [{"step": "answer"}]}, "steps"),
        ({"objects": [{"visible_fraction": 0.3}]}, "hidden"),
    ],
)
def test_what_is_harder_is_more_difficult(changed: dict[str, Any], part: str):
    plain, harder = difficulty_of(EVIDENCE), difficulty_of({**EVIDENCE, **changed})
    assert getattr(harder, part) > getattr(plain, part)
    assert (harder.value or 0) > (plain.value or 1)


def test_what_the_evidence_does_not_tell_has_no_part():
    assert difficulty_of({}).value is None
    no_scale = difficulty_of({**EVIDENCE, "margin_unit": "u"})
    assert no_scale.margin is None
    assert no_scale.value == pytest.approx((0.5 + 0.6) / 2)


@pytest.mark.slow
def test_difficulties_of_a_run_are_spread_and_within_bounds(demo_run: Path):
    run = qagen.open_run(demo_run)
    values = sorted(sample.difficulty.value or 0 for sample in run)
    assert 0 < values[0] < 0.25 < 0.6 < values[-1] < 1
    kept = [one for one in run if Choice(easiest=0.5, hardest=0.6).has_difficulty(one)]
    assert 0 < len(kept) < len(run)
    assert all(0.5 <= (one.difficulty.value or 0) <= 0.6 for one in kept)


# --- which samples, in which order ------------------------------------------------------------------------------------


def test_a_seed_draws_the_order(tmp_path: Path):
    run = qagen.open_run(write_run(tmp_path))
    orders = [[one.id for one in Choice().of_run(run, seed)] for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[2]) == sorted(one.id for one in run)


def test_names_and_patterns_choose(tmp_path: Path):
    run = qagen.open_run(write_run(tmp_path))
    assert {one.type for one in Choice(tasks=["depth_*"]).of_run(run, 0)} == {"depth_prediction_oc"}
    assert {one.format for one in Choice(formats=["judge"]).of_run(run, 0)} == {"judge"}
    with pytest.raises(ConfigError, match="depth_prediction_oc"):
        next(Choice(tasks=["depth_prediktion_oc"]).of_run(run, 0))
    with pytest.raises(ConfigError, match=r"found 0\.6 to 0\.5"):
        Choice(easiest=0.6, hardest=0.5)


# --- what models see --------------------------------------------------------------------------------------------------


def test_marks_are_drawn_on_the_images_that_have_some(tmp_path: Path):
    run = qagen.open_run(write_run(tmp_path))
    marked, plain = run["room_a_0"], run["room_a_1"]
    assert plain.marked_images == plain.encoded_images
    assert marked.marked_images != marked.encoded_images
    assert [len(one.marked_images) for one in (marked, plain)] == [1, 1]


def test_frames_of_a_video_are_named(tmp_path: Path):
    write_records(tmp_path / "demo", "train", "obj_count", "fill", [make_record(0, "obj_count", names(12), "3")])
    parts = qagen.open_run(tmp_path)[0].parts
    assert parts[2:4] == [{"type": "text", "text": "Frame-1: "}, {"type": "image"}]
    assert sum(part["type"] == "image" for part in parts) == 12
    assert parts[-1]["text"].startswith("Question 0?")


# --- the package ------------------------------------------------------------------------------------------------------


def test_a_package_holds_what_it_asks(tmp_path: Path):
    done = call(write_run(tmp_path / "run"), "--tasks", "depth_*", "--out", tmp_path / "Spatial-Env")
    assert done.exit_code == 0, done.output
    assert "Next: pip install" in done.output
    home = tmp_path / "Spatial-Env"
    assert 'name = "spatial-env"' in (home / "pyproject.toml").read_text()
    compile((home / "spatial_env" / "__init__.py").read_text(), "package", "exec")
    packed = qagen.open_run(home / "spatial_env" / "run")
    assert [one.type for one in packed] == ["depth_prediction_oc"] * 4
    assert packed[0].record == qagen.open_run(tmp_path / "run")[0].record
    assert packed[0].encoded_images == qagen.open_run(tmp_path / "run")[0].encoded_images
    assert "licences" in (home / "README.md").read_text()


def test_a_package_without_a_run_streams(tmp_path: Path):
    assert call("--out", tmp_path / "endless").exit_code == 0
    text = (tmp_path / "endless" / "endless" / "__init__.py").read_text()
    compile(text, "package", "exec")
    assert "RUN = None" in text


@pytest.mark.parametrize("name", ["../../secret.jpg", "/etc/hostname"])
def test_no_file_outside_of_the_images_gets_into_a_package(tmp_path: Path, name: str):
    (tmp_path / "secret.jpg").write_text("secret")
    path = write_run(tmp_path / "run") / "demo" / "qa_jsonl" / "train" / "depth_prediction_oc" / "fill" / "fill_4.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps({**line, "image": [name]}) + "\n" for line in lines))
    done = call(tmp_path / "run", "--out", tmp_path / "leaky")
    assert done.exit_code == 2
    assert "expected a path below" in done.output
    assert not (tmp_path / "leaky").exists()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["RUN", "--out", "4ever"], "found the name '4ever'"),
        (["RUN", "--out", "RUN"], "found something of that name"),
        (["RUN", "--tasks", "depth_prediction_o"], "depth_prediction_oc"),
        ([], "RUN: found none"),
        (["--out", "new", "--tasks", "depth_*"], "RUN: found none"),
        (["nowhere"], "no such folder"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], problem: str):
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "run")
    done = call(*("run" if argument == "RUN" else argument for argument in arguments))
    assert done.exit_code == 2
    assert problem in done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


def test_a_folder_names_the_module():
    assert module_name(Path("envs/Spatial-QA")) == "spatial_qa"
    for name in ("qagen", "class", "a.b", "é"):
        with pytest.raises(ConfigError):
            module_name(Path(name))
