"""Training mixes: how much of each dataset, type, format and level, as repeat times or as one shuffled file."""
