"""Which objects the marks of a record mean, by what is visible where they lie."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Check, Verdict, doubt, refuse, same
from qagen.audit.parse import COLORS, MOVED, ParsedMention
from qagen.audit.raycast import Crop
from qagen.audit.scene import AuditView
from qagen.audit.truth import SceneTruth

BOX_SLACK = 6.0
"""How far an edge of a visible box may lie from the recomputed one, thousandths: a grid cell of each and rounding."""
SPECKLE = 15.0
"""Edges that lie this far off may be due to speckles of the depth image, thousandths."""
SLIVER_SHARE, SLIVER_PIXELS = 0.005, 36
"""How much of a thing may lie outside a box that fits it: a share of its fine pixels, or so many."""
MARK_REACH = 2
"""Grid pixels around a point mark that may still show its object, for rounding and rays that graze an edge."""


@dataclass(frozen=True, slots=True)
class ResolvedMark:
    """One mark of a record."""

    token: str
    """Colour, or alias for listed marks."""
    kind: str
    """point or bbox."""
    image: int
    """Index of the image."""
    place: tuple[int, ...]
    """Thousandths."""


@dataclass(frozen=True, slots=True)
class ResolvedMarks:
    """A mark whose object was found."""

    thing: int
    """Index of the thing."""
    image: int
    """Index of the image that carries the mark."""


def mark_order(type_name: str) -> tuple[str, ...]:
    """Colours in the order in which ``*_img_idx`` lists them."""
    if type_name.startswith("spatial_imagination"):
        return MOVED
    return ("red", "green", "blue") if type_name == "distance_infer_center_oo_mv" else ("red", "blue", "green")


def marks_in(item: AuditRecord) -> list[ResolvedMark]:
    """The marks of a record. Raises ValueError where keys and indices do not fit together."""
    marks: list[ResolvedMark] = []
    for kind in ("point", "bbox"):
        order = mark_order(item.type)
        used = [color for color in order if item.record.get(f"{color}_{kind}") is not None]
        stray = [c for c in COLORS if c not in order and item.record.get(f"{c}_{kind}") is not None]
        if stray:
            raise ValueError(f"{stray[0]}_{kind} is no mark of this type")
        listed = (item.record.get(f"{kind}_list") or [[]])[0]
        places = [item.record[f"{color}_{kind}"][0] for color in used] + listed
        names = used + list_names(kind, len(listed))
        images = (item.record.get(f"{kind}_img_idx") or [[0] * len(places)])[0]
        if len(images) != len(places):
            raise ValueError(f"{len(places)} marks but {len(images)} image indices")
        marks += [ResolvedMark(n, kind, i, tuple(p)) for n, i, p in zip(names, images, places, strict=True)]
    return marks


def list_names(kind: str, count: int) -> list[str]:
    """What questions call the marks of a list."""
    if kind == "bbox":
        return [f"object{i}" for i in range(count)]
    return ["objectA", *(f"point{i}" for i in range(count - 1))][:count]


def bind(item: AuditRecord, truth: SceneTruth) -> tuple[dict[str, ResolvedMarks], list[Check]]:
    """Every mentioned or marked object, and whether marks, words, image and evidence fit each other."""
    try:
        marks = marks_in(item)
    except (ValueError, TypeError, IndexError, KeyError) as error:
        return {}, [refuse("marks", error, "marks that fit their image indices")]
    checks: list[Check] = []
    bound: dict[str, ResolvedMarks] = {}
    for mark in marks:
        said = [mention for mention in item.mentions if mention.token == mark.token]
        checks += _check_words(item, mark, said)
        if not 0 <= mark.image < len(item.frames) or any(not 0 <= edge <= 1000 for edge in mark.place):
            checks.append(refuse(f"mark of {mark.token}", mark, "an image of the record and edges in 0-1000"))
            continue
        found, check = find(mark, item, truth, _label_of(item, said))
        checks.append(check)
        if found is not None:
            bound[mark.token] = ResolvedMarks(found, mark.image)
    checks += [
        refuse(f"mention of {token}", "named in the text", "no mark for it")
        for token in {mention.token for mention in item.mentions} - {mark.token for mark in marks}
    ]
    return bound, checks + _check_evidence(item, bound, truth)


def _label_of(item: AuditRecord, said: Sequence[ParsedMention]) -> str | None:
    return said[0].label if said else None


def _check_words(item: AuditRecord, mark: ResolvedMark, said: Sequence[ParsedMention]) -> list[Check]:
    what = f"mention of {mark.token}"
    checks = []
    if not said:
        return [refuse(what, "marked", "not named in the text")]
    if len({mention.label for mention in said}) > 1:
        checks.append(refuse(what, sorted({mention.label for mention in said}), "one name"))
    shape = {"point": "point", "bbox": "box"}[mark.kind]
    for mention in dict.fromkeys(said):
        if mention.frame is not None:
            checks.append(same(f"frame of {mark.token}", mention.frame, mark.image))
        if mention.shape is not None and mention.shape != shape:
            checks.append(refuse(what, mention.shape, shape))
        if mention.alias and mention.alias.startswith("Object"):
            checks.append(same(f"number of {mark.token}", mention.alias, f"Object{MOVED.index(mark.token)}"))
    return checks


def find(mark: ResolvedMark, item: AuditRecord, truth: SceneTruth, label: str | None) -> tuple[int | None, Check]:
    """The object under a mark, among those of its label."""
    view = truth.view(item.frames[mark.image])
    if view is None:
        return None, refuse(f"mark of {mark.token}", item.frames[mark.image], "a frame of the scene")
    named = [k for k, thing in enumerate(truth.things) if label is None or label in thing.names]
    if not named:
        return None, refuse(f"mark of {mark.token}", label, "a name of an object of the scene")
    if mark.kind == "point":
        return _under_point(mark, view, truth, named)
    return closest_box(f"box of {mark.token}", mark.place, truth, view.name, named)


def _under_point(
    mark: ResolvedMark, view: AuditView, truth: SceneTruth, named: Sequence[int]
) -> tuple[int | None, Check]:
    what, look, things = f"point of {mark.token}", truth.look(view.name), truth.things
    center = int(look.around(*mark.place, reach=0)[0, 0])
    if center in named:
        return center, Check(what, str(mark.place), things[center].label, Verdict.AGREE)
    grazed = sorted(truth.caster.near(view, *mark.place) & set(named))
    if len(grazed) == 1:
        return grazed[0], Check(what, str(mark.place), f"{things[grazed[0]].label}, at its rim", Verdict.AGREE)
    near = look.around(*mark.place, reach=MARK_REACH)
    shares = [int((near == k).sum()) for k in named]
    best = int(np.argmax(shares))
    if shares[best]:
        return named[best], doubt(what, mark.place, f"beside the {things[named[best]].label}")
    shown = things[center].label if center >= 0 else "nothing of that name"
    return None, refuse(what, f"{things[named[0]].label} at {mark.place}", shown)


def closest_box(
    what: str, stated: Sequence[int], truth: SceneTruth, view: str, named: Sequence[int]
) -> tuple[int | None, Check]:
    """The thing among ``named`` whose visible box is the stated one."""
    look = truth.look(view)
    seen = [(k, box) for k in named if (box := look.box(k)) is not None]
    if not seen:
        return None, refuse(what, list(stated), "nothing of that name in view")
    thing, _ = min(seen, key=lambda pair: float(np.abs(pair[1] - stated).max()))
    check = compare_box(what, stated, truth, view, thing)
    return (None if check.verdict is Verdict.DISAGREE else thing), check


def compare_box(what: str, stated: Sequence[int], truth: SceneTruth, view: str, thing: int) -> Check:
    """Whether a stated box is the tight box of what is visible of a thing."""
    box = truth.look(view).box(thing)
    if box is None:
        return refuse(what, list(stated), "not in view")
    off = float(np.abs(box - stated).max())
    told = f"{np.rint(box).astype(int).tolist()}, {off:.0f} off"
    if truth.clean is not None:
        return Check(what, str(list(stated)), told, Verdict.AGREE, number=off, off=off)
    if off <= BOX_SLACK:
        return Check(what, str(list(stated)), told, Verdict.AGREE, number=off)
    fits = _fits(truth, view, thing, tuple(int(edge) for edge in stated), box)
    if fits is Verdict.AGREE:
        return Check(what, str(list(stated)), f"{told}, but fits what finer rays show", fits, number=off)
    return Check(what, str(list(stated)), told, Verdict.UNDECIDED if off <= SPECKLE else fits)


def _fits(truth: SceneTruth, view: str, thing: int, stated: tuple[int, ...], box: NDArray) -> Verdict:
    key = view, thing, stated
    if key not in truth.fits:
        region = np.minimum(box, stated)[:2].tolist() + np.maximum(box, stated)[2:].tolist()
        fine = truth.closeup(view, tuple(region))
        layers = fine.look.shown, fine.look.strict, fine.look.loose
        verdicts = [fits_closely(fine, layer, thing, stated) for layer in layers]
        doubtful = Verdict.UNDECIDED if any(verdicts) else Verdict.DISAGREE
        truth.fits[key] = Verdict.AGREE if verdicts[0] else doubtful
    return truth.fits[key]


def fits_closely(fine: Crop, layer: NDArray, thing: int, stated: Sequence[int]) -> bool:
    """Whether each edge of a box touches the thing, and nothing to speak of lies outside.

    One pixel moves a tight box; so where two grids differ, finer rays tell whether the box is one that a grid may give.
    """
    rows, columns = np.nonzero(layer == thing)
    if not len(rows):
        return False
    x, y = fine.permille(columns, rows)
    left, top, right, bottom = stated
    beyond = [left - x, top - y, x - right, y - bottom]
    is_outside = np.any([away > BOX_SLACK for away in beyond], axis=0)
    touches = all((away >= -BOX_SLACK).any() for away in beyond)
    return touches and is_outside.sum() <= max(SLIVER_PIXELS, SLIVER_SHARE * len(rows))


def _check_evidence(item: AuditRecord, bound: dict[str, ResolvedMarks], truth: SceneTruth) -> list[Check]:
    """Whether the evidence tells of the objects that the marks show."""
    checks: list[Check] = []
    told = {row.get("color"): row for row in item.evidence.get("objects", ())}
    told |= {row["alias"]: row for row in item.evidence.get("objects", ()) if row.get("alias")}
    for token, found in bound.items():
        row, thing = told.get(token), truth.things[found.thing]
        if row is None:
            checks.append(refuse(f"evidence of {token}", "no row", thing.label))
            continue
        checks.append(same(f"evidence id of {token}", row["id"], thing.id))
        checks.append(same(f"evidence image of {token}", row["image"], found.image))
        local = truth.ground.views[item.frames[found.image]].sees(thing.block.center)
        for name, true in (("center_m", thing.block.center), ("center_in_camera_m", local)):
            if np.abs(np.array(row[name]) - true).max() > 2e-3:
                checks.append(refuse(f"evidence {name} of {token}", row[name], true.round(4).tolist()))
        off = np.abs(np.sort(row["size_m"]) - np.sort(thing.block.size)).max()
        if off > 2e-3:
            checks.append(refuse(f"evidence size of {token}", row["size_m"], thing.block.size.round(4).tolist()))
    return checks
