"""A held-out benchmark in SPAR-Bench's columns, drawn from a run's validation split."""
