"""Whether the image files that records name show the frames that they name."""

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from qagen.audit.audit_record import AuditRecord, frame_of, is_mirrored
from qagen.audit.checks import Check, disagree
from qagen.audit.scene import AuditScene, AuditView

DEPTH_UNIT_M, LARGEST_STORED = 0.001, 65535
"""Depth of a stored 1, unless a file tells another one, and the number that stands for all depth from there on."""
MIRROR_SLACK = 4.0
"""Mean difference, of 255, by which the encoding of a mirrored image may change its pixels."""


class Media:
    """Checks every image file of a dataset's output once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_written = folder.is_dir()
        self._checks: dict[str, Check | None] = {}

    def check(self, record: AuditRecord, scene: AuditScene) -> list[Check]:
        """Failed checks of a record's images; none where the run wrote no images."""
        if not self.is_written:
            return []
        paths = [(path, False) for path in record.images]
        paths += [(path, True) for path in record.raw.get("depth") or ()]
        for path, is_depth in paths:
            if path not in self._checks:
                view = scene.views.get(frame_of(path))
                self._checks[path] = None if view is None else self._compare(path, is_depth, view, scene.reported_unit)
        return [check for path, _ in paths if (check := self._checks[path]) is not None]

    def _compare(self, path: str, is_depth: bool, view: AuditView, reported_unit: float) -> Check | None:
        try:
            content = (self.folder / path).read_bytes()
        except OSError as error:
            return disagree("image file", path, f"a file ({error.strerror})")
        try:
            if is_depth:
                return _compare_depth(path, content, view, self._depth_unit_m(path), reported_unit)
            return _compare_color(path, content, view)
        except (UnidentifiedImageError, OSError, ValueError) as error:
            return disagree("image file", path, f"an image ({error})")

    def _depth_unit_m(self, path: str) -> float:
        """Depth of a stored 1 of a scene's depth images."""
        told = self.folder / path.partition("/")[0] / "depth_unit.txt"
        return float(told.read_text()) if told.is_file() else DEPTH_UNIT_M


def _compare_color(path: str, content: bytes, view: AuditView) -> Check | None:
    source = view.read_color()
    if source == content:
        return None
    size = Image.open(BytesIO(content)).size
    if size != (view.pinhole.width, view.pinhole.height):
        return disagree("image size", f"{path}: {size}", (view.pinhole.width, view.pinhole.height))
    if source is not None:
        written, true = (np.asarray(Image.open(BytesIO(data)).convert("RGB")) for data in (content, source))
        if is_mirrored(path):
            return _compare_mirrored(path, written, true, view)
        if not np.array_equal(written, true):
            return disagree("image content", path, f"the pixels of frame {view.name}")
    return None


def _compare_mirrored(path: str, written: NDArray, true: NDArray, view: AuditView) -> Check | None:
    """Compare an image that was encoded again with the flipped one, and with the one that was not flipped."""
    off, unflipped = (float(np.abs(written.astype(int) - other).mean()) for other in (true, true[:, ::-1]))
    if off > MIRROR_SLACK or off > unflipped:
        return disagree("image content", path, f"the pixels of frame {view.name} in the mirror, {off:.1f} off")
    return None


def _compare_depth(path: str, content: bytes, view: AuditView, unit: float, reported_unit: float) -> Check | None:
    """Compare stored depth, whose 1 is ``unit``, with the scene's, whose 1 is ``reported_unit``; both in meters."""
    if view.read_depth is None:
        return disagree("depth file", path, "no depth in this dataset")
    true = np.minimum(view.read_depth() * reported_unit, LARGEST_STORED * unit)
    written = np.asarray(Image.open(BytesIO(content)), dtype=float) * unit
    if written.shape != true.shape or np.abs(written - true).max() > unit:
        return disagree("depth content", path, f"the depth of frame {view.name}")
    return None
