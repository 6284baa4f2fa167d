"""``qagen frames``: tables of what each frame shows of each object."""
