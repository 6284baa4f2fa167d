"""Writes a house as Matterport3D lays it out on disk, with walks in the form of R2R and Room-across-Room.

The layouts are those of github.com/niessner/Matterport (data_organization.md), github.com/peteanderson80/
Matterport3DSimulator and github.com/google-research-datasets/RxR. Frames of the film that were taken near each other
become the images of one viewpoint. The house is shifted and turned. The instructions were written for the built-in
apartment and are left out for other films.
"""

import gzip
import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
from numpy.typing import NDArray

from qagen.core.pose import Pose, product, rotate
from qagen.demo.film import Film
from qagen.demo.layouts.geometry import colors, positions, write_ply
from qagen.demo.layouts.scannet import NYU40, nyu40_id

SCAN = "qAgenFlat01"
HOUSE = Pose(np.array([[0.6, -0.8, 0], [0.8, 0.6, 0], [0, 0, 1]]), np.array([-7.5, 2.25, 0.125]))
"""The house's world from the film's world."""
CEILING_M = 2.6
UNITS_PER_MM = 4
"""Depth values per millimeter."""
OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])
"""Converts between cameras that look along z with y down and those that look along -z with y up."""

VIEWPOINT_M = 0.6
"""Largest distance between the first image of a viewpoint and its others."""
MAX_IMAGES = 6
"""Largest number of images of one camera at one viewpoint."""
LEVEL, DOWN = 1, 2
LEVEL_DEG = -26.0
"""Images with a higher elevation belong to the level camera, the others to the one that looks down."""
LINK_M = 2.0
"""Viewpoints farther apart are not linked."""
KNEE_M = 0.4
"""A straight way is free when nothing blocks it at eye level or at this height."""

