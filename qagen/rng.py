"""Random streams that depend on names alone, never on order, worker count or which other tasks run."""

import hashlib

import numpy as np


def stable_words(*names: str) -> list[int]:
    """Eight 32-bit words that name the strings, the same on every machine and in every Python."""
    digest = hashlib.sha256("\x1f".join(names).encode()).digest()
    return [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 32, 4)]


def rng_for(seed: int, *names: str) -> np.random.Generator:
    """The generator of (seed, names): ``rng_for(0, "scene0000_00", "depth_prediction_oc")``."""
    return np.random.default_rng(np.random.SeedSequence([seed, *stable_words(*names)]))
