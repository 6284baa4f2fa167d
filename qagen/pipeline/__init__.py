"""One run over many scenes: config, checkpoints, engines, merge and report."""
