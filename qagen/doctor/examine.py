"""All checks of one scene, in the order in which they depend on each other."""

from collections.abc import Iterator

from qagen.core.scene import Scene
from qagen.doctor.alignment import check_boxes, check_mesh, check_own_points, check_points, check_up, world_cloud
from qagen.doctor.box_fill import check_fill
from qagen.doctor.conventions import Groups, best_fit, check_kind, check_poses, check_scale
from qagen.doctor.depth_samples import all_shots, take_groups
from qagen.doctor.finding import Finding
from qagen.doctor.inputs import check_frames, check_images, check_intrinsics, check_labels, check_use
from qagen.visibility.views import SceneViews

NO_DEPTH = "no two frames with depth to compare"


def examine(scene: Scene) -> tuple[list[Finding], SceneViews | None]:
    """What is right and wrong with a scene, and its views where nothing has failed that they rest on."""
    findings = [check_frames(scene), check_labels(scene), check_images(scene), check_intrinsics(scene)]
    if findings[2].verdict == "FAIL":
        return findings, None
    findings += _check_geometry(scene)
    if any(finding.verdict == "FAIL" for finding in findings):
        return findings, None
    used, views = check_use(scene)
    return [*findings, used], views


def _check_geometry(scene: Scene) -> Iterator[Finding]:
    groups = take_groups(scene)
    if not groups:
        advice = "poses, units and boxes are not tested; look at the overlay pictures"
        yield Finding("poses", "warn", NO_DEPTH, "depth images", advice)
        yield check_up(scene, [])
        return
    kind, power = check_kind(all_shots(groups))
    meant: Groups = [(first.as_kind(power), [shot.as_kind(power) for shot in others]) for first, others in groups]
    as_read, best = best_fit(meant)
    poses = check_poses(as_read, best, len(all_shots(groups)))
    scale = check_scale(groups, best)
    yield from (scale, kind, poses)
    if "FAIL" in (scale.verdict, kind.verdict, poses.verdict):
        yield Finding("place", "warn", "up, mesh and boxes are not tested", "poses and depth that fit", "do that first")
        return
    shots = all_shots(groups)
    cloud = world_cloud(shots)
    checks = (
        check_up(scene, shots),
        check_mesh(scene, cloud),
        check_points(scene, cloud),
        check_own_points(scene),
        check_fill(scene, shots),
        check_boxes(scene, shots),
    )
    yield from (finding for finding in checks if finding is not None)
