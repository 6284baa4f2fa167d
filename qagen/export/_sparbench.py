"""What SPAR-Bench's scorers know: 20 task types, each in one answer format."""

CHOICES = (
    "obj_spatial_relation_oo",
    "obj_spatial_relation_oc_mv",
    "obj_spatial_relation_oo_mv",
    "spatial_imagination_oc",
    "spatial_imagination_oo",
    "spatial_imagination_oc_mv",
    "spatial_imagination_oo_mv",
    "position_matching",
    "camera_motion_infer",
    "distance_infer_center_oo",
    "distance_infer_center_oo_mv",
)
"""Scored by the letter of ``select``."""
NUMBERS = (
    "depth_prediction_oc",
    "depth_prediction_oo",
    "distance_prediction_oc",
    "distance_prediction_oo",
    "depth_prediction_oc_mv",
    "depth_prediction_oo_mv",
    "distance_prediction_oo_mv",
    "distance_prediction_oc_mv",
)
"""Scored by the number of ``fill``."""
VIEW_CHANGE = "view_change_infer"
"""Scored by the five numbers of ``fill``."""


def takes(type_name: str, format_name: str) -> bool:
    """Whether the scorers know what to do with samples of a type and format."""
    if format_name == "select":
        return type_name in CHOICES
    return format_name == "fill" and (type_name in NUMBERS or type_name == VIEW_CHANGE)
