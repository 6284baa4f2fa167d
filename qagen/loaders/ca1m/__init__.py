"""CA-1M: ARKitScenes' captures registered to laser scans, with boxes of all objects."""
