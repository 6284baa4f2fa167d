"""Hypersim."""
