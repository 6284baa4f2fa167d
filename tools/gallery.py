"""Write GALLERY.md and its pictures from the demo: ``python -m tools.gallery``."""

import tempfile
from pathlib import Path

from qagen.files import TASK_CONFIGS
from qagen.records.read import find_record_files
from qagen.tasks.registry import known_types, load_task
from qagen.view.picture import draw_sample
from qagen.view.samples import SampleSelection, ViewSample, choose_samples, load_sample
from tools.runs import generate, generate_missing

HOME = Path(__file__).resolve().parent.parent
PICTURES = HOME / "docs" / "gallery"
WIDTH_PX = 900
JPEG_QUALITY = 80
HEAD = """# Gallery

Every task type, with the YAML that makes it and one sample of each format, all from the built-in demos: the apartment,
and for questions about motion the desk. The picture shows the first sample. Written by `python -m tools.gallery`.
"""


WAYS_TYPE = "distance_prediction_oo"
WAYS = {"mask": "fill", "bbox": "select", "none": "sentence"}
"""Ways to point at objects besides that of the type, each shown in a format."""
WAYS_HEAD = """## Other ways to point at objects

Any type takes the key `mark` (docs/marks.md).
"""


def main() -> None:
    """Generate from the demo, draw one picture a type, and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder) / "apartment", Path(folder) / "desk"
        generate(runs[0], "--per-scene", "20").check_returncode()
        generate_missing(runs[1], runs[0], "--per-scene", "20")
        files = [file for run in runs if run.is_dir() for file in find_record_files(run)]
        samples = [load_sample(line) for line in choose_samples(files, SampleSelection(seed=1))]
        PICTURES.mkdir(parents=True, exist_ok=True)
        pages = [page(name, [s for s in samples if s.line.file.type == name]) for name in known_types()]
        pages += [WAYS_HEAD, *(way(kind, answer_format, Path(folder) / kind) for kind, answer_format in WAYS.items())]
    (HOME / "GALLERY.md").write_text("\n".join([HEAD, *pages]), encoding="utf-8")


def page(type_name: str, samples: list[ViewSample]) -> str:
    """The section of one type; also writes its picture."""
    level = load_task(type_name).config.level
    draw_sample(samples[0], WIDTH_PX).convert("RGB").save(PICTURES / f"{type_name}.jpg", quality=JPEG_QUALITY)
    config = (TASK_CONFIGS / f"{type_name}.yaml").read_text(encoding="utf-8")
    head = [f"## {type_name}", f"Level: {level}.", f"![{type_name}](docs/gallery/{type_name}.jpg)"]
    texts = [
        f"**{sample.line.file.format}** · `{sample.line.id}`\n\n```text\n"
        + "\n".join(f"{turn.speaker}: {turn.value}" for turn in sample.turns)
        + "\n```"
        for sample in samples
    ]
    return "\n\n".join([*head, f"```yaml\n{config}```", *texts]) + "\n"


def way(kind: str, answer_format: str, folder: Path) -> str:
    """The sample of another way to point at objects; also writes its picture."""
    folder.mkdir()
    config = f"overrides: {{{WAYS_TYPE}: {{mark: {kind}}}}}\n"
    (folder / "run.yaml").write_text(config, encoding="utf-8")
    options = ("--config", str(folder / "run.yaml"), "--tasks", WAYS_TYPE, "--per-scene", "20")
    generate(folder / "out", *options).check_returncode()
    files = [file for file in find_record_files(folder / "out") if file.format == answer_format]
    sample = load_sample(choose_samples(files, SampleSelection(seed=1))[0])
    draw_sample(sample, WIDTH_PX).convert("RGB").save(PICTURES / f"mark_{kind}.jpg", quality=JPEG_QUALITY)
    turns = "\n".join(f"{turn.speaker}: {turn.value}" for turn in sample.turns)
    head = [f"### mark: {kind}", f"![mark: {kind}](docs/gallery/mark_{kind}.jpg)", f"```yaml\n{config}```"]
    return "\n\n".join([*head, f"**{answer_format}** · `{sample.line.id}`\n\n```text\n{turns}\n```"]) + "\n"


if __name__ == "__main__":
    main()
