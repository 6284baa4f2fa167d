"""What no scene may have, and what its error says."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qagen.core.box import Box3D
from qagen.core.pose import Pose
from qagen.core.scene import FileSource, Mesh, Scene, Walk, validate_scene
from qagen.errors import SceneError
from tests.scenes import CAMERA, MemoryInstances, at, looking, mesh_in, room, with_depth


def whole() -> Scene:
    boxes = {"chair": at(0, 2, 1), "table": at(1, 3, 1)}
    return with_depth(room(boxes, [looking("+y"), looking("+y", at=(1, 0, 1.5))]))


def with_frame(**changes: Any) -> Callable[[Scene], Scene]:
    return lambda scene: replace(scene, frames=(scene.frames[0], replace(scene.frames[1], **changes)))


def with_object(**changes: Any) -> Callable[[Scene], Scene]:
    return lambda scene: replace(scene, objects=(scene.objects[0], replace(scene.objects[1], **changes)))


def with_mesh(**changes: Any) -> Callable[[Scene], Scene]:
    return lambda scene: replace(scene, mesh=replace(mesh_in(scene), **changes))


def with_camera(**changes: Any) -> Callable[[Scene], Scene]:
    return with_frame(camera=replace(CAMERA, **changes))


def tilted() -> Box3D:
    c, s = np.cos(0.1), np.sin(0.1)
    return replace(at(0, 2, 1), rotation=np.array([[1, 0, 0], [0, c, -s], [0, s, c]]))


def sheared() -> Box3D:
    return replace(at(0, 2, 1), rotation=np.array([[1, 0.1, 0], [0, 1, 0], [0, 0, 1]]))


def mirrored() -> Box3D:
    return replace(at(0, 2, 1), rotation=np.diag([-1.0, 1, 1]))


def with_walk(**changes: Any) -> Callable[[Scene], Scene]:
    walk = Walk("w1", ("0", "1"), "Go to the table.")
    return lambda scene: replace(scene, walks=(walk, replace(walk, **{"id": "w2", **changes})))


def boxes_only(scene: Scene) -> Scene:
    bare = tuple(replace(frame, depth=None, depth_camera=None) for frame in scene.frames)
    return replace(scene, mesh=None, frames=bare)


FACES = mesh_in(whole()).faces
VERTICES = mesh_in(whole()).vertices
OWNERS = mesh_in(whole()).face_object
FAR = VERTICES * np.float32(1_000_000)
HOLED = np.where(np.arange(VERTICES.size).reshape(VERTICES.shape) == 5, np.nan, VERTICES).astype(np.float32)

DAMAGE: list[tuple[Callable[[Scene], Scene], str]] = [
    (lambda scene: replace(scene, id=""), "id: found '', expected a name without '.' and '/'"),
    (lambda scene: replace(scene, id="scene.1"), "id: found 'scene.1'"),
    (lambda scene: replace(scene, id="a/b"), "id: found 'a/b'"),
    (lambda scene: replace(scene, frames=()), "frames: found none with a valid pose, expected at least one"),
    (with_frame(id="0"), "frames: found 1 repeated ids, expected unique ids"),
    (with_frame(time_s=-1.0), "frames: found a frame earlier than the one before it, expected time order"),
    (with_frame(time_s=float("nan")), "expected time order"),
    (with_frame(id="1.jpg"), "frame 1.jpg: found '1.jpg', expected an id without '.' and '/'"),
    (with_frame(depth=None), "frame 1: found depth and depth_camera disagree, expected both or none"),
    (with_frame(depth_camera=None), "frame 1: found depth and depth_camera disagree, expected both or none"),
    (with_frame(depth_camera=replace(CAMERA, fx=0)), "frame 1 depth_camera: found fx 0, fy 160"),
    (with_camera(width=0), "frame 1 camera: found 0 x 240 pixels, expected a size above 0"),
    (with_camera(fy=-160), "frame 1 camera: found fx 160, fy -160, expected finite focal lengths above 0"),
    (with_camera(fx=float("inf")), "expected finite focal lengths above 0"),
    (with_camera(cx=float("nan")), "expected finite focal lengths above 0"),
    (with_camera(cx=640), "frame 1 camera: found principal point (640, 119.5) of a 320 x 240 image"),
    (with_camera(cy=-1), "are the intrinsics of another resolution?"),
    (
        with_frame(world_from_camera=Pose(np.full((3, 3), np.nan), np.zeros(3))),
        "frame 1 pose: found not finite, expected a rigid pose",
    ),
    (
        with_frame(world_from_camera=Pose(np.diag([-1.0, 1, 1]), np.zeros(3))),
        "frame 1 pose: found a matrix that is no rotation, expected orthonormal with determinant +1",
    ),
    (with_frame(world_from_camera=Pose(2 * np.eye(3), np.zeros(3))), "found a matrix that is no rotation"),
    (with_object(id=10), "objects: found 1 repeated ids, expected unique ids"),
    (with_object(label=" "), "expected a name"),
    (with_object(label=""), "object 11 (no label): found an empty label, expected a name"),
    (with_object(box=at(0, np.nan, 1)), "object 11 (table): found a box that is not finite, expected meters"),
    (with_object(box=at(0, 2, 1, (-1, 1, 1))), "box size [-1.0, 1.0, 1.0], expected sides above 0"),
    (with_object(box=at(0, 2, 1, (0, 0, 0))), "box size [0.0, 0.0, 0.0], expected sides above 0"),
    (with_object(box=tilted()), "object 11 (table): found a tilted box, expected an upright box (world z up)"),
    (with_object(box=sheared()), "object 11 (table): found box axes that are no rotation, expected orthonormal"),
    (with_object(box=mirrored()), "object 11 (table): found box axes that are no rotation, expected orthonormal"),
    (
        with_object(points=np.array([[0, 2, np.inf]], np.float32)),
        "object 11 (table) points: found a value that is not finite",
    ),
    (with_object(points=np.zeros((0, 3), np.float32)), "object 11 (table) points: found none, expected at least one"),
    (with_walk(id="w1"), "walks: found 1 repeated ids, expected unique ids"),
    (with_walk(id="w.2"), "walk w.2: found 'w.2', expected an id without '.' and '/'"),
    (with_walk(id=""), "walk : found '', expected an id without '.' and '/'"),
    (with_walk(instruction=" "), "walk w2: found an empty instruction, expected words"),
    (with_walk(frames=()), "walk w2: found no frames, expected at least one"),
    (with_walk(frames=("1", "7")), "walk w2: found frame '7', expected ids of the scene's frames"),
    (boxes_only, "scene: found no mesh, no depth images and no instance images, expected one of them"),
    (with_mesh(faces=FACES[:0]), "mesh: found no faces, expected at least one"),
    (with_mesh(vertices=HOLED), "mesh vertices: found a value that is not finite, expected meters"),
    (with_mesh(vertices=FAR), "mesh: found an extent of 16000000 units, expected under 1000000"),
    (with_mesh(vertices=VERTICES[:-1]), "mesh faces: found vertex index 23, expected 0 to 22"),
    (with_mesh(faces=FACES - 1), "mesh faces: found vertex index -1, expected 0 to 23"),
    (with_mesh(face_object=OWNERS[:-1]), "mesh face_object: found 35 entries, expected 36"),
    (with_mesh(face_object=OWNERS + 1), "mesh face_object: found object index 2, expected -3 to 1"),
]


def test_a_whole_scene_passes_unchanged() -> None:
    scene = whole()
    assert validate_scene(scene) is scene
    assert validate_scene(with_walk()(scene)).walks[1].id == "w2"


@pytest.mark.parametrize("kept", ["mesh", "depth", "instances"])
def test_one_ground_is_enough(kept: str) -> None:
    scene = whole()
    if kept == "mesh":
        bare = replace(boxes_only(scene), mesh=scene.mesh)
    elif kept == "depth":
        bare = replace(scene, mesh=None)
    else:
        shown = replace(boxes_only(scene).frames[1], instances=MemoryInstances(np.full((240, 320), -1, np.int32)))
        bare = replace(boxes_only(scene), frames=(boxes_only(scene).frames[0], shown))
    assert validate_scene(bare) is bare


@pytest.mark.parametrize(("damage", "message"), DAMAGE, ids=[message for _, message in DAMAGE])
def test_a_damaged_scene_is_refused(damage: Callable[[Scene], Scene], message: str) -> None:
    with pytest.raises(SceneError) as caught:
        validate_scene(damage(whole()))
    assert str(caught.value).startswith("room: ")
    assert message in str(caught.value)


def test_an_object_index_that_stands_for_nothing_is_named() -> None:
    with pytest.raises(SceneError, match=r"mesh face_object: found object index -4, expected -3 to 1"):
        validate_scene(with_mesh(face_object=OWNERS - 2)(whole()))


def test_faces_without_any_vertex_are_refused() -> None:
    empty = Mesh(VERTICES[:0], FACES, OWNERS)
    with pytest.raises(SceneError, match="mesh: found no vertices, expected at least one"):
        validate_scene(replace(whole(), mesh=empty))


def test_an_image_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"7\.jpg: cannot be read \(No such file or directory\)"):
        FileSource(tmp_path / "7.jpg").read_bytes()
    assert FileSource(tmp_path / "7.JPG").suffix == ".jpg"
