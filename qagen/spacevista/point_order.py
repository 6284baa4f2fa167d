"""In which order a file has the two coordinates of its points. It is decided once a file, never for a single point.

The card of SpaceVista says x, y; each of its programs reads y, x.
"""

from pathlib import Path
from typing import Any

from qagen import cli
from qagen.errors import QagenError
from qagen.spacevista.forms import Form, ItemError, PointOrder, form_of, frames_of, prompts_of, stated_order
from qagen.spacevista.frames import MediaRoot, frame_index, image_size
from qagen.spacevista.stream import read_items


def decide_point_order(path: Path, media: MediaRoot | None = None) -> PointOrder:
    """The order that items state as ``point_order``, else the only one in which all points are inside their images.

    Where neither decides, it is y, x, with one warning.

    Args:
        media: where the images are; without it, points decide nothing.

    Raises:
        QagenError: the file cannot be read, or two items contradict each other.
    """
    stated: dict[PointOrder, str] = {}
    fitting: dict[PointOrder, str] = {}
    n_points = 0
    with cli.progress(f"Reading {path.name}", path.stat().st_size if path.is_file() else None) as bar:
        for entry in read_items(path, bar):
            form = form_of(entry.value)
            try:
                if order := stated_order(entry.value, form):
                    stated.setdefault(order, entry.name)
                places = _places(entry.item(), form, media)
            except ItemError:
                continue  # for the command to tell
            n_points += len(places)
            for place in places:
                if order := _only_order(place):
                    fitting.setdefault(order, entry.name)
    order = _agreed(path, stated, "states") or _agreed(path, fitting, "fits its images only as")
    if order is None and n_points:
        cli.warn(f"{path.name}: {n_points:,} points are read as y, x, as SpaceVista's programs do; nothing decides it")
    return order or "yx"


def _agreed(path: Path, items: dict[PointOrder, str], says: str) -> PointOrder | None:
    """The only order that items are for, None where there are none. Raises QagenError where they are for both."""
    if len(items) > 1:
        both = " and ".join(f"{name} {says} {', '.join(order)}" for order, name in items.items())
        raise QagenError(f"{path}: point order: found that {both}, expected one order in a file")
    return next(iter(items), None)


def has_points(item: dict[str, Any], form: Form) -> bool:
    """Whether an item has point prompts."""
    if form in ("full", "bench"):
        annotations = item.get("annotations")
        return isinstance(annotations, dict) and bool(annotations.get("points"))
    extra = item.get("extra_info")
    return isinstance(extra, dict) and ("input_point" in extra or "point_points" in extra)


Place = tuple[tuple[float, float], tuple[int, int] | None]
"""The two numbers of a point as the file has them, and width and height of its image."""


def _places(item: dict[str, Any], form: Form, media: MediaRoot | None) -> list[Place]:
    """The points of an item. Raises ItemError where the item or an image cannot be read."""
    places: list[Place] = []
    if not has_points(item, form):
        return places
    frames = frames_of(item)
    for prompt in prompts_of(item, form, len(frames), "xy")[1]:
        if prompt.kind == "point":
            size = None
            if media:
                index = prompt.frame if isinstance(prompt.frame, int) else frame_index(prompt.frame, frames, media)
                size = image_size(media.find(frames[index]))
            places.append(((prompt.coords[0], prompt.coords[1]), size))
    return places


def _only_order(place: Place) -> PointOrder | None:
    """The order in which a point is inside its image; None where both or neither are."""
    (first, second), size = place
    if size is None:
        return None
    fits_yx, fits_xy = first < size[1] and second < size[0], first < size[0] and second < size[1]
    return None if fits_yx == fits_xy else "yx" if fits_yx else "xy"


# --- the other order --------------------------------------------------------------------------------------------------


def swap_extra(extra: dict[str, Any], order: PointOrder) -> dict[str, Any]:
    """``extra_info`` with its points turned into another order, which it states if it states any."""
    swapped = dict(extra)
    if "point_order" in extra:
        swapped["point_order"] = order
    match extra.get("input_point"):
        case {"points": points, **others}:
            swapped["input_point"] = {**others, "points": _swapped(points)}
    return swapped


def swap_annotations(annotations: dict[str, Any], _order: PointOrder) -> dict[str, Any]:
    """``annotations`` with their points turned into another order."""
    match annotations.get("points"):
        case list(points) if all(isinstance(point, dict) for point in points):
            swapped = [{**point, "coords": _swapped(point.get("coords"))} for point in points]
            return {**annotations, "points": swapped}
    return annotations


def swap_patch(patch: Any, holder: str, order: PointOrder) -> Any:
    """What restores another form, with the points that it sets in ``extra_info`` or ``annotations`` turned as well."""
    swap = swap_extra if holder == "extra_info" else swap_annotations
    match patch:
        case {"in": {**inner}} if isinstance(inner.get(holder), dict) and isinstance(inner[holder].get("set"), dict):
            part = {**inner[holder], "set": swap(inner[holder]["set"], order)}
            return {**patch, "in": {**inner, holder: part}}
    return patch


def _swapped(points: Any) -> Any:
    """Pairs of numbers, at any depth of lists, in the other order."""
    if not isinstance(points, list):
        return points
    if len(points) == 2 and not any(isinstance(part, list) for part in points):
        return points[::-1]
    return [_swapped(part) for part in points]
