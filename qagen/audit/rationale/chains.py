"""The chain of steps that each family must have, from what its solver recomputed."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qagen.audit.checks import Check, Verdict
from qagen.audit.parse import asked_frames, boxes, ordinal_image, tokenize
from qagen.audit.rationale.expected import (
    OF_DIFFERENCE,
    OF_POINTS,
    AnyOf,
    Expected,
    Frame,
    Number,
    Signed,
    Steps,
    angle,
    camera_frame,
    degrees,
    following,
)
from qagen.audit.scene import AuditView, rotation_deg
from qagen.audit.solvers import base
from qagen.audit.solvers.camera_direction import CameraDirectionSolver
from qagen.audit.solvers.camera_motion import CameraMotionSolver, CameraPointSolver
from qagen.audit.solvers.camera_relation import CameraRelationSolver
from qagen.audit.solvers.cardinal import CardinalSolver
from qagen.audit.solvers.compare import CompareSolver
from qagen.audit.solvers.contact import ContactSolver
from qagen.audit.solvers.correspondence import CorrespondenceSolver
from qagen.audit.solvers.count import CountSolver
from qagen.audit.solvers.covisibility import CovisibilitySolver
from qagen.audit.solvers.depth import DepthSolver
from qagen.audit.solvers.depth_order import DepthOrderSolver
from qagen.audit.solvers.directions import DirectionSolver, ExpectedSlot
from qagen.audit.solvers.distance import DistanceRatioSolver, DistanceSolver, SurfaceDistanceSolver
from qagen.audit.solvers.ego import EgoSolver, distance_between, thinned
from qagen.audit.solvers.existence import ExistenceSolver
from qagen.audit.solvers.foreshortening import length_of
from qagen.audit.solvers.grid_map import GridMapSolver
from qagen.audit.solvers.imagination import ImaginationSolver
from qagen.audit.solvers.locate import LocateSolver
from qagen.audit.solvers.map import MapSolver
from qagen.audit.solvers.matching import MatchingCandidatesSolver, MatchingSolver
from qagen.audit.solvers.moves import (
    STAY,
    WAYS,
    MoveCompareSolver,
    MoveOrderSolver,
    MovesSolver,
    MoveThirdsSolver,
    change_between,
)
from qagen.audit.solvers.navigation import NavigationSolver
from qagen.audit.solvers.nearest import NearestMarkedSolver, NearestOfAllSolver, NearestSurfaceSolver
from qagen.audit.solvers.orbit import OrbitSolver
from qagen.audit.solvers.order import OrderSolver
from qagen.audit.solvers.relation import RelationSolver
from qagen.audit.solvers.room import RoomSolver
from qagen.audit.solvers.rotation import RotationSolver
from qagen.audit.solvers.size import SizeSolver
from qagen.audit.solvers.standing import StandingSolver
from qagen.audit.solvers.turn_and_look import TurnAndLookSolver
from qagen.audit.solvers.view_change import ViewAnglesSolver, ViewChangeSolver
from qagen.audit.solvers.volume import SideSolver, VolumeSolver

AXES = {
    "left/right": "left_right", "above/below": "above_below", "closer/farther": "closer_farther",
    "front/behind": "front_behind",
}  # fmt: skip
"""What rationales call the directions."""
MOVE_AXES = (
    ("Dolly In", "Dolly Out"), ("Truck Right", "Truck Left"), ("Pedestal Down", "Pedestal Up"),
    ("Pan Right", "Pan Left"), ("Tilt Up", "Tilt Down"), ("Roll CW", "Roll CCW"),
)  # fmt: skip
"""Moves in the order in which they are told, each with its opposite."""
OPPOSITES = {one: other for pair in MOVE_AXES for one, other in (pair, pair[::-1])}
AREA_DOUBT = 0.05
"""Share of an area by which another way of measuring may differ."""
WAY_DOUBT = 0.04
"""Share by which ways that are followed more or less closely differ."""
LEAST_SCALE = 1e-9
"""Least move by which others are divided."""
MOVE_DOUBT, MOVE_DOUBT_M, MOVE_DOUBT_DEG = 0.01, 0.005, 0.15
"""Share by which sums differ whose steps are turned into the camera's axes in another way, and the least such
difference."""

SAME_TIME_S = 0.003
"""Moves start at a frame where their times differ by no more."""

CODED = (CameraMotionSolver, ViewAnglesSolver, ViewChangeSolver, VolumeSolver)
"""Solvers of families whose bare answers only fill questions explain, so that the last step has the whole sentence."""

Chain = Iterator[Expected]


def chain_of(solver: base.Solver) -> list[Expected] | None:
    """The steps that explain the answer to a solved record; None for a family without any."""
    make = next((CHAINS[kind] for kind in type(solver).__mro__ if kind in CHAINS), None)
    if make is None:
        return None
    steps = Steps(solver)
    chain = [*make(solver, steps)]
    return [*chain, steps.answer(*_words_of_answer(solver, steps))]


def _words_of_answer(solver: base.Solver, steps: Steps) -> tuple[Any, ...]:
    """What the last step says instead of a whole sentence, or of an option with directions."""
    if isinstance(solver, DirectionSolver) and solver.record.format == "select":
        words = [word.strip() for word in steps.right_text.removesuffix(".").split(",")]
        return ([[axis, word] for axis, word in zip(_axes(solver.slots, solver.tokens), words, strict=True) if word],)
    if solver.record.format != "sentence" or type(solver) in CODED:
        return ()
    if isinstance(solver, DirectionSolver):
        before = solver.slots_before if isinstance(solver, ImaginationSolver) else []
        pairs = [zip(_axes(slots, solver.tokens), slots, strict=True) for slots in (before, solver.slots)]
        return tuple([[axis, slot.word] for axis, slot in some if slot.word] for some in pairs)
    said = str(solver.record.evidence["rationale"][-1].get("value"))
    return (said,) if _states_answer(solver, said) else (f"{solver.record.answer}, not {said}",)


def _states_answer(solver: base.Solver, said: str) -> bool:
    """Whether a text without a sentence around it is the answer."""
    record = solver.record
    text = tokenize(said, record.colors, {one.label: one.token for one in record.named})[0]
    if isinstance(solver, MapSolver):
        text = re.sub(r"(\w+): \(", r"@\1 at (", text)
    if isinstance(solver, MovesSolver):
        return text == _right_move(record.answer)
    try:
        return _all_agree(solver.check_sentence(text) if isinstance(solver, MapSolver) else solver.check_bare(text))
    except base.UnreadableError:
        return False


def _all_agree(checks: list[Check]) -> bool:
    return all(check.verdict is not Verdict.DISAGREE for check in checks)


# --- distances and depths ---------------------------------------------------------------------------------------------


def _depth(solver: DepthSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    asked = ("blue", "green") if "green" in solver.record.tokens else ("red", "blue")
    for token in asked:
        image, value = solver.marks[token].image, steps.length(solver.z[token])
        yield steps.with_unit("measure depth", of=steps.roles[token], image=image, value=value)
    if "green" in asked:
        yield steps.with_unit("measure depths", value=following(steps.length(solver.value), OF_DIFFERENCE))


def _depth_order(solver: DepthOrderSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    rows = [str(row["color"]) for row in solver.record.evidence["places"]]
    yield from steps.name_scale("place", solver.distances[solver.nearest], camera=0, of=solver.nearest)
    scale = solver.distances[solver.nearest], solver.doubt[f"{solver.nearest}_m"]
    told = {t: _in_scale(steps, solver.distances[t], solver.doubt[f"{t}_m"], f"{t}_m", scale) for t in rows}
    yield steps.with_unit("measure from_camera", camera=0, to=[[token, told[token]] for token in rows])
    yield steps.with_unit("compare extreme", extreme="closest", value=told[solver.nearest], of=solver.nearest)


SAME_SURFACE = 0.03
"""Share by which two depths of one surface may differ."""


def _in_scale(steps: Steps, value: float, doubt: float, name: str, scale: tuple[float, float]) -> Number:
    """A measured length; without meters it is as doubtful as the length that stands for the unit, too.

    Args:
        scale: that length and its doubt.
    """
    if steps.unit is not None:
        return steps.length(value, doubt, name)
    return steps.length(value, doubt + value / scale[0] * scale[1])


def _place(solver: CorrespondenceSolver | CovisibilitySolver, steps: Steps) -> Chain:
    """Where a place of the first image is in the second one."""
    red = solver.red
    yield from steps.marks()
    yield from steps.name_scale("place", red.distance, camera=0, of="red")
    scale = red.distance, red.distance_doubt
    surface = _in_scale(steps, red.z, red.doubt, "depth_m", scale)
    yield steps.with_unit("measure surface", of="red", image=0, value=surface)
    point = [Number(value, 0, doubt) for value, doubt in zip(solver.place, solver.place_doubt, strict=True)]
    if not solver.is_inside:
        yield Expected("project outside", {"image": 1, "point": point})
        return
    depth = _in_scale(steps, solver.depth, red.distance_doubt, "second_depth_m", scale)
    yield steps.with_unit("project place", image=1, point=point, value=depth)


def _correspondence(solver: CorrespondenceSolver, steps: Steps) -> Chain:
    yield from _place(solver, steps)
    yield Expected("compare same", {"of": solver.same, "to": "red"})


def _covisibility(solver: CovisibilitySolver, steps: Steps) -> Chain:
    yield from _place(solver, steps)
    if solver.is_inside:
        form = "shown" if solver.is_shown else "hidden"
        scale = solver.red.distance, solver.red.distance_doubt
        doubt = solver.far - solver.near
        if solver.is_shown:  # so that it is that of the same surface
            doubt = min(doubt, SAME_SURFACE * solver.middle)
        measured = _in_scale(steps, solver.middle, doubt, "measured_m", scale)
        yield steps.with_unit(f"compare {form}", value=measured)


def _distance(solver: DistanceSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    pair = [token for token in ("red", "blue") if token in solver.marks]
    place = steps.in_camera(pair, _observer(solver))
    yield place
    if len(pair) == 1:
        yield steps.camera_distances(pair)
        return
    offset = camera_frame(solver.view(_observer(solver)))
    first, second = (offset.of(solver.center(token)) for token in pair)
    by = [following(steps.length(b - a), OF_DIFFERENCE) for a, b in zip(first, second, strict=True)]
    yield steps.with_unit("offset pair", start="red", end="blue", by=by)
    yield steps.between("red", ["blue"])


def _observer(solver: base.Solver) -> int:
    """Index of the image in whose axes the objects of a pair are placed."""
    return solver.marks["red"].image if solver.record.is_video else 0


def _surfaces(solver: SurfaceDistanceSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    yield steps.in_camera(["red", "blue"], _observer(solver))
    yield steps.between("red", ["blue"])
    doubt = solver.value - solver.least
    yield steps.with_unit(
        "measure gap", of=["red", "blue"], value=steps.length(solver.value, doubt, "surface_distance_m")
    )


def _ratio(solver: DistanceRatioSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    yield from steps.scale_of_pair("red", "green")
    yield steps.in_camera(["red", "blue", "green"])
    yield steps.between("red", ["blue", "green"])
    ratio = max(solver.ratios.values())
    shorter = min((steps.length(steps.apart("red", other)) for other in ("blue", "green")), key=lambda one: one.value)
    doubt = (1 + ratio) * (OF_POINTS + 0.5) * 10.0**-shorter.decimals / shorter.value
    yield Expected("measure ratio", {"value": Number(ratio, 2, doubt)})


def _nearest_marked(solver: NearestMarkedSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    winner = solver.ranked[0]
    yield from steps.scale_of_pair(solver.anchor, winner)
    rows = [str(row["color"]) for row in solver.record.evidence["objects"]]
    others = sorted(solver.distances, key=lambda token: rows.index(steps.roles[token]))
    yield steps.between(solver.anchor, others)
    value = steps.length(solver.distances[winner])
    extreme = "closest" if solver.is_closest else "farthest"
    yield steps.with_unit("compare extreme", extreme=extreme, value=value, of=steps.roles[winner])


def _nearest_surface(solver: NearestSurfaceSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    winner = solver.ranked[0]
    yield from steps.scale_of_pair(solver.anchor, winner)
    rows = [str(row["color"]) for row in solver.record.evidence["objects"]]
    others = sorted(solver.distances, key=lambda token: rows.index(steps.roles[token]))
    gap = {t: steps.length(solver.distances[t], solver.doubt[f"{t}_m"], f"{steps.roles[t]}_m") for t in others}
    told = [[steps.roles[token], gap[token]] for token in others]
    yield steps.with_unit("measure gaps", start=steps.roles[solver.anchor], to=told)
    extreme = "closest" if solver.is_closest else "farthest"
    yield steps.with_unit("compare extreme", extreme=extreme, value=gap[winner], of=steps.roles[winner])


def _nearest_of_all(solver: NearestOfAllSolver, steps: Steps) -> Chain:
    text = steps.right_text
    box, image = boxes(text)[0], ordinal_image(text) or 0
    winner, measured = solver.winner, solver.record.evidence.get("measured", {})
    if winner is None:
        raise base.UnsolvedError("which object the answer means")
    label = _said_label(solver, winner)
    yield Expected("locate box", {"image": image, "of": label, "box": list(box)})
    yield from steps.name_scale("camera", solver.distances[winner], camera=0, of=label)
    ids = {one.id: k for k, one in enumerate(solver.truth.instances)}
    among = [ids[number] for number in measured.get("object_ids", ()) if number in ids]
    away = sorted((solver.distances[k] for k in among), reverse=not solver.is_closest)
    if len(away) < 2 or away[0] != solver.distances[winner]:
        raise base.UnsolvedError("the objects among which the answer was chosen")
    extreme = "closest" if solver.is_closest else "farthest"
    value, after = steps.length(away[0]), steps.length(away[1])
    yield steps.with_unit("compare among", of=label, extreme=extreme, value=value, next=after, camera=0)


def _said_label(solver: base.Solver, instance: int) -> AnyOf:
    """What an instance may be called."""
    one = solver.truth.instances[instance]
    stated = solver.record.evidence.get("measured", {}).get("labels", ())
    return AnyOf([label for label in stated if label.lower() in {one.label, *one.names}] or [one.label])


# --- directions -------------------------------------------------------------------------------------------------------


def _relation(solver: RelationSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    yield from steps.scale_from_camera(solver.tokens[0])
    yield steps.in_camera(solver.tokens)
    yield steps.heights(solver.tokens)
    yield _compared(solver.slots[:3], solver.tokens, steps, ("observer", "relative"))


def _imagination(solver: ImaginationSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    green, blue, *others = [solver.goal, solver.faced, *solver.tokens]
    yield from steps.scale_of_pair(green, blue)
    if solver.record.format == "sentence" and solver.slots_before and len(others) == 1:
        before = _compared(solver.slots_before, others, steps, ("before",), camera=0)
        told = f"Before the move, along image 1's camera axes and gravity, in {steps.told_unit}, the {{of}}"
        yield replace(before, frame=f"{told} is")
    image = solver.marks[green].image if solver.record.is_video else 0
    told = f"{_name_of(image, solver)}'s camera held level (right, up, ahead; {steps.told_unit}):"
    yield replace(steps.held_level([green, blue, *others], image), frame=f"Centers from {told}")
    start, faced = solver.center(green), solver.center(blue)
    ahead = np.array([*(faced - start)[:2], 0.0]) / np.linalg.norm((faced - start)[:2])
    axes = np.stack([np.array([ahead[1], -ahead[0], 0.0]), np.array([0.0, 0.0, 1.0]), ahead], axis=1)
    roles = {"at": steps.roles[green], "facing": steps.roles[blue]}
    yield steps.placed("transform moved", Frame(start, axes), others, **roles)
    yield _compared(solver.slots[:3], others, steps, ("moved", "first"))


def _standing(solver: StandingSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    green, blue, red = solver.place, solver.faced, solver.asked
    yield from steps.scale_of_pair(green, blue)
    yield steps.on_plan([green, blue, red], solver.marks[green].image if solver.record.is_video else 0)
    frame = Frame(solver.center(green), np.stack([[*solver.right, 0.0], [*solver.ahead, 0.0]], axis=1))
    form = "away" if solver.is_backward else "toward"
    named = {"at": steps.roles[green], "facing": steps.roles[blue]}
    yield steps.placed(f"transform {form}", frame, [red], **named)
    places = steps.length(solver.measured["away_m"])
    doubt = float(np.degrees(OF_POINTS * 10.0**-places.decimals / max(places.value, 1e-9)))
    turn = degrees(solver.measured["bearing_deg"], "right", "left", doubt)
    yield Expected("measure turn", {"of": steps.roles[red], "turn": turn})


def _cardinal(solver: CardinalSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    green, blue, red, place = solver.south, solver.north, solver.asked, solver.place
    yield from steps.scale_of_pair(green, blue)
    rows = [str(row["color"]) for row in solver.record.evidence["objects"]]
    told = f"Centers seen from above, in the axes of image 1's camera (right, ahead; {steps.told_multiple}):"
    yield replace(steps.on_plan(rows), frame=told)
    axes = Frame(solver.center(green), np.stack([[*solver.axes[0], 0.0], [*solver.axes[1], 0.0]], axis=1))
    told_from = {"at": steps.roles[green], "facing": steps.roles[blue]}
    yield steps.placed("transform north", axes, [red] if place == green else [place, red], **told_from)
    if place != green:
        first, second = (axes.of(solver.center(token)) for token in (place, red))
        by = [following(steps.length(b - a), OF_DIFFERENCE) for a, b in zip(first, second, strict=True)]
        yield steps.with_unit("offset pair", start=steps.roles[place], end=steps.roles[red], by=by)
    away = steps.length(solver.measured["away_m"])
    doubt = float(np.degrees(OF_POINTS * 10.0**-away.decimals / max(away.value, 1e-9)))
    turn = degrees(solver.measured["bearing_deg"], "clockwise", "counterclockwise", doubt)
    yield Expected("measure compass", {"at": steps.roles[place], "of": steps.roles[red], "turn": turn})


def _grid_map(solver: GridMapSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    first, second = solver.given
    yield from steps.scale_of_pair(first, second)
    way = solver.center(second)[:2] - solver.center(first)[:2]
    ahead = way / np.hypot(*way)
    axes = np.array([[ahead[1], ahead[0]], [-ahead[0], ahead[1]], [0.0, 0.0]])
    rows = [str(row["color"]) for row in solver.record.evidence["objects"]][1:]
    named = {"at": steps.roles[first], "facing": steps.roles[second]}
    yield steps.placed("transform toward", Frame(solver.center(first), axes), rows, **named)


def _name_of(image: int, solver: base.Solver) -> str:
    return f"Frame-{image}" if solver.record.is_video else f"image {image + 1}"


def _compared(
    slots: list[ExpectedSlot], tokens: list[str], steps: Steps, forms: tuple[str, ...], **values: Any
) -> Expected:
    """Where the first object is relative to the observer, or to the second; ``forms`` are those of the two."""
    told = [_slot(slot, name, steps) for slot, name in zip(slots, _axes(slots, tokens), strict=True)]
    among = dict(zip(("of", "to"), (steps.roles[token] for token in tokens), strict=False))
    return steps.with_unit(f"compare {forms[len(tokens) - 1]}", **values, **among, slots=told)


def _axes(slots: list[ExpectedSlot], tokens: list[str]) -> list[str]:
    """What rationales call the directions; the last ones of two objects are where the observer sees each."""
    names = [AXES[slot.name] for slot in slots]
    return names if len(tokens) == 1 else [*names[:3], *("first_front_behind", "second_front_behind")][: len(names)]


def _slot(slot: ExpectedSlot, name: str, steps: Steps) -> list[Any]:
    allowed = [word for word in ("", *slot.name.split("/")) if slot.allows(word)]
    return [name, AnyOf(allowed) if slot.word is None else slot.word, steps.length(abs(slot.value))]


def _existence(solver: ExistenceSolver, steps: Steps) -> Chain:
    if "red" in solver.marks:
        yield from steps.marks()
    measured = solver.record.evidence.get("measured", {})
    label, ids = str(measured.get("label")), measured.get("ids", ())
    if label.lower() != solver.label:
        raise base.UnsolvedError("the name that the evidence states")
    seen = [k for k, sight in solver.best.items() if sight >= base.Sight.NEARLY]
    by_id = {solver.truth.instances[k].id: k for k in solver.best}
    told = [by_id[number] for number in ids if number in by_id]
    if sorted(told) != sorted(seen):
        raise base.UnsolvedError("which instances are in view")
    yield Expected("tally shown", {"label": label, "value": len(told)})
    if not told:
        return
    numbers = re.findall(r"\bcamera of Frame-(\d+)", solver.record.question)
    observer = int(numbers[0]) if numbers else 0
    eye = solver.view(observer).eye
    away = [float(np.linalg.norm(solver.truth.center(k) - eye)) for k in told]
    yield from steps.name_scale("instance", min(away), camera=observer)
    words = {"left": ("right", "left"), "right": ("right", "left"), "above": ("above", "below")}
    words |= {"below": ("above", "below"), "front": ("front", "behind"), "behind": ("front", "behind")}
    positive, negative = words.get(solver.direction, ("farther", "closer"))
    offsets = [Signed(steps.length(solver.slots[k].value), positive, negative) for k in told]
    compared = {"to": steps.roles["red"]} if "red" in solver.marks else {}
    kind = "compare offsets" if compared else "compare around"
    yield steps.with_unit(kind, **compared, camera=observer, offsets=offsets)
    count = sum(solver.slots[k].allows(solver.direction) for k in told)
    yield Expected("tally side", {"value": count, "direction": solver.direction})


# --- sizes ------------------------------------------------------------------------------------------------------------


def _size(solver: SizeSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    smaller = next(token for token in solver.needs if token != solver.larger)
    yield from _sides(solver.compared, solver.side, solver.larger, smaller, steps)


def _sides(lengths: Mapping[str, float], side: str, larger: str, smaller: str, steps: Steps) -> Chain:
    """A side of two objects, and which is larger in it."""
    more, less = lengths[larger], lengths[smaller]
    yield from steps.name_scale("side", less, side=side, of=steps.roles[smaller])
    for token in lengths:
        value = steps.length(lengths[token])
        yield steps.with_unit("measure side", side=side, of=steps.roles[token], value=value)
    values = {"more": steps.length(more), "less": steps.length(less), "of": steps.roles[larger]}
    yield steps.with_unit("compare larger", **values, side=side)


def _compare(solver: CompareSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    if solver.quality == "size":
        yield from _sides(solver.values, "height", solver.more, solver.less, steps)
        return
    yield from {"distance": _farther, "height": _higher, "side": _aside, "stack": _above}[solver.quality](solver, steps)


def _farther(solver: CompareSolver, steps: Steps) -> Chain:
    near = solver.less
    scale = solver.values[near], solver.doubt[f"{near}_m"]
    yield from steps.name_scale("place", scale[0], camera=0, of=near)
    told = {t: _in_scale(steps, solver.values[t], solver.doubt[f"{t}_m"], f"{t}_m", scale) for t in solver.needs}
    yield steps.with_unit("measure from_camera", camera=0, to=[[token, told[token]] for token in solver.needs])
    extreme, chosen = ("farthest", solver.more) if solver.asks_more else ("closest", near)
    yield steps.with_unit("compare extreme", extreme=extreme, value=told[chosen], of=chosen)


def _higher(solver: CompareSolver, steps: Steps) -> Chain:
    yield from steps.scale_from_camera(solver.needs[0])
    yield steps.heights(solver.needs)


def _aside(solver: CompareSolver, steps: Steps) -> Chain:
    spread = []
    for token in solver.needs:
        names = (f"{token}_left", f"{token}_right")
        edges = [Number(solver.measured[name], 0, solver.doubt[name], steps.stated(name)) for name in names]
        spread.append([token, *edges])
    yield Expected("measure across", {"image": 0, "spread": spread})


def _above(solver: CompareSolver, steps: Steps) -> Chain:
    upper, both = solver.more, {"of": solver.more, "to": solver.less}
    yield from steps.name_scale("side", float(solver.boxes[upper].size.max()), side="longest", of=upper)
    above = Signed(steps.length(solver.measured["above_m"]), "above", "below")
    yield steps.with_unit("measure above", **both, by=above)
    yield Expected("measure over", {**both, "share": _share(solver, steps, "over")})


def _volume(solver: VolumeSolver | SideSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    asks = solver.record.task.get("asks", "size")
    box = solver.truth.instances[solver.marks["red"].instance].box
    is_fine = asks == "size" or solver.record.task.get("is_fine")
    make = steps.side if is_fine else steps.length
    if asks != "height":
        horizontal = [make(float(max(box.size[:2]))), make(float(min(box.size[:2])))]
        unit = {"unit": steps.told_unit}
        if is_fine and steps.unit is not None:
            unit = {"unit": _side_unit(steps)}
        yield Expected(
            "measure sides", {"of": "red", "horizontal": horizontal, "height": make(float(box.size[2])), **unit}
        )
    if asks != "size":
        value, unit = make(length_of(box, str(asks))), _side_unit(steps) if is_fine and steps.unit else steps.told_unit
        yield Expected("measure side", {"side": asks, "of": "red", "value": value, "unit": unit})


def _side_unit(steps: Steps) -> str:
    assert steps.unit is not None
    return {"mm": "millimeters", "cm": "millimeters", "m": "centimeters", "km": "meters"}[steps.unit.symbol]


def _room(solver: RoomSolver, steps: Steps) -> Chain:
    scene = solver.truth.scene
    is_given = scene.outline is not None
    doubt = 0.0 if is_given else AREA_DOUBT * solver.value
    area = steps.area(solver.value, doubt, "area_m2")
    unit = {"unit": f"square {steps.told_unit}"}
    yield Expected("measure area", {"value": area, **unit})
    stated = solver.record.evidence.get("measured", {})
    others = sorted(v for name, v in stated.items() if name.endswith("_area_m2"))
    if is_given:
        yield Expected("measure shown_area", {"value": steps.area(others[0]), **unit})
        return
    least, most = steps.area(others[0]), steps.area(others[-1])
    yield Expected("measure areas", {"least": least, "most": most, **unit})
    yield Expected("measure walls", {"share": Number(100 * float(stated["walled_share"]), 0)})


def _contact(solver: ContactSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    box = solver.truth.instances[solver.first].box
    yield from steps.name_scale("side", float(box.size.max()), side="longest", of=steps.roles[solver.order[0]])
    pair = [steps.roles[token] for token in solver.order]
    gap = steps.length(solver.gap_m, solver.doubt["gap_m"], "gap_m")
    yield steps.with_unit("measure gap", of=pair, value=gap)
    word = _contact_word(solver)
    both = {"of": pair[0], "to": pair[1]}
    if word == "on":
        yield steps.with_unit("measure above", **both, by=Signed(steps.length(solver.above_m), "above", "below"))
        share = _share(solver, steps, "over")
        yield Expected("measure over", {**both, "share": share})
    if word == "in":
        share = _share(solver, steps, "inside")
        yield Expected("measure inside", {**both, "share": share})
    yield Expected("compare contact", {"word": word})


def _share(solver: ContactSolver | CompareSolver, steps: Steps, name: str) -> Number:
    """A share of a box, in percent."""
    stated = steps.stated(name)
    return Number(100 * solver.measured[name], 0, 100 * solver.doubt[name], None if stated is None else 100 * stated)


def _contact_word(solver: ContactSolver) -> str:
    kinds = sorted(solver._kinds())
    if len(kinds) != 1:
        raise base.UnsolvedError("how the objects meet")
    return kinds[0]


# --- cameras ----------------------------------------------------------------------------------------------------------


def _view_change(solver: ViewChangeSolver, steps: Steps) -> Chain:
    is_level = solver.record.task.get("frame") != "camera"
    yield steps.held_level([1]) if is_level else steps.in_camera([1])
    yield steps.headings()


def _view_angles(solver: ViewAnglesSolver, steps: Steps) -> Chain:
    yield steps.angles(0, 1)


def _rotation(solver: RotationSolver, steps: Steps) -> Chain:
    first, last = asked_frames(solver.record.question) if solver.record.is_video else (0, len(solver.record.frames) - 1)
    yield steps.angles(first, last)
    yield Expected("measure rotation", {"value": angle(solver.value)})


def _orbit(solver: OrbitSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    first, last = asked_frames(solver.record.question) if solver.record.is_video else (0, 1)
    yield from steps.scale_from_camera("red", first)
    yield steps.on_plan(["red", last], first)
    centers = [
        steps.length(float(np.linalg.norm((solver.center("red") - solver.view(k).eye)[:2]))) for k in (first, last)
    ]
    doubt = np.degrees(sum(OF_POINTS * 10.0**-one.decimals / one.value for one in centers))
    yield Expected("measure around", {"of": "red", "value": angle(solver.value, float(doubt))})


def _camera_motion(solver: CameraMotionSolver, steps: Steps) -> Chain:
    first = solver.view(0)
    x, y, z = first.to_camera(solver.view(1).eye)
    yield from steps.name_scale("depth", float(z), of=1, camera=0)
    yield steps.in_camera([1])
    depth = steps.length(float(z))
    doubts = [0.51 * 10.0**-depth.decimals * (1 + abs(one / z)) / depth.value for one in (x, y)]
    ray = [Number(float(one / z), 4, float(doubt)) for one, doubt in zip((x, y), doubts, strict=True)]
    yield Expected("project ray", {"ray": ray})
    pinhole = first.pinhole
    focal = [Number(1000 * pinhole.fx / pinhole.width, 1), Number(1000 * pinhole.fy / pinhole.height, 1)]
    center = [
        Number(1000 * (pinhole.cx + 0.5) / pinhole.width, 1),
        Number(1000 * (pinhole.cy + 0.5) / pinhole.height, 1),
    ]
    point = [Number(solver.position["x"], 0), Number(solver.position["y"], 0)]
    yield Expected("project lens", {"focal": focal, "center": center, "camera": 0, "point": point})


def _camera_direction(solver: CameraDirectionSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    yield from steps.scale_from_camera("red", solver.image)
    yield steps.on_plan(["red"], solver.image)
    yield steps.bearings({"red": -solver.left_deg}, solver.image)


def _turn_and_look(solver: TurnAndLookSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    rows = [str(row["color"]) for row in solver.record.evidence["objects"]]
    yield steps.bearings({token: -solver.left_deg[token] for token in rows})
    best, second = solver.ranked[:2]
    value, after = (following(angle(solver.off_deg[token]), OF_DIFFERENCE) for token in (best, second))
    yield Expected("compare ahead", {"way": solver.way, "of": steps.roles[best], "value": value, "next": after})


def _camera_relation(solver: CameraRelationSolver, steps: Steps) -> Chain:
    if solver.parts != ["turn"]:
        apart = float(np.linalg.norm(solver.view(1).eye - solver.view(0).eye))
        yield from steps.name_scale("cameras", apart, of=[0, 1])
    if solver.parts == ["place"]:
        yield steps.on_plan([1])
        yield steps.bearings({1: -solver.left_deg})
    elif solver.parts != ["turn"]:
        yield steps.held_level([1])
    if "turn" in solver.parts:
        yield steps.headings()


def _ego(solver: EgoSolver, steps: Steps) -> Chain:
    first, last = asked_frames(solver.record.question)
    doubt = WAY_DOUBT * solver.value
    if solver.asks == "turn":
        yield steps.angles(first, last)
        yield Expected("measure swept", {"value": angle(solver.value, doubt, steps.stated("turn_deg"))})
        return
    net = float(np.linalg.norm(solver.view(last).eye - solver.view(first).eye))
    if solver.asks == "displacement":
        yield steps.in_camera([last], first)
    value = following(steps.length(net), OF_POINTS)
    yield steps.with_unit("measure net", first=first, last=last, value=value)
    if solver.asks == "displacement":
        return
    yield steps.with_unit("measure way", value=steps.length(solver.value, doubt, "path_m"))


def _navigation(solver: NavigationSolver, steps: Steps) -> Chain:
    start, heading = solver.views[0], np.radians(solver.views[0].heading_deg)
    ahead = np.array([np.cos(heading), np.sin(heading)])
    axes = np.stack([np.array([ahead[1], -ahead[0]]), ahead], axis=1)
    tried: list[tuple[list[Any], list[Any]]] = []
    for corners in solver.routes:
        path = solver.path[corners]
        places = [[steps.length(float(v)) for v in (place - start.eye[:2]) @ axes] for place in path]
        moves = solver._moves(corners)
        legs = [
            [degrees(turn, "left", "right"), steps.length(leg)]
            for (_, turn), (_, leg) in zip(moves[::2], moves[1::2], strict=True)
        ]
        tried.append((places, legs))
    corners = AnyOf([one for one, _ in tried])
    yield steps.with_unit("place corners", camera=solver.ends[0], corners=corners)
    yield steps.with_unit("compare legs", legs=AnyOf([one for _, one in tried]))


# --- matching, maps ---------------------------------------------------------------------------------------------------


def _matching(solver: MatchingSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    yield from steps.scale_from_camera("red")
    yield steps.in_camera(["red"])
    yield steps.in_camera(["red"], 1, "transform camera")
    yield Expected("locate box", {"image": 1, "of": "red", "box": list(boxes(steps.right_text)[0])})


def _candidates(solver: MatchingCandidatesSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    yield from steps.scale_from_camera("red")
    told = f"Center in the axes of image 1's camera (right, down, ahead; {steps.told_multiple}):"
    yield replace(steps.in_camera(["red"]), frame=told)
    rows = [str(row["color"]) for row in solver.record.evidence["objects"]]
    yield steps.in_camera(rows, 1, "transform camera")
    red = solver.marks["red"].instance
    right = next((token for token, instance in solver.candidates.items() if instance == red), None)
    if right is None:
        raise base.UnsolvedError("a box around the object")
    yield Expected("compare same", {"of": steps.roles[right], "to": "red"})


def _map(solver: MapSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    rows = solver.record.evidence["objects"]
    placed = steps.on_plan([str(row["color"]) for row in rows])
    yield replace(placed, kind="place map") if all(row.get("alias") for row in rows) else placed


# --- videos -----------------------------------------------------------------------------------------------------------


def _count(solver: CountSolver, steps: Steps) -> Chain:
    frames = list(solver.record.evidence["measured"]["best_frames"])
    named = [(name, k) for name in solver.names for k in solver.named(name)]
    if len(frames) != len(named) or not all(_shows_well(solver, k, f) for (_, k), f in zip(named, frames, strict=True)):
        raise base.UnsolvedError("which frame shows each instance best")
    for name in solver.names:
        own = [frame for (other, _), frame in zip(named, frames, strict=True) if other == name]
        counted = sorted({frame: own.count(frame) for frame in own}.items())
        yield Expected("tally frames", {"label": name, "frames": [list(pair) for pair in counted]})
    yield Expected("tally total", {"value": len(named)})


def _shows_well(solver: CountSolver, instance: int, frame: int) -> bool:
    return solver.sights(instance)[frame] >= base.Sight.NEARLY


def _order(solver: OrderSolver, steps: Steps) -> Chain:
    first = {label: AnyOf(sorted({solver.first[label], solver.nearly[label]} - {None})) for label in solver.labels}
    yield Expected("sort sightings", {"first": [[label, first[label]] for label in solver.labels]})
    known = [by for by in (solver.first, solver.nearly) if None not in by.values()]
    orders = [sorted(solver.labels, key=lambda label, by=by: by[label] or 0) for by in known]
    yield Expected("sort order", {"order": AnyOf(orders)})


def _locate(solver: LocateSolver, steps: Steps) -> Chain:
    yield from steps.marks()
    stated = [int(number) for number in re.findall(r"\d+", re.sub(r".*@red", "", steps.right_text))]
    numbers = sorted({int(number) for number in stated}) if solver.record.format == "select" else None
    seen = [k for k, sight in enumerate(solver.sight_by_frame) if sight >= base.Sight.NEARLY]
    numbers = numbers or seen
    starts = [k for k in numbers if k - 1 not in numbers]
    ends = [k for k in numbers if k + 1 not in numbers]
    spans = [list(pair) for pair in zip(starts, ends, strict=True)]
    seen = {"total": len(solver.record.frames), "of": "red"}
    if len(numbers) == len(solver.record.frames):
        yield Expected("locate all", seen)
    else:
        yield Expected("locate frames", {**seen, "spans": spans})


def _moves(solver: MovesSolver, steps: Steps) -> Chain:
    part = {"first": solver.first, "last": solver.last}
    change = _summed(solver, solver.first, solver.last)
    along = [float(WAYS[label][1] * change[WAYS[label][0]]) for label, _ in MOVE_AXES]
    largest = max(*map(abs, along[:3]), LEAST_SCALE)
    yield from steps.name_scale("moves", largest, **part)
    amounts = [_amount(steps, pair[0], value, largest) for pair, value in zip(MOVE_AXES, along, strict=True)]
    told = {**part, "amounts": _told_amounts(solver, amounts)}
    is_length = any(WAYS[one.positive][0] < 3 for one in told["amounts"])
    yield steps.with_unit("measure motion", **told) if is_length else Expected("measure motion", told)
    yield Expected("compare holds", {"move": _right_move(steps.right_text)})


def _told_amounts(solver: MovesSolver, amounts: list[Signed]) -> list[Signed]:
    """The amounts without those that are left out because 0 would be printed."""
    steps = solver.record.evidence["rationale"]
    told = {label for step in steps for label, _ in step.get("amounts", ()) if step["form"] == "motion"}
    return [one for one in amounts if {one.positive, one.negative} & told or not _may_print_zero(one.number)]


def _may_print_zero(number: Number) -> bool:
    return abs(number.value) <= number.doubt + 0.51 * 10.0**-number.decimals


def _way(solver: base.Solver, first: int, last: int) -> list[AuditView]:
    """The poses of the way between two frames of a video."""
    views = list(solver.truth.scene.views.values())
    start, end = (views.index(solver.view(number)) for number in (first, last))
    return thinned(views[start : end + 1])


def _summed(solver: base.Solver, first: int, last: int) -> NDArray[np.float64]:
    """(6,) ways and turns along and about the camera's own axes, summed over the way."""
    steps = pairwise(_way(solver, first, last))
    return np.sum([change_between(one.T_wc, other.T_wc) for one, other in steps], axis=0)


