r"""Several hypotheses of where the target is, each with a Kalman filter, weighed by the evidence of all frames so far.

In a frame the network gives each proposal q, at the place x_q, odds o_q for the target against clutter. Hypothesis h
expects the target at a place of the normal density N_h. Its weight goes on as

.. math:: w_h' \propto w_h \Bigl[(1 - P_D)\, u_0 + P_D \sum_q o_q N_h(x_q)\Bigr]

so the logarithm of two weights' ratio is the sum of their log-likelihood ratios, frame by frame. P_D is the probability that
a target that is there is seen; u_0, per square pixel, the density of a target that may be anywhere, which is what clutter
has to beat. A place that no hypothesis explains begins a new one, of weight

.. math:: w_b \propto \beta P_D \sum_q o_q u(x_q)

with the share beta of targets that are elsewhere than expected. The heaviest hypothesis is the target. A faint target's noise
gives many hypotheses, which die as no later frame confirms them; a clear target leaves none beside itself.

A Gaussian sum (Alspach, Sorenson, Nonlinear Bayesian estimation using Gaussian sum approximations, IEEE Trans. Automatic
Control, 1972), with the probabilistic data association of `kalman` in each term.
"""

import copy
from dataclasses import replace

import numpy as np

from irtrack_core.trackers.select_proposal import GATE, normal_density

DETECTED = 0.9  # P_D
BIRTH = 0.015  # beta, in a frame
BIRTHS = 2  # new hypotheses in a frame at most
LEAST = 1e-3  # of the whole weight; a lighter hypothesis is dropped
CHANGE = 2.0  # times the weight of the one believed so far that another needs to be believed
LARGEST = 50.0  # of a logarithm of odds: sizes without any sense have less than e^-1000
REACH = 0.5  # of the target's longer side: places nearer than that are one


class Hypothesis:
    """One place where the target may be. motion: its Kalman filter; weight: its probability among the hypotheses.

    What it expects and sees in this frame: expected, place (2,) in frame pixels; best, the index of a proposal; score, the
    network's; share, of all the evidence that about the place.
    """

    def __init__(self, motion, weight=1.0):
        self.motion, self.weight = motion, weight
        self.expected = self.best = self.place = self.score = self.share = None

    def see(self, evidence, x, y, scores, reach, nothing=0.0):
        """Choose the best place by the `evidence` (N,) of places x, y (N,); nothing: the evidence that none is the target.

        Returns which of the places (N,) bool are that one.
        """
        self.best = best = int(evidence.argmax())
        about = _near(x, y, (x[best], y[best]), reach)
        near = evidence * about
        whole = float(near.sum())
        self.place, self.score = np.array([near @ x, near @ y]) / whole, float(scores[best])
        self.share = whole / (float(evidence.sum()) + nothing)
        return about


class Hypotheses:
    """At most `most` hypotheses of one target; `main` is the one that is believed.

    motion: the Kalman filter of the first, which is the given place.
    """

    def __init__(self, motion, most):
        self.most, self.main = most, Hypothesis(motion)
        self.others = []

    def restart(self):
        """Forget all but `main`: what is known of places holds no longer."""
        self.others, self.main.weight = [], 1.0

    def shift(self, by):
        """Move the others with the whole picture, by (2,) pixels."""
        for one in self.others:
            one.motion.center = one.motion.center + by

    def update(self, tracker, seen, expected):
        """(Observation, Kalman filter, place (2,) that was expected) of the hypothesis that is believed from this frame on.

        seen: the Observation of a window about the place `expected` (2,) by `main`. The Kalman filters of the others are
        moved here, that of the one believed by the tracker.
        """
        if tracker.redetection.scene_changed:
            self.restart()
        everyone, reach = [self.main, *self.others], REACH * float(tracker.size.max())
        for one in self.others:
            one.expected = tracker.clipped(one.motion.center + one.motion.velocity)
        self.main.expected = expected
        born = self._weigh(everyone, tracker, seen, reach)
        whole = sum(one.weight for one in everyone + born)
        for one in everyone + born:
            one.weight /= max(whole, 1e-300)
        heaviest = max(everyone, key=lambda one: one.weight)  # nobody is believed for one frame's sake
        if heaviest.weight > CHANGE * self.main.weight:
            self.main = heaviest
        for one in everyone:
            if one is not self.main:
                one.motion.update(one.expected, one.place, one.score, one.share, tracker.side)
        for one in born:
            one.motion = copy.copy(self.main.motion)
            one.motion.restart(one.place, tracker.side)
        self._keep(everyone + born, reach)
        main = self.main
        return replace(seen, best=main.best, share=main.share), main.motion, main.expected

    def _weigh(self, everyone, tracker, seen, reach):
        """Put each hypothesis's evidence into its weight; returns the new ones, which begin where none expects anything."""
        odds, scores, proposals = (
            np.exp(np.minimum(np.maximum(seen.odds, -LARGEST), LARGEST)).ravel(),
            seen.scores.ravel(),
            seen.proposals,
        )
        x, y = (middle + (proposals[..., i] / seen.zoom).ravel() for i, middle in enumerate(seen.center.tolist()))
        anywhere = tracker.unexpected.ravel() * seen.zoom**2  # a square pixel
        gate, nothing, free = GATE**2 * tracker.side**2, float(anywhere.mean()), odds * anywhere
        for one in everyone:
            there = odds * normal_density(x - one.expected[0], y - one.expected[1], one.motion.std**2 + gate)
            about = one.see((1 - BIRTH) * there + BIRTH * free, x, y, scores, reach, nothing)
            one.weight *= (1 - DETECTED) * nothing + DETECTED * float(there @ about)
        for one in everyone:
            free[_near(x, y, one.place, 2 * reach)] = 0.0
        born, least = [], LEAST * sum(one.weight for one in everyone)
        while len(born) < BIRTHS and BIRTH * DETECTED * free.sum() > least:
            one = Hypothesis(None)
            about = one.see(free, x, y, scores, reach)
            one.weight = BIRTH * DETECTED * float(free @ about)
            born.append(one)
            free[_near(x, y, one.place, 2 * reach)] = 0.0
        return born

    def _keep(self, everyone, reach):
        """Of two that go the same way the lighter joins the heavier; the heaviest stay."""
        kept = [self.main]
        for one in sorted(everyone, key=lambda one: -one.weight):
            if one is self.main or one.weight < LEAST:
                continue
            twins = (other for other in kept if _alike(one.motion, other.motion, reach))
            if twin := next(twins, None):
                twin.weight += one.weight
            elif len(kept) < self.most:
                kept.append(one)
        whole = sum(one.weight for one in kept)
        for one in kept:  # none is ruled out for good
            one.weight = max(one.weight / whole, LEAST)
        self.others = kept[1:]


def _near(x, y, place, reach):
    """Which of the places x, y (N,) are nearer to `place` (2,) than `reach`, along both axes."""
    return (np.abs(x - place[0]) < reach) & (np.abs(y - place[1]) < reach)


def _alike(one, other, reach):
    """True for two Kalman filters at one place with one velocity."""
    return bool((np.abs([one.center - other.center, one.velocity - other.velocity]) < reach).all())
