"""Frames a second of MultiTracker with ten targets at 640 x 480 on one core, beside ten single trackers in the same run.

    python benchmarks/several_targets_speed.py [--frames 100] [--singles siamese motion peak-motion peak] [--out FILE.csv]

All follow the same frames in turn, frame by frame, so that what else the machine does hits all alike. The scene is `ten` of
several_targets.py; ten single trackers start on the true boxes in the first frame. Printed: milliseconds of processor time a
frame, the median and the quietest tenth, and how many times as long as MultiTracker's. `each further target` is the slope of
MultiTracker's median between 10 and 40 targets, divided by 30. ms are the processor's, of one thread.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import several_targets

from irtrack_core import trackers
from irtrack_core.config import SceneSettings, TargetSettings
from irtrack_core.experiments.cached import write_card
from irtrack_core.experiments.speed import hardware
from irtrack_core.imaging.scan import Simulation
from irtrack_core.provenance import limit_threads, provenance
from irtrack_core.trackers.multi import MultiTracker
from irtrack_core.workbook import progress

WARM = 25  # frames that do not count: tracks are born, and memory is laid out


def frames_of(count, frames):
    """Frames with `count` targets before moving clouds, and the true boxes in the first."""
    several_targets.FRAMES, rng = frames, np.random.default_rng(count)
    ways = several_targets.paths(rng, rng.uniform(1, 3, count))
    sky, target = (
        SceneSettings(kind="clouds", std=0.05, pan=(0.4, 0.1)),
        TargetSettings(kind="point", snr=12.0, size=6.0),
    )
    simulation = Simulation(several_targets.SENSOR, sky, target, frames, 1, ways)
    return [simulation.frame(i) for i in range(frames)], simulation.tracks[:, 0]


def timed(spent, function, *arguments):
    begin = time.process_time()
    result = function(*arguments)
    spent.append(1e3 * (time.process_time() - begin))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--singles", nargs="*", default=["siamese", "motion", "peak-motion", "peak"])
    parser.add_argument("--out", type=Path, help="CSV file; its card is written beside it")
    options = parser.parse_args()
    made_by = provenance()  # of the code as it is loaded now
    limit_threads()
    few, boxes = frames_of(10, options.frames)
    many, _ = frames_of(40, options.frames)
    spent, found = {name: [] for name in ("MultiTracker", "40 targets", *options.singles)}, {}
    multi, crowd = MultiTracker(), MultiTracker()
    singles = {name: [trackers.create(name) for _ in boxes] for name in options.singles}
    multi.init(few[0]), crowd.init(many[0])
    for made in singles.values():
        for tracker, box in zip(made, boxes):
            tracker.init(few[0], box)
    for one, other in progress(list(zip(few, many))[1:]):
        found["MultiTracker"] = len(timed(spent["MultiTracker"], multi.update, one))
        found["40 targets"] = len(timed(spent["40 targets"], crowd.update, other))
        for name, made in singles.items():
            timed(spent[name], lambda made=made, one=one: [tracker.update(one) for tracker in made])
    rows = []
    for name, ms in spent.items():
        middle, quiet = np.percentile(ms[WARM:], [50, 10])
        times = middle / np.median(spent["MultiTracker"][WARM:])
        label = name if name in found else f"ten {name}"
        rows.append(
            {"tracker": label, "median ms": middle, "quiet ms": quiet, "frames/s": 1e3 / middle, "times": times}
        )
    print(pd.DataFrame(rows).round(2).to_string(index=False))
    slope = (rows[1]["median ms"] - rows[0]["median ms"]) / (found["40 targets"] - found["MultiTracker"])
    print(f"tracks: {found['MultiTracker']} of 10, {found['40 targets']} of 40; each further target {slope:.3f} ms")
    if options.out:
        pd.DataFrame(rows).round(3).to_csv(options.out, index=False)
        command = " ".join(["python", "benchmarks/several_targets_speed.py", *sys.argv[1:]])
        write_card(options.out, command, made_by, hardware=hardware(), each_further_target_ms=round(slope, 3))


if __name__ == "__main__":
    main()
