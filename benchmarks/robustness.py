"""What happens in the field, done to sequences at random: how often a tracker is back on its target within 30 frames.

    python benchmarks/robustness.py [simulated|real] [--trackers peak,siamese,motion] [--jobs 1] [--out FILE.csv]

Every sequence of the simulated sets, or of the Svanström validation list in IRTRACK_DATA, gives a clip; to each clip every
disturbance of `DISTURBANCES` is done once, at a random moment, with random strength.
`recovered`: within 30 frames after the disturbance's end the box is on the target; `held`: it is so in most of the 15 frames
after these; `during`: in which share of the disturbed frames that show the target; `frames`: median number of frames until
recovered; `told`: in which share of the frames without the target the tracker says that it is lost; `false`: in which of
those in which it is on the target (those of a shutter count as such). On the target: the centre is off by no more than 5
pixels or half the box's longer side, whichever is more. The undisturbed clip stands first: what is lost there is not the
disturbance's doing. Nothing is tuned on this.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from irtrack_core import boxes as bx
from irtrack_core import datasets, trackers
from irtrack_core.experiments.cached import write_card
from irtrack_core.provenance import limit_threads, provenance
from irtrack_core.workbook import progress

BEFORE, WITHIN, AFTER = 20, 30, 15  # frames before the disturbance, after its end, and then
LONGEST = 60  # frames that a disturbance takes at most, until its end
CLIP = BEFORE + LONGEST + WITHIN + AFTER + 1
SHARE = 0.45  # of the frame's width or height that a window shows which the target can leave
WAY = 25  # frames that a pan takes, there or back


@dataclass
class Clip:
    """frames (list of (H, W)), boxes (N, 4), `begin` and `end`: the frames in which something is wrong, end excluded."""

    frames: list
    boxes: np.ndarray
    begin: int = BEFORE
    end: int = BEFORE


def _scaled(frame, gain, level):
    """gain x + level within the frame's range; level: a share of it."""
    top = np.iinfo(frame.dtype).max if frame.dtype != np.float32 else 1.0
    return np.clip(frame * gain + level * top, 0, top).astype(frame.dtype)


def undisturbed(clip, rng):
    return clip


def brightness_jump(clip, rng):
    """Gain and level of the camera change at once and stay."""
    gain, level = rng.uniform(0.6, 1.4), rng.uniform(-0.12, 0.12)
    frames = clip.frames[:BEFORE] + [_scaled(frame, gain, level) for frame in clip.frames[BEFORE:]]
    return Clip(frames, clip.boxes)


def hunting_gain(clip, rng):
    """A gain control that hunts: for 20 frames every frame has another gain and level."""
    frames = list(clip.frames)
    for i in range(BEFORE, BEFORE + 20):
        frames[i] = _scaled(frames[i], rng.uniform(0.6, 1.4), rng.uniform(-0.12, 0.12))
    return Clip(frames, clip.boxes, end=BEFORE + 20)


def shutter(clip, rng):
    """The shutter closes for 3 to 10 frames, which show its own even warmth; after it the level is another."""
    frames, end = list(clip.frames), BEFORE + int(rng.integers(3, 11))
    level = rng.uniform(-0.12, 0.12)
    for i in range(BEFORE, end):
        noise = rng.normal(np.mean(frames[i]), 1, frames[i].shape)
        frames[i] = np.clip(noise, 0, 255).astype(frames[i].dtype)
    frames[end:] = [_scaled(frame, 1, level) for frame in frames[end:]]
    return Clip(frames, clip.boxes, end=end)


def frozen(clip, rng):
    """The camera repeats its picture for 3 to 10 frames."""
    frames, end = list(clip.frames), BEFORE + int(rng.integers(3, 11))
    frames[BEFORE:end] = [frames[BEFORE - 1]] * (end - BEFORE)
    return Clip(frames, clip.boxes, end=end)


def frames_dropped(clip, rng):
    """3 to 10 frames are missing."""
    kept = np.r_[:BEFORE, BEFORE + int(rng.integers(3, 11)) : len(clip.frames)]
    return Clip([clip.frames[i] for i in kept], clip.boxes[kept])


def sixteen_bit(clip, rng):
    """The same counts on a 16-bit scale of other gain and level, from the first frame on."""
    gain, level = rng.uniform(4, 200), rng.uniform(0, 10_000)
    return Clip([(frame * gain + level).astype(np.uint16) for frame in clip.frames], clip.boxes)


def polarity_switch(clip, rng):
    """White-hot becomes black-hot, or the other way round."""
    return Clip(clip.frames[:BEFORE] + [255 - frame for frame in clip.frames[BEFORE:]], clip.boxes)


