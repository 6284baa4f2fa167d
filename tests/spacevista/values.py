"""JSON values for hypothesis, and an equality that tells 1 from 1.0 and from true."""

import json
from typing import Any

from hypothesis import strategies as st

from qagen.spacevista.forms import CHILDREN, FLAT_KEYS, STRINGIFIED

TEXTS = st.text(max_size=8) | st.sampled_from(
    ["[1, 2]", "{}", "null", "48", "[True]", '"a"', "\ud800", "é\u2028\x00", "a,b"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.integers(10**30, 10**40) | TEXTS | st.just(-0.0)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)
KEYS = st.sampled_from([*FLAT_KEYS, *CHILDREN, "answer", "note", "bbox_", "point_x", "", ",", "{", "a,b"]) | st.text(
    max_size=4
)
CHILD_NAMES = st.sampled_from([*{name for _, names in CHILDREN.values() for name in names}, "other", ""])
PROMPTS = st.dictionaries(CHILD_NAMES, VALUES, max_size=4)
EXTRAS = st.builds(
    lambda extra, prompts: {key: value for key, value in {**extra, **prompts}.items() if key != STRINGIFIED},
    st.dictionaries(KEYS, VALUES, max_size=5),
    st.dictionaries(st.sampled_from(list(CHILDREN)), PROMPTS, max_size=3),
)
"""``extra_info`` with everything that JSON can hold."""


def exactly(value: Any) -> str:
    """Text that is the same for values that JSON cannot tell apart, keys in any order."""
    return json.dumps(value, sort_keys=True)
