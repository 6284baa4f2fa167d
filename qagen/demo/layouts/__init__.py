"""Writers of the demo in the file layout of each dataset."""
