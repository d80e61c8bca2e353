"""Simulated sequences: three sets in the manner of the paper's, and random ones for training on the fly.

`simulated_set("sim-aircraft")` gives ten sequences, made from the seed when they are read; nothing is stored. Facts the
sets follow (frame size, target size, speed, contrast, number of sequences) stand beside each; the rest is drawn.
The box convention is that of `scan.Simulation`: sqrt(extent^2 + (4 blob sigma)^2) in each direction.
"""

from functools import partial

import numpy as np

from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.datasets.frames import FunctionFrames
from irtrack_core.datasets.sequence import Sequence
from irtrack_core.imaging.scan import Simulation, check_seed, sigma_w

SKIES = ("clouds", "cloud_edges", "horizon", "terrain")


def as_sequence(simulation, name, dataset, *, fps=30.0):
    """A `Sequence` that computes its frames, and their components, when they are read."""
    sensor = simulation.sensor
    frames = FunctionFrames(len(simulation), sensor.shape, simulation.dtype, simulation.frame)
    exact = dict(components=simulation.components, oversampling=(sensor.oversampling_scan, sensor.oversampling_cross))
    return Sequence(name, dataset, frames, simulation.boxes, fps, **exact)


def simulated_set(name, *, frames=40, sequences=10, seed=0):
    """Sequences of a simulated set: "sim-aircraft", "sim-pedestrian" or "sim-otcbvs", named like sim-aircraft-03.

    frames: of each sequence; sequence k is the same however many are asked for. Raises ValueError for another name, or
    a count below 1.
    """
    if name not in SETS:
        raise ValueError(f"unknown simulated set {name!r}: use one of {sorted(SETS)}")
    if sequences < 1:
        raise ValueError(f"a set needs at least one sequence; got sequences={sequences}")
    check_seed(seed)
    made = []
    for k in range(sequences):
        rng = np.random.default_rng([seed, list(SETS).index(name), k])
        simulation = Simulation(*SETS[name](rng, k), frames=frames, seed=int(rng.integers(2**31)))
        made.append(as_sequence(simulation, f"{name}-{k:02d}", name))
    return made


def _aircraft(rng, k):
    """Dim aircraft of a few pixels at 256 x 256, 8 bit: sky, clouds and terrain pass behind, SNR 14 down to 5."""
    snr = float(np.geomspace(14, 5, 10)[k % 10])
    sensor = ScanSettings(
        shape=(256, 256),
        oversampling_scan=3.0,
        oversampling_cross=3.0,
        spikes=2e-5,  # about one a frame
        bits=8,
        output="agc",
        agc_noise=float(rng.uniform(1.5, 3)),
        jitter=float(rng.uniform(0, 0.08)),
        knee=float(rng.uniform(0, 0.03)),
    )
    scene = SceneSettings(
        kind=SKIES[k % len(SKIES)],
        beta=float(rng.uniform(2.8, 3.4)),
        outer_scale=float(rng.uniform(60, 200)),
        # the fainter the target, the calmer its sky: its contrast stays a few times the local clutter
        std=float(rng.uniform(0.2, 0.8)) * snr * sigma_w(sensor),
        skew=float(rng.uniform(0, 0.6)),
        pan=tuple(rng.uniform(-1, 1, 2).tolist()),
        vibration=float(rng.uniform(0, 0.3)),
        distractors=int(rng.integers(0, 2)),
        distractor_snr=0.5,
    )
    target = TargetSettings(
        kind="point" if k % 2 else "aircraft",
        size=float(rng.uniform(2, 10)),
        snr=snr,
        speed=float(rng.uniform(0.3, 2.5)),
        manoeuvre=float(rng.uniform(0.01, 0.05)),
        growth=float(rng.uniform(-0.2, 0.2)),
    )
    return sensor, scene, target