def without(frame, box):
    """The frame (H, W), its target painted over with what surrounds it."""
    x, y, w, h = box
    x0, y0 = (max(int(v), 0) for v in (x - 0.3 * w - 2, y - 0.3 * h - 2))
    x1, y1 = int(x + 1.3 * w + 3), int(y + 1.3 * h + 3)
    part = np.s_[max(y0 - 8, 0) : y1 + 8, max(x0 - 8, 0) : x1 + 8]  # all that the paint is mixed from
    hole, frame = np.zeros(frame.shape, np.uint8), frame.copy()
    hole[y0:y1, x0:x1] = 1
    frame[part] = cv2.inpaint(np.ascontiguousarray(frame[part]), np.ascontiguousarray(hole[part]), 3, cv2.INPAINT_TELEA)
    return frame


def occlusion(clip, rng):
    """For 10 to 25 frames the target is painted over with what surrounds it."""
    frames, boxes, end = list(clip.frames), clip.boxes.copy(), BEFORE + int(rng.integers(10, 26))
    frames[BEFORE:end] = [without(frame, box) for frame, box in zip(frames[BEFORE:end], boxes[BEFORE:end])]
    boxes[BEFORE:end] = np.nan
    return Clip(frames, boxes, end=end)


def _through(clip, corners, shape):
    """The clip seen through a window of `shape` (H, W) whose corner (x, y) is given for every frame."""
    size, limits = np.array(shape[::-1]), np.array(clip.frames[0].shape[::-1])
    corners = np.clip(np.round(corners), 0, limits - size).astype(int)
    frames = [f[y : y + shape[0], x : x + shape[1]] for f, (x, y) in zip(clip.frames, corners)]
    boxes = clip.boxes.copy()
    boxes[:, :2] -= corners
    centers = bx.centers(boxes)
    boxes[((centers < 0) | (centers >= size)).any(axis=1)] = np.nan
    return Clip([np.ascontiguousarray(f) for f in frames], boxes)


def _window(clip, share):
    """(shape of a window, corners (N, 2) with which the target is in its middle)."""
    shape = tuple(int(share * n) for n in clip.frames[0].shape)
    return shape, bx.centers(clip.boxes) - np.array(shape[::-1]) / 2


def at_the_border(clip, rng):
    """The camera pans until half of the target is out of sight, for 15 to 25 frames, and back."""
    shape, corners = _window(clip, 0.75)
    axis, sign, stay = int(rng.integers(2)), int(rng.choice([-1, 1])), int(rng.integers(15, 26))
    # so far that the target's centre is half a pixel to a quarter of its side within the border
    far = shape[1 - axis] / 2 - 0.5 - rng.uniform(0, 0.25) * clip.boxes[:, 2 + axis]
    corners[:, axis] += sign * far * _ramp(len(corners), stay)
    seen = _padded(clip, corners, shape)
    seen.begin, seen.end = BEFORE + WAY, BEFORE + WAY + stay
    return seen


def _padded(clip, corners, shape):
    """`_through` with a window that may go anywhere: beyond its border the frame is mirrored, but for the target."""
    margin, (height, width) = max(clip.frames[0].shape), clip.frames[0].shape
    frames = []
    for frame, box in zip(clip.frames, clip.boxes):
        frames.append(cv2.copyMakeBorder(without(frame, box), *[margin] * 4, cv2.BORDER_REFLECT_101))
        frames[-1][margin : margin + height, margin : margin + width] = frame
    return _through(Clip(frames, clip.boxes + [margin, margin, 0, 0]), corners + margin, shape)


def _ramp(count, stay):
    """0 until BEFORE, from then on up to 1, `stay` frames there, and back."""
    t = np.arange(count) - BEFORE
    return np.clip(np.minimum(t, 2 * WAY + stay - t) / WAY, 0, 1)


def exit_and_return(clip, rng):
    """The camera pans away from the target, which is out of sight for 10 to 30 frames, and back."""
    shape, corners = _window(clip, SHARE)
    # towards the side where the frame has more to show
    room = np.array(clip.frames[0].shape[::-1]) / 2 - bx.centers(clip.boxes)[BEFORE]
    axis = int(np.argmax(np.abs(room)))
    way = shape[1 - axis] / 2 + clip.boxes[BEFORE:, 2 + axis].max()
    corners[:, axis] += np.sign(room[axis] or 1) * way * _ramp(len(corners), int(rng.integers(5, 21)))
    return _gone(_padded(clip, corners, shape))


def _gone(seen):
    """The clip with `begin` and `end` set to the frames without a target."""
    gone = np.flatnonzero(np.isnan(seen.boxes[:, 0]))
    seen.begin, seen.end = (int(gone[0]), int(gone[-1]) + 1) if gone.size else (BEFORE, BEFORE)
    return seen


def cut(clip, rng):
    """The picture jumps by 40 to 90 pixels, and goes on there."""
    shape, corners = _window(clip, 0.75)
    angle = rng.uniform(0, 2 * np.pi)
    jump = rng.uniform(40, 90) * np.array([np.cos(angle), np.sin(angle)])
    reach = np.array(shape[::-1]) / 2 - clip.boxes[:, 2:].max() / 2 - 2  # it stays in sight
    corners[BEFORE:] += np.clip(jump, -reach, reach)
    return _padded(clip, corners, shape)


