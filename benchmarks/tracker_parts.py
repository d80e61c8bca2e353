"""What each part of the tracker `siamese` brings: one part is left out or replaced at a time, the weights stay.

On the simulated sets and, where IRTRACK_DATA has it, the Svanström validation list and the same list with two cuts in each
sequence (the picture mirrored from one frame on, then turned upside down). These parts were chosen on sequences of the
training list; here they are only reported. `--out FILE.csv` keeps the table.
"""

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd

from irtrack_core import datasets, evaluation, trackers
from irtrack_core.config import TrackerSettings
from irtrack_core.workbook import limit_threads, progress

PARTS = {
    "all parts": {},
    "no re-detection": dict(candidates=0),
    "no look back after a jump": dict(return_frames=0),
    "last size at once": dict(size_rate=1.0, dead=0.0),
    "size smoothed, no dead zone": dict(dead=0.0),
    "given size kept": dict(size_rate=0.0),
    "best proposal, no vote": dict(vote=0.0),
    "no motion model": dict(velocity_rate=0.0),
    "no cosine window": dict(window_influence=0.0),
}
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", help="CSV file")
    options = parser.parse_args()
    limit_threads()
    sets = {"simulated": [one for name in datasets.SIMULATED for one in datasets.load(name, frames=60, seed=3)]}
    if datasets.data_root() is not None:
        real = datasets.load("svanstrom")
        sets |= {"real, every 3rd frame": [datasets.subsample(one, 3) for one in real]}
        rng = np.random.default_rng(0)
        sets |= {"real with cuts": [with_cuts(one, rng) for one in sets["real, every 3rd frame"]]}
    rows = []
    for name, sequences in sets.items():
        for part, changes in progress(PARTS.items()):
            tracker = trackers.create("siamese", settings=TrackerSettings(**changes))
            table = evaluation.evaluate([evaluation.run(tracker, one) for one in sequences], sequences)
            rows.append({"sequences": name, "tracker": part, **table[list(COLUMNS)].mean().rename(COLUMNS).round(3)})
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    if options.out:
        table.to_csv(options.out, index=False)


if __name__ == "__main__":
    main()
