"""Which objects the marks of a record mean, by what is visible where they lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qagen.audit.audit_record import ALIASES, MARK_KINDS, AuditRecord
from qagen.audit.checks import Check, Verdict, check_equal, disagree, undecided
from qagen.audit.mask_marks import closest_mask
from qagen.audit.parse import UNNAMED, ParsedMention
from qagen.audit.raycast import Crop
from qagen.audit.truth import SceneTruth

BOX_SLACK = 6.0
"""Tolerance for an edge of a visible box, thousandths: a grid cell on either side, and rounding."""
SPECKLE = 15.0
"""Edges that are off by up to this much may be off due to speckles of the depth image, thousandths."""
SLIVER_SHARE, SLIVER_PIXELS = 0.005, 36
"""Largest part of an instance outside a box that fits it: a share of its fine pixels, or this many of them."""
SHAPES = {"point": "point", "bbox": "box", "mask": "mask"}
"""What texts call each kind of mark."""
AMBIGUOUS_PIXELS = 200.0
"""Visible pixels of 640 x 480 from which on another instance of the same name makes the name ambiguous."""
EVIDENCE_M = 2e-3
"""Tolerance for places and sizes of the evidence, meters."""
MARK_REACH = 2
"""Pixels around a point mark that may still show its object, for rounding and rays that graze an edge."""


@dataclass(frozen=True, slots=True)
class ParsedMark:
    """One mark of a record."""

    token: str
    """Its color, or the alias of a listed mark."""
    kind: str
    """Point, bbox or mask; none where the label alone names the object."""
    image: int
    """Index of the image that carries it."""
    position: tuple[int, ...]
    """(x, y) or (left, top, right, bottom), thousandths; the runs of a mask; nothing without a mark."""

    @property
    def edges(self) -> tuple[int, ...]:
        """The numbers that are thousandths."""
        return self.position if self.kind in ("point", "bbox") else ()


@dataclass(frozen=True, slots=True)
class ResolvedMark:
    """A mark whose object was found."""

    instance: int
    """Index of the instance."""
    image: int
    """Index of the image that carries the mark."""


def resolve_marks(record: AuditRecord, truth: SceneTruth) -> tuple[dict[str, ResolvedMark], list[Check]]:
    """Find the object of every mark, and check that marks, words, image and evidence fit each other.

    Returns:
        The marks whose object was found, by token, and the checks.
    """
    try:
        parsed = parse_marks(record)
    except (ValueError, TypeError, IndexError, KeyError) as error:
        return {}, [disagree("marks", error, "marks that fit their image indices")]
    checks: list[Check] = []
    resolved: dict[str, ResolvedMark] = {}
    for mark in parsed:
        mentions = [mention for mention in record.mentions if mention.token == mark.token]
        checks += _check_mentions(record, mark, mentions)
        if not 0 <= mark.image < len(record.frames) or any(not 0 <= edge <= 1000 for edge in mark.edges):
            checks.append(disagree(f"mark of {mark.token}", mark, "an image of the record and edges in 0-1000"))
            continue
        if record.marks_places:
            continue
        label = mentions[0].label if mentions and mentions[0].label != UNNAMED else None
        instance, check = _find_instance(mark, record, truth, label)
        checks.append(check)
        if instance is not None:
            resolved[mark.token] = ResolvedMark(instance, mark.image)
    checks += [
        disagree(f"mention of {token}", "named in the text", "no mark for it")
        for token in {mention.token for mention in record.mentions} - {mark.token for mark in parsed}
    ]
    if record.marks_places:
        return {}, checks + _check_places(record, parsed)
    return resolved, checks + _check_evidence(record, resolved, truth)


def parse_marks(record: AuditRecord) -> list[ParsedMark]:
    """The marks of a record. Raises ValueError where keys and indices do not fit together."""
    marks: list[ParsedMark] = []
    for kind in MARK_KINDS:
        listed = (record.raw.get(f"{kind}_list") or [[]])[0]
        aliases = [f"object{i}" for i in range(len(listed))]
        if "@objectA" in record.human:
            number = "point" if kind == "point" else "object"
            aliases = ["objectA", *(f"{number}{i}" for i in range(len(listed) - 1))][: len(listed)]
        used = [color for color in record.colors if record.raw.get(f"{color}_{kind}") is not None]
        positions = [record.raw[f"{color}_{kind}"][0] for color in used] + listed
        images = (record.raw.get(f"{kind}_img_idx") or [[0] * len(positions)])[0]
        if len(images) != len(positions):
            raise ValueError(f"{len(positions)} marks but {len(images)} image indices")
        tokens = used + aliases
        marks += [ParsedMark(t, kind, i, tuple(p)) for t, i, p in zip(tokens, images, positions, strict=True)]
    return marks + [ParsedMark(named.token, "none", named.image, ()) for named in record.named]


def _check_mentions(record: AuditRecord, mark: ParsedMark, mentions: Sequence[ParsedMention]) -> list[Check]:
    what = f"mention of {mark.token}"
    checks = []
    if not mentions:
        return [disagree(what, "marked", "not named in the text")]
    if len({mention.label for mention in mentions}) > 1:
        checks.append(disagree(what, sorted({mention.label for mention in mentions}), "one name"))
    shape = SHAPES.get(mark.kind)
    for mention in dict.fromkeys(mentions):
        if mention.frame is not None:
            checks.append(check_equal(f"frame of {mark.token}", mention.frame, mark.image))
        if mention.shape is not None and mention.shape != shape:
            checks.append(disagree(what, mention.shape, shape))
        if mention.alias and mention.alias.startswith("Object"):
            number = f"Object{record.colors.index(mark.token)}"
            checks.append(check_equal(f"number of {mark.token}", mention.alias, number))
    return checks


def _find_instance(
    mark: ParsedMark, record: AuditRecord, truth: SceneTruth, label: str | None
) -> tuple[int | None, Check]:
    """The object under a mark, among those of its label."""
    frame = record.frames[mark.image]
    if truth.view(frame) is None:
        return None, disagree(f"mark of {mark.token}", frame, "a frame of the scene")
    named = [k for k, instance in enumerate(truth.instances) if label is None or label in instance.names]
    if not named:
        return None, disagree(f"mark of {mark.token}", label, "a name of an object of the scene")
    if mark.kind == "none":
        return _only_instance(mark, record, truth, named)
    if mark.kind == "point":
        return _instance_at_point(mark, frame, truth, named)
    if mark.kind == "mask":
        return closest_mask(f"mask of {mark.token}", mark.position, truth, frame, named)
    return closest_box(f"box of {mark.token}", mark.position, truth, frame, named)


def _only_instance(
    mark: ParsedMark, record: AuditRecord, truth: SceneTruth, named: Sequence[int]
) -> tuple[int | None, Check]:
    """The one instance of its name that the images show."""
    what, rendered = f"name of {mark.token}", [truth.rendered(name) for name in dict.fromkeys(record.frames)]
    pixels = {k: max(view.pixels(k) for view in rendered) for k in named}
    ranked = sorted(named, key=lambda k: pixels[k], reverse=True)
    label, others = truth.instances[ranked[0]].label, [pixels[k] for k in ranked[1:] if pixels[k] > 0]
    if not pixels[ranked[0]]:
        return None, disagree(what, label, "not in view")
    if not others:
        return ranked[0], Check(what, label, "one of that name in view", Verdict.AGREE)
    make = disagree if others[0] >= AMBIGUOUS_PIXELS else undecided
    return ranked[0], make(what, label, f"{len(others)} more of that name in view, {others[0]:.0f} pixels at most")


def _instance_at_point(
    mark: ParsedMark, frame: str, truth: SceneTruth, named: Sequence[int]
) -> tuple[int | None, Check]:
    what, position, rendered, instances = (
        f"point of {mark.token}",
        mark.position,
        truth.rendered(frame),
        truth.instances,
    )
    center = int(rendered.around(*position, reach=0)[0, 0])
    if center in named:
        return center, Check(what, str(position), instances[center].label, Verdict.AGREE)
    grazed = sorted(truth.caster.instances_around(truth.scene.views[frame], *position) & set(named))
    if len(grazed) == 1:
        return grazed[0], Check(what, str(position), f"{instances[grazed[0]].label}, at its rim", Verdict.AGREE)
    near = rendered.around(*position, reach=MARK_REACH)
    pixels = [int((near == k).sum()) for k in named]
    best = int(np.argmax(pixels))
    if pixels[best]:
        return named[best], undecided(what, position, f"beside the {instances[named[best]].label}")
    shown = instances[center].label if center >= 0 else "nothing of that name"
    return None, disagree(what, f"{instances[named[0]].label} at {position}", shown)


def closest_box(
    what: str, stated: Sequence[int], truth: SceneTruth, frame: str, named: Sequence[int]
) -> tuple[int | None, Check]:
    """The instance among ``named`` whose visible box is the stated one."""
    rendered = truth.rendered(frame)
    seen = [(k, box) for k in named if (box := rendered.box(k)) is not None]
    if not seen:
        return None, disagree(what, list(stated), "nothing of that name in view")
    instance, _ = min(seen, key=lambda pair: float(np.abs(pair[1] - stated).max()))
    check = compare_box(what, stated, truth, frame, instance)
    return (None if check.verdict is Verdict.DISAGREE else instance), check


def compare_box(what: str, stated: Sequence[int], truth: SceneTruth, frame: str, instance: int) -> Check:
    """Whether a stated box is the tight box around what is visible of an instance."""
    box = truth.rendered(frame).box(instance)
    if box is None:
        return disagree(what, list(stated), "not in view")
    off = float(np.abs(box - stated).max())
    found = f"{np.rint(box).astype(int).tolist()}, {off:.0f} off"
    if truth.original is not None:
        return Check(what, str(list(stated)), found, Verdict.AGREE, number=off, off=off)
    if off <= BOX_SLACK:
        return Check(what, str(list(stated)), found, Verdict.AGREE, number=off)
    fits = _fits_finer(truth, frame, instance, tuple(int(edge) for edge in stated), box)
    if fits is Verdict.AGREE:
        return Check(what, str(list(stated)), f"{found}, but fits what finer rays show", fits, number=off)
    return Check(what, str(list(stated)), found, Verdict.UNDECIDED if off <= SPECKLE else fits)


def _fits_finer(truth: SceneTruth, frame: str, instance: int, stated: tuple[int, ...], box: NDArray) -> Verdict:
    """Whether a box fits what finer rays show; undecided where that depends on the depth tolerance."""
    key = frame, instance, stated
    if key not in truth.fits:
        region = np.minimum(box, stated)[:2].tolist() + np.maximum(box, stated)[2:].tolist()
        crop = truth.crop(frame, tuple(region))
        layers = crop.rendered.shown, crop.rendered.strict, crop.rendered.loose
        fits = [fits_closely(crop, layer, instance, stated) for layer in layers]
        otherwise = Verdict.UNDECIDED if any(fits) else Verdict.DISAGREE
        truth.fits[key] = Verdict.AGREE if fits[0] else otherwise
    return truth.fits[key]


def fits_closely(crop: Crop, layer: NDArray, instance: int, stated: Sequence[int]) -> bool:
    """Whether each edge of a box touches the instance, and no more than a sliver lies outside.

    One pixel moves a tight box, so where two grids differ, finer rays decide whether a grid may give this box.
    """
    rows, columns = np.nonzero(layer == instance)
    if not len(rows):
        return False
    x, y = crop.permille(columns, rows)
    left, top, right, bottom = stated
    beyond = [left - x, top - y, x - right, y - bottom]
    is_outside = np.any([away > BOX_SLACK for away in beyond], axis=0)
    touches = all((away >= -BOX_SLACK).any() for away in beyond)
    return touches and is_outside.sum() <= max(SLIVER_PIXELS, SLIVER_SHARE * len(rows))


def _check_evidence(record: AuditRecord, marks: Mapping[str, ResolvedMark], truth: SceneTruth) -> list[Check]:
    """Whether the evidence describes the objects that the marks show."""
    checks: list[Check] = []
    rows = {ALIASES.get(row.get("color"), row.get("color")): row for row in record.evidence.get("objects", ())}
    rows |= {row["alias"]: row for row in record.evidence.get("objects", ()) if row.get("alias")}
    for token, mark in marks.items():
        row, instance = rows.get(token), truth.instances[mark.instance]
        if row is None:
            checks.append(disagree(f"evidence of {token}", "no row", instance.label))
            continue
        checks.append(check_equal(f"evidence id of {token}", row["id"], instance.id))
        checks.append(check_equal(f"evidence image of {token}", row["image"], mark.image))
        box = instance.box
        local = truth.scene.views[record.frames[mark.image]].to_camera(box.center)
        for name, true in (("center_m", box.center), ("center_in_camera_m", local)):
            if np.abs(np.array(row[name]) - true).max() > EVIDENCE_M:
                checks.append(disagree(f"evidence {name} of {token}", row[name], true.round(4).tolist()))
        if not has_size(row["size_m"], box.size, truth.scene.is_level):
            checks.append(disagree(f"evidence size of {token}", row["size_m"], box.size.round(4).tolist()))
    return checks


def _check_places(record: AuditRecord, marks: Sequence[ParsedMark]) -> list[Check]:
    """Whether the evidence has the very places that the record marks; no more than that can be wrong about them."""
    stated = [(row["color"], row["image"], tuple(row["place"])) for row in record.evidence.get("places", ())]
    marked = [(mark.token, mark.image, mark.position) for mark in marks]
    return [] if sorted(stated) == sorted(marked) else [disagree("evidence places", stated, marked)]


def has_size(stated: Sequence[float], size: NDArray, is_level: bool) -> bool:
    """Whether stated sides are a box's (3,), meters; the horizontal ones, or all of a tilted one, in any order."""
    alike = 2 if is_level else 3
    ours, theirs = (np.array([*sorted(each[:alike]), *each[alike:]]) for each in (list(size), list(stated)))
    return len(theirs) == 3 and bool(np.abs(ours - theirs).max() <= EVIDENCE_M)
