"""Object names as they appear in questions."""

import re
from functools import cache

NEVER_ASKED = frozenset(
    {
        "wall",
        "floor",
        "ceiling",
        "object",
        "objects",
        "unknown",
        "remove",
        "person",
        "people",
        "structure",
        "roof",
        "beam",
        "column",
        "pillar",
        "room",
        "otherstructure",
        "otherfurniture",
        "otherprop",
        "unlabeled",
        "unannotated",
        "void",
        "none",
        "misc",
        "stuff",
        "item",
        "items",
        "room structure",
        "other structure",
        "other furniture",
        "other prop",
        "case of structure",
    }
)
"""Labels that do not name a single object that questions can use (tasks.md, visibility)."""

_TAG = re.compile(r"<[^<>]*>")
_HUMP = re.compile(r"(?<=[a-z]{2})(?=[A-Z][a-z])")
"""Between the words of "CoffeeTable"; "iPad" and "TV" are one word."""


def clean_label(text: str) -> str:
    """The text in lower case, with single blanks and without anything that a trainer could parse as a tag."""
    plain = _TAG.sub(" ", text).replace("_", " ").replace("<", " ").replace(">", " ")
    return " ".join(_HUMP.sub(" ", plain).lower().split())


_CAPITALS = {
    word.lower(): word
    for word in (
        "TV", "CD", "DVD", "PC", "LED", "LCD", "CRT", "USB", "HDMI", "AC", "VCR", "VHS", "CPU", "GPS", "ATM", "HVAC",
        "VR", "FM", "DJ", "RC", "BBQ", "ID", "SD", "3D", "PS3", "PS4", "PS5", "HP", "UV", "IKEA", "LEGO", "iPad",
        "iPhone", "iPod", "iMac", "MacBook", "Xbox", "Nintendo", "Kinect", "Wii", "Wi-Fi", "T-shirt", "Christmas",
        "Halloween", "Jenga", "Rubik",
    )
}  # fmt: skip
_CAPITAL_WORD = re.compile(rf"\b({'|'.join(map(re.escape, _CAPITALS))})(s?)\b")


def with_capitals(label: str) -> str:
    """A label in lower case with the capitals of abbreviations and proper names: "TV stand", "T-shirts"."""
    return _CAPITAL_WORD.sub(lambda word: _CAPITALS[word[1]] + word[2], label)


_GROUP = re.compile(r"^(stack|pair|pile|row|set|group|bunch|roll)s? of ")
_PREPOSITION = re.compile(r"( (?:of|for|with|in|on|from|to|under|by) )")
_IRREGULAR = {"mouse": "mice", "child": "children", "man": "men", "woman": "women", "foot": "feet", "fish": "fish"}
_F_TO_VES = ("shelf", "leaf", "loaf", "scarf", "half", "calf", "wolf", "knife", "elf")
_O_TO_OES = ("potato", "tomato", "hero", "echo", "mango")
_SINGULAR_IN_S = ("ss", "us", "is", "gas", "canvas", "atlas", "lens", "thermos", "series", "news")
_PLURAL_IN_S = {"menus", "skis", "taxis", "kiwis"}
"""Plurals that end like one of the words before."""
_KEEP_E = {
    "cookie", "brownie", "pie", "tie", "necktie", "bowtie", "hoodie", "beanie", "onesie", "movie", "selfie", "zombie",
    "smoothie", "walkie-talkie", "niche", "axe", "pickaxe",
}  # fmt: skip
"""Words in -ie, -che and -xe, whose plurals look like those of words in -y, -ch and -x."""
_SINGULAR_OF = {several: one for one, several in _IRREGULAR.items()}


@cache
def kind_of(label: str) -> str:
    """A key in lower case that singular, plural and groups share: "book", "books" and "stack of books".

    Only for comparing labels; it need not be a word.
    """
    return "".join(map(_singular, _PREPOSITION.split(_GROUP.sub("", label.lower()))))


def _singular(phrase: str) -> str:
    before, blank, noun = phrase.rpartition(" ")
    return before + blank + _singular_noun(noun)


