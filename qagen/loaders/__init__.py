"""Dataset readers. Each undoes its dataset's conventions and hands over a qagen.core.scene.Scene."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qagen.loaders._base import Loader

LOADERS = {
    "arkitscenes": "qagen.loaders.arkitscenes:ARKitScenesLoader",
    "ca1m": "qagen.loaders.ca1m.loader:Ca1mLoader",
    "dl3dv": "qagen.loaders.dl3dv:DL3DVLoader",
    "hypersim": "qagen.loaders.hypersim.loader:HypersimLoader",
    "posed": "qagen.loaders.posed.loader:PosedLoader",
    "replica": "qagen.loaders.replica:ReplicaLoader",
    "rxr": "qagen.loaders.matterport.loader:MatterportLoader",
    "scannet": "qagen.loaders.scannet.loader:ScanNetLoader",
    "scannetpp": "qagen.loaders.scannetpp.loader:ScanNetPPLoader",
    "spar_rgbd": "qagen.loaders.spar_rgbd:SparRgbdLoader",
    "spatialvid": "qagen.loaders.spatialvid.loader:SpatialVidLoader",
    "structured3d": "qagen.loaders.structured3d.loader:Structured3DLoader",
    "threerscan": "qagen.loaders.threerscan:ThreeRScanLoader",
    "uco3d": "qagen.loaders.uco3d.loader:Uco3dLoader",
    "wildrgbd": "qagen.loaders.wildrgbd:WildRgbdLoader",
}
"""Dataset name to its loader class, imported when it is used."""


def make_loader(dataset: str, root: Path, boxes: Path | None = None) -> "Loader":
    """The loader of a dataset, by its name in LOADERS; with ``boxes``, objects come from that annotation file."""
    module, _, name = LOADERS[dataset].partition(":")
    loader = getattr(import_module(module), name)(root)
    if boxes is None:
        return loader
    from qagen.loaders.with_boxes import AnnotatedLoader

    return AnnotatedLoader(loader, boxes)
