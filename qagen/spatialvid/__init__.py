"""Commands for clips of SpatialVID: checking, and what is computed from their poses and videos."""
