"""False tracks of MultiTracker an hour of video: eight simulated grounds, still and panning, in calm and wind; real clips.

    [IRTRACK_DATA=<folder>] python benchmarks/false_tracks.py [--frames 150] [--sets simulated real] [--out FILE.csv]

Each simulated scene, 320 x 256, is seen without a target and with one of 5 px at SNR 12 that moves 1.5 px a frame. Real clips
of the Svanstrom set have one annotated target; others that fly by without being annotated count as false. A track counts in
frames in which it was seen, and three more; it is false where it is at the target, within 8 px or its size, in less than
half of them. `found`: share of the frames with a target in which a track is there. Births were chosen on seed 100 and on
`--split train`.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from irtrack_core import boxes as bx
from irtrack_core import datasets
from irtrack_core.config import MultiSettings, ScanSettings, SceneSettings, TargetSettings
from irtrack_core.experiments.cached import write_card
from irtrack_core.imaging.scan import Simulation
from irtrack_core.provenance import limit_threads, provenance
from irtrack_core.trackers.multi import MultiTracker
from irtrack_core.workbook import progress

SENSOR = ScanSettings(shape=(256, 320), bits=8, output="agc", spikes=2e-5)
KINDS = ("flat", "clouds", "cloud_edges", "horizon", "terrain", "buildings", "trees", "sea")
WINDY = ("trees", "terrain", "sea", "horizon")
SHOWN, NEAR, FPS = 3, 8.0, 30.0


def scenes(seed, frames):
    """Iterator of (name, number of frames, function that gives frame i, true boxes or None)."""
    number = 0
    for kind in KINDS:
        for pan in ((0.0, 0.0), (1.0, 0.2)):
            for wind in (0.0, 1.0) if kind in WINDY else (0.0,):
                rng, number = np.random.default_rng([seed, 2 * number]), number + 1
                std, scale = float(rng.uniform(0.1, 0.4)), float(rng.uniform(60, 200))
                more = dict(vibration=0.2 * any(pan), hot_spots=10 * (kind in ("buildings", "terrain")))
                sky = SceneSettings(kind=kind, std=std, outer_scale=scale, pan=pan, wind=wind, **more)
                drawn = int(rng.integers(2**31))
                for snr in (0.0, 12.0):
                    target = TargetSettings(kind="point", size=5.0, snr=snr, speed=1.5)
                    made = Simulation(SENSOR, sky, target, frames, drawn)
                    name = f"{kind}{', panning' * any(pan)}{', wind' * bool(wind)}{', target' * bool(snr)}"
                    yield name, frames, made.frame, made.boxes if snr else None


def clips(split, frames):
    """The same of real clips; none where IRTRACK_DATA is not set."""
    if datasets.data_root() is None:
        return
    for one in datasets.load("svanstrom", datasets.data_root(), split=split):
        count = min(len(one), frames)
        yield one.name, count, one.frames.__getitem__, one.boxes[:count]


def measure(frame, count, truth):
    """{frames, tracks, false, found} of MultiTracker over a scene."""
    tracker, near, hit = MultiTracker(), {}, np.zeros(count, bool)
    for i in range(count):
        for one in tracker.update(frame(i)) if i else tracker.init(frame(0)):
            if one.lost > SHOWN:
                continue
            there = truth is not None and np.isfinite(truth[i]).all()
            reach = max(NEAR, *truth[i][2:]) if there else 0.0
            at = there and np.linalg.norm(bx.centers(one.box) - bx.centers(truth[i])) <= reach
            near.setdefault(one.id, []).append(at)
            hit[i] |= bool(at)
    present = np.isfinite(truth[:, 0]) if truth is not None else np.zeros(count, bool)
    false = sum(np.mean(at) < 0.5 for at in near.values())
    return {
        "frames": count,
        "tracks": len(near),
        "false": int(false),
        "found": hit[present].mean() if present.any() else np.nan,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=150, help="of each scene, and at most of each clip")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", default="validation", help="of the Svanstrom set: validation, train")
    parser.add_argument("--sets", nargs="+", default=("simulated", "real"), choices=("simulated", "real"))
    parser.add_argument("--out", type=Path, help="CSV file; its card is written beside it")
    options = parser.parse_args()
    made_by = provenance()  # of the code as it is loaded now
    limit_threads()
    rows = []
    for kind, some in (
        ("simulated", scenes(options.seed, options.frames)),
        ("real", clips(options.split, options.frames)),
    ):
        if kind not in options.sets:
            continue
        rows += [
            {"set": kind, "scene": name} | measure(frame, count, truth) for name, count, frame, truth in progress(some)
        ]
    table = pd.DataFrame(rows)
    groups = table.assign(target=table["found"].notna()).groupby(["set", "target"])
    total = groups[["frames", "false"]].sum().assign(found=groups["found"].mean())
    total["an hour"] = total["false"] / total["frames"] * FPS * 3600
    print(total.round(3).to_string())
    if options.out:
        table.round(4).to_csv(options.out, index=False)
        command = " ".join(["python", "benchmarks/false_tracks.py", *sys.argv[1:]])
        write_card(options.out, command, made_by, settings=MultiSettings().model_dump())


if __name__ == "__main__":
    main()
