"""Whether the annotation of an object, and of what frames show, may be believed.

Every reading has two forms, a strict one and one with relaxed tolerances. Only where both fall on the same side of a
threshold is there a verdict; between them a record stays undecided.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import ConvexHull

from qagen.audit.checks import Check, disagree, undecided
from qagen.audit.closest import between_boxes_m, moved_out
from qagen.audit.raycast import DOUBT, REFERENCE_PIXELS, TOLERANCE_M, TOLERANCE_SHARE, RenderedView, grid_of
from qagen.audit.scene import AuditScene, AuditView, Instance, UprightBox, fit_box, fit_upright_box
from qagen.audit.surroundings import SideReading, Surroundings, areas_of, spread_points

MIN_KNOWN, POSSIBLY_KNOWN = 0.5, 0.45
"""Share of a sure side beyond which space is known; with relaxed tolerances, it is unsure below the second value."""
OWN_GAP_M, OWN_GAP_SHARE = 0.03, 0.05
"""Own surface lies this close to a sure side: meters, or a share of the side's length, whichever is more."""
DOUBTFUL_REACH_M, MAX_REACH_M = 0.25, 0.35
"""An unsure side that may lie this much farther out leaves a doubt, and moves the center too far."""
ABOVE_FLOOR_M, WIDER_M, NARROW_M = 0.08, 0.05, 0.02
"""Foreign surface counts from this height on, in a footprint widened by this much, this far below the object."""
MAX_FOREIGN, SLACK = 0.15, 0.15
"""Largest foreign area below an object, as a share of its own, and the band around this and other thresholds."""
MAIN_SHARE, MAIN_BAND = 0.6, 0.05
"""It is the object's where at least this share of it lies in the footprint and not around it; a straight wall has half.
And the band around that share."""
LEAST_RING_M = 0.3
"""Least width of what is around a footprint; half of its longer side, if that is more."""
TRIMMED, MAX_SHRINK, MAX_SHRINK_M = 0.05, 0.4, 0.15
"""Without this share of its surface a box may shrink by that share, or by that length."""
MIN_FILL, THIN_M = 1 / 3, 0.02
"""Least share of a box that the convex hull of its object fills, unless a side is shorter than this."""
SHRINK_BAND = 0.1
"""The band around shrinkage and filling."""
SHAPE_POINTS, MIN_HULL_POINTS = 20_000, 100
"""Number of points that stand for an object's surface, and the least that make a hull."""
MAX_SEEN_THROUGH, MIN_CORE = 0.20, 60
"""Largest share of a still object's pixels that lies before measured depth; least pixels of its core."""
MIN_LABELED, LABELED_BAND = 0.75, 0.03
"""Least share of the visible surface that is annotated, and the band around it."""
MIN_PIECE_VERTICES, AMBIGUOUS_PIXELS, SAME_LEVEL_M = 8, 200.0, 0.1
"""An unannotated thing has at least this many vertices and visible pixels of 640 x 480, and stands at that level."""
POINT_STEP = 4
"""Every n-th pixel is looked at."""
ALIKE, MAY_BE_ALIKE = 0.9, 0.75
"""Least ratio of its sides to those of a named thing from which on it is, and may be, one more of that name."""


