"""A run without its images becomes the same run again from another copy of its dataset, or it is told why not."""

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qagen.demo import WRITERS, demo_root
from tests.recipes import TYPE, export_recipe, rebuild, visible, write_run
from tools.runs import SETTINGS, copy_demo, generate

PICTURES = (b"\xff\xd8\xff", b"\x89PNG")
"""How image files begin."""
QUICK, SLOW = ("posed", "scannet", "spatialvid"), pytest.mark.slow
"""Datasets that are tried in the quick tier, too: files, a container, and videos."""


@pytest.mark.parametrize("dataset", [name if name in QUICK else pytest.param(name, marks=SLOW) for name in WRITERS])
def test_another_copy_of_the_dataset_gives_the_same_bytes(dataset: str, tmp_path: Path) -> None:
    root = demo_root(dataset)
    run = write_run(tmp_path / "out", dataset, root)
    made = export_recipe(tmp_path / "out", tmp_path / "recipe")
    assert made.exit_code == 0, made.output
    copy = tmp_path / "elsewhere" / root.name
    shutil.copytree(root, copy, symlinks=True)
    result = rebuild(tmp_path / "recipe", copy, tmp_path / "again")
    assert result.exit_code == 0, result.output
    assert visible(tmp_path / "again" / dataset) == visible(run)


@pytest.fixture(scope="module")
def posed_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the demo of posed scans, a run on it and the recipe of that."""
    folder = tmp_path_factory.mktemp("posed")
    shutil.copytree(demo_root("posed"), folder / "data")
    write_run(folder / "out", "posed", folder / "data")
    assert export_recipe(folder / "out", folder / "recipe").exit_code == 0
    return folder


@pytest.fixture
def made(posed_run: Path, tmp_path: Path) -> Path:
    """A copy of ``posed_run`` that a test may change."""
    return Path(shutil.copytree(posed_run, tmp_path / "made"))


def again(made: Path, *options: str) -> str:
    """Hydrate and expect success."""
    result = rebuild(made / "recipe", made / "data", made / "again", *options)
    assert result.exit_code == 0, result.output
    assert visible(made / "again" / "posed") == visible(made / "out" / "posed")
    return result.stdout


def refused(made: Path, code: int = 2) -> str:
    """Hydrate, expect that exit code and no records, and return what is printed."""
    result = rebuild(made / "recipe", made / "data", made / "again")
    assert result.exit_code == code, result.output
    assert not list((made / "again").rglob("*.jsonl"))
    assert not (made / "again" / "posed" / "report.json").exists()
    return result.stderr if code == 2 else result.stdout


def shown_images(made: Path) -> list[Path]:
    """The dataset's files of the frames that the run shows singly."""
    names = {path.name for path in (made / "out" / "posed" / "images").glob("*/image_color/*")}
    return sorted(path for path in (made / "data").rglob("*") if path.name in names and path.suffix == ".jpg")


# --- what is in a recipe ----------------------------------------------------------------------------------------------


def unpacked(recipe: Path) -> Iterator[tuple[Path, bytes]]:
    for path in recipe.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            yield path, gzip.decompress(content) if path.suffix == ".gz" else content


def test_a_recipe_holds_neither_pixels_nor_paths_of_its_author(made: Path) -> None:
    report = made / "out" / "posed" / "report.json"
    error = f"{made / 'data'}/scan/scene.json: frames: found none"
    failed = {"scan": {"error": error}, "other": {"error": "frames: found none"}}
    told = json.loads(report.read_text()) | {"scenes": failed, "excluded": [{"file": str(made / "val.txt")}]}
    report.write_text(json.dumps(told))
    assert export_recipe(made / "out", made / "recipe").exit_code == 0
    for path, content in unpacked(made / "recipe"):
        content.decode()  # text throughout
        assert not any(sign in content for sign in PICTURES), path
        assert str(made).encode() not in content, path
    shared = json.loads(gzip.decompress((made / "recipe" / "report.json.gz").read_bytes()))
    assert shared["excluded"] == [{"file": "val.txt"}]
    assert shared["scenes"]["other"] == failed["other"]
    assert shared["scenes"]["scan"]["error"].startswith("failed; ")


