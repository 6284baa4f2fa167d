"""The images of a run made again from a copy of its dataset, and held against the sizes and hashes of a recipe."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qagen.core.reasons import NO_SUCH_FRAME, NO_SUCH_SCENE, OTHER_BYTES, OTHER_ENCODING, UNREADABLE_IMAGE
from qagen.core.scale import at_room_scale
from qagen.core.scene import Frame, Scene
from qagen.errors import QagenError
from qagen.files import OutputError
from qagen.loaders._base import Loader
from qagen.pipeline.media import (
    DEPTH_UNIT_FILE,
    VIDEO_LIST,
    MediaFile,
    geometry_files,
    media_files,
    mirrored_files,
    place,
)
from qagen.pipeline.record import MIRRORED
from qagen.records.recipe import Image, Stored, check_image, measure

VIDEO_NAME = re.compile(r"frame(\d{1,9})_(.+)")
GEOMETRY = ("pose", "video_pose", "image_depth", "video_depth", "intrinsic", DEPTH_UNIT_FILE)
"""Kinds of files that depend on the scale of the scene."""


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """What a worker needs. Picklable; small but for one entry a scene."""

    loader: Loader
    images: Path
    """Folder of the run's images."""
    media: str
    """Whether files are to be copied ("copy") or linked where the dataset has them ("link")."""
    table: Path
    """The recipe's list of images, unpacked and checked."""
    scenes: Mapping[str, tuple[int, int]]
    """First byte and length of the lines of each scene in the table."""

    def listed(self, scene_id: str) -> list[Image]:
        """The files of a scene."""
        start, size = self.scenes[scene_id]
        with self.table.open("rb") as file:
            file.seek(start)
            lines = file.read(size).splitlines(keepends=True)
        return [check_image(line, str(self.table)) for line in lines]


@dataclass(slots=True)
class RebuiltScene:
    """What became of the files of a scene."""

    made: int = 0
    """Number of files written."""
    kept: int = 0
    """Number of files that were there already, with the right bytes."""
    faults: list[tuple[str, str, str]] = field(default_factory=list)
    """Reason, path, and what was found, of each file that was not written."""


def rebuild_scene(work: Rebuilding, scene_id: str) -> RebuiltScene:
    """Make a scene's files that are not there yet. May be repeated, and stopped at any moment.

    Raises:
        OutputError: the output folder cannot be written.
    """
    import cv2

    cv2.setNumThreads(1)
    result, todo, listed = RebuiltScene(), [], work.listed(scene_id)
    for image in listed:
        if _is_there(work.images / image.path, image):
            result.kept += 1
        else:
            todo.append(image)
    if not todo:
        return result
    try:
        files = {file.name: file for file in _files_of(work.loader.load(scene_id), listed)}
    except Exception as error:  # noqa: BLE001 - a bug in one scene must not cost the others
        result.faults += [(NO_SUCH_SCENE, image.path, _told(error)) for image in todo]
        return result
    for image in todo:
        _rebuild(work, image, files.get(image.name), result)
    return result


def _is_there(path: Path, image: Image) -> bool:
    """Whether a file has the right bytes."""
    return path.is_file() and path.stat().st_size == image.size and measure(path).sha256 == image.sha256


def _rebuild(work: Rebuilding, image: Image, file: MediaFile | None, result: RebuiltScene) -> None:
    """Write one file if its bytes are the right ones, or note why not."""
    if file is None:
        result.faults.append((NO_SUCH_FRAME, image.path, "not made from this copy"))
        return
    try:
        content = file.read()
    except Exception as error:  # noqa: BLE001 - as above
        result.faults.append((UNREADABLE_IMAGE, image.path, _told(error)))
        return
    if (found := Stored.of(content)) != Stored(image.size, image.sha256):
        reason = OTHER_BYTES if file.is_copied else OTHER_ENCODING
        told = f"found {found.size} bytes, {found.sha256[:12]}; expected {image.size}, {image.sha256[:12]}"
        result.faults.append((reason, image.path, told))
        return
    place(work.images / image.path, content, file.path if work.media == "link" else None)
    result.made += 1


def _told(error: Exception) -> str:
    if isinstance(error, OutputError):
        raise error
    return str(error) if isinstance(error, QagenError) else f"{type(error).__name__}: {error}"


def _files_of(scene: Scene, listed: Sequence[Image]) -> Iterator[MediaFile]:
    """What a run writes beside records that show the frames of the list."""
    kinds: dict[str, set[str]] = {}
    for image in listed:
        kind, _, name = image.name.partition("/")
        kinds.setdefault(kind, set()).add(name.partition(".")[0])
    singles, video = _shown(scene, kinds, ("image_color", "video_color"))
    has_all = len(video) == len(kinds.get("video_color", ()))
    yield from (file for file in media_files(singles, video) if has_all or file.name != VIDEO_LIST)
    yield from mirrored_files(*_shown(scene, kinds, (f"image_color{MIRRORED}", f"video_color{MIRRORED}")))
    if kinds.keys() & GEOMETRY:
        scene = at_room_scale(scene)
        singles, video = _shown(scene, kinds, ("image_color", "video_color"))
        used = {frame.id for frame in (*singles, *video.values())}
        shown = [frame for frame in scene.frames if frame.id in used]
        yield from geometry_files(singles, video, shown, scene.reported_unit)


def _shown(
    scene: Scene, names: Mapping[str, Iterable[str]], kinds: tuple[str, str]
) -> tuple[list[Frame], dict[int, Frame]]:
    """The frames of the scene that are shown singly, and those of the video by position."""
    single, video = (names.get(kind, ()) for kind in kinds)
    places = (match for match in map(VIDEO_NAME.fullmatch, video) if match)
    ids = {int(match[1]): match[2] for match in places}
    frames = {frame.id: frame for frame in scene.frames}
    singles = [frame for frame in scene.frames if frame.id in single]
    return singles, {position: frames[ids[position]] for position in sorted(ids) if ids[position] in frames}
