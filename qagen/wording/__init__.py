"""Templates and answer formats: where facts become English."""
