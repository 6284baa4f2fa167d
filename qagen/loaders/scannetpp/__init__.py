"""ScanNet++."""
