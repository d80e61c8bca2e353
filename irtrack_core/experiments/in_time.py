"""The filter in time beside the filter in space: does the target stand out, and against what? Tables of notebook 08."""

from collections import deque
from functools import lru_cache

import numpy as np
import pandas as pd

from irtrack_core.config import TemporalSettings
from irtrack_core.evaluation import detection
from irtrack_core.filtering import TemporalFilter, line_elements, multilevel_filter, rectangle, target_polarity
from irtrack_core.filtering.baselines import negative
from irtrack_core.metrics import target_mask
from irtrack_core.trackers.peak import joint_evidence

RESPONSES = ("U", "M", "difference", "D", "U+D", "TPS", "profile")
NEAR = 16.0  # px from the target within which it has to be the strongest: as far as a tracker looks
TOUCH = 2.5  # px, half of the least box a target is looked for in
SIZE, FRAMES = 128, 26  # of the demo's scene: px a side, frames
POINT, HEIGHT, ROUGH = 1.2, 25.0, 60.0  # px and grey values of its point, grey values (deviation) of its ground
EVERY = 4  # frames between two that are measured: neighbours tell nearly the same


def scene_video(speed, pan, *, frames=FRAMES, noise=2.0, height=HEIGHT, seed=0):
    """(frames (N, 128, 128) float32, boxes (N, 4)): a point that crosses rough ground and ends in the middle of the picture.

    speed: px a frame of the point over the ground; pan: px a frame of the camera, to the right; noise, height: grey values.
    The ground has an amplitude spectrum of f^-1.5 and is as smooth as a point is; it is moved exactly, by its phases.
    """
    rng, x = np.random.default_rng(seed), np.arange(SIZE)
    rng.normal(size=(SIZE, 2 * SIZE))  # those of the ground
    made, boxes = [], []
    for t, ground in enumerate(_ground(pan, frames, seed)):
        before_end = t - frames + 1
        px, py = SIZE / 2 + (0.9 * speed - pan) * before_end, SIZE / 2 + 0.4 * speed * before_end
        spot = np.exp(-((x - px)[None] ** 2 + (x - py)[:, None] ** 2) / (2 * POINT**2))
        made.append((500 + ground + height * spot + rng.normal(0, noise, spot.shape)).astype(np.float32))
        boxes.append([px - 2.5, py - 2.5, 6, 6])
    return np.array(made), np.array(boxes)


@lru_cache(maxsize=1)  # the demo's other settings leave it as it is
def _ground(pan, frames, seed):
    """The ground of `scene_video`, a tuple of (128, 128), one a frame."""
    fy, fx = np.fft.fftfreq(SIZE)[:, None], np.fft.fftfreq(2 * SIZE)[None]
    f = np.hypot(fy, fx)
    f[0, 0] = np.inf
    drawn = np.fft.fft2(np.random.default_rng(seed).normal(size=f.shape))
    spectrum = drawn * f**-1.5 * np.exp(-2 * (np.pi * POINT * np.minimum(f, 1)) ** 2)
    spectrum *= ROUGH / np.fft.ifft2(spectrum).real.std()
    down = np.fft.ifft(spectrum, axis=0)  # it moves along x alone
    return tuple(
        np.fft.ifft(down * np.exp(2j * np.pi * fx * pan * t), axis=1).real[:, :SIZE].copy() for t in range(frames)
    )


def responses_of(speed, pan, longest, model):
    """(last frame, {"U", "D": (128, 128)}, box) of `scene_video`; longest: gap in frames; model: see `TemporalSettings`."""
    frames, boxes = scene_video(speed, pan)
    gaps = tuple(sorted({max(1, round(longest * k / 5)) for k in range(1, 6)}))
    temporal = TemporalFilter(TemporalSettings(gaps=gaps, model=model))
    for frame, box in zip(frames, boxes):
        temporal.push(frame, (SIZE / 2, SIZE / 2), box[2:])
    _, U, _ = multilevel_filter(frames[-1], line_elements(15, 4), rectangle(1, 1))
    return frames[-1], {"U": U, "D": temporal.residual((0, 0, SIZE, SIZE))}, boxes[-1]


