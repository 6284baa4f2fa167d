"""Records of SpaceVista: read, check, convert and draw them."""
