"""The objects of a Matterport3D house, from whatever annotation there is of it.

From the .house file with the house mesh, from the rooms' meshes alone, or from the .house file alone: boxes without a
mesh.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.reasons import IN_REFLECTION, NEVER_ASKED, NO_BOX, NO_SURFACE, TOO_SMALL
from qagen.core.scene import MIN_BOX_SIDE_M, Mesh
from qagen.errors import SceneError
from qagen.loaders._base import ObjectList
from qagen.loaders.io.boxes import upright_box
from qagen.loaders.io.labels import LabelEntry
from qagen.loaders.io.ply import object_indices
from qagen.loaders.matterport.house import House, HouseObject, read_house
from qagen.loaders.matterport.labels import hidden_name, name_house_object
from qagen.loaders.matterport.mesh import OwnedMesh, RegionObject, read_house_mesh, read_region_meshes, region_meshes

_NO_POINTS = np.empty((0, 3))


def read_objects(
    prefix: Path, rooms: Path, label_map: Mapping[str, LabelEntry], dropped: Counter[str]
) -> tuple[ObjectList, Mesh | None]:
    """Objects, and the mesh where there is one.

    Args:
        prefix: of the house's files: ``<prefix>.house``, ``<prefix>.ply``.
        rooms: the folder of the rooms' meshes, which need not be there.
        label_map: of category_mapping.tsv; may be empty.
        dropped: counts what is left out.

    Raises:
        SceneError: there is no annotation, or it is damaged.
    """
    objects = _HouseObjectList(label_map, dropped)
    description, surface = Path(f"{prefix}.house"), Path(f"{prefix}.ply")
    house = read_house(description) if description.is_file() else None
    annotated: dict[int, str] = {}
    if house is not None and surface.is_file():
        mesh = read_house_mesh(surface, house.object_of_segment)
        objects.add_house(house, mesh)
        annotated = {
            item.id: house.categories[item.category].raw for item in house.objects if item.category in house.categories
        }
    elif meshes := region_meshes(rooms) if rooms.is_dir() else {}:
        mesh, in_rooms = read_region_meshes(meshes)
        objects.add_rooms(mesh, in_rooms, house.junk_regions if house else frozenset())
        annotated = {index: item.raw for index, item in enumerate(in_rooms)}
    elif house is not None:
        mesh = None
        objects.add_house(house, None)
    else:
        raise SceneError(description, f"annotation: found neither this file nor {rooms.name}/region0.ply, expected one")
    if mesh is None:
        return objects, None
    face_object = object_indices(mesh.owner, objects.kept, annotated)
    return objects, Mesh(mesh.vertices.astype(np.float32), mesh.faces, face_object)


class _HouseObjectList(ObjectList):
    """The objects of a house while they are read."""

    def __init__(self, label_map: Mapping[str, LabelEntry], dropped: Counter[str]) -> None:
        super().__init__(dropped)
        self._label_map = label_map

    def add_house(self, house: House, mesh: OwnedMesh | None) -> None:
        """Add the objects of the .house file; their ids own the faces of the mesh."""
        clouds = None if mesh is None else mesh.points_by_owner()
        for item in house.objects:
            if item.region in house.junk_regions:
                self.leave_out(IN_REFLECTION)
                continue
            category = house.categories.get(item.category)
            label = self._house_name(category.raw if category else "", category.mpcat40 if category else "")
            if label is not None:
                self._add_item(item, label, None if clouds is None else clouds.get(item.id, _NO_POINTS))

    def _add_item(self, item: HouseObject, label: str, points: NDArray[np.float64] | None) -> None:
        if points is not None and not len(points):
            self.leave_out(NO_SURFACE, label)
        elif not (np.isfinite(item.size).all() and item.size.min() >= 0 and item.size.max() > MIN_BOX_SIDE_M):
            self.leave_out(NO_BOX, label)
        else:
            try:
                self.add(item.id, label, upright_box(item.center, item.axes, item.size, points), points)
            except ValueError:
                self.leave_out(NO_BOX, label)

    def add_rooms(self, mesh: OwnedMesh, in_rooms: Sequence[RegionObject], junk: frozenset[int]) -> None:
        """Add the objects of the rooms' meshes; their indices own the faces."""
        clouds = mesh.points_by_owner()
        for index, item in enumerate(in_rooms):
            if item.region in junk:
                self.leave_out(IN_REFLECTION)
                continue
            label, points = self._house_name(item.raw, ""), clouds.get(index, _NO_POINTS)
            if label is None:
                continue
            if not len(points):
                self.leave_out(NO_SURFACE, label)
            elif np.ptp(points, axis=0).max() <= MIN_BOX_SIDE_M:
                self.leave_out(TOO_SMALL, label)
            else:
                self.add(index, label, Box3D.around(points), points)

    def _house_name(self, raw: str, mpcat40: str) -> str | None:
        label = name_house_object(raw, mpcat40, self._label_map)
        if label is None:
            self.leave_out(NEVER_ASKED, hidden_name(raw) or "")
        return label
