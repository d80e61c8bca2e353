"""Experiment 1: filters beside each other, which part of a target they keep, and who is found at how many false alarms.

Tables in which each row is one target in one frame and one filter; averages are taken from them later, so that all can be
computed again. "U" and "M" are the two levels of the multi-level filter, the other names those of `filtering.baselines`.
"""

from functools import lru_cache

import numpy as np
import pandas as pd

from irtrack_core.boxes import centers
from irtrack_core.config import ScanSettings, SceneSettings, TargetSettings
from irtrack_core.datasets.unreadable import readable
from irtrack_core.evaluation import evaluate_filter
from irtrack_core.evaluation.detection import detection, pd_at_pfa, pfa_by_frame, pfa_one_threshold
from irtrack_core.filtering import baselines, multilevel_filter, target_polarity
from irtrack_core.filtering.elements import element_length, line_elements, rectangle
from irtrack_core.imaging.scan import simulate
from irtrack_core.metrics import background_region, noise_sigma, retention, snr, target_mask

FILTERS = ("none", "U", "M", *(name for name in baselines.available() if name != "none"))
# pixels around a box in which a response may still be the target's: half the largest cell of `clutter.contrast`
GUARD = 10
VARIANTS = ("size", "paper")  # parameters from the target's size; the papers' own, whatever the target


def responses(image, size, names=FILTERS, *, variant="size", angles=4, side=3):
    """dict name -> response (H, W) of each filter to an image (H, W) with a bright target of size (w, h) px.

    variant "size": every filter that can be is told the target's size; "paper": each has its defaults, U and M lines of
    15 px. side: of M's square. All in grey values: a response in squared ones becomes its root, and a linear filter is
    scaled so that white noise keeps its sigma. The ranks of the pixels, hence Pd and Pfa, do not change by that.
    """
    if variant not in VARIANTS:
        raise ValueError(f"variant must be one of {', '.join(VARIANTS)}, not {variant!r}")
    results = {}
    if "U" in names or "M" in names:
        lines = line_elements(element_length(size) if variant == "size" else 15, angles)
        _, results["U"], results["M"] = multilevel_filter(image, lines, rectangle(side, side))
    for name in names:
        if name not in results:
            results[name] = _in_grey_values(name, tuple(size) if variant == "size" else None, image)
    return {name: results[name] for name in names}


def measure(image, box, names=FILTERS, *, dark=False, target=None, variant="size", angles=4, side=3):
    """One frame: the rows of `evaluation.evaluate_filter` for each filter. dark: the target is darker than around it.

    A dark target is looked for in the image's negative by all filters alike. No background box lies within GUARD of the
    true one. target (H, W), alone, where it is known: the filters then see the image without it, too, for an exact
    retention. Each row has a key `detection` besides, which `one_threshold` takes out again.
    """
    image, options = np.asarray(image), dict(variant=variant, angles=angles, side=side)
    bright, without = baselines.negative(image) if dark else image, None
    found = responses(bright, box[2:], names, **options)
    if target is not None:
        empty = bright + (target if dark else -target)  # the negative of a dark target is bright
        without = image - target, responses(empty, box[2:], names, **options)
        without[1].pop("none", None)
    others = {name: response for name, response in found.items() if name != "none"}
    seen = {name: detection(response, box, guard=GUARD) for name, response in ({"none": bright} | others).items()}
    rows = evaluate_filter(image, others, box, without=without, dark=dark, guard=GUARD, detections=seen)
    return [row | {"detection": seen[row["filter"]]} for row in rows if row["filter"] in names]


def one_threshold(rows, by):
    """The DataFrame of rows with a key `detection`, and in its place pfa_one and pfa_one_least of `pfa_one_threshold`.

    by: the keys that the rows under one threshold have in common: the filter, and what else its response depends on.
    """
    table = pd.DataFrame(rows)
    pfa = np.empty((len(table), 2))
    for places in table.groupby(by, sort=False).indices.values():
        pfa[places] = np.transpose(pfa_one_threshold(list(table["detection"].iloc[places])))
    return table.drop(columns="detection").assign(pfa_one=pfa[:, 0], pfa_one_least=pfa[:, 1])


