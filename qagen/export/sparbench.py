"""lmms-eval: records with SPAR-Bench's columns as the split ``test`` in parquet, and a task that runs on them.

Rows keep the order of ``id``; the scorers read task, question, answer and image.
"""

from collections import Counter
from typing import Any

import yaml

from qagen.export._job import Exporter, ExportJob
from qagen.export._samples import ExportSample
from qagen.export._text import command
from qagen.records.card import Card, Config, Split, datasets_of, field_table, table, titles_of
from qagen.records.shards import ParquetShards, to_image
from qagen.records.sparbench import CHOICE_TASKS, FEATURES, MEANINGS, NUMBER_TASKS, VIEW_CHANGE, is_asked

TASK = "qagen_sparbench"
UTILS = """from functools import partial

from lmms_eval.tasks.sparbench import utils
from lmms_eval.tasks.sparbench.utils import *

utils.partial = partial  # release 0.7.3 forgets this import, and then scores every number 0
"""


def write(job: ExportJob) -> str:
    """Write the shards and the folder ``lmms_task``."""
    with ParquetShards(job.folder / "data", "test", FEATURES) as shards:
        for number, (sample, images) in enumerate(job.embedded(job.sources)):
            shards.write(_row(number, sample, images), sum(map(len, images)))
    _card(job, shards).write(job.folder)
    job.write_text(f"lmms_task/{TASK}.yaml", _task(job))
    job.write_text("lmms_task/utils.py", UTILS)
    return f"lmms_eval --include_path {job.home / 'lmms_task'} --tasks {TASK}"


def _row(number: int, sample: ExportSample, images: list[bytes]) -> dict[str, Any]:
    return {
        "id": number,
        "img_type": "multi_view" if len(images) > 1 else "single_view",
        "format_type": sample.format,
        "task": sample.type,
        "source": sample.dataset,
        "image": [to_image(picture.name, image) for picture, image in zip(sample.pictures, images, strict=True)],
        "question": sample.question,
        "answer": sample.answer,
    }


def _card(job: ExportJob, shards: ParquetShards) -> Card:
    datasets = datasets_of(job.homes)
    counts: Counter[str] = Counter()
    for source in job.sources:
        counts[source.file.type] += source.count
    stored = sum(path.stat().st_size for path in shards.shards)
    split = Split("test", "data/test-*.parquet", shards.rows, shards.memory_bytes, stored)
    return Card(
        title=f"Spatial questions about {titles_of(datasets)}, as SPAR-Bench",
        summary=f"{shards.rows} questions in the columns of SPAR-Bench; none is SPAR-Bench's own. Marks are drawn on "
        "the images.",
        datasets=datasets,
        runs=job.homes,
        samples=shards.rows,
        configs=[Config("default", (split,), FEATURES)],
        fields=field_table(MEANINGS),
        counts=table(["task", "questions"], sorted(counts.items())),
        usage='print(row["question"], row["answer"])',
        command=command("sparbench", job),
        tags=["benchmark"],
    )


# --- lmms-eval's task -------------------------------------------------------------------------------------------------


class _Function(str):
    """A function of ``utils.py``, written as ``!function utils.name``."""


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(_Function, lambda dumper, name: dumper.represent_scalar("!function", f"utils.{name}", ""))


def _task(job: ExportJob) -> str:
    """The settings of lmms-eval's SPAR-Bench task, for the exported files."""
    task = {
        "task": TASK,
        "dataset_path": "parquet",
        "dataset_kwargs": {"data_files": {"test": str(job.home / "data" / "test-*.parquet")}},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_visual": _Function("sparbench_doc_to_visual"),
        "doc_to_text": _Function("sparbench_doc_to_text"),
        "doc_to_target": "answer",
        "generation_kwargs": {
            "max_new_tokens": 100,
            "temperature": 0,
            "top_p": 1.0,
            "num_beams": 1,
            "do_sample": False,
        },
        "process_results": _Function("sparbench_process_results"),
        "metric_list": _metrics(),
        "lmms_eval_specific_kwargs": {"default": {"pre_prompt": "", "na_post_prompt": ""}},
        "metadata": [{"version": 0.0}],
    }
    return yaml.dump(task, Dumper=_Dumper, sort_keys=False, width=1000)


def _metrics() -> list[dict[str, Any]]:
    names = {"sparbench_score": "results"}
    names |= {f"{task}_accuracy": task for task in CHOICE_TASKS}
    names |= {task: task for task in NUMBER_TASKS}
    names |= {f"{VIEW_CHANGE}_vci_metric": VIEW_CHANGE, "high": "high", "middle": "middle", "low": "low"}
    return [
        {"metric": metric, "aggregation": _Function(f"sparbench_aggregate_{name}"), "higher_is_better": True}
        for metric, name in names.items()
    ]


EXPORTER = Exporter(write, is_asked, needs_marks=True, is_scored=True)