def _right_move(text: str) -> str:
    """The move that an answer names."""
    named = re.findall(rf"\b({'|'.join([*WAYS, STAY])})\b", text)
    if len(set(named)) != 1:
        raise base.UnsolvedError("the move that the answer names")
    return named[0]


def _amount(steps: Steps, label: str, value: float, largest: float) -> Signed:
    """How far a camera moves or turns as a label says, or the opposite way."""
    if WAYS[label][0] < 3:
        doubt = max(MOVE_DOUBT * abs(value), min(MOVE_DOUBT_M, MOVE_DOUBT * largest))
        return Signed(steps.length(value, doubt), label, OPPOSITES[label])
    return degrees(value, label, OPPOSITES[label], max(MOVE_DOUBT * abs(value), MOVE_DOUBT_DEG))


def _move_thirds(solver: MoveThirdsSolver, steps: Steps) -> Chain:
    column, sign = WAYS[solver.move]
    nets = {}
    for span in solver.thirds:
        nets[span] = float(sign * _summed(solver, *span)[column])
    right = max(nets, key=lambda span: nets[span])
    if column < 3:
        yield from steps.name_scale("way", nets[right], first=right[0], last=right[1])
    for (first, last), net in nets.items():
        amount = _amount(steps, solver.move, net, max(map(abs, nets.values())))
        values = {"first": first, "last": last, "moved": amount}
        yield steps.with_unit("measure along", **values) if column < 3 else Expected("measure along", values)
    yield Expected("compare third", {"first": right[0], "last": right[1], "move": solver.move})


