"""What the scene has, what was left out of it, and whether its images are what its cameras say."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from qagen.core.camera import Camera
from qagen.core.scene import Frame, Scene
from qagen.doctor.finding import Finding, judge, percent
from qagen.errors import SceneError
from qagen.visibility.views import SceneViews, observe

DECODED = 12
FOV_DEG = (30.0, 120.0)
CENTRED = 0.1
"""Share of the image by which the principal point may lie off its middle."""
SQUARE = 0.05
KEPT_OK, KEPT_BEARABLE = 0.3, 0.1
DROPPED_OK, DROPPED_BEARABLE = 0.2, 0.5
ASPECT = 0.03


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
    """How many of the annotated objects may be asked about."""
    dropped = {reason: count for reason, count in scene.dropped.items() if reason.startswith("object")}
    if not scene.objects and not dropped:
        return Finding("labels", "ok", "no objects: only cameras and ways can be asked about", "any")
    share = len(scene.objects) / (len(scene.objects) + sum(dropped.values()))
    labels = Counter(item.label for item in scene.objects).most_common(6)
    told = ", ".join(f"{label} {count}" for label, count in labels)
    found = f"{len(scene.objects)} objects may be asked about ({percent(share)} of the annotated): {told}, ..."
    found += f"; left out: {_counted(dropped)}" if dropped else ""
    odd = sorted({item.label for item in scene.objects if not item.label.replace(" ", "").replace("-", "").isalpha()})
    if odd:
        advice = "names are spoken in questions: clean these or leave them out"
        return Finding("labels", "warn", f"{found}; odd names: {', '.join(odd[:8])}", "plain words", advice)
    advice = "is the label map of this dataset at its place, and does it know these names?"
    verdict = judge(share >= KEPT_OK, share >= KEPT_BEARABLE)
    return Finding("labels", verdict, found, f"{percent(KEPT_OK)} or more kept", advice)


def check_images(scene: Scene) -> Finding:
    """Whether files are there, can be decoded, and have the sizes that the cameras say."""
    expected = "images that can be read, of the cameras' sizes"
    missing = [str(path) for frame in scene.frames if (path := frame.color.path) is not None and not path.is_file()]
    if missing:
        found = f"{len(missing)} of {len(scene.frames)} colour images are missing, first {missing[0]}"
        return Finding("images", "FAIL", found, expected, "fetch them, or drop their frames")
    for frame in _spread(scene.frames, DECODED):
        wrong = _wrong_size(frame)
        if wrong:
            advice = "give the intrinsics of the images as they are stored"
            return Finding("images", "FAIL", f"frame {frame.id}: {wrong}", expected, advice)
    sizes = Counter(f"{frame.camera.width} x {frame.camera.height}" for frame in scene.frames)
    return Finding("images", "ok", ", ".join(f"{count} of {size}" for size, count in sizes.most_common(3)), expected)


def _wrong_size(frame: Frame) -> str:
    """What is wrong with a frame's images, or nothing."""
    import cv2

    try:
        image = cv2.imdecode(np.frombuffer(frame.color.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
        depth = None if frame.depth is None else frame.depth.read_m()
        shown = None if frame.instances is None else frame.instances.read_objects()
    except cv2.error:
        image, depth, shown = None, None, None
    except SceneError as error:
        return str(error)
    if image is None:
        return "its colour image cannot be decoded"
    if image.shape[:2] != (frame.camera.height, frame.camera.width):
        return f"the image has {_size(image)} pixels, its camera {frame.camera.width} x {frame.camera.height}"
    other = frame.depth_camera
    if depth is not None and other is not None and depth.shape != (other.height, other.width):
        return f"the depth image has {_size(depth)} pixels, its camera {other.width} x {other.height}"
    if shown is not None and abs(shown.shape[1] / shown.shape[0] / (image.shape[1] / image.shape[0]) - 1) > ASPECT:
        return f"the instance image has {_size(shown)} pixels, the colour image {_size(image)}: not of one aspect"
    return ""


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]} x {image.shape[0]}"


