"""Cameras and scenes that the project's simulator does not make, three clips of each kind: where do the trackers fail?

    python benchmarks/odd_cameras.py [--kinds sea_glints ...] [--trackers siamese peak] [--clips 3] [--out FILE.csv]

Every clip is drawn here and in odd_scenes.py, from its kind and number alone; the first box is exact. A row of FILE.csv is
one tracker on one clip: AO, P@5 (share of the frames within 5 px) and `lost_on`, the share of the frames within 5 px in
which the tracker says that it is lost; printed are means over the clips of a kind. Three clips are too few for intervals:
there are none. Rows that the same commit left in FILE.csv are kept: a run that was stopped goes on. Targets that are hidden
or leave are in robustness.py and vanishing.py. No setting was chosen on any of this.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from odd_scenes import SCENES, as_bytes, as_words, boxes_at, noisy, path, plain, rough, smooth, with_spot
from scipy import ndimage

from irtrack_core import boxes as bx
from irtrack_core import trackers
from irtrack_core.experiments.cached import rows_so_far, write_card
from irtrack_core.provenance import limit_threads, provenance
from irtrack_core.workbook import progress

TRACKERS = ("siamese", "motion", "peak", "peak-motion")
MEASURES = ["ao", "p5", "lost_on"]


def dead_pixels(rng, count=100):
    """Two pixels in a thousand stuck at white, two at black, and one that blinks."""
    frames, boxes = plain(rng, count, level=40)
    dead, blinking = rng.random((256, 320)) < 0.002, rng.random((256, 320)) < 0.001
    frames = [np.where(np.roll(dead, 7, axis=1), 0, np.where(dead, 255, f)) for f in frames]
    return [as_bytes(f + blinking * rng.choice([0, 60], size=f.shape)) for f in frames], boxes


def salt_and_pepper(rng, count=100):
    """Two pixels in a hundred black or white, others in every frame."""
    frames, boxes = plain(rng, count, noise=2)
    chance = [rng.random(f.shape) for f in frames]
    return [as_bytes(np.where(c < 0.01, 0, np.where(c > 0.99, 255, f))) for f, c in zip(frames, chance)], boxes


def agc_hot_object(rng, count=100):
    """Gain control from the half-percent quantile to the maximum; in frames 40 to 69 something hot fills the range."""
    frames, boxes = plain(rng, count)
    frames = [with_spot(f, (250, 200), (40, 40), 800) if 40 <= i < 70 else f for i, f in enumerate(frames)]
    return [as_bytes(255 * (f - (low := np.percentile(f, 0.5))) / (f.max() - low)) for f in frames], boxes


def gain_up(rng, count=100):
    """16 bits; the gain is four times as high from frame 40 on, at another level."""
    frames, boxes = plain(rng, count)
    return [as_words(10 * f + 4000 if i < 40 else 40 * f + 2000) for i, f in enumerate(frames)], boxes


def gain_down(rng, count=100):
    """16 bits; the gain is a quarter from frame 40 on, at another level."""
    frames, boxes = plain(rng, count)
    return [as_words(40 * f + 4000 if i < 40 else 10 * f + 9000) for i, f in enumerate(frames)], boxes


def microbolometer(rng, count=130):
    """160 x 120 with stripes that drift; the shutter closes for four frames in sixty and leaves other stripes."""
    centers, clouds = path(rng, count, (120, 160), 0.8, 15), 8 * smooth(rng, 180, 220, 12) + 100
    stripes, drift, frames, boxes = rng.normal(0, 5, 160), rng.normal(0, 0.06, 160), [], boxes_at(centers, (4, 4))
    for i in range(count):
        if i >= 60 and i % 60 < 4:
            frame, boxes[i] = np.full((120, 160), 100) + stripes, np.nan
        else:
            stripes = (rng.normal(0, 2, 160) if i > 4 and i % 60 == 4 else stripes) + drift
            frame = with_spot(clouds[10 + i // 8 : 130 + i // 8, 10:170] + stripes, centers[i], (4, 4), 30)
        frames.append(as_words(4 * noisy(rng, frame, 2.5) + 7000))
    return frames, boxes


def raw_14_bits(rng, count=100):
    """The counts of a 14-bit sensor, of which the scene takes a hundredth."""
    frames, boxes = plain(rng, count, noise=4, depth=20, ground=8100)
    return [as_words(f) for f in frames], boxes


def tiny_frames(rng, count=100):
    """80 x 60 pixels and a target of 3."""
    centers, clouds, frames = path(rng, count, (60, 80), 0.5, 6, 0.1), 8 * smooth(rng, 100, 120, 8) + 100, []
    for center in centers:
        frames.append(as_words(10 * noisy(rng, with_spot(clouds[10:70, 10:90], center, (3, 3), 30), 1.5) + 20000))
    return frames, boxes_at(centers, (3, 3))


def large_frames(rng, count=80):
    """1280 x 1024 pixels and a target of 2."""
    many = dict(shape=(1024, 1280), size=(2.2, 2.2), level=60, noise=4, depth=14, ground=100, speed=2.5, scale=60)
    frames, boxes = plain(rng, count, **many)
    return [as_bytes(f) for f in frames], boxes


def analog_comb(rng, count=100):
    """Interlaced video: half fields of two moments, a soft line, noise of lines, and a gain control that pumps."""
    centers = path(rng, 2 * count, (576, 720), 1.6, 60)
    clouds = 15 * (smooth(rng, 676, 920, 40) + 0.4 * rough(rng, 676, 920, 1.2)) + 100
    frames = []
    for i in range(count):
        move = [np.array([[1, 0, -20 - 0.8 * k], [0, 1, -20]]) for k in (2 * i, 2 * i + 1)]
        frame, later = (
            with_spot(cv2.warpAffine(clouds, m, (720, 576)), c, (10, 7), 45) for m, c in zip(move, centers[2 * i :])
        )
        frame[1::2] = later[1::2]
        frame = (frame - 100) * (1 + 0.25 * np.sin(i / 7) + 0.3 * (i // 25 % 2)) + 100 + 15 * np.sin(i / 5)
        frame = ndimage.convolve1d(frame, [0.05, 0.2, 0.5, 0.3, -0.05], axis=1)
        frames.append(as_bytes(noisy(rng, frame, 4) + rng.normal(0, 1, (576, 1))))
    return frames, boxes_at((centers[::2] + centers[1::2]) / 2, (11, 7))


def block_codec(rng, count=100):
    """Coarse JPEG; blocks of 8 x 8 that hardly change are not sent again until the next key frame, one in 25."""
    frames, boxes = plain(rng, count, shape=(288, 352), size=(7, 6), level=40)
    sent = []
    for i, frame in enumerate(frames):
        coded = cv2.imencode(".jpg", as_bytes(frame), [cv2.IMWRITE_JPEG_QUALITY, 40 if i % 25 == 0 else 12])[1]
        picture = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
        if i % 25:
            change = np.abs(picture.astype(float) - sent[-1]).reshape(36, 8, 44, 8).mean((1, 3))
            picture = np.where(np.kron(change < 5, np.ones((8, 8))) > 0, sent[-1], picture)
        sent.append(picture)
    return sent, boxes


def overlay(rng, count=100):
    """Letterbox with figures that run, a frame and a white crosshair near which the target passes."""
    frames, boxes = plain(rng, count, shape=(288, 512), size=(7, 6), speed=1)
    boxes, drawn = boxes + (0, 48, 0, 0), []
    x, y = (bx.centers(boxes[min(60, count - 1)]) + rng.uniform(-12, 12, 2)).astype(int)
    for i, frame in enumerate(frames):
        picture = np.pad(as_bytes(frame), ((48, 48), (0, 0)))
        for s in (-1, 1):
            cv2.line(picture, (x + 5 * s, y), (x + 22 * s, y), 255)
            cv2.line(picture, (x, y + 5 * s), (x, y + 22 * s), 255)
        texts = {(20, 40): f"AZ {123.4 + i * 0.1:.1f} EL {10 + i * 0.02:.2f}", (400, 72): f"{i:05d}", (20, 320): "WHOT"}
        for place, text in texts.items():
            cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255)
        drawn.append(cv2.rectangle(picture, (x - 40, y - 30), (x + 40, y + 30), 255))
    return drawn, boxes


def time_code(rng, count=100):
    """A white time code is written over the place that a slow target passes in frame 50."""
    frames, boxes = plain(rng, count, speed=0.5)
    x, y = boxes[min(50, count - 1), :2].astype(int) - (30, 6)
    return [
        cv2.putText(as_bytes(f), f"{i:06d}", (max(x, 0), y), cv2.FONT_HERSHEY_SIMPLEX, 0.45, 255)
        for i, f in enumerate(frames)
    ], boxes


def radiance(rng, count=100):
    """MWIR radiance in W/(cm^2 sr), float32: 0.00019 and a scene of a millionth."""
    frames, boxes = plain(rng, count, ground=0)
    return [(1.9e-4 + 7e-8 * f).astype(np.float32) for f in frames], boxes


def dark_bars(rng, count=100):
    """Black bars left and right; a cold target moves along one of them, 2 to 14 px from it."""
    clouds, start, frames = 12 * smooth(rng, 256, 500, 25) + 150, rng.uniform(80, 180), []
    i = np.arange(count)
    centers = np.stack([48 + 6 * np.sin(i / 8), start + 0.4 * i * (-1 if start > 130 else 1)], axis=1)
    for i, center in enumerate(centers):
        frame = noisy(rng, with_spot(clouds[:, i // 2 : i // 2 + 320], center, (6, 5), -40))
        frame[:, :40] = frame[:, 280:] = 0
        frames.append(as_bytes(frame))
    return frames, boxes_at(centers, (6, 5))


def black_hot(rng, count=100):
    """White-hot becomes black-hot in frame 40 and white-hot again in frame 70."""
    frames, boxes = plain(rng, count)
    return [255 - as_bytes(f) if 40 <= i < 70 else as_bytes(f) for i, f in enumerate(frames)], boxes


def gate(rng, count=100, since=0):
    """The camera draws its white gate of 21 x 19 px around the target."""
    frames, boxes = plain(rng, count)
    frames = [as_bytes(f) for f in frames]
    for frame, (x, y) in zip(frames[since:], np.round(bx.centers(boxes[since:])).astype(int).tolist()):
        cv2.rectangle(frame, (x - 10, y - 9), (x + 10, y + 9), 255)
    return frames, boxes


def gate_later(rng, count=100):
    """The same gate, drawn from frame 30 on."""
    return gate(rng, count, since=30)


KINDS = list(SCENES)
KINDS += [dead_pixels, salt_and_pepper, agc_hot_object, gain_up, gain_down, microbolometer, raw_14_bits, tiny_frames]
KINDS += [large_frames, analog_comb, block_codec, overlay, time_code, radiance, dark_bars, black_hot, gate, gate_later]
KINDS = {kind.__name__: kind for kind in KINDS}


def make(kind, number, **options):
    """(frames, boxes (N, 4)) of clip `number` of a kind; NaN where the target does not show."""
    return KINDS[kind](np.random.default_rng([number, *kind.encode()]), **options)


def measure(tracker, frames, boxes):
    """{"ao", "p5", "lost_on"} of a tracker on a clip, without the first frame."""
    tracker.init(frames[0], boxes[0])
    found, lost = zip(*[(tracker.update(frame), bool(tracker.lost)) for frame in frames[1:]])
    found, shown = np.array(found, float), ~np.isnan(boxes[1:, 0])
    on = bx.center_error(found, boxes[1:]) <= 5  # not so where there is no box
    overlap = np.nan_to_num(bx.iou(found, boxes[1:]))[shown].mean()
    return {"ao": overlap, "p5": on[shown].mean(), "lost_on": np.mean(np.array(lost)[on]) if on.any() else np.nan}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS, metavar="KIND")
    parser.add_argument("--trackers", nargs="+", default=list(TRACKERS))
    parser.add_argument("--clips", type=int, default=3, help="of every kind")
    parser.add_argument("--out", type=Path, help="CSV file; its card is written beside it")
    options = parser.parse_args()
    made_by = provenance()  # of the code as it is loaded now
    limit_threads()
    cv2.setNumThreads(1)
    try:
        rows = rows_so_far(options.out, options.out.with_suffix(".json"), made_by) if options.out else []
    except ValueError as error:
        parser.error(error)
    done = {(row["kind"], row["clip"], row["tracker"]) for row in rows}
    made = {name: trackers.create(name) for name in options.trackers}
    for kind in progress(options.kinds):
        for number in range(options.clips):
            missing = [name for name in made if (kind, number, name) not in done]
            frames, boxes = make(kind, number) if missing else ([], [])
            for name in missing:
                rows.append({"kind": kind, "clip": number, "tracker": name} | measure(made[name], frames, boxes))
            if missing and options.out:
                options.out.parent.mkdir(parents=True, exist_ok=True)
                pd.DataFrame(rows).round(4).to_csv(options.out, index=False)
                write_card(options.out, " ".join(["python", "benchmarks/odd_cameras.py", *sys.argv[1:]]), made_by)
    table = pd.DataFrame(rows).pivot_table(index="kind", columns="tracker", values=MEASURES, sort=False)
    print(table.round(2).to_string())


if __name__ == "__main__":
    main()
