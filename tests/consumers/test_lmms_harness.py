# pyright: reportMissingImports=false
"""lmms-eval as a whole runs the task that the export brings along."""

import pytest

from tests.consumers.exports import export_of

pytest.importorskip("lmms_eval")
pytest.importorskip("torch")


def test_an_oracle_scores_100():
    from lmms_eval import evaluator
    from lmms_eval.api.model import lmms
    from lmms_eval.tasks import TaskManager

    class Oracle(lmms):
        """Answers with the answer, having looked at the images."""

        def generate_until(self, requests):
            return [self._answer(*request.args) for request in requests]

        def _answer(self, prompt, _settings, visual, index, task, split):
            row = self.task_dict[task][split][index]
            assert row["question"] in prompt
            assert len(visual(row)) == len(row["image"])
            return row["answer"]

        def loglikelihood(self, requests):
            raise NotImplementedError

        def generate_until_multi_round(self, requests):
            raise NotImplementedError

    tasks = TaskManager(include_path=str(export_of("sparbench") / "lmms_task"))
    found = evaluator.simple_evaluate(model=Oracle(), tasks=["qagen_sparbench"], task_manager=tasks, batch_size=1)
    assert found["results"]["qagen_sparbench"]["sparbench_score,none"] == pytest.approx(100)
