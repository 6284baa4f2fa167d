"""What each scene of a run leaves behind, so that a run may end at any moment and go on later.

<out>/<dataset>/.parts/<split>/
    run.json                 the settings; a run with others is refused
    done/<scene>/lines       the scene's records and evidence, block by block, compressed
    done/<scene>/done.json   its marker: settings, inputs, counts, checksum, outcome
    failed/<scene>.json      why a scene failed; the next run tries it again
    merged.json              what the merged files were made of
    tmp[-<shard>]/             of scenes that are being written

A part appears by one rename, after the scene's images are in their places. Parts are kept after the merge: with them a
scene may be added, and a merge repeated, without redoing any other.
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

LINES, MARKER = "lines", "done.json"
COMPRESSION = 1
"""zlib's fastest: records of one type are so alike that more effort gains little."""
MEDIA = ("image_color", "image_depth", "video_color", "video_depth", "pose", "video_pose", "intrinsic")
MOST_TOLD = 5


class Block(msgspec.Struct, frozen=True, array_like=True):
    """The samples of one type and format in a scene's file: compressed records, then compressed evidence."""

    type: str
    format: str
    lines: int
    """Samples."""
    text_bytes: tuple[int, int]
    """Size of the records and of the evidence."""
    stored_bytes: tuple[int, int]
    """The same as they are stored."""


class Manifest(msgspec.Struct, frozen=True):
    """What is known of a finished scene."""

    settings: str
    """Hash of the run's settings."""
    source: str
    """The scene's file or folder, relative to the dataset's root where it lies there."""
    inputs: dict[str, str]
    """Size and time of what was read."""
    blocks: list[Block]
    """In the order in which they are stored."""
    sha256: str
    """Of the stored lines."""
    outcome: msgspec.Raw
    """What is reported of the scene, as JSON."""


class Failure(msgspec.Struct, frozen=True):
    """Why a scene failed."""

    settings: str
    """Hash of the run's settings."""
    error: str


class CheckpointWriter:
    """Takes the samples of one scene, a type and format at a time; nothing of it can be seen before ``finish``."""

    def __init__(self, layout: Layout, scene_id: str) -> None:
        self.layout, self.scene_id = layout, scene_id
        self.folder = layout.scratch / f"{scene_id}.{uuid.uuid4().hex}"
        self.media = self.folder / "media"
        """Where the scene's images are to be put."""
        self._part = self.folder / "part"
        self._blocks: list[Block] = []
        self._sha256 = hashlib.sha256()

    def add(self, type_name: str, answer_format: str, pairs: Sequence[tuple[dict, dict]]) -> None:
        """Store the records and the evidence of some samples."""
        texts = [b"".join(msgspec.json.encode(pair[i]) + b"\n" for pair in pairs) for i in range(2)]
        stored = [zlib.compress(text, COMPRESSION) for text in texts]
        with writing(self._part), (self._part / LINES).open("ab") as file:
            for content in stored:
                file.write(content)
                self._sha256.update(content)
        sizes = [(len(records), len(evidence)) for records, evidence in (texts, stored)]
        self._blocks.append(Block(type_name, answer_format, len(pairs), *sizes))

    def finish(self, settings: str, source: str, inputs: Mapping[str, str], outcome: Any) -> None:
        """Put the images in their places, then the part."""
        told = msgspec.Raw(msgspec.json.encode(outcome))
        marker = Manifest(settings, source, dict(inputs), self._blocks, self._sha256.hexdigest(), told)
        target = self.layout.part(self.scene_id)
        with writing(target):
            (self._part / MARKER).write_bytes(msgspec.json.encode(marker))
            for name in (LINES, MARKER):
                _flush(self._part / name)
            _move_files(self.media, self.layout.images / self.scene_id)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(target, ignore_errors=True)
            self._part.rename(target)


@contextmanager
def checkpoint_writer(layout: Layout, scene_id: str) -> Iterator[CheckpointWriter]:
    """A writer whose unfinished files are gone afterwards."""
    writer = CheckpointWriter(layout, scene_id)
    try:
        with writing(writer.folder):
            (writer.folder / "part").mkdir(parents=True)
            (writer.folder / "part" / LINES).touch()
        yield writer
    finally:
        shutil.rmtree(writer.folder, ignore_errors=True)


