"""qagen from Python: a thin face over what the commands use. Its names are in ``qagen``; see docs/python.md."""
