"""Scoring of predictions: SPAR-Bench's metrics as the public scorers have them, strict ones, and both as rewards."""

from qagen.score.rewards import reward, reward_func

__all__ = ["reward", "reward_func"]
