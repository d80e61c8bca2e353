"""Evaluation: trackers run over sequences, measured, and compared with intervals."""

from irtrack_core.evaluation.grouping import summarize
from irtrack_core.evaluation.intervals import Interval, interval, paired_interval
from irtrack_core.evaluation.protocols import passes, run_all, run_sequence, with_first_passes
from irtrack_core.evaluation.raw_boxes import TrackResult, load_boxes, provenance_of, save_boxes
from irtrack_core.evaluation.runs import curves, evaluate, evaluate_filter, folds, overlaps, run

__all__ = [
    "Interval",
    "TrackResult",
    "curves",
    "evaluate",
    "evaluate_filter",
    "folds",
    "interval",
    "load_boxes",
    "overlaps",
    "passes",
    "paired_interval",
    "provenance_of",
    "run",
    "run_all",
    "run_sequence",
    "save_boxes",
    "summarize",
    "with_first_passes",
]
