"""Only what was scanned is believed: faults planted in the annotation of hand-made rooms with measured depth."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from qagen.core.box import Box3D
from qagen.core.pose import Pose
from qagen.core.question import Skip
from qagen.core.scene import STRUCTURE, UNLABELED, Object3D, Scene
from qagen.doctor.annotation import check_annotation
from qagen.tasks.count import ObjectCount
from qagen.tasks.order import Sighting, first_sighting
from qagen.tasks.registry import load_task
from qagen.visibility.extents import has_sure_center
from qagen.visibility.thresholds import Thresholds
from qagen.visibility.views import SceneViews, observe
from tests.scenes import at, facing, looking, mesh_in, mesh_of, room, surface_points, tilted, with_depth
from tests.tasks.asking import ask, text

SHELL = at(0, 0, 1.4, (7, 7, 2.8))
"""Its floor is at 0, its wall ahead at y 3.5."""
TOP = at(0, 0, 0.73, (1.2, 0.8, 0.06))
LEGS = [at(x, y, 0.35, (0.12, 0.12, 0.7)) for x in (-0.5, 0.5) for y in (-0.3, 0.3)]


def around(center: Sequence[float], radius: float = 2.2, height: float = 1.5, views: int = 12) -> list[Pose]:
    """Cameras on a circle that look at a point."""
    angles = 2 * np.pi * np.arange(views) / views
    return [facing(center, (center[0] + radius * np.cos(a), center[1] + radius * np.sin(a), height)) for a in angles]


def scanned(scene: Scene, also: Sequence[Box3D] = (), without: Sequence[str] = ()) -> SceneViews:
    return observe(with_depth(scene, also=also, without=without, shell=SHELL))


def relabeled(scene: Scene, label: str, owner: int) -> Scene:
    """The scene without an object; its surface stays, with another owner."""
    gone = next(k for k, item in enumerate(scene.objects) if item.label == label)
    faces = mesh_in(scene).face_object
    kept = np.where(faces == gone, owner, faces - (faces > gone))
    objects = tuple(item for k, item in enumerate(scene.objects) if k != gone)
    return replace(scene, objects=objects, mesh=replace(mesh_in(scene), face_object=kept.astype(np.int32)))


def test_a_table_seen_all_round_has_a_size() -> None:
    views = scanned(room({"table": at(0, 0, 0.375, (1.2, 0.8, 0.75))}, around((0, 0, 0.4)), SHELL))
    assert views.belief.extents.is_sure.tolist() == [[True] * 6]
    assert views.belief.has_size.tolist() == [True]
    assert text(ask("spatial_volume_infer", views, red="table")) == "120,80,75"


def test_a_table_whose_legs_are_called_floor_is_cut_short() -> None:
    views = scanned(room({"table": TOP}, around((0, 0, 0.5), height=1.0), SHELL, walls=LEGS), also=LEGS)
    assert views.belief.cut_short.tolist() == [True]
    assert views.unused["object: annotation incomplete"] == 1
    assert not views.askable.any()
    assert "table (id 10)" in [*check_annotation(views)][2].text


def test_legs_that_are_somebody_elses_or_a_wall_beside_do_not_cut_short() -> None:
    others = room({"table": TOP, "leg": LEGS}, around((0, 0, 0.5), height=1.0), SHELL)
    assert not scanned(others).belief.cut_short[0]
    shelf = room({"shelf": at(0, 3.35, 1.2, (1.0, 0.3, 0.05))}, around((0, 2.2, 1.2), radius=1.0), SHELL)
    assert not scanned(shelf).belief.cut_short[0]


def test_a_front_without_a_body_has_neither_size_nor_center() -> None:
    # A cabinet 0.6 m deep before the wall, of which only the front's 11 cm are in the mesh. Cameras see the whole body.
    body, front = at(0, 3.2, 0.45, (1.8, 0.6, 0.9)), at(0, 2.955, 0.45, (1.8, 0.11, 0.9))
    cameras = [facing((0, 2.9, 0.45), (x, 0.5, 1.3)) for x in (-1.5, -0.7, 0.0, 0.7, 1.5)]
    scene = room({"cabinet": body, "box": at(2.4, 1, 0.25, (0.5, 0.5, 0.5))}, cameras, SHELL)
    assert scanned(scene).belief.has_size[0]
    # The part of the front's mesh that is scanned: its four sides that are seen, not its back.
    mesh = mesh_of([SHELL, front, scene.objects[1].box], [STRUCTURE, 0, 1])
    behind = (mesh.vertices[mesh.faces][:, :, 1] > 3.0).all(axis=1) & (mesh.face_object == 0)
    mesh = replace(mesh, faces=mesh.faces[~behind], face_object=mesh.face_object[~behind])
    points = surface_points(front)
    cabinet = replace(scene.objects[0], box=front, points=points[points[:, 1] < 3.0])
    views = observe(replace(with_depth(scene, shell=SHELL), objects=(cabinet, scene.objects[1]), mesh=mesh))
    assert not views.belief.extents.is_sure[0].all()
    assert not views.belief.has_size[0]
    assert not views.askable[:, 0].any()
    assert views.unused["object: extent not observed"] >= 1


def test_a_stand_whose_lower_half_hides_behind_a_bed_has_no_size() -> None:
    whole, upper = at(0, 2.9, 0.4, (0.5, 0.4, 0.8)), at(0, 2.9, 0.65, (0.5, 0.4, 0.3))
    bed = at(0, 1.6, 0.25, (3.0, 2.0, 0.5))
    cameras = [facing((0, 2.9, 0.6), (x, -1.0, 1.2)) for x in (-1.2, -0.6, 0.0, 0.6, 1.2)]
    scene = room({"bed": bed, "nightstand": whole}, cameras, SHELL)
    mesh = mesh_of([SHELL, bed, upper], [STRUCTURE, 0, 1])
    below = (mesh.vertices[mesh.faces][:, :, 2] < 0.55).all(axis=1) & (mesh.face_object == 1)
    mesh = replace(mesh, faces=mesh.faces[~below], face_object=mesh.face_object[~below])
    points = surface_points(upper)
    stand = replace(scene.objects[1], box=upper, points=points[points[:, 2] > 0.51])
    views = observe(replace(with_depth(scene, shell=SHELL), objects=(scene.objects[0], stand), mesh=mesh))
    assert not views.belief.extents.is_sure[1, 4]
    assert not views.belief.has_size[1]


def test_stray_paint_and_several_things_in_one_have_no_size() -> None:
    # A chair of 1.5 square meters to which a patch of 10 cm by 10 cm on the wall 1.5 m away was added.
    chair, patch = at(0, 0, 0.45, (0.5, 0.5, 0.9)), at(1.75, 0, 0.45, (0.02, 0.1, 0.1))
    both = Box3D.around(np.concatenate([surface_points(chair), surface_points(patch)]))
    scene = room({"chair": chair}, around((0, 0, 0.45)), SHELL)
    painted = replace(scene.objects[0], box=both, points=np.concatenate([surface_points(b) for b in (chair, patch)]))
    mesh = mesh_of([SHELL, chair, patch], [STRUCTURE, 0, 0])
    assert not scanned(scene).belief.over_painted[0]
    views = observe(replace(with_depth(scene, also=[patch], shell=SHELL), objects=(painted,), mesh=mesh))
    assert views.belief.over_painted.tolist() == [True]
    assert not views.belief.is_whole[0]


def test_a_towel_is_not_asked_about_where_it_had_been_moved() -> None:
    boxes = {"towel": at(0, 3.3, 1.2, (0.6, 0.1, 0.8)), "chair": at(1, 2.5, 0.45, (0.5, 0.5, 0.9))}
    cameras = [facing((0.3, 3, 1.0), (x, 0.0, 1.4)) for x in (-0.6, 0.0, 0.6)]
    scene = room(boxes, cameras, SHELL)
    before, after = with_depth(scene, shell=SHELL), with_depth(scene, without=["towel"], shell=SHELL)
    views = observe(replace(scene, frames=(before.frames[0], after.frames[1], before.frames[2])))
    assert views.moved[:, 0].tolist() == [False, True, False]
    assert views.askable[:, 0].tolist() == [True, False, True]
    assert views.askable[:, 1].all()


def counted(views: SceneViews, label: str) -> str:
    family = load_task("obj_count")
    assert isinstance(family, ObjectCount)
    return text(family.ask(views, views.video, label))


def test_absence_is_asked_about_only_where_most_is_annotated() -> None:
    chairs = {"chair": [at(-1, 1, 0.45, (0.5, 0.5, 0.9)), at(1, 1, 0.45, (0.5, 0.5, 0.9))]}
    whole, frames = room(chairs, around((0, 0, 1.0), 1.5, views=33), SHELL), tuple(range(32))
    views = observe(whole)
    assert views.labeled_share(frames) == 1.0
    assert counted(views, "chair") == "2"
    owner = mesh_in(whole).face_object
    bare = np.where(owner == STRUCTURE, UNLABELED, owner).astype(np.int32)
    views = observe(replace(whole, mesh=replace(mesh_in(whole), face_object=bare)))
    assert views.labeled_share(frames) < 0.2
    assert counted(views, "chair") == "Skip: too little labeled"
    assert "counts" in next(check_annotation(views)).text
    views = observe(replace(whole, has_closed_classes=True))
    assert counted(views, "chair") == "Skip: too little labeled"


def test_the_doctor_names_unsure_sides() -> None:
    scene = room({"chair": at(0, 0, 0.45, (0.5, 0.5, 0.9))}, around((0, 0, 0.45)), SHELL)
    views = scanned(scene)
    assert next(line for line in check_annotation(views) if line.check == "extents").verdict == "ok"


CHAIR = (0.5, 0.5, 0.9)
CHAIRS = [at(x, y, 0.45, CHAIR) for x, y in ((-2, 2), (0, 2.5), (2, 2))]
FURNITURE = {
    "chair": CHAIRS,
    "table": [at(-2, -2, 0.375, (1.4, 0.8, 0.75)), at(2, -2, 0.375, (1.4, 0.8, 0.75))],
    "bed": at(0, -2.4, 0.25, (1.9, 1.4, 0.5)),
}
MORE = "Skip: possibly unannotated instance"


def turning(boxes: Mapping[str, Box3D | Sequence[Box3D]], start_deg: float = 0.0) -> Scene:
    """A room whose video turns left once in its middle, from the north on."""
    headings = start_deg + 360 * np.arange(33) / 33
    return room(boxes, [looking("+y", (0, 0, 1.5), left_deg=turn, up_deg=-10) for turn in headings], SHELL)


def test_a_chair_deleted_from_the_annotation_is_not_forgotten() -> None:
    scene = turning(FURNITURE)
    whole, fewer = observe(scene), observe(relabeled(scene, "chair", UNLABELED))
    assert [counted(whole, label) for label in ("chair", "table")] == ["3", "2"]
    assert fewer.is_complete(fewer.video)
    assert [counted(fewer, label) for label in ("chair", "table")] == [MORE, "2"]


def test_a_deleted_chair_is_not_forgotten_in_a_world_that_is_not_level() -> None:
    scene = turning(FURNITURE)
    whole, fewer = observe(tilted(scene)), observe(tilted(relabeled(scene, "chair", UNLABELED)))
    assert [counted(whole, label) for label in ("chair", "table")] == ["3", "2"]
    assert [counted(fewer, label) for label in ("chair", "table")] == [MORE, "2"]


def test_a_center_may_be_off_along_any_axis_of_a_box_that_is_not_level() -> None:
    # A lamp of 1.8 m whose surface is nearly all in a shade of 0.4 m at its top: upright, nobody is surprised.
    lamp = at(0, 0, 0.9, (0.4, 0.4, 1.8))
    points = np.concatenate([surface_points(at(0, 0, 1.6, (0.4, 0.4, 0.4))).astype(np.float64), np.zeros((12, 3))])
    points[-12:, 2] = np.linspace(0, 1.4, 12)
    item = Object3D(1, "lamp", lamp, points.astype(np.float32))
    assert [has_sure_center(item, points, Thresholds(), is_level) for is_level in (True, False)] == [True, False]


def test_without_gravity_nothing_stands_below_a_table() -> None:
    table = room({"table": TOP}, around((0, 0, 0.5), height=1.0), SHELL, walls=LEGS)
    belief = observe(tilted(with_depth(table, also=LEGS, shell=SHELL))).belief
    assert belief.cut_short.tolist() == [False]


def test_a_deleted_chair_matters_to_an_order_if_it_comes_into_view_first() -> None:
    later, earlier = turning(FURNITURE, 180), turning({**FURNITURE, "chair": CHAIRS[::-1]}, 180)
    found = [first_sighting(observe(relabeled(scene, "chair", UNLABELED)), "chair") for scene in (later, earlier)]
    assert isinstance(found[0], Sighting)
    assert found[1] == Skip("possibly unannotated instance")
    assert isinstance(first_sighting(observe(earlier), "chair"), Sighting)


def test_a_deleted_chair_might_be_the_nearest() -> None:
    chairs = [at(-0.9, 1.6, 0.45, CHAIR), at(1.6, 3.0, 0.45, CHAIR)]
    boxes = {"chair": chairs, "table": at(0.3, 1.9, 0.3, (0.8, 0.4, 0.6)), "box": at(0.3, 3.0, 0.6, (0.8, 0.4, 1.2))}
    scene = room(boxes, [looking("+y", (0, -1, 1.5), up_deg=-15)], SHELL)
    assert text(ask("distance_infer_center_oc", scene)) != MORE
    assert text(ask("distance_infer_center_oc", relabeled(scene, "chair", UNLABELED))) == MORE
    others = {"table": boxes["table"], "box": boxes["box"], "lamp": chairs[1]}
    assert text(ask("distance_infer_center_oc", relabeled(turning(others), "lamp", UNLABELED))) != MORE


def test_legs_without_annotation_are_no_other_chair() -> None:
    seats = [at(x, 2.2, 0.48, (0.5, 0.5, 0.22)) for x in (-1, 1)]
    beside, below = at(0, 2.2, 0.35, (0.62, 0.62, 0.27)), at(-1, 2.2, 0.35, (0.62, 0.62, 0.27))
    for legs, expected in ((beside, MORE), (below, "2")):
        scene = relabeled(turning({"chair": seats, "leg": legs}), "leg", UNLABELED)
        assert counted(observe(scene), "chair") == expected


def test_larger_and_higher_surface_is_no_other_chair() -> None:
    for left_over in (at(0, 2.5, 0.45, (1.2, 0.5, 0.9)), at(0, 2.5, 1.6, CHAIR)):
        scene = relabeled(turning({"chair": CHAIRS[::2], "left over": left_over}), "left over", UNLABELED)
        assert counted(observe(scene), "chair") == "2"


def test_a_sheet_left_over_from_a_wall_is_no_other_picture() -> None:
    for thickness_m, expected in ((0.1, MORE), (0.04, "2")):
        size = (0.9, thickness_m, 0.7)
        boxes = {"whiteboard": [at(x, 3.2, 1.2, size) for x in (-1.5, 1.5)], "left over": at(0, 3.2, 1.2, size)}
        scene = relabeled(turning(boxes), "left over", UNLABELED)
        assert counted(observe(scene), "whiteboard") == expected
