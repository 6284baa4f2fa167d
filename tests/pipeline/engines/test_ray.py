"""Ray: two nodes on this machine, one of them lost half-way."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from qagen.errors import ConfigError
from qagen.pipeline import run as pipeline
from qagen.pipeline.engines import make_engine
from qagen.pipeline.layout import Layout
from qagen.pipeline.report import SceneReport
from tests.pipeline.engines.jobs import shout
from tests.pipeline.test_run import make_job, run
from tests.scenes import at, looking, room
from tools.runs import contents

HOME = Path(__file__).resolve().parents[3]


def test_ray_is_asked_for_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"--engine ray: Ray is not installed; pip install 'spatial-qagen\[ray\]'"):
        list(make_engine("ray", 1, None)(shout, ["a"]))


@pytest.mark.slow
def test_a_node_that_is_lost_costs_no_scene_and_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("PYTHONPATH", str(HOME))
    boxes = {"chair": [at(0, 3, 1.5), at(0.8, 3, 1.5)], "table": at(-0.5, 3, 1.5)}
    scene = room(boxes, [looking("+y"), looking("+y", at=(1, 0.3, 1.5), left_deg=20)])
    names = [f"room{i:02}" for i in range(16)]
    here = make_job(tmp_path, scene, per_scene=2, tasks=["position_matching"])
    there = replace(here, layout=Layout(tmp_path / "out" / "cluster", "train"))
    run(here, names)
    outcomes = []
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        second = cluster.add_node(num_cpus=1)

        def lose_a_node(outcome: SceneReport) -> None:
            outcomes.append(outcome)
            if len(outcomes) == 4:
                cluster.remove_node(second, allow_graceful=False)

        plan = pipeline.prepare(there, names)
        pipeline.write_scenes(there, plan, make_engine("ray", None, cluster.address), False, lose_a_node)
    finally:
        cluster.shutdown()
    pipeline.merge(there, names, plan.settings)
    assert {outcome.scene: outcome.error for outcome in outcomes} == dict.fromkeys(names)
    assert contents(there.layout.root) == contents(here.layout.root)
