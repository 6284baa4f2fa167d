"""One solver for each question family, independent of qagen.tasks."""
