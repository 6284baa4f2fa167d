"""The three grounds of the instance image, on scenes small enough to count pixels."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import islice

import numpy as np
import pytest

from qagen.core.pose import Pose
from qagen.core.question import Question, Skip
from qagen.core.scene import Scene
from qagen.tasks.registry import load_task
from qagen.visibility.instances import BoxArrays
from qagen.visibility.views import SceneViews, observe
from tests.scenes import (
    CLOSET,
    STUDIO,
    Box3D,
    MemoryDepth,
    MemoryInstances,
    at,
    boxes_only,
    looking,
    moved,
    room,
    studio,
    with_depth,
    with_instances,
)

# The cube of test_views.py: columns 144 to 175, rows 104 to 135.
CUBE = at(0, 2.2, 1.5)
PIXELS = 32 * 32
REFERENCE = 4
"""Pixels of 640 x 480 for each of the 320 x 240 that are looked at."""


def test_the_floor_runs_through_the_lowest_side_or_those_that_face_away() -> None:
    boxes = [at(0, 0, 0, (1, 1, 1)), at(0, 0, 0, (0.08, 1, 1))]
    level, tilted = BoxArrays.of(boxes), BoxArrays.of(boxes, is_level=False)
    # The lowest 3 cm, at most a quarter of the side.
    assert level.core[0].tolist() == [[-0.5, -0.5, -0.47], [0.5, 0.5, 0.5]]
    assert (tilted.core == tilted.bounds).all()
    # From above and the right the camera sees +x and +z; 3 cm of 1 m, and 2 cm of 8, are left out at the others.
    seen = tilted.core_behind(np.array([2.0, 0.0, 3.0]))
    assert seen[0].tolist() == [[-0.47, -0.47, -0.47], [0.5, 0.47, 0.5]]
    assert seen[1].tolist() == [[-0.02, -0.47, -0.47], [0.04, 0.47, 0.5]]


def bare(boxes: dict, also: Sequence[Box3D] = (), without: Sequence[str] = ()) -> Scene:
    """Boxes and depth only, one camera."""
    return boxes_only(with_depth(room(boxes, [looking("+y")]), also=also, without=without))


def state(views: SceneViews, item: int = 0) -> str:
    return "askable" if views.askable[0, item] else "absent" if views.absent[0, item] else "doubtful"


def test_depth_in_a_box_shows_its_object() -> None:
    views = observe(bare({"cube": CUBE}))
    # The lowest 3 cm claim nothing: their upper edge on the front, 0.17 m below the eye, is at row
    # 119.5 + 0.17 / 2 * 160 = 133.1, so that rows 104 to 133 are left, 30 of 32.
    assert views.visible_pixels[0, 0] == 30 * 32 * REFERENCE
    assert views.visible_fraction[0, 0] == 30 / 32
    assert views.in_image_fraction[0, 0] == 1
    assert views.visible_box[0, 0] == pytest.approx([0.45, 104 / 240, 0.55, 134 / 240])
    assert views.mark_xy[0, 0] == pytest.approx([0.5, 0.5])
    assert state(views) == "askable"


def test_a_box_through_which_one_sees_is_empty_and_its_object_absent() -> None:
    assert state(observe(bare({"cube": CUBE}, without=["cube"]))) == "absent"


def test_what_stands_before_a_box_hides_its_object() -> None:
    assert state(observe(bare({"cube": CUBE}, also=[at(0, 1, 1.5, (0.6, 0.1, 1))]))) == "absent"
    # Of the 32 columns 8 are left, as in test_views.py; of 32 rows 30 claim: less than a quarter of the outline.
    views = observe(bare({"cube": CUBE}, also=[at(-0.175, 1.05, 1.5, (0.45, 0.1, 1))]))
    assert views.visible_fraction[0, 0] == 8 * 30 / PIXELS
    assert state(views) == "doubtful"


@pytest.mark.parametrize(("edge_m", "columns", "told"), [(0.0125, 14, "askable"), (0.025, 12, "doubtful")])
def test_of_boxes_two_fifths_of_the_outline_must_show(edge_m: float, columns: int, told: str) -> None:
    # The post's right edge, 1 m ahead, hides the columns up to 159.5 + 160 * edge: 161.5 leaves 14 of 32, 163.5 leaves
    # 12; 30 of 32 rows claim. 14 * 30 / 1024 = 0.41, 12 * 30 / 1024 = 0.35. A labeled mesh would do with a quarter.
    boxes, post = {"cube": CUBE}, [at(edge_m - 0.225, 1.05, 1.5, (0.45, 0.1, 1))]
    views = observe(bare(boxes, also=post))
    assert views.visible_fraction[0, 0] == columns * 30 / PIXELS
    assert state(views) == told
    assert not views.exact[0]
    labeled = observe(with_depth(room(boxes, [looking("+y")]), also=post))
    assert labeled.visible_fraction[0, 0] == columns / 32
    assert state(labeled) == "askable"
    assert labeled.exact[0]


def test_of_boxes_three_quarters_must_be_in_the_image() -> None:
    # In the middle of the cube, 2.2 m ahead, the image ends 159.5 / 160 * 2.2 = 2.19 m to the right. A cube around
    # x = 2.13 begins at 1.93, so that about 0.26 / 0.4 = 65 % of it are in the image; around 1.85 nearly all is.
    assert state(observe(bare({"cube": at(1.85, 2.2, 1.5)}))) == "askable"
    assert state(observe(bare({"cube": at(2.13, 2.2, 1.5)}))) == "doubtful"
    assert state(observe(with_depth(room({"cube": at(2.13, 2.2, 1.5)}, [looking("+y")])))) == "askable"


@pytest.mark.parametrize("type_name", ["position_matching", "distance_infer_center_oc", "distance_infer_center_oc_mv"])
def test_boxes_that_are_not_exact_are_no_answer(type_name: str) -> None:
    task = load_task(type_name)
    found = [list(islice(task.propose(seen(ground), np.random.default_rng(0)), 400)) for ground in ("mesh", "boxes")]
    assert any(isinstance(asked, Question) for asked in found[0])
    assert not any(isinstance(asked, Question) for asked in found[1])
    assert Skip("boxes not exact") in found[1]


@pytest.mark.parametrize(("ground", "is_exact"), [("mesh", True), ("instances only", True), ("boxes", False)])
def test_boxes_are_exact_where_annotation_tells_objects(ground: str, is_exact: bool) -> None:
    assert (seen(ground).exact == is_exact).all()


def test_a_pixel_in_two_boxes_belongs_to_neither_and_makes_both_doubtful() -> None:
    # A larger box around the cube's left half and beyond: neither lies in the other.
    other = at(-0.4, 2.2, 1.5, (0.8, 0.4, 0.4))
    views = observe(bare({"cube": CUBE, "crate": other}))
    # From x = 0, pixel 159.5, the cube has 16 columns to itself.
    assert views.visible_pixels[0, 0] == 16 * 30 * REFERENCE
    assert views.visible_box[0, 0, 0] == pytest.approx(160 / 320)
    buried = observe(bare({"cube": at(-0.1, 2.2, 1.5, (0.2, 0.4, 0.4)), "crate": at(-0.1, 2.1, 1.55, (0.3, 0.3, 0.5))}))
    assert not buried.absent[0].any()


def test_of_nested_boxes_the_inner_one_is_shown() -> None:
    # A lamp of 0.2 m whose front is flush with the front of the shelf that it stands in.
    views = observe(bare({"shelf": at(0, 2.5, 1.5, (1, 1, 1)), "lamp": at(0, 2.1, 1.5, (0.2, 0.2, 0.2))}))
    # 0.2 / 2 * 160 = 16 columns; the lowest 3 cm, 2.4 rows of 16, are the shelf's: 119.5 + 0.07 / 2 * 160 = 125.1.
    assert views.visible_pixels[0, 1] == 16 * (125 - 112 + 1) * REFERENCE
    assert state(views, 1) == "askable"
    assert state(views, 0) == "askable"


@pytest.mark.parametrize(("columns", "told"), [(1, "absent"), (2, "doubtful")])
def test_behind_missing_depth_may_be_anything(columns: int, told: str) -> None:
    # A wall hides the cube, but in one or two of the outline's 32 columns nothing is measured: 1 / 32 < 5 % < 2 / 32.
    scene = bare({"cube": CUBE}, also=[at(0, 1, 1.5, (2, 0.1, 2))])
    assert scene.frames[0].depth is not None
    depth = scene.frames[0].depth.read_m().copy()
    depth[:, 150 : 150 + columns] = 0
    frame = replace(scene.frames[0], depth=MemoryDepth(depth))
    assert state(observe(replace(scene, frames=(frame,)))) == told


def instance_image(columns: slice) -> MemoryInstances:
    """At twice the resolution of the grid: object 0 in some columns of the cube's rows."""
    shown = np.full((480, 640), -1, np.int32)
    shown[208:272, columns] = 0
    return MemoryInstances(shown)


