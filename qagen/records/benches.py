"""Question types of the public spatial benchmarks whose scorers and forms qagen has, as their data name them."""

VSI_CHOICES = (
    "obj_appearance_order",
    "object_rel_direction_easy",
    "object_rel_direction_hard",
    "object_rel_direction_medium",
    "object_rel_distance",
    "route_planning",
)
"""VSI-Bench: answered by a letter."""
VSI_NUMBERS = ("object_abs_distance", "object_counting", "object_size_estimation", "room_size_estimation")
"""VSI-Bench: answered by a number, scored by mean relative accuracy."""
VSI_DIRECTIONS = tuple(f"object_rel_direction_{level}" for level in ("easy", "medium", "hard"))
"""VSI-Bench: the types whose mean counts as one."""

REVSI_CHOICES = (
    *(f"object_rel_direction_{way}_{level}" for level in ("easy", "hard") for way in ("forward", "backward")),
    "object_rel_distance_closest",
    "object_rel_distance_farthest",
    "route_planning",
)
"""ReVSI: answered by a letter."""
REVSI_NUMBERS = (
    "object_counting_single",
    "object_counting_multiple",
    "object_abs_distance",
    "object_size_estimation",
    "room_size_estimation_single",
    "room_size_estimation_multiple",
)
"""ReVSI: answered by a number, scored by mean relative accuracy."""
REVSI_MERGED = {
    "object_rel_direction": REVSI_CHOICES[:4],
    "object_rel_distance": REVSI_CHOICES[4:6],
    "object_counting": REVSI_NUMBERS[:2],
    "room_size_estimation": REVSI_NUMBERS[4:],
}
"""ReVSI: the types whose mean counts as one, in the order in which they are added up."""

_PAIRS = ("Cam-Cam", "Obj-Obj", "Reg-Reg", "Cam-Obj", "Obj-Reg", "Cam-Reg")
MMSI = {
    **{f"Pos-{pair}": f"Positional Relationship ({pair.replace('-', '.–')}.)" for pair in _PAIRS},
    **{f"Attr-{what}": f"Attribute ({what}.)" for what in ("Meas", "Appr")},
    **{f"Motion-{what}": f"Motion ({what}.)" for what in ("Cam", "Obj")},
    "MSR": "MSR",
}
"""MMSI-Bench: its eleven types, VLMEvalKit's name to that of the data."""

VIEWSPATIAL = (
    "Camera perspective - Relative Direction",
    "Camera perspective - Object View Orientation",
    "Person perspective - Object View Orientation",
    "Person perspective - Relative Direction",
    "Person perspective - Scene Simulation Relative Direction",
)
"""ViewSpatial-Bench."""

MINDCUBE = ("rotation", "among", "around")
"""MindCube."""

BLINK = (
    "Art_Style",
    "Counting",
    "Forensic_Detection",
    "Functional_Correspondence",
    "IQ_Test",
    "Jigsaw",
    "Multi-view_Reasoning",
    "Object_Localization",
    "Relative_Depth",
    "Relative_Reflectance",
    "Semantic_Correspondence",
    "Spatial_Relation",
    "Visual_Correspondence",
    "Visual_Similarity",
)
"""BLINK."""
