"""Write docs/posed.schema.json, the JSON Schema of scene.json, from the loader's own types."""

from pathlib import Path

import msgspec

from qagen.loaders.posed.schema import SceneFile

SCHEMA = Path(__file__).resolve().parent.parent / "docs" / "posed.schema.json"


def schema_text() -> str:
    """The schema, indented."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(SceneFile)}
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(schema_text(), encoding="utf-8")
