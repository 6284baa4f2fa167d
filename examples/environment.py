"""A run as an environment for TRL: prompts with their images, and rewards of what a policy says."""

from typing import Any

import qagen
from qagen.score import reward_func

dataset = qagen.open_run("qagen_out").to_trl()
batch: Any = dataset[:8]
columns = {name: batch[name] for name in ("type", "question", "answer", "difficulty")}
print(len(batch["images"][0]), "images,", batch["question"][0])
for policy in (batch["answer"], ["B"] * 8, [" " * 100_000] * 8):
    print(reward_func(batch["prompt"], policy, **columns))
