"""Reading the sentences of a rationale back into the values of their steps.

A sentence has one pattern for each form of each kind of step. Numbers stay as they are printed, images become positions
counted from 0, and mentions of objects the roles that they stand for.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

NUMBER = r"-?\d+(?:\.\d+)?"
IMAGE = r"(?:[Ii]mage \d+|Frame-\d+)"
UNIT = r"(?:square )?(?:(?:milli|centi|kilo)?meters|d)"
SIDES = {"height": "height", "longer horizontal side": "width", "longest side": "longest"}
"""What texts call the sides that questions ask for."""
TALLER = {"taller": "height", "wider": "width", "longer": "longest"}
MOVES = {
    "move forward": "Dolly In", "move backward": "Dolly Out",
    "move to the right": "Truck Right", "move to the left": "Truck Left",
    "move down": "Pedestal Down", "move up": "Pedestal Up",
    "turn to the right": "Pan Right", "turn to the left": "Pan Left", "turn up": "Tilt Up", "turn down": "Tilt Down",
    "roll clockwise": "Roll CW", "roll counterclockwise": "Roll CCW", "stay still": "Stay",
}  # fmt: skip
"""What a camera does in plain words to the word of film."""
ASIDE = {
    "to the left": "left", "to the right": "right", "above": "above", "below": "below", "in front": "front",
    "behind": "behind", "closer": "closer", "farther": "farther",
}  # fmt: skip
SIDEWAYS = {
    "left": ("left_right", "left"), "right": ("left_right", "right"), "left or right": ("left_right", ""),
    "above": ("above_below", "above"), "below": ("above_below", "below"), "above or below": ("above_below", ""),
    "closer": ("closer_farther", "closer"), "farther": ("closer_farther", "farther"),
    "closer or farther": ("closer_farther", ""), "in front": ("front_behind", "front"),
    "behind": ("front_behind", "behind"), "in front or behind": ("front_behind", ""),
}  # fmt: skip
"""What texts call a direction to its axis and word; none where neither is clear."""
TURNS = {
    "90 degrees to the left": "left", "90 degrees to the right": "right", "around by 180 degrees": "round",
}  # fmt: skip
CONTACTS = {"rests on": "on", "is inside": "in", "touches": "touching", "is apart from": "apart"}
MORE = {"turns more": "turn", "moves farther": "move"}
PLURALS = ("Centers", "their centers are")
EXTREMES = {"shortest": "closest", "longest": "farthest"}
OUTERMOST = {"closest to": "closest", "farthest from": "farthest"}
BOUNDS = {"closest": "least", "farthest": "most"}

_SPAN = "Frame-{first:int} to Frame-{last:int}"
_FOLLOWED = "Followed along the recording, between the frames shown as well"
_OF_CAMERA = r"the axes of {camera:image}'s camera"
_AXES = r"\({}; {{unit:multiple}}\): {{points:points}}\."
_IN_CAMERA = rf"{{plural:center}} in {_OF_CAMERA} {_AXES.format('right, down, ahead')}"
FORMS: Mapping[str, str] = {
    "locate marks": r"{shown:shown}\.",
    "locate box": r"{image:image} shows the {of:thing} in the box {box:box}\.",
    "locate frames": r"Of all {total:int} frames, the {of:full} can be seen in {spans:spans} only\.",
    "locate all": r"The {of:full} can be seen in all {total:int} frames\.",
    "locate walk": r"The walk is shown in {images:int} images\.",
    "scale camera": r"Let d be the distance from {camera:image}'s camera to the center of the {of:thing}\.",
    "scale place": r"Let d be the distance from {camera:image}'s camera to the {of:object}\.",
    "scale pair": r"Let d be the distance between the centers of the {of:both}\.",
    "scale side": r"Let d be the {side:side} of the {of:object}\.",
    "scale depth": r"Let d be the depth of the camera of {of:image} in {camera:image}\.",
    "scale cameras": r"Let d be the distance between the cameras of {of:images}\.",
    "scale moves": rf"Let d be the largest move along any of the camera's axes from {_SPAN}\.",
    "scale way": rf"Let d be how far the camera moves from {_SPAN}\.",
    "scale instance": r"Let d be the distance from {camera:image}'s camera to the nearest one\.",
    "place camera": _IN_CAMERA,
    "place level": rf"{{plural:center}} from {{camera:image}}'s camera held level {_AXES.format('right, up, ahead')}",
    "place plan": rf"{{plural:center}} seen from above, in {_OF_CAMERA} {_AXES.format('right, ahead')}",
    "place map": rf"Centers seen from above, in {_OF_CAMERA} \(right, ahead; {{unit:multiple}}\): "
    r"{points:mapped}\.",
    "place corners": rf"Path seen from above, in {_OF_CAMERA} \(right, ahead; {{unit:multiple}}\): straight from "
    r"{corners:corners}\.",
    "transform camera": _IN_CAMERA,
    "transform moved": rf"{{plural:center}} from the {{at:object}}, facing the {{facing:object}}, upright "
    rf"{_AXES.format('right, up, ahead')}",
    "transform toward": r"{plural:center} seen from above, from the {at:object}, facing the {facing:object} "
    rf"{_AXES.format('right, ahead')}",
    "transform away": r"{plural:center} seen from above, from the {at:object}, facing away from the {facing:object} "
    rf"{_AXES.format('right, ahead')}",
    "transform north": r"{plural:center} seen from above, from the {at:object}, with the {facing:object} due north "
    rf"{_AXES.format('east, north')}",
    "offset pair": r"The offset from the center of the {start:object} to that of the {end:object} is {by:tuple} "
    r"{unit:unit}\.",
    "measure surface": r"In {image:image}, the surface at the {of:object} has a depth of {value:number} {unit:unit}\.",
    "measure depth": r"The depth of the center of the {of:object} in {image:image} is {value:number} {unit:unit}\.",
    "measure depths": r"The two depths differ by {value:number} {unit:unit}\.",
    "measure from_camera": r"The distance from {camera:image}'s camera is {to:reached}\.",
    "measure height": r"Along gravity, the center of the {of:object} is {by:height}\.",
    "measure away": r"From {camera:image}'s camera, {to:away}\.",
    "measure between": r"The distance from the center of the {start:object} {to:reaches}\.",
    "measure ratio": r"The larger of the two is {value:number} times the smaller\.",
    "measure gap": r"The closest points of the {of:both} are {value:number} {unit:unit} apart\.",
    "measure gaps": r"Between closest points, the distance from the {start:object} is {to:reached}\.",
    "measure side": r"The {side:side} of the {of:object} is {value:number} {unit:unit}\.",
    "measure sides": r"The upright box of the {of:object} has horizontal sides of {horizontal:two} {unit:unit} and a "
    r"height of {height:number} {unit_2:unit}\.",
    "measure area": r"The outline of the floor encloses {value:number} {unit:unit}\.",
    "measure areas": r"Measured in other ways, the area is between {least:number} and {most:number} {unit:unit}\.",
    "measure shown_area": r"The video shows {value:number} {unit:unit} of it\.",
    "measure walls": r"There are walls along {share:int}% of the outline\.",
    "measure heading": r"From {first:image} to {last:image}, the camera's heading turns {turn:to_the}, and its "
    r"elevation goes {tilt:up_by}, from {elevations:from_to}\.",
    "measure angles": r"From {first:image} to {last:image}, in its own axes, the camera turns {turn:to_the}, tilts "
    r"{tilt:degrees}, and rolls {roll:degrees}\.",
    "measure rotation": r"Together, these make one rotation of {value:number} degrees\.",
    "measure swept": rf"{_FOLLOWED}, its turns add up to {{value:number}} degrees\.",
    "measure around": r"Seen from above, the directions from the center of the {of:object} to the two cameras are "
    r"{value:number} degrees apart\.",
    "measure bearing": r"Seen from above, from straight ahead of {camera:image}'s camera: {to:bearings}\.",
    "measure turn": r"The center of the {of:object} is {turn:to_the} of straight ahead\.",
    "measure compass": r"From the {at:object}, the center of the {of:object} is {turn:degrees} from north\.",
    "measure way": rf"{_FOLLOWED}, its way is {{value:number}} {{unit:unit}}\.",
    "measure net": rf"From {_SPAN}, the camera gets {{value:number}} {{unit:unit}} away in a straight line\.",
    "measure turned": rf"From {_SPAN}, the camera turns {{value:number}} degrees in all\.",
    "measure moved": rf"From {_SPAN}, the camera moves {{value:number}} {{unit:unit}} in all\.",
    "measure along": rf"From {_SPAN}, the camera {{amounts:amounts}}\.",
    "measure motion": rf"From {_SPAN}, in its own axes, the camera {{amounts:amounts}}\.",
    "measure above": r"The lower end of the {of:object} is {by:above} the upper end of the {to:object}\.",
    "measure over": r"Seen from above, {share:int}% of the box of the {of:object} lies over that of the {to:object}\.",
    "measure inside": r"Of the box of the {of:object}, {share:int}% lies inside that of the {to:object}\.",
    "measure across": r"Across {image:image}, in coordinates from 0 to 1000, one sees {spread:spread}\.",
    "project ray": r"Divided by the third coordinate, the first two are {ray:tuple}\.",
    "project lens": r"With a focal length of {focal:tuple} and a principal point at {center:tuple} in coordinates from "
    r"0 to 1000, this projects to {point:tuple} in {camera:image}\.",
    "project place": r"In {image:image}, the place projects to {point:tuple} in coordinates from 0 to 1000, at a depth "
    r"of {value:number} {unit:unit}\.",
    "project outside": r"In {image:image}, the place projects to {point:tuple}, outside of the image, whose "
    r"coordinates go from 0 to 1000\.",
    "tally frames": r'Each object called "{label:text}" counts once, where it is seen best: {frames:tallies}\.',
    "tally total": r"The total is {value:int}\.",
    "tally shown": r'In view, there {value:objects} called "{label:text}"\.',
    "tally side": r"There {value:so_many} {direction:aside}\.",
    "sort sightings": r"The video first shows {first:sighted}\.",
    "sort starts": rf"From {_SPAN}, {{starts:starts}}\.",
    "sort order": r"In order of time: {order:order}\.",
    "compare relative": r"The {of:object} relative to the {to:object}, in {unit:multiple}: {slots:slots}\.",
    "compare first": r"After the move, in {unit:unit}, the first relative to the second: {slots:slots}\.",
    "compare moved": r"After the move, in {unit:unit}, the {of:object} is {slots:slots}\.",
    "compare before": r"Before the move, along {camera:image}'s camera axes and gravity, in {unit:unit}, the "
    r"{of:object} is {slots:slots}\.",
    "compare observer": r"The {of:object} relative to the observer, in {unit:multiple}: {slots:slots}\.",
    "compare offsets": r"From {camera:image}'s camera, compared with the {to:object}, "
    r"{plural:pronoun} {offsets:offsets}\.",
    "compare around": r"From {camera:image}'s camera, {plural:pronoun} {offsets:offsets}\.",
    "compare larger": r"Since {more:number} {unit:unit} is more than {less:number} {unit_2:unit}, the {side:taller} "
    r"one is the {of:object}\.",
    "compare extreme": r"The {extreme:extreme} of these is {value:number} {unit:unit}, to the {of:object}\.",
    "compare among": r"The {extreme:outermost} {camera:image}'s camera is the {of:thing} in this box, {value:number} "
    r"{unit:unit} away; all others asked about are at {bound:bound} {next:number} {unit_2:unit} away\.",
    "compare parts": r"Since {more:number} {unit:or_degrees} is more than {less:number} {unit_2:or_degrees}, the "
    rf"camera {{kind:more}} from {_SPAN}\.",
    "compare legs": r"Leg by leg, {legs:legs}\.",
    "compare holds": r"Of the moves to choose from, only one is clear: {move:doing}\.",
    "compare third": rf"It is clearly {{move:doing}} only from {_SPAN}\.",
    "compare same": r"Of these, only the {of:object} is at the place of the {to:object}\.",
    "compare shown": r"The depth measured there is {value:number} {unit:unit}, that of the same surface\.",
    "compare hidden": r"The depth measured there is only {value:number} {unit:unit}, so something nearer hides the "
    r"place\.",
    "compare ahead": r"After turning {way:turn}, the center of the {of:object} is {value:number} degrees from straight "
    r"ahead, that of any other at least {next:number} degrees\.",
    "compare contact": r"Therefore, the first {word:contact} the second\.",
    "answer plain": r"So the answer is {value:text}\.",
    "answer letter": r"So the answer is {letter:letter}: {value:text}\.",
    "answer sentence": r"So the answer is: {value:text}\.",
    "answer directions": r"So the answer is {value:directed}\.",
    "answer option": r"So the answer is {letter:letter}: {value:directed}\.",
    "answer moved": r"So the answer is: before the move, {before:directed}; after it, {value:directed}\.",
    "answer description": r"So the answer is the description that was written for this walk\.",
}
"""By kind and form, the pattern of its sentence, with ``{name:type}`` for each value."""


class UnreadableStepError(Exception):
    """A sentence, or a part of it, does not have its form."""


@dataclass(frozen=True, slots=True)
class Said:
    """A number as it is printed."""

    text: str

    @property
    def decimals(self) -> int:
        return len(self.text.partition(".")[2])


@dataclass(frozen=True)
class Reader:
    """Reads the sentences of one record."""

    full: Mapping[str, str]
    """Role by what the first sentence calls an object, in lower case."""
    short: Mapping[str, str]
    """Role by what later sentences call it."""
    labels: frozenset[str]
    """Names of the scene, in lower case."""

    def read(self, kind: str, form: str, says: str) -> dict[str, Any]:
        """The values of a sentence, by their names in the step. Raises UnreadableStepError."""
        pattern = FORMS.get(f"{kind} {form}")
        if pattern is None:
            raise UnreadableStepError(f"a known kind of step, found {kind} {form}")
        types, compiled = _compiled(pattern, _either(self.short), _either(self.full))
        match = compiled.fullmatch(says)
        if match is None:
            raise UnreadableStepError(f"a sentence of {kind} {form}")
        found = {name: self._value(types[name], text) for name, text in match.groupdict().items()}
        if "unit_2" in found and found.pop("unit_2") != found["unit"]:
            raise UnreadableStepError("one unit")
        if found.get("unit") == "degrees":
            del found["unit"]
        if "bound" in found and found.pop("bound") != BOUNDS[found["extreme"]]:
            raise UnreadableStepError("the distance that all others have at least, or at most")
        if "plural" in found:
            count = len(found["points"] if "points" in found else found["offsets"][0])
            if (found.pop("plural") in PLURALS) != (count > 1):
                raise UnreadableStepError("one center or several")
        return self._spread(f"{kind} {form}", found)

    def _spread(self, form: str, found: dict[str, Any]) -> dict[str, Any]:
        """Values that are read together, under their own names."""
        for name in ("to", "offsets", "by", "amounts", "legs"):
            if isinstance(found.get(name), tuple):
                found[name], unit = found[name]
                found |= {"unit": unit} if unit else {}
        if form == "measure along":
            ((found["move"], found["value"]),) = found.pop("amounts")
        return found

    def _value(self, kind: str, text: str) -> Any:
        return self._parsers[kind](text)

    @cached_property
    def _parsers(self) -> Mapping[str, Callable[[str], Any]]:
        return {
            "text": str,
            "letter": str,
            "int": Said,
            "number": Said,
            "unit": str,
            "multiple": lambda text: text.removeprefix("multiples of "),
            "image": _image,
            "object": lambda text: _lookup(self.short, text),
            "full": lambda text: _lookup(self.full, text),
            "thing": lambda text: (
                self.full.get(text.lower()) or self.short.get(text.lower()) or _named(text, self.labels)
            ),
            "both": lambda text: [_lookup(self.short, one) for one in _two(text, " and the ", self.short)],
            "side": SIDES.__getitem__,
            "taller": TALLER.__getitem__,
            "extreme": EXTREMES.__getitem__,
            "outermost": OUTERMOST.__getitem__,
            "bound": str,
            "objects": lambda text: _counted(text, "no object", "object", "objects"),
            "so_many": lambda text: _counted(text, "none"),
            "more": MORE.__getitem__,
            "contact": CONTACTS.__getitem__,
            "turn": TURNS.__getitem__,
            "aside": ASIDE.__getitem__,
            "doing": _doing,
            "tuple": lambda text: [Said(one) for one in text[1:-1].split(", ")],
            "box": lambda text: [Said(one) for one in text[1:-1].split(", ")],
            "two": lambda text: [Said(one) for one in text.split(" and ")],
            "from_to": lambda text: [Said(one) for one in text.split(" to ")],
            "to_the": lambda text: _pair(text, r"({n}) degrees to the (left|right)"),
            "degrees": lambda text: _pair(text, r"({n}) degrees (\w+)"),
            "up_by": lambda text: _pair(text, r"(?P<word>up|down) ({n}) degrees"),
            "above": lambda text: _above(text, ""),
            "height": lambda text: _above(text, " the camera"),
            "away": self._away,
            "spread": self._spread_out,
            "directed": _directed,
            "shown": self._shown,
            "points": self._points,
            "bearings": self._bearings,
            "images": lambda text: [_image(one) for one in text.split(" and ")],
            "mapped": lambda text: [
                [name, list(map(Said, place.split(", ")))]
                for name, place in _series_of(text, rf"(\w+): \(({NUMBER}, {NUMBER})\)")
            ],
            "corners": lambda text: [[Said(one) for one in place[1:-1].split(", ")] for place in text.split(" to ")],
            "reaches": self._reaches,
            "reached": self._reached,
            "center": str,
            "pronoun": str,
            "or_degrees": str,
            "spans": _spans,
            "tallies": lambda text: [[Said(b), Said(a)] for a, b in _series(text, r"(\d+) in Frame-(\d+)")],
            "sighted": lambda text: [[a, Said(b)] for a, b in _series(text, r"the (.+?) in Frame-(\d+)")],
            "order": self._order,
            "starts": _starts,
            "slots": lambda text: [_slot(part) for part in text.split(", ")],
            "offsets": _offsets,
            "amounts": _amounts,
            "legs": _legs,
        }

    def _shown(self, text: str) -> list[Any]:
        images = []
        for part in text.split("; "):
            match = re.fullmatch(rf"({IMAGE}) shows (.+)", part)
            if match is None:
                raise UnreadableStepError(f"what an image shows in {part!r}")
            images.append([_image(match[1]), self._things(match[2])])
        return images

    def _things(self, text: str) -> list[str]:
        return [_lookup(self.full, found) for (found,) in _series(text, rf"the ((?i:{_either(self.full)}))")]

    def _points(self, text: str) -> list[Any]:
        place = rf"\(({NUMBER}(?:, {NUMBER}){{1,2}})\)"
        return [[thing, list(map(Said, found.split(", ")))] for thing, found in self._at(text, place)]

    def _bearings(self, text: str) -> list[Any]:
        angle = rf"({NUMBER} degrees (?:left|right))"
        return [[thing, _pair(found, r"({n}) degrees (\w+)")] for thing, found in self._at(text, angle)]

    def _at(self, text: str, place: str) -> list[tuple[Any, str]]:
        """Objects and cameras, each with the text of its place, which is a group of the pattern."""
        thing, found = rf"(?:((?i:{_either(self.short)}))|camera of ({IMAGE}))", []
        item = re.compile(rf"{thing} at {place}(?:, (?=\S)|$)")
        at = 0
        while at < len(text):
            match = item.match(text, at)
            if match is None:
                raise UnreadableStepError(f"places in {text[at:]!r}")
            found.append((_lookup(self.short, match[1]) if match[1] else _image(match[2]), match[3]))
            at = match.end()
        return found

    def _reaches(self, text: str) -> tuple[list[Any], str]:
        names = _either(self.short)
        one = re.fullmatch(rf"to that of the ((?i:{names})) is ({NUMBER}) ({UNIT})", text)
        if one is not None:
            return [[_lookup(self.short, one[1]), Said(one[2])]], one[3]
        found = _series(text.removeprefix("is "), rf"({NUMBER}) ({UNIT}) to that of the ((?i:{names}))")
        if len(found) < 2 or not text.startswith("is "):
            raise UnreadableStepError(f"distances in {text!r}")
        return [[_lookup(self.short, name), Said(number)] for number, _, name in found], _one(u for _, u, _ in found)

    def _reached(self, text: str) -> tuple[list[Any], str]:
        names = _either(self.short)
        one = re.fullmatch(rf"({NUMBER}) ({UNIT}) to the center of the ((?i:{names}))", text)
        found = [one.groups()] if one else _series(text, rf"({NUMBER}) ({UNIT}) to the ((?i:{names}))")
        if one is None and len(found) < 2:
            raise UnreadableStepError(f"a distance to a center in {text!r}")
        return [[_lookup(self.short, name), Said(number)] for number, _, name in found], _one(u for _, u, _ in found)

    def _away(self, text: str) -> tuple[list[Any], str]:
        part = rf"the ((?i:{_either(self.short)})) is ({NUMBER}) ({UNIT}) away and, along gravity, ({NUMBER}) ({UNIT}) "
        found = re.fullmatch(rf"{part}(above|below); {part}(above|below)", text)
        if found is None:
            raise UnreadableStepError(f"two distances and heights in {text!r}")
        parts = (found.groups()[:6], found.groups()[6:])
        units = [unit for _, _, one, _, other, _ in parts for unit in (one, other)]
        told = [[_lookup(self.short, name), Said(far), [word, Said(high)]] for name, far, _, high, _, word in parts]
        return told, _one(units)

    def _spread_out(self, text: str) -> list[Any]:
        found = _series(text, rf"the ((?i:{_either(self.short)})) from (\d+) to (\d+)")
        return [[_lookup(self.short, name), Said(start), Said(end)] for name, start, end in found]

    def _order(self, text: str) -> list[str]:
        found = _series(text, r"(?:the (.+?)|((?:mov|turn|roll|stay)ing [a-z ]+ \([A-Za-z ]+\)))")
        return [name or _doing(move) for name, move in found]


_TYPES = {
    "int": r"\d+", "number": NUMBER, "unit": UNIT, "multiple": rf"(?:multiples of )?{UNIT}", "image": IMAGE,
    "letter": "[A-D]", "center": "Centers?", "pronoun": "their centers are|its center is",
    "or_degrees": f"degrees|{UNIT}", "side": "|".join(SIDES), "taller": "|".join(TALLER),
    "extreme": "|".join(EXTREMES),
    "outermost": "|".join(OUTERMOST), "bound": "least|most",
    "more": "|".join(MORE), "contact": "|".join(CONTACTS), "turn": "|".join(TURNS), "aside": "|".join(ASIDE),
    "box": r"\[\d+(?:, \d+){3}\]",
    "tuple": rf"\({NUMBER}(?:, {NUMBER})+\)", "two": f"{NUMBER} and {NUMBER}", "from_to": f"{NUMBER} to {NUMBER}",
}  # fmt: skip
"""Patterns of types; those that are not here take what the rest of the sentence leaves."""
_SLOT = re.compile(r"\{(\w+):(\w+)\}")


@lru_cache(maxsize=2000)
def _compiled(pattern: str, short: str, full: str) -> tuple[dict[str, str], re.Pattern[str]]:
    """The types of a pattern's values by name, and the pattern with the names that objects go by."""
    types = dict(_SLOT.findall(pattern))
    objects = {"object": f"(?i:{short})", "full": f"(?i:{full})", "both": f"(?i:{short}) and the (?i:{short})"}
    parts = {name: objects.get(kind) or _TYPES.get(kind, ".+?") for name, kind in types.items()}
    return types, re.compile(_SLOT.sub(lambda match: f"(?P<{match[1]}>{parts[match[1]]})", pattern))


