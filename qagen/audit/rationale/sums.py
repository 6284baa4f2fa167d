"""Whether the numbers of a rationale add up as they are printed."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from qagen.audit.checks import Check, disagree
from qagen.audit.rationale.read import Said

PIXEL_SLACK = 0.2
"""How much more than half a pixel the printed numbers may miss an answer that is measured on its own."""

Values = Mapping[str, Any]
Sums = Iterator[tuple[Said, float]]
"""Printed numbers, each with what follows for it from numbers printed before."""


def check_sums(steps: Sequence[tuple[str, Values]]) -> Iterator[Check]:
    """Compare what follows from earlier steps; yields failed checks only.

    Args:
        steps: kind and form of each step, such as "measure depth", and the values that its sentence says.
    """
    before: dict[str, list[Values]] = {}
    for number, (kind, values) in enumerate(steps, start=1):
        for said, value in SUMS[kind](values, before) if kind in SUMS else ():
            slack = PIXEL_SLACK if kind == "project lens" else 1e-6
            if abs(float(said.text) - value) > 0.5 * 10.0**-said.decimals + slack:
                follows = f"{value:.{said.decimals + 1}f}, which follows from the numbers before"
                yield disagree(f"step {number} of the rationale", said.text, follows)
        before.setdefault(kind, []).append(values)


def _numbers(said: Sequence[Said]) -> list[float]:
    return [float(one.text) for one in said]


def _places(before: Mapping[str, list[Values]], kind: str = "place camera") -> dict[Any, list[float]]:
    """The printed coordinates by object, or by the text of a camera's image."""
    told = before.get(kind, [{"points": []}])[0]["points"]
    return {thing.text if isinstance(thing, Said) else thing: _numbers(place) for thing, place in told}


def _offset(values: Values, before: Mapping[str, list[Values]]) -> Sums:
    places = _places(before, "transform north" if "transform north" in before else "place camera")
    pairs = zip(places[values["start"]], places[values["end"]], strict=True)
    yield from zip(values["by"], (end - start for start, end in pairs), strict=True)


def _between(values: Values, before: Mapping[str, list[Values]]) -> Sums:
    places = _places(before)
    for thing, said in values["to"] if places else ():
        yield said, math.dist(places[values["start"]], places[thing])


def _from_camera(values: Values, before: Mapping[str, list[Values]]) -> Sums:
    places = _places(before)
    for thing, said in values["to"] if places else ():
        yield said, math.hypot(*places[thing])


def _net(values: Values, before: Mapping[str, list[Values]]) -> Sums:
    for place in _places(before).values():
        yield values["value"], math.hypot(*place)


def _depths(values: Values, before: Mapping[str, list[Values]]) -> Sums:
    first, second = _numbers([one["value"] for one in before["measure depth"]])
    yield values["value"], abs(first - second)


def _ratio(values: Values, before: Mapping[str, list[Values]]) -> Sums:
    shorter, longer = sorted(_numbers([said for _, said in before["measure between"][0]["to"]]))
    yield values["value"], longer / shorter


def _around(values: Values, before: Mapping[str, list[Values]]) -> Sums:
    places = _places(before, "place plan")
    x, y = places.pop(values["of"])
    ((other_x, other_y),) = places.values()
    turn = math.degrees(math.atan2(other_y - y, other_x - x) - math.atan2(-y, -x))
    yield values["value"], abs(math.remainder(turn, 360))


def _turn(values: Values, before: Mapping[str, list[Values]]) -> Sums:
    kind = "transform away" if "transform away" in before else "transform toward"
    right, ahead = _places(before, kind)[values["of"]]
    yield values["turn"][1], abs(math.degrees(math.atan2(right, ahead)))


def _compass(values: Values, before: Mapping[str, list[Values]]) -> Sums:
    if "offset pair" in before:
        east, north = _numbers(before["offset pair"][0]["by"])
    else:
        east, north = _places(before, "transform north")[values["of"]]
    yield values["turn"][1], abs(math.degrees(math.atan2(east, north)))


TURNED_DEG = {"left": -90.0, "right": 90.0, "round": 180.0}
"""How far to the right one turns."""


def _ahead(values: Values, before: Mapping[str, list[Values]]) -> Sums:
    told = {
        thing: (-1 if side == "left" else 1) * float(said.text)
        for thing, (side, said) in before["measure bearing"][0]["to"]
    }
    off = {thing: abs(math.remainder(right - TURNED_DEG[values["way"]], 360)) for thing, right in told.items()}
    yield values["value"], off.pop(values["of"])
    yield values["next"], min(off.values())


def _ray(values: Values, before: Mapping[str, list[Values]]) -> Sums:
    ((x, y, z),) = _places(before).values()
    yield from zip(values["ray"], (x / z, y / z), strict=True)


def _lens(values: Values, before: Mapping[str, list[Values]]) -> Sums:
    ray = _numbers(before["project ray"][0]["ray"])
    parts = zip(ray, _numbers(values["focal"]), _numbers(values["center"]), strict=True)
    yield from zip(values["point"], (center + focal * one for one, focal, center in parts), strict=True)


def _heading(values: Values, before: Mapping[str, list[Values]]) -> Sums:
    start, end = _numbers(values["elevations"])
    yield values["tilt"][1], abs(end - start)


SUMS: Mapping[str, Callable[[Values, Mapping[str, list[Values]]], Sums]] = {
    "offset pair": _offset,
    "measure between": _between,
    "measure from_camera": _from_camera,
    "measure net": _net,
    "measure depths": _depths,
    "measure ratio": _ratio,
    "measure around": _around,
    "measure turn": _turn,
    "measure compass": _compass,
    "compare ahead": _ahead,
    "measure heading": _heading,
    "project ray": _ray,
    "project lens": _lens,
}
"""By kind and form of a step, its numbers and what they must be."""
