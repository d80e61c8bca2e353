"""Evaluation: trackers run over sequences, measured, and compared with intervals."""

from irtrack_core.evaluation.protocols import passes, run_all, run_sequence, with_first_passes
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
    "passes",
    "provenance_of",
    "run",
    "run_all",
    "run_sequence",
    "save_boxes",
    "summarize",
    "with_first_passes",
]