REGION_LETTERS = {
    "bathroom": "a",
    "bedroom": "b",
    "hall": "h",
    "kitchen": "k",
    "living room": "l",
    "study": "o",
}
MPCAT40 = {
    "wall": (1, "wall"),
    "floor": (2, "floor"), "rug": (2, "floor"), "bath mat": (2, "floor"), "doormat": (2, "floor"),
    "chair": (3, "chair"), "office chair": (3, "chair"), "armchair": (3, "chair"),
    "door": (4, "door"), "doorframe": (4, "door"),
    "desk": (5, "table"), "dining table": (5, "table"), "coffee table": (5, "table"), "side table": (5, "table"),
    "picture": (6, "picture"),
    "cabinet": (7, "cabinet"), "bathroom cabinet": (7, "cabinet"), "kitchen cabinets": (7, "cabinet"),
    "wardrobe": (7, "cabinet"),
    "pillow": (8, "cushion"),
    "window": (9, "window"),
    "couch": (10, "sofa"),
    "bed": (11, "bed"),
    "curtain": (12, "curtain"), "curtains": (12, "curtain"), "shower curtain": (12, "curtain"),
    "dresser": (13, "chest_of_drawers"), "nightstand": (13, "chest_of_drawers"),
    "plant": (14, "plant"),
    "sink": (15, "sink"),
    "ceiling": (17, "ceiling"),
    "toilet": (18, "toilet"),
    "stool": (19, "stool"), "ottoman": (19, "stool"),
    "towel": (20, "towel"),
    "mirror": (21, "mirror"),
    "tv": (22, "tv_monitor"), "monitor": (22, "tv_monitor"),
    "bathtub": (25, "bathtub"),
    "kitchen counter": (26, "counter"),
    "lamp": (28, "lighting"), "ceiling lamp": (28, "lighting"), "ceiling light": (28, "lighting"),
    "bookshelf": (31, "shelving"), "shelf": (31, "shelving"),
    "bench": (34, "seating"),
    "whiteboard": (35, "board_panel"),
    "refrigerator": (37, "appliances"), "stove": (37, "appliances"), "washing machine": (37, "appliances"),
    "coat": (38, "clothes"), "clothes": (38, "clothes"),
}  # fmt: skip
OTHER_CLASS = (39, "objects")
MAPPING_COLUMNS = (
    "index", "raw_category", "category", "count", "nyuId", "nyu40id", "eigen13id", "nyuClass", "nyu40class",
    "eigen13class", "ModelNet40", "ModelNet10", "ShapeNetCore55", "synsetoffset", "wnsynsetid", "wnsynsetkey",
    "mpcat40index", "mpcat40",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WalkedPath:
    """A path through the apartment and the instructions for it."""

    frames: tuple[int, ...]
    """A frame of the film at each viewpoint."""
    rooms: tuple[str, ...]
    """Rooms in the order in which it passes through them."""
    texts: tuple[str, str, str]
    """Short instructions."""
    guide: str
    """A spoken instruction."""


WALKS = (
    WalkedPath(
        (0, 6, 11, 15),
        ("hall", "study"),
        (
            "Come in through the front door and walk along the hall. Take the first doorway on the right and stop in "
            "the study, facing the desk. ",
            "Go down the hall, turn right into the room with the green walls and stop behind the black office chair.",
            "Turn right after a few steps and wait just inside the study, where you can see two monitors below a map.",
        ),
        "You are at the front door, and in front of you is a long hall. Take a few steps until there is an open door "
        "on your right. Turn right and go through it. Now you are in a small office with green walls. Straight ahead "
        "there is a desk with two monitors and a laptop, and a map hangs above it. Stop one or two steps inside, and "
        "you are done.",
    ),
    WalkedPath(
        (34, 36, 39),
        ("study", "hall"),
        (
            "Leave the study through the doorway and stop in front of the white dresser with the red telephone.",
            "Go straight out of the room and wait in front of the mirror on the other side of the hall.",
            "Walk out of the door, keeping the whiteboard on your left, and stop in the hall by the vase of flowers.",
        ),
        "You are standing in an office, with the door in front of you and a whiteboard on the wall to your left. Walk "
        "through the door into the hall. There is a white dresser with a red telephone and a vase of orange flowers "
        "on it, and a mirror above it. Stop in front of that dresser.",
    ),
    WalkedPath(
        (45, 47, 49, 51, 54),
        ("hall", "bathroom"),
        (
            "Walk along the hall past the coats, turn right into the bathroom and stop beside the sink.",
            "Go down the hall on the striped rug, take the doorway on the right with the blue tiles, and wait there "
            "with the sink on your left.",
            "Turn right behind the yellow coat. Go into the bathroom and stop when the toilet is ahead of you.",
        ),
        "Okay, you are in the hall and looking at a bicycle at the far end. Walk on over the striped rug. On your "
        "right you pass a yellow coat, and right behind it there is an open door with blue tiles on the floor. Turn "
        "right, go in, and walk up to the white sink on your left. That is where you stop.",
    ),
    WalkedPath(
        (73, 77, 80, 83, 85, 87, 91, 95),
        ("bathroom", "hall", "bedroom"),
        (
            "Leave the bathroom, turn right and follow the hall toward the bicycle. Turn right again and stop in the "
            "bedroom, facing the bed.",
            "Walk past the washing machine and out of the bathroom. Go right along the hall until there is a doorway "
            "on the right, and stop in it when you see the purple bed.",
            "Go out, turn right, pass the two pictures on the wall on your left, and take the next door on the right. "
            "Wait just inside the bedroom.",
        ),
        "You begin in a bathroom with blue tiles, and you are looking at the open door. Walk out, past the washing "
        "machine on your left side. In the hall turn right, toward the blue bicycle at the end. Keep walking. There "
        "are pictures on the wall on your left. Before you reach the bicycle, there is a door on your right. Turn "
        "right into it and stop. You should see a bed with a purple cover and a teddy bear on it.",
    ),
    WalkedPath(
        (155, 157, 159, 162, 166, 170, 174),
        ("hall", "living room"),
        (
            "Walk toward the front door, turn right into the living room and stop at the edge of the red rug.",
            "Go along the hall, take the first doorway on the right, pass the television and stop by the coffee table.",
            "Leave the hall for the room with the orange armchair. Walk in until the blue couch is in front of you.",
        ),
        "You are at one end of the hall, and the front door is at the other end. Walk toward it, and turn right at "
        "the first opening on your right. You come into the living room. There is a television on your left, and a "
        "window straight ahead. Go on, past the television, and stop where the rug with the blue border begins.",
    ),
    WalkedPath(
        (218, 220, 222, 225, 228, 230),
        ("living room", "kitchen"),
        (
            "Go through the doorway into the kitchen, turn right before the dining table and stop at the counter.",
            "Walk onto the checkered floor. Keep the table on your left and stop near the stove.",
            "Leave the living room by the doorway in front of you, turn right, and wait between the table and the "
            "kitchen counter.",
        ),
        "You can see a doorway with a checkered floor and a dining table behind it. Go through it into the kitchen. "
        "Before you run into the table, turn right, so that the table is on your left. Walk on to the kitchen counter "
        "with the red kettle and the toaster, and stop there.",
    ),
    WalkedPath(
        (155, 157, 159, 162, 166, 220, 222, 225),
        ("hall", "living room", "kitchen"),
        (
            "Go down the hall, turn right into the living room, then left into the kitchen, and stop at the table.",
            "Take the first doorway on the right. In the living room turn left through the next doorway, and wait by "
            "the fruit bowl on the dining table.",
            "Walk along the hall toward the front door, go right, then left onto the checkered floor, and stop.",
        ),
        "You are in the hall and the front door is far ahead of you. Walk toward it and take the first opening on the "
        "right, into the living room. After a few steps there is another doorway on your left. Turn left and go "
        "through it, into the kitchen with the checkered floor. Stop when you stand in front of the dining table.",
    ),
)
HINDI = "सामने वाले दरवाज़े से आगे बढ़िए, फिर दाएँ मुड़िए और कमरे में रुक जाइए।"
"""An instruction in another language: "Go on from the front door, then turn right and stop in the room." """


@dataclass(frozen=True, slots=True, eq=False)
class Viewpoint:
    """A position from which some frames were taken."""

    name: str
    """32 hexadecimal digits."""
    images: dict[int, str]
    """Camera and yaw of the image of each frame: "1_0"."""
    position: NDArray[np.float64]
    """(3,) house's world, meters."""
    room: int
    """Index of its room."""


def write(film: Film, root: Path) -> None:
    """Write one house with its metadata, its graph and its walks below ``root``."""
    scan = root / "v1" / "scans" / SCAN
    viewpoints = _viewpoints(film)
    _write_images(scan, film, viewpoints)
    labels = sorted(set(film.labels))
    folder = scan / "house_segmentations"
    _write_text(folder / f"{SCAN}.house", _house_lines(film, viewpoints, labels))
    _write_mesh(folder / f"{SCAN}.ply", film, labels)
    _write_json(folder / f"{SCAN}.fsegs.json", {"segIndices": film.face_part.tolist()})
    groups = [
        {"id": index, "objectId": index, "label": label, "segments": np.flatnonzero(film.part_object == index).tolist()}
        for index, label in enumerate(film.labels)
    ]
    _write_json(folder / f"{SCAN}.semseg.json", {"segGroups": groups})
    _write_text(root / "metadata" / "category_mapping.tsv", _mapping_lines(film, labels))
    _write_json(root / "connectivity" / f"{SCAN}_connectivity.json", _graph(film, viewpoints))
    walks = _true_walks(film, viewpoints)
    _write_json(
        root / "R2R" / "R2R_train.json", [_r2r(number, walk, path) for number, (walk, path) in enumerate(walks)]
    )
    _write_guides(root / "RxR" / "rxr_train_guide.jsonl.gz", walks)


def _viewpoints(film: Film) -> list[Viewpoint]:
    groups: list[dict[int, str]] = []
    for frame, pose in enumerate(film.poses):
        elevation_deg = float(np.degrees(np.arcsin(pose.rotation[2, 2])))
        camera = LEVEL if elevation_deg > LEVEL_DEG else DOWN
        taken = sum(slot.startswith(f"{camera}_") for slot in groups[-1].values()) if groups else MAX_IMAGES
        if taken == MAX_IMAGES or math.dist(film.poses[min(groups[-1])].translation, pose.translation) > VIEWPOINT_M:
            groups.append({})
            taken = 0
        groups[-1][frame] = f"{camera}_{taken}"
    viewpoints = []
    for images in groups:
        position = np.mean([film.poses[frame].translation for frame in images], axis=0)
        name = hashlib.md5(f"viewpoint {min(images)}".encode(), usedforsecurity=False).hexdigest()
        viewpoints.append(Viewpoint(name, images, HOUSE @ position, film.room_at(position)))
    return viewpoints


def _write_images(scan: Path, film: Film, viewpoints: Sequence[Viewpoint]) -> None:
    """Write the images and the .conf file that has their intrinsics and poses."""
    colors_folder, depth_folder = scan / "undistorted_color_images", scan / "undistorted_depth_images"
    colors_folder.mkdir(parents=True)
    depth_folder.mkdir()
    lines = ["dataset matterport", f"n_images {len(film.poses)}"]
    lines += [f"depth_directory {depth_folder.name}", f"color_directory {colors_folder.name}", ""]
    for viewpoint in viewpoints:
        lines.append(f"intrinsics_matrix {_intrinsics(film)}")
        for frame, slot in viewpoint.images.items():
            color, depth = f"{viewpoint.name}_i{slot}.jpg", f"{viewpoint.name}_d{slot}.png"
            (colors_folder / color).write_bytes(film.color_jpeg(frame))
            units = np.minimum(film.depth_mm(frame).astype(np.uint32) * UNITS_PER_MM, np.iinfo(np.uint16).max)
            (depth_folder / depth).write_bytes(cv2.imencode(".png", units.astype(np.uint16))[1].tobytes())
            lines.append(f"scan {depth} {color} {_numbers(_opengl_pose(film, frame).ravel(), 9)}")
    _write_text(scan / "undistorted_camera_parameters" / f"{SCAN}.conf", lines)


def _intrinsics(film: Film) -> str:
    """Focal lengths and principal point in pixels from the bottom left corner of the image."""
    camera = film.camera
    cx, cy = camera.cx + 0.5, camera.height - 0.5 - camera.cy
    return f"{camera.fx:g} 0 {cx:g}  0 {camera.fy:g} {cy:g}  0 0 1"


def _opengl_pose(film: Film, frame: int) -> NDArray[np.float64]:
    """(4, 4) house's world from a camera that looks along -z with y up."""
    return (HOUSE @ film.poses[frame]).matrix @ OPENGL


def _numbers(values: Iterable[float], digits: int = 6) -> str:
    return " ".join(f"{value:.{digits}g}" for value in values)


def _house_lines(film: Film, viewpoints: Sequence[Viewpoint], labels: list[str]) -> list[str]:
    """Letters and fields as in data_organization.md; fields that it does not explain are 0."""
    counts = [len(film.poses), len(viewpoints), sum(len(room.polygon) for room in film.rooms), len(film.rooms)]
    counts += [len(film.part_object), len(film.labels), len(labels), len(film.rooms), 0, 1]
    bounds = _bounds(film.vertices)
    floor = _numbers(HOUSE @ film.vertices.mean(axis=0))
    lines = ["ASCII 1.1", f"H  {SCAN}  -  {_numbers(counts)}  0 0 0 0 0  {bounds}  0 0 0 0 0 "]
    lines.append(f"L  0 {len(film.rooms)}  -  {floor}  {bounds}  0 0 0 0 0 ")
    lines += _room_lines(film)
    for number, viewpoint in enumerate(viewpoints):
        lines.append(f"P  {viewpoint.name}  {number} {viewpoint.room}  0  {_numbers(viewpoint.position)}  0 0 0 0 0 ")
    lines += _image_lines(film, viewpoints)
    for number, label in enumerate(labels):
        code, name = MPCAT40.get(label, OTHER_CLASS)
        lines.append(f"C  {number}  {number + 1} {label.replace(' ', '#')}  {code} {name}  0 0 0 0 0 ")
    for number, (label, box) in enumerate(zip(film.labels, film.boxes, strict=True)):
        axes = product(HOUSE.rotation, box.rotation)
        numbers = [*(HOUSE @ box.center), *axes[:, 0], *axes[:, 1], *(box.size / 2)]
        category = labels.index(label)
        lines.append(f"O  {number} {film.room_at(box.center)} {category}  {_numbers(numbers)}  0 0 0 0 0 0 0 0 ")
    return lines + _segment_lines(film)


def _bounds(points: NDArray) -> str:
    world = HOUSE @ points
    return _numbers([*world.min(axis=0), *world.max(axis=0)])


def _room_lines(film: Film) -> list[str]:
    """Regions, then the surfaces and vertices of the floors."""
    regions, surfaces, vertices = [], [], []
    for number, room in enumerate(film.rooms):
        corners = np.column_stack([room.polygon, np.zeros(len(room.polygon))])
        bounds = _bounds(np.concatenate([corners, corners + np.array([0, 0, CEILING_M])]))
        middle, letter = _numbers(HOUSE @ corners.mean(axis=0)), REGION_LETTERS.get(room.name, "z")
        regions.append(f"R  {number} 0  0 0  {letter}  {middle}  {bounds}  {CEILING_M}  0 0 0 0 ")
        surfaces.append(f"S  {number} {number}  0  -  {middle}  0 0 1  {_bounds(corners)}  0 0 0 0 0 ")
        for corner in HOUSE @ corners:
            vertices.append(f"V  {len(vertices)} {number}  -  {_numbers(corner)}  0 0 1  0 0 0 ")
    return regions + surfaces + vertices


def _image_lines(film: Film, viewpoints: Sequence[Viewpoint]) -> list[str]:
    """Images; their extrinsics are camera from world, unlike in the .conf file."""
    size = f"{film.camera.width} {film.camera.height}"
    lines: list[str] = []
    for number, viewpoint in enumerate(viewpoints):
        for frame, slot in viewpoint.images.items():
            pose = _opengl_pose(film, frame)
            camera_from_house = Pose(pose[:3, :3], pose[:3, 3]).inverse().matrix
            extrinsics, position = _numbers(camera_from_house.ravel()), _numbers(pose[:3, 3])
            image = f"{viewpoint.name}  {slot.replace('_', ' ')}  {extrinsics}"
            lines.append(f"I  {len(lines)} {number}   {image}  {_intrinsics(film)}  {size}  {position}  0 0 0 0 0 ")
    return lines


def _segment_lines(film: Film) -> list[str]:
    corners = film.vertices[film.faces].astype(np.float64)
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    area = np.bincount(film.face_part, areas, minlength=len(film.part_object))
    ends = np.searchsorted(film.vertex_part, np.arange(len(film.part_object) + 1))
    lines = []
    for part, index in enumerate(film.part_object):
        points = film.vertices[ends[part] : ends[part + 1]]
        figures = f"{area[part]:g}  {_numbers(HOUSE @ points.mean(axis=0))}  {_bounds(points)}"
        lines.append(f"E  {part} {index}  {part}  {figures}  0 0 0 0 0 ")
    return lines


def _write_mesh(path: Path, film: Film, labels: list[str]) -> None:
    """A binary PLY file with the segment, the object and the category of each face."""
    normals = rotate(HOUSE.rotation, _normals(film))
    vertices = positions(HOUSE @ film.vertices)
    vertices |= {f"n{axis}": values for axis, values in positions(normals).items()}
    vertices |= dict.fromkeys(("tx", "ty"), np.zeros(len(film.vertices), "<f4"))
    category = np.array([labels.index(label) + 1 for label in film.labels], np.int32)
    write_ply(
        path,
        vertices | colors(film.vertex_colors),
        film.faces,
        material_id=film.face_part,
        segment_id=film.face_object,
        category_id=category[film.face_object],
    )


def _normals(film: Film) -> NDArray[np.float64]:
    """(n, 3) unit normals of the vertices."""
    corners = film.vertices[film.faces].astype(np.float64)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    summed = np.zeros((len(film.vertices), 3))
    for k in range(3):
        np.add.at(summed, film.faces[:, k], across)
    return summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), np.finfo(float).tiny)


