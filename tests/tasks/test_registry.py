"""Families are found by their modules, and a YAML is all that a new type needs."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from qagen.files import TASK_CONFIGS, TEMPLATES
from qagen.pipeline.config import RunConfig, load_run
from qagen.pipeline.record import to_record
from qagen.pipeline.report import TaskCounts
from qagen.pipeline.run import make_samples
from qagen.records.marks import marks_of
from qagen.score import strict
from qagen.score.rewards import item_of
from qagen.tasks import registry
from qagen.tasks._base import Family
from qagen.visibility.views import observe
from qagen.wording.phrasebook import Phrasebook
from tests.scenes import studio

CONTRIBUTING = Path(__file__).parents[2] / "CONTRIBUTING.md"
NEW_TYPE = "depth_prediction_oc_5v"


@pytest.fixture
def with_new_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The YAML printed in CONTRIBUTING.md, beside the others."""
    for path in TASK_CONFIGS.glob("*.yaml"):
        (tmp_path / path.name).symlink_to(path)
    (printed,) = re.findall(r"```yaml\n(.*?)```", CONTRIBUTING.read_text(), re.DOTALL)
    (tmp_path / f"{NEW_TYPE}.yaml").write_text(printed)
    monkeypatch.setattr(registry, "TASK_CONFIGS", tmp_path)
    registry.family_of_records.cache_clear()
    yield
    registry.family_of_records.cache_clear()


@pytest.mark.usefixtures("with_new_type")
def test_a_yaml_makes_a_type_that_is_asked_drawn_and_scored() -> None:
    _, families = load_run(None, None, {"tasks": [NEW_TYPE]})
    (family,), views = families, observe(studio())
    samples = [*make_samples(family, views, Phrasebook(TEMPLATES), RunConfig(per_scene=6), TaskCounts())]
    assert {sample.format for sample in samples} == {"fill", "sentence"}
    for sample in samples:
        record = to_record(sample, family, views, rgbd=False)
        assert (record["type"], len(record["image"])) == (NEW_TYPE, 5)
        red, blue = sample.question.roles
        assert record["point_img_idx"] == [[red.image, blue.image]]
        # Whatever the order of a file's keys, the indices belong to red and blue.
        for keys in (list(record), sorted(record)):
            drawn = {mark.color: (mark.image, mark.place) for mark in marks_of({key: record[key] for key in keys})}
            assert drawn == {"red": (red.image, red.place), "blue": (blue.image, blue.place)}
        item = item_of(record)
        assert strict.metric_name(item) == "MRA" or sample.format == "sentence"
        assert strict.score(item, record["conversations"][1]["value"]) == 1


def test_families_are_found_by_their_modules() -> None:
    shared = ("__init__", "_base", "registry", "attitude", "directions", "places", "sectors", "sides", "steps")
    assert {family.__module__.rpartition(".")[2] for family in registry.FAMILIES.values()} == {
        path.stem for path in Path(registry.__file__).parent.glob("*.py") if path.stem not in shared
    }
    assert all(issubclass(family, Family) for family in registry.FAMILIES.values())
