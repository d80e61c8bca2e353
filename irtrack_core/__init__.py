"""Tracking of small infrared targets in oversampled-scan images: the method, piece by piece.

Subpackages follow the paper: `imaging` (eq. 1), `filtering` (eqs. 2-4), `network` (eqs. 5-11), `training` (eq. 12),
`trackers` (the whole chain), `metrics` and `evaluation` (eqs. 13-16).
"""

__version__ = "0.1.0"