def _series(text: str, item: str) -> list[tuple[str, ...]]:
    """The items of "a", "a and b", "a, b, and c", each as the groups of its pattern. Raises UnreadableStepError."""
    found: list[tuple[str, ...]] = []
    pattern, at, parts = re.compile(item), 0, []
    separator = re.compile(r", and | and |, ")
    while True:
        match = _longest(pattern, text, at, separator)
        if match is None:
            raise UnreadableStepError(f"a list in {text!r}")
        found.append(match.groups())
        parts.append(match[0])
        if match.end() == len(text):
            break
        gap = separator.match(text, match.end())
        assert gap is not None
        at = gap.end()
    told = f"{', '.join(parts[:-1])}, and {parts[-1]}" if len(parts) > 2 else " and ".join(parts)
    if told != text:
        raise UnreadableStepError(f"a list in {text!r}")
    return found


def _series_of(text: str, item: str) -> list[tuple[str, ...]]:
    """The items of "a, b, c", each as the groups of its pattern. Raises UnreadableStepError."""
    if re.fullmatch(rf"{item}(?:, {item})*", text) is None:
        raise UnreadableStepError(f"a list in {text!r}")
    return re.findall(item, text)


def _longest(pattern: re.Pattern[str], text: str, at: int, separator: re.Pattern[str]) -> re.Match[str] | None:
    """The first match from a place on that ends at the end of the text or before a separator."""
    ends = [match.start() for match in separator.finditer(text, at)]
    return next((match for end in [*ends, len(text)] if (match := pattern.fullmatch(text, at, end))), None)


