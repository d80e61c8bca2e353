#!/bin/bash
# vot-toolkit gives two boxes of one pixel's width in the same column an overlap of 1, however far apart they are.
#
# Guess that was wrong: boxes without a common pixel overlap by 0. The rectangle round both is taken first; when it is one
# pixel wide (or high) it counts as "two empty regions", which are identical by definition. Sizes are rounded before, so that
# widths up to 1.5 count as one pixel: the sizes of small infrared targets.
# What to do: enlarge or scale images of targets that small before they are evaluated there, or compute overlaps oneself.
. "$(dirname "$0")/common.sh"
setup vot-toolkit==0.9.0 attributee==0.1.9 numpy==2.4.6 setuptools==80.9.0
run <<'PYTHON'
from finding import expect, versions
from vot.region import calculate_overlaps
from vot.region.shapes import Rectangle

versions("vot-toolkit", "attributee", "numpy")


def overlap(a, b):
    return calculate_overlaps([Rectangle(*a)], [Rectangle(*b)], (640, 512))[0]


expect("1 x 2 boxes 400 rows apart in one column", overlap((300, 20, 1, 2), (300, 420, 1, 2)), 1.0)
expect("1.4 x 2 boxes 400 rows apart in one column", overlap((300, 20, 1.4, 2), (300, 420, 1.4, 2)), 1.0)
expect("1 x 2 boxes in neighbouring columns", overlap((300, 20, 1, 2), (301, 420, 1, 2)), 0.0)
expect("2 x 2 boxes 400 rows apart in one column", overlap((300, 20, 2, 2), (300, 420, 2, 2)), 0.0)
PYTHON
