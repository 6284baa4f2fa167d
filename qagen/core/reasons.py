"""Why parts of a scene are left out and why questions are refused: one list for all datasets and task types.

A reason for leaving something out begins with what is left out: loaders and qagen.visibility count them, report.json
shows the counts as ``left_out``. The other reasons are those of a Skip, which report.json shows as ``skips`` or
``balanced_out`` of a task type. MEANINGS says what each means for the user.
"""

MEANINGS: dict[str, str] = {}
"""Reason to a sentence for the user: what it means, and what to do where something can be done."""
BALANCING: set[str] = set()
"""Reasons that keep answers even and questions different: what they leave out is no loss."""


def _balancing(name: str, meaning: str) -> str:
    BALANCING.add(name)
    return _reason(name, meaning)


def _reason(name: str, meaning: str) -> str:
    MEANINGS[name] = meaning
    return name


def meaning_of(counted: str) -> str:
    """The sentence for a reason as reports spell it, with or without a format before it; "" for none of the list."""
    return MEANINGS.get(counted) or MEANINGS.get(counted.partition(": ")[2], "")


INVALID_POSE = _reason(
    "frame: invalid pose",
    "The pose is not finite or not rigid, as where tracking was lost; if most frames are affected, poses are misread.",
)
OFF_VERTICAL = _reason(
    "frame: pose against gravity",
    "The pose puts the vertical elsewhere than the device felt it, so one of them is wrong; if many frames are "
    "affected, poses are misread.",
)
NO_POSE = _reason("frame: no pose", "There is an image but no pose for it; check that the download is complete.")
NO_CAMERA = _reason(
    "frame: no intrinsics", "There is an image but no file of its camera; check that the download is complete."
)
NO_IMAGE = _reason("frame: no image", "There is a pose but no color image for it; check that the download is complete.")
NO_DEPTH = _reason(
    "frame: no depth",
    "Other frames of the scene have a depth image, this one does not; check that the download is complete.",
)
NO_INSTANCES = _reason(
    "frame: no instance image",
    "The images that show object and class of each pixel are missing; check that the download is complete.",
)
MASK_ELSEWHERE = _reason(
    "frame: mask beside the object",
    "The mask does not show the object's points, or much that lies beside them, so it does not tell what the frame "
    "shows; nothing to do.",
)
NO_MASK = _reason(
    "frame: no mask",
    "The image that shows which pixels are the object is missing; check that the download is complete.",
)
UNSURE_TIME = _reason(
    "frame: unsure time",
    "The rate of the video varies so much that the frame's time may mean another image; nothing to do.",
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
TILTED_BOX = _reason(
    "object: tilted box",
    "The annotated box is tilted, and the upright box around it would be more than a fifth larger.",
)
NO_LABEL = _reason("object: no clear label", "The pixels of the object do not agree on a class, so it has no name.")
NEVER_SEEN = _reason("object: never seen", "No image shows the object, so nothing names it.")
HARDLY_MEASURED = _reason(
    "object: hardly measured", "Fewer than ten frames have depth on the object inside its mask, so it has no box."
)
FOOT_NOT_SEEN = _reason(
    "object: foot not seen",
    "No frame shows the object down to the plane that it stands on, as where it lies on a plate, so it has no box.",
)
SEVERAL_IN_MASK = _reason(
    "object: several in one mask", "The video shows several objects, and nothing tells which of them its masks cover."
)
IN_REFLECTION = _reason(
    "object: in a region of reflections", "The dataset marks the region as reflections in mirrors and stray points."
)
NO_SURE_CENTER = _reason(
    "object: no sure center",
    "The box center is not the object's center: the annotation lies in pieces, or stray points stretch the box.",
)
NOT_OBSERVED = _reason(
    "object: extent not observed",
    "No frame looks past some side of the object, so it may reach farther than its box; other views would help.",
)
NOT_WHOLE = _reason(
    "object: annotation incomplete",
    "A part of the object is annotated as something else or as nothing, or the annotation covers other things too.",
)

NO_OUTLINE = _reason(
    "room: no clear outline", "The floor outline is missing, open or crosses itself, so room size is not asked about."
)
NO_LABELED_MESH = _reason(
    "scene: no mesh with segments", "Mesh or segments are missing, so boxes and depth alone tell what a pixel shows."
)

NO_SUCH_SCENE = _reason(
    "image: no such scene",
    "This copy of the dataset has no scene of that name, or it cannot be read; get it and hydrate again.",
)
NO_SUCH_FRAME = _reason(
    "image: no such frame",
    "The scene is there, but makes no such image; check that the download is complete and of the same version.",
)
UNREADABLE_IMAGE = _reason("image: cannot be read", "The file is there, but damaged; get it again and hydrate again.")
OTHER_BYTES = _reason(
    "image: another file",
    "The run copied the file as the dataset has it, and this copy has another one: it is of another version of the "
    "dataset, or was encoded anew or cut.",
)
OTHER_ENCODING = _reason(
    "image: another encoding",
    "The image is computed from the dataset and encoded here: the dataset's file is another one, or the libraries are "
    "of other versions than the recipe names.",
)

NO_GRAPH = _reason(
    "walk: no connectivity graph",
    "The walks need the scan's connectivity file of the Matterport3D simulator; add it.",
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

NOT_WHOLE_CLIP = _reason(
    "clip: a file is missing", "Poses, intrinsics, indexes or video are not there; check that the download is complete."
)
UNREADABLE_ARRAY = _reason(
    "clip: unreadable file", "A file of the annotation is damaged, or is of another kind; download it again."
)
PICKLED_ARRAY = _reason(
    "clip: pickled array", "An array holds Python objects, and reading them could run code; nothing to do."
)
OTHER_POSES = _reason(
    "clip: poses of another form", "Poses are not rows of tx ty tz qx qy qz qw, so they would be misread; convert them."
)
NO_ROTATION = _reason("clip: no unit quaternions", "A pose is not finite or not rigid; nothing to do.")
PIXEL_INTRINSICS = _reason(
    "clip: intrinsics in pixels",
    "The pipeline's last step, which makes intrinsics fractions of the image, has not run; run it.",
)
DOUBTFUL_INTRINSICS = _reason(
    "clip: doubtful intrinsics", "The focal length is outside 0.2 to 5 image widths or changes along the clip."
)
ROWS_DIFFER = _reason(
    "clip: rows differ",
    "Poses, intrinsics, indexes, masks or depth differ in their number of rows; nothing tells which belong together.",
)
ROWS_OUT_OF_ORDER = _reason(
    "clip: rows out of order", "The row numbers are not 0, 1, 2 and so on, or their frames do not rise."
)
DAMAGED_MASKS = _reason("clip: damaged masks", "The masks of what moves are damaged or not of the video's size.")
DAMAGED_DEPTH = _reason("clip: damaged depth", "The depth archive is damaged, far too large or holds other images.")
UNREADABLE_VIDEO = _reason(
    "clip: unreadable video", "The video, or its first or last indexed frame, cannot be decoded; download it again."
)
SHORT_VIDEO = _reason(
    "clip: video too short", "The index names frames beyond the end of the video; check that the download is complete."
)
NO_FRAME_RATE = _reason(
    "clip: no frame rate",
    "Neither the video nor a table says how many frames a second there are, so times are unknown.",
)
TOO_FEW_ROWS = _reason(
    "clip: too few rows", "The published program fails on fewer than 3 rows (form standard); take the enhanced form."
)
REPEATED_CLIP = _reason("clip: repeated id", "Two clips have the same id, so their scenes would overwrite each other.")
TOO_FEW_FRAMES = _reason(
    "clip: too few frames", "The scene has fewer than two posed images at different times, so they are no video."
)
UNEVEN_TIMES = _reason(
    "clip: uneven times",
    "At a constant rate, most of the video would repeat images, or the rate is outside 0.01 to 240 a second; "
    "leave out the images that stand apart, or give regular times.",
)
UNREADABLE_SCENE = _reason(
    "scene: cannot be read", "A file of the scene is missing or damaged, or its parts contradict each other."
)
UNREADABLE_CAPTION = _reason(
    "clip: unreadable caption", "The caption is damaged or is of another kind; the clip is kept, captions are not used."
)
FALSE_CAPTION = _reason(
    "clip: caption contradicts the path",
    "The caption names a motion that the poses rule out, or denies one that is sure; the clip is kept, because "
    "captions are never the source of an answer.",
)
UNLIKE_ITS_FORM = _reason(
    "item: unlike its form",
    "A key of the item holds something else than records of SpaceVista have there; see the message.",
)
REPEATED_KEY = _reason(
    "item: repeated key", "An object of the item has a key twice, so one of the values would be lost; remove one."
)
COLLIDING_KEY = _reason(
    "item: colliding key", "Two values of the item would stand, or stand, under one key; rename one of them."
)
ITEM_WITHOUT_FRAMES = _reason("item: no frames", "The item's `videos` is empty or holds an empty list.")
VIDEO_PLACEHOLDERS = _reason(
    "item: wrong placeholders", "The text has another number of <video> than `videos` has lists; trainers refuse it."
)
FALSE_PROMPT = _reason(
    "item: impossible prompt",
    "A point, box or mask is no place in an image: outside, empty, reversed or not a number; it is never clipped.",
)
UNUSABLE_FRAME = _reason(
    "item: unusable frame",
    "A frame is missing below --root, leads out of it, or is no image; check that the download is complete.",
)
PROMPT_ON_NO_FRAME = _reason(
    "item: prompt on no frame",
    "The image of a point, box or mask is none of the item's frames, or more than one; nothing tells where to draw it.",
)
UNUSABLE_MASK = _reason(
    "item: unusable mask",
    "A mask is missing, holds Python objects, has another shape than its frame, or its ids select nothing in it.",
)
UNKNOWN_COLOR = _reason("item: unknown color", "A prompt has a color that cannot be drawn; the message names it.")
NOT_EXPRESSIBLE = _reason(
    "item: not expressible in the form",
    "The form asked for has no place for a prompt or for the item itself, see the message; the full form has the most.",
)
SEVERAL_KINDS_OF_MARKS = _reason(
    "item: marks of several kinds", "The preview's forms hold points, boxes or masks of an item; it is in all.json."
)
MARKS_WITH_NAMES = _reason(
    "item: marks with names",
    "The question calls marks by names, for which the preview's forms have no place; see all.json.",
)
MARKS_ON_SEVERAL_IMAGES = _reason(
    "item: marks on several images", "The preview's forms name one image for all marks of an item; it is in all.json."
)
MARKS_IN_OTHER_COLORS = _reason(
    "item: marks in other colors",
    "In the preview's forms the first mark is red, then blue, green and yellow; the item with others is in all.json.",
)
LISTED_ALONE = _reason(
    "clip: listed without files", "The table has a row of the clip, but there are no files; finish the download."
)
UNREADABLE_DEPTH_IMAGE = _reason(
    "frame: unreadable depth", "One depth image of the clip cannot be decoded; the frame is kept without depth."
)
IRREGULAR_ROWS = _reason(
    "clip: irregular rows", "Rows are not a fifth of a second apart; the clip is kept, with the times of its frames."
)

MISSING_VIDEO = _reason("video: no file", "The table names a video that is not there; check the download and --root.")
UNDECODABLE_VIDEO = _reason("video: cannot be decoded", "The file is damaged or is no video; download it again.")
CUT_OFF_VIDEO = _reason(
    "video: cut off", "The file holds broken packets, or less than its header tells; download it again."
)
DAMAGED_FRAMES = _reason(
    "video: damaged frames", "The decoder had to guess parts of a frame; download the video again."
)
UNUSUAL_VIDEO = _reason(
    "video: unusual size", "Frames change their size, or a side is not of 3 to 8192 pixels; scale the video."
)
BEYOND_VIDEO = _reason(
    "video: range beyond its end", "The table names frames that the video does not have; it may be another video."
)

NO_DEPTH_IMAGES = _reason(
    "no depth images", "Questions about places of images need measured depth, and the scene has no depth images."
)
UNSURE_DEPTH = _reason(
    "depth not sure",
    "Around the place, depth is not measured throughout, or not that of one smooth surface seen well enough.",
)
NO_PLACES = _reason(
    "no places to compare", "The image has too few places with sure depth that are clearly different; nothing to do."
)
NO_SCALE = _reason(
    "no metric scale",
    "The length of the scene's unit is unknown, so no length can be stated; declare it where it is known.",
)
NO_GRAVITY = _reason(
    "no gravity",
    "The scene's z axis is not known to be vertical, so nothing can be said of heights and headings.",
)
NO_OBJECTS = _reason("no objects", "The scene has no annotated objects to ask about.")
SURFACE_UNKNOWN = _reason(
    "surface unknown",
    "The scene has no mesh, depth or boxes, so nothing tells whether two images show the same place; add depth.",
)
UNIT_TOO_COARSE = _reason(
    "unit too coarse",
    "In the one unit in which the scene is told, the number would be printed with an error of more than 5 %.",
)
NO_VIDEO = _reason(
    "no video",
    "The scene has fewer frames than the shortest video (11), so nothing is asked about videos; keep more frames.",
)
NO_VIEWS = _reason(
    "no overlapping views",
    "No images show a common surface from different views; keep more frames, or ask about single images.",
)
TOO_FEW_OBJECTS = _reason(
    "too few objects",
    "The images show fewer annotated objects in full view than the question needs; more annotated objects help.",
)
MARKS_OVERLAP = _reason(
    "marks overlap", "Two marks would lie on the same place of an image, so nobody could tell which object is meant."
)
UNCLEAR_MASK = _reason(
    "unclear mask",
    "On the grid of mask marks the object is too small or too thin for an outline that fits it; use points or boxes.",
)
NO_CANDIDATE = _reason(
    "nothing to ask about",
    "No image, object or pair of overlapping images fits the type; see what was left out of the scene.",
)
SAME_WORDS = _balancing(
    "same words for the same images", "The sample would repeat an earlier one word by word; nothing to do."
)
CLASS_QUOTA = _balancing(
    "class quota reached",
    "There are enough questions with this answer; more would let a model guess. Nothing is wrong with the scene.",
)
NO_OPTIONS = _reason(
    "too few wrong options", "The scene does not offer enough wrong answers that differ clearly from the right one."
)
NEVER_UNANSWERABLE = _reason(
    "no unanswerable form",
    "With --unanswerable: images without the objects that a question of the type is about would still tell the answer, "
    "or lack a mark; there are no twins.",
)
NO_BLIND_IMAGES = _reason(
    "no images without the object",
    "With --unanswerable: too few other images surely show nothing of what the question needs; it gets no twin.",
)

AMBIGUOUS = _reason("ambiguous", "The difference that decides the answer is too small to be sure of the answer.")
NO_DIRECTION = _reason(
    "no clear direction", "The objects lie too close together along every axis, so no direction could be stated."
)
HEADING_UNDEFINED = _reason(
    "heading undefined", "The object to face is straight above or below the new viewpoint, so there is no heading."
)
NORTH_UNDEFINED = _reason(
    "north undefined", "The two objects that tell where north is lie too close together, or one over the other."
)
UNSURE_HEADING = _reason(
    "unsure heading", "The answer would change if the observer faced a point slightly beside the object's center."
)
AT_OBSERVER = _reason(
    "at the observer", "The object asked about lies at the observer's new viewpoint, so it has no direction from there."
)
OFF_THE_GRID = _reason(
    "off the grid",
    "With the given cells, an object lies outside of the grid, or too far from them to be sure of its cell.",
)
REACHES_ASIDE = _reason(
    "reaches to another side",
    "Seen from the viewpoint, much of the object lies in another direction than its center, as with a long couch.",
)
DISTANCE_TOO_SHORT = _reason(
    "distance too short", "Distances this short cannot be measured or estimated well enough from the scan."
)
TOUCHING = _reason(
    "objects touch", "The surfaces touch, or are so close that the detail of the scan does not tell how far apart."
)
SURFACE_NOT_OBSERVED = _reason(
    "surface not observed",
    "Parts of the objects that were not scanned may be closer to each other than those that were; views of the sides "
    "that face each other would help.",
)
RATIO_OUT_OF_RANGE = _reason(
    "ratio out of range", "The two distances are nearly equal, or so different that nobody could tell the ratio."
)
DIFFERENCE_TOO_SMALL = _reason(
    "difference too small", "The two depths are nearly equal, so their difference cannot be measured well enough."
)
MARKS_IN_ONE_IMAGE = _reason(
    "marks in one image", "All objects drawn are marked in the same image, so several images would not be needed."
)
POSSIBLY_CLOSER = _reason(
    "possibly closer object",
    "An object that is hardly visible, or annotated without geometry, might be the closest (or farthest) instead.",
)
POSSIBLY_UNANNOTATED = _reason(
    "possibly unannotated instance",
    "Surface that belongs to nothing is as large as an object of the label; annotate it, or name it.",
)
LABEL_NOT_UNIQUE = _reason(
    "label not unique", "Other visible objects have the same label too, so the label would not tell which is meant."
)
TOO_MANY_KINDS = _reason(
    "too many kinds", "The question would have to name more kinds of objects than `max_kinds` of the task's YAML."
)
BOXES_NOT_EXACT = _reason(
    "boxes not exact",
    "What the pixels show comes from 3D boxes and depth alone, too coarse for 2D boxes and masks; add a labeled mesh.",
)
VIEWS_ALIKE = _reason("views too alike", "Two images show nearly the same view, so the question would be trivial.")
NO_OBJECT_IN_BOTH = _reason("no object in both images", "No object is shown well enough in both images.")
UNCLEAR_CONTACT = _reason(
    "unclear contact",
    "The surfaces nearly meet, or meet in a way that has no clear word, as where a cushion leans on a couch; or the "
    "scan has fused them, as it does with things that stand closely side by side.",
)
FAR_APART = _balancing("far apart", "The objects lie so far apart that nobody would ask whether they touch.")
CONTACT_HIDDEN = _reason(
    "contact hidden", "The image does not show the place where the two objects meet or come closest, or only from afar."
)
NO_OBJECT_SURFACE = _reason(
    "no surface of objects",
    "Boxes do not tell what touches; a mesh whose faces are annotated with their objects is needed.",
)
PART_OF_A_WHOLE = _reason(
    "part of a whole",
    "The object covers another one, as a counter its cabinets, so people would take the height of both for its own.",
)
TOO_DIFFERENT = _reason(
    "too different",
    "One object is so much larger than the other that their names alone would tell.",
)
CUT_OFF = _reason("cut off by the image", "A part of the object lies outside the image, so its size cannot be seen.")
MOSTLY_OCCLUDED = _reason("mostly occluded", "Other objects hide most of the object, so its size cannot be seen.")
TOO_THIN = _reason("too thin", "A side of the object is so short that the blur of the scan would spoil its length.")
SEEN_END_ON = _reason(
    "seen end on", "The side points towards or away from the camera, so the image hardly shows how long it is."
)
EXTENT_NOT_OBSERVED = _reason(
    "extent not observed", "No frame shows where some side of the object ends, so its size may be larger than its box."
)
TOO_LITTLE_LABELED = _reason(
    "too little labeled",
    "Less than `min_complete` of the surface that the images show is annotated, or the boxes are of a short list of "
    "classes, so what is not annotated may be there all the same.",
)

OFTEN_OVERLOOKED = _reason(
    "often overlooked", "Small or common objects that annotators often leave out; absence of a label proves nothing."
)
NOT_COUNTABLE = _reason("not countable", "The label names a material, a pair or several things at once.")
AMBIGUOUS_LABEL = _reason(
    "ambiguous label", "Other labels of the scene may mean the same kind of object (chair, armchair); unify the labels."
)
WITHOUT_GEOMETRY = _reason(
    "annotated object without geometry",
    "The annotation names an object of the kind without placing it, so nobody knows which images show it.",
)
NOT_ALL_SHOWN = _reason(
    "not all instances shown", "The video does not show every instance well enough, so room and video may disagree."
)
TOO_MANY_INSTANCES = _reason("too many instances", "There are more instances than `max_count` of the task's YAML.")
NOT_IN_VIDEO = _reason("not in the video", "No frame of the video shows the object well enough.")
DOUBTFUL_SIGHTING = _reason(
    "doubtful sighting", "In some image or frame of the video it is unclear whether the object can be seen."
)
UNCLEAR_FIRST_SIGHTING = _reason(
    "unclear first sighting", "The video does not tell for sure in which frame an object of the label comes into view."
)
SIGHTINGS_TOO_CLOSE = _reason(
    "first sightings too close", "Two labels come into view at nearly the same time, so their order is unclear."
)
TOO_FEW_LABELS = _reason("too few labels", "The question needs four labels whose first sighting is clear.")

NO_SCAN = _reason(
    "no mesh or room outline", "Room size is read from a mesh or from the dataset's outline of the room; add one."
)
SEVERAL_FLOORS = _reason("several floors", "The cameras' heights suggest that the scan has more than one floor.")
ROOM_TOO_SMALL = _reason("room too small", "Floors this small are parts of a room rather than a room.")
UNCERTAIN_OUTLINE = _reason(
    "uncertain outline", "Other ways to measure the floor give another area, as where parts were not scanned."
)
WITHOUT_WALLS = _reason(
    "scan without walls",
    "Too little of the scan's outline has wall behind it, so the scan may end before the room does.",
)
ROOM_NOT_ALL_SHOWN = _reason(
    "room not all shown", "The video's frames show only a part of the scanned floor, so its area cannot be seen."
)

LOOKS_UP_OR_DOWN = _reason(
    "looks up or down",
    "A camera looks almost straight up or down, in the world or as the first camera sees it; its heading is undefined.",
)
ROLL_DIFFERS = _reason(
    "roll differs", "One of the two cameras is tilted sideways, so turns and moves could not be told apart."
)
HELD_ASKEW = _reason(
    "held askew",
    "The camera is tilted sideways, so left, right, above and below of the image are not those of the room.",
)
HALF_TURN = _reason("half turn", "The turn is so large that it is hard to tell which way it goes.")
ANGLE_TOO_SMALL = _reason("angle too small", "The angle is so small that nobody could judge it by eye.")
TOO_CLOSE_FOR_DIRECTION = _reason(
    "too close for a direction",
    "Seen from above, what is asked about is so close to the observer that a small error would change its direction.",
)
SHOWN_BY_OBSERVER = _reason(
    "shown by the observer",
    "The image whose camera is asked about may show the object itself, so the other images would not be needed.",
)
ONLY_ONE_HIDDEN = _reason(
    "only one hidden",
    "The first image shows all objects to choose from but one, which would be the answer at sight.",
)
TOO_CLOSE_AROUND = _reason(
    "camera too close to the object",
    "The camera is above the object, or so close that a small error of its place would change the angle around it.",
)
OBJECT_MOVED = _reason("object moved", "Measured depth passes through the object, which was elsewhere at that time.")
TURNS_BACK = _reason(
    "camera turns back", "On its way the camera turns back or aside, so that its whole turn is more than the net one."
)
IMAGES_APART = _reason(
    "images too far apart", "Two images in a row show too little in common to tell how the camera turned between them."
)
NO_CHANGE = _reason(
    "no change",
    "Between the two images, the camera hardly moved or turned, or hardly turned where turns alone are asked.",
)
CAMERA_NOT_AHEAD = _reason(
    "second camera not ahead", "The second camera stands beside or behind the first, outside its view."
)
CAMERA_OUTSIDE_IMAGE = _reason(
    "second camera outside the image", "The second camera's position lies outside the first image."
)
DOUBTFUL_MOTION = _reason(
    "doubtful motion",
    "Between the frames, the camera moves too little, too briefly or too shakily to say for sure what it does.",
)
SLIGHT_TURN = _reason("slight turn", "Two legs of the path differ so little in direction that they could be one.")
TOO_MANY_LEGS = _reason("too many legs", "The path has more turns than a short description can tell.")
LEG_TOO_SHORT = _reason("leg too short", "A part of the path is so short that it could be a mere look around.")
UNCLEAR_CORNERS = _reason("unclear corners", "Where the path turns depends on how closely it is followed.")
TRAJECTORY_GAP = _reason("gap in trajectory", "Recorded frames lie far apart, so the way between them is unknown.")
LOOKS_AROUND = _reason(
    "camera looks around",
    "The camera turns so far along a straight part that nobody would say it goes straight ahead.",
)
LOOKS_ASIDE = _reason(
    "camera walks backward", "On a straight part the camera looks back rather than ahead, so it does not go forward."
)
BACKTRACKS = _reason("camera backtracks", "Between its corners the camera goes back on its way.")
ROUTES_OVERLAP = _balancing("overlaps another route", "Another question already asks for most of this route.")
SINGLE_IMAGE_WALK = _reason("fewer than two images", "The walk has fewer than two different images.")
NOT_PLAIN_TEXT = _reason("not plain text", "The annotator's description holds markup, links or control characters.")
STATES_LENGTH = _reason(
    "states a length",
    "The annotator's description states a length, but the scene's scale is unknown, so it may not fit.",
)
TOO_FEW_WORDS = _reason("too few words", "The annotator's description is too short to give directions.")
TOO_MANY_WORDS = _reason("too many words", "The annotator's description is longer than `max_words` of the task's YAML.")