def _mapping_lines(film: Film, labels: list[str]) -> list[str]:
    """``category_mapping.tsv`` for the labels that occur; unused columns stay empty."""
    lines = ["\t".join(MAPPING_COLUMNS)]
    for number, label in enumerate(labels, start=1):
        code, name = MPCAT40.get(label, OTHER_CLASS)
        cells = dict.fromkeys(MAPPING_COLUMNS, "")
        cells |= {"index": str(number), "raw_category": label, "category": label}
        cells |= {"count": str(film.labels.count(label)), "mpcat40index": str(code), "mpcat40": name}
        cells |= {"nyu40id": str(nyu40_id(label)), "nyu40class": NYU40[nyu40_id(label) - 1]}
        lines.append("\t".join(cells.values()))
    return lines


def _graph(film: Film, viewpoints: Sequence[Viewpoint]) -> list[dict[str, object]]:
    where = np.array([viewpoint.position for viewpoint in viewpoints])
    rooms = np.array([viewpoint.room for viewpoint in viewpoints])
    free = _unobstructed(film, where)
    visible = free | ((rooms[:, None] == rooms) & ~np.eye(len(rooms), dtype=bool))
    return [
        {
            "image_id": viewpoint.name,
            "pose": [1, 0, 0, x, 0, 0, 1, y, 0, -1, 0, z, 0, 0, 0, 1],
            "included": True,
            "visible": visible[number].tolist(),
            "unobstructed": free[number].tolist(),
            "height": z - HOUSE.translation[2],
        }
        for number, (viewpoint, (x, y, z)) in enumerate(zip(viewpoints, where.tolist(), strict=True))
    ]


