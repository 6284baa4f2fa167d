"""What each frame shows of each object."""
