"""Evaluation: trackers run over sequences, measured, and compared with intervals."""

from irtrack_core.evaluation.runs import (
    TrackResult,
    curves,
    evaluate,
    evaluate_filter,
    folds,
    load_boxes,
    made_with,
    overlaps,
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
    "made_with",
    "overlaps",
    "paired_bootstrap",
    "run",
    "save_boxes",
    "summarize",
]
