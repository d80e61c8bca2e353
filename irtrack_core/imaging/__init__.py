"""The imaging model, eq. (1): scene, target, optics, scan and camera output, and statistics of the images."""
