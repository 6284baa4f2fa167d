"""What every loader offers, and the skeleton of those that read one folder per scene."""

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.reasons import NEVER_ASKED
from qagen.core.scene import Object3D, Scene, validate_scene
from qagen.errors import SceneError, did_you_mean
from qagen.loaders.io.labels import LabelEntry, name_object
from qagen.loaders.io.text import list_folder, read_text

ANY_NAME = re.compile(r"[^./\\\0][^/\\\0]*")
"""What users may call scenes of their own."""
ALL = "all"
"""The split that is every scene on disk."""
MAX_HINTS = 50
"""Folders that are tried when a wrong root is to be corrected."""


class Loader(ABC):
    """Reads the scenes of one dataset below a root folder.

    Loaders are cheap to construct and to pickle: all reading happens in the methods.
    """

    name: ClassVar[str]
    """The dataset's name on the command line and in the output."""
    objects_elsewhere = False
    """Whether another annotation gives the objects: then scans without any of the dataset's own are read, too."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @abstractmethod
    def scene_ids(self, split: str) -> list[str]:
        """Sorted names of the scenes to read: those of the official split where the root has one, else all.

        Raises:
            SceneError: the root is missing, has no scene, or its split file cannot be read.
        """

    def shared_files(self) -> list[Path]:
        """Existing files outside the scenes' own folders that are read with every scene, such as a label map."""
        return []

    def files_beside(self, source: Path) -> list[Path]:
        """Existing files outside a scene's own folder ``source`` that are read with this scene alone."""
        return []

    def room_of(self, scene_id: str) -> str:
        """The room that a scene shows: scans of one room are excluded together (qagen.pipeline.exclude)."""
        return scene_id

    @abstractmethod
    def load(self, scene_id: str) -> Scene:
        """Read one scene (images stay undecoded).

        Raises:
            SceneError: something of the scene is missing, damaged or contradicts itself.
        """


