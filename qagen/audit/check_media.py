"""Whether the images that records name are those of the frames that they name."""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from qagen.audit.audit_record import AuditRecord, frame_of
from qagen.audit.checks import Check, refuse
from qagen.audit.scene import AuditScene, AuditView

DEPTH_UNIT_M = 0.001


class Media:
    """Looks at every image of a dataset's output once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_written = folder.is_dir()
        self._known: dict[str, Check | None] = {}

    def check(self, item: AuditRecord, ground: AuditScene) -> list[Check]:
        """What is wrong with the images of a record; nothing where the run wrote none."""
        if not self.is_written:
            return []
        colors = [(path, False) for path in item.images]
        depths = [(path, True) for path in item.record.get("depth") or ()]
        found = [self._check(path, is_depth, ground) for path, is_depth in colors + depths]
        return [check for check in found if check is not None]

    def _check(self, path: str, is_depth: bool, ground: AuditScene) -> Check | None:
        if path not in self._known:
            view = ground.views.get(frame_of(path))
            self._known[path] = None if view is None else self._compare(path, is_depth, view)
        return self._known[path]

    def _compare(self, path: str, is_depth: bool, view: AuditView) -> Check | None:
        file = self.folder / path
        try:
            content = file.read_bytes()
        except OSError as error:
            return refuse("image file", path, f"a file ({error.strerror})")
        try:
            return _compare_depth(path, content, view) if is_depth else _compare_color(path, content, view)
        except (UnidentifiedImageError, OSError) as error:
            return refuse("image file", path, f"an image ({error})")


def _compare_color(path: str, content: bytes, view: AuditView) -> Check | None:
    source = view.read_color()
    if source == content:
        return None
    size = Image.open(BytesIO(content)).size
    if size != (view.pinhole.width, view.pinhole.height):
        return refuse("image size", f"{path}: {size}", (view.pinhole.width, view.pinhole.height))
    if source is not None and not np.array_equal(_pixels(content), _pixels(source)):
        return refuse("image content", path, f"the pixels of frame {view.name}")
    return None


def _compare_depth(path: str, content: bytes, view: AuditView) -> Check | None:
    if view.read_depth is None:
        return refuse("depth file", path, "no depth in this dataset")
    written, true = np.asarray(Image.open(BytesIO(content)), dtype=float) * DEPTH_UNIT_M, view.read_depth()
    if written.shape != true.shape or np.abs(written - true).max() > DEPTH_UNIT_M:
        return refuse("depth content", path, f"the depth of frame {view.name}")
    return None


def _pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(content)).convert("RGB"))