def _flush(path: Path) -> None:
    """To the disk, so that a marker never outlives a power cut that its lines do not."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _move_files(source: Path, target: Path) -> None:
    for folder, _, names in os.walk(source):
        place = target / Path(folder).relative_to(source)
        place.mkdir(parents=True, exist_ok=True)
        for name in names:
            (Path(folder) / name).replace(place / name)


def fingerprint(source: Path, shared: Iterable[Path], skip: Path) -> dict[str, str]:
    """Size and time of each file in a scene's folder, of each sub-folder as one, and of files that serve all scenes.

    Args:
        source: a folder, or a single file.
        skip: a folder that is passed over: the output may lie inside the input.
    """
    found = {path.name: _stamp(path) for path in shared}
    if source.is_file():
        return found | {source.name: _stamp(source)}
    for path in sorted(source.iterdir()) if source.is_dir() else ():
        if path.name.startswith(".") or path.absolute() == skip.absolute():
            continue
        found[path.name] = _folder_stamp(path) if path.is_dir() else _stamp(path)
    return found


def _stamp(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return "unreadable"
    seconds, nanoseconds = divmod(status.st_mtime_ns, 10**9)
    changed = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))
    return f"{status.st_size} bytes of {changed}.{nanoseconds:09d}"


def _folder_stamp(folder: Path) -> str:
    digest, count = hashlib.sha256(), 0
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place) / name
            digest.update(f"{path.relative_to(folder)}\0{_stamp(path)}\0".encode())
            count += 1
    return f"{count} files, {digest.hexdigest()[:12]}"


def read_manifest(layout: Layout, scene_id: str, settings: str) -> Manifest | None:
    """The marker of a scene that is finished under these settings, its lines whole; else None."""
    folder = layout.part(scene_id)
    try:
        marker = msgspec.json.decode((folder / MARKER).read_bytes(), type=Manifest)
        with (folder / LINES).open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, msgspec.DecodeError):
        return None
    return marker if (marker.settings, marker.sha256) == (settings, sha256) else None


def record_failure(layout: Layout, scene_id: str, settings: str, error: str) -> None:
    """Remember why a scene failed."""
    write_atomic(_failed(layout, scene_id), msgspec.json.encode(Failure(settings, error)))


def forget_failure(layout: Layout, scene_id: str) -> None:
    """The scene is finished now."""
    _failed(layout, scene_id).unlink(missing_ok=True)


def read_failure(layout: Layout, scene_id: str, settings: str) -> str | None:
    """Why the scene failed under these settings, or None."""
    try:
        failure = msgspec.json.decode(_failed(layout, scene_id).read_bytes(), type=Failure)
    except (OSError, msgspec.DecodeError):
        return None
    return failure.error if failure.settings == settings else None


def _failed(layout: Layout, scene_id: str) -> Path:
    return layout.parts / "failed" / f"{scene_id}.json"


def check_settings(layout: Layout, settings: Mapping[str, Any]) -> str:
    """Remember a run's settings in a new folder; in one with parts, refuse others. Returns their hash.

    Raises:
        ConfigError: the folder holds a run with other settings; the message says which differ.
    """
    path, told = layout.parts / "run.json", msgspec.json.encode(settings, order="sorted")
    if not path.exists():
        write_atomic(path, told)
    kept = path.read_bytes()
    if kept != told:
        changes = differences(_flat(_decoded(kept)), _flat(msgspec.json.decode(told)))
        raise ConfigError(
            f"{layout.root}: holds a run of split '{layout.split}' with other settings: {changes}. "
            f"Give those, or another --out, or --fresh to start over"
        )
    return hashlib.sha256(told).hexdigest()[:12]


def _decoded(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError:
        return {"run.json": "damaged"}


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        return {prefix: value}
    return {
        name: one for key, item in value.items() for name, one in _flat(item, f"{prefix}.{key}".lstrip(".")).items()
    }


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """ "key: old -> new" of the first few keys that differ."""
    keys = [key for key in {**new, **old} if old.get(key) != new.get(key)]
    told = [f"{key}: {_brief(old.get(key))} -> {_brief(new.get(key))}" for key in keys[:MOST_TOLD]]
    return ", ".join(told) + (f" and {len(keys) - MOST_TOLD} more" if len(keys) > MOST_TOLD else "")


def _brief(value: Any) -> str:
    text = "nothing" if value is None else value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else f"{text[:77]}..."


def clear_unfinished(layout: Layout) -> None:
    """Remove what a killed run left half-written; a shard clears its own, a run that is alone clears all."""
    with writing(layout.parts):
        for folder in [layout.scratch] if layout.shard else layout.parts.glob("tmp*"):
            shutil.rmtree(folder, ignore_errors=True)
        if layout.shard:
            return
        for folder in (layout.root, layout.parts, layout.parts / "failed"):
            _remove(folder.glob(".*.json.*"))
        for kind in ("qa", "evidence"):
            _remove(layout.root.glob(f"{kind}_jsonl/{layout.split}/*/*/.*.jsonl.*"))
        _remove(layout.root.glob(".lock-*"))  # shards take theirs only while they share .lock, which this run holds


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink()


def start_over(layout: Layout, scene_ids: Iterable[str]) -> None:
    """Remove what was written for this split, and the images of its scenes unless another split has them too."""
    done = layout.parts / "done"
    scenes = {*scene_ids, *(path.name for path in (done.iterdir() if done.is_dir() else ()))}
    others = {path.name for path in layout.parts.parent.glob("*/done/*") if path.parent.parent != layout.parts}
    with writing(layout.root):
        for scene_id in sorted(scenes - others):
            _remove_media(layout.images / scene_id)
        for kind in ("qa", "evidence"):
            _remove(layout.root.glob(f"{kind}_jsonl/{layout.split}/*/*/*_*.jsonl"))
        layout.report.unlink(missing_ok=True)
        if layout.parts.exists():
            shutil.rmtree(layout.parts)


def _remove_media(folder: Path) -> None:
    for name in MEDIA:
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / "video_idx.txt").unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
