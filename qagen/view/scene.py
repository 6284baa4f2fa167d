"""A scene for a notebook: frames with the boxes of what they show, and a map from above.

An object has one color in all frames and on the map.
"""

import colorsys
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from qagen.core.scene import Frame, Scene
from qagen.core.spacing import evenly_spaced
from qagen.records.marks import box_px
from qagen.records.shapes import Border, Plate, paint, place_plate
from qagen.view.page import data_uri, render_page
from qagen.visibility.views import SceneViews

FRAMES, FRAME_PX = 6, 460
"""Frames that are shown, and the width at which they are drawn."""
MAX_BOXES = 8
"""Boxes in a frame: those of the objects that cover most of it."""
MAP_PX, MAP_MARGIN_PX = 520, 16
"""Longer side of the map, and its margin."""
CELLS = 260
"""Cells of the scanned surface along the map's longer side."""
LOW_M, HIGH_M = 0.3, 1.9
"""Heights above the floor between which surface counts as walls and furniture, meters."""
GOLDEN_TURN = 0.618034
"""Colors one after the other differ most when the hue goes on by this share of the circle."""
LETTER_PX, MAX_NAMES = 6.2, 45
"""Width of a letter of the map, pixels, and the most names on it."""


def choose_frames(scene: Scene, views: SceneViews | None, count: int) -> list[Frame]:
    """``count`` frames spread over the scene; of each stretch of the recording the one that shows most objects."""
    if views is None:
        return evenly_spaced(scene.frames, count + 2)[1:-1]
    shown = views.askable.sum(axis=1)
    stretches = np.array_split(np.arange(len(views.frames)), count)
    return [views.frames[stretch[int(np.argmax(shown[stretch]))]] for stretch in stretches if len(stretch)]


def scene_html(views: SceneViews) -> str:
    """A fragment of HTML that needs nothing beside it. Raises SceneError where an image cannot be read."""
    ids = [frame.id for frame in views.frames]
    shown = [ids.index(frame.id) for frame in choose_frames(views.scene, views, FRAMES)]
    pictures = [data_uri(draw_frame_of(views, index, FRAME_PX)) for index in shown]
    frames = [{"name": ids[index], "source": source} for index, source in zip(shown, pictures, strict=True)]
    drawn = _map(views, shown) if views.scene.is_level else None
    return render_page("scene.html", scene=views.scene, facts=_facts(views), frames=frames, map=drawn)