def given(columns: slice = slice(288, 352), mesh: bool = False, depth: bool = False, **more) -> Scene:
    scene = room({"cube": CUBE}, [looking("+y")])
    scene = with_depth(scene, **more) if depth else scene
    frames = (replace(scene.frames[0], instances=instance_image(columns)),)
    return replace(scene, frames=frames) if mesh else boxes_only(replace(scene, frames=frames))


def test_the_datasets_own_instance_image_comes_first() -> None:
    views = observe(given())
    assert views.visible_pixels[0, 0] == PIXELS * REFERENCE
    assert views.visible_fraction[0, 0] == 1
    assert state(views) == "askable"
    # The image shows half of what the mesh has: who is seen is the image's word, the whole is counted on the mesh.
    half = observe(given(slice(288, 320), mesh=True))
    assert half.visible_pixels[0, 0] == PIXELS / 2 * REFERENCE
    assert half.visible_fraction[0, 0] == 0.5
    assert state(observe(given(slice(0, 0), mesh=True))) == "absent"


def test_a_pixel_too_few_for_the_grid_is_seen_all_the_same() -> None:
    # One pixel of 640 x 480 between the pixels that the grid looks at.
    scene = given()
    shown = np.full((480, 640), -1, np.int32)
    shown[240, 320] = 0
    views = observe(replace(scene, frames=(replace(scene.frames[0], instances=MemoryInstances(shown)),)))
    assert views.visible_pixels[0, 0] in (0, REFERENCE)
    assert state(views) == "doubtful"


