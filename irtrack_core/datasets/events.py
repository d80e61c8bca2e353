"""Simulated sequences in each of which one thing happens that makes trackers fail: `load("sim-events")`.

320 x 256, a target of medium size and contrast before clouds or terrain; `Sequence.notes` says what happens.
"""

import re
from dataclasses import replace

import numpy as np

from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.datasets.synthetic import as_sequence
from irtrack_core.imaging.scan import Simulation, check_seed

# what happens -> (sentence, sensor, scene, target): changes to the settings below
EVENTS = {
    "leave": ("leaves the frame and comes back", {}, {}, dict(kind="aircraft", leave=True, manoeuvre=0.1, speed=4.0)),
    "occlusion": ("is hidden for a fifth of the frames", {}, dict(kind="trees"), dict(kind="drone", occlusion=0.2)),
    "crossing": ("is crossed by its like", {}, dict(distractors=1, crossing=1, distractor_snr=1.0), dict(kind="drone")),
    "distractors": ("moves among four of its like", {}, dict(distractors=4, distractor_snr=0.9), dict(kind="bird")),
    "cold": ("is colder than the background", {}, dict(kind="terrain"), dict(kind="vehicle", snr=-25.0)),
    "flapping": ("beats its wings and flickers", {}, {}, dict(kind="bird", cadence=0.23, flicker=0.15, size=22.0)),
    "growth": ("comes nearer: four times as large", {}, {}, dict(kind="aircraft", size=6.0, growth=float(np.log(4)))),
    "manoeuvre": ("turns sharply", {}, {}, dict(kind="bird", manoeuvre=0.3, speed=3.0)),
    "shaking": ("is seen from a shaking platform", {}, dict(vibration=2.0, wander=8.0), dict(kind="drone")),
    "sensor": (
        "is seen by a poor scanner",
        dict(jitter=0.15, stagger=8.0, dead=0.02, knee=0.08, spikes=1e-3, odd_even=1.0, offset=1.5),
        {},
        dict(kind="point"),
    ),
}


def event_set(*, frames=120, events=None, seed=0):
    """One sequence for each event, named sim-events-leave, ...; made from the seed when they are read.

    frames: of each; events: some names of EVENTS, None for all. Raises ValueError for an unknown event, fewer than 60
    frames, or a bad seed.
    """
    chosen = list(EVENTS) if events is None else [events] if isinstance(events, str) else list(events)
    unknown = [name for name in chosen if name not in EVENTS]
    if unknown:
        raise ValueError(f"unknown event {unknown[0]!r}: use some of {', '.join(EVENTS)}")
    if frames < 60:
        raise ValueError(f"an event needs at least 60 frames to happen in; got frames={frames}")
    check_seed(seed)
    return [_event(name, frames, seed) for name in chosen]


def _event(name, frames, seed):
    sentence, sensor, scene, target = EVENTS[name]
    sensor = ScanSettings(**(dict(shape=(256, 320), bits=8, output="agc", agc_noise=2.0) | sensor))
    scene = SceneSettings(**(dict(kind="clouds", std=0.06, outer_scale=120.0, pan=(0.4, 0.1)) | scene))
    target = TargetSettings(**(dict(size=14.0, snr=25.0, speed=1.5) | target))
    rng = np.random.default_rng([seed, list(EVENTS).index(name)])
    simulation = Simulation(sensor, scene, target, frames=frames, seed=int(rng.integers(2**31)))
    while name == "leave" and not _returns(simulation.boxes):  # a few paths are drawn until one does
        simulation = Simulation(sensor, scene, target, frames=frames, seed=int(rng.integers(2**31)))
    return replace(as_sequence(simulation, f"sim-events-{name}", "sim-events"), notes=(f"the target {sentence}",))


def _returns(boxes):
    """Seen in the first five frames, then absent for five or more on end, then seen for five or more on end."""
    seen = "".join("x" if np.isfinite(x) else "." for x in boxes[:, 0])
    return re.match(r"x{5}.*\.{5}.*x{5}", seen) is not None
