"""What each part of `siamese` or `motion` brings: one part is left out or replaced at a time, the weights stay.

On the simulated sets and, where IRTRACK_DATA has it, the Svanström validation list, the same list with two cuts in each
sequence (the picture mirrored from one frame on, then turned upside down), seen through a smaller window that is knocked
to another place every 15 frames or so, its targets before simulated scenes, seen through such a window, seen by a camera
that zooms in or out on the target, by a factor of 1.6 to 3.3, and with targets that keep their size while all behind them
is zoomed, as a camera sees it that flies after them. These parts were chosen on sequences of the training
list; here they are only reported. Means are over recordings; `gain` is AO with all parts minus AO without this one, paired,
with its 95 % interval. `--out FILE.csv` keeps the table, and its card beside it.
"""

import argparse
import sys
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from robustness import without
from scipy.ndimage import uniform_filter1d

from irtrack_core import boxes as bx
from irtrack_core import datasets, evaluation, trackers
from irtrack_core.datasets import in_memory
from irtrack_core.evaluation.grouping import recording_means
from irtrack_core.experiments.cached import write_card
from irtrack_core.provenance import limit_threads, provenance
from irtrack_core.training.paste_targets import cut_out, paste
from irtrack_core.workbook import progress

ALL, AS_PREDICTED, NO_ZOOM = "all parts", "sizes as predicted", "no zoom of the camera"
PARTS = {
    ALL: {},
    "no re-detection": dict(candidates=0),
    "no return after a jump": dict(return_frames=0),
    "no camera motion, no zoom": dict(camera_tile=0),
    NO_ZOOM: {},
    "no surroundings": dict(surroundings=0),
    "no alignment": dict(alignment_rounds=0),
    "last size at once": dict(size_rate=1.0, size_dead_zone=0.0),
    "size smoothed, no dead zone": dict(size_dead_zone=0.0),
    "given size kept": dict(size_rate=0.0),
    AS_PREDICTED: {},
    "best proposal, no vote": dict(vote_radius=0.0),
    "cosine window, smoothed velocity": dict(kalman=False),
    "one frame of evidence is enough": dict(confirm_frames=1),
    "one hypothesis": dict(hypotheses=1),
}
SCENES = ("sim-pedestrian", "sim-otcbvs")
COLUMNS = {"aor": "AO", "sr50": "SR0.5", "p5": "P@5", "p20": "P@20"}


def with_cuts(sequence, rng):
    """The sequence with two cuts: mirrored left-right from a random frame on, upside down from a later one on."""
    frames = np.stack([np.asarray(frame) for frame in sequence.frames])
    boxes, (height, width) = sequence.boxes.copy(), frames.shape[1:]
    first, second = np.sort(rng.integers(0.15 * len(frames), 0.85 * len(frames), 2))
    frames[first:] = frames[first:, :, ::-1].copy()
    boxes[first:, 0] = width - boxes[first:, 0] - boxes[first:, 2]
    frames[second:] = frames[second:, ::-1].copy()
    boxes[second:, 1] = height - boxes[second:, 1] - boxes[second:, 3]
    return replace(sequence, frames=frames, boxes=boxes, components=None)


def knocked(sequence, rng, share=0.75, every=15):
    """The sequence through a window of `share` of the frame's sides, which jumps to another place now and then.

    The target is in the window as whole as it is in the frame.
    """
    frames = np.stack([np.asarray(frame) for frame in sequence.frames])
    height, width = (int(share * n) for n in frames.shape[1:])
    view, room = np.array([width, height]), np.array([frames.shape[2] - width, frames.shape[1] - height])
    views, boxes, place = np.empty((len(frames), height, width), frames.dtype), sequence.boxes.copy(), None
    for k, box in enumerate(sequence.boxes):
        low, high = np.zeros(2, int), room  # of the corners from which the target is seen
        if np.isfinite(box[0]):
            low, high = np.ceil(box[:2] + box[2:] - view), np.floor(box[:2])
            low, high = (np.clip(end, 0, room).astype(int) for end in (np.minimum(low, high), high))
        if place is None or (place < low).any() or (place > high).any() or rng.random() < 1 / every:
            place = rng.integers(low, high + 1)
        x, y = place
        views[k] = frames[k, y : y + height, x : x + width]
        boxes[k, :2] -= place
    return replace(sequence, frames=views, boxes=boxes, components=None)


def before_scene(real, scene, rng):
    """The target of `real`, frame by frame from a random one on, before the frames of `scene`, which it crosses.

    What moves in the scene already stays there. The target is a quarter fainter and turns back before the border.
    """
    frames, boxes = [], []
    present = np.flatnonzero(real.present)
    first = int(rng.integers(max(1, len(present) - len(scene.frames))))
    limits = np.array(scene.frames[0].shape[::-1])
    center, velocity = limits * rng.uniform(0.3, 0.7, 2), rng.uniform(-1.5, 1.5, 2)
    for number, picture in enumerate(scene.frames):
        source = int(present[min(first + number, len(present) - 1)])
        residual = 0.75 * cut_out(real.frames[source], real.boxes[source])
        reach = len(residual) // 2
        center = center + velocity + rng.normal(0, 0.3, 2)
        velocity = np.where(
            (center < reach) | (center > limits - reach), np.sign(limits / 2 - center) * abs(velocity), velocity
        )
        corner = np.round(center - reach - 0.5)
        frames.append(
            np.rint(np.clip(paste(np.asarray(picture, np.float32), residual, corner), 0, 255)).astype(np.uint8)
        )
        boxes.append(bx.from_centers(corner + reach + 0.5, real.boxes[source, 2:]))
    return replace(real, frames=np.stack(frames), boxes=np.array(boxes), components=None)