def _either(names: Mapping[str, str]) -> str:
    """Pattern of any of these names."""
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) or "(?!)"


def _one(units: Any) -> str:
    found = set(units)
    if len(found) != 1:
        raise UnreadableStepError("one unit")
    return found.pop()


def _lookup(names: Mapping[str, str], text: str) -> str:
    if text.lower() not in names:
        raise UnreadableStepError(f"a name of one of the objects, found {text!r}")
    return names[text.lower()]


def _named(text: str, labels: frozenset[str]) -> str:
    if text.lower() not in labels:
        raise UnreadableStepError(f"a name of the scene, found {text!r}")
    return text


def _two(text: str, glue: str, names: Mapping[str, str]) -> tuple[str, str]:
    """Two names of objects joined by words that a name may have as well."""
    cuts = [match.start() for match in re.finditer(re.escape(glue), text)]
    pairs = [(text[:cut], text[cut + len(glue) :]) for cut in cuts]
    found = next((pair for pair in pairs if all(name.lower() in names for name in pair)), None)
    if found is None:
        raise UnreadableStepError(f"two objects, found {text!r}")
    return found


def _image(text: str) -> Said:
    kind, _, number = text.replace("-", " ").partition(" ")
    return Said(number if kind == "Frame" else str(int(number) - 1))


