"""uCO3D: turntable videos of single objects (sqlite database, PyTorch3D cameras)."""
