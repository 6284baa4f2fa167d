"""All checks of one scene, in the order in which they depend on each other."""

from collections.abc import Iterator

from qagen.core.scale import at_room_scale
from qagen.core.scene import Scene
from qagen.doctor.alignment import check_boxes, check_mesh, check_own_points, check_points, check_up, world_cloud
from qagen.doctor.annotation import check_annotation
from qagen.doctor.box_fill import check_box_fill
from qagen.doctor.box_sides import check_box_sides
from qagen.doctor.calibration import check_calibration
from qagen.doctor.color_edges import check_color_edges
from qagen.doctor.conventions import best_fit, check_kind, check_poses, check_scale
from qagen.doctor.depth_edges import check_depth_edges
from qagen.doctor.depth_samples import all_samples, sample_groups
from qagen.doctor.epipolar import check_lengths, check_matches
from qagen.doctor.finding import Finding
from qagen.doctor.inputs import (
    check_blank,
    check_frames,
    check_images,
    check_intrinsics,
    check_labels,
    check_size,
    check_use,
)
from qagen.doctor.looks import look_at
from qagen.doctor.matches import matched_pairs
from qagen.doctor.outliers import check_outliers
from qagen.visibility.views import SceneViews

OF_FRAMES = ("sizes", "blank images", "outliers", "color", "color edges")
"""Checks whose failure leaves the geometry of the scene as a whole sound, so that what comes after can be tested."""


def examine(scene: Scene) -> tuple[list[Finding], SceneViews | None]:
    """The findings of a scene, and its views unless a check has failed that they depend on."""
    findings = check_data(scene)
    if any(finding.verdict == "FAIL" and finding.check not in OF_FRAMES for finding in findings):
        return findings, None
    used, views = check_use(at_room_scale(scene))
    return [*findings, used, *(() if views is None else check_annotation(views))], views


def check_data(scene: Scene) -> list[Finding]:
    """Whether the parts of a scene fit each other."""
    findings = [check_frames(scene), check_labels(scene), check_images(scene), check_intrinsics(scene)]
    if findings[2].verdict == "FAIL":
        return findings
    return [*findings, check_size(scene), *_check_color(scene), *_check_geometry(scene)]


def _check_color(scene: Scene) -> Iterator[Finding]:
    looks = look_at(scene)
    yield check_blank(looks)
    if (edges := check_color_edges(looks)) is not None:
        yield edges
    yield from check_outliers(looks)


def _check_geometry(scene: Scene) -> Iterator[Finding]:
    groups, pairs = sample_groups(scene), matched_pairs(scene)
    matches = check_matches(pairs)
    if matches is not None:
        yield matches
    if not groups:
        if matches is None:
            advice = "poses, units and boxes are not tested; look at the overlay pictures"
            found = "no two frames with depth, or with points that both show, to compare"
            yield Finding("poses", "warn", found, "depth images", advice)
        yield check_up(scene, [])
        return
    if (edges := check_depth_edges(scene)) is not None:
        yield edges
    samples = all_samples(groups)
    kind, power = check_kind(samples)
    planar = [(first.as_kind(power), [other.as_kind(power) for other in others]) for first, others in groups]
    as_read, best = best_fit(planar)
    fits = [check_scale(groups, best, scene), kind, check_poses(as_read, best, len(samples))]
    if not as_read.changes and fits[-1].verdict == "ok" and kind.verdict == "ok":
        fits.append(check_calibration(groups))
    if matches is not None and matches.verdict == "ok" and (lengths := check_lengths(pairs)) is not None:
        fits.append(lengths)
    yield from fits
    if any(finding is not None and finding.verdict == "FAIL" for finding in (matches, *fits)):
        found = "up, mesh and boxes are not tested"
        yield Finding("alignment", "warn", found, "poses and depth that fit", "mend these first")
        return
    scaled = at_room_scale(scene)
    samples = samples if scaled is scene else all_samples(sample_groups(scaled))
    scene = scaled
    cloud = world_cloud(samples)
    checks = (
        check_up(scene, samples),
        check_mesh(scene, cloud),
        check_points(scene, cloud),
        check_own_points(scene),
        check_box_fill(scene, samples),
        check_boxes(scene, samples),
        check_box_sides(scene, samples),
    )
    yield from (finding for finding in checks if finding is not None)