def _pair(text: str, pattern: str) -> list[Any]:
    """A word and a number."""
    match = re.fullmatch(pattern.format(n=NUMBER), text)
    if match is None:
        raise UnreadableStepError(f"an amount in {text!r}")
    word, number = match.groups() if "word" in match.groupdict() else match.groups()[::-1]
    return [word, Said(number)]


def _above(text: str, of: str) -> tuple[list[Any], str]:
    match = re.fullmatch(rf"({NUMBER}) ({UNIT}) (above|below){of}", text)
    if match is None:
        raise UnreadableStepError(f"a height in {text!r}")
    return [match[3], Said(match[1])], match[2]


def _doing(text: str) -> str:
    """The word of film for what a camera is doing, which must agree with the plain words."""
    match = re.fullmatch(r"(mov|turn|roll|stay)ing ([a-z ]+) \(([A-Za-z ]+)\)", text)
    if match is not None:
        verb = "move" if match[1] == "mov" else match[1]
        if MOVES.get(f"{verb} {match[2]}") == match[3]:
            return match[3]
    raise UnreadableStepError(f"a move in {text!r}")


def _spans(text: str) -> list[Any]:
    return [[Said(a), Said(b or a)] for a, b in _series(text, r"Frame-(\d+)(?: to Frame-(\d+))?")]


