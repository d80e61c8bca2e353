#!/bin/bash
# trackpy finds no spot below and to the right of a NaN pixel: none at all where the NaN is in the upper left corner.
#
# Guess that was wrong: one NaN (a dead pixel, marked) costs at most the spots within reach of the filter there.
# The background is subtracted with running sums along rows and columns, which a NaN never leaves: every pixel to its right
# becomes NaN, and then everything below these. locate() returns the other spots, or, with the NaN in the corner, an empty
# table with the warning "Image is completely black".
# What to do: replace such pixels, e.g. by the median of their neighbours, before locate().
. "$(dirname "$0")/common.sh"
setup trackpy==0.7 numpy==2.4.6 scipy==1.17.1 pandas==3.1.1 matplotlib==3.11.2
run <<'PYTHON'
import warnings

import numpy as np
import trackpy
from finding import expect, versions

warnings.simplefilter("ignore")
trackpy.quiet()
versions("trackpy", "scipy", "numpy")
y, x = np.mgrid[:128, :160]
spots = [(20, 30), (20, 120), (64, 80), (100, 40), (100, 130)]
image = 100 + np.random.default_rng(0).normal(0, 1, (128, 160))
for row, column in spots:
    image += 60 * np.exp(-((x - column) ** 2 + (y - row) ** 2) / 8)


def found(row=None, column=None):
    """(row, column) of the spots found, one pixel being NaN."""
    marked = image.copy()
    if row is not None:
        marked[row, column] = np.nan
    table = trackpy.locate(marked, 9, minmass=200, engine="python")
    return sorted((round(spot.y), round(spot.x)) for spot in table.itertuples())


expect("all pixels known", found(), spots)
expect("NaN at row 60, column 10, 70 px from the next spot", found(60, 10), spots[:2])
expect("NaN in the middle of the third spot", found(64, 80), [(20, 30), (20, 120), (100, 40)])
expect("NaN in the upper left corner", found(0, 0), [])
PYTHON
