"""From a score map to a box: the best proposal, the mean of its neighbours, and its share of the evidence."""

from dataclasses import dataclass, replace
from math import exp, log

import numpy as np

GATE = 0.15  # standard deviation of proposals about their target, in sides of it
UNEXPECTED = 0.1  # share of targets that are not where the motion predicts them
LARGEST = 700.0  # of an exponent
TEMPERATURE = 1 / 0.85  # that the logits of scores are divided by: they are a little too sure


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


def log_odds(scores, proposals, reference, penalty):
    """Logarithm of the odds (...) of proposals (..., 4): less sure than the net's scores (...), less for changes of size."""
    score = np.minimum(np.maximum(scores, 1e-6), 1 - 1e-6)
    odds = np.log(score / (1 - score)) / TEMPERATURE
    return odds - penalty * _change(proposals, reference) if penalty else odds


def normal_density(x, y, variance):
    """Density (...) of a normal distribution at x, y (...) from its mean, with this variance along both axes."""
    return np.exp((x * x + y * y) * (-0.5 / variance)) / (2 * np.pi * variance)


def most_probable(odds, proposals, reference, unexpected, std):
    """(index of the most probable proposal, its share of the evidence, the probability (m, n, n) of each), by Bayes' rule.

    odds (m, n, n): see `log_odds`; proposals, reference: as in `best_proposal`. The prior of a target's place is a
    normal density about the crop's centre with standard deviation `std`, crop pixels, and for the share UNEXPECTED of targets
    the density `unexpected` (n, n), per square pixel.
    The share counts the proposals about the best one; the whole is all proposals and the case that none shows the target.
    """
    x, y = proposals[..., 0], proposals[..., 1]
    expected = normal_density(x, y, std**2 + GATE**2 * float(reference[0] * reference[1]))
    prior = (1 - UNEXPECTED) * expected + UNEXPECTED * unexpected
    posterior = odds + np.log(prior)
    best = int(posterior.argmax())
    top, reach = posterior.flat[best], 0.5 * proposals.reshape(-1, 4)[best, 2:].max()
    evidence = np.exp(posterior - top)
    beside = (np.abs(x - x.flat[best]) < reach) & (np.abs(y - y.flat[best]) < reach)
    # of sizes without any sense all are improbable, and none of them shows the target
    probability = evidence / (evidence.sum() + unexpected.mean() * exp(min(-float(top), LARGEST)))
    return best, float(probability[beside].sum()), probability


def choose(scores, proposals, reference, window, unexpected, std, settings):
    """(penalised, best, share, odds) of an Observation: by `most_probable` with a Kalman filter, else by `best_proposal`."""
    if not settings.kalman:
        best, penalised = best_proposal(scores, proposals, reference, window, settings)
        return penalised, best, 1.0, None
    odds = log_odds(scores, proposals, reference, settings.penalty)
    best, share, probability = most_probable(odds, proposals, reference, unexpected, std)
    return probability, best, share, odds


@dataclass
class Observation:
    """The network's answer about one window; the tracker keeps the last one in `observation`."""

    center: np.ndarray  # (2,) of the window, frame pixels
    side: float  # of the window, frame pixels
    crop: np.ndarray  # (inputs, S, S)
    scores: np.ndarray  # (m, n, n) probability of target
    proposals: np.ndarray  # (m, n, n, 4) cx cy w h in crop pixels about the crop's centre
    penalised: np.ndarray  # (m, n, n) by which the best is chosen: penalised scores, or probabilities
    best: int  # index of the chosen proposal
    share: float = 1.0  # of all the evidence in the window, that for it
    odds: np.ndarray | None = None  # (m, n, n), see `log_odds`; None without a Kalman filter

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


def vote(observation, radius):
    """(centre, size), both (2,), frame pixels: the mean of the proposals within `radius` sides of the best, weighted by their
    squared scores. Neighbouring positions show the same target; their errors partly cancel."""
    proposals = observation.proposals.reshape(-1, 4)
    best = proposals[observation.best]
    (x, y), reach = np.abs(proposals[:, :2] - best[:2]).T, radius * best[2:].min()
    near = (x < reach) & (y < reach)
    weight = np.where(near, observation.scores.ravel(), 0.0) ** 2
    mean = weight @ proposals / weight.sum() / observation.zoom
    return observation.center + mean[:2], mean[2:]


def garrote(growth, zone):
    """What is followed of a change of size (2,), a logarithm: nothing up to `zone`, all but zone^2 / growth of a larger one.

    Breiman's non-negative garrote (Better subset regression using the nonnegative garrote, Technometrics 1995).
    """
    return growth * np.maximum(1 - zone**2 / np.maximum(growth**2, 1e-12), 0)
