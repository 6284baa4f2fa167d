"""Samples for people: pictures, one HTML page, statistics."""
