"""Every mistake in a config gets one clear error: the source, the key, what was found and what was meant."""

import shutil
from pathlib import Path

import pytest

from qagen.errors import ConfigError
from qagen.files import MAX_YAML_BYTES, PRESETS, TASK_CONFIGS
from qagen.pipeline.config import RunConfig, load_run, read_preset
from qagen.tasks import registry
from qagen.tasks.registry import FAMILIES, known_types, load_task
from qagen.visibility.thresholds import Thresholds


def told(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "run.yaml"
    path.write_text(text)
    return path


MISTAKES = [
    ("per_scen: 5", "per_scen: unknown key. Did you mean 'per_scene'?"),
    (
        "visibility: {visible_fractoin: 0.5}",
        "visibility.visible_fractoin: unknown key. Did you mean 'visible_fraction'?",
    ),
    ("tasks: [depth_predictoin_oc]", "tasks: no task type 'depth_predictoin_oc'. Did you mean 'depth_prediction_oc'?"),
    ("overrides: {position_match: {}}", "overrides: no task type 'position_match'. Did you mean 'position_matching'?"),
    ("per_scene: 0", "per_scene: found 0, expected: should be greater than or equal to 1"),
    ("per_scene: many", "per_scene: found 'many', expected: should be a valid integer"),
    ("per_scene: 1000000000", "per_scene: found 1000000000, expected: should be less than or equal to 100000"),
    ("unanswerable: 0.6", "unanswerable: found 0.6, expected: should be less than or equal to 0.5"),
    ("seed: -1", "seed: found -1, expected: should be greater than or equal to 0"),
    ("seed: 4294967296", "seed: found 4294967296, expected: should be less than 4294967296"),
    ("split: ../elsewhere", "split: found '../elsewhere', expected: "),
    ("media: hardlink", "media: found 'hardlink', expected: should be 'copy', 'link' or 'none'"),
    ("formats: [fil]", "formats.0: found 'fil', expected: should be 'fill', 'select', 'sentence' or 'judge'"),
    ("formats: []", "formats: found "),
    ("formats: fill", "formats: found 'fill', expected: should be a valid tuple"),
    ("rgbd: perhaps", "rgbd: found 'perhaps', expected: should be a valid boolean"),
    ("visibility: {max_depth_m: far}", "visibility.max_depth_m: found 'far', expected: should be a valid number"),
    ("visibility: 3", "visibility: found 3, expected: "),
    ("overrides: {depth_prediction_oc: 3}", "overrides.depth_prediction_oc: found 3, expected: "),
    ("- a\n- b", "found a list, expected keys and values"),
    ("just words", "found a str, expected keys and values"),
    ("a: [1, 2", "is not YAML: "),
    ("a: !!python/object/apply:os.system [true]", "is not YAML: could not determine a constructor"),
    ("{" * 5000, "is not YAML: "),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES, ids=[message[:40] for _, message in MISTAKES])
def test_a_mistake_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = told(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_run(None, path, {})
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)


def test_a_mistake_on_the_command_line_is_named() -> None:
    with pytest.raises(ConfigError, match="command line: per_scene: found -3"):
        load_run(None, None, {"per_scene": -3})
    with pytest.raises(ConfigError, match=r"command line: tasks: no task type 'nav'"):
        load_run(None, None, {"tasks": ["nav"]})
    with pytest.raises(ConfigError, match=r"--preset: no preset 'quik'\. Did you mean 'quick'\?"):
        load_run("quik", None, {})
    for found in ("10", "some", 0, True, 2.5):
        with pytest.raises(ConfigError, match=r"video_frames: found .*, expected: 'all' or a whole number from 11 on"):
            load_run(None, None, {"video_frames": found})
    assert [load_run(None, None, {"video_frames": one})[0].video_frames for one in ("64", 128, "all")] == [
        64,
        128,
        "all",
    ]


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read \(No such file or directory\)"):
        load_run(None, tmp_path / "none.yaml", {})
    with pytest.raises(ConfigError, match="cannot be read"):
        load_run(None, tmp_path, {})
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00bad")
    with pytest.raises(ConfigError, match="is not YAML"):
        load_run(None, tmp_path / "bytes.yaml", {})


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = told(tmp_path, "#" * (MAX_YAML_BYTES + 1))
    with pytest.raises(ConfigError, match="1000001 bytes, expected at most 1000000"):
        load_run(None, path, {})


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("seed: 2001-99-99", id="no such date"),
        pytest.param("seed: " + "9" * 5000, id="a number of 5000 digits"),
    ],
)
def test_values_that_python_refuses_are_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"run\.yaml: "):
        load_run(None, told(tmp_path, text), {})


