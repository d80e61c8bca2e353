"""What a Siamese tracker reads off a score map: the best proposal, the mean of those beside it, and how sure they are."""

from dataclasses import dataclass, replace
from math import exp, log

import numpy as np

__all__ = ["Seen", "best_proposal", "calibrated", "likeliest", "logit", "vote"]


def logit(score):
    """ln(score / (1 - score)), of a number kept 1e-6 away from 0 and 1."""
    score = min(max(score, 1e-6), 1 - 1e-6)
    return log(score / (1 - score))


def calibrated(score, gain, offset):
    """The probability that a box is right, from the net's score: their logits are related by a straight line (Platt)."""
    return 1 / (1 + exp(-(gain * logit(score) + offset)))


def best_proposal(scores, proposals, reference, window, settings):
    """Index of the best proposal in the flat list Q of eq. (10), and all penalised scores.

    scores (m, n, n) in [0, 1]; proposals (m, n, n, 4) cx cy w h; reference (w, h): the size the target had; window (n, n).
    As in SiamRPN: a change of size or ratio costs exp(-penalty (change - 1)), then the cosine window pulls to the centre.
    """

    penalised = scores * np.exp(-settings.penalty * _change(proposals, reference))
    penalised = (1 - settings.window_influence) * penalised + settings.window_influence * window
    return int(np.argmax(penalised)), penalised


def _change(proposals, reference):
    """How much the size and the ratio of proposals (..., 4) differ from `reference` (w, h): 0 for not at all."""

    def change(ratio):
        return np.maximum(ratio, 1 / ratio)

    wide, high = proposals[..., 2] / float(reference[0]), proposals[..., 3] / float(reference[1])
    return np.sqrt(change(wide * high)) * change(wide / high) - 1


def likeliest(scores, proposals, reference, wide, spread, settings):
    """(index of the likeliest proposal, its share of the evidence, the probability (m, n, n) of each).

    scores, proposals, reference: as in `best_proposal`; settings: TrackerSettings with `motion`. The target is expected at
    the crop's centre with deviation `spread`, crop pixels; wide (n, n): density of places of one that does something else,
    per square pixel. Bayes: the odds of a proposal to the power `trust`, times the density of places, a normal one and
    `elsewhere` of the wide one. The share is that of the proposals about the likeliest, of all and of the case that none of
    them shows the target.
    """
    motion = settings.motion
    x, y = proposals[..., 0], proposals[..., 1]
    variance = spread**2 + motion.gate**2 * float(reference[0] * reference[1])
    near = np.exp((x * x + y * y) * (-0.5 / variance)) * ((1 - motion.elsewhere) / (2 * np.pi * variance))
    score = np.minimum(np.maximum(scores, 1e-6), 1 - 1e-6)
    posterior = motion.trust * np.log(score / (1 - score)) + np.log(near + motion.elsewhere * wide)
    if settings.penalty:
        posterior -= settings.penalty * _change(proposals, reference)
    best = int(posterior.argmax())
    top, reach = posterior.flat[best], 0.5 * proposals.reshape(-1, 4)[best, 2:].max()
    evidence = np.exp(posterior - top)
    beside = (np.abs(x - x.flat[best]) < reach) & (np.abs(y - y.flat[best]) < reach)
    probability = evidence / (evidence.sum() + wide.mean() * np.exp(-top))
    return best, float(probability[beside].sum()), probability


@dataclass
class Seen:
    """What the network saw in one window: kept by the tracker in `seen`, for the notebooks."""

    center: np.ndarray  # (2,) of the window, frame pixels
    side: float  # of the window, frame pixels
    crop: np.ndarray  # (inputs, S, S)
    scores: np.ndarray  # (m, n, n) probability of target
    proposals: np.ndarray  # (m, n, n, 4) cx cy w h in crop pixels about the crop's centre
    penalised: np.ndarray  # (m, n, n) by which the best is chosen: damped scores, or probabilities
    best: int  # index of the chosen proposal
    share: float = 1.0  # of all the evidence in the window, that for it

    @property
    def score(self):
        return float(self.scores.flat[self.best])

    @property
    def zoom(self):
        """Crop pixels for one frame pixel."""
        return self.crop.shape[-1] / self.side

    @property
    def found(self):
        """(centre, size) of the chosen proposal, both (2,), frame pixels."""
        proposal = self.proposals.reshape(-1, 4)[self.best] / self.zoom
        return self.center + proposal[:2], proposal[2:]

    def at(self, best):
        """The same, with the proposal of index `best` chosen."""
        return replace(self, best=best, share=1.0)


def vote(seen, reach):
    """(centre, size), both (2,), frame pixels: the mean of the proposals whose centres lie within `reach` sizes of the best
    one, weighted by their scores squared. Neighbouring positions see the same target; their errors partly cancel."""
    proposals = seen.proposals.reshape(-1, 4)
    best = proposals[seen.best]
    near = np.abs(proposals[:, :2] - best[:2]).max(axis=1) < reach * best[2:].min()
    weight = np.where(near, seen.scores.ravel(), 0.0) ** 2
    mean = weight @ proposals / weight.sum() / seen.zoom
    return seen.center + mean[:2], mean[2:]
