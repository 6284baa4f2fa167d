"""A record as it is audited: its text with every mention of an object replaced by a token."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from qagen.audit.lengths import TextUnit, named_unit
from qagen.audit.parse import COLORS, ParsedMention, tokenize

MARK_KINDS = ("point", "bbox", "mask")
OF_PLACES = frozenset({"depth_order", "correspondence", "covisibility"})
"""Families whose points mark places of images instead of objects."""
ALIASES = {"anchor": "objectA"}
"""Tokens of objects that the evidence calls otherwise."""
_VIDEO, _IMAGES = "(?:the|this) video", "(?:the|these) images"
UNTOLD = re.compile(
    "(?:cannot be (?:told|answered|determined)|impossible to say|there is no way to tell) from "
    rf"(?:{_VIDEO}|{_IMAGES})|cannot be known from what (?:{_VIDEO} shows|{_IMAGES} show)|"
    rf"(?:{_VIDEO} leaves|{_IMAGES} leave) this open|(?:{_VIDEO} does|{_IMAGES} do) not (?:show enough to )?tell|"
    rf"not enough is shown in (?:{_VIDEO}|{_IMAGES}) to say|the (?:frames|views) shown are not enough to tell",
    re.IGNORECASE,
)
"""Options that say that the images do not tell."""
MIRROR_FOLDER = "_mirror"
"""Ending of the names of folders whose images have left and right exchanged."""
LONGEST_SET = 10
"""Records with more images show a video."""


@dataclass(frozen=True, slots=True)
class NamedObject:
    """An object that a question names by nothing but its label."""

    token: str
    """Its color in the evidence."""
    label: str
    """Its name."""
    image: int
    """Index of an image that shows it."""


@dataclass(frozen=True, eq=False)
class AuditRecord:
    """One record."""

    type: str
    """Name of the type's folder."""
    format: str
    """Answer format: fill, select, sentence or judge."""
    where: str
    """File and line, for messages."""
    raw: Mapping[str, Any]
    """The JSON object of the record."""
    evidence: Mapping[str, Any]
    """The JSON object of its evidence, lengths in units of the scene's world; empty where there is none."""
    scene: str
    """The scene that the id names."""
    task: Mapping[str, Any]
    """The parameters of its type, its family among them; empty for an unknown type."""
    human: str = field(init=False)
    """The whole question, mentions as tokens: @red, @object3, ..."""
    answer: str = field(init=False)
    """The answer, mentions as tokens."""
    mentions: list[ParsedMention] = field(init=False)
    """Mentions in question and answer, in the order of the text."""

    def __post_init__(self) -> None:
        names = {one.label: one.token for one in self.named}
        human, answer = (tokenize(turn["value"], self.colors, names) for turn in self.raw["conversations"])
        for name, value in (("human", human[0]), ("answer", answer[0]), ("mentions", [*human[1], *answer[1]])):
            object.__setattr__(self, name, value)

    def named_again(self, text: str) -> str:
        """The text with tokens for objects named by nothing but a label that only one mention of the question has."""
        tokens: dict[str, set[str]] = {}
        for mention in self.mentions:
            tokens.setdefault(mention.label, set()).add(mention.token)
        known = {label: min(of) for label, of in tokens.items() if len(of) == 1}
        longest_first = sorted(map(re.escape, known), key=len, reverse=True)
        named = re.compile(rf"\b(the) ({'|'.join(longest_first)})\b", re.IGNORECASE)
        return named.sub(lambda match: f"{match[1]} @{known[match[2].lower()]}", text) if known else text

    @property
    def id(self) -> str:
        return str(self.raw.get("id"))

    @property
    def marks_places(self) -> bool:
        """Whether its points mark places of images, whatever is there."""
        return self.task.get("family") in OF_PLACES

    @property
    def colors(self) -> list[str]:
        """Colors of the mark columns in their order, which is that of ``*_img_idx`` and of Object0, Object1, ..."""
        names = [key.partition("_") for key in self.raw]
        return list(dict.fromkeys(color for color, _, kind in names if color in COLORS and kind in MARK_KINDS))

    @property
    def colors_used(self) -> list[str]:
        """Those of the colors that it has marks of."""
        columns = (f"{color}_{kind}" for color in self.colors for kind in MARK_KINDS)
        return [name.partition("_")[0] for name in columns if self.raw.get(name) is not None]

    @cached_property
    def named(self) -> list[NamedObject]:
        """The objects that labels alone name: those of the evidence, where the type has no columns for marks."""
        if self.task.get("mark") != "none" or any(
            key.endswith(tuple(f"_{kind}" for kind in MARK_KINDS)) for key in self.raw
        ):
            return []
        rows = self.evidence.get("objects", ())
        tokens = [str(row.get("alias") or ALIASES.get(row["color"], row["color"])) for row in rows]
        return [NamedObject(token, row["label"], row["image"]) for token, row in zip(tokens, rows, strict=True)]

    @property
    def question(self) -> str:
        """The question up to its options or its answer form."""
        return self.human.split("\n")[0]

    @cached_property
    def unit(self) -> TextUnit | None:
        """The one unit of length that question and answer name; None where they name none or several."""
        return named_unit(self.human, self.answer)

    @property
    def images(self) -> list[str]:
        return list(self.raw["image"])

    @property
    def is_video(self) -> bool:
        return len(self.images) > LONGEST_SET

    @cached_property
    def frames(self) -> list[str]:
        """Names of the frames that the image paths name."""
        return [frame_of(path) for path in self.images]

    @cached_property
    def all_options(self) -> dict[str, str]:
        """Letter to option; empty in other formats."""
        found = re.findall(r"^([A-D])\. (.*)$", self.human, re.MULTILINE)
        return dict(found) if self.format == "select" else {}

    @cached_property
    def untold(self) -> str | None:
        """Letter of the option that it cannot be told; None where there is none."""
        return next((letter for letter, text in self.all_options.items() if UNTOLD.fullmatch(text)), None)

    @cached_property
    def options(self) -> dict[str, str]:
        """Letter to option, without the one that it cannot be told; empty in other formats."""
        return {letter: text for letter, text in self.all_options.items() if letter != self.untold}

    @property
    def group(self) -> str:
        """Name of its group; "" where it is in none."""
        return str((self.evidence.get("group") or {}).get("id", ""))

    @property
    def variant(self) -> str:
        """What it is in its group; "" where it is in none."""
        return str((self.evidence.get("group") or {}).get("variant", ""))

    @property
    def is_twin(self) -> bool:
        """Whether its images are said not to show what it asks about."""
        return self.variant == "unanswerable"

    @cached_property
    def tokens(self) -> list[str]:
        """Objects that the question mentions, in its order, each once."""
        return list(dict.fromkeys(re.findall(r"@(\w+)", self.question)))


def frame_of(path: str) -> str:
    """``17`` of ``scene/image_color/17.jpg`` and of ``scene/video_color/frame3_17.jpg``."""
    folder, _, name = path.rpartition("/")
    stem = name.rsplit(".", 1)[0]
    is_video = folder.removesuffix(MIRROR_FOLDER).endswith(("video_color", "video_depth"))
    return re.sub(r"^frame\d+_", "", stem) if is_video else stem


def is_mirrored(path: str) -> bool:
    """Whether an image has left and right exchanged."""
    return path.rpartition("/")[0].endswith(MIRROR_FOLDER)
