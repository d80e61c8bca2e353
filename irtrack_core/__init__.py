"""Tracking of small infrared targets in oversampled-scan images: the method, piece by piece.

Modules follow the paper: `scan` (eq. 1), `filtering` (eqs. 2-4), `network` (eqs. 5-9), `anchors` (eq. 10),
`losses` (eq. 11), `training` (eq. 12), `metrics` (eqs. 13-16), `trackers` (the whole chain).
"""

__version__ = "0.1.0"
