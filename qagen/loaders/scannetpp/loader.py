"""ScanNet++: about a thousand indoor scenes by laser scanner, with photographs and iPhone recordings of each.

The mesh comes from the scanner; photographs and video were registered to it, and objects were annotated on it in free
text (Yeshwanth et al., ICCV 2023, https://kaldir.vc.in.tum.de/scannetpp). The files come from the dataset's own
download script and toolbox (github.com/scannetpp/scannetpp)::

    <root>/
    ├── splits/{nvs_sem_train,nvs_sem_val,…}.txt          optional
    └── data/                                             <root> may be this folder too, or a single scene's
        └── 0a5c013435/
            ├── scans/
            │   ├── mesh_aligned_0.05.ply                 mesh: its world is that of all files, z up; optional
            │   ├── segments.json                         segment of each vertex; optional
            │   └── segments_anno.json                    objects: label, segments, box
            ├── iphone/
            │   ├── rgb.mkv (or .mp4), or rgb/frame_000000.jpg
            │   ├── depth.bin, or depth/frame_000000.png  optional: else rendered
            │   ├── pose_intrinsic_imu.json
            │   └── colmap/{cameras,images}.txt           optional: better poses, of some frames
            └── dslr/                                     read where there is no iphone/
                ├── resized_undistorted_images/*.JPG
                └── nerfstudio/transforms_undistorted.json

What is undone here, besides what iphone.py, dslr.py and annotation.py undo
* Boxes are the dataset's own. The few tilted ones are replaced by the upright box of least footprint around the
  object's vertices (io.boxes.upright_box).
* Without mesh or segments the boxes alone decide what a pixel with depth shows.
* Labels "remove" and "split", which annotators left for one another, are never asked about; nor is room structure.
"""

from collections import Counter
from pathlib import Path

from qagen.core.reasons import NEVER_ASKED, NO_LABELED_MESH, NO_SURFACE, TOO_SMALL
from qagen.core.scene import MIN_BOX_SIDE_M, Frame, Mesh, Scene
from qagen.errors import SceneError
from qagen.loaders._base import FolderLoader, ObjectList
from qagen.loaders.io.ply import object_indices
from qagen.loaders.io.rendered_depth import Surface
from qagen.loaders.scannetpp.annotation import OBJECTS, ScanNetPPAnnotation, read_annotation
from qagen.loaders.scannetpp.dslr import TRANSFORMS, read_dslr
from qagen.loaders.scannetpp.iphone import VIDEOS, has_iphone, read_iphone

_NOTES_OF_ANNOTATORS = frozenset({"split", "remove", "reflection", "window frame"})


class ScanNetPPLoader(FolderLoader):
    """Reads ScanNet++ as it is downloaded, or with its videos extracted to images."""

    name = "scannetpp"
    homes = ("data", "")
    expected = "data/<scene>/ with scans/ and iphone/ or dslr/"
    split_list = "{split}.txt"
    shared_folders = ("splits",)

    def list_names(self, split: str) -> tuple[str, ...]:
        """ "train" and "val" stand for nvs_sem_train and nvs_sem_val, "test" for sem_test."""
        return split, f"nvs_sem_{split}", f"sem_{split}"

    def is_scene(self, folder: Path) -> bool:
        return (folder / "iphone").is_dir() or (folder / "dslr").is_dir()

    def read(self, scene_id: str, folder: Path) -> Scene:
        if not (folder / "scans" / OBJECTS).is_file():
            raise SceneError(folder / "scans", f"no annotation: {OBJECTS} is missing (test scenes have none)")
        dropped: Counter[str] = Counter()
        annotation = read_annotation(folder / "scans")
        frames = self.read_frames(folder, annotation.surface, dropped)
        objects = _list_objects(annotation, dropped)
        face_owner, mesh = annotation.face_owner(), None
        if annotation.surface is None or face_owner is None:
            dropped[NO_LABELED_MESH] = 1
        else:
            annotated = {group.objectId: group.label for group in annotation.groups}
            face_object = object_indices(face_owner, objects.kept, annotated)
            mesh = Mesh(annotation.surface.vertices, annotation.surface.faces, face_object)
        return Scene(
            dataset=self.name,
            id=scene_id,
            source=folder,
            frames=frames,
            objects=tuple(objects.kept),
            mesh=mesh,
            unplaced=frozenset(objects.unplaced),
            dropped=dict(+dropped),
        )

    def read_frames(self, folder: Path, surface: Surface | None, dropped: Counter[str]) -> tuple[Frame, ...]:
        """The frames of the iPhone, else the photographs. Raises SceneError."""
        if has_iphone(folder / "iphone"):
            return read_iphone(folder / "iphone", surface, dropped)
        if (folder / "dslr" / TRANSFORMS).is_file():
            return read_dslr(folder / "dslr", surface, dropped)
        iphone, dslr = f"iphone/rgb/ or iphone/{VIDEOS[0]}", f"dslr/{TRANSFORMS} (by the toolbox's dslr/undistort.py)"
        raise SceneError(folder, f"frames: found none, expected {iphone}, or {dslr}")


def _list_objects(annotation: ScanNetPPAnnotation, dropped: Counter[str]) -> ObjectList:
    """The objects that may be asked about."""
    objects = ObjectList(dropped)
    for index, (group, box) in enumerate(zip(annotation.groups, annotation.boxes, strict=True)):
        label, points = objects.name(group.label), annotation.points(index)
        if label is None:
            continue
        if label in _NOTES_OF_ANNOTATORS:
            objects.leave_out(NEVER_ASKED)
        elif box.size.max() <= MIN_BOX_SIDE_M:
            objects.leave_out(TOO_SMALL, label)
        elif points is not None and not len(points):
            objects.leave_out(NO_SURFACE, label)
        else:
            objects.add(group.objectId, label, box, points)
    return objects