def _pedestrian(rng, k):
    """Walkers 20-60 px tall in a street at 640 x 480, seen from a moving platform, with warm things about."""
    sensor = ScanSettings(
        shape=(480, 640), bits=8, output="agc", agc_noise=0.6, netd=40.0, jitter=float(rng.uniform(0, 0.05))
    )
    scene = SceneSettings(
        kind=("buildings", "trees", "horizon")[k % 3],  # each has ground below 0.65 of the height
        beta=float(rng.uniform(3.2, 3.8)),
        outer_scale=float(rng.uniform(60, 200)),
        std=float(rng.uniform(0.25, 0.6)),
        pan=(float(rng.uniform(-2, 2)), 0.0),
        wander=float(rng.uniform(0, 3)),
        vibration=float(rng.uniform(0, 0.4)),
        hot_spots=int(rng.integers(5, 25)),
        distractors=int(rng.integers(1, 4)),
        distractor_snr=float(rng.uniform(0.6, 1.0)),
    )
    target = TargetSettings(
        kind="pedestrian",
        size=float(rng.uniform(20, 60)),
        snr=float(rng.uniform(40, 100)),
        speed=float(rng.uniform(0.5, 3)),
        vertical=float(rng.uniform(0.02, 0.2)),
        region=(0.66, 0.92),  # on the ground
        cadence=float(rng.uniform(0.04, 0.09)),
        growth=float(rng.uniform(-0.3, 0.3)),
    )
    return sensor, scene, target


def _otcbvs(rng, k):
    """People of 12-30 px, and a few vehicles, from a fixed camera on a roof at 320 x 240."""
    sensor = ScanSettings(shape=(240, 320), bits=8, output="agc", agc_noise=1.5, netd=50.0, jitter=0.02)
    vehicle = k % 5 == 4
    scene = SceneSettings(
        kind="terrain",
        beta=float(rng.uniform(2.8, 3.4)),
        outer_scale=float(rng.uniform(60, 200)),
        std=float(rng.uniform(0.08, 0.25)),
        pan=(0.0, 0.0),
        hot_spots=int(rng.integers(5, 20)),
        distractors=int(rng.integers(1, 5)),
        distractor_snr=float(rng.uniform(0.7, 1.0)),
    )
    target = TargetSettings(
        kind="vehicle" if vehicle else "pedestrian",
        size=float(rng.uniform(24, 40) if vehicle else rng.uniform(12, 30)),
        # some people are colder than the ground in the sun
        snr=float(rng.uniform(20, 60) * (-1 if k % 4 == 3 else 1)),
        speed=float(rng.uniform(1, 4) if vehicle else rng.uniform(0.3, 1.2)),
        vertical=float(rng.uniform(0.3, 1)),
        cadence=float(rng.uniform(0.04, 0.09)),
    )
    return sensor, scene, target


SETS = {"sim-aircraft": _aircraft, "sim-pedestrian": _pedestrian, "sim-otcbvs": _otcbvs}


def random_sequence(rng, *, kind=None, frames=20, shape=(192, 192)):
    """A `Sequence` drawn from the whole range of settings, for training: cheap to make and to read.

    rng: numpy Generator; kind: a target kind of `TargetSettings`, or None for any; shape: (H, W) of the frames.
    Half imitate a scanner (|SNR| 3-20, size from 2 px), half the video of a staring camera (|SNR| 8-150 mostly, size
    from 5 px, steeper spectra). The latter's ranges hold what 98 % of the Svanstrom set's *training* list has (boxes of 8
    to 32 px, signal-to-clutter ratios of 3.5 to 140), and more on either side. Size up to 40 px or a third of the frame, one
    target in six colder than the background; every scene, platform motion, crossing distractors, 8 and 14 bit, AGC,
    compression.
    Raises ValueError for an unknown kind or a frame that cannot be simulated.
    """
    staring = rng.random() < 0.5  # no scan artefacts, high contrast, as most real video
    snr = _log(rng, 8.0, 150.0) if staring and rng.random() < 0.85 else _log(rng, 3.0, 20.0)
    sensor = _random_sensor(rng, tuple(shape), staring, snr)
    target = _random_target(rng, kind, min(40.0, 0.3 * min(shape)), staring, snr)
    scene = _random_scene(rng, staring, snr, sigma_w(sensor))
    simulation = Simulation(sensor, scene, target, frames=frames, seed=int(rng.integers(2**31)))
    return as_sequence(simulation, f"random-{simulation.seed}", "random")


