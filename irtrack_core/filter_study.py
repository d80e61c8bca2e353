"""Experiment 1, the filter on its own: which part of a target it keeps, and who is found at how many false alarms.

Tables in which each row is one target in one frame; averages are taken by the reader, so that all can be computed again.
"""

import cv2
import numpy as np
import pandas as pd

from irtrack_core.boxes import centers, check_box
from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.elements import element_length, line_elements, rectangle
from irtrack_core.evaluation import evaluate_filter
from irtrack_core.filtering import multilevel_filter
from irtrack_core.metrics import background_region, false_alarm_share, noise_sigma, retention, snr, target_mask
from irtrack_core.scan import simulate

__all__ = [
    "FILTERS",
    "by_sequence",
    "filter_frames",
    "game",
    "grid",
    "pick_frames",
    "read_image",
    "survival_table",
    "sweep",
]

FILTERS = ("none", "U", "M")


def pick_frames(sequence, count):
    """Indices of `count` annotated frames, evenly spread over the sequence (all of them when there are fewer)."""
    annotated = np.flatnonzero(~np.isnan(sequence.boxes[:, 0]))
    return annotated[np.unique(np.linspace(0, len(annotated) - 1, count).round().astype(int))]


def filter_frames(sequences, *, count=4, angles=4, side=3, length=None, progress=None):
    """The filter on `count` frames of each sequence: `evaluation.evaluate_filter`'s columns for "none", "U" and "M".

    length: of the lines, None: longer than the target in each direction (`element_length`, at least 15). A target that
    is darker than its surroundings in the sequence's first annotated frame is looked for by the dual filter.
    Returns a DataFrame with dataset, sequence, frame, size (geometric mean of width and height), dark and the measures.
    """
    rows = []
    for sequence in sequences if progress is None else progress(sequences):
        numbers = pick_frames(sequence, count)
        dark = _is_dark(sequence.frames[int(numbers[0])], sequence.boxes[numbers[0]])
        for number in map(int, numbers):
            frame = sequence.components(number) if sequence.components else None
            image, target = (frame.image, frame.target) if frame else (sequence.frames[number], None)
            box = sequence.boxes[number]
            elements = line_elements(element_length(box[2:]) if length is None else length, angles)
            _, U, M = multilevel_filter(image, elements, rectangle(side, side), polarity="dark" if dark else "bright")
            head = {"dataset": sequence.dataset, "sequence": sequence.name, "frame": number}
            head |= {"size": float(np.sqrt(box[2] * box[3])), "dark": dark}
            rows += [head | row for row in evaluate_filter(image, {"U": U, "M": M}, box, target=target, dark=dark)]
    return pd.DataFrame(rows)


def by_sequence(table):
    """One row a sequence and filter: medians over its frames, dB of the median SNR, the share `pd` found at Pfa 1e-3."""
    measures = ["snr_literal", "snr", "scrg", "bsf", "retention", "zero_share", "pfa", "size"]
    groups = table.groupby(["dataset", "sequence", "filter"], sort=False)
    rows = groups[measures].median()
    rows["db"] = groups["db"].median()
    rows["pd"] = groups["pfa"].apply(lambda shares: float(np.mean(shares <= 1e-3)))
    return rows.reset_index()


SENSOR = ScanSettings(shape=(128, 160))
CLOUDS = SceneSettings(kind="clouds", std=0.03, outer_scale=120)  # rms three times the white noise


def grid(snrs, sizes, *, repeats=20, seed=0, sensor=SENSOR, scene=CLOUDS, angles=4, side=3, progress=None):
    """Targets of given SNR (peak over white noise) and size (largest extent before the blur, 1: a point) over clouds.

    `repeats` independent frames for each pair; the same clouds and noise for every SNR and size.
    Returns a DataFrame: snr_in, size, repeat, filter and the columns of `evaluate_filter`.
    """
    cases = [(size, repeat) for size in sizes for repeat in range(repeats)]
    rows = []
    for size, repeat in cases if progress is None else progress(cases):
        draw = int(np.random.default_rng([seed, repeat]).integers(2**31))
        for value in snrs:
            target = TargetSettings(kind="point" if size <= 1 else "vehicle", size=size, snr=value)
            frame = simulate(sensor, scene, target, frames=1, seed=draw).components(0)
            _, U, M = multilevel_filter(frame.image, _lines(frame.box, angles), rectangle(side, side))
            measures = evaluate_filter(frame.image, {"U": U, "M": M}, frame.box, target=frame.target)
            rows += [{"snr_in": value, "size": size, "repeat": repeat} | row for row in measures]
    return pd.DataFrame(rows)


