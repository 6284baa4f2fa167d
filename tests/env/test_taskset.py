# pyright: reportMissingImports=false
"""The taskset as ``verifiers`` itself loads, selects, validates and scores it."""

import asyncio
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("verifiers.v1", reason="verifiers is not installed")

import verifiers.v1 as vf
from verifiers.v1.utils.loaders import load_taskset, taskset_config_type

from qagen.env.taskset import SpatialConfig, SpatialTaskset
from tests.env.test_env import call, write_run


@pytest.fixture
def taskset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The taskset of a package, as verifiers finds it by its name."""
    assert call(write_run(tmp_path / "run"), "--out", tmp_path / "few-depths").exit_code == 0
    monkeypatch.syspath_prepend(tmp_path / "few-depths")
    yield load_taskset(taskset_config_type("few-depths")(id="few-depths"))
    sys.modules.pop("few_depths")


def test_a_package_is_found_by_its_name(taskset: Any):
    tasks = list(taskset)
    assert taskset.bounded
    assert [task.data.idx for task in tasks] == [0, 1, 2, 3, 4]
    assert len({task.key for task in tasks}) == 5
    assert [task.key for task in taskset] == [task.key for task in tasks]
    assert len(list(taskset.include(idx=["1:4"]).shuffle(0).take(2))) == 2


def test_a_prompt_has_the_images_before_the_text(taskset: Any):
    for task in taskset:
        (message,) = task.data.prompt
        *images, text = message.content
        assert len(images) == (2 if task.data.type == "existence_oc_mv" else 1)
        assert all(image.image_url.url.startswith("data:image/jpeg;base64,") for image in images)
        assert text.text == task.data.question == task.data.prompt_text


def scored(task: Any, reply: str) -> tuple[float, dict[str, float]]:
    """Reward and metrics that verifiers records for a reply."""
    agent = vf.AgentInfo(config=vf.AgentConfig(), name="agent", trainable=False)
    about = vf.TraceTask(type="SpatialTask", data=task.data, key=task.key, hash=task.hash)
    trace = vf.Trace(task=about, agent=agent, root_reply=reply)
    asyncio.run(task.score(trace))
    return trace.reward, trace.metrics


def test_true_answers_earn_1_and_hostile_replies_nothing(taskset: Any):
    for task in taskset:
        assert asyncio.run(task.validate(None))
        reply = f"<think>It may be 7.</think>The answer is {task.data.answer}"
        assert scored(task, reply) == (1, {"unread": 0})
        for reply in ("", " " * 1_000_000, "\0" * 5000, "<think>" * 5000, "answer" + "\n" * 100_000):
            assert scored(task, reply) == (0, {"unread": 1})


@pytest.mark.slow
def test_scenes_are_asked_without_end_and_alike_for_a_seed(demo: Path):
    settings: dict[str, Any] = {"root": str(demo), "tasks": ["depth_prediction_oc"], "formats": ["fill"]}
    taskset = SpatialTaskset(SpatialConfig(**settings, seed=4))
    assert not taskset.bounded
    keys = [task.key for task in taskset.take(450)]
    assert len(keys) == len(set(keys)) == 450
    assert [task.key for task in islice(taskset, 5)] == keys[:5]
    assert [task.key for task in SpatialTaskset(SpatialConfig(**settings, seed=5)).take(5)] != keys[:5]