def _counted(text: str, none: str, one: str = "", many: str = "") -> Said:
    """The number in "is no object", "is 1 object", "are 2 objects"."""
    if text == f"is {none}":
        return Said("0")
    match = re.fullmatch(r"(is|are) (\d+) ?(.*)", text)
    if match is None or match.groups() != (("is", "1", one) if match[2] == "1" else ("are", match[2], many)):
        raise UnreadableStepError(f"a number of objects in {text!r}")
    if match[2] == "0":
        raise UnreadableStepError(f"none, found {text!r}")
    return Said(match[2])


def _starts(text: str) -> list[Any]:
    places = r"(?:at Frame-(\d+)|between Frame-(\d+) and Frame-(\d+))"
    found = _series(text, rf"([a-z ]+ \([A-Za-z ]+\))(?: starts)? {places}")
    return [[_doing(move), [Said(at or before), Said(at or after)]] for move, at, before, after in found]


def _slot(text: str) -> list[Any]:
    match = re.fullmatch(rf"({NUMBER}) ([a-z ]+)|hardly ([a-z ]+) \(({NUMBER})\)", text)
    way = match and SIDEWAYS.get(match[2] or match[3])
    if match is None or way is None or bool(way[1]) != bool(match[2]):
        raise UnreadableStepError(f"a direction in {text!r}")
    return [*way, Said(match[1] or match[4])]


