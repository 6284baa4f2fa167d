"""``qagen spacevista check``: what a file holds, and which items cannot be used."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from qagen import cli
from qagen.core.reasons import UNLIKE_ITS_FORM
from qagen.spacevista.draw import place_item
from qagen.spacevista.forms import CHILDREN, FLAT_KEYS, STRINGIFIED, Item, ItemError, form_of, view
from qagen.spacevista.frames import MediaRoot
from qagen.spacevista.point_order import decide_point_order
from qagen.spacevista.rewrite import fault_of
from qagen.spacevista.stream import read_items

MAX_NAMES = 1000
"""Different task types, input types or unknown keys that are counted one by one."""
MAX_ROWS = 20
"""Rows of a table without --all."""
MAX_WIDTH = 40
PLURALS = {"point": "points", "bbox": "boxes", "mask": "masks"}
OTHERS = "others"
TASKS = {
    "EXISTENCE", "COMPARISON_HEIGHT", "COMPARISON_WIDTH", "POSITION_ACROSS_FRAME", "APPEAR_ORDER", "CAMERA_MOVING",
    "SPATIAL_RELATION", "OBJECT_MATCHING", "COUNTING", "OBJECT_COUNTING", "DEPTH_all", "DEPTH", "HEIGHT", "WIDTH",
    "OBJECT_DISTANCE", "OBJECT_ROTATION", "ROOM_SIZE", "OBJECT_RELATIVE_DISTANCE", "CAMERA_ROTATION",
}  # fmt: skip
"""Task types that the published evaluation knows."""
FACTS = {"scene_source", "original_id", "category", "scale", "point_order"}
ANNOTATED = {"id", "input_type", "videos", "annotations", "metadata"}
MARK = {"coords", "image_index", "color"}
MASK = {"image_path", "mask_path", "object_ids", "color"}
KNOWN: dict[str, dict[str, set[str]]] = {
    "nested": {
        "": {"problem_id", "messages", "videos", "extra_info"},
        "extra_info": {"task_type", "input_type", "as_full", *FACTS, *CHILDREN, *FLAT_KEYS, STRINGIFIED},
        **{f"extra_info.{key}": set(names) for key, (_, names) in CHILDREN.items()},
    },
    "full": {
        "": {*ANNOTATED, "messages", "question", "answer"},
        "metadata": {"original_type", "as_nested", *FACTS},
        "annotations": {"points", "bboxes", "masks", "dual_bbox"},
        "annotations.points": MARK,
        "annotations.bboxes": MARK,
        "annotations.masks": MASK,
        "annotations.dual_bbox": {"source_image", "source_bbox", "target_image", "target_bboxes"},
    },
    "old eval": {
        "": {
            "Question Number", "Scene Source", "Frames Path", "Question", "Question Type", "options", "Answer",
            "TaskType",
        }
    },
    "results": {
        "": {
            "id", "input_type", "category", "scale", "original_type", "question", "ground_truth", "predicted_answer",
            "answer_type", "num_frames_sent",
        }
    },
}  # fmt: skip
"""Keys of each form, by the object that holds them."""
KNOWN |= {"flat": KNOWN["nested"], "bench": KNOWN["full"]}


@dataclass
class Counts:
    """What a file holds."""

    forms: Counter[str] = field(default_factory=Counter)
    inputs: Counter[str] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    prompts: Counter[str] = field(default_factory=Counter)
    frames: int = 0

    def add(self, item: Item) -> None:
        """Count an item that can be used."""
        _count(self.inputs, item.input_kind or "(none)")
        _count(self.tasks, item.task or "(none)")
        self.frames += len(item.frames)
        self.prompts.update(prompt.kind for prompt in item.prompts)


def _count(counter: Counter[str], name: str) -> None:
    name = cli.printable(name)
    name = name if len(name) <= MAX_WIDTH else f"{name[:MAX_WIDTH]} …"
    counter[name if name in counter or len(counter) < MAX_NAMES else OTHERS] += 1


@cli.command(
    "qagen spacevista check meta.json",
    "qagen spacevista check all.json --root /data/SpaceVista --all",
    "qagen spacevista check results_model.jsonl",
)
@click.argument("source", metavar="FILE", type=cli.PATH)
@cli.path_option("--root", metavar="MEDIA", help="Folder of the frames and masks, to look at them too.")
@cli.all_option("items")
def main(source: Path, root: Path | None, lists_all: bool) -> int:
    """Count the items of FILE by form, input type and task type, and list those that cannot be used, by reason.

    FILE is a list of items in any form of SpaceVista, or lines of an evaluation (.jsonl). Keys and task types that
    SpaceVista's programs do not know are counted; they are no fault. With --root, all frames must be there, all prompts
    inside of their frames, and all masks must fit.

    Exit codes: 0: all items can be used. 1: some cannot. 2: a mistake in the options, or no list of items.
    """
    cli.check_root(root)
    media = None if root is None else MediaRoot(root)
    counts, faults = _check(source, media)
    n_items = counts.forms.total()
    cli.show(f"{n_items:,} items, {n_items - len(faults):,} of them can be used")
    cli.show(", ".join(f"{n:,} {form}" for form, n in counts.forms.most_common()) or "no form")
    marks = "".join(f", {n:,} {PLURALS[kind]}" for kind, n in counts.prompts.most_common())
    cli.show(f"{counts.frames:,} frames named{marks}")
    _show_table("input type", counts.inputs, lists_all)
    _show_table("task type", Counter({_task_name(name): n for name, n in counts.tasks.items()}), lists_all)
    _show_table("unknown key", counts.unknown, lists_all)
    cli.show_faults(faults, lists_all)
    if len(faults) < n_items:
        _next_step(source, root, counts)
    return 1 if faults else 0


def _check(source: Path, media: MediaRoot | None) -> tuple[Counts, list[cli.Fault]]:
    counts, faults = Counts(), list[cli.Fault]()
    order = decide_point_order(source, media)
    with cli.progress(f"Checking {source.name}", source.stat().st_size) as bar:
        for entry in read_items(source, bar):
            form = form_of(entry.value)
            counts.forms[form] += 1
            try:
                item = view(entry.item(), form, order)
                if media and item.frames:
                    place_item(item, media)
                counts.add(item)
                for key in unknown_keys(entry.value, KNOWN[form]):
                    _count(counts.unknown, key)
            except ItemError as error:
                faults.append(fault_of(source, entry, error))
            except RecursionError:
                faults.append((UNLIKE_ITS_FORM, entry.name, "found brackets nested too deeply"))
    return counts, faults


def unknown_keys(value: Any, known: dict[str, set[str]], holder: str = "") -> Iterator[str]:
    """Keys that SpaceVista's programs do not know, with the objects that hold them: ``extra_info.unit``."""
    if isinstance(value, list):
        for part in value:
            yield from unknown_keys(part, known, holder)
    elif isinstance(value, dict) and holder in known:
        for key, inner in value.items():
            path = f"{holder}.{key}" if holder else key
            if key not in known[holder]:
                yield path
            elif path in known:
                yield from unknown_keys(inner, known, path)


def _task_name(name: str) -> str:
    return name if name in TASKS or name in ("(none)", OTHERS) else f"{name} (unknown)"


def _show_table(head: str, counts: Counter[str], lists_all: bool) -> None:
    """A table of names and their counts, the most frequent first; nothing where there are none."""
    if not counts:
        return
    table = cli.table(head, "items", justify="right")
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    for name, n in rows if lists_all else rows[:MAX_ROWS]:
        table.add_row(name, f"{n:,}")
    cli.show(table)
    if len(rows) > MAX_ROWS and not lists_all:
        cli.show(f"and {len(rows) - MAX_ROWS} more, which --all lists")


def _next_step(source: Path, root: Path | None, counts: Counts) -> None:
    if not counts.frames:
        cli.next_step("score", "--help")
    elif root is None:
        cli.next_step("spacevista", "check", source, "--root", "MEDIA")  # looks at frames and masks too
    else:
        cli.next_step("spacevista", "show", source, "--root", root, "--html", "items.html")


if __name__ == "__main__":
    main()
