r"""How precisely noise lets a target be found: Cramér-Rao bounds for the scanner's images, and estimators that reach them.

    blobs           the target's image, and how it changes with place and size
    covariance      of the noise: white, overlapping integrations, 1/f, channel offsets, clutter
    fisher          information and bounds of place, size, amplitude and velocity, from one frame and from several
    reach           what a bound allows: overlap (eq. 14) and precision (eq. 15)
    camera_losses   what rounding takes: of grey values (8 bits, AGC) and of boxes
    likelihood      the matched filter's maximum-likelihood estimate of place and size
    before_detect   track before detect: the best path through several frames

Lengths are pixels (samples), amplitudes and noise in units of sigma_w, so that an amplitude is the SNR of
`TargetSettings`. A target is a point, a Gaussian or a uniform rectangle; its size is that of its true box,
sqrt(extent^2 + (4 blob sigma)^2). Frames are numbered (row, column), places (x, y) with the centre of pixel 0 at 0.5,
as everywhere.
"""

from irtrack_core.imaging.limits.before_detect import best_path, log_ratios, stacked_places
from irtrack_core.imaging.limits.blobs import KINDS, box_sides, gradients, images, profiles
from irtrack_core.imaging.limits.camera_losses import grey_step, information_kept, rounded_overlap
from irtrack_core.imaging.limits.covariance import (
    channel_offsets,
    clutter,
    exponential,
    flicker,
    level,
    of_settings,
    white,
)
from irtrack_core.imaging.limits.fisher import (
    PARAMETERS,
    PLACE,
    TRACK,
    bound,
    filtered_covariances,
    information,
    mean_bound,
    outliers,
    patch,
    track_information,
)
from irtrack_core.imaging.limits.likelihood import locate
from irtrack_core.imaging.limits.reach import best_overlap, best_precision

__all__ = [
    "KINDS",
    "PARAMETERS",
    "PLACE",
    "TRACK",
    "best_overlap",
    "best_path",
    "best_precision",
    "bound",
    "box_sides",
    "channel_offsets",
    "clutter",
    "exponential",
    "filtered_covariances",
    "flicker",
    "gradients",
    "grey_step",
    "images",
    "information",
    "information_kept",
    "level",
    "locate",
    "log_ratios",
    "mean_bound",
    "of_settings",
    "outliers",
    "patch",
    "profiles",
    "rounded_overlap",
    "stacked_places",
    "track_information",
    "white",
]
