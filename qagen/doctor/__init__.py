"""Tests of the data itself: whether poses, depth, cameras, boxes and labels fit together, before hours of work."""
