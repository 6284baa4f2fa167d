"""Checkpoints: what each finished scene leaves behind, so that a run may stop at any moment and resume later.

<out>/<dataset>/.parts/<split>/
    run.json                 the settings; a run with others is refused
    done/<scene>/lines       the scene's records and evidence, block by block, compressed
    done/<scene>/done.json   its manifest: settings, inputs, counts, checksum, report
    failed/<scene>.json      why a scene failed; the next run tries it again
    merged.json              what the merged files were made of
    tmp[-<shard>]/           scenes that are being written

A checkpoint appears by one rename, after the scene's images are in place. Checkpoints are kept after the merge, so that
scenes can be added, and a merge repeated, without redoing any other scene.
"""

import hashlib
import os
import shutil
import time
import uuid
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from qagen.errors import ConfigError
from qagen.files import write_atomic, writing
from qagen.pipeline.layout import Layout

LINES, MANIFEST = "lines", "done.json"
COMPRESSION = 1
"""zlib level. The fastest: records of one type are so alike that more effort gains little."""
MEDIA = (
    "image_color", "image_depth", "video_color", "video_depth", "pose", "video_pose", "intrinsic",
    "image_color_mirror", "video_color_mirror",
)  # fmt: skip
MAX_NAMED = 5
"""Maximum number of differences or scenes that an error message names."""


class Block(msgspec.Struct, frozen=True, array_like=True):
    """The samples of one type and format in a scene's file: compressed records, then compressed evidence."""

    type: str
    format: str
    lines: int
    """Number of samples."""
    text_bytes: tuple[int, int]
    """Uncompressed size of the records and of the evidence."""
    stored_bytes: tuple[int, int]
    """Compressed size of the records and of the evidence."""


class Manifest(msgspec.Struct, frozen=True):
    """What is known about a finished scene."""

    settings: str
    """Hash of the run's settings."""
    source: str
    """The scene's file or folder, relative to the dataset's root where it lies there."""
    inputs: dict[str, str]
    """Size and modification time of everything that was read."""
    blocks: list[Block]
    """In the order in which they are stored."""
    sha256: str
    """Checksum of the stored lines."""
    report: msgspec.Raw = msgspec.field(name="outcome")
    """The SceneReport, as JSON."""


class Failure(msgspec.Struct, frozen=True):
    """Why a scene failed."""

    settings: str
    """Hash of the run's settings."""
    error: str


class CheckpointWriter:
    """Takes the samples of one scene, a type and format at a time; nothing is visible before ``finish``."""

    def __init__(self, layout: Layout, scene_id: str) -> None:
        self.layout, self.scene_id = layout, scene_id
        self.folder = layout.scratch / f"{scene_id}.{uuid.uuid4().hex}"
        self.media = self.folder / "media"
        """Where the scene's images are to be put."""
        self._checkpoint = self.folder / "part"
        self._blocks: list[Block] = []
        self._sha256 = hashlib.sha256()

    def add(self, type_name: str, answer_format: str, pairs: Sequence[tuple[dict, dict]]) -> None:
        """Store pairs of record and evidence."""
        texts = [b"".join(msgspec.json.encode(pair[i]) + b"\n" for pair in pairs) for i in range(2)]
        stored = [zlib.compress(text, COMPRESSION) for text in texts]
        with writing(self._checkpoint), (self._checkpoint / LINES).open("ab") as file:
            for content in stored:
                file.write(content)
                self._sha256.update(content)
        sizes = [(len(records), len(evidence)) for records, evidence in (texts, stored)]
        self._blocks.append(Block(type_name, answer_format, len(pairs), *sizes))

    def finish(self, settings: str, source: str, inputs: Mapping[str, str], report: Any) -> None:
        """Put the images in place, then the checkpoint."""
        encoded = msgspec.Raw(msgspec.json.encode(report))
        manifest = Manifest(settings, source, dict(inputs), self._blocks, self._sha256.hexdigest(), encoded)
        target = self.layout.checkpoint(self.scene_id)
        with writing(target):
            (self._checkpoint / MANIFEST).write_bytes(msgspec.json.encode(manifest))
            for name in (LINES, MANIFEST):  # so that a manifest never survives a power cut that its lines do not
                with (self._checkpoint / name).open("rb") as file:
                    os.fsync(file.fileno())
            for folder, _, names in os.walk(self.media):
                destination = self.layout.images / self.scene_id / Path(folder).relative_to(self.media)
                destination.mkdir(parents=True, exist_ok=True)
                for name in names:
                    (Path(folder) / name).replace(destination / name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(target, ignore_errors=True)
            self._checkpoint.rename(target)


@contextmanager
def checkpoint_writer(layout: Layout, scene_id: str) -> Iterator[CheckpointWriter]:
    """A writer whose unfinished files are removed afterwards."""
    writer = CheckpointWriter(layout, scene_id)
    try:
        with writing(writer.folder):
            (writer.folder / "part").mkdir(parents=True)
            (writer.folder / "part" / LINES).touch()
        yield writer
    finally:
        shutil.rmtree(writer.folder, ignore_errors=True)


def fingerprint(source: Path, beside: Iterable[Path], skip: Path) -> dict[str, str]:
    """Size and modification time of each file in a scene's folder, of each sub-folder as a whole, and of other files.

    Args:
        source: a folder, or a single file.
        beside: files outside the scene's folder that are read with it.
        skip: a folder to leave out: the output may lie inside the input.
    """
    found = {path.name: _stamp(path) for path in beside}
    if source.is_file():
        return found | {source.name: _stamp(source)}
    for path in sorted(source.iterdir()) if source.is_dir() else ():
        if path.name.startswith(".") or path.absolute() == skip.absolute():
            continue
        found[path.name] = _stamp_of_folder(path) if path.is_dir() else _stamp(path)
    return found


def _stamp(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return "unreadable"
    seconds, nanoseconds = divmod(status.st_mtime_ns, 10**9)
    changed = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))
    return f"{status.st_size} bytes of {changed}.{nanoseconds:09d}"