def test_an_instance_image_that_depth_contradicts_is_doubtful() -> None:
    assert state(observe(given(depth=True))) == "askable"
    # The image says cube, but depth goes through its box to the wall.
    assert state(observe(given(depth=True, without=["cube"]))) == "doubtful"


def test_a_frame_that_tells_nothing_is_not_used() -> None:
    poses = [looking("+y"), looking("+y", at=(0.3, 0, 1.5))]
    scene = with_depth(room({"cube": CUBE}, poses))
    blind = replace(scene.frames[1], depth=None, depth_camera=None)
    views = observe(boxes_only(replace(scene, frames=(scene.frames[0], blind))))
    assert len(views.frames) == 1
    assert views.unused == {"frame: neither depth nor instances": 1}


def test_without_a_mesh_frames_share_what_depth_shows() -> None:
    poses = [looking("+y"), looking("+y", at=(0.06, 0, 1.5)), looking("-y")]
    views = observe(boxes_only(with_depth(room({"cube": CUBE}, poses))))
    assert np.diag(views.covisible).tolist() == [1, 1, 1]
    assert views.covisible[0, 1] > 0.9
    assert views.covisible[0, 2] < 0.02
    # Every point lies on the hall, 16 x 16 x 4 m around (0, 0, 1.5), or on the cube.
    x, y, z = np.abs(views.surface - (0, 0, 1.5)).T
    on_hall = (np.abs(x - 8) < 0.01) | (np.abs(y - 8) < 0.01) | (np.abs(z - 2) < 0.01)
    near_cube = (np.abs(views.surface - CUBE.center) <= 0.21).all(axis=1)
    assert (on_hall | near_cube).all()
    assert near_cube.any()


@pytest.mark.slow
def test_room_size_needs_a_scan_or_a_polygon() -> None:
    task = load_task("room_size")
    poses = [looking("+y", left_deg=11 * i) for i in range(32)]
    scene = boxes_only(with_depth(room({"cube": CUBE}, poses)))
    views = observe(scene)
    assert task.ask(views, views.video) == Skip("no mesh or room outline")  # pyright: ignore[reportAttributeAccessIssue]
    outline = np.array([(-8, -8), (8, -8), (8, 8), (-8, 8.0)])
    measured = observe(replace(scene, room_polygon=outline))
    assert task.ask(measured, measured.video) != Skip("no mesh or room outline")  # pyright: ignore[reportAttributeAccessIssue]


@cache
def seen(ground: str) -> SceneViews:
    if ground == "mesh":
        return observe(studio())
    if ground == "instances":
        return observe(with_instances(studio(), walls=CLOSET, shell=STUDIO))
    if ground == "instances only":
        return observe(boxes_only(with_instances(studio(), walls=CLOSET, shell=STUDIO)))
    return observe(boxes_only(studio()))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ground", "precision", "recall"), [("instances", 0.98, 0.98), ("instances only", 0.98, 0.95), ("boxes", 0.97, 0.7)]
)
def test_the_grounds_agree(ground: str, precision: float, recall: float) -> None:
    mesh, other = seen("mesh"), seen(ground)
    assert [frame.id for frame in other.frames] == [frame.id for frame in mesh.frames]
    both = (mesh.askable & other.askable).sum()
    assert both / other.askable.sum() >= precision
    assert both / mesh.askable.sum() >= recall
    assert not (other.askable & mesh.absent).any()
    assert not (other.absent & mesh.askable).any()


def test_boxes_alone_do_not_depend_on_where_the_world_is() -> None:
    turn = looking("+y", left_deg=33).rotation @ looking("+y").rotation.T
    there = observe(boxes_only(moved(studio(), Pose(turn, np.array([3.0, -2.0, 0.5])))))
    here = seen("boxes")
    assert (there.askable != here.askable).sum() <= 2  # a pixel at a rim may fall to either side
    assert np.abs(there.covisible - here.covisible).max() < 0.05
