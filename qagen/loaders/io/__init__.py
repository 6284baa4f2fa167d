"""Readers of the file formats that several datasets share."""