def _stamp_of_folder(folder: Path) -> str:
    digest, count = hashlib.sha256(), 0
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place) / name
            digest.update(f"{path.relative_to(folder)}\0{_stamp(path)}\0".encode())
            count += 1
    return f"{count} files, {digest.hexdigest()[:12]}"


def read_manifest(layout: Layout, scene_id: str, settings: str) -> Manifest | None:
    """The manifest of a scene that was finished with these settings and whose lines are whole; else None."""
    folder = layout.checkpoint(scene_id)
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
        with (folder / LINES).open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, msgspec.DecodeError):
        return None
    return manifest if (manifest.settings, manifest.sha256) == (settings, sha256) else None


def record_failure(layout: Layout, scene_id: str, settings: str, error: str) -> None:
    """Remember why a scene failed, for the report and the next run."""
    write_atomic(_failed(layout, scene_id), msgspec.json.encode(Failure(settings, error)))


def forget_failure(layout: Layout, scene_id: str) -> None:
    """Forget an earlier failure of a scene that is finished now."""
    _failed(layout, scene_id).unlink(missing_ok=True)


def read_failure(layout: Layout, scene_id: str, settings: str) -> str | None:
    """Why the scene failed with these settings, or None."""
    try:
        failure = msgspec.json.decode(_failed(layout, scene_id).read_bytes(), type=Failure)
    except (OSError, msgspec.DecodeError):
        return None
    return failure.error if failure.settings == settings else None


def _failed(layout: Layout, scene_id: str) -> Path:
    return layout.checkpoints / "failed" / f"{scene_id}.json"


def check_settings(layout: Layout, settings: Mapping[str, Any], stores: bool = True) -> str:
    """Store a run's settings in a new folder; in one with checkpoints, refuse other settings. Returns their hash.

    Args:
        stores: False where nothing may be written.

    Raises:
        ConfigError: the folder holds a run with other settings; the message says which differ.
    """
    path, encoded = layout.checkpoints / "run.json", msgspec.json.encode(settings, order="sorted")
    if stores and not path.exists():
        write_atomic(path, encoded)
    stored = path.read_bytes() if path.exists() else encoded
    if stored != encoded:
        try:
            old = msgspec.json.decode(stored)
        except msgspec.DecodeError:
            old = {"run.json": "damaged"}
        changes = differences(_flat(old), _flat(msgspec.json.decode(encoded)))
        raise ConfigError(
            f"{layout.root}: holds a run of split '{layout.split}' with other settings: {changes}. "
            f"Give those, or another --out, or --fresh to start over"
        )
    return hash_of(settings)


def hash_of(settings: Mapping[str, Any]) -> str:
    """Twelve digits that change with a run's settings."""
    return hashlib.sha256(msgspec.json.encode(settings, order="sorted")).hexdigest()[:12]


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Nested dictionaries as one, with dotted keys."""
    if not isinstance(value, dict) or not value:
        return {prefix: value}
    return {
        name: one for key, item in value.items() for name, one in _flat(item, f"{prefix}.{key}".lstrip(".")).items()
    }


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """ "key: old -> new" of the first few keys that differ."""
    keys = [key for key in {**new, **old} if old.get(key) != new.get(key)]
    named = [f"{key}: {_brief(old.get(key))} -> {_brief(new.get(key))}" for key in keys[:MAX_NAMED]]
    return ", ".join(named) + (f" and {len(keys) - MAX_NAMED} more" if len(keys) > MAX_NAMED else "")


def _brief(value: Any) -> str:
    text = "nothing" if value is None else value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else f"{text[:77]}..."


def clear_unfinished(layout: Layout) -> None:
    """Remove half-written files of a killed run: a shard those of its own, any other run all of them."""
    with writing(layout.checkpoints):
        for folder in [layout.scratch] if layout.shard else layout.checkpoints.glob("tmp*"):
            shutil.rmtree(folder, ignore_errors=True)
        if layout.shard:
            return
        for folder in (layout.root, layout.checkpoints, layout.checkpoints / "failed"):
            _remove(folder.glob(".*.json.*"))
        for kind in ("qa", "evidence"):
            _remove(layout.root.glob(f"{kind}_jsonl/{layout.split}/*/*/.*.jsonl.*"))
        _remove(layout.root.glob(".lock-*"))  # no shard holds one: they would share .lock, which this run holds alone


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink()


def start_over(layout: Layout, scene_ids: Iterable[str]) -> None:
    """Remove what was written for this split, and the images of its scenes unless another split has the same scenes."""
    done = layout.checkpoints / "done"
    scenes = {*scene_ids, *(path.name for path in (done.iterdir() if done.is_dir() else ()))}
    others = {
        path.name for path in layout.checkpoints.parent.glob("*/done/*") if path.parent.parent != layout.checkpoints
    }
    with writing(layout.root):
        for folder in (layout.images / scene_id for scene_id in sorted(scenes - others)):
            for name in MEDIA:
                shutil.rmtree(folder / name, ignore_errors=True)
            (folder / "video_idx.txt").unlink(missing_ok=True)
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        for kind in ("qa", "evidence"):
            _remove(layout.root.glob(f"{kind}_jsonl/{layout.split}/*/*/*_*.jsonl"))
        layout.report.unlink(missing_ok=True)
        if layout.checkpoints.exists():
            shutil.rmtree(layout.checkpoints)
