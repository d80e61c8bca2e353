"""Several targets at once: `MultiTracker` finds, keeps and ends tracks over one filter and one registration of the frame."""

from irtrack_core.trackers.multi.multi_tracker import MultiTracker
from irtrack_core.trackers.multi.track_table import Track

__all__ = ["MultiTracker", "Track"]