def pick_frames(sequence, count):
    """Indices of `count` annotated frames, evenly spread over the sequence (all of them when there are fewer).

    One frame is the middle one.
    """
    annotated = np.flatnonzero(~np.isnan(sequence.boxes[:, 0]))
    if count == 1:
        return annotated[[len(annotated) // 2]]
    return annotated[np.unique(np.linspace(0, len(annotated) - 1, count).round().astype(int))]


def filter_frames(sequences, names=FILTERS, *, count=4, window=256, angles=4, side=3, variants=VARIANTS, progress=None):
    """Every filter on `count` frames of each sequence; all see the same window of at most `window` px around the target.

    The window keeps the slow filters affordable; the target stands in its middle unless the frame ends. Whether a
    target is dark is taken from the first frame here, where it is simulated from the target alone, and told to all filters
    alike (what that is worth: `polarity_cost`).
    Returns a DataFrame with dataset, sequence, frame, size (geometric mean of width and height), dark, variant, filter,
    the measures of `evaluation.evaluate_filter`, and `one_threshold`'s for all frames of a dataset.
    """
    rows = []
    for sequence, number, image, target, box, dark in _frames(sequences, count, progress):
        area, box = _window(image.shape, box, window)
        image, target = image[area], None if target is None else target[area]
        head = {"dataset": sequence.dataset, "sequence": sequence.name, "frame": number}
        head |= {"size": float(np.sqrt(box[2] * box[3])), "dark": dark}
        for variant in variants:
            fixed = [name for name in names if variant == variants[0] or _has_variants(name)]
            found = measure(image, box, fixed, dark=dark, target=target, variant=variant, angles=angles, side=side)
            rows += [head | {"variant": variant} | row for row in found]
    return one_threshold(rows, ["dataset", "variant", "filter"])


def by_sequence(table, *, pfa=1e-2):
    """One row a sequence, filter and variant: medians over its frames, and the shares of frames found at `pfa`.

    pd_frame: the threshold set frame by frame; pd_one: one for all frames of the dataset. NaN where the background is too
    small to tell.
    """
    measures = ["snr_literal", "snr", "db", "db_no_floor", "scrg", "bsf", "retention", "zero_share", "size"]
    measures += ["pfa_frame", "pfa_one"]
    keys = ["dataset", "sequence", "filter"] + (["variant"] if "variant" in table else [])
    groups = table.groupby(keys, sort=False)
    rows = groups[measures].median()
    for by in ("frame", "one"):
        shares = {key: pd_at_pfa(part[f"pfa_{by}"], pfa, part[f"pfa_{by}_least"]) for key, part in groups}
        rows[f"pd_{by}"] = pd.Series(shares)
    return rows.reset_index()


def cross_validated(table, split):
    """The rows of `table` (of `by_sequence`) with each filter's better variant, chosen on other sequences.

    split: (train, test) lists of sequences, as of `evaluation.folds`. For each fold and filter the variant with the lower
    mean log `pfa_frame` over the training sequences is read off for the test sequences (`pfa_one` has seen the
    background of all). Adds the column fold; every sequence that is in a test fold appears once a filter.
    """
    keys, parts = pd.MultiIndex.from_frame(table[["dataset", "sequence"]]), []
    scored = table.assign(log_pfa=np.log10(table["pfa_frame"]))
    for fold, (train, test) in enumerate(split):
        inside = [keys.isin([(one.dataset, one.name) for one in part]) for part in (train, test)]
        score = scored[inside[0]].groupby(["filter", "variant"], sort=False)["log_pfa"].mean().reset_index()
        score = score.sort_values("log_pfa", kind="stable").drop_duplicates("filter")
        chosen = dict(zip(score["filter"], score["variant"]))
        parts.append(table[inside[1] & (table["variant"] == table["filter"].map(chosen))].assign(fold=fold))
    return pd.concat(parts, ignore_index=True)


def game(sequences, *, cuts=(0, 0.25, 0.5, 0.75, 0.9), powers=(1, 2, 3, 4), count=4, angles=4, progress=None):
    """Two ways to raise dB without finding anything. No pixel stronger than the target changes its rank by either.

    game "cut", value c: U cut off at a share c of the target's peak, the rest stretched back. game "power", value p: U to
    the power p, the target's grey value kept, as a filter that multiplies two contrasts does unasked.
    Returns a DataFrame: dataset, sequence, frame, game, value, snr (sigma not below the raw frame's noise), snr_no_floor,
    pfa_frame, pfa_frame_least. Left out: dark targets, and those of which U keeps nothing.
    """
    rows = []
    for sequence, number, image, _, box, dark in _frames(sequences, count, progress):
        lines = line_elements(element_length(box[2:]), angles)
        U = multilevel_filter(image, lines, rectangle(1, 1))[1].astype(float)
        region, peak = background_region(image.shape, box), U[target_mask(U.shape, box)].max()
        floor = noise_sigma(image)
        if dark or peak == 0:
            continue
        played = [("cut", cut, np.clip(U - cut * peak, 0, None) / (1 - cut)) for cut in cuts]
        played += [("power", power, peak * (U / peak) ** power) for power in powers]
        for name, value, after in played:
            head = {"dataset": sequence.dataset, "sequence": sequence.name, "frame": number, "game": name}
            measures = {
                "value": value,
                "snr": snr(after, box, region, floor=floor),
                "snr_no_floor": snr(after, box, region),
            }
            (pfa,), (least,) = pfa_by_frame([detection(after, box)])
            rows.append(head | measures | {"pfa_frame": pfa, "pfa_frame_least": least})
    return pd.DataFrame(rows)


def polarity_cost(sequences, *, count=4, angles=4, side=3, progress=None):
    """What it costs not to know whether a target is bright or dark: Pfa of each target in U and M.

    polarity: "known" (right for each target), "bright" (the paper's filter, whatever the target), "both" (the stronger
    of the two at each pixel). Returns a DataFrame: dataset, sequence, frame, dark, polarity, filter, pfa_frame, pfa_one and
    the least of both.
    """
    rows = []
    for sequence, number, image, _, box, dark in _frames(sequences, count, progress):
        lines, square = line_elements(element_length(box[2:]), angles), rectangle(side, side)
        for polarity in ("known", "bright", "both"):
            used = ("dark" if dark else "bright") if polarity == "known" else polarity
            _, U, M = multilevel_filter(image, lines, square, polarity=used)
            head = {"dataset": sequence.dataset, "sequence": sequence.name, "frame": number, "dark": dark}
            for name, response in (("U", U), ("M", M)):
                one = detection(response, box, guard=GUARD)
                (pfa,), (least,) = pfa_by_frame([one])
                measures = {"pfa_frame": pfa, "pfa_frame_least": least, "detection": one}
                rows.append(head | {"polarity": polarity, "filter": name} | measures)
    return one_threshold(rows, ["dataset", "polarity", "filter"])


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
            elements, region = (
                line_elements(element_length(one.box[2:]), angles),
                background_region(one.target.shape, one.box),
            )
            for side in sides:
                M = multilevel_filter(one.target, elements, rectangle(side, side))[2]
                kept = retention(one.target, M, one.box, region)
                rows.append({"size": size, "side": side, "repeat": repeat, "retention": kept})
    return pd.DataFrame(rows)


def _frames(sequences, count, progress):
    """(sequence, number, image, target alone or None, box, dark) of the frames that `pick_frames` picks."""
    for sequence in sequences if progress is None else progress(sequences):
        dark = None
        numbers, parts = pick_frames(sequence, count), sequence.components
        for number, frame in ((int(n), parts(int(n))) for n in numbers) if parts else readable(sequence, numbers):
            image, target = (frame.image, frame.target) if parts else (frame, None)
            if dark is None and target is None:
                dark = target_polarity(image, sequence.boxes[number]) == "dark"
            elif dark is None:  # beside a dim target something of the other polarity may stand out more
                dark = bool(-target.min() > target.max())
            yield sequence, number, image, target, sequence.boxes[number], dark


def _window(shape, box, side):
    """(slices of a window of at most side x side px around the box, the box in it)."""
    height, width = (min(side, size) for size in shape)
    x, y = centers(box)
    left = int(np.clip(round(x - width / 2), 0, shape[1] - width))
    top = int(np.clip(round(y - height / 2), 0, shape[0] - height))
    return (slice(top, top + height), slice(left, left + width)), np.asarray(box) - (left, top, 0, 0)


def _in_grey_values(name, target, image):
    entry, filtered = baselines.REGISTRY.get(name), baselines.create(name, target=target)
    response = filtered(image)
    if entry.power != 1:
        return np.sign(response) * np.abs(response) ** (1 / entry.power)
    return response / _noise_gain(name, target) if entry.linear else response


@lru_cache(maxsize=1024)
def _noise_gain(name, target):
    """How many times a linear filter raises the sigma of white noise: the root of its impulse response's energy."""
    impulse = np.zeros((255, 255), np.float32)
    impulse[127, 127] = 1
    return np.float32(np.linalg.norm(baselines.create(name, target=target)(impulse)))


def _has_variants(name):
    return name in ("U", "M") or baselines.REGISTRY[name].fit is not None
