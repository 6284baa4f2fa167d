"""The scene's frames, objects and images: how many were left out, and whether images fit their cameras."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np

from qagen.core.camera import Camera
from qagen.core.familiar import familiarity
from qagen.core.reasons import NEVER_ASKED
from qagen.core.scene import Frame, Scene
from qagen.core.spacing import evenly_spaced
from qagen.doctor.finding import Finding, judge, percent
from qagen.doctor.looks import Look
from qagen.errors import SceneError
from qagen.loaders.io.images import ReencodedImage, image_size
from qagen.stages import each
from qagen.visibility.views import SceneViews, observe

DECODED_FRAMES, SIZED_FRAMES = 12, 1000
"""Number of frames whose images are decoded, and of those whose images' headers are read."""
FOV_DEG = (30.0, 120.0)
MAX_OFF_CENTER = 0.1
"""Share of the image by which the principal point may lie off its middle."""
MAX_ASPECT_ERROR = 0.03
"""Relative difference that the aspects of an instance image and its color image may have."""
MAX_FOCAL_ERROR = 0.05
"""Relative difference that fx and fy of square pixels may have."""
MOST_NAMED = 6
"""Labels that a line names."""
FEW_THINGS = 3
"""Fewer familiar things of another size may be toys."""
KEPT_OK, KEPT_BEARABLE = 0.3, 0.1
DROPPED_OK, DROPPED_BEARABLE = 0.2, 0.5
OBSERVED_FRAMES, DRAWN_FACES = (40, 90), 60_000_000
"""Least and largest number of frames that are looked at as a run does, and how many faces of a mesh may be drawn."""
BLANK_BEARABLE = 0.05
SEEN_OK = 0.2
"""Share of the objects that some frame should show well."""


def check_frames(scene: Scene) -> Finding:
    """How many frames were left out, and why."""
    dropped = {reason: count for reason, count in scene.dropped.items() if reason.startswith("frame")}
    share = sum(dropped.values()) / (len(scene.frames) + sum(dropped.values()))
    found = f"{len(scene.frames)} frames"
    found += f", {percent(share)} left out ({_counted(dropped)})" if dropped else ", none left out"
    found += "" if any(frame.depth is not None for frame in scene.frames) else "; none has depth"
    advice = "a few frames without a pose are usual, many are a sign of lost tracking or of files that are not found"
    verdict = judge(share <= DROPPED_OK, share <= DROPPED_BEARABLE)
    return Finding("frames", verdict, found, f"at most {percent(DROPPED_OK)} left out", advice)


def check_labels(scene: Scene) -> Finding:
    """How many of the annotated objects questions may use."""
    dropped = {reason: count for reason, count in scene.dropped.items() if reason.startswith("object")}
    if not scene.objects and not dropped:
        return Finding("labels", "ok", "no objects: questions can only be about cameras and walks", "any")
    share = len(scene.objects) / (len(scene.objects) + sum(dropped.values()))
    labels = Counter(item.label for item in scene.objects)
    found = f"{len(scene.objects)} objects may be asked about ({percent(share)} of the annotated)"
    found += ": " * bool(labels) + ", ".join(f"{label} {count}" for label, count in labels.most_common(MOST_NAMED))
    found += ", ..." * (len(labels) > MOST_NAMED)
    found += f"; left out: {_counted(dropped)}" if dropped else ""
    odd = sorted({item.label for item in scene.objects if not item.label.replace(" ", "").replace("-", "").isalpha()})
    if odd:
        advice = "names appear in questions: clean these or leave them out"
        return Finding("labels", "warn", f"{found}; odd names: {', '.join(odd[:8])}", "plain words", advice)
    is_by_name = NEVER_ASKED in dropped
    advice = (
        "is this dataset's label map in place, and does it have these names?" if is_by_name else "see docs/reasons.md"
    )
    verdict = judge(share >= KEPT_OK, share >= KEPT_BEARABLE or not is_by_name)
    return Finding("labels", verdict, found, f"{percent(KEPT_OK)} or more kept", advice)


