"""A scene with what its views show, looked at when it is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from qagen.audit.checks import Verdict
from qagen.audit.raycast import Crop, RayCaster, RenderedView
from qagen.audit.scene import AuditScene, AuditView, Instance, UprightBox

CENTER_NOISE_M = 0.02
POSE_NOISE_M, POSE_NOISE_DEG = 0.01, 0.5
DEPTH_NOISE = 0.01


@dataclass(eq=False)
class SceneTruth:
    """Ground, looks and, when it is a disturbed copy, where it came from."""

    ground: AuditScene
    """The scene."""
    caster: RayCaster
    """Rays at its surface."""
    noise: Generator | None = None
    """Of the depth images; None for the truth itself."""
    clean: "SceneTruth | None" = None
    """What this is a disturbed copy of."""
    fits: dict[tuple[str, int, tuple[int, ...]], Verdict] = field(default_factory=dict)
    """Whether boxes that needed a closer look fit: frame, thing and box to the outcome."""
    _looks: dict[str, RenderedView] = field(default_factory=dict)

    @classmethod
    def of(cls, ground: AuditScene) -> "SceneTruth":
        return cls(ground, RayCaster(ground))

    @property
    def things(self) -> Sequence[Instance]:
        return self.ground.things

    def view(self, name: str) -> AuditView | None:
        """The frame of that name, None when the scene has none."""
        return self.ground.views.get(name)

    def look(self, name: str) -> RenderedView:
        """What a frame shows."""
        if name not in self._looks:
            share = DEPTH_NOISE if self.noise is not None else 0.0
            self._looks[name] = self.caster.look(self.ground.views[name], self.noise, share)
        return self._looks[name]

    def closeup(self, name: str, region: tuple[float, ...]) -> Crop:
        """A part of a frame on a finer grid."""
        return self.caster.closeup(self.ground.views[name], region)

    def center(self, thing: int) -> NDArray[np.float64]:
        """(3,) of its box, world, metres."""
        return self.things[thing].block.center

    def disturbed(self, rng: Generator) -> "SceneTruth":
        """A copy whose box centres, poses and depth are as uncertain as measurements are."""
        things = tuple(_shaken(thing, rng) for thing in self.things)
        views = {name: replace(view, T_wc=_shaken_pose(view.T_wc, rng)) for name, view in self.ground.views.items()}
        return SceneTruth(replace(self.ground, things=things, views=views), self.caster, rng, self)


def _shaken(thing: Instance, rng: Generator) -> Instance:
    block = UprightBox(thing.block.center + rng.normal(0, CENTER_NOISE_M, 3), thing.block.size, thing.block.axes)
    return replace(thing, block=block)


def _shaken_pose(T_wc: NDArray, rng: Generator) -> NDArray:
    axis = rng.standard_normal(3)
    axis /= np.linalg.norm(axis)
    angle = np.radians(rng.normal(0, POSE_NOISE_DEG))
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    turn = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    shaken = T_wc.copy()
    shaken[:3, :3] = T_wc[:3, :3] @ turn
    shaken[:3, 3] += rng.normal(0, POSE_NOISE_M, 3)
    return shaken
