"""The task families, by name."""

from qagen.tasks._base import Family
from qagen.tasks.camera_motion import CameraMotion
from qagen.tasks.depth import Depth
from qagen.tasks.distance import Distance
from qagen.tasks.matching import Matching
from qagen.tasks.relation import Relation
from qagen.tasks.view_change import ViewChange

FAMILIES: dict[str, type[Family]] = {
    family.name: family for family in (Depth, Distance, Relation, Matching, CameraMotion, ViewChange)
}
