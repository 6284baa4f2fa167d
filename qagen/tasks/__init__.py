"""The task families, by name."""

from qagen.tasks._base import Family
from qagen.tasks.camera_motion import CameraMotion
from qagen.tasks.count import ObjectCount
from qagen.tasks.depth import Depth
from qagen.tasks.distance import Distance
from qagen.tasks.imagination import Imagination
from qagen.tasks.locate import Locate
from qagen.tasks.map import Map
from qagen.tasks.matching import Matching
from qagen.tasks.navigation import Navigation
from qagen.tasks.nearest import Nearest
from qagen.tasks.order import Order
from qagen.tasks.relation import Relation
from qagen.tasks.room import RoomArea
from qagen.tasks.view_change import ViewChange
from qagen.tasks.volume import Volume

FAMILIES: dict[str, type[Family]] = {
    family.name: family
    for family in (
        Depth,
        Distance,
        Nearest,
        Relation,
        Imagination,
        Map,
        Volume,
        Matching,
        CameraMotion,
        ViewChange,
        Locate,
        Order,
        ObjectCount,
        RoomArea,
        Navigation,
    )
}
