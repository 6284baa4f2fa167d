"""What a ScanNet object is called in a question, and which objects are room structure.

Annotators typed free text (``raw_category``). The label map ``scannetv2-labels.combined.tsv`` gives each text a
cleaner ``category`` and a class of NYUv2's forty (``nyu40class``).

* The name is the map's ``category``: it joins spellings and synonyms that would otherwise look like different kinds
  ("wardrobe closet" and "wardrobe", "staircase" and "stairs", "table lamp" and "lamp").
* Where the map turns a group into one of its members ("books" to "book", "stack of chairs" to "chair") the raw text
  stays: a size or a count of "the book" would be untrue of a shelf of books.
* The join passes over blanks, because the map and the scans disagree about them ("trashcan", "trash can").
* A few typing errors that category keeps are put right.
* Class names of closed lists (ScanNet's 18 and 200, SUN RGB-D's, NYUv2's forty, ARKitScenes', EmbodiedScan's) come in
  many spellings, some of them run together ("garbagebin", "night_stand", "CoffeeTable"); people write "trash can".
* Abbreviations have their capitals: "TV stand".
* The forty-class names are no better: they hold "otherprop" for half of all labels and misspell "refridgerator".

Room structure is never asked about: the classes wall, floor, ceiling and person, and by name whatever ends in wall,
floor, ceiling, beam, column, pillar or doorframe ("shower walls" has no map entry in every version of the file).
The class otherstructure is no criterion, as it holds stoves, ovens, stairs and blackboards next to pillars; doors,
windows and windowsills can be pointed at and stay.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qagen.core.labels import NEVER_ASKED, clean_label, with_capitals
from qagen.core.scene import NEVER_ASKED_THING, STRUCTURE, UNLABELED
from qagen.loaders.io.tables import read_table

LABEL_MAP = "scannetv2-labels.combined.tsv"
_COLUMNS = ("raw_category", "category", "nyu40class")
_STRUCTURE_CLASSES = frozenset({"wall", "floor", "ceiling", "person"})
_STRUCTURE_ENDINGS = ("wall", "floor", "ceiling", "beam", "column", "pillar", "doorframe", "door frame")
_WRITTEN = (
    "air conditioner", "alarm clock", "armchair", "ball chair", "bar stool", "bathroom cabinet", "bathroom counter",
    "bathroom stall", "bathroom stall door", "bathroom vanity", "bathtub", "bean bag", "bed frame", "bedside table",
    "blackboard", "bookcase", "bookshelf", "bulletin board", "cabinet door", "CD case", "ceiling fan",
    "ceiling light", "chest of drawers", "cleaning tool", "closet door", "clothes dryer", "clothes hanger",
    "coat hanger", "coat rack", "coffee kettle", "coffee machine", "coffee maker", "coffee table", "computer desk",
    "computer tower", "conference table", "countertop", "cupboard", "cutting board", "desk lamp", "dining chair",
    "dining table", "dish rack", "dishwasher", "display case", "doorknob", "DVD player", "end table",
    "exercise bike", "exercise equipment", "exercise machine", "file cabinet", "filing cabinet", "fire alarm",
    "fire extinguisher", "fireplace", "floor lamp", "floor mat", "flowerpot", "folded chair", "folding chair",
    "footstool", "garage door", "grab bar", "guitar case", "hairbrush", "hair dryer", "hand towel",
    "hand sanitizer dispenser", "headboard", "headphones", "ironing board", "keyboard piano", "kitchen cabinet",
    "kitchen counter", "kitchen island", "kitchen towel", "laundry basket", "laundry detergent", "laundry hamper",
    "light switch", "loveseat", "mailbox", "messenger bag", "mini fridge", "music book", "music stand",
    "night lamp", "nightstand", "office chair", "paper bag", "paper cutter", "paper towel",
    "paper towel dispenser", "paper towel roll", "picture frame", "ping pong table", "pool table", "potted plant",
    "power outlet", "power strip", "projector screen", "range hood", "recycling bin", "remote control",
    "rice cooker", "round table", "shoe rack", "shower curtain", "shower curtain rod", "shower door",
    "shower head", "side table", "soap dish", "soap dispenser", "sofa bed", "sofa chair", "stair rail",
    "storage bin", "storage box", "storage container", "storage organizer", "stuffed animal", "suitcase",
    "table lamp", "tennis racket", "tissue box", "toaster oven", "toilet paper", "toilet paper dispenser",
    "toilet paper holder", "toilet seat cover dispenser", "toothbrush", "toothpaste", "towel rack", "trash can",
    "TV stand", "vacuum cleaner", "vending machine", "wall clock", "wardrobe", "washbasin", "washing machine",
    "wastebasket", "water bottle", "water cooler", "water heater", "water pitcher", "whiteboard", "window frame",
    "windowsill",
)  # fmt: skip
"""Class names of several words, and of words that people write as one."""
_OTHERWISE = {
    "bycicle": "bicycle",
    "bodyloofah": "loofah",
    "buildincabinet": "built-in cabinet",
    "builtincabinet": "built-in cabinet",
    "conductingwire": "wire",
    "diningtabel": "dining table",
    "dumbell": "dumbbell",
    "excerciseequipment": "exercise equipment",
    "garbagebin": "trash can",
    "garbagecan": "garbage can",
    "handsanitzerdispenser": "hand sanitizer dispenser",
    "jalousie": "blinds",
    "loofa": "loofah",
    "refridgerator": "refrigerator",
    "rubbishbin": "rubbish bin",
    "showercurtrain": "shower curtain",
    "trashbin": "trash can",
    "tshirt": "T-shirt",
    "wifirouter": "Wi-Fi router",
}
"""What people write, for names that are misspelled or unusual; keys have neither blanks nor hyphens."""
_SPELLINGS = {name.replace(" ", "").lower(): name for name in _WRITTEN} | _OTHERWISE
_SHELL = ("wall", "floor", "ceiling", "roof")
_NOTHING = frozenset({"", "unknown", "remove", "unlabeled", "unannotated", "undefined", "void", "none"})
_VAGUE = frozenset({"ledge", "frame", "glass", "wood", "furniture", "legs"})


@dataclass(frozen=True, slots=True)
class LabelEntry:
    """One line of the label map."""

    category: str
    """Cleaned name."""
    nyu40class: str
    """Class of NYUv2's forty."""


