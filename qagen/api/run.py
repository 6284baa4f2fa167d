"""The output of ``qagen generate`` as a sequence of samples."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from qagen.api.sample import Content, QASample, Samples
from qagen.demo import demo_root
from qagen.errors import ConfigError, QagenError, did_you_mean
from qagen.files import decode_json
from qagen.records.images import image_path
from qagen.records.read import RecordFile, RecordLine, check_same_id, find_record_files, read_lines, read_pairs

if TYPE_CHECKING:
    import pandas as pd
    from datasets import Dataset

    from qagen.audit.run import Examiner

Folder = str | os.PathLike[str]


def open_run(folder: Folder, *, root: Folder | None = None) -> "OpenRun":
    """Open what ``qagen generate`` has written.

    Args:
        folder: its ``--out``, or the folder of one dataset in it.
        root: folder of the dataset, which ``check`` and ``audit`` read; the built-in demo by default.

    Raises:
        QagenError: there are no records.
    """
    return OpenRun(Path(folder), None if root is None else Path(root))


class OpenRun(Sequence[QASample]):
    """Samples of a run in the order of its files; each is read when it is looked at."""

    def __init__(self, folder: Path, root: Path | None) -> None:
        self.folder = folder
        """The run's folder."""
        self.files = find_record_files(folder)
        """Its files of records."""
        self._root = root
        self._examiners: dict[tuple[Path, str], Examiner] = {}

    @cached_property
    def _lines(self) -> list[RecordLine]:
        return [line for file in self.files for line in read_lines(file)]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {line.id: number for number, line in enumerate(self._lines)}

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, index: int | str) -> QASample: ...
    @overload
    def __getitem__(self, index: slice) -> Samples: ...
    def __getitem__(self, index: int | str | slice) -> QASample | Samples:
        """A sample by its number, which is its row in ``to_pandas``, or by its id; several by a slice."""
        if isinstance(index, slice):
            return Samples(map(self._sample, self._lines[index]))
        if isinstance(index, int):
            return self._sample(self._lines[index])
        if index not in self._numbers:
            raise KeyError(f"no record with id '{index}'.{did_you_mean(index, self._numbers)}")
        return self._sample(self._lines[self._numbers[index]])

    def __iter__(self) -> Iterator[QASample]:
        return map(self._sample, self._lines)

    def _sample(self, line: RecordLine) -> QASample:
        return QASample(line, partial(_read, line), partial(self._examiner_of, line))

    def _examiner_of(self, line: RecordLine) -> "Examiner":
        """What solves samples of a scene again; the last one is kept."""
        from qagen.audit.check_media import Media
        from qagen.audit.run import Examiner, read_scene
        from qagen.audit.scale import at_room_scale
        from qagen.audit.settings import RunSettings
        from qagen.audit.truth import SceneTruth

        key = line.file.dataset, line.scene
        if key not in self._examiners:
            settings = RunSettings.read(line.file.dataset / "report.json")
            found = read_scene(line.file.dataset.name, self._home(line.file.dataset.name), line.scene)
            truth = SceneTruth.of(at_room_scale(found, settings.scales.get(line.scene)))
            media = Media(line.file.dataset / "images")
            self._examiners = {key: Examiner(truth, media, settings=settings)}
        return self._examiners[key]

    def _home(self, dataset: str) -> Path:
        return self._root or demo_root(dataset)

    def to_pandas(self) -> "pd.DataFrame":
        """A row a sample, in order; the columns are those of ``Samples.to_pandas``. Reads all files.

        Raises:
            QagenError: a line cannot be read.
        """
        import pandas as pd

        rows = [_given(line, record, evidence).to_row() for line, record, evidence in self._pairs()]
        return pd.DataFrame(rows)

    def _pairs(self) -> Iterator[tuple[RecordLine, dict[str, Any], dict[str, Any]]]:
        for file in self.files:
            if file.has_evidence:
                yield from read_pairs(file)
            else:
                yield from ((line, line.read(), {}) for line in read_lines(file))

    def audit(self, tasks: str | Sequence[str] = (), n: int | None = None) -> "pd.DataFrame":
        """Solve records again, as ``qagen audit`` does, and count how many agree.

        Args:
            tasks: types or patterns, ``depth_*``; all by default.
            n: most records of each type and format.

        Returns:
            A row for each type and format: type, format, checked, agree, disagree, undecided, agreement, interval.

        Raises:
            QagenError: no type has this name, the run has several datasets, or a scene cannot be read.
        """
        import pandas as pd

        from qagen.audit.record_index import AuditSelection
        from qagen.audit.run import audit

        types = (tasks,) if isinstance(tasks, str) else tuple(tasks)
        result = audit(self.folder, self._home, AuditSelection(types=types, most=n))
        return pd.DataFrame(result.counts.rows)

    def to_trl(self) -> "Dataset":
        """The samples as a dataset for TRL's trainers; its rewards are ``qagen.score.reward_func``.

        Raises:
            ConfigError: the package datasets is not installed.
        """
        try:
            from qagen.api import trl_data
        except ModuleNotFoundError as error:
            raise ConfigError("to_trl: datasets is not installed, expected it; pip install datasets") from error
        return trl_data.of_run(self)

    def counts(self) -> "pd.DataFrame":
        """How many samples there are: a row a type, a column a format."""
        import pandas as pd

        counted = Counter((line.file.type, line.file.format) for line in self._lines)
        rows = [(*key, count) for key, count in counted.items()]
        frame = pd.DataFrame(rows, columns=["type", "format", "samples"])
        return frame.pivot(index="type", columns="format", values="samples").fillna(0).astype(int)

    def __repr__(self) -> str:
        types = len({file.type for file in self.files})
        return f"<{self.folder}: {len(self)} samples of {types} types>"

    def _repr_html_(self) -> str:
        first = [next(iter(group)) for _, group in groupby(self._lines, key=lambda line: line.file.type)]
        table = self.counts().to_html(border=0)
        return f"<div><b>{len(self)} samples of {len(first)} types</b>{table}</div>"


def _read(line: RecordLine) -> Content:
    record, evidence = line.read(), {}
    if line.file.has_evidence:
        evidence = _evidence_of(line.file, line)
    try:
        images = tuple(image_path(line.file.dataset / "images", name) for name in record["image"])
    except QagenError as error:
        raise QagenError(f"{line}: {error}") from error
    return Content(record, evidence, images)


def _evidence_of(file: RecordFile, line: RecordLine) -> dict[str, Any]:
    try:
        with file.evidence.open("rb") as stream:
            text = next(islice(stream, line.number - 1, None), b"null")
    except OSError as error:
        raise ConfigError(f"{file.evidence}: cannot be read ({error.strerror})") from error
    evidence = decode_json(text, dict[str, Any], f"{file.evidence}:{line.number}")
    check_same_id(evidence, line)
    return evidence


def _given(line: RecordLine, record: dict[str, Any], evidence: dict[str, Any]) -> QASample:
    return QASample(line, partial(Content, record, evidence, ()), _no_examiner)


def _no_examiner() -> "Examiner":
    raise AssertionError("only the row of the sample is wanted")
