"""qagen from Python: what it gives is what the commands write."""

import json
import pickle
import re
import subprocess
import sys
import types
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec
import pytest
from PIL import ImageColor

import qagen
from qagen.api.stream import RENEWED, seed_of_pass
from qagen.errors import ConfigError
from qagen.pipeline import run as pipeline
from qagen.pipeline.config import load_run
from qagen.pipeline.engines.local import run_inline
from qagen.records.read import find_record_files, read_pairs
from qagen.view.scene import color_of
from tools.runs import copy_demo

TASKS = ("contact", "depth_prediction_oc", "obj_frame_locate", "obj_spatial_relation_oo")
FEW = {"max_frames": 12}
SMALL = {"tasks": TASKS, "per_scene": 6, "groups": ("permute", "mirror"), "unanswerable": 0.2, "media": "link"}
Pairs = dict[str, tuple[bytes, bytes]]


@pytest.fixture(scope="module")
def scene(demo: Path) -> "qagen.OpenScene":
    return qagen.open_scene("scannet", root=demo, visibility=FEW)


@pytest.fixture(scope="module")
def files(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with images of the small settings."""
    return write_run(demo, tmp_path_factory.mktemp("run"), seed=3)


def write_run(root: Path, out: Path, seed: int) -> Path:
    loader = qagen.open_scene("scannet", root=root).loader
    config, families = load_run(None, None, {**SMALL, "seed": seed, "visibility": FEW})
    job = pipeline.Job(loader, config, tuple(families), pipeline.layout_for(out, loader, config))
    names = loader.scene_ids("train")
    plan = pipeline.prepare(job, names)
    failed: list[str] = []
    pipeline.write_scenes(job, plan, run_inline, True, lambda report: failed.append(report.error or ""))
    assert not any(failed)
    pipeline.merge(job, names, plan.settings)
    return out


def pairs_in(out: Path) -> Pairs:
    """Record and evidence of every sample of a run, as bytes."""
    found = (pair for file in find_record_files(out) for pair in read_pairs(file))
    return {line.id: encoded(record, evidence) for line, record, evidence in found}


def pairs_of(samples: Iterator["qagen.QASample"]) -> Pairs:
    return {sample.id: encoded(sample.record, sample.evidence) for sample in samples}


def encoded(record: dict, evidence: dict) -> tuple[bytes, bytes]:
    return msgspec.json.encode(record), msgspec.json.encode(evidence)


# --- the package ------------------------------------------------------------------------------------------------------


def test_importing_the_package_imports_nothing_else():
    code = "import sys, qagen; print(sorted({'numpy', 'pandas', 'PIL', 'numba', 'pydantic'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_type_checkers_know_the_names_that_the_package_has():
    stub = Path(qagen.__file__).with_suffix(".pyi").read_text()
    assert sorted([*re.findall(r" as (\w+)", stub), "__version__"]) == sorted(qagen.__all__)
    for name in qagen.__all__:
        assert getattr(qagen, name) is not None
        assert name in dir(qagen)


def test_an_unknown_name_brings_the_nearest():
    with pytest.raises(AttributeError, match=r"Did you mean 'open_scene'\?"):
        qagen.open_scen  # noqa: B018 # pyright: ignore[reportAttributeAccessIssue]


# --- scenes -----------------------------------------------------------------------------------------------------------


def test_a_scene_tells_what_frames_show(scene):
    table = scene.observe()
    frame, item = 3, int(scene.views.askable[3].argmax())
    seen = table[(table.frame == scene.views.frames[frame].id) & (table.object == scene.scene.objects[item].id)]
    assert seen.label.tolist() == [scene.scene.objects[item].label]
    assert seen.is_askable.tolist() == [True]
    assert len(scene.frames) == len(scene.views.frames)
    assert len(scene.objects) == len(scene.scene.objects)
    assert set(table.object) <= set(scene.objects.object)


def test_a_scene_shows_itself(scene):
    page = scene._repr_html_()
    assert page.count("data:image/jpeg") == 6
    assert page.count("<polygon") == len(scene.scene.objects) + 6
    labels = re.findall(r'paint-order="stroke">(.*?)</text>', page)
    assert {*labels} <= {item.label for item in scene.scene.objects}
    assert len(labels) > 10
    color = color_of(0)
    assert color in page


def test_a_frame_is_drawn_with_the_boxes_of_what_it_shows(scene):
    best = int(scene.views.askable.sum(axis=1).argmax())
    picture, other = scene.draw(width=400), scene.draw(scene.views.frames[best].id, width=400)
    assert picture.size == (400, 300)
    assert picture.tobytes() == other.tobytes()
    largest = int((scene.views.visible_pixels[best] * scene.views.seen[best]).argmax())
    assert ImageColor.getrgb(color_of(largest)) in {color for _, color in picture.getcolors(400 * 300)}


def test_a_closed_scene_is_read_again_and_may_be_sent_to_another_process(scene):
    views = scene.views
    copy = pickle.loads(pickle.dumps(scene))  # noqa: S301
    assert len(pickle.dumps(scene)) < 10_000
    copy.close()
    assert copy.views is not views
    assert (copy.views.visible_pixels == views.visible_pixels).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda demo: qagen.open_scene("scanet"), r"no dataset 'scanet'\. Did you mean 'scannet'\?"),
        (lambda demo: qagen.open_scene("scannet", "scene9000_01", root=demo), r"Did you mean 'scene9000_00'\?"),
        (lambda demo: qagen.open_scene("scannet", root=demo / "no"), "found nothing, expected a folder"),
        (lambda demo: qagen.open_scene("scannet", root=demo, demo="tabletop"), "found root beside it"),
        (lambda demo: qagen.open_scene("scannet", demo="table"), r"Did you mean 'tabletop'\?"),
        (lambda demo: qagen.open_scenes("scannet", "scene9*_99", root=demo), "no scene 'scene9"),
        (
            lambda demo: qagen.open_scene("scannet", root=demo, visibility={"visible_fractoin": 1}),
            r"open_scene: .*Did you mean 'visible_fraction'\?",
        ),
        (lambda demo: qagen.open_scene("scannet", root=demo, video_frames=3), "from 11 on"),
        (lambda demo: qagen.open_run(demo), "no records"),
    ],
)
def test_mistakes_bring_the_nearest_name(demo, call, message):
    with pytest.raises(qagen.QagenError, match=message):
        call(demo)


# --- asking -----------------------------------------------------------------------------------------------------------


def test_asking_one_type_gives_the_first_samples_of_a_run(scene):
    samples = scene.ask("depth_prediction_oc", n=3, seed=5)
    more = scene.ask("depth_prediction_oc", n=8, seed=5)
    assert [len(samples), len(more)] == [3, 8]
    assert [one.record for one in samples] == [one.record for one in more[:3]]
    assert {one.format for one in samples} == {"fill"}
    sample = samples[0]
    assert sample.facts is not None
    assert sample.evidence["measured"] == pytest.approx(dict(sample.facts.measured), abs=1e-4)
    assert sample.question.count("red") >= 1
    assert sample.images[0].size == (640, 480)
    assert sample.draw(500).width == 500
    assert sample.evidence["seed"] == 5


@pytest.mark.slow
def test_an_answer_is_solved_again_and_a_wrong_one_is_found(scene):
    sample = scene.ask("depth_prediction_oc", n=1)[0]
    assert sample.check().agrees
    assert "agree" in str(sample.check())
    sample.record["conversations"][1]["value"] = str(float(sample.answer) + 1)
    assert sample.check().verdict == "disagree"


def test_variants_come_with_what_they_follow_from(scene):
    samples = scene.ask("depth_prediction_oc", n=2, groups=["paraphrase", "mirror"])
    assert len({sample.id for sample in samples if sample.group == sample.id}) == 2
    variants = [sample for sample in samples if sample.group != sample.id]
    assert {sample.group for sample in variants} <= {sample.id for sample in samples}
    mirrored = next(sample for sample in samples if sample.evidence["group"]["variant"] == "mirror")
    original = next(sample for sample in samples if sample.id == mirrored.group)
    flipped = original.images[0].transpose(0)
    off = [abs(a - b) for a, b in zip(mirrored.images[0].tobytes(), flipped.tobytes(), strict=True)]
    assert sum(off) / len(off) < 3


def test_what_cannot_be_asked_says_why(scene):
    samples = scene.ask("motion_direction")
    assert not len(samples)
    assert samples.refused
    assert next(iter(samples.refused)) in repr(samples)
    assert next(iter(samples.refused)) in samples._repr_html_()
    with pytest.raises(ValueError, match="no samples"):
        samples.draw()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"task": "depth_prediction"}, r"no type 'depth_prediction'\. Did you mean 'depth_prediction_o"),
        ({"task": "contact", "format": "judg"}, r"no format 'judg'\. Did you mean 'judge'\?"),
        ({"task": "contact", "per_scen": 3}, r"ask: per_scen: unknown key\. Did you mean 'per_scene'\?"),
        ({"task": "contact", "video_frames": 16}, "video_frames: differs from that of scene9000_00"),
    ],
)
def test_mistakes_in_what_is_asked_bring_the_nearest_name(scene, given, message):
    with pytest.raises(ConfigError, match=message):
        scene.ask(**given)


def test_samples_are_a_table_a_sheet_and_cards(scene):
    samples = scene.ask("depth_prediction_oc", n=3)
    table = samples.to_pandas()
    assert table.answer.tolist() == [sample.answer for sample in samples]
    assert table.objects[0] == [item["label"] for item in samples[0].evidence["objects"]]
    assert samples.draw(300).width > 600
    assert samples._repr_html_().count('class="card"') == 3
    assert samples[0]._repr_html_().count("data:image/jpeg") == 1


def test_a_sample_may_be_sent_to_another_process(scene):
    sample = scene.ask("depth_prediction_oc", n=1)[0]
    sent = pickle.dumps(sample)
    assert len(sent) < 500_000
    copy = pickle.loads(sent)  # noqa: S301
    assert (copy.record, copy.evidence, copy.encoded_images) == (sample.record, sample.evidence, sample.encoded_images)
    assert copy.to_dict()["question"] == sample.question


# --- the stream -------------------------------------------------------------------------------------------------------


def small_stream(scene, seed: int = 3, **given) -> "qagen.Stream":
    return qagen.stream(scene, seed=seed, **{**SMALL, "mixed": 2, **given})


def test_a_pass_gives_the_samples_of_the_files(scene, files):
    stream = small_stream(scene)
    assert pairs_of(stream.one_pass()) == pairs_in(files)
    assert stream.state_dict()["pass"] == 1


def test_every_tenth_pass_is_that_of_another_seed(scene):
    stream, other = small_stream(scene), small_stream(scene, seed=seed_of_pass(3, RENEWED))
    stream.load_state_dict({**stream.state_dict(), "pass": RENEWED})
    assert pairs_of(stream.one_pass()) == pairs_of(other.one_pass())


@pytest.mark.slow
def test_passes_in_between_choose_and_say_it_anew_and_are_true(scene):
    stream = small_stream(scene, groups=(), unanswerable=0.0)
    first, second = list(stream.one_pass()), list(stream.one_pass())
    assert abs(len(first) - len(second)) <= 8
    assert {sample.question for sample in first} != {sample.question for sample in second}
    assert {sample.evidence["pass"] for sample in second} == {1}
    assert all("pass" not in sample.evidence for sample in first)
    depths = [sample for sample in second if sample.type == "depth_prediction_oc"]
    assert [sample.check().verdict for sample in depths[:3]] == ["agree"] * 3


def test_a_stream_goes_on_where_another_one_stopped(scene):
    whole = [sample.record for sample in islice(small_stream(scene), 150)]
    for stop in (0, 7, 90):
        stream = small_stream(scene)
        taken = [sample.record for sample in islice(stream, stop)]
        again = small_stream(scene)
        again.load_state_dict(json.loads(json.dumps(stream.state_dict())))
        taken += [sample.record for sample in islice(again, 150 - stop)]
        assert taken == whole
    assert again.state_dict()["pass"] >= 1


def test_a_state_of_something_else_is_refused(scene):
    state = small_stream(scene).state_dict()
    for other in (small_stream(scene, seed=4), small_stream(scene, mixed=3), small_stream(scene, tasks="contact")):
        with pytest.raises(ConfigError, match="other scenes, settings"):
            other.load_state_dict(state)
    with pytest.raises(ConfigError, match="share"):
        small_stream(scene).share(0, 2).load_state_dict(state)
    with pytest.raises(ConfigError, match="found no state"):
        small_stream(scene).load_state_dict({"pass": 1})


def test_shares_together_are_the_whole(scene):
    whole = pairs_of(small_stream(scene).one_pass())
    shares = [pairs_of(small_stream(scene).share(k, 3).one_pass()) for k in range(3)]
    assert sum(map(len, shares)) == len(whole)
    assert {**shares[0], **shares[1], **shares[2]} == whole
    halves = [pairs_of(small_stream(scene).share(k // 2, 2).share(k % 2, 2).one_pass()) for k in range(4)]
    assert sum(map(len, halves)) == len(whole)


@pytest.mark.slow
def test_scenes_that_are_not_kept_are_read_again_and_broken_ones_left_out(demo, tmp_path):
    root = copy_demo(tmp_path / "three", 3)
    scenes = qagen.open_scenes("scannet", root=root, visibility=FEW)
    (next((root / "scans" / "scene9001_00").glob("*.txt"))).unlink()
    kept, rolling = (small_stream(scenes, tasks="contact", warm=warm) for warm in (8, 1))
    with pytest.warns(UserWarning, match="scene9001_00 is left out"):
        whole = pairs_of(kept.one_pass())
    with pytest.warns(UserWarning, match="scene9001_00 is left out"):
        assert pairs_of(rolling.one_pass()) == whole
    assert {name.rpartition("_")[0] for name in whole} == {"scene9000_00", "scene9002_00"}
    assert [*rolling.failed] == ["scene9001_00"]
    assert not any("views" in vars(scene) for scene in rolling.scenes)


def test_a_stream_without_samples_ends_with_an_error(scene):
    with pytest.raises(qagen.QagenError, match="found no sample in 1 scenes"):
        next(iter(small_stream(scene, tasks="motion_direction", groups=())))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tasks": "depht_*"}, "tasks: no type 'depht_"),
        ({"formats": "filll"}, "formats"),
        ({"preset": "vsii"}, r"Did you mean 'vsi'\?"),
        ({"warm": 0}, "warm: found 0"),
    ],
)
def test_mistakes_in_a_stream_are_told(scene, given, message):
    with pytest.raises(ConfigError, match=message):
        qagen.stream(scene, **given)
    with pytest.raises(ConfigError, match="found no scene"):
        qagen.stream([])


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> Iterator[types.ModuleType]:
    """The two names of torch that qagen uses, where it is not installed."""
    data = types.ModuleType("torch.utils.data")
    data.IterableDataset = type("IterableDataset", (), {})  # pyright: ignore[reportAttributeAccessIssue]
    data.get_worker_info = lambda: None  # pyright: ignore[reportAttributeAccessIssue]
    for name, module in (("torch", types.ModuleType("torch")), ("torch.utils", types.ModuleType("torch.utils"))):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, "torch.utils.data", data)
    monkeypatch.delitem(sys.modules, "qagen.api.torch_data", raising=False)
    yield data
    sys.modules.pop("qagen.api.torch_data", None)


def test_workers_of_torch_share_the_stream_and_go_on(scene, torch):
    whole = {sample.id for sample in small_stream(scene).one_pass()}
    given: set[str] = set()
    for worker in range(2):
        torch.get_worker_info = lambda worker=worker: types.SimpleNamespace(id=worker, num_workers=2)
        sys.modules.pop("qagen.api.torch_data", None)
        count = len(list(small_stream(scene).share(worker, 2).one_pass()))
        dataset = small_stream(scene).to_torch()
        assert isinstance(dataset, torch.IterableDataset)
        items = list(islice(dataset, count))
        given |= {item["id"] for item in items}
        again = small_stream(scene).to_torch(lambda sample: sample.id)
        again.load_state_dict(dataset.state_dict())
        assert again.state_dict() == dataset.state_dict()
        assert next(iter(again)) == next(iter(dataset))["id"]
        assert all(isinstance(image, bytes) for image in items[0]["images"])
    assert given == whole


def test_a_loader_of_torch_takes_the_stream(scene):
    data = pytest.importorskip("torch.utils.data", reason="torch is not installed")
    loader = data.DataLoader(small_stream(scene).to_torch(), batch_size=4, num_workers=2, collate_fn=list)
    batch = next(iter(loader))
    assert [sorted(item) for item in batch] == [sorted(next(small_stream(scene).one_pass()).to_dict())] * 4


def test_without_torch_its_absence_is_told(scene, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "torch.utils.data", None)
    monkeypatch.delitem(sys.modules, "qagen.api.torch_data", raising=False)
    with pytest.raises(ConfigError, match="torch is not installed"):
        small_stream(scene).to_torch()


# --- runs -------------------------------------------------------------------------------------------------------------


def test_a_run_is_a_sequence_and_a_table(files, demo):
    run = qagen.open_run(files, root=demo)
    table = run.to_pandas()
    assert len(run) == len(table) == len(pairs_in(files))
    number = len(run) // 2
    assert table.id[number] == run[number].id == run[table.id[number]].id
    assert table.question[number] == run[number].question
    assert pairs_of(iter(run)) == pairs_in(files)
    assert [sample.id for sample in run[1:4]] == table.id[1:4].tolist()
    assert run.counts().to_numpy().sum() == len(run)
    assert str(len(run)) in repr(run)
    assert "contact" in run._repr_html_()
    with pytest.raises(KeyError, match="Did you mean"):
        run["scene9000_00_x"]
    with pytest.raises(IndexError):
        run[len(run)]


@pytest.mark.slow
def test_samples_of_a_run_are_drawn_and_solved_again(files, demo):
    run = qagen.open_run(files, root=demo)
    sample = next(one for one in run if one.type == "depth_prediction_oc" and one.group in ("", one.id))
    assert sample.facts is None
    assert sample.images[0].size == (640, 480)
    assert sample.draw(400).width == 400
    assert sample.check().agrees
    rows = run.audit("depth_prediction_oc", n=1)
    agree = rows[rows.type == "depth_prediction_oc"].set_index("format").agree
    assert agree.to_dict() == {"fill": 1, "sentence": 1}


def test_a_missing_image_is_named(files, tmp_path):
    for path in files.rglob("*.jsonl"):
        target = tmp_path / path.relative_to(files)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    sample = qagen.open_run(tmp_path)[0]
    for look in (lambda: sample.images, sample.draw, sample.to_dict):
        with pytest.raises(qagen.QagenError, match="--media copy"):
            look()