def check_images(scene: Scene) -> Finding:
    """Whether image files exist, can be decoded, and have the sizes of their cameras."""
    expected = "readable images of the cameras' sizes"
    missing = [str(path) for frame in scene.frames if (path := frame.color.path) is not None and not path.is_file()]
    if missing:
        found = f"{len(missing)} of {len(scene.frames)} color images are missing, first {missing[0]}"
        return Finding("images", "FAIL", found, expected, "download them, or drop their frames")
    decoded = evenly_spaced(scene.frames, DECODED_FRAMES)
    others = evenly_spaced(scene.frames, SIZED_FRAMES)
    faults = ((frame, _image_fault(frame)) for frame in each("decoding images", decoded))
    faults = chain(faults, ((frame, _size_fault(frame)) for frame in each("reading sizes of images", others)))
    for frame, fault in faults:
        if fault:
            advice = "give the intrinsics of the images as they are stored"
            return Finding("images", "FAIL", f"frame {frame.id}: {fault}", expected, advice)
    sizes = Counter(f"{frame.camera.width} x {frame.camera.height}" for frame in scene.frames)
    return Finding("images", "ok", ", ".join(f"{count} of {size}" for size, count in sizes.most_common(3)), expected)


def _image_fault(frame: Frame) -> str:
    """The fault of a frame's images, or "" for none."""
    import cv2

    try:
        image = cv2.imdecode(np.frombuffer(frame.color.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
        depth = None if frame.depth is None else frame.depth.read_m()
        instances = None if frame.instances is None else frame.instances.read_objects()
    except cv2.error:
        image, depth, instances = None, None, None
    except SceneError as error:
        return str(error)
    if image is None:
        return "its color image cannot be decoded"
    if image.shape[:2] != (frame.camera.height, frame.camera.width):
        return f"the image has {_size(image)} pixels, its camera {frame.camera.width} x {frame.camera.height}"
    camera = frame.depth_camera
    if depth is not None and camera is not None and depth.shape != (camera.height, camera.width):
        return f"the depth image has {_size(depth)} pixels, its camera {camera.width} x {camera.height}"
    if instances is not None and abs(_aspect(instances) / _aspect(image) - 1) > MAX_ASPECT_ERROR:
        return f"the instance image has {_size(instances)} pixels, the color image {_size(image)}: not of one aspect"
    return ""


def _size_fault(frame: Frame) -> str:
    """The fault of the size that the header of a color image tells, or "" for none."""
    if isinstance(frame.color, ReencodedImage):
        return ""
    try:
        width, height = image_size(frame.color, Path(frame.id))
    except SceneError as error:
        return str(error)
    if (width, height) != (frame.camera.width, frame.camera.height):
        return f"the image has {width} x {height} pixels, its camera {frame.camera.width} x {frame.camera.height}"
    return ""


def check_blank(looks: Sequence[Look]) -> Finding:
    """How many color images show nothing: one brightness all over, black for instance."""
    blank = [look.frame.id for look in looks if look.is_blank]
    found = f"{len(blank)} of {len(looks)} images have one brightness all over"
    found += f", first frame {blank[0]}" if blank else ""
    verdict = judge(not blank, len(blank) <= BLANK_BEARABLE * len(looks))
    return Finding("blank images", verdict, found, "none", "questions would be about nothing: leave these frames out")


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]} x {image.shape[0]}"


def _aspect(image: np.ndarray) -> float:
    return image.shape[1] / image.shape[0]


