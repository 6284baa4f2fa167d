"""When an object may be asked about and a frame used."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

Share = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """When an object may be asked about and a frame used. The defaults are those of tasks.md."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    visible_fraction: Share = 0.25
    """Least share of the object's own pixels that nothing hides."""
    in_image_fraction: Share = 0.5
    """Least share of the object's surface inside the image."""
    visible_pixels: Amount = 400.0
    """Least number of visible pixels of a 640 x 480 image."""
    loose_visible_fraction: Share = 0.4
    """In frames that are not exact (SceneViews.exact): least share of the box's outline that shows the object, ..."""
    loose_in_image_fraction: Share = 0.75
    """... least share of the box's surface inside the image, ..."""
    loose_visible_pixels: Amount = 600.0
    """... and least number of visible pixels of a 640 x 480 image."""
    min_depth_m: Amount = 0.3
    """Nearest depth of the object's centre, metres."""
    max_depth_m: Amount = 8.0
    """Farthest depth of the object's centre, metres."""
    depth_tolerance_m: Amount = 0.05
    """How far measured depth may lie from the mesh, metres, ..."""
    depth_tolerance_rel: Share = 0.025
    """... or as a share of the depth, whichever is more."""
    max_missing_depth: Share = 0.4
    """Frames with a larger share of missing depth are not used."""
    min_confirmed: Share = 0.3
    """Least share of the visible pixels that measured depth confirms, where the frame has depth."""
    min_sharpness: Share = 0.65
    """Frames less sharp than this share of the scene's median are not used."""
    max_frames: Annotated[int, Field(ge=1)] = 300
    """At most so many frames of a scene are looked at, spread over the camera's path."""
    frame_step_m: Amount = 0.05
    """A frame counts as new when the camera moved this far since the one before, metres, ..."""
    frame_step_deg: Amount = 4.0
    """... or turned this far, degrees."""
    piece_gap_m: Amount = 0.3
    """Surface points of an object farther than this from all others are another piece, metres."""
    max_piece_shift_m: Amount = 0.1
    """Objects whose centre would move farther without their smaller pieces are never asked about, metres."""
    max_stretch_m: Amount = 0.2
    """Nor are those whose centre would move farther without the outer tenth of their surface, metres, ..."""
    max_stretch_share: Share = 0.2
    """... and farther than this share of their length."""
    mark_inset: Share = 0.0125
    """Point marks lie this deep inside what is visible of the object where they can, as a share of image width."""
