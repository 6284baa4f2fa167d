"""Write the JSON Schemas of docs/: scene.json from the loader's own types; records, evidence and reports from the names
that the code has for columns, formats, units and settings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from qagen.core.sample import FORMATS, ORIGINAL, UNANSWERABLE, VARIANTS
from qagen.loaders.posed.schema import SceneFile
from qagen.pipeline.config import RunConfig
from qagen.records.marks import NAMED_COLORS
from qagen.tasks._base import TaskConfig
from qagen.wording.formats import LETTERS

DOCS = Path(__file__).resolve().parent.parent / "docs"
SCHEMA = DOCS / "posed.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

TEXT, WHOLE, NUMBER = {"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "number"}
SHARE = {"type": "number", "minimum": 0, "maximum": 1}
COUNTS = {"type": "object", "additionalProperties": WHOLE}


def listed(items: Any, least: int = 0, most: int | None = None, **more: Any) -> dict[str, Any]:
    """A list of values of one kind."""
    return {"type": "array", "items": items, "minItems": least} | ({} if most is None else {"maxItems": most}) | more


def record(required: dict[str, Any], optional: Mapping[str, Any] = {}, **more: Any) -> dict[str, Any]:
    """An object with these keys and no others."""
    properties = {**required, **optional}
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


VECTOR = listed(NUMBER, 3, 3)
THOUSANDTH = {"type": "integer", "minimum": 0, "maximum": 1000}
PLACES = {
    "point": listed(THOUSANDTH, 2, 2, description="x, y in thousandths of the image's width and height"),
    "bbox": listed(THOUSANDTH, 4, 4, description="x1, y1, x2, y2 in thousandths"),
    "mask": listed(WHOLE, 3, description="height, width, lengths of runs, the first of them outside"),
}
"""A mark by its kind."""
GROUP = record(
    {"id": TEXT, "variant": {"enum": [ORIGINAL, UNANSWERABLE, *VARIANTS]}},
    {"answer_map": {"type": "object", "properties": {"rule": TEXT}, "required": ["rule"]}},
)
RUN = {"seed": WHOLE, "qagen": TEXT, "config": {"type": "string", "description": "hash of config and task types"}}


def record_schema() -> dict[str, Any]:
    """One line of qa_jsonl."""
    turn = {speaker: record({"from": {"const": speaker}, "value": TEXT}) for speaker in ("human", "gpt")}
    marks: dict[str, Any] = {}
    for kind, place in PLACES.items():
        colored = {"anyOf": [listed(place, 1, 1), {"type": "null"}], "description": "null where none has this color"}
        marks |= {f"{color}_{kind}": colored for color in NAMED_COLORS}
        marks[f"{kind}_list"] = {"anyOf": [listed(listed(place, 1), 1, 1), {"type": "null"}]}
        marks[f"{kind}_img_idx"] = {"anyOf": [listed(listed(WHOLE, 1), 1, 1), {"type": "null"}]}
    conversations = {"type": "array", "prefixItems": [turn["human"], turn["gpt"]], "items": False, "minItems": 2}
    images = listed(TEXT, 1, description="paths below images/")
    return record(
        {"id": TEXT, "conversations": conversations, "image": images, "type": TEXT}, {"depth": images} | marks
    )


def evidence_schema() -> dict[str, Any]:
    """One line of evidence_jsonl."""
    identity = {"color": TEXT, "alias": TEXT, "image": WHOLE, "id": WHOLE, "label": TEXT}
    seen = {"visible_fraction": SHARE, "visible_pixels": {"type": "number", "minimum": 0}}
    turned = {"yaw_deg": NUMBER, "axes": listed(VECTOR, 3, 3)}
    lengths = {
        name: VECTOR for unit in ("m", "u") for name in (f"center_{unit}", f"size_{unit}", f"center_in_camera_{unit}")
    }
    marked = record(
        identity | seen,
        turned | lengths,
        anyOf=[{"required": [f"center_{unit}", f"size_{unit}", f"center_in_camera_{unit}"]} for unit in ("m", "u")],
        oneOf=[{"required": ["yaw_deg"]}, {"required": ["axes"]}],
        description="lengths in meters (_m), or in the data's own unit where nobody knows the scale (_u)",
    )
    place = record({"color": TEXT, "image": WHOLE, "place": PLACES["point"]})
    step = {
        "type": "object",
        "properties": {"step": TEXT, "form": TEXT, "says": TEXT},
        "required": ["step", "form", "says"],
        "description": "further keys are the numbers and names that the sentence says",
    }
    added = record({}, {"options": listed(TEXT, 2, len(LETTERS)), "claim": TEXT})
    scene = {"id": TEXT, "scene": TEXT, "type": TEXT, "format": {"enum": list(FORMATS)}, "frames": listed(TEXT, 1)}
    told = {
        "answer": TEXT,
        "unit": {"anyOf": [TEXT, {"type": "null"}], "description": "null where nobody knows the scale"},
        "measured": {"type": "object", "description": "names end in the unit: _m, _m2, _u, _u2, _deg"},
        "margin": NUMBER,
        "margin_unit": {"enum": ["m", "u", "deg", "fraction"]},
        "added": added,
        "rationale": listed(step),
    }
    return record(scene | {"objects": listed(marked)} | told | RUN, {"places": listed(place, 1), "group": GROUP})


def report_schema() -> dict[str, Any]:
    """report.json."""
    samples = {"type": "object", "propertyNames": {"enum": list(FORMATS)}, "additionalProperties": WHOLE}
    pairs = record({"wanted": WHOLE, "written": WHOLE})
    task = record({"samples": samples, "askable": WHOLE, "skips": COUNTS, "balanced_out": COUNTS}, {"pairs": pairs})
    unit = {"anyOf": [TEXT, {"type": "null"}]}
    counted = {"frames": WHOLE, "objects": WHOLE, "left_out": COUNTS, "scale": NUMBER, "unit": unit}
    done = record(counted | {"samples": {"type": "object", "additionalProperties": samples}})
    excluded = record({"file": TEXT, "ids": WHOLE, "scenes": listed(TEXT), "unmatched": WHOLE})
    common = TaskConfig.model_json_schema()
    task_config = {"type": "object", "properties": common["properties"], "required": common["required"]}
    settings = RunConfig.model_json_schema(mode="serialization", ref_template="#/$defs/{model}")
    definitions = settings.pop("$defs", {}) | common.get("$defs", {})
    report = record(
        {"dataset": TEXT, "split": TEXT}
        | RUN
        | {
            "versions": {"type": "object", "additionalProperties": TEXT},
            "run": settings,
            "excluded": listed(excluded),
            "tasks": {"type": "object", "additionalProperties": task},
            "reasons": {"type": "object", "additionalProperties": TEXT},
            "scenes": {"type": "object", "additionalProperties": {"oneOf": [done, record({"error": TEXT})]}},
            "task_configs": {"type": "object", "additionalProperties": task_config},
        }
    )
    return report | ({"$defs": definitions} if definitions else {})


def schema_texts() -> dict[str, str]:
    """All schemas, indented, by the names of their files."""
    schemas = {
        "posed": msgspec.json.schema(SceneFile),
        "record": {"title": "A record of qagen, as SPAR's trainers read it", **record_schema()},
        "evidence": {"title": "What the answer of a record of qagen follows from", **evidence_schema()},
        "report": {"title": "report.json of a run of qagen", **report_schema()},
    }
    return {
        f"{name}.schema.json": msgspec.json.format(
            msgspec.json.encode({"$schema": DIALECT, **schema}), indent=2
        ).decode()
        + "\n"
        for name, schema in schemas.items()
    }


if __name__ == "__main__":
    for file_name, text in schema_texts().items():
        (DOCS / file_name).write_text(text, encoding="utf-8")
