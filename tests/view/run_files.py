"""A small run written by hand, for pages."""

import json
from pathlib import Path
from typing import Any

EVIL = "</script><img src=x onerror=alert(1)>"


def record(number: int, answer: str, **keys: Any) -> dict[str, Any]:
    turns = [{"from": "human", "value": f"How far is the lamp? {EVIL}"}, {"from": "gpt", "value": answer}]
    return {"id": f"room_{number}", "conversations": turns, "image": ["room/0.png"], **keys}


def evidence(number: int, answer: str) -> dict[str, Any]:
    item = {"color": "red", "alias": "", "image": 0, "id": 7, "label": EVIL, "center_in_camera_m": [0.0, 0.0, 2.2]}
    facts = {"objects": [item], "measured": {"distance_m": 2.2}, "margin": 0.3, "margin_unit": "m"}
    return {"id": f"room_{number}", "scene": "room", "answer": answer, **facts}


def write_tree(out: Path, tree: str, type_name: str, answer_format: str, lines: list[dict[str, Any]]) -> None:
    path = out / "lab" / tree / "train" / type_name / answer_format / f"{answer_format}_{len(lines)}.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def write(out: Path, type_name: str, answer_format: str, answers: list[str], facts: list[str], **keys: Any) -> None:
    records = [record(i, answer, type=type_name, **keys) for i, answer in enumerate(answers)]
    write_tree(out, "qa_jsonl", type_name, answer_format, records)
    write_tree(out, "evidence_jsonl", type_name, answer_format, [evidence(i, fact) for i, fact in enumerate(facts)])
