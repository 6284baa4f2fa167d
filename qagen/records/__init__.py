"""Records as they lie on disk: reading, marks, shards and index entries."""
