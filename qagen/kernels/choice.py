"""Greedy choices among many candidates: spread over features, and in groups whose members all fit each other."""

import numpy as np
from numba import njit

from qagen.kernels import F64, I64, Bools

CROWDED = 1e6
"""Cost of a candidate with a feature that was used up."""


@njit(cache=True)
def pick_least_used(starts: I64, features: I64, weights: F64, cap: I64, jitter: F64, count: int) -> I64:
    """Pick candidates one by one, always the one whose features were used least so far; the first of equal ones.

    The cost of a candidate is the sum over its features of weight times uses, plus its jitter, plus ``CROWDED`` where
    one of its features was used as often as its cap allows. Uses are whole numbers and weights should be multiples of
    a power of two, so that sums are exact.

    Args:
        starts: (n + 1,) int64; candidate i has features[starts[i] : starts[i + 1]].
        features: int64 in [0, k), each at most once for a candidate.
        weights: (k,) float64.
        cap: (k,) int64, uses from which a feature is crowded.
        jitter: (n,) float64.
        count: how many to pick, at most n.

    Returns:
        (count,) int64 in the order in which they are picked.
    """
    owner_starts, owners = _owners(starts, features, len(weights))
    used = np.zeros(len(weights), np.int64)
    load, crowded, free = np.zeros(len(jitter)), np.zeros(len(jitter), np.bool_), np.ones(len(jitter), np.bool_)
    picked = np.empty(count, np.int64)
    for turn in range(count):
        best, least = -1, np.inf
        for i in range(len(jitter)):
            cost = load[i] + jitter[i]
            if crowded[i]:
                cost += CROWDED
            if free[i] and (best < 0 or cost < least):
                best, least = i, cost
        picked[turn] = best
        free[best] = False
        for feature in features[starts[best] : starts[best + 1]]:
            used[feature] += 1
            for i in owners[owner_starts[feature] : owner_starts[feature + 1]]:
                load[i] += weights[feature]
                crowded[i] |= used[feature] >= cap[feature]
    return picked


@njit(cache=True)
def _owners(starts: I64, features: I64, n_features: int) -> tuple[I64, I64]:
    """Candidates that have each feature: feature f is that of owners[owner_starts[f] : owner_starts[f + 1]]."""
    owner_starts = np.zeros(n_features + 1, np.int64)
    for feature in features:
        owner_starts[feature + 1] += 1
    owner_starts = np.cumsum(owner_starts)
    end, owners = owner_starts.copy(), np.empty(len(features), np.int64)
    for i in range(len(starts) - 1):
        for feature in features[starts[i] : starts[i + 1]]:
            owners[end[feature]] = i
            end[feature] += 1
    return owner_starts, owners


@njit(cache=True)
def group_fitting(fits: Bools, size: int) -> tuple[I64, I64]:
    """Group candidates that all fit each other: who has the fewest free partners starts, and the same joins first.

    Args:
        fits: (n, n) bool, symmetric, False on the diagonal.
        size: members of a group.

    Returns:
        (g, size) int64 groups, members in the order in which they joined, and (m,) int64 those that start none, in the
        order in which they were tried. Of candidates with equally many partners the first is taken.
    """
    n = len(fits)
    free, n_partners = np.ones(n, np.bool_), np.zeros(n, np.int64)
    for i in range(n):
        n_partners[i] = fits[i].sum()
    groups, ungrouped = np.empty((n // size, size), np.int64), np.empty(n, np.int64)
    n_groups, n_ungrouped = 0, 0
    while size * n_groups + n_ungrouped < n:
        members = _grow(_fewest(n_partners, free), fits, free, n_partners, size)
        if len(members) == size:
            groups[n_groups] = members
            n_groups += 1
        else:
            members = members[:1]
            ungrouped[n_ungrouped] = members[0]
            n_ungrouped += 1
        for member in members:
            free[member] = False
            for i in range(n):
                n_partners[i] -= fits[member, i]
    return groups[:n_groups], ungrouped[:n_ungrouped]


@njit(cache=True)
def _grow(seed: int, fits: Bools, free: Bools, n_partners: I64, size: int) -> I64:
    """A candidate and, one by one, those that fit all members so far, the ones with the fewest partners first."""
    members = np.full(size, -1, np.int64)
    members[0], count = seed, 1
    partners = fits[seed] & free
    while count < size:
        chosen = _fewest(n_partners, partners)
        if chosen < 0:
            break
        members[count] = chosen
        count += 1
        partners &= fits[chosen]
    return members[:count]


@njit(cache=True)
def _fewest(n_partners: I64, among: Bools) -> int:
    """The first candidate with the fewest partners among some; -1 when there are none."""
    best = -1
    for i in range(len(among)):
        if among[i] and (best < 0 or n_partners[i] < n_partners[best]):
            best = i
    return best