def test_a_report_that_names_a_path_elsewhere_is_refused(made: Path) -> None:
    report = made / "out" / "posed" / "report.json"
    report.write_text(json.dumps(json.loads(report.read_text()) | {"run": {"note": "see /home/me/notes"}}))
    result = export_recipe(made / "out", made / "recipe")
    assert result.exit_code == 2
    assert "run.note: found 'see /home/me/notes'" in result.stderr


def test_the_same_run_gives_the_same_recipe(made: Path) -> None:
    before = {path.relative_to(made): path.read_bytes() for path in (made / "recipe").rglob("*") if path.is_file()}
    assert export_recipe(made / "out", made / "recipe").exit_code == 0
    assert before == {
        path.relative_to(made): path.read_bytes() for path in (made / "recipe").rglob("*") if path.is_file()
    }


def test_the_manifest_counts_what_there_is(posed_run: Path) -> None:
    manifest = json.loads((posed_run / "recipe" / "recipe.json").read_text())
    images = [path for path in (posed_run / "out" / "posed" / "images").rglob("*") if path.is_file()]
    assert (manifest["dataset"], manifest["splits"], manifest["samples"]) == ("posed", ["train"], 3)
    assert manifest["images"] == len(images)
    assert manifest["image_bytes"] == sum(path.stat().st_size for path in images)
    assert "stay under its terms" in manifest["license"]
    rows = gzip.decompress((posed_run / "recipe" / "images.jsonl.gz").read_bytes()).splitlines()
    for row in map(json.loads, rows):
        content = (posed_run / "out" / "posed" / "images" / row["path"]).read_bytes()
        assert (row["bytes"], row["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--tasks", TYPE], "--tasks: recipe is of a whole run as it is"),
        (["--no-draw"], "--no-draw: recipe is of a whole run as it is"),
        (["--seed", "1"], "--seed: recipe is of a whole run as it is"),
    ],
)
def test_nothing_can_be_chosen(posed_run: Path, tmp_path: Path, options: list[str], message: str) -> None:
    result = export_recipe(posed_run / "out", tmp_path / "recipe", *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "recipe").exists()


def drop_image(home: Path) -> None:
    min(home.glob("images/*/image_color/*")).unlink()


def drop_images(home: Path) -> None:
    shutil.rmtree(home / "images")


def drop_evidence(home: Path) -> None:
    shutil.rmtree(home / "evidence_jsonl")


def swap_evidence(home: Path) -> None:
    path = next(home.glob("evidence_jsonl/*/*/*/*.jsonl"))
    path.write_text("".join(reversed(path.read_text().splitlines(keepends=True))))


def drop_report(home: Path) -> None:
    (home / "report.json").unlink()


def add_dataset(home: Path) -> None:
    shutil.copytree(home, home.parent / "other")


def add_stray(home: Path) -> None:
    scene = next((home / "images").iterdir())
    (scene / "notes.txt").write_text("mine")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (drop_image, "fill_3.jsonl:1: image "),
        (drop_images, "is missing; a run without media keeps records only"),
        (drop_evidence, "no such file; a recipe holds the evidence of the run"),
        (swap_evidence, "fill_3.jsonl:1: id is "),
        (drop_report, "report.json: no such file; a recipe is of a run that qagen generate has finished"),
        (add_dataset, "found runs of other, posed, expected one: a recipe is of one dataset"),
        (add_stray, "notes.txt: not a file of the run; move it elsewhere"),
    ],
)
def test_a_run_that_is_not_whole_gives_no_recipe(made: Path, damage: Callable[[Path], None], message: str) -> None:
    damage(made / "out" / "posed")
    result = export_recipe(made / "out", made / "new")
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert not (made / "new").exists()


