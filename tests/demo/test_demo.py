"""The demo's own laws, on a bare room that is small enough to film in a second."""

import json
import struct
import zlib
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.spatial import KDTree

from qagen import demo
from qagen.core.pose import Pose
from qagen.demo.apartment import shell
from qagen.demo.apartment.camera_path import blocked_steps, clearance_m, view_rotation, walk_poses
from qagen.demo.apartment.lighting import build_surface, ray_scene
from qagen.demo.apartment.materials import TEXTURES, Paint
from qagen.demo.apartment.rooms import furnish
from qagen.demo.apartment.shapes import ball, box, soft_box, tube, turned_profile
from qagen.demo.apartment.shell import PlacedObject
from qagen.demo.apartment.shoot import shoot
from qagen.demo.film import Film
from qagen.demo.layouts import scannet
from qagen.demo.layouts.scannet import SCENE_ID
from qagen.errors import ConfigError
from tests.films import BOX, FRAME_COUNT, GADGET, bare_room


@pytest.fixture(scope="module")
def root(small_film: Film, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    scannet.write(small_film, folder)
    return folder


def scan_file(root: Path, ending: str) -> Path:
    return root / "scans" / SCENE_ID / f"{SCENE_ID}{ending}"


def read_sens(path: Path) -> tuple[dict, list[dict]]:
    """A reader of its own, straight from the format's table."""
    data = path.read_bytes()
    version, name_length = struct.unpack_from("<IQ", data)
    at = 12 + name_length
    intrinsics = np.frombuffer(data, "<f4", 64, at).reshape(4, 4, 4)
    at += 256
    codecs = struct.unpack_from("<2i", data, at)
    color_w, color_h, depth_w, depth_h, shift, count = struct.unpack_from("<4IfQ", data, at + 8)
    at += 8 + 16 + 4 + 8
    frames = []
    for _ in range(count):
        pose = np.frombuffer(data, "<f4", 16, at).reshape(4, 4)
        time_us, _, color_bytes, depth_bytes = struct.unpack_from("<4Q", data, at + 64)
        at += 96
        jpeg = np.frombuffer(data, np.uint8, color_bytes, at)
        at += color_bytes
        depth = np.frombuffer(zlib.decompress(data[at : at + depth_bytes]), "<u2").reshape(depth_h, depth_w)
        at += depth_bytes
        frames.append(
            {"pose": pose, "time_us": time_us, "color": cv2.imdecode(jpeg, cv2.IMREAD_COLOR), "depth": depth / shift}
        )
    assert data[at:] == bytes(8)  # no IMU readings, nothing behind
    return {"version": version, "codecs": codecs, "intrinsic": intrinsics[0], "size": (color_w, color_h)}, frames


def read_ply_vertices(path: Path) -> np.ndarray:
    data = path.read_bytes()
    header, body = data.split(b"end_header\n", 1)
    lines = header.decode().splitlines()
    count = next(int(line.split()[2]) for line in lines if line.startswith("element vertex"))
    kinds = {"float": "<f4", "uchar": "u1", "ushort": "<u2"}
    fields = [
        (line.split()[2], kinds[line.split()[1]])
        for line in lines
        if line.startswith("property") and "list" not in line
    ]
    return np.frombuffer(body, fields, count)


def alignment(root: Path) -> np.ndarray:
    text = scan_file(root, ".txt").read_text()
    line = next(line for line in text.splitlines() if line.startswith("axisAlignment = "))
    return np.array(line.split("=")[1].split(), dtype=float).reshape(4, 4)


def test_depth_is_the_distance_along_the_axis(root: Path) -> None:
    # The far wall stands at y = 4, the camera at y = 0.6: z = 3.4 at every pixel that shows the wall.
    # The near side of the box stands at y = 3.1: z = 2.5. Pixel (u, v) = (18, 45) looks at x = 2 − 21.5/72·2.5 = 1.25,
    # inside the box's 0.6–1.4, and at the height 1.2 − 15.5/72·2.5 = 0.66, below its top.
    _, frames = read_sens(scan_file(root, ".sens"))
    depth = frames[0]["depth"]
    wall = depth[20:35, 30:50]
    assert np.median(wall) == pytest.approx(3.4, abs=0.02)
    assert depth[45, 18] == pytest.approx(2.5, abs=0.05)
    # 1 cm of noise at 3 m grows with z²: about 1.3 cm here
    assert 0.002 < np.std(wall[wall > 0]) < 0.03


def test_back_projected_depth_lies_on_the_aligned_mesh(root: Path) -> None:
    header, frames = read_sens(scan_file(root, ".sens"))
    to_aligned = alignment(root)
    v, u = np.nonzero(frames[3]["depth"])
    z = frames[3]["depth"][v, u]
    fx, fy, cx, cy = (header["intrinsic"][i, j] for i, j in ((0, 0), (1, 1), (0, 2), (1, 2)))
    local = np.stack([(u - cx) / fx * z, (v - cy) / fy * z, z, np.ones_like(z)])
    points = (to_aligned @ frames[3]["pose"].astype(float) @ local)[:3].T
    surface = build_surface(bare_room().objects)
    raw = read_ply_vertices(scan_file(root, "_vh_clean_2.ply"))
    mesh = np.stack([raw[axis] for axis in "xyz"], axis=1) @ to_aligned[:3, :3].T + to_aligned[:3, 3]
    assert np.allclose(mesh, surface.vertices, atol=1e-4)  # the aligned frame is the flat's own
    assert not np.allclose(np.stack([raw[axis] for axis in "xyz"], axis=1), surface.vertices, atol=0.5)
    corners = mesh[surface.faces]
    weights = np.random.default_rng(0).dirichlet((1, 1, 1), 60)
    samples = np.einsum("kw,fwc->fkc", weights, corners).reshape(-1, 3)
    distance, _ = KDTree(samples).query(points)
    assert np.percentile(distance, 95) < 0.09


def test_container_header_and_lost_frames(root: Path) -> None:
    header, frames = read_sens(scan_file(root, ".sens"))
    assert header["version"] == 4
    assert header["codecs"] == (2, 1)  # JPEG, zlib of 16 bits
    assert header["size"] == (80, 60)
    assert [k for k, frame in enumerate(frames) if not np.isfinite(frame["pose"]).all()] == [20]
    assert np.isneginf(frames[20]["pose"]).all()
    times = [frame["time_us"] for frame in frames]
    assert len(frames) == FRAME_COUNT
    assert times == sorted(set(times))
    assert all(frame["color"].shape == (60, 80, 3) for frame in frames)
    assert 40 < frames[0]["color"].mean() < 230


def test_every_vertex_has_a_segment_and_every_object_its_own(root: Path) -> None:
    segments = json.loads(scan_file(root, "_vh_clean_2.0.010000.segs.json").read_text())["segIndices"]
    groups = json.loads(scan_file(root, ".aggregation.json").read_text())["segGroups"]
    labeled = read_ply_vertices(scan_file(root, "_vh_clean_2.labels.ply"))
    assert len(segments) == len(labeled)
    assert [group["label"] for group in groups] == [item.label for item in bare_room().objects]
    claimed = [segment for group in groups for segment in group["segments"]]
    assert sorted(claimed) == sorted(set(segments))  # each segment once, none left over
    is_box = np.isin(segments, groups[3]["segments"])
    z = labeled["z"] - scannet.axis_alignment()[2, 3] * -1  # raw z = aligned z − shift
    assert len(groups[3]["segments"]) == 2
    assert np.ptp(z[is_box]) == pytest.approx(1.0, abs=1e-4)  # 0.8 m and on it 0.2 m
    assert set(labeled["label"][is_box]) == {29}  # NYU40 "box"
    assert set(labeled["label"][np.isin(segments, groups[4]["segments"])]) == {40}  # unknown words: "otherprop"


def test_label_map_has_the_official_columns(root: Path) -> None:
    rows = [line.split("\t") for line in (root / "scannetv2-labels.combined.tsv").read_text().splitlines()]
    assert rows[0][:5] == ["id", "raw_category", "category", "count", "nyu40id"]
    assert all(len(row) == 17 for row in rows)
    by_label = {row[1]: row for row in rows[1:]}
    assert by_label["box"][4] == "29"
    assert set(by_label) == {item.label for item in bare_room().objects}


def test_film_remembers_everything_exactly(small_film: Film) -> None:
    script = bare_room()
    surface = build_surface(script.objects)
    assert small_film.camera == script.camera
    assert small_film.labels == ("wall", "floor", "ceiling", "box", "nameless gadget")
    for pose, planned in zip(small_film.poses, script.poses, strict=True):
        assert np.array_equal(pose.matrix, planned.matrix)
    assert np.array_equal(small_film.vertices, surface.vertices)
    assert np.array_equal(small_film.vertex_object, surface.part_object[surface.vertex_part])
    assert np.array_equal(small_film.vertex_object[small_film.faces[:, 0]], small_film.face_object)
    assert [(room.name, room.polygon.tolist()) for room in small_film.rooms] == [
        ("room", [[0, 0], [4, 0], [4, 4], [0, 4]])
    ]


def test_boxes_are_those_of_the_objects(small_film: Film) -> None:
    # 0.8 m stands on the floor round (1, 3.5), 0.2 m on top of it; the ball of 0.4 m hangs round (3.2, 3.2, 1.0).
    assert small_film.boxes[BOX].center == pytest.approx([1.0, 3.5, 0.5], abs=1e-5)
    assert small_film.boxes[BOX].size == pytest.approx([0.8, 0.8, 1.0], abs=1e-5)
    assert small_film.boxes[GADGET].center == pytest.approx([3.2, 3.2, 1.0], abs=0.01)


def test_pixels_know_the_object_that_they_show(small_film: Film) -> None:
    # as above, pixel (18, 45) shows the box; the ball is 2.6 m away: u = 39.5 + 72·1.2/2.6 = 73, v = 29.5 + 72·0.2/2.6
    objects = small_film.objects(0)
    assert (objects[45, 18], objects[35, 73], objects[25, 40], objects[59, 40]) == (BOX, GADGET, 0, 1)
    assert (small_film.depth_mm(0).dtype, objects.dtype) == (np.uint16, np.int32)
    assert small_film.color_jpeg(0)[:2] == b"\xff\xd8"


def test_where_nothing_is_hit_there_is_no_object(tmp_path: Path) -> None:
    script = bare_room()
    outside = replace(script, poses=[Pose(view_rotation(-np.pi / 2, 0, 0), np.array([2.0, -1.0, 1.2]))])
    film = shoot(tmp_path / "film", outside, 1, lambda done, total, what: None)
    assert (film.objects(0) == -1).all()
    assert not film.depth_mm(0).any()


def test_bytes_do_not_depend_on_workers(small_film: Film, tmp_path: Path) -> None:
    shoot(tmp_path / "film", bare_room(), 1, lambda done, total, what: None)
    compared = [path for path in sorted(small_film.folder.rglob("*")) if path.is_file()]
    assert len(compared) == 3 * FRAME_COUNT + 2
    for path in compared:
        assert path.read_bytes() == (tmp_path / "film" / path.relative_to(small_film.folder)).read_bytes(), path.name


def test_progress_counts_up_to_its_total(tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    shoot(tmp_path / "film", bare_room(), 2, lambda *step: told.append(step))
    frames = [(done, total) for done, total, what in told if what == "frames"]
    assert frames == [(k + 1, FRAME_COUNT) for k in range(FRAME_COUNT)]
    lighting = [(done, total) for done, total, what in told if what == "lighting"]
    assert lighting[-1][0] == lighting[-1][1] == len(lighting)


@pytest.fixture(scope="module")
def flat() -> list[PlacedObject]:
    return furnish()


def test_flat_is_richly_furnished(flat: list[PlacedObject]) -> None:
    labels = [item.label for item in flat]
    shell = {"wall", "floor", "ceiling", "doorframe", "window"}
    kinds = set(labels) - shell
    assert len(kinds) >= 40
    assert 90 <= sum(label in kinds for label in labels) <= 220
    assert len([kind for kind in kinds if labels.count(kind) > 1]) >= 15
    assert {"scissors", "curtains", "tv", "kitchen cabinets"} <= kinds


def test_nothing_floats_outside_the_flat(flat: list[PlacedObject]) -> None:
    points = np.concatenate([part.vertices for item in flat for part in item.parts])
    assert points[:, 2].min() > -0.05
    assert points[:, 2].max() <= shell.CEILING_M + 1e-6
    assert (points[:, :2].min(axis=0) > -0.25).all()
    assert (points[:, :2].max(axis=0) < 9.7).all()


def test_every_texture_that_is_used_exists(flat: list[PlacedObject]) -> None:
    assert {part.paint.texture for item in flat for part in item.parts} <= set(TEXTURES)


def test_walk_keeps_clear_of_everything(flat: list[PlacedObject], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qagen.demo.apartment.lighting.paint_texture", lambda name: np.zeros((1, 1, 3), np.uint8))
    scene = ray_scene(build_surface(flat))
    poses = walk_poses(demo.FRAMES)
    assert clearance_m(scene, poses).min() > 0.2
    assert blocked_steps(scene, poses) == []
    heights = np.array([pose.translation[2] for pose in poses])
    assert 1.4 < np.median(heights) < 1.6
    eyes = np.array([pose.translation for pose in poses])
    for room in shell.ROOMS:
        inside = (
            (eyes[:, 0] > room.x[0]) & (eyes[:, 0] < room.x[1]) & (eyes[:, 1] > room.y[0]) & (eyes[:, 1] < room.y[1])
        )
        assert inside.sum() >= 20, room.name


@pytest.mark.parametrize(
    "part",
    [
        box((1.0, 0.5, 0.3), (0, 0, 0), Paint()),
        soft_box((0.6, 0.4, 0.2), (0, 0, 0), Paint()),
        ball(0.3, (0, 0, 0), Paint()),
        turned_profile([(0, -0.2), (0.3, -0.2), (0.3, 0.2), (0, 0.2)], Paint()),
        tube([(0, 0, -0.3), (0, 0, 0), (0, 0, 0.3)], 0.05, Paint()),
    ],
    ids=["box", "soft box", "ball", "cylinder", "tube"],
)
def test_normals_and_windings_point_outwards(part) -> None:
    # all of these are convex round the origin, so outwards means away from it
    assert (np.einsum("ij,ij->i", part.normals, part.vertices) > -1e-6).all()
    a, b, c = np.moveaxis(part.vertices[part.faces], 1, 0)
    area = np.cross(b - a, c - a)
    assert (np.einsum("ij,ij->i", area, a + b + c) > -1e-9).all()
    assert np.linalg.norm(area, axis=1).sum() > 0


def test_camera_axes_follow_the_convention() -> None:
    # Looking along +x and level: right is −y, down is −z.
    assert np.allclose(view_rotation(0, 0, 0), [[0, 0, 1], [-1, 0, 0], [0, -1, 0]])
    turned = view_rotation(1.1, -0.4, 0.2)
    assert np.allclose(turned @ turned.T, np.eye(3))
    assert np.linalg.det(turned) == pytest.approx(1)


def test_killed_build_leaves_no_root(tmp_path: Path) -> None:
    def die(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise KeyboardInterrupt

    root = tmp_path / "cache" / "scan"
    with pytest.raises(KeyboardInterrupt):
        demo.make_once(root, die)
    assert list(root.parent.iterdir()) == []


def test_second_of_two_builds_is_thrown_away(tmp_path: Path) -> None:
    root = tmp_path / "scan"

    def quick(folder: Path) -> None:
        (folder / "who").write_text("quick")

    def slow(folder: Path) -> None:
        (folder / "who").write_text("slow")
        demo.make_once(root, quick)

    demo.make_once(root, slow)
    assert (root / "who").read_text() == "quick"
    assert [path.name for path in tmp_path.iterdir()] == ["scan"]


def test_leftovers_of_a_dead_build_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".building-dead").mkdir()
    demo.make_once(tmp_path / "a", lambda folder: None)
    assert (tmp_path / ".building-dead").is_dir()  # young: it may still be at work
    monkeypatch.setattr(demo, "STALE_S", -1.0)
    demo.make_once(tmp_path / "b", lambda folder: None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_existing_demo_is_not_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QAGEN_CACHE", str(tmp_path))
    root = tmp_path / "demo" / f"scannet-{demo.version('scannet')}"
    root.mkdir(parents=True)
    assert demo.demo_root() == root


def test_a_new_writer_leaves_film_and_other_layouts_alone(
    small_film: Film, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QAGEN_CACHE", str(tmp_path))
    film = tmp_path / "demo" / f"film-{demo.film_version()}"
    film.parent.mkdir(parents=True)
    film.symlink_to(small_film.folder)  # stands for the flat, which takes a minute
    root = demo.demo_root("scannet")
    assert sorted(path.name for path in root.iterdir()) == ["scannetv2-labels.combined.tsv", "scans"]
    assert sorted(path.name for path in root.parent.iterdir()) == sorted([film.name, root.name])


def test_the_cache_is_cleared_of_demos_and_of_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QAGEN_CACHE", str(tmp_path))
    assert demo.cached() == []
    mine = ["film-0123456789ab", "scannet-0123456789ab", "tabletop-film-abcdefabcdef"]
    others = [
        "scans",
        "scannet",
        "scannet-0123",
        "film-0123456789ab.tar",
        "myfilm-0123456789ab",
        ".film-0123456789ab.x",
    ]
    for name in mine + others:
        (tmp_path / "demo" / name).mkdir(parents=True)
        (tmp_path / "demo" / name / "image.jpg").write_bytes(b"12345")
    (tmp_path / "photos").mkdir()
    (tmp_path / "demo" / "posed-0123456789ab").symlink_to(tmp_path / "photos")
    assert [(path.name, size) for path, size in demo.clear_cache()] == [(name, 5) for name in mine]
    left = [*others, "posed-0123456789ab"]
    assert sorted(path.name for path in (tmp_path / "demo").iterdir()) == sorted(left)
    assert (tmp_path / "photos").is_dir()


def test_every_writer_is_a_function_of_its_module() -> None:
    for dataset, place in demo.WRITERS.items():
        module, _, function = place.partition(":")
        assert module == f"qagen.demo.layouts.{dataset}"
        assert callable(getattr(import_module(module), function))


def test_unknown_layout_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match=r"'kitti'.*Known: .*scannet"):
        demo.demo_root("kitti")
