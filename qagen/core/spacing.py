"""A few of many, evenly spaced."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")


def evenly_spaced(items: Sequence[Item], count: int) -> list[Item]:
    """``count`` of the items in their order, the first and the last among them; all where there are no more."""
    return [items[i] for i in np.linspace(0, len(items) - 1, min(len(items), count)).astype(int)]
