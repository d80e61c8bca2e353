#!/bin/bash
# got10k's OTB success score gives a perfect tracker 0.952, and one that fails at once more than 0.
#
# Guess that was wrong: the score, the area under the success curve, is the mean overlap, hence 1 for a perfect tracker.
# The curve is the share of frames whose IoU is *greater* than each of 21 thresholds from 0 to 1. No IoU is greater than 1, so
# the last point is always 0 and the mean is at most 20/21. The given first frame counts, as a perfect one: on a sequence of 20
# frames a tracker that never overlaps afterwards has 20/21/20 = 0.048. Between them the score of a constant IoU jumps in
# steps of 0.048: 0.501 and 0.549 score the same.
# What to do: report AO (the mean IoU without the first frame) beside it, or say which definition an AUC has.
. "$(dirname "$0")/common.sh"
setup got10k==0.1.3 six==1.17.0 numpy==2.4.6 matplotlib==3.11.2 pillow==13.0.0
MPLBACKEND=Agg run <<'PYTHON'
import contextlib
import io
from pathlib import Path

import numpy as np
from finding import expect, versions
from got10k.experiments import ExperimentOTB

versions("got10k", "numpy")
truth = np.tile([30.0, 20.0, 16.0, 12.0], (20, 1))


class OneSequence(list):
    seq_names = ["made"]


def score(boxes):
    """The success score of boxes, by the library's own report."""
    experiment = ExperimentOTB.__new__(ExperimentOTB)  # without a download of OTB
    experiment.dataset, experiment.result_dir, experiment.report_dir = OneSequence([([], truth)]), "results", "reports"
    experiment.nbins_iou, experiment.nbins_ce = 21, 51  # as its __init__ sets them
    Path("results/mine").mkdir(parents=True, exist_ok=True)
    np.savetxt("results/mine/made.txt", boxes, delimiter=",")
    with contextlib.redirect_stdout(io.StringIO()):
        return experiment.report(["mine"])["mine"]["overall"]["success_score"]


def with_overlap(iou):
    """The true boxes cut to a share of their width, which is their IoU; the first is exact."""
    boxes = truth * [1, 1, iou, 1]
    boxes[0] = truth[0]
    return boxes


lost = truth + [500, 0, 0, 0]
expect("perfect boxes", round(float(score(truth)), 4), 0.9524)
expect("lost after the given frame", round(float(score(lost)), 4), 0.0476)
expect("IoU 0.501 and 0.549 in every frame score the same", bool(score(with_overlap(0.501)) == score(with_overlap(0.549))), True)
PYTHON