def check_intrinsics(scene: Scene) -> Finding:
    """Whether the principal point is near the middle, pixels are square and the field of view is usual."""
    frame = scene.frames[len(scene.frames) // 2]
    cameras = [("colour", frame.camera)] + ([] if frame.depth_camera is None else [("depth", frame.depth_camera)])
    found = "; ".join(f"{name} {_fov_deg(camera):.0f} degrees wide" for name, camera in cameras)
    expected = f"{FOV_DEG[0]:g} to {FOV_DEG[1]:g} degrees, principal point in the middle, square pixels"
    for name, camera in cameras:
        wrong, advice, is_bearable = _oddity(camera)
        if wrong:
            return Finding("intrinsics", judge(False, is_bearable), f"{name}: {wrong}", expected, advice)
    return Finding("intrinsics", "ok", found, expected)


def _fov_deg(camera: Camera) -> float:
    return float(np.degrees(np.arctan(camera.cx / camera.fx) + np.arctan((camera.width - camera.cx) / camera.fx)))


def _oddity(camera: Camera) -> tuple[str, str, bool]:
    """What is unusual about a camera, what to do, and whether it is bearable; empty when nothing is."""
    off_x, off_y = (camera.cx + 0.5) / camera.width - 0.5, (camera.cy + 0.5) / camera.height - 0.5
    if max(abs(off_x), abs(off_y)) > CENTRED:
        wrong = f"principal point ({camera.cx:.1f}, {camera.cy:.1f}) of a {camera.width} x {camera.height} image"
        fits = f"{2 * camera.cx + 1:.0f} x {2 * camera.cy + 1:.0f}"
        advice = f"these intrinsics fit an image of about {fits} pixels: scale all four to this image's size"
        return wrong, advice, abs(off_x - off_y) > CENTRED  # cropped or swapped rather than scaled
    if not FOV_DEG[0] <= _fov_deg(camera) <= FOV_DEG[1]:
        wrong = f"{_fov_deg(camera):.0f} degrees wide (fx {camera.fx:.1f}, width {camera.width})"
        return wrong, "is the focal length in pixels of this image, and not in millimetres?", False
    if abs(camera.fx / camera.fy - 1) > SQUARE:
        wrong = f"fx {camera.fx:.1f} and fy {camera.fy:.1f}"
        return wrong, "was the image resized without keeping its aspect?", True
    return "", "", True


def check_use(scene: Scene) -> tuple[Finding, SceneViews | None]:
    """What a run would see of the scene, and the views where there are any."""
    expected = "frames in which objects may be asked about"
    try:
        views = observe(scene)
    except SceneError as error:
        return Finding("a run would see", "FAIL", str(error), expected), None
    seen = views.askable[views.usable]
    unused = f"; not used: {_counted(views.unused)}" if views.unused else ""
    found = f"{int(views.usable.sum())} usable frames, {int(seen.any(axis=0).sum())} of {len(scene.objects)} objects "
    found += f"seen well in some, {seen.sum() / max(len(seen), 1):.1f} objects a frame{unused}"
    advice = "the checks above say why; where they are ok, the objects are too small, too far or hidden"
    if not scene.objects:
        return Finding("a run would see", judge(views.usable.any(), False), found, "frames that may be shown"), views
    verdict = judge(seen.any(axis=0).mean() >= 0.2, seen.any())
    return Finding("a run would see", verdict, found, expected, advice), views


def _counted(reasons: Mapping[str, int]) -> str:
    pairs = sorted(reasons.items())
    return ", ".join(f"{count} {reason.partition(': ')[2] or reason}" for reason, count in pairs)


def _spread(frames: Sequence[Frame], count: int) -> list[Frame]:
    return [frames[i] for i in np.unique(np.linspace(0, len(frames) - 1, count).astype(int))]
