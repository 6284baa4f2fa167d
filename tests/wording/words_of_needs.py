"""Words that only scenes with meters, or with gravity, allow."""

import re

UNIT = re.compile(
    r"\b(?:[mck]?m|m2|(?:square )?(?:(?:milli|centi|kilo)?met(?:er|re)s?)|feet|foot|ft|inch(?:es)?|yards?|miles?)\b",
    re.I,
)
"""A unit of length or area."""
GRAVITY = re.compile(
    r"\b(?:(?<!as )above|(?<!boxed )below|height|high(?:er|est)?|low(?:er|est)?|tall(?:er|est)?|upright|gravity|"
    r"vertical\w*|horizontal\w*|floor|level|heading|elevation|on top|underneath|beneath|yaw\w*)\b",
    re.I,
)
"""A word that means something only where it is known what is up; "as above" and "boxed below" mean the text."""
