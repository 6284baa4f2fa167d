"""Depth as SpatialVID stores it: disparity in OpenEXR images of one channel of half floats, in a zip archive."""

import tempfile
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.loaders.spatialvid.depth import open_exr_module
from qagen.spatialvid.pack import NEAR_LIMIT


def add_depth(archive: zipfile.ZipFile, row: int, depth: NDArray[np.float32]) -> None:
    """Add the image of a row to an archive that is open for writing.

    Args:
        depth: (h, w) planar depth, units of the poses; what is not finite or not above 0 becomes disparity 0, which is
            none. Nearer depth than NEAR_LIMIT, which a half float cannot hold the inverse of, is stored as that.

    Raises:
        ConfigError: OpenEXR is not installed.
    """
    exr = open_exr_module()
    is_valid = np.isfinite(depth) & (depth > 0)
    disparity = np.divide(1, np.maximum(depth, NEAR_LIMIT), out=np.zeros_like(depth), where=is_valid)
    header = {"compression": exr.ZIP_COMPRESSION, "type": exr.scanlineimage}
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "depth.exr"
        exr.File(header, {"Z": disparity.astype(np.float16)}).write(str(path))
        archive.writestr(zipfile.ZipInfo(f"{row:05d}.exr"), path.read_bytes())
