"""Images of an export: links to the run's images, or new images where marks are drawn."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from PIL.Image import DecompressionBombError

from qagen.errors import QagenError
from qagen.export._samples import ExportSample, Picture
from qagen.files import OutputError, link_atomic, write_atomic
from qagen.records.images import check_image, read_image
from qagen.records.marks import draw_marks_on_file

LOSSLESS = {".png", ".bmp", ".tif", ".tiff"}
"""Suffixes of images that are written as PNG, under the same name; all others become JPEG."""
MAX_REMEMBERED = 100_000
"""Maximum number of image names remembered as written."""
T = TypeVar("T")


@contextmanager
def naming(sample: ExportSample) -> Iterator[None]:
    """Turn an error about an image into one that also names the record's file and line."""
    try:
        yield
    except OutputError:
        raise
    except QagenError as error:
        raise QagenError(f"{sample.where}: {error}") from error


def picture_bytes(picture: Picture) -> bytes:
    """The image file's own bytes, or those of the image with its marks on it.

    Raises:
        QagenError: the image is missing or cannot be read.
    """
    content = read_image(picture.source)
    if not picture.marks:
        return content
    try:
        return draw_marks_on_file(content, picture.marks, picture.source.suffix.lower() in LOSSLESS)
    except (OSError, DecompressionBombError) as error:
        raise QagenError(f"image {picture.source} cannot be read ({error})") from error


def placed(samples: Iterable[ExportSample], folder: Path, copy: bool) -> Iterator[ExportSample]:
    """Yield samples once their images are in ``folder`` under their names; each image is written once."""

    def missing(sample: ExportSample) -> dict[Picture, bytes]:
        new = (picture for picture in sample.pictures if picture.marks and not (folder / picture.name).exists())
        return {picture: picture_bytes(picture) for picture in new}

    known: set[str] = set()  # saves asking the disk again
    for sample, drawn in in_threads(missing, samples):
        for picture in sample.pictures:
            if picture.name not in known:
                with naming(sample):
                    _put(picture, folder / picture.name, drawn.get(picture), copy)
                known.add(picture.name)
        if len(known) > MAX_REMEMBERED:
            known.clear()
        yield sample


def _put(picture: Picture, target: Path, drawn: bytes | None, copy: bool) -> None:
    if target.exists():
        return
    check_image(picture.source)
    if drawn is not None or copy:
        write_atomic(target, drawn or picture_bytes(picture))
    else:
        link_atomic(target, picture.source)


def embedded(samples: Iterable[ExportSample]) -> Iterator[tuple[ExportSample, list[bytes]]]:
    """Samples with the bytes of their images."""
    return in_threads(lambda sample: [picture_bytes(picture) for picture in sample.pictures], samples)


def in_threads(
    function: Callable[[ExportSample], T], samples: Iterable[ExportSample]
) -> Iterator[tuple[ExportSample, T]]:
    """``(sample, function(sample))`` in order, computed a few ahead: image codecs release the GIL."""
    workers = os.cpu_count() or 1
    waiting: deque[tuple[ExportSample, Future[T]]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for sample in samples:
            waiting.append((sample, pool.submit(function, sample)))
            if len(waiting) > 2 * workers:
                yield _first(waiting)
        while waiting:
            yield _first(waiting)


def _first(waiting: "deque[tuple[ExportSample, Future[T]]]") -> tuple[ExportSample, T]:
    sample, future = waiting.popleft()
    with naming(sample):
        return sample, future.result()
