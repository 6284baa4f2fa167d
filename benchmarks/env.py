"""Rewards a second, and how often answers of each difficulty survive careless measurement.

    python -m benchmarks.env RUN [--root ROOT] [--noise 10] [--draws 3] [--n 600]

CPU seconds of this process, one thread. Rewards: the texts of a model that thinks aloud, eight for each question, as a
trainer asks for them. Survival: the independent re-solver of ``qagen audit`` answers again on copies of the scene whose
boxes, poses and depths are so many times as uncertain as measurements are.
"""

from pathlib import Path
from time import process_time

import click
import numpy as np

import qagen
from benchmarks.stopwatch import markdown
from qagen.audit import truth
from qagen.audit.solvers.registry import check_answer
from qagen.score import reward

GROUP = 8
"""Completions of each question."""
THOUGHTS = "The object seems to be a bit farther than the other one, by about 0.4 m. "
PARTS = ("value", "margin", "steps", "hidden")


@click.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True))
@click.option("--root", type=click.Path(path_type=Path, exists=True), help="[default: the demo]")
@click.option("--noise", default=10.0, show_default=True, help="How many times as uncertain as measurements.")
@click.option("--draws", default=3, show_default=True, help="Copies of the scene.")
@click.option("--n", "most", default=600, show_default=True, help="Samples that are solved again.")
def main(run: Path, root: Path | None, noise: float, draws: int, most: int) -> None:
    """Measure an environment."""
    opened = qagen.open_run(run, root=root)
    samples = list(opened)
    print(markdown(("completion", "rewards", "CPU s", "rewards/s"), rewards(samples)))
    print(
        markdown(
            ("part", "easiest third", "middle", "hardest third"),
            survival(samples[:: max(1, len(samples) // most)], noise, draws),
        )
    )


def rewards(samples: list[qagen.QASample]) -> list[tuple[str, ...]]:
    """Rows of rewards a second."""
    records = [sample.record for sample in samples]
    forms = {
        "the answer": "{}",
        "1,500 characters of thoughts and the answer": f"<think>{20 * THOUGHTS}</think>The answer is {{}}",
        "600 characters and a boxed answer": f"{8 * THOUGHTS}\nFinal answer: \\boxed{{{{{{}}}}}}",
    }
    rows = []
    for name, form in forms.items():
        texts = [form.format(sample.answer) for sample in samples]
        start = process_time()
        for record, text in zip(records, texts, strict=True):
            for _ in range(GROUP):
                reward(record, text)
        seconds, count = process_time() - start, GROUP * len(records)
        rows.append((name, str(count), f"{seconds:.1f}", f"{count / seconds:.0f}"))
    return rows


def survival(samples: list[qagen.QASample], noise: float, draws: int) -> list[tuple[str, ...]]:
    """Rows of shares of answers that hold, by thirds of the difficulty and of its parts."""
    held: dict[str, list[bool]] = {}
    for name in ("CENTER_NOISE_M", "POSE_NOISE_M", "POSE_NOISE_DEG", "DEPTH_NOISE"):
        setattr(truth, name, noise * getattr(truth, name))
    by_scene: dict[str, list[qagen.QASample]] = {}
    for sample in samples:
        by_scene.setdefault(sample.scene, []).append(sample)
    for scene, own in by_scene.items():
        for sample in own:
            sample.check()
        examiner = own[0]._examiner()
        for draw in range(draws):
            copy = examiner.truth.perturbed(np.random.default_rng([draw, *scene.encode()]))
            for one in examiner.resolved:
                checks = [check for check in check_answer(one.record, one.marks, copy) if check.holds is not None]
                if checks:
                    held.setdefault(one.record.evidence["id"], []).append(all(check.holds for check in checks))
    return [thirds(part, samples, held) for part in PARTS]


def thirds(part: str, samples: list[qagen.QASample], held: dict[str, list[bool]]) -> tuple[str, ...]:
    """Share of answers that hold in each third of the samples, in the order of a part of the difficulty."""
    values = {sample.id: getattr(sample.difficulty, part) for sample in samples if sample.id in held}
    order = sorted((value, name) for name, value in values.items() if value is not None)
    groups = np.array_split(np.array([name for _, name in order]), 3)
    return part, *(f"{np.mean([np.mean(held[str(name)]) for name in group]):.1%}" for group in groups)


if __name__ == "__main__":
    main()
