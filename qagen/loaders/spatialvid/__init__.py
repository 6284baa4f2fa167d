"""SpatialVID: posed clips of internet videos, of unknown scale and without gravity."""