def responses(sequence, settings=None, *, length=15, every=EVERY):
    """Yields (frame number, {name: response (H, W) float32}) of a sequence, once the filter in time knows its past frames.

    U and M of eqs. (3), (4); D; "difference": D without registration; "U+D": `joint_evidence` of both; "TPS" after [3],
    "profile": a network along time (`compared.tps`, `compared.profile_net`). The polarity is that of the target in the first
    frame. settings: TemporalSettings, whose tile becomes the whole frame; length: of U's lines.
    """
    from irtrack_core.experiments.compared import profile_net, tps  # torch is loaded where a table is made

    first, shape, past = sequence.first, sequence.shape, deque(maxlen=max(profile_net.GAPS) + 1)
    settings = (settings or TemporalSettings()).replace(tile=min(max(shape), 1024))
    temporal = {
        "D": TemporalFilter(settings),
        "difference": TemporalFilter(settings, model="still"),
    }
    elements, s, whole = line_elements(length, 4), rectangle(3, 3), (0, 0, shape[1], shape[0])
    center, polarity = np.array(shape[::-1]) / 2, None
    for t in range(first, len(sequence)):
        frame, box = plane(sequence.frames[t]), sequence.boxes[t]
        present = np.isfinite(box).all()
        polarity = polarity or target_polarity(frame, box)
        for one in temporal.values():
            one.push(frame, center, box[2:] if present else None)
        past.append(frame if polarity == "bright" else negative(frame))
        if not present or t - first < max(settings.gaps) or (t - first) % every:
            continue
        _, U, M = multilevel_filter(frame, elements, s, polarity=polarity)
        found = {"U": U.astype(np.float32), "M": M.astype(np.float32)}
        found |= {name: one.residual(whole, polarity) for name, one in temporal.items()}
        found["U+D"] = joint_evidence(found["U"], found["D"])
        bright = past[-1]
        known = tps.background(bright, [past[-1 - gap] for gap in profile_net.GAPS if gap < len(past)])
        yield t, found | {"TPS": tps.residual(bright, known), "profile": profile_net.response(bright, known)}


def measure(sequence, **options):
    """Rows dataset, recording, sequence, frame, response, strongest, detection: one for each measured frame and response.

    strongest: True where no place within NEAR px of the target, or two of its sides, is as strong. detection: a
    `detection.Detection`, for Pd at Pfa; None where the frame has no room for background boxes.
    """
    rows, names = [], dict(dataset=sequence.dataset, recording=sequence.recording, sequence=sequence.name)
    for t, found in responses(sequence, **options):
        box = np.asarray(sequence.boxes[t])
        least = np.maximum(box[2:], 2 * TOUCH)
        around = np.concatenate([box[:2] + (box[2:] - least) / 2, least])
        reach = max(NEAR, 2 * box[2:].max())
        inside = target_mask(sequence.shape, around)
        near = (
            target_mask(sequence.shape, np.concatenate([around[:2] + around[2:] / 2 - reach, [2 * reach] * 2]))
            & ~inside
        )
        for name in RESPONSES:
            response = found[name]
            strongest = response[inside].max() > response[near].max(initial=0)
            try:
                one = detection.detection(response, around)
            except ValueError:
                one = None
            rows.append(names | dict(frame=t, response=name, strongest=bool(strongest), detection=one))
    return rows


def table(sequences, *, pfa=0.01, progress=None, **options):
    """A DataFrame, a row a dataset and response: sequences, frames, strongest, Pd by frame, Pd with one threshold.

    Shares are means over sequences but for the Pd with one threshold, which is one for all frames of a sequence, and the mean
    over sequences again. progress: e.g. tqdm.
    """
    wrap = progress or (lambda each: each)
    rows = pd.DataFrame([row for one in wrap(sequences) for row in measure(one, **options)])
    if rows.empty:
        raise ValueError(
            f"no sequence has more than {max(TemporalSettings().gaps)} frames with a target: the filter in time needs them"
        )
    by = rows.groupby(["dataset", "sequence", "response"], sort=False)
    each = by.agg(frames=("frame", "size"), strongest=("strongest", "mean"))
    for name, function in (("pd_frame", detection.pfa_by_frame), ("pd_one", detection.pfa_one_threshold)):
        each[name] = by["detection"].apply(lambda found, f=function: _pd(found, f, pfa))
    means = each.groupby(["dataset", "response"], sort=False)
    found = means[["strongest", "pd_frame", "pd_one"]].mean()
    return pd.concat([means.size().rename("sequences"), means["frames"].sum(), found], axis=1).reset_index()


def _pd(found, function, pfa):
    found = [one for one in found if one is not None]
    if not found:
        return np.nan
    pfas, least = function(found)
    told = np.asarray(least) <= pfa
    return float(np.mean(np.asarray(pfas)[told] <= pfa)) if told.any() else np.nan


def plane(frame):
    """The infrared plane (H, W) of a frame."""
    frame = np.asarray(frame)
    return frame if frame.ndim == 2 else frame[..., 0]
