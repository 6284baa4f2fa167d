"""Your own posed scans, described by a scene.json."""