def _singular_noun(noun: str) -> str:
    """The singular of a noun, which may be one already."""
    if noun in _SINGULAR_OF or not noun.endswith("s") or _is_singular_in_s(noun):
        return _SINGULAR_OF.get(noun, noun)
    if noun[:-1] in _KEEP_E:
        return noun[:-1]
    if noun.endswith("ies"):
        return noun[:-3] + "y"
    if noun.endswith("ves"):
        singulars = (noun[:-3] + "f", noun[:-3] + "fe")
        return next((one for one in singulars if one.endswith(_F_TO_VES)), noun[:-1])
    is_long = noun.endswith(("ches", "shes", "xes", *(f"{word}es" for word in _O_TO_OES)))
    return noun[:-2] if is_long or (_is_singular_in_s(noun[:-2]) and not noun.endswith("ouses")) else noun[:-1]


def _is_singular_in_s(noun: str) -> bool:
    return noun.endswith(_SINGULAR_IN_S) and noun not in _PLURAL_IN_S


_ALIKE = (
    {"couch", "sofa", "loveseat", "sofa chair"},
    {"armchair", "sofa chair"},
    {"chair", "seat", "stool"},
    {"stool", "ottoman", "footrest", "bench"},
    {"table", "desk", "counter", "ottoman", "bar"},
    {"nightstand", "end table", "side table", "night table"},
    {"tv stand", "cabinet", "nightstand", "side table", "dresser"},
    {"cabinet", "cupboard", "wardrobe", "closet", "dresser", "armoire", "drawer", "pantry"},
    {"shelf", "bookcase", "rack", "storage organizer"},
    {"trash can", "garbage can", "bin", "waste basket"},
    {"basket", "hamper", "bin", "bucket"},
    {"tv", "television", "monitor", "screen", "display"},
    {"picture", "painting", "poster", "photo", "photograph", "artwork", "art", "decoration", "wall hanging"},
    {"bag", "backpack", "purse", "luggage", "suitcase"},
    {"pillow", "cushion"},
    {"lamp", "light", "lantern"},
    {"rug", "carpet", "mat"},
    {"curtain", "blind", "drape", "shade"},
    {"refrigerator", "fridge", "freezer"},
    {"box", "carton", "crate", "container", "case"},
    {"cup", "mug", "glass", "tumbler"},
    {"plant", "flower", "flowerpot", "tree"},
    {"shoe", "slipper", "boot", "sneaker", "sandal", "flip flop"},
    {"jacket", "coat", "sweater", "hoodie", "shirt", "clothe", "clothing"},
    {"laptop", "computer", "notebook"},
    {"sink", "basin"},
    {"stove", "oven", "range", "cooktop"},
    {"towel", "cloth", "blanket", "sheet", "rag"},
    {"toaster", "oven", "microwave"},
    {"printer", "copier", "scanner"},
)
"""Last words of names that people use for one another; a name may be in several sets."""


@cache
def may_be_called_alike(label: str, other: str) -> bool:
    """Whether a viewer may well use one name for both: "chair" and "office chair", "couch" and "sofa".

    Cautious: "can" and "trash can" count as alike, too. Questions about all objects of a name depend on it.
    """
    first, second = kind_of(label), kind_of(other)
    return first.endswith(_synonyms(second)) or second.endswith(_synonyms(first))


@cache
def _synonyms(kind: str) -> tuple[str, ...]:
    """The kind, and its variants with another last word: "leather couch" for "leather sofa"."""
    exchanged = {
        kind.removesuffix(old) + new for names in _ALIKE for old in names if kind.endswith(old) for new in names
    }
    return (*exchanged, kind)