def _move_compare(solver: MoveCompareSolver, steps: Steps) -> Chain:
    is_turn = solver.columns.start == 3
    measure = rotation_deg if is_turn else distance_between
    amounts = {span: sum(measure(*pair) for pair in pairwise(_way(solver, *span))) for span in solver.spans}
    less, more = sorted(solver.spans, key=lambda span: amounts[span])
    if not is_turn:
        yield from steps.name_scale("way", amounts[less], first=less[0], last=less[1])
    values = {}
    for span in sorted(solver.spans):
        amount = amounts[span]
        doubt = MOVE_DOUBT * amount
        values[span] = angle(amount, doubt) if is_turn else steps.length(amount, doubt)
        told = {"first": span[0], "last": span[1], "value": values[span]}
        yield Expected("measure turned", told) if is_turn else steps.with_unit("measure moved", **told)
    larger = {"more": values[more], "less": values[less], "kind": "turn" if is_turn else "move"}
    larger |= {"first": more[0], "last": more[1]}
    yield Expected("compare parts", larger) if is_turn else steps.with_unit("compare parts", **larger)


def _move_order(solver: MoveOrderSolver, steps: Steps) -> Chain:
    spans = asked_frames(solver.record.question)
    stated = solver.record.evidence.get("measured", {}).get("starts_s", ())
    order = sorted(solver.listed, key=lambda label: solver.made[label][1])
    if len(stated) != len(order) or list(stated) != sorted(stated):
        raise base.UnsolvedError("when each move starts")
    starts = dict(zip(order, stated, strict=True))
    listed = [label for pair in (*MOVE_AXES, (STAY,)) for label in pair if label in starts]
    first, last = spans
    times_s = {k: solver.view(k).time_s for k in range(first, last + 1)}
    told = [[label, _frames_around(times_s, times_s[first] + starts[label])] for label in listed]
    yield Expected("sort starts", {"first": first, "last": last, "starts": told})
    yield Expected("sort order", {"order": order})


