"""One solver for each family of task types, each in a file of its own; the registry finds them there."""