def _directed(text: str) -> list[Any]:
    """Directions without amounts; those of two objects as the observer sees them come last."""
    found: list[Any] = []
    for part in text.split(", "):
        which, way = re.fullmatch(r"(both |the first |the second )?(.+)", part).groups()  # type: ignore[union-attr]
        axis, word = SIDEWAYS.get(way, ("", ""))
        if not word or (which is not None and axis != "front_behind"):
            raise UnreadableStepError(f"a direction in {part!r}")
        ordinals = {None: (), "both ": ("first_", "second_")}.get(which) or [f"{which.split()[1]}_" if which else ""]
        found += [[f"{ordinal}{axis}", word] for ordinal in ordinals]
    return found


def _offsets(text: str) -> tuple[list[Any], str]:
    found = _series(text, rf"({NUMBER}) ({UNIT}) ({'|'.join(ASIDE)})")
    return [[ASIDE[word], Said(number)] for number, _, word in found], _one(unit for _, unit, _ in found)


def _amounts(text: str) -> tuple[list[Any], str | None]:
    found = _series(text, rf"(move|turn|roll)s ({NUMBER}) (degrees|{UNIT}) ([a-z ]+?)")
    if any((verb == "move") == (unit == "degrees") for verb, _, unit, _ in found):
        raise UnreadableStepError(f"lengths of moves and degrees of turns in {text!r}")
    units = [unit for verb, _, unit, _ in found if verb == "move"]
    moves = [[MOVES.get(f"{verb} {way}"), Said(number)] for verb, number, _, way in found]
    return moves, _one(units) if units else None


def _legs(text: str) -> tuple[list[Any], str]:
    legs, units = [], []
    for leg in text.split(", then "):
        match = re.fullmatch(rf"turn ({NUMBER}) degrees (left|right) and go ({NUMBER}) ({UNIT})", leg)
        if match is None:
            raise UnreadableStepError(f"a leg in {leg!r}")
        legs.append([match[2], Said(match[1]), Said(match[3])])
        units.append(match[4])
    return legs, _one(units)