def test_a_mix_is_refused_and_told_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "mix.json").write_text("{}")
    result = export_recipe(tmp_path / "mix.json", tmp_path / "recipe")
    assert result.exit_code == 2
    assert "of a mix, export each of its runs" in result.stderr


# --- what becomes of the images ---------------------------------------------------------------------------------------


def test_an_image_that_was_changed_is_told_and_not_written(made: Path) -> None:
    image = shown_images(made)[0]
    content = image.read_bytes()
    image.write_bytes(content + b"\0")
    told = refused(made, code=1)
    assert "different" in told
    assert f"image_color/{image.name}  found {len(content) + 1} bytes" in told
    assert " another file: The run copied the file as the dataset has it" in told
    assert not list((made / "again").rglob(f"image_color/{image.name}"))
    image.write_bytes(content)
    assert " 0 missing, 0 different" in again(made)


def test_pixels_that_are_encoded_here_are_told_apart_from_files(made: Path) -> None:
    """The last byte of the entropy-coded data changes pixels, and with them the image in the mirror."""
    image = shown_images(made)[0]
    content = bytearray(image.read_bytes())
    content[len(content) // 2] ^= 1
    image.write_bytes(bytes(content))
    told = refused(made, code=1)
    assert "another file" in told
    assert "another encoding: The image is computed from the dataset and encoded here" in told


def test_a_missing_image_is_told(made: Path) -> None:
    shown_images(made)[0].unlink()
    told = refused(made, code=1)
    assert re.search("[1-9][0-9]* missing, 0 different", told)


def test_a_missing_scene_costs_no_other(made: Path) -> None:
    scene = next(path for path in (made / "data").rglob("scene.json"))
    scene.write_text("{")
    told = refused(made, code=1)
    assert "no such scene: This copy of the dataset has no scene of that name, or it cannot be read" in told
    assert "0 made" in told


def test_what_is_there_is_kept_and_what_is_damaged_is_made_again(made: Path) -> None:
    again(made)
    images = sorted((made / "again" / "posed" / "images").rglob("*.jpg"))
    images[0].unlink()
    images[1].write_bytes(b"half")
    half = images[2].with_name(f".{images[2].name}.0123456789ab")
    half.write_bytes(b"of a killed command")
    assert "2 made" in again(made)
    assert not half.exists()
    assert "0 made" in again(made)


def test_video_list_and_intrinsics_are_made_anew_alone(made: Path) -> None:
    again(made)
    folder = next((made / "again" / "posed" / "images").iterdir())
    (folder / "video_idx.txt").unlink()
    shutil.rmtree(folder / "intrinsic")
    again(made)


def test_records_without_lost_images_are_written_where_that_is_wanted(made: Path) -> None:
    again(made)
    image = shown_images(made)[0]
    content = image.read_bytes()
    image.write_bytes(content + b"\0")
    shutil.rmtree(made / "again" / "posed" / "images")
    for _ in range(2):
        result = rebuild(made / "recipe", made / "data", made / "again", "--partial")
        assert result.exit_code == 1
        assert "2 of 3 samples, whose images are all right" in result.stdout
        for kind in ("qa", "evidence"):
            (path,) = (made / "again").rglob(f"{kind}_jsonl/*/*/*/*.jsonl")
            whole = next((made / "out").rglob(f"{kind}_jsonl/*/*/*/*.jsonl")).read_text().splitlines()
            assert path.name == "fill_2.jsonl"
            assert path.read_text().splitlines() == [whole[i] for i in range(3) if i != lost_line(made, image)]
    image.write_bytes(content)
    again(made)
    assert not list((made / "again").rglob(".partial.json"))


def lost_line(made: Path, image: Path) -> int:
    """Which of the run's records shows an image."""
    path = next((made / "out").rglob("qa_jsonl/*/*/*/*.jsonl"))
    return next(i for i, line in enumerate(path.read_text().splitlines()) if f"/{image.name}" in line)


def test_links_lead_to_the_datasets_files(made: Path) -> None:
    again(made, "--media", "link")
    image = shown_images(made)[0]
    assert any(path.samefile(image) for path in (made / "again").rglob(f"image_color/{image.name}"))


def test_records_of_another_run_are_left_alone(made: Path) -> None:
    shutil.copytree(made / "out", made / "again")
    path = next((made / "again").rglob("qa_jsonl/*/*/*/*.jsonl"))
    path.write_text(path.read_text() + "\n")
    result = rebuild(made / "recipe", made / "data", made / "again")
    assert result.exit_code == 2
    assert f"{path}: found a file of another run" in result.stderr
    path.rename(path.with_name("fill_99.jsonl"))
    result = rebuild(made / "recipe", made / "data", made / "again")
    assert "fill_99.jsonl: found records of another run" in result.stderr


# --- damaged and hostile recipes --------------------------------------------------------------------------------------


def cut_records(recipe: Path) -> None:
    path = next(recipe.rglob("qa_jsonl/*/*/*/*.gz"))
    path.write_bytes(path.read_bytes()[:-20])


def drop_records(recipe: Path) -> None:
    next(recipe.rglob("qa_jsonl/*/*/*/*.gz")).unlink()


def change_records(recipe: Path) -> None:
    path = next(recipe.rglob("qa_jsonl/*/*/*/*.gz"))
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b"1.5", b"9.5")))


