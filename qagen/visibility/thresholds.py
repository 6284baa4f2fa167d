"""Limits for objects and frames that questions may use."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

Share = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Limits for objects and frames that questions may use. The defaults are those of tasks.md."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    visible_fraction: Share = 0.25
    """Least share of the object's own pixels that nothing hides."""
    in_image_fraction: Share = 0.5
    """Least share of the object's surface inside the image."""
    visible_pixels: Amount = 400.0
    """Least number of visible pixels of a 640 x 480 image."""
    loose_visible_fraction: Share = 0.4
    """Least share of the box's outline that shows the object, in frames that are not exact (SceneViews.exact)."""
    loose_in_image_fraction: Share = 0.75
    """Least share of the box's surface inside the image, in frames that are not exact."""
    loose_visible_pixels: Amount = 600.0
    """Least number of visible pixels of a 640 x 480 image, in frames that are not exact."""
    seen_fraction: Share = 0.1
    """Least share of the object's own pixels that nothing hides where an object counts as seen."""
    seen_pixels: Amount = 1500.0
    """Least number of visible pixels of a 640 x 480 image where an object counts as seen."""
    seen_luminance: Annotated[float, Field(ge=0, le=255)] = 20.0
    """Least mean luminance of its visible pixels, of 255, where an object counts as seen."""
    min_depth_m: Amount = 0.3
    """Nearest depth of the object's center, meters."""
    max_depth_m: Amount = 8.0
    """Farthest depth of the object's center, meters."""
    depth_tolerance_m: Amount = 0.05
    """Distance between measured depth and the mesh up to which they agree, meters."""
    depth_tolerance_rel: Share = 0.025
    """The same tolerance as a share of the depth; the larger of the two counts."""
    max_missing_depth: Share = 0.4
    """Frames with a larger share of missing depth are not used."""
    min_confirmed: Share = 0.3
    """Least share of the visible pixels that measured depth confirms, where the frame has depth."""
    min_sharpness: Share = 0.65
    """Frames less sharp than this share of the scene's median are not used."""
    max_frames: Annotated[int, Field(ge=1)] = 300
    """Largest number of frames of a scene that are measured, evenly spaced over the camera's path."""
    frame_step_m: Amount = 0.05
    """Movement of the camera after which a frame is a new view, meters."""
    frame_step_deg: Amount = 4.0
    """Rotation of the camera after which a frame is a new view, degrees."""
    piece_gap_m: Amount = 0.3
    """Gap between surface points of an object above which they belong to different pieces, meters."""
    max_piece_shift_m: Amount = 0.1
    """Skip objects whose box center shifts by more than this when only the largest piece is kept, meters."""
    max_stretch_m: Amount = 0.2
    """Skip objects whose box center shifts by more than this when the outer 10 % of the surface is trimmed, meters."""
    max_stretch_share: Share = 0.2
    """The same limit as a fraction of the longer side of the box; the larger of the two counts."""
    mark_border: Share = 0.02
    """Least distance of point marks from the image's border, as a share of its width."""
    mark_inset: Share = 0.0125
    """Depth of point marks inside the visible part of the object where possible, as a share of image width."""
    side_slab_m: Amount = 0.05
    """Depth of the slab beyond a side of a box that must be free for the side to be sure, meters."""
    side_touch_m: Amount = 0.03
    """Distance at which another surface ends an object, and least distance of its own surface to a side, meters."""
    side_own_share: Share = 0.05
    """The latter as a share of the box along that axis; the larger of the two counts."""
    side_share: Share = 0.5
    """Least share of a side that must be known to end the object."""
    max_center_shift_m: Amount = 0.1
    """Skip objects of which an unsure side could move the center by more than this, meters."""
    cut_short_above_m: Amount = 0.08
    """Surface lower than this above the floor is not missing from an object, meters."""
    cut_short_margin_m: Amount = 0.05
    """Surface this far beyond an object's footprint may be missing from it, meters."""
    cut_short_share: Share = 0.15
    """Largest area of surface that may be missing from an object, as a share of its own."""
    trimmed_share: Share = 0.05
    """Share of an object's surface that may have been painted by mistake."""
    min_box_fill: Share = 1 / 3
    """Least share of a box that the convex hull of its object fills; a box around less says nothing of its size."""
    max_trimmed_shrink: Share = 0.4
    """Sides that become shorter by more than this share without that surface are not believed."""
    sheet_m: Amount = 0.05
    """Surface thinner than this that belongs to nothing is left over from walls and floors, meters."""
    alike_least: Share = 0.8
    """Least side of such surface, as a share of an object's, where it may be another object of the label."""
    alike_most: Amount = 1.3
    """Largest side of such surface, as a share of an object's, where it may be another object of the label."""
    alike_height_m: Amount = 0.3
    """Difference of their heights above the floor up to which it may be another object of the label, meters."""
    part_margin_m: Amount = 0.1
    """Surface this close to an object's box belongs to the object, meters."""
    max_moved: Share = 0.2
    """Objects of which a larger share of the visible surface lies in front of measured depth have been moved."""
    min_complete: Share = 0.75
    """Least share of the shown surface that is annotated, for questions that rest on absence."""
