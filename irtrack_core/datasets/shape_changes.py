"""Simulated targets that change their shape or contrast within 30 frames: `load("sim-deforming")`.

192 x 192, 8 bit, one target before sky, clouds or terrain. `deformed=False` gives the same targets, scenes and noise without
the change, to be laid beside: nothing else differs.
"""

from dataclasses import replace
from math import log, pi

import numpy as np

from irtrack_core.config import Deformation, ScanSettings, SceneSettings, TargetSettings
from irtrack_core.datasets.synthetic import SKIES, as_sequence
from irtrack_core.imaging.scan import Simulation, check_seed, sigma_w

LN2, LN4 = log(2), log(4)
LEAST = 60  # frames: the change begins in frame 15 and takes 30
# what changes -> (sentence, kinds of target, least and greatest size in px, its Deformation)
CHANGES = {
    "grows": ("becomes four times as large", ("drone", "aircraft"), (20, 28), dict(start=(-LN4, -LN4))),
    "shrinks": ("becomes four times as small", ("drone", "aircraft"), (20, 28), dict(end=(-LN4, -LN4))),
    "aspect": ("becomes twice as long and half as high", ("drone", "vehicle"), (12, 18), dict(end=(LN2, -LN2))),
    "rotates": ("turns by 90 degrees", ("vehicle",), (16, 24), dict(start=(0, -LN2), end=(0, -LN2), turn=pi / 2)),
    "flaps": ("beats wings that shrink to a quarter", ("bird",), (16, 24), dict(flap=LN4)),
    "approaches": (
        "comes from a point to an extended body",
        ("drone", "aircraft"),
        (16, 22),
        dict(start=(-4 * LN2, -4 * LN2), contrast=2.0),
    ),
    "fades": ("fades to a quarter of its contrast", ("drone", "aircraft"), (8, 16), dict(contrast=0.25)),
    "polarity": ("turns from warm to cold", ("drone", "aircraft"), (8, 16), dict(contrast=-1.0)),
}


def deforming_set(*, frames=75, changes=None, sequences=1, seed=0, deformed=True):
    """Sequences of each change, named sim-deforming-grows-00, ...; made from the seed when they are read.

    frames, sequences: of each change; sequence k is the same however many are asked for; changes: some names of CHANGES, None
    for all; deformed: False for the same targets without the change, of the same names.
    Raises ValueError for an unknown change, fewer than 60 frames, a count below 1 or a bad seed.
    """
    chosen = list(CHANGES) if changes is None else list(changes)
    unknown = [name for name in chosen if name not in CHANGES]
    if unknown:
        raise ValueError(f"unknown change {unknown[0]!r}: use some of {', '.join(CHANGES)}")
    if frames < LEAST or sequences < 1:
        raise ValueError(
            f"a change needs at least {LEAST} frames to happen in, and a set one sequence of each; got frames={frames}, "
            f"sequences={sequences}"
        )
    check_seed(seed)
    return [deforming_sequence(name, k, frames, seed, deformed) for name in chosen for k in range(sequences)]


def deforming_sequence(name, k, frames=75, seed=0, deformed=True):
    """Sequence k of the change `name` alone: what `deforming_set` gives in that place. Raises KeyError for another name."""
    sentence, kinds, (least, greatest), change = CHANGES[name]
    rng = np.random.default_rng([seed, list(CHANGES).index(name), k])
    sensor = ScanSettings(
        shape=(192, 192),
        oversampling_scan=1.5,
        oversampling_cross=1.5,
        bits=8,
        output="agc",
        agc_noise=2.0,
        spikes=2e-5,
    )
    snr = float(np.exp(rng.uniform(np.log(12), np.log(40))))
    change = Deformation(**change)
    target = TargetSettings(
        kind=kinds[k % len(kinds)],
        size=float(rng.uniform(least, greatest)),
        snr=snr,
        speed=float(rng.uniform(0.3, 2.0)),
        manoeuvre=0.02,
        cadence=1 / 30 if name == "flaps" else 0.06,
        deform=change if deformed else change.held,
    )
    scene = SceneSettings(
        kind=SKIES[k % len(SKIES)],
        outer_scale=float(rng.uniform(60, 200)),
        std=float(rng.uniform(0.1, 0.4)) * snr * sigma_w(sensor),
        pan=tuple(rng.uniform(-0.7, 0.7, 2).tolist()),
        vibration=float(rng.uniform(0, 0.3)),
    )
    simulation = Simulation(sensor, scene, target, frames=frames, seed=int(rng.integers(2**31)))
    made = as_sequence(simulation, f"sim-deforming-{name}-{k:02d}", "sim-deforming")
    return replace(made, notes=(f"the target {sentence if deformed else 'keeps its shape'}",))