def test_a_long_value_is_not_repeated_in_full(tmp_path: Path) -> None:
    path = told(tmp_path, f"media: [{', '.join(['word'] * 10_000)}]")
    with pytest.raises(ConfigError, match=r"media: found \['word', .*\.\.\.\], expected") as caught:
        load_run(None, path, {})
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed: 1\nmedia: copy\nseed: 2", "line 3: seed: found a second time, expected once"),
        ("visibility: {max_frames: 1, max_frames: 2}", "line 1: max_frames: found a second time, expected once"),
        ("tasks: &all [nav]\nformats: *all", "line 2: found alias *all, expected its value"),
        ("seed: 0x" + "f" * 1200, "line 1: found a value of 1202 characters, expected at most 1000"),
    ],
)
def test_yaml_that_hides_what_it_says_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = told(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_run(None, path, {})
    assert str(caught.value) == f"{path}: {message}"


BOMB_LEVELS = 5


def test_a_value_that_unfolds_is_not_repeated_in_full(tmp_path: Path) -> None:
    # Each level holds the one before ten times: a short file and a value of 10^5 words. Four levels more fill memory.
    nested = "&l0 word"
    for level in range(1, BOMB_LEVELS + 1):
        nested = f"&l{level} [{nested}, {', '.join([f'*l{level - 1}'] * 9)}]"
    path = told(tmp_path, f"overrides: {{depth_prediction_oc: {{asks: {nested}}}}}")
    with pytest.raises(ConfigError) as caught:
        load_run(None, path, {})
    assert len(str(caught.value)) < 2000


def test_flags_win_over_the_file_and_the_file_over_the_preset(tmp_path: Path) -> None:
    path = told(tmp_path, "per_scene: 20\nseed: 5")
    run, families = load_run("quick", path, {"seed": 7, "per_scene": None})
    assert (run.per_scene, run.seed) == (20, 7)
    assert [family.config.type for family in families] == known_types()
    assert load_run("quick", None, {})[0].per_scene == 10
    assert load_run(None, None, {})[0] == RunConfig()


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert load_run(None, told(tmp_path, "# nothing\n"), {})[0] == RunConfig()


def test_tasks_come_once_and_sorted() -> None:
    _, families = load_run(None, None, {"tasks": ["position_matching", "depth_prediction_oc", "position_matching"]})
    assert [family.config.type for family in families] == ["depth_prediction_oc", "position_matching"]


def test_overrides_reach_their_task_alone(tmp_path: Path) -> None:
    path = told(tmp_path, "overrides: {depth_prediction_oo: {min_difference_m: 0.5}}")
    _, families = load_run(None, path, {})
    found = {family.config.type: getattr(family.config, "min_difference_m", None) for family in families}
    assert found["depth_prediction_oo"] == 0.5
    assert found["depth_prediction_oo_mv"] == 0.2


OVERRIDES = [
    ("{min_diference_m: 1}", "min_diference_m: unknown key. Did you mean 'min_difference_m'?"),
    ("{min_difference_m: much}", "min_difference_m: found 'much', expected: should be a valid number"),
    ("{asks: both}", "asks: found 'both', expected: should be 'oc' or 'oo'"),
    ("{formats: [judge]}", "formats: 'judge' is not a format of family 'depth', which has fill, select, sentence"),
    ("{family: dept}", "family: no family 'dept'. Did you mean 'depth'?"),
]


@pytest.mark.parametrize(("override", "message"), OVERRIDES)
def test_a_mistake_in_an_override_is_named(tmp_path: Path, override: str, message: str) -> None:
    path = told(tmp_path, f"overrides: {{depth_prediction_oo: {override}}}")
    with pytest.raises(ConfigError) as caught:
        load_run(None, path, {})
    assert message in str(caught.value)
    assert "depth_prediction_oo" in str(caught.value)


def test_a_mistake_in_an_override_is_the_config_files(tmp_path: Path) -> None:
    path = told(tmp_path, "overrides: {depth_prediction_oo: {min_diference_m: 1}}")
    # Types that are not asked for are checked too: what they are told is in the digest.
    for flags in ({}, {"tasks": ["depth_prediction_oc"]}):
        with pytest.raises(ConfigError) as caught:
            load_run("quick", path, flags)
        assert str(caught.value).startswith(f"{path}: overrides.depth_prediction_oo.min_diference_m: unknown key.")
    flags = {"overrides": {"depth_prediction_oo": {"formats": ["judge"]}}}
    with pytest.raises(ConfigError, match=r"^command line: overrides\.depth_prediction_oo\.formats: 'judge' is not"):
        load_run(None, path, flags)


def test_each_key_is_laid_to_where_it_was_said(tmp_path: Path) -> None:
    path = told(tmp_path, "seed: 1")
    with pytest.raises(ConfigError, match=r"^command line: per_scene: found -3"):
        load_run("quick", path, {"per_scene": -3})


SENSELESS = [
    "visibility: {max_frames: 0}",
    "visibility: {max_frames: -5}",
    "visibility: {visible_fraction: .nan}",
    "visibility: {max_missing_depth: -1}",
    "visibility: {min_confirmed: 1.5}",
    "visibility: {frame_step_m: -0.1}",
    "visibility: {max_depth_m: .inf}",
    "overrides: {depth_prediction_oc_mv: {views: 0}}",
    "overrides: {depth_prediction_oc_mv: {views: 1000000}}",
    "overrides: {view_change_infer: {max_roll_deg: .nan}}",
    "overrides: {obj_spatial_relation_oo: {sure: {state_m: 0.1, empty_m: 0.5}}}",
]


@pytest.mark.parametrize("text", SENSELESS)
def test_a_value_without_sense_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        load_run(None, told(tmp_path, text), {})


@pytest.mark.parametrize("type_name", known_types())
def test_every_task_config_loads(type_name: str) -> None:
    family = load_task(type_name)
    assert family.config.type == type_name
    assert FAMILIES[family.config.family] is type(family)
    assert set(family.config.formats) <= family.formats
    text = (TASK_CONFIGS / f"{type_name}.yaml").read_text()
    assert text.startswith("# ")
    assert len(text.splitlines()) <= 22


def test_codes_are_one_for_each_type() -> None:
    codes = [load_task(name).config.code for name in known_types()]
    assert len(set(codes)) == len(codes)


def test_a_code_that_is_taken_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(TASK_CONFIGS, tmp_path / "tasks")
    text = (TASK_CONFIGS / "depth_prediction_oc.yaml").read_text()
    (tmp_path / "tasks" / "zzz.yaml").write_text(text)
    monkeypatch.setattr(registry, "TASK_CONFIGS", tmp_path / "tasks")
    with pytest.raises(ConfigError, match=r"depth_prediction_oc\.yaml: code: 1 is taken by another type; \d+ is free"):
        load_run(None, None, {})


@pytest.mark.parametrize("name", [path.stem for path in sorted(PRESETS.glob("*.yaml"))])
def test_every_preset_loads(name: str) -> None:
    run, families = load_run(name, None, {})
    assert families
    assert read_preset(name).keys() <= run.model_dump().keys()


def test_samples_of_types_are_in_proportion_to_their_shares(tmp_path: Path) -> None:
    shares = "per_scene: 20\nshares: {depth_prediction_oc: 953, room_size: 288, obj_count: 1}"
    run, _ = load_run(None, told(tmp_path, shares), {})
    counts = [run.samples_of(name) for name in ("depth_prediction_oc", "room_size", "obj_count", "position_matching")]
    assert counts == [20, 6, 1, 20]
    assert RunConfig(per_scene=7).samples_of("room_size") == 7
    with pytest.raises(ConfigError, match=r"shares: no task type 'room_sise'. Did you mean 'room_size'?"):
        load_run(None, None, {"shares": {"room_sise": 2}})


def test_the_views_presets_hold_what_they_say() -> None:
    single = set(read_preset("single_view")["tasks"])
    multi = set(read_preset("multi_view")["tasks"])
    assert not single & multi
    assert not any(name.endswith("_mv") for name in single)


def test_the_digest_names_the_config_and_its_tasks() -> None:
    def digest(**flags: object) -> str:
        run, families = load_run(None, None, flags)
        return run.digest(families)

    assert digest() == digest()
    assert len(digest()) == 12
    others = [digest(seed=1), digest(per_scene=5), digest(overrides={"depth_prediction_oc": {"views": 1, "code": 77}})]
    assert len({digest(), *others, digest(visibility={"max_depth_m": 7})}) == 5


def test_thresholds_are_those_of_the_task_library() -> None:
    limits = Thresholds()
    assert (limits.visible_fraction, limits.in_image_fraction, limits.visible_pixels) == (0.25, 0.5, 400)
    assert (limits.min_depth_m, limits.max_depth_m) == (0.3, 8)
    assert (limits.depth_tolerance_m, limits.depth_tolerance_rel, limits.max_missing_depth) == (0.05, 0.025, 0.4)
