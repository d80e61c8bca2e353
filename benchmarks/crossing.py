"""Two targets of one kind meet and part: does a tracker stay on its own?

    python benchmarks/crossing.py [--trackers siamese peak] [--number 100] [--out FILE.csv]

Scene k is drawn from k alone: two soft spots of 4 to 14 px, alike but for a contrast that differs by some 15 %, before smooth
clutter, each with its own constant velocity but for a small random walk; their ways cross at 15 to 165 degrees in the middle
of 90 frames, where they are less than 0.8 of their size from each other. A row of FILE.csv is a tracker on a scene: `own`, 1
where the box is on its target in most of the last 15 frames, `other`, the same of the other one, and AO. `siamese-alone` and
`motion-alone` are trackers that do not follow what else is near (`trackers.neighbours`), which was chosen on other scenes
that were drawn like these.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from odd_scenes import as_bytes, boxes_at, noisy, smooth, with_spot

from irtrack_core import boxes as bx
from irtrack_core import evaluation, trackers
from irtrack_core.experiments.cached import rows_so_far, write_card
from irtrack_core.provenance import limit_threads, provenance
from irtrack_core.workbook import progress

TRACKERS = ("siamese", "siamese-alone", "motion", "motion-alone", "peak", "peak-motion")
ALONE = "-alone"
COUNT, HEIGHT, WIDTH, MARGIN = 90, 340, 380, 20  # frames; pixels, and how near to the edge a target comes at most
LAST = 15  # frames in which the box has to be on its target
ANGLES = [15, 45, 90, 135, 165]  # degrees


def scene(number):
    """(frames, boxes (N, 4) of the target, boxes of the other one, degrees between their ways)."""
    rng = np.random.default_rng([7, number])
    while True:
        size, level, ratio = rng.uniform(4, 14), rng.uniform(25, 60), np.exp(rng.normal(0, 0.15))
        angle, turn = rng.uniform(0, 2 * np.pi), np.deg2rad(rng.uniform(ANGLES[0], ANGLES[-1]))
        speeds = rng.uniform(0.08, 0.3) * size * np.array([1, np.exp(rng.normal(0, 0.3))])
        angles = [angle, angle + turn * rng.choice([-1, 1])]
        aside = rng.uniform(0, 0.8) * size * rng.choice([-1, 1]) * np.array([-np.sin(angle), np.cos(angle)])
        middle, time = np.array([WIDTH, HEIGHT]) / 2 + rng.uniform(-15, 15, 2), np.arange(COUNT)[:, None] - COUNT / 2
        ways = [
            place + speed * time * [np.cos(a), np.sin(a)] + np.cumsum(rng.normal(0, 0.01 * size, (COUNT, 2)), axis=0)
            for place, speed, a in zip((middle, middle + aside), speeds, angles)
        ]
        if all(((way > MARGIN) & (way < [WIDTH - MARGIN, HEIGHT - MARGIN])).all() for way in ways):
            break
    ground = 100 + rng.uniform(0, 14) * smooth(rng, HEIGHT + 40, WIDTH + 40, rng.uniform(8, 25))
    noise, drift, frames = rng.uniform(1.5, 4), rng.uniform(-0.3, 0.3, 2), []
    for k in range(COUNT):
        x, y = np.clip(20 + drift * k, 0, 40).astype(int)
        frame = ground[y : y + HEIGHT, x : x + WIDTH]
        for way, contrast in zip(ways, (level, ratio * level)):
            frame = with_spot(frame, way[k], (size, size), contrast)
        frames.append(as_bytes(noisy(rng, frame, noise)))
    return frames, *(boxes_at(way, (size, size)) for way in ways), float(np.rad2deg(turn))


def measure(tracker, frames, boxes, others):
    """{"own", "other", "ao"} of a tracker that begins on the first of the boxes."""
    tracker.init(frames[0], boxes[0])
    found = np.array([tracker.update(frame) for frame in frames[1:]], float)
    own, other = (bx.center_error(found, each[1:]) < boxes[0, 2] for each in (boxes, others))
    on = {"own": int(own[-LAST:].mean() > 0.5), "other": int(other[-LAST:].mean() > 0.5)}
    return on | {"ao": float(bx.iou(found, boxes[1:]).mean())}


def made(name):
    """The tracker of that name; `NAME-alone`: one that does not follow what else is near."""
    tracker = trackers.create(name.removesuffix(ALONE))
    if name.endswith(ALONE):
        tracker.neighbours_of = None
    return tracker


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trackers", nargs="+", default=list(TRACKERS))
    parser.add_argument("--first", type=int, default=1000, help="number of the first scene")
    parser.add_argument("--number", type=int, default=100, help="of scenes")
    parser.add_argument("--out", type=Path, help="CSV file; its card is written beside it")
    options = parser.parse_args()
    made_by = provenance()  # of the code as it is loaded now
    limit_threads()
    cv2.setNumThreads(1)
    try:
        rows = rows_so_far(options.out, options.out.with_suffix(".json"), made_by) if options.out else []
    except ValueError as error:
        parser.error(error)
    done, ready = {(row["scene"], row["tracker"]) for row in rows}, {name: made(name) for name in options.trackers}
    for number in progress(range(options.first, options.first + options.number)):
        missing = [name for name in ready if (number, name) not in done]
        *clip, degrees = scene(number) if missing else (None,)
        for name in missing:
            rows.append({"scene": number, "degrees": round(degrees, 1), "tracker": name} | measure(ready[name], *clip))
        if missing and options.out:
            options.out.parent.mkdir(parents=True, exist_ok=True)
            pd.DataFrame(rows).round(4).to_csv(options.out, index=False)
            write_card(options.out, " ".join(["python", "benchmarks/crossing.py", *sys.argv[1:]]), made_by)
    table = pd.DataFrame(rows).assign(angle=lambda one: pd.cut(one["degrees"], ANGLES, include_lowest=True))
    print(table.groupby("tracker", sort=False)[["own", "other", "ao"]].mean().round(3).to_string())
    by_angle = table.pivot_table(index="tracker", columns="angle", values="own", observed=True, sort=False)
    print(by_angle.round(2).to_string())
    wide = table.pivot(index="scene", columns="tracker", values="ao")
    first = options.trackers[0]
    for name in options.trackers[1:]:
        interval = evaluation.paired_interval(wide[first], wide[name], rng=np.random.default_rng(0))
        print(f"AO of {first} minus {name}: {interval.text(3, sign='+')}")


if __name__ == "__main__":
    main()
