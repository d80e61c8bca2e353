"""Spots of about the target's size in a channel of a search crop, which shows targets bright."""

import cv2
import numpy as np

from irtrack_core.network.crops import local_maxima

SIGMA, APART = 0.15, 0.25  # sides: of the blur before spots are looked for, and half the least distance of two
# crop pixels: least sigma; the distance from the target within which its brightness is taken; the edge, where no spot is
LEAST_SIGMA, ABOUT, BORDER = 0.5, 3, 2
LEVEL = 0.4  # of the target's own brightness, from which a spot counts
NONE = 1e-6  # a brightness that is none


def alone(channel, place, size, reach):
    """True where nothing in a channel (S, S) is nearly as bright as the target, but what is near it.

    place (x, y), size (w, h): of the target, crop pixels from the first one's corner; reach: how far near is, sides.
    """
    half = cv2.resize(channel, (channel.shape[1] // 2, channel.shape[0] // 2), interpolation=cv2.INTER_AREA)
    spans = [(c / 2, reach * length / 2) for c, length in zip(place, size)]
    columns, rows = (slice(max(int(c - r), 0), max(int(c + r) + 1, 0)) for c, r in spans)
    inside = half[rows, columns]
    brightest = float(inside.max()) if inside.size else 0.0
    inside[:] = 0
    return float(half.max()) < LEVEL * brightest


def bright_spots(channel, place, size, brightness=None):
    """(places (N, 2), brightness): where in a channel (S, S) spots are that are about as bright as the target.

    place (x, y), size (w, h): of the target; all in crop pixels from the first one's corner. brightness: of the target after
    the blur, None where it is to be read at its place; what is returned is the one that was used.
    """
    wide, high = (float(length) for length in size)
    soft = cv2.GaussianBlur(channel, (0, 0), *(max(SIGMA * length, LEAST_SIGMA) for length in (wide, high)))
    if brightness is None:
        x, y = (min(max(int(c), 0), channel.shape[0] - 1) for c in place)
        around = soft[max(y - ABOUT, 0) : y + ABOUT + 1, max(x - ABOUT, 0) : x + ABOUT + 1]
        brightness = max(float(around.max()), NONE)
    found = local_maxima(soft, *(max(int(APART * length), 2) for length in (wide, high))) & (soft >= LEVEL * brightness)
    inner = slice(BORDER, -BORDER)
    y, x = np.nonzero(found[inner, inner])
    return np.column_stack([x, y]) + (BORDER + 0.5), brightness
