"""Matterport3D with R2R and Room-across-Room."""
