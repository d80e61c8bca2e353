"""Training pairs and crops that two of the compared methods need beyond the others: a history, and a visible image."""

from dataclasses import replace

import numpy as np

from irtrack_core import boxes as bx
from irtrack_core.datasets import FunctionFrames, kaist_files
from irtrack_core.experiments.compared.nets import HISTORY
from irtrack_core.network.crops import CropMaker, crop, standardize
from irtrack_core.training.sampling import PairSampler, collate


def state_rows(centers, sizes, peaks, *, center, side, given, mirror=(1.0, 1.0)):
    """States (8, 5) float32 of ref9 as seen from a window: dx, dy in its sides, ln w, ln h over the given size, peak.

    centers, sizes (k, 2), peaks (k,): k >= 1, oldest first; fewer than 8 are filled up with the oldest.
    """
    chosen = np.maximum(np.arange(-HISTORY, 0) + len(centers), 0)
    offset = (np.asarray(centers)[chosen] - center) / side * mirror
    return np.column_stack([offset, np.log(np.asarray(sizes)[chosen] / given), np.asarray(peaks)[chosen]]).astype("f4")


class PairCropMaker(CropMaker):
    """Crops of frames (H, W, 2): those of the infrared plane, and the visible one as the last channel."""

    def __call__(self, frame, center, side):
        infrared = super().__call__(np.ascontiguousarray(frame[..., 0]), center, side)
        visible = crop(frame[..., 1], center, side, self.settings.search_size)
        return np.concatenate([infrared, standardize(visible)[None]])


class PairFrames(FunctionFrames):
    """Frames (H, W, 2) of two modalities, read together; `shape` stays (H, W)."""

    def __init__(self, infrared, visible):
        if (len(infrared), infrared.shape) != (len(visible), visible.shape):
            raise ValueError(
                f"infrared and visible frames do not pair up: {len(infrared)} of {infrared.shape} and "
                f"{len(visible)} of {visible.shape}"
            )
        super().__init__(len(infrared), infrared.shape, infrared.dtype, None)
        self.planes = (infrared, visible)

    def _read(self, index):
        return np.stack([plane[index].astype(self.dtype) for plane in self.planes], axis=2)


def with_visible(sequence, visible=None):
    """The sequence with frames (H, W, 2), infrared and visible.

    visible: Frames of the same number and size; None: those that `datasets.kaist_files.pair` finds beside a KAIST sequence.
    Raises ValueError when they do not pair up.
    """
    pair = visible if visible is not None else kaist_files.pair(sequence)
    return replace(sequence, frames=PairFrames(sequence.frames, pair), components=None)


class VisibleSampler(PairSampler):
    """Training pairs from sequences of `with_visible`."""

    crop_maker = PairCropMaker


class HistorySampler(PairSampler):
    """A PairSampler whose batches also hold the states (B, 8, 5) before each search frame, for ref9.

    tracks: (dataset, name) -> (N, 4) true boxes at full rate; stride: of the sequences that the pairs are drawn from. The
    crops are those of a PairSampler of the same seed; the errors of the histories have a generator of their own.
    """

    OFFSET, JITTER, FRESH = 0.03, 0.01, 0.1  # of the window's side; share of histories that have only just begun

    def __init__(self, sequences, settings, positions, *, tracks, stride=1, **options):
        super().__init__(sequences, settings, positions, **options)
        if self.sampling.transpose or self.sampling.photometric:
            raise ValueError(
                "histories do not follow crops that are transposed or changed: set transpose=0 and photometric=0"
            )
        self.tracks, self.stride = tracks, stride

    def batch(self, index, size):
        pairs = [self.label(cut) for cut in self.cuts(index, size)]
        rng = np.random.default_rng([self.seed, index, HISTORY])
        return *collate(pairs), np.stack([self.history(pair.view, rng) for pair in pairs])

    def history(self, view, rng):
        """States (8, 5) before the search frame of a pair."""
        boxes = self.tracks[view.sequence.dataset, view.sequence.name]
        first, last = (self.stride * number for number in view.frames)
        before = boxes[max(last - HISTORY, 0) : max(last, 1)]
        present = np.isfinite(before[:, 0])
        known = before[present] if present.any() else boxes[last : last + 1]
        if rng.random() < self.FRESH:
            known = known[-1:]
        error = rng.normal(0, self.OFFSET, 2) + rng.normal(0, self.JITTER, (len(known), 2))
        centers = bx.centers(known) + error * view.side
        peaks = rng.uniform(0.5, 1, len(known))
        place = dict(center=view.center, side=view.side, given=boxes[first, 2:], mirror=view.mirror)
        return state_rows(centers, known[:, 2:], peaks, **place)
