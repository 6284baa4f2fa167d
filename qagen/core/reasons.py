"""Why parts of a scene are left out: one list for all datasets.

A reason begins with what is left out. Loaders and qagen.visibility count them, report.json shows the counts as
``left_out``, and MEANINGS says what each means for the user.
"""

MEANINGS: dict[str, str] = {}
"""Reason to a sentence for the user: what it means, and what to do where something can be done."""


def _reason(name: str, meaning: str) -> str:
    MEANINGS[name] = meaning
    return name


INVALID_POSE = _reason(
    "frame: invalid pose",
    "The pose is not finite or not rigid, as where tracking was lost; if most frames are affected, poses are misread.",
)
NO_POSE = _reason("frame: no pose", "There is an image but no pose for it; check that the download is complete.")
NO_IMAGE = _reason("frame: no image", "There is a pose but no color image for it; check that the download is complete.")
NO_DEPTH = _reason(
    "frame: no depth",
    "Other frames of the scene have a depth image, this one does not; check that the download is complete.",
)
NO_INSTANCES = _reason(
    "frame: no instance image",
    "The images that show object and class of each pixel are missing; check that the download is complete.",
)
NOT_REGISTERED = _reason("frame: not registered", "COLMAP found no pose for the image; nothing to do.")
MARKED_BAD = _reason("frame: marked as bad", "The dataset's authors marked the image as bad; nothing to do.")
HELD_OUT = _reason(
    "frame: held out for view synthesis", "The image is a test image of the dataset's own benchmark; nothing to do."
)
MISSING_DEPTH = _reason(
    "frame: depth missing", "Most pixels of the depth image hold no depth, so visibility cannot be decided."
)
NO_SOURCE = _reason(
    "frame: neither depth nor instances",
    "Nothing tells which object a pixel shows; a mesh, depth or instance images are needed.",
)
REPEATED_VIEW = _reason(
    "frame: repeats a view", "The camera hardly moved since the frame before, or the scene has more frames than needed."
)
BLURRED = _reason("frame: blurred", "The image is much less sharp than the scene's others.")

NEVER_ASKED = _reason(
    "object: never asked about",
    "Room structure, people, and labels that name no single kind of object are not asked about.",
)
NO_SURFACE = _reason(
    "object: no surface", "The annotation names the object, but no part of the mesh belongs to it; images may show it."
)
TOO_SMALL = _reason(
    "object: too small", "Box or surface is no larger than a millimeter: damaged or placeholder annotation."
)
NO_BOX = _reason("object: no box", "The annotation has no usable box of the object.")
NO_LABEL = _reason("object: no clear label", "The pixels of the object do not agree on a class, so it has no name.")
NEVER_SEEN = _reason("object: never seen", "No image shows the object, so nothing names it.")
IN_REFLECTION = _reason(
    "object: in a region of reflections", "The dataset marks the region as reflections in mirrors and stray points."
)
NO_SURE_CENTER = _reason(
    "object: no sure center",
    "The box center is not the object's center: the annotation lies in pieces, or stray points stretch the box.",
)

NO_OUTLINE = _reason(
    "room: no clear outline", "The floor outline is missing, open or crosses itself, so room size is not asked about."
)
NO_LABELED_MESH = _reason(
    "scene: no mesh with segments", "Mesh or segments are missing, so boxes and depth alone tell what a pixel shows."
)

NO_GRAPH = _reason(
    "walk: no connectivity graph", "The walks need <scan>_connectivity.json of the Matterport3D simulator; add it."
)
NOT_ENGLISH = _reason("walk: not in English", "Only English instructions are kept.")
NO_WORDS = _reason("walk: no words", "The instruction is empty; test sets hide theirs.")
TOO_SHORT = _reason("walk: fewer than two viewpoints", "The path does not lead anywhere.")
OFF_GRAPH = _reason(
    "walk: leaves the connectivity graph", "Two viewpoints of the path are not linked: path and graph do not fit."
)
UNSEEN_VIEWPOINT = _reason(
    "walk: a viewpoint has no image along the way",
    "An image of the path is missing; check that the download is complete.",
)
