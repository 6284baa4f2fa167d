"""What every loader offers."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from qagen.core.scene import Scene


class Loader(ABC):
    """Reads the scenes of one dataset below a root folder.

    Loaders are cheap to construct and to pickle: all reading happens in the methods.
    """

    name: ClassVar[str]
    """The dataset's name on the command line and in the output."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @abstractmethod
    def scene_ids(self, split: str) -> list[str]:
        """Sorted names of the scenes to read: those of the official split file where the root has one, else all.

        Raises:
            SceneError: the root is missing, has no scene, or its split file cannot be read.
        """

    def shared_files(self) -> list[Path]:
        """Existing files outside the scenes' own folders that are read with every scene, such as a label map."""
        return []

    def room_of(self, scene_id: str) -> str:
        """The place that a scene shows: scans of one place are held out together (qagen.pipeline.exclude)."""
        return scene_id

    @abstractmethod
    def load(self, scene_id: str) -> Scene:
        """Read one scene (images stay undecoded).

        Raises:
            SceneError: something of the scene is missing, damaged or contradicts itself.
        """