def _pick(rng, *options):
    return options[rng.integers(len(options))]


def _uniform(rng, low, high):
    return float(rng.uniform(low, high))


def _log(rng, low, high):
    """A number between low and high whose logarithm is uniform."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _random_sensor(rng, shape, staring, snr):
    """ScanSettings of a random scanner, or of a staring camera, whose target has the given |SNR|."""
    pick, uniform, log = partial(_pick, rng), partial(_uniform, rng), partial(_log, rng)
    counts = log(15.0, 200.0) if staring else log(5.0, 60.0)  # the most a target may rise in an 8-bit image
    cross = pick(1.25, 1.25, 1.5) if staring else pick(1.25, 2.0, 2.0, 3.0)
    bits = pick(8, 8, 8, 14)
    agc = bits == 8 or rng.random() < 0.5
    return ScanSettings(
        shape=shape,
        psf=pick("gaussian", "gaussian", "gaussian", "airy"),
        f_number=log(1.4, 4.0),
        oversampling_scan=cross * (1.0 if staring else uniform(0.8, 1.3)),
        oversampling_cross=cross,
        smear=0.0 if staring else uniform(0, 0.6),
        jitter=0.0 if staring or rng.random() < 0.3 else uniform(0, 0.15),
        gain=uniform(0, 0.01),
        offset=uniform(0, 1.0),
        odd_even=0.0 if staring else uniform(0, 0.8),
        knee=0.0 if staring else uniform(0, 0.05),
        dead=pick(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.01),
        spikes=pick(0.0, 1e-4, 5e-4),
        bits=bits,
        output="agc" if agc else "radiometric",
        detail=pick(0.0, 0.0, uniform(0.3, 0.9)) if agc else 0.0,
        detail_size=log(8, 60),
        agc_noise=counts / snr * (1 if bits == 8 else 16),
        agc_clip=pick(0.5, 0.5, uniform(0.5, 15.0)),
        quality=pick(100, int(rng.integers(40, 96))) if bits == 8 else 100,
    )


def _random_target(rng, kind, most, staring, snr):
    """TargetSettings of a random target of the given |SNR|, at most `most` pixels large."""
    pick, uniform, log = partial(_pick, rng), partial(_uniform, rng), partial(_log, rng)
    kind = pick("point", "aircraft", "drone", "bird", "pedestrian", "vehicle") if kind is None else kind
    size = log(min(5.0, most), most) if staring else log(2.0, most)
    return TargetSettings(
        kind=kind,
        size=size,
        snr=-snr if rng.random() < 1 / 6 else snr,
        speed=pick(0.0, log(0.1, 6.0), log(0.1, 6.0), log(0.1, 6.0)),
        manoeuvre=log(0.003, 0.2),
        vertical=uniform(0, 1),
        cadence=uniform(0, 0.25),
        growth=uniform(-0.5, 0.5),
        flicker=pick(0.0, 0.0, uniform(0, 0.2)),
    )


def _random_scene(rng, staring, snr, sigma):
    """SceneSettings of a random scene; its contrast is a twentieth to the whole of a target's, snr x sigma (K)."""
    pick, uniform, log = partial(_pick, rng), partial(_uniform, rng), partial(_log, rng)
    distractors = pick(0, 0, 1, 2)
    return SceneSettings(
        kind=pick(
            "flat", "clouds", "clouds", "cloud_edges", "horizon", "horizon", "terrain", "buildings", "trees", "sea"
        ),
        beta=uniform(2.8, 4.0) if staring else uniform(2.2, 3.6),
        outer_scale=log(20, 300),
        std=log(0.05 * snr, snr) * sigma,
        skew=uniform(0, 0.8),
        pan=pick((0.0, 0.0), tuple(rng.uniform(-3, 3, 2).tolist()), tuple(rng.uniform(-0.5, 0.5, 2).tolist())),
        wander=pick(0.0, uniform(0, 4)),
        vibration=pick(0.0, uniform(0, 1)),
        hot_spots=pick(0, 0, int(rng.integers(1, 12))),
        distractors=distractors,
        distractor_snr=uniform(0.4, 1.0),
        crossing=int(rng.integers(0, distractors + 1)),
    )
