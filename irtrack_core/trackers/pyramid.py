"""A Siamese tracker without region selection: a score map alone, and a pyramid of scales for the size, as in SiamFC."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch

from irtrack_core.config import PyramidSettings
from irtrack_core.network import anchors as an
from irtrack_core.network.crops import template_side
from irtrack_core.network.siamese_net import foreground
from irtrack_core.network.torch_inference import TorchEngine
from irtrack_core.trackers.siamese import Observation, SiameseTracker


@dataclass
class PyramidObservation(Observation):
    """`scores` and `proposals` hold one map a scale; `penalised` is the enlarged map of the best one, with the window."""

    chosen: np.ndarray = None  # (4,) cx cy w h in crop pixels of the middle scale, between the cells
    confidence: float = 0.0  # probability of target there

    @property
    def score(self):
        return self.confidence

    @property
    def found(self):
        """(centre, size) of the target, both (2,), frame pixels."""
        chosen = self.chosen / self.zoom
        return self.center + chosen[:2], chosen[2:]


class ScoreEngine(TorchEngine):
    """Runs a net with one score a position; gives the scores themselves."""

    def search(self, crops):
        """z (K, n, n) float32 of search crops (K, inputs, S, S) float32."""
        with torch.inference_mode():
            kernels = [kernel.expand(len(crops), *kernel.shape[1:]) for kernel in self.kernels]
            r_2, _ = self.net.search(torch.from_numpy(crops).to(self.device), kernels)
            return foreground(r_2)[:, 0].float().cpu().numpy()


class PyramidTracker(SiameseTracker):
    """Tracks with any net that gives one score a position; motion, loss and re-detection are those of SiameseTracker.

    net: a torch module with `template(crop) -> kernels`, `search(crop, kernels) -> (R_2, anything)`, `positions()` and
    `settings`, as a SiameseNet with region=False has them. settings: PyramidSettings.
    Raises ValueError for a net with several scores a position.
    """

    zoom_of = None  # its scales follow a zoom

    def __init__(self, net, *, settings=None, name="pyramid", device_name="cpu"):
        if net.settings.m != 1:
            raise ValueError(
                f"a pyramid of scales needs a net with one score a position; this one has {net.settings.m}"
            )
        self.name, self.settings, self.net = name, settings or PyramidSettings(), net
        self.engine = ScoreEngine(net, "f32", device_name=device_name)
        self.n = net.positions()
        p = self.settings
        self.factors = p.scale_step ** np.arange(-(p.scales // 2), p.scales // 2 + 1)
        profile = np.hanning(self.n * p.upsample)
        self.window = np.outer(profile, profile)

    def look(self, frame, centers, scale=1.0, std=0.0):
        """What the net sees at every scale about each of the centres, all in one batch: a list of PyramidObservation."""
        if not len(centers):
            return []
        s = self.net.settings
        side = template_side(self.size * scale, s) * s.search_size / s.template_size
        crops = np.stack([self.maker(frame, center, side * f) for center in centers for f in self.factors])
        z = self.engine.search(crops)  # (K S, n, n)
        z = z.reshape(len(centers), len(self.factors), self.n, self.n)
        middle = crops[len(self.factors) // 2 :: len(self.factors)]
        return [self._seen(center, side, crop, maps) for center, crop, maps in zip(centers, middle, z, strict=True)]

    def _corrected_log_size(self, size):
        """The scales were all looked at, none was told by the net: nothing to correct."""
        return np.log(size / self.initial_size)

    def _seen(self, center, side, crop, z):
        p, s = self.settings, self.net.settings
        size = (self.n * p.upsample,) * 2
        # the scores themselves, not their probabilities: those saturate, and a flat top has no place and no best scale
        large = [cv2.resize(one, size, interpolation=cv2.INTER_CUBIC) for one in z]
        peaks = np.array([one.max() for one in large])
        peaks -= np.where(self.factors == 1, 0, (1 - p.scale_penalty) * np.abs(peaks))  # lower whatever their sign
        scale = int(np.argmax(peaks))
        # as in SiamFC: from 0, with unit sum, so that the window weighs the same whatever the contrast of the map
        response = large[scale] - large[scale].min()
        response /= max(response.sum(), 1e-12)
        mixed = (1 - p.window_influence) * response + p.window_influence * self.window / self.window.sum()
        best = int(np.argmax(mixed))
        row, column = np.unravel_index(best, mixed.shape)
        zoom, factor = s.search_size / side, self.factors[scale]
        # from pixel centres of the enlarged map to those of the cells; a wider crop shows the same shift smaller
        offset = ((np.array([column, row]) + 0.5) / p.upsample - self.n / 2) * s.stride * factor
        chosen = np.concatenate([offset, self.size * factor * zoom])
        proposals = np.stack([an.make_anchors([self.size * f * zoom], self.n, s.stride * f)[0] for f in self.factors])
        scores, confidence = 1 / (1 + np.exp(-z)), float(1 / (1 + np.exp(-large[scale][row, column])))
        return PyramidObservation(
            center, side, crop, scores, proposals, mixed, best, chosen=chosen, confidence=confidence
        )


def create_pyramid(weights=None, **options):
    """A tracker with the weights of a net trained with region=False, such as those notebook 14 keeps; none is shipped.

    Raises ValueError without them.
    """
    if weights is None:
        raise ValueError("the tracker 'pyramid' needs weights of a net trained with region=False; none is shipped")
    return PyramidTracker.from_weights(weights, **options)