def sweep(setting, values, sizes, *, snr=8, repeats=20, seed=0, progress=None):
    """`grid` at one SNR for each value of one setting of the sensor or the scene, e.g. "spikes" or "beta".

    "oversampling" sets both directions. Returns a DataFrame with the columns setting, value and those of `grid`.
    """
    tables = []
    for value in values if progress is None else progress(values):
        sensor, scene = SENSOR, CLOUDS
        if setting == "oversampling":
            sensor = sensor.replace(oversampling_scan=value, oversampling_cross=value)
        elif setting in ScanSettings.model_fields:
            sensor = sensor.replace(**{setting: value})
        else:
            scene = scene.replace(**{setting: value})
        table = grid([snr], sizes, repeats=repeats, seed=seed, sensor=sensor, scene=scene)
        tables.append(table.assign(setting=setting, value=value))
    return pd.concat(tables, ignore_index=True)


def survival_table(*, sizes, sides, seed=0, repeats=6, angles=4):
    """Share of a target's peak that is left of U (side 1) and M, without noise: columns size, side, repeat, retention.

    sizes: largest extent of a compact target before the blur, 1: a point. In the table, size is the narrower side of
    its blurred box, mean over the repeats, in pixels.
    """
    sensor = ScanSettings(shape=(96, 96), spikes=0.0, netd=1.0, gain=0.0, knee=0.0)
    rows = []
    for nominal in sizes:
        target = TargetSettings(kind="point" if nominal <= 1 else "vehicle", size=nominal, snr=1000)
        flat = [simulate(sensor, SceneSettings(kind="flat"), target, frames=1, seed=seed + i) for i in range(repeats)]
        made = [one.components(0) for one in flat]
        size = round(float(np.mean([min(one.box[2:]) for one in made])), 1)
        for repeat, one in enumerate(made):
            elements, region = _lines(one.box, angles), background_region(one.target.shape, one.box)
            for side in sides:
                M = multilevel_filter(one.target, elements, rectangle(side, side))[2]
                kept = retention(one.target, M, one.box, region)
                rows.append({"size": size, "side": side, "repeat": repeat, "retention": kept})
    return pd.DataFrame(rows)


def game(sequences, *, cuts=(0, 0.25, 0.5, 0.75, 0.9), count=4, angles=4, progress=None):
    """How to raise dB without finding anything: cut U off at a share of the target's peak, stretch the rest back.

    No pixel above the cut changes its rank, so the false pixels above the target, and with them Pd and Pfa, stay.
    Returns a DataFrame: dataset, sequence, frame, cut, snr (sigma not below the raw frame's noise), snr_no_floor, pfa.
    Left out: dark targets, and those of which U keeps nothing.
    """
    rows = []
    for sequence in sequences if progress is None else progress(sequences):
        for number in map(int, pick_frames(sequence, count)):
            image, box = sequence.frames[number], sequence.boxes[number]
            U = multilevel_filter(image, _lines(box, angles), rectangle(1, 1))[1].astype(float)
            region, peak = background_region(image.shape, box), U[target_mask(U.shape, box)].max()
            if _is_dark(image, box) or peak == 0:
                continue
            floor = noise_sigma(image)
            for cut in cuts:
                stretched = np.clip(U - cut * peak, 0, None) / (1 - cut)
                measures = {
                    "snr": snr(stretched, box, region, floor=floor),
                    "snr_no_floor": snr(stretched, box, region),
                }
                head = {"dataset": sequence.dataset, "sequence": sequence.name, "frame": number, "cut": cut}
                rows.append(head | measures | {"pfa": false_alarm_share(stretched, box)})
    return pd.DataFrame(rows)


def read_image(path, box=()):
    """(image, box) from an image file; colour becomes grey. Without a box: 7 px round the brightest point.

    Raises FileNotFoundError, or ValueError for a file that is no image or a box outside it.
    """
    with open(path, "rb") as file:
        image = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise ValueError(f"{path} is not an image that OpenCV can read")
    if len(box) == 0:
        row, column = np.unravel_index(int(image.argmax()), image.shape)
        box = (max(column - 3, 0), max(row - 3, 0), 7, 7)
    return image, check_box(box, image.shape)


def _lines(box, angles):
    return line_elements(element_length(box[2:]), angles)


def _is_dark(image, box):
    """The box's middle is darker than the ring around it."""
    x, y = centers(box)
    w, h = np.maximum(np.asarray(box)[2:] / 2, 1)
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    middle = (abs(columns - x) <= w / 2 + 0.5) & (abs(rows - y) <= h / 2 + 0.5)
    ring = background_region(image.shape, box, guard=1, margin=6)
    return bool(image[middle].mean() < image[ring].mean())
