"""Copies of a dataset in the posed layout, of another size or in another world."""

import json
import os
from pathlib import Path
from typing import Any

from qagen.loaders.posed.loader import METERS


def copy_posed(root: Path, to: Path, factor: float = 1.0, **changes: Any) -> Path:
    """Write a copy of every scene, of links to its files, whose lengths are ``factor`` times as large.

    ``changes`` are set in each scene.json; a key that is None there is removed.
    """
    for scene in sorted(path.parent for path in root.glob("*/scene.json")):
        for file in (path for path in scene.rglob("*") if path.is_file() and path.name != "scene.json"):
            link = to / file.relative_to(root)
            link.parent.mkdir(parents=True, exist_ok=True)
            os.link(file, link)
        content = json.loads((scene / "scene.json").read_text())
        units = content["units"]
        content["units"] = factor * (METERS[units] if isinstance(units, str) else units)
        if "depth" in content:
            content["depth"]["meters_per_unit"] *= factor
        content |= changes
        (to / scene.name / "scene.json").write_text(json.dumps(content))
    return to
