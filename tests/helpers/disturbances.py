"""Simulated sequences with something gone wrong on the way: what the tests of robustness run over."""

import numpy as np

from irtrack_core import boxes as bx
from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.imaging.scan import Simulation

SHAPE = (240, 320)


def simulate(frames=60, *, bits=8, seed=3, shape=SHAPE, clouds=0.03, **changes):
    """(frames (N, H, W), boxes (N, 4)) of a drone of 12 px, contrast 30 noise sigmas, before clouds of `clouds` K rms."""
    sensor = ScanSettings(shape=shape, bits=bits, output="agc" if bits == 8 else "radiometric", span=8.0, spikes=0.0)
    options = dict(kind="drone", size=12, snr=30, speed=1.2, manoeuvre=0.02) | changes
    simulation = Simulation(sensor, SceneSettings(std=clouds), TargetSettings(**options), frames=frames, seed=seed)
    return np.stack([simulation.frame(i) for i in range(frames)]), simulation.boxes.copy()


def follow(tracker, frames, boxes):
    """(boxes (N, 4), scores (N,), lost (N,) bool): started on boxes[0]."""
    tracker.init(frames[0], boxes[0])
    rows = [(boxes[0], 1.0, False)]
    for frame in frames[1:]:
        box = tracker.update(frame)
        rows.append((box, tracker.score, bool(tracker.lost)))
    return tuple(np.array(column) for column in zip(*rows))


def found_again(found, truth, first):
    """Frames from `first` on until the box overlaps the true one by 0.3; the number of all frames when it never does."""
    hits = np.flatnonzero(np.nan_to_num(bx.iou(found[first:], truth[first:])) > 0.3)
    return int(hits[0]) if hits.size else len(found)