def _frames_around(times_s: Mapping[int, float], at_s: float) -> AnyOf:
    """The frame at a time, or the two around it; either one where the time is almost a frame's."""
    near = [[k, k] for k, time_s in times_s.items() if abs(time_s - at_s) <= SAME_TIME_S]
    between = [[a, b] for a, b in pairwise(times_s) if times_s[a] < at_s < times_s[b]]
    return AnyOf(near + between)


CHAINS: Mapping[type[base.Solver], Callable[[Any, Steps], Chain]] = {
    CardinalSolver: _cardinal,
    CameraDirectionSolver: _camera_direction,
    CameraRelationSolver: _camera_relation,
    CameraMotionSolver: _camera_motion,
    CameraPointSolver: _camera_motion,
    CompareSolver: _compare,
    ContactSolver: _contact,
    CorrespondenceSolver: _correspondence,
    CountSolver: _count,
    CovisibilitySolver: _covisibility,
    DepthOrderSolver: _depth_order,
    DepthSolver: _depth,
    DistanceRatioSolver: _ratio,
    DistanceSolver: _distance,
    EgoSolver: _ego,
    ExistenceSolver: _existence,
    ImaginationSolver: _imagination,
    LocateSolver: _locate,
    GridMapSolver: _grid_map,
    MapSolver: _map,
    MatchingCandidatesSolver: _candidates,
    MatchingSolver: _matching,
    MoveCompareSolver: _move_compare,
    MoveOrderSolver: _move_order,
    MovesSolver: _moves,
    MoveThirdsSolver: _move_thirds,
    NavigationSolver: _navigation,
    NearestMarkedSolver: _nearest_marked,
    NearestOfAllSolver: _nearest_of_all,
    NearestSurfaceSolver: _nearest_surface,
    OrbitSolver: _orbit,
    OrderSolver: _order,
    RelationSolver: _relation,
    RoomSolver: _room,
    RotationSolver: _rotation,
    SideSolver: _volume,
    TurnAndLookSolver: _turn_and_look,
    SizeSolver: _size,
    StandingSolver: _standing,
    SurfaceDistanceSolver: _surfaces,
    ViewAnglesSolver: _view_angles,
    ViewChangeSolver: _view_change,
    VolumeSolver: _volume,
}