DISTURBANCES = [
    undisturbed,
    sixteen_bit,
    brightness_jump,
    hunting_gain,
    shutter,
    frozen,
    frames_dropped,
    polarity_switch,
]
DISTURBANCES += [at_the_border, occlusion, exit_and_return, cut]


def clips(sequence, variants, rng):
    """Clips of CLIP frames in which the target is there throughout, from random frames on; [] where there is none."""
    present = np.flatnonzero(np.convolve(sequence.present, np.ones(CLIP), "valid") == CLIP)
    starts = rng.choice(present, variants) if present.size else []
    return [Clip([sequence.frames[s + i] for i in range(CLIP)], sequence.boxes[s : s + CLIP].copy()) for s in starts]


def measure(tracker, clip):
    """{"recovered", "held", "frames", "during", "told", "false"} of one tracker on one clip."""
    count = min(clip.end + WITHIN + AFTER, len(clip.frames))
    tracker.init(clip.frames[0], clip.boxes[0])
    found, lost = [clip.boxes[0]], [False]
    for frame in clip.frames[1:count]:
        found.append(tracker.update(frame))
        lost.append(bool(tracker.lost))
    found, lost, boxes = np.array(found), np.array(lost), clip.boxes[:count]
    on = bx.center_error(found, boxes) <= np.maximum(5.0, boxes[:, 2:].max(axis=1) / 2)
    back = np.flatnonzero(on[clip.end : clip.end + WITHIN + 1])
    later = on[clip.end + WITHIN :]
    seen = ~np.isnan(clip.boxes[clip.begin : clip.end, 0])
    during = on[clip.begin : clip.end][seen].mean() if seen.any() else np.nan
    return {
        "recovered": float(back.size > 0),
        "held": float(later.mean() > 0.5),
        "frames": float(back[0]) if back.size else np.nan,
        "during": during,
        "told": _share(lost[np.isnan(boxes[:, 0])]),
        "false": _share(lost[on]),
    }


def _share(values):
    """The mean of a few truth values; NaN of none."""
    return float(values.mean()) if values.size else np.nan


def sequences(kind):
    """All the sequences of a kind, "simulated" or "real"; [] where IRTRACK_DATA has none."""
    if kind == "simulated":
        return [one for name in datasets.SIMULATED for one in datasets.load(name, frames=CLIP)]
    return datasets.load("svanstrom") if datasets.data_root() else []


@lru_cache(maxsize=1)
def made(names, backend):
    """Name -> tracker; once a process, for a network takes seconds to be made ready."""
    return {name: trackers.create(name, **({} if name.startswith("peak") else {"backend": backend})) for name in names}


def rows_of(number, kind, names, backend, variants, seed):
    """Rows of the table: every tracker on every disturbance of sequence `number`."""
    limit_threads()
    sequence, rows = sequences(kind)[number], []
    for variant, clip in enumerate(clips(sequence, variants, np.random.default_rng([seed, number]))):
        for k, disturb in enumerate(DISTURBANCES):
            disturbed = disturb(clip, np.random.default_rng([seed, number, variant, k]))
            for name, tracker in made(names, backend).items():
                row = {"disturbance": disturb.__name__, "tracker": name, "sequence": sequence.name}
                rows.append(row | measure(tracker, disturbed))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = ("simulated", "real")
    parser.add_argument(
        "kind", nargs="?", default=known[0], choices=known, help="sequences: simulated, or the real list"
    )
    parser.add_argument("--trackers", default="peak,siamese,motion", help="names, with commas between them")
    parser.add_argument("--backend", default="auto", help="of the network: the boxes are the same")
    parser.add_argument("--variants", type=int, default=1, help="clips a sequence")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--at-most", type=int, help="sequences; default: all")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--out", type=Path, help="CSV file")
    options = parser.parse_args()
    made_by = provenance()  # of the code as it is loaded now
    one = partial(
        rows_of,
        kind=options.kind,
        names=tuple(options.trackers.split(",")),
        backend=options.backend,
        variants=options.variants,
        seed=options.seed,
    )
    count = len(sequences(options.kind))
    if not count:
        return print("no real sequences: set IRTRACK_DATA (data/README.md says where to get them)")
    numbers = np.unique(np.linspace(0, count - 1, min(options.at_most or count, count)).astype(int)).tolist()
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        rows = [row for rows in progress(pool.map(one, numbers), total=len(numbers)) for row in rows]
    table = pd.DataFrame(rows)
    groups = table.groupby(["disturbance", "tracker"], sort=False)
    columns = ["recovered", "held", "during", "told", "false"]
    means = groups[columns].mean().assign(frames=groups["frames"].median(), clips=groups.size())
    print(means.round(2).to_string())
    if options.out:
        means.round(3).to_csv(options.out)
        write_card(options.out, " ".join(["python", "benchmarks/robustness.py", *sys.argv[1:]]), made_by)


if __name__ == "__main__":
    main()