class FolderLoader(Loader):
    """Reads a dataset in which each scene is a folder that bears its name.

    The root may be the dataset's own, the folder of the scenes in it, or a single scene's. Dots in a folder's name
    become "_" in the scene's, because records end a name with a dot. A loader says what a scene's folder looks like
    (``scene_name``, ``homes``, ``expected``, ``is_scene``) and reads it (``read``). A
    variant of a dataset subclasses its loader and overrides what differs.
    """

    scene_name: ClassVar[re.Pattern[str]] = re.compile(r"[A-Za-z0-9_-]+")
    """What scenes are called. Only names that match become part of a path."""
    homes: ClassVar[tuple[str, ...]] = ("",)
    """Folders below the root that may hold the scenes' folders, in order of preference."""
    expected: ClassVar[str]
    """What a root with scenes looks like, for the error about one without."""
    split_list: ClassVar[str] = ""
    """File name of the official lists of scenes, "scannetv2_{split}.txt"; empty where there are none."""
    shared_folders: ClassVar[tuple[str, ...]] = ("",)
    """Folders of the dataset that may hold the split lists and other files that serve all scenes."""
    shared_names: ClassVar[tuple[str, ...]] = ()
    """Names of the files that serve all scenes."""

    @abstractmethod
    def is_scene(self, folder: Path) -> bool:
        """Whether a folder with a scene's name holds one."""

    @abstractmethod
    def read(self, scene_id: str, folder: Path) -> Scene:
        """Read the scene in a folder. Raises SceneError."""

    def scene_id(self, folder: Path) -> str:
        """The scene's name by its folder."""
        return id_of(folder)

    def load(self, scene_id: str) -> Scene:
        """Read one scene; images stay undecoded.

        Raises:
            SceneError: there is no such scene, or something of it is missing, damaged or contradicts itself.
        """
        folder = self.folder(scene_id)
        return validate_scene(self.read(self.scene_id(folder), folder))

    def scene_ids(self, split: str) -> list[str]:
        """Sorted names of the scenes on disk that belong to the split.

        Raises:
            SceneError: the root is missing or has no scene, or the split is unknown or has none of the scenes.
        """
        return sorted(self.in_split(split, self.folders()))

    def in_split(self, split: str, found: Mapping[str, Path]) -> Collection[str]:
        """Those of the scenes ``found`` that the official list of the split names.

        All are taken when there are no lists at all, when the split is "all", and when the root is a single scene.

        Raises:
            SceneError: there are lists but not this one, or it names none of the scenes.
        """
        lists = self.split_lists()
        if split == ALL or not lists or self._is_scene(self.root):
            return found
        path = next((lists[name] for name in self.list_names(split) if name in lists), None)
        if path is None:
            missing = PurePosixPath(self.shared_folders[0], self.split_list.format(split=split))
            raise SceneError(self.root, f"split: no {missing}.{did_you_mean(split, [*lists, ALL])}")
        listed = set(read_text(path).split())
        if not listed & found.keys():
            raise SceneError(path, f"none of the {len(listed)} scenes listed here exist under {self.root}")
        return listed & found.keys()

    def list_names(self, split: str) -> tuple[str, ...]:
        """Names that the list of a split may have, in order of preference."""
        return (split,)

    def split_lists(self) -> dict[str, Path]:
        """The official lists by the name of their split; of several the nearest."""
        if not self.split_list:
            return {}
        head, tail = self.split_list.split("{split}")
        paths = [path for folder in self.shared_places() for path in sorted(folder.glob(f"{head}*{tail}"))]
        return {path.name.removeprefix(head).removesuffix(tail): path for path in reversed(paths)}

    def shared_places(self) -> list[Path]:
        """Where files that serve all scenes may lie, nearest first: ``shared_folders`` of the root and above it."""
        top = absolute(self.root)
        top = top.parent if self._is_scene(top) else top
        levels = max(home.count("/") + bool(home) for home in self.homes)
        return [base / name for base in (top, *top.parents[:levels]) for name in self.shared_folders]

    def shared_file(self, name: str) -> Path:
        """The nearest file of a name that serves all scenes; where there is none, the path where it is expected."""
        paths = [folder / name for folder in self.shared_places()]
        return next((path for path in paths if path.is_file()), self.root / self.shared_folders[0] / name)

    def shared_files(self) -> list[Path]:
        return [path for path in map(self.shared_file, self.shared_names) if path.is_file()]

    def folders(self) -> dict[str, Path]:
        """All scenes' folders by name. Raises SceneError where there is none."""
        if self._is_scene(self.root):
            return {self.scene_id(self.root): self.root}
        if not self.root.is_dir():
            raise SceneError(self.root, f"dataset root: no such folder.{self._hint()}")
        paths = [path for home in self._homes() for path in list_folder(home) if self._is_scene(path)]
        if not paths:
            raise SceneError(self.root, f"dataset root: found no scene, expected {self.expected}.{self._hint()}")
        found = {self.scene_id(path): path for path in reversed(paths)}
        self.check_names(found, paths)
        return found

    def check_names(self, found: Mapping[str, Path], paths: Collection[Path]) -> None:
        """Raise SceneError where scenes of different names on disk would be called alike."""
        for path in paths:
            other = found[self.scene_id(path)].name
            if path.name != other:
                both = f"{other!r} and {path.name!r}"
                raise SceneError(self.root, f"scenes: found {both}, expected names that differ beyond '.' and '_'")

    def folder(self, scene_id: str) -> Path:
        """One scene's folder, found without listing the others. Raises SceneError."""
        if self.scene_name.fullmatch(scene_id):
            if self.scene_id(self.root) == scene_id and self._is_scene(self.root):
                return self.root
            for home in self._homes():
                if self.is_scene(home / scene_id):
                    return home / scene_id
            dotted = self.folders().get(scene_id) if "_" in scene_id else None
            if dotted is not None:
                return dotted
        raise SceneError(self.root, f"scene: no {scene_id!r} here.{did_you_mean(scene_id, self.folders())}")

    def _homes(self) -> list[Path]:
        return [self.root / home for home in self.homes if (self.root / home).is_dir()]

    def _is_scene(self, folder: Path) -> bool:
        return bool(self.scene_name.fullmatch(absolute(folder).name)) and self.is_scene(folder)

    def _hint(self) -> str:
        """Name a folder near a wrong root that would do, if there is one."""
        parent = absolute(self.root).parent
        children = [path for path in list_folder(self.root) if path.is_dir()] if self.root.is_dir() else []
        for near in (parent, *children[:MAX_HINTS]):
            if self._is_scene(near) or any((near / home).is_dir() for home in self.homes if home):
                return f" Did you mean '{near}'?"
        if not self.root.exists() and parent.is_dir():
            return did_you_mean(self.root.name, [path.name for path in list_folder(parent) if path.is_dir()])
        return ""


def absolute(folder: Path) -> Path:
    """The folder with a name and a parent, even for "."; a link keeps its own name, which is the scene's."""
    return folder.resolve() if ".." in folder.parts else folder.absolute()


def id_of(folder: Path) -> str:
    """The scene's name by its folder's."""
    return absolute(folder).name.replace(".", "_")


class ObjectList:
    """The objects of a scene while they are read, and what is left out of them."""

    def __init__(self, dropped: Counter[str]) -> None:
        self.kept: list[Object3D] = []
        self.unplaced: set[str] = set()
        """Names of objects that are left out although images may show them."""
        self._dropped = dropped

    def name(self, raw: str, label_map: Mapping[str, LabelEntry] = {}) -> str | None:
        """The name to use in questions (see name_object); None, and counted, where the object is never asked about."""
        label = name_object(raw, label_map)
        if label is None:
            self.leave_out(NEVER_ASKED)
        return label

    def add(self, object_id: int, label: str, box: Box3D, points: NDArray | None = None) -> None:
        """Keep an object; ``points`` (n, 3) are on its surface, world, meters."""
        self.kept.append(Object3D(object_id, label, box, None if points is None else points.astype(np.float32)))

    def leave_out(self, reason: str, label: str = "") -> None:
        """Count an object that is not kept, and remember its name where images may show it."""
        self._dropped[reason] += 1
        self.unplaced |= {label} - {""}
