"""A few records of every type and format, from the demo."""