def check_intrinsics(scene: Scene) -> Finding:
    """Whether the principal point is near the middle, pixels are square and the field of view is plausible."""
    frame = scene.frames[len(scene.frames) // 2]
    cameras = [("color", frame.camera)] + ([] if frame.depth_camera is None else [("depth", frame.depth_camera)])
    found = "; ".join(f"{name} {_fov_deg(camera):.0f} degrees wide" for name, camera in cameras)
    expected = f"{FOV_DEG[0]:g} to {FOV_DEG[1]:g} degrees, principal point in the middle, square pixels"
    for name, camera in cameras:
        fault, advice, is_bearable = _camera_fault(camera)
        if fault:
            return Finding("intrinsics", judge(False, is_bearable), f"{name}: {fault}", expected, advice)
    return Finding("intrinsics", "ok", found, expected)


def _fov_deg(camera: Camera) -> float:
    return float(np.degrees(np.arctan(camera.cx / camera.fx) + np.arctan((camera.width - camera.cx) / camera.fx)))


def _camera_fault(camera: Camera) -> tuple[str, str, bool]:
    """The fault of a camera, advice, and whether the fault is bearable; ("", "", True) for none."""
    off_x, off_y = (camera.cx + 0.5) / camera.width - 0.5, (camera.cy + 0.5) / camera.height - 0.5
    if max(abs(off_x), abs(off_y)) > MAX_OFF_CENTER:
        fault = f"principal point ({camera.cx:.1f}, {camera.cy:.1f}) of a {camera.width} x {camera.height} image"
        fits = f"{2 * camera.cx + 1:.0f} x {2 * camera.cy + 1:.0f}"
        advice = f"these intrinsics fit an image of about {fits} pixels: scale all four to this image's size"
        return fault, advice, abs(off_x - off_y) > MAX_OFF_CENTER  # cropped or swapped rather than scaled
    if not FOV_DEG[0] <= _fov_deg(camera) <= FOV_DEG[1]:
        fault = f"{_fov_deg(camera):.0f} degrees wide (fx {camera.fx:.1f}, width {camera.width})"
        return fault, "is the focal length in pixels of this image, and not in millimeters?", False
    if abs(camera.fx / camera.fy - 1) > MAX_FOCAL_ERROR:
        fault = f"fx {camera.fx:.1f} and fy {camera.fy:.1f}"
        return fault, "was the image resized without keeping its aspect?", True
    return "", "", True


def check_size(scene: Scene) -> Finding:
    """Whether familiar things are about as large as usual in the unit that the scene declares."""
    expected = "chairs, doors, mugs and the like as large as usual"
    if scene.unit_m is None:
        return Finding("sizes", "ok", "the scale is unknown, as the scene says", "no questions about lengths")
    known = familiarity(scene)
    if known is None:
        return Finding("sizes", "ok", "no familiar things to tell the unit by", expected)
    verdict = judge(known.is_plausible, known.count < FEW_THINGS)
    return Finding("sizes", verdict, known.text, expected, f"wrong unit? {known.advice}")


def check_use(scene: Scene) -> tuple[Finding, SceneViews | None]:
    """How many frames and objects a run could use, and the views where there are any."""
    expected = "frames that show objects well"
    faces = 1 if scene.mesh is None else len(scene.mesh.faces)
    looked_at = evenly_spaced(scene.frames, int(np.clip(DRAWN_FACES // faces, *OBSERVED_FRAMES)))
    try:
        views = observe(replace(scene, frames=tuple(looked_at), walks=()))
    except SceneError as error:
        return Finding("a run would see", "FAIL", str(error), expected), None
    seen = views.askable[views.usable]
    unused = f"; not used: {_counted(views.unused)}" if views.unused else ""
    found = f"{int(views.usable.sum())} of {len(looked_at)} frames usable, {int(seen.any(axis=0).sum())} of "
    found += f"{len(scene.objects)} objects seen well in some, {seen.sum() / max(len(seen), 1):.1f} objects per frame"
    found += unused
    advice = "see the checks above; where they are ok, the objects are too small, too far or hidden"
    if not scene.objects:
        return Finding("a run would see", judge(views.usable.any(), False), found, "usable frames"), views
    verdict = judge(seen.any(axis=0).mean() >= SEEN_OK, seen.any())
    return Finding("a run would see", verdict, found, expected, advice), views


def _counted(reasons: Mapping[str, int]) -> str:
    """Reasons with their counts, without what was left out: "4 invalid pose, 1 no image"."""
    pairs = sorted(reasons.items())
    return ", ".join(f"{count} {reason.partition(': ')[2] or reason}" for reason, count in pairs)