def _unobstructed(film: Film, where: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n, n) whether positions (n, 3) are near each other with nothing in between."""
    scene = EmbreeScene()
    TriangleMesh(scene, np.ascontiguousarray((HOUSE @ film.vertices).astype(np.float32)[film.faces]))
    free = np.linalg.norm(where[:, None] - where, axis=-1) <= LINK_M
    np.fill_diagonal(free, False)
    first, second = np.nonzero(free)
    for lower in (0.0, where[:, 2].mean() - HOUSE.translation[2] - KNEE_M):
        shift = np.array([0, 0, lower])
        way = (where[second] - where[first]).astype(np.float32)
        reach = scene.run((where[first] - shift).astype(np.float32), way, query="DISTANCE")
        free[first, second] &= reach >= 1
    return free & free.T


def _true_walks(film: Film, viewpoints: Sequence[Viewpoint]) -> list[tuple[WalkedPath, list[Viewpoint]]]:
    """The walks that are true of this film, with their viewpoints."""
    at = {frame: viewpoint for viewpoint in viewpoints for frame in viewpoint.images}
    found = []
    for walk in WALKS:
        if set(walk.frames) <= set(at):
            path = [at[frame] for frame in walk.frames]
            if tuple(dict.fromkeys(film.rooms[viewpoint.room].name for viewpoint in path)) == walk.rooms:
                found.append((walk, path))
    return found


def _heading(path: Sequence[Viewpoint]) -> float:
    """Direction of the first step, radians clockwise from +y."""
    step = path[1].position - path[0].position
    return float(np.arctan2(step[0], step[1]) % (2 * np.pi))


def _r2r(number: int, walk: WalkedPath, path: Sequence[Viewpoint]) -> dict[str, object]:
    steps = np.diff([viewpoint.position for viewpoint in path], axis=0)
    return {
        "distance": round(float(np.linalg.norm(steps, axis=1).sum()), 2),
        "scan": SCAN,
        "path_id": number,
        "path": [viewpoint.name for viewpoint in path],
        "heading": round(_heading(path), 3),
        "instructions": list(walk.texts),
    }


def _write_guides(path: Path, walks: Sequence[tuple[WalkedPath, list[Viewpoint]]]) -> None:
    spoken = [(number, "en-US" if number % 2 else "en-IN", walk.guide) for number, (walk, _) in enumerate(walks)]
    spoken += [(0, "hi-IN", HINDI)] if walks else []
    lines = []
    for identity, (number, language, instruction) in enumerate(spoken):
        viewpoints, words = walks[number][1], instruction.split()
        guide = {"split": "train", "instruction_id": identity, "annotator_id": number, "language": language}
        guide |= {"path_id": number, "scan": SCAN, "path": [viewpoint.name for viewpoint in viewpoints]}
        guide |= {"heading": _heading(viewpoints), "instruction": instruction, "edit_distance": 0.0}
        timed = [{"start_time": k / 2, "word": word, "end_time": (k + 1) / 2} for k, word in enumerate(words)]
        lines.append(json.dumps(guide | {"timed_instruction": timed}, ensure_ascii=False) + "\n")
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))


def _write_text(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
