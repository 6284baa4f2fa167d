"""Templates and answer formats, which turn facts into English."""