def read_label_map(path: Path) -> dict[str, LabelEntry]:
    """Read the map by raw label without blanks; the first and most frequent spelling wins. Raises SceneError."""
    label_map: dict[str, LabelEntry] = {}
    for raw, category, nyu40class in read_table(path, _COLUMNS, separator="\t"):
        label_map.setdefault(_key(raw), LabelEntry(clean_label(category) or clean_label(raw), nyu40class))
    return label_map


def name_object(raw: str, label_map: Mapping[str, LabelEntry]) -> str | None:
    """The name to use in questions, or None where the object is never asked about.

    Args:
        raw: the annotator's text.
        label_map: from read_label_map; may be empty.
    """
    entry = label_map.get(_key(raw))
    label = clean_label(raw)
    is_group = entry is not None and label.endswith("s") and not entry.category.endswith("s")
    if entry is not None and not is_group:
        label = entry.category
    singular = label.removesuffix("s")
    if not label or {label, singular} & (NEVER_ASKED | _VAGUE) or singular.endswith(_STRUCTURE_ENDINGS):
        return None
    if entry is not None and entry.nyu40class in _STRUCTURE_CLASSES:
        return None
    return spelled(label)


def spelled(label: str) -> str:
    """A clean label as people write it: "trash can" for "garbagebin", "coffee tables" for "coffeetables"."""
    key = _key(label).replace("-", "")
    plural = _SPELLINGS.get(key.removesuffix("s"))
    if key in _SPELLINGS:
        return _SPELLINGS[key]
    return f"{plural}s" if plural and key.endswith("s") else with_capitals(label)


def surface_owner(raw: str) -> int:
    """The owner of faces of something that is not asked about: STRUCTURE, UNLABELED or NEVER_ASKED_THING.

    Args:
        raw: the annotator's text.
    """
    label = clean_label(raw)
    if label in _NOTHING:
        return UNLABELED
    return STRUCTURE if label.removesuffix("s").endswith(_SHELL) else NEVER_ASKED_THING


def _key(raw: str) -> str:
    return clean_label(raw).replace(" ", "")