def make_bomb(recipe: Path) -> None:
    next(recipe.rglob("qa_jsonl/*/*/*/*.gz")).write_bytes(gzip.compress(bytes(200_000_000)))


def cut_manifest(recipe: Path) -> None:
    path = recipe / "recipe.json"
    path.write_text(path.read_text()[:-30])


def change_manifest(**keys: Any) -> Callable[[Path], None]:
    def damage(recipe: Path) -> None:
        path = recipe / "recipe.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | keys))

    return damage


def name_file(name: str) -> Callable[[Path], None]:
    def damage(recipe: Path) -> None:
        path = recipe / "recipe.json"
        manifest = json.loads(path.read_text())
        manifest["files"][name] = manifest["files"]["report.json"]
        path.write_text(json.dumps(manifest))

    return damage


def change_rows(change: Callable[[list[dict[str, Any]]], Any]) -> Callable[[Path], None]:
    """Change the list of images, and the manifest with it, as an attacker would."""

    def damage(recipe: Path) -> None:
        packed, path = recipe / "images.jsonl.gz", recipe / "recipe.json"
        rows = [json.loads(line) for line in gzip.decompress(packed.read_bytes()).splitlines()]
        change(rows)
        text = "".join(json.dumps(row) + "\n" for row in rows).encode()
        packed.write_bytes(gzip.compress(text))
        manifest = json.loads(path.read_text())
        manifest["files"]["images.jsonl"] = {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}
        path.write_text(json.dumps(manifest))

    return damage


