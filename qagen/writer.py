"""The only module that knows what a record, its evidence and the output folder look like (tasks.md, section 8).

<out>/<dataset>/
    qa_jsonl/<split>/<type>/<format>/<format>_<N>.jsonl        N records, shuffled
    evidence_jsonl/<split>/<type>/<format>/<format>_<N>.jsonl  their evidence, line by line
    images/<scene>/image_color/<frame>.jpg                     and image_depth, pose, intrinsic with --rgbd
    report.json                                                config, versions, counts, skips
    .parts/<split>/                                            what each finished scene left (qagen.parts)
"""

import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.core.answer import Choice
from qagen.core.question import Question, Role
from qagen.core.sample import Sample
from qagen.core.scene import Frame
from qagen.errors import QagenError
from qagen.tasks._base import FORMATS, Family
from qagen.views import SceneViews

DEPTH_UNIT_M = 0.001
DECIMALS = 5
ID_STRIDE = 1024


class OutputError(QagenError):
    """The output folder cannot be written."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says about writing below a path into an OutputError."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything goes for one dataset and split."""

    root: Path
    """<out>/<dataset>."""
    split: str
    """train, val, ..."""
    shard: str = ""
    """"2/4" where this run does the second of four shares of the scenes, else empty."""

    @property
    def images(self) -> Path:
        return self.root / "images"

    @property
    def report(self) -> Path:
        return self.root / "report.json"

    @property
    def parts(self) -> Path:
        return self.root / ".parts" / self.split

    @property
    def scratch(self) -> Path:
        """Unfinished files of this run; what a killed run left there is cleared when it starts again."""
        return self.parts / f"tmp{self.shard_suffix}"

    @property
    def shard_suffix(self) -> str:
        """ "-2-of-4" for the second of four shards."""
        return self.shard and f"-{self.shard.replace('/', '-of-')}"

    def part(self, scene_id: str) -> Path:
        """Folder of what a finished scene left."""
        return self.parts / "done" / scene_id

    def lines(self, kind: str, type_name: str, answer_format: str) -> Path:
        """Folder of one type and format; ``kind`` is "qa" or "evidence"."""
        return self.root / f"{kind}_jsonl" / self.split / type_name / answer_format


def sample_id(scene_id: str, code: int, answer_format: str, index: int) -> str:
    """An id that depends on nothing but the scene, the type, the format and the sample's place among its own."""
    return f"{scene_id}_{index * ID_STRIDE + code * len(FORMATS) + FORMATS.index(answer_format)}"


def to_record(sample: Sample, family: Family, views: SceneViews, rgbd: bool) -> dict[str, Any]:
    """The SPAR training record."""
    record: dict[str, Any] = {
        "id": sample.id,
        "conversations": [{"from": "human", "value": sample.human}, {"from": "gpt", "value": sample.gpt}],
        "image": _image_paths(sample.question, views, color_path, "color"),
        "type": family.config.record_type or sample.type,
    }
    if rgbd:
        record["depth"] = _image_paths(sample.question, views, depth_path, "depth")
    return record | _mark_columns(sample.question.roles, family)


def _image_paths(question: Question, views: SceneViews, path: Callable[[str, Frame], str], kind: str) -> list[str]:
    frames = [views.frames[i] for i in question.frames]
    if not question.is_video:
        return [path(views.scene.id, frame) for frame in frames]
    return [
        f"{views.scene.id}/video_{kind}/{video_name(position, frame)}{Path(path('', frame)).suffix}"
        for position, frame in enumerate(frames)
    ]


def video_name(position: int, frame: Frame) -> str:
    """File name, without its ending, of a frame at a position of the video."""
    return f"frame{position}_{frame.id}"


def _mark_columns(roles: Sequence[Role], family: Family) -> dict[str, Any]:
    marks = family.marks
    if marks is None:
        return {}
    columns: dict[str, Any] = dict.fromkeys(marks.names)
    if marks.listed:
        columns[f"{marks.kind}_list"] = [[list(role.place) for role in roles]]
        columns[f"{marks.kind}_img_idx"] = [[role.image for role in roles]]
        return columns
    for role in roles:
        columns[f"{role.color}_{role.kind}"] = [list(role.place)]
    if marks.indexed:
        placed = sorted(roles, key=lambda role: marks.colors.index(role.color))
        columns[f"{marks.kind}_img_idx"] = [[role.image for role in placed]]
    return columns


def to_evidence(sample: Sample, views: SceneViews, run: Mapping[str, Any]) -> dict[str, Any]:
    """What the answer of a sample follows from."""
    question = sample.question
    return {
        "id": sample.id,
        "scene": views.scene.id,
        "type": sample.type,
        "format": sample.format,
        "frames": [views.frames[i].id for i in question.frames],
        "objects": [_object_evidence(role, question, views) for role in question.roles],
        "answer": _answer_evidence(question, views),
        "measured": _rounded(dict(question.measured)),
        "margin": _rounded(question.margin),
        "margin_unit": question.margin_unit,
        "added": dict(sample.added),
        **run,
    }


def _answer_evidence(question: Question, views: SceneViews) -> str:
    if isinstance(question.answer, Choice):
        chosen = next(role for role in question.roles if role.color == question.answer.right)
        return f"{chosen.alias or chosen.color}: {views.scene.objects[chosen.object].label}"
    return question.answer.text


