"""Compiled array functions: arrays and numbers in and out, no objects, no files.

Camera frame: OpenCV (x right, y down, z forward), metres. Pixels: centres at integers, so that an image of width w
covers u in [-0.5, w - 0.5]. ``T_cw`` is the (4, 4) camera-from-world transform, ``K`` the (4,) fx, fy, cx, cy.
A kernel calls only kernels of its own file, because numba's cache does not notice a change in another one; the few
lines that several files share are therefore repeated in each.
"""
