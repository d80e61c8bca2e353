"""Evaluation: trackers run over sequences, measured, and compared with intervals."""

from irtrack_core.evaluation.runs import (
    TrackResult,
    curves,
    evaluate,
    evaluate_filter,
    folds,
    load_boxes,
    overlaps,
    provenance_of,
    run,
    save_boxes,
    summarize,
)
from irtrack_core.evaluation.statistics import bootstrap_interval, paired_bootstrap

__all__ = [
    "TrackResult",
    "bootstrap_interval",
    "curves",
    "evaluate",
    "evaluate_filter",
    "folds",
    "load_boxes",
    "overlaps",
    "paired_bootstrap",
    "provenance_of",
    "run",
    "save_boxes",
    "summarize",
]