def _object_evidence(role: Role, question: Question, views: SceneViews) -> dict[str, Any]:
    item, frame = views.scene.objects[role.object], question.frames[role.image]
    told = {
        "color": role.color,
        "alias": role.alias,
        "image": role.image,
        "id": item.id,
        "label": item.label,
        "center_m": item.box.center.tolist(),
        "size_m": item.box.size.tolist(),
        "yaw_deg": math.degrees(item.box.yaw_rad),
        "center_in_camera_m": views.centers[frame, role.object].tolist(),
        "visible_fraction": float(views.visible_fraction[frame, role.object]),
        "visible_pixels": float(views.visible_pixels[frame, role.object]),
    }
    return _rounded(told)


def _rounded(value: Any) -> Any:
    """The same structure with floats to five decimals; a value that is not finite is a bug, not data."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("evidence is not finite")
        return round(value, DECIMALS) + 0.0
    return value


def color_path(scene_id: str, frame: Frame) -> str:
    """Path of a frame's image relative to the images folder."""
    return f"{scene_id}/image_color/{frame.id}{frame.color.suffix}"


def depth_path(scene_id: str, frame: Frame) -> str:
    """Path of a frame's depth image relative to the images folder."""
    return f"{scene_id}/image_depth/{frame.id}.png"


def write_media(
    folder: Path, views: SceneViews, singles: Sequence[int], with_video: bool, media: str, rgbd: bool
) -> None:
    """Put the images of the frames ``singles`` and of the video into a folder, under the names that the records use.

    ``copy`` writes the dataset's own bytes; ``link`` links to the dataset's file, and writes the bytes where the image
    lies inside a container; ``none`` writes nothing.
    """
    if media == "none":
        return
    for frame in (views.frames[i] for i in singles):
        _write_frame(folder, "image", "", frame.id, frame, media, rgbd)
    if with_video:
        video = [views.frames[i] for i in views.video]
        for position, frame in enumerate(video):
            _write_frame(folder, "video", "video_", video_name(position, frame), frame, media, rgbd)
        _write(folder / "video_idx.txt", "".join(f"{frame.id}\n" for frame in video).encode())
    if rgbd:
        used = sorted({*singles, *(views.video if with_video else ())})
        _write_intrinsics(folder / "intrinsic", [views.frames[i] for i in used])


def _write_frame(folder: Path, prefix: str, pose: str, name: str, frame: Frame, media: str, rgbd: bool) -> None:
    target = folder / f"{prefix}_color" / f"{name}{frame.color.suffix}"
    if media == "link" and frame.color.path is not None:
        _link(target, frame.color.path)
    else:
        _write(target, frame.color.read_bytes())
    if rgbd and frame.depth is not None:
        _write(folder / f"{prefix}_depth" / f"{name}.png", _encode_depth(frame.depth.read_m()))
    if rgbd:
        _write(folder / f"{pose}pose" / f"{name}.txt", _matrix_text(frame.world_from_camera.matrix))


def _write(path: Path, content: bytes) -> None:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _link(path: Path, target: Path) -> None:
    """Hard-link ``path`` to ``target``, or link symbolically across file systems."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.hardlink_to(target.resolve())
        except OSError:
            path.symlink_to(target.resolve())


def link_atomic(path: Path, target: Path) -> None:
    """Link as ``_link`` does, in place of whatever stands there."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            link = Path(folder) / path.name
            _link(link, target)
            link.replace(path)


def _encode_depth(depth_m: NDArray[np.float32]) -> bytes:
    """16-bit PNG in millimetres, as ScanNet exports it; level 1 because noise does not compress further."""
    import cv2

    millimetres = np.clip(np.rint(depth_m / DEPTH_UNIT_M), 0, np.iinfo(np.uint16).max)
    return cv2.imencode(".png", millimetres.astype(np.uint16), [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()


def _write_intrinsics(folder: Path, frames: Sequence[Frame]) -> None:
    """As ScanNet has them where all frames share their cameras, else one set of files for each frame."""
    if len({(frame.camera, frame.depth_camera) for frame in frames}) <= 1:
        for frame in frames[:1]:
            _write_cameras(folder, "", frame)
        return
    for frame in frames:
        _write_cameras(folder, f"{frame.id}_", frame)


def _write_cameras(folder: Path, prefix: str, frame: Frame) -> None:
    for name, camera in (("color", frame.camera), ("depth", frame.depth_camera)):
        if camera is not None:
            matrix = np.eye(4)
            matrix[[0, 1, 0, 1], [0, 1, 2, 2]] = camera.intrinsics
            _write(folder / f"{prefix}intrinsic_{name}.txt", _matrix_text(matrix))
            _write(folder / f"{prefix}extrinsic_{name}.txt", _matrix_text(np.eye(4)))


def _matrix_text(matrix: np.ndarray) -> bytes:
    return "".join(" ".join(f"{value:.6f}" for value in row) + "\n" for row in matrix).encode()


def write_report(layout: Layout, report: Mapping[str, Any]) -> None:
    """Write report.json, indented for people."""
    write_atomic(layout.report, msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file that is either the old one or the whole new one, never half."""
    replace_whole(path, iter([content]))


def replace_whole(path: Path, chunks: Iterator[bytes]) -> None:
    """Write a file from pieces; under its name stands the old one or the whole new one, never half."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            try:
                for chunk in chunks:
                    file.write(chunk)
                file.close()
                Path(file.name).chmod(0o666 & ~_umask())
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