_UNCOUNTABLE = (
    "cabinet", "cupboard", "counter", "countertop", "shelf", "curtain", "drape", "blind", "rail", "railing",
    "handrail", "banister", "pipe", "tube", "rod", "bar", "stair", "step", "ledge", "closet", "drawer", "tile",
    "divider", "partition", "panel", "cable", "wire", "light", "clothing", "laundry", "paper", "cloth", "luggage",
    "baggage", "food", "fruit", "trash", "garbage", "equipment", "mail", "bedding", "cardboard", "plastic",
    "foliage", "greenery", "soap", "detergent", "salt", "shampoo", "art", "artwork", "decoration", "hardware",
    "grass", "carpet", "machinery", "jewelry", "silverware", "cutlery", "bread", "makeup", "tape", "paper towel",
    "toothpaste", "lotion", "cream", "tupperware", "toiletry", "people", "series", "news", "gas",
)  # fmt: skip
"""Last words of names for stuff, and for objects that viewers count differently."""


def is_countable(label: str) -> bool:
    """Whether a label names one object with clear limits: not "books", "paper" or "counter"."""
    label = label.lower()
    return kind_of(label) == label and not f" {label}".endswith(tuple(f" {word}" for word in _UNCOUNTABLE))


_OVERLOOKED = (
    "backpack", "bag", "purse", "book", "notebook", "magazine", "folder", "binder", "bottle", "box", "carton",
    "case", "jar", "cup", "mug", "glass", "plate", "bowl", "pot", "pan", "dish", "shoe", "slipper", "boot",
    "sneaker", "sandal", "hat", "cap", "helmet", "jacket", "coat", "shirt", "sweater", "clothe", "sock", "pant",
    "towel", "blanket", "sheet", "pillow", "cushion", "paper", "poster", "picture", "photo", "painting", "sign",
    "calendar", "toy", "ball", "doll", "bear", "animal", "phone", "remote", "controller", "mouse", "keyboard",
    "laptop", "headphone", "speaker", "charger", "cord", "outlet", "switch", "candle", "vase", "flower", "plant",
    "flowerpot", "soap", "sponge", "brush", "mop", "broom", "umbrella", "tray", "basket", "container", "tupperware",
    "utensil", "knife", "tool", "envelope", "card", "pen", "pencil", "decoration", "statue", "hanger", "rag", "mat",
    "stuff", "detector", "alarm", "hook", "handle", "knob", "camera",
)  # fmt: skip
"""Last words of names for objects of which there are often many."""


def is_overlooked(label: str) -> bool:
    """Whether annotators often leave out some of these, so that their absence from the annotation means little."""
    return f" {kind_of(label)}".endswith(tuple(f" {word}" for word in _OVERLOOKED))


_SOUNDS_OPEN = re.compile(
    r"(?!u(?:ni(?![mn])|[kr][aeiou]|s[ae]|t[ei])|eu|one\b)[aeiou]|hour|honor"
    r"|(?!LEGO|IKEA)[AEFHILMNORSX](?:[A-Z]+\b|-)|IKEA"
)
"""Labels that begin with the sound of a vowel: "umbrella" and "LED lamp", not "utility cart"."""


def with_article(label: str) -> str:
    """The label of one thing with its article: "a chair", "an office chair", "an L-shaped couch"."""
    return f"{'an' if _SOUNDS_OPEN.match(label) else 'a'} {label}"


_IRREGULAR_PLURALS = {*_IRREGULAR.values(), "people"} - {"fish"}


def is_plural(label: str) -> bool:
    """Whether a label takes a plural verb: "glasses", "stairs with railing"; not "pair of scissors" or "glass"."""
    noun = _PREPOSITION.split(label.lower())[0].rpartition(" ")[2]
    return noun in _IRREGULAR_PLURALS or (noun.endswith("s") and not _is_singular_in_s(noun))


def plural_of(label: str) -> str:
    """The plural of a countable label: "chairs", "shelves", "cases of water bottles"."""
    phrase = _PREPOSITION.search(label)
    if phrase:
        return plural_of(label[: phrase.start()]) + label[phrase.start() :]
    *before, noun = label.split(" ")
    return " ".join([*before, _plural_noun(noun)])


def _plural_noun(noun: str) -> str:
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    if noun.endswith(_F_TO_VES):
        return re.sub("fe?$", "ves", noun)
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    is_sibilant = noun.endswith(("s", "x", "z", "ch", "sh", *_O_TO_OES))
    return f"{noun}es" if is_sibilant else f"{noun}s"