def set_path(path: str) -> Callable[[Path], None]:
    return change_rows(lambda rows: rows[0].update(path=path))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (cut_records, "fill_3.jsonl.gz: cannot be unpacked"),
        (drop_records, "fill_3.jsonl.gz: cannot be read (No such file"),
        (change_records, "the recipe is damaged or was changed: get it again"),
        (make_bomb, "found more than "),
        (cut_manifest, "recipe.json: not a record"),
        (change_manifest(recipe=2), "recipe: found version 2, expected 1"),
        (change_manifest(dataset="scanet"), "recipe: no dataset 'scanet'. Did you mean 'scannet'?"),
        (change_manifest(folder=".."), "folder: found '..'"),
        (change_manifest(folder="/etc"), "folder: found '/etc'"),
        (change_manifest(splits=["../../x"]), "splits: found '../../x'"),
        (change_manifest(images=1), "expected 1 of 1"),
        (name_file("../../escaped.jsonl"), "files: found '../../escaped.jsonl'"),
        (name_file("qa_jsonl/train/../x/y.jsonl"), "files: found 'qa_jsonl/train/../x/y.jsonl'"),
        (name_file("/etc/passwd"), "files: found '/etc/passwd'"),
        (set_path("../../escaped.jpg"), "images.jsonl:1: path: found '../../escaped.jpg'"),
        (set_path("/tmp/escaped.jpg"), "images.jsonl:1: path: found '/tmp/escaped.jpg'"),
        (set_path("scan/../../x.jpg"), "images.jsonl:1: path: found 'scan/../../x.jpg'"),
        (set_path("..\\..\\x/y.jpg"), "images.jsonl:1: path: found "),
        (set_path("escaped.jpg"), "images.jsonl:1: path: found 'escaped.jpg'"),
        (set_path("a/b/c/d.jpg"), "images.jsonl:1: path: found 'a/b/c/d.jpg'"),
        (change_rows(lambda rows: rows[0].update(sha256="x")), "images.jsonl:1: sha256: found 'x'"),
        (change_rows(lambda rows: rows[0].pop("bytes")), "images.jsonl:1: not a record"),
        (change_rows(lambda rows: rows.insert(1, rows[0])), "expected each once and sorted"),
    ],
)
def test_a_recipe_that_is_not_as_it_was_made_is_refused(
    made: Path, damage: Callable[[Path], None], message: str
) -> None:
    damage(made / "recipe")
    assert message in refused(made)
    assert not list(made.rglob("*escaped*"))


def test_a_folder_that_is_no_recipe_is_refused(tmp_path: Path) -> None:
    result = rebuild(tmp_path, tmp_path, tmp_path / "again")
    assert result.exit_code == 2
    assert (
        "recipe.json: cannot be read (No such file or directory); qagen export recipe writes recipes" in result.stderr
    )


# --- whole runs -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_run_of_several_scenes_comes_back_through_processes(tmp_path: Path) -> None:
    root = copy_demo(tmp_path / "data", 3)
    out, options = (
        tmp_path / "out",
        ("--per-scene", "3", "--tasks", "depth_prediction_oc,camera_motion_infer,obj_count"),
    )
    settings = tmp_path / "settings.yaml"
    settings.write_text(SETTINGS)
    run = generate(out, "--root", str(root), "--config", str(settings), "--groups", "mirror", *options)
    assert run.returncode == 0, run.stderr
    assert export_recipe(out, tmp_path / "recipe").exit_code == 0
    command = [sys.executable, "-m", "qagen.hydrate", str(tmp_path / "recipe"), "--out", str(tmp_path / "again")]
    shutil.rmtree(root / "scans" / "scene9001_00")
    first = subprocess.run([*command, "--root", str(root)], capture_output=True, text=True, check=False)
    assert first.returncode == 1
    assert "no such scene" in first.stdout
    other = copy_demo(tmp_path / "other", 3)
    second = subprocess.run([*command, "--root", str(other)], capture_output=True, text=True, check=False)
    assert second.returncode == 0, second.stderr
    assert visible(tmp_path / "again" / "scannet") == visible(out / "scannet")
    assert any("_mirror/" in name for name in visible(out / "scannet"))


@pytest.mark.slow
def test_the_demos_run_comes_back_and_its_recipe_is_small(demo_run: Path, demo: Path, tmp_path: Path) -> None:
    assert export_recipe(demo_run, tmp_path / "recipe").exit_code == 0
    assert rebuild(tmp_path / "recipe", demo, tmp_path / "again").exit_code == 0
    assert visible(tmp_path / "again" / "scannet") == visible(demo_run / "scannet")
    manifest = json.loads((tmp_path / "recipe" / "recipe.json").read_text())
    size = sum(path.stat().st_size for path in (tmp_path / "recipe").rglob("*") if path.is_file())
    assert size < 1000 * manifest["samples"]
