"""The things of a Matterport3D house, by whatever annotation there is of it.

Of the .house file with the house mesh, of the rooms' meshes alone, or of the .house file alone: boxes without a mesh.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.scene import MIN_BOX_SIDE_M, Mesh, Object3D
from qagen.errors import SceneError
from qagen.loaders.io.boxes import upright_box
from qagen.loaders.io.labels import LabelEntry
from qagen.loaders.matterport.house import House, HouseObject, read_house
from qagen.loaders.matterport.labels import hidden_name, name_house_object
from qagen.loaders.matterport.mesh import OwnedMesh, RegionObject, read_house_mesh, read_region_meshes, region_meshes

NEVER_ASKED = "object: never asked"
JUNK_REGION = "object: in a region of reflections"
NO_BOX = "object: no box"
NO_SURFACE = "object: no surface"
NOWHERE = np.empty((0, 3))


@dataclass(frozen=True, slots=True)
class HouseObjects:
    """Objects, mesh and hidden names of a scan, by whatever annotation there is of it."""

    label_map: dict[str, LabelEntry]
    """Of category_mapping.tsv; may be empty."""
    dropped: Counter[str]
    """Counts what is left out."""
    unplaced: set[str] = field(default_factory=set)
    """Names of things that images show but nobody is asked about."""

    def read(self, prefix: Path, rooms: Path) -> tuple[tuple[Object3D, ...], Mesh | None]:
        """Objects, and the mesh where there is one.

        Args:
            prefix: of the house's files: ``<prefix>.house``, ``<prefix>.ply``.
            rooms: the folder of the rooms' meshes, which need not be there.

        Raises:
            SceneError: there is no annotation, or it is damaged.
        """
        description, mesh = Path(f"{prefix}.house"), Path(f"{prefix}.ply")
        house = read_house(description) if description.is_file() else None
        if house is not None and mesh.is_file():
            return self._of_house(house, read_house_mesh(mesh, house.object_of_segment))
        meshes = region_meshes(rooms) if rooms.is_dir() else {}
        if meshes:
            return self._of_rooms(*read_region_meshes(meshes), house.junk_regions if house else frozenset())
        if house is not None:
            return self._of_house(house, None)
        raise SceneError(description, f"annotation: found neither this file nor {rooms.name}/region0.ply, expected one")

    def _of_house(self, house: House, mesh: OwnedMesh | None) -> tuple[tuple[Object3D, ...], Mesh | None]:
        kept: dict[int, Object3D] = {}
        clouds = None if mesh is None else mesh.points_by_owner()
        for item in house.objects:
            label = self._label(house, item)
            if label is None:
                continue
            points = None if clouds is None else clouds.get(item.id, NOWHERE)
            box = self._box(item, label, points)
            if box is not None:
                kept[item.id] = Object3D(item.id, label, box, None if points is None else points.astype(np.float32))
        return tuple(kept.values()), None if mesh is None else _owned_by(mesh, list(kept))

    def _label(self, house: House, item: HouseObject) -> str | None:
        category = house.categories.get(item.category)
        if item.region in house.junk_regions:
            self.dropped[JUNK_REGION] += 1
            return None
        return self._name(category.raw if category else "", category.mpcat40 if category else "")

    def _name(self, raw: str, mpcat40: str) -> str | None:
        label = name_house_object(raw, mpcat40, self.label_map)
        if label is None:
            self.dropped[NEVER_ASKED] += 1
            self.unplaced.update({hidden_name(raw) or ""} - {""})
        return label

    def _box(self, item: HouseObject, label: str, points: NDArray[np.float64] | None) -> Box3D | None:
        if points is not None and not len(points):
            return self._without(NO_SURFACE, label)
        if not (np.isfinite(item.size).all() and item.size.min() >= 0 and item.size.max() > MIN_BOX_SIDE_M):
            return self._without(NO_BOX, label)
        try:
            return upright_box(item.center, item.axes, item.size, points)
        except ValueError:
            return self._without(NO_BOX, label)

    def _without(self, reason: str, label: str) -> None:
        self.dropped[reason] += 1
        self.unplaced.add(label)

    def _of_rooms(
        self, mesh: OwnedMesh, things: Sequence[RegionObject], junk: frozenset[int]
    ) -> tuple[tuple[Object3D, ...], Mesh]:
        kept: dict[int, Object3D] = {}
        clouds = mesh.points_by_owner()
        for index, thing in enumerate(things):
            if thing.region in junk:
                self.dropped[JUNK_REGION] += 1
                continue
            label = self._name(thing.raw, "")
            points = clouds.get(index, NOWHERE)
            if label is not None and len(points) and np.ptp(points, axis=0).max() > MIN_BOX_SIDE_M:
                kept[index] = Object3D(index, label, Box3D.around(points), points.astype(np.float32))
            elif label is not None:
                self._without(NO_SURFACE, label)
        return tuple(kept.values()), _owned_by(mesh, list(kept))


def _owned_by(mesh: OwnedMesh, owners: Sequence[int]) -> Mesh:
    """The mesh with faces owned by places in ``owners``."""
    known, place = np.unique(mesh.owner, return_inverse=True)
    index = {owner: position for position, owner in enumerate(owners)}
    face_object = np.array([index.get(owner, -1) for owner in known.tolist()], dtype=np.int32)[place]
    return Mesh(mesh.vertices.astype(np.float32), mesh.faces, face_object)
