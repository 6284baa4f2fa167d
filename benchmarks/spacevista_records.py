"""Speed and memory of reading and rewriting SpaceVista's records: ``python -m benchmarks.spacevista_records``."""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.stopwatch import markdown

ITEMS = 218_320
"""Items of the official preview, which has 1,172,500,860 bytes."""
WORDS = tuple("abcdefghijklmnopqrstuvwxyz"[n % 26] * (n % 7 + 2) for n in range(97))
TASKS = ("DEPTH", "HEIGHT", "COUNTING", "OBJECT_DISTANCE", "OBJECT_MATCHING", "POSITION_ACROSS_FRAME")


def make_items(number: int) -> Iterator[dict[str, Any]]:
    """Items like those of the preview: 16 to 32 frames, a rationale, and one of four kinds of prompts; 5.4 kB each."""
    rng = np.random.default_rng(0)
    for index in range(number):
        scene = f"scannetpp/data/{rng.integers(1 << 40):010x}/dslr/resized_undistorted_images_8"
        frames = [f"/mnt/data/spacevista/{scene}/DSC{n:05d}.JPG" for n in range(int(rng.integers(16, 33)))]
        thought = " ".join(rng.choice(WORDS, 260).tolist())
        answer = f"<think>{thought}</think><answer>{rng.integers(1, 400)}</answer>"
        question = "<video>" + " ".join(rng.choice(WORDS, 60).tolist())
        yield {
            "problem_id": f"v2_{index}",
            "messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}],
            "videos": [frames],
            "extra_info": {"task_type": TASKS[index % len(TASKS)], **_prompt(index % 4, frames, rng)},
        }


def _prompt(kind: int, frames: list[str], rng: np.random.Generator) -> dict[str, Any]:
    """A prompt of one of the kinds in an image of 876 x 584 pixels."""
    boxes = [dict(zip(("x1", "y1", "x2", "y2"), row, strict=True)) for row in _boxes(rng)]
    match kind:
        case 0:
            point = rng.integers(0, 584, 2).tolist()
            return {"input_type": "Image+point+text", "input_point": {"image_path": frames[3], "points": [point]}}
        case 1:
            return {"input_type": "Image+bbox+text", "input_bbox": {"image_path": frames[5], "bboxes": boxes[:2]}}
        case 2:
            pair = {
                "image_path_1": frames[0],
                "bbox_1": boxes[0],
                "image_path_2": frames[-1],
                "bboxes_2": boxes[1:],
            }
            return {"input_type": "Image+bbox+text", "input_bbox": pair}
    mask = {"image_path": frames[1], "mask_path": f"{frames[1]}.npy", "object_ids": [int(rng.integers(100))]}
    return {"input_type": "Image+mask+text", "input_mask": mask}


def _boxes(rng: np.random.Generator) -> list[list[float]]:
    corners = np.round(rng.uniform(0, 400, (5, 4)), 2)
    corners[:, 2:] += corners[:, :2] + 1
    return np.round(corners, 2).tolist()


def write_list(path: Path, number: int) -> None:
    """A JSON list as Python writes it, indented by 2 as the preview."""
    with path.open("w", encoding="utf-8") as file:
        for index, item in enumerate(make_items(number)):
            file.write("[\n" if index == 0 else ",\n")
            file.write(json.dumps(item, ensure_ascii=False, indent=2))
        file.write("\n]")


MEASURE = """
import resource, sys, time
from qagen.__main__ import main
start = time.process_time(), time.perf_counter()
try:
    main(sys.argv[1:])
except SystemExit as end:
    assert not end.code, end.code
usage = resource.getrusage(resource.RUSAGE_SELF)
print(time.process_time() - start[0], time.perf_counter() - start[1], usage.ru_maxrss / 1e3, file=sys.stderr)
"""


def measure(*words: str) -> tuple[float, float, float]:
    """CPU seconds, seconds and peak megabytes of a command."""
    command = [sys.executable, "-c", MEASURE, "spacevista", *words]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    cpu, wall, memory = run.stderr.splitlines()[-1].split()
    return float(cpu), float(wall), float(memory)


def json_alone(path: Path) -> float:
    """CPU seconds of decoding and encoding the whole list at once with Python's json: what the items cost at least."""
    start = time.process_time()
    json.dumps(json.loads(path.read_bytes()), ensure_ascii=False)
    return time.process_time() - start


@click.command()
@click.option("--items", "number", default=ITEMS, show_default=True, help="Items of the list.")
@click.option("--json/--no-json", "with_json", default=False, help="Also time Python's json, which needs 8 GB.")
def main(number: int, with_json: bool) -> None:
    """Time check, convert, flatten and nest on a made-up list of the official size."""
    with tempfile.TemporaryDirectory() as folder:
        nested, flat, full, back = (Path(folder) / f"{name}.json" for name in ("nested", "flat", "full", "back"))
        write_list(nested, number)
        size = nested.stat().st_size
        click.echo(f"{number:,} items, {size / 1e6:,.0f} MB, {size / number:,.0f} bytes each\n")
        rows = []
        for name, words in {
            "check": ["check", str(nested)],
            "flatten": ["flatten", str(nested), "--to", str(flat)],
            "flatten --reversible": ["flatten", str(nested), "--to", str(flat), "--reversible"],
            "nest": ["nest", str(flat), "--to", str(back)],
            "convert --as full": ["convert", str(nested), "--as", "full", "--to", str(full)],
            "convert --as nested": ["convert", str(full), "--as", "nested", "--to", str(back)],
        }.items():
            cpu, wall, memory = measure(*words)
            rows.append((name, f"{number / cpu:,.0f}", f"{number / wall:,.0f}", f"{memory:,.0f}"))
        if with_json:
            cpu = json_alone(nested)
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
            rows.append(("json of Python, all at once", f"{number / cpu:,.0f}", "", f"{memory:,.0f}"))
        click.echo(markdown(("command", "items a CPU second", "items a second", "peak MB"), rows))


if __name__ == "__main__":
    main()