def zoomed(sequence, rng, whole=True):
    """The sequence seen by a camera that zooms in or out, evenly in the logarithm, about the target's smoothed path.

    whole: False where only what is behind the target is zoomed, and the target keeps its size.
    """
    count, (height, width) = len(sequence), sequence.shape
    zooms = np.exp(rng.choice([-1, 1]) * rng.uniform(0.5, 1.2) * np.linspace(0, 1, count))
    zooms /= zooms.min()
    limits, centers, known = np.array([width, height]), bx.centers(sequence.boxes), np.flatnonzero(sequence.present)
    path = [np.interp(np.arange(count), known, centers[known, axis]) for axis in (0, 1)]
    path = uniform_filter1d(np.array(path), 31, mode="nearest").T
    frames, boxes = np.empty((count, height, width), np.uint8), sequence.boxes.copy()
    for k, (zoom, middle) in enumerate(zip(zooms, path)):
        middle = np.clip(middle, limits / 2 / zoom, limits - limits / 2 / zoom)  # the view stays in the picture
        # pixel i is centred on i + 0.5
        shift = limits / 2 - zoom * middle + zoom / 2 - 0.5
        where = np.column_stack([zoom * np.eye(2), shift])
        picture = np.asarray(sequence.frames[k])
        if not whole and sequence.present[k]:
            picture = without(picture, boxes[k])
        picture = cv2.warpAffine(
            picture, where, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        frames[k] = np.rint(np.clip(picture + rng.normal(0, 1.5, picture.shape), 0, 255))
        center = (centers[k] - middle) * zoom + limits / 2
        inside = ((center > 0) & (center < limits)).all()  # False for an absent target too
        if inside and not whole:
            residual = cut_out(sequence.frames[k], boxes[k])
            corner = np.round(center - len(residual) // 2 - 0.5)
            center = corner + len(residual) // 2 + 0.5
            frames[k] = np.rint(np.clip(paste(np.asarray(frames[k], np.float32), residual, corner), 0, 255))
        size = boxes[k, 2:] * (zoom if whole else 1)
        boxes[k] = bx.from_centers(center, size) if inside else np.nan
    return replace(sequence, frames=frames, boxes=boxes, components=None)


def line(whole, part):
    """The row of a table, a dict: means over the recordings of `part`, and what `whole` gains in AO. Both have a row each."""
    gain = evaluation.paired_interval(whole["aor"], part["aor"], rng=np.random.default_rng(0))
    means = part[list(COLUMNS)].mean().rename(COLUMNS)
    return {"recordings": len(part), **means, "gain": gain.mean, "low": gain.low, "high": gain.high}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="CSV file")
    parser.add_argument("--tracker", default="siamese", choices=["siamese", "motion"])
    parser.add_argument("--backend", default="torch", help="of the network, see `network.inference`")
    parser.add_argument("--sets", nargs="+", help="only these, by name; none: all of them")
    options = parser.parse_args()
    made_by = provenance()  # of the code as it is loaded now
    limit_threads()
    sets = {"simulated": [in_memory(s) for name in datasets.SIMULATED for s in datasets.load(name, frames=60, seed=3)]}
    if datasets.data_root() is not None:
        real = datasets.load("svanstrom")
        sets |= {"real, every 3rd frame": [in_memory(datasets.subsample(one, 3)) for one in real]}
        rng = np.random.default_rng(0)
        sets |= {"real with cuts": [with_cuts(one, rng) for one in sets["real, every 3rd frame"]]}
        sets |= {"real, camera knocked": [knocked(one, rng) for one in sets["real, every 3rd frame"]]}
        scenes = [in_memory(s) for name in SCENES for s in datasets.load(name, frames=120, seed=5)]
        pairs = zip(sets["real, every 3rd frame"], cycle(scenes))
        sets |= {
            "real before simulated scenes, camera knocked": [knocked(before_scene(*pair, rng), rng) for pair in pairs]
        }
        sets |= {"real, camera zooms": [zoomed(one, rng) for one in sets["real, every 3rd frame"]]}
        sets |= {"real, background zooms": [zoomed(one, rng, whole=False) for one in sets["real, every 3rd frame"]]}
    if unknown := set(options.sets or []) - set(sets):
        parser.error(f"no such set: {', '.join(sorted(unknown))}; there are: {', '.join(sets)}")
    sets = {name: sets[name] for name in options.sets or sets}
    settings, table = trackers.create(options.tracker).settings, []
    for name, sequences in sets.items():
        rows = {}
        for part, changes in progress(PARTS.items()):
            how = {"size_line": (1.0, 0.0)} if part == AS_PREDICTED else {}
            how |= {"settings": settings.replace(**changes), "backend": options.backend}
            tracker = trackers.create(options.tracker, **how)
            if part == NO_ZOOM:
                tracker.zoom_of = None
            measures = evaluation.evaluate([evaluation.run(tracker, one) for one in sequences], sequences)
            rows[part] = recording_means(measures, COLUMNS).set_index(["dataset", "recording"])
        table += [{"sequences": name, "parts": part} | line(rows[ALL], rows[part]) for part in rows]
    table = pd.DataFrame(table).round(3)
    print(table.to_string(index=False))
    if options.out:
        table.to_csv(options.out, index=False)
        write_card(options.out, " ".join(["python", "benchmarks/tracker_parts.py", *sys.argv[1:]]), made_by)


if __name__ == "__main__":
    main()
