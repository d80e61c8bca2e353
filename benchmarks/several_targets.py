"""Ten targets at once: our MultiTracker beside other ways of linking the same detections, in one run.

    python benchmarks/several_targets.py [--scenes ten crossing decoys fast hidden] [--repeats 3] [--out FILE.csv]

Simulated scanner images, 640 x 480, 8 bit, ten targets of 6 px and equal contrast before moving clouds:

- ten: they move 1 to 4 px a frame;
- crossing: five pairs meet in the middle of the sequence at a narrow angle;
- decoys: ten more things like them, somewhat fainter, move among them. Who follows one is not blamed for it (they are left
  out of the measures), but who leaves a target for one is;
- fast: they move 8 px a frame, farther than they are large;
- hidden: half of them go behind something for 5 to 40 frames.

All get the same sightings of `filtering.sightings`, clutter among them: trackpy (nearest, with memory), SORT and ByteTrack by
overlap (ioutrack's, where installed: wheels for Python 3.11), and Stone Soup's JPDA. Needs `pip install -e '.[several]'`; the
others are `pip install trackpy==0.7 ioutrack==0.3.0`. A way that is not installed is left out of the table, and said so.
A track counts in frames in which it was seen, and three more. Means over n repeats, JPDA's over the first alone. `ms`: of
processor time a frame, without finding the sightings but for ours, which has it in.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from irtrack_core.boxes import from_centers, to_xyxy
from irtrack_core.config import MultiSettings, ScanSettings, SceneSettings, TargetSettings
from irtrack_core.evaluation.several import several
from irtrack_core.experiments.cached import write_card
from irtrack_core.filtering.sightings import Sightings
from irtrack_core.imaging.scan import Simulation
from irtrack_core.provenance import limit_threads, provenance
from irtrack_core.trackers.multi import MultiTracker, multi_tracker
from irtrack_core.workbook import progress

SHAPE, TARGETS, FRAMES = (480, 640), 10, 120
SENSOR = ScanSettings(shape=SHAPE, oversampling_scan=4.3, oversampling_cross=4.3, bits=8, output="agc", spikes=5e-5)
SHOWN = 3  # frames without a sighting in which a track still counts
SCENES = ("ten", "crossing", "decoys", "fast", "hidden")


def paths(rng, speeds, turn=0.01):
    """(K, N, 2) arcs of K speeds (px a frame) that stay 20 px within the frame, drawn anew until they do."""
    found, t = [], np.arange(FRAMES)
    for speed in speeds:
        while True:
            heading = rng.uniform(0, 2 * np.pi) + rng.uniform(-turn, turn) * t
            steps = speed * np.stack([np.cos(heading), np.sin(heading)], axis=1)
            path = rng.uniform([20, 20], [SHAPE[1] - 20, SHAPE[0] - 20]) + np.cumsum(steps, axis=0)
            if (path > 20).all() and (path < np.array(SHAPE[::-1]) - 20).all():
                found.append(path)
                break
    return np.array(found)


def crossing(rng):
    """(K, N, 2): pairs that meet in the middle of the sequence, at an angle of 15 to 60 degrees."""
    found, t = [], np.arange(FRAMES)[:, None] - FRAMES / 2
    while len(found) < TARGETS:
        meet, heading = rng.uniform([120, 120], [520, 360]), rng.uniform(0, 2 * np.pi)
        pair = []
        for angle in (heading, heading + np.deg2rad(rng.uniform(15, 60))):
            pair.append(meet + t * rng.uniform(1.2, 1.8) * np.array([np.cos(angle), np.sin(angle)]))
        if all((path > 12).all() and (path < np.array(SHAPE[::-1]) - 12).all() for path in pair):
            found += pair
    return np.array(found)


def scene(name, repeat, snr):
    """(simulation, boxes of decoys (L, N, 4)) of a scene."""
    rng = np.random.default_rng([SCENES.index(name), repeat])
    sky = dict(kind="clouds", std=0.05, pan=(0.4, 0.1), distractors=10 * (name == "decoys"), distractor_snr=0.8)
    speeds, turn = (np.full(TARGETS, 8.0), 0.07) if name == "fast" else (rng.uniform(1, 4, TARGETS), 0.01)
    ways = crossing(rng) if name == "crossing" else paths(rng, speeds, turn)
    target = TargetSettings(kind="point", snr=snr, size=6.0, speed=2.0)
    simulation = Simulation(SENSOR, SceneSettings(**sky), target, FRAMES, int(rng.integers(2**31)), ways)
    if name == "hidden":
        for one in simulation.objects[: TARGETS // 2]:
            begin, gap = int(rng.integers(40, 60)), int(rng.integers(5, 41))
            one.visible[begin : begin + gap] = one.contrast[begin : begin + gap] = 0.0
        simulation.tracks = np.array([[one.box(i) for i in range(FRAMES)] for one in simulation.objects[:TARGETS]])
    decoys = [[one.box(i) for i in range(FRAMES)] for one in simulation.objects[TARGETS:]]
    return simulation, np.array(decoys).reshape(len(decoys), FRAMES, 4)


def table_of(rows):
    """{id: boxes (N, 4)} of rows (frame, id, box)."""
    found = {}
    for frame, who, box in rows:
        found.setdefault(who, np.full((FRAMES, 4), np.nan))[frame] = box
    return found


def ours(simulation):
    """(tracks, sightings of all frames, ms a frame) of MultiTracker."""
    tracker, rows, seen, spent = MultiTracker(), [], [], 0.0
    look = multi_tracker.sightings

    def noted(*arguments, **options):
        seen.append(look(*arguments, **options))
        return seen[-1]

    multi_tracker.sightings = noted
    try:
        for i in range(FRAMES):
            frame, begin = simulation.frame(i), time.process_time()
            tracks = tracker.update(frame) if i else tracker.init(frame)
            spent += time.process_time() - begin
            rows += [(i, track.id, track.box) for track in tracks if track.lost <= SHOWN]
    finally:
        multi_tracker.sightings = look
    return table_of(rows), seen, 1e3 * spent / FRAMES


def boxes_of(one: Sightings):
    return from_centers(one.places, one.sizes)


def by_trackpy(seen):
    """Nearest sighting within reach, remembered for ten frames; tracks shorter than four sightings are dropped."""
    import trackpy

    trackpy.quiet()
    frames = [pd.DataFrame({"x": s.places[:, 0], "y": s.places[:, 1], "k": range(len(s.places))}) for s in seen]
    flat = pd.concat([f.assign(frame=i) for i, f in enumerate(frames)], ignore_index=True)
    linked = trackpy.filter_stubs(trackpy.link(flat, search_range=10, memory=10, adaptive_stop=3, adaptive_step=0.9), 4)
    return table_of(
        (int(r.frame), int(r.particle), boxes_of(seen[int(r.frame)])[int(r.k)]) for r in linked.itertuples()
    )


def by_overlap(seen, name):
    """SORT or ByteTrack of ioutrack: Kalman filter and overlap of boxes, the scores from the evidence."""
    import ioutrack

    more = dict(init_tracker_min_score=0.3) | (
        dict(high_score_threshold=0.5) if name == "ByteTrack" else dict(iou_threshold=0.1)
    )
    tracker, rows = getattr(ioutrack, name)(max_age=10, min_hits=3, **more), []
    for i, s in enumerate(seen):
        scores = 1 - np.exp(-(s.strengths - 10) / 5)
        found = tracker.update(np.column_stack([to_xyxy(boxes_of(s)), scores]).astype(np.float32), False)
        rows += [(i, int(who), [x0, y0, x1 - x0, y1 - y0]) for x0, y0, x1, y1, who in np.asarray(found)]
    return table_of(rows)


def by_jpda(seen):
    """Stone Soup's joint probabilistic data association; tracks begin with four sightings that fit."""
    from datetime import datetime, timedelta

    from stonesoup.dataassociator.neighbour import GNNWith2DAssignment
    from stonesoup.dataassociator.probability import JPDA
    from stonesoup.deleter.time import UpdateTimeStepsDeleter
    from stonesoup.hypothesiser.distance import DistanceHypothesiser
    from stonesoup.hypothesiser.probability import PDAHypothesiser
    from stonesoup.initiator.simple import MultiMeasurementInitiator
    from stonesoup.measures import Mahalanobis
    from stonesoup.models.measurement.linear import LinearGaussian
    from stonesoup.models.transition.linear import CombinedLinearGaussianTransitionModel, ConstantVelocity
    from stonesoup.predictor.kalman import KalmanPredictor
    from stonesoup.tracker.simple import MultiTargetMixtureTracker
    from stonesoup.types.detection import Detection
    from stonesoup.types.state import GaussianState
    from stonesoup.updater.kalman import KalmanUpdater

    start, second = datetime(2000, 1, 1), timedelta(seconds=1)
    measured = LinearGaussian(4, (0, 2), np.diag([0.35, 0.35]))
    predictor = KalmanPredictor(CombinedLinearGaussianTransitionModel([ConstantVelocity(0.05), ConstantVelocity(0.05)]))
    updater = KalmanUpdater(measured)
    density = np.mean([len(s.places) for s in seen]) / (SHAPE[0] * SHAPE[1])
    single = GNNWith2DAssignment(DistanceHypothesiser(predictor, updater, Mahalanobis(), missed_distance=3))
    first = MultiMeasurementInitiator(
        GaussianState(np.zeros((4, 1)), np.diag([0.35, 25.0, 0.35, 25.0]), timestamp=start),
        deleter=UpdateTimeStepsDeleter(2), data_associator=single, updater=updater, measurement_model=measured, min_points=4,
    )  # fmt: skip
    joint = JPDA(PDAHypothesiser(predictor, updater, clutter_spatial_density=density, prob_detect=0.85))
    frames = [
        (start + i * second, {Detection(p[:, None], timestamp=start + i * second) for p in s.places})
        for i, s in enumerate(seen)
    ]
    tracker, rows, numbers = (
        MultiTargetMixtureTracker(first, UpdateTimeStepsDeleter(10), frames, joint, updater),
        [],
        {},
    )
    for i, (_, tracks) in enumerate(tracker):
        for track in tracks:
            place = track.state.mean[[0, 2], 0].astype(float)
            rows.append((i, numbers.setdefault(track.id, len(numbers) + 1), from_centers(place, np.array([6.0, 6.0]))))
    return table_of(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", nargs="+", default=SCENES, choices=SCENES)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--frames", type=int, default=FRAMES, help="of a scene; JPDA takes 0.4 s a frame")
    parser.add_argument("--snr", type=float, default=12.0, help="peak contrast of a target over the white noise")
    parser.add_argument("--without", nargs="*", default=[], help="ways to leave out, e.g. JPDA, which is slow")
    parser.add_argument("--out", type=Path, help="CSV file; its card is written beside it")
    options = parser.parse_args()
    globals()["FRAMES"] = options.frames
    made_by = provenance()  # of the code as it is loaded now
    limit_threads()
    others = {
        "trackpy": by_trackpy,
        "SORT": lambda seen: by_overlap(seen, "Sort"),
        "ByteTrack": lambda seen: by_overlap(seen, "ByteTrack"),
        "JPDA": by_jpda,
    }
    rows, missing = [], set(options.without)
    for name in progress(options.scenes):
        for repeat in range(options.repeats):
            simulation, decoys = scene(name, repeat, options.snr)
            tracks, seen, spent = ours(simulation)
            found = {"MultiTracker": (tracks, spent)}
            for way, link in others.items():
                if way in missing or (way == "JPDA" and repeat):
                    continue
                begin = time.process_time()
                try:
                    found[way] = link(seen), 1e3 * (time.process_time() - begin) / FRAMES
                except ModuleNotFoundError as error:
                    missing.add(way)
                    print(f"{way} is left out: {error}", file=sys.stderr)
            for way, (tracks, spent) in found.items():
                measures = several(simulation.tracks, tracks, left_out=decoys)
                rows.append({"scene": name, "way": way, "repeat": repeat} | measures | {"ms": spent})
    table = pd.DataFrame(rows)
    shown = table.drop(columns=["DetA", "AssA", "false tracks"]).groupby(["scene", "way"], sort=False)
    print(shown.mean().drop(columns="repeat").assign(n=shown.size()).round(3).to_string())
    if options.out:
        table.round(4).to_csv(options.out, index=False)
        command = " ".join(["python", "benchmarks/several_targets.py", *sys.argv[1:]])
        write_card(options.out, command, made_by, settings=MultiSettings().model_dump())


if __name__ == "__main__":
    main()
