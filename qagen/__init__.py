"""qagen turns 3D-annotated scenes into spatial question-answer data for vision-language models."""

__version__ = "0.1.0"
