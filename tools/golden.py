"""Renew the golden records: ``python -m tools.golden``. Read the diff before you commit it."""

import json
import tempfile
from pathlib import Path

from tools.runs import generate, generate_missing

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "golden" / "records.jsonl"
PER_SCENE = 6


def golden_records(out: Path) -> list[str]:
    """The record of the lowest number of every type and format, in order, as lines of JSON."""
    lines = []
    for path in sorted(out.glob("scannet/qa_jsonl/train/*/*/*.jsonl")):
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        first = min(records, key=lambda record: int(record["id"].rpartition("_")[2]))
        lines.append(json.dumps(first, ensure_ascii=False))
    return lines


def main() -> None:
    """Replace the golden records."""
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder) / "apartment", Path(folder) / "desk"
        options = ("--per-scene", str(PER_SCENE), "--media", "none")
        generate(runs[0], *options).check_returncode()
        generate_missing(runs[1], runs[0], *options)
        lines = [line for run in runs for line in golden_records(run)]
        GOLDEN.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