@dataclass(eq=False)
class Belief:
    """What of one scene's annotation may be believed."""

    scene: AuditScene
    """The scene."""
    _sizes: dict[int, list[Check]] = field(default_factory=dict)
    _wholes: dict[int, list[Check]] = field(default_factory=dict)
    _shown_in: dict[tuple[str, ...], list[UprightBox]] = field(default_factory=dict)

    @cached_property
    def around(self) -> Surroundings:
        """The space around the objects."""
        return Surroundings(self.scene)

    # --- one object ---------------------------------------------------------------------------------------------------

    def check_size(self, instance: int, ends: Sequence[str] = ()) -> list[Check]:
        """Whether all six sides of an object's box, or only those of these names, were observed; failed checks only."""
        if instance not in self._sizes:
            one = self.scene.instances[instance]
            if not self.around.is_known:
                self._sizes[instance] = [undecided(f"extent of {_name(one)}", "all sides", "no depth or no surface")]
            else:
                self._sizes[instance] = list(self._check_sides(instance, one))
        named = {f"{name} side observed" for name in ends or SIDES} | {"all sides"}
        return [check for check in self._sizes[instance] if check.stated in named]

    def _check_sides(self, instance: int, one: Instance) -> Iterator[Check]:
        gaps = self._own_gaps(instance, one)
        for number, (side, gap) in enumerate(zip(self.around.sides(instance), gaps, strict=True)):
            what, stated = f"extent of {_name(one)}", f"{SIDES[number]} side observed"
            most_gap = max(OWN_GAP_M, OWN_GAP_SHARE * one.box.size[number // 2])
            if side.possible < POSSIBLY_KNOWN:
                yield disagree(what, stated, f"space beyond {side.possible:.0%} of it known")
            elif gap > most_gap * (1 + 2 * SLACK):
                yield disagree(what, stated, f"own surface {gap * 100:.0f} cm away from it")
            elif side.known < MIN_KNOWN or gap > most_gap:
                found = f"{side.known:.0%} to {side.possible:.0%} known beyond, own surface {gap * 100:.0f} cm away"
                yield undecided(what, stated, found)

    def _own_gaps(self, instance: int, one: Instance) -> NDArray:
        """(6,) distance of each side from the outermost own surface; negative where that lies outside."""
        own = self.around.surface.places[self.around.surface.owners == instance]
        if one.points is not None and len(one.points):
            own = np.concatenate([own, one.points])
        if not len(own):
            return np.zeros(6)
        local = (own - one.box.center) @ one.box.axes
        return np.stack([local.min(axis=0) + one.box.size / 2, one.box.size / 2 - local.max(axis=0)], axis=1).ravel()

    def check_center(self, instance: int) -> list[Check]:
        """Whether no unobserved side could move an object's center by more than 0.1 m; failed checks only."""
        if not self.around.is_known:
            return []
        one, sides = self.scene.instances[instance], self.around.sides(instance)
        worst = max(range(6), key=lambda k: (sides[k].least_reach_m, sides[k].reach_m))
        what, stated = f"center of {_name(one)}", "sure to 0.1 m"
        found = f"its {SIDES[worst]} side may lie {_reach(sides[worst])} farther out"
        if sides[worst].least_reach_m > MAX_REACH_M:
            return [disagree(what, stated, found)]
        if max(side.reach_m for side in sides) > DOUBTFUL_REACH_M:
            return [undecided(what, stated, found)]
        return []

    def boxes_apart_m(self, first: int, second: int, relaxed: bool) -> float:
        """Distance of two instances' boxes, with the sides that were not observed as far out as they may be, meters."""
        return between_boxes_m(self._moved_out(first, relaxed), self._moved_out(second, relaxed))

    def box_from_place_m(self, place: NDArray, instance: int, relaxed: bool) -> float:
        """Distance of such a box from a place (3,), world, meters: 0 inside."""
        box = self._moved_out(instance, relaxed)
        beyond = np.abs((place - box.center) @ box.axes) - box.size / 2
        return float(np.linalg.norm(np.maximum(beyond, 0.0)))

    def _moved_out(self, number: int, relaxed: bool) -> UprightBox:
        """An instance's box with the sides that were not observed as far out as they may be."""
        one = self.scene.instances[number]
        if not self.around.is_known or one.points is None:
            return one.box
        sides = self.around.sides(number)
        return moved_out(one.box, [side.least_reach_m if relaxed else side.reach_m for side in sides])

    def check_whole(self, instance: int) -> list[Check]:
        """Whether an object's annotation is the whole object and nothing else; failed checks only.

        It is not where foreign surface stands below the object and not around it, where a few of its points make its
        box much larger, and where it hardly fills its box.
        """
        if instance not in self._wholes:
            is_known = self.around.is_known and self.scene.is_labeled
            self._wholes[instance] = list(self._check_whole(instance)) if is_known else []
        return self._wholes[instance]

    def _check_whole(self, instance: int) -> Iterator[Check]:
        one = self.scene.instances[instance]
        if self.scene.is_level:
            yield from self._check_below(instance, one)
        own = self._own_points(instance, one)
        if len(own):
            yield from _check_shrink(one, own)
            yield from _check_fill(one, own)

    def _check_below(self, instance: int, one: Instance) -> Iterator[Check]:
        """Foreign surface below an object is its own where it ends with the footprint; a wall or counter goes on."""
        below, around = self._foreign_below(instance, one)
        share = below / max(below + around, 1e-9)
        doubt = min(below / (MAX_FOREIGN * (1 - SLACK)), share / (MAIN_SHARE * (1 - MAIN_BAND)))
        if doubt > 1:
            is_clear = below > MAX_FOREIGN * (1 + SLACK) and share > MAIN_SHARE * (1 + MAIN_BAND)
            found = f"{below:.0%}, and {around:.0%} around its footprint"
            stated = f"at most {MAX_FOREIGN:.0%} below it"
            yield (disagree if is_clear else undecided)(f"annotation of {_name(one)}", stated, found)

    def _foreign_below(self, instance: int, one: Instance) -> tuple[float, float]:
        """Areas of foreign surface below an object, in and around its footprint, as shares of its own area."""
        surface, half = self.around.surface, one.box.size / 2
        local = (surface.places - one.box.center) @ one.box.axes
        beyond = (np.abs(local[:, :2]) - half[:2]).max(axis=1)
        is_below = (surface.places[:, 2] > self.around.floor_m + ABOVE_FLOOR_M) & (local[:, 2] < -half[2] - NARROW_M)
        is_foreign = is_below & surface.is_structure
        ring_m = max(LEAST_RING_M, float(half[:2].max()))
        inside = np.count_nonzero(is_foreign & (beyond <= WIDER_M))
        around = np.count_nonzero(is_foreign & (beyond > WIDER_M) & (beyond <= ring_m))
        own = max(1, np.count_nonzero(surface.owners == instance))
        return inside / own, around / own

    def _own_points(self, instance: int, one: Instance) -> NDArray:
        """(n, 3) points spread evenly over an object's surface inside its box, along the box's axes from its center."""
        assert self.scene.vertices is not None
        assert self.scene.faces is not None
        own = self.scene.vertices[self.scene.faces[self.scene.face_instance == instance]]
        if areas_of(own).sum() == 0:
            return np.zeros((0, 3))
        local = (spread_points(own, SHAPE_POINTS)[0] - one.box.center) @ one.box.axes
        return local[(np.abs(local) <= one.box.size / 2 + 1e-3).all(axis=1)]

    def check_all_named(self, label: str, frames: Mapping[str, RenderedView]) -> list[Check]:
        """Whether no unannotated thing in these frames could be one more of a name; failed checks only."""
        named = [one for one in self.scene.instances if one.label == label and one.is_askable]
        is_level = self.scene.is_level
        likeness = [
            (max(_likeness(piece, one, is_level) for one in named), piece) for piece in self._shown(frames) if named
        ]
        likeness = [
            (like, piece)
            for like, piece in likeness
            if not any(_inside(piece.center[None], one.box).any() for one in named)
        ]
        best, piece = max(likeness, key=lambda pair: pair[0], default=(0.0, None))
        if piece is None or best < MAY_BE_ALIKE:
            return []
        size = " x ".join(f"{side * 100:.0f}" for side in piece.size)
        found = f"{size} cm of unannotated surface at {piece.center.round(1).tolist()}"
        return [(disagree if best >= ALIKE else undecided)(f"every {label} annotated", "yes", found)]

    @cached_property
    def _pieces(self) -> list[UprightBox]:
        """Boxes around connected pieces of surface that is not annotated."""
        scene = self.scene
        if not scene.names_structure or scene.faces is None or scene.vertices is None or scene.face_instance is None:
            return []
        faces = scene.faces[scene.face_instance < 0]
        corners, ends = faces.ravel(), np.roll(faces, 1, axis=1).ravel()
        links = coo_array((np.ones(len(corners)), (corners, ends)), (len(scene.vertices),) * 2)
        piece_of = connected_components(links, directed=False)[1]
        used = np.unique(faces)
        order = used[np.argsort(piece_of[used], kind="stable")]
        groups = np.split(order, np.flatnonzero(np.diff(piece_of[order])) + 1)
        fit = fit_upright_box if scene.is_level else fit_box
        return [fit(scene.vertices[group]) for group in groups if len(group) >= MIN_PIECE_VERTICES]

    def _shown(self, frames: Mapping[str, RenderedView]) -> list[UprightBox]:
        """The pieces that any of the frames shows."""
        key = tuple(frames)
        if key not in self._shown_in:
            most = np.zeros(len(self._pieces))
            for name, rendered in frames.items():
                points, pixels = _unannotated_points(self.scene.views[name], rendered)
                most = np.maximum(most, [np.count_nonzero(_inside(points, box)) * pixels for box in self._pieces])
            shown = zip(self._pieces, most, strict=True)
            self._shown_in[key] = [piece for piece, pixels in shown if pixels >= AMBIGUOUS_PIXELS]
        return self._shown_in[key]

    # --- one view or several ------------------------------------------------------------------------------------------

    def check_still(self, instance: int, rendered: RenderedView) -> list[Check]:
        """Whether an object is where a view shows it, and was not moved before or after; failed checks only."""
        shown = rendered.shown == instance
        core = binary_erosion(shown)
        shares = [_share_seen_through(rendered, shown, factor) for factor in (1.0, DOUBT)]
        if core.sum() >= MIN_CORE:
            shares += [_share_seen_through(rendered, core, factor) for factor in (1.0, DOUBT)]
        if max(shares) <= MAX_SEEN_THROUGH * (1 - SLACK):
            return []
        make = disagree if min(shares) > MAX_SEEN_THROUGH * (1 + SLACK) else undecided
        found = f"{min(shares):.0%} to {max(shares):.0%} of it lies before measured depth"
        what = f"{_name(self.scene.instances[instance])} in its place"
        return [make(what, f"at most {MAX_SEEN_THROUGH:.0%}", found)]

    def check_labeled(self, rendered: Sequence[RenderedView]) -> list[Check]:
        """Whether enough of the surface that views show is annotated; failed checks only."""
        if not self.scene.names_structure or self.scene.faces is None:
            return []
        labeled, seen = np.zeros(2), np.zeros(2)
        for view in rendered:
            is_surface = np.isfinite(view.z) & ~_is_hidden(view)
            weights = np.stack([np.ones(view.z.shape), np.where(is_surface, view.z, 0.0) ** 2])
            seen += (weights * is_surface).sum(axis=(1, 2))
            labeled += (weights * (is_surface & (view.shown >= 0))).sum(axis=(1, 2))
        shares = labeled / np.maximum(seen, 1e-9)
        if shares.min() >= MIN_LABELED + LABELED_BAND:
            return []
        make = disagree if shares.max() < MIN_LABELED - LABELED_BAND else undecided
        found = f"{shares[0]:.0%} of the pixels, {shares[1]:.0%} of the area"
        return [make("annotated share of what is shown", f"at least {MIN_LABELED:.0%}", found)]


SIDES = ("low first", "high first", "low second", "high second", "lower", "upper")
AXES = ("first side", "second side", "height")


def _check_shrink(one: Instance, own: NDArray) -> Iterator[Check]:
    """No side of a box may be much longer because of a few of the object's points (n, 3)."""
    lost = one.box.size - np.array([_shortest_span(along) for along in own.T])
    shares = lost / np.maximum(one.box.size, 1e-6)
    excess = np.minimum(shares / MAX_SHRINK, lost / MAX_SHRINK_M)
    axis = int(np.argmax(excess))
    if excess[axis] > 1 - SHRINK_BAND:
        make = disagree if excess[axis] > 1 + SHRINK_BAND else undecided
        found = f"its {AXES[axis]} is {lost[axis] * 100:.0f} cm ({shares[axis]:.0%}) less without {TRIMMED:.0%} of it"
        stated = f"at most {MAX_SHRINK:.0%} or {MAX_SHRINK_M * 100:.0f} cm less"
        yield make(f"surface of {_name(one)}", stated, found)


def _check_fill(one: Instance, own: NDArray) -> Iterator[Check]:
    """The hull of an object's points (n, 3) must fill enough of its box; of a flat one that says nothing."""
    if one.box.size.min() < THIN_M or len(own) < MIN_HULL_POINTS:
        return
    fill = float(ConvexHull(own).volume / one.box.size.prod())
    if fill < MIN_FILL * (1 + SHRINK_BAND):
        make = disagree if fill < MIN_FILL * (1 - SHRINK_BAND) else undecided
        yield make(f"box of {_name(one)}", f"at least {MIN_FILL:.0%} of it filled", f"{fill:.0%}")


def _likeness(piece: UprightBox, one: Instance, is_level: bool) -> float:
    """The least ratio of a piece's and an instance's sides, 0 where they stand at different heights."""
    if not is_level:
        pair = np.sort([piece.size, one.box.size], axis=1)
        return float((pair.min(axis=0) / np.maximum(pair.max(axis=0), 1e-6)).min())
    pair = np.array([[*np.sort(box.size[:2]), box.size[2]] for box in (piece, one.box)])
    bottoms = [box.center[2] - box.size[2] / 2 for box in (piece, one.box)]
    ratio = float((pair.min(axis=0) / np.maximum(pair.max(axis=0), 1e-6)).min())
    return ratio if abs(bottoms[0] - bottoms[1]) <= SAME_LEVEL_M else 0.0


def _unannotated_points(view: AuditView, rendered: RenderedView) -> tuple[NDArray, float]:
    """(n, 3) visible points of no annotated thing, world, meters, and the pixels of 640 x 480 that each stands for."""
    is_surface = np.isfinite(rendered.z) & ~_is_hidden(rendered) & (rendered.shown < 0)
    rows, columns = (part[::POINT_STEP] for part in np.nonzero(is_surface))
    rays = grid_of(view.pinhole).rays(columns.astype(float), rows.astype(float))
    points = rays * rendered.z[rows, columns, None] @ view.T_wc[:3, :3].T + view.T_wc[:3, 3]
    return points, POINT_STEP * REFERENCE_PIXELS / is_surface.size


def _inside(points: NDArray, box: UprightBox) -> NDArray[np.bool_]:
    return np.all(np.abs((points - box.center) @ box.axes) <= box.size / 2 + 0.01, axis=1)


def _name(one: Instance) -> str:
    return f"{one.label} (id {one.id})"


def _reach(side: SideReading) -> str:
    least, most = (f"{m:.1f} m" if np.isfinite(m) else "any distance" for m in (side.least_reach_m, side.reach_m))
    return least if least == most else f"{least} to {most}"


def _shortest_span(along: NDArray) -> float:
    """Length of the shortest interval that holds all but TRIMMED of the values (n,)."""
    ordered = np.sort(along)
    kept = max(1, int(np.ceil((1 - TRIMMED) * len(ordered))))
    return float((ordered[kept - 1 :] - ordered[: len(ordered) - kept + 1]).min())


def _is_hidden(view: RenderedView) -> NDArray[np.bool_]:
    z = np.where(np.isfinite(view.z), view.z, 0.0)
    return (view.measured > 0) & (z - view.measured > np.maximum(TOLERANCE_M, TOLERANCE_SHARE * z))


def _share_seen_through(view: RenderedView, chosen: NDArray, factor: float) -> float:
    """Share of chosen pixels with depth whose measured depth lies behind the surface."""
    chosen = chosen & (view.measured > 0) & np.isfinite(view.z)
    z, measured = view.z[chosen], view.measured[chosen]
    return float((measured - z > factor * np.maximum(TOLERANCE_M, TOLERANCE_SHARE * z)).mean()) if len(z) else 0.0
