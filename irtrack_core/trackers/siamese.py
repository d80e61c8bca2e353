"""The tracker of the paper: window, filter, Siamese network, best proposal."""

from pathlib import Path

import numpy as np
import torch

from irtrack_core import anchors as an
from irtrack_core import boxes as bx
from irtrack_core.config import TrackerSettings
from irtrack_core.network import foreground
from irtrack_core.sampling import CropMaker, template_side
from irtrack_core.trackers.base import to_gray
from irtrack_core.weights import load_weights

__all__ = ["SiameseTracker", "best_proposal", "create_siamese", "create_paper"]

WEIGHTS = Path(__file__).resolve().parents[2] / "data" / "weights"


def best_proposal(scores, proposals, reference, window, settings):
    """Index of the best proposal in the flat list Q of eq. (10), and all penalised scores.

    scores (m, n, n) in [0, 1]; proposals (m, n, n, 4) cx cy w h; reference (w, h): the size the target had; window (n, n).
    As in SiamRPN: a change of size or ratio costs exp(-penalty (change - 1)), then the cosine window pulls to the centre.
    """

    def change(ratio):
        return np.maximum(ratio, 1 / ratio)

    size = change(np.sqrt(proposals[..., 2] * proposals[..., 3] / (reference[0] * reference[1])))
    ratio = change((proposals[..., 2] / proposals[..., 3]) / (reference[0] / reference[1]))
    penalised = scores * np.exp(-settings.penalty * (size * ratio - 1))
    penalised = (1 - settings.window_influence) * penalised + settings.window_influence * window
    return int(np.argmax(penalised)), penalised


class SiameseTracker:
    """Tracks one target with a SiameseNet.

    net: a SiameseNet; settings: TrackerSettings. `inspect` holds what the last update saw (crop, response, proposals,
    chosen box), for the notebooks.
    """

    def __init__(self, net, *, settings=None, name="siamese", device_name="cpu"):
        self.name, self.settings = name, settings or TrackerSettings()
        self.device = torch.device(device_name)
        self.net = net.to(self.device).eval()
        self.n = net.positions()
        profile = np.hanning(self.n + 2)[1:-1]  # without the zeros at the ends, which would forbid the border
        self.window = np.outer(profile, profile)

    @classmethod
    def from_weights(cls, path, *, preset=None, **options):
        """A tracker with the weights stored at `path`; see `load_weights` for the errors."""
        return cls(load_weights(path, preset), **options)

    def init(self, frame, box):
        """Start on the target in `box`. Raises ValueError for an unusable frame or box."""
        frame = to_gray(frame)
        box = bx.check_box(box, frame.shape)
        self.shape, self.center, self.size = frame.shape, bx.centers(box), box[2:].copy()
        self.velocity, self.score = np.zeros(2), 1.0
        s = self.net.settings
        self.maker = CropMaker(s, self.size, self.shape)
        side = template_side(self.size, s)
        crop = self.maker.template(frame, self.center, side)
        with torch.inference_mode():
            self.kernels = self.net.template(torch.from_numpy(crop)[None].to(self.device))
        given = self.size * s.template_size / side
        self.anchors = an.make_anchors(an.anchor_sizes(s, given), self.n, s.stride)
        self.inspect = {"template": crop}

    def update(self, frame):
        """The target's box (4,) in the next frame; `score` is the chosen proposal's foreground probability."""
        frame = to_gray(frame, self.shape)
        s, t = self.net.settings, self.settings
        height, width = self.shape
        center = np.clip(self.center + self.velocity, 0, [width, height])
        side = template_side(self.size, s) * s.search_size / s.template_size
        zoom = s.search_size / side
        crop = self.maker(frame, center, side)
        with torch.inference_mode():
            r_2m, r_4m = self.net.search(torch.from_numpy(crop)[None].to(self.device), self.kernels)
            scores = torch.sigmoid(foreground(r_2m))[0].cpu().numpy()  # (m, n, n)
            deltas = r_4m[0].unflatten(0, (4, -1)).cpu().numpy()  # (4, m, n, n)
        proposals = an.decode(np.moveaxis(deltas, 0, -1), self.anchors)  # (m, n, n, 4)
        best, penalised = best_proposal(scores, proposals, self.size * zoom, self.window, t)
        proposal = proposals.reshape(-1, 4)[best]
        self.score = float(scores.flat[best])

        previous = self.center
        self.center = np.clip(center + proposal[:2] / zoom, 0, [width - 1e-6, height - 1e-6])
        rate = t.size_rate * self.score
        self.size = np.maximum((1 - rate) * self.size + rate * proposal[2:] / zoom, 1.0)
        self.velocity += t.velocity_rate * self.score * (self.center - previous - self.velocity)
        self.inspect |= dict(
            crop=crop, side=side, center=center, scores=scores, penalised=penalised, proposals=proposals, best=best
        )
        return bx.from_centers(self.center, self.size)


def create_siamese(weights=None, **options):
    """The best tracker that is shipped: preset `compact`, weights in data/weights."""
    return SiameseTracker.from_weights(weights or WEIGHTS / "compact.safetensors", **options)


def create_paper(weights=None, **options):
    """The preset `paper`. weights: a file made by notebook 05; without it the one in data/weights."""
    path = weights or WEIGHTS / "paper.safetensors"
    return SiameseTracker.from_weights(path, preset="paper", **{"name": "paper"} | options)