def draw_frame_of(views: SceneViews, index: int, width: int) -> Image.Image:
    """A frame with the boxes and names of the objects that it surely shows, RGB, ``width`` pixels wide."""
    with Image.open(io.BytesIO(views.frames[index].color.read_bytes())) as image:
        canvas = image.convert("RGB").resize((width, round(width * image.height / image.width)))
    seen = np.flatnonzero(views.seen[index] & np.isfinite(views.visible_box[index]).all(axis=-1))
    largest = seen[np.argsort(-views.visible_pixels[index, seen], kind="stable")][:MAX_BOXES].tolist()
    stroke = max(2, width // 240)
    places = [[round(1000 * edge) for edge in views.visible_box[index, k].tolist()] for k in largest]
    borders = [
        Border(box_px(place, canvas.size), stroke, color_of(k)) for k, place in zip(largest, places, strict=True)
    ]
    plates: list[Plate] = []
    for k, border in zip(largest, borders, strict=True):
        plates.append(place_plate(views.scene.objects[k].label, border.color, border.outline, canvas.size, plates))
    return paint(canvas, [*borders, *plates])


def color_of(item: int) -> str:
    """The color of an object, by its index: ``#rrggbb``."""
    bright = (0.44, 0.54, 0.36)[item % 3]
    red, green, blue = colorsys.hls_to_rgb((item * GOLDEN_TURN + 0.02) % 1, bright, 0.75)
    return "#{:02x}{:02x}{:02x}".format(*(round(255 * part) for part in (red, green, blue)))


def _facts(views: SceneViews) -> list[str]:
    scene, usable = views.scene, int(views.usable.sum())
    asked = int(views.markable.any(axis=0).sum())
    names = len({item.label for item in scene.objects})
    units = "unknown scale" if views.units is None else f"lengths in {views.units.length.name}"
    level = "" if scene.is_level else ", unknown vertical"
    return [
        f"{len(scene.frames)} frames, {usable} of use for single images",
        f"{len(scene.objects)} objects with {names} names, {asked} to ask about in single images",
        f"{units}{level}",
    ]


# --- the map ----------------------------------------------------------------------------------------------------------


class _Plan:
    """Where places of the world are on the map, x to the right and y up."""

    def __init__(self, places: NDArray[np.float64]) -> None:
        low, high = places.min(axis=0), places.max(axis=0)
        extent = np.maximum(high - low, 1e-6)
        self.low, self.high = low, high
        self.scale = (MAP_PX - 2 * MAP_MARGIN_PX) / float(extent.max())
        self.width, self.height = (float(side) * self.scale + 2 * MAP_MARGIN_PX for side in extent)

    def at(self, places: NDArray) -> list[list[float]]:
        """Pixels (n, 2) of places (n, 2 or more)."""
        x = (places[:, 0] - self.low[0]) * self.scale + MAP_MARGIN_PX
        y = (self.high[1] - places[:, 1]) * self.scale + MAP_MARGIN_PX
        return np.stack([x, y], axis=1).round(1).tolist()


def _map(views: SceneViews, shown: Sequence[int]) -> dict[str, Any]:
    """What the template draws."""
    scene, eyes = views.scene, views.cameras[:, :3, 3]
    outline = np.zeros((0, 2)) if scene.room_polygon is None else scene.room_polygon
    footprints = [item.box.corners[[0, 1, 3, 2], :2] for item in scene.objects]
    surface = views.surface[:, :2]
    plan = _Plan(np.concatenate([eyes[:, :2], outline, surface, *footprints]))
    order = np.argsort([item.box.center[2] + item.box.size[2] / 2 for item in scene.objects], kind="stable").tolist()
    return {
        "width": round(plan.width),
        "height": round(plan.height),
        "surface": _surface(views, plan),
        "outline": _points(plan.at(outline)),
        "objects": [
            {
                "points": _points(plan.at(footprints[k])),
                "color": color_of(k),
                "title": f"{scene.objects[k].label} ({scene.objects[k].id})",
            }
            for k in order
        ],
        "names": _names(views, plan, footprints),
        "path": _points(plan.at(eyes)),
        "cameras": [_camera(views, index, number, plan) for number, index in enumerate(shown, 1)],
        "meter": round(plan.scale, 1) if scene.unit_m == 1 else None,
    }


def _points(places: list[list[float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in places)


def _surface(views: SceneViews, plan: _Plan) -> dict[str, Any] | None:
    """What stands on the floor, as a faint picture; None for a scene without a mesh."""
    mesh = views.scene.mesh
    if mesh is None:
        return None
    height = mesh.vertices[:, 2] - np.percentile(mesh.vertices[:, 2], 1)
    places = mesh.vertices[(height > LOW_M) & (height < HIGH_M), :2].astype(np.float64)
    cell = float((plan.high - plan.low).max()) / CELLS
    columns, rows = (np.ceil((plan.high - plan.low) / cell).astype(int) + 1).tolist()
    x, y = ((places - plan.low) / cell).astype(int).clip(0, (columns - 1, rows - 1)).T
    counts = np.bincount((rows - 1 - y) * columns + x, minlength=rows * columns).reshape(rows, columns)
    dark = np.minimum(counts / max(1.0, float(np.percentile(counts[counts > 0], 90)) if counts.any() else 1.0), 1.0)
    picture = Image.fromarray((255 - 90 * np.sqrt(dark)).astype(np.uint8))
    side = cell * plan.scale
    top = (plan.high[1] - plan.low[1]) * plan.scale + MAP_MARGIN_PX - rows * side
    return {
        "source": data_uri(picture, "PNG"),
        "x": MAP_MARGIN_PX,
        "y": round(float(top), 1),
        "width": round(columns * side, 1),
        "height": round(rows * side, 1),
    }


def _names(views: SceneViews, plan: _Plan, footprints: list[NDArray]) -> list[dict[str, Any]]:
    """Names of the objects with the largest footprints; they keep clear of each other."""
    sizes = [item.box.size[0] * item.box.size[1] for item in views.scene.objects]
    kept: list[dict[str, Any]] = []
    for k in np.argsort([-size for size in sizes], kind="stable").tolist():
        (x, y), label = plan.at(footprints[k].mean(axis=0, keepdims=True))[0], views.scene.objects[k].label
        reach = LETTER_PX * len(label) / 2
        is_free = all(abs(x - o["x"]) > reach + o["reach"] or abs(y - o["y"]) > 13 for o in kept)
        if is_free and len(kept) < MAX_NAMES and reach < x < plan.width - reach:
            kept.append({"x": x, "y": y, "reach": reach, "label": label})
    return kept


def _camera(views: SceneViews, index: int, number: int, plan: _Plan) -> dict[str, Any]:
    """A wedge from where a frame was taken to where it looks."""
    T_wc, camera = views.cameras[index], views.frames[index].camera
    (x, y), reach = plan.at(T_wc[None, :3, 3])[0], 34.0
    half = np.arctan2(camera.width / 2, camera.fx)
    heading = np.arctan2(T_wc[1, 2], T_wc[0, 2])
    sides = [[x + reach * np.cos(turn), y - reach * np.sin(turn)] for turn in (heading - half, heading + half)]
    ends = [[round(float(part), 1) for part in side] for side in sides]
    return {"number": number, "x": x, "y": y, "points": _points([[x, y], *ends])}
