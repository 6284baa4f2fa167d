"""A scene with its rendered views, and copies of it under measurement noise."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from io import BytesIO

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from qagen.audit.belief import Belief
from qagen.audit.checks import Verdict
from qagen.audit.closest import SurfaceGaps
from qagen.audit.floor_plan import FloorPlan, floor_plan, wall_shares
from qagen.audit.raycast import Crop, RayCaster, RenderedView
from qagen.audit.scene import AuditScene, AuditView, Instance
from qagen.audit.unoccluded import Unoccluded

CENTER_NOISE_M = 0.02
POSE_NOISE_M, POSE_NOISE_DEG = 0.01, 0.5
DEPTH_NOISE = 0.01
"""Relative error of the depth images."""


@dataclass(eq=False)
class SceneTruth:
    """A scene, its rendered views and, for a perturbed copy, where it came from."""

    scene: AuditScene
    """The scene."""
    caster: RayCaster
    """Casts rays at its surface."""
    noise: Generator | None = None
    """Source of the noise of its depth images; None for the original."""
    original: "SceneTruth | None" = None
    """What this is a perturbed copy of."""
    fits: dict[tuple[str, int, tuple[int, ...]], Verdict] = field(default_factory=dict)
    """Whether boxes fit that needed finer rays, by frame, instance and box."""
    _rendered: dict[str, RenderedView] = field(default_factory=dict)
    _gray: dict[str, NDArray[np.float32] | None] = field(default_factory=dict)

    @classmethod
    def of(cls, scene: AuditScene) -> "SceneTruth":
        return cls(scene, RayCaster(scene))

    @cached_property
    def belief(self) -> Belief:
        """What of the scene's annotation may be believed."""
        return Belief(self.scene)

    @cached_property
    def gaps(self) -> SurfaceGaps:
        """The gaps between the scene's instances."""
        return SurfaceGaps(self.scene)

    @cached_property
    def plan(self) -> FloorPlan:
        """The scanned space from above."""
        return floor_plan(self.scene)

    @cached_property
    def wall_shares(self) -> tuple[float, float] | None:
        """Shares of its outline that surely, and that may, have a wall; None without a surface."""
        return None if self.scene.faces is None else wall_shares(self.plan.outline, self.belief.around)

    @cached_property
    def unoccluded(self) -> Unoccluded:
        """Views of the scene's instances, each without all others."""
        return Unoccluded(self.scene)

    @property
    def instances(self) -> Sequence[Instance]:
        return self.scene.instances

    def view(self, name: str) -> AuditView | None:
        """The frame of that name, None where the scene has none."""
        return self.scene.views.get(name)

    def rendered(self, name: str) -> RenderedView:
        """What a frame shows."""
        if name not in self._rendered:
            share = DEPTH_NOISE if self.noise is not None else 0.0
            self._rendered[name] = self.caster.render(self.scene.views[name], self.noise, share)
        return self._rendered[name]

    def luminance(self, name: str, instance: int) -> float:
        """Mean luminance, 0 to 255, of the pixels that show an instance in a frame; 255 without a color image."""
        if name not in self._gray:
            content, (h, w) = self.scene.views[name].read_color(), self.rendered(name).shown.shape
            gray = None if content is None else Image.open(BytesIO(content)).convert("L").resize((w, h))
            self._gray[name] = None if gray is None else np.asarray(gray, dtype=np.float32)
        gray, shown = self._gray[name], self.rendered(name).shown == instance
        return 255.0 if gray is None or not shown.any() else float(gray[shown].mean())

    def crop(self, name: str, region: tuple[float, ...]) -> Crop:
        """A region of a frame (left, top, right, bottom, thousandths) on a finer grid."""
        return self.caster.crop(self.scene.views[name], region)

    def center(self, instance: int) -> NDArray[np.float64]:
        """(3,) center of an instance's box, world, meters."""
        return self.instances[instance].box.center

    def perturbed(self, rng: Generator) -> "SceneTruth":
        """A copy whose box centers, poses and depth are as uncertain as measurements are."""
        instances = tuple(
            replace(one, box=replace(one.box, center=one.box.center + rng.normal(0, CENTER_NOISE_M, 3)))
            for one in self.instances
        )
        views = {name: replace(view, T_wc=_perturb_pose(view.T_wc, rng)) for name, view in self.scene.views.items()}
        return SceneTruth(replace(self.scene, instances=instances, views=views), self.caster, rng, self)


def _perturb_pose(T_wc: NDArray, rng: Generator) -> NDArray:
    axis = rng.standard_normal(3)
    axis /= np.linalg.norm(axis)
    angle = np.radians(rng.normal(0, POSE_NOISE_DEG))
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    rotation = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    perturbed = T_wc.copy()
    perturbed[:3, :3] = T_wc[:3, :3] @ rotation
    perturbed[:3, 3] += rng.normal(0, POSE_NOISE_M, 3)
    return perturbed
