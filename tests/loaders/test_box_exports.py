"""Boxes of labelCloud, CVAT and RoomPlan, worked out by hand: one box that is turned by 30 degrees, told by each."""

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from qagen.core.scene import Scene
from qagen.errors import SceneError
from qagen.loaders.io.box_exports import read_box_export
from qagen.loaders.posed.loader import PosedLoader
from tests.loaders.test_posed import FACING_X, description, write

CENTER, SIZE = (5.0, 4.0, 0.5), (0.6, 0.4, 1.0)
COS, SIN = math.cos(math.radians(30)), math.sin(math.radians(30))


def xyz(*values: float) -> dict[str, float]:
    return dict(zip("xyz", values, strict=True))


def centroid(turn: float, **changes: Any) -> dict[str, Any]:
    size = dict(zip(("length", "width", "height"), SIZE, strict=True))
    told = {"name": "chair", "centroid": xyz(*CENTER), "dimensions": size, "rotations": xyz(0, 0, turn)}
    return {"folder": "clouds", "filename": "kitchen.ply", "path": "kitchen.ply", "objects": [told | changes]}


def corners() -> list[list[float]]:
    """labelCloud's order: around the bottom, along the width first, then around the top."""
    signs = [(-1, -1, -1), (-1, 1, -1), (1, 1, -1), (1, -1, -1), (-1, -1, 1), (-1, 1, 1), (1, 1, 1), (1, -1, 1)]
    half = np.array(signs) * SIZE / 2
    return (half @ np.array([[COS, SIN, 0], [-SIN, COS, 0], [0, 0, 1]]) + CENTER).tolist()


def datumaro(**changes: Any) -> dict[str, Any]:
    cuboid = {"type": "cuboid_3d", "label_id": 1, "position": CENTER, "rotation": [0, 0, math.pi / 6], "scale": SIZE}
    labels = [{"name": "table", "parent": "", "attributes": []}, {"name": "chair", "parent": "", "attributes": []}]
    other = {"id": "", "type": "label", "label_id": 0}
    item = {"id": "kitchen", "annotations": [other, cuboid | changes], "point_cloud": {"path": "kitchen.pcd"}}
    return {"categories": {"label": {"labels": labels}}, "items": [item, {"id": "empty", "annotations": []}]}


def roomplan(**changes: Any) -> dict[str, Any]:
    """The same box with y up: (x, y, z) of z up is (y, z, x) there. Its own y is the vertical."""
    center = [CENTER[1], CENTER[2], CENTER[0]]
    # own x is 0.4 wide, own z 0.6: they look where the box's width and length do
    columns = [[COS, 0, -SIN, 0], [0, 1, 0, 0], [SIN, 0, COS, 0], [*center, 1]]
    told = {"category": {"chair": {}}, "dimensions": [0.4, 1.0, 0.6], "transform": np.array(columns).ravel().tolist()}
    return {"version": 2, "walls": [], "objects": [told | changes]}


BY_ROWS = [1, 0, 0, 5, 0, 1, 0, 4, 0, 0, 1, 0, 0, 0, 0, 1]
SAME = {
    "labelcloud_centroid_abs": centroid(30),
    "labelcloud_centroid_rel": centroid(math.pi / 6),
    "labelcloud_vertices": {"objects": [{"name": "chair", "vertices": corners()}]},
    "datumaro": datumaro(),
}


def load(folder: Path, boxes: Any, kind: str, **changes: Any) -> Scene:
    source = {"format": kind, "path": "boxes.json"} | changes.pop("more", {})
    write(folder, description(objects=source, **changes))
    (folder / "boxes.json").write_text(json.dumps(boxes))
    return PosedLoader(folder).load(folder.name)


@pytest.mark.parametrize("kind", SAME)
def test_the_same_box_comes_from_every_tool(tmp_path: Path, kind: str) -> None:
    (chair,) = load(tmp_path / "kitchen", SAME[kind], kind).objects
    assert (chair.id, chair.label) == (1, "chair")
    assert_allclose(chair.box.center, CENTER, atol=1e-9)
    assert_allclose(chair.box.size, SIZE, atol=1e-9)
    assert math.degrees(chair.box.yaw_rad) == pytest.approx(30)


@pytest.mark.parametrize("category", ["chair", {"chair": {}}], ids=str)
def test_a_room_of_roomplan_is_turned_upright(tmp_path: Path, category: Any) -> None:
    (chair,) = load(tmp_path / "kitchen", roomplan(category=category), "roomplan", up="+y").objects
    assert_allclose(chair.box.center, CENTER, atol=1e-9)
    want = np.array(corners())
    assert_allclose(sorted(chair.box.corners.round(6).tolist()), sorted(want.round(6).tolist()), atol=1e-6)


def test_boxes_may_be_in_another_world_than_the_poses(tmp_path: Path) -> None:
    z_up_from_y_up = [[0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 2]]
    more = {"world_from_boxes": z_up_from_y_up}
    (chair,) = load(tmp_path / "kitchen", roomplan(), "roomplan", more=more).objects
    assert_allclose(chair.box.center, (5, 4, 2.5), atol=1e-9)


