"""What scripts, benchmarks and tests share: proof-reading, gallery, golden records, random rooms, visibility check."""
