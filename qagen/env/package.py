"""An environment as a Python package, as ``verifiers`` and its hub of environments take it."""

import keyword
import re
from collections.abc import Sequence
from pathlib import Path

from qagen import __version__
from qagen.api.run import OpenRun
from qagen.errors import ConfigError, QagenError
from qagen.files import atomic_folder, write_atomic
from qagen.records.images import image_path, read_image
from qagen.records.read import RecordFile, read_records

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "0.1.0"
description = "{about}"
requires-python = ">=3.11"
dependencies = ["verifiers>=0.4,<0.5", "spatial-qagen"]
tags = ["spatial-reasoning", "vision", "single-turn", "train", "eval"]

[tool.hatch.build.targets.wheel]
packages = ["{module}"]
"""
INIT = '''\
"""{about}"""

from pathlib import Path

from qagen.env.taskset import SpatialTaskset


class Taskset(SpatialTaskset):
    """{about}"""

    RUN = {run}


__all__ = ["Taskset"]
'''
README = """\
# {name}

{about} Written by qagen {version} (`qagen env`).

```bash
pip install -e .
vf-eval {name} --env.agent.harness.id null -n 20 -m MODEL
vf-validate {name} --runtime.type subprocess -n 20
```

* **Prompt**: images with the marks that the question names, as data URLs, then the text.
* **Reward**: qagen's strict score of the last reply, 0 to 1. Metric `unread`: no answer could be read surely.
* **Options**, under `--env.taskset.`: `tasks`, `formats`, `scenes`, `easiest`, `hardest` (difficulty, 0 to 1), `seed`;
  `run` asks the samples of another run, `root` with `dataset` asks scenes of your own without end.
{licence}"""
LICENCE = """
The images in `{module}/run` are those of {datasets}. Their licences say whether you may pass them on.
"""


def module_name(folder: Path) -> str:
    """The name of the module in a package's folder. Raises ConfigError where the folder's name cannot be one."""
    name = folder.name.replace("-", "_").lower()
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name) or name in ("qagen", "verifiers"):
        raise ConfigError(f"--out: {folder}: found the name '{folder.name}', expected letters, digits and - or _")
    return name


def write_package(folder: Path, run: OpenRun | None, files: Sequence[RecordFile]) -> None:
    """Write the package: of files of a run with their images, or of none, to stream from scenes.

    Raises:
        QagenError: the folder exists or has no name for a module, or a file or an image cannot be read.
    """
    module = module_name(folder)
    datasets = sorted({file.dataset.resolve().name for file in files})
    of = f"a run of {', '.join(datasets)}" if run else "scenes, without end"
    words = {
        "name": module.replace("_", "-"),
        "module": module,
        "about": f"Spatial questions about images of {of}.",
        "version": __version__,
        "run": 'Path(__file__).parent / "run"' if run else "None",
        "licence": LICENCE.format(module=module, datasets=", ".join(datasets)) if run else "",
    }
    init = INIT if run else INIT.replace("from pathlib import Path\n\n", "")
    with atomic_folder(folder) as unfinished:
        for name, text in (("pyproject.toml", PYPROJECT), ("README.md", README), (f"{module}/__init__.py", init)):
            write_atomic(unfinished / name, text.format(**words).encode())
        for file in files:
            _copy(file, unfinished / module / "run" / file.dataset.resolve().name)


def _copy(file: RecordFile, home: Path) -> None:
    """Records, evidence and images of one file."""
    for path in (file.path, file.evidence) if file.has_evidence else (file.path,):
        target = home / path.relative_to(file.dataset)
        write_atomic(target, path.read_bytes())
    for line, record in read_records(file):
        for name in record["image"]:
            try:
                source, target = image_path(file.dataset / "images", name), home / "images" / name
                if not target.exists():
                    write_atomic(target, read_image(source))
            except QagenError as error:
                raise QagenError(f"{line}: {error}") from error