def test_labelcloud_turns_about_x_then_y_then_z_of_the_world(tmp_path: Path) -> None:
    path = tmp_path / "boxes.json"
    path.write_text(json.dumps(centroid(0, rotations=xyz(90, 0, 90))))
    (box,) = read_box_export(path, "labelcloud_centroid_abs")
    # x first: y becomes z; then z: x becomes y. The box's own y ends along the world's z, its own z along +x
    assert_allclose(box.axes.T, [[0, 1, 0], [0, 0, 1], [1, 0, 0]], atol=1e-12)


def test_cvat_turns_about_its_own_axes(tmp_path: Path) -> None:
    path = tmp_path / "boxes.json"
    path.write_text(json.dumps(datumaro(rotation=[math.pi / 2, 0, math.pi / 2])))
    (box,) = read_box_export(path, "datumaro")
    # own x first, then the new z, which is the world's -y: own x ends along the world's z
    assert_allclose(box.axes.T, [[0, 0, 1], [-1, 0, 0], [0, -1, 0]], atol=1e-12)


WRONG: dict[str, tuple[str, Any, str]] = {
    "degrees": (
        "labelcloud_centroid_rel",
        centroid(30),
        "objects[0].rotations: found [0.0, 0.0, 30.0], expected radians",
    ),
    "radians": (
        "labelcloud_centroid_abs",
        centroid(-0.5),
        "expected degrees from 0 to 360; is the format labelcloud_centroid_rel?",
    ),
    "centroid for vertices": (
        "labelcloud_vertices",
        centroid(30),
        "objects[0].vertices: found nothing, expected a list (8",
    ),
    "seven corners": (
        "labelcloud_vertices",
        {"objects": [{"name": "chair", "vertices": corners()[:7]}]},
        "of at least 8 (8 corners of 3",
    ),
    "flat": (
        "labelcloud_vertices",
        {"objects": [{"name": "chair", "vertices": corners()[:4] * 2}]},
        "objects[0].vertices: found sides",
    ),
    "no name": (
        "labelcloud_centroid_abs",
        centroid(30, name=""),
        "objects[0].name: found '', expected a text of at least 1",
    ),
    "no height": (
        "labelcloud_centroid_abs",
        centroid(30, dimensions={"length": 1, "width": 1}),
        "dimensions.height: found nothing",
    ),
    "no size": (
        "labelcloud_centroid_abs",
        centroid(30, dimensions={"length": 1, "width": 1, "height": 0}),
        "box 0.size: found [1.0, 1.0, 0.0]",
    ),
    "no label": ("datumaro", datumaro(label_id=2), "items[0].annotations[1].label_id: found 2, expected 0 to 1"),
    "no scale": ("datumaro", datumaro(scale=None), "found a cuboid_3d without its numbers"),
    "images": ("datumaro", datumaro(type="bbox"), "items: found cuboid_3d in 0 of 2 items, expected one item"),
    "rows": ("roomplan", roomplan(transform=np.eye(4).ravel().tolist()[:12]), "transform: found [1.0, 0.0"),
    "by rows": ("roomplan", roomplan(transform=BY_ROWS), "it is stored column after column"),
    "not y up": ("roomplan", roomplan(), "objects.format: found roomplan with units m and up +z, expected m and +y"),
    "unknown": (
        "labelcloud",
        centroid(30),
        "objects.format: found 'labelcloud', expected datumaro, labelcloud_centroid_abs,",
    ),
}


@pytest.mark.parametrize(("kind", "boxes", "message"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_told_with_its_field(tmp_path: Path, kind: str, boxes: Any, message: str) -> None:
    changes = {"up": "+y"} if kind == "roomplan" and "up +z" not in message else {}
    with pytest.raises(SceneError, match=re.escape(message)):
        load(tmp_path / "kitchen", boxes, kind, **changes)


def test_a_box_is_measured_where_masks_and_depth_show_the_object(tmp_path: Path) -> None:
    """A board, 1 m wide and 0.5 m high, 2 m in front of a camera that looks along +x, before a wall at 4 m."""
    folder = tmp_path / "kitchen"
    camera = {"fx": 160, "fy": 160, "cx": 79.5, "cy": 59.5, "width": 160, "height": 120}
    shown = np.zeros((120, 160), np.uint8)
    shown[40:80, 40:120] = 7  # 80 pixels x 2 m / 160 = 1 m; 40 x 2 / 160 = 0.5 m
    told = description(camera=camera, objects=[{"id": 7, "label": "board"}, {"id": 8, "label": "cup"}])
    frame = {"image": "a.png", "depth": "a.depth.png", "instances": "who.png", "pose": FACING_X}
    told["frames"] = [frame | {"id": f"frame{k}"} for k in range(10)]
    write(folder, told)
    Image.new("RGB", (160, 120)).save(folder / "a.png")
    Image.fromarray(np.where(shown > 0, 2000, 4000).astype(np.uint16)).save(folder / "a.depth.png")
    Image.fromarray(shown).save(folder / "who.png")
    scene = PosedLoader(folder).load("kitchen")
    (board,) = scene.objects
    assert scene.dropped == {"object: hardly measured": 1}
    assert_allclose(board.box.center, (5, 4, 1.5), atol=0.02)
    assert_allclose(np.sort(board.box.size), (0, 0.5, 1), atol=0.065)  # two pixels of its edge are not trusted
    assert scene.frames[0].instances is not None
    assert (scene.frames[0].instances.read_objects() == np.where(shown > 0, 0, -1)).all()
